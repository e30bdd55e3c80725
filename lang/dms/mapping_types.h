#ifndef DMSL_LANG_DMS_MAPPING_TYPES_H
#define DMSL_LANG_DMS_MAPPING_TYPES_H

/*
 * The words of mapping documents, as tables: actions and what they need,
 * filter operators, data types. Only lang/dms/mapping*.c include it.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Where an action may stand and what it needs. */
enum action_need {
	ON_SCHEMA = 1,
	ON_TABLE = 2,
	ON_COLUMN = 4,
	NEEDS_VALUE = 8,
	NEEDS_OLD_VALUE = 16,
	MAY_HAVE_EXPRESSION = 32, /* rename: instead of the value */
	NEEDS_EXPRESSION = 64,
	NEEDS_DATA_TYPE = 128,
	NEEDS_KEY = 256,
	NEEDS_IMAGE = 512,
	NO_COLUMN = 1024, /* of a column, but its locator names a table */
};

struct mapping_action_info {
	const char *name;
	unsigned needs;
};

/* NULL: there is no such action. */
const struct mapping_action_info *mapping_action_find(struct str name);
/* The action nearest to a misspelt one, or empty. */
struct str mapping_action_near(struct str name);

struct mapping_operator {
	const char *name;
	const char *written; /* in tables { }; NULL: only in documents */
	const char *means;   /* the one spelling for several */
	int n_values;
	bool is_negative; /* stands alone in its filter */
};

const struct mapping_operator *mapping_operator_find(struct str name);
/* By how tables { } writes it. */
const struct mapping_operator *mapping_operator_written(struct str text);

enum type_size { SIZE_LENGTH = 1, SIZE_PRECISION = 2, SIZE_SCALE = 4 };

struct mapping_type_info {
	const char *name;
	unsigned sizes;	 /* enum type_size, or'ed */
	bool is_useless; /* PostgreSQL has nothing like it */
};

const struct mapping_type_info *mapping_type_find(struct str name);
struct str mapping_type_near(struct str name);

#endif
