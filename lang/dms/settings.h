#ifndef DMSL_LANG_DMS_SETTINGS_H
#define DMSL_LANG_DMS_SETTINGS_H

/*
 * Task settings: the JSON document that AWS DMS takes, and settings { } of the
 * language compiled to it. One table of keys, with type, range, default and the
 * readable name, serves both. Pure.
 *
 *	settings {
 *	  target_prep = truncate          # nothing, truncate, drop
 *	  lobs = limited(2MiB)            # limited(SIZE), full(CHUNK), none
 *	  parallel_tables = 16
 *	  validation = true
 *	  logging = true
 *	  log { source_unload = debug }
 *	  …
 *	}
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>

struct arena;
struct ast_block;
struct dms_report;
struct error;
struct source;
struct eval;

enum settings_prep { PREP_NOTHING, PREP_TRUNCATE, PREP_DROP };

/* What the replicator obeys, every default filled in. */
struct settings {
	enum settings_prep prep;
	bool support_lobs, full_lob, limited_lob;
	int64_t lob_max_kb, lob_chunk_kb;
	int64_t max_subtasks;
	int64_t commit_rate;
	bool create_pk_after;
	bool validation;
	bool logging;
	bool fail_on_no_tables;
	struct str target_schema;
};

/* What a task's settings are checked against. */
struct settings_task {
	/* "full_load", "cdc", "full_load_and_cdc"; empty: not known */
	struct str mode;
};

/*
 * Evaluates and compiles settings { } to canonical JSON of what was written; -1
 * with findings. s: the text that the block stands in.
 */
int settings_compile(const struct ast_block *block, const struct source *s,
		     const struct settings_task *task, struct eval *e,
		     struct arena *a, struct str *json);
/*
 * Checks of a document that is a value, each reporting what is wrong: the keys
 * by themselves; of one with every default (settings_fill()) what only several
 * keys can get wrong, and what is legal but hardly meant.
 */
void settings_check_keys(struct value document, struct dms_report *r);
void settings_check_together(struct value all, struct dms_report *r);
void settings_check_meaning(struct value all, const struct settings_task *task,
			    struct dms_report *r);
/* Adds what the document does not say. */
struct value settings_fill(struct value document, struct arena *a);
/* Reads and checks a document, which may be partial. */
int settings_read(struct str json, struct arena *a, struct settings *out,
		  struct error *err);
/* The complete document as the service returns it, defaults filled in. */
int settings_complete(struct str json, struct arena *a, struct str *full,
		      struct error *err);
/*
 * Whether a document the service returned says the same as the one we sent:
 * only keys that we wrote count, recursively; its own additions do not.
 */
bool settings_same(struct str ours, struct str theirs, struct arena *a);

#endif
