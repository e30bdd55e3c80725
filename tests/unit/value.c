/* Values, decimals, addresses, amounts, types and JSON. */
#include <config.h>

#include "lang/value.h"

#include "lang/amount.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/cidr.h"
#include "lang/decimal.h"
#include "lang/intern.h"
#include "lang/json.h"
#include "lang/order.h"
#include "lang/type.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct arena));
	return 0;
}

static int teardown(void **state)
{
	arena_release(*state);
	free(*state);
	return 0;
}

/* -- decimals -- */

static struct decimal decimal(const char *text)
{
	struct decimal d;

	assert_int_equal(decimal_read(str_from(text), &d), DECIMAL_OK);
	return d;
}

static void decimals_have_one_text(void **state)
{
	static const struct {
		const char *in, *out;
	} x[] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "0.000", "0" },
		{ "1.500", "1.5" },
		{ "-1.5", "-1.5" },
		{ "100", "100" },
		{ "1e2", "100" },
		{ "1E+2", "100" },
		{ "1.5e-3", "0.0015" },
		{ "0.00000000000000000001", "0.00000000000000000001" },
		{ "0000012", "12" },
		{ "12345678901234567890123456789012345678",
		  "12345678901234567890123456789012345678" },
		{ "1e38", "1e38" },
		{ "12e40", "1.2e41" },
		{ "1e-30", "1e-30" },
		{ "0.12345678901234567890123456789012345678",
		  "0.12345678901234567890123456789012345678" },
		{ "1000000000000000000000000000000000000000000", "1e42" },
	};

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		struct str text = decimal_text(decimal(x[i].in), *state);

		assert_string_equal(str_c(text, *state), x[i].out);
		assert_true(
		    str_eq(text, decimal_text(decimal(x[i].out), *state)));
	}
}

static void bad_decimals_are_refused(void **state)
{
	static const char *const bad[] = {
		"",   "-",   ".5",    "5.",  "1e",  "1e+", "+1",
		"1 ", "0x1", "1.2.3", "--1", "nan", "inf",
	};
	static const char *const large[] = {
		"123456789012345678901234567890123456789",
		"1.23456789012345678901234567890123456789",
		"1e9999",
		"1e-9999",
		"1e99999999999999999999",
	};
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decimal_read(str_from(bad[i]), &d),
				 DECIMAL_SYNTAX);
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		assert_int_equal(decimal_read(str_from(large[i]), &d),
				 DECIMAL_OVERFLOW);
	assert_int_equal(decimal_read(STR("0e9999"), &d), DECIMAL_OK);
}

static void decimals_fit_integers(void **state)
{
	static const int64_t x[] = { 0,		1,	   -1,
				     10,	-100,	   INT32_MAX,
				     INT64_MAX, INT64_MIN, INT64_MIN + 1 };
	int64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		assert_true(decimal_to_int(decimal_int(x[i]), &n));
		assert_int_equal(n, x[i]);
	}
	assert_false(decimal_to_int(decimal("9223372036854775808"), &n));
	assert_true(decimal_to_int(decimal("-9223372036854775808"), &n));
	assert_false(decimal_to_int(decimal("-9223372036854775809"), &n));
	assert_false(decimal_to_int(decimal("0.5"), &n));
	assert_false(decimal_to_int(decimal("1e40"), &n));
}

