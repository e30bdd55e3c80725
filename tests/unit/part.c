/*
 * A part of a stack, by the command line, against a provider whose objects live
 * in this process: random stacks that change, applied whole or in two parts,
 * end alike. An object that another one was made from cannot be deleted.
 */
#include <config.h>

#include "engine/cli.h"

#include "engine/provider.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"

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
	{ "size", "number", ATTR_OPTIONAL, "1", "" },
	{ "of", "list(string)", ATTR_OPTIONAL | ATTR_REPLACE, "[]", "" },
	{ "uses", "list(string)", ATTR_OPTIONAL, "[]", "" },
	{ 0 },
};
static const struct type_schema thing_schema = {
	.name = "thing",
	.attrs = thing_attrs,
};
static const struct type_schema *const schemas[] = { &thing_schema, NULL };

enum { OBJECTS = 16, THINGS = 8 };

struct thing_object {
	char address[16], of[THINGS * 16];
	int made; /* how often: part of the id */
	int size;
	bool exists;
};

static struct {
	pthread_mutex_t lock;
	struct thing_object objects[OBJECTS];
	size_t n;
	int changes; /* calls that change something */
	int reads;
} world = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct thing_object *find(struct str address)
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

static struct str id_of(const struct thing_object *o, struct arena *a)
{
	return str_fmt(a, "<%s:%d>", o->address, o->made);
}

