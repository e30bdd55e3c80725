#include <config.h>

#include "engine/lsp/position.h"

#include "lang/base/arena.h"
#include "lang/utf8.h"

#include <stdlib.h>
#include <string.h>

void lines_release(struct lines *l)
{
	free(l->starts);
	*l = (struct lines){ 0 };
}

static void add_start(struct lines *l, size_t offset)
{
	if (l->n == l->room) {
		l->room = l->room * 2 + 16;
		l->starts = xrealloc(l->starts, l->room, sizeof(*l->starts));
	}
	l->starts[l->n++] = (uint32_t)offset;
}

/* Adds the starts of the lines that begin in (from, to]. */
static void find_starts(struct lines *l, struct str text, size_t from,
			size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (text.s[i] == '\n' ||
		    (text.s[i] == '\r' &&
		     (i + 1 == text.n || text.s[i + 1] != '\n')))
			add_start(l, i + 1);
	}
}

void lines_index(struct lines *l, struct str text)
{
	l->n = 0;
	add_start(l, 0);
	find_starts(l, text, 0, text.n);
}

/* Index of the line that holds an offset. */
static size_t line_at(const struct lines *l, uint32_t offset)
{
	size_t low = 0, high = l->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (l->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/*
 * A "\r" before what changed ends a line or not by what comes behind it now; so
 * the line before is looked at again, too.
 */
void lines_splice(struct lines *l, struct str text, uint32_t start,
		  uint32_t end, uint32_t n)
{
	size_t first = line_at(l, start ? start - 1 : 0);
	size_t behind = line_at(l, end) + 1;
	struct lines fresh = { 0 };
	size_t to = text.n, rest;

	/* The first line that is the same as before, but for its place. */
	if (behind < l->n)
		to = l->starts[behind] - end + start + n - 1;
	else
		behind = l->n;
	find_starts(&fresh, text, l->starts[first], to);
	rest = l->n - behind;
	if (first + 1 + fresh.n + rest > l->room) {
		l->room = (first + 1 + fresh.n + rest) * 2;
		l->starts = xrealloc(l->starts, l->room, sizeof(*l->starts));
	}
	for (size_t i = behind; i < l->n; i++)
		l->starts[i] = l->starts[i] - end + start + n;
	memmove(l->starts + first + 1 + fresh.n, l->starts + behind,
		rest * sizeof(*l->starts));
	if (fresh.n)
		memcpy(l->starts + first + 1, fresh.starts,
		       fresh.n * sizeof(*l->starts));
	l->n = first + 1 + fresh.n + rest;
	lines_release(&fresh);
}

/* What a character counts. */
static uint32_t units(struct utf8 c, enum encoding e)
{
	if (e == ENCODING_UTF8)
		return c.length;
	return c.code > 0xffff ? 2 : 1;
}

struct position position_at(const struct lines *l, struct str text,
			    enum encoding e, uint32_t offset)
{
	size_t line;
	uint32_t at;
	struct position p = { 0 };

	if (offset > text.n)
		offset = (uint32_t)text.n;
	line = line_at(l, offset);
	p.line = (uint32_t)line;
	at = l->starts[line];
	while (at < offset) {
		struct utf8 c = utf8_next(str_skip(text, at));

		if (at + c.length > offset)
			break;
		p.character += units(c, e);
		at += c.length;
	}
	return p;
}

/* Where a line ends, before what ends it. */
static uint32_t line_end(const struct lines *l, struct str text, size_t line)
{
	uint32_t start = l->starts[line];
	uint32_t end = line + 1 < l->n ? l->starts[line + 1] : (uint32_t)text.n;

	while (end > start &&
	       (text.s[end - 1] == '\n' || text.s[end - 1] == '\r'))
		end--;
	return end;
}

uint32_t position_offset(const struct lines *l, struct str text,
			 enum encoding e, struct position p)
{
	uint32_t at, end, count = 0;

	if (p.line >= l->n)
		return (uint32_t)text.n;
	at = l->starts[p.line];
	end = line_end(l, text, p.line);
	while (at < end) {
		struct utf8 c = utf8_next(str_skip(text, at));

		count += units(c, e);
		if (count > p.character)
			break;
		at += c.length;
	}
	return at;
}
