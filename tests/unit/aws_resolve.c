/* The AWS configuration files, regions and endpoints: tables, no network. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/aws/profile.h"
#include "providers/aws/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The columns of a service's row that make its URL. */
static const struct aws_service dms = {
	.name = "dms",
	.host = "dms",
	.env = "DATABASE_MIGRATION_SERVICE",
};
static const struct aws_service elb = {
	.name = "elasticloadbalancing",
	.host = "elasticloadbalancing",
	.env = "ELASTIC_LOAD_BALANCING_V2",
};
static const struct aws_service iam = {
	.name = "iam",
	.host = "iam",
	.env = "IAM",
	.is_global = true,
};

static struct profiles *read(const char *config, const char *credentials)
{
	struct profiles *p = profiles_new();
	struct error err = { 0 };

	if (profiles_read(p, str_from(config), "config", false, &err) < 0 ||
	    profiles_read(p, str_from(credentials), "credentials", true, &err) <
		0)
		fail_msg("%s", err.message);
	return p;
}

static void reads_sections_and_nested_keys(void **state)
{
	struct profiles *p =
	    read("\xef\xbb\xbf# a comment\r\n"
		 "[default]\r\n"
		 "Region = us-east-1\r\n"
		 "[profile two words]\n"
		 "role_arn=arn:aws:iam::1:role/a=b\n"
		 "; another\n"
		 "s3 =\n"
		 "  max_concurrent_requests = 20\n"
		 "\tother = 1\n"
		 "output : json\n"
		 "[profile \"quoted\"]\n"
		 "credential_process = a \\\n"
		 "   b\n"
		 "[sso-session s]\n"
		 "sso_region = eu-west-1\n"
		 "[services x]\n"
		 "database_migration_service =\n"
		 "  endpoint_url = http://127.0.0.1:1\n"
		 "[plugins]\n"
		 "nobody knows this\n",
		 "[default]\naws_access_key_id = A\n[plain]\nregion = r\n");
	const struct {
		enum profile_part part;
		const char *name, *key, *value;
	} cases[] = {
		{ PROFILE_CONFIG, "default", "region", "us-east-1" },
		{ PROFILE_CONFIG, "two words", "role_arn",
		  "arn:aws:iam::1:role/a=b" },
		{ PROFILE_CONFIG, "two words", "s3", "" },
		{ PROFILE_CONFIG, "two words", "s3.max_concurrent_requests",
		  "20" },
		{ PROFILE_CONFIG, "two words", "s3.other", "1" },
		{ PROFILE_CONFIG, "two words", "output", "json" },
		{ PROFILE_CONFIG, "quoted", "credential_process", "a \\\nb" },
		{ PROFILE_CONFIG, "none", "region", "" },
		{ PROFILE_SSO_SESSION, "s", "sso_region", "eu-west-1" },
		{ PROFILE_SERVICES, "x",
		  "database_migration_service.endpoint_url",
		  "http://127.0.0.1:1" },
		{ PROFILE_CREDENTIALS, "default", "aws_access_key_id", "A" },
		{ PROFILE_CREDENTIALS, "plain", "region", "r" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str v = profiles_get(
		    p, cases[i].part, str_from(cases[i].name), cases[i].key);

		if (!str_is(v, cases[i].value))
			fail_msg("%s %s: \"%.*s\"", cases[i].name, cases[i].key,
				 STR_ARG(v));
	}
	assert_true(profile_exists(p, STR("plain")));
	assert_false(profile_exists(p, STR("x")));
	assert_true(
	    str_is(profile_get(p, STR("default"), "aws_access_key_id"), "A"));
	profiles_free(p);
}

static void names_the_line_and_not_its_words(void **state)
{
	static const struct {
		const char *text, *place;
	} cases[] = {
		{ "[default]\ns3ntinel\n", "f:2: " },
		{ "s3ntinel = 1\n", "f:1: " },
		{ "\n[default\n", "f:2: " },
		{ "[]\n", "f:1: " },
		{ "[default]\nx =\n  s3ntinel\n", "f:3: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct profiles *p = profiles_new();
		struct error err = { 0 };

		assert_int_equal(
		    profiles_read(p, str_from(cases[i].text), "f", false, &err),
		    -1);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_true(str_starts(str_from(err.message), cases[i].place));
		assert_null(strstr(err.message, "s3ntinel"));
		profiles_free(p);
	}
}

static void knows_partitions(void **state)
{
	static const struct {
		const char *region, *partition;
	} cases[] = {
		{ "us-east-1", "aws" },
		{ "xx-nowhere-9", "aws" },
		{ "cn-north-1", "aws-cn" },
		{ "us-gov-east-1", "aws-us-gov" },
		{ "us-iso-east-1", "aws-iso" },
		{ "us-isob-east-1", "aws-iso-b" },
		{ "us-isof-south-1", "aws-iso-f" },
		{ "eu-isoe-west-1", "aws-iso-e" },
		{ "eusc-de-east-1", "aws-eusc" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(
		    aws_partition_of(str_from(cases[i].region))->name,
		    cases[i].partition);
	assert_true(aws_is_region(STR("us-east-1")));
	assert_false(aws_is_region(STR("us-east-1.evil.org")));
	assert_false(aws_is_region(STR("-us")));
	assert_false(aws_is_region(STR("")));
}

#define CONFIG                                                                 \
	"[default]\nregion = eu-west-1\n"                                      \
	"[profile fips]\nuse_fips_endpoint = true\n"                           \
	"[profile url]\nendpoint_url = http://profile/\nservices = s\n"        \
	"[profile deaf]\nendpoint_url = http://profile/\n"                     \
	"ignore_configured_endpoint_urls = true\n"                             \
	"[profile lost]\nservices = none\n"                                    \
	"[services s]\ndatabase_migration_service =\n"                         \
	"  endpoint_url = http://section/dms\n"

static const struct {
	const char *env[4];
	const char *profile, *endpoint;
	const struct aws_service *service;
	const char *region;
	const char *url; /* NULL: an error that holds `signed_in` */
	const char *signed_in;
} endpoints[] = {
	{ { 0 },
	  "default",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { 0 },
	  "default",
	  "",
	  &elb,
	  "cn-north-1",
	  "https://elasticloadbalancing.cn-north-1.amazonaws.com.cn",
	  "cn-north-1" },
	{ { 0 },
	  "default",
	  "",
	  &iam,
	  "eu-west-1",
	  "https://iam.amazonaws.com",
	  "us-east-1" },
	{ { 0 },
	  "default",
	  "",
	  &iam,
	  "us-gov-east-1",
	  "https://iam.us-gov.amazonaws.com",
	  "us-gov-west-1" },
	{ { 0 },
	  "default",
	  "",
	  &iam,
	  "cn-northwest-1",
	  "https://iam.cn-north-1.amazonaws.com.cn",
	  "cn-north-1" },
	{ { "AWS_USE_FIPS_ENDPOINT=true" },
	  "default",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms-fips.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { "AWS_USE_FIPS_ENDPOINT=True" },
	  "default",
	  "",
	  &iam,
	  "us-east-1",
	  "https://iam-fips.amazonaws.com",
	  "us-east-1" },
	{ { "AWS_USE_FIPS_ENDPOINT=true" },
	  "default",
	  "",
	  &dms,
	  "us-gov-west-1",
	  "https://dms.us-gov-west-1.amazonaws.com",
	  "us-gov-west-1" },
	{ { 0 },
	  "fips",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms-fips.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { "AWS_USE_FIPS_ENDPOINT=false" },
	  "fips",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { "AWS_USE_DUALSTACK_ENDPOINT=true" },
	  "default",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms.us-east-1.api.aws",
	  "us-east-1" },
	{ { "AWS_USE_DUALSTACK_ENDPOINT=true" },
	  "default",
	  "",
	  &iam,
	  "us-east-1",
	  "https://iam.global.api.aws",
	  "us-east-1" },
	{ { "AWS_USE_DUALSTACK_ENDPOINT=true" },
	  "default",
	  "",
	  &dms,
	  "us-iso-east-1",
	  NULL,
	  "no dual-stack" },
	{ { "AWS_USE_DUALSTACK_ENDPOINT=true", "AWS_USE_FIPS_ENDPOINT=true" },
	  "default",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms-fips.us-east-1.api.aws",
	  "us-east-1" },
	/* What is configured, in its order. */
	{ { "AWS_ENDPOINT_URL=http://all/",
	    "AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=http://one/" },
	  "url",
	  "http://block/",
	  &dms,
	  "us-east-1",
	  "http://block/",
	  "us-east-1" },
	{ { "AWS_ENDPOINT_URL=http://all/",
	    "AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=http://one/" },
	  "url",
	  "",
	  &dms,
	  "us-east-1",
	  "http://one/",
	  "us-east-1" },
	{ { "AWS_ENDPOINT_URL=http://all/",
	    "AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=http://one/" },
	  "url",
	  "",
	  &elb,
	  "us-east-1",
	  "http://all/",
	  "us-east-1" },
	{ { 0 },
	  "url",
	  "",
	  &dms,
	  "us-east-1",
	  "http://section/dms",
	  "us-east-1" },
	{ { 0 }, "url", "", &elb, "us-east-1", "http://profile/", "us-east-1" },
	{ { 0 },
	  "lost",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
	    "AWS_ENDPOINT_URL=http://all/" },
	  "url",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
	    "AWS_ENDPOINT_URL=http://all/" },
	  "url",
	  "http://block/",
	  &dms,
	  "us-east-1",
	  "http://block/",
	  "us-east-1" },
	{ { 0 },
	  "deaf",
	  "",
	  &dms,
	  "us-east-1",
	  "https://dms.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { "AWS_ENDPOINT_URL=http://127.0.0.1:4566" },
	  "default",
	  "",
	  &iam,
	  "eu-west-1",
	  "http://127.0.0.1:4566",
	  "us-east-1" },
	{ { "AWS_USE_FIPS_ENDPOINT=true", "AWS_ENDPOINT_URL=http://all/" },
	  "default",
	  "",
	  &dms,
	  "us-east-1",
	  NULL,
	  "AWS_ENDPOINT_URL cannot be used together with FIPS" },
	{ { "AWS_ENDPOINT_URL=all" },
	  "default",
	  "",
	  &dms,
	  "us-east-1",
	  NULL,
	  "AWS_ENDPOINT_URL: a URL begins" },
	{ { 0 }, "default", "", &dms, "evil.org/", NULL, "is not a region" },
};

static void finds_endpoints(void **state)
{
	struct profiles *p = read(CONFIG, "");

	(void)state;
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(*endpoints); i++) {
		struct aws_settings s = {
			.env = endpoints[i].env,
			.profiles = p,
			.profile = str_from(endpoints[i].profile),
			.endpoint = str_from(endpoints[i].endpoint),
		};
		struct aws_location l = { 0 };
		struct arena a = { 0 };
		struct error err = { 0 };
		int rc =
		    aws_locate(&s, endpoints[i].service,
			       str_from(endpoints[i].region), &a, &l, &err);

		if (endpoints[i].url
			? rc || !str_is(l.url, endpoints[i].url) ||
			      !str_is(l.region, endpoints[i].signed_in)
			: !rc || !strstr(err.message, endpoints[i].signed_in))
			fail_msg("row %zu: %.*s %.*s %s", i, STR_ARG(l.url),
				 STR_ARG(l.region), err.message);
		arena_release(&a);
	}
	profiles_free(p);
}

static void finds_the_region(void **state)
{
	static const struct {
		const char *declared, *env[3], *profile, *region;
	} cases[] = {
		{ "a-b-1", { "AWS_REGION=c-d-2" }, "default", "a-b-1" },
		{ "",
		  { "AWS_DEFAULT_REGION=e-f-3", "AWS_REGION=c-d-2" },
		  "default",
		  "c-d-2" },
		{ "", { "AWS_DEFAULT_REGION=e-f-3" }, "default", "e-f-3" },
		{ "", { "AWS_REGION=" }, "default", "eu-west-1" },
		{ "", { 0 }, "fips", "" },
		{ "", { "AWS_REGION=../x" }, "default", NULL },
	};
	struct profiles *p = read(CONFIG, "");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct aws_settings s = {
			.env = cases[i].env,
			.profiles = p,
			.profile = str_from(cases[i].profile),
		};
		struct error err = { 0 };
		struct str region;
		int rc =
		    aws_region(&s, str_from(cases[i].declared), &region, &err);

		assert_int_equal(rc, cases[i].region ? 0 : -1);
		if (rc == 0 && !str_is(region, cases[i].region))
			fail_msg("row %zu: %.*s", i, STR_ARG(region));
	}
	profiles_free(p);
}

static void chooses_the_profile(void **state)
{
	static const char *const both[] = { "AWS_DEFAULT_PROFILE=b",
					    "AWS_PROFILE=a", NULL };
	static const char *const old[] = { "AWS_DEFAULT_PROFILE=b", NULL };
	static const char *const none[] = { NULL };

	(void)state;
	assert_true(str_is(aws_profile_name(both, STR("o")), "o"));
	assert_true(str_is(aws_profile_name(both, STR("")), "a"));
	assert_true(str_is(aws_profile_name(old, STR("")), "b"));
	assert_true(str_is(aws_profile_name(none, STR("")), "default"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_sections_and_nested_keys),
		cmocka_unit_test(names_the_line_and_not_its_words),
		cmocka_unit_test(knows_partitions),
		cmocka_unit_test(finds_endpoints),
		cmocka_unit_test(finds_the_region),
		cmocka_unit_test(chooses_the_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
