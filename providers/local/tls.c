#include <config.h>

#include "providers/local/tls.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "providers/local/network.h"
#include "providers/local/stack.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	DAYS = 3650,
	PEM_MAX = 65536,
	NAMES_MAX = 16384, /* bytes of all names of a certificate */
};

static int fail(struct error *err, const char *what)
{
	char text[200];
	unsigned long code = ERR_get_error();

	ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	return error_set(err, ERROR_FAILED, "could not %s: %s", what, text);
}

static int add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!e)
		return 0;
	ok = X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
	return ok;
}

static int set_serial(X509 *cert)
{
	unsigned char bytes[16];
	BIGNUM *n;
	int ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return 0;
	bytes[0] &= 0x7f;
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

/* A certificate of key with subject `name`, not signed yet. */
static X509 *make_cert(EVP_PKEY *key, const char *name, const X509 *issuer)
{
	X509 *cert = X509_new();
	X509_NAME *subject;

	if (!cert)
		return NULL;
	subject = X509_get_subject_name(cert);
	if (!X509_set_version(cert, X509_VERSION_3) || !set_serial(cert) ||
	    /* A day back: clocks differ. */
	    !X509_gmtime_adj(X509_getm_notBefore(cert), -86400) ||
	    !X509_time_adj_ex(X509_getm_notAfter(cert), DAYS, 0, NULL) ||
	    !X509_set_pubkey(cert, key) ||
	    !X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					(const unsigned char *)name, -1, -1,
					0) ||
	    !X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer)
					       : subject)) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/* The text of what was written into memory; secret, so it is wiped. */
static int write_pem(EVP_PKEY *key, X509 *cert, struct buf *out)
{
	BIO *b = BIO_new(BIO_s_secmem());
	char *text;
	long n;
	int ok;

	if (!b)
		return 0;
	ok = (!key || PEM_write_bio_PKCS8PrivateKey(b, key, NULL, NULL, 0, NULL,
						    NULL)) &&
	     (!cert || PEM_write_bio_X509(b, cert));
	if (ok) {
		n = BIO_get_mem_data(b, &text);
		buf_add(out, text, (size_t)n);
	}
	BIO_free(b);
	return ok;
}

int tls_make_ca(struct local *l, struct error *err)
{
	struct arena a = { 0 };
	char *cert_path = stack_path(l, &a, "tls/ca.crt");
	char *key_path = stack_path(l, &a, "tls/ca.key");
	char name[100];
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	struct buf text;
	int rc = -1;

	buf_init(&text, PEM_MAX);
	pthread_mutex_lock(&l->lock);
	/* The certificate is written last: with it, the key is there. */
	if (access(cert_path, F_OK) == 0) {
		rc = 0;
		goto out;
	}
	snprintf(name, sizeof(name), "dmsl local CA %.*s", STR_ARG(l->uid));
	key = EVP_EC_gen("P-256");
	cert = key ? make_cert(key, name, NULL) : NULL;
	if (!cert ||
	    !add_extension(cert, cert, NID_basic_constraints,
			   "critical,CA:TRUE,pathlen:0") ||
	    !add_extension(cert, cert, NID_key_usage,
			   "critical,keyCertSign,cRLSign") ||
	    !add_extension(cert, cert, NID_subject_key_identifier, "hash") ||
	    !X509_sign(cert, key, EVP_sha256())) {
		fail(err, "make the stack's certificate authority");
		goto out;
	}
	if (!write_pem(key, NULL, &text)) {
		fail(err, "write the key of the certificate authority");
		goto out;
	}
	if (file_replace(key_path, buf_str(&text), 0600, err) < 0)
		goto out;
	buf_clear(&text);
	if (!write_pem(NULL, cert, &text)) {
		fail(err, "write the certificate of the authority");
		goto out;
	}
	rc = file_replace(cert_path, buf_str(&text), 0644, err);
out:
	pthread_mutex_unlock(&l->lock);
	buf_wipe(&text);
	X509_free(cert);
	EVP_PKEY_free(key);
	arena_release(&a);
	return rc;
}

