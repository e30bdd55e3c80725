#include <config.h>

#include "providers/aws/site.h"

#include "engine/provider.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/aws/profile.h"
#include "providers/aws/reach.h"
#include "providers/retry.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	ACCOUNT_DIGITS = 12,
	/* An apply is long, and meets more mishaps than a command. */
	ATTEMPTS = 5,
	ATTEMPTS_MOST = 20,
	TAGS_MOST = 40, /* of the 50 that a resource can have */
	PREFIX_MOST = 20,
};

struct site_own {
	struct aws_site site;
	struct arena arena;
	struct aws_settings settings;
	struct profiles *profiles;
	struct credentials_setup keys;
	struct aws_source source;
	int64_t poll_ms; /* at most, of DMSL_AWS_POLL_MS; 0: not said */
	pthread_mutex_t lock;
	struct str declared;	    /* account; may be empty */
	struct str account, caller; /* empty: not asked yet */
};

const struct attr_schema aws_site_attrs[] = {
	{ "region", "string", ATTR_OPTIONAL, NULL,
	  "The region: us-east-1; as the AWS tools find it when not given." },
	{ "account", "string", ATTR_OPTIONAL, NULL,
	  "Twelve digits; another account is refused." },
	{ "profile", "string", ATTR_OPTIONAL, NULL,
	  "A profile of the AWS configuration files." },
	{ "assume_role",
	  "object({role_arn: string, external_id?: string, "
	  "session_name?: string})",
	  ATTR_OPTIONAL, NULL,
	  "A role to take on with the credentials that were found." },
	{ "endpoint", "string", ATTR_OPTIONAL, NULL,
	  "A URL for every service, for emulators." },
	{ "default_tags", "map(string)", ATTR_OPTIONAL, NULL,
	  "Tags of everything that is created, under those of the stack." },
	{ "name_prefix", "string", ATTR_OPTIONAL, NULL,
	  "What names that dmsl makes up begin with." },
	{ "reach", "enum(workstation, data_api, direct)", ATTR_OPTIONAL,
	  "workstation",
	  "How SQL gets to databases in private networks: by a host of the "
	  "stack, by the RDS Data API, or from this machine." },
	{ "workstation", "string", ATTR_OPTIONAL, NULL,
	  "That host, by address or instance id, where the stack has "
	  "several." },
	{ 0 },
};

/* -- Who calls, and where ---------------------------------------------------
 */

static int endpoint(void *ctx, const struct aws_service *s, bool is_expired,
		    struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	struct aws_site *w = ctx;
	struct aws_location l;
	struct aws_keys keys;

	if (aws_locate(w->settings, s, w->region, a, &l, err) < 0 ||
	    credentials_get(w->credentials, is_expired, a, &keys, err) < 0)
		return -1;
	*out = (struct aws_endpoint){
		.url = l.url,
		.region = l.region,
		.access_key = keys.access_key,
		.secret_key = keys.secret_key,
		.session_token = keys.session_token,
	};
	return 0;
}

static int64_t pace(const struct aws_site *w, int64_t ms)
{
	int64_t most = w->own->poll_ms;

	return most && most < ms ? most : ms;
}

/* Under the lock. */
static int identify(struct aws_site *w, struct error *err)
{
	struct site_own *own = w->own;
	struct arena scratch = { 0 };
	struct str account;
	struct value v;
	int rc = 0;

	if (own->account.n)
		return 0;
	if (aws_ask(w->client, &aws_sts, "GetCallerIdentity", value_null(),
		    &scratch, &v, err) < 0) {
		arena_release(&scratch);
		return -1;
	}
	account = aws_text(v, "Account");
	if (account.n != ACCOUNT_DIGITS)
		rc = error_set(err, ERROR_FAILED,
			       "GetCallerIdentity: the answer has no account");
	else if (own->declared.n && !str_eq(own->declared, account)) {
		error_set(err, ERROR_DENIED,
			  "the credentials are of account %.*s, and the stack "
			  "is for account %.*s",
			  STR_ARG(account), STR_ARG(own->declared));
		rc = error_hint(err,
				"Choose the profile of that account "
				"(AWS_PROFILE), or correct \"account\" in the "
				"block provider aws.");
	}
	if (rc == 0) {
		own->caller = str_dup(aws_text(v, "Arn"), &own->arena);
		own->account = str_dup(account, &own->arena);
	}
	arena_release(&scratch);
	return rc;
}

static int asked(struct aws_site *w, const struct str *what, struct str *out,
		 struct error *err)
{
	int rc;

	pthread_mutex_lock(&w->own->lock);
	rc = identify(w, err);
	if (rc == 0)
		*out = *what;
	pthread_mutex_unlock(&w->own->lock);
	return rc;
}

