/* Calls as a whole: repetition, pages, clocks, credentials, secrets. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "providers/aws/client.h"
#include "tests/unit/scripted.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- a client of a scripted server -- */

static int asked, asked_expired;
static const char *fixed_url;

static int endpoint(void *ctx, const struct aws_service *s, bool is_expired,
		    struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	(void)s;
	(void)a;
	asked++;
	asked_expired += is_expired;
	if (!ctx && !fixed_url)
		return error_set(err, ERROR_DENIED, "there are no credentials");
	*out = (struct aws_endpoint){
		.url = str_from(ctx ? scripted_url(ctx) : fixed_url),
		.region = STR("us-east-1"),
		.access_key = STR("AKIDEXAMPLE"),
		.secret_key = STR("secret"),
		.session_token = is_expired ? STR("fresh") : STR("stale"),
	};
	return 0;
}

static struct aws_client *client_of(struct scripted *s)
{
	asked = asked_expired = 0;
	return aws_client_new(&(struct aws_source){
	    .endpoint = endpoint,
	    .ctx = s,
	    .base_ms = 1,
	    .agent = STR("dmsl/1 run/42"),
	});
}

/* One call and what came of it. */
struct tried {
	int rc, steps;
	struct error err;
	struct aws_refusal refusal;
	struct value out;
};

static struct arena mem;

static struct tried try_it(const struct scripted_step *script,
			   const struct aws_service *service,
			   const char *operation, struct value input,
			   struct aws_how how)
{
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct tried t = { 0 };

	how.refusal = &t.refusal;
	t.rc = aws_do(k, service, operation, input, how, &mem, &t.out, &t.err);
	t.steps = scripted_played(s);
	scripted_stop(s);
	aws_client_free(k);
	return t;
}

static struct value one(const char *key, struct value v)
{
	struct value_entry e = { str_from(key), v };

	return value_map(&e, 1, &mem);
}

static const struct aws_how safe = { .is_safe = true };
static const struct aws_how unsafe = { 0 };

static int clear_memory(void **state)
{
	(void)state;
	arena_release(&mem);
	return 0;
}

#define EC2_ERROR(code, words)                                                 \
	"<Response><Errors><Error><Code>" code "</Code><Message>" words        \
	"</Message></Error></Errors></Response>"
#define VPC                                                                    \
	"<CreateVpcResponse><vpc><vpcId>vpc-1</vpcId></vpc>"                   \
	"</CreateVpcResponse>"

/* -- one call -- */

static void calls_an_operation(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateVpc",
		  .body = "Action=CreateVpc&Version=2016-11-15&CidrBlock="
			  "10.0.0.0%2F16",
		  .request = "user-agent: dmsl/1 run/42\r\n",
		  .answer = VPC },
		{ 0 },
	};
	struct tried t =
	    try_it(script, &aws_ec2, "CreateVpc",
		   one("CidrBlock", value_c("10.0.0.0/16")), unsafe);

	(void)state;
	assert_int_equal(t.rc, 0);
	assert_true(str_is(aws_text(t.out, "vpc/vpcId"), "vpc-1"));
	assert_string_equal(t.refusal.code, "");
}

static void calls_by_path(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "Execute",
		  .request = "POST /Execute HTTP/1.1\r\n",
		  .body = "{\"sql\":\"select 1\"}",
		  .answer = "{\"numberOfRecordsUpdated\":0}" },
		{ 0 },
	};
	struct tried t = try_it(script, &aws_rds_data, "ExecuteStatement",
				one("sql", value_c("select 1")), unsafe);

	(void)state;
	assert_int_equal(t.rc, 0);
	assert_int_equal(value_number(t.out, "numberOfRecordsUpdated", 1), 0);
}

static void leaves_out_a_signature(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "AssumeRoleWithWebIdentity",
		  .absent = "authorization:",
		  .answer = "<AssumeRoleWithWebIdentityResponse/>" },
		{ 0 },
	};
	struct tried t =
	    try_it(script, &aws_sts, "AssumeRoleWithWebIdentity", value_null(),
		   (struct aws_how){ .is_safe = true, .is_unsigned = true });

	(void)state;
	assert_int_equal(t.rc, 0);
}

