/*
 * The provider local against real PostgreSQL and HAProxy: two networks of the
 * same range, a cluster in each, a path to one; drift and repair; what a crash
 * leaves; no secret outside the vault; nothing left in the end. As root, the
 * same once more as an ordinary user.
 */
#include <config.h>

#include "engine/provider.h"
#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "providers/local/local.h"
#include "providers/local/network.h"
#include "providers/local/outside.h"
#include "providers/local/process.h"
#include "providers/local/record.h"
#include "providers/local/scram.h"
#include "providers/local/stack.h"
#include "providers/pg/pg.h"
#include "providers/vault.h"

#include "tests/support/scratch.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SENTINEL "Sentinel-Xq7w9Zt4"

static char home[SCRATCH_MAX];

static int derive_setup(void *engine, const char *label, void *bytes, size_t n,
			struct error *err)
{
	(void)engine;
	(void)err;
	for (size_t i = 0; i < n; i++)
		((unsigned char *)bytes)[i] =
		    (unsigned char)(label[i % strlen(label)] + (int)i);
	return 0;
}

static void *open_stack(const char *name, const char *uid)
{
	struct provider_setup s = {
		.stack = str_from(name),
		.stack_uid = str_from(uid),
		.stack_folder = STR("/"),
		.config = { .kind = VALUE_NULL },
		.is_write = true,
		.derive = derive_setup,
	};
	struct error err = { 0 };
	void *self = NULL;

	if (local_provider.open(&s, &self, &err) < 0)
		fail_msg("open: %s", err.message);
	return self;
}

/* One object under test: what the engine would remember of it. */
struct thing {
	void *self;
	const char *type, *address;
	struct value config;
	struct str id, token;
	struct value attrs;
	bool is_gone, is_broken;
	struct error err;
};

typedef enum step function(struct call *c);

static enum step run(struct thing *t, struct arena *a, size_t which)
{
	const struct resource_type *type =
	    provider_type(&local_provider, str_from(t->type));
	struct str name = str_from(t->address);
	enum step step;
	bool is_poll = false;
	int64_t end = clock_ms() + 60000;

	assert_non_null(type);
	name = str_skip(name, (size_t)(str_rfind(name, '.') + 1));
	for (;;) {
		struct call c = {
			.self = t->self,
			.type = type,
			.arena = a,
			.address = str_from(t->address),
			.name = name,
			.config = t->config,
			/* As in the state: computed ones beside the others. */
			.prior =
			    t->attrs.kind == VALUE_MAP ? t->attrs : t->config,
			.id = t->id,
			.token = t->token,
			.is_poll = is_poll,
		};
		function *f =
		    *(function *const *)((const char *)type->ops + which);

		step = f(&c);
		t->id = c.id;
		t->err = c.err;
		t->is_gone = c.is_gone;
		t->is_broken = c.is_broken;
		if (c.result.kind == VALUE_MAP)
			t->attrs = c.result;
		vec_release(&c.effects);
		if (step != STEP_PENDING)
			return step;
		assert_true(clock_ms() < end);
		clock_sleep_ms(c.poll_ms);
		is_poll = true;
	}
}

#define RUN(t, f) run((t), a, offsetof(struct resource_ops, f))

static void must(enum step step, const struct thing *t)
{
	if (step != STEP_DONE)
		fail_msg("%s: %s", t->address, t->err.message);
}

/* "key", value, …, NULL */
static struct value config(struct arena *a, ...)
{
	struct value_entry entries[20];
	va_list args;
	size_t n = 0;
	const char *key;

	va_start(args, a);
	while ((key = va_arg(args, const char *))) {
		entries[n].key = str_from(key);
		entries[n++].value = va_arg(args, struct value);
	}
	va_end(args);
	return value_map(entries, n, a);
}

static struct value list2(struct arena *a, struct str x, struct str y)
{
	struct value *items = arena_new(a, struct value, 2);

	items[0] = value_str(x);
	items[1] = value_str(y);
	return value_list(items, 2);
}

/* A network with its database: side "s" or "t". */
struct side {
	struct thing vpc, subnet_a, subnet_b, group, parameters, cluster,
	    instance;
	struct thing balancer, targets, listener, service;
};

static struct thing thing(void *self, struct arena *a, const char *type,
			  const char *side, const char *name)
{
	return (struct thing){
		.self = self,
		.type = type,
		.address = str_fmt(a, "network.%s/%s.%s", side, type, name).s,
		.attrs = { .kind = VALUE_NULL },
	};
}

static void make_network(struct side *s, void *self, struct arena *a,
			 const char *name)
{
	s->vpc = thing(self, a, "vpc", name, "main");
	s->vpc.config = config(a, "cidr", value_c("10.0.0.0/16"), NULL);
	must(RUN(&s->vpc, create), &s->vpc);
	s->subnet_a = thing(self, a, "subnet", name, "a");
	s->subnet_a.config =
	    config(a, "vpc", value_str(s->vpc.id), "cidr",
		   value_c("10.0.1.0/24"), "zone", value_c("us-east-1a"), NULL);
	must(RUN(&s->subnet_a, create), &s->subnet_a);
	s->subnet_b = thing(self, a, "subnet", name, "b");
	s->subnet_b.config =
	    config(a, "vpc", value_str(s->vpc.id), "cidr",
		   value_c("10.0.2.0/24"), "zone", value_c("us-east-1b"), NULL);
	must(RUN(&s->subnet_b, create), &s->subnet_b);
}

