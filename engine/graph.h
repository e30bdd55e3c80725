#ifndef DMSL_ENGINE_GRAPH_H
#define DMSL_ENGINE_GRAPH_H

/*
 * Nodes by dense number and who needs whom; knows nothing of resources. Time
 * and memory are linear in nodes and edges, and nothing here recurses. All of
 * it lives in the arena it was made with.
 */

#include <stddef.h>

struct arena;

/* `from` needs `to` done first. */
struct edge {
	size_t from, to;
};

/* The needs of node i are to[first[i]] … to[first[i + 1] - 1]. */
struct graph {
	size_t n;
	size_t *first;
	size_t *to;
};

/* Edges in any order; those of one node keep theirs. */
struct graph *graph_new(size_t n, const struct edge *edges, size_t n_edges,
			struct arena *a);
/* The same nodes with every edge turned round: who needs me. */
struct graph *graph_reverse(const struct graph *g, struct arena *a);
/*
 * An order in which every node stands behind what it needs, and otherwise as
 * near to the order of the numbers as that allows: the same graph gives the
 * same order. Returns -1 when there is a cycle: then *cycle lists its nodes,
 * each needing the next, and the last the first.
 */
int graph_order(const struct graph *g, struct arena *a, size_t **order,
		size_t **cycle, size_t *n_cycle);

#endif
