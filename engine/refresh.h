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
	struct state_resource now;	    /* the same, with what was read */
	bool is_gone;
	bool is_broken;
	struct str status; /* why */
	bool has_drifted;  /* now.attrs differ from what was recorded */
};

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
