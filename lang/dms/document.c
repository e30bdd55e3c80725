#include <config.h>

#include "lang/dms/document.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/dms/mapping.h"
#include "lang/dms/problem.h"
#include "lang/dms/settings.h"
#include "lang/json.h"

/* Each is looked for from the start of the text. */
enum { LOCATED_MAX = 100 };

struct judge {
	struct dms_report report; /* first: the callback gets it */
	const struct document *doc;
	struct diags *diags;
	size_t n_located;
};

/* The next step of a path: a key, or the number of an item. */
static bool next_step(struct str *path, struct str *key, uint64_t *item)
{
	size_t n = 0;

	if (path->n == 0)
		return false;
	*key = STR("");
	if (path->s[0] == '[') {
		ptrdiff_t end = str_find(*path, ']');

		if (end < 0 ||
		    !str_to_u64(str_sub(*path, 1, (size_t)end), item))
			return false;
		*path = str_skip(*path, (size_t)end + 1);
		return true;
	}
	if (path->s[0] == '.')
		*path = str_skip(*path, 1);
	while (n < path->n && path->s[n] != '.' && path->s[n] != '[')
		n++;
	*key = str_sub(*path, 0, n);
	*path = str_skip(*path, n);
	return n > 0;
}

/* Goes to an entry of what comes next: 1 found, 0 not, -1 no JSON. */
static int go_to(struct json_stream *s, struct str key, uint64_t item)
{
	struct str at_key;
	int rc;

	if (json_stream_peek(s) != (key.n ? '{' : '['))
		return 0;
	if (json_stream_enter(s) < 0)
		return -1;
	while ((rc = json_stream_next(s, &at_key)) > 0) {
		if (key.n ? str_eq(at_key, key) : item-- == 0)
			return 1;
		if (json_stream_skip(s) < 0)
			return -1;
	}
	return rc;
}

int document_locate(struct str json, struct str path, struct arena *a,
		    struct str *found)
{
	struct error err;
	struct json_stream *s = json_stream_open(json, a, &err);
	uint64_t item = 0;
	size_t start;
	struct str key;
	int rc = 1;

	*found = STR("");
	json_stream_peek(s);
	start = json_stream_at(s);
	while (rc > 0 && next_step(&path, &key, &item)) {
		rc = go_to(s, key, item);
		if (rc > 0) {
			json_stream_peek(s);
			start = json_stream_at(s);
		}
	}
	json_stream_go(s, start);
	if (rc >= 0 && json_stream_skip(s) == 0)
		*found = str_trim(str_sub(json, start, json_stream_at(s)));
	else
		rc = -1;
	json_stream_close(s);
	return rc < 0 ? -1 : 0;
}

/* The expression inside a map or list of the language. */
static const struct ast_expr *inside(const struct ast_expr *x, struct str path)
{
	uint64_t item = 0;
	struct str key;

	if (x->kind == EXPR_CALL && x->n_items == 1)
		x = x->items[0];
	while (next_step(&path, &key, &item)) {
		const struct ast_expr *next = NULL;

		if (key.n && x->kind == EXPR_MAP)
			for (size_t i = 0; i + 1 < x->n_items; i += 2)
				if (str_eq(ast_text(x->items[i]), key))
					next = x->items[i + 1];
		if (!key.n && x->kind == EXPR_LIST && item < x->n_items)
			next = x->items[item];
		if (!next)
			break;
		x = next;
	}
	return x;
}

static struct place written_place(const struct ast_expr *x)
{
	return (struct place){ x->source, x->span };
}

/* One line of a text, where all of it would be too much to underline. */
static struct span first_line(struct str text, struct str found)
{
	uint32_t start = (uint32_t)(found.s - text.s);
	ptrdiff_t end = str_find(found, '\n');

	return (struct span){ start, start + (uint32_t)(end >= 0 ? (size_t)end
								 : found.n) };
}

static struct place place_of(struct judge *j, struct str path)
{
	const struct document *doc = j->doc;
	struct str found;

	if (!doc->text)
		return written_place(inside(doc->written, path));
	if (++j->n_located > LOCATED_MAX ||
	    document_locate(doc->json, path, j->report.arena, &found) < 0)
		return written_place(doc->written);
	return (struct place){ doc->text, first_line(doc->text->text, found) };
}

static struct str full_path(struct judge *j, size_t rule, const char *path)
{
	struct str rest = str_from(path);

	if (j->doc->kind == DOCUMENT_SETTINGS)
		return rest;
	if (rule == DMS_NO_RULE)
		return STR("rules");
	return str_fmt(j->report.arena, "rules[%zu]%s%.*s", rule,
		       rest.n ? "." : "", STR_ARG(rest));
}

static void add_finding(struct dms_report *r, const struct dms_problem *p)
{
	struct judge *j = (struct judge *)r;
	struct str path = full_path(j, p->rule, p->path);
	struct place place = place_of(j, path);
	struct diag *d;

	if (p->code[0] == 'E')
		d = diag_error(j->diags, p->code, place, "%.*s",
			       STR_ARG(p->message));
	else
		d = diag_warning(j->diags, p->code, place, "%.*s",
				 STR_ARG(p->message));
	if (p->other != DMS_NO_RULE)
		diag_note(j->diags, d,
			  place_of(j, full_path(j, p->other, NULL)),
			  "the other one is here");
	if (j->doc->text && place.source == j->doc->text &&
	    j->doc->text != j->doc->written->source)
		diag_note(j->diags, d, written_place(j->doc->written),
			  "the document is used here");
	if (p->hint)
		diag_hint(j->diags, d, "%s", p->hint);
}

static void check_mapping(struct judge *j, struct value value, struct arena *a)
{
	struct mapping_task task = { .mode = j->doc->mode };
	struct mapping m;

	if (!mapping_read_value(value, a, &j->report, &m))
		return;
	mapping_check_rules(&m, &j->report);
	if (j->report.n_errors == 0)
		mapping_check_meaning(&m, &task, &j->report);
}

static void check_settings(struct judge *j, struct value value, struct arena *a)
{
	struct settings_task task = { .mode = j->doc->mode };
	struct value all;

	settings_check_keys(value, &j->report);
	if (j->report.n_errors)
		return;
	all = settings_fill(value, a);
	settings_check_together(all, &j->report);
	settings_check_meaning(all, &task, &j->report);
}

int document_check(const struct document *doc, struct value value,
		   struct arena *a, struct diags *d)
{
	struct judge j = {
		.report = { .arena = a, .add = add_finding },
		.doc = doc,
		.diags = d,
	};

	if (doc->kind == DOCUMENT_MAPPING)
		check_mapping(&j, value, a);
	else
		check_settings(&j, value, a);
	return j.report.n_errors ? -1 : 0;
}
