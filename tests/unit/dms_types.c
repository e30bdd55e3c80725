/* The dms types: exact requests, and what they make of the answers. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"
#include "providers/aws/dms.h"
#include "tests/unit/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MARKS(address)                                                         \
	"{\"Key\":\"dmsl:address\",\"Value\":\"" address "\"},"                \
	"{\"Key\":\"dmsl:intent\",\"Value\":\"" TOKEN "\"},"                   \
	"{\"Key\":\"dmsl:stack\",\"Value\":\"dev/0123456789abcdef\"}"
#define FILTER(name, value)                                                    \
	"{\"Filters\":[{\"Name\":\"" name "\",\"Values\":[\"" value "\"]}]}"
#define OURS(address)                                                          \
	"{\"TagList\":[{\"Key\":\"dmsl:address\",\"Value\":\"" address         \
	"\"},{\"Key\":\"dmsl:intent\",\"Value\":\"" TOKEN                      \
	"\"},{\"Key\":\"dmsl:stack\",\"Value\":\"dev/0123456789abcdef\"},"     \
	"{\"Key\":\"team\",\"Value\":\"a\"}]}"
#define FAULT(code) "{\"__type\":\"" code "\",\"message\":\"words\"}"

/* The scripted server; NULL: down. */
static struct scripted *server;
static struct aws_client *dms;

static int endpoint(void *ctx, const struct aws_service *service,
		    bool is_expired, struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	(void)ctx;
	(void)service;
	(void)is_expired;
	(void)a;
	if (!server)
		return error_set(err, ERROR_UNAVAILABLE, "it is down");
	*out = (struct aws_endpoint){
		.url = str_from(scripted_url(server)),
		.region = STR("us-east-1"),
		.access_key = STR("AKIDEXAMPLE"),
		.secret_key = STR("secret"),
		.account = STR("000000000000"),
	};
	return 0;
}

/* self is the scripted server. */
static int client(void *self, bool may_start, struct aws_client **out,
		  struct error *err)
{
	(void)may_start;
	(void)err;
	server = self;
	*out = dms;
	return 0;
}

static int place(void *self, struct dms_place *out, struct error *err)
{
	(void)self;
	(void)err;
	*out = (struct dms_place){
		.partition = STR("aws"),
		.region = STR("us-east-1"),
		.account = STR("000000000000"),
	};
	return 0;
}

static int secret(void *self, struct str id, struct arena *a, struct str *json,
		  struct error *err)
{
	(void)self;
	(void)a;
	if (str_is(id, "broken"))
		*json = STR("{\"password\":s3ntinel}");
	else if (str_is(id, "arn:secret"))
		*json = STR("{\"username\":\"master\","
			    "\"password\":\"s3ntinel\"}");
	else
		return error_set(err, ERROR_NOT_FOUND, "no such secret");
	return 0;
}

static struct str stack(void *self)
{
	(void)self;
	return STR("dev/0123456789abcdef");
}

static const struct dms_host host = {
	.client = client,
	.place = place,
	.secret = secret,
	.poll_ms = 10,
	.stack = stack,
};

static const struct resource_type group_type = {
	.name = "replication_subnet_group",
	.ops = &replication_subnet_group_ops,
	.data = &host,
};
static const struct resource_type instance_type = {
	.name = "replication_instance",
	.ops = &replication_instance_ops,
	.data = &host,
};
static const struct resource_type endpoint_type = {
	.name = "dms_endpoint",
	.ops = &dms_endpoint_ops,
	.data = &host,
};
static const struct resource_type task_type = {
	.name = "dms_task",
	.ops = &dms_task_ops,
	.data = &host,
};

static struct value json(const char *text, struct arena *a)
{
	struct error err = { 0 };
	struct value v;

