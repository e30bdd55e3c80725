/*
 * In: a resource and what is known of the others. Out: the attributes it shall
 * have, each with the place it was written at. Run again, unchanged, whenever
 * more has become known.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/base/buf.h"

#include <stdlib.h>
#include <string.h>

const struct ast_body *resource_body(const struct resource *r)
{
	const struct ast_block *node = r->node;

	return node ? &node->body : &r->decl->body;
}

const struct attr_info *resource_attr(const struct resource *r, struct str name)
{
	return type_info_attr(r->type, name);
}

/* -- References to ids ---------------------------------------------------- */

static struct value object_id(const struct object *o, struct arena *a)
{
	struct value v;

	if (!o->get(o, STR("id"), a, &v))
		return value_unknown();
	return v;
}

/* Objects become their ids. */
static struct value value_ids(struct value v, struct arena *a)
{
	if (value_is_unknown(v))
		return v;
	if (v.kind == VALUE_OBJECT)
		return value_mark(object_id(v.as.object, a), v.marks);
	return value_each(v, value_ids, a);
}

struct value value_plain(struct value v, struct arena *a)
{
	if (value_is_unknown(v))
		return v;
	switch ((enum value_kind)v.kind) {
	case VALUE_OBJECT:
		return value_mark(object_id(v.as.object, a), v.marks);
	case VALUE_CIDR:
	case VALUE_IP:
		return value_mark(value_str(v.as.text), v.marks);
	case VALUE_DURATION:
	case VALUE_SIZE:
		return value_mark(value_str(value_amount_text(v, a)), v.marks);
	case VALUE_LIST:
	case VALUE_MAP:
		return value_each(v, value_plain, a);
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_NUMBER:
	case VALUE_STRING:
		break;
	}
	return v;
}

/* As it goes to providers and state: ids, sets of them in order. */
static int stored_value(struct expander *x, const struct attr_info *info,
			struct place place, struct arena *a, struct value *v)
{
	struct buf why;
	int result = 0;

	if (!info->has_reference)
		return 0;
	*v = value_ids(*v, a);
	buf_init(&why, 1000);
	if (type_convert(info->stored, *v, a, v, &why)) {
		diag_error(x->diags, "E0250", place, "%s", why.data);
		result = -1;
	}
	buf_release(&why);
	return result;
}

/* -- Attributes ----------------------------------------------------------- */

struct scope *resource_scope(const struct resource *r)
{
	return r->scope->group->scope;
}

static int block_list_item(struct expander *x, const struct resource *r,
			   const struct block_info *info,
			   const struct ast_block *b, struct arena *a,
			   struct value *out)
{
	struct value_entry *entries =
	    arena_new(a, struct value_entry, info->n ? info->n : 1);
	size_t n = 0;
	int result = 0;

	for (size_t i = 0; i < info->n; i++) {
		const struct attr_info *attr = &info->attrs[i];
		struct str name = str_from(attr->schema->name);
		const struct ast_attr *written = ast_attr_find(&b->body, name);
		struct value v = attr->fallback;

		if (written) {
			if (scope_evaluate(resource_scope(r), r->scope,
					   written->value, attr->type, a, &v) ||
			    stored_value(x, attr, expr_place(written->value), a,
					 &v))
				result = -1;
			if (value_is_null(v))
				v = attr->fallback;
			if (attr->rule &&
			    rules_check(x, r, attr, expr_place(written->value),
					v))
				result = -1;
		}
		if (!value_is_null(v))
			entries[n++] = (struct value_entry){ name, v };
	}
	*out = value_map(entries, n, a);
	return result;
}

static int block_list_value(struct expander *x, const struct resource *r,
			    const struct block_info *info, struct arena *a,
			    struct value *out, struct place *place)
{
	const struct ast_body *body = resource_body(r);
	struct str name = str_from(info->schema->name);
	struct value *items =
	    arena_new(a, struct value, body->n_blocks ? body->n_blocks : 1);
	size_t n = 0;
	int result = 0;

	for (size_t i = 0; i < body->n_blocks; i++) {
		const struct ast_block *b = &body->blocks[i];

		if (!str_eq(b->name, name))
			continue;
		if (n == 0 && place)
			*place =
			    (struct place){ r->decl->source, b->name_span };
		if (block_list_item(x, r, info, b, a, &items[n++]))
			result = -1;
	}
	*out = n ? value_list(items, n) : value_null();
	return result;
}

/* What the block of a node gives: its parent, and its own name. */
static bool node_given(struct expander *x, const struct resource *r,
		       const struct attr_info *info, struct arena *a,
		       struct value *out)
{
	const struct ast_block *node = r->node;
	const struct type_info *parent;
	const struct block_schema *b;
	struct buf why;

	if (!node)
		return false;
	parent = r->scope->group->decl->type;
	b = type_info_block(parent, node->name)->schema;
	if (strcmp(info->schema->name, b->parent_attr) == 0) {
		*out = (struct value){ .kind = VALUE_OBJECT,
				       .as.object = &r->scope->object };
		return true;
	}
	if (!b->given || strcmp(info->schema->name, b->given) != 0)
		return false;
	buf_init(&why, 1000);
	if (type_convert(info->type, value_str(node->name), a, out, &why))
		diag_error(x->diags, "E0250", r->place, "%s", why.data);
	buf_release(&why);
	return true;
}

