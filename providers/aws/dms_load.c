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
 *	again N       the service was not ready to start; N times
 *	start B R T   started at time T from base B, gone on with R times
 */
#include <config.h>

#include "providers/aws/dms_task.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/json.h"
#include "providers/aws/dms_call.h"
#include "providers/aws/dms_connection.h"

#include <stdio.h>

enum {
	TEST_FAILURES_MAX = 4,
	AGAIN_MAX = 40,
	RESUMES_MAX = 2,
	UNSEEN_S = 90,
	NAMED_MAX = 5,
	LOG_LINES = 100, /* of the log's end, in which errors are looked for */
	LOG_BYTES = 250, /* of a line */
	LOG_MAX = 500,	 /* of all */
};

struct memo_start {
	char base[17];
	int resumes;
	int64_t at;
};

static struct value stats_of(struct value task)
{
	const struct value *stats = value_get(task, "ReplicationTaskStats");

	return stats ? *stats : value_null();
}

/*
 * 16 hex digits that differ after any start. The task's own date outlives a
 * restart of the service, statistics may not: they count only where there is no
 * such date, and for what is gone on with, whose date may stay.
 */
static struct str base_of(struct call *c, struct value task, bool is_resumed)
{
	struct str date = value_text(task, "ReplicationTaskStartDate");
	struct str started = value_text(stats_of(task), "StartDate");
	struct str stopped = value_text(stats_of(task), "StopDate");
	char hex[DIGEST_HEX_SIZE];

	if (date.n && !is_resumed)
		started.n = stopped.n = 0;
	digest_sha256_hex(str_fmt(c->arena, "%.*s\n%.*s\n%.*s", STR_ARG(date),
				  STR_ARG(started), STR_ARG(stopped)),
			  hex);
	return str_fmt(c->arena, "%.16s", hex);
}

static bool has_run_before(struct value task)
{
	return value_text(task, "ReplicationTaskStartDate").n ||
	       value_text(stats_of(task), "StartDate").n ||
	       value_text(stats_of(task), "FreshStartDate").n;
}

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

/* -- connection tests -- */

/*
 * Both connections must have been tested. A failure is looked at again some
 * times: names and health checks lag behind what they stand for.
 */
static enum step ensure_tested(struct call *c)
{
	static const char *const sides[] = { "source", "target" };
	enum step result = STEP_DONE;
	int failures = 0;
	long long last = 0;

	if (sscanf(str_c(c->memo, c->arena), "test %d %lld", &failures,
		   &last) != 2)
		failures = 0;
	for (size_t i = 0; i < 2; i++) {
		struct str why = { "", 0 };

		switch (dms_test_look(c, value_text(c->config, "instance"),
				      value_text(c->config, sides[i]), &why)) {
		case TEST_GOOD:
			continue;
		case TEST_ERROR:
			return STEP_FAILED;
		case TEST_RUNS:
			break;
		case TEST_BAD:
			if (clock_wall() - last < dms_test_pause(c))
				break;
			/* What failed before this run was not our test. */
			if (failures >= TEST_FAILURES_MAX)
				return dms_test_failed(c, sides[i], why);
			failures++;
			last = (long long)clock_wall();
			if (dms_test_start(c, value_text(c->config, "instance"),
					   value_text(c->config, sides[i])) < 0)
				return STEP_FAILED;
			break;
		}
		result = STEP_PENDING;
	}
	if (result == STEP_DONE)
		return STEP_DONE;
	c->memo = str_fmt(c->arena, "test %d %lld", failures, last);
	return dms_wait(c, "the connections to be tested");
}

/* -- the end -- */

static bool is_table_bad(struct value t)
{
	struct str state = value_text(t, "TableState");
	struct str validation = value_text(t, "ValidationState");

	return str_is(state, "Table error") ||
	       str_is(state, "Table does not exist") ||
	       value_number(t, "FullLoadErrorRows", 0) > 0 ||
	       str_is(validation, "Mismatched records") ||
	       str_is(validation, "Table error") || str_is(validation, "Error");
}

static struct str bad_table(struct value t, struct arena *a)
{
	struct str state = value_text(t, "TableState");
	struct str validation = value_text(t, "ValidationState");
	struct str details = value_text(t, "ValidationStateDetails");
	bool is_state = str_is(state, "Table error") ||
			str_is(state, "Table does not exist");

	if (is_state)
		details.n = 0;
	return str_fmt(a, "%.*s.%.*s (%.*s%s%.*s)",
		       STR_ARG(value_text(t, "SchemaName")),
		       STR_ARG(value_text(t, "TableName")),
		       STR_ARG(is_state ? state : validation),
		       details.n ? ": " : "", STR_ARG(details));
}

