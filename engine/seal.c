#include <config.h>

#include "engine/seal.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/*
 * A sealed value is base64(tag || ciphertext) of AES-256-SIV:
 *
 *	key         HKDF(state key, "dmsl seal 1")
 *	associated  "dmsl 1" NUL context
 *	plain       one byte 1, then the text
 *
 * Neither is ever empty, because libcrypto 3.0 skips empty input to SIV. Each
 * use of the state key (sealing, deriving, hashing) has a key of its own, so
 * that no output of one says anything about another.
 */
enum {
	KEY_SIZE = 64,
	TAG_SIZE = 16,
	PLAIN_MOST = 16 << 20,
	KEY_TEXT = (KEY_SIZE + 2) / 3 * 4, /* base64 digits */
};

struct keys {
	unsigned char seal_key[KEY_SIZE];
	unsigned char derive_key[KEY_SIZE];
	EVP_KDF *hkdf;
	EVP_MAC_CTX *hash; /* keyed, and nothing hashed yet: to be copied */
};

/*
 * The keys are made when one is first asked for: that has libcrypto set itself
 * up, which takes as long as a plan of some hundred resources, and few plans
 * have secrets. Threads may ask at the same time.
 */
struct seal {
	unsigned char state_key[KEY_SIZE];
	_Atomic(struct keys *) *made;
};

static void keys_free(struct keys *k)
{
	if (!k)
		return;
	EVP_KDF_free(k->hkdf);
	EVP_MAC_CTX_free(k->hash);
	OPENSSL_cleanse(k, sizeof(*k));
	free(k);
}

void seal_close(struct seal *s)
{
	if (!s)
		return;
	keys_free(atomic_load(s->made));
	free(s->made);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

static int crypto_failed(struct error *err, const char *what)
{
	return error_set(err, ERROR_FAILED, "could not %s: libcrypto failed",
			 what);
}

/* HKDF-SHA256 without salt: the input is a uniformly random key. */
static int hkdf(const struct keys *k, const unsigned char *key, struct str info,
		void *bytes, size_t n, struct error *err)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
				       sizeof(digest) - 1),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, (void *)key,
					KEY_SIZE),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO,
					(void *)(info.n ? info.s : ""), info.n),
		OSSL_PARAM_END,
	};
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(k->hkdf);
	int rc = 0;

	if (!ctx || EVP_KDF_derive(ctx, bytes, n, params) != 1)
		rc = crypto_failed(err, "derive a key");
	EVP_KDF_CTX_free(ctx);
	return rc;
}

static int open_hash(struct keys *k, const unsigned char *key,
		     struct error *err)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
				       sizeof(digest) - 1),
		OSSL_PARAM_END,
	};
	unsigned char hash_key[KEY_SIZE];
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	int rc = 0;

	if (!hmac)
		return error_set(err, ERROR_FAILED, "libcrypto has no HMAC");
	k->hash = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (hkdf(k, key, STR("dmsl hash 1"), hash_key, KEY_SIZE, err) < 0)
		rc = -1;
	else if (!k->hash ||
		 EVP_MAC_init(k->hash, hash_key, KEY_SIZE, params) != 1)
		rc = crypto_failed(err, "make a key ready");
	OPENSSL_cleanse(hash_key, sizeof(hash_key));
	return rc;
}

static int derive_keys(struct keys *k, const unsigned char *key,
		       struct error *err)
{
	k->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (!k->hkdf)
		return error_set(err, ERROR_FAILED, "libcrypto has no HKDF");
	if (hkdf(k, key, STR("dmsl seal 1"), k->seal_key, KEY_SIZE, err) < 0 ||
	    hkdf(k, key, STR("dmsl derive 1"), k->derive_key, KEY_SIZE, err) <
		0)
		return -1;
	return open_hash(k, key, err);
}

/* NULL: err says why. */
static const struct keys *keys_of(const struct seal *s, struct error *err)
{
	struct keys *k = atomic_load(s->made), *other = NULL;

	if (k)
		return k;
	k = xmalloc(sizeof(*k));
	memset(k, 0, sizeof(*k));
	if (derive_keys(k, s->state_key, err) < 0) {
		keys_free(k);
		return NULL;
	}
	if (atomic_compare_exchange_strong(s->made, &other, k))
		return k;
	/* Another thread was faster. */
	keys_free(k);
	return other;
}

