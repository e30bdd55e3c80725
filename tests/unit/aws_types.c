/*
 * The framework for types of provider aws, by the types of a network and by
 * some that exist only here: what is sent, what is made of each answer.
 */
#include <config.h>

#include "tests/unit/aws_fixture.h"

#include "lang/base/buf.h"
#include "providers/aws/type.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ITEM_TAG(key, value)                                                   \
	"<item><key>" key "</key><value>" value "</value></item>"
#define MARKED                                                                 \
	"<tagSet>" ITEM_TAG("dmsl:intent", TOKEN)                              \
	    ITEM_TAG("dmsl:stack", STACK) ITEM_TAG("dmsl:address", "main")     \
		ITEM_TAG("aws:made", "x") "</tagSet>"
#define FOREIGN "<tagSet>" ITEM_TAG("team", "other") "</tagSet>"

#define VPC(inner)                                                             \
	EC2("DescribeVpcs",                                                    \
	    "<vpcSet><item><vpcId>vpc-1</vpcId><state>available</state>"       \
	    "<cidrBlock>10.0.0.0/16</cidrBlock>" inner "</item></vpcSet>")
#define NO_VPC EC2("DescribeVpcs", "<vpcSet/>")
#define VPC_CONFIG                                                             \
	"{\"cidr\":\"10.0.0.0/16\",\"dns_support\":true,"                      \
	"\"dns_hostnames\":true}"
#define CREATED_VPC EC2("CreateVpc", "<vpc><vpcId>vpc-1</vpcId></vpc>")
#define DNS(name, value)                                                       \
	{                                                                      \
		.target = "DescribeVpcAttribute",                              \
		.request = "Attribute=" name,                                  \
		.answer =                                                      \
		    EC2("DescribeVpcAttribute",                                \
			"<" name "><value>" value "</value></" name ">"),      \
	}
#define DNS_ON                                                                 \
	DNS("enableDnsSupport", "true"), DNS("enableDnsHostnames", "true")
#define BY_INTENT "&Filter.1.Name=tag%3Admsl%3Aintent&Filter.1.Value.1=" TOKEN

static void fails(struct fixture *f, enum step step, enum error_kind kind,
		  const char *words)
{
	if (step != STEP_FAILED || f->call.err.kind != kind ||
	    !strstr(f->call.err.message, words))
		print_error("step %d, kind %d: %s\n", (int)step,
			    (int)f->call.err.kind, f->call.err.message);
	assert_int_equal(step, STEP_FAILED);
	assert_int_equal(f->call.err.kind, kind);
	assert_non_null(strstr(f->call.err.message, words));
}

/* As the engine does after an attempt without answer. */
static void again(struct fixture *f)
{
	f->call.err = (struct error){ 0 };
	f->call.is_recovery = true;
	f->call.attempt = 1;
}

/* -- making it once ------------------------------------------------------- */

static void vpc_is_made(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateVpc",
		  .request = "CidrBlock=10.0.0.0%2F16&TagSpecification.1."
			     "ResourceType=vpc&TagSpecification.1.Tag.1.Key="
			     "dmsl%3Aaddress",
		  .answer = CREATED_VPC },
		/* Not seen yet. */
		{ .target = "DescribeVpcs",
		  .request = "VpcId.1=vpc-1",
		  EC2_REFUSAL("InvalidVpcID.NotFound", "none") },
		{ .target = "DescribeVpcs",
		  .answer = EC2("DescribeVpcs",
				"<vpcSet><item><vpcId>vpc-1</vpcId>"
				"<state>pending</state></item></vpcSet>") },
		DNS_ON,
		{ .target = "DescribeVpcs", .answer = VPC(MARKED) },
		DNS("enableDnsSupport", "true"),
		DNS("enableDnsHostnames", "false"),
		{ .target = "ModifyVpcAttribute",
		  .request = "&EnableDnsHostnames.Value=true&",
		  .answer = EC2("ModifyVpcAttribute", "") },
		/* A stale read: it is sent again. */
		{ .target = "DescribeVpcs", .answer = VPC(MARKED) },
		DNS("enableDnsSupport", "true"),
		DNS("enableDnsHostnames", "false"),
		{ .target = "ModifyVpcAttribute",
		  .answer = EC2("ModifyVpcAttribute", "") },
		{ .target = "DescribeVpcs", .answer = VPC(MARKED) },
		DNS_ON,
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc", VPC_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_true(str_is(f.call.id, "vpc-1"));
	fixture_close(&f);
}

/* Class Q: the search finds it at its second look; nothing is made anew. */
static void lost_vpc_is_found(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateVpc", .how = SCRIPT_CUT },
		{ .target = "DescribeVpcs",
		  .request = BY_INTENT,
		  .answer = NO_VPC },
		{ .target = "DescribeVpcs",
		  .request = BY_INTENT,
		  .answer = VPC(MARKED) },
		{ .target = "DescribeVpcs",
		  .request = "VpcId.1=vpc-1",
		  .answer = VPC(MARKED) },
		DNS_ON,
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc", VPC_CONFIG);
	fails(&f, fixture_run(&f, VERB_CREATE), ERROR_TIMEOUT, "CreateVpc");
	assert_int_equal(f.call.id.n, 0);
	again(&f);
	f.call.attempt = 0;
	fixture_done(&f, VERB_CREATE);
	assert_true(str_is(f.call.id, "vpc-1"));
	fixture_close(&f);
}

