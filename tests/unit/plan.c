/* From text to plan: actions, their order, what is saved of them. */
#include <config.h>

#include "tests/unit/planned.h"

#include "engine/plan.h"

#include "lang/base/buf.h"
#include "lang/base/file.h"
#include "lang/diag.h"

#include "engine/context.h"
#include "engine/expand.h"
#include "engine/seal.h"
#include "engine/select.h"
#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_expansion(void **state)
{
	struct run r;
	static const char *const addresses[] = {
		"network.one/vpc.main",
		"network.one/subnet.part[\"a\"]",
		"network.one/subnet.part[\"b\"]",
		"server.db/group.own",
		"server.db/group.own/ingress.self",
		"server.db/base.main",
		"job.load",
	};

	(void)state;
	run_begin(&r);
	if (do_expand(&r, stack_text)) {
		print_message("%s", r.text.data);
		fail();
	}
	assert_int_equal(r.e->n, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(str_c(r.e->resources[i].address, &r.arena),
				    addresses[i]);
	/* The job needs the base alone, not all of the component. */
	assert_int_equal(r.e->resources[6].n_deps, 1);
	assert_int_equal(r.e->resources[6].deps[0], 5);
	assert_int_equal(r.e->resources[5].n_deps, 2);
	assert_int_equal(r.e->resources[4].n_deps, 1);
	assert_int_equal(r.e->resources[3].n_deps, 1);
	assert_int_equal(r.e->resources[3].deps[0], 0);
	run_end(&r);
}

static void test_create_then_nothing(void **state)
{
	struct run r;
	struct plan_counts n;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, stack_text), 0);
	n = plan_count(r.p);
	assert_int_equal(n.create, 7);
	assert_int_equal(n.simulated, 1);
	assert_int_equal(n.run, 1);
	assert_has(&r, "! truncate the tables");
	assert_has(&r, "Plan: 7 to create (1 simulated), 0 to change, 0 to "
		       "destroy; 1 load to run.");
	assert_has(&r, "range  none -> \"10.0.1.0/24\"");
	assert_has(&r, "endpoint  none -> (known after apply)");
	carry_out(&r);
	/* Outputs stay to be written: an apply does that. */
	struct value_entry outputs[] = {
		{ STR_INIT("endpoint"),
		  value_c("endpoint of server.db/base.main") },
		{ STR_INIT("range"), value_c("10.0.1.0/24") },
	};

	r.c.state.outputs = value_map(outputs, 2, &r.arena);
	assert_int_equal(do_plan(&r, stack_text), 0);
	if (!r.p->is_empty)
		print_message("%s", r.text.data);
	assert_true(r.p->is_empty);
	assert_has(&r, "No changes. 7 resources are as the stack says.");
	run_end(&r);
}

static void test_update(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(
	    do_plan(&r, changed(&r, "\"db.small\" }", "\"db.x\" }")), 0);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	assert_has(&r, "class  \"db.small\" -> \"db.x\"");
	assert_has(&r, "dev.dmsl:");
	run_end(&r);
}

static void test_replace_goes_on(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, changed(&r, "10.0.0.0/16  zones",
					     "10.1.0.0/16  zones")),
			 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_REPLACE);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"a\"]"),
			 ACTION_REPLACE);
	assert_int_equal(action_of(&r, "server.db/group.own"), ACTION_REPLACE);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	/* The subnets and the group are deleted before the network is. */
	assert_true(goes_before(&r, "network.one/subnet.part[\"a\"]",
				"network.one/vpc.main"));
	assert_true(goes_before(&r, "network.one/subnet.part[\"b\"]",
				"network.one/vpc.main"));
	assert_true(
	    goes_before(&r, "server.db/group.own", "network.one/vpc.main"));
	assert_false(
	    goes_before(&r, "network.one/vpc.main", "server.db/group.own"));
	assert_has(&r, "replaces");
	run_end(&r);
}

static void test_fixed(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, changed(&r, "class = class }",
					     "class = class  name = \"b\" }")),
			 -1);
	assert_has(&r, "error[E0312]");
	assert_has(&r, "its data lost");
	run_end(&r);
}

static void test_delete(void **state)
{
	struct run r;
	const struct plan_step *sub, *vpc;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), 0);
	assert_int_equal(plan_count(r.p).destroy, 7);
	vpc = step_of(&r, "network.one/vpc.main");
	sub = step_of(&r, "network.one/subnet.part[\"a\"]");
	assert_true(sub->index < vpc->index);
	assert_true(step_of(&r, "job.load")->index <
		    step_of(&r, "server.db/base.main")->index);
	assert_true(goes_before(&r, "network.one/subnet.part[\"b\"]",
				"network.one/vpc.main"));
	assert_true(
	    goes_before(&r, "server.db/group.own", "network.one/vpc.main"));
	assert_has(&r, "7 to destroy");
	run_end(&r);
}

