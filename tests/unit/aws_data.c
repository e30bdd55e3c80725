/* Databases, secrets and DMS on AWS: requests, waits, and what must not be. */
#include <config.h>

#include "tests/unit/aws_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void close_fixture(struct fixture *f)
{
	vec_release(&f->call.effects);
	vec_release(&f->call.notices);
	fixture_close(f);
}

static int plan(struct fixture *f, const char *action)
{
	return f->call.type->ops->plan(&f->call, action);
}

static void assert_effect(const struct fixture *f, enum effect_kind kind,
			  const char *part)
{
	for (size_t i = 0; i < f->call.effects.n; i++) {
		const struct effect *e = &f->call.effects.items[i];

		if (e->kind == kind && str_contains(e->text, str_from(part)))
			return;
	}
	fail_msg("no effect \"%s\"", part);
}

static void assert_notice(const struct fixture *f, const char *part)
{
	for (size_t i = 0; i < f->call.notices.n; i++)
		if (str_contains(f->call.notices.items[i], str_from(part)))
			return;
	fail_msg("no notice \"%s\"", part);
}

/* -- db_cluster ----------------------------------------------------------- */

#define CLUSTER_CONFIG                                                         \
	"{\"engine\":\"aurora_postgresql\",\"version\":\"15\","                \
	"\"username\":\"postgres\",\"password\":\"s3ntinel-pw\","              \
	"\"port\":5432,\"subnet_group\":\"dev-main\","                         \
	"\"security_groups\":[\"sg-1\"],\"encrypted\":true,"                   \
	"\"backup_days\":1,\"deletion_protection\":true,"                      \
	"\"final_snapshot\":true}"
#define RDS_TAGS                                                               \
	"<TagList><Tag><Key>dmsl:intent</Key><Value>" TOKEN                    \
	"</Value></Tag><Tag><Key>dmsl:stack</Key><Value>" STACK                \
	"</Value></Tag><Tag><Key>dmsl:address</Key><Value>main</Value></Tag>"  \
	"</TagList>"
#define CLUSTER_IS(state, version, protected, more)                            \
	QUERY(                                                                 \
	    "DescribeDBClusters",                                              \
	    "<DBClusters><DBCluster><DBClusterIdentifier>dev-main"             \
	    "</DBClusterIdentifier><Status>" state                             \
	    "</Status><Engine>aurora-postgresql</"                             \
	    "Engine><EngineVersion>" version                                   \
	    "</EngineVersion><MasterUsername>postgres"                         \
	    "</MasterUsername><Port>5432</Port><DBSubnetGroup>dev-main"        \
	    "</DBSubnetGroup><StorageEncrypted>true</StorageEncrypted>"        \
	    "<BackupRetentionPeriod>1</BackupRetentionPeriod>"                 \
	    "<DeletionProtection>" protected "</"                              \
					     "DeletionProtection><Endpoint>"   \
					     "dev-main.cluster-x.invalid"      \
					     "</"                              \
					     "Endpoint><DBClusterArn>arn:aws:" \
					     "rds:us-east-1:123456789012:"     \
					     "cluster:dev-main</"              \
					     "DBClusterArn><"                  \
					     "VpcSecurityGroups>"              \
					     "<VpcSecurityGroupMembership><"   \
					     "VpcSecurityGroupId>sg-1"         \
					     "</VpcSecurityGroupId></"         \
					     "VpcSecurityGroupMembership>"     \
					     "</VpcSecurityGroups>" RDS_TAGS   \
						 more                          \
					     "</DBCluster></DBClusters>")
#define MEMBER(id, writer, status)                                             \
	"<DBClusterMember><DBInstanceIdentifier>" id                           \
	"</DBInstanceIdentifier><IsClusterWriter>" writer                      \
	"</IsClusterWriter><DBClusterParameterGroupStatus>" status             \
	"</DBClusterParameterGroupStatus></DBClusterMember>"