/* DescribeAddresses knows no pages, and refuses to be asked for their size. */
static void lost_address_is_found(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeAddresses",
		  .body =
		      "Action=DescribeAddresses&Version=2016-11-15" BY_INTENT,
		  .answer =
		      EC2("DescribeAddresses",
			  "<addressesSet><item><allocationId>eipalloc-1"
			  "</allocationId><publicIp>192.0.2.1</publicIp>" MARKED
			  "</item></addressesSet>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "elastic_ip", "{}");
	f.call.is_recovery = true;
	assert_int_equal(f.call.type->ops->create(&f.call), STEP_PENDING);
	assert_true(str_is(f.call.id, "eipalloc-1"));
	fixture_close(&f);
}

/* It is made anew only when it would have been seen for long. */
static void lost_vpc_was_not_made(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcs",
		  .request = BY_INTENT,
		  .answer = NO_VPC,
		  .times = 25 },
		WHO,
		{ .target = "CreateVpc", .answer = CREATED_VPC },
		{ .target = "DescribeVpcs", .answer = VPC(MARKED) },
		DNS_ON,
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc", VPC_CONFIG);
	f.call.is_recovery = true;
	fixture_done(&f, VERB_CREATE);
	fixture_close(&f);
}

/* An object that carries other marks is not ours, whatever a filter says. */
static void search_that_fails_makes_nothing(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcs", .answer = VPC(FOREIGN) },
		{ .target = "DescribeVpcs",
		  EC2_REFUSAL("InvalidParameterValue", "no such filter") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc", VPC_CONFIG);
	f.call.is_recovery = true;
	fails(&f, fixture_run(&f, VERB_CREATE), ERROR_FAILED, "no such filter");
	fixture_close(&f);
}

/* A search that had begun before a crash, or another attempt, begins anew. */
static void search_begins_anew(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcs", .answer = NO_VPC },
		{ .target = "DescribeVpcs", .answer = NO_VPC },
		{ 0 },
	};
	struct fixture f;
	struct call *c = &f.call;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc", VPC_CONFIG);
	c->verb = VERB_CREATE;
	c->is_recovery = true;
	c->memo = STR("looks=24");
	assert_int_equal(c->type->ops->create(c), STEP_PENDING);
	assert_true(str_is(c->memo, "looks=1"));
	c->is_poll = true;
	c->attempt = 1;
	c->memo = STR("rubbish looks=24 looks=");
	assert_int_equal(c->type->ops->create(c), STEP_PENDING);
	assert_true(str_is(c->memo, "looks=1"));
	fixture_close(&f);
}

#define TABLE(inner)                                                           \
	EC2("DescribeRouteTables",                                             \
	    "<routeTableSet><item><routeTableId>rtb-1</routeTableId>"          \
	    "<vpcId>vpc-1</vpcId>" inner MARKED "</item></routeTableSet>")
#define ROUTE(cidr, target)                                                    \
	"<item><destinationCidrBlock>" cidr "</destinationCidrBlock>" target   \
	"<state>active</state><origin>CreateRoute</origin></item>"
#define LOCAL                                                                  \
	"<item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock>"       \
	"<gatewayId>local</gatewayId><origin>CreateRouteTable</origin></item>"
#define ENDPOINT_ROUTE                                                         \
	"<item><destinationPrefixListId>pl-1</destinationPrefixListId>"        \
	"<gatewayId>vpce-1</gatewayId><origin>CreateRoute</origin></item>"
#define IGW "<gatewayId>igw-1</gatewayId>"
#define NAT "<natGatewayId>nat-1</natGatewayId>"
#define USED_BY(subnet, id)                                                    \
	"<associationSet><item><routeTableAssociationId>" id                   \
	"</routeTableAssociationId><subnetId>" subnet                          \
	"</subnetId></item></associationSet>"
#define TABLE_CONFIG                                                           \
	"{\"vpc\":\"vpc-1\",\"subnets\":[\"subnet-1\"],\"route\":["            \
	"{\"cidr\":\"0.0.0.0/0\",\"gateway\":\"igw-1\",\"target\":null}]}"

/* Class T: the client repeats it at once, with the same bytes. */
static void table_is_made_with_its_token(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateRouteTable",
		  .request = "&ClientToken=" TOKEN "&",
		  .how = SCRIPT_CUT },
		{ .target = "CreateRouteTable",
		  .request = "&ClientToken=" TOKEN "&",
		  .answer =
		      EC2("CreateRouteTable", "<routeTable><routeTableId>rtb-1"
					      "</routeTableId></routeTable>") },
		{ .target = "DescribeRouteTables",
		  .answer = TABLE("<routeSet>" LOCAL "</routeSet>") },
		{ .target = "DescribeRouteTables",
		  .answer = TABLE("<routeSet>" LOCAL "</routeSet>") },
		{ .target = "DescribeRouteTables",
		  .request = "Filter.1.Name=association.subnet-id",
		  .answer = EC2("DescribeRouteTables", "<routeTableSet/>") },
		{ .target = "AssociateRouteTable",
		  .request = "RouteTableId=rtb-1&SubnetId=subnet-1",
		  .answer = EC2("AssociateRouteTable", "") },
		{ .target = "DescribeRouteTables",
		  .answer = TABLE("<routeSet>" LOCAL "</routeSet>" USED_BY(
		      "subnet-1", "rtbassoc-1")) },
		{ .target = "CreateRoute",
		  .request = "DestinationCidrBlock=0.0.0.0%2F0&GatewayId="
			     "igw-1&RouteTableId=rtb-1",
		  EC2_REFUSAL("RouteAlreadyExists", "by an attempt before") },
		{ .target = "ReplaceRoute", .answer = EC2("ReplaceRoute", "") },
		{ .target = "DescribeRouteTables",
		  .answer = TABLE("<routeSet>" LOCAL ENDPOINT_ROUTE ROUTE(
		      "0.0.0.0/0", IGW) "</routeSet>" USED_BY("subnet-1",
							      "rtbassoc-1")) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "route_table", TABLE_CONFIG);
	fixture_done(&f, VERB_CREATE);
	fixture_close(&f);
}

