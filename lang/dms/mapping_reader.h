#ifndef DMSL_LANG_DMS_MAPPING_READER_H
#define DMSL_LANG_DMS_MAPPING_READER_H

/*
 * What the readers of rules share: mapping_read.c has the document and
 * selections, mapping_read_rules.c all other rules. Nobody else includes it.
 * Where something is wrong they report it and return -1.
 */

#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "lang/dms/mapping.h"
#include "lang/dms/problem.h"

struct reader {
	struct arena *arena;
	struct dms_report *report;
	struct value value; /* of the rule */
	struct mapping_rule rule;
	VEC(struct mapping_selection) selections;
	VEC(struct mapping_transformation) transformations;
	VEC(struct mapping_load) loads;
	VEC(struct mapping_validation) validations;
	struct map ids;
};

/* A problem of the rule that is read; unknown: AWS answers with four words. */
struct dms_problem reader_problem(const struct reader *r, const char *path);
struct dms_problem reader_unknown(const struct reader *r, const char *path);
/* A key that is there and not null: null is as good as absent. */
const struct value *reader_get(struct value map, const char *key);
/* The text under a key, empty where there is none; a number is a text. */
int reader_text(struct reader *r, struct value map, const char *key,
		const char *path, struct str *out);
/* A list of texts; path is where it stands. */
int reader_texts(struct reader *r, struct value list, const char *path,
		 struct str **out, size_t *n);
/* A whole number that may be written as a text; absent leaves *out. */
int reader_number(struct reader *r, struct value map, const char *key,
		  const char *path, int64_t most, int64_t *out);
/* known ends with NULL; where: " in the data-type", for the message. */
int reader_keys(struct reader *r, struct value map, const char *const *known,
		const char *path, const char *where);
/* Patterns in a locator: how many of schema, table and column it needs. */
int reader_locator(struct reader *r, unsigned parts, struct value *locator,
		   struct str *schema, struct str *table, struct str *column);

/* mapping_read_rules.c: adds a rule to the reader's. */
int reader_transformation(struct reader *r);
int reader_load(struct reader *r);
int reader_validation(struct reader *r);

#endif
