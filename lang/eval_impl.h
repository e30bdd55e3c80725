#ifndef DMSL_LANG_EVAL_IMPL_H
#define DMSL_LANG_EVAL_IMPL_H

/* What the files of the evaluator share; only eval*.c include it. */

#include "lang/ast.h"
#include "lang/diag.h"
#include "lang/eval.h"
#include "lang/type.h"

/* A variable of a comprehension; the innermost is first. */
struct loop {
	const struct loop *up;
	struct str name;
	struct value value;
};

/* One eval_expr(). */
struct evaluation {
	struct eval *e;
	const struct loop *loops;
	unsigned depth;
	size_t steps;
	bool has_failed; /* a finding was added */
	bool has_built;	 /* a value was put together: check how deep it is */
};

/* Adds a finding and gives unknown. The hint may be NULL. */
struct value eval_fail(struct evaluation *v, const struct ast_expr *x,
		       const char *code, const char *hint, const char *format,
		       ...) __attribute__((format(printf, 5, 6)));
/* Any node; the wanted type is for bare enum members, and may be NULL. */
struct value eval_node(struct evaluation *v, const struct ast_expr *x,
		       const struct type *wanted);
/* As eval_node(), and converted: a misfit is a finding at x. */
struct value eval_to(struct evaluation *v, const struct ast_expr *x,
		     const struct type *wanted);
/*
 * A condition: 1, 0, or -1 when it is unknown or was no bool. *marks gets its
 * marks or'ed in.
 */
int eval_condition(struct evaluation *v, const struct ast_expr *x,
		   unsigned *marks);

/* eval_op.c */
struct value eval_unary(struct evaluation *v, const struct ast_expr *x);
struct value eval_binary(struct evaluation *v, const struct ast_expr *x);

/* eval_access.c: names, attributes, indices, splats */
struct value eval_name(struct evaluation *v, const struct ast_expr *x,
		       const struct type *wanted);
struct value eval_attr(struct evaluation *v, const struct ast_expr *x);
struct value eval_index(struct evaluation *v, const struct ast_expr *x);
struct value eval_splat(struct evaluation *v, const struct ast_expr *x);

/* eval_build.c: lists, maps, comprehensions, templates */
struct value eval_template(struct evaluation *v, const struct ast_expr *x);
struct value eval_list(struct evaluation *v, const struct ast_expr *x,
		       const struct type *wanted);
struct value eval_map(struct evaluation *v, const struct ast_expr *x,
		      const struct type *wanted);
struct value eval_list_for(struct evaluation *v, const struct ast_expr *x,
			   const struct type *wanted);
struct value eval_map_for(struct evaluation *v, const struct ast_expr *x,
			  const struct type *wanted);

#endif