#define GROUP(tags, egress)                                                    \
	EC2("DescribeSecurityGroups",                                          \
	    "<securityGroupInfo><item><groupId>sg-1</groupId><groupName>"      \
	    "dev-main</groupName><vpcId>vpc-1</vpcId>" egress tags             \
	    "</item></securityGroupInfo>")
#define GROUP_CONFIG "{\"vpc\":\"vpc-1\",\"description\":\"d\"}"
#define ALL_OUT                                                                \
	"<ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges>"     \
	"<item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>"            \
	"</ipPermissionsEgress>"

/* Class N, by name and marks; the rule that lets all out goes. */
static void group_of_an_earlier_attempt_is_taken(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateSecurityGroup",
		  .request = "GroupName=dev-main&",
		  EC2_REFUSAL("InvalidGroup.Duplicate", "exists") },
		{ .target = "DescribeSecurityGroups",
		  .request = "Filter.1.Name=group-name&Filter.1.Value.1="
			     "dev-main&Filter.2.Name=vpc-id",
		  .answer = GROUP(MARKED, ALL_OUT) },
		{ .target = "DescribeSecurityGroups",
		  .answer = GROUP(MARKED, ALL_OUT),
		  .times = 3 },
		{ .target = "RevokeSecurityGroupEgress",
		  .request = "IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0",
		  .answer = EC2("RevokeSecurityGroupEgress", "") },
		{ .target = "DescribeSecurityGroups",
		  .answer = GROUP(MARKED, "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "security_group", GROUP_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_true(str_is(f.call.id, "sg-1"));
	assert_string_equal(fixture_result(&f, "name"), "\"dev-main\"");
	fixture_close(&f);
}

static void group_of_others_is_left_alone(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateSecurityGroup",
		  EC2_REFUSAL("InvalidGroup.Duplicate", "exists") },
		{ .target = "DescribeSecurityGroups",
		  .answer = GROUP(FOREIGN, "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "security_group", GROUP_CONFIG);
	fails(&f, fixture_run(&f, VERB_CREATE), ERROR_EXISTS,
	      "security group sg-1 exists");
	assert_non_null(strstr(f.call.err.hint, "another name"));
	assert_int_equal(f.call.id.n, 0);
	fixture_close(&f);
}

#define NAT_CONFIG "{\"subnet\":\"subnet-1\",\"elastic_ip\":\"eipalloc-1\"}"
#define NAT_IS(state, more)                                                    \
	EC2("DescribeNatGateways", "<natGatewaySet><item><natGatewayId>nat-1<" \
				   "/natGatewayId><state>" state               \
				   "</state>" more "</item></natGatewaySet>")

static void bad_state_has_a_reason(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateNatGateway",
		  .answer =
		      EC2("CreateNatGateway", "<natGateway><natGatewayId>nat-1"
					      "</natGatewayId></natGateway>") },
		{ .target = "DescribeNatGateways",
		  .answer = NAT_IS("pending", "") },
		{ .target = "DescribeNatGateways",
		  .answer = NAT_IS("failed", "<failureMessage>Network has no "
					     "Internet gateway"
					     "</failureMessage>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "nat_gateway", NAT_CONFIG);
	fails(&f, fixture_run(&f, VERB_CREATE), ERROR_FAILED,
	      "NAT gateway nat-1 is failed: Network has no Internet gateway");
	assert_true(str_is(f.call.id, "nat-1"));
	fixture_close(&f);
}

static void quota_is_named(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateVpc",
		  EC2_REFUSAL("VpcLimitExceeded", "too many") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc", VPC_CONFIG);
	fails(&f, fixture_run(&f, VERB_CREATE), ERROR_QUOTA, "too many");
	assert_non_null(strstr(f.call.err.hint, "VPCs per Region"));
	fixture_close(&f);
}

/* -- reading -------------------------------------------------------------- */

#define SUBNET(id, more)                                                       \
	"<item><subnetId>" id "</subnetId><state>available</state><vpcId>"     \
	"vpc-1</vpcId><cidrBlock>10.0.1.0/24</cidrBlock><availabilityZone>"    \
	"us-east-1a</availabilityZone>" more "</item>"
#define SUBNETS(inner)                                                         \
	EC2("DescribeSubnets", "<subnetSet>" inner "</subnetSet>")
#define SUBNET_CONFIG                                                          \
	"{\"vpc\":\"vpc-1\",\"cidr\":\"10.0.1.0/24\",\"zone\":\"us-east-1a\"," \
	"\"public\":false,\"tags\":{\"team\":\"a\"}}"

/* n calls as the engine makes them, with ids thing-0, thing-1, … */
static struct call **calls_of(struct fixture *f, const char *prefix, size_t n)
{
	struct call **calls = arena_new(&f->arena, struct call *, n);

	for (size_t i = 0; i < n; i++) {
		calls[i] = arena_new(&f->arena, struct call, 1);
		*calls[i] = f->call;
		calls[i]->arena = arena_new(&f->arena, struct arena, 1);
		calls[i]->id = str_fmt(&f->arena, "%s%zu", prefix, i);
		calls[i]->verb = VERB_READ;
		calls[i]->prior = f->call.config;
	}
	return calls;
}

static void release_calls(struct call **calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		arena_release(calls[i]->arena);
}

/* The one that is missing is asked for again, then it is gone; no other is. */
static void missing_one_spoils_no_batch(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeSubnets",
		  .request = "SubnetId.1=subnet-0&SubnetId.2=subnet-1&"
			     "SubnetId.3=subnet-2",
		  EC2_REFUSAL("InvalidSubnetID.NotFound", "subnet-1") },
		{ .target = "DescribeSubnets",
		  .request = "Filter.1.Name=subnet-id&Filter.1.Value.1=",
		  .answer =
		      SUBNETS(SUBNET("subnet-0", "") SUBNET("subnet-2", "")) },
		{ .target = "DescribeSubnets",
		  .request = "SubnetId.1=subnet-1",
		  EC2_REFUSAL("InvalidSubnetID.NotFound", "subnet-1") },
		{ 0 },
	};
	enum step outcomes[3];
	struct call **calls;
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "subnet", "{}");
	calls = calls_of(&f, "subnet-", 3);
	f.call.type->ops->read_batch(calls, outcomes, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(outcomes[i], STEP_DONE);
		assert_int_equal(calls[i]->is_gone, i == 1);
	}
	release_calls(calls, 3);
	fixture_close(&f);
}

