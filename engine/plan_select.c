/*
 * What --only, --except and --replace mean for the steps of a plan.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "engine/address.h"
#include "engine/joins.h"

#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/suggest.h"

/* -- What is left out ----------------------------------------------------- */

int planner_choose(struct planner *x)
{
	struct select_input in = {
		.selection = x->options->selection,
		.config = x->c->config,
		.expansion = x->e,
		.state = x->state,
		.n_state = x->n_state,
		.is_destroy = x->options->is_destroy,
		.also = &x->also,
		.also_users = x->rounds > 1,
	};

	if (!in.selection)
		return 0;
	return select_choose(&in, x->arena, &x->chosen, x->err);
}

bool planner_leaves_state(const struct planner *x, size_t i)
{
	return x->chosen.leaves_state && x->chosen.leaves_state[i];
}

/* Nothing is asked of what is left out: it need not even answer. */
static int refresh_part(struct planner *x, const struct place *places)
{
	struct state_resource **part =
	    arena_new(&x->scratch, struct state_resource *, x->n_state + 1);
	struct place *where =
	    arena_new(&x->scratch, struct place, x->n_state + 1);
	size_t *at = arena_new(&x->scratch, size_t, x->n_state + 1);
	struct refreshed *now;
	size_t n = 0;

	for (size_t i = 0; i < x->n_state; i++) {
		if (x->is_read[i] || planner_leaves_state(x, i))
			continue;
		x->is_read[i] = true;
		at[n] = i;
		where[n] = places[i];
		part[n++] = x->state[i];
	}
	if (refresh(x->c, &x->types, part, where, n, false, x->arena, &now,
		    x->err))
		return -1;
	for (size_t i = 0; i < n; i++)
		x->now[at[i]] = now[i];
	return 0;
}

int planner_refresh(struct planner *x)
{
	bool is_skipped = x->options->no_refresh || x->options->is_destroy;
	bool is_whole = !x->chosen.leaves_state;
	struct place *places =
	    arena_new(&x->scratch, struct place, x->n_state + 1);

	for (size_t i = 0; i < x->n_state; i++)
		places[i] = x->declared[i]
				? x->declared[i]->place
				: planner_place(x, x->state[i]->address);
	if (!x->now) {
		x->is_read = arena_new(&x->scratch, bool, x->n_state + 1);
		if (refresh(x->c, &x->types, x->state, places, x->n_state,
			    is_skipped || !is_whole, x->arena, &x->now, x->err))
			return -1;
		for (size_t i = 0; i < x->n_state; i++)
			if (x->declared[i])
				x->prior[x->declared[i]->index] = &x->now[i];
	}
	return is_skipped || is_whole ? 0 : refresh_part(x, places);
}

void planner_keep(struct planner *x, size_t step)
{
	struct plan_step *s = &x->p->steps[step];
	size_t i = s->resource->index;
	struct refreshed *f = x->prior[i];

	s->wanted = value_null();
	s->action = ACTION_NONE;
	if (x->chosen.resource_because[i].n)
		s->reason = str_fmt(x->arena, "needs %.*s, which is left out",
				    STR_ARG(x->chosen.resource_because[i]));
	/* Never applied: nothing of it is known, and it stays so. */
	if (!f || s->import_id.n) {
		s->import_id = (struct str){ 0 };
		return;
	}
	s->prior = f->now;
	x->known[i] = value_with(f->now->attrs, STR("id"),
				 value_str(f->now->id), x->arena);
	s->after = &x->known[i];
	x->is_known[i] = true;
}

void planner_know_kept(struct planner *x)
{
	for (size_t i = 0; x->e && i < x->n_state; i++) {
		const struct state_resource *now = x->now[i].now;
		const struct resource *r = x->declared[i];

		if (!r || !planner_leaves_state(x, i))
			continue;
		x->known[r->index] = value_with(now->attrs, STR("id"),
						value_str(now->id), x->arena);
		x->is_known[r->index] = true;
	}
}

/* -- Users of what is replaced -------------------------------------------- */

/* Those that are replaced, and the joins that stand for them. */
static void find_replaced(const struct planner *x, struct map *out)
{
	struct arena *a = x->arena;

	for (size_t i = 0; i < x->p->n_steps; i++) {
		const struct plan_step *s = &x->p->steps[i];
		size_t end = 0;

		if (s->action != ACTION_REPLACE)
			continue;
		map_put(out, s->address, out);
		while ((end = address_next_end(s->address, end)) <
		       s->address.n) {
			map_put(out, join_dep(str_sub(s->address, 0, end), a),
				out);
		}
	}
}

/* Whether the resource uses, by the state, one of those. */
static bool uses(const struct state_resource *r, const struct map *those)
{
	for (size_t i = 0; i < r->n_deps; i++)
		if (map_has(those, r->deps[i]))
			return true;
	return false;
}

/*
 * What is replaced is deleted, and cannot be while something uses it: so its
 * users come along. They may be replaced themselves: the first time their users
 * are left out until that is known, then all come along at once, so that a long
 * chain does not take a round for each.
 */
bool planner_widen(struct planner *x)
{
	const struct selection *s = x->options->selection;
	struct map replaced = { 0 };
	size_t before = x->also.n;

	if (!s || s->exact)
		return false;
	find_replaced(x, &replaced);
	for (size_t i = 0; replaced.n && i < x->n_state; i++)
		if (planner_leaves_state(x, i) && uses(x->state[i], &replaced))
			map_put(&x->also, x->state[i]->address, x);
	map_release(&replaced);
	x->rounds++;
	return x->also.n > before;
}

