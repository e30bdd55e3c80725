#ifndef DMSL_ENGINE_TARGET_H
#define DMSL_ENGINE_TARGET_H

/* A resource of the state, with the provider and type that serve it. */

#include "lang/base/str.h"

#include <stddef.h>

struct context;
struct error;
struct resource_type;
struct state_resource;

struct target {
	const struct state_resource *resource;
	const struct resource_type *type;
	size_t provider; /* index into the context's open providers */
};

/* Says that the state does not have it, and what may be meant; -1. */
int target_missing(const struct context *c, struct str address,
		   struct error *err);
/* Providers must be open (setup_stack). */
int target_find(const struct context *c, struct str address, struct target *out,
		struct error *err);
/* The index of an open provider by name; -1 when there is none. */
int target_provider(const struct context *c, struct str name, size_t *out);

#endif
