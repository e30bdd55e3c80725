#ifndef DMSL_LANG_BASE_BASE64_H
#define DMSL_LANG_BASE_BASE64_H

/* RFC 4648, section 4: with padding, without line ends. */

#include "lang/base/str.h"

struct arena;

/* At most 1 GiB. */
struct str base64_encode(struct str bytes, struct arena *a);
/* Blanks and line ends are skipped. -1: it is no base64. */
int base64_decode(struct str text, struct arena *a, struct str *out);

#endif
