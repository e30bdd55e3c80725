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

/* set: what stands between the brackets. */
static bool is_in(struct str set, uint32_t code)
{
	while (set.n) {
		uint32_t first, last;

		set = str_skip(set, next(set, &first));
		last = first;
		if (set.n > 1 && set.s[0] == '-')
			set = str_skip(set, 1 + next(str_skip(set, 1), &last));
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

bool pattern_has_wildcard(struct str pattern)
{
	return str_find(pattern, '%') >= 0 || str_find(pattern, '[') >= 0;
}