static void says_what_was_refused(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 400,
		  .answer = EC2_ERROR("Client.VpcLimitExceeded",
				      "The maximum\nnumber is reached.") },
		{ 0 },
	};
	struct tried t =
	    try_it(script, &aws_ec2, "CreateVpc", value_null(), unsafe);

	(void)state;
	assert_int_equal(t.rc, -1);
	assert_int_equal(t.err.kind, ERROR_QUOTA);
	assert_string_equal(t.err.message, "CreateVpc: VpcLimitExceeded: The "
					   "maximum number is reached.");
	assert_non_null(strstr(t.err.hint, "VPCs per Region"));
	assert_string_equal(t.refusal.code, "VpcLimitExceeded");
	assert_string_equal(t.refusal.words, "The maximum number is reached.");
}

static void sees_failures_in_an_answer(void **state)
{
	static const struct scripted_step script[] = {
		{ .answer = "<DeleteVpcEndpointsResponse><unsuccessful><item>"
			    "<error><code>InvalidVpcEndpoint.NotFound</code>"
			    "<message>none</message></error></item>"
			    "</unsuccessful></DeleteVpcEndpointsResponse>" },
		{ 0 },
	};
	struct tried t =
	    try_it(script, &aws_ec2, "DeleteVpcEndpoints", value_null(), safe);

	(void)state;
	assert_int_equal(t.rc, -1);
	assert_int_equal(t.err.kind, ERROR_NOT_FOUND);
	assert_string_equal(t.refusal.code, "InvalidVpcEndpoint.NotFound");
}

static void takes_a_dry_run_for_success(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 412,
		  .answer = EC2_ERROR("DryRunOperation", "would have") },
		{ 0 },
	};
	struct tried t = try_it(script, &aws_ec2, "CreateVpc",
				one("DryRun", value_bool(true)), unsafe);

	(void)state;
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.err.kind, ERROR_NONE);
}

/* Secrets of a form, of JSON and inside lists, in whatever is said of them. */
static void never_repeats_a_secret(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 400,
		  .answer = "<ErrorResponse><Error><Code>InvalidParameterValue"
			    "</Code><Message>bad s3nt&amp;nel here</Message>"
			    "</Error></ErrorResponse>" },
		{ 0 },
	};
	static const struct scripted_step page[] = {
		{ .status = 400, .answer = "a page\nof s3nt&nel" },
		{ .status = 400, .answer = "s3nt&nel s3nt&nel" },
		{ 0 },
	};
	struct value secret = value_mark(value_c("s3nt&nel"), MARK_SECRET);
	struct value input = one("A", value_list(&secret, 1));
	struct tried t =
	    try_it(script, &aws_rds, "ModifyDBCluster", input, safe);
	struct scripted *s = scripted_start(page);
	struct aws_client *k = client_of(s);

	(void)state;
	assert_int_equal(t.rc, -1);
	assert_null(strstr(t.err.message, "s3nt"));
	assert_null(strstr(t.refusal.words, "s3nt"));
	assert_non_null(strstr(t.err.message, "InvalidParameterValue"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", input, unsafe,
					&mem, &t.out, &t.err),
				 -1);
		assert_null(strstr(t.err.message, "s3nt"));
	}
	scripted_stop(s);
	aws_client_free(k);
}

/* A secret's value is text to the service, JSON to those who use it. */
static void never_repeats_a_part_of_a_secret(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 400,
		  .answer = "{\"__type\":\"InvalidParameterException\","
			    "\"message\":\"s3ntinel is too weak\"}" },
		{ 0 },
	};
	struct value secret = value_mark(
	    value_c("{\"port\":1,\"a\":{\"password\":\"s3ntinel\"}}"),
	    MARK_SECRET);
	struct tried t = try_it(script, &aws_secrets, "CreateSecret",
				one("SecretString", secret), safe);

	(void)state;
	assert_int_equal(t.rc, -1);
	assert_null(strstr(t.err.message, "s3ntinel"));
	assert_null(strstr(t.refusal.words, "s3ntinel"));
}

