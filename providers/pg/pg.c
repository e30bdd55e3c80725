#include <config.h>

#include "providers/pg/pg.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "providers/pg/conn.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * libpq is used without blocking: every wait is a poll() that looks up now and
 * then, so that a cancelled statement ends even when its server is silent.
 */

enum {
	CONNECT_SECONDS = 10,
	LOOK_UP_MS = 250,
	AFTER_CANCEL_MS = 3000,
	PARAMS_MAX = 64,
	OPTIONS_MAX = 24,
};

/* Of a class (two characters) or of a whole SQLSTATE; the first row wins. */
static const struct {
	const char *state;
	enum error_kind kind;
} kinds[] = {
	{ "08", ERROR_UNAVAILABLE },
	{ "22", ERROR_INVALID },
	{ "23505", ERROR_EXISTS },
	{ "23", ERROR_INVALID },
	{ "25P03", ERROR_UNAVAILABLE }, /* idle in transaction too long */
	{ "28", ERROR_DENIED },
	{ "3D", ERROR_NOT_FOUND }, /* database */
	{ "3F", ERROR_NOT_FOUND }, /* schema */
	{ "40", ERROR_CONFLICT },  /* serialization, deadlock */
	{ "42501", ERROR_DENIED },
	{ "42704", ERROR_NOT_FOUND },
	{ "42883", ERROR_NOT_FOUND },
	{ "42P01", ERROR_NOT_FOUND },
	{ "42703", ERROR_NOT_FOUND },
	{ "42P04", ERROR_EXISTS },
	{ "42P06", ERROR_EXISTS },
	{ "42P07", ERROR_EXISTS },
	{ "42710", ERROR_EXISTS },
	{ "42701", ERROR_EXISTS },
	{ "42723", ERROR_EXISTS },
	{ "42", ERROR_INVALID },
	{ "53300", ERROR_UNAVAILABLE }, /* too many connections */
	{ "53", ERROR_QUOTA },
	{ "54", ERROR_QUOTA },
	{ "55", ERROR_CONFLICT }, /* in use, lock not available */
	{ "57014", ERROR_INTERRUPTED },
	{ "57", ERROR_UNAVAILABLE }, /* shut down, starting up */
	{ "XX001", ERROR_CORRUPT },
	{ "XX002", ERROR_CORRUPT },
};

enum error_kind pg_state_kind(const char *state)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(state, kinds[i].state, strlen(kinds[i].state)) == 0)
			return kinds[i].kind;
	return ERROR_FAILED;
}

/* Lines and tabs become blanks, runs of blanks one. */
static void add_line(struct buf *b, const char *text)
{
	bool was_blank = b->len == 0;

	for (; *text; text++) {
		bool is_blank = *text == ' ' || *text == '\n' || *text == '\t';

		if (!is_blank)
			buf_add_char(b, *text);
		else if (!was_blank)
			buf_add_char(b, ' ');
		was_blank = is_blank;
	}
	while (b->len && b->data[b->len - 1] == ' ')
		b->data[--b->len] = '\0';
}

/* The connection's own words, when no result tells more. */
static int lost(struct pg *c, struct error *err)
{
	struct buf b;

	buf_init(&b, 800);
	add_line(&b, libpq.errorMessage(c->conn));
	error_set(err, ERROR_UNAVAILABLE, "lost the connection: %.*s",
		  STR_ARG(buf_str(&b)));
	buf_release(&b);
	return -1;
}

