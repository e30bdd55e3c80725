/* Who may do what, hosts, logs. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema policy_attrs[] = {
	{ "name", "string", ATTR_REQUIRED, NULL, "Unique in the role." },
	{ "document", "json", ATTR_REQUIRED, NULL, "The policy." },
	{ 0 },
};

static const struct attr_rule policy_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 128,
	  .others = "_+=,.@-" },
	{ 0 },
};

static const struct attr_schema iam_role_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Made from the address when not given." },
	{ "service", "string", ATTR_OPTIONAL, NULL,
	  "The service that may take the role: dms.amazonaws.com." },
	{ "services", "set(string)", ATTR_OPTIONAL, NULL,
	  "Instead of service: several." },
	{ "trust", "json", ATTR_OPTIONAL, NULL,
	  "Instead of service: the whole trust policy." },
	{ "managed_policies", "set(string)", ATTR_OPTIONAL, "[]",
	  "Policies that are attached: ARNs, or the names of policies of AWS "
	  "with their path, as service-role/AmazonDMSVPCManagementRole." },
	{ "path", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "Put before the name in the ARN: /migration/." },
	{ "description", "string", ATTR_OPTIONAL, NULL, "What it is for." },
	{ "max_session", "duration", ATTR_OPTIONAL, NULL,
	  "How long it can be taken for; 1h when not given." },
	{ "permissions_boundary", "string", ATTR_OPTIONAL, NULL,
	  "The policy that limits what the role can be allowed, as in "
	  "managed_policies." },
	{ "arn", "string", ATTR_COMPUTED | ATTR_STABLE, NULL, "Its ARN." },
	{ 0 },
};

static const struct block_schema iam_role_blocks[] = {
	{ .name = "policy",
	  .kind = BLOCK_LIST,
	  .attrs = policy_attrs,
	  .rules = policy_rules,
	  .doc = "A policy of its own." },
	{ 0 },
};

static const struct attr_rule iam_role_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 64,
	  .others = "_+=,.@-" },
	{ .attr = "description", .kind = RULE_RANGE, .least = 0, .most = 1000 },
	{ .attr = "max_session",
	  .kind = RULE_RANGE,
	  .least = 3600 * SECOND,
	  .most = 43200 * SECOND },
	{ 0 },
};

static const struct attr_choice iam_role_choices[] = {
	{ CHOICE_ONE, { "service", "services", "trust" } },
	{ 0 },
};

const struct type_schema iam_role_schema = {
	.name = "iam_role",
	.group = "identity",
	.attrs = iam_role_attrs,
	.rules = iam_role_rules,
	.choices = iam_role_choices,
	.blocks = iam_role_blocks,
	.has_tags = true,
	.unique_in = "",
	.doc = "A role that a service takes.",
};

static const struct attr_schema instance_profile_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Made from the address when not given." },
	{ "role", "iam_role", ATTR_REQUIRED, NULL,
	  "The role of the instance." },
	{ 0 },
};

static const struct attr_rule instance_profile_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 128,
	  .others = "_+=,.@-" },
	{ 0 },
};

const struct type_schema instance_profile_schema = {
	.name = "instance_profile",
	.group = "identity",
	.attrs = instance_profile_attrs,
	.rules = instance_profile_rules,
	.has_tags = true,
	.unique_in = "",
	.doc = "A role for instances.",
};

static const struct attr_schema instance_attrs[] = {
	{ "image", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "The newest Amazon Linux 2023 at creation when not given." },
	{ "class", "string", ATTR_REQUIRED, NULL, "Its size: t3.micro." },
	{ "network_interface", "network_interface",
	  ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "Its address; it stays when the machine goes." },
	{ "subnet", "subnet", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "Instead of network_interface: an address of its own in there." },
	{ "security_groups", "set(security_group)", ATTR_OPTIONAL, NULL,
	  "With subnet: who may talk to it." },
	{ "profile", "instance_profile", ATTR_OPTIONAL, NULL, "Its role." },
	{ "key", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "The name of the key pair for SSH; sessions need none." },
	{ "user_data", "string", ATTR_OPTIONAL, NULL,
	  "A script that runs at its first start." },
	{ "disk", "size", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "Its root volume; as large as the image when not given." },
	{ "encrypted", "bool", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "Whether the root volume is; it is when not given." },
	{ "termination_protection", "bool", ATTR_OPTIONAL, NULL,
	  "It cannot be terminated until this is false." },
	{ 0 },
};

static const struct attr_rule instance_rules[] = {
	{ .attr = "user_data", .kind = RULE_BYTES, .least = 0, .most = 16384 },
	{ 0 },
};

static const struct attr_choice instance_choices[] = {
	{ CHOICE_ONE, { "network_interface", "subnet" } },
	{ 0 },
};

const struct type_schema instance_schema = {
	.name = "instance",
	.group = "host",
	.attrs = instance_attrs,
	.rules = instance_rules,
	.choices = instance_choices,
	.has_tags = true,
	.is_in_network = true,
	.doc = "A virtual machine.",
};

static const struct attr_schema log_group_attrs[] = {
	{ "name", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL, "Its name." },
	{ "retention_days", "number", ATTR_OPTIONAL, NULL,
	  "Days that lines are kept; for ever when not given." },
	{ "kms_key", "string", ATTR_OPTIONAL, NULL,
	  "ARN of the key that lines are encrypted with." },
	{ 0 },
};

/* PutRetentionPolicy takes no other numbers. */
static const int64_t retention_days[] = {
	1,   3,	  5,   7,    14,   30,	 60,   90,   120,  150,	 180, 365,
	400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, -1,
};

static const struct attr_rule log_group_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 512,
	  .others = "._-/#" },
	{ .attr = "retention_days",
	  .kind = RULE_AMONG,
	  .among = retention_days },
	{ 0 },
};

const struct type_schema log_group_schema = {
	.name = "log_group",
	.group = "watch",
	.attrs = log_group_attrs,
	.rules = log_group_rules,
	.has_tags = true,
	.unique_in = "",
	.doc = "Where a service writes its log.",
};