/* "sales.a (Table error), sales.b (…) and 3 more"; empty when all is well. */
static struct str bad_tables(struct call *c, struct value statistics)
{
	size_t n = 0;
	struct buf b;
	struct str text;

	buf_init(&b, 700);
	for (size_t i = 0; i < statistics.as.list.n; i++) {
		struct value t = statistics.as.list.items[i];

		if (!is_table_bad(t) || n++ >= NAMED_MAX)
			continue;
		buf_fmt(&b, "%s%.*s", n > 1 ? ", " : "",
			STR_ARG(bad_table(t, c->arena)));
	}
	if (n > NAMED_MAX)
		buf_fmt(&b, " and %zu more", n - NAMED_MAX);
	text = str_dup(buf_str(&b), c->arena);
	buf_release(&b);
	return text;
}

/* The part of the settings that says where the log is. */
static struct value logging_of(struct value task, struct arena *a)
{
	const struct value *logging = NULL;
	struct error ignored;
	struct value v;

	if (json_read(value_text(task, "ReplicationTaskSettings"), a, &v,
		      &ignored) == 0)
		logging = value_get(v, "Logging");
	return logging ? *logging : value_null();
}

/* Its last errors, from the log that the service writes; or empty. */
static struct str last_errors(struct call *c, struct value task)
{
	const struct dms_host *host = c->type->data;
	struct value logging = logging_of(task, c->arena);
	struct str group = value_text(logging, "CloudWatchLogGroup");
	struct str stream = value_text(logging, "CloudWatchLogStream");
	struct str log = { "", 0 }, out = { "", 0 };
	struct error before = c->err;

	if (!host->log_tail || !group.n)
		return out;
	if (host->log_tail(c, group, stream, LOG_LINES, &log) < 0)
		log.n = 0;
	c->err = before;
	while (log.n) {
		struct str line = str_cut(&log, '\n');

		/* "…Z [SOURCE_UNLOAD   ]E:  words" */
		if (str_contains(line, STR("]E:")))
			out = str_fmt(c->arena, "%.*s%s%.*s", STR_ARG(out),
				      out.n ? "; " : "",
				      STR_ARG(str_sub(line, 0, LOG_BYTES)));
	}
	return out.n > LOG_MAX ? str_skip(out, out.n - LOG_MAX) : out;
}

static enum step failed(struct call *c, struct value task, const char *what)
{
	struct str message = value_text(task, "LastFailureMessage");
	struct str reason = value_text(task, "StopReason");
	struct value statistics;
	struct str bad = { "", 0 }, log;

	if (task_statistics(c, true, c->id, &statistics) == 0)
		bad = bad_tables(c, statistics);
	c->err = (struct error){ 0 };
	log = last_errors(c, task);
	call_fail(c, ERROR_FAILED, "%s%s%.*s%s%.*s%s%.*s", what,
		  bad.n ? ": " : "", STR_ARG(bad),
		  message.n || reason.n ? ": " : "",
		  STR_ARG(message.n ? message : reason),
		  log.n ? "; its log: " : "", STR_ARG(log));
	error_hint(&c->err, "dmsl task stats shows each table; apply again "
			    "loads all of them anew");
	return STEP_FAILED;
}

static enum step loaded(struct call *c, struct value task)
{
	struct value statistics;
	struct fields f = { 0 };

	if (task_statistics(c, true, c->id, &statistics) < 0)
		return STEP_FAILED;
	if (value_number(stats_of(task), "TablesErrored", 0) > 0 ||
	    bad_tables(c, statistics).n)
		return failed(c, task, "not all tables were loaded");
	field_text(&f, "loaded", task_load_hash(c->config, c->arena));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

static enum step wait_load(struct call *c, struct value task)
{
	struct value stats = stats_of(task);
	struct value statistics, most = value_null();
	int64_t done = value_number(stats, "TablesLoaded", 0);
	int64_t all = done + value_number(stats, "TablesLoading", 0) +
		      value_number(stats, "TablesQueued", 0) +
		      value_number(stats, "TablesErrored", 0);
	struct error before = c->err;

