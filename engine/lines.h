#ifndef DMSL_ENGINE_LINES_H
#define DMSL_ENGINE_LINES_H

/*
 * What differs between two texts, by lines: those that went, those that came,
 * and a few around them, so that a new statement among a hundred is seen. Time
 * and memory are linear in the texts: beyond some hundred differences the rest
 * is shown as replaced.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct lines_style {
	unsigned indent;
	unsigned width; /* lines are cut to these cells; 0: not cut */
	size_t around;	/* lines that are alike, shown before and after */
	size_t most;	/* lines shown; 0: all */
	bool color;
};

/*
 * Each line behind a newline and the indent: "- old", "+ new", "  alike".
 * False, and nothing, when no line differs.
 */
bool lines_diff(struct buf *out, struct str old, struct str new,
		const struct lines_style *style);
/* All lines of one text in the same form. */
void lines_text(struct buf *out, struct str text,
		const struct lines_style *style);
/* How many lines there are; a newline at the end begins none. */
size_t lines_count(struct str text);
/* Cells of a terminal that a line takes, as lines_safe() writes it. */
size_t lines_cells(struct str line);
/* Each byte is a letter of one cell: lines_safe() would leave all as it is. */
bool lines_is_plain(struct str line);
/*
 * One line for a terminal, cut to `width` cells (0: not cut): what would
 * control it is escaped.
 */
void lines_safe(struct buf *out, struct str line, unsigned width);

#endif
