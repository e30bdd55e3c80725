/*
 * What the rules of a table mapping get wrong together, and what AWS would find
 * only when the task runs, as far as the document alone tells. (dms-reference
 * 1.10: M3, M4, M6, M7, M9, M12, M15.)
 *
 * Rules are compared with rules: that is quadratic, so it has a budget. Where
 * it is spent, a warning says so.
 */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/decimal.h"
#include "lang/dms/expression.h"
#include "lang/dms/mapping_types.h"
#include "lang/dms/pattern.h"
#include "lang/dms/problem.h"

enum {
	BUDGET = 4 << 20, /* patterns that are matched */
	RANGE_COLUMNS_MAX = 10,
};

struct judge {
	const struct mapping *m;
	const struct mapping_task *task;
	struct dms_report *report;
	struct arena *arena;
	struct map seen; /* what rules name -> struct mapping_rule */
	size_t budget;
	bool is_spent;
};

/* Takes from the budget; false when there is none left. */
static bool may_match(struct judge *j, size_t n)
{
	if (n <= j->budget) {
		j->budget -= n;
		return true;
	}
	if (!j->is_spent)
		dms_report(j->report, DMS_PROBLEM("W0414", DMS_NO_RULE, NULL),
			   "so many rules are not all compared with one "
			   "another");
	j->is_spent = true;
	return false;
}

static bool is_exact(struct str schema, struct str table)
{
	return !pattern_has_wildcard(schema) && !pattern_has_wildcard(table);
}

/* -- the same thing twice -- */

/* What a transformation decides; two of one slot cannot both hold. */
enum slot { SLOT_NAME, SLOT_TYPE, SLOT_MASK, SLOT_OTHER };

static enum slot slot_of(const struct mapping_transformation *t)
{
	if (str_is(t->action, "change-data-type"))
		return SLOT_TYPE;
	if (str_starts(t->action, "data-masking-"))
		return SLOT_MASK;
	if (str_is(t->action, "add-column") ||
	    str_is(t->action, "define-primary-key") ||
	    str_is(t->action, "add-before-image-columns"))
		return SLOT_OTHER;
	return SLOT_NAME;
}

/* Remembers what a rule is about; the rule that was about it before. */
static const struct mapping_rule *
first_about(struct judge *j, const struct mapping_rule *rule, struct str key)
{
	return map_add(&j->seen, key, (void *)(uintptr_t)rule);
}

/* Names may hold anything, so lengths tell where each ends. */
static struct str key_of(struct judge *j, const char *about, struct str schema,
			 struct str table, struct str column)
{
	return str_fmt(j->arena, "%s %zu.%zu %.*s.%.*s.%.*s", about, schema.n,
		       table.n, STR_ARG(schema), STR_ARG(table),
		       STR_ARG(column));
}

static void twice(struct judge *j, const struct mapping_rule *rule,
		  const struct mapping_rule *first, const char *message)
{
	struct dms_problem p = DMS_PROBLEM("E0415", rule->index, NULL);

	p.other = first->index;
	dms_report(j->report, p, "%s", message);
}

static void check_transformed_twice(struct judge *j,
				    const struct mapping_transformation *t)
{
	static const char *const slots[] = { "name", "type", "mask", "other" };
	static const char *const messages[] = { "this is renamed twice",
						"this gets two types",
						"this is masked twice" };
	enum slot slot = slot_of(t);
	const struct mapping_rule *first;
	const char *about;

	if (slot != SLOT_OTHER) {
		about = str_fmt(j->arena, "%s %d %.*s", slots[slot],
				(int)t->target, STR_ARG(t->of))
			    .s;
		first = first_about(
		    j, &t->rule,
		    key_of(j, about, t->schema, t->table, t->column));
		if (first)
			twice(j, &t->rule, first, messages[slot]);
	} else if (str_is(t->action, "define-primary-key")) {
		first =
		    first_about(j, &t->rule,
				key_of(j, "key", t->schema, t->table, STR("")));
		if (first)
			twice(j, &t->rule, first, "this table gets two keys");
	} else if (str_is(t->action, "add-column")) {
		first = first_about(
		    j, &t->rule,
		    key_of(j, "add", t->schema, t->table, t->value));
		if (first)
			twice(j, &t->rule, first, "this column is added twice");
	}
}