static void flipping_read_is_not_gone(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeSubnets",
		  EC2_REFUSAL("InvalidSubnetID.NotFound", "none") },
		{ .target = "DescribeSubnets",
		  .answer = SUBNETS(SUBNET("subnet-1", "")) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "subnet", "{}");
	f.call.id = STR("subnet-1");
	fixture_done(&f, VERB_READ);
	assert_false(f.call.is_gone);
	fixture_close(&f);
}

static void denied_read_is_not_gone(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeSubnets",
		  EC2_REFUSAL("UnauthorizedOperation", "not you") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "subnet", "{}");
	f.call.id = STR("subnet-1");
	fails(&f, fixture_run(&f, VERB_READ), ERROR_DENIED, "not you");
	fixture_close(&f);
}

static void only_what_was_declared_drifts(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeSubnets",
		  .answer = SUBNETS(SUBNET(
		      "subnet-1",
		      "<mapPublicIpOnLaunch>true</mapPublicIpOnLaunch>"
		      "<tagSet>" ITEM_TAG("aws:x", "1")
			  ITEM_TAG("dmsl:stack", STACK) ITEM_TAG("team", "b")
			      ITEM_TAG("more", "1") "</tagSet>")) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "subnet", SUBNET_CONFIG);
	f.call.id = STR("subnet-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "public"), "true");
	assert_string_equal(fixture_result(&f, "tags"),
			    "{\"more\":\"1\",\"team\":\"b\"}");
	assert_string_equal(fixture_result(&f, "zone"), "(absent)");
	assert_string_equal(fixture_result(&f, "cidr"), "(absent)");
	fixture_close(&f);
}

