/*
 * A new name for a param, let, resource, component or param of a component, at
 * every place it stands at. Before it is answered, the texts are read again
 * with the new name in them: if a word then means something else than before,
 * or something is wrong that was not, the renaming is refused.
 */
#include <config.h>

#include "engine/lsp/analysis.h"
#include "engine/lsp/names.h"
#include "engine/lsp/request.h"
#include "engine/lsp/workspace.h"
#include "engine/setup.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/config.h"
#include "lang/diag.h"
#include "lang/json.h"
#include "lang/source.h"

enum { NAME_MAX_BYTES = 200 };

/* -- What can be renamed -------------------------------------------------- */

static int check_kind(const struct symbol *s, struct error *err)
{
	switch (s->kind) {
	case SYMBOL_PARAM:
	case SYMBOL_LET:
	case SYMBOL_RESOURCE:
	case SYMBOL_COMPONENT:
	case SYMBOL_VARIABLE:
		return 0;
	case SYMBOL_OUTPUT:
		return error_set(err, ERROR_FAILED,
				 "an output cannot be renamed: other stacks "
				 "and programs read it by its name");
	case SYMBOL_PROVIDER:
	case SYMBOL_CHECK:
	case SYMBOL_STACK:
		break;
	}
	return error_set(err, ERROR_FAILED,
			 "what is recorded under \"%.*s\" cannot be renamed",
			 STR_ARG(s->name));
}

/* The library that came with the program is not the user's to change. */
static int check_places(const struct request *r, const struct symbol *s,
			struct error *err)
{
	struct str library =
	    config_path(str_from(setup_library(r->arena)), r->arena);

	for (const struct use *u = s->uses; u; u = u->next) {
		struct str name = u->place.source->name;

		if (name.n > library.n && name.s[library.n] == '/' &&
		    str_eq(str_sub(name, 0, library.n), library) &&
		    !documents_by_path(&r->workspace->documents, name))
			return error_set(err, ERROR_FAILED,
					 "\"%.*s\" stands in the library: %.*s",
					 STR_ARG(s->name), STR_ARG(name));
	}
	return 0;
}

static struct symbol *renamable(const struct request *r, struct target *t,
				const struct use **use, struct error *err)
{
	if (request_target(r, t, err) < 0)
		return NULL;
	*use = target_use(t);
	if (!*use || (*use)->kind != USE_SYMBOL) {
		error_set(err, ERROR_FAILED, "nothing here can be renamed");
		return NULL;
	}
	if (check_kind((*use)->symbol, err) < 0 ||
	    check_places(r, (*use)->symbol, err) < 0)
		return NULL;
	return (*use)->symbol;
}

int prepare_rename(const struct request *r, struct buf *out, struct error *err)
{
	const struct use *u;
	struct target t;
	const struct symbol *s = renamable(r, &t, &u, err);

	if (!s)
		return -1;
	buf_add_c(out, "{\"range\":");
	reply_range(out, r, t.analysis, u->place);
	buf_add_c(out, ",\"placeholder\":");
	json_write_string(out, s->name);
	buf_add_char(out, '}');
	return 0;
}

static int check_name(struct str name, struct error *err)
{
	/* Words of expressions, which no name can be. */
	static const char *const taken[] = {
		"true", "false", "null", "and", "or", "not", "if", "for", "in",
	};
	bool is_word = name.n && name.n <= NAME_MAX_BYTES &&
		       !(name.s[0] >= '0' && name.s[0] <= '9');

	for (size_t i = 0; i < name.n; i++) {
		char c = name.s[i];

		is_word &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			   (c >= '0' && c <= '9') || c == '_';
	}
	if (!is_word)
		return error_set(err, ERROR_INVALID,
				 "a name is letters, digits and \"_\", and "
				 "begins with no digit");
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (str_is(name, taken[i]))
			return error_set(err, ERROR_INVALID,
					 "\"%s\" is a word of the language",
					 taken[i]);
	return 0;
}

/* -- The new texts -------------------------------------------------------- */

struct renaming {
	const struct request *request;
	struct target target;
	const struct symbol *symbol;
	struct str name;
};

/* The uses in one text, in order, from its last on; gives the next text's. */
static const struct use *uses_of_text(const struct use *u, struct arena *a,
				      const struct use ***out, size_t *n)
{
	const struct source *s = u->place.source;
	const struct use *first = u;
	size_t left;

	*n = 0;
	for (; u && u->place.source == s; u = u->next)
		++*n;
	*out = arena_new(a, const struct use *, *n);
	left = *n;
	for (u = first; left; u = u->next)
		(*out)[--left] = u;
	return u;
}

static int new_text(const struct renaming *r, const struct use *const *uses,
		    size_t n, struct error *err)
{
	struct arena *a = r->request->arena;
	const struct source *s = uses[0]->place.source;
	struct str *text = arena_new(a, struct str, 1);
	uint32_t at = 0;
	struct buf b;

	buf_init(&b, SOURCE_MAX);
	for (size_t i = 0; i < n; i++) {
		struct span span = uses[i]->place.span;

		buf_add_str(&b, str_sub(s->text, at, span.start));
		buf_add_str(&b, r->name);
		at = span.end;
	}
	buf_add_str(&b, str_skip(s->text, at));
	*text = str_dup(buf_str(&b), a);
	if (buf_is_full(&b)) {
		buf_release(&b);
		return error_set(err, ERROR_QUOTA,
				 "the text would be too large");
	}
	buf_release(&b);
	map_put(&r->request->workspace->instead, s->name, text);
	return 0;
}

