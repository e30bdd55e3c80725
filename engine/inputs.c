#include <config.h>

#include "engine/inputs.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/type.h"

#include "engine/check.h"
#include "engine/context.h"
#include "engine/opts.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"
#include "lang/json.h"
#include "lang/parse.h"

#include <stdlib.h>

enum { PARAMS_MAX = 16 << 20 }; /* bytes of a params file */

struct settings {
	VEC(struct setting) all;
	const char *path; /* of the file that is read */
	struct arena *arena;
};

static void add_setting(struct settings *s, struct str name, struct str text,
			bool is_json)
{
	*vec_push(&s->all) = (struct setting){
		.name = str_dup(name, s->arena),
		.text = str_dup(text, s->arena),
		.from = str_from(s->path),
		.is_json = is_json,
	};
}

/* -- Params files --------------------------------------------------------- */

static int read_json(struct settings *s, struct str text, struct error *err)
{
	struct value v;
	struct buf one;

	if (json_read(text, s->arena, &v, err))
		return error_add(err, "params file \"%s\"", s->path);
	if (v.kind != VALUE_MAP)
		return error_set(err, ERROR_INVALID,
				 "params file \"%s\" is not a JSON object",
				 s->path);
	buf_init(&one, PARAMS_MAX);
	for (size_t i = 0; i < v.as.map.n; i++) {
		buf_clear(&one);
		json_write(&one, v.as.map.entries[i].value, 0);
		add_setting(s, v.as.map.entries[i].key, buf_str(&one), true);
	}
	buf_release(&one);
	return 0;
}

/* In front of the first line, so that the lines are the inside of a map. */
static const char opening[] = "let params = {";

/* The place alone: the line may hold what is secret. */
static int params_malformed(const struct settings *s, struct place p,
			    struct error *err)
{
	uint32_t line = 1, column = 1;

	if (p.source)
		source_position(p.source, p.span.start, &line, &column);
	if (line == 1 && column >= sizeof(opening))
		column -= sizeof(opening) - 1;
	error_set(err, ERROR_INVALID,
		  "params file \"%s\" has a mistake in line %u, column %u",
		  s->path, line, column);
	return error_hint(err, "It has lines of NAME = VALUE, such as "
			       "rows = 4.");
}

/* The map, or NULL and the place of what is wrong. */
static const struct ast_expr *parse_lines(const struct settings *s,
					  struct str text, struct place *wrong)
{
	struct diags found = { .arena = s->arena };
	struct str wrapped =
	    str_fmt(s->arena, "%s%.*s\n}", opening, STR_ARG(text));
	const struct ast_file *f =
	    parse_file(source_from(str_from(s->path), wrapped, s->arena),
		       s->arena, &found);
	const struct ast_expr *map = NULL;
	size_t last = strlen(opening) + text.n;

	*wrong = found.n ? found.items[0]->place : (struct place){ 0 };
	/* What is missing at the end is not behind it, in what we added. */
	while (last > strlen(opening) &&
	       (wrapped.s[last] == '\n' || wrapped.s[last] == ' '))
		last--;
	if (wrong->span.start > last)
		wrong->span.start = (uint32_t)last;
	/* A brace in it may have closed the map. */
	if (found.n_errors == 0 && f->n_decls == 1 &&
	    f->decls[0]->kind == DECL_LET &&
	    f->decls[0]->value->kind == EXPR_MAP)
		map = f->decls[0]->value;
	diags_release(&found);
	return map;
}

static int read_lines(struct settings *s, struct str text, struct error *err)
{
	struct place place;
	const struct ast_expr *map = parse_lines(s, text, &place);

	if (!map)
		return params_malformed(s, place, err);
	for (size_t i = 0; i < map->n_items; i += 2) {
		const struct ast_expr *name = map->items[i];
		const struct ast_expr *value = map->items[i + 1];

		place = (struct place){ name->source, name->span };
		if (name->kind != EXPR_NAME && name->kind != EXPR_STRING)
			return params_malformed(s, place, err);
		place = (struct place){ value->source, value->span };
		add_setting(s, ast_text(name), source_text(place), false);
	}
	return 0;
}

