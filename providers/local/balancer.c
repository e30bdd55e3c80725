#include <config.h>

#include "providers/local/balancer.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/map.h"
#include "lang/json.h"
#include "lang/value.h"
#include "providers/local/model.h"
#include "providers/local/network.h"
#include "providers/local/process.h"
#include "providers/local/server.h"
#include "providers/local/stack.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * path/haproxy.cfg is what HAProxy should run, path/haproxy.live what it was
 * last seen to run. Both begin with a line "# generation G"; the same G stands
 * in HAProxy's description, which its statistics socket tells. So after a crash
 * at any point the next pass sees whether the file was loaded.
 *
 * Listeners of the live file are HAProxy's own. Every other one is tried with
 * bind() first: HAProxy stops all listeners for seconds when an address is
 * taken at a reload.
 */

enum {
	CONFIG_MAX = 16 << 20,
	UP_MS = 20000,
	AGAIN_MS = 1000,
	CHECK_MS = 20000,
	NOTE_MS = 2000,
	BIND_MS = 3000,
	CONNECTIONS = 2000,
};

struct balancer {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	uint64_t wanted, done; /* passes asked for, passes made */
	bool is_busy;
	int result; /* of the last pass */
	struct error error;
};

struct balancer *balancer_open(void)
{
	struct balancer *b = xmalloc(sizeof(*b));

	memset(b, 0, sizeof(*b));
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->turn, NULL);
	return b;
}

void balancer_close(struct balancer *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->turn);
	free(b);
}

static int connections(void)
{
	struct rlimit limit;
	int n = CONNECTIONS;

	/* Two descriptors each, and each passes twice: endpoint, balancer. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_max != RLIM_INFINITY && limit.rlim_max < 5000)
		n = limit.rlim_max > 400 ? (int)(limit.rlim_max - 200) / 2 : 50;
	return n;
}

/* The part that decides: the same records give the same text. */
static void write_body(const struct local *l, const struct model *m,
		       struct arena *a, struct buf *b)
{
	buf_fmt(b,
		"global\n"
		"\tnbthread 1\n"
		"\tmaxconn %d\n"
		"\thard-stop-after 24h\n"
		/*
		 * Else a second HAProxy of the same account could share an
		 * address, and get half of its connections.
		 */
		"\tnoreuseport\n"
		"\tstats socket %s mode 600 level admin expose-fd listeners\n"
		"defaults\n"
		"\tmode tcp\n"
		"\ttimeout connect 10s\n"
		"\ttimeout client 7d\n"
		"\ttimeout server 7d\n"
		"\toption clitcpka\n"
		"\toption srvtcpka\n",
		connections(), stack_path(l, a, "path/stats.sock"));
	for (size_t i = 0; i < m->n_numbers; i++)
		buf_fmt(b,
			"listen network_%d\n"
			"\tbind 127.%d.255.254:%d\n"
			"\ttcp-request connection reject\n",
			m->numbers[i], 16 + m->numbers[i], NETWORK_PORT);
	for (size_t i = 0; i < m->n_routes; i++) {
		const struct route *r = &m->routes[i];

		if (!r->n_from)
			continue;
		buf_fmt(b, "listen %.*s\n", STR_ARG(r->name));
		for (size_t k = 0; k < r->n_from; k++)
			buf_fmt(b, "\tbind %.*s:%d\n", STR_ARG(r->from[k]),
				r->port);
		for (size_t k = 0; k < r->n_to; k++)
			buf_fmt(b, "\tserver s%zu %.*s:%d\n", k,
				STR_ARG(r->to[k]), r->to_port);
		/* Without a target, a connection is closed at once. */
		if (!r->n_to)
			buf_add_c(b, "\ttcp-request connection reject\n");
	}
}

static struct str read_file(const struct local *l, const char *name,
			    struct arena *a)
{
	struct str text = { 0 };
	struct error none;

	stack_enter(l);
	if (file_read(stack_path(l, a, "path/%s", name), CONFIG_MAX, a, &text,
		      &none) < 0)
		text = (struct str){ 0 };
	stack_leave(l);
	return text;
}

/* Cuts "# generation G\n" off; empty when the text does not begin so. */
static struct str cut_generation(struct str *text)
{
	static const char head[] = "# generation ";
	struct str line;

	if (!str_starts(*text, head))
		return (struct str){ 0 };
	line = str_cut(text, '\n');
	return str_skip(line, sizeof(head) - 1);
}

/*
 * What the statistics socket answers to a command, or empty. As the account:
 * the socket is its file.
 */
static struct str ask(const struct local *l, const char *command,
		      struct arena *a)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = 2 };
	char text[4096];
	struct buf b;
	struct str answer;
	ssize_t n = 0;
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return (struct str){ 0 };
	snprintf(at.sun_path, sizeof(at.sun_path), "%s",
		 stack_path(l, a, "path/stats.sock"));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	stack_enter(l);
	rc = connect(fd, (struct sockaddr *)&at, sizeof(at));
	stack_leave(l);
	buf_init(&b, 65536);
	if (rc == 0 && send(fd, command, strlen(command), MSG_NOSIGNAL) > 0)
		while ((n = recv(fd, text, sizeof(text), 0)) > 0)
			buf_add(&b, text, (size_t)n);
	close(fd);
	answer = str_dup(buf_str(&b), a);
	buf_release(&b);
	return answer;
}

