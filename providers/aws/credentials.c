/*
 * Which source of keys counts, and how long the keys are kept. The order is
 * that of the AWS tools:
 *
 *	environment (unless the block names a profile)
 *	the profile: role, web identity, single sign-on, keys in the file for
 *	credentials, credential_process, keys in the configuration file
 *	container, machine of EC2
 *
 * A role of the provider's block is taken on with what that gives.
 */
#include <config.h>

#include "providers/aws/source.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "providers/aws/profile.h"
#include "providers/http.h"
#include "providers/retry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TRY_S = 15 * 60,  /* before the end others are asked for */
	MUST_S = 10 * 60, /* and now there have to be some */
	/* So old at least, when a service says that they have ended. */
	FRESH_MS = 5000,
	AGAIN_MS = 60000, /* after a failure that is tolerated */
	DEPTH_MAX = 20,	  /* of profiles that refer to profiles */
};

struct credentials {
	const struct credentials_setup *setup;
	pthread_mutex_t lock;
	struct arena arena;	   /* of the sources */
	struct key_source *source; /* NULL: not looked for yet */
	struct arena kept;	   /* of keys */
	struct aws_keys keys;
	bool has_keys;
	int64_t fetched_ms, failed_ms; /* by clock_ms(); 0: never */
};

/* -- What sources share ---------------------------------------------------- */

int64_t keys_time(struct str text)
{
	struct arena scratch = { 0 };
	struct tm utc = { 0 };
	const char *rest =
	    strptime(str_c(text, &scratch), "%Y-%m-%dT%H:%M:%S", &utc);
	int64_t seconds = 0;

	if (rest) {
		int hours = 0, minutes = 0;
		char sign = 0;

		seconds = (int64_t)timegm(&utc);
		if (*rest == '.')
			rest += 1 + strspn(rest + 1, "0123456789");
		if (sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) == 3 &&
		    (sign == '+' || sign == '-'))
			seconds -= (sign == '+' ? 1 : -1) *
				   (hours * 3600 + minutes * 60);
	}
	arena_release(&scratch);
	return seconds;
}

int keys_from_map(struct value map, const struct key_names *names,
		  struct aws_keys *out, struct error *err)
{
	struct str expires = value_text(map, names->expires);

	*out = (struct aws_keys){
		.access_key = value_text(map, names->access_key),
		.secret_key = value_text(map, names->secret_key),
		.session_token = value_text(map, names->session_token),
	};
	if (!out->access_key.n || !out->secret_key.n)
		return error_set(err, ERROR_DENIED,
				 "the answer has no %s and %s",
				 names->access_key, names->secret_key);
	if (!expires.n)
		return 0;
	out->expires = keys_time(expires);
	if (!out->expires)
		return error_set(err, ERROR_FAILED,
				 "the answer's %s is no time", names->expires);
	return 0;
}

int keys_send(const struct http_request *q, struct arena *a,
	      struct http_response *out, struct error *err)
{
	for (int failures = 1;; failures++) {
		enum error_kind kind = ERROR_UNAVAILABLE;
		int rc;
		int64_t delay;

		*err = (struct error){ 0 };
		rc = http_send(q, a, out, err);
		if (rc == 0 && out->status < 500 && out->status != 429)
			return 0;
		if (rc < 0)
			kind = err->kind;
		delay =
		    retry_delay_ms(&retry_standard, kind, failures, UINT32_MAX);
		if (delay < 0)
			return rc;
		clock_sleep_ms(delay);
	}
}

int keys_written(const struct credentials_setup *s, const struct key_source *k,
		 struct arena *a, struct aws_keys *out, struct error *err)
{
	(void)s;
	(void)a;
	(void)err;
	*out = k->keys;
	return 0;
}

/* -- Which source ---------------------------------------------------------- */

struct search {
	const struct credentials_setup *setup;
	const struct aws_settings *settings;
	struct arena *arena;
	struct str seen[DEPTH_MAX]; /* profiles on the way here */
	size_t depth;
	struct error *err;
};

static struct key_source *source_new(struct search *x, key_fetch *fetch,
				     struct str from)
{
	struct key_source *k = arena_new(x->arena, struct key_source, 1);

	*k = (struct key_source){
		.fetch = fetch,
		.from = from,
		.is_fixed = fetch == keys_written,
	};
	return k;
}

