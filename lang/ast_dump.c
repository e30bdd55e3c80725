/*
 * The tree as text, one node a line for declarations, attributes and rules,
 * expressions as lists in parentheses. For tests: two texts that dump alike
 * mean the same.
 */
#include <config.h>

#include "lang/ast.h"

#include "lang/base/buf.h"

#include <stdio.h>
#include <string.h>

static void indent(struct buf *out, unsigned level)
{
	for (unsigned i = 0; i < level; i++)
		buf_add_c(out, "  ");
}

static void quoted(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c == '\n')
			buf_add_c(out, "\\n");
		else if (c == '\t')
			buf_add_c(out, "\\t");
		else if (c == '"' || c == '\\')
			buf_fmt(out, "\\%c", c);
		else if (c < 0x20)
			buf_fmt(out, "\\u{%x}", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static const char *op_name(enum ast_op op)
{
	static const char *const names[] = {
		[AST_OP_NONE] = "?", [AST_NOT] = "not", [AST_NEGATE] = "-",
		[AST_OR] = "or",     [AST_AND] = "and", [AST_EQ] = "==",
		[AST_NE] = "!=",     [AST_LT] = "<",	[AST_LE] = "<=",
		[AST_GT] = ">",	     [AST_GE] = ">=",	[AST_ADD] = "+",
		[AST_SUB] = "-",     [AST_MUL] = "*",	[AST_DIV] = "/",
		[AST_MOD] = "%",
	};

	return names[op];
}

static void dump_expr(const struct ast_expr *x, struct buf *out);

/* " NODE" for each child that there is. */
static void children(const struct ast_expr *x, struct buf *out)
{
	const struct ast_expr *below[AST_BELOW_MAX];
	size_t n = ast_below(x, below);

	for (size_t i = 0; i < n; i++) {
		buf_add_char(out, ' ');
		dump_expr(below[i], out);
	}
	for (size_t i = 0; i < x->n_items; i++) {
		buf_add_char(out, ' ');
		dump_expr(x->items[i], out);
	}
	buf_add_char(out, ')');
}

/* Recursion ends: the parser refuses trees of more than 200 levels. */
static void dump_expr(const struct ast_expr *x, struct buf *out)
{
	switch (x->kind) {
	case EXPR_ERROR:
		buf_add_c(out, "<error>");
		return;
	case EXPR_NULL:
		buf_add_c(out, "null");
		return;
	case EXPR_BOOL:
		buf_add_c(out, x->boolean ? "true" : "false");
		return;
	case EXPR_NUMBER:
	case EXPR_NAME:
		buf_add_str(out, ast_text(x));
		return;
	case EXPR_STRING:
		quoted(out, ast_text(x));
		return;
	case EXPR_CIDR:
		buf_fmt(out, "cidr:%.*s", STR_ARG(ast_text(x)));
		return;
	case EXPR_IP:
		buf_fmt(out, "ip:%.*s", STR_ARG(ast_text(x)));
		return;
	case EXPR_DURATION:
		buf_fmt(out, "duration:%.*s", STR_ARG(ast_text(x)));
		return;
	case EXPR_SIZE:
		buf_fmt(out, "size:%.*s", STR_ARG(ast_text(x)));
		return;
	case EXPR_ATTR:
		buf_fmt(out, "(.%.*s", STR_ARG(ast_text(x)));
		break;
	case EXPR_CALL:
		buf_fmt(out, "(call %.*s", STR_ARG(ast_text(x)));
		break;
	case EXPR_INDEX:
		buf_add_c(out, "(index");
		break;
	case EXPR_SPLAT:
		buf_add_c(out, "(splat");
		break;
	case EXPR_TEMPLATE:
		buf_add_c(out, "(template");
		break;
	case EXPR_LIST:
		buf_add_c(out, "(list");
		break;
	case EXPR_MAP:
		buf_add_c(out, "(map");
		break;
	case EXPR_UNARY:
	case EXPR_BINARY:
		buf_fmt(out, "(%s", op_name(x->op));
		break;
	case EXPR_COND:
		buf_add_c(out, "(?");
		break;
	case EXPR_LIST_FOR:
	case EXPR_MAP_FOR:
		buf_fmt(out, "(%s %.*s%s%.*s",
			x->kind == EXPR_LIST_FOR ? "list-for" : "map-for",
			STR_ARG(ast_wide(x)->key),
			ast_wide(x)->val.n ? "," : "",
			STR_ARG(ast_wide(x)->val));
		break;
	}
	children(x, out);
}

static void dump_value(const char *name, const struct ast_expr *x,
		       struct buf *out)
{
	if (!x)
		return;
	buf_fmt(out, " %s ", name);
	dump_expr(x, out);
}

static void dump_pattern(const struct ast_pattern *p, struct buf *out)
{
	const struct str *parts[] = { &p->schema, &p->table, &p->column };

	for (size_t i = 0; i < 3 && parts[i]->n; i++) {
		buf_add_c(out, i ? "." : " ");
		quoted(out, *parts[i]);
	}
}

static const char *part_name(enum ast_part_kind kind)
{
	static const char *const names[] = {
		[PART_KIND] = "kind",
		[PART_LOAD_ORDER] = "load-order",
		[PART_VALUE] = "value",
		[PART_OLD_VALUE] = "old-value",
		[PART_EXPRESSION] = "expression",
		[PART_OF] = "of",
		[PART_TYPE] = "type",
		[PART_TYPE_SIZE] = "size",
		[PART_NAME] = "name",
		[PART_UNIQUE] = "unique",
		[PART_COLUMN] = "column",
		[PART_BOUNDARY] = "boundary",
		[PART_BOUND] = "bound",
		[PART_LOBS] = "lobs",
		[PART_LOB_SIZE] = "lob-size",
		[PART_FILTER] = "filter",
		[PART_PREFIX] = "prefix",
		[PART_SUFFIX] = "suffix",
		[PART_SOURCE] = "source",
		[PART_TARGET] = "target",
	};

	return names[kind];
}

static void dump_where(const struct ast_where *w, const char *before,
		       struct buf *out)
{
	buf_fmt(out, " %s ", before);
	quoted(out, w->column);
	buf_fmt(out, " %.*s", STR_ARG(w->op));
	if (!str_starts(w->op, "is ")) {
		buf_add_char(out, ' ');
		quoted(out, w->value);
	}
	if (w->value2.n) {
		buf_add_char(out, ' ');
		quoted(out, w->value2);
	}
}

static void dump_rule(const struct ast_rule *r, unsigned level, struct buf *out)
{
	indent(out, level);
	if (r->kind == RULE_VALIDATE)
		buf_add_c(out, "validate");
	else
		buf_add_str(out, r->action);
	if (r->target.n)
		buf_fmt(out, " %.*s", STR_ARG(r->target));
	dump_pattern(&r->pattern, out);
	for (size_t i = 0; i < r->n_parts; i++) {
		const struct ast_part *part = &r->parts[i];

		buf_fmt(out, " %s", part_name(part->kind));
		if (part->kind == PART_BOUNDARY || part->kind == PART_UNIQUE)
			continue;
		buf_add_char(out, ' ');
		quoted(out, part->text);
	}
	for (size_t i = 0; i < r->n_where; i++)
		dump_where(&r->where[i],
			   i == 0	       ? "where"
			   : r->where[i].is_or ? "or"
					       : "and",
			   out);
	buf_add_char(out, '\n');
}

static void dump_body(const struct ast_body *b, unsigned level, struct buf *out)
{
	for (size_t i = 0; i < b->n_attrs; i++) {
		indent(out, level);
		buf_add_str(out, b->attrs[i].name);
		dump_value("=", b->attrs[i].value, out);
		buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < b->n_rules; i++)
		dump_rule(&b->rules[i], level, out);
	for (size_t i = 0; i < b->n_blocks; i++) {
		const struct ast_block *x = &b->blocks[i];

		indent(out, level);
		buf_fmt(out, "block %.*s", STR_ARG(x->name));
		if (x->label.n) {
			buf_add_char(out, ' ');
			quoted(out, x->label);
		}
		buf_add_char(out, '\n');
		dump_body(&x->body, level + 1, out);
	}
}

/* A type is text in the tree: without its comments and line ends. */
static void dump_type(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.s[i];

		if (c == '#')
			while (i + 1 < text.n && text.s[i + 1] != '\n')
				i++;
		else if (c == '|')
			buf_add_c(out, " | ");
		else if (c == ',' || c == ':')
			buf_fmt(out, "%c ", c);
		else if (!strchr(" \t\r\n", c))
			buf_add_char(out, c);
	}
}

