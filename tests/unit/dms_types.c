/*
 * Endpoints, certificates, subnet groups and instances of dms: exact requests,
 * and what they make of the answers.
 */
#include <config.h>

#include "tests/unit/dms_fixture.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ENDPOINT_CONFIG                                                        \
	"{\"role\":\"source\",\"engine\":\"aurora_postgresql\","               \
	"\"server\":\"vpce-1.local\",\"port\":5432,\"database\":\"demo_db\","  \
	"\"secret\":\"arn:secret\",\"ssl\":\"verify_full\","                   \
	"\"tags\":{\"team\":\"a\"}}"
#define ENDPOINT_SHOWN                                                         \
	"{\"Endpoints\":[{\"EndpointArn\":\"arn:e\",\"Status\":\"active\","    \
	"\"EndpointIdentifier\":\"dev-main-a\","                               \
	"\"EngineName\":\"aurora-postgresql\",\"ServerName\":\"vpce-1."        \
	"local\","                                                             \
	"\"Port\":5432,\"DatabaseName\":\"demo_db\","                          \
	"\"SslMode\":\"verify-full\"}]}"
#define CREATE_ENDPOINT                                                        \
	"{\"DatabaseName\":\"demo_db\","                                       \
	"\"EndpointIdentifier\":\"dev-main-a\",\"EndpointType\":\"source\","   \
	"\"EngineName\":\"aurora-postgresql\",\"Password\":\"s3ntinel\","      \
	"\"Port\":5432,\"ServerName\":\"vpce-1.local\","                       \
	"\"SslMode\":\"verify-full\",\"Tags\":[" MARKS(                        \
	    "dms_endpoint.a") ",{\"Key\":\"team\",\"Value\":\"a\"}],"          \
			      "\"Username\":\"master\"}"
#define MODIFY_ENDPOINT                                                        \
	"{\"DatabaseName\":\"demo_db\",\"EndpointArn\":\"arn:e\","             \
	"\"EngineName\":\"aurora-postgresql\",\"Password\":\"s3ntinel\","      \
	"\"Port\":5432,\"ServerName\":\"vpce-1.local\","                       \
	"\"SslMode\":\"verify-full\",\"Username\":\"master\"}"

static void creates_an_endpoint(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateEndpoint",
		  .body = CREATE_ENDPOINT,
		  .answer = "{\"Endpoint\":{\"EndpointArn\":\"arn:e\","
			    "\"EndpointIdentifier\":\"dev-main-a\","
			    "\"Status\":\"creating\"}}" },
		{ .target = "DescribeEndpoints",
		  .body = FILTER("endpoint-arn", "arn:e"),
		  .answer = ENDPOINT_SHOWN },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c =
	    call(s, &a, &endpoint_type, "dms_endpoint.a", ENDPOINT_CONFIG);

	(void)state;
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	assert_true(str_is(c.id, "arn:e"));
	assert_string_equal(text(c.result, "name"), "dev-main-a");
	scripted_stop(s);
	arena_release(&a);
}

static void adopts_what_an_earlier_attempt_made(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateEndpoint",
		  .status = 400,
		  .answer = FAULT("ResourceAlreadyExistsFault") },
		{ .target = "DescribeEndpoints",
		  .body = FILTER("endpoint-id", "dev-main-a"),
		  .answer = ENDPOINT_SHOWN },
		{ .target = "ListTagsForResource",
		  .body = "{\"ResourceArn\":\"arn:e\"}",
		  .answer = OURS("dms_endpoint.a") },
		{ .target = "ModifyEndpoint", .body = MODIFY_ENDPOINT },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		/* And somebody else's. */
		{ .target = "CreateEndpoint",
		  .status = 400,
		  .answer = FAULT("ResourceAlreadyExistsFault") },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "ListTagsForResource", .answer = "{}" },
		/* And what was of this address before it was moved. */
		{ .target = "CreateEndpoint",
		  .status = 400,
		  .answer = FAULT("ResourceAlreadyExistsFault") },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_endpoint.a") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c =
	    call(s, &a, &endpoint_type, "dms_endpoint.a", ENDPOINT_CONFIG);

	(void)state;
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	assert_true(str_is(c.id, "arn:e"));
	c.id = STR("");
	is(c.type->ops->create(&c), STEP_FAILED, &c);
	assert_int_equal(c.err.kind, ERROR_EXISTS);
	assert_string_equal(c.err.message,
			    "endpoint \"dev-main-a\" exists and was not made "
			    "by this resource");
	c.token = STR("another");
	c.err = (struct error){ 0 };
	is(c.type->ops->create(&c), STEP_FAILED, &c);
	assert_int_equal(c.err.kind, ERROR_EXISTS);
	assert_int_equal(c.id.n, 0);
	scripted_stop(s);
	arena_release(&a);
}

