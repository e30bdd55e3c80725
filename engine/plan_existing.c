/*
 * Objects that are declared `existing`: looked for while planning, as soon as
 * what is written of them is known, and never changed.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/diag.h"

#include "engine/diff.h"

enum { LOOKUP_LIMIT_MS = 120000 };

void existing_decide(struct planner *x, struct plan_step *s)
{
	struct diag *to;

	if (x->prior[s->resource->index]) {
		to = diag_error(&x->c->diags, "E0318", s->resource->place,
				"%.*s is dmsl's own, by the state, and cannot "
				"be an existing object",
				STR_ARG(s->address));
		diag_hint(&x->c->diags, to,
			  "Give the existing one another name, and let go of "
			  "the old with removed %.*s { keep = true }.",
			  STR_ARG(s->address));
	}
	if (!value_is_known(s->wanted))
		s->action = ACTION_READ;
}

/* An answer that takes its time is waited for here: there are few of these. */
static void look_up(struct work *w)
{
	call_run_now(w->data, LOOKUP_LIMIT_MS);
}

bool existing_ask(struct planner *x, struct plan_step *s)
{
	struct engine_call *e;

	if (s->action == ACTION_READ || s->wanted.kind != VALUE_MAP ||
	    !planner_workers(x))
		return false;
	e = call_new(x->c, s->provider, s->type, s->address, NULL, CALL_LOOKUP);
	e->index = s->index;
	e->call.config = value_copy(s->wanted, &e->arena);
	e->call.id = value_text(e->call.config, "id");
	e->work.run = look_up;
	x->in_flight++;
	workers_submit(x->workers, &e->work);
	return true;
}

static void report_missing(struct planner *x, const struct plan_step *s)
{
	struct str id = value_text(s->wanted, "id");
	const char *type = s->schema->name;
	struct place place = s->resource->place;
	struct diag *to;

	if (id.n == 0)
		to = diag_error(&x->c->diags, "E0318", place,
				"there is no such %s as is written here", type);
	else
		to = diag_error(&x->c->diags, "E0318", place,
				"there is no %s \"%.*s\"", type, STR_ARG(id));
	diag_hint(&x->c->diags, to,
		  "An existing object is not made by dmsl: look for it where "
		  "the provider's account and region are.");
}

static struct value found(struct planner *x, const struct plan_step *s,
			  const struct call *c)
{
	const struct type_info *t =
	    catalog_type(&x->types, str_from(s->schema->name));
	struct value v =
	    diff_convert(t, value_copy(c->result, x->arena), x->arena);

	v = diff_overlay(s->wanted, v, x->arena);
	return value_with(v, STR("id"), value_str(str_dup(c->id, x->arena)),
			  x->arena);
}

void existing_settle(struct planner *x, struct plan_step *s,
		     const struct engine_call *e)
{
	size_t i = s->resource->index;
	const struct type_info *t =
	    catalog_type(&x->types, str_from(s->schema->name));

	x->known[i] = diff_existing(t, s->wanted, x->arena);
	if (e && e->outcome == STEP_FAILED)
		refresh_failed(x->c, "E0501", s->resource->place, s->address,
			       "read", &e->call.err);
	else if (e && (e->call.is_gone || e->call.id.n == 0))
		report_missing(x, s);
	else if (e)
		x->known[i] = found(x, s, &e->call);
	x->is_known[i] = true;
	s->after = &x->known[i];
}
