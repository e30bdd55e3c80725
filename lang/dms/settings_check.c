/*
 * What is wrong with a document of task settings: key by key against the table;
 * then what only several keys together can get wrong; then what is legal but
 * hardly meant. (dms-reference 2.15: S1, S2, S8, S9, S10.)
 */
#include <config.h>

#include "lang/dms/settings.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/dms/problem.h"
#include "lang/dms/settings_table.h"

#include <string.h>

enum {
	LOB_KB_ADVISED = 102400,
	CODE_POINT_DIGITS = 6, /* 10FFFF */
};

static struct dms_problem at(const char *code, const char *path)
{
	return DMS_PROBLEM(code, DMS_NO_RULE, path);
}

/* "TTSettings.TTS3Settings.BucketName" */
static const char *path_of(struct dms_report *r, struct str group,
			   struct str key)
{
	struct str path = str_fmt(r->arena, "%.*s%s%.*s", STR_ARG(group),
				  group.n ? "." : "", STR_ARG(key));
	char *text = str_c(path, r->arena);

	for (size_t i = 0; i < group.n; i++)
		if (text[i] == '/')
			text[i] = '.';
	return text;
}

/* The members of a row as a document has them: "DO_NOTHING, …". */
static struct str members_of(const struct setting *s, struct arena *a)
{
	struct str rest = str_from(s->members), out = STR("");

	while (rest.n) {
		struct str word = str_cut(&rest, ' ');

		out = str_fmt(a, "%.*s%s%.*s", STR_ARG(out), out.n ? ", " : "",
			      STR_ARG(str_cut(&word, '=')));
	}
	return out;
}

/* -- key by key -- */

static void check_group(struct str group, struct value map,
			struct dms_report *r);

static void check_log_components(struct value v, const char *path,
				 struct dms_report *r)
{
	static const struct setting severities = {
		.members = setting_log_severities,
	};

	if (v.kind != VALUE_LIST) {
		dms_report(r, at("E0421", path),
			   "LogComponents must be a list");
		return;
	}
	for (size_t i = 0; i < v.as.list.n; i++) {
		struct value c = v.as.list.items[i];
		struct str id = value_text(c, "Id");
		struct str severity = value_text(c, "Severity");
		const char *here = dms_path(r, "%s[%zu]", path, i);
		size_t k = 0;

		while (k < setting_n_log_components &&
		       !str_is(id, setting_log_components[k]))
			k++;
		if (k == setting_n_log_components)
			dms_report(r, at("E0421", here),
				   "unknown log component \"%.*s\"",
				   STR_ARG(id));
		else if (!setting_is_member(&severities, severity))
			dms_report(r, at("E0421", here),
				   "unknown severity \"%.*s\" of log "
				   "component \"%.*s\"",
				   STR_ARG(severity), STR_ARG(id));
	}
}

/* A whole number of a value, or INT64_MIN. */
static int64_t whole(struct value v)
{
	struct value_entry one = { .key = STR("n"), .value = v };
	struct value map = { .kind = VALUE_MAP, .as.map = { &one, 1 } };

	return v.kind == VALUE_NUMBER ? value_number(map, "n", INT64_MIN)
				      : INT64_MIN;
}

static void check_number(const struct setting *s, struct value v,
			 const char *path, struct dms_report *r)
{
	int64_t n = whole(v);

	if (n == INT64_MIN)
		dms_report(r, at("E0421", path),
			   "\"%s\" must be a whole number", s->key);
	else if (n < s->least || n > s->most)
		dms_report(r, at("E0421", path),
			   "\"%s\" must be from %lld to %lld", s->key,
			   (long long)s->least, (long long)s->most);
}

/* The digits are hexadecimal, whether they stand in quotes or not. */
static void check_code_point(struct value v, const char *path,
			     struct dms_report *r)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	bool is_text = v.kind == VALUE_STRING || v.kind == VALUE_NUMBER;
	struct str digits = is_text ? v.as.text : STR("");
	bool is_right = digits.n > 0 && digits.n <= CODE_POINT_DIGITS;

	for (size_t i = 0; is_right && i < digits.n; i++)
		is_right = memchr(hex, digits.s[i], sizeof(hex) - 1) != NULL;
	if (is_right && digits.n == CODE_POINT_DIGITS)
		is_right = str_starts(digits, "10") || digits.s[0] == '0';
	if (!is_right)
		dms_report(r, at("E0421", path),
			   "a code point is written in hexadecimal digits, "
			   "from 0 to 10FFFF");
}