int pg_failed(struct pg *c, const PGresult *result, struct error *err)
{
	const char *state = libpq.resultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text =
	    libpq.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail =
	    libpq.resultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = libpq.resultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *where = libpq.resultErrorField(result, PG_DIAG_CONTEXT);
	const char *at =
	    libpq.resultErrorField(result, PG_DIAG_STATEMENT_POSITION);
	struct buf b;

	snprintf(c->state, sizeof(c->state), "%s", state ? state : "");
	c->position = at ? (size_t)strtoul(at, NULL, 10) : 0;
	if (!state || !text)
		return lost(c, err);
	/*
	 * Never the whole message: its LINE quotes the statement, which may
	 * set a password.
	 */
	buf_init(&b, 900);
	add_line(&b, text);
	if (detail) {
		buf_add_c(&b, " (");
		add_line(&b, detail);
		buf_add_char(&b, ')');
	}
	/* "COPY t, line 7, column b" and the value, which we leave out. */
	if (where && strncmp(where, "COPY ", 5) == 0) {
		size_t n = strcspn(where, ":\n");

		buf_add_c(&b, ", in ");
		buf_add(&b, where, n);
	}
	error_set(err, pg_state_kind(state), "%.*s", STR_ARG(buf_str(&b)));
	if (hint)
		error_hint(err, "%s", hint);
	buf_release(&b);
	return -1;
}

int pg_wait(struct pg *c, bool wants_write, struct error *err)
{
	struct pollfd p = {
		.fd = libpq.socket(c->conn),
		.events = (short)(POLLIN | (wants_write ? POLLOUT : 0)),
	};

	for (;;) {
		int64_t since = atomic_load(&c->cancelled_at);
		int got;

		if (since && clock_ms() - since > AFTER_CANCEL_MS)
			return error_set(
			    err, ERROR_INTERRUPTED,
			    "cancelled; the server did not answer");
		got = poll(&p, 1, LOOK_UP_MS);
		if (got < 0 && errno != EINTR)
			return error_errno(err, "could not wait for a server");
		if (got > 0)
			return 0;
	}
}

int pg_flush(struct pg *c, struct error *err)
{
	for (;;) {
		int left = libpq.flush(c->conn);

		if (left == 0)
			return 0;
		if (left < 0)
			return lost(c, err);
		if (pg_wait(c, true, err) < 0)
			return -1;
		/* A server that is not read from may stop reading too. */
		if (!libpq.consumeInput(c->conn))
			return lost(c, err);
	}
}

int pg_next_result(struct pg *c, PGresult **out, struct error *err)
{
	*out = NULL;
	while (libpq.isBusy(c->conn)) {
		if (pg_wait(c, false, err) < 0)
			return -1;
		if (!libpq.consumeInput(c->conn))
			return lost(c, err);
	}
	*out = libpq.getResult(c->conn);
	return 0;
}

static void be_quiet(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

struct option_list {
	const char *names[OPTIONS_MAX + 1];
	const char *values[OPTIONS_MAX + 1];
	size_t n;
};

static void option(struct option_list *l, const char *name, struct str value,
		   struct arena *a)
{
	if (value.n == 0)
		return;
	if (l->n == OPTIONS_MAX)
		BUG("too many connection options");
	l->names[l->n] = name;
	l->values[l->n++] = str_c(value, a);
}

static void fill_options(struct option_list *l, const struct pg_target *t,
			 struct arena *a)
{
	option(l, "host", t->host, a);
	option(l, "hostaddr", t->hostaddr, a);
	if (t->port)
		option(l, "port", str_fmt(a, "%d", t->port), a);
	option(l, "dbname", t->database, a);
	option(l, "user", t->user, a);
	option(l, "password", t->password, a);
	option(l, "sslmode", t->ssl_mode, a);
	if (t->ca_file.n)
		option(l, "sslrootcert", t->ca_file, a);
	else if (str_is(t->ssl_mode, "require"))
		/*
		 * A root certificate of the user's, in the home folder, would
		 * silently make it verify-ca against a foreign authority.
		 */
		option(l, "sslrootcert", STR("/nonexistent/root.crt"), a);
	option(l, "application_name", t->application, a);
	option(l, "client_encoding", STR("UTF8"), a);
	option(l, "gssencmode", STR("disable"), a);
	option(l, "keepalives_idle", STR("30"), a);
	option(l, "keepalives_interval", STR("10"), a);
	option(l, "keepalives_count", STR("3"), a);
	option(l, "tcp_user_timeout", STR("60000"), a);
}

static int poll_connect(PGconn *conn, int timeout_s, struct error *err)
{
	int64_t end = clock_ms() + (int64_t)timeout_s * 1000;
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK) {
		struct pollfd p = { .fd = libpq.socket(conn) };
		int64_t left = end - clock_ms();
		int got;

		if (status == PGRES_POLLING_FAILED)
			return -1;
		p.events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (left <= 0)
			return error_set(err, ERROR_TIMEOUT, "timeout expired");
		got = poll(&p, 1, left > 1000 ? 1000 : (int)left);
		if (got < 0 && errno != EINTR)
			return error_errno(err, "could not wait for a server");
		if (got > 0)
			status = libpq.connectPoll(conn);
	}
	return 0;
}

