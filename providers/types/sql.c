/* What is made inside a database. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema sql_database_attrs[] = {
	{ "on", "db_cluster | database",
	  ATTR_REQUIRED | ATTR_REPLACE | ATTR_MODIFIES, NULL,
	  "The cluster or server it is made on." },
	{ "name", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL, "Its name." },
	{ 0 },
};

const struct type_schema sql_database_schema = {
	.name = "sql_database",
	.group = "sql",
	.attrs = sql_database_attrs,
	.is_fixed = true,
	.doc = "A database on a server. Destroying it drops its tables.",
};

static const struct attr_schema fixture_attrs[] = {
	{ "on", "sql_database", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The database it is run in." },
	{ "sql", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The statements, run once in one transaction." },
	{ "undo", "string", ATTR_OPTIONAL | ATTR_LOCAL, NULL,
	  "Statements that take it back, run when it is destroyed." },
	{ 0 },
};

const struct type_schema fixture_schema = {
	.name = "fixture",
	.group = "sql",
	.attrs = fixture_attrs,
	.doc = "SQL that prepares a database: schema, tables, rows.",
};
