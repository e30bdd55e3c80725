/*
 * Table mappings and task settings of a resource, from the blocks tables { }
 * and settings { }, or from JSON that is written instead of them. Both are
 * checked as soon as they are known.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/base/error.h"
#include "lang/dms/document.h"
#include "lang/dms/mapping.h"
#include "lang/dms/settings.h"
#include "lang/json.h"

#include <string.h>

/* The mode of the task, which rules and settings depend on; empty: unknown. */
static struct str task_mode(struct expander *x, const struct resource *r,
			    struct arena *a)
{
	const struct attr_info *info = resource_attr(r, STR("mode"));
	struct value v;

	if (!info || wanted_attr(x, r, info, a, &v, NULL) ||
	    v.kind != VALUE_STRING || v.marks)
		return STR("");
	return v.as.text;
}

static int compile_settings(struct expander *x, const struct resource *r,
			    const struct ast_block *b, struct arena *a,
			    struct str *json)
{
	struct settings_task task = { .mode = task_mode(x, r, a) };
	struct env env;

	scope_env(resource_scope(r), r->scope, a, &env);
	return settings_compile(b, r->decl->source, &task, &env.eval, a, json);
}

int document_block(struct expander *x, const struct resource *r,
		   const struct block_schema *schema, const struct ast_block *b,
		   struct arena *a, struct value *out)
{
	struct mapping_task task;
	struct str json;
	int result;

	if (schema->kind == BLOCK_SETTINGS) {
		result = compile_settings(x, r, b, a, &json);
	} else if (schema->kind == BLOCK_MAPPING) {
		task.mode = task_mode(x, r, a);
		result = mapping_compile(b, r->decl->source, &task, x->diags, a,
					 &json);
	} else {
		return 0;
	}
	*out = result ? value_unknown() : value_str(json);
	return result;
}

/* The text itself where it stands in the file as it is: no escapes in it. */
static bool find_verbatim(const struct ast_expr *e, struct str text,
			  struct document *doc)
{
	struct str written =
	    str_sub(e->source->text, e->span.start, e->span.end);
	const char *at = memmem(written.s, written.n, text.s, text.n);

	if (!at)
		return false;
	doc->text = e->source;
	doc->json = (struct str){ at, text.n };
	return true;
}

/* "mappings.json" of file("mappings.json"), as seen from here. */
static struct str name_of(const struct ast_expr *e, const struct resource *r,
			  const char *attr, struct arena *a)
{
	struct str folder = e->source->folder;

	if (e->kind != EXPR_CALL || !str_is(ast_text(e), "file") ||
	    e->n_items != 1 || e->items[0]->kind != EXPR_STRING)
		return str_fmt(a, "%s of %.*s", attr, STR_ARG(r->address));
	if (str_is(folder, ".") || str_starts(ast_text(e->items[0]), "/"))
		return ast_text(e->items[0]);
	return str_join(folder, "/", ast_text(e->items[0]), a);
}

/* Where the JSON text stands, if it is a text and no value of the language. */
static void find_text(struct expander *x, const struct resource *r,
		      const char *attr, const struct ast_expr *e,
		      struct document *doc)
{
	struct source *source;
	struct value text;

	if (scope_evaluate(resource_scope(r), r->scope, e, NULL, x->arena,
			   &text) ||
	    text.kind != VALUE_STRING || text.marks || text.as.text.n == 0 ||
	    find_verbatim(e, text.as.text, doc))
		return;
	source =
	    source_from(name_of(e, r, attr, x->arena), text.as.text, x->arena);
	doc->text = source;
	doc->json = source->text;
}

static int check(struct expander *x, const struct resource *r,
		 enum document_kind kind, const struct ast_attr *written,
		 struct str json)
{
	struct arena scratch = { 0 };
	struct document doc = {
		.kind = kind,
		.mode = task_mode(x, r, &scratch),
		.written = written->value,
	};
	struct error err;
	struct value v;
	int result;

	if (json_read(str_trim(json).n ? json : STR("{}"), x->arena, &v, &err))
		BUG("a document is no JSON: %s", err.message);
	find_text(x, r, str_c(written->name, &scratch), written->value, &doc);
	result = document_check(&doc, v, x->arena, x->diags);
	arena_release(&scratch);
	return result;
}

int document_written(struct expander *x, const struct resource *r,
		     const struct attr_info *info,
		     const struct ast_attr *written, struct value v)
{
	const struct block_schema *b = schema_block(r->schema, info->name);
	const char *state;
	struct str key;

	if (!b || (b->kind != BLOCK_MAPPING && b->kind != BLOCK_SETTINGS) ||
	    v.kind != VALUE_STRING || v.marks)
		return 0;
	/* The same text of the same place is checked once for each report. */
	key = str_fmt(x->arena, "%p %p %zu %llx", (const void *)written,
		      (const void *)x->diags, v.as.text.n,
		      (unsigned long long)str_hash(v.as.text));
	state = map_get(&x->documents, key);
	if (!state) {
		state = check(x, r,
			      b->kind == BLOCK_MAPPING ? DOCUMENT_MAPPING
						       : DOCUMENT_SETTINGS,
			      written, v.as.text)
			    ? "wrong"
			    : "right";
		map_put(&x->documents, key, (void *)(uintptr_t)state);
	}
	return strcmp(state, "wrong") == 0 ? -1 : 0;
}
