/* What is shown of the word under the pointer: what it is, and its text. */
#include <config.h>

#include "engine/lsp/analysis.h"
#include "engine/lsp/names.h"
#include "engine/lsp/request.h"
#include "engine/lsp/task_settings.h"
#include "engine/rule.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/func.h"
#include "lang/json.h"
#include "lang/type.h"

#include <string.h>

enum {
	SHOWN_MAX = 64 << 10, /* bytes of an answer's text */
	EXCERPT_MAX = 400,    /* bytes of a declaration */
	COMMENT_LINES = 20,
	LISTED_MOST = 50, /* params, outputs */
};

struct card {
	const struct request *request;
	const struct target *target;
	struct buf text; /* Markdown */
};

static void begin_code(struct card *c)
{
	buf_add_c(&c->text, "```dmsl\n");
}

static void end_code(struct card *c)
{
	buf_add_c(&c->text, "\n```\n");
}

/* -- From the tables ------------------------------------------------------ */

/* Markdown takes the signs of a character class for its own. */
static void add_plain(struct card *c, struct str words)
{
	for (size_t i = 0; i < words.n; i++) {
		if (strchr("\\`*_{}[]<>#!|~&", words.s[i]))
			buf_add_char(&c->text, '\\');
		buf_add_char(&c->text, words.s[i]);
	}
}

static void show_attr(struct card *c, const struct use *u)
{
	const struct attr_schema *a = u->attr;
	struct str how = attr_how_given(a, c->request->arena);
	struct str takes = rules_print(u->rules, a, c->request->arena);

	begin_code(c);
	buf_fmt(&c->text, "%s : %s", a->name, a->type);
	end_code(c);
	if (a->doc)
		buf_fmt(&c->text, "\n%s\n", a->doc);
	if (takes.n) {
		buf_add_c(&c->text, "\nTakes ");
		add_plain(c, takes);
		buf_add_c(&c->text, ".\n");
	}
	buf_fmt(&c->text, "\n*%.*s*", STR_ARG(how));
	if (u->of)
		buf_fmt(&c->text, " — attribute of `%s`", u->of->name);
	buf_add_char(&c->text, '\n');
}

static void list_attrs(struct card *c, const struct attr_schema *a,
		       unsigned with, const char *title)
{
	bool has_some = false;

	for (; a && a->name; a++) {
		if (!(a->flags & with))
			continue;
		buf_fmt(&c->text, "%s`%s`", has_some ? ", " : title, a->name);
		has_some = true;
	}
	if (has_some)
		buf_add_char(&c->text, '\n');
}

static void show_type(struct card *c, const struct type_schema *t)
{
	begin_code(c);
	buf_add_c(&c->text, t->name);
	end_code(c);
	buf_fmt(&c->text, "\n%s\n\n*resource type, %s*\n", t->doc, t->group);
	list_attrs(c, t->attrs, ATTR_REQUIRED, "\nRequired: ");
	list_attrs(c, t->attrs, ATTR_OPTIONAL, "\nOptional: ");
	for (const struct block_schema *b = t->blocks; b && b->name; b++)
		buf_fmt(&c->text, "%s`%s`%s",
			b == t->blocks ? "\nBlocks: " : "", b->name,
			b[1].name ? ", " : "\n");
}

static void show_block(struct card *c, const struct block_schema *b)
{
	begin_code(c);
	buf_fmt(&c->text, "%s%s { … }", b->name,
		b->kind == BLOCK_NODES ? " NAME" : "");
	end_code(c);
	if (b->doc)
		buf_fmt(&c->text, "\n%s\n", b->doc);
	list_attrs(c, b->attrs, ATTR_REQUIRED, "\nRequired: ");
	list_attrs(c, b->attrs, ATTR_OPTIONAL, "\nOptional: ");
}

static void show_function(struct card *c, const struct func *f)
{
	begin_code(c);
	func_usage(f, true, &c->text);
	end_code(c);
	buf_fmt(&c->text, "\n%s\n\n`%s` gives `%s`.\n", f->doc, f->example,
		f->gives);
}

static void show_member(struct card *c, const struct use *u)
{
	begin_code(c);
	buf_add_str(&c->text, source_text(u->place));
	end_code(c);
	buf_add_c(&c->text, "\n*one of* `");
	type_print(u->members, &c->text);
	buf_add_c(&c->text, "`\n");
}

