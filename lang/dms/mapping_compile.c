/*
 * tables { } to the document that AWS DMS takes. Rules get the ids 1, 2, 3 in
 * the order of the text; keys are sorted, so the same text is the same bytes.
 */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/diag.h"
#include "lang/dms/pattern.h"
#include "lang/json.h"

enum {
	RULES_MAX = 10000,
	NAME_MAX_BYTES = 63, /* PostgreSQL cuts longer names */
};

struct compiler {
	const struct source *source;
	struct diags *diags;
	struct arena *arena;
	struct map renamed; /* what a rename was seen for */
	size_t n_errors;
};

static struct place place_of(const struct compiler *c, struct span span)
{
	return (struct place){ .source = c->source, .span = span };
}

static const struct {
	const char *written;
	const char *op;
	int n_values;
} operators[] = {
	{ "=", "eq", 1 },
	{ "!=", "noteq", 1 },
	{ ">=", "gte", 1 },
	{ "<=", "lte", 1 },
	{ "between", "between", 2 },
	{ "not between", "notbetween", 2 },
	{ "is null", "null", 0 },
	{ "is not null", "notnull", 0 },
};

enum { N_OPERATORS = sizeof(operators) / sizeof(operators[0]) };

/* A map of pairs of a key and a text. */
static struct value texts(struct compiler *c, const char *k1, struct str v1,
			  const char *k2, struct str v2, const char *k3,
			  struct str v3)
{
	struct value_entry e[] = {
		{ str_from(k1), value_str(v1) },
		{ str_from(k2), value_str(v2) },
		{ str_from(k3), value_str(v3) },
	};

	return value_map(e, k3 ? 3 : k2 ? 2 : 1, c->arena);
}

static void bad_operator(struct compiler *c, const struct ast_where *w)
{
	struct diag *d =
	    diag_error(c->diags, "E0413", place_of(c, w->span),
		       "DMS has no filter operator \"%.*s\"", STR_ARG(w->op));

	c->n_errors++;
	if (str_is(w->op, "<") || str_is(w->op, ">"))
		diag_hint(c->diags, d,
			  "Use \"%.*s=\": DMS compares with the bound "
			  "included only.",
			  STR_ARG(w->op));
	else
		diag_hint(c->diags, d,
			  "There are =, !=, >=, <=, between A and B, is null, "
			  "is not null.");
}

static struct value compile_where(struct compiler *c, const struct ast_where *w)
{
	struct value condition, list;
	struct value *item;
	size_t i = 0;

	while (i < N_OPERATORS && !str_is(w->op, operators[i].written))
		i++;
	if (i == N_OPERATORS) {
		bad_operator(c, w);
		return value_null();
	}
	if (operators[i].n_values == 2)
		condition =
		    texts(c, "filter-operator", str_from(operators[i].op),
			  "start-value", w->value, "end-value", w->value2);
	else
		condition =
		    texts(c, "filter-operator", str_from(operators[i].op),
			  operators[i].n_values ? "value" : NULL, w->value,
			  NULL, STR(""));
	item = arena_new(c->arena, struct value, 1);
	*item = condition;
	list = value_list(item, 1);
	return value_with(texts(c, "filter-type", STR("source"), "column-name",
				w->column, NULL, STR("")),
			  STR("filter-conditions"), list, c->arena);
}

static struct value compile_filters(struct compiler *c,
				    const struct ast_rule *r)
{
	struct value *items = arena_new(c->arena, struct value, r->n_where + 1);

	for (size_t i = 0; i < r->n_where; i++)
		items[i] = compile_where(c, &r->where[i]);
	return value_list(items, r->n_where);
}

static void check_where(struct compiler *c, const struct ast_rule *r)
{
	struct diag *d;

	if (r->n_where == 0)
		return;
	if (r->kind == RULE_EXCLUDE) {
		c->n_errors++;
		d = diag_error(c->diags, "E0412", place_of(c, r->where[0].span),
			       "\"where\" cannot stand behind \"exclude\"");
		diag_hint(c->diags, d,
			  "Include the table with the opposite condition.");
	} else if (pattern_has_wildcard(r->pattern.schema) ||
		   pattern_has_wildcard(r->pattern.table)) {
		c->n_errors++;
		d = diag_error(c->diags, "E0412", place_of(c, r->pattern.span),
			       "\"where\" needs the exact name of a table");
		diag_hint(c->diags, d,
			  "DMS filters only tables that are named without %% "
			  "and [ ].");
	}
}

