/* Transformations, table settings and validations of a mapping document. */
#include <config.h>

#include "lang/dms/mapping_reader.h"

#include "lang/base/arena.h"
#include "lang/dms/mapping_types.h"

static const char *const type_keys[] = { "type", "length", "precision", "scale",
					 NULL };
static const char *const key_keys[] = { "name", "origin", "columns", NULL };
static const char *const image_keys[] = { "column-prefix", "column-suffix",
					  "column-filter", NULL };
static const char *const parallel_keys[] = {
	"type",
	"columns",
	"boundaries",
	"partitions",
	"subpartitions",
	"number-of-partitions",
	"collection-count-from-metadata",
	"max-records-skip-per-page",
	"batch-size",
	NULL,
};
static const char *const lob_keys[] = { "mode", "bulk-max-size", NULL };

/* -- transformations -- */

static int read_target(struct reader *r, enum mapping_target *out,
		       unsigned *bit)
{
	struct str target = value_text(r->value, "rule-target");

	if (str_is(target, "schema")) {
		*out = MAPPING_SCHEMA;
		*bit = ON_SCHEMA;
	} else if (str_is(target, "table")) {
		*out = MAPPING_TABLE;
		*bit = ON_TABLE;
	} else if (str_is(target, "column")) {
		*out = MAPPING_COLUMN;
		*bit = ON_COLUMN;
	} else if (str_ends(target, "-tablespace")) {
		return dms_report(r->report, reader_problem(r, "rule-target"),
				  "tablespaces are for Oracle targets only");
	} else {
		return dms_report(r->report, reader_unknown(r, "rule-target"),
				  "unknown rule-target \"%.*s\"",
				  STR_ARG(target));
	}
	return 0;
}

static int read_type(struct reader *r, struct mapping_type *t)
{
	const struct value *v = reader_get(r->value, "data-type");

	if (!v)
		return 0;
	if (reader_keys(r, *v, type_keys, "data-type", " in the data-type") <
		0 ||
	    reader_text(r, *v, "type", "data-type.type", &t->name) < 0 ||
	    reader_number(r, *v, "length", "data-type.length", INT32_MAX,
			  &t->length) < 0 ||
	    reader_number(r, *v, "precision", "data-type.precision", INT32_MAX,
			  &t->precision) < 0 ||
	    reader_number(r, *v, "scale", "data-type.scale", INT32_MAX,
			  &t->scale) < 0)
		return -1;
	if (t->name.n == 0)
		return dms_report(r->report, reader_problem(r, "data-type"),
				  "data-type has no type");
	return 0;
}

static int read_key(struct reader *r, struct mapping_transformation *t)
{
	const struct value *v = reader_get(r->value, "primary-key-def");
	const struct value *columns;
	struct str origin;

	if (reader_keys(r, *v, key_keys, "primary-key-def",
			" in the primary-key-def") < 0 ||
	    reader_text(r, *v, "name", "primary-key-def.name", &t->key) < 0 ||
	    reader_text(r, *v, "origin", "primary-key-def.origin", &origin) < 0)
		return -1;
	if (origin.n && !str_is(origin, "primary-key") &&
	    !str_is(origin, "unique-index"))
		return dms_report(
		    r->report, reader_problem(r, "primary-key-def.origin"),
		    "unknown origin \"%.*s\" of a key", STR_ARG(origin));
	t->is_unique = str_is(origin, "unique-index");
	columns = reader_get(*v, "columns");
	if (t->key.n == 0 || !columns)
		return dms_report(r->report,
				  reader_problem(r, "primary-key-def"),
				  "a primary-key-def has a name and columns");
	return reader_texts(r, *columns, "primary-key-def.columns", &t->columns,
			    &t->n_columns);
}

