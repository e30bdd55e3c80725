#include <config.h>

#include "providers/aws/tags.h"

#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/vec.h"
#include "providers/aws/fields.h"

#include <string.h>

enum { TAG_MAX = 256 };

struct str tag_text(struct str s, struct arena *a)
{
	struct str out;
	struct buf b;

	buf_init(&b, TAG_MAX);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.s[i];

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		    (ch >= '0' && ch <= '9') || (ch && strchr(" +-._:/@", ch)))
			buf_add_char(&b, (char)ch);
		else
			buf_fmt(&b, "=%02X", (unsigned)ch);
	}
	if (buf_is_full(&b)) {
		char hex[DIGEST_HEX_SIZE];

		digest_sha256_hex(s, hex);
		out = str_dup(str_from(hex), a);
	} else {
		out = str_dup(buf_str(&b), a);
	}
	buf_release(&b);
	return out;
}

struct str tag_untext(struct str s, struct arena *a)
{
	return str_unescape(s, '=', a);
}

bool tag_is_reserved(struct str key)
{
	return str_starts(key, "dmsl:") || str_starts(key, "aws:");
}

static void add_all(struct fields *f, struct value map)
{
	for (size_t i = 0; map.kind == VALUE_MAP && i < map.as.map.n; i++)
		*vec_push(&f->list) = map.as.map.entries[i];
}

struct value tags_wanted(const struct call *c, struct str stack,
			 struct value defaults)
{
	const struct value *given = value_get(c->config, "tags");
	struct fields f = { 0 };

	add_all(&f, defaults);
	if (given)
		add_all(&f, *given);
	field_given(&f, "dmsl:stack", tag_text(stack, c->arena));
	field_text(&f, "dmsl:address", tag_text(c->address, c->arena));
	return fields_done(&f, c->arena);
}

struct value tags_of_create(const struct call *c, struct str stack,
			    struct value defaults)
{
	struct value all = tags_wanted(c, stack, defaults);

	if (c->token.n == 0)
		return all;
	return value_with(all, STR("dmsl:intent"), value_str(c->token),
			  c->arena);
}

struct value tag_list(struct value map, struct arena *a)
{
	size_t n = map.kind == VALUE_MAP ? map.as.map.n : 0;
	struct value *list = arena_new(a, struct value, n + 1);

	for (size_t i = 0; i < n; i++) {
		struct value_entry e = map.as.map.entries[i];
		struct value_entry parts[2] = {
			{ STR("Key"), value_str(e.key) },
			{ STR("Value"), e.value },
		};

		list[i] = value_map(parts, 2, a);
	}
	return value_list(list, n);
}

struct value tag_map(struct value list, struct arena *a)
{
	struct fields f = { 0 };

	for (size_t i = 0; list.kind == VALUE_LIST && i < list.as.list.n; i++) {
		struct value tag = list.as.list.items[i];
		const char *key = value_get(tag, "Key") ? "Key" : "key";
		const char *value = *key == 'K' ? "Value" : "value";

		*vec_push(&f.list) = (struct value_entry){
			value_text(tag, key),
			value_str(value_text(tag, value)),
		};
	}
	return fields_done(&f, a);
}

struct value tags_user(struct value all, struct arena *a)
{
	struct fields f = { 0 };

	for (size_t i = 0; all.kind == VALUE_MAP && i < all.as.map.n; i++)
		if (!tag_is_reserved(all.as.map.entries[i].key))
			*vec_push(&f.list) = all.as.map.entries[i];
	return fields_done(&f, a);
}

void tags_differ(struct value there, struct value wanted, struct arena *a,
		 struct value *set, struct value *gone)
{
	size_t n = there.kind == VALUE_MAP ? there.as.map.n : 0, n_gone = 0;
	struct value *keys = arena_new(a, struct value, n + 1);
	struct fields f = { 0 };

	for (size_t i = 0; i < wanted.as.map.n; i++) {
		struct value_entry e = wanted.as.map.entries[i];
		const struct value *now = value_get_str(there, e.key);

		if (!now || !value_eq(*now, e.value))
			*vec_push(&f.list) = e;
	}
	for (size_t i = 0; i < n; i++) {
		struct str key = there.as.map.entries[i].key;

		if (!tag_is_reserved(key) && !value_get_str(wanted, key))
			keys[n_gone++] = value_str(key);
	}
	*set = fields_done(&f, a);
	*gone = value_list(keys, n_gone);
}
