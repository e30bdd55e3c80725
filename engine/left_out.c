#include <config.h>

#include "engine/left_out.h"

#include "engine/graph.h"
#include "engine/joins.h"
#include "engine/plan.h"
#include "engine/state.h"
#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"

#include <stdint.h>

/*
 * Nodes: the steps, the joins of the plan, what is left out of the plan without
 * a step, then the joins that what is left out has in the state.
 */
struct finder {
	const struct plan *plan;
	const struct state *state;
	struct arena *arena;			 /* scratch */
	struct map at;				 /* address -> node + 1 */
	VEC(const struct state_resource *) kept; /* what is left out */
	VEC(size_t) kept_at;			 /* its nodes */
	size_t first_join, n;
	struct joins joins;
	bool *has_new;	 /* by join: something is made inside */
	bool *is_needed; /* by node, by what is made there */
};

static bool is_new(const struct finder *f, const struct plan_step *step)
{
	return step->action == ACTION_CREATE && !step->is_left_out &&
	       !state_find(f->state, step->address);
}

static void find_kept(struct finder *f)
{
	const struct plan *p = f->plan;
	size_t n;
	struct state_resource **all = state_sorted(f->state, f->arena, &n);

	for (size_t i = 0; i < p->n_steps; i++)
		map_put(&f->at, p->steps[i].address, (void *)(i + 1));
	f->n = p->n_steps + p->n_joins;
	for (size_t i = 0; i < n; i++) {
		uintptr_t node = (uintptr_t)map_get(&f->at, all[i]->address);

		if (node && !p->steps[node - 1].is_left_out)
			continue;
		if (!node) {
			node = ++f->n;
			map_put(&f->at, all[i]->address, (void *)node);
		}
		*vec_push(&f->kept) = all[i];
		*vec_push(&f->kept_at) = node - 1;
	}
	f->first_join = f->n;
	for (size_t i = 0; i < f->kept.n; i++)
		for (size_t k = 0; k < f->kept.items[i]->n_deps; k++)
			if (join_is(f->kept.items[i]->deps[k]))
				joins_add(&f->joins, f->kept.items[i]->deps[k]);
	f->n += f->joins.numbers.n;
}

static struct graph *needs_of(const struct finder *f)
{
	const struct plan *p = f->plan;
	VEC(struct edge) edges = { 0 };
	struct graph *g;
	size_t number;

	for (size_t i = 0; i < p->n_steps; i++)
		for (size_t k = 0;
		     !p->steps[i].is_left_out && k < p->steps[i].n_needs; k++)
			*vec_push(&edges) =
			    (struct edge){ i, p->steps[i].needs[k] };
	for (size_t j = 0; j < p->n_joins; j++)
		for (size_t k = 0; k < p->joins[j].n_needs; k++)
			*vec_push(&edges) =
			    (struct edge){ p->n_steps + j,
					   p->joins[j].needs[k] };
	for (size_t i = 0; i < f->kept.n; i++)
		for (size_t k = 0; k < f->kept.items[i]->n_deps; k++) {
			struct str dep = f->kept.items[i]->deps[k];
			uintptr_t to = (uintptr_t)map_get(&f->at, dep);

			if (join_is(dep) && joins_find(&f->joins, dep, &number))
				to = f->first_join + number + 1;
			if (to)
				*vec_push(&edges) =
				    (struct edge){ f->kept_at.items[i],
						   to - 1 };
		}
	for (size_t i = 0; i < f->at.n; i++) {
		size_t from = 0;

		while (
		    joins_next(&f->joins, f->at.entries[i].key, &from, &number))
			*vec_push(&edges) =
			    (struct edge){ f->first_join + number,
					   (uintptr_t)f->at.entries[i].value -
					       1 };
	}
	g = graph_new(f->n, edges.items, edges.n, f->arena);
	vec_release(&edges);
	return g;
}