static int read_image(struct reader *r, struct mapping_transformation *t)
{
	const struct value *v = reader_get(r->value, "before-image-def");

	if (reader_keys(r, *v, image_keys, "before-image-def",
			" in the before-image-def") < 0 ||
	    reader_text(r, *v, "column-prefix",
			"before-image-def.column-prefix", &t->prefix) < 0 ||
	    reader_text(r, *v, "column-suffix",
			"before-image-def.column-suffix", &t->suffix) < 0)
		return -1;
	return reader_text(r, *v, "column-filter",
			   "before-image-def.column-filter", &t->filter);
}

static int check_needs(struct reader *r, unsigned needs,
		       const struct mapping_transformation *t)
{
	const char *what = NULL;

	if (t->expression.n && (needs & MAY_HAVE_EXPRESSION))
		needs &= ~(unsigned)NEEDS_VALUE;
	if ((needs & NEEDS_VALUE) && t->value.n == 0)
		what = "a value";
	else if ((needs & NEEDS_OLD_VALUE) && t->old_value.n == 0)
		what = "an old-value";
	else if ((needs & NEEDS_EXPRESSION) && t->expression.n == 0)
		what = "an expression";
	else if ((needs & NEEDS_DATA_TYPE) && t->type.name.n == 0)
		what = "a data-type";
	else if ((needs & NEEDS_KEY) &&
		 !reader_get(r->value, "primary-key-def"))
		what = "a primary-key-def";
	else if ((needs & NEEDS_IMAGE) &&
		 !reader_get(r->value, "before-image-def"))
		what = "a before-image-def";
	if (what)
		return dms_report(r->report, reader_problem(r, NULL),
				  "%.*s needs %s", STR_ARG(t->action), what);
	if (t->expression.n &&
	    !(needs & (MAY_HAVE_EXPRESSION | NEEDS_EXPRESSION)))
		return dms_report(r->report, reader_problem(r, "expression"),
				  "%.*s has no expression", STR_ARG(t->action));
	return 0;
}

static unsigned locator_parts(const struct mapping_transformation *t,
			      unsigned needs)
{
	if (t->target == MAPPING_SCHEMA)
		return 1;
	return t->target == MAPPING_TABLE || (needs & NO_COLUMN) ? 2 : 3;
}

static int read_action(struct reader *r, struct mapping_transformation *t,
		       const struct mapping_action_info **out)
{
	const struct mapping_action_info *action;
	struct dms_problem p = reader_unknown(r, "rule-action");
	struct str near;
	unsigned bit = 0;

	t->action = value_text(r->value, "rule-action");
	action = mapping_action_find(t->action);
	*out = action;
	if (!action) {
		near = mapping_action_near(t->action);
		if (near.n)
			p.hint = str_fmt(r->arena, "Did you mean \"%.*s\"?",
					 STR_ARG(near))
				     .s;
		return dms_report(r->report, p,
				  "a transformation has no rule-action "
				  "\"%.*s\"",
				  STR_ARG(t->action));
	}
	if (read_target(r, &t->target, &bit) < 0)
		return -1;
	if (!(action->needs & bit))
		return dms_report(r->report, reader_problem(r, "rule-target"),
				  "%s cannot have this rule-target",
				  action->name);
	return 0;
}

int reader_transformation(struct reader *r)
{
	struct mapping_transformation t = {
		.rule = r->rule,
		.type = { .length = -1, .precision = -1, .scale = -1 },
	};
	const struct mapping_action_info *action;
	struct value locator;

	if (read_action(r, &t, &action) < 0 ||
	    reader_locator(r, locator_parts(&t, action->needs), &locator,
			   &t.schema, &t.table, &t.column) < 0 ||
	    reader_text(r, locator, "data-type", "object-locator.data-type",
			&t.of) < 0 ||
	    reader_text(r, r->value, "value", "value", &t.value) < 0 ||
	    reader_text(r, r->value, "old-value", "old-value", &t.old_value) <
		0 ||
	    reader_text(r, r->value, "expression", "expression",
			&t.expression) < 0 ||
	    read_type(r, &t.type) < 0 || check_needs(r, action->needs, &t) < 0)
		return -1;
	if ((action->needs & NEEDS_KEY) && read_key(r, &t) < 0)
		return -1;
	if ((action->needs & NEEDS_IMAGE) && read_image(r, &t) < 0)
		return -1;
	*vec_push(&r->transformations) = t;
	return 0;
}

