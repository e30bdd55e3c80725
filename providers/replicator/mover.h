#ifndef DMSL_PROVIDERS_REPLICATOR_MOVER_H
#define DMSL_PROVIDERS_REPLICATOR_MOVER_H

/*
 * The workers of a full load: each takes one unit after another and moves it
 * through two connections of its own. What they share with the coordinator
 * (load.c) is struct load_state.
 */

#include "lang/base/error.h"
#include "providers/replicator/catalog.h"
#include "providers/replicator/ledger.h"
#include "providers/replicator/load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg;
struct unit;

struct load_state {
	struct load *load;
	struct pg *from;	 /* holds the snapshot open */
	pthread_mutex_t to_lock; /* of to, once the workers run */
	struct pg *to;
	struct ledger ledger;
	struct catalog from_catalog, to_catalog;
	struct unit *units; /* to do, in the order they start */
	size_t n;
	bool has_record_hash;
	char snapshot[64];
	pthread_mutex_t lock; /* of what follows */
	size_t next;
	size_t n_busy; /* workers that have not ended */
	enum load_end end;
	struct error why;
	atomic_bool is_ending; /* no new units, and what runs is cancelled */
};

struct mover {
	struct load_state *l;
	pthread_t thread;
	bool is_started;
	/* Guards the pointers against the coordinator, which cancels. */
	pthread_mutex_t lock;
	struct pg *from, *to;
	struct unit *unit;
	int64_t noted_ms;
};

/* The body of a worker's thread; arg is a struct mover. */
void *mover_main(void *arg);
/* Cancels what the worker's connections do; from another thread. */
void mover_cancel(struct mover *m);
/* Whether the load comes to an early end. */
bool mover_is_ending(const struct load_state *l);
/*
 * The workers' commits do not wait for the disk. Commits are written in order:
 * one that waits makes all before it durable.
 */
int mover_make_durable(struct load_state *l, struct error *err);
/* What became of a transaction of the target: "committed", … */
int mover_ask_status(struct pg *c, struct str xid, struct arena *a,
		     struct str *status, struct error *err);

#endif
