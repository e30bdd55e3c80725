#include <config.h>

#include "providers/http.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/library.h"
#include "lang/base/vec.h"

#include <curl/curl.h>

#include <pthread.h>
#include <stddef.h>

enum {
	CONNECT_MS = 5000,
	TIMEOUT_MS = 60000,
	BODY_MAX = 16 << 20,
	HEADERS_MAX = 200,
	HEADER_BYTES_MAX = 1 << 20,
	CONNECTIONS_MAX = 16, /* kept by a thread: AWS has a host a service */
};

/* libcurl's functions, without their "curl_": see lang/base/library.h. */
#define LIBCURL_FUNCTIONS(F)                                                   \
	F(easy_cleanup)                                                        \
	F(easy_getinfo)                                                        \
	F(easy_init)                                                           \
	F(easy_perform)                                                        \
	F(easy_reset)                                                          \
	F(easy_setopt)                                                         \
	F(easy_strerror)                                                       \
	F(global_init)                                                         \
	F(slist_append)                                                        \
	F(slist_free_all)

struct libcurl {
#define MEMBER(name) __typeof__(curl_##name) *name;
	LIBCURL_FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct libcurl libcurl;

static int load_libcurl(struct error *err)
{
#define ENTRY(name) { "curl_" #name, offsetof(struct libcurl, name) },
	static const struct library_function functions[] = { LIBCURL_FUNCTIONS(
	    ENTRY) };
#undef ENTRY
	static struct library library = {
		.file = LIBCURL_FILE,
		.functions = functions,
		.n_functions = sizeof(functions) / sizeof(*functions),
		.pointers = &libcurl,
	};

	return library_load(&library, err);
}

/* A handle per thread; the key's destructor closes it with its thread. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t handle_key;

static void close_handle(void *handle)
{
	libcurl.easy_cleanup(handle);
}

static void set_up(void)
{
	if (libcurl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    pthread_key_create(&handle_key, close_handle) != 0)
		BUG("libcurl cannot be set up");
}

static CURL *thread_handle(void)
{
	CURL *handle;

	pthread_once(&once, set_up);
	handle = pthread_getspecific(handle_key);
	if (!handle) {
		handle = libcurl.easy_init();
		if (!handle || pthread_setspecific(handle_key, handle) != 0)
			BUG("libcurl gives no handle");
	}
	/* Options go, connections stay. */
	libcurl.easy_reset(handle);
	return handle;
}

struct receiver {
	struct arena *arena;
	struct buf body;
	VEC(struct http_header) headers;
	size_t header_bytes;
	bool is_too_large;
	bool was_sent; /* some of the request, at least */
};

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
	struct receiver *r = data;

	buf_add(&r->body, bytes, size * n);
	if (!buf_is_full(&r->body))
		return size * n;
	r->is_too_large = true;
	return 0;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *data)
{
	struct receiver *r = data;
	struct str line = { bytes, size * n };
	struct str name;

	r->header_bytes += line.n;
	if (r->headers.n >= HEADERS_MAX || r->header_bytes > HEADER_BYTES_MAX) {
		r->is_too_large = true;
		return 0;
	}
	/* An interim answer's headers are not the answer's. */
	if (str_starts(line, "HTTP/"))
		r->headers.n = 0;
	if (str_find(line, ':') <= 0)
		return size * n;
	line = str_trim(line);
	name = str_dup(str_cut(&line, ':'), r->arena);
	for (size_t i = 0; i < name.n; i++)
		if (name.s[i] >= 'A' && name.s[i] <= 'Z')
			((char *)(uintptr_t)name.s)[i] += 'a' - 'A';
	*vec_push(&r->headers) = (struct http_header){
		name,
		str_dup(str_trim(line), r->arena),
	};
	return size * n;
}

