#ifndef DMSL_TESTS_SUPPORT_GOLDEN_H
#define DMSL_TESTS_SUPPORT_GOLDEN_H

/*
 * Tests that hold what is made against files: one TAP line a comparison, the
 * first line that differs, and with --update the files are written anew.
 */

#include "lang/base/arena.h"
#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { GOLDEN_MAX = 16 << 20 }; /* bytes of a file */

struct golden {
	struct arena arena; /* until the end */
	bool is_update;
	size_t n, n_failed;
};

void golden_begin(struct golden *g, int argc, char **argv);
/* Prints the plan. Returns the exit status. */
int golden_end(struct golden *g);
void golden_tell(struct golden *g, bool is_good, struct str what);
/* One line; where they differ, the first line that does. */
void golden_compare(struct golden *g, struct str what, struct str expected,
		    struct str got);
/* Against the file STEM.ENDING, which may be missing when nothing is got. */
void golden_check(struct golden *g, struct str stem, const char *ending,
		  struct str got);
/* A whole file, or the end of the program. */
struct str golden_input(const char *path, struct arena *a);
/* Writes a file, or removes it when there is nothing to write. */
void golden_write(const char *path, struct str text);
/* Calls `one` for each file of tests/lang or the like that matches. */
void golden_each(struct golden *g, const char *pattern,
		 void (*one)(struct golden *g, const char *path));

#endif
