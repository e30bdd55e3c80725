/*
 * What people ask of a task, one function to judge a request and one to carry
 * it out. A refusal says which other request would do.
 *
 * Memo, from poll to poll:
 *	test N T     its connections are tested (dms_connection.c)
 *	again N      the service was not ready to start it; N times
 *	begun B T    it was asked to start at time T, when its base was B
 *	assess ARN   (dms_assess.c)
 *
 * What starts a task gives it the tag
 *
 *	dmsl:asked = TOKEN:BASE:TIME
 *
 * before. Should this process end before it has told what came of it, the call
 * that recovers finds the request by its token, and sees by the base whether
 * the task was started; it starts nothing, since whoever asked is gone.
 */
#include <config.h>

#include "providers/aws/dms_task.h"

#include "lang/base/clock.h"
#include "lang/suggest.h"
#include "providers/aws/dms_assess.h"
#include "providers/aws/dms_call.h"
#include "providers/aws/dms_connection.h"
#include "providers/aws/tags.h"

#include <stdio.h>

enum {
	AGAIN_MAX = 40,
	UNSEEN_S = 90,
	LATE_S = 10,	     /* a start that was sent last is seen by then */
	RELOAD_AT_ONCE = 10, /* what ReloadTables takes */
	RELOAD_MAX = 500,
};

static struct str name_of(struct value task)
{
	return value_text(task, "ReplicationTaskIdentifier");
}

static bool is_finished(struct value task)
{
	return task_has_reason(task, "FULL_LOAD_ONLY_FINISHED");
}

static bool has_load(const struct call *c)
{
	return !str_is(value_text(c->config, "mode"), "cdc");
}

/* Its words are the service's: it says why a task does not run. */
static int refuse(struct call *c, struct value task, const char *why,
		  const char *hint)
{
	struct str reason = value_text(task, "StopReason");

	error_set(&c->err, ERROR_CONFLICT, "task \"%.*s\" %s (%.*s%s%.*s)",
		  STR_ARG(name_of(task)), why, STR_ARG(task_status(task)),
		  reason.n ? ": " : "", STR_ARG(reason));
	return error_hint(&c->err, "%s", hint);
}

static int judge_idle(struct call *c, struct value task)
{
	if (task_is_active(task))
		return refuse(c, task, "runs already",
			      "dmsl task wait waits for it, dmsl task stop "
			      "stops it");
	if (task_is_passing(task))
		return refuse(c, task, "does not stand still",
			      "try again when it does");
	return 0;
}

/* -- start, resume, reload -- */

static int judge_start(struct call *c, struct value task)
{
	if (judge_idle(c, task) < 0)
		return -1;
	if (task_has_run(task))
		return refuse(
		    c, task, "was started before",
		    is_finished(task) ? "dmsl task reload loads all tables anew"
		    : has_load(c)     ? "dmsl task resume goes on where it "
					"stopped, dmsl task reload loads all "
					"tables anew"
				      : "dmsl task resume goes on where it "
					"stopped");
	return task_effects(c);
}

static int judge_resume(struct call *c, struct value task)
{
	if (judge_idle(c, task) < 0)
		return -1;
	if (!task_has_run(task))
		return refuse(c, task, "was never started",
			      "dmsl task start starts it");
	if (is_finished(task) &&
	    value_number(task_stats(task), "TablesErrored", 0) == 0)
		return refuse(c, task,
			      "is a full load that has ended: there is nothing "
			      "to go on with",
			      "dmsl task reload loads all tables anew; a task "
			      "that follows changes too has mode = "
			      "full_load_and_cdc");
	if (has_load(c))
		call_effect(c, EFFECT_LOAD, (struct str){ "", 0 },
			    "load the tables that are not loaded whole; one "
			    "that is loaded in part is loaded anew");
	call_effect(c, EFFECT_START, STR("task"), "task %.*s goes on",
		    STR_ARG(name_of(task)));
	return 0;
}

