/*
 * The table of functions, row by row: what it says of itself is so, its
 * examples give what they should, and marks go through every function. Then
 * what each does at its edges.
 */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/diag.h"
#include "lang/eval.h"
#include "lang/func.h"
#include "lang/json.h"
#include "lang/parse.h"
#include "lang/source.h"
#include "lang/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SENTINEL "sentinel-5e3a"

/* -- a small world -- */

struct world {
	struct eval eval; /* first: the callbacks are given this */
	struct arena arena;
	struct diags diags;
	struct buf out;
	struct str folder;
	struct value arg; /* the value of the name "arg" */
};

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
	return str_is(x->left->text, "vpc") && str_is(x->text, "main");
}

static void put_file(struct world *w, const char *name, const char *text)
{
	struct str path = str_fmt(&w->arena, "%s/%s", w->folder.s, name);
	struct error err;

	assert_int_equal(file_replace(path.s, str_from(text), 0600, &err), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char folder[] = "/tmp/dmsl-functions-XXXXXX";

	w->diags.arena = &w->arena;
	w->eval = (struct eval){
		.arena = &w->arena,
		.diags = &w->diags,
		.name = find_name,
		.reference = find_reference,
	};
	buf_init(&w->out, 64 << 20);
	assert_non_null(mkdtemp(folder));
	w->folder = str_dup(str_from(folder), &w->arena);
	put_file(w, "greeting.txt", "hello, ${name}");
	*state = w;
	return 0;
}

static int teardown(void **state)
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

static struct ast_expr *parse(struct world *w, const char *text)
{
	struct str name = str_fmt(&w->arena, "%s/s.dmsl", w->folder.s);
	struct str shown =
	    text[0] == '{' ? str_fmt(&w->arena, "(%s)", text) : str_from(text);

	diags_release(&w->diags);
	return parse_expr(source_from(name, shown, &w->arena), &w->arena,
			  &w->diags);
}

static struct value evaluate(struct world *w, const char *text)
{
	struct ast_expr *x = parse(w, text);
	struct value v = value_unknown();

	if (w->diags.n == 0)
		eval_expr(&w->eval, x, NULL, &v);
	return v;
}

static const char *shown(struct world *w, struct value v)
{
	buf_clear(&w->out);
	for (size_t i = 0; i < w->diags.n; i++) {
		const struct diag *d = w->diags.items[i];

		if (d->severity != SEVERITY_ERROR)
			continue;
		buf_fmt(&w->out, "!%s %.*s", d->code, STR_ARG(d->message));
		return w->out.data;
	}
	if (v.marks & MARK_SECRET)
		buf_add_c(&w->out, "secret ");
	if (value_is_unknown(v))
		buf_add_c(&w->out, "unknown");
	else
		json_write(&w->out, v, JSON_REVEAL);
	return w->out.data;
}

struct example {
	const char *text, *expected;
};

static void run(struct world *w, const struct example *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = shown(w, evaluate(w, x[i].text));

		if (strcmp(got, x[i].expected) != 0)
			fail_msg("%s\n  gives    %s\n  expected %s", x[i].text,
				 got, x[i].expected);
	}
}

#define RUN(examples)                                                          \
	run(*state, examples, sizeof(examples) / sizeof(examples[0]))

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
	assert_true(str_is(x->text, f->name));
	/* An argument of can() and try() may well fail. */
	if (eval_expr(&w->eval, x->items[i], NULL, &v) < 0)
		v = value_c("x");
	diags_release(&w->diags);
	w->arg = change(w, v);
	*name = *x->items[i];
	name->kind = EXPR_NAME;
	name->text = STR("arg");
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

/* -- errors as values -- */

