#include <config.h>

#include "lang/source.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"
#include "lang/utf8.h"

#include <string.h>

enum { TAB = 8 };

/* What stands before the last slash: "." for a bare name, "/" for the root. */
static struct str folder_of(struct str path, struct arena *a)
{
	ptrdiff_t slash = str_rfind(path, '/');

	if (slash < 0)
		return STR(".");
	return str_dup(str_sub(path, 0, slash ? (size_t)slash : 1), a);
}

static void index_lines(struct source *s, struct arena *a)
{
	VEC(uint32_t) lines = { 0 };
	const char *at = s->text.s, *end = at + s->text.n;

	*vec_push(&lines) = 0;
	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))))
		*vec_push(&lines) = (uint32_t)(++at - s->text.s);
	s->n_lines = (uint32_t)lines.n;
	s->lines = vec_take(&lines, a);
}

/* The text ends in two NULs and lives in the arena. */
static struct source *source_new(struct str name, struct str text,
				 struct arena *a)
{
	struct source *s = arena_new(a, struct source, 1);

	s->name = str_dup(name, a);
	s->folder = folder_of(name, a);
	s->text = text;
	index_lines(s, a);
	return s;
}

struct source *source_from(struct str name, struct str text, struct arena *a)
{
	char *copy;

	if (text.n > SOURCE_MAX)
		BUG("source of %zu bytes", text.n);
	copy = arena_new(a, char, text.n + 2);
	if (text.n)
		memcpy(copy, text.s, text.n);
	return source_new(name, (struct str){ copy, text.n }, a);
}

struct source *source_open(const char *path, struct arena *a, struct error *err)
{
	struct str text;

	if (file_read(path, SOURCE_MAX, a, &text, err))
		return NULL;
	return source_new(str_from(path), text, a);
}

/* Index of the line that holds an offset. */
static uint32_t line_at(const struct source *s, uint32_t offset)
{
	uint32_t low = 0, high = s->n_lines;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (s->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void source_position(const struct source *s, uint32_t offset, uint32_t *line,
		     uint32_t *column)
{
	uint32_t i = line_at(s, offset);
	uint32_t at = s->lines[i];
	uint32_t width = 0;

	if (offset > s->text.n)
		offset = (uint32_t)s->text.n;
	while (at < offset) {
		struct utf8 c = utf8_next(str_sub(s->text, at, offset));

		if (c.code == '\t')
			width += TAB - width % TAB;
		else
			width += c.width;
		at += c.length;
	}
	*line = i + 1;
	*column = width + 1;
}

struct str source_line(const struct source *s, uint32_t line)
{
	uint32_t start, end;
	struct str text;

	if (line == 0 || line > s->n_lines)
		return STR("");
	start = s->lines[line - 1];
	end = line < s->n_lines ? s->lines[line] : (uint32_t)s->text.n;
	text = str_sub(s->text, start, end);
	while (text.n &&
	       (text.s[text.n - 1] == '\n' || text.s[text.n - 1] == '\r'))
		text.n--;
	return text;
}

struct str source_text(struct place p)
{
	if (!p.source)
		return STR("");
	return str_sub(p.source->text, p.span.start, p.span.end);
}
