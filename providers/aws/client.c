#include <config.h>

#include "providers/aws/client.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/json.h"
#include "providers/aws/decode.h"
#include "providers/aws/encode.h"
#include "providers/aws/fault.h"
#include "providers/aws/sigv4.h"
#include "providers/http.h"
#include "providers/retry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
	TIMEOUT_MS = 60000,
	ANSWER_MAX = 64 << 20,
	SKEW_SECONDS = 240,
	/* A shorter text is in many messages by chance. */
	SECRET_MIN = 4,
	/* The standard mode's budget: when all fails, nobody asks twice. */
	QUOTA_MAX = 500,
	QUOTA_REPEAT = 5,
	QUOTA_TIMEOUT = 10,
	QUOTA_SUCCESS = 1,
	WAIT_ASKED_MAX_MS = 20000,
};

struct aws_client {
	struct aws_source source;
	pthread_mutex_t lock;
	int quota;	/* of repetitions */
	int64_t offset; /* seconds that the services' clocks are ahead */
};

/* One call and what all its attempts share. */
struct exchange {
	struct aws_client *client;
	const struct aws_service *service;
	const char *operation;
	struct value input;
	struct aws_how how;
	bool is_read;
	struct aws_request request;
	int64_t offset;	   /* that the last attempt was signed with */
	bool is_corrected; /* the clock */
	bool is_renewed;   /* the credentials */
	struct arena *arena;
	struct arena scratch; /* of one attempt */
};

/* How an attempt ended that did not succeed. */
struct outcome {
	bool is_final;	  /* nothing was sent, nor will be */
	bool is_lost;	  /* it may have been carried out */
	int64_t asked_ms; /* to wait, by the service */
	struct str code, date;
};

struct aws_client *aws_client_new(const struct aws_source *source)
{
	struct aws_client *k = xmalloc(sizeof(*k));

