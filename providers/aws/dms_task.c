/* dms_task: the object. What a load is, is in dms_load.c. */
#include <config.h>

#include "providers/aws/dms_task.h"

#include "lang/base/digest.h"
#include "lang/dms/mapping_local.h"
#include "lang/dms/settings.h"
#include "lang/json.h"
#include "providers/aws/dms_assess.h"
#include "providers/aws/dms_call.h"
#include "providers/aws/dms_connection.h"
#include "providers/aws/tags.h"

enum {
	NAME_MAX_BYTES = 255,
	PATIENCE_S = 300,
	CREATE_PATIENCE_S = 120,
	STATISTICS_PAGE = 500,
};

int task_find(struct call *c, bool may_start, struct str arn, struct value *out)
{
	return dms_find(c, may_start, "DescribeReplicationTasks",
			dms_filter("replication-task-arn", arn, c->arena),
			"ReplicationTasks", out);
}

struct str task_status(struct value task)
{
	return value_text(task, "Status");
}

bool task_is_active(struct value task)
{
	struct str status = task_status(task);

	return str_is(status, "running") || str_is(status, "starting");
}

bool task_is_passing(struct value task)
{
	static const char *const passing[] = {
		"creating", "modifying", "deleting", "stopping",
		"testing",  "moving",	 NULL,
	};

	for (size_t i = 0; passing[i]; i++)
		if (str_is(task_status(task), passing[i]))
			return true;
	return false;
}

int task_stop(struct call *c, struct str arn)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ReplicationTaskArn", arn);
	if (dms_call(c, true, "StopReplicationTask", fields_done(&f, c->arena),
		     &ignored) < 0) {
		/* It ended by itself meanwhile. */
		if (c->err.kind != ERROR_CONFLICT)
			return -1;
		c->err = (struct error){ 0 };
	}
	return 0;
}

bool task_is_still(struct call *c, struct value task, enum step *out)
{
	struct str status = task_status(task);

	if (str_is(status, "starting")) {
		*out =
		    dms_wait(c, "the task to run, so that it can be stopped");
		return false;
	}
	if (str_is(status, "running")) {
		*out = task_stop(c, c->id) < 0
			   ? STEP_FAILED
			   : dms_wait(c, "the task to stop");
		return false;
	}
	if (task_is_passing(task)) {
		*out = dms_wait(c, "the task to stand still (%.*s)",
				STR_ARG(status));
		return false;
	}
	return true;
}

int task_start(struct call *c, struct str arn, const char *type)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ReplicationTaskArn", arn);
	field_text(&f, "StartReplicationTaskType", str_from(type));
	return dms_call(c, true, "StartReplicationTask",
			fields_done(&f, c->arena), &ignored);
}

static struct str settings_of(struct value config)
{
	struct str text = str_trim(value_text(config, "settings"));

	return text.n ? text : STR("{}");
}

struct str task_load_hash(struct value config, struct arena *a)
{
	char mapping[DIGEST_HEX_SIZE], settings[DIGEST_HEX_SIZE];

	digest_sha256_hex(value_text(config, "tables"), mapping);
	digest_sha256_hex(settings_of(config), settings);
	return str_fmt(a, "%.32s%.32s", mapping, settings);
}

int task_tag(struct call *c, struct str arn, const char *key, struct str value)
{
	struct value_entry entry = { str_from(key), value_str(value) };
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ResourceArn", arn);
	field(&f, "Tags", tag_list(value_map(&entry, 1, c->arena), c->arena));
	return dms_call(c, true, "AddTagsToResource", fields_done(&f, c->arena),
			&ignored);
}

/* When it stopped may be told later than that it has. */
static struct str last_start(struct call *c, struct value task)
{
	char hex[DIGEST_HEX_SIZE];

	digest_sha256_hex(
	    str_join(value_text(task, "ReplicationTaskStartDate"), "\n",
		     value_text(task_stats(task), "StartDate"), c->arena),
	    hex);
	return str_fmt(c->arena, "%.16s", hex);
}

int task_mark_stopped(struct call *c, struct value task)
{
	return task_tag(c, value_text(task, "ReplicationTaskArn"),
			"dmsl:stopped", last_start(c, task));
}

