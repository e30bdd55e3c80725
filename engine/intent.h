#ifndef DMSL_ENGINE_INTENT_H
#define DMSL_ENGINE_INTENT_H

/*
 * The journal of a single request to one resource (resource_ops.control), which
 * no apply makes: begin, intent, then done or failed, and end. The process must
 * hold the lease, and nothing may be left to recover. Killed at any point, the
 * next run that takes the lease finds out what became of the request.
 *
 *	intent_begin()			durable when it returns
 *	the call, with intent.token
 *	intent_done() or intent_failed()
 */

#include "lang/base/str.h"

struct context;
struct error;
struct engine_call;
struct journal;
struct state_resource;
struct target;

struct intent {
	struct context *context;
	struct journal *journal;
	struct str address, token; /* of the context's arena */
};

/* Sets the call's token. On failure there is nothing to end. */
int intent_begin(struct intent *i, struct context *c, struct engine_call *e,
		 const struct target *t, struct error *err);
/* Puts the resource into the state, commits that, and ends the journal. */
int intent_done(struct intent *i, struct state_resource *now,
		struct str message, struct error *err);
/*
 * Ends the journal where the failure tells that nothing more will come of it;
 * else it stays, for the next run. Another run's stack is left alone.
 */
void intent_failed(struct intent *i, const struct error *failure);

#endif
