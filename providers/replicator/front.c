#include <config.h>

#include "providers/replicator/front.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/library.h"
#include "lang/json.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/ops.h"
#include "providers/replicator/server.h"
#include "providers/replicator/sign.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	BODY_MAX = 1 << 20,
	REQUEST_MS = 20000, /* from its first line to its last byte */
	IDLE_S = 15,
	THREADS = 4,
	CONNECTIONS_MAX = 200,
	HEADERS_MAX = 64,
	HEAD_BYTES = 65536,
};

/* Its functions, without their "MHD_": see lang/base/library.h. */
#define LIBMICROHTTPD_FUNCTIONS(F)                                             \
	F(add_response_header)                                                 \
	F(create_response_from_buffer)                                         \
	F(destroy_response)                                                    \
	F(get_connection_values)                                               \
	F(get_daemon_info)                                                     \
	F(queue_response)                                                      \
	F(start_daemon)                                                        \
	F(stop_daemon)

struct libmicrohttpd {
#define MEMBER(name) __typeof__(MHD_##name) *name;
	LIBMICROHTTPD_FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct libmicrohttpd libmicrohttpd;

static int load_libmicrohttpd(struct error *err)
{
#define ENTRY(name) { "MHD_" #name, offsetof(struct libmicrohttpd, name) },
	static const struct library_function functions[] = {
		LIBMICROHTTPD_FUNCTIONS(ENTRY)
	};
#undef ENTRY
	static struct library library = {
		.file = LIBMICROHTTPD_FILE,
		.functions = functions,
		.n_functions = sizeof(functions) / sizeof(*functions),
		.pointers = &libmicrohttpd,
	};

	return library_load(&library, err);
}

static const char service[] = "dms";
static const char target_prefix[] = "AmazonDMSv20160101.";

struct front {
	struct server *server;
	struct MHD_Daemon *daemon;
};

/* One request, from its first line on. */
struct request {
	struct arena mem;
	struct str path, query; /* as they stand on the request line */
	struct buf body;
	int64_t deadline;
	bool is_begun;
	struct sign_header headers[HEADERS_MAX];
	size_t n_headers;
	bool has_too_many;
};

/* The first callback; what it returns becomes the request's context. */
static void *begin_request(void *arg, const char *uri,
			   struct MHD_Connection *connection)
{
	struct request *r = xmalloc(sizeof(*r));
	struct str rest;

	(void)arg;
	(void)connection;
	memset(r, 0, sizeof(*r));
	rest = str_dup(str_from(uri), &r->mem);
	r->path = str_cut(&rest, '?');
	r->query = rest;
	buf_init(&r->body, BODY_MAX);
	r->deadline = clock_ms() + REQUEST_MS;
	return r;
}

static void end_request(void *arg, struct MHD_Connection *connection,
			void **context, enum MHD_RequestTerminationCode code)
{
	struct request *r = *context;

	(void)arg;
	(void)connection;
	(void)code;
	if (!r)
		return;
	/* It may hold an endpoint's password. */
	buf_wipe(&r->body);
	arena_release(&r->mem);
	free(r);
	*context = NULL;
}

static enum MHD_Result take_header(void *arg, enum MHD_ValueKind kind,
				   const char *name, const char *value)
{
	struct request *r = arg;

	(void)kind;
	if (r->n_headers == HEADERS_MAX) {
		r->has_too_many = true;
		return MHD_NO;
	}
	r->headers[r->n_headers].name = str_from(name);
	r->headers[r->n_headers++].value = str_from(value);
	return MHD_YES;
}

static enum MHD_Result answer(struct MHD_Connection *connection, int status,
			      struct str body, const char *type)
{
	struct MHD_Response *response;
	enum MHD_Result rc;

	response = libmicrohttpd.create_response_from_buffer(
	    body.n, (void *)(uintptr_t)body.s, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	libmicrohttpd.add_response_header(response, "Content-Type",
					  "application/x-amz-json-1.1");
	if (type)
		libmicrohttpd.add_response_header(response, "x-amzn-ErrorType",
						  type);
	rc = libmicrohttpd.queue_response(connection, (unsigned)status,
					  response);
	libmicrohttpd.destroy_response(response);
	return rc;
}

static enum MHD_Result refuse(struct MHD_Connection *connection,
			      const struct fault *f)
{
	enum MHD_Result rc;
	struct buf b;

	buf_init(&b, 16384);
	buf_add_c(&b, "{\"__type\":");
	json_write_string(&b, str_from(f->type));
	buf_add_c(&b, ",\"message\":");
	json_write_string(&b, str_from(f->message));
	buf_add_char(&b, '}');
	rc = answer(connection, f->status, buf_str(&b), f->type);
	buf_release(&b);
	return rc;
}

static int refuse_size(struct fault *f)
{
	fault_set(f, "RequestEntityTooLargeException",
		  "The request is larger than %d bytes.", BODY_MAX);
	f->status = 413;
	return -1;
}

/*
 * What HTTP readers disagree about is refused: two lengths, chunks, two hosts.
 * The library lets them through.
 */
static int check_head(const struct request *r, struct str method,
		      struct fault *f)
{
	struct sign_request s = { .headers = r->headers,
				  .n_headers = r->n_headers };
	const struct str *length = sign_header(&s, "content-length");
	uint64_t n;

