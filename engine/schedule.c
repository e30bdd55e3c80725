#include <config.h>

#include "engine/schedule.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <stdlib.h>
#include <string.h>

struct schedule_node {
	enum schedule_state state;
	size_t blocked_by;     /* how many nodes before it are not done */
	size_t after, n_after; /* slice of schedule.after */
	int64_t weight;
	int64_t path; /* own weight and the heaviest path behind */
	int64_t until_ms;
};

struct schedule_edge {
	size_t before, after;
	bool is_soft;
};

void schedule_init(struct schedule *s, size_t n)
{
	*s = (struct schedule){ .n = n };
	s->nodes = xrealloc(NULL, n ? n : 1, sizeof(*s->nodes));
	memset(s->nodes, 0, (n ? n : 1) * sizeof(*s->nodes));
	s->counts[SCHEDULE_BLOCKED] = n;
}

void schedule_release(struct schedule *s)
{
	free(s->nodes);
	free(s->edges);
	free(s->order);
	free(s->after);
	free(s->ready);
	free(s->waiting);
	*s = (struct schedule){ 0 };
}

void schedule_edge(struct schedule *s, size_t before, size_t after,
		   bool is_soft)
{
	if (before >= s->n || after >= s->n)
		BUG("edge %zu -> %zu of %zu nodes", before, after, s->n);
	if (before == after)
		return;
	if (s->n_edges == s->edges_room) {
		s->edges_room = s->edges_room ? s->edges_room * 2 : 64;
		s->edges = xrealloc(s->edges, s->edges_room, sizeof(*s->edges));
	}
	s->edges[s->n_edges++] =
	    (struct schedule_edge){ before, after, is_soft };
}

void schedule_weight(struct schedule *s, size_t node, int64_t weight)
{
	s->nodes[node].weight = weight;
}

/* Lays the edges out by the node that they leave. */
static void index_edges(struct schedule *s)
{
	size_t at = 0;

	for (size_t i = 0; i < s->n; i++)
		s->nodes[i].n_after = s->nodes[i].blocked_by = 0;
	for (size_t i = 0; i < s->n_edges; i++) {
		s->nodes[s->edges[i].before].n_after++;
		s->nodes[s->edges[i].after].blocked_by++;
	}
	for (size_t i = 0; i < s->n; i++) {
		s->nodes[i].after = at;
		at += s->nodes[i].n_after;
		s->nodes[i].n_after = 0;
	}
	free(s->after);
	s->after = xrealloc(NULL, at ? at : 1, sizeof(*s->after));
	for (size_t i = 0; i < s->n_edges; i++) {
		struct schedule_node *n = &s->nodes[s->edges[i].before];

		s->after[n->after + n->n_after++] = s->edges[i].after;
	}
}

static void drop_soft_edges(struct schedule *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_edges; i++)
		if (!s->edges[i].is_soft)
			s->edges[kept++] = s->edges[i];
	s->n_edges = kept;
}

/*
 * A topological order in `order`; returns how many nodes are in it, which is
 * fewer than all when there is a cycle.
 */
static size_t sort(const struct schedule *s, size_t *order)
{
	size_t *blocked = xrealloc(NULL, s->n ? s->n : 1, sizeof(*blocked));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		blocked[i] = s->nodes[i].blocked_by;
		if (!blocked[i])
			order[n++] = i;
	}
	for (size_t i = 0; i < n; i++) {
		const struct schedule_node *node = &s->nodes[order[i]];

		for (size_t k = 0; k < node->n_after; k++) {
			size_t after = s->after[node->after + k];

			if (--blocked[after] == 0)
				order[n++] = after;
		}
	}
	free(blocked);
	return n;
}

static void measure_paths(struct schedule *s, const size_t *order)
{
	for (size_t i = s->n; i-- > 0;) {
		struct schedule_node *node = &s->nodes[order[i]];
		int64_t longest = 0;

		for (size_t k = 0; k < node->n_after; k++) {
			int64_t path = s->nodes[s->after[node->after + k]].path;

			if (path > longest)
				longest = path;
		}
		node->path = node->weight + longest;
	}
}

/* Two heaps of node numbers: the ready by path, the waiting by time. */
static bool ready_before(const struct schedule *s, size_t a, size_t b)
{
	if (s->nodes[a].path != s->nodes[b].path)
		return s->nodes[a].path > s->nodes[b].path;
	return a < b;
}

static bool due_before(const struct schedule *s, size_t a, size_t b)
{
	if (s->nodes[a].until_ms != s->nodes[b].until_ms)
		return s->nodes[a].until_ms < s->nodes[b].until_ms;
	return a < b;
}

typedef bool order_fn(const struct schedule *s, size_t a, size_t b);

static void heap_put(const struct schedule *s, size_t *heap, size_t *n,
		     size_t node, order_fn *before)
{
	size_t i = (*n)++;

	for (; i > 0; i = (i - 1) / 2) {
		size_t parent = heap[(i - 1) / 2];

		if (!before(s, node, parent))
			break;
		heap[i] = parent;
	}
	heap[i] = node;
}

