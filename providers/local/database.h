#ifndef DMSL_PROVIDERS_LOCAL_DATABASE_H
#define DMSL_PROVIDERS_LOCAL_DATABASE_H

/* Clusters and their servers, for the types and for those who use them. */

#include "providers/local/record.h"
#include "providers/local/server.h"

struct pg_target;

/*
 * The server of a cluster, with its programs, address and port; the address is
 * empty while no instance was made.
 */
int database_server(struct local *l, const struct record *cluster,
		    struct arena *a, struct server *out, struct error *err);
/* sql_host.target: a connection as master user to a database. */
int database_target(void *self, struct str cluster, struct str database,
		    struct arena *a, struct pg_target *out, struct error *err);
/* sql_host.start: brings the cluster's server up and waits for it. */
int database_start(void *self, struct str cluster, struct arena *a,
		   struct error *err);
/*
 * Writes the server's configuration and starts it when it is down. 1: ready;
 * 0: still starting; -1: err.
 */
int database_serve(struct local *l, const struct record *cluster,
		   bool may_start, struct arena *a, struct error *err);
int database_set_password(struct local *l, struct str cluster,
			  struct str password, struct error *err);

#endif
