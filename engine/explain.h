#ifndef DMSL_ENGINE_EXPLAIN_H
#define DMSL_ENGINE_EXPLAIN_H

/*
 * What findings mean, for people: a page a code. Examples are whole but for
 * their head ("stack example { provider = local }"), which is put before those
 * that have none; the tests run each: the wrong one gives its code, the right
 * one gives nothing.
 */

#include "lang/base/str.h"

#include <stddef.h>

struct explanation {
	const char *code;
	const char *text;  /* why it is refused, and the way out */
	const char *wrong; /* NULL: needs more than a text */
	const char *right;
};

/* In the order of the codes; ends with code NULL. */
extern const struct explanation explanations[];

const struct explanation *explain_find(struct str code);
/* The title of a code; NULL when there is no such code. */
const char *explain_title(struct str code);

#endif