#define MEMBERS(inner) "<DBClusterMembers>" inner "</DBClusterMembers>"
#define VERSION(v)                                                             \
	"<DBEngineVersion><Engine>aurora-postgresql</Engine>"                  \
	"<EngineVersion>" v "</EngineVersion><Status>available</Status>"       \
	"</DBEngineVersion>"
#define VERSIONS                                                               \
	{                                                                      \
		.target = "DescribeDBEngineVersions",                          \
		.answer =                                                      \
		    QUERY("DescribeDBEngineVersions",                          \
			  "<DBEngineVersions>" VERSION("14.11")                \
			      VERSION("15.9") VERSION("15.10")                 \
				  VERSION("16.1") "</DBEngineVersions>"),      \
	}

/* 15.10 is newer than 15.9; the password stands in no result. */
static void cluster_is_of_the_newest_version(void **state)
{
	static const struct scripted_step script[] = {
		VERSIONS,
		WHO,
		{ .target = "CreateDBCluster",
		  .request = "&EngineVersion=15.10&",
		  .answer = QUERY("CreateDBCluster",
				  "<DBCluster><DBClusterIdentifier>dev-main"
				  "</DBClusterIdentifier></DBCluster>") },
		{ .target = "DescribeDBClusters",
		  .request = "Filters.Filter.1.Name=db-cluster-id",
		  .answer = CLUSTER_IS("creating", "15.10", "true", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "true", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_cluster", CLUSTER_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_true(str_is(f.call.id, "dev-main"));
	assert_string_equal(fixture_result(&f, "endpoint"),
			    "\"dev-main.cluster-x.invalid\"");
	assert_string_equal(fixture_result(&f, "running_version"), "\"15.10\"");
	assert_string_equal(fixture_result(&f, "password"), "(absent)");
	close_fixture(&f);
}

static void cluster_needs_a_version_that_there_is(void **state)
{
	static const struct scripted_step script[] = { VERSIONS, { 0 } };
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_cluster",
		     "{\"version\":\"13\",\"password\":\"s3ntinel-pw\"}");
	assert_int_equal(plan(&f, "create"), -1);
	assert_non_null(strstr(f.call.err.message, "no version \"13\""));
	assert_non_null(strstr(f.call.err.hint, "14.11, 15.10, 16.1"));
	close_fixture(&f);
}

static void cluster_password_is_checked(void **state)
{
	static const struct {
		const char *config, *part;
	} bad[] = {
		{ "{\"password\":\"short\"}", "8 to 41" },
		{ "{\"password\":\"sl/sh-s3ntinel\"}", "without blanks" },
		{ "{\"version\":\"15\"}", "needs a password" },
		{ "{\"password\":\"s3ntinel-pw\",\"managed_password\":true}",
		  "not both" },
	};
	static const struct scripted_step script[] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fixture f;

		fixture_open(&f, script, "us-east-1", "db_cluster",
			     bad[i].config);
		assert_int_equal(plan(&f, "create"), -1);
		assert_non_null(strstr(f.call.err.message, bad[i].part));
		assert_null(strstr(f.call.err.message, "s3ntinel"));
		close_fixture(&f);
	}
}

/* What the service upgraded it to is no difference; another major one is. */
static void minor_versions_are_no_difference(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.12", "true", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("stopped", "16.1", "true", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_cluster", CLUSTER_CONFIG);
	f.call.id = STR("dev-main");
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "version"), "(absent)");
	assert_string_equal(fixture_result(&f, "port"), "(absent)");
	assert_false(f.call.is_broken);
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "version"), "\"16.1\"");
	assert_true(f.call.is_broken);
	close_fixture(&f);
}

#define INSTANCE_IS(state, more)                                               \
	QUERY(                                                                 \
	    "DescribeDBInstances",                                             \
	    "<DBInstances><DBInstance><DBInstanceIdentifier>dev-main"          \
	    "</DBInstanceIdentifier><DBInstanceStatus>" state                  \
	    "</DBInstanceStatus><DBClusterIdentifier>c</DBClusterIdentifier>"  \
	    "<DBInstanceClass>db.t3.medium</DBInstanceClass>"                  \
	    "<AvailabilityZone>us-east-1a</AvailabilityZone>"                  \
	    "<DBSubnetGroup><VpcId>vpc-1</VpcId></DBSubnetGroup>"              \
	    "<DBInstanceArn>arn:aws:rds:us-east-1:123456789012:db:dev-main"    \
	    "</DBInstanceArn><PubliclyAccessible>false</"                      \
	    "PubliclyAccessible>" RDS_TAGS more "</DBInstance></DBInstances>")

