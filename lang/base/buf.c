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

void buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

/*
 * Growth copies to new memory and wipes the old, so that buf_wipe() is enough
 * for a secret that was built in pieces.
 */
char *buf_grow(struct buf *b, size_t n)
{
	size_t size = b->size ? b->size : 64;
	char *data;

	if (n > b->max - b->len) {
		b->is_over = true;
		return NULL;
	}
	while (size <= b->len + n)
		size *= 2;
	if (size - 1 > b->max)
		size = b->max + 1;
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

/* Most formats, by far, are made of these; libc's way to them is long. */
enum piece { PIECE_NONE, PIECE_TEXT, PIECE_PART, PIECE_SIZE, PIECE_UNSIGNED };

/* What stands at a "%", and how long that is. */
static enum piece piece_at(const char *at, size_t *n)
{
	switch (at[1]) {
	case 's':
		*n = 2;
		return PIECE_TEXT;
	case 'u':
		*n = 2;
		return PIECE_UNSIGNED;
	case 'z':
		*n = 3;
		return at[2] == 'u' ? PIECE_SIZE : PIECE_NONE;
	case '.':
		*n = 4;
		return at[2] == '*' && at[3] == 's' ? PIECE_PART : PIECE_NONE;
	default:
		return PIECE_NONE;
	}
}

static bool is_simple(const char *format)
{
	size_t n;

	for (; (format = strchr(format, '%')); format += n)
		if (piece_at(format, &n) == PIECE_NONE)
			return false;
	return true;
}

void buf_add_number(struct buf *b, size_t number)
{
	char digits[3 * sizeof(number)];
	size_t from = sizeof(digits);

	do
		digits[--from] = (char)('0' + number % 10);
	while (number /= 10);
	buf_add(b, digits + from, sizeof(digits) - from);
}

static void add_simple(struct buf *b, const char *format, va_list args)
{
	size_t length = b->len, n = 0;
	bool was_over = b->is_over;

	b->is_over = false;
	for (;; format += n) {
		const char *at = strchrnul(format, '%');
		const char *text;
		int most;

		buf_add(b, format, (size_t)(at - format));
		if (!*at)
			break;
		format = at;
		switch (piece_at(at, &n)) {
		case PIECE_TEXT:
			text = va_arg(args, const char *);
			buf_add_c(b, text ? text : "(null)");
			break;
		case PIECE_PART:
			most = va_arg(args, int);
			text = va_arg(args, const char *);
			if (most > 0)
				buf_add(b, text, strnlen(text, (size_t)most));
			break;
		case PIECE_SIZE:
			buf_add_number(b, va_arg(args, size_t));
			break;
		case PIECE_UNSIGNED:
			buf_add_number(b, va_arg(args, unsigned));
			break;
		case PIECE_NONE:
			BUG("bad format \"%s\"", format);
		}
	}
	/* All of it or nothing. */
	if (b->is_over)
		buf_cut(b, length);
	b->is_over |= was_over;
}

static void add_formatted(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void add_formatted(struct buf *b, const char *format, va_list args)
{
	/* Mostly there is room: one pass instead of one to measure. */
	size_t room = b->size ? b->size - b->len : 0;
	va_list again;
	char *to;
	int n;

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

void buf_add_shell(struct buf *b, struct str s)
{
	buf_add_char(b, '\'');
	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] == '\'')
			buf_add_c(b, "'\\''");
		else
			buf_add_char(b, s.s[i]);
	buf_add_char(b, '\'');
}

void buf_vfmt(struct buf *b, const char *format, va_list args)
{
	if (is_simple(format))
		add_simple(b, format, args);
	else
		add_formatted(b, format, args);
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