static bool is_base64(struct str s)
{
	size_t n = s.n;

	if (n == 0 || n % 4)
		return false;
	for (int pad = 0; pad < 2 && s.s[n - 1] == '='; pad++)
		n--;
	for (size_t i = 0; i < n; i++) {
		char c = s.s[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '+' && c != '/')
			return false;
	}
	return true;
}

/* Bytes decoded into `out`, which has room for s.n / 4 * 3; -1: not base64. */
static ptrdiff_t base64_decode(struct str s, unsigned char *out)
{
	int n;

	if (!is_base64(s) || s.n > 2 * (size_t)PLAIN_MOST)
		return -1;
	n = EVP_DecodeBlock(out, (const unsigned char *)s.s, (int)s.n);
	if (n < 0)
		return -1;
	/* The padding is counted as bytes. */
	return n - (s.s[s.n - 1] == '=') - (s.s[s.n - 2] == '=');
}

static int decode_key(struct str text, const char *from, unsigned char *key,
		      struct error *err)
{
	unsigned char bytes[(KEY_TEXT / 4) * 3];
	int rc = 0;

	text = str_trim(text);
	if (text.n != KEY_TEXT || base64_decode(text, bytes) != KEY_SIZE) {
		error_set(err, ERROR_INVALID,
			  "the state key in %s is not base64 of %d bytes", from,
			  KEY_SIZE);
		rc = error_hint(err,
				"Put the key back from where it is kept. A new "
				"one, made by \"openssl rand -base64 -A %d\", "
				"cannot open what was sealed before.",
				KEY_SIZE);
	} else {
		memcpy(key, bytes, KEY_SIZE);
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return rc;
}

/* forbidden: permission bits that may not be set on the file. */
static int read_key_file(const char *path, mode_t forbidden, unsigned char *key,
			 struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[KEY_TEXT + 64];
	struct stat info;
	ssize_t n;
	int rc;

	if (fd < 0)
		return error_errno(err, "could not open state key \"%s\"",
				   path);
	n = read(fd, text, sizeof(text));
	if (n < 0 || fstat(fd, &info) < 0) {
		rc = error_errno(err, "could not read state key \"%s\"", path);
	} else if (info.st_mode & forbidden) {
		error_set(err, ERROR_DENIED,
			  "state key \"%s\" can be read by others (mode %03o)",
			  path, (unsigned)(info.st_mode & 0777));
		rc = error_hint(err, "Run: chmod 600 '%s'", path);
	} else {
		rc =
		    decode_key((struct str){ text, (size_t)n }, path, key, err);
	}
	close(fd);
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

static int write_synced(int fd, const void *bytes, size_t n, struct error *err)
{
	if (file_write_all(fd, bytes, n, err) < 0)
		return -1;
	if (fsync(fd) < 0)
		return error_errno(err, "could not sync");
	return 0;
}

static int random_bytes(void *bytes, size_t n, struct error *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = getrandom((char *)bytes + done, n - done, 0);

		if (got < 0 && errno != EINTR)
			return error_errno(err, "could not get random bytes");
		if (got > 0)
			done += (size_t)got;
	}
	return 0;
}

/*
 * The name `key` appears with all its bytes, once and for ever: link() refuses
 * when somebody was first. Returns 0 also then.
 */
static int link_new_key(const char *path, const char *aside, struct error *err)
{
	unsigned char key[KEY_SIZE];
	unsigned char text[KEY_TEXT + 2];
	int fd = -1;
	int rc = -1;

	if (unlink(aside) < 0 && errno != ENOENT) {
		error_errno(err, "could not remove \"%s\"", aside);
		goto done;
	}
	if (random_bytes(key, sizeof(key), err) < 0)
		goto done;
	EVP_EncodeBlock(text, key, KEY_SIZE);
	text[KEY_TEXT] = '\n';
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_errno(err, "could not create \"%s\"", aside);
		goto done;
	}
	if (write_synced(fd, text, KEY_TEXT + 1, err) < 0) {
		error_add(err, "\"%s\"", aside);
		goto done;
	}
	rc = 0;
	if (link(aside, path) < 0 && errno != EEXIST)
		rc =
		    error_errno(err, "could not create state key \"%s\"", path);
done:
	if (fd >= 0) {
		close(fd);
		unlink(aside);
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

static int make_key_file(const char *folder, const char *path,
			 const char *aside, struct error *err)
{
	int fd = -1;
	int rc;

	rc = file_make_folders(folder, 0755, err);
	if (rc == 0) {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/*
		 * The lock keeps one from removing another's file aside; that
		 * one key comes out does not depend on it.
		 */
		if (fd < 0 || flock(fd, LOCK_EX) < 0)
			rc = error_errno(err, "could not lock \"%s\"", folder);
	}
	if (rc == 0 && access(path, F_OK) < 0)
		rc = link_new_key(path, aside, err);
	else if (rc == 0)
		/* Left by a kill between link and unlink, or by who is first.
		 */
		unlink(aside);
	if (rc == 0 && fsync(fd) < 0)
		rc = error_errno(err, "could not sync \"%s\"", folder);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* 1: there is no key. */
static int find_key(const char *folder, bool may_create, unsigned char *key,
		    struct error *err)
{
	const char *text = getenv("DMSL_STATE_KEY");
	const char *file = getenv("DMSL_STATE_KEY_FILE");
	size_t n = strlen(folder) + sizeof("/key.new");
	char *aside;
	char *path;
	int rc;

	if (text && *text)
		return decode_key(str_from(text), "DMSL_STATE_KEY", key, err);
	if (file && *file)
		return read_key_file(file, S_IRWXO, key, err);
	path = xmalloc(n);
	snprintf(path, n, "%s/key", folder);
	aside = xmalloc(n);
	snprintf(aside, n, "%s/key.new", folder);
	rc = access(path, F_OK) < 0 && errno == ENOENT ? 1 : 0;
	if (may_create && (rc == 1 || access(aside, F_OK) == 0))
		rc = make_key_file(folder, path, aside, err);
	if (rc == 0)
		rc = read_key_file(path, S_IRWXO | S_IRWXG, key, err);
	free(aside);
	free(path);
	return rc;
}

int seal_open(const char *folder, bool may_create, struct seal **out,
	      struct error *err)
{
	struct seal *s = xmalloc(sizeof(*s));
	int rc = find_key(folder, may_create, s->state_key, err);

	*out = NULL;
	if (rc) {
		OPENSSL_cleanse(s, sizeof(*s));
		free(s);
		return rc < 0 ? -1 : 0;
	}
	s->made = xmalloc(sizeof(*s->made));
	atomic_init(s->made, NULL);
	*out = s;
	return 0;
}

/*
 * Asked for when it is used: the first time takes libcrypto a millisecond, and
 * few plans seal anything. NULL: there is none.
 */
static EVP_CIPHER *siv_fetch(void)
{
	return EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
}

int seal_check(struct error *err)
{
	EVP_CIPHER *siv = siv_fetch();

	if (!siv)
		return error_set(err, ERROR_FAILED,
				 "libcrypto has no AES-256-SIV");
	EVP_CIPHER_free(siv);
	return 0;
}

static int add_associated(EVP_CIPHER_CTX *ctx, struct str context)
{
	static const unsigned char prefix[] = "dmsl 1"; /* with its NUL */
	struct buf b;
	int n;
	int rc;

	buf_init(&b, PLAIN_MOST);
	buf_add(&b, prefix, sizeof(prefix));
	buf_add_str(&b, context);
	rc = !buf_is_full(&b) &&
	     EVP_CipherUpdate(ctx, NULL, &n, (unsigned char *)b.data,
			      (int)b.len) == 1;
	buf_release(&b);
	return rc;
}

int seal_value(const struct seal *s, struct str context, struct str plain,
	       struct buf *out, struct error *err)
{
	const struct keys *keys = keys_of(s, err);
	size_t size = plain.n + 1;
	unsigned char *box = NULL;
	unsigned char *in = NULL;
	EVP_CIPHER *siv;
	EVP_CIPHER_CTX *ctx;
	char *text;
	int n;
	int rc = -1;

	if (!keys)
		return -1;
	if (plain.n > PLAIN_MOST)
		return error_set(err, ERROR_QUOTA,
				 "a secret value is larger than %d bytes",
				 PLAIN_MOST);
	in = xmalloc(size);
	in[0] = 1;
	if (plain.n)
		memcpy(in + 1, plain.s, plain.n);
	box = xmalloc(TAG_SIZE + size);
	siv = siv_fetch();
	ctx = EVP_CIPHER_CTX_new();
	if (!siv || !ctx ||
	    EVP_EncryptInit_ex2(ctx, siv, keys->seal_key, NULL, NULL) != 1 ||
	    !add_associated(ctx, context) ||
	    EVP_EncryptUpdate(ctx, box + TAG_SIZE, &n, in, (int)size) != 1 ||
	    (size_t)n != size ||
	    EVP_EncryptFinal_ex(ctx, box + TAG_SIZE + n, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, box) !=
		1) {
		crypto_failed(err, "seal a value");
		goto done;
	}
	size += TAG_SIZE;
	text = buf_reserve(out, (size + 2) / 3 * 4 + 1);
	if (text) {
		n = EVP_EncodeBlock((unsigned char *)text, box, (int)size);
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
	/* A full buffer is for its owner to notice, as everywhere. */
	rc = 0;
done:
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(siv);
	OPENSSL_cleanse(in, plain.n + 1);
	free(in);
	free(box);
	return rc;
}

/* plain has room for n bytes. */
static bool open_box(const struct keys *keys, struct str context,
		     unsigned char *box, size_t n, unsigned char *plain)
{
	EVP_CIPHER *siv = siv_fetch();
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int put;
	bool is_good;

	is_good =
	    siv && ctx &&
	    EVP_DecryptInit_ex2(ctx, siv, keys->seal_key, NULL, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, box) ==
		1 &&
	    add_associated(ctx, context) &&
	    EVP_DecryptUpdate(ctx, plain, &put, box + TAG_SIZE, (int)n) == 1 &&
	    (size_t)put == n && EVP_DecryptFinal_ex(ctx, plain + n, &put) &&
	    plain[0] == 1;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(siv);
	return is_good;
}

int seal_open_value(const struct seal *s, struct str context, struct str sealed,
		    struct arena *a, struct str *plain, struct error *err)
{
	unsigned char *box = arena_alloc(a, 1, sealed.n / 4 * 3 + 4);
	const struct keys *keys = keys_of(s, err);
	ptrdiff_t n = base64_decode(sealed, box);
	unsigned char *text;

	if (!keys)
		return -1;
	if (n < TAG_SIZE + 1)
		return error_set(err, ERROR_CORRUPT,
				 "a sealed value is not base64 of a sealed "
				 "text");
	n -= TAG_SIZE;
	/* Two more: decryption may touch the end, and the NUL. */
	text = arena_alloc(a, 1, (size_t)n + TAG_SIZE);
	if (!open_box(keys, context, box, (size_t)n, text)) {
		OPENSSL_cleanse(text, (size_t)n);
		error_set(err, ERROR_CORRUPT,
			  "a sealed value cannot be opened: it was sealed with "
			  "another state key, or changed or moved afterwards");
		return error_hint(err,
				  "Use the key that sealed it: DMSL_STATE_KEY, "
				  "DMSL_STATE_KEY_FILE, or the file dmsl/key "
				  "in the git directory where it was made.");
	}
	text[n] = '\0';
	*plain = (struct str){ (char *)text + 1, (size_t)n - 1 };
	return 0;
}

int seal_derive(const struct seal *s, struct str label, void *bytes, size_t n,
		struct error *err)
{
	const struct keys *keys = keys_of(s, err);

	if (!keys)
		return -1;
	if (n > 255 * 32)
		return error_set(err, ERROR_QUOTA,
				 "%zu derived bytes are too many", n);
	return hkdf(keys, keys->derive_key, label, bytes, n, err);
}

int seal_hash(const struct seal *s, struct str text, char hex[65],
	      struct error *err)
{
	const struct keys *keys = keys_of(s, err);
	EVP_MAC_CTX *ctx = keys ? EVP_MAC_CTX_dup(keys->hash) : NULL;
	const char *bytes = text.n ? text.s : "";
	unsigned char mac[32];
	size_t n = 0;
	int rc = 0;

	if (!keys)
		return -1;
	if (!ctx ||
	    EVP_MAC_update(ctx, (const unsigned char *)bytes, text.n) != 1 ||
	    EVP_MAC_final(ctx, mac, &n, sizeof(mac)) != 1 || n != sizeof(mac))
		rc = crypto_failed(err, "hash a text");
	else
		digest_hex(mac, sizeof(mac), hex);
	EVP_MAC_CTX_free(ctx);
	return rc;
}

int random_hex(size_t n, char *hex, struct error *err)
{
	unsigned char bytes[64];

	if (n > sizeof(bytes))
		BUG("%zu random bytes", n);
	if (random_bytes(bytes, n, err) < 0)
		return -1;
	digest_hex(bytes, n, hex);
	return 0;
}