static void make_database(struct side *s, void *self, struct arena *a,
			  const char *name)
{
	s->group = thing(self, a, "db_subnet_group", name, "main");
	s->group.config =
	    config(a, "name", value_c(name), "subnets",
		   list2(a, s->subnet_a.id, s->subnet_b.id), NULL);
	must(RUN(&s->group, create), &s->group);
	s->parameters =
	    thing(self, a, "db_cluster_parameter_group", name, "main");
	s->parameters.config =
	    config(a, "name", value_c(name), "family",
		   value_c("aurora-postgresql15"), "parameters",
		   config(a, "rds.logical_replication", value_c("1"),
			  "work_mem", value_c("8MB"), NULL),
		   NULL);
	must(RUN(&s->parameters, create), &s->parameters);
	s->cluster = thing(self, a, "db_cluster", name, "main");
	s->cluster.config = config(
	    a, "name", value_c(name), "version", value_c("15"), "username",
	    value_c("demo"), "password",
	    value_mark(value_c(SENTINEL), MARK_SECRET), "subnet_group",
	    value_str(s->group.id), "parameter_group",
	    value_str(s->parameters.id), "database", value_c("demo_db"), "port",
	    value_int(5432), "deletion_protection", value_bool(false), NULL);
	must(RUN(&s->cluster, create), &s->cluster);
	s->instance = thing(self, a, "db_instance", name, "writer");
	s->instance.config = config(a, "name", value_c(name), "cluster",
				    value_str(s->cluster.id), "class",
				    value_c("db.t3.medium"), NULL);
	must(RUN(&s->instance, create), &s->instance);
}

static void make_path(struct side *s, void *self, struct arena *a,
		      const char *name)
{
	struct str *targets = arena_new(a, struct str, 1);
	struct value *items = arena_new(a, struct value, 1);

	*targets = value_text(s->instance.attrs, "address");
	items[0] = value_str(*targets);
	s->balancer = thing(self, a, "load_balancer", name, "main");
	s->balancer.config =
	    config(a, "name", value_c(name), "subnets",
		   list2(a, s->subnet_a.id, s->subnet_b.id), NULL);
	must(RUN(&s->balancer, create), &s->balancer);
	s->targets = thing(self, a, "target_group", name, "main");
	s->targets.config = config(
	    a, "name", value_c(name), "vpc", value_str(s->vpc.id), "port",
	    value_int(5432), "targets", value_list(items, 1), NULL);
	must(RUN(&s->targets, create), &s->targets);
	s->listener = thing(self, a, "listener", name, "main");
	s->listener.config = config(
	    a, "load_balancer", value_str(s->balancer.id), "port",
	    value_int(5432), "target_group", value_str(s->targets.id), NULL);
	must(RUN(&s->listener, create), &s->listener);
	s->service = thing(self, a, "endpoint_service", name, "main");
	s->service.config =
	    config(a, "load_balancer", value_str(s->balancer.id), NULL);
	must(RUN(&s->service, create), &s->service);
}

/* The loopback address that a name leads to, from routes.json. */
static struct str route_of(void *self, struct str name, struct arena *a)
{
	struct local *l = self;
	struct error err = { 0 };
	struct str text;
	struct str quoted = str_fmt(a, "\"%.*s\": \"", STR_ARG(name));
	const char *at;

	assert_int_equal(
	    file_read(stack_path(l, a, "routes.json"), 65536, a, &text, &err),
	    0);
	at = strstr(text.s, quoted.s);
	if (!at)
		fail_msg("no route to %s in %s", name.s, text.s);
	text = str_from(at + quoted.n);
	return str_dup(str_cut(&text, '"'), a);
}

static struct pg_target target_at(void *self, struct str host,
				  struct str address, const char *database,
				  struct arena *a)
{
	struct local *l = self;

	return (struct pg_target){
		.host = host,
		.hostaddr = address,
		.port = 5432,
		.database = str_from(database),
		.user = STR("demo"),
		.password = STR(SENTINEL),
		.ssl_mode = STR("verify-full"),
		.ca_file = str_from(stack_path(l, a, "tls/ca.crt")),
		.timeout_s = 5,
	};
}

static int select_one(void *self, struct str host, struct str address,
		      const char *database, struct str *out, struct arena *a,
		      struct error *err)
{
	struct pg_target t = target_at(self, host, address, database, a);
	struct pg_result r;
	struct pg *c = NULL;
	int rc = pg_open(&t, &c, err);

	if (rc == 0)
		rc = pg_query(c,
			      "select current_user || ' ' || "
			      "current_setting('wal_level') || ' ' || "
			      "current_setting('work_mem') || ' ' || "
			      "current_database()",
			      0, NULL, a, &r, err);
	if (rc == 0)
		*out = r.cells[0];
	pg_close(c);
	return rc;
}

static void must_select(void *self, struct str host, struct str address,
			struct arena *a)
{
	struct error err = { 0 };
	struct str got = { 0 };

