/*
 * Provider aws when the service is not at its best: what is there is not shown
 * at first, or it does not answer. Nothing is then made twice, nor let go of.
 */
#include <config.h>

#include "tests/unit/aws_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define RULES(inner)                                                           \
	EC2("DescribeSecurityGroupRules",                                      \
	    "<securityGroupRuleSet>" inner "</securityGroupRuleSet>")
#define RULE                                                                   \
	"<item><securityGroupRuleId>sgr-1</securityGroupRuleId>"               \
	"<groupId>sg-1</groupId><isEgress>false</isEgress>"                    \
	"<ipProtocol>tcp</ipProtocol><fromPort>5432</fromPort>"                \
	"<toPort>5432</toPort><cidrIpv4>10.0.0.0/16</cidrIpv4></item>"
#define RULE_CONFIG                                                            \
	"{\"security_group\":\"sg-1\",\"direction\":\"ingress\","              \
	"\"protocol\":\"tcp\",\"port\":5432,\"cidr\":\"10.0.0.0/16\"}"

static void open_existing(struct fixture *f, const struct scripted_step *script,
			  const char *type, const char *config, const char *id)
{
	fixture_open(f, script, "us-east-1", type, config);
	f->call.prior = f->call.config;
	f->call.id = str_from(id);
}

/* The replica that is asked to delete it has not heard of it yet. */
static void rule_is_deleted_where_it_was_not_known(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "RevokeSecurityGroupIngress",
		  EC2_REFUSAL("InvalidSecurityGroupRuleId.NotFound", "none") },
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULES(RULE) },
		{ .target = "RevokeSecurityGroupIngress",
		  .answer = EC2("RevokeSecurityGroupIngress", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	open_existing(&f, script, "security_group_rule", RULE_CONFIG, "sgr-1");
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

/* It is gone indeed: asked twice, and no more. */
static void rule_that_is_gone_is_asked_for_once_more(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "RevokeSecurityGroupIngress",
		  EC2_REFUSAL("InvalidSecurityGroupRuleId.NotFound", "none") },
		{ .target = "DescribeSecurityGroupRules", .answer = RULES("") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	open_existing(&f, script, "security_group_rule", RULE_CONFIG, "sgr-1");
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

#define TABLES(inner)                                                          \
	EC2("DescribeRouteTables", "<routeTableSet>" inner "</routeTableSet>")
#define TABLE                                                                  \
	"<item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><tagSet>" \
	"<item><key>dmsl:intent</key><value>" TOKEN "</value></item>"          \
	"<item><key>dmsl:stack</key><value>" STACK "</value></item></tagSet>"  \
	"</item>"
#define BY_INTENT "&Filter.1.Name=tag%3Admsl%3Aintent&Filter.1.Value.1=" TOKEN

/* Class T, days later: the service may have forgotten the token. */
static void table_of_an_old_run_is_found_by_its_mark(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeRouteTables",
		  .request = BY_INTENT,
		  .answer = TABLES(TABLE) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "route_table",
		     "{\"vpc\":\"vpc-1\"}");
	f.call.is_recovery = true;
	assert_int_equal(f.call.type->ops->create(&f.call), STEP_PENDING);
	assert_true(str_is(f.call.id, "rtb-1"));
	fixture_close(&f);
}

/* Moments later: not seen yet, but the token is known. */
static void table_that_is_not_seen_yet_is_given_by_its_token(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeRouteTables",
		  .request = BY_INTENT,
		  .answer = TABLES("") },
		WHO,
		{ .target = "CreateRouteTable",
		  .request = "&ClientToken=" TOKEN "&",
		  .answer =
		      EC2("CreateRouteTable", "<routeTable><routeTableId>rtb-1"
					      "</routeTableId></routeTable>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "route_table",
		     "{\"vpc\":\"vpc-1\"}");
	f.call.is_recovery = true;
	assert_int_equal(f.call.type->ops->create(&f.call), STEP_PENDING);
	assert_true(str_is(f.call.id, "rtb-1"));
	fixture_close(&f);
}

#define ARN		 "arn:aws:dms:us-east-1:123456789012:rep:MAIN"
#define INSTANCES(inner) "{\"ReplicationInstances\":[" inner "]}"
#define NO_INSTANCE                                                            \
	{                                                                      \
		.target = "DescribeReplicationInstances",                      \
		.answer = INSTANCES("")                                        \
	}
#define INSTANCE                                                               \
	{                                                                      \
		.target = "DescribeReplicationInstances",                      \
		.answer = INSTANCES(                                           \
		    "{\"ReplicationInstanceArn\":\"" ARN                       \
		    "\",\"ReplicationInstanceIdentifier\":\"main\","           \
		    "\"ReplicationInstanceClass\":\"dms.t3.medium\","          \
		    "\"ReplicationInstanceStatus\":\"available\"}")            \
	}
#define INSTANCE_CONFIG "{\"class\":\"dms.t3.medium\",\"subnet_group\":\"g\"}"

static void open_instance(struct fixture *f, const struct scripted_step *script)
{
	open_existing(f, script, "replication_instance", INSTANCE_CONFIG, ARN);
}

static void replication_instance_that_is_missed_is_not_gone(void **state)
{
	static const struct scripted_step script[] = {
		NO_INSTANCE,
		INSTANCE,
		{ .target = "ListTagsForResource", .answer = "{}" },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	open_instance(&f, script);
	fixture_done(&f, VERB_READ);
	assert_false(f.call.is_gone);
	fixture_close(&f);
}

static void replication_instance_that_is_missed_twice_is_gone(void **state)
{
	static const struct scripted_step script[] = {
		NO_INSTANCE,
		NO_INSTANCE,
		{ 0 },
	};
	struct fixture f;

	(void)state;
	open_instance(&f, script);
	fixture_done(&f, VERB_READ);
	assert_true(f.call.is_gone);
	fixture_close(&f);
}

static void replication_instance_that_is_missed_is_deleted(void **state)
{
	static const struct scripted_step script[] = {
		WHO,	     NO_INSTANCE,
		INSTANCE,    { .target = "DeleteReplicationInstance" },
		NO_INSTANCE, { 0 },
	};
	struct fixture f;

	(void)state;
	open_instance(&f, script);
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

/* Nothing is known of it: a plan that repairs it would be made up. */
static void service_that_does_not_answer_is_not_broken(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationInstances",
		  .status = 503,
		  .answer = "{\"__type\":\"ServiceUnavailable\"}" },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	setenv("AWS_MAX_ATTEMPTS", "1", 1);
	open_instance(&f, script);
	assert_int_equal(fixture_run(&f, VERB_READ), STEP_FAILED);
	assert_int_equal(f.call.err.kind, ERROR_UNAVAILABLE);
	assert_false(f.call.is_broken);
	unsetenv("AWS_MAX_ATTEMPTS");
	fixture_close(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_an_old_run_is_found_by_its_mark),
		cmocka_unit_test(
		    table_that_is_not_seen_yet_is_given_by_its_token),
		cmocka_unit_test(rule_is_deleted_where_it_was_not_known),
		cmocka_unit_test(rule_that_is_gone_is_asked_for_once_more),
		cmocka_unit_test(
		    replication_instance_that_is_missed_is_not_gone),
		cmocka_unit_test(
		    replication_instance_that_is_missed_twice_is_gone),
		cmocka_unit_test(
		    replication_instance_that_is_missed_is_deleted),
		cmocka_unit_test(service_that_does_not_answer_is_not_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
