/*
 * Golden files: for each tests/dms/NAME.dmsl, a text with tasks, the documents
 * of their tables { } and settings { } must be NAME.json and the findings
 * NAME.err; a file that is missing means empty. Attributes tables and settings
 * that are texts are checked as documents. Only a name that begins with "e_"
 * may have errors. What is compiled must pass as a document, and the mapping be
 * the same when it is read and written. TAP; with --update the files are
 * written anew: read the difference before you commit.
 */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/diag.h"
#include "lang/dms/document.h"
#include "lang/dms/mapping.h"
#include "lang/dms/settings.h"
#include "lang/eval.h"
#include "lang/json.h"
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

static bool no_name(struct eval *e, struct str name, struct value *out)
{
	(void)e;
	(void)name;
	(void)out;
	return false;
}

/* What one text says. */
struct said {
	struct arena arena;
	struct diags diags;
	struct buf documents;
	bool is_stable;
};

static void add_document(struct said *s, struct str json)
{
	struct error err = { 0 };
	struct value v;

	if (json_read(json, &s->arena, &v, &err) < 0)
		BUG("compiled to no JSON: %s", err.message);
	json_write(&s->documents, v, JSON_INDENT);
	buf_add_char(&s->documents, '\n');
}

static struct str mode_of(const struct ast_decl *d)
{
	const struct ast_attr *mode = ast_attr_find(&d->body, STR("mode"));

	return mode ? mode->value->text : STR("");
}

/* Read and written again it is the same. */
static void check_stable(struct said *s, struct str json)
{
	struct error err = { 0 };
	struct mapping m;

	if (mapping_read(json, &s->arena, &m, &err) < 0)
		printf("# %s\n", err.message);
	s->is_stable &= err.kind == ERROR_NONE &&
			str_eq(mapping_write(&m, &s->arena), json);
}

static void say_block(struct said *s, const struct ast_decl *d,
		      const struct ast_block *b)
{
	struct eval eval = {
		.arena = &s->arena,
		.diags = &s->diags,
		.name = no_name,
	};
	struct mapping_task of_mapping = { .mode = mode_of(d) };
	struct settings_task of_settings = { .mode = mode_of(d) };
	struct str json;

	if (str_is(b->name, "tables")) {
		if (mapping_compile(b, d->source, &of_mapping, &s->diags,
				    &s->arena, &json) < 0)
			return;
		check_stable(s, json);
	} else if (settings_compile(b, d->source, &of_settings, &eval,
				    &s->arena, &json) < 0) {
		return;
	}
	add_document(s, json);
}

static void say_attr(struct said *s, const struct ast_decl *d,
		     const struct ast_attr *at)
{
	struct document doc = {
		.kind = str_is(at->name, "tables") ? DOCUMENT_MAPPING
						   : DOCUMENT_SETTINGS,
		.mode = mode_of(d),
		.written = at->value,
	};
	struct error err = { 0 };
	struct value v;

	if (at->value->kind != EXPR_STRING)
		return;
	if (json_read(at->value->text, &s->arena, &v, &err) < 0)
		BUG("%s", err.message);
	doc.text = source_from(STR("document"), at->value->text, &s->arena);
	doc.json = doc.text->text;
	document_check(&doc, v, &s->arena, &s->diags);
}

static void say(struct said *s, const struct ast_file *f)
{
	for (size_t i = 0; i < f->n_decls && !s->diags.n_errors; i++) {
		const struct ast_decl *d = f->decls[i];

		for (size_t k = 0; k < d->body.n_blocks; k++)
			say_block(s, d, &d->body.blocks[k]);
		for (size_t k = 0; k < d->body.n_attrs; k++)
			say_attr(s, d, &d->body.attrs[k]);
	}
}

static void run_one(struct run *r, const char *path)
{
	struct said s = { .is_stable = true };
	struct error err = { 0 };
	struct str name = str_from(path);
	struct str stem = str_sub(name, 0, name.n - strlen(".dmsl"));
	struct str text;
	char *findings = NULL;
	size_t size = 0;
	FILE *out;

	s.diags.arena = &s.arena;
	if (file_read(path, OUTPUT_MAX, &s.arena, &text, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	name = str_skip(name, (size_t)(str_rfind(name, '/') + 1));
	buf_init(&s.documents, OUTPUT_MAX);
	say(&s,
	    parse_file(source_from(name, text, &s.arena), &s.arena, &s.diags));
	out = open_memstream(&findings, &size);
	if (!out)
		exit(1);
	diags_print(&s.diags, out, false, 0, 1000);
	fclose(out);
	check(r, stem, "json", buf_str(&s.documents));
	if (s.diags.n_errors && !str_starts(name, "e_"))
		check(r, stem, "should have no errors", STR("it has"));
	check(r, stem, "err", (struct str){ findings, size });
	if (!s.is_stable)
		check(r, stem, "should be stable", STR("it is not"));
	free(findings);
	buf_release(&s.documents);
	diags_release(&s.diags);
	arena_release(&s.arena);
}

int main(int argc, char **argv)
{
	const char *folder = getenv("DMSL_SRCDIR");
	struct run r = { .is_update =
			     argc > 1 && !strcmp(argv[1], "--update") };
	struct str pattern;
	glob_t found;

	pattern =
	    str_fmt(&r.arena, "%s/tests/dms/*.dmsl", folder ? folder : ".");
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
