#ifndef DMSL_LANG_LITERAL_H
#define DMSL_LANG_LITERAL_H

/*
 * Values as a text of the language would write them, so that what is printed
 * can be pasted: "a \"b\"", 10.0.0.0/16, 1h30m, [1, 2], { a = 1 }. Two things
 * cannot be written, and are said instead: (secret) and (known after apply). A
 * resource or component is its address, or its id where only that is known.
 */

#include "lang/value.h"

struct buf;

/*
 * A list or map that is wider than `width` cells is written an item a line, as
 * the formatter would; 0: all of it on one line. What would control a terminal
 * is escaped.
 */
void literal_write(struct buf *out, struct value v, unsigned width);

#endif
