#ifndef DMSL_ENGINE_SAVED_H
#define DMSL_ENGINE_SAVED_H

/*
 * Finding saved plans: those in the git directory of the current folder's
 * repository, or one that is named.
 */

#include "lang/base/str.h"

#include <stdbool.h>

struct context;
struct error;
struct saved_plan;

/* Whether an operand names a stack file, by its ending. */
bool saved_is_stack(const char *path);
/*
 * Loads the plan in the file `path`, or, when it is NULL, the only one here. Of
 * several the error's hint lists them; *is_usage then.
 */
int saved_find(struct context *c, const char *path, struct saved_plan *out,
	       bool *is_usage, struct error *err);

/* A path as somebody in the current folder would write it. */
const char *saved_from_here(const char *path);
/*
 * What apply is given to carry out the plan in the file `path`: NULL where it
 * finds that by itself, because it is the only one here.
 */
const char *saved_operand(struct context *c, const char *path);

#endif
