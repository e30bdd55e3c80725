/*
 * Keys that the place gives where this runs: a container's agent, or the
 * metadata service of a machine of EC2 (version 2). Both are on this machine's
 * own link: never asked through a proxy, and given up on quickly.
 */
#include <config.h>

#include "providers/aws/source.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/aws/profile.h"
#include "providers/http.h"

#include <string.h>

enum {
	CONTAINER_MS = 2000,
	CONTAINER_TRIES = 3,
	MACHINE_S = 1,
	SECONDS_MOST = 60,
	TRIES_MOST = 10,
	TOKEN_MAX = 16 << 10,
	ANSWER_MAX = 64 << 10,
};

#define CONTAINER_HOST "http://169.254.170.2"
#define MACHINE_V4     "http://169.254.169.254"
#define MACHINE_V6     "http://[fd00:ec2::254]"
#define TOKEN_HEADER   "x-aws-ec2-metadata-token"

static const struct key_names names = {
	"AccessKeyId",
	"SecretAccessKey",
	"Token",
	"Expiration",
};

/* A request on the link, so often as is worth it. */
static int ask(const struct http_request *q, int tries, struct arena *a,
	       struct http_response *r, struct error *err)
{
	int rc = -1;

	for (int i = 0; i < tries; i++) {
		*err = (struct error){ 0 };
		rc = http_send(q, a, r, err);
		if (rc == 0 && r->status < 500)
			return 0;
	}
	return rc < 0 ? -1
		      : error_set(err, ERROR_UNAVAILABLE,
				  "the service answered %d", r->status);
}

/* -- Container ------------------------------------------------------------- */