static void check_new_name(struct compiler *c, const struct ast_rule *r)
{
	bool is_table = str_is(r->target, "table");
	struct diag *d;
	struct str key;

	if (r->new_name.n == 0 || r->new_name.n > NAME_MAX_BYTES) {
		c->n_errors++;
		diag_error(c->diags, "E0414", place_of(c, r->span),
			   "a name on the target has 1 to %d bytes",
			   NAME_MAX_BYTES);
	}
	if (is_table && pattern_has_wildcard(r->pattern.table)) {
		c->n_errors++;
		d = diag_error(c->diags, "E0414", place_of(c, r->pattern.span),
			       "a pattern would give several tables one name");
		diag_hint(c->diags, d, "Rename each table by its exact name.");
	}
	key = str_fmt(c->arena, "%.*s %.*s.%.*s.%.*s", STR_ARG(r->target),
		      STR_ARG(r->pattern.schema), STR_ARG(r->pattern.table),
		      STR_ARG(r->pattern.column));
	if (map_has(&c->renamed, key)) {
		const struct ast_rule *first = map_get(&c->renamed, key);

		c->n_errors++;
		d = diag_error(c->diags, "E0415", place_of(c, r->span),
			       "this is renamed twice");
		diag_note(c->diags, d, place_of(c, first->span),
			  "the first one is here");
		return;
	}
	map_put(&c->renamed, key, (void *)(uintptr_t)r);
}

static struct value compile_locator(struct compiler *c,
				    const struct ast_rule *r)
{
	bool is_rename = r->kind == RULE_RENAME;

	if (is_rename && str_is(r->target, "schema"))
		return texts(c, "schema-name", r->pattern.schema, NULL, STR(""),
			     NULL, STR(""));
	if (is_rename && str_is(r->target, "column"))
		return texts(c, "schema-name", r->pattern.schema, "table-name",
			     r->pattern.table, "column-name",
			     r->pattern.column);
	return texts(c, "schema-name", r->pattern.schema, "table-name",
		     r->pattern.table, NULL, STR(""));
}

static struct value compile_rule(struct compiler *c, const struct ast_rule *r,
				 size_t number)
{
	struct str id = str_fmt(c->arena, "%zu", number);
	struct value out =
	    texts(c, "rule-id", id, "rule-name", id, "rule-action",
		  r->kind == RULE_INCLUDE   ? STR("include")
		  : r->kind == RULE_EXCLUDE ? STR("exclude")
					    : STR("rename"));

	out = value_with(out, STR("object-locator"), compile_locator(c, r),
			 c->arena);
	if (r->kind == RULE_RENAME) {
		check_new_name(c, r);
		out = value_with(out, STR("rule-type"),
				 value_c("transformation"), c->arena);
		out = value_with(out, STR("rule-target"), value_str(r->target),
				 c->arena);
		return value_with(out, STR("value"), value_str(r->new_name),
				  c->arena);
	}
	check_where(c, r);
	out = value_with(out, STR("rule-type"), value_c("selection"), c->arena);
	return value_with(out, STR("filters"), compile_filters(c, r), c->arena);
}

static void check_rules(struct compiler *c, const struct ast_block *tables)
{
	const struct ast_body *b = &tables->body;
	bool has_include = false;
	struct diag *d;

	for (size_t i = 0; i < b->n_rules; i++)
		has_include |= b->rules[i].kind == RULE_INCLUDE;
	if (!has_include) {
		c->n_errors++;
		d = diag_error(c->diags, "E0411",
			       place_of(c, tables->name_span),
			       "no table is included");
		diag_hint(c->diags, d, "Write: include SCHEMA.TABLE");
	}
	if (b->n_rules > RULES_MAX) {
		c->n_errors++;
		diag_error(c->diags, "E0411", place_of(c, tables->name_span),
			   "more than %d rules", RULES_MAX);
	}
	for (size_t i = 0; i < b->n_attrs; i++) {
		c->n_errors++;
		d = diag_error(c->diags, "E0411",
			       place_of(c, b->attrs[i].name_span),
			       "\"tables\" has rules, no attributes");
		diag_hint(c->diags, d,
			  "Rules are include, exclude and rename.");
	}
}

int mapping_compile(const struct ast_block *tables, const struct source *s,
		    struct diags *d, struct arena *a, struct str *json)
{
	struct compiler c = { .source = s, .diags = d, .arena = a };
	const struct ast_body *b = &tables->body;
	struct value *rules = arena_new(a, struct value, b->n_rules + 1);
	struct value_entry all = { .key = STR("rules") };
	struct buf text;

	*json = STR("");
	check_rules(&c, tables);
	for (size_t i = 0; i < b->n_rules; i++)
		rules[i] = compile_rule(&c, &b->rules[i], i + 1);
	map_release(&c.renamed);
	if (c.n_errors)
		return -1;
	all.value = value_list(rules, b->n_rules);
	buf_init(&text, 64 << 20);
	json_write(&text, value_map(&all, 1, a), 0);
	*json = str_dup(buf_str(&text), a);
	buf_release(&text);
	return 0;
}
