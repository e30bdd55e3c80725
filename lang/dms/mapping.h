#ifndef DMSL_LANG_DMS_MAPPING_H
#define DMSL_LANG_DMS_MAPPING_H

/*
 * Table mappings: the JSON document that AWS DMS takes, and tables { } of the
 * language compiled to it. Pure. Used by the language's checks, by the dms_task
 * type and by the replicator, so that all understand the same.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct ast_block;
struct diags;
struct error;
struct source;

enum mapping_action { MAPPING_INCLUDE, MAPPING_EXCLUDE, MAPPING_EXPLICIT };

struct mapping_condition {
	struct str column;
	struct str op; /* "eq", "gte", "between", "null", … as DMS spells it */
	struct str value, value2;
};

struct mapping_selection {
	enum mapping_action action;
	struct str schema, table; /* patterns; exact for MAPPING_EXPLICIT */
	int load_order;		  /* higher starts first; 0: not given */
	/* Filters are and-ed; the conditions within one filter or-ed. */
	struct mapping_condition *conditions;
	size_t *filter_ends; /* index behind the last condition of a filter */
	size_t n_filters;
};

enum mapping_target { MAPPING_SCHEMA, MAPPING_TABLE, MAPPING_COLUMN };

struct mapping_transformation {
	enum mapping_target target;
	struct str action; /* "rename", "convert-lowercase", … */
	struct str schema, table, column;
	struct str value, old_value;
	uint64_t id;
};

struct mapping {
	struct mapping_selection *selections;
	size_t n_selections;
	struct mapping_transformation *transformations;
	size_t n_transformations;
	bool has_other_rules; /* table-settings, validation: not run locally */
};

/* Compiles tables { } to canonical JSON text; -1 with findings. */
int mapping_compile(const struct ast_block *tables, const struct source *s,
		    struct diags *d, struct arena *a, struct str *json);
/*
 * Reads and checks a document; on failure the message is the one AWS gives
 * where one is known (dms-reference 1.9), of kind ERROR_INVALID.
 */
int mapping_read(struct str json, struct arena *a, struct mapping *out,
		 struct error *err);
/* Wildcards % _ [ab] [a-d] [_]; case counts. */
bool mapping_pattern_matches(struct str pattern, struct str name);
/*
 * The rule that selects a table, or NULL: exclude beats include, an exact name
 * is preferred to a pattern among includes.
 */
const struct mapping_selection *
mapping_select(const struct mapping *m, struct str schema, struct str table);
/* Schema and table name on the target after transformations. */
void mapping_rename(const struct mapping *m, struct str schema,
		    struct str table, struct arena *a, struct str *to_schema,
		    struct str *to_table);

#endif
