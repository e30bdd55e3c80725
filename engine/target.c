#include <config.h>

#include "engine/target.h"

#include "engine/context.h"
#include "lang/suggest.h"

int target_provider(const struct context *c, struct str name, size_t *out)
{
	for (size_t i = 0; i < c->n_open; i++) {
		if (!str_is(name, c->open[i].title))
			continue;
		*out = i;
		return 0;
	}
	return -1;
}

/* What the state holds below a name, or near to it. */
static struct str nearest(const struct state *state, struct str address)
{
	struct arena a = { 0 };
	size_t n;
	struct state_resource **sorted = state_sorted(state, &a, &n);
	struct suggest s = suggest_start(address);

	for (size_t i = 0; i < n; i++) {
		struct str have = sorted[i]->address;

		suggest_try(&s, have);
		if (have.n > address.n && have.s[address.n] == '[' &&
		    str_eq(str_sub(have, 0, address.n), address)) {
			s.best = have;
			break;
		}
	}
	arena_release(&a);
	return s.best;
}

int target_missing(const struct context *c, struct str address,
		   struct error *err)
{
	struct str near = nearest(&c->state, address);

	error_set(err, ERROR_NOT_FOUND, "the state has no resource \"%.*s\"",
		  STR_ARG(address));
	if (near.n)
		return error_hint(err, "Did you mean '%.*s'?", STR_ARG(near));
	return error_hint(err, "\"dmsl state list %s\" lists what it has.",
			  c->path);
}

int target_find(const struct context *c, struct str address, struct target *out,
		struct error *err)
{
	*out = (struct target){ .resource = state_find(&c->state, address) };
	if (!out->resource)
		return target_missing(c, address, err);
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
