/*
 * One resource of the configuration: what it shall be, what it is, and what
 * follows from the difference.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/base/buf.h"
#include "lang/diag.h"
#include "lang/json.h"

#include "engine/diff.h"
#include "engine/recorded.h"
#include "engine/replace_when.h"
#include "engine/secrets.h"

#include <string.h>

static struct str text_of(struct value v, struct arena *a)
{
	struct buf b;
	struct str s;

	buf_init(&b, 200);
	json_write(&b, v, 0);
	s = str_dup(buf_str(&b), a);
	buf_release(&b);
	return s;
}

/* A new object would be made of something that must not be lost. */
static void check_replace(struct planner *x, const struct plan_step *s)
{
	struct diags *d = &x->c->diags;
	struct place place = s->resource->place;
	struct diag *to;
	const struct plan_change *why = NULL;

	for (size_t i = 0; i < s->n_changes && !why; i++)
		if (s->changes[i].forces_replace)
			why = &s->changes[i];
	if (why)
		place = why->place;
	if (s->resource->prevent_destroy ||
	    (s->prior && s->prior->prevent_destroy)) {
		to = diag_error(d, "E0311", place,
				"%.*s would be replaced, and its lifecycle "
				"prevents that",
				STR_ARG(s->address));
		diag_hint(d, to,
			  "Take prevent_destroy out first, with an "
			  "apply of its own.");
	} else if (s->schema->is_fixed && !s->prior->is_tainted &&
		   !planner_is_asked(x, s->address)) {
		to = diag_error(d, "E0312", place,
				"%.*s would be replaced, and its data lost",
				STR_ARG(s->address));
		diag_hint(d, to,
			  "Go back to the old value, or declare a new "
			  "one under another name, move the data, and then "
			  "take this one out.");
	} else {
		return;
	}
	if (why) {
		struct str old = text_of(why->old, x->arena);
		struct str new = text_of(why->new, x->arena);

		diag_note(d, to, (struct place){ 0 },
			  "\"%.*s\" changes from %.*s to %.*s",
			  STR_ARG(why->attr), STR_ARG(old), STR_ARG(new));
	}
}

/* What is made anew is made as it is written, nothing of it ignored. */
static void settle_replace(struct planner *x, struct plan_step *s)
{
	check_replace(x, s);
	s->creates_first = s->resource->create_before_destroy;
	if (s->resource->n_ignore)
		expand_wanted(x->e, s->resource->index, x->arena, &s->wanted,
			      &s->places);
}

static struct diff find_diff(struct planner *x, struct plan_step *s,
			     const struct refreshed *r)
{
	struct diff d;

	expand_ignored(s->resource, r->now->attrs, x->arena, &s->wanted,
		       &s->places);
	d = diff_attrs(s->resource->type, r->now->attrs, s->wanted, s->places,
		       s->resource->place, x->arena);
	s->changes = d.changes;
	s->n_changes = d.n;
	return d;
}

static void take_diff(struct plan_step *s, const struct refreshed *r,
		      const struct diff *d)
{
	if (r->now->is_tainted) {
		s->action = ACTION_REPLACE;
		s->reason = STR("its creation did not finish");
	} else if (d->needs_replace) {
		s->action = ACTION_REPLACE;
	} else if (d->needs_update) {
		s->action = ACTION_UPDATE;
	}
	if (r->is_broken && s->action != ACTION_REPLACE) {
		s->action = ACTION_UPDATE;
		s->reason = r->status;
	}
}

/* The state's digest against what replace_when is now. */
static void take_replace_when(struct planner *x, struct plan_step *s,
			      const struct state_resource *prior)
{
	const struct resource *r = s->resource;
	struct state_resource now = *prior;
	struct value v;

	if (prior->replace_when.n == 0 || s->action == ACTION_REPLACE ||
	    expand_replace_when(x->e, r->index, x->arena, &v) ||
	    value_is_null(v))
		return;
	if (!value_is_known(v)) {
		s->action = ACTION_REPLACE;
		s->reason = STR("replace_when is (known after apply)");
		return;
	}
	if (replace_when_digest(x->c, v, x->arena, &now.replace_when, x->err)) {
		x->has_failed = true;
		return;
	}
	if (str_eq(now.replace_when, prior->replace_when))
		return;
	s->action = ACTION_REPLACE;
	s->reason = STR("replace_when has changed");
}

static void take_recorded(struct planner *x, struct plan_step *s,
			  const struct state_resource *prior)
{
	if (recorded_changes(x->e, s->resource, prior, &x->scratch,
			     &s->updates_state, x->err))
		x->has_failed = true;
}

