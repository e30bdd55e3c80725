/* The types of the private path: exact requests, order, and what is waited for.
 */
#include <config.h>

#include "tests/unit/aws_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LB                                                                     \
	"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/"    \
	"net/dev-main/0a1b"
#define TG                                                                     \
	"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/"     \
	"dev-main/0a1b"
#define LISTENER                                                               \
	"arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/"    \
	"dev-main/0a1b/2c"

/* -- load_balancer -------------------------------------------------------- */

#define LB_CONFIG                                                              \
	"{\"subnets\":[\"subnet-1\",\"subnet-2\"],\"internal\":true,"          \
	"\"cross_zone\":true}"
#define ZONE(subnet) "<member><SubnetId>" subnet "</SubnetId></member>"
#define LB_IS(state, zones)                                                    \
	QUERY(                                                                 \
	    "DescribeLoadBalancers",                                           \
	    "<LoadBalancers><member><LoadBalancerArn>" LB                      \
	    "</LoadBalancerArn><LoadBalancerName>dev-main</LoadBalancerName>"  \
	    "<DNSName>dev-main-0a1b.elb.us-east-1.amazonaws.com</DNSName>"     \
	    "<Scheme>internal</Scheme><AvailabilityZones>" zones               \
	    "</AvailabilityZones><State><Code>" state                          \
	    "</Code></State></member></LoadBalancers>")
#define LB_ATTRIBUTES(cross, protected)                                        \
	{                                                                      \
		.target = "DescribeLoadBalancerAttributes",                    \
		.answer = QUERY(                                               \
		    "DescribeLoadBalancerAttributes",                          \
		    "<Attributes><member><Key>load_balancing.cross_zone."      \
		    "enabled</Key><Value>" cross                               \
		    "</Value></member><member><Key>deletion_protection."       \
		    "enabled</Key><Value>" protected "</Value></member></"     \
						     "Attributes>"),           \
	}
#define TAGS_ARE(inner)                                                        \
	{                                                                      \
		.target = "DescribeTags",                                      \
		.answer = QUERY("DescribeTags",                                \
				"<TagDescriptions><member><Tags>" inner        \
				"</Tags></member></TagDescriptions>"),         \
	}
#define BOTH_ZONES ZONE("subnet-1") ZONE("subnet-2")

static void balancer_is_created(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeLoadBalancers",
		  .request = "&Names.member.1=dev-main",
		  REFUSAL("LoadBalancerNotFound", "none") },
		WHO,
		{ .target = "CreateLoadBalancer",
		  .request = "&Scheme=internal&Subnets.member.1=subnet-1&"
			     "Subnets.member.2=subnet-2&Tags.member.1.Key",
		  .answer = QUERY("CreateLoadBalancer",
				  "<LoadBalancers><member><LoadBalancerArn>" LB
				  "</LoadBalancerArn></member>"
				  "</LoadBalancers>") },
		{ .target = "DescribeLoadBalancers",
		  .request = "LoadBalancerArns.member.1=",
		  .answer = LB_IS("provisioning", BOTH_ZONES) },
		{ .target = "DescribeLoadBalancers",
		  .answer = LB_IS("active", BOTH_ZONES) },
		LB_ATTRIBUTES("false", "false"),
		{ .target = "ModifyLoadBalancerAttributes",
		  .request = "Attributes.member.1.Key=load_balancing.cross_zone"
			     ".enabled&Attributes.member.1.Value=true&Load",
		  .answer = QUERY("ModifyLoadBalancerAttributes", "") },
		LB_ATTRIBUTES("true", "false"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "load_balancer", LB_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_true(str_is(f.call.id, LB));
	assert_string_equal(fixture_result(&f, "dns_name"),
			    "\"dev-main-0a1b.elb.us-east-1.amazonaws.com\"");
	fixture_close(&f);
}

/* The create call would answer with it, were it equal. */
static void equal_balancer_is_not_adopted(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeLoadBalancers",
		  .answer = LB_IS("active", BOTH_ZONES) },
		TAGS_ARE(MEMBER_TAG("team", "other")),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "load_balancer", LB_CONFIG);
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_int_equal(f.call.err.kind, ERROR_EXISTS);
	fixture_close(&f);
}

