/* The four protocols: bytes of requests, and what answers mean. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"
#include "providers/aws/decode.h"
#include "providers/aws/encode.h"
#include "providers/aws/fault.h"
#include "providers/aws/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct value json(const char *text, struct arena *a)
{
	struct error err = { 0 };
	struct value v;

	if (json_read(str_from(text), a, &v, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return v;
}

/* As canonical JSON, in the arena. */
static const char *shown(struct value v, struct arena *a)
{
	struct buf b;
	char *out;

	buf_init(&b, 1 << 20);
	json_write(&b, v, JSON_REVEAL);
	out = str_c(buf_str(&b), a);
	buf_release(&b);
	return out;
}

/* -- requests -- */

#define EC2   "&Version=2016-11-15"
#define RDS   "&Version=2014-10-31"
#define ELBV2 "&Version=2015-12-01"
#define IAM   "&Version=2010-05-08"

static const struct {
	const struct aws_service *service;
	const char *operation, *input, *body;
} requests[] = {
	{ &aws_ec2, "DescribeVpcs", "{}", "Action=DescribeVpcs" EC2 },
	{ &aws_ec2, "DescribeSubnets",
	  "{\"SubnetId\":[\"subnet-1\",\"subnet-2\"],\"Filter\":[{\"Name\":"
	  "\"tag:dmsl:stack\",\"Value\":[\"dev/0\"]}]}",
	  "Action=DescribeSubnets" EC2
	  "&Filter.1.Name=tag%3Admsl%3Astack&Filter.1.Value.1=dev%2F0"
	  "&SubnetId.1=subnet-1&SubnetId.2=subnet-2" },
	/* Null is left out, an empty list is nothing, text may be empty. */
	{ &aws_ec2, "CreateVpc",
	  "{\"A\":null,\"B\":[],\"C\":\"\",\"D\":true,\"E\":false,\"F\":1000}",
	  "Action=CreateVpc" EC2 "&C=&D=true&E=false&F=1000" },
	{ &aws_ec2, "ModifyVpcAttribute",
	  "{\"EnableDnsSupport\":{\"Value\":true},\"VpcId\":\"vpc-1\"}",
	  "Action=ModifyVpcAttribute" EC2
	  "&EnableDnsSupport.Value=true&VpcId=vpc-1" },
	{ &aws_ec2, "AuthorizeSecurityGroupIngress",
	  "{\"IpPermissions\":[{\"FromPort\":5432,\"Groups\":[{\"GroupId\":"
	  "\"sg-1\"}],\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/16\","
	  "\"Description\":\"a b\"}]}]}",
	  "Action=AuthorizeSecurityGroupIngress" EC2
	  "&IpPermissions.1.FromPort=5432&IpPermissions.1.Groups.1.GroupId="
	  "sg-1&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F16"
	  "&IpPermissions.1.IpRanges.1.Description=a%20b" },
	{ &aws_ec2, "CreateVpc",
	  "{\"TagSpecification\":[{\"ResourceType\":\"vpc\",\"Tag\":[{\"Key\":"
	  "\"name\",\"Value\":\"a=b&c+d~e*\xc3\xa9\"}]}]}",
	  "Action=CreateVpc" EC2 "&TagSpecification.1.ResourceType=vpc"
	  "&TagSpecification.1.Tag.1.Key=name"
	  "&TagSpecification.1.Tag.1.Value=a%3Db%26c%2Bd~e%2A%C3%A9" },
	{ &aws_rds, "CreateDBCluster",
	  "{\"AvailabilityZones\":[\"us-east-1a\"],"
	  "\"EnableCloudwatchLogsExports\":[\"postgresql\"],"
	  "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}],"
	  "\"VpcSecurityGroupIds\":[\"sg-1\",\"sg-2\"]}",
	  "Action=CreateDBCluster" RDS
	  "&AvailabilityZones.AvailabilityZone.1=us-east-1a"
	  "&EnableCloudwatchLogsExports.member.1=postgresql"
	  "&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v"
	  "&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1"
	  "&VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-2" },
	{ &aws_rds, "DescribeDBClusters",
	  "{\"Filters\":[{\"Name\":\"db-cluster-id\",\"Values\":[\"a\","
	  "\"b\"]}]}",
	  "Action=DescribeDBClusters" RDS "&Filters.Filter.1.Name=db-cluster-id"
	  "&Filters.Filter.1.Values.Value.1=a"
	  "&Filters.Filter.1.Values.Value.2=b" },
	{ &aws_rds, "CreateDBSubnetGroup",
	  "{\"SubnetIds\":[\"subnet-1\"],\"TagKeys\":[\"a\"]}",
	  "Action=CreateDBSubnetGroup" RDS
	  "&SubnetIds.SubnetIdentifier.1=subnet-1&TagKeys.member.1=a" },
	{ &aws_rds, "ModifyDBClusterParameterGroup",
	  "{\"Parameters\":[{\"ApplyMethod\":\"immediate\","
	  "\"ParameterName\":\"p\",\"ParameterValue\":\"1\"}]}",
	  "Action=ModifyDBClusterParameterGroup" RDS
	  "&Parameters.Parameter.1.ApplyMethod=immediate"
	  "&Parameters.Parameter.1.ParameterName=p"
	  "&Parameters.Parameter.1.ParameterValue=1" },
	/* In the query protocol an empty list clears. */
	{ &aws_rds, "ModifyDBCluster", "{\"VpcSecurityGroupIds\":[]}",
	  "Action=ModifyDBCluster" RDS "&VpcSecurityGroupIds=" },
	{ &aws_elbv2, "CreateLoadBalancer",
	  "{\"Subnets\":[\"subnet-1\"],\"Tags\":[{\"Key\":\"k\",\"Value\":"
	  "\"\"}]}",
	  "Action=CreateLoadBalancer" ELBV2 "&Subnets.member.1=subnet-1"
	  "&Tags.member.1.Key=k&Tags.member.1.Value=" },
	{ &aws_iam, "CreateRole",
	  "{\"AssumeRolePolicyDocument\":\"{\\\"a\\\": [1]}\"}",
	  "Action=CreateRole" IAM
	  "&AssumeRolePolicyDocument=%7B%22a%22%3A%20%5B1%5D%7D" },
	{ &aws_dms, "DescribeEndpoints", "null", "{}" },
	{ &aws_dms, "CreateEndpoint",
	  "{\"B\":[],\"A\":{\"x\":null,\"y\":[{\"z\":null}]},\"N\":null,"
	  "\"P\":5432,\"T\":true}",
	  "{\"A\":{\"y\":[{}]},\"B\":[],\"P\":5432,\"T\":true}" },
	{ &aws_rds_data, "ExecuteStatement", "{\"sql\":\"select 1\"}",
	  "{\"sql\":\"select 1\"}" },
};