/* The plan says it, and the writer is restarted once. */
static void another_parameter_group_restarts(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "true", "") },
		WHO,
		{ .target = "ModifyDBCluster",
		  .request = "DBClusterParameterGroupName=cdc",
		  .answer = QUERY("ModifyDBCluster", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("modifying", "15.10", "true", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "true", "") },
		{ .target = "DescribeDBClusters",
		  .request = "DBClusterIdentifier=dev-main",
		  .answer = CLUSTER_IS(
		      "available", "15.10", "true",
		      MEMBERS(MEMBER("r", "false", "pending-reboot")
				  MEMBER("w", "true", "pending-reboot"))) },
		{ .target = "DescribeDBInstances",
		  .request = "DBInstanceIdentifier=w",
		  .answer = INSTANCE_IS("available", "") },
		{ .target = "RebootDBInstance",
		  .request = "DBInstanceIdentifier=w",
		  .answer = QUERY("RebootDBInstance", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "true", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS(
		      "available", "15.10", "true",
		      MEMBERS(MEMBER("w", "true", "pending-reboot"))) },
		/* Not restarted again while the old state is shown. */
		{ .target = "DescribeDBInstances",
		  .answer = INSTANCE_IS("available", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "true", "") },
		{ .target = "DescribeDBClusters",
		  .answer =
		      CLUSTER_IS("available", "15.10", "true",
				 MEMBERS(MEMBER("w", "true", "in-sync"))) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_cluster", CLUSTER_CONFIG);
	f.call.id = STR("dev-main");
	f.call.prior = f.call.config;
	f.call.config = value_with(f.call.config, STR("parameter_group"),
				   value_c("cdc"), &f.arena);
	assert_int_equal(plan(&f, "update"), 0);
	assert_effect(&f, EFFECT_RESTART, "another parameter group");
	fixture_done(&f, VERB_UPDATE);
	close_fixture(&f);
}

static void protected_cluster_stays(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "true", "") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_cluster", CLUSTER_CONFIG);
	f.call.id = STR("dev-main");
	f.call.prior = f.call.config;
	f.call.config = value_null();
	assert_int_equal(fixture_run(&f, VERB_DESTROY), STEP_FAILED);
	assert_non_null(strstr(f.call.err.message, "protected"));
	close_fixture(&f);
}

/* Its instances are going; the snapshot is named and told. */
static void cluster_leaves_a_snapshot(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "true", "") },
		WHO,
		{ .target = "ModifyDBCluster",
		  .request = "&DeletionProtection=false",
		  .answer = QUERY("ModifyDBCluster", "") },
		{ .target = "DeleteDBCluster",
		  .request = "&FinalDBSnapshotIdentifier=dev-main-final-"
			     "00112233",
		  REFUSAL("InvalidDBClusterStateFault",
			  "still contains DB instances in non-deleting "
			  "state") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("available", "15.10", "false", "") },
		{ .target = "DeleteDBCluster",
		  .answer = QUERY("DeleteDBCluster", "") },
		{ .target = "DescribeDBClusters",
		  .answer = CLUSTER_IS("deleting", "15.10", "false", "") },
		{ .target = "DescribeDBClusters",
		  REFUSAL("DBClusterNotFoundFault", "gone") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_cluster", CLUSTER_CONFIG);
	f.call.id = STR("dev-main");
	f.call.prior = value_with(f.call.config, STR("deletion_protection"),
				  value_bool(false), &f.arena);
	f.call.config = value_null();
	fixture_done(&f, VERB_DESTROY);
	assert_notice(&f, "snapshot \"dev-main-final-00112233\"");
	close_fixture(&f);
}

/* -- db_instance ---------------------------------------------------------- */