	*k = (struct aws_client){ .source = *source, .quota = QUOTA_MAX };
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void aws_client_free(struct aws_client *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* -- what is shared -- */

static bool spend(struct aws_client *k, int cost)
{
	bool is_enough;

	pthread_mutex_lock(&k->lock);
	is_enough = k->quota >= cost;
	if (is_enough)
		k->quota -= cost;
	pthread_mutex_unlock(&k->lock);
	return is_enough;
}

static void refund(struct aws_client *k, int cost)
{
	pthread_mutex_lock(&k->lock);
	k->quota += cost;
	if (k->quota > QUOTA_MAX)
		k->quota = QUOTA_MAX;
	pthread_mutex_unlock(&k->lock);
}

/* -- one attempt -- */

/* The host as libcurl would write it: without the scheme's own port. */
static struct str host_of(const struct http_url *u)
{
	const char *port = str_is(u->scheme, "https") ? ":443" : ":80";

	return str_ends(u->host, port)
		   ? str_sub(u->host, 0, u->host.n - strlen(port))
		   : u->host;
}

static struct str url_of(const struct exchange *x, struct http_url *u,
			 struct arena *a)
{
	if (x->request.path.n) {
		if (str_ends(u->path, "/"))
			u->path.n--;
		u->path = str_join(u->path, "", x->request.path, a);
	}
	return str_fmt(a, "%.*s://%.*s%.*s%s%.*s", STR_ARG(u->scheme),
		       STR_ARG(u->host), STR_ARG(u->path),
		       u->query.n ? "?" : "", STR_ARG(u->query));
}

static int send_once(struct exchange *x, const struct aws_endpoint *e,
		     struct http_response *out, struct error *err)
{
	const struct aws_request *q = &x->request;
	const struct aws_source *source = &x->client->source;
	struct arena *a = &x->scratch;
	struct http_header headers[8];
	struct sigv4_header to_sign[3];
	struct sigv4_signature s;
	struct http_url url;
	struct str whole;
	size_t n = 0, n_sign = 0;

	if (http_url_parse(e->url, &url, err) < 0)
		return -1;
	whole = url_of(x, &url, a);
	to_sign[n_sign++] =
	    (struct sigv4_header){ STR("content-type"), q->content_type };
	to_sign[n_sign++] = (struct sigv4_header){ STR("host"), host_of(&url) };
	if (q->target.n)
		to_sign[n_sign++] =
		    (struct sigv4_header){ STR("x-amz-target"), q->target };
	for (size_t i = 0; i < n_sign; i++)
		headers[n++] =
		    (struct http_header){ to_sign[i].name, to_sign[i].value };
	if (source->agent.n)
		headers[n++] =
		    (struct http_header){ STR("user-agent"), source->agent };
	if (!x->how.is_unsigned) {
		pthread_mutex_lock(&x->client->lock);
		x->offset = x->client->offset;
		pthread_mutex_unlock(&x->client->lock);
		sigv4_sign(
		    &(struct sigv4_request){
			.method = q->method,
			.path = url.path,
			.query = url.query,
			.headers = to_sign,
			.n_headers = n_sign,
			.body = buf_str(&q->body),
		    },
		    &(struct sigv4_keys){
			.access_key = e->access_key,
			.secret_key = e->secret_key,
			.session_token = e->session_token,
			.region = aws_signing_region(x->service, e->region),
			.service = str_from(x->service->name),
		    },
		    clock_wall() + x->offset, a, &s);
		headers[n++] =
		    (struct http_header){ STR("x-amz-date"), s.date };
		headers[n++] = (struct http_header){ STR("authorization"),
						     s.authorization };
		if (s.token.n)
			headers[n++] =
			    (struct http_header){ STR("x-amz-security-token"),
						  s.token };
	}
	return http_send(
	    &(struct http_request){
		.method = q->method,
		.url = whole,
		.headers = headers,
		.n_headers = n,
		.body = buf_str(&q->body),
		.timeout_ms = TIMEOUT_MS,
		.max = ANSWER_MAX,
		.ca_file = source->ca_file,
		.is_once = !x->how.is_safe,
	    },
	    a, out, err);
}

static bool repeats_secret(struct str text, struct value v, bool is_secret,
			   struct arena *a);

/* The value of a secret is often JSON: each of its texts is one, then. */
static bool repeats_text(struct str text, struct str secret, struct arena *a)
{
	struct error ignored;
	struct value v;

	if (secret.n >= SECRET_MIN && str_contains(text, secret))
		return true;
	return str_starts(secret, "{") &&
	       json_read(secret, a, &v, &ignored) == 0 && v.kind == VALUE_MAP &&
	       repeats_secret(text, v, true, a);
}

static bool repeats_secret(struct str text, struct value v, bool is_secret,
			   struct arena *a)
{
	is_secret = is_secret || (v.marks & MARK_SECRET);
	if (v.kind == VALUE_LIST) {
		for (size_t i = 0; i < v.as.list.n; i++)
			if (repeats_secret(text, v.as.list.items[i], is_secret,
					   a))
				return true;
	} else if (v.kind == VALUE_MAP) {
		for (size_t i = 0; i < v.as.map.n; i++)
			if (repeats_secret(text, v.as.map.entries[i].value,
					   is_secret, a))
				return true;
	} else if (v.kind == VALUE_STRING && is_secret) {
		return repeats_text(text, v.as.text, a);
	}
	return false;
}

/* As one line: the service's words may have several. */
static struct str one_line(struct str s, struct arena *a)
{
	char *out = str_c(str_trim(s), a);

	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return str_from(out);
}

static int64_t asked_ms(const struct http_response *r)
{
	uint64_t n;
	int64_t ms = 0;

	if (str_to_u64(http_header(r, "x-amz-retry-after"), &n))
		ms = n < WAIT_ASKED_MAX_MS ? (int64_t)n : WAIT_ASKED_MAX_MS;
	else if (str_to_u64(http_header(r, "retry-after"), &n))
		ms = n < WAIT_ASKED_MAX_MS / 1000 ? (int64_t)n * 1000
						  : WAIT_ASKED_MAX_MS;
	return ms;
}

static void copy_out(char *out, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	memcpy(out, s.s ? s.s : "", n);
	out[n] = '\0';
}

/* Neither a service nor a gateway answers with anything else. */
static bool is_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.s[i] < ' ' && s.s[i] != '\t' &&
		    s.s[i] != '\r' && s.s[i] != '\n')
			return false;
	return true;
}

