#ifndef DMSL_TESTS_UNIT_SQL_SERVER_H
#define DMSL_TESTS_UNIT_SQL_SERVER_H

/*
 * A PostgreSQL of the test's own: in a folder made by mkdtemp, on a unix socket
 * there, under an unprivileged account when the test is root.
 */

#include "providers/pg/pg.h"

#include <stdbool.h>

struct sql_server;

/* NULL where no PostgreSQL is installed; the caller skips its tests. */
struct sql_server *sql_server_start(void);
/* As the superuser "tester". */
struct pg_target sql_server_target(const struct sql_server *s,
				   const char *database);
/* The text of the first column of the first row; fails the test on an error. */
const char *sql_server_ask(const struct sql_server *s, const char *database,
			   const char *sql, struct arena *a);
/* Stops it, by its pid, and removes the folder. */
void sql_server_stop(struct sql_server *s);

#endif
