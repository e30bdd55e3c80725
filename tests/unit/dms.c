/* Table mappings and task settings. */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/dms/mapping.h"
#include "lang/dms/pattern.h"
#include "lang/dms/settings.h"
#include "lang/dms/settings_table.h"
#include "lang/eval.h"
#include "lang/json.h"
#include "lang/parse.h"
#include "lang/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
	struct arena arena;
	struct diags diags;
	struct eval eval;
};

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	(void)e;
	if (str_is(name, "later"))
		*out = value_unknown();
	else if (str_is(name, "limit"))
		*out = value_int(7);
	else
		return false;
	return true;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->diags.arena = &w->arena;
	w->eval = (struct eval){
		.arena = &w->arena,
		.diags = &w->diags,
		.name = find_name,
	};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	diags_release(&w->diags);
	arena_release(&w->arena);
	free(w);
	return 0;
}

/* -- patterns -- */

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} x[] = {
		{ "orders", "orders", true },
		{ "orders", "Orders", false },
		{ "orders", "order", false },
		{ "orders", "orders2", false },
		{ "%", "", true },
		{ "%", "anything", true },
		{ "a%", "abc", true },
		{ "a%c", "abbbc", true },
		{ "a%c", "abbbd", false },
		{ "%a%b%", "xxaxxbxx", true },
		{ "%a%b%", "xxbxxaxx", false },
		{ "a_c", "abc", true },
		{ "a_c", "ac", false },
		{ "a_c", "aäc", true },
		{ "a[_]c", "a_c", true },
		{ "a[_]c", "abc", false },
		{ "t[ab]", "ta", true },
		{ "t[ab]", "tc", false },
		{ "t[a-d]x", "tcx", true },
		{ "t[a-d]x", "tex", false },
		{ "t[0-9a]", "t5", true },
		{ "t[", "t[", true },
		{ "100[%]", "100%", true },
		{ "100[%]", "100x", false },
		{ "", "", true },
		{ "", "a", false },
	};
	char many[401];

	(void)state;
	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++)
		if (mapping_pattern_matches(str_from(x[i].pattern),
					    str_from(x[i].name)) !=
		    x[i].matches)
			fail_msg("%s and %s", x[i].pattern, x[i].name);
	/* No blow-up where many % could each take anything. */
	memset(many, 'a', 400);
	many[400] = '\0';
	assert_false(mapping_pattern_matches(STR("%a%a%a%a%a%a%a%a%a%a%a%a%b"),
					     str_from(many)));
}

/* Whether some name matches both; the other way round it is the same. */
static void patterns_meet(void **state)
{
	static const struct {
		const char *a, *b;
		bool meet;
	} x[] = {
		{ "a", "a", true },	     { "a", "b", false },
		{ "a", "ab", false },	     { "", "", true },
		{ "", "%", true },	     { "", "a%", false },
		{ "abc", "a%c", true },	     { "abd", "a%c", false },
		{ "a%", "b%", false },	     { "a%", "%b", true },
		{ "a%", "ab%", true },	     { "%_a", "%b", false },
		{ "%a", "%_a", true },	     { "x%a", "%b%", true },
		{ "ab%yz", "a%z", true },    { "ab%yz", "ac%yz", false },
		{ "ab%yz", "ab%xz", false }, { "a%a", "a", false },
		{ "a%a", "aa", true },	     { "%a%b%", "b_c", false },
		{ "%a%b%", "b_b", true },    { "%a%b%", "_ca", false },
		{ "%a%b%", "_b_", true },    { "my_t", "myxt", true },
		{ "_", "[ab]", true },	     { "[a-c]", "[c-e]", true },
		{ "[a-c]", "[d-e]", false }, { "[a-cx]%", "[d-ex]", true },
		{ "t[0-9]%", "t_a%", true }, { "t[0-9]%", "tx%", false },
		{ "100[%]", "100x", false }, { "100[%]", "100%", true },
		{ "ä%", "_b%", true },	     { "ä%", "ö%", false },
		{ "a[", "a[", true },
	};
	char many[401];

	(void)state;
	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		struct str a = str_from(x[i].a), b = str_from(x[i].b);

		if (pattern_meets(a, b) != x[i].meet ||
		    pattern_meets(b, a) != x[i].meet)
			fail_msg("%s and %s", x[i].a, x[i].b);
	}
	memset(many, '_', 400);
	many[400] = '\0';
	many[399] = 'a';
	assert_false(
	    pattern_meets(STR("%a%a%a%a%a%a%a%a%a%a%a%a%b"), str_from(many)));
}

