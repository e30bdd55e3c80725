/* Functions on documents, bytes, files and marks. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/base64.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/func_impl.h"
#include "lang/json.h"
#include "lang/source.h"
#include "lang/type.h"
#include "lang/utf8.h"

#include <string.h>

int func_file(struct func_call *c, struct value *out)
{
	struct str name = c->args[0].as.text;
	struct error err = { 0 };
	struct str text;
	char *path;

	if (name.n == 0 || memchr(name.s, '\0', name.n))
		return func_fail(c, 0, "the name of the file is empty");
	if (name.s[0] == '/' || !c->source)
		path = str_c(name, c->arena);
	else
		path = str_c(str_fmt(c->arena, "%.*s/%.*s",
				     STR_ARG(c->source->folder), STR_ARG(name)),
			     c->arena);
	if (file_read(path, FUNC_TEXT_MAX, c->arena, &text, &err) < 0)
		return func_fail(c, 0, "%s",
				 c->args[0].marks & MARK_SECRET
				     ? "could not read the file"
				     : err.message);
	if (memchr(text.s, '\0', text.n) || utf8_check(text) < text.n)
		return func_fail(c, 0, "the file is not text in UTF-8");
	*out = value_str(text);
	return 0;
}

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

int func_base64(struct func_call *c, struct value *out)
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

int func_coalesce(struct func_call *c, struct value *out)
{
	*out = value_null();
	for (size_t i = 0; i < c->n; i++) {
		*out = c->args[i];
		/* Whether an unknown one is null will be known later. */
		if (!value_is_null(*out))
			break;
	}
	return 0;
}

int func_secret(struct func_call *c, struct value *out)
{
	*out = value_mark(c->args[0], MARK_SECRET);
	return 0;
}

/* Values are nested 200 deep at most. */
static struct value without_secret(struct value v, struct arena *a)
{
	v.marks &= (uint8_t)~MARK_SECRET;
	return value_each(v, without_secret, a);
}

int func_reveal(struct func_call *c, struct value *out)
{
	*out = without_secret(c->args[0], c->arena);
	return 0;
}
