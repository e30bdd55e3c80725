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

struct buf {
	char *data; /* never NULL after buf_init() */
	size_t len;
	size_t size; /* bytes allocated; 0 when data is the shared empty text */
	size_t max;  /* the most that len may become */
	bool is_over; /* something was dropped */
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* As buf_release(), and overwrites the bytes first: for secrets. */
void buf_wipe(struct buf *b);
/* Empties it and keeps the memory. */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_c(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* A word for a shell, in single quotes. */
void buf_add_shell(struct buf *b, struct str s);
/* Room for n more bytes at data + len; NULL beyond the ceiling. */
char *buf_reserve(struct buf *b, size_t n);
bool buf_is_full(const struct buf *b);
/* A view that is good until the next change. */
struct str buf_str(const struct buf *b);

#endif
