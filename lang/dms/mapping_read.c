/*
 * A mapping document to struct mapping. Refusals have the words that AWS is
 * known to use, as far as they are known; the rest has their form.
 */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "lang/dms/pattern.h"
#include "lang/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { RULES_MAX = 60000 };

struct rule_reader {
	struct arena *arena;
	struct error *err;
	struct value rule;
	struct str id;
	uint64_t number;
	VEC(struct mapping_selection) selections;
	VEC(struct mapping_transformation) transformations;
	struct map ids;
	bool has_other_rules;
};

/* Where an action may stand and what it needs. */
enum action_need {
	ON_SCHEMA = 1,
	ON_TABLE = 2,
	ON_COLUMN = 4,
	NEEDS_VALUE = 8,
	NEEDS_OLD_VALUE = 16,
	MAY_HAVE_EXPRESSION = 32,
	NEEDS_DATA_TYPE = 64,
	NEEDS_KEY = 128,
};

static const struct {
	const char *name;
	unsigned needs;
} actions[] = {
	{ "rename", ON_SCHEMA | ON_TABLE | ON_COLUMN | NEEDS_VALUE |
			MAY_HAVE_EXPRESSION },
	{ "convert-lowercase", ON_SCHEMA | ON_TABLE | ON_COLUMN },
	{ "convert-uppercase", ON_SCHEMA | ON_TABLE | ON_COLUMN },
	{ "add-prefix", ON_SCHEMA | ON_TABLE | ON_COLUMN | NEEDS_VALUE },
	{ "add-suffix", ON_SCHEMA | ON_TABLE | ON_COLUMN | NEEDS_VALUE },
	{ "remove-prefix", ON_SCHEMA | ON_TABLE | ON_COLUMN | NEEDS_VALUE },
	{ "remove-suffix", ON_SCHEMA | ON_TABLE | ON_COLUMN | NEEDS_VALUE },
	{ "replace-prefix",
	  ON_SCHEMA | ON_TABLE | ON_COLUMN | NEEDS_VALUE | NEEDS_OLD_VALUE },
	{ "replace-suffix",
	  ON_SCHEMA | ON_TABLE | ON_COLUMN | NEEDS_VALUE | NEEDS_OLD_VALUE },
	{ "remove-column", ON_COLUMN },
	{ "include-column", ON_COLUMN },
	{ "add-column", ON_COLUMN | NEEDS_VALUE | NEEDS_DATA_TYPE },
	{ "change-data-type", ON_COLUMN | NEEDS_DATA_TYPE },
	{ "define-primary-key", ON_TABLE | NEEDS_KEY },
	{ "add-before-image-columns", ON_COLUMN },
	{ "data-masking-digits-mask", ON_COLUMN | NEEDS_VALUE },
	{ "data-masking-digits-randomize", ON_COLUMN },
	{ "data-masking-hash-mask", ON_COLUMN },
};

/* What a rule may have; the console writes some of them with null. */
static const char *const rule_keys[] = {
	"rule-type",	 "rule-id",	     "rule-name",
	"rule-action",	 "rule-target",	     "object-locator",
	"filters",	 "load-order",	     "value",
	"old-value",	 "expression",	     "data-type",
	"tag-set",	 "primary-key-def",  "before-image-def",
	"lob-settings",	 "source-function",  "target-function",
	"parallel-load", "rule-description",
};

static const char *const locator_keys[] = {
	"schema-name",
	"table-name",
	"column-name",
	"table-type",
	"data-type",
	"table-tablespace-name",
	"index-tablespace-name",
};

