#include <config.h>

#include "engine/inputs.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/type.h"

#include "engine/check.h"
#include "engine/context.h"

#include <stdlib.h>

/* The last --set of a name counts. */
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

static struct str variable_name(const struct ast_param *p, struct arena *a)
{
	return str_fmt(a, "DMSL_PARAM_%.*s", STR_ARG(p->name));
}

static int secret_value(struct context *c, const struct ast_param *p,
			const struct type *t, struct arena *a,
			struct value *out)
{
	struct str variable = variable_name(p, c->arena);
	const struct setting *s = setting_find(c, p->name);
	const char *text = getenv(variable.s);

	if (s) {
		struct diag *to =
		    diag_error(&c->diags, "E0304",
			       option_place(str_fmt(c->arena, "--set %.*s",
						    STR_ARG(p->name)),
					    STR("(secret)"), c->arena),
			       "secret param \"%.*s\" cannot be given by --set",
			       STR_ARG(p->name));

		diag_hint(&c->diags, to,
			  "Arguments can be seen by everyone on "
			  "this machine; use the variable %s.",
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

int input_value(struct context *c, const struct ast_param *p,
		const struct type *t, struct arena *a, struct value *out)
{
	const struct setting *s = setting_find(c, p->name);

	if (p->is_secret)
		return secret_value(c, p, t, a, out);
	if (!s)
		return 0;
	struct str where = str_fmt(c->arena, "--set %.*s", STR_ARG(p->name));

	return evaluate(c, where, s->text, false, t, a, out) ? -1 : 1;
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
			  "Give one with --set %.*s=…, or a "
			  "default behind \"=\".",
			  STR_ARG(p->name));
}

void inputs_check(struct context *c, const struct map *names)
{
	for (size_t i = 0; i < c->n_settings; i++) {
		struct str name = c->settings[i].name;
		struct suggest near = suggest_start(name);

		if (map_has(names, name))
			continue;
		struct diag *to = diag_error(
		    &c->diags, "E0302",
		    option_place(STR("--set"), name, c->arena),
		    "the stack has no param \"%.*s\"", STR_ARG(name));

		for (size_t k = 0; k < names->n; k++)
			suggest_try(&near, names->entries[k].key);
		check_suggest(&near, &c->diags, to);
	}
}
