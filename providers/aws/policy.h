#ifndef DMSL_PROVIDERS_AWS_POLICY_H
#define DMSL_PROVIDERS_AWS_POLICY_H

/*
 * Policies (trust, permissions, of endpoints) as documents: services give them
 * back with other blanks, with lists where one text was written and the other
 * way round, in another order, and IAM percent-encoded.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>

struct arena;

/* As it is sent. */
struct str policy_text(struct value policy, struct arena *a);
/* What a service gave; -1: it is no JSON. */
int policy_read(struct str text, struct arena *a, struct value *out);
/* Whether what a service gave says the same. */
bool policy_is(struct value policy, struct str text, struct arena *a);
/* A trust policy: these services may take the role. */
struct value policy_trust(struct value services, struct arena *a);
/*
 * Whether a trust policy that a service gave lets one of AWS's services take
 * the role, without a condition.
 */
bool policy_trusts(struct str text, struct str service, struct arena *a);

#endif