static void encodes_each_protocol(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct error err = { 0 };
		struct aws_request q;

		assert_int_equal(
		    aws_encode(requests[i].service, requests[i].operation,
			       json(requests[i].input, &a), &a, &q, &err),
		    0);
		assert_string_equal(q.body.data, requests[i].body);
		assert_true(str_is(q.method, "POST"));
		buf_wipe(&q.body);
	}
	arena_release(&a);
}

static void names_operation_and_type(void **state)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_request q;

	(void)state;
	aws_encode(&aws_dms, "DescribeEndpoints", value_null(), &a, &q, &err);
	assert_true(str_is(q.target, "AmazonDMSv20160101.DescribeEndpoints"));
	assert_true(str_is(q.content_type, "application/x-amz-json-1.1"));
	buf_wipe(&q.body);
	aws_encode(&aws_rds_data, "BeginTransaction", value_null(), &a, &q,
		   &err);
	assert_int_equal(q.target.n, 0);
	assert_true(str_is(q.path, "/BeginTransaction"));
	assert_true(str_is(q.content_type, "application/json"));
	buf_wipe(&q.body);
	aws_encode(&aws_sts, "GetCallerIdentity", value_null(), &a, &q, &err);
	assert_string_equal(q.body.data,
			    "Action=GetCallerIdentity&Version=2011-06-15");
	assert_true(str_is(q.content_type,
			   "application/x-www-form-urlencoded; charset=utf-8"));
	buf_wipe(&q.body);
	arena_release(&a);
}

