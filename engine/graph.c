#include <config.h>

#include "engine/graph.h"

#include "lang/base/arena.h"

#include <stdlib.h>
#include <string.h>

static struct graph *graph_alloc(size_t n, size_t n_edges, struct arena *a)
{
	struct graph *g = arena_new(a, struct graph, 1);

	g->n = n;
	g->first = arena_new(a, size_t, n + 1);
	g->to = arena_new(a, size_t, n_edges ? n_edges : 1);
	return g;
}

/*
 * Counting sort: first[i + 1] counts the edges of i, sums make it the end of
 * i's range, and filling from the back turns ends into beginnings.
 */
struct graph *graph_new(size_t n, const struct edge *edges, size_t n_edges,
			struct arena *a)
{
	struct graph *g = graph_alloc(n, n_edges, a);

	for (size_t i = 0; i < n_edges; i++)
		g->first[edges[i].from]++;
	for (size_t i = 1; i <= n; i++)
		g->first[i] += g->first[i - 1];
	for (size_t i = n_edges; i-- > 0;)
		g->to[--g->first[edges[i].from]] = edges[i].to;
	g->first[n] = n_edges;
	return g;
}

struct graph *graph_reverse(const struct graph *g, struct arena *a)
{
	size_t n_edges = g->first[g->n];
	struct graph *r = graph_alloc(g->n, n_edges, a);

	for (size_t i = 0; i < n_edges; i++)
		r->first[g->to[i]]++;
	for (size_t i = 1; i <= g->n; i++)
		r->first[i] += r->first[i - 1];
	for (size_t i = g->n; i-- > 0;)
		for (size_t k = g->first[i + 1]; k-- > g->first[i];)
			r->to[--r->first[g->to[k]]] = i;
	r->first[g->n] = n_edges;
	return r;
}

enum mark { UNSEEN, OPEN, DONE };

/* A depth-first walk with its own stack: node and the next need to look at. */
struct walk {
	const struct graph *g;
	unsigned char *marks;
	size_t *stack, *next;
	size_t depth;
	size_t *order;
	size_t n_order;
};

static void enter(struct walk *w, size_t node)
{
	w->marks[node] = OPEN;
	w->next[node] = w->g->first[node];
	w->stack[w->depth++] = node;
}

/* Walks everything that root needs; -1 with the node a cycle came back to. */
static int walk_from(struct walk *w, size_t root, size_t *again)
{
	enter(w, root);
	while (w->depth) {
		size_t node = w->stack[w->depth - 1];

		if (w->next[node] == w->g->first[node + 1]) {
			w->marks[node] = DONE;
			w->order[w->n_order++] = node;
			w->depth--;
			continue;
		}
		size_t need = w->g->to[w->next[node]++];

		if (w->marks[need] == OPEN) {
			*again = need;
			return -1;
		}
		if (w->marks[need] == UNSEEN)
			enter(w, need);
	}
	return 0;
}

int graph_order(const struct graph *g, struct arena *a, size_t **order,
		size_t **cycle, size_t *n_cycle)
{
	size_t room = g->n ? g->n : 1;
	struct walk w = {
		.g = g,
		.marks = xrealloc(NULL, room, 1),
		.stack = xrealloc(NULL, room, sizeof(size_t)),
		.next = xrealloc(NULL, room, sizeof(size_t)),
		.order = arena_new(a, size_t, room),
	};
	size_t again = 0;
	int result = 0;

	memset(w.marks, UNSEEN, room);
	for (size_t i = 0; i < g->n && result == 0; i++)
		if (w.marks[i] == UNSEEN)
			result = walk_from(&w, i, &again);
	if (result == 0) {
		*order = w.order;
		goto out;
	}
	/* The open nodes from `again` to the top of the stack are the cycle. */
	size_t from = w.depth;

	while (w.stack[--from] != again)
		;
	*n_cycle = w.depth - from;
	*cycle = arena_new(a, size_t, *n_cycle);
	memcpy(*cycle, w.stack + from, *n_cycle * sizeof(size_t));
out:
	free(w.marks);
	free(w.stack);
	free(w.next);
	return result;
}
