/*
 * settings { } to the document that AWS DMS takes: only what was written, so
 * that a plan shows no more than the text says.
 */
#include <config.h>

#include "lang/dms/settings.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/dms/settings_table.h"
#include "lang/eval.h"
#include "lang/json.h"
#include "lang/suggest.h"
#include "lang/type.h"

struct compiler {
	struct eval *eval;
	struct arena *arena;
	struct value document;
	/* For each row of the table, the attribute that has set it. */
	const struct ast_attr **set_by;
	size_t n_errors;
};

static struct place place_of(const struct ast_attr *at, struct span span)
{
	return (struct place){ .source = at->value->source, .span = span };
}

/* Sets one key; a key that another attribute has set is an error. */
static void set(struct compiler *c, const struct ast_attr *at,
		const struct setting *s, struct value v)
{
	size_t row = (size_t)(s - setting_table);
	const struct ast_attr *other = c->set_by[row];
	struct str group = str_from(s->group ? s->group : s->key);
	const struct value *have;
	struct value map;
	struct diag *d;

	if (other) {
		c->n_errors++;
		d = diag_error(c->eval->diags, "E0422",
			       place_of(at, at->name_span),
			       "\"%.*s\" sets what \"%.*s\" has set",
			       STR_ARG(at->name), STR_ARG(other->name));
		diag_note(c->eval->diags, d, place_of(other, other->name_span),
			  "both set %s", s->key);
		return;
	}
	c->set_by[row] = at;
	if (!s->group) {
		c->document = value_with(c->document, group, v, c->arena);
		return;
	}
	have = value_get_str(c->document, group);
	map = value_with(have ? *have : value_map(NULL, 0, c->arena),
			 str_from(s->key), v, c->arena);
	c->document = value_with(c->document, group, map, c->arena);
}

static void set_key(struct compiler *c, const struct ast_attr *at,
		    const char *group, const char *key, struct value v)
{
	const struct setting *s = setting_find(str_from(group), str_from(key));

	if (!s)
		BUG("no setting \"%s\" in \"%s\"", key, group);
	set(c, at, s, v);
}

__attribute__((format(printf, 4, 5))) static void
fail(struct compiler *c, const struct ast_attr *at, struct span span,
     const char *format, ...)
{
	struct buf message;
	va_list args;

	buf_init(&message, 2000);
	va_start(args, format);
	buf_vfmt(&message, format, args);
	va_end(args);
	diag_error(c->eval->diags, "E0421", place_of(at, span), "%s",
		   message.data);
	buf_release(&message);
	c->n_errors++;
}

static bool evaluate(struct compiler *c, const struct ast_attr *at,
		     const struct ast_expr *x, const struct type *t,
		     struct value *out)
{
	if (eval_expr(c->eval, x, t, out) < 0) {
		c->n_errors++;
		return false;
	}
	if (!value_is_known(*out) || value_has_secret(*out)) {
		fail(c, at, x->span,
		     "a setting must be known before apply and "
		     "cannot be secret");
		return false;
	}
	if (value_is_null(*out))
		return false;
	return true;
}

/* A number in the unit of a setting, written as number, size or duration. */
static bool in_unit(struct compiler *c, const struct ast_attr *at,
		    const struct ast_expr *x, const struct setting *s,
		    struct value in, int64_t *out)
{
	struct value_entry one = { .key = STR("n"), .value = in };
	struct value map = { .kind = VALUE_MAP, .as.map = { &one, 1 } };
	int64_t unit = s->kind == SETTING_KIB	    ? 1 << 10
		       : s->kind == SETTING_MIB	    ? 1 << 20
		       : s->kind == SETTING_SECONDS ? 1000
						    : 60000;
	int64_t n = value_number(map, "n", INT64_MIN);

