#ifndef DMSL_LANG_CHARS_H
#define DMSL_LANG_CHARS_H

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the character at the start of s, or 0 when there is none: end
 * of text, overlong forms, surrogates, beyond U+10FFFF.
 */
size_t chars_next(struct str s, uint32_t *code);
/* Writes at most four bytes; code is valid. */
size_t chars_put(uint32_t code, char *out);
/* Valid from end to end. */
bool chars_are_valid(struct str s);
/* Characters; the text is valid. */
size_t chars_count(struct str s);

#endif