static void reads_an_endpoint(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_endpoint.a") },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[{\"Status\":\"active\","
			    "\"EngineName\":\"postgres\","
			    "\"ServerName\":\"other\",\"Port\":1,"
			    "\"DatabaseName\":\"demo_db\","
			    "\"SslMode\":\"none\"}]}" },
		{ .target = "ListTagsForResource", .answer = "{}" },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[]}" },
		{ .target = "DescribeEndpoints",
		  .status = 400,
		  .answer = FAULT("ResourceNotFoundFault") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c =
	    call(s, &a, &endpoint_type, "dms_endpoint.a", ENDPOINT_CONFIG);

	(void)state;
	c.id = STR("arn:e");
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_false(c.is_gone || c.is_broken);
	assert_int_equal(c.result.as.map.n, 0);
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_string_equal(text(c.result, "engine"), "postgres");
	assert_string_equal(text(c.result, "server"), "other");
	assert_string_equal(text(c.result, "ssl"), "none");
	assert_int_equal(value_number(c.result, "port", 0), 1);
	assert_null(value_get(c.result, "database"));
	assert_int_equal(value_get(c.result, "tags")->as.map.n, 0);
	for (int i = 0; i < 2; i++) {
		c.is_gone = false;
		is(c.type->ops->read(&c), STEP_DONE, &c);
		assert_true(c.is_gone);
	}
	c.is_gone = false;
	c.self = NULL;
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_true(c.is_broken);
	assert_false(c.is_gone);
	scripted_stop(s);
	arena_release(&a);
}

static void tells_nothing_of_secrets(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateEndpoint",
		  .status = 400,
		  .answer = "{\"__type\":\"InvalidParameterValueException\","
			    "\"message\":\"password s3ntinel is weak\"}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c =
	    call(s, &a, &endpoint_type, "dms_endpoint.a", ENDPOINT_CONFIG);

	(void)state;
	is(c.type->ops->create(&c), STEP_FAILED, &c);
	assert_null(strstr(c.err.message, "s3ntinel"));
	c.config = json("{\"role\":\"source\",\"secret\":\"broken\"}", &a);
	is(c.type->ops->create(&c), STEP_FAILED, &c);
	assert_string_equal(c.err.message, "the secret does not hold username "
					   "and password");
	c.config = json("{\"role\":\"source\"}", &a);
	assert_int_equal(c.type->ops->plan(&c, "create"), -1);
	scripted_stop(s);
	arena_release(&a);
}

static void updates_an_endpoint(void **state)
{
	static const struct scripted_step script[] = {
		/* Only a tag. */
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "ListTagsForResource", .answer = "{}" },
		{ .target = "AddTagsToResource",
		  .body = "{\"ResourceArn\":\"arn:e\",\"Tags\":["
			  "{\"Key\":\"dmsl:address\",\"Value\":"
			  "\"dms_endpoint.a\"},{\"Key\":\"dmsl:stack\","
			  "\"Value\":\"dev/0123456789abcdef\"},"
			  "{\"Key\":\"team\",\"Value\":\"a\"}]}" },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		/* Another server. */
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "ModifyEndpoint", .body = MODIFY_ENDPOINT },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_endpoint.a") },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c =
	    call(s, &a, &endpoint_type, "dms_endpoint.a", ENDPOINT_CONFIG);

	(void)state;
	c.id = STR("arn:e");
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	c.prior = value_with(c.prior, STR("server"), value_c("old"), &a);
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	scripted_stop(s);
	arena_release(&a);
}