static int container_url(const char *const *env, struct arena *a,
			 struct str *url, struct error *err)
{
	static const char *const plain[] = {
		"169.254.170.2",
		"169.254.170.23",
		"[fd00:ec2::23]",
	};
	struct str relative =
	    env_get(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	struct http_url u;
	struct str host;

	if (relative.n) {
		*url =
		    str_fmt(a, CONTAINER_HOST "%s%.*s",
			    relative.s[0] == '/' ? "" : "/", STR_ARG(relative));
		return 0;
	}
	*url = env_get(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (http_url_parse(*url, &u, err) < 0)
		return error_add(err, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (str_is(u.scheme, "https") || u.is_loopback)
		return 0;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		host = u.host;
		if (str_starts(host, plain[i]) &&
		    (host.n == strlen(plain[i]) ||
		     host.s[strlen(plain[i])] == ':'))
			return 0;
	}
	return error_set(err, ERROR_INVALID,
			 "AWS_CONTAINER_CREDENTIALS_FULL_URI would send "
			 "credentials in clear to \"%.*s\"",
			 STR_ARG(u.host));
}

static int container_token(const char *const *env, struct arena *a,
			   struct str *out, struct error *err)
{
	struct str file =
	    env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");

	*out = env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	if (file.n && file_read(str_c(file, a), TOKEN_MAX, a, out, err) < 0)
		return -1;
	/* It becomes a header: it may not begin another. */
	for (size_t i = 0; i < out->n; i++)
		if (out->s[i] == '\r' || out->s[i] == '\n')
			return error_set(err, ERROR_INVALID,
					 "the container's authorization token "
					 "has more than one line");
	return 0;
}

int keys_of_container(const struct credentials_setup *s,
		      const struct key_source *k, struct arena *a,
		      struct aws_keys *out, struct error *err)
{
	const char *const *env = s->settings->env;
	struct http_header header = { STR("authorization"), STR("") };
	struct http_request q = {
		.method = STR("GET"),
		.headers = &header,
		.connect_ms = CONTAINER_MS,
		.timeout_ms = CONTAINER_MS,
		.max = ANSWER_MAX,
		.is_direct = true,
	};
	struct http_response r;
	struct error ignored;
	struct value v;

	(void)k;
	if (container_url(env, a, &q.url, err) < 0 ||
	    container_token(env, a, &header.value, err) < 0)
		return -1;
	q.n_headers = header.value.n ? 1 : 0;
	if (ask(&q, CONTAINER_TRIES, a, &r, err) < 0)
		return -1;
	if (r.status != 200)
		return error_set(err, ERROR_DENIED,
				 "the container's agent answered %d", r.status);
	if (json_read(r.body, a, &v, &ignored) < 0)
		return error_set(err, ERROR_FAILED,
				 "the container's agent did not answer in "
				 "JSON");
	return keys_from_map(v, &names, out, err);
}

/* -- Machine --------------------------------------------------------------- */

struct machine {
	struct str base;
	int timeout_ms, tries;
	struct str token; /* empty: version 1 */
};

static int bounded(const char *const *env, const char *name, int otherwise,
		   int most)
{
	struct str text = env_get(env, name);
	uint64_t n;

	if (!text.n || !str_to_u64(text, &n) || n == 0)
		return otherwise;
	return n > (uint64_t)most ? most : (int)n;
}

static int machine_get(const struct machine *m, const char *method,
		       const char *path, struct http_header *headers, size_t n,
		       struct arena *a, struct http_response *r,
		       struct error *err)
{
	const struct http_request q = {
		.method = str_from(method),
		.url = str_fmt(a, "%.*s%s", STR_ARG(m->base), path),
		.headers = headers,
		.n_headers = n,
		.connect_ms = m->timeout_ms,
		.timeout_ms = m->timeout_ms,
		.max = ANSWER_MAX,
		.is_direct = true,
	};

	return ask(&q, m->tries, a, r, err);
}

/*
 * Version 2 asks for a token first. In a container that is one hop further away
 * than the service answers; then version 1 is tried, unless that is forbidden.
 */
static int machine_open(const struct aws_settings *s, struct arena *a,
			struct machine *m, struct error *err)
{
	const char *const *env = s->env;
	struct http_header header = { STR(TOKEN_HEADER "-ttl-seconds"),
				      STR("21600") };
	struct str mode =
	    aws_setting(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
			"ec2_metadata_service_endpoint_mode");
	struct http_response r;

	*m = (struct machine){
		.base = aws_setting(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
				    "ec2_metadata_service_endpoint"),
		.timeout_ms =
		    1000 * bounded(env, "AWS_METADATA_SERVICE_TIMEOUT",
				   MACHINE_S, SECONDS_MOST),
		.tries = bounded(env, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1,
				 TRIES_MOST),
	};
	if (!m->base.n)
		m->base = mode.n && (mode.s[mode.n - 1] == '6')
			      ? STR(MACHINE_V6)
			      : STR(MACHINE_V4);
	if (m->base.s[m->base.n - 1] == '/')
		m->base.n--;
	if (machine_get(m, "PUT", "/latest/api/token", &header, 1, a, &r,
			err) == 0 &&
	    r.status == 200) {
		m->token = str_trim(r.body);
		return 0;
	}
	if (err->kind == ERROR_UNAVAILABLE ||
	    aws_setting_true(s, "AWS_EC2_METADATA_V1_DISABLED",
			     "ec2_metadata_v1_disabled"))
		return error_set(err, ERROR_UNAVAILABLE,
				 "no metadata service answers");
	*err = (struct error){ 0 };
	return 0;
}

static int machine_text(const struct machine *m, const char *path,
			struct arena *a, struct str *out, struct error *err)
{
	struct http_header header = { STR(TOKEN_HEADER), m->token };
	struct http_response r;

	if (machine_get(m, "GET", path, &header, m->token.n ? 1 : 0, a, &r,
			err) < 0)
		return -1;
	if (r.status != 200)
		return error_set(
		    err, r.status == 404 ? ERROR_NOT_FOUND : ERROR_DENIED,
		    "the metadata service answered %d", r.status);
	*out = str_trim(r.body);
	return 0;
}

#define ROLES "/latest/meta-data/iam/security-credentials/"

int keys_of_machine(const struct credentials_setup *s,
		    const struct key_source *k, struct arena *a,
		    struct aws_keys *out, struct error *err)
{
	struct str roles, role, text;
	struct error ignored;
	struct machine m;
	struct value v;

	(void)k;
	if (machine_open(s->settings, a, &m, err) < 0 ||
	    machine_text(&m, ROLES, a, &roles, err) < 0)
		return -1;
	role = str_trim(str_cut(&roles, '\n'));
	if (!role.n)
		return error_set(err, ERROR_NOT_FOUND,
				 "the machine has no role");
	if (machine_text(&m, str_fmt(a, ROLES "%.*s", STR_ARG(role)).s, a,
			 &text, err) < 0)
		return -1;
	if (json_read(text, a, &v, &ignored) < 0)
		return error_set(err, ERROR_FAILED,
				 "the metadata service did not answer in JSON");
	if (!str_is(value_text(v, "Code"), "Success"))
		return error_set(err, ERROR_DENIED,
				 "the metadata service has no keys of role "
				 "\"%.*s\"",
				 STR_ARG(role));
	return keys_from_map(v, &names, out, err);
}

int credentials_machine_region(const struct aws_settings *s, struct arena *a,
			       struct str *out, struct error *err)
{
	struct machine m;

	*out = (struct str){ "", 0 };
	if (setting_true(env_get(s->env, "AWS_EC2_METADATA_DISABLED")))
		return error_set(err, ERROR_NOT_FOUND,
				 "the metadata service is not to be asked");
	if (machine_open(s, a, &m, err) < 0)
		return -1;
	return machine_text(&m, "/latest/meta-data/placement/region", a, out,
			    err);
}
