#include <config.h>

#include "providers/replicator/unit.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/dms/mapping.h"
#include "lang/dms/settings.h"
#include "providers/pg/pg.h"
#include "providers/replicator/catalog.h"

#include <string.h>

enum { SQL_MAX = 4 << 20 };

/* A column that is copied: from where, to where. */
struct pair {
	const struct column *from;
	const struct column *to; /* NULL: the table is made */
	struct str to_name;
	bool is_same_type;
};

struct work {
	const struct unit_maker *m;
	const struct table *source;
	const struct table *target; /* NULL: is made */
	const struct mapping_selection *selection;
	struct arena *a;
	struct unit *out;
	struct pair *pairs;
	size_t n;
	bool makes_table;
};

static void add_name(struct buf *b, struct str name, struct arena *a)
{
	buf_add_str(b, pg_identifier(name, a));
}

static void add_table(struct buf *b, struct str schema, struct str table,
		      struct arena *a)
{
	add_name(b, schema, a);
	buf_add_char(b, '.');
	add_name(b, table, a);
}

/* The text of a buffer, which is released. */
static const char *take(struct buf *b, struct arena *a)
{
	const char *text = str_c(buf_str(b), a);

	if (buf_is_full(b))
		BUG("a statement is larger than %d bytes", SQL_MAX);
	buf_release(b);
	return text;
}

/* --- names of columns --- */

static bool is_on_table(const struct work *w,
			const struct mapping_transformation *t)
{
	return mapping_pattern_matches(t->schema, w->source->schema) &&
	       mapping_pattern_matches(t->table, w->source->name);
}

/* Where some columns of a table are kept, all others are left out. */
static bool is_left_out(const struct work *w, struct str column)
{
	const struct mapping *m = w->m->mapping;
	bool has_kept = false;

	for (size_t i = 0; i < m->n_transformations; i++) {
		const struct mapping_transformation *t = &m->transformations[i];

		if (!str_is(t->action, "include-column") || !is_on_table(w, t))
			continue;
		if (mapping_pattern_matches(t->column, column))
			return false;
		has_kept = true;
	}
	return has_kept;
}

static const struct mapping_transformation *
transformation_of(const struct work *w, struct str column)
{
	const struct mapping *m = w->m->mapping;
	const struct mapping_transformation *best = NULL;

	for (size_t i = 0; i < m->n_transformations; i++) {
		const struct mapping_transformation *t = &m->transformations[i];

		if (t->target == MAPPING_COLUMN &&
		    !str_is(t->action, "include-column") &&
		    (!best || t->rule.id < best->rule.id) &&
		    is_on_table(w, t) &&
		    mapping_pattern_matches(t->column, column))
			best = t;
	}
	return best;
}

static struct str with_case(struct str s, bool is_upper, struct arena *a)
{
	char *out = arena_new(a, char, s.n + 1);

	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];

		if (is_upper && c >= 'a' && c <= 'z')
			c = (char)(c - 32);
		else if (!is_upper && c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		out[i] = c;
	}
	return (struct str){ out, s.n };
}

static struct str joined(struct str x, struct str y, struct arena *a)
{
	return str_fmt(a, "%.*s%.*s", STR_ARG(x), STR_ARG(y));
}

static bool begins(struct str s, struct str with)
{
	return s.n >= with.n && str_eq(str_sub(s, 0, with.n), with);
}

static bool ends(struct str s, struct str with)
{
	return s.n >= with.n && str_eq(str_skip(s, s.n - with.n), with);
}

/* 1: the column is left out. -1: an action that is not carried out here. */
static int rename_column(const struct work *w, struct str name, struct str *out)
{
	const struct mapping_transformation *t = transformation_of(w, name);
	struct arena *a = w->a;

	*out = name;
	if (is_left_out(w, name))
		return 1;
	if (!t)
		return 0;
	if (str_is(t->action, "remove-column"))
		return 1;
	if (str_is(t->action, "rename") && t->value.n)
		*out = t->value;
	else if (str_is(t->action, "convert-lowercase"))
		*out = with_case(name, false, a);
	else if (str_is(t->action, "convert-uppercase"))
		*out = with_case(name, true, a);
	else if (str_is(t->action, "add-prefix"))
		*out = joined(t->value, name, a);
	else if (str_is(t->action, "add-suffix"))
		*out = joined(name, t->value, a);
	else if (str_is(t->action, "remove-prefix"))
		*out =
		    begins(name, t->value) ? str_skip(name, t->value.n) : name;
	else if (str_is(t->action, "remove-suffix"))
		*out = ends(name, t->value)
			   ? str_sub(name, 0, name.n - t->value.n)
			   : name;
	else if (str_is(t->action, "replace-prefix"))
		*out = begins(name, t->old_value)
			   ? joined(t->value, str_skip(name, t->old_value.n), a)
			   : name;
	else if (str_is(t->action, "replace-suffix"))
		*out = ends(name, t->old_value)
			   ? joined(str_sub(name, 0, name.n - t->old_value.n),
				    t->value, a)
			   : name;
	else
		return error_set(
		    &w->out->broken, ERROR_INVALID,
		    "transformation \"%.*s\" of column \"%.*s\" is "
		    "not carried out by this replication server",
		    STR_ARG(t->action), STR_ARG(name));
	return 0;
}

