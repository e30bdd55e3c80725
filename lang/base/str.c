#include <config.h>

#include "lang/base/str.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n && a.s != b.s ? memcmp(a.s, b.s, n) : 0;

	if (order)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.s, prefix, n) == 0;
}

bool str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.s + s.n - n, suffix, n) == 0;
}

struct str str_skip(struct str s, size_t n)
{
	return str_sub(s, n, s.n);
}

struct str str_sub(struct str s, size_t a, size_t b)
{
	if (b > s.n)
		b = s.n;
	if (a >= b)
		return (struct str){ "", 0 };
	return (struct str){ s.s + a, b - a };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_trim(struct str s)
{
	while (s.n && is_blank(s.s[0]))
		s = (struct str){ s.s + 1, s.n - 1 };
	while (s.n && is_blank(s.s[s.n - 1]))
		s.n--;
	return s;
}

ptrdiff_t str_find(struct str s, char c)
{
	const char *p = s.n ? memchr(s.s, c, s.n) : NULL;

	return p ? p - s.s : -1;
}

ptrdiff_t str_rfind(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.s[i - 1] == c)
			return (ptrdiff_t)(i - 1);
	return -1;
}

bool str_contains(struct str s, struct str part)
{
	if (part.n == 0)
		return true;
	return s.n && memmem(s.s, s.n, part.s, part.n) != NULL;
}

struct str str_cut(struct str *s, char c)
{
	ptrdiff_t at = str_find(*s, c);
	struct str head = *s;

	if (at < 0) {
		*s = (struct str){ "", 0 };
		return head;
	}
	head.n = (size_t)at;
	*s = str_skip(*s, head.n + 1);
	return head;
}

bool str_to_u64(struct str s, uint64_t *out)
{
	uint64_t value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.s[i] - '0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

char *str_c(struct str s, struct arena *a)
{
	char *copy = arena_new(a, char, s.n + 1);

	if (s.n)
		memcpy(copy, s.s, s.n);
	return copy;
}

struct str str_keep(struct str s)
{
	char *out = xmalloc(s.n + 1);

	if (s.n)
		memcpy(out, s.s, s.n);
	out[s.n] = '\0';
	return (struct str){ out, s.n };
}

void str_drop(struct str s)
{
	free((char *)(uintptr_t)s.s);
}

struct str str_dup(struct str s, struct arena *a)
{
	return (struct str){ str_c(s, a), s.n };
}

struct str str_join(struct str first, const char *between, struct str second,
		    struct arena *a)
{
	size_t n_between = strlen(between);
	size_t n = first.n + n_between + second.n;
	char *text = arena_new(a, char, n + 1);

	if (first.n)
		memcpy(text, first.s, first.n);
	memcpy(text + first.n, between, n_between);
	if (second.n)
		memcpy(text + first.n + n_between, second.s, second.n);
	return (struct str){ text, n };
}

struct str str_vfmt(struct arena *a, const char *format, va_list args)
{
	char small[256]; /* most fit: one pass instead of one to measure */
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(small, sizeof(small), format, again);
	va_end(again);
	if (n < 0)
		BUG("bad format \"%s\"", format);
	text = arena_new(a, char, (size_t)n + 1);
	if ((size_t)n < sizeof(small))
		memcpy(text, small, (size_t)n + 1);
	else
		vsnprintf(text, (size_t)n + 1, format, args);
	return (struct str){ text, (size_t)n };
}

static int hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

struct str str_unescape(struct str s, char mark, struct arena *a)
{
	char *out = arena_new(a, char, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int high = -1, low = -1;

		if (s.s[i] == mark && i + 2 < s.n) {
			high = hex_digit(s.s[i + 1]);
			low = hex_digit(s.s[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			out[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[n++] = s.s[i];
		}
	}
	return (struct str){ out, n };
}

struct str str_fmt(struct arena *a, const char *format, ...)
{
	va_list args;
	struct str s;

	va_start(args, format);
	s = str_vfmt(a, format, args);
	va_end(args);
	return s;
}

uint64_t str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.s[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}
