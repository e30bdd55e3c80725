#include <config.h>

#include "engine/lsp/findings.h"

#include "engine/lsp/analysis.h"
#include "engine/lsp/request.h"
#include "engine/lsp/rpc.h"
#include "engine/lsp/workspace.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/vec.h"
#include "lang/config.h"
#include "lang/diag.h"
#include "lang/json.h"

#include <stdlib.h>
#include <string.h>

enum {
	SHOWN_MOST = 1000, /* findings of a text */
	NOTE_MAX = 256 << 20,
};

struct telling {
	struct request request; /* for ranges and URIs */
	struct rpc *rpc;
	struct analysis *analysis;
	struct error *err;
};

/* -- What is shown -------------------------------------------------------- */

static struct shown *find_shown(struct workspace *w, struct str uri)
{
	for (size_t i = 0; i < w->n_shown; i++)
		if (str_eq(w->shown[i].uri, uri))
			return &w->shown[i];
	return NULL;
}

static void forget_shown(struct workspace *w, struct shown *s)
{
	str_drop(s->uri);
	str_drop(s->path);
	*s = w->shown[--w->n_shown];
}

static void note_shown(struct workspace *w, struct str uri, struct str stack)
{
	struct shown *s = find_shown(w, uri);

	if (s)
		forget_shown(w, s);
	w->shown =
	    vec_grow(w->shown, w->n_shown, &w->shown_room, sizeof(*w->shown));
	w->shown[w->n_shown++] =
	    (struct shown){ str_keep(uri), str_keep(stack) };
}

/* -- Texts of findings ---------------------------------------------------- */

static bool is_of_file(const struct telling *t, struct place p)
{
	return p.source && analysis_file(t->analysis, p.source->name) != NULL;
}

static void add_notes(const struct telling *t, struct buf *out,
		      const struct diag *d)
{
	bool has_some = false;

	for (const struct diag_note *n = d->notes; n; n = n->next) {
		if (!is_of_file(t, n->place))
			continue;
		buf_add_c(out, has_some ? ",{\"location\":"
					: ",\"relatedInformation\":["
					  "{\"location\":");
		has_some = true;
		reply_location(out, &t->request, t->analysis, n->place);
		buf_add_c(out, ",\"message\":");
		json_write_string(out, n->text);
		buf_add_char(out, '}');
	}
	if (has_some)
		buf_add_char(out, ']');
}

static void add_finding(const struct telling *t, struct buf *out,
			const struct diag *d, struct place place)
{
	struct arena *a = t->request.arena;
	struct str message = d->message;

	if (d->hint.n)
		message = str_join(message, "\n", d->hint, a);
	/* What has no place in a text has its note behind it. */
	for (const struct diag_note *n = d->notes; n; n = n->next)
		if (!is_of_file(t, n->place))
			message = str_join(message, "\n", n->text, a);
	buf_add_c(out, "{\"range\":");
	reply_range(out, &t->request, t->analysis, place);
	buf_fmt(out,
		",\"severity\":%d,\"code\":\"%s\",\"source\":\"dmsl\","
		"\"message\":",
		d->severity == SEVERITY_ERROR ? 1 : 2, d->code);
	json_write_string(out, message);
	add_notes(t, out, d);
	buf_add_char(out, '}');
}

static int send_note(const struct telling *t, struct str uri,
		     const struct document *doc, struct str items)
{
	struct buf out;
	int result;

	buf_init(&out, NOTE_MAX);
	buf_add_c(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/"
			"publishDiagnostics\",\"params\":{\"uri\":");
	json_write_string(&out, uri);
	if (doc)
		buf_fmt(&out, ",\"version\":%lld", (long long)doc->version);
	buf_add_c(&out, ",\"diagnostics\":[");
	buf_add_str(&out, items);
	buf_add_c(&out, "]}}");
	result = rpc_send(t->rpc, buf_str(&out), t->err);
	buf_release(&out);
	return result;
}

/* Where a finding is shown: at the top of the stack when it has no place. */
static struct place place_of(const struct telling *t, const struct diag *d)
{
	const struct config *c = t->analysis->context.config;

	if (is_of_file(t, d->place))
		return d->place;
	return (struct place){ c->files[0]->source, { 0, 0 } };
}

static int tell_file(const struct telling *t, const struct source *source)
{
	struct workspace *w = t->request.workspace;
	const struct diags *all = analysis_findings(t->analysis);
	struct document *doc = documents_by_path(&w->documents, source->name);
	struct str uri = workspace_uri(w, source->name, t->request.arena);
	struct shown *shown = find_shown(w, uri);
	struct buf items;
	size_t n = 0;
	int result = 0;

	/* Another stack's, or a text's own, is told with that. */
	if (doc && !str_eq(doc->path, t->analysis->path) &&
	    !str_eq(doc->stack_path, t->analysis->path))
		return 0;
	buf_init(&items, NOTE_MAX);
	for (size_t i = 0; i < all->n && n < SHOWN_MOST; i++) {
		struct place p = place_of(t, all->items[i]);

		if (p.source != source)
			continue;
		if (n++)
			buf_add_char(&items, ',');
		add_finding(t, &items, all->items[i], p);
	}
	if (n || doc || shown)
		result = send_note(t, uri, doc, buf_str(&items));
	if (n)
		note_shown(w, uri, t->analysis->path);
	else if (shown)
		forget_shown(w, shown);
	buf_release(&items);
	return result;
}

/* Texts that the stack used to have. */
static int take_back(const struct telling *t)
{
	struct workspace *w = t->request.workspace;

	for (size_t i = w->n_shown; i-- > 0;) {
		struct shown *s = &w->shown[i];
		struct str path = uri_to_path(s->uri, t->request.arena);

		if (!str_eq(s->path, t->analysis->path) ||
		    analysis_file(t->analysis, path))
			continue;
		if (send_note(t, s->uri, NULL, STR("")) < 0)
			return -1;
		forget_shown(w, s);
	}
	return 0;
}

static int tell_stack(const struct telling *t)
{
	const struct config *c = t->analysis->context.config;

	for (size_t i = 0; i < c->n_files; i++)
		if (tell_file(t, c->files[i]->source) < 0)
			return -1;
	return take_back(t);
}

/* Marks the texts whose findings were told. */
static void told(struct workspace *w, const struct analysis *an)
{
	for (size_t i = 0; i < w->documents.n; i++) {
		struct document *doc = w->documents.items[i];

		if (str_eq(doc->path, an->path) ||
		    str_eq(doc->stack_path, an->path))
			doc->is_changed = false;
	}
}

int findings_publish(struct workspace *w, struct rpc *rpc, struct error *err)
{
	int result = 0;

	w->is_changed = false;
	for (size_t i = 0; i < w->documents.n && result == 0; i++) {
		struct document *doc = w->documents.items[i];
		struct arena a = { 0 };
		struct telling t = { .request = { .workspace = w, .arena = &a },
				     .rpc = rpc,
				     .err = err };

		if (!doc->is_changed)
			continue;
		t.analysis = workspace_analysis(w, doc, err);
		doc->is_changed = false;
		if (t.analysis) {
			result = tell_stack(&t);
			told(w, t.analysis);
		}
		arena_release(&a);
	}
	return result;
}

int findings_clear(struct workspace *w, struct rpc *rpc,
		   const struct document *doc, struct error *err)
{
	struct telling t = { .rpc = rpc, .err = err };
	struct shown *s = find_shown(w, doc->uri);

	if (s)
		forget_shown(w, s);
	return send_note(&t, doc->uri, NULL, STR(""));
}
