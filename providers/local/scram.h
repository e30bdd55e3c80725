#ifndef DMSL_PROVIDERS_LOCAL_SCRAM_H
#define DMSL_PROVIDERS_LOCAL_SCRAM_H

/*
 * The verifier of a password, as PostgreSQL stores it (RFC 5802, RFC 7677):
 * SCRAM-SHA-256$4096:SALT$STOREDKEY:SERVERKEY. Servers are told this and never
 * the password.
 */

#include "lang/base/str.h"

struct arena;
struct error;

enum { SCRAM_SALT = 16, SCRAM_ROUNDS = 4096 };

/*
 * salt: 16 bytes, or NULL for random ones. Passwords are printable ASCII: for
 * others, client and server would have to agree on a normal form (SASLprep).
 */
int scram_verifier(struct str password, const unsigned char *salt,
		   struct arena *a, struct str *out, struct error *err);

#endif
