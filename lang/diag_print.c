/*
 * Findings to text, for people or as JSON. An excerpt is the line as it was
 * parsed, from memory, with the span underlined. Tabs are copied into the line
 * of carets, so that carets stay under their words on any terminal.
 */
#include <config.h>

#include "lang/diag.h"
#include "lang/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
	EXCERPT_MOST = 400, /* cells of a line shown where there is no limit */
	CONTEXT = 20,	    /* cells kept before the span when a line is cut */
};

struct painter {
	FILE *out;
	bool color;
	unsigned width;
};

static const char *const bold = "\033[1m";
static const char *const red = "\033[1;31m";
static const char *const magenta = "\033[1;35m";
static const char *const cyan = "\033[1;36m";

static void paint(const struct painter *p, const char *how)
{
	if (p->color)
		fputs(how, p->out);
}

static void unpaint(const struct painter *p)
{
	if (p->color)
		fputs("\033[0m", p->out);
}

/* Control characters could drive the reader's terminal: show them as "?". */
static void put_text(const struct painter *p, struct str s)
{
	while (s.n) {
		struct utf8 c = utf8_next(s);

		if (!c.is_valid || c.code == 0x7f ||
		    (c.code < 0x20 && c.code != '\t' && c.code != '\n') ||
		    (c.code >= 0x80 && c.code < 0xa0))
			fputc('?', p->out);
		else
			fwrite(s.s, 1, c.length, p->out);
		s = str_skip(s, c.length);
	}
}

/* The part of a line that is shown, as byte offsets in it. */
struct window {
	size_t from, to;
	bool is_cut_left, is_cut_right;
};

static unsigned cells(struct utf8 c)
{
	return c.code == '\t' ? 8 : c.width;
}

static struct window choose(struct str line, size_t focus, unsigned room)
{
	struct window w = { 0, 0, false, false };
	unsigned before = 0, shown = 0;

	for (size_t at = 0; at < focus && at < line.n;) {
		struct utf8 c = utf8_next(str_skip(line, at));

		before += cells(c);
		at += c.length;
	}
	/* Move right only when the span would not be seen otherwise. */
	while (before + CONTEXT > room && w.from < focus && w.from < line.n) {
		struct utf8 c = utf8_next(str_skip(line, w.from));

		if (before <= CONTEXT)
			break;
		before -= cells(c);
		w.from += c.length;
		w.is_cut_left = true;
	}
	for (w.to = w.from; w.to < line.n;) {
		struct utf8 c = utf8_next(str_skip(line, w.to));

		if (shown + cells(c) > room) {
			w.is_cut_right = true;
			break;
		}
		shown += cells(c);
		w.to += c.length;
	}
	return w;
}

static void underline(const struct painter *p, struct str line, struct window w,
		      size_t from, size_t to, char first, const char *how)
{
	if (w.is_cut_left)
		fputs("   ", p->out);
	for (size_t at = w.from; at < from && at < line.n;) {
		struct utf8 c = utf8_next(str_skip(line, at));

		if (c.code == '\t')
			fputc('\t', p->out);
		else
			for (unsigned i = 0; i < c.width; i++)
				fputc(' ', p->out);
		at += c.length;
	}
	paint(p, how);
	fputc(first, p->out);
	for (size_t at = from; at < to && at < w.to;) {
		struct utf8 c = utf8_next(str_skip(line, at));
		unsigned n = c.code == '\t' ? 1 : c.width;

		/* The first cell has its mark already. */
		for (unsigned i = at == from; i < n; i++)
			fputc('~', p->out);
		at += c.length;
	}
	unpaint(p);
}

static void excerpt(const struct painter *p, struct place at, char first,
		    const char *how)
{
	uint32_t number, column;
	struct str line;
	struct window w;
	size_t from, to;
	unsigned room = EXCERPT_MOST;
	int digits;

	source_position(at.source, at.span.start, &number, &column);
	line = source_line(at.source, number);
	from = at.span.start - at.source->lines[number - 1];
	to = from + (at.span.end - at.span.start);
	if (from > line.n)
		from = line.n;
	if (to > line.n)
		to = line.n;
	digits = snprintf(NULL, 0, "%5u", (unsigned)number);
	if (p->width > (unsigned)digits + 3 + CONTEXT * 2)
		room = p->width - (unsigned)digits - 3 - 6;
	w = choose(line, from, room);
	fprintf(p->out, "%*u | %s", digits, (unsigned)number,
		w.is_cut_left ? "..." : "");
	put_text(p, str_sub(line, w.from, w.to));
	fprintf(p->out, "%s\n%*s | ", w.is_cut_right ? "..." : "", digits, "");
	underline(p, line, w, from, to, first, how);
	fputc('\n', p->out);
}

static void put_place(const struct painter *p, struct place at)
{
	uint32_t line, column;

	if (!at.source)
		return;
	source_position(at.source, at.span.start, &line, &column);
	paint(p, bold);
	put_text(p, at.source->name);
	fprintf(p->out, ":%u:%u: ", (unsigned)line, (unsigned)column);
	unpaint(p);
}

static const char *severity_name(enum severity s)
{
	return s == SEVERITY_ERROR ? "error" : "warning";
}

