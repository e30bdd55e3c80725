#include <config.h>

#include "lang/ast.h"

/* More than half of a large stack's tree are these. */
_Static_assert(sizeof(struct ast_expr) <= 24 + 2 * sizeof(void *),
	       "an expression has grown");

struct str ast_text(const struct ast_expr *x)
{
	const struct span at = x->span;

	switch (x->kind) {
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_CIDR:
	case EXPR_IP:
	case EXPR_DURATION:
	case EXPR_SIZE:
	case EXPR_NAME:
		if (x->is_own)
			return x->own;
		return (struct str){
			x->source->text.s + at.start + x->is_quoted,
			at.end - at.start - 2U * x->is_quoted,
		};
	case EXPR_ATTR:
		return (struct str){ x->source->text.s + at.end - x->text_n,
				     x->text_n };
	case EXPR_CALL:
		return (struct str){ x->source->text.s + at.start, x->text_n };
	default:
		return STR("");
	}
}

size_t ast_below(const struct ast_expr *x,
		 const struct ast_expr *below[AST_BELOW_MAX])
{
	size_t n = 0;

	switch (x->kind) {
	case EXPR_ERROR:
	case EXPR_NULL:
	case EXPR_BOOL:
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_TEMPLATE:
	case EXPR_CIDR:
	case EXPR_IP:
	case EXPR_DURATION:
	case EXPR_SIZE:
	case EXPR_NAME:
	case EXPR_CALL:
	case EXPR_LIST:
	case EXPR_MAP:
		break;
	case EXPR_ATTR:
	case EXPR_SPLAT:
	case EXPR_UNARY:
		below[n++] = x->left;
		break;
	case EXPR_INDEX:
	case EXPR_BINARY:
		below[n++] = x->left;
		below[n++] = x->right;
		break;
	case EXPR_COND:
		below[n++] = x->left;
		below[n++] = x->right;
		below[n++] = ast_wide(x)->third;
		break;
	case EXPR_LIST_FOR:
	case EXPR_MAP_FOR:
		below[n++] = x->left;
		if (ast_wide(x)->fourth)
			below[n++] = ast_wide(x)->fourth;
		below[n++] = x->right;
		if (ast_wide(x)->third)
			below[n++] = ast_wide(x)->third;
		break;
	}
	return n;
}

/* It is one word of the text, so its length tells. */
struct span ast_name_span(const struct ast_expr *x)
{
	struct span span = x->span;

	if (x->kind == EXPR_ATTR)
		span.start = span.end - x->text_n;
	if (x->kind == EXPR_CALL)
		span.end = span.start + x->text_n;
	return span;
}

const struct ast_attr *ast_attr_find(const struct ast_body *b, struct str name)
{
	for (size_t i = 0; i < b->n_attrs; i++)
		if (str_eq(b->attrs[i].name, name))
			return &b->attrs[i];
	return NULL;
}

const struct ast_block *ast_block_find(const struct ast_body *b,
				       struct str name)
{
	for (size_t i = 0; i < b->n_blocks; i++)
		if (str_eq(b->blocks[i].name, name))
			return &b->blocks[i];
	return NULL;
}
