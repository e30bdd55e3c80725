#include <config.h>

#include "engine/show.h"

#include "engine/lines.h"
#include "engine/state.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/json.h"

#include <string.h>

enum { VALUE_MAX = 64 << 20 };

static void put(struct buf *b, FILE *out)
{
	fwrite(b->data, 1, b->len, out);
	buf_release(b);
}

void show_json(struct value v, bool reveal, FILE *out)
{
	struct buf b;

	buf_init(&b, VALUE_MAX);
	json_write(&b, v, JSON_INDENT | (reveal ? JSON_REVEAL : 0));
	if (!b.len || b.data[b.len - 1] != '\n')
		buf_add_char(&b, '\n');
	put(&b, out);
}

void show_value(struct value v, bool reveal, FILE *out)
{
	if (v.kind == VALUE_STRING && (reveal || !value_has_secret(v)))
		fprintf(out, "%.*s\n", STR_ARG(v.as.text));
	else if (value_has_secret(v) && !reveal && v.kind == VALUE_STRING)
		fprintf(out, "(secret)\n");
	else
		show_json(v, reveal, out);
}

static int name_width(struct value attrs)
{
	size_t widest = 2;

	for (size_t i = 0; attrs.kind == VALUE_MAP && i < attrs.as.map.n; i++)
		if (attrs.as.map.entries[i].key.n > widest)
			widest = attrs.as.map.entries[i].key.n;
	return (int)widest;
}

static void show_attr(const struct value_entry *e, int width, bool by_lines,
		      FILE *out)
{
	static const struct lines_style lines = { .indent = 4 };
	struct buf b;

	buf_init(&b, VALUE_MAX);
	buf_fmt(&b, "  %-*.*s = ", width, STR_ARG(e->key));
	if (by_lines && e->value.kind == VALUE_STRING && !e->value.marks &&
	    lines_count(e->value.as.text) > 1) {
		buf_fmt(&b, "(%zu lines)", lines_count(e->value.as.text));
		lines_text(&b, e->value.as.text, &lines);
	} else {
		json_write(&b, e->value, 0);
	}
	buf_add_char(&b, '\n');
	put(&b, out);
}

static void show_one(const struct state_resource *r, bool is_full, FILE *out)
{
	struct value attrs = r->attrs;
	int width = name_width(attrs);

	fprintf(out, "%.*s%s\n", STR_ARG(r->address),
		r->is_tainted ? "  (incomplete: will be replaced)" : "");
	fprintf(out, "  %-*s = %.*s\n", width, "id", STR_ARG(r->id));
	for (size_t i = 0; attrs.kind == VALUE_MAP && i < attrs.as.map.n; i++) {
		const struct value_entry *e = &attrs.as.map.entries[i];

		if (!value_is_null(e->value) && !str_is(e->key, "id"))
			show_attr(e, width, is_full, out);
	}
	if (!is_full)
		return;
	if (r->prevent_destroy || r->keep_on_destroy)
		fprintf(out, "  lifecycle:%s%s\n",
			r->prevent_destroy ? " prevent_destroy" : "",
			r->keep_on_destroy ? " keep_on_destroy" : "");
	for (size_t i = 0; i < r->n_deps; i++)
		fprintf(out, "%s%.*s%s", i ? "  " : "  needs ",
			STR_ARG(r->deps[i]), i + 1 == r->n_deps ? "\n" : "");
}

void show_resource(const struct state_resource *r, FILE *out)
{
	show_one(r, false, out);
}

/* "3 resources: 2 data, 1 random_password" */
static void show_counts(struct state_resource *const *all, size_t n, bool types,
			FILE *out)
{
	struct arena a = { 0 };
	struct map counts = { 0 };

	for (size_t i = 0; i < n; i++) {
		size_t *count = map_get(&counts, all[i]->type);

		if (!count) {
			count = arena_new(&a, size_t, 1);
			map_put(&counts, all[i]->type, count);
		}
		++*count;
	}
	fprintf(out, "%zu resource%s", n, n == 1 ? "" : "s");
	for (size_t i = 0; types && i < counts.n; i++)
		fprintf(out, "%s%zu %.*s", i ? ", " : ": ",
			*(size_t *)counts.entries[i].value,
			STR_ARG(counts.entries[i].key));
	fputc('\n', out);
	map_release(&counts);
	arena_release(&a);
}

