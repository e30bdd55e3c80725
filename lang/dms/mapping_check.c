/*
 * What a rule of a table mapping can get wrong by itself: names that must be
 * exact, filters, data types, keys, segments. (dms-reference 1.10: M1, M2, M8,
 * M10.)
 */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/base/arena.h"
#include "lang/dms/mapping_types.h"
#include "lang/dms/pattern.h"
#include "lang/dms/problem.h"
#include "lang/utf8.h"

#include <string.h>

enum {
	SCALE_OF_TIME_MAX = 9,
	PRECISION_MAX = 38,   /* of a DMS numeric */
	KEY_COLUMNS_MAX = 32, /* PostgreSQL's */
};

struct checker {
	const struct mapping *m;
	struct dms_report *report;
};

static bool is_pattern(struct str schema, struct str table)
{
	return pattern_has_wildcard(schema) || pattern_has_wildcard(table);
}

/* what: "explicit", "where", …; words: AWS's for a document. */
static void need_exact(struct checker *c, const struct mapping_rule *rule,
		       const char *what, const char *service)
{
	struct dms_problem p =
	    DMS_PROBLEM("E0417", rule->index, "object-locator");

	p.hint = "Name one schema and one table, without % and [ ].";
	if (service)
		p.service =
		    str_fmt(c->report->arena,
			    "Error in mapping rules. Rule with ruleId = %llu "
			    "failed validation. %s",
			    (unsigned long long)rule->id, service)
			.s;
	dms_report(c->report, p, "%s needs the exact name of a table", what);
}

/* -- names -- */

static bool is_right_to_left(uint32_t code)
{
	return (code >= 0x590 && code <= 0x8ff) ||
	       (code >= 0xfb1d && code <= 0xfdff) ||
	       (code >= 0xfe70 && code <= 0xfeff);
}

static bool has_right_to_left(struct str s)
{
	while (s.n) {
		struct utf8 c = utf8_next(s);

		if (is_right_to_left(c.code))
			return true;
		s = str_skip(s, c.length);
	}
	return false;
}

static void check_script(struct checker *c, const struct mapping_rule *rule,
			 struct str name, const char *path, const char *what)
{
	if (has_right_to_left(name))
		dms_report(c->report, DMS_PROBLEM("E0416", rule->index, path),
			   "DMS has no %s for names in a script that is "
			   "written from right to left",
			   what);
}

static void check_pattern(struct checker *c, const struct mapping_rule *rule,
			  struct str pattern)
{
	if (pattern.n > MAPPING_PATTERN_MAX)
		dms_report(c->report,
			   DMS_PROBLEM("E0416", rule->index, "object-locator"),
			   "a name or pattern has at most %d bytes",
			   MAPPING_PATTERN_MAX);
}

/* A name that a rule gives to something on the target. */
static void check_new_name(struct checker *c, const struct mapping_rule *rule,
			   struct str name, const char *path)
{
	if (name.n > MAPPING_NAME_MAX)
		dms_report(c->report, DMS_PROBLEM("E0414", rule->index, path),
			   "a name on the target has at most %d bytes, this "
			   "has %zu",
			   MAPPING_NAME_MAX, name.n);
}

/* -- selections -- */

static void check_conditions(struct checker *c,
			     const struct mapping_selection *s)
{
	size_t first = 0;

	for (size_t i = 0; i < s->n_filters; first = s->filter_ends[i++]) {
		size_t n = s->filter_ends[i] - first;

		for (size_t k = 0; k < n; k++) {
			const struct mapping_condition *x =
			    &s->conditions[first + k];
			const struct mapping_operator *op =
			    mapping_operator_find(x->op);
			const char *path = dms_path(
			    c->report, "filters[%zu].filter-conditions[%zu]", i,
			    k);

			if (op && op->is_negative && n > 1) {
				dms_report(
				    c->report,
				    DMS_PROBLEM("E0413", s->rule.index, path),
				    "filter-operator \"%s\" cannot "
				    "stand beside another condition",
				    op->name);
				return;
			}
			check_script(c, &s->rule, x->column, path, "filters");
		}
	}
}

static void check_selection(struct checker *c,
			    const struct mapping_selection *s)
{
	struct dms_problem p = DMS_PROBLEM("E0412", s->rule.index, "filters");

	check_pattern(c, &s->rule, s->schema);
	check_pattern(c, &s->rule, s->table);
	if (s->action == MAPPING_EXPLICIT && is_pattern(s->schema, s->table))
		need_exact(c, &s->rule, "explicit",
			   "Exact schema and table name required when using "
			   "explicit.");
	if (s->n_filters == 0)
		return;
	if (s->action != MAPPING_INCLUDE) {
		p.hint = "Include the table with the opposite condition.";
		dms_report(c->report, p, "filters are for include rules only");
	} else if (is_pattern(s->schema, s->table)) {
		p.path = "object-locator";
		p.hint = "DMS filters only tables that are named without % "
			 "and [ ].";
		dms_report(c->report, p,
			   "a filter needs the exact name of a table");
	}
	check_conditions(c, s);
}

