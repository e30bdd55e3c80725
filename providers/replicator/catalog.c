#include <config.h>

#include "providers/replicator/catalog.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/pg/pg.h"

#include <stdlib.h>
#include <string.h>

/*
 * Objects that came with the server have OIDs below 16384 (FirstNormalObjectId)
 * and are the same everywhere; what is made later has its OID per database.
 */

#define NOT_SYSTEM                                                             \
	" n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> "                       \
	"'information_schema'"

/*
 * Sizes are the planner's: pg_table_size() would wait for whoever has locked
 * any one table.
 */
static const char tables_sql[] =
    "SELECT n.nspname, c.relname, c.relkind = 'p',"
    " greatest(c.reltuples, 0)::bigint,"
    " c.relpages::bigint * current_setting('block_size')::int,"
    " pn.nspname, pc.relname, c.oid"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_inherits i ON c.relispartition AND i.inhrelid = c.oid"
    " LEFT JOIN pg_class pc ON pc.oid = i.inhparent"
    " LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND" NOT_SYSTEM
    " ORDER BY c.oid";

/*
 * b is the type a column's values are sent as: of a domain, its base. Which
 * types can be carried in binary, data-movement 3 says; those of which equal
 * values may have different text (interval, numeric without scale) are hashed
 * as text.
 */
static const char columns_sql[] =
    "SELECT c.oid, a.attname,"
    " format_type(a.atttypid, a.atttypmod),"
    " bn.nspname || '.' || b.typname,"
    " CASE WHEN t.oid < 16384 THEN NULL"
    "  WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)"
    "  WHEN t.typtype = 'e' THEN 'character varying'"
    "  ELSE 'text' END,"
    " a.attnotnull, a.attgenerated <> '',"
    " b.typtype = 'e' OR (b.oid < 16384 AND b.typtype IN ('b', 'r', 'm')"
    "  AND b.typname !~ '^_?reg' AND b.typsend <> 0 AND b.typreceive <> 0),"
    " b.oid < 16384 AND (b.typname IN ('bool', 'bpchar', 'bytea', 'char',"
    "  'cidr', 'date', 'float4', 'float8', 'inet', 'int2', 'int4', 'int8',"
    "  'macaddr', 'macaddr8', 'name', 'oid', 'text', 'time', 'timestamp',"
    "  'timestamptz', 'timetz', 'uuid', 'varchar')"
    "  OR b.typname = 'numeric' AND a.atttypmod > 0"
    "  AND a.atttypid = b.oid),"
    " a.attcollation <> 0, format_type(a.atttypid, NULL)"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_type t ON t.oid = a.atttypid"
    " JOIN pg_type b ON b.oid ="
    "  CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END"
    " JOIN pg_namespace bn ON bn.oid = b.typnamespace"
    " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"
    " AND a.attnum > 0 AND NOT a.attisdropped AND" NOT_SYSTEM
    " ORDER BY c.oid, a.attnum";

static const char keys_sql[] =
    "SELECT i.indrelid, a.attname"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY"
    "  AS k(attnum, place)"
    " JOIN pg_attribute a ON a.attrelid = i.indrelid"
    "  AND a.attnum = k.attnum"
    " WHERE i.indisprimary AND k.place <= i.indnkeyatts AND" NOT_SYSTEM
    " ORDER BY i.indrelid, k.place";

static const char types_sql[] =
    "SELECT format_type(t.oid, NULL) FROM pg_type t WHERE t.oid >= 16384";

static const char schemas_sql[] = "SELECT nspname FROM pg_namespace";

static struct str cell(const struct pg_result *r, size_t row, size_t column)
{
	return r->cells[row * r->n_columns + column];
}

static bool is_true(struct str s)
{
	return str_is(s, "t");
}

static int64_t number(struct str s)
{
	return s.s ? strtoll(s.s, NULL, 10) : 0;
}

struct str catalog_key(struct str schema, struct str table, struct arena *a)
{
	char *key = arena_new(a, char, schema.n + table.n + 2);

	/* Names cannot hold a NUL. */
	if (schema.n)
		memcpy(key, schema.s, schema.n);
	if (table.n)
		memcpy(key + schema.n + 1, table.s, table.n);
	return (struct str){ key, schema.n + table.n + 1 };
}

/* A partitioned table is as large as its leaves. */
static void sum_partitions(struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct table *leaf = &c->tables[i];
		struct str parent = leaf->parent;

		while (parent.n && !leaf->is_partitioned) {
			struct table *up = map_get(&c->by_name, parent);

			if (!up)
				break;
			up->rows += leaf->rows;
			up->bytes += leaf->bytes;
			parent = up->parent;
		}
	}
}

