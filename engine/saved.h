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

#endif
