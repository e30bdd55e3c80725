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
	SETTING_TEXTS,	  /* a list of members */
	SETTING_GROUP,	  /* an object whose keys have rows of their own */
	SETTING_DOCUMENT, /* object, list or null; not looked into */
	SETTING_LOG_COMPONENTS,
	SETTING_CODE_POINT,   /* of a character, hexadecimal; 0: none */
	SETTING_REPLACEMENTS, /* of characters by others */
	SETTING_GIVEN,	      /* by the service alone: null when we send it */
};

struct setting {
	/* "TargetMetadata", "TTSettings/TTS3Settings"; NULL: at the top */
	const char *group;
	const char *key; /* "CommitRate"; NULL: the group itself */
	/* In settings { }: "commit_rate"; "loopback.enable": in a block. */
	const char *name;
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
/* Whether it stands in this block (empty: in none), and under which name. */
bool setting_is_in(const struct setting *s, struct str block, struct str *name);
const struct setting *setting_by_name(struct str block, struct str name);
/* Whether some name stands in this block. */
bool setting_is_block(struct str block);

/* What a log can be about, and how much it says: as the document has it. */
extern const char *const setting_log_components[];
extern const size_t setting_n_log_components;
extern const char setting_log_severities[]; /* as members */
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