static void try_and_can(void **state)
{
	static const struct example x[] = {
		{ "try(1 / 0, \"x\" + 1, [1][3], 7)", "7" },
		{ "try({ a = { b = 2 } }.a.b, 0)", "2" },
		{ "try(vpc.main.arm, \"none\")", "\"none\"" },
		{ "try(1 / 0)",
		  "!E0258 try takes at least 2 arguments, found 1" },
		{ "try(1 / 0, number(\"x\"))",
		  "!E0259 none of the 2 expressions can be computed: division "
		  "by zero; the text is not a number" },
		{ "try(try(1 / 0, 2 / 0), 3)", "3" },
		{ "try([for i in [2, 1, 0] : 4 / i], [])", "[]" },
		{ "[for i in [2, 1, 0] : try(4 / i, null)]", "[2,4,null]" },
		/* Mistakes in the text are not values. */
		{ "try(nonesuch, 1)", "!E0251 unknown name \"nonesuch\"" },
		{ "try(lowr(\"A\"), 1)", "!E0257 unknown function \"lowr\"" },
		{ "can(lower())", "!E0258 lower takes 1 argument, found 0" },
		{ "can([for i in range(100000) : range(1000)])",
		  "!E0260 the expression takes more than 20000000 steps" },
		/* What another argument said before is not forgotten. */
		{ "[1 / 0, try(2 / 0, 3)]", "!E0255 division by zero" },
		{ "can(1 / 0)", "false" },
		{ "can(1 / 2)", "true" },
		/* Whether it works turns out after apply. */
		{ "try(number(later), 1)", "unknown" },
		{ "try(later, 1)", "unknown" },
		{ "try(later.a, 1)", "unknown" },
		{ "try([number(later), 5][1], 1)", "unknown" },
		{ "try([later, 5][1], 1)", "5" },
		{ "try(number(\"x\") + number(later), 1)", "1" },
		{ "can(later)", "true" },
		{ "can(vpc.main.arn)", "true" },
		{ "can(later.a)", "unknown" },
		{ "can(\"${later}\")", "unknown" },
		{ "can(number(later))", "unknown" },
		{ "can([number(later), 1 / 0])", "false" },
		/* What is taken tells something of the secret. */
		{ "can(number(password))", "secret false" },
		{ "try(number(password), 1)", "secret 1" },
		{ "try(sum([1, password]), 1)", "secret 1" },
		{ "try(password, 1)", "secret \"" SENTINEL "\"" },
		{ "try(1, password)", "1" },
		{ "try(1 / 0, password)", "secret \"" SENTINEL "\"" },
		{ "can(upper(password))", "secret true" },
		{ "try(number(password), later)", "secret unknown" },
	};

	RUN(x);
}

/* -- edges -- */

static void texts(void **state)
{
	static const struct example x[] = {
		{ "indent(\"a\\n\\nb\\n\", 2)", "\"a\\n\\n  b\\n\"" },
		{ "indent(\"\", 4)", "\"\"" },
		{ "indent(\"a\", 1001)",
		  "!E0259 expected a whole number from 0 to 1000" },
		{ "repeat(\"ab\", 0)", "\"\"" },
		{ "repeat(\"\", 16000000)", "\"\"" },
		{ "repeat(\"a\", -1)",
		  "!E0259 expected a whole number from 0 to 16777216" },
		{ "format(\"[%-4s|%4s|%-4d|%04d]\", \"a\", \"ä\", 7, -7)",
		  "\"[a   |   ä|7   |-007]\"" },
		{ "format(\"%x\", 1)",
		  "!E0259 a placeholder is %s, %d or %%, with a width in "
		  "between: %05d, %-8s" },
		{ "type_of(null)", "\"null\"" },
		{ "type_of(vpc.main)", "\"vpc\"" },
		{ "type_of([later])", "\"list\"" },
		{ "type_of(5m)", "\"duration\"" },
	};

	RUN(x);
}

static void encodings(void **state)
{
	static const struct example x[] = {
		{ "base64_decode(\"\")", "\"\"" },
		{ "base64_decode(\"aGk\")", "!E0259 the text is not base64" },
		{ "base64_decode(\"/w==\")",
		  "!E0259 what the base64 stands for is not text in UTF-8" },
		{ "base64_decode(\"AA==\")",
		  "!E0259 what the base64 stands for is not text in UTF-8" },
		{ "url_encode(\"-._~AZaz09\")", "\"-._~AZaz09\"" },
		{ "url_encode(\"a+b&c=d\")", "\"a%2Bb%26c%3Dd\"" },
		{ "url_decode(\"a+b%c3%A4\")", "\"a+bä\"" },
		{ "url_decode(\"100%\")",
		  "!E0259 a % stands without two hexadecimal digits; a % "
		  "itself is %25" },
		{ "url_decode(\"%4\")",
		  "!E0259 a % stands without two hexadecimal digits; a % "
		  "itself is %25" },
		{ "url_decode(\"%ff\")",
		  "!E0259 the escapes are not text in UTF-8" },
		{ "url_decode(\"%00\")",
		  "!E0259 the escapes are not text in UTF-8" },
		{ "url_decode(url_encode(\"ä %25/?#\"))", "\"ä %25/?#\"" },
	};

	RUN(x);
}