	if (select_one(self, host, address, "demo_db", &got, a, &err) < 0)
		fail_msg("%s at %s: %s", host.s, address.s, err.message);
	assert_string_equal(got.s, "demo logical 8MB demo_db");
}

/* Past all paths, by the name of the cluster. */
static void must_select_direct(void *self, const struct side *s,
			       struct arena *a)
{
	struct str name = value_text(s->cluster.attrs, "endpoint");

	must_select(self, name, route_of(self, name, a), a);
}

/* What a statement that fails holds, its server's log does not. */
static void must_fail_quietly(void *self, const struct side *s, struct arena *a)
{
	struct str name = value_text(s->cluster.attrs, "endpoint");
	struct pg_target t =
	    target_at(self, name, route_of(self, name, a), "demo_db", a);
	struct error err = { 0 };
	struct pg *c;

	assert_int_equal(pg_open(&t, &c, &err), 0);
	assert_int_equal(pg_run(c, "select 1 / 0, '" SENTINEL "'", &err), -1);
	pg_close(c);
}

/* Whether any file below path holds the bytes. */
static bool holds(const char *path, const char *bytes)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		struct arena a = { 0 };
		struct error err;
		struct stat info;
		struct str text;
		const char *name = str_fmt(&a, "%s/%s", path, entry->d_name).s;

		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    lstat(name, &info) == 0) {
			if (S_ISDIR(info.st_mode))
				found = holds(name, bytes);
			else if (S_ISREG(info.st_mode) &&
				 file_read(name, 64 << 20, &a, &text, &err) ==
				     0)
				found = memmem(text.s, text.n, bytes,
					       strlen(bytes)) != NULL;
			if (found && S_ISREG(info.st_mode))
				printf("# found in %s\n", name);
		}
		arena_release(&a);
	}
	if (d)
		closedir(d);
	return found;
}

/* Processes whose command line names our folder. */
static int count_processes(const char *folder)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while (d && (entry = readdir(d))) {
		struct arena a = { 0 };
		struct error err;
		struct str text;

		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    atoi(entry->d_name) != getpid() &&
		    file_read(str_fmt(&a, "/proc/%s/cmdline", entry->d_name).s,
			      65536, &a, &text, &err) == 0 &&
		    memmem(text.s, text.n, folder, strlen(folder)))
			n++;
		arena_release(&a);
	}
	closedir(d);
	return n;
}

/* A worker of HAProxy may outlive its master by a moment. */
static bool are_gone(const char *folder)
{
	for (int i = 0; i < 500 && count_processes(folder); i++)
		clock_sleep_ms(10);
	return count_processes(folder) == 0;
}

static void destroy_thing(struct thing *t, struct arena *a)
{
	must(RUN(t, destroy), t);
	must(RUN(t, destroy), t);
	must(RUN(t, read), t);
	assert_true(t->is_gone);
}

static void must_find_same(struct thing *t, struct arena *a)
{
	struct thing again = *t;

	again.id = (struct str){ 0 };
	must(RUN(&again, create), &again);
	assert_true(str_eq(again.id, t->id));
	assert_true(value_eq(again.attrs, t->attrs));
	must(RUN(t, read), t);
	assert_false(t->is_gone);
	assert_false(t->is_broken);
	assert_true(value_eq(again.attrs, t->attrs));
}

/* A connection through a path while another network comes and goes. */
static void must_survive(void *self, struct str host, struct str address,
			 struct arena *a)
{
	struct pg_target t = target_at(self, host, address, "demo_db", a);
	struct thing other = thing(self, a, "vpc", "other", "main");
	struct error err = { 0 };
	struct pg_result r;
	struct pg *c;

	if (pg_open(&t, &c, &err) < 0)
		fail_msg("%s", err.message);
	other.config = config(a, "cidr", value_c("10.0.0.0/16"), NULL);
	must(RUN(&other, create), &other);
	assert_int_equal(pg_query(c, "select 1", 0, NULL, a, &r, &err), 0);
	must_select(self, host, address, a);
	must(RUN(&other, destroy), &other);
	assert_int_equal(pg_query(c, "select 1", 0, NULL, a, &r, &err), 0);
	pg_close(c);
}

