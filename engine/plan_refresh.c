/*
 * A plan that changes nothing: what was read goes into the state, and what is
 * gone leaves it. Steps are those of the state, in its order; they have no
 * resource of the configuration, so that nothing of that is taken over.
 */
#include <config.h>

#include "engine/plan_change.h"
#include "engine/plan_private.h"

#include "lang/base/buf.h"

#include "engine/diff.h"
#include "engine/providers.h"

/* Attributes that were read to be others than the state has. */
static void compare(struct planner *x, struct plan_step *s,
		    const struct refreshed *f)
{
	const struct type_info *t =
	    catalog_type(&x->types, str_from(s->schema->name));
	struct value was = diff_convert(t, f->state->attrs, x->arena);
	struct value now = f->now.attrs;
	size_t n = now.kind == VALUE_MAP ? now.as.map.n : 0;

	s->changes = arena_new(x->arena, struct plan_change, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct value_entry *e = &now.as.map.entries[i];
		const struct value *old = value_get_str(was, e->key);

		if (old && value_eq(*old, e->value))
			continue;
		s->changes[s->n_changes++] = (struct plan_change){
			.attr = e->key,
			.old = old ? *old : value_null(),
			.new = e->value,
		};
	}
}

static int fill(struct planner *x, struct plan_step *s,
		const struct refreshed *f)
{
	s->address = f->state->address;
	s->schema = catalog_type(&x->types, f->state->type)->schema;
	s->prior = &f->now;
	s->wanted = value_null();
	s->after = f->now.attrs;
	if (f->is_gone) {
		s->action = ACTION_FORGET;
		s->reason = STR("was deleted outside");
		s->after = value_null();
	} else {
		compare(x, s, f);
	}
	if (provider_index(x->c, f->state->provider, &s->provider, x->err))
		return -1;
	s->type =
	    provider_type(x->c->open[s->provider].provider, f->state->type);
	return 0;
}

int plan_refresh_only(struct planner *x)
{
	for (size_t i = 0; i < x->n_state; i++) {
		struct plan_step *s = &x->p->steps[x->p->n_steps];

		if (planner_leaves_state(x, i))
			continue;
		s->index = x->p->n_steps++;
		if (fill(x, s, &x->now[i]))
			return -1;
	}
	return 0;
}

/* -- Shown ---------------------------------------------------------------- */

static void print_step(const struct plan_step *s, struct buf *text, FILE *out)
{
	const struct change_style style = { 0 };

	fprintf(out, "  %s %.*s", s->action == ACTION_FORGET ? "·" : "~",
		STR_ARG(s->address));
	if (s->reason.n)
		fprintf(out, "  (%.*s)", STR_ARG(s->reason));
	fputc('\n', out);
	for (size_t i = 0; i < s->n_changes; i++) {
		buf_clear(text);
		plan_change_text(text, &s->changes[i], s->schema, &style);
		fprintf(out, "      %.*s  %s\n", STR_ARG(s->changes[i].attr),
			text->data);
	}
}

void plan_print_refresh(const struct plan *p, const struct context *c,
			FILE *out)
{
	struct buf text;
	size_t n = 0, gone = 0;

	(void)c;
	buf_init(&text, 64 << 20);
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->steps[i];

		if (s->action == ACTION_NONE && s->n_changes == 0)
			continue;
		if (n++ == 0)
			fprintf(out, "Changed outside\n");
		gone += s->action == ACTION_FORGET;
		print_step(s, &text, out);
	}
	buf_release(&text);
	if (n == 0)
		fprintf(out, "No changes. What was read is what the state "
			     "has.\n");
	else
		fprintf(out,
			"\nPlan: %zu to take over into the state, %zu to "
			"forget. Nothing outside changes.\n",
			n - gone, gone);
}
