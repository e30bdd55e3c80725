#ifndef DMSL_PROVIDERS_AWS_DECODE_H
#define DMSL_PROVIDERS_AWS_DECODE_H

/* What a service answered, as client.h describes it. */

#include "lang/base/str.h"
#include "lang/value.h"

#include "providers/aws/service.h"

struct arena;
struct error;

/* Code and words of a refusal; views that may be empty. */
struct aws_reason {
	struct str code, words;
};

/* Before the first request: whether answers can be read at all. */
int aws_decode_prepare(const struct aws_service *s, struct error *err);
/*
 * An answer of status 2xx. It may hold a refusal all the same: then why->code
 * is set. ERROR_CORRUPT: not what the service writes, or cut off.
 */
int aws_decode(const struct aws_service *s, const char *operation,
	       struct str body, struct arena *a, struct value *out,
	       struct aws_reason *why, struct error *err);
/*
 * Any other; type: the header x-amzn-errortype. Empty where the body is not
 * that of a service: a gateway's page.
 */
struct aws_reason aws_decode_fault(const struct aws_service *s, struct str body,
				   struct str type, struct arena *a);

#endif