/* -- tables { } -- */

static const struct ast_block *parse_block(struct world *w, const char *body,
					   const char *name)
{
	struct str text = str_fmt(&w->arena, "dms_task t {\n%s\n}\n", body);
	struct source *s = source_from(STR("test"), text, &w->arena);
	struct ast_file *f;

	w->diags.n = w->diags.n_errors = 0;
	f = parse_file(s, &w->arena, &w->diags);
	if (w->diags.n_errors)
		fail_msg("%s: %.*s", body, STR_ARG(w->diags.items[0]->message));
	return ast_block_find(&f->decls[0]->body, str_from(name));
}

static const char *compile_tables(struct world *w, const char *body)
{
	const struct ast_block *b = parse_block(w, body, "tables");
	const struct source *s = source_from(STR("t"), STR(""), &w->arena);
	struct str json;

	if (mapping_compile(b, s, &(struct mapping_task){ 0 }, &w->diags,
			    &w->arena, &json) < 0) {
		assert_true(w->diags.n_errors > 0);
		return str_c(str_fmt(&w->arena, "!%s %.*s",
				     w->diags.items[0]->code,
				     STR_ARG(w->diags.items[0]->message)),
			     &w->arena);
	}
	assert_int_equal(w->diags.n_errors, 0);
	return str_c(json, &w->arena);
}

static void tables_compile(void **state)
{
	static const struct {
		const char *text, *expected;
	} x[] = {
		{ "tables { include demo_schema.demo_accounts }",
		  "{\"rules\":[{\"filters\":[],\"object-locator\":"
		  "{\"schema-name\":\"demo_schema\","
		  "\"table-name\":\"demo_accounts\"},"
		  "\"rule-action\":\"include\",\"rule-id\":\"1\","
		  "\"rule-name\":\"1\",\"rule-type\":\"selection\"}]}" },
		{ "tables {\n include sales.%\n exclude sales.audit_%\n"
		  " rename schema sales to shop\n}",
		  "{\"rules\":[{\"filters\":[],\"object-locator\":"
		  "{\"schema-name\":\"sales\",\"table-name\":\"%\"},"
		  "\"rule-action\":\"include\",\"rule-id\":\"1\","
		  "\"rule-name\":\"1\",\"rule-type\":\"selection\"},"
		  "{\"filters\":[],\"object-locator\":"
		  "{\"schema-name\":\"sales\",\"table-name\":\"audit_%\"},"
		  "\"rule-action\":\"exclude\",\"rule-id\":\"2\","
		  "\"rule-name\":\"2\",\"rule-type\":\"selection\"},"
		  "{\"object-locator\":{\"schema-name\":\"sales\"},"
		  "\"rule-action\":\"rename\",\"rule-id\":\"3\","
		  "\"rule-name\":\"3\",\"rule-target\":\"schema\","
		  "\"rule-type\":\"transformation\",\"value\":\"shop\"}]}" },
		{ "tables { include sales.orders where amount >= 100 and "
		  "state = \"open\" }",
		  "{\"rules\":[{\"filters\":[{\"column-name\":\"amount\","
		  "\"filter-conditions\":[{\"filter-operator\":\"gte\","
		  "\"value\":\"100\"}],\"filter-type\":\"source\"},"
		  "{\"column-name\":\"state\",\"filter-conditions\":"
		  "[{\"filter-operator\":\"eq\",\"value\":\"open\"}],"
		  "\"filter-type\":\"source\"}],\"object-locator\":"
		  "{\"schema-name\":\"sales\",\"table-name\":\"orders\"},"
		  "\"rule-action\":\"include\",\"rule-id\":\"1\","
		  "\"rule-name\":\"1\",\"rule-type\":\"selection\"}]}" },
		{ "tables { exclude a.b }", "!E0411 no table is included" },
		{ "tables { include a.% where x = 1 }",
		  "!E0412 a filter needs the exact name of a table" },
		{ "tables { include a.b where x > 1 }",
		  "!E0413 DMS has no filter operator \">\"" },
		{ "tables {\n include a.%\n rename table a.x% to y\n}",
		  "!E0414 a pattern would give several tables one name" },
		{ "tables {\n include a.%\n rename schema a to b\n"
		  " rename schema a to c\n}",
		  "!E0415 this is renamed twice" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		const char *got = compile_tables(w, x[i].text);

		if (strcmp(got, x[i].expected) != 0)
			fail_msg("%s\n  gives    %s\n  expected %s", x[i].text,
				 got, x[i].expected);
	}
}

static void what_is_compiled_can_be_read(void **state)
{
	struct world *w = *state;
	const char *json = compile_tables(
	    w, "tables {\n"
	       " include sales.%\n"
	       " include sales.orders where amount between 1 and 5 and "
	       "note is not null and id != 3\n"
	       " exclude sales.audit_%\n"
	       " rename schema sales to shop\n"
	       " rename table sales.orders to purchases\n"
	       "}");
	const struct mapping_selection *s;
	struct str schema, table;
	struct error err = { 0 };
	struct mapping m;

	if (mapping_read(str_from(json), &w->arena, &m, &err) < 0)
		fail_msg("%s: %s", json, err.message);
	s = mapping_select(&m, STR("sales"), STR("orders"));
	assert_non_null(s);
	assert_int_equal(s->n_filters, 3);
	assert_int_equal(s->filter_ends[2], 3);
	assert_true(str_is(s->conditions[0].op, "between"));
	assert_true(str_is(s->conditions[0].value, "1"));
	assert_true(str_is(s->conditions[0].value2, "5"));
	assert_true(str_is(s->conditions[1].op, "notnull"));
	assert_true(str_is(s->conditions[2].op, "noteq"));
	assert_non_null(mapping_select(&m, STR("sales"), STR("other")));
	assert_null(mapping_select(&m, STR("sales"), STR("audit_log")));
	assert_null(mapping_select(&m, STR("shop"), STR("orders")));
	mapping_rename(&m, STR("sales"), STR("orders"), &w->arena, &schema,
		       &table);
	assert_true(str_is(schema, "shop"));
	assert_true(str_is(table, "purchases"));
	mapping_rename(&m, STR("other"), STR("orders"), &w->arena, &schema,
		       &table);
	assert_true(str_is(schema, "other"));
	assert_true(str_is(table, "orders"));
}

static bool has_code(const struct diags *d, const char *code)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->items[i]->code, code) == 0)
			return true;
	return false;
}