static void balancer_gets_other_subnets(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeLoadBalancers",
		  .answer = LB_IS("active", ZONE("subnet-1")) },
		TAGS_ARE(OUR_TAGS MEMBER_TAG("dmsl:address", "main")),
		WHO,
		{ .target = "SetSubnets",
		  .request = "&Subnets.member.1=subnet-1&Subnets.member.2="
			     "subnet-2",
		  .answer = QUERY("SetSubnets", "") },
		LB_ATTRIBUTES("true", "false"),
		LB_ATTRIBUTES("true", "false"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "load_balancer", LB_CONFIG);
	f.call.id = STR(LB);
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_UPDATE);
	fixture_close(&f);
}

static void balancer_waits_for_its_interfaces(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeLoadBalancers",
		  .answer = LB_IS("active", BOTH_ZONES) },
		LB_ATTRIBUTES("true", "false"),
		WHO,
		{ .target = "DeleteLoadBalancer",
		  REFUSAL("ResourceInUse",
			  "is currently associated with another service") },
		{ .target = "DescribeLoadBalancers",
		  .answer = LB_IS("active", BOTH_ZONES) },
		LB_ATTRIBUTES("true", "false"),
		{ .target = "DeleteLoadBalancer",
		  .answer = QUERY("DeleteLoadBalancer", "") },
		{ .target = "DescribeLoadBalancers",
		  REFUSAL("LoadBalancerNotFound", "none") },
		{ .target = "DescribeNetworkInterfaces",
		  .request = "Value.1=ELB%20net%2Fdev-main%2F0a1b",
		  .answer = EC2("DescribeNetworkInterfaces",
				"<networkInterfaceSet><item>"
				"<networkInterfaceId>eni-1"
				"</networkInterfaceId></item>"
				"</networkInterfaceSet>") },
		{ .target = "DescribeLoadBalancers",
		  REFUSAL("LoadBalancerNotFound", "none") },
		{ .target = "DescribeNetworkInterfaces",
		  .answer = EC2("DescribeNetworkInterfaces",
				"<networkInterfaceSet/>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "load_balancer", LB_CONFIG);
	f.call.id = STR(LB);
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

static void protected_balancer_stays(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeLoadBalancers",
		  .answer = LB_IS("active", BOTH_ZONES) },
		LB_ATTRIBUTES("true", "true"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "load_balancer", LB_CONFIG);
	f.call.id = STR(LB);
	assert_int_equal(fixture_run(&f, VERB_DESTROY), STEP_FAILED);
	assert_non_null(strstr(f.call.err.hint, "deletion_protection = false"));
	fixture_close(&f);
}

static void groups_need_a_new_balancer(void **state)
{
	static const struct scripted_step script[] = { { 0 } };
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "load_balancer",
		     "{\"subnets\":[\"subnet-1\"],"
		     "\"security_groups\":[\"sg-1\"]}");
	f.call.prior = fixture_json(&f, LB_CONFIG);
	assert_int_equal(f.call.type->ops->plan(&f.call, "update"), 0);
	assert_true(f.call.needs_replace);
	f.call.prior = f.call.config;
	f.call.needs_replace = false;
	assert_int_equal(f.call.type->ops->plan(&f.call, "none"), 0);
	assert_false(f.call.needs_replace);
	fixture_close(&f);
}

#define TG_SENT                                                                \
	"arn%3Aaws%3Aelasticloadbalancing%3Aus-east-1%3A123456789012%3A"       \
	"targetgroup%2Fdev-main%2F0a1b"

/* -- target_group --------------------------------------------------------- */

#define TG_CONFIG(targets)                                                     \
	"{\"vpc\":\"vpc-1\",\"port\":\"5432\",\"targets\":[" targets "]}"
#define TG_IS                                                                  \
	{                                                                      \
		.target = "DescribeTargetGroups",                              \
		.answer = QUERY("DescribeTargetGroups",                        \
				"<TargetGroups><member><TargetGroupArn>" TG    \
				"</TargetGroupArn><Port>5432</Port>"           \
				"<VpcId>vpc-1</VpcId></member>"                \
				"</TargetGroups>"),                            \
	}
#define TG_ATTRIBUTES                                                          \
	{                                                                      \
		.target = "DescribeTargetGroupAttributes",                     \
		.answer =                                                      \
		    QUERY("DescribeTargetGroupAttributes", "<Attributes/>"),   \
	}
