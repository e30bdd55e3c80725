/* Tasks of dms: exact requests, and what they make of the answers. */
#include <config.h>

#include "tests/unit/dms_fixture.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAPPING                                                                \
	"{\\\"rules\\\":[{\\\"object-locator\\\":{\\\"schema-name\\\":"        \
	"\\\"sales\\\","                                                       \
	"\\\"table-name\\\":\\\"%\\\"},\\\"rule-action\\\":\\\"include\\\","   \
	"\\\"rule-id\\\":\\\"1\\\",\\\"rule-name\\\":\\\"1\\\","               \
	"\\\"rule-type\\\":\\\"selection\\\"}]}"
#define SETTINGS                                                               \
	"{\\\"FullLoadSettings\\\":{\\\"TargetTablePrepMode\\\":"              \
	"\\\"TRUNCATE_BEFORE_LOAD\\\"}}"
#define TASK_CONFIG                                                            \
	"{\"instance\":\"arn:i\",\"source\":\"arn:s\",\"target\":\"arn:t\","   \
	"\"mode\":\"full_load\",\"tables\":\"" MAPPING                         \
	"\",\"settings\":\"" SETTINGS                                          \
	"\",\"run\":\"on_apply\",\"wait\":\"loaded\","                         \
	"\"on_change\":\"refuse\"}"
#define TASK(status, more)                                                     \
	"{\"ReplicationTasks\":[{\"ReplicationTaskArn\":\"arn:k\","            \
	"\"ReplicationTaskIdentifier\":\"dev-main-a\","                        \
	"\"MigrationType\":\"full-load\",\"TableMappings\":\"" MAPPING         \
	"\",\"ReplicationTaskSettings\":\"" SETTINGS "\",\"Status\":\"" status \
	"\"" more "}]}"
#define STARTED(at) ",\"ReplicationTaskStartDate\":" at
#define FINISHED(at, errors)                                                   \
	STARTED(at)                                                            \
	",\"StopReason\":\"Stop Reason FULL_LOAD_ONLY_FINISHED\","             \
	"\"ReplicationTaskStats\":{\"TablesLoaded\":1,"                        \
	"\"TablesErrored\":" errors "}"
#define TESTED(status)                                                         \
	"{\"Connections\":[{\"Status\":\"" status                              \
	"\",\"LastFailureMessage\":\"no encryption\"}]}"
#define STATISTICS(state)                                                      \
	"{\"TableStatistics\":[{\"SchemaName\":\"sales\","                     \
	"\"TableName\":\"orders\",\"TableState\":\"" state                     \
	"\",\"FullLoadRows\":640000}]}"

static struct call task_call(struct scripted *s, struct arena *a)
{
	struct call c = call(s, a, &task_type, "dms_task.demo", TASK_CONFIG);

	c.id = STR("arn:k");
	return c;
}

