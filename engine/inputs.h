#ifndef DMSL_ENGINE_INPUTS_H
#define DMSL_ENGINE_INPUTS_H

/*
 * Values of the stack's params from outside: --set and --params for ordinary
 * ones, DMSL_PARAM_<name> for secret ones, and never the other way round. What
 * --set says counts more than a params file, and a later file more than one
 * before it.
 *
 * A params file is a JSON object (its name ends in .json), or lines of
 * NAME = VALUE as in the text of a stack (it ends in .dmsl or .dmslparams).
 */

#include "lang/source.h"
#include "lang/value.h"

struct arena;
struct ast_param;
struct body;
struct context;
struct error;
struct ast_decl;
struct buf;
struct map;
struct option_list;
struct type;

/*
 * Fills the context's settings from --set NAME=VALUE options and params files.
 * Nothing is evaluated yet, and no message shows a value: it may turn out to be
 * meant for a secret param.
 */
int inputs_take(struct context *c, const struct option_list *set,
		const struct option_list *files, struct error *err);

/*
 * 1: a value was given; 0: none was; -1: findings. The text is an expression;
 * for strings and enums that is not quoted, the string itself.
 */
int input_value(struct context *c, const struct ast_param *p,
		const struct type *t, struct arena *a, struct value *out);
/*
 * Where d declares a secret param: adds its name and the text of its value, and
 * returns 1. The buffer is to be wiped.
 */
size_t inputs_add_secret(const struct ast_decl *d, struct buf *out);
/* Adds the finding that a param has no value. */
void input_missing(struct context *c, const struct ast_param *p,
		   struct place place);
/* Says so where a setting names no param; names: those that there are. */
void inputs_check(struct context *c, const struct map *names);

#endif
