#ifndef DMSL_ENGINE_LSP_RPC_H
#define DMSL_ENGINE_LSP_RPC_H

/*
 * Messages between an editor and us, as LSP 3.17 frames them: a header with
 * Content-Length, an empty line, JSON. Knows nothing of what they say.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

enum {
	RPC_MESSAGE_MAX = 64 << 20, /* bytes of a message */
	RPC_LINE_MAX = 4096,	    /* bytes of a line of the header */
};

enum rpc_result {
	RPC_END, /* nothing more will come */
	RPC_MESSAGE,
	RPC_GARBAGE,   /* no header, or one without a length: passed over */
	RPC_TOO_LARGE, /* passed over */
};

struct rpc {
	int in, out;
	/* Private: what was read and not yet handed out, [at, n). */
	char *data;
	size_t at, n, room;
	bool is_garbage; /* and was said to be */
};

/* All zero but for the descriptors; it closes neither. */
void rpc_release(struct rpc *r);
/* The next message; waits. It is good until the next call. */
enum rpc_result rpc_read(struct rpc *r, struct str *message);
/* Whether there is something to read within so many milliseconds. */
bool rpc_is_waiting(struct rpc *r, int milliseconds);
int rpc_send(struct rpc *r, struct str json, struct error *err);

#endif
