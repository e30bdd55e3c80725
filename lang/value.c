#include <config.h>

#include "lang/value.h"

#include "lang/amount.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/intern.h"

#include <stdlib.h>
#include <string.h>

struct value value_null(void)
{
	return (struct value){ .kind = VALUE_NULL };
}

struct value value_unknown(void)
{
	return (struct value){ .kind = VALUE_NULL, .marks = MARK_UNKNOWN };
}

struct value value_bool(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .as.boolean = b };
}

enum { INT_TEXT = 20 }; /* "-9223372036854775808" */

static struct str int_text(int64_t n, char text[INT_TEXT])
{
	uint64_t rest = n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n;
	size_t at = INT_TEXT;

	do
		text[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (n < 0)
		text[--at] = '-';
	return (struct str){ text + at, INT_TEXT - at };
}

struct value value_int(int64_t n)
{
	char text[INT_TEXT];
	struct str s = int_text(n, text);

	s.s = intern(s);
	return (struct value){ .kind = VALUE_NUMBER, .as.text = s };
}

struct value value_int_in(int64_t n, struct arena *a)
{
	char text[INT_TEXT];

	return (struct value){
		.kind = VALUE_NUMBER,
		.as.text = str_dup(int_text(n, text), a),
	};
}

struct value value_str(struct str s)
{
	return (struct value){ .kind = VALUE_STRING, .as.text = s };
}

struct value value_c(const char *s)
{
	return s ? value_str(str_from(s)) : value_null();
}

struct value value_list(const struct value *items, size_t n)
{
	return (struct value){
		.kind = VALUE_LIST,
		.as.list = { items, n },
	};
}

struct value value_mark(struct value v, unsigned marks)
{
	if (marks & MARK_UNKNOWN)
		return (struct value){
			.kind = VALUE_NULL,
			.marks = (uint8_t)(v.marks | marks),
		};
	v.marks |= (uint8_t)marks;
	return v;
}

struct value value_sorted(const struct value_entry *entries, size_t n)
{
	return (struct value){ .kind = VALUE_MAP, .as.map = { entries, n } };
}

/* What value_map() sorts: a stable order, so that the last of equals wins. */
struct sorted {
	const struct value_entry *entry;
};

static int compare_entries(const void *x, const void *y)
{
	const struct sorted *a = x, *b = y;
	int order = str_cmp(a->entry->key, b->entry->key);

	/* Both point into one array. */
	return order ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

struct value value_map(const struct value_entry *entries, size_t n,
		       struct arena *a)
{
	struct value_entry *out = arena_new(a, struct value_entry, n ? n : 1);
	struct sorted *order;
	bool is_sorted = true;
	size_t used = 0;

	for (size_t i = 1; i < n && is_sorted; i++)
		is_sorted = str_cmp(entries[i - 1].key, entries[i].key) < 0;
	if (is_sorted) {
		if (n)
			memcpy(out, entries, n * sizeof(*out));
		return (struct value){
			.kind = VALUE_MAP,
			.as.map = { out, n },
		};
	}
	order = xrealloc(NULL, n, sizeof(*order));
	for (size_t i = 0; i < n; i++)
		order[i].entry = &entries[i];
	qsort(order, n, sizeof(*order), compare_entries);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n &&
		    str_eq(order[i].entry->key, order[i + 1].entry->key))
			continue;
		out[used++] = *order[i].entry;
	}
	free(order);
	return (struct value){ .kind = VALUE_MAP, .as.map = { out, used } };
}

bool value_is_null(struct value v)
{
	return v.kind == VALUE_NULL && !(v.marks & MARK_UNKNOWN);
}

bool value_is_unknown(struct value v)
{
	return v.marks & MARK_UNKNOWN;
}

unsigned value_marks(struct value v)
{
	unsigned marks = v.marks;

	if (v.kind == VALUE_LIST)
		for (size_t i = 0; i < v.as.list.n; i++)
			marks |= value_marks(v.as.list.items[i]);
	if (v.kind == VALUE_MAP)
		for (size_t i = 0; i < v.as.map.n; i++)
			marks |= value_marks(v.as.map.entries[i].value);
	return marks;
}

bool value_is_known(struct value v)
{
	return !(value_marks(v) & MARK_UNKNOWN);
}

bool value_has_secret(struct value v)
{
	return value_marks(v) & MARK_SECRET;
}

