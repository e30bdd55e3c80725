#include <config.h>

#include "providers/replicator/replicator.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/replicator/front.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/route.h"
#include "providers/replicator/run.h"
#include "providers/replicator/server.h"

#include <openssl/rand.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CONFIG_MAX = 65536, LINE_MAX_BYTES = 8192, LOG_MAX = 16 << 20 };

int64_t server_time_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Keeps one earlier file; without room for it the log just goes on. */
static void rotate_log(struct server *s)
{
	struct arena a = { 0 };
	char *path = str_c(
	    str_fmt(&a, "%.*s/replicator.log", STR_ARG(s->config.folder)), &a);
	char *old = str_c(str_fmt(&a, "%s.1", path), &a);
	FILE *fresh;

	if (rename(path, old) == 0 && (fresh = fopen(path, "ae"))) {
		fclose(s->log);
		s->log = fresh;
	}
	arena_release(&a);
}

void server_log(struct server *s, const char *format, ...)
{
	int64_t now = server_time_ms();
	time_t seconds = (time_t)(now / 1000);
	struct tm parts;
	char date[32];
	struct buf line;
	va_list args;

	buf_init(&line, LINE_MAX_BYTES);
	va_start(args, format);
	buf_vfmt(&line, format, args);
	va_end(args);
	/* One line, whatever a name holds. */
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.data[i] < ' ')
			line.data[i] = ' ';
	gmtime_r(&seconds, &parts);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
	pthread_mutex_lock(&s->log_lock);
	fprintf(s->log, "%s.%03dZ %s\n", date, (int)(now % 1000), line.data);
	fflush(s->log);
	if (ftell(s->log) > LOG_MAX)
		rotate_log(s);
	pthread_mutex_unlock(&s->log_lock);
	buf_release(&line);
}

struct str server_arn(const struct server *s, const char *kind, struct str id,
		      struct arena *a)
{
	return str_fmt(a, "arn:aws:dms:%.*s:%.*s:%s:%.*s",
		       STR_ARG(s->config.region), STR_ARG(s->config.account),
		       kind, STR_ARG(id));
}

struct str server_new_id(struct arena *a)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	enum { ID_SIZE = 26 };
	unsigned char bytes[ID_SIZE];
	char *id = arena_new(a, char, ID_SIZE + 1);

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		BUG("there are no random numbers");
	for (int i = 0; i < ID_SIZE; i++)
		id[i] = digits[bytes[i] % 32];
	/* A letter first, as identifiers must have. */
	id[0] = digits[bytes[0] % 26];
	return (struct str){ id, ID_SIZE };
}

/* --- configuration --- */

static int read_key(struct str hex, unsigned char *key, struct error *err)
{
	bool is_good = hex.n == 2 * VAULT_KEY_SIZE;

	for (size_t i = 0; is_good && i < hex.n; i++) {
		char c = hex.s[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		is_good = digit >= 0;
		key[i / 2] = (unsigned char)(key[i / 2] << 4 | (digit & 15));
	}
	if (!is_good)
		return error_set(err, ERROR_INVALID,
				 "\"vault_key\" must have %d hex digits",
				 2 * VAULT_KEY_SIZE);
	return 0;
}

static int need_text(struct value v, const char *name, struct str *out,
		     struct arena *a, struct error *err)
{
	*out = str_dup(value_text(v, name), a);
	if (out->n == 0)
		return error_set(err, ERROR_INVALID,
				 "the configuration lacks \"%s\"", name);
	return 0;
}

/*
 * By the descriptor, not as /dev/stdin: opening that again is refused to an
 * unprivileged account where the pipe is root's.
 */
static int read_input(struct arena *a, struct str *out, struct error *err)
{
	char *text = arena_new(a, char, CONFIG_MAX + 1);
	size_t n = 0;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, text + n, CONFIG_MAX + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err,
					   "could not read standard input");
		n += (size_t)got;
		if (n > CONFIG_MAX)
			return error_set(err, ERROR_INVALID,
					 "more than %d bytes", CONFIG_MAX);
		if (got == 0)
			break;
	}
	*out = (struct str){ text, n };
	return 0;
}

static int read_config(struct config *c, struct arena *a, struct error *err)
{
	struct value v;
	struct str text;
	int64_t port;

	if (read_input(a, &text, err) < 0)
		return error_add(err, "configuration");
	if (json_read(text, a, &v, err) < 0 || v.kind != VALUE_MAP)
		/* The reader's words may quote a secret. */
		return error_set(err, ERROR_INVALID,
				 "standard input must be one JSON object");
	if (need_text(v, "listen", &c->listen, a, err) < 0 ||
	    need_text(v, "folder", &c->folder, a, err) < 0 ||
	    need_text(v, "access_key", &c->access_key, a, err) < 0 ||
	    need_text(v, "secret_key", &c->secret_key, a, err) < 0 ||
	    need_text(v, "region", &c->region, a, err) < 0 ||
	    need_text(v, "account", &c->account, a, err) < 0 ||
	    need_text(v, "vault", &c->vault, a, err) < 0 ||
	    read_key(value_text(v, "vault_key"), c->vault_key, err) < 0)
		return -1;
	c->routes_file = str_dup(value_text(v, "routes_file"), a);
	c->ca_file = str_dup(value_text(v, "ca_file"), a);
	port = value_number(v, "port", 0);
	if (port < 0 || port > 65535)
		return error_set(err, ERROR_INVALID,
				 "\"port\" must be between 0 and 65535");
	c->port = (int)port;
	return 0;
}

