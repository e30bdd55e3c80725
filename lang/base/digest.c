#include <config.h>

#include "lang/base/digest.h"

#include "lang/base/error.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits.h>

void digest_sha256(struct str text, unsigned char out[DIGEST_SIZE])
{
	unsigned n = 0;

	if (EVP_Digest(text.s ? text.s : "", text.n, out, &n, EVP_sha256(),
		       NULL) != 1)
		BUG("SHA-256 is not available");
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

void digest_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

void digest_sha256_hex(struct str text, char out[DIGEST_HEX_SIZE])
{
	unsigned char bytes[DIGEST_SIZE];

	digest_sha256(text, bytes);
	digest_hex(bytes, DIGEST_SIZE, out);
}
