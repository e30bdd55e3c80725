#ifndef DMSL_LANG_UTF8_H
#define DMSL_LANG_UTF8_H

/* UTF-8: checked decoding, encoding, and the width of what it shows. */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct utf8 {
	uint32_t code;	/* U+FFFD for a byte that is no UTF-8 */
	uint8_t length; /* bytes: 1 to 4; 0 only at the end of the text */
	uint8_t width;	/* cells of a terminal: 0, 1 or 2; control: 1 */
	bool is_valid;
};

/* The first character of a text. */
struct utf8 utf8_next(struct str s);
/* Offset of the first byte that is no UTF-8, or s.n. */
size_t utf8_check(struct str s);
/* Writes 1 to 4 bytes; 0 when the code is no character. */
size_t utf8_write(uint32_t code, char out[4]);

#endif
