/* Databases and secrets. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema db_subnet_group_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Made from the address when not given." },
	{ "description", "string", ATTR_OPTIONAL, "\"Managed by dmsl\"",
	  "For people." },
	{ "subnets", "set(subnet)", ATTR_REQUIRED, NULL,
	  "In two zones at least." },
	{ 0 },
};

const struct type_schema db_subnet_group_schema = {
	.name = "db_subnet_group",
	.group = "data",
	.attrs = db_subnet_group_attrs,
	.has_tags = true,
	.doc = "Where a database may stand.",
};

static const struct attr_schema parameter_group_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Made from the address when not given." },
	{ "family", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The engine and its major version: aurora-postgresql15." },
	{ "description", "string", ATTR_OPTIONAL | ATTR_REPLACE,
	  "\"Managed by dmsl\"", "For people." },
	{ "parameters", "map(string)", ATTR_OPTIONAL, "{}",
	  "Server parameters that differ from the default." },
	{ 0 },
};

const struct type_schema db_cluster_parameter_group_schema = {
	.name = "db_cluster_parameter_group",
	.group = "data",
	.attrs = parameter_group_attrs,
	.has_tags = true,
	.doc = "Server parameters of a cluster.",
};

const struct type_schema db_parameter_group_schema = {
	.name = "db_parameter_group",
	.group = "data",
	.attrs = parameter_group_attrs,
	.has_tags = true,
	.doc = "Server parameters of an instance.",
};

static const struct attr_schema db_cluster_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Its identifier; made from the address when not given." },
	{ "engine", "enum(aurora_postgresql)", ATTR_OPTIONAL | ATTR_REPLACE,
	  "aurora_postgresql", "The database engine." },
	{ "version", "string", ATTR_REQUIRED, NULL,
	  "The engine's version, or its beginning: \"15\" is the newest 15." },
	{ "database", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "A first database besides postgres." },
	{ "username", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The master user." },
	{ "password", "string", ATTR_OPTIONAL | ATTR_SECRET, NULL,
	  "The master user's password; needed unless managed_password." },
	{ "managed_password", "bool", ATTR_OPTIONAL, NULL,
	  "The service makes and rotates the password, in managed_secret." },
	{ "secret", "secret", ATTR_OPTIONAL, NULL,
	  "Where the master user's name and password stand, for SQL that is "
	  "run by somebody else." },
	{ "data_api", "bool", ATTR_OPTIONAL, "false",
	  "Statements can be run through the RDS Data API." },
	{ "port", "number", ATTR_OPTIONAL, "5432", "The port it listens on." },
	{ "subnet_group", "db_subnet_group", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Where it may stand." },
	{ "security_groups", "set(security_group)", ATTR_OPTIONAL, "[]",
	  "Who may talk to it." },
	{ "parameter_group", "db_cluster_parameter_group", ATTR_OPTIONAL, NULL,
	  "Server parameters; the engine's defaults when not given." },
	{ "encrypted", "bool", ATTR_OPTIONAL | ATTR_REPLACE, "true",
	  "Storage is encrypted." },
	{ "kms_key", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "The ARN of the key that encrypts it; the service's when not "
	  "given." },
	{ "storage_type", "enum(aurora, aurora_iopt1)", ATTR_OPTIONAL, NULL,
	  "How reads and writes are charged." },
	{ "min_capacity", "number", ATTR_OPTIONAL, NULL,
	  "Least capacity units of instances of class db.serverless." },
	{ "max_capacity", "number", ATTR_OPTIONAL, NULL,
	  "Most capacity units of instances of class db.serverless." },
	{ "auto_pause", "duration", ATTR_OPTIONAL, NULL,
	  "Idle time after which they pause; where min_capacity is 0." },
	{ "log_exports", "set(string)", ATTR_OPTIONAL, NULL,
	  "Logs that go to CloudWatch: postgresql." },
	{ "iam_authentication", "bool", ATTR_OPTIONAL, NULL,
	  "Users of the account may log in with tokens." },
	{ "backup_days", "number", ATTR_OPTIONAL, "1",
	  "Days that backups are kept." },
	{ "backup_window", "string", ATTR_OPTIONAL, NULL,
	  "When backups are made, UTC: 03:00-04:00." },
	{ "maintenance_window", "string", ATTR_OPTIONAL, NULL,
	  "When the service may change it, UTC: sun:05:00-sun:06:00." },
	{ "deletion_protection", "bool", ATTR_OPTIONAL, "true",
	  "The service refuses to delete it." },
	{ "final_snapshot", "bool", ATTR_OPTIONAL | ATTR_LOCAL, "true",
	  "A snapshot is made before it is deleted." },
	{ "modify", "bool", ATTR_OPTIONAL | ATTR_LOCAL, NULL,
	  "SQL may change what is in it; to be said of an existing one." },
	{ "endpoint", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "The name that leads to the writer." },
	{ "reader_endpoint", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "The name that leads to readers, where there are some." },
	{ "running_version", "string", ATTR_COMPUTED, NULL,
	  "The version that it has." },
	{ "managed_secret", "string", ATTR_COMPUTED, NULL,
	  "The secret of a managed_password." },
	{ "arn", "string", ATTR_COMPUTED | ATTR_STABLE, NULL, "Its ARN." },
	{ 0 },
};

const struct type_schema db_cluster_schema = {
	.name = "db_cluster",
	.group = "data",
	.attrs = db_cluster_attrs,
	.has_tags = true,
	.is_fixed = true,
	.doc = "An Aurora PostgreSQL cluster: the data. Instances serve it.",
};

static const struct attr_schema db_instance_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Its identifier; made from the address when not given." },
	{ "cluster", "db_cluster", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The cluster it serves; the first instance is the writer." },
	{ "class", "string", ATTR_REQUIRED, NULL, "Its size: db.t3.medium." },
	{ "zone", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "The availability zone; the service chooses when not given." },
	{ "parameter_group", "db_parameter_group", ATTR_OPTIONAL, NULL,
	  "Server parameters; the engine's defaults when not given." },
	{ "promotion_tier", "number", ATTR_OPTIONAL, NULL,
	  "Who becomes the writer when it fails: 0 first, 15 last." },
	{ "public", "bool", ATTR_OPTIONAL, NULL,
	  "It has a public address; not when not given." },
	{ "auto_minor_upgrade", "bool", ATTR_OPTIONAL, NULL,
	  "The service may upgrade it to a newer minor version." },
	{ "performance_insights", "bool", ATTR_OPTIONAL, NULL,
	  "Statements are measured." },
	{ "ca_certificate", "string", ATTR_OPTIONAL, NULL,
	  "The authority of its certificate: rds-ca-rsa2048-g1." },
	{ "maintenance_window", "string", ATTR_OPTIONAL, NULL,
	  "When the service may change it, UTC: sun:05:00-sun:06:00." },
	{ "monitoring", "duration", ATTR_OPTIONAL, "0s",
	  "Time between measurements of the host; 0s for none." },
	{ "monitoring_role", "iam_role", ATTR_OPTIONAL, NULL,
	  "Needed where monitoring is on." },
	{ "address", "ip", ATTR_COMPUTED, NULL,
	  "Its private address; changes when another becomes the writer." },
	{ "endpoint", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "Its own name." },
	{ "arn", "string", ATTR_COMPUTED | ATTR_STABLE, NULL, "Its ARN." },
	{ 0 },
};

const struct type_schema db_instance_schema = {
	.name = "db_instance",
	.group = "data",
	.attrs = db_instance_attrs,
	.has_tags = true,
	.doc = "A server of a cluster.",
};

static const struct attr_schema secret_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Made from the address when not given." },
	{ "description", "string", ATTR_OPTIONAL, "\"Managed by dmsl\"",
	  "For people." },
	{ "value", "map(string)", ATTR_REQUIRED | ATTR_SECRET, NULL,
	  "What it holds: username and password for a database." },
	{ "recovery_days", "number", ATTR_OPTIONAL | ATTR_LOCAL, "7",
	  "Days in which a deleted secret can be restored: 7 to 30; 0: none." },
	{ "kms_key", "string", ATTR_OPTIONAL, NULL,
	  "The ARN of the key that encrypts it; the service's when not "
	  "given." },
	{ 0 },
};

const struct type_schema secret_schema = {
	.name = "secret",
	.group = "data",
	.attrs = secret_attrs,
	.has_tags = true,
	.doc = "A value in the secret store.",
};

static const struct attr_schema database_attrs[] = {
	{ "host", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Its name or address." },
	{ "port", "number", ATTR_OPTIONAL | ATTR_REPLACE, "5432",
	  "The port it listens on." },
	{ "secret", "secret", ATTR_OPTIONAL, NULL,
	  "A secret with username and password." },
	{ "tls", "enum(none, require, verify_ca, verify_full)", ATTR_OPTIONAL,
	  "require", "Whether the connection is encrypted, and checked." },
	{ "network", "vpc", ATTR_OPTIONAL, NULL,
	  "Where it is reached from; not given: from here." },
	{ "modify", "bool", ATTR_OPTIONAL | ATTR_LOCAL, "false",
	  "SQL may change what is in it." },
	{ 0 },
};

const struct type_schema database_schema = {
	.name = "database",
	.group = "data",
	.attrs = database_attrs,
	.is_foreign = true,
	.doc = "A PostgreSQL server that is there already, wherever it is.",
};
