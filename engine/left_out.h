#ifndef DMSL_ENGINE_LEFT_OUT_H
#define DMSL_ENGINE_LEFT_OUT_H

/*
 * Where only a part is applied, what is left out keeps the dependencies that it
 * was applied with. A join among them stood for what was inside then. What is
 * made inside of it now may need the one that is left out: with the join each
 * would have to be deleted before the other.
 */

#include <stddef.h>

struct arena;
struct plan;
struct state;
struct state_resource;

/*
 * Those of the state whose joins would close such a circle, with what is inside
 * now by name instead; the state is as it is before the steps of the plan.
 */
struct state_resource *left_out_named(const struct plan *p,
				      const struct state *s, struct arena *a,
				      size_t *n);

#endif
