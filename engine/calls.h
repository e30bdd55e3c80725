#ifndef DMSL_ENGINE_CALLS_H
#define DMSL_ENGINE_CALLS_H

/*
 * Calls to providers as pieces of work: made by the main thread, run on a
 * worker, looked at by the main thread again. A call owns an arena; results are
 * copied out before call_free().
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
};

struct engine_call {
	struct work work; /* submit &e->work; work.data is the engine_call */
	struct call call;
	enum call_function function;
	const char *action;
	enum step outcome; /* CALL_PLAN: STEP_DONE or STEP_FAILED */
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
/* provider_setup.derive; engine is the context. */
int setup_derive(void *engine, const char *label, void *bytes, size_t n,
		 struct error *err);
/* Runs it here and now, waiting out STEP_PENDING, `limit_ms` at most. */
enum step call_run_now(struct engine_call *e, int64_t limit_ms);

#endif