static bool is_loopback(struct str host)
{
	struct str name = host;
	ptrdiff_t colon;

	if (str_starts(host, "[::1]"))
		return true;
	colon = str_find(name, ':');
	if (colon >= 0)
		name = str_sub(name, 0, (size_t)colon);
	if (str_is(name, "localhost"))
		return true;
	if (!str_starts(name, "127."))
		return false;
	/* Digits and dots: 127.example.org is elsewhere. */
	for (size_t i = 0; i < name.n; i++)
		if (name.s[i] != '.' && (name.s[i] < '0' || name.s[i] > '9'))
			return false;
	return true;
}

int http_url_parse(struct str url, struct http_url *out, struct error *err)
{
	struct str rest;
	size_t n = 0;

	*out = (struct http_url){ 0 };
	if (str_starts(url, "http://"))
		out->scheme = STR("http");
	else if (str_starts(url, "https://"))
		out->scheme = STR("https");
	else
		return error_set(err, ERROR_INVALID,
				 "a URL begins with http:// or https://");
	rest = str_skip(url, out->scheme.n + 3);
	for (size_t i = 0; i < rest.n; i++)
		if ((unsigned char)rest.s[i] <= ' ' || rest.s[i] == '@' ||
		    rest.s[i] == '#' || rest.s[i] == 0x7f)
			return error_set(
			    err, ERROR_INVALID,
			    "a URL cannot hold blanks, a user name "
			    "or a fragment");
	while (n < rest.n && rest.s[n] != '/' && rest.s[n] != '?')
		n++;
	out->host = str_sub(rest, 0, n);
	if (out->host.n == 0)
		return error_set(err, ERROR_INVALID, "a URL names a host");
	rest = str_skip(rest, n);
	out->path = str_cut(&rest, '?');
	out->query = rest;
	if (out->path.n == 0)
		out->path = STR("/");
	out->is_loopback = is_loopback(out->host);
	return 0;
}

static enum error_kind kind_of(CURLcode code, bool was_sent)
{
	switch ((int)code) {
	/* The request may have gone out whole: it may have been carried out. */
	case CURLE_OPERATION_TIMEDOUT:
		return was_sent ? ERROR_TIMEOUT : ERROR_UNAVAILABLE;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
		return ERROR_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return ERROR_UNAVAILABLE;
	case CURLE_PEER_FAILED_VERIFICATION:
		return ERROR_DENIED;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_SSL_CACERT_BADFILE:
		return ERROR_INVALID;
	default:
		return ERROR_FAILED;
	}
}

static struct curl_slist *add_line(struct curl_slist *list, const char *line)
{
	struct curl_slist *more = libcurl.slist_append(list, line);

	if (!more)
		BUG("libcurl is out of memory");
	return more;
}

static struct curl_slist *header_list(const struct http_request *q,
				      struct arena *a)
{
	/* Neither of them does any good here, and 100-continue costs time. */
	struct curl_slist *list = add_line(NULL, "Expect:");

	list = add_line(list, "Accept:");
	for (size_t i = 0; i < q->n_headers; i++)
		list = add_line(list, str_fmt(a, "%.*s: %.*s",
					      STR_ARG(q->headers[i].name),
					      STR_ARG(q->headers[i].value))
					  .s);
	return list;
}

static void set_method(CURL *h, const struct http_request *q)
{
	bool has_body =
	    q->body.n || str_is(q->method, "POST") || str_is(q->method, "PUT");

	if (has_body) {
		libcurl.easy_setopt(h, CURLOPT_POST, 1L);
		libcurl.easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
				    (curl_off_t)q->body.n);
		libcurl.easy_setopt(h, CURLOPT_POSTFIELDS,
				    q->body.s ? q->body.s : "");
	}
}

