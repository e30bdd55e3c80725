/*
 * Runs a fuzz target over its corpus, tests/fuzz/corpus/TARGET, in TAP: what
 * was found once is not to come back. TARGET is the program's own name.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "tests/fuzz/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20 };

int main(int argc, char **argv)
{
	const char *source = getenv("DMSL_SRCDIR");
	const char *name = argc ? strrchr(argv[0], '/') : NULL;
	struct arena a = { 0 };
	struct str folder, text, *names;
	size_t n;

	folder = str_fmt(&a, "%s/tests/fuzz/corpus/%s", source ? source : ".",
			 name ? name + 1 : "");
	n = file_names(folder.s, "", &a, &names);
	/* The folder itself and the one above it. */
	while (n && names[0].s[0] == '.') {
		names++;
		n--;
	}
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };

		if (file_read(
			str_fmt(&a, "%s/%.*s", folder.s, STR_ARG(names[i])).s,
			INPUT_MAX, &a, &text, &err) < 0) {
			printf("Bail out! %s\n", err.message);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)text.s, text.n);
		printf("ok %zu - %.*s\n", i + 1, STR_ARG(names[i]));
	}
	arena_release(&a);
	return n == 0;
}
