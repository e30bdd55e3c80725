#include <config.h>

#include "engine/address.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/utf8.h"

#include <string.h>

enum {
	ADDRESS_MOST = 64 * 1024, /* bytes of an address */
	HASH_DIGITS = 8,	  /* of a default name that was cut */
	DEPOSED_DIGITS = 8,	  /* behind the "#" of what is left over */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(struct str s)
{
	if (s.n == 0 || !(is_letter(s.s[0]) || s.s[0] == '_'))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		char c = s.s[i];

		if (!is_letter(c) && !is_digit(c) && c != '_' && c != '-')
			return false;
	}
	return true;
}

/* One way to write each key, so that equal addresses are equal bytes. */
static void add_quoted(struct buf *b, struct str key)
{
	buf_add_char(b, '"');
	for (size_t i = 0; i < key.n; i++) {
		char c = key.s[i];

		if (c == '"' || c == '\\')
			buf_fmt(b, "\\%c", c);
		else if (c == '\n')
			buf_add_c(b, "\\n");
		else if (c == '\t')
			buf_add_c(b, "\\t");
		else if (c == '$' && i + 1 < key.n && key.s[i + 1] == '{')
			buf_add_c(b, "\\$");
		else if ((unsigned char)c < 0x20 || c == 0x7f)
			buf_fmt(b, "\\u{%x}", (unsigned)c);
		else
			buf_add_char(b, c);
	}
	buf_add_char(b, '"');
}

struct str address_make(struct arena *a, struct str parent, struct str type,
			struct str name, bool has_key, struct str key)
{
	struct buf b;
	struct str address;

	if (!parent.n && !has_key)
		return str_join(type, ".", name, a);
	buf_init(&b, ADDRESS_MOST);
	if (parent.n) {
		buf_add_str(&b, parent);
		buf_add_char(&b, '/');
	}
	buf_add_str(&b, type);
	buf_add_char(&b, '.');
	buf_add_str(&b, name);
	if (has_key) {
		buf_add_char(&b, '[');
		add_quoted(&b, key);
		buf_add_char(&b, ']');
	}
	address = str_dup(buf_str(&b), a);
	buf_release(&b);
	return address;
}

/* The digits of \u{…}; *i stands on "{" and is left on "}". */
static bool read_code_point(struct str s, size_t *i, uint32_t *out)
{
	uint32_t c = 0;
	size_t digits = 0;

	if (*i >= s.n || s.s[*i] != '{')
		return false;
	for (++*i; *i < s.n && s.s[*i] != '}'; ++*i, digits++) {
		char d = s.s[*i];

		if (is_digit(d))
			c = c * 16 + (uint32_t)(d - '0');
		else if (d >= 'a' && d <= 'f')
			c = c * 16 + (uint32_t)(d - 'a') + 10;
		else if (d >= 'A' && d <= 'F')
			c = c * 16 + (uint32_t)(d - 'A') + 10;
		else
			return false;
		if (digits == 6)
			return false;
	}
	*out = c;
	return *i < s.n && digits > 0 && c > 0 && c <= 0x10ffff &&
	       !(c >= 0xd800 && c <= 0xdfff);
}

/* What stands between the quotes, escapes resolved. */
static bool read_quoted(struct str s, struct buf *b)
{
	for (size_t i = 0; i < s.n; i++) {
		char bytes[4];
		uint32_t c;

		if (s.s[i] == '"' || (unsigned char)s.s[i] < 0x20)
			return false;
		if (s.s[i] != '\\') {
			buf_add_char(b, s.s[i]);
			continue;
		}
		if (++i == s.n)
			return false;
		switch (s.s[i]) {
		case '"':
		case '\\':
		case '$':
			buf_add_char(b, s.s[i]);
			break;
		case 'n':
			buf_add_char(b, '\n');
			break;
		case 't':
			buf_add_char(b, '\t');
			break;
		case 'u':
			i++;
			if (!read_code_point(s, &i, &c))
				return false;
			buf_add(b, bytes, utf8_write(c, bytes));
			break;
		default:
			return false;
		}
	}
	return true;
}

/* TYPE.NAME or TYPE.NAME["KEY"]. key: what stands between the quotes. */
static bool split_part(struct str part, struct str *type, struct str *name,
		       bool *has_key, struct str *key)
{
	ptrdiff_t open = str_find(part, '[');

	*has_key = open >= 0;
	*key = (struct str){ 0 };
	if (*has_key) {
		struct str rest = str_skip(part, (size_t)open);

		if (rest.n < 4 || !str_starts(rest, "[\"") ||
		    !str_ends(rest, "\"]"))
			return false;
		*key = str_sub(rest, 2, rest.n - 2);
		part = str_sub(part, 0, (size_t)open);
	}
	*type = str_cut(&part, '.');
	*name = part;
	return is_name(*type) && is_name(*name);
}

