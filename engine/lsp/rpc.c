#include <config.h>

#include "engine/lsp/rpc.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { CHUNK = 1 << 16, KEEP_MOST = 1 << 20 };

void rpc_release(struct rpc *r)
{
	free(r->data);
	r->data = NULL;
	r->at = r->n = r->room = 0;
}

/* Reads once. false: nothing more will come. */
static bool fill(struct rpc *r)
{
	ssize_t n;

	if (r->at) {
		memmove(r->data, r->data + r->at, r->n - r->at);
		r->n -= r->at;
		r->at = 0;
	}
	if (r->room - r->n < CHUNK) {
		r->room = r->room * 2 + CHUNK;
		r->data = xrealloc(r->data, r->room, 1);
	}
	do
		n = read(r->in, r->data + r->n, r->room - r->n);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	r->n += (size_t)n;
	return true;
}

/*
 * A line of the header, without its end; good until the next read. Of one that
 * is too long the end alone is given, which is no header.
 */
static bool read_line(struct rpc *r, struct str *line)
{
	size_t looked = 0;
	char *end;

	while (!r->data || !(end = memchr(r->data + r->at + looked, '\n',
					  r->n - r->at - looked))) {
		looked = r->n - r->at;
		if (looked > RPC_LINE_MAX) {
			r->at = r->n - 1;
			looked = 1;
		}
		if (!fill(r))
			return false;
	}
	*line =
	    (struct str){ r->data + r->at, (size_t)(end - r->data) - r->at };
	r->at += line->n + 1;
	if (line->n && line->s[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* Content-Length: 123. false: this is no line of a header. */
static bool header_line(struct str line, bool *has_length, uint64_t *length)
{
	static const char wanted[] = "Content-Length";
	struct str value = line;
	struct str name = str_cut(&value, ':');

	if (name.n == line.n || name.n == 0)
		return false;
	if (name.n != sizeof(wanted) - 1 ||
	    strncasecmp(name.s, wanted, name.n) != 0)
		return str_find(name, ' ') < 0;
	*has_length = str_to_u64(str_trim(value), length);
	return *has_length;
}

static bool skip(struct rpc *r, uint64_t n)
{
	while (n > r->n - r->at) {
		n -= r->n - r->at;
		r->at = r->n;
		if (!fill(r))
			return false;
	}
	r->at += (size_t)n;
	return true;
}

/* What a large message took is given back. */
static void shrink(struct rpc *r)
{
	size_t left = r->n - r->at;

	if (r->room <= KEEP_MOST || left > KEEP_MOST / 2)
		return;
	memmove(r->data, r->data + r->at, left);
	r->at = 0;
	r->n = left;
	r->room = KEEP_MOST;
	r->data = xrealloc(r->data, r->room, 1);
}

enum rpc_result rpc_read(struct rpc *r, struct str *message)
{
	bool has_length = false;
	uint64_t length = 0;
	struct str line;

	shrink(r);
	for (;;) {
		if (!read_line(r, &line))
			return RPC_END;
		if (line.n == 0 && has_length)
			break;
		if (line.n && header_line(line, &has_length, &length))
			continue;
		/* Until a header comes, this is one piece of garbage. */
		if (!r->is_garbage) {
			r->is_garbage = true;
			return RPC_GARBAGE;
		}
	}
	r->is_garbage = false;
	if (length > RPC_MESSAGE_MAX)
		return skip(r, length) ? RPC_TOO_LARGE : RPC_END;
	while (r->n - r->at < length)
		if (!fill(r))
			return RPC_END;
	*message = (struct str){ r->data + r->at, (size_t)length };
	r->at += (size_t)length;
	return RPC_MESSAGE;
}

bool rpc_is_waiting(struct rpc *r, int milliseconds)
{
	struct pollfd p = { .fd = r->in, .events = POLLIN };

	/* A signal is no message. */
	return r->at < r->n || poll(&p, 1, milliseconds) > 0;
}

int rpc_send(struct rpc *r, struct str json, struct error *err)
{
	char header[64];
	int n = snprintf(header, sizeof(header), "Content-Length: %zu\r\n\r\n",
			 json.n);

	if (file_write_all(r->out, header, (size_t)n, err) < 0)
		return -1;
	return file_write_all(r->out, json.s, json.n, err);
}
