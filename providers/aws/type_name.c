/* Names that are made up for objects whose block does not say one. */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "lang/base/buf.h"
#include "lang/base/digest.h"

#include <string.h>

enum {
	NAME_MAX_BYTES = 255, /* where the type does not say */
	DIGITS = 8,	      /* of the digest that ends a shortened name */
};

static bool is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static bool is_plain(char ch)
{
	return is_letter(ch) || (ch >= '0' && ch <= '9');
}

/*
 * Letters, digits and what the type allows; anything else becomes the first of
 * the allowed characters, never two of them together, none at an end. A letter
 * comes first: the strictest services want that.
 */
static void add_allowed(struct buf *b, const struct aws_type *t, struct str s)
{
	const char *allowed = t->name_chars ? t->name_chars : "-";

	for (size_t i = 0; i < s.n; i++) {
		char ch = s.s[i];
		bool is_first = b->len == 0;

		if (t->is_lower && ch >= 'A' && ch <= 'Z')
			ch = (char)(ch - 'A' + 'a');
		if (is_plain(ch)) {
			if (is_first && !is_letter(ch))
				buf_add_c(b, "d");
			buf_add_char(b, ch);
			continue;
		}
		if (!strchr(allowed, ch))
			ch = allowed[0];
		if (!is_first && is_plain(b->data[b->len - 1]))
			buf_add_char(b, ch);
	}
	while (b->len && !is_plain(b->data[b->len - 1]))
		b->len--;
}

struct str aws_name(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	size_t most = t->name_max ? (size_t)t->name_max : NAME_MAX_BYTES;
	struct str given = value_text(c->config, "name");
	struct str prefix = aws_site_of(c)->prefix;
	char hex[DIGEST_HEX_SIZE];
	struct str whole, out;
	struct buf b;

	if (given.n)
		return given;
	whole = prefix.n ? str_join(prefix, "-", c->name, c->arena) : c->name;
	buf_init(&b, 4096);
	add_allowed(&b, t, whole);
	out = str_dup(buf_str(&b), c->arena);
	buf_release(&b);
	if (out.n && out.n <= most)
		return out;
	/* The end tells names apart that begin alike. */
	digest_sha256_hex(whole, hex);
	out = str_sub(out, 0, most - DIGITS - 1);
	while (out.n && !is_plain(out.s[out.n - 1]))
		out.n--;
	return str_fmt(c->arena, "%.*s-%.*s", STR_ARG(out.n ? out : STR("d")),
		       DIGITS, hex);
}
