/*
 * Expressions and functions: text in, value or finding out. Values are compared
 * as JSON with their kind and marks in front where these matter.
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
#include "lang/parse.h"
#include "lang/source.h"
#include "lang/type.h"

#include "tests/support/scratch.h"
#include "tests/support/shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* -- a small world -- */

static bool get_attr(const struct object *o, struct str name, struct arena *a,
		     struct value *out)
{
	(void)a;
	if (str_is(name, "id"))
		*out = value_str(o->address);
	else if (str_is(name, "port"))
		*out = value_int(5432);
	else if (str_is(name, "arn"))
		*out = value_unknown();
	else if (str_is(name, "password"))
		*out = value_mark(value_c("sentinel"), MARK_SECRET);
	else if (str_is(name, "zones"))
		*out = value_list(NULL, 0);
	else
		return false;
	return true;
}

static const struct object vpc = {
	.type = STR_INIT("vpc"),
	.address = STR_INIT("vpc.main"),
	.get = get_attr,
};
static const struct object subnets[] = {
	{ .type = STR_INIT("subnet"),
	  .address = STR_INIT("subnet.private[\"a\"]"),
	  .get = get_attr },
	{ .type = STR_INIT("subnet"),
	  .address = STR_INIT("subnet.private[\"b\"]"),
	  .get = get_attr },
};

static struct value object(const struct object *o)
{
	return (struct value){ .kind = VALUE_OBJECT, .as.object = o };
}

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	struct value_entry tags[] = {
		{ STR("team"), value_c("data") },
		{ STR("cost center"), value_c("42") },
	};

	if (str_is(name, "rows"))
		*out = value_int(4);
	else if (str_is(name, "later"))
		*out = value_unknown();
	else if (str_is(name, "password"))
		*out = value_mark(value_c("sentinel"), MARK_SECRET);
	else if (str_is(name, "later_secret"))
		*out = value_mark(value_unknown(), MARK_SECRET);
	else if (str_is(name, "tags"))
		*out = value_map(tags, 2, e->arena);
	else if (str_is(name, "nothing"))
		*out = value_null();
	else if (str_is(name, "local"))
		*out = value_c("a name in scope");
	else
		return false;
	return true;
}

static bool find_reference(struct eval *e, const struct ast_expr *x,
			   struct value *out)
{
	struct str type = ast_text(x->left), name = ast_text(x);
	struct value_entry all[] = {
		{ STR("a"), object(&subnets[0]) },
		{ STR("b"), object(&subnets[1]) },
	};

	if (str_is(type, "vpc") && str_is(name, "main"))
		*out = object(&vpc);
	else if (str_is(type, "subnet") && str_is(name, "private"))
		*out = value_map(all, 2, e->arena);
	else
		return false;
	return true;
}

static void suggest(struct eval *e, struct str wrong, struct str *near)
{
	(void)e;
	if (str_starts(wrong, "vpc."))
		*near = STR("vpc.main");
}

struct world {
	struct arena arena;
	struct diags diags;
	struct eval eval;
	struct buf out;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->diags.arena = &w->arena;
	w->eval = (struct eval){
		.arena = &w->arena,
		.diags = &w->diags,
		.name = find_name,
		.reference = find_reference,
		.suggest = suggest,
	};
	buf_init(&w->out, 1 << 20);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	buf_release(&w->out);
	diags_release(&w->diags);
	arena_release(&w->arena);
	free(w);
	return 0;
}

static struct value evaluate(struct world *w, const char *text,
			     const char *type)
{
	/* In parentheses a map is a map wherever the text begins. */
	struct str shown =
	    text[0] == '{' ? str_fmt(&w->arena, "(%s)", text) : str_from(text);
	struct source *s = source_from(STR("test"), shown, &w->arena);
	const struct type *wanted = NULL;
	struct ast_expr *x;
	struct error err;
	struct value v;
	uint32_t at;

	w->diags.n = w->diags.n_errors = 0;
	x = parse_expr(s, &w->arena, &w->diags);
	if (type)
		wanted = type_parse(str_from(type), &w->arena, &at, &err);
	if (x && w->diags.n == 0)
		eval_expr(&w->eval, x, wanted, &v);
	else
		v = value_unknown();
	return v;
}

/* What comes out: "!" and the finding, or marks and JSON. */
static const char *result(struct world *w, const char *text, const char *type)
{
	return value_shown(&w->diags, evaluate(w, text, type), &w->out);
}

