#ifndef DMSL_TESTS_SUPPORT_PG_SERVER_H
#define DMSL_TESTS_SUPPORT_PG_SERVER_H

/*
 * A PostgreSQL server of a test's own: in a folder of its own, on a loopback
 * address and port of its own, under an unprivileged account when the test runs
 * as root. It ends with the test, however that ends.
 */

#include "tests/support/scratch.h"

#include <stdbool.h>
#include <sys/types.h>

#define PG_SERVER_PASSWORD "correct horse"

struct pg_server {
	char folder[SCRATCH_MAX];
	char host[32];
	int port;
	pid_t pid; /* 0: not started */
};

/* Whether PostgreSQL's programs are installed. */
bool pg_server_is_there(void);
/* User "postgres" with the password above. 0, or -1 and a line on stderr. */
int pg_server_start(struct pg_server *s);
/*
 * Turns TLS on with a certificate for this DNS name, of an authority whose
 * certificate goes to FOLDER/ca.crt; plain connections are refused afterwards.
 */
int pg_server_use_tls(struct pg_server *s, const char *name);
/* Stops it and removes its folder. */
void pg_server_stop(struct pg_server *s);

#endif
