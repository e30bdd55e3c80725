/* moved, removed, import, existing: what a text says of objects. */
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

#define NETWORK                                                                \
	"component network() {\n"                                              \
	"  vpc main { cidr = 10.0.0.0/16 }\n"                                  \
	"  subnet part for z in [\"a\", \"b/c\"] { vpc = vpc.main\n"           \
	"    cidr = z == \"a\" ? 10.0.1.0/24 : 10.0.2.0/24 }\n"                \
	"}\n"                                                                  \
	"stack dev { provider = fake }\n"

static void test_moved(void **state)
{
	struct run r;
	const struct plan_step *s;

	(void)state;
	/* A chain of a component, and inside it all of a `for`. */
	assert_int_equal(replan(&r,
				NETWORK "network one { }\n"
					"job a { server = \"x\"  depends_on = "
					"[network.one] }\n",
				NETWORK "network three { }\n"
					"job a { server = \"x\"  depends_on = "
					"[network.three] }\n"
					"moved network.two -> network.three\n"
					"moved network.one -> network.two\n"
					"moved vpc.nothing -> vpc.else\n"),
			 0);
	s = step_of(&r, "network.three/subnet.part[\"b/c\"]");
	assert_int_equal(s->action, ACTION_NONE);
	assert_true(str_is(s->moved_from, "network.one/subnet.part[\"b/c\"]"));
	assert_int_equal(s->prior->n_deps, 1);
	assert_true(str_is(s->prior->deps[0], "network.three/vpc.main"));
	s = step_of(&r, "job.a");
	assert_int_equal(s->moved_from.n, 0);
	assert_false(s->updates_state);
	assert_false(r.p->is_empty);
	assert_int_equal(plan_count(r.p).total, 4);
	run_end(&r);
	/* Out of a component, with a key in the place of none. */
	assert_int_equal(
	    replan(&r, NETWORK "network one { }\n",
		   NETWORK "vpc v for k in [\"x\"] { cidr = 10.0.0.0/16 }\n"
			   "moved network.one/vpc.main -> vpc.v[\"x\"]\n"),
	    0);
	s = step_of(&r, "vpc.v[\"x\"]");
	assert_int_equal(s->action, ACTION_NONE);
	assert_true(str_is(s->moved_from, "network.one/vpc.main"));
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"a\"]"),
			 ACTION_DELETE);
	/* Once moved, the declaration says nothing. */
	carry_out(&r);
	state_remove(&r.c.state, STR("network.one/vpc.main"));
	assert_int_equal(do_plan(&r, NETWORK "vpc v for k in [\"x\"] { cidr = "
					     "10.0.0.0/16 }\n"
					     "moved vpc.v -> vpc.v[\"x\"]\n"
					     "moved network.one/vpc.main -> "
					     "vpc.v[\"x\"]\n"),
			 0);
	assert_true(r.p->is_empty);
	run_end(&r);
	/* All of a `for`, and what is left over goes with its resource. */
	assert_int_equal(
	    replan(&r, NETWORK "job a for k in [\"p\", \"q\"] { server = k }\n",
		   NETWORK "job b for k in [\"p\", \"q\"] { server = k }\n"
			   "moved job.a -> job.b\n"),
	    0);
	assert_true(
	    str_is(step_of(&r, "job.b[\"q\"]")->moved_from, "job.a[\"q\"]"));
	assert_int_equal(plan_count(r.p).destroy, 0);
	run_end(&r);
	/* Both are there. */
	assert_int_equal(
	    replan(&r,
		   NETWORK "job a { server = \"x\" }\n"
			   "job b { server = \"x\" }\n",
		   NETWORK "job b { server = \"x\" }\nmoved job.a -> job.b\n"),
	    -1);
	assert_has(&r, "E0315");
	assert_has(&r, "job.a cannot be moved to job.b: that is there already");
	run_end(&r);
}

static void test_removed(void **state)
{
	struct run r;

	(void)state;
	assert_int_equal(replan(&r,
				NETWORK
				"network one { }\n"
				"vpc v { cidr = 10.1.0.0/16 }\n"
				"vpc w { cidr = 10.2.0.0/16\n"
				"  lifecycle { prevent_destroy = true } }\n",
				NETWORK "removed network.one { keep = true }\n"
					"removed vpc.w { keep = 1 < 2 }\n"
					"removed vpc.v\n"),
			 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_FORGET);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"b/c\"]"),
			 ACTION_FORGET);
	assert_int_equal(action_of(&r, "vpc.w"), ACTION_FORGET);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_DELETE);
	assert_has(&r, "removed with keep: the object stays");
	/* Without keep the lifecycle holds. */
	assert_int_equal(do_plan(&r, NETWORK "removed vpc.w\n"), -1);
	assert_has(&r, "vpc.w would be destroyed");
	run_end(&r);
}