static void bounds_requests(void **state)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_request q;
	struct value v = value_c("x");
	char *long_text = malloc((9 << 20) + 1);
	struct value_entry e = { STR("A"), value_null() };

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct value *item = arena_new(&a, struct value, 1);

		*item = v;
		v = value_list(item, 1);
	}
	e.value = v;
	assert_int_equal(
	    aws_encode(&aws_ec2, "A", value_map(&e, 1, &a), &a, &q, &err), -1);
	assert_int_equal(err.kind, ERROR_QUOTA);
	memset(long_text, 'a', 9 << 20);
	e.value = value_str((struct str){ long_text, 9 << 20 });
	assert_int_equal(
	    aws_encode(&aws_ec2, "A", value_map(&e, 1, &a), &a, &q, &err), -1);
	assert_int_equal(err.kind, ERROR_QUOTA);
	assert_int_equal(
	    aws_encode(&aws_dms, "A", value_map(&e, 1, &a), &a, &q, &err), -1);
	assert_int_equal(err.kind, ERROR_QUOTA);
	free(long_text);
	arena_release(&a);
}

static void signs_global_services_at_home(void **state)
{
	static const struct {
		const struct aws_service *service;
		const char *region, *signed_with;
	} cases[] = {
		{ &aws_ec2, "eu-west-1", "eu-west-1" },
		{ &aws_iam, "eu-west-1", "us-east-1" },
		{ &aws_iam, "cn-northwest-1", "cn-north-1" },
		{ &aws_iam, "us-gov-east-1", "us-gov-west-1" },
		{ &aws_iam, "us-iso-west-1", "us-iso-east-1" },
		{ &aws_iam, "us-isob-east-1", "us-isob-east-1" },
		{ &aws_iam, "eusc-de-east-1", "eusc-de-east-1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(
		    str_is(aws_signing_region(cases[i].service,
					      str_from(cases[i].region)),
			   cases[i].signed_with));
}

/* -- answers -- */

static const struct {
	const struct aws_service *service;
	const char *operation, *body, *value, *code;
} answers[] = {
	{ &aws_ec2, "DescribeVpcs",
	  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	  "<DescribeVpcsResponse "
	  "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
	  "<requestId>r</requestId><vpcSet><item><vpcId>vpc-1</vpcId>"
	  "<isDefault>false</isDefault><tagSet/></item><item>"
	  "<vpcId>vpc-2</vpcId><tagSet><item><key>a</key><value>&lt;&#233;&gt;"
	  "</value></item></tagSet></item></vpcSet></DescribeVpcsResponse>",
	  "{\"requestId\":\"r\",\"vpcSet\":{\"item\":[{\"isDefault\":\"false\","
	  "\"tagSet\":\"\",\"vpcId\":\"vpc-1\"},{\"tagSet\":{\"item\":{"
	  "\"key\":\"a\",\"value\":\"<\xc3\xa9>\"}},\"vpcId\":\"vpc-2\"}]}}",
	  NULL },
	{ &aws_ec2, "DeleteVpc",
	  "<DeleteVpcResponse><return>true</return></DeleteVpcResponse>",
	  "{\"return\":\"true\"}", NULL },
	{ &aws_ec2, "DeleteVpc", "<DeleteVpcResponse/>", "{}", NULL },
	{ &aws_ec2, "DeleteVpcEndpoints",
	  "<DeleteVpcEndpointsResponse><unsuccessful><item><error><code>"
	  "InvalidVpcEndpoint.NotFound</code><message>words</message></error>"
	  "<resourceId>vpce-1</resourceId></item></unsuccessful>"
	  "</DeleteVpcEndpointsResponse>",
	  NULL, "InvalidVpcEndpoint.NotFound" },
	{ &aws_ec2, "DeleteVpcEndpoints",
	  "<DeleteVpcEndpointsResponse><unsuccessful/>"
	  "</DeleteVpcEndpointsResponse>",
	  "{\"unsuccessful\":\"\"}", NULL },
	{ &aws_rds, "DescribeDBClusters",
	  "<DescribeDBClustersResponse xmlns=\"x\"><DescribeDBClustersResult>"
	  "<DBClusters><DBCluster><Status>available</Status></DBCluster>"
	  "</DBClusters></DescribeDBClustersResult><ResponseMetadata>"
	  "<RequestId>r</RequestId></ResponseMetadata>"
	  "</DescribeDBClustersResponse>",
	  "{\"DBClusters\":{\"DBCluster\":{\"Status\":\"available\"}}}", NULL },
	{ &aws_iam, "DeleteRole",
	  "<DeleteRoleResponse><ResponseMetadata><RequestId>r</RequestId>"
	  "</ResponseMetadata></DeleteRoleResponse>",
	  "{}", NULL },
	{ &aws_dms, "DeleteEndpoint", "", "{}", NULL },
	/* Numbers with exponents, which JSON services use for times. */
	{ &aws_dms, "DescribeEndpoints",
	  " {\"A\":null,\"T\":1.5E9,\"F\":1481055612.25}",
	  "{\"A\":null,\"F\":1481055612.25,\"T\":1500000000}", NULL },
};

/* A line break and blanks between neighbouring tags. */
static char *laid_out(const char *xml)
{
	char *out = malloc(8 * strlen(xml) + 1), *to = out;

	for (const char *p = xml; *p; p++) {
		*to++ = *p;
		if (p[0] == '>' && p[1] == '<')
			to = stpcpy(to, "\n     ");
	}
	*to = '\0';
	return out;
}

static void check_answer(size_t i, const char *body)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_reason why;
	struct value v;

	if (aws_decode(answers[i].service, answers[i].operation, str_from(body),
		       &a, &v, &why, &err) < 0)
		fail_msg("%s: %s", body, err.message);
	if (answers[i].value)
		assert_string_equal(shown(v, &a), answers[i].value);
	assert_string_equal(str_c(why.code, &a),
			    answers[i].code ? answers[i].code : "");
	arena_release(&a);
}

