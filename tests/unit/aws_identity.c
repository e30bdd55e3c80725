/* Roles, profiles, hosts and logs on AWS. */
#include <config.h>

#include "tests/unit/aws_fixture.h"

#include "lang/json.h"
#include "providers/aws/logs.h"
#include "providers/aws/policy.h"
#include "providers/aws/user_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* -- Policies ------------------------------------------------------------- */

static bool same(const char *ours, const char *theirs)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct value v;
	bool result;

	assert_int_equal(json_read(str_from(ours), &a, &v, &err), 0);
	result = policy_is(v, str_from(theirs), &a);
	arena_release(&a);
	return result;
}

#define ONE(member) "{\"Version\":\"2012-10-17\",\"Statement\":" member "}"
#define ALLOW(who)                                                             \
	"{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\","                 \
	"\"Principal\":" who "}"

static void policies_are_documents(void **state)
{
	(void)state;
	assert_true(same(ONE("[" ALLOW("{\"AWS\":\"123456789012\"}") "]"),
			 ONE(ALLOW("{\"AWS\":[\"arn:aws:iam::123456789012:"
				   "root\"]}"))));
	assert_true(same(ONE("[" ALLOW("\"*\"") "]"),
			 ONE("[" ALLOW("{\"AWS\":\"*\"}") "]")));
	assert_true(same(ONE("{\"Effect\":\"Allow\",\"Action\":[\"b:x\","
			     "\"a:y\"],\"Resource\":\"*\"}"),
			 "%7B%22Statement%22%3A%5B%7B%22Resource%22%3A%5B%22*"
			 "%22%5D%2C%22Sid%22%3A%22%22%2C%22Action%22%3A%5B%22a"
			 "%3Ay%22%2C%22b%3Ax%22%5D%2C%22Effect%22%3A%22Allow"
			 "%22%7D%5D%2C%22Version%22%3A%222012-10-17%22%7D"));
	assert_true(same(ONE("{\"Effect\":\"Deny\",\"Condition\":{\"Bool\":"
			     "{\"aws:SecureTransport\":false}}}"),
			 ONE("[{\"Effect\":\"Deny\",\"Condition\":{\"Bool\":"
			     "{\"aws:SecureTransport\":[\"false\"]}}}]")));
	assert_false(same(ONE("{\"Effect\":\"Allow\",\"Action\":\"a:x\"}"),
			  ONE("{\"Effect\":\"Deny\",\"Action\":\"a:x\"}")));
	assert_false(same(ONE("{\"Effect\":\"Allow\",\"Resource\":\"x\"}"),
			  ONE("{\"Effect\":\"Allow\",\"NotResource\":"
			      "\"x\"}")));
	assert_false(same(ONE("[]"), "no JSON"));
	assert_false(same(ONE("[]"), ""));
}

static void trust_has_no_conditions(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_true(policy_trusts(
	    STR(ONE(ALLOW("{\"Service\":[\"dms.amazonaws.com\",\"x\"]}"))),
	    STR("dms.amazonaws.com"), &a));
	assert_false(policy_trusts(
	    STR(ONE(ALLOW("{\"Service\":\"ec2.amazonaws.com\"}"))),
	    STR("dms.amazonaws.com"), &a));
	assert_false(policy_trusts(
	    STR(ONE("{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\","
		    "\"Principal\":{\"Service\":\"dms.amazonaws.com\"},"
		    "\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":"
		    "\"1\"}}}")),
	    STR("dms.amazonaws.com"), &a));
	arena_release(&a);
}

/* -- iam_role ------------------------------------------------------------- */

#define DMS_TRUST                                                              \
	"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B"       \
	"%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A"   \
	"%22dms.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22"   \
	"%7D%5D%7D"
#define ROLE_IS(trust, tags)                                                   \
	{                                                                      \
		.target = "GetRole",                                           \
		.answer =                                                      \
		    QUERY("GetRole",                                           \
			  "<Role><RoleName>dms-vpc-role</RoleName>"            \
			  "<Arn>arn:aws:iam::123456789012:role/"               \
			  "dms-vpc-role</Arn><AssumeRolePolicyDocument>" trust \
			  "</AssumeRolePolicyDocument><Tags>" tags             \
			  "</Tags></Role>"),                                   \
	}
#define NO_ROLE                                                                \
	{                                                                      \
		.target = "GetRole", REFUSAL("NoSuchEntity", "no such role")   \
	}
