#include <config.h>

#include "lang/diag.h"

#include "lang/diag_codes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t h, uint64_t x)
{
	h = (h ^ x) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* A file that is read again is the same source, if it still says the same. */
static bool is_same_source(const struct source *a, const struct source *b)
{
	if (a == b || !a || !b)
		return a == b;
	return str_eq(a->name, b->name) && str_eq(a->text, b->text);
}

static bool is_same(const struct diag *x, const char *code, struct place p)
{
	return is_same_source(x->place.source, p.source) &&
	       x->place.span.start == p.span.start &&
	       x->place.span.end == p.span.end && !strcmp(x->code, code);
}

/* The slot of a code and place: where it stands, or where it belongs. */
static size_t find(const struct diags *d, const char *code, struct place p)
{
	uint64_t h = str_hash(str_from(code));
	size_t i;

	h = mix(h, p.source ? str_hash(p.source->name) : 0);
	h = mix(h, (uint64_t)p.span.start << 32 | p.span.end);
	i = h & (d->n_slots - 1);
	while (d->slots[i] && !is_same(d->items[d->slots[i] - 1], code, p))
		i = (i + 1) & (d->n_slots - 1);
	return i;
}

static void grow(struct diags *d)
{
	d->room = d->room ? d->room * 2 : 16;
	d->items = xrealloc(d->items, d->room, sizeof(*d->items));
	d->n_slots = d->room * 2;
	d->slots = xrealloc(d->slots, d->n_slots, sizeof(*d->slots));
	memset(d->slots, 0, d->n_slots * sizeof(*d->slots));
	for (size_t i = 0; i < d->n; i++) {
		struct diag *x = d->items[i];

		d->slots[find(d, x->code, x->place)] = (uint32_t)i + 1;
	}
}

/* What is not kept cannot be told from what was found before. */
static struct diag *count_only(struct diags *d, enum severity severity)
{
	if (!d->spare)
		d->spare = arena_new(d->arena, struct diag, 1);
	d->n_errors += severity == SEVERITY_ERROR;
	d->is_inexact |= severity == SEVERITY_ERROR;
	return d->spare;
}

static struct diag *add(struct diags *d, enum severity severity,
			const char *code, struct place p, const char *format,
			va_list args) __attribute__((format(printf, 5, 0)));

static struct diag *add(struct diags *d, enum severity severity,
			const char *code, struct place p, const char *format,
			va_list args)
{
	struct diag *x;
	size_t slot;

	if (d->n == d->room && d->n < DIAGS_MAX)
		grow(d);
	slot = find(d, code, p);
	/* Findings without a place differ by their message alone. */
	if (d->slots[slot] && p.source)
		return d->items[d->slots[slot] - 1];
	if (d->n == DIAGS_MAX)
		return count_only(d, severity);
	x = arena_new(d->arena, struct diag, 1);
	x->severity = severity;
	x->code = code;
	x->place = p;
	x->message = str_vfmt(d->arena, format, args);
	d->items[d->n++] = x;
	if (!d->slots[slot])
		d->slots[slot] = (uint32_t)d->n;
	d->n_errors += severity == SEVERITY_ERROR;
	return x;
}

struct diag *diag_error(struct diags *d, const char *code, struct place p,
			const char *format, ...)
{
	struct diag *x;
	va_list args;

	va_start(args, format);
	x = add(d, SEVERITY_ERROR, code, p, format, args);
	va_end(args);
	return x;
}

struct diag *diag_warning(struct diags *d, const char *code, struct place p,
			  const char *format, ...)
{
	struct diag *x;
	va_list args;

	va_start(args, format);
	x = add(d, SEVERITY_WARNING, code, p, format, args);
	va_end(args);
	return x;
}

void diag_note(struct diags *d, struct diag *to, struct place p,
	       const char *format, ...)
{
	struct diag_note *note;
	struct diag_note **at = &to->notes;
	va_list args;
	struct str text;

	if (to == d->spare)
		return;
	va_start(args, format);
	text = str_vfmt(d->arena, format, args);
	va_end(args);
	/* A finding that was added again gets the same notes again. */
	for (; *at; at = &(*at)->next)
		if (is_same_source((*at)->place.source, p.source) &&
		    (*at)->place.span.start == p.span.start &&
		    str_eq((*at)->text, text))
			return;
	note = arena_new(d->arena, struct diag_note, 1);
	note->place = p;
	note->text = text;
	*at = note;
}

void diag_hint(struct diags *d, struct diag *to, const char *format, ...)
{
	va_list args;

	/* The first that finds something knows most of it. */
	if (to == d->spare || to->hint.n)
		return;
	va_start(args, format);
	to->hint = str_vfmt(d->arena, format, args);
	va_end(args);
}

void diags_release(struct diags *d)
{
	free(d->items);
	free(d->slots);
	*d = (struct diags){ .arena = d->arena };
}

const char *diag_title(struct str code)
{
#define ROW(code, title) { code, title },
	static const struct {
		const char *code, *title;
	} rows[] = { DIAG_CODES(ROW) };
#undef ROW

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (str_is(code, rows[i].code))
			return rows[i].title;
	return NULL;
}
