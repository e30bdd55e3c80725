#include <config.h>

#include "providers/aws/sigv4.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/vec.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CANONICAL_MAX = 16 << 20 };

static struct str take(struct buf *b, struct arena *a)
{
	struct str s = str_dup(buf_str(b), a);

	buf_release(b);
	return s;
}

static struct str lower(struct str s, struct arena *a)
{
	char *out = arena_new(a, char, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		out[i] = s.s[i] >= 'A' && s.s[i] <= 'Z'
			     ? (char)(s.s[i] + 'a' - 'A')
			     : s.s[i];
	return (struct str){ out, s.n };
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || strchr("-._~", c);
}

/* Slashes stay; all else that is reserved becomes %XX, "%" too. */
static void add_encoded(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];

		if (c && (c == '/' || is_unreserved(c)))
			buf_add_char(b, c);
		else
			buf_fmt(b, "%%%02X", (unsigned)(unsigned char)c);
	}
}

/* Without "." and "..", runs of slashes as one; encoded once more. */
static void add_path(struct buf *b, struct str path)
{
	VEC(struct str) parts = { 0 };
	bool is_folder = path.n && path.s[path.n - 1] == '/';

	while (path.n) {
		struct str part = str_cut(&path, '/');

		if (str_is(part, "..") && parts.n)
			parts.n--;
		else if (part.n && !str_is(part, ".") && !str_is(part, ".."))
			*vec_push(&parts) = part;
		is_folder =
		    is_folder ||
		    (!path.n && (str_is(part, ".") || str_is(part, "..")));
	}
	for (size_t i = 0; i < parts.n; i++) {
		buf_add_char(b, '/');
		add_encoded(b, parts.items[i]);
	}
	if (parts.n == 0 || is_folder)
		buf_add_char(b, '/');
	vec_release(&parts);
}

/* "=" comes behind "-", so the whole texts are in another order. */
static int order_pairs(const void *a, const void *b)
{
	struct str x = *(const struct str *)a, y = *(const struct str *)b;
	int order = str_cmp(str_cut(&x, '='), str_cut(&y, '='));

	return order ? order : str_cmp(x, y);
}

/* Sorted by name, then value; a name alone gets its "=". */
static void add_query(struct buf *b, struct str query, struct arena *a)
{
	VEC(struct str) pairs = { 0 };

	while (query.n) {
		struct str pair = str_cut(&query, '&');

		if (pair.n && str_find(pair, '=') < 0)
			pair = str_fmt(a, "%.*s=", STR_ARG(pair));
		if (pair.n)
			*vec_push(&pairs) = pair;
	}
	if (pairs.n)
		qsort(pairs.items, pairs.n, sizeof(pairs.items[0]),
		      order_pairs);
	for (size_t i = 0; i < pairs.n; i++) {
		if (i)
			buf_add_char(b, '&');
		buf_add_str(b, pairs.items[i]);
	}
	vec_release(&pairs);
}

/* Trimmed, inner runs of blanks as one. */
static void add_value(struct buf *b, struct str value)
{
	bool was_blank = false;

	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.s[i];
		bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';

		if (!is_blank)
			buf_add_char(b, c);
		else if (!was_blank)
			buf_add_char(b, ' ');
		was_blank = is_blank;
	}
}

static struct sigv4_header *all_headers(const struct sigv4_request *q,
					const struct sigv4_keys *k,
					struct str date, struct arena *a,
					size_t *n)
{
	struct sigv4_header *h =
	    arena_new(a, struct sigv4_header, q->n_headers + 2);

	*n = 0;
	for (size_t i = 0; i < q->n_headers; i++)
		h[(*n)++] = (struct sigv4_header){
			lower(str_trim(q->headers[i].name), a),
			q->headers[i].value,
		};
	h[(*n)++] = (struct sigv4_header){ STR("x-amz-date"), date };
	if (k->session_token.n)
		h[(*n)++] = (struct sigv4_header){ STR("x-amz-security-token"),
						   k->session_token };
	/* A few headers: insertion keeps equal names in their order. */
	for (size_t i = 1; i < *n; i++)
		for (size_t j = i; j && str_cmp(h[j - 1].name, h[j].name) > 0;
		     j--) {
			struct sigv4_header swap = h[j];

			h[j] = h[j - 1];
			h[j - 1] = swap;
		}
	return h;
}