bool task_is_left_stopped(struct call *c, struct value task, struct value tags)
{
	struct str base = value_text(tags, "dmsl:stopped");

	return base.n && !task_is_active(task) && !task_is_passing(task) &&
	       str_eq(base, last_start(c, task));
}

int task_marked_load(struct call *c, struct str *hash)
{
	struct value tags;

	if (dms_read_tags(c, true, c->id, &tags) < 0)
		return -1;
	*hash = value_text(tags, "dmsl:load");
	return 0;
}

int task_statistics(struct call *c, bool may_start, struct str arn,
		    struct value *out)
{
	struct fields f = { 0 };

	field_text(&f, "ReplicationTaskArn", arn);
	field(&f, "MaxRecords", value_int(STATISTICS_PAGE));
	if (dms_call_all(c, may_start, "DescribeTableStatistics",
			 fields_done(&f, c->arena), "TableStatistics",
			 out) == 0)
		return 0;
	*out = value_list(NULL, 0);
	/* Before the first start there are none. */
	if (c->err.kind != ERROR_CONFLICT)
		return -1;
	c->err = (struct error){ 0 };
	return 0;
}

static struct str mode_of(struct str ours)
{
	if (str_is(ours, "full_load"))
		return STR("full-load");
	if (str_is(ours, "full_load_and_cdc"))
		return STR("full-load-and-cdc");
	return ours;
}

static struct str mode_from(struct str theirs)
{
	if (str_is(theirs, "full-load"))
		return STR("full_load");
	if (str_is(theirs, "full-load-and-cdc"))
		return STR("full_load_and_cdc");
	return theirs;
}

static void add_common(struct call *c, struct fields *f)
{
	struct str settings = settings_of(c->config);

	field_text(f, "MigrationType", mode_of(value_text(c->config, "mode")));
	field_text(f, "TableMappings", value_text(c->config, "tables"));
	if (!str_is(settings, "{}"))
		field_text(f, "ReplicationTaskSettings", settings);
}

static enum step done(struct call *c, struct value task, bool is_new)
{
	struct fields f = { 0 };

	dms_name_field(c, &f, value_text(task, "ReplicationTaskIdentifier"));
	if (is_new)
		field_text(&f, "loaded", STR(""));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

/* Until it stands still. */
static enum step wait_idle(struct call *c, bool is_new)
{
	struct value task;

	if (task_find(c, true, c->id, &task) < 0)
		return STEP_FAILED;
	if (value_is_null(task)) {
		if (dms_is_patient(c, "seen", PATIENCE_S))
			return dms_wait(c, "the task to be seen");
		return call_fail(c, ERROR_NOT_FOUND, "the task is gone");
	}
	if (task_is_passing(task))
		return dms_wait(c, "the task to become ready (%.*s)",
				STR_ARG(task_status(task)));
	return done(c, task, is_new);
}

static enum step adopt(struct call *c, struct str name)
{
	struct value task;
	struct str arn;

	c->err = (struct error){ 0 };
	if (dms_find(c, true, "DescribeReplicationTasks",
		     dms_filter("replication-task-id", name, c->arena),
		     "ReplicationTasks", &task) < 0)
		return STEP_FAILED;
	if (value_is_null(task) || str_is(task_status(task), "deleting"))
		return dms_wait(c, "an earlier task %.*s to be gone",
				STR_ARG(name));
	arn = value_text(task, "ReplicationTaskArn");
	if (dms_adopt(c, "replication task", name, arn) < 0)
		return STEP_FAILED;
	c->id = arn;
	return wait_idle(c, true);
}

static struct value create_request(struct call *c, struct str name)
{
	struct fields f = { 0 };

	field_text(&f, "ReplicationTaskIdentifier", name);
	field_text(&f, "SourceEndpointArn", value_text(c->config, "source"));
	field_text(&f, "TargetEndpointArn", value_text(c->config, "target"));
	field_text(&f, "ReplicationInstanceArn",
		   value_text(c->config, "instance"));
	add_common(c, &f);
	field(&f, "Tags", dms_tags(c));
	return fields_done(&f, c->arena);
}

static enum step task_create(struct call *c)
{
	struct str name = dms_identifier(c, NAME_MAX_BYTES);
	const struct value *task;
	struct value answer;

