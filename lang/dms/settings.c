/*
 * Task settings as a document: read, complete, compare. settings_check.c says
 * what is wrong with one.
 */
#include <config.h>

#include "lang/dms/settings.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/dms/problem.h"
#include "lang/dms/settings_table.h"
#include "lang/json.h"

enum { DOCUMENT_MAX = 16 << 20 };

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
	size_t n = setting_n_log_components;
	struct value *items = arena_new(a, struct value, n);

	for (size_t i = 0; i < n; i++) {
		struct value_entry e[] = {
			{ STR("Id"), value_c(setting_log_components[i]) },
			{ STR("Severity"), value_c("LOGGER_SEVERITY_DEFAULT") },
		};

		items[i] = value_map(e, 2, a);
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

struct value settings_fill(struct value document, struct arena *a)
{
	document = without_nulls(document, a);
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
		/* What is inside an object that is not given has no default. */
		if (!s->fallback && s->kind != SETTING_LOG_COMPONENTS)
			continue;
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

/* -- as an answer -- */

/* Keeps the first error. AWS says no more than four words; what helps people is
 * behind them. */
struct answer {
	struct dms_report report; /* first: the callback gets it */
	struct error *err;
};

static void keep_first(struct dms_report *r, const struct dms_problem *p)
{
	struct answer *a = (struct answer *)r;

	if (p->code[0] != 'E' || r->n_errors > 1)
		return;
	if (p->service)
		error_set(a->err, ERROR_INVALID, "%s", p->service);
	else
		error_set(a->err, ERROR_INVALID,
			  "Invalid task settings JSON: %.*s",
			  STR_ARG(p->message));
}

static int read_and_complete(struct str json, struct arena *a,
			     struct value *all, struct settings *out,
			     struct error *err)
{
	struct answer answer = { { .arena = a, .add = keep_first }, err };
	struct value document;
	struct error why;

	*out = (struct settings){ 0 };
	/* No settings at all are settings with every default. */
	if (str_trim(json).n == 0)
		json = STR("{}");
	if (json_read(json, a, &document, &why) < 0)
		return error_set(err, ERROR_INVALID,
				 "Invalid task settings JSON: %s", why.message);
	settings_check_keys(document, &answer.report);
	if (answer.report.n_errors)
		return -1;
	*all = settings_fill(document, a);
	obey(*all, out);
	settings_check_together(*all, &answer.report);
	return answer.report.n_errors ? -1 : 0;
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
		result = error_set(err, ERROR_INVALID,
				   "Invalid task settings JSON: larger than "
				   "16 MiB");
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
