/* Functions on lists. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/vec.h"
#include "lang/decimal.h"
#include "lang/func_impl.h"
#include "lang/order.h"

#include <string.h>

/* Its argument is looked at from outside; only a text is read. */
static size_t count_chars(struct func_call *c, struct str text)
{
	size_t steps = text.n / (FUNC_BYTES_PER_READ * FUNC_READ_PER_STEP);

	c->left -= steps < c->left ? steps : c->left;
	return func_count_chars(text);
}

int func_length(struct func_call *c, struct value *out)
{
	struct value v = c->args[0];
	size_t n;

	if (v.kind == VALUE_LIST)
		n = v.as.list.n;
	else if (v.kind == VALUE_MAP)
		n = v.as.map.n;
	else if (v.kind == VALUE_STRING)
		n = count_chars(c, v.as.text);
	else
		return func_fail(c, 0, "a %s has no length",
				 value_kind_name(v));
	*out = value_int_in((int64_t)n, c->arena);
	return 0;
}

int func_concat(struct func_call *c, struct value *out)
{
	struct value *items;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->args[i].as.list.n;
	if (func_count(c, n) < 0)
		return -1;
	items = arena_new(c->arena, struct value, n + 1);
	n = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct value list = c->args[i];

		if (list.as.list.n)
			memcpy(items + n, list.as.list.items,
			       list.as.list.n * sizeof(*items));
		n += list.as.list.n;
	}
	*out = value_list(items, n);
	return 0;
}

int func_contains(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];

	if (in.kind == VALUE_STRING)
		return func_contains_text(c, out);
	if (in.kind != VALUE_LIST)
		return func_fail(c, 0, "expected a list or a text, found a %s",
				 value_kind_name(in));
	*out = value_bool(false);
	for (size_t i = 0; i < in.as.list.n && !out->as.boolean; i++)
		out->as.boolean = value_eq(in.as.list.items[i], c->args[1]);
	return 0;
}

int func_index_of(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];

	*out = value_null();
	for (size_t i = 0; i < in.as.list.n; i++)
		if (value_eq(in.as.list.items[i], c->args[1])) {
			*out = value_int_in((int64_t)i, c->arena);
			break;
		}
	return 0;
}

struct flattened {
	VEC(struct value) items;
	/* How many items there are may depend on what is unknown or secret. */
	unsigned marks;
};

/* Values are nested 200 deep at most. A list's marks go to its items. */
static void flatten_into(struct flattened *f, struct value list, unsigned marks)
{
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value v = value_mark(list.as.list.items[i], marks);

		if (f->items.n > FUNC_LIST_MAX)
			return;
		f->marks |= v.marks;
		if (v.kind == VALUE_LIST)
			flatten_into(f, v, v.marks);
		else
			*vec_push(&f->items) = v;
	}
}

int func_flatten(struct func_call *c, struct value *out)
{
	struct flattened f = { 0 };
	size_t n;

	flatten_into(&f, c->args[0], 0);
	n = f.items.n;
	if (func_count(c, n) < 0) {
		vec_release(&f.items);
		return -1;
	}
	*out = value_list(vec_take(&f.items, c->arena), n);
	*out = value_mark(*out, f.marks);
	return 0;
}

int func_reverse(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];
	size_t n = in.as.list.n;
	struct value *items = arena_new(c->arena, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		items[i] = in.as.list.items[n - 1 - i];
	*out = value_list(items, n);
	return 0;
}

int func_slice(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];
	int64_t n = (int64_t)in.as.list.n;
	int64_t from, to = n;

	if (func_whole(c, 1, 0, n, &from) < 0 ||
	    (c->n > 2 && func_whole(c, 2, from, n, &to) < 0))
		return -1;
	/* An empty list has no items to point behind. */
	*out = value_list(to > from ? in.as.list.items + from : NULL,
			  (size_t)(to - from));
	return 0;
}

int func_sort(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];
	size_t n = in.as.list.n;
	struct value *items = arena_new(c->arena, struct value, n + 1);

	if (n && !func_is_comparable(in.as.list.items[0], in.as.list.items[0]))
		return func_fail(c, 0, "a %s has no order",
				 value_kind_name(in.as.list.items[0]));
	for (size_t i = 0; i < n; i++) {
		items[i] = in.as.list.items[i];
		if (!func_is_comparable(items[0], items[i]))
			return func_fail(c, 0,
					 "a %s and a %s cannot be compared",
					 value_kind_name(items[0]),
					 value_kind_name(items[i]));
	}
	value_sort(items, n);
	*out = value_list(items, n);
	return 0;
}

