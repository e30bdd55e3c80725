#include <config.h>

#include "engine/target.h"

#include "engine/context.h"

int target_provider(const struct context *c, struct str name, size_t *out)
{
	for (size_t i = 0; i < c->n_open; i++) {
		if (!str_is(name, c->open[i].provider->name))
			continue;
		*out = i;
		return 0;
	}
	return -1;
}

int target_find(const struct context *c, struct str address, struct target *out,
		struct error *err)
{
	*out = (struct target){ .resource = state_find(&c->state, address) };
	if (!out->resource) {
		error_set(err, ERROR_NOT_FOUND,
			  "the state has no resource "
			  "\"%.*s\"",
			  STR_ARG(address));
		return error_hint(err,
				  "\"dmsl state list %s\" lists what it "
				  "has.",
				  c->path);
	}
	if (target_provider(c, out->resource->provider, &out->provider) < 0)
		return error_set(err, ERROR_INVALID,
				 "the stack does not use "
				 "provider \"%.*s\"",
				 STR_ARG(out->resource->provider));
	out->type =
	    provider_type(c->open[out->provider].provider, out->resource->type);
	if (!out->type)
		return error_set(err, ERROR_INVALID,
				 "provider \"%.*s\" has no "
				 "resource type \"%.*s\"",
				 STR_ARG(out->resource->provider),
				 STR_ARG(out->resource->type));
	return 0;
}
