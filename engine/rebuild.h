#ifndef DMSL_ENGINE_REBUILD_H
#define DMSL_ENGINE_REBUILD_H

/*
 * A state that was lost, made again from the marks of ownership that every
 * object carries. What carries none cannot be found; the caller tells it.
 * Nothing outside is changed.
 */

#include "lang/base/str.h"

#include <stddef.h>

struct context;
struct error;
struct expansion;
struct owned_object;
struct resource;

struct rebuild {
	struct context *context;
	struct owned_object *found; /* of all providers, all uids */
	size_t *providers;	    /* index into the open ones, of each */
	size_t n_found;
	/* After rebuild_state(). */
	size_t n_taken;
	struct str *foreign; /* addresses that the stack does not declare */
	size_t n_foreign;
	/* Marked for an address that another object has already. */
	struct owned_object *twice;
	size_t n_twice;
	const struct resource **missing; /* declared, not found */
	size_t n_missing;
};

/*
 * Asks the open providers. *uid: the one to look for, or empty; then it becomes
 * the only one there is. Several are an error that names them.
 */
int rebuild_find(struct rebuild *r, struct str *uid, struct error *err);
/*
 * Fills the context's state, whose uid is set, with what is there now; the
 * providers were opened with that uid.
 */
int rebuild_state(struct rebuild *r, struct expansion *e, struct error *err);

#endif