/* The generation that runs; empty when nothing does. */
static struct str running(const struct local *l, struct arena *a)
{
	struct process p;
	struct str text;

	if (!process_find(l, "haproxy", &p))
		return (struct str){ 0 };
	text = ask(l, "show info\n", a);
	while (text.n) {
		struct str line = str_cut(&text, '\n');

		if (str_starts(line, "description: "))
			return str_trim(str_skip(line, 13));
	}
	return (struct str){ 0 };
}

bool balancer_is_up(const struct local *l)
{
	struct arena a = { 0 };
	struct str text, generation;
	bool is_up;

	if (!l->folder)
		return false;
	text = read_file(l, "haproxy.cfg", &a);
	generation = cut_generation(&text);
	is_up = generation.n && str_eq(running(l, &a), generation);
	arena_release(&a);
	return is_up;
}

/* The set of addresses that a configuration binds. */
static void binds_of(struct str text, struct map *out)
{
	while (text.n) {
		struct str line = str_trim(str_cut(&text, '\n'));

		if (str_starts(line, "bind "))
			map_put(out, str_skip(line, 5), (void *)(uintptr_t)1);
	}
}

/*
 * What HAProxy has loaded: what was noted, or else the file that a run was
 * killed over before it noted that. A reload takes a moment to be seen.
 */
static struct str loaded(const struct local *l, struct arena *a)
{
	int64_t end = clock_ms() + NOTE_MS;
	struct str live = read_file(l, "haproxy.live", a);
	struct str wanted = read_file(l, "haproxy.cfg", a);
	struct str rest = wanted;
	struct str generation = cut_generation(&rest);

	while (generation.n && !str_eq(live, wanted) && clock_ms() < end) {
		if (str_eq(running(l, a), generation))
			return wanted;
		clock_sleep_ms(20);
	}
	return live;
}

bool balancer_holds(const struct local *l, const char *bind)
{
	struct arena a = { 0 };
	struct map live = { 0 };
	struct process p;
	bool holds = false;

	if (l->folder && process_find(l, "haproxy", &p)) {
		binds_of(loaded(l, &a), &live);
		holds = map_has(&live, str_from(bind));
	}
	map_release(&live);
	arena_release(&a);
	return holds;
}

/* Tries those that are not HAProxy's already. */
static int test_binds(struct str wanted, struct str live, struct error *err)
{
	struct map now = { 0 }, then = { 0 };
	int64_t end = clock_ms() + BIND_MS;
	int rc = 0;

	binds_of(live, &now);
	binds_of(wanted, &then);
	for (size_t i = 0; i < then.n && rc == 0; i++) {
		struct str port = then.entries[i].key;
		struct str ip;
		uint64_t n = 0;

		if (map_has(&now, port))
			continue;
		ip = str_cut(&port, ':');
		str_to_u64(port, &n);
		/* A worker that is just ending lets go in a moment. */
		while ((rc = network_test(ip, (int)n, err)) < 0 &&
		       err->kind == ERROR_CONFLICT && clock_ms() < end)
			clock_sleep_ms(20);
	}
	map_release(&now);
	map_release(&then);
	return rc;
}

static const char *find_haproxy(struct arena *a, struct error *err)
{
	static const char *const folders[] = { "/usr/sbin", "/usr/local/sbin",
					       NULL };
	const char *path = process_program("haproxy", folders, a);

	if (!path) {
		error_set(err, ERROR_FAILED,
			  "HAProxy is not installed on this machine");
		error_hint(err, "Install the Debian package haproxy.");
	}
	return path;
}

