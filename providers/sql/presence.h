#ifndef DMSL_PROVIDERS_SQL_PRESENCE_H
#define DMSL_PROVIDERS_SQL_PRESENCE_H

/*
 * Whether things are there: one statement a database, however many of them a
 * plan has. Private to this folder.
 */

#include "engine/provider.h"
#include "providers/sql/sql.h"

struct sql_thing {
	/* The database to ask, and what to look for there. */
	struct sql_place (*place)(const struct call *c);
	struct str (*item)(const struct call *c);
	/* "SELECT …": the items that are there, as text. */
	struct str (*present)(const struct call *c);
};

/* 1: it is there; 0: it is not; -1: c->err. */
int sql_is_present(const struct sql_thing *thing, struct call *c);
/* For resource_ops.read_batch and read. */
void sql_read_all(const struct sql_thing *thing, struct call *const *calls,
		  enum step *outcomes, size_t n);

#endif
