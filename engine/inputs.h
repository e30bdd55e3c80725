#ifndef DMSL_ENGINE_INPUTS_H
#define DMSL_ENGINE_INPUTS_H

/*
 * Values of the stack's params from outside: --set for ordinary ones,
 * DMSL_PARAM_<name> for secret ones, and never the other way round.
 */

#include "lang/source.h"
#include "lang/value.h"

struct arena;
struct ast_param;
struct body;
struct context;
struct map;
struct type;

/*
 * 1: a value was given; 0: none was; -1: findings. The text is an expression;
 * for strings and enums that is not quoted, the string itself.
 */
int input_value(struct context *c, const struct ast_param *p,
		const struct type *t, struct arena *a, struct value *out);
/* Adds the finding that a param has no value. */
void input_missing(struct context *c, const struct ast_param *p,
		   struct place place);
/* Says so where --set names no param; names: those that there are. */
void inputs_check(struct context *c, const struct map *names);

#endif
