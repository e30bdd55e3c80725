#ifndef DMSL_PROVIDERS_AWS_REACH_H
#define DMSL_PROVIDERS_AWS_REACH_H

/*
 * How SQL reaches a database in a private network:
 *
 *	workstation	Systems Manager runs psql on a host of the stack, which
 *			reads the password from the secret store itself
 *	data_api	the RDS Data API
 *	direct		a connection from this machine (a VPN, a peering)
 *
 * A cluster's master user stands in the secret that its tag dmsl:secret names,
 * or in the one that RDS manages. Statements come from providers/sql.
 *
 * A server that is no cluster (type database) goes by HOST:PORT, and by what
 * its block says: see reach_server.c. One that names no network is reached from
 * this machine, whatever the provider's way.
 */

#include "engine/provider.h"
#include "providers/aws/site.h"
#include "providers/sql/sql.h"

/* The tag of a db_cluster that names the secret of its master user. */
#define REACH_TAG_SECRET "dmsl:secret"

/* What is to be known of a cluster to run SQL in it. */
struct reach_cluster {
	struct str id, arn, secret;
	struct str endpoint, vpc;
	int port;
	bool has_data_api;
	bool is_server;	     /* of type database; id is HOST:PORT */
	struct str ssl_mode; /* libpq's */
};

/* A host of the stack, and under which name it sees a cluster. */
struct reach_way {
	struct str instance;
	struct str server;
	int port;
};

extern const struct sql_host aws_sql_host;

struct reach_servers;

/* Tells of a server: what its block says. */
void reach_server_know(struct aws_site *w, struct str id, struct value attrs);

/* -- private to reach*.c -- */

struct reach_servers *reach_servers_new(void);
void reach_servers_free(struct reach_servers *s);
/* Whether an id is a server's. */
bool reach_is_server(struct str id);
/* ERROR_UNAVAILABLE: nothing is known of it (yet). */
int reach_server_find(struct aws_site *w, struct str id,
		      struct reach_cluster *out, struct error *err);

/*
 * What was found out is believed for a minute: a job asks at each of its polls.
 * The cache belongs to a site; free(NULL) is fine.
 */
struct reach_cache *reach_cache_new(void);
void reach_cache_free(struct reach_cache *k);
int reach_way_find(struct call *c, const struct reach_cluster *k,
		   struct reach_way *out);
/* As call_wait, at the site's pace. */
enum step reach_wait(struct call *c, int ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As sql_host.run, by Systems Manager and by the Data API. */
enum step reach_ssm_run(struct call *c, const struct reach_cluster *k,
			const struct sql_job *job, struct str *memo,
			struct sql_answer *out);
enum step reach_data_run(struct call *c, const struct reach_cluster *k,
			 const struct sql_job *job, struct sql_answer *out);
int reach_ssm_session(struct call *c, const struct reach_cluster *k,
		      struct str database, struct session *out);
/*
 * The SQLSTATE of a refused connection by its words, since psql and the Data
 * API leave it out; empty: it is none of those that matter.
 */
const char *reach_state_of(struct str words);

#endif
