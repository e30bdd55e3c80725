#include <config.h>

#include "engine/diff.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/type.h"

#include "engine/check.h"

#include <string.h>

static struct value convert_attr(const struct type *t, struct value v,
				 struct arena *a)
{
	struct value out;
	struct buf why;
	int failed;

	buf_init(&why, 200);
	failed = type_convert(t, v, a, &out, &why);
	buf_release(&why);
	return failed ? v : value_mark(out, v.marks);
}

/* A list of the maps that a repeated block makes. */
static struct value convert_block(const struct block_info *b, struct value v,
				  struct arena *a)
{
	struct value *items;

	if (v.kind != VALUE_LIST || v.as.list.n == 0)
		return v;
	items = arena_new(a, struct value, v.as.list.n);
	for (size_t i = 0; i < v.as.list.n; i++) {
		struct value item = v.as.list.items[i];

		items[i] = item;
		if (item.kind != VALUE_MAP || item.as.map.n == 0)
			continue;
		struct value_entry *entries =
		    arena_new(a, struct value_entry, item.as.map.n);

		for (size_t k = 0; k < item.as.map.n; k++) {
			entries[k] = item.as.map.entries[k];
			for (size_t j = 0; j < b->n; j++)
				if (str_is(entries[k].key,
					   b->attrs[j].schema->name))
					entries[k].value =
					    convert_attr(b->attrs[j].stored,
							 entries[k].value, a);
		}
		items[i] = value_map(entries, item.as.map.n, a);
	}
	return value_mark(value_list(items, v.as.list.n), v.marks);
}

/* Whether a value is of the type as it stands. Most are. */
static bool is_of_type(const struct type *t, struct value v)
{
	return t->kind == TYPE_ANY ||
	       (t->kind == TYPE_STRING && v.kind == VALUE_STRING) ||
	       (t->kind == TYPE_BOOL && v.kind == VALUE_BOOL);
}

/* false: it stays as it is. */
static bool convert_entry(const struct type_info *t, struct value_entry *e,
			  struct arena *a)
{
	const struct attr_info *info = type_info_attr(t, e->key);
	const struct block_info *b = info ? NULL : type_info_block(t, e->key);

	if (b) {
		e->value = convert_block(b, e->value, a);
		return true;
	}
	if (!info || (is_of_type(info->stored, e->value) &&
		      !(info->schema->flags & ATTR_SECRET)))
		return false;
	e->value = convert_attr(info->stored, e->value, a);
	if (info->schema->flags & ATTR_SECRET)
		e->value = value_mark(e->value, MARK_SECRET);
	return true;
}

struct value diff_convert(const struct type_info *t, struct value attrs,
			  struct arena *a)
{
	size_t n = attrs.kind == VALUE_MAP ? attrs.as.map.n : 0;
	struct value_entry *entries = NULL;

	for (size_t i = 0; i < n; i++) {
		struct value_entry e = attrs.as.map.entries[i];

		if (!convert_entry(t, &e, a))
			continue;
		/* Copied at the first that changes. */
		if (!entries) {
			entries = arena_new(a, struct value_entry, n);
			memcpy(entries, attrs.as.map.entries,
			       n * sizeof(*entries));
		}
		entries[i] = e;
	}
	return entries ? value_mark(value_sorted(entries, n), attrs.marks)
		       : attrs;
}

struct value diff_overlay(struct value base, struct value over, struct arena *a)
{
	size_t n_base = base.kind == VALUE_MAP ? base.as.map.n : 0;
	size_t n_over = over.kind == VALUE_MAP ? over.as.map.n : 0;
	struct value_entry *entries;

	if (n_over == 0 && base.kind == VALUE_MAP)
		return base;
	if (n_base == 0 && over.kind == VALUE_MAP)
		return over;
	entries = arena_new(a, struct value_entry, n_base + n_over + 1);
	if (n_base)
		memcpy(entries, base.as.map.entries, n_base * sizeof(*entries));
	if (n_over)
		memcpy(entries + n_base, over.as.map.entries,
		       n_over * sizeof(*entries));
	return value_map(entries, n_base + n_over, a);
}

