/*
 * In: messages. Out: answers, in the order of the questions; findings when the
 * editor has been silent for a moment, so that one is not disturbed by those
 * of every letter.
 */
#include <config.h>

#include "engine/lsp/server.h"

#include "engine/lsp/documents.h"
#include "engine/lsp/findings.h"
#include "engine/lsp/request.h"
#include "engine/lsp/rpc.h"
#include "engine/lsp/workspace.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include <string.h>

enum {
	REPLY_MAX = 256 << 20,
	QUIET_MS = 60,	   /* of silence, before findings are told */
	PATIENCE_MS = 500, /* and without any silence */
};

/* JSON-RPC 2.0, 5.1, and LSP 3.17, ErrorCodes. */
enum {
	PARSE_ERROR = -32700,
	INVALID_REQUEST = -32600,
	METHOD_NOT_FOUND = -32601,
	INVALID_PARAMS = -32602,
	NOT_INITIALIZED = -32002,
	REQUEST_FAILED = -32803,
};

enum stage { STAGE_BEGIN, STAGE_OPEN, STAGE_SHUT, STAGE_LEFT };

struct server {
	struct workspace workspace;
	struct rpc rpc;
	enum stage stage;
	bool is_orderly;    /* "shutdown" came before "exit" */
	int64_t changed_at; /* milliseconds; the first since findings */
	bool is_waiting;
	struct error err; /* of the connection */
};

/* One message, while it is answered. */
struct message {
	struct server *server;
	struct value params;
	struct arena *arena;
};

/* -- Answers -------------------------------------------------------------- */

static void send(struct server *s, struct str json)
{
	if (rpc_send(&s->rpc, json, &s->err) < 0)
		s->stage = STAGE_LEFT;
}

