/*
 * Task settings as a document: read, check, complete, compare. What it says is
 * checked key by key against the table; then what only several keys together
 * can get wrong.
 */
#include <config.h>

#include "lang/dms/settings.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/dms/settings_table.h"
#include "lang/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { DOCUMENT_MAX = 16 << 20 };

static const char *const log_components[] = {
	"TRANSFORMATION", "SOURCE_UNLOAD",    "IO",
	"TARGET_LOAD",	  "PERFORMANCE",      "SOURCE_CAPTURE",
	"SORTER",	  "REST_SERVER",      "VALIDATOR_EXT",
	"VALIDATOR",	  "TARGET_APPLY",     "TASK_MANAGER",
	"TABLES_MANAGER", "METADATA_MANAGER", "FILE_FACTORY",
	"COMMON",	  "ADDONS",	      "DATA_STRUCTURE",
	"COMMUNICATION",  "FILE_TRANSFER",    "DATA_RESYNC",
};

static const char *const log_severities[] = {
	"LOGGER_SEVERITY_ERROR", "LOGGER_SEVERITY_WARNING",
	"LOGGER_SEVERITY_INFO",	 "LOGGER_SEVERITY_DEFAULT",
	"LOGGER_SEVERITY_DEBUG", "LOGGER_SEVERITY_DETAILED_DEBUG",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* AWS says no more than the first four words; what is wrong helps people. */
__attribute__((format(printf, 2, 3))) static int refuse(struct error *err,
							const char *format, ...)
{
	char what[600];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return error_set(err, ERROR_INVALID, "Invalid task settings JSON: %s",
			 what);
}

static bool is_one_of(struct str s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(s, list[i]))
			return true;
	return false;
}

/* Null is as good as absent: such entries are left out, one level deep. */
static struct value without_nulls(struct value map, struct arena *a)
{
	struct value_entry *entries =
	    arena_new(a, struct value_entry, map.as.map.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < map.as.map.n; i++)
		if (!value_is_null(map.as.map.entries[i].value))
			entries[n++] = map.as.map.entries[i];
	return value_map(entries, n, a);
}

static int check_log_components(struct value v, struct error *err)
{
	if (v.kind != VALUE_LIST)
		return refuse(err, "LogComponents must be a list");
	for (size_t i = 0; i < v.as.list.n; i++) {
		struct value c = v.as.list.items[i];
		struct str id = value_text(c, "Id");
		struct str severity = value_text(c, "Severity");

		if (!is_one_of(id, log_components, COUNT(log_components)))
			return refuse(err, "unknown log component \"%.*s\"",
				      STR_ARG(id));
		if (!is_one_of(severity, log_severities, COUNT(log_severities)))
			return refuse(err,
				      "unknown severity \"%.*s\" of "
				      "log component \"%.*s\"",
				      STR_ARG(severity), STR_ARG(id));
	}
	return 0;
}

static int check_document(const struct setting *s, struct value v,
			  struct error *err)
{
	if (v.kind != VALUE_MAP && v.kind != VALUE_LIST)
		return refuse(err, "\"%s\" must be an object",
			      s->key ? s->key : s->group);
	if (s->key && str_is(STR("LogConfiguration"), s->key) &&
	    value_true(v, "EnableTraceOnError"))
		return error_set(err, ERROR_INVALID,
				 "Feature is not accessible");
	return 0;
}

static int check_number(const struct setting *s, struct value v,
			struct error *err)
{
	struct value_entry one = { .key = STR("n"), .value = v };
	struct value map = { .kind = VALUE_MAP, .as.map = { &one, 1 } };
	int64_t n = value_number(map, "n", INT64_MIN);

	if (v.kind != VALUE_NUMBER || n == INT64_MIN)
		return refuse(err, "\"%s\" must be a whole number", s->key);
	if (n < s->least || n > s->most)
		return refuse(err, "\"%s\" must be from %lld to %lld", s->key,
			      (long long)s->least, (long long)s->most);
	return 0;
}

static int check_value(const struct setting *s, struct value v,
		       struct error *err)
{
	switch (s->kind) {
	case SETTING_BOOL:
		if (v.kind == VALUE_BOOL)
			return 0;
		return refuse(err, "\"%s\" must be true or false", s->key);
	case SETTING_NUMBER:
	case SETTING_KIB:
	case SETTING_MIB:
	case SETTING_SECONDS:
	case SETTING_MINUTES:
		return check_number(s, v, err);
	case SETTING_TEXT:
		if (v.kind == VALUE_STRING)
			return 0;
		return refuse(err, "\"%s\" must be a text", s->key);
	case SETTING_ENUM:
		if (v.kind == VALUE_STRING && setting_is_member(s, v.as.text))
			return 0;
		return refuse(err, "\"%s\" must be one of %s", s->key,
			      s->members);
	case SETTING_DOCUMENT:
		return check_document(s, v, err);
	case SETTING_LOG_COMPONENTS:
		return check_log_components(v, err);
	case SETTING_GIVEN:
		return error_set(err, ERROR_INVALID,
				 "Task Settings CloudWatchLogGroup or "
				 "CloudWatchLogStream cannot be set on create");
	}
	BUG("setting of kind %d", (int)s->kind);
}