static void shows_the_page_of_a_gateway(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 400, .answer = "<html><h1>nothing here\nmore" },
		{ 0 },
	};
	struct tried t =
	    try_it(script, &aws_ec2, "CreateVpc", value_null(), unsafe);

	(void)state;
	assert_string_equal(t.err.message, "CreateVpc: the service answered "
					   "400: <html><h1>nothing here");
}

/* -- again -- */

static const struct {
	const char *name;
	struct scripted_step first;
	bool is_repeated; /* though nothing protects it */
	bool is_repeated_if_safe;
	enum error_kind kind; /* of what is not protected */
} failures[] = {
	{ "throttled",
	  { .status = 503, .answer = EC2_ERROR("RequestLimitExceeded", "x") },
	  true,
	  true,
	  ERROR_NONE },
	{ "throttled by a gateway", { .status = 429 }, true, true, ERROR_NONE },
	{ "unavailable", { .status = 503 }, true, true, ERROR_NONE },
	{ "internal error",
	  { .status = 500, .answer = EC2_ERROR("InternalError", "x") },
	  false,
	  true,
	  ERROR_TIMEOUT },
	{ "a page of a gateway",
	  { .status = 502, .answer = "<html>" },
	  false,
	  true,
	  ERROR_TIMEOUT },
	{ "closed",
	  { .status = 1, .how = SCRIPT_CUT },
	  false,
	  true,
	  ERROR_TIMEOUT },
	{ "reset",
	  { .status = 1, .how = SCRIPT_RESET },
	  false,
	  true,
	  ERROR_TIMEOUT },
	{ "cut off",
	  { .answer = VPC, .how = SCRIPT_PART },
	  false,
	  true,
	  ERROR_TIMEOUT },
	{ "half of it, but as long as it said",
	  { .answer = "<CreateVpcResponse><vpc>" },
	  false,
	  true,
	  ERROR_TIMEOUT },
	{ "something else",
	  { .answer = "<ListAllMyBucketsResult/>" },
	  false,
	  true,
	  ERROR_TIMEOUT },
	{ "refused, and damaged",
	  { .status = 400, .answer = "\001<<<{\377" },
	  true,
	  true,
	  ERROR_NONE },
	{ "refused",
	  { .status = 400, .answer = EC2_ERROR("InvalidVpcRange", "x") },
	  false,
	  false,
	  ERROR_INVALID },
	{ "denied",
	  { .status = 403, .answer = EC2_ERROR("UnauthorizedOperation", "x") },
	  false,
	  false,
	  ERROR_DENIED },
};

static void repeats_what_may_be_repeated(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct scripted_step script[3] = { failures[i].first };
		struct tried t;

		if (failures[i].is_repeated_if_safe)
			script[1] = (struct scripted_step){ .answer = VPC };
		t = try_it(script, &aws_ec2, "CreateVpc", value_null(), safe);
		if ((t.rc == 0) != failures[i].is_repeated_if_safe)
			fail_msg("%s: %s", failures[i].name, t.err.message);
		/* What it said first is no longer so. */
		if (t.rc == 0)
			assert_string_equal(t.refusal.code, "");
		if (!failures[i].is_repeated)
			script[1] = (struct scripted_step){ 0 };
		t = try_it(script, &aws_ec2, "CreateVpc", value_null(), unsafe);
		if ((t.rc == 0) != failures[i].is_repeated ||
		    t.err.kind != failures[i].kind)
			fail_msg("%s: %s (%s)", failures[i].name, t.err.message,
				 error_kind_name(t.err.kind));
	}
}

/* libcurl itself repeats what a kept connection loses. */
static void sends_once_over_a_kept_connection(void **state)
{
	static const struct scripted_step script[] = {
		{ .answer = VPC, .keeps_alive = true },
		{ .status = 1, .how = SCRIPT_CUT },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(), safe,
				&mem, &out, &err),
			 0);
	assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(), unsafe,
				&mem, &out, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	scripted_stop(s);
	aws_client_free(k);
}

