/* What a provider was given as a secret, when it comes back. */
#include <config.h>

#include "engine/provider.h"
#include "engine/secrets.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "p4ss-word"

static struct arena arena;

static struct value secret(const char *text)
{
	return value_mark(value_c(text), MARK_SECRET);
}

static struct value map1(const char *key, struct value v)
{
	return value_map(&(struct value_entry){ str_from(key), v }, 1, &arena);
}

static struct value list2(struct value first, struct value second)
{
	struct value *items = arena_new(&arena, struct value, 2);

	items[0] = first;
	items[1] = second;
	return value_list(items, 2);
}

static void assert_shown(struct value v, const char *expected)
{
	struct buf b;

	buf_init(&b, 10000);
	json_write(&b, v, 0);
	assert_string_equal(b.data, expected);
	buf_release(&b);
}

static void marks_stay_where_they_were(void **state)
{
	static const struct {
		const char *now, *expected;
	} rows[] = {
		/* was {"a": [(secret), "x"]} */
		{ "{\"a\":[\"1\",\"2\"]}", "{\"a\":[\"(secret)\",\"2\"]}" },
		{ "{\"a\":[\"1\"]}", "{\"a\":\"(secret)\"}" },
		{ "{\"a\":{\"b\":1}}", "{\"a\":\"(secret)\"}" },
		{ "{\"a\":\"1\"}", "{\"a\":\"(secret)\"}" },
		{ "{\"b\":\"1\"}", "{\"b\":\"1\"}" },
		{ "null", "null" },
		{ "[1]", "\"(secret)\"" },
	};
	struct value was = map1("a", list2(secret("s"), value_c("x")));
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct value v;

		assert_int_equal(
		    json_read(str_from(rows[i].now), &arena, &v, &err), 0);
		assert_shown(secrets_keep(v, was, &arena), rows[i].expected);
	}
}

static struct call call_with(struct value config, struct value prior)
{
	return (struct call){
		.arena = &arena,
		.config = config,
		.prior = prior,
		.result = value_null(),
	};
}

static void texts_do_not_hold_one(void **state)
{
	struct call c = call_with(map1("a", list2(secret(SECRET), secret("x"))),
				  map1("b", secret(SECRET "-longer")));

	(void)state;
	call_fail(&c, ERROR_FAILED, "x: %s and %s", SECRET "-longer", SECRET);
	error_hint(&c.err, "not %s", SECRET);
	call_wait(&c, 1, "%s", SECRET);
	call_effect(&c, EFFECT_DROP, STR("table " SECRET), "drop <%s>", SECRET)
	    ->within = STR("schema " SECRET);
	c.status = STR("down");
	secrets_hide(&c);
	assert_string_equal(c.err.message, "x: (secret) and (secret)");
	assert_string_equal(c.err.hint, "not (secret)");
	assert_true(str_is(c.waiting_for, "(secret)"));
	assert_true(str_is(c.effects.items[0].text, "drop <(secret)>"));
	assert_true(str_is(c.effects.items[0].object, "table (secret)"));
	assert_true(str_is(c.effects.items[0].within, "schema (secret)"));
	assert_true(str_is(c.status, "down"));
	vec_release(&c.effects);
}

/* A message has an end: there may stand half of one. */
static void nor_a_part_of_one(void **state)
{
	struct call c = call_with(map1("a", secret(SECRET)), value_null());
	size_t end = sizeof(c.err.message) - 1;

	(void)state;
	for (size_t shown = 1; shown <= strlen(SECRET); shown++) {
		char text[sizeof(c.err.message) + 20];

		memset(text, '.', sizeof(text));
		memcpy(text + end - shown, SECRET, strlen(SECRET));
		text[end - shown + strlen(SECRET)] = '\0';
		call_fail(&c, ERROR_FAILED, "%s", text);
		secrets_hide(&c);
		assert_null(strchr(c.err.message, *SECRET));
	}
}

static void what_is_made_of_one_is_one(void **state)
{
	struct call c = call_with(map1("a", secret(SECRET)), value_null());

	(void)state;
	c.result = map1(
	    "b", list2(value_c("https://u:" SECRET "@h/"), value_c("plain")));
	secrets_hide(&c);
	assert_shown(c.result, "{\"b\":[\"(secret)\",\"plain\"]}");
}

/* A user of the name that the resource has does not make that a secret. */
static void what_is_shown_anyway_is_none(void **state)
{
	struct call c = call_with(map1("user", secret("master")), value_null());

	(void)state;
	c.address = STR("secret.master");
	c.result = map1("name", value_c("dev-master"));
	call_fail(&c, ERROR_FAILED, "no master");
	secrets_hide(&c);
	assert_shown(c.result, "{\"name\":\"dev-master\"}");
	assert_string_equal(c.err.message, "no master");
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_stay_where_they_were),
		cmocka_unit_test(texts_do_not_hold_one),
		cmocka_unit_test(nor_a_part_of_one),
		cmocka_unit_test(what_is_made_of_one_is_one),
		cmocka_unit_test(what_is_shown_anyway_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
