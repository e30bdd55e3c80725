/*
 * The table of functions, row by row: what it says of itself is so, its
 * examples give what they should, and marks go through every function.
 */
#include <config.h>

#include "tests/unit/evaluated.h"

#include "lang/ast.h"
#include "lang/base/error.h"
#include "lang/func.h"
#include "lang/json.h"
#include "lang/type.h"

#include <string.h>

/* -- what the rows say -- */

/* The letter that a parameter's type has in the signature. */
static char letter_of(struct str type)
{
	return str_is(type, "string")	      ? 's'
	       : str_is(type, "number")	      ? 'n'
	       : str_is(type, "cidr")	      ? 'c'
	       : str_is(type, "ip")	      ? 'i'
	       : str_contains(type, STR("|")) ? 'a'
	       : str_starts(type, "list(")    ? 'l'
	       : str_starts(type, "map(")     ? 'm'
					      : 'a';
}

static void signatures_are_the_params(void **state)
{
	(void)state;
	for (const struct func *f = func_table; f->name; f++) {
		struct str rest = str_from(f->params);
		bool is_optional = false;
		char letters[32];
		size_t n = 0;

		while (rest.n) {
			struct str type = str_trim(str_cut(&rest, ','));
			struct str name = str_cut(&type, ':');

			if (str_is(name, "…")) {
				letters[n++] = '*';
				continue;
			}
			if (str_ends(name, "?") && !is_optional) {
				letters[n++] = '?';
				is_optional = true;
			}
			letters[n++] = letter_of(str_trim(type));
		}
		letters[n] = '\0';
		/* Of one "list, …" and of "value, …" one is enough. */
		if (strcmp(letters, f->signature) != 0)
			fail_msg("%s(%s): the signature is \"%s\"", f->name,
				 f->params, f->signature);
	}
}

static void rows_are_sorted_and_whole(void **state)
{
	(void)state;
	assert_true(str_eq(func_near(STR("concta")), STR("concat")));
	assert_true(str_eq(func_near(STR("templatefile")), STR("template")));
	for (const struct func *f = func_table; f->name; f++) {
		struct arena a = { 0 };
		struct error err = { 0 };
		size_t least, most;
		uint32_t at;

		assert_ptr_equal(func_find(str_from(f->name)), f);
		func_arity(f, &least, &most);
		assert_true(least <= most && most > 0);
		assert_true(str_ends(str_from(f->doc), "."));
		assert_true((f->flags & FUNC_FORM) == (f->run ? 0 : FUNC_FORM));
		if (!type_parse(str_from(f->result), &a, &at, &err))
			fail_msg("%s: %s", f->result, err.message);
		arena_release(&a);
	}
}

/* Whether a value is of a type as it stands; T is any. */
static bool is_of(const struct type *t, struct value v)
{
	switch (t->kind) {
	case TYPE_ANY:
		return true;
	case TYPE_REF:
		return str_is(t->name, "T");
	case TYPE_STRING:
		return v.kind == VALUE_STRING;
	case TYPE_NUMBER:
		return v.kind == VALUE_NUMBER;
	case TYPE_BOOL:
		return v.kind == VALUE_BOOL;
	case TYPE_CIDR:
		return v.kind == VALUE_CIDR;
	case TYPE_IP:
		return v.kind == VALUE_IP;
	case TYPE_LIST:
		if (v.kind != VALUE_LIST)
			return false;
		for (size_t i = 0; i < v.as.list.n; i++)
			if (!is_of(t->parts[0], v.as.list.items[i]))
				return false;
		return true;
	case TYPE_MAP:
		if (v.kind != VALUE_MAP)
			return false;
		for (size_t i = 0; i < v.as.map.n; i++)
			if (!is_of(t->parts[0], v.as.map.entries[i].value))
				return false;
		return true;
	default:
		return false;
	}
}

static void examples_give_what_they_say(void **state)
{
	struct world *w = *state;

	for (const struct func *f = func_table; f->name; f++) {
		struct value got = evaluate(w, f->example), wanted;
		struct error err;
		uint32_t at;

		if (w->diags.n_errors)
			fail_msg("%s: %s", f->example, shown(w, got));
		wanted = evaluate(w, f->gives);
		if (w->diags.n_errors)
			fail_msg("%s: %s", f->gives, shown(w, wanted));
		if (!value_eq(got, wanted))
			fail_msg("%s gives %s, not %s", f->example,
				 shown(w, got), f->gives);
		if (!is_of(
			type_parse(str_from(f->result), &w->arena, &at, &err),
			got))
			fail_msg("%s gives %s, which is no %s", f->example,
				 shown(w, got), f->result);
	}
}

