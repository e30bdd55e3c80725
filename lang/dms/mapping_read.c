/*
 * A mapping document to struct mapping. Refusals have the words that AWS is
 * known to use, as far as they are known; the rest has their form. A rule that
 * is wrong is left out, and reading goes on with the next.
 */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/dms/mapping_reader.h"
#include "lang/dms/mapping_types.h"
#include "lang/json.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Kinds of rules, for what they may have. */
enum {
	OF_SELECTION = 1,
	OF_TRANSFORMATION = 2,
	OF_SETTINGS = 4,
	OF_VALIDATION = 8,
	OF_ANY = 15,
};

static const struct {
	const char *name;
	unsigned of;
} rule_keys[] = {
	{ "rule-type", OF_ANY },
	{ "rule-id", OF_ANY },
	{ "rule-name", OF_ANY },
	{ "rule-description", OF_ANY },
	{ "rule-action", OF_ANY },
	{ "rule-target", OF_TRANSFORMATION | OF_VALIDATION },
	{ "object-locator", OF_ANY },
	{ "filters", OF_SELECTION },
	{ "load-order", OF_SELECTION },
	{ "value", OF_TRANSFORMATION },
	{ "old-value", OF_TRANSFORMATION },
	{ "expression", OF_TRANSFORMATION },
	{ "data-type", OF_TRANSFORMATION },
	{ "primary-key-def", OF_TRANSFORMATION },
	{ "before-image-def", OF_TRANSFORMATION },
	{ "parallel-load", OF_SETTINGS },
	{ "lob-settings", OF_SETTINGS },
	{ "source-function", OF_VALIDATION },
	{ "target-function", OF_VALIDATION },
	/* The console writes it; nobody says what for. */
	{ "tag-set", OF_ANY },
};

static const struct {
	const char *name;
	unsigned of;
} rule_types[] = {
	{ "selection", OF_SELECTION },
	{ "transformation", OF_TRANSFORMATION },
	{ "table-settings", OF_SETTINGS },
	{ "validation", OF_VALIDATION },
};

static const char *const locator_keys[] = {
	"schema-name",
	"table-name",
	"column-name",
	"table-type",
	"data-type",
	"table-tablespace-name",
	"index-tablespace-name",
	NULL,
};
static const char *const filter_keys[] = { "filter-type", "column-name",
					   "filter-conditions", NULL };
static const char *const condition_keys[] = { "filter-operator", "value",
					      "start-value", "end-value",
					      NULL };
static const char unknown_document[] = "Invalid table mappings document.";

/* A problem of this rule. */
struct dms_problem reader_problem(const struct reader *r, const char *path)
{
	return DMS_PROBLEM("E0416", r->rule.index, path);
}

/* The same, for what AWS answers with four words. */
struct dms_problem reader_unknown(const struct reader *r, const char *path)
{
	struct dms_problem p = reader_problem(r, path);

	p.service = unknown_document;
	return p;
}

/* A key that is there and not null: null is as good as absent. */
const struct value *reader_get(struct value map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && !value_is_null(*v) ? v : NULL;
}

/* Texts and numbers are told apart nowhere. */
static bool is_text(struct value v)
{
	return v.kind == VALUE_STRING || v.kind == VALUE_NUMBER;
}

/* The text under a key, empty where there is none. */
int reader_text(struct reader *r, struct value map, const char *key,
		const char *path, struct str *out)
{
	const struct value *v = reader_get(map, key);

	*out = STR("");
	if (!v)
		return 0;
	if (!is_text(*v))
		return dms_report(r->report, reader_unknown(r, path),
				  "\"%s\" must be a text", key);
	*out = v->as.text;
	return 0;
}