static struct str canonical(const struct sigv4_request *q,
			    const struct sigv4_keys *k, struct str date,
			    struct arena *a, struct str *signed_names)
{
	struct sigv4_header *h;
	struct buf b, names;
	char hex[DIGEST_HEX_SIZE];
	size_t n;

	h = all_headers(q, k, date, a, &n);
	buf_init(&b, CANONICAL_MAX);
	buf_init(&names, CANONICAL_MAX);
	buf_add_str(&b, q->method);
	buf_add_char(&b, '\n');
	add_path(&b, q->path);
	buf_add_char(&b, '\n');
	add_query(&b, q->query, a);
	for (size_t i = 0; i < n; i++) {
		if (i && str_eq(h[i].name, h[i - 1].name)) {
			buf_add_char(&b, ',');
			add_value(&b, h[i].value);
			continue;
		}
		buf_add_char(&b, '\n');
		buf_add_str(&b, h[i].name);
		buf_add_char(&b, ':');
		add_value(&b, h[i].value);
		if (i)
			buf_add_char(&names, ';');
		buf_add_str(&names, h[i].name);
	}
	*signed_names = take(&names, a);
	digest_sha256_hex(q->body, hex);
	buf_fmt(&b, "\n\n%.*s\n%s", STR_ARG(*signed_names), hex);
	return take(&b, a);
}

static void signing_key(const struct sigv4_keys *k, struct str day,
			unsigned char key[DIGEST_SIZE])
{
	struct str steps[] = { day, k->region, k->service,
			       STR("aws4_request") };
	unsigned char next[DIGEST_SIZE];
	struct buf secret;

	buf_init(&secret, 4096);
	buf_add_c(&secret, "AWS4");
	buf_add_str(&secret, k->secret_key);
	digest_hmac(secret.data, secret.len, steps[0], key);
	buf_wipe(&secret);
	for (size_t i = 1; i < 4; i++) {
		digest_hmac(key, DIGEST_SIZE, steps[i], next);
		memcpy(key, next, DIGEST_SIZE);
	}
	OPENSSL_cleanse(next, sizeof(next));
}

void sigv4_sign(const struct sigv4_request *q, const struct sigv4_keys *k,
		int64_t now, struct arena *a, struct sigv4_signature *out)
{
	unsigned char key[DIGEST_SIZE], mac[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE], date[32];
	struct str scope, names, text;
	time_t seconds = (time_t)now;
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &utc);
	out->date = str_dup(str_from(date), a);
	out->token = k->session_token;
	scope = str_fmt(a, "%.8s/%.*s/%.*s/aws4_request", date,
			STR_ARG(k->region), STR_ARG(k->service));
	digest_sha256_hex(canonical(q, k, out->date, a, &names), hex);
	text = str_fmt(a, "AWS4-HMAC-SHA256\n%s\n%.*s\n%s", date,
		       STR_ARG(scope), hex);
	signing_key(k, str_sub(out->date, 0, 8), key);
	digest_hmac(key, DIGEST_SIZE, text, mac);
	OPENSSL_cleanse(key, sizeof(key));
	digest_hex(mac, DIGEST_SIZE, hex);
	out->authorization = str_fmt(a,
				     "AWS4-HMAC-SHA256 Credential=%.*s/%.*s, "
				     "SignedHeaders=%.*s, Signature=%s",
				     STR_ARG(k->access_key), STR_ARG(scope),
				     STR_ARG(names), hex);
}
