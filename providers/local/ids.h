#ifndef DMSL_PROVIDERS_LOCAL_IDS_H
#define DMSL_PROVIDERS_LOCAL_IDS_H

/*
 * Ids that look like AWS's and follow from the stack's uid and a text: the
 * address, or more than that (record_begin()).
 */

#include "lang/base/str.h"

struct arena;
struct local;

enum { ID_HEX = 17 };

/* n hex digits (64 at most) of SHA-256 over uid, a label and the text. */
struct str id_hash(const struct local *l, const char *label, struct str text,
		   size_t n, struct arena *a);
/* "vpc-" and 17 digits */
struct str id_make(const struct local *l, const char *prefix, struct str text,
		   struct arena *a);
/* arn:aws:SERVICE:REGION:000000000000:TAIL; region may be "". */
struct str id_arn(const char *service, const char *region, struct str tail,
		  struct arena *a);

#define LOCAL_REGION  "us-east-1"
#define LOCAL_ACCOUNT "000000000000"

#endif
