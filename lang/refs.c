#include <config.h>

#include "lang/refs.h"

#include "lang/ast.h"

/* Loop variables of the comprehensions around an expression. */
struct bound {
	const struct ast_expr *loop;
	const struct bound *outer;
};

struct walk {
	void (*found)(void *context, const struct ref *r);
	void *context;
};

static bool is_bound(const struct bound *b, struct str name)
{
	for (; b; b = b->outer)
		if (str_eq(name, ast_wide(b->loop)->key) ||
		    str_eq(name, ast_wide(b->loop)->val))
			return true;
	return false;
}

/* Most of what a map holds: keys, and texts. */
static bool is_literal(const struct ast_expr *x)
{
	return x->kind == EXPR_STRING || x->kind == EXPR_NUMBER;
}

static bool is_path(const struct ast_expr *x)
{
	return x->kind == EXPR_ATTR || x->kind == EXPR_INDEX ||
	       x->kind == EXPR_SPLAT;
}

/*
 * What is below `above` on the path that ends in `last`: the tree holds a path
 * from its end, and we read it from its beginning.
 */
static const struct ast_expr *step_below(const struct ast_expr *last,
					 const struct ast_expr *above)
{
	const struct ast_expr *x = last;

	if (last == above)
		return NULL;
	while (x->left != above)
		x = x->left;
	return x;
}

static void name_found(const struct walk *w, const struct ast_expr *name,
		       const struct ast_expr *last, const struct bound *outer)
{
	struct ref r = {
		.name = ast_text(name),
		.place = { name->source, name->span },
	};
	const struct ast_expr *x = step_below(last, name);

	if (x && x->kind == EXPR_ATTR) {
		r.second = ast_text(x);
		r.node = x;
		r.place.span.end = x->span.end;
		x = step_below(last, x);
		if (x && x->kind == EXPR_INDEX &&
		    x->right->kind == EXPR_STRING) {
			r.has_key = true;
			r.key = ast_text(x->right);
		} else if (x && x->kind == EXPR_INDEX &&
			   x->right->kind == EXPR_NAME &&
			   !is_bound(outer, ast_text(x->right))) {
			r.index = x->right;
		}
		if (x && x->kind != EXPR_ATTR)
			x = step_below(last, x);
		if (x && x->kind == EXPR_ATTR)
			r.attr = ast_text(x);
	}
	w->found(w->context, &r);
}

/* Recursion ends: the parser refuses trees of more than 200 levels. */
static void walk(const struct walk *w, const struct ast_expr *x,
		 const struct bound *outer);

/* The name a path begins with, then what its indexes refer to. */
static void walk_path(const struct walk *w, const struct ast_expr *last,
		      const struct bound *outer)
{
	const struct ast_expr *base = last;
	bool has_index = false;

	for (; is_path(base); base = base->left)
		has_index |= base->kind == EXPR_INDEX;
	if (base->kind != EXPR_NAME)
		walk(w, base, outer);
	else if (!is_bound(outer, ast_text(base)))
		name_found(w, base, last, outer);
	for (const struct ast_expr *x = base; has_index && x;) {
		if (x != base && x->kind == EXPR_INDEX)
			walk(w, x->right, outer);
		x = step_below(last, x);
	}
}

static void walk(const struct walk *w, const struct ast_expr *x,
		 const struct bound *outer)
{
	const struct ast_expr *below[AST_BELOW_MAX];
	struct bound inner = { x, outer };
	const struct bound *b = outer;
	size_t n;

	if (x->kind == EXPR_NAME || is_path(x)) {
		walk_path(w, x, outer);
		return;
	}
	n = ast_below(x, below);
	for (size_t i = 0; i < n; i++) {
		walk(w, below[i], b);
		/* What a comprehension walks over is outside of it. */
		if (x->kind == EXPR_LIST_FOR || x->kind == EXPR_MAP_FOR)
			b = &inner;
	}
	for (size_t i = 0; i < x->n_items; i++)
		if (!is_literal(x->items[i]))
			walk(w, x->items[i], outer);
}

void refs_find(const struct ast_expr *x,
	       void (*found)(void *context, const struct ref *r), void *context)
{
	struct walk w = { found, context };

	if (x)
		walk(&w, x, NULL);
}
