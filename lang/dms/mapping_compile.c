/*
 * tables { } to struct mapping, and its problems to findings. Rules get the ids
 * 1, 2, 3 in the order of the text; keys are sorted, so the same text is the
 * same bytes.
 */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/amount.h"
#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/dms/mapping_types.h"
#include "lang/dms/problem.h"

#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 10000 };

struct compiler {
	struct dms_report report; /* first: the callback gets it */
	const struct source *source;
	struct diags *diags;
	struct arena *arena;
	const struct ast_block *block;
};

/* -- where a problem stands -- */

static const struct ast_part *find_part(const struct ast_rule *r,
					enum ast_part_kind kind, size_t nth)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].kind == kind && nth-- == 0)
			return &r->parts[i];
	return NULL;
}

/* The number in "[…]" of a path; the last one where there are several. */
static size_t index_of(const char *path)
{
	const char *bracket = strrchr(path, '[');

	return bracket ? (size_t)strtoull(bracket + 1, NULL, 10) : 0;
}

/* filters[i].filter-conditions[k]: which condition of the text that is. */
static const struct ast_where *find_where(const struct ast_rule *r,
					  const char *path)
{
	const char *bracket = strchr(path, '[');
	size_t filter = bracket ? strtoull(bracket + 1, NULL, 10) : 0;
	size_t at = 0;
	bool has_condition = strstr(path, "conditions[") != NULL;

	for (size_t i = 0; i < r->n_where; i++) {
		if (i && !r->where[i].is_or)
			filter--;
		if (filter == 0 && !has_condition)
			return &r->where[i];
		if (filter == 0 && at++ == index_of(path))
			return &r->where[i];
	}
	return r->n_where ? &r->where[0] : NULL;
}

/* Parts of a rule by the path of what they become; the first that starts so. */
static const struct {
	const char *path;
	enum ast_part_kind part;
} paths[] = {
	{ "object-locator.table-type", PART_KIND },
	{ "object-locator.data-type", PART_OF },
	{ "load-order", PART_LOAD_ORDER },
	{ "value", PART_VALUE },
	{ "old-value", PART_OLD_VALUE },
	{ "expression", PART_EXPRESSION },
	{ "data-type", PART_TYPE },
	{ "primary-key-def.name", PART_NAME },
	{ "primary-key-def", PART_COLUMN },
	{ "before-image-def", PART_FILTER },
	{ "parallel-load.columns", PART_COLUMN },
	{ "parallel-load.boundaries", PART_BOUNDARY },
	{ "lob-settings", PART_LOBS },
	{ "source-function", PART_SOURCE },
	{ "target-function", PART_TARGET },
};

static struct span span_of(const struct ast_rule *r, const char *path)
{
	const struct ast_part *part = NULL;
	struct str text = str_from(path);

	if (!path)
		return r->span;
	if (str_starts(text, "filters") && r->n_where)
		return find_where(r, path)->span;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !part; i++)
		if (str_starts(text, paths[i].path))
			part = find_part(r, paths[i].part, index_of(path));
	if (part)
		return part->span;
	return str_starts(text, "object-locator") || str_is(text, "value")
		   ? r->pattern.span
		   : r->span;
}

static struct place place_of(const struct compiler *c, struct span span)
{
	return (struct place){ .source = c->source, .span = span };
}

static struct place rule_place(const struct compiler *c, size_t rule,
			       const char *path)
{
	if (rule == DMS_NO_RULE)
		return place_of(c, c->block->name_span);
	return place_of(c, span_of(&c->block->body.rules[rule], path));
}

static void add_finding(struct dms_report *r, const struct dms_problem *p)
{
	struct compiler *c = (struct compiler *)r;
	struct place place = rule_place(c, p->rule, p->path);
	struct diag *d;

	if (p->code[0] == 'E')
		d = diag_error(c->diags, p->code, place, "%.*s",
			       STR_ARG(p->message));
	else
		d = diag_warning(c->diags, p->code, place, "%.*s",
				 STR_ARG(p->message));
	if (p->other != DMS_NO_RULE)
		diag_note(c->diags, d, rule_place(c, p->other, NULL),
			  p->code[0] == 'E' ? "the first one is here"
					    : "the other one is here");
	if (p->hint)
		diag_hint(c->diags, d, "%s", p->hint);
}

/* -- selections -- */

static struct str part_text(const struct ast_rule *r, enum ast_part_kind kind)
{
	const struct ast_part *part = find_part(r, kind, 0);

	return part ? part->text : STR("");
}

