#ifndef DMSL_PROVIDERS_PG_CONN_H
#define DMSL_PROVIDERS_PG_CONN_H

/*
 * What pg.c and copy.c share: the connection itself and how both wait on it.
 * Private to this folder.
 */

#include "providers/pg/libpq.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct error;
struct pg;

struct pg {
	PGconn *conn;
	char state[6];	 /* SQLSTATE of the last failure */
	size_t position; /* in the statement, counted in characters from 1 */
	int version;
	/* When pg_cancel() was called, by clock_ms(); 0: never. */
	atomic_int_least64_t cancelled_at;
};

/*
 * Waits until the socket can be read (or, with wants_write, written). After a
 * cancellation the server gets some seconds to answer, then -1 with err: the
 * connection is of no more use.
 */
int pg_wait(struct pg *c, bool wants_write, struct error *err);
/* Sends what libpq still holds back; waits for it. */
int pg_flush(struct pg *c, struct error *err);
/* The next result when it has come whole; NULL and 0 at the end. */
int pg_next_result(struct pg *c, PGresult **out, struct error *err);
/* Notes the SQLSTATE and fills err from a failed result; returns -1. */
int pg_failed(struct pg *c, const PGresult *result, struct error *err);

#endif
