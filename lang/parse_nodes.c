/* The nodes of the tree, each made by one action of the grammar. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/grammar.h"
#include "lang/parser.h"

#include <stdlib.h>
#include <string.h>

struct list *list_new(struct parser *p)
{
	return arena_new(&p->scratch, struct list, 1);
}

void list_add(struct parser *p, struct list *l, void *item)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 4;
		void **items = arena_new(&p->scratch, void *, room);

		if (l->n)
			memcpy(items, l->items, l->n * sizeof(*items));
		l->items = items;
		l->room = room;
	}
	l->items[l->n++] = item;
}

struct list *entry_add(struct parser *p, struct list *l, struct ast_expr *key,
		       struct ast_expr *value)
{
	list_add(p, l, key);
	list_add(p, l, value);
	return l;
}

void list_join(struct parser *p, struct list *l, const struct list *other)
{
	for (size_t i = 0; i < other->n; i++)
		list_add(p, l, other->items[i]);
}

/* The items as an array that lasts as long as the tree. */
static void *list_keep(struct parser *p, const struct list *l)
{
	void **items = arena_new(p->arena, void *, l->n);

	if (l->n)
		memcpy(items, l->items, l->n * sizeof(*items));
	return items;
}

struct list *decls_new(struct parser *p)
{
	struct list *l = p->has_decls ? list_new(p) : &p->decls;

	p->has_decls = true;
	return l;
}

void decls_add(struct parser *p, struct list *l, struct ast_decl *d)
{
	p->mark = p->current;
	if (l != &p->decls) {
		list_add(p, l, d);
		return;
	}
	*vec_push(&p->decls) = d;
	if (p->tell)
		p->tell(p->tell_context, d);
	arena_clear(&p->scratch);
}