static bool is_known_type(const struct work *w, const struct column *c)
{
	return c->plain.n == 0 || map_has(&w->m->to->types, c->bare);
}

static int pair_columns(struct work *w)
{
	const struct table *s = w->source;

	w->pairs = arena_new(w->a, struct pair, s->n_columns + 1);
	for (size_t i = 0; i < s->n_columns; i++) {
		struct pair p = { .from = &s->columns[i] };
		int rc = rename_column(w, p.from->name, &p.to_name);

		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		if (w->makes_table) {
			p.is_same_type = is_known_type(w, p.from);
			w->pairs[w->n++] = p;
			continue;
		}
		p.to = table_column(w->target, p.to_name);
		/* The target computes it itself. */
		if (p.to && p.to->flags & COLUMN_GENERATED)
			continue;
		if (!p.to) {
			error_set(&w->out->broken, ERROR_NOT_FOUND,
				  "the target table has no column \"%.*s\"",
				  STR_ARG(p.to_name));
			return -1;
		}
		p.is_same_type = str_eq(p.from->base, p.to->base);
		w->pairs[w->n++] = p;
	}
	if (w->n == 0)
		return error_set(&w->out->broken, ERROR_INVALID,
				 "the table has no columns to copy");
	return 0;
}

/* --- preparing --- */

static struct str type_of(const struct work *w, const struct column *c)
{
	return is_known_type(w, c) ? c->type : c->plain;
}

/* Whether every column of the key is copied. */
static bool keeps_key(const struct work *w)
{
	const struct table *s = w->source;

	for (size_t i = 0; i < s->n_key; i++) {
		bool is_there = false;

		for (size_t j = 0; j < w->n && !is_there; j++)
			is_there = str_eq(w->pairs[j].from->name, s->key[i]);
		if (!is_there)
			return false;
	}
	return s->n_key > 0;
}

static void add_key(const struct work *w, struct buf *b)
{
	const struct table *s = w->source;

	buf_add_c(b, "PRIMARY KEY (");
	for (size_t i = 0; i < s->n_key; i++) {
		struct str name = s->key[i];

		rename_column(w, s->key[i], &name);
		if (i)
			buf_add_c(b, ", ");
		add_name(b, name, w->a);
	}
	buf_add_char(b, ')');
}

static void add_create(const struct work *w, struct buf *b)
{
	const struct unit *u = w->out;

	buf_add_c(b, "CREATE TABLE ");
	add_table(b, u->to_schema, u->to_table, w->a);
	buf_add_c(b, " (");
	for (size_t i = 0; i < w->n; i++) {
		const struct pair *p = &w->pairs[i];

		if (i)
			buf_add_c(b, ", ");
		add_name(b, p->to_name, w->a);
		buf_add_char(b, ' ');
		buf_add_str(b, type_of(w, p->from));
		if (p->from->flags & COLUMN_NOT_NULL)
			buf_add_c(b, " NOT NULL");
	}
	if (keeps_key(w) && !w->m->settings->create_pk_after) {
		buf_add_c(b, ", ");
		add_key(w, b);
	}
	buf_add_char(b, ')');
}

static void write_prepare(struct work *w)
{
	struct unit *u = w->out;
	struct buf b;

	buf_init(&b, SQL_MAX);
	if (w->target && w->makes_table) {
		buf_add_c(&b, "DROP TABLE ");
		add_table(&b, u->to_schema, u->to_table, w->a);
		buf_add_c(&b, "; ");
	}
	if (w->makes_table) {
		add_create(w, &b);
	} else if (w->m->settings->prep == PREP_TRUNCATE) {
		buf_add_c(&b, "TRUNCATE TABLE ");
		if (!w->target->is_partitioned)
			buf_add_c(&b, "ONLY ");
		add_table(&b, u->to_schema, u->to_table, w->a);
	}
	u->keeps_rows = w->m->settings->prep == PREP_NOTHING;
	u->prepare = b.len ? take(&b, w->a) : NULL;
	if (!u->prepare)
		buf_release(&b);
	if (!w->makes_table || !w->m->settings->create_pk_after ||
	    !keeps_key(w))
		return;
	buf_init(&b, SQL_MAX);
	buf_add_c(&b, "ALTER TABLE ");
	add_table(&b, u->to_schema, u->to_table, w->a);
	buf_add_c(&b, " ADD ");
	add_key(w, &b);
	u->afterwards = take(&b, w->a);
}