struct value diff_to_come(const struct type_info *t, struct value wanted,
			  struct arena *a)
{
	size_t n_wanted = wanted.kind == VALUE_MAP ? wanted.as.map.n : 0;
	struct value_entry *entries =
	    arena_new(a, struct value_entry, n_wanted + t->n_to_come);
	size_t n = 0, i = 0, k = 0;

	/* Both are sorted; what is wanted is known better. */
	while (i < n_wanted || k < t->n_to_come) {
		const struct value_entry *w =
		    i < n_wanted ? &wanted.as.map.entries[i] : NULL;
		const struct value_entry *c =
		    k < t->n_to_come ? &t->to_come[k] : NULL;
		int order = !w ? 1 : !c ? -1 : str_cmp(w->key, c->key);

		entries[n++] = order <= 0 ? *w : *c;
		i += order <= 0;
		k += order >= 0;
	}
	return value_sorted(entries, n);
}

struct value diff_existing(const struct type_info *t, struct value written,
			   struct arena *a)
{
	struct value_entry *entries =
	    arena_new(a, struct value_entry, t->n + 1);
	size_t n = 0;

	entries[n++] = (struct value_entry){ STR("id"), value_unknown() };
	for (size_t i = 0; i < t->n; i++)
		entries[n++] = (struct value_entry){
			str_from(t->attrs[i].schema->name),
			value_mark(value_unknown(),
				   t->attrs[i].schema->flags & ATTR_SECRET
				       ? MARK_SECRET
				       : 0),
		};
	return diff_overlay(value_map(entries, n, a), written, a);
}

static bool is_local(unsigned flags)
{
	return flags & ATTR_LOCAL;
}

/* A diff that is being made: most come out empty. */
struct differ {
	struct diff d;
	struct arena *arena;
	size_t most; /* changes that there can be */
};

static void add_change(struct differ *to, struct str name, unsigned flags,
		       struct value old, struct value new, struct place place)
{
	bool replaces = (flags & ATTR_REPLACE) && !is_local(flags);
	struct diff *d = &to->d;

	if (!d->changes)
		d->changes = arena_new(to->arena, struct plan_change, to->most);
	d->changes[d->n++] = (struct plan_change){
		.attr = name,
		.old = old,
		.new = new,
		.place = place,
		.forces_replace = replaces,
	};
	d->needs_replace |= replaces;
	if (is_local(flags))
		return;
	d->needs_update = true;
	if (!str_is(name, "tags"))
		d->is_quiet = false;
}

static void diff_one(struct differ *d, struct str name, unsigned flags,
		     struct value prior, struct value wanted,
		     const struct place *places, struct place where)
{
	const struct value *old = value_get_str(prior, name);
	const struct value *new = value_get_str(wanted, name);
	struct value was = old ? *old : value_null();

	if (!new) {
		if ((flags & ATTR_COMPUTED) || value_is_null(was))
			return;
		/* Nothing is said of it any more. */
		add_change(d, name, flags, was, value_null(), where);
		return;
	}
	/* A sealed value that cannot be opened here cannot be compared. */
	if (value_is_unknown(was) && (was.marks & MARK_SECRET))
		return;
	if (!value_is_unknown(*new) && value_eq(was, *new))
		return;
	if (places)
		where =
		    places[(const struct value_entry
				*)(const void *)((const char *)new -
						 offsetof(struct value_entry,
							  value)) -
			   wanted.as.map.entries];
	add_change(d, name, flags, was, *new, where);
}

struct diff diff_attrs(const struct type_info *t, struct value prior,
		       struct value wanted, const struct place *places,
		       struct place where, struct arena *a)
{
	struct differ d = {
		.d.is_quiet = true,
		.arena = a,
		.most = t->n + t->n_blocks,
	};

	for (size_t i = 0; i < t->n; i++) {
		unsigned flags = t->attrs[i].schema->flags;

		if ((flags & ATTR_COMPUTED) && !(flags & ATTR_OPTIONAL))
			continue;
		diff_one(&d, t->attrs[i].name, flags, prior, wanted, places,
			 where);
	}
	for (size_t i = 0; i < t->n_blocks; i++) {
		struct str name = str_from(t->blocks[i].schema->name);

		if (!type_info_attr(t, name) &&
		    t->blocks[i].schema->kind != BLOCK_NODES)
			diff_one(&d, name, 0, prior, wanted, places, where);
	}
	return d.d;
}
