/* What is seen of a task's load: how far it is, and what became of it. */
#include <config.h>

#include "providers/aws/dms_task.h"

#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/json.h"
#include "providers/aws/dms_call.h"

enum {
	NAMED_MAX = 5,
	LOG_LINES = 100, /* of the log's end, in which errors are looked for */
	LOG_BYTES = 250, /* of a line */
	LOG_MAX = 500,	 /* of all */
};

struct value task_stats(struct value task)
{
	const struct value *stats = value_get(task, "ReplicationTaskStats");

	return stats ? *stats : value_null();
}

struct str task_base(struct call *c, struct value task, bool is_resumed)
{
	struct str date = value_text(task, "ReplicationTaskStartDate");
	struct str started = value_text(task_stats(task), "StartDate");
	struct str stopped = value_text(task_stats(task), "StopDate");
	char hex[DIGEST_HEX_SIZE];

	if (date.n && !is_resumed)
		started.n = stopped.n = 0;
	digest_sha256_hex(str_fmt(c->arena, "%.*s\n%.*s\n%.*s", STR_ARG(date),
				  STR_ARG(started), STR_ARG(stopped)),
			  hex);
	return str_fmt(c->arena, "%.16s", hex);
}

bool task_has_run(struct value task)
{
	return value_text(task, "ReplicationTaskStartDate").n ||
	       value_text(task_stats(task), "StartDate").n ||
	       value_text(task_stats(task), "FreshStartDate").n;
}

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

/*
 * Its last errors, from the log that the service writes, or how that ends; or
 * empty.
 */
static struct str last_errors(struct call *c, struct value task)
{
	const struct dms_host *host = c->type->data;
	struct value logging = logging_of(task, c->arena);
	struct str group = value_text(logging, "CloudWatchLogGroup");
	struct str stream = value_text(logging, "CloudWatchLogStream");
	struct str log = { "", 0 }, last = { "", 0 }, out = { "", 0 };
	struct error before = c->err;

	if (!host->log_tail || !group.n)
		return out;
	if (host->log_tail(c, group, stream, LOG_LINES, &log) < 0)
		log.n = 0;
	c->err = before;
	while (log.n) {
		struct str line = str_cut(&log, '\n');

		if (line.n)
			last = line;
		/* "…Z [SOURCE_UNLOAD   ]E:  words" */
		if (str_contains(line, STR("]E:")))
			out = str_fmt(c->arena, "%.*s%s%.*s", STR_ARG(out),
				      out.n ? "; " : "",
				      STR_ARG(str_sub(line, 0, LOG_BYTES)));
	}
	if (!out.n)
		out = str_sub(last, 0, LOG_BYTES);
	return out.n > LOG_MAX ? str_skip(out, out.n - LOG_MAX) : out;
}

enum step task_failed(struct call *c, struct value task, const char *what)
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

enum step task_loaded(struct call *c, struct value task)
{
	struct value statistics;
	struct fields f = { 0 };

	if (task_statistics(c, true, c->id, &statistics) < 0)
		return STEP_FAILED;
	if (value_number(task_stats(task), "TablesErrored", 0) > 0 ||
	    bad_tables(c, statistics).n)
		return task_failed(c, task, "not all tables were loaded");
	field_text(&f, "loaded", task_load_hash(c->config, c->arena));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

enum step task_loading(struct call *c, struct value task)
{
	struct value stats = task_stats(task);
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

bool task_has_reason(struct value task, const char *part)
{
	return str_contains(value_text(task, "StopReason"), str_from(part));
}

/* The load of a task that goes on with changes is over while it runs. */
bool task_is_past_load(struct value task)
{
	struct value stats = task_stats(task);

	return value_number(stats, "FullLoadProgressPercent", 0) == 100 &&
	       value_number(stats, "TablesLoading", 0) == 0 &&
	       value_number(stats, "TablesQueued", 0) == 0;
}