static int check_config(const struct local *l, const char *haproxy,
			const char *path, struct arena *a, struct error *err)
{
	const char *argv[] = { "haproxy", "-c", "-q", "-f", path, NULL };
	struct program p = {
		.path = haproxy,
		.argv = argv,
		.folder = stack_path(l, a, "path"),
	};
	struct buf output;
	int status, rc;

	buf_init(&output, 2000);
	rc = process_run(l, &p, CHECK_MS, &output, &status, err);
	if (rc == 0 && status) {
		for (size_t i = 0; i < output.len; i++)
			if (output.data[i] == '\n')
				output.data[i] = ' ';
		rc = error_set(err, ERROR_FAILED,
			       "HAProxy refuses its configuration: %.*s",
			       STR_ARG(str_sub(buf_str(&output), 0, 500)));
	}
	buf_release(&output);
	return rc;
}

static int start(const struct local *l, const char *haproxy, struct arena *a,
		 struct error *err)
{
	const char *argv[] = { "haproxy", "-W", "-f",
			       stack_path(l, a, "path/haproxy.cfg"), NULL };
	struct program p = {
		.path = haproxy,
		.argv = argv,
		.folder = stack_path(l, a, "path"),
	};
	struct process started;

	return process_start(l, "haproxy", &p, &started, err);
}

/*
 * The master loses a request to reload that comes while it is becoming itself
 * again after the last one, though its new worker answers already: it is asked
 * again, and reads the same file.
 */
static int wait_up(const struct local *l, struct str generation, bool reloads,
		   struct error *err)
{
	int64_t end = clock_ms() + UP_MS, again = clock_ms() + AGAIN_MS;
	struct process p;

	for (;;) {
		struct arena a = { 0 };
		bool is_up = str_eq(running(l, &a), generation);
		struct str tail;

		arena_release(&a);
		if (is_up)
			return 0;
		if (process_find(l, "haproxy", &p) && clock_ms() < end) {
			if (reloads && clock_ms() >= again) {
				process_signal(&p, SIGUSR2);
				again = clock_ms() + AGAIN_MS;
			}
			clock_sleep_ms(5);
			continue;
		}
		tail = process_log_tail(l, "haproxy", &a);
		error_set(err, ERROR_UNAVAILABLE,
			  "HAProxy did not take over its configuration: %.*s",
			  STR_ARG(tail.n > 500 ? str_skip(tail, tail.n - 500)
					       : tail));
		arena_release(&a);
		return -1;
	}
}

static int write_file(const struct local *l, const char *name, struct str text,
		      struct arena *a, struct error *err)
{
	int rc;

	stack_enter(l);
	rc = file_replace(stack_path(l, a, "path/%s", name), text, 0600, err);
	stack_leave(l);
	return rc;
}

/* HAProxy, with this text, from whatever state it is in. */
static int load(struct local *l, struct str generation, struct str text,
		struct arena *a, struct error *err)
{
	const char *haproxy = find_haproxy(a, err);
	struct process p;
	struct str live;
	bool is_running;
	int rc;

	if (!haproxy)
		return -1;
	if (write_file(l, "haproxy.new", text, a, err) < 0 ||
	    check_config(l, haproxy, stack_path(l, a, "path/haproxy.new"), a,
			 err) < 0)
		return -1;
	is_running = process_find(l, "haproxy", &p);
	live = is_running ? loaded(l, a) : (struct str){ 0 };
	/* From here to the end nobody else takes a network number. */
	if (network_hand_over(l, err) < 0)
		return -1;
	rc = test_binds(text, live, err);
	if (rc == 0)
		rc = write_file(l, "haproxy.cfg", text, a, err);
	if (rc == 0 && is_running)
		rc = process_signal(&p, SIGUSR2)
			 ? 0
			 : error_set(err, ERROR_UNAVAILABLE,
				     "HAProxy has just ended");
	else if (rc == 0)
		rc = start(l, haproxy, a, err);
	if (rc == 0)
		rc = wait_up(l, generation, is_running, err);
	if (rc == 0)
		rc = write_file(l, "haproxy.live", text, a, err);
	network_handed_over(l);
	return rc;
}

static int write_routes(const struct local *l, const struct model *m,
			struct arena *a, struct error *err)
{
	struct value_entry *entries =
	    arena_new(a, struct value_entry, m->n_names + 1);
	char *path = stack_path(l, a, "routes.json");
	struct str had = { 0 };
	struct error none;
	struct buf b;
	int rc = 0;