	if (c->id.n)
		return wait_idle(c, true);
	if (dms_call(c, true, "CreateReplicationTask", create_request(c, name),
		     &answer) < 0) {
		if (c->err.kind == ERROR_EXISTS)
			return adopt(c, name);
		/* Instance or endpoints are not quite ready. */
		if (c->err.kind == ERROR_CONFLICT &&
		    dms_is_patient(c, "create", CREATE_PATIENCE_S)) {
			c->err = (struct error){ 0 };
			return dms_wait(c, "instance and endpoints to be "
					   "ready");
		}
		return STEP_FAILED;
	}
	task = value_get(answer, "ReplicationTask");
	if (!task)
		return call_fail(c, ERROR_FAILED,
				 "the service answered without a task");
	c->id = value_text(*task, "ReplicationTaskArn");
	if (task_is_passing(*task))
		return dms_wait(c, "the task to become ready");
	return done(c, *task, true);
}

/* Whether two JSON texts say the same. */
static bool same_document(struct str a, struct str b, struct arena *arena)
{
	struct value x, y;
	struct error ignored;

	return json_read(a, arena, &x, &ignored) == 0 &&
	       json_read(b, arena, &y, &ignored) == 0 && value_eq(x, y);
}

/* Whether the service has to be told; tags and what steers dmsl are apart. */
static bool is_changed(struct call *c)
{
	return !str_eq(value_text(c->config, "mode"),
		       value_text(c->prior, "mode")) ||
	       !same_document(value_text(c->config, "tables"),
			      value_text(c->prior, "tables"), c->arena) ||
	       !same_document(settings_of(c->config), settings_of(c->prior),
			      c->arena);
}

static enum step task_read(struct call *c)
{
	struct value task, tags;
	struct fields f = { 0 };
	struct str mapping, settings;

	if (task_find(c, false, c->id, &task) < 0)
		return dms_read_failed(c);
	if (value_is_null(task) || str_is(task_status(task), "deleting")) {
		c->is_gone = true;
		return STEP_DONE;
	}
	if (dms_read_tags(c, false, c->id, &tags) < 0)
		return dms_read_failed(c);
	mapping = value_text(task, "TableMappings");
	settings = value_text(task, "ReplicationTaskSettings");
	dms_drift(c, &f, "mode",
		  value_str(mode_from(value_text(task, "MigrationType"))));
	if (!same_document(value_text(c->prior, "tables"), mapping, c->arena))
		field_text(&f, "tables", mapping);
	/* The service adds every default: only what we wrote counts. */
	if (settings.n &&
	    !settings_same(settings_of(c->prior), settings, c->arena))
		field_text(&f, "settings", settings);
	dms_drift(c, &f, "tags", dms_user_tags(tags, c->arena));
	c->result = fields_done(&f, c->arena);
	if (task_is_left_stopped(c, task, tags)) {
		c->is_broken = true;
		c->status = STR("stopped since its endpoint was changed");
	}
	return STEP_DONE;
}

static bool is_resumed(struct call *c)
{
	/* A load that the plan runs anew is not gone on with before. */
	return str_is(value_text(c->config, "run"), "manual") ||
	       !str_is(value_text(c->config, "mode"), "full_load");
}

static enum step modify(struct call *c, bool was_running)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ReplicationTaskArn", c->id);
	add_common(c, &f);
	if (dms_call(c, true, "ModifyReplicationTask",
		     fields_done(&f, c->arena), &ignored) < 0 ||
	    dms_sync_tags(c, c->id) < 0)
		return STEP_FAILED;
	c->memo = was_running ? STR("resume") : STR("modified");
	return dms_wait(c, "the change of the task");
}

