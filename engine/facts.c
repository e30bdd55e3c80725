#include <config.h>

#include "engine/facts.h"

#include "engine/report.h"
#include "engine/show.h"

#include <stdlib.h>

/* Tenths of a second between two times in seconds with a fraction; or -1. */
static int64_t tenths_between(struct value row, struct arena *a)
{
	struct str begin = value_text(row, "start"),
		   end = value_text(row, "end");
	double from = begin.n ? strtod(str_c(begin, a), NULL) : 0;
	double to = end.n ? strtod(str_c(end, a), NULL) : 0;

	return from > 0 && to >= from ? (int64_t)((to - from) * 10 + 0.5) : -1;
}

/* A row of table statistics with its name in one, and with its speed. */
static struct value measured(struct value row, struct arena *a)
{
	int64_t rows = value_number(row, "rows", -1);
	int64_t tenths = tenths_between(row, a);

	if (!value_text(row, "schema").n || !value_text(row, "table").n)
		return row;
	row = value_with(row, STR("table"),
			 value_str(str_fmt(a, "%.*s.%.*s",
					   STR_ARG(value_text(row, "schema")),
					   STR_ARG(value_text(row, "table")))),
			 a);
	if (tenths < 0)
		return row;
	row = value_with(
	    row, STR("time"),
	    value_str(str_fmt(a, "%lld.%lld s", (long long)(tenths / 10),
			      (long long)(tenths % 10))),
	    a);
	if (rows > 0 && tenths > 0)
		row = value_with(row, STR("rows/s"),
				 value_int(rows * 10 / tenths), a);
	return row;
}

static void print_tables(struct value list, struct arena *a)
{
	static const char *const columns[] = {
		"table",   "state",	 "rows",    "time",   "rows/s",
		"inserts", "updates",	 "deletes", "errors", "validation",
		"result",  "assessment", NULL,
	};
	struct value *rows = arena_new(a, struct value, list.as.list.n + 1);

	for (size_t i = 0; i < list.as.list.n; i++)
		rows[i] = measured(list.as.list.items[i], a);
	show_table(value_list(rows, list.as.list.n), columns, stdout);
}

/* A fact by the name it has in JSON: elapsed_ms is shown as a time. */
static void print_fact(struct str name, struct value v)
{
	uint64_t ms = 0;
	bool is_time = str_ends(name, "_ms") && v.kind == VALUE_NUMBER &&
		       str_to_u64(v.as.text, &ms);
	size_t n = is_time ? name.n - 3 : name.n;

	for (size_t i = 0; i < n; i++)
		putchar(name.s[i] == '_' ? ' ' : name.s[i]);
	fputs(": ", stdout);
	if (is_time)
		printf("%s\n", report_time((int64_t)ms).text);
	else
		show_value(v, false, stdout);
}

void facts_print(struct value facts, struct arena *a)
{
	for (size_t i = 0; facts.kind == VALUE_MAP && i < facts.as.map.n; i++) {
		const struct value_entry *e = &facts.as.map.entries[i];

		if (e->value.kind == VALUE_LIST || value_is_null(e->value) ||
		    (e->value.kind == VALUE_STRING && !e->value.as.text.n))
			continue;
		print_fact(e->key, e->value);
	}
	for (size_t i = 0; facts.kind == VALUE_MAP && i < facts.as.map.n; i++)
		if (facts.as.map.entries[i].value.kind == VALUE_LIST)
			print_tables(facts.as.map.entries[i].value, a);
}
