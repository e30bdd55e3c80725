#include <config.h>

#include "providers/replicator/ops.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/server.h"

#include <string.h>
#include <strings.h>

enum { TAGS_MAX = 50, PAGE_LEAST = 20, PAGE_MOST = 500, PAGE_DEFAULT = 100 };

static const struct operation {
	const char *name;
	op_run *run;
	bool has_changes; /* the book is saved before the answer */
} operations[] = {
	{ "AddTagsToResource", op_add_tags, true },
	{ "CreateEndpoint", op_create_endpoint, true },
	{ "CreateReplicationInstance", op_create_instance, true },
	{ "CreateReplicationSubnetGroup", op_create_subnet_group, true },
	{ "CreateReplicationTask", op_create_task, true },
	{ "DeleteConnection", op_delete_connection, true },
	{ "DeleteEndpoint", op_delete_endpoint, true },
	{ "DeleteReplicationInstance", op_delete_instance, true },
	{ "DeleteReplicationSubnetGroup", op_delete_subnet_group, true },
	{ "DeleteReplicationTask", op_delete_task, true },
	{ "DescribeConnections", op_describe_connections, false },
	{ "DescribeEndpoints", op_describe_endpoints, false },
	{ "DescribeReplicationInstances", op_describe_instances, false },
	{ "DescribeReplicationSubnetGroups", op_describe_subnet_groups, false },
	{ "DescribeReplicationTasks", op_describe_tasks, false },
	{ "DescribeTableStatistics", op_describe_table_statistics, false },
	{ "ListTagsForResource", op_list_tags, false },
	{ "ModifyEndpoint", op_modify_endpoint, true },
	{ "ModifyReplicationInstance", op_modify_instance, true },
	{ "ModifyReplicationSubnetGroup", op_modify_subnet_group, true },
	{ "ModifyReplicationTask", op_modify_task, true },
	{ "ReloadTables", op_reload_tables, false },
	{ "RemoveTagsFromResource", op_remove_tags, true },
	{ "StartReplicationTask", op_start_task, true },
	{ "StopReplicationTask", op_stop_task, true },
	{ "TestConnection", op_test_connection, true },
};

int op_need(struct value in, const char *key, struct str *out, struct fault *f)
{
	const struct value *v = value_get(in, key);

	if (!v || value_is_null(*v))
		return fault_set(f, "ValidationException",
				 "1 validation error detected: Value null at "
				 "'%s' failed to satisfy constraint: Member "
				 "must not be null",
				 key);
	if (v->kind != VALUE_STRING)
		return fault_set(f, "SerializationException",
				 "'%s' must be a string", key);
	*out = v->as.text;
	if (out->n == 0)
		return fault_set(f, "InvalidParameterValueException",
				 "The parameter %s must not be empty.", key);
	return 0;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int op_check_id(const char *key, struct str id, size_t max, struct fault *f)
{
	bool is_good = id.n > 0 && id.n <= max && is_letter(id.s[0]) &&
		       id.s[id.n - 1] != '-';

	for (size_t i = 0; i < id.n && is_good; i++) {
		char c = id.s[i];

		is_good = is_letter(c) || (c >= '0' && c <= '9') ||
			  (c == '-' && id.s[i - 1] != '-');
	}
	if (is_good)
		return 0;
	return fault_set(f, "InvalidParameterValueException",
			 "The parameter %s must be provided and must not be "
			 "blank: at most %zu letters, digits and hyphens, a "
			 "letter first, no hyphen last or twice in a row.",
			 key, max);
}

struct str op_lower(struct str text, struct arena *a)
{
	char *out = arena_new(a, char, text.n + 1);

	for (size_t i = 0; i < text.n; i++) {
		char c = text.s[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return (struct str){ out, text.n };
}

int op_resource_id(struct value in, struct arena *a, struct str *out,
		   struct fault *f)
{
	struct str wanted = value_text(in, "ResourceIdentifier");

	*out = wanted;
	if (wanted.n)
		return op_check_id("ResourceIdentifier", wanted, 31, f);
	*out = server_new_id(a);
	return 0;
}

int op_read_tags(struct value old, const struct value *list, struct arena *a,
		 struct value *out, struct fault *f)
{
	*out = old.kind == VALUE_MAP ? old : value_map(NULL, 0, a);
	if (!list || value_is_null(*list))
		return 0;
	if (list->kind != VALUE_LIST)
		return fault_set(f, "SerializationException",
				 "'Tags' must be a list");
	if (list->as.list.n > TAGS_MAX)
		return fault_set(f, "InvalidParameterValueException",
				 "At most %d tags are allowed.", TAGS_MAX);
	for (size_t i = 0; i < list->as.list.n; i++) {
		struct value tag = list->as.list.items[i];
		struct str key = value_text(tag, "Key");

		if (key.n == 0 || key.n > 128)
			return fault_set(f, "InvalidParameterValueException",
					 "A tag's key must have 1 to 128 "
					 "characters.");
		*out = value_with(*out, key,
				  value_str(value_text(tag, "Value")), a);
	}
	if (out->as.map.n > TAGS_MAX)
		return fault_set(f, "InvalidParameterValueException",
				 "At most %d tags are allowed.", TAGS_MAX);
	return 0;
}

struct value op_answer(const char *key, struct value v, struct arena *a)
{
	struct obj o = { .n = 0 };

	obj_value(&o, key, v);
	return obj_done(&o, a);
}

struct value op_public(struct value v, struct arena *a)
{
	struct value_entry *left;
	size_t n = 0;

	if (v.kind != VALUE_MAP)
		return v;
	left = arena_new(a, struct value_entry, v.as.map.n + 1);
	for (size_t i = 0; i < v.as.map.n; i++)
		if (v.as.map.entries[i].key.n &&
		    v.as.map.entries[i].key.s[0] != '_' &&
		    !value_is_null(v.as.map.entries[i].value))
			left[n++] = v.as.map.entries[i];
	return value_map(left, n, a);
}

static const struct op_filter *find_filter(const struct op_filter *filters,
					   size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, filters[i].name))
			return &filters[i];
	return NULL;
}

/* The list under Filters, or an empty one. */
static struct value filters_of(struct value in)
{
	const struct value *list = value_get(in, "Filters");

	return list && list->kind == VALUE_LIST ? *list : value_list(NULL, 0);
}

int op_check_filters(struct value in, const struct op_filter *filters, size_t n,
		     struct fault *f)
{
	struct value list = filters_of(in);

	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value filter = list.as.list.items[i];
		const struct value *values = value_get(filter, "Values");
		struct str name = value_text(filter, "Name");

		if (!find_filter(filters, n, name))
			return fault_set(f, "InvalidParameterValueException",
					 "Invalid filter name: %.*s",
					 STR_ARG(str_sub(name, 0, 100)));
		if (!values || values->kind != VALUE_LIST)
			return fault_set(f, "ValidationException",
					 "1 validation error detected: Value "
					 "null at 'filters.%zu.member.values' "
					 "failed to satisfy constraint: Member "
					 "must not be null",
					 i + 1);
	}
	return 0;
}

