#ifndef DMSL_LANG_BASE_DIGEST_H
#define DMSL_LANG_BASE_DIGEST_H

/* SHA-256 and others of texts. Out of memory ends the program. */

#include "lang/base/str.h"

enum { DIGEST_SIZE = 32, DIGEST_HEX_SIZE = 65 };

void digest_sha256(struct str text, unsigned char out[DIGEST_SIZE]);
/* The same of a text that comes in pieces; the end frees it. */
struct digest *digest_begin(void);
void digest_add(struct digest *d, struct str text);
void digest_end(struct digest *d, unsigned char out[DIGEST_SIZE]);
/* 64 hex digits, lower case, and a NUL. */
void digest_sha256_hex(struct str text, char out[DIGEST_HEX_SIZE]);
void digest_hmac(const void *key, size_t n, struct str text,
		 unsigned char out[DIGEST_SIZE]);
/* The name that git gives a file with this text: 40 hex digits and a NUL. */
enum { DIGEST_GIT_SIZE = 41 };
void digest_git_blob(struct str text, char out[DIGEST_GIT_SIZE]);
/* n bytes as 2n hex digits, lower case, and a NUL. */
void digest_hex(const unsigned char *bytes, size_t n, char *out);

#endif
