#ifndef DMSL_PROVIDERS_AWS_DOCTOR_H
#define DMSL_PROVIDERS_AWS_DOCTOR_H

/*
 * What a stack needs of an account before the first call: credentials, rights,
 * room in the quotas, roles, versions. Reads only. What may not be read is a
 * doubt, not an illness.
 */

#include "engine/provider.h"

#include "lang/base/vec.h"

#include "providers/aws/site.h"

#include <stdbool.h>

struct doctor {
	struct aws_site *site;
	const struct needed *needs;
	size_t n_needs;
	struct arena *arena;
	VEC(struct examined) found;
};

/* provider.examine */
void aws_examine(void *self, const struct needed *needs, size_t n_needs,
		 struct arena *a, struct examined **out, size_t *n);

/* -- for the files doctor*.c -- */

void doctor_tell(struct doctor *d, enum health health, const char *subject,
		 const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A question that was not answered. */
void doctor_doubt(struct doctor *d, const char *subject,
		  const struct error *err);
/* How many of a type are to be made; without a stack 0. */
size_t doctor_wanted(const struct doctor *d, const char *type);
/* Without a stack all types are used. */
bool doctor_uses(const struct doctor *d, const char *type);
/* doctor_rights.c, doctor_quotas.c, doctor_offers.c */
void doctor_rights(struct doctor *d);
void doctor_quotas(struct doctor *d);
void doctor_offers(struct doctor *d);

#endif