static const char *give(void *world, const char *text)
{
	return result(world, text, NULL);
}

#define RUN(examples)                                                          \
	examples_run(examples, sizeof(examples) / sizeof(examples[0]), give,   \
		     *state)

/* -- tests -- */

static void literals(void **state)
{
	static const struct example x[] = {
		{ "null", "null" },
		{ "true", "true" },
		{ "1.50", "1.5" },
		{ "1_000_000", "1000000" },
		{ "\"a\\n\"", "\"a\\n\"" },
		{ "10.0.0.0/16", "\"10.0.0.0/16\"" },
		{ "10.0.0.1/16", "!E0256 the cidr 10.0.0.1/16 has host bits "
				 "set" },
		{ "10.0.0.1", "\"10.0.0.1\"" },
		{ "90m", "\"1h30m\"" },
		{ "1h30m", "\"1h30m\"" },
		{ "20GiB", "\"20GiB\"" },
		{ "1024MiB", "\"1GiB\"" },
		{ "[1, 2,]", "[1,2]" },
		{ "{ a = 1  \"b c\" = 2 }", "{\"a\":1,\"b c\":2}" },
		{ "{ b = 1  a = 2 }", "{\"a\":2,\"b\":1}" },
		{ "{ a = 1  a = 2 }",
		  "!E0261 the key \"a\" stands twice in this map" },
	};

	RUN(x);
}

static void arithmetic(void **state)
{
	static const struct example x[] = {
		{ "1 + 2 * 3", "7" },
		{ "(1 + 2) * 3", "9" },
		{ "0.1 + 0.2", "0.3" },
		{ "1 / 3", "0.33333333333333333333333333333333333333" },
		{ "2 / 3", "0.66666666666666666666666666666666666667" },
		{ "7 % 3", "1" },
		{ "-7 % 3", "-1" },
		{ "-(2 - 5)", "3" },
		{ "1 / 0", "!E0255 division by zero" },
		{ "99999999999999999999999999999999999999 * 11",
		  "!E0255 the number has more than 38 digits" },
		{ "99999999999999999999999999999999999998 + 1",
		  "99999999999999999999999999999999999999" },
		{ "1GiB + 512MiB", "\"1536MiB\"" },
		{ "2 * 1h", "\"2h\"" },
		{ "1h / 2", "\"30m\"" },
		{ "1h / 20m", "3" },
		{ "1h / 7", "!E0255 the result is not a whole number of "
			    "milliseconds" },
		{ "1h + 1GiB",
		  "!E0253 operator \"+\" does not go with duration and size" },
		{ "\"a\" + \"b\"",
		  "!E0253 operator \"+\" does not go with string and string" },
		{ "rows + later", "unknown" },
		{ "rows + 1", "5" },
	};

	RUN(x);
}

static void comparison(void **state)
{
	static const struct example x[] = {
		{ "1 == 1.0", "true" },
		{ "\"a\" != \"b\"", "true" },
		{ "[1, 2] == [1, 2]", "true" },
		{ "nothing == null", "true" },
		{ "rows == null", "false" },
		{ "10.0.0.0/16 == \"10.0.0.0/16\"", "true" },
		{ "1 == \"1\"", "!E0253 a number never equals a string" },
		{ "1 < 2", "true" },
		{ "10 < 9", "false" },
		{ "\"10\" < \"9\"", "true" },
		{ "1h > 59m", "true" },
		{ "1 < \"2\"",
		  "!E0253 operator \"<\" does not go with number and string" },
		{ "not true", "false" },
		{ "true and false", "false" },
		{ "false or true", "true" },
		{ "false and later", "false" },
		{ "later and false", "false" },
		{ "later or true", "true" },
		{ "later and true", "unknown" },
		{ "1 and true",
		  "!E0253 a condition is true or false, not a number" },
		{ "later == 1", "unknown" },
		{ "rows > 3 ? \"many\" : \"few\"", "\"many\"" },
		{ "later ? 1 : 2", "unknown" },
	};

	RUN(x);
}