/* -- What is to be said --------------------------------------------------- */

/* Something that is left out, and what follows from that. */
struct cause {
	struct str address;
	struct diag *diag;
	size_t n;
};

enum { NAMED_MOST = 10, CAUSES_MOST = 20 };

static void follow(struct planner *x, struct map *causes, struct str because,
		   struct str address, const char *code, const char *what)
{
	struct cause *cause = map_get(causes, because);

	/* The plan has the reasons of all; nobody reads a thousand warnings. */
	if (!cause && causes->n == CAUSES_MOST)
		return;
	if (!cause) {
		cause = arena_new(x->arena, struct cause, 1);
		cause->diag = diag_warning(
		    &x->c->diags, code, planner_place(x, because),
		    "%.*s is left out, and %s", STR_ARG(because), what);
		map_put(causes, because, cause);
	}
	if (cause->n++ < NAMED_MOST)
		diag_note(&x->c->diags, cause->diag, (struct place){ 0 },
			  "%.*s", STR_ARG(address));
}

static void tell_more(struct planner *x, const struct map *causes)
{
	for (size_t i = 0; i < causes->n; i++) {
		const struct cause *cause = causes->entries[i].value;

		if (cause->n > NAMED_MOST)
			diag_note(&x->c->diags, cause->diag,
				  (struct place){ 0 }, "and %zu more",
				  cause->n - NAMED_MOST);
	}
}

static void tell_unmeant(struct planner *x)
{
	struct map needed = { 0 }, used = { 0 };

	for (size_t i = 0; x->e && i < x->e->n; i++) {
		struct str because = x->chosen.resource_because[i];

		if (because.n && !x->p->is_destroy)
			follow(x, &needed, because, x->e->resources[i].address,
			       "W0302",
			       "not there yet, so what needs it is "
			       "left out too");
	}
	for (size_t i = 0; i < x->n_state; i++) {
		struct str because = x->chosen.state_because[i];
		struct str address = x->state[i]->address;

		if (because.n &&
		    (x->p->is_destroy || !expand_find(x->e, address)))
			follow(x, &used, because, address, "W0303",
			       "what it uses is not destroyed");
	}
	tell_more(x, &needed);
	tell_more(x, &used);
	map_release(&needed);
	map_release(&used);
}

static void tell_replaced(struct planner *x)
{
	struct map replaced = { 0 };
	size_t n = 0;

	find_replaced(x, &replaced);
	for (size_t i = 0; replaced.n && n < CAUSES_MOST && i < x->n_state;
	     i++) {
		struct str address = x->state[i]->address;

		if (!planner_leaves_state(x, i) ||
		    !uses(x->state[i], &replaced))
			continue;
		n++;
		diag_hint(&x->c->diags,
			  diag_warning(&x->c->diags, "W0301",
				       planner_place(x, address),
				       "%.*s is left out, and something that "
				       "it uses is replaced",
				       STR_ARG(address)),
			  "It may not work until it is applied too.");
	}
	map_release(&replaced);
}

void planner_tell_left_out(struct planner *x)
{
	const struct selection *s = x->options->selection;

	if (!s)
		return;
	/* Carrying out a saved plan, what is unchanged is left out too. */
	x->p->is_partial = s->n_only || s->n_except;
	if (s->exact)
		return;
	tell_unmeant(x);
	tell_replaced(x);
}

/* -- What is to be replaced ----------------------------------------------- */

static int not_declared(struct planner *x, struct str address)
{
	struct suggest near = suggest_start(address);

	error_set(x->err, ERROR_NOT_FOUND,
		  "option --replace: the stack has no resource \"%.*s\"",
		  STR_ARG(address));
	for (size_t i = 0; x->e && i < x->e->n; i++)
		suggest_try(&near, x->e->resources[i].address);
	if (near.best.n)
		return error_hint(x->err, "Did you mean '%.*s'?",
				  STR_ARG(near.best));
	return error_hint(x->err, "It takes the address of one instance; "
				  "\"dmsl state list\" prints them.");
}

int planner_replace_init(struct planner *x)
{
	for (size_t i = 0; i < x->options->n_replace; i++) {
		struct str address = x->options->replace[i];
		const struct resource *r = expand_find(x->e, address);

		if (!r)
			return not_declared(x, address);
		if (r->is_existing)
			return error_set(x->err, ERROR_INVALID,
					 "option --replace: \"%.*s\" is not "
					 "dmsl's to replace",
					 STR_ARG(address));
		if (x->chosen.leaves_resource &&
		    x->chosen.leaves_resource[r->index])
			return error_set(x->err, ERROR_INVALID,
					 "option --replace: \"%.*s\" is left "
					 "out by --only or --except",
					 STR_ARG(address));
		map_put(&x->replace, address, x);
	}
	return 0;
}

bool planner_is_asked(const struct planner *x, struct str address)
{
	return map_has(&x->replace, address);
}

void planner_replace(struct planner *x, size_t step)
{
	struct plan_step *s = &x->p->steps[step];

	if (!s->prior || !planner_is_asked(x, s->address))
		return;
	s->action = ACTION_REPLACE;
	if (s->reason.n == 0)
		s->reason = STR("asked for by --replace");
}