static int new_texts(const struct renaming *r, struct error *err)
{
	const struct use *u = r->symbol->uses, **uses;
	size_t n;

	while (u) {
		u = uses_of_text(u, r->request->arena, &uses, &n);
		if (new_text(r, uses, n, err) < 0)
			return -1;
	}
	return 0;
}

/* -- Whether all means what it meant -------------------------------------- */

/* Where a use stands, for people. */
static int refuse_use(const struct use *u, struct str name, struct error *err)
{
	uint32_t line, column;

	source_position(u->place.source, u->place.span.start, &line, &column);
	return error_set(err, ERROR_FAILED,
			 "with the name \"%.*s\", \"%.*s\" in line %u of "
			 "%.*s would mean something else",
			 STR_ARG(name), STR_ARG(source_text(u->place)),
			 (unsigned)line, STR_ARG(u->place.source->name));
}

static bool means_the_same(const struct use *a, const struct use *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case USE_SYMBOL:
		return a->symbol->index == b->symbol->index;
	case USE_TYPE:
		return a->type == b->type;
	case USE_ATTR:
		return a->attr == b->attr;
	case USE_BLOCK:
		return a->block == b->block;
	case USE_FUNCTION:
		return a->func == b->func;
	case USE_MEMBER:
	case USE_SETTING:
	case USE_FILE:
		break;
	}
	return true;
}

static int compare_uses(const struct renaming *r, const struct names *now,
			struct error *err)
{
	const struct names *before = r->target.names;
	size_t n = before->n_uses < now->n_uses ? before->n_uses : now->n_uses;

	for (size_t i = 0; i < n; i++)
		if (!means_the_same(&before->uses[i], &now->uses[i]))
			return refuse_use(&before->uses[i], r->name, err);
	if (before->n_uses > n)
		return refuse_use(&before->uses[n], r->name, err);
	if (now->n_uses > n)
		return refuse_use(&now->uses[n], r->name, err);
	return 0;
}

/* The first error that there was not: they come in the same order. */
static int refuse_error(const struct diags *before, const struct diags *now,
			struct error *err)
{
	size_t i = 0;

	while (i < before->n && i + 1 < now->n &&
	       str_is(str_from(before->items[i]->code), now->items[i]->code))
		i++;
	return error_set(err, ERROR_FAILED, "this cannot be: %.*s",
			 STR_ARG(now->items[i]->message));
}

/* Behind a mistake of syntax there may be uses that nobody sees. */
static int check_syntax(const struct diags *d, struct error *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_starts(str_from(d->items[i]->code), "E01"))
			return error_set(err, ERROR_FAILED,
					 "the text cannot be read: %.*s",
					 STR_ARG(d->items[i]->message));
	return 0;
}

static int compare(const struct renaming *r, struct analysis *now,
		   struct error *err)
{
	const struct diags *old = analysis_findings(r->target.analysis);
	const struct diags *new = analysis_findings(now);

	if (check_syntax(old, err) < 0)
		return -1;
	if (new->n_errors > old->n_errors)
		return refuse_error(old, new, err);
	return compare_uses(r, analysis_names(now), err);
}

static int check_texts(const struct renaming *r, struct error *err)
{
	struct workspace *w = r->request->workspace;
	struct analysis *now;
	int result = -1;

	if (new_texts(r, err) == 0) {
		now = analysis_open(&w->context, r->target.analysis->path, err);
		if (now) {
			*err = (struct error){ 0 };
			result = compare(r, now, err);
			analysis_close(now);
		}
	}
	map_release(&w->instead);
	return result;
}

/* -- The answer ----------------------------------------------------------- */

static void reply_edits(const struct renaming *r, struct buf *out)
{
	const struct use *u = r->symbol->uses, **uses;
	bool is_first = true;
	size_t n;

	buf_add_c(out, "{\"changes\":{");
	while (u) {
		struct str path = u->place.source->name;

		if (!is_first)
			buf_add_char(out, ',');
		is_first = false;
		json_write_string(out, workspace_uri(r->request->workspace,
						     path, r->request->arena));
		buf_add_c(out, ":[");
		u = uses_of_text(u, r->request->arena, &uses, &n);
		for (size_t i = 0; i < n; i++) {
			buf_add_c(out, i ? ",{\"range\":" : "{\"range\":");
			reply_range(out, r->request, r->target.analysis,
				    uses[i]->place);
			buf_add_c(out, ",\"newText\":");
			json_write_string(out, r->name);
			buf_add_char(out, '}');
		}
		buf_add_char(out, ']');
	}
	buf_add_c(out, "}}");
}

int rename_symbol(const struct request *request, struct buf *out,
		  struct error *err)
{
	struct renaming r = { .request = request };
	const struct use *u;

	r.symbol = renamable(request, &r.target, &u, err);
	if (!r.symbol)
		return -1;
	r.name = value_text(request->params, "newName");
	if (check_name(r.name, err) < 0)
		return -1;
	if (!str_eq(r.name, r.symbol->name) && check_texts(&r, err) < 0)
		return -1;
	reply_edits(&r, out);
	return 0;
}
