/*
 * In: lifecycle { } and timeouts { } of a block. Out: what they say of the
 * resources in it, and findings about what they cannot say. What stands in a
 * component's instance holds for all that is inside; what is said further in
 * wins.
 */
#include <config.h>

#include "engine/expand_private.h"

#include <stdlib.h>
#include <string.h>

/* The flags of lifecycle, and where they go. */
static const struct {
	const char *name;
	size_t offset;
} flags[] = {
	{ "prevent_destroy", offsetof(struct life, prevent_destroy) },
	{ "keep_on_destroy", offsetof(struct life, keep_on_destroy) },
	{ "create_before_destroy",
	  offsetof(struct life, create_before_destroy) },
};

static const struct {
	const char *name;
	size_t offset;
} times[] = {
	{ "create", offsetof(struct life, timeouts.create_ms) },
	{ "update", offsetof(struct life, timeouts.update_ms) },
	{ "delete", offsetof(struct life, timeouts.delete_ms) },
	{ "run", offsetof(struct life, timeouts.run_ms) },
};

enum {
	N_FLAGS = sizeof(flags) / sizeof(*flags),
	N_TIMES = sizeof(times) / sizeof(*times),
};

/* -- What can be told from the text --------------------------------------- */

static const struct attr_schema resource_attrs[] = {
	{ "prevent_destroy", "bool", ATTR_OPTIONAL, NULL, "" },
	{ "keep_on_destroy", "bool", ATTR_OPTIONAL, NULL, "" },
	{ "create_before_destroy", "bool", ATTR_OPTIONAL, NULL, "" },
	{ "ignore", "list(string)", ATTR_OPTIONAL, NULL, "" },
	{ "replace_when", "any", ATTR_OPTIONAL, NULL, "" },
	{ 0 },
};
/* A component's: what holds for all inside. */
static const struct attr_schema component_attrs[] = {
	{ "prevent_destroy", "bool", ATTR_OPTIONAL, NULL, "" },
	{ "keep_on_destroy", "bool", ATTR_OPTIONAL, NULL, "" },
	{ "create_before_destroy", "bool", ATTR_OPTIONAL, NULL, "" },
	{ 0 },
};
static const struct attr_schema timeout_attrs[] = {
	{ "create", "duration", ATTR_OPTIONAL, NULL, "" },
	{ "update", "duration", ATTR_OPTIONAL, NULL, "" },
	{ "delete", "duration", ATTR_OPTIONAL, NULL, "" },
	{ "run", "duration", ATTR_OPTIONAL, NULL, "" },
	{ 0 },
};

const struct attr_schema *expand_common_attrs(struct str block,
					      bool is_component)
{
	if (str_is(block, "timeouts"))
		return timeout_attrs;
	if (!str_is(block, "lifecycle"))
		return NULL;
	return is_component ? component_attrs : resource_attrs;
}

/* The name that an item of `ignore` is: a bare word, or a string. */
static bool ignored_name(const struct ast_expr *e, struct str *out)
{
	*out = ast_text(e);
	return e->kind == EXPR_NAME || e->kind == EXPR_STRING;
}

static bool can_be_ignored(const struct type_info *t, struct str name)
{
	const struct attr_info *a = type_info_attr(t, name);
	const struct block_info *b = type_info_block(t, name);

	if (a)
		return !(a->schema->flags & ATTR_COMPUTED) ||
		       (a->schema->flags & ATTR_OPTIONAL);
	return b && b->schema->kind != BLOCK_NODES;
}

static void check_ignored(struct expander *x, const struct type_info *t,
			  const struct ast_expr *item)
{
	struct suggest near;
	struct diag *to;
	struct str name;

	if (!ignored_name(item, &name)) {
		to = diag_error(x->diags, "E0250", expr_place(item),
				"\"ignore\" takes names of attributes");
		diag_hint(x->diags, to, "Write ignore = [tags].");
		return;
	}
	if (can_be_ignored(t, name))
		return;
	to = diag_error(x->diags, "E0203", expr_place(item),
			"%s has no attribute \"%.*s\" to ignore",
			t->schema->name, STR_ARG(name));
	near = suggest_start(name);
	for (size_t i = 0; i < t->n; i++)
		suggest_try(&near, str_from(t->attrs[i].schema->name));
	check_suggest(&near, x->diags, to);
}

void life_check(struct expander *x, const struct source *source,
		const struct ast_block *b, const struct type_info *t)
{
	bool is_lifecycle = str_is(b->name, "lifecycle");
	struct check_target target = {
		.kind = "block",
		.name = b->name,
		.place = { source, b->name_span },
	};
	const struct ast_attr *ignore;

	target.attrs =
	    check_attrs(expand_common_attrs(b->name, !t), &target.n, x->arena);
	check_body(&b->body, source, &target, x->diags);
	ignore =
	    is_lifecycle && t ? ast_attr_find(&b->body, STR("ignore")) : NULL;
	if (!ignore)
		return;
	if (ignore->value->kind != EXPR_LIST) {
		struct diag *to = diag_error(
		    x->diags, "E0250", expr_place(ignore->value),
		    "\"ignore\" takes a list of names of attributes");

		diag_hint(x->diags, to, "Write ignore = [tags].");
		return;
	}
	for (size_t i = 0; i < ignore->value->n_items; i++)
		check_ignored(x, t, ignore->value->items[i]);
}

