/* Mistakes in a text, each told at its place, and which provider is meant. */
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

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *code, *words;
	} cases[] = {
		{ "vpc a { cdir = 10.0.0.0/16 }", "E0203",
		  "unrecognised attribute \"cdir\"" },
		{ "vpc a { zones = [] }", "E0220",
		  "vpc \"a\" has no \"cidr\"" },
		{ "vpc a { cidr = 10.0.0.0/16  arn = \"x\" }", "E0221",
		  "cannot be written" },
		{ "vpc a { cidr = 10.0.0.0/16  cidr = 10.1.0.0/16 }", "E0205",
		  "given twice" },
		{ "vpc a { cidr = rang }", "E0251", "unknown name \"rang\"" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = vpc.c  cidr = 10.0.0.0/24 }",
		  "E0251", "there is no vpc \"c\"" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = subnet.c  cidr = 10.0.0.0/24 }\n"
		  "subnet c { vpc = vpc.a  cidr = 10.0.1.0/24 }",
		  "E0250", "expected a vpc, found a subnet" },
		{ "vpc a { cidr = \"x\" }", "E0250", "cidr" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = vpc.a  cidr = 10.1.0.0/24 }",
		  "E0401", "outside its network's 10.0.0.0/16" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = vpc.a  cidr = 10.0.0.0/23 }\n"
		  "subnet c { vpc = vpc.a  cidr = 10.0.1.0/24 }",
		  "E0402", "overlaps 10.0.0.0/23 of subnet.b" },
		{ "job a { server = job.b.loaded }\n"
		  "job b { server = job.c.loaded }\n"
		  "job c { server = job.a.loaded }",
		  "E0301", "job.a needs job.b" },
		{ "let a = b\nlet b = a\njob c { server = a }", "E0301",
		  "is made from itself" },
		{ "job a for k in job.b.loaded { server = k }\n"
		  "job b { server = \"x\" }",
		  "E0305", "known only after apply" },
		{ "job a for k in [1, 2] { server = \"x\" }", "E0306",
		  "keyed by strings, found a number" },
		{ "param n : number\njob a { server = \"x\" }", "E0302",
		  "param \"n\" has no value" },
		{ "param n : number = 0 { check = n > 0  message = \"more\" }",
		  "E0304", "not allowed: more" },
		{ "component c() { job a { server = x.y.z } }\nc one { }",
		  "E0251", "unknown name \"x\"" },
		{ "job x { server = \"a\" }\n"
		  "component c() { job a { server = job.x.loaded } }\n"
		  "c one { }",
		  "E0251", "there is no job \"x\"" },
		{ "component c(n: number) { job a { server = \"x\" } }\n"
		  "c one { n = \"x\" }",
		  "E0250", "number" },
		{ "component c() { c again { } }\nc one { }", "E0303",
		  "more than 32 deep" },
		{ "group g { vpc = vpc.a  ingress { port = 1 } }\n"
		  "vpc a { cidr = 10.0.0.0/16 }",
		  "E0223", "needs a name" },
		{ "job a { server = \"x\"  provider = far }", "E0310",
		  "\"far\" does not serve" },
		{ "check c { on = job.a  querry = \"x\"  expect = 1 }\n"
		  "job a { server = \"x\" }",
		  "E0203", "\"querry\" in check \"c\"" },
		{ "check c { on = job.a  query = \"x\"  expect = job.a.lod }\n"
		  "job a { server = \"x\" }",
		  "E0252", "no attribute \"lod\"" },
		{ "check c { on = vpc.a  query = \"x\"  expect = 1 }\n"
		  "vpc a { cidr = 10.0.0.0/16 }",
		  "E0250", "expected a base or a job, found a vpc" },
		{ "check c { on = 5  query = \"x\"  expect = 1 }", "E0250",
		  "expected a base or a job, found a number" },
		{ "check c { on = \"x\"  query = \"x\"  expect = job.a }\n"
		  "job a { server = \"x\" }",
		  "E0250", "expected a value, found a job" },
		{ "check c { on = \"x\"  query = null  expect = 1 }", "E0220",
		  "\"query\" of check \"c\" is null" },
		{ "job a { server = \"x\"  lifecycle { ignore = [servr] } }",
		  "E0203", "job has no attribute \"servr\" to ignore" },
		{ "job a { server = \"x\"  lifecycle { ignore = [loaded] } }",
		  "E0203", "no attribute \"loaded\" to ignore" },
		{ "job a { server = \"x\"  lifecycle { ignore = server } }",
		  "E0250", "takes a list of names" },
		{ "job a { server = \"x\"  lifecycle { prevent_destory = true "
		  "} }",
		  "E0203", "Did you mean \"prevent_destroy\"?" },
		{ "job a { server = \"x\"  lifecycle { replace_when = [nam] } "
		  "}",
		  "E0251", "unknown name \"nam\"" },
		{ "component c() { job a { server = \"x\" } }\n"
		  "c one { lifecycle { ignore = [server] } }",
		  "E0203", "unrecognised attribute \"ignore\"" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "group g { vpc = vpc.a  ingress p { timeouts { crate = 1s } "
		  "} "
		  "}",
		  "E0203", "Did you mean \"create\"?" },
		{ "job a { server = \"x\"  timeouts { create = 5 } }", "E0250",
		  "duration" },
		{ "job a { server = \"x\"  timeouts { create = 0s } }", "E0255",
		  "longer than nothing" },
		{ "job a { server = \"x\" }\n"
		  "job b { server = \"x\"  lifecycle { prevent_destroy = "
		  "job.a.loaded == \"x\" } }",
		  "E0305", "lifecycle must be known" },
		{ "existing vpc v { cidr = 10.0.0.0/16 }", "E0220",
		  "existing vpc \"v\" has no \"id\"" },
		{ "existing base b { }", "E0220", "that say which one" },
		{ "existing vpc v { id = \"v\"  lifecycle { ignore = [] } }",
		  "E0222", "\"lifecycle\" in existing vpc \"v\"" },
		{ "existing vpc v { id = \"v\"  cdir = \"x\" }", "E0203",
		  "Did you mean \"cidr\"?" },
		{ "existing vpc v { id = \"v\" }\n"
		  "job a { server = vpc.v.name }",
		  "E0252", "no attribute \"name\"" },
		{ "existing vpc v { id = \"v\" }\nimport vpc.v = \"x\"",
		  "E0316", "it is declared as existing" },
		{ "moved job -> job.b", "E0314", "not the address" },
		{ "moved job.a[*] -> job.b", "E0314", "TYPE.NAME[\"KEY\"]" },
		{ "moved job.a -> vpc.a", "E0315",
		  "a job cannot become a vpc" },
		{ "moved job.a -> job.b\nmoved job.a -> job.c", "E0315",
		  "job.a is moved twice" },
		{ "moved job.a -> job.b\nmoved job.b -> job.a", "E0315",
		  "come back to it" },
		{ "moved net.a -> net.a/net.b", "E0315", "into itself" },
		{ "moved job.a -> job.b\njob a { server = \"x\" }", "E0315",
		  "job.a is moved, and still declared" },
		{ "component c() { moved job.a -> job.b }\nc one { }", "E0206",
		  "moved cannot stand in a component" },
		{ "removed job.a\njob a { server = \"x\" }", "E0317",
		  "job.a is still declared" },
		{ "component c() { job a { server = \"x\" } }\nc one { }\n"
		  "removed c.one",
		  "E0317", "c.one/job.a is still declared" },
		{ "removed job.a\nremoved job.a", "E0317", "removed twice" },
		{ "removed job.a { kepe = true }", "E0203",
		  "Did you mean \"keep\"?" },
		{ "import job.a = \"x\"", "E0316", "does not declare it" },
		{ "job a { server = \"x\" }\nimport job.a = \"\"", "E0316",
		  "must be a text" },
		{ "job a { server = \"x\" }\n"
		  "job b { server = \"x\" }\nimport job.a = job.b.loaded",
		  "E0316", "that is known" },
		{ "job a { server = \"x\" }\nimport job.a = \"x\"\n"
		  "import job.a = \"y\"",
		  "E0316", "it is imported twice" },
		{ "job a { server = \"x\"  depends_on = [job.b] }\n"
		  "job b { server = \"x\"  depends_on = [job.a] }",
		  "E0301", "job.a needs job.b" },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		run_begin(&r);
		assert_int_equal(
		    do_expand(&r, str_fmt(&r.arena,
					  "stack dev { provider = fake }\n"
					  "%s\n",
					  cases[i].text)
				      .s),
		    -1);
		assert_has(&r, cases[i].code);
		assert_has(&r, cases[i].words);
		run_end(&r);
	}
}