int wanted_attr(struct expander *x, const struct resource *r,
		const struct attr_info *info, struct arena *a,
		struct value *out, struct place *place)
{
	const struct ast_body *body = resource_body(r);
	struct str name = info->name;
	const struct ast_attr *written;
	const struct ast_block *block;
	const struct block_schema *b;

	*out = value_null();
	if (place)
		*place = r->place;
	if (node_given(x, r, info, a, out))
		return 0;
	written = ast_attr_find(body, name);
	if (written) {
		if (place)
			*place = expr_place(written->value);
		if (scope_evaluate(resource_scope(r), r->scope, written->value,
				   info->type, a, out))
			return -1;
		return document_written(x, r, info, written, *out);
	}
	block = body->n_blocks ? ast_block_find(body, name) : NULL;
	b = block ? schema_block(r->schema, name) : NULL;
	if (!b)
		return 0;
	if (place)
		*place = (struct place){ r->decl->source, block->name_span };
	return document_block(x, r, b, block, a, out);
}

/* -- All of them ---------------------------------------------------------- */

static void gather_add(struct gather *g, struct str name, struct value v,
		       struct place place)
{
	/* Sorted as they come: there are few. */
	size_t i = g->n++;

	for (; i && str_cmp(name, g->items[i - 1].entry.key) < 0; i--)
		g->items[i] = g->items[i - 1];
	g->items[i] = (struct gathered){ { name, v }, place };
}

/* Room for n; none is gathered yet. */
static void gather_open(struct gather *g, size_t n)
{
	if (g->room < n) {
		g->items = xrealloc(g->items, n, sizeof(*g->items));
		g->room = n;
	}
	g->n = 0;
}

static struct value gather_close(const struct gather *g, struct arena *a,
				 struct place **places)
{
	struct value_entry *entries = arena_new(a, struct value_entry, g->n);

	for (size_t i = 0; i < g->n; i++)
		entries[i] = g->items[i].entry;
	if (places) {
		*places = arena_new(a, struct place, g->n);
		for (size_t i = 0; i < g->n; i++)
			(*places)[i] = g->items[i].place;
	}
	return value_sorted(entries, g->n);
}

void expand_ignored(const struct resource *r, struct value now, struct arena *a,
		    struct value *wanted, struct place **places)
{
	size_t n = wanted->as.map.n;
	struct gather *g = &r->scope->group->scope->x->gather;

	if (r->n_ignore == 0)
		return;
	gather_open(g, n + r->n_ignore);
	for (size_t i = 0; i < n; i++) {
		const struct value_entry *e = &wanted->as.map.entries[i];
		bool is_ignored = false;

		for (size_t k = 0; k < r->n_ignore; k++)
			is_ignored |= str_eq(r->ignore[k], e->key);
		if (!is_ignored)
			gather_add(g, e->key, e->value,
				   places ? (*places)[i] : r->place);
	}
	for (size_t k = 0; k < r->n_ignore; k++) {
		const struct value *v = value_get_str(now, r->ignore[k]);

		if (v && !value_is_null(*v))
			gather_add(g, r->ignore[k], *v, r->place);
	}
	*wanted = gather_close(g, a, places);
}

static struct value merge_tags(const struct expansion *e, struct value own,
			       struct arena *a)
{
	struct value_entry *entries;
	size_t n = 0, stack = e->stack_tags.kind == VALUE_MAP
				  ? e->stack_tags.as.map.n
				  : 0;

	if (value_is_unknown(own) || stack == 0)
		return own;
	entries = arena_new(a, struct value_entry,
			    stack + (own.kind == VALUE_MAP ? own.as.map.n : 0));
	for (size_t i = 0; i < stack; i++)
		entries[n++] = e->stack_tags.as.map.entries[i];
	for (size_t i = 0; own.kind == VALUE_MAP && i < own.as.map.n; i++)
		entries[n++] = own.as.map.entries[i];
	return value_mark(value_map(entries, n, a), own.marks);
}

static int check_required(struct expander *x, const struct resource *r,
			  const struct attr_info *info, struct place place,
			  struct value v)
{
	const struct ast_attr *written;

	if (!(info->schema->flags & ATTR_REQUIRED) || !value_is_null(v))
		return 0;
	written = ast_attr_find(resource_body(r), info->name);
	/* That it is not there at all was found before. */
	if (!written && x->diags->n_errors)
		return -1;
	struct diag *to =
	    diag_error(x->diags, "E0220", place, "\"%s\" of %.*s is null",
		       info->schema->name, STR_ARG(r->address));

	diag_hint(x->diags, to, "It must be given: %s.", info->schema->type);
	return -1;
}

