#include <config.h>

#include "providers/aws/client.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/json.h"
#include "providers/aws/sigv4.h"
#include "providers/http.h"
#include "providers/retry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
	BODY_MAX = 8 << 20,
	TIMEOUT_MS = 30000,
	SKEW_SECONDS = 240,
	/* A shorter text is in many messages by chance. */
	SECRET_MIN = 4,
};

/* Codes that mean the same in every service. */
static const struct aws_fault common_faults[] = {
	{ "AccessDenied", ERROR_DENIED, NULL },
	{ "AccessDeniedException", ERROR_DENIED, NULL },
	{ "AuthFailure", ERROR_DENIED, NULL },
	{ "ExpiredToken", ERROR_DENIED, NULL },
	{ "ExpiredTokenException", ERROR_DENIED, NULL },
	{ "IncompleteSignature", ERROR_DENIED, NULL },
	{ "IncompleteSignatureException", ERROR_DENIED, NULL },
	{ "InternalError", ERROR_UNAVAILABLE, NULL },
	{ "InternalFailure", ERROR_UNAVAILABLE, NULL },
	{ "InternalServiceError", ERROR_UNAVAILABLE, NULL },
	{ "InvalidClientTokenId", ERROR_DENIED, NULL },
	{ "InvalidParameterCombinationException", ERROR_INVALID, NULL },
	{ "InvalidParameterValueException", ERROR_INVALID, NULL },
	{ "InvalidSignatureException", ERROR_DENIED, NULL },
	{ "LimitExceededException", ERROR_THROTTLED, NULL },
	{ "MissingAuthenticationToken", ERROR_DENIED, NULL },
	{ "MissingAuthenticationTokenException", ERROR_DENIED, NULL },
	{ "PriorRequestNotComplete", ERROR_THROTTLED, NULL },
	{ "ProvisionedThroughputExceededException", ERROR_THROTTLED, NULL },
	{ "RequestExpired", ERROR_DENIED, NULL },
	{ "RequestLimitExceeded", ERROR_THROTTLED, NULL },
	{ "RequestThrottled", ERROR_THROTTLED, NULL },
	{ "RequestThrottledException", ERROR_THROTTLED, NULL },
	{ "RequestTimeout", ERROR_UNAVAILABLE, NULL },
	{ "RequestTimeoutException", ERROR_UNAVAILABLE, NULL },
	{ "ServiceFailure", ERROR_UNAVAILABLE, NULL },
	{ "ServiceUnavailable", ERROR_UNAVAILABLE, NULL },
	{ "ServiceUnavailableException", ERROR_UNAVAILABLE, NULL },
	{ "SignatureDoesNotMatch", ERROR_DENIED, NULL },
	{ "SlowDown", ERROR_THROTTLED, NULL },
	{ "ThrottledException", ERROR_THROTTLED, NULL },
	{ "Throttling", ERROR_THROTTLED, NULL },
	{ "ThrottlingException", ERROR_THROTTLED, NULL },
	{ "TooManyRequestsException", ERROR_THROTTLED, NULL },
	{ "TransactionInProgressException", ERROR_THROTTLED, NULL },
	{ "UnrecognizedClientException", ERROR_DENIED, NULL },
	{ "ValidationException", ERROR_INVALID, NULL },
	{ NULL, ERROR_NONE, NULL },
};

static const char *const skew_codes[] = {
	"AuthFailure",
	"InvalidSignatureException",
	"RequestExpired",
	"RequestInTheFuture",
	"RequestTimeTooSkewed",
	"SignatureDoesNotMatch",
	NULL,
};

/* One call and what all its attempts share. */
struct exchange {
	const struct aws_endpoint *endpoint;
	const struct aws_service *service;
	const char *operation;
	struct str body;
	struct value input;
	int64_t offset; /* seconds that the service's clock is ahead */
	struct arena *arena;
};