static void tries_three_times(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 503, .times = 3 },
		{ .status = 500, .times = 3 },
		{ .status = 500, .times = 3 },
		{ .status = 503, .times = 5 },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(), safe,
				&mem, &out, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	/* Something may have been made; a read makes nothing. */
	assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(), safe,
				&mem, &out, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	assert_int_equal(aws_ask(k, &aws_ec2, "DescribeVpcs", value_null(),
				 &mem, &out, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_true(value_is_null(out));
	aws_client_free(k);
	k = aws_client_new(&(struct aws_source){
	    .endpoint = endpoint,
	    .ctx = s,
	    .base_ms = 1,
	    .attempts = 5,
	});
	assert_int_equal(aws_ask(k, &aws_ec2, "DescribeVpcs", value_null(),
				 &mem, &out, &err),
			 -1);
	scripted_stop(s);
	aws_client_free(k);
}

static void waits_as_long_as_it_is_told(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 503, .headers = "x-amz-retry-after: 200\r\n" },
		{ .status = 429, .headers = "Retry-After: 1\r\n" },
		{ .answer = VPC },
		{ 0 },
	};
	int64_t start = clock_ms(), spent;
	struct tried t =
	    try_it(script, &aws_ec2, "CreateVpc", value_null(), unsafe);

	(void)state;
	spent = clock_ms() - start;
	assert_int_equal(t.rc, 0);
	assert_in_range(spent, 1200, 10000);
}

static void stops_repeating_when_all_fails(void **state)
{
	/* 500 tokens, 5 a repetition: 100 repetitions in 50 calls of 3. */
	static const struct scripted_step script[] = {
		{ .status = 503, .times = 50 * 3 + 10 },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct value out;

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct error err = { 0 };

		assert_int_equal(aws_ask(k, &aws_ec2, "DescribeVpcs",
					 value_null(), &mem, &out, &err),
				 -1);
		assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	}
	scripted_stop(s);
	aws_client_free(k);
}

static void knows_what_was_never_sent(void **state)
{
	static const struct scripted_step none[] = { { 0 } };
	struct scripted *s = scripted_start(none);
	struct aws_client *k;
	struct error err = { 0 };
	struct value out;

	(void)state;
	fixed_url = str_c(str_from(scripted_url(s)), &mem);
	scripted_stop(s);
	k = client_of(NULL);
	assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(), unsafe,
				&mem, &out, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_int_equal(asked, 3);
	fixed_url = NULL;
	assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(), unsafe,
				&mem, &out, &err),
			 -1);
	assert_int_equal(asked, 4);
	assert_string_equal(err.message, "there are no credentials");
	aws_client_free(k);
}

/* -- clock and credentials -- */

static void corrects_its_clock_for_good(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 400,
		  .headers = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		  .answer = EC2_ERROR("RequestExpired", "x") },
		{ .request = "x-amz-date: 19941106T08", .answer = VPC },
		{ .request = "x-amz-date: 19941106T08", .answer = VPC },
		/* Right by the service's clock: then it is the credentials. */
		{ .status = 400,
		  .headers = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		  .answer = EC2_ERROR("AuthFailure", "x") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct error err = { 0 };
	struct value out;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(),
					unsafe, &mem, &out, &err),
				 0);
	assert_int_equal(aws_do(k, &aws_ec2, "CreateVpc", value_null(), unsafe,
				&mem, &out, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	scripted_stop(s);
	aws_client_free(k);
}

static void asks_for_other_credentials_once(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 400,
		  .request = "x-amz-security-token: stale",
		  .answer = "{\"__type\":\"ExpiredTokenException\"}" },
		{ .request = "x-amz-security-token: fresh" },
		{ .status = 400,
		  .times = 2,
		  .answer = "{\"__type\":\"ExpiredTokenException\"}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(aws_do(k, &aws_dms, "CreateEndpoint", value_null(),
				unsafe, &mem, &out, &err),
			 0);
	assert_int_equal(asked_expired, 1);
	assert_int_equal(aws_do(k, &aws_dms, "CreateEndpoint", value_null(),
				unsafe, &mem, &out, &err),
			 -1);
	assert_int_equal(asked_expired, 2);
	assert_int_equal(err.kind, ERROR_DENIED);
	scripted_stop(s);
	aws_client_free(k);
}

