/*
 * In: configuration, state, and what providers say of the state's resources.
 * Out: one step for each resource, in an order that respects what they need.
 */
#include <config.h>

#include "engine/plan.h"

#include "engine/diff.h"
#include "engine/plan_private.h"
#include "engine/providers.h"
#include "lang/ast.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/config.h"

const char *action_name(enum action a)
{
	switch (a) {
	case ACTION_NONE:
		return "none";
	case ACTION_CREATE:
		return "create";
	case ACTION_UPDATE:
		return "update";
	case ACTION_REPLACE:
		return "replace";
	case ACTION_DELETE:
		return "delete";
	case ACTION_RUN:
		return "run";
	case ACTION_FORGET:
		return "forget";
	case ACTION_READ:
		return "read";
	}
	BUG("action %d", a);
}

const char *effect_name(enum effect_kind kind)
{
	switch (kind) {
	case EFFECT_TRUNCATE:
		return "truncate";
	case EFFECT_DROP:
		return "drop";
	case EFFECT_LOAD:
		return "load";
	case EFFECT_SQL:
		return "sql";
	case EFFECT_RESTART:
		return "restart";
	case EFFECT_STOP:
		return "stop";
	case EFFECT_START:
		return "start";
	case EFFECT_CONNECT:
		return "connect";
	}
	BUG("effect %d", kind);
}

struct value plan_after(const struct plan_step *s)
{
	return s->after ? *s->after : value_null();
}

struct plan_counts plan_count(const struct plan *p)
{
	struct plan_counts n = { .total = p->n_steps };

	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->steps[i];

		switch (s->action) {
		case ACTION_NONE:
		case ACTION_READ:
			n.none++;
			break;
		case ACTION_CREATE:
			n.create++;
			break;
		case ACTION_UPDATE:
			n.update++;
			break;
		case ACTION_REPLACE:
			n.replace++;
			break;
		case ACTION_DELETE:
			n.destroy++;
			break;
		case ACTION_RUN:
			break;
		case ACTION_FORGET:
			n.forget++;
			break;
		}
		n.run += s->runs;
		n.simulated += s->action != ACTION_NONE && s->type &&
			       s->type->is_simulated;
	}
	return n;
}

static bool output_changes(const struct plan_output *o)
{
	return value_is_unknown(o->new) || !value_eq(o->old, o->new);
}

static bool is_nothing(const struct plan_step *s)
{
	return (s->action == ACTION_NONE || s->action == ACTION_READ) &&
	       !s->runs && !s->updates_state && !s->moved_from.n &&
	       !s->import_id.n;
}

static bool has_nothing(const struct plan *p)
{
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->steps[i];

		if (!is_nothing(s) ||
		    (p->asked.is_refresh_only && s->n_changes))
			return false;
	}
	for (size_t i = 0; i < p->n_outputs; i++)
		if (output_changes(&p->outputs[i]))
			return false;
	return true;
}

static struct str *copy_texts(struct str *texts, size_t n, struct arena *a)
{
	struct str *copy = arena_new(a, struct str, n + 1);

	for (size_t i = 0; i < n; i++)
		copy[i] = str_dup(texts[i], a);
	return copy;
}

static struct plan_options copy_options(const struct plan_options *o,
					struct arena *a)
{
	struct plan_options copy = *o;
	struct selection *s;

	copy.replace = copy_texts(o->replace, o->n_replace, a);
	if (!o->selection)
		return copy;
	s = arena_new(a, struct selection, 1);
	*s = *o->selection;
	s->only = copy_texts(s->only, s->n_only, a);
	s->except = copy_texts(s->except, s->n_except, a);
	s->exact = NULL;
	copy.selection = s;
	return copy;
}

static struct plan *plan_new(struct context *c, const struct plan_options *o)
{
	/* The plan stands in its own arena: copied in when that is set up. */
	struct arena first = { 0 };
	struct arena *arena = arena_new(&first, struct arena, 1);
	struct plan *p = arena_new(&first, struct plan, 1);

	*arena = first;
	p->arena = arena;
	p->stack = str_dup(c->state.stack, arena);
	p->base_commit = str_dup(c->base_commit, arena);
	p->is_destroy = o->is_destroy;
	p->asked = copy_options(o, arena);
	return p;
}

void plan_release(struct plan *p)
{
	struct arena a;

	if (!p)
		return;
	a = *p->arena;
	arena_release(&a);
}

/*
 * SHA-256 over what the texts mean and the settings; not over secrets, which
 * neither holds: see secrets_digest in plan_file.c.
 */
