#ifndef DMSL_PROVIDERS_REPLICATOR_SERVER_H
#define DMSL_PROVIDERS_REPLICATOR_SERVER_H

/*
 * What the parts of the server share: its configuration, which does not change,
 * the book, the log, and the tasks that run.
 */

#include "lang/base/str.h"
#include "providers/replicator/book.h"
#include "providers/vault.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct runs;

struct config {
	struct str listen; /* an IPv4 address */
	int port;	   /* 0: any */
	struct str folder;
	struct str access_key, secret_key;
	struct str region, account;
	struct str vault; /* folder; empty: there is none */
	struct str routes_file;
	struct str ca_file;
	unsigned char vault_key[VAULT_KEY_SIZE];
};

struct server {
	struct config config;
	struct book book;
	FILE *log;
	pthread_mutex_t log_lock;
	struct runs *runs;
};

/* One line with the time of day. Never a secret. */
void server_log(struct server *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Milliseconds since 1970. */
int64_t server_time_ms(void);
/* arn:aws:dms:REGION:ACCOUNT:KIND:ID */
struct str server_arn(const struct server *s, const char *kind, struct str id,
		      struct arena *a);
/* 26 random capitals and digits, as AWS names resources. */
struct str server_new_id(struct arena *a);

#endif
