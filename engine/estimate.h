#ifndef DMSL_ENGINE_ESTIMATE_H
#define DMSL_ENGINE_ESTIMATE_H

/*
 * How long an apply is likely to go on: by the longest path through what is
 * left, with each operation taken to last as long as in earlier runs.
 */

#include "engine/durations.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apply_graph;
struct plan;
struct schedule;

struct estimate {
	struct durations before; /* as it was when the run began */
	struct durations after;	 /* with what this run took */
	const struct schedule *schedule;
	const char *const *types; /* by node: the name; NULL: built in */
	size_t n_nodes;
	int parallel;
	/* -- private -- */
	struct arena arena;
	int64_t *left; /* by node: what its operations still take */
	bool *is_unknown;
	int64_t *scratch;
};

/* The schedule has begun and outlives it. folder: the stack's. */
void estimate_init(struct estimate *e, const char *folder, const struct plan *p,
		   const struct apply_graph *g, const struct schedule *s,
		   int parallel);
void estimate_release(struct estimate *e);
/* How long one operation of a node takes; -1: not known. */
int64_t estimate_one(const struct estimate *e, size_t node, const char *action);
/* An operation of a node ended well. */
void estimate_done(struct estimate *e, size_t node, const char *action,
		   int64_t ms);

struct estimate_running {
	size_t node;
	int64_t elapsed_ms; /* of the operation that runs */
};

/*
 * Milliseconds until all is done, or -1 when nothing is known. is_least: some
 * of what is left has never been done, and is not counted.
 */
int64_t estimate_left(struct estimate *e,
		      const struct estimate_running *running, size_t n_running,
		      bool *is_least);

#endif