/* Routes of gateway endpoints and the local one are nobody's drift. */
static void routes_drift_by_what_was_written(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeRouteTables",
		  .answer = TABLE("<routeSet>" LOCAL ENDPOINT_ROUTE ROUTE(
		      "0.0.0.0/0", IGW) "</routeSet>" USED_BY("subnet-1",
							      "rtbassoc-1")) },
		{ .target = "DescribeRouteTables",
		  .answer = TABLE("<routeSet>" LOCAL ROUTE("172.16.0.0/12", NAT)
				      ROUTE("0.0.0.0/0", NAT) "</routeSet>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "route_table", TABLE_CONFIG);
	f.call.id = STR("rtb-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "route"), "(absent)");
	assert_string_equal(fixture_result(&f, "subnets"), "(absent)");
	fixture_done(&f, VERB_READ);
	assert_string_equal(
	    fixture_result(&f, "route"),
	    "[{\"cidr\":\"0.0.0.0/0\",\"gateway\":\"nat-1\"},"
	    "{\"cidr\":\"172.16.0.0/12\",\"gateway\":\"nat-1\"}]");
	assert_string_equal(fixture_result(&f, "subnets"), "[]");
	fixture_close(&f);
}

/* -- changing ------------------------------------------------------------- */

static void attributes_and_tags_are_changed(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeSubnets",
		  .answer = SUBNETS(SUBNET(
		      "subnet-1",
		      "<mapPublicIpOnLaunch>true</mapPublicIpOnLaunch>"
		      "<tagSet>" ITEM_TAG("aws:x", "1") ITEM_TAG("team", "b")
			  ITEM_TAG("more", "1") ITEM_TAG("dmsl:intent", "old")
			      ITEM_TAG("dmsl:stack", STACK) "</tagSet>")) },
		WHO,
		{ .target = "CreateTags",
		  .request = "&ResourceId.1=subnet-1&Tag.1.Key=dmsl%3Aaddress&"
			     "Tag.1.Value=main&Tag.2.Key=team&Tag.2.Value=a",
		  .answer = EC2("CreateTags", "") },
		{ .target = "DeleteTags",
		  .request = "&ResourceId.1=subnet-1&Tag.1.Key=more",
		  .answer = EC2("DeleteTags", "") },
		{ .target = "ModifySubnetAttribute",
		  .request = "&MapPublicIpOnLaunch.Value=false",
		  .answer = EC2("ModifySubnetAttribute", "") },
		{ .target = "DescribeSubnets",
		  .answer =
		      SUBNETS(SUBNET("subnet-1", "<mapPublicIpOnLaunch>false"
						 "</mapPublicIpOnLaunch>")) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "subnet", SUBNET_CONFIG);
	f.call.id = STR("subnet-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_UPDATE);
	fixture_close(&f);
}

static void subnet_of_a_foreign_table_is_left_alone(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeRouteTables",
		  .answer = TABLE(
		      "<routeSet>" ROUTE("0.0.0.0/0", IGW) "</routeSet>") },
		{ .target = "DescribeRouteTables",
		  .request = "association.subnet-id",
		  .answer = EC2("DescribeRouteTables",
				"<routeTableSet><item><routeTableId>rtb-9"
				"</routeTableId>" USED_BY("subnet-1", "a-9")
				    FOREIGN "</item></routeTableSet>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "route_table", TABLE_CONFIG);
	f.call.id = STR("rtb-1");
	f.call.prior = f.call.config;
	fails(&f, fixture_run(&f, VERB_UPDATE), ERROR_CONFLICT,
	      "subnet subnet-1 uses the route table rtb-9");
	fixture_close(&f);
}

#define RULE(from, to)                                                         \
	EC2("DescribeSecurityGroupRules",                                      \
	    "<securityGroupRuleSet><item><securityGroupRuleId>sgr-1"           \
	    "</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false"     \
	    "</isEgress><ipProtocol>tcp</ipProtocol><fromPort>" from           \
	    "</fromPort><toPort>" to                                           \
	    "</toPort><cidrIpv4>10.0.0.0/16</cidrIpv4>" MARKED                 \
	    "</item></securityGroupRuleSet>")
#define RULE_CONFIG                                                            \
	"{\"security_group\":\"sg-1\",\"direction\":\"ingress\","              \
	"\"protocol\":\"tcp\",\"port\":5432,\"to_port\":null,"                 \
	"\"cidr\":\"10.0.0.0/16\"}"

static void rule_is_made_changed_and_revoked(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "AuthorizeSecurityGroupIngress",
		  .request = "&GroupId=sg-1&IpPermissions.1.FromPort=5432&"
			     "IpPermissions.1.IpProtocol=tcp&IpPermissions.1."
			     "IpRanges.1.CidrIp=10.0.0.0%2F16&IpPermissions.1."
			     "ToPort=5432&TagSpecification.1.ResourceType="
			     "security-group-rule",
		  .answer = EC2("AuthorizeSecurityGroupIngress",
				"<securityGroupRuleSet><item>"
				"<securityGroupRuleId>sgr-1"
				"</securityGroupRuleId></item>"
				"</securityGroupRuleSet>") },
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE("5432", "5432") },
		/* read: the last port was changed */
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE("5432", "5440") },
		/* update */
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE("5432", "5440") },
		{ .target = "ModifySecurityGroupRules",
		  .request = "SecurityGroupRule.1.SecurityGroupRule.CidrIpv4="
			     "10.0.0.0%2F16&SecurityGroupRule.1."
			     "SecurityGroupRule.FromPort=5432&",
		  .answer = EC2("ModifySecurityGroupRules", "") },
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE("5432", "5432") },
		{ .target = "RevokeSecurityGroupIngress",
		  .request = "&GroupId=sg-1&SecurityGroupRuleId.1=sgr-1",
		  EC2_REFUSAL("InvalidSecurityGroupRuleId.NotFound", "gone") },
		{ .target = "DescribeSecurityGroupRules",
		  EC2_REFUSAL("InvalidSecurityGroupRuleId.NotFound", "gone") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "security_group_rule",
		     RULE_CONFIG);
	fixture_done(&f, VERB_CREATE);
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "to_port"), "5440");
	assert_string_equal(fixture_result(&f, "port"), "(absent)");
	fixture_done(&f, VERB_UPDATE);
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

#define RULE_V6(from)                                                          \
	EC2("DescribeSecurityGroupRules",                                      \
	    "<securityGroupRuleSet><item><securityGroupRuleId>sgr-1"           \
	    "</securityGroupRuleId><groupId>sg-1</groupId><isEgress>true"      \
	    "</isEgress><ipProtocol>tcp</ipProtocol><fromPort>" from           \
	    "</fromPort><toPort>5432</toPort><cidrIpv6>2001:db8::/32"          \
	    "</cidrIpv6>" MARKED "</item></securityGroupRuleSet>")