static void take(struct thing_object *o, const struct call *c)
{
	const struct value *of = value_get(c->config, "of");
	const struct value *size = value_get(c->config, "size");
	size_t n = of && of->kind == VALUE_LIST ? of->as.list.n : 0, at = 0;

	o->of[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(o->of + at, sizeof(o->of) - at, "%.*s",
				       STR_ARG(of->as.list.items[i].as.text));
	o->size = size ? atoi(str_c(size->as.text, c->arena)) : 1;
}

static enum step fake_create(struct call *c)
{
	struct thing_object *o;

	pthread_mutex_lock(&world.lock);
	o = find(c->address);
	assert_false(o->exists);
	o->exists = true;
	o->made++;
	take(o, c);
	c->id = id_of(o, c->arena);
	world.changes++;
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

static enum step fake_read(struct call *c)
{
	const struct thing_object *o;

	pthread_mutex_lock(&world.lock);
	world.reads++;
	o = find(c->address);
	c->is_gone = !o->exists;
	c->result =
	    value_with(c->prior, STR("size"), value_int(o->size), c->arena);
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

static enum step fake_update(struct call *c)
{
	pthread_mutex_lock(&world.lock);
	take(find(c->address), c);
	world.changes++;
	pthread_mutex_unlock(&world.lock);
	return STEP_DONE;
}

static bool is_used(const struct thing_object *o, struct arena *a)
{
	for (size_t i = 0; i < world.n; i++)
		if (world.objects[i].exists &&
		    strstr(world.objects[i].of, id_of(o, a).s))
			return true;
	return false;
}

static enum step fake_destroy(struct call *c)
{
	enum step step = STEP_DONE;
	struct thing_object *o;

	pthread_mutex_lock(&world.lock);
	o = find(c->address);
	if (is_used(o, c->arena))
		step = call_fail(c, ERROR_INVALID, "something is made of it");
	else
		o->exists = false;
	world.changes++;
	pthread_mutex_unlock(&world.lock);
	return step;
}

static int fake_open(const struct provider_setup *s, void **self,
		     struct error *err)
{
	(void)s, (void)err;
	*self = &world;
	return 0;
}

static const struct resource_ops thing_ops = {
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
};
static const struct provider *const providers[] = { &fake_provider, NULL };

static bool is_type(struct str name)
{
	return str_is(name, "thing");
}

/* -- Stacks in a repository of their own ----------------------------------- */

static char folder[SCRATCH_MAX];

enum { WORDS_MOST = 8 };

/* Words are separated by blanks; what is said goes to the file "out". */
static int run(const char *command)
{
	const struct cli cli = { providers, schemas, is_type };
	char text[200], program[] = "dmsl";
	char *argv[WORDS_MOST + 1] = { program };
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), status, n = 1;
	int file = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	snprintf(text, sizeof(text), "%s", command);
	for (char *word = strtok(text, " "); word && n < WORDS_MOST;
	     word = strtok(NULL, " "))
		argv[n++] = word;
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	status = cli_main(&cli, n, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(file);
	return status;
}

static void show_out(void)
{
	struct arena a = { 0 };
	struct error err;
	struct str out;

	if (file_read("out", 1 << 20, &a, &out, &err) == 0)
		print_message("%s\n", out.s);
	arena_release(&a);
}

static void must(const char *command)
{
	if (run(command) == 0)
		return;
	print_message("failed: dmsl %s\n", command);
	show_out();
	fail();
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
		print_message("no \"%s\" in: %s\n", text, out.s);
	arena_release(&a);
	return is_there;
}

static void write_stack(const char *things)
{
	struct arena a = { 0 };
	struct error err;

	assert_int_equal(
	    file_replace("s.dmsl",
			 str_fmt(&a, "stack s { provider = fake }\n%s", things),
			 0600, &err),
	    0);
	arena_release(&a);
}

static void begin_stack(void)
{
	assert_int_equal(system("rm -rf .git s.dmsl out && git init -q . && "
				"git config user.name t && "
				"git config user.email t@example.org"),
			 0);
	memset(world.objects, 0, sizeof(world.objects));
	world.n = 0;
	world.changes = world.reads = 0;
}

static int begin(void **state)
{
	(void)state;
	begin_stack();
	return 0;
}

static int make_folder(void **state)
{
	(void)state;
	return scratch_folder(folder, "part") && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	struct error err;

	(void)state;
	return chdir("/") == 0 ? file_remove_tree(folder, &err) : -1;
}

/* The committed state, without what is random in it. */
static struct str committed(struct arena *a)
{
	struct error err;
	struct str text;

	assert_int_equal(
	    system("git show dmsl/state:s.dmstate.json 2>/dev/null | "
		   "grep -v '\"uid\":' >state; true"),
	    0);
	assert_int_equal(file_read("state", 1 << 20, a, &text, &err), 0);
	return text;
}

/* -- Random stacks -------------------------------------------------------- */

/* The same numbers on every machine, so that a failure is found again. */
static unsigned next(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % below;
}

static struct str names_of(const bool *names, struct arena *a)
{
	struct str text = STR("[");

	for (size_t i = 0; i < THINGS; i++)
		if (names[i])
			text = str_fmt(a, "%.*s%sthing.t%zu.id", STR_ARG(text),
				       text.n > 1 ? ", " : "", i);
	return str_fmt(a, "%.*s]", STR_ARG(text));
}

/*
 * A stack of a few things; those of the seed `base` as they are there, a few of
 * them by the seed `change`.
 */
static struct str random_stack(uint64_t base, uint64_t change, bool *is_there,
			       struct arena *a)
{
	struct str text = { 0 };

	for (size_t i = 0; i < THINGS; i++) {
		bool of[THINGS] = { false }, uses[THINGS] = { false };
		bool is_changed = change && next(&change, 3) == 0;
		uint64_t own = (is_changed ? change : base) + i;
		unsigned size = next(&own, 5);

		/* The first numbers of near seeds are near. */
		next(&own, 2);
		is_there[i] = next(&own, 5) > 0;
		for (size_t k = 0; k < i; k++) {
			of[k] = next(&own, 5) == 0 && is_there[k];
			uses[k] = next(&own, 5) == 0 && is_there[k];
		}
		if (!is_there[i])
			continue;
		text = str_fmt(
		    a, "%.*sthing t%zu { size = %u  of = %.*s  uses = %.*s }\n",
		    STR_ARG(text), i, size, STR_ARG(names_of(of, a)),
		    STR_ARG(names_of(uses, a)));
	}
	return text;
}

/*
 * Only what was destroyed and made anew may be at another number: as often as
 * an apply of all would, not more often.
 */
static void assert_same_objects(const struct thing_object *whole, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct thing_object *o = find(str_from(whole[i].address));

		assert_int_equal(o->exists, whole[i].exists);
		if (!o->exists)
			continue;
		assert_int_equal(o->made, whole[i].made);
		assert_int_equal(o->size, whole[i].size);
		assert_string_equal(o->of, whole[i].of);
	}
}

static void try_parts(uint64_t seed)
{
	struct thing_object whole[OBJECTS];
	struct arena a = { 0 };
	bool is_there[THINGS];
	struct str first = random_stack(seed, 0, is_there, &a);
	struct str second = random_stack(seed, seed * 31 + 7, is_there, &a);
	struct str wanted, found;
	uint64_t pick = seed;
	size_t n, x = next(&pick, THINGS);

	for (size_t i = 0; i < THINGS && !is_there[x]; i++)
		x = (x + 1) % THINGS;
	if (!is_there[x]) {
		arena_release(&a);
		return;
	}
	begin_stack();
	write_stack(first.s ? first.s : "");
	must("apply s.dmsl --yes");
	write_stack(second.s);
	must("apply s.dmsl --yes");
	wanted = committed(&a);
	memcpy(whole, world.objects, sizeof(whole));
	n = world.n;

	begin_stack();
	write_stack(first.s ? first.s : "");
	must("apply s.dmsl --yes");
	write_stack(second.s);
	must(str_fmt(&a, "apply s.dmsl --yes --only thing.t%zu", x).s);
	must(str_fmt(&a, "apply s.dmsl --yes --except thing.t%zu", x).s);
	must("plan s.dmsl --detailed-exitcode");
	found = committed(&a);
	if (!str_eq(wanted, found))
		print_message("seed %llu, t%zu\n%s\n%s\nwhole:\n%s\nparts:\n%s",
			      (unsigned long long)seed, x,
			      first.s ? first.s : "", second.s, wanted.s,
			      found.s);
	assert_true(str_eq(wanted, found));
	assert_same_objects(whole, n);
	/* A part of it, then the rest: nothing is left. */
	must(str_fmt(&a, "destroy s.dmsl --yes --only thing.t%zu", x).s);
	must("destroy s.dmsl --yes");
	for (size_t i = 0; i < world.n; i++)
		assert_false(world.objects[i].exists);
	arena_release(&a);
}

/* More of them: DMSL_TEST_PARTS=1000 */
static void two_parts_are_the_whole(void **state)
{
	const char *count = getenv("DMSL_TEST_PARTS");
	uint64_t most = count ? (uint64_t)atoi(count) : 8;

	(void)state;
	for (uint64_t seed = 1; seed <= most; seed++)
		try_parts(seed * 0x9e3779b97f4a7c15u);
}

/* -- Taking over what was read -------------------------------------------- */

static void refresh_only_touches_the_state_alone(void **state)
{
	struct arena a = { 0 };
	struct str text;

	(void)state;
	write_stack("thing a { size = 1 }\nthing b { size = 1 }\n"
		    "thing c { of = [thing.a.id] }\n"
		    "output size = thing.a.size\n");
	must("apply s.dmsl --yes");
	world.changes = 0;
	find(STR("thing.a"))->size = 5;
	find(STR("thing.b"))->exists = false;
	/* The text says something else by now: that is another matter. */
	write_stack("thing a { size = 7  lifecycle { prevent_destroy = true } "
		    "}\nthing d {}\nthing c { of = [thing.a.id] }\n"
		    "output size = thing.a.size\n");
	assert_int_equal(run("plan s.dmsl --refresh-only --detailed-exitcode"),
			 2);
	assert_true(has_said("    thing.a\n"));
	assert_true(has_said("size  1 -> 5"));
	assert_true(has_said("    gone\n        thing.b\n"));
	/* By the saved plan. */
	must("apply");
	assert_int_equal(world.changes, 0);
	text = committed(&a);
	assert_true(str_contains(text, STR("\"size\": 5")));
	assert_false(str_contains(text, STR("thing.b")));
	assert_false(str_contains(text, STR("thing.d")));
	assert_false(str_contains(text, STR("prevent_destroy")));
	must("plan s.dmsl --refresh-only --detailed-exitcode");
	assert_int_equal(system("git log -1 --format=%B dmsl/state | "
				"grep -q 'Refresh s: 1 updated, 1 forgotten'"),
			 0);
	/* What is left out is not taken over. */
	find(STR("thing.a"))->size = 6;
	must("apply s.dmsl --yes --refresh-only --except thing.a");
	text = committed(&a);
	assert_true(str_contains(text, STR("\"size\": 5")));
	assert_int_equal(world.changes, 0);
	arena_release(&a);
}

static void a_saved_plan_is_stale_when_what_it_reads_changed(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b { uses = [thing.a.id] }\nthing c {}\n"
		    "thing d {}\n");
	must("apply s.dmsl --yes");
	write_stack("thing a {}\nthing b { size = 3  uses = [thing.a.id] }\n"
		    "thing c {}\nthing d {}\n");
	must("plan s.dmsl --only thing.b");
	/* Somebody changed another one: that does not matter. */
	find(STR("thing.c"))->size = 9;
	find(STR("thing.d"))->exists = false;
	world.changes = 0;
	must("apply");
	assert_int_equal(world.changes, 1);
	assert_int_equal(find(STR("thing.b"))->size, 3);
	assert_int_equal(find(STR("thing.c"))->size, 9);
	/* What it is made from changed outside. */
	must("plan s.dmsl --replace thing.b --only thing.b");
	find(STR("thing.a"))->size = 4;
	world.changes = 0;
	assert_int_equal(run("apply"), 1);
	assert_true(has_said("thing.a is not what it was when the plan was "
			     "made"));
	assert_true(has_said("planned: read, now: update"));
	assert_true(has_said("now: change size 4 -> 1"));
	assert_int_equal(world.changes, 0);
	find(STR("thing.a"))->size = 1;
	must("apply");
	assert_int_equal(world.changes, 2);
}

static void a_saved_destroy_leaves_what_came_later(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b { of = [thing.a.id] }\n");
	must("apply s.dmsl --yes");
	write_stack("thing a {}\nthing b { of = [thing.a.id] }\nthing c {}\n"
		    "thing d { of = [thing.a.id] }\n");
	must("plan s.dmsl --destroy");
	must("apply s.dmsl --yes --only thing.c");
	must("apply");
	assert_true(has_said("Destroyed: 2 destroyed"));
	assert_true(find(STR("thing.c"))->exists);
	must("apply s.dmsl --yes");
	must("plan s.dmsl --destroy --only thing.b");
	must("apply s.dmsl --yes --only thing.c --replace thing.c");
	must("apply");
	assert_false(find(STR("thing.b"))->exists);
	/* Something came to use what would go. */
	must("destroy s.dmsl --yes --only thing.d");
	must("apply s.dmsl --yes --except thing.d");
	must("plan s.dmsl --destroy --only thing.a");
	must("apply s.dmsl --yes --only thing.d");
	world.changes = 0;
	assert_int_equal(run("apply"), 1);
	assert_true(has_said("thing.a is not what it was when the plan was "
			     "made"));
	assert_true(has_said("planned: delete, now: left alone"));
	assert_int_equal(world.changes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_parts_are_the_whole, begin),
		cmocka_unit_test_setup(refresh_only_touches_the_state_alone,
				       begin),
		cmocka_unit_test_setup(
		    a_saved_plan_is_stale_when_what_it_reads_changed, begin),
		cmocka_unit_test_setup(a_saved_destroy_leaves_what_came_later,
				       begin),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