static void test_refresh_only(void **state)
{
	struct plan_options o = { .is_refresh_only = true };
	const struct plan_step *s;
	struct run r;
	FILE *f;
	char line[4096];

	(void)state;
	applied(&r);
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_true(r.p->is_empty);
	world.drifted = "server.db/base.main";
	world.gone = "job.load";
	/* The text says otherwise, and that does not matter. */
	assert_int_equal(
	    do_plan_with(&r, changed(&r, "\"db.small\" }", "\"db.x\" }"), &o),
	    0);
	assert_false(r.p->is_empty);
	s = step_of(&r, "server.db/base.main");
	assert_int_equal(s->action, ACTION_NONE);
	assert_int_equal(s->n_changes, 1);
	assert_true(str_is(s->changes[0].old.as.text, "db.small"));
	assert_true(str_is(s->changes[0].new.as.text, "other"));
	assert_true(
	    str_is(value_get(s->prior->attrs, "class")->as.text, "other"));
	assert_int_equal(action_of(&r, "job.load"), ACTION_FORGET);
	assert_int_equal(plan_count(r.p).none, 6);
	buf_clear(&r.text);
	f = tmpfile();
	plan_print(r.p, &r.c, f);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		buf_add_c(&r.text, line);
	fclose(f);
	assert_has(&r, "Changed outside since the last apply\n"
		       "    server.db/base.main\n"
		       "      class  \"db.small\" -> \"other\"\n"
		       "    gone\n        job.load\n");
	assert_has(&r, "1 to take over into the state, 1 to forget");
	run_end(&r);
}

/* What is left out is not even read, and stays what the state says. */
static void test_left_out(void **state)
{
	struct str job = STR_INIT("job.load");
	struct str base = STR_INIT("server.db");
	struct selection except = { .except = &job, .n_except = 1 };
	struct selection only = { .only = &base, .n_only = 1 };
	struct plan_options o = { .selection = &except };
	struct run r;

	(void)state;
	applied(&r);
	world.failing = "job.load";
	assert_int_equal(do_plan(&r, stack_text), -1);
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_true(step_of(&r, "job.load")->is_left_out);
	assert_non_null(step_of(&r, "job.load")->prior);
	assert_false(step_of(&r, "server.db/base.main")->is_left_out);
	o.selection = &only;
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_true(step_of(&r, "job.load")->is_left_out);
	assert_true(r.p->is_partial);
	/* What is replaced takes its users along, and those that they need. */
	world.failing = NULL;
	only.only = &job;
	job = STR("network.one/vpc.main");
	assert_int_equal(do_plan_with(&r,
				      changed(&r, "10.0.0.0/16  zones",
					      "10.1.0.0/16  zones"),
				      &o),
			 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_REPLACE);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"a\"]"),
			 ACTION_REPLACE);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	run_end(&r);
}

static void test_replace_asked(void **state)
{
	struct str base = STR_INIT("server.db/base.main");
	struct plan_options o = { .replace = &base, .n_replace = 1 };
	struct run r;

	(void)state;
	applied(&r);
	/* It is asked for by name, so its data may go. */
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_REPLACE);
	assert_true(str_is(step_of(&r, "server.db/base.main")->reason,
			   "asked for by --replace"));
	assert_int_equal(do_plan_with(&r,
				      changed(&r, "class = class }",
					      "class = class  lifecycle { "
					      "prevent_destroy = true } }"),
				      &o),
			 -1);
	assert_has(&r, "error[E0311]");
	base = STR("server.db/base.mian");
	assert_int_equal(do_plan_with(&r, stack_text, &o), -1);
	assert_non_null(strstr(r.err.hint, "'server.db/base.main'"));
	run_end(&r);
}

static void test_types_decide(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	world.needs_run = true;
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(action_of(&r, "job.load"), ACTION_RUN);
	assert_has(&r, "1 load to run");
	assert_has(&r, "(not loaded yet)");
	world = (struct world){ .needs_replace = true };
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(action_of(&r, "job.load"), ACTION_REPLACE);
	run_end(&r);
}

static void test_local_is_no_update(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, changed(&r, "class = class }",
					     "class = class  keep = true }")),
			 0);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_NONE);
	assert_int_equal(step_of(&r, "server.db/base.main")->n_changes, 1);
	run_end(&r);
}

