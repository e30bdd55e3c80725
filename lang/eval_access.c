/* Names, and what stands behind them: attributes, indices, splats. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/decimal.h"
#include "lang/eval_impl.h"
#include "lang/suggest.h"

/* -- names -- */

static bool find_loop(const struct evaluation *v, struct str name,
		      struct value *out)
{
	for (const struct loop *l = v->loops; l; l = l->up)
		if (str_eq(l->name, name)) {
			*out = l->value;
			return true;
		}
	return false;
}

static bool find_name(struct evaluation *v, struct str name, struct value *out)
{
	return find_loop(v, name, out) ||
	       (v->e->name && v->e->name(v->e, name, out));
}

static bool is_member(const struct type *t, struct str name)
{
	if (t && t->kind == TYPE_ENUM)
		for (size_t i = 0; i < t->n; i++)
			if (str_eq(t->names[i], name))
				return true;
	if (t && t->kind == TYPE_UNION)
		for (size_t i = 0; i < t->n; i++)
			if (is_member(t->parts[i], name))
				return true;
	return false;
}

static const char *near_hint(struct evaluation *v, struct str wrong)
{
	struct str near = { 0 };

	if (v->e->suggest)
		v->e->suggest(v->e, wrong, &near);
	if (near.n == 0)
		return NULL;
	return str_fmt(v->e->arena, "Did you mean \"%.*s\"?", STR_ARG(near)).s;
}

static const char *member_hint(struct evaluation *v, struct str wrong,
			       const struct type *wanted)
{
	struct suggest near = suggest_start(wrong);
	const char *hint;
	struct buf all;

	buf_init(&all, 2000);
	for (size_t i = 0; i < wanted->n; i++) {
		suggest_try(&near, wanted->names[i]);
		buf_fmt(&all, "%s%.*s", i ? ", " : "",
			STR_ARG(wanted->names[i]));
	}
	if (near.best.n)
		hint = str_fmt(v->e->arena,
			       "Did you mean %.*s? One of %s is expected here.",
			       STR_ARG(near.best), all.data)
			   .s;
	else
		hint = str_fmt(v->e->arena, "One of %s is expected here.",
			       all.data)
			   .s;
	buf_release(&all);
	return hint;
}

static struct value unknown_name(struct evaluation *v, const struct ast_expr *x,
				 const struct type *wanted)
{
	const char *hint = near_hint(v, ast_text(x));

	if (wanted && wanted->kind == TYPE_ENUM)
		hint = member_hint(v, ast_text(x), wanted);
	else if (!hint)
		hint = str_fmt(v->e->arena,
			       "If a text is meant, write it in quotes: "
			       "\"%.*s\".",
			       STR_ARG(ast_text(x)))
			   .s;
	return eval_fail(v, x, "E0251", hint, "unknown name \"%.*s\"",
			 STR_ARG(ast_text(x)));
}

struct value eval_name(struct evaluation *v, const struct ast_expr *x,
		       const struct type *wanted)
{
	struct value out;

	/* A member of the wanted enum wins over a name in scope. */
	if (is_member(wanted, ast_text(x)))
		return value_str(ast_text(x));
	if (find_name(v, ast_text(x), &out))
		return out;
	return unknown_name(v, x, wanted);
}

/* -- attributes -- */

/*
 * Bare NAME.NAME whose first is no name in scope: TYPE.NAME. One that was bound
 * to what it refers to is one.
 */
static bool is_reference(struct evaluation *v, const struct ast_expr *x)
{
	struct value ignored;

	return x->kind == EXPR_ATTR && x->left->kind == EXPR_NAME &&
	       (x->bound || !find_name(v, ast_text(x->left), &ignored));
}

static struct value reference(struct evaluation *v, const struct ast_expr *x)
{
	struct str type = ast_text(x->left), name = ast_text(x);
	struct str both;
	struct value out;

	if (v->e->reference && v->e->reference(v->e, x, &out))
		return out;
	both = str_fmt(v->e->arena, "%.*s.%.*s", STR_ARG(type), STR_ARG(name));
	return eval_fail(v, x, "E0251", near_hint(v, both),
			 "unknown name \"%.*s\"", STR_ARG(both));
}

/* The span of the attribute's name alone. */
static struct ast_expr at_name(const struct ast_expr *x)
{
	struct ast_expr at = *x;

	at.span = ast_name_span(x);
	return at;
}

