/* Finding objects: by id, many at once; by name; by tags. */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "lang/base/map.h"

#include <strings.h>

enum { BATCH = 100 };

bool is_among(const char *const *states, struct str state)
{
	for (; states && *states; states++)
		if (strlen(*states) == state.n &&
		    strncasecmp(*states, state.s, state.n) == 0)
			return true;
	return false;
}

struct str state_of(const struct aws_type *t, struct value object)
{
	return t->states.path ? aws_text(object, t->states.path)
			      : (struct str){ "", 0 };
}

bool is_gone_state(const struct aws_type *t, struct value object)
{
	return is_among(t->states.gone, state_of(t, object));
}

/* What was seen of some ids. */
struct sight {
	struct call *c;
	struct map by_id; /* struct value */
};

/* Objects of a request under their ids; 0 although something is missing. */
static int note_items(struct sight *s, struct fields *input)
{
	const struct aws_type *t = aws_type_of(s->c);
	const struct aws_describe *d = &t->describe;
	struct value list;

	if (aws_look_all(s->c, t->service, d->operation, input, d->items,
			 &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value *item = arena_new(s->c->arena, struct value, 1);
		struct str id;

		*item = list.as.list.items[i];
		id = aws_text(*item, d->id);
		if (id.n)
			map_put(&s->by_id, id, item);
	}
	return 0;
}

static void forgive(struct call *c)
{
	c->err = (struct error){ 0 };
}

static int note_one(struct sight *s, struct str id)
{
	const struct aws_type *t = aws_type_of(s->c);
	struct fields f = { 0 };

	if (t->describe.one)
		field_text(&f, t->describe.one, id);
	else
		aws_filter(&f, t->service, t->describe.filter, id, s->c->arena);
	if (note_items(s, &f) == 0)
		return 0;
	if (!is_missing(s->c))
		return -1;
	forgive(s->c);
	return 0;
}

/* One filter of several values. */
static int note_filtered(struct sight *s, const struct value *ids, size_t n)
{
	const struct aws_type *t = aws_type_of(s->c);
	bool is_ec2 = t->service->protocol == AWS_EC2;
	struct fields f = { 0 }, filter = { 0 };

	field(&filter, "Name", value_c(t->describe.filter));
	field(&filter, is_ec2 ? "Value" : "Values", value_list(ids, n));
	field_one(&f, is_ec2 ? "Filter" : "Filters",
		  fields_done(&filter, s->c->arena), s->c->arena);
	return note_items(s, &f);
}

/*
 * One id that is not there refuses the request for all. A filter leaves it out
 * silently; without one, the halves are asked for, and so on: with k missing of
 * n that is about k log n requests.
 */
static int note_ids(struct sight *s, const struct value *ids, size_t n)
{
	const struct aws_type *t = aws_type_of(s->c);
	struct fields f = { 0 };

	field(&f, t->describe.ids, value_list(ids, n));
	if (note_items(s, &f) == 0)
		return 0;
	if (!is_missing(s->c))
		return -1;
	forgive(s->c);
	if (n == 1)
		return 0;
	if (t->describe.filter)
		return note_filtered(s, ids, n);
	if (note_ids(s, ids, n / 2) < 0)
		return -1;
	return note_ids(s, ids + n / 2, n - n / 2);
}

/* ids: texts; each once. */
static int note_all(struct sight *s, const struct value *ids, size_t n)
{
	const struct aws_describe *d = &aws_type_of(s->c)->describe;
	bool is_list = d->ids || (!d->one && d->filter);
	size_t batch = !is_list ? 1 : d->batch ? (size_t)d->batch : BATCH;

	for (size_t i = 0; i < n; i += batch) {
		size_t m = n - i < batch ? n - i : batch;
		int failed;

		if (d->ids)
			failed = note_ids(s, ids + i, m);
		else if (m == 1)
			failed = note_one(s, ids[i].as.text);
		else
			failed = note_filtered(s, ids + i, m);
		if (failed)
			return -1;
	}
	return 0;
}

/* The hook sees only objects that are there. */
static int fetch(struct call *const *calls, struct value *objects, size_t n)
{
	const struct aws_type *t = aws_type_of(calls[0]);
	struct call **there;
	struct value *shown;
	size_t *at, k = 0;
	int result = 0;

	if (!t->fetch)
		return 0;
	there = arena_new(calls[0]->arena, struct call *, n);
	shown = arena_new(calls[0]->arena, struct value, n);
	at = arena_new(calls[0]->arena, size_t, n);
	for (size_t i = 0; i < n; i++) {
		if (value_is_null(objects[i]) || is_gone_state(t, objects[i]))
			continue;
		there[k] = calls[i];
		shown[k] = objects[i];
		at[k++] = i;
	}
	if (k == 0)
		return 0;
	result = t->fetch(there, shown, k);
	if (result < 0 && there[0] != calls[0])
		calls[0]->err = there[0]->err;
	for (size_t i = 0; i < k; i++)
		objects[at[i]] = shown[i];
	return result;
}

int find_all(struct call *const *calls, struct value *objects, size_t n)
{
	struct sight s = { .c = calls[0] };
	struct value *ids = arena_new(s.c->arena, struct value, n);
	struct map known = { 0 };
	size_t n_ids = 0;
	int result;

	for (size_t i = 0; i < n; i++) {
		if (map_has(&known, calls[i]->id))
			continue;
		map_put(&known, calls[i]->id, calls[i]);
		ids[n_ids++] = value_str(calls[i]->id);
	}
	result = note_all(&s, ids, n_ids);
	for (size_t i = 0; i < n; i++) {
		const struct value *v = map_get(&s.by_id, calls[i]->id);

		/* What it is read from ends with the first call. */
		objects[i] = v ? value_copy(*v, calls[i]->arena) : value_null();
	}
	map_release(&known);
	map_release(&s.by_id);
	return result < 0 ? -1 : fetch(calls, objects, n);
}

int aws_object(struct call *c, struct value *out)
{
	return find_all(&c, out, 1);
}

/* All items of a Describe; "not there" is none. */
static int ask_items(struct call *c, struct fields *input, struct value *out)
{
	const struct aws_type *t = aws_type_of(c);

	if (aws_look_all(c, t->service, t->describe.operation, input,
			 t->describe.items, out) == 0)
		return 0;
	if (!is_missing(c))
		return -1;
	forgive(c);
	*out = value_list(NULL, 0);
	return 0;
}

/* Those that are not gone. */
static struct value alive(const struct aws_type *t, struct value list,
			  struct arena *a)
{
	struct value *out = arena_new(a, struct value, list.as.list.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < list.as.list.n; i++)
		if (!is_gone_state(t, list.as.list.items[i]))
			out[n++] = list.as.list.items[i];
	return value_list(out, n);
}

/* By name; a service may show others whose name only begins alike. */
static int ask_named(struct call *c, struct str name, struct value *out)
{
	const struct aws_type *t = aws_type_of(c);
	const struct aws_describe *d = &t->describe;
	struct aws_attr exact = { .form = t->is_lower ? AWS_NAME : AWS_TEXT };
	struct value list, *same;
	struct fields f = { 0 };
	size_t n = 0;

	if (d->name_filter) {
		aws_filter(&f, t->service, d->name_filter, name, c->arena);
	} else if (d->name_param &&
		   d->name_param[strlen(d->name_param) - 1] == 's') {
		field_one(&f, d->name_param, value_str(name), c->arena);
	} else {
		field_text(&f, d->name_param, name);
	}
	if (ask_items(c, &f, &list) < 0)
		return -1;
	same = arena_new(c->arena, struct value, list.as.list.n + 1);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value item = list.as.list.items[i];

		if (!d->name ||
		    value_says(&exact, value_str(aws_text(item, d->name)),
			       value_str(name), c->arena))
			same[n++] = item;
	}
	*out = alive(t, value_list(same, n), c->arena);
	return 0;
}