void show_state(const struct state *s, enum plan_detail detail, FILE *out)
{
	struct arena a = { 0 };
	size_t n;
	struct state_resource **sorted = state_sorted(s, &a, &n);

	for (size_t i = 0; i < n; i++) {
		if (detail == PLAN_SUMMARY) {
			fprintf(out, "%.*s%s\n", STR_ARG(sorted[i]->address),
				sorted[i]->is_tainted ? "  (incomplete)" : "");
			continue;
		}
		show_one(sorted[i], detail == PLAN_FULL, out);
		fputc('\n', out);
	}
	show_counts(sorted, n, detail == PLAN_SUMMARY, out);
	arena_release(&a);
}

void show_plan(struct str text, enum plan_detail detail, FILE *out)
{
	while (text.n) {
		struct str line = str_cut(&text, '\n');

		if (detail == PLAN_SUMMARY && str_starts(line, " ") &&
		    !str_starts(line, "  effect "))
			continue;
		fprintf(out, "%.*s\n", STR_ARG(line));
	}
}

struct value show_resource_value(const struct state_resource *r,
				 struct arena *a)
{
	struct value *deps = arena_new(a, struct value, r->n_deps + 1);
	struct value_entry entries[] = {
		{ STR("address"), value_str(r->address) },
		{ STR("attributes"), r->attrs },
		{ STR("depends_on"), value_list(deps, r->n_deps) },
		{ STR("id"), value_str(r->id) },
		{ STR("provider"), value_str(r->provider) },
		{ STR("tainted"), value_bool(r->is_tainted) },
		{ STR("type"), value_str(r->type) },
	};

	for (size_t i = 0; i < r->n_deps; i++)
		deps[i] = value_str(r->deps[i]);
	return value_map(entries, sizeof(entries) / sizeof(*entries), a);
}

/* Numbers with commas: 1,000,000. */
static void add_number(struct buf *b, struct str digits)
{
	for (size_t i = 0; i < digits.n; i++) {
		buf_add_char(b, digits.s[i]);
		if ((digits.n - i - 1) % 3 == 0 && i + 1 < digits.n &&
		    digits.s[i] != '-')
			buf_add_char(b, ',');
	}
}

static struct str cell(const struct value *v, struct arena *a)
{
	struct buf b;
	struct str text;

	buf_init(&b, 1000);
	if (!v || value_is_null(*v))
		buf_add_c(&b, "-");
	else if (v->kind == VALUE_NUMBER && str_find(v->as.text, '.') < 0)
		add_number(&b, v->as.text);
	else if (v->kind == VALUE_STRING && !value_has_secret(*v))
		buf_add_str(&b, v->as.text);
	else
		json_write(&b, *v, 0);
	text = str_dup(buf_str(&b), a);
	buf_release(&b);
	return text;
}

static bool has_column(struct value rows, const char *key)
{
	for (size_t i = 0; i < rows.as.list.n; i++)
		if (value_get(rows.as.list.items[i], key))
			return true;
	return false;
}

void show_table(struct value rows, const char *const *columns, FILE *out)
{
	enum { COLUMNS = 32 };
	const char *keys[COLUMNS];
	int widths[COLUMNS] = { 0 };
	bool is_number[COLUMNS] = { 0 };
	struct arena a = { 0 };
	size_t n = 0, n_rows = rows.kind == VALUE_LIST ? rows.as.list.n : 0;
	struct str *cells;

	for (; n_rows && *columns && n < COLUMNS; columns++)
		if (has_column(rows, *columns))
			keys[n++] = *columns;
	cells = arena_new(&a, struct str, (n_rows + 1) * n + 1);
	for (size_t i = 0; i < (n_rows + 1) * n; i++) {
		const struct value *v = NULL;
		size_t k = i % n;

		cells[i] = str_from(keys[k]);
		if (i >= n) {
			v = value_get(rows.as.list.items[i / n - 1], keys[k]);
			cells[i] = cell(v, &a);
		}
		if ((int)cells[i].n > widths[k])
			widths[k] = (int)cells[i].n;
		is_number[k] |= v && v->kind == VALUE_NUMBER;
	}
	for (size_t i = 0; i < (n_rows + 1) * n; i++) {
		size_t k = i % n;
		bool is_last = k + 1 == n;
		int width = is_last && !is_number[k] ? 0 : widths[k];

		fprintf(out, "%s%*.*s%s", k ? "  " : "",
			is_number[k] ? width : -width, STR_ARG(cells[i]),
			is_last ? "\n" : "");
	}
	arena_release(&a);
}
