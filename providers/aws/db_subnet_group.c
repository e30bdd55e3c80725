/* db_subnet_group. The id is the name, in lower case. */
#include <config.h>

#include "providers/aws/rds.h"

static const struct aws_attr attrs[] = {
	{ "name", NULL, "DBSubnetGroupName", AWS_NAME, 0, NULL },
	{ "description", "DBSubnetGroupDescription", "DBSubnetGroupDescription",
	  AWS_TEXT, AWS_CREATE | AWS_UPDATE, NULL },
	/* A change sends all, changed or not: see change(). */
	{ "subnets", "SubnetIds", "Subnets/Subnet", AWS_TEXTS, AWS_CREATE,
	  "SubnetIdentifier" },
	{ 0 },
};

static const char *const ready[] = { "Complete", NULL };

static const struct aws_retry retries[] = {
	/* Subnets that were just made. */
	{ VERB_CREATE, "InvalidSubnet", NULL, 120, "its subnets to be known" },
	/* It is said to be in use for a minute after its cluster is gone. */
	{ VERB_DESTROY, "InvalidDBSubnetGroupStateFault", NULL, 300,
	  "its databases to be gone" },
	{ 0 },
};

static const struct aws_tagging tagging = {
	.read = "ListTagsForResource",
	RDS_TAGGING,
	.arn = "DBSubnetGroupArn",
};

static int change(struct call *c, struct value object, struct fields *input,
		  bool *send)
{
	const struct value *wanted = value_get(c->config, "subnets");
	struct value add, gone;

	if (!wanted)
		return 0;
	aws_differ(aws_shown(&attrs[2], object, c->arena), *wanted, c->arena,
		   &add, &gone);
	*send = *send || add.as.list.n || gone.as.list.n;
	field(input, "SubnetIds", *wanted);
	return 0;
}

const struct aws_type aws_db_subnet_group = {
	.service = &aws_rds,
	.noun = "database subnet group",
	.describe = {
		.operation = "DescribeDBSubnetGroups",
		.one = "DBSubnetGroupName",
		.items = "DBSubnetGroups/DBSubnetGroup",
		.id = "DBSubnetGroupName",
		.name = "DBSubnetGroupName",
		.name_param = "DBSubnetGroupName",
		.tagging = "rds:subgrp",
	},
	.states = {
		.path = "SubnetGroupStatus",
		.ready = ready,
		.poll_s = 2,
	},
	.tags = AWS_TAGS_LIST,
	.tagging = &tagging,
	.create = "CreateDBSubnetGroup",
	.created = "DBSubnetGroup/DBSubnetGroupName",
	.name = "DBSubnetGroupName",
	.name_max = 255,
	.name_chars = "-",
	.is_lower = true,
	.update = "ModifyDBSubnetGroup",
	.destroy = "DeleteDBSubnetGroup",
	.destroy_id = "DBSubnetGroupName",
	.is_slow = true,
	.attrs = attrs,
	.retries = retries,
	.change = change,
};
