#ifndef DMSL_PROVIDERS_HTTP_H
#define DMSL_PROVIDERS_HTTP_H

/*
 * One request, one response, with limits on time and size; the only user of
 * libcurl. Each thread keeps its own handle, and with it its connections.
 * Redirects are not followed; certificates are verified; a proxy is used as the
 * environment says, but never towards this machine.
 *
 * An answer of any status is a success here. A failure says whether repeating
 * makes sense by its kind: ERROR_UNAVAILABLE (not reached, or cut off),
 * ERROR_TIMEOUT, ERROR_QUOTA (the answer is too large), ERROR_DENIED (the
 * server's certificate), ERROR_INVALID (the URL). Messages name method and
 * URL without its query, never headers or bodies.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

struct http_header {
	struct str name, value;
};

struct http_request {
	struct str method; /* GET, POST, PUT, DELETE */
	struct str url;
	const struct http_header *headers;
	size_t n_headers;
	struct str body;
	int connect_ms;	    /* 0: 5,000 */
	int timeout_ms;	    /* for all of it; 0: 60,000 */
	size_t max;	    /* bytes of the answer's body; 0: 16 MiB */
	struct str ca_file; /* instead of the system's; may be empty */
	bool is_direct;	    /* never through a proxy */
	/*
	 * Goes out on a connection of its own: libcurl would send it again,
	 * unasked, when one that it keeps breaks before the answer.
	 */
	bool is_once;
};

struct http_response {
	int status;
	struct http_header *headers; /* names in lower case */
	size_t n_headers;
	struct str body; /* ends in NUL, not counted */
};

int http_send(const struct http_request *q, struct arena *a,
	      struct http_response *out, struct error *err);
/* The value of a header (name in lower case); empty when absent. */
struct str http_header(const struct http_response *r, const char *name);

/* https://host:8443/path?query in its parts. */
struct http_url {
	struct str scheme, host, path, query; /* host: with the port as given */
	bool is_loopback;
};

/* Takes http and https; no user name, no fragment. */
int http_url_parse(struct str url, struct http_url *out, struct error *err);

#endif