/* Operators and how many values they take; is_negative stands alone. */
static const struct {
	const char *name;
	const char *means; /* the one spelling for several */
	int n_values;
	bool is_negative;
} operators[] = {
	{ "lte", "lte", 1, false },
	{ "ste", "lte", 1, false },
	{ "gte", "gte", 1, false },
	{ "eq", "eq", 1, false },
	{ "noteq", "noteq", 1, true },
	{ "between", "between", 2, false },
	{ "notbetween", "notbetween", 2, true },
	{ "null", "null", 0, false },
	{ "notnull", "notnull", 0, true },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int invalid_document(struct error *err)
{
	return error_set(err, ERROR_INVALID,
			 "Invalid table mappings document.");
}

/* "Error in mapping rules. Rule with ruleId = 1 failed validation. …" */
__attribute__((format(printf, 2, 3))) static int
invalid_rule(struct rule_reader *r, const char *format, ...)
{
	char what[400];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return error_set(r->err, ERROR_INVALID,
			 "Error in mapping rules. Rule with ruleId = %.*s "
			 "failed validation. %s",
			 STR_ARG(r->id), what);
}

/* A key that is there and not null: null is as good as absent. */
static const struct value *get(struct value map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && !value_is_null(*v) ? v : NULL;
}

/* Text of a string or number; numbers come as either. */
static struct str text_of(struct value map, const char *key)
{
	return value_text(map, key);
}

static int check_keys(struct rule_reader *r, struct value map,
		      const char *const *known, size_t n, const char *where)
{
	for (size_t i = 0; i < map.as.map.n; i++) {
		struct str key = map.as.map.entries[i].key;
		bool is_known = false;

		for (size_t k = 0; k < n && !is_known; k++)
			is_known = str_is(key, known[k]);
		if (!is_known)
			return invalid_rule(r, "unknown key \"%.*s\"%s",
					    STR_ARG(key), where);
	}
	return 0;
}

static int read_id(struct rule_reader *r)
{
	r->id = text_of(r->rule, "rule-id");
	if (!str_to_u64(r->id, &r->number)) {
		if (r->id.n == 0)
			return error_set(r->err, ERROR_INVALID,
					 "Error in mapping rules. A rule has "
					 "no rule-id");
		return invalid_rule(r, "rule-id must be a number");
	}
	/* "1" and "01" are one id. */
	if (map_put(&r->ids,
		    str_fmt(r->arena, "%llu", (unsigned long long)r->number),
		    r))
		return error_set(r->err, ERROR_INVALID,
				 "Error in mapping rules. Duplicate ruleid "
				 "%.*s",
				 STR_ARG(r->id));
	return 0;
}

static int read_locator(struct rule_reader *r, struct value *locator)
{
	const struct value *v = get(r->rule, "object-locator");

	if (!v)
		return invalid_rule(r, "object locator cannot be null");
	if (v->kind != VALUE_MAP)
		return invalid_document(r->err);
	*locator = *v;
	if (check_keys(r, *v, locator_keys, COUNT(locator_keys),
		       " in the object locator") < 0)
		return -1;
	return 0;
}

static int need_name(struct rule_reader *r, struct value locator,
		     const char *key, struct str *out)
{
	*out = text_of(locator, key);
	if (out->n == 0)
		return invalid_rule(r, "object locator has no %s", key);
	return 0;
}

static int read_condition(struct rule_reader *r, struct value in,
			  struct str column, size_t n_beside,
			  struct mapping_condition *out)
{
	struct str op = text_of(in, "filter-operator");
	size_t i = 0;

	while (i < COUNT(operators) && !str_is(op, operators[i].name))
		i++;
	if (i == COUNT(operators))
		return invalid_rule(r, "unknown filter-operator \"%.*s\"",
				    STR_ARG(op));
	if (operators[i].is_negative && n_beside)
		return invalid_rule(r,
				    "filter-operator \"%.*s\" cannot stand "
				    "beside another condition",
				    STR_ARG(op));
	out->column = column;
	out->op = str_from(operators[i].means);
	if (operators[i].n_values == 1) {
		if (!get(in, "value"))
			return invalid_rule(r, "a filter has no value");
		out->value = text_of(in, "value");
	}
	if (operators[i].n_values == 2) {
		if (!get(in, "start-value") || !get(in, "end-value"))
			return invalid_rule(r, "a filter has no start-value or "
					       "end-value");
		out->value = text_of(in, "start-value");
		out->value2 = text_of(in, "end-value");
	}
	return 0;
}

static size_t count_conditions(struct value filters)
{
	size_t n = 0;

	for (size_t i = 0; i < filters.as.list.n; i++) {
		const struct value *c =
		    value_get(filters.as.list.items[i], "filter-conditions");

		if (c && c->kind == VALUE_LIST)
			n += c->as.list.n;
	}
	return n;
}

static int read_filters(struct rule_reader *r, struct value filters,
			struct mapping_selection *s)
{
	size_t at = 0;

	if (filters.kind != VALUE_LIST)
		return invalid_document(r->err);
	if (filters.as.list.n == 0)
		return 0;
	if (s->action == MAPPING_EXCLUDE)
		return invalid_rule(r, "filters are for include rules only");
	if (pattern_has_wildcard(s->schema) || pattern_has_wildcard(s->table))
		return invalid_rule(r, "Exact schema and table name required "
				       "when using filters.");
	s->conditions = arena_new(r->arena, struct mapping_condition,
				  count_conditions(filters) + 1);
	s->filter_ends = arena_new(r->arena, size_t, filters.as.list.n);
	s->n_filters = filters.as.list.n;
	for (size_t i = 0; i < filters.as.list.n; i++) {
		struct value filter = filters.as.list.items[i];
		const struct value *list = get(filter, "filter-conditions");
		struct str column = text_of(filter, "column-name");

		if (!str_is(text_of(filter, "filter-type"), "source"))
			return invalid_rule(r, "filter-type must be source");
		if (column.n == 0)
			return invalid_rule(r, "a filter has no column-name");
		if (!list || list->kind != VALUE_LIST || list->as.list.n == 0)
			return invalid_rule(r, "a filter has no "
					       "filter-conditions");
		for (size_t k = 0; k < list->as.list.n; k++)
			if (read_condition(r, list->as.list.items[k], column,
					   list->as.list.n - 1,
					   &s->conditions[at++]) < 0)
				return -1;
		s->filter_ends[i] = at;
	}
	return 0;
}

static int read_load_order(struct rule_reader *r, int *out)
{
	struct str text = text_of(r->rule, "load-order");
	uint64_t n;

	if (text.n == 0)
		return 0;
	if (!str_to_u64(text, &n) || n == 0 || n > INT32_MAX)
		return invalid_rule(r, "load-order must be a whole number "
				       "from 1 to 2147483647");
	*out = (int)n;
	return 0;
}

static int read_selection(struct rule_reader *r)
{
	struct str action = text_of(r->rule, "rule-action");
	const struct value *filters = get(r->rule, "filters");
	struct mapping_selection s = { 0 };
	struct value locator;
	struct str type;

	if (str_is(action, "include"))
		s.action = MAPPING_INCLUDE;
	else if (str_is(action, "exclude"))
		s.action = MAPPING_EXCLUDE;
	else if (str_is(action, "explicit"))
		s.action = MAPPING_EXPLICIT;
	else
		return invalid_document(r->err);
	if (read_locator(r, &locator) < 0 ||
	    need_name(r, locator, "schema-name", &s.schema) < 0 ||
	    need_name(r, locator, "table-name", &s.table) < 0 ||
	    read_load_order(r, &s.load_order) < 0)
		return -1;
	if (s.action == MAPPING_EXPLICIT &&
	    (pattern_has_wildcard(s.schema) || pattern_has_wildcard(s.table)))
		return invalid_rule(r, "Exact schema and table name required "
				       "when using explicit.");
	type = text_of(locator, "table-type");
	if (type.n && !str_is(type, "table") && !str_is(type, "view") &&
	    !str_is(type, "all"))
		return invalid_rule(r, "unknown table-type \"%.*s\"",
				    STR_ARG(type));
	if (filters && read_filters(r, *filters, &s) < 0)
		return -1;
	*vec_push(&r->selections) = s;
	return 0;
}

static int read_target(struct rule_reader *r, enum mapping_target *out,
		       unsigned *bit)
{
	struct str target = text_of(r->rule, "rule-target");

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
		return invalid_rule(r, "tablespaces are for Oracle targets "
				       "only");
	} else {
		return invalid_document(r->err);
	}
	return 0;
}