static CURLcode perform(const struct http_request *q, const struct http_url *u,
			struct arena *a, struct receiver *r, char *why,
			long *status)
{
	CURL *h = thread_handle();
	struct curl_slist *headers = header_list(q, a);
	CURLcode code;
	long sent = 0;

	set_method(h, q);
	libcurl.easy_setopt(h, CURLOPT_CUSTOMREQUEST, str_c(q->method, a));
	libcurl.easy_setopt(h, CURLOPT_URL, str_c(q->url, a));
	libcurl.easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	libcurl.easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	libcurl.easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	libcurl.easy_setopt(h, CURLOPT_USERAGENT, "dmsl/" PACKAGE_VERSION);
	libcurl.easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
			    (long)(q->connect_ms ? q->connect_ms : CONNECT_MS));
	libcurl.easy_setopt(h, CURLOPT_TIMEOUT_MS,
			    (long)(q->timeout_ms ? q->timeout_ms : TIMEOUT_MS));
	libcurl.easy_setopt(h, CURLOPT_ERRORBUFFER, why);
	libcurl.easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	libcurl.easy_setopt(h, CURLOPT_WRITEDATA, r);
	libcurl.easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	libcurl.easy_setopt(h, CURLOPT_HEADERDATA, r);
	libcurl.easy_setopt(h, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
	libcurl.easy_setopt(h, CURLOPT_FRESH_CONNECT, (long)q->is_once);
	libcurl.easy_setopt(h, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	if (u->is_loopback || q->is_direct)
		libcurl.easy_setopt(h, CURLOPT_PROXY, "");
	if (q->ca_file.n)
		libcurl.easy_setopt(h, CURLOPT_CAINFO, str_c(q->ca_file, a));
	code = libcurl.easy_perform(h);
	libcurl.easy_getinfo(h, CURLINFO_RESPONSE_CODE, status);
	libcurl.easy_getinfo(h, CURLINFO_REQUEST_SIZE, &sent);
	r->was_sent = sent > 0;
	/* The handle outlives what it was pointed to. */
	libcurl.easy_reset(h);
	libcurl.slist_free_all(headers);
	return code;
}

static int fail(const struct http_request *q, const struct http_url *u,
		const struct receiver *r, CURLcode code, const char *why,
		struct error *err)
{
	if (r->is_too_large)
		error_set(err, ERROR_QUOTA, "the answer is too large");
	else
		error_set(err, kind_of(code, r->was_sent), "%s",
			  why[0] ? why : libcurl.easy_strerror(code));
	return error_add(err, "%.*s %.*s://%.*s%.*s", STR_ARG(q->method),
			 STR_ARG(u->scheme), STR_ARG(u->host),
			 STR_ARG(u->path));
}

/* A line break in a value would begin a header of its own. */
static int check_headers(const struct http_request *q, struct error *err)
{
	for (size_t i = 0; i < q->n_headers; i++) {
		const struct http_header *h = &q->headers[i];

		for (size_t k = 0; k < h->value.n; k++)
			if ((unsigned char)h->value.s[k] < ' ' &&
			    h->value.s[k] != '\t')
				return error_set(err, ERROR_INVALID,
						 "the header %.*s would hold a "
						 "control character",
						 STR_ARG(h->name));
	}
	return 0;
}

int http_send(const struct http_request *q, struct arena *a,
	      struct http_response *out, struct error *err)
{
	struct receiver r = { .arena = a };
	char why[CURL_ERROR_SIZE] = "";
	struct http_url u;
	long status = 0;
	CURLcode code;
	int result = 0;

	*out = (struct http_response){ 0 };
	if (http_url_parse(q->url, &u, err) < 0)
		return -1;
	if (check_headers(q, err) < 0 || load_libcurl(err) < 0)
		return -1;
	buf_init(&r.body, q->max ? q->max : BODY_MAX);
	code = perform(q, &u, a, &r, why, &status);
	if (code != CURLE_OK) {
		result = fail(q, &u, &r, code, why, err);
		vec_release(&r.headers);
	} else {
		out->status = (int)status;
		out->n_headers = r.headers.n;
		out->headers = vec_take(&r.headers, a);
		out->body = str_dup(buf_str(&r.body), a);
	}
	buf_wipe(&r.body);
	return result;
}

struct str http_header(const struct http_response *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (str_is(r->headers[i].name, name))
			return r->headers[i].value;
	return (struct str){ "", 0 };
}
