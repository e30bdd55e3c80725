#ifndef DMSL_ENGINE_COMMIT_H
#define DMSL_ENGINE_COMMIT_H

/*
 * The one commit of a run: the state's text, and a message that says what
 * changed.
 */

#include "lang/base/str.h"

#include <stddef.h>

struct apply_result;
struct arena;
struct buf;
struct context;
struct error;
struct plan;

/* What was done of the plan, and from what; in the arena. */
struct str commit_message(const struct context *c, const struct plan *p,
			  const struct apply_result *r, struct str hash,
			  struct arena *to);
/* One of several counts, "3 created, 1 failed"; nothing where n is 0. */
void commit_add_count(struct buf *b, size_t n, const char *what);
/*
 * Commits the context's state if its text is not what the store holds. Ends
 * what the providers made for a stack that has no resources any more, unless
 * objects of it are kept.
 */
int commit_state(struct context *c, struct str message, struct str *commit,
		 struct error *err);

#endif