static void test_several_at_once(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_expand(&r, "stack dev { provider = fake }\n"
				       "vpc a { cidr = rang  zoness = [] }\n"
				       "subnet b { vpc = vcp.a }\n"),
			 -1);
	assert_has(&r, "unknown name \"rang\"");
	assert_has(&r, "\"zoness\"");
	assert_has(&r, "Did you mean \"zones\"?");
	assert_has(&r, "unknown name \"vcp\"");
	assert_has(&r, "has no \"cidr\"");
	run_end(&r);
}

static void test_providers(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_expand(&r, "stack dev { provider = fak }"), -1);
	assert_has(&r, "Did you mean \"fake\"?");
	struct setting on = { .name = STR("on"), .text = STR("gone") };

	r.c.settings = &on;
	r.c.n_settings = 1;
	assert_int_equal(do_expand(&r, "param on : enum(fake, gone) = fake\n"
				       "stack dev { provider = on }"),
			 -1);
	assert_has(&r, "there is no provider \"gone\"");
	on.name = STR("om");
	assert_int_equal(do_expand(&r, "param on : enum(fake, gone) = fake\n"
				       "stack dev { provider = on }"),
			 -1);
	assert_has(&r, "the stack has no param \"om\"");
	assert_has(&r, "Did you mean \"on\"?");
	run_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
