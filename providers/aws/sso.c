/*
 * Single sign-on: the AWS CLI logs the user in and leaves a token in
 * ~/.aws/sso/cache/SHA1.json; the token buys keys of a role. The token is
 * renewed while it can be and written back for the other tools.
 */
#include <config.h>

#include "providers/aws/source.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/aws/fields.h"
#include "providers/aws/profile.h"
#include "providers/http.h"

#include <openssl/evp.h>

#include <time.h>

enum { CACHE_MAX = 256 << 10, EARLY_S = 15 * 60, SHA1_SIZE = 20 };

static const struct aws_service portal = {
	.name = "sso",
	.host = "portal.sso",
	.env = "SSO",
};

static const struct aws_service oidc = {
	.name = "sso-oidc",
	.host = "oidc",
	.env = "SSO_OIDC",
};

static int log_in_again(const char *what, struct error *err)
{
	error_set(err, ERROR_DENIED, "%s", what);
	return error_hint(err, "Log in again: aws sso login --profile NAME");
}

static const char *cache_path(const struct credentials_setup *s,
			      const struct key_source *k, struct arena *a,
			      struct error *err)
{
	struct str named = k->sso_session.n ? k->sso_session : k->sso_start_url;
	unsigned char sum[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	const char *path;

	if (EVP_Digest(named.s, named.n, sum, NULL, EVP_sha1(), NULL) != 1)
		BUG("no SHA-1");
	digest_hex(sum, SHA1_SIZE, hex);
	path = profile_file(s->settings->env, NULL,
			    str_fmt(a, "sso/cache/%s.json", hex).s, a);
	if (!path)
		error_set(err, ERROR_NOT_FOUND,
			  "HOME is not set: the login is not found");
	return path;
}

static int read_cache(const char *path, struct arena *a, struct value *out,
		      struct error *err)
{
	struct error failure;
	struct str text;

	if (file_read(path, CACHE_MAX, a, &text, &failure) < 0)
		return log_in_again("nobody has logged in", err);
	if (json_read(text, a, out, &failure) < 0 || out->kind != VALUE_MAP ||
	    !value_text(*out, "accessToken").n)
		return log_in_again("the file of the login is damaged", err);
	return 0;
}

static struct str time_text(int64_t at, struct arena *a)
{
	time_t seconds = (time_t)at;
	char text[32];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return str_dup(str_from(text), a);
}

static bool can_renew(struct value cache)
{
	struct str until = value_text(cache, "registrationExpiresAt");

	return value_text(cache, "refreshToken").n &&
	       value_text(cache, "clientId").n &&
	       value_text(cache, "clientSecret").n &&
	       (!until.n || keys_time(until) > clock_wall());
}

static int post_json(const struct credentials_setup *s, struct str url,
		     struct value body, struct arena *a,
		     struct http_response *r, struct error *err)
{
	static const struct http_header headers[] = {
		{ STR_INIT("content-type"), STR_INIT("application/json") },
	};
	struct buf b;
	int rc;

	buf_init(&b, CACHE_MAX);
	json_write(&b, body, JSON_REVEAL);
	rc = keys_send(
	    &(struct http_request){
		.method = STR("POST"),
		.url = url,
		.headers = headers,
		.n_headers = 1,
		.body = buf_str(&b),
		.ca_file = s->ca_file,
	    },
	    a, r, err);
	buf_wipe(&b);
	return rc;
}

/* The cache with what the answer says, written for the other tools too. */
static int keep(const char *path, struct value answer, struct value *cache,
		struct arena *a, struct error *err)
{
	struct str refresh = value_text(answer, "refreshToken");
	int64_t lasts = value_number(answer, "expiresIn", 0);
	struct buf b;
	int rc;

	*cache = value_with(*cache, STR("accessToken"),
			    value_str(value_text(answer, "accessToken")), a);
	*cache = value_with(*cache, STR("expiresAt"),
			    value_str(time_text(clock_wall() + lasts, a)), a);
	if (refresh.n)
		*cache = value_with(*cache, STR("refreshToken"),
				    value_str(refresh), a);
	buf_init(&b, CACHE_MAX);
	json_write(&b, *cache, JSON_REVEAL);
	rc = file_replace(path, buf_str(&b), 0600, err);
	buf_wipe(&b);
	return rc;
}

static int renew(const struct credentials_setup *s, const struct key_source *k,
		 const char *path, struct arena *a, struct value *cache,
		 struct error *err)
{
	struct fields f = { 0 };
	struct http_response r;
	struct aws_location l;
	struct error ignored;
	struct value answer;

