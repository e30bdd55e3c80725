/*
 * Apply, its failures and recovery, by the command line, against a provider of
 * a few lines. What an object does when it is made is written in the stack:
 * thing a { act = "throttled" }. Objects live in this process; the repository
 * in a folder of its own.
 */
#include <config.h>

#include "engine/cli.h"

#include "engine/provider.h"
#include "engine/store.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* -- A provider ----------------------------------------------------------- */

static const struct attr_schema thing_attrs[] = {
	{ "act", "string", ATTR_OPTIONAL, "\"well\"", "" },
	{ "size", "number", ATTR_OPTIONAL, "1", "" },
	{ "kind", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL, "" },
	{ "uses", "any", ATTR_OPTIONAL, NULL, "" },
	{ "code", "string", ATTR_COMPUTED, NULL, "" },
	{ 0 },
};
static const struct type_schema thing_schema = {
	.name = "thing",
	.attrs = thing_attrs,
};
static const struct type_schema *const schemas[] = { &thing_schema, NULL };

enum { OBJECTS = 300 };

struct made {
	char address[64], token[65], id[80], name[64];
	int calls, polls;
	bool exists;
};

/* Outlives a process that is killed. */
static struct world {
	pthread_mutex_t lock;
	struct made objects[OBJECTS];
	size_t n;
	char log[4096];	      /* what was done, in order */
	bool answers;	      /* "silent" objects answer from now on */
	bool is_out_of_reach; /* they do not even hear */
	bool has_new_effect, keeps_all;
	const char *tables[2]; /* truncated: by the plan, and then */
	int asked;
	const char *code; /* that is promised; NULL: none is */
	int recoveries;
	int reads, batches; /* calls */
	int sweeps;
	size_t largest;	      /* batch */
	int calls, killed_at; /* kill at this one; 0: none */
} * shared;

#define world (*shared)

/* Before and after every effect. */
static void may_die(void)
{
	if (++world.calls == world.killed_at)
		raise(SIGKILL);
}

static struct made *add_object(struct str address, struct str token)
{
	struct made *o = &world.objects[world.n++];

	if (world.n > OBJECTS)
		BUG("too many objects");
	snprintf(o->address, sizeof(o->address), "%.*s", STR_ARG(address));
	snprintf(o->token, sizeof(o->token), "%.*s", STR_ARG(token));
	return o;
}

/* By its id; one that has none yet by the intent that it is made for. */
static struct made *find(const struct call *c)
{
	/* The latest: an id may come again when its object is gone. */
	for (size_t i = world.n; i-- > 0;) {
		struct made *o = &world.objects[i];

		if (c->id.n ? str_is(c->id, o->id)
			    : str_is(c->address, o->address) &&
				  str_is(c->token, o->token))
			return o;
	}
	return add_object(c->address, c->token);
}

/* What an object is called, and by what it is known, is its own alone. */
static void name_object(struct made *o, const struct call *c)
{
	size_t n = 0;

	for (size_t i = 0; i < world.n; i++) {
		const struct made *other = &world.objects[i];

		if (other == o || !other->exists)
			continue;
		assert_false(str_is(c->name, other->name));
		n += str_is(c->address, other->address);
	}
	snprintf(o->name, sizeof(o->name), "%.*s", STR_ARG(c->name));
	snprintf(o->id, sizeof(o->id), n ? "id-%.*s-%.8s" : "id-%.*s",
		 STR_ARG(c->address), o->token);
}

static void note(const char *what, struct str address)
{
	size_t n = strlen(world.log);

	snprintf(world.log + n, sizeof(world.log) - n, "%s %.*s\n", what,
		 STR_ARG(address));
}

static enum step make(struct call *c, struct made *o)
{
	/* A second object for one intent is what must never be. */
	if (!o->exists) {
		name_object(o, c);
		o->exists = true;
		note("create", c->address);
	}
	assert_true(str_is(c->token, o->token));
	/* Also when it is repeated by another process. */
	assert_true(str_is(c->name, o->name));
	c->id = str_dup(str_from(o->id), c->arena);
	c->result = value_map(
	    (struct value_entry[]){ { STR("code"), value_c("real") } }, 1,
	    c->arena);
	return STEP_DONE;
}

static enum step create(struct call *c, struct made *o)
{
	struct str act = value_text(c->config, "act");