/*
 * Rules are compared with one another up to a budget: what is over it is said,
 * and takes no longer. What needs no comparing is found all the same.
 */
static void many_rules_have_a_budget(void **state)
{
	static const struct {
		size_t n;
		bool is_over;
	} x[] = { { 500, false }, { 9000, true } };
	const struct mapping_task task = { 0 };
	struct world *w = *state;

	for (size_t k = 0; k < 2; k++) {
		const struct ast_block *b;
		struct source *s;
		struct str json;
		struct buf text;

		buf_init(&text, 10 << 20);
		buf_add_c(&text, "tables {\n include s.%\n");
		for (size_t i = 0; i < x[k].n; i++)
			buf_fmt(&text, " rename table s.t%zu to u%zu\n", i, i);
		buf_add_c(&text, " rename table s.t0 to v\n}");
		s = source_from(STR("t"), STR(""), &w->arena);
		b = parse_block(w, text.data, "tables");
		assert_int_equal(
		    mapping_compile(b, s, &task, &w->diags, &w->arena, &json),
		    -1);
		assert_true(has_code(&w->diags, "E0415"));
		assert_int_equal(has_code(&w->diags, "W0414"), x[k].is_over);
		buf_release(&text);
	}
}

/* -- documents -- */

#define LOCATOR                                                                \
	"\"object-locator\":{\"schema-name\":\"a\",\"table-name\":\"b\"}"
#define SELECT                                                                 \
	"{\"rule-type\":\"selection\",\"rule-id\":\"1\",\"rule-name\":\"1\","  \
	"\"rule-action\":\"include\"," LOCATOR "}"