static int judge_reload_all(struct call *c, struct value task)
{
	if (!has_load(c))
		return refuse(c, task, "of mode cdc has no load to repeat",
			      "dmsl task resume goes on with the changes");
	if (task_is_active(task))
		return refuse(c, task, "runs",
			      "name the tables that are to be loaded anew, or "
			      "stop it first: dmsl task stop");
	if (judge_idle(c, task) < 0)
		return -1;
	if (!task_has_run(task))
		return refuse(c, task, "was never started",
			      "dmsl task start starts it");
	return task_effects(c);
}

/* The service knows better whether it ran before. */
static enum step explain(struct call *c)
{
	struct str words = str_from(c->err.message);

	if (c->err.kind == ERROR_INVALID &&
	    str_contains(words, STR("START_REPLICATION")))
		error_hint(&c->err,
			   "AWS DMS starts a task with start-replication once "
			   "only: dmsl task resume or dmsl task reload");
	else if (c->err.kind == ERROR_INVALID &&
		 str_contains(words, STR("RESUME_PROCESSING")))
		error_hint(&c->err,
			   "AWS DMS has nothing to go on with: dmsl task "
			   "start, or dmsl task reload to load all anew");
	return STEP_FAILED;
}

/* Before the start; a load says what is loaded. */
static int mark_asked(struct call *c, struct str base, bool is_load)
{
	struct value_entry tags[2] = {
		{ STR("dmsl:asked"),
		  value_str(str_fmt(c->arena, "%.*s:%.*s:%lld",
				    STR_ARG(c->token), STR_ARG(base),
				    (long long)clock_wall())) },
		{ STR("dmsl:load"),
		  value_str(task_load_hash(c->config, c->arena)) },
	};
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ResourceArn", c->id);
	field(&f, "Tags",
	      tag_list(value_map(tags, is_load ? 2 : 1, c->arena), c->arena));
	return dms_call(c, true, "AddTagsToResource", fields_done(&f, c->arena),
			&ignored);
}

static enum step start(struct call *c, struct value task, const char *type)
{
	struct str base = task_base(c, task, true);
	bool is_load = !str_is(str_from(type), "resume-processing");
	unsigned long long again = 0;
	enum step tested = dms_test_both(c);

	if (tested != STEP_DONE)
		return tested;
	if (mark_asked(c, base, is_load) < 0)
		return STEP_FAILED;
	if (task_start(c, c->id, type) == 0) {
		c->memo = str_fmt(c->arena, "begun %.*s %lld", STR_ARG(base),
				  (long long)clock_wall());
		return dms_wait(c, "the task to start");
	}
	sscanf(str_c(c->memo, c->arena), "again %llu", &again);
	if (c->err.kind != ERROR_CONFLICT || again >= AGAIN_MAX)
		return explain(c);
	c->err = (struct error){ 0 };
	c->memo = str_fmt(c->arena, "again %llu", again + 1);
	return dms_wait(c, "the task to be ready to start");
}

static enum step started(struct call *c, struct value task)
{
	struct fields f = { 0 };
	struct str hash;

	if (task_marked_load(c, &hash) < 0)
		return STEP_FAILED;
	/* What was changed since the load began is loaded in part only. */
	if (str_eq(hash, task_load_hash(c->config, c->arena)))
		field_text(&f, "loaded", hash);
	field_text(&f, "status", task_status(task));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

/* Whether it was begun, and what was its base then. */
static bool has_begun(struct call *c, char base[17], int64_t *at)
{
	long long since = 0;

	if (sscanf(str_c(c->memo, c->arena), "begun %16[0-9a-f] %lld", base,
		   &since) != 2)
		return false;
	*at = since;
	return true;
}

/* What was asked before the process ended; base empty: nothing, or not seen. */
static int find_asked(struct call *c, char base[17], int64_t *at)
{
	struct value tags;
	struct str text;
	long long since = 0;

	*base = '\0';
	if (dms_read_tags(c, true, c->id, &tags) < 0)
		return -1;
	text = value_text(tags, "dmsl:asked");
	if (c->token.n == 0 || !str_eq(str_cut(&text, ':'), c->token))
		return 0;
	if (sscanf(str_c(text, c->arena), "%16[0-9a-f]:%lld", base, &since) !=
	    2)
		*base = '\0';
	*at = since;
	return 0;
}

/*
 * After a crash: whether the start was made. Done at once, with nothing to
 * tell, where it was not.
 */
static enum step recover_start(struct call *c, struct value task)
{
	bool is_seen;
	char base[17];
	int64_t at = 0;

