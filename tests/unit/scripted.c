#include <config.h>

#include "tests/unit/scripted.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUEST_MAX = 1 << 20 };

struct scripted {
	const struct scripted_step *script;
	int listener, wake[2];
	atomic_int at, connections;
	int times; /* that the step was played */
	char url[64];
	char *failure; /* what differed first */
	pthread_t thread;
};

static bool is_end(const struct scripted_step *s)
{
	return !s->target && !s->body && !s->request && !s->absent &&
	       !s->status && !s->answer && !s->make && !s->times &&
	       s->how == SCRIPT_ANSWER;
}

static void note(struct scripted *s, const char *what, const char *wanted,
		 const char *got)
{
	size_t n = strlen(what) + strlen(wanted) + strlen(got) + 100;

	if (s->failure)
		return;
	s->failure = malloc(n);
	snprintf(s->failure, n, "step %d: %s differs\n wanted %s\n    got %s",
		 atomic_load(&s->at) + 1, what, wanted, got);
}

/* Waits for input; false when the server is to stop. */
static bool can_read(struct scripted *s, int fd)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = s->wake[0], .events = POLLIN } };

	return poll(p, 2, 20000) > 0 && !p[1].revents;
}

/* A whole request, NUL at its end; the body starts at *body. */
static char *read_request(struct scripted *s, int fd, char **body)
{
	char *text = calloc(1, REQUEST_MAX);
	size_t n = 0, wanted = SIZE_MAX;

	while (n < wanted && n < REQUEST_MAX - 1) {
		ssize_t got;
		char *length;

		if (!can_read(s, fd))
			break;
		got = read(fd, text + n, REQUEST_MAX - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		*body = strstr(text, "\r\n\r\n");
		if (!*body)
			continue;
		*body += 4;
		length = strcasestr(text, "\r\ncontent-length:");
		wanted = (size_t)(*body - text);
		if (length)
			wanted += strtoul(length + 17, NULL, 10);
	}
	if (n == wanted)
		return text;
	free(text);
	return NULL;
}

/* "AmazonDMSv20160101.DescribeEndpoints" or "Action=DescribeVpcs". */
static void operation_of(const char *request, const char *body,
			 char target[100])
{
	static const char name[] = "x-amz-target: ";
	const char *at = strcasestr(request, name);

	target[0] = '\0';
	if (at && (at = strchr(at + sizeof(name) - 1, '.')))
		sscanf(at + 1, "%99[A-Za-z]", target);
	else if (strncmp(body, "Action=", 7) == 0)
		sscanf(body + 7, "%99[A-Za-z]", target);
	else
		sscanf(request, "POST /%99[A-Za-z]", target);
}

static void check(struct scripted *s, const struct scripted_step *step,
		  const char *request, const char *body)
{
	char target[100];

	operation_of(request, body, target);
	if (step->target && strcmp(step->target, target) != 0)
		note(s, "operation", step->target, target);
	else if (step->body && strcmp(step->body, body) != 0)
		note(s, "body", step->body, body);
	else if (step->request && !strcasestr(request, step->request))
		note(s, "request", step->request, request);
	else if (step->absent && strcasestr(request, step->absent))
		note(s, "request", "without", step->absent);
	else if (step->target && !step->absent &&
		 !strcasestr(request, "authorization: AWS4-HMAC-SHA256 "
				      "Credential=AKIDEXAMPLE/"))
		note(s, "authorization", "a signature", request);
}

static void send_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		n -= (size_t)sent;
	}
}

static void answer(int fd, const struct scripted_step *step,
		   const char *request_body)
{
	const char *body = step->answer ? step->answer : "{}";
	char head[1024];
	struct buf made;
	size_t length;
	int n;

	buf_init(&made, 64 << 20);
	if (step->make) {
		step->make(request_body, &made);
		body = made.data;
	}
	length = strlen(body);
	n = snprintf(head, sizeof(head),
		     "HTTP/1.1 %d Scripted\r\n"
		     "Content-Type: application/x-amz-json-1.1\r\n"
		     "%s%sContent-Length: %zu\r\n\r\n",
		     step->status ? step->status : 200,
		     step->keeps_alive ? "" : "Connection: close\r\n",
		     step->headers ? step->headers : "", length);
	send_all(fd, head, (size_t)n);
	send_all(fd, body, step->how == SCRIPT_PART ? length / 2 : length);
	buf_release(&made);
}

static void reset(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* One request; whether the connection stays. */
static bool serve(struct scripted *s, int fd)
{
	const struct scripted_step *step = &s->script[atomic_load(&s->at)];
	char *body = NULL;
	char *request = read_request(s, fd, &body);
	bool stays = false;

	if (!request)
		return false;
	if (is_end(step)) {
		note(s, "script", "no more requests", request);
	} else {
		check(s, step, request, body);
		if (++s->times >= step->times) {
			s->times = 0;
			atomic_fetch_add(&s->at, 1);
		}
		clock_sleep_ms(step->delay_ms);
		if (step->how == SCRIPT_HANG)
			can_read(s, fd);
		else if (step->how == SCRIPT_RESET)
			reset(fd);
		else if (step->how != SCRIPT_CUT)
			answer(fd, step, body);
		stays = step->keeps_alive && step->how == SCRIPT_ANSWER;
	}
	free(request);
	return stays;
}

/* The next connection that has something to say; -1: none, stop. */
static int next_client(struct scripted *s, int *kept)
{
	struct pollfd p[3] = { { .fd = s->wake[0], .events = POLLIN },
			       { .fd = *kept, .events = POLLIN },
			       { .fd = s->listener, .events = POLLIN } };
	int fd;

	if (poll(p, 3, 20000) <= 0 || p[0].revents)
		return -1;
	if (p[1].revents) {
		fd = *kept;
		*kept = -1;
		return fd;
	}
	fd = accept(s->listener, NULL, NULL);
	/* Head and body are two pieces; the second is not to wait. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	atomic_fetch_add(&s->connections, 1);
	return fd;
}

static void *run(void *data)
{
	struct scripted *s = data;
	int fd, kept = -1;

	while ((fd = next_client(s, &kept)) >= 0) {
		if (!serve(s, fd)) {
			close(fd);
			continue;
		}
		if (kept >= 0)
			close(kept);
		kept = fd;
	}
	if (kept >= 0)
		close(kept);
	return NULL;
}

struct scripted *scripted_start(const struct scripted_step *script)
{
	struct scripted *s = calloc(1, sizeof(*s));
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);

	s->script = script;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s->listener, (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->listener, 10), 0);
	assert_int_equal(getsockname(s->listener, (void *)&at, &size), 0);
	assert_int_equal(pipe(s->wake), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d",
		 ntohs(at.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
	return s;
}

const char *scripted_url(const struct scripted *s)
{
	return s->url;
}

int scripted_played(const struct scripted *s)
{
	return atomic_load(&s->at);
}

int scripted_connections(const struct scripted *s)
{
	return atomic_load(&s->connections);
}

void scripted_stop(struct scripted *s)
{
	const struct scripted_step *next;
	char *failure;

	assert_int_equal(write(s->wake[1], "x", 1), 1);
	pthread_join(s->thread, NULL);
	next = &s->script[atomic_load(&s->at)];
	if (!is_end(next))
		note(s, "script", next->target ? next->target : "a request",
		     "nothing");
	close(s->listener);
	close(s->wake[0]);
	close(s->wake[1]);
	failure = s->failure;
	free(s);
	if (failure)
		print_error("%s\n", failure);
	assert_null(failure);
}
