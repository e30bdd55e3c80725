#include <config.h>

#include "lang/base/buf.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char empty[1];

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .data = empty, .max = max };
}

void buf_release(struct buf *b)
{
	if (b->size)
		free(b->data);
	buf_init(b, b->max);
}

void buf_wipe(struct buf *b)
{
	if (b->size)
		explicit_bzero(b->data, b->size);
	buf_release(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->is_over = false;
	if (b->size)
		b->data[0] = '\0';
}

/*
 * Growth copies to new memory and wipes the old, so that buf_wipe() is enough
 * for a secret that was built in pieces.
 */
char *buf_reserve(struct buf *b, size_t n)
{
	size_t size;
	char *data;

	if (n > b->max - b->len) {
		b->is_over = true;
		return NULL;
	}
	if (b->len + n < b->size)
		return b->data + b->len;
	size = b->size ? b->size : 64;
	while (size <= b->len + n)
		size *= 2;
	data = xmalloc(size);
	memcpy(data, b->data, b->len + 1);
	if (b->size) {
		explicit_bzero(b->data, b->size);
		free(b->data);
	}
	b->data = data;
	b->size = size;
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *to;

	if (n == 0)
		return;
	to = buf_reserve(b, n);
	if (!to)
		return;
	memcpy(to, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.s, s.n);
}

void buf_add_c(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vfmt(struct buf *b, const char *format, va_list args)
{
	/* Mostly there is room: one pass instead of one to measure. */
	size_t room = b->size ? b->size - b->len : 0;
	va_list again;
	char *to;
	int n;

	if (room > b->max - b->len + 1)
		room = b->max - b->len + 1;
	va_copy(again, args);
	n = vsnprintf(room ? b->data + b->len : NULL, room, format, again);
	va_end(again);
	if (n < 0)
		BUG("bad format \"%s\"", format);
	if ((size_t)n < room) {
		b->len += (size_t)n;
		return;
	}
	if (room)
		b->data[b->len] = '\0';
	to = buf_reserve(b, (size_t)n);
	if (!to || n == 0)
		return;
	vsnprintf(to, (size_t)n + 1, format, args);
	b->len += (size_t)n;
}

void buf_fmt(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vfmt(b, format, args);
	va_end(args);
}

bool buf_is_full(const struct buf *b)
{
	return b->is_over;
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->data, b->len };
}