	if (find_asked(c, base, &at) < 0)
		return STEP_FAILED;
	is_seen = task_is_active(task) || task_is_passing(task) ||
		  !str_is(task_base(c, task, true), base);
	if (*base && !is_seen && clock_wall() - at <= LATE_S)
		return dms_wait(c, "a start to be seen that was just sent");
	if (!*base || !is_seen) {
		c->result = value_map(NULL, 0, c->arena);
		return STEP_DONE;
	}
	c->memo = str_fmt(c->arena, "begun %s %lld", base, (long long)at);
	return dms_wait(c, "the task to run");
}

static enum step start_or_wait(struct call *c, struct value task,
			       const char *type)
{
	char base[17];
	int64_t at;

	if (!has_begun(c, base, &at)) {
		bool is_again = str_starts(c->memo, "again ");

		if (c->is_recovery)
			return recover_start(c, task);
		/* An attempt without answer was carried out. */
		if (!is_again || !task_is_active(task))
			return start(c, task, type);
		*base = '\0';
		at = 0;
	}
	if (str_is(task_status(task), "starting") || task_is_passing(task))
		return dms_wait(c, "the task to run (%.*s)",
				STR_ARG(task_status(task)));
	if (task_is_active(task))
		return started(c, task);
	/* What is shown may be from before the start, for a while. */
	if (str_is(task_base(c, task, true), base)) {
		if (clock_wall() - at <= UNSEEN_S)
			return dms_wait(c, "the start to be seen");
		return task_failed(c, task, "the task did not start");
	}
	if (str_is(task_status(task), "failed"))
		return task_failed(c, task, "the task failed");
	return started(c, task);
}

static enum step carry_start(struct call *c, struct value task)
{
	return start_or_wait(c, task, "start-replication");
}

static enum step carry_resume(struct call *c, struct value task)
{
	return start_or_wait(c, task, "resume-processing");
}

/* -- reload of tables -- */

/* SCHEMA.TABLE; either may stand in quotes. */
static bool cut_name(struct str *text, struct str *name)
{
	ptrdiff_t end;

	if (!str_starts(*text, "\"")) {
		*name = str_cut(text, '.');
		return name->n > 0;
	}
	*text = str_skip(*text, 1);
	end = str_find(*text, '"');
	if (end <= 0)
		return false;
	*name = str_sub(*text, 0, (size_t)end);
	*text = str_skip(*text, (size_t)end + 1);
	if (text->n && text->s[0] != '.')
		return false;
	*text = str_skip(*text, 1);
	return true;
}

static bool is_table(struct value t, struct str schema, struct str table)
{
	return str_eq(value_text(t, "SchemaName"), schema) &&
	       str_eq(value_text(t, "TableName"), table);
}

/* A table that the task knows, as ReloadTables takes it. */
static int find_table(struct call *c, struct value statistics, struct str text,
		      struct value *out)
{
	struct suggest near = suggest_start(text);
	struct str rest = text, schema, table;
	struct fields f = { 0 };

