#include <config.h>

#include "engine/apply_graph.h"

#include "engine/address.h"
#include "engine/joins.h"
#include "engine/plan.h"
#include "engine/schedule.h"
#include "engine/state.h"
#include "lang/base/arena.h"
#include "lang/base/map.h"

#include <stdlib.h>

static void number_nodes(struct apply_graph *g, const struct plan *p)
{
	size_t n = p->n_steps;

	g->step_of = xrealloc(NULL, 2 * n + 1, sizeof(*g->step_of));
	g->delete_node = xrealloc(NULL, n + 1, sizeof(*g->delete_node));
	g->n_nodes = n;
	for (size_t i = 0; i < n; i++) {
		g->step_of[i] = i;
		g->delete_node[i] = NO_NODE;
		if (p->steps[i].action == ACTION_DELETE)
			g->delete_node[i] = i;
		if (p->steps[i].action == ACTION_REPLACE) {
			g->step_of[g->n_nodes] = i;
			g->delete_node[i] = g->n_nodes++;
		}
	}
	g->first_join = g->n_nodes;
}

/* Behind the others: those of needs, then two for each that the state has. */
static void number_joins(struct apply_graph *g, const struct plan *p,
			 struct joins *used)
{
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct state_resource *prior = p->steps[i].prior;

		for (size_t k = 0; prior && k < prior->n_deps; k++)
			if (join_is(prior->deps[k]))
				joins_add(used, prior->deps[k]);
	}
	g->n_nodes += p->n_joins + 2 * used->numbers.n;
}

/*
 * Of what a join in the state stands for: after this the deletes, once their
 * users' deletes are done, or once those have changed that stay.
 */
static size_t after_deletes(const struct apply_graph *g, const struct plan *p,
			    size_t number)
{
	return g->first_join + p->n_joins + 2 * number;
}

static size_t after_changes(const struct apply_graph *g, const struct plan *p,
			    size_t number)
{
	return after_deletes(g, p, number) + 1;
}

/* What is left over of an address, to be deleted: a list by step. */
struct left_over {
	struct map first; /* base address -> step index + 1 */
	size_t *next;	  /* by step; index + 1, or 0 */
};

static void find_left_over(const struct plan *p, struct left_over *l)
{
	l->next = xrealloc(NULL, p->n_steps + 1, sizeof(*l->next));
	for (size_t i = 0; i < p->n_steps; i++) {
		struct str of;

		l->next[i] = 0;
		if (p->steps[i].action == ACTION_DELETE &&
		    address_deposed(p->steps[i].address, &of))
			l->next[i] = (size_t)(uintptr_t)map_put(
			    &l->first, of, (void *)(uintptr_t)(i + 1));
	}
}

static void left_over_release(struct left_over *l)
{
	map_release(&l->first);
	free(l->next);
}

static size_t first_left_over(const struct left_over *l, struct str address)
{
	return (size_t)(uintptr_t)map_get(&l->first, address);
}

static bool waits_for_changes(const struct plan_step *used)
{
	return used->action == ACTION_DELETE || used->creates_first;
}

/*
 * What was used is deleted after its users: after their delete, or, where they
 * stay, after they were changed to do without it. The latter only when it does
 * not close a cycle with other replacements.
 */
static void add_user_edge(const struct apply_graph *g, size_t user,
			  const struct plan_step *used, struct schedule *s)
{
	size_t delete = g->delete_node[used->index];

	if (delete == NO_NODE || user == used->index)
		return;
	if (g->delete_node[user] != NO_NODE)
		schedule_edge(s, g->delete_node[user], delete, false);
	else if (waits_for_changes(used))
		schedule_edge(s, user, delete, true);
}

/* The same for all inside of a component at once. */
static void add_join_edge(const struct apply_graph *g, const struct plan *p,
			  size_t user, size_t number, struct schedule *s)
{
	if (g->delete_node[user] != NO_NODE)
		schedule_edge(s, g->delete_node[user],
			      after_deletes(g, p, number), false);
	else
		schedule_edge(s, user, after_changes(g, p, number), true);
}