/* -- pages -- */

static const struct {
	const struct aws_service *service;
	const char *operation, *path;
	struct scripted_step pages[4];
	int n;
} paged[] = {
	/* A page may be empty and not the last; the last has a token, empty. */
	{ &aws_ec2,
	  "DescribeVpcs",
	  "vpcSet/item/vpcId",
	  { { .body = "Action=DescribeVpcs&Version=2016-11-15&MaxResults=1000",
	      .answer = "<DescribeVpcsResponse><vpcSet><item><vpcId>1</vpcId>"
			"</item><item><vpcId>2</vpcId></item></vpcSet>"
			"<nextToken>a=</nextToken></DescribeVpcsResponse>" },
	    { .body = "Action=DescribeVpcs&Version=2016-11-15&MaxResults=1000"
		      "&NextToken=a%3D",
	      .answer =
		  "<DescribeVpcsResponse><nextToken>b</nextToken><vpcSet/>"
		  "</DescribeVpcsResponse>" },
	    { .body = "Action=DescribeVpcs&Version=2016-11-15&MaxResults=1000"
		      "&NextToken=b",
	      .answer = "<DescribeVpcsResponse>\n <vpcSet>\n  <item>\n"
			"   <vpcId>3</vpcId>\n  </item>\n </vpcSet>\n"
			" <nextToken/>\n</DescribeVpcsResponse>\n" } },
	  3 },
	{ &aws_rds,
	  "DescribeDBClusters",
	  "DBClusters/DBCluster/Id",
	  { { .body = "Action=DescribeDBClusters&Version=2014-10-31",
	      .answer = "<DescribeDBClustersResponse><DescribeDBClustersResult>"
			"<DBClusters><DBCluster><Id>1</Id></DBCluster>"
			"</DBClusters><Marker>m</Marker>"
			"</DescribeDBClustersResult>"
			"</DescribeDBClustersResponse>" },
	    { .body = "Action=DescribeDBClusters&Version=2014-10-31&Marker=m",
	      .answer = "<DescribeDBClustersResponse><DescribeDBClustersResult>"
			"<DBClusters><DBCluster><Id>2</Id></DBCluster>"
			"</DBClusters></DescribeDBClustersResult>"
			"</DescribeDBClustersResponse>" } },
	  2 },
	{ &aws_elbv2,
	  "DescribeLoadBalancers",
	  "LoadBalancers/member/Arn",
	  { { .answer = "<DescribeLoadBalancersResponse>"
			"<DescribeLoadBalancersResult><LoadBalancers><member>"
			"<Arn>1</Arn></member></LoadBalancers><NextMarker>m"
			"</NextMarker></DescribeLoadBalancersResult>"
			"</DescribeLoadBalancersResponse>" },
	    { .body = "Action=DescribeLoadBalancers&Version=2015-12-01&"
		      "Marker=m",
	      .answer = "<DescribeLoadBalancersResponse>"
			"<DescribeLoadBalancersResult><LoadBalancers/>"
			"</DescribeLoadBalancersResult>"
			"</DescribeLoadBalancersResponse>" } },
	  1 },
	/* IAM gives a marker to come back to even when that was all. */
	{ &aws_iam,
	  "ListRoles",
	  "Roles/member/RoleName",
	  { { .answer = "<ListRolesResponse><ListRolesResult><IsTruncated>true"
			"</IsTruncated><Marker>m</Marker><Roles><member>"
			"<RoleName>1</RoleName></member></Roles>"
			"</ListRolesResult></ListRolesResponse>" },
	    { .body = "Action=ListRoles&Version=2010-05-08&Marker=m",
	      .answer = "<ListRolesResponse><ListRolesResult><Roles><member>"
			"<RoleName>2</RoleName></member></Roles><IsTruncated>"
			"false</IsTruncated><Marker>n</Marker>"
			"</ListRolesResult></ListRolesResponse>" } },
	  2 },
	{ &aws_dms,
	  "DescribeEndpoints",
	  "Endpoints",
	  { { .body = "{}",
	      .answer = "{\"Endpoints\":[{},{}],\"Marker\":\"m\"}" },
	    { .body = "{\"Marker\":\"m\"}",
	      .answer = "{\"Endpoints\":[],\"Marker\":null}" } },
	  2 },
	{ &aws_tagging,
	  "GetResources",
	  "ResourceTagMappingList",
	  { { .body = "{\"ResourcesPerPage\":100}",
	      .answer = "{\"ResourceTagMappingList\":[{}],"
			"\"PaginationToken\":\"p\"}" },
	    { .body = "{\"PaginationToken\":\"p\",\"ResourcesPerPage\":100}",
	      .answer = "{\"ResourceTagMappingList\":[{}],"
			"\"PaginationToken\":\"\"}" } },
	  2 },
};

