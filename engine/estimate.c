#include <config.h>

#include "engine/estimate.h"

#include "engine/apply_graph.h"
#include "engine/plan.h"
#include "engine/schedule.h"

#include <string.h>

enum {
	/*
	 * A wait holds no worker: what lasts longer than this is taken to be
	 * mostly waiting, and does not keep others from beginning.
	 */
	CALL_MS = 2000,
};

/* What a node does: what execute.c calls its operations. */
static size_t actions_of(const struct plan_step *s, bool is_delete,
			 const char *actions[2])
{
	size_t n = 0;

	if (is_delete) {
		actions[n++] = "delete";
		return n;
	}
	switch (s->action) {
	case ACTION_CREATE:
	case ACTION_REPLACE:
		actions[n++] = "create";
		break;
	case ACTION_UPDATE:
		actions[n++] = "update";
		break;
	case ACTION_DELETE:
	case ACTION_NONE:
	case ACTION_RUN:
	case ACTION_FORGET:
	case ACTION_READ:
		break;
	}
	if (s->runs)
		actions[n++] = "run";
	return n;
}

static void add_node(struct estimate *e, size_t node, const struct plan_step *s,
		     bool is_delete)
{
	const char *actions[2];
	size_t n = actions_of(s, is_delete, actions);

	for (size_t i = 0; i < n; i++) {
		int64_t ms = estimate_one(e, node, actions[i]);

		e->is_unknown[node] |= ms < 0;
		e->left[node] += ms > 0 ? ms : 0;
	}
}

void estimate_init(struct estimate *e, const char *folder, const struct plan *p,
		   const struct apply_graph *g, const struct schedule *s,
		   int parallel)
{
	size_t n = g->n_nodes + 1;
	const char **types;

	*e = (struct estimate){
		.schedule = s,
		.n_nodes = g->n_nodes,
		.parallel = parallel > 0 ? parallel : 1,
	};
	durations_load(&e->before, folder);
	durations_load(&e->after, folder);
	e->left = arena_new(&e->arena, int64_t, n);
	e->scratch = arena_new(&e->arena, int64_t, 2 * n);
	e->is_unknown = arena_new(&e->arena, bool, n);
	types = arena_new(&e->arena, const char *, n);
	e->types = types;
	for (size_t i = 0; i < g->first_join; i++) {
		const struct plan_step *step = &p->steps[g->step_of[i]];

		/* Those last no time that anybody would wait for. */
		if (step->schema->is_built_in)
			continue;
		types[i] = step->schema->name;
		add_node(e, i, step, g->delete_node[step->index] == i);
	}
}

void estimate_release(struct estimate *e)
{
	durations_release(&e->before);
	durations_release(&e->after);
	arena_release(&e->arena);
	*e = (struct estimate){ 0 };
}

int64_t estimate_one(const struct estimate *e, size_t node, const char *action)
{
	if (!e->types[node])
		return 0;
	return durations_get(&e->before, e->types[node], action);
}

void estimate_done(struct estimate *e, size_t node, const char *action,
		   int64_t ms)
{
	int64_t expected = estimate_one(e, node, action);

	if (!e->types[node])
		return;
	e->left[node] -= expected > 0 ? expected : 0;
	if (e->left[node] < 0)
		e->left[node] = 0;
	durations_add(&e->after, e->types[node], action, ms);
}

int64_t estimate_left(struct estimate *e,
		      const struct estimate_running *running, size_t n_running,
		      bool *is_least)
{
	int64_t *left = e->scratch, calls = 0, longest;
	bool is_known = false;

	memcpy(left, e->left, e->n_nodes * sizeof(*left));
	for (size_t i = 0; i < n_running; i++) {
		size_t node = running[i].node;

		left[node] -= running[i].elapsed_ms;
		/* It is late: nobody knows how long it takes. */
		if (left[node] < 0)
			left[node] = 0;
	}
	*is_least = false;
	for (size_t i = 0; i < e->n_nodes; i++) {
		if (schedule_is_settled(e->schedule, i))
			continue;
		calls += left[i] < CALL_MS ? left[i] : CALL_MS;
		is_known |= left[i] > 0;
		*is_least |= e->is_unknown[i];
	}
	if (!is_known)
		return -1;
	longest = schedule_longest(e->schedule, left, left + e->n_nodes);
	return longest > calls / e->parallel ? longest : calls / e->parallel;
}