	if (!str_is(method, "POST") || !str_is(r->path, "/") || r->query.n) {
		fault_set(f, "UnknownOperationException",
			  "Only POST / is served here.");
		f->status = 404;
		return -1;
	}
	if (r->has_too_many)
		return fault_set(f, "SerializationException",
				 "More than %d headers.", HEADERS_MAX);
	for (size_t i = 0; i < r->n_headers; i++)
		if (r->headers[i].name.n == 17 &&
		    strncasecmp(r->headers[i].name.s, "transfer-encoding",
				17) == 0)
			return fault_set(f, "SerializationException",
					 "Transfer-Encoding is not accepted.");
	if (!length || !str_to_u64(*length, &n))
		return fault_set(f, "SerializationException",
				 "Exactly one Content-Length is needed.");
	if (!sign_header(&s, "host"))
		return fault_set(f, "SerializationException",
				 "Exactly one Host is needed.");
	return n > BODY_MAX ? refuse_size(f) : 0;
}

static int read_input(struct request *r, struct value *in, struct fault *f)
{
	struct str body = str_trim(buf_str(&r->body));
	struct error err = { 0 };

	if (json_read(body.n ? body : STR("{}"), &r->mem, in, &err) < 0)
		/* Not the reader's words: they may quote a password. */
		return fault_set(f, "SerializationException",
				 "The body is not a JSON document.");
	if (in->kind != VALUE_MAP)
		return fault_set(f, "SerializationException",
				 "The body must be a JSON object.");
	return 0;
}

/* The whole request is there. */
static int serve(struct server *s, struct request *r, struct str method,
		 struct buf *out, struct fault *f)
{
	struct sign_keys keys = {
		.access_key = s->config.access_key,
		.secret_key = s->config.secret_key,
		.region = s->config.region,
		.service = str_from(service),
	};
	struct sign_request request = {
		.method = method,
		.path = r->path,
		.query = r->query,
		.headers = r->headers,
		.n_headers = r->n_headers,
		.body = buf_str(&r->body),
	};
	const struct str *target = sign_header(&request, "x-amz-target");
	struct value in, result;

	if (sign_check(&request, &keys, clock_wall(), f) < 0)
		return -1;
	if (!target || !str_starts(*target, target_prefix))
		return fault_set(f, "UnknownOperationException",
				 "X-Amz-Target must begin with %s",
				 target_prefix);
	if (read_input(r, &in, f) < 0 ||
	    ops_call(s, str_skip(*target, strlen(target_prefix)), in, &r->mem,
		     &result, f) < 0) {
		server_log(s, "%.*s: %s: %s", STR_ARG(*target), f->type,
			   f->message);
		return -1;
	}
	json_write(out, result, 0);
	return 0;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **context)
{
	struct front *front = arg;
	struct request *r = *context;
	struct fault f = { 0 };
	enum MHD_Result rc;
	struct buf out;

	(void)url;
	(void)version;
	/* The library's time limit is one of silence; this one is ours. */
	if (clock_ms() > r->deadline)
		return MHD_NO;
	if (!r->is_begun) {
		r->is_begun = true;
		libmicrohttpd.get_connection_values(connection, MHD_HEADER_KIND,
						    take_header, r);
		if (check_head(r, str_from(method), &f) < 0)
			return refuse(connection, &f);
		return MHD_YES;
	}
	if (*size) {
		buf_add(&r->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (buf_is_full(&r->body)) {
		refuse_size(&f);
		return refuse(connection, &f);
	}
	buf_init(&out, 64 << 20);
	if (serve(front->server, r, str_from(method), &out, &f) < 0)
		rc = refuse(connection, &f);
	else
		rc = answer(connection, 200, buf_str(&out), NULL);
	buf_release(&out);
	return rc;
}

int front_open(struct server *s, struct front **out, int *port,
	       struct error *err)
{
	struct front *f;
	struct arena a = { 0 };
	struct sockaddr_in address = { .sin_family = AF_INET };
	const union MHD_DaemonInfo *info;

	if (load_libmicrohttpd(err) < 0)
		return -1;
	f = xmalloc(sizeof(*f));
	memset(f, 0, sizeof(*f));
	f->server = s;
	address.sin_port = htons((uint16_t)s->config.port);
	if (inet_pton(AF_INET, str_c(s->config.listen, &a),
		      &address.sin_addr) != 1) {
		arena_release(&a);
		free(f);
		return error_set(err, ERROR_INVALID,
				 "\"listen\" must be an IPv4 address");
	}
	arena_release(&a);
	f->daemon = libmicrohttpd.start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, f,
	    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
	    MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES,
	    MHD_OPTION_URI_LOG_CALLBACK, begin_request, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL, MHD_OPTION_END);
	if (!f->daemon) {
		free(f);
		return error_errno(err, "could not listen on %.*s port %d",
				   STR_ARG(s->config.listen), s->config.port);
	}
	info =
	    libmicrohttpd.get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT);
	*port = info ? info->port : s->config.port;
	*out = f;
	return 0;
}

void front_close(struct front *f)
{
	libmicrohttpd.stop_daemon(f->daemon);
	free(f);
}