int reader_keys(struct reader *r, struct value map, const char *const *known,
		const char *path, const char *where)
{
	if (map.kind != VALUE_MAP)
		return dms_report(r->report, reader_unknown(r, path),
				  "\"%s\" must be an object", path);
	for (size_t i = 0; i < map.as.map.n; i++) {
		struct str key = map.as.map.entries[i].key;
		size_t k = 0;

		while (known[k] && !str_is(key, known[k]))
			k++;
		if (!known[k])
			return dms_report(r->report, reader_problem(r, path),
					  "unknown key \"%.*s\"%s",
					  STR_ARG(key), where);
	}
	return 0;
}

/* Null, "" and [] say nothing; the console writes them everywhere. */
static bool says_something(struct value v)
{
	return !value_is_null(v) && !(v.kind == VALUE_LIST && !v.as.list.n) &&
	       !(v.kind == VALUE_STRING && !v.as.text.n);
}

static int check_rule_keys(struct reader *r, unsigned of, struct str type)
{
	for (size_t i = 0; i < r->value.as.map.n; i++) {
		const struct value_entry *e = &r->value.as.map.entries[i];
		const char *key = str_fmt(r->arena, "%.*s", STR_ARG(e->key)).s;
		size_t k = 0;

		while (k < COUNT(rule_keys) &&
		       !str_is(e->key, rule_keys[k].name))
			k++;
		if (k == COUNT(rule_keys))
			return dms_report(r->report, reader_problem(r, key),
					  "unknown key \"%s\"", key);
		if (!(rule_keys[k].of & of) && says_something(e->value))
			dms_report(
			    r->report, DMS_PROBLEM("W0411", r->rule.index, key),
			    "\"%s\" does nothing in a rule of type \"%.*s\"",
			    key, STR_ARG(type));
	}
	return 0;
}

static int read_id(struct reader *r)
{
	struct dms_problem p = reader_problem(r, "rule-id");
	struct str id = value_text(r->value, "rule-id");

	if (id.n == 0) {
		p.path = NULL;
		p.service = "Error in mapping rules. A rule has no rule-id";
		return dms_report(r->report, p, "a rule has no rule-id");
	}
	if (!str_to_u64(id, &r->rule.id))
		return dms_report(r->report, p, "rule-id must be a number");
	/* "1" and "01" are one id. */
	struct mapping_rule *mine = arena_new(r->arena, struct mapping_rule, 1);
	struct mapping_rule *first;

	*mine = r->rule;
	first = map_add(
	    &r->ids, str_fmt(r->arena, "%llu", (unsigned long long)r->rule.id),
	    mine);
	if (!first)
		return 0;
	p.other = first->index;
	p.service =
	    str_fmt(r->arena, "Error in mapping rules. Duplicate ruleid %.*s",
		    STR_ARG(id))
		.s;
	return dms_report(r->report, p, "two rules have the rule-id %.*s",
			  STR_ARG(id));
}

/* Patterns in a locator: how many of schema, table and column it needs. */
int reader_locator(struct reader *r, unsigned parts, struct value *locator,
		   struct str *schema, struct str *table, struct str *column)
{
	static const char *const keys[] = { "schema-name", "table-name",
					    "column-name" };
	static const char *const paths[] = { "object-locator.schema-name",
					     "object-locator.table-name",
					     "object-locator.column-name" };
	struct str *const out[] = { schema, table, column };
	const struct value *v = reader_get(r->value, "object-locator");

	if (!v)
		return dms_report(r->report, reader_problem(r, NULL),
				  "object locator cannot be null");
	*locator = *v;
	if (reader_keys(r, *v, locator_keys, "object-locator",
			" in the object locator") < 0)
		return -1;
	for (unsigned i = 0; i < parts; i++) {
		if (reader_text(r, *v, keys[i], paths[i], out[i]) < 0)
			return -1;
		if (out[i]->n == 0)
			return dms_report(r->report,
					  reader_problem(r, "object-locator"),
					  "object locator has no %s", keys[i]);
	}
	return 0;
}