static const struct params_format {
	const char *ending;
	int (*read)(struct settings *s, struct str text, struct error *err);
} formats[] = {
	{ ".json", read_json },
	{ ".dmsl", read_lines },
	{ ".dmslparams", read_lines },
};

static int read_params(struct settings *s, const char *path, struct error *err)
{
	struct str text;

	s->path = path;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!str_ends(str_from(path), formats[i].ending))
			continue;
		if (file_read(path, PARAMS_MAX, s->arena, &text, err))
			return error_add(err, "params file");
		return formats[i].read(s, text, err);
	}
	error_set(err, ERROR_INVALID,
		  "params file \"%s\" has a name of no known ending", path);
	return error_hint(err, "JSON ends in .json, lines of NAME = VALUE end "
			       "in .dmsl or .dmslparams.");
}

static int read_option(struct settings *s, const char *option,
		       struct error *err)
{
	struct str text = str_from(option);
	ptrdiff_t equals = str_find(text, '=');

	if (equals < 1)
		return error_set(err, ERROR_INVALID,
				 "option --set takes NAME=VALUE, not \"%s\"",
				 option);
	add_setting(s, str_sub(text, 0, (size_t)equals),
		    str_skip(text, (size_t)equals + 1), false);
	return 0;
}

int inputs_take(struct context *c, const struct option_list *set,
		const struct option_list *files, struct error *err)
{
	struct settings s = { .arena = c->arena };
	int result = 0;

	for (size_t i = 0; result == 0 && i < files->n; i++)
		result = read_params(&s, files->items[i], err);
	s.path = NULL;
	for (size_t i = 0; result == 0 && i < set->n; i++)
		result = read_option(&s, set->items[i], err);
	c->n_settings = s.all.n;
	c->settings = vec_take(&s.all, c->arena);
	return result;
}

/* -- Values of params ----------------------------------------------------- */

/* The last of a name counts. */
static const struct setting *setting_find(const struct context *c,
					  struct str name)
{
	for (size_t i = c->n_settings; i-- > 0;)
		if (str_eq(c->settings[i].name, name))
			return &c->settings[i];
	return NULL;
}

static bool is_plain_text(const struct type *t, struct str text)
{
	if (!t || (t->kind != TYPE_STRING && t->kind != TYPE_ENUM))
		return false;
	return !str_starts(text, "\"");
}

/* A finding whose place is the option, not the stack. */
static struct place option_place(struct str where, struct str text,
				 struct arena *a)
{
	struct source *s = source_from(where, text, a);

	return (struct place){ s, { 0, (uint32_t)text.n } };
}

static int evaluate(struct context *c, struct str where, struct str text,
		    bool is_secret, const struct type *t, struct arena *a,
		    struct value *out)
{
	struct buf why;
	int result = -1;

	if (!is_plain_text(t, text) && !is_secret)
		return constant_value(where, text, t, c->arena, &c->diags, out);
	/* A secret is never parsed: findings would show it. */
	buf_init(&why, 1000);
	*out = value_str(str_dup(text, a));
	if (!t || type_convert(t, *out, a, out, &why) == 0)
		result = 0;
	else if (is_secret)
		diag_error(&c->diags, "E0304",
			   option_place(where, STR("(secret)"), c->arena),
			   "%.*s does not have the type of its param",
			   STR_ARG(where));
	else
		diag_error(&c->diags, "E0304",
			   option_place(where, text, c->arena), "%s", why.data);
	buf_release(&why);
	return result;
}

static int json_value(struct context *c, struct str where, struct str text,
		      const struct type *t, struct arena *a, struct value *out)
{
	struct error err;
	struct buf why;
	int result = 0;

	buf_init(&why, 1000);
	/* It was written by json_write(), or stands in a saved plan. */
	if (json_read(str_dup(text, a), a, out, &err))
		buf_add_c(&why, err.message);
	if (why.len || (t && type_convert(t, *out, a, out, &why)))
		result = -1;
	if (result)
		diag_error(&c->diags, "E0304",
			   option_place(where, text, c->arena), "%s", why.data);
	buf_release(&why);
	return result;
}

