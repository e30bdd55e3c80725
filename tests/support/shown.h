#ifndef DMSL_TESTS_SUPPORT_SHOWN_H
#define DMSL_TESTS_SUPPORT_SHOWN_H

/* What came of an expression, as a test writes it down. */

#include "lang/value.h"

#include <stddef.h>

struct buf;
struct diags;

/*
 * "!E0253 message" of the first error; else the value as JSON, with "secret "
 * before it, or "unknown". In the buffer, whose text it is.
 */
const char *value_shown(const struct diags *d, struct value v, struct buf *out);

struct example {
	const char *text, *expected;
};

/*
 * Each text gives what is expected. give: what came of one, by value_shown();
 * world: for it.
 */
void examples_run(const struct example *x, size_t n,
		  const char *(*give)(void *world, const char *text),
		  void *world);

#endif
