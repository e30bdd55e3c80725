/* The declarations of a text, as a tree, and its canonical form. */
#include <config.h>

#include "engine/lsp/analysis.h"
#include "engine/lsp/documents.h"
#include "engine/lsp/request.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/fmt.h"
#include "lang/json.h"

enum { FORM_MAX = 128 << 20 };

/* LSP 3.17, SymbolKind. */
enum kind {
	KIND_FILE = 1,
	KIND_MODULE = 2,
	KIND_NAMESPACE = 3,
	KIND_CLASS = 5,
	KIND_PROPERTY = 7,
	KIND_VARIABLE = 13,
	KIND_CONSTANT = 14,
	KIND_OBJECT = 19,
	KIND_EVENT = 24,
	KIND_STRUCT = 23,
};

struct outline {
	const struct request *request;
	struct target target;
	struct buf *out;
	bool is_first; /* of its list */
};

struct entry {
	struct str name, detail;
	enum kind kind;
	struct span all, name_span;
};

/* Begins an entry; what is written then is inside it, until it is ended. */
static void begin(struct outline *o, const struct entry *e)
{
	struct span name = e->name_span;

	/* The name must stand inside. */
	if (name.start < e->all.start || name.end > e->all.end ||
	    name.end <= name.start)
		name = e->all;
	buf_add_c(o->out, o->is_first ? "{\"name\":" : ",{\"name\":");
	json_write_string(o->out, e->name.n ? e->name : STR("(no name)"));
	if (e->detail.n) {
		buf_add_c(o->out, ",\"detail\":");
		json_write_string(o->out, e->detail);
	}
	buf_fmt(o->out, ",\"kind\":%d,\"range\":", e->kind);
	reply_range(o->out, o->request, o->target.analysis,
		    (struct place){ o->target.source, e->all });
	buf_add_c(o->out, ",\"selectionRange\":");
	reply_range(o->out, o->request, o->target.analysis,
		    (struct place){ o->target.source, name });
	buf_add_c(o->out, ",\"children\":[");
	o->is_first = true;
}

static void end(struct outline *o)
{
	buf_add_c(o->out, "]}");
	o->is_first = false;
}

static void add_blocks(struct outline *o, const struct ast_body *b)
{
	for (size_t i = 0; i < b->n_blocks; i++) {
		const struct ast_block *block = &b->blocks[i];
		struct entry e = { .name = block->label.n ? block->label
							  : block->name,
				   .kind = KIND_STRUCT,
				   .all = block->span,
				   .name_span = block->label.n
						    ? block->label_span
						    : block->name_span };

		if (block->label.n)
			e.detail = block->name;
		begin(o, &e);
		end(o);
	}
}

static void add_param(struct outline *o, const struct ast_param *p)
{
	struct entry e = { .name = p->name,
			   .detail = p->type.text,
			   .kind = KIND_VARIABLE,
			   .all = p->span,
			   .name_span = p->name_span };

	begin(o, &e);
	end(o);
}

static struct str text_at(const struct outline *o, const struct ast_expr *x)
{
	return source_text((struct place){ o->target.source, x->span });
}

/* What stands in a text; false: nothing to show. */
static bool describe(const struct outline *o, const struct ast_decl *d,
		     struct entry *e)
{
	*e = (struct entry){ .name = d->name,
			     .all = d->span,
			     .name_span = d->name_span };
	switch (d->kind) {
	case DECL_PARAM:
		e->kind = KIND_VARIABLE;
		e->detail = d->more->n_params ? d->more->params[0].type.text
					      : STR("param");
		return true;
	case DECL_LET:
		e->kind = KIND_CONSTANT;
		e->detail = STR("let");
		return true;
	case DECL_STACK:
		e->kind = KIND_MODULE;
		e->detail = STR("stack");
		return true;
	case DECL_PROVIDER:
		e->kind = KIND_NAMESPACE;
		e->detail = STR("provider");
		return true;
	case DECL_COMPONENT:
		e->kind = KIND_CLASS;
		e->detail = STR("component");
		return true;
	case DECL_INSTANCE:
	case DECL_EXISTING:
		e->kind = KIND_OBJECT;
		e->name = str_join(d->type, ".", d->name, o->request->arena);
		e->detail =
		    d->kind == DECL_EXISTING ? STR("existing") : STR("");
		return true;
	case DECL_OUTPUT:
		e->kind = KIND_PROPERTY;
		e->detail = STR("output");
		return true;
	case DECL_CHECK:
		e->kind = KIND_EVENT;
		e->detail = STR("check");
		return true;
	case DECL_USE:
		e->kind = KIND_FILE;
		e->name = text_at(o, d->value);
		e->name_span = d->value->span;
		e->detail = STR("use");
		return true;
	case DECL_MOVED:
	case DECL_IMPORT:
	case DECL_REMOVED:
		break;
	}
	return false;
}