/* A whole number that may be written as a text; absent leaves *out. */
int reader_number(struct reader *r, struct value map, const char *key,
		  const char *path, int64_t most, int64_t *out)
{
	struct str text;
	uint64_t n;

	if (reader_text(r, map, key, path, &text) < 0)
		return -1;
	if (text.n == 0)
		return 0;
	if (!str_to_u64(text, &n) || n > (uint64_t)most)
		return dms_report(r->report, reader_problem(r, path),
				  "\"%s\" must be a whole number up to %lld",
				  key, (long long)most);
	*out = (int64_t)n;
	return 0;
}

/* A list of texts; path is where it stands. */
int reader_texts(struct reader *r, struct value list, const char *path,
		 struct str **out, size_t *n)
{
	if (list.kind != VALUE_LIST)
		return dms_report(r->report, reader_problem(r, path),
				  "\"%s\" must be a list of texts", path);
	*out = arena_new(r->arena, struct str, list.as.list.n + 1);
	*n = list.as.list.n;
	for (size_t i = 0; i < *n; i++) {
		struct value v = list.as.list.items[i];

		if (!is_text(v))
			return dms_report(r->report, reader_problem(r, path),
					  "\"%s\" must be a list of texts",
					  path);
		(*out)[i] = v.as.text;
	}
	return 0;
}

/* -- selections -- */

static int read_condition(struct reader *r, struct value in, const char *path,
			  struct mapping_condition *out)
{
	const struct mapping_operator *op;
	const char *wrong = NULL;

	if (reader_keys(r, in, condition_keys, path, " in a condition") < 0 ||
	    reader_text(r, in, "filter-operator", path, &out->op) < 0)
		return -1;
	op = mapping_operator_find(out->op);
	if (!op)
		return dms_report(
		    r->report, DMS_PROBLEM("E0413", r->rule.index, path),
		    "unknown filter-operator \"%.*s\"", STR_ARG(out->op));
	out->op = str_from(op->means);
	if (op->n_values == 1 && !reader_get(in, "value"))
		wrong = "a filter has no value";
	if (op->n_values == 2 &&
	    (!reader_get(in, "start-value") || !reader_get(in, "end-value")))
		wrong = "a filter has no start-value or end-value";
	if (wrong)
		return dms_report(r->report, reader_problem(r, path), "%s",
				  wrong);
	if (op->n_values == 1)
		return reader_text(r, in, "value", path, &out->value);
	if (op->n_values == 0)
		return 0;
	if (reader_text(r, in, "start-value", path, &out->value) < 0)
		return -1;
	return reader_text(r, in, "end-value", path, &out->value2);
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

static int read_filter(struct reader *r, struct value filter, size_t i,
		       struct mapping_selection *s, size_t *end)
{
	const char *path = dms_path(r->report, "filters[%zu]", i);
	const struct value *list;
	struct str column, type;

	if (reader_keys(r, filter, filter_keys, path, " in a filter") < 0 ||
	    reader_text(r, filter, "column-name", path, &column) < 0 ||
	    reader_text(r, filter, "filter-type", path, &type) < 0)
		return -1;
	if (!str_is(type, "source"))
		return dms_report(r->report, reader_problem(r, path),
				  "filter-type must be source");
	if (column.n == 0)
		return dms_report(r->report, reader_problem(r, path),
				  "a filter has no column-name");
	list = reader_get(filter, "filter-conditions");
	if (!list || list->kind != VALUE_LIST || list->as.list.n == 0)
		return dms_report(r->report, reader_problem(r, path),
				  "a filter has no filter-conditions");
	for (size_t k = 0; k < list->as.list.n; k++) {
		struct mapping_condition *c = &s->conditions[(*end)++];

		c->column = column;
		if (read_condition(r, list->as.list.items[k],
				   dms_path(r->report,
					    "%s.filter-conditions[%zu]", path,
					    k),
				   c) < 0)
			return -1;
	}
	s->filter_ends[i] = *end;
	return 0;
}

static int read_filters(struct reader *r, struct value filters,
			struct mapping_selection *s)
{
	size_t end = 0;