static void begin_reply(struct buf *out, struct value id)
{
	buf_init(out, REPLY_MAX);
	buf_add_c(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	json_write(out, id, JSON_REVEAL);
}

static void reply_error(struct server *s, struct value id, int code,
			struct str message)
{
	struct buf out;

	begin_reply(&out, id);
	buf_fmt(&out, ",\"error\":{\"code\":%d,\"message\":", code);
	json_write_string(&out, message);
	buf_add_c(&out, "}}");
	send(s, buf_str(&out));
	buf_release(&out);
}

static void reply(struct server *s, struct value id, struct str result)
{
	struct buf out;

	begin_reply(&out, id);
	buf_add_c(&out, ",\"result\":");
	buf_add_str(&out, result.n ? result : STR("null"));
	buf_add_char(&out, '}');
	if (buf_is_full(&out))
		reply_error(s, id, REQUEST_FAILED,
			    STR("the answer is too large"));
	else
		send(s, buf_str(&out));
	buf_release(&out);
}

/* -- Beginning and end ---------------------------------------------------- */

static const struct value *below(struct value v, const char *const *names)
{
	const struct value *at = &v;

	for (; *names && at; names++)
		at = value_get(*at, *names);
	return at;
}

/* Bytes where the editor can count them; else units of UTF-16, as all can. */
static enum encoding choose_encoding(struct value params)
{
	static const char *const path[] = { "capabilities", "general",
					    "positionEncodings", NULL };
	const struct value *offered = below(params, path);

	if (!offered || offered->kind != VALUE_LIST)
		return ENCODING_UTF16;
	for (size_t i = 0; i < offered->as.list.n; i++) {
		struct value one = offered->as.list.items[i];

		if (one.kind == VALUE_STRING && str_is(one.as.text, "utf-8"))
			return ENCODING_UTF8;
	}
	return ENCODING_UTF16;
}

/* Whether the editor can say that files changed, when it is asked to. */
static bool can_watch(struct value params)
{
	static const char *const path[] = { "capabilities", "workspace",
					    "didChangeWatchedFiles", NULL };
	const struct value *watch = below(params, path);

	return watch && value_true(*watch, "dynamicRegistration");
}

static int initialize(const struct request *r, struct buf *out,
		      struct error *err)
{
	(void)err;
	r->workspace->encoding = choose_encoding(r->params);
	r->workspace->can_watch = can_watch(r->params);
	buf_fmt(out,
		"{\"capabilities\":{\"positionEncoding\":\"%s\","
		"\"textDocumentSync\":{\"openClose\":true,\"change\":2,"
		"\"save\":true},"
		"\"hoverProvider\":true,"
		"\"definitionProvider\":true,"
		"\"referencesProvider\":true,"
		"\"documentHighlightProvider\":true,"
		"\"documentSymbolProvider\":true,"
		"\"documentFormattingProvider\":true,"
		"\"renameProvider\":{\"prepareProvider\":true},"
		"\"completionProvider\":{\"triggerCharacters\":[\".\"]}},"
		"\"serverInfo\":{\"name\":\"dmsl\",\"version\":\"%s\"}}",
		r->workspace->encoding == ENCODING_UTF8 ? "utf-8" : "utf-16",
		PACKAGE_VERSION);
	return 0;
}

static int shut(const struct request *r, struct buf *out, struct error *err)
{
	(void)r;
	(void)err;
	buf_add_c(out, "null");
	return 0;
}

static void leave(struct message *m)
{
	m->server->is_orderly = m->server->stage == STAGE_SHUT;
	m->server->stage = STAGE_LEFT;
}

/* -- Texts ---------------------------------------------------------------- */

static struct str uri_of(const struct message *m)
{
	const struct value *named = value_get(m->params, "textDocument");

	return named ? value_text(*named, "uri") : STR("");
}

/* What the editor told cannot be followed: it should know. */
static void complain(struct server *s, const struct error *err)
{
	struct buf out;

	buf_init(&out, REPLY_MAX);
	buf_add_c(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"window/"
			"showMessage\",\"params\":{\"type\":1,\"message\":");
	json_write_string(&out, str_from(err->message));
	buf_add_c(&out, "}}");
	send(s, buf_str(&out));
	buf_release(&out);
}

static void did_open(struct message *m)
{
	const struct value *named = value_get(m->params, "textDocument");
	struct workspace *w = &m->server->workspace;
	struct error err = { 0 };

	if (!named || !uri_of(m).n)
		return;
	if (!documents_open(&w->documents, uri_of(m),
			    value_text(*named, "text"),
			    value_number(*named, "version", 0), &err))
		complain(m->server, &err);
	workspace_forget(w);
}

static void did_change(struct message *m)
{
	const struct value *named = value_get(m->params, "textDocument");
	const struct value *changes = value_get(m->params, "contentChanges");
	struct workspace *w = &m->server->workspace;
	struct document *doc = documents_find(&w->documents, uri_of(m));
	struct error err = { 0 };

	if (!doc || !changes || changes->kind != VALUE_LIST)
		return;
	/* Before the text goes that is known of. */
	workspace_changed(w, doc);
	for (size_t i = 0; i < changes->as.list.n; i++)
		if (documents_change(&w->documents, doc,
				     changes->as.list.items[i], w->encoding,
				     &err) < 0) {
			complain(m->server, &err);
			break;
		}
	doc->version = value_number(*named, "version", doc->version);
	doc->is_changed = true;
}

static void did_close(struct message *m)
{
	struct workspace *w = &m->server->workspace;
	struct document *doc = documents_find(&w->documents, uri_of(m));

	if (!doc)
		return;
	workspace_forget(w);
	if (findings_clear(w, &m->server->rpc, doc, &m->server->err) < 0)
		m->server->stage = STAGE_LEFT;
	documents_close(&w->documents, doc);
}

/* A file changed that texts use: a component, or what file() reads. */
static void did_save(struct message *m)
{
	workspace_forget(&m->server->workspace);
}

/* Texts that are not open change, too: by git, or by another program. */
static void initialized(struct message *m)
{
	if (m->server->workspace.can_watch)
		send(m->server,
		     STR("{\"jsonrpc\":\"2.0\",\"id\":\"watch\",\"method\":"
			 "\"client/registerCapability\",\"params\":{"
			 "\"registrations\":[{\"id\":\"watch\",\"method\":"
			 "\"workspace/didChangeWatchedFiles\","
			 "\"registerOptions\":{\"watchers\":[{"
			 "\"globPattern\":\"**/*.dmsl\"}]}}]}}"));
}

static void nothing(struct message *m)
{
	(void)m;
}

/* -- Dispatch ------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(const struct request *r, struct buf *out, struct error *err);
	enum stage before, after;
} requests[] = {
	{ "initialize", initialize, STAGE_BEGIN, STAGE_OPEN },
	{ "shutdown", shut, STAGE_OPEN, STAGE_SHUT },
	{ "textDocument/hover", hover, STAGE_OPEN, STAGE_OPEN },
	{ "textDocument/definition", definition, STAGE_OPEN, STAGE_OPEN },
	{ "textDocument/references", references, STAGE_OPEN, STAGE_OPEN },
	{ "textDocument/documentHighlight", highlight, STAGE_OPEN, STAGE_OPEN },
	{ "textDocument/prepareRename", prepare_rename, STAGE_OPEN,
	  STAGE_OPEN },
	{ "textDocument/rename", rename_symbol, STAGE_OPEN, STAGE_OPEN },
	{ "textDocument/completion", complete, STAGE_OPEN, STAGE_OPEN },
	{ "textDocument/documentSymbol", outline, STAGE_OPEN, STAGE_OPEN },
	{ "textDocument/formatting", format_document, STAGE_OPEN, STAGE_OPEN },
};

/* Any other is passed over, as LSP has it for notifications. */
static const struct {
	const char *name;
	void (*run)(struct message *m);
} notifications[] = {
	{ "initialized", initialized },
	{ "$/cancelRequest", nothing },
	{ "textDocument/didOpen", did_open },
	{ "textDocument/didChange", did_change },
	{ "textDocument/didClose", did_close },
	{ "textDocument/didSave", did_save },
	{ "workspace/didChangeWatchedFiles", did_save },
};

static void refuse_stage(struct server *s, struct value id)
{
	if (s->stage == STAGE_BEGIN)
		reply_error(s, id, NOT_INITIALIZED,
			    STR("the first request is \"initialize\""));
	else
		reply_error(s, id, INVALID_REQUEST,
			    s->stage == STAGE_SHUT
				? STR("the server was shut down")
				: STR("the server is initialized already"));
}

static void answer(struct message *m, size_t which, struct value id)
{
	struct server *s = m->server;
	struct request r = { &s->workspace, m->params, m->arena };
	struct error err = { 0 };
	struct buf out;

	if (s->stage != requests[which].before) {
		refuse_stage(s, id);
		return;
	}
	buf_init(&out, REPLY_MAX);
	if (requests[which].run(&r, &out, &err) < 0) {
		reply_error(s, id,
			    err.kind == ERROR_INVALID ? INVALID_PARAMS
						      : REQUEST_FAILED,
			    str_from(err.message));
	} else {
		s->stage = requests[which].after;
		reply(s, id, buf_str(&out));
	}
	buf_release(&out);
}

static void take_request(struct message *m, struct str method, struct value id)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (str_is(method, requests[i].name)) {
			answer(m, i, id);
			return;
		}
	if (m->server->stage != STAGE_OPEN)
		refuse_stage(m->server, id);
	else
		reply_error(m->server, id, METHOD_NOT_FOUND,
			    str_fmt(m->arena, "there is no method \"%.*s\"",
				    STR_ARG(method)));
}