/* Keys under three names; 1: there are none. */
static int written(struct search *x, struct str access, struct str secret,
		   struct str token, struct str from, struct key_source **out)
{
	if (!access.n && !secret.n)
		return 1;
	if (!access.n || !secret.n)
		return error_set(x->err, ERROR_DENIED,
				 "%.*s: has %s without %s", STR_ARG(from),
				 access.n ? "an access key id" : "a secret key",
				 access.n ? "a secret key"
					  : "an access key id");
	*out = source_new(x, keys_written, from);
	(*out)->keys = (struct aws_keys){ access, secret, token, 0 };
	return 0;
}

static int from_environment(struct search *x, struct key_source **out)
{
	const char *const *env = x->settings->env;
	struct str token = env_get(env, "AWS_SESSION_TOKEN");
	struct str expires = env_get(env, "AWS_CREDENTIAL_EXPIRATION");
	int rc;

	if (!token.n)
		token = env_get(env, "AWS_SECURITY_TOKEN");
	rc = written(x, env_get(env, "AWS_ACCESS_KEY_ID"),
		     env_get(env, "AWS_SECRET_ACCESS_KEY"), token,
		     STR("environment"), out);
	if (rc == 0 && expires.n)
		(*out)->keys.expires = keys_time(expires);
	return rc;
}

static int from_file(struct search *x, enum profile_part part, struct str name,
		     struct key_source **out)
{
	const struct profiles *p = x->settings->profiles;
	struct str token = profiles_get(p, part, name, "aws_session_token");

	if (!token.n)
		token = profiles_get(p, part, name, "aws_security_token");
	return written(
	    x, profiles_get(p, part, name, "aws_access_key_id"),
	    profiles_get(p, part, name, "aws_secret_access_key"), token,
	    str_fmt(x->arena, "profile \"%.*s\" of the %s file", STR_ARG(name),
		    part == PROFILE_CREDENTIALS ? "credentials"
						: "configuration"),
	    out);
}

static int from_either_file(struct search *x, struct str name,
			    struct key_source **out)
{
	int rc = from_file(x, PROFILE_CREDENTIALS, name, out);

	return rc == 1 ? from_file(x, PROFILE_CONFIG, name, out) : rc;
}

