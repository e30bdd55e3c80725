#ifndef DMSL_ENGINE_SEAL_H
#define DMSL_ENGINE_SEAL_H

/*
 * The state key and what is made from it: sealed values (AES-256-SIV, RFC 5297,
 * deterministic, so that an unchanged secret makes no difference), derived
 * secrets (HKDF-SHA256, RFC 5869), keyed hashes (HMAC-SHA256).
 *
 * The key comes from DMSL_STATE_KEY (base64 of 64 bytes), else the file that
 * DMSL_STATE_KEY_FILE names, else <git common dir>/dmsl/key, mode 0600, which
 * is made at first use. It never leaves the process. Threads may share an open
 * seal.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct error;

struct seal;

/*
 * folder: <git common dir>/dmsl. may_create: make the key file when there is
 * none; without it and without a key *out is NULL and 0 is returned.
 */
int seal_open(const char *folder, bool may_create, struct seal **out,
	      struct error *err);
/* Whether values can be sealed: before anything is made that needs it. */
int seal_check(struct error *err);
void seal_close(struct seal *s); /* wipes the key; NULL is fine */
/* context is authenticated: address and attribute. out: base64 text. */
int seal_value(const struct seal *s, struct str context, struct str plain,
	       struct buf *out, struct error *err);
int seal_open_value(const struct seal *s, struct str context, struct str sealed,
		    struct arena *a, struct str *plain, struct error *err);
int seal_derive(const struct seal *s, struct str label, void *bytes, size_t n,
		struct error *err);
/* Hex HMAC of a text that may hold secrets: 64 digits and a NUL. */
int seal_hash(const struct seal *s, struct str text, char hex[65],
	      struct error *err);

/* n random bytes as 2n hex digits and a NUL. */
int random_hex(size_t n, char *hex, struct error *err);

#endif