/* -- table settings, validation -- */

static int read_parallel(struct reader *r, struct value v,
			 struct mapping_load *l)
{
	const struct value *columns = reader_get(v, "columns");
	const struct value *list = reader_get(v, "boundaries");

	if (reader_keys(r, v, parallel_keys, "parallel-load",
			" in parallel-load") < 0 ||
	    reader_text(r, v, "type", "parallel-load.type", &l->parallel) < 0)
		return -1;
	if (l->parallel.n == 0)
		l->parallel = STR("none");
	if (columns && reader_texts(r, *columns, "parallel-load.columns",
				    &l->columns, &l->n_columns) < 0)
		return -1;
	if (!list)
		return 0;
	if (list->kind != VALUE_LIST)
		return dms_report(r->report,
				  reader_problem(r, "parallel-load.boundaries"),
				  "\"boundaries\" must be a list of lists");
	l->n_boundaries = list->as.list.n;
	l->boundaries =
	    arena_new(r->arena, struct mapping_boundary, l->n_boundaries + 1);
	for (size_t i = 0; i < l->n_boundaries; i++)
		if (reader_texts(
			r, list->as.list.items[i],
			dms_path(r->report, "parallel-load.boundaries[%zu]", i),
			&l->boundaries[i].values, &l->boundaries[i].n) < 0)
			return -1;
	return 0;
}

static int read_lobs(struct reader *r, struct value v, struct mapping_load *l)
{
	if (reader_keys(r, v, lob_keys, "lob-settings", " in lob-settings") <
		0 ||
	    reader_text(r, v, "mode", "lob-settings.mode", &l->lobs) < 0)
		return -1;
	if (l->lobs.n == 0)
		l->lobs = STR("limited");
	return reader_number(r, v, "bulk-max-size",
			     "lob-settings.bulk-max-size", INT32_MAX,
			     &l->lob_kb);
}

int reader_load(struct reader *r)
{
	const struct value *parallel = reader_get(r->value, "parallel-load");
	const struct value *lobs = reader_get(r->value, "lob-settings");
	struct mapping_load l = { .rule = r->rule };
	struct str ignored;
	struct value locator;

	if (reader_locator(r, 2, &locator, &l.schema, &l.table, &ignored) < 0 ||
	    (parallel && read_parallel(r, *parallel, &l) < 0) ||
	    (lobs && read_lobs(r, *lobs, &l) < 0))
		return -1;
	*vec_push(&r->loads) = l;
	return 0;
}

int reader_validation(struct reader *r)
{
	struct str action = value_text(r->value, "rule-action");
	struct str target = value_text(r->value, "rule-target");
	struct mapping_validation v = { .rule = r->rule };
	struct value locator;

	if (!str_is(action, "override-validation-function"))
		return dms_report(r->report, reader_unknown(r, "rule-action"),
				  "a validation has no rule-action \"%.*s\"",
				  STR_ARG(action));
	if (target.n && !str_is(target, "column"))
		return dms_report(r->report, reader_problem(r, "rule-target"),
				  "the rule-target of a validation is column");
	if (reader_locator(r, 3, &locator, &v.schema, &v.table, &v.column) <
		0 ||
	    reader_text(r, locator, "data-type", "object-locator.data-type",
			&v.of) < 0 ||
	    reader_text(r, r->value, "source-function", "source-function",
			&v.source) < 0 ||
	    reader_text(r, r->value, "target-function", "target-function",
			&v.target) < 0)
		return -1;
	if (v.source.n == 0 && v.target.n == 0)
		return dms_report(r->report, reader_problem(r, NULL),
				  "a validation has a source-function or a "
				  "target-function");
	*vec_push(&r->validations) = v;
	return 0;
}
