#ifndef DMSL_LANG_DMS_SETTINGS_TABLE_H
#define DMSL_LANG_DMS_SETTINGS_TABLE_H

/*
 * Every key of the task settings document: one table for compiling, reading,
 * completing and for the manual. Besides settings*.c, only what offers
 * them to editors includes it.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_kind {
	SETTING_BOOL,
	SETTING_NUMBER,
	SETTING_KIB,	 /* a number of KiB: may be written as a size */
	SETTING_MIB,	 /* a number of MiB */
	SETTING_SECONDS, /* may be written as a duration */
	SETTING_MINUTES,
	SETTING_TEXT,
	SETTING_ENUM,
	SETTING_DOCUMENT, /* object, list or null; not looked into */
	SETTING_LOG_COMPONENTS,
	SETTING_GIVEN, /* by the service alone: null when we send it */
};

struct setting {
	const char *group; /* "TargetMetadata"; NULL: at the top */
	const char *key;   /* "CommitRate"; NULL: the group itself */
	const char *name;  /* in settings { }: "commit_rate"; NULL: none */
	enum setting_kind kind;
	const char *fallback; /* as JSON */
	int64_t least, most;  /* numbers */
	/*
	 * SETTING_ENUM: members with a blank between; "DO_NOTHING=nothing"
	 * where settings { } has another word than the lower case one.
	 */
	const char *members;
};

extern const struct setting setting_table[];
extern const size_t setting_count;

/* The row of a key in a group (empty: at the top), or NULL. */
const struct setting *setting_find(struct str group, struct str key);
const struct setting *setting_by_name(struct str name);
/* Whether some row has this group. */
bool setting_is_group(struct str group);
/*
 * The member that a word of settings { } stands for, or the document's own
 * spelling; empty when there is none.
 */
struct str setting_member(const struct setting *s, struct str word);
/* Whether a text is a member as the document spells it. */
bool setting_is_member(const struct setting *s, struct str text);

#endif