	if (filters.kind != VALUE_LIST)
		return dms_report(r->report, reader_unknown(r, "filters"),
				  "\"filters\" must be a list");
	s->n_filters = filters.as.list.n;
	s->conditions = arena_new(r->arena, struct mapping_condition,
				  count_conditions(filters) + 1);
	s->filter_ends = arena_new(r->arena, size_t, s->n_filters + 1);
	for (size_t i = 0; i < s->n_filters; i++)
		if (read_filter(r, filters.as.list.items[i], i, s, &end) < 0)
			return -1;
	return 0;
}

static int read_kind(struct reader *r, struct value locator,
		     enum mapping_kind *out)
{
	const char *path = "object-locator.table-type";
	struct str type;

	if (reader_text(r, locator, "table-type", path, &type) < 0)
		return -1;
	if (str_is(type, "view"))
		*out = MAPPING_VIEWS;
	else if (str_is(type, "all"))
		*out = MAPPING_ALL;
	else if (type.n && !str_is(type, "table"))
		return dms_report(r->report, reader_problem(r, path),
				  "unknown table-type \"%.*s\"", STR_ARG(type));
	return 0;
}

static int read_selection(struct reader *r)
{
	struct str action = value_text(r->value, "rule-action");
	const struct value *filters = reader_get(r->value, "filters");
	struct mapping_selection s = { .rule = r->rule };
	struct str ignored, order;
	struct value locator;
	int64_t n = 0;

	if (str_is(action, "include"))
		s.action = MAPPING_INCLUDE;
	else if (str_is(action, "exclude"))
		s.action = MAPPING_EXCLUDE;
	else if (str_is(action, "explicit"))
		s.action = MAPPING_EXPLICIT;
	else
		return dms_report(r->report, reader_unknown(r, "rule-action"),
				  "a selection has no rule-action \"%.*s\"",
				  STR_ARG(action));
	if (reader_locator(r, 2, &locator, &s.schema, &s.table, &ignored) < 0 ||
	    read_kind(r, locator, &s.kind) < 0 ||
	    reader_text(r, r->value, "load-order", "load-order", &order) < 0)
		return -1;
	if (order.n && (reader_number(r, r->value, "load-order", "load-order",
				      INT32_MAX, &n) < 0))
		return -1;
	if (order.n && n == 0)
		return dms_report(r->report, reader_problem(r, "load-order"),
				  "load-order must be a whole number from 1 "
				  "to 2147483647");
	s.load_order = (int)n;
	if (filters && read_filters(r, *filters, &s) < 0)
		return -1;
	*vec_push(&r->selections) = s;
	return 0;
}

/* -- all of them -- */

static int read_rule(struct reader *r)
{
	struct str type;
	unsigned of = 0;

	if (r->value.kind != VALUE_MAP)
		return dms_report(r->report, reader_unknown(r, NULL),
				  "a rule must be an object");
	if (read_id(r) < 0)
		return -1;
	type = value_text(r->value, "rule-type");
	for (size_t i = 0; i < COUNT(rule_types); i++)
		if (str_is(type, rule_types[i].name))
			of = rule_types[i].of;
	if (!of)
		return dms_report(r->report, reader_unknown(r, "rule-type"),
				  "unknown rule-type \"%.*s\"", STR_ARG(type));
	if (check_rule_keys(r, of, type) < 0 ||
	    reader_text(r, r->value, "rule-name", "rule-name", &r->rule.name) <
		0)
		return -1;
	switch (of) {
	case OF_SELECTION:
		return read_selection(r);
	case OF_TRANSFORMATION:
		return reader_transformation(r);
	case OF_SETTINGS:
		return reader_load(r);
	default:
		return reader_validation(r);
	}
}

/* The list of rules, or NULL with a problem. */
static const struct value *find_rules(struct value document,
				      struct dms_report *report)
{
	struct dms_problem p = DMS_PROBLEM("E0411", DMS_NO_RULE, NULL);
	const struct value *rules =
	    document.kind == VALUE_MAP ? reader_get(document, "rules") : NULL;

