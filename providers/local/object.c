#include <config.h>

#include "providers/local/object.h"

#include "providers/local/ids.h"

struct str object_name(const struct call *c, size_t most)
{
	struct str name = value_text(c->config, "name");
	struct str hash;

	if (!name.n)
		name = c->name;
	if (name.n <= most || value_text(c->config, "name").n)
		return str_dup(name, c->arena);
	/* Of the name: a second object of the address has another one. */
	hash = id_hash(c->self, "name", name, 8, c->arena);
	return str_fmt(c->arena, "%.*s-%.*s", (int)(most - 9), name.s,
		       STR_ARG(hash));
}

void object_set(struct call *c, const char *key, struct value v)
{
	if (c->result.kind != VALUE_MAP)
		c->result = value_map(NULL, 0, c->arena);
	c->result = value_with(c->result, str_from(key), v, c->arena);
}

struct value object_ip(struct str ip)
{
	struct value v = value_str(ip);

	v.kind = VALUE_IP;
	return v;
}

struct value object_list(const struct str *items, size_t n, struct arena *a)
{
	struct value *list = arena_new(a, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		list[i] = value_str(items[i]);
	return value_list(list, n);
}

struct str *object_texts(struct value map, const char *key, struct arena *a,
			 size_t *n)
{
	const struct value *list = value_get(map, key);
	struct str *out;

	*n = 0;
	if (!list || list->kind != VALUE_LIST)
		return NULL;
	out = arena_new(a, struct str, list->as.list.n + 1);
	for (size_t i = 0; i < list->as.list.n; i++) {
		const struct value *v = &list->as.list.items[i];

		if (v->kind == VALUE_STRING || v->kind == VALUE_IP ||
		    v->kind == VALUE_CIDR)
			out[(*n)++] = v->as.text;
	}
	return out;
}

int object_read(struct call *c, struct record *out)
{
	if (record_read(c->self, c->type->name, c->id, c->arena, out,
			&c->err) == 0) {
		/* Nothing is known of it: all that it was made with. */
		if (c->prior.kind != VALUE_MAP || !c->prior.as.map.n)
			c->result = out->config;
		return 1;
	}
	if (c->err.kind != ERROR_NOT_FOUND)
		return -1;
	c->err = (struct error){ 0 };
	c->is_gone = true;
	return 0;
}

enum step object_end(int rc)
{
	return rc < 0 ? STEP_FAILED : STEP_DONE;
}