#define ATTACHED(inner)                                                        \
	{                                                                      \
		.target = "ListAttachedRolePolicies",                          \
		.answer =                                                      \
		    QUERY("ListAttachedRolePolicies",                          \
			  "<IsTruncated>false</IsTruncated>"                   \
			  "<AttachedPolicies>" inner "</AttachedPolicies>"),   \
	}
#define POLICY(partition)                                                      \
	"<member><PolicyArn>arn:" partition                                    \
	":iam::aws:policy/service-role/AmazonDMSVPCManagementRole"             \
	"</PolicyArn></member>"
#define INLINE(inner)                                                          \
	{                                                                      \
		.target = "ListRolePolicies",                                  \
		.answer = QUERY("ListRolePolicies",                            \
				"<PolicyNames>" inner "</PolicyNames>"),       \
	}
#define DMS_ROLE                                                               \
	"{\"name\":\"dms-vpc-role\",\"service\":\"dms.amazonaws.com\","        \
	"\"managed_policies\":[\"service-role/AmazonDMSVPCManagementRole\"]}"

/* The same stack in another partition; dependants wait until all see it. */
static void role_is_created(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateRole",
		  .request = "&RoleName=dms-vpc-role&Tags.member.1.Key=dmsl",
		  .answer = QUERY("CreateRole",
				  "<Role><RoleName>dms-vpc-role</RoleName>"
				  "</Role>") },
		ROLE_IS(DMS_TRUST, OUR_TAGS),
		NO_ROLE,
		ROLE_IS(DMS_TRUST, OUR_TAGS),
		ROLE_IS(DMS_TRUST, OUR_TAGS),
		ROLE_IS(DMS_TRUST, OUR_TAGS),
		ATTACHED(""),
		{ .target = "AttachRolePolicy",
		  .request = "&PolicyArn=arn%3Aaws-cn%3Aiam%3A%3Aaws%3Apolicy"
			     "%2Fservice-role%2FAmazonDMSVPCManagementRole&",
		  .answer = EC2("AttachRolePolicy", "") },
		INLINE(""),
		ATTACHED(POLICY("aws-cn")),
		INLINE(""),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "cn-north-1", "iam_role", DMS_ROLE);
	fixture_done(&f, VERB_CREATE);
	assert_true(str_is(f.call.id, "dms-vpc-role"));
	fixture_close(&f);
}

/* There is one in the account: what it lacks is attached, no more. */
static void role_of_the_account_is_adopted(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateRole",
		  REFUSAL("EntityAlreadyExists", "exists") },
		ROLE_IS(DMS_TRUST, MEMBER_TAG("team", "dba")),
		ROLE_IS(DMS_TRUST, MEMBER_TAG("team", "dba")),
		ROLE_IS(DMS_TRUST, MEMBER_TAG("team", "dba")),
		ROLE_IS(DMS_TRUST, MEMBER_TAG("team", "dba")),
		ATTACHED("<member><PolicyArn>arn:aws:iam::aws:policy/Other"
			 "</PolicyArn></member>"),
		{ .target = "AttachRolePolicy",
		  .answer = EC2("AttachRolePolicy", "") },
		INLINE("<member>theirs</member>"),
		ATTACHED(POLICY("aws")),
		INLINE("<member>theirs</member>"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "iam_role", DMS_ROLE);
	fixture_done(&f, VERB_CREATE);
	fixture_close(&f);
}

static void role_with_other_trust_is_refused(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateRole",
		  REFUSAL("EntityAlreadyExists", "exists") },
		ROLE_IS("%7B%22Statement%22%3A%5B%5D%7D", ""),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "iam_role", DMS_ROLE);
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_int_equal(f.call.err.kind, ERROR_EXISTS);
	fixture_close(&f);
}

/* Neither its tags nor what others attached are drift. */
static void adopted_role_has_no_drift(void **state)
{
	static const struct scripted_step script[] = {
		ROLE_IS(DMS_TRUST, MEMBER_TAG("team", "dba")),
		ATTACHED(POLICY("aws") "<member><PolicyArn>arn:aws:iam::aws:"
				       "policy/Other</PolicyArn></member>"),
		INLINE("<member>theirs</member>"),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "iam_role", DMS_ROLE);
	f.call.id = STR("dms-vpc-role");
	f.call.prior = value_with(
	    fixture_json(&f, "{\"service\":\"dms.amazonaws.com\","
			     "\"managed_policies\":[\"service-role/"
			     "AmazonDMSVPCManagementRole\"],"
			     "\"tags\":{\"a\":\"b\"}}"),
	    STR("arn"), value_c("arn:aws:iam::123456789012:role/dms-vpc-role"),
	    &f.arena);
	fixture_done(&f, VERB_READ);
	assert_int_equal(f.call.result.as.map.n, 0);
	fixture_close(&f);
}

