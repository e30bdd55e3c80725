#ifndef DMSL_PROVIDERS_AWS_SIGV4_H
#define DMSL_PROVIDERS_AWS_SIGV4_H

/*
 * AWS Signature Version 4 in its header form: a pure function of request,
 * credentials and time.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

#include "lang/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

struct sigv4_header {
	struct str name, value;
};

struct sigv4_request {
	struct str method;
	struct str path;  /* as sent: encoded once; empty means "/" */
	struct str query; /* as sent, without the question mark */
	/* All that will be signed, host among them; not x-amz-date. */
	const struct sigv4_header *headers;
	size_t n_headers;
	struct str body;
};

struct sigv4_keys {
	struct str access_key, secret_key;
	struct str session_token; /* may be empty */
	struct str region, service;
};

/* Values of the headers to add; token is empty when there is none. */
struct sigv4_signature {
	struct str date;	  /* X-Amz-Date */
	struct str token;	  /* X-Amz-Security-Token */
	struct str authorization; /* Authorization */
};

/* now: seconds since 1970. */
void sigv4_sign(const struct sigv4_request *q, const struct sigv4_keys *k,
		int64_t now, struct arena *a, struct sigv4_signature *out);

#endif