static void test_whole(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("demo", "00112233445566ff");
	struct local *l = self;
	struct side source = { 0 }, target = { 0 }, dms = { 0 };
	struct thing endpoint, secret;
	struct process p;
	struct str name, address, text = { 0 };
	char stop[] = "stop", start[] = "start";
	struct error err = { 0 };

	(void)state;
	make_network(&source, self, a, "source");
	make_network(&target, self, a, "target");
	make_network(&dms, self, a, "dms");
	make_database(&source, self, a, "source");
	make_database(&target, self, a, "target");
	make_path(&source, self, a, "source");
	secret = thing(self, a, "secret", "source", "master");
	secret.config =
	    config(a, "value",
		   value_mark(config(a, "username", value_c("demo"), "password",
				     value_c(SENTINEL), NULL),
			      MARK_SECRET),
		   NULL);
	must(RUN(&secret, create), &secret);
	endpoint = thing(self, a, "vpc_endpoint", "dms", "source");
	endpoint.config =
	    config(a, "vpc", value_str(dms.vpc.id), "kind",
		   value_c("interface"), "service",
		   value_str(value_text(source.service.attrs, "service_name")),
		   "subnets", list2(a, dms.subnet_a.id, dms.subnet_b.id), NULL);
	must(RUN(&endpoint, create), &endpoint);

	/* Through endpoint, balancer and target, with the name checked. */
	name = value_text(endpoint.attrs, "dns_name");
	address = route_of(self, name, a);
	must_select(self, name, address, a);
	/* And straight to the other, in a network of the same range. */
	assert_true(str_starts(value_text(target.instance.attrs, "address"),
			       "10.0.1."));
	must_select_direct(self, &target, a);
	must_fail_quietly(self, &target, a);
	/* A server answers to its own names only. */
	assert_int_equal(
	    select_one(self, value_text(target.cluster.attrs, "endpoint"),
		       address, "demo_db", &text, a, &err),
	    -1);

	/* Everything once more, as after a crash: the same is found. */
	must_find_same(&source.vpc, a);
	must_find_same(&source.subnet_a, a);
	must_find_same(&source.group, a);
	must_find_same(&source.parameters, a);
	must_find_same(&source.cluster, a);
	must_find_same(&source.instance, a);
	must_find_same(&source.balancer, a);
	must_find_same(&source.targets, a);
	must_find_same(&source.listener, a);
	must_find_same(&source.service, a);
	must_find_same(&secret, a);
	must_find_same(&endpoint, a);
	must_select(self, name, address, a);

	/* A path that changes cuts no connection. */
	must_survive(self, name, address, a);

	/* A killed server shows, and update repairs it. */
	assert_true(process_find(l, "db-source", &p));
	assert_true(process_signal(&p, SIGKILL));
	for (int i = 0; i < 500 && process_is_alive(&p); i++)
		clock_sleep_ms(10);
	must(RUN(&source.instance, read), &source.instance);
	assert_true(source.instance.is_broken);
	for (int i = 0; i < 50; i++) {
		if (RUN(&source.instance, update) == STEP_DONE)
			break;
		assert_int_equal(source.instance.err.kind, ERROR_UNAVAILABLE);
		clock_sleep_ms(100);
	}
	must_select(self, name, address, a);
	/* So does a killed HAProxy. */
	assert_true(process_find(l, "haproxy", &p));
	assert_true(process_signal(&p, SIGKILL));
	for (int i = 0; i < 500 && process_is_alive(&p); i++)
		clock_sleep_ms(10);
	must(RUN(&endpoint, read), &endpoint);
	assert_true(endpoint.is_broken);
	/* Networks first: one that nobody lives in may be another's by now. */
	must(RUN(&source.vpc, update), &source.vpc);
	must(RUN(&target.vpc, update), &target.vpc);
	must(RUN(&dms.vpc, update), &dms.vpc);
	must(RUN(&endpoint, update), &endpoint);
	address = route_of(self, name, a);
	must_select(self, name, address, a);

	/* Stopped as a whole, and back. */
	assert_int_equal(
	    local_provider.command(self, 1, (char *[]){ stop, NULL }, &err), 0);
	assert_true(are_gone(l->folder));
	must(RUN(&source.vpc, read), &source.vpc);
	assert_true(source.vpc.is_broken);
	if (local_provider.command(self, 1, (char *[]){ start, NULL }, &err))
		fail_msg("start: %s", err.message);
	must(RUN(&source.vpc, read), &source.vpc);
	assert_false(source.vpc.is_broken);
	/* Its number may be another one now. */
	address = route_of(self, name, a);
	must_select(self, name, address, a);

	/* No secret but in the vault, where it is sealed. */
	assert_false(holds(home, SENTINEL));
	assert_true(holds(home, "us-east-1a"));

	/* What is used cannot go. */
	assert_int_equal(RUN(&source.subnet_a, destroy), STEP_FAILED);
	assert_int_equal(RUN(&source.cluster, destroy), STEP_FAILED);

	destroy_thing(&endpoint, a);
	destroy_thing(&secret, a);
	destroy_thing(&source.service, a);
	destroy_thing(&source.listener, a);
	destroy_thing(&source.targets, a);
	destroy_thing(&source.balancer, a);
	destroy_thing(&source.instance, a);
	destroy_thing(&source.cluster, a);
	destroy_thing(&source.parameters, a);
	destroy_thing(&source.group, a);
	destroy_thing(&source.subnet_b, a);
	destroy_thing(&source.subnet_a, a);
	destroy_thing(&source.vpc, a);
	/* The rest is swept, as after a destroy that lost its records. */
	if (local_provider.sweep(self, &err) < 0)
		fail_msg("sweep: %s", err.message);
	assert_true(are_gone(l->folder));
	assert_int_equal(access(l->folder, F_OK), -1);
	local_provider.close(self);
	arena_release(a);
}

/* The text of one setting, as `password` gets in; NULL when it does not. */
static const char *setting(void *self, const struct side *s, int port,
			   const char *password, const char *name,
			   struct arena *a)
{
	struct str host = value_text(s->cluster.attrs, "endpoint");
	struct pg_target t =
	    target_at(self, host, route_of(self, host, a), "demo_db", a);
	struct str param = str_from(name);
	struct error err = { 0 };
	struct pg_result r;
	struct pg *c = NULL;
	const char *text = NULL;

