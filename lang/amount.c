#include <config.h>

#include "lang/amount.h"

#include "lang/base/arena.h"
#include "lang/decimal.h"

struct unit {
	const char *name;
	int64_t amount;
};

/* Largest first. */
static const struct unit durations[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 },	   { "ms", 1 },
};

static const struct unit sizes[] = {
	{ "PiB", (int64_t)1 << 50 },
	{ "TiB", (int64_t)1 << 40 },
	{ "GiB", (int64_t)1 << 30 },
	{ "MiB", (int64_t)1 << 20 },
	{ "KiB", (int64_t)1 << 10 },
	{ "B", 1 },
	/* Read only: what people write, but what would not be printed. */
	{ "PB", 1000000000000000 },
	{ "TB", 1000000000000 },
	{ "GB", 1000000000 },
	{ "MB", 1000000 },
	{ "KB", 1000 },
	{ "kB", 1000 },
};

enum {
	N_DURATIONS = sizeof(durations) / sizeof(durations[0]),
	N_SIZES = sizeof(sizes) / sizeof(sizes[0]),
	N_PRINTED_SIZES = 6,
};

static size_t find_unit(const struct unit *units, size_t n, struct str name)
{
	size_t i = 0;

	while (i < n && !str_is(name, units[i].name))
		i++;
	return i;
}

/* Cuts digits (and a point) off the front, then letters. */
static void cut_part(struct str *text, struct str *number, struct str *unit)
{
	size_t n = 0;
	size_t end;

	while (n < text->n &&
	       ((text->s[n] >= '0' && text->s[n] <= '9') || text->s[n] == '.'))
		n++;
	end = n;
	while (end < text->n && ((text->s[end] >= 'a' && text->s[end] <= 'z') ||
				 (text->s[end] >= 'A' && text->s[end] <= 'Z')))
		end++;
	*number = str_sub(*text, 0, n);
	*unit = str_sub(*text, n, end);
	*text = str_skip(*text, end);
}

/* number * unit as a whole number of the smallest unit. */
static bool multiply(struct str number, int64_t unit, int64_t *out)
{
	struct decimal d;

	return decimal_read(number, &d) == DECIMAL_OK &&
	       decimal_mul(d, decimal_int(unit), &d) == DECIMAL_OK &&
	       decimal_to_int(d, out);
}

bool duration_read(struct str text, int64_t *milliseconds)
{
	int64_t total = 0;
	size_t next = 0;

	if (text.n == 0)
		return false;
	while (text.n) {
		struct str number, name;
		int64_t part;
		size_t unit;

		cut_part(&text, &number, &name);
		unit = find_unit(durations, N_DURATIONS, name);
		if (unit == N_DURATIONS || unit < next ||
		    !multiply(number, durations[unit].amount, &part) ||
		    part > INT64_MAX - total)
			return false;
		total += part;
		next = unit + 1;
	}
	*milliseconds = total;
	return true;
}

bool size_read(struct str text, int64_t *bytes)
{
	struct str number, name;
	size_t unit;

	cut_part(&text, &number, &name);
	unit = find_unit(sizes, N_SIZES, name);
	return text.n == 0 && unit < N_SIZES &&
	       multiply(number, sizes[unit].amount, bytes);
}

struct str duration_text(int64_t milliseconds, struct arena *a)
{
	struct str text = STR("");
	/* Negative ones come only from subtraction. */
	uint64_t rest = milliseconds < 0 ? (uint64_t)0 - (uint64_t)milliseconds
					 : (uint64_t)milliseconds;

	if (rest == 0)
		return STR("0s");
	if (milliseconds < 0)
		text = STR("-");
	for (size_t i = 0; i < N_DURATIONS; i++) {
		uint64_t unit = (uint64_t)durations[i].amount;

		if (rest / unit)
			text = str_fmt(a, "%.*s%llu%s", STR_ARG(text),
				       (unsigned long long)(rest / unit),
				       durations[i].name);
		rest %= unit;
	}
	return text;
}

struct str size_text(int64_t bytes, struct arena *a)
{
	size_t i = 0;

	while (i < N_PRINTED_SIZES - 1 &&
	       (bytes == 0 || bytes % sizes[i].amount))
		i++;
	return str_fmt(a, "%lld%s", (long long)(bytes / sizes[i].amount),
		       sizes[i].name);
}
