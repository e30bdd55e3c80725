#ifndef DMSL_LANG_SOURCE_H
#define DMSL_LANG_SOURCE_H

/*
 * A text with its name. Places in it are byte offsets; line and column are
 * computed when a message is printed. The text ends in two NULs (for flex) that
 * are not counted, and is never changed.
 */

#include "lang/base/str.h"

#include <stdint.h>

struct arena;
struct error;

/* Bytes [start, end) of a source. */
struct span {
	uint32_t start, end;
};

struct source {
	struct str name; /* as the user would write it: "stacks/dev.dmsl" */
	struct str
	    folder; /* what file() and use are relative to; "." at least */
	struct str text;
	uint32_t *lines; /* offset of the start of each line */
	uint32_t n_lines;
};

/* A span and the text it is in; source is NULL for "no place". */
struct place {
	const struct source *source;
	struct span span;
};

enum { SOURCE_MAX = 64 << 20 }; /* bytes of a file */

/* Reads a file. Returns NULL with err. Lives in the arena. */
struct source *source_open(const char *path, struct arena *a,
			   struct error *err);
/* A source of a text that is at hand (copied). */
struct source *source_from(struct str name, struct str text, struct arena *a);
/* Line from 1; column from 1 in display columns (UTF-8, wide, tabs of 8). */
void source_position(const struct source *s, uint32_t offset, uint32_t *line,
		     uint32_t *column);
/* The text of a line (from 1) without its newline. */
struct str source_line(const struct source *s, uint32_t line);
struct str source_text(struct place p);

#endif
