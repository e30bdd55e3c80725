/* Addresses, the notation of values, and the text of states. */
#include <config.h>

#include "engine/address.h"
#include "engine/seal.h"
#include "engine/state.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SENTINEL "S3ntinel-Geheimnis"

static struct arena arena;
static struct seal *seal;
static char folder[SCRATCH_MAX];

static int set_up(void **state)
{
	struct error err;

	(void)state;
	unsetenv("DMSL_STATE_KEY");
	unsetenv("DMSL_STATE_KEY_FILE");
	if (!scratch_folder(folder, "state"))
		return -1;
	return seal_open(folder, true, &seal, &err);
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	seal_close(seal);
	arena_release(&arena);
	return file_remove_tree(folder, &err);
}

static struct str key_of(struct str address)
{
	struct str parent, type, name, key;
	bool has_key;

	assert_true(address_split(address, &arena, &parent, &type, &name,
				  &has_key, &key));
	assert_true(has_key);
	return key;
}

static void addresses_split_into_what_they_were_made_of(void **state)
{
	static const char *const keys[] = {
		"a",
		"",
		"a/b",
		"\"",
		"\\",
		"[x]",
		"${x}",
		"$x",
		"\n\t",
		"\x01",
		"gr\xc3\xbc\xc3\x9f",
		"a\"]/vpc.b[\"c",
	};
	struct str parent, type, name, key;
	bool has_key;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct str up = address_make(&arena, STR(""), STR("network"),
					     STR("x"), true, str_from(keys[i]));
		struct str a = address_make(&arena, up, STR("vpc"), STR("main"),
					    true, str_from(keys[i]));

		assert_true(str_is(key_of(up), keys[i]));
		assert_true(str_is(key_of(a), keys[i]));
		assert_true(address_split(a, &arena, &parent, &type, &name,
					  &has_key, &key));
		assert_true(str_eq(parent, up));
		assert_true(str_is(type, "vpc"));
		assert_true(str_is(name, "main"));
	}
	assert_true(address_split(STR("a.b"), &arena, &parent, &type, &name,
				  &has_key, &key));
	assert_false(has_key);
	assert_int_equal(parent.n, 0);
	assert_true(str_is(key_of(STR("a.b[\"\\u{fc}\"]")), "\xc3\xbc"));
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		".",
		"a.",
		".b",
		"a.b.c",
		"/a.b",
		"a.b/",
		"a.b[",
		"a.b[\"",
		"a.b[\"\"",
		"a.b[\"x\"]y",
		"a.b[x]",
		"a.b[\"\\q\"]",
		"a.b[\"\\\"]",
		"a.b[\"\\u{}\"]",
		"a.b[\"\\u{d800}\"]",
		"a.b[\"\\u{1234567}\"]",
		"1.b",
		"a b.c",
	};
	struct str parent, type, name, key;
	bool has_key;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (address_split(str_from(bad[i]), &arena, &parent, &type,
				  &name, &has_key, &key))
			fail_msg("\"%s\" was taken for an address", bad[i]);
}

static void default_names_are_short_and_clean(void **state)
{
	struct str a = STR("aurora.source/db_cluster.main[\"a\"]");
	struct str b = STR("aurora.source/db_cluster.main[\"b\"]");
	struct str x, y;

	(void)state;
	assert_true(str_is(address_default_name(&arena, STR("dev"), a, 63),
			   "dev-aurora-source-main-a"));
	x = address_default_name(&arena, STR("dev"), STR("a.b_c[\"--x/\"]"),
				 63);
	assert_true(str_is(x, "dev-b-c-x"));
	x = address_default_name(&arena, STR("dev"), a, 16);
	y = address_default_name(&arena, STR("dev"), b, 16);
	assert_true(x.n <= 16 && str_starts(x, "dev-"));
	assert_false(str_eq(x, y));
}

static struct value entry_map(const char *key, struct value v)
{
	struct value_entry e = { str_from(key), v };

	return value_map(&e, 1, &arena);
}

