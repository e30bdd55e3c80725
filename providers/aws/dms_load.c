/*
 * The run of a task: its load.
 *
 * A load must be started once, however often this step is begun. So before the
 * start the task gets the tag
 *
 *	dmsl:run = TOKEN:BASE
 *
 * TOKEN being the step's, BASE a digest of the date of the task's last start as
 * it stands then. Any start changes it. A repetition that finds its own token
 * looks whether it is still that: if so, the start did not happen, and it is
 * done now; if not, it did, and the repetition waits for the end. A kill before
 * the tag, between tag and start, and after the start each lead there.
 *
 * Memo, from poll to poll:
 *	test N T      connections are tested; N failures, the last at time T
 *	assess ARN    a premigration assessment runs
 *	again N       the service was not ready to start; N times
 *	start B R T   started at time T from base B, gone on with R times
 */
#include <config.h>

#include "providers/aws/dms_task.h"

#include "lang/base/clock.h"
#include "providers/aws/dms_assess.h"
#include "providers/aws/dms_call.h"
#include "providers/aws/dms_connection.h"
#include "providers/aws/tags.h"

#include <stdio.h>

enum {
	AGAIN_MAX = 40,
	RESUMES_MAX = 2,
	UNSEEN_S = 90,
};

struct memo_start {
	char base[17];
	int resumes;
	int64_t at;
};

static bool read_memo(struct call *c, struct memo_start *m)
{
	int resumes = 0;
	long long at = 0;

	*m = (struct memo_start){ 0 };
	if (!str_starts(c->memo, "start ") ||
	    sscanf(str_c(c->memo, c->arena), "start %16[0-9a-f] %d %lld",
		   m->base, &resumes, &at) != 3)
		return false;
	m->resumes = resumes;
	m->at = at;
	return true;
}

static void write_memo(struct call *c, struct str base, int resumes)
{
	c->memo = str_fmt(c->arena, "start %.*s %d %lld", STR_ARG(base),
			  resumes, (long long)clock_wall());
}

/* -- the end -- */

static enum step watch_running(struct call *c, struct value task)
{
	struct str mode = value_text(c->config, "mode");
	bool is_running = str_is(task_status(task), "running");

	if (is_running &&
	    (str_is(value_text(c->config, "wait"), "started") ||
	     str_is(mode, "cdc") ||
	     (str_is(mode, "full_load_and_cdc") && task_is_past_load(task)))) {
		if (str_is(value_text(c->config, "wait"), "started")) {
			struct fields f = { 0 };

			field_text(&f, "loaded",
				   task_load_hash(c->config, c->arena));
			c->result = fields_done(&f, c->arena);
			return STEP_DONE;
		}
		return task_loaded(c, task);
	}
	return task_loading(c, task);
}

static enum step watch(struct call *c, struct value task,
		       const struct memo_start *m)
{
	if (task_is_active(task))
		return watch_running(c, task);
	if (task_is_passing(task))
		return dms_wait(c, "the task to stand still (%.*s)",
				STR_ARG(task_status(task)));
	/* What is shown may be from before the start, for a while. */
	if (str_is(task_base(c, task, m->resumes > 0), m->base)) {
		if (clock_wall() - m->at <= UNSEEN_S)
			return dms_wait(c, "the start to be seen");
		return task_failed(c, task, "the load did not start");
	}
	if (task_has_reason(task, "FULL_LOAD_ONLY_FINISHED") ||
	    task_has_reason(task, "STOPPED_AFTER"))
		return task_loaded(c, task);
	if (task_has_reason(task, "RECOVERABLE_ERROR") &&
	    !task_has_reason(task, "FATAL") && m->resumes < RESUMES_MAX) {
		struct str base = task_base(c, task, true);

		if (task_start(c, c->id, "resume-processing") < 0 &&
		    c->err.kind != ERROR_CONFLICT)
			return STEP_FAILED;
		c->err = (struct error){ 0 };
		write_memo(c, base, m->resumes + 1);
		return dms_wait(c, "the load, which was interrupted, to go on");
	}
	if (task_has_reason(task, "NORMAL"))
		return task_failed(c, task,
				   "the load was stopped before its end");
	return task_failed(c, task, "the load failed");
}

/* -- the start -- */

static int write_tags(struct call *c, struct str base)
{
	struct value_entry tags[] = {
		{ STR("dmsl:load"),
		  value_str(task_load_hash(c->config, c->arena)) },
		{ STR("dmsl:run"),
		  value_str(str_fmt(c->arena, "%.*s:%.*s", STR_ARG(c->token),
				    STR_ARG(base))) },
	};
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ResourceArn", c->id);
	field(&f, "Tags", tag_list(value_map(tags, 2, c->arena), c->arena));
	return dms_call(c, true, "AddTagsToResource", fields_done(&f, c->arena),
			&ignored);
}

static int start(struct call *c, struct value task)
{
	const char *type = "start-replication";

	if (task_has_run(task))
		type = str_is(value_text(c->config, "mode"), "cdc")
			   ? "resume-processing"
			   : "reload-target";
	if (task_start(c, c->id, type) == 0)
		return 0;
	/* The service knows better whether it ran before. */
	if (c->err.kind == ERROR_INVALID &&
	    str_contains(str_from(c->err.message), STR("first time")))
		return task_start(c, c->id, "reload-target");
	return -1;
}

