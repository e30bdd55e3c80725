#ifndef DMSL_PROVIDERS_AWS_CLIENT_H
#define DMSL_PROVIDERS_AWS_CLIENT_H

/*
 * One call of an AWS operation in the JSON 1.1 protocol: signed, repeated where
 * that helps, its fault turned into an error kind. Every call made through here
 * must be one that may be repeated.
 *
 * The message of a failure is "OPERATION: CODE: words of the service"; where
 * the service repeats a secret of the request, its words are left out.
 */

#include "lang/base/error.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include "providers/aws/dms.h"

struct arena;

struct aws_fault {
	const char *code;
	enum error_kind kind;
};

struct aws_service {
	const char *name;   /* that requests are signed with: "dms" */
	const char *target; /* before the operation: "AmazonDMSv20160101." */
	const struct aws_fault *faults; /* its own; ends with code NULL */
};

/* input is a map; secrets in it are sent in clear and written nowhere else. */
int aws_call(const struct aws_endpoint *e, const struct aws_service *s,
	     const char *operation, struct value input, struct arena *a,
	     struct value *out, struct error *err);

#endif