/* Its range has parameters of its own, and counts for no drift. */
static void rule_of_ipv6_is_made_and_changed(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "AuthorizeSecurityGroupEgress",
		  .request = "IpPermissions.1.Ipv6Ranges.1.CidrIpv6="
			     "2001%3Adb8%3A%3A%2F32&",
		  .answer = EC2("AuthorizeSecurityGroupEgress",
				"<securityGroupRuleSet><item>"
				"<securityGroupRuleId>sgr-1"
				"</securityGroupRuleId></item>"
				"</securityGroupRuleSet>") },
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE_V6("5432") },
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE_V6("5432") },
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE_V6("5431") },
		{ .target = "ModifySecurityGroupRules",
		  .request = "SecurityGroupRule.1.SecurityGroupRule.CidrIpv6="
			     "2001%3Adb8%3A%3A%2F32&",
		  .answer = EC2("ModifySecurityGroupRules", "") },
		{ .target = "DescribeSecurityGroupRules",
		  .answer = RULE_V6("5432") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "security_group_rule",
		     "{\"security_group\":\"sg-1\",\"direction\":\"egress\","
		     "\"protocol\":\"tcp\",\"port\":5432,\"to_port\":null,"
		     "\"cidr\":\"2001:db8::/32\"}");
	fixture_done(&f, VERB_CREATE);
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "cidr"), "(absent)");
	assert_string_equal(fixture_result(&f, "port"), "(absent)");
	fixture_done(&f, VERB_UPDATE);
	fixture_close(&f);
}

static const struct kind {
	const char *id, *param, *path;
	bool is_v6;
} kinds[] = {
	{ "igw-1", "GatewayId", "gatewayId", false },
	{ "vgw-1", "GatewayId", "gatewayId", false },
	{ "nat-1", "NatGatewayId", "natGatewayId", false },
	{ "tgw-1", "TransitGatewayId", "transitGatewayId", false },
	{ "pcx-1", "VpcPeeringConnectionId", "vpcPeeringConnectionId", false },
	{ "vpce-1", "VpcEndpointId", "gatewayId", false },
	{ "lgw-1", "LocalGatewayId", "localGatewayId", false },
	{ "i-1", "InstanceId", "instanceId", false },
	{ "eni-1", "NetworkInterfaceId", "networkInterfaceId", false },
	{ "eigw-1", "EgressOnlyInternetGatewayId",
	  "egressOnlyInternetGatewayId", true },
};

static void check_kind(const struct kind *k, struct arena *a)
{
	const char *destination = k->is_v6 ? "Ipv6CidrBlock" : "CidrBlock";
	const char *cidr = k->is_v6 ? "::/0" : "10.9.0.0/16";
	const char *shown =
	    str_fmt(a,
		    TABLE("<routeSet>" LOCAL "<item><destination%s>%s"
			  "</destination%s><%s>%s</%s><state>"
			  "active</state><origin>CreateRoute"
			  "</origin></item></routeSet>"),
		    destination, cidr, destination, k->path, k->id, k->path)
		.s;
	struct scripted_step script[] = {
		{ .target = "DescribeRouteTables",
		  .answer = TABLE("<routeSet>" LOCAL "</routeSet>") },
		WHO,
		{ .target = "CreateRoute",
		  .request = str_fmt(a, "&%s=%s", k->param, k->id).s,
		  .answer = EC2("CreateRoute", "") },
		{ .target = "DescribeRouteTables", .answer = shown },
		/* read: it leads where it should */
		{ .target = "DescribeRouteTables", .answer = shown },
		{ 0 },
	};
	struct fixture f;

	fixture_open(&f, script, "us-east-1", "route_table",
		     str_fmt(a,
			     "{\"vpc\":\"vpc-1\",\"subnets\":[],\"route\":[{"
			     "\"cidr\":\"%s\",\"gateway\":null,\"target\":"
			     "\"%s\"}]}",
			     cidr, k->id)
			 .s);
	f.call.id = STR("rtb-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_UPDATE);
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "route"), "(absent)");
	fixture_close(&f);
}

/* By the beginning of its id each goes under a name of its own. */
static void route_leads_through_each_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct arena a = { 0 };

		check_kind(&kinds[i], &a);
		arena_release(&a);
	}
}

/* -- taking away ---------------------------------------------------------- */

static void holders_are_named(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "DeleteSubnet",
		  EC2_REFUSAL("DependencyViolation", "has dependencies") },
		/* Patience is over. */
		{ .target = "DescribeSubnets",
		  .answer = SUBNETS(SUBNET("subnet-1", "")) },
		{ .target = "DeleteSubnet",
		  EC2_REFUSAL("DependencyViolation", "has dependencies") },
		{ .target = "DescribeNetworkInterfaces",
		  .request = "Filter.1.Name=subnet-id&Filter.1.Value.1="
			     "subnet-1",
		  .answer = EC2("DescribeNetworkInterfaces",
				"<networkInterfaceSet><item>"
				"<networkInterfaceId>eni-1"
				"</networkInterfaceId><description>ELB net/a/1"
				"</description></item>"
				"</networkInterfaceSet>") },
		{ 0 },
	};
	struct fixture f;
	struct call *c = &f.call;
	enum step step;

	(void)state;
	fixture_open(&f, script, "us-east-1", "subnet", "{}");
	c->id = STR("subnet-1");
	c->verb = VERB_DESTROY;
	assert_int_equal(c->type->ops->destroy(c), STEP_PENDING);
	assert_true(str_starts(c->memo, "DependencyViolation="));
	assert_true(str_starts(c->waiting_for, "the subnet's"));
	c->is_poll = true;
	c->memo = STR("DependencyViolation=1");
	c->type->ops->poll_batch(&c, &step, 1);
	fails(&f, step, ERROR_CONFLICT,
	      "subnet subnet-1 is held by eni-1 (ELB net/a/1)");
	fixture_close(&f);
}