static void csv(void **state)
{
	static const struct example x[] = {
		{ "csv_decode(\"\")", "[]" },
		{ "csv_decode(\"a,b\")", "[]" },
		{ "csv_decode(\"b,a\\r\\n1,2\\r\\n3,4\")",
		  "[{\"a\":\"2\",\"b\":\"1\"},{\"a\":\"4\",\"b\":\"3\"}]" },
		{ "csv_decode(\"a\\n\\\"x\\\"\\\"y\\n,z\\\"\\n\")",
		  "[{\"a\":\"x\\\"y\\n,z\"}]" },
		{ "csv_decode(\"a\\n\\n\")", "[{\"a\":\"\"}]" },
		{ "csv_decode(\"a,b\\n\\\"\\\",\\n\")",
		  "[{\"a\":\"\",\"b\":\"\"}]" },
		{ "csv_decode(\"a\\n\\rx\\n\")", "[{\"a\":\"\\rx\"}]" },
		{ "csv_decode(\"\\u{feff}a\\n1\")", "[{\"a\":\"1\"}]" },
		{ "csv_decode(\"a,b\\n1,2\\n3\\n\")",
		  "!E0259 line 3 has 1 field, the first line 2" },
		{ "csv_decode(\"a,b\\n\\\"1\\n1\\\",2\\n1,2,3\")",
		  "!E0259 line 4 has 3 fields, the first line 2" },
		{ "csv_decode(\"a,b,a\\n\")",
		  "!E0259 two fields of the first line have the same name: 3 "
		  "is the second" },
		{ "csv_decode(\"a\\n\\\"x\")",
		  "!E0259 line 2: a quote is not closed" },
		{ "csv_decode(\"a\\n\\\"x\\\"\\\"\")",
		  "!E0259 line 2: a quote is not closed" },
		{ "csv_decode(\"a\\n\\\"x\\\"y\")",
		  "!E0259 line 2: text follows a closing quote" },
		{ "csv_decode(\"a\\nx\\\"y\")",
		  "!E0259 line 2: a quote stands within a field that does not "
		  "begin with one" },
		{ "csv_decode(repeat(\",\", 1000001))",
		  "!E0259 the text has more than 1000000 fields" },
	};

	RUN(x);
}

static void regular_expressions(void **state)
{
	static const struct example x[] = {
		{ "regex_match(\"häß\", \"^.{3}$\")", "true" },
		{ "regex_match(\"\", \"\")", "true" },
		{ "regex_match(\"DB-1\", \"(?i)db\")", "true" },
		{ "regex_match(\"db\", \"(\")",
		  "!E0259 the pattern is not a regular expression: missing "
		  "closing parenthesis, at byte 1" },
		{ "regex_find(\"abc\", \"x\")", "null" },
		{ "regex_find(\"abc\", \"b|(x)\")", "[\"b\",\"\"]" },
		{ "regex_find(\"abc\", \"(?<first>.)\")", "[\"a\",\"a\"]" },
		{ "regex_find_all(\"abc\", \"x\")", "[]" },
		{ "regex_find_all(\"aäb\", \"\")",
		  "[[\"\"],[\"\"],[\"\"],[\"\"]]" },
		{ "regex_find_all(\"baac\", \"a*\")",
		  "[[\"\"],[\"aa\"],[\"\"],[\"\"]]" },
		{ "regex_replace(\"abc\", \"b\", \"[$0$$]\")", "\"a[b$]c\"" },
		{ "regex_replace(\"abc\", \"\", \"-\")", "\"-a-b-c-\"" },
		{ "regex_replace(\"abc\", \"x\", \"-\")", "\"abc\"" },
		{ "regex_replace(\"abc\", \"b\", \"$1\")",
		  "!E0259 there is no group $1: the pattern has 0" },
		{ "regex_replace(\"abc\", \"b\", \"$x\")",
		  "!E0259 behind a $ stands the number of a group; a $ itself "
		  "is $$" },
		{ "regex_replace(\"abc\", \"(?=b\\\\Kx?)\", \"-\")", "" },
		{ "regex_match(\"a\", \"\\\\C\")",
		  "!E0259 the pattern is not a regular expression: using \\C "
		  "is disabled by the application, at byte 2" },
		{ "regex_match(\"${repeat(\"a\", 40)}!\", \"^(a+)+$\")",
		  "!E0259 the pattern matches in too many ways: it was given "
		  "up after 1000000 tries" },
		{ "regex_match(repeat(\"a\", 9000000), \"(a|b)*c\")",
		  "!E0259 the pattern matches in too many ways: it was given "
		  "up after 1000000 tries" },
		{ "regex_replace(repeat(\"a\", 5000000), \"a\", \"bbbb\")",
		  "!E0259 the text is larger than 16 MiB" },
		{ "length(regex_find_all(repeat(\"ab\", 400000), \"a\"))",
		  "400000" },
		{ "regex_find_all(repeat(\"a\", 600000), \"(a)\")",
		  "!E0259 the list has more than 1000000 items" },
	};

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++)
		/* What \K does there is PCRE2's; that it ends is ours. */
		if (x[i].expected[0])
			run(*state, &x[i], 1);
		else
			evaluate(*state, x[i].text);
}