static void test_import(void **state)
{
	static const char text[] =
	    NETWORK "param which = \"v-1\"\n"
		    "vpc v { cidr = 10.0.0.0/16 }\n"
		    "subnet s { vpc = vpc.v  cidr = 10.0.1.0/24 }\n"
		    "import vpc.v = which\n";
	struct run r;
	const struct plan_step *s;

	(void)state;
	run_begin(&r);
	world.found = "10.0.0.0/16";
	assert_int_equal(do_plan(&r, text), 0);
	s = step_of(&r, "vpc.v");
	assert_int_equal(s->action, ACTION_NONE);
	assert_true(str_is(s->import_id, "v-1"));
	assert_true(str_is(s->prior->id, "v-1"));
	assert_false(r.p->is_empty);
	/* Who refers to it knows its id. */
	assert_true(
	    str_is(value_text(step_of(&r, "subnet.s")->wanted, "vpc"), "v-1"));
	/* It is not as it is written: it is changed in the same apply. */
	assert_int_equal(do_plan(&r, NETWORK
				 "vpc v { cidr = 10.0.0.0/16  zones = [\"a\"] "
				 "}\n"
				 "import vpc.v = \"v-1\"\n"),
			 0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_UPDATE);
	assert_true(str_is(step_of(&r, "vpc.v")->import_id, "v-1"));
	/* What a read does not tell is no reason to make it anew. */
	world.found = NULL;
	assert_int_equal(do_plan(&r, text), 0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_UPDATE);
	world.found = "10.0.0.0/8";
	assert_int_equal(do_plan(&r, text), 0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	world.found = "10.0.0.0/16";
	world.gone = "vpc.v";
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "E0316");
	assert_has(&r, "there is no vpc \"v-1\" to import");
	world.gone = NULL;
	/* In the state already: the same, or another. */
	assert_int_equal(do_plan(&r, text), 0);
	carry_out(&r);
	assert_int_equal(do_plan(&r, NETWORK "vpc v { cidr = 10.0.0.0/16 }\n"
					     "import vpc.v = \"id-vpc.v\"\n"),
			 0);
	assert_int_equal(step_of(&r, "vpc.v")->import_id.n, 0);
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "cannot be imported: it is \"id-vpc.v\" already");
	/* One object has one address, also when the other is to go. */
	assert_int_equal(do_plan(&r, NETWORK "vpc w { cidr = 10.0.0.0/16 }\n"
					     "import vpc.w = \"id-vpc.v\"\n"),
			 -1);
	assert_has(&r, "\"id-vpc.v\" is vpc.v already");
	assert_int_equal(do_plan(&r, NETWORK "vpc w { cidr = 10.0.0.0/16 }\n"
					     "vpc x { cidr = 10.0.0.0/16 }\n"
					     "import vpc.w = \"v-1\"\n"
					     "import vpc.x = \"v-1\"\n"),
			 -1);
	assert_has(&r, "\"v-1\" is vpc.w already");
	run_end(&r);
}