	t.port = port;
	t.password = str_from(password);
	if (pg_open(&t, &c, &err) == 0 &&
	    pg_query(c, "select current_setting($1)", 1, &param, a, &r, &err) ==
		0)
		text = str_c(r.cells[0], a);
	else
		printf("# %s\n", err.message);
	pg_close(c);
	return text;
}

static void change(struct thing *t, const char *key, struct value v,
		   struct arena *a)
{
	t->config = value_with(t->config, str_from(key), v, a);
	must(RUN(t, update), t);
}

static void must_wait_for(void *self, const struct side *s, int port,
			  const char *name, const char *wanted, struct arena *a)
{
	const char *got = NULL;

	/* A reload is told at once and done within moments. */
	for (int i = 0; i < 100; i++) {
		got = setting(self, s, port, "changed-1234", name, a);
		if (got && strcmp(got, wanted) == 0)
			return;
		clock_sleep_ms(20);
	}
	fail_msg("%s is %s, not %s", name, got ? got : "unreadable", wanted);
}

static void test_changes(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("changes", "5555555555555555");
	struct side s = { 0 };
	struct error err = { 0 };
	char stop[] = "stop";

	(void)state;
	make_network(&s, self, a, "n");
	make_database(&s, self, a, "n");
	assert_string_equal(setting(self, &s, 5432, SENTINEL, "work_mem", a),
			    "8MB");
	/* Another password: the old one is refused. */
	change(&s.cluster, "password",
	       value_mark(value_c("changed-1234"), MARK_SECRET), a);
	assert_null(setting(self, &s, 5432, SENTINEL, "work_mem", a));
	must_wait_for(self, &s, 5432, "work_mem", "8MB", a);
	/* A parameter that takes effect at once. */
	change(&s.parameters, "parameters",
	       config(a, "rds.logical_replication", value_c("1"), "work_mem",
		      value_c("9MB"), NULL),
	       a);
	must_wait_for(self, &s, 5432, "work_mem", "9MB", a);
	/* Another port, and wal_level by another group: a restart. */
	s.parameters.id = (struct str){ 0 };
	s.parameters.address = "network.n/db_cluster_parameter_group.second";
	s.parameters.config = config(a, "name", value_c("second"), "family",
				     value_c("aurora-postgresql15"), NULL);
	must(RUN(&s.parameters, create), &s.parameters);
	s.cluster.config = value_with(s.cluster.config, STR("parameter_group"),
				      value_str(s.parameters.id), a);
	change(&s.cluster, "port", value_int(5433), a);
	must_wait_for(self, &s, 5433, "wal_level", "replica", a);
	/* A cluster that is down is not started by a change of its own. */
	assert_int_equal(
	    local_provider.command(self, 1, (char *[]){ stop, NULL }, &err), 0);
	change(&s.cluster, "backup_days", value_int(3), a);
	must(RUN(&s.instance, read), &s.instance);
	assert_true(s.instance.is_broken);
	must(RUN(&s.vpc, update), &s.vpc);
	must(RUN(&s.instance, update), &s.instance);
	must_wait_for(self, &s, 5433, "wal_level", "replica", a);
	/* Parameters that are not there, or not the user's. */
	s.parameters.config =
	    value_with(s.parameters.config, STR("parameters"),
		       config(a, "listen_addresses", value_c("*"), NULL), a);
	assert_int_equal(RUN(&s.parameters, update), STEP_FAILED);
	assert_non_null(strstr(s.parameters.err.message, "cannot be modified"));
	/* Passwords that AWS would refuse. */
	s.cluster.config = value_with(s.cluster.config, STR("password"),
				      value_c("a b c d e f g"), a);
	assert_int_equal(RUN(&s.cluster, update), STEP_FAILED);
	assert_null(strstr(s.cluster.err.message, "a b c"));
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* The first address that a balancer listens on. */
static struct str record_address(void *self, const struct thing *t,
				 struct arena *a)
{
	const struct value *ips;
	struct error err = { 0 };
	struct record r;
	struct str out;

	if (record_read(self, t->type, t->id, a, &r, &err) < 0)
		fail_msg("%s", err.message);
	ips = value_get(r.own, "addresses");
	assert_non_null(ips);
	if (network_loopback(self, record_own(&r, "vpc"),
			     ips->as.list.items[0].as.text, a, &out, &err) < 0)
		fail_msg("%s", err.message);
	return out;
}

static int listen_on(struct str address, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	inet_pton(AF_INET, address.s, &at.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* HAProxy's former worker lets go within moments. */
	for (int i = 0; i < 200; i++) {
		if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		    listen(fd, 5) == 0)
			return fd;
		clock_sleep_ms(20);
	}
	fail_msg("%s is never free", address.s);
	return -1;
}

/* An address that somebody else has is an error, and no outage. */
static void test_taken(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("taken", "6666666666666666");
	struct side s = { 0 };
	struct error err = { 0 };
	struct str address;
	int fd;

	(void)state;
	make_network(&s, self, a, "n");
	s.balancer = thing(self, a, "load_balancer", "n", "main");
	s.balancer.config =
	    config(a, "subnets", list2(a, s.subnet_a.id, s.subnet_b.id), NULL);
	must(RUN(&s.balancer, create), &s.balancer);
	s.targets = thing(self, a, "target_group", "n", "main");
	s.targets.config = config(a, "vpc", value_str(s.vpc.id), "port",
				  value_int(5432), NULL);
	must(RUN(&s.targets, create), &s.targets);
	s.listener = thing(self, a, "listener", "n", "main");
	s.listener.config = config(a, "load_balancer", value_str(s.balancer.id),
				   "port", value_int(7654), "target_group",
				   value_str(s.targets.id), NULL);
	must(RUN(&s.listener, create), &s.listener);
	must(RUN(&s.listener, destroy), &s.listener);
	/* Where it listened a moment ago, another program listens now. */
	address = record_address(self, &s.balancer, a);
	fd = listen_on(address, 7654);
	s.listener.id = (struct str){ 0 };
	assert_int_equal(RUN(&s.listener, create), STEP_FAILED);
	assert_int_equal(s.listener.err.kind, ERROR_CONFLICT);
	assert_non_null(strstr(s.listener.err.message, ":7654 is in use"));
	/* What was there goes on. */
	must(RUN(&s.vpc, read), &s.vpc);
	close(fd);
	must(RUN(&s.listener, create), &s.listener);
	must(RUN(&s.vpc, read), &s.vpc);
	assert_false(s.vpc.is_broken);
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* Two stacks at once have networks of their own. */
static void test_two_stacks(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *one = open_stack("one", "1111111111111111");
	void *two = open_stack("two", "2222222222222222");
	struct side x = { 0 }, y = { 0 };
	struct error err = { 0 };

	(void)state;
	make_network(&x, one, a, "only");
	make_network(&y, two, a, "only");
	assert_string_not_equal(x.vpc.id.s, y.vpc.id.s);
	make_database(&x, one, a, "db");
	make_database(&y, two, a, "db");
	/* In their networks they have the same address. */
	assert_true(str_eq(value_text(x.instance.attrs, "address"),
			   value_text(y.instance.attrs, "address")));
	must_select_direct(one, &x, a);
	assert_int_equal(local_provider.sweep(one, &err), 0);
	must_select_direct(two, &y, a);
	assert_int_equal(local_provider.sweep(two, &err), 0);
	assert_true(are_gone(home));
	local_provider.close(one);
	local_provider.close(two);
	arena_release(a);
}

/* The last stack to leave takes the home away, while another one comes. */
static void *come_and_go(void *data)
{
	intptr_t n_failed = 0;

	for (int i = 0; i < 200; i++) {
		void *self = open_stack("guest", data);
		struct error err = { 0 };

		if (stack_make(self, &err) < 0 ||
		    local_provider.sweep(self, &err) < 0) {
			fprintf(stderr, "# %s\n", err.message);
			n_failed++;
		}
		local_provider.close(self);
	}
	return (void *)n_failed;
}

static void test_home(void **state)
{
	static char uids[3][17] = { "7777777777777777", "8888888888888888",
				    "9999999999999999" };
	pthread_t threads[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, come_and_go, uids[i]), 0);
	for (size_t i = 0; i < 3; i++) {
		void *n_failed;

		pthread_join(threads[i], &n_failed);
		assert_null(n_failed);
	}
	assert_int_equal(access(home, F_OK), -1);
}

/* Killed after HAProxy took its configuration over, before that was noted. */
static void test_unnoted(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("noted", "6666666666666666");
	struct record before, after;
	struct error err = { 0 };
	struct side x = { 0 }, y = { 0 };

	(void)state;
	make_network(&x, self, a, "one");
	assert_int_equal(record_read(self, "vpc", x.vpc.id, a, &before, &err),
			 0);
	assert_int_equal(unlink(stack_path(self, a, "path/haproxy.live")), 0);
	local_provider.close(self);
	self = open_stack("noted", "6666666666666666");
	x.vpc.self = self;
	must(RUN(&x.vpc, update), &x.vpc);
	assert_int_equal(record_read(self, "vpc", x.vpc.id, a, &after, &err),
			 0);
	assert_int_equal(value_number(before.own, "number", -1),
			 value_number(after.own, "number", -2));
	make_network(&y, self, a, "two");
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* Many at once: one HAProxy, no reload fails, all numbers differ. */
static void *make_vpc(void *data)
{
	struct arena arena = { 0 }, *a = &arena;
	struct thing *t = data;
	enum step step = RUN(t, create);

	t->is_gone = step != STEP_DONE;
	t->id = (struct str){ 0 };
	t->attrs = value_null();
	arena_release(a);
	return NULL;
}

static void test_parallel(void **state)
{
	enum { N = 12 };
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("many", "3333333333333333");
	struct thing things[N];
	pthread_t threads[N];
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < N; i++) {
		things[i] = thing(self, a, "vpc", "x", str_fmt(a, "v%d", i).s);
		things[i].config =
		    config(a, "cidr", value_c("10.0.0.0/16"), NULL);
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, make_vpc, &things[i]), 0);
	for (int i = 0; i < N; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < N; i++)
		if (things[i].is_gone)
			fail_msg("%s", things[i].err.message);
	assert_int_equal(local_provider.sweep(self, &err), 0);
	assert_true(are_gone(home));
	local_provider.close(self);
	arena_release(a);
}