/* Whether apply loads, and why; -1 when the text must say what to do. */
static int plan_run(struct call *c, bool is_new)
{
	struct str loaded =
	    is_new ? (struct str){ "", 0 } : value_text(c->prior, "loaded");
	struct str on_change = value_text(c->config, "on_change");
	struct str wanted;
	bool mapping_same, settings_are_same;

	if (!str_is(value_text(c->config, "run"), "on_apply"))
		return 0;
	if (loaded.n == 0) {
		c->needs_run = true;
		c->run_reason = STR("never loaded");
		return 0;
	}
	wanted = task_load_hash(c->config, c->arena);
	mapping_same = str_eq(str_sub(loaded, 0, 32), str_sub(wanted, 0, 32));
	settings_are_same = str_eq(str_skip(loaded, 32), str_skip(wanted, 32));
	if (mapping_same && settings_are_same)
		return 0;
	if (str_is(on_change, "reload_all")) {
		c->needs_run = true;
		c->run_reason = mapping_same ? STR("settings changed")
					     : STR("tables changed");
		return 0;
	}
	if (mapping_same)
		return 0; /* they hold from the next load on */
	if (str_is(on_change, "reload_new")) {
		error_set(&c->err, ERROR_INVALID,
			  "on_change = reload_new cannot be done: a finished "
			  "full load has no tables to add to");
		return error_hint(&c->err,
				  "on_change = reload_all loads every table "
				  "anew; a second dms_task loads the new "
				  "tables alone");
	}
	error_set(&c->err, ERROR_INVALID,
		  "the table mapping changed after it was loaded");
	return error_hint(&c->err,
			  "say what happens to rows that are loaded: on_change "
			  "= reload_all loads every table anew, run = manual "
			  "leaves it to dmsl task reload");
}

/*
 * Nothing is to be changed. But a task that was left stopped, since its changed
 * endpoint could not be reached, goes on now. Memo: that of the connection
 * tests, then "gone on".
 */
static enum step go_on(struct call *c, struct value task)
{
	struct value tags;
	enum step tested;

	if (str_is(c->memo, "gone on"))
		return task_is_passing(task) ||
			       str_is(task_status(task), "starting")
			   ? dms_wait(c, "the task to go on")
			   : done(c, task, false);
	if (dms_sync_tags(c, c->id) < 0)
		return STEP_FAILED;
	/* What is loaded anew afterwards is not gone on with before. */
	if (task_is_active(task) || plan_run(c, false) < 0 || c->needs_run) {
		c->err = (struct error){ 0 };
		return done(c, task, false);
	}
	if (dms_read_tags(c, true, c->id, &tags) < 0)
		return STEP_FAILED;
	if (!task_is_left_stopped(c, task, tags))
		return done(c, task, false);
	tested = dms_test_both(c);
	if (tested != STEP_DONE)
		return tested;
	if (task_start(c, c->id, "resume-processing") < 0)
		return STEP_FAILED;
	c->memo = STR("gone on");
	return dms_wait(c, "the task to go on");
}

/*
 * A running task is stopped, changed and, where nothing else will start it,
 * gone on with. Memo: "" or "stopped" before the change, "modified" or "resume"
 * after it.
 */
static enum step task_update(struct call *c)
{
	struct value task;
	enum step step;

	if (task_find(c, true, c->id, &task) < 0)
		return STEP_FAILED;
	if (value_is_null(task)) {
		call_fail(c, ERROR_NOT_FOUND, "the task is gone");
		error_hint(&c->err, "apply again: the new plan creates it");
		return STEP_FAILED;
	}
	if (!is_changed(c))
		return go_on(c, task);
	if (task_is_passing(task))
		return dms_wait(c, "the task to stand still (%.*s)",
				STR_ARG(task_status(task)));
	if (str_is(c->memo, "modified"))
		return done(c, task, false);
	if (str_is(c->memo, "resume")) {
		if (!task_is_active(task) &&
		    task_start(c, c->id, "resume-processing") < 0)
			return STEP_FAILED;
		return done(c, task, false);
	}
	if (!task_is_still(c, task, &step)) {
		if (step == STEP_PENDING &&
		    str_is(task_status(task), "running"))
			c->memo = STR("stopped");
		return step;
	}
	return modify(c, str_is(c->memo, "stopped") && is_resumed(c));
}

static enum step task_destroy(struct call *c)
{
	struct value task;
	enum step step;

