/* Who may do what, hosts, logs. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema policy_attrs[] = {
	{ "name", "string", ATTR_REQUIRED, NULL, "Unique in the role." },
	{ "document", "json", ATTR_REQUIRED, NULL, "The policy." },
	{ 0 },
};

static const struct attr_schema iam_role_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Made from the address when not given." },
	{ "service", "string", ATTR_REQUIRED, NULL,
	  "The service that may take the role: dms.amazonaws.com." },
	{ "managed_policies", "set(string)", ATTR_OPTIONAL, "[]",
	  "ARNs of policies that are attached." },
	{ "arn", "string", ATTR_COMPUTED | ATTR_STABLE, NULL, "Its ARN." },
	{ 0 },
};

static const struct block_schema iam_role_blocks[] = {
	{ .name = "policy",
	  .kind = BLOCK_LIST,
	  .attrs = policy_attrs,
	  .doc = "A policy of its own." },
	{ 0 },
};

const struct type_schema iam_role_schema = {
	.name = "iam_role",
	.group = "identity",
	.attrs = iam_role_attrs,
	.blocks = iam_role_blocks,
	.has_tags = true,
	.doc = "A role that a service takes.",
};

static const struct attr_schema instance_profile_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Made from the address when not given." },
	{ "role", "iam_role", ATTR_REQUIRED, NULL,
	  "The role of the instance." },
	{ 0 },
};

const struct type_schema instance_profile_schema = {
	.name = "instance_profile",
	.group = "identity",
	.attrs = instance_profile_attrs,
	.has_tags = true,
	.doc = "A role for instances.",
};

static const struct attr_schema instance_attrs[] = {
	{ "image", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "The newest Amazon Linux 2023 at creation when not given." },
	{ "class", "string", ATTR_REQUIRED, NULL, "Its size: t3.micro." },
	{ "network_interface", "network_interface",
	  ATTR_REQUIRED | ATTR_REPLACE, NULL, "Its address." },
	{ "profile", "instance_profile", ATTR_OPTIONAL, NULL, "Its role." },
	{ "user_data", "string", ATTR_OPTIONAL, NULL,
	  "A script that runs at its first start." },
	{ 0 },
};

const struct type_schema instance_schema = {
	.name = "instance",
	.group = "host",
	.attrs = instance_attrs,
	.has_tags = true,
	.doc = "A virtual machine.",
};

static const struct attr_schema log_group_attrs[] = {
	{ "name", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL, "Its name." },
	{ "retention_days", "number", ATTR_OPTIONAL, NULL,
	  "Days that lines are kept; for ever when not given." },
	{ 0 },
};

const struct type_schema log_group_schema = {
	.name = "log_group",
	.group = "watch",
	.attrs = log_group_attrs,
	.has_tags = true,
	.doc = "Where a service writes its log.",
};