static void test_tags_change_nothing_else(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(
	    do_plan(&r, changed(&r, "env = \"dev\"", "env = \"test\"")), 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "server.db/group.own"), ACTION_NONE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	assert_int_equal(plan_count(r.p).update, 4);
	/* Said once, for all of them. */
	assert_has(&r, "~ 4 resources, 1 of them simulated");
	assert_has(&r, "tags  env: \"dev\" -> \"test\"");
	assert_has_not(&r, "~ network.one");
	run_end(&r);
}

/* A sentinel is in nothing that a plan writes. */
static void test_no_secret(void **state)
{
	static const char text[] =
	    "param pass : string secret\n"
	    "stack dev { provider = fake }\n"
	    "base a { class = \"x\"  password = pass }\n"
	    "job b { server = \"host-${base.a.password}\" }\n"
	    "output p = pass\n";
	struct run r;
	struct buf json;
	struct saved_plan saved;
	char file[80];
	struct str written;

	(void)state;
	run_begin(&r);
	setenv("DMSL_PARAM_pass", "S3nt1nel-one", 1);
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "(secret)");
	assert_has_not(&r, "S3nt1nel");
	carry_out(&r);
	setenv("DMSL_PARAM_pass", "S3nt1nel-two", 1);
	assert_int_equal(do_plan(&r, text), 0);
	assert_int_equal(action_of(&r, "base.a"), ACTION_UPDATE);
	assert_has(&r, "password  (secret) -> (secret)");
	assert_has_not(&r, "S3nt1nel");
	buf_init(&json, 1 << 20);
	plan_write_json(r.p, &r.c, &json);
	assert_null(strstr(json.data, "S3nt1nel"));
	assert_non_null(strstr(json.data, "\"after_sensitive\":{\"password\":"
					  "true"));
	buf_release(&json);
	snprintf(file, sizeof(file), "%s/plan", r.folder);
	assert_int_equal(plan_save(r.p, &r.c, file, &r.err), 0);
	assert_int_equal(file_read(file, 1 << 20, &r.arena, &written, &r.err),
			 0);
	assert_false(str_contains(written, STR("S3nt1nel")));
	/* It is the plan that was saved, and says so of another one. */
	assert_int_equal(plan_load(file, &r.arena, &saved, &r.err), 0);
	assert_true(str_is(saved.stack, "dev"));
	assert_int_equal(plan_matches(r.p, &r.c, &saved, &r.err), 0);
	assert_true(str_eq(saved.hash, plan_hash(r.p, &r.c, &r.arena)));
	assert_int_equal(do_plan(&r, "param pass : string secret\n"
				     "stack dev { provider = fake }\n"
				     "base a { class = \"y\"  password = pass "
				     "}\n"),
			 0);
	assert_int_equal(plan_matches(r.p, &r.c, &saved, &r.err), -1);
	assert_non_null(strstr(r.err.message, "the configuration is not"));
	buf_clear(&r.text);
	take_findings(&r);
	assert_has(&r, "job.b is not what it was when the plan was made");
	assert_has(&r, "planned: update, now: delete");
	assert_has_not(&r, "S3nt1nel");
	saved_plan_release(&saved);
	/* A byte that was changed is found. */
	((char *)written.s)[written.n - 3] ^= 1;
	assert_int_equal(file_replace(file, written, 0600, &r.err), 0);
	assert_int_equal(plan_load(file, &r.arena, &saved, &r.err), -1);
	assert_int_equal(r.err.kind, ERROR_CORRUPT);
	unsetenv("DMSL_PARAM_pass");
	run_end(&r);
}

/* Saves the plan of a text, and holds it against that of another. */
static int save_and_match(struct run *r, const char *text, const char *other)
{
	struct saved_plan saved;
	char file[80];
	int result;

	assert_int_equal(do_plan(r, text), 0);
	snprintf(file, sizeof(file), "%s/plan", r->folder);
	assert_int_equal(plan_save(r->p, &r->c, file, &r->err), 0);
	assert_int_equal(plan_load(file, &r->arena, &saved, &r->err), 0);
	assert_int_equal(do_plan(r, other), 0);
	result = plan_matches(r->p, &r->c, &saved, &r->err);
	saved_plan_release(&saved);
	return result;
}

