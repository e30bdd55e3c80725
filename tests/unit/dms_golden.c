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

#include "tests/support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

	return mode ? ast_text(mode->value) : STR("");
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
	if (json_read(ast_text(at->value), &s->arena, &v, &err) < 0)
		BUG("%s", err.message);
	doc.text = source_from(STR("document"), ast_text(at->value), &s->arena);
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

static void run_one(struct golden *g, const char *path)
{
	struct said s = { .is_stable = true };
	struct str name = str_from(path);
	struct str stem = str_sub(name, 0, name.n - strlen(".dmsl"));
	struct str text;
	char *findings = NULL;
	size_t size = 0;
	FILE *out;

	s.diags.arena = &s.arena;
	text = golden_input(path, &s.arena);
	name = str_skip(name, (size_t)(str_rfind(name, '/') + 1));
	buf_init(&s.documents, GOLDEN_MAX);
	say(&s,
	    parse_file(source_from(name, text, &s.arena), &s.arena, &s.diags));
	out = open_memstream(&findings, &size);
	if (!out)
		exit(1);
	diags_print(&s.diags, out, false, 0, 1000);
	fclose(out);
	golden_check(g, stem, "json", buf_str(&s.documents));
	if (s.diags.n_errors && !str_starts(name, "e_"))
		golden_check(g, stem, "should have no errors", STR("it has"));
	golden_check(g, stem, "err", (struct str){ findings, size });
	if (!s.is_stable)
		golden_check(g, stem, "should be stable", STR("it is not"));
	free(findings);
	buf_release(&s.documents);
	diags_release(&s.diags);
	arena_release(&s.arena);
}

int main(int argc, char **argv)
{
	struct golden g;

	golden_begin(&g, argc, argv);
	golden_each(&g, "tests/dms/*.dmsl", run_one);
	return golden_end(&g);
}