static void lists_and_sets(void **state)
{
	static const struct example x[] = {
		{ "all([])", "true" },
		{ "any([])", "false" },
		{ "any([later, true])", "true" },
		{ "any([later, false])", "unknown" },
		{ "all([later, false])", "false" },
		{ "all([later, true])", "unknown" },
		{ "any([password == \"x\", true])", "secret true" },
		{ "any([1])", "!E0259 item 0 is a number, not a bool" },
		{ "any([null])", "!E0259 item 0 is null, not a bool" },
		{ "chunk([], 3)", "[]" },
		{ "chunk([1, later], 1)[0]", "[1]" },
		{ "chunk([1], 0)",
		  "!E0259 expected a whole number from 1 to 1000000" },
		{ "compact([null, \"\", 0, false, []])", "[0,false,[]]" },
		{ "one([])", "null" },
		{ "one([1, 2])", "!E0259 the list has 2 items, not one" },
		{ "one([later])", "unknown" },
		{ "coalesce(secret(null), 1)", "secret 1" },
		{ "union([], [])", "[]" },
		{ "union([2, 1], [1, 3, 2], [4])", "[2,1,3,4]" },
		{ "intersect([1, 2, 2, 3], [2, 3], [3, 2])", "[2,3]" },
		{ "intersect([1], [])", "[]" },
		{ "subtract([1, 2, 2, 1, 3], [3, 4])", "[1,2]" },
		{ "distinct([1, 1.0, \"1\", true, [1], [1], { a = 1 }, "
		  "{ a = 1 }, null, null, 1m, 60s])",
		  "[1,\"1\",true,[1],{\"a\":1},null,\"1m\"]" },
		{ "length(union(range(200000), range(100000, 300000)))",
		  "300000" },
		{ "length(subtract(range(200000), range(100000, 300000)))",
		  "100000" },
	};

	RUN(x);
}