	if (task_find(c, true, c->id, &task) < 0)
		return STEP_FAILED;
	if (value_is_null(task))
		return STEP_DONE;
	if (task_is_passing(task))
		return dms_wait(c, "the task to be gone (%.*s)",
				STR_ARG(task_status(task)));
	if (!task_is_still(c, task, &step))
		return step;
	return dms_delete(c, "DeleteReplicationTask", "ReplicationTaskArn",
			  "the task to be gone", "the task to stand still");
}

/* A plan does without what a service that is down would tell. */
static void plan_stop(struct call *c)
{
	struct value task;
	struct error before = c->err;

	if (c->id.n == 0)
		return;
	if (task_find(c, false, c->id, &task) == 0 && task_is_active(task))
		call_effect(
		    c, EFFECT_STOP, STR("task"),
		    "task %.*s, which runs, is stopped",
		    STR_ARG(value_text(task, "ReplicationTaskIdentifier")));
	c->err = before;
}

/* Likewise. */
static void plan_start(struct call *c)
{
	struct error before = c->err;
	struct value task, tags;

	if (c->id.n && task_find(c, false, c->id, &task) == 0 &&
	    !value_is_null(task) &&
	    dms_read_tags(c, false, c->id, &tags) == 0 &&
	    task_is_left_stopped(c, task, tags))
		call_effect(
		    c, EFFECT_START, STR("task"),
		    "task %.*s, stopped since its endpoint was changed, goes "
		    "on",
		    STR_ARG(value_text(task, "ReplicationTaskIdentifier")));
	c->err = before;
}

static int plan_load(struct call *c)
{
	const struct dms_host *host = c->type->data;

	if (value_true(c->config, "assess") && host->has_assessments &&
	    dms_assess_check(c) < 0)
		return -1;
	if (value_true(c->config, "assess") && !host->has_assessments)
		call_notice(c, "assess: only AWS DMS makes premigration "
			       "assessments, so none is made here");
	return task_effects(c);
}

/* Rules that the server does not carry out are refused before anything. */
static int plan_rules(struct call *c)
{
	const struct dms_host *host = c->type->data;
	const struct value *tables = value_get(c->config, "tables");
	struct mapping_local local;
	struct mapping m;

	if (host->has_all_rules || !tables || value_is_unknown(*tables))
		return 0;
	if (mapping_read(value_text(c->config, "tables"), c->arena, &m,
			 &c->err) < 0 ||
	    mapping_check_local(&m, &local, &c->err) < 0)
		return -1;
	for (size_t i = 0; i < local.n_advice; i++)
		call_notice(c, "%s", local.advice[i]);
	return 0;
}

static int task_plan(struct call *c, const char *action)
{
	struct str what = str_from(action);
	bool is_new = str_is(what, "create") || str_is(what, "replace");

	if (str_is(what, "delete") || str_is(what, "replace") ||
	    (str_is(what, "update") && is_changed(c)))
		plan_stop(c);
	if (str_is(what, "delete"))
		return 0;
	if (str_is(value_text(c->config, "wait"), "caught_up") &&
	    !str_is(value_text(c->config, "mode"), "full_load")) {
		error_set(&c->err, ERROR_INVALID,
			  "wait = caught_up cannot be waited for in this "
			  "version");
		return error_hint(&c->err, "use wait = loaded");
	}
	if (plan_rules(c) < 0 || plan_run(c, is_new) < 0)
		return -1;
	if (str_is(what, "update") && !is_changed(c) && !c->needs_run)
		plan_start(c);
	return c->needs_run ? plan_load(c) : 0;
}

static enum step task_lookup(struct call *c)
{
	static const struct dms_found how = {
		"replication task",    "DescribeReplicationTasks",
		"replication-task-id", "ReplicationTasks",
		"ReplicationTaskArn",  NULL,
	};

	return dms_lookup(c, &how, task_read);
}

const struct resource_ops dms_task_ops = {
	.lookup = task_lookup,
	.plan = task_plan,
	.read = task_read,
	.create = task_create,
	.update = task_update,
	.destroy = task_destroy,
	.run = task_run,
	.inspect = task_inspect,
	.control = task_control,
	.recovery = 'N',
};