static struct str variable_name(const struct ast_param *p, struct arena *a)
{
	return str_fmt(a, "DMSL_PARAM_%.*s", STR_ARG(p->name));
}

/* "--set NAME", or "FILE: NAME": file() is relative to where a text stands. */
static struct str setting_place(const struct setting *s, struct arena *a)
{
	if (s->from.n == 0)
		return str_fmt(a, "--set %.*s", STR_ARG(s->name));
	return str_fmt(a, "%.*s: %.*s", STR_ARG(s->from), STR_ARG(s->name));
}

static int secret_value(struct context *c, const struct ast_param *p,
			const struct type *t, struct arena *a,
			struct value *out)
{
	struct str variable = variable_name(p, c->arena);
	const struct setting *s = setting_find(c, p->name);
	const char *text = getenv(variable.s);

	if (s) {
		bool is_file = s->from.n > 0;
		struct diag *to = diag_error(
		    &c->diags, "E0304",
		    option_place(setting_place(s, c->arena), STR("(secret)"),
				 c->arena),
		    "secret param \"%.*s\" cannot be given by %s",
		    STR_ARG(p->name), is_file ? "a params file" : "--set");

		diag_hint(&c->diags, to, "%s; use the variable %s.",
			  is_file ? "A params file is there to be shared"
				  : "Arguments can be seen by everyone on "
				    "this machine",
			  variable.s);
		return -1;
	}
	if (!text)
		return 0;
	if (evaluate(c, variable, str_from(text), true, t, a, out))
		return -1;
	*out = value_mark(*out, MARK_SECRET);
	return 1;
}

size_t inputs_add_secret(const struct ast_decl *d, struct buf *out)
{
	struct arena a = { 0 };
	const char *text;

	if (d->kind != DECL_PARAM || !d->more->params[0].is_secret)
		return 0;
	text = getenv(variable_name(&d->more->params[0], &a).s);
	json_write_string(out, d->more->params[0].name);
	json_write_string(out, str_from(text ? text : ""));
	arena_release(&a);
	return 1;
}

int input_value(struct context *c, const struct ast_param *p,
		const struct type *t, struct arena *a, struct value *out)
{
	const struct setting *s = setting_find(c, p->name);

	if (p->is_secret)
		return secret_value(c, p, t, a, out);
	if (!s)
		return 0;
	struct str where = setting_place(s, c->arena);
	int failed =
	    s->is_json ? json_value(c, where, s->text, t, a, out)
	    : s->from.n
		? constant_value(where, s->text, t, c->arena, &c->diags, out)
		: evaluate(c, where, s->text, false, t, a, out);

	return failed ? -1 : 1;
}

void input_missing(struct context *c, const struct ast_param *p,
		   struct place place)
{
	struct diag *to =
	    diag_error(&c->diags, "E0302", place, "param \"%.*s\" has no value",
		       STR_ARG(p->name));

	if (p->is_secret)
		diag_hint(&c->diags, to, "Set the variable %s.",
			  variable_name(p, c->arena).s);
	else
		diag_hint(&c->diags, to,
			  "Give one with --set %.*s=…, a params file, or a "
			  "default behind \"=\".",
			  STR_ARG(p->name));
}

void inputs_check(struct context *c, const struct map *names)
{
	for (size_t i = 0; i < c->n_settings; i++) {
		const struct setting *set = &c->settings[i];
		struct suggest near = suggest_start(set->name);

		if (map_has(names, set->name))
			continue;
		/* The name alone is shown: it may be of a secret. */
		struct diag *to = diag_error(
		    &c->diags, "E0302",
		    option_place(set->from.n ? set->from : STR("--set"),
				 set->name, c->arena),
		    "the stack has no param \"%.*s\"", STR_ARG(set->name));

		for (size_t k = 0; k < names->n; k++)
			suggest_try(&near, names->entries[k].key);
		check_suggest(&near, &c->diags, to);
	}
}