static void bad_operator(struct compiler *c, const struct ast_where *w)
{
	struct diag *d =
	    diag_error(c->diags, "E0413", place_of(c, w->span),
		       "DMS has no filter operator \"%.*s\"", STR_ARG(w->op));

	c->report.n_errors++;
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

/* Alternatives are conditions of one filter, and that has one column. */
static void check_alternative(struct compiler *c, const struct ast_where *w,
			      const struct ast_where *first)
{
	struct diag *d;

	if (str_eq(w->column, first->column))
		return;
	d = diag_error(c->diags, "E0413", place_of(c, w->span),
		       "alternatives are conditions on one column");
	diag_note(c->diags, d, place_of(c, first->span),
		  "the first one is on \"%.*s\"", STR_ARG(first->column));
	c->report.n_errors++;
}

static void compile_where(struct compiler *c, const struct ast_rule *r,
			  struct mapping_selection *s)
{
	const struct ast_where *first = r->where;

	s->conditions =
	    arena_new(c->arena, struct mapping_condition, r->n_where + 1);
	s->filter_ends = arena_new(c->arena, size_t, r->n_where + 1);
	for (size_t i = 0; i < r->n_where; i++) {
		const struct ast_where *w = &r->where[i];
		const struct mapping_operator *op =
		    mapping_operator_written(w->op);

		if (!op)
			bad_operator(c, w);
		if (w->is_or)
			check_alternative(c, w, first);
		else
			first = w;
		s->n_filters += !w->is_or;
		s->conditions[i] = (struct mapping_condition){
			.column = first->column,
			.op = op ? str_from(op->name) : w->op,
			.value = w->value,
			.value2 = w->value2,
		};
		s->filter_ends[s->n_filters - 1] = i + 1;
	}
}

/* A whole number that a part writes; what it is not is a problem. */
static int64_t whole_number(struct compiler *c, const struct ast_part *part,
			    int64_t least, const char *what)
{
	uint64_t n;

	if (str_to_u64(part->text, &n) && n >= (uint64_t)least &&
	    n <= INT32_MAX)
		return (int64_t)n;
	diag_error(c->diags, "E0416", place_of(c, part->span),
		   "%s is a whole number from %lld to %d", what,
		   (long long)least, INT32_MAX);
	c->report.n_errors++;
	return least;
}

static void compile_selection(struct compiler *c, const struct ast_rule *r,
			      struct mapping_selection *s)
{
	const struct ast_part *order = find_part(r, PART_LOAD_ORDER, 0);
	struct str kind = part_text(r, PART_KIND);

	s->action = r->kind == RULE_INCLUDE   ? MAPPING_INCLUDE
		    : r->kind == RULE_EXCLUDE ? MAPPING_EXCLUDE
					      : MAPPING_EXPLICIT;
	s->kind = str_is(kind, "view")	? MAPPING_VIEWS
		  : str_is(kind, "all") ? MAPPING_ALL
					: MAPPING_TABLES;
	s->schema = r->pattern.schema;
	s->table = r->pattern.table;
	if (order)
		s->load_order = (int)whole_number(c, order, 1, "load_order");
	compile_where(c, r, s);
}

/* -- transformations -- */

/* The sizes in the parentheses of a type, in the order it has them. */
static void compile_type(struct compiler *c, const struct ast_rule *r,
			 struct mapping_type *t)
{
	const struct mapping_type_info *info;
	const struct ast_part *size;
	int64_t *to[3];
	size_t n = 0;

	*t = (struct mapping_type){ part_text(r, PART_TYPE), -1, -1, -1 };
	info = mapping_type_find(t->name);
	if (!info)
		return;
	if (info->sizes & SIZE_LENGTH)
		to[n++] = &t->length;
	if (info->sizes & SIZE_PRECISION)
		to[n++] = &t->precision;
	if (info->sizes & SIZE_SCALE)
		to[n++] = &t->scale;
	for (size_t i = 0; (size = find_part(r, PART_TYPE_SIZE, i)); i++) {
		if (i < n) {
			*to[i] = whole_number(c, size, 0, "the size of a type");
			continue;
		}
		diag_error(c->diags, "E0416", place_of(c, size->span),
			   n ? "the type \"%s\" has no further size"
			     : "the type \"%s\" has no size",
			   info->name);
		c->report.n_errors++;
		return;
	}
}

static struct str *compile_columns(struct compiler *c, const struct ast_rule *r,
				   size_t *n)
{
	struct str *out = arena_new(c->arena, struct str, r->n_parts + 1);

	*n = 0;
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].kind == PART_COLUMN)
			out[(*n)++] = r->parts[i].text;
	return out;
}

/* pk_only in the language is pk-only in the document. */
static struct str with_hyphen(struct str s, struct arena *a)
{
	char *text = str_c(s, a);

