#include <config.h>

#include "engine/lsp/request.h"

#include "engine/lsp/analysis.h"
#include "engine/lsp/names.h"
#include "engine/lsp/workspace.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"

int request_document(const struct request *r, struct target *out,
		     struct error *err)
{
	const struct value *named = value_get(r->params, "textDocument");
	struct str uri = named ? value_text(*named, "uri") : STR("");
	const struct ast_file *file;

	*out = (struct target){ 0 };
	out->document = documents_find(&r->workspace->documents, uri);
	if (!out->document)
		return error_set(err, ERROR_INVALID, "\"%.*s\" is not open",
				 STR_ARG(uri));
	out->analysis = workspace_analysis(r->workspace, out->document, err);
	if (!out->analysis)
		return -1;
	file = analysis_file(out->analysis, out->document->path);
	if (!file)
		return error_set(err, ERROR_FAILED, "\"%.*s\" was not read",
				 STR_ARG(uri));
	out->source = file->source;
	out->names = analysis_names(out->analysis);
	return 0;
}

int request_target(const struct request *r, struct target *out,
		   struct error *err)
{
	const struct value *at = value_get(r->params, "position");
	int64_t line = at ? value_number(*at, "line", -1) : -1;
	int64_t character = at ? value_number(*at, "character", -1) : -1;
	struct position p;

	if (line < 0 || character < 0 || line > UINT32_MAX ||
	    character > UINT32_MAX)
		return error_set(err, ERROR_INVALID, "no position is given");
	if (request_document(r, out, err) < 0)
		return -1;
	p = (struct position){ (uint32_t)line, (uint32_t)character };
	out->offset =
	    position_offset(&out->document->lines, out->document->text,
			    r->workspace->encoding, p);
	return 0;
}

const struct use *target_use(const struct target *t)
{
	return names_at(t->names, t->source, t->offset);
}

static void reply_position(struct buf *out, struct position p)
{
	buf_fmt(out, "{\"line\":%u,\"character\":%u}", (unsigned)p.line,
		(unsigned)p.character);
}

void reply_range(struct buf *out, const struct request *r, struct analysis *an,
		 struct place p)
{
	const struct lines *l = analysis_lines(an, p.source);
	enum encoding e = r->workspace->encoding;

	buf_add_c(out, "{\"start\":");
	reply_position(out, position_at(l, p.source->text, e, p.span.start));
	buf_add_c(out, ",\"end\":");
	reply_position(out, position_at(l, p.source->text, e, p.span.end));
	buf_add_char(out, '}');
}

void reply_location(struct buf *out, const struct request *r,
		    struct analysis *an, struct place p)
{
	buf_add_c(out, "{\"uri\":");
	json_write_string(
	    out, workspace_uri(r->workspace, p.source->name, r->arena));
	buf_add_c(out, ",\"range\":");
	reply_range(out, r, an, p);
	buf_add_char(out, '}');
}