/*
 * Finds "FATAL:  28P01: " in a message of the verbose kind and cuts the code
 * out; the only way that libpq tells why a log-in was refused.
 */
static void take_state(char *text, char state[6])
{
	for (char *p = text; (p = strstr(p, ":  ")) != NULL; p += 3) {
		size_t n =
		    strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		if (n != 5 || p[8] != ':' || p[9] != ' ')
			continue;
		memcpy(state, p + 3, 5);
		state[5] = '\0';
		memmove(p + 3, p + 10, strlen(p + 10) + 1);
		return;
	}
}

static int connect_failed(PGconn *conn, struct error *err)
{
	struct buf b;
	char state[6] = "";
	char *text;
	char *cut;

	buf_init(&b, 4000);
	buf_add_c(&b, libpq.errorMessage(conn));
	text = b.data;
	take_state(text, state);
	cut = strstr(text, "\nLOCATION:");
	if (cut)
		*cut = '\0';
	if (err->kind == ERROR_NONE) {
		static const char mark[] = " failed: ";
		char *why = strstr(text, mark);
		struct buf line;

		/* "connection to server at …" says what our context says. */
		if (why && strncmp(text, "connection to server", 20) == 0)
			text = why + strlen(mark);
		buf_init(&line, 900);
		add_line(&line, text);
		error_set(err,
			  state[0] ? pg_state_kind(state) : ERROR_UNAVAILABLE,
			  "%.*s", STR_ARG(buf_str(&line)));
		buf_release(&line);
	}
	buf_release(&b);
	return -1;
}

int pg_open(const struct pg_target *t, struct pg **out, struct error *err)
{
	struct arena a = { 0 };
	struct option_list l = { .n = 0 };
	int seconds = t->timeout_s ? t->timeout_s : CONNECT_SECONDS;
	struct error why = { 0 };
	PGconn *conn;
	struct pg *c;

	*out = NULL;
	if (load_libpq(err) < 0)
		return -1;
	fill_options(&l, t, &a);
	conn = libpq.connectStartParams(l.names, l.values, 0);
	if (t->password.n)
		/* The arena's copy does not stay behind in freed memory. */
		for (size_t i = 0; i < l.n; i++)
			if (strcmp(l.names[i], "password") == 0)
				explicit_bzero((void *)(uintptr_t)l.values[i],
					       t->password.n);
	arena_release(&a);
	if (!conn)
		return error_set(err, ERROR_FAILED, "libpq is out of memory");
	libpq.setNoticeProcessor(conn, be_quiet, NULL);
	libpq.setErrorVerbosity(conn, PQERRORS_VERBOSE);
	if (libpq.status(conn) == CONNECTION_BAD ||
	    poll_connect(conn, seconds, &why) < 0) {
		connect_failed(conn, &why);
		libpq.finish(conn);
		*err = why;
		return error_add(err, "could not connect to \"%.*s\" port %d",
				 STR_ARG(t->host.n ? t->host : t->hostaddr),
				 t->port ? t->port : 5432);
	}
	libpq.setErrorVerbosity(conn, PQERRORS_DEFAULT);
	libpq.setnonblocking(conn, 1);
	c = xmalloc(sizeof(*c));
	memset(c, 0, sizeof(*c));
	c->conn = conn;
	c->version = libpq.serverVersion(conn);
	atomic_init(&c->cancelled_at, 0);
	*out = c;
	return 0;
}