static void add_joined(const struct apply_graph *g, const struct plan *p,
		       const struct joins *joins, struct schedule *s)
{
	for (size_t i = 0; joins->numbers.n && i < p->n_steps; i++) {
		size_t at = 0, number;

		while (g->delete_node[i] != NO_NODE &&
		       joins_next(joins, p->steps[i].address, &at, &number)) {
			schedule_edge(s, after_deletes(g, p, number),
				      g->delete_node[i], false);
			if (waits_for_changes(&p->steps[i]))
				schedule_edge(s, after_changes(g, p, number),
					      g->delete_node[i], false);
		}
	}
}

/* Where the resources of the state stand. */
struct used {
	struct map by_address; /* -> step */
	struct left_over left;
	struct joins joins;
};

static void add_user_edges(const struct apply_graph *g, const struct plan *p,
			   const struct used *x, size_t user,
			   struct schedule *s)
{
	const struct state_resource *prior = p->steps[user].prior;
	const struct left_over *left = &x->left;

	for (size_t k = 0; prior && k < prior->n_deps; k++) {
		const struct plan_step *used =
		    map_get(&x->by_address, prior->deps[k]);
		size_t number;

		if (join_is(prior->deps[k]) &&
		    !join_covers(prior->deps[k], p->steps[user].address) &&
		    joins_find(&x->joins, prior->deps[k], &number))
			add_join_edge(g, p, user, number, s);
		if (used)
			add_user_edge(g, user, used, s);
		for (size_t i = first_left_over(left, prior->deps[k]); i;
		     i = left->next[i - 1])
			add_user_edge(g, user, &p->steps[i - 1], s);
	}
	/* What is left over goes when another stands in its place. */
	if (p->steps[user].action == ACTION_DELETE)
		return;
	for (size_t i = first_left_over(left, p->steps[user].address); i;
	     i = left->next[i - 1])
		schedule_edge(s, user, i - 1, false);
}

/* The two halves of a replacement. */
static void add_own_edge(const struct apply_graph *g,
			 const struct plan_step *step, struct schedule *s)
{
	size_t delete = g->delete_node[step->index];

	if (step->creates_first)
		schedule_edge(s, step->index, delete, false);
	else
		schedule_edge(s, delete, step->index, false);
}

static size_t need_node(const struct apply_graph *g, const struct plan *p,
			size_t need)
{
	return need < p->n_steps ? need : g->first_join + need - p->n_steps;
}

static int64_t weight(const struct plan_step *step)
{
	int create = step->type ? step->type->weight : 0;

	switch (step->action) {
	case ACTION_CREATE:
	case ACTION_REPLACE:
		return 1 + create;
	case ACTION_UPDATE:
	case ACTION_RUN:
	case ACTION_DELETE:
		return 1 + create / 4;
	case ACTION_NONE:
	case ACTION_FORGET:
	case ACTION_READ:
		break;
	}
	return 0;
}

void apply_graph_init(struct apply_graph *g, const struct plan *p,
		      struct schedule *s)
{
	struct used x = { 0 };

	find_left_over(p, &x.left);
	number_nodes(g, p);
	number_joins(g, p, &x.joins);
	schedule_init(s, g->n_nodes);
	for (size_t i = 0; i < p->n_steps; i++)
		map_put(&x.by_address, p->steps[i].address, &p->steps[i]);
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *step = &p->steps[i];

		schedule_weight(s, i, weight(step));
		if (step->action != ACTION_DELETE)
			for (size_t k = 0; k < step->n_needs; k++)
				schedule_edge(s,
					      need_node(g, p, step->needs[k]),
					      i, false);
		if (step->action == ACTION_REPLACE)
			add_own_edge(g, step, s);
		add_user_edges(g, p, &x, i, s);
	}
	for (size_t j = 0; j < p->n_joins; j++)
		for (size_t k = 0; k < p->joins[j].n_needs; k++)
			schedule_edge(s, p->joins[j].needs[k],
				      g->first_join + j, false);
	add_joined(g, p, &x.joins, s);
	map_release(&x.by_address);
	left_over_release(&x.left);
	joins_release(&x.joins);
}

void apply_graph_release(struct apply_graph *g)
{
	free(g->step_of);
	free(g->delete_node);
	*g = (struct apply_graph){ 0 };
}