static int check_group(struct str group, struct value map, struct error *err)
{
	for (size_t i = 0; i < map.as.map.n; i++) {
		const struct value_entry *e = &map.as.map.entries[i];
		const struct setting *s = setting_find(group, e->key);

		if (!s)
			return refuse(err, "unknown key \"%.*s\" in \"%.*s\"",
				      STR_ARG(e->key), STR_ARG(group));
		if (!value_is_null(e->value) &&
		    check_value(s, e->value, err) < 0)
			return -1;
	}
	return 0;
}

static int check_entry(const struct value_entry *e, struct error *err)
{
	const struct setting *s = setting_find(STR(""), e->key);

	if (value_is_null(e->value) && (s || setting_is_group(e->key)))
		return 0;
	if (!s)
		s = setting_find(e->key, STR(""));
	if (s)
		return check_value(s, e->value, err);
	if (!setting_is_group(e->key))
		return refuse(err, "unknown key \"%.*s\"", STR_ARG(e->key));
	if (e->value.kind != VALUE_MAP)
		return refuse(err, "\"%.*s\" must be an object",
			      STR_ARG(e->key));
	return check_group(e->key, e->value, err);
}

/* The document as a value, every key checked by itself. */
static int read_document(struct str json, struct arena *a, struct value *out,
			 struct error *err)
{
	struct error why;

	/* No settings at all are settings with every default. */
	if (str_trim(json).n == 0)
		json = STR("{}");
	if (json_read(json, a, out, &why) < 0)
		return refuse(err, "%s", why.message);
	if (out->kind != VALUE_MAP)
		return refuse(err, "an object is expected");
	for (size_t i = 0; i < out->as.map.n; i++)
		if (check_entry(&out->as.map.entries[i], err) < 0)
			return -1;
	return 0;
}

static struct value fallback_value(const struct setting *s, struct arena *a)
{
	struct error err;
	struct value v;

	if (json_read(str_from(s->fallback), a, &v, &err) < 0)
		BUG("default of \"%s\": %s", s->key, err.message);
	return v;
}

static struct value default_log_components(struct arena *a)
{
	size_t n = COUNT(log_components);
	struct value *items = arena_new(a, struct value, n);

	for (size_t i = 0; i < n; i++) {
		struct value_entry e[] = {
			{ STR("Id"), value_c(log_components[i]) },
			{ STR("Severity"), value_c("LOGGER_SEVERITY_DEFAULT") },
		};

		items[i] = value_map(e, COUNT(e), a);
	}
	return value_list(items, n);
}

/* What was written wins; LogComponents are merged by their Id. */
static struct value merged_components(struct value ours, struct arena *a)
{
	struct value all = default_log_components(a);
	struct value *items = arena_new(a, struct value, all.as.list.n);

	for (size_t i = 0; i < all.as.list.n; i++) {
		items[i] = all.as.list.items[i];
		for (size_t k = 0; k < ours.as.list.n; k++)
			if (str_eq(value_text(items[i], "Id"),
				   value_text(ours.as.list.items[k], "Id")))
				items[i] = ours.as.list.items[k];
	}
	return value_list(items, all.as.list.n);
}

/* Adds what the document does not say. */
static struct value complete(struct value document, struct arena *a)
{
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		struct str group = str_from(s->group ? s->group : s->key);
		const struct value *in = value_get_str(document, group);
		struct value map = value_map(NULL, 0, a);
		const struct value *have;

		if (!s->group || !s->key) {
			if (s->fallback && (!in || value_is_null(*in)))
				document = value_with(document, group,
						      fallback_value(s, a), a);
			continue;
		}
		if (in && in->kind == VALUE_MAP)
			map = *in;
		have = value_get(map, s->key);
		if (s->kind == SETTING_LOG_COMPONENTS)
			map = value_with(
			    map, str_from(s->key),
			    merged_components(have && have->kind == VALUE_LIST
						  ? *have
						  : value_list(NULL, 0),
					      a),
			    a);
		else if (s->fallback && (!have || value_is_null(*have)))
			map = value_with(map, str_from(s->key),
					 fallback_value(s, a), a);
		document = value_with(document, group, map, a);
	}
	return document;
}

static enum settings_prep prep_of(struct str mode)
{
	if (str_is(mode, "TRUNCATE_BEFORE_LOAD"))
		return PREP_TRUNCATE;
	if (str_is(mode, "DROP_AND_CREATE"))
		return PREP_DROP;
	return PREP_NOTHING;
}