static void take_notification(struct message *m, struct str method)
{
	if (str_is(method, "exit")) {
		leave(m);
		return;
	}
	if (m->server->stage != STAGE_OPEN)
		return;
	for (size_t i = 0; i < sizeof(notifications) / sizeof(*notifications);
	     i++)
		if (str_is(method, notifications[i].name))
			notifications[i].run(m);
}

static bool is_id(struct value v)
{
	return v.kind == VALUE_STRING || v.kind == VALUE_NUMBER;
}

static void take(struct server *s, struct str text)
{
	struct arena a = { 0 };
	struct message m = { .server = s, .arena = &a };
	struct value all = value_null();
	struct error err = { 0 };
	const struct value *params, *id;
	struct str method;

	if (json_read(text, &a, &all, &err) < 0) {
		reply_error(s, value_null(), PARSE_ERROR,
			    str_from(err.message));
		arena_release(&a);
		return;
	}
	method = value_text(all, "method");
	params = value_get(all, "params");
	id = value_get(all, "id");
	m.params = params ? *params : value_null();
	if (method.n && id && is_id(*id))
		take_request(&m, method, *id);
	else if (method.n && !id)
		take_notification(&m, method);
	else if (method.n || !id)
		/* An answer has no method: we asked nothing. */
		reply_error(s, value_null(), INVALID_REQUEST,
			    STR("this is no request"));
	arena_release(&a);
}

/* -- The loop ------------------------------------------------------------- */

/* Findings, unless more is coming that will change them. */
static void tell_findings(struct server *s)
{
	int64_t now = clock_ms();

	if (!s->workspace.is_changed || s->stage != STAGE_OPEN)
		return;
	if (!s->is_waiting)
		s->changed_at = now;
	s->is_waiting = true;
	if (now - s->changed_at < PATIENCE_MS &&
	    rpc_is_waiting(&s->rpc, QUIET_MS))
		return;
	s->is_waiting = false;
	if (findings_publish(&s->workspace, &s->rpc, &s->err) < 0)
		s->stage = STAGE_LEFT;
}

bool server_run(const struct context *c, int in, int out)
{
	struct server *s = xmalloc(sizeof(*s));
	struct str text;
	bool is_orderly;

	*s = (struct server){ .rpc = { .in = in, .out = out } };
	workspace_init(&s->workspace, c);
	while (s->stage != STAGE_LEFT) {
		tell_findings(s);
		if (s->stage == STAGE_LEFT)
			break;
		switch (rpc_read(&s->rpc, &text)) {
		case RPC_END:
			s->stage = STAGE_LEFT;
			break;
		case RPC_MESSAGE:
			take(s, text);
			break;
		case RPC_GARBAGE:
			reply_error(s, value_null(), PARSE_ERROR,
				    STR("this is no header of a message"));
			break;
		case RPC_TOO_LARGE:
			reply_error(s, value_null(), INVALID_REQUEST,
				    STR("a message has at most 64 MiB"));
			break;
		}
	}
	is_orderly = s->is_orderly;
	workspace_release(&s->workspace);
	rpc_release(&s->rpc);
	free(s);
	return is_orderly;
}
