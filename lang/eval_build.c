/* Lists, maps, comprehensions and templates. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "lang/eval_impl.h"
#include "lang/func.h"
#include "lang/func_impl.h"

/* -- what is wanted of the parts -- */

/* The one alternative of a union that is of some kind, or the type itself. */
static const struct type *alternative(const struct type *t, enum type_kind kind,
				      enum type_kind or)
{
	const struct type *found = NULL;

	if (!t || t->kind == kind || t->kind == or)
		return t;
	for (size_t i = 0; t->kind == TYPE_UNION && i < t->n; i++) {
		if (t->parts[i]->kind != kind && t->parts[i]->kind != or)
			continue;
		if (found)
			return NULL;
		found = t->parts[i];
	}
	return found;
}

static const struct type *item_type(const struct type *wanted)
{
	const struct type *t = alternative(wanted, TYPE_LIST, TYPE_SET);

	return t ? t->parts[0] : NULL;
}

static const struct type *entry_type(const struct type *wanted, struct str key)
{
	const struct type *t = alternative(wanted, TYPE_MAP, TYPE_OBJECT);

	if (t && t->kind == TYPE_MAP)
		return t->parts[0];
	for (size_t i = 0; t && i < t->n; i++)
		if (str_eq(t->names[i], key))
			return t->parts[i];
	return NULL;
}

/* Null is no misfit yet: a map drops it, a list reports it as a whole. */
static struct value part(struct evaluation *v, const struct ast_expr *x,
			 const struct type *wanted)
{
	v->has_built = true;
	return eval_to(v, x, wanted);
}

/* -- templates -- */

static bool add_part(struct evaluation *v, const struct ast_expr *x,
		     struct value part_value, struct buf *out)
{
	const char *hint = NULL;
	struct str text;

	if (func_scalar_text(part_value, v->e->arena, &text)) {
		buf_add_str(out, text);
		return true;
	}
	if (part_value.kind == VALUE_LIST)
		hint = "Use join(\", \", list) or json_encode(list).";
	if (part_value.kind == VALUE_MAP)
		hint = "Use json_encode(map), or choose an entry.";
	if (part_value.kind == VALUE_OBJECT)
		hint = "Choose an attribute: .id, .name, …";
	if (part_value.kind == VALUE_NULL)
		hint = "Give a text for when it is null: coalesce(x, \"\").";
	eval_fail(v, x, "E0253", hint, "%s%s cannot stand in a text",
		  part_value.kind == VALUE_NULL ? "" : "a ",
		  value_kind_name(part_value));
	return false;
}

struct value eval_template(struct evaluation *v, const struct ast_expr *x)
{
	unsigned marks = 0;
	bool is_whole = true;
	struct value out = value_unknown();
	struct buf text;

	buf_init(&text, FUNC_TEXT_MAX);
	for (size_t i = 0; i < x->n_items; i++) {
		struct value p = eval_node(v, x->items[i], NULL);

		marks |= p.marks;
		if (!value_is_unknown(p))
			is_whole &= add_part(v, x->items[i], p, &text);
	}
	if (buf_is_full(&text)) {
		is_whole = false;
		eval_fail(v, x, "E0260", NULL,
			  "the text is larger than 16 MiB");
	}
	eval_charge(v, 2 * (text.len / FUNC_TEXT_PER_STEP));
	if (is_whole && !(marks & MARK_UNKNOWN))
		out = value_str(str_dup(buf_str(&text), v->e->arena));
	buf_wipe(&text);
	return value_mark(out, marks);
}

/* -- literals -- */

struct value eval_list(struct evaluation *v, const struct ast_expr *x,
		       const struct type *wanted)
{
	struct value *items =
	    arena_new(v->e->arena, struct value, x->n_items + 1);
	const struct type *t = item_type(wanted);

	v->has_built = true;
	for (size_t i = 0; i < x->n_items; i++)
		items[i] = part(v, x->items[i], t);
	return value_list(items, x->n_items);
}

/* A bare word is the key itself. Unknown keys give false. */
static bool read_key(struct evaluation *v, const struct ast_expr *x,
		     struct str *key, unsigned *marks)
{
	struct value k;

	if (x->kind == EXPR_NAME) {
		*key = ast_text(x);
		return true;
	}
	k = eval_node(v, x, NULL);
	/* A map's keys carry no marks: the map does. */
	*marks |= k.marks;
	if (value_is_unknown(k))
		return false;
	if (k.kind == VALUE_STRING || k.kind == VALUE_CIDR ||
	    k.kind == VALUE_IP) {
		*key = k.as.text;
		return true;
	}
	eval_fail(v, x, "E0253", "Use string(…) or a template \"${…}\".",
		  "a key is a string, not a %s", value_kind_name(k));
	*marks |= MARK_UNKNOWN;
	return false;
}

/* Entries of a map that is being made, and the keys that were seen. */
struct builder {
	VEC(struct value_entry) entries;
	struct map seen;
	unsigned marks;
};

static void add_entry(struct evaluation *v, struct builder *b,
		      const struct ast_expr *at, struct str key,
		      struct value value)
{
	struct value_entry *e;

