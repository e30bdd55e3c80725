#ifndef DMSL_ENGINE_CALLS_H
#define DMSL_ENGINE_CALLS_H

/*
 * Calls to providers as pieces of work: made by the main thread, run on a
 * worker, looked at by the main thread again. A call owns an arena; results are
 * copied out before call_free().
 *
 * Several reads or polls of one type and verb can go as one piece of work, for
 * types that have read_batch or poll_batch: call_join() puts them behind the
 * first, which alone is submitted. What comes back is the first; walk `joined`
 * for the others, and free each by itself.
 */

#include "engine/provider.h"
#include "engine/worker.h"

struct context;
struct state_resource;

enum call_function {
	CALL_PLAN, /* resource_ops.plan; action_name in `action` */
	CALL_READ,
	CALL_LOOKUP, /* or read, where a type has no lookup */
	CALL_CREATE,
	CALL_UPDATE,
	CALL_DESTROY,
	CALL_RUN,
	CALL_QUERY,
	CALL_INSPECT,
	CALL_CLAIM,
	CALL_CONTROL, /* call.verb says whether it is only judged */
};

struct engine_call {
	struct work work; /* submit &e->work; work.data is the engine_call */
	struct call call;
	enum call_function function;
	const char *action;
	enum step outcome;	    /* CALL_PLAN: STEP_DONE or STEP_FAILED */
	struct engine_call *joined; /* the next that goes with this one */
	size_t n_joined;	    /* of the first: how many come behind it */
	struct arena arena;
	size_t index; /* of the plan step, for the one who submitted */
	void *owner;  /* likewise */
	struct context *context;
};

/*
 * A call with self, type, arena, address, name, id, prior, run_id and derive
 * set; values are copied into its arena. prior may be NULL.
 */
struct engine_call *call_new(struct context *c, size_t provider,
			     const struct resource_type *type,
			     struct str address,
			     const struct state_resource *prior,
			     enum call_function function);
/* The default name of a second object, beside the one that it replaces. */
struct str call_name_beside(const struct context *c, struct str address,
			    struct str token, struct arena *a);
void call_free(struct engine_call *e);
/* e goes along with `first`, in no order. */
void call_join(struct engine_call *first, struct engine_call *e);
/* provider_setup.derive; engine is the context. */
int setup_derive(void *engine, const char *label, void *bytes, size_t n,
		 struct error *err);
/* Runs it here and now, once; its outcome. */
enum step call_run_once(struct engine_call *e);
/* Milliseconds that a pending call wants to be left alone. */
int64_t call_pause_ms(const struct engine_call *e);
/* Runs it here and now, waiting out STEP_PENDING, `limit_ms` at most. */
enum step call_run_now(struct engine_call *e, int64_t limit_ms);

#endif
