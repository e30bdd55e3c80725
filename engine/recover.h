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
 */
int recover(struct context *c, struct expansion *e, bool *is_abandoned,
	    struct error *err);

#endif
