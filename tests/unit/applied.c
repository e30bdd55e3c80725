#include <config.h>

#include "tests/support/scratch.h"
#include "tests/unit/applied.h"

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
	{ "keep", "duration", ATTR_OPTIONAL, NULL, "" },
	{ "code", "string", ATTR_COMPUTED, NULL, "" },
	{ 0 },
};
static const struct type_schema thing_schema = {
	.name = "thing",
	.attrs = thing_attrs,
};
static const struct type_schema *const schemas[] = { &thing_schema, NULL };

struct fake_world *shared;

/* Before and after every effect. */
static void may_die(void)
{
	if (++world.calls == world.killed_at)
		raise(SIGKILL);
}

struct made *add_object(struct str address, struct str token)
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

static char folder[SCRATCH_MAX];

void write_stack(const char *things)
{
	FILE *f = fopen("s.dmsl", "w");

	assert_non_null(f);
	fprintf(f, "stack s { provider = fake }\n%s", things);
	assert_int_equal(fclose(f), 0);
}

/* Runs a command; both outputs go to the file "out". */
int run_words(const char *command, const char *const *options)
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
int run(const char *command, const char *option)
{
	const char *const options[] = { option, NULL };

	return run_words(command, options);
}

bool look_for(const char *text, bool tells)
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

bool has_said(const char *text)
{
	return look_for(text, true);
}

/* Both were done, once each, and nothing else. */
bool has_done(const char *a, const char *b)
{
	return strlen(world.log) == strlen(a) + strlen(b) &&
	       strstr(world.log, a) && strstr(world.log, b);
}

/* The run said it at the beginning of a line. */
bool has_line(const char *text)
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

size_t count_objects(void)
{
	size_t n = 0;

	for (size_t i = 0; i < world.n; i++)
		n += world.objects[i].exists;
	return n;
}

int begin(void **state)
{
	(void)state;
	assert_int_equal(system("rm -rf .git s.dmsl out && git init -q . && "
				"git config user.name t && "
				"git config user.email t@example.org"),
			 0);
	memset(shared, 0, sizeof(*shared));
	return pthread_mutex_init(&world.lock, NULL);
}

int begin_fast(void **state)
{
	return setenv("DMSL_TEST_SPEED", "10", 1) || begin(state);
}

int end_fast(void **state)
{
	(void)state;
	return unsetenv("DMSL_TEST_SPEED");
}

/* The state as it was committed. */
bool is_in_state(const char *text)
{
	char command[200];

	snprintf(command, sizeof(command),
		 "git show dmsl/state:s.dmstate.json | grep -qF '%s'", text);
	return system(command) == 0;
}

int make_folder(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED && scratch_folder(folder, "apply") &&
		       chdir(folder) == 0
		   ? 0
		   : -1;
}

int remove_folder(void **state)
{
	struct error err;

	(void)state;
	return chdir("/") == 0 ? file_remove_tree(folder, &err) : -1;
}

/* A thing "a" of a kind that is created first, and "b" that uses it. */
void write_first(const char *a)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "thing a { %s\n" FIRST "thing b { uses = thing.a.id }\n", a);
	write_stack(text);
}