static struct str config_hash(const struct context *c, struct arena *a)
{
	struct arena scratch = { 0 };
	VEC(char) all = { 0 };
	char hex[DIGEST_HEX_SIZE];

	for (size_t i = 0; c->config && i < c->config->n_files; i++) {
		char one[65];

		digest_hex(c->config->files[i]->meaning, 32, one);
		for (size_t k = 0; k < 64; k++)
			*vec_push(&all) = one[k];
	}
	for (size_t i = 0; i < c->n_settings; i++) {
		struct str s = str_fmt(&scratch, "\n%.*s=%.*s",
				       STR_ARG(c->settings[i].name),
				       STR_ARG(c->settings[i].text));

		for (size_t k = 0; k < s.n; k++)
			*vec_push(&all) = s.s[k];
	}
	digest_sha256_hex((struct str){ all.items, all.n }, hex);
	vec_release(&all);
	arena_release(&scratch);
	return str_dup(str_from(hex), a);
}

int planner_provider(struct planner *x, struct plan_step *s, struct str name)
{
	size_t index;

	if (provider_index(x->c, name, &index, x->err))
		return -1;
	s->provider = (uint32_t)index;
	return 0;
}

/* -- Steps of the configuration ------------------------------------------- */

static const struct value *planned(void *context, size_t index)
{
	const struct planner *x = *(struct planner *const *)context;

	return x->is_known[index] ? &x->known[index] : NULL;
}

static void new_steps(struct planner *x)
{
	struct expansion *e = x->e;

	for (size_t k = 0; k < e->n; k++) {
		const struct resource *r = &e->resources[e->order[k]];
		struct plan_step *s = &x->p->steps[k];

		x->step_of[r->index] = k;
		s->index = (uint32_t)k;
		s->address = r->address;
		s->resource = r;
		s->schema = r->schema;
		s->provider = (uint32_t)r->provider;
		s->is_existing = r->is_existing;
		s->moved_from = plan_moved_from(x, r->address);
		s->import_id = plan_import_id(x, r->address);
		s->type = provider_type(x->c->open[r->provider].provider,
					str_from(r->schema->name));
		s->is_left_out = x->chosen.leaves_resource &&
				 x->chosen.leaves_resource[r->index];
	}
	x->p->n_steps = e->n;
}

static void settled(struct planner *x, struct ready *r, size_t step,
		    const struct engine_call *e)
{
	if (x->p->steps[step].is_left_out)
		planner_keep(x, step);
	else
		step_settle(x, step, e);
	ready_release(r, step);
}

/*
 * What was checked before is not evaluated again, nor looked at: of what is in
 * the state, which stands in an order of its own, the names that it depends on
 * are compared with what they are now.
 */
static void fetch_kept(const struct planner *x, const struct resource *r,
		       const struct state_resource *s, unsigned look)
{
	for (size_t i = 0; i < r->n_deps && r->deps[i] < x->e->n; i++) {
		const struct str *name = &x->e->resources[r->deps[i]].address;

		if (look == 3)
			__builtin_prefetch(name);
		else if (look == 2)
			__builtin_prefetch(name->s);
	}
	if (look == 3) {
		__builtin_prefetch(x->prior[r->index]);
		__builtin_prefetch(s);
		__builtin_prefetch(&s->deps);
	} else if (look == 2) {
		__builtin_prefetch(s->deps);
	} else {
		for (size_t i = 0; i < s->n_deps; i++)
			__builtin_prefetch(s->deps[i].s);
	}
}

static void fetch_ahead(const struct planner *x, size_t step)
{
	for (unsigned look = FETCH_LOOKS; x->n_state && look; look--) {
		size_t at = step + look * FETCH_AHEAD;
		const struct resource *r;
		const struct checked *c;

		if (at >= x->e->n)
			continue;
		r = &x->e->resources[x->e->order[at]];
		c = expand_checked(x->e, r->index);
		if (c && c->state)
			fetch_kept(x, r, c->state, look);
		else
			expand_fetch(x->e, r->index, look, x->known);
	}
}

/* True when the type is asked, and settles it later. */
static bool decide(struct planner *x, size_t step)
{
	if (x->p->steps[step].is_left_out)
		return false;
	step_decide(x, step);
	planner_replace(x, step);
	return step_ask(x, step);
}