	if (json_read(str_from(text), a, &v, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return v;
}

static struct call call(struct scripted *s, struct arena *a,
			const struct resource_type *type, const char *address,
			const char *config)
{
	struct call c = {
		.self = s,
		.type = type,
		.arena = a,
		.address = str_from(address),
		.name = STR("Dev-Main--a"),
		.token = STR(TOKEN),
		.config = json(config, a),
	};

	c.prior = c.config;
	return c;
}

static void is(enum step step, enum step wanted, const struct call *c)
{
	if (step != wanted)
		print_error("%s (%s)\n", c->err.message, c->err.hint);
	assert_int_equal(step, wanted);
}

/* Calls until the step ends. */
static enum step finish(struct call *c, enum step (*f)(struct call *c))
{
	enum step step = f(c);

	for (int i = 0; step == STEP_PENDING && i < 50; i++) {
		assert_true(c->poll_ms > 0);
		assert_true(c->waiting_for.n > 0);
		c->is_poll = true;
		step = f(c);
	}
	return step;
}

/* Good until the next call. */
static const char *text(struct value map, const char *key)
{
	static char out[200];
	const struct value *v = value_get(map, key);

	if (!v || v->kind != VALUE_STRING)
		return "(none)";
	snprintf(out, sizeof(out), "%.*s", STR_ARG(v->as.text));
	return out;
}

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

#define TASKS_ARE(status)                                                      \
	{                                                                      \
		.target = "DescribeReplicationTasks",                          \
		.answer = "{\"ReplicationTasks\":[{\"ReplicationTaskArn\":"    \
			  "\"arn:t\",\"ReplicationTaskIdentifier\":\"t\","     \
			  "\"ReplicationInstanceArn\":\"arn:i\",\"Status\":"   \
			  "\"" status "\"}]}",                                 \
	}

/* The start of the digest of the dates of a task that has none. */
#define NEVER_STARTED "01ba4719c80b6fe9"

/* One poll. */
static void step_on(struct call *c, enum step wanted)
{
	is(c->type->ops->update(c), wanted, c);
	c->is_poll = true;
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

#define MAPPING                                                                \
	"{\\\"rules\\\":[{\\\"object-locator\\\":{\\\"schema-name\\\":"        \
	"\\\"sales\\\","                                                       \
	"\\\"table-name\\\":\\\"%\\\"},\\\"rule-action\\\":\\\"include\\\","   \
	"\\\"rule-id\\\":\\\"1\\\",\\\"rule-name\\\":\\\"1\\\","               \
	"\\\"rule-type\\\":\\\"selection\\\"}]}"
#define SETTINGS                                                               \
	"{\\\"FullLoadSettings\\\":{\\\"TargetTablePrepMode\\\":"              \
	"\\\"TRUNCATE_BEFORE_LOAD\\\"}}"
#define TASK_CONFIG                                                            \
	"{\"instance\":\"arn:i\",\"source\":\"arn:s\",\"target\":\"arn:t\","   \
	"\"mode\":\"full_load\",\"tables\":\"" MAPPING                         \
	"\",\"settings\":\"" SETTINGS                                          \
	"\",\"run\":\"on_apply\",\"wait\":\"loaded\","                         \
	"\"on_change\":\"refuse\"}"
#define TASK(status, more)                                                     \
	"{\"ReplicationTasks\":[{\"ReplicationTaskArn\":\"arn:k\","            \
	"\"ReplicationTaskIdentifier\":\"dev-main-a\","                        \
	"\"MigrationType\":\"full-load\",\"TableMappings\":\"" MAPPING         \
	"\",\"ReplicationTaskSettings\":\"" SETTINGS "\",\"Status\":\"" status \
	"\"" more "}]}"
#define STARTED(at) ",\"ReplicationTaskStartDate\":" at
#define FINISHED(at, errors)                                                   \
	STARTED(at)                                                            \
	",\"StopReason\":\"Stop Reason FULL_LOAD_ONLY_FINISHED\","             \
	"\"ReplicationTaskStats\":{\"TablesLoaded\":1,"                        \
	"\"TablesErrored\":" errors "}"
#define TESTED(status)                                                         \
	"{\"Connections\":[{\"Status\":\"" status                              \
	"\",\"LastFailureMessage\":\"no encryption\"}]}"
#define STATISTICS(state)                                                      \
	"{\"TableStatistics\":[{\"SchemaName\":\"sales\","                     \
	"\"TableName\":\"orders\",\"TableState\":\"" state                     \
	"\",\"FullLoadRows\":640000}]}"

static struct call task_call(struct scripted *s, struct arena *a)
{
	struct call c = call(s, a, &task_type, "dms_task.demo", TASK_CONFIG);

	c.id = STR("arn:k");
	return c;
}

static void makes_a_task(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateReplicationTask",
		  .body =
		      "{\"MigrationType\":\"full-load\","
		      "\"ReplicationInstanceArn\":\"arn:i\","
		      "\"ReplicationTaskIdentifier\":\"dev-main-a\","
		      "\"ReplicationTaskSettings\":\"" SETTINGS "\","
		      "\"SourceEndpointArn\":\"arn:s\","
		      "\"TableMappings\":\"" MAPPING "\","
		      "\"Tags\":[" MARKS(
			  "dms_task.demo") "],"
					   "\"TargetEndpointArn\":\"arn:t\"}",
		  .answer = "{\"ReplicationTask\":{"
			    "\"ReplicationTaskArn\":\"arn:k\","
			    "\"Status\":\"creating\"}}" },
		{ .target = "DescribeReplicationTasks",
		  .body = FILTER("replication-task-arn", "arn:k"),
		  .answer = TASK("ready", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.id = STR("");
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	assert_string_equal(text(c.result, "loaded"), "");
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_int_equal(c.result.as.map.n, 0);
	scripted_stop(s);
	arena_release(&a);
}

static void loads_once(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource" },
		{ .target = "DescribeConnections",
		  .body = "{\"Filters\":[{\"Name\":\"endpoint-arn\","
			  "\"Values\":[\"arn:s\"]},{\"Name\":"
			  "\"replication-instance-arn\",\"Values\":"
			  "[\"arn:i\"]}]}",
		  .answer = "{\"Connections\":[]}" },
		{ .target = "TestConnection",
		  .body = "{\"EndpointArn\":\"arn:s\","
			  "\"ReplicationInstanceArn\":\"arn:i\"}" },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		/* Next poll. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":"
			  "\"start-replication\"}" },
		/* The old state is shown, then the load. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", STARTED("17.5")) },
		{ .target = "DescribeTableStatistics",
		  .body = "{\"MaxRecords\":500,"
			  "\"ReplicationTaskArn\":\"arn:k\"}",
		  .answer = STATISTICS("Full load") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "0")) },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table completed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	is(finish(&c, c.type->ops->run), STEP_DONE, &c);
	assert_int_equal(strlen(text(c.result, "loaded")), 64);
	assert_true(
	    str_starts(c.waiting_for, "the load: sales.orders 640,000 rows"));
	scripted_stop(s);
	arena_release(&a);
}

/* Kills at each place; the tag tells what the earlier attempt did. */
static void finds_its_own_start(void **state)
{
	char tags[400];
	struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource" },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask" },
		/* Killed after the start: it runs, or is over already. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "0")) },
		{ .target = "ListTagsForResource", .answer = tags },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table completed") },
		/* Killed between tag and start: it is started now. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource", .answer = tags },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask" },
		/* Another step's token: it is loaded anew. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "0")) },
		{ .target = "ListTagsForResource", .answer = tags },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":\"reload-target\"}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);
	char base[17];

	(void)state;
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	assert_int_equal(sscanf(c.memo.s, "start %16s", base), 1);
	snprintf(tags, sizeof(tags),
		 "{\"TagList\":[{\"Key\":\"dmsl:run\",\"Value\":\"%s:%s\"}]}",
		 TOKEN, base);
	c.is_recovery = true;
	c.memo = STR("");
	is(c.type->ops->run(&c), STEP_DONE, &c);
	c.memo = STR("");
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	c.memo = STR("");
	c.token = STR("another");
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	scripted_stop(s);
	arena_release(&a);
}

static void says_why_a_load_failed(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "1")) },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table error") },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table error") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("failed",
				 STARTED("18") ",\"StopReason\":\"Stop Reason "
					       "FATAL_ERROR\","
					       "\"LastFailureMessage\":"
					       "\"disk is full\"") },
		{ .target = "DescribeTableStatistics",
		  .answer = "{\"TableStatistics\":[]}" },
		/* What can be gone on with, is. */
		{ .target = "DescribeReplicationTasks",
		  .answer =
		      TASK("failed", STARTED("18") ",\"StopReason\":"
						   "\"Stop Reason "
						   "RECOVERABLE_ERROR\"") },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":"
			  "\"resume-processing\"}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.memo = STR("start 0000000000000000 0 0");
	is(c.type->ops->run(&c), STEP_FAILED, &c);
	assert_string_equal(c.err.message,
			    "not all tables were loaded: sales.orders (Table "
			    "error): Stop Reason FULL_LOAD_ONLY_FINISHED");
	is(c.type->ops->run(&c), STEP_FAILED, &c);
	assert_string_equal(c.err.message, "the load failed: disk is full");
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	assert_true(str_starts(c.memo, "start "));
	assert_non_null(strstr(c.memo.s, " 1 "));
	scripted_stop(s);
	arena_release(&a);
}

static void says_why_a_connection_failed(void **state)
{
	struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "DescribeConnections", .answer = TESTED("failed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.memo = STR("test 4 0");
	is(c.type->ops->run(&c), STEP_FAILED, &c);
	assert_string_equal(c.err.message,
			    "the replication instance cannot connect to the "
			    "source: no encryption");
	assert_string_equal(c.err.hint, "set ssl = require on the endpoint");
	scripted_stop(s);
	arena_release(&a);
}

static const char *effect(const struct call *c, size_t i)
{
	assert_true(i < c->effects.n);
	return c->effects.items[i].text.s;
}

static void plans_a_load(void **state)
{
	static const struct scripted_step script[] = {
		/* The first. */
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[{\"EndpointIdentifier\":"
			    "\"source-db\"}]}" },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[{\"EndpointIdentifier\":"
			    "\"target-db\"}]}" },
		/* Changed tables, reloaded. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "DescribeEndpoints" },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[{\"EndpointIdentifier\":"
			    "\"target-db\"}]}" },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table completed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.id = STR("");
	c.prior = value_null();
	assert_int_equal(c.type->ops->plan(&c, "create"), 0);
	assert_true(c.needs_run);
	assert_true(str_is(c.run_reason, "never loaded"));
	assert_int_equal(c.effects.n, 4);
	assert_string_equal(effect(&c, 0),
			    "connect to source-db and read the tables");
	assert_string_equal(effect(&c, 2), "truncate sales.% on target-db");
	assert_string_equal(effect(&c, 3), "load sales.% into target-db");
	assert_true(str_is(c.effects.items[0].object, "source"));
	assert_true(str_is(c.effects.items[2].object, "table sales.%"));
	assert_true(str_is(c.effects.items[3].object, "table sales.%"));
	vec_release(&c.effects);

	c.needs_run = false;
	c.id = STR("arn:k");
	c.prior = value_with(c.config, STR("loaded"),
			     value_c("0000000000000000000000000000000000000000"
				     "000000000000000000000000"),
			     &a);
	assert_int_equal(c.type->ops->plan(&c, "update"), -1);
	assert_string_equal(c.err.message, "the table mapping changed after it "
					   "was loaded");
	assert_non_null(strstr(c.err.hint, "reload_all"));

	c.err = (struct error){ 0 };
	c.config =
	    value_with(c.config, STR("on_change"), value_c("reload_all"), &a);
	c.prior = value_with(c.prior, STR("settings"), value_c("{}"), &a);
	assert_int_equal(c.type->ops->plan(&c, "update"), 0);
	assert_true(c.needs_run);
	assert_string_equal(effect(&c, 0),
			    "task dev-main-a, which runs, is stopped");
	assert_string_equal(effect(&c, 3), "truncate sales.orders on target-db "
					   "(640,000 rows)");
	assert_true(str_is(c.effects.items[0].object, "task"));
	assert_true(str_is(c.effects.items[3].object, "table sales.orders"));
	assert_true(str_is(c.effects.items[3].within, "table sales.%"));
	vec_release(&c.effects);
	scripted_stop(s);
	arena_release(&a);
}

static void changes_and_destroys_a_running_task(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_task.demo") },
		{ .target = "RemoveTagsFromResource" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "StopReplicationTask" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopping", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", "") },
		{ .target = "ModifyReplicationTask",
		  .body = "{\"MigrationType\":\"full-load\","
			  "\"ReplicationTaskArn\":\"arn:k\","
			  "\"ReplicationTaskSettings\":\"" SETTINGS "\","
			  "\"TableMappings\":\"" MAPPING "\"}" },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_task.demo") },
		{ .target = "RemoveTagsFromResource",
		  .body = "{\"ResourceArn\":\"arn:k\","
			  "\"TagKeys\":[\"team\"]}" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("modifying", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", "") },
		/* Destroyed. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "StopReplicationTask" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", "") },
		{ .target = "DeleteReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\"}" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("deleting", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = "{\"ReplicationTasks\":[]}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	/* A tag alone does not stop it. */
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	c.prior = value_with(c.prior, STR("settings"), value_c("{}"), &a);
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	c.memo = STR("");
	c.is_poll = false;
	is(finish(&c, c.type->ops->destroy), STEP_DONE, &c);
	scripted_stop(s);
	arena_release(&a);
}

#define LEFT_STOPPED(base)                                                     \
	"{\"TagList\":[{\"Key\":\"dmsl:stopped\",\"Value\":\"" base "\"}]}"
#define BASE "62a502d981c6b119" /* of what was started at 17.5 */

/* Its endpoint was changed, and could not be reached then. */
static void goes_on_with_what_was_left_stopped(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("17.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		/* The plan. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("17.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		/* The update. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("17.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		{ .target = "AddTagsToResource" },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":"
			  "\"resume-processing\"}" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", STARTED("17.5")) },
		/* Stopped by hand since another start: it stays so. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("18.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.config = value_with(c.config, STR("run"), value_c("manual"), &a);
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_true(c.is_broken);
	assert_int_equal(c.type->ops->plan(&c, "update"), 0);
	assert_int_equal(c.effects.n, 1);
	assert_int_equal(c.effects.items[0].kind, EFFECT_START);
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	c.is_broken = false;
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_false(c.is_broken);
	scripted_stop(s);
	vec_release(&c.effects);
	arena_release(&a);
}

static void inspects_a_task(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("1", "0")) },
		{ .target = "DescribeTableStatistics",
		  .answer = "{\"Marker\":\"m\",\"TableStatistics\":[{"
			    "\"SchemaName\":\"a\",\"TableName\":\"b\"}]}" },
		{ .target = "DescribeTableStatistics",
		  .body = "{\"Marker\":\"m\",\"MaxRecords\":500,"
			  "\"ReplicationTaskArn\":\"arn:k\"}",
		  .answer = STATISTICS("Table completed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);
	const struct value *tables;

	(void)state;
	is(c.type->ops->inspect(&c), STEP_DONE, &c);
	assert_string_equal(text(c.result, "status"), "stopped");
	tables = value_get(c.result, "tables");
	assert_int_equal(tables->as.list.n, 2);
	assert_string_equal(text(tables->as.list.items[1], "table"), "orders");
	assert_int_equal(value_number(tables->as.list.items[1], "rows", 0),
			 640000);
	scripted_stop(s);
	arena_release(&a);
}

static int open_client(void **state)
{
	(void)state;
	dms = aws_client_new(&(struct aws_source){ .endpoint = endpoint });
	return 0;
}

static int close_client(void **state)
{
	(void)state;
	aws_client_free(dms);
	return 0;
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
		cmocka_unit_test(makes_a_task),
		cmocka_unit_test(loads_once),
		cmocka_unit_test(finds_its_own_start),
		cmocka_unit_test(says_why_a_load_failed),
		cmocka_unit_test(says_why_a_connection_failed),
		cmocka_unit_test(plans_a_load),
		cmocka_unit_test(changes_and_destroys_a_running_task),
		cmocka_unit_test(goes_on_with_what_was_left_stopped),
		cmocka_unit_test(inspects_a_task),
	};

	return cmocka_run_group_tests(tests, open_client, close_client);
}