static void check_replacements(struct value v, const char *path,
			       struct dms_report *r)
{
	static const char *const keys[] = { "SourceCharacterCodePoint",
					    "TargetCharacterCodePoint" };

	if (v.kind != VALUE_LIST) {
		dms_report(r, at("E0421", path),
			   "CharacterReplacements must be a list");
		return;
	}
	for (size_t i = 0; i < v.as.list.n; i++) {
		struct value one = v.as.list.items[i];
		const char *here = dms_path(r, "%s[%zu]", path, i);

		if (one.kind != VALUE_MAP || one.as.map.n != 2 ||
		    !value_get(one, keys[0]) || !value_get(one, keys[1])) {
			dms_report(r, at("E0421", here),
				   "a replacement has a %s and a %s", keys[0],
				   keys[1]);
			continue;
		}
		for (size_t k = 0; k < 2; k++)
			check_code_point(*value_get(one, keys[k]),
					 dms_path(r, "%s.%s", here, keys[k]),
					 r);
	}
}

static void check_texts(const struct setting *s, struct value v,
			const char *path, struct dms_report *r)
{
	bool is_right = v.kind == VALUE_LIST;

	for (size_t i = 0; is_right && i < v.as.list.n; i++)
		is_right = v.as.list.items[i].kind == VALUE_STRING &&
			   setting_is_member(s, v.as.list.items[i].as.text);
	if (!is_right)
		dms_report(r, at("E0421", path),
			   "\"%s\" must be a list of %.*s", s->key,
			   STR_ARG(members_of(s, r->arena)));
}

static void check_value(const struct setting *s, struct value v,
			const char *path, struct dms_report *r)
{
	struct dms_problem p = at("E0421", path);
	const char *name = s->key ? s->key : s->group;

	switch (s->kind) {
	case SETTING_BOOL:
		if (v.kind != VALUE_BOOL)
			dms_report(r, p, "\"%s\" must be true or false", name);
		return;
	case SETTING_NUMBER:
	case SETTING_KIB:
	case SETTING_MIB:
	case SETTING_SECONDS:
	case SETTING_MINUTES:
		check_number(s, v, path, r);
		return;
	case SETTING_TEXT:
		if (v.kind != VALUE_STRING)
			dms_report(r, p, "\"%s\" must be a text", name);
		return;
	case SETTING_ENUM:
		if (v.kind != VALUE_STRING || !setting_is_member(s, v.as.text))
			dms_report(r, p, "\"%s\" must be one of %.*s", name,
				   STR_ARG(members_of(s, r->arena)));
		return;
	case SETTING_TEXTS:
		check_texts(s, v, path, r);
		return;
	case SETTING_GROUP:
		if (v.kind != VALUE_MAP)
			dms_report(r, p, "\"%s\" must be an object", name);
		else
			check_group(s->key ? str_fmt(r->arena, "%s/%s",
						     s->group, s->key)
					   : str_from(s->group),
				    v, r);
		return;
	case SETTING_DOCUMENT:
		if (v.kind != VALUE_MAP && v.kind != VALUE_LIST)
			dms_report(r, p, "\"%s\" must be an object", name);
		return;
	case SETTING_LOG_COMPONENTS:
		check_log_components(v, path, r);
		return;
	case SETTING_CODE_POINT:
		check_code_point(v, path, r);
		return;
	case SETTING_REPLACEMENTS:
		check_replacements(v, path, r);
		return;
	case SETTING_GIVEN:
		p.service = "Task Settings CloudWatchLogGroup or "
			    "CloudWatchLogStream cannot be set on create";
		dms_report(r, p, "\"%s\" is set by AWS alone", name);
		return;
	}
	BUG("setting of kind %d", (int)s->kind);
}

/* Groups are two deep at most. */
static void check_group(struct str group, struct value map,
			struct dms_report *r)
{
	for (size_t i = 0; i < map.as.map.n; i++) {
		const struct value_entry *e = &map.as.map.entries[i];
		const struct setting *s = setting_find(group, e->key);
		const char *path = path_of(r, group, e->key);
		struct dms_problem p = at("E0421", path);

		if (!s)
			dms_report(r, at("E0420", path),
				   "unknown key \"%.*s\" in \"%.*s\"",
				   STR_ARG(e->key), STR_ARG(group));
		else if (!value_is_null(e->value))
			check_value(s, e->value, path, r);
		if (str_is(e->key, "EnableTraceOnError") &&
		    value_true(map, "EnableTraceOnError")) {
			p.service = "Feature is not accessible";
			dms_report(r, p,
				   "AWS keeps EnableTraceOnError to itself");
		}
	}
}