/* -- transformations -- */

static void unknown_type(struct checker *c, const struct mapping_rule *rule,
			 struct str name, const char *path)
{
	struct dms_problem p = DMS_PROBLEM("E0416", rule->index, path);
	struct str near = mapping_type_near(name);

	p.hint = "There are string, wstring, bytes, numeric, int1 to int8, "
		 "uint1 to uint8, real4, real8, boolean, date, time, "
		 "datetime, clob, nclob, blob.";
	if (near.n)
		p.hint = str_fmt(c->report->arena, "Did you mean \"%.*s\"?",
				 STR_ARG(near))
			     .s;
	dms_report(c->report, p, "DMS has no data type \"%.*s\"",
		   STR_ARG(name));
}

static void check_size(struct checker *c, const struct mapping_rule *rule,
		       const struct mapping_type *t, const char *what,
		       int64_t n, bool is_allowed)
{
	if (n >= 0 && !is_allowed)
		dms_report(
		    c->report, DMS_PROBLEM("E0416", rule->index, "data-type"),
		    "the type \"%.*s\" has no %s", STR_ARG(t->name), what);
}

static void check_type(struct checker *c, const struct mapping_rule *rule,
		       const struct mapping_type *t)
{
	const struct mapping_type_info *info = mapping_type_find(t->name);
	struct dms_problem p = DMS_PROBLEM("E0416", rule->index, "data-type");

	if (t->name.n == 0)
		return;
	if (!info) {
		unknown_type(c, rule, t->name, "data-type");
		return;
	}
	if (info->is_useless) {
		dms_report(c->report, p,
			   "PostgreSQL has nothing like the type \"%s\"",
			   info->name);
		return;
	}
	check_size(c, rule, t, "length", t->length, info->sizes & SIZE_LENGTH);
	check_size(c, rule, t, "precision", t->precision,
		   info->sizes & SIZE_PRECISION);
	check_size(c, rule, t, "scale", t->scale, info->sizes & SIZE_SCALE);
	if (t->length == 0 || t->precision == 0)
		dms_report(c->report, p, "the size of a type is at least 1");
	else if (t->precision > PRECISION_MAX)
		dms_report(c->report, p, "a numeric has at most %d digits",
			   PRECISION_MAX);
	else if (t->precision >= 0 && t->scale > t->precision)
		dms_report(c->report, p,
			   "a numeric has no more digits behind the point "
			   "than in all");
	else if (str_is(t->name, "datetime") && t->scale > SCALE_OF_TIME_MAX)
		dms_report(c->report, p,
			   "a datetime has at most %d digits behind the point",
			   SCALE_OF_TIME_MAX);
}

static void check_key(struct checker *c, const struct mapping_transformation *t)
{
	struct dms_problem p =
	    DMS_PROBLEM("E0416", t->rule.index, "primary-key-def.columns");

	if (is_pattern(t->schema, t->table))
		need_exact(c, &t->rule, "a key",
			   "Exact schema and table name required when using "
			   "define-primary-key.");
	check_new_name(c, &t->rule, t->key, "primary-key-def.name");
	if (t->n_columns == 0)
		dms_report(c->report, p, "a key has columns");
	for (size_t i = 1; i < t->n_columns && i < KEY_COLUMNS_MAX; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(t->columns[i], t->columns[k])) {
				dms_report(c->report, p,
					   "a key has the column \"%.*s\" "
					   "twice",
					   STR_ARG(t->columns[i]));
				return;
			}
	if (t->n_columns > KEY_COLUMNS_MAX)
		dms_report(c->report, p,
			   "a key of PostgreSQL has at most %d columns",
			   KEY_COLUMNS_MAX);
}

static void check_image(struct checker *c,
			const struct mapping_transformation *t)
{
	if (!str_is(t->filter, "pk-only") && !str_is(t->filter, "non-lob") &&
	    !str_is(t->filter, "all"))
		dms_report(c->report,
			   DMS_PROBLEM("E0416", t->rule.index,
				       "before-image-def.column-filter"),
			   "before-images are of pk-only, non-lob or all "
			   "columns, not \"%.*s\"",
			   STR_ARG(t->filter));
	if (t->prefix.n == 0 && t->suffix.n == 0)
		dms_report(
		    c->report,
		    DMS_PROBLEM("E0416", t->rule.index, "before-image-def"),
		    "before-images need a prefix or a suffix");
}

/* A name that is no pattern and has a character that DMS fails with. */
static void check_column(struct checker *c,
			 const struct mapping_transformation *t)
{
	const char *path = "object-locator.column-name";

	if (t->column.n == 0 || pattern_has_wildcard(t->column))
		return;
	for (size_t i = 0; i < t->column.n; i++)
		if (strchr("#\\/-", t->column.s[i])) {
			dms_report(
			    c->report,
			    DMS_PROBLEM("E0416", t->rule.index, path),
			    "DMS transforms no column whose name has \"%c\"",
			    t->column.s[i]);
			return;
		}
}

