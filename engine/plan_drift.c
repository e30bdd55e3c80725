/*
 * What was changed outside since the state was written: found by refresh,
 * shown apart from what the plan does about it.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/base/vec.h"

#include "engine/diff.h"

struct changes {
	struct plan_change *items;
	size_t n;
	size_t room;
};

static void add_change(struct changes *all, struct str attr, struct value old,
		       struct value new)
{
	if (!value_eq(old, new))
		*vec_push(all) = (struct plan_change){
			.attr = attr,
			.old = old,
			.new = new,
		};
}

/* Both maps are sorted by key: side by side. */
static void compare(struct value old, struct value new, struct changes *out)
{
	size_t n_old = old.kind == VALUE_MAP ? old.as.map.n : 0;
	size_t n_new = new.kind == VALUE_MAP ? new.as.map.n : 0;
	size_t i = 0, k = 0;

	while (i < n_old || k < n_new) {
		const struct value_entry *a =
		    i < n_old ? &old.as.map.entries[i] : NULL;
		const struct value_entry *b =
		    k < n_new ? &new.as.map.entries[k] : NULL;
		int order = !a ? 1 : !b ? -1 : str_cmp(a->key, b->key);

		add_change(out, (order <= 0 ? a : b)->key,
			   order <= 0 ? a->value : value_null(),
			   order >= 0 ? b->value : value_null());
		i += order <= 0;
		k += order >= 0;
	}
}

static void fill(struct planner *x, struct plan_step *s,
		 const struct refreshed *f)
{
	const struct type_info *t = catalog_type(&x->types, f->state->type);
	struct state_resource *before =
	    arena_new(x->arena, struct state_resource, 1);
	struct changes changes = { 0 };

	*before = *f->state;
	before->attrs = diff_convert(t, before->attrs, x->arena);
	s->address = f->state->address;
	s->schema = t->schema;
	s->resource = expand_find(x->e, s->address);
	s->prior = before;
	s->after = f->is_gone ? NULL : &f->now->attrs;
	s->action = f->is_gone ? ACTION_DELETE : ACTION_UPDATE;
	if (!f->is_gone)
		compare(before->attrs, f->now->attrs, &changes);
	s->n_changes = changes.n;
	s->changes = vec_take(&changes, x->arena);
}

int plan_drift(struct planner *x)
{
	struct plan *p = x->p;
	size_t n = 0;

	for (size_t i = 0; i < x->n_state; i++)
		n += x->now[i].has_drifted || x->now[i].is_gone;
	p->drift = arena_new(x->arena, struct plan_step, n + 1);
	for (size_t i = 0; i < x->n_state; i++) {
		const struct refreshed *f = &x->now[i];
		struct plan_step *s = &p->drift[p->n_drift];

		if (!f->has_drifted && !f->is_gone)
			continue;
		s->index = (uint32_t)p->n_drift++;
		fill(x, s, f);
		if (planner_provider(x, s, f->state->provider))
			return -1;
	}
	return 0;
}