	o->calls++;
	world.recoveries += c->is_recovery;
	if (str_is(act, "throttled") && o->calls < 3)
		return call_fail(c, ERROR_THROTTLED, "too fast");
	if (str_is(act, "fails"))
		return call_fail(c, ERROR_INVALID, "it does not like it");
	/* Meanwhile somebody else takes the stack. */
	if (str_is(act, "robbed") && o->calls == 1)
		assert_int_equal(system("git update-ref -d refs/dmsl/lease/s"),
				 0);
	if (str_is(act, "half")) {
		make(c, o);
		return call_fail(c, ERROR_FAILED, "broke half way");
	}
	if (str_is(act, "silent") && world.is_out_of_reach)
		return call_fail(c, ERROR_UNAVAILABLE, "out of reach");
	if (str_is(act, "mends")) {
		world.is_out_of_reach = false;
		world.answers = true;
	}
	if (str_is(act, "silent") && !world.answers) {
		make(c, o);
		c->id = (struct str){ 0 };
		return call_fail(c,
				 o->calls == 1 ? ERROR_TIMEOUT : ERROR_INVALID,
				 "no answer");
	}
	if (str_is(act, "slow") && o->polls++ < 3) {
		make(c, o);
		c->memo = str_fmt(c->arena, "poll %d", o->polls);
		return call_wait(c, 5, "it to be slow");
	}
	return make(c, o);
}

static enum step fake_create(struct call *c)
{
	enum step step;

	pthread_mutex_lock(&world.lock);
	may_die();
	step = create(c, find(c));
	may_die();
	pthread_mutex_unlock(&world.lock);
	return step;
}

static enum step fake_read(struct call *c)
{
	pthread_mutex_lock(&world.lock);
	world.reads++;
	c->is_gone = !find(c)->exists;
	c->result = value_map(
	    (struct value_entry[]){ { STR("code"), value_c("real") } }, 1,
	    c->arena);
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

/* One that "spoils" fails the request for all that are asked for with it. */
static void fake_read_batch(struct call *const *calls, enum step *outcomes,
			    size_t n)
{
	bool is_spoilt = false;

	pthread_mutex_lock(&world.lock);
	world.batches++;
	if (n > world.largest)
		world.largest = n;
	for (size_t i = 0; i < n; i++)
		is_spoilt |=
		    str_is(value_text(calls[i]->prior, "act"), "spoils");
	for (size_t i = 0; i < n; i++) {
		outcomes[i] = is_spoilt ? call_fail(calls[i], ERROR_INVALID,
						    "one of them is odd")
					: STEP_DONE;
		calls[i]->is_gone = !find(calls[i])->exists;
	}
	pthread_mutex_unlock(&world.lock);
}

static enum step fake_update(struct call *c)
{
	pthread_mutex_lock(&world.lock);
	may_die();
	note("update", c->address);
	may_die();
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

static enum step fake_destroy(struct call *c)
{
	struct made *o;

