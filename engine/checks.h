#ifndef DMSL_ENGINE_CHECKS_H
#define DMSL_ENGINE_CHECKS_H

/*
 * The check blocks of a stack: after an apply, a query at a resource, whose
 * first value must be what is expected. A check that cannot be run is a finding
 * at its block, and has not passed.
 */

#include "engine/apply.h"

struct context;
struct expansion;

/* Results in the context's arena. */
void checks_run(struct context *c, struct expansion *e,
		struct apply_check **out, size_t *n);

#endif