/* --- the rows --- */

static const struct {
	const char *name;
	const char *sql; /* "%" stands before the first value, "&" the second */
} operators[] = {
	{ "eq", " = " },
	{ "noteq", " <> " },
	{ "gte", " >= " },
	{ "lte", " <= " },
	{ "ste", " <= " },
	{ "between", " BETWEEN " },
	{ "notbetween", " NOT BETWEEN " },
	{ "null", " IS NULL" },
	{ "notnull", " IS NOT NULL" },
};

static int add_condition(const struct work *w, struct buf *b,
			 const struct mapping_condition *c)
{
	const char *sql = NULL;

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (str_is(c->op, operators[i].name))
			sql = operators[i].sql;
	if (!sql)
		return error_set(&w->out->broken, ERROR_INVALID,
				 "the filter operator \"%.*s\" is not known",
				 STR_ARG(c->op));
	if (!table_column(w->source, c->column))
		return error_set(&w->out->broken, ERROR_NOT_FOUND,
				 "the filter's column \"%.*s\" does not exist",
				 STR_ARG(c->column));
	add_name(b, c->column, w->a);
	buf_add_c(b, sql);
	if (str_ends(str_from(sql), "NULL"))
		return 0;
	buf_add_str(b, pg_literal(c->value, w->a));
	if (str_ends(str_from(sql), "BETWEEN ")) {
		buf_add_c(b, " AND ");
		buf_add_str(b, pg_literal(c->value2, w->a));
	}
	return 0;
}

/* " WHERE …", or nothing. */
static int add_filter(const struct work *w, struct buf *b)
{
	const struct mapping_selection *s = w->selection;
	size_t at = 0;

	for (size_t i = 0; i < s->n_filters; i++) {
		buf_add_c(b, i ? " AND (" : " WHERE (");
		for (size_t first = at; at < s->filter_ends[i]; at++) {
			if (at > first)
				buf_add_c(b, " OR ");
			if (add_condition(w, b, &s->conditions[at]) < 0)
				return -1;
		}
		buf_add_char(b, ')');
	}
	return 0;
}

static void add_source(const struct work *w, struct buf *b)
{
	buf_add_c(b, " FROM ");
	if (!w->source->is_partitioned)
		buf_add_c(b, "ONLY ");
	add_table(b, w->source->schema, w->source->name, w->a);
}

/* COPY takes a table's name only when no query is needed. */
static bool needs_query(const struct work *w)
{
	if (w->source->is_partitioned || w->selection->n_filters)
		return true;
	for (size_t i = 0; i < w->n; i++)
		if (w->pairs[i].from->flags & COLUMN_GENERATED)
			return true;
	return false;
}

static void add_columns(const struct work *w, struct buf *b, bool is_target)
{
	for (size_t i = 0; i < w->n; i++) {
		if (i)
			buf_add_c(b, ", ");
		add_name(
		    b, is_target ? w->pairs[i].to_name : w->pairs[i].from->name,
		    w->a);
	}
}

static bool is_binary(const struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct pair *p = &w->pairs[i];

		if (!p->is_same_type || !(p->from->flags & COLUMN_BINARY) ||
		    (p->to && !(p->to->flags & COLUMN_BINARY)))
			return false;
	}
	return true;
}

static int write_copy(struct work *w)
{
	const char *format = is_binary(w) ? "binary" : "text";
	struct unit *u = w->out;
	struct buf b;
	int rc = 0;

	buf_init(&b, SQL_MAX);
	buf_add_c(&b, "COPY ");
	if (needs_query(w)) {
		buf_add_c(&b, "(SELECT ");
		add_columns(w, &b, false);
		add_source(w, &b);
		rc = add_filter(w, &b);
		buf_add_c(&b, ")");
	} else {
		add_table(&b, w->source->schema, w->source->name, w->a);
		buf_add_c(&b, " (");
		add_columns(w, &b, false);
		buf_add_c(&b, ")");
	}
	buf_fmt(&b, " TO STDOUT (FORMAT %s)", format);
	u->copy_from = take(&b, w->a);
	buf_init(&b, SQL_MAX);
	buf_add_c(&b, "COPY ");
	add_table(&b, u->to_schema, u->to_table, w->a);
	buf_add_c(&b, " (");
	add_columns(w, &b, true);
	buf_fmt(&b, ") FROM STDIN (FORMAT %s", format);
	/*
	 * Emptied or made in the same transaction: nobody else can see the rows
	 * before it commits, so they need no later vacuum.
	 */
	if (u->prepare &&
	    !(w->target && w->target->is_partitioned && !w->makes_table))
		buf_add_c(&b, ", FREEZE");
	buf_add_char(&b, ')');
	u->copy_to = take(&b, w->a);
	return rc;
}

