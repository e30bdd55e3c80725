#include <config.h>

#include "tests/support/scratch.h"
#include "tests/unit/evaluated.h"

#include "lang/ast.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/parse.h"
#include "lang/source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool object_get(const struct object *o, struct str name, struct arena *a,
		       struct value *out)
{
	(void)o, (void)a;
	*out = value_unknown();
	return str_is(name, "arn");
}

static const struct object vpc = {
	.type = STR_INIT("vpc"),
	.address = STR_INIT("vpc.main"),
	.get = object_get,
};

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	struct world *w = (struct world *)e;

	if (str_is(name, "arg"))
		*out = w->arg;
	else if (str_is(name, "later"))
		*out = value_unknown();
	else if (str_is(name, "password"))
		*out = value_mark(value_c(SENTINEL), MARK_SECRET);
	else
		return false;
	return true;
}

static bool find_reference(struct eval *e, const struct ast_expr *x,
			   struct value *out)
{
	(void)e;
	*out = (struct value){ .kind = VALUE_OBJECT, .as.object = &vpc };
	return str_is(ast_text(x->left), "vpc") && str_is(ast_text(x), "main");
}

void put_file(struct world *w, const char *name, const char *text)
{
	struct str path = str_fmt(&w->arena, "%s/%s", w->folder.s, name);
	struct error err;

	assert_int_equal(file_replace(path.s, str_from(text), 0600, &err), 0);
}

int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char folder[SCRATCH_MAX];

	w->diags.arena = &w->arena;
	w->eval = (struct eval){
		.arena = &w->arena,
		.diags = &w->diags,
		.name = find_name,
		.reference = find_reference,
	};
	buf_init(&w->out, 64 << 20);
	assert_non_null(scratch_folder(folder, "functions"));
	w->folder = str_dup(str_from(folder), &w->arena);
	put_file(w, "greeting.txt", "hello, ${name}");
	*state = w;
	return 0;
}

int teardown(void **state)
{
	struct world *w = *state;
	struct error err;

	assert_int_equal(file_remove_tree(w->folder.s, &err), 0);
	buf_release(&w->out);
	diags_release(&w->diags);
	arena_release(&w->arena);
	free(w);
	return 0;
}

struct ast_expr *parse(struct world *w, const char *text)
{
	struct str name = str_fmt(&w->arena, "%s/s.dmsl", w->folder.s);
	struct str shown =
	    text[0] == '{' ? str_fmt(&w->arena, "(%s)", text) : str_from(text);

	diags_release(&w->diags);
	return parse_expr(source_from(name, shown, &w->arena), &w->arena,
			  &w->diags);
}

struct value evaluate(struct world *w, const char *text)
{
	struct ast_expr *x = parse(w, text);
	struct value v = value_unknown();

	if (w->diags.n == 0)
		eval_expr(&w->eval, x, NULL, &v);
	return v;
}

const char *shown(struct world *w, struct value v)
{
	return value_shown(&w->diags, v, &w->out);
}

static const char *give(void *world, const char *text)
{
	return shown(world, evaluate(world, text));
}

void run(struct world *w, const struct example *x, size_t n)
{
	examples_run(x, n, give, w);
}
