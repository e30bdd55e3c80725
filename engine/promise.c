#include <config.h>

#include "engine/promise.h"

#include "engine/plan.h"
#include "engine/provider.h"
#include "lang/base/buf.h"
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

/* An effect that was not shown is never carried out. */
int promise_check_call(const struct plan_step *step, const struct call *c,
		       struct error *err)
{
	for (size_t i = 0; i < c->effects.n; i++) {
		const struct effect *now = &c->effects.items[i];
		bool is_shown = false;

		for (size_t k = 0; k < step->n_effects; k++)
			is_shown |= step->effects[k].kind == now->kind;
		if (is_shown)
			continue;
		error_set(err, ERROR_CONFLICT,
			  "it would now %.*s, which the "
			  "plan did not show",
			  STR_ARG(now->text));
		return error_hint(err, "Nothing was done to it. Plan again and "
				       "look at its effects.");
	}
	if (c->needs_replace) {
		error_set(err, ERROR_CONFLICT,
			  "it would now have to be "
			  "replaced: %.*s",
			  STR_ARG(c->replace_reason));
		return error_hint(err, "Nothing was done to it. Plan again.");
	}
	return 0;
}