void decls_torn(struct parser *p, struct span span)
{
	struct str text = parser_text(p, span);

	while (text.n) {
		size_t n = 0;

		while (n < text.n && token_is_word_byte(text.s[n]))
			n++;
		if (n)
			*vec_push(&p->torn) = str_sub(text, 0, n);
		text = str_skip(text, n ? n : 1);
	}
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

const struct str *torn_keep(struct parser *p)
{
	if (p->torn.n)
		qsort(p->torn.items, p->torn.n, sizeof(*p->torn.items),
		      by_text);
	return vec_take(&p->torn, p->arena);
}

struct ast_decl **decls_keep(struct parser *p)
{
	return list_keep(p, &p->decls);
}

static struct ast_expr *expr_init(struct parser *p, struct ast_expr *x,
				  enum ast_expr_kind kind, struct span span)
{
	x->kind = kind;
	x->span = span;
	x->source = p->source;
	x->depth = 1;
	return x;
}

/* Of a kind whose fields end with that of such an offset. */
static struct ast_expr *expr_new(struct parser *p, enum ast_expr_kind kind,
				 struct span span, size_t size)
{
	void *x =
	    arena_alloc_aligned(p->arena, 1, size, _Alignof(struct ast_expr));

	return expr_init(p, x, kind, span);
}

enum {
	LEAF_SIZE = offsetof(struct ast_expr, left),
	ONE_SIZE = offsetof(struct ast_expr, right), /* left or items */
	WHOLE_SIZE = sizeof(struct ast_expr),
};

static struct ast_wide *wide_new(struct parser *p, enum ast_expr_kind kind,
				 struct span span)
{
	struct ast_wide *w = arena_new(p->arena, struct ast_wide, 1);

	expr_init(p, &w->expr, kind, span);
	return w;
}

/*
 * The tree is walked by recursion, so a node knows how deep it reaches. Counts
 * the levels below x once more. Too many: x becomes an error, and so does what
 * x is in; it is said once.
 */
static void reach(struct parser *p, struct ast_expr *x,
		  const struct ast_expr *below)
{
	if (x->kind == EXPR_ERROR)
		return;
	if (below->depth >= x->depth)
		x->depth = (uint8_t)(below->depth + 1);
	if (x->depth <= NESTING_MAX)
		return;
	if (below->depth <= NESTING_MAX)
		parser_exhausted(p, x->span);
	/* It may have no more than a leaf has. */
	memset(x, 0, LEAF_SIZE);
	expr_init(p, x, EXPR_ERROR, below->span);
	x->depth = NESTING_MAX + 1;
}

static struct ast_expr *finish(struct parser *p, struct ast_expr *x)
{
	const struct ast_expr *below[AST_BELOW_MAX];
	struct ast_expr **items = x->items;
	size_t n = ast_below(x, below), n_items = x->n_items;

	for (size_t i = 0; i < n; i++)
		reach(p, x, below[i]);
	for (size_t i = 0; i < n_items; i++)
		reach(p, x, items[i]);
	return x;
}

struct ast_expr *make_own(struct parser *p, enum ast_expr_kind kind,
			  struct str text, struct span span)
{
	struct ast_expr *x = expr_new(p, kind, span, WHOLE_SIZE);

	x->is_own = true;
	x->own = text;
	return x;
}

/* The digits of a number: "_" is for people. */
static struct str digits(struct parser *p, struct str text)
{
	char *out = arena_new(p->arena, char, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (text.s[i] != '_')
			out[n++] = text.s[i];
	return (struct str){ out, n };
}

struct ast_expr *make_leaf(struct parser *p, enum ast_expr_kind kind,
			   struct span span)
{
	struct str text = parser_text(p, span);
	struct ast_expr *x;

	if (kind != EXPR_NAME && kind != EXPR_STRING && kind != EXPR_ERROR &&
	    str_find(text, '_') >= 0)
		return make_own(p, kind, digits(p, text), span);
	x = expr_new(p, kind, span, LEAF_SIZE);
	if (kind == EXPR_BOOL)
		x->boolean = str_is(text, "true");
	return x;
}

struct ast_expr *make_key(struct parser *p, struct span span)
{
	return make_leaf(p, EXPR_STRING, span);
}

struct ast_expr *make_unary(struct parser *p, enum ast_op op,
			    struct ast_expr *below, struct span span)
{
	struct ast_expr *x = expr_new(p, EXPR_UNARY, span, ONE_SIZE);

	x->op = op;
	x->left = below;
	return finish(p, x);
}

struct ast_expr *make_binary(struct parser *p, struct ast_expr *left,
			     enum ast_op op, struct ast_expr *right,
			     struct span span)
{
	struct ast_expr *x = expr_new(p, EXPR_BINARY, span, WHOLE_SIZE);

	x->op = op;
	x->left = left;
	x->right = right;
	return finish(p, x);
}

struct ast_expr *make_cond(struct parser *p, struct ast_expr *condition,
			   struct ast_expr *yes, struct ast_expr *no,
			   struct span span)
{
	struct ast_wide *x = wide_new(p, EXPR_COND, span);

	x->expr.left = condition;
	x->expr.right = yes;
	x->third = no;
	return finish(p, &x->expr);
}

struct ast_expr *make_attr_of(struct parser *p, struct ast_expr *left,
			      struct span name, struct span span)
{
	struct ast_expr *x = expr_new(p, EXPR_ATTR, span, WHOLE_SIZE);

	x->left = left;
	x->text_n = name.end - name.start;
	return finish(p, x);
}

struct ast_expr *make_index(struct parser *p, struct ast_expr *left,
			    struct ast_expr *index, struct span span)
{
	struct ast_expr *x;

	if (index) {
		x = expr_new(p, EXPR_INDEX, span, WHOLE_SIZE);
		x->right = index;
	} else {
		x = expr_new(p, EXPR_SPLAT, span, ONE_SIZE);
	}
	x->left = left;
	return finish(p, x);
}

struct ast_expr *make_call(struct parser *p, struct span name,
			   struct list *args, struct span span)
{
	struct ast_expr *x = expr_new(p, EXPR_CALL, span, WHOLE_SIZE);

	x->text_n = name.end - name.start;
	x->items = list_keep(p, args);
	x->n_items = (uint32_t)args->n;
	return finish(p, x);
}

struct ast_expr *make_items(struct parser *p, enum ast_expr_kind kind,
			    struct list *items, struct span span)
{
	struct ast_expr *x = expr_new(p, kind, span, ONE_SIZE);

	x->items = list_keep(p, items);
	x->n_items = (uint32_t)items->n;
	return finish(p, x);
}

struct loop *make_loop(struct parser *p, struct span key, struct span val,
		       struct ast_expr *over)
{
	struct loop *l = arena_new(&p->scratch, struct loop, 1);

	l->key = parser_text(p, key);
	l->val = parser_text(p, val);
	l->over = over;
	return l;
}

struct ast_expr *make_for(struct parser *p, struct loop *loop,
			  struct ast_expr *key, struct ast_expr *value,
			  struct ast_expr *condition, struct span span)
{
	struct ast_wide *x =
	    wide_new(p, key ? EXPR_MAP_FOR : EXPR_LIST_FOR, span);

	x->key = loop->key;
	x->val = loop->val;
	x->expr.left = loop->over;
	x->expr.right = value;
	x->third = condition;
	x->fourth = key;
	return finish(p, &x->expr);
}

/*
 * The text of a type as lang/type.h wants it: where comments stand there are
 * blanks, and where the end of a line separates there is a comma. Offsets in
 * it are offsets in the source.
 */
struct ast_type *make_type(struct parser *p, struct span span)
{
	const struct tokens *t = &p->tokens;
	struct ast_type *type = arena_new(&p->scratch, struct ast_type, 1);
	size_t low = 0, high = t->n;
	char *text = NULL;

	type->text = parser_text(p, span);
	type->span = span;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->items[middle].span.start < span.start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < t->n && t->items[low].span.start < span.end; low++) {
		const struct token *token = &t->items[low];
		size_t at = token->span.start - span.start;
		bool is_comma = token->flags & TOKEN_VIRTUAL;

		if (token->kind != TOK_COMMENT && !is_comma)
			continue;
		if (!text)
			text = str_c(type->text, p->arena);
		if (is_comma)
			text[at] = ',';
		else
			memset(text + at, ' ',
			       token->span.end - token->span.start);
	}
	if (text)
		type->text.s = text;
	return type;
}

struct items *make_body_items(struct parser *p)
{
	return arena_new(&p->scratch, struct items, 1);
}

struct ast_attr *make_attr(struct parser *p, struct span name,
			   struct ast_expr *value, struct span span)
{
	struct ast_attr *x = arena_new(&p->scratch, struct ast_attr, 1);

	x->name = parser_text(p, name);
	x->name_span = name;
	x->value = value;
	x->span = span;
	return x;
}

struct ast_block *make_block(struct parser *p, struct span name,
			     struct span label, const struct ast_body *body,
			     struct span span)
{
	struct ast_block *x = arena_new(&p->scratch, struct ast_block, 1);

	x->name = parser_text(p, name);
	x->name_span = name;
	if (label.end > label.start)
		x->label = literal_text(p, label);
	x->label_span = label;
	x->body = *body;
	x->span = span;
	return x;
}

struct ast_body *make_body(struct parser *p, struct items *items,
			   struct span span)
{
	struct ast_body *b = arena_new(&p->scratch, struct ast_body, 1);

	b->n_attrs = (uint32_t)items->attrs.n;
	b->attrs = arena_new(p->arena, struct ast_attr, b->n_attrs);
	for (size_t i = 0; i < b->n_attrs; i++)
		b->attrs[i] = *(struct ast_attr *)items->attrs.items[i];
	b->n_blocks = (uint32_t)items->blocks.n;
	if (b->n_blocks)
		b->blocks = arena_new(p->arena, struct ast_block, b->n_blocks);
	for (size_t i = 0; i < b->n_blocks; i++)
		b->blocks[i] = *(struct ast_block *)items->blocks.items[i];
	b->n_rules = (uint32_t)items->rules.n;
	if (b->n_rules)
		b->rules = arena_new(p->arena, struct ast_rule, b->n_rules);
	for (size_t i = 0; i < b->n_rules; i++)
		b->rules[i] = *(struct ast_rule *)items->rules.items[i];
	b->span = span;
	return b;
}

struct ast_param *make_param(struct parser *p, struct span name,
			     const struct ast_type *type, bool is_secret,
			     struct ast_expr *fallback,
			     const struct ast_body *body, struct span span)
{
	struct ast_param *x = arena_new(&p->scratch, struct ast_param, 1);

	x->name = parser_text(p, name);
	x->name_span = name;
	if (type)
		x->type = *type;
	x->is_secret = is_secret;
	x->fallback = fallback;
	if (body)
		x->body = *body;
	x->span = span;
	return x;
}

static const struct ast_more no_more;

struct ast_decl *make_decl(struct parser *p, enum ast_decl_kind kind,
			   struct span name, struct span span)
{
	struct ast_decl *d = arena_new(p->arena, struct ast_decl, 1);

	d->kind = kind;
	d->source = p->source;
	d->name = parser_text(p, name);
	d->name_span = name;
	d->span = span;
	d->more = &no_more;
	return d;
}

static struct ast_more *more_new(struct parser *p, struct ast_decl *d)
{
	struct ast_more *more = arena_new(p->arena, struct ast_more, 1);

	d->more = more;
	return more;
}

void decl_set_body(struct ast_decl *d, const struct ast_body *body)
{
	if (body)
		d->body = *body;
}

void decl_set_head(struct parser *p, struct ast_decl *d, struct span type,
		   const struct loop *loop)
{
	struct ast_more *more;

	d->type = parser_text(p, type);
	d->type_span = type;
	if (!loop)
		return;
	more = more_new(p, d);
	more->condition = loop->condition;
	more->key = loop->key;
	more->val = loop->val;
	more->over = loop->over;
}

void decl_set_label(struct parser *p, struct ast_decl *d, struct span label)
{
	if (label.end > label.start)
		more_new(p, d)->label = parser_text(p, label);
}

void decl_set_values(struct parser *p, struct ast_decl *d,
		     struct ast_expr *value, struct ast_expr *value2)
{
	d->value = value;
	more_new(p, d)->value2 = value2;
}

void decl_set_param(struct parser *p, struct ast_decl *d,
		    const struct ast_param *param)
{
	struct ast_more *more = more_new(p, d);

	more->n_params = 1;
	more->params = arena_new(p->arena, struct ast_param, 1);
	*more->params = *param;
}

void decl_set_component(struct parser *p, struct ast_decl *d,
			const struct list *params, const struct list *decls)
{
	struct ast_more *more = more_new(p, d);

	more->n_params = params->n;
	more->params = arena_new(p->arena, struct ast_param, params->n);
	for (size_t i = 0; i < params->n; i++)
		more->params[i] = *(struct ast_param *)params->items[i];
	more->decls = list_keep(p, decls);
	more->n_decls = decls->n;
}