static int plan_steps(struct planner *x)
{
	struct ready r = { .n_steps = x->e->n };
	size_t most = x->c->parallel > 0 ? (size_t)x->c->parallel : 10;

	new_steps(x);
	for (;;) {
		size_t step;

		if (x->in_flight < most && ready_take(&r, &step)) {
			if (step >= x->e->n) {
				ready_release(&r, step);
				continue;
			}
			fetch_ahead(x, step);
			if (!decide(x, step))
				settled(x, &r, step, NULL);
			else
				ready_wait(x, &r, step);
			if (x->has_failed && x->in_flight == 0)
				return -1;
			continue;
		}
		if (!x->in_flight)
			break;
		struct work *w = workers_next(x->workers, -1);

		if (!w)
			continue;
		struct engine_call *e = w->data;

		x->in_flight--;
		settled(x, &r, e->index, e);
		call_free(e);
	}
	return x->has_failed ? -1 : 0;
}

/* -- Outputs and checks --------------------------------------------------- */

static const struct value *old_output(const struct planner *x, struct str name)
{
	return value_get_str(x->c->state.outputs, name);
}

static bool has_actions(const struct plan *p)
{
	for (size_t i = 0; i < p->n_steps; i++)
		if (p->steps[i].action != ACTION_NONE)
			return true;
	return false;
}

/*
 * What an output will be. Where only a part is applied, one that cannot be
 * known keeps what it was; where only a part is destroyed, it goes.
 */
static struct value new_output(struct planner *x, size_t i, struct value old,
			       bool is_idle)
{
	struct value new;

	expand_output(x->e, x->e->outputs[i], x->arena, &new);
	if (x->p->is_destroy && !value_is_known(new))
		return value_null();
	if (x->p->is_partial && is_idle && !value_is_known(new))
		return old;
	return new;
}

static void plan_outputs(struct planner *x)
{
	struct plan *p = x->p;
	struct value old = x->c->state.outputs;
	size_t n_old = old.kind == VALUE_MAP ? old.as.map.n : 0;
	bool is_kept = x->e && (!p->is_destroy || p->is_partial);
	size_t n_new = is_kept ? x->e->n_outputs : 0;
	bool is_idle = !has_actions(p);
	struct map seen = { 0 };

	if (p->asked.is_refresh_only)
		return;
	if (p->is_destroy)
		planner_know_kept(x);
	p->outputs = arena_new(x->arena, struct plan_output, n_old + n_new + 1);
	for (size_t i = 0; i < n_new; i++) {
		struct plan_output *o = &p->outputs[p->n_outputs++];
		const struct value *was;

		o->name = x->e->outputs[i]->name;
		was = old_output(x, o->name);
		o->old = was ? *was : value_null();
		o->new = new_output(x, i, o->old, is_idle);
		map_put(&seen, o->name, o);
	}
	for (size_t i = 0; i < n_old; i++)
		if (!map_has(&seen, old.as.map.entries[i].key))
			p->outputs[p->n_outputs++] = (struct plan_output){
				.name = old.as.map.entries[i].key,
				.old = old.as.map.entries[i].value,
				.new = value_null(),
			};
	map_release(&seen);
	if (p->is_destroy || !x->e)
		return;
	p->checks = arena_new(x->arena, struct plan_check, x->e->n_checks + 1);
	for (size_t i = 0; i < x->e->n_checks; i++) {
		const struct ast_decl *d = x->e->checks[i];

		p->checks[p->n_checks++] = (struct plan_check){
			.name = d->name,
			.place = { d->source, d->name_span },
			.decl = d,
		};
	}
}

/* -- All of it ------------------------------------------------------------ */

/* What the check of the text has found already. */
static void take_declared(struct planner *x)
{
	for (size_t k = 0; x->e && k < x->e->n; k++) {
		const struct resource *r = &x->e->resources[k];
		const struct checked *c = expand_checked(x->e, r->index);
		const struct state_resource *s = c ? c->state : NULL;

		/* It may have been moved away since. */
		if (s && s->position < x->n_state &&
		    x->state[s->position] == s &&
		    (!x->moved_from.n || str_eq(s->address, r->address)))
			x->declared[s->position] = r;
	}
}

/* Addresses are looked for once; from here on state and text know each other.
 */
static void find_declared(struct planner *x)
{
	x->declared =
	    arena_new(&x->scratch, const struct resource *, x->n_state + 1);
	x->prior = arena_new(&x->scratch, struct refreshed *,
			     (x->e ? x->e->n : 0) + 1);
	take_declared(x);
	for (size_t i = 0; x->e && i < x->n_state; i++)
		if (!x->declared[i])
			x->declared[i] =
			    expand_find(x->e, x->state[i]->address);
}

