#include <config.h>

#include "engine/promise.h"

#include "engine/plan.h"
#include "engine/provider.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/json.h"

static struct str shown(struct value v, struct arena *a)
{
	struct buf b;
	struct str text;

	buf_init(&b, 300);
	json_write(&b, v, 0);
	text = str_fmt(a, "%.*s%s", STR_ARG(buf_str(&b)),
		       buf_is_full(&b) ? "…" : "");
	buf_release(&b);
	return text;
}

/* Where the plan knew a value, it is the same now. */
static bool is_kept(struct value planned, struct value now)
{
	if (value_is_unknown(planned))
		return true;
	if (planned.kind == VALUE_MAP && now.kind == VALUE_MAP) {
		if (planned.as.map.n != now.as.map.n)
			return false;
		for (size_t i = 0; i < now.as.map.n; i++) {
			const struct value_entry *p =
			    &planned.as.map.entries[i];
			const struct value_entry *n = &now.as.map.entries[i];

			/* Depth is bounded by what the language nests. */
			if (!str_eq(p->key, n->key) ||
			    !is_kept(p->value, n->value))
				return false;
		}
		return true;
	}
	/* A set with something unknown may have had another order. */
	if (planned.kind == VALUE_LIST && !value_is_known(planned))
		return now.kind == VALUE_LIST;
	return value_eq(planned, now);
}

int promise_check_wanted(const struct plan_step *step, struct value wanted,
			 struct arena *a, struct error *err)
{
	if (step->wanted.kind != VALUE_MAP)
		return 0;
	for (size_t i = 0; i < wanted.as.map.n; i++) {
		const struct value_entry *now = &wanted.as.map.entries[i];
		const struct value *planned =
		    value_get_str(step->wanted, now->key);

		if (planned && is_kept(*planned, now->value))
			continue;
		if (!planned && value_is_null(now->value))
			continue;
		error_set(err, ERROR_CONFLICT,
			  "attribute \"%.*s\" is %s now, "
			  "the plan showed %s",
			  STR_ARG(now->key), shown(now->value, a).s,
			  planned ? shown(*planned, a).s : "none");
		return error_hint(err, "Nothing was done to it. Plan again and "
				       "look at the difference.");
	}
	return 0;
}

enum { OBJECT = 'o', WITHIN = 'w' };

static struct str effect_key(char what, enum effect_kind kind,
			     struct str object, struct arena *a)
{
	return str_fmt(a, "%c%d %.*s", what, (int)kind, STR_ARG(object));
}

static void add_shown(struct map *shown, const struct effect *e,
		      struct arena *a)
{
	map_put(shown, effect_key(OBJECT, e->kind, e->object, a), shown);
	if (e->within.n)
		map_put(shown, effect_key(WITHIN, e->kind, e->within, a),
			shown);
}

/*
 * What was shown of a pattern is shown of each table that it stands for, now
 * that they are known. And the other way: of a task that has been deleted since
 * only the pattern is known now. One table does not stand for another.
 */
static bool is_shown(const struct map *shown, const struct effect *e,
		     struct arena *a)
{
	struct str any = { 0 };

	return map_has(shown, effect_key(OBJECT, e->kind, e->object, a)) ||
	       map_has(shown, effect_key(OBJECT, e->kind, any, a)) ||
	       map_has(shown, effect_key(WITHIN, e->kind, e->object, a)) ||
	       (e->within.n &&
		map_has(shown, effect_key(OBJECT, e->kind, e->within, a)));
}

/* The first effect that was not shown, or NULL. */
static const struct effect *unshown(const struct plan_step *step,
				    const struct call *c)
{
	const struct effect *found = NULL;
	struct arena scratch = { 0 };
	struct map shown = { 0 };

	for (size_t i = 0; c->effects.n && i < step->n_effects; i++)
		add_shown(&shown, &step->effects[i], &scratch);
	for (size_t i = 0; i < c->effects.n && !found; i++)
		if (!is_shown(&shown, &c->effects.items[i], &scratch))
			found = &c->effects.items[i];
	map_release(&shown);
	arena_release(&scratch);
	return found;
}

/* An effect that was not shown is never carried out. */
int promise_check_effects(const struct plan_step *step, const struct call *c,
			  struct error *err)
{
	const struct effect *now = unshown(step, c);

	if (!now)
		return 0;
	error_set(err, ERROR_CONFLICT,
		  "it would now %.*s, which the "
		  "plan did not show",
		  STR_ARG(now->text));
	return error_hint(err, "Nothing was done to it. Plan again and look at "
			       "its effects.");
}

int promise_check_call(const struct plan_step *step, const struct call *c,
		       struct error *err)
{
	if (promise_check_effects(step, c, err) < 0)
		return -1;
	if (c->needs_replace) {
		error_set(err, ERROR_CONFLICT,
			  "it would now have to be "
			  "replaced: %.*s",
			  STR_ARG(c->replace_reason));
		return error_hint(err, "Nothing was done to it. Plan again.");
	}
	return 0;
}