static struct value sample_attrs(void)
{
	struct value secret = value_mark(value_c(SENTINEL), MARK_SECRET);
	struct value items[] = { value_int(1), secret, value_null() };
	struct value secret_items[] = { value_c(SENTINEL), value_int(7) };
	struct value_entry entries[] = {
		{ STR("cidr"),
		  { .kind = VALUE_CIDR, .as.text = STR("10.0.0.0/16") } },
		{ STR("wait"),
		  { .kind = VALUE_DURATION, .as.amount = 5400000 } },
		{ STR("password"), secret },
		{ STR("list"), value_list(items, 3) },
		{ STR("whole"),
		  value_mark(value_list(secret_items, 2), MARK_SECRET) },
		{ STR("later"), value_unknown() },
		{ STR("tags"), entry_map("$sealed", value_c("not sealed")) },
		{ STR("$x"), value_bool(true) },
		{ STR("number"),
		  { .kind = VALUE_NUMBER,
		    .as.text = STR("12345678901234567890."
				   "123456789012345678") } },
		{ STR("text"), value_c("a \"b\"\n\xc3\xbc") },
	};

	/* A copy: lists do not own their items, which are here. */
	return value_copy(
	    value_map(entries, sizeof(entries) / sizeof(*entries), &arena),
	    &arena);
}

static void put(struct state *s, const char *address, const char *dep)
{
	struct str deps[] = { str_from(dep), STR("a.a"), str_from(dep) };
	struct state_resource r = {
		.address = str_from(address),
		.type = STR("vpc"),
		.provider = STR("local"),
		.id = STR("vpc-1"),
		.attrs = sample_attrs(),
		.deps = deps,
		.n_deps = 3,
		.is_tainted = true,
		.keep_on_destroy = true,
		.replace_when = STR("0f1e"),
	};

	state_put(s, &r);
}

static struct str write_text(const struct state *s, const struct seal *key)
{
	struct error err;
	struct buf b;
	struct str text;

	buf_init(&b, 1 << 28);
	assert_int_equal(state_write(s, key, &b, &err), 0);
	text = str_dup(buf_str(&b), &arena);
	buf_release(&b);
	return text;
}

static void read_text(struct state *s, struct str text, const struct seal *key)
{
	struct error err;

	state_init(s, &arena);
	if (state_read(s, text, key, &err) < 0)
		fail_msg("%s", err.message);
}

static void sample(struct state *s)
{
	state_init(s, &arena);
	s->stack = STR("dev");
	s->uid = STR("0123456789abcdef");
	s->outputs =
	    entry_map("secret", value_mark(value_c(SENTINEL), MARK_SECRET));
	put(s, "b.b", "a.z");
	put(s, "network.dms/vpc.main[\"a\"]", "b.b");
	put(s, "a.a", "b.b");
	put(s, "a.a#0123abcd", "b.b");
	put(s, "gone.x", "a.z");
	state_remove(s, STR("gone.x"));
}

static void states_come_back_as_they_were(void **state)
{
	struct state s, again, copy;
	struct str text;
	const struct value *v;

	(void)state;
	sample(&s);
	text = write_text(&s, seal);
	assert_false(str_contains(text, STR(SENTINEL)));
	read_text(&again, text, seal);
	assert_true(str_eq(write_text(&again, seal), text));
	assert_int_equal(state_count(&again), 4);
	state_copy(&copy, &again, &arena);
	assert_true(str_eq(write_text(&copy, seal), text));

	v = &state_find(&again, STR("b.b"))->attrs;
	assert_true(str_is(value_text(*v, "cidr"), "10.0.0.0/16"));
	assert_true(str_is(value_text(*v, "wait"), "1h30m"));
	assert_true(str_is(value_text(*v, "password"), SENTINEL));
	assert_int_equal(value_get(*v, "password")->marks, MARK_SECRET);
	assert_int_equal(value_get(*v, "whole")->marks, MARK_SECRET);
	assert_int_equal(value_get(*v, "whole")->as.list.n, 2);
	assert_int_equal(value_get(*v, "list")->marks, 0);
	assert_int_equal(value_get(*v, "list")->as.list.items[1].marks,
			 MARK_SECRET);
	assert_true(value_is_unknown(*value_get(*v, "later")));
	assert_true(str_is(value_text(*value_get(*v, "tags"), "$sealed"),
			   "not sealed"));
	assert_true(value_true(*v, "$x"));
	assert_true(str_is(value_text(*v, "text"), "a \"b\"\n\xc3\xbc"));
	assert_true(str_is(value_get(*v, "number")->as.text,
			   "12345678901234567890.123456789012345678"));
	assert_int_equal(state_find(&again, STR("b.b"))->n_deps, 2);
	assert_true(state_find(&again, STR("b.b"))->is_tainted);
	assert_true(state_find(&again, STR("b.b"))->keep_on_destroy);
	assert_false(state_find(&again, STR("b.b"))->prevent_destroy);
	assert_true(
	    str_is(state_find(&again, STR("b.b"))->replace_when, "0f1e"));
	state_release(&s);
	state_release(&again);
	state_release(&copy);
}