static int load_prior(struct planner *x)
{
	state_drop_kept(&x->c->state);
	x->state = state_sorted(&x->c->state, x->arena, &x->n_state);
	if (!x->options->is_refresh_only && plan_moves(x))
		return -1;
	find_declared(x);
	if (planner_choose(x) || planner_replace_init(x) || planner_refresh(x))
		return -1;
	return x->options->is_refresh_only ? 0 : plan_imports(x);
}

static bool has_drifted(const struct planner *x)
{
	for (size_t i = 0; i < x->n_state; i++)
		if (x->now[i].has_drifted)
			return true;
	return false;
}

/* More steps than that there cannot be. */
static size_t most_steps(const struct planner *x)
{
	size_t n = x->e && !x->p->is_destroy ? x->e->n : 0;

	if (x->options->is_refresh_only)
		return x->n_state;
	for (size_t i = 0; i < x->n_state; i++)
		n += x->options->is_destroy || !x->declared[i];
	return n;
}

/* Steps by what is selected now; again when that had to be widened. */
static int build_steps(struct planner *x)
{
	size_t n = x->e ? x->e->n : 0, most = most_steps(x);
	/*
	 * What was evaluated is kept for the lookup it was made with, so each
	 * time has a context of its own.
	 */
	struct planner **context = arena_new(x->c->arena, struct planner *, 1);
	int result = 0;

	*context = x;
	x->p->n_steps = 0;
	x->p->steps = arena_new(x->arena, struct plan_step, most + 1);
	x->is_quiet = arena_new(&x->scratch, bool, most + 1);
	x->known = arena_new(x->arena, struct value, n + 1);
	x->is_known = arena_new(x->arena, bool, n + 1);
	x->is_as_checked = arena_new(&x->scratch, bool, most + 1);
	x->step_of = arena_new(&x->scratch, size_t, n + 1);
	if (x->e) {
		x->e->lookup = planned;
		x->e->lookup_context = context;
	}
	if (x->options->is_refresh_only)
		return plan_refresh_only(x);
	if (x->e && !x->p->is_destroy)
		result = plan_steps(x);
	return result ? result : plan_deletes(x);
}

static void mark_drift(struct planner *x)
{
	if (!has_drifted(x))
		return;
	for (size_t i = 0; i < x->p->n_steps; i++) {
		struct plan_step *s = &x->p->steps[i];
		const struct refreshed *f =
		    s->resource ? x->prior[s->resource->index] : NULL;

		if (f)
			s->has_drifted = f->has_drifted && !s->is_left_out;
	}
}

static int build(struct planner *x)
{
	int result;

	if (load_prior(x))
		return -1;
	result = build_steps(x);
	while (result == 0 && planner_widen(x)) {
		result = planner_choose(x);
		if (result == 0)
			result = planner_refresh(x);
		if (result == 0)
			result = build_steps(x);
	}
	if (result == 0)
		result = plan_drift(x);
	if (result == 0) {
		planner_tell_left_out(x);
		mark_drift(x);
		plan_outputs(x);
		x->p->is_empty = has_nothing(x->p);
		planner_fill_needs(x);
	}
	if (x->e) {
		x->e->lookup = NULL;
		x->e->lookup_context = NULL;
	}
	return result;
}

int plan_build(struct context *c, struct expansion *e,
	       const struct plan_options *o, struct plan **out,
	       struct error *err)
{
	int64_t begun = clock_us();
	size_t errors = c->diags.n_errors;
	struct plan *p = plan_new(c, o);
	/*
	 * In the configuration's arena: what was evaluated is kept for the
	 * lookup it was made with, so no two plans may share its address.
	 */
	struct planner *x = arena_new(c->arena, struct planner, 1);
	int result;

	*x = (struct planner){
		.c = c,
		.e = e,
		.options = o,
		.p = p,
		.arena = p->arena,
		.err = err,
	};
	*out = NULL;
	catalog_init(&x->types, c->schemas, p->arena);
	p->config_hash = config_hash(c, p->arena);
	result = build(x);
	if (x->workers)
		workers_close(x->workers);
	p->drift_only = result == 0 && has_drifted(x) && p->is_empty;
	p->elapsed_us = clock_us() - begun;
	map_release(&x->also);
	map_release(&x->replace);
	map_release(&x->moved_from);
	map_release(&x->imported);
	catalog_release(&x->types);
	arena_release(&x->scratch);
	if (result || c->diags.n_errors > errors) {
		plan_release(p);
		return -1;
	}
	*out = p;
	return 0;
}