	for (size_t i = 0; i < s.n; i++)
		if (text[i] == '_')
			text[i] = '-';
	return (struct str){ text, s.n };
}

static enum mapping_target target_of(const struct ast_rule *r)
{
	if (str_is(r->target, "schema"))
		return MAPPING_SCHEMA;
	if (str_is(r->target, "column") ||
	    str_is(r->action, "add-before-image-columns"))
		return MAPPING_COLUMN;
	return MAPPING_TABLE;
}

/* A text that a rule needs is not empty. */
static void need_text(struct compiler *c, const struct ast_rule *r,
		      enum ast_part_kind kind)
{
	const struct ast_part *part = find_part(r, kind, 0);
	bool is_name = kind == PART_VALUE && str_is(r->action, "rename");

	if (!part || part->text.n)
		return;
	diag_error(c->diags, is_name ? "E0414" : "E0416",
		   place_of(c, part->span),
		   is_name ? "a name on the target has 1 to %d bytes"
			   : "this is empty",
		   MAPPING_NAME_MAX);
	c->report.n_errors++;
}

static void compile_transformation(struct compiler *c, const struct ast_rule *r,
				   struct mapping_transformation *t)
{
	bool is_new = str_is(r->action, "add-column");

	t->action = r->action;
	t->target = target_of(r);
	t->schema = r->pattern.schema;
	t->table = r->pattern.table;
	t->column = is_new ? STR("") : r->pattern.column;
	t->value = is_new ? r->pattern.column : part_text(r, PART_VALUE);
	t->of = part_text(r, PART_OF);
	t->old_value = part_text(r, PART_OLD_VALUE);
	t->expression = part_text(r, PART_EXPRESSION);
	t->key = part_text(r, PART_NAME);
	t->is_unique = find_part(r, PART_UNIQUE, 0) != NULL;
	t->columns = compile_columns(c, r, &t->n_columns);
	t->prefix = part_text(r, PART_PREFIX);
	t->suffix = part_text(r, PART_SUFFIX);
	t->filter = with_hyphen(part_text(r, PART_FILTER), c->arena);
	compile_type(c, r, &t->type);
	need_text(c, r, PART_VALUE);
	need_text(c, r, PART_OLD_VALUE);
	need_text(c, r, PART_EXPRESSION);
	if (find_part(r, PART_PREFIX, 1) || find_part(r, PART_SUFFIX, 1)) {
		diag_error(c->diags, "E0416", place_of(c, r->span),
			   "before-images have one prefix and one suffix");
		c->report.n_errors++;
	}
}

/* -- table settings, validation -- */

static void compile_ranges(struct compiler *c, const struct ast_rule *r,
			   struct mapping_load *l)
{
	struct mapping_boundary *b = NULL;
	struct str *values;

	if (!find_part(r, PART_BOUNDARY, 0))
		return;
	l->parallel = STR("ranges");
	l->columns = compile_columns(c, r, &l->n_columns);
	l->boundaries =
	    arena_new(c->arena, struct mapping_boundary, r->n_parts);
	values = arena_new(c->arena, struct str, r->n_parts);
	for (size_t i = 0; i < r->n_parts; i++) {
		if (r->parts[i].kind == PART_BOUNDARY) {
			b = &l->boundaries[l->n_boundaries++];
			b->values = values;
		} else if (r->parts[i].kind == PART_BOUND && b) {
			*values++ = r->parts[i].text;
			b->n++;
		}
	}
}

static void bad_lobs(struct compiler *c, const struct ast_part *mode)
{
	struct diag *d = diag_error(c->diags, "E0416", place_of(c, mode->span),
				    "\"lobs\" says how large values of this "
				    "table are moved");

	diag_hint(c->diags, d, "Write limited(SIZE), full or default.");
	c->report.n_errors++;
}

static void compile_lobs(struct compiler *c, const struct ast_rule *r,
			 struct mapping_load *l)
{
	const struct ast_part *mode = find_part(r, PART_LOBS, 0);
	const struct ast_part *size = find_part(r, PART_LOB_SIZE, 0);
	int64_t bytes = 0;

	if (!mode)
		return;
	if (str_is(mode->text, "limited") && size) {
		l->lobs = STR("limited");
	} else if (!size && str_is(mode->text, "full")) {
		l->lobs = STR("unlimited");
	} else if (!size && str_is(mode->text, "default")) {
		l->lobs = STR("none");
	} else {
		bad_lobs(c, mode);
		return;
	}
	if (size && (!size_read(size->text, &bytes) || bytes % 1024 ||
		     bytes == 0 || bytes / 1024 > INT32_MAX)) {
		diag_error(c->diags, "E0416", place_of(c, size->span),
			   "the largest LOB is a whole number of KiB above 0");
		c->report.n_errors++;
		l->lobs = STR("");
		return;
	}
	l->lob_kb = bytes / 1024;
}