static void decimals_compute(void **state)
{
	static const struct {
		const char *a;
		char op;
		const char *b, *expected;
	} x[] = {
		{ "0.1", '+', "0.2", "0.3" },
		{ "1", '+', "-1", "0" },
		{ "-5", '-', "-7", "2" },
		{ "1e38", '-', "1", "99999999999999999999999999999999999999" },
		{ "1e40", '+', "1", NULL },
		{ "1e6000", '+', "1e-6000", NULL },
		{ "99999999999999999999999999999999999999", '+', "1", "1e38" },
		{ "99999999999999999999999999999999999999", '+', "2", NULL },
		{ "1.5", '*', "-2", "-3" },
		{ "0", '*', "-2", "0" },
		{ "12345678901234567891", '*', "10000000000000000001", NULL },
		{ "1234567890123456789", '*', "1000000000000000001",
		  "1234567890123456790234567890123456789" },
		{ "5e37", '*', "2", "1e38" },
		{ "1e3000", '*', "1e3001", NULL },
		{ "1", '/', "8", "0.125" },
		{ "1", '/', "3", "0.33333333333333333333333333333333333333" },
		{ "-2", '/', "3", "-0.66666666666666666666666666666666666667" },
		{ "10", '/', "4", "2.5" },
		{ "1", '/', "0", NULL },
		{ "0", '/', "5", "0" },
		{ "1e38", '/', "3", "33333333333333333333333333333333333333" },
		{ "7", '%', "3", "1" },
		{ "-7", '%', "3", "-1" },
		{ "7", '%', "-3", "1" },
		{ "0.3", '%', "0.1", "0" },
		{ "1e30", '%', "7", "1" },
		{ "5", '%', "1e30", "5" },
		{ "1", '%', "0", NULL },
	};

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		struct decimal a = decimal(x[i].a), b = decimal(x[i].b), d;
		enum decimal_fault f = x[i].op == '+'	? decimal_add(a, b, &d)
				       : x[i].op == '-' ? decimal_sub(a, b, &d)
				       : x[i].op == '*' ? decimal_mul(a, b, &d)
				       : x[i].op == '/' ? decimal_div(a, b, &d)
							: decimal_mod(a, b, &d);

		if ((f == DECIMAL_OK) != (x[i].expected != NULL))
			fail_msg("%s %c %s", x[i].a, x[i].op, x[i].b);
		if (f == DECIMAL_OK)
			assert_string_equal(
			    str_c(decimal_text(d, *state), *state),
			    x[i].expected);
	}
}

/* Against 64-bit arithmetic, and a = (a / b) * b + a % b. */
static void decimals_agree_with_integers(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t a, b, n;
		struct decimal x, y, d;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		a = (int64_t)(seed >> 33) - (1 << 30);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		b = (int64_t)(seed >> 43) - (1 << 20);
		x = decimal_int(a);
		y = decimal_int(b);
		assert_int_equal(decimal_cmp(x, y), (a > b) - (a < b));
		assert_int_equal(decimal_add(x, y, &d), DECIMAL_OK);
		assert_true(decimal_to_int(d, &n) && n == a + b);
		assert_int_equal(decimal_mul(x, y, &d), DECIMAL_OK);
		assert_true(decimal_to_int(d, &n) && n == a * b);
		if (b == 0)
			continue;
		assert_int_equal(decimal_mod(x, y, &d), DECIMAL_OK);
		assert_true(decimal_to_int(d, &n) && n == a % b);
		assert_int_equal(decimal_mul(x, y, &d), DECIMAL_OK);
		assert_int_equal(decimal_div(d, y, &d), DECIMAL_OK);
		assert_true(decimal_to_int(d, &n) && n == a);
	}
}