/* Mistakes that AWS would refuse. */
static void test_refused(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("bad", "4444444444444444");
	struct side s = { 0 };
	struct thing t;
	struct error err = { 0 };

	(void)state;
	make_network(&s, self, a, "n");
	t = thing(self, a, "subnet", "n", "c");
	t.config = config(a, "vpc", value_str(s.vpc.id), "cidr",
			  value_c("10.9.1.0/24"), "zone", value_c("z"), NULL);
	assert_int_equal(RUN(&t, create), STEP_FAILED);
	assert_non_null(strstr(t.err.message, "not inside"));
	t = thing(self, a, "db_subnet_group", "n", "g");
	t.config =
	    config(a, "subnets", list2(a, s.subnet_a.id, s.subnet_a.id), NULL);
	assert_int_equal(RUN(&t, create), STEP_FAILED);
	t = thing(self, a, "load_balancer", "n", "g");
	t.config =
	    config(a, "subnets", list2(a, s.subnet_a.id, s.subnet_a.id), NULL);
	assert_int_equal(RUN(&t, create), STEP_FAILED);
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* The example of RFC 7677 has another salt; this one is from PostgreSQL. */
static void test_scram(void **state)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct str one, two;

	(void)state;
	assert_int_equal(
	    scram_verifier(STR("pencil"),
			   (const unsigned char *)"0123456789abcdef", &a, &one,
			   &err),
	    0);
	assert_true(str_starts(one, "SCRAM-SHA-256$4096:"
				    "MDEyMzQ1Njc4OWFiY2RlZg==$"));
	assert_int_equal(one.n,
			 strlen("SCRAM-SHA-256$4096:") + 24 + 1 + 44 + 1 + 44);
	assert_int_equal(scram_verifier(STR("pencil"), NULL, &a, &two, &err),
			 0);
	assert_false(str_eq(one, two));
	assert_int_equal(scram_verifier(STR("p\xc3\xa9"), NULL, &a, &two, &err),
			 -1);
	arena_release(&a);
}