#define HEALTH_OF(ip, zone, state)                                             \
	"<member><Target><Id>" ip "</Id><Port>5432</Port>"                     \
	"<AvailabilityZone>" zone "</AvailabilityZone></Target>"               \
	"<TargetHealth><State>" state "</State><Reason>Target.Timeout"         \
	"</Reason><Description>Request timed out</Description>"                \
	"</TargetHealth></member>"
#define HEALTH(inner)                                                          \
	{                                                                      \
		.target = "DescribeTargetHealth",                              \
		.answer = QUERY("DescribeTargetHealth",                        \
				"<TargetHealthDescriptions>" inner             \
				"</TargetHealthDescriptions>"),                \
	}
#define VPC_IS                                                                 \
	{                                                                      \
		.target = "DescribeVpcs",                                      \
		.answer = EC2("DescribeVpcs",                                  \
			      "<vpcSet><item><vpcId>vpc-1</vpcId>"             \
			      "<cidrBlock>10.0.0.0/16</cidrBlock>"             \
			      "<cidrBlockAssociationSet><item><cidrBlock>"     \
			      "10.0.0.0/16</cidrBlock></item>"                 \
			      "</cidrBlockAssociationSet></item></vpcSet>"),   \
	}

/* The writer is another one now: there is always somebody to connect to. */
static void targets_follow_a_failover(void **state)
{
	static const struct scripted_step script[] = {
		TG_IS,
		TAGS_ARE(OUR_TAGS MEMBER_TAG("dmsl:address", "main")),
		TG_ATTRIBUTES,
		HEALTH(HEALTH_OF("10.0.1.5", "us-east-1a", "healthy")),
		VPC_IS,
		WHO,
		{ .target = "RegisterTargets",
		  .body =
		      "Action=RegisterTargets&Version=2015-12-01&"
		      "TargetGroupArn=" TG_SENT "&Targets.member.1.Id=10.0.2.7",
		  .answer = QUERY("RegisterTargets", "") },
		TG_IS,
		TG_ATTRIBUTES,
		HEALTH(HEALTH_OF("10.0.1.5", "us-east-1a", "healthy")
			   HEALTH_OF("10.0.2.7", "us-east-1b", "initial")),
		TG_IS,
		TG_ATTRIBUTES,
		HEALTH(HEALTH_OF("10.0.1.5", "us-east-1a", "healthy")
			   HEALTH_OF("10.0.2.7", "us-east-1b", "healthy")),
		{ .target = "DeregisterTargets",
		  .body =
		      "Action=DeregisterTargets&Version=2015-12-01&"
		      "TargetGroupArn=" TG_SENT "&Targets.member.1.Id=10.0.1.5",
		  .answer = QUERY("DeregisterTargets", "") },
		TG_ATTRIBUTES,
		HEALTH(HEALTH_OF("10.0.1.5", "us-east-1a", "draining")
			   HEALTH_OF("10.0.2.7", "us-east-1b", "healthy")),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "target_group",
		     TG_CONFIG("\"10.0.2.7\""));
	f.call.id = STR(TG);
	f.call.prior = fixture_json(&f, TG_CONFIG("\"10.0.1.5\""));
	fixture_done(&f, VERB_UPDATE);
	assert_string_equal(fixture_result(&f, "targets"), "[\"10.0.2.7\"]");
	fixture_close(&f);
}

static void foreign_target_is_in_no_zone(void **state)
{
	static const struct scripted_step script[] = {
		TG_IS,
		TAGS_ARE(OUR_TAGS MEMBER_TAG("dmsl:address", "main")),
		TG_ATTRIBUTES,
		HEALTH(""),
		VPC_IS,
		WHO,
		{ .target = "RegisterTargets",
		  .request = "Targets.member.1.Id=10.0.1.5&"
			     "Targets.member.2.AvailabilityZone=all&"
			     "Targets.member.2.Id=192.168.0.9",
		  .answer = QUERY("RegisterTargets", "") },
		TG_ATTRIBUTES,
		HEALTH(""),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "target_group",
		     TG_CONFIG("\"10.0.1.5\",\"192.168.0.9\""));
	f.call.id = STR(TG);
	f.call.prior = fixture_json(&f, TG_CONFIG(""));
	fixture_done(&f, VERB_UPDATE);
	fixture_close(&f);
}

