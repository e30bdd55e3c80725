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
 * durable before anything that builds on them happens. A create that did not
 * end and has told no id has an unknown outcome; its intent stays open, and the
 * next run finds out.
 *
 * The first SIGINT or SIGTERM begins nothing new, the second stops waiting.
 */

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include "engine/report.h"
#include "engine/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct engine_call;
struct journal;
struct resource_type;
struct state;
struct state_resource;
struct type_schema;

enum operation_kind {
	OPERATION_CHECK, /* ask the type's plan() again; changes nothing */
	OPERATION_READ,	 /* find an existing object; changes nothing */
	OPERATION_CREATE,
	OPERATION_UPDATE,
	OPERATION_DELETE,
	OPERATION_RUN,
};

/* Made by operation_new(); the arena holds what it points to. */
struct operation {
	struct arena arena;
	enum operation_kind kind;
	struct str address;
	const struct type_schema *schema;
	const struct resource_type *type;
	size_t provider;     /* index into the context's open providers */
	struct value config; /* map; null for a delete */
	const struct state_resource *prior; /* NULL: none */
	struct str *deps;		    /* addresses, sorted */
	size_t n_deps;
	bool prevent_destroy, keep_on_destroy;
	struct str replace_when; /* digest, for the state */
	/*
	 * A create beside the object that it replaces: its default name is
	 * another one, made from the token, so that a recovery makes the same.
	 */
	bool is_beside;
	struct str name;	  /* set then; empty: the default */
	const char *check_action; /* OPERATION_CHECK: for the type's plan() */
	/* An interrupted one is repeated: with what its intent said. */
	bool is_recovery;
	struct str token, id, memo;
	/* private */
	size_t node;
	int attempt;
	bool is_poll;
	bool is_unsure; /* an attempt had no answer: it may have had effect */
	int64_t begun_ms;
	struct operation *next_unsent;
};

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
	int parallel;	    /* calls at once */
	int64_t timeout_ms; /* for one operation */
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
	struct error broken; /* of the journal; kind 0: none */
	/* -- private -- */
	struct workers *workers;
	struct operation **operations; /* by node */
	struct operation *unsent, **unsent_end;
	size_t n_unsent, n_calls;
	bool is_dirty; /* the journal has what is not durable and must be */
	int signals;   /* descriptor */
};

struct operation *operation_new(enum operation_kind kind);
/* Only for one that was not handed over. */
void operation_free(struct operation *op);
const char *operation_name(enum operation_kind kind);
/* "create" and so on; false: no such operation. */
bool operation_from_name(struct str name, enum operation_kind *out);

/* 0 when the loop ran, whatever became of the nodes. */
int execute_run(struct execute *x, struct error *err);

#endif
