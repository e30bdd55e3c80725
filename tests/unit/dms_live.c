/*
 * The dms types against the real replication server and a real PostgreSQL:
 * from nothing to loaded rows and back to nothing, with a kill of the server
 * and repetitions of steps in between.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/aws/client.h"
#include "providers/aws/dms.h"
#include "providers/pg/pg.h"
#include "tests/support/pg_server.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HEX32 "000102030405060708090a0b0c0d0e0f"
#define MAPPING                                                                \
	"{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":\"1\","          \
	"\"rule-name\":\"1\",\"object-locator\":{\"schema-name\":\"lab\","     \
	"\"table-name\":\"%\"},\"rule-action\":\"include\"}]}"
#define SETTINGS                                                               \
	"{\"FullLoadSettings\":{\"TargetTablePrepMode\":"                      \
	"\"TRUNCATE_BEFORE_LOAD\"}}"

static struct pg_server pg;
static char folder[SCRATCH_MAX];
static char url[100];
static pid_t server;
static struct arena mem;
static int tokens;

/* -- the replication server -- */

static void start_server(void)
{
	char config[2000], path[200];
	int pipes[2];
	struct error err;

	snprintf(config, sizeof(config),
		 "{\"listen\":\"127.0.0.1\",\"port\":0,\"folder\":\"%s/data\","
		 "\"access_key\":\"AKIATEST\",\"secret_key\":\"open sesame\","
		 "\"region\":\"us-east-1\",\"account\":\"000000000000\","
		 "\"vault\":\"%s/vault\",\"vault_key\":\"" HEX32 HEX32 "\","
		 "\"routes_file\":\"%s/routes.json\",\"ca_file\":\"\"}",
		 folder, folder, folder);
	snprintf(path, sizeof(path), "%s/data/replicator.json", folder);
	unlink(path);
	assert_int_equal(pipe(pipes), 0);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		char program[300];

		/* It ends with the test, however that ends. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[0], 0);
		close(pipes[0]);
		close(pipes[1]);
		snprintf(
		    program, sizeof(program), "%s/tests/support/replicator",
		    getenv("DMSL_BUILDDIR") ? getenv("DMSL_BUILDDIR") : ".");
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(pipes[0]);
	assert_int_equal(file_write_all(pipes[1], config, strlen(config), &err),
			 0);
	close(pipes[1]);
	for (int i = 0; i < 400 && access(path, R_OK) != 0; i++)
		clock_sleep_ms(25);
	struct str text;
	struct value v;
	assert_int_equal(file_read(path, 65536, &mem, &text, &err), 0);
	assert_int_equal(json_read(text, &mem, &v, &err), 0);
	snprintf(url, sizeof(url), "%.*s", STR_ARG(value_text(v, "url")));
}

static void end_server(int how)
{
	if (server > 0) {
		kill(server, how);
		waitpid(server, NULL, 0);
	}
	server = 0;
}

static bool may_start_it;
static struct aws_client *dms;

static int endpoint(void *ctx, const struct aws_service *service,
		    bool is_expired, struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	(void)ctx;
	(void)service;
	(void)is_expired;
	(void)a;
	if (!server && !may_start_it)
		return error_set(err, ERROR_UNAVAILABLE, "it is down");
	if (!server)
		start_server();
	*out = (struct aws_endpoint){
		.url = str_from(url),
		.region = STR("us-east-1"),
		.access_key = STR("AKIATEST"),
		.secret_key = STR("open sesame"),
		.account = STR("000000000000"),
	};
	return 0;
}

static int client(void *self, bool may_start, struct aws_client **out,
		  struct error *err)
{
	(void)self;
	(void)err;
	may_start_it = may_start;
	*out = dms;
	return 0;
}

static int place(void *self, struct dms_place *out, struct error *err)
{
	(void)self;
	(void)err;
	*out = (struct dms_place){
		.partition = STR("aws"),
		.region = STR("us-east-1"),
		.account = STR("000000000000"),
	};
	return 0;
}

static int secret(void *self, struct str id, struct arena *a, struct str *json,
		  struct error *err)
{
	(void)self;
	(void)id;
	(void)a;
	(void)err;
	*json = STR("{\"username\":\"postgres\",\"password\":"
		    "\"" PG_SERVER_PASSWORD "\"}");
	return 0;
}

static struct str stack(void *self)
{
	(void)self;
	return STR("dev/0123456789abcdef");
}

static const struct dms_host host = {
	.client = client,
	.place = place,
	.secret = secret,
	.poll_ms = 20,
	.stack = stack,
};

static const struct resource_type group_type = {
	.name = "replication_subnet_group",
	.ops = &replication_subnet_group_ops,
	.data = &host,
};
static const struct resource_type instance_type = {
	.name = "replication_instance",
	.ops = &replication_instance_ops,
	.data = &host,
};
static const struct resource_type endpoint_type = {
	.name = "dms_endpoint",
	.ops = &dms_endpoint_ops,
	.data = &host,
};
static const struct resource_type task_type = {
	.name = "dms_task",
	.ops = &dms_task_ops,
	.data = &host,
};

/* -- calls -- */

static struct call make(const struct resource_type *type, const char *name,
			struct value config, struct str id)
{
	struct call c = {
		.type = type,
		.arena = &mem,
		.address = str_fmt(&mem, "%s.%s", type->name, name),
		.name = str_fmt(&mem, "dev-%s", name),
		.token = str_fmt(&mem, "%064d", ++tokens),
		.config = config,
		.prior = config,
		.id = id,
	};

	return c;
}

static void finish(struct call *c, enum step (*f)(struct call *c))
{
	enum step step = f(c);

	for (int i = 0; step == STEP_PENDING && i < 1000; i++) {
		clock_sleep_ms(c->poll_ms);
		c->is_poll = true;
		step = f(c);
	}
	if (step != STEP_DONE)
		fail_msg("%.*s: %s (%s) waiting for %.*s", STR_ARG(c->address),
			 c->err.message, c->err.hint, STR_ARG(c->waiting_for));
}

__attribute__((format(printf, 1, 2))) static struct value
config(const char *format, ...)
{
	struct error err = { 0 };
	struct value v;
	va_list args;

	va_start(args, format);
	if (json_read(str_vfmt(&mem, format, args), &mem, &v, &err) < 0)
		fail_msg("%s", err.message);
	va_end(args);
	return v;
}

static struct str create(const struct resource_type *type, const char *name,
			 struct value wanted)
{
	struct call c = make(type, name, wanted, STR(""));
	struct str id;

	finish(&c, type->ops->create);
	id = c.id;
	assert_true(id.n > 0);
	/* A repetition after a crash finds it and makes no second one. */
	c.id = STR("");
	c.memo = STR("");
	c.is_poll = false;
	c.is_recovery = true;
	finish(&c, type->ops->create);
	assert_true(str_eq(c.id, id));
	/* And it is as it was asked for. */
	c.prior = wanted;
	c.is_gone = c.is_broken = false;
	finish(&c, type->ops->read);
	assert_false(c.is_gone || c.is_broken);
	if (c.result.as.map.n)
		fail_msg("%s drifts in %.*s", type->name,
			 STR_ARG(c.result.as.map.entries[0].key));
	return id;
}

static void destroy(const struct resource_type *type, const char *name,
		    struct value wanted, struct str id)
{
	struct call c = make(type, name, wanted, id);

	finish(&c, type->ops->destroy);
	c.is_gone = false;
	finish(&c, type->ops->read);
	assert_true(c.is_gone);
	c.memo = STR("");
	finish(&c, type->ops->destroy);
}

static const char *ask(const char *database, const char *sql)
{
	struct pg_target t = {
		.hostaddr = str_from(pg.host),
		.port = pg.port,
		.database = str_from(database),
		.user = STR("postgres"),
		.password = STR(PG_SERVER_PASSWORD),
	};
	struct pg_result r = { 0 };
	struct error err = { 0 };
	struct pg *c;

	if (pg_open(&t, &c, &err) < 0)
		fail_msg("%s", err.message);
	if (strchr(sql, ';') ? pg_run(c, sql, &err) < 0
			     : pg_query(c, sql, 0, NULL, &mem, &r, &err) < 0)
		fail_msg("%s: %s", sql, err.message);
	pg_close(c);
	return r.n_rows ? r.cells[0].s : NULL;
}

static struct value endpoint_config(const char *role, const char *database)
{
	return config("{\"role\":\"%s\",\"engine\":\"aurora_postgresql\","
		      "\"server\":\"%s\",\"port\":%d,\"database\":\"%s\","
		      "\"secret\":\"s\",\"ssl\":\"none\","
		      "\"tags\":{\"team\":\"a b\"}}",
		      role, pg.host, pg.port, database);
}

static struct value task_config(struct str instance, struct str source,
				struct str target)
{
	struct value v =
	    config("{\"instance\":\"%.*s\",\"source\":\"%.*s\","
		   "\"target\":\"%.*s\",\"mode\":\"full_load\","
		   "\"run\":\"on_apply\",\"wait\":\"loaded\","
		   "\"on_change\":\"reload_all\"}",
		   STR_ARG(instance), STR_ARG(source), STR_ARG(target));

	v = value_with(v, STR("tables"), value_c(MAPPING), &mem);
	return value_with(v, STR("settings"), value_c(SETTINGS), &mem);
}

/* How long the last run took: another run, another time. */
static int64_t last_run_ms(struct str task)
{
	struct call c = make(&task_type, "demo", value_null(), task);

	finish(&c, c.type->ops->inspect);
	return value_number(c.result, "elapsed_ms", -1);
}

static void load(struct str id, struct value wanted)
{
	struct call c = make(&task_type, "demo", wanted, id);
	struct value statistics;
	int64_t before;

	assert_int_equal(c.type->ops->plan(&c, "create"), 0);
	assert_true(c.needs_run);
	assert_true(c.effects.n >= 4);
	assert_string_equal(c.effects.items[0].text.s,
			    "connect to dev-source and read the tables");
	vec_release(&c.effects);
	finish(&c, c.type->ops->run);
	assert_int_equal(value_text(c.result, "loaded").n, 64);
	assert_string_equal(ask("dst", "SELECT count(*) FROM lab.t"), "1000");
	before = last_run_ms(id);
	/* Killed just before it could say so: it is not loaded again. */
	ask("dst", "DELETE FROM lab.t WHERE a = 1;");
	c.is_recovery = true;
	c.is_poll = false;
	c.memo = STR("");
	finish(&c, c.type->ops->run);
	assert_int_equal(last_run_ms(id), before);
	assert_string_equal(ask("dst", "SELECT count(*) FROM lab.t"), "999");
	/* The next apply has nothing to do, and a changed mapping has. */
	c.prior = value_with(wanted, STR("loaded"),
			     value_str(value_text(c.result, "loaded")), &mem);
	c.needs_run = false;
	assert_int_equal(c.type->ops->plan(&c, "none"), 0);
	assert_false(c.needs_run);
	/* Another run loads anew. */
	c = make(&task_type, "demo", wanted, id);
	finish(&c, c.type->ops->run);
	assert_string_equal(ask("dst", "SELECT count(*) FROM lab.t"), "1000");
	finish(&c, c.type->ops->inspect);
	statistics = *value_get(c.result, "tables");
	assert_int_equal(statistics.as.list.n, 1);
	assert_int_equal(value_number(statistics.as.list.items[0], "rows", 0),
			 1000);
}

static void goes_all_the_way(void **state)
{
	struct value group = config("{\"description\":\"d\",\"subnets\":"
				    "[\"subnet-1\",\"subnet-2\"]}");
	struct value instance =
	    config("{\"class\":\"dms.t3.medium\",\"subnet_group\":\"dev-main\","
		   "\"security_groups\":[],\"multi_az\":false}");
	struct value source = endpoint_config("source", "src");
	struct value target = endpoint_config("target", "dst");
	struct value size = { .kind = VALUE_SIZE }, task;
	struct str group_id, instance_id, source_id, target_id, task_id;

	(void)state;
	size.as.amount = INT64_C(20) << 30;
	instance = value_with(instance, STR("storage"), size, &mem);
	group_id = create(&group_type, "main", group);
	instance_id = create(&instance_type, "main", instance);
	source_id = create(&endpoint_type, "source", source);
	target_id = create(&endpoint_type, "target", target);
	task = task_config(instance_id, source_id, target_id);
	task_id = create(&task_type, "demo", task);
	load(task_id, task);
	/* The server dies: that is broken, not gone, and repaired. */
	end_server(SIGKILL);
	struct call c = make(&endpoint_type, "source", source, source_id);
	finish(&c, c.type->ops->read);
	assert_true(c.is_broken);
	assert_false(c.is_gone);
	finish(&c, c.type->ops->update);
	c = make(&task_type, "demo", task, task_id);
	finish(&c, c.type->ops->update);
	c = make(&task_type, "demo", task, task_id);
	finish(&c, c.type->ops->run);
	assert_string_equal(ask("dst", "SELECT count(*) FROM lab.t"), "1000");
	destroy(&task_type, "demo", task, task_id);
	destroy(&endpoint_type, "source", source, source_id);
	destroy(&endpoint_type, "target", target, target_id);
	destroy(&instance_type, "main", instance, instance_id);
	destroy(&group_type, "main", group, group_id);
}

static void says_what_is_wrong_with_a_connection(void **state)
{
	struct value group = config("{\"description\":\"d\",\"subnets\":"
				    "[\"subnet-1\",\"subnet-2\"]}");
	struct value instance = config("{\"class\":\"dms.t3.medium\","
				       "\"subnet_group\":\"dev-main\"}");
	struct value source = endpoint_config("source", "nowhere");
	struct value target = endpoint_config("target", "dst");
	struct str group_id = create(&group_type, "main", group);
	struct call c = make(&instance_type, "main", instance, STR(""));
	struct str instance_id, source_id, target_id;
	enum step step = STEP_PENDING;
	struct value task;

	(void)state;
	finish(&c, c.type->ops->create);
	instance_id = c.id;
	source_id = create(&endpoint_type, "source", source);
	target_id = create(&endpoint_type, "target", target);
	task = task_config(instance_id, source_id, target_id);
	c = make(&task_type, "demo", task, STR(""));
	finish(&c, c.type->ops->create);
	/* So many failures are behind it already. */
	c.memo = STR("test 4 0");
	for (int i = 0; step == STEP_PENDING && i < 500; i++) {
		step = c.type->ops->run(&c);
		clock_sleep_ms(20);
	}
	assert_int_equal(step, STEP_FAILED);
	assert_non_null(strstr(c.err.message, "cannot connect to the source"));
	assert_non_null(strstr(c.err.message, "\"nowhere\" does not exist"));
	destroy(&task_type, "demo", task, c.id);
	destroy(&endpoint_type, "source", source, source_id);
	destroy(&endpoint_type, "target", target, target_id);
	destroy(&instance_type, "main", instance, instance_id);
	destroy(&group_type, "main", group, group_id);
}

static int set_up(void **state)
{
	(void)state;
	if (!scratch_folder(folder, "dms") || pg_server_start(&pg) < 0)
		return -1;
	dms = aws_client_new(&(struct aws_source){ .endpoint = endpoint });
	ask("postgres", "CREATE DATABASE src");
	ask("postgres", "CREATE DATABASE dst");
	ask("src", "CREATE SCHEMA lab; CREATE TABLE lab.t (a int PRIMARY KEY);"
		   "INSERT INTO lab.t SELECT generate_series(1, 1000);");
	return 0;
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	end_server(SIGTERM);
	pg_server_stop(&pg);
	aws_client_free(dms);
	arena_release(&mem);
	return file_remove_tree(folder, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_all_the_way),
		cmocka_unit_test(says_what_is_wrong_with_a_connection),
	};

	if (!pg_server_is_there()) {
		puts("1..0 # SKIP PostgreSQL is not installed");
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
