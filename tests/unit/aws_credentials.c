/*
 * Where credentials come from: each source on its own, the order among them,
 * what is wrong with one, and when others are asked for.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "providers/aws/credentials.h"
#include "providers/aws/profile.h"
#include "tests/unit/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* No metadata service of the machine that runs the test. */
#define NO_MACHINE "AWS_EC2_METADATA_DISABLED=true"

struct world {
	struct arena arena;
	struct profiles *profiles;
	struct aws_settings settings;
	struct credentials_setup setup;
	struct credentials *credentials;
	const char *env[12];
	size_t n_env;
};

static void add_env(struct world *w, const char *text)
{
	assert_true(w->n_env + 1 < sizeof(w->env) / sizeof(*w->env));
	w->env[w->n_env++] = text;
}

/* NAME=VALUE, VALUE made of a scripted server's URL and a path. */
static void add_url(struct world *w, const char *name, const struct scripted *s,
		    const char *path)
{
	add_env(w,
		str_fmt(&w->arena, "%s=%s%s", name, scripted_url(s), path).s);
}

static void begin(struct world *w, const char *config, const char *file,
		  const char *profile)
{
	struct error err = { 0 };

	w->profiles = profiles_new();
	if (profiles_read(w->profiles, str_from(config), "config", false,
			  &err) < 0 ||
	    profiles_read(w->profiles, str_from(file), "credentials", true,
			  &err) < 0)
		fail_msg("%s", err.message);
	w->settings = (struct aws_settings){
		.env = w->env,
		.profiles = w->profiles,
		.profile = aws_profile_name(w->env, str_from(profile)),
		.is_profile_given = *profile != '\0',
	};
	w->setup.settings = &w->settings;
	w->setup.region = STR("us-east-1");
	w->setup.agent = STR("dmsl/test");
	w->credentials = credentials_new(&w->setup);
}

static void end(struct world *w)
{
	credentials_free(w->credentials);
	profiles_free(w->profiles);
	arena_release(&w->arena);
}

