#ifndef DMSL_LANG_EVAL_IMPL_H
#define DMSL_LANG_EVAL_IMPL_H

/* What the files of the evaluator share; only eval*.c include it. */

#include "lang/ast.h"
#include "lang/base/map.h"
#include "lang/diag.h"
#include "lang/eval.h"
#include "lang/type.h"

/* A variable of a comprehension; the innermost is first. */
struct loop {
	const struct loop *up;
	struct str name;
	struct value value;
};

/* A file that was read as a template. */
struct template
{
	const struct source *source;
	const struct source *kept; /* a copy that lives as long as findings */
	struct ast_expr *expr;
};

/* One eval_expr(). */
struct evaluation {
	struct eval *e;
	const struct loop *loops;
	unsigned depth;
	size_t steps, most_steps;
	bool has_failed; /* a finding was added */
	bool has_built;	 /* a value was put together: check how deep it is */
	/* -- since try() or can() began with an argument -- */
	bool is_deferred; /* something waits for what is not known yet */
	bool is_unsure;	  /* it may not fail after all, once more is known */
	unsigned touched; /* MARK_SECRET: a secret was looked at */
	/* -- */
	struct arena *lasting;	   /* that of the findings */
	struct template *template; /* that we are in, or NULL */
	struct place called;	   /* where that was asked for */
	struct map templates;	   /* all that were read, by path */
};

/* Adds a finding and gives unknown. The hint may be NULL. */
struct value eval_fail(struct evaluation *v, const struct ast_expr *x,
		       const char *code, const char *hint, const char *format,
		       ...) __attribute__((format(printf, 5, 6)));
/* Where it stands, for a finding. */
struct place eval_place(struct evaluation *v, const struct ast_expr *x);
/* Counts work that is done at one node alone; the next one ends it all. */
void eval_charge(struct evaluation *v, size_t steps);
/* There are no steps left: adds the finding, once, and gives unknown. */
struct value eval_spent(struct evaluation *v, const struct ast_expr *x);
/* The marks of a value and of all inside it. */
unsigned eval_marks(struct evaluation *v, struct value value);
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

/* eval_call.c: functions; try() and can(), which look at errors */
struct value eval_call(struct evaluation *v, const struct ast_expr *x);

/* eval_template.c: files that are templates */
struct value eval_template_file(struct evaluation *v, const struct ast_expr *x);
/* The source that a finding can point to: it outlives the evaluation. */
const struct source *eval_source(struct evaluation *v, const struct source *s);

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
