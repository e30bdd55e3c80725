#ifndef DMSL_ENGINE_PROVIDERS_H
#define DMSL_ENGINE_PROVIDERS_H

/*
 * Finding and opening providers by name. Those that are open stand in the
 * context, core first.
 */

#include "lang/base/str.h"

#include <stddef.h>

struct context;
struct error;

/* Where an open provider stands; opens it with its defaults if need be. */
int provider_index(struct context *c, struct str name, size_t *out,
		   struct error *err);

#endif