static void drained_target_is_drift(void **state)
{
	static const struct scripted_step script[] = {
		TG_IS,
		TAGS_ARE(OUR_TAGS),
		TG_ATTRIBUTES,
		HEALTH(HEALTH_OF("10.0.1.5", "us-east-1a", "draining")),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "target_group",
		     TG_CONFIG("\"10.0.1.5\""));
	f.call.id = STR(TG);
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "targets"), "[]");
	assert_string_equal(fixture_result(&f, "deregistration_delay"),
			    "(absent)");
	fixture_close(&f);
}

/* -- listener ------------------------------------------------------------- */

#define LISTENER_CONFIG                                                        \
	"{\"load_balancer\":\"" LB "\",\"port\":\"5432\","                     \
	"\"target_group\":\"" TG "\"}"
#define LISTENERS(inner)                                                       \
	QUERY("DescribeListeners", "<Listeners>" inner "</Listeners>")
#define LISTENER_ON(port)                                                      \
	"<member><ListenerArn>" LISTENER "</ListenerArn><LoadBalancerArn>" LB  \
	"</LoadBalancerArn><Port>" port "</Port><DefaultActions><member>"      \
	"<Type>forward</Type><TargetGroupArn>" TG                              \
	"</TargetGroupArn></member></DefaultActions></member>"

static void listener_waits_for_health(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeListeners",
		  .request = "&LoadBalancerArn=",
		  .answer = LISTENERS(LISTENER_ON("443")) },
		WHO,
		{ .target = "CreateListener",
		  .request = "DefaultActions.member.1.TargetGroupArn=",
		  .answer = QUERY("CreateListener",
				  "<Listeners><member><ListenerArn>" LISTENER
				  "</ListenerArn></member></Listeners>") },
		{ .target = "DescribeListeners",
		  .answer = LISTENERS(LISTENER_ON("5432")) },
		HEALTH(HEALTH_OF("10.0.1.5", "us-east-1a", "initial")),
		{ .target = "DescribeListeners",
		  .answer = LISTENERS(LISTENER_ON("5432")) },
		HEALTH(HEALTH_OF("10.0.1.5", "us-east-1a", "healthy")),
		{ .target = "DescribeListenerAttributes",
		  .answer =
		      QUERY("DescribeListenerAttributes", "<Attributes/>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "listener", LISTENER_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_true(str_is(f.call.id, LISTENER));
	fixture_close(&f);
}

static void taken_port_is_not_adopted(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeListeners",
		  .answer = LISTENERS(LISTENER_ON("5432")) },
		TAGS_ARE(""),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "listener", LISTENER_CONFIG);
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_int_equal(f.call.err.kind, ERROR_EXISTS);
	fixture_close(&f);
}

/* -- endpoint_service ----------------------------------------------------- */

#define SERVICE_IS(state)                                                      \
	EC2("DescribeVpcEndpointServiceConfigurations",                        \
	    "<serviceConfigurationSet><item><serviceId>vpce-svc-1</serviceId>" \
	    "<serviceName>com.amazonaws.vpce.us-east-1.vpce-svc-1"             \
	    "</serviceName><serviceState>" state                               \
	    "</serviceState><acceptanceRequired>false</acceptanceRequired>"    \
	    "<networkLoadBalancerArnSet><item>" LB                             \
	    "</item></networkLoadBalancerArnSet></item>"                       \
	    "</serviceConfigurationSet>")
#define SERVICE_CONFIG                                                         \
	"{\"load_balancer\":\"" LB "\",\"acceptance\":false,"                  \
	"\"allowed_principals\":[\"210987654321\"]}"
#define ALLOWED(inner)                                                         \
	{                                                                      \
		.target = "DescribeVpcEndpointServicePermissions",             \
		.answer =                                                      \
		    EC2("DescribeVpcEndpointServicePermissions",               \
			"<allowedPrincipals>" inner "</allowedPrincipals>"),   \
	}
#define ROOT(partition) "arn:" partition ":iam::210987654321:root"

