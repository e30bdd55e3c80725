#ifndef DMSL_PROVIDERS_LOCAL_TLS_H
#define DMSL_PROVIDERS_LOCAL_TLS_H

/*
 * Certificates of a stack: a CA of its own (P-256), and one file a server with
 * key and certificate together, so that both are replaced at one instant. The
 * CA's key stays with dmsl; servers see only its certificate.
 */

#include "lang/base/str.h"

#include <stddef.h>

struct error;
struct local;

/* tls/ca.crt and ca.key; made when they are not there. */
int tls_make_ca(struct local *l, struct error *err);
/*
 * Writes a key and a certificate for these names (DNS names and IP addresses)
 * to `path`, owned by the account. The names are kept in PATH.names: when they
 * are the same as those of the certificate there, nothing is done. *changed may
 * be NULL.
 */
int tls_issue(struct local *l, const char *path, const struct str *names,
	      size_t n, int *changed, struct error *err);

#endif