static void decodes_each_protocol(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char *indented = laid_out(answers[i].body);

		check_answer(i, answers[i].body);
		if (answers[i].body[0] == '<')
			check_answer(i, indented);
		free(indented);
	}
}

static void refuses_other_answers(void **state)
{
	static const struct {
		const struct aws_service *service;
		const char *body;
	} bad[] = {
		{ &aws_ec2, "" },
		{ &aws_ec2, "{}" },
		{ &aws_ec2, "<DescribeVpcsResponse><vpcSet>" },
		{ &aws_ec2, "<DescribeVpcsResponse></a>" },
		{ &aws_ec2, "<DescribeVpcsResponse>&nbsp;"
			    "</DescribeVpcsResponse>" },
		{ &aws_ec2, "<ListBucketResult/>" },
		{ &aws_ec2,
		  "<!DOCTYPE a [<!ENTITY b \"c\">]><DescribeVpcsResponse>"
		  "&b;</DescribeVpcsResponse>" },
		{ &aws_ec2, "<!DOCTYPE DescribeVpcsResponse SYSTEM "
			    "\"file:///etc/passwd\"><DescribeVpcsResponse/>" },
		{ &aws_ec2,
		  "<DescribeVpcsResponse>\xff</DescribeVpcsResponse>" },
		{ &aws_dms, "<html>" },
		{ &aws_dms, "[]" },
		{ &aws_dms, "{\"a\":1" },
		{ &aws_dms, "{\"a\":\"\\u0000\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct arena a = { 0 };
		struct error err = { 0 };
		struct aws_reason why;
		struct value v;

		if (aws_decode(bad[i].service, "DescribeVpcs",
			       str_from(bad[i].body), &a, &v, &why, &err) == 0)
			fail_msg("%s was taken", bad[i].body);
		assert_int_equal(err.kind, ERROR_CORRUPT);
		assert_true(err.message[0]);
		arena_release(&a);
	}
}

static void bounds_xml(void **state)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct buf b;
	struct xml x;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 65; i++)
		buf_add_c(&b, "<a>");
	for (int i = 0; i < 65; i++)
		buf_add_c(&b, "</a>");
	assert_int_equal(xml_read(buf_str(&b), &a, &x, &err), -1);
	assert_int_equal(err.kind, ERROR_QUOTA);
	buf_clear(&b);
	for (int i = 0; i < 64; i++)
		buf_add_c(&b, "<a>");
	for (int i = 0; i < 64; i++)
		buf_add_c(&b, "</a>");
	assert_int_equal(xml_read(buf_str(&b), &a, &x, &err), 0);
	buf_release(&b);
	arena_release(&a);
}

