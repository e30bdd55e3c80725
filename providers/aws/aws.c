#include <config.h>

#include "providers/aws/aws.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/aws/dms.h"
#include "providers/aws/fields.h"
#include "providers/aws/network.h"
#include "providers/aws/path.h"
#include "providers/aws/site.h"

/* -- What the dms types ask of their provider -------------------------------
 */

static int dms_client(void *self, bool may_start, struct aws_client **out,
		      struct error *err)
{
	struct aws_site *w = self;

	(void)may_start;
	(void)err;
	*out = w->client;
	return 0;
}

static int dms_place(void *self, struct dms_place *out, struct error *err)
{
	struct aws_site *w = self;

	out->partition = w->partition;
	out->region = w->region;
	return aws_account(w, &out->account, err);
}

static int dms_secret(void *self, struct str id, struct arena *a,
		      struct str *json, struct error *err)
{
	struct aws_site *w = self;
	struct fields input = { 0 };
	struct value v;

	field_text(&input, "SecretId", id);
	if (aws_ask(w->client, &aws_secrets, "GetSecretValue",
		    fields_done(&input, a), a, &v, err) < 0)
		return -1;
	*json = aws_text(v, "SecretString");
	return json->n
		   ? 0
		   : error_set(err, ERROR_INVALID,
			       "secret \"%.*s\" holds no text", STR_ARG(id));
}

static struct str dms_stack(void *self)
{
	return ((const struct aws_site *)self)->stack;
}

static int64_t dms_pace(void *self, int64_t ms)
{
	const struct aws_site *w = self;

	return w->pace(w, ms);
}

static const struct dms_host dms_host = {
	.client = dms_client,
	.place = dms_place,
	.secret = dms_secret,
	.poll_ms = 15000,
	.pace = dms_pace,
	.stack = dms_stack,
};

/* -- Types -------------------------------------------------------------------
 */

static const struct resource_type types[] = {
	{ .name = "dms_endpoint",
	  .ops = &dms_endpoint_ops,
	  .data = &dms_host,
	  .weight = 60 },
	{ .name = "dms_task",
	  .ops = &dms_task_ops,
	  .data = &dms_host,
	  .weight = 300 },
	{ .name = "elastic_ip",
	  .ops = &aws_ops_tags,
	  .data = &aws_elastic_ip,
	  .weight = 5 },
	{ .name = "endpoint_service",
	  .ops = &aws_ops_token,
	  .data = &aws_endpoint_service,
	  .weight = 30 },
	{ .name = "iam_role",
	  .ops = &aws_ops_name,
	  .data = &aws_iam_role,
	  .weight = 15 },
	{ .name = "instance",
	  .ops = &aws_ops_token,
	  .data = &aws_instance,
	  .weight = 60 },
	{ .name = "instance_profile",
	  .ops = &aws_ops_name,
	  .data = &aws_instance_profile,
	  .weight = 15 },
	{ .name = "internet_gateway",
	  .ops = &aws_ops_tags,
	  .data = &aws_internet_gateway,
	  .weight = 10 },
	{ .name = "listener",
	  .ops = &aws_ops_name,
	  .data = &aws_listener,
	  .weight = 60 },
	{ .name = "load_balancer",
	  .ops = &aws_ops_name,
	  .data = &aws_load_balancer,
	  .weight = 180 },
	{ .name = "log_group",
	  .ops = &aws_ops_name,
	  .data = &aws_log_group,
	  .weight = 3 },
	{ .name = "nat_gateway",
	  .ops = &aws_ops_token,
	  .data = &aws_nat_gateway,
	  .weight = 120 },
	{ .name = "network_interface",
	  .ops = &aws_ops_token,
	  .data = &aws_network_interface,
	  .weight = 10 },
	{ .name = "replication_instance",
	  .ops = &replication_instance_ops,
	  .data = &dms_host,
	  .weight = 900 },
	{ .name = "replication_subnet_group",
	  .ops = &replication_subnet_group_ops,
	  .data = &dms_host,
	  .weight = 5 },
	{ .name = "route_table",
	  .ops = &aws_ops_token,
	  .data = &aws_route_table,
	  .weight = 10 },
	{ .name = "security_group",
	  .ops = &aws_ops_name,
	  .data = &aws_security_group,
	  .weight = 10 },
	{ .name = "security_group_rule",
	  .ops = &aws_ops_name,
	  .data = &aws_security_group_rule,
	  .weight = 5 },
	{ .name = "subnet",
	  .ops = &aws_ops_tags,
	  .data = &aws_subnet,
	  .weight = 10 },
	{ .name = "target_group",
	  .ops = &aws_ops_name,
	  .data = &aws_target_group,
	  .weight = 3 },
	{ .name = "vpc", .ops = &aws_ops_tags, .data = &aws_vpc, .weight = 10 },
	{ .name = "vpc_endpoint",
	  .ops = &aws_ops_token,
	  .data = &aws_vpc_endpoint,
	  .weight = 120 },
	{ 0 },
};

static int open_site(const struct provider_setup *s, void **self,
		     struct error *err)
{
	struct aws_site *w;
	int rc = aws_site_open(s, &w, err);

	*self = w;
	return rc;
}

static void close_site(void *self)
{
	aws_site_close(self);
}

static int identity(void *self, struct arena *a, struct str *out,
		    struct error *err)
{
	struct aws_site *w = self;
	struct str account = { 0 };

	if (aws_account(w, &account, err) < 0)
		return -1;
	*out = str_fmt(a, "account %.*s, region %.*s", STR_ARG(account),
		       STR_ARG(w->region));
	return 0;
}

const struct provider aws_provider = {
	.name = "aws",
	.config = aws_site_attrs,
	.types = types,
	.open = open_site,
	.close = close_site,
	.identity = identity,
};