	if (!rules) {
		p.service = "Valid Table mappings is required";
		dms_report(report, p, "a mapping has a list of \"rules\"");
		return NULL;
	}
	if (rules->kind != VALUE_LIST) {
		p.service = unknown_document;
		dms_report(report, p, "\"rules\" must be a list");
		return NULL;
	}
	if (rules->as.list.n > MAPPING_RULES_MAX) {
		dms_report(report, p, "more than %d rules", MAPPING_RULES_MAX);
		return NULL;
	}
	for (size_t i = 0; i < document.as.map.n; i++) {
		struct str key = document.as.map.entries[i].key;

		if (!str_is(key, "rules"))
			dms_report(
			    report, DMS_PROBLEM("W0411", DMS_NO_RULE, NULL),
			    "\"%.*s\" does nothing in a mapping", STR_ARG(key));
	}
	return rules;
}

bool mapping_read_value(struct value document, struct arena *a,
			struct dms_report *report, struct mapping *out)
{
	const struct value *rules = find_rules(document, report);
	struct reader r = { .arena = a, .report = report };
	size_t before = report->n_errors;

	*out = (struct mapping){ 0 };
	if (!rules)
		return false;
	for (size_t i = 0; i < rules->as.list.n; i++) {
		r.value = rules->as.list.items[i];
		r.rule = (struct mapping_rule){ .index = i };
		read_rule(&r);
	}
	map_release(&r.ids);
	out->n = rules->as.list.n;
	out->n_selections = r.selections.n;
	out->selections = vec_take(&r.selections, a);
	out->n_transformations = r.transformations.n;
	out->transformations = vec_take(&r.transformations, a);
	out->n_loads = r.loads.n;
	out->loads = vec_take(&r.loads, a);
	out->n_validations = r.validations.n;
	out->validations = vec_take(&r.validations, a);
	return report->n_errors == before;
}

/* -- as an answer -- */

/* Keeps the first error, in the words of AWS. */
struct answer {
	struct dms_report report; /* first: the callback gets it */
	struct error *err;
	struct value document;
};

/* The id of a rule as it is written. */
static struct str id_of(const struct answer *a, size_t rule)
{
	const struct value *rules = value_get(a->document, "rules");

	return value_text(rules->as.list.items[rule], "rule-id");
}

static void keep_first(struct dms_report *r, const struct dms_problem *p)
{
	struct answer *a = (struct answer *)r;

	if (p->code[0] != 'E' || r->n_errors > 1)
		return;
	if (p->service)
		error_set(a->err, ERROR_INVALID, "%s", p->service);
	else if (p->rule == DMS_NO_RULE)
		error_set(a->err, ERROR_INVALID, "Error in mapping rules. %.*s",
			  STR_ARG(p->message));
	else
		error_set(a->err, ERROR_INVALID,
			  "Error in mapping rules. Rule with ruleId = %.*s "
			  "failed validation. %.*s",
			  STR_ARG(id_of(a, p->rule)), STR_ARG(p->message));
}

int mapping_read(struct str json, struct arena *a, struct mapping *out,
		 struct error *err)
{
	struct answer answer = { { .arena = a, .add = keep_first },
				 err,
				 { 0 } };
	struct error why;

	*out = (struct mapping){ 0 };
	if (json_read(json, a, &answer.document, &why) < 0)
		return error_set(err, ERROR_INVALID,
				 "Invalid Table Mappings document. Invalid "
				 "json %s",
				 why.message);
	if (!mapping_read_value(answer.document, a, &answer.report, out))
		return -1;
	mapping_check_rules(out, &answer.report);
	return answer.report.n_errors ? -1 : 0;
}