/* The service refuses while a task runs: it is stopped, and goes on. */
static void changes_an_endpoint_under_a_task(void **state)
{
	static const struct scripted_step script[] = {
		TASKS_ARE("running"), /* of the plan */
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "ModifyEndpoint",
		  .status = 400,
		  .answer = FAULT("InvalidResourceStateFault") },
		TASKS_ARE("running"),
		TASKS_ARE("running"),
		{ .target = "StopReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:t\"}" },
		TASKS_ARE("stopping"),
		TASKS_ARE("stopped"),
		TASKS_ARE("stopped"),
		{ .target = "AddTagsToResource",
		  .body =
		      "{\"ResourceArn\":\"arn:t\",\"Tags\":[{\"Key\":"
		      "\"dmsl:stopped\",\"Value\":\"" NEVER_STARTED "\"}]}" },
		{ .target = "ModifyEndpoint", .body = MODIFY_ENDPOINT },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		TASKS_ARE("stopped"),
		{ .target = "TestConnection",
		  .body = "{\"EndpointArn\":\"arn:e\","
			  "\"ReplicationInstanceArn\":\"arn:i\"}" },
		/* What is shown at once is the test of before the change. */
		TASKS_ARE("stopped"),
		{ .target = "DescribeConnections",
		  .answer = "{\"Connections\":[{\"Status\":\"failed\","
			    "\"LastFailureMessage\":\"old\"}]}" },
		TASKS_ARE("stopped"),
		{ .target = "DescribeConnections",
		  .answer = "{\"Connections\":[{\"Status\":"
			    "\"successful\"}]}" },
		TASKS_ARE("stopped"),
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:t\","
			  "\"StartReplicationTaskType\":"
			  "\"resume-processing\"}" },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_endpoint.a") },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c =
	    call(s, &a, &endpoint_type, "dms_endpoint.a", ENDPOINT_CONFIG);

	(void)state;
	c.id = STR("arn:e");
	c.prior = value_with(c.prior, STR("server"), value_c("old"), &a);
	assert_int_equal(c.type->ops->plan(&c, "update"), 0);
	assert_int_equal(c.effects.n, 2);
	assert_int_equal(c.effects.items[0].kind, EFFECT_STOP);
	assert_int_equal(c.effects.items[1].kind, EFFECT_START);
	step_on(&c, STEP_PENDING);
	assert_true(str_is(c.memo, "stop arn:t"));
	step_on(&c, STEP_PENDING);
	step_on(&c, STEP_PENDING);
	step_on(&c, STEP_PENDING);
	assert_true(str_is(c.memo, "changed arn:t"));
	step_on(&c, STEP_PENDING);
	assert_true(str_starts(c.memo, "test "));
	step_on(&c, STEP_PENDING);
	c.memo = STR("test 1 arn:t");
	step_on(&c, STEP_DONE);
	scripted_stop(s);
	vec_release(&c.effects);
	arena_release(&a);
}

static int role(void *self, struct str id, struct arena *a, struct str *arn,
		struct error *err)
{
	(void)self;
	(void)err;
	*arn = str_fmt(a, "arn:role/%.*s", STR_ARG(id));
	return 0;
}

static int full_secret(void *self, struct str id, struct arena *a,
		       struct str *json, struct error *err)
{
	(void)self;
	(void)a;
	(void)err;
	*json = str_is(id, "arn:full")
		    ? STR("{\"username\":\"u\",\"password\":\"s3ntinel\","
			  "\"host\":\"db.test\",\"port\":5432}")
		    : STR("{\"username\":\"u\",\"password\":\"s3ntinel\"}");
	return 0;
}

#define BY_REFERENCE(secret)                                                   \
	"{\"role\":\"source\",\"engine\":\"postgres\",\"server\":"             \
	"\"db.test\",\"port\":5432,\"database\":\"d\",\"ssl\":\"require\","    \
	"\"options\":\"{\\\"CaptureDdls\\\":false}\",\"secret\":\"" secret     \
	"\",\"secret_access_role\":\"r\"}"