	if (in.kind != VALUE_NUMBER && n % unit) {
		fail(c, at, x->span, "\"%.*s\" is a whole number of %s",
		     STR_ARG(at->name),
		     s->kind == SETTING_KIB	  ? "KiB"
		     : s->kind == SETTING_MIB	  ? "MiB"
		     : s->kind == SETTING_SECONDS ? "seconds"
						  : "minutes");
		return false;
	}
	if (in.kind != VALUE_NUMBER)
		n /= unit;
	if (n < s->least || n > s->most) {
		fail(c, at, x->span,
		     "\"%.*s\" is a whole number from %lld to "
		     "%lld",
		     STR_ARG(at->name), (long long)s->least,
		     (long long)s->most);
		return false;
	}
	*out = n;
	return true;
}

static const struct type *parse_type(struct compiler *c, const char *text)
{
	struct error err;
	uint32_t at;
	const struct type *t = type_parse(str_from(text), c->arena, &at, &err);

	if (!t)
		BUG("type \"%s\": %s", text, err.message);
	return t;
}

/* enum(nothing, truncate, drop), and DMS's own spelling as a text. */
static const struct type *enum_type(struct compiler *c, const struct setting *s)
{
	struct str rest = str_from(s->members);
	const struct type *t;
	struct buf text;

	buf_init(&text, 1000);
	buf_add_c(&text, "enum(");
	while (rest.n) {
		struct str word = str_cut(&rest, ' ');
		struct str member = str_cut(&word, '=');

		if (word.n == 0)
			word = member;
		for (size_t i = 0; i < word.n; i++) {
			char ch = word.s[i];

			if (ch >= 'A' && ch <= 'Z')
				ch = (char)(ch - 'A' + 'a');
			buf_add_char(&text, ch);
		}
		buf_add_c(&text, rest.n ? ", " : ")");
	}
	t = parse_type(c, text.data);
	buf_release(&text);
	return t;
}

static void compile_enum(struct compiler *c, const struct ast_attr *at,
			 const struct setting *s)
{
	struct value v;

	if (evaluate(c, at, at->value, enum_type(c, s), &v))
		set(c, at, s, value_str(setting_member(s, v.as.text)));
}

static void compile_number(struct compiler *c, const struct ast_attr *at,
			   const struct setting *s)
{
	const char *type = "number";
	struct value v;
	int64_t n;

	if (s->kind == SETTING_KIB || s->kind == SETTING_MIB)
		type = "size | number";
	if (s->kind == SETTING_SECONDS || s->kind == SETTING_MINUTES)
		type = "duration | number";
	if (evaluate(c, at, at->value, parse_type(c, type), &v) &&
	    in_unit(c, at, at->value, s, v, &n))
		set(c, at, s, value_int_in(n, c->arena));
}

static void compile_plain(struct compiler *c, const struct ast_attr *at,
			  const struct setting *s, const char *type)
{
	struct value v;

	if (evaluate(c, at, at->value, parse_type(c, type), &v))
		set(c, at, s, v);
}

static void set_lobs(struct compiler *c, const struct ast_attr *at,
		     bool support, bool full, bool limited)
{
	const char *group = "TargetMetadata";

	set_key(c, at, group, "SupportLobs", value_bool(support));
	set_key(c, at, group, "FullLobMode", value_bool(full));
	set_key(c, at, group, "LimitedSizeLobMode", value_bool(limited));
}

/* lobs = limited(SIZE) | full | full(CHUNK) | none */
static void compile_lobs(struct compiler *c, const struct ast_attr *at)
{
	const struct ast_expr *x = at->value;
	bool is_call = x->kind == EXPR_CALL;
	bool is_full = str_is(x->text, "full");
	const struct setting *s;
	struct value v;
	int64_t kib;

	if (x->kind == EXPR_NAME && str_is(x->text, "none")) {
		set_lobs(c, at, false, false, false);
		return;
	}
	if (x->kind == EXPR_NAME && is_full) {
		set_lobs(c, at, true, true, false);
		return;
	}
	if (!is_call || x->n_items != 1 ||
	    (!is_full && !str_is(x->text, "limited"))) {
		struct diag *d =
		    diag_error(c->eval->diags, "E0421", place_of(at, x->span),
			       "\"lobs\" says how large values "
			       "are moved");

		diag_hint(c->eval->diags, d,
			  "Write limited(SIZE), full(CHUNK), full or none.");
		c->n_errors++;
		return;
	}
	s = setting_find(STR("TargetMetadata"),
			 is_full ? STR("LobChunkSize") : STR("LobMaxSize"));
	if (!evaluate(c, at, x->items[0], parse_type(c, "size | number"), &v) ||
	    !in_unit(c, at, x->items[0], s, v, &kib))
		return;
	if (kib == 0) {
		fail(c, at, x->items[0]->span, "the size is 0");
		return;
	}
	set_lobs(c, at, true, is_full, !is_full);
	set(c, at, s, value_int_in(kib, c->arena));
}

