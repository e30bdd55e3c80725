#ifndef DMSL_PROVIDERS_REPLICATOR_UNIT_H
#define DMSL_PROVIDERS_REPLICATOR_UNIT_H

/*
 * What is to be done for one table: the statements that prepare it, copy it and
 * compare it. Pure: made from two catalogs, the mapping and the settings.
 * Everything lives in the arena.
 */

#include "lang/base/error.h"
#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct catalog;
struct mapping;
struct mapping_selection;
struct settings;
struct table;

struct unit {
	const struct table *source;
	struct str to_schema, to_table;
	const char *prepare; /* in the loading transaction; NULL: nothing */
	const char *copy_from, *copy_to;
	const char *afterwards; /* in the loading transaction; NULL: nothing */
	/* Give the number of rows and a checksum, as text. */
	const char *sum_from, *sum_to;
	bool keeps_rows; /* a second load would double the rows */
	bool has_key;
	int load_order;
	size_t index; /* in the progress */
	/* Why it cannot be loaded at all. */
	struct error broken;
};

struct unit_maker {
	const struct catalog *from, *to;
	const struct mapping *mapping;
	const struct settings *settings;
	bool has_record_hash; /* both servers have hash_record_extended() */
};

/* Always fills out; what is wrong with the table goes to out->broken. */
void unit_make(const struct unit_maker *m, const struct table *source,
	       const struct mapping_selection *selection, struct arena *a,
	       struct unit *out);

#endif