/* "a, b, c" of a map's keys, for a hint; NULL when there are none. */
static const char *keys_hint(struct evaluation *v, struct value map)
{
	const char *hint = NULL;
	struct buf b;

	if (map.marks & MARK_SECRET)
		return NULL;
	buf_init(&b, 400);
	for (size_t i = 0; i < map.as.map.n && i < 10; i++)
		buf_fmt(&b, "%s\"%.*s\"", i ? ", " : "",
			STR_ARG(map.as.map.entries[i].key));
	if (map.as.map.n > 10)
		buf_add_c(&b, ", …");
	if (b.len)
		hint = str_fmt(v->e->arena, "There are %s.", b.data).s;
	buf_release(&b);
	return hint;
}

static struct value missing_entry(struct evaluation *v,
				  const struct ast_expr *x, struct value map,
				  struct str key, bool is_instance)
{
	if (map.marks & MARK_SECRET)
		return eval_fail(v, x, "E0254", NULL,
				 "the map has no such key");
	return eval_fail(v, x, "E0254", keys_hint(v, map),
			 is_instance ? "there is no instance \"%.*s\""
				     : "the map has no key \"%.*s\"",
			 STR_ARG(key));
}

/* of.NAME for one value; marks of what it was taken from follow. */
static struct value attribute(struct evaluation *v, const struct ast_expr *x,
			      struct value of)
{
	const struct value *entry;
	struct ast_expr at;
	struct value out;

	if (value_is_unknown(of)) {
		v->is_deferred = true;
		return of;
	}
	if (of.kind == VALUE_OBJECT) {
		const struct object *o = of.as.object;

		if (o->get && o->get(o, ast_text(x), v->e->arena, &out))
			return value_mark(out, of.marks);
		at = at_name(x);
		return eval_fail(v, &at, "E0252", NULL,
				 "%.*s has no %s \"%.*s\"", STR_ARG(o->address),
				 o->is_component ? "output" : "attribute",
				 STR_ARG(ast_text(x)));
	}
	if (of.kind == VALUE_MAP) {
		entry = value_get_str(of, ast_text(x));
		if (entry)
			return value_mark(*entry, of.marks);
		at = at_name(x);
		return missing_entry(v, &at, of, ast_text(x), false);
	}
	at = at_name(x);
	return eval_fail(v, &at, "E0252",
			 of.kind == VALUE_LIST
			     ? "Choose an item: [0], or all of them: [*]."
			     : NULL,
			 "%s%s has no attributes",
			 value_is_null(of) ? "" : "a ", value_kind_name(of));
}

/* Whether a chain of attributes goes back to [*]: it holds for each item. */
static bool is_splat(const struct ast_expr *x)
{
	while (x->kind == EXPR_ATTR)
		x = x->left;
	return x->kind == EXPR_SPLAT;
}

static struct value attribute_of_each(struct evaluation *v,
				      const struct ast_expr *x,
				      struct value list)
{
	struct value *items =
	    arena_new(v->e->arena, struct value, list.as.list.n + 1);

	eval_charge(v, list.as.list.n);
	for (size_t i = 0; i < list.as.list.n; i++)
		items[i] = attribute(v, x, list.as.list.items[i]);
	return value_mark(value_list(items, list.as.list.n), list.marks);
}

struct value eval_attr(struct evaluation *v, const struct ast_expr *x)
{
	struct ast_expr at;
	struct value of;

	if (is_reference(v, x))
		return reference(v, x);
	of = eval_node(v, x->left, NULL);
	if (is_splat(x->left) && of.kind == VALUE_LIST)
		return attribute_of_each(v, x, of);
	if (of.kind == VALUE_MAP && is_reference(v, x->left)) {
		at = at_name(x);
		return eval_fail(v, &at, "E0252",
				 "It is declared with \"for\": choose one by "
				 "[\"key\"], or all by [*].",
				 "%.*s.%.*s is several instances",
				 STR_ARG(ast_text(x->left->left)),
				 STR_ARG(ast_text(x->left)));
	}
	return attribute(v, x, of);
}

/* -- indices -- */

static struct value list_item(struct evaluation *v, const struct ast_expr *x,
			      struct value list, struct value index)
{
	struct decimal d;
	int64_t i;