/* -- types that exist only here ------------------------------------------- */

static const char *const ready[] = { "available", NULL };
static const char *const bad[] = { "broken", NULL };
static const struct aws_attr thing_attrs[] = {
	{ "size", "Size", "size", AWS_NUMBER, AWS_CREATE | AWS_UPDATE, NULL },
	{ 0 },
};

static const struct aws_type thing = {
	.service = &aws_ec2,
	.noun = "thing",
	.what = "thing",
	.describe = {
		.operation = "DescribeThings",
		.ids = "ThingId",
		.items = "thingSet/item",
		.id = "thingId",
		.name = "thingName",
		.has_tag_filter = true,
	},
	.states = {
		.path = "state",
		.ready = ready,
		.bad = bad,
		.lag_s = 10,
	},
	.tags = AWS_TAGS_NONE,
	.create = "CreateThing",
	.created = "thingId",
	.update = "ModifyThing",
	.destroy = "DeleteThings",
	.destroy_id = "ThingId",
	.destroy_is_list = true,
	.name_max = 20,
	.attrs = thing_attrs,
};

static const struct resource_type thing_type = {
	.name = "vpc",
	.ops = &aws_ops_tags,
	.data = &thing,
};

#define THING(id, state, size)                                                 \
	"<item><thingId>" id "</thingId><state>" state "</state><size>" size   \
	"</size><thingName>n-" id "</thingName></item>"
#define THINGS(inner) EC2("DescribeThings", "<thingSet>" inner "</thingSet>")

static void open_thing(struct fixture *f, const struct scripted_step *script,
		       const char *config)
{
	fixture_open(f, script, "us-east-1", "vpc", config);
	f->call.type = &thing_type;
}

/* Shows every thing that is asked for. */
static void show_things(const char *body, struct buf *out)
{
	buf_add_c(out, "<DescribeThingsResponse><thingSet>");
	for (int i = 0; i < 100; i++) {
		const char *at;
		char name[40];

		snprintf(name, sizeof(name), "=thing-%d", i);
		at = strstr(body, name);
		if (at && !isdigit((unsigned char)at[strlen(name)]))
			buf_fmt(out,
				"<item><thingId>thing-%d</thingId>"
				"<state>available</state></item>",
				i);
	}
	buf_add_c(out, "</thingSet></DescribeThingsResponse>");
}

/* Without a filter the halves of what was refused are asked for. */
static void missing_one_costs_few_requests(void **state)
{
#define FROM(first)                                                            \
	.target = "DescribeThings", .request = "ThingId.1=thing-" first
#define REFUSED EC2_REFUSAL("InvalidThingID.NotFound", "thing-37")
	static const struct scripted_step script[] = {
		{ FROM("0&"), REFUSED },
		{ FROM("0&"), REFUSED },
		{ FROM("0&"), .make = show_things },
		{ FROM("25&"), REFUSED },
		{ FROM("25&"), .make = show_things },
		{ FROM("37&"), REFUSED },
		{ FROM("37&"), REFUSED },
		{ FROM("37&"), REFUSED },
		{ FROM("37"), REFUSED },
		{ FROM("38&"), .make = show_things },
		{ FROM("40&"), .make = show_things },
		{ FROM("43&"), .make = show_things },
		{ FROM("50&"), .make = show_things },
		/* The second look. */
		{ FROM("37"), REFUSED },
		{ 0 },
	};
	enum step outcomes[100];
	struct call **calls;
	struct fixture f;

	(void)state;
	open_thing(&f, script, "{}");
	calls = calls_of(&f, "thing-", 100);
	thing_type.ops->read_batch(calls, outcomes, 100);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(outcomes[i], STEP_DONE);
		assert_int_equal(calls[i]->is_gone, i == 37);
	}
	release_calls(calls, 100);
	fixture_close(&f);
}

/* The old state may be shown after a change, good or bad. */
static void old_state_is_not_believed(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeThings",
		  .answer = THINGS(THING("thing-1", "broken", "1")) },
		WHO,
		{ .target = "ModifyThing",
		  .request = "&Size=2&ThingId=thing-1",
		  .answer = EC2("ModifyThing", "") },
		{ .target = "DescribeThings",
		  .answer = THINGS(THING("thing-1", "broken", "1")) },
		{ .target = "DescribeThings",
		  .answer = THINGS(THING("thing-1", "modifying", "1")) },
		{ .target = "DescribeThings",
		  .answer = THINGS(THING("thing-1", "available", "2")) },
		/* It never leaves it. */
		{ .target = "DescribeThings",
		  .answer = THINGS(THING("thing-1", "available", "2")) },
		{ .target = "ModifyThing", .answer = EC2("ModifyThing", "") },
		{ .target = "DescribeThings",
		  .answer = THINGS(THING("thing-1", "broken", "2")),
		  .times = 3 },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	open_thing(&f, script, "{\"size\":2}");
	f.call.id = STR("thing-1");
	f.call.prior = fixture_json(&f, "{\"size\":1}");
	fixture_done(&f, VERB_UPDATE);
	f.call.config = fixture_json(&f, "{\"size\":3}");
	fails(&f, fixture_run(&f, VERB_UPDATE), ERROR_FAILED,
	      "thing thing-1 is broken");
	fixture_close(&f);
}

