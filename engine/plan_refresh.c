/*
 * A plan that changes nothing: what was read goes into the state, and what is
 * gone leaves it. Steps are those of the state, in its order; they have no
 * resource of the configuration, so that nothing of that is taken over.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "engine/diff.h"

/* Attributes that were read to be others than the state has. */
static void compare(struct planner *x, struct plan_step *s,
		    const struct refreshed *f)
{
	const struct type_info *t =
	    catalog_type(&x->types, str_from(s->schema->name));
	struct value was = diff_convert(t, f->state->attrs, x->arena);
	struct value now = f->now->attrs;
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
	s->prior = f->now;
	s->has_drifted = f->has_drifted;
	s->wanted = value_null();
	s->after = &f->now->attrs;
	if (f->is_gone) {
		s->action = ACTION_FORGET;
		s->reason = STR("was deleted outside");
		s->after = NULL;
	} else {
		compare(x, s, f);
	}
	if (planner_provider(x, s, f->state->provider))
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
		s->index = (uint32_t)x->p->n_steps++;
		if (fill(x, s, &x->now[i]))
			return -1;
	}
	return 0;
}