static int read_tables(struct pg *c, struct arena *a, struct catalog *out,
		       struct pg_result *r, struct error *err)
{
	if (pg_query(c, tables_sql, 0, NULL, a, r, err) < 0)
		return -1;
	out->n = r->n_rows;
	out->tables = arena_new(a, struct table, r->n_rows + 1);
	for (size_t i = 0; i < r->n_rows; i++) {
		struct table *t = &out->tables[i];

		t->schema = cell(r, i, 0);
		t->name = cell(r, i, 1);
		t->is_partitioned = is_true(cell(r, i, 2));
		if (!t->is_partitioned) {
			t->rows = number(cell(r, i, 3));
			t->bytes = number(cell(r, i, 4));
		}
		if (cell(r, i, 6).s)
			t->parent =
			    catalog_key(cell(r, i, 5), cell(r, i, 6), a);
		map_put(&out->by_name, catalog_key(t->schema, t->name, a), t);
	}
	sum_partitions(out);
	return 0;
}

static unsigned flags_of(const struct pg_result *r, size_t row)
{
	static const struct {
		size_t column;
		unsigned flag;
	} flags[] = {
		{ 5, COLUMN_NOT_NULL }, { 6, COLUMN_GENERATED },
		{ 7, COLUMN_BINARY },	{ 8, COLUMN_HASHED },
		{ 9, COLUMN_TEXT },
	};
	unsigned all = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (is_true(cell(r, row, flags[i].column)))
			all |= flags[i].flag;
	return all;
}

/*
 * The rows of a result ordered by OID belong to the tables in the same order:
 * one walk over both. A table that vanished between the queries is passed over.
 */
static int read_columns(struct pg *c, struct arena *a, struct catalog *out,
			const struct pg_result *tables, struct error *err)
{
	struct pg_result r;
	size_t at = 0;

	if (pg_query(c, columns_sql, 0, NULL, a, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		struct table *t = &out->tables[i];
		int64_t oid = number(cell(tables, i, 7));
		size_t end;

		while (at < r.n_rows && number(cell(&r, at, 0)) < oid)
			at++;
		for (end = at; end < r.n_rows; end++)
			if (number(cell(&r, end, 0)) != oid)
				break;
		t->columns = arena_new(a, struct column, end - at + 1);
		for (; at < end; at++) {
			struct column *column = &t->columns[t->n_columns++];

			column->name = cell(&r, at, 1);
			column->type = cell(&r, at, 2);
			column->base = cell(&r, at, 3);
			column->plain = cell(&r, at, 4);
			column->bare = cell(&r, at, 10);
			column->flags = flags_of(&r, at);
		}
	}
	return 0;
}

static int read_keys(struct pg *c, struct arena *a, struct catalog *out,
		     const struct pg_result *tables, struct error *err)
{
	struct pg_result r;
	size_t at = 0;

	if (pg_query(c, keys_sql, 0, NULL, a, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		struct table *t = &out->tables[i];
		int64_t oid = number(cell(tables, i, 7));
		size_t end;

		while (at < r.n_rows && number(cell(&r, at, 0)) < oid)
			at++;
		for (end = at; end < r.n_rows; end++)
			if (number(cell(&r, end, 0)) != oid)
				break;
		t->key = arena_new(a, struct str, end - at + 1);
		for (; at < end; at++)
			t->key[t->n_key++] = cell(&r, at, 1);
	}
	return 0;
}

static int read_names(struct pg *c, const char *sql, struct arena *a,
		      struct map *out, struct error *err)
{
	struct pg_result r;

	if (pg_query(c, sql, 0, NULL, a, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < r.n_rows; i++)
		map_put(out, r.cells[i], (void *)(uintptr_t)r.cells[i].s);
	return 0;
}

int catalog_read(struct pg *c, struct arena *a, struct catalog *out,
		 struct error *err)
{
	struct pg_result tables;

	memset(out, 0, sizeof(*out));
	if (read_tables(c, a, out, &tables, err) < 0 ||
	    read_columns(c, a, out, &tables, err) < 0 ||
	    read_keys(c, a, out, &tables, err) < 0 ||
	    read_names(c, types_sql, a, &out->types, err) < 0 ||
	    read_names(c, schemas_sql, a, &out->schemas, err) < 0) {
		catalog_clear(out);
		return error_add(err, "could not read the catalog");
	}
	return 0;
}

void catalog_clear(struct catalog *c)
{
	map_release(&c->by_name);
	map_release(&c->types);
	map_release(&c->schemas);
}

const struct table *catalog_find(const struct catalog *c, struct str schema,
				 struct str table)
{
	struct arena a = { 0 };
	const struct table *t =
	    map_get(&c->by_name, catalog_key(schema, table, &a));

	arena_release(&a);
	return t;
}

const struct column *table_column(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (str_eq(t->columns[i].name, name))
			return &t->columns[i];
	return NULL;
}
