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
#include "lang/dms/problem.h"
#include "lang/dms/settings_table.h"
#include "lang/eval.h"
#include "lang/json.h"
#include "lang/suggest.h"
#include "lang/type.h"
#include "lang/utf8.h"

struct compiler {
	struct dms_report report; /* first: the callback gets it */
	const struct source *source;
	const struct ast_block *block;
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

/* -- where a problem stands -- */

/* Whether a path is the one of this row, or leads inside it. */
static bool is_path_of(const struct setting *s, struct str path)
{
	struct str group = str_from(s->group), key = str_from(s->key);

	while (group.n) {
		struct str part = str_cut(&group, '/');

		if (!str_eq(str_sub(path, 0, part.n), part) ||
		    (path.n > part.n && path.s[part.n] != '.'))
			return false;
		path = str_skip(path, part.n + 1);
	}
	return str_eq(str_sub(path, 0, key.n), key) &&
	       (path.n == key.n || path.s[key.n] == '[' ||
		path.s[key.n] == '.');
}

static void add_finding(struct dms_report *r, const struct dms_problem *p)
{
	struct compiler *c = (struct compiler *)r;
	struct place place = { c->source, c->block->name_span };
	struct str path = str_from(p->path);
	struct diag *d;

	for (size_t i = 0; i < setting_count; i++)
		if (c->set_by[i] && is_path_of(&setting_table[i], path))
			place =
			    place_of(c->set_by[i], c->set_by[i]->value->span);
	if (p->code[0] == 'E')
		d = diag_error(c->eval->diags, p->code, place, "%.*s",
			       STR_ARG(p->message));
	else
		d = diag_warning(c->eval->diags, p->code, place, "%.*s",
				 STR_ARG(p->message));
	if (p->hint)
		diag_hint(c->eval->diags, d, "%s", p->hint);
}

/* -- keys -- */

/* A map with v at the end of "A/B" and key. */
static struct value with_path(struct value map, struct str path, struct str key,
			      struct value v, struct arena *a)
{
	const struct value *have;
	struct str first;

