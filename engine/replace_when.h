#ifndef DMSL_ENGINE_REPLACE_WHEN_H
#define DMSL_ENGINE_REPLACE_WHEN_H

/*
 * What the state keeps of lifecycle { replace_when }: a digest of the values,
 * keyed where one of them is secret, so that nothing can be learned from it.
 */

#include "lang/base/str.h"
#include "lang/value.h"

struct arena;
struct context;
struct error;

/*
 * v: known, and plain (see expand_replace_when). null gives an empty text. A
 * secret without a state key cannot be compared: then *out stays as it was.
 */
int replace_when_digest(const struct context *c, struct value v,
			struct arena *a, struct str *out, struct error *err);

#endif
