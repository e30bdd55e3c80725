/* Functions on maps. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/func_impl.h"

#include <string.h>

int func_keys(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];
	struct value *items =
	    arena_new(c->arena, struct value, in.as.map.n + 1);

	for (size_t i = 0; i < in.as.map.n; i++)
		items[i] = value_str(in.as.map.entries[i].key);
	*out = value_list(items, in.as.map.n);
	return 0;
}

int func_values(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];
	struct value *items =
	    arena_new(c->arena, struct value, in.as.map.n + 1);

	for (size_t i = 0; i < in.as.map.n; i++)
		items[i] = in.as.map.entries[i].value;
	*out = value_list(items, in.as.map.n);
	return 0;
}

int func_merge(struct func_call *c, struct value *out)
{
	struct value_entry *entries;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->args[i].as.map.n;
	if (func_count(c, n) < 0)
		return -1;
	entries = arena_new(c->arena, struct value_entry, n + 1);
	n = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct value map = c->args[i];

		if (map.as.map.n)
			memcpy(entries + n, map.as.map.entries,
			       map.as.map.n * sizeof(*entries));
		n += map.as.map.n;
	}
	*out = value_map(entries, n, c->arena);
	return 0;
}

int func_lookup(struct func_call *c, struct value *out)
{
	const struct value *v = value_get_str(c->args[0], c->args[1].as.text);

	if (v)
		*out = *v;
	else if (c->n > 2)
		*out = c->args[2];
	else
		return func_fail(c, 1, "the map has no such key");
	return 0;
}

int func_zipmap(struct func_call *c, struct value *out)
{
	struct value keys = c->args[0], values = c->args[1];
	struct value_entry *entries;
	size_t n = keys.as.list.n;

	if (n != values.as.list.n)
		return func_fail(c, 1, "there are %zu keys but %zu values", n,
				 values.as.list.n);
	entries = arena_new(c->arena, struct value_entry, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct value key = keys.as.list.items[i];

		if (value_is_unknown(key)) {
			*out = value_mark(value_unknown(), key.marks);
			return 0;
		}
		if (key.kind != VALUE_STRING)
			return func_fail(c, 0, "key %zu is a %s, not a string",
					 i, value_kind_name(key));
		entries[i].key = key.as.text;
		entries[i].value = values.as.list.items[i];
	}
	*out = value_map(entries, n, c->arena);
	for (size_t i = 0; i < n; i++)
		out->marks |= keys.as.list.items[i].marks & MARK_SECRET;
	return 0;
}