/* What is needed by all that is made inside of a join, however far. */
static void find_needed(struct finder *f)
{
	const struct plan *p = f->plan;
	size_t *open = arena_new(f->arena, size_t, f->n + 1), n = 0;
	const struct graph *g = NULL;

	f->has_new = arena_new(f->arena, bool, f->joins.numbers.n + 1);
	f->is_needed = arena_new(f->arena, bool, f->n + 1);
	for (size_t i = 0; i < p->n_steps; i++) {
		size_t from = 0, number;

		while (is_new(f, &p->steps[i]) &&
		       joins_next(&f->joins, p->steps[i].address, &from,
				  &number)) {
			f->has_new[number] = true;
			if (!f->is_needed[i])
				open[n++] = i;
			f->is_needed[i] = true;
		}
	}
	if (n)
		g = needs_of(f);
	while (n) {
		size_t at = open[--n];

		for (size_t i = g->first[at]; i < g->first[at + 1]; i++) {
			if (!f->is_needed[g->to[i]])
				open[n++] = g->to[i];
			f->is_needed[g->to[i]] = true;
		}
	}
}

/* The resources of the state by the join that they are in. */
static struct graph *insides_of(const struct finder *f,
				struct state_resource **all, size_t n)
{
	VEC(struct edge) edges = { 0 };
	struct graph *g;

	for (size_t i = 0; i < n; i++) {
		size_t from = 0, number;

		while (joins_next(&f->joins, all[i]->address, &from, &number))
			*vec_push(&edges) = (struct edge){ number, i };
	}
	g = graph_new(n > f->joins.numbers.n ? n : f->joins.numbers.n,
		      edges.items, edges.n, f->arena);
	vec_release(&edges);
	return g;
}

/* A join of the state that something is made inside of. */
static bool takes_in(const struct finder *f, struct str dep, size_t *number)
{
	return join_is(dep) && joins_find(&f->joins, dep, number) &&
	       f->has_new[*number];
}

static bool closes_circle(const struct finder *f, size_t kept)
{
	const struct state_resource *r = f->kept.items[kept];
	size_t number;

	if (!f->is_needed[f->kept_at.items[kept]])
		return false;
	for (size_t k = 0; k < r->n_deps; k++)
		if (takes_in(f, r->deps[k], &number))
			return true;
	return false;
}

/* Gives it other deps, in the arena, sorted. */
static void name_insides(const struct finder *f, const struct graph *inside,
			 struct state_resource *const *all, struct arena *a,
			 struct state_resource *r)
{
	VEC(struct str) deps = { 0 };

	for (size_t k = 0; k < r->n_deps; k++) {
		size_t number;

		if (!takes_in(f, r->deps[k], &number)) {
			*vec_push(&deps) = r->deps[k];
			continue;
		}
		for (size_t i = inside->first[number];
		     i < inside->first[number + 1]; i++) {
			struct str name = all[inside->to[i]]->address;

			if (!str_eq(name, r->address))
				*vec_push(&deps) = name;
		}
	}
	r->n_deps = deps.n;
	r->deps = vec_take(&deps, a);
	state_sort_deps(r);
}

struct state_resource *left_out_named(const struct plan *p,
				      const struct state *s, struct arena *a,
				      size_t *n)
{
	struct arena scratch = { 0 };
	struct finder f = { .plan = p, .state = s, .arena = &scratch };
	const struct graph *inside = NULL;
	VEC(struct state_resource) out = { 0 };
	struct state_resource **all, *result;
	size_t n_all;

	all = state_sorted(s, &scratch, &n_all);
	find_kept(&f);
	find_needed(&f);
	for (size_t i = 0; i < f.kept.n; i++) {
		struct state_resource r = *f.kept.items[i];

		if (!closes_circle(&f, i))
			continue;
		if (!inside)
			inside = insides_of(&f, all, n_all);
		name_insides(&f, inside, all, a, &r);
		*vec_push(&out) = r;
	}
	*n = out.n;
	result = vec_take(&out, a);
	joins_release(&f.joins);
	map_release(&f.at);
	vec_release(&f.kept);
	vec_release(&f.kept_at);
	arena_release(&scratch);
	return result;
}