static enum error_kind kind_in(const struct aws_fault *f, struct str code)
{
	for (; f && f->code; f++)
		if (str_is(code, f->code))
			return f->kind;
	return ERROR_NONE;
}

static enum error_kind kind_of(const struct aws_service *s, struct str code,
			       int status)
{
	enum error_kind kind = kind_in(s->faults, code);

	if (kind == ERROR_NONE)
		kind = kind_in(common_faults, code);
	if (kind != ERROR_NONE)
		return kind;
	if (status == 429)
		return ERROR_THROTTLED;
	if (status >= 500)
		return ERROR_UNAVAILABLE;
	return status == 401 || status == 403 ? ERROR_DENIED : ERROR_INVALID;
}

/* "ns#Code:http://…" is Code. */
static struct str code_of(const struct http_response *r, struct value body)
{
	struct str code = http_header(r, "x-amzn-errortype");
	ptrdiff_t hash;

	if (code.n == 0)
		code = value_text(body, "__type");
	if (code.n == 0)
		code = value_text(body, "code");
	code = str_cut(&code, ':');
	hash = str_rfind(code, '#');
	return hash < 0 ? code : str_skip(code, (size_t)hash + 1);
}

static bool repeats_secret(struct str text, struct value v, bool is_secret)
{
	is_secret = is_secret || (v.marks & MARK_SECRET);
	if (v.kind == VALUE_LIST) {
		for (size_t i = 0; i < v.as.list.n; i++)
			if (repeats_secret(text, v.as.list.items[i], is_secret))
				return true;
	} else if (v.kind == VALUE_MAP) {
		for (size_t i = 0; i < v.as.map.n; i++)
			if (repeats_secret(text, v.as.map.entries[i].value,
					   is_secret))
				return true;
	} else if (v.kind == VALUE_STRING && is_secret) {
		return v.as.text.n >= SECRET_MIN &&
		       str_contains(text, v.as.text);
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

static int fault(const struct exchange *x, const struct http_response *r,
		 struct str *code, struct error *err)
{
	struct value body = value_null();
	struct error ignored;
	struct str words;
	enum error_kind kind;

	if (json_read(r->body, x->arena, &body, &ignored) < 0)
		body = value_null();
	*code = one_line(code_of(r, body), x->arena);
	words = value_text(body, "message");
	if (words.n == 0)
		words = value_text(body, "Message");
	kind = kind_of(x->service, *code, r->status);
	if (code->n == 0)
		return error_set(err, kind, "%s: the service answered %d",
				 x->operation, r->status);
	if (repeats_secret(words, x->input, false))
		words = STR("(words that repeat a secret are left out)");
	return error_set(err, kind, "%s: %.*s%s%.*s", x->operation,
			 STR_ARG(*code), words.n ? ": " : "",
			 STR_ARG(one_line(words, x->arena)));
}

/* Notes how far the clocks are apart; whether that explains a refusal. */
static bool is_skewed(struct exchange *x, const struct http_response *r,
		      struct str code)
{
	struct str text = http_header(r, "date");
	struct tm utc = { 0 };
	int64_t offset;
	bool is_candidate = false;

	for (size_t i = 0; skew_codes[i]; i++)
		is_candidate = is_candidate || str_is(code, skew_codes[i]);
	if (!is_candidate || x->offset ||
	    !strptime(str_c(text, x->arena), "%a, %d %b %Y %H:%M:%S GMT", &utc))
		return false;
	offset = (int64_t)timegm(&utc) - clock_wall();
	if (offset < SKEW_SECONDS && offset > -SKEW_SECONDS)
		return false;
	x->offset = offset;
	return true;
}

static int send_once(const struct exchange *x, struct http_response *out,
		     struct error *err)
{
	struct arena *a = x->arena;
	struct str target =
	    str_fmt(a, "%s%s", x->service->target, x->operation);
	struct http_header headers[6];
	struct sigv4_header to_sign[3];
	struct sigv4_signature s;
	struct http_url url;
	size_t n = 0;

	if (http_url_parse(x->endpoint->url, &url, err) < 0)
		return -1;
	to_sign[0] = (struct sigv4_header){ STR("content-type"),
					    STR("application/x-amz-json-1.1") };
	to_sign[1] = (struct sigv4_header){ STR("host"), url.host };
	to_sign[2] = (struct sigv4_header){ STR("x-amz-target"), target };
	sigv4_sign(
	    &(struct sigv4_request){
		.method = STR("POST"),
		.path = url.path,
		.query = url.query,
		.headers = to_sign,
		.n_headers = 3,
		.body = x->body,
	    },
	    &(struct sigv4_keys){
		.access_key = x->endpoint->access_key,
		.secret_key = x->endpoint->secret_key,
		.session_token = x->endpoint->session_token,
		.region = x->endpoint->region,
		.service = str_from(x->service->name),
	    },
	    clock_wall() + x->offset, a, &s);
	for (size_t i = 0; i < 3; i++)
		headers[n++] =
		    (struct http_header){ to_sign[i].name, to_sign[i].value };
	headers[n++] = (struct http_header){ STR("x-amz-date"), s.date };
	headers[n++] =
	    (struct http_header){ STR("authorization"), s.authorization };
	if (s.token.n)
		headers[n++] =
		    (struct http_header){ STR("x-amz-security-token"),
					  s.token };
	return http_send(
	    &(struct http_request){
		.method = STR("POST"),
		.url = x->endpoint->url,
		.headers = headers,
		.n_headers = n,
		.body = x->body,
		.timeout_ms = TIMEOUT_MS,
	    },
	    a, out, err);
}

static uint32_t random_bits(void)
{
	uint32_t bits = 0;

	/* Jitter only: without it, the whole delay is taken. */
	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return UINT32_MAX;
	return bits;
}

static int take_answer(const struct exchange *x, const struct http_response *r,
		       struct value *out, struct error *err)
{
	*out = value_map(NULL, 0, x->arena);
	if (str_trim(r->body).n == 0)
		return 0;
	if (json_read(r->body, x->arena, out, err) < 0)
		return error_add(err, "%s: the answer is not JSON",
				 x->operation);
	return 0;
}

static int converse(struct exchange *x, struct value *out, struct error *err)
{
	/* An answer was lost: whatever came later, the request may be done. */
	bool is_unsure = false;

	for (int failures = 1;; failures++) {
		struct http_response r;
		struct str code = { "", 0 };
		int64_t delay;

		*err = (struct error){ 0 };
		if (send_once(x, &r, err) == 0) {
			if (r.status >= 200 && r.status < 300)
				return take_answer(x, &r, out, err);
			fault(x, &r, &code, err);
			if (is_skewed(x, &r, code))
				continue;
		} else {
			error_add(err, "%s", x->operation);
			is_unsure |= err->kind == ERROR_TIMEOUT;
		}
		delay = retry_delay_ms(&retry_standard, err->kind, failures,
				       random_bits());
		if (delay < 0) {
			if (is_unsure && err->kind == ERROR_UNAVAILABLE)
				err->kind = ERROR_TIMEOUT;
			return -1;
		}
		clock_sleep_ms(delay);
	}
}

int aws_call(const struct aws_endpoint *e, const struct aws_service *s,
	     const char *operation, struct value input, struct arena *a,
	     struct value *out, struct error *err)
{
	struct exchange x = {
		.endpoint = e,
		.service = s,
		.operation = operation,
		.input = input,
		.arena = a,
	};
	struct buf body;
	int result;

	*out = value_null();
	buf_init(&body, BODY_MAX);
	json_write(&body, input, JSON_REVEAL);
	if (buf_is_full(&body)) {
		buf_wipe(&body);
		return error_set(err, ERROR_QUOTA,
				 "%s: the request is too large", operation);
	}
	x.body = buf_str(&body);
	result = converse(&x, out, err);
	buf_wipe(&body);
	return result;
}