#define INSTANCE_CONFIG                                                        \
	"{\"cluster\":\"c\",\"class\":\"db.t3.medium\",\"public\":false}"
#define CLUSTER_C(writer)                                                      \
	{                                                                      \
		.target = "DescribeDBClusters",                                \
		.answer =                                                      \
		    CLUSTER_IS("available", "15.10", "false",                  \
			       MEMBERS(MEMBER(writer, "true", "in-sync"))),    \
	}
#define ENI(ip, zone)                                                          \
	"<item><networkInterfaceId>eni-1</networkInterfaceId>"                 \
	"<privateIpAddress>" ip "</privateIpAddress><availabilityZone>" zone   \
	"</availabilityZone><status>in-use</status></item>"
#define ENIS(inner)                                                            \
	{                                                                      \
		.target = "DescribeNetworkInterfaces",                         \
		.request = "RDSNetworkInterface",                              \
		.answer = EC2("DescribeNetworkInterfaces",                     \
			      "<networkInterfaceSet>" inner                    \
			      "</networkInterfaceSet>"),                       \
	}

/* The role is not known at once; neither is the address. */
static void instance_has_the_writers_address(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "GetRole",
		  .answer = QUERY("GetRole",
				  "<Role><Arn>arn:aws:iam::123456789012:role/"
				  "mon</Arn></Role>") },
		WHO,
		{ .target = "CreateDBInstance",
		  .request = "&MonitoringRoleArn=arn%3Aaws%3Aiam",
		  REFUSAL("InvalidParameterValue",
			  "The role does not include the required permissions "
			  "for: ENHANCED_MONITORING") },
		{ .target = "GetRole",
		  .answer = QUERY("GetRole",
				  "<Role><Arn>arn:aws:iam::123456789012:role/"
				  "mon</Arn></Role>") },
		{ .target = "CreateDBInstance",
		  .answer = QUERY("CreateDBInstance",
				  "<DBInstance><DBInstanceIdentifier>dev-main"
				  "</DBInstanceIdentifier></DBInstance>") },
		{ .target = "DescribeDBInstances",
		  .answer = INSTANCE_IS("creating", "") },
		{ .target = "DescribeDBInstances",
		  .answer = INSTANCE_IS("available", "") },
		CLUSTER_C("dev-main"),
		ENIS(""),
		{ .target = "DescribeDBInstances",
		  .answer = INSTANCE_IS("available", "") },
		CLUSTER_C("dev-main"),
		ENIS(ENI("10.0.1.9", "us-east-1b")
			 ENI("10.0.1.7", "us-east-1a")),
		CLUSTER_C("dev-main"),
		ENIS(ENI("10.0.1.7", "us-east-1a")),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_instance", INSTANCE_CONFIG);
	f.call.config = value_with(f.call.config, STR("monitoring_role"),
				   value_c("mon"), &f.arena);
	fixture_done(&f, VERB_CREATE);
	assert_string_equal(fixture_result(&f, "address"), "\"10.0.1.7\"");
	close_fixture(&f);
}

/* The other instance is the writer now. */
static void failover_changes_the_address(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeDBInstances",
		  .answer = INSTANCE_IS("available", "") },
		CLUSTER_C("other"),
		{ .target = "DescribeDBInstances",
		  .request = "DBInstanceIdentifier=other",
		  .answer = INSTANCE_IS("available", "") },
		ENIS(ENI("10.0.2.7", "us-east-1a")),
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_instance", INSTANCE_CONFIG);
	f.call.id = STR("dev-main");
	f.call.prior = value_with(f.call.config, STR("address"),
				  value_c("10.0.1.7"), &f.arena);
	fixture_done(&f, VERB_READ);
	assert_string_equal(fixture_result(&f, "address"), "\"10.0.2.7\"");
	close_fixture(&f);
}

/* -- parameter groups ----------------------------------------------------- */

#define PARAMETER(name, value, type, source)                                   \
	"<Parameter><ParameterName>" name                                      \
	"</ParameterName><ParameterValue>" value                               \
	"</ParameterValue><ApplyType>" type "</ApplyType><Source>" source      \
	"</Source></Parameter>"
