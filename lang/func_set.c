/*
 * Functions on lists as sets: every item is looked up by its hash, so that
 * their time grows with the lists and not with their product. The result has
 * the order in which its items first came.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/func_impl.h"

#include <stdlib.h>

struct slot {
	const struct value *value; /* NULL: free */
	uint64_t hash;
};

/* Room for a number of values that is known before. */
struct set {
	struct slot *slots;
	size_t mask;
};

static uint64_t mix(uint64_t h, uint64_t x)
{
	h = (h ^ x) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* Equal values have equal hashes. They are nested 400 deep at most. */
static uint64_t hash(struct value v)
{
	uint64_t h = mix(0, v.kind);

	switch ((enum value_kind)v.kind) {
	case VALUE_NULL:
		return h;
	case VALUE_BOOL:
		return mix(h, v.as.boolean);
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		return mix(h, str_hash(v.as.text));
	case VALUE_DURATION:
	case VALUE_SIZE:
		return mix(h, (uint64_t)v.as.amount);
	case VALUE_LIST:
		for (size_t i = 0; i < v.as.list.n; i++)
			h = mix(h, hash(v.as.list.items[i]));
		return h;
	case VALUE_MAP:
		for (size_t i = 0; i < v.as.map.n; i++) {
			h = mix(h, str_hash(v.as.map.entries[i].key));
			h = mix(h, hash(v.as.map.entries[i].value));
		}
		return h;
	case VALUE_OBJECT:
		return mix(h, str_hash(v.as.object->address));
	}
	return h;
}

static void set_init(struct set *s, size_t most)
{
	size_t n = 16;

	while (n < most * 2)
		n *= 2;
	s->slots = xrealloc(NULL, n, sizeof(*s->slots));
	s->mask = n - 1;
	for (size_t i = 0; i < n; i++)
		s->slots[i].value = NULL;
}

/* Where a value stands or belongs. */
static struct slot *set_slot(const struct set *s, const struct value *v,
			     uint64_t h)
{
	size_t i = h & s->mask;

	while (s->slots[i].value &&
	       (s->slots[i].hash != h || !value_eq(*s->slots[i].value, *v)))
		i = (i + 1) & s->mask;
	return &s->slots[i];
}

static bool set_has(const struct set *s, const struct value *v)
{
	return set_slot(s, v, hash(*v))->value;
}

/* false: it is there already. The value must outlive the set. */
static bool set_add(struct set *s, const struct value *v)
{
	uint64_t h = hash(*v);
	struct slot *slot = set_slot(s, v, h);

	if (slot->value)
		return false;
	*slot = (struct slot){ v, h };
	return true;
}

static void set_release(struct set *s)
{
	free(s->slots);
}

int func_union(struct func_call *c, struct value *out)
{
	struct value *items;
	size_t most = 0, n = 0;
	struct set seen;

	for (size_t i = 0; i < c->n; i++)
		most += c->args[i].as.list.n;
	items = arena_new(c->arena, struct value, most + 1);
	set_init(&seen, most);
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->args[i].as.list.n; k++) {
			const struct value *v = &c->args[i].as.list.items[k];

			if (set_add(&seen, v))
				items[n++] = *v;
		}
	set_release(&seen);
	if (func_count(c, n) < 0)
		return -1;
	*out = value_list(items, n);
	return 0;
}

int func_distinct(struct func_call *c, struct value *out)
{
	return func_union(c, out);
}

/* What of a list another has, or has not. */
static struct value chosen(struct func_call *c, struct value list,
			   struct value by, bool is_there)
{
	struct value *items =
	    arena_new(c->arena, struct value, list.as.list.n + 1);
	size_t n = 0;
	struct set others;

	set_init(&others, by.as.list.n);
	for (size_t i = 0; i < by.as.list.n; i++)
		set_add(&others, &by.as.list.items[i]);
	for (size_t i = 0; i < list.as.list.n; i++)
		if (set_has(&others, &list.as.list.items[i]) == is_there)
			items[n++] = list.as.list.items[i];
	set_release(&others);
	return value_list(items, n);
}

/* Of the first list, by each of the others; then without repetitions. */
static int choose(struct func_call *c, bool is_there, struct value *out)
{
	struct func_call rest = *c;
	struct value left = c->args[0];

	for (size_t i = 1; i < c->n; i++)
		left = chosen(c, left, c->args[i], is_there);
	rest.args = &left;
	rest.n = 1;
	return func_union(&rest, out);
}

int func_intersect(struct func_call *c, struct value *out)
{
	return choose(c, true, out);
}

int func_subtract(struct func_call *c, struct value *out)
{
	return choose(c, false, out);
}
