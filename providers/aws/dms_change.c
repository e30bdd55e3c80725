/*
 * Memo, from poll to poll, with the ARNs of the tasks that ran:
 *
 *	stop ARN…      they are being stopped
 *	changed ARN…   the endpoint was changed and becomes active
 *	test T ARN…    its connections are tested since the time T
 */
#include <config.h>

#include "providers/aws/dms_change.h"

#include "lang/base/clock.h"
#include "providers/aws/dms_call.h"
#include "providers/aws/dms_connection.h"
#include "providers/aws/dms_task.h"

enum { TASKS_MAX = 20 };

/* Tasks of the endpoint that run or start. */
static int active_tasks(struct call *c, bool may_start, struct value *out)
{
	const struct value *list;
	struct value answer, *active;
	size_t n = 0;

	*out = value_list(NULL, 0);
	if (dms_call(c, may_start, "DescribeReplicationTasks",
		     dms_filter("endpoint-arn", c->id, c->arena),
		     &answer) < 0) {
		if (c->err.kind != ERROR_NOT_FOUND)
			return -1;
		c->err = (struct error){ 0 };
		return 0;
	}
	list = value_get(answer, "ReplicationTasks");
	if (!list || list->kind != VALUE_LIST)
		return 0;
	active = arena_new(c->arena, struct value, list->as.list.n + 1);
	for (size_t i = 0; i < list->as.list.n; i++)
		if (task_is_active(list->as.list.items[i]))
			active[n++] = list->as.list.items[i];
	*out = value_list(active, n);
	return 0;
}

/* A plan does without what a service that is down would tell. */
void dms_change_effects(struct call *c)
{
	struct error before = c->err;
	struct value tasks;

	if (c->id.n == 0 || active_tasks(c, false, &tasks) < 0) {
		c->err = before;
		return;
	}
	for (size_t i = 0; i < tasks.as.list.n; i++) {
		struct str name = value_text(tasks.as.list.items[i],
					     "ReplicationTaskIdentifier");

		call_effect(c, EFFECT_STOP, name,
			    "task %.*s, which runs, is stopped to change its "
			    "endpoint",
			    STR_ARG(name));
		call_effect(c, EFFECT_START, name,
			    "task %.*s goes on after its connection is tested",
			    STR_ARG(name));
	}
}

enum step dms_change_begin(struct call *c)
{
	struct error refusal = c->err;
	struct str memo = STR("stop");
	struct value tasks;

	c->err = (struct error){ 0 };
	if (active_tasks(c, true, &tasks) < 0)
		return STEP_FAILED;
	if (!tasks.as.list.n || tasks.as.list.n > TASKS_MAX) {
		c->err = refusal;
		error_hint(&c->err,
			   "stop the tasks that use it first: dmsl task stop");
		return STEP_FAILED;
	}
	for (size_t i = 0; i < tasks.as.list.n; i++)
		memo = str_fmt(c->arena, "%.*s %.*s", STR_ARG(memo),
			       STR_ARG(value_text(tasks.as.list.items[i],
						  "ReplicationTaskArn")));
	c->memo = memo;
	return dms_wait(c, "the endpoint's tasks to stop");
}

/* The rest of the memo behind its word; false: it is another. */
static bool is_phase(const struct call *c, const char *word, struct str *arns)
{
	*arns = c->memo;
	return str_is(str_cut(arns, ' '), word);
}

static bool is_active(struct value endpoint)
{
	return str_is(value_text(endpoint, "Status"), "active");
}

/* Whatever happens from here on, the next plan knows that they are to go on. */
static int mark_tasks(struct call *c, struct str arns)
{
	while (arns.n) {
		struct value task;

		if (task_find(c, true, str_cut(&arns, ' '), &task) < 0 ||
		    (!value_is_null(task) && task_mark_stopped(c, task) < 0))
			return -1;
	}
	return 0;
}

