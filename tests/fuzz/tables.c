/*
 * What stands in tables { }: any bytes are a document or findings. A document
 * passes as one, and read and written again it is the same; what is formatted
 * compiles to the same bytes and is not changed by formatting again.
 */
#include <config.h>

#include "tests/fuzz/answers.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/dms/mapping.h"
#include "lang/dms/problem.h"
#include "lang/fmt.h"
#include "lang/json.h"
#include "lang/parse.h"
#include "lang/source.h"

enum { FORM_MAX = 64 << 20 };

/* The document, or nothing where there are errors. */
static struct str compile(struct str text, const struct mapping_task *task,
			  struct arena *a)
{
	struct diags d = { .arena = a };
	struct source *s = source_from(STR("tables"), text, a);
	struct ast_file *f = parse_file(s, a, &d);
	const struct ast_block *b = NULL;
	struct str json = STR("");

	/* The bytes may close the block and go on. */
	if (d.n_errors == 0 && f->n_decls)
		b = ast_block_find(&f->decls[0]->body, STR("tables"));
	if (b && mapping_compile(b, s, task, &d, a, &json) < 0 &&
	    d.n_errors == 0)
		BUG("a mapping without a document and without findings");
	if (d.n_errors)
		json = STR("");
	diags_release(&d);
	return json;
}

static void is_told(struct dms_report *r, const struct dms_problem *p)
{
	if (p->code[0] == 'E')
		BUG("what was compiled is refused: %.*s", STR_ARG(p->message));
	(void)r;
}

static void check_document(struct str json, const struct mapping_task *task,
			   struct arena *a)
{
	struct dms_report r = { .arena = a, .add = is_told };
	struct error err = { 0 };
	struct mapping m;

	if (mapping_read(json, a, &m, &err) < 0)
		BUG("what was compiled cannot be read: %s", err.message);
	mapping_check_meaning(&m, task, &r);
	if (!str_eq(mapping_write(&m, a), json))
		BUG("a document is another when it was read and written");
}

static void check_form(struct str text, struct str json,
		       const struct mapping_task *task, struct arena *a)
{
	struct diags d = { .arena = a };
	struct buf once, twice;

	buf_init(&once, FORM_MAX);
	buf_init(&twice, FORM_MAX);
	if (fmt_text(source_from(STR("tables"), text, a), a, &once, &d) < 0 ||
	    fmt_text(source_from(STR("tables"), buf_str(&once), a), a, &twice,
		     &d) < 0)
		BUG("a text that compiles has no form");
	if (!str_eq(buf_str(&once), buf_str(&twice)))
		BUG("a form is changed by formatting it again");
	if (!str_eq(compile(buf_str(&once), task, a), json))
		BUG("a form compiles to something else");
	buf_release(&once);
	buf_release(&twice);
	diags_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const modes[] = { "", "full_load", "cdc" };
	struct mapping_task task = { .mode = str_from(modes[n % 3]) };
	struct arena a = { 0 };
	struct str text, json;
	struct buf whole;

	buf_init(&whole, FORM_MAX);
	buf_add_c(&whole, "dms_task t {\n  tables {\n");
	buf_add(&whole, bytes, n);
	buf_add_c(&whole, "\n  }\n}\n");
	text = str_dup(buf_str(&whole), &a);
	buf_release(&whole);
	json = compile(text, &task, &a);
	if (json.n) {
		check_document(json, &task, &a);
		check_form(text, json, &task, &a);
	}
	arena_release(&a);
	return 0;
}