const struct value *value_get_str(struct value v, struct str key)
{
	size_t low = 0, high;

	if (v.kind != VALUE_MAP)
		return NULL;
	high = v.as.map.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(key, v.as.map.entries[middle].key);

		if (order == 0)
			return &v.as.map.entries[middle].value;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct value *value_get(struct value v, const char *key)
{
	return value_get_str(v, str_from(key));
}

static bool has_text(struct value v)
{
	return v.kind == VALUE_STRING || v.kind == VALUE_NUMBER ||
	       v.kind == VALUE_CIDR || v.kind == VALUE_IP;
}

struct str value_text(struct value map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && has_text(*v) ? v->as.text : STR("");
}

/* The canonical text of a whole number, or a text that reads as one. */
static bool whole_number(struct str s, int64_t *out)
{
	bool is_negative = s.n && s.s[0] == '-';
	uint64_t size;

	if (!str_to_u64(str_skip(s, is_negative), &size) ||
	    size > (uint64_t)INT64_MAX)
		return false;
	*out = is_negative ? -(int64_t)size : (int64_t)size;
	return true;
}

int64_t value_number(struct value map, const char *key, int64_t otherwise)
{
	const struct value *v = value_get(map, key);
	int64_t n;

	if (!v)
		return otherwise;
	if (v->kind == VALUE_DURATION || v->kind == VALUE_SIZE)
		return v->as.amount;
	if (v->kind == VALUE_NUMBER && whole_number(v->as.text, &n))
		return n;
	return otherwise;
}

bool value_true(struct value map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && v->kind == VALUE_BOOL && v->as.boolean;
}

struct value value_with(struct value map, struct str key, struct value v,
			struct arena *a)
{
	size_t n = map.kind == VALUE_MAP ? map.as.map.n : 0;
	const struct value_entry *old = n ? map.as.map.entries : NULL;
	struct value_entry *entries = arena_new(a, struct value_entry, n + 1);
	size_t at = 0;
	bool is_there;

	while (at < n && str_cmp(old[at].key, key) < 0)
		at++;
	is_there = at < n && str_eq(old[at].key, key);
	if (at)
		memcpy(entries, old, at * sizeof(*entries));
	entries[at] = (struct value_entry){ .key = key, .value = v };
	if (n > at + is_there)
		memcpy(entries + at + 1, old + at + is_there,
		       (n - at - is_there) * sizeof(*entries));
	return (struct value){
		.kind = VALUE_MAP,
		.marks = map.marks & MARK_SECRET,
		.as.map = { entries, n + !is_there },
	};
}

static bool list_eq(struct value a, struct value b)
{
	if (a.as.list.n != b.as.list.n)
		return false;
	for (size_t i = 0; i < a.as.list.n; i++)
		if (!value_eq(a.as.list.items[i], b.as.list.items[i]))
			return false;
	return true;
}

static bool map_eq(struct value a, struct value b)
{
	if (a.as.map.n != b.as.map.n)
		return false;
	for (size_t i = 0; i < a.as.map.n; i++) {
		const struct value_entry *x = &a.as.map.entries[i];
		const struct value_entry *y = &b.as.map.entries[i];

		if (!str_eq(x->key, y->key) || !value_eq(x->value, y->value))
			return false;
	}
	return true;
}

bool value_eq(struct value a, struct value b)
{
	if (a.kind != b.kind || value_is_unknown(a) != value_is_unknown(b))
		return false;
	switch ((enum value_kind)a.kind) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a.as.boolean == b.as.boolean;
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		return str_eq(a.as.text, b.as.text);
	case VALUE_DURATION:
	case VALUE_SIZE:
		return a.as.amount == b.as.amount;
	case VALUE_LIST:
		return list_eq(a, b);
	case VALUE_MAP:
		return map_eq(a, b);
	case VALUE_OBJECT:
		return a.as.object == b.as.object ||
		       str_eq(a.as.object->address, b.as.object->address);
	}
	BUG("value of kind %d", a.kind);
}

struct value value_copy(struct value v, struct arena *a)
{
	struct value *items;
	struct value_entry *entries;

	switch ((enum value_kind)v.kind) {
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_DURATION:
	case VALUE_SIZE:
	case VALUE_OBJECT:
		return v;
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		v.as.text = str_dup(v.as.text, a);
		return v;
	case VALUE_LIST:
		items = arena_new(a, struct value, v.as.list.n);
		for (size_t i = 0; i < v.as.list.n; i++)
			items[i] = value_copy(v.as.list.items[i], a);
		v.as.list.items = items;
		return v;
	case VALUE_MAP:
		entries = arena_new(a, struct value_entry, v.as.map.n);
		for (size_t i = 0; i < v.as.map.n; i++) {
			const struct value_entry *e = &v.as.map.entries[i];

			entries[i].key = str_dup(e->key, a);
			entries[i].value = value_copy(e->value, a);
		}
		v.as.map.entries = entries;
		return v;
	}
	BUG("value of kind %d", v.kind);
}

struct value value_each(struct value v,
			struct value (*change)(struct value v, struct arena *a),
			struct arena *a)
{
	if (v.kind == VALUE_LIST && v.as.list.n) {
		struct value *items = arena_new(a, struct value, v.as.list.n);

		for (size_t i = 0; i < v.as.list.n; i++)
			items[i] = change(v.as.list.items[i], a);
		v.as.list.items = items;
	}
	if (v.kind == VALUE_MAP && v.as.map.n) {
		struct value_entry *entries =
		    arena_new(a, struct value_entry, v.as.map.n);

		for (size_t i = 0; i < v.as.map.n; i++) {
			entries[i].key = v.as.map.entries[i].key;
			entries[i].value = change(v.as.map.entries[i].value, a);
		}
		v.as.map.entries = entries;
	}
	return v;
}

const char *value_kind_name(struct value v)
{
	if (value_is_unknown(v))
		return "unknown";
	switch ((enum value_kind)v.kind) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return "bool";
	case VALUE_NUMBER:
		return "number";
	case VALUE_STRING:
		return "string";
	case VALUE_CIDR:
		return "cidr";
	case VALUE_IP:
		return "ip";
	case VALUE_DURATION:
		return "duration";
	case VALUE_SIZE:
		return "size";
	case VALUE_LIST:
		return "list";
	case VALUE_MAP:
		return "map";
	case VALUE_OBJECT:
		return intern(v.as.object->type);
	}
	BUG("value of kind %d", v.kind);
}

struct str value_amount_text(struct value v, struct arena *a)
{
	if (v.kind == VALUE_DURATION)
		return duration_text(v.as.amount, a);
	if (v.kind == VALUE_SIZE)
		return size_text(v.as.amount, a);
	BUG("a %s has no amount", value_kind_name(v));
}
