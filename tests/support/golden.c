#include <config.h>

#include "tests/support/golden.h"

#include "lang/base/error.h"
#include "lang/base/file.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void golden_begin(struct golden *g, int argc, char **argv)
{
	*g = (struct golden){
		.is_update = argc > 1 && strcmp(argv[1], "--update") == 0,
	};
}

int golden_end(struct golden *g)
{
	if (!g->is_update)
		printf("1..%zu\n", g->n);
	arena_release(&g->arena);
	return g->n_failed > 0;
}

void golden_tell(struct golden *g, bool is_good, struct str what)
{
	g->n++;
	g->n_failed += !is_good;
	printf("%s %zu - %.*s\n", is_good ? "ok" : "not ok", g->n,
	       STR_ARG(what));
}

void golden_compare(struct golden *g, struct str what, struct str expected,
		    struct str got)
{
	golden_tell(g, str_eq(expected, got), what);
	if (str_eq(expected, got))
		return;
	for (unsigned line = 1; expected.n || got.n; line++) {
		struct str x = str_cut(&expected, '\n');
		struct str y = str_cut(&got, '\n');

		if (str_eq(x, y))
			continue;
		printf("# line %u\n# expected: %.*s\n# got:      %.*s\n", line,
		       STR_ARG(x), STR_ARG(y));
		return;
	}
}

static struct str read_golden(struct golden *g, const char *path)
{
	struct error err = { 0 };
	struct str text;

	if (file_read(path, GOLDEN_MAX, &g->arena, &text, &err) == 0)
		return text;
	if (access(path, F_OK) == 0)
		fprintf(stderr, "%s\n", err.message);
	return STR("");
}

struct str golden_input(const char *path, struct arena *a)
{
	struct error err = { 0 };
	struct str text;

	if (file_read(path, GOLDEN_MAX, a, &text, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	return text;
}

void golden_write(const char *path, struct str text)
{
	struct error err = { 0 };

	if (text.n == 0) {
		unlink(path);
	} else if (file_replace(path, text, 0644, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
}

void golden_check(struct golden *g, struct str stem, const char *ending,
		  struct str got)
{
	struct str path = str_fmt(&g->arena, "%.*s.%s", STR_ARG(stem), ending);

	if (g->is_update)
		golden_write(path.s, got);
	else
		golden_compare(
		    g, str_skip(path, (size_t)(str_rfind(path, '/') + 1)),
		    read_golden(g, path.s), got);
}

void golden_each(struct golden *g, const char *pattern,
		 void (*one)(struct golden *g, const char *path))
{
	const char *folder = getenv("DMSL_SRCDIR");
	struct str full =
	    str_fmt(&g->arena, "%s/%s", folder ? folder : ".", pattern);
	glob_t found;

	if (glob(full.s, 0, NULL, &found) != 0) {
		fprintf(stderr, "no files match %s\n", full.s);
		exit(1);
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		one(g, found.gl_pathv[i]);
	globfree(&found);
}