/* Names that are not of the protocol, and lists of a name among others. */
static void reads_any_xml(void **state)
{
	static const struct {
		const char *xml, *value;
	} cases[] = {
		{ "<x:a xmlns:x='y'><x:b i='1'>t</x:b></x:a>",
		  "{\"b\":\"t\"}" },
		{ "<r><b>1</b><a>2</a><b>3</b></r>",
		  "{\"a\":\"2\",\"b\":[\"1\",\"3\"]}" },
		{ "<r>text<a/>more</r>", "{\"a\":\"\"}" },
		{ "<r><![CDATA[<&>]]></r>", "\"<&>\"" },
		{ "<r> a b </r>", "\" a b \"" },
		{ "<r> </r>", "\" \"" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		struct xml x;

		assert_int_equal(xml_read(str_from(cases[i].xml), &a, &x, &err),
				 0);
		assert_string_equal(shown(x.value, &a), cases[i].value);
	}
	arena_release(&a);
}

static void reads_one_and_many_alike(void **state)
{
	struct arena a = { 0 };
	struct value v = json(
	    "{\"one\":{\"item\":{\"id\":\"a\",\"n\":5432,\"b\":true}},"
	    "\"two\":{\"item\":[{\"id\":\"a\",\"in\":{\"item\":{\"x\":\"1\"}}},"
	    "{\"id\":\"b\",\"in\":{\"item\":[{\"x\":\"2\"},{\"x\":\"3\"}]}},"
	    "{\"id\":\"c\",\"in\":\"\"}]},"
	    "\"none\":\"\",\"nil\":null,\"list\":[\"p\",\"q\"]}",
	    &a);

	(void)state;
	assert_true(str_is(aws_text(v, "one/item/id"), "a"));
	assert_true(str_is(aws_text(v, "one/item/n"), "5432"));
	assert_true(str_is(aws_text(v, "one/item/b"), "true"));
	assert_true(str_is(aws_text(v, "two/item/id"), "a"));
	assert_true(str_is(aws_text(v, "list"), "p"));
	assert_int_equal(aws_text(v, "one").n, 0);
	assert_int_equal(aws_text(v, "none/item/id").n, 0);
	assert_null(aws_get(v, "nil"));
	assert_null(aws_get(v, "nil/a"));
	assert_null(aws_get(v, "one/item/none"));
	assert_null(aws_get(value_null(), "a"));
	assert_string_equal(shown(aws_items(v, "one/item/id", &a), &a),
			    "[\"a\"]");
	assert_string_equal(shown(aws_items(v, "two/item/id", &a), &a),
			    "[\"a\",\"b\",\"c\"]");
	assert_string_equal(shown(aws_items(v, "two/item/in/item/x", &a), &a),
			    "[\"1\",\"2\",\"3\"]");
	assert_string_equal(shown(aws_items(v, "list", &a), &a),
			    "[\"p\",\"q\"]");
	assert_string_equal(shown(aws_items(v, "none/item", &a), &a), "[]");
	assert_string_equal(shown(aws_items(v, "nil", &a), &a), "[]");
	arena_release(&a);
}

/* -- refusals -- */

static const struct {
	const struct aws_service *service;
	const char *body, *type, *code, *words;
} refusals[] = {
	{ &aws_ec2,
	  "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>"
	  "InvalidVpcID.NotFound</Code><Message>The vpc ID 'a' does not exist"
	  "</Message></Error></Errors><RequestID>r</RequestID></Response>",
	  "", "InvalidVpcID.NotFound", "The vpc ID 'a' does not exist" },
	{ &aws_ec2,
	  "<Response><Errors><Error><Code>Client.InvalidParameterValue</Code>"
	  "</Error></Errors></Response>",
	  "", "InvalidParameterValue", "" },
	{ &aws_iam,
	  "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code>"
	  "<Message>m</Message><message>n</message></Error><RequestId>r"
	  "</RequestId></ErrorResponse>",
	  "", "NoSuchEntity", "m" },
	{ &aws_dms,
	  "{\"__type\":\"com.amazonaws.dms#ResourceNotFoundFault\","
	  "\"message\":\"m\"}",
	  "", "ResourceNotFoundFault", "m" },
	{ &aws_dms, "{\"Message\":\"m\"}",
	  "ResourceNotFoundFault:http://internal.amazon.com/",
	  "ResourceNotFoundFault", "m" },
	{ &aws_dms, "{\"code\":\"Throttling\"}", "", "Throttling", "" },
	/* A JSON service behind something that speaks XML. */
	{ &aws_dms,
	  "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code>"
	  "<Message>m</Message></Error></ErrorResponse>",
	  "", "SignatureDoesNotMatch", "m" },
	/* Neither the form of EC2 nor that of the others. */
	{ &aws_ec2,
	  "<ErrorResponse><Errors><Error><Code>AuthFailure</Code></Error>"
	  "</Errors></ErrorResponse>",
	  "", "AuthFailure", "" },
	{ &aws_rds_data, "{\"message\":\"m\"}", "BadRequestException",
	  "BadRequestException", "m" },
	{ &aws_ec2, "<html><head><title>502</title></head>", "", "", "" },
	{ &aws_ec2, "<html><body>502</body></html>", "", "", "" },
	{ &aws_dms, "no JSON", "", "", "" },
	{ &aws_dms, "", "", "", "" },
};

static void finds_code_and_words(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct aws_reason why = aws_decode_fault(
		    refusals[i].service, str_from(refusals[i].body),
		    str_from(refusals[i].type), &a);

		assert_string_equal(str_c(why.code, &a), refusals[i].code);
		assert_string_equal(str_c(why.words, &a), refusals[i].words);
	}
	arena_release(&a);
}

