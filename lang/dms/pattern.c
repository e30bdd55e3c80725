#include <config.h>

#include "lang/dms/pattern.h"

#include "lang/utf8.h"

/* A character; bytes that are no UTF-8 count one each. */
static size_t next(struct str s, uint32_t *code)
{
	struct utf8 c = utf8_next(s);

	*code = c.is_valid || s.n == 0 ? c.code : (unsigned char)s.s[0];
	return c.length;
}

/* The length of a bracket expression at the start of s, or 0. */
static size_t bracket_length(struct str s)
{
	ptrdiff_t end;

	if (s.n < 3 || s.s[0] != '[')
		return 0;
	end = str_find(str_skip(s, 1), ']');
	return end > 0 ? (size_t)end + 2 : 0;
}

/* Cuts one range off what stands between brackets: "a-d", or "a" as "a-a". */
static struct str cut_range(struct str set, uint32_t *first, uint32_t *last)
{
	set = str_skip(set, next(set, first));
	*last = *first;
	if (set.n > 1 && set.s[0] == '-')
		set = str_skip(set, 1 + next(str_skip(set, 1), last));
	return set;
}

/* set: what stands between the brackets. */
static bool is_in(struct str set, uint32_t code)
{
	while (set.n) {
		uint32_t first, last;

		set = cut_range(set, &first, &last);
		if (code >= first && code <= last)
			return true;
	}
	return false;
}

/*
 * Matches one character against what the pattern begins with, which is not %.
 * Gives the length of that part of the pattern, or 0.
 */
static size_t match_one(struct str pattern, uint32_t code)
{
	size_t n = bracket_length(pattern);
	uint32_t wanted;

	if (n)
		return is_in(str_sub(pattern, 1, n - 1), code) ? n : 0;
	n = next(pattern, &wanted);
	return wanted == '_' || wanted == code ? n : 0;
}

/* After a mismatch the last % takes one character more; no recursion. */
bool pattern_matches(struct str pattern, struct str name)
{
	struct str after = { 0 }; /* the pattern behind the last % */
	struct str retry = { 0 }; /* what of the name it has not taken */
	bool has_star = false;

	while (name.n) {
		uint32_t code;
		size_t step = next(name, &code);
		size_t n;

		if (pattern.n && pattern.s[0] == '%') {
			pattern = str_skip(pattern, 1);
			after = pattern;
			retry = name;
			has_star = true;
			continue;
		}
		n = pattern.n ? match_one(pattern, code) : 0;
		if (n) {
			pattern = str_skip(pattern, n);
			name = str_skip(name, step);
			continue;
		}
		if (!has_star)
			return false;
		retry = str_skip(retry, next(retry, &code));
		name = retry;
		pattern = after;
	}
	while (pattern.n && pattern.s[0] == '%')
		pattern = str_skip(pattern, 1);
	return pattern.n == 0;
}

/* -- two patterns -- */

/* What a pattern begins with, which is not %: any character, or a set. */
struct piece {
	size_t length; /* in the pattern */
	bool is_any;
	struct str set; /* as between brackets, a literal too */
};

static struct piece piece_of(struct str pattern)
{
	size_t n = bracket_length(pattern);
	uint32_t code;

	if (n)
		return (struct piece){ n, false, str_sub(pattern, 1, n - 1) };
	n = next(pattern, &code);
	return (struct piece){ n, code == '_', str_sub(pattern, 0, n) };
}

static bool pieces_meet(const struct piece *a, const struct piece *b)
{
	struct str left = a->set;

	if (a->is_any || b->is_any)
		return true;
	while (left.n) {
		struct str right = b->set;
		uint32_t first, last, from, to;

		left = cut_range(left, &first, &last);
		while (right.n) {
			right = cut_range(right, &from, &to);
			if (first <= to && from <= last)
				return true;
		}
	}
	return false;
}

/* Takes off both what stands before the first %, as far as both have it. */
static bool cut_prefixes(struct str *a, struct str *b)
{
	while (a->n && b->n && a->s[0] != '%' && b->s[0] != '%') {
		struct piece x = piece_of(*a), y = piece_of(*b);

		if (!pieces_meet(&x, &y))
			return false;
		*a = str_skip(*a, x.length);
		*b = str_skip(*b, y.length);
	}
	return true;
}

/* What stands behind the last %, and how many characters that matches. */
static struct str suffix_of(struct str pattern, size_t *n)
{
	struct str suffix = pattern;

	*n = 0;
	while (pattern.n) {
		bool is_star = pattern.s[0] == '%';

		pattern =
		    str_skip(pattern, is_star ? 1 : piece_of(pattern).length);
		*n = is_star ? 0 : *n + 1;
		if (is_star)
			suffix = pattern;
	}
	return suffix;
}

static struct str skip_pieces(struct str s, size_t n)
{
	while (n--)
		s = str_skip(s, piece_of(s).length);
	return s;
}

/* Both have a %, which takes whatever the middle of the other asks for. */
static bool suffixes_meet(struct str a, struct str b)
{
	size_t n_a, n_b;

	a = suffix_of(a, &n_a);
	b = suffix_of(b, &n_b);
	if (n_a > n_b)
		a = skip_pieces(a, n_a - n_b);
	else
		b = skip_pieces(b, n_b - n_a);
	return cut_prefixes(&a, &b);
}

/*
 * As pattern_matches(), for a name whose characters are sets. Each of them is
 * taken once, so to take the first that fits is right here too.
 */
static bool meets_plain(struct str pattern, struct str plain)
{
	struct str after = { 0 }, retry = { 0 };
	bool has_star = false;

	while (plain.n) {
		struct piece wanted, have;

		if (pattern.n && pattern.s[0] == '%') {
			pattern = str_skip(pattern, 1);
			after = pattern;
			retry = plain;
			has_star = true;
			continue;
		}
		have = piece_of(plain);
		wanted = piece_of(pattern);
		if (pattern.n && pieces_meet(&wanted, &have)) {
			pattern = str_skip(pattern, wanted.length);
			plain = str_skip(plain, have.length);
			continue;
		}
		if (!has_star)
			return false;
		retry = str_skip(retry, piece_of(retry).length);
		plain = retry;
		pattern = after;
	}
	while (pattern.n && pattern.s[0] == '%')
		pattern = str_skip(pattern, 1);
	return pattern.n == 0;
}

/* Whether some % stands outside of brackets. */
static bool has_star(struct str pattern)
{
	size_t n;

	return suffix_of(pattern, &n).s != pattern.s;
}

bool pattern_meets(struct str a, struct str b)
{
	if (!has_star(a))
		return meets_plain(b, a);
	if (!has_star(b))
		return meets_plain(a, b);
	return suffixes_meet(a, b) && cut_prefixes(&a, &b);
}

bool pattern_has_wildcard(struct str pattern)
{
	return str_find(pattern, '%') >= 0 || str_find(pattern, '[') >= 0;
}
