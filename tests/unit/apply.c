/*
 * Apply, its failures and recovery, by the command line, against a provider of
 * a few lines. What an object does when it is made is written in the stack:
 * thing a { act = "throttled" }. Objects live in this process; the repository
 * in a folder of its own.
 */
#include <config.h>

#include "engine/cli.h"

#include "engine/provider.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

enum { OBJECTS = 64 };

struct made {
	char address[64], token[65];
	int calls, polls;
	bool exists;
};

static struct {
	pthread_mutex_t lock;
	struct made objects[OBJECTS];
	size_t n;
	char log[4096]; /* what was done, in order */
	bool answers;	/* "silent" objects answer from now on */
	bool has_new_effect;
	const char *code; /* that is promised; NULL: none is */
	int recoveries;
} world = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct made *find(struct str address)
{
	for (size_t i = 0; i < world.n; i++)
		if (str_is(address, world.objects[i].address))
			return &world.objects[i];
	if (world.n == OBJECTS)
		BUG("too many objects");
	snprintf(world.objects[world.n].address, sizeof(world.objects->address),
		 "%.*s", STR_ARG(address));
	return &world.objects[world.n++];
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
	if (!o->exists || strncmp(o->token, c->token.s, c->token.n) != 0) {
		assert_false(o->exists);
		o->exists = true;
		snprintf(o->token, sizeof(o->token), "%.*s", STR_ARG(c->token));
		note("create", c->address);
	}
	c->id = str_fmt(c->arena, "id-%.*s", STR_ARG(c->address));
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
	if (str_is(act, "half")) {
		make(c, o);
		return call_fail(c, ERROR_FAILED, "broke half way");
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
	step = create(c, find(c->address));
	pthread_mutex_unlock(&world.lock);
	return step;
}

static enum step fake_read(struct call *c)
{
	pthread_mutex_lock(&world.lock);
	c->is_gone = !find(c->address)->exists;
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

static enum step fake_update(struct call *c)
{
	pthread_mutex_lock(&world.lock);
	note("update", c->address);
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

static enum step fake_destroy(struct call *c)
{
	struct made *o;

	pthread_mutex_lock(&world.lock);
	o = find(c->address);
	if (o->exists)
		note("delete", c->address);
	o->exists = false;
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

static int fake_plan(struct call *c, const char *action)
{
	(void)action;
	pthread_mutex_lock(&world.lock);
	/* What is asked a second time finds what was not there at first. */
	if (world.has_new_effect && find(c->address)->polls++)
		call_effect(c, EFFECT_DROP, "drop everything");
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
	.create = fake_create,
	.update = fake_update,
	.destroy = fake_destroy,
	.recovery = 'T',
};
static const struct resource_type types[] = {
	{ .name = "thing", .ops = &thing_ops },
	{ 0 },
};
static const struct provider fake_provider = {
	.name = "fake",
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

/* Runs a command of two or three words; both outputs go to the file "out". */
static int run(const char *command, const char *option)
{
	const struct cli cli = { providers, schemas, is_type };
	char program[] = "dmsl", file_name[] = "s.dmsl";
	char *argv[] = { program, (char *)(uintptr_t)command, file_name,
			 (char *)(uintptr_t)option, NULL };
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), status;
	int file = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	status = cli_main(&cli, option ? 4 : 3, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(file);
	return status;
}

static bool has_said(const char *text)
{
	struct arena a = { 0 };
	struct error err;
	struct str out;
	bool is_there;

	assert_int_equal(file_read("out", 1 << 20, &a, &out, &err), 0);
	is_there = str_contains(out, str_from(text));
	if (!is_there)
		fprintf(stderr, "# no \"%s\" in: %s\n", text, out.s);
	arena_release(&a);
	return is_there;
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
	memset(world.objects, 0, sizeof(world.objects));
	world.n = 0;
	world.log[0] = '\0';
	world.answers = world.has_new_effect = false;
	world.code = NULL;
	world.recoveries = 0;
	return 0;
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
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n");
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
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
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
		cmocka_unit_test_setup(what_broke_half_way_is_replaced, begin),
		cmocka_unit_test_setup(an_unknown_outcome_is_found_out_first,
				       begin),
		cmocka_unit_test_setup(a_broken_promise_stops_the_step, begin),
		cmocka_unit_test_setup(
		    an_effect_that_was_not_shown_is_not_carried_out, begin),
		cmocka_unit_test_setup(what_is_missing_is_grouped, begin),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
