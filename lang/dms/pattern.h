#ifndef DMSL_LANG_DMS_PATTERN_H
#define DMSL_LANG_DMS_PATTERN_H

#include "lang/base/str.h"

#include <stdbool.h>

/*
 * Patterns of table mappings: % any characters, _ one, [ab] and [a-d] one of
 * these, [_] and [%] themselves. A "[" that is not closed is itself.
 */
bool pattern_matches(struct str pattern, struct str name);
/* Whether some name matches both. */
bool pattern_meets(struct str a, struct str b);
/* % or [: surely meant as a pattern. A lone _ is in most names. */
bool pattern_has_wildcard(struct str pattern);

#endif
