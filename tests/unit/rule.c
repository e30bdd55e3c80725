/*
 * Rules of attributes at their limits: what is just possible, and what just is
 * not. Then all of those the resource types have, whether they can be told.
 */
#include <config.h>

#include "engine/rule.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/utf8.h"

#include "engine/schema.h"

#include "providers/types/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct attr_rule identifier = {
	.attr = "name",
	.kind = RULE_NAME,
	.least = 1,
	.most = 8,
	.flags = RULE_LETTER_FIRST | RULE_SINGLE_HYPHENS,
	.others = "-",
	.not_first = "sg-",
	.not_name = "default",
};
static const struct attr_rule balancer = {
	.attr = "name",
	.kind = RULE_NAME,
	.least = 1,
	.most = 8,
	.flags = RULE_INNER_HYPHENS,
	.others = "-",
};
static const struct attr_rule daily = { .attr = "w", .kind = RULE_DAILY };
static const struct attr_rule weekly = { .attr = "w", .kind = RULE_WEEKLY };
static const struct attr_rule password = {
	.attr = "p",
	.kind = RULE_WITHOUT,
	.others = "/\"@ ",
};
static const struct attr_rule bytes = {
	.attr = "b",
	.kind = RULE_BYTES,
	.least = 1,
	.most = 4,
};
static const struct attr_rule length = {
	.attr = "l",
	.kind = RULE_RANGE,
	.least = 2,
	.most = 4,
};

static void texts(void **state)
{
	static const struct {
		const struct attr_rule *rule;
		const char *text;
		bool keeps;
	} cases[] = {
		{ &identifier, "a", true },
		{ &identifier, "a-b-c-d8", true },
		{ &identifier, "", false },
		{ &identifier, "a23456789", false },
		{ &identifier, "1a", false },
		{ &identifier, "-a", false },
		{ &identifier, "a-", false },
		{ &identifier, "a--b", false },
		{ &identifier, "a_b", false },
		{ &identifier, "a b", false },
		{ &identifier, "\xc3\xb6", false },
		{ &identifier, "\xff", false },
		{ &identifier, "sg-a", false },
		{ &identifier, "sga", true },
		{ &identifier, "default", false },
		{ &identifier, "defaults", true },
		{ &balancer, "1", true },
		{ &balancer, "a--b", true },
		{ &balancer, "-a", false },
		{ &balancer, "a-", false },
		{ &daily, "00:00-00:30", true },
		{ &daily, "23:45-00:15", true },
		{ &daily, "23:59-23:58", true },
		{ &daily, "03:00-03:29", false },
		{ &daily, "03:00-03:00", false },
		{ &daily, "24:00-01:00", false },
		{ &daily, "03:60-05:00", false },
		{ &daily, "3:00-5:00", false },
		{ &daily, "03:00-05:00 ", false },
		{ &daily, "", false },
		{ &weekly, "sun:05:00-sun:06:00", true },
		{ &weekly, "Sun:05:00-MON:06:00", true },
		{ &weekly, "sun:23:45-mon:00:15", true },
		{ &weekly, "sun:23:45-mon:00:14", false },
		{ &weekly, "sun:05:00", false },
		{ &weekly, "sunday:05:00-sunday:06:00", false },
		{ &weekly, "05:00-06:00", false },
		{ &password, "!#$%&'()*+,-.:;<=>?[]^_`{|}~aZ09\\", true },
		{ &password, "a b", false },
		{ &password, "a/b", false },
		{ &password, "a@b", false },
		{ &password, "a\tb", false },
		{ &password, "\xc3\xb6", false },
		{ &bytes, "", false },
		{ &bytes, "\xc3\xb6\xc3\xb6", true },
		{ &bytes, "\xc3\xb6\xc3\xb6x", false },
		{ &length, "\xc3\xb6", false },
		{ &length, "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6", true },
		{ &length, "abcde", false },
	};
	struct buf why;

	(void)state;
	buf_init(&why, 1000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value v = value_c(cases[i].text);

		buf_clear(&why);
		if (rule_keeps(cases[i].rule, v, &why) != cases[i].keeps)
			fail_msg("\"%s\": %s", cases[i].text, why.data);
		assert_int_equal(why.len == 0, cases[i].keeps);
	}
	buf_release(&why);
}