/* What the service said becomes err, the refusal, and what to do next. */
static int refuse(struct exchange *x, const struct http_response *r,
		  struct aws_reason why, struct outcome *o, struct error *err)
{
	struct str code = one_line(why.code, &x->scratch);
	struct str words = one_line(why.words, &x->scratch);
	bool is_damaged = !code.n && !words.n && !is_text(r->body);
	struct aws_fault f;

	/* A gateway's page: its first line says more than nothing. */
	if (code.n == 0 && words.n == 0) {
		struct str body = str_trim(r->body);

		words = one_line(str_sub(str_cut(&body, '\n'), 0, 200),
				 &x->scratch);
	}
	f = aws_fault_of(x->service, code, words, r->status);
	if (is_damaged)
		f.kind = ERROR_UNAVAILABLE;
	if (repeats_secret(words, x->input, false, &x->scratch))
		words = STR("(words that repeat a secret are left out)");
	o->code = code;
	o->date = http_header(r, "date");
	o->asked_ms = asked_ms(r);
	/* 503 is a refusal to begin; what comes behind the others is unknown.
	 */
	o->is_lost = f.kind == ERROR_UNAVAILABLE && r->status != 503 &&
		     !(is_damaged && r->status < 500);
	if (x->how.refusal) {
		copy_out(x->how.refusal->code, sizeof(x->how.refusal->code),
			 code);
		copy_out(x->how.refusal->words, sizeof(x->how.refusal->words),
			 words);
	}
	if (code.n)
		error_set(err, f.kind, "%s: %.*s%s%.*s", x->operation,
			  STR_ARG(code), words.n ? ": " : "", STR_ARG(words));
	else
		error_set(err, f.kind, "%s: the service answered %d%s%.*s",
			  x->operation, r->status, words.n ? ": " : "",
			  STR_ARG(words));
	if (f.hint)
		error_hint(err, "%s", f.hint);
	return -1;
}

static int take_answer(struct exchange *x, const struct http_response *r,
		       struct value *out, struct outcome *o, struct error *err)
{
	struct aws_reason why;

	if (aws_decode(x->service, x->operation, r->body, x->arena, out, &why,
		       err) < 0) {
		error_add(err, "%s", x->operation);
		o->is_lost = err->kind == ERROR_CORRUPT;
		if (o->is_lost)
			err->kind = ERROR_UNAVAILABLE;
		return -1;
	}
	if (why.code.n)
		return refuse(x, r, why, o, err);
	return 0;
}

static int attempt(struct exchange *x, bool is_expired, struct value *out,
		   struct outcome *o, struct error *err)
{
	const struct aws_source *source = &x->client->source;
	struct aws_endpoint e = { 0 };
	struct http_response r;
	struct aws_reason why;

	*o = (struct outcome){ 0 };
	*err = (struct error){ 0 };
	if (x->how.refusal)
		*x->how.refusal = (struct aws_refusal){ 0 };
	if (source->endpoint(source->ctx, x->service, is_expired, &x->scratch,
			     &e, err) < 0) {
		o->is_final = true;
		return -1;
	}
	if (send_once(x, &e, &r, err) < 0) {
		o->is_lost = err->kind == ERROR_TIMEOUT;
		return error_add(err, "%s", x->operation);
	}
	if (r.status >= 200 && r.status < 300)
		return take_answer(x, &r, out, o, err);
	why =
	    aws_decode_fault(x->service, r.body,
			     http_header(&r, "x-amzn-errortype"), &x->scratch);
	return refuse(x, &r, why, o, err);
}

/* -- all attempts -- */

static uint32_t random_bits(void)
{
	uint32_t bits = 0;

	/* Jitter only: without it, the whole delay is taken. */
	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return UINT32_MAX;
	return bits;
}

