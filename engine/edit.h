#ifndef DMSL_ENGINE_EDIT_H
#define DMSL_ENGINE_EDIT_H

/*
 * Lines typed at a terminal, with editing, completion and a history that is
 * kept in a file: the only user of libedit, which is loaded when it is needed.
 *
 * The file has a line an entry and mode 0600; the folder is made. A session
 * adds to its end, so that two at once both keep theirs, and the oldest are
 * dropped when a session begins. That it cannot be kept is no error.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct editor;
struct error;

/*
 * Calls add() for each word that may stand in place of the end of `before`, the
 * line up to the cursor. Gives how many bytes of its end they replace.
 */
typedef size_t edit_complete(void *context, struct str before,
			     void (*add)(void *words, struct str word),
			     void *words);

struct edit_options {
	const char *history; /* NULL: none is kept */
	edit_complete *complete;
	void *context;
};

enum edit_result {
	EDIT_END,     /* Ctrl-D, or the terminal is gone */
	EDIT_LINE,    /* *line, without its end; until the next call */
	EDIT_CLEARED, /* Ctrl-C: what was typed is not meant */
};

/* The options are copied, and the path is. */
int edit_open(const struct edit_options *o, struct editor **out,
	      struct error *err);
enum edit_result edit_line(struct editor *ed, const char *prompt,
			   struct str *line);
/* For the arrow keys; is_kept: in the file, too. */
void edit_remember(struct editor *ed, struct str line, bool is_kept);
void edit_close(struct editor *ed);

#endif