	if (!cut_name(&rest, &schema) || !cut_name(&rest, &table) || rest.n) {
		error_set(&c->err, ERROR_INVALID, "\"%.*s\" is no table",
			  STR_ARG(text));
		return error_hint(&c->err, "write SCHEMA.TABLE");
	}
	for (size_t i = 0; i < statistics.as.list.n; i++) {
		struct value t = statistics.as.list.items[i];

		if (!is_table(t, schema, table)) {
			suggest_try(&near,
				    str_join(value_text(t, "SchemaName"), ".",
					     value_text(t, "TableName"),
					     c->arena));
			continue;
		}
		field_text(&f, "SchemaName", schema);
		field_text(&f, "TableName", table);
		*out = fields_done(&f, c->arena);
		return 0;
	}
	error_set(&c->err, ERROR_NOT_FOUND, "the task has no table \"%.*s\"",
		  STR_ARG(text));
	if (near.best.n)
		return error_hint(&c->err, "did you mean \"%.*s\"?",
				  STR_ARG(near.best));
	return error_hint(&c->err, "dmsl task stats lists its tables, by their "
				   "names at the source");
}

/* All tables that were named; of the arena. */
static int find_tables(struct call *c, struct value **out, size_t *n)
{
	struct value statistics;
	struct value names = c->operands;

	*n = names.as.list.n;
	if (*n > RELOAD_MAX)
		return error_set(&c->err, ERROR_QUOTA,
				 "at most %d tables can be named", RELOAD_MAX);
	if (task_statistics(c, false, c->id, &statistics) < 0)
		return -1;
	*out = arena_new(c->arena, struct value, *n + 1);
	for (size_t i = 0; i < *n; i++)
		if (find_table(c, statistics, names.as.list.items[i].as.text,
			       &(*out)[i]) < 0)
			return -1;
	return 0;
}

static int judge_reload_tables(struct call *c, struct value task)
{
	struct value *tables;
	size_t n;

	if (!has_load(c))
		return refuse(c, task, "of mode cdc has no load to repeat",
			      "dmsl task resume goes on with the changes");
	if (!str_is(task_status(task), "running"))
		return refuse(c, task,
			      "does not run, and AWS DMS loads single tables "
			      "of running tasks only",
			      "without a table dmsl task reload loads all of "
			      "them anew");
	if (find_tables(c, &tables, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct str name =
		    str_join(value_text(tables[i], "SchemaName"), ".",
			     value_text(tables[i], "TableName"), c->arena);

		call_effect(c, EFFECT_LOAD,
			    str_fmt(c->arena, "table %.*s", STR_ARG(name)),
			    "load %.*s anew, in place of its rows in the "
			    "target",
			    STR_ARG(name));
	}
	return 0;
}

static enum step carry_reload_tables(struct call *c, struct value task)
{
	struct fields f = { 0 };
	struct value *tables, ignored;
	size_t n;

	if (find_tables(c, &tables, &n) < 0)
		return STEP_FAILED;
	for (size_t i = 0; i < n; i += RELOAD_AT_ONCE) {
		size_t some = n - i < RELOAD_AT_ONCE ? n - i : RELOAD_AT_ONCE;

		field_text(&f, "ReplicationTaskArn", c->id);
		field_text(&f, "ReloadOption", STR("data-reload"));
		field(&f, "TablesToReload", value_list(tables + i, some));
		if (dms_call(c, true, "ReloadTables", fields_done(&f, c->arena),
			     &ignored) < 0) {
			error_add(&c->err, "tables %zu to %zu of %zu", i + 1,
				  i + some, n);
			return STEP_FAILED;
		}
	}
	field_text(&f, "status", task_status(task));
	field(&f, "asked", value_int((int64_t)n));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

static int judge_reload(struct call *c, struct value task)
{
	return c->operands.as.list.n ? judge_reload_tables(c, task)
				     : judge_reload_all(c, task);
}

static enum step carry_reload(struct call *c, struct value task)
{
	return c->operands.as.list.n ? carry_reload_tables(c, task)
				     : start_or_wait(c, task, "reload-target");
}

/* -- stop -- */

static int judge_stop(struct call *c, struct value task)
{
	if (task_is_active(task))
		call_effect(c, EFFECT_STOP, STR("task"), "task %.*s stops",
			    STR_ARG(name_of(task)));
	return 0;
}

static enum step carry_stop(struct call *c, struct value task)
{
	struct fields f = { 0 };
	enum step step;

	if (!task_is_still(c, task, &step))
		return step;
	field_text(&f, "status", task_status(task));
	field_given(&f, "stop_reason", value_text(task, "StopReason"));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

/* -- wait -- */

static int judge_wait(struct call *c, struct value task)
{
	if (!task_has_run(task) && !task_is_active(task))
		return refuse(c, task, "was never started",
			      "dmsl task start starts it");
	return 0;
}

static enum step finished(struct call *c, struct value task)
{
	if (task_loaded(c, task) == STEP_FAILED)
		return STEP_FAILED;
	return task_inspect(c);
}

/* Also while a table is loaded anew, long after the load. */
static enum step wait_running(struct call *c, struct value task)
{
	static const char *const loading[] = { "Before load", "Full load",
					       "Table is being reloaded",
					       NULL };
	struct value statistics;

	if (!has_load(c))
		return task_inspect(c);
	if (str_is(value_text(c->config, "mode"), "full_load") ||
	    !task_is_past_load(task))
		return task_loading(c, task);
	if (task_statistics(c, false, c->id, &statistics) < 0)
		return STEP_FAILED;
	for (size_t i = 0; i < statistics.as.list.n; i++)
		for (size_t j = 0; loading[j]; j++)
			if (str_is(value_text(statistics.as.list.items[i],
					      "TableState"),
				   loading[j]))
				return task_loading(c, task);
	return finished(c, task);
}

static enum step carry_wait(struct call *c, struct value task)
{
	enum step step = STEP_FAILED;

	if (str_is(task_status(task), "running"))
		return wait_running(c, task);
	if (task_is_active(task) || task_is_passing(task))
		return dms_wait(c, "the task (%.*s)",
				STR_ARG(task_status(task)));
	if (is_finished(task) || task_has_reason(task, "STOPPED_AFTER"))
		step = finished(c, task);
	else if (str_is(task_status(task), "failed"))
		task_failed(c, task, "the task failed");
	else
		task_failed(c, task, "the task was stopped before its end");
	if (step == STEP_FAILED)
		error_hint(&c->err,
			   "dmsl task stats shows each table; dmsl task resume "
			   "goes on where it stopped, dmsl task reload loads "
			   "all tables anew");
	return step;
}

/* -- assess -- */

static int judge_assess(struct call *c, struct value task)
{
	if (dms_assess_check(c) < 0)
		return -1;
	return judge_idle(c, task);
}

static enum step carry_assess(struct call *c, struct value task)
{
	struct str name = str_fmt(c->arena, "%.*s-%lld", STR_ARG(name_of(task)),
				  (long long)clock_wall());
	struct assessment a;
	struct fields f = { 0 };
	enum step step;

	if (!str_starts(c->memo, "assess ")) {
		step = dms_test_both(c);
		if (step != STEP_DONE)
			return step;
	}
	step = dms_assess(c, name, &a);
	if (step != STEP_DONE)
		return step;
	field_text(&f, "status", a.status);
	field_text(&f, "results", dms_assess_counts(&a, c->arena));
	field_text(&f, "findings", a.where);
	field_text(&f, "fetch", a.command);
	field(&f, "assessments", a.results);
	c->result = fields_done(&f, c->arena);
	if (dms_assess_has_failed(&a)) {
		dms_assess_refuse(c, &a);
		c->is_broken = true;
		c->status = str_dup(str_from(c->err.message), c->arena);
		c->err = (struct error){ 0 };
	}
	return STEP_DONE;
}

static const struct request {
	const char *name;
	int (*judge)(struct call *c, struct value task);
	enum step (*carry)(struct call *c, struct value task);
} requests[] = {
	{ "assess", judge_assess, carry_assess },
	{ "reload", judge_reload, carry_reload },
	{ "resume", judge_resume, carry_resume },
	{ "start", judge_start, carry_start },
	{ "stop", judge_stop, carry_stop },
	{ "wait", judge_wait, carry_wait },
};

enum step task_control(struct call *c)
{
	const struct request *r = NULL;
	struct value task;

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (str_is(c->control, requests[i].name))
			r = &requests[i];
	if (!r)
		return call_fail(c, ERROR_INVALID,
				 "a task knows no request \"%.*s\"",
				 STR_ARG(c->control));
	if (task_find(c, c->is_recovery, c->id, &task) < 0) {
		if (c->err.kind == ERROR_UNAVAILABLE)
			error_hint(&c->err, "dmsl apply starts what is down");
		return STEP_FAILED;
	}
	if (value_is_null(task)) {
		call_fail(c, ERROR_NOT_FOUND, "the task is gone");
		error_hint(&c->err, "dmsl apply makes it anew");
		return STEP_FAILED;
	}
	if (c->verb == VERB_READ)
		return r->judge(c, task) < 0 ? STEP_FAILED : STEP_DONE;
	return r->carry(c, task);
}