static bool has_name(const struct aws_type *t)
{
	return t->describe.name_filter || t->describe.name_param;
}

int find_named(struct call *c, struct value *out)
{
	const struct aws_type *t = aws_type_of(c);
	struct value list;

	*out = value_null();
	if (t->find)
		return t->find(c, out);
	if (!has_name(t))
		BUG("%s cannot be found by its name", t->noun);
	if (ask_named(c, aws_name(c), &list) < 0)
		return -1;
	if (list.as.list.n)
		*out = list.as.list.items[0];
	return 0;
}

/* Objects whose ARNs the tagging API has told. */
static int ask_arns(struct call *c, struct value found, struct value *out)
{
	size_t n = found.as.list.n;
	struct value *items = arena_new(c->arena, struct value, n + 1);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct sight s = { .c = c };
		struct value arn =
		    value_str(aws_text(found.as.list.items[i], "ResourceARN"));
		int result = note_all(&s, &arn, 1);

		if (result == 0 && s.by_id.n)
			items[kept++] =
			    *(struct value *)s.by_id.entries[0].value;
		map_release(&s.by_id);
		if (result < 0)
			return -1;
	}
	*out = value_list(items, kept);
	return 0;
}

int find_id(struct call *c, struct str arn, struct str *id)
{
	const struct aws_describe *d = &aws_type_of(c)->describe;
	struct value key = value_str(arn);
	struct sight s = { .c = c };
	int result = note_all(&s, &key, 1);

	*id = (struct str){ "", 0 };
	if (result == 0 && s.by_id.n)
		*id =
		    aws_text(*(struct value *)s.by_id.entries[0].value, d->id);
	map_release(&s.by_id);
	return result;
}