/* What dmsl does not own is changed inside only where that is allowed. */
static int check_modify(struct expander *x, const struct resource *r,
			const struct attr_info *info, struct place place,
			struct value v, struct arena *a)
{
	static const struct type boolean = { .kind = TYPE_BOOL };
	const struct resource *on;
	const struct ast_attr *modify;
	struct value allowed = value_null();
	struct diag *d;

	if (!(info->schema->flags & ATTR_MODIFIES) || v.kind != VALUE_OBJECT)
		return 0;
	on = expand_find(x->e, v.as.object->address);
	if (!on || !(on->is_existing || on->schema->is_foreign))
		return 0;
	modify = ast_attr_find(&on->decl->body, STR("modify"));
	if (modify && scope_evaluate(resource_scope(on), on->scope,
				     modify->value, &boolean, a, &allowed))
		return -1;
	if (allowed.kind == VALUE_BOOL && allowed.as.boolean)
		return 0;
	d = diag_error(x->diags, "E0319", place,
		       "%.*s would change %.*s, which dmsl does not own",
		       STR_ARG(r->address), STR_ARG(on->address));
	diag_hint(x->diags, d, "Say modify = true in its block if it may.");
	return -1;
}

static int gather_attr(struct expander *x, const struct resource *r,
		       const struct attr_info *info, struct arena *a,
		       struct gather *g)
{
	bool is_ruled = info->rule;
	struct place place;
	struct value v;

	if (wanted_attr(x, r, info, a, &v, &place))
		return -1;
	if (value_is_null(v))
		v = info->fallback;
	if (strcmp(info->schema->name, "tags") == 0) {
		/* Those of the stack alone are judged where they stand. */
		is_ruled = is_ruled && !value_is_null(v);
		v = merge_tags(x->e, v, a);
	}
	if (check_required(x, r, info, place, v) ||
	    check_modify(x, r, info, place, v, a) ||
	    stored_value(x, info, place, a, &v))
		return -1;
	if (info->schema->flags & ATTR_SECRET)
		v = value_mark(v, MARK_SECRET);
	if (!value_is_null(v))
		gather_add(g, info->name, v, place);
	return is_ruled ? rules_check(x, r, info, place, v) : 0;
}

/* What is written, and nothing else: by that it is found. */
static int existing_wanted(struct expander *x, const struct resource *r,
			   const struct type_info *t, struct arena *a,
			   struct gather *g)
{
	static const struct type string = { .kind = TYPE_STRING };
	const struct ast_attr *id = ast_attr_find(&r->decl->body, STR("id"));
	struct place place;
	struct value v;
	int result = 0;

	if (id) {
		if (scope_evaluate(resource_scope(r), r->scope, id->value,
				   &string, a, &v))
			result = -1;
		else if (!value_is_null(v))
			gather_add(g, STR("id"), v, expr_place(id->value));
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct attr_info *info = &t->attrs[i];

		if (wanted_attr(x, r, info, a, &v, &place) ||
		    stored_value(x, info, place, a, &v)) {
			result = -1;
			continue;
		}
		if (info->schema->flags & ATTR_SECRET)
			v = value_mark(v, MARK_SECRET);
		if (!value_is_null(v))
			gather_add(g, str_from(info->schema->name), v, place);
	}
	return result;
}

void expand_fetch(const struct expansion *e, size_t index, unsigned look,
		  const struct value *values)
{
	const struct resource *r = &e->resources[index];

	/* Joins stand at the end, and nothing of them is evaluated. */
	for (size_t i = 0; i < r->n_deps && r->deps[i] < e->n; i++) {
		const struct resource *need = &e->resources[r->deps[i]];
		const struct value *v = &values[r->deps[i]];

		if (look == 3) {
			__builtin_prefetch(need);
			__builtin_prefetch(v);
		} else if (look == 2) {
			__builtin_prefetch(need->scope);
			if (v->kind == VALUE_MAP)
				__builtin_prefetch(v->as.map.entries);
		} else {
			__builtin_prefetch(need->scope->group);
		}
	}
}

int expand_wanted(struct expansion *e, size_t index, struct arena *a,
		  struct value *out, struct place **places)
{
	struct expander *x = e->private;
	const struct resource *r = &e->resources[index];
	const struct type_info *t = r->type;
	size_t errors = x->diags->n_errors, from = x->diags->n;
	struct gather *g = &x->gather;
	int result = 0;

	gather_open(g, t->n + t->n_blocks + 1);
	if (r->is_existing)
		result = existing_wanted(x, r, t, a, g);
	for (size_t i = 0; !r->is_existing && i < t->n; i++)
		if (gather_attr(x, r, &t->attrs[i], a, g))
			result = -1;
	for (size_t i = 0; !r->is_existing && i < t->n_blocks; i++) {
		const struct block_info *b = &t->blocks[i];
		struct value v;
		struct place place = r->place;

		if (b->schema->kind != BLOCK_LIST)
			continue;
		if (block_list_value(x, r, b, a, &v, &place))
			result = -1;
		if (!value_is_null(v))
			gather_add(g, str_from(b->schema->name), v, place);
	}
	*out = gather_close(g, a, places);
	scope_trace(resource_scope(r), from);
	return result || x->diags->n_errors > errors ? -1 : 0;
}
