/* The uses in an expression. Recursion ends where the parser's trees do. */
#include <config.h>

#include "engine/lsp/names_impl.h"

#include "lang/base/arena.h"
#include "lang/func.h"
#include "lang/type.h"

enum { ADDRESS_PARTS_MAX = 40 };

static struct place place_of(const struct ast_expr *x)
{
	return (struct place){ x->source, x->span };
}

static struct place name_place(const struct ast_expr *x)
{
	return (struct place){ x->source, ast_name_span(x) };
}

static struct names_env env_of(const struct walk *w)
{
	return (struct names_env){ .scope = w->scope,
				   .variables = w->variables,
				   .decl = w->decl };
}

static struct symbol *word(const struct walk *w, struct str name)
{
	struct names_env env = env_of(w);

	/* What the walk may add uses to. */
	return (struct symbol *)(uintptr_t)names_word(&env, name);
}

static struct symbol *resource(const struct scope *s, struct str type,
			       struct str name)
{
	return (struct symbol *)(uintptr_t)names_resource(s, type, name);
}

void walk_type_name(struct walk *w, struct place place, struct str name)
{
	const struct type_schema *t = schema_find(w->names->schemas, name);

	if (t)
		walk_add(w, place, USE_TYPE)->type = t;
	else
		walk_use(w, place, map_get(&w->names->components, name));
}

/* -- Enums and what is wanted --------------------------------------------- */

static bool has_member(const struct type *t, struct str name)
{
	if (!t)
		return false;
	if (t->kind == TYPE_ENUM)
		for (size_t i = 0; i < t->n; i++)
			if (str_eq(t->names[i], name))
				return true;
	if (t->kind == TYPE_UNION)
		for (size_t i = 0; i < t->n; i++)
			if (has_member(t->parts[i], name))
				return true;
	return false;
}

/* What an item of a list or map of that type is. */
static const struct type *item_of(const struct type *t)
{
	if (!t)
		return NULL;
	if (t->kind == TYPE_LIST || t->kind == TYPE_SET || t->kind == TYPE_MAP)
		return t->parts[0];
	for (size_t i = 0; t->kind == TYPE_UNION && i < t->n; i++)
		if (item_of(t->parts[i]))
			return item_of(t->parts[i]);
	return NULL;
}

static const struct type *entry_of(const struct type *t,
				   const struct ast_expr *key)
{
	if (!t || t->kind != TYPE_OBJECT)
		return item_of(t);
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->names[i], ast_text(key)))
			return t->parts[i];
	return NULL;
}

/* -- Paths ---------------------------------------------------------------- */

/* TYPE.NAME, where TYPE is no name in scope. */
static void walk_reference(struct walk *w, const struct ast_expr *x)
{
	struct str type = ast_text(x->left);
	struct str both = str_join(type, ".", ast_text(x), w->names->arena);
	struct symbol *site = map_get(&w->names->root->providers, both);

	if (site) {
		walk_use(w, name_place(x), site);
		return;
	}
	walk_type_name(w, place_of(x->left), type);
	walk_use(w, name_place(x), resource(w->scope, type, ast_text(x)));
}

static void walk_member(struct walk *w, const struct ast_expr *x)
{
	struct names_env env = env_of(w);
	const struct type *t = names_type_of(w->names, &env, x->left);
	struct member m;
	struct use *u;

	if (!t || !names_member(w->names, t, ast_text(x), &m))
		return;
	if (m.output) {
		walk_use(w, name_place(x),
			 (struct symbol *)(uintptr_t)m.output);
		return;
	}
	u = walk_add(w, name_place(x), USE_ATTR);
	u->of = m.of;
	u->attr = m.attr;
	u->rules = m.of->rules;
}

static void walk_attr(struct walk *w, const struct ast_expr *x)
{
	if (x->left->kind == EXPR_NAME && !word(w, ast_text(x->left))) {
		walk_reference(w, x);
		return;
	}
	walk_expr(w, x->left, NULL);
	walk_member(w, x);
}

static void walk_name(struct walk *w, const struct ast_expr *x,
		      const struct type *wanted)
{
	/* A member of the wanted enum wins over a name in scope. */
	if (has_member(wanted, ast_text(x)))
		walk_add(w, place_of(x), USE_MEMBER)->members = wanted;
	else
		walk_use(w, place_of(x), word(w, ast_text(x)));
}

/* -- Comprehensions ------------------------------------------------------- */

static struct symbol *variable(struct walk *w, const struct ast_expr *x,
			       struct str name)
{
	struct symbol *s;

