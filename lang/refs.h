#ifndef DMSL_LANG_REFS_H
#define DMSL_LANG_REFS_H

/*
 * What an expression refers to, without evaluating it: each free name (loop
 * variables of comprehensions are not free), with the path behind it as far as
 * it is constant.
 */

#include "lang/base/str.h"
#include "lang/source.h"

#include <stdbool.h>

struct ast_expr;

/*
 * name            { name }                        a param, let or loop variable
 * type.name       { name = type, second = name }
 * type.name["k"]  { …, key = "k", has_key }       key only when constant
 * type.name[x].attr, type.name.attr               attr: the last constant part
 */
struct ref {
	struct str name;
	struct str second; /* empty: a bare name */
	bool has_key;
	struct str key;
	/*
	 * type.name[x] with a bare name that is no variable of a comprehension:
	 * who knows its value knows the key. Else NULL.
	 */
	const struct ast_expr *index;
	struct str attr;    /* first attribute behind it, or empty */
	struct place place; /* of name and second */
	/* The EXPR_ATTR of name and second, or NULL. */
	const struct ast_expr *node;
};

/* Calls found() for each, in the order of the text, repeats included. */
void refs_find(const struct ast_expr *x,
	       void (*found)(void *context, const struct ref *r),
	       void *context);

#endif
