#include <config.h>

#include "providers/aws/resolve.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/aws/profile.h"
#include "providers/http.h"

enum { REGION_MAX = 40 };

/* By how a region's name begins; the first that fits, the last is for all. */
static const struct {
	const char *prefix;
	struct aws_partition partition;
} partitions[] = {
	{ "cn-",
	  { "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
	    "iam.cn-north-1.amazonaws.com.cn", "cn-north-1" } },
	{ "us-gov-",
	  { "aws-us-gov", "amazonaws.com", "api.aws",
	    "iam.us-gov.amazonaws.com", "us-gov-west-1" } },
	{ "us-iso-",
	  { "aws-iso", "c2s.ic.gov", NULL, "iam.us-iso-east-1.c2s.ic.gov",
	    "us-iso-east-1" } },
	{ "us-isob-",
	  { "aws-iso-b", "sc2s.sgov.gov", NULL,
	    "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1" } },
	{ "eu-isoe-",
	  { "aws-iso-e", "cloud.adc-e.uk", NULL,
	    "iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1" } },
	{ "us-isof-",
	  { "aws-iso-f", "csp.hci.ic.gov", NULL,
	    "iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1" } },
	{ "eusc-",
	  { "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu",
	    "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1" } },
	{ "",
	  { "aws", "amazonaws.com", "api.aws", "iam.amazonaws.com",
	    "us-east-1" } },
};

/* In GovCloud the plain hosts of these are the FIPS ones. */
static const char *const gov_plain[] = {
	"dms", "ec2", "elasticloadbalancing", "logs", "rds", "ssm", NULL,
};

const struct aws_partition *aws_partition_of(struct str region)
{
	size_t i = 0;

	while (!str_starts(region, partitions[i].prefix))
		i++;
	return &partitions[i].partition;
}

bool aws_is_region(struct str s)
{
	if (s.n == 0 || s.n > REGION_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.s[i] >= 'a' && s.s[i] <= 'z') ||
		      (s.s[i] >= '0' && s.s[i] <= '9') ||
		      (s.s[i] == '-' && i && i + 1 < s.n)))
			return false;
	return true;
}

struct str aws_profile_name(const char *const *env, struct str given)
{
	struct str name = given;

	if (!name.n)
		name = env_get(env, "AWS_PROFILE");
	if (!name.n)
		name = env_get(env, "AWS_DEFAULT_PROFILE");
	return name.n ? name : STR("default");
}

struct str aws_setting(const struct aws_settings *s, const char *variable,
		       const char *key)
{
	struct str value = env_get(s->env, variable);

	return value.n ? value : profile_get(s->profiles, s->profile, key);
}

bool aws_setting_true(const struct aws_settings *s, const char *variable,
		      const char *key)
{
	return setting_true(aws_setting(s, variable, key));
}

int aws_region(const struct aws_settings *s, struct str declared,
	       struct str *out, struct error *err)
{
	*out = declared;
	if (!out->n)
		*out = env_get(s->env, "AWS_REGION");
	if (!out->n)
		*out = env_get(s->env, "AWS_DEFAULT_REGION");
	if (!out->n)
		*out = profile_get(s->profiles, s->profile, "region");
	if (!out->n || aws_is_region(*out))
		return 0;
	error_set(err, ERROR_INVALID, "\"%.*s\" is not a region",
		  STR_ARG(*out));
	return error_hint(err, "A region is written like us-east-1.");
}

/* -- Endpoints ------------------------------------------------------------ */

static struct str lower(const char *s, struct arena *a)
{
	char *out = str_c(str_from(s), a);

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
	return str_from(out);
}

/* A URL that somebody configured, and where; empty: nobody did. */
static struct str configured(const struct aws_settings *s,
			     const struct aws_service *service, struct arena *a,
			     struct str *from)
{
	struct str variable, key, url, section;

	*from = STR("the provider's endpoint");
	if (s->endpoint.n ||
	    aws_setting_true(s, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
			     "ignore_configured_endpoint_urls"))
		return s->endpoint;
	variable = str_fmt(a, "AWS_ENDPOINT_URL_%s", service->env);
	*from = variable;
	url = env_get(s->env, variable.s);
	if (url.n)
		return url;
	*from = STR("AWS_ENDPOINT_URL");
	url = env_get(s->env, "AWS_ENDPOINT_URL");
	if (url.n)
		return url;
	section = profile_get(s->profiles, s->profile, "services");
	key = str_fmt(a, "%.*s.endpoint_url", STR_ARG(lower(service->env, a)));
	*from = str_fmt(a, "[services %.*s]", STR_ARG(section));
	if (section.n)
		url =
		    profiles_get(s->profiles, PROFILE_SERVICES, section, key.s);
	if (url.n)
		return url;
	*from =
	    str_fmt(a, "endpoint_url of profile \"%.*s\"", STR_ARG(s->profile));
	return profile_get(s->profiles, s->profile, "endpoint_url");
}

static bool is_gov_plain(const struct aws_partition *p, const char *host)
{
	for (size_t i = 0; gov_plain[i]; i++)
		if (str_is(str_from(p->name), "aws-us-gov") &&
		    str_is(str_from(host), gov_plain[i]))
			return true;
	return false;
}

static struct str global_url(const struct aws_partition *p, bool is_fips,
			     bool is_dual, struct arena *a)
{
	if (str_is(str_from(p->name), "aws")) {
		if (is_dual)
			return is_fips ? STR("https://iam-fips.global.api.aws")
				       : STR("https://iam.global.api.aws");
		if (is_fips)
			return STR("https://iam-fips.amazonaws.com");
	}
	return str_fmt(a, "https://%s", p->iam_host);
}

static int by_rule(const struct aws_service *service, struct str region,
		   bool is_fips, bool is_dual, struct arena *a, struct str *url,
		   struct error *err)
{
	const struct aws_partition *p = aws_partition_of(region);

	if (service->is_global) {
		*url = global_url(p, is_fips, is_dual, a);
		return 0;
	}
	if (is_dual && !p->dual_suffix)
		return error_set(err, ERROR_INVALID,
				 "partition %s has no dual-stack endpoints",
				 p->name);
	*url =
	    str_fmt(a, "https://%s%s.%.*s.%s", service->host,
		    is_fips && !is_gov_plain(p, service->host) ? "-fips" : "",
		    STR_ARG(region), is_dual ? p->dual_suffix : p->suffix);
	return 0;
}

int aws_locate(const struct aws_settings *s, const struct aws_service *service,
	       struct str region, struct arena *a, struct aws_location *out,
	       struct error *err)
{
	bool is_fips =
	    aws_setting_true(s, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
	bool is_dual = aws_setting_true(s, "AWS_USE_DUALSTACK_ENDPOINT",
					"use_dualstack_endpoint");
	struct http_url parts;
	struct str from;

	if (!aws_is_region(region))
		return error_set(err, ERROR_INVALID, "\"%.*s\" is not a region",
				 STR_ARG(region));
	out->url = configured(s, service, a, &from);
	out->region = service->is_global
			  ? str_from(aws_partition_of(region)->iam_region)
			  : region;
	if (!out->url.n)
		return by_rule(service, region, is_fips, is_dual, a, &out->url,
			       err);
	if (is_fips || is_dual)
		return error_set(err, ERROR_INVALID,
				 "%.*s cannot be used together with %s "
				 "endpoints",
				 STR_ARG(from),
				 is_fips ? "FIPS" : "dual-stack");
	if (http_url_parse(out->url, &parts, err) < 0)
		return error_add(err, "%.*s", STR_ARG(from));
	return 0;
}
