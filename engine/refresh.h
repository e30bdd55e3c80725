#ifndef DMSL_ENGINE_REFRESH_H
#define DMSL_ENGINE_REFRESH_H

/*
 * What exists, asked of the providers: one read for each resource of the state,
 * several at once; those of one type in batches, where the type can. Nothing is
 * changed, neither outside nor in the state. Linear in the resources.
 */

#include "lang/source.h"

#include "engine/state.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct catalog;
struct context;
struct error;

/* A resource of the state as it is now. */
struct refreshed {
	const struct state_resource *state; /* as recorded */
	/*
	 * With what was read; the one above where that is the same. Its
	 * attributes are set by refreshed_set() alone.
	 */
	struct state_resource *now;
	struct str status; /* why, where it is broken */
	bool is_gone;
	bool is_broken;
	bool has_drifted; /* now->attrs differ from what was recorded */
};

/* Gives `now` these attributes, and memory of its own for them. */
void refreshed_set(struct refreshed *f, struct value attrs, struct arena *a);

/*
 * One for each of the n resources, in their order, in the arena. With `skip`
 * nothing is read, and all is taken as it was recorded. places: where each is
 * declared, for findings. -1 with findings in the context or with err.
 */
int refresh(struct context *c, struct catalog *types,
	    struct state_resource **all, const struct place *places, size_t n,
	    bool skip, struct arena *a, struct refreshed **out,
	    struct error *err);
/* Adds a finding about a call that failed; several may have the same place. */
void refresh_failed(struct context *c, const char *code, struct place place,
		    struct str address, const char *what,
		    const struct error *why);

#endif
