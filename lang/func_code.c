/* Functions that write values in another form, and read them back. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/base64.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/func_impl.h"
#include "lang/json.h"
#include "lang/type.h"
#include "lang/utf8.h"

#include <string.h>

int func_json_encode(struct func_call *c, struct value *out)
{
	static const struct type json = { .kind = TYPE_JSON };
	struct value v = c->args[0];
	int result = 0;
	struct buf b;

	if (v.kind == VALUE_OBJECT)
		return func_fail(c, 0, "a %s is no data: choose an attribute",
				 value_kind_name(v));
	if (v.kind == VALUE_LIST || v.kind == VALUE_MAP) {
		c->bad_arg = 0;
		return type_convert(&json, v, c->arena, out, c->why);
	}
	buf_init(&b, FUNC_TEXT_MAX);
	json_write(&b, v, JSON_REVEAL);
	if (buf_is_full(&b))
		result = func_fail(c, 0, "the text is larger than 16 MiB");
	else
		*out = value_str(str_dup(buf_str(&b), c->arena));
	buf_wipe(&b);
	return result;
}

int func_json_decode(struct func_call *c, struct value *out)
{
	struct error err = { 0 };

	if (json_read(c->args[0].as.text, c->arena, out, &err) < 0)
		return func_fail(c, 0, "%s",
				 c->args[0].marks & MARK_SECRET
				     ? "the secret text is not valid JSON"
				     : err.message);
	return 0;
}

int func_base64_encode(struct func_call *c, struct value *out)
{
	struct str in = c->args[0].as.text;

	if (in.n > FUNC_TEXT_MAX / 4 * 3)
		return func_fail(c, 0, "the text is larger than 12 MiB");
	*out = value_str(base64_encode(in, c->arena));
	return 0;
}

int func_sha256(struct func_call *c, struct value *out)
{
	char *text = arena_new(c->arena, char, DIGEST_HEX_SIZE);

	digest_sha256_hex(c->args[0].as.text, text);
	*out = value_str(str_from(text));
	return 0;
}

int func_base64_decode(struct func_call *c, struct value *out)
{
	struct str text;

	if (base64_decode(c->args[0].as.text, c->arena, &text) < 0)
		return func_fail(c, 0, "the text is not base64");
	if (memchr(text.s, '\0', text.n) || utf8_check(text) < text.n)
		return func_fail(c, 0,
				 "what the base64 stands for is not text in "
				 "UTF-8");
	*out = value_str(text);
	return 0;
}

/* RFC 3986, section 2.3 */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

int func_url_encode(struct func_call *c, struct value *out)
{
	static const char hex[] = "0123456789ABCDEF";
	struct str s = c->args[0].as.text;
	struct buf b;

	buf_init(&b, FUNC_TEXT_MAX);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char byte = (unsigned char)s.s[i];
		const char escape[] = { '%', hex[byte >> 4], hex[byte & 15] };

		if (is_unreserved(s.s[i]))
			buf_add_char(&b, s.s[i]);
		else
			buf_add(&b, escape, sizeof(escape));
	}
	return func_text(c, &b, out);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

int func_url_decode(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;

	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] == '%' &&
		    (s.n - i < 3 || !is_hex(s.s[i + 1]) || !is_hex(s.s[i + 2])))
			return func_fail(c, 0,
					 "a %% stands without two hexadecimal "
					 "digits; a %% itself is %%25");
	s = str_unescape(s, '%', c->arena);
	if (memchr(s.s, '\0', s.n) || utf8_check(s) < s.n)
		return func_fail(c, 0, "the escapes are not text in UTF-8");
	*out = value_str(s);
	return 0;
}