/* Objects that carry all of these tags. */
static int ask_tagged(struct call *c, struct value tags, struct value *out)
{
	const struct aws_type *t = aws_type_of(c);
	size_t n = tags.as.map.n;
	struct value *filters = arena_new(c->arena, struct value, n + 1);
	struct value list;
	struct fields f = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct value_entry e = tags.as.map.entries[i];
		struct fields one = { 0 };

		if (t->describe.has_tag_filter) {
			aws_filter(
			    &f, t->service,
			    str_fmt(c->arena, "tag:%.*s", STR_ARG(e.key)).s,
			    e.value.as.text, c->arena);
			continue;
		}
		field_text(&one, "Key", e.key);
		field_one(&one, "Values", e.value, c->arena);
		filters[i] = fields_done(&one, c->arena);
	}
	if (t->describe.has_tag_filter) {
		if (ask_items(c, &f, &list) < 0)
			return -1;
	} else {
		field(&f, "TagFilters", value_list(filters, n));
		field_one(&f, "ResourceTypeFilters",
			  value_c(t->describe.tagging), c->arena);
		if (aws_look_all(c, &aws_tagging, "GetResources", &f,
				 "ResourceTagMappingList", &list) < 0 ||
		    ask_arns(c, list, &list) < 0)
			return -1;
	}
	*out = alive(t, list, c->arena);
	return 0;
}

int find_marked(struct call *c, struct value *out)
{
	struct value_entry mark = { STR("dmsl:intent"), value_str(c->token) };
	const struct aws_type *t = aws_type_of(c);
	struct value list;
	size_t n = 0;

	*out = value_null();
	if (ask_tagged(c, value_sorted(&mark, 1), &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value item = list.as.list.items[i];
		bool is_ours;

		/* An endpoint that ignores the filter must not mislead us. */
		if (object_is_ours(c, item, &is_ours) < 0)
			return -1;
		if (!is_ours)
			continue;
		n++;
		*out = item;
	}
	if (n < 2)
		return 0;
	error_set(&c->err, ERROR_CORRUPT,
		  "%zu objects of the type %s carry the mark dmsl:intent=%.*s",
		  n, t->noun, STR_ARG(c->token));
	return error_hint(&c->err, "one of them was copied or tagged by hand: "
				   "take the tag away from it");
}

int find_candidates(struct call *c, struct value *out)
{
	const struct aws_type *t = aws_type_of(c);
	const struct value *tags = value_get(c->config, "tags");
	struct str name = value_text(c->config, "name");
	struct fields f = { 0 };

	if (name.n && has_name(t))
		return ask_named(c, name, out);
	if (tags && tags->kind == VALUE_MAP && tags->as.map.n &&
	    (t->describe.has_tag_filter || t->describe.tagging))
		return ask_tagged(c, *tags, out);
	if (ask_items(c, &f, out) < 0)
		return -1;
	*out = alive(t, *out, c->arena);
	return 0;
}