	if (map_put(&b->seen, key, b)) {
		/* A key from a secret is not repeated in a message. */
		if (b->marks & MARK_SECRET)
			eval_fail(v, at, "E0261", NULL,
				  "a key stands twice in this map");
		else
			eval_fail(v, at, "E0261", NULL,
				  "the key \"%.*s\" stands twice in this map",
				  STR_ARG(key));
		return;
	}
	e = vec_push(&b->entries);
	e->key = key;
	e->value = value;
}

static struct value finish_map(struct evaluation *v, struct builder *b)
{
	struct value out =
	    value_map(b->entries.items, b->entries.n, v->e->arena);

	vec_release(&b->entries);
	map_release(&b->seen);
	return value_mark(out, b->marks);
}

struct value eval_map(struct evaluation *v, const struct ast_expr *x,
		      const struct type *wanted)
{
	struct builder b = { 0 };

	v->has_built = true;
	for (size_t i = 0; i + 1 < x->n_items; i += 2) {
		struct str key;

		if (read_key(v, x->items[i], &key, &b.marks))
			add_entry(
			    v, &b, x->items[i], key,
			    part(v, x->items[i + 1], entry_type(wanted, key)));
	}
	return finish_map(v, &b);
}

/* -- comprehensions -- */

/* What is walked: n pairs of a key and a value. */
struct walk {
	struct value over;
	size_t n;
};

/* false: unknown, or nothing that can be walked; *out is the result then. */
static bool walk_open(struct evaluation *v, const struct ast_expr *x,
		      struct walk *w, struct value *out)
{
	w->over = eval_node(v, x->left, NULL);
	w->n =
	    w->over.kind == VALUE_LIST ? w->over.as.list.n : w->over.as.map.n;
	if (w->over.kind == VALUE_LIST || w->over.kind == VALUE_MAP)
		return true;
	*out = w->over;
	if (!value_is_unknown(w->over))
		*out = eval_fail(v, x->left, "E0253", NULL,
				 "\"for\" walks over a list or a map, not "
				 "over %s %s",
				 value_is_null(w->over) ? "the value" : "a",
				 value_kind_name(w->over));
	return false;
}

/*
 * One variable is the item of a list or the key of a map, as in the `for` of a
 * block; two are index and item, or key and value.
 */
static void walk_step(struct evaluation *v, const struct ast_expr *x,
		      const struct walk *w, size_t i, struct loop loops[2])
{
	struct value key, item;

	if (w->over.kind == VALUE_LIST) {
		key = value_int_in((int64_t)i, v->e->arena);
		item = value_mark(w->over.as.list.items[i], w->over.marks);
		if (ast_wide(x)->val.n == 0)
			key = item;
	} else {
		key = value_mark(value_str(w->over.as.map.entries[i].key),
				 w->over.marks);
		item =
		    value_mark(w->over.as.map.entries[i].value, w->over.marks);
	}
	loops[0] = (struct loop){
		.up = v->loops,
		.name = ast_wide(x)->key,
		.value = key,
	};
	loops[1] = (struct loop){
		.up = &loops[0],
		.name = ast_wide(x)->val,
		.value = item,
	};
}

/* 1 to take the pair, 0 to leave it, -1 when that is not known. */
static int is_taken(struct evaluation *v, const struct ast_expr *x,
		    unsigned *marks)
{
	return ast_wide(x)->third ? eval_condition(v, ast_wide(x)->third, marks)
				  : 1;
}

struct value eval_list_for(struct evaluation *v, const struct ast_expr *x,
			   const struct type *wanted)
{
	const struct loop *outer = v->loops;
	const struct type *t = item_type(wanted);
	VEC(struct value) items = { 0 };
	unsigned marks = 0;
	struct value out;
	struct walk w;

	v->has_built = true;
	if (!walk_open(v, x, &w, &out))
		return out;
	marks = w.over.marks;
	for (size_t i = 0; i < w.n && !v->has_failed; i++) {
		struct loop loops[2];

		walk_step(v, x, &w, i, loops);
		v->loops = &loops[ast_wide(x)->val.n > 0];
		if (is_taken(v, x, &marks) == 1)
			*vec_push(&items) = part(v, x->right, t);
		v->loops = outer;
	}
	out = value_list(vec_take(&items, v->e->arena), items.n);
	return value_mark(out, marks);
}

struct value eval_map_for(struct evaluation *v, const struct ast_expr *x,
			  const struct type *wanted)
{
	const struct loop *outer = v->loops;
	struct builder b = { 0 };
	struct value out;
	struct walk w;

	v->has_built = true;
	if (!walk_open(v, x, &w, &out))
		return out;
	b.marks = w.over.marks;
	for (size_t i = 0; i < w.n && !v->has_failed; i++) {
		struct loop loops[2];
		struct value key;

		walk_step(v, x, &w, i, loops);
		v->loops = &loops[ast_wide(x)->val.n > 0];
		if (is_taken(v, x, &b.marks) == 1) {
			struct str text;

			key = eval_node(v, ast_wide(x)->fourth, NULL);
			b.marks |= key.marks;
			if (func_scalar_text(key, v->e->arena, &text))
				add_entry(v, &b, ast_wide(x)->fourth, text,
					  part(v, x->right,
					       entry_type(wanted, text)));
			else if (!value_is_unknown(key))
				eval_fail(v, ast_wide(x)->fourth, "E0253", NULL,
					  "a key is a string, not a %s",
					  value_kind_name(key));
		}
		v->loops = outer;
	}
	return finish_map(v, &b);
}