int aws_account(struct aws_site *w, struct str *out, struct error *err)
{
	return asked(w, &w->own->account, out, err);
}

int aws_caller(struct aws_site *w, struct str *out, struct error *err)
{
	return asked(w, &w->own->caller, out, err);
}

/* -- Opening -----------------------------------------------------------------
 */

static struct str text(struct site_own *own, struct value config,
		       const char *key)
{
	return str_dup(value_text(config, key), &own->arena);
}

static int read_account(struct site_own *own, struct value config,
			struct error *err)
{
	uint64_t n;

	own->declared = text(own, config, "account");
	if (!own->declared.n || (own->declared.n == ACCOUNT_DIGITS &&
				 str_to_u64(own->declared, &n)))
		return 0;
	return error_set(err, ERROR_INVALID,
			 "account \"%.*s\": an account has %d digits",
			 STR_ARG(own->declared), ACCOUNT_DIGITS);
}

static int read_role(struct site_own *own, struct value config,
		     struct error *err)
{
	const struct value *role = value_get(config, "assume_role");

	if (!role || value_is_null(*role))
		return 0;
	own->keys.role = (struct aws_role){
		.arn = text(own, *role, "role_arn"),
		.external_id = text(own, *role, "external_id"),
		.session_name = text(own, *role, "session_name"),
	};
	if (str_starts(own->keys.role.arn, "arn:"))
		return 0;
	return error_set(err, ERROR_INVALID,
			 "assume_role: \"%.*s\" is not the ARN of a role",
			 STR_ARG(own->keys.role.arn));
}

static int read_prefix(struct site_own *own, struct value config,
		       struct error *err)
{
	struct str p = text(own, config, "name_prefix");
	bool is_good = p.n <= PREFIX_MOST;

	for (size_t i = 0; is_good && i < p.n; i++)
		is_good = (p.s[i] >= 'a' && p.s[i] <= 'z') ||
			  (p.s[i] >= 'A' && p.s[i] <= 'Z') ||
			  (i && ((p.s[i] >= '0' && p.s[i] <= '9') ||
				 (p.s[i] == '-' && p.s[i - 1] != '-')));
	own->site.prefix = p;
	return is_good ? 0
		       : error_set(err, ERROR_INVALID,
				   "name_prefix \"%.*s\": at most %d letters, "
				   "digits and single dashes, a letter first",
				   STR_ARG(p), PREFIX_MOST);
}

static int read_tags(struct site_own *own, struct value config,
		     struct error *err)
{
	const struct value *tags = value_get(config, "default_tags");

	own->site.tags = value_map(NULL, 0, &own->arena);
	if (!tags || tags->kind != VALUE_MAP)
		return 0;
	if (tags->as.map.n > TAGS_MOST)
		return error_set(err, ERROR_INVALID,
				 "default_tags: %zu tags, at most %d leave "
				 "room for others",
				 tags->as.map.n, TAGS_MOST);
	for (size_t i = 0; i < tags->as.map.n; i++)
		if (str_starts(tags->as.map.entries[i].key, "aws:") ||
		    str_starts(tags->as.map.entries[i].key, "dmsl:"))
			return error_set(err, ERROR_INVALID,
					 "default_tags: \"%.*s\" is a name "
					 "that is not free",
					 STR_ARG(tags->as.map.entries[i].key));
	own->site.tags = value_copy(*tags, &own->arena);
	return 0;
}

static int attempts(const struct aws_settings *s, int *out, struct error *err)
{
	struct str n = aws_setting(s, "AWS_MAX_ATTEMPTS", "max_attempts");
	struct str mode = aws_setting(s, "AWS_RETRY_MODE", "retry_mode");
	uint64_t most;

	*out = ATTEMPTS;
	if (mode.n && !str_is(mode, "standard") && !str_is(mode, "legacy") &&
	    !str_is(mode, "adaptive"))
		return error_set(err, ERROR_INVALID,
				 "retry mode \"%.*s\" is none of standard, "
				 "adaptive and legacy",
				 STR_ARG(mode));
	if (!n.n)
		return 0;
	if (!str_to_u64(n, &most) || most == 0)
		return error_set(err, ERROR_INVALID,
				 "AWS_MAX_ATTEMPTS: \"%.*s\" is not a number "
				 "from 1",
				 STR_ARG(n));
	*out = most > ATTEMPTS_MOST ? ATTEMPTS_MOST : (int)most;
	return 0;
}

static int find_region(struct site_own *own, struct value config,
		       struct error *err)
{
	struct aws_site *w = &own->site;
	const struct aws_partition *p;
	struct error ignored;

