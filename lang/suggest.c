#include <config.h>

#include "lang/suggest.h"

#include <string.h>

enum { LETTERS_MOST = 64 }; /* longer names get no suggestion */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Optimal string alignment over three rows; `limit` when it is not below. */
static unsigned distance(struct str a, struct str b, unsigned limit)
{
	unsigned rows[3][LETTERS_MOST + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.n; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned best = row[0] = (unsigned)i;
		unsigned *free_row = before;

		for (size_t j = 1; j <= b.n; j++) {
			char x = lower(a.s[i - 1]), y = lower(b.s[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.s[j - 2]) &&
			    lower(a.s[i - 2]) == y)
				row[j] = least(row[j], before[j - 2] + 1);
			best = least(best, row[j]);
		}
		if (best >= limit)
			return limit;
		before = above;
		above = row;
		row = free_row;
	}
	return least(above[b.n], limit);
}

struct suggest suggest_start(struct str wrong)
{
	/* A third of the letters may be wrong, and three at most. */
	unsigned most = wrong.n < 2 ? 0 : wrong.n < 4 ? 1 : wrong.n < 7 ? 2 : 3;

	return (struct suggest){ .wrong = wrong, .distance = most + 1 };
}

void suggest_try(struct suggest *s, struct str candidate)
{
	struct str a = s->wrong, b = candidate;
	size_t longer = a.n > b.n ? a.n - b.n : b.n - a.n;
	unsigned d;

	if (a.n == 0 || b.n == 0 || a.n > LETTERS_MOST || b.n > LETTERS_MOST ||
	    longer >= s->distance)
		return;
	d = distance(a, b, s->distance);
	if (d >= s->distance)
		return;
	s->distance = d;
	s->best = candidate;
}