/* -- Values --------------------------------------------------------------- */

static const struct ast_attr *find(const struct ast_body *b, struct str block,
				   const char *name)
{
	const struct ast_block *found =
	    b->n_blocks ? ast_block_find(b, block) : NULL;

	return found ? ast_attr_find(&found->body, str_from(name)) : NULL;
}

static void read_flag(struct scope *s, const struct instance_scope *vars,
		      const struct ast_attr *a, bool *out)
{
	static const struct type boolean = { .kind = TYPE_BOOL };
	struct value v;

	if (scope_evaluate(s, vars, a->value, &boolean, s->x->arena, &v))
		return;
	if (value_is_unknown(v))
		diag_error(s->x->diags, "E0305", expr_place(a->value),
			   "lifecycle must be known before apply");
	else if (v.kind == VALUE_BOOL)
		*out = v.as.boolean;
}

static void read_time(struct scope *s, const struct instance_scope *vars,
		      const struct ast_attr *a, int64_t *out)
{
	static const struct type duration = { .kind = TYPE_DURATION };
	struct diag *to;
	struct value v;

	if (scope_evaluate(s, vars, a->value, &duration, s->x->arena, &v) ||
	    value_is_null(v))
		return;
	if (value_is_unknown(v)) {
		diag_error(s->x->diags, "E0305", expr_place(a->value),
			   "timeouts must be known before apply");
		return;
	}
	if (v.as.amount > 0) {
		*out = v.as.amount;
		return;
	}
	to = diag_error(s->x->diags, "E0255", expr_place(a->value),
			"a timeout must be longer than nothing");
	diag_hint(s->x->diags, to,
		  "Leave it out, and the operation has the "
		  "time that is usual for it.");
}

const struct life *life_read(struct scope *s, const struct instance_scope *vars,
			     const struct ast_body *b,
			     const struct life *around)
{
	struct life *life;

	if (b->n_blocks == 0)
		return around;
	life = arena_new(s->x->arena, struct life, 1);
	*life = *around;
	for (size_t i = 0; i < N_FLAGS; i++) {
		const struct ast_attr *a =
		    find(b, STR("lifecycle"), flags[i].name);

		if (a)
			read_flag(s, vars, a,
				  (void *)((char *)life + flags[i].offset));
	}
	for (size_t i = 0; i < N_TIMES; i++) {
		const struct ast_attr *a =
		    find(b, STR("timeouts"), times[i].name);

		if (a)
			read_time(s, vars, a,
				  (void *)((char *)life + times[i].offset));
		life->has_timeouts |= a != NULL;
	}
	return life;
}

void life_ignored(struct expander *x, const struct ast_body *b,
		  struct resource *r)
{
	const struct ast_attr *a = find(b, STR("lifecycle"), "ignore");

	if (!a || a->value->kind != EXPR_LIST)
		return;
	r->ignore = arena_new(x->arena, struct str, a->value->n_items + 1);
	for (size_t i = 0; i < a->value->n_items; i++) {
		struct str name;
		bool is_new = ignored_name(a->value->items[i], &name);

		for (size_t k = 0; k < r->n_ignore; k++)
			is_new &= !str_eq(r->ignore[k], name);
		if (is_new)
			r->ignore[r->n_ignore++] = name;
	}
}

const struct ast_expr *life_replace_when(const struct resource *r)
{
	const struct ast_attr *a =
	    find(resource_body(r), STR("lifecycle"), "replace_when");

	return a ? a->value : NULL;
}

int expand_replace_when(struct expansion *e, size_t index, struct arena *a,
			struct value *out)
{
	const struct resource *r = &e->resources[index];
	const struct ast_expr *x = life_replace_when(r);

	*out = value_null();
	if (!x)
		return 0;
	if (scope_evaluate(r->scope->group->scope, r->scope, x, NULL, a, out))
		return -1;
	*out = value_plain(*out, a);
	return 0;
}

/*
 * What a resource needs is also created first, when both are replaced: else the
 * old one would have to go before the new one is there.
 */
void life_propagate(struct expander *x)
{
	struct resource *all = x->resources.items;
	size_t n = x->resources.n;
	bool *joins;

	if (!x->creates_first)
		return;
	joins = xrealloc(NULL, x->joins.n + 1, sizeof(*joins));
	memset(joins, 0, (x->joins.n + 1) * sizeof(*joins));
	for (size_t k = n + x->joins.n; k-- > 0;) {
		size_t at = x->order_all[k];

		if (at >= n) {
			const struct join *j = &x->joins.items[at - n];

			for (size_t i = j->first; joins[at - n] && i < j->end;
			     i++)
				all[i].create_before_destroy = true;
			continue;
		}
		for (size_t i = 0;
		     all[at].create_before_destroy && i < all[at].n_deps; i++)
			if (all[at].deps[i] >= n)
				joins[all[at].deps[i] - n] = true;
			else
				all[all[at].deps[i]].create_before_destroy =
				    true;
	}
	free(joins);
}