static void unknown_setting(struct compiler *c, const struct ast_attr *at)
{
	struct suggest near = suggest_start(at->name);
	struct str best;
	struct diag *d;

	c->n_errors++;
	d = diag_error(c->eval->diags, "E0420", place_of(at, at->name_span),
		       "unknown task setting \"%.*s\"", STR_ARG(at->name));
	for (size_t i = 0; i < setting_count; i++)
		if (setting_table[i].name)
			suggest_try(&near, str_from(setting_table[i].name));
	suggest_try(&near, STR("lobs"));
	best = near.best;
	/* Who knows the document's key finds our word for it. */
	for (size_t i = 0; i < setting_count; i++)
		if (setting_table[i].name && setting_table[i].key &&
		    str_is(at->name, setting_table[i].key))
			best = str_from(setting_table[i].name);
	if (best.n)
		diag_hint(c->eval->diags, d, "Did you mean \"%.*s\"?",
			  STR_ARG(best));
}

static void compile_attr(struct compiler *c, const struct ast_attr *at)
{
	const struct setting *s = setting_by_name(at->name);

	if (str_is(at->name, "lobs")) {
		compile_lobs(c, at);
		return;
	}
	if (!s) {
		unknown_setting(c, at);
		return;
	}
	switch (s->kind) {
	case SETTING_BOOL:
		compile_plain(c, at, s, "bool");
		return;
	case SETTING_TEXT:
		compile_plain(c, at, s, "string");
		return;
	case SETTING_NUMBER:
	case SETTING_KIB:
	case SETTING_MIB:
	case SETTING_SECONDS:
	case SETTING_MINUTES:
		compile_number(c, at, s);
		return;
	case SETTING_ENUM:
		compile_enum(c, at, s);
		return;
	case SETTING_DOCUMENT:
	case SETTING_LOG_COMPONENTS:
	case SETTING_GIVEN:
		BUG("setting \"%s\" has a name but no form", s->name);
	}
}

int settings_compile(const struct ast_block *block, struct eval *e,
		     struct arena *a, struct str *json)
{
	struct compiler c = {
		.eval = e,
		.arena = a,
		.document = value_map(NULL, 0, a),
		.set_by = arena_new(a, const struct ast_attr *, setting_count),
	};
	struct settings ignored;
	struct error err;
	struct buf text;

	*json = STR("");
	for (size_t i = 0; i < block->body.n_attrs; i++)
		compile_attr(&c, &block->body.attrs[i]);
	for (size_t i = 0; i < block->body.n_blocks; i++) {
		const struct ast_block *b = &block->body.blocks[i];
		struct place p = { .span = b->name_span };

		if (block->body.n_attrs)
			p.source = block->body.attrs[0].value->source;
		diag_error(e->diags, "E0420", p,
			   "\"settings\" has no block \"%.*s\"",
			   STR_ARG(b->name));
		c.n_errors++;
	}
	if (c.n_errors)
		return -1;
	buf_init(&text, 1 << 20);
	json_write(&text, c.document, 0);
	*json = str_dup(buf_str(&text), a);
	buf_release(&text);
	if (settings_read(*json, a, &ignored, &err) < 0) {
		struct place p = { 0 };

		if (block->body.n_attrs)
			p = place_of(&block->body.attrs[0], block->name_span);
		diag_error(e->diags, "E0423", p, "%s", err.message);
		return -1;
	}
	return 0;
}