static void numbers_and_blocks(void **state)
{
	static const struct example x[] = {
		{ "round(2.5)", "3" },
		{ "round(-2.5)", "-3" },
		{ "round(2.4999)", "2" },
		{ "round(-0.4)", "0" },
		{ "round(1.005, 2)", "1.01" },
		{ "round(123, 2)", "123" },
		{ "round(9.99, 1)", "10" },
		{ "round(0.5)", "1" },
		{ "round(0.00000001, 3)", "0" },
		{ "round(9999999999999999999999999999999999999.5)",
		  "10000000000000000000000000000000000000" },
		{ "round(1, -1)",
		  "!E0259 expected a whole number from 0 to 38" },
		{ "pow(2, 100)", "1267650600228229401496703205376" },
		{ "pow(2, 127)", "!E0259 the number has more than 38 digits" },
		{ "pow(2, -2)", "0.25" },
		{ "pow(0.5, 3)", "0.125" },
		{ "pow(-2, 3)", "-8" },
		{ "pow(0, 0)", "1" },
		{ "pow(0, -1)", "!E0259 division by zero" },
		{ "pow(1, 6000)", "1" },
		{ "pow(2, 0.5)",
		  "!E0259 expected a whole number from -6000 to 6000" },
		{ "cidr_split(10.0.0.0/16, 0)", "[\"10.0.0.0/16\"]" },
		{ "cidr_split(10.0.0.0/16, 1, 1)",
		  "[\"10.0.0.0/17\",\"10.0.128.0/17\"]" },
		{ "cidr_split(10.0.0.0/16, 1, 1, 8)",
		  "!E0259 there is no room left for a block of /24" },
		{ "cidr_split(10.0.0.0/16, 17)",
		  "!E0259 expected a whole number from 0 to 16" },
		{ "cidr_split(0.0.0.0/0, 1, 1)",
		  "[\"0.0.0.0/1\",\"128.0.0.0/1\"]" },
		{ "cidr_split(255.255.255.254/31, 1, 1)",
		  "[\"255.255.255.254/32\",\"255.255.255.255/32\"]" },
	};

	RUN(x);
}

/* -- templates -- */

static void templates(void **state)
{
	static const struct example x[] = {
		{ "template(\"greeting.txt\", { name = 10.0.0.1 })",
		  "\"hello, 10.0.0.1\"" },
		{ "template(\"greeting.txt\", { name = later })", "unknown" },
		{ "template(\"greeting.txt\", { name = password })",
		  "secret \"hello, " SENTINEL "\"" },
		{ "template(\"plain.txt\")", "\"$x \\\\n \\\"${\\\"\\n\"" },
		{ "template(\"plain.txt\", { later = later })",
		  "\"$x \\\\n \\\"${\\\"\\n\"" },
		{ "template(\"empty.txt\")", "\"\"" },
		{ "template(\"list.txt\", { hosts = [\"a\", \"b\"] })",
		  "\"host a\\nhost b\\n\\n}\\n\"" },
		{ "template(\"sub/outer.txt\", { name = \"x\" })",
		  "\"<inner x>\"" },
		{ "template(\"none.txt\")",
		  "!E0259 could not open \"FOLDER/none.txt\": No such file or "
		  "directory" },
		{ "template(\"\")", "!E0259 the name of the file is empty" },
		{ "template(null)", "!E0259 argument 1 is null" },
		{ "template(5)", "!E0250 expected a string, found a number; a "
				 "template \"${…}\" makes a string of it" },
		{ "template(\"greeting.txt\", 5)",
		  "!E0259 expected a map, found a number" },
		{ "template(\"greeting.txt\", { nam = 1 })",
		  "!E0251 unknown name \"name\"" },
		/* Names around the call are not those of the template. */
		{ "[for name in [1] : template(\"greeting.txt\")]",
		  "!E0251 unknown name \"name\"" },
		{ "[for i in range(3) : template(\"greeting.txt\", "
		  "{ name = i })]",
		  "[\"hello, 0\",\"hello, 1\",\"hello, 2\"]" },
		{ "try(template(\"none.txt\"), \"\")", "\"\"" },
		{ "try(template(\"greeting.txt\", { name = [] }), 1)", "1" },
		{ "try(template(\"greeting.txt\"), 1)",
		  "!E0251 unknown name \"name\"" },
		{ "template(\"again.txt\")",
		  "!E0260 the expression is nested more than 200 deep" },
		{ "template(\"open.txt\")", "!E0112 template is not closed" },
	};
	struct world *w = *state;

	put_file(w, "plain.txt", "$x \\n \"\\${\"\n");
	put_file(w, "empty.txt", "");
	put_file(w, "list.txt",
		 "${join(\"\", [for h in hosts : \"host ${h}\\n\"])}\n}\n");
	put_file(w, "again.txt", "a ${template(\"again.txt\")}");
	put_file(w, "open.txt", "a ${name\n");
	assert_int_equal(
	    file_make_folders(str_fmt(&w->arena, "%s/sub", w->folder.s).s, 0700,
			      &(struct error){ 0 }),
	    0);
	put_file(w, "sub/outer.txt",
		 "<${template(\"inner.txt\", { n = name })}>");
	put_file(w, "sub/inner.txt", "inner ${n}");
	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		struct example one = x[i];
		char *folder = strstr(one.expected, "FOLDER");

		if (folder)
			one.expected =
			    str_fmt(&w->arena, "%.*s%s%s",
				    (int)(folder - one.expected), one.expected,
				    w->folder.s, folder + 6)
				.s;
		run(w, &one, 1);
	}
}