	if (task_statistics(c, true, c->id, &statistics) < 0) {
		/* The next poll will tell. */
		c->err = before;
		statistics = value_list(NULL, 0);
	}
	for (size_t i = 0; i < statistics.as.list.n; i++) {
		struct value t = statistics.as.list.items[i];

		if (str_is(value_text(t, "TableState"), "Full load") &&
		    (value_is_null(most) ||
		     value_number(t, "FullLoadRows", 0) >
			 value_number(most, "FullLoadRows", 0)))
			most = t;
	}
	if (value_is_null(most))
		return dms_wait(c, "the load (%lld of %lld tables)",
				(long long)done, (long long)all);
	return dms_wait(
	    c, "the load: %.*s.%.*s %.*s rows, %lld %% (%lld of %lld tables)",
	    STR_ARG(value_text(most, "SchemaName")),
	    STR_ARG(value_text(most, "TableName")),
	    STR_ARG(dms_count(value_number(most, "FullLoadRows", 0), c->arena)),
	    (long long)value_number(stats, "FullLoadProgressPercent", 0),
	    (long long)done, (long long)all);
}

static bool has_reason(struct value task, const char *part)
{
	return str_contains(value_text(task, "StopReason"), str_from(part));
}

/* The load of a task that goes on with changes is over while it runs. */
static bool is_past_load(struct value task)
{
	struct value stats = stats_of(task);

	return value_number(stats, "FullLoadProgressPercent", 0) == 100 &&
	       value_number(stats, "TablesLoading", 0) == 0 &&
	       value_number(stats, "TablesQueued", 0) == 0;
}

static enum step watch_running(struct call *c, struct value task)
{
	struct str mode = value_text(c->config, "mode");
	bool is_running = str_is(task_status(task), "running");

	if (is_running &&
	    (str_is(value_text(c->config, "wait"), "started") ||
	     str_is(mode, "cdc") ||
	     (str_is(mode, "full_load_and_cdc") && is_past_load(task)))) {
		if (str_is(value_text(c->config, "wait"), "started")) {
			struct fields f = { 0 };

			field_text(&f, "loaded",
				   task_load_hash(c->config, c->arena));
			c->result = fields_done(&f, c->arena);
			return STEP_DONE;
		}
		return loaded(c, task);
	}
	return wait_load(c, task);
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
	if (str_is(base_of(c, task, m->resumes > 0), m->base)) {
		if (clock_wall() - m->at <= UNSEEN_S)
			return dms_wait(c, "the start to be seen");
		return failed(c, task, "the load did not start");
	}
	if (has_reason(task, "FULL_LOAD_ONLY_FINISHED") ||
	    has_reason(task, "STOPPED_AFTER"))
		return loaded(c, task);
	if (has_reason(task, "RECOVERABLE_ERROR") &&
	    !has_reason(task, "FATAL") && m->resumes < RESUMES_MAX) {
		struct str base = base_of(c, task, true);

		if (task_start(c, c->id, "resume-processing") < 0 &&
		    c->err.kind != ERROR_CONFLICT)
			return STEP_FAILED;
		c->err = (struct error){ 0 };
		write_memo(c, base, m->resumes + 1);
		return dms_wait(c, "the load, which was interrupted, to go on");
	}
	if (has_reason(task, "NORMAL"))
		return failed(c, task, "the load was stopped before its end");
	return failed(c, task, "the load failed");
}

/* -- the start -- */

static int write_tag(struct call *c, struct str base)
{
	struct fields f = { 0 };
	struct value *tag = arena_new(c->arena, struct value, 1);
	struct value ignored;

	field_text(&f, "Key", STR("dmsl:run"));
	field_text(
	    &f, "Value",
	    str_fmt(c->arena, "%.*s:%.*s", STR_ARG(c->token), STR_ARG(base)));
	*tag = fields_done(&f, c->arena);
	field_text(&f, "ResourceArn", c->id);
	field(&f, "Tags", value_list(tag, 1));
	return dms_call(c, true, "AddTagsToResource", fields_done(&f, c->arena),
			&ignored);
}

static int start(struct call *c, struct value task)
{
	const char *type = "start-replication";

	if (has_run_before(task))
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

static enum step begin(struct call *c, struct value task)
{
	struct str base = base_of(c, task, false);
	enum step tested = ensure_tested(c);
	unsigned long long again = 0;

	if (tested != STEP_DONE)
		return tested;
	if (write_tag(c, base) < 0)
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
	    str_eq(base, base_of(c, task, false)))
		return 0;
	write_memo(c, base, 0);
	return read_memo(c, m) ? 1 : 0;
}

enum step task_run(struct call *c)
{
	struct memo_start m;
	struct value task;

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
	if (task_is_passing(task) || str_is(task_status(task), "starting"))
		return dms_wait(c, "the task to stand still (%.*s)",
				STR_ARG(task_status(task)));
	if (str_is(task_status(task), "running")) {
		if (task_stop(c, c->id) < 0)
			return STEP_FAILED;
		return dms_wait(c, "the task to stop");
	}
	return begin(c, task);
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
	field_text(&f, "stop_reason", value_text(task, "StopReason"));
	field_text(&f, "failure", value_text(task, "LastFailureMessage"));
	field(&f, "progress",
	      value_int(
		  value_number(stats_of(task), "FullLoadProgressPercent", 0)));
	field(&f, "elapsed_ms",
	      value_int(value_number(stats_of(task), "ElapsedTimeMillis", 0)));
	field(&f, "tables", value_list(tables, statistics.as.list.n));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}
