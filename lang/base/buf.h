#ifndef DMSL_LANG_BASE_BUF_H
#define DMSL_LANG_BASE_BUF_H

/*
 * Text or bytes being built, with a ceiling. What goes beyond the ceiling is
 * dropped and remembered: check buf_is_full() once, when done. The data always
 * ends in a NUL that is not counted. Who declares a buffer releases it.
 */

#include "lang/base/str.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf {
	char *data; /* never NULL after buf_init() */
	size_t len;
	/*
	 * Bytes allocated, at most max + 1: what has room in them is below the
	 * ceiling. 0 when data is the shared empty text.
	 */
	size_t size;
	size_t max;   /* the most that len may become */
	bool is_over; /* something was dropped */
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* As buf_release(), and overwrites the bytes first: for secrets. */
void buf_wipe(struct buf *b);
/* Empties it and keeps the memory. */
void buf_clear(struct buf *b);
/* Takes back what was added since its length was that. */
void buf_cut(struct buf *b, size_t len);
void buf_fmt(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Decimal digits. */
void buf_add_number(struct buf *b, size_t number);
/* A word for a shell, in single quotes. */
void buf_add_shell(struct buf *b, struct str s);
bool buf_is_full(const struct buf *b);
/* A view that is good until the next change. */
struct str buf_str(const struct buf *b);

/* As buf_reserve(), where more memory is needed. */
char *buf_grow(struct buf *b, size_t n);

/*
 * Most texts are put together of pieces of a few bytes, for which there is
 * room: then adding one is a copy of it.
 */

/* Room for n more bytes at data + len; NULL beyond the ceiling. */
static inline char *buf_reserve(struct buf *b, size_t n)
{
	return n < b->size - b->len ? b->data + b->len : buf_grow(b, n);
}

static inline void buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *to = n ? buf_reserve(b, n) : NULL;

	if (!to)
		return;
	memcpy(to, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

static inline void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.s, s.n);
}

static inline void buf_add_c(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

#endif
