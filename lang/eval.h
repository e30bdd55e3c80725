#ifndef DMSL_LANG_EVAL_H
#define DMSL_LANG_EVAL_H

/*
 * Expression to value. Names are asked for through two callbacks, so this never
 * sees configuration, graph or state. Unknown and secret marks follow through
 * every operator and function. Mistakes are added to the findings at their
 * place; the value is then unknown, so that nothing is reported twice.
 *
 * A comprehension with one variable gives it the item of a list or the key of a
 * map, as the `for` of a block does; with two, index and item or key and value.
 * Behind [*] an attribute is taken of each item, an index of the whole list.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct ast_expr;
struct diags;
struct type;

enum { EVAL_STEPS = 20000000 };

struct eval {
	struct arena *arena;
	struct diags *diags;
	void *context; /* for the callbacks */
	/*
	 * The value of a bare name: param, let or loop variable of a block.
	 * false: there is none. Variables of comprehensions are eval's own.
	 */
	bool (*name)(struct eval *e, struct str name, struct value *out);
	/*
	 * The value of TYPE.NAME, an EXPR_ATTR of an EXPR_NAME: an object; a
	 * map of objects by key where the declaration has `for`. false: no such
	 * declaration.
	 */
	bool (*reference)(struct eval *e, const struct ast_expr *x,
			  struct value *out);
	/*
	 * Steps that one expression may take: nodes evaluated, comprehensions
	 * unrolled, and what functions read and make. 0: EVAL_STEPS.
	 */
	size_t most_steps;
	/* All names in scope and declared TYPE.NAMEs, for "did you mean". */
	void (*suggest)(struct eval *e, struct str wrong, struct str *near);
};

/*
 * Evaluates to the type wanted; NULL is any. An enum member may be a bare word,
 * which wins over a name in scope. Returns 0, or -1 when a finding was added
 * (then *out is unknown).
 */
int eval_expr(struct eval *e, const struct ast_expr *x,
	      const struct type *wanted, struct value *out);

#endif
