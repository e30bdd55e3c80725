/* What lifecycle { } and timeouts { } of a block do to a plan. */
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

static void test_lifecycle(void **state)
{
	struct run r;
	static const char text[] =
	    "stack dev { provider = fake }\n"
	    "vpc a { cidr = 10.0.0.0/16  lifecycle { prevent_destroy = "
	    "true } }\n"
	    "vpc b { cidr = 10.0.0.0/16  lifecycle { keep_on_destroy = "
	    "true } }\n";

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, text), 0);
	carry_out(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), -1);
	assert_has(&r, "vpc.a would be destroyed");
	assert_has_not(&r, "vpc.b");
	run_end(&r);
}

/* What was said of it once holds until it is taken back and applied. */
static void test_lifecycle_outlives_the_block(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }\n"
				     "component c() { vpc v { cidr = "
				     "10.0.0.0/16 } }\n"
				     "c one { lifecycle { prevent_destroy = "
				     "true } }\n"
				     "vpc b { cidr = 10.0.0.0/16  lifecycle { "
				     "keep_on_destroy = true } }\n"),
			 0);
	carry_out(&r);
	/* Only the lifecycle is gone, which is something to apply. */
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }\n"
				     "vpc b { cidr = 10.0.0.0/16 }\n"),
			 -1);
	assert_has(&r, "c.one/vpc.v would be destroyed");
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }\n"
				     "component c() { vpc v { cidr = "
				     "10.0.0.0/16 } }\n"
				     "c one { }\n"),
			 0);
	assert_int_equal(action_of(&r, "vpc.b"), ACTION_FORGET);
	assert_has(&r, "the object stays");
	assert_int_equal(action_of(&r, "c.one/vpc.v"), ACTION_NONE);
	assert_true(step_of(&r, "c.one/vpc.v")->updates_state);
	assert_false(r.p->is_empty);
	carry_out(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), 0);
	assert_int_equal(action_of(&r, "c.one/vpc.v"), ACTION_DELETE);
	run_end(&r);
}

static void test_ignore(void **state)
{
	static const char was[] = "stack dev { provider = fake }\n"
				  "base a { class = \"x\"  keep = true }\n";
	static const char now[] =
	    "stack dev { provider = fake  tags = { env = \"dev\" } }\n"
	    "base a { class = \"y\"  lifecycle { ignore = [class, \"tags\"] "
	    "} }\n"
	    "job b { server = base.a.class }\n";
	struct run r;
	const struct plan_step *s;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, was), 0);
	carry_out(&r);
	assert_int_equal(do_plan(&r, now), 0);
	s = step_of(&r, "base.a");
	assert_int_equal(s->action, ACTION_NONE);
	/* What is sent and what others see is what there is. */
	assert_true(str_is(value_text(s->wanted, "class"), "x"));
	assert_true(
	    str_is(value_text(step_of(&r, "job.b")->wanted, "server"), "x"));
	assert_null(value_get(s->wanted, "tags"));
	/* Made for the first time it is made as it is written. */
	state_remove(&r.c.state, STR("base.a"));
	assert_int_equal(do_plan(&r, now), 0);
	s = step_of(&r, "base.a");
	assert_true(str_is(value_text(s->wanted, "class"), "y"));
	run_end(&r);
}