	if (path.n == 0)
		return value_with(map, key, v, a);
	first = str_cut(&path, '/');
	have = value_get_str(map, first);
	return value_with(
	    map, first,
	    with_path(have ? *have : value_map(NULL, 0, a), path, key, v, a),
	    a);
}

/* Sets one key; a key that another attribute has set is an error. */
static void set(struct compiler *c, const struct ast_attr *at,
		const struct setting *s, struct value v)
{
	size_t row = (size_t)(s - setting_table);
	const struct ast_attr *other = c->set_by[row];
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
	c->document = with_path(c->document, str_from(s->group),
				str_from(s->key), v, c->arena);
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
	return true;
}

/* As evaluate(), of a setting: without a finding too where it is not set. */
static bool evaluate_set(struct compiler *c, const struct ast_attr *at,
			 const struct type *t, struct value *out)
{
	return evaluate(c, at, at->value, t, out) && !value_is_null(*out);
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

static struct str in_lower_case(struct str s, struct arena *a)
{
	char *text = str_c(s, a);

	for (size_t i = 0; i < s.n; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	return (struct str){ text, s.n };
}

/* enum(nothing, truncate, drop), and DMS's own spelling as a text. */
static struct str enum_text(struct compiler *c, const struct setting *s)
{
	struct str rest = str_from(s->members);
	struct str out;
	struct buf text;

	buf_init(&text, 1000);
	buf_add_c(&text, "enum(");
	while (rest.n) {
		struct str word = str_cut(&rest, ' ');
		struct str member = str_cut(&word, '=');

		if (word.n == 0)
			word = member;
		buf_add_str(&text, in_lower_case(word, c->arena));
		buf_add_c(&text, rest.n ? ", " : ")");
	}
	out = str_dup(buf_str(&text), c->arena);
	buf_release(&text);
	return out;
}

static const struct type *enum_type(struct compiler *c, const struct setting *s)
{
	return parse_type(c, str_c(enum_text(c, s), c->arena));
}

static void compile_enum(struct compiler *c, const struct ast_attr *at,
			 const struct setting *s)
{
	struct value v;

	if (evaluate_set(c, at, enum_type(c, s), &v))
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
	if (evaluate_set(c, at, parse_type(c, type), &v) &&
	    in_unit(c, at, at->value, s, v, &n))
		set(c, at, s, value_int_in(n, c->arena));
}

static void compile_plain(struct compiler *c, const struct ast_attr *at,
			  const struct setting *s, const char *type)
{
	struct value v;

	if (evaluate_set(c, at, parse_type(c, type), &v))
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
	bool is_full = str_is(ast_text(x), "full");
	const struct setting *s;
	struct value v;
	int64_t kib;

	if (x->kind == EXPR_NAME && str_is(ast_text(x), "none")) {
		set_lobs(c, at, false, false, false);
		return;
	}
	if (x->kind == EXPR_NAME && is_full) {
		set_lobs(c, at, true, true, false);
		return;
	}
	if (!is_call || x->n_items != 1 ||
	    (!is_full && !str_is(ast_text(x), "limited"))) {
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
	if (!evaluate(c, at, x->items[0], parse_type(c, "size | number"), &v))
		return;
	if (value_is_null(v)) {
		fail(c, at, x->items[0]->span, "a size is expected, not null");
		return;
	}
	if (!in_unit(c, at, x->items[0], s, v, &kib))
		return;
	if (kib == 0) {
		fail(c, at, x->items[0]->span, "the size is 0");
		return;
	}
	set_lobs(c, at, true, is_full, !is_full);
	set(c, at, s, value_int_in(kib, c->arena));
}

static void add_hint(struct compiler *c, struct diag *d,
		     const struct suggest *near)
{
	if (near->best.n)
		diag_hint(c->eval->diags, d, "Did you mean \"%.*s\"?",
			  STR_ARG(near->best));
}

static void unknown_setting(struct compiler *c, struct str block,
			    const struct ast_attr *at)
{
	struct suggest near = suggest_start(at->name);
	struct diag *d;

	c->n_errors++;
	d = diag_error(c->eval->diags, "E0420", place_of(at, at->name_span),
		       "unknown task setting \"%.*s\"", STR_ARG(at->name));
	for (size_t i = 0; i < setting_count; i++) {
		struct str name = str_from(setting_table[i].name);
		struct str in = STR("");

		if (str_find(name, '.') >= 0)
			in = str_cut(&name, '.');
		if (name.n && str_eq(in, block))
			suggest_try(&near, name);
	}
	if (block.n == 0)
		suggest_try(&near, STR("lobs"));
	/* Who knows the document's key finds our word for it. */
	for (size_t i = 0; i < setting_count; i++)
		if (setting_table[i].name && setting_table[i].key &&
		    str_is(at->name, setting_table[i].key))
			near.best = str_from(setting_table[i].name);
	add_hint(c, d, &near);
}

/* "source_unload" as the document has it; empty, with a finding. */
static struct str log_component(struct compiler *c, const struct ast_attr *at)
{
	struct suggest near = suggest_start(at->name);
	struct diag *d;

	for (size_t i = 0; i < setting_n_log_components; i++) {
		struct str id = str_from(setting_log_components[i]);
		const struct setting one = { .members =
						 setting_log_components[i] };

		if (str_eq(setting_member(&one, at->name), id))
			return id;
		suggest_try(&near, in_lower_case(id, c->arena));
	}
	d = diag_error(c->eval->diags, "E0420", place_of(at, at->name_span),
		       "unknown log component \"%.*s\"", STR_ARG(at->name));
	add_hint(c, d, &near);
	c->n_errors++;
	return STR("");
}

/* list(enum(all, insert, …)) */
static void compile_texts(struct compiler *c, const struct ast_attr *at,
			  const struct setting *s)
{
	struct str t =
	    str_fmt(c->arena, "list(%.*s)", STR_ARG(enum_text(c, s)));
	const struct ast_expr *x = at->value;
	struct value v;
	struct value *items;

	if (x->kind == EXPR_NAME && setting_member(s, ast_text(x)).n) {
		fail(c, at, x->span, "\"%.*s\" is a list: [%.*s]",
		     STR_ARG(at->name), STR_ARG(ast_text(x)));
		return;
	}
	if (!evaluate_set(c, at, parse_type(c, t.s), &v))
		return;
	items = arena_new(c->arena, struct value, v.as.list.n + 1);
	for (size_t i = 0; i < v.as.list.n; i++)
		items[i] =
		    value_str(setting_member(s, v.as.list.items[i].as.text));
	set(c, at, s, value_list(items, v.as.list.n));
}

/* The code point of a text of one character, in hexadecimal; of none 0. */
static bool code_point(struct compiler *c, const struct ast_attr *at,
		       struct str text, bool may_be_none, struct value *out)
{
	struct utf8 ch = utf8_next(text);

	if ((text.n == 0 && may_be_none) ||
	    (text.n && ch.length == text.n && ch.is_valid)) {
		*out = value_str(
		    str_fmt(c->arena, "%04X", text.n ? (unsigned)ch.code : 0));
		return true;
	}
	fail(c, at, at->value->span,
	     may_be_none ? "\"%.*s\" has texts of one character or none"
			 : "\"%.*s\" has keys of one character",
	     STR_ARG(at->name));
	return false;
}

static void compile_code_point(struct compiler *c, const struct ast_attr *at,
			       const struct setting *s)
{
	struct value v, code;

	if (evaluate_set(c, at, parse_type(c, "string"), &v) &&
	    code_point(c, at, v.as.text, true, &code))
		set(c, at, s, code);
}

/* replace = { "é" = "e", "\u{2028}" = "" } */
static void compile_replacements(struct compiler *c, const struct ast_attr *at,
				 const struct setting *s)
{
	struct value v;
	struct value *items;

	if (!evaluate_set(c, at, parse_type(c, "map(string)"), &v))
		return;
	items = arena_new(c->arena, struct value, v.as.map.n + 1);
	for (size_t i = 0; i < v.as.map.n; i++) {
		const struct value_entry *e = &v.as.map.entries[i];
		struct value_entry pair[] = {
			{ .key = STR("SourceCharacterCodePoint") },
			{ .key = STR("TargetCharacterCodePoint") },
		};

		if (!code_point(c, at, e->key, false, &pair[0].value) ||
		    !code_point(c, at, e->value.as.text, true, &pair[1].value))
			return;
		items[i] = value_map(pair, 2, c->arena);
	}
	set(c, at, s, value_list(items, v.as.map.n));
}

/* log { source_unload = debug }: the severity of each component. */
static void compile_log(struct compiler *c, const struct ast_block *b)
{
	static const struct setting severities = {
		.members = setting_log_severities,
	};
	const struct setting *row;
	struct value *items =
	    arena_new(c->arena, struct value, b->body.n_attrs + 1);
	size_t n = 0;

	row = setting_find(STR("Logging"), STR("LogComponents"));
	for (size_t i = 0; i < b->body.n_attrs; i++) {
		const struct ast_attr *at = &b->body.attrs[i];
		struct str id = log_component(c, at);
		struct value v;

		if (id.n == 0 ||
		    !evaluate_set(c, at, enum_type(c, &severities), &v))
			continue;
		struct value_entry pair[] = {
			{ STR("Id"), value_str(id) },
			{ STR("Severity"),
			  value_str(setting_member(&severities, v.as.text)) },
		};

		items[n++] = value_map(pair, 2, c->arena);
	}
	if (n)
		set(c, &b->body.attrs[0], row, value_list(items, n));
}

static void compile_attr(struct compiler *c, struct str block,
			 const struct ast_attr *at)
{
	const struct setting *s = setting_by_name(block, at->name);

	if (block.n == 0 && str_is(at->name, "lobs")) {
		compile_lobs(c, at);
		return;
	}
	if (!s) {
		unknown_setting(c, block, at);
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
	case SETTING_TEXTS:
		compile_texts(c, at, s);
		return;
	case SETTING_CODE_POINT:
		compile_code_point(c, at, s);
		return;
	case SETTING_REPLACEMENTS:
		compile_replacements(c, at, s);
		return;
	case SETTING_GROUP:
	case SETTING_DOCUMENT:
	case SETTING_LOG_COMPONENTS:
	case SETTING_GIVEN:
		BUG("setting \"%s\" has a name but no form", s->name);
	}
}

static void compile_block(struct compiler *c, const struct ast_block *b)
{
	struct place place = { c->source, b->name_span };
	struct diag *d;

	if (str_is(b->name, "log")) {
		compile_log(c, b);
	} else if (setting_is_block(b->name)) {
		for (size_t i = 0; i < b->body.n_attrs; i++)
			compile_attr(c, b->name, &b->body.attrs[i]);
	} else {
		d = diag_error(c->eval->diags, "E0420", place,
			       "\"settings\" has no block \"%.*s\"",
			       STR_ARG(b->name));
		diag_hint(c->eval->diags, d,
			  "There are log, loopback, before_image, characters, "
			  "time_travel and resync.");
		c->n_errors++;
	}
	for (size_t i = 0; i < b->body.n_blocks; i++) {
		place.span = b->body.blocks[i].name_span;
		diag_error(c->eval->diags, "E0420", place,
			   "\"%.*s\" has no blocks", STR_ARG(b->name));
		c->n_errors++;
	}
}

/* Blocks of one name would be written over one another. */
static bool check_blocks(struct compiler *c)
{
	const struct ast_body *body = &c->block->body;

	for (size_t i = 1; i < body->n_blocks && i < setting_count; i++)
		for (size_t k = 0; k < i; k++) {
			struct place p = { c->source,
					   body->blocks[i].name_span };
			struct diag *d;

			if (!str_eq(body->blocks[i].name, body->blocks[k].name))
				continue;
			d = diag_error(c->eval->diags, "E0422", p,
				       "a second block \"%.*s\"",
				       STR_ARG(body->blocks[i].name));
			p.span = body->blocks[k].name_span;
			diag_note(c->eval->diags, d, p, "the first is here");
			c->n_errors++;
			return false;
		}
	return true;
}

int settings_compile(const struct ast_block *block, const struct source *s,
		     const struct settings_task *task, struct eval *e,
		     struct arena *a, struct str *json)
{
	struct compiler c = {
		.report = { .arena = a, .add = add_finding },
		.source = s,
		.block = block,
		.eval = e,
		.arena = a,
		.document = value_map(NULL, 0, a),
		.set_by = arena_new(a, const struct ast_attr *, setting_count),
	};
	bool is_right;
	struct buf text;
	struct value all;

	*json = STR("");
	is_right = check_blocks(&c);
	for (size_t i = 0; is_right && i < block->body.n_blocks; i++)
		compile_block(&c, &block->body.blocks[i]);
	for (size_t i = 0; i < block->body.n_attrs; i++)
		compile_attr(&c, STR(""), &block->body.attrs[i]);
	if (c.n_errors)
		return -1;
	settings_check_keys(c.document, &c.report);
	if (c.report.n_errors)
		return -1;
	all = settings_fill(c.document, a);
	settings_check_together(all, &c.report);
	settings_check_meaning(all, task, &c.report);
	if (c.report.n_errors)
		return -1;
	buf_init(&text, 16 << 20);
	json_write(&text, c.document, 0);
	if (buf_is_full(&text))
		dms_report(&c.report, DMS_PROBLEM("E0423", DMS_NO_RULE, NULL),
			   "the settings are larger than 16 MiB");
	else
		*json = str_dup(buf_str(&text), a);
	buf_release(&text);
	return c.report.n_errors ? -1 : 0;
}