static void add_decl(struct outline *o, const struct ast_decl *d)
{
	struct entry e;

	if (!describe(o, d, &e))
		return;
	begin(o, &e);
	if (d->kind == DECL_INSTANCE || d->kind == DECL_EXISTING)
		add_blocks(o, &d->body);
	end(o);
}

/* Components hold declarations, but no components. */
static void add_component(struct outline *o, const struct ast_decl *d)
{
	struct entry e;

	describe(o, d, &e);
	begin(o, &e);
	for (size_t i = 0; i < d->more->n_params; i++)
		add_param(o, &d->more->params[i]);
	for (size_t i = 0; i < d->more->n_decls; i++)
		add_decl(o, d->more->decls[i]);
	end(o);
}

int outline(const struct request *r, struct buf *out, struct error *err)
{
	struct outline o = { .request = r, .out = out, .is_first = true };
	const struct ast_file *f;

	if (request_document(r, &o.target, err) < 0)
		return -1;
	f = analysis_file(o.target.analysis, o.target.document->path);
	buf_add_char(out, '[');
	for (size_t i = 0; i < f->n_decls; i++)
		if (f->decls[i]->kind == DECL_COMPONENT)
			add_component(&o, f->decls[i]);
		else
			add_decl(&o, f->decls[i]);
	buf_add_char(out, ']');
	return 0;
}

/* -- The canonical form --------------------------------------------------- */

/* Bytes that both begin with, up to the end of a line. */
static uint32_t same_lines(struct str a, struct str b)
{
	size_t i = 0, line = 0;

	while (i < a.n && i < b.n && a.s[i] == b.s[i])
		if (a.s[i++] == '\n')
			line = i;
	return (uint32_t)line;
}

/* Bytes that both end with, from the beginning of a line on. */
static uint32_t same_end(struct str a, struct str b)
{
	size_t i = 0, line = 0;

	while (i < a.n && i < b.n && a.s[a.n - 1 - i] == b.s[b.n - 1 - i]) {
		if (a.s[a.n - 1 - i] == '\n')
			line = i;
		i++;
	}
	return (uint32_t)line;
}

/* One edit, of the lines between the first and the last that differ. */
static void reply_form(struct outline *o, struct str form)
{
	struct str text = o->target.source->text;
	uint32_t head = same_lines(text, form);
	uint32_t tail = same_end(str_skip(text, head), str_skip(form, head));
	struct place p = { o->target.source,
			   { head, (uint32_t)text.n - tail } };

	buf_add_char(o->out, '[');
	if (!str_eq(text, form)) {
		buf_add_c(o->out, "{\"range\":");
		reply_range(o->out, o->request, o->target.analysis, p);
		buf_add_c(o->out, ",\"newText\":");
		json_write_string(o->out, str_sub(form, head, form.n - tail));
		buf_add_char(o->out, '}');
	}
	buf_add_char(o->out, ']');
}

int format_document(const struct request *r, struct buf *out, struct error *err)
{
	struct outline o = { .request = r, .out = out };
	struct diags ignored = { .arena = r->arena };
	struct buf form;
	int result;

	if (request_document(r, &o.target, err) < 0)
		return -1;
	buf_init(&form, FORM_MAX);
	result = fmt_text(o.target.source, r->arena, &form, &ignored);
	/* What is broken is shown as a finding; it has no form. */
	if (result == 0 && !buf_is_full(&form))
		reply_form(&o, buf_str(&form));
	buf_release(&form);
	diags_release(&ignored);
	return 0;
}