int func_range(struct func_call *c, struct value *out)
{
	const int64_t most = (int64_t)1 << 50;
	int64_t start = 0, end = 0, step = 1;
	struct value *items;
	int64_t n = 0;

	if (c->n == 1) {
		if (func_whole(c, 0, -most, most, &end) < 0)
			return -1;
	} else if (func_whole(c, 0, -most, most, &start) < 0 ||
		   func_whole(c, 1, -most, most, &end) < 0) {
		return -1;
	}
	if (c->n > 2 && func_whole(c, 2, -most, most, &step) < 0)
		return -1;
	if (step == 0)
		return func_fail(c, 2, "the step is 0");
	if (step > 0 && end > start)
		n = (end - start - 1) / step + 1;
	if (step < 0 && end < start)
		n = (start - end - 1) / -step + 1;
	if (func_count(c, (size_t)n) < 0)
		return -1;
	items = arena_new(c->arena, struct value, (size_t)n + 1);
	for (int64_t i = 0; i < n; i++)
		items[i] = value_int_in(start + i * step, c->arena);
	*out = value_list(items, (size_t)n);
	return 0;
}

int func_chunk(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];
	size_t n = in.as.list.n, count, used = 0;
	struct value *items;
	int64_t size;

	if (func_whole(c, 1, 1, FUNC_LIST_MAX, &size) < 0)
		return -1;
	count = (n + (size_t)size - 1) / (size_t)size;
	items = arena_new(c->arena, struct value, count + 1);
	for (size_t at = 0; at < n; at += (size_t)size) {
		size_t left = n - at;

		items[used++] =
		    value_list(in.as.list.items + at,
			       left < (size_t)size ? left : (size_t)size);
	}
	*out = value_list(items, used);
	return 0;
}

int func_combinations(struct func_call *c, struct value *out)
{
	struct value *lists, *items;
	size_t n = 1;

	for (size_t i = 0; i < c->n; i++) {
		size_t of = c->args[i].as.list.n;

		/* All items of all lists count. */
		if (of && n > FUNC_LIST_MAX / of / c->n)
			return func_count(c, (size_t)FUNC_LIST_MAX + 1);
		n *= of;
	}
	/* The lists in the result are made here too. */
	c->left -= n * c->n < c->left ? n * c->n : c->left;
	lists = arena_new(c->arena, struct value, n + 1);
	items = arena_new(c->arena, struct value, n * c->n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t rest = i;

		for (size_t k = c->n; k-- > 0;) {
			struct value list = c->args[k];

			items[i * c->n + k] =
			    list.as.list.items[rest % list.as.list.n];
			rest /= list.as.list.n;
		}
		lists[i] = value_list(items + i * c->n, c->n);
	}
	*out = value_list(lists, n);
	return 0;
}

int func_compact(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];
	struct value *items =
	    arena_new(c->arena, struct value, in.as.list.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.as.list.n; i++) {
		struct value v = in.as.list.items[i];

		if (!value_is_null(v) &&
		    (v.kind != VALUE_STRING || v.as.text.n > 0))
			items[n++] = v;
	}
	*out = value_list(items, n);
	return 0;
}

int func_one(struct func_call *c, struct value *out)
{
	struct value in = c->args[0];

	if (in.as.list.n > 1)
		return func_fail(c, 0, "the list has %zu items, not one",
				 in.as.list.n);
	*out = in.as.list.n ? in.as.list.items[0] : value_null();
	return 0;
}

/*
 * Whether an item is `deciding`. One that is known to be decides it, whatever
 * the others turn out to be, as with "and" and "or".
 */
static int decide(struct func_call *c, bool deciding, struct value *out)
{
	struct value in = c->args[0];
	unsigned marks = in.marks;
	bool is_decided = false;

	*out = value_mark(value_unknown(), marks);
	if (value_is_unknown(in))
		return 0;
	for (size_t i = 0; i < in.as.list.n; i++) {
		struct value v = in.as.list.items[i];

		marks |= v.marks;
		if (value_is_unknown(v))
			continue;
		if (v.kind != VALUE_BOOL)
			return func_fail(c, 0, "item %zu is %s%s, not a bool",
					 i, value_is_null(v) ? "" : "a ",
					 value_kind_name(v));
		is_decided |= v.as.boolean == deciding;
	}
	if (is_decided) {
		/* What is unknown may turn out to be no bool. */
		c->is_deferred = marks & MARK_UNKNOWN;
		marks &= MARK_SECRET;
	}
	*out = value_mark(value_bool(is_decided == deciding), marks);
	return 0;
}

int func_all(struct func_call *c, struct value *out)
{
	return decide(c, false, out);
}

int func_any(struct func_call *c, struct value *out)
{
	return decide(c, true, out);
}