static int check_needs(struct rule_reader *r, unsigned needs,
		       const struct mapping_transformation *t)
{
	bool has_expression = get(r->rule, "expression") != NULL;

	if (has_expression) {
		/* SQLite's expressions are beyond what runs here. */
		r->has_other_rules = true;
		if (needs & MAY_HAVE_EXPRESSION)
			needs &= ~(unsigned)NEEDS_VALUE;
	}
	if ((needs & NEEDS_VALUE) && t->value.n == 0)
		return invalid_rule(r, "%.*s needs a value",
				    STR_ARG(t->action));
	if ((needs & NEEDS_OLD_VALUE) && t->old_value.n == 0)
		return invalid_rule(r, "%.*s needs an old-value",
				    STR_ARG(t->action));
	if ((needs & NEEDS_DATA_TYPE) && !get(r->rule, "data-type"))
		return invalid_rule(r, "%.*s needs a data-type",
				    STR_ARG(t->action));
	if ((needs & NEEDS_KEY) && !get(r->rule, "primary-key-def"))
		return invalid_rule(r, "%.*s needs a primary-key-def",
				    STR_ARG(t->action));
	if ((needs & NEEDS_KEY) &&
	    (pattern_has_wildcard(t->schema) || pattern_has_wildcard(t->table)))
		return invalid_rule(r, "Exact schema and table name required "
				       "when using define-primary-key.");
	return 0;
}

