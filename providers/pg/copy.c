#include <config.h>

#include "providers/pg/copy.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/str.h"
#include "providers/pg/conn.h"
#include "providers/pg/pg.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	GATHER = 64 * 1024,
	SOCKET_BUFFER = 1 << 20,
};

/* What the target's error is called when it was we who ended its COPY. */
static const char ours[] = "dmsl looks at the result";

static void widen(struct pg *c)
{
	int size = SOCKET_BUFFER;
	int fd = libpq.socket(c->conn);

	/* As much as the system allows; less is slower, not wrong. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* Starts a COPY and waits until the server is in the wanted state. */
static int begin(struct pg *c, const char *sql, ExecStatusType wanted,
		 struct error *err)
{
	PGresult *r;
	int rc;

	c->state[0] = '\0';
	widen(c);
	if (!libpq.sendQuery(c->conn, sql))
		return error_set(err, ERROR_UNAVAILABLE,
				 "lost the connection before COPY");
	if (pg_flush(c, err) < 0 || pg_next_result(c, &r, err) < 0)
		return -1;
	if (r && libpq.resultStatus(r) == wanted) {
		libpq.clear(r);
		return 0;
	}
	rc = r ? pg_failed(c, r, err)
	       : error_set(err, ERROR_FAILED, "COPY gave no result");
	while (r) {
		libpq.clear(r);
		if (pg_next_result(c, &r, err) < 0)
			return -1;
	}
	return rc;
}

/* Reads what is left; the first failure is what happened. */
static int finish(struct pg *c, int64_t *rows, struct error *err)
{
	PGresult *r;
	int rc = 0;

	for (;;) {
		if (pg_next_result(c, &r, err) < 0)
			return -1;
		if (!r)
			return rc;
		if (libpq.resultStatus(r) == PGRES_COMMAND_OK && rows)
			*rows = strtoll(libpq.cmdTuples(r), NULL, 10);
		else if (libpq.resultStatus(r) == PGRES_FATAL_ERROR && rc == 0)
			rc = pg_failed(c, r, err);
		libpq.clear(r);
		if (rc < 0 && libpq.status(c->conn) == CONNECTION_BAD)
			return rc;
	}
}

static bool is_ready(struct pg *c, short event)
{
	struct pollfd p = { .fd = libpq.socket(c->conn), .events = event };

	return poll(&p, 1, 0) > 0;
}

/*
 * 0: the target takes more. 1: it spoke, which it does during COPY only to
 * complain. Where libpq cannot write it reads, and does not tell what it read:
 * so nothing is written before the socket takes it.
 */
static int wait_for_room(struct pg *to, struct error *err)
{
	for (;;) {
		if (is_ready(to, POLLIN))
			return 1;
		if (is_ready(to, POLLOUT))
			return 0;
		if (pg_wait(to, true, err) < 0)
			return -1;
	}
}

static int send_chunk(struct copy *c, struct buf *b, struct error *err)
{
	if (b->len == 0)
		return 0;
	if (libpq.putCopyData(c->to->conn, b->data, (int)b->len) < 0) {
		c->failed = COPY_TARGET;
		return error_set(err, ERROR_UNAVAILABLE,
				 "lost the connection during COPY");
	}
	c->bytes += (int64_t)b->len;
	buf_clear(b);
	if (pg_flush(c->to, err) < 0) {
		c->failed = COPY_TARGET;
		return -1;
	}
	return 0;
}

/*
 * The loop. 0: the source ended well, all was sent. 1: ended early, because
 * the target spoke. -1: failed.
 */
static int stream(struct copy *c, struct buf *b, struct error *err)
{
	int64_t rows = 0;
	int rc;

	for (;;) {
		char *row;
		int n = libpq.getCopyData(c->from->conn, &row, 1);

		if (n > 0) {
			buf_add(b, row, (size_t)n);
			libpq.freemem(row);
			rows++;
			if (b->len < GATHER)
				continue;
			rc = wait_for_room(c->to, err);
			if (rc < 0)
				c->failed = COPY_TARGET;
			if (rc != 0)
				return rc;
			if (send_chunk(c, b, err) < 0)
				return -1;
			if (c->watch && c->watch(c->data, rows, c->bytes))
				return error_set(err, ERROR_INTERRUPTED,
						 "stopped");
		} else if (n == 0) {
			if (c->watch && c->watch(c->data, rows, c->bytes))
				return error_set(err, ERROR_INTERRUPTED,
						 "stopped");
			if (pg_wait(c->from, false, err) < 0)
				return -1;
			if (!libpq.consumeInput(c->from->conn)) {
				c->failed = COPY_SOURCE;
				return error_set(err, ERROR_UNAVAILABLE,
						 "lost the connection to the "
						 "source during COPY");
			}
		} else if (n == -1) {
			/* Its verdict first: a cut stream must not count. */
			if (finish(c->from, NULL, err) < 0) {
				c->failed = COPY_SOURCE;
				return -1;
			}
			return send_chunk(c, b, err);
		} else {
			c->failed = COPY_SOURCE;
			return error_set(err, ERROR_UNAVAILABLE,
					 "lost the connection to the source "
					 "during COPY");
		}
	}
}

/* Lets the source come to an end when its rows are not wanted any more. */
static void drain(struct pg *from)
{
	struct error ignored = { 0 };
	char *row;

	if (libpq.transactionStatus(from->conn) != PQTRANS_ACTIVE)
		return;
	pg_cancel(from);
	for (;;) {
		int n = libpq.getCopyData(from->conn, &row, 1);

		if (n > 0)
			libpq.freemem(row);
		else if (n < 0)
			break;
		else if (pg_wait(from, false, &ignored) < 0 ||
			 !libpq.consumeInput(from->conn))
			return;
	}
	finish(from, NULL, &ignored);
	atomic_store(&from->cancelled_at, 0);
}

/* Ends the target's COPY; -1 with its reason, or with what err says already. */
static int end_target(struct copy *c, int rc, struct error *err)
{
	struct error verdict = { 0 };
	int got;

	if (libpq.putCopyEnd(c->to->conn, rc == 0 ? NULL : ours) < 0 ||
	    pg_flush(c->to, &verdict) < 0)
		got = -1;
	else
		got = finish(c->to, &c->rows, &verdict);
	if (rc == 0 && got < 0) {
		*err = verdict;
		c->failed = COPY_TARGET;
		return -1;
	}
	/*
	 * What the target said by itself is the cause. What it says because we
	 * ended its COPY is not.
	 */
	if (rc != 0 && got < 0 && c->to->state[0] &&
	    !str_contains(str_from(verdict.message), str_from(ours))) {
		*err = verdict;
		c->failed = COPY_TARGET;
		return -1;
	}
	return rc;
}

static int attempt(struct copy *c, struct error *err)
{
	struct buf b;
	int rc;

	c->rows = 0;
	c->bytes = 0;
	c->failed = COPY_TARGET;
	if (begin(c->to, c->to_sql, PGRES_COPY_IN, err) < 0)
		return -1;
	c->failed = COPY_NEITHER;
	if (begin(c->from, c->from_sql, PGRES_COPY_OUT, err) < 0) {
		c->failed = COPY_SOURCE;
		return end_target(c, -1, err);
	}
	/* A row of a gigabyte is possible; the buffer grows for it alone. */
	buf_init(&b, INT_MAX);
	rc = stream(c, &b, err);
	if (rc == 0 && buf_is_full(&b))
		rc = error_set(err, ERROR_QUOTA, "a row is larger than 2 GB");
	buf_release(&b);
	if (rc != 0)
		drain(c->from);
	return end_target(c, rc, err);
}

int copy_run(struct copy *c, struct error *err)
{
	int rc = attempt(c, err);

	/*
	 * The target said something harmless, such as a changed parameter. Its
	 * COPY failed by our hand, so its transaction must be begun anew: that
	 * is the caller's to do.
	 */
	if (rc == 1)
		return error_set(err, ERROR_CONFLICT,
				 "the target interrupted the copy without an "
				 "error");
	return rc;
}