static size_t heap_take(const struct schedule *s, size_t *heap, size_t *n,
			order_fn *before)
{
	size_t top = heap[0], last = heap[--*n], i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= *n)
			break;
		if (child + 1 < *n && before(s, heap[child + 1], heap[child]))
			child++;
		if (!before(s, heap[child], last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return top;
}

static void change(struct schedule *s, size_t node, enum schedule_state to)
{
	s->counts[s->nodes[node].state]--;
	s->counts[to]++;
	s->nodes[node].state = to;
}

static void make_ready(struct schedule *s, size_t node)
{
	change(s, node, SCHEDULE_READY);
	heap_put(s, s->ready, &s->n_ready, node, ready_before);
}

int schedule_begin(struct schedule *s, size_t *node)
{
	size_t n = s->n ? s->n : 1;
	size_t *order = xrealloc(NULL, n, sizeof(*order));
	bool has_cycle;

	index_edges(s);
	if (sort(s, order) < s->n) {
		drop_soft_edges(s);
		index_edges(s);
	}
	has_cycle = sort(s, order) < s->n;
	if (has_cycle) {
		/* The first that no order reached. */
		bool *is_sorted = xrealloc(NULL, n, sizeof(*is_sorted));
		size_t sorted = sort(s, order);

		memset(is_sorted, 0, n * sizeof(*is_sorted));
		for (size_t i = 0; i < sorted; i++)
			is_sorted[order[i]] = true;
		for (*node = 0; is_sorted[*node]; ++*node)
			;
		free(is_sorted);
	} else {
		measure_paths(s, order);
		s->ready = xrealloc(NULL, n, sizeof(*s->ready));
		s->waiting = xrealloc(NULL, n, sizeof(*s->waiting));
		for (size_t i = 0; i < s->n; i++)
			if (!s->nodes[i].blocked_by)
				make_ready(s, i);
	}
	s->order = order;
	/* Only the index is used from here on. */
	free(s->edges);
	s->edges = NULL;
	s->n_edges = s->edges_room = 0;
	return has_cycle ? -1 : 0;
}

bool schedule_next(struct schedule *s, int64_t now_ms, size_t *node)
{
	if (s->n_waiting && s->nodes[s->waiting[0]].until_ms <= now_ms)
		*node = heap_take(s, s->waiting, &s->n_waiting, due_before);
	else if (s->n_ready && !s->is_draining)
		*node = heap_take(s, s->ready, &s->n_ready, ready_before);
	else
		return false;
	change(s, *node, SCHEDULE_RUNNING);
	return true;
}

bool schedule_due(const struct schedule *s, int64_t *at_ms)
{
	if (!s->n_waiting)
		return false;
	*at_ms = s->nodes[s->waiting[0]].until_ms;
	return true;
}

static void must_run(const struct schedule *s, size_t node)
{
	if (s->nodes[node].state != SCHEDULE_RUNNING)
		BUG("node %zu is not running", node);
}

void schedule_wait(struct schedule *s, size_t node, int64_t until_ms)
{
	must_run(s, node);
	s->nodes[node].until_ms = until_ms;
	change(s, node, SCHEDULE_WAITING);
	heap_put(s, s->waiting, &s->n_waiting, node, due_before);
}

void schedule_done(struct schedule *s, size_t node)
{
	struct schedule_node *done = &s->nodes[node];

	must_run(s, node);
	change(s, node, SCHEDULE_DONE);
	for (size_t k = 0; k < done->n_after; k++) {
		size_t after = s->after[done->after + k];

		if (--s->nodes[after].blocked_by == 0 &&
		    s->nodes[after].state == SCHEDULE_BLOCKED)
			make_ready(s, after);
	}
}

void schedule_fail(struct schedule *s, size_t node,
		   void (*skipped)(void *context, size_t node, size_t because),
		   void *context)
{
	size_t *stack, n = 0;

	must_run(s, node);
	change(s, node, SCHEDULE_FAILED);
	/* Each node is skipped, and so pushed, once. */
	stack = xrealloc(NULL, s->n, sizeof(*stack));
	stack[n++] = node;
	while (n) {
		const struct schedule_node *from = &s->nodes[stack[--n]];

		for (size_t k = 0; k < from->n_after; k++) {
			size_t after = s->after[from->after + k];

			if (s->nodes[after].state != SCHEDULE_BLOCKED)
				continue;
			change(s, after, SCHEDULE_SKIPPED);
			if (skipped)
				skipped(context, after, node);
			stack[n++] = after;
		}
	}
	free(stack);
}

void schedule_drain(struct schedule *s)
{
	s->is_draining = true;
}

bool schedule_is_settled(const struct schedule *s, size_t node)
{
	return s->nodes[node].state >= SCHEDULE_DONE;
}

int64_t schedule_longest(const struct schedule *s, const int64_t *left,
			 int64_t *paths)
{
	int64_t all = 0;

	for (size_t i = s->n; i-- > 0;) {
		size_t at = s->order[i];
		const struct schedule_node *node = &s->nodes[at];

		paths[at] = 0;
		if (schedule_is_settled(s, at))
			continue;
		for (size_t k = 0; k < node->n_after; k++)
			if (paths[s->after[node->after + k]] > paths[at])
				paths[at] = paths[s->after[node->after + k]];
		paths[at] += left[at];
		if (paths[at] > all)
			all = paths[at];
	}
	return all;
}

bool schedule_is_over(const struct schedule *s)
{
	return !s->counts[SCHEDULE_RUNNING] && !s->n_waiting &&
	       (!s->n_ready || s->is_draining);
}