	for (size_t i = 0; i < m->n_names; i++)
		entries[i] =
		    (struct value_entry){ m->names[i].name,
					  value_str(m->names[i].address) };
	buf_init(&b, CONFIG_MAX);
	json_write(&b, value_map(entries, m->n_names, a), JSON_INDENT);
	buf_add_char(&b, '\n');
	if (file_read(path, CONFIG_MAX, a, &had, &none) < 0 ||
	    !str_eq(had, buf_str(&b)))
		rc = file_replace(path, buf_str(&b), 0644, err);
	buf_release(&b);
	return rc;
}

/* Certificates go first: whoever gets through must find the name there. */
static int certify(struct local *l, const struct model *m, struct arena *a,
		   struct error *err)
{
	for (size_t i = 0; i < m->n_reaches; i++) {
		const struct reach *r = &m->reaches[i];
		struct server s;

		server_init(l, r->cluster, a, &s);
		if (!r->address.n || !server_exists(l, &s))
			continue;
		if (server_certify(l, &s, r->names, r->n_names, err) < 0)
			return -1;
	}
	return 0;
}

static int pass(struct local *l, struct error *err)
{
	struct arena a = { 0 };
	struct model m;
	struct str had, generation;
	struct buf body, text;
	int rc = -1, lock;

	buf_init(&body, CONFIG_MAX);
	buf_init(&text, CONFIG_MAX);
	process_trim_log(l, "haproxy");
	lock = stack_lock(l, err);
	if (lock < 0 || model_build(l, &a, &m, err) < 0 ||
	    certify(l, &m, &a, err) < 0 || write_routes(l, &m, &a, err) < 0)
		goto out;
	if (!m.n_numbers && !m.n_routes) {
		rc = process_stop(l, "haproxy", SIGTERM, SIGTERM, 3000, err);
		goto out;
	}
	write_body(l, &m, &a, &body);
	had = read_file(l, "haproxy.cfg", &a);
	generation = cut_generation(&had);
	/* Behind the head: the line of the description, then the body. */
	str_cut(&had, '\n');
	str_cut(&had, '\n');
	if (generation.n && str_eq(had, buf_str(&body)) &&
	    str_eq(running(l, &a), generation)) {
		rc = 0;
		goto out;
	}
	generation = str_fmt(&a, "%llx", (unsigned long long)clock_us());
	buf_fmt(&text, "# generation %.*s\nglobal\n\tdescription %.*s\n",
		STR_ARG(generation), STR_ARG(generation));
	buf_add_str(&text, buf_str(&body));
	if (buf_is_full(&text))
		rc = error_set(err, ERROR_QUOTA,
			       "the paths of the stack are too many");
	else
		rc = load(l, generation, buf_str(&text), &a, err);
out:
	stack_unlock(lock);
	buf_release(&body);
	buf_release(&text);
	arena_release(&a);
	return rc < 0 ? error_add(err, "setting up the stack's paths") : 0;
}

int balancer_sync(struct local *l, struct error *err)
{
	struct balancer *b = l->balancer;
	uint64_t mine, round;
	int rc;

	if (stack_make(l, err) < 0)
		return -1;
	pthread_mutex_lock(&b->lock);
	mine = ++b->wanted;
	while (b->is_busy && b->done < mine)
		pthread_cond_wait(&b->turn, &b->lock);
	if (b->done < mine) {
		/* One pass for all who have asked until now. */
		b->is_busy = true;
		round = b->wanted;
		pthread_mutex_unlock(&b->lock);
		rc = pass(l, err);
		pthread_mutex_lock(&b->lock);
		b->is_busy = false;
		b->done = round;
		b->result = rc;
		if (rc < 0)
			b->error = *err;
		pthread_cond_broadcast(&b->turn);
	} else {
		rc = b->result;
		if (rc < 0)
			*err = b->error;
	}
	pthread_mutex_unlock(&b->lock);
	return rc;
}

int balancer_stop(struct local *l, struct error *err)
{
	return process_stop(l, "haproxy", SIGTERM, SIGTERM, 5000, err);
}

int balancer_names(const struct local *l, struct str address, struct arena *a,
		   struct str **names, size_t *n, struct error *err)
{
	struct model m;

	*names = NULL;
	*n = 0;
	if (model_build(l, a, &m, err) < 0)
		return -1;
	for (size_t i = 0; i < m.n_reaches; i++) {
		if (!str_eq(m.reaches[i].address, address))
			continue;
		*names = m.reaches[i].names;
		*n = m.reaches[i].n_names;
	}
	return 0;
}
