#ifndef DMSL_PROVIDERS_PG_PG_H
#define DMSL_PROVIDERS_PG_PG_H

/*
 * Connections to PostgreSQL: the only user of libpq (with copy.c, which streams
 * through the same connection). A connection belongs to one thread. SQLSTATEs
 * become error kinds; messages name the server's own words and never hold a
 * password.
 */

#include "lang/base/error.h"
#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/* Where and as whom. Empty parts are left to libpq's defaults. */
struct pg_target {
	struct str host;     /* the name that the certificate must carry */
	struct str hostaddr; /* the address to connect to; empty: host */
	int port;
	struct str database;
	struct str user;
	struct str password;
	struct str ssl_mode;	/* disable, require, verify-ca, verify-full */
	struct str ca_file;	/* for verify-*; may be empty */
	struct str application; /* application_name */
	int timeout_s;		/* to connect; 0: 10 */
};

struct pg;

/* Text results; NULL values have s == NULL. All in the arena. */
struct pg_result {
	size_t n_rows, n_columns;
	struct str *cells; /* row * n_columns + column */
	struct str tag;	   /* command tag: "INSERT 0 4" */
};

int pg_open(const struct pg_target *t, struct pg **out, struct error *err);
void pg_close(struct pg *c); /* NULL is fine */
/* One statement with text parameters $1 …; NULL s is SQL NULL. */
int pg_query(struct pg *c, const char *sql, size_t n, const struct str *params,
	     struct arena *a, struct pg_result *out, struct error *err);
/* Statements without results, separated by semicolons; no parameters. */
int pg_run(struct pg *c, const char *sql, struct error *err);
/*
 * pg_run() in two halves, so that two servers can work at the same time; the
 * result is that of the last statement. out may be NULL.
 */
int pg_send(struct pg *c, const char *sql, struct error *err);
int pg_take(struct pg *c, struct arena *a, struct pg_result *out,
	    struct error *err);
/* SQLSTATE of the last failure, "" when there was none. */
const char *pg_sqlstate(const struct pg *c);
/* What kind of error a SQLSTATE is. */
enum error_kind pg_state_kind(const char *state);
/*
 * Where in its statement the last failure was, in characters (not bytes) from
 * 1; 0 when the server did not tell.
 */
size_t pg_position(const struct pg *c);
/* "a""b", 'it''s': appended to the arena's copy. */
struct str pg_identifier(struct str name, struct arena *a);
struct str pg_literal(struct str text, struct arena *a);
/* NAME='value' of a connection string, a blank before it; not when empty. */
void pg_add_option(struct buf *b, const char *name, struct str value);
/*
 * libpq's sslmode for what `tls` of a database says: none, require, verify_ca,
 * verify_full; require when it says nothing.
 */
struct str pg_ssl_mode(struct str tls);
/* The server's version, such as 150018. */
int pg_version(const struct pg *c);
/* Cancels what runs on the connection; may be called from another thread. */
void pg_cancel(struct pg *c);

#endif
