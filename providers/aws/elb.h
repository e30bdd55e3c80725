#ifndef DMSL_PROVIDERS_AWS_ELB_H
#define DMSL_PROVIDERS_AWS_ELB_H

/*
 * What load_balancer, target_group and listener have in common: attributes that
 * are pairs of texts with calls of their own, and tags. Failures are put into
 * c->err.
 */

#include "providers/aws/type.h"

/* Each row: attr, param = the key, path "Value"; ends with attr NULL. */
struct elb_attributes {
	const char *describe, *modify; /* operations */
	const char *arn;	       /* their parameter */
	const struct aws_attr *attrs;
	/* What the service has when nothing is said, row by row. */
	const char *const *fallbacks;
};

/* Sends those that are not as they are wanted. */
int elb_settle(struct call *c, const struct elb_attributes *t);
/* Adds to result those that are not as last known. */
int elb_show(struct call *c, const struct elb_attributes *t,
	     struct fields *result);

/* For tables: the calls for tags. */
extern const struct aws_tagging elb_tagging;

#endif
