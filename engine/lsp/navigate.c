/* Where a name is declared, and where it stands. */
#include <config.h>

#include "engine/lsp/analysis.h"
#include "engine/lsp/names.h"
#include "engine/lsp/request.h"
#include "lang/base/buf.h"

int definition(const struct request *r, struct buf *out, struct error *err)
{
	struct target t;
	const struct use *u;

	if (request_target(r, &t, err) < 0)
		return -1;
	u = target_use(&t);
	if (u && u->kind == USE_SYMBOL)
		reply_location(out, r, t.analysis, u->symbol->place);
	else if (u && u->kind == USE_FILE)
		reply_location(out, r, t.analysis,
			       (struct place){ u->file, { 0, 0 } });
	return 0;
}

/* Uses of a symbol are linked from the last one; the answer is in order. */
static const struct use **in_order(const struct symbol *s, struct arena *a)
{
	const struct use **uses = arena_new(a, const struct use *, s->n_uses);
	size_t n = s->n_uses;

	for (const struct use *u = s->uses; u; u = u->next)
		uses[--n] = u;
	return uses;
}

static bool with_declaration(struct value params)
{
	const struct value *c = value_get(params, "context");

	return c && value_true(*c, "includeDeclaration");
}

int references(const struct request *r, struct buf *out, struct error *err)
{
	bool is_first = true;
	struct target t;
	const struct use *u, **uses;

	if (request_target(r, &t, err) < 0)
		return -1;
	u = target_use(&t);
	if (!u || u->kind != USE_SYMBOL)
		return 0;
	uses = in_order(u->symbol, r->arena);
	buf_add_char(out, '[');
	for (size_t i = 0; i < u->symbol->n_uses; i++) {
		if (uses[i]->is_declaration && !with_declaration(r->params))
			continue;
		if (!is_first)
			buf_add_char(out, ',');
		is_first = false;
		reply_location(out, r, t.analysis, uses[i]->place);
	}
	buf_add_char(out, ']');
	return 0;
}

int highlight(const struct request *r, struct buf *out, struct error *err)
{
	enum { READ = 2, WRITE = 3 };
	bool is_first = true;
	struct target t;
	const struct use *u, **uses;

	if (request_target(r, &t, err) < 0)
		return -1;
	u = target_use(&t);
	if (!u || u->kind != USE_SYMBOL)
		return 0;
	uses = in_order(u->symbol, r->arena);
	buf_add_char(out, '[');
	for (size_t i = 0; i < u->symbol->n_uses; i++) {
		if (uses[i]->place.source != t.source)
			continue;
		buf_add_c(out, is_first ? "{\"range\":" : ",{\"range\":");
		is_first = false;
		reply_range(out, r, t.analysis, uses[i]->place);
		buf_fmt(out, ",\"kind\":%d}",
			uses[i]->is_declaration ? WRITE : READ);
	}
	buf_add_char(out, ']');
	return 0;
}