/* The finding is in the file, with the call behind it, and only once. */
static void templates_have_places(void **state)
{
	struct world *w = *state;
	struct ast_expr *x;
	const struct diag *d;
	struct value v;

	put_file(w, "wrong.txt", "first line\n${naem + 1}\n");
	x = parse(w, "template(\"wrong.txt\", { name = 1 })");
	for (int i = 0; i < 3; i++) {
		struct arena scratch = { 0 };

		w->eval.arena = &scratch;
		eval_expr(&w->eval, x, NULL, &v);
		w->eval.arena = &w->arena;
		arena_wipe(&scratch);
	}
	assert_int_equal(w->diags.n, 1);
	d = w->diags.items[0];
	assert_true(str_ends(d->place.source->name, "/wrong.txt"));
	assert_int_equal(d->place.span.start, 13);
	assert_true(str_is(source_text(d->place), "naem"));
	assert_true(str_is(d->hint, "Did you mean \"name\"?"));
	assert_true(str_ends(d->notes->place.source->name, "/s.dmsl"));
	assert_null(d->notes->next);
}

/* -- bounds -- */

static void everything_is_bounded(void **state)
{
	static const struct example x[] = {
		{ "repeat(\"ab\", 9000000)",
		  "!E0259 the text is larger than 16 MiB" },
		{ "indent(repeat(\"a\\n\", 100000), 1000)",
		  "!E0259 the text is larger than 16 MiB" },
		{ "[for i in range(1000) : repeat(\"x\", 16000000)]",
		  "!E0260 the expression takes more than 20000000 steps" },
		{ "[for i in range(1000) : range(1000000)]",
		  "!E0260 the expression takes more than 20000000 steps" },
		{ "[for l in [range(1000000)] : [for i in range(1000) : "
		  "l[*]]]",
		  "!E0260 the expression takes more than 20000000 steps" },
		{ "[for s in [repeat(\"x\", 1000000)] : "
		  "[for i in range(10000) : \"${s}${i}\"]]",
		  "!E0260 the expression takes more than 20000000 steps" },
		{ "[for l in [range(1000000)] : [for i in range(100000) : "
		  "contains(l, -1)]]",
		  "!E0260 the expression takes more than 20000000 steps" },
		{ "format(\"%9999s\", \"x\") == \"\"", "false" },
	};
	struct world *w = *state;
	struct buf text;

	RUN(x);
	/* Each is twice the one before: 2^60 parts in a few words. */
	buf_init(&text, 100000);
	for (int i = 0; i < 60; i++)
		buf_fmt(&text, "[for v%d in [[%s%d, %s%d]] : ", i, i ? "v" : "",
			i ? i - 1 : 1, i ? "v" : "", i ? i - 1 : 1);
	buf_add_c(&text, "length(json_encode(v59))");
	for (int i = 0; i < 60; i++)
		buf_add_char(&text, ']');
	assert_string_equal(shown(w, evaluate(w, text.data)),
			    "!E0260 the expression takes more than 20000000 "
			    "steps");
	buf_release(&text);
}

/* Asking a large map again and again does not read it again and again. */
static void a_lookup_is_quick(void **state)
{
	struct world *w = *state;
	clock_t start = clock();
	struct value v = evaluate(
	    w, "length([for m in [{for i in range(100000) : i => i}] : "
	       "[for i in range(100000) : lookup(m, string(i))]][0])");

	assert_string_equal(shown(w, v), "100000");
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
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
		TEST(try_and_can),
		TEST(texts),
		TEST(encodings),
		TEST(csv),
		TEST(regular_expressions),
		TEST(lists_and_sets),
		TEST(numbers_and_blocks),
		TEST(templates),
		TEST(templates_have_places),
		TEST(everything_is_bounded),
		TEST(a_lookup_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
