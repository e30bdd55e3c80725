#ifndef DMSL_ENGINE_LOAD_H
#define DMSL_ENGINE_LOAD_H

/*
 * What a stack stands on besides its text: its store, the state key, the state
 * as committed, and what the journal says that is not in it yet.
 */

#include "engine/setup.h"

#include "lang/base/str.h"

struct context;
struct error;

/*
 * Begins to read all of that on a thread of its own, as one that does not write
 * reads it, while the text is read: together they are most of the time of a
 * plan without changes. Does nothing where that was begun already, or where no
 * thread can be had.
 */
void load_ahead(struct context *c, struct str stack);
/*
 * Adds it to the context: takes what was read ahead, or reads it now. One that
 * writes takes the lease first, and reads nothing ahead.
 */
int load_state(struct context *c, struct str stack, enum access access,
	       struct error *err);
/* Gives it back, and what was read ahead and not taken. */
void load_release(struct context *c);

#endif
