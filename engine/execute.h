#ifndef DMSL_ENGINE_EXECUTE_H
#define DMSL_ENGINE_EXECUTE_H

/*
 * Carries out the nodes of a schedule: the one loop of apply and of recovery.
 * It owns the order journal, call, journal, state; what a node is, is its
 * owner's business, who is asked for one operation after another.
 *
 * For each operation with an effect outside:
 *
 *	intent added; synced together with all others that are ready
 *	the call, on a worker
 *	pending: accepted is added when id or memo are new, and synced before
 *		 the step is polled; no worker waits
 *	done: the resource is put into the state, done is added
 *	failed: tried again by kind; else failed is added, dependents skipped
 *
 * Done and failed need no sync of their own: the next intent's makes them
 * durable before anything that builds on them happens.
 *
 * Unknown outcomes. A call whose answer was lost (ERROR_TIMEOUT) may have had
 * its effect. It is repeated with the same token; when no repetition is
 * answered either, what holds depends on the operation:
 *
 *	create	without an id nobody would ever look for the object again, and
 *		a second one must not be made: the intent stays open, nothing
 *		is committed, and the next run repeats it first. There, only an
 *		answer ends it: a refusal says that nothing is there (a
 *		repetition has to look first, by token, name or tag), a service
 *		that cannot be reached or asked says nothing. What recovery
 *		could not find out is carried on: the step that creates the
 *		same resource repeats the old intent instead of a new one, when
 *		what it needs has been mended. With an id: the object is put
 *		into the state as incomplete, and is replaced.
 *	update	a refresh shows what became of attributes that can be read. Of
 *		others (a password) nobody could tell, should the text be taken
 *		back meanwhile: the intent stays open too. But it stands for
 *		one more attempt only: the object is known, and whatever the
 *		plan finds different is updated again.
 *	run	must not happen twice where it happened: as an update, and the
 *		one repetition finds by token what was begun.
 *	delete	what is still there is seen by the next refresh or deleted
 *		again, and what is gone is success: it has failed, no more.
 *
 * This holds for the classes T, N and Q alike: they only differ in how a
 * repetition finds what was made. A step that does not end in its time is no
 * unknown outcome: it goes on, and the next refresh sees how far it came.
 *
 * The lease is looked at before every call with an effect, and kept alive by
 * the loop. Without it nothing is called any more, nothing recorded.
 *
 * Polls of one type and verb are due at the same moments, and are one call for
 * a type that has poll_batch.
 *
 * A built-in type has no effect outside: its calls need no intent and do not
 * block, so they are made at once, by the loop itself.
 *
 * The first SIGINT or SIGTERM begins nothing new, the second stops waiting.
 */

#include "lang/base/error.h"
#include "lang/base/map.h"

#include "engine/check.h"
#include "engine/operation.h"
#include "engine/report.h"
#include "engine/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct engine_call;
struct journal;
struct journal_replay;
struct state;

/* What the owner says when it is asked for a node's next operation. */
enum next {
	NEXT_OPERATION,
	NEXT_DONE,
	NEXT_FAILED, /* err is set */
};

struct execute {
	/* -- given -- */
	struct context *context;
	struct schedule *schedule;
	struct state *state; /* results go here */
	struct journal *journal;
	struct report *report;
	int parallel;	    /* calls at once; several polls may be one */
	int64_t timeout_ms; /* for an operation that says none */
	/* Open creates that recovery left; their journal goes on. Or NULL. */
	const struct journal_replay *carried;
	void *owner;
	/* Asked when a node is ready, and again after each operation. */
	enum next (*next)(void *owner, size_t node, struct operation **op,
			  struct error *err);
	/* What changes nothing has ended well: -1 with err stops the node. */
	int (*checked)(void *owner, size_t node, const struct engine_call *e,
		       struct error *err);
	/* op is NULL when it was the owner who said so. */
	void (*failed)(void *owner, size_t node, const struct operation *op,
		       const struct error *err);
	void (*skipped)(void *owner, size_t node, size_t because);
	/* -- results -- */
	bool is_interrupted; /* nothing new was begun after a signal */
	bool is_abandoned;   /* calls still run: leave by _exit() */
	size_t n_unknown;    /* intents that stay open */
	struct error broken; /* of the journal or the lease; kind 0: none */
	/*
	 * The stack is somebody else's now: neither journal nor state may be
	 * touched any more. `broken` says by whom.
	 */
	bool has_lost_lease;
	/* -- private -- */
	struct workers *workers;
	struct operation **operations; /* by node */
	struct map carried_at;	       /* address -> struct journal_record */
	struct catalog types;
	size_t n_taken_up;
	struct operation *unsent, **unsent_end;
	size_t n_unsent, n_calls;
	struct operation *here; /* to be run at once, see begin_nodes() */
	bool is_dirty; /* the journal has what is not durable and must be */
	int signals;   /* descriptor */
};

/* 0 when the loop ran, whatever became of the nodes. */
int execute_run(struct execute *x, struct error *err);

#endif