static void order_of_work_does_not_show(void **state)
{
	struct state s, t;

	(void)state;
	sample(&s);
	state_init(&t, &arena);
	t.stack = s.stack;
	t.uid = s.uid;
	t.outputs = s.outputs;
	put(&t, "a.a#0123abcd", "b.b");
	put(&t, "a.a", "b.b");
	put(&t, "network.dms/vpc.main[\"a\"]", "a.a");
	put(&t, "network.dms/vpc.main[\"a\"]", "b.b");
	put(&t, "b.b", "a.z");
	assert_true(str_eq(write_text(&s, seal), write_text(&t, seal)));
	state_release(&s);
	state_release(&t);
}

static void without_a_key_secrets_are_unknown(void **state)
{
	struct state s, again;
	const struct value *v;

	(void)state;
	sample(&s);
	assert_false(str_contains(write_text(&s, NULL), STR(SENTINEL)));
	read_text(&again, write_text(&s, seal), NULL);
	v = value_get(state_find(&again, STR("a.a"))->attrs, "password");
	assert_int_equal(v->marks, MARK_SECRET | MARK_UNKNOWN);
	state_release(&again);
	read_text(&again, write_text(&s, NULL), seal);
	v = value_get(again.outputs, "secret");
	assert_int_equal(v->marks, MARK_SECRET | MARK_UNKNOWN);
	state_release(&again);
	state_release(&s);
}

static void a_state_is_one_attribute_a_line(void **state)
{
	static const char expect[] = "{\n"
				     "  \"format\": 2,\n"
				     "  \"stack\": \"dev\",\n"
				     "  \"uid\": \"\",\n"
				     "  \"outputs\": {},\n"
				     "  \"resources\": {\n"
				     "    \"vpc.a\": {\n"
				     "      \"type\": \"vpc\",\n"
				     "      \"provider\": \"local\",\n"
				     "      \"id\": \"v\",\n"
				     "      \"deps\": [],\n"
				     "      \"attrs\": {\n"
				     "        \"tags\": {\"a\":\"b\"}\n"
				     "      }\n"
				     "    }\n"
				     "  }\n"
				     "}\n";
	struct state s;
	struct state_resource r = {
		.address = STR("vpc.a"),
		.type = STR("vpc"),
		.provider = STR("local"),
		.id = STR("v"),
		.attrs = entry_map("tags", entry_map("a", value_c("b"))),
	};

	(void)state;
	state_init(&s, &arena);
	s.stack = STR("dev");
	state_put(&s, &r);
	assert_string_equal(write_text(&s, NULL).s, expect);
	state_remove(&s, r.address);
	assert_non_null(strstr(write_text(&s, NULL).s, "\"resources\": {}\n"));
	state_release(&s);
}

/* What has joins is not read by those who would not know them. */
static void an_old_format_becomes_the_new_one(void **state)
{
	static const char old[] =
	    "{\"format\":1,\"stack\":\"d\",\"uid\":\"\",\"outputs\":{},"
	    "\"resources\":{\"a.b\":{\"type\":\"a\",\"provider\":\"local\","
	    "\"id\":\"x\",\"deps\":[\"a.c\"],\"attrs\":{}}}}";
	struct state s;
	struct str text;

	(void)state;
	read_text(&s, str_from(old), NULL);
	assert_true(str_is(state_find(&s, STR("a.b"))->deps[0], "a.c"));
	text = write_text(&s, NULL);
	assert_true(str_starts(text, "{\n  \"format\": 2,\n"));
	state_release(&s);
	read_text(&s, text, NULL);
	assert_true(str_eq(write_text(&s, NULL), text));
	state_release(&s);
}

