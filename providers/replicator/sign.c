#include <config.h>

#include "providers/replicator/sign.h"

#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "providers/replicator/fault.h"

#include <openssl/crypto.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
	SKEW_SECONDS = 300,
	SIGNED_MAX = 64, /* headers that may be signed */
};

static const char algorithm[] = "AWS4-HMAC-SHA256";

/* The parts of "Authorization: AWS4-HMAC-SHA256 Credential=…, …". */
struct authorization {
	struct str access_key;
	struct str date, region, service, terminator;
	struct str scope; /* date/region/service/aws4_request */
	struct str signed_headers;
	struct str signature;
};

static bool is_named(struct str name, struct str wanted)
{
	return name.n == wanted.n &&
	       (name.n == 0 || strncasecmp(name.s, wanted.s, name.n) == 0);
}

const struct str *sign_header(const struct sign_request *r, const char *name)
{
	const struct str *found = NULL;

	for (size_t i = 0; i < r->n_headers; i++) {
		if (!is_named(r->headers[i].name, str_from(name)))
			continue;
		if (found)
			return NULL;
		found = &r->headers[i].value;
	}
	return found;
}

static int read_authorization(struct str text, struct authorization *out,
			      struct fault *f)
{
	struct str rest = str_trim(text);
	struct str word = str_cut(&rest, ' ');
	struct str credential = { 0 };

	if (!str_is(word, algorithm))
		return fault_set(f, "IncompleteSignatureException",
				 "Unsupported AWS 'algorithm': '%.*s'.",
				 word.n > 64 ? 64 : (int)word.n, word.s);
	while (rest.n) {
		struct str pair = str_trim(str_cut(&rest, ','));
		struct str name = str_cut(&pair, '=');

		if (str_is(name, "Credential"))
			credential = pair;
		else if (str_is(name, "SignedHeaders"))
			out->signed_headers = pair;
		else if (str_is(name, "Signature"))
			out->signature = pair;
	}
	if (!credential.n || !out->signed_headers.n || !out->signature.n)
		return fault_set(f, "IncompleteSignatureException",
				 "Authorization header requires 'Credential', "
				 "'SignedHeaders' and 'Signature' parameters.");
	out->access_key = str_cut(&credential, '/');
	out->scope = credential;
	out->date = str_cut(&credential, '/');
	out->region = str_cut(&credential, '/');
	out->service = str_cut(&credential, '/');
	out->terminator = credential;
	return 0;
}

static int digits(const char *s, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = value * 10 + (s[i] - '0');
	}
	return value;
}

/* Seconds since 1970 of 20260131T235959Z, or -1. */
static int64_t read_date(struct str text)
{
	struct tm t = { 0 };

	if (text.n != 16 || text.s[8] != 'T' || text.s[15] != 'Z')
		return -1;
	t.tm_year = digits(text.s, 4) - 1900;
	t.tm_mon = digits(text.s + 4, 2) - 1;
	t.tm_mday = digits(text.s + 6, 2);
	t.tm_hour = digits(text.s + 9, 2);
	t.tm_min = digits(text.s + 11, 2);
	t.tm_sec = digits(text.s + 13, 2);
	if (t.tm_year < 70 || t.tm_mon < 0 || t.tm_mday < 1 || t.tm_hour < 0 ||
	    t.tm_min < 0 || t.tm_sec < 0)
		return -1;
	return timegm(&t);
}

static void write_date(int64_t seconds, char out[17])
{
	time_t t = (time_t)seconds;
	struct tm parts;

	gmtime_r(&t, &parts);
	strftime(out, 17, "%Y%m%dT%H%M%SZ", &parts);
}

static int check_clock(struct str date, int64_t now, struct fault *f)
{
	int64_t then = read_date(date);
	char here[17];
	char limit[17];

	if (then < 0)
		return fault_set(f, "IncompleteSignatureException",
				 "Date must be in ISO-8601 'basic format'.");
	write_date(now, here);
	if (then < now - SKEW_SECONDS) {
		write_date(now - SKEW_SECONDS, limit);
		return fault_set(f, "InvalidSignatureException",
				 "Signature expired: %.*s is now earlier than "
				 "%s (%s - 5 min.)",
				 STR_ARG(date), limit, here);
	}
	if (then > now + SKEW_SECONDS) {
		write_date(now + SKEW_SECONDS, limit);
		return fault_set(f, "InvalidSignatureException",
				 "Signature not yet current: %.*s is still "
				 "later than %s (%s + 5 min.)",
				 STR_ARG(date), limit, here);
	}
	return 0;
}

static int check_scope(const struct authorization *z,
		       const struct sign_keys *keys, struct str date,
		       struct fault *f)
{
	static const char type[] = "InvalidSignatureException";

	if (!str_eq(z->date, str_sub(date, 0, 8)))
		return fault_set(f, type,
				 "Date in Credential scope does not match "
				 "YYYYMMDD from ISO-8601 version of date from "
				 "HTTP");
	if (!str_eq(z->region, keys->region))
		return fault_set(f, type,
				 "Credential should be scoped to a valid "
				 "region, not '%.*s'.",
				 STR_ARG(str_sub(z->region, 0, 64)));
	if (!str_eq(z->service, keys->service))
		return fault_set(f, type,
				 "Credential should be scoped to correct "
				 "service: '%.*s'.",
				 STR_ARG(keys->service));
	if (!str_is(z->terminator, "aws4_request"))
		return fault_set(f, type,
				 "Credential should be scoped with a valid "
				 "terminator: 'aws4_request'.");
	return 0;
}