#define PARAMETERS(inner)                                                      \
	QUERY("DescribeDBClusterParameters",                                   \
	      "<Parameters>" inner "</Parameters>")
#define GROUP_IS                                                               \
	{                                                                      \
		.target = "DescribeDBClusterParameterGroups",                  \
		.answer = QUERY(                                               \
		    "DescribeDBClusterParameterGroups",                        \
		    "<DBClusterParameterGroups><DBClusterParameterGroup>"      \
		    "<DBClusterParameterGroupName>g"                           \
		    "</DBClusterParameterGroupName><DBParameterGroupFamily>"   \
		    "aurora-postgresql15</DBParameterGroupFamily>"             \
		    "<DBClusterParameterGroupArn>arn:g"                        \
		    "</DBClusterParameterGroupArn></DBClusterParameterGroup>"  \
		    "</DBClusterParameterGroups>"),                            \
	}

/* Dynamic at once, static at the next start; what is not wanted is reset. */
static void parameters_are_set_and_reset(void **state)
{
	static const struct scripted_step script[] = {
		GROUP_IS,
		{ .target = "ListTagsForResource",
		  .answer = QUERY("ListTagsForResource", RDS_TAGS) },
		{ .target = "DescribeDBClusterParameters",
		  .request = "&Source=user",
		  .answer = PARAMETERS(
		      PARAMETER("a", "1", "dynamic",
				"user") PARAMETER("old", "1", "dynamic", "user")
			  PARAMETER("d", "0", "static", "engine-default")) },
		{ .target = "DescribeDBClusterParameters",
		  .answer = PARAMETERS(
		      PARAMETER("a", "1", "dynamic", "user")
			  PARAMETER("b", "0", "dynamic", "system")
			      PARAMETER("old", "1", "dynamic", "user")) },
		WHO,
		{ .target = "ModifyDBClusterParameterGroup",
		  .request = "Parameters.Parameter.1.ApplyMethod=immediate&"
			     "Parameters.Parameter.1.ParameterName=b&"
			     "Parameters.Parameter.1.ParameterValue=2",
		  .answer = QUERY("ModifyDBClusterParameterGroup", "") },
		{ .target = "ResetDBClusterParameterGroup",
		  .request = "Parameters.Parameter.1.ApplyMethod=immediate&"
			     "Parameters.Parameter.1.ParameterName=old",
		  .answer = QUERY("ResetDBClusterParameterGroup", "") },
		{ .target = "DescribeDBClusterParameters",
		  .answer =
		      PARAMETERS(PARAMETER("a", "1", "dynamic", "user")
				     PARAMETER("b", "2", "dynamic", "user")) },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "db_cluster_parameter_group",
		     "{\"name\":\"g\",\"family\":\"aurora-postgresql15\","
		     "\"parameters\":{\"a\":\"1\",\"b\":\"2\"}}");
	f.call.id = STR("g");
	f.call.prior = fixture_json(
	    &f, "{\"name\":\"g\",\"family\":\"aurora-postgresql15\","
		"\"parameters\":{\"a\":\"1\",\"old\":\"1\"}}");
	fixture_done(&f, VERB_UPDATE);
	close_fixture(&f);
}

/* -- secret --------------------------------------------------------------- */

#define ARN "arn:aws:secretsmanager:us-east-1:123456789012:secret:dev-main-AbCd"
#define SECRET_CONFIG                                                          \
	"{\"value\":{\"username\":\"u\",\"password\":\"s3ntinel-pw\"},"        \
	"\"recovery_days\":7}"
#define SECRET_IS(more)                                                        \
	"{\"ARN\":\"" ARN "\",\"Name\":\"dev-main\",\"Tags\":["                \
	"{\"Key\":\"dmsl:intent\",\"Value\":\"" TOKEN "\"},"                   \
	"{\"Key\":\"dmsl:stack\",\"Value\":\"" STACK "\"},"                    \
	"{\"Key\":\"dmsl:address\",\"Value\":\"main\"}]" more "}"