void pg_close(struct pg *c)
{
	if (!c)
		return;
	libpq.finish(c->conn);
	free(c);
}

static int too_large(size_t rows, size_t columns, struct error *err)
{
	return error_set(err, ERROR_QUOTA,
			 "the answer has %zu rows of %zu columns, too many to "
			 "hold",
			 rows, columns);
}

static int copy_result(const PGresult *r, struct arena *a,
		       struct pg_result *out, struct error *err)
{
	size_t rows = (size_t)libpq.ntuples(r);
	size_t columns = (size_t)libpq.nfields(r);

	if (columns && rows > (size_t)INT_MAX / columns)
		return too_large(rows, columns, err);
	out->n_rows = rows;
	out->n_columns = columns;
	out->tag =
	    str_dup(str_from(libpq.cmdStatus((PGresult *)(uintptr_t)r)), a);
	out->cells = arena_new(a, struct str, rows * columns + 1);
	for (size_t i = 0; i < rows; i++) {
		for (size_t j = 0; j < columns; j++) {
			struct str *cell = &out->cells[i * columns + j];
			int row = (int)i;
			int column = (int)j;

			if (libpq.getisnull(r, row, column))
				continue;
			*cell = str_dup(
			    (struct str){
				libpq.getvalue(r, row, column),
				(size_t)libpq.getlength(r, row, column) },
			    a);
		}
	}
	return 0;
}

/* COPY through standard streams has no place in a plain statement: ends it. */
static int refuse_copy(struct pg *c, const PGresult *r, struct error *err)
{
	char *row;

	if (libpq.resultStatus(r) == PGRES_COPY_IN)
		libpq.putCopyEnd(c->conn, "no data comes with this statement");
	while (libpq.resultStatus(r) == PGRES_COPY_OUT) {
		int n = libpq.getCopyData(c->conn, &row, 1);

		if (n > 0)
			libpq.freemem(row);
		else if (n < 0)
			break;
		else if (pg_wait(c, false, err) < 0 ||
			 !libpq.consumeInput(c->conn))
			break;
	}
	return error_set(err, ERROR_INVALID,
			 "COPY from or to the client cannot be used here");
}

/* Reads all results; the last one that succeeded goes to out (may be NULL). */
static int take_results(struct pg *c, struct arena *a, struct pg_result *out,
			struct error *err)
{
	int rc = pg_flush(c, err);
	PGresult *r;

	if (rc < 0)
		return rc;
	for (;;) {
		ExecStatusType status;

		if (pg_next_result(c, &r, err) < 0)
			return -1;
		if (!r) {
			/* A cancellation is for one statement. */
			atomic_store(&c->cancelled_at, 0);
			return rc;
		}
		status = libpq.resultStatus(r);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
			rc = refuse_copy(c, r, err);
		else if (status == PGRES_FATAL_ERROR ||
			 status == PGRES_BAD_RESPONSE)
			/* The first failure is the cause of what follows. */
			rc = rc < 0 ? rc : pg_failed(c, r, err);
		else if (rc == 0 && out)
			rc = copy_result(r, a, out, err);
		libpq.clear(r);
		if (rc < 0 && libpq.status(c->conn) == CONNECTION_BAD)
			return rc;
	}
}

int pg_query(struct pg *c, const char *sql, size_t n, const struct str *params,
	     struct arena *a, struct pg_result *out, struct error *err)
{
	const char *values[PARAMS_MAX] = { NULL };
	struct arena scratch = { 0 };
	int sent;