static void makes_a_task(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "CreateReplicationTask",
		  .body =
		      "{\"MigrationType\":\"full-load\","
		      "\"ReplicationInstanceArn\":\"arn:i\","
		      "\"ReplicationTaskIdentifier\":\"dev-main-a\","
		      "\"ReplicationTaskSettings\":\"" SETTINGS "\","
		      "\"SourceEndpointArn\":\"arn:s\","
		      "\"TableMappings\":\"" MAPPING "\","
		      "\"Tags\":[" MARKS(
			  "dms_task.demo") "],"
					   "\"TargetEndpointArn\":\"arn:t\"}",
		  .answer = "{\"ReplicationTask\":{"
			    "\"ReplicationTaskArn\":\"arn:k\","
			    "\"Status\":\"creating\"}}" },
		{ .target = "DescribeReplicationTasks",
		  .body = FILTER("replication-task-arn", "arn:k"),
		  .answer = TASK("ready", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.id = STR("");
	is(finish(&c, c.type->ops->create), STEP_DONE, &c);
	assert_string_equal(text(c.result, "loaded"), "");
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_int_equal(c.result.as.map.n, 0);
	scripted_stop(s);
	arena_release(&a);
}

static void loads_once(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource" },
		{ .target = "DescribeConnections",
		  .body = "{\"Filters\":[{\"Name\":\"endpoint-arn\","
			  "\"Values\":[\"arn:s\"]},{\"Name\":"
			  "\"replication-instance-arn\",\"Values\":"
			  "[\"arn:i\"]}]}",
		  .answer = "{\"Connections\":[]}" },
		{ .target = "TestConnection",
		  .body = "{\"EndpointArn\":\"arn:s\","
			  "\"ReplicationInstanceArn\":\"arn:i\"}" },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		/* Next poll. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":"
			  "\"start-replication\"}" },
		/* The old state is shown, then the load. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", STARTED("17.5")) },
		{ .target = "DescribeTableStatistics",
		  .body = "{\"MaxRecords\":500,"
			  "\"ReplicationTaskArn\":\"arn:k\"}",
		  .answer = STATISTICS("Full load") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "0")) },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table completed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	is(finish(&c, c.type->ops->run), STEP_DONE, &c);
	assert_int_equal(strlen(text(c.result, "loaded")), 64);
	assert_true(
	    str_starts(c.waiting_for, "the load: sales.orders 640,000 rows"));
	scripted_stop(s);
	arena_release(&a);
}

/* Kills at each place; the tag tells what the earlier attempt did. */
static void finds_its_own_start(void **state)
{
	char tags[400];
	struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource" },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask" },
		/* Killed after the start: it runs, or is over already. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "0")) },
		{ .target = "ListTagsForResource", .answer = tags },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table completed") },
		/* Killed between tag and start: it is started now. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "ListTagsForResource", .answer = tags },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask" },
		/* Another step's token: it is loaded anew. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "0")) },
		{ .target = "ListTagsForResource", .answer = tags },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "AddTagsToResource" },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":\"reload-target\"}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);
	char base[17];

	(void)state;
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	assert_int_equal(sscanf(c.memo.s, "start %16s", base), 1);
	snprintf(tags, sizeof(tags),
		 "{\"TagList\":[{\"Key\":\"dmsl:run\",\"Value\":\"%s:%s\"}]}",
		 TOKEN, base);
	c.is_recovery = true;
	c.memo = STR("");
	is(c.type->ops->run(&c), STEP_DONE, &c);
	c.memo = STR("");
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	c.memo = STR("");
	c.token = STR("another");
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	scripted_stop(s);
	arena_release(&a);
}

static void says_why_a_load_failed(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("17.5", "1")) },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table error") },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table error") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("failed",
				 STARTED("18") ",\"StopReason\":\"Stop Reason "
					       "FATAL_ERROR\","
					       "\"LastFailureMessage\":"
					       "\"disk is full\"") },
		{ .target = "DescribeTableStatistics",
		  .answer = "{\"TableStatistics\":[]}" },
		/* What can be gone on with, is. */
		{ .target = "DescribeReplicationTasks",
		  .answer =
		      TASK("failed", STARTED("18") ",\"StopReason\":"
						   "\"Stop Reason "
						   "RECOVERABLE_ERROR\"") },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":"
			  "\"resume-processing\"}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.memo = STR("start 0000000000000000 0 0");
	is(c.type->ops->run(&c), STEP_FAILED, &c);
	assert_string_equal(c.err.message,
			    "not all tables were loaded: sales.orders (Table "
			    "error): Stop Reason FULL_LOAD_ONLY_FINISHED");
	is(c.type->ops->run(&c), STEP_FAILED, &c);
	assert_string_equal(c.err.message, "the load failed: disk is full");
	is(c.type->ops->run(&c), STEP_PENDING, &c);
	assert_true(str_starts(c.memo, "start "));
	assert_non_null(strstr(c.memo.s, " 1 "));
	scripted_stop(s);
	arena_release(&a);
}

static void says_why_a_connection_failed(void **state)
{
	struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("ready", "") },
		{ .target = "DescribeConnections", .answer = TESTED("failed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.memo = STR("test 4 0");
	is(c.type->ops->run(&c), STEP_FAILED, &c);
	assert_string_equal(c.err.message,
			    "the replication instance cannot connect to the "
			    "source: no encryption");
	assert_string_equal(c.err.hint, "set ssl = require on the endpoint");
	scripted_stop(s);
	arena_release(&a);
}

static const char *effect(const struct call *c, size_t i)
{
	assert_true(i < c->effects.n);
	return c->effects.items[i].text.s;
}

static void plans_a_load(void **state)
{
	static const struct scripted_step script[] = {
		/* The first. */
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[{\"EndpointIdentifier\":"
			    "\"source-db\"}]}" },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[{\"EndpointIdentifier\":"
			    "\"target-db\"}]}" },
		/* Changed tables, reloaded. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "DescribeEndpoints" },
		{ .target = "DescribeEndpoints",
		  .answer = "{\"Endpoints\":[{\"EndpointIdentifier\":"
			    "\"target-db\"}]}" },
		{ .target = "DescribeTableStatistics",
		  .answer = STATISTICS("Table completed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.id = STR("");
	c.prior = value_null();
	assert_int_equal(c.type->ops->plan(&c, "create"), 0);
	assert_true(c.needs_run);
	assert_true(str_is(c.run_reason, "never loaded"));
	assert_int_equal(c.effects.n, 4);
	assert_string_equal(effect(&c, 0),
			    "connect to source-db and read the tables");
	assert_string_equal(effect(&c, 2), "truncate sales.% on target-db");
	assert_string_equal(effect(&c, 3), "load sales.% into target-db");
	assert_true(str_is(c.effects.items[0].object, "source"));
	assert_true(str_is(c.effects.items[2].object, "table sales.%"));
	assert_true(str_is(c.effects.items[3].object, "table sales.%"));
	vec_release(&c.effects);

	c.needs_run = false;
	c.id = STR("arn:k");
	c.prior = value_with(c.config, STR("loaded"),
			     value_c("0000000000000000000000000000000000000000"
				     "000000000000000000000000"),
			     &a);
	assert_int_equal(c.type->ops->plan(&c, "update"), -1);
	assert_string_equal(c.err.message, "the table mapping changed after it "
					   "was loaded");
	assert_non_null(strstr(c.err.hint, "reload_all"));

	c.err = (struct error){ 0 };
	c.config =
	    value_with(c.config, STR("on_change"), value_c("reload_all"), &a);
	c.prior = value_with(c.prior, STR("settings"), value_c("{}"), &a);
	assert_int_equal(c.type->ops->plan(&c, "update"), 0);
	assert_true(c.needs_run);
	assert_string_equal(effect(&c, 0),
			    "task dev-main-a, which runs, is stopped");
	assert_string_equal(effect(&c, 3), "truncate sales.orders on target-db "
					   "(640,000 rows)");
	assert_true(str_is(c.effects.items[0].object, "task"));
	assert_true(str_is(c.effects.items[3].object, "table sales.orders"));
	assert_true(str_is(c.effects.items[3].within, "table sales.%"));
	vec_release(&c.effects);
	scripted_stop(s);
	arena_release(&a);
}

static void changes_and_destroys_a_running_task(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_task.demo") },
		{ .target = "RemoveTagsFromResource" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "StopReplicationTask" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopping", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", "") },
		{ .target = "ModifyReplicationTask",
		  .body = "{\"MigrationType\":\"full-load\","
			  "\"ReplicationTaskArn\":\"arn:k\","
			  "\"ReplicationTaskSettings\":\"" SETTINGS "\","
			  "\"TableMappings\":\"" MAPPING "\"}" },
		{ .target = "ListTagsForResource",
		  .answer = OURS("dms_task.demo") },
		{ .target = "RemoveTagsFromResource",
		  .body = "{\"ResourceArn\":\"arn:k\","
			  "\"TagKeys\":[\"team\"]}" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("modifying", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", "") },
		/* Destroyed. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", "") },
		{ .target = "StopReplicationTask" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", "") },
		{ .target = "DeleteReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\"}" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("deleting", "") },
		{ .target = "DescribeReplicationTasks",
		  .answer = "{\"ReplicationTasks\":[]}" },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	/* A tag alone does not stop it. */
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	c.prior = value_with(c.prior, STR("settings"), value_c("{}"), &a);
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	c.memo = STR("");
	c.is_poll = false;
	is(finish(&c, c.type->ops->destroy), STEP_DONE, &c);
	scripted_stop(s);
	arena_release(&a);
}

#define LEFT_STOPPED(base)                                                     \
	"{\"TagList\":[{\"Key\":\"dmsl:stopped\",\"Value\":\"" base "\"}]}"
#define BASE "62a502d981c6b119" /* of what was started at 17.5 */

/* Its endpoint was changed, and could not be reached then. */
static void goes_on_with_what_was_left_stopped(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("17.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		/* The plan. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("17.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		/* The update. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("17.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		{ .target = "AddTagsToResource" },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "DescribeConnections",
		  .answer = TESTED("successful") },
		{ .target = "StartReplicationTask",
		  .body = "{\"ReplicationTaskArn\":\"arn:k\","
			  "\"StartReplicationTaskType\":"
			  "\"resume-processing\"}" },
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("running", STARTED("17.5")) },
		/* Stopped by hand since another start: it stays so. */
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", STARTED("18.5")) },
		{ .target = "ListTagsForResource",
		  .answer = LEFT_STOPPED(BASE) },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);

	(void)state;
	c.config = value_with(c.config, STR("run"), value_c("manual"), &a);
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_true(c.is_broken);
	assert_int_equal(c.type->ops->plan(&c, "update"), 0);
	assert_int_equal(c.effects.n, 1);
	assert_int_equal(c.effects.items[0].kind, EFFECT_START);
	is(finish(&c, c.type->ops->update), STEP_DONE, &c);
	c.is_broken = false;
	is(c.type->ops->read(&c), STEP_DONE, &c);
	assert_false(c.is_broken);
	scripted_stop(s);
	vec_release(&c.effects);
	arena_release(&a);
}

static void inspects_a_task(void **state)
{
	static const struct scripted_step script[] = {
		{ .target = "DescribeReplicationTasks",
		  .answer = TASK("stopped", FINISHED("1", "0")) },
		{ .target = "DescribeTableStatistics",
		  .answer = "{\"Marker\":\"m\",\"TableStatistics\":[{"
			    "\"SchemaName\":\"a\",\"TableName\":\"b\"}]}" },
		{ .target = "DescribeTableStatistics",
		  .body = "{\"Marker\":\"m\",\"MaxRecords\":500,"
			  "\"ReplicationTaskArn\":\"arn:k\"}",
		  .answer = STATISTICS("Table completed") },
		{ 0 },
	};
	struct scripted *s = scripted_start(script);
	struct arena a = { 0 };
	struct call c = task_call(s, &a);
	const struct value *tables;

	(void)state;
	is(c.type->ops->inspect(&c), STEP_DONE, &c);
	assert_string_equal(text(c.result, "status"), "stopped");
	tables = value_get(c.result, "tables");
	assert_int_equal(tables->as.list.n, 2);
	assert_string_equal(text(tables->as.list.items[1], "table"), "orders");
	assert_int_equal(value_number(tables->as.list.items[1], "rows", 0),
			 640000);
	scripted_stop(s);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_task),
		cmocka_unit_test(loads_once),
		cmocka_unit_test(finds_its_own_start),
		cmocka_unit_test(says_why_a_load_failed),
		cmocka_unit_test(says_why_a_connection_failed),
		cmocka_unit_test(plans_a_load),
		cmocka_unit_test(changes_and_destroys_a_running_task),
		cmocka_unit_test(goes_on_with_what_was_left_stopped),
		cmocka_unit_test(inspects_a_task),
	};

	return cmocka_run_group_tests(tests, open_client, close_client);
}