static void compile_load(struct compiler *c, const struct ast_rule *r,
			 struct mapping_load *l)
{
	l->schema = r->pattern.schema;
	l->table = r->pattern.table;
	compile_ranges(c, r, l);
	compile_lobs(c, r, l);
}

static void compile_validation(struct compiler *c, const struct ast_rule *r,
			       struct mapping_validation *v)
{
	v->schema = r->pattern.schema;
	v->table = r->pattern.table;
	v->column = r->pattern.column;
	v->of = part_text(r, PART_OF);
	v->source = part_text(r, PART_SOURCE);
	v->target = part_text(r, PART_TARGET);
	need_text(c, r, PART_SOURCE);
	need_text(c, r, PART_TARGET);
}

/* -- all of them -- */

static void check_block(struct compiler *c)
{
	const struct ast_body *b = &c->block->body;
	struct diag *d;

	if (b->n_rules > RULES_MAX) {
		c->report.n_errors++;
		diag_error(c->diags, "E0411", place_of(c, c->block->name_span),
			   "more than %d rules", RULES_MAX);
	}
	for (size_t i = 0; i < b->n_attrs; i++) {
		c->report.n_errors++;
		d = diag_error(c->diags, "E0411",
			       place_of(c, b->attrs[i].name_span),
			       "\"tables\" has rules, no attributes");
		diag_hint(c->diags, d, "Write: include SCHEMA.TABLE");
	}
}

static void compile_rules(struct compiler *c, struct mapping *m)
{
	const struct ast_body *b = &c->block->body;
	struct arena *a = c->arena;

	m->n = b->n_rules;
	m->selections = arena_new(a, struct mapping_selection, m->n + 1);
	m->transformations =
	    arena_new(a, struct mapping_transformation, m->n + 1);
	m->loads = arena_new(a, struct mapping_load, m->n + 1);
	m->validations = arena_new(a, struct mapping_validation, m->n + 1);
	for (size_t i = 0; i < b->n_rules; i++) {
		const struct ast_rule *r = &b->rules[i];
		struct mapping_rule *rule = NULL;

		switch (r->kind) {
		case RULE_INCLUDE:
		case RULE_EXPLICIT:
		case RULE_EXCLUDE:
			rule = &m->selections[m->n_selections].rule;
			compile_selection(c, r,
					  &m->selections[m->n_selections++]);
			break;
		case RULE_TRANSFORM:
			rule = &m->transformations[m->n_transformations].rule;
			compile_transformation(
			    c, r, &m->transformations[m->n_transformations++]);
			break;
		case RULE_LOAD:
			rule = &m->loads[m->n_loads].rule;
			compile_load(c, r, &m->loads[m->n_loads++]);
			break;
		case RULE_VALIDATE:
			rule = &m->validations[m->n_validations].rule;
			compile_validation(c, r,
					   &m->validations[m->n_validations++]);
			break;
		}
		rule->index = i;
		rule->id = i + 1;
	}
}

/* Whether rules are missing because they could not be read. */
static bool has_holes(const struct compiler *c)
{
	struct span all = c->block->span;

	for (size_t i = 0; i < c->diags->n; i++) {
		const struct diag *d = c->diags->items[i];

		if (str_starts(str_from(d->code), "E01") &&
		    d->place.source == c->source &&
		    d->place.span.start >= all.start &&
		    d->place.span.end <= all.end)
			return true;
	}
	return false;
}

int mapping_compile(const struct ast_block *tables, const struct source *s,
		    const struct mapping_task *task, struct diags *d,
		    struct arena *a, struct str *json)
{
	struct compiler c = {
		.report = { .arena = a, .add = add_finding },
		.source = s,
		.diags = d,
		.arena = a,
		.block = tables,
	};
	struct mapping m = { 0 };

	*json = STR("");
	check_block(&c);
	if (tables->body.n_rules > RULES_MAX)
		return -1;
	compile_rules(&c, &m);
	/* What is missing then only follows. */
	c.report.n_errors += has_holes(&c);
	mapping_check_rules(&m, &c.report);
	if (c.report.n_errors == 0)
		mapping_check_meaning(&m, task, &c.report);
	if (c.report.n_errors)
		return -1;
	*json = mapping_write(&m, a);
	if (json->n)
		return 0;
	diag_error(d, "E0411", place_of(&c, tables->name_span),
		   "the mapping is larger than 64 MiB");
	return -1;
}