/* How often a text stands in memory. */
static size_t times(const char *text, const char *from, const char *end)
{
	size_t n = strlen(text), found = 0;

	for (; from + n <= end; from++)
		found += memcmp(from, text, n) == 0;
	return found;
}

/* The login of a server that is there already, and nothing else of the secret.
 */
static void test_outside(void **state)
{
	struct arena arena = { 0 }, *a = &arena, logged = { 0 };
	struct thing secret, server;
	void *self = open_stack("outside", "3333333333333333");
	const char *from = arena_new(&logged, char, 1);
	struct error err = { 0 };
	struct pg_target t;
	struct record r;

	(void)state;
	secret = thing(self, a, "secret", "n", "login");
	secret.config =
	    config(a, "value",
		   config(a, "username", value_c("demo"), "password",
			  value_c(SENTINEL), "note", value_c("another"), NULL),
		   NULL);
	must(RUN(&secret, create), &secret);
	server = thing(self, a, "database", "n", "there");
	server.config = config(a, "host", value_c("db.example.org"), "secret",
			       value_str(secret.id), NULL);
	must(RUN(&server, create), &server);
	assert_true(outside_find(self, server.id, a, &r));
	if (outside_target(self, &r, STR("one"), &logged, &t, &err) < 0)
		fail_msg("%s", err.message);
	assert_true(str_is(t.user, "demo"));
	assert_true(str_is(t.password, SENTINEL));
	assert_int_equal(times(SENTINEL, from, logged.next), 1);
	assert_int_equal(times("another", from, logged.next), 0);
	must(RUN(&server, destroy), &server);
	must(RUN(&secret, destroy), &secret);
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(&logged);
	arena_release(a);
}

static bool is_there(const struct thing *t, struct arena *a)
{
	struct error none = { 0 };
	struct record r;

	return record_read(t->self, t->type, t->id, a, &r, &none) == 0;
}

/*
 * An object is its create's: a second one of the same address is another, and
 * each create finds its own again, whatever is free by then.
 */
