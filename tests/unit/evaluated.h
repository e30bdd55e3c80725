#ifndef DMSL_TESTS_UNIT_EVALUATED_H
#define DMSL_TESTS_UNIT_EVALUATED_H

/*
 * For tests of expressions: text in, value or finding out. Names are "later",
 * which is unknown, "password", which is secret, and "arg", whose value a test
 * sets; vpc.main has an attribute that is not known yet. Files are read beside
 * the text, in a folder of its own, where greeting.txt stands.
 */

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/diag.h"
#include "lang/eval.h"

#include "tests/support/shown.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define SENTINEL "sentinel-5e3a"

struct ast_expr;

struct world {
	struct eval eval; /* first: the callbacks are given this */
	struct arena arena;
	struct diags diags; /* of what was parsed last */
	struct buf out;
	struct str folder;
	struct value arg;
};

int setup(void **state);
int teardown(void **state);
/* A file beside the text. */
void put_file(struct world *w, const char *name, const char *text);
struct ast_expr *parse(struct world *w, const char *text);
struct value evaluate(struct world *w, const char *text);
/* By value_shown(); good until the next call. */
const char *shown(struct world *w, struct value v);

void run(struct world *w, const struct example *x, size_t n);

#define RUN(examples)                                                          \
	run(*state, examples, sizeof(examples) / sizeof(examples[0]))
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