static const struct {
	const struct aws_service *service;
	const char *code, *words;
	int status;
	enum error_kind kind;
	bool has_hint;
} meanings[] = {
	{ &aws_ec2, "InvalidVpcID.NotFound", "", 400, ERROR_NOT_FOUND, false },
	{ &aws_ec2, "NatGatewayNotFound", "", 400, ERROR_NOT_FOUND, false },
	{ &aws_ec2, "InvalidGroup.Duplicate", "", 400, ERROR_EXISTS, false },
	{ &aws_ec2, "InvalidGroup.InUse", "", 400, ERROR_CONFLICT, false },
	{ &aws_ec2, "DependencyViolation", "", 400, ERROR_CONFLICT, false },
	{ &aws_ec2, "RequestLimitExceeded", "", 503, ERROR_THROTTLED, false },
	{ &aws_ec2, "VpcLimitExceeded", "", 400, ERROR_QUOTA, true },
	{ &aws_ec2, "SomeNewLimitExceeded", "", 400, ERROR_QUOTA, true },
	{ &aws_ec2, "OperationNotPermitted", "", 400, ERROR_DENIED, true },
	{ &aws_ec2, "UnauthorizedOperation", "", 403, ERROR_DENIED, false },
	{ &aws_ec2, "InvalidParameterValue",
	  "Value (x) for parameter iamInstanceProfile.name is invalid. "
	  "invalid IAM instance PROFILE name",
	  400, ERROR_CONFLICT, false },
	{ &aws_ec2, "InvalidParameterValue", "else", 400, ERROR_INVALID,
	  false },
	{ &aws_ec2, "Unavailable", "", 503, ERROR_UNAVAILABLE, false },
	{ &aws_elbv2, "TargetGroupNotFound", "", 400, ERROR_NOT_FOUND, false },
	{ &aws_elbv2, "TooManyListeners", "", 400, ERROR_QUOTA, true },
	{ &aws_elbv2, "DuplicateListener", "", 400, ERROR_EXISTS, false },
	{ &aws_rds, "DBClusterNotFoundFault", "", 404, ERROR_NOT_FOUND, false },
	{ &aws_rds, "DBInstanceAlreadyExists", "", 400, ERROR_EXISTS, false },
	{ &aws_rds, "InvalidDBClusterStateFault", "", 400, ERROR_CONFLICT,
	  false },
	{ &aws_rds, "InvalidParameterCombination",
	  "Cannot delete protected Cluster, please disable deletion protection",
	  400, ERROR_DENIED, true },
	{ &aws_rds, "InvalidParameterCombination", "no", 400, ERROR_INVALID,
	  false },
	{ &aws_iam, "LimitExceeded", "", 409, ERROR_QUOTA, true },
	{ &aws_iam, "DeleteConflict", "", 409, ERROR_CONFLICT, false },
	{ &aws_secrets, "LimitExceededException", "", 400, ERROR_QUOTA, true },
	{ &aws_dms, "LimitExceededException", "", 400, ERROR_THROTTLED, false },
	{ &aws_dms, "AccessDeniedFault", "", 400, ERROR_DENIED, false },
	{ &aws_tagging, "ThrottlingException", "", 400, ERROR_THROTTLED,
	  false },
	{ &aws_ec2, "", "", 429, ERROR_THROTTLED, false },
	{ &aws_ec2, "", "", 502, ERROR_UNAVAILABLE, false },
	{ &aws_ec2, "", "", 403, ERROR_DENIED, false },
	/* Not to be seen: who knows whose page that is. */
	{ &aws_ec2, "", "", 404, ERROR_INVALID, false },
	{ &aws_ec2, "NeverSeen", "", 500, ERROR_UNAVAILABLE, false },
	{ &aws_ec2, "NeverSeen", "", 400, ERROR_INVALID, false },
};

static void knows_what_codes_mean(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		struct aws_fault f = aws_fault_of(
		    meanings[i].service, str_from(meanings[i].code),
		    str_from(meanings[i].words), meanings[i].status);

		if (f.kind != meanings[i].kind ||
		    !f.hint == meanings[i].has_hint)
			fail_msg("%s: %s (%s)", meanings[i].code,
				 error_kind_name(f.kind), f.hint ? f.hint : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_each_protocol),
		cmocka_unit_test(names_operation_and_type),
		cmocka_unit_test(bounds_requests),
		cmocka_unit_test(signs_global_services_at_home),
		cmocka_unit_test(decodes_each_protocol),
		cmocka_unit_test(refuses_other_answers),
		cmocka_unit_test(bounds_xml),
		cmocka_unit_test(reads_any_xml),
		cmocka_unit_test(reads_one_and_many_alike),
		cmocka_unit_test(finds_code_and_words),
		cmocka_unit_test(knows_what_codes_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