/* Neither user nor password is sent; what the secret lacks is said at once. */
static void lets_the_service_read_the_secret(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateEndpoint",
		  .body = "{\"DatabaseName\":\"d\",\"EndpointIdentifier\":"
			  "\"dev-main-a\",\"EndpointType\":\"source\","
			  "\"EngineName\":\"postgres\","
			  "\"PostgreSQLSettings\":{\"CaptureDdls\":false,"
			  "\"SecretsManagerAccessRoleArn\":\"arn:role/r\","
			  "\"SecretsManagerSecretId\":\"arn:full\"},"
			  "\"SslMode\":\"require\",\"Tags\":[" MARKS(
			      "dms_endpoint.a") "]}",
		  .answer = "{\"Endpoint\":{\"EndpointArn\":\"arn:e\","
			    "\"Status\":\"active\"}}" },
		{ 0 },
	};
	struct dms_host by_role = host;
	struct resource_type type = endpoint_type;
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c;

	(void)state;
	by_role.role = role;
	by_role.secret = full_secret;
	type.data = &by_role;
	c = call(s, &a, &type, "dms_endpoint.a", BY_REFERENCE("arn:full"));
	assert_int_equal(c.type->ops->plan(&c, "create"), 0);
	assert_int_equal(c.notices.n, 1);
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	vec_release(&c.notices);
	c = call(s, &a, &type, "dms_endpoint.a", BY_REFERENCE("arn:short"));
	is(finish(&c, c.type->ops->create), STEP_FAILED, &c);
	assert_non_null(strstr(c.err.message, "host and port"));
	assert_null(strstr(c.err.message, "s3ntinel"));
	scripted_stop(s);
	arena_release(&a);
}

static const struct resource_type certificate_type = {
	.name = "dms_certificate",
	.ops = &dms_certificate_ops,
	.data = &host,
};

static void imports_a_certificate(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "ImportCertificate",
		  .body = "{\"CertificateIdentifier\":\"dev-main-a\","
			  "\"CertificatePem\":\"-----BEGIN CERTIFICATE-----\","
			  "\"Tags\":[" MARKS("dms_certificate.a") "]}",
		  .answer = "{\"Certificate\":{\"CertificateArn\":\"arn:c\","
			    "\"CertificateIdentifier\":\"dev-main-a\"}}" },
		{ .target = "DescribeCertificates",
		  .body = FILTER("certificate-id", "prod"),
		  .answer = "{\"Certificates\":[{\"CertificateArn\":"
			    "\"arn:p\"}]}" },
		{ .target = "DescribeCertificates",
		  .body = FILTER("certificate-arn", "arn:p"),
		  .answer = "{\"Certificates\":[{\"CertificateArn\":"
			    "\"arn:p\"}]}" },
		{ .target = "ListTagsForResource", .answer = "{}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = call(s, &a, &certificate_type, "dms_certificate.a",
			     "{\"pem\":\"-----BEGIN CERTIFICATE-----\"}");

	(void)state;
	assert_int_equal(c.type->ops->plan(&c, "create"), 0);
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	assert_true(str_is(c.id, "arn:c"));
	c = call(s, &a, &certificate_type, "dms_certificate.a",
		 "{\"name\":\"Prod\"}");
	is(finish(&c, c.type->ops->lookup), STEP_DONE, &c);
	assert_true(str_is(c.id, "arn:p"));
	c = call(s, &a, &certificate_type, "dms_certificate.a",
		 "{\"pem\":\"no\"}");
	assert_int_equal(c.type->ops->plan(&c, "create"), -1);
	scripted_stop(s);
	arena_release(&a);
}

