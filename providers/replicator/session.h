#ifndef DMSL_PROVIDERS_REPLICATOR_SESSION_H
#define DMSL_PROVIDERS_REPLICATOR_SESSION_H

/*
 * Connections to the two databases with the settings under which values travel
 * unchanged (data movement is no place for a server's defaults).
 */

#include "lang/value.h"

struct error;
struct pg;
struct server;

int session_open_source(struct server *s, struct value endpoint,
			struct pg **out, struct error *err);
/* Also runs the endpoint's AfterConnectScript. */
int session_open_target(struct server *s, struct value endpoint,
			struct pg **out, struct error *err);

#endif
