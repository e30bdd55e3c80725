/*
 * What a mapping means for one table: whether it is selected, and its name on
 * the target.
 */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/base/arena.h"
#include "lang/dms/pattern.h"

bool mapping_pattern_matches(struct str pattern, struct str name)
{
	return pattern_matches(pattern, name);
}

static bool is_exact(const struct mapping_selection *s, struct str schema,
		     struct str table)
{
	return str_eq(s->schema, schema) && str_eq(s->table, table);
}

const struct mapping_selection *
mapping_select(const struct mapping *m, struct str schema, struct str table)
{
	const struct mapping_selection *found = NULL;
	bool found_exact = false;

	for (size_t i = 0; i < m->n_selections; i++) {
		const struct mapping_selection *s = &m->selections[i];
		bool exact = is_exact(s, schema, table);

		if (!exact && (s->action == MAPPING_EXPLICIT ||
			       !pattern_matches(s->schema, schema) ||
			       !pattern_matches(s->table, table)))
			continue;
		if (s->action == MAPPING_EXCLUDE)
			return NULL;
		if (!found || (exact && !found_exact)) {
			found = s;
			found_exact = exact;
		}
	}
	return found;
}

static struct str change_case(struct str s, char from, char to, struct arena *a)
{
	char *text = str_c(s, a);

	for (size_t i = 0; i < s.n; i++)
		if (text[i] >= from && text[i] <= from + 25)
			text[i] = (char)(text[i] - from + to);
	return (struct str){ text, s.n };
}

static bool begins(struct str s, struct str start)
{
	return str_eq(str_sub(s, 0, start.n), start);
}

static bool ends(struct str s, struct str end)
{
	return s.n >= end.n && str_eq(str_skip(s, s.n - end.n), end);
}

static struct str joined(struct str x, struct str y, struct arena *a)
{
	return str_fmt(a, "%.*s%.*s", STR_ARG(x), STR_ARG(y));
}

static struct str transform(const struct mapping_transformation *t,
			    struct str s, struct arena *a)
{
	if (str_is(t->action, "rename"))
		return t->value.n ? t->value : s;
	if (str_is(t->action, "convert-lowercase"))
		return change_case(s, 'A', 'a', a);
	if (str_is(t->action, "convert-uppercase"))
		return change_case(s, 'a', 'A', a);
	if (str_is(t->action, "add-prefix"))
		return joined(t->value, s, a);
	if (str_is(t->action, "add-suffix"))
		return joined(s, t->value, a);
	if (str_is(t->action, "remove-prefix") && begins(s, t->value))
		return str_skip(s, t->value.n);
	if (str_is(t->action, "remove-suffix") && ends(s, t->value))
		return str_sub(s, 0, s.n - t->value.n);
	if (str_is(t->action, "replace-prefix") && begins(s, t->old_value))
		return joined(t->value, str_skip(s, t->old_value.n), a);
	if (str_is(t->action, "replace-suffix") && ends(s, t->old_value))
		return joined(str_sub(s, 0, s.n - t->old_value.n), t->value, a);
	return s;
}

/* Of those that hit the object, the one with the lowest id counts. */
static const struct mapping_transformation *
find_rule(const struct mapping *m, enum mapping_target target,
	  struct str schema, struct str table)
{
	const struct mapping_transformation *found = NULL;

	for (size_t i = 0; i < m->n_transformations; i++) {
		const struct mapping_transformation *t = &m->transformations[i];

		if (t->target != target ||
		    str_is(t->action, "define-primary-key") ||
		    (found && found->rule.id <= t->rule.id) ||
		    !pattern_matches(t->schema, schema))
			continue;
		if (target == MAPPING_SCHEMA ||
		    pattern_matches(t->table, table))
			found = t;
	}
	return found;
}

void mapping_rename(const struct mapping *m, struct str schema,
		    struct str table, struct arena *a, struct str *to_schema,
		    struct str *to_table)
{
	const struct mapping_transformation *t =
	    find_rule(m, MAPPING_SCHEMA, schema, table);

	*to_schema = t ? transform(t, schema, a) : schema;
	t = find_rule(m, MAPPING_TABLE, schema, table);
	*to_table = t ? transform(t, table, a) : table;
}

bool mapping_is_computed(const struct mapping *m, struct str schema,
			 struct str table)
{
	const struct mapping_transformation *on_schema, *on_table;

	on_schema = find_rule(m, MAPPING_SCHEMA, schema, table);
	on_table = find_rule(m, MAPPING_TABLE, schema, table);
	return (on_schema && on_schema->expression.n) ||
	       (on_table && on_table->expression.n);
}
