#ifndef DMSL_LANG_DMS_MAPPING_H
#define DMSL_LANG_DMS_MAPPING_H

/*
 * Table mappings: the JSON document that AWS DMS takes, and tables { } of the
 * language. Both become a struct mapping, which is checked and written in one
 * way. Pure. Used by the language's checks, by the dms_task type and by the
 * replicator, so that all understand the same.
 *
 *	tables { }  --mapping_compile-->  struct mapping  --mapping_write-->
 *JSON JSON        --mapping_read-->     struct mapping
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct ast_block;
struct diags;
struct dms_report;
struct error;
struct source;

enum mapping_action { MAPPING_INCLUDE, MAPPING_EXCLUDE, MAPPING_EXPLICIT };

struct mapping_condition {
	struct str column;
	struct str op; /* "eq", "gte", "between", "null", … as DMS spells it */
	struct str value, value2;
};

/* What every rule has. */
struct mapping_rule {
	size_t index;	 /* in "rules" */
	uint64_t id;	 /* lower wins where two would change one thing */
	struct str name; /* often the id */
};

enum mapping_kind { MAPPING_TABLES, MAPPING_VIEWS, MAPPING_ALL };

struct mapping_selection {
	struct mapping_rule rule;
	enum mapping_action action;
	enum mapping_kind kind;
	struct str schema, table; /* patterns; exact for MAPPING_EXPLICIT */
	int load_order;		  /* higher starts first; 0: not given */
	/* Filters are and-ed; the conditions within one filter or-ed. */
	struct mapping_condition *conditions;
	size_t *filter_ends; /* index behind the last condition of a filter */
	size_t n_filters;
};

enum mapping_target { MAPPING_SCHEMA, MAPPING_TABLE, MAPPING_COLUMN };

/* A DMS data type; -1 for a number that is not given. */
struct mapping_type {
	struct str name; /* "numeric"; empty: no type */
	int64_t length, precision, scale;
};

struct mapping_transformation {
	struct mapping_rule rule;
	enum mapping_target target;
	struct str action; /* "rename", "convert-lowercase", … */
	struct str schema, table, column;
	struct str of; /* only columns of this DMS type; empty: of any */
	struct str value, old_value, expression;
	struct mapping_type type;
	/* define-primary-key */
	struct str key;
	bool is_unique; /* a unique index instead */
	struct str *columns;
	size_t n_columns;
	/* add-before-image-columns */
	struct str prefix, suffix, filter;
};

struct mapping_boundary {
	struct str *values;
	size_t n;
};

/* Table-settings: how one table is loaded. */
struct mapping_load {
	struct mapping_rule rule;
	struct str schema, table; /* exact */
	struct str parallel;	  /* "ranges", "none", …; empty: not given */
	struct str *columns;
	size_t n_columns;
	struct mapping_boundary *boundaries; /* upper bounds, ascending */
	size_t n_boundaries;
	struct str lobs; /* "limited", "unlimited", "none"; empty: not given */
	int64_t lob_kb;
};

/* What is compared of a column instead of its value. */
struct mapping_validation {
	struct mapping_rule rule;
	struct str schema, table, column; /* patterns */
	struct str of; /* only columns of this DMS type; empty: of any */
	/* SQL with ${column-name}; empty: the column as it is */
	struct str source, target;
};

struct mapping {
	size_t n; /* rules in all */
	struct mapping_selection *selections;
	size_t n_selections;
	struct mapping_transformation *transformations;
	size_t n_transformations;
	struct mapping_load *loads;
	size_t n_loads;
	struct mapping_validation *validations;
	size_t n_validations;
};

enum {
	MAPPING_RULES_MAX = 60000,
	MAPPING_NAME_MAX = 63, /* bytes; PostgreSQL cuts longer names */
	MAPPING_PATTERN_MAX = 500,
};

/* What a rule's check needs to know of the task; empty: not known. */
struct mapping_task {
	struct str mode; /* "full_load", "cdc", "full_load_and_cdc" */
};

/*
 * Compiles tables { } to canonical JSON text; -1 with findings. s: the text
 * that the block stands in.
 */
int mapping_compile(const struct ast_block *tables, const struct source *s,
		    const struct mapping_task *task, struct diags *d,
		    struct arena *a, struct str *json);
/*
 * Reads and checks a document; on failure the message is the one AWS gives
 * where one is known (dms-reference 1.9), of kind ERROR_INVALID. What AWS finds
 * only when a task runs is not looked for.
 */
int mapping_read(struct str json, struct arena *a, struct mapping *out,
		 struct error *err);
/*
 * The same of a document that is a value already, with every problem reported;
 * false when nothing useful came out.
 */
bool mapping_read_value(struct value document, struct arena *a,
			struct dms_report *r, struct mapping *out);
/* What one rule can get wrong, beyond what reading it finds. */
void mapping_check_rules(const struct mapping *m, struct dms_report *r);
/* What rules get wrong together, and what only a run would tell. */
void mapping_check_meaning(const struct mapping *m,
			   const struct mapping_task *task,
			   struct dms_report *r);
/* Canonical JSON text; empty when it were larger than 64 MiB. */
struct str mapping_write(const struct mapping *m, struct arena *a);

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

/* Whether a rule computes one of those names, which mapping_rename() cannot. */
bool mapping_is_computed(const struct mapping *m, struct str schema,
			 struct str table);

#endif
