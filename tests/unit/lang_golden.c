/*
 * Golden files: for each tests/lang/NAME.dmsl the tree must be NAME.ast and the
 * findings NAME.err; a file that is missing means empty. Only a name that
 * begins with "e_" may have findings. NAME.fmt is the canonical form; without
 * it the text has it already. The form of a form is itself. TAP; a failure
 * prints what differs. With
 * --update the files are written anew: read the difference before you commit.
 */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/fmt.h"
#include "lang/parse.h"
#include "lang/source.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 << 20 };

struct run {
	struct arena arena;
	bool is_update;
	size_t n, n_failed;
};

static struct str read_golden(struct run *r, const char *path)
{
	struct error err = { 0 };
	struct str text;

	if (file_read(path, OUTPUT_MAX, &r->arena, &text, &err) == 0)
		return text;
	if (access(path, F_OK) == 0)
		fprintf(stderr, "%s\n", err.message);
	return STR("");
}

/* Prints the first line that differs, expected and got. */
static void show_difference(struct str expected, struct str got)
{
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

static void update(const char *path, struct str got)
{
	struct error err = { 0 };

	if (got.n == 0) {
		unlink(path);
	} else if (file_replace(path, got, 0644, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
}

static void check(struct run *r, struct str stem, const char *ending,
		  struct str got)
{
	struct str path = str_fmt(&r->arena, "%.*s.%s", STR_ARG(stem), ending);
	struct str expected;
	bool is_same;

	if (r->is_update) {
		update(path.s, got);
		return;
	}
	expected = read_golden(r, path.s);
	is_same = str_eq(expected, got);
	r->n++;
	r->n_failed += !is_same;
	printf("%s %zu - %s\n", is_same ? "ok" : "not ok", r->n,
	       path.s + str_rfind(path, '/') + 1);
	if (!is_same)
		show_difference(expected, got);
}

static struct str canonical(struct str name, struct str text, struct buf *out,
			    struct arena *a)
{
	struct diags diags = { .arena = a };

	if (fmt_text(source_from(name, text, a), a, out, &diags) < 0)
		buf_add_c(out, "(findings)");
	diags_release(&diags);
	return buf_str(out);
}

static void check_form(struct run *r, struct str stem, struct str name,
		       struct str text)
{
	struct arena arena = { 0 };
	struct buf form, again;
	struct str first;

	buf_init(&form, OUTPUT_MAX);
	buf_init(&again, OUTPUT_MAX);
	first = canonical(name, text, &form, &arena);
	check(r, stem, "fmt", str_eq(first, text) ? STR("") : first);
	if (!r->is_update) {
		bool is_same =
		    str_eq(canonical(name, first, &again, &arena), first);

		r->n++;
		r->n_failed += !is_same;
		printf("%s %zu - %.*s is formatted once\n",
		       is_same ? "ok" : "not ok", r->n, STR_ARG(name));
		if (!is_same)
			show_difference(first, buf_str(&again));
	}
	buf_release(&form);
	buf_release(&again);
	arena_release(&arena);
}

static void run_one(struct run *r, const char *path)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct error err = { 0 };
	struct str name = str_from(path);
	struct str stem = str_sub(name, 0, name.n - strlen(".dmsl"));
	struct str text;
	struct buf tree;
	char *findings = NULL;
	size_t size = 0;
	FILE *out;

	if (file_read(path, OUTPUT_MAX, &arena, &text, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	/* The file's own name, whatever the folder of the sources is. */
	name = str_skip(name, (size_t)(str_rfind(name, '/') + 1));
	buf_init(&tree, OUTPUT_MAX);
	ast_dump(parse_file(source_from(name, text, &arena), &arena, &diags),
		 &tree);
	out = open_memstream(&findings, &size);
	if (!out)
		exit(1);
	diags_print(&diags, out, false, 0, 1000);
	fclose(out);
	check(r, stem, "ast", buf_str(&tree));
	if (size && !str_starts(name, "e_"))
		check(r, stem, "should have no findings", STR("it has"));
	else
		check(r, stem, "err", (struct str){ findings, size });
	if (size == 0)
		check_form(r, stem, name, text);
	free(findings);
	buf_release(&tree);
	diags_release(&diags);
	arena_release(&arena);
}

int main(int argc, char **argv)
{
	const char *folder = getenv("DMSL_SRCDIR");
	struct run r = { .is_update =
			     argc > 1 && !strcmp(argv[1], "--update") };
	struct str pattern;
	glob_t found;

	pattern =
	    str_fmt(&r.arena, "%s/tests/lang/*.dmsl", folder ? folder : ".");
	if (glob(pattern.s, 0, NULL, &found) != 0) {
		fprintf(stderr, "no files match %s\n", pattern.s);
		return 1;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_one(&r, found.gl_pathv[i]);
	globfree(&found);
	if (!r.is_update)
		printf("1..%zu\n", r.n);
	arena_release(&r.arena);
	return r.n_failed > 0;
}