/* --- starting --- */

static char *path_in(const struct server *s, const char *name, struct arena *a)
{
	return str_c(str_fmt(a, "%.*s/%s", STR_ARG(s->config.folder), name), a);
}

/* Held until the process ends; children cannot inherit it. */
static int lock_folder(struct server *s, struct arena *a, struct error *err)
{
	char *path = path_in(s, "lock", a);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, "could not open \"%s\"", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	close(fd);
	if (errno == EWOULDBLOCK)
		return error_set(err, ERROR_CONFLICT,
				 "another replication server runs in \"%.*s\"",
				 STR_ARG(s->config.folder));
	return error_errno(err, "could not lock \"%s\"", path);
}

static int open_log(struct server *s, struct arena *a, struct error *err)
{
	char *path = path_in(s, "replicator.log", a);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	pthread_mutex_init(&s->log_lock, NULL);
	s->log = fd < 0 ? NULL : fdopen(fd, "a");
	if (!s->log)
		return error_errno(err, "could not open \"%s\"", path);
	return 0;
}

/* Passwords of endpoints that a kill kept from being noted, or from going. */
static void remove_stray_secrets(struct server *s, struct arena *a)
{
	static const char suffix[] = ".secret";
	char *folder = route_secret_folder(s, a);
	DIR *dir = opendir(folder);
	struct error err = { 0 };
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct str name = str_from(e->d_name);
		struct str arn;

		if (!str_ends(name, suffix))
			continue;
		name.n -= sizeof(suffix) - 1;
		arn = server_arn(s, "endpoint", name, a);
		if (book_find(&s->book, BOOK_ENDPOINT, "EndpointArn", arn))
			continue;
		server_log(s, "removing the password of an endpoint that does "
			      "not exist");
		if (vault_remove(folder, name, &err) < 0)
			server_log(s, "%s", err.message);
	}
	if (dir)
		closedir(dir);
}

static int prepare(struct server *s, struct arena *a, struct error *err)
{
	if (file_make_folders(path_in(s, "tasks", a), 0700, err) < 0 ||
	    lock_folder(s, a, err) < 0 || open_log(s, a, err) < 0 ||
	    book_open(&s->book, path_in(s, "state.json", a), err) < 0)
		return -1;
	s->runs = runs_open(s);
	remove_stray_secrets(s, a);
	runs_recover(s->runs);
	return 0;
}

static int tell_ready(struct server *s, int port, struct arena *a,
		      struct error *err)
{
	struct obj o = { .n = 0 };
	struct buf b;
	int rc;

	obj_int(&o, "pid", getpid());
	obj_time(&o, "started", server_time_ms(), a);
	obj_str(&o, "url",
		str_fmt(a, "http://%.*s:%d", STR_ARG(s->config.listen), port));
	buf_init(&b, 4096);
	json_write(&b, obj_done(&o, a), JSON_INDENT);
	buf_add_char(&b, '\n');
	rc = file_replace(path_in(s, "replicator.json", a), buf_str(&b), 0600,
			  err);
	buf_release(&b);
	return rc;
}

/* Signals are taken by sigwait() alone: blocked in every thread. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static int serve(struct server *s, struct arena *a, struct error *err)
{
	struct front *front;
	sigset_t set;
	int signal_number;
	int port;

	block_signals(&set);
	if (prepare(s, a, err) < 0 || front_open(s, &front, &port, err) < 0)
		return -1;
	if (tell_ready(s, port, a, err) < 0)
		return -1;
	server_log(s, "ready on %.*s port %d", STR_ARG(s->config.listen), port);
	sigwait(&set, &signal_number);
	server_log(s, "ending");
	unlink(path_in(s, "replicator.json", a));
	runs_end(s->runs);
	front_close(front);
	server_log(s, "ended");
	return 0;
}

int replicator_main(int argc, char **argv)
{
	struct arena a = { 0 };
	struct server s = { 0 };
	struct error err = { 0 };

	if (argc > 1) {
		fprintf(stderr,
			"dmsl replicator: unexpected argument \"%s\"; the "
			"configuration comes as JSON on standard input\n",
			argv[1]);
		return 64;
	}
	umask(077);
	if (read_config(&s.config, &a, &err) < 0 || serve(&s, &a, &err) < 0) {
		if (s.log)
			server_log(&s, "%s", err.message);
		fprintf(stderr, "dmsl replicator: %s\n", err.message);
		return 1;
	}
	/*
	 * Connection tests may still be waiting for silent servers: they do not
	 * keep us.
	 */
	fflush(NULL);
	_exit(0);
}
