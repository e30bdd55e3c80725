#ifndef DMSL_LANG_DMS_MAPPING_LOCAL_H
#define DMSL_LANG_DMS_MAPPING_LOCAL_H

/*
 * What of a table mapping the replication server of provider local does
 * otherwise than AWS DMS. It refuses what it cannot do; nothing is left out
 * silently.
 */

#include "lang/dms/mapping.h"

struct error;

enum { MAPPING_ADVICE_MAX = 3 };

struct mapping_local {
	/* What is done in another way, a sentence each without full stop. */
	const char *advice[MAPPING_ADVICE_MAX];
	size_t n_advice;
};

/* -1: a rule is not carried out; the error says which and why. */
int mapping_check_local(const struct mapping *m, struct mapping_local *out,
			struct error *err);

#endif
