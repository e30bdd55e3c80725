#include <config.h>

#include "engine/lines.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/vec.h"
#include "lang/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
	DIFFERENCES_MAX = 400, /* beyond them all that is left is replaced */
};

struct text {
	struct str *lines;
	size_t n;
};

/* What becomes of lines: a run of one kind. */
enum fate { FATE_ALIKE, FATE_GONE, FATE_NEW };

struct run {
	enum fate fate;
	size_t from, n; /* of the old text when alike or gone, else the new */
};

struct runs {
	struct run *items;
	size_t n;
	size_t room;
};

size_t lines_count(struct str text)
{
	size_t n = 0;

	while (text.n) {
		str_cut(&text, '\n');
		n++;
	}
	return n;
}

static struct text split(struct str text, struct arena *a)
{
	struct text t = { .n = lines_count(text) };

	t.lines = arena_new(a, struct str, t.n + 1);
	for (size_t i = 0; i < t.n; i++)
		t.lines[i] = str_cut(&text, '\n');
	return t;
}

/* Moves the cursor, or turns the direction of what stands around it. */
static bool controls(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* A character that is not written as it is: a tab as two blanks, else \x9b. */
static unsigned cells_of(struct utf8 c, bool *is_plain)
{
	*is_plain = c.is_valid && !controls(c.code);
	return *is_plain ? c.width : c.code == '\t' ? 2 : 4;
}

/* How many characters of one byte and one cell stand first: mostly all. */
static size_t simple_run(struct str line)
{
	const uint64_t ones = 0x0101010101010101u;
	size_t n = 0;

	for (; line.n - n >= sizeof(uint64_t); n += sizeof(uint64_t)) {
		uint64_t word;

		/* A high bit for what is below a blank, a DEL, or beyond. */
		memcpy(&word, line.s + n, sizeof(word));
		if (((word - 0x20 * ones) | (word + ones) | word) &
		    (0x80 * ones))
			break;
	}
	while (n < line.n && line.s[n] >= 0x20 && line.s[n] < 0x7f)
		n++;
	return n;
}

void lines_safe(struct buf *out, struct str line, unsigned width)
{
	unsigned column = 0;

	while (line.n) {
		size_t n = simple_run(line);
		struct utf8 c;
		bool is_plain;
		unsigned cells;

		if (width && n > width - 1 - column)
			n = width - 1 - column;
		if (n) {
			buf_add(out, line.s, n);
			column += (unsigned)n;
			line = str_skip(line, n);
			continue;
		}
		c = utf8_next(line);
		cells = cells_of(c, &is_plain);

		/* The last cell is for the sign that there is more. */
		if (width && column + cells > width - 1 &&
		    (line.n > c.length || column + cells > width)) {
			buf_add_c(out, "…");
			return;
		}
		if (is_plain)
			buf_add(out, line.s, c.length);
		else if (c.code == '\t')
			buf_add_c(out, "  ");
		else
			buf_fmt(out, "\\x%02x", (unsigned char)line.s[0]);
		column += cells;
		line = str_skip(line, is_plain ? c.length : 1);
	}
}

bool lines_is_plain(struct str line)
{
	return simple_run(line) == line.n;
}

size_t lines_cells(struct str line)
{
	size_t cells = 0;

	while (line.n) {
		size_t n = simple_run(line);
		struct utf8 c;
		bool is_plain;

		if (n) {
			cells += n;
			line = str_skip(line, n);
			continue;
		}
		c = utf8_next(line);
		cells += cells_of(c, &is_plain);
		line = str_skip(line, is_plain ? c.length : 1);
	}
	return cells;
}

/* -- Finding the differences ---------------------------------------------- */

static void add_run(struct runs *r, enum fate fate, size_t from, size_t n)
{
	struct run *last = r->n ? &r->items[r->n - 1] : NULL;

	if (n == 0)
		return;
	if (last && last->fate == fate && last->from + last->n == from)
		last->n += n;
	else
		*vec_push(r) = (struct run){ fate, from, n };
}

/*
 * Myers' greedy search: ends[d][k + d] is how far the old text is consumed on
 * diagonal k (old minus new position) after d differences. Returns d when both
 * ends are reached, or -1 beyond `most`.
 */
static int search(const struct text *a, const struct text *b, int most,
		  size_t **ends, struct arena *arena)
{
	for (int d = 0; d <= most; d++) {
		ends[d] = arena_new(arena, size_t, 2 * (size_t)d + 1);
		for (int k = -d; k <= d; k += 2) {
			/* Of the d - 1 before: diagonal j is at [j + d - 1]. */
			const size_t *was = d ? ends[d - 1] + d - 1 : NULL;
			size_t x = 0, y;

			if (d &&
			    (k == -d || (k != d && was[k - 1] < was[k + 1])))
				x = was[k + 1];
			else if (d)
				x = was[k - 1] + 1;
			y = (size_t)((ptrdiff_t)x - k);
			while (x < a->n && y < b->n &&
			       str_eq(a->lines[x], b->lines[y]))
				x++, y++;
			ends[d][k + d] = x;
			if (x >= a->n && y >= b->n)
				return d;
		}
	}
	return -1;
}

/* The way back from the end, as runs in the reverse order. */
static void trace(const struct text *a, const struct text *b, int d,
		  size_t *const *ends, struct runs *back)
{
	size_t x = a->n, y = b->n;

	for (; d >= 0; d--) {
		int k = (int)((ptrdiff_t)x - (ptrdiff_t)y);
		const size_t *was = d ? ends[d - 1] + d - 1 : NULL;
		bool is_new =
		    d && (k == -d || (k != d && was[k - 1] < was[k + 1]));
		size_t from = !d ? 0 : is_new ? was[k + 1] : was[k - 1] + 1;

		if (x > from)
			*vec_push(back) =
			    (struct run){ FATE_ALIKE, from, x - from };
		x = from;
		y = (size_t)((ptrdiff_t)x - k);
		if (!d)
			break;
		if (is_new)
			*vec_push(back) = (struct run){ FATE_NEW, --y, 1 };
		else
			*vec_push(back) = (struct run){ FATE_GONE, --x, 1 };
	}
}

static void compare_middle(struct text a, struct text b, size_t offset,
			   struct runs *out, struct arena *arena)
{
	size_t all = a.n + b.n;
	int most = all < DIFFERENCES_MAX ? (int)all : DIFFERENCES_MAX;
	size_t **ends = arena_new(arena, size_t *, (size_t)most + 1);
	int d = search(&a, &b, most, ends, arena);
	struct runs back = { 0 };

	if (d < 0) {
		add_run(out, FATE_GONE, offset, a.n);
		add_run(out, FATE_NEW, offset, b.n);
		return;
	}
	trace(&a, &b, d, ends, &back);
	while (back.n--)
		add_run(out, back.items[back.n].fate,
			back.items[back.n].from + offset, back.items[back.n].n);
	free(back.items);
}

static void compare(const struct text *a, const struct text *b,
		    struct runs *out, struct arena *arena)
{
	size_t least = a->n < b->n ? a->n : b->n, head = 0, tail = 0;

	while (head < least && str_eq(a->lines[head], b->lines[head]))
		head++;
	while (tail < least - head &&
	       str_eq(a->lines[a->n - 1 - tail], b->lines[b->n - 1 - tail]))
		tail++;
	add_run(out, FATE_ALIKE, 0, head);
	compare_middle((struct text){ a->lines + head, a->n - head - tail },
		       (struct text){ b->lines + head, b->n - head - tail },
		       head, out, arena);
	add_run(out, FATE_ALIKE, a->n - tail, tail);
}

/* -- Showing them --------------------------------------------------------- */

struct shower {
	struct buf *out;
	const struct lines_style *style;
	size_t shown, hidden;
};

static void show_line(struct shower *w, enum fate fate, struct str line)
{
	static const struct {
		const char *sign, *color;
	} forms[] = {
		[FATE_ALIKE] = { "  ", "" },
		[FATE_GONE] = { "- ", "\033[31m" },
		[FATE_NEW] = { "+ ", "\033[32m" },
	};
	const struct lines_style *s = w->style;
	unsigned used = s->indent + 2;

	if (s->most && w->shown >= s->most) {
		w->hidden += fate != FATE_ALIKE;
		return;
	}
	w->shown++;
	buf_fmt(w->out, "\n%*s%s%s", (int)s->indent, "",
		s->color ? forms[fate].color : "", forms[fate].sign);
	lines_safe(w->out, line,
		   s->width > used + 20 ? s->width - used
		   : s->width		? 20
					: 0);
	if (s->color && forms[fate].color[0])
		buf_add_c(w->out, "\033[0m");
}

static void show_gap(struct shower *w, size_t n)
{
	if (w->style->most && w->shown >= w->style->most)
		return;
	if (n)
		buf_fmt(w->out, "\n%*s  … %zu line%s alike",
			(int)w->style->indent, "", n, n == 1 ? "" : "s");
}

static void show_alike(struct shower *w, const struct text *a,
		       const struct run *r, bool is_first, bool is_last)
{
	size_t before = is_first ? 0 : w->style->around;
	size_t after = is_last ? 0 : w->style->around;
	/* One line is not worth a line that says that it is left out. */
	bool is_whole = r->n <= before + after + 1;

	for (size_t i = 0; i < r->n; i++)
		if (is_whole || i < before || i >= r->n - after)
			show_line(w, FATE_ALIKE, a->lines[r->from + i]);
		else if (i == before)
			show_gap(w, r->n - before - after);
}

static void show_hidden(const struct shower *w)
{
	if (w->hidden)
		buf_fmt(w->out, "\n%*s… and %zu more line%s",
			(int)w->style->indent, "", w->hidden,
			w->hidden == 1 ? "" : "s");
}

bool lines_diff(struct buf *out, struct str old, struct str new,
		const struct lines_style *style)
{
	bool has_shown = false;
	struct arena arena = { 0 };
	struct text a = split(old, &arena), b = split(new, &arena);
	struct shower w = { .out = out, .style = style };
	struct runs runs = { 0 };
	size_t length = out->len;

	compare(&a, &b, &runs, &arena);
	for (size_t i = 0; i < runs.n; i++) {
		const struct run *r = &runs.items[i];
		const struct text *t = r->fate == FATE_NEW ? &b : &a;

		has_shown |= r->fate != FATE_ALIKE;
		if (r->fate == FATE_ALIKE)
			show_alike(&w, t, r, i == 0, i + 1 == runs.n);
		else
			for (size_t k = 0; k < r->n; k++)
				show_line(&w, r->fate, t->lines[r->from + k]);
	}
	show_hidden(&w);
	if (!has_shown)
		buf_cut(out, length);
	free(runs.items);
	arena_release(&arena);
	return has_shown;
}

void lines_text(struct buf *out, struct str text,
		const struct lines_style *style)
{
	struct shower w = { .out = out, .style = style };

	while (text.n) {
		if (style->most && w.shown >= style->most) {
			w.hidden = lines_count(text);
			break;
		}
		show_line(&w, FATE_ALIKE, str_cut(&text, '\n'));
	}
	show_hidden(&w);
}
