/* AWS Database Migration Service. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema subnet_group_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Its identifier; made from the address when not given." },
	{ "description", "string", ATTR_OPTIONAL, "\"Managed by dmsl\"",
	  "For people." },
	{ "subnets", "set(subnet)", ATTR_REQUIRED, NULL,
	  "In two zones at least." },
	{ 0 },
};

static const struct attr_rule subnet_group_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 255,
	  .others = " ._-",
	  .not_name = "default" },
	{ .attr = "subnets",
	  .kind = RULE_RANGE,
	  .least = 1,
	  .most = INT64_MAX },
	{ 0 },
};

const struct type_schema replication_subnet_group_schema = {
	.name = "replication_subnet_group",
	.group = "dms",
	.attrs = subnet_group_attrs,
	.rules = subnet_group_rules,
	.has_tags = true,
	.is_in_network = true,
	.unique_in = "",
	.doc = "Where a replication instance may stand.",
};

static const struct attr_schema replication_instance_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Its identifier; made from the address when not given." },
	{ "class", "string", ATTR_REQUIRED, NULL, "Its size: dms.t3.medium." },
	{ "storage", "size", ATTR_OPTIONAL, "50GiB",
	  "Disk for logs and cached changes; can only grow." },
	{ "version", "string", ATTR_OPTIONAL | ATTR_COMPUTED, NULL,
	  "The engine's version; the newest when not given." },
	{ "subnet_group", "replication_subnet_group",
	  ATTR_REQUIRED | ATTR_REPLACE, NULL, "Where it may stand." },
	{ "security_groups", "set(security_group)", ATTR_OPTIONAL, "[]",
	  "Whom it may talk to." },
	{ "public", "bool", ATTR_OPTIONAL | ATTR_REPLACE, "false",
	  "It has a public address." },
	{ "multi_az", "bool", ATTR_OPTIONAL, "false",
	  "A standby in another zone." },
	{ "zone", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "The availability zone; the service chooses when not given." },
	{ "auto_minor_upgrade", "bool", ATTR_OPTIONAL, NULL,
	  "The service may upgrade it to a newer minor version." },
	{ "maintenance_window", "string", ATTR_OPTIONAL, NULL,
	  "When the service may change it, UTC: sun:05:00-sun:06:00." },
	{ "kms_key", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "The ARN of the key that encrypts it; the service's when not "
	  "given." },
	{ "network_type", "enum(ipv4, dual)", ATTR_OPTIONAL, NULL,
	  "Which addresses it has." },
	{ 0 },
};

static const struct attr_rule replication_instance_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 63,
	  .others = "-",
	  .flags = RULE_LETTER_FIRST | RULE_SINGLE_HYPHENS },
	{ .attr = "storage",
	  .kind = RULE_RANGE,
	  .least = 5 * GIB,
	  .most = 6144 * GIB },
	{ .attr = "maintenance_window", .kind = RULE_WEEKLY },
	{ 0 },
};

const struct type_schema replication_instance_schema = {
	.name = "replication_instance",
	.group = "dms",
	.attrs = replication_instance_attrs,
	.rules = replication_instance_rules,
	.has_tags = true,
	.is_in_network = true,
	.unique_in = "",
	.doc = "The server that moves rows.",
};

static const struct attr_schema dms_endpoint_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Its identifier; made from the address when not given." },
	{ "role", "enum(source, target)", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Which side it is." },
	{ "engine", "enum(postgres, aurora_postgresql)", ATTR_REQUIRED, NULL,
	  "The database engine." },
	{ "server", "string", ATTR_REQUIRED, NULL,
	  "The name that the replication instance connects to." },
	{ "port", "number", ATTR_OPTIONAL, "5432", "The port." },
	{ "database", "string", ATTR_REQUIRED, NULL,
	  "The database; it must exist before a connection is tested." },
	{ "secret", "secret", ATTR_OPTIONAL, NULL,
	  "A secret with username and password." },
	{ "username", "string", ATTR_OPTIONAL, NULL, "Instead of secret." },
	{ "password", "string", ATTR_OPTIONAL | ATTR_SECRET, NULL,
	  "Instead of secret." },
	{ "secret_access_role", "iam_role", ATTR_OPTIONAL, NULL,
	  "The service reads the secret itself, in this role." },
	{ "ssl", "enum(none, require, verify_ca, verify_full)", ATTR_OPTIONAL,
	  "require", "Whether the connection is encrypted, and checked." },
	{ "certificate", "dms_certificate", ATTR_OPTIONAL, NULL,
	  "What the server's certificate is checked by; for verify_ca and "
	  "verify_full." },
	{ "options", "json", ATTR_OPTIONAL, NULL,
	  "Members of PostgreSQLSettings: PluginName, SlotName, CaptureDdls." },
	{ "kms_key", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "The ARN of the key that encrypts it; the service's when not "
	  "given." },
	{ 0 },
};

static const struct attr_rule dms_endpoint_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 255,
	  .others = "-",
	  .flags = RULE_LETTER_FIRST | RULE_SINGLE_HYPHENS },
	{ .attr = "port", .kind = RULE_RANGE, .least = 1, .most = 65535 },
	{ 0 },
};

static const struct attr_choice dms_endpoint_choices[] = {
	{ CHOICE_ONE, { "secret", "username" } },
	{ CHOICE_AT_MOST_ONE, { "secret", "password" } },
	{ 0 },
};

const struct type_schema dms_endpoint_schema = {
	.name = "dms_endpoint",
	.group = "dms",
	.attrs = dms_endpoint_attrs,
	.rules = dms_endpoint_rules,
	.choices = dms_endpoint_choices,
	.has_tags = true,
	.unique_in = "",
	.doc = "A database as the replication instance sees it.",
};

static const struct attr_schema dms_certificate_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Its identifier; made from the address when not given." },
	{ "pem", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The certificates of authorities, as text." },
	{ 0 },
};

static const struct attr_rule dms_certificate_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 255,
	  .others = "-",
	  .flags = RULE_LETTER_FIRST | RULE_SINGLE_HYPHENS },
	{ 0 },
};

const struct type_schema dms_certificate_schema = {
	.name = "dms_certificate",
	.group = "dms",
	.attrs = dms_certificate_attrs,
	.rules = dms_certificate_rules,
	.has_tags = true,
	.unique_in = "",
	.doc = "Authorities that a database's certificate is checked by.",
};

static const struct attr_schema dms_task_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Its identifier; made from the address when not given." },
	{ "instance", "replication_instance", ATTR_REQUIRED | ATTR_REPLACE,
	  NULL, "The server that does it." },
	{ "source", "dms_endpoint", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Where rows come from." },
	{ "target", "dms_endpoint", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Where rows go." },
	{ "mode", "enum(full_load, cdc, full_load_and_cdc)", ATTR_REQUIRED,
	  NULL, "Rows once, changes, or both." },
	{ "tables", "json", ATTR_REQUIRED, NULL,
	  "The table mapping: a block, or a DMS document." },
	{ "settings", "json", ATTR_OPTIONAL, "{}",
	  "The task's settings: a block, or a DMS document." },
	{ "run", "enum(on_apply, manual)", ATTR_OPTIONAL | ATTR_LOCAL, "manual",
	  "Whether apply starts the load." },
	{ "wait", "enum(started, loaded, caught_up)",
	  ATTR_OPTIONAL | ATTR_LOCAL, "loaded", "What apply waits for." },
	{ "on_change", "enum(reload_all, reload_new, refuse)",
	  ATTR_OPTIONAL | ATTR_LOCAL, "refuse",
	  "What a changed mapping does to rows that are loaded." },
	{ "assess", "bool", ATTR_OPTIONAL | ATTR_LOCAL, NULL,
	  "Apply makes a premigration assessment before the load, and loads "
	  "nothing when it fails. Of AWS DMS alone." },
	{ "assess_role", "iam_role", ATTR_OPTIONAL, NULL,
	  "The role in which AWS DMS writes what it found." },
	{ "assess_bucket", "string", ATTR_OPTIONAL | ATTR_LOCAL, NULL,
	  "The S3 bucket that it writes into." },
	{ "loaded", "string", ATTR_COMPUTED, NULL,
	  "Hash of the mapping that was last loaded; empty: none yet." },
	{ 0 },
};

static const struct block_schema dms_task_blocks[] = {
	{ .name = "tables",
	  .kind = BLOCK_MAPPING,
	  .doc = "Which tables move, and what they are called then." },
	{ .name = "settings", .kind = BLOCK_SETTINGS, .doc = "How they move." },
	{ 0 },
};

static const struct attr_rule dms_task_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 255,
	  .others = "-",
	  .flags = RULE_LETTER_FIRST | RULE_SINGLE_HYPHENS },
	{ 0 },
};

const struct type_schema dms_task_schema = {
	.name = "dms_task",
	.group = "dms",
	.attrs = dms_task_attrs,
	.rules = dms_task_rules,
	.blocks = dms_task_blocks,
	.has_tags = true,
	.unique_in = "",
	.doc = "A migration: which tables, from where to where, how.",
};
