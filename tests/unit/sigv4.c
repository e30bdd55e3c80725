/* Signatures against the vectors that AWS publishes. */
#include <config.h>

#include "lang/base/arena.h"
#include "providers/aws/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define UNRESERVED                                                             \
	"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static const struct {
	const char *name, *method, *path, *query;
	struct {
		const char *name, *value;
	} headers[5];
	const char *body, *token, *signed_names, *signature;
} vectors[] = {
	{ "get-vanilla",
	  "GET",
	  "/",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-query-order-key",
	  "GET",
	  "/",
	  "Param1=value2&Param1=Value1",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1" },
	{ "get-vanilla-query-order-key-case",
	  "GET",
	  "/",
	  "Param2=value2&Param1=value1",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
	{ "get-vanilla-query-unreserved",
	  "GET",
	  "/",
	  UNRESERVED "=" UNRESERVED,
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" },
	{ "get-header-value-trim",
	  "GET",
	  "/",
	  "",
	  { { "My-Header1", " value1" }, { "My-Header2", " \"a   b   c\"" } },
	  "",
	  "",
	  "host;my-header1;my-header2;x-amz-date",
	  "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
	{ "get-header-value-order",
	  "GET",
	  "/",
	  "",
	  { { "My-Header1", "value4" },
	    { "My-Header1", "value1" },
	    { "My-Header1", "value3" },
	    { "My-Header1", "value2" } },
	  "",
	  "",
	  "host;my-header1;x-amz-date",
	  "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
	{ "get-relative-relative",
	  "GET",
	  "/example1/example2/../..",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-slash-dot-slash",
	  "GET",
	  "/./",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-slashes",
	  "GET",
	  "//example//",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84" },
	{ "get-space",
	  "GET",
	  "/example space/",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
	{ "get-utf8",
	  "GET",
	  "/\xe1\x88\xb4",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
	{ "post-vanilla",
	  "POST",
	  "",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-x-www-form-urlencoded",
	  "POST",
	  "/",
	  "",
	  { { "Content-Type", "application/x-www-form-urlencoded" } },
	  "Param1=value1",
	  "",
	  "content-type;host;x-amz-date",
	  "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
	{ "get-header-key-duplicate",
	  "GET",
	  "/",
	  "",
	  { { "My-Header1", "value2" },
	    { "My-Header1", "value2" },
	    { "My-Header1", "value1" } },
	  "",
	  "",
	  "host;my-header1;x-amz-date",
	  "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
	{ "get-header-value-multiline",
	  "GET",
	  "/",
	  "",
	  { { "My-Header1", "value1\n  value2\n     value3" } },
	  "",
	  "",
	  "host;my-header1;x-amz-date",
	  "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd" },
	{ "get-relative",
	  "GET",
	  "/example/..",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-slash",
	  "GET",
	  "//",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-slash-pointless-dot",
	  "GET",
	  "/./example",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5" },
	{ "get-unreserved",
	  "GET",
	  "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
	  "",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" },
	{ "get-vanilla-empty-query-key",
	  "GET",
	  "/",
	  "Param1=value1",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
	{ "get-vanilla-query-order-encoded",
	  "GET",
	  "/",
	  "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac" },
	{ "get-vanilla-utf8-query",
	  "GET",
	  "/",
	  "%E1%88%B4=bar",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
	{ "get-vanilla-with-session-token",
	  "GET",
	  "/",
	  "",
	  { { 0 } },
	  "",
	  "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
	  "host;x-amz-date;x-amz-security-token",
	  "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8" },
	{ "post-header-key-sort",
	  "POST",
	  "/",
	  "",
	  { { "My-Header1", "value1" } },
	  "",
	  "",
	  "host;my-header1;x-amz-date",
	  "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
	{ "post-header-value-case",
	  "POST",
	  "/",
	  "",
	  { { "My-Header1", "VALUE1" } },
	  "",
	  "",
	  "host;my-header1;x-amz-date",
	  "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" },
	{ "post-vanilla-query",
	  "POST",
	  "/",
	  "Param1=value1",
	  { { 0 } },
	  "",
	  "",
	  "host;x-amz-date",
	  "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" },
	{ "post-x-www-form-urlencoded-signed-body",
	  "POST",
	  "/",
	  "",
	  { { "Content-Type", "application/x-www-form-urlencoded" },
	    { "Content-Length", "13" },
	    { "x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654"
				      "192329106275f4c7b24d0b6e" } },
	  "Param1=value1",
	  "",
	  "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	  "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b" },
	{ "post-x-www-form-urlencoded-parameters",
	  "POST",
	  "/",
	  "",
	  { { "Content-Type",
	      "application/x-www-form-urlencoded; charset=utf-8" },
	    { "Content-Length", "13" },
	    { "x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654"
				      "192329106275f4c7b24d0b6e" } },
	  "Param1=value1",
	  "",
	  "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	  "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422" },
	/* Not published: as botocore signs it. */
	{ "json",
	  "POST",
	  "/",
	  "",
	  { { "Content-Type", "application/x-amz-json-1.1" },
	    { "X-Amz-Target", "AmazonDMSv20160101.DescribeEndpoints" } },
	  "{}",
	  "",
	  "content-type;host;x-amz-date;x-amz-target",
	  "584e168891669d306da0d073be7abcacfb0a0fa3349d5a4da4660087e74bb6d1" },
	{ "post-sts-token",
	  "POST",
	  "/",
	  "",
	  { { 0 } },
	  "",
	  "AQoDYXdzEPT//////////"
	  "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxf"
	  "pSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
	  "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp"
	  "75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
	  "xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
	  "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
	  "host;x-amz-date;x-amz-security-token",
	  "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" },
};

static void signs_the_published_vectors(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct sigv4_header headers[6] = {
			{ STR_INIT("Host"),
			  STR_INIT("example.amazonaws.com") }
		};
		struct sigv4_signature s;
		size_t n = 1;
		struct str wanted;

		for (size_t j = 0; j < 5 && vectors[i].headers[j].name; j++)
			headers[n++] = (struct sigv4_header){
				str_from(vectors[i].headers[j].name),
				str_from(vectors[i].headers[j].value),
			};
		sigv4_sign(
		    &(struct sigv4_request){
			.method = str_from(vectors[i].method),
			.path = str_from(vectors[i].path),
			.query = str_from(vectors[i].query),
			.headers = headers,
			.n_headers = n,
			.body = str_from(vectors[i].body),
		    },
		    &(struct sigv4_keys){
			.access_key = STR("AKIDEXAMPLE"),
			.secret_key = STR("wJalrXUtnFEMI/K7MDENG+"
					  "bPxRfiCYEXAMPLEKEY"),
			.session_token = str_from(vectors[i].token),
			.region = STR("us-east-1"),
			.service = STR("service"),
		    },
		    1440938160, &a, &s);
		wanted =
		    str_fmt(&a,
			    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/"
			    "us-east-1/service/aws4_request, SignedHeaders=%s, "
			    "Signature=%s",
			    vectors[i].signed_names, vectors[i].signature);
		if (!str_eq(s.authorization, wanted))
			print_error("%s\n", vectors[i].name);
		assert_string_equal(s.authorization.s, wanted.s);
		assert_string_equal(s.date.s, "20150830T123600Z");
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_the_published_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