static void secret_is_never_told(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateSecret",
		  .request = "\"ClientRequestToken\":\"" TOKEN "\"",
		  .status = 400,
		  .answer = "{\"__type\":\"InvalidParameterException\","
			    "\"message\":\"bad "
			    "{\\\"password\\\":\\\"s3ntinel-pw\\\","
			    "\\\"username\\\":\\\"u\\\"}\"}" },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "secret", SECRET_CONFIG);
	assert_int_equal(fixture_run(&f, VERB_CREATE), STEP_FAILED);
	assert_null(strstr(f.call.err.message, "s3ntinel"));
	close_fixture(&f);
}

static void secret_waits_for_its_name(void **state)
{
	static const struct scripted_step script[] = {
		WHO,
		{ .target = "CreateSecret",
		  .status = 400,
		  .answer = "{\"__type\":\"InvalidRequestException\","
			    "\"message\":\"a secret with this name is already "
			    "scheduled for deletion.\"}" },
		{ .target = "CreateSecret",
		  .answer = "{\"ARN\":\"" ARN "\",\"Name\":\"dev-main\"}" },
		{ .target = "DescribeSecret", .answer = SECRET_IS("") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "secret", SECRET_CONFIG);
	fixture_done(&f, VERB_CREATE);
	assert_string_equal(fixture_result(&f, "name"), "\"dev-main\"");
	assert_string_equal(fixture_result(&f, "value"), "(absent)");
	close_fixture(&f);
}

/* A new version, by this step's token; deleted ones are gone. */
static void secret_is_changed_and_deleted(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeSecret", .answer = SECRET_IS("") },
		{ .target = "DescribeSecret", .answer = SECRET_IS("") },
		WHO,
		{ .target = "PutSecretValue",
		  .request = "\"ClientRequestToken\":\"" TOKEN "\"" },
		{ .target = "DeleteSecret",
		  .request = "\"RecoveryWindowInDays\":7" },
		{ .target = "DescribeSecret",
		  .answer = SECRET_IS(",\"DeletedDate\":1700000000") },
		{ 0 },
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "secret", SECRET_CONFIG);
	f.call.id = STR(ARN);
	f.call.prior = f.call.config;
	fixture_done(&f, VERB_READ);
	assert_false(f.call.is_gone);
	f.call.config = fixture_json(
	    &f, "{\"value\":{\"username\":\"u\",\"password\":\"s3ntinel-2\"},"
		"\"recovery_days\":7}");
	fixture_done(&f, VERB_UPDATE);
	f.call.config = value_null();
	fixture_done(&f, VERB_DESTROY);
	assert_notice(&f, "can be restored until 20");
	fixture_done(&f, VERB_READ);
	assert_true(f.call.is_gone);
	close_fixture(&f);
}

static void recovery_is_7_to_30_days(void **state)
{
	static const struct scripted_step script[] = { { 0 } };
	struct fixture f;

	(void)state;
	fixture_open(&f, script, "us-east-1", "secret",
		     "{\"recovery_days\":3}");
	assert_int_equal(plan(&f, "create"), -1);
	f.call.config = fixture_json(&f, "{\"recovery_days\":0}");
	assert_int_equal(plan(&f, "create"), 0);
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cluster_is_of_the_newest_version),
		cmocka_unit_test(cluster_needs_a_version_that_there_is),
		cmocka_unit_test(cluster_password_is_checked),
		cmocka_unit_test(minor_versions_are_no_difference),
		cmocka_unit_test(another_parameter_group_restarts),
		cmocka_unit_test(protected_cluster_stays),
		cmocka_unit_test(cluster_leaves_a_snapshot),
		cmocka_unit_test(instance_has_the_writers_address),
		cmocka_unit_test(failover_changes_the_address),
		cmocka_unit_test(parameters_are_set_and_reset),
		cmocka_unit_test(secret_is_never_told),
		cmocka_unit_test(secret_waits_for_its_name),
		cmocka_unit_test(secret_is_changed_and_deleted),
		cmocka_unit_test(recovery_is_7_to_30_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