static void service_says_who_may_connect(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateVpcEndpointServiceConfiguration",
		  .request = "&AcceptanceRequired=false&ClientToken=" TOKEN,
		  .answer = EC2("CreateVpcEndpointServiceConfiguration",
				"<serviceConfiguration><serviceId>vpce-svc-1"
				"</serviceId></serviceConfiguration>") },
		{ .target = "DescribeVpcEndpointServiceConfigurations",
		  .answer = SERVICE_IS("Pending") },
		{ .target = "DescribeVpcEndpointServiceConfigurations",
		  .answer = SERVICE_IS("Available") },
		ALLOWED(""),
		{ .target = "ModifyVpcEndpointServicePermissions",
		  .request = "AddAllowedPrincipals.1=arn%3Aaws-cn%3Aiam%3A%3A"
			     "210987654321%3Aroot",
		  .answer = EC2("ModifyVpcEndpointServicePermissions", "") },
		ALLOWED(
		    "<item><principal>" ROOT("aws-cn") "</principal></item>"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "cn-north-1", "endpoint_service",
		     SERVICE_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_string_equal(fixture_result(&f, "service_name"),
			    "\"com.amazonaws.vpce.us-east-1.vpce-svc-1\"");
	fixture_close(&f);
}

static void account_stands_for_its_root(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcEndpointServiceConfigurations",
		  .answer = SERVICE_IS("Available") },
		ALLOWED("<item><principal>" ROOT("aws") "</principal></item>"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "endpoint_service",
		     SERVICE_CONFIG);
	f.call.id = STR("vpce-svc-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "allowed_principals"),
			    "(absent)");
	fixture_close(&f);
}

