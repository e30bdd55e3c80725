#ifndef DMSL_PROVIDERS_REPLICATOR_ROUTE_H
#define DMSL_PROVIDERS_REPLICATOR_ROUTE_H

/*
 * From an endpoint to a database: its server name becomes the loopback address
 * that the routes file says, so that connections cross the path that the stack
 * built; its user and password come from the endpoint or from the vault.
 */

#include "lang/value.h"
#include "providers/pg/pg.h"

struct arena;
struct error;
struct server;

/*
 * Passwords that came with an endpoint lie in a store of the server's own, each
 * named after its endpoint's ARN.
 */
char *route_secret_folder(const struct server *s, struct arena *a);
struct str route_secret_name(struct str endpoint_arn);
/* Finds, connects, wipes. */
int route_open(struct server *s, struct value endpoint, const char *application,
	       struct pg **out, struct error *err);

#endif