static int from_container(struct search *x, struct key_source **out)
{
	const char *const *env = x->settings->env;

	if (!env_get(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").n &&
	    !env_get(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI").n)
		return 1;
	*out = source_new(x, keys_of_container, STR("container"));
	return 0;
}

static int from_machine(struct search *x, struct key_source **out)
{
	if (setting_true(
		env_get(x->settings->env, "AWS_EC2_METADATA_DISABLED")))
		return 1;
	*out = source_new(x, keys_of_machine, STR("role of this machine"));
	(*out)->is_lenient = true;
	return 0;
}

static struct str get(const struct search *x, struct str profile,
		      const char *key)
{
	return profile_get(x->settings->profiles, profile, key);
}

static int from_profile(struct search *x, struct str name,
			struct key_source **out);

/* The profile whose keys ask for the role of `name`. */
static int from_source_profile(struct search *x, struct str name,
			       struct str source, struct key_source **out)
{
	int rc;

	if (!profile_exists(x->settings->profiles, source))
		return error_set(x->err, ERROR_NOT_FOUND,
				 "there is no profile \"%.*s\", the "
				 "source_profile of \"%.*s\"",
				 STR_ARG(source), STR_ARG(name));
	/* One that names itself holds the keys, too. */
	if (str_eq(source, name))
		rc = from_either_file(x, name, out);
	else
		rc = from_profile(x, source, out);
	if (rc == 1)
		return error_set(x->err, ERROR_DENIED,
				 "profile \"%.*s\", the source_profile of "
				 "\"%.*s\", has no credentials",
				 STR_ARG(source), STR_ARG(name));
	return rc;
}

static int from_named_source(struct search *x, struct str name,
			     struct str source, struct key_source **out)
{
	static const struct {
		const char *name;
		int (*find)(struct search *x, struct key_source **out);
	} sources[] = {
		{ "Environment", from_environment },
		{ "Ec2InstanceMetadata", from_machine },
		{ "EcsContainer", from_container },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		int rc;

		if (!str_is(source, sources[i].name))
			continue;
		rc = sources[i].find(x, out);
		return rc == 1 ? error_set(x->err, ERROR_DENIED,
					   "the credential_source %s of "
					   "profile \"%.*s\" has no "
					   "credentials",
					   sources[i].name, STR_ARG(name))
			       : rc;
	}
	error_set(x->err, ERROR_INVALID,
		  "profile \"%.*s\": unknown credential_source \"%.*s\"",
		  STR_ARG(name), STR_ARG(source));
	return error_hint(x->err, "Known are Environment, Ec2InstanceMetadata "
				  "and EcsContainer.");
}

static int number(struct search *x, struct str profile, const char *key,
		  int64_t *out)
{
	struct str text = get(x, profile, key);
	uint64_t n = 0;

	if (text.n && (!str_to_u64(text, &n) || n > 43200))
		return error_set(x->err, ERROR_INVALID,
				 "profile \"%.*s\": %s is not a number of "
				 "seconds up to 43200",
				 STR_ARG(profile), key);
	*out = (int64_t)n;
	return 0;
}

static int from_role(struct search *x, struct str name, struct key_source **out)
{
	struct str source_profile = get(x, name, "source_profile");
	struct str source_name = get(x, name, "credential_source");
	struct str arn = get(x, name, "role_arn");
	struct key_source *base = NULL;
	int rc;

	if (!source_profile.n == !source_name.n) {
		error_set(x->err, ERROR_INVALID,
			  "profile \"%.*s\" has a role_arn and %s "
			  "source_profile %s credential_source",
			  STR_ARG(name), source_name.n ? "both" : "neither",
			  source_name.n ? "and" : "nor");
		return error_hint(x->err, "One of them says whose credentials "
					  "ask for the role.");
	}
	rc = source_profile.n
		 ? from_source_profile(x, name, source_profile, &base)
		 : from_named_source(x, name, source_name, &base);
	if (rc < 0)
		return rc;
	*out = source_new(x, keys_of_role,
			  str_fmt(x->arena, "role %.*s (profile \"%.*s\")",
				  STR_ARG(arn), STR_ARG(name)));
	(*out)->base = base;
	(*out)->role = (struct aws_role){
		.arn = arn,
		.external_id = get(x, name, "external_id"),
		.session_name = get(x, name, "role_session_name"),
	};
	(*out)->mfa_serial = get(x, name, "mfa_serial");
	return number(x, name, "duration_seconds", &(*out)->seconds);
}

static int from_identity(struct search *x, struct str name,
			 struct key_source **out)
{
	const char *const *env = x->settings->env;
	struct str file = get(x, name, "web_identity_token_file");
	struct str arn = get(x, name, "role_arn");
	struct str session = get(x, name, "role_session_name");

	if (!file.n && !x->settings->is_profile_given && x->depth == 1) {
		file = env_get(env, "AWS_WEB_IDENTITY_TOKEN_FILE");
		arn = env_get(env, "AWS_ROLE_ARN");
		session = env_get(env, "AWS_ROLE_SESSION_NAME");
	}
	if (!file.n)
		return 1;
	if (!arn.n)
		return error_set(x->err, ERROR_INVALID,
				 "there is a web identity token file, but no "
				 "role to take on (AWS_ROLE_ARN, role_arn)");
	*out = source_new(
	    x, keys_of_identity,
	    str_fmt(x->arena, "role %.*s (web identity)", STR_ARG(arn)));
	(*out)->token_file = file;
	(*out)->role = (struct aws_role){
		.arn = arn,
		.session_name = session,
	};
	return 0;
}

static int from_sso(struct search *x, struct str name, struct key_source **out)
{
	const struct profiles *p = x->settings->profiles;
	struct str account = get(x, name, "sso_account_id");
	struct str role = get(x, name, "sso_role_name");
	struct str session = get(x, name, "sso_session");
	struct str url = get(x, name, "sso_start_url");
	struct str region = get(x, name, "sso_region");

	if (!account.n && !role.n)
		return 1;
	if (session.n) {
		if (!profiles_has(p, PROFILE_SSO_SESSION, session))
			return error_set(
			    x->err, ERROR_NOT_FOUND,
			    "there is no [sso-session %.*s], which "
			    "profile \"%.*s\" names",
			    STR_ARG(session), STR_ARG(name));
		url = profiles_get(p, PROFILE_SSO_SESSION, session,
				   "sso_start_url");
		region =
		    profiles_get(p, PROFILE_SSO_SESSION, session, "sso_region");
	}
	if (!account.n || !role.n || !url.n || !region.n)
		return error_set(x->err, ERROR_INVALID,
				 "profile \"%.*s\": single sign-on needs %s",
				 STR_ARG(name),
				 !account.n ? "sso_account_id"
				 : !role.n  ? "sso_role_name"
				 : !url.n   ? "sso_start_url"
					    : "sso_region");
	*out = source_new(x, keys_of_sso,
			  str_fmt(x->arena, "single sign-on (profile \"%.*s\")",
				  STR_ARG(name)));
	(*out)->sso_session = session;
	(*out)->sso_start_url = url;
	(*out)->sso_region = region;
	(*out)->sso_account = account;
	(*out)->sso_role = role;
	return 0;
}

static int from_process(struct search *x, struct str name,
			struct key_source **out)
{
	struct str command = get(x, name, "credential_process");

	if (get(x, name, "login_session").n && !command.n) {
		error_set(x->err, ERROR_DENIED,
			  "profile \"%.*s\" was written by \"aws login\", "
			  "whose sessions dmsl cannot read",
			  STR_ARG(name));
		return error_hint(
		    x->err,
		    "Add a profile with credential_process = aws configure "
		    "export-credentials --profile %.*s --format process",
		    STR_ARG(name));
	}
	if (!command.n)
		return 1;
	*out = source_new(x, keys_of_process,
			  str_fmt(x->arena,
				  "credential_process of profile \"%.*s\"",
				  STR_ARG(name)));
	(*out)->command = command;
	return 0;
}

static int enter(struct search *x, struct str name)
{
	for (size_t i = 0; i < x->depth; i++)
		if (str_eq(x->seen[i], name))
			return error_set(x->err, ERROR_INVALID,
					 "the source_profile of \"%.*s\" leads "
					 "back to \"%.*s\"",
					 STR_ARG(x->seen[x->depth - 1]),
					 STR_ARG(name));
	if (x->depth == DEPTH_MAX)
		return error_set(x->err, ERROR_INVALID,
				 "more than %d profiles refer to each other",
				 DEPTH_MAX);
	x->seen[x->depth++] = name;
	return 0;
}

/* 1: the profile says nothing of credentials. */
static int from_profile(struct search *x, struct str name,
			struct key_source **out)
{
	int rc;

	if (enter(x, name) < 0)
		return -1;
	if (get(x, name, "role_arn").n &&
	    !get(x, name, "web_identity_token_file").n)
		return from_role(x, name, out);
	rc = from_identity(x, name, out);
	if (rc == 1)
		rc = from_sso(x, name, out);
	if (rc == 1)
		rc = from_file(x, PROFILE_CREDENTIALS, name, out);
	if (rc == 1)
		rc = from_process(x, name, out);
	if (rc == 1)
		rc = from_file(x, PROFILE_CONFIG, name, out);
	return rc;
}

static int no_credentials(struct error *err)
{
	error_set(err, ERROR_DENIED, "there are no AWS credentials");
	return error_hint(
	    err, "Set AWS_PROFILE to a profile of the AWS "
		 "configuration files, or AWS_ACCESS_KEY_ID and "
		 "AWS_SECRET_ACCESS_KEY. man dmsl-aws lists all ways.");
}

static int find_source(struct search *x, struct key_source **out)
{
	const struct aws_settings *s = x->settings;
	int rc = s->is_profile_given ? 1 : from_environment(x, out);

	if (rc == 1 && !str_is(s->profile, "default") &&
	    !profile_exists(s->profiles, s->profile)) {
		error_set(x->err, ERROR_NOT_FOUND,
			  "there is no AWS profile \"%.*s\"",
			  STR_ARG(s->profile));
		return error_hint(
		    x->err, "Profiles stand in ~/.aws/config and "
			    "~/.aws/credentials, or where AWS_CONFIG_FILE "
			    "and AWS_SHARED_CREDENTIALS_FILE say.");
	}
	if (rc == 1)
		rc = from_profile(x, s->profile, out);
	if (rc == 1)
		rc = from_container(x, out);
	if (rc == 1) {
		rc = from_machine(x, out);
		if (rc == 0)
			(*out)->is_guess = true;
	}
	return rc == 1 ? no_credentials(x->err) : rc;
}

static int look(struct credentials *c, struct error *err)
{
	struct search x = {
		.setup = c->setup,
		.settings = c->setup->settings,
		.arena = &c->arena,
		.err = err,
	};
	const struct aws_role *role = &c->setup->role;
	struct key_source *found = NULL, *taken;

	if (c->source)
		return 0;
	if (find_source(&x, &found) < 0)
		return -1;
	if (role->arn.n) {
		taken = source_new(&x, keys_of_role,
				   str_fmt(&c->arena,
					   "role %.*s, asked for by "
					   "%.*s",
					   STR_ARG(role->arn),
					   STR_ARG(found->from)));
		taken->base = found;
		taken->role = *role;
		found = taken;
	}
	c->source = found;
	return 0;
}

/* -- Keys ------------------------------------------------------------------ */

struct credentials *credentials_new(const struct credentials_setup *s)
{
	struct credentials *c = xmalloc(sizeof(*c));

	*c = (struct credentials){ .setup = s };
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void credentials_free(struct credentials *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	arena_release(&c->arena);
	arena_wipe(&c->kept);
	free(c);
}

static int64_t left_s(const struct credentials *c)
{
	return c->keys.expires ? c->keys.expires - clock_wall() : INT64_MAX;
}

static struct aws_keys copy_keys(const struct aws_keys *k, struct arena *a)
{
	return (struct aws_keys){
		.access_key = str_dup(k->access_key, a),
		.secret_key = str_dup(k->secret_key, a),
		.session_token = str_dup(k->session_token, a),
		.expires = k->expires,
	};
}

static int fetch(struct credentials *c, struct error *err)
{
	struct arena scratch = { 0 };
	struct aws_keys keys = { 0 };
	int rc = c->source->fetch(c->setup, c->source, &scratch, &keys, err);

	if (rc == 0) {
		arena_wipe(&c->kept);
		c->keys = copy_keys(&keys, &c->kept);
		c->has_keys = true;
		c->fetched_ms = clock_ms();
		c->failed_ms = 0;
	} else {
		c->failed_ms = clock_ms();
		error_add(err, "credentials from %.*s",
			  STR_ARG(c->source->from));
	}
	arena_wipe(&scratch);
	return rc;
}

static int have_ended(const struct credentials *c, struct error *err)
{
	error_set(err, ERROR_DENIED, "the credentials of %.*s have expired",
		  STR_ARG(c->source->from));
	return error_hint(err, "Get new ones and run dmsl again: it goes on "
			       "where it stopped.");
}

/* Whether others must, or may, be asked for now. */
static int renew(struct credentials *c, bool is_expired, struct error *err)
{
	int64_t now = clock_ms();
	bool is_needed = !c->has_keys || left_s(c) <= MUST_S ||
			 (is_expired && now - c->fetched_ms > FRESH_MS);
	struct error failure = { 0 };

	if (c->has_keys && c->source->is_fixed)
		return is_expired || left_s(c) <= 0 ? have_ended(c, err) : 0;
	if (!is_needed && (left_s(c) > TRY_S ||
			   (c->failed_ms && now - c->failed_ms < AGAIN_MS)))
		return 0;
	/* Silence of a source that gave keys: not asked at every call. */
	if (c->has_keys && c->source->is_lenient && c->failed_ms &&
	    now - c->failed_ms < AGAIN_MS)
		return 0;
	if (fetch(c, &failure) == 0) {
		if (!c->source->is_fixed || left_s(c) > 0)
			return 0;
		return have_ended(c, err);
	}
	if (c->has_keys && (!is_needed || c->source->is_lenient))
		return 0;
	*err = failure;
	return c->source->is_guess && failure.kind != ERROR_FAILED
		   ? no_credentials(err)
		   : -1;
}

int credentials_get(struct credentials *c, bool is_expired, struct arena *a,
		    struct aws_keys *out, struct error *err)
{
	int rc;

	pthread_mutex_lock(&c->lock);
	rc = look(c, err);
	if (rc == 0)
		rc = renew(c, is_expired, err);
	if (rc == 0)
		*out = copy_keys(&c->keys, a);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

int credentials_source(struct credentials *c, struct arena *a, struct str *out,
		       struct error *err)
{
	int rc;

	pthread_mutex_lock(&c->lock);
	rc = look(c, err);
	if (rc == 0)
		*out = str_dup(c->source->from, a);
	pthread_mutex_unlock(&c->lock);
	return rc;
}
