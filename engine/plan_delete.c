/*
 * What goes: resources of the state that the configuration does not have any
 * more, or, for a destroy, all of them; users before what they use.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/diag.h"

#include "engine/address.h"
#include "engine/graph.h"
#include "engine/joins.h"

#include <stdint.h>

struct place planner_place(const struct planner *x, struct str address)
{
	const struct resource *r;

	address_deposed(address, &address);
	r = expand_find(x->e, address);
	return r ? r->place : (struct place){ 0 };
}

/* lifecycle outlives the block: it is kept in the state. */
static void check_prevented(struct planner *x, const struct state_resource *r)
{
	const struct resource *declared = expand_find(x->e, r->address);
	struct diags *d = &x->c->diags;
	size_t before = d->n;
	struct diag *to;

	if (!r->prevent_destroy && !(declared && declared->prevent_destroy))
		return;
	to = diag_error(d, "E0311", planner_place(x, r->address),
			"%.*s would be destroyed, and its lifecycle prevents "
			"that",
			STR_ARG(r->address));
	if (d->n == before)
		diag_note(d, to, (struct place){ 0 }, "so would %.*s",
			  STR_ARG(r->address));
	else if (declared && !declared->prevent_destroy)
		diag_hint(d, to,
			  "The state still has prevent_destroy: apply the "
			  "stack first.");
	else
		diag_hint(d, to,
			  "Write the block with prevent_destroy = false, "
			  "apply that, and then take it out.");
}

static bool is_kept(const struct planner *x, const struct state_resource *r)
{
	const struct resource *declared = expand_find(x->e, r->address);

	return r->keep_on_destroy || (declared && declared->keep_on_destroy);
}

/* removed ADDRESS { keep = true } */
static bool is_let_go(const struct planner *x, const struct state_resource *r)
{
	const struct declared_removed *d =
	    x->e ? expand_removed(x->e, r->address) : NULL;

	return d && d->keep;
}

static int fill_delete(struct planner *x, struct plan_step *s,
		       const struct refreshed *f)
{
	struct str of;

	s->address = f->state->address;
	s->schema = catalog_type(&x->types, f->state->type)->schema;
	s->prior = f->now;
	s->has_drifted = f->has_drifted;
	s->wanted = value_null();
	s->moved_from = plan_moved_from(x, s->address);
	s->action = ACTION_DELETE;
	if (f->is_gone) {
		s->action = ACTION_FORGET;
		s->reason = STR("was deleted outside");
	} else if (address_deposed(s->address, &of)) {
		s->reason = STR("left over from a replacement");
	} else if (is_let_go(x, f->state)) {
		s->action = ACTION_FORGET;
		s->reason = STR("removed with keep: the object stays");
	} else if (is_kept(x, f->state)) {
		s->action = ACTION_FORGET;
		s->reason = STR("keep_on_destroy: the object stays");
	} else {
		check_prevented(x, f->state);
	}
	if (planner_provider(x, s, f->state->provider))
		return -1;
	s->type =
	    provider_type(x->c->open[s->provider].provider, f->state->type);
	if (!s->type)
		return error_set(x->err, ERROR_CORRUPT,
				 "provider \"%.*s\" does not know the type "
				 "\"%.*s\" of %.*s",
				 STR_ARG(f->state->provider),
				 STR_ARG(f->state->type),
				 STR_ARG(f->state->address));
	return 0;
}

/*
 * Numbers within the deleted: position among them of each address, plus 1.
 * Later in text and deeper stands first in doubt: the reverse of addresses.
 */
static int order_deleted(struct planner *x, struct refreshed **gone, size_t n,
			 size_t **order)
{
	struct map at = { 0 };
	struct joins joins = { 0 };
	VEC(struct edge) edges = { 0 };
	size_t *all, *cycle, n_cycle, n_kept = 0;

	for (size_t i = 0; i < n; i++)
		map_put(&at, gone[i]->state->address,
			(void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < gone[i]->state->n_deps; k++) {
			struct str dep = gone[i]->state->deps[k];
			uintptr_t used = (uintptr_t)map_get(&at, dep);

			if (join_is(dep)) {
				if (!join_covers(dep, gone[i]->state->address))
					*vec_push(&edges) = (struct edge){
						n + joins_add(&joins, dep), i
					};
			} else if (used && used - 1 != i) {
				*vec_push(&edges) =
				    (struct edge){ used - 1, i };
			}
		}
	for (size_t i = 0; joins.numbers.n && i < n; i++) {
		size_t from = 0, number;

		while (
		    joins_next(&joins, gone[i]->state->address, &from, &number))
			*vec_push(&edges) = (struct edge){ i, n + number };
	}
	struct graph *g =
	    graph_new(n + joins.numbers.n, edges.items, edges.n, &x->scratch);
	int result = graph_order(g, &x->scratch, &all, &cycle, &n_cycle);

	vec_release(&edges);
	joins_release(&joins);
	map_release(&at);
	if (result) {
		size_t first = cycle[0] < n ? cycle[0] : cycle[1];

		return error_set(x->err, ERROR_CORRUPT,
				 "in the state, %.*s depends on itself",
				 STR_ARG(gone[first]->state->address));
	}
	for (size_t i = 0; i < g->n; i++)
		if (all[i] < n)
			all[n_kept++] = all[i];
	*order = all;
	return 0;
}

/* Asks the types, as many at once as workers there are. */
static void ask_all(struct planner *x, size_t from, size_t to)
{
	size_t next = from;
	size_t most = x->c->parallel > 0 ? (size_t)x->c->parallel : 10;

	while (next < to || x->in_flight) {
		while (next < to && x->in_flight < most && !x->has_failed)
			if (x->p->steps[next].action == ACTION_FORGET)
				next++;
			else
				step_ask(x, next++);
		if (x->has_failed)
			next = to;
		if (x->in_flight == 0)
			continue;
		struct work *w = workers_next(x->workers, -1);

		if (!w)
			continue;
		struct engine_call *e = w->data;

		x->in_flight--;
		step_answer(x, &x->p->steps[e->index], e);
		call_free(e);
	}
}

int plan_deletes(struct planner *x)
{
	size_t first = x->p->n_steps, n = 0, *order = NULL;
	struct refreshed **gone =
	    arena_new(&x->scratch, struct refreshed *, x->n_state + 1);

	for (size_t i = x->n_state; i-- > 0;)
		if ((x->options->is_destroy || !x->declared[i]) &&
		    !planner_leaves_state(x, i))
			gone[n++] = &x->now[i];
	if (n == 0)
		return 0;
	if (order_deleted(x, gone, n, &order))
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct plan_step *s = &x->p->steps[first + i];

		s->index = (uint32_t)(first + i);
		if (fill_delete(x, s, gone[order[i]]))
			return -1;
	}
	x->p->n_steps = first + n;
	ask_all(x, first, first + n);
	return x->has_failed ? -1 : 0;
}