	if (aws_region(&own->settings, text(own, config, "region"), &w->region,
		       err) < 0)
		return -1;
	if (!w->region.n &&
	    (credentials_machine_region(&own->settings, &own->arena, &w->region,
					&ignored) < 0 ||
	     !aws_is_region(w->region))) {
		error_set(err, ERROR_INVALID, "no AWS region is known");
		return error_hint(err, "Add region = \"us-east-1\" to the "
				       "block provider aws, or set "
				       "AWS_REGION.");
	}
	p = aws_partition_of(w->region);
	w->partition = str_from(p->name);
	w->suffix = str_from(p->suffix);
	return 0;
}

static int read_settings(struct site_own *own, const struct provider_setup *s,
			 struct error *err)
{
	struct str profile = text(own, s->config, "profile");
	const char *const *env = (const char *const *)environ;
	struct str poll = env_get(env, "DMSL_AWS_POLL_MS");
	uint64_t ms = 0;

	if (poll.n && (!str_to_u64(poll, &ms) || ms == 0 || ms > 600000))
		return error_set(err, ERROR_INVALID,
				 "DMSL_AWS_POLL_MS: \"%.*s\" is not a number "
				 "of milliseconds",
				 STR_ARG(poll));
	own->poll_ms = (int64_t)ms;
	own->profiles = profiles_new();
	own->settings = (struct aws_settings){
		.env = env,
		.profiles = own->profiles,
		.profile = aws_profile_name(env, profile),
		.is_profile_given = profile.n > 0,
		.endpoint = text(own, s->config, "endpoint"),
	};
	own->site.settings = &own->settings;
	return profiles_load(own->profiles, env, err);
}

static void set_clients(struct site_own *own, const struct provider_setup *s)
{
	struct aws_site *w = &own->site;

	own->keys.settings = &own->settings;
	own->keys.region = w->region;
	own->keys.ca_file =
	    aws_setting(&own->settings, "AWS_CA_BUNDLE", "ca_bundle");
	own->keys.agent =
	    s->run_id.n
		? str_fmt(&own->arena, "dmsl/" PACKAGE_VERSION " run/%.*s",
			  STR_ARG(s->run_id))
		: STR("dmsl/" PACKAGE_VERSION);
	w->credentials = credentials_new(&own->keys);
	own->source.endpoint = endpoint;
	own->source.ctx = w;
	own->source.agent = own->keys.agent;
	own->source.ca_file = own->keys.ca_file;
	w->client = aws_client_new(&own->source);
}

static void read_reach(struct site_own *own, struct value config)
{
	struct str reach = value_text(config, "reach");

	own->site.reach = str_is(reach, "data_api") ? AWS_REACH_DATA_API
			  : str_is(reach, "direct") ? AWS_REACH_DIRECT
						    : AWS_REACH_WORKSTATION;
	own->site.workstation =
	    str_dup(value_text(config, "workstation"), &own->arena);
}

int aws_site_open(const struct provider_setup *s, struct aws_site **out,
		  struct error *err)
{
	struct site_own *own = xmalloc(sizeof(*own));

	*own = (struct site_own){ 0 };
	pthread_mutex_init(&own->lock, NULL);
	own->site.own = own;
	own->site.pace = pace;
	own->site.stack = str_fmt(&own->arena, "%.*s/%.*s", STR_ARG(s->stack),
				  STR_ARG(s->stack_uid));
	*out = NULL;
	if (read_settings(own, s, err) < 0 ||
	    read_account(own, s->config, err) < 0 ||
	    read_role(own, s->config, err) < 0 ||
	    read_prefix(own, s->config, err) < 0 ||
	    read_tags(own, s->config, err) < 0 ||
	    attempts(&own->settings, &own->source.attempts, err) < 0 ||
	    find_region(own, s->config, err) < 0) {
		aws_site_close(&own->site);
		return -1;
	}
	/* What is looked at sooner is repeated sooner, too. */
	if (own->poll_ms < retry_standard.base_ms)
		own->source.base_ms = (int)own->poll_ms;
	read_reach(own, s->config);
	own->site.reached = reach_cache_new();
	own->site.servers = reach_servers_new();
	set_clients(own, s);
	*out = &own->site;
	return 0;
}

void aws_site_close(struct aws_site *w)
{
	struct site_own *own = w ? w->own : NULL;

	if (!own)
		return;
	if (w->client)
		aws_client_free(w->client);
	credentials_free(w->credentials);
	reach_cache_free(w->reached);
	reach_servers_free(w->servers);
	profiles_free(own->profiles);
	pthread_mutex_destroy(&own->lock);
	arena_release(&own->arena);
	free(own);
}
