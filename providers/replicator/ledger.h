#ifndef DMSL_PROVIDERS_REPLICATOR_LEDGER_H
#define DMSL_PROVIDERS_REPLICATOR_LEDGER_H

/*
 * Loads that must not happen twice. A table that is neither emptied nor dropped
 * before its load would have its rows doubled, so before such a load commits,
 * the target's transaction number goes into this file, durably. Whoever does
 * not know how the commit ended asks the target about the number.
 *
 * The file: one JSON object a line, {"rows": 4, "schema": "s", "table": "t",
 * "xid": "731"}, appended and synced. A last line that a crash cut short is
 * passed over: its commit was never sent.
 */

#include "lang/base/str.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

struct ledger {
	pthread_mutex_t lock;
	int fd; /* -1: not open yet */
	const char *path;
};

struct ledger_entry {
	struct str schema, table;
	struct str xid;
	int64_t rows;
};

/* path must outlive it. Nothing is opened before the first note. */
void ledger_init(struct ledger *l, const char *path);
void ledger_release(struct ledger *l);
int ledger_note(struct ledger *l, const struct ledger_entry *e,
		struct error *err);
/* All entries in order; none when there is no file. */
int ledger_read(const char *path, struct arena *a, struct ledger_entry **out,
		size_t *n, struct error *err);

#endif
