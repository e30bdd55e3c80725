/* What functions do at their edges, and that all they do is bounded. */
#include <config.h>

#include "tests/unit/evaluated.h"

#include "lang/ast.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/source.h"

#include <string.h>
#include <time.h>

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
		{ "can([for i in range(100000) : range(10)])",
		  "!E0260 the expression takes more than 100000 steps" },
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
		/* The right side may not be looked at then. */
		{ "try(later or 1 / 0 > 1, 5)", "unknown" },
		/* What is unknown may turn out to be no bool. */
		{ "try(later and false, 5)", "unknown" },
		{ "later and false", "false" },
		{ "try(any([later, true]), 5)", "unknown" },
		{ "try(any([true]), 5)", "true" },
		/* What is taken tells something of the secret. */
		{ "can(number(password))", "secret false" },
		{ "try(number(password), 1)", "secret 1" },
		{ "try(sum([1, password]), 1)", "secret 1" },
		{ "try(password, 1)", "secret \"" SENTINEL "\"" },
		{ "try(1, password)", "1" },
		{ "try(1 / 0, password)", "secret \"" SENTINEL "\"" },
		{ "can(upper(password))", "secret true" },
		{ "try(number(password), later)", "secret unknown" },
		{ "try(try(number(password), 1 / 0), 2)", "secret 2" },
	};

	((struct world *)*state)->eval.most_steps = 100000;
	RUN(x);
}

/* Whatever else, an expression that failed has a finding. */
static void a_try_can_fail_too_often(void **state)
{
	struct world *w = *state;
	struct buf text;

	buf_init(&text, 1000000);
	buf_add_c(&text, "try([");
	for (int i = 0; i < DIAGS_MAX + 10; i++)
		buf_add_c(&text, "1 / 0, ");
	buf_add_c(&text, "], 0)");
	assert_string_equal(shown(w, evaluate(w, text.data)),
			    "!E0255 division by zero");
	buf_release(&text);
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
		  "!E0259 the pattern can match in too many ways: it was given "
		  "up after 10001312 tries" },
		/* At each character little, but together much. */
		{ "regex_match(repeat(\"a\", 30000), \"a.{0,2000}[!?]\")",
		  "!E0259 the pattern can match in too many ways: it was given "
		  "up after 10960000 tries" },
		/* Two parts at each character, but a long way between them. */
		{ "regex_match(repeat(\"a\", 1000000), \"a*[bc]\")",
		  "!E0259 the pattern can match in too many ways: it was given "
		  "up after 42000000 tries" },
		{ "regex_match(repeat(\"a\", 1000000), \"^a*[bc]\")", "false" },
		{ "[for i in range(100) : regex_match(repeat(\"a\", 40), "
		  "\"^(a+)+.$|!\")]",
		  "" },
		{ "length([for i in range(30000) : regex_find(\"abc${i}\", "
		  "\"[0-9]+\")])",
		  "30000" },
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
		/* How many items there are is secret, or not known. */
		{ "flatten([split(\"-\", password), 1])",
		  "secret [\"sentinel\",\"5e3a\",1]" },
		{ "length(flatten([1, later]))", "unknown" },
		{ "[[1], split(\"-\", password)][*][*]",
		  "secret [1,\"sentinel\",\"5e3a\"]" },
		{ "[1, 2][secret(7)]",
		  "!E0254 the index is beyond the end of the list" },
		{ "combinations([1, 2], [], [3])", "[]" },
		{ "combinations([], range(1000000), range(1000000))", "[]" },
		{ "combinations([1], [later])[0][0]", "1" },
		{ "combinations(range(1000), range(1000))",
		  "!E0259 the list has more than 1000000 items" },
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
		/* A difference of amounts can be negative. */
		{ "sum([3s - 5s, 3s]) == 1s", "true" },
		{ "sum([-(5s), -(3s)]) == 0s - 8s", "true" },
		{ "sum([8000PiB, 8000PiB])", "!E0259 the sum is too large" },
		{ "sum([-(8000PiB), -(8000PiB)])",
		  "!E0259 the sum is too large" },
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

/* Whoever knows a file's name from elsewhere does not find it here. */
static void a_secret_name_is_in_no_place(void **state)
{
	struct world *w = *state;

	put_file(w, SENTINEL, "${x.y}");
	evaluate(w, "[template(\"" SENTINEL "\", { x = { y = 1 } }), "
		    "template(password, { x = 5 })]");
	assert_int_equal(w->diags.n, 1);
	assert_true(str_is(w->diags.items[0]->place.source->name, "(secret)"));
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
		  "!E0260 the expression takes more than 500000 steps" },
		{ "[for i in range(1000) : range(1000000)]",
		  "!E0260 the expression takes more than 500000 steps" },
		{ "[for l in [range(100000)] : [for i in range(1000) : "
		  "l[*]]]",
		  "!E0260 the expression takes more than 500000 steps" },
		{ "[for s in [repeat(\"x\", 1000000)] : "
		  "[for i in range(10000) : \"${s}${i}\"]]",
		  "!E0260 the expression takes more than 500000 steps" },
		{ "[for l in [range(100000)] : [for i in range(100000) : "
		  "contains(l, -1)]]",
		  "!E0260 the expression takes more than 500000 steps" },
		{ "[for s in [repeat(\"x\", 1000000)] : "
		  "[for i in range(10000) : length(s)]]",
		  "!E0260 the expression takes more than 500000 steps" },
		{ "[for s in [repeat(\"x\", 1000000)] : "
		  "distinct([for i in range(10000) : s])]",
		  "!E0260 the expression takes more than 500000 steps" },
		{ "[for s in [repeat(\"x\", 1000000)] : "
		  "[for i in range(10000) : s == s]]",
		  "!E0260 the expression takes more than 500000 steps" },
		{ "format(\"%9999s\", \"x\") == \"\"", "false" },
	};
	struct world *w = *state;
	struct buf text;

	w->eval.most_steps = 500000;
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
			    "!E0260 the expression takes more than 500000 "
			    "steps");
	buf_release(&text);
}

/* What is compared is secret, though the walk that finds this out ends early.
 */
static void a_spent_walk_reveals_nothing(void **state)
{
	static const char text[] = "[1, 2, 3, 4, 5, 6, 7, 8, password] == []";
	struct world *w = *state;

	for (w->eval.most_steps = 1; w->eval.most_steps < 30;
	     w->eval.most_steps++) {
		const char *is = shown(w, evaluate(w, text));

		if (strcmp(is, "secret false"))
			assert_memory_equal(is, "!E0260", 6);
	}
	assert_string_equal(shown(w, evaluate(w, text)), "secret false");
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
	const struct CMUnitTest tests[] = {
		TEST(try_and_can),
		TEST(a_try_can_fail_too_often),
		TEST(texts),
		TEST(encodings),
		TEST(csv),
		TEST(regular_expressions),
		TEST(lists_and_sets),
		TEST(numbers_and_blocks),
		TEST(templates),
		TEST(a_secret_name_is_in_no_place),
		TEST(templates_have_places),
		TEST(everything_is_bounded),
		TEST(a_spent_walk_reveals_nothing),
		TEST(a_lookup_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