	if (index.kind != VALUE_NUMBER)
		return eval_fail(v, x->right, "E0254", NULL,
				 "the index of a list is a number, not a %s",
				 value_kind_name(index));
	if (decimal_read(index.as.text, &d) != DECIMAL_OK ||
	    !decimal_to_int(d, &i) || i < 0)
		return eval_fail(v, x->right, "E0254", NULL,
				 "the index of a list is a whole number from "
				 "0 on");
	if ((uint64_t)i >= list.as.list.n &&
	    ((index.marks | list.marks) & MARK_SECRET))
		return eval_fail(v, x->right, "E0254", NULL,
				 "the index is beyond the end of the list");
	if ((uint64_t)i >= list.as.list.n)
		return eval_fail(v, x->right, "E0254", NULL,
				 "index %lld of a list of %zu item%s",
				 (long long)i, list.as.list.n,
				 list.as.list.n == 1 ? "" : "s");
	return list.as.list.items[i];
}

static struct value map_entry(struct evaluation *v, const struct ast_expr *x,
			      struct value map, struct value key)
{
	bool is_instance = is_reference(v, x->left);
	const struct value *entry;

	if (key.kind != VALUE_STRING && key.kind != VALUE_CIDR &&
	    key.kind != VALUE_IP)
		return eval_fail(v, x->right, "E0254",
				 is_instance ? "Instances have names, not "
					       "positions."
					     : NULL,
				 "the key of a map is a string, not a %s",
				 value_kind_name(key));
	entry = value_get_str(map, key.as.text);
	if (entry)
		return *entry;
	map.marks |= key.marks;
	return missing_entry(v, x->right, map, key.as.text, is_instance);
}

struct value eval_index(struct evaluation *v, const struct ast_expr *x)
{
	struct value of = eval_node(v, x->left, NULL);
	struct value index = eval_node(v, x->right, NULL);
	unsigned marks = of.marks | index.marks;
	struct value out;

	if (marks & MARK_UNKNOWN)
		return value_mark(value_unknown(), marks);
	if (of.kind == VALUE_LIST)
		out = list_item(v, x, of, index);
	else if (of.kind == VALUE_MAP)
		out = map_entry(v, x, of, index);
	else
		return eval_fail(
		    v, x, "E0254",
		    of.kind == VALUE_OBJECT ? "It is one instance: leave out "
					      "the brackets."
					    : NULL,
		    "%s%s has no items", value_is_null(of) ? "" : "a ",
		    value_kind_name(of));
	return value_mark(out, marks);
}

/* -- splats -- */

static size_t count_items(struct value v)
{
	return v.kind == VALUE_LIST  ? v.as.list.n
	       : v.kind == VALUE_MAP ? v.as.map.n
				     : 1;
}

static size_t put_items(struct value v, struct value *out)
{
	size_t n = count_items(v);

	for (size_t i = 0; i < n; i++) {
		if (v.kind == VALUE_LIST)
			out[i] = v.as.list.items[i];
		else if (v.kind == VALUE_MAP)
			out[i] = v.as.map.entries[i].value;
		else
			out[i] = v;
	}
	return n;
}

/*
 * a[*] is the list of a's items or of its values in the order of the keys; a
 * single instance is a list of one. A second [*] in a chain joins the lists.
 */
struct value eval_splat(struct evaluation *v, const struct ast_expr *x)
{
	struct value of = eval_node(v, x->left, NULL);
	struct value one = of;
	const struct value *parts = &one;
	struct value *items;
	size_t n_parts = 1, n = 0, at = 0;
	unsigned marks = of.marks;

	v->has_built = true;
	if (value_is_unknown(of))
		return of;
	if (of.kind == VALUE_LIST && is_splat(x->left)) {
		parts = of.as.list.items;
		n_parts = of.as.list.n;
	}
	for (size_t i = 0; i < n_parts; i++) {
		if (value_is_unknown(parts[i]))
			return value_mark(value_unknown(),
					  of.marks | parts[i].marks);
		if (parts[i].kind != VALUE_LIST && parts[i].kind != VALUE_MAP &&
		    parts[i].kind != VALUE_OBJECT)
			return eval_fail(v, x, "E0254", NULL,
					 "%s%s has no items",
					 value_is_null(parts[i]) ? "" : "a ",
					 value_kind_name(parts[i]));
		/* How many there are tells of it. */
		marks |= parts[i].marks;
		n += count_items(parts[i]);
	}
	eval_charge(v, 2 * n);
	items = arena_new(v->e->arena, struct value, n + 1);
	for (size_t i = 0; i < n_parts; i++)
		at += put_items(parts[i], items + at);
	return value_mark(value_list(items, n), marks);
}
