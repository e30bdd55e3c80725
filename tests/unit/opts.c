#include <config.h>

#include "engine/opts.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fields {
	bool json, no_refresh;
	const char *out;
	int parallel;
	struct option_list set;
};

struct more {
	bool help;
};

static const struct option options[] = {
	OPTION(struct fields, json, "json", NULL, "as JSON"),
	OPTION_NOT(struct fields, no_refresh, "refresh", "read nothing"),
	OPTION(struct fields, out, "out", "FILE", "where to"),
	OPTION(struct fields, parallel, "parallel", "N", "calls at once"),
	OPTION(struct fields, set, "set", "NAME=VALUE", "a param"),
	OPTION_END,
};

static const struct option more_options[] = {
	OPTION_SHORT(struct more, help, 'h', "help", NULL, "print help"),
	OPTION_END,
};

struct result {
	struct arena arena;
	struct fields fields;
	struct more more;
	struct option_list operands;
	struct error err;
};

/* words: the command line, parted by blanks. */
static int parse(struct result *r, const char *words)
{
	struct option_set sets[] = {
		{ options, &r->fields },
		{ more_options, &r->more },
	};
	char *argv[32];
	int argc = 0;
	char *text;

	*r = (struct result){ 0 };
	text = str_c(str_from(words), &r->arena);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return opts_parse(sets, 2, argc, argv, &r->arena, &r->operands,
			  &r->err);
}

static void fields_are_set(void **state)
{
	struct result r;

	(void)state;
	assert_int_equal(parse(&r, "a --json --out=x --set p=1 b --set=q=2 "
				   "--refresh=false --parallel 7 -h -- --json"),
			 0);
	assert_true(r.fields.json);
	assert_true(r.fields.no_refresh);
	assert_true(r.more.help);
	assert_string_equal(r.fields.out, "x");
	assert_int_equal(r.fields.parallel, 7);
	assert_int_equal(r.fields.set.n, 2);
	assert_string_equal(r.fields.set.items[1], "q=2");
	assert_int_equal(r.operands.n, 3);
	assert_string_equal(r.operands.items[2], "--json");
	arena_release(&r.arena);
	assert_int_equal(parse(&r, "--json=false --refresh=true -"), 0);
	assert_false(r.fields.json);
	assert_false(r.fields.no_refresh);
	assert_int_equal(r.operands.n, 1);
	arena_release(&r.arena);
}

static void mistakes_are_refused(void **state)
{
	static const struct {
		const char *words, *message;
	} cases[] = {
		{ "--jso", "unrecognised option \"--jso\"" },
		{ "-x", "unrecognised option \"-x\"" },
		{ "--out", "option --out needs a value" },
		{ "--json=yes",
		  "option --json takes true or false, not \"yes\"" },
		{ "--parallel 0", "option --parallel takes a whole number from "
				  "1, not \"0\"" },
		{ "--parallel=many", "option --parallel takes a whole number "
				     "from 1, not \"many\"" },
		{ "--parallel 99999999999", "option --parallel takes a whole "
					    "number from 1, not "
					    "\"99999999999\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct result r;

		assert_int_equal(parse(&r, cases[i].words), -1);
		assert_string_equal(r.err.message, cases[i].message);
		arena_release(&r.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_set),
		cmocka_unit_test(mistakes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