static int check_provider(struct planner *x, const struct plan_step *s,
			  const struct state_resource *prior)
{
	const char *name = x->c->open[s->provider].title;
	struct diag *to;

	if (str_is(prior->provider, name))
		return 0;
	to = diag_error(&x->c->diags, "E0313", s->resource->place,
			"%.*s exists at provider \"%.*s\", not at \"%s\"",
			STR_ARG(s->address), STR_ARG(prior->provider), name);
	diag_hint(&x->c->diags, to,
		  "Destroy the stack there first, or give "
		  "this one another name.");
	return -1;
}

/*
 * Of an object that is taken over a read may not tell all. What only a new
 * object could change is then taken to be as it is written.
 */
static void adopt_unread(struct planner *x, const struct plan_step *s,
			 struct refreshed *f)
{
	for (const struct attr_schema *a = s->schema->attrs; a->name; a++) {
		const struct value *v = value_get(s->wanted, a->name);

		if ((a->flags & ATTR_REPLACE) && v && value_is_known(*v) &&
		    !value_get(f->now->attrs, a->name))
			refreshed_set(f,
				      value_with(f->now->attrs,
						 str_from(a->name), *v,
						 x->arena),
				      x->arena);
	}
}

/*
 * What is made of nothing but what turned out as it was taken to be when the
 * text was checked was evaluated then.
 */
static bool take_checked(struct planner *x, struct plan_step *s,
			 const struct refreshed *f)
{
	const struct resource *r = s->resource;
	const struct checked *c = expand_checked(x->e, r->index);

	if (!c || s->is_existing || c->state != (f ? f->state : NULL) ||
	    (f && (f->is_gone || f->has_drifted)))
		return false;
	/* What a join stands for may be much: then it is evaluated again. */
	for (size_t i = 0; i < r->n_deps; i++)
		if (r->deps[i] >= x->e->n ||
		    !x->is_as_checked[x->step_of[r->deps[i]]])
			return false;
	s->wanted = c->wanted;
	s->places = c->places;
	x->is_as_checked[s->index] = true;
	return true;
}

/* What is a secret from now on is not shown as it was, either. */
static void hide_secrets(struct planner *x, const struct plan_step *s,
			 struct refreshed *f)
{
	struct value attrs = secrets_keep(f->now->attrs, s->wanted, x->arena);

	attrs = secrets_find(attrs, s->wanted, s->address, x->arena);
	refreshed_set(f, attrs, x->arena);
}

void step_decide(struct planner *x, size_t step)
{
	struct plan_step *s = &x->p->steps[step];
	const struct resource *r = s->resource;
	struct refreshed *f = x->prior[r->index];
	bool is_checked = take_checked(x, s, f);
	struct diff d = { .is_quiet = true };

	if (!is_checked) {
		s->wanted = value_null();
		if (expand_wanted(x->e, r->index, x->arena, &s->wanted,
				  &s->places))
			return;
	}
	if (s->is_existing) {
		existing_decide(x, s);
		return;
	}
	if (!f) {
		s->action = ACTION_CREATE;
		return;
	}
	if (f->is_gone) {
		s->action = ACTION_CREATE;
		s->reason = f->now->is_tainted
				? STR("was not made when it was tried")
				: STR("was deleted outside");
		return;
	}
	if (check_provider(x, s, f->state))
		return;
	if (s->import_id.n)
		adopt_unread(x, s, f);
	/* That nothing differs, and nothing is secret, was found before. */
	if (!is_checked) {
		hide_secrets(x, s, f);
		d = find_diff(x, s, f);
	}
	x->is_quiet[step] = d.is_quiet;
	s->prior = f->now;
	take_diff(s, f, &d);
	take_replace_when(x, s, f->state);
	take_recorded(x, s, f->state);
}

/* -- Asking the type ------------------------------------------------------ */

bool planner_workers(struct planner *x)
{
	if (!x->workers)
		x->workers = workers_open(
		    x->c->parallel > 0 ? x->c->parallel : 10, x->err);
	x->has_failed |= !x->workers;
	return x->workers;
}

bool step_ask(struct planner *x, size_t step)
{
	struct plan_step *s = &x->p->steps[step];
	struct engine_call *e;

	if (s->is_existing)
		return existing_ask(x, s);
	if (!s->type || !s->type->ops->plan || !planner_workers(x))
		return false;
	e = call_new(x->c, s->provider, s->type, s->address, s->prior,
		     CALL_PLAN);
	e->index = step;
	e->action = str_c(str_from(action_name(s->action)), &e->arena);
	if (s->wanted.kind == VALUE_MAP)
		e->call.config = value_copy(s->wanted, &e->arena);
	x->in_flight++;
	workers_submit(x->workers, &e->work);
	return true;
}

/* What the type has to say of it is one warning at its block. */
static void tell_notices(struct planner *x, const struct plan_step *s,
			 const struct call *c)
{
	struct buf text;

	if (!c->notices.n)
		return;
	buf_init(&text, 4000);
	for (size_t i = 0; i < c->notices.n; i++)
		buf_fmt(&text, "%s%.*s", i ? "; " : "",
			STR_ARG(c->notices.items[i]));
	diag_warning(&x->c->diags, "W0501", planner_place(x, s->address), "%s",
		     text.data);
	buf_release(&text);
}

