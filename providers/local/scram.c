#include <config.h>

#include "providers/local/scram.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <string.h>

enum { HASH = 32, BASE64 = 45 };

static int mac(const unsigned char key[HASH], const char *label,
	       unsigned char out[HASH])
{
	unsigned n = HASH;

	return HMAC(EVP_sha256(), key, HASH, (const unsigned char *)label,
		    strlen(label), out, &n) != NULL;
}

int scram_verifier(struct str password, const unsigned char *salt,
		   struct arena *a, struct str *out, struct error *err)
{
	unsigned char made[SCRAM_SALT], salted[HASH], client[HASH];
	unsigned char stored[HASH], server[HASH];
	char salt64[BASE64], stored64[BASE64], server64[BASE64];
	unsigned n = HASH;
	int rc = 0;

	for (size_t i = 0; i < password.n; i++)
		if ((unsigned char)password.s[i] < ' ' ||
		    (unsigned char)password.s[i] > '~')
			return error_set(err, ERROR_INVALID,
					 "a password may hold only printable "
					 "ASCII characters");
	if (!salt && RAND_bytes(made, sizeof(made)) != 1)
		return error_set(err, ERROR_FAILED, "no random bytes");
	if (salt)
		memcpy(made, salt, sizeof(made));
	if (PKCS5_PBKDF2_HMAC(password.s, (int)password.n, made, sizeof(made),
			      SCRAM_ROUNDS, EVP_sha256(), HASH, salted) != 1 ||
	    !mac(salted, "Client Key", client) ||
	    EVP_Digest(client, HASH, stored, &n, EVP_sha256(), NULL) != 1 ||
	    !mac(salted, "Server Key", server)) {
		rc = error_set(err, ERROR_FAILED,
			       "could not make a password's verifier");
	} else {
		EVP_EncodeBlock((unsigned char *)salt64, made, sizeof(made));
		EVP_EncodeBlock((unsigned char *)stored64, stored, HASH);
		EVP_EncodeBlock((unsigned char *)server64, server, HASH);
		*out = str_fmt(a, "SCRAM-SHA-256$%d:%s$%s:%s", SCRAM_ROUNDS,
			       salt64, stored64, server64);
	}
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client, sizeof(client));
	return rc;
}