static void dump_param(const struct ast_param *p, unsigned level,
		       struct buf *out)
{
	indent(out, level);
	buf_fmt(out, "param %.*s", STR_ARG(p->name));
	if (p->type.text.n) {
		buf_add_c(out, " : ");
		dump_type(out, p->type.text);
	}
	if (p->is_secret)
		buf_add_c(out, " secret");
	dump_value("=", p->fallback, out);
	buf_add_char(out, '\n');
	dump_body(&p->body, level + 1, out);
}

static const char *decl_name(enum ast_decl_kind kind)
{
	static const char *const names[] = {
		[DECL_PARAM] = "param",		[DECL_LET] = "let",
		[DECL_STACK] = "stack",		[DECL_PROVIDER] = "provider",
		[DECL_COMPONENT] = "component", [DECL_INSTANCE] = "instance",
		[DECL_EXISTING] = "existing",	[DECL_OUTPUT] = "output",
		[DECL_CHECK] = "check",		[DECL_USE] = "use",
		[DECL_MOVED] = "moved",		[DECL_IMPORT] = "import",
		[DECL_REMOVED] = "removed",
	};

	return names[kind];
}

static void dump_decl(const struct ast_decl *d, unsigned level, struct buf *out)
{
	if (d->kind == DECL_PARAM) {
		dump_param(&d->more->params[0], level, out);
		return;
	}
	indent(out, level);
	buf_fmt(out, "%s", decl_name(d->kind));
	if (d->type.n)
		buf_fmt(out, " %.*s", STR_ARG(d->type));
	if (d->name.n)
		buf_fmt(out, " %.*s", STR_ARG(d->name));
	if (d->more->label.n)
		buf_fmt(out, " %.*s", STR_ARG(d->more->label));
	if (d->more->over) {
		buf_fmt(out, " for %.*s%s%.*s", STR_ARG(d->more->key),
			d->more->val.n ? "," : "", STR_ARG(d->more->val));
		dump_value("in", d->more->over, out);
	}
	dump_value("if", d->more->condition, out);
	dump_value("=", d->value, out);
	dump_value(",", d->more->value2, out);
	buf_add_char(out, '\n');
	for (size_t i = 0; i < d->more->n_params; i++)
		dump_param(&d->more->params[i], level + 1, out);
	for (size_t i = 0; i < d->more->n_decls; i++)
		dump_decl(d->more->decls[i], level + 1, out);
	dump_body(&d->body, level + 1, out);
}

void ast_dump(const struct ast_file *f, struct buf *out)
{
	for (size_t i = 0; i < f->n_decls; i++)
		dump_decl(f->decls[i], 0, out);
}
