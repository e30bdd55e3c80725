#ifndef DMSL_ENGINE_OPTS_H
#define DMSL_ENGINE_OPTS_H

/*
 * Option tables. A command has a struct for what its options say, and a table
 * of rows made with OPTION() that names its fields; the same table parses,
 * refuses and prints the help. What a field may hold follows from its type:
 *
 *	bool                --json, --json=false
 *	const char *        --out FILE, --out=FILE
 *	int                 --parallel N; whole, positive
 *	struct option_list  --set NAME=VALUE, repeated
 *
 * Options and operands may be mixed; "--" ends the options. Texts are borrowed
 * from argv; lists live in the arena.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct arena;
struct error;

struct option_list {
	const char **items;
	size_t n;
};

enum option_kind { OPTION_BOOL, OPTION_TEXT, OPTION_NUMBER, OPTION_LIST };

enum option_flag {
	/* The field says the opposite of the name: --refresh=false. */
	OPTION_INVERTED = 1,
};

struct option {
	const char *name; /* without the dashes; NULL ends the table */
	char letter;	  /* -h; 0: none */
	enum option_kind kind;
	size_t offset; /* of the field */
	unsigned flags;
	const char *value; /* what stands for the value in the help */
	const char *help;
};

#define OPTION_KIND(type, field)                                               \
	_Generic(((type *)0)->field,             \
		bool: OPTION_BOOL,               \
		const char *: OPTION_TEXT,       \
		int: OPTION_NUMBER,              \
		struct option_list: OPTION_LIST)

#define OPTION(type, field, name_, value_, help_)                              \
	{                                                                      \
		name_, 0, OPTION_KIND(type, field), offsetof(type, field), 0,  \
		    value_, help_                                              \
	}
#define OPTION_SHORT(type, field, letter_, name_, value_, help_)               \
	{                                                                      \
		name_, letter_, OPTION_KIND(type, field),                      \
		    offsetof(type, field), 0, value_, help_                    \
	}
#define OPTION_NOT(type, field, name_, help_)                                  \
	{                                                                      \
		name_, 0, OPTION_KIND(type, field), offsetof(type, field),     \
		    OPTION_INVERTED, "=false", help_                           \
	}
#define OPTION_END                                                             \
	{                                                                      \
		NULL, 0, OPTION_BOOL, 0, 0, NULL, NULL                         \
	}

/* A table and the struct that its offsets are of. */
struct option_set {
	const struct option *options;
	void *fields;
};

/*
 * Parses argv[0 .. argc): sets fields (the last of the same option counts) and
 * collects the operands. The first set that knows a name has it. On a mistake
 * returns -1 with err, whose message names the option.
 */
int opts_parse(const struct option_set *sets, size_t n_sets, int argc,
	       char **argv, struct arena *a, struct option_list *operands,
	       struct error *err);
/* One aligned line an option. */
void opts_print(const struct option *options, FILE *out);

#endif