static void decimals_have_an_order(void **state)
{
	static const char *const x[] = {
		"-1e40", "-10", "-9.5", "-0.1", "0",	"1e-40",
		"0.1",	 "0.2", "9.5",	"10",	"10.1", "1e40",
	};
	size_t n = sizeof(x) / sizeof(x[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			assert_int_equal(
			    decimal_cmp(decimal(x[i]), decimal(x[k])),
			    (i > k) - (i < k));
}

/* -- addresses and amounts -- */

static void addresses(void **state)
{
	static const char *const bad[] = {
		"10.0.0.0",    "10.0.0.0/33", "10.0.0/8",   "10.0.0.256/8",
		"010.0.0.0/8", "1.2.3.4/",    "/8",	    "1.2.3.4/08",
		"1.2.3.4.5/8", "a.b.c.d/8",   "1.2.3.4/8 ", "1..2.3/8",
	};
	struct cidr c;
	uint32_t ip;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cidr_read(str_from(bad[i]), &c));
	assert_true(cidr_read(STR("10.1.2.3/16"), &c));
	assert_false(cidr_is_network(c));
	assert_true(str_is(cidr_text(cidr_network(c), *state), "10.1.0.0/16"));
	assert_true(cidr_read(STR("0.0.0.0/0"), &c));
	assert_true(cidr_contains_ip(c, 0xffffffff));
	assert_true(ip_read(STR("255.255.255.255"), &ip));
	assert_int_equal(ip, 0xffffffff);
	assert_false(ip_read(STR("1.2.3"), &ip));
	assert_false(ip_read(STR("1.2.3.4."), &ip));
}

static void amounts(void **state)
{
	static const struct {
		const char *in;
		int64_t n;
		const char *out;
	} durations[] = {
		{ "30s", 30000, "30s" },	{ "90m", 5400000, "1h30m" },
		{ "500ms", 500, "500ms" },	{ "1.5h", 5400000, "1h30m" },
		{ "7d", 604800000, "7d" },	{ "0s", 0, "0s" },
		{ "1d1h1m1s1ms", 90061001, "1d1h1m1s1ms" },
	}, sizes[] = {
		{ "20GiB", 21474836480, "20GiB" },
		{ "1024KiB", 1048576, "1MiB" },
		{ "5MB", 5000000, "5000000B" },
		{ "0B", 0, "0B" },
		{ "1.5KiB", 1536, "1536B" },
	};
	static const char *const bad[] = {
		"",
		"5",
		"m",
		"1m1h",
		"1h1h",
		"1x",
		"-1s",
		"1h 2m",
		"1.0001ms",
		"99999999999999999999d",
		"100000000000d1000000000000h",
	};
	int64_t n;

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		assert_true(duration_read(str_from(durations[i].in), &n));
		assert_int_equal(n, durations[i].n);
		assert_true(str_is(duration_text(n, *state), durations[i].out));
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_true(size_read(str_from(sizes[i].in), &n));
		assert_int_equal(n, sizes[i].n);
		assert_true(str_is(size_text(n, *state), sizes[i].out));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(duration_read(str_from(bad[i]), &n));
		assert_false(size_read(str_from(bad[i]), &n));
	}
}

/* -- values -- */

static struct value read(void *arena, const char *json)
{
	struct error err;
	struct value v;

	if (json_read(str_from(json), arena, &v, &err) < 0)
		fail_msg("%s: %s", json, err.message);
	return v;
}

static const char *write(void *arena, struct value v, unsigned flags)
{
	struct buf b;
	char *text;

	buf_init(&b, 1 << 20);
	json_write(&b, v, flags);
	text = str_c(buf_str(&b), arena);
	buf_release(&b);
	return text;
}

static void maps_are_sorted_and_the_last_wins(void **state)
{
	struct value_entry e[] = {
		{ STR("b"), value_int(1) }, { STR("a"), value_int(2) },
		{ STR("b"), value_int(3) }, { STR("c"), value_int(4) },
		{ STR("b"), value_int(5) },
	};
	struct value m = value_map(e, 5, *state);

	assert_string_equal(write(*state, m, 0), "{\"a\":2,\"b\":5,\"c\":4}");
	assert_int_equal(value_number(m, "b", 0), 5);
	assert_null(value_get(m, "d"));
	assert_int_equal(value_number(m, "d", -1), -1);
	m = value_with(m, STR("bb"), value_bool(true), *state);
	m = value_with(m, STR("a"), value_null(), *state);
	m = value_with(m, STR("z"), value_c("x"), *state);
	assert_string_equal(
	    write(*state, m, 0),
	    "{\"a\":null,\"b\":5,\"bb\":true,\"c\":4,\"z\":\"x\"}");
	assert_true(value_true(m, "bb"));
	assert_true(str_is(value_text(m, "z"), "x"));
	assert_int_equal(value_text(m, "a").n, 0);
	assert_string_equal(write(*state, value_map(NULL, 0, *state), 0), "{}");
}

static void marks(void **state)
{
	struct value secret = value_mark(value_c("x"), MARK_SECRET);
	struct value items[] = { value_int(1), secret, value_unknown() };
	struct value list = value_list(items, 3);

	(void)state;
	assert_true(value_is_unknown(value_unknown()));
	assert_false(value_is_null(value_unknown()));
	assert_false(value_is_unknown(list));
	assert_false(value_is_known(list));
	assert_true(value_is_known(value_list(items, 2)));
	assert_true(value_has_secret(list));
	assert_false(value_has_secret(value_list(items, 1)));
	assert_int_equal(value_marks(list), MARK_SECRET | MARK_UNKNOWN);
	assert_true(value_eq(secret, value_c("x")));
	assert_false(value_eq(value_unknown(), value_null()));
	assert_true(value_eq(value_unknown(), value_unknown()));
	secret = value_mark(secret, MARK_UNKNOWN);
	assert_int_equal(secret.kind, VALUE_NULL);
	assert_int_equal(secret.marks, MARK_SECRET | MARK_UNKNOWN);
}

