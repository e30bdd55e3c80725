#ifndef DMSL_LANG_JSON_H
#define DMSL_LANG_JSON_H

/*
 * Values to JSON (RFC 8259) and back. Canonical: keys sorted by bytes, no
 * blanks or two spaces of indentation, numbers as written, UTF-8 unescaped but
 * for control characters, quote and backslash.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>

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

/*
 * The same text piece by piece, as strict, for one that is too large to be one
 * value. What is read lives in the arena and may point into the text. After an
 * error nothing more may be asked.
 *
 *	if (json_stream_peek(s) == '{') {
 *		json_stream_enter(s);
 *		while ((rc = json_stream_next(s, &key)) > 0)
 *			rc = json_stream_value(s, &v);
 *	}
 *	rc = json_stream_end(s);
 *
 * Keys that stand twice are the caller's to see.
 */
struct json_stream;

struct json_stream *json_stream_open(struct str text, struct arena *a,
				     struct error *err);
void json_stream_close(struct json_stream *s);
/* The first character of what comes next, NUL at the end. */
char json_stream_peek(struct json_stream *s);
/* Goes into the object or list that comes next. */
int json_stream_enter(struct json_stream *s);
/*
 * 1: an entry comes next, whose value must be read, entered or skipped; 0: the
 * innermost object or list has ended. key is NULL for a list.
 */
int json_stream_next(struct json_stream *s, struct str *key);
int json_stream_value(struct json_stream *s, struct value *out);
/* Reads a value to check it, and keeps nothing. */
int json_stream_skip(struct json_stream *s);
/* Where a value begins, to come back to when the whole text was read. */
size_t json_stream_at(const struct json_stream *s);
void json_stream_go(struct json_stream *s, size_t at);
/* Nothing but blanks may follow. */
int json_stream_end(struct json_stream *s);
/* Whether the text was found to be no JSON. */
bool json_stream_is_broken(const struct json_stream *s);

#endif