/* Notes how far the clocks are apart; whether that explains a refusal. */
static bool can_correct_clock(struct exchange *x, const struct outcome *o)
{
	struct tm utc = { 0 };
	int64_t offset;

	if (x->is_corrected || !aws_fault_may_be_skew(o->code) ||
	    !strptime(str_c(o->date, &x->scratch), "%a, %d %b %Y %H:%M:%S GMT",
		      &utc))
		return false;
	offset = (int64_t)timegm(&utc) - clock_wall();
	if (llabs(offset - x->offset) < SKEW_SECONDS)
		return false;
	pthread_mutex_lock(&x->client->lock);
	x->client->offset = offset;
	pthread_mutex_unlock(&x->client->lock);
	x->is_corrected = true;
	return true;
}

/* Milliseconds until the next attempt; -1: there is none. */
static int64_t next_delay(struct exchange *x, const struct outcome *o,
			  enum error_kind kind, int failures, int *cost)
{
	struct retry retry = retry_standard;
	int64_t delay;

	if (x->client->source.attempts > 0)
		retry.attempts = x->client->source.attempts;
	if (x->client->source.base_ms > 0)
		retry.base_ms = x->client->source.base_ms;
	delay = retry_delay_ms(&retry, kind, failures, random_bits());
	if (delay < 0)
		return -1;
	*cost = kind == ERROR_TIMEOUT ? QUOTA_TIMEOUT : QUOTA_REPEAT;
	if (!spend(x->client, *cost))
		return -1;
	return delay > o->asked_ms ? delay : o->asked_ms;
}

static int converse(struct exchange *x, struct value *out, struct error *err)
{
	/* An attempt may have been carried out, whatever came later. */
	bool is_unsure = false, is_expired = false;
	int failures = 0, cost = QUOTA_SUCCESS;
	struct outcome o;

	for (;;) {
		int64_t delay;

		arena_clear(&x->scratch);
		if (attempt(x, is_expired, out, &o, err) == 0) {
			refund(x->client, cost);
			return 0;
		}
		is_expired = false;
		if (o.is_final)
			break;
		/* What the call with DryRun would have come to. */
		if (str_is(o.code, "DryRunOperation")) {
			*out = value_map(NULL, 0, x->arena);
			*err = (struct error){ 0 };
			return 0;
		}
		if (can_correct_clock(x, &o))
			continue;
		if (aws_fault_is_expiry(o.code) && !x->is_renewed) {
			x->is_renewed = is_expired = true;
			continue;
		}
		is_unsure |= o.is_lost;
		if (o.is_lost && !x->how.is_safe)
			break;
		delay = next_delay(x, &o, err->kind, ++failures, &cost);
		if (delay < 0)
			break;
		clock_sleep_ms(delay);
	}
	if (is_unsure && !x->is_read &&
	    (err->kind == ERROR_UNAVAILABLE || err->kind == ERROR_THROTTLED ||
	     o.is_final))
		err->kind = ERROR_TIMEOUT;
	*out = value_null();
	return -1;
}

static int carry_out(struct exchange *x, struct arena *a, struct value *out,
		     struct error *err)
{
	int rc;

	x->arena = a;
	*out = value_null();
	/* What cannot be read is not asked. */
	if (aws_decode_prepare(x->service, err) < 0 ||
	    aws_encode(x->service, x->operation, x->input, a, &x->request,
		       err) < 0)
		return error_add(err, "%s", x->operation);
	rc = converse(x, out, err);
	buf_wipe(&x->request.body);
	arena_release(&x->scratch);
	return rc;
}

int aws_do(struct aws_client *k, const struct aws_service *s,
	   const char *operation, struct value input, struct aws_how how,
	   struct arena *a, struct value *out, struct error *err)
{
	struct exchange x = {
		.client = k,
		.service = s,
		.operation = operation,
		.input = input,
		.how = how,
	};

	return carry_out(&x, a, out, err);
}

int aws_ask(struct aws_client *k, const struct aws_service *s,
	    const char *operation, struct value input, struct arena *a,
	    struct value *out, struct error *err)
{
	struct exchange x = {
		.client = k,
		.service = s,
		.operation = operation,
		.input = input,
		.how = { .is_safe = true },
		.is_read = true,
	};

	return carry_out(&x, a, out, err);
}
