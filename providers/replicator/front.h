#ifndef DMSL_PROVIDERS_REPLICATOR_FRONT_H
#define DMSL_PROVIDERS_REPLICATOR_FRONT_H

/*
 * The protocol's front: HTTP on loopback, one JSON object in, one out. Requests
 * are bounded in size and time, and nothing is looked at before the signature
 * has been checked.
 */

struct error;
struct front;
struct server;

/* Listens; port: the one it got. */
int front_open(struct server *s, struct front **out, int *port,
	       struct error *err);
void front_close(struct front *f);

#endif
