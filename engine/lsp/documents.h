#ifndef DMSL_ENGINE_LSP_DOCUMENTS_H
#define DMSL_ENGINE_LSP_DOCUMENTS_H

/*
 * The texts that are open in the editor: what stands in a file counts no more
 * until it is closed. Nothing is ever written.
 */

#include "engine/lsp/position.h"

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

enum {
	DOCUMENTS_MAX = 1000,
	DOCUMENTS_BYTES_MAX = 256 << 20, /* of all of them together */
};

struct document {
	struct str uri;	 /* as the editor spells it */
	struct str path; /* what it is as a file; the URI if it is none */
	int64_t version;
	struct str text; /* malloc'ed */
	struct lines lines;
	bool is_changed; /* since its findings were told */
	/* The stack file that uses it, when it is none itself; or empty. */
	struct str stack_path;
	bool has_looked; /* for that */
};

struct documents {
	struct document **items;
	size_t n, room;
	size_t bytes;
};

/* All zero is none. */
void documents_release(struct documents *d);
struct document *documents_find(const struct documents *d, struct str uri);
struct document *documents_by_path(const struct documents *d, struct str path);
/* One that is open already gets the text. NULL with err: too many. */
struct document *documents_open(struct documents *d, struct str uri,
				struct str text, int64_t version,
				struct error *err);
/*
 * One of contentChanges: a text, and the range it replaces, or all. -1: the
 * text would be too large, or no change; it is as it was.
 */
int documents_change(struct documents *d, struct document *doc,
		     struct value change, enum encoding e, struct error *err);
void documents_close(struct documents *d, struct document *doc);

/* file:///a%20b is /a b; any other URI stands for itself. */
struct str uri_to_path(struct str uri, struct arena *a);
struct str uri_from_path(struct str path, struct arena *a);

#endif