	if (n > PARAMS_MAX)
		BUG("a statement has %zu parameters", n);
	c->state[0] = '\0';
	c->position = 0;
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n; i++)
		values[i] = params[i].s ? str_c(params[i], &scratch) : NULL;
	sent = libpq.sendQueryParams(c->conn, sql, (int)n, NULL, values, NULL,
				     NULL, 0);
	for (size_t i = 0; i < n; i++)
		if (values[i])
			explicit_bzero((void *)(uintptr_t)values[i],
				       params[i].n);
	arena_release(&scratch);
	if (!sent)
		return lost(c, err);
	return take_results(c, a, out, err);
}

int pg_send(struct pg *c, const char *sql, struct error *err)
{
	c->state[0] = '\0';
	c->position = 0;
	if (!libpq.sendQuery(c->conn, sql))
		return lost(c, err);
	return pg_flush(c, err);
}

int pg_take(struct pg *c, struct arena *a, struct pg_result *out,
	    struct error *err)
{
	if (out)
		memset(out, 0, sizeof(*out));
	return take_results(c, a, out, err);
}

int pg_run(struct pg *c, const char *sql, struct error *err)
{
	if (pg_send(c, sql, err) < 0)
		return -1;
	return pg_take(c, NULL, NULL, err);
}

const char *pg_sqlstate(const struct pg *c)
{
	return c->state;
}

size_t pg_position(const struct pg *c)
{
	return c->position;
}

static struct str quoted(struct str text, char quote, bool has_escapes,
			 struct arena *a)
{
	char *out = arena_new(a, char, text.n * 2 + 5);
	char *p = out;

	/* The form with E is read alike whatever the server's settings are. */
	if (has_escapes) {
		*p++ = ' ';
		*p++ = 'E';
	}
	*p++ = quote;
	for (size_t i = 0; i < text.n; i++) {
		if (text.s[i] == quote || (has_escapes && text.s[i] == '\\'))
			*p++ = text.s[i];
		*p++ = text.s[i];
	}
	*p++ = quote;
	return (struct str){ out, (size_t)(p - out) };
}

struct str pg_identifier(struct str name, struct arena *a)
{
	return quoted(name, '"', false, a);
}

struct str pg_literal(struct str text, struct arena *a)
{
	return quoted(text, '\'', str_find(text, '\\') >= 0, a);
}

void pg_add_option(struct buf *b, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	if (b->len)
		buf_add_char(b, ' ');
	buf_add_c(b, name);
	buf_add_c(b, "='");
	for (size_t i = 0; i < value.n; i++) {
		if (value.s[i] == '\'' || value.s[i] == '\\')
			buf_add_char(b, '\\');
		buf_add_char(b, value.s[i]);
	}
	buf_add_char(b, '\'');
}

struct str pg_ssl_mode(struct str tls)
{
	static const struct {
		const char *ours, *theirs;
	} modes[] = {
		{ "none", "disable" },
		{ "verify_ca", "verify-ca" },
		{ "verify_full", "verify-full" },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (str_is(tls, modes[i].ours))
			return str_from(modes[i].theirs);
	return STR("require");
}

int pg_version(const struct pg *c)
{
	return c->version;
}

static void *send_cancel(void *arg)
{
	PGcancel *cancel = arg;
	char why[256];

	libpq.cancel(cancel, why, sizeof(why));
	libpq.freeCancel(cancel);
	return NULL;
}

void pg_cancel(struct pg *c)
{
	PGcancel *cancel = libpq.getCancel(c->conn);
	pthread_attr_t detached;
	pthread_t thread;
	int64_t none = 0;

	atomic_compare_exchange_strong(&c->cancelled_at, &none, clock_ms());
	if (!cancel)
		return;
	/* It connects and waits without a limit: not in the caller's time. */
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &detached, send_cancel, cancel) != 0)
		libpq.freeCancel(cancel);
	pthread_attr_destroy(&detached);
}
