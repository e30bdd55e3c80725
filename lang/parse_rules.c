/* The nodes of tables { }: patterns, and what stands behind them. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/diag.h"
#include "lang/parser.h"

#include <string.h>

static struct place place_of(const struct parser *p, struct span span)
{
	return (struct place){ p->source, span };
}

/* The next part of a pattern: up to a dot that stands in no quotes. */
static struct span next_part(const struct parser *p, struct span *rest)
{
	struct span part = *rest;
	bool is_quoted = false;
	uint32_t at;

	for (at = rest->start; at < rest->end; at++) {
		char c = p->source->text.s[at];

		if (is_quoted && c == '\\')
			at++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '.' && !is_quoted)
			break;
	}
	part.end = at;
	rest->start = at < rest->end ? at + 1 : at;
	return part;
}

static bool is_part(struct str text)
{
	ptrdiff_t quote = str_find(text, '"');

	if (text.n == 0)
		return false;
	/* A part is quoted whole or not at all. */
	return quote < 0 || (quote == 0 && text.s[text.n - 1] == '"' &&
			     str_rfind(str_sub(text, 0, text.n - 1), '"') == 0);
}

/* A pattern of one to three parts; what is wrong with it is a finding. */
static void set_pattern(struct parser *p, struct ast_rule *r,
			struct span pattern, unsigned parts)
{
	static const char *const forms[] = { "SCHEMA", "SCHEMA.TABLE",
					     "SCHEMA.TABLE.COLUMN" };
	struct str *to[] = { &r->pattern.schema, &r->pattern.table,
			     &r->pattern.column };
	struct str text = parser_text(p, pattern);
	struct span rest = pattern;
	bool is_right = true;
	struct diag *d;

	r->pattern.span = pattern;
	for (unsigned i = 0; i < parts; i++) {
		struct span part = next_part(p, &rest);

		is_right &= is_part(parser_text(p, part));
		if (is_right)
			*to[i] = literal_text(p, part);
	}
	is_right &= rest.start == rest.end &&
		    (text.n == 0 || text.s[text.n - 1] != '.');
	if (is_right)
		return;
	d = diag_error(p->diags, "E0109", place_of(p, pattern),
		       "expected %s, found %.*s", forms[parts - 1],
		       STR_ARG(text));
	diag_hint(p->diags, d,
		  "Parts are names with %% for any text; anything else stands "
		  "in quotes: \"my schema\".orders.");
}

static struct ast_rule *new_rule(struct parser *p, enum ast_rule_kind kind,
				 struct str action, struct span span)
{
	struct ast_rule *r = arena_new(&p->scratch, struct ast_rule, 1);

	r->kind = kind;
	r->action = action;
	r->span = span;
	return r;
}

struct ast_rule *make_rule(struct parser *p, enum ast_rule_kind kind,
			   const char *action, struct span pattern,
			   struct span span)
{
	struct ast_rule *r = new_rule(p, kind, str_from(action), span);

	set_pattern(p, r, pattern, 2);
	return r;
}

struct object *make_object(struct parser *p, const char *target,
			   struct span pattern, struct list *of)
{
	struct object *x = arena_new(&p->scratch, struct object, 1);

	x->target = target;
	x->pattern = pattern;
	x->of = of;
	return x;
}

struct ast_rule *make_transform(struct parser *p, const char *action,
				const struct object *on, struct span span)
{
	struct ast_rule *r =
	    new_rule(p, RULE_TRANSFORM, str_from(action), span);

	r->target = str_from(on->target);
	set_pattern(p, r, on->pattern,
		    strcmp(on->target, "schema") == 0  ? 1
		    : strcmp(on->target, "table") == 0 ? 2
						       : 3);
	rule_add(p, r, on->of);
	return r;
}

struct ast_rule *make_affix(struct parser *p, const char *verb,
			    const char *affix, const struct object *on,
			    struct span span)
{
	struct ast_rule *r = make_transform(p, "", on, span);

	r->action = str_fmt(p->arena, "%s-%s", verb, affix);
	return r;
}

struct ast_rule *make_key_rule(struct parser *p, struct span name,
			       struct span pattern, struct list *columns,
			       struct span span)
{
	struct object table = { .target = "table", .pattern = pattern };
	struct ast_rule *r =
	    make_transform(p, "define-primary-key", &table, span);

	rule_add(p, r, make_part(p, NULL, PART_NAME, name));
	rule_add(p, r, columns);
	return r;
}

struct ast_rule *make_mask(struct parser *p, const char *action,
			   struct span pattern, struct list *of,
			   struct span span)
{
	struct object column = { "column", pattern, of };

	return make_transform(p, action, &column, span);
}

struct ast_rule *make_validation(struct parser *p, const struct object *on,
				 struct list *functions, struct span span)
{
	struct ast_rule *r =
	    make_transform(p, "override-validation-function", on, span);

	r->kind = RULE_VALIDATE;
	rule_add(p, r, functions);
	return r;
}

/* The text of a part; the "_" between the digits of a number is no part of it.
 */
static struct str plain_text(struct parser *p, struct span span)
{
	struct str text = literal_text(p, span);
	char *out;
	size_t n = 0;

	if (text.n == 0 || str_find(text, '_') < 0 ||
	    !strchr("-0123456789", parser_text(p, span).s[0]))
		return text;
	out = str_c(text, p->arena);
	for (size_t i = 0; i < text.n; i++)
		if (text.s[i] != '_')
			out[n++] = text.s[i];
	return (struct str){ out, n };
}

struct list *make_part(struct parser *p, struct list *l,
		       enum ast_part_kind kind, struct span span)
{
	struct ast_part *part = arena_new(&p->scratch, struct ast_part, 1);

	part->kind = kind;
	/* A tuple is what its parts are. */
	if (kind != PART_BOUNDARY)
		part->text = plain_text(p, span);
	part->span = span;
	if (!l)
		l = list_new(p);
	list_add(p, l, part);
	return l;
}

void rule_add(struct parser *p, struct ast_rule *r, const struct list *parts)
{
	struct ast_part *all;

	if (!parts)
		return;
	all = arena_new(p->arena, struct ast_part, r->n_parts + parts->n);
	if (r->n_parts)
		memcpy(all, r->parts, r->n_parts * sizeof(*all));
	for (size_t i = 0; i < parts->n; i++)
		all[r->n_parts++] = *(struct ast_part *)parts->items[i];
	r->parts = all;
}

void rule_set_where(struct parser *p, struct ast_rule *r, struct list *where)
{
	if (!where)
		return;
	r->n_where = where->n;
	r->where = arena_new(p->arena, struct ast_where, where->n);
	for (size_t i = 0; i < where->n; i++)
		r->where[i] = *(struct ast_where *)where->items[i];
}

void where_or(struct parser *p, struct list *l, struct ast_where *w)
{
	w->is_or = true;
	list_add(p, l, w);
}

struct ast_where *make_where(struct parser *p, struct span column,
			     const char *op, struct span value,
			     struct span value2, struct span span)
{
	struct ast_where *w = arena_new(&p->scratch, struct ast_where, 1);

	w->value = plain_text(p, value);
	w->value2 = plain_text(p, value2);
	w->column = literal_text(p, column);
	w->op = str_from(op);
	w->span = span;
	return w;
}