static void numbers(void **state)
{
	static const struct attr_rule port = {
		.attr = "port",
		.kind = RULE_RANGE,
		.least = 1,
		.most = 65535,
	};
	static const struct attr_rule units = {
		.attr = "units",
		.kind = RULE_RANGE,
		.least = 1,
		.most = 8,
		.flags = RULE_FRACTIONS | RULE_OR_ZERO,
	};
	static const int64_t some[] = { 0, 1, 5, -1 };
	static const struct attr_rule among = {
		.attr = "among",
		.kind = RULE_AMONG,
		.among = some,
	};
	static const struct {
		const struct attr_rule *rule;
		const char *number;
		bool keeps;
	} cases[] = {
		{ &port, "1", true },	  { &port, "65535", true },
		{ &port, "0", false },	  { &port, "65536", false },
		{ &port, "-1", false },	  { &port, "1.5", false },
		{ &port, "1e30", false }, { &units, "0", true },
		{ &units, "0.5", false }, { &units, "1.5", true },
		{ &units, "8", true },	  { &units, "8.000000001", false },
		{ &among, "0", true },	  { &among, "5", true },
		{ &among, "2", false },	  { &among, "-1", false },
		{ &among, "0.5", false },
	};
	struct buf why;

	(void)state;
	buf_init(&why, 1000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value v = value_c(cases[i].number);

		v.kind = VALUE_NUMBER;
		buf_clear(&why);
		if (rule_keeps(cases[i].rule, v, &why) != cases[i].keeps)
			fail_msg("%s: %s", cases[i].number, why.data);
		buf_clear(&why);
		if (!rule_keeps(cases[i].rule, value_mark(v, MARK_SECRET),
				&why))
			assert_null(strstr(why.data, cases[i].number));
	}
	assert_true(rule_keeps(&port, value_unknown(), &why));
	assert_true(rule_keeps(&port, value_null(), &why));
	buf_release(&why);
}

static void tags(void **state)
{
	static const struct attr_rule rule = { .attr = "tags",
					       .kind = RULE_TAGS };
	struct value_entry entries[51];
	char keys[51][8], longest[258], accents[1 + 2 * 65] = "x";
	struct buf why;

	(void)state;
	buf_init(&why, 1000);
	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < 51; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%02zu", i);
		entries[i].key = str_from(keys[i]);
		entries[i].value = value_c("v");
	}
	assert_true(rule_keeps(&rule, value_sorted(entries, 50), &why));
	assert_false(rule_keeps(&rule, value_sorted(entries, 51), &why));
	entries[0].value = value_str((struct str){ longest, 256 });
	assert_true(rule_keeps(&rule, value_sorted(entries, 1), &why));
	entries[0].value = value_str((struct str){ longest, 257 });
	assert_false(rule_keeps(&rule, value_sorted(entries, 1), &why));
	entries[0].value = value_unknown();
	assert_true(rule_keeps(&rule, value_sorted(entries, 1), &why));
	entries[0].key = (struct str){ longest, 129 };
	assert_false(rule_keeps(&rule, value_sorted(entries, 1), &why));
	entries[0].key = STR("");
	assert_false(rule_keeps(&rule, value_sorted(entries, 1), &why));
	entries[0].key = STR("AWS:x");
	assert_false(rule_keeps(&rule, value_sorted(entries, 1), &why));
	buf_clear(&why);
	assert_false(rule_keeps(
	    &rule, value_mark(value_sorted(entries, 1), MARK_SECRET), &why));
	assert_null(strstr(why.data, "AWS"));
	entries[0].key = STR("awsx");
	assert_true(rule_keeps(&rule, value_sorted(entries, 1), &why));
	/* What is shown of a long key has no half of a character. */
	for (size_t i = 0; i < 65; i++)
		memcpy(accents + 1 + 2 * i, "\303\251", 2);
	entries[0].key = (struct str){ accents, sizeof(accents) };
	entries[0].value = value_str((struct str){ longest, 257 });
	buf_clear(&why);
	assert_false(rule_keeps(&rule, value_sorted(entries, 1), &why));
	assert_int_equal(utf8_check(buf_str(&why)), why.len);
	buf_release(&why);
}

/* A rule of an attribute that there is not would never be asked. */
static void check_table(const char *type, const struct attr_schema *attrs,
			const struct attr_rule *rules)
{
	struct buf words;

	buf_init(&words, 1000);
	for (const struct attr_rule *r = rules; r && r->attr; r++) {
		const struct attr_schema *a = attrs;

		while (a->name && strcmp(a->name, r->attr) != 0)
			a++;
		if (!a->name)
			fail_msg("%s has no attribute %s", type, r->attr);
		/* All of one attribute stand behind each other. */
		for (const struct attr_rule *o = rules; o < r; o++)
			if (!strcmp(o->attr, r->attr))
				assert_string_equal(r[-1].attr, r->attr);
		buf_clear(&words);
		rule_print(r, a->type, &words);
		assert_true(words.len > 0 && !buf_is_full(&words));
	}
	buf_release(&words);
}

static void tables(void **state)
{
	(void)state;
	for (size_t i = 0; type_schemas[i]; i++) {
		const struct type_schema *t = type_schemas[i];
		const struct block_schema *b = t->blocks;
		const struct attr_choice *c = t->choices;

		check_table(t->name, t->attrs, t->rules);
		for (; b && b->name; b++)
			check_table(b->name, b->attrs, b->rules);
		for (; c && c->attrs[0]; c++)
			for (size_t k = 0; k < 4 && c->attrs[k]; k++)
				assert_non_null(
				    schema_attr(t, str_from(c->attrs[k])));
		if (t->unique_in)
			assert_non_null(schema_attr(t, STR("name")));
		if (t->unique_in && *t->unique_in)
			assert_non_null(schema_attr(t, str_from(t->unique_in)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(numbers),
		cmocka_unit_test(tags),
		cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