static void expect(struct world *w, bool is_expired, const char *access,
		   const char *secret, const char *token)
{
	struct aws_keys keys = { 0 };
	struct error err = { 0 };

	if (credentials_get(w->credentials, is_expired, &w->arena, &keys,
			    &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(keys.access_key.s, access);
	assert_string_equal(keys.secret_key.s, secret);
	assert_string_equal(keys.session_token.s, token);
}

static void expect_failure(struct world *w, bool is_expired,
			   const char *message)
{
	struct aws_keys keys = { 0 };
	struct error err = { 0 };

	assert_int_equal(
	    credentials_get(w->credentials, is_expired, &w->arena, &keys, &err),
	    -1);
	if (!strstr(err.message, message))
		fail_msg("\"%s\" does not hold \"%s\"", err.message, message);
	assert_null(strstr(err.message, "s3ntinel"));
	assert_null(strstr(err.hint, "s3ntinel"));
}

/* -- Order, mistakes ------------------------------------------------------- */

#define PAIR(prefix)                                                           \
	"aws_access_key_id = " prefix "A\naws_secret_access_key = " prefix "S" \
	"\n"

static const struct {
	const char *env[4], *profile, *config, *file;
	/* Of keys; or NULL, and a part of the message. */
	const char *access, *message;
} choices[] = {
	{ { "AWS_ACCESS_KEY_ID=E", "AWS_SECRET_ACCESS_KEY=s3ntinel" },
	  "",
	  "[default]\n" PAIR("c"),
	  "[default]\n" PAIR("f"),
	  "E",
	  NULL },
	/* A profile that the block names counts more than the environment. */
	{ { "AWS_ACCESS_KEY_ID=E", "AWS_SECRET_ACCESS_KEY=s3ntinel" },
	  "default",
	  "",
	  "[default]\n" PAIR("f"),
	  "fA",
	  NULL },
	{ { "AWS_ACCESS_KEY_ID=E", "AWS_SECRET_ACCESS_KEY=s3ntinel",
	    "AWS_PROFILE=x" },
	  "",
	  "",
	  "[x]\n" PAIR("f"),
	  "E",
	  NULL },
	{ { "AWS_ACCESS_KEY_ID=s3ntinel" },
	  "",
	  "",
	  "[default]\n" PAIR("f"),
	  NULL,
	  "an access key id without a secret key" },
	{ { "AWS_SECRET_ACCESS_KEY=s3ntinel" },
	  "",
	  "",
	  "",
	  NULL,
	  "a secret key without an access key id" },
	{ { 0 },
	  "",
	  "[default]\n" PAIR("c"),
	  "[default]\n" PAIR("f"),
	  "fA",
	  NULL },
	{ { 0 }, "", "[default]\n" PAIR("c"), "", "cA", NULL },
	{ { "AWS_PROFILE=x" },
	  "",
	  "[default]\n" PAIR("c") "[profile x]\n" PAIR("x"),
	  "",
	  "xA",
	  NULL },
	{ { "AWS_PROFILE=y" },
	  "",
	  "[default]\n" PAIR("c"),
	  "",
	  NULL,
	  "no AWS profile \"y\"" },
	{ { 0 }, "", "", "", NULL, "there are no AWS credentials" },
	{ { 0 },
	  "",
	  "",
	  "[default]\naws_access_key_id = s3ntinel\n",
	  NULL,
	  "without a secret key" },
	{ { 0 },
	  "",
	  "[default]\nlogin_session = arn\n",
	  "",
	  NULL,
	  "aws login" },
	/* The file for credentials comes before the process, which comes
	 * before the keys in the configuration file. */
	{ { 0 },
	  "",
	  "[default]\ncredential_process = /bin/false\n" PAIR("c"),
	  "[default]\n" PAIR("f"),
	  "fA",
	  NULL },
	{ { 0 },
	  "",
	  "[default]\ncredential_process = /bin/false\n" PAIR("c"),
	  "",
	  NULL,
	  "status 1" },
	/* Roles. */
	{ { 0 },
	  "",
	  "[default]\nrole_arn = arn:aws:iam::1:role/r\n",
	  "",
	  NULL,
	  "neither source_profile nor credential_source" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\nsource_profile = a\n"
	  "credential_source = Environment\n",
	  "",
	  NULL,
	  "both source_profile and credential_source" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\nsource_profile = a\n",
	  "",
	  NULL,
	  "no profile \"a\"" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\nsource_profile = a\n"
	  "[profile a]\nregion = us-east-1\n",
	  "",
	  NULL,
	  "\"a\", the source_profile of \"default\", has no" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\nsource_profile = a\n"
	  "[profile a]\nrole_arn = q\nsource_profile = b\n"
	  "[profile b]\nrole_arn = p\nsource_profile = a\n",
	  "",
	  NULL,
	  "leads back to \"a\"" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\ncredential_source = Moon\n",
	  "",
	  NULL,
	  "unknown credential_source \"Moon\"" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\ncredential_source = Environment\n",
	  "",
	  NULL,
	  "Environment of profile \"default\" has no credentials" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\nsource_profile = default\n"
	  "duration_seconds = soon\n" PAIR("c"),
	  "",
	  NULL,
	  "duration_seconds is not a number" },
	{ { 0 },
	  "",
	  "[default]\nrole_arn = r\nsource_profile = default\n"
	  "role_session_name = a b\n" PAIR("c"),
	  "",
	  NULL,
	  "session name" },
	{ { "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere" },
	  "",
	  "",
	  "",
	  NULL,
	  "no role to take on" },
	{ { "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere", "AWS_ROLE_ARN=r" },
	  "",
	  "",
	  "[default]\n" PAIR("f"),
	  NULL,
	  "/nowhere" },
	{ { 0 },
	  "",
	  "[default]\nsso_account_id = 1\n",
	  "",
	  NULL,
	  "single sign-on needs sso_role_name" },
	{ { 0 },
	  "",
	  "[default]\nsso_account_id = 1\nsso_role_name = r\n"
	  "sso_session = s\n",
	  "",
	  NULL,
	  "no [sso-session s]" },
	{ { 0 },
	  "",
	  "[default]\ncredential_process = /nowhere/at/all\n",
	  "",
	  NULL,
	  "could not run \"/nowhere/at/all\"" },
	{ { 0 },
	  "",
	  "[default]\ncredential_process = echo 's3ntinel\n",
	  "",
	  NULL,
	  "a quote in it does not end" },
	{ { 0 },
	  "",
	  "[default]\ncredential_process = echo s3ntinel\n",
	  "",
	  NULL,
	  "is not JSON" },
	{ { 0 },
	  "",
	  "[default]\ncredential_process = echo '{\"Version\": 2}'\n",
	  "",
	  NULL,
	  "not of Version 1" },
	{ { "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://example.org/x" },
	  "",
	  "",
	  "",
	  NULL,
	  "in clear to \"example.org\"" },
	{ { "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23.evil.org"
	    "/" },
	  "",
	  "",
	  "",
	  NULL,
	  "in clear" },
};

static void the_first_configured_source_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		struct world w = { 0 };
		struct aws_keys keys = { 0 };
		struct error err = { 0 };
		int rc;

		add_env(&w, NO_MACHINE);
		for (size_t k = 0; choices[i].env[k]; k++)
			add_env(&w, choices[i].env[k]);
		begin(&w, choices[i].config, choices[i].file,
		      choices[i].profile);
		rc = credentials_get(w.credentials, false, &w.arena, &keys,
				     &err);
		if (choices[i].access
			? rc || !str_is(keys.access_key, choices[i].access)
			: !rc || !strstr(err.message, choices[i].message))
			fail_msg("row %zu: %.*s %s", i,
				 STR_ARG(keys.access_key), err.message);
		assert_null(strstr(err.message, "s3ntinel"));
		end(&w);
	}
}

