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
	  "The engine's version, or its beginning: \"15\"." },
	{ "database", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "A first database besides postgres." },
	{ "username", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The master user." },
	{ "password", "string", ATTR_REQUIRED | ATTR_SECRET, NULL,
	  "The master user's password." },
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
	{ "backup_days", "number", ATTR_OPTIONAL, "1",
	  "Days that backups are kept." },
	{ "deletion_protection", "bool", ATTR_OPTIONAL, "true",
	  "The service refuses to delete it." },
	{ "final_snapshot", "bool", ATTR_OPTIONAL | ATTR_LOCAL, "true",
	  "A snapshot is made before it is deleted." },
	{ "endpoint", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "The name that leads to the writer." },
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
	{ "monitoring", "duration", ATTR_OPTIONAL, "0s",
	  "Time between measurements of the host; 0s for none." },
	{ "monitoring_role", "iam_role", ATTR_OPTIONAL, NULL,
	  "Needed where monitoring is on." },
	{ "address", "ip", ATTR_COMPUTED, NULL,
	  "Its private address; changes when another becomes the writer." },
	{ "endpoint", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "Its own name." },
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
	  "Days in which a deleted secret can be restored; 0 for none." },
	{ 0 },
};

const struct type_schema secret_schema = {
	.name = "secret",
	.group = "data",
	.attrs = secret_attrs,
	.has_tags = true,
	.doc = "A value in the secret store.",
};