static int read_transformation(struct rule_reader *r)
{
	struct mapping_transformation t = {
		.action = text_of(r->rule, "rule-action"),
		.value = text_of(r->rule, "value"),
		.old_value = text_of(r->rule, "old-value"),
		.id = r->number,
	};
	struct value locator;
	unsigned bit = 0;
	size_t i = 0;

	while (i < COUNT(actions) && !str_is(t.action, actions[i].name))
		i++;
	if (i == COUNT(actions))
		return invalid_document(r->err);
	if (read_target(r, &t.target, &bit) < 0)
		return -1;
	if (!(actions[i].needs & bit))
		return invalid_rule(r, "%s cannot have this rule-target",
				    actions[i].name);
	if (read_locator(r, &locator) < 0 ||
	    need_name(r, locator, "schema-name", &t.schema) < 0 ||
	    (bit != ON_SCHEMA &&
	     need_name(r, locator, "table-name", &t.table) < 0) ||
	    (bit == ON_COLUMN && !str_is(t.action, "add-column") &&
	     need_name(r, locator, "column-name", &t.column) < 0))
		return -1;
	if (check_needs(r, actions[i].needs, &t) < 0)
		return -1;
	*vec_push(&r->transformations) = t;
	return 0;
}

static int read_table_settings(struct rule_reader *r)
{
	const struct value *load = get(r->rule, "parallel-load");
	struct str type = load ? text_of(*load, "type") : STR("none");
	struct str schema, table;
	struct value locator;

	if (read_locator(r, &locator) < 0 ||
	    need_name(r, locator, "schema-name", &schema) < 0 ||
	    need_name(r, locator, "table-name", &table) < 0)
		return -1;
	if (pattern_has_wildcard(schema) || pattern_has_wildcard(table))
		return invalid_rule(r, "Exact schema and table name required "
				       "when using table settings rule.");
	if (str_starts(type, "partitions") || str_starts(type, "subpartitions"))
		return invalid_rule(r,
				    "parallel-load \"%.*s\" is not "
				    "supported for PostgreSQL",
				    STR_ARG(type));
	if (!str_is(type, "none") && !str_is(type, "ranges"))
		return invalid_rule(r, "unknown parallel-load type \"%.*s\"",
				    STR_ARG(type));
	r->has_other_rules = true;
	return 0;
}

static int read_validation(struct rule_reader *r)
{
	struct value locator;

	if (!str_is(text_of(r->rule, "rule-action"),
		    "override-validation-function"))
		return invalid_document(r->err);
	r->has_other_rules = true;
	return read_locator(r, &locator);
}

static int read_rule(struct rule_reader *r)
{
	struct str type = text_of(r->rule, "rule-type");

	if (r->rule.kind != VALUE_MAP)
		return invalid_document(r->err);
	if (read_id(r) < 0 ||
	    check_keys(r, r->rule, rule_keys, COUNT(rule_keys), "") < 0)
		return -1;
	if (str_is(type, "selection"))
		return read_selection(r);
	if (str_is(type, "transformation"))
		return read_transformation(r);
	if (str_is(type, "table-settings"))
		return read_table_settings(r);
	if (str_is(type, "validation"))
		return read_validation(r);
	return invalid_document(r->err);
}

static int read_rules(struct rule_reader *r, struct value document)
{
	const struct value *rules = get(document, "rules");

	if (!rules)
		return error_set(r->err, ERROR_INVALID,
				 "Valid Table mappings is required");
	if (rules->kind != VALUE_LIST)
		return invalid_document(r->err);
	if (rules->as.list.n > RULES_MAX)
		return error_set(r->err, ERROR_INVALID,
				 "Error in mapping rules. More than %d rules",
				 RULES_MAX);
	for (size_t i = 0; i < rules->as.list.n; i++) {
		r->rule = rules->as.list.items[i];
		if (read_rule(r) < 0)
			return -1;
	}
	if (r->selections.n == 0)
		return error_set(r->err, ERROR_INVALID,
				 "Error in mapping rules. At least one "
				 "selection rule is required.");
	return 0;
}

int mapping_read(struct str json, struct arena *a, struct mapping *out,
		 struct error *err)
{
	struct rule_reader r = { .arena = a, .err = err };
	struct value document;
	struct error why;

	*out = (struct mapping){ 0 };
	if (json_read(json, a, &document, &why) < 0)
		return error_set(err, ERROR_INVALID,
				 "Invalid Table Mappings document. Invalid "
				 "json %s",
				 why.message);
	if (read_rules(&r, document) < 0) {
		vec_release(&r.selections);
		vec_release(&r.transformations);
		map_release(&r.ids);
		return -1;
	}
	map_release(&r.ids);
	out->n_selections = r.selections.n;
	out->selections = vec_take(&r.selections, a);
	out->n_transformations = r.transformations.n;
	out->transformations = vec_take(&r.transformations, a);
	out->has_other_rules = r.has_other_rules;
	return 0;
}
