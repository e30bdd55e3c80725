#ifndef DMSL_PROVIDERS_LOCAL_OUTSIDE_H
#define DMSL_PROVIDERS_LOCAL_OUTSIDE_H

/*
 * database: a PostgreSQL server that is there already, reached from this
 * machine. It is a record alone, which says where it is, in which secret its
 * user stands, and how its connections are protected.
 */

#include "engine/provider.h"

struct local;
struct pg_target;
struct record;

extern const struct resource_ops local_database_ops;

/* The record of one by its id; false: there is none. */
bool outside_find(struct local *l, struct str id, struct arena *a,
		  struct record *out);
/* As sql_host.target. */
int outside_target(struct local *l, const struct record *r, struct str database,
		   struct arena *a, struct pg_target *out, struct error *err);

#endif