static void test_identity(void **state)
{
	static const char *const types[] = { "internet_gateway", "secret" };
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("identity", "8888888888888888");
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct thing first = thing(self, a, types[i], "n", "x");
		struct thing second, third;
		struct str id;

		first.config = config(a, "value",
				      config(a, "k", value_c("v"), NULL), NULL);
		second = third = first;
		first.token = STR("1111");
		second.token = STR("2222");
		third.token = STR("3333");
		must(RUN(&first, create), &first);
		must(RUN(&second, create), &second);
		assert_false(str_eq(first.id, second.id));
		id = second.id;
		must(RUN(&first, destroy), &first);
		assert_true(is_there(&second, a));
		/* After a crash: not what is free now. */
		second.id = (struct str){ 0 };
		must(RUN(&second, create), &second);
		assert_true(str_eq(second.id, id));
		/* The id of the address is free again, and is the same. */
		must(RUN(&third, create), &third);
		assert_true(str_eq(third.id, first.id));
		must(RUN(&second, destroy), &second);
		assert_true(is_there(&third, a));
		must(RUN(&third, destroy), &third);
	}
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* Where the name is the id, the second one is refused and names no object. */
static void test_taken_name(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("names", "9999999999999999");
	struct thing first = thing(self, a, "iam_role", "n", "x");
	struct thing second;
	struct error err = { 0 };

	(void)state;
	first.config = config(a, "name", value_c("one"), "service",
			      value_c("dms.amazonaws.com"), NULL);
	second = first;
	first.token = STR("1111");
	second.token = STR("2222");
	must(RUN(&first, create), &first);
	must_find_same(&first, a);
	assert_int_equal(RUN(&second, create), STEP_FAILED);
	assert_int_equal(second.err.kind, ERROR_EXISTS);
	assert_int_equal(second.id.n, 0);
	assert_true(is_there(&first, a));
	must(RUN(&first, destroy), &first);
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* A secret whose value is gone is made anew, in the place of what is left. */
static void test_lost(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("lost", "aaaaaaaaaaaaaaaa");
	struct thing secret = thing(self, a, "secret", "n", "x");
	struct error err = { 0 };
	struct str id;

	(void)state;
	secret.config =
	    config(a, "value", config(a, "k", value_c("v"), NULL), NULL);
	secret.token = STR("1111");
	must(RUN(&secret, create), &secret);
	id = secret.id;
	assert_int_equal(unlink(stack_path(self, a, "vault/%s.secret",
					   strrchr(str_c(id, a), ':') + 1)),
			 0);
	must(RUN(&secret, read), &secret);
	assert_true(secret.is_gone);
	secret.token = STR("2222");
	secret.id = (struct str){ 0 };
	must(RUN(&secret, create), &secret);
	assert_true(str_eq(secret.id, id));
	must(RUN(&secret, read), &secret);
	assert_false(secret.is_gone);
	destroy_thing(&secret, a);
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* A stopped stack whose number another one took moves to a free one. */
static void test_moves(void **state)
{
	struct arena arena = { 0 }, *a = &arena;
	void *self = open_stack("moves", "7777777777777777");
	struct side s = { 0 };
	struct error err = { 0 };
	struct record before, after;
	char stop[] = "stop";
	int fd;

	(void)state;
	make_network(&s, self, a, "n");
	make_database(&s, self, a, "n");
	must_select_direct(self, &s, a);
	assert_int_equal(record_read(self, "vpc", s.vpc.id, a, &before, &err),
			 0);
	assert_int_equal(
	    local_provider.command(self, 1, (char *[]){ stop, NULL }, &err), 0);
	fd = listen_on(str_fmt(a, "127.%d.255.254",
			       16 + (int)value_number(before.own, "number", 0)),
		       NETWORK_PORT);
	/*
	 * Another run of this very test may take a number without asking, just
	 * as we do above; then it is the next one's turn.
	 */
	for (int i = 0; i < 3 && RUN(&s.vpc, update) != STEP_DONE; i++)
		printf("# %s\n", s.vpc.err.message);
	must(RUN(&s.vpc, update), &s.vpc);
	must(RUN(&s.instance, update), &s.instance);
	assert_int_equal(record_read(self, "vpc", s.vpc.id, a, &after, &err),
			 0);
	assert_int_not_equal(value_number(before.own, "number", -1),
			     value_number(after.own, "number", -1));
	must_select_direct(self, &s, a);
	close(fd);
	assert_int_equal(local_provider.sweep(self, &err), 0);
	local_provider.close(self);
	arena_release(a);
}

/* What tests that failed left running, with all that it stands on. */
static void end_leftovers(void)
{
	DIR *d = opendir(home);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		struct provider_setup s = {
			.stack = STR("left"),
			.stack_uid = str_from(entry->d_name),
			.stack_folder = STR("/"),
			.config = { .kind = VALUE_NULL },
			.is_write = true,
			.derive = derive_setup,
		};
		struct error err = { 0 };
		void *self;

		if (strlen(entry->d_name) != 16 ||
		    local_provider.open(&s, &self, &err) < 0)
			continue;
		if (local_provider.sweep(self, &err) < 0)
			fprintf(stderr, "# %s\n", err.message);
		local_provider.close(self);
	}
	if (d)
		closedir(d);
}

static int run_all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scram),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_unnoted),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_taken_name),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_parallel),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_two_stacks),
		cmocka_unit_test(test_whole),
	};
	int failed;

	if (!scratch_folder(home, "local") || chmod(home, 0755) < 0)
		return 1;
	strcat(home, "/h");
	setenv("DMSL_HOME", home, 1);
	failed = cmocka_run_group_tests_name(
	    geteuid() == 0 ? "as root" : "as a user", tests, NULL, NULL);
	/* The home was made by dmsl, so it is gone with the last stack. */
	if (access(home, F_OK) == 0) {
		fprintf(stderr, "# %s is left over\n", home);
		failed++;
		end_leftovers();
	}
	*strrchr(home, '/') = '\0';
	rmdir(home);
	return failed;
}

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return run_all() ? 1 : 0;
}
