#ifndef DMSL_LANG_FUNC_H
#define DMSL_LANG_FUNC_H

/*
 * The functions of the language: one table. They are pure, but for file() and
 * template(), which read beside the text that calls them: no clock, no
 * environment, no network.
 *
 * What every function would do alike is done here: count and types of the
 * arguments, unknown ones (the result is unknown), secret ones (the result is
 * secret), and how much is read and made. So most functions see known values
 * of the right kind only.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct source;

struct func_call {
	struct arena *arena;
	const struct source *source; /* the text of the call */
	const struct value *args;
	size_t n;
	/*
	 * Steps that may still be taken; less what reading the arguments and
	 * making the result takes.
	 */
	size_t left;
	/* -- when it fails -- */
	struct buf *why;
	size_t bad_arg; /* the argument to point at; n: the call */
	bool is_spent;	/* it was the steps: nothing is in `why` */
	/* -- in any case -- */
	/* Of the arguments that were looked at, and all inside them. */
	unsigned marks;
	/* It may fail yet, by what is unknown; its result is known. */
	bool is_deferred;
};

enum func_flag {
	/* Looks only at the outside of its arguments: items may be unknown. */
	FUNC_SHALLOW = 1,
	/* Gets unknown arguments too and sets all marks itself. */
	FUNC_OWN_MARKS = 2,
	/*
	 * Looks at its arguments' text: the evaluator itself does it, and there
	 * is no run().
	 */
	FUNC_FORM = 4,
};

struct func {
	const char *name;
	/*
	 * A letter an argument: s string, n number, l list, m map, c cidr,
	 * i ip, a anything. What follows "?" may be left out; "*" at the end:
	 * the last one any number of times.
	 */
	const char *signature;
	unsigned flags;
	/*
	 * The same with names and types: "text: string, length?: number". An
	 * ellipsis repeats the last. T is any type, everywhere the same.
	 */
	const char *params;
	const char *result; /* type: "list(T)" */
	const char *doc;    /* one sentence */
	const char *example;
	const char *gives; /* an expression of the same value */
	int (*run)(struct func_call *c, struct value *out);
};

enum {
	FUNC_TEXT_MAX = 16 << 20, /* bytes of a result or a file */
	FUNC_LIST_MAX = 1000000,  /* items of a result */
};

/* All functions by name; ends with name NULL. */
extern const struct func func_table[];
extern const size_t func_table_size;

const struct func *func_find(struct str name);
/* The nearest name to a wrong one, or empty. */
struct str func_near(struct str wrong);
/* Least and most arguments. */
void func_arity(const struct func *f, size_t *least, size_t *most);
/*
 * "substr(text, from[, length])"; with types
 * "substr(text: string, from: number[, length: number]) : string".
 */
void func_usage(const struct func *f, bool has_types, struct buf *out);
struct str func_usage_in(const struct func *f, bool has_types, struct arena *a);
/*
 * The steps that a value counts for, at most `most`: a step an item and every
 * 32 bytes of text.
 */
size_t func_weight(struct value v, size_t most);
/* Runs it; -1 with why and bad_arg. Not for FUNC_FORM. */
int func_run(const struct func *f, struct func_call *c, struct value *out);

#endif