#define HEAD_REST "\"stack\":\"d\",\"uid\":\"\",\"outputs\":{},"
#define HEAD	  "{\"format\":1," HEAD_REST

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "{", "state: " },
		{ "[]", "state: is not an object" },
		{ "{}", "state: has no \"format\"" },
		{ "{\"format\":3,\"x\":1}",
		  "state: has format 3, and this dmsl "
		  "knows formats 1 to 2" },
		{ "{\"format\":1,\"x\":1}",
		  "state: has an unknown member \"x\"" },
		{ "{\"format\":1,\"stack\":1}",
		  "state: \"stack\" is not a string" },
		{ "{\"format\":1,\"uid\":\"xyz\"}",
		  "state: \"uid\" is not 16 hex digits" },
		{ "{\"x\":1}", "state: has no \"format\"" },
		{ "{\"x\":1,\"format\":3}",
		  "state: has format 3, and this dmsl "
		  "knows formats 1 to 2" },
		{ "{\"x\":1,\"format\":1," HEAD_REST "\"resources\":{}}",
		  "state: has an unknown member \"x\"" },
		{ "{\"format\":1,\"format\":1}",
		  "state: has \"format\" twice" },
		{ "{\"format\":1," HEAD_REST "\"resources\":{}} x",
		  "state: invalid JSON at line 1 column 63: text behind the "
		  "value" },
		{ HEAD "\"resources\":{\n\"a.b\":{\"type\" \"a\"}}}",
		  "state: resource \"a.b\": invalid JSON at line 2 column 15: "
		  "expected \":\"" },
		{ HEAD
		  "\"resources\":{\"a.b\":{\"type\":\"a\",\"type\":\"a\"}}}",
		  "state: resource \"a.b\": has \"type\" twice" },
		{ HEAD "\"resources\":{\"a.b\":{\"type\":\"a\",\"attrs\":{}},"
		       "\"a.b\":{\"type\":\"a\",\"attrs\":{}}}}",
		  "state: resource \"a.b\" stands twice" },
		{ HEAD "\"resources\":{\"a.b#0123\":{}}}",
		  "state: \"a.b#0123\" is not an address" },
		{ HEAD "\"resources\":{}", "state: invalid JSON at line 1" },
		{ HEAD "\"resources\":[]}",
		  "state: \"resources\" is not an object" },
		{ HEAD "\"resources\":{\"x\":{}}}",
		  "state: \"x\" is not an address" },
		{ HEAD "\"resources\":{\"a.b\":{}}}",
		  "state: resource \"a.b\": has no \"type\"" },
		{ HEAD "\"resources\":{\"a.b\":{\"type\":\"a\"}}}",
		  "state: resource \"a.b\": \"attrs\" is not an object" },
		{ HEAD "\"resources\":{\"a.b\":{\"type\":\"a\","
		       "\"deps\":\"a.c\",\"attrs\":{}}}}",
		  "state: resource \"a.b\": \"deps\" is not a list" },
		{ HEAD "\"resources\":{\"a.b\":{\"deps\":[\"a.c\",\"a.d\",],"
		       "\"attrs\":{}}}}",
		  "state: resource \"a.b\": invalid JSON at line 1 column " },
		{ HEAD "\"resources\":{\"a.b\":{\"type\":\"a\",\"deps\":[1],"
		       "\"attrs\":{}}}}",
		  "state: resource \"a.b\": item 0 of \"deps\" is not a "
		  "string" },
		{ HEAD "\"resources\":{\"a.b\":{\"type\":\"a\",\"tainted\":1,"
		       "\"attrs\":{}}}}",
		  "state: resource \"a.b\": \"tainted\" is not true or "
		  "false" },
		{ HEAD "\"resources\":{\"a.b\":{\"type\":\"a\",\"attrs\":"
		       "{\"x\":[{\"$what\":1}]}}}}",
		  "state: resource \"a.b\": \"attrs\": \"x\": item 0: "
		  "\"$what\" "
		  "is not known here" },
		{ HEAD "\"resources\":{\"a.b\":{\"type\":\"a\",\"attrs\":"
		       "{\"x\":{\"$sealed\":\"AAAA\"}}}}}",
		  "state: resource \"a.b\": \"attrs\": \"x\": a sealed value "
		  "is not base64" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = { 0 };
		struct state s;

		state_init(&s, &arena);
		assert_int_equal(
		    state_read(&s, str_from(cases[i].text), seal, &err), -1);
		if (strncmp(err.message, cases[i].message,
			    strlen(cases[i].message)) != 0)
			fail_msg("\"%s\" gave \"%s\"", cases[i].text,
				 err.message);
		state_release(&s);
	}
}

