#ifndef DMSL_PROVIDERS_SQL_SQL_H
#define DMSL_PROVIDERS_SQL_SQL_H

/*
 * What is made inside a database, over a connection that the cluster's provider
 * hands out: the same code for every provider. A provider lists the types with
 * `data` pointing to its struct sql_host.
 *
 * The id of a sql_database is CLUSTER-ID/NAME; that of a fixture is its
 * database's id, "#" and 16 hex digits of its address' SHA-256. What was run is
 * recorded in the database itself, in the same transaction (dmsl.intents), so
 * that a repetition after a crash finds it.
 */

#include "engine/provider.h"

struct pg_target;

/*
 * A statement of a killed dmsl ends with its client, so that the repetition
 * need not wait for it. Servers before PostgreSQL 14 cannot.
 */
#define SQL_WATCH_CLIENT                                                       \
	"DO $$BEGIN IF current_setting('server_version_num')::int >= 140000 "  \
	"THEN SET client_connection_check_interval = '1s'; END IF; END$$"

/* What the id of a sql_database says: CLUSTER-ID/NAME. */
struct sql_place {
	struct str cluster, database;
};

/* One statement that is run where no connection leads from this machine. */
struct sql_job {
	struct sql_place at;
	struct str sql;
	bool is_change; /* else it is run read-only */
	bool has_secret;
};

struct sql_answer {
	bool is_null;	 /* no row, or NULL */
	struct str text; /* the first column of the first row */
	char state[6];	 /* SQLSTATE when the server refused */
};

struct sql_host {
	/*
	 * Where `database` of the cluster is reached, as its master user, from
	 * the machine that runs dmsl. ERROR_UNAVAILABLE: not up (yet).
	 */
	int (*target)(void *self, struct str cluster, struct str database,
		      struct arena *a, struct pg_target *out,
		      struct error *err);
	/*
	 * "name/uid" of the stack, noted on what is made. MAY; without it
	 * ownership is judged by the address alone.
	 */
	struct str (*stack)(void *self);
	/*
	 * Brings up the cluster's server, so that what was made in it can be
	 * taken back; several threads may ask at once. MAY.
	 */
	int (*start)(void *self, struct str cluster, struct arena *a,
		     struct error *err);
	/*
	 * MAY. Whether its databases are reached by run(), not target(). A
	 * statement is then the whole conversation: what belongs together is
	 * one DO block, and a repetition must be harmless.
	 */
	bool (*is_remote)(void *self, struct str cluster);
	/*
	 * Runs one statement. STEP_PENDING leaves in *memo (short, one line)
	 * what finds it again; the memo of a new statement is empty.
	 */
	enum step (*run)(struct call *c, const struct sql_job *job,
			 struct str *memo, struct sql_answer *out);
	/* An interactive client where it is remote. */
	int (*session)(struct call *c, struct sql_place at,
		       struct session *out);
};

extern const struct resource_ops sql_database_ops;
extern const struct resource_ops fixture_ops;

/* A client for a database of a host, by a connection or as the host does it. */
int sql_open_session(struct call *c, const struct sql_host *host,
		     struct sql_place at, struct session *out);
/* As resource_ops.query, on a database of a host. */
enum step sql_ask(struct call *c, const struct sql_host *host,
		  struct sql_place at);
/*
 * For resource_ops.query and .session of any type with a database: c->sql is
 * run on the target, result is the text of the first column of the first row.
 */
enum step sql_query(struct call *c, const struct pg_target *t);
/* psql with host, address, port, TLS; the password goes into the environment.
 */
int sql_session(struct call *c, const struct pg_target *t, struct session *out);

#endif