static void copies_outlive_their_source(void **state)
{
	static const char text[] =
	    "{\"a\":[1,\"two\",{\"three\":null}],\"b\":true}";
	struct arena short_lived = { 0 };
	struct value v =
	    read(&short_lived, str_c(str_from(text), &short_lived));
	struct value copy = value_copy(value_mark(v, MARK_SECRET), *state);

	assert_true(value_eq(v, copy));
	arena_release(&short_lived);
	assert_string_equal(write(*state, copy, JSON_REVEAL), text);
	assert_string_equal(write(*state, copy, 0), "\"(secret)\"");
}

static void sets_have_an_order(void **state)
{
	struct value v = read(*state, "[10,\"b\",9,\"a\",null,[1],[1,2],true,"
				      "9,[1],{\"k\":1},{\"k\":1}]");
	struct value *items = arena_new(*state, struct value, v.as.list.n + 2);
	size_t n = v.as.list.n;

	memcpy(items, v.as.list.items, n * sizeof(*items));
	items[n++] = value_unknown();
	items[n++] = value_unknown();
	n = value_sort_unique(items, n);
	assert_string_equal(write(*state, value_list(items, n), 0),
			    "[null,true,9,10,\"a\",\"b\",[1],[1,2],{\"k\":1},"
			    "\"(known after apply)\",\"(known after apply)\"]");
}

static void *intern_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < 20000; i++) {
		char text[24];
		struct value v = value_int(i);

		snprintf(text, sizeof(text), "%d", i);
		if (!str_is(v.as.text, text))
			return (void *)(uintptr_t)1;
	}
	return NULL;
}

static void interning_is_safe_with_threads(void **state)
{
	pthread_t threads[4];
	void *result;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, intern_many, NULL), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		assert_null(result);
	}
	assert_ptr_equal(intern(STR("abc")), intern(STR("abc")));
	assert_string_equal(intern(STR("")), "");
	assert_true(
	    str_is(value_int(INT64_MIN).as.text, "-9223372036854775808"));
}

/* -- JSON -- */

static void json_round_trips(void **state)
{
	static const struct {
		const char *in, *out;
	} x[] = {
		{ " [ ] ", "[]" },
		{ "{\"b\":1,\"a\":{\"d\":[],\"c\":{}}}",
		  "{\"a\":{\"c\":{},\"d\":[]},\"b\":1}" },
		{ "[1.50, -0, 1E2, 9007199254740993]",
		  "[1.5,0,100,9007199254740993]" },
		{ "\"\\u0041\\u00e9\\ud83d\\ude00\\/\\b\\f\"",
		  "\"Aé😀/\\u0008\\u000c\"" },
		{ "\"\\\\ \\\" \\n\\r\\t\"", "\"\\\\ \\\" \\n\\r\\t\"" },
		{ "\"\x7f\"", "\"\x7f\"" },
		{ "[true,false,null]", "[true,false,null]" },
	};

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		const char *once = write(*state, read(*state, x[i].in), 0);

		assert_string_equal(once, x[i].out);
		assert_string_equal(write(*state, read(*state, once), 0), once);
	}
	assert_string_equal(
	    write(*state, read(*state, "{\"a\":[1,{}],\"b\":{\"c\":[]}}"),
		  JSON_INDENT),
	    "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n"
	    "    \"c\": []\n  }\n}");
}