static void test_only_words_make_a_plan_stale(void **state)
{
#define BEGIN "stack dev { provider = fake }\njob a { server = \"x y\" }\n"
	static const struct {
		const char *text;
		bool is_same;
	} others[] = {
		{ BEGIN "job b { server = job.a.loaded }\n", true },
		{ "# one\n" BEGIN "\n\n  job b # two\n{\n\tserver   =\n"
		  "job.a.loaded }",
		  true },
		{ BEGIN "job b { server = \"${ job.a.loaded }\" }\n", false },
		{ BEGIN "job b { server = job.a.loaded }\nlet m = 1\n", false },
		{ "stack dev { provider = fake }\njob a { server = \"x  y\" }\n"
		  "job b { server = job.a.loaded }\n",
		  false },
		/* A separator, and an item and its sign. */
		{ BEGIN "job b { server = job.a.loaded }\n"
			"let l = [1, 2\n-1]\n",
		  false },
	};
	struct run r;

	(void)state;
	run_begin(&r);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		int result = save_and_match(&r, others[0].text, others[i].text);

		if (result != (others[i].is_same ? 0 : -1))
			fail_msg("%zu: %s", i, r.err.message);
		if (result)
			assert_non_null(strstr(r.err.message, "dev.dmsl"));
	}
	assert_int_equal(save_and_match(&r, BEGIN "let l = [1, 2\n-1]\n",
					BEGIN "let l = [1, 2 -1]\n"),
			 -1);
	run_end(&r);
#undef BEGIN
}

static void test_secret_params_make_a_plan_stale(void **state)
{
	static const char text[] =
	    "param pass : string secret\nstack dev { provider = fake }\n"
	    "job a { server = \"x\" }\n"
	    "job b { server = pass == \"one\" ? job.a.loaded : "
	    "\"${job.a.loaded}!\" }\n";
	struct saved_plan saved;
	struct run r;
	char file[80];

	(void)state;
	run_begin(&r);
	assert_int_equal(seal_open(r.folder, true, &r.c.seal, &r.err), 0);
	setenv("DMSL_PARAM_pass", "one", 1);
	assert_int_equal(save_and_match(&r, text, text), 0);
	snprintf(file, sizeof(file), "%s/plan", r.folder);
	assert_int_equal(plan_load(file, &r.arena, &saved, &r.err), 0);
	assert_int_equal(saved.secrets.n, 64);
	setenv("DMSL_PARAM_pass", "two", 1);
	assert_int_equal(do_plan(&r, text), 0);
	assert_int_equal(plan_matches(r.p, &r.c, &saved, &r.err), -1);
	assert_non_null(strstr(r.err.message, "a secret param changed"));
	/* Where there was no key nothing could be told. */
	seal_close(r.c.seal);
	r.c.seal = NULL;
	saved_plan_release(&saved);
	assert_int_equal(save_and_match(&r, text, text), 0);
	unsetenv("DMSL_PARAM_pass");
	run_end(&r);
}

static void test_effects_are_compared_by_object(void **state)
{
	struct saved_plan saved;
	struct run r;
	char file[80];

	(void)state;
	applied(&r);
	world.needs_run = true;
	world.rows = 5;
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_has(&r, "truncate the tables (5 rows)");
	snprintf(file, sizeof(file), "%s/plan", r.folder);
	assert_int_equal(plan_save(r.p, &r.c, file, &r.err), 0);
	assert_int_equal(plan_load(file, &r.arena, &saved, &r.err), 0);
	assert_true(str_contains(
	    saved.text, STR("\n  effect truncate \"tables\"\n"
			    "  shown \"truncate the tables (5 rows)\"")));
	/* Rows come and go. */
	world.rows = 6;
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(plan_matches(r.p, &r.c, &saved, &r.err), 0);
	world.table = "other";
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(plan_matches(r.p, &r.c, &saved, &r.err), -1);
	buf_clear(&r.text);
	take_findings(&r);
	assert_has(&r, "job.load is not what it was when the plan was made");
	assert_has(&r, "then: effect truncate \"tables\"");
	assert_has(&r, "now: effect truncate \"other\"");
	assert_has_not(&r, "rows)");
	saved_plan_release(&saved);
	run_end(&r);
}

static void test_destroy(void **state)
{
	struct plan_options o = { .is_destroy = true };
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_expand(&r, stack_text), 0);
	assert_int_equal(plan_build(&r.c, r.e, &o, &r.p, &r.err), 0);
	assert_int_equal(plan_count(r.p).destroy, 7);
	plan_release(r.p);
	r.p = NULL;
	/* Without the configuration too. */
	assert_int_equal(plan_build(&r.c, NULL, &o, &r.p, &r.err), 0);
	assert_int_equal(plan_count(r.p).destroy, 7);
	run_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expansion),
		cmocka_unit_test(test_create_then_nothing),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_replace_goes_on),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_refresh_only),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_replace_asked),
		cmocka_unit_test(test_types_decide),
		cmocka_unit_test(test_local_is_no_update),
		cmocka_unit_test(test_tags_change_nothing_else),
		cmocka_unit_test(test_no_secret),
		cmocka_unit_test(test_only_words_make_a_plan_stale),
		cmocka_unit_test(test_secret_params_make_a_plan_stale),
		cmocka_unit_test(test_effects_are_compared_by_object),
		cmocka_unit_test(test_destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