static void test_replace_when(void **state)
{
	static const char format[] =
	    "param p : string secret = \"%s\"\n"
	    "stack dev { provider = fake }\n"
	    "job a { server = \"x\" }\n"
	    "vpc v { cidr = 10.0.0.0/16 lifecycle { replace_when = [%s] } }\n";
	struct run r;
	const struct state_resource *v;
	struct str before;

	(void)state;
	setenv("DMSL_STATE_KEY",
	       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS"
	       "4vMDEyMzQ1Njc4OTo7PD0+Pw==",
	       1);
	run_begin(&r);
	assert_int_equal(seal_open(r.folder, false, &r.c.seal, &r.err), 0);
#define PLAN(secret, values)                                                   \
	assert_int_equal(                                                      \
	    do_plan(&r, str_fmt(&r.arena, format, secret, values).s), 0)
	PLAN("S3nt1nel", "1, job.a.loaded");
	carry_out(&r);
	v = state_find(&r.c.state, STR("vpc.v"));
	assert_true(str_starts(v->replace_when, "sha256:"));
	before = v->replace_when;
	PLAN("S3nt1nel", "1, job.a.loaded");
	assert_true(r.p->is_empty);
	PLAN("S3nt1nel", "2, job.a.loaded");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	assert_has(&r, "replace_when has changed");
	/* What may turn out different replaces. */
	world.needs_replace = true;
	PLAN("S3nt1nel", "1, job.a.loaded");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	assert_has(&r, "replace_when is (known after apply)");
	world.needs_replace = false;
	/* Nothing written: nothing to replace, and the digest goes. */
	PLAN("S3nt1nel", "p, 1");
	carry_out(&r);
	v = state_find(&r.c.state, STR("vpc.v"));
	assert_true(str_starts(v->replace_when, "hmac:"));
	assert_false(str_eq(v->replace_when, before));
	PLAN("S3nt1nel", "p, 1");
	assert_true(r.p->is_empty);
	PLAN("other", "p, 1");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	/* Without the key nobody can tell, and nothing is made of it. */
	seal_close(r.c.seal);
	r.c.seal = NULL;
	PLAN("other", "p, 1");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_NONE);
	assert_true(r.p->is_empty);
#undef PLAN
	unsetenv("DMSL_STATE_KEY");
	run_end(&r);
}

static void test_create_before_destroy(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(
	    do_expand(&r, "stack dev { provider = fake }\n"
			  "vpc a { cidr = 10.0.0.0/16 }\n"
			  "vpc b { cidr = 10.1.0.0/16 }\n"
			  "subnet a { vpc = vpc.a  cidr = 10.0.1.0/24 }\n"
			  "base a { class = \"x\"  subnets = [subnet.a]\n"
			  "  lifecycle { create_before_destroy = true } }\n"
			  "job a { server = base.a.endpoint }\n"),
	    0);
	/* All that it stands on, and nothing that stands on it. */
	assert_true(resource_of(&r, "base.a")->create_before_destroy);
	assert_true(resource_of(&r, "subnet.a")->create_before_destroy);
	assert_true(resource_of(&r, "vpc.a")->create_before_destroy);
	assert_false(resource_of(&r, "vpc.b")->create_before_destroy);
	assert_false(resource_of(&r, "job.a")->create_before_destroy);
	run_end(&r);
}

static void test_timeouts(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(
	    do_expand(&r, "param long = 2h\n"
			  "stack dev { provider = fake }\n"
			  "component c() {\n"
			  "  job a { server = \"x\"  timeouts { run = 5s } }\n"
			  "}\n"
			  "c one { timeouts { create = long  run = 10s } }\n"
			  "job b { server = \"x\"  timeouts { update = 1m  "
			  "delete = 90s } }\n"),
	    0);
	assert_int_equal(resource_of(&r, "c.one/job.a")->timeouts->create_ms,
			 7200000);
	assert_int_equal(resource_of(&r, "c.one/job.a")->timeouts->run_ms,
			 5000);
	assert_int_equal(resource_of(&r, "job.b")->timeouts->update_ms, 60000);
	assert_int_equal(resource_of(&r, "job.b")->timeouts->delete_ms, 90000);
	assert_int_equal(resource_of(&r, "job.b")->timeouts->create_ms, 0);
	run_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lifecycle),
		cmocka_unit_test(test_lifecycle_outlives_the_block),
		cmocka_unit_test(test_ignore),
		cmocka_unit_test(test_replace_when),
		cmocka_unit_test(test_create_before_destroy),
		cmocka_unit_test(test_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