static int read_ca(const struct local *l, struct arena *a, X509 **cert,
		   EVP_PKEY **key, struct error *err)
{
	struct str text;
	BIO *b;

	if (file_read(stack_path(l, a, "tls/ca.crt"), PEM_MAX, a, &text, err) <
	    0)
		return -1;
	b = BIO_new_mem_buf(text.s, (int)text.n);
	*cert = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	BIO_free(b);
	if (!*cert)
		return fail(err, "read the stack's CA certificate");
	if (file_read(stack_path(l, a, "tls/ca.key"), PEM_MAX, a, &text, err) <
	    0)
		return -1;
	b = BIO_new_mem_buf(text.s, (int)text.n);
	*key = b ? PEM_read_bio_PrivateKey(b, NULL, NULL, NULL) : NULL;
	BIO_free(b);
	OPENSSL_cleanse((char *)(uintptr_t)text.s, text.n);
	if (!*key)
		return fail(err, "read the key of the stack's CA");
	return 0;
}

/* DNS:a,DNS:b,IP:127.16.1.10 */
static void add_names(struct buf *b, const struct str *names, size_t n)
{
	uint32_t ip;

	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%s%s%.*s", i ? "," : "",
			ip_parse(names[i], &ip) ? "IP:" : "DNS:",
			STR_ARG(names[i]));
}

static int issue(struct local *l, const char *path, struct str names,
		 struct arena *a, struct error *err)
{
	EVP_PKEY *ca_key = NULL, *key = NULL;
	X509 *ca = NULL, *cert = NULL;
	struct buf text;
	int rc = -1;

	buf_init(&text, PEM_MAX);
	if (read_ca(l, a, &ca, &ca_key, err) < 0)
		goto out;
	key = EVP_EC_gen("P-256");
	cert = key ? make_cert(key, "dmsl local server", ca) : NULL;
	if (!cert ||
	    !add_extension(cert, ca, NID_basic_constraints,
			   "critical,CA:FALSE") ||
	    !add_extension(cert, ca, NID_key_usage,
			   "critical,digitalSignature") ||
	    !add_extension(cert, ca, NID_ext_key_usage, "serverAuth") ||
	    !add_extension(cert, ca, NID_subject_key_identifier, "hash") ||
	    !add_extension(cert, ca, NID_authority_key_identifier,
			   "keyid:always") ||
	    !add_extension(cert, ca, NID_subject_alt_name, names.s) ||
	    !X509_sign(cert, ca_key, EVP_sha256()) ||
	    !write_pem(key, cert, &text)) {
		fail(err, "make a server's certificate");
		goto out;
	}
	stack_enter(l);
	rc = file_replace(path, buf_str(&text), 0600, err);
	stack_leave(l);
out:
	buf_wipe(&text);
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return rc;
}

int tls_issue(struct local *l, const char *path, const struct str *names,
	      size_t n, int *changed, struct error *err)
{
	struct arena a = { 0 };
	char *names_path = str_c(str_fmt(&a, "%s.names", path), &a);
	struct str had = { 0 };
	struct buf wanted;
	struct error none;
	int rc = -1;

	if (changed)
		*changed = 0;
	buf_init(&wanted, NAMES_MAX);
	add_names(&wanted, names, n);
	if (buf_is_full(&wanted)) {
		error_set(err, ERROR_QUOTA,
			  "too many endpoints lead to one server: their "
			  "names exceed %d bytes",
			  NAMES_MAX);
		goto out;
	}
	stack_enter(l);
	if (access(path, F_OK) < 0 ||
	    file_read(names_path, NAMES_MAX, &a, &had, &none) < 0)
		had = (struct str){ 0 };
	stack_leave(l);
	if (had.n && str_eq(had, buf_str(&wanted))) {
		rc = 0;
		goto out;
	}
	if (tls_make_ca(l, err) < 0 ||
	    issue(l, path, buf_str(&wanted), &a, err) < 0)
		goto out;
	/* After the certificate: a crash between makes it anew. */
	stack_enter(l);
	rc = file_replace(names_path, buf_str(&wanted), 0600, err);
	stack_leave(l);
	if (rc == 0 && changed)
		*changed = 1;
out:
	buf_release(&wanted);
	arena_release(&a);
	return rc;
}