static void finds_objects_by_their_tags(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationSubnetGroups",
		  .body = "{}",
		  .answer =
		      "{\"ReplicationSubnetGroups\":["
		      "{\"ReplicationSubnetGroupIdentifier\":\"one\"},"
		      "{\"ReplicationSubnetGroupIdentifier\":\"two\"}]}" },
		{ .target = "ListTagsForResource",
		  .request = "subgrp:one\"",
		  .answer = "{\"TagList\":[{\"Key\":\"team\",\"Value\":"
			    "\"a\"},{\"Key\":\"env\",\"Value\":\"b\"}]}" },
		{ .target = "ListTagsForResource",
		  .request = "subgrp:two\"",
		  .answer = "{\"TagList\":[{\"Key\":\"team\",\"Value\":"
			    "\"a\"},{\"Key\":\"env\",\"Value\":\"c\"}]}" },
		{ .target = "DescribeReplicationSubnetGroups",
		  .body = FILTER("replication-subnet-group-id", "two"),
		  .answer =
		      "{\"ReplicationSubnetGroups\":["
		      "{\"ReplicationSubnetGroupIdentifier\":\"two\"}]}" },
		{ .target = "ListTagsForResource", .answer = "{}" },
		/* Nothing is there. */
		{ .target = "DescribeEndpoints",
		  .body = "{}",
		  .status = 400,
		  .answer = FAULT("ResourceNotFoundFault") },
		/* Two have it. */
		{ .target = "DescribeEndpoints",
		  .body = "{}",
		  .answer = "{\"Endpoints\":[{\"EndpointArn\":\"arn:1\"},"
			    "{\"EndpointArn\":\"arn:2\"}]}" },
		{ .target = "ListTagsForResource",
		  .answer = "{\"TagList\":[{\"Key\":\"team\",\"Value\":"
			    "\"a\"}]}" },
		{ .target = "ListTagsForResource",
		  .answer = "{\"TagList\":[{\"Key\":\"team\",\"Value\":"
			    "\"a\"}]}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = call(s, &a, &group_type, "replication_subnet_group.a",
			     "{\"tags\":{\"team\":\"a\",\"env\":\"c\"}}");

	(void)state;
	is(finish(&c, c.type->ops->lookup), STEP_DONE, &c);
	assert_true(str_is(c.id, "two"));
	c = call(s, &a, &endpoint_type, "dms_endpoint.a",
		 "{\"tags\":{\"team\":\"a\"}}");
	is(finish(&c, c.type->ops->lookup), STEP_DONE, &c);
	assert_true(c.is_gone);
	c = call(s, &a, &endpoint_type, "dms_endpoint.a",
		 "{\"tags\":{\"team\":\"a\"}}");
	is(finish(&c, c.type->ops->lookup), STEP_FAILED, &c);
	assert_int_equal(c.err.kind, ERROR_CONFLICT);
	c = call(s, &a, &endpoint_type, "dms_endpoint.a", "{}");
	is(finish(&c, c.type->ops->lookup), STEP_FAILED, &c);
	assert_int_equal(c.err.kind, ERROR_INVALID);
	scripted_stop(s);
	arena_release(&a);
}

static void destroys_an_endpoint(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "DeleteEndpoint",
		  .status = 400,
		  .answer = FAULT("InvalidResourceStateFault") },
		{ .target = "DescribeEndpoints", .answer = ENDPOINT_SHOWN },
		{ .target = "DeleteEndpoint",
		  .body = "{\"EndpointArn\":\"arn:e\"}" },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[]}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c =
	    call(s, &a, &endpoint_type, "dms_endpoint.a", ENDPOINT_CONFIG);

	(void)state;
	c.id = STR("arn:e");
	is(finish(&c, c.type->ops->destroy), STEP_DONE, &c);
	scripted_stop(s);
	arena_release(&a);
}

static void makes_a_subnet_group(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateReplicationSubnetGroup",
		  .body = "{\"ReplicationSubnetGroupDescription\":\"x\","
			  "\"ReplicationSubnetGroupIdentifier\":\"dev-main-a\","
			  "\"SubnetIds\":[\"subnet-1\",\"subnet-2\"],"
			  "\"Tags\":[" MARKS("g=5B=22a=22=5D") "]}",
		  .status = 400,
		  .answer = "{\"__type\":\"AccessDeniedFault\",\"message\":"
			    "\"The IAM Role x is not configured properly\"}" },
		{ .target = "CreateReplicationSubnetGroup",
		  .answer = "{\"ReplicationSubnetGroup\":{"
			    "\"ReplicationSubnetGroupIdentifier\":"
			    "\"dev-main-a\"}}" },
		{ .target = "DescribeReplicationSubnetGroups",
		  .body = FILTER("replication-subnet-group-id", "dev-main-a"),
		  .answer = "{\"ReplicationSubnetGroups\":[{"
			    "\"ReplicationSubnetGroupDescription\":\"x\","
			    "\"Subnets\":[{\"SubnetIdentifier\":\"subnet-2\"},"
			    "{\"SubnetIdentifier\":\"subnet-1\"}]}]}" },
		{ .target = "ListTagsForResource",
		  .body = "{\"ResourceArn\":\"arn:aws:dms:us-east-1:"
			  "000000000000:subgrp:dev-main-a\"}" },
		{ .target = "DeleteReplicationSubnetGroup" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = call(s, &a, &group_type, "g[\"a\"]",
			     "{\"description\":\"x\",\"subnets\":"
			     "[\"subnet-1\",\"subnet-2\"]}");

	(void)state;
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	assert_true(str_is(c.id, "dev-main-a"));
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_int_equal(c.result.as.map.n, 0);
	is(c.type->ops->destroy(&c), STEP_DONE, &c);
	scripted_stop(s);
	arena_release(&a);
}

