#include <config.h>

#include "providers/aws/aws.h"

#include "providers/aws/database.h"
#include "providers/aws/dms.h"
#include "providers/aws/doctor.h"
#include "providers/aws/network.h"
#include "providers/aws/owned.h"
#include "providers/aws/path.h"
#include "providers/aws/rds.h"
#include "providers/aws/reach.h"
#include "providers/aws/secret.h"
#include "providers/aws/site.h"

static const struct resource_type types[] = {
	{ .name = "database", .ops = &database_ops, .weight = 1 },
	{ .name = "db_cluster",
	  .ops = &aws_ops_database,
	  .data = &aws_db_cluster,
	  .weight = 120,
	  .limit_s = 7200 },
	{ .name = "db_cluster_parameter_group",
	  .ops = &aws_ops_name,
	  .data = &aws_db_cluster_parameter_group,
	  .weight = 5 },
	{ .name = "db_instance",
	  .ops = &aws_ops_name,
	  .data = &aws_db_instance,
	  .weight = 600,
	  .limit_s = 7200 },
	{ .name = "db_parameter_group",
	  .ops = &aws_ops_name,
	  .data = &aws_db_parameter_group,
	  .weight = 5 },
	{ .name = "db_subnet_group",
	  .ops = &aws_ops_name,
	  .data = &aws_db_subnet_group,
	  .weight = 5 },
	{ .name = "dms_certificate",
	  .ops = &dms_certificate_ops,
	  .data = &dms_aws_host,
	  .weight = 5 },
	{ .name = "dms_endpoint",
	  .ops = &dms_endpoint_ops,
	  .data = &dms_aws_host,
	  .weight = 60 },
	{ .name = "dms_task",
	  .ops = &dms_task_ops,
	  .data = &dms_aws_host,
	  .weight = 300,
	  .limit_s = 86400 },
	{ .name = "elastic_ip",
	  .ops = &aws_ops_tags,
	  .data = &aws_elastic_ip,
	  .weight = 5 },
	{ .name = "endpoint_service",
	  .ops = &aws_ops_token,
	  .data = &aws_endpoint_service,
	  .weight = 30 },
	{ .name = "fixture",
	  .ops = &fixture_ops,
	  .data = &aws_sql_host,
	  .weight = 10 },
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
	  .data = &dms_aws_host,
	  .weight = 900 },
	{ .name = "replication_subnet_group",
	  .ops = &replication_subnet_group_ops,
	  .data = &dms_aws_host,
	  .weight = 5 },
	{ .name = "route_table",
	  .ops = &aws_ops_token,
	  .data = &aws_route_table,
	  .weight = 10 },
	{ .name = "secret",
	  .ops = &aws_secret_ops,
	  .data = &aws_secret,
	  .weight = 2 },
	{ .name = "security_group",
	  .ops = &aws_ops_name,
	  .data = &aws_security_group,
	  .weight = 10 },
	{ .name = "security_group_rule",
	  .ops = &aws_ops_name,
	  .data = &aws_security_group_rule,
	  .weight = 5 },
	{ .name = "sql_database",
	  .ops = &sql_database_ops,
	  .data = &aws_sql_host,
	  .weight = 10 },
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
	.find_owned = aws_find_owned,
	.examine = aws_examine,
};
