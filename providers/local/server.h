#ifndef DMSL_PROVIDERS_LOCAL_SERVER_H
#define DMSL_PROVIDERS_LOCAL_SERVER_H

/*
 * One PostgreSQL cluster on this machine, db/XXXXXXXXXXXX/:
 *
 *	data/        the data directory; complete as soon as it has this name
 *	.s.PGSQL.*   its unix socket, for "rdsadmin" alone, the superuser that
 *	             nobody reaches by network; the peer must be dmsl's account
 *	server.pem   key and certificate (tls.h)
 *
 * The server listens on one address of its own, speaks TLS only, and knows its
 * users by SCRAM verifiers. It is a process of its own (process.h), named
 * db-CLUSTER, with its log in log/db-CLUSTER.log.
 */

#include "lang/value.h"

#include <stdbool.h>

struct arena;
struct error;
struct local;

struct server {
	struct str cluster; /* identifier: letters, digits, hyphens */
	const char *name;   /* db-CLUSTER */
	const char *folder;
	const char *data;
	const char *programs; /* folder of PostgreSQL's programs */
	struct str address;   /* that it listens on; empty: none yet */
	int port;
};

enum server_state {
	SERVER_DOWN,
	SERVER_STARTING,
	SERVER_READY,
	SERVER_STOPPING, /* asked to end, waits for its clients */
};

/* Fills in what follows from the cluster's identifier. */
void server_init(const struct local *l, struct str cluster, struct arena *a,
		 struct server *out);
/*
 * Finds the programs of a version ("15", "15.4": the major one counts).
 * ERROR_UNAVAILABLE says what is installed.
 */
int server_find_programs(struct server *s, struct str version, struct arena *a,
			 struct error *err);
/* Makes the data directory when it is not there. */
int server_make(struct local *l, const struct server *s, struct error *err);
/* Whether the data directory is there. */
bool server_exists(const struct local *l, const struct server *s);
/*
 * Writes the configuration: parameters is a map of text, as in a parameter
 * group; names are what the certificate carries.
 */
int server_configure(struct local *l, const struct server *s,
		     struct value parameters, const struct str *names,
		     size_t n_names, struct error *err);
/* Issues the certificate again when the names are others; reloads it. */
int server_certify(struct local *l, const struct server *s,
		   const struct str *names, size_t n_names, struct error *err);
int server_start(struct local *l, const struct server *s, struct error *err);
enum server_state server_look(const struct local *l, const struct server *s);
/* Waits at most ms for another state than starting. */
enum server_state server_wait(const struct local *l, const struct server *s,
			      int64_t ms);
/* Why it went down, from its log; sets err and returns -1. */
int server_why_down(const struct local *l, const struct server *s,
		    struct error *err);
/* Reads its configuration again. False: it is not running. */
bool server_reload(const struct local *l, const struct server *s);
/* Fast shutdown; harder when that takes long. */
int server_stop(const struct local *l, const struct server *s,
		struct error *err);
/* Removes all of it; it must be stopped. */
int server_remove(const struct local *l, const struct server *s,
		  struct error *err);

/*
 * The master user with what AWS gives it, and its database. Idempotent; sets
 * the password each time.
 */
int server_provision(const struct server *s, struct str user,
		     struct str password, struct str database,
		     struct error *err);

#endif