#define INSTANCE(status, class)                                                \
	"{\"ReplicationInstances\":[{\"ReplicationInstanceArn\":\"arn:i\","    \
	"\"ReplicationInstanceIdentifier\":\"dev-main-a\","                    \
	"\"ReplicationInstanceStatus\":\"" status                              \
	"\",\"AllocatedStorage\":20,\"EngineVersion\":\"3.5.4\","              \
	"\"MultiAZ\":false,\"VpcSecurityGroups\":[{"                           \
	"\"VpcSecurityGroupId\":\"sg-1\"}],"                                   \
	"\"ReplicationInstanceClass\":\"" class "\"}]}"

static void makes_an_instance(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateReplicationInstance",
		  .body = "{\"AllocatedStorage\":20,\"MultiAZ\":false,"
			  "\"PubliclyAccessible\":false,"
			  "\"ReplicationInstanceClass\":\"dms.t3.medium\","
			  "\"ReplicationInstanceIdentifier\":\"dev-main-a\","
			  "\"ReplicationSubnetGroupIdentifier\":\"g\","
			  "\"Tags\":[" MARKS(
			      "i") "],"
				   "\"VpcSecurityGroupIds\":[\"sg-1\"]}",
		  .answer = "{\"ReplicationInstance\":{"
			    "\"ReplicationInstanceArn\":\"arn:i\","
			    "\"ReplicationInstanceStatus\":\"creating\"}}" },
		{ .target = "DescribeReplicationInstances",
		  .answer = INSTANCE("creating", "dms.t3.medium") },
		{ .target = "DescribeReplicationInstances",
		  .answer = INSTANCE("available", "dms.t3.medium") },
		{ .target = "DescribeReplicationInstances",
		  .answer = INSTANCE("available", "dms.t3.large") },
		{ .target = "ListTagsForResource" },
		{ .target = "DescribeReplicationInstances",
		  .answer = INSTANCE("available", "dms.t3.large") },
		{ .target = "DeleteReplicationInstance",
		  .body = "{\"ReplicationInstanceArn\":\"arn:i\"}" },
		{ .target = "DescribeReplicationInstances",
		  .answer = INSTANCE("deleting", "dms.t3.large") },
		{ .target = "DescribeReplicationInstances",
		  .status = 400,
		  .answer = FAULT("ResourceNotFoundFault") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = call(s, &a, &instance_type, "i",
			     "{\"class\":\"dms.t3.medium\","
			     "\"subnet_group\":\"g\","
			     "\"security_groups\":[\"sg-1\"]}");
	struct value size = { .kind = VALUE_SIZE };

	(void)state;
	size.as.amount = INT64_C(20) << 30;
	c.config = value_with(c.config, STR("storage"), size, &a);
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	assert_true(str_is(c.id, "arn:i"));
	assert_string_equal(text(c.result, "version"), "3.5.4");
	c.prior = value_with(
	    value_with(c.config, STR("version"), value_c("3.5.4"), &a),
	    STR("multi_az"), value_bool(false), &a);
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_int_equal(c.result.as.map.n, 1);
	assert_string_equal(text(c.result, "class"), "dms.t3.large");
	size.as.amount = INT64_C(10) << 30;
	c.config = value_with(c.config, STR("storage"), size, &a);
	assert_int_equal(c.type->ops->plan(&c, "update"), -1);
	c.is_poll = false;
	is(finish(&c, c.type->ops->destroy), STEP_DONE, &c);
	scripted_stop(s);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates_an_endpoint),
		cmocka_unit_test(adopts_what_an_earlier_attempt_made),
		cmocka_unit_test(reads_an_endpoint),
		cmocka_unit_test(tells_nothing_of_secrets),
		cmocka_unit_test(updates_an_endpoint),
		cmocka_unit_test(changes_an_endpoint_under_a_task),
		cmocka_unit_test(lets_the_service_read_the_secret),
		cmocka_unit_test(imports_a_certificate),
		cmocka_unit_test(finds_objects_by_their_tags),
		cmocka_unit_test(destroys_an_endpoint),
		cmocka_unit_test(makes_a_subnet_group),
		cmocka_unit_test(makes_an_instance),
	};

	return cmocka_run_group_tests(tests, open_client, close_client);
}
