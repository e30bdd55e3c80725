#include <config.h>

#include "providers/aws/user_data.h"

#include "lang/base/arena.h"

#include <openssl/evp.h>

struct str user_data_sent(struct str text, struct arena *a)
{
	unsigned char *out = arena_new(a, unsigned char, text.n / 3 * 4 + 5);
	int n =
	    EVP_EncodeBlock(out, (const unsigned char *)text.s, (int)text.n);

	return (struct str){ (char *)out, (size_t)n };
}

struct str user_data_shown(struct str sent, struct arena *a)
{
	unsigned char *out = arena_new(a, unsigned char, sent.n + 4);
	int n =
	    EVP_DecodeBlock(out, (const unsigned char *)sent.s, (int)sent.n);

	/* Padding is counted as bytes. */
	for (size_t i = sent.n; n > 0 && i && sent.s[i - 1] == '='; i--)
		n--;
	return n > 0 ? (struct str){ (char *)out, (size_t)n } : sent;
}

bool user_data_is(struct str text, struct str sent, struct arena *a)
{
	return str_eq(user_data_sent(text, a), sent);
}