static void names_and_access(void **state)
{
	static const struct example x[] = {
		{ "rows", "4" },
		{ "nonesuch", "!E0251 unknown name \"nonesuch\"" },
		{ "tags.team", "\"data\"" },
		{ "tags[\"cost center\"]", "\"42\"" },
		{ "tags.color", "!E0254 the map has no key \"color\"" },
		{ "vpc.main.id", "\"vpc.main\"" },
		{ "vpc.main.port + 1", "5433" },
		{ "vpc.main.arn", "unknown" },
		{ "vpc.main.prot",
		  "!E0252 vpc.main has no attribute \"prot\"" },
		{ "vpc.mian.id", "!E0251 unknown name \"vpc.mian\"" },
		{ "subnet.private[\"a\"].port", "5432" },
		{ "subnet.private[\"c\"].port",
		  "!E0254 there is no instance \"c\"" },
		{ "subnet.private[0]",
		  "!E0254 the key of a map is a string, not a number" },
		{ "subnet.private.id",
		  "!E0252 subnet.private is several instances" },
		{ "subnet.private[*].id", "[\"subnet.private[\\\"a\\\"]\","
					  "\"subnet.private[\\\"b\\\"]\"]" },
		{ "subnet.private[*].port[1]", "5432" },
		{ "subnet.private[*].zones[*]", "[]" },
		{ "vpc.main[*].port", "[5432]" },
		{ "[10, 20][1]", "20" },
		{ "[10, 20][2]", "!E0254 index 2 of a list of 2 items" },
		{ "[10, 20][-1]",
		  "!E0254 the index of a list is a whole number from 0 on" },
		{ "[10].x", "!E0252 a list has no attributes" },
		{ "later.x.y[1]", "unknown" },
		{ "[[1, 2], [3]][*][0]", "[1,2]" },
		{ "rows.x", "!E0252 a number has no attributes" },
	};

	RUN(x);
}

static void comprehensions(void **state)
{
	static const struct example x[] = {
		{ "[for x in [1, 2, 3] : x * 2]", "[2,4,6]" },
		{ "[for i, x in [\"a\", \"b\"] : \"${i}${x}\"]",
		  "[\"0a\",\"1b\"]" },
		{ "[for x in [1, 2, 3] : x if x > 1]", "[2,3]" },
		{ "[for k in tags : k]", "[\"cost center\",\"team\"]" },
		{ "[for k, v in tags : v]", "[\"42\",\"data\"]" },
		{ "{for k, v in tags : v => k}",
		  "{\"42\":\"cost center\",\"data\":\"team\"}" },
		{ "{for x in [1, 2] : \"k\" => x}",
		  "!E0261 the key \"k\" stands twice in this map" },
		{ "[for x in [1, 2] : [for y in [10, 20] : x * y]]",
		  "[[10,20],[20,40]]" },
		{ "[for rows in [1] : rows]", "[1]" },
		{ "[for x in later : x]", "unknown" },
		{ "[for x in [1, 2] : x if later]", "unknown" },
		{ "[for x in 5 : x]",
		  "!E0253 \"for\" walks over a list or a map, not over a "
		  "number" },
		{ "[for k, s in subnet.private : \"${k}=${s.port}\"]",
		  "[\"a=5432\",\"b=5432\"]" },
	};

	RUN(x);
}

static void templates(void **state)
{
	static const struct example x[] = {
		{ "\"a${rows}b\"", "\"a4b\"" },
		{ "\"${10.0.0.0/16} ${1h} ${true} ${1.50}\"",
		  "\"10.0.0.0/16 1h true 1.5\"" },
		{ "\"x ${later}\"", "unknown" },
		{ "\"x ${password}\"", "secret \"x sentinel\"" },
		{ "\"x ${later} ${password}\"", "secret unknown" },
		{ "\"${nothing}\"", "!E0253 null cannot stand in a text" },
		{ "\"${[1]}\"", "!E0253 a list cannot stand in a text" },
		{ "\"${vpc.main}\"", "!E0253 a vpc cannot stand in a text" },
	};

	RUN(x);
}

static void marks_follow(void **state)
{
	static const struct example x[] = {
		{ "password", "secret \"sentinel\"" },
		{ "vpc.main.password", "secret \"sentinel\"" },
		{ "upper(password)", "secret \"SENTINEL\"" },
		{ "password == \"x\"", "secret false" },
		{ "password == \"x\" ? 1 : 2", "secret 2" },
		{ "length([password])", "1" },
		{ "join(\",\", [password, \"x\"])", "secret \"sentinel,x\"" },
		{ "json_encode({ a = password })",
		  "secret \"{\\\"a\\\":\\\"sentinel\\\"}\"" },
		{ "keys({ a = password })", "[\"a\"]" },
		{ "{ \"${password}\" = 1 }", "secret {\"sentinel\":1}" },
		{ "secret(1)", "secret 1" },
		{ "reveal(password)", "\"sentinel\"" },
		{ "later_secret", "secret unknown" },
		{ "upper(later_secret)", "secret unknown" },
		{ "[for c in split(\"t\", password) : c]",
		  "secret [\"sen\",\"inel\"]" },
		{ "split(\"t\", password)[0]", "secret \"sen\"" },
		{ "password and true",
		  "!E0253 a condition is true or false, not a string" },
		{ "number(password)", "!E0259 the text is not a number" },
	};

	RUN(x);
}