static void check_of(struct checker *c, const struct mapping_rule *rule,
		     struct str of, bool is_of_all)
{
	const char *path = "object-locator.data-type";

	if (of.n == 0)
		return;
	if (!mapping_type_find(of))
		unknown_type(c, rule, of, path);
	else if (!is_of_all)
		dms_report(c->report, DMS_PROBLEM("E0416", rule->index, path),
			   "columns of one type are chosen among all: the "
			   "column's name must be %%");
}

static void check_mask(struct checker *c,
		       const struct mapping_transformation *t)
{
	if (t->value.n != 1 || t->value.s[0] <= ' ' || t->value.s[0] > '~')
		dms_report(c->report,
			   DMS_PROBLEM("E0416", t->rule.index, "value"),
			   "digits are masked with one printable ASCII "
			   "character that is no blank");
}

static void check_transformation(struct checker *c,
				 const struct mapping_transformation *t)
{
	const struct mapping_rule *rule = &t->rule;

	check_pattern(c, rule, t->schema);
	check_pattern(c, rule, t->table);
	check_pattern(c, rule, t->column);
	check_script(c, rule, t->schema, "object-locator", "transformations");
	check_script(c, rule, t->table, "object-locator", "transformations");
	check_script(c, rule, t->column, "object-locator", "transformations");
	check_type(c, rule, &t->type);
	check_column(c, t);
	check_of(c, rule, t->of,
		 t->target == MAPPING_COLUMN && str_is(t->column, "%"));
	if (str_is(t->action, "data-masking-digits-mask"))
		check_mask(c, t);
	else
		check_new_name(c, rule, t->value, "value");
	if (str_is(t->action, "define-primary-key"))
		check_key(c, t);
	if (str_is(t->action, "add-before-image-columns"))
		check_image(c, t);
	if (str_is(t->action, "change-data-type") && str_is(t->column, "%") &&
	    t->of.n == 0)
		dms_report(c->report,
			   DMS_PROBLEM("E0417", rule->index, "object-locator"),
			   "a type is changed of columns that are named, or of "
			   "one type");
}

/* -- table settings, validation -- */

static void check_load(struct checker *c, const struct mapping_load *l)
{
	struct dms_problem p =
	    DMS_PROBLEM("E0424", l->rule.index, "parallel-load.type");
	struct dms_problem lobs =
	    DMS_PROBLEM("E0416", l->rule.index, "lob-settings");

	check_pattern(c, &l->rule, l->schema);
	check_pattern(c, &l->rule, l->table);
	if (is_pattern(l->schema, l->table))
		need_exact(c, &l->rule, "how a table is loaded",
			   "Exact schema and table name required when using "
			   "table settings rule.");
	if (str_starts(l->parallel, "partitions") ||
	    str_starts(l->parallel, "subpartitions"))
		dms_report(c->report, p,
			   "parallel-load \"%.*s\" is not supported for "
			   "PostgreSQL",
			   STR_ARG(l->parallel));
	else if (l->parallel.n && !str_is(l->parallel, "none") &&
		 !str_is(l->parallel, "ranges"))
		dms_report(c->report, p, "unknown parallel-load type \"%.*s\"",
			   STR_ARG(l->parallel));
	if (l->lobs.n == 0 || str_is(l->lobs, "none"))
		return;
	if (!str_is(l->lobs, "limited") && !str_is(l->lobs, "unlimited"))
		dms_report(c->report, lobs, "unknown LOB mode \"%.*s\"",
			   STR_ARG(l->lobs));
	else if (str_is(l->lobs, "limited") && l->lob_kb == 0)
		dms_report(c->report, lobs,
			   "limited LOBs need a bulk-max-size above 0");
	else if (str_is(l->lobs, "unlimited") && l->lob_kb)
		dms_report(c->report, lobs,
			   "unlimited LOBs of PostgreSQL have a bulk-max-size "
			   "of 0");
}

static void check_validation(struct checker *c,
			     const struct mapping_validation *v)
{
	check_pattern(c, &v->rule, v->schema);
	check_pattern(c, &v->rule, v->table);
	check_pattern(c, &v->rule, v->column);
	check_of(c, &v->rule, v->of, str_is(v->column, "%"));
}

void mapping_check_rules(const struct mapping *m, struct dms_report *r)
{
	struct checker c = { m, r };
	struct dms_problem none = DMS_PROBLEM("E0411", DMS_NO_RULE, NULL);

	if (m->n_selections == 0 && r->n_errors == 0) {
		none.service = "Error in mapping rules. At least one "
			       "selection rule is required.";
		dms_report(r, none, "no table is included");
	}
	for (size_t i = 0; i < m->n_selections; i++)
		check_selection(&c, &m->selections[i]);
	for (size_t i = 0; i < m->n_transformations; i++)
		check_transformation(&c, &m->transformations[i]);
	for (size_t i = 0; i < m->n_loads; i++)
		check_load(&c, &m->loads[i]);
	for (size_t i = 0; i < m->n_validations; i++)
		check_validation(&c, &m->validations[i]);
}
