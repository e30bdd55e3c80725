#include <config.h>

#include "providers/replicator/ops.h"

#include "lang/base/arena.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/server.h"

/* Which member of which kind of item is its ARN. */
static const struct {
	enum book_kind kind;
	const char *member;
} arns[] = {
	{ BOOK_SUBNET_GROUP, "_arn" },
	{ BOOK_INSTANCE, "ReplicationInstanceArn" },
	{ BOOK_ENDPOINT, "EndpointArn" },
	{ BOOK_TASK, "ReplicationTaskArn" },
};

static struct item *find_resource(struct server *s, struct str arn)
{
	struct item *item = NULL;

	for (size_t i = 0; !item && i < sizeof(arns) / sizeof(arns[0]); i++)
		item = book_find(&s->book, arns[i].kind, arns[i].member, arn);
	return item;
}

static int need_resource(struct server *s, struct value in, struct item **out,
			 struct fault *f)
{
	struct str arn;

	if (op_need(in, "ResourceArn", &arn, f) < 0)
		return -1;
	*out = find_resource(s, arn);
	if (!*out)
		return fault_set(f, "ResourceNotFoundFault",
				 "Resource '%.*s' not found.", STR_ARG(arn));
	return 0;
}

static struct value tags_of(const struct item *item)
{
	const struct value *tags = value_get(item->v, "_tags");

	return tags ? *tags : value_null();
}

int op_add_tags(struct server *s, struct value in, struct arena *a,
		struct value *out, struct fault *f)
{
	struct item *item;
	struct value tags;

	if (need_resource(s, in, &item, f) < 0 ||
	    op_read_tags(tags_of(item), value_get(in, "Tags"), a, &tags, f) < 0)
		return -1;
	item_set(item, "_tags", tags);
	*out = value_map(NULL, 0, a);
	return 0;
}

static bool is_listed(struct str key, struct value keys)
{
	for (size_t i = 0; i < keys.as.list.n; i++)
		if (keys.as.list.items[i].kind == VALUE_STRING &&
		    str_eq(keys.as.list.items[i].as.text, key))
			return true;
	return false;
}

int op_remove_tags(struct server *s, struct value in, struct arena *a,
		   struct value *out, struct fault *f)
{
	const struct value *keys = value_get(in, "TagKeys");
	struct value_entry *left;
	struct item *item;
	struct value tags;
	size_t n = 0;

	if (need_resource(s, in, &item, f) < 0)
		return -1;
	if (!keys || keys->kind != VALUE_LIST)
		return fault_set(f, "ValidationException",
				 "1 validation error detected: Value null at "
				 "'tagKeys' failed to satisfy constraint: "
				 "Member must not be null");
	tags = tags_of(item);
	*out = value_map(NULL, 0, a);
	if (tags.kind != VALUE_MAP)
		return 0;
	left = arena_new(a, struct value_entry, tags.as.map.n + 1);
	for (size_t i = 0; i < tags.as.map.n; i++)
		if (!is_listed(tags.as.map.entries[i].key, *keys))
			left[n++] = tags.as.map.entries[i];
	item_set(item, "_tags", value_map(left, n, a));
	return 0;
}

/* Appends {Key, Value, ResourceArn}s of one resource. */
static size_t show_tags(const struct item *item, struct str arn,
			struct value *list, struct arena *a)
{
	struct value tags = value_copy(tags_of(item), a);
	size_t n = tags.kind == VALUE_MAP ? tags.as.map.n : 0;

	for (size_t i = 0; i < n; i++) {
		struct obj o = { .n = 0 };

		obj_str(&o, "Key", tags.as.map.entries[i].key);
		obj_value(&o, "Value", tags.as.map.entries[i].value);
		if (arn.n)
			obj_str(&o, "ResourceArn", arn);
		list[i] = obj_done(&o, a);
	}
	return n;
}

int op_list_tags(struct server *s, struct value in, struct arena *a,
		 struct value *out, struct fault *f)
{
	enum { RESOURCES_MAX = 100, TAGS_EACH = 64 };
	const struct value *many = value_get(in, "ResourceArnList");
	struct value *list;
	struct item *item;
	size_t n = 0;

	if (!many || many->kind != VALUE_LIST || many->as.list.n == 0) {
		if (need_resource(s, in, &item, f) < 0)
			return -1;
		list = arena_new(a, struct value, TAGS_EACH);
		n = show_tags(item, (struct str){ 0 }, list, a);
		*out = op_answer("TagList", value_list(list, n), a);
		return 0;
	}
	if (many->as.list.n > RESOURCES_MAX)
		return fault_set(
		    f, "InvalidParameterValueException",
		    "At most %d resources can be asked for at once.",
		    RESOURCES_MAX);
	list = arena_new(a, struct value, TAGS_EACH * many->as.list.n);
	for (size_t i = 0; i < many->as.list.n; i++) {
		struct value arn = many->as.list.items[i];

		item = arn.kind == VALUE_STRING ? find_resource(s, arn.as.text)
						: NULL;
		if (!item)
			return fault_set(f, "ResourceNotFoundFault",
					 "Resource '%.*s' not found.",
					 STR_ARG(arn.kind == VALUE_STRING
						     ? arn.as.text
						     : STR("")));
		n += show_tags(item, arn.as.text, list + n, a);
	}
	*out = op_answer("TagList", value_list(list, n), a);
	return 0;
}