static void tells_where_they_come_from(void **state)
{
	struct world w = { 0 };
	struct error err = { 0 };
	struct str from;

	(void)state;
	add_env(&w, NO_MACHINE);
	begin(&w, "", "[default]\n" PAIR("s3ntinel"), "");
	assert_int_equal(
	    credentials_source(w.credentials, &w.arena, &from, &err), 0);
	assert_string_equal(from.s,
			    "profile \"default\" of the credentials file");
	end(&w);
}

static void credentials_of_the_environment_end(void **state)
{
	struct world w = { 0 };

	(void)state;
	add_env(&w, "AWS_ACCESS_KEY_ID=E");
	add_env(&w, "AWS_SECRET_ACCESS_KEY=s3ntinel");
	add_env(&w, "AWS_SESSION_TOKEN=T");
	begin(&w, "", "", "");
	expect(&w, false, "E", "s3ntinel", "T");
	expect_failure(&w, true, "the credentials of environment have expired");
	end(&w);
}

/* -- Sources --------------------------------------------------------------- */

static const char *when(char *text, int64_t in)
{
	time_t at = time(NULL) + (time_t)in;
	struct tm utc;

	gmtime_r(&at, &utc);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
	return text;
}

static void runs_a_process_without_a_shell(void **state)
{
	struct world w = { 0 };

	(void)state;
	add_env(&w, NO_MACHINE);
	begin(&w,
	      "[default]\ncredential_process = printf \"%s%s\" "
	      "'{\"Version\":1,\"AccessKeyId\":\"$A\",' "
	      "\\\"SecretAccessKey\\\":\\\"a\\ b\\\"}\n",
	      "", "");
	expect(&w, false, "$A", "a b", "");
	end(&w);
}

#define STS_ANSWER(operation, key)                                             \
	"<" operation "Response xmlns=\"https://sts.amazonaws.com/doc/"        \
	"2011-06-15/\"><" operation "Result><Credentials><AccessKeyId>" key    \
	"</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T"    \
	"</SessionToken><Expiration>2999-01-01T00:00:00.000Z</Expiration>"     \
	"</Credentials></" operation "Result><ResponseMetadata><RequestId>x"   \
	"</RequestId></ResponseMetadata></" operation "Response>"

