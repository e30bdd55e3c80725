/* HTTP, retries and signed calls, against a server that replays a script. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "providers/aws/client.h"
#include "providers/http.h"
#include "providers/retry.h"
#include "tests/unit/scripted.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int get(const char *url, size_t max, int timeout_ms, struct arena *a,
	       struct http_response *r, struct error *err)
{
	return http_send(&(struct http_request){ .method = STR("GET"),
						 .url = str_from(url),
						 .max = max,
						 .timeout_ms = timeout_ms },
			 a, r, err);
}

static void gives_status_headers_and_body(void **state)
{
	static const struct scripted_step script[] = {
		{ .status = 404,
		  .answer = "not here",
		  .headers = "X-Some: Thing\r\n" },
		{ .body = "a body" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct http_response r;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(get(scripted_url(s), 0, 0, &a, &r, &err), 0);
	assert_int_equal(r.status, 404);
	assert_string_equal(r.body.s, "not here");
	assert_true(str_is(http_header(&r, "x-some"), "Thing"));
	assert_int_equal(http_header(&r, "x-other").n, 0);
	assert_int_equal(
	    http_send(&(struct http_request){ .method = STR("PUT"),
					      .url = str_from(scripted_url(s)),
					      .body = STR("a body") },
		      &a, &r, &err),
	    0);
	scripted_stop(s);
	arena_release(&a);
}

static void tells_failures_by_kind(void **state)
{
	static const struct scripted_step script[] = {
		{ .how = SCRIPT_CUT, .status = 1 },
		{ .how = SCRIPT_PART, .answer = "half of this" },
		{ .how = SCRIPT_HANG, .status = 1 },
		{ .answer = "more than ten bytes" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct http_response r;
	struct error err = { 0 };
	char *url;

	(void)state;
	url = strdup(scripted_url(s));
	/* What came for a lost answer may have been carried out. */
	assert_int_equal(get(url, 0, 0, &a, &r, &err), -1);
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	assert_int_equal(get(url, 0, 0, &a, &r, &err), -1);
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	assert_int_equal(get(url, 0, 200, &a, &r, &err), -1);
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	assert_int_equal(get(url, 10, 0, &a, &r, &err), -1);
	assert_int_equal(err.kind, ERROR_QUOTA);
	scripted_stop(s);
	/* Nobody listens there any more. */
	assert_int_equal(get(url, 0, 0, &a, &r, &err), -1);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_true(str_starts(str_from(err.message), "GET http://127.0.0.1:"));
	free(url);
	arena_release(&a);
}

/* Nothing was sent to who does not take the connection. */
static void knows_what_was_not_sent(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int waiting[4];
	socklen_t size = sizeof(at);
	struct arena a = { 0 };
	struct http_response r;
	struct error err = { 0 };

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (void *)&at, &size), 0);
	for (int i = 0; i < 4; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(waiting[i], (void *)&at, sizeof(at));
	}
	assert_int_equal(http_send(
			     &(struct http_request){
				 .method = STR("POST"),
				 .url = str_fmt(&a, "http://127.0.0.1:%d",
						ntohs(at.sin_port)),
				 .connect_ms = 200,
			     },
			     &a, &r, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	for (int i = 0; i < 4; i++)
		close(waiting[i]);
	close(listener);
	arena_release(&a);
}

static void refuses_headers_with_line_breaks(void **state)
{
	struct http_header h = { STR_INIT("x-token"), STR_INIT("a\r\nb: c") };
	struct arena a = { 0 };
	struct http_response r;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(http_send(
			     &(struct http_request){
				 .method = STR("GET"),
				 .url = STR("http://127.0.0.1:1"),
				 .headers = &h,
				 .n_headers = 1,
			     },
			     &a, &r, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_null(strstr(err.message, "b: c"));
	arena_release(&a);
}

static void judges_urls(void **state)
{
	static const struct {
		const char *url, *host, *path, *query;
		bool is_loopback;
	} good[] = {
		{ "http://127.17.9.1:8123", "127.17.9.1:8123", "/", "", true },
		{ "https://dms.us-east-1.amazonaws.com/a?b=c",
		  "dms.us-east-1.amazonaws.com", "/a", "b=c", false },
		{ "http://localhost/", "localhost", "/", "", true },
		{ "http://[::1]:80/", "[::1]:80", "/", "", true },
		{ "http://127.example.org/", "127.example.org", "/", "",
		  false },
	};
	static const char *const bad[] = { "",
					   "ftp://x/",
					   "http://",
					   "http://user@host/",
					   "http://a b/",
					   "http://a/#x" };
	struct http_url u;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    http_url_parse(str_from(good[i].url), &u, &err), 0);
		assert_true(str_is(u.host, good[i].host));
		assert_true(str_is(u.path, good[i].path));
		assert_true(str_is(u.query, good[i].query));
		assert_int_equal(u.is_loopback, good[i].is_loopback);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(http_url_parse(str_from(bad[i]), &u, &err),
				 -1);
}

static void waits_longer_each_time(void **state)
{
	const struct retry r = { .attempts = 4,
				 .base_ms = 100,
				 .most_ms = 300 };

	(void)state;
	assert_int_equal(retry_delay_ms(&r, ERROR_UNAVAILABLE, 1, UINT32_MAX),
			 100);
	assert_int_equal(retry_delay_ms(&r, ERROR_TIMEOUT, 2, UINT32_MAX), 200);
	assert_int_equal(retry_delay_ms(&r, ERROR_TIMEOUT, 3, UINT32_MAX), 300);
	assert_int_equal(retry_delay_ms(&r, ERROR_TIMEOUT, 3, 0), 0);
	assert_int_equal(retry_delay_ms(&r, ERROR_TIMEOUT, 4, 0), -1);
	assert_int_equal(retry_delay_ms(&r, ERROR_THROTTLED, 1, UINT32_MAX),
			 300);
	assert_int_equal(retry_delay_ms(&r, ERROR_INVALID, 1, 0), -1);
	assert_int_equal(retry_delay_ms(&r, ERROR_DENIED, 1, 0), -1);
	assert_int_equal(retry_delay_ms(&r, ERROR_CONFLICT, 1, 0), -1);
}

static const struct aws_fault faults[] = {
	{ "ResourceNotFoundFault", ERROR_NOT_FOUND, NULL, NULL },
	{ 0 },
};

static const struct aws_service service = {
	.name = "dms",
	.target = "AmazonDMSv20160101.",
	.faults = faults,
};

static int endpoint(void *ctx, const struct aws_service *of, bool is_expired,
		    struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	(void)of;
	(void)is_expired;
	(void)a;
	(void)err;
	*out = (struct aws_endpoint){
		.url = str_from(scripted_url(ctx)),
		.region = STR("us-east-1"),
		.access_key = STR("AKIDEXAMPLE"),
		.secret_key = STR("secret"),
	};
	return 0;
}

static int call(struct scripted *s, struct value in, struct arena *a,
		struct value *out, struct error *err)
{
	struct aws_client *k = aws_client_new(&(struct aws_source){
	    .endpoint = endpoint,
	    .ctx = s,
	    .base_ms = 10,
	});
	int rc = aws_do(k, &service, "DescribeEndpoints", in,
			(struct aws_how){ .is_safe = true }, a, out, err);

	aws_client_free(k);
	return rc;
}

static struct value input(struct arena *a)
{
	struct value_entry e[] = {
		{ STR("Password"),
		  value_mark(value_c("s3ntinel"), MARK_SECRET) },
		{ STR("A"), value_int(1) },
	};

	return value_map(e, 2, a);
}

static void repeats_what_may_pass(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeEndpoints",
		  .body = "{\"A\":1,\"Password\":\"s3ntinel\"}",
		  .status = 500,
		  .answer = "<html>" },
		{ .target = "DescribeEndpoints", .how = SCRIPT_CUT },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[]}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(call(s, input(&a), &a, &out, &err), 0);
	assert_non_null(value_get(out, "Endpoints"));
	scripted_stop(s);
	arena_release(&a);
}

