/* Reading answers: paths through maps, and lists that may be one or none. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/vec.h"
#include "providers/aws/client.h"

struct values {
	VEC(struct value) list;
};

static struct value first_of(struct value v)
{
	if (v.kind == VALUE_LIST)
		return v.as.list.n ? v.as.list.items[0] : value_null();
	return v;
}

const struct value *aws_get(struct value v, const char *path)
{
	struct str rest = str_from(path);
	const struct value *found = NULL;

	while (rest.n) {
		struct str key = str_cut(&rest, '/');

		if (found)
			v = *found;
		found = value_get_str(first_of(v), key);
		if (!found || value_is_null(*found))
			return NULL;
	}
	return found;
}

struct str aws_text_of(struct value v)
{
	switch ((enum value_kind)v.kind) {
	case VALUE_BOOL:
		return v.as.boolean ? STR("true") : STR("false");
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		return v.as.text;
	case VALUE_NULL:
	case VALUE_DURATION:
	case VALUE_SIZE:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_OBJECT:
		break;
	}
	return (struct str){ "", 0 };
}

struct str aws_text(struct value v, const char *path)
{
	const struct value *found = aws_get(v, path);

	return found ? aws_text_of(first_of(*found)) : (struct str){ "", 0 };
}

/* At most as deep as the path has parts. */
static void collect(struct values *out, struct value v, struct str path)
{
	const struct value *member;
	struct str key;

	if (v.kind == VALUE_LIST) {
		for (size_t i = 0; i < v.as.list.n; i++)
			collect(out, v.as.list.items[i], path);
		return;
	}
	if (path.n == 0) {
		if (!value_is_null(v))
			*vec_push(&out->list) = v;
		return;
	}
	key = str_cut(&path, '/');
	member = value_get_str(v, key);
	if (member)
		collect(out, *member, path);
}

struct value aws_items(struct value v, const char *path, struct arena *a)
{
	struct values out = { 0 };
	const struct value *items;

	collect(&out, v, str_from(path));
	items = vec_take(&out.list, a);
	return value_list(items, out.list.n);
}