static void sealed_values_stay_where_they_are(void **state)
{
	struct state s;
	struct error err = { 0 };
	struct str text;
	char *copy;
	char *at;

	(void)state;
	sample(&s);
	text = write_text(&s, seal);
	/* A resource renamed by hand: its secrets do not open there. */
	copy = str_c(text, &arena);
	at = strstr(copy, "\"b.b\": {");
	assert_non_null(at);
	at[1] = 'c';
	state_release(&s);
	state_init(&s, &arena);
	assert_int_equal(state_read(&s, str_from(copy), seal, &err), -1);
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_non_null(strstr(err.message, "c.b"));
	assert_true(strlen(err.hint) > 0);
	state_release(&s);
}

/* By hand, members may stand in any order, the uid behind what it is for. */
static void members_stand_in_any_order(void **state)
{
	struct state s, again;
	struct str text, parts[5];
	struct buf b;

	(void)state;
	sample(&s);
	text = write_text(&s, seal);
	/* Each member begins a line with two blanks and a quote. */
	text = str_sub(text, 2, text.n - 3);
	for (size_t i = 0; i < 5; i++) {
		const char *end = i < 4 ? strstr(text.s + 1, ",\n  \"") : NULL;
		size_t n = end ? (size_t)(end - text.s) : text.n;

		parts[i] = str_sub(text, 0, n);
		text = str_skip(text, n + (end ? 2 : 0));
	}
	buf_init(&b, 1 << 20);
	buf_add_char(&b, '{');
	for (size_t i = 5; i-- > 0;) {
		buf_add_str(&b, parts[i]);
		buf_add_c(&b, i ? ",\n" : "}");
	}
	read_text(&again, str_dup(buf_str(&b), &arena), seal);
	assert_true(str_eq(write_text(&again, seal), write_text(&s, seal)));
	buf_release(&b);
	state_release(&s);
	state_release(&again);
}

/* Bytes that reading a state of n resources takes beside its text. */
static size_t read_size(int n)
{
	struct arena a = { 0 };
	struct arena b = { 0 };
	struct state s, t;
	struct error err;
	struct buf text;
	size_t total;

	state_init(&s, &a);
	s.stack = STR("big");
	for (int i = 0; i < n; i++) {
		struct str dep = str_fmt(&a, "data.n[\"%d\"]", i / 2);
		struct state_resource r = {
			.address = str_fmt(&a, "data.n[\"%d\"]", i),
			.type = STR("data"),
			.provider = STR("core"),
			.id = dep,
			.attrs = entry_map("value", value_c("x")),
			.deps = &dep,
			.n_deps = 1,
		};

		state_put(&s, &r);
	}
	buf_init(&text, 1 << 28);
	assert_int_equal(state_write(&s, NULL, &text, &err), 0);
	state_init(&t, &b);
	assert_int_equal(state_read(&t, buf_str(&text), NULL, &err), 0);
	assert_int_equal(state_count(&t), n);
	assert_true(str_eq(write_text(&t, NULL), buf_str(&text)));
	total = b.total;
	buf_release(&text);
	state_release(&s);
	state_release(&t);
	arena_release(&a);
	arena_release(&b);
	return total;
}

static void large_states_take_little_memory(void **state)
{
	size_t one = read_size(20000);
	size_t two = read_size(40000);

	(void)state;
	/* Blocks double: the last one may be nearly empty. */
	assert_true(one < 20000 * 800);
	assert_true(two < one * 2 + (8 << 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_split_into_what_they_were_made_of),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(default_names_are_short_and_clean),
		cmocka_unit_test(states_come_back_as_they_were),
		cmocka_unit_test(order_of_work_does_not_show),
		cmocka_unit_test(without_a_key_secrets_are_unknown),
		cmocka_unit_test(a_state_is_one_attribute_a_line),
		cmocka_unit_test(an_old_format_becomes_the_new_one),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(sealed_values_stay_where_they_are),
		cmocka_unit_test(members_stand_in_any_order),
		cmocka_unit_test(large_states_take_little_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
