/*
 * Signatures of requests. The first is the example of AWS's own test suite
 * ("get-vanilla", public), the second was made by botocore for this test.
 */
#include <config.h>

#include "providers/replicator/fault.h"
#include "providers/replicator/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 2015-08-30T12:36:00Z */
enum { THEN = 1440938160 };

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const struct sign_header vanilla_headers[] = {
	{ STR_INIT("Host"), STR_INIT("example.amazonaws.com") },
	{ STR_INIT("X-Amz-Date"), STR_INIT("20150830T123600Z") },
	{ STR_INIT("Authorization"),
	  STR_INIT(
	      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
	      "service/aws4_request, SignedHeaders=host;x-amz-date, "
	      "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8"
	      "aae1d763fbf31") },
};

static struct sign_keys keys(void)
{
	return (struct sign_keys){
		.access_key = STR("AKIDEXAMPLE"),
		.secret_key = STR(SECRET),
		.region = STR("us-east-1"),
		.service = STR("service"),
	};
}

static struct sign_request vanilla(void)
{
	return (struct sign_request){
		.method = STR("GET"),
		.path = STR("/"),
		.headers = vanilla_headers,
		.n_headers = 3,
	};
}

static void accepts_the_published_example(void **state)
{
	struct sign_request r = vanilla();
	struct sign_keys k = keys();
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(sign_check(&r, &k, THEN, &f), 0);
	assert_int_equal(sign_check(&r, &k, THEN + 299, &f), 0);
	assert_int_equal(sign_check(&r, &k, THEN - 299, &f), 0);
}

static void accepts_what_botocore_signs(void **state)
{
	static const struct sign_header headers[] = {
		{ STR_INIT("content-type"),
		  STR_INIT("application/x-amz-json-1.1") },
		{ STR_INIT("host"), STR_INIT("127.17.255.253:8123") },
		{ STR_INIT("X-Amz-Target"),
		  STR_INIT("AmazonDMSv20160101.DescribeEndpoints") },
		{ STR_INIT("X-Amz-Date"), STR_INIT("20261123T012301Z") },
		{ STR_INIT("Authorization"),
		  STR_INIT(
		      "AWS4-HMAC-SHA256 Credential=AKIALOCAL/20261123/eu-west-1"
		      "/dms/aws4_request, SignedHeaders=content-type;host;x-amz"
		      "-date;x-amz-target, Signature=d42de958ac6e88f623b4733633"
		      "63e6d344f1684a6ceb3793daeafaa9f78af926") },
	};
	struct sign_request r = {
		.method = STR("POST"),
		.path = STR("/"),
		.headers = headers,
		.n_headers = 5,
		.body = STR("{\"MaxRecords\": 20}"),
	};
	struct sign_keys k = {
		.access_key = STR("AKIALOCAL"),
		.secret_key = STR(SECRET),
		.region = STR("eu-west-1"),
		.service = STR("dms"),
	};
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(sign_check(&r, &k, 1795396981, &f), 0);
	r.body = STR("{\"MaxRecords\": 21}");
	assert_int_equal(sign_check(&r, &k, 1795396981, &f), -1);
	assert_string_equal(f.type, "InvalidSignatureException");
}

/* What is refused, and as what. */
static void refuses_the_rest(void **state)
{
	struct sign_request r = vanilla();
	struct sign_keys k = keys();
	struct fault f = { 0 };

	(void)state;
	k.secret_key = STR("another");
	assert_int_equal(sign_check(&r, &k, THEN, &f), -1);
	assert_string_equal(f.type, "InvalidSignatureException");
	assert_non_null(strstr(f.message, "does not match the signature"));
	assert_null(strstr(f.message, "another"));

	k = keys();
	k.access_key = STR("AKIDOTHER");
	assert_int_equal(sign_check(&r, &k, THEN, &f), -1);
	assert_string_equal(f.type, "UnrecognizedClientException");

	k = keys();
	assert_int_equal(sign_check(&r, &k, THEN + 301, &f), -1);
	assert_string_equal(f.type, "InvalidSignatureException");
	assert_non_null(strstr(f.message, "Signature expired: "
					  "20150830T123600Z is now earlier"));
	assert_int_equal(sign_check(&r, &k, THEN - 301, &f), -1);
	assert_non_null(strstr(f.message, "Signature not yet current"));

	k.region = STR("eu-west-1");
	assert_int_equal(sign_check(&r, &k, THEN, &f), -1);
	assert_non_null(strstr(f.message, "valid region"));
	k = keys();
	k.service = STR("dms");
	assert_int_equal(sign_check(&r, &k, THEN, &f), -1);
	assert_non_null(strstr(f.message, "correct service: 'dms'"));

	k = keys();
	r.n_headers = 2;
	assert_int_equal(sign_check(&r, &k, THEN, &f), -1);
	assert_string_equal(f.type, "MissingAuthenticationTokenException");
}

/* No text of a header may make it read beyond its end. */
static void survives_broken_headers(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"AWS4-HMAC-SHA256",
		"AWS4-HMAC-SHA256 ",
		"AWS4-HMAC-SHA256 Credential=",
		"AWS4-HMAC-SHA256 Credential=a,"
		"SignedHeaders=,Signature=",
		"AWS4-HMAC-SHA256 Credential=////,"
		"SignedHeaders=;;;,Signature=x",
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
		"service/aws4_request, SignedHeaders=;host;;x, Signature=00",
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
		"service/aws4_request, SignedHeaders=x-amz-date, Signature=00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sign_header headers[3];
		struct sign_request r = vanilla();
		struct sign_keys k = keys();
		struct fault f = { 0 };

		memcpy(headers, vanilla_headers, sizeof(headers));
		headers[2].value = str_from(texts[i]);
		r.headers = headers;
		assert_int_equal(sign_check(&r, &k, THEN, &f), -1);
		assert_non_null(f.type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_the_published_example),
		cmocka_unit_test(accepts_what_botocore_signs),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(survives_broken_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
