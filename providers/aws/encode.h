#ifndef DMSL_PROVIDERS_AWS_ENCODE_H
#define DMSL_PROVIDERS_AWS_ENCODE_H

/*
 * The input of an operation as its service's protocol wants it. The same input
 * gives the same bytes, whichever attempt it is.
 */

#include "lang/base/buf.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include "providers/aws/service.h"

struct arena;
struct error;

/* A request but for what depends on the endpoint. */
struct aws_request {
	struct str method;
	struct str path; /* under that of the endpoint: "/Execute"; or empty */
	struct str content_type;
	struct str target; /* X-Amz-Target; or empty */
	struct buf body;   /* secrets in clear: released by buf_wipe() */
};

/* input: a map or null. */
int aws_encode(const struct aws_service *s, const char *operation,
	       struct value input, struct arena *a, struct aws_request *out,
	       struct error *err);

#endif