static enum step stop_tasks(struct call *c, struct str arns,
			    int (*modify)(struct call *c))
{
	struct str rest = arns;
	bool is_idle = true;

	while (rest.n) {
		struct str arn = str_cut(&rest, ' ');
		struct value task;

		if (task_find(c, true, arn, &task) < 0)
			return STEP_FAILED;
		is_idle =
		    is_idle && !task_is_active(task) && !task_is_passing(task);
		/* What starts can be stopped once it runs. */
		if (str_is(task_status(task), "running") &&
		    task_stop(c, arn) < 0)
			return STEP_FAILED;
	}
	if (!is_idle)
		return dms_wait(c, "the endpoint's tasks to stop");
	if (mark_tasks(c, arns) < 0 || modify(c) < 0)
		return STEP_FAILED;
	c->memo = str_fmt(c->arena, "changed %.*s", STR_ARG(arns));
	return dms_wait(c, "the endpoint to be changed");
}

/* Of each task's instance. */
static enum step start_tests(struct call *c, struct str arns)
{
	struct value endpoint;
	struct str rest = arns;

	if (dms_find(c, true, "DescribeEndpoints",
		     dms_filter("endpoint-arn", c->id, c->arena), "Endpoints",
		     &endpoint) < 0)
		return STEP_FAILED;
	if (!is_active(endpoint))
		return dms_wait(c, "the endpoint to become active (%.*s)",
				STR_ARG(value_text(endpoint, "Status")));
	while (rest.n) {
		struct value task;

		if (task_find(c, true, str_cut(&rest, ' '), &task) < 0)
			return STEP_FAILED;
		if (!value_is_null(task) &&
		    dms_test_start(c,
				   value_text(task, "ReplicationInstanceArn"),
				   c->id) < 0)
			return STEP_FAILED;
	}
	c->memo = str_fmt(c->arena, "test %lld %.*s", (long long)clock_wall(),
			  STR_ARG(arns));
	return dms_wait(c, "the connections to be tested");
}

static int go_on(struct call *c, struct value task)
{
	if (value_is_null(task) || task_is_active(task) ||
	    task_start(c, value_text(task, "ReplicationTaskArn"),
		       "resume-processing") == 0)
		return 0;
	/* An attempt before this one was not seen yet. */
	if (c->err.kind != ERROR_CONFLICT)
		return -1;
	c->err = (struct error){ 0 };
	return 0;
}

/* Fails with the names of tasks that are left stopped. */
static enum step left_stopped(struct call *c, struct str why)
{
	dms_test_failed(c, "changed endpoint", why);
	error_add(&c->err, "its tasks stay stopped");
	if (!c->err.hint[0])
		error_hint(&c->err,
			   "mend the connection and apply again: they go on "
			   "then");
	return STEP_FAILED;
}

static enum step await_tests(struct call *c, struct str rest)
{
	struct str began = str_cut(&rest, ' '), arns = rest;
	uint64_t since = 0;

	str_to_u64(began, &since);
	while (rest.n) {
		struct str why = { "", 0 };
		struct value task;

		if (task_find(c, true, str_cut(&rest, ' '), &task) < 0)
			return STEP_FAILED;
		if (value_is_null(task))
			continue;
		switch (
		    dms_test_look(c, value_text(task, "ReplicationInstanceArn"),
				  c->id, &why)) {
		case TEST_ERROR:
			return STEP_FAILED;
		case TEST_RUNS:
			return dms_wait(c, "the connections to be tested");
		case TEST_GOOD:
		case TEST_BAD:
			/* It may be the result from before the change. */
			if (clock_wall() - (int64_t)since < dms_test_pause(c))
				return dms_wait(c, "the connections to be "
						   "tested");
			if (why.n)
				return left_stopped(c, why);
			break;
		}
	}
	while (arns.n) {
		struct value task;

		if (task_find(c, true, str_cut(&arns, ' '), &task) < 0 ||
		    go_on(c, task) < 0)
			return STEP_FAILED;
	}
	return STEP_DONE;
}

bool dms_change_goes_on(const struct call *c)
{
	struct str arns;

	return is_phase(c, "stop", &arns) || is_phase(c, "changed", &arns) ||
	       is_phase(c, "test", &arns);
}

enum step dms_change_go_on(struct call *c, int (*modify)(struct call *c))
{
	struct str arns;

	if (is_phase(c, "stop", &arns))
		return stop_tasks(c, arns, modify);
	if (is_phase(c, "changed", &arns))
		return start_tests(c, arns);
	is_phase(c, "test", &arns);
	return await_tests(c, arns);
}
