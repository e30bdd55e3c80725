/* What type an expression has, as far as the text tells. */
#include <config.h>

#include "engine/lsp/names.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/type.h"

enum { FOLLOWED_MAX = 64 }; /* lets, outputs and params behind each other */

struct typing {
	struct names *names;
	unsigned followed;
};

static const struct type *type_of(struct typing *t, const struct names_env *env,
				  const struct ast_expr *x);

/* -- Types from types ----------------------------------------------------- */

static const struct type *type_with(struct names *n, enum type_kind kind,
				    const struct type *part)
{
	struct type *t = arena_new(n->arena, struct type, 1);

	if (!part)
		return NULL;
	t->kind = kind;
	t->parts = arena_new(n->arena, const struct type *, 1);
	t->parts[0] = part;
	t->n = 1;
	return t;
}

static const struct type *reference_to(struct names *n, struct str name)
{
	struct type *t = arena_new(n->arena, struct type, 1);

	t->kind = TYPE_REF;
	t->name = name;
	return t;
}

const struct type *names_type(struct names *n, struct str text)
{
	const struct type *t;
	struct error err = { 0 };
	uint32_t at;

	if (!text.n)
		return NULL;
	t = map_get(&n->types, text);
	if (t)
		return t;
	t = type_parse(text, n->arena, &at, &err);
	if (t)
		map_put(&n->types, text, (void *)(uintptr_t)t);
	return t;
}

static const struct type *item_of(const struct type *t)
{
	if (t && (t->kind == TYPE_LIST || t->kind == TYPE_SET ||
		  t->kind == TYPE_MAP || (t->kind == TYPE_OBJECT && t->n)))
		return t->parts[0];
	return NULL;
}

/* -- Members -------------------------------------------------------------- */

const struct attr_schema *names_common_attr(const struct type_schema *t,
					    struct str name)
{
	static const struct attr_schema id = {
		"id", "string", ATTR_COMPUTED, NULL,
		"What it is called at the provider."
	};
	static const struct attr_schema tags = {
		"tags", "map(string)", ATTR_OPTIONAL, NULL,
		"Tags; those of the stack are added."
	};

	if (str_is(name, "id"))
		return &id;
	return t->has_tags && str_is(name, "tags") ? &tags : NULL;
}

const struct attr_schema *names_attr(const struct type_schema *t,
				     struct str name)
{
	const struct attr_schema *a = schema_attr(t, name);

	return a ? a : names_common_attr(t, name);
}

bool names_member(struct names *n, const struct type *t, struct str name,
		  struct member *out)
{
	const struct scope *component;

	*out = (struct member){ 0 };
	if (t->kind == TYPE_UNION) {
		for (size_t i = 0; i < t->n; i++)
			if (names_member(n, t->parts[i], name, out))
				return true;
		return false;
	}
	/* Behind [*]: of each item. */
	if (t->kind == TYPE_LIST)
		return names_member(n, t->parts[0], name, out);
	if (t->kind != TYPE_REF)
		return false;
	out->of = schema_find(n->schemas, t->name);
	if (out->of)
		out->attr = names_attr(out->of, name);
	component = out->of ? NULL : map_get(&n->scopes, t->name);
	if (component)
		out->output = map_get(&component->outputs, name);
	return out->attr || out->output;
}

static const struct type *output_type(struct typing *t, const struct symbol *o)
{
	struct names_env env = { .scope = o->scope, .decl = o->decl };

	return type_of(t, &env, o->decl->value);
}

static const struct type *member_type(struct typing *t, const struct type *of,
				      struct str name)
{
	const struct type *found = NULL;
	struct member m;

	if (!of)
		return NULL;
	if (of->kind == TYPE_MAP)
		return of->parts[0];
	for (size_t i = 0; of->kind == TYPE_OBJECT && i < of->n; i++)
		if (str_eq(of->names[i], name))
			return of->parts[i];
	if (!names_member(t->names, of, name, &m))
		return NULL;
	found = m.attr ? names_type(t->names, str_from(m.attr->type))
		       : output_type(t, m.output);
	return of->kind == TYPE_LIST ? type_with(t->names, TYPE_LIST, found)
				     : found;
}

/* -- Expressions ---------------------------------------------------------- */