static void check_twice(struct judge *j)
{
	const struct mapping *m = j->m;
	const struct mapping_rule *first;

	for (size_t i = 0; i < m->n_transformations; i++)
		check_transformed_twice(j, &m->transformations[i]);
	for (size_t i = 0; i < m->n_loads; i++) {
		const struct mapping_load *l = &m->loads[i];

		first = first_about(
		    j, &l->rule,
		    key_of(j, "load", l->schema, l->table, STR("")));
		if (first)
			twice(j, &l->rule, first,
			      "how this table is loaded is said twice");
	}
	for (size_t i = 0; i < m->n_validations; i++) {
		const struct mapping_validation *v = &m->validations[i];

		first = first_about(
		    j, &v->rule,
		    key_of(j,
			   str_fmt(j->arena, "validate %.*s", STR_ARG(v->of)).s,
			   v->schema, v->table, v->column));
		if (first)
			twice(j, &v->rule, first,
			      "how this column is compared is said twice");
	}
	for (size_t i = 0; i < m->n_selections; i++) {
		const struct mapping_selection *s = &m->selections[i];
		struct dms_problem p =
		    DMS_PROBLEM("W0412", s->rule.index, NULL);

		if (s->action == MAPPING_EXCLUDE)
			continue;
		first = first_about(
		    j, &s->rule,
		    key_of(j, "include", s->schema, s->table, STR("")));
		if (!first)
			continue;
		p.other = first->index;
		dms_report(j->report, p, "this is included twice");
	}
}

/* -- two rules for one thing -- */

/*
 * Whether what one pattern matches, the other is sure to match too. Of two
 * patterns that share some names nothing is said.
 */
static bool covers(struct str pattern, struct str other)
{
	if (str_is(pattern, "%") || str_eq(pattern, other))
		return true;
	return !pattern_has_wildcard(other) && pattern_matches(pattern, other);
}

static bool meet(struct str a, struct str b)
{
	return covers(a, b) || covers(b, a);
}

static bool hit_one_thing(const struct mapping_transformation *a,
			  const struct mapping_transformation *b)
{
	if (a->target != b->target || slot_of(a) == SLOT_OTHER ||
	    slot_of(b) == SLOT_OTHER || !str_eq(a->of, b->of))
		return false;
	return meet(a->schema, b->schema) &&
	       (a->target == MAPPING_SCHEMA || meet(a->table, b->table)) &&
	       (a->target != MAPPING_COLUMN || meet(a->column, b->column));
}

static bool is_same_locator(const struct mapping_transformation *a,
			    const struct mapping_transformation *b)
{
	return str_eq(a->schema, b->schema) && str_eq(a->table, b->table) &&
	       str_eq(a->column, b->column);
}

static void report_meeting(struct judge *j,
			   const struct mapping_transformation *a,
			   const struct mapping_transformation *b)
{
	bool is_first = a->rule.id < b->rule.id;
	const struct mapping_transformation *wins = is_first ? a : b;
	const struct mapping_transformation *other = is_first ? b : a;
	struct dms_problem p = DMS_PROBLEM("W0412", other->rule.index, NULL);

	p.other = wins->rule.index;
	if (slot_of(wins) == SLOT_TYPE && slot_of(other) == SLOT_MASK)
		return;
	if (slot_of(wins) == SLOT_MASK && slot_of(other) == SLOT_TYPE) {
		p.code = "E0415";
		p.hint = "Change the type first: its rule stands before that "
			 "of the mask.";
		dms_report(j->report, p,
			   "a column's type is changed behind its mask");
		return;
	}
	p.hint = "DMS carries out one action on one object, that of the lower "
		 "rule-id; this is the least certain part of it.";
	dms_report(j->report, p,
		   "another rule changes the same: of what both match, this "
		   "one changes nothing");
}

/*
 * Each rule with those before it. Two without a wildcard can only be the same,
 * which is found by name.
 */
static void check_meetings(struct judge *j)
{
	const struct mapping *m = j->m;

	for (size_t i = 1; i < m->n_transformations; i++) {
		const struct mapping_transformation *t = &m->transformations[i];

		if (slot_of(t) == SLOT_OTHER)
			continue;
		if (!may_match(j, i))
			return;
		for (size_t k = 0; k < i; k++) {
			const struct mapping_transformation *before =
			    &m->transformations[k];

			if (!hit_one_thing(t, before) ||
			    (is_same_locator(t, before) &&
			     slot_of(t) == slot_of(before)))
				continue;
			report_meeting(j, before, t);
			break;
		}
	}
}

