#include <config.h>

#include "lang/utf8.h"

#include <stdint.h>
#include <string.h>

struct range {
	uint32_t first, last;
};

/* What takes no cell: combining marks, joiners, variation selectors. */
static const struct range narrow[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },
	{ 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
	{ 0x2060, 0x2064 }, { 0x20d0, 0x20f0 }, { 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef },
};

/* What takes two: the wide and full-width letters of East Asia, and emoji. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },
	{ 0x2705, 0x2705 },   { 0x2728, 0x2728 },   { 0x274c, 0x274c },
	{ 0x2e80, 0x303e },   { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe30, 0xfe4f },   { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool is_in(const struct range *ranges, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n && ranges[i].first <= code; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

static uint8_t width_of(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (is_in(narrow, sizeof(narrow) / sizeof(*narrow), code))
		return 0;
	return is_in(wide, sizeof(wide) / sizeof(*wide), code) ? 2 : 1;
}

struct utf8 utf8_next(struct str s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)s.s;
	struct utf8 wrong = { 0xfffd, 1, 1, false };
	uint32_t code;
	uint8_t length;

	if (s.n == 0)
		return (struct utf8){ 0, 0, 0, false };
	if (b[0] < 0x80)
		return (struct utf8){ b[0], 1, 1, true };
	if (b[0] >= 0xc2 && b[0] <= 0xdf)
		length = 2;
	else if ((b[0] & 0xf0) == 0xe0)
		length = 3;
	else if (b[0] >= 0xf0 && b[0] <= 0xf4)
		length = 4;
	else
		return wrong;
	if (s.n < length)
		return wrong;
	code = b[0] & (0xffu >> (length + 1));
	for (unsigned i = 1; i < length; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return wrong;
		code = code << 6 | (b[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return wrong;
	return (struct utf8){ code, length, width_of(code), true };
}

/* Where text from `at` on may not be ASCII any more. */
static size_t skip_ascii(struct str s, size_t at)
{
	uint64_t eight;

	for (; at + sizeof(eight) <= s.n; at += sizeof(eight)) {
		memcpy(&eight, s.s + at, sizeof(eight));
		if (eight & 0x8080808080808080u)
			break;
	}
	return at;
}

size_t utf8_check(struct str s)
{
	size_t at = skip_ascii(s, 0);

	while (at < s.n) {
		struct utf8 c;

		if ((unsigned char)s.s[at] < 0x80) {
			at++;
			continue;
		}
		c = utf8_next(str_skip(s, at));
		if (!c.is_valid)
			break;
		at = skip_ascii(s, at + c.length);
	}
	return at;
}

size_t utf8_write(uint32_t code, char out[4])
{
	size_t n;

	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)((0xf00u >> n & 0xffu) | code);
	return n;
}
