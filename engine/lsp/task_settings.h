#ifndef DMSL_ENGINE_LSP_TASK_SETTINGS_H
#define DMSL_ENGINE_LSP_TASK_SETTINGS_H

/*
 * What may stand in settings { } of a task: names, and the words they take.
 * block: one inside it, such as "loopback"; empty: right in it.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

struct task_setting {
	struct str name; /* "commit_rate" */
	struct str key;	 /* in the document: "CommitRate" */
};

/* The nth of them; false: there are no more. */
bool task_setting_at(struct str block, size_t nth, struct task_setting *out);
bool task_setting_is(struct str block, struct str name);
/* What it is in the document, what it takes and its default, as Markdown. */
void task_setting_describe(struct str block, struct str name, struct buf *out);
/* Whether the setting takes that word: it is no name of a param then. */
bool task_setting_takes(struct str block, struct str setting, struct str word);
/* The words it takes, in the arena; their number. */
size_t task_setting_words(struct str block, struct str setting, struct arena *a,
			  struct str **out);

#endif
