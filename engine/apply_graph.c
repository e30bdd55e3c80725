#include <config.h>

#include "engine/apply_graph.h"

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

/*
 * What was used is deleted after its users: after their delete, or, where they
 * stay, after they were changed to do without it. The latter only when it does
 * not close a cycle with other replacements.
 */
static void add_user_edges(const struct apply_graph *g, const struct plan *p,
			   const struct map *by_address, size_t user,
			   struct schedule *s)
{
	const struct state_resource *prior = p->steps[user].prior;

	for (size_t k = 0; prior && k < prior->n_deps; k++) {
		const struct plan_step *used =
		    map_get(by_address, prior->deps[k]);

		if (!used || g->delete_node[used->index] == NO_NODE)
			continue;
		if (g->delete_node[user] != NO_NODE)
			schedule_edge(s, g->delete_node[user],
				      g->delete_node[used->index], false);
		else if (used->action == ACTION_DELETE)
			schedule_edge(s, user, used->index, true);
	}
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
			schedule_edge(s, g->delete_node[i], i, false);
		add_user_edges(g, p, &by_address, i, s);
	}
	map_release(&by_address);
}

void apply_graph_release(struct apply_graph *g)
{
	free(g->step_of);
	free(g->delete_node);
	*g = (struct apply_graph){ 0 };
}