static void gathers_all_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paged) / sizeof(paged[0]); i++) {
		struct scripted *s = scripted_start(paged[i].pages);
		struct aws_client *k = client_of(s);
		struct error err = { 0 };
		struct value out;

		if (aws_ask_all(k, paged[i].service, paged[i].operation,
				value_null(), paged[i].path, &mem, &out,
				&err) < 0)
			fail_msg("%s: %s", paged[i].operation, err.message);
		scripted_stop(s);
		assert_int_equal(out.as.list.n, paged[i].n);
		aws_client_free(k);
	}
}

static void asks_for_no_page_size_beside_ids(void **state)
{
	static const struct scripted_step script[] = {
		{ .body = "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=v",
		  .answer = "<DescribeVpcsResponse/>" },
		{ .body = "Action=DescribeVpcs&Version=2016-11-15&Filter.1=f"
			  "&MaxResults=1000",
		  .answer = "<DescribeVpcsResponse/>" },
		{ .body = "Action=DescribeAddresses&Version=2016-11-15",
		  .answer = "<DescribeAddressesResponse/>" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct value id = value_c("v"), filter = value_c("f"), out;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(aws_ask_all(k, &aws_ec2, "DescribeVpcs",
				     one("VpcId", value_list(&id, 1)),
				     "vpcSet/item", &mem, &out, &err),
			 0);
	assert_int_equal(aws_ask_all(k, &aws_ec2, "DescribeVpcs",
				     one("Filter", value_list(&filter, 1)),
				     "vpcSet/item", &mem, &out, &err),
			 0);
	assert_int_equal(aws_ask_all(k, &aws_ec2, "DescribeAddresses",
				     value_null(), "addressesSet/item", &mem,
				     &out, &err),
			 0);
	assert_int_equal(out.kind, VALUE_LIST);
	scripted_stop(s);
	aws_client_free(k);
}

enum { PAGE_ITEMS = 10000, PAGES = 20 };
static int page;

static void make_page(const char *body, struct buf *out)
{
	(void)body;
	page++;
	buf_add_c(out, "<DescribeVpcsResponse><vpcSet>");
	for (int i = 0; i < PAGE_ITEMS; i++)
		buf_fmt(out,
			"<item><vpcId>vpc-%08x</vpcId><cidrBlock>10.0.0.0/16"
			"</cidrBlock><state>available</state><tagSet><item>"
			"<key>Name</key><value>a name</value></item></tagSet>"
			"</item>",
			(unsigned)(page * PAGE_ITEMS + i));
	buf_add_c(out, "</vpcSet>");
	if (page < PAGES)
		buf_fmt(out, "<nextToken>token-%d</nextToken>", page);
	buf_add_c(out, "</DescribeVpcsResponse>");
}

/* Memory as large as what is asked for, one connection for all of it. */
static void takes_large_pages(void **state)
{
	static const struct scripted_step script[] = {
		{ .make = make_page,
		  .status = 200,
		  .times = PAGES,
		  .keeps_alive = true },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	struct error err = { 0 };
	int64_t start = clock_ms();
	struct value out;
	size_t each;

	(void)state;
	page = 0;
	assert_int_equal(aws_ask_all(k, &aws_ec2, "DescribeVpcs", value_null(),
				     "vpcSet/item", &mem, &out, &err),
			 0);
	assert_int_equal(out.as.list.n, PAGES * PAGE_ITEMS);
	assert_true(
	    str_is(aws_text(out.as.list.items[PAGES * PAGE_ITEMS - 1], "vpcId"),
		   "vpc-0003344f"));
	assert_int_equal(scripted_connections(s), 1);
	each = mem.total / (PAGES * PAGE_ITEMS);
	print_message("# %d items: %zu bytes each, %lld ms\n",
		      PAGES * PAGE_ITEMS, each,
		      (long long)(clock_ms() - start));
	assert_in_range(each, 100, 1000);
	scripted_stop(s);
	aws_client_free(k);
}

static void make_endless(const char *body, struct buf *out)
{
	(void)body;
	buf_fmt(out, "{\"Marker\":\"%d\"}", page++);
}

static void does_not_read_for_ever(void **state)
{
	static const struct scripted_step same[] = {
		{ .times = 2, .answer = "{\"Marker\":\"m\"}" },
		{ 0 },
	};
	static const struct scripted_step endless[] = {
		{ .make = make_endless, .times = 10000, .keeps_alive = true },
		{ 0 },
	};
	struct scripted *s = scripted_start(same);
	struct aws_client *k = client_of(s);
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(aws_ask_all(k, &aws_dms, "DescribeEndpoints",
				     value_null(), "Endpoints", &mem, &out,
				     &err),
			 -1);
	assert_int_equal(err.kind, ERROR_CORRUPT);
	scripted_stop(s);
	aws_client_free(k);
	s = scripted_start(endless);
	k = client_of(s);
	assert_int_equal(aws_ask_all(k, &aws_dms, "DescribeEndpoints",
				     value_null(), "Endpoints", &mem, &out,
				     &err),
			 -1);
	assert_int_equal(err.kind, ERROR_QUOTA);
	scripted_stop(s);
	aws_client_free(k);
}

/* -- many at once -- */

enum { THREADS = 8, CALLS = 20 };

static void *call_often(void *k)
{
	struct arena a = { 0 };
	intptr_t failed = 0;

	for (int i = 0; i < CALLS; i++) {
		struct error err = { 0 };
		struct value out;

		failed += aws_ask(k, &aws_ec2, "CreateVpc", value_null(), &a,
				  &out, &err) < 0;
		arena_clear(&a);
	}
	arena_release(&a);
	return (void *)failed;
}

static void serves_many_threads(void **state)
{
	static const struct scripted_step script[] = {
		{ .answer = VPC, .times = THREADS * CALLS },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct aws_client *k = client_of(s);
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, call_often, k), 0);
	for (int i = 0; i < THREADS; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	scripted_stop(s);
	aws_client_free(k);
}

#define TEST(f) cmocka_unit_test_teardown(f, clear_memory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_an_operation),
		TEST(calls_by_path),
		TEST(leaves_out_a_signature),
		TEST(says_what_was_refused),
		TEST(sees_failures_in_an_answer),
		TEST(takes_a_dry_run_for_success),
		TEST(never_repeats_a_secret),
		TEST(never_repeats_a_part_of_a_secret),
		TEST(shows_the_page_of_a_gateway),
		TEST(repeats_what_may_be_repeated),
		TEST(sends_once_over_a_kept_connection),
		TEST(tries_three_times),
		TEST(waits_as_long_as_it_is_told),
		TEST(stops_repeating_when_all_fails),
		TEST(knows_what_was_never_sent),
		TEST(corrects_its_clock_for_good),
		TEST(asks_for_other_credentials_once),
		TEST(gathers_all_pages),
		TEST(asks_for_no_page_size_beside_ids),
		TEST(takes_large_pages),
		TEST(does_not_read_for_ever),
		TEST(serves_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
