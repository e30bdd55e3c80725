/*
 * Who needs whom among the steps: to decide them in an order, and for those who
 * carry the plan out.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "engine/graph.h"

/* The number of a dependency among the steps; joins begin at `joins`. */
static size_t need_of(const struct planner *x, size_t dep, size_t joins)
{
	return dep < x->e->n ? x->step_of[dep] : joins + dep - x->e->n;
}

void planner_fill_needs(struct planner *x)
{
	struct plan *p = x->p;
	const struct expansion *e = x->e;

	if (!e || p->is_destroy || p->is_empty || p->asked.is_refresh_only)
		return;
	for (size_t i = 0; i < e->n; i++) {
		struct plan_step *s = &p->steps[i];
		const struct resource *r = s->resource;

		s->n_needs = (uint32_t)r->n_deps;
		s->needs = arena_new(x->arena, uint32_t, r->n_deps);
		for (size_t k = 0; k < r->n_deps; k++)
			s->needs[k] =
			    (uint32_t)need_of(x, r->deps[k], p->n_steps);
	}
	p->n_joins = e->n_joins;
	p->joins = arena_new(x->arena, struct plan_join, e->n_joins + 1);
	for (size_t j = 0; j < e->n_joins; j++) {
		const struct join *from = &e->joins[j];
		struct plan_join *to = &p->joins[j];

		to->needs =
		    arena_new(x->arena, size_t, from->end - from->first);
		for (size_t i = from->first; i < from->end; i++)
			to->needs[to->n_needs++] = x->step_of[i];
	}
}

static struct graph needs_of(struct planner *x)
{
	const struct expansion *e = x->e;
	struct graph g = { .n = e->n + e->n_joins };
	size_t n_edges = 0, at = 0;

	for (size_t i = 0; i < e->n; i++)
		n_edges += e->resources[i].n_deps;
	for (size_t j = 0; j < e->n_joins; j++)
		n_edges += e->joins[j].end - e->joins[j].first;
	/* The needs of all, one behind the other. */
	g.first = arena_new(&x->scratch, size_t, g.n + 1);
	g.to = arena_new(&x->scratch, size_t, n_edges);
	for (size_t i = 0; i < g.n; i++) {
		if (i < e->n) {
			const struct resource *one = x->p->steps[i].resource;

			for (size_t k = 0; k < one->n_deps; k++)
				g.to[at++] = need_of(x, one->deps[k], e->n);
		} else {
			const struct join *one = &e->joins[i - e->n];

			for (size_t k = one->first; k < one->end; k++)
				g.to[at++] = x->step_of[k];
		}
		g.first[i + 1] = at;
	}
	return g;
}

void ready_release(struct ready *r, size_t number)
{
	if (!r->users)
		return;
	for (size_t i = r->users->first[number];
	     i < r->users->first[number + 1]; i++) {
		size_t user = r->users->to[i];

		if (--r->blocked[user] == 0 &&
		    (user < r->next || user >= r->n_steps))
			r->queue[r->tail++] = user;
	}
}

/* The first that waits: all before it are settled, and nothing behind. */
static void begin(struct planner *x, struct ready *r, size_t step)
{
	struct graph g = needs_of(x);

	r->blocked = arena_new(&x->scratch, size_t, g.n + 1);
	r->queue = arena_new(&x->scratch, size_t, g.n + 1);
	for (size_t i = 0; i < g.n; i++) {
		r->blocked[i] = g.first[i + 1] - g.first[i];
		if (r->blocked[i] == 0 && i >= r->n_steps)
			r->queue[r->tail++] = i;
	}
	r->users = graph_reverse(&g, &x->scratch);
	/* Until it is told, no step is queued, but the joins of those. */
	r->next = 0;
	for (size_t i = 0; i < step; i++)
		ready_release(r, i);
	while (r->head < r->tail)
		ready_release(r, r->queue[r->head++]);
	r->next = step + 1;
}

void ready_wait(struct planner *x, struct ready *r, size_t step)
{
	if (!r->users)
		begin(x, r, step);
}

bool ready_take(struct ready *r, size_t *step)
{
	if (r->head < r->tail) {
		*step = r->queue[r->head++];
		return true;
	}
	while (r->next < r->n_steps) {
		*step = r->next++;
		if (!r->users || r->blocked[*step] == 0)
			return true;
	}
	return false;
}
