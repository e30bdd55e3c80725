#ifndef DMSL_PROVIDERS_REPLICATOR_SIGN_H
#define DMSL_PROVIDERS_REPLICATOR_SIGN_H

/*
 * Checks the signature of a request: AWS Signature Version 4 in its header
 * form. Pure: the clock and the keys come in.
 */

#include "lang/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct fault;

struct sign_header {
	struct str name; /* as it came; compared without regard to case */
	struct str value;
};

struct sign_request {
	struct str method;
	struct str path;  /* raw, as on the request line */
	struct str query; /* raw, without "?" */
	const struct sign_header *headers;
	size_t n_headers;
	struct str body;
};

struct sign_keys {
	struct str access_key;
	struct str secret_key;
	struct str region;
	struct str service;
};

/* 0, or -1 with the fault that AWS answers. now: seconds since 1970. */
int sign_check(const struct sign_request *r, const struct sign_keys *keys,
	       int64_t now, struct fault *f);
/* The value of a header that came exactly once; NULL when not so. */
const struct str *sign_header(const struct sign_request *r, const char *name);

#endif