static void gives_up_after_three(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeEndpoints", .status = 503 },
		{ .target = "DescribeEndpoints", .status = 503 },
		{ .target = "DescribeEndpoints", .status = 503 },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	scripted_stop(s);
	arena_release(&a);
}

/* Done or not? A later refusal to serve does not tell. */
static void remembers_a_lost_answer(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeEndpoints", .how = SCRIPT_CUT },
		{ .target = "DescribeEndpoints", .status = 503 },
		{ .target = "DescribeEndpoints", .status = 503 },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	scripted_stop(s);
	arena_release(&a);
}

static void maps_faults(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeEndpoints",
		  .status = 400,
		  .answer =
		      "{\"__type\":\"com.amazonaws#ResourceNotFoundFault\","
		      "\"message\":\"Endpoint x not found\"}" },
		{ .target = "DescribeEndpoints",
		  .status = 400,
		  .answer = "{\"__type\":\"InvalidParameterValueException\","
			    "\"Message\":\"bad s3ntinel here\"}" },
		{ .target = "DescribeEndpoints",
		  .status = 403,
		  .answer =
		      "{\"__type\":\"UnrecognizedClientException:http\"}" },
		{ .target = "DescribeEndpoints",
		  .status = 400,
		  .answer = "nonsense" },
		{ .target = "DescribeEndpoints", .answer = "nonsense" },
		{ .target = "DescribeEndpoints", .answer = "nonsense" },
		{ .target = "DescribeEndpoints", .answer = "nonsense" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_string_equal(err.message, "DescribeEndpoints: "
					 "ResourceNotFoundFault: Endpoint x "
					 "not found");
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_null(strstr(err.message, "s3ntinel"));
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	scripted_stop(s);
	arena_release(&a);
}

static void corrects_a_skewed_clock(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeEndpoints",
		  .status = 403,
		  .headers = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		  .answer = "{\"__type\":\"InvalidSignatureException\"}" },
		{ .target = "DescribeEndpoints" },
		{ .target = "DescribeEndpoints",
		  .status = 403,
		  .answer = "{\"__type\":\"InvalidSignatureException\"}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct error err = { 0 };
	struct value out;

	(void)state;
	assert_int_equal(call(s, input(&a), &a, &out, &err), 0);
	/* Without a difference it is the key that is wrong. */
	assert_int_equal(call(s, input(&a), &a, &out, &err), -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	scripted_stop(s);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_status_headers_and_body),
		cmocka_unit_test(tells_failures_by_kind),
		cmocka_unit_test(knows_what_was_not_sent),
		cmocka_unit_test(refuses_headers_with_line_breaks),
		cmocka_unit_test(judges_urls),
		cmocka_unit_test(waits_longer_each_time),
		cmocka_unit_test(repeats_what_may_pass),
		cmocka_unit_test(gives_up_after_three),
		cmocka_unit_test(remembers_a_lost_answer),
		cmocka_unit_test(maps_faults),
		cmocka_unit_test(corrects_a_skewed_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
