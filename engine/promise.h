#ifndef DMSL_ENGINE_PROMISE_H
#define DMSL_ENGINE_PROMISE_H

/*
 * A plan is a promise: what a step would do now is what the plan showed, or
 * nothing of it is done. Both return -1 with err (ERROR_CONFLICT) that says
 * what was shown and what is.
 */

#include "lang/value.h"

struct arena;
struct call;
struct error;
struct plan_step;

/* wanted: the attributes as they are evaluated now, all known. */
int promise_check_wanted(const struct plan_step *step, struct value wanted,
			 struct arena *a, struct error *err);
/* c: what the type's plan() says now; of a delete, its effects alone. */
int promise_check_effects(const struct plan_step *step, const struct call *c,
			  struct error *err);
int promise_check_call(const struct plan_step *step, const struct call *c,
		       struct error *err);

#endif
