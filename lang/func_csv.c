/*
 * csv_decode(): RFC 4180, strictly. Fields are separated by commas and records
 * by line ends, "\r\n" or "\n"; the last record need not have one. A field in
 * quotes may hold all of these, and a quote as two. The first record has the
 * names of the fields. A mark of the byte order before it is skipped.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "lang/func_impl.h"

#include <string.h>

struct csv {
	struct func_call *call;
	struct str rest;
	size_t line;	 /* from 1, of what comes next */
	size_t n_fields; /* read so far */
	VEC(struct str) fields;
};

static int fail_at_line(struct csv *r, const char *what)
{
	return func_fail(r->call, 0, "line %zu: %s", r->line, what);
}

/* What stands behind a field: a comma, the end of the line or of the text. */
static bool is_end(struct str s)
{
	return s.n == 0 || s.s[0] == ',' || s.s[0] == '\n' ||
	       str_starts(s, "\r\n");
}

/* Behind the opening quote; two quotes are one. */
static int read_quoted(struct csv *r, struct str *out)
{
	size_t end = 0, n = 0;
	char *text;

	while (end < r->rest.n && (r->rest.s[end] != '"' ||
				   str_starts(str_skip(r->rest, end), "\"\"")))
		end += r->rest.s[end] == '"' ? 2 : 1;
	if (end >= r->rest.n)
		return fail_at_line(r, "a quote is not closed");
	text = arena_new(r->call->arena, char, end + 1);
	for (size_t i = 0; i < end; i++) {
		text[n++] = r->rest.s[i];
		r->line += r->rest.s[i] == '\n';
		i += r->rest.s[i] == '"';
	}
	*out = (struct str){ text, n };
	r->rest = str_skip(r->rest, end + 1);
	if (!is_end(r->rest))
		return fail_at_line(r, "text follows a closing quote");
	return 0;
}

static int read_field(struct csv *r, struct str *out)
{
	size_t n = 0;

	if (str_starts(r->rest, "\"")) {
		r->rest = str_skip(r->rest, 1);
		return read_quoted(r, out);
	}
	while (!is_end(str_skip(r->rest, n))) {
		if (r->rest.s[n] == '"')
			return fail_at_line(r, "a quote stands within a field "
					       "that does not begin with one");
		n++;
	}
	*out = str_sub(r->rest, 0, n);
	r->rest = str_skip(r->rest, n);
	return 0;
}

/* One record into r->fields. */
static int read_record(struct csv *r)
{
	r->fields.n = 0;
	for (;;) {
		struct str *field = vec_push(&r->fields);

		if (++r->n_fields > FUNC_LIST_MAX)
			return func_fail(r->call, 0,
					 "the text has more than %d fields",
					 FUNC_LIST_MAX);
		if (read_field(r, field) < 0)
			return -1;
		if (!str_starts(r->rest, ","))
			break;
		r->rest = str_skip(r->rest, 1);
	}
	r->rest = str_skip(r->rest, str_starts(r->rest, "\r\n") ? 2 : 1);
	r->line++;
	return 0;
}

/* The names of the fields, and the order of each among them. */
static int read_names(struct csv *r, struct value_entry **names, size_t *n)
{
	struct map seen = { 0 };
	int result = 0;

	if (read_record(r) < 0)
		return -1;
	*n = r->fields.n;
	*names = arena_new(r->call->arena, struct value_entry, *n);
	for (size_t i = 0; i < *n && result == 0; i++) {
		(*names)[i].key = r->fields.items[i];
		/* Only the place of the field, until the names are sorted. */
		(*names)[i].value.as.amount = (int64_t)i;
		if (map_add(&seen, r->fields.items[i], *names))
			result = func_fail(r->call, 0,
					   "two fields of the first line have "
					   "the same name: %zu is the second",
					   i + 1);
	}
	map_release(&seen);
	return result;
}

static int read_row(struct csv *r, struct value names, struct value *out)
{
	size_t n = names.as.map.n, line = r->line;
	struct value_entry *entries;

	if (read_record(r) < 0)
		return -1;
	if (r->fields.n != n)
		return func_fail(
		    r->call, 0, "line %zu has %zu field%s, the first line %zu",
		    line, r->fields.n, r->fields.n == 1 ? "" : "s", n);
	entries = arena_new(r->call->arena, struct value_entry, n);
	for (size_t i = 0; i < n; i++) {
		const struct value_entry *name = &names.as.map.entries[i];

		entries[i].key = name->key;
		entries[i].value =
		    value_str(r->fields.items[name->value.as.amount]);
	}
	*out = value_sorted(entries, n);
	return 0;
}

static int read_all(struct csv *r, struct value *out)
{
	VEC(struct value) rows = { 0 };
	struct value_entry *entries;
	struct value names;
	size_t n;

	if (read_names(r, &entries, &n) < 0)
		return -1;
	names = value_map(entries, n, r->call->arena);
	while (r->rest.n) {
		if (read_row(r, names, vec_push(&rows)) < 0) {
			vec_release(&rows);
			return -1;
		}
	}
	n = rows.n;
	*out = value_list(vec_take(&rows, r->call->arena), n);
	return 0;
}

int func_csv_decode(struct func_call *c, struct value *out)
{
	struct csv r = { .call = c, .rest = c->args[0].as.text, .line = 1 };
	int result = 0;

	if (str_starts(r.rest, "\xef\xbb\xbf"))
		r.rest = str_skip(r.rest, 3);
	*out = value_list(NULL, 0);
	if (r.rest.n)
		result = read_all(&r, out);
	vec_release(&r.fields);
	return result;
}
