/* The DMS types on AWS: what they need of the site. */
#include <config.h>

#include "providers/aws/dms.h"
#include "providers/aws/logs.h"
#include "providers/aws/role_arn.h"
#include "providers/aws/secret.h"

static int site_client(void *self, bool may_start, struct aws_client **out,
		       struct error *err)
{
	struct aws_site *w = self;
	struct str account;

	*out = w->client;
	/* What may start something may change something. */
	return may_start ? aws_account(w, &account, err) : 0;
}

static int site_place(void *self, struct dms_place *out, struct error *err)
{
	struct aws_site *w = self;

	out->partition = w->partition;
	out->region = w->region;
	return aws_account(w, &out->account, err);
}

static int site_secret(void *self, struct str id, struct arena *a,
		       struct str *json, struct error *err)
{
	return aws_secret_value(self, id, a, json, err);
}

static int site_role(void *self, struct str id, struct arena *a,
		     struct str *arn, struct error *err)
{
	return aws_role_arn(self, id, a, arn, err);
}

static int64_t site_pace(void *self, int64_t ms)
{
	const struct aws_site *w = self;

	return w->pace(w, ms);
}

static struct str site_stack(void *self)
{
	return ((const struct aws_site *)self)->stack;
}

static struct str site_prefix(void *self)
{
	return ((const struct aws_site *)self)->prefix;
}

static struct value site_tags(void *self)
{
	return ((const struct aws_site *)self)->tags;
}

const struct dms_host dms_aws_host = {
	.client = site_client,
	.place = site_place,
	.secret = site_secret,
	.role = site_role,
	.log_tail = logs_tail,
	.is_remote = true,
	.has_assessments = true,
	.has_all_rules = true,
	.poll_ms = 10000,
	.pace = site_pace,
	.stack = site_stack,
	.prefix = site_prefix,
	.tags = site_tags,
};