static void print_one(const struct painter *p, const struct diag *x)
{
	const char *how = x->severity == SEVERITY_ERROR ? red : magenta;

	put_place(p, x->place);
	paint(p, how);
	fprintf(p->out, "%s[%s]: ", severity_name(x->severity), x->code);
	unpaint(p);
	paint(p, bold);
	put_text(p, x->message);
	unpaint(p);
	fputc('\n', p->out);
	if (x->place.source)
		excerpt(p, x->place, '^', how);
	for (const struct diag_note *n = x->notes; n; n = n->next) {
		put_place(p, n->place);
		paint(p, cyan);
		fputs("note: ", p->out);
		unpaint(p);
		put_text(p, n->text);
		fputc('\n', p->out);
		if (n->place.source)
			excerpt(p, n->place, '~', cyan);
	}
	if (x->hint.n) {
		fputs("      = ", p->out);
		paint(p, cyan);
		fputs("hint: ", p->out);
		unpaint(p);
		put_text(p, x->hint);
		fputc('\n', p->out);
	}
}

/* A finding with its rank in the list, so that sorting keeps that order. */
struct ranked {
	const struct diag *diag;
	size_t rank;
};

static int compare(const void *left, const void *right)
{
	const struct ranked *x = left, *y = right;
	const struct place *a = &x->diag->place, *b = &y->diag->place;
	int order;

	if (a->source != b->source) {
		if (!a->source || !b->source)
			return a->source ? 1 : -1;
		order = str_cmp(a->source->name, b->source->name);
		if (order)
			return order;
	} else if (a->source && a->span.start != b->span.start) {
		return a->span.start < b->span.start ? -1 : 1;
	}
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static struct ranked *sorted(const struct diags *d)
{
	struct ranked *all = xrealloc(NULL, d->n + 1, sizeof(*all));

	for (size_t i = 0; i < d->n; i++)
		all[i] = (struct ranked){ d->items[i], i };
	qsort(all, d->n, sizeof(*all), compare);
	return all;
}

/* n: the errors that are kept and were not shown. */
static void print_rest(const struct diags *d, FILE *out, size_t n)
{
	if (n || d->is_inexact)
		fprintf(out, "%s%zu more error%s not shown\n",
			d->is_inexact ? "more than " : "", n,
			n == 1 ? " is" : "s are");
}

void diags_print(const struct diags *d, FILE *out, bool color, unsigned width,
		 size_t most)
{
	struct painter p = { out, color, width };
	struct ranked *all = sorted(d);
	size_t n_errors = 0, n_shown = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *x = all[i].diag;

		n_errors += x->severity == SEVERITY_ERROR;
		if (x->severity == SEVERITY_ERROR && n_shown == most)
			continue;
		n_shown += x->severity == SEVERITY_ERROR;
		print_one(&p, x);
	}
	print_rest(d, out, n_errors - n_shown);
	free(all);
}

static void json_text(FILE *out, struct str s)
{
	fputc('"', out);
	while (s.n) {
		struct utf8 c = utf8_next(s);

		if (!c.is_valid)
			fputs("\\ufffd", out);
		else if (c.code == '"' || c.code == '\\')
			fprintf(out, "\\%c", (int)c.code);
		else if (c.code < 0x20 || c.code == 0x7f)
			fprintf(out, "\\u%04x", (unsigned)c.code);
		else
			fwrite(s.s, 1, c.length, out);
		s = str_skip(s, c.length);
	}
	fputc('"', out);
}

static void json_member(FILE *out, const char *name, struct str value)
{
	fprintf(out, "\"%s\": ", name);
	json_text(out, value);
}

static void json_place(FILE *out, struct place p)
{
	uint32_t line, column;

	if (!p.source)
		return;
	json_member(out, "file", p.source->name);
	source_position(p.source, p.span.start, &line, &column);
	fprintf(out, ", \"line\": %u, \"column\": %u", (unsigned)line,
		(unsigned)column);
	source_position(p.source, p.span.end, &line, &column);
	fprintf(out, ", \"end_line\": %u, \"end_column\": %u, ", (unsigned)line,
		(unsigned)column);
}

/* The members of one finding, without the braces around them. */
static void json_finding(FILE *out, const struct diag *x)
{
	json_member(out, "severity", str_from(severity_name(x->severity)));
	fputs(", ", out);
	json_member(out, "code", str_from(x->code));
	fputs(", ", out);
	json_place(out, x->place);
	json_member(out, "message", x->message);
	if (x->hint.n) {
		fputs(", ", out);
		json_member(out, "hint", x->hint);
	}
	if (x->notes)
		fputs(", \"notes\": [", out);
	for (const struct diag_note *n = x->notes; n; n = n->next) {
		fputc('{', out);
		json_place(out, n->place);
		json_member(out, "message", n->text);
		fputs(n->next ? "}, " : "}]", out);
	}
}

void diags_print_json(const struct diags *d, FILE *out)
{
	struct ranked *all = sorted(d);

	fputc('[', out);
	for (size_t i = 0; i < d->n; i++) {
		fputs(i ? ",\n  {" : "\n  {", out);
		json_finding(out, all[i].diag);
		fputc('}', out);
	}
	fputs(d->n ? "\n]\n" : "]\n", out);
	free(all);
}

void diags_print_events(const struct diags *d, FILE *out)
{
	struct ranked *all = sorted(d);

	for (size_t i = 0; i < d->n; i++) {
		fputs("{\"type\":\"finding\", ", out);
		json_finding(out, all[i].diag);
		fputs("}\n", out);
	}
	free(all);
}