/* Before the load, where the text asks for it; its failures end the step. */
static enum step assess(struct call *c)
{
	const struct dms_host *host = c->type->data;
	struct assessment a;
	enum step step;

	if (!host->has_assessments || !value_true(c->config, "assess") ||
	    str_starts(c->memo, "again"))
		return STEP_DONE;
	step = dms_assess(
	    c, str_fmt(c->arena, "dmsl-%.32s", str_c(c->token, c->arena)), &a);
	if (step != STEP_DONE)
		return step;
	if (dms_assess_has_failed(&a)) {
		dms_assess_refuse(c, &a);
		return STEP_FAILED;
	}
	call_notice(c, "premigration assessment: %.*s; for every finding: %.*s",
		    STR_ARG(dms_assess_counts(&a, c->arena)),
		    STR_ARG(a.command));
	return STEP_DONE;
}

static enum step begin(struct call *c, struct value task)
{
	struct str base = task_base(c, task, false);
	enum step tested = dms_test_both(c);
	unsigned long long again = 0;

	if (tested != STEP_DONE)
		return tested;
	tested = assess(c);
	if (tested != STEP_DONE)
		return tested;
	if (write_tags(c, base) < 0)
		return STEP_FAILED;
	if (start(c, task) == 0) {
		write_memo(c, base, 0);
		return dms_wait(c, "the load to start");
	}
	if (c->err.kind != ERROR_CONFLICT)
		return STEP_FAILED;
	sscanf(str_c(c->memo, c->arena), "again %llu", &again);
	if (again >= AGAIN_MAX)
		return STEP_FAILED;
	c->err = (struct error){ 0 };
	c->memo = str_fmt(c->arena, "again %llu", again + 1);
	return dms_wait(c, "the task to be ready to start");
}

/*
 * 1: an earlier attempt of this step started the load, *m says from where; 0:
 * it did not; -1: err.
 */
static int find_start(struct call *c, struct value task, struct memo_start *m)
{
	struct value tags;
	struct str token, base;

	if (dms_read_tags(c, true, c->id, &tags) < 0)
		return -1;
	base = value_text(tags, "dmsl:run");
	token = str_cut(&base, ':');
	if (c->token.n == 0 || !str_eq(token, c->token) || base.n != 16)
		return 0;
	if (!task_is_active(task) && !task_is_passing(task) &&
	    str_eq(base, task_base(c, task, false)))
		return 0;
	write_memo(c, base, 0);
	return read_memo(c, m) ? 1 : 0;
}

enum step task_run(struct call *c)
{
	struct memo_start m;
	struct value task;
	enum step step;

	if (task_find(c, true, c->id, &task) < 0)
		return STEP_FAILED;
	if (value_is_null(task))
		return call_fail(c, ERROR_NOT_FOUND, "the task is gone");
	if (read_memo(c, &m))
		return watch(c, task, &m);
	if (c->memo.n == 0 || c->is_recovery) {
		int found = find_start(c, task, &m);

		if (found < 0)
			return STEP_FAILED;
		if (found)
			return watch(c, task, &m);
	}
	return task_is_still(c, task, &step) ? begin(c, task) : step;
}

/* -- for people -- */

enum step task_inspect(struct call *c)
{
	static const struct {
		const char *ours, *theirs;
	} texts[] = {
		{ "schema", "SchemaName" },
		{ "table", "TableName" },
		{ "state", "TableState" },
		{ "rows", "FullLoadRows" },
		{ "errors", "FullLoadErrorRows" },
		{ "start", "FullLoadStartTime" },
		{ "end", "FullLoadEndTime" },
		{ "inserts", "Inserts" },
		{ "updates", "Updates" },
		{ "deletes", "Deletes" },
		{ "validation", "ValidationState" },
		{ "validation_details", "ValidationStateDetails" },
	};
	static const struct {
		const char *ours, *theirs;
	} counts[] = {
		{ "loaded", "TablesLoaded" },
		{ "loading", "TablesLoading" },
		{ "queued", "TablesQueued" },
		{ "errors", "TablesErrored" },
	};
	struct value task, statistics;
	struct value *tables;
	struct fields f = { 0 };

	if (task_find(c, false, c->id, &task) < 0 ||
	    task_statistics(c, false, c->id, &statistics) < 0)
		return STEP_FAILED;
	if (value_is_null(task))
		return call_fail(c, ERROR_NOT_FOUND, "the task is gone");
	tables = arena_new(c->arena, struct value, statistics.as.list.n + 1);
	for (size_t i = 0; i < statistics.as.list.n; i++) {
		for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
			const struct value *v = value_get(
			    statistics.as.list.items[i], texts[j].theirs);

			field(&f, texts[j].ours, v ? *v : value_null());
		}
		tables[i] = fields_done(&f, c->arena);
	}
	field_text(&f, "status", task_status(task));
	field_text(&f, "mode", value_text(c->config, "mode"));
	field_text(&f, "stop_reason", value_text(task, "StopReason"));
	field_text(&f, "failure", value_text(task, "LastFailureMessage"));
	field(&f, "progress",
	      value_int(value_number(task_stats(task),
				     "FullLoadProgressPercent", 0)));
	field(
	    &f, "elapsed_ms",
	    value_int(value_number(task_stats(task), "ElapsedTimeMillis", 0)));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		field(&f, counts[i].ours,
		      value_int_in(
			  value_number(task_stats(task), counts[i].theirs, 0),
			  c->arena));
	field(&f, "tables", value_list(tables, statistics.as.list.n));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}
