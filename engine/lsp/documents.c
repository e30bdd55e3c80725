#include <config.h>

#include "engine/lsp/documents.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/config.h"
#include "lang/source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { URI_MAX = 1 << 16 };

struct str uri_to_path(struct str uri, struct arena *a)
{
	struct str path = uri;

	if (!str_starts(uri, "file://"))
		return config_path(uri, a);
	path = str_skip(uri, strlen("file://"));
	/* The host: none, or this one. */
	if (str_find(path, '/') > 0)
		path = str_skip(path, (size_t)str_find(path, '/'));
	return config_path(str_unescape(path, '%', a), a);
}

struct str uri_from_path(struct str path, struct arena *a)
{
	static const char plain[] = "/-._~";
	struct str out;
	struct buf b;

	if (!str_starts(path, "/"))
		return str_dup(path, a);
	buf_init(&b, URI_MAX);
	buf_add_c(&b, "file://");
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.s[i];

		if (c < 0x80 && (isalnum(c) || strchr(plain, c)))
			buf_add_char(&b, (char)c);
		else
			buf_fmt(&b, "%%%02X", c);
	}
	out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return out;
}

static void document_free(struct document *doc)
{
	str_drop(doc->uri);
	str_drop(doc->path);
	str_drop(doc->text);
	str_drop(doc->stack_path);
	lines_release(&doc->lines);
	free(doc);
}

void documents_release(struct documents *d)
{
	for (size_t i = 0; i < d->n; i++)
		document_free(d->items[i]);
	vec_release(d);
}

struct document *documents_find(const struct documents *d, struct str uri)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_eq(d->items[i]->uri, uri))
			return d->items[i];
	return NULL;
}

struct document *documents_by_path(const struct documents *d, struct str path)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_eq(d->items[i]->path, path))
			return d->items[i];
	return NULL;
}

/* Whether a text of n bytes may be there instead of the document's. */
static int check_size(const struct documents *d, const struct document *doc,
		      size_t n, struct error *err)
{
	if (n > SOURCE_MAX)
		return error_set(err, ERROR_QUOTA, "a text has at most %d MiB",
				 SOURCE_MAX >> 20);
	if (d->bytes - doc->text.n + n > DOCUMENTS_BYTES_MAX)
		return error_set(err, ERROR_QUOTA,
				 "texts of more than %d MiB are open",
				 DOCUMENTS_BYTES_MAX >> 20);
	return 0;
}

/* Takes the text, which is malloc'ed. */
static void set_text(struct documents *d, struct document *doc, struct str text)
{
	d->bytes = d->bytes - doc->text.n + text.n;
	str_drop(doc->text);
	doc->text = text;
	doc->is_changed = true;
}

static struct document *add(struct documents *d, struct str uri,
			    struct error *err)
{
	struct arena a = { 0 };
	struct document *doc;

	if (d->n >= DOCUMENTS_MAX) {
		error_set(err, ERROR_QUOTA, "more than %d texts are open",
			  DOCUMENTS_MAX);
		return NULL;
	}
	doc = xmalloc(sizeof(*doc));
	*doc = (struct document){ 0 };
	doc->uri = str_keep(uri);
	doc->path = str_keep(uri_to_path(uri, &a));
	*vec_push(d) = doc;
	arena_release(&a);
	return doc;
}

struct document *documents_open(struct documents *d, struct str uri,
				struct str text, int64_t version,
				struct error *err)
{
	struct document *doc = documents_find(d, uri);
	struct document none = { 0 };

	if (check_size(d, doc ? doc : &none, text.n, err) < 0)
		return NULL;
	if (!doc)
		doc = add(d, uri, err);
	if (!doc)
		return NULL;
	set_text(d, doc, str_keep(text));
	lines_index(&doc->lines, doc->text);
	doc->version = version;
	return doc;
}

static bool read_position(struct value at, struct position *out)
{
	int64_t line = value_number(at, "line", -1);
	int64_t character = value_number(at, "character", -1);

	if (line < 0 || character < 0 || line > UINT32_MAX ||
	    character > UINT32_MAX)
		return false;
	*out = (struct position){ (uint32_t)line, (uint32_t)character };
	return true;
}

static bool read_range(const struct document *doc, struct value range,
		       enum encoding e, struct span *out)
{
	const struct value *start = value_get(range, "start");
	const struct value *end = value_get(range, "end");
	struct position from, to;

	if (!start || !end || !read_position(*start, &from) ||
	    !read_position(*end, &to))
		return false;
	out->start = position_offset(&doc->lines, doc->text, e, from);
	out->end = position_offset(&doc->lines, doc->text, e, to);
	return out->start <= out->end;
}

int documents_change(struct documents *d, struct document *doc,
		     struct value change, enum encoding e, struct error *err)
{
	const struct value *range = value_get(change, "range");
	const struct value *with = value_get(change, "text");
	struct span old = { 0, (uint32_t)doc->text.n };
	struct str text;
	char *out;
	size_t n;

	if (!with || with->kind != VALUE_STRING ||
	    (range && !read_range(doc, *range, e, &old)))
		return error_set(err, ERROR_INVALID, "this is no change");
	text = with->as.text;
	n = doc->text.n - (old.end - old.start) + text.n;
	if (check_size(d, doc, n, err) < 0)
		return -1;
	out = xmalloc(n + 1);
	if (old.start)
		memcpy(out, doc->text.s, old.start);
	if (text.n)
		memcpy(out + old.start, text.s, text.n);
	memcpy(out + old.start + text.n, doc->text.s + old.end,
	       doc->text.n - old.end + 1);
	set_text(d, doc, (struct str){ out, n });
	if (range)
		lines_splice(&doc->lines, doc->text, old.start, old.end,
			     (uint32_t)text.n);
	else
		lines_index(&doc->lines, doc->text);
	return 0;
}

void documents_close(struct documents *d, struct document *doc)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->items[i] != doc)
			continue;
		d->bytes -= doc->text.n;
		document_free(doc);
		memmove(&d->items[i], &d->items[i + 1],
			(d->n - i - 1) * sizeof(*d->items));
		d->n--;
		return;
	}
}