/* Status 200, and yet it was refused. */
static void refusal_inside_an_answer_is_one(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "DeleteThings",
		  .request = "ThingId.1=thing-1",
		  .answer = EC2("DeleteThings",
				"<unsuccessful><item><error><code>NotYours"
				"</code><message>words</message></error>"
				"<resourceId>thing-1</resourceId></item>"
				"</unsuccessful>") },
		{ .target = "DeleteThings",
		  .answer = EC2("DeleteThings",
				"<unsuccessful><item><error><code>"
				"InvalidThing.NotFound</code></error></item>"
				"</unsuccessful>") },
		{ .target = "DescribeThings", .answer = THINGS("") },
		{ .target = "DeleteThings",
		  .answer = EC2("DeleteThings", "<unsuccessful/>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	open_thing(&f, script, "{}");
	f.call.id = STR("thing-1");
	fails(&f, fixture_run(&f, VERB_DESTROY), ERROR_INVALID,
	      "DeleteThings: NotYours: words");
	f.call.err = (struct error){ 0 };
	fixture_done(&f, VERB_DESTROY);
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

/* An answer without an id: nobody knows what was made. */
static void answer_without_an_id_is_none(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateThing", .answer = EC2("CreateThing", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	open_thing(&f, script, "{}");
	fails(&f, fixture_run(&f, VERB_CREATE), ERROR_TIMEOUT, "the id");
	fixture_close(&f);
}

static void lookup_wants_one(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeThings",
		  .answer = THINGS(THING("thing-1", "available", "2")
				       THING("thing-2", "available", "2")
					   THING("thing-3", "available", "1")),
		  .times = 2 },
		{ .target = "DescribeThings",
		  .request = "ThingId.1=thing-9",
		  EC2_REFUSAL("InvalidThingID.Malformed", "no id") },
		{ 0 },
	};
	struct fixture f;
	struct call *c = &f.call;

	(void)state;
	open_thing(&f, script, "{\"size\":2}");
	fails(&f, c->type->ops->lookup(c), ERROR_CONFLICT,
	      "2 objects of the type thing match: thing-1 (n-thing-1), "
	      "thing-2 (n-thing-2)");
	c->err = (struct error){ 0 };
	c->config = fixture_json(&f, "{\"size\":1}");
	assert_int_equal(c->type->ops->lookup(c), STEP_DONE);
	assert_true(str_is(c->id, "thing-3"));
	c->id = (struct str){ "", 0 };
	c->config = fixture_json(&f, "{}");
	fails(&f, c->type->ops->lookup(c), ERROR_INVALID, "nothing says which");
	c->err = (struct error){ 0 };
	c->config = fixture_json(&f, "{\"id\":\"thing-9\"}");
	assert_int_equal(c->type->ops->lookup(c), STEP_DONE);
	assert_true(c->is_gone);
	fixture_close(&f);
}

static void names_fit(void **state)
{
	static const struct scripted_step script[] = { { 0 } };
	struct fixture f;
	struct str one, other;

	(void)state;
	open_thing(&f, script, "{}");
	f.call.name = STR("7--a_b.");
	assert_true(str_is(aws_name(&f.call), "d7-a-b"));
	f.call.name = STR("dev-a-very-long-name-1");
	one = aws_name(&f.call);
	f.call.name = STR("dev-a-very-long-name-2");
	other = aws_name(&f.call);
	assert_in_range(one.n, 18, 20);
	assert_true(str_starts(one, "dev-a-very"));
	assert_false(str_eq(one, other));
	f.call.config =
	    fixture_json(&f, "{\"name\":\"123456789012345678901\"}");
	assert_int_equal(f.call.type->ops->plan(&f.call, "create"), -1);
	assert_non_null(strstr(f.call.err.message, "longer than 20"));
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vpc_is_made),
		cmocka_unit_test(lost_vpc_is_found),
		cmocka_unit_test(lost_address_is_found),
		cmocka_unit_test(lost_vpc_was_not_made),
		cmocka_unit_test(search_that_fails_makes_nothing),
		cmocka_unit_test(search_begins_anew),
		cmocka_unit_test(table_is_made_with_its_token),
		cmocka_unit_test(group_of_an_earlier_attempt_is_taken),
		cmocka_unit_test(group_of_others_is_left_alone),
		cmocka_unit_test(bad_state_has_a_reason),
		cmocka_unit_test(quota_is_named),
		cmocka_unit_test(missing_one_spoils_no_batch),
		cmocka_unit_test(flipping_read_is_not_gone),
		cmocka_unit_test(denied_read_is_not_gone),
		cmocka_unit_test(only_what_was_declared_drifts),
		cmocka_unit_test(routes_drift_by_what_was_written),
		cmocka_unit_test(attributes_and_tags_are_changed),
		cmocka_unit_test(subnet_of_a_foreign_table_is_left_alone),
		cmocka_unit_test(rule_is_made_changed_and_revoked),
		cmocka_unit_test(rule_of_ipv6_is_made_and_changed),
		cmocka_unit_test(route_leads_through_each_kind),
		cmocka_unit_test(holders_are_named),
		cmocka_unit_test(missing_one_costs_few_requests),
		cmocka_unit_test(old_state_is_not_believed),
		cmocka_unit_test(refusal_inside_an_answer_is_one),
		cmocka_unit_test(answer_without_an_id_is_none),
		cmocka_unit_test(lookup_wants_one),
		cmocka_unit_test(names_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