/* --- comparing --- */

static void add_row(const struct work *w, struct buf *b, bool is_target)
{
	buf_add_c(b, "ROW(");
	for (size_t i = 0; i < w->n; i++) {
		const struct pair *p = &w->pairs[i];
		struct str name = is_target ? p->to_name : p->from->name;

		if (i)
			buf_add_c(b, ", ");
		add_name(b, name, w->a);
		/*
		 * By its own hash where that tells apart what its text tells
		 * apart; bytes, not a language's idea of equality.
		 */
		if (!p->is_same_type || !(p->from->flags & COLUMN_HASHED))
			buf_add_c(b, "::text");
		else if (p->from->flags & COLUMN_TEXT)
			buf_add_c(b, " COLLATE \"C\"");
	}
	buf_add_char(b, ')');
}

static void add_sum_head(const struct work *w, struct buf *b, bool is_target)
{
	buf_add_c(b, "SELECT count(*), coalesce(sum(h), 0) FROM (SELECT ");
	if (w->m->has_record_hash) {
		buf_add_c(b, "hash_record_extended(");
		add_row(w, b, is_target);
		buf_add_c(b, ", 0)");
	} else {
		buf_add_c(b, "hashtextextended(");
		add_row(w, b, is_target);
		buf_add_c(b, "::text, 0)");
	}
	buf_add_c(b, " AS h");
}

static int write_sums(struct work *w)
{
	struct unit *u = w->out;
	struct buf b;
	int rc;

	buf_init(&b, SQL_MAX);
	add_sum_head(w, &b, false);
	add_source(w, &b);
	rc = add_filter(w, &b);
	buf_add_c(&b, ") AS x");
	u->sum_from = take(&b, w->a);
	buf_init(&b, SQL_MAX);
	add_sum_head(w, &b, true);
	buf_add_c(&b, " FROM ");
	if (w->makes_table || !w->target->is_partitioned)
		buf_add_c(&b, "ONLY ");
	add_table(&b, u->to_schema, u->to_table, w->a);
	buf_add_c(&b, ") AS x");
	u->sum_to = take(&b, w->a);
	return rc;
}

/* Keys that the source has not, and names computed by an expression. */
static bool is_beyond_us(const struct mapping_transformation *t)
{
	return str_is(t->action, "define-primary-key") ||
	       (str_is(t->action, "rename") && t->value.n == 0);
}

static int check_table_rules(const struct work *w)
{
	const struct mapping *m = w->m->mapping;

	for (size_t i = 0; i < m->n_transformations; i++) {
		const struct mapping_transformation *t = &m->transformations[i];

		if (t->target != MAPPING_COLUMN && is_beyond_us(t) &&
		    mapping_pattern_matches(t->schema, w->source->schema) &&
		    (t->target == MAPPING_SCHEMA ||
		     mapping_pattern_matches(t->table, w->source->name)))
			return error_set(
			    &w->out->broken, ERROR_INVALID,
			    "transformation \"%.*s\" is not carried "
			    "out by this replication server",
			    STR_ARG(t->action));
	}
	return 0;
}

void unit_make(const struct unit_maker *m, const struct table *source,
	       const struct mapping_selection *selection, struct arena *a,
	       struct unit *out)
{
	struct work w = {
		.m = m,
		.source = source,
		.selection = selection,
		.a = a,
		.out = out,
	};

	memset(out, 0, sizeof(*out));
	out->source = source;
	out->load_order = selection->load_order;
	mapping_rename(m->mapping, source->schema, source->name, a,
		       &out->to_schema, &out->to_table);
	if (m->settings->target_schema.n)
		out->to_schema = m->settings->target_schema;
	w.target = catalog_find(m->to, out->to_schema, out->to_table);
	w.makes_table = !w.target || m->settings->prep == PREP_DROP;
	if (check_table_rules(&w) < 0 || pair_columns(&w) < 0)
		return;
	out->has_key = keeps_key(&w);
	write_prepare(&w);
	if (write_copy(&w) == 0)
		write_sums(&w);
}