static void check_entry(const struct value_entry *e, struct dms_report *r)
{
	const struct setting *s = setting_find(STR(""), e->key);
	const char *path = path_of(r, STR(""), e->key);

	if (value_is_null(e->value) && (s || setting_is_group(e->key)))
		return;
	if (!s)
		s = setting_find(e->key, STR(""));
	if (s)
		check_value(s, e->value, path, r);
	else if (!setting_is_group(e->key) || str_find(e->key, '/') >= 0)
		dms_report(r, at("E0420", path), "unknown key \"%.*s\"",
			   STR_ARG(e->key));
	else if (e->value.kind != VALUE_MAP)
		dms_report(r, at("E0421", path), "\"%.*s\" must be an object",
			   STR_ARG(e->key));
	else
		check_group(e->key, e->value, r);
}

void settings_check_keys(struct value document, struct dms_report *r)
{
	if (document.kind != VALUE_MAP) {
		dms_report(r, at("E0421", NULL), "an object is expected");
		return;
	}
	for (size_t i = 0; i < document.as.map.n; i++)
		check_entry(&document.as.map.entries[i], r);
}

/* -- several keys -- */

/* "Group.Key" of a document with every default. */
static const struct value *find(struct value all, const char *group,
				const char *key)
{
	const struct value *map = value_get(all, group);

	return map && map->kind == VALUE_MAP ? value_get(*map, key) : NULL;
}

static bool is_on(struct value all, const char *group, const char *key)
{
	const struct value *v = find(all, group, key);

	return v && v->kind == VALUE_BOOL && v->as.boolean;
}

static int64_t number(struct value all, const char *group, const char *key)
{
	const struct value *v = find(all, group, key);

	return v ? whole(*v) : 0;
}

static void check_lobs(struct value all, struct dms_report *r)
{
	const char *group = "TargetMetadata";
	bool full = is_on(all, group, "FullLobMode");
	bool limited = is_on(all, group, "LimitedSizeLobMode") && !full;

	if (!is_on(all, group, "SupportLobs"))
		return;
	if (!full && !limited)
		dms_report(r, at("E0423", "TargetMetadata.SupportLobs"),
			   "SupportLobs needs FullLobMode or "
			   "LimitedSizeLobMode");
	else if (limited && number(all, group, "LobMaxSize") == 0)
		dms_report(r, at("E0423", "TargetMetadata.LobMaxSize"),
			   "LimitedSizeLobMode needs LobMaxSize");
	else if (full && number(all, group, "LobChunkSize") == 0)
		dms_report(r, at("E0423", "TargetMetadata.LobChunkSize"),
			   "FullLobMode needs LobChunkSize");
}

void settings_check_together(struct value all, struct dms_report *r)
{
	const struct value *prep =
	    find(all, "FullLoadSettings", "TargetTablePrepMode");

	check_lobs(all, r);
	if (is_on(all, "FullLoadSettings", "StopTaskCachedChangesApplied") &&
	    is_on(all, "FullLoadSettings", "StopTaskCachedChangesNotApplied"))
		dms_report(
		    r,
		    at("E0423",
		       "FullLoadSettings.StopTaskCachedChangesNotApplied"),
		    "a task cannot stop both before and after the cached "
		    "changes");
	if (is_on(all, "ValidationSettings", "ValidationOnly") &&
	    (!is_on(all, "ValidationSettings", "EnableValidation") ||
	     !str_is(prep->as.text, "DO_NOTHING")))
		dms_report(r, at("E0423", "ValidationSettings.ValidationOnly"),
			   "ValidationOnly needs EnableValidation and "
			   "TargetTablePrepMode DO_NOTHING");
}

/* -- what is hardly meant -- */

static void check_validation(struct value all, const struct settings_task *task,
			     struct dms_report *r)
{
	struct dms_problem p =
	    at("W0421", "ValidationSettings.EnableValidation");
	const struct value *characters = value_get(all, "CharacterSetSettings");
	bool limited = is_on(all, "TargetMetadata", "SupportLobs") &&
		       is_on(all, "TargetMetadata", "LimitedSizeLobMode") &&
		       !is_on(all, "TargetMetadata", "FullLobMode");