	if (world.keeps_all)
		return call_fail(c, ERROR_DENIED, "it does not let go");
	pthread_mutex_lock(&world.lock);
	may_die();
	o = find(c);
	if (o->exists)
		note("delete", c->address);
	o->exists = false;
	may_die();
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

/* Says which object was asked. */
static enum step fake_query(struct call *c)
{
	c->result = value_str(c->id);
	return STEP_DONE;
}

static int fake_plan(struct call *c, const char *action)
{
	(void)action;
	pthread_mutex_lock(&world.lock);
	/* What is asked a second time finds what was not there at first. */
	if (world.has_new_effect && find(c)->polls++)
		call_effect(c, EFFECT_DROP, STR("all"), "drop everything");
	if (world.tables[0]) {
		const char *table = world.tables[world.asked++ > 0];

		call_effect(c, EFFECT_TRUNCATE, str_from(table), "truncate %s",
			    table);
	}
	if (world.code)
		c->result =
		    value_map((struct value_entry[]){ { STR("code"),
							value_c(world.code) } },
			      1, c->arena);
	pthread_mutex_unlock(&world.lock);
	return 0;
}

static int fake_open(const struct provider_setup *s, void **self,
		     struct error *err)
{
	(void)s, (void)err;
	*self = &world;
	return 0;
}

static void fake_close(void *self)
{
	(void)self;
}

static const struct resource_ops thing_ops = {
	.plan = fake_plan,
	.read = fake_read,
	.read_batch = fake_read_batch,
	.create = fake_create,
	.update = fake_update,
	.destroy = fake_destroy,
	.query = fake_query,
	.recovery = 'T',
};
static const struct resource_type types[] = {
	{ .name = "thing", .ops = &thing_ops },
	{ 0 },
};
static int fake_sweep(void *self, struct error *err)
{
	(void)self, (void)err;
	world.sweeps++;
	return 0;
}

static const struct provider fake_provider = {
	.name = "fake",
	.sweep = fake_sweep,
	.types = types,
	.open = fake_open,
	.close = fake_close,
};
static const struct provider *const providers[] = { &fake_provider, NULL };

static bool is_type(struct str name)
{
	return str_is(name, "thing");
}

/* -- A stack in a repository of its own ------------------------------------ */

static char folder[] = "/tmp/dmsl-apply-XXXXXX";

static void write_stack(const char *things)
{
	FILE *f = fopen("s.dmsl", "w");

	assert_non_null(f);
	fprintf(f, "stack s { provider = fake }\n%s", things);
	assert_int_equal(fclose(f), 0);
}

/* Runs a command; both outputs go to the file "out". */
static int run_words(const char *command, const char *const *options)
{
	enum { WORDS = 24 };
	const struct cli cli = { providers, schemas, is_type };
	char program[] = "dmsl", file_name[] = "s.dmsl";
	char *argv[WORDS] = { program, (char *)(uintptr_t)command, file_name };
	int argc = 3;
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), status;
	int file = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	while (*options)
		argv[argc++] = (char *)(uintptr_t)*options++;
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	status = cli_main(&cli, argc, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(file);
	return status;
}

/* One of two or three words. */
static int run(const char *command, const char *option)
{
	const char *const options[] = { option, NULL };

	return run_words(command, options);
}

static bool look_for(const char *text, bool tells)
{
	struct arena a = { 0 };
	struct error err;
	struct str out;
	bool is_there;

	assert_int_equal(file_read("out", 1 << 20, &a, &out, &err), 0);
	is_there = str_contains(out, str_from(text));
	if (!is_there && tells)
		fprintf(stderr, "# no \"%s\" in: %s\n", text, out.s);
	arena_release(&a);
	return is_there;
}

static bool has_said(const char *text)
{
	return look_for(text, true);
}

/* Both were done, once each, and nothing else. */
static bool has_done(const char *a, const char *b)
{
	return strlen(world.log) == strlen(a) + strlen(b) &&
	       strstr(world.log, a) && strstr(world.log, b);
}

/* The run said it at the beginning of a line. */
static bool has_line(const char *text)
{
	struct arena a = { 0 };
	struct error err;
	struct str out;
	bool is_there;

	assert_int_equal(file_read("out", 1 << 20, &a, &out, &err), 0);
	is_there = str_contains(out, str_fmt(&a, "\n%s", text));
	arena_release(&a);
	return is_there;
}

static size_t count_objects(void)
{
	size_t n = 0;

	for (size_t i = 0; i < world.n; i++)
		n += world.objects[i].exists;
	return n;
}

static int begin(void **state)
{
	(void)state;
	assert_int_equal(system("rm -rf .git s.dmsl out && git init -q . && "
				"git config user.name t && "
				"git config user.email t@example.org"),
			 0);
	memset(shared, 0, sizeof(*shared));
	return pthread_mutex_init(&world.lock, NULL);
}

/* -- What must hold -------------------------------------------------------- */

static void waits_and_repetitions_end_well(void **state)
{
	(void)state;
	write_stack("thing a { act = \"slow\" }\n"
		    "thing b { act = \"throttled\"  uses = thing.a.id }\n"
		    "thing c { uses = thing.b.code }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n"
				       "create thing.c\n");
	assert_true(has_said("Applied: 3 created"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* Users go before what they use. */
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.c\ndelete thing.b\n"
				       "delete thing.a\n");
}

static void replacing_goes_backwards_and_forwards(void **state)
{
	(void)state;
	write_stack("thing a { kind = \"x\" }\n"
		    "thing b { kind = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing a { kind = \"y\" }\n"
		    "thing b { kind = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\ndelete thing.a\n"
				       "create thing.a\ncreate thing.b\n");
}

/* The state as it was committed. */
static bool is_in_state(const char *text)
{
	char command[200];

	snprintf(command, sizeof(command),
		 "git show dmsl/state:s.dmstate.json | grep -qF '%s'", text);
	return system(command) == 0;
}

static void what_is_moved_is_not_touched(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b { uses = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing c {}\nthing b { uses = thing.c.id }\n"
		    "moved thing.a -> thing.c\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "");
	assert_true(has_said("1 moved"));
	assert_false(is_in_state("thing.a\": {"));
	assert_true(is_in_state("\"deps\": [\"thing.c\"]"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* What is to go goes under its new name. */
	write_stack("moved thing.b -> thing.x\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.x\ndelete thing.c\n");
}

static void what_is_imported_is_changed_at_once(void **state)
{
	struct made *o = add_object(STR("elsewhere"), STR(""));

	(void)state;
	strcpy(o->id, "outside-1");
	o->exists = true;
	write_stack("thing a { size = 2 }\n"
		    "thing b { uses = thing.a.id }\n"
		    "import thing.a = \"outside-1\"\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "update thing.a\ncreate thing.b\n");
	assert_true(has_said("1 imported"));
	assert_true(is_in_state("\"uses\": \"outside-1\""));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* It is dmsl's own now. */
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\ndelete thing.a\n");
	assert_int_equal(count_objects(), 0);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("there is no thing \"outside-1\" to import"));
}

static void what_exists_is_only_read(void **state)
{
	struct made *o = add_object(STR("elsewhere"), STR(""));

	(void)state;
	strcpy(o->id, "outside-1");
	o->exists = true;
	write_stack("existing thing e { id = \"outside-1\" }\n"
		    "thing a { uses = thing.e.code }\n"
		    "check c { on = thing.e  query = \"q\"  expect = "
		    "\"outside-1\" }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_said("check c"));
	assert_string_equal(world.log, "create thing.a\n");
	assert_true(is_in_state("\"uses\": \"real\""));
	assert_false(is_in_state("thing.e"));
	/* One that is found by what is made in the same run. */
	write_stack("thing a {}\n"
		    "existing thing e { id = thing.a.id }\n"
		    "existing thing f { id = thing.e.id }\n"
		    "thing b { uses = thing.f.code }\n");
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.a\ncreate thing.a\n"
				       "create thing.b\n");
	assert_true(is_in_state("\"uses\": \"real\""));
	assert_true(is_in_state("\"deps\": [\"thing.a\"]"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\ndelete thing.a\n");
	assert_int_equal(count_objects(), 1);
	write_stack("thing a {}\n"
		    "existing thing e { id = \"no ${thing.a.id}\" }\n"
		    "thing b { uses = thing.e.code }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("could not read \"thing.e\": there is no thing"));
	assert_true(has_said("1 created, 1 failed, 1 left out"));
}

static void what_is_removed_with_keep_stays(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("removed thing.a { keep = true }\nremoved thing.b\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\n");
	assert_int_equal(count_objects(), 1);
	assert_false(is_in_state("thing.a"));
	/* And so does what it stands on, until all is asked to go. */
	assert_int_equal(world.sweeps, 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(world.sweeps, 0);
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_int_equal(world.sweeps, 1);
}

/* Only what the state says of it changes: that is applied, and only once. */
static void a_lifecycle_is_applied(void **state)
{
	(void)state;
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing a { lifecycle { prevent_destroy = true\n"
		    "  replace_when = [1] } }\n");
	assert_int_equal(run("plan", "--detailed-exitcode"), 2);
	assert_true(has_said("· thing.a  (its life cycle, or what"));
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "");
	assert_true(is_in_state("\"prevent_destroy\": true"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	write_stack("");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("its lifecycle prevents that"));
	write_stack("thing a { lifecycle { replace_when = [2] } }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("thing.a would be replaced"));
	write_stack("thing a { lifecycle { replace_when = [1] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	write_stack("thing a { lifecycle { replace_when = [2] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.a\ncreate thing.a\n");
	write_stack("");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(count_objects(), 0);
}

static void what_is_ignored_is_not_sent(void **state)
{
	(void)state;
	write_stack("thing a { size = 1 }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	write_stack("thing a { size = 2  act = \"new\"\n"
		    "  lifecycle { ignore = [size] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(is_in_state("\"size\": 1"));
	assert_true(is_in_state("\"act\": \"new\""));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* A new object is made as it is written. */
	write_stack("thing a { size = 2  kind = \"k\"\n"
		    "  lifecycle { ignore = [size] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(is_in_state("\"size\": 2"));
}

#define FIRST "  lifecycle { create_before_destroy = true } }\n"

/* A thing "a" of a kind that is created first, and "b" that uses it. */
static void write_first(const char *a)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "thing a { %s\n" FIRST "thing b { uses = thing.a.id }\n", a);
	write_stack(text);
}

static void what_is_created_first_is_used_before_the_old_goes(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_first("kind = \"y\"");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\nupdate thing.b\n"
				       "delete thing.a\n");
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* Both: what is needed is created first too, though it says nothing. */
	write_stack("thing a { kind = \"x\" }\n"
		    "thing b { kind = thing.a.id\n" FIRST);
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing a { kind = \"y\" }\n"
		    "thing b { kind = thing.a.id\n" FIRST);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n"
				       "delete thing.b\ndelete thing.a\n");
	assert_int_equal(count_objects(), 2);
	/* A user that is not created first goes before what it used. */
	write_stack("thing a { kind = \"z\"\n" FIRST
		    "thing b { kind = thing.a.id }\n");
	world.log[0] = '\0';
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(count_objects(), 2);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_int_equal(count_objects(), 0);
}

static void a_failed_create_keeps_the_old(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	write_first("kind = \"y\"  act = \"fails\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_int_equal(count_objects(), 2);
	assert_true(is_in_state("\"kind\": \"x\""));
	assert_false(is_in_state("#"));
	/* Half made: the old one stays until one is whole. */
	world.log[0] = '\0';
	write_first("kind = \"y\"  act = \"half\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_string_equal(world.log, "create thing.a\n");
	assert_int_equal(count_objects(), 3);
	assert_true(is_in_state("\"thing.a#"));
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("left over from a replacement"));
	write_first("kind = \"y\"");
	world.log[0] = '\0';
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(strstr(world.log, "create thing.a\n") == world.log);
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

static void what_is_left_over_is_deleted_later(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.keeps_all = true;
	write_first("kind = \"y\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it does not let go"));
	assert_true(is_in_state("\"thing.a#"));
	assert_int_equal(count_objects(), 3);
	world.keeps_all = false;
	world.log[0] = '\0';
	assert_int_equal(run("plan", "--detailed-exitcode"), 2);
	assert_true(has_said("left over from a replacement"));
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.a\n");
	assert_false(is_in_state("#"));
	assert_int_equal(count_objects(), 2);
}

/* Cut off in the middle of the create, as by a kill. */
static void a_create_beside_is_recovered(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_first("kind = \"y\"  act = \"silent\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("the outcome of 1 step is not known"));
	/* The old one is still that of the address, and nothing left over. */
	assert_int_equal(run("plan", NULL), 0);
	assert_false(look_for("left over", false));
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(world.recoveries > 0);
	assert_string_equal(world.log, "create thing.a\nupdate thing.b\n"
				       "delete thing.a\n");
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_true(is_in_state("\"kind\": \"y\""));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

/* Over runs that cannot find out what became of it, the old one included. */
static void a_create_beside_is_carried_on(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_first("kind = \"y\"  act = \"silent\"");
	assert_int_equal(run("apply", "--yes"), 1);
	world.is_out_of_reach = true;
	assert_int_equal(run("apply", "--yes"), 1);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_string_equal(world.log, "create thing.a\n");
	world.is_out_of_reach = false;
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\nupdate thing.b\n"
				       "delete thing.a\n");
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

/* Runs apply in a process that dies at a call; false: there are fewer. */
static bool is_killed(int at)
{
	int status;
	pid_t pid;

	world.calls = 0;
	world.killed_at = at;
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run("apply", "--yes"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	world.killed_at = 0;
	/* It may have had the lock. */
	assert_int_equal(pthread_mutex_init(&world.lock, NULL), 0);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static size_t count_in_log(const char *line)
{
	size_t n = 0;

	for (const char *at = world.log; (at = strstr(at, line)); at++)
		n++;
	return n;
}

/* Killed before and after each effect: each is had once, nothing is lost. */
static void a_replacement_survives_every_kill(void **state)
{
	int at = 0;
	bool goes_on = true;

	while (goes_on) {
		assert_int_equal(begin(state), 0);
		write_stack("thing a { kind = \"x\" }\n"
			    "thing b { kind = thing.a.id\n" FIRST
			    "thing c { uses = thing.b.id }\n");
		assert_int_equal(run("apply", "--yes"), 0);
		world.log[0] = '\0';
		write_stack("thing a { kind = \"y\" }\n"
			    "thing b { kind = thing.a.id  lifecycle {\n"
			    "  create_before_destroy = true\n"
			    "  replace_when = [1] } }\n"
			    "thing c { uses = thing.b.id }\n");
		goes_on = is_killed(++at);
		assert_int_equal(run("apply", "--yes"), 0);
		assert_int_equal(count_objects(), 3);
		assert_int_equal(count_in_log("create thing.a\n"), 1);
		assert_int_equal(count_in_log("create thing.b\n"), 1);
		assert_int_equal(count_in_log("delete thing.a\n"), 1);
		assert_int_equal(count_in_log("delete thing.b\n"), 1);
		assert_false(is_in_state("#"));
		assert_true(is_in_state("\"kind\": \"y\""));
		assert_true(is_in_state("\"replace_when\": \"sha256:"));
		assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	}
	/* Two creates, an update, two deletes. */
	assert_int_equal(at, 11);
}

static void a_failure_stops_its_dependents_only(void **state)
{
	(void)state;
	write_stack("thing a { act = \"fails\" }\n"
		    "thing b { uses = thing.a.id }\n"
		    "thing c {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_string_equal(world.log, "create thing.c\n");
	assert_true(has_said("could not create \"thing.a\": it does not like"));
	assert_true(has_said("s.dmsl:2:7: error[E0510]"));
	assert_true(has_said("1 created, 1 failed, 1 left out"));
	assert_true(has_said("Failed\n        thing.a\n"
			     "Left out because of thing.a\n        thing.b\n"
			     "What was done is committed. "));
	assert_true(has_said("\n    dmsl apply s.dmsl\n"));
	/* How long what went well took is known the next time. */
	assert_int_equal(access(".git/dmsl/s/durations", F_OK), 0);
	write_stack("thing a {}\nthing b { uses = thing.a.id }\nthing c {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(count_objects(), 3);
}

/* All that the run was asked for, but what is done already. */
static void the_way_on_has_all_options(void **state)
{
	const char *options[] = {
		"--yes",
		"--params",
		"p.dmslparams",
		"--set",
		"act=fails",
		"--set",
		"kind=it's",
		"--only=thing.*",
		"--except=thing.z",
		"--replace",
		"thing.b",
		"--replace=thing.a",
		"--refresh=0",
		NULL,
	};
	FILE *f;

	(void)state;
	write_stack("thing a {}\nthing b {}\nthing z {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	f = fopen("p.dmslparams", "w");
	assert_non_null(f);
	fprintf(f, "code = 3\nkind = \"k\"\n");
	assert_int_equal(fclose(f), 0);
	write_stack("param act : string = \"\"\nparam kind : string\n"
		    "param code : number\n"
		    "thing a { act = act }\nthing b {}\nthing z {}\n");
	assert_int_equal(run_words("apply", options), 64);
	assert_true(has_said("takes true or false"));
	options[12] = "--refresh=false";
	assert_int_equal(run_words("apply", options), 1);
	assert_true(
	    has_said("    dmsl apply s.dmsl --params p.dmslparams "
		     "--set act=fails --set 'kind=it'\\''s' "
		     "--only 'thing.*' --except thing.z --replace thing.a "
		     "--refresh=false\n"));
}

/* Also where there is nothing to do: it has not passed yet. */
static void a_check_fails_until_it_passes(void **state)
{
	static const char stack[] = "thing a {}\ncheck c { on = thing.a  "
				    "query = \"q\"  expect = \"%s\" }\n";
	char text[200];

	(void)state;
	snprintf(text, sizeof(text), stack, "other");
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("1 of 1 checks did not pass"));
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("No changes."));
	assert_true(has_said("check c: failed, found id-thing.a, "
			     "expected other  s.dmsl:3\n"));
	assert_true(has_said("All is as the stack says, but 1 of 1 checks did "
			     "not pass.\n"));
	assert_int_equal(run("apply", "--json"), 1);
	assert_true(has_said("\"checks_failed\":1"));
	snprintf(text, sizeof(text), stack, "id-thing.a");
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_said("check c: passed"));
	assert_int_equal(count_in_log("create thing.a\n"), 1);
}

static void what_broke_half_way_is_replaced(void **state)
{
	(void)state;
	write_stack("thing a { act = \"half\" }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("Failed\n        thing.a\nThere, but not whole: "
			     "the next apply replaces it\n        thing.a\n"));
	assert_int_equal(count_objects(), 1);
	assert_int_equal(run("show", NULL), 0);
	assert_true(has_said("thing.a  (incomplete: will be replaced)"));
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ndelete thing.a\n"
				       "create thing.a\n");
	assert_int_equal(count_objects(), 1);
}

static void an_unknown_outcome_is_found_out_first(void **state)
{
	(void)state;
	write_stack("thing a { act = \"silent\" }\nthing b {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("the outcome of 1 step is not known"));
	assert_true(has_said("Nobody knows yet what became of\n        "
			     "thing.a\nApply again: "));
	assert_int_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("plan", NULL), 0);
	assert_int_equal(count_objects(), 2);
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(world.recoveries > 0);
	assert_true(has_done("create thing.a\n", "create thing.b\n"));
	assert_int_not_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

static void a_broken_promise_stops_the_step(void **state)
{
	(void)state;
	world.code = "promised";
	write_stack("thing a {}\nthing b { uses = thing.a.code }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("attribute \"uses\" is \"real\" now, the plan "
			     "showed \"promised\""));
	assert_string_equal(world.log, "create thing.a\n");
}

static void an_effect_that_was_not_shown_is_not_carried_out(void **state)
{
	(void)state;
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	world.has_new_effect = true;
	write_stack("thing a { size = 2 }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it would now drop everything, which the plan did "
			     "not show"));
	assert_string_equal(world.log, "");
}

/* Of one kind, but another table; also of what is only created now. */
static void another_table_is_not_truncated(void **state)
{
	(void)state;
	world.tables[0] = "orders";
	world.tables[1] = "parts";
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it would now truncate parts, which the plan did "
			     "not show"));
	assert_string_equal(world.log, "");
	world.tables[1] = "orders";
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\n");
	world.log[0] = '\0';
	world.tables[1] = "parts";
	world.asked = 0;
	write_stack("thing a { size = 2 }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it would now truncate parts, which the plan did "
			     "not show"));
	assert_string_equal(world.log, "");
}

static void without_the_lease_nothing_more_is_done(void **state)
{
	(void)state;
	write_stack("thing a { act = \"robbed\" }\n"
		    "thing b { uses = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("the lease of stack \"s\" was taken away"));
	assert_string_equal(world.log, "create thing.a\n");
	/* Neither was it committed, nor forgotten. */
	assert_int_not_equal(
	    system("git rev-parse -q --verify dmsl/state >/dev/null"), 0);
	assert_int_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n");
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

static void what_exists_is_asked_for_in_batches(void **state)
{
	char text[16384];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 250; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "thing t%d {}\n", i);
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 0);
	world.objects[7].exists = false;
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("1 to create"));
	assert_int_equal(world.batches, 3);
	assert_int_equal(world.largest, 100);
	assert_int_equal(world.reads, 0);
}

static void one_that_spoils_a_batch_fails_nobody(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b { act = \"spoils\" }\nthing c {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	assert_int_equal(world.batches, 1);
	assert_int_equal(world.reads, 3);
}

/* A process that holds the lease, and with it the journal. */
static pid_t start_holder(void)
{
	const struct store_options o = { .stack_path = "s.dmsl",
					 .stack = STR_INIT("s") };
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct arena a = { 0 };
		struct store *s;
		struct str broken;
		struct error err;

		if (store_open(&o, &s, &err) == 0 &&
		    store_lease(s, STR("holder"), &a, &broken, &err) == 0 &&
		    write(fds[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static void whoever_reads_sees_an_interrupted_run_but_no_live_one(void **state)
{
	pid_t holder;

	(void)state;
	write_stack("thing a { act = \"silent\" }\nthing b {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	/* Nothing is committed, but thing.b is there. */
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("left 1 step unfinished"));
	assert_true(has_said("1 to create"));
	assert_int_equal(run("show", NULL), 0);
	assert_true(has_said("thing.b"));
	holder = start_holder();
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("2 to create"));
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("is being changed by"));
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	/* Reading changed nothing: it is still there to be recovered. */
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_done("create thing.a\n", "create thing.b\n"));
}

/*
 * A create that nobody can be asked about does not keep the apply from mending
 * what it needs; then it is repeated, with its own token.
 */
static void what_cannot_be_found_out_is_repeated_in_its_turn(void **state)
{
	(void)state;
	write_stack("thing a { act = \"silent\" }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	world.is_out_of_reach = true;
	/* Whoever takes it all down must know it first. */
	assert_int_equal(run("destroy", "--yes"), 1);
	assert_true(has_said("is still not known"));
	write_stack("thing a { act = \"silent\"  depends_on = [thing.b] }\n"
		    "thing b { act = \"mends\" }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n");
	assert_int_equal(count_objects(), 2);
	assert_int_not_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);

	/* It ends as it was begun; what is wanted now comes afterwards. */
	world.answers = false;
	write_stack("thing b {}\nthing d { act = \"silent\" }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	world.is_out_of_reach = true;
	write_stack("thing b {}\nthing c { act = \"mends\" }\n"
		    "thing d { act = \"silent\"  size = 2  "
		    "depends_on = [thing.c] }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("had begun it with other attributes"));
	assert_int_equal(count_objects(), 3);
	world.log[0] = '\0';
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "update thing.d\n");
}

/* Many that wait for one are one line; what is not known is not shown. */
static void what_is_missing_is_grouped(void **state)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text),
				    "thing a { act = \"fails\" }\nthing b {}\n"
				    "output id = thing.b.id\n");

	(void)state;
	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "thing c%02d { uses = thing.a.id }\n", i);
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("1 created, 1 failed, 30 left out"));
	assert_true(has_said("Left out because of thing.a\n        thing.c00  "
			     "thing.c01  "));
	assert_true(has_said("thing.c11  and 18 more\n"));
	assert_false(has_line("output id"));
	write_stack("thing b {}\nthing d {}\noutput id = thing.b.id\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_said("output id = \"id-thing.b\""));
}

static int make_folder(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED && mkdtemp(folder) && chdir(folder) == 0
		   ? 0
		   : -1;
}

static int remove_folder(void **state)
{
	struct error err;

	(void)state;
	return chdir("/") == 0 ? file_remove_tree(folder, &err) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(waits_and_repetitions_end_well, begin),
		cmocka_unit_test_setup(replacing_goes_backwards_and_forwards,
				       begin),
		cmocka_unit_test_setup(a_failure_stops_its_dependents_only,
				       begin),
		cmocka_unit_test_setup(the_way_on_has_all_options, begin),
		cmocka_unit_test_setup(a_check_fails_until_it_passes, begin),
		cmocka_unit_test_setup(
		    what_is_created_first_is_used_before_the_old_goes, begin),
		cmocka_unit_test_setup(a_failed_create_keeps_the_old, begin),
		cmocka_unit_test_setup(what_is_left_over_is_deleted_later,
				       begin),
		cmocka_unit_test_setup(a_create_beside_is_recovered, begin),
		cmocka_unit_test_setup(a_create_beside_is_carried_on, begin),
		cmocka_unit_test(a_replacement_survives_every_kill),
		cmocka_unit_test_setup(what_is_moved_is_not_touched, begin),
		cmocka_unit_test_setup(what_is_imported_is_changed_at_once,
				       begin),
		cmocka_unit_test_setup(what_exists_is_only_read, begin),
		cmocka_unit_test_setup(what_is_removed_with_keep_stays, begin),
		cmocka_unit_test_setup(a_lifecycle_is_applied, begin),
		cmocka_unit_test_setup(what_is_ignored_is_not_sent, begin),
		cmocka_unit_test_setup(what_broke_half_way_is_replaced, begin),
		cmocka_unit_test_setup(an_unknown_outcome_is_found_out_first,
				       begin),
		cmocka_unit_test_setup(a_broken_promise_stops_the_step, begin),
		cmocka_unit_test_setup(
		    an_effect_that_was_not_shown_is_not_carried_out, begin),
		cmocka_unit_test_setup(another_table_is_not_truncated, begin),
		cmocka_unit_test_setup(what_exists_is_asked_for_in_batches,
				       begin),
		cmocka_unit_test_setup(one_that_spoils_a_batch_fails_nobody,
				       begin),
		cmocka_unit_test_setup(
		    whoever_reads_sees_an_interrupted_run_but_no_live_one,
		    begin),
		cmocka_unit_test_setup(
		    what_cannot_be_found_out_is_repeated_in_its_turn, begin),
		cmocka_unit_test_setup(without_the_lease_nothing_more_is_done,
				       begin),
		cmocka_unit_test_setup(what_is_missing_is_grouped, begin),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