static void obey(struct value all, struct settings *out)
{
	struct value target = *value_get(all, "TargetMetadata");
	struct value load = *value_get(all, "FullLoadSettings");

	*out = (struct settings){
		.prep = prep_of(value_text(load, "TargetTablePrepMode")),
		.support_lobs = value_true(target, "SupportLobs"),
		.full_lob = value_true(target, "FullLobMode"),
		.limited_lob = value_true(target, "LimitedSizeLobMode"),
		.lob_max_kb = value_number(target, "LobMaxSize", 0),
		.lob_chunk_kb = value_number(target, "LobChunkSize", 0),
		.max_subtasks = value_number(load, "MaxFullLoadSubTasks", 0),
		.commit_rate = value_number(load, "CommitRate", 0),
		.create_pk_after = value_true(load, "CreatePkAfterFullLoad"),
		.validation = value_true(*value_get(all, "ValidationSettings"),
					 "EnableValidation"),
		.logging =
		    value_true(*value_get(all, "Logging"), "EnableLogging"),
		.fail_on_no_tables = value_true(
		    *value_get(all, "ErrorBehavior"), "FailOnNoTablesCaptured"),
		.target_schema = value_text(target, "TargetSchema"),
	};
	/* Where both are on, full mode rules. */
	if (out->full_lob)
		out->limited_lob = false;
}

/* What no key can get wrong alone. */
static int check_together(struct value all, const struct settings *s,
			  struct error *err)
{
	struct value validation = *value_get(all, "ValidationSettings");
	struct value load = *value_get(all, "FullLoadSettings");

	if (s->support_lobs && !s->full_lob && !s->limited_lob)
		return refuse(err, "SupportLobs needs FullLobMode or "
				   "LimitedSizeLobMode");
	if (s->support_lobs && s->limited_lob && s->lob_max_kb == 0)
		return refuse(err, "LimitedSizeLobMode needs LobMaxSize");
	if (s->support_lobs && s->full_lob && s->lob_chunk_kb == 0)
		return refuse(err, "FullLobMode needs LobChunkSize");
	if (value_true(load, "StopTaskCachedChangesApplied") &&
	    value_true(load, "StopTaskCachedChangesNotApplied"))
		return refuse(err, "a task cannot stop both before and after "
				   "the cached changes");
	if (value_true(validation, "ValidationOnly") &&
	    (!s->validation || s->prep != PREP_NOTHING))
		return refuse(err, "ValidationOnly needs EnableValidation and "
				   "TargetTablePrepMode DO_NOTHING");
	return 0;
}

static int read_and_complete(struct str json, struct arena *a,
			     struct value *all, struct settings *out,
			     struct error *err)
{
	struct value document;

	*out = (struct settings){ 0 };
	if (read_document(json, a, &document, err) < 0)
		return -1;
	*all = complete(without_nulls(document, a), a);
	obey(*all, out);
	return check_together(*all, out, err);
}

int settings_read(struct str json, struct arena *a, struct settings *out,
		  struct error *err)
{
	struct value all;

	return read_and_complete(json, a, &all, out, err);
}

int settings_complete(struct str json, struct arena *a, struct str *full,
		      struct error *err)
{
	struct settings ignored;
	struct value all;
	int result = 0;
	struct buf text;

	if (read_and_complete(json, a, &all, &ignored, err) < 0)
		return -1;
	buf_init(&text, DOCUMENT_MAX);
	json_write(&text, all, 0);
	if (buf_is_full(&text))
		result = refuse(err, "larger than 16 MiB");
	else
		*full = str_dup(buf_str(&text), a);
	buf_release(&text);
	return result;
}

/* -- comparing -- */

static bool says_same(struct value ours, struct value theirs);

/* The item of theirs with the Id of one of ours, or NULL. */
static const struct value *find_item(struct value theirs, struct str id)
{
	for (size_t i = 0; i < theirs.as.list.n; i++)
		if (str_eq(value_text(theirs.as.list.items[i], "Id"), id))
			return &theirs.as.list.items[i];
	return NULL;
}

static bool lists_say_same(struct value ours, struct value theirs)
{
	for (size_t i = 0; i < ours.as.list.n; i++) {
		struct value item = ours.as.list.items[i];
		struct str id = value_text(item, "Id");
		const struct value *other = NULL;

		if (id.n)
			other = find_item(theirs, id);
		else if (i < theirs.as.list.n)
			other = &theirs.as.list.items[i];
		if (!other || !says_same(item, *other))
			return false;
		if (id.n == 0 && ours.as.list.n != theirs.as.list.n)
			return false;
	}
	return ours.as.list.n || theirs.as.list.n == 0;
}

static bool says_same(struct value ours, struct value theirs)
{
	if (ours.kind == VALUE_LIST && theirs.kind == VALUE_LIST)
		return lists_say_same(ours, theirs);
	if (ours.kind != VALUE_MAP || theirs.kind != VALUE_MAP)
		return value_eq(ours, theirs);
	for (size_t i = 0; i < ours.as.map.n; i++) {
		const struct value_entry *e = &ours.as.map.entries[i];
		const struct value *other = value_get_str(theirs, e->key);

		/* Null is what is not said. */
		if (value_is_null(e->value))
			continue;
		if (!other || !says_same(e->value, *other))
			return false;
	}
	return true;
}

bool settings_same(struct str ours, struct str theirs, struct arena *a)
{
	struct value x, y;
	struct error err;

	if (str_eq(ours, theirs))
		return true;
	if (str_trim(ours).n == 0)
		ours = STR("{}");
	return json_read(ours, a, &x, &err) == 0 &&
	       json_read(theirs, a, &y, &err) == 0 && says_same(x, y);
}
