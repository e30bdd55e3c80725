#include <config.h>

#include "providers/vault.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The file FOLDER/NAME.secret:
 *
 *	 8 bytes  "dmslsec1"
 *	12 bytes  nonce, fresh for every write
 *	 n bytes  the value, AES-256-GCM
 *	16 bytes  tag
 *
 * The magic and the name are authenticated too, so that a file put in the place
 * of another is refused. A file is replaced as a whole (file_replace()): after
 * a crash it holds the old value or the new one.
 */

enum {
	MAGIC_SIZE = 8,
	NONCE_SIZE = 12,
	TAG_SIZE = 16,
	HEAD_SIZE = MAGIC_SIZE + NONCE_SIZE,
	NAME_MAX_SIZE = 200,
	FILE_MAX = HEAD_SIZE + VAULT_VALUE_MAX + TAG_SIZE,
};

static const char magic[MAGIC_SIZE + 1] = "dmslsec1";

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* The path of a secret's file, or NULL with err. The caller frees. */
static char *path_of(const char *folder, struct str name, struct error *err)
{
	size_t n = strlen(folder) + name.n + sizeof("/.secret");
	char *path;

	for (size_t i = 0; i < name.n; i++) {
		if (!is_name_char(name.s[i])) {
			error_set(err, ERROR_INVALID,
				  "secret name \"%.*s\" may hold only letters, "
				  "digits, \"-\", \"_\" and \".\"",
				  STR_ARG(name));
			return NULL;
		}
	}
	if (name.n == 0 || name.n > NAME_MAX_SIZE || name.s[0] == '.') {
		error_set(err, ERROR_INVALID,
			  "secret name \"%.*s\" must have 1 to %d characters "
			  "and not begin with a dot",
			  STR_ARG(name), NAME_MAX_SIZE);
		return NULL;
	}
	path = xmalloc(n);
	snprintf(path, n, "%s/%.*s.secret", folder, STR_ARG(name));
	return path;
}

static int begin(EVP_CIPHER_CTX *c, const unsigned char *key,
		 const unsigned char *nonce, struct str name, int is_sealing)
{
	int n;

	return EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce,
				 is_sealing) == 1 &&
	       EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)magic,
				MAGIC_SIZE) == 1 &&
	       EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)name.s,
				(int)name.n) == 1;
}

/* Fills out with the whole file's bytes. */
static int seal(const unsigned char *key, struct str name, struct str value,
		unsigned char *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char *nonce = out + MAGIC_SIZE;
	unsigned char *body = out + HEAD_SIZE;
	int n = 0;
	int rest = 0;
	int ok;

	memcpy(out, magic, MAGIC_SIZE);
	ok = c && RAND_bytes(nonce, NONCE_SIZE) == 1 &&
	     begin(c, key, nonce, name, 1) &&
	     (value.n == 0 ||
	      EVP_CipherUpdate(c, body, &n, (const unsigned char *)value.s,
			       (int)value.n) == 1) &&
	     EVP_CipherFinal_ex(c, body + n, &rest) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_SIZE,
				 body + value.n) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok ? 0 : -1;
}

static int unseal(const unsigned char *key, struct str name, struct str file,
		  unsigned char *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	const unsigned char *bytes = (const unsigned char *)file.s;
	size_t size = file.n - HEAD_SIZE - TAG_SIZE;
	unsigned char tag[TAG_SIZE];
	int n = 0;
	int rest = 0;
	int ok;

	memcpy(tag, bytes + file.n - TAG_SIZE, TAG_SIZE);
	ok = c && begin(c, key, bytes + MAGIC_SIZE, name, 0) &&
	     (size == 0 || EVP_CipherUpdate(c, out, &n, bytes + HEAD_SIZE,
					    (int)size) == 1) &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
	     EVP_CipherFinal_ex(c, out + n, &rest) == 1;
	EVP_CIPHER_CTX_free(c);
	if (!ok)
		OPENSSL_cleanse(out, size);
	return ok ? 0 : -1;
}

int vault_put(const char *folder, const unsigned char key[VAULT_KEY_SIZE],
	      struct str name, struct str value, struct error *err)
{
	char *path = path_of(folder, name, err);
	unsigned char *file;
	size_t size = HEAD_SIZE + value.n + TAG_SIZE;
	int rc = -1;

	if (!path)
		return -1;
	if (value.n > VAULT_VALUE_MAX) {
		error_set(err, ERROR_QUOTA,
			  "secret \"%.*s\" is larger than %d bytes",
			  STR_ARG(name), VAULT_VALUE_MAX);
		free(path);
		return -1;
	}
	file = xmalloc(size);
	if (file_make_folders(folder, 0700, err) < 0)
		error_add(err, "secret \"%.*s\"", STR_ARG(name));
	else if (seal(key, name, value, file) < 0)
		error_set(err, ERROR_FAILED,
			  "could not encrypt secret \"%.*s\"", STR_ARG(name));
	else
		rc = file_replace(path, (struct str){ (char *)file, size },
				  0600, err);
	free(file);
	free(path);
	return rc;
}

int vault_get(const char *folder, const unsigned char key[VAULT_KEY_SIZE],
	      struct str name, struct arena *a, struct str *value,
	      struct error *err)
{
	char *path = path_of(folder, name, err);
	struct stat info;
	struct str file;
	char *out;
	int rc = -1;

	if (!path)
		return -1;
	if (stat(path, &info) < 0 && errno == ENOENT) {
		error_set(err, ERROR_NOT_FOUND, "there is no secret \"%.*s\"",
			  STR_ARG(name));
	} else if (file_read(path, FILE_MAX, a, &file, err) < 0) {
		error_add(err, "secret \"%.*s\"", STR_ARG(name));
	} else if (file.n < HEAD_SIZE + TAG_SIZE ||
		   memcmp(file.s, magic, MAGIC_SIZE) != 0) {
		error_set(err, ERROR_CORRUPT,
			  "\"%s\" is not a file of the secret store", path);
	} else {
		size_t size = file.n - HEAD_SIZE - TAG_SIZE;

		out = arena_new(a, char, size + 1);
		rc = unseal(key, name, file, (unsigned char *)out);
		if (rc < 0)
			error_set(err, ERROR_CORRUPT,
				  "could not decrypt secret \"%.*s\": wrong "
				  "key, or the file was changed",
				  STR_ARG(name));
		*value = (struct str){ out, rc < 0 ? 0 : size };
	}
	free(path);
	return rc;
}

int vault_remove(const char *folder, struct str name, struct error *err)
{
	char *path = path_of(folder, name, err);
	int rc = 0;

	if (!path)
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		rc = error_errno(err, "could not remove secret \"%.*s\"",
				 STR_ARG(name));
	else
		/* Without the folder there is no secret either. */
		rc = access(folder, F_OK) < 0 ? 0 : file_sync(folder, err);
	free(path);
	return rc;
}
