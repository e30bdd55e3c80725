#include <config.h>

#include "lang/base/digest.h"

#include "lang/base/error.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>

void digest_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

/*
 * Looked up once: the library searches its providers anew for each use of
 * EVP_sha256(), which costs several times the digest of a short text.
 */
static EVP_MD *sha256_once(void)
{
	static _Atomic(EVP_MD *) known;
	EVP_MD *md = atomic_load(&known);
	EVP_MD *other = NULL;

	if (md)
		return md;
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!md)
		BUG("SHA-256 is not available");
	if (atomic_compare_exchange_strong(&known, &other, md))
		return md;
	/* Another thread was faster. */
	EVP_MD_free(md);
	return other;
}

void digest_sha256(struct str text, unsigned char out[DIGEST_SIZE])
{
	unsigned n = 0;

	if (EVP_Digest(text.s ? text.s : "", text.n, out, &n, sha256_once(),
		       NULL) != 1)
		BUG("SHA-256 is not available");
}

void digest_git_blob(struct str text, char out[DIGEST_GIT_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char bytes[20];
	unsigned size = 0;
	char head[32];
	int n = snprintf(head, sizeof(head), "blob %zu", text.n);

	if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, head, (size_t)n + 1) != 1 ||
	    EVP_DigestUpdate(ctx, text.s ? text.s : "", text.n) != 1 ||
	    EVP_DigestFinal_ex(ctx, bytes, &size) != 1)
		BUG("SHA-1 is not available");
	EVP_MD_CTX_free(ctx);
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