/* -- From the texts ------------------------------------------------------- */

/* The beginning of a text, at the end of a character. */
static void add_excerpt(struct card *c, struct str s)
{
	size_t n = s.n;

	if (n > EXCERPT_MAX) {
		n = EXCERPT_MAX;
		while (n && ((unsigned char)s.s[n] & 0xc0) == 0x80)
			n--;
	}
	buf_add_str(&c->text, str_sub(s, 0, n));
	if (n < s.n)
		buf_add_c(&c->text, " …");
}

static void add_expr(struct card *c, const char *before,
		     const struct ast_expr *x)
{
	if (!x || x->kind == EXPR_ERROR)
		return;
	buf_add_c(&c->text, before);
	add_excerpt(c, source_text((struct place){ x->source, x->span }));
}

static void add_param(struct card *c, const struct ast_param *p)
{
	buf_add_str(&c->text, p->name);
	if (p->type.text.n) {
		buf_add_c(&c->text, ": ");
		add_excerpt(c, p->type.text);
	}
	if (p->is_secret)
		buf_add_c(&c->text, " secret");
	else
		add_expr(c, " = ", p->fallback);
}

static void add_component(struct card *c, const struct ast_decl *d)
{
	buf_fmt(&c->text, "component %.*s(", STR_ARG(d->name));
	for (size_t i = 0; i < d->more->n_params && i < LISTED_MOST; i++) {
		buf_add_c(&c->text, i ? ",\n  " : "\n  ");
		add_param(c, &d->more->params[i]);
	}
	buf_add_c(&c->text, d->more->n_params ? "\n) {" : ") {");
	for (size_t i = 0, n = 0; i < d->more->n_decls && n < LISTED_MOST; i++)
		if (d->more->decls[i]->kind == DECL_OUTPUT && ++n)
			buf_fmt(&c->text, "\n  output %.*s",
				STR_ARG(d->more->decls[i]->name));
	buf_add_c(&c->text, "\n}");
}

static void add_resource(struct card *c, const struct ast_decl *d)
{
	buf_fmt(&c->text, "%s%.*s %.*s",
		d->kind == DECL_EXISTING ? "existing " : "", STR_ARG(d->type),
		STR_ARG(d->name));
	if (d->more->key.n)
		buf_fmt(&c->text, " for %.*s%s%.*s", STR_ARG(d->more->key),
			d->more->val.n ? ", " : "", STR_ARG(d->more->val));
	add_expr(c, " in ", d->more->over);
	add_expr(c, " if ", d->more->condition);
}

/* "param description" of a param's body. */
static const struct ast_attr *description(const struct symbol *s)
{
	const struct ast_attr *a =
	    s->param ? ast_attr_find(&s->param->body, STR("description"))
		     : NULL;

	return a && a->value->kind == EXPR_STRING ? a : NULL;
}

static void add_signature(struct card *c, const struct symbol *s)
{
	switch (s->kind) {
	case SYMBOL_PARAM:
		buf_add_c(&c->text, "param ");
		add_param(c, s->param);
		break;
	case SYMBOL_LET:
		buf_fmt(&c->text, "let %.*s", STR_ARG(s->name));
		add_expr(c, " = ", s->decl->value);
		break;
	case SYMBOL_VARIABLE:
		buf_fmt(&c->text, "for %.*s", STR_ARG(s->name));
		add_expr(c, " in ", s->over);
		break;
	case SYMBOL_RESOURCE:
		add_resource(c, s->decl);
		break;
	case SYMBOL_COMPONENT:
		add_component(c, s->decl);
		break;
	case SYMBOL_OUTPUT:
		buf_fmt(&c->text, "output %.*s", STR_ARG(s->name));
		add_expr(c, " = ", s->decl->value);
		break;
	case SYMBOL_PROVIDER:
		buf_fmt(&c->text, "provider %.*s %.*s", STR_ARG(s->decl->name),
			STR_ARG(s->name));
		break;
	case SYMBOL_CHECK:
		buf_fmt(&c->text, "check %.*s", STR_ARG(s->name));
		break;
	case SYMBOL_STACK:
		buf_fmt(&c->text, "stack %.*s", STR_ARG(s->name));
		break;
	}
}