static void bad_mappings_are_refused(void **state)
{
	static const struct {
		const char *json, *message;
	} x[] = {
		{ "{\"rules\":[", "Invalid Table Mappings document. Invalid "
				  "json invalid JSON at line 1 column 11: the "
				  "text ends too early" },
		{ "{}", "Valid Table mappings is required" },
		{ "{\"rules\":null}", "Valid Table mappings is required" },
		{ "{\"rules\":[{\"rule-type\":\"x\",\"rule-id\":1}]}",
		  "Invalid table mappings document." },
		{ "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
		  "\"rule-action\":\"Include\"," LOCATOR "}]}",
		  "Invalid table mappings document." },
		{ "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
		  "\"rule-action\":\"include\"}]}",
		  "Error in mapping rules. Rule with ruleId = 1 failed "
		  "validation. object locator cannot be null" },
		{ "{\"rules\":[" SELECT "," SELECT "]}",
		  "Error in mapping rules. Duplicate ruleid 1" },
		{ "{\"rules\":[]}", "Error in mapping rules. At least one "
				    "selection rule is required." },
		{ "{\"rules\":[" SELECT
		  ",{\"rule-type\":\"table-settings\",\"rule-id\":\"x\"}]}",
		  "Error in mapping rules. Rule with ruleId = x failed "
		  "validation. rule-id must be a number" },
		{ "{\"rules\":[" SELECT
		  ",{\"rule-type\":\"table-settings\",\"rule-id\":\"2\","
		  "\"object-locator\":{\"schema-name\":\"a\","
		  "\"table-name\":\"%\"}}]}",
		  "Error in mapping rules. Rule with ruleId = 2 failed "
		  "validation. Exact schema and table name required when using "
		  "table settings rule." },
		{ "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
		  "\"rule-action\":\"include\",\"filter\":[]," LOCATOR "}]}",
		  "Error in mapping rules. Rule with ruleId = 1 failed "
		  "validation. unknown key \"filter\"" },
		{ "{\"rules\":[" SELECT
		  ",{\"rule-type\":\"transformation\",\"rule-id\":\"2\","
		  "\"rule-action\":\"rename\",\"rule-target\":"
		  "\"table\"," LOCATOR "}]}",
		  "Error in mapping rules. Rule with ruleId = 2 failed "
		  "validation. rename needs a value" },
		{ "{\"rules\":[" SELECT
		  ",{\"rule-type\":\"transformation\",\"rule-id\":\"2\","
		  "\"rule-action\":\"remove-column\",\"rule-target\":"
		  "\"table\"," LOCATOR "}]}",
		  "Error in mapping rules. Rule with ruleId = 2 failed "
		  "validation. remove-column cannot have this rule-target" },
		{ "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
		  "\"rule-action\":\"include\"," LOCATOR
		  ",\"filters\":[{\"filter-type\":\"source\",\"column-name\":"
		  "\"c\",\"filter-conditions\":[{\"filter-operator\":\"like\","
		  "\"value\":\"x\"}]}]}]}",
		  "Error in mapping rules. Rule with ruleId = 1 failed "
		  "validation. unknown filter-operator \"like\"" },
		{ "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
		  "\"rule-action\":\"include\"," LOCATOR
		  ",\"filters\":[{\"filter-type\":\"source\",\"column-name\":"
		  "\"c\",\"filter-conditions\":[{\"filter-operator\":\"eq\","
		  "\"value\":\"x\"},{\"filter-operator\":\"noteq\",\"value\":"
		  "\"y\"}]}]}]}",
		  "Error in mapping rules. Rule with ruleId = 1 failed "
		  "validation. filter-operator \"noteq\" cannot stand beside "
		  "another condition" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		struct error err = { 0 };
		struct mapping m;

		assert_int_equal(
		    mapping_read(str_from(x[i].json), &w->arena, &m, &err), -1);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.message, x[i].message);
	}
}