static void connected_endpoints_are_rejected(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcEndpointServiceConfigurations",
		  .answer = SERVICE_IS("Available") },
		{ .target = "DescribeVpcEndpointConnections",
		  .answer = EC2("DescribeVpcEndpointConnections",
				"<vpcEndpointConnectionSet><item>"
				"<vpcEndpointId>vpce-9</vpcEndpointId>"
				"<vpcEndpointState>Available</vpcEndpointState>"
				"</item><item><vpcEndpointId>vpce-8"
				"</vpcEndpointId><vpcEndpointState>deleted"
				"</vpcEndpointState></item>"
				"</vpcEndpointConnectionSet>") },
		WHO,
		{ .target = "RejectVpcEndpointConnections",
		  .request = "&VpcEndpointId.1=vpce-9",
		  .answer =
		      EC2("RejectVpcEndpointConnections", "<unsuccessful/>") },
		{ .target = "DescribeVpcEndpointServiceConfigurations",
		  .answer = SERVICE_IS("Available") },
		{ .target = "DescribeVpcEndpointConnections",
		  .answer = EC2("DescribeVpcEndpointConnections", "") },
		{ .target = "DeleteVpcEndpointServiceConfigurations",
		  .request = "&ServiceId.1=vpce-svc-1",
		  .answer = EC2("DeleteVpcEndpointServiceConfigurations",
				"<unsuccessful/>") },
		{ .target = "DescribeVpcEndpointServiceConfigurations",
		  EC2_REFUSAL("InvalidVpcEndpointServiceId.NotFound", "no") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "endpoint_service",
		     SERVICE_CONFIG);
	f.call.id = STR("vpce-svc-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

/* -- vpc_endpoint --------------------------------------------------------- */

#define OWN_SERVICE "com.amazonaws.vpce.us-east-1.vpce-svc-1"
#define ENDPOINT_CONFIG                                                        \
	"{\"vpc\":\"vpc-1\",\"kind\":\"interface\",\"service\":\"" OWN_SERVICE \
	"\",\"subnets\":[\"subnet-1\",\"subnet-2\"],"                          \
	"\"security_groups\":[\"sg-1\"],\"route_tables\":[],"                  \
	"\"private_dns\":false}"
#define ENDPOINT_IS(state, more)                                               \
	EC2("DescribeVpcEndpoints",                                            \
	    "<vpcEndpointSet><item><vpcEndpointId>vpce-1</vpcEndpointId>"      \
	    "<vpcEndpointType>Interface</vpcEndpointType><vpcId>vpc-1</vpcId>" \
	    "<serviceName>" OWN_SERVICE "</serviceName><state>" state          \
	    "</state><privateDnsEnabled>false</privateDnsEnabled>" more        \
	    "</item></vpcEndpointSet>")
#define PLACES                                                                 \
	"<subnetIdSet><item>subnet-1</item><item>subnet-2</item>"              \
	"</subnetIdSet><groupSet><item><groupId>sg-1</groupId></item>"         \
	"</groupSet>"
#define NAME(dns) "<item><dnsName>" dns "</dnsName></item>"
#define ZONES_OF_SERVICE(inner)                                                \
	{                                                                      \
		.target = "DescribeVpcEndpointServices",                       \
		.answer = EC2("DescribeVpcEndpointServices",                   \
			      "<serviceDetailSet><item>"                       \
			      "<availabilityZoneSet>" inner                    \
			      "</availabilityZoneSet></item>"                  \
			      "</serviceDetailSet>"),                          \
	}
#define SUBNETS_ARE_IN(one, two)                                               \
	{                                                                      \
		.target = "DescribeSubnets",                                   \
		.answer = EC2("DescribeSubnets",                               \
			      "<subnetSet><item><subnetId>subnet-1</subnetId>" \
			      "<availabilityZone>" one                         \
			      "</availabilityZone></item><item><subnetId>"     \
			      "subnet-2</subnetId><availabilityZone>" two      \
			      "</availabilityZone></item></subnetSet>"),       \
	}
#define TWO_ZONES "<item>us-east-1a</item><item>us-east-1b</item>"

/* Available, and yet nobody knows it: the same token all the while. */
static void young_service_is_waited_for(void **state)
{
	static const char with_token[] = "&ClientToken=" TOKEN "&";
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcEndpointServices",
		  EC2_REFUSAL("InvalidServiceName", "does not exist") },
		WHO,
		{ .target = "CreateVpcEndpoint",
		  .request = with_token,
		  EC2_REFUSAL("InvalidServiceName", "does not exist") },
		{ .target = "CreateVpcEndpoint",
		  .request = with_token,
		  EC2_REFUSAL("InvalidParameter", "conflicting DNS domain") },
		{ .target = "CreateVpcEndpoint",
		  .request = "&PrivateDnsEnabled=false&SecurityGroupId.1=sg-1&"
			     "ServiceName=" OWN_SERVICE "&SubnetId.1=subnet-1&"
			     "SubnetId.2=subnet-2&",
		  .answer = EC2("CreateVpcEndpoint",
				"<vpcEndpoint><vpcEndpointId>vpce-1"
				"</vpcEndpointId></vpcEndpoint>") },
		{ .target = "DescribeVpcEndpoints",
		  .answer = ENDPOINT_IS("Pending", PLACES) },
		{ .target = "DescribeVpcEndpoints",
		  .answer = ENDPOINT_IS(
		      "Available",
		      PLACES "<dnsEntrySet>" NAME(
			  "vpce-1-abc-us-east-1a.vpce-svc-1.us-east-1.vpce."
			  "amazonaws.com") NAME("private.example.org")
			  NAME("vpce-1-abc.vpce-svc-1.us-east-1.vpce."
			       "amazonaws.com") "</dnsEntrySet>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc_endpoint", ENDPOINT_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_string_equal(
	    fixture_result(&f, "dns_name"),
	    "\"vpce-1-abc.vpce-svc-1.us-east-1.vpce.amazonaws.com\"");
	fixture_close(&f);
}

static void zone_without_service_is_named(void **state)
{
	static const struct scripted_step script[] = {
		ZONES_OF_SERVICE("<item>us-east-1a</item>"),
		SUBNETS_ARE_IN("us-east-1a", "us-east-1c"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc_endpoint", ENDPOINT_CONFIG);
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_string_equal(f.call.err.message,
			    "the service " OWN_SERVICE
			    " is not in zone us-east-1c, where subnet "
			    "subnet-2 is");
	assert_non_null(strstr(f.call.err.hint, "zones only: us-east-1a"));
	fixture_close(&f);
}

static void two_subnets_of_a_zone_are_refused(void **state)
{
	static const struct scripted_step script[] = {
		ZONES_OF_SERVICE(TWO_ZONES),
		SUBNETS_ARE_IN("us-east-1b", "us-east-1b"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc_endpoint", ENDPOINT_CONFIG);
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_non_null(strstr(f.call.err.message, "zone us-east-1b"));
	fixture_close(&f);
}

/* A name that is misspelt will not come: no waiting. */
static void unknown_service_of_aws_fails_at_once(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcEndpointServices",
		  .request = "&ServiceName.1=com.amazonaws.us-east-1.ssn",
		  EC2_REFUSAL("InvalidServiceName", "does not exist") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc_endpoint",
		     "{\"vpc\":\"vpc-1\",\"kind\":\"interface\","
		     "\"aws_service\":\"ssn\",\"subnets\":[\"subnet-1\"]}");
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_int_equal(f.call.err.kind, ERROR_INVALID);
	fixture_close(&f);
}

static void endpoint_changes_in_place(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcEndpoints",
		  .answer = ENDPOINT_IS(
		      "available",
		      "<subnetIdSet><item>subnet-1</item><item>subnet-9</item>"
		      "</subnetIdSet><groupSet><item><groupId>sg-1</groupId>"
		      "</item></groupSet><tagSet><item><key>dmsl:stack</key>"
		      "<value>" STACK "</value></item><item><key>dmsl:address"
		      "</key><value>main</value></item></tagSet>") },
		WHO,
		{ .target = "ModifyVpcEndpoint",
		  .body = "Action=ModifyVpcEndpoint&Version=2016-11-15&"
			  "AddSubnetId.1=subnet-2&RemoveSubnetId.1=subnet-9&"
			  "VpcEndpointId=vpce-1",
		  .answer = EC2("ModifyVpcEndpoint", "<return>true</return>") },
		{ .target = "DescribeVpcEndpoints",
		  .answer = ENDPOINT_IS("available", PLACES) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "vpc_endpoint", ENDPOINT_CONFIG);
	f.call.id = STR("vpce-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_UPDATE);
	fixture_close(&f);
}

#define GATEWAY_CONFIG                                                         \
	"{\"vpc\":\"vpc-1\",\"kind\":\"gateway\",\"aws_service\":\"s3\","      \
	"\"route_tables\":[\"rtb-1\"],\"subnets\":[],\"private_dns\":false,"   \
	"\"security_groups\":[]}"

static void gateway_tells_its_prefix_list(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeVpcEndpointServices",
		  .answer = EC2("DescribeVpcEndpointServices", "") },
		WHO,
		{ .target = "CreateVpcEndpoint",
		  .request = "&RouteTableId.1=rtb-1&ServiceName=com.amazonaws."
			     "eu-west-1.s3&TagSpecification.1.ResourceType="
			     "vpc-endpoint&",
		  .answer = EC2("CreateVpcEndpoint",
				"<vpcEndpoint><vpcEndpointId>vpce-2"
				"</vpcEndpointId></vpcEndpoint>") },
		{ .target = "DescribeVpcEndpoints",
		  .answer = EC2("DescribeVpcEndpoints",
				"<vpcEndpointSet><item><vpcEndpointId>vpce-2"
				"</vpcEndpointId><vpcEndpointType>Gateway"
				"</vpcEndpointType><state>available</state>"
				"<serviceName>com.amazonaws.eu-west-1.s3"
				"</serviceName></item></vpcEndpointSet>") },
		{ .target = "DescribePrefixLists",
		  .request = "com.amazonaws.eu-west-1.s3",
		  .answer = EC2("DescribePrefixLists",
				"<prefixListSet><item><prefixListId>pl-other"
				"</prefixListId><prefixListName>other"
				"</prefixListName></item><item><prefixListId>"
				"pl-6da54004</prefixListId><prefixListName>"
				"com.amazonaws.eu-west-1.s3</prefixListName>"
				"</item></prefixListSet>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "eu-west-1", "vpc_endpoint", GATEWAY_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_string_equal(fixture_result(&f, "prefix_list"),
			    "\"pl-6da54004\"");
	assert_string_equal(fixture_result(&f, "dns_name"), "\"\"");
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balancer_is_created),
		cmocka_unit_test(equal_balancer_is_not_adopted),
		cmocka_unit_test(balancer_gets_other_subnets),
		cmocka_unit_test(balancer_waits_for_its_interfaces),
		cmocka_unit_test(protected_balancer_stays),
		cmocka_unit_test(groups_need_a_new_balancer),
		cmocka_unit_test(targets_follow_a_failover),
		cmocka_unit_test(foreign_target_is_in_no_zone),
		cmocka_unit_test(drained_target_is_drift),
		cmocka_unit_test(listener_waits_for_health),
		cmocka_unit_test(taken_port_is_not_adopted),
		cmocka_unit_test(service_says_who_may_connect),
		cmocka_unit_test(account_stands_for_its_root),
		cmocka_unit_test(connected_endpoints_are_rejected),
		cmocka_unit_test(young_service_is_waited_for),
		cmocka_unit_test(zone_without_service_is_named),
		cmocka_unit_test(two_subnets_of_a_zone_are_refused),
		cmocka_unit_test(unknown_service_of_aws_fails_at_once),
		cmocka_unit_test(endpoint_changes_in_place),
		cmocka_unit_test(gateway_tells_its_prefix_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
