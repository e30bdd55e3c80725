#include <config.h>

#include "engine/apply_graph.h"

#include "engine/address.h"
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
	else if (used->action == ACTION_DELETE || used->creates_first)
		schedule_edge(s, user, delete, true);
}

static void add_user_edges(const struct apply_graph *g, const struct plan *p,
			   const struct map *by_address,
			   const struct left_over *left, size_t user,
			   struct schedule *s)
{
	const struct state_resource *prior = p->steps[user].prior;

	for (size_t k = 0; prior && k < prior->n_deps; k++) {
		const struct plan_step *used =
		    map_get(by_address, prior->deps[k]);

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
	struct map by_address = { 0 };
	struct left_over left = { 0 };

	find_left_over(p, &left);
	number_nodes(g, p);
	schedule_init(s, g->n_nodes);
	for (size_t i = 0; i < p->n_steps; i++)
		map_put(&by_address, p->steps[i].address, &p->steps[i]);
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *step = &p->steps[i];

		schedule_weight(s, i, weight(step));
		if (step->action != ACTION_DELETE)
			for (size_t k = 0; k < step->n_needs; k++)
				schedule_edge(s, step->needs[k], i, false);
		if (step->action == ACTION_REPLACE)
			add_own_edge(g, step, s);
		add_user_edges(g, p, &by_address, &left, i, s);
	}
	map_release(&by_address);
	left_over_release(&left);
}

void apply_graph_release(struct apply_graph *g)
{
	free(g->step_of);
	free(g->delete_node);
	*g = (struct apply_graph){ 0 };
}
