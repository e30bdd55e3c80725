#ifndef DMSL_ENGINE_LSP_POSITION_H
#define DMSL_ENGINE_LSP_POSITION_H

/*
 * Places as editors count them: line and character from 0, a character being a
 * byte of UTF-8 or a unit of UTF-16, as was agreed on (LSP 3.17, Position). A
 * line ends with "\n", "\r\n" or "\r".
 */

#include "lang/base/str.h"

#include <stddef.h>
#include <stdint.h>

enum encoding { ENCODING_UTF16, ENCODING_UTF8 };

struct position {
	uint32_t line, character;
};

/* Where the lines of a text begin. malloc'ed; all zero is no text yet. */
struct lines {
	uint32_t *starts;
	size_t n, room;
};

/* Makes the index of a whole text. */
void lines_index(struct lines *l, struct str text);
/*
 * The text is now `text`: of what it was, bytes [start, end) were replaced by
 * `n` others. Looks at the lines around alone.
 */
void lines_splice(struct lines *l, struct str text, uint32_t start,
		  uint32_t end, uint32_t n);
void lines_release(struct lines *l);

struct position position_at(const struct lines *l, struct str text,
			    enum encoding e, uint32_t offset);
/*
 * The offset of a place. One behind the end of its line is the end of the
 * line, one behind the last line is the end of the text; one inside of a
 * character is where that begins.
 */
uint32_t position_offset(const struct lines *l, struct str text,
			 enum encoding e, struct position p);

#endif
