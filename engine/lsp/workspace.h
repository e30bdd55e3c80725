#ifndef DMSL_ENGINE_LSP_WORKSPACE_H
#define DMSL_ENGINE_LSP_WORKSPACE_H

/*
 * The open texts and what is known of them. Which stack a text belongs to: its
 * own, when it has a stack block; else that of an open text, or of a file in
 * its folder or the one above, that uses it.
 */

#include "engine/lsp/documents.h"

#include "engine/context.h"
#include "lang/base/map.h"

struct analysis;
struct diag;
struct rpc;

enum { ANALYSES_MAX = 8 };

/* A text whose findings the editor shows, and the stack they are of. */
struct shown {
	struct str uri, path; /* malloc'ed */
};

struct workspace {
	struct context context; /* to make analyses with */
	struct documents documents;
	struct analysis *analyses[ANALYSES_MAX]; /* the oldest first */
	size_t n_analyses;
	enum encoding encoding;
	/* Texts that count before all others: path -> struct str. Or empty. */
	struct map instead;
	struct shown *shown;
	size_t n_shown, shown_room;
	bool is_changed; /* some text is */
	bool can_watch;	 /* the editor tells of files, when asked to */
};

/* c: types and providers. */
void workspace_init(struct workspace *w, const struct context *c);
void workspace_release(struct workspace *w);

/*
 * What is known of an open text; good until one changes. NULL with err: it
 * cannot be read.
 */
struct analysis *workspace_analysis(struct workspace *w, struct document *doc,
				    struct error *err);
/* The text of one changed; of all others, the findings may have, too. */
void workspace_changed(struct workspace *w, const struct document *doc);
/* Texts came or went: nothing that is known counts any more. */
void workspace_forget(struct workspace *w);

/* The URI of a path, as the editor spells it where the text is open. */
struct str workspace_uri(const struct workspace *w, struct str path,
			 struct arena *a);

#endif
