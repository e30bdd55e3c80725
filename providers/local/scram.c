#include <config.h>

#include "providers/local/scram.h"

#include "lang/base/arena.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string.h>

enum { HASH = DIGEST_SIZE, BASE64 = 45 };

int scram_verifier(struct str password, const unsigned char *salt,
		   struct arena *a, struct str *out, struct error *err)
{
	unsigned char made[SCRAM_SALT], salted[HASH], client[HASH];
	unsigned char stored[HASH], server[HASH];
	char salt64[BASE64], stored64[BASE64], server64[BASE64];
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
			      SCRAM_ROUNDS, EVP_sha256(), HASH, salted) != 1) {
		rc = error_set(err, ERROR_FAILED,
			       "could not make a password's verifier");
	} else {
		digest_hmac(salted, HASH, STR("Client Key"), client);
		digest_sha256((struct str){ (const char *)client, HASH },
			      stored);
		digest_hmac(salted, HASH, STR("Server Key"), server);
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