/* In each place of each operator, whatever stands there marks the result. */
static void marks_follow_through_operators(void **state)
{
	static const struct {
		const char *value; /* in place of each @ */
		bool is_secret, is_unknown;
	} of_numbers[] = {
		{ "secret(4)", true, false },
		{ "later", false, true },
		{ "later_secret", true, true },
	};
	static const char *const numbers[] = {
		"@ + 1",
		"1 + @",
		"@ - 1",
		"1 - @",
		"@ * 2",
		"0 * @",
		"@ / 2",
		"2 / @",
		"@ % 3",
		"3 % @",
		"-@",
		"@ < 5",
		"5 < @",
		"@ <= 5",
		"@ > 5",
		"@ >= 5",
		"@ == 4",
		"4 == @",
		"@ != 4",
		"4 != @",
		"not (@ == 4)",
		"@ == 4 and true",
		"true and @ == 4",
		"@ == 4 or false",
		"false or @ == 4",
		"@ == 4 ? 1 : 2",
		"@ == 4 ? [1] : [2]",
		"\"x${@}y\"",
		"[1, 2, 3, 4, 5][@]",
		"[@]",
		"{ a = @ }",
		"{ a = @ }.a",
		"[@][0]",
		"[1, @][1]",
		"[for x in [1, 2] : x + @]",
		"[for x in [@] : x]",
		"[for x in [1, 2] : x if x < @]",
		"{for x in [\"a\"] : x => @}",
		"{for x in [\"a\"] : x => 1 if @ > 1}",
		"true ? @ : 1",
		"coalesce(null, @)",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		for (size_t k = 0; k < 3; k++) {
			const char *at = strchr(numbers[i], '@');
			struct value v;
			char text[200];

			snprintf(text, sizeof(text), "%.*s%s%s",
				 (int)(at - numbers[i]), numbers[i],
				 of_numbers[k].value, at + 1);
			v = evaluate(w, text, NULL);
			if (w->diags.n)
				print_message(
				    "%s: %.*s\n", text,
				    STR_ARG(w->diags.items[0]->message));
			assert_int_equal(w->diags.n, 0);
			if (value_has_secret(v) != of_numbers[k].is_secret ||
			    value_is_known(v) == of_numbers[k].is_unknown)
				fail_msg("marks of %s", text);
		}
}

static void a_secret_is_in_no_finding(void **state)
{
	static const char *const texts[] = {
		"number(password)",
		"json_decode(password)",
		"file(password)",
		"cidr_host(password, 1)",
		"tags[password]",
		"{ \"${password}\" = 1  \"${password}\" = 2 }",
		"lookup(tags, password)",
		"password + 1",
		"-password",
		"{ a = 1 }[password]",
		"format(\"%d\", password)",
		"password.x",
		"[1][password]",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		evaluate(w, texts[i], NULL);
		assert_true(w->diags.n > 0);
		for (size_t k = 0; k < w->diags.n; k++) {
			const struct diag *d = w->diags.items[k];

			if (str_contains(d->message, STR("sentinel")) ||
			    str_contains(d->hint, STR("sentinel")))
				fail_msg("%s: %.*s (%.*s)", texts[i],
					 STR_ARG(d->message), STR_ARG(d->hint));
		}
	}
	evaluate(w, "password", "enum(a, b)");
	assert_false(str_contains(w->diags.items[0]->message, STR("sentinel")));
	evaluate(w, "password", "cidr | duration");
	assert_false(str_contains(w->diags.items[0]->message, STR("sentinel")));
	evaluate(w, "password", "json");
	assert_false(str_contains(w->diags.items[0]->message, STR("sentinel")));
}

static void functions(void **state)
{
	static const struct example x[] = {
		{ "abs(-2.5)", "2.5" },
		{ "base64_encode(\"hello\")", "\"aGVsbG8=\"" },
		{ "base64_encode(\"\")", "\"\"" },
		{ "ceil(1.2)", "2" },
		{ "ceil(-1.2)", "-1" },
		{ "floor(1.8)", "1" },
		{ "floor(-1.2)", "-2" },
		{ "cidr_contains(10.0.0.0/16, 10.0.3.4)", "true" },
		{ "cidr_contains(10.0.0.0/16, 10.1.0.0/24)", "false" },
		{ "cidr_host(10.0.0.0/24, 5)", "\"10.0.0.5\"" },
		{ "cidr_host(10.0.0.0/24, -1)", "\"10.0.0.255\"" },
		{ "cidr_host(10.0.0.0/24, 256)",
		  "!E0259 expected a whole number from -256 to 255" },
		{ "cidr_overlaps(10.0.0.0/16, 10.0.255.0/24)", "true" },
		{ "cidr_overlaps(10.0.0.0/16, 10.1.0.0/16)", "false" },
		{ "cidr_subnet(10.0.0.0/16, 8, 1)", "\"10.0.1.0/24\"" },
		{ "cidr_subnet(0.0.0.0/0, 32, 4294967295)",
		  "\"255.255.255.255/32\"" },
		{ "cidr_subnet(10.0.0.0/16, 8, 256)",
		  "!E0259 expected a whole number from 0 to 255" },
		{ "cidr_subnet(\"10.0.0.1/16\", 8, 1)",
		  "!E0259 \"10.0.0.1/16\" has host bits set: the block is "
		  "10.0.0.0/16" },
		{ "coalesce(null, nothing, 3, 4)", "3" },
		{ "coalesce(null, later)", "unknown" },
		{ "concat([1], [later], [2])[2]", "2" },
		{ "contains([1, 2], 2)", "true" },
		{ "contains(\"haystack\", \"stack\")", "true" },
		{ "distinct([3, 1, 3, 2, 1])", "[3,1,2]" },
		{ "ends_with(\"abc\", \"bc\")", "true" },
		{ "flatten([1, [2, [3, []]], 4])", "[1,2,3,4]" },
		{ "format(\"%s-%03d %5s%%\", \"a\", 7, \"b\")",
		  "\"a-007     b%\"" },
		{ "format(\"%d\", 1.5)", "!E0259 %d needs a whole number" },
		{ "format(\"%d\")", "!E0259 the text has more placeholders "
				    "than there are values" },
		{ "index_of([\"a\", \"b\"], \"b\")", "1" },
		{ "index_of([\"a\"], \"z\")", "null" },
		{ "join(\", \", [1, \"b\", true])", "\"1, b, true\"" },
		{ "json_decode(\"{\\\"a\\\": [1, null]}\")",
		  "{\"a\":[1,null]}" },
		{ "json_encode({ b = [1, true], a = 1h })",
		  "\"{\\\"a\\\":\\\"1h\\\",\\\"b\\\":[1,true]}\"" },
		{ "json_encode(\"x\")", "\"\\\"x\\\"\"" },
		{ "json_encode([vpc.main])", "\"[\\\"vpc.main\\\"]\"" },
		{ "json_encode([later])", "unknown" },
		{ "keys({ b = 1, a = 2 })", "[\"a\",\"b\"]" },
		{ "length(\"häß\")", "3" },
		{ "length([1, later])", "2" },
		{ "length({})", "0" },
		{ "lookup(tags, \"team\", \"x\")", "\"data\"" },
		{ "lookup(tags, \"none\", \"x\")", "\"x\"" },
		{ "lower(\"AbC\")", "\"abc\"" },
		{ "upper(\"AbC\")", "\"ABC\"" },
		{ "max(1, 10, 9)", "10" },
		{ "max([1h, 90m])", "\"1h30m\"" },
		{ "min([])", "!E0259 the list is empty" },
		{ "min(3, 2)", "2" },
		{ "merge({ a = 1, b = 1 }, { b = 2 })", "{\"a\":1,\"b\":2}" },
		{ "number(\"1.50\")", "1.5" },
		{ "string(1.50)", "\"1.5\"" },
		{ "range(3)", "[0,1,2]" },
		{ "range(1, 4)", "[1,2,3]" },
		{ "range(5, 0, -2)", "[5,3,1]" },
		{ "range(1, 1)", "[]" },
		{ "range(1000000000)",
		  "!E0259 the list has more than 1000000 items" },
		{ "replace(\"a.b.c\", \".\", \"--\")", "\"a--b--c\"" },
		{ "reverse([1, 2, 3])", "[3,2,1]" },
		{ "sha256(\"abc\")", "\"ba7816bf8f01cfea414140de5dae2223"
				     "b00361a396177a9cb410ff61f20015ad\"" },
		{ "slice([1, 2, 3, 4], 1, 3)", "[2,3]" },
		{ "slice([1, 2], 1)", "[2]" },
		{ "sort([\"b\", \"a\"])", "[\"a\",\"b\"]" },
		{ "sort([10, 9])", "[9,10]" },
		{ "sort([1, \"a\"])",
		  "!E0259 a number and a string cannot be compared" },
		{ "split(\",\", \"a,,b\")", "[\"a\",\"\",\"b\"]" },
		{ "starts_with(\"abc\", \"ab\")", "true" },
		{ "substr(\"häßlich\", 1, 2)", "\"äß\"" },
		{ "substr(\"abc\", 2)", "\"c\"" },
		{ "substr(\"abc\", 9)", "\"\"" },
		{ "sum([1, 2.5])", "3.5" },
		{ "sum([1GiB, 1GiB])", "\"2GiB\"" },
		{ "sum([])", "0" },
		{ "trim(\"  a \\n\")", "\"a\"" },
		{ "trim_prefix(\"dev-db\", \"dev-\")", "\"db\"" },
		{ "trim_suffix(\"db-dev\", \"-dev\")", "\"db\"" },
		{ "values({ b = 1, a = 2 })", "[2,1]" },
		{ "zipmap([\"a\", \"b\"], [1, later])[\"a\"]", "1" },
		{ "zipmap([\"a\"], [])",
		  "!E0259 there are 1 keys but 0 values" },
		{ "lower()", "!E0258 lower takes 1 argument, found 0" },
		{ "split(\",\")", "!E0258 split takes 2 arguments, found 1" },
		{ "lowr(\"A\")", "!E0257 unknown function \"lowr\"" },
		{ "lower(1)", "!E0259 expected a string, found a number; a "
			      "template \"${…}\" makes a string of it" },
		{ "lower(null)", "!E0259 argument 1 is null" },
	};
	struct world *w = *state;

	RUN(x);
	assert_string_equal(result(w, "lowr(1)", NULL),
			    "!E0257 unknown function \"lowr\"");
	assert_true(str_is(w->diags.items[0]->hint, "Did you mean \"lower\"?"));
}

static void every_function_is_tested_and_sorted(void **state)
{
	const struct func *f = func_table;

	(void)state;
	assert_true(str_eq(func_near(STR("concta")), STR("concat")));
	for (; f->name; f++) {
		size_t least, most;

		assert_ptr_equal(func_find(str_from(f->name)), f);
		func_arity(f, &least, &most);
		assert_true(least <= most && most > 0);
	}
}

static void files_are_beside_the_text(void **state)
{
	char folder[SCRATCH_MAX];
	struct world *w = *state;
	struct error err;
	struct source *s;
	struct ast_expr *x;
	struct value v;

	assert_non_null(scratch_folder(folder, "eval"));
	assert_int_equal(
	    file_replace(
		str_c(str_fmt(&w->arena, "%s/a.sql", folder), &w->arena),
		STR("select 1;\n"), 0600, &err),
	    0);
	assert_int_equal(
	    file_replace(
		str_c(str_fmt(&w->arena, "%s/s.dmsl", folder), &w->arena),
		STR("file(\"a.sql\")"), 0600, &err),
	    0);
	s = source_open(
	    str_c(str_fmt(&w->arena, "%s/s.dmsl", folder), &w->arena),
	    &w->arena, &err);
	assert_non_null(s);
	x = parse_expr(s, &w->arena, &w->diags);
	assert_int_equal(eval_expr(&w->eval, x, NULL, &v), 0);
	assert_true(str_is(v.as.text, "select 1;\n"));
	assert_int_equal(file_remove_tree(folder, &err), 0);
	assert_int_equal(eval_expr(&w->eval, x, NULL, &v), -1);
}

static void wanted_types(void **state)
{
	static const struct {
		const char *text, *type, *expected;
	} x[] = {
		{ "local", "enum(local, aws)", "\"local\"" },
		{ "(true ? aws : local)", "enum(local, aws)", "\"aws\"" },
		{ "[a, b]", "list(enum(a, b))", "[\"a\",\"b\"]" },
		{ "{ x = a }", "map(enum(a, b))", "{\"x\":\"a\"}" },
		{ "{ x = a }", "object({x: enum(a, b), y?: string})",
		  "{\"x\":\"a\",\"y\":null}" },
		{ "[for i in [1] : a]", "list(enum(a, b))", "[\"a\"]" },
		{ "c", "enum(a, b)", "!E0251 unknown name \"c\"" },
		{ "\"c\"", "enum(a, b)",
		  "!E0250 expected one of a, b, found \"c\"" },
		{ "\"10.0.0.0/16\"", "cidr", "\"10.0.0.0/16\"" },
		{ "vpc.main", "subnet",
		  "!E0250 expected a subnet, found a vpc" },
		{ "subnet.private[*]", "set(subnet)",
		  "[\"subnet.private[\\\"a\\\"]\","
		  "\"subnet.private[\\\"b\\\"]\"]" },
		{ "vpc.main", "subnet | vpc", "\"vpc.main\"" },
		{ "[1, \"x\"]", "list(number)",
		  "!E0250 expected a number, found a string" },
		{ "5", "list(number)",
		  "!E0250 expected a list, found a number" },
		{ "later", "list(number)", "unknown" },
		{ "[later]", "json", "unknown" },
		{ "{ a = [1] }", "json", "\"{\\\"a\\\":[1]}\"" },
		{ "a", "number | enum(a, b)", "\"a\"" },
		{ "[3, 1, 3]", "set(number)", "[1,3]" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		const char *got = result(w, x[i].text, x[i].type);

		if (strcmp(got, x[i].expected) != 0)
			fail_msg("%s as %s\n  gives    %s\n  expected %s",
				 x[i].text, x[i].type, got, x[i].expected);
	}
	/* The finding is at the item, and it is the only one. */
	result(w, "[1, \"x\"]", "list(number)");
	assert_int_equal(w->diags.n, 1);
	assert_int_equal(w->diags.items[0]->place.span.start, 4);
}

static void findings_are_not_repeated(void **state)
{
	struct world *w = *state;

	result(w, "nonesuch + 1 < 2 ? upper(nonesuch) : 3", NULL);
	assert_int_equal(w->diags.n, 1);
	result(w, "[one, two, three]", NULL);
	assert_int_equal(w->diags.n, 3);
	result(w, "upper(lower(nonesuch))", "number");
	assert_int_equal(w->diags.n, 1);
}

static void everything_is_bounded(void **state)
{
	struct world *w = *state;
	struct ast_expr chain[300] = { { .kind = EXPR_BOOL } };
	struct value v;

	for (size_t i = 1; i < 300; i++) {
		chain[i].kind = EXPR_UNARY;
		chain[i].op = AST_NOT;
		chain[i].left = &chain[i - 1];
	}
	assert_int_equal(eval_expr(&w->eval, &chain[150], NULL, &v), 0);
	assert_int_equal(eval_expr(&w->eval, &chain[299], NULL, &v), -1);
	assert_int_equal(w->diags.n, 1);
	assert_string_equal(
	    result(w,
		   "[for a in range(10000) : "
		   "[for b in range(10000) : a + b]]",
		   NULL),
	    "!E0260 the expression takes more than 20000000 steps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(literals, setup, teardown),
		cmocka_unit_test_setup_teardown(arithmetic, setup, teardown),
		cmocka_unit_test_setup_teardown(comparison, setup, teardown),
		cmocka_unit_test_setup_teardown(names_and_access, setup,
						teardown),
		cmocka_unit_test_setup_teardown(comprehensions, setup,
						teardown),
		cmocka_unit_test_setup_teardown(templates, setup, teardown),
		cmocka_unit_test_setup_teardown(marks_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(marks_follow_through_operators,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_secret_is_in_no_finding,
						setup, teardown),
		cmocka_unit_test_setup_teardown(functions, setup, teardown),
		cmocka_unit_test(every_function_is_tested_and_sorted),
		cmocka_unit_test_setup_teardown(files_are_beside_the_text,
						setup, teardown),
		cmocka_unit_test_setup_teardown(wanted_types, setup, teardown),
		cmocka_unit_test_setup_teardown(findings_are_not_repeated,
						setup, teardown),
		cmocka_unit_test_setup_teardown(everything_is_bounded, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