static void bad_json_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} x[] = {
		{ "", "line 1 column 1: the text ends too early" },
		{ "[1,]", "line 1 column 4: expected a value" },
		{ "[1 2]", "line 1 column 4: expected \",\" or \"]\"" },
		{ "{\"a\" 1}", "line 1 column 6: expected \":\"" },
		{ "{a:1}", "line 1 column 2: expected a key in quotes" },
		{ "{\"a\":1,}", "line 1 column 8: expected a key in quotes" },
		{ "[\n01]", "line 2 column 1: a number begins with a needless "
			    "zero" },
		{ "1.", "line 1 column 1: not a number" },
		{ "-", "line 1 column 1: not a number" },
		{ "+1", "line 1 column 1: expected a value" },
		{ "NaN", "line 1 column 1: expected a value" },
		{ "tru", "line 1 column 1: expected a value" },
		{ "1 2", "line 1 column 3: text behind the value" },
		{ "\"a", "line 1 column 2: a string that begins here does not "
			 "end" },
		{ "\"\\", "line 1 column 2: a string that begins here does "
			  "not end" },
		{ "\"\\x\"", "line 1 column 3: unknown escape in a string" },
		{ "\"\\u00\"", "line 1 column 4: \\u needs four hexadecimal "
			       "digits" },
		{ "\"\\u0000\"", "line 1 column 8: \\u0000 is not allowed in a "
				 "string" },
		{ "\"\\ud800\"", "line 1 column 8: half of a surrogate pair" },
		{ "\"\\udc00\"", "line 1 column 8: half of a surrogate pair" },
		{ "\"\t\"", "line 1 column 2: control character in a string" },
		{ "\"\xff\"", "line 1 column 2: invalid UTF-8 in a string" },
		{ "\"\xc0\x80\"", "line 1 column 2: invalid UTF-8 in a "
				  "string" },
		{ "\"\xed\xa0\x80\"", "line 1 column 2: invalid UTF-8 in a "
				      "string" },
		{ "123456789012345678901234567890123456789",
		  "line 1 column 1: the number has more than 38 digits" },
	};
	struct str nul = { "[1]\0", 4 };
	struct error err = { 0 };
	struct value v;
	struct buf deep;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		assert_int_equal(
		    json_read(str_from(x[i].text), *state, &v, &err), -1);
		if (!strstr(err.message, x[i].message))
			fail_msg("%s\n  gives    %s\n  expected %s", x[i].text,
				 err.message, x[i].message);
	}
	assert_int_equal(json_read(nul, *state, &v, &err), -1);
	assert_int_equal(
	    json_read(STR("{\"a\":1,\"b\":2,\"a\":1}"), *state, &v, &err), -1);
	assert_string_equal(err.message, "invalid JSON: the key \"a\" stands "
					 "twice in one object");
	buf_init(&deep, 1 << 20);
	for (int i = 0; i < 200; i++)
		buf_add_char(&deep, '[');
	for (int i = 0; i < 200; i++)
		buf_add_char(&deep, ']');
	assert_int_equal(json_read(buf_str(&deep), *state, &v, &err), 0);
	buf_clear(&deep);
	for (int i = 0; i < 100000; i++)
		buf_add_char(&deep, '[');
	assert_int_equal(json_read(buf_str(&deep), *state, &v, &err), -1);
	assert_non_null(strstr(err.message, "nested too deep"));
	buf_release(&deep);
}

/* Every prefix and every changed byte: no crash, an error or a value. */
static void json_survives_damage(void **state)
{
	static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\",true],"
				   "\"b\":{\"c\":null,\"d\":\"\xc3\xa9\"}}";
	struct error err;
	struct value v;

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		/* In memory of its own, so that reading beyond is seen. */
		char *part = malloc(n + 1);

		memcpy(part, text, n);
		assert_int_equal(
		    json_read((struct str){ part, n }, *state, &v, &err), -1);
		free(part);
	}
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (int c = 0; c < 256; c++) {
			char copy[sizeof(text)];

			memcpy(copy, text, sizeof(text));
			copy[i] = (char)c;
			if (json_read((struct str){ copy, sizeof(text) - 1 },
				      *state, &v, &err) == 0)
				write(*state, v, JSON_REVEAL);
		}
}

/* -- types -- */

static void types_print_as_they_are_read(void **state)
{
	static const struct {
		const char *in, *out;
	} x[] = {
		{ "string", "string" },
		{ " list( set(number) ) ", "list(set(number))" },
		{ "enum(a,b)", "enum(a, b)" },
		{ "object({a: string, b?: map(cidr),})",
		  "object({a: string, b?: map(cidr)})" },
		{ "object({\n\ta: ip\n})", "object({a: ip})" },
		{ "object({})", "object({})" },
		{ "aurora|database", "aurora | database" },
		{ "list(vpc | subnet)", "list(vpc | subnet)" },
		{ "any", "any" },
	};
	struct error err;
	struct buf b;
	uint32_t at;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		const struct type *t =
		    type_parse(str_from(x[i].in), *state, &at, &err);

		if (!t)
			fail_msg("%s: %s", x[i].in, err.message);
		buf_clear(&b);
		type_print(t, &b);
		assert_string_equal(b.data, x[i].out);
	}
	buf_release(&b);
}