static void usages_are_shown(void **state)
{
	struct world *w = *state;

	buf_clear(&w->out);
	func_usage(func_find(STR("range")), true, &w->out);
	assert_string_equal(w->out.data,
			    "range(start: number[, end: number[, step: "
			    "number]]) : list(number)");
	buf_clear(&w->out);
	func_usage(func_find(STR("coalesce")), false, &w->out);
	assert_string_equal(w->out.data, "coalesce(value, other, …)");
}

/* -- marks -- */

/*
 * Calls a row's example with argument i replaced by the name "arg", whose
 * value is what change() makes of the argument's.
 */
static struct value with_arg(struct world *w, const struct func *f, size_t i,
			     struct value (*change)(struct world *w,
						    struct value v))
{
	struct ast_expr *x = parse(w, f->example);
	struct ast_expr *name = arena_new(&w->arena, struct ast_expr, 1);
	struct value v;

	assert_int_equal(x->kind, EXPR_CALL);
	assert_true(str_is(ast_text(x), f->name));
	/* An argument of can() and try() may well fail. */
	if (eval_expr(&w->eval, x->items[i], NULL, &v) < 0)
		v = value_c("x");
	diags_release(&w->diags);
	w->arg = change(w, v);
	name->kind = EXPR_NAME;
	name->span = x->items[i]->span;
	name->source = x->source;
	name->is_own = true;
	name->own = STR("arg");
	x->items[i] = name;
	eval_expr(&w->eval, x, NULL, &v);
	return v;
}

static size_t n_args(struct world *w, const struct func *f)
{
	return parse(w, f->example)->n_items;
}

static struct value made_unknown(struct world *w, struct value v)
{
	(void)w, (void)v;
	return value_unknown();
}

static struct value made_secret(struct world *w, struct value v)
{
	(void)w;
	return value_mark(v, MARK_SECRET);
}

/* The first item of a list, or entry of a map, is. */
static struct value mark_first(struct world *w, struct value v, unsigned mark)
{
	struct value item;

	if (v.kind == VALUE_LIST && v.as.list.n) {
		struct value *items =
		    arena_new(&w->arena, struct value, v.as.list.n);

		memcpy(items, v.as.list.items, v.as.list.n * sizeof(*items));
		items[0] = value_mark(items[0], mark);
		return value_list(items, v.as.list.n);
	}
	if (v.kind == VALUE_MAP && v.as.map.n) {
		item = value_mark(v.as.map.entries[0].value, mark);
		return value_with(v, v.as.map.entries[0].key, item, &w->arena);
	}
	return v;
}

static struct value made_partly_secret(struct world *w, struct value v)
{
	return mark_first(w, v, MARK_SECRET);
}

static struct value made_partly_unknown(struct world *w, struct value v)
{
	return mark_first(w, v, MARK_UNKNOWN);
}

struct exception {
	const char *name;
	int arg; /* -1: all */
	const char *gives;
};

static const char *exception(const struct exception *e, const char *name,
			     size_t arg)
{
	for (; e->name; e++)
		if (strcmp(e->name, name) == 0 &&
		    (e->arg < 0 || (size_t)e->arg == arg))
			return e->gives;
	return NULL;
}

static void expect(struct world *w, const struct func *f, size_t i,
		   struct value got, const char *wanted)
{
	const char *text = shown(w, got);

	if (strcmp(text, wanted) != 0)
		fail_msg("%s with argument %zu changed gives %s, not %s",
			 f->example, i, text, wanted);
}

static void unknown_goes_through(void **state)
{
	static const struct exception exceptions[] = {
		{ "can", 0, "true" },
		{ "coalesce", 2, "\"a\"" },
		{ "secret", 0, "secret unknown" },
		{ 0 },
	};
	struct world *w = *state;

	for (const struct func *f = func_table; f->name; f++)
		for (size_t i = 0; i < n_args(w, f); i++) {
			const char *other = exception(exceptions, f->name, i);

			expect(w, f, i, with_arg(w, f, i, made_unknown),
			       other ? other : "unknown");
		}
}

static void secrets_go_through(void **state)
{
	static const struct exception exceptions[] = {
		{ "coalesce", 2, "" },
		{ "reveal", 0, "" },
		{ 0 },
	};
	struct world *w = *state;

	for (const struct func *f = func_table; f->name; f++)
		for (size_t i = 0; i < n_args(w, f); i++) {
			struct value v = with_arg(w, f, i, made_secret);
			bool is_wanted = !exception(exceptions, f->name, i);

			if (w->diags.n_errors ||
			    is_wanted != !!(v.marks & MARK_SECRET))
				fail_msg("%s with argument %zu secret: %s",
					 f->example, i, shown(w, v));
		}
}

