#ifndef DMSL_PROVIDERS_AWS_FAULT_H
#define DMSL_PROVIDERS_AWS_FAULT_H

/* What a refusal means: codes of a service, codes of all, the HTTP status. */

#include "lang/base/str.h"

#include "providers/aws/service.h"

#include <stdbool.h>

/* status: of HTTP. The answer is constant; code may be NULL in it. */
struct aws_fault aws_fault_of(const struct aws_service *s, struct str code,
			      struct str words, int status);
/* Codes that also come when the clocks differ. */
bool aws_fault_may_be_skew(struct str code);
/* The credentials were good once. */
bool aws_fault_is_expiry(struct str code);

#endif