/* Offset of the last "/" outside quotes, or -1; -2 when a quote is open. */
static ptrdiff_t last_slash(struct str s)
{
	ptrdiff_t at = -1;
	bool is_quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.s[i] == '"')
			is_quoted = !is_quoted;
		else if (s.s[i] == '\\' && is_quoted)
			i++;
		else if (s.s[i] == '/' && !is_quoted)
			at = (ptrdiff_t)i;
	}
	return is_quoted ? -2 : at;
}

static bool unquote(struct str *key, struct arena *a)
{
	struct buf b;
	bool is_good;

	buf_init(&b, ADDRESS_MOST);
	is_good = read_quoted(*key, &b);
	*key = str_dup(buf_str(&b), a);
	buf_release(&b);
	return is_good;
}

bool address_split(struct str address, struct arena *a, struct str *parent,
		   struct str *type, struct str *name, bool *has_key,
		   struct str *key)
{
	ptrdiff_t slash;

	if (address.n > ADDRESS_MOST)
		return false;
	slash = last_slash(address);
	if (slash == -2 || slash == 0)
		return false;
	*parent =
	    slash < 0 ? (struct str){ 0 } : str_sub(address, 0, (size_t)slash);
	return split_part(str_skip(address, (size_t)(slash + 1)), type, name,
			  has_key, key) &&
	       (!*has_key || unquote(key, a));
}

size_t address_next_end(struct str address, size_t from)
{
	bool is_quoted = false;
	size_t i = from;

	for (; i < address.n; i++) {
		char c = address.s[i];

		if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '\\' && is_quoted)
			i++;
		else if (strchr("/[#", c) && c && !is_quoted && i > from)
			break;
	}
	return i < address.n ? i : address.n;
}

bool address_deposed(struct str address, struct str *of)
{
	size_t n = address.n;

	/* A key ends with a bracket, and a name has no "#". */
	if (n <= DEPOSED_DIGITS + 1 || address.s[n - DEPOSED_DIGITS - 1] != '#')
		return false;
	for (size_t i = n - DEPOSED_DIGITS; i < n; i++)
		if (!is_digit(address.s[i]) &&
		    !(address.s[i] >= 'a' && address.s[i] <= 'f'))
			return false;
	*of = str_sub(address, 0, n - DEPOSED_DIGITS - 1);
	return true;
}

struct str address_depose(struct arena *a, struct str address, struct str id)
{
	char hex[DIGEST_HEX_SIZE];

	digest_sha256_hex(id, hex);
	return str_fmt(a, "%.*s#%.*s", STR_ARG(address), DEPOSED_DIGITS, hex);
}

/* Letters and digits as they are; all else is one hyphen between words. */
static void add_word(struct buf *b, struct str s)
{
	if (b->len && b->data[b->len - 1] != '-')
		buf_add_char(b, '-');
	for (size_t i = 0; i < s.n; i++) {
		if (is_letter(s.s[i]) || is_digit(s.s[i]))
			buf_add_char(b, s.s[i]);
		else if (b->len && b->data[b->len - 1] != '-')
			buf_add_char(b, '-');
	}
}

static void trim_hyphens(struct buf *b)
{
	while (b->len && b->data[b->len - 1] == '-')
		b->data[--b->len] = '\0';
}

struct str address_default_name(struct arena *a, struct str stack,
				struct str address, size_t most)
{
	struct buf b;
	struct str rest = address;
	struct str name;

	buf_init(&b, ADDRESS_MOST);
	add_word(&b, stack);
	while (rest.n) {
		bool is_quoted = false;
		struct str type;
		struct str key;
		size_t end = 0;
		bool has_key;

		for (; end < rest.n && (is_quoted || rest.s[end] != '/'); end++)
			if (rest.s[end] == '"')
				is_quoted = !is_quoted;
			else if (rest.s[end] == '\\' && is_quoted)
				end++;
		if (end > rest.n)
			end = rest.n;
		if (split_part(str_sub(rest, 0, end), &type, &name, &has_key,
			       &key)) {
			/* Two components may have a name and an inside alike.
			 */
			if (end < rest.n)
				add_word(&b, type);
			add_word(&b, name);
			if (has_key && unquote(&key, a))
				add_word(&b, key);
		}
		rest = str_skip(rest, end + 1);
	}
	trim_hyphens(&b);
	if (b.len > most && most > HASH_DIGITS) {
		uint64_t hash = str_hash(address);

		b.len = most - HASH_DIGITS - 1;
		b.data[b.len] = '\0';
		trim_hyphens(&b);
		buf_fmt(&b, "-%08x", (unsigned)(hash ^ hash >> 32));
	}
	name = str_dup(buf_str(&b), a);
	buf_release(&b);
	return name;
}
