#ifndef DMSL_LANG_JSON_H
#define DMSL_LANG_JSON_H

/*
 * Values to JSON (RFC 8259) and back. Canonical: keys sorted by bytes, no
 * blanks or two spaces of indentation, numbers as written, UTF-8 unescaped but
 * for control characters, quote and backslash.
 */

#include "lang/base/str.h"
#include "lang/value.h"

struct arena;
struct buf;
struct error;

enum json_flag {
	JSON_INDENT = 1, /* one entry a line, two spaces a level */
	JSON_REVEAL = 2, /* secrets in clear; without it as "(secret)" */
};

/*
 * cidr, ip, duration and size are written as text, objects as their id,
 * unknown as "(known after apply)".
 */
void json_write(struct buf *out, struct value v, unsigned flags);
/* A quoted and escaped JSON string. */
void json_write_string(struct buf *out, struct str s);
/*
 * Strict: no trailing text, no duplicate keys, valid UTF-8, no NUL, depth 200
 * at most. Numbers stay exact. The value lives in the arena and may point into
 * the text.
 */
int json_read(struct str text, struct arena *a, struct value *out,
	      struct error *err);

#endif