static void bad_types_are_refused(void **state)
{
	static const struct {
		const char *text;
		uint32_t at;
		const char *message;
	} x[] = {
		{ "", 0, "expected a type before the end of the type" },
		{ "list", 4, "expected \"(\" before the end of the type" },
		{ "list()", 5, "expected a type" },
		{ "list(string", 11,
		  "expected \")\" before the end of the "
		  "type" },
		{ "enum(a a)", 7, "expected \",\" or \")\"" },
		{ "enum(a, a)", 8, "\"a\" stands twice in this type" },
		{ "string x", 7, "expected \"|\" or the end of the type" },
		{ "string |", 8,
		  "expected a type before the end of the "
		  "type" },
		{ "object({a string})", 10, "expected \":\"" },
		{ "object({a: string, a: ip})", 22,
		  "\"a\" stands twice in this type" },
		{ "5", 0, "expected a type" },
	};
	struct error err;
	struct buf deep;
	uint32_t at;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		assert_null(type_parse(str_from(x[i].text), *state, &at, &err));
		assert_string_equal(err.message, x[i].message);
		if (at < x[i].at || at > x[i].at + 1)
			fail_msg("%s: at %u, not %u", x[i].text, at, x[i].at);
	}
	buf_init(&deep, 1 << 20);
	for (int i = 0; i < 10000; i++)
		buf_add_c(&deep, "list(");
	assert_null(type_parse(buf_str(&deep), *state, &at, &err));
	assert_string_equal(err.message, "type is nested too deep");
	buf_release(&deep);
}

static void conversions(void **state)
{
	static const struct {
		const char *type, *in, *out; /* out: "!" and the reason */
	} x[] = {
		{ "string", "\"a\"", "\"a\"" },
		{ "string", "null", "null" },
		{ "string", "1",
		  "!expected a string, found a number; a "
		  "template \"${…}\" makes a string of it" },
		{ "number", "\"1\"", "!expected a number, found a string" },
		{ "bool", "\"true\"", "!expected a bool, found a string" },
		{ "cidr", "\"10.0.0.0/16\"", "\"10.0.0.0/16\"" },
		{ "cidr", "\"10.0.0.1/16\"",
		  "!\"10.0.0.1/16\" has host bits set: the block is "
		  "10.0.0.0/16" },
		{ "cidr", "\"x\"", "!\"x\" is not a cidr such as 10.0.0.0/16" },
		{ "ip", "\"1.2.3.4\"", "\"1.2.3.4\"" },
		{ "ip", "[1]", "!expected an ip, found a list" },
		{ "duration", "\"90s\"", "\"1m30s\"" },
		{ "size", "\"1024MiB\"", "\"1GiB\"" },
		{ "size", "5", "!expected a size, found a number" },
		{ "enum(a, b)", "\"a\"", "\"a\"" },
		{ "enum(a, b)", "\"c\"", "!expected one of a, b, found \"c\"" },
		{ "list(number)", "[1,2]", "[1,2]" },
		{ "list(number)", "[1,\"x\"]",
		  "![1]: expected a number, found a string" },
		{ "list(number)", "[1,null]",
		  "![1]: expected a number, found null" },
		{ "list(any)", "[1,null]", "[1,null]" },
		{ "set(string)", "[\"b\",\"a\",\"b\"]", "[\"a\",\"b\"]" },
		{ "map(list(ip))", "{\"x y\":[\"1.2.3.4\",5]}",
		  "![\"x y\"][1]: expected an ip, found a number" },
		{ "map(string)", "{\"a\":null,\"b\":\"x\"}", "{\"b\":\"x\"}" },
		{ "object({a: number, b?: string})", "{\"a\":1}",
		  "{\"a\":1,\"b\":null}" },
		{ "object({a: number, b?: string})", "{\"b\":\"x\"}",
		  "!member \"a\" is missing" },
		{ "object({a: number})", "{\"a\":1,\"z\":2}",
		  "!unrecognised member \"z\"" },
		{ "object({a: object({b: number})})", "{\"a\":{\"b\":\"x\"}}",
		  "!.a.b: expected a number, found a string" },
		{ "json", "{\"b\":1,\"a\":[]}",
		  "\"{\\\"a\\\":[],\\\"b\\\":1}\"" },
		{ "json", "\"{\\\"b\\\": 1}\"", "\"{\\\"b\\\":1}\"" },
		{ "json", "\"{\"",
		  "!invalid JSON at line 1 column 2: expected "
		  "a key in quotes" },
		{ "json", "5",
		  "!expected a JSON text, a list or a map, found "
		  "a number" },
		{ "number | list(number)", "[1]", "[1]" },
		{ "number | list(number)", "[\"x\"]",
		  "![0]: expected a number, found a string" },
		{ "cidr | duration", "\"1h\"", "\"1h\"" },
		{ "cidr | string", "\"10.0.0.0/16\"", "\"10.0.0.0/16\"" },
		{ "number | bool", "\"x\"",
		  "!expected a number or a bool, found a string" },
		{ "vpc", "\"vpc-1\"", "!expected a vpc, found a string" },
		{ "any", "[1,{\"a\":\"b\"}]", "[1,{\"a\":\"b\"}]" },
	};
	struct error err;
	struct buf why;
	uint32_t at;

	buf_init(&why, 1000);
	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		const struct type *t =
		    type_parse(str_from(x[i].type), *state, &at, &err);
		struct value out;
		const char *got;

		assert_non_null(t);
		buf_clear(&why);
		buf_add_char(&why, '!');
		if (type_convert(t, read(*state, x[i].in), *state, &out, &why) <
		    0)
			got = why.data;
		else
			got = write(*state, out, 0);
		if (strcmp(got, x[i].out) != 0)
			fail_msg("%s <- %s\n  gives    %s\n  expected %s",
				 x[i].type, x[i].in, got, x[i].out);
	}
	buf_release(&why);
}