static bool is_one_of(struct str text, struct value values, bool ignores_case)
{
	for (size_t i = 0; i < values.as.list.n; i++) {
		struct value v = values.as.list.items[i];

		if (v.kind != VALUE_STRING || v.as.text.n != text.n)
			continue;
		if (str_eq(v.as.text, text) ||
		    (ignores_case &&
		     strncasecmp(v.as.text.s, text.s, text.n) == 0))
			return true;
	}
	return false;
}

/*
 * A member name may hold "|" between two: then either of them may match (a
 * task's two endpoints).
 */
static bool matches(struct value v, const struct op_filter *filter,
		    struct value values, struct arena *a)
{
	struct str names = str_from(filter->member);

	while (names.n) {
		char *name = str_c(str_cut(&names, '|'), a);

		if (is_one_of(value_text(v, name), values,
			      filter->ignores_case))
			return true;
	}
	return false;
}

bool op_passes(struct value in, const struct op_filter *filters, size_t n,
	       struct value v)
{
	struct value list = filters_of(in);
	struct arena a = { 0 };
	bool is_in = true;

	for (size_t i = 0; i < list.as.list.n && is_in; i++) {
		struct value filter = list.as.list.items[i];
		const struct op_filter *known =
		    find_filter(filters, n, value_text(filter, "Name"));

		is_in = known &&
			matches(v, known, *value_get(filter, "Values"), &a);
	}
	arena_release(&a);
	return is_in;
}

int op_page(struct value in, size_t *first, size_t *max, struct fault *f)
{
	int64_t wanted = value_number(in, "MaxRecords", PAGE_DEFAULT);
	struct str marker = value_text(in, "Marker");
	uint64_t n = 0;

	if (wanted < PAGE_LEAST || wanted > PAGE_MOST)
		return fault_set(f, "InvalidParameterValueException",
				 "MaxRecords must be between %d and %d.",
				 PAGE_LEAST, PAGE_MOST);
	if (marker.n && (!str_to_u64(marker, &n) || n > SIZE_MAX / 2))
		return fault_set(f, "InvalidParameterValueException",
				 "Invalid marker.");
	*first = (size_t)n;
	*max = (size_t)wanted;
	return 0;
}

int op_list(struct server *s, const struct op_list *l, struct value in,
	    struct arena *a, struct value *out, struct fault *f)
{
	struct obj answer = { .n = 0 };
	struct value *shown;
	size_t first, max;
	size_t at = 0;
	size_t n = 0;
	bool has_more = false;

	if (op_check_filters(in, l->filters, l->n_filters, f) < 0 ||
	    op_page(in, &first, &max, f) < 0)
		return -1;
	shown = arena_new(a, struct value, max);
	for (struct item *i = s->book.first[l->kind]; i; i = i->next) {
		if (!op_passes(in, l->filters, l->n_filters, i->v))
			continue;
		if (at++ < first)
			continue;
		if (n == max) {
			has_more = true;
			break;
		}
		shown[n++] = l->show ? l->show(s, i, in, a)
				     : op_public(value_copy(i->v, a), a);
	}
	if (n == 0 && first == 0 && l->what && filters_of(in).as.list.n)
		return fault_set(f, "ResourceNotFoundFault",
				 "No %s found matching the filter criteria",
				 l->what);
	obj_value(&answer, l->member, value_list(shown, n));
	if (has_more)
		obj_str(&answer, "Marker", str_fmt(a, "%zu", first + n));
	*out = obj_done(&answer, a);
	return 0;
}

int ops_call(struct server *s, struct str name, struct value in,
	     struct arena *a, struct value *out, struct fault *f)
{
	const struct operation *op = NULL;
	struct error err = { 0 };
	int rc;

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (str_is(name, operations[i].name))
			op = &operations[i];
	if (!op)
		return fault_set(f, "UnknownOperationException",
				 "This server does not know the operation "
				 "'%.*s'.",
				 STR_ARG(str_sub(name, 0, 100)));
	book_lock(&s->book);
	rc = op->run(s, in, a, out, f);
	/* Also after a fault: a step before it may have changed something. */
	if (op->has_changes && book_save(&s->book, &err) < 0) {
		server_log(s, "could not save the state: %s", err.message);
		if (rc == 0)
			rc = fault_internal(f, &err);
	}
	book_unlock(&s->book);
	return rc;
}