/* A value trimmed, with inner runs of blanks as one. */
static void add_value(struct buf *b, struct str value)
{
	bool was_blank = false;

	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		bool is_blank = value.s[i] == ' ' || value.s[i] == '\t';

		if (!is_blank)
			buf_add_char(b, value.s[i]);
		else if (!was_blank)
			buf_add_char(b, ' ');
		was_blank = is_blank;
	}
}

/* name:value\n with all values of that name joined; false if there is none. */
static bool add_header(struct buf *b, const struct sign_request *r,
		       struct str name)
{
	bool is_there = false;

	buf_add_str(b, name);
	buf_add_char(b, ':');
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!is_named(r->headers[i].name, name))
			continue;
		if (is_there)
			buf_add_char(b, ',');
		add_value(b, r->headers[i].value);
		is_there = true;
	}
	buf_add_char(b, '\n');
	return is_there;
}

static int add_headers(struct buf *b, const struct sign_request *r,
		       struct str names, struct fault *f)
{
	bool has_host = false;
	size_t n = 0;

	while (names.n) {
		struct str name = str_cut(&names, ';');

		if (++n > SIGNED_MAX)
			return fault_set(f, "IncompleteSignatureException",
					 "More than %d headers are signed.",
					 SIGNED_MAX);
		if (str_is(name, "host"))
			has_host = true;
		if (!add_header(b, r, name))
			return fault_set(f, "InvalidSignatureException",
					 "The signed header '%.*s' is missing.",
					 STR_ARG(str_sub(name, 0, 64)));
	}
	if (!has_host)
		return fault_set(f, "InvalidSignatureException",
				 "'Host' must be a 'SignedHeader' in the AWS "
				 "Authorization.");
	return 0;
}

/* The hash of the canonical request. */
static int hash_request(const struct sign_request *r,
			const struct authorization *z,
			char out[DIGEST_HEX_SIZE], struct fault *f)
{
	const struct str *told = sign_header(r, "x-amz-content-sha256");
	char body[DIGEST_HEX_SIZE];
	struct buf b;
	int rc;

	digest_sha256_hex(r->body, body);
	if (told && !str_is(*told, body))
		return fault_set(f, "InvalidSignatureException",
				 "The body does not have the hash that "
				 "X-Amz-Content-Sha256 says.");
	buf_init(&b, 256 * 1024);
	buf_add_str(&b, r->method);
	buf_add_char(&b, '\n');
	buf_add_str(&b, r->path);
	buf_add_char(&b, '\n');
	buf_add_str(&b, r->query);
	buf_add_char(&b, '\n');
	rc = add_headers(&b, r, z->signed_headers, f);
	buf_add_char(&b, '\n');
	buf_add_str(&b, z->signed_headers);
	buf_add_char(&b, '\n');
	buf_add_c(&b, body);
	if (rc == 0 && buf_is_full(&b))
		rc = fault_set(f, "IncompleteSignatureException",
			       "The request's head is too large.");
	digest_sha256_hex(buf_str(&b), out);
	buf_release(&b);
	return rc;
}

static void sign(const struct sign_keys *keys, const struct authorization *z,
		 struct str to_sign, char out[DIGEST_HEX_SIZE])
{
	unsigned char k[DIGEST_SIZE];
	struct buf first;

	buf_init(&first, 4096);
	buf_add_c(&first, "AWS4");
	buf_add_str(&first, keys->secret_key);
	digest_hmac(first.data, first.len, z->date, k);
	buf_wipe(&first);
	digest_hmac(k, sizeof(k), z->region, k);
	digest_hmac(k, sizeof(k), z->service, k);
	digest_hmac(k, sizeof(k), STR("aws4_request"), k);
	digest_hmac(k, sizeof(k), to_sign, k);
	digest_hex(k, sizeof(k), out);
	OPENSSL_cleanse(k, sizeof(k));
}

int sign_check(const struct sign_request *r, const struct sign_keys *keys,
	       int64_t now, struct fault *f)
{
	const struct str *header = sign_header(r, "authorization");
	const struct str *date = sign_header(r, "x-amz-date");
	struct authorization z = { 0 };
	char request[DIGEST_HEX_SIZE];
	char wanted[DIGEST_HEX_SIZE];
	struct buf text;

	if (!header)
		return fault_set(f, "MissingAuthenticationTokenException",
				 "Missing Authentication Token");
	if (read_authorization(*header, &z, f) < 0)
		return -1;
	if (!date)
		return fault_set(f, "IncompleteSignatureException",
				 "Authorization header requires existence of "
				 "either a 'X-Amz-Date' or a 'Date' header.");
	if (!str_eq(z.access_key, keys->access_key))
		return fault_set(f, "UnrecognizedClientException",
				 "The security token included in the request "
				 "is invalid.");
	if (check_clock(*date, now, f) < 0 ||
	    check_scope(&z, keys, *date, f) < 0 ||
	    hash_request(r, &z, request, f) < 0)
		return -1;
	buf_init(&text, 4096);
	buf_fmt(&text, "%s\n%.*s\n%.*s\n%s", algorithm, STR_ARG(*date),
		STR_ARG(z.scope), request);
	sign(keys, &z, buf_str(&text), wanted);
	buf_release(&text);
	if (z.signature.n != DIGEST_HEX_SIZE - 1 ||
	    CRYPTO_memcmp(z.signature.s, wanted, DIGEST_HEX_SIZE - 1) != 0)
		return fault_set(f, "InvalidSignatureException",
				 "The request signature we calculated does not "
				 "match the signature you provided. Check your "
				 "AWS Secret Access Key and signing method. "
				 "Consult the service documentation for "
				 "details.");
	return 0;
}