void step_answer(struct planner *x, struct plan_step *s,
		 const struct engine_call *e)
{
	const struct call *c = &e->call;

	if (e->outcome == STEP_FAILED) {
		refresh_failed(x->c, "E0502", planner_place(x, s->address),
			       s->address, "plan", &c->err);
		return;
	}
	tell_notices(x, s, c);
	s->n_effects = c->effects.n;
	s->effects =
	    arena_new(x->arena, struct effect, s->n_effects ? s->n_effects : 1);
	for (size_t i = 0; i < s->n_effects; i++) {
		const struct effect *from = &c->effects.items[i];

		s->effects[i] = (struct effect){
			.kind = from->kind,
			.object = str_dup(from->object, x->arena),
			.within = str_dup(from->within, x->arena),
			.text = str_dup(from->text, x->arena),
		};
	}
	if (c->needs_replace && s->prior &&
	    (s->action == ACTION_NONE || s->action == ACTION_UPDATE)) {
		s->action = ACTION_REPLACE;
		s->reason = str_dup(c->replace_reason, x->arena);
	}
	if (!c->needs_run)
		return;
	if (s->action == ACTION_NONE)
		s->action = ACTION_RUN;
	s->runs = true;
	if (s->reason.n == 0)
		s->reason = str_dup(c->run_reason, x->arena);
}

/* -- What is known of it from here on ------------------------------------- */

static struct value nulls_of(const struct plan_step *s, struct arena *a)
{
	struct value_entry *entries =
	    arena_new(a, struct value_entry, s->n_changes + 1);
	size_t n = 0;

	for (size_t i = 0; i < s->n_changes; i++)
		if (value_is_null(s->changes[i].new))
			entries[n++] = (struct value_entry){ s->changes[i].attr,
							     value_null() };
	return value_map(entries, n, a);
}

/* Computed attributes that an update may change. */
static struct value unsettled(const struct type_info *t, struct arena *a)
{
	struct value_entry *entries =
	    arena_new(a, struct value_entry, t->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		unsigned flags = t->attrs[i].schema->flags;

		if (!(flags & ATTR_COMPUTED) ||
		    (flags & (ATTR_OPTIONAL | ATTR_STABLE)))
			continue;
		entries[n++] = (struct value_entry){
			str_from(t->attrs[i].schema->name),
			value_mark(value_unknown(),
				   flags & ATTR_SECRET ? MARK_SECRET : 0),
		};
	}
	return value_map(entries, n, a);
}

static struct value known_after(struct planner *x, const struct plan_step *s)
{
	const struct type_info *t = s->resource->type;
	struct arena *a = x->arena;
	struct value v;

	switch (s->action) {
	case ACTION_CREATE:
	case ACTION_REPLACE:
		return diff_to_come(t, s->wanted, a);
	case ACTION_UPDATE:
		v = diff_overlay(s->prior->attrs, s->wanted, a);
		v = diff_overlay(v, nulls_of(s, a), a);
		/* A repair, or new tags, leave the rest as it was. */
		if (!x->is_quiet[s->index])
			v = diff_overlay(v, unsettled(t, a), a);
		break;
	case ACTION_NONE:
	case ACTION_READ:
	case ACTION_RUN:
	case ACTION_DELETE:
	case ACTION_FORGET:
		if (!s->prior)
			return diff_to_come(t, s->wanted, a);
		v = s->prior->attrs;
		if (s->n_changes)
			v = diff_overlay(v, s->wanted, a);
		break;
	}
	return value_with(v, STR("id"), value_str(s->prior->id), a);
}

void step_settle(struct planner *x, size_t step, const struct engine_call *e)
{
	struct plan_step *s = &x->p->steps[step];
	size_t i = s->resource->index;

	if (s->is_existing) {
		existing_settle(x, s, e);
		return;
	}
	if (e)
		step_answer(x, s, e);
	if (s->action == ACTION_REPLACE)
		settle_replace(x, s);
	if (s->action == ACTION_NONE && s->updates_state && s->reason.n == 0)
		s->reason = STR("its life cycle, or what it depends on");
	if (s->prior && s->action != ACTION_NONE)
		x->is_as_checked[step] = false;
	if (s->prior && x->is_as_checked[step])
		x->known[i] = expand_checked(x->e, i)->known;
	else
		x->known[i] = known_after(x, s);
	if (e && e->call.result.kind == VALUE_MAP && s->action != ACTION_NONE) {
		struct value told = diff_convert(
		    s->resource->type, value_copy(e->call.result, x->arena),
		    x->arena);

		x->known[i] = diff_overlay(x->known[i], told, x->arena);
		x->is_as_checked[step] = false;
	}
	x->is_known[i] = true;
	s->after = &x->known[i];
}