	if (!name.n)
		return NULL;
	s = walk_symbol(
	    w, SYMBOL_VARIABLE, name,
	    (struct place){ x->source, walk_span(x->source, name) });
	s->over = x->left;
	s->outer = w->variables;
	walk_declared(w, s);
	return s;
}

static void walk_for(struct walk *w, const struct ast_expr *x,
		     const struct type *wanted)
{
	struct variables *v = arena_new(w->names->arena, struct variables, 1);
	const struct ast_wide *wide = ast_wide(x);

	walk_expr(w, x->left, NULL);
	v->key = variable(w, x, wide->key);
	v->val = variable(w, x, wide->val);
	if (v->val && v->key) {
		v->key->has_second = v->val->has_second = true;
		v->val->is_second = true;
	}
	v->outer = w->variables;
	w->variables = v;
	walk_expr(w, wide->fourth, NULL);
	walk_expr(w, x->right, item_of(wanted));
	walk_expr(w, wide->third, NULL);
	w->variables = v->outer;
}

static void walk_call(struct walk *w, const struct ast_expr *x)
{
	const struct func *f = func_find(ast_text(x));

	if (f)
		walk_add(w, name_place(x), USE_FUNCTION)->func = f;
	for (size_t i = 0; i < x->n_items; i++)
		walk_expr(w, x->items[i], NULL);
}

void walk_expr(struct walk *w, const struct ast_expr *x,
	       const struct type *wanted)
{
	if (!x)
		return;
	switch (x->kind) {
	case EXPR_ERROR:
	case EXPR_NULL:
	case EXPR_BOOL:
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_CIDR:
	case EXPR_IP:
	case EXPR_DURATION:
	case EXPR_SIZE:
		break;
	case EXPR_TEMPLATE:
		for (size_t i = 0; i < x->n_items; i++)
			walk_expr(w, x->items[i], NULL);
		break;
	case EXPR_LIST:
		for (size_t i = 0; i < x->n_items; i++)
			walk_expr(w, x->items[i], item_of(wanted));
		break;
	case EXPR_MAP:
		for (size_t i = 0; i + 1 < x->n_items; i += 2) {
			walk_expr(w, x->items[i], NULL);
			walk_expr(w, x->items[i + 1],
				  entry_of(wanted, x->items[i]));
		}
		break;
	case EXPR_NAME:
		walk_name(w, x, wanted);
		break;
	case EXPR_ATTR:
		walk_attr(w, x);
		break;
	case EXPR_INDEX:
		walk_expr(w, x->left, NULL);
		walk_expr(w, x->right, NULL);
		break;
	case EXPR_SPLAT:
	case EXPR_UNARY:
		walk_expr(w, x->left, NULL);
		break;
	case EXPR_BINARY:
		walk_expr(w, x->left, NULL);
		walk_expr(w, x->right, NULL);
		break;
	case EXPR_CALL:
		walk_call(w, x);
		break;
	case EXPR_COND:
		walk_expr(w, x->left, NULL);
		walk_expr(w, x->right, wanted);
		walk_expr(w, ast_wide(x)->third, wanted);
		break;
	case EXPR_LIST_FOR:
	case EXPR_MAP_FOR:
		walk_for(w, x, wanted);
		break;
	}
}

/* -- Addresses ------------------------------------------------------------ */

/* One part: TYPE.NAME, with an index or without; gives the scope inside. */
static const struct scope *walk_part(struct walk *w, const struct ast_expr *x,
				     const struct scope *in)
{
	while (x->kind == EXPR_INDEX)
		x = x->left;
	if (x->kind != EXPR_ATTR || x->left->kind != EXPR_NAME)
		return NULL;
	walk_type_name(w, place_of(x->left), ast_text(x->left));
	walk_use(w, name_place(x),
		 resource(in, ast_text(x->left), ast_text(x)));
	return map_get(&w->names->scopes, ast_text(x->left));
}

void walk_address(struct walk *w, const struct ast_expr *x)
{
	const struct ast_expr *parts[ADDRESS_PARTS_MAX];
	const struct scope *in = w->names->root;
	size_t n = 0;

	while (x && x->kind == EXPR_BINARY && x->op == AST_DIV &&
	       n + 1 < ADDRESS_PARTS_MAX) {
		parts[n++] = x->right;
		x = x->left;
	}
	if (x)
		parts[n++] = x;
	while (n && in)
		in = walk_part(w, parts[--n], in);
}
