/* A block `provider aws`: what is wrong with one, and whose account it is. */
#include <config.h>

#include "engine/provider.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/aws/aws.h"
#include "providers/aws/site.h"
#include "tests/unit/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IDENTITY(account)                                                      \
	"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>"            \
	"arn:aws:iam::" account                                                \
	":user/me</Arn><UserId>U</UserId><Account>" account                    \
	"</Account></GetCallerIdentityResult>"                                 \
	"</GetCallerIdentityResponse>"

/* Nothing of the machine or the user who runs the test. */
static int set_up(void **state)
{
	static const char *const gone[] = {
		"AWS_PROFILE",	    "AWS_DEFAULT_PROFILE", "AWS_REGION",
		"AWS_MAX_ATTEMPTS", "AWS_DEFAULT_REGION",  "AWS_ENDPOINT_URL",
		"DMSL_AWS_POLL_MS", "AWS_RETRY_MODE",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		unsetenv(gone[i]);
	setenv("AWS_CONFIG_FILE", "/nowhere", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere", 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s3ntinel", 1);
	return 0;
}

static int open_site(struct value config, struct aws_site **out,
		     struct error *err)
{
	return aws_site_open(
	    &(struct provider_setup){
		.stack = STR("dev"),
		.stack_uid = STR("0123456789abcdef"),
		.config = config,
		.run_id = STR("77"),
	    },
	    out, err);
}

static struct value text_config(const char *key, const char *value,
				struct arena *a)
{
	struct value_entry e[] = {
		{ STR("region"), value_c("eu-west-1") },
		{ str_from(key), value_c(value) },
	};

	return value_map(e, 2, a);
}

static void tells_what_is_wrong(void **state)
{
	static const struct {
		const char *key, *value, *message;
	} cases[] = {
		{ "account", "12345", "has 12 digits" },
		{ "account", "12345678901x", "has 12 digits" },
		{ "region", "eu_west", "is not a region" },
		{ "region", "", "no AWS region is known" },
		{ "name_prefix", "1a", "a letter first" },
		{ "name_prefix", "a--b", "single dashes" },
		{ "name_prefix", "abcdefghijklmnopqrstuvwxyz", "at most 20" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena a = { 0 };
		struct error err = { 0 };
		struct aws_site *w;

		assert_int_equal(
		    open_site(text_config(cases[i].key, cases[i].value, &a), &w,
			      &err),
		    -1);
		if (!strstr(err.message, cases[i].message))
			fail_msg("%s", err.message);
		arena_release(&a);
	}
}

static void reads_its_switches(void **state)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_site *w;

	(void)state;
	setenv("AWS_RETRY_MODE", "wild", 1);
	assert_int_equal(open_site(text_config("x", "", &a), &w, &err), -1);
	assert_non_null(strstr(err.message, "retry mode"));
	unsetenv("AWS_RETRY_MODE");
	setenv("AWS_MAX_ATTEMPTS", "0", 1);
	assert_int_equal(open_site(text_config("x", "", &a), &w, &err), -1);
	assert_non_null(strstr(err.message, "AWS_MAX_ATTEMPTS"));
	unsetenv("AWS_MAX_ATTEMPTS");
	setenv("DMSL_AWS_POLL_MS", "soon", 1);
	assert_int_equal(open_site(text_config("x", "", &a), &w, &err), -1);
	assert_non_null(strstr(err.message, "DMSL_AWS_POLL_MS"));
	setenv("DMSL_AWS_POLL_MS", "50", 1);
	assert_int_equal(
	    open_site(text_config("name_prefix", "a-b", &a), &w, &err), 0);
	assert_int_equal(w->pace(w, 15000), 50);
	assert_int_equal(w->pace(w, 20), 20);
	assert_true(str_is(w->stack, "dev/0123456789abcdef"));
	assert_true(str_is(w->prefix, "a-b"));
	assert_true(str_is(w->partition, "aws"));
	aws_site_close(w);
	unsetenv("DMSL_AWS_POLL_MS");
	arena_release(&a);
}

static void asks_for_the_account_once(void **state)
{
	static const struct scripted_step script[] = {
		{ .request = "User-Agent: dmsl/" PACKAGE_VERSION " run/77",
		  .body = "Action=GetCallerIdentity&Version=2011-06-15",
		  .answer = IDENTITY("123456789012") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_site *w;
	struct str text;

	(void)state;
	setenv("AWS_ENDPOINT_URL_STS", scripted_url(s), 1);
	assert_int_equal(
	    open_site(text_config("account", "123456789012", &a), &w, &err), 0);
	for (int i = 0; i < 2; i++) {
		if (aws_account(w, &text, &err) < 0)
			fail_msg("%s", err.message);
		assert_true(str_is(text, "123456789012"));
	}
	assert_int_equal(aws_caller(w, &text, &err), 0);
	assert_true(str_is(text, "arn:aws:iam::123456789012:user/me"));
	assert_int_equal(aws_provider.identity(w, &a, &text, &err), 0);
	assert_true(str_is(text, "account 123456789012, region eu-west-1"));
	aws_site_close(w);
	scripted_stop(s);
	unsetenv("AWS_ENDPOINT_URL_STS");
	arena_release(&a);
}

static void refuses_another_account(void **state)
{
	static const struct scripted_step script[] = {
		{ .answer = IDENTITY("210987654321") },
		{ .status = 403,
		  .answer = "<ErrorResponse><Error><Code>InvalidClientTokenId"
			    "</Code><Message>wrong</Message></Error>"
			    "</ErrorResponse>" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_site *w;
	struct str text;

	(void)state;
	setenv("AWS_ENDPOINT_URL_STS", scripted_url(s), 1);
	assert_int_equal(
	    open_site(text_config("account", "123456789012", &a), &w, &err), 0);
	assert_int_equal(aws_account(w, &text, &err), -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.message, "of account 210987654321"));
	assert_non_null(strstr(err.message, "for account 123456789012"));
	assert_int_equal(aws_account(w, &text, &err), -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.message, "InvalidClientTokenId"));
	assert_null(strstr(err.message, "s3ntinel"));
	aws_site_close(w);
	scripted_stop(s);
	unsetenv("AWS_ENDPOINT_URL_STS");
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_wrong),
		cmocka_unit_test(reads_its_switches),
		cmocka_unit_test(asks_for_the_account_once),
		cmocka_unit_test(refuses_another_account),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