/* What the console writes: nulls, numbers as text, ids as numbers. */
static void consoles_documents_are_read(void **state)
{
	struct world *w = *state;
	struct error err = { 0 };
	struct str schema, table;
	struct mapping m;

	if (mapping_read(
		STR("{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":"
		    "123456789,\"rule-name\":\"123456789\","
		    "\"object-locator\":{\"schema-name\":\"%\","
		    "\"table-name\":\"%\"},\"rule-action\":\"include\","
		    "\"filters\":[],\"load-order\":\"2\"},"
		    "{\"rule-type\":\"selection\",\"rule-id\":\"2\","
		    "\"object-locator\":{\"schema-name\":\"s\","
		    "\"table-name\":\"exact\"},\"rule-action\":\"explicit\""
		    ",\"filters\":null,\"load-order\":null},"
		    "{\"rule-type\":\"transformation\",\"rule-id\":4,"
		    "\"rule-target\":\"table\",\"rule-action\":"
		    "\"add-prefix\",\"value\":\"old_\",\"old-value\":null,"
		    "\"object-locator\":{\"schema-name\":\"s\","
		    "\"table-name\":\"t%\"}},"
		    "{\"rule-type\":\"transformation\",\"rule-id\":3,"
		    "\"rule-target\":\"table\",\"rule-action\":"
		    "\"convert-uppercase\",\"value\":null,"
		    "\"object-locator\":{\"schema-name\":\"%\","
		    "\"table-name\":\"%1\"}}]}"),
		&w->arena, &m, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(m.selections[0].load_order, 2);
	assert_int_equal(m.selections[1].load_order, 0);
	assert_int_equal(mapping_select(&m, STR("s"), STR("exact"))->action,
			 MAPPING_EXPLICIT);
	/* The lower id wins where two hit one table. */
	mapping_rename(&m, STR("s"), STR("t1"), &w->arena, &schema, &table);
	assert_true(str_is(table, "T1"));
	mapping_rename(&m, STR("s"), STR("t2"), &w->arena, &schema, &table);
	assert_true(str_is(table, "old_t2"));
}

/* -- settings { } -- */

static const char *compile_settings(struct world *w, const char *body)
{
	const struct ast_block *b = parse_block(w, body, "settings");
	const struct source *s = source_from(STR("t"), STR(""), &w->arena);
	struct str json;

	if (settings_compile(b, s, &(struct settings_task){ 0 }, &w->eval,
			     &w->arena, &json) < 0) {
		assert_true(w->diags.n_errors > 0);
		return str_c(str_fmt(&w->arena, "!%s %.*s",
				     w->diags.items[0]->code,
				     STR_ARG(w->diags.items[0]->message)),
			     &w->arena);
	}
	assert_int_equal(w->diags.n_errors, 0);
	return str_c(json, &w->arena);
}

static void settings_compile_to_what_was_written(void **state)
{
	static const struct {
		const char *text, *expected;
	} x[] = {
		{ "settings { }", "{}" },
		{ "settings { target_prep = truncate  lobs = limited(2MiB)\n"
		  "parallel_tables = 16  lob_chunk = 64KiB  logging = true }",
		  "{\"FullLoadSettings\":{\"MaxFullLoadSubTasks\":16,"
		  "\"TargetTablePrepMode\":\"TRUNCATE_BEFORE_LOAD\"},"
		  "\"Logging\":{\"EnableLogging\":true},"
		  "\"TargetMetadata\":{\"FullLobMode\":false,"
		  "\"LimitedSizeLobMode\":true,\"LobChunkSize\":64,"
		  "\"LobMaxSize\":2048,\"SupportLobs\":true}}" },
		{ "settings { lobs = full(128KiB) }",
		  "{\"TargetMetadata\":{\"FullLobMode\":true,"
		  "\"LimitedSizeLobMode\":false,\"LobChunkSize\":128,"
		  "\"SupportLobs\":true}}" },
		{ "settings { lobs = none }",
		  "{\"TargetMetadata\":{\"FullLobMode\":false,"
		  "\"LimitedSizeLobMode\":false,\"SupportLobs\":false}}" },
		{ "settings { parallel_tables = limit }",
		  "{\"FullLoadSettings\":{\"MaxFullLoadSubTasks\":7}}" },
		{ "settings { transaction_timeout = 5m }",
		  "{\"FullLoadSettings\":"
		  "{\"TransactionConsistencyTimeout\":300}}" },
		{ "settings { on_data_error = stop_task }",
		  "{\"ErrorBehavior\":{\"DataErrorPolicy\":\"STOP_TASK\"}}" },
		{ "settings { target_prep = \"drop\" }",
		  "{\"FullLoadSettings\":{\"TargetTablePrepMode\":"
		  "\"DROP_AND_CREATE\"}}" },
		{ "settings { target_perp = drop }",
		  "!E0420 unknown task setting \"target_perp\"" },
		{ "settings { parallel_tables = 50 }",
		  "!E0421 \"parallel_tables\" is a whole number from 1 to "
		  "49" },
		{ "settings { parallel_tables = 1.5 }",
		  "!E0421 \"parallel_tables\" is a whole number from 1 to "
		  "49" },
		{ "settings { lobs = limited(1500KB) }",
		  "!E0421 \"lobs\" is a whole number of KiB" },
		{ "settings { lobs = 5 }",
		  "!E0421 \"lobs\" says how large values are moved" },
		{ "settings { target_prep = wipe }",
		  "!E0251 unknown name \"wipe\"" },
		{ "settings { lobs = full(64KiB)  lob_chunk = 32KiB }",
		  "!E0422 \"lob_chunk\" sets what \"lobs\" has set" },
		{ "settings { validation = later }",
		  "!E0421 a setting must be known before apply and cannot be "
		  "secret" },
		{ "settings { full_lob_mode = false  limited_lob_mode = "
		  "false }",
		  "!E0423 SupportLobs needs "
		  "FullLobMode or LimitedSizeLobMode" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		const char *got = compile_settings(w, x[i].text);

		if (strcmp(got, x[i].expected) != 0)
			fail_msg("%s\n  gives    %s\n  expected %s", x[i].text,
				 got, x[i].expected);
	}
	compile_settings(w, "settings { MaxFullLoadSubTasks = 4 }");
	assert_true(str_is(w->diags.items[0]->hint,
			   "Did you mean \"parallel_tables\"?"));
}

static void the_reference_task(void **state)
{
	struct world *w = *state;
	const char *json = compile_settings(
	    w, "settings {\n"
	       "  target_prep = truncate  lobs = limited(2MiB)\n"
	       "  lob_chunk = 64KiB  parallel_tables = 16\n"
	       "  logging = true  validation = true\n}");
	struct error err = { 0 };
	struct settings s;

	assert_int_equal(settings_read(str_from(json), &w->arena, &s, &err), 0);
	assert_int_equal(s.prep, PREP_TRUNCATE);
	assert_true(s.support_lobs && s.limited_lob && !s.full_lob);
	assert_int_equal(s.lob_max_kb, 2048);
	assert_int_equal(s.lob_chunk_kb, 64);
	assert_int_equal(s.max_subtasks, 16);
	assert_int_equal(s.commit_rate, 10000);
	assert_true(s.validation && s.logging && s.fail_on_no_tables);
	assert_false(s.create_pk_after);
	assert_int_equal(s.target_schema.n, 0);
}

static void settings_documents(void **state)
{
	static const struct {
		const char *json, *message;
	} x[] = {
		{ "[]", "Invalid task settings JSON: an object is expected" },
		{ "{\"FullLoadSettings\":{\"CommitRat\":1}}",
		  "Invalid task settings JSON: unknown key \"CommitRat\" in "
		  "\"FullLoadSettings\"" },
		{ "{\"Nonesuch\":{}}",
		  "Invalid task settings JSON: unknown key \"Nonesuch\"" },
		{ "{\"FullLoadSettings\":5}",
		  "Invalid task settings JSON: \"FullLoadSettings\" must be an "
		  "object" },
		{ "{\"FullLoadSettings\":{\"CommitRate\":60000}}",
		  "Invalid task settings JSON: \"CommitRate\" must be from 1 "
		  "to 50000" },
		{ "{\"FullLoadSettings\":{\"CommitRate\":\"5\"}}",
		  "Invalid task settings JSON: \"CommitRate\" must be a whole "
		  "number" },
		{ "{\"Logging\":{\"CloudWatchLogGroup\":\"x\"}}",
		  "Task Settings CloudWatchLogGroup or CloudWatchLogStream "
		  "cannot be set on create" },
		{ "{\"Logging\":{\"LogConfiguration\":"
		  "{\"EnableTraceOnError\":true}}}",
		  "Feature is not accessible" },
		{ "{\"Logging\":{\"LogComponents\":[{\"Id\":\"X\","
		  "\"Severity\":\"LOGGER_SEVERITY_DEFAULT\"}]}}",
		  "Invalid task settings JSON: unknown log component \"X\"" },
		{ "{\"TargetMetadata\":{\"SupportLobs\":true,"
		  "\"LimitedSizeLobMode\":false}}",
		  "Invalid task settings JSON: SupportLobs needs FullLobMode "
		  "or "
		  "LimitedSizeLobMode" },
		{ "{\"ValidationSettings\":{\"ValidationOnly\":true}}",
		  "Invalid task settings JSON: ValidationOnly needs "
		  "EnableValidation and TargetTablePrepMode DO_NOTHING" },
	};
	struct world *w = *state;
	struct settings s;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(
		    settings_read(str_from(x[i].json), &w->arena, &s, &err),
		    -1);
		assert_string_equal(err.message, x[i].message);
	}
}

static void completing_is_idempotent(void **state)
{
	static const char *const x[] = {
		"",
		"{}",
		"{\"TargetMetadata\":null,\"FullLoadSettings\":"
		"{\"CommitRate\":null}}",
		"{\"FullLoadSettings\":{\"CommitRate\":5},"
		"\"Logging\":{\"LogComponents\":[{\"Id\":\"SORTER\","
		"\"Severity\":\"LOGGER_SEVERITY_DEBUG\"}]},"
		"\"LoopbackPreventionSettings\":{\"EnableLoopbackPrevention\":"
		"true}}",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		struct error err = { 0 };
		struct str once, again = { 0 };

		if (settings_complete(str_from(x[i]), &w->arena, &once, &err) <
			0 ||
		    settings_complete(once, &w->arena, &again, &err) < 0)
			fail_msg("%s: %s", x[i], err.message);
		assert_true(str_eq(once, again));
		assert_true(settings_same(str_from(x[i]), once, &w->arena));
		assert_true(
		    str_contains(once, STR("\"MaxFullLoadSubTasks\":8,")));
		assert_true(
		    str_contains(once, STR("\"CloudWatchLogGroup\":null")));
		assert_true(
		    str_contains(once, STR("\"BeforeImageSettings\":null")));
	}
}

static void only_what_we_wrote_is_compared(void **state)
{
	struct world *w = *state;
	struct arena *a = &w->arena;

	assert_true(settings_same(STR("{}"), STR("{\"a\":1}"), a));
	assert_true(settings_same(STR("{\"a\":{\"b\":1}}"),
				  STR("{\"a\":{\"b\":1,\"c\":2},\"d\":3}"), a));
	assert_false(settings_same(STR("{\"a\":{\"b\":1}}"),
				   STR("{\"a\":{\"b\":2}}"), a));
	assert_false(settings_same(STR("{\"a\":{\"b\":1}}"), STR("{}"), a));
	assert_true(settings_same(STR("{\"a\":null}"), STR("{}"), a));
	assert_true(settings_same(
	    STR("{\"l\":[{\"Id\":\"B\",\"S\":1}]}"),
	    STR("{\"l\":[{\"Id\":\"A\",\"S\":2},{\"Id\":\"B\",\"S\":1}]}"), a));
	assert_false(settings_same(STR("{\"l\":[{\"Id\":\"B\",\"S\":1}]}"),
				   STR("{\"l\":[{\"Id\":\"B\",\"S\":2}]}"), a));
	assert_false(
	    settings_same(STR("{\"l\":[1]}"), STR("{\"l\":[1,2]}"), a));
	assert_false(settings_same(STR("{"), STR("{}"), a));
}

static void every_default_is_allowed(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		struct error err = { 0 };
		struct value v;

		struct str name = str_from(s->name), block = STR("");

		if (str_find(name, '.') >= 0)
			block = str_cut(&name, '.');
		if (s->name)
			assert_ptr_equal(setting_by_name(block, name), s);
		assert_ptr_equal(
		    setting_find(str_from(s->group), str_from(s->key)), s);
		if (s->fallback)
			assert_int_equal(json_read(str_from(s->fallback),
						   &w->arena, &v, &err),
					 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(patterns_meet),
		cmocka_unit_test_setup_teardown(tables_compile, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_compiled_can_be_read,
						setup, teardown),
		cmocka_unit_test_setup_teardown(many_rules_have_a_budget, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bad_mappings_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(consoles_documents_are_read,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
		    settings_compile_to_what_was_written, setup, teardown),
		cmocka_unit_test_setup_teardown(the_reference_task, setup,
						teardown),
		cmocka_unit_test_setup_teardown(settings_documents, setup,
						teardown),
		cmocka_unit_test_setup_teardown(completing_is_idempotent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_what_we_wrote_is_compared,
						setup, teardown),
		cmocka_unit_test_setup_teardown(every_default_is_allowed, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