/* for K, V in …: see lang/eval.h for what one variable alone is. */
static const struct type *variable_type(struct typing *t,
					const struct symbol *s)
{
	static const struct type string = { .kind = TYPE_STRING };
	static const struct type number = { .kind = TYPE_NUMBER };
	struct names_env env = { .scope = s->scope,
				 .variables = s->outer,
				 .decl = s->decl };
	const struct type *over = type_of(t, &env, s->over);
	bool is_map;

	if (!item_of(over))
		return NULL;
	is_map = over->kind == TYPE_MAP || over->kind == TYPE_OBJECT;
	if (s->is_second || (!s->has_second && !is_map))
		return item_of(over);
	return is_map ? &string : &number;
}

static const struct type *word_type(struct typing *t, const struct symbol *s)
{
	struct names_env env = { .scope = s->scope, .decl = s->decl };

	switch (s->kind) {
	case SYMBOL_PARAM:
		return names_type(t->names, s->param->type.text);
	case SYMBOL_LET:
		return type_of(t, &env, s->decl->value);
	case SYMBOL_VARIABLE:
		return variable_type(t, s);
	case SYMBOL_RESOURCE:
	case SYMBOL_COMPONENT:
	case SYMBOL_OUTPUT:
	case SYMBOL_PROVIDER:
	case SYMBOL_CHECK:
	case SYMBOL_STACK:
		break;
	}
	return NULL;
}

static const struct type *attr_type(struct typing *t,
				    const struct names_env *env,
				    const struct ast_expr *x)
{
	const struct symbol *s;
	const struct type *ref;

	if (x->left->kind != EXPR_NAME || names_word(env, ast_text(x->left)))
		return member_type(t, type_of(t, env, x->left), ast_text(x));
	s = names_resource(env->scope, ast_text(x->left), ast_text(x));
	if (!s)
		return NULL;
	ref = reference_to(t->names, s->decl->type);
	return s->decl->more->over ? type_with(t->names, TYPE_MAP, ref) : ref;
}

/* Of what says by itself what it is; NULL: it does not. */
static const struct type *literal_type(enum ast_expr_kind kind)
{
	static const struct type types[] = {
		[EXPR_BOOL] = { .kind = TYPE_BOOL },
		[EXPR_NUMBER] = { .kind = TYPE_NUMBER },
		[EXPR_STRING] = { .kind = TYPE_STRING },
		[EXPR_TEMPLATE] = { .kind = TYPE_STRING },
		[EXPR_CIDR] = { .kind = TYPE_CIDR },
		[EXPR_IP] = { .kind = TYPE_IP },
		[EXPR_DURATION] = { .kind = TYPE_DURATION },
		[EXPR_SIZE] = { .kind = TYPE_SIZE },
	};

	return kind < sizeof(types) / sizeof(*types) &&
		       types[kind].kind != TYPE_ANY
		   ? &types[kind]
		   : NULL;
}

static const struct type *node_type(struct typing *t,
				    const struct names_env *env,
				    const struct ast_expr *x)
{
	const struct symbol *s;

	switch (x->kind) {
	case EXPR_NAME:
		s = names_word(env, ast_text(x));
		return s ? word_type(t, s) : NULL;
	case EXPR_ATTR:
		return attr_type(t, env, x);
	case EXPR_INDEX:
		return item_of(type_of(t, env, x->left));
	case EXPR_SPLAT:
		return type_with(t->names, TYPE_LIST,
				 item_of(type_of(t, env, x->left)));
	case EXPR_LIST:
		return x->n_items ? type_with(t->names, TYPE_LIST,
					      type_of(t, env, x->items[0]))
				  : NULL;
	case EXPR_MAP:
		return x->n_items > 1 ? type_with(t->names, TYPE_MAP,
						  type_of(t, env, x->items[1]))
				      : NULL;
	case EXPR_COND:
		return type_of(t, env, x->right);
	default:
		return literal_type(x->kind);
	}
}

static const struct type *type_of(struct typing *t, const struct names_env *env,
				  const struct ast_expr *x)
{
	const struct type *found;

	if (t->followed > FOLLOWED_MAX)
		return NULL;
	t->followed++;
	found = node_type(t, env, x);
	t->followed--;
	return found;
}

const struct type *names_type_of(struct names *n, const struct names_env *env,
				 const struct ast_expr *x)
{
	struct typing t = { .names = n };

	return type_of(&t, env, x);
}
