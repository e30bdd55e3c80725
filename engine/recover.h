#ifndef DMSL_ENGINE_RECOVER_H
#define DMSL_ENGINE_RECOVER_H

/*
 * Ends what an interrupted run left open: each open intent is repeated with its
 * own run id, token, configuration and id, its outcome recorded in the same
 * journal, the state committed, the journal removed. Needs no human, and may be
 * interrupted itself at any point. Runs first in every command that has taken
 * the lease.
 */

#include <stdbool.h>

struct context;
struct error;
struct expansion;

/*
 * Nothing to recover is success. The context's state is as committed
 * afterwards. ERROR_INTERRUPTED after a signal; with *is_abandoned calls still
 * run and the caller leaves by _exit().
 *
 * may_carry: an apply follows. Then creates whose outcome cannot be found out
 * now, because who could tell is not reached, stop nothing as long as they are
 * still declared: what they need may be what the apply mends. They stay in
 * context.replay, their journal goes on, nothing is committed before they end.
 */
int recover(struct context *c, struct expansion *e, bool may_carry,
	    bool *is_abandoned, struct error *err);

#endif