	if (is_on(all, "ValidationSettings", "ValidationOnly") &&
	    str_is(task->mode, "full_load_and_cdc"))
		dms_report(r, at("E0423", "ValidationSettings.ValidationOnly"),
			   "ValidationOnly is for tasks of mode full_load or "
			   "cdc");
	if (!is_on(all, "ValidationSettings", "EnableValidation"))
		return;
	if (characters && !value_is_null(*characters)) {
		dms_report(r, p,
			   "settings of characters switch validation off");
		return;
	}
	if (!limited || is_on(all, "ValidationSettings", "SkipLobColumns") ||
	    number(all, "ValidationSettings", "ValidationPartialLobSize"))
		return;
	p.hint = "Set validation_lob_size (ValidationPartialLobSize) to the "
		 "size that LOBs are limited to.";
	dms_report(r, p,
		   "every LOB that is cut will be found to differ: whole "
		   "values are compared");
}

static void check_load(struct value all, const struct settings_task *task,
		       struct dms_report *r)
{
	static const char *const stops[] = {
		"StopTaskCachedChangesApplied",
		"StopTaskCachedChangesNotApplied",
	};
	struct dms_problem lobs = at("W0421", "TargetMetadata.LobMaxSize");
	int64_t kb = number(all, "TargetMetadata", "LobMaxSize");

	for (size_t i = 0; i < 2 && str_is(task->mode, "full_load"); i++)
		if (is_on(all, "FullLoadSettings", stops[i]))
			dms_report(
			    r,
			    at("W0421",
			       dms_path(r, "FullLoadSettings.%s", stops[i])),
			    "a task of mode full_load has no cached "
			    "changes to stop at");
	if (kb <= LOB_KB_ADVISED)
		return;
	lobs.hint = "It is a number of KiB; at most 102400 (100MiB) is "
		    "advised.";
	dms_report(r, lobs, "memory for LOBs of %lld MiB each is reserved",
		   (long long)(kb / 1024));
}

static void check_changes(struct value all, const struct settings_task *task,
			  struct dms_report *r)
{
	const char *batch = "TargetMetadata.BatchApplyEnabled";

	if (is_on(all, "TargetMetadata", "BatchApplyEnabled")) {
		if (is_on(all, "LoopbackPreventionSettings",
			  "EnableLoopbackPrevention"))
			dms_report(r, at("E0423", batch),
				   "changes that are applied in batches cannot "
				   "be kept from looping back");
		if (is_on(all, "TargetMetadata", "SupportLobs") &&
		    is_on(all, "TargetMetadata", "FullLobMode"))
			dms_report(r, at("W0421", batch),
				   "changes are applied in batches with "
				   "limited LOBs only");
	}
	if (is_on(all, "TTSettings", "EnableTT") &&
	    str_is(task->mode, "full_load"))
		dms_report(r, at("E0423", "TTSettings.EnableTT"),
			   "time travel is for tasks with changes");
	if (is_on(all, "ResyncSettings", "EnableResync"))
		dms_report(r, at("E0423", "ResyncSettings.EnableResync"),
			   "resync is for sources other than PostgreSQL");
	if (is_on(all, "BeforeImageSettings", "EnableBeforeImage"))
		dms_report(r,
			   at("W0421", "BeforeImageSettings.EnableBeforeImage"),
			   "these before-images are for streaming targets; for "
			   "PostgreSQL a rule before_image adds columns");
}

/* Threads and buffers of targets that PostgreSQL is not. */
static void check_parallel(struct value all, struct dms_report *r)
{
	static const char *const keys[] = {
		"ParallelLoadThreads",	       "ParallelLoadBufferSize",
		"ParallelLoadQueuesPerThread", "ParallelApplyThreads",
		"ParallelApplyBufferSize",     "ParallelApplyQueuesPerThread",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (number(all, "TargetMetadata", keys[i]) > 0)
			dms_report(r,
				   at("W0421", dms_path(r, "TargetMetadata.%s",
							keys[i])),
				   "\"%s\" does nothing where the target is "
				   "PostgreSQL",
				   keys[i]);
}

void settings_check_meaning(struct value all, const struct settings_task *task,
			    struct dms_report *r)
{
	check_validation(all, task, r);
	check_load(all, task, r);
	check_changes(all, task, r);
	check_parallel(all, r);
}
