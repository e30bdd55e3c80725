#include <config.h>
#define OPENSSL_SUPPRESS_DEPRECATED /* for SHA256_Init() and others */

#include "lang/base/digest.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

void digest_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

/*
 * SHA-256 and SHA-1 by the library's older functions. What replaced them looks
 * an algorithm up first, and for that sets up all that the library has: more
 * time, and more memory, than a plan of some hundred resources takes.
 */
struct digest {
	SHA256_CTX ctx;
};

static void check(int done)
{
	if (done != 1)
		BUG("SHA-256 is not available");
}

static void begin(struct digest *d)
{
	check(SHA256_Init(&d->ctx));
}

static void end(struct digest *d, unsigned char out[DIGEST_SIZE])
{
	check(SHA256_Final(out, &d->ctx));
}

struct digest *digest_begin(void)
{
	struct digest *d = xmalloc(sizeof(*d));

	begin(d);
	return d;
}

void digest_add(struct digest *d, struct str text)
{
	check(SHA256_Update(&d->ctx, text.s ? text.s : "", text.n));
}

void digest_end(struct digest *d, unsigned char out[DIGEST_SIZE])
{
	end(d, out);
	free(d);
}

void digest_sha256(struct str text, unsigned char out[DIGEST_SIZE])
{
	struct digest d;

	begin(&d);
	digest_add(&d, text);
	end(&d, out);
}

void digest_git_blob(struct str text, char out[DIGEST_GIT_SIZE])
{
	unsigned char bytes[SHA_DIGEST_LENGTH];
	char head[32];
	int n = snprintf(head, sizeof(head), "blob %zu", text.n);
	SHA_CTX ctx;

	if (SHA1_Init(&ctx) != 1 ||
	    SHA1_Update(&ctx, head, (size_t)n + 1) != 1 ||
	    SHA1_Update(&ctx, text.s ? text.s : "", text.n) != 1 ||
	    SHA1_Final(bytes, &ctx) != 1)
		BUG("SHA-1 is not available");
	digest_hex(bytes, sizeof(bytes), out);
}

void digest_hmac(const void *key, size_t n, struct str text,
		 unsigned char out[DIGEST_SIZE])
{
	unsigned size = DIGEST_SIZE;

	if (n > INT_MAX || !HMAC(EVP_sha256(), key, (int)n,
				 (const unsigned char *)(text.s ? text.s : ""),
				 text.n, out, &size))
		BUG("HMAC-SHA256 is not available");
}

void digest_sha256_hex(struct str text, char out[DIGEST_HEX_SIZE])
{
	unsigned char bytes[DIGEST_SIZE];

	digest_sha256(text, bytes);
	digest_hex(bytes, DIGEST_SIZE, out);
}
