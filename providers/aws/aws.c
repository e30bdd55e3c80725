#include <config.h>

#include "providers/aws/aws.h"

#include "providers/aws/database.h"
#include "providers/aws/dms.h"
#include "providers/aws/rds.h"
#include "providers/aws/secret.h"
#include "providers/aws/site.h"

/* clang-format off */
static const struct resource_type types[] = {
	{ "database", &database_ops, NULL, false, 1 },
	{ "db_cluster", &aws_ops_name, &aws_db_cluster, false, 120 },
	{ "db_cluster_parameter_group", &aws_ops_name, &aws_db_cluster_parameter_group, false, 5 },
	{ "db_instance", &aws_ops_name, &aws_db_instance, false, 600 },
	{ "db_parameter_group", &aws_ops_name, &aws_db_parameter_group, false, 5 },
	{ "db_subnet_group", &aws_ops_name, &aws_db_subnet_group, false, 5 },
	{ "dms_certificate", &dms_certificate_ops, &dms_aws_host, false, 5 },
	{ "dms_endpoint", &dms_endpoint_ops, &dms_aws_host, false, 60 },
	{ "dms_task", &dms_task_ops, &dms_aws_host, false, 300 },
	{ "replication_instance", &replication_instance_ops, &dms_aws_host, false, 900 },
	{ "replication_subnet_group", &replication_subnet_group_ops, &dms_aws_host, false, 5 },
	{ "secret", &aws_secret_ops, &aws_secret, false, 2 },
	{ 0 },
};
/* clang-format on */

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

const struct provider aws_provider = {
	.name = "aws",
	.config = aws_site_attrs,
	.types = types,
	.open = open_site,
	.close = close_site,
};
