#include <config.h>

#include "lang/ast.h"

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
