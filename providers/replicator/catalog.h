#ifndef DMSL_PROVIDERS_REPLICATOR_CATALOG_H
#define DMSL_PROVIDERS_REPLICATOR_CATALOG_H

/*
 * The tables of a database, as far as moving rows needs them. System schemas
 * are left out. Everything lives in the arena it was read into.
 */

#include "lang/base/map.h"
#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct pg;

/* How a column's values can be carried and compared. */
enum column_flag {
	COLUMN_NOT_NULL = 1,
	COLUMN_GENERATED = 2, /* computed by the server: cannot be written */
	COLUMN_BINARY = 4,    /* binary COPY is safe where the types agree */
	COLUMN_HASHED = 8,    /* equal values have equal hashes and bytes */
	COLUMN_TEXT = 16,     /* of a type with a collation */
};

struct column {
	struct str name;
	struct str type; /* as one writes it: character varying(20) */
	struct str
	    base; /* pg_catalog.varchar; of a domain: what it stands on */
	/*
	 * Of a type that did not come with the server: what a new table gets in
	 * a database without that type. Else empty.
	 */
	struct str plain;
	struct str bare; /* the type without its length */
	unsigned flags;
};

struct table {
	struct str schema, name;
	struct column *columns;
	size_t n_columns;
	struct str *key; /* of the primary key, in its order */
	size_t n_key;
	int64_t rows; /* the planner's estimate; 0: none */
	int64_t bytes;
	bool is_partitioned;
	struct str parent; /* of a partition: "schema\0table"; else empty */
};

struct catalog {
	struct table *tables;
	size_t n;
	struct map by_name; /* keys as catalog_key() makes them */
	struct map types;   /* names of all types, as one writes them */
	struct map schemas;
};

int catalog_read(struct pg *c, struct arena *a, struct catalog *out,
		 struct error *err);
/* Frees the maps; the rest goes with the arena. */
void catalog_clear(struct catalog *c);
const struct table *catalog_find(const struct catalog *c, struct str schema,
				 struct str table);
struct str catalog_key(struct str schema, struct str table, struct arena *a);
const struct column *table_column(const struct table *t, struct str name);

#endif