static void conversions_keep_marks(void **state)
{
	struct value secret = value_mark(value_c("{\"a\":1}"), MARK_SECRET);
	struct value_entry e = { STR("k"), secret };
	struct value map = value_map(&e, 1, *state);
	struct value unknown = value_unknown();
	struct error err;
	struct value out;
	uint32_t at;
	const struct type *t = type_parse(STR("json"), *state, &at, &err);

	assert_int_equal(type_convert(t, secret, *state, &out, NULL), 0);
	assert_int_equal(out.marks, MARK_SECRET);
	assert_int_equal(type_convert(t, map, *state, &out, NULL), 0);
	assert_int_equal(out.marks, MARK_SECRET);
	assert_string_equal(write(*state, out, JSON_REVEAL),
			    "\"{\\\"k\\\":\\\"{\\\\\\\"a\\\\\\\":1}\\\"}\"");
	assert_int_equal(
	    type_convert(t, value_list(&unknown, 1), *state, &out, NULL), 0);
	assert_true(value_is_unknown(out));
	t = type_parse(STR("list(number)"), *state, &at, &err);
	assert_int_equal(type_convert(t, value_unknown(), *state, &out, NULL),
			 0);
	assert_true(value_is_unknown(out));
	assert_int_equal(type_convert(t, value_c("x"), *state, &out, NULL), -1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(decimals_have_one_text),
		TEST(bad_decimals_are_refused),
		TEST(decimals_fit_integers),
		TEST(decimals_compute),
		TEST(decimals_agree_with_integers),
		TEST(decimals_have_an_order),
		TEST(addresses),
		TEST(amounts),
		TEST(maps_are_sorted_and_the_last_wins),
		TEST(marks),
		TEST(copies_outlive_their_source),
		TEST(sets_have_an_order),
		TEST(interning_is_safe_with_threads),
		TEST(json_round_trips),
		TEST(bad_json_is_refused),
		TEST(json_survives_damage),
		TEST(types_print_as_they_are_read),
		TEST(bad_types_are_refused),
		TEST(conversions),
		TEST(conversions_keep_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
