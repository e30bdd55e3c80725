#include <config.h>

#include "lang/base/base64.h"

#include "lang/base/arena.h"

#include <openssl/evp.h>

struct str base64_encode(struct str bytes, struct arena *a)
{
	unsigned char *text = arena_new(a, unsigned char, bytes.n / 3 * 4 + 5);
	int n =
	    EVP_EncodeBlock(text, (const unsigned char *)bytes.s, (int)bytes.n);

	return (struct str){ (char *)text, (size_t)n };
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '/')
		return c == '+' ? 62 : 63;
	return -1;
}

int base64_decode(struct str text, struct arena *a, struct str *out)
{
	char *bytes = arena_new(a, char, text.n / 4 * 3 + 4);
	size_t n = 0, digits = 0, pads = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.s[i];

		if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		if (pads || digit(c) < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit(c);
		digits++;
		if (digits % 4 == 0) {
			bytes[n++] = (char)(bits >> 16);
			bytes[n++] = (char)(bits >> 8);
			bytes[n++] = (char)bits;
		}
	}
	if (digits % 4 == 1 || pads != (4 - digits % 4) % 4)
		return -1;
	if (digits % 4 >= 2)
		bytes[n++] = (char)(bits >> (digits % 4 == 2 ? 4 : 10));
	if (digits % 4 == 3)
		bytes[n++] = (char)(bits >> 2);
	bytes[n] = '\0';
	*out = (struct str){ bytes, n };
	return 0;
}