/* -- what is not there -- */

static struct str lowered(struct str s, char out[MAPPING_PATTERN_MAX])
{
	size_t n = s.n < MAPPING_PATTERN_MAX ? s.n : MAPPING_PATTERN_MAX;

	for (size_t i = 0; i < n; i++) {
		char c = s.s[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return (struct str){ out, n };
}

/* Whether one matches the other when case does not count. */
static bool meet_lowered(struct str a, struct str b)
{
	char a_text[MAPPING_PATTERN_MAX], b_text[MAPPING_PATTERN_MAX];

	a = lowered(a, a_text);
	b = lowered(b, b_text);
	return pattern_meets(a, b);
}

enum matched { MATCHED, MATCHED_BUT_FOR_CASE, UNMATCHED };

/*
 * Whether an include may select what a rule names: a schema, where table is
 * empty.
 */
static enum matched is_included(const struct mapping *m, struct str schema,
				struct str table)
{
	enum matched out = UNMATCHED;

	for (size_t i = 0; i < m->n_selections; i++) {
		const struct mapping_selection *s = &m->selections[i];
		struct str on = table.n ? table : s->table;

		if (s->action == MAPPING_EXCLUDE)
			continue;
		if (pattern_meets(s->schema, schema) &&
		    pattern_meets(s->table, on))
			return MATCHED;
		if (meet_lowered(s->schema, schema) &&
		    meet_lowered(s->table, on))
			out = MATCHED_BUT_FOR_CASE;
	}
	return out;
}

static void check_included(struct judge *j, const struct mapping_rule *rule,
			   struct str schema, struct str table)
{
	struct dms_problem p =
	    DMS_PROBLEM("W0413", rule->index, "object-locator");
	enum matched matched;

	if (!may_match(j, j->m->n_selections))
		return;
	matched = is_included(j->m, schema, table);
	if (matched == MATCHED && (table.n == 0 || !is_exact(schema, table) ||
				   mapping_select(j->m, schema, table)))
		return;
	if (matched == MATCHED)
		p.hint = "It is excluded.";
	if (matched == MATCHED_BUT_FOR_CASE)
		p.hint = "Case counts: what is included is written otherwise.";
	dms_report(j->report, p,
		   "this does nothing: no rule includes %.*s%s%.*s",
		   STR_ARG(schema), table.n ? "." : "", STR_ARG(table));
}

static void check_all_included(struct judge *j)
{
	const struct mapping *m = j->m;

	for (size_t i = 0; i < m->n_selections; i++)
		if (m->selections[i].action == MAPPING_EXCLUDE &&
		    may_match(j, m->n_selections) &&
		    is_included(m, m->selections[i].schema,
				m->selections[i].table) != MATCHED)
			dms_report(j->report,
				   DMS_PROBLEM("W0413",
					       m->selections[i].rule.index,
					       "object-locator"),
				   "this does nothing: no rule includes "
				   "%.*s.%.*s",
				   STR_ARG(m->selections[i].schema),
				   STR_ARG(m->selections[i].table));
	for (size_t i = 0; i < m->n_transformations; i++)
		check_included(j, &m->transformations[i].rule,
			       m->transformations[i].schema,
			       m->transformations[i].table);
	for (size_t i = 0; i < m->n_loads; i++)
		check_included(j, &m->loads[i].rule, m->loads[i].schema,
			       m->loads[i].table);
	for (size_t i = 0; i < m->n_validations; i++)
		check_included(j, &m->validations[i].rule,
			       m->validations[i].schema,
			       m->validations[i].table);
}

/* -- names on the target -- */

/* A table that some rule names exactly. */
struct named {
	const struct mapping_rule *rule;
	struct str schema, table;
};

static void check_name(struct judge *j, struct map *targets,
		       const struct mapping_rule *rule, struct str schema,
		       struct str table)
{
	struct named *mine, *first;
	struct str to_schema, to_table;

	if (!is_exact(schema, table) ||
	    !may_match(j, j->m->n_selections + 3 * j->m->n_transformations) ||
	    !mapping_select(j->m, schema, table) ||
	    mapping_is_computed(j->m, schema, table))
		return;
	mapping_rename(j->m, schema, table, j->arena, &to_schema, &to_table);
	mine = arena_new(j->arena, struct named, 1);
	*mine = (struct named){ rule, schema, table };
	first = map_add(targets, key_of(j, "to", to_schema, to_table, STR("")),
			mine);
	if (!first ||
	    (str_eq(first->schema, schema) && str_eq(first->table, table)) ||
	    first_about(j, rule, key_of(j, "told", schema, table, STR(""))))
		return;
	struct dms_problem p = DMS_PROBLEM("E0419", rule->index, NULL);

	p.other = first->rule->index;
	p.hint = "Rename one of them.";
	dms_report(j->report, p,
		   "%.*s.%.*s and %.*s.%.*s would both be %.*s.%.*s on the "
		   "target",
		   STR_ARG(first->schema), STR_ARG(first->table),
		   STR_ARG(schema), STR_ARG(table), STR_ARG(to_schema),
		   STR_ARG(to_table));
}

static void check_targets(struct judge *j)
{
	const struct mapping *m = j->m;
	struct map targets = { 0 };

	for (size_t i = 0; i < m->n_selections; i++)
		if (m->selections[i].action != MAPPING_EXCLUDE)
			check_name(j, &targets, &m->selections[i].rule,
				   m->selections[i].schema,
				   m->selections[i].table);
	for (size_t i = 0; i < m->n_transformations; i++)
		if (m->transformations[i].target == MAPPING_TABLE)
			check_name(j, &targets, &m->transformations[i].rule,
				   m->transformations[i].schema,
				   m->transformations[i].table);
	map_release(&targets);
}

static void check_rename(struct judge *j,
			 const struct mapping_transformation *t)
{
	struct dms_problem p =
	    DMS_PROBLEM("E0414", t->rule.index, "object-locator");

	if (!str_is(t->action, "rename") || t->expression.n)
		return;
	if (t->target == MAPPING_TABLE && pattern_has_wildcard(t->table)) {
		p.hint = "Rename each table by its exact name.";
		dms_report(j->report, p,
			   "a pattern would give several tables one name");
	} else if (t->target == MAPPING_COLUMN &&
		   (pattern_has_wildcard(t->column) || t->of.n)) {
		p.hint = "Rename each column by its exact name.";
		dms_report(j->report, p,
			   "a pattern would give several columns one name");
	}
}

/* -- single rules, as a run would find them -- */

static void check_views(struct judge *j, const struct mapping_selection *s)
{
	struct str mode = j->task->mode;
	struct dms_problem p =
	    DMS_PROBLEM("E0425", s->rule.index, "object-locator.table-type");

	if (s->action == MAPPING_EXCLUDE || s->kind == MAPPING_TABLES ||
	    (!str_is(mode, "cdc") && !str_is(mode, "full_load_and_cdc")))
		return;
	p.hint = "Views are moved by tasks of mode full_load.";
	if (s->kind == MAPPING_VIEWS) {
		dms_report(j->report, p, "a task of mode %.*s moves no views",
			   STR_ARG(mode));
		return;
	}
	p.code = "W0414";
	dms_report(j->report, p,
		   "a task of mode %.*s moves tables and leaves views out",
		   STR_ARG(mode));
}

/* Exact numbers; false where one is none. */
static bool compare_numbers(struct str a, struct str b, int *out)
{
	struct decimal x, y;

	if (decimal_read(a, &x) != DECIMAL_OK ||
	    decimal_read(b, &y) != DECIMAL_OK)
		return false;
	*out = decimal_cmp(x, y);
	return true;
}

/*
 * Whether a boundary is above the one before, by the columns in their order.
 * Texts have the order of the source's collation: nothing is said of them.
 */
static bool is_above(const struct mapping_boundary *b,
		     const struct mapping_boundary *before)
{
	for (size_t i = 0; i < b->n && i < before->n; i++) {
		int order;

		if (!compare_numbers(b->values[i], before->values[i], &order)) {
			if (str_eq(b->values[i], before->values[i]))
				continue;
			return true;
		}
		if (order)
			return order > 0;
	}
	return false;
}

static void check_boundaries(struct judge *j, const struct mapping_load *l)
{
	size_t before = j->report->n_errors;

	/* One is enough: the next may only follow from it. */
	for (size_t i = 0; i < l->n_boundaries && j->report->n_errors == before;
	     i++) {
		const struct mapping_boundary *b = &l->boundaries[i];
		struct dms_problem p = DMS_PROBLEM(
		    "E0424", l->rule.index,
		    dms_path(j->report, "parallel-load.boundaries[%zu]", i));

		if (b->n != l->n_columns)
			dms_report(j->report, p,
				   "a boundary has a value for each column: "
				   "%zu, not %zu",
				   l->n_columns, b->n);
		else if (i && l->boundaries[i - 1].n == b->n &&
			 !is_above(b, &l->boundaries[i - 1])) {
			p.hint = "Each is the upper bound of a segment, and "
				 "the next segment begins there.";
			dms_report(j->report, p,
				   "a boundary is not above the one before");
		}
	}
}

static void check_ranges(struct judge *j, const struct mapping_load *l)
{
	struct dms_problem p =
	    DMS_PROBLEM("E0424", l->rule.index, "parallel-load.columns");

	if (!str_is(l->parallel, "ranges"))
		return;
	if (l->n_columns == 0 || l->n_boundaries == 0) {
		p.path = "parallel-load";
		dms_report(j->report, p, "ranges have columns and boundaries");
		return;
	}
	if (l->n_columns > RANGE_COLUMNS_MAX) {
		dms_report(j->report, p, "ranges have at most %d columns",
			   RANGE_COLUMNS_MAX);
		return;
	}
	for (size_t i = 1; i < l->n_columns; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(l->columns[i], l->columns[k]))
				dms_report(j->report, p,
					   "ranges have the column \"%.*s\" "
					   "twice",
					   STR_ARG(l->columns[i]));
	check_boundaries(j, l);
}

static void check_expressions(struct judge *j)
{
	struct expression_reader *reader = expression_open();

	for (size_t i = 0; i < j->m->n_transformations; i++) {
		const struct mapping_transformation *t =
		    &j->m->transformations[i];
		struct dms_problem p =
		    DMS_PROBLEM("E0418", t->rule.index, "expression");
		enum expression_verdict verdict;
		struct str why, hint;

		if (t->expression.n == 0)
			continue;
		verdict = expression_read(reader, t->expression, j->arena, &why,
					  &hint);
		if (verdict == EXPRESSION_GOOD)
			continue;
		if (verdict == EXPRESSION_DOUBTFUL)
			p.code = "W0414";
		if (hint.n)
			p.hint = str_c(hint, j->arena);
		dms_report(j->report, p, "%.*s", STR_ARG(why));
	}
	expression_close(reader);
}

/* Another name in ${ } than the one that DMS replaces. */
static void check_function(struct judge *j, const struct mapping_rule *rule,
			   struct str sql, const char *path)
{
	struct dms_problem p = DMS_PROBLEM("W0414", rule->index, path);
	ptrdiff_t at;

	p.hint = "Write ${column-name}, whatever the column is called; in "
		 "tables { } that is \\${column-name}.";
	while ((at = str_find(sql, '$')) >= 0) {
		sql = str_skip(sql, (size_t)at);
		if (str_starts(sql, "${") &&
		    !str_starts(sql, "${column-name}")) {
			dms_report(j->report, p,
				   "DMS puts the column in the place of "
				   "${column-name} alone");
			return;
		}
		sql = str_skip(sql, 1);
	}
}

static bool includes_something(const struct mapping *m)
{
	for (size_t i = 0; i < m->n_selections; i++)
		if (m->selections[i].action != MAPPING_EXCLUDE)
			return true;
	return false;
}

void mapping_check_meaning(const struct mapping *m,
			   const struct mapping_task *task,
			   struct dms_report *r)
{
	struct judge j = {
		.m = m,
		.task = task,
		.report = r,
		.arena = r->arena,
		.budget = BUDGET,
	};

	if (!includes_something(m)) {
		dms_report(r, DMS_PROBLEM("E0411", DMS_NO_RULE, NULL),
			   "no table is included");
		return;
	}
	for (size_t i = 0; i < m->n_selections; i++)
		check_views(&j, &m->selections[i]);
	for (size_t i = 0; i < m->n_transformations; i++)
		check_rename(&j, &m->transformations[i]);
	for (size_t i = 0; i < m->n_loads; i++)
		check_ranges(&j, &m->loads[i]);
	for (size_t i = 0; i < m->n_validations; i++) {
		const struct mapping_validation *v = &m->validations[i];

		check_function(&j, &v->rule, v->source, "source-function");
		check_function(&j, &v->rule, v->target, "target-function");
	}
	check_expressions(&j);
	check_twice(&j);
	check_meetings(&j);
	check_all_included(&j);
	check_targets(&j);
	map_release(&j.seen);
}