static void test_existing(void **state)
{
	static const char text[] =
	    "component user(db: base, net: vpc) {\n"
	    "  subnet s { vpc = net  cidr = 10.0.1.0/24 }\n"
	    "  job j { server = db.endpoint  on = db }\n"
	    "  base b { class = \"x\"  subnets = db.subnets }\n"
	    "}\n"
	    "stack dev { provider = fake  tags = { env = \"dev\" } }\n"
	    "existing vpc v { id = \"v-1\" }\n"
	    "existing base db for k in [\"main\"] { class = k }\n"
	    "user one { db = base.db[\"main\"]  net = vpc.v }\n"
	    "output range = vpc.v.cidr\n"
	    "output key = base.db[\"main\"].password\n";
	struct run r;
	const struct plan_step *s;

	(void)state;
	run_begin(&r);
	world.found = "10.0.0.0/16";
	assert_int_equal(do_plan(&r, text), 0);
	assert_has_not(&r, "S3nt1nel");
	s = step_of(&r, "vpc.v");
	assert_true(s->is_existing);
	assert_int_equal(s->action, ACTION_NONE);
	assert_int_equal(s->n_changes, 0);
	s = step_of(&r, "user.one/subnet.s");
	assert_true(str_is(value_text(s->wanted, "vpc"), "v-1"));
	s = step_of(&r, "user.one/job.j");
	assert_true(str_is(value_text(s->wanted, "on"), "base-main"));
	assert_true(str_is(value_text(s->wanted, "server"), "far.example.org"));
	/* What it refers to is referred to by its id. */
	s = step_of(&r, "user.one/base.b");
	assert_true(str_is(
	    value_get(s->wanted, "subnets")->as.list.items[0].as.text, "main"));
	assert_true(value_has_secret(r.p->outputs[1].new));
	assert_true(str_is(r.p->outputs[0].new.as.text, "10.0.0.0/16"));
	carry_out(&r);
	/* It is in no state, nobody's dependency, and destroy leaves it. */
	assert_null(state_find(&r.c.state, STR("vpc.v")));
	assert_int_equal(
	    state_find(&r.c.state, STR("user.one/subnet.s"))->n_deps, 0);
	assert_int_equal(do_plan(&r, text), 0);
	for (size_t i = 0; i < r.p->n_steps; i++)
		assert_int_equal(r.p->steps[i].action, ACTION_NONE);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), 0);
	assert_int_equal(plan_count(r.p).destroy, 3);
	/* Not there, or dmsl's own. */
	world.gone = "vpc.v";
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "E0318");
	assert_has(&r, "there is no vpc \"v-1\"");
	world.gone = "base.db[\"main\"]";
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "there is no such base as is written here");
	run_end(&r);
	assert_int_equal(replan(&r,
				"stack dev { provider = fake }\n"
				"vpc v { cidr = 10.0.0.0/16 }\n",
				"stack dev { provider = fake }\n"
				"existing vpc v { id = \"v-1\" }\n"),
			 -1);
	assert_has(&r, "vpc.v is dmsl's own");
	run_end(&r);
	/* Found when what it is found by is known; its users wait for it. */
	run_begin(&r);
	assert_int_equal(
	    do_plan(&r, "stack dev { provider = fake }\n"
			"job j { server = \"x\" }\n"
			"existing vpc v { id = job.j.loaded }\n"
			"subnet s { vpc = vpc.v  cidr = 10.0.1.0/24 }\n"),
	    0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_READ);
	assert_true(value_is_unknown(
	    *value_get(step_of(&r, "subnet.s")->wanted, "vpc")));
	/* In its place stands what it was found by. */
	carry_out(&r);
	assert_true(
	    str_is(state_find(&r.c.state, STR("subnet.s"))->deps[0], "job.j"));
	run_end(&r);
}

static void test_outside(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	world.gone = "network.one/subnet.part[\"b\"]";
	world.broken = "server.db/base.main";
	/* do_expand() forgets nothing of the world. */
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"b\"]"),
			 ACTION_CREATE);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	assert_has(&r, "was deleted outside");
	assert_has(&r, "    gone\n        network.one/subnet.part[\"b\"]\n");
	assert_has(&r, "(is stopped)");
	world = (struct world){ .drifted = "server.db/base.main" };
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_has(&r, "class  \"other\" -> \"db.small\"");
	assert_has(&r, "Changed outside since the last apply\n"
		       "    server.db/base.main\n"
		       "      class  \"db.small\" -> \"other\"\n");
	world = (struct world){ .failing = "job.load" };
	assert_int_equal(do_plan(&r, stack_text), -1);
	assert_has(&r, "error[E0501]: could not read job.load: no answer");
	world = (struct world){ .refused = "it has no key" };
	assert_int_equal(do_plan(&r, stack_text), -1);
	assert_has(&r, "error[E0502]: could not plan job.load: it has no key");
	world = (struct world){ .advice = "it will take long" };
	assert_int_equal(do_plan(&r, stack_text), 0);
	take_findings(&r);
	assert_has(&r, "warning[W0501]: it will take long");
	world = (struct world){ 0 };
	run_end(&r);
}

/* What is wrong with the state's values alone is no mistake of the text. */
static void test_outdated(void **state)
{
	struct run r;
	struct state_resource *base;
	const char *text;

	(void)state;
	applied(&r);
	text = changed(&r, "server = server.db.endpoint",
		       "server = [\"near\", \"far\"]["
		       "{ old = 7, new = 1 }[server.db.endpoint]]");
	base = state_find(&r.c.state, STR("server.db/base.main"));
	base->attrs =
	    value_with(base->attrs, STR("endpoint"), value_c("old"), &r.arena);
	world.moved = "server.db/base.main";
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "-> \"far\"");
	/* Nor is it taken for what is there. */
	text = changed(&r, "server = server.db.endpoint",
		       "server = server.db.endpoint + \"!\"");
	assert_int_equal(do_plan(&r, text), -1);
	text = changed(&r, "server = server.db.endpoint",
		       "server = \"${server.db.endpoint}!\"");
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "-> \"new!\"");
	world = (struct world){ 0 };
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "-> \"old!\"");
	run_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moved),	cmocka_unit_test(test_removed),
		cmocka_unit_test(test_import),	cmocka_unit_test(test_existing),
		cmocka_unit_test(test_outside), cmocka_unit_test(test_outdated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