	if (aws_locate(s->settings, &oidc, k->sso_region, a, &l, err) < 0)
		return -1;
	field_text(&f, "clientId", value_text(*cache, "clientId"));
	field_text(&f, "clientSecret", value_text(*cache, "clientSecret"));
	field_text(&f, "grantType", STR("refresh_token"));
	field_text(&f, "refreshToken", value_text(*cache, "refreshToken"));
	if (post_json(s, str_fmt(a, "%.*s/token", STR_ARG(l.url)),
		      fields_done(&f, a), a, &r, err) < 0)
		return -1;
	if (r.status != 200 || json_read(r.body, a, &answer, &ignored) < 0 ||
	    !value_text(answer, "accessToken").n)
		return error_set(err, ERROR_DENIED,
				 "the login could not be renewed (status %d)",
				 r.status);
	return keep(path, answer, cache, a, err);
}

/* A token that is good for now. */
static int token(const struct credentials_setup *s, const struct key_source *k,
		 struct arena *a, struct str *out, struct error *err)
{
	const char *path = cache_path(s, k, a, err);
	struct error failure = { 0 };
	struct value cache;
	int64_t left;

	if (!path || read_cache(path, a, &cache, err) < 0)
		return -1;
	left = keys_time(value_text(cache, "expiresAt")) - clock_wall();
	if (left < EARLY_S && can_renew(cache) &&
	    renew(s, k, path, a, &cache, &failure) == 0)
		left = EARLY_S;
	if (left <= 0)
		return log_in_again(failure.message[0] ? failure.message
						       : "the login has ended",
				    err);
	*out = value_text(cache, "accessToken");
	return 0;
}

static struct str encoded(struct str s, struct arena *a)
{
	struct buf b;
	struct str out;

	buf_init(&b, 4096);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '.' || c == '~')
			buf_add_char(&b, (char)c);
		else
			buf_fmt(&b, "%%%02X", (unsigned)c);
	}
	out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return out;
}

static int take(const struct http_response *r, struct arena *a,
		struct aws_keys *out, struct error *err)
{
	static const struct key_names names = {
		"accessKeyId",
		"secretAccessKey",
		"sessionToken",
		/* Milliseconds, unlike the others: see below. */
		"",
	};
	const struct value *role = NULL;
	struct error ignored;
	struct value v;

	if (r->status == 401)
		return log_in_again("the login has ended", err);
	if (r->status == 403 || r->status == 404)
		return error_set(err, ERROR_DENIED,
				 "the role is not assigned to the user "
				 "(status %d)",
				 r->status);
	if (r->status == 200 && json_read(r->body, a, &v, &ignored) == 0)
		role = value_get(v, "roleCredentials");
	if (!role)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the sign-on portal answered %d", r->status);
	if (keys_from_map(*role, &names, out, err) < 0)
		return -1;
	out->expires = value_number(*role, "expiration", 0) / 1000;
	return 0;
}

int keys_of_sso(const struct credentials_setup *s, const struct key_source *k,
		struct arena *a, struct aws_keys *out, struct error *err)
{
	struct http_header header = { STR("x-amz-sso_bearer_token"), STR("") };
	struct http_response r;
	struct aws_location l;

	if (token(s, k, a, &header.value, err) < 0 ||
	    aws_locate(s->settings, &portal, k->sso_region, a, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < header.value.n; i++)
		if ((unsigned char)header.value.s[i] < ' ')
			return log_in_again("the file of the login is damaged",
					    err);
	if (keys_send(
		&(struct http_request){
		    .method = STR("GET"),
		    .url = str_fmt(a,
				   "%.*s/federation/credentials?"
				   "account_id=%.*s&role_name=%.*s",
				   STR_ARG(l.url),
				   STR_ARG(encoded(k->sso_account, a)),
				   STR_ARG(encoded(k->sso_role, a))),
		    .headers = &header,
		    .n_headers = 1,
		    .ca_file = s->ca_file,
		},
		a, &r, err) < 0)
		return -1;
	return take(&r, a, out, err);
}