static bool is_comment(struct str line)
{
	return str_starts(str_trim(line), "#");
}

/* The lines of comment right above a declaration. */
static void add_comment(struct card *c, const struct symbol *s)
{
	const struct source *source = s->place.source;
	struct position at =
	    position_at(analysis_lines(c->target->analysis, source),
			source->text, ENCODING_UTF8, s->decl->span.start);
	uint32_t first = at.line, n = 0;

	if (s->kind == SYMBOL_VARIABLE ||
	    (s->kind == SYMBOL_PARAM && s->decl->kind != DECL_PARAM))
		return;
	while (first > 0 && n < COMMENT_LINES &&
	       is_comment(source_line(source, first))) {
		first--;
		n++;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct str line = str_trim(source_line(source, first + 1 + i));

		while (str_starts(line, "#"))
			line = str_skip(line, 1);
		buf_add_c(&c->text, i ? "" : "\n");
		add_excerpt(c, str_trim(line));
		buf_add_char(&c->text, '\n');
	}
}

static struct str base_name(struct str path)
{
	return str_skip(path, (size_t)(str_rfind(path, '/') + 1));
}

/* What is known of the value besides its text. */
static void add_type(struct card *c, const struct symbol *s)
{
	struct names_env env = { .scope = s->scope, .decl = s->decl };
	const struct type *t = NULL;
	const struct type_schema *schema =
	    s->kind == SYMBOL_RESOURCE
		? schema_find(c->target->names->schemas, s->decl->type)
		: NULL;

	if (s->kind == SYMBOL_LET || s->kind == SYMBOL_OUTPUT)
		t = names_type_of(c->target->names, &env, s->decl->value);
	if (t) {
		buf_add_c(&c->text, "\n`");
		type_print(t, &c->text);
		buf_add_c(&c->text, "`\n");
	}
	if (schema)
		buf_fmt(&c->text, "\n%s\n", schema->doc);
}

static void show_symbol(struct card *c, const struct symbol *s)
{
	const struct ast_attr *about = description(s);
	uint32_t line, column;

	begin_code(c);
	add_signature(c, s);
	end_code(c);
	if (about) {
		buf_add_char(&c->text, '\n');
		add_excerpt(c, ast_text(about->value));
		buf_add_char(&c->text, '\n');
	}
	add_comment(c, s);
	add_type(c, s);
	source_position(s->place.source, s->place.span.start, &line, &column);
	buf_fmt(&c->text, "\n*%.*s, line %u*\n",
		STR_ARG(base_name(s->place.source->name)), (unsigned)line);
}

static void show_use(struct card *c, const struct use *u)
{
	switch (u->kind) {
	case USE_SYMBOL:
		show_symbol(c, u->symbol);
		break;
	case USE_TYPE:
		show_type(c, u->type);
		break;
	case USE_ATTR:
		show_attr(c, u);
		break;
	case USE_BLOCK:
		show_block(c, u->block);
		break;
	case USE_FUNCTION:
		show_function(c, u->func);
		break;
	case USE_MEMBER:
		show_member(c, u);
		break;
	case USE_SETTING:
		begin_code(c);
		buf_add_str(&c->text, source_text(u->place));
		end_code(c);
		buf_add_char(&c->text, '\n');
		task_setting_describe(u->setting_block, source_text(u->place),
				      &c->text);
		break;
	case USE_FILE:
		buf_fmt(&c->text, "`%.*s`\n", STR_ARG(u->file->name));
		break;
	}
}

int hover(const struct request *r, struct buf *out, struct error *err)
{
	struct target t;
	struct card c = { .request = r, .target = &t };
	const struct use *u;

	if (request_target(r, &t, err) < 0)
		return -1;
	u = target_use(&t);
	if (!u)
		return 0;
	buf_init(&c.text, SHOWN_MAX);
	show_use(&c, u);
	buf_add_c(out, "{\"contents\":{\"kind\":\"markdown\",\"value\":");
	json_write_string(out, buf_str(&c.text));
	buf_add_c(out, "},\"range\":");
	reply_range(out, r, t.analysis, u->place);
	buf_add_char(out, '}');
	buf_release(&c.text);
	return 0;
}