static void adopted_role_stays(void **state)
{
	static const struct scripted_step script[] = {
		ROLE_IS(DMS_TRUST, MEMBER_TAG("dmsl:stack", "other/0")),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "iam_role", DMS_ROLE);
	f.call.id = STR("dms-vpc-role");
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

/* Made here, but another stack's instance lives on it: it is the account's. */
static void used_role_is_given_to_the_account(void **state)
{
	static const struct scripted_step script[] = {
		ROLE_IS(DMS_TRUST, OUR_TAGS),
		{ .target = "DescribeReplicationInstances",
		  .answer = "{\"ReplicationInstances\":[{"
			    "\"ReplicationInstanceIdentifier\":\"other\"}]}" },
		WHO,
		{ .target = "UntagRole",
		  .request = "&TagKeys.member.1=dmsl%3Aintent&TagKeys.member."
			     "2=dmsl%3Astack",
		  .answer = EC2("UntagRole", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "iam_role", DMS_ROLE);
	f.call.id = STR("dms-vpc-role");
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

static void own_role_is_emptied_and_deleted(void **state)
{
	static const struct scripted_step script[] = {
		ROLE_IS(DMS_TRUST, OUR_TAGS),
		{ .target = "DescribeReplicationInstances",
		  JSON_REFUSAL("ResourceNotFoundFault") },
		ATTACHED(POLICY("aws")),
		WHO,
		{ .target = "DetachRolePolicy",
		  .answer = EC2("DetachRolePolicy", "") },
		INLINE("<member>one</member>"),
		{ .target = "DeleteRolePolicy",
		  .request = "PolicyName=one",
		  .answer = EC2("DeleteRolePolicy", "") },
		{ .target = "ListInstanceProfilesForRole",
		  .answer = QUERY("ListInstanceProfilesForRole",
				  "<InstanceProfiles/>") },
		{ .target = "DeleteRole",
		  REFUSAL("DeleteConflict", "policies") },
		ROLE_IS(DMS_TRUST, OUR_TAGS),
		{ .target = "DescribeReplicationInstances",
		  JSON_REFUSAL("ResourceNotFoundFault") },
		ATTACHED(""),
		INLINE(""),
		{ .target = "ListInstanceProfilesForRole",
		  .answer = QUERY("ListInstanceProfilesForRole",
				  "<InstanceProfiles/>") },
		{ .target = "DeleteRole", .answer = EC2("DeleteRole", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "iam_role", DMS_ROLE);
	f.call.id = STR("dms-vpc-role");
	fixture_done(&f, VERB_DESTROY);
	fixture_close(&f);
}

static void plan_knows_partition_and_trust(void **state)
{
	static const struct scripted_step script[] = { { 0 } };
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-gov-west-1", "iam_role",
		     "{\"service\":\"ec2.amazonaws.com\","
		     "\"managed_policies\":[\"arn:aws:iam::aws:policy/"
		     "ReadOnlyAccess\"]}");
	assert_int_equal(f.call.type->ops->plan(&f.call, "create"), -1);
	assert_non_null(strstr(f.call.err.message, "partition aws;"));
	f.call.config = fixture_json(&f, "{\"service\":\"a\","
					 "\"services\":[\"b\"]}");
	assert_int_equal(f.call.type->ops->plan(&f.call, "create"), -1);
	f.call.config = fixture_json(&f, "{\"name\":\"x\"}");
	assert_int_equal(f.call.type->ops->plan(&f.call, "create"), -1);
	f.call.config = value_null();
	assert_int_equal(f.call.type->ops->plan(&f.call, "delete"), 0);
	fixture_close(&f);
}

/* -- instance_profile ----------------------------------------------------- */

#define PROFILE_IS(role)                                                       \
	{                                                                      \
		.target = "GetInstanceProfile",                                \
		.answer =                                                      \
		    QUERY("GetInstanceProfile",                                \
			  "<InstanceProfile><InstanceProfileName>p"            \
			  "</InstanceProfileName><Roles>" role                 \
			  "</Roles><Tags>" OUR_TAGS MEMBER_TAG(                \
			      "dmsl:address", "main") "</Tags>"                \
						      "</InstanceProfile>"),   \
	}

static void profile_changes_its_role(void **state)
{
	static const struct scripted_step script[] = {
		PROFILE_IS("<member><RoleName>old</RoleName></member>"),
		WHO,
		{ .target = "RemoveRoleFromInstanceProfile",
		  .request = "&RoleName=old",
		  .answer = EC2("RemoveRoleFromInstanceProfile", "") },
		{ .target = "AddRoleToInstanceProfile",
		  REFUSAL("LimitExceeded", "InstanceSessionsPerProfile") },
		PROFILE_IS(""),
		{ .target = "AddRoleToInstanceProfile",
		  .request = "&RoleName=new",
		  .answer = EC2("AddRoleToInstanceProfile", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "instance_profile",
		     "{\"name\":\"p\",\"role\":\"new\"}");
	f.call.id = STR("p");
	f.call.prior = fixture_json(&f, "{\"name\":\"p\",\"role\":\"old\"}");
	fixture_done(&f, VERB_UPDATE);
	fixture_close(&f);
}

/* -- instance ------------------------------------------------------------- */

#define INSTANCE_CONFIG(class)                                                 \
	"{\"class\":\"" class "\",\"network_interface\":\"eni-1\","            \
			      "\"profile\":\"p\","                             \
			      "\"user_data\":\"#!/bin/sh\\n\"}"
#define USER_DATA "IyEvYmluL3NoCg=="
#define INSTANCE_IS(class, state)                                              \
	{                                                                      \
		.target = "DescribeInstances",                                 \
		.answer = EC2(                                                 \
		    "DescribeInstances",                                       \
		    "<reservationSet><item><instancesSet><item><instanceId>"   \
		    "i-1</instanceId><imageId>ami-1</"                         \
		    "imageId><instanceType>" class                             \
		    "</instanceType><instanceState><name>" state               \
		    "</name></instanceState><iamInstanceProfile><arn>arn:aws:" \
		    "iam::123456789012:instance-profile/p</arn>"               \
		    "</iamInstanceProfile><networkInterfaceSet><item>"         \
		    "<networkInterfaceId>eni-1</networkInterfaceId>"           \
		    "<attachment><deviceIndex>0</deviceIndex></attachment>"    \
		    "</item></networkInterfaceSet><tagSet><item><key>"         \
		    "dmsl:stack</key><value>" STACK "</value></item><item>"    \
		    "<key>dmsl:address</key><value>main</value></item>"        \
		    "</tagSet></item></instancesSet></item>"                   \
		    "</reservationSet>"),                                      \
	}
#define DATA_IS(text)                                                          \
	{                                                                      \
		.target = "DescribeInstanceAttribute",                         \
		.request = "&Attribute=userData",                              \
		.answer = EC2("DescribeInstanceAttribute",                     \
			      "<userData><value>" text "</value></userData>"), \
	}

#define IMAGE                                                                  \
	{ .target = "GetParameter",                                            \
	  .request = "al2023-ami-kernel-default-arm64",                        \
	  .answer = "{\"Parameter\":{\"Value\":\"ami-1\"}}" },                 \
	{                                                                      \
		.target = "DescribeImages",                                    \
		.answer = EC2("DescribeImages",                                \
			      "<imagesSet><item><rootDeviceName>/dev/xvda"     \
			      "</rootDeviceName><blockDeviceMapping><item>"    \
			      "<deviceName>/dev/xvda</deviceName><ebs>"        \
			      "<volumeSize>8</volumeSize></ebs></item>"        \
			      "</blockDeviceMapping></item></imagesSet>"),     \
	}

static void instance_waits_for_its_profile(void **state)
{
	static const struct scripted_step script[] = {
		IMAGE,
		WHO,
		{ .target = "RunInstances",
		  EC2_REFUSAL(
		      "InvalidParameterValue",
		      "Value (p) for parameter iamInstanceProfile.name "
		      "is invalid. Invalid IAM Instance Profile name") },
		IMAGE,
		{ .target = "RunInstances",
		  .request = "&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda&"
			     "BlockDeviceMapping.1.Ebs.DeleteOnTermination="
			     "true&BlockDeviceMapping.1.Ebs.Encrypted=true&"
			     "BlockDeviceMapping.1.Ebs.VolumeSize=8&"
			     "ClientToken=" TOKEN "&IamInstanceProfile.Name=p&"
			     "ImageId=ami-1&InstanceType=t4g.micro&MaxCount=1&"
			     "MetadataOptions.HttpTokens=required&MinCount=1&"
			     "NetworkInterface.1.DeviceIndex=0&"
			     "NetworkInterface.1.NetworkInterfaceId=eni-1&"
			     "TagSpecification.1.ResourceType=instance&",
		  .answer = EC2("RunInstances",
				"<instancesSet><item><instanceId>i-1"
				"</instanceId></item></instancesSet>") },
		INSTANCE_IS("t4g.micro", "pending"),
		INSTANCE_IS("t4g.micro", "running"),
		DATA_IS(USER_DATA),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "instance",
		     INSTANCE_CONFIG("t4g.micro"));
	fixture_done(&f, VERB_CREATE);
	assert_string_equal(fixture_result(&f, "image"), "\"ami-1\"");
	fixture_close(&f);
}

static void class_changes_while_it_is_stopped(void **state)
{
	static const struct scripted_step script[] = {
		INSTANCE_IS("t3.micro", "running"),
		DATA_IS(USER_DATA),
		WHO,
		{ .target = "StopInstances",
		  .request = "&InstanceId.1=i-1",
		  .answer = EC2("StopInstances", "") },
		INSTANCE_IS("t3.micro", "stopping"),
		INSTANCE_IS("t3.micro", "stopped"),
		DATA_IS(USER_DATA),
		{ .target = "ModifyInstanceAttribute",
		  .request = "&InstanceId=i-1&InstanceType.Value=t3.small",
		  .answer = EC2("ModifyInstanceAttribute", "") },
		INSTANCE_IS("t3.small", "stopped"),
		DATA_IS(USER_DATA),
		{ .target = "StartInstances",
		  .answer = EC2("StartInstances", "") },
		INSTANCE_IS("t3.small", "pending"),
		INSTANCE_IS("t3.small", "running"),
		DATA_IS(USER_DATA),
		DATA_IS(USER_DATA),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "instance",
		     INSTANCE_CONFIG("t3.small"));
	f.call.id = STR("i-1");
	f.call.prior = fixture_json(&f, INSTANCE_CONFIG("t3.micro"));
	assert_int_equal(f.call.type->ops->plan(&f.call, "update"), 0);
	assert_int_equal(f.call.effects.n, 1);
	assert_int_equal(f.call.effects.items[0].kind, EFFECT_RESTART);
	assert_true(str_is(f.call.effects.items[0].text,
			   "stop and start i-1, to change its class"));
	vec_release(&f.call.effects);
	fixture_done(&f, VERB_UPDATE);
	fixture_close(&f);
}

static void other_script_is_drift(void **state)
{
	static const struct scripted_step script[] = {
		INSTANCE_IS("t3.micro", "running"),
		DATA_IS("ZWNobyBoaQ=="),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "instance",
		     INSTANCE_CONFIG("t3.micro"));
	f.call.id = STR("i-1");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "user_data"), "\"echo hi\"");
	assert_string_equal(fixture_result(&f, "profile"), "(absent)");
	assert_string_equal(fixture_result(&f, "network_interface"),
			    "(absent)");
	fixture_close(&f);
}

static void protected_instance_stays(void **state)
{
	static const struct scripted_step script[] = {
		INSTANCE_IS("t3.micro", "running"),
		{ .target = "DescribeInstanceAttribute",
		  .request = "&Attribute=disableApiTermination",
		  .answer = EC2("DescribeInstanceAttribute",
				"<disableApiTermination><value>true</value>"
				"</disableApiTermination>") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "instance",
		     INSTANCE_CONFIG("t3.micro"));
	f.call.id = STR("i-1");
	assert_int_equal(fixture_run(&f, VERB_DESTROY), STEP_FAILED);
	assert_non_null(strstr(f.call.err.hint, "termination_protection"));
	fixture_close(&f);
}

static void script_has_a_limit(void **state)
{
	static const struct scripted_step script[] = { { 0 } };
	static char text[USER_DATA_MAX + 2];
	struct fixture f;

	(void)state;
	memset(text, 'x', USER_DATA_MAX + 1);
	fixture_open(&f, script, "us-east-1", "instance",
		     INSTANCE_CONFIG("t3.micro"));
	f.call.config = value_with(f.call.config, STR("user_data"),
				   value_c(text), &f.arena);
	assert_int_equal(f.call.type->ops->plan(&f.call, "create"), -1);
	assert_non_null(strstr(f.call.err.message, "16385 bytes"));
	fixture_close(&f);
}

/* -- log_group and logs --------------------------------------------------- */

#define GROUP                                                                  \
	"{\"logGroupName\":\"dms-tasks-main\",\"arn\":\"arn:aws:logs:x:*\","   \
	"\"logGroupArn\":\"arn:aws:logs:x\""
#define GROUPS(more)                                                           \
	{                                                                      \
		.target = "DescribeLogGroups",                                 \
		.answer = "{\"logGroups\":[" GROUP more "},"                   \
			  "{\"logGroupName\":\"dms-tasks-main-2\"}]}",         \
	}

static void group_is_created(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateLogGroup",
		  .body = "{\"logGroupName\":\"dms-tasks-main\",\"tags\":{"
			  "\"dmsl:address\":\"main\",\"dmsl:intent\":\"" TOKEN
			  "\",\"dmsl:stack\":\"" STACK "\"}}" },
		GROUPS(""),
		{ .target = "PutRetentionPolicy",
		  .body = "{\"logGroupName\":\"dms-tasks-main\","
			  "\"retentionInDays\":30}" },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "log_group",
		     "{\"name\":\"dms-tasks-main\",\"retention_days\":30}");
	fixture_done(&f, VERB_CREATE);
	fixture_close(&f);
}

/* DMS makes it with the first task that logs: it is not taken over silently. */
static void other_group_is_not_adopted(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateLogGroup",
		  JSON_REFUSAL("ResourceAlreadyExistsException") },
		GROUPS(",\"retentionInDays\":7"),
		{ .target = "ListTagsForResource",
		  .body = "{\"resourceArn\":\"arn:aws:logs:x\"}",
		  .answer = "{\"tags\":{\"a\":\"b\"}}" },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "log_group",
		     "{\"name\":\"dms-tasks-main\"}");
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_int_equal(f.call.err.kind, ERROR_EXISTS);
	fixture_close(&f);
}

static void last_lines_are_read(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeLogStreams",
		  .body = "{\"descending\":true,\"limit\":1,\"logGroupName\":"
			  "\"g\",\"orderBy\":\"LastEventTime\"}",
		  .answer = "{\"logStreams\":[{\"logStreamName\":\"s\"}]}" },
		{ .target = "GetLogEvents",
		  .body = "{\"limit\":2,\"logGroupName\":\"g\","
			  "\"logStreamName\":\"s\",\"startFromHead\":false}",
		  .answer = "{\"events\":[{\"message\":\"one\"},{\"message\":"
			    "\"two\\u001b[2J\\n\"},{\"message\":\"three\"}]}" },
		{ .target = "GetLogEvents",
		  JSON_REFUSAL("ResourceNotFoundException") },
		{ 0 },
	};
	struct fixture f;
	struct str out;

	(void)state;
	fixture_open(&f, script, "us-east-1", "log_group", "{}");
	assert_int_equal(logs_tail(&f.call, STR("g"), STR(""), 2, &out), 0);
	assert_true(str_is(out, "two [2J\nthree\n"));
	assert_int_equal(logs_tail(&f.call, STR("g"), STR("s"), 2, &out), 0);
	assert_int_equal(out.n, 0);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_documents),
		cmocka_unit_test(trust_has_no_conditions),
		cmocka_unit_test(role_is_created),
		cmocka_unit_test(role_of_the_account_is_adopted),
		cmocka_unit_test(role_with_other_trust_is_refused),
		cmocka_unit_test(adopted_role_has_no_drift),
		cmocka_unit_test(adopted_role_stays),
		cmocka_unit_test(used_role_is_given_to_the_account),
		cmocka_unit_test(own_role_is_emptied_and_deleted),
		cmocka_unit_test(plan_knows_partition_and_trust),
		cmocka_unit_test(profile_changes_its_role),
		cmocka_unit_test(instance_waits_for_its_profile),
		cmocka_unit_test(class_changes_while_it_is_stopped),
		cmocka_unit_test(other_script_is_drift),
		cmocka_unit_test(protected_instance_stays),
		cmocka_unit_test(script_has_a_limit),
		cmocka_unit_test(group_is_created),
		cmocka_unit_test(other_group_is_not_adopted),
		cmocka_unit_test(last_lines_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