static void takes_roles_on_one_after_the_other(void **state)
{
	static const struct scripted_step script[] = {
		{ .request = "Credential=fA/",
		  .body = "Action=AssumeRole&Version=2011-06-15&"
			  "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fone&"
			  "RoleSessionName=me",
		  .answer = STS_ANSWER("AssumeRole", "ONE") },
		{ .request = "Credential=ONE/",
		  .body = "Action=AssumeRole&Version=2011-06-15&"
			  "DurationSeconds=900&ExternalId=e&"
			  "RoleArn=arn%3Aaws%3Aiam%3A%3A2%3Arole%2Ftwo&"
			  "RoleSessionName=me",
		  .answer = STS_ANSWER("AssumeRole", "TWO") },
		/* The block's own role. */
		{ .request = "Credential=TWO/",
		  .body = "Action=AssumeRole&Version=2011-06-15&"
			  "RoleArn=three&RoleSessionName=us",
		  .answer = STS_ANSWER("AssumeRole", "THREE") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct world w = { 0 };

	(void)state;
	add_env(&w, NO_MACHINE);
	add_url(&w, "AWS_ENDPOINT_URL_STS", s, "/");
	w.setup.role = (struct aws_role){ STR("three"), STR(""), STR("us") };
	begin(&w,
	      "[default]\nrole_arn = arn:aws:iam::2:role/two\n"
	      "source_profile = one\nexternal_id = e\n"
	      "duration_seconds = 900\nrole_session_name = me\n"
	      "[profile one]\nrole_arn = arn:aws:iam::1:role/one\n"
	      "source_profile = one\nrole_session_name = me\n",
	      "[one]\n" PAIR("f"), "");
	expect(&w, false, "THREE", "S", "T");
	/* They are kept. */
	expect(&w, false, "THREE", "S", "T");
	scripted_stop(s);
	end(&w);
}

static void a_role_that_is_refused_is_an_error(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 403,
		  .answer = "<ErrorResponse><Error><Type>Sender</Type><Code>"
			    "AccessDenied</Code><Message>not you</Message>"
			    "</Error></ErrorResponse>" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct world w = { 0 };

	(void)state;
	add_env(&w, NO_MACHINE);
	add_url(&w, "AWS_ENDPOINT_URL_STS", s, "/");
	begin(&w, "[default]\nrole_arn = r\nsource_profile = default\n",
	      "[default]\n" PAIR("s3ntinel"), "");
	expect_failure(&w, false, "AccessDenied: not you");
	scripted_stop(s);
	end(&w);
}

static void exchanges_a_web_identity(void **state)
{
	static const struct scripted_step script[] = {
		{ .request = "\r\n",
		  .body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
			  "&RoleArn=r&RoleSessionName=me&"
			  "WebIdentityToken=s3ntinel.t",
		  .answer = STS_ANSWER("AssumeRoleWithWebIdentity", "W") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	char path[] = "/tmp/site-token-XXXXXX";
	int fd = mkstemp(path);
	struct world w = { 0 };

	(void)state;
	assert_true(fd >= 0 && write(fd, "s3ntinel.t\n", 11) == 11);
	close(fd);
	add_env(&w, NO_MACHINE);
	add_env(&w, "AWS_ROLE_ARN=r");
	add_env(&w, "AWS_ROLE_SESSION_NAME=me");
	add_env(&w,
		str_fmt(&w.arena, "AWS_WEB_IDENTITY_TOKEN_FILE=%s", path).s);
	add_url(&w, "AWS_ENDPOINT_URL_STS", s, "/");
	begin(&w, "", "", "");
	expect(&w, false, "W", "S", "T");
	scripted_stop(s);
	unlink(path);
	end(&w);
}

/* SHA-1 of "s". */
#define SSO_FILE "a0f1490a20d0211c997b44bc357e1972deab8ae3.json"

static void login(const char *home, const char *expires)
{
	char path[300], text[1000];
	struct error err = { 0 };

	snprintf(path, sizeof(path), "%s/.aws/sso/cache", home);
	if (file_make_folders(path, 0700, &err) < 0)
		fail_msg("%s", err.message);
	snprintf(path, sizeof(path), "%s/.aws/sso/cache/" SSO_FILE, home);
	snprintf(text, sizeof(text),
		 "{\"accessToken\":\"old\",\"expiresAt\":\"%s\","
		 "\"refreshToken\":\"again\",\"clientId\":\"id\","
		 "\"clientSecret\":\"s3ntinel\",\"startUrl\":\"https://x\"}",
		 expires);
	if (file_replace(path, str_from(text), 0600, &err) < 0)
		fail_msg("%s", err.message);
}

#define SSO_CONFIG                                                             \
	"[default]\nsso_session = s\nsso_account_id = 1 2\n"                   \
	"sso_role_name = r/r\n[sso-session s]\nsso_start_url = https://x\n"    \
	"sso_region = eu-west-1\n"
#define SSO_KEYS                                                               \
	"{\"roleCredentials\":{\"accessKeyId\":\"K\",\"secretAccessKey\":"     \
	"\"S\",\"sessionToken\":\"T\",\"expiration\":32472144000000}}"

static void signs_on_and_renews_the_login(void **state)
{
	static const struct scripted_step script[] = {
		{ .request = "POST /oidc/token ",
		  .body = "{\"clientId\":\"id\",\"clientSecret\":\"s3ntinel\","
			  "\"grantType\":\"refresh_token\","
			  "\"refreshToken\":\"again\"}",
		  .answer = "{\"accessToken\":\"new\",\"expiresIn\":3600,"
			    "\"refreshToken\":\"later\"}" },
		{ .request = "GET /portal/federation/credentials?account_id="
			     "1%202&role_name=r%2Fr ",
		  .answer = SSO_KEYS },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	char home[] = "/tmp/site-home-XXXXXX", text[32], path[300];
	struct error err = { 0 };
	struct world w = { 0 };
	struct str cache;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(home));
	login(home, when(text, 60));
	add_env(&w, NO_MACHINE);
	add_env(&w, str_fmt(&w.arena, "HOME=%s", home).s);
	add_url(&w, "AWS_ENDPOINT_URL_SSO", s, "/portal");
	add_url(&w, "AWS_ENDPOINT_URL_SSO_OIDC", s, "/oidc");
	begin(&w, SSO_CONFIG, "", "");
	expect(&w, false, "K", "S", "T");
	scripted_stop(s);
	snprintf(path, sizeof(path), "%s/.aws/sso/cache/" SSO_FILE, home);
	assert_int_equal(file_read(path, 4096, &w.arena, &cache, &err), 0);
	assert_non_null(strstr(cache.s, "\"accessToken\":\"new\""));
	assert_non_null(strstr(cache.s, "\"refreshToken\":\"later\""));
	assert_non_null(strstr(cache.s, "\"startUrl\":\"https://x\""));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	file_remove_tree(home, &err);
	end(&w);
}

static void says_when_to_log_in_again(void **state)
{
	static const struct scripted_step script[] = {
		{ .request = "GET ", .status = 401 },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	char home[] = "/tmp/site-home-XXXXXX", text[32];
	struct error err = { 0 };
	struct world w = { 0 };

	(void)state;
	assert_non_null(mkdtemp(home));
	add_env(&w, NO_MACHINE);
	add_env(&w, str_fmt(&w.arena, "HOME=%s", home).s);
	add_url(&w, "AWS_ENDPOINT_URL_SSO", s, "");
	begin(&w, SSO_CONFIG, "", "");
	expect_failure(&w, false, "nobody has logged in");
	login(home, when(text, 7200));
	expect_failure(&w, false, "the login has ended");
	scripted_stop(s);
	file_remove_tree(home, &err);
	end(&w);
}

static void asks_the_container(void **state)
{
	char soon[32], answer[300];
	struct scripted_step script[] = {
		{ .status = 503 },
		{ .request = "\r\nauthorization: s3ntinel\r\n",
		  .answer = answer },
		/* They end in twelve minutes: others are asked for, but that
		 * they are not there is no harm yet. */
		{ .status = 404 },
		{ 0 },
	};
	struct scripted *s;
	struct world w = { 0 };

	(void)state;
	snprintf(answer, sizeof(answer),
		 "{\"AccessKeyId\":\"C\",\"SecretAccessKey\":\"S\","
		 "\"Token\":\"T\",\"Expiration\":\"%s\"}",
		 when(soon, 720));
	s = scripted_start(script);
	add_env(&w, NO_MACHINE);
	add_env(&w, "AWS_CONTAINER_AUTHORIZATION_TOKEN=s3ntinel");
	add_url(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", s, "/get");
	begin(&w, "", "", "");
	expect(&w, false, "C", "S", "T");
	expect(&w, false, "C", "S", "T");
	/* Not asked again at once. */
	expect(&w, false, "C", "S", "T");
	scripted_stop(s);
	end(&w);
}

static void asks_again_when_keys_are_about_to_end(void **state)
{
	char soon[32], answer[300];
	struct scripted_step script[] = {
		{ .answer = answer },
		{ .status = 404 },
		{ .answer =
		      "{\"AccessKeyId\":\"D\",\"SecretAccessKey\":\"S\"}" },
		{ 0 },
	};
	struct scripted *s;
	struct world w = { 0 };

	(void)state;
	snprintf(answer, sizeof(answer),
		 "{\"AccessKeyId\":\"C\",\"SecretAccessKey\":\"S\","
		 "\"Token\":\"T\",\"Expiration\":\"%s\"}",
		 when(soon, 500));
	s = scripted_start(script);
	add_env(&w, NO_MACHINE);
	add_url(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", s, "/get");
	begin(&w, "", "", "");
	expect(&w, false, "C", "S", "T");
	expect_failure(&w, false, "credentials from container");
	expect(&w, false, "D", "S", "");
	expect(&w, false, "D", "S", "");
	scripted_stop(s);
	end(&w);
}

static void refuses_a_token_of_two_lines(void **state)
{
	struct world w = { 0 };

	(void)state;
	add_env(&w, NO_MACHINE);
	add_env(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/");
	add_env(&w, "AWS_CONTAINER_AUTHORIZATION_TOKEN=a\r\nx: s3ntinel");
	begin(&w, "", "", "");
	expect_failure(&w, false, "more than one line");
	end(&w);
}

#define ROLES "/latest/meta-data/iam/security-credentials/"

static void asks_the_machine(void **state)
{
	static const struct scripted_step script[] = {
		{ .request = "PUT /latest/api/token ", .answer = "tok" },
		{ .request = "\r\nx-aws-ec2-metadata-token: tok\r\n",
		  .answer = "the-role\n" },
		{ .request = "GET " ROLES "the-role ",
		  .answer = "{\"Code\":\"Success\",\"AccessKeyId\":\"M\","
			    "\"SecretAccessKey\":\"S\",\"Token\":\"T\","
			    "\"Expiration\":\"2999-01-01T00:00:00Z\"}" },
		{ .request = "PUT /latest/api/token ", .answer = "tok" },
		{ .request = "GET /latest/meta-data/placement/region ",
		  .answer = "eu-west-3" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct error err = { 0 };
	struct world w = { 0 };
	struct str region;

	(void)state;
	add_url(&w, "AWS_EC2_METADATA_SERVICE_ENDPOINT", s, "/");
	begin(&w, "", "", "");
	expect(&w, false, "M", "S", "T");
	assert_int_equal(
	    credentials_machine_region(&w.settings, &w.arena, &region, &err),
	    0);
	assert_string_equal(region.s, "eu-west-3");
	scripted_stop(s);
	end(&w);
}

static void version_one_only_where_it_is_allowed(void **state)
{
	static const struct scripted_step old[] = {
		{ .status = 404 },
		{ .request = "GET " ROLES " ", .answer = "r" },
		{ .answer = "{\"Code\":\"Success\",\"AccessKeyId\":\"M\","
			    "\"SecretAccessKey\":\"S\",\"Token\":\"T\"}" },
		{ 0 },
	};
	static const struct scripted_step strict[] = {
		{ .status = 404 },
		{ 0 },
	};
	struct scripted *s = scripted_start(old);
	struct world w = { 0 }, v = { 0 };

	(void)state;
	add_url(&w, "AWS_EC2_METADATA_SERVICE_ENDPOINT", s, "");
	begin(&w, "", "", "");
	expect(&w, false, "M", "S", "T");
	scripted_stop(s);
	end(&w);
	s = scripted_start(strict);
	add_url(&v, "AWS_EC2_METADATA_SERVICE_ENDPOINT", s, "");
	add_env(&v, "AWS_EC2_METADATA_V1_DISABLED=true");
	begin(&v, "", "", "");
	expect_failure(&v, false, "there are no AWS credentials");
	scripted_stop(s);
	end(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_configured_source_counts),
		cmocka_unit_test(tells_where_they_come_from),
		cmocka_unit_test(credentials_of_the_environment_end),
		cmocka_unit_test(runs_a_process_without_a_shell),
		cmocka_unit_test(takes_roles_on_one_after_the_other),
		cmocka_unit_test(a_role_that_is_refused_is_an_error),
		cmocka_unit_test(exchanges_a_web_identity),
		cmocka_unit_test(signs_on_and_renews_the_login),
		cmocka_unit_test(says_when_to_log_in_again),
		cmocka_unit_test(asks_the_container),
		cmocka_unit_test(asks_again_when_keys_are_about_to_end),
		cmocka_unit_test(refuses_a_token_of_two_lines),
		cmocka_unit_test(asks_the_machine),
		cmocka_unit_test(version_one_only_where_it_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
