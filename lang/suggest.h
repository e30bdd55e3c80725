#ifndef DMSL_LANG_SUGGEST_H
#define DMSL_LANG_SUGGEST_H

/*
 * "Did you mean …": the candidate nearest to a misspelt name. The distance is
 * the number of letters to add, drop, change or swap; only near ones count. Of
 * several as near, the one tried first wins.
 *
 *	struct suggest s = suggest_start(wrong);
 *	suggest_try(&s, candidate);
 *	if (s.best.n)
 *		diag_hint(…, "Did you mean \"%.*s\"?", STR_ARG(s.best));
 */

#include "lang/base/str.h"

struct suggest {
	struct str wrong;
	struct str best;   /* empty: none is near enough */
	unsigned distance; /* that a candidate must be below */
};

struct suggest suggest_start(struct str wrong);
void suggest_try(struct suggest *s, struct str candidate);

#endif