/* What of a secret item is in the result, is secret there. */
static void secrets_inside_go_through(void **state)
{
	static const struct exception exceptions[] = {
		/* Only how many there are, or what they are called. */
		{ "keys", 0, "" },
		{ "length", 0, "" },
		{ "type_of", 0, "" },
		/* The item is not in the result of the example. */
		{ "slice", 0, "" },
		{ "lookup", 0, "" },
		{ "reveal", 0, "" },
		{ 0 },
	};
	struct world *w = *state;

	for (const struct func *f = func_table; f->name; f++)
		for (size_t i = 0; i < n_args(w, f); i++) {
			struct value v = with_arg(w, f, i, made_partly_secret);

			if (!value_has_secret(w->arg) ||
			    exception(exceptions, f->name, i))
				continue;
			if (w->diags.n_errors || !value_has_secret(v))
				fail_msg("%s with argument %zu partly secret: "
					 "%s",
					 f->example, i, shown(w, v));
		}
}

/* Only of the outside something can be said before the inside is known. */
static void unknowns_inside_go_through(void **state)
{
	static const struct exception exceptions[] = {
		/* One false is enough, and so is one true. */
		{ "all", 0, "false" },
		{ "any", 0, "true" },
		{ "can", 0, "true" },
		/* Nothing is asked of the map. */
		{ "try", 0, "\"none\"" },
		{ 0 },
	};
	struct world *w = *state;

	for (const struct func *f = func_table; f->name; f++)
		for (size_t i = 0; i < n_args(w, f); i++) {
			const char *other = exception(exceptions, f->name, i);
			struct value v = with_arg(w, f, i, made_partly_unknown);

			if (value_is_known(w->arg) || (f->flags & FUNC_SHALLOW))
				continue;
			expect(w, f, i, v, other ? other : "unknown");
		}
}

static struct value made_sentinel(struct world *w, struct value v)
{
	(void)w, (void)v;
	return value_mark(value_c(SENTINEL), MARK_SECRET);
}

static struct value made_list_of_sentinel(struct world *w, struct value v)
{
	struct value *item = arena_new(&w->arena, struct value, 1);

	*item = made_sentinel(w, v);
	return value_list(item, 1);
}

static struct value made_map_of_sentinel(struct world *w, struct value v)
{
	const struct value_entry entry = { STR(SENTINEL), made_sentinel(w, v) };

	return value_mark(value_map(&entry, 1, &w->arena), MARK_SECRET);
}

/* Nor in what is left of a result when its secrets are masked. */
static void no_secret_is_in_a_finding(void **state)
{
	static struct value (*const changes[])(struct world *, struct value) = {
		made_sentinel,
		made_list_of_sentinel,
		made_map_of_sentinel,
	};
	struct world *w = *state;

	for (const struct func *f = func_table; f->name; f++)
		for (size_t i = 0; i < n_args(w, f) * 3; i++) {
			struct value v = with_arg(w, f, i / 3, changes[i % 3]);

			buf_clear(&w->out);
			for (size_t k = 0; k < w->diags.n; k++)
				buf_fmt(&w->out, "%.*s %.*s",
					STR_ARG(w->diags.items[k]->message),
					STR_ARG(w->diags.items[k]->hint));
			if (strcmp(f->name, "reveal") != 0)
				json_write(&w->out, v, 0);
			if (strstr(w->out.data, "5e3a"))
				fail_msg("%s with argument %zu secret: %s",
					 f->example, i / 3, w->out.data);
		}
}

static void reveal_is_reported(void **state)
{
	struct world *w = *state;
	struct value v = evaluate(w, "upper(reveal(password))");

	assert_int_equal(v.marks, 0);
	assert_int_equal(w->diags.n, 1);
	assert_string_equal(w->diags.items[0]->code, "W0404");
	assert_int_equal(w->diags.items[0]->place.span.start, 6);
	evaluate(w, "reveal([\"x\", password])");
	assert_int_equal(w->diags.n, 1);
	evaluate(w, "reveal(\"x\")");
	assert_int_equal(w->diags.n, 0);
	/* What is not taken reveals nothing. */
	evaluate(w, "try(number(reveal(password)), 1)");
	assert_int_equal(w->diags.n, 0);
	evaluate(w, "try(reveal(password), 1)");
	assert_int_equal(w->diags.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signatures_are_the_params),
		TEST(rows_are_sorted_and_whole),
		TEST(examples_give_what_they_say),
		TEST(usages_are_shown),
		TEST(unknown_goes_through),
		TEST(secrets_go_through),
		TEST(secrets_inside_go_through),
		TEST(unknowns_inside_go_through),
		TEST(no_secret_is_in_a_finding),
		TEST(reveal_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
