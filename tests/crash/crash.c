/*
 * Apply of a stack with every kind of action, its first apply, and its end,
 * killed: before and after each
 * system call that changes something, at random instants, with answers of the
 * service lost, with a disk that is full, interrupted, and killed again while
 * the next run recovers. The next apply must come to what a run that nobody
 * killed comes to: the same bytes of state, the same objects at the service,
 * none made twice, no lease, no journal.
 *
 *	DMSL_CRASH=long     all places and 2,000 instants (make check-crash)
 *	DMSL_CRASH_ONLY=…   only the tests that match, such as "destroy_*"
 *	DMSL_CRASH_SEED=N   another random sequence; the long one is always new
 *	DMSL_CRASH_TRIAL=…  only this trial, as a failure prints it
 *	DMSL_CRASH_KEEP=1   keep what a failure left behind
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/map.h"

#include "tests/support/cloud_service.h"
#include "tests/support/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* -- The stack ----------------------------------------------------------- */

#define FIRST_NEW "lifecycle { create_before_destroy = true }"
/* SHA-256 of "outside", of which ids are made. */
#define OUTSIDE "31207a2065f4"

/*
 * A resource as it is before and as the killed run makes it; NULL: there is
 * none. A new kind of action is a row here.
 */
static const struct {
	const char *before, *after;
} stack[] = {
	/* nothing to do */
	{ "box k0 { label = \"k\" }", "box k0 { label = \"k\" }" },
	{ "disk k1 { uses = [box.k0] }", "disk k1 { uses = [box.k0] }" },
	{ "net k2 { uses = [disk.k1] }", "net k2 { uses = [disk.k1] }" },
	{ "job k3 { work = \"a\" }", "job k3 { work = \"a\" }" },
	{ "slow k4 { sees = net.k2.arn  keep = 90s }",
	  "slow k4 { sees = net.k2.arn  keep = 90s }" },
	{ "random_password p { length = 20 }",
	  "random_password p { length = 20 }" },
	{ "box k5 { secret = random_password.p.result }",
	  "box k5 { secret = random_password.p.result  size = 2 }" },
	/* update, and what sees it */
	{ "box u0 {}", "box u0 { size = 2 }" },
	{ "disk u1 { sees = box.u0.stamp }",
	  "disk u1 { sees = box.u0.stamp }" },
	{ "net u2 { sees = [disk.u1.stamp] }",
	  "net u2 { sees = [disk.u1.stamp]  size = 3 }" },
	{ "job u3 { work = \"a\" }", "job u3 { work = \"a\"  size = 2 }" },
	{ "slow u4 { keep = 1m }",
	  "slow u4 { size = 2  sees = net.u2.stamp  keep = 2m }" },
	{ "data u5 { value = box.u0.stamp }",
	  "data u5 { value = slow.u4.stamp }" },
	/* replace: the old one goes first */
	{ "box r0 { label = \"a\" }", "box r0 { label = \"b\" }" },
	{ "disk r1 { uses = [box.r0] }", "disk r1 { uses = [box.r0] }" },
	{ "net r2 { label = \"a\"  keep = 1h }",
	  "net r2 { label = \"b\"  keep = 1h }" },
	{ "job r3 { work = \"a\"  uses = [net.r2] }",
	  "job r3 { work = \"a\"  uses = [net.r2] }" },
	{ "slow r4 { label = \"a\"  uses = [job.r3] }",
	  "slow r4 { label = \"b\"  uses = [job.r3] }" },
	/* delete */
	{ "box d0 { keep = 1d }", NULL },
	{ "disk d1 { uses = [box.d0] }", NULL },
	{ "net d2 { uses = [box.d0, disk.d1] }", NULL },
	{ "job d3 { work = \"x\"  uses = [net.d2] }", NULL },
	{ "slow d4 { uses = [net.d2] }", NULL },
	{ "box d5 {}", NULL },
	{ "net d6 { sees = box.d5.arn }", "net d6 { sees = \"nothing\" }" },
	/* create */
	{ NULL, "box c0 { secret = random_password.p.result }" },
	{ NULL, "disk c1 { uses = [box.c0, disk.k1] }" },
	{ NULL, "net c2 { uses = [disk.c1]  sees = box.u0.stamp }" },
	{ NULL, "job c3 { work = \"w\"  uses = [net.c2] }" },
	{ NULL, "slow c4 { sees = job.c3.arn }" },
	{ NULL, "box c5 { keep = 1h30m }" },
	{ NULL, "disk c6 { keep = 1h30m }" },
	{ NULL, "net c7 { keep = 1h30m }" },
	{ NULL, "net c8 { uses = [net.c7] }" },
	{ NULL, "slow c9 { uses = [box.c5]  keep = 500ms }" },
	{ NULL, "data c10 { value = slow.c9.id }" },
	/* run */
	{ "job w0 { work = \"a\" }", "job w0 { work = \"b\" }" },
	{ "job w1 {}", "job w1 { work = \"a\" }" },
	{ "job w2 { work = \"a\" }", "job w2 { work = box.u0.stamp }" },
	/* replace: the new one first */
	{ "box n0 { label = \"a\"  " FIRST_NEW " }",
	  "box n0 { label = \"b\"  " FIRST_NEW " }" },
	{ "disk n1 { uses = [box.n0] }", "disk n1 { uses = [box.n0] }" },
	{ "net n2 { label = \"a\"  sees = disk.n1.arn  " FIRST_NEW " }",
	  "net n2 { label = \"b\"  sees = disk.n1.arn  " FIRST_NEW " }" },
	{ "job n3 { work = \"a\"  name = \"n3-a\"  " FIRST_NEW " }",
	  "job n3 { work = \"a\"  name = \"n3-b\"  " FIRST_NEW " }" },
	{ "slow n4 { label = \"a\"  " FIRST_NEW " }",
	  "slow n4 { label = \"b\"  " FIRST_NEW " }" },
	{ "box n5 { sees = [slow.n4.arn, job.n3.stamp] }",
	  "box n5 { sees = [slow.n4.arn, job.n3.stamp] }" },
	/* move, import, forget */
	{ "net m0 {}", "net m1 { size = 2 }" },
	{ "box m2 { sees = net.m0.arn }", "box m2 { sees = net.m1.arn }" },
	{ NULL, "moved net.m0 -> net.m1" },
	{ "job m3 { work = \"a\" }", "job m4 { work = \"a\" }" },
	{ NULL, "moved job.m3 -> job.m4" },
	{ NULL, "box i0 { size = 2 }" },
	{ NULL, "import box.i0 = \"box-" OUTSIDE ".1\"" },
	{ NULL, "disk i1 { name = \"outside\" }" },
	{ NULL, "import disk.i1 = \"disk-" OUTSIDE ".2\"" },
	{ "slow g0 {}", "removed slow.g0 { keep = true }" },
	/* what is only read, and those who use it */
	{ "existing net e0 { id = \"net-" OUTSIDE ".3\" }",
	  "existing net e0 { id = \"net-" OUTSIDE ".3\" }" },
	{ "existing job e1 { name = \"existing\"  depends_on = [box.k0] }",
	  "existing job e1 { name = \"existing\"  depends_on = [box.k0] }" },
	{ "box e2 { sees = net.e0.stamp }",
	  "box e2 { sees = net.e0.stamp  size = 2 }" },
	{ "disk e3 { uses = [job.e1]  label = \"a\" }",
	  "disk e3 { uses = [job.e1]  label = \"b\" }" },
	{ "net e4 { uses = [net.e0] }", NULL },
	{ NULL, "slow e5 { uses = [job.e1, net.e0] }" },
	/* components, depended on as a whole */
	{ "pair j0 { label = \"a\" }", "pair j0 { label = \"b\" }" },
	{ "pair j1 { label = \"a\"  depends_on = [pair.j0] }",
	  "pair j1 { label = \"a\"  depends_on = [pair.j0] }" },
	{ "pair j2 { label = \"a\"  depends_on = [pair.j1] }", NULL },
	{ "box j3 { depends_on = [pair.j2] }", NULL },
	{ NULL, "net j4 { depends_on = [pair.j0, pair.j1] }" },
	{ "pair j5 { label = \"a\" }", "pair j6 { label = \"a\" }" },
	{ "box j7 { depends_on = [pair.j5] }",
	  "box j7 { depends_on = [pair.j6]  size = 2 }" },
	{ NULL, "moved pair.j5 -> pair.j6" },
	/* instances */
	{ "box f for k in [\"a\", \"b\"] { label = k }",
	  "box f for k in [\"b\", \"c\"] { label = k }" },
};

static const char head[] = "stack k { provider = cloud }\n"
			   "component pair(label: string) {\n"
			   "  box a { label = label }\n"
			   "  slow b { uses = [box.a] }\n"
			   "}\n"
			   "output stamp = box.u0.stamp\n";

/* -- Folders and programs ------------------------------------------------ */

static struct arena arena;
static char top[200];
static const char *program;
static uint64_t random_state;
static bool is_long;

/*
 * Which places a run survives is found without a sanitizer, where it takes a
 * quarter of the time. Here the same code is run over and over.
 */
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

/* What is run, and what it comes to when nobody kills it. */
static struct scenario {
	const char *name, *command, *file;
	bool is_fresh; /* nothing is there yet, not even a key */
	struct str state, objects;
	int places;	/* in a run, one call at a time */
	int64_t run_us; /* how long it took */
} scenarios[] = {
	{ .name = "change", .command = "apply", .file = "after.dmsl" },
	{ .name = "first",
	  .command = "apply",
	  .file = "before.dmsl",
	  .is_fresh = true },
	{ .name = "destroy", .command = "destroy", .file = "before.dmsl" },
};

enum { CHANGE, FIRST, DESTROY, N_SCENARIOS };

/* Of what somebody else made: how many. */
enum { OUTSIDE_ALL = 4 };

static uint64_t random_next(void)
{
	/* xorshift64*: the same sequence everywhere. */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 2685821657736338717u;
}

static int random_below(int n)
{
	return (int)(random_next() % (uint64_t)n);
}

/* Runs a program to its end, or is it; out: where what it says goes. */
struct command {
	const char *folder, *out;
	const char *argv[10];
	rlim_t file_limit; /* 0: none */
};

static _Noreturn void become(void *data)
{
	const struct command *c = data;
	int fd = open(c->out, O_WRONLY | O_CREAT | O_APPEND, 0600);
	struct rlimit limit = { c->file_limit, RLIM_INFINITY };

	if (fd < 0 || chdir(c->folder) < 0 || dup2(fd, 1) < 0 ||
	    dup2(fd, 2) < 0)
		_exit(126);
	close(fd);
	if (c->file_limit && setrlimit(RLIMIT_FSIZE, &limit) < 0)
		_exit(126);
	execvp(c->argv[0], (char **)c->argv);
	_exit(127);
}

static int run(const struct command *c)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		become((void *)c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static const char *path(const char *folder, const char *name)
{
	return str_fmt(&arena, "%s/%s", folder, name).s;
}

static struct command run_of(const char *folder, const struct scenario *s,
			     int parallel)
{
	return (struct command){
		.folder = folder,
		.out = path(folder, "log"),
		.argv = { program, s->command, s->file, "--yes", "--parallel",
			  str_fmt(&arena, "%d", parallel).s },
	};
}

static void must(const struct command *c)
{
	int status = run(c);

	if (status)
		fail_msg("%s %s ended with status %x, see %s", c->argv[0],
			 c->argv[1], (unsigned)status, c->out);
}

static void shell(const char *folder, const char *line)
{
	must(&(struct command){
	    .folder = folder,
	    .out = path(top, "shell.log"),
	    .argv = { "sh", "-c", line },
	});
}

static struct str read_file(const char *file)
{
	struct error err = { 0 };
	struct str text = { 0 };

	if (file_read(file, 1 << 24, &arena, &text, &err) < 0)
		fail_msg("%s", err.message);
	return text;
}

static void write_stack(const char *folder, const char *name, bool is_after)
{
	struct error err;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add_c(&b, head);
	for (size_t i = 0; i < sizeof(stack) / sizeof(*stack); i++) {
		const char *line = is_after ? stack[i].after : stack[i].before;

		if (line)
			buf_fmt(&b, "%s\n", line);
	}
	assert_int_equal(
	    file_replace(path(folder, name), buf_str(&b), 0600, &err), 0);
	buf_release(&b);
}

/* -- The end that is compared -------------------------------------------- */

/*
 * Without what is made from the run (the killed one or the next: nothing
 * outside has it), and, of a stack that is new, without what is random.
 */
static struct str comparable(const struct scenario *what, struct str text)
{
	static const char *const made[] = {
		"\"data-",	  "\"k-n1-",	 "\"uid\": \"",
		"\"$sealed\":\"", "\"password-", "\"stack\":\"k/",
		"\"digest\":\"",
	};
	size_t n = what->is_fresh ? sizeof(made) / sizeof(*made) : 2;
	char *s = str_c(text, &arena);

	for (size_t i = 0; i < n; i++) {
		size_t skip = strlen(made[i]);

		for (char *at = strstr(s, made[i]); at;
		     at = strstr(at + 1, made[i]))
			memset(at + skip, '0', strcspn(at + skip, "\""));
	}
	return (struct str){ s, text.n };
}

static struct str state_of(const struct scenario *what, const char *folder)
{
	shell(folder, "git show dmsl/state:k.dmstate.json >state.now");
	return comparable(what, read_file(path(folder, "state.now")));
}

static struct str objects_of(const struct scenario *what, const char *folder)
{
	struct cloud_service *s = cloud_service_open(path(folder, "cloud"));
	struct error err = { 0 };
	struct buf b;
	struct str text;

	buf_init(&b, 1 << 24);
	if (cloud_dump(s, &b, &err) < 0)
		fail_msg("%s", err.message);
	cloud_service_close(s);
	text = str_dup(buf_str(&b), &arena);
	buf_release(&b);
	return comparable(what, text);
}

/* What is declared as existing, as it is at the service. */
static struct str untouched;

static struct str lines_of_existing(struct str objects)
{
	struct str out = { "", 0 };

	while (objects.n) {
		struct str line = str_cut(&objects, '\n');

		if (str_contains(line, STR("\"address\":\"outside\"")) &&
		    (str_contains(line, STR("\"type\":\"net\"")) ||
		     str_contains(line, STR("\"type\":\"job\""))))
			out = str_fmt(&arena, "%.*s%.*s\n", STR_ARG(out),
				      STR_ARG(line));
	}
	return out;
}

/* -- A trial ------------------------------------------------------------- */

struct trial {
	int what; /* of scenarios */
	int parallel;
	int place;  /* killed there; 0: not */
	int again;  /* the next run is killed at this place */
	int us;	    /* killed after these microseconds; 0: not */
	int signal; /* by this one; 0: SIGKILL */
	int limit;  /* no file may become larger */
	int room;   /* pages of a disk of its own */
	int faults; /* seed of answers that are lost; 0: none */
};

static struct str trial_text(const struct trial *t)
{
	return str_fmt(&arena,
		       "what=%d parallel=%d place=%d again=%d us=%d signal=%d "
		       "limit=%d room=%d faults=%d",
		       t->what, t->parallel, t->place, t->again, t->us,
		       t->signal, t->limit, t->room, t->faults);
}

static bool trial_read(const char *text, struct trial *t)
{
	return sscanf(text,
		      "what=%d parallel=%d place=%d again=%d us=%d signal=%d "
		      "limit=%d room=%d faults=%d",
		      &t->what, &t->parallel, &t->place, &t->again, &t->us,
		      &t->signal, &t->limit, &t->room, &t->faults) == 9 &&
	       t->what >= 0 && t->what < N_SCENARIOS;
}

static const struct trial *running;
static int n_refused; /* first runs that ended with an error */
static const char *trial_folder;

#define trial_fail(...) fail_trial(str_fmt(&arena, __VA_ARGS__))

static _Noreturn void fail_trial(struct str why)
{
	int ignored;

	print_message("# %.*s\n# again with DMSL_CRASH_TRIAL='%s'\n",
		      STR_ARG(why), trial_text(running).s);
	if (running->room)
		umount2(trial_folder, MNT_DETACH);
	ignored = system(str_fmt(&arena, "tail -n 40 '%s' | sed 's/^/#   /'",
				 path(trial_folder, "log"))
			     .s);
	(void)ignored;
	if (getenv("DMSL_CRASH_KEEP"))
		print_message("# see %s\n", trial_folder);
	fail();
	abort();
}

/* The first line that differs. */
static void compare(const char *what, struct str want, struct str got)
{
	while (want.n || got.n) {
		struct str w = str_cut(&want, '\n'), g = str_cut(&got, '\n');

		if (!str_eq(w, g))
			trial_fail("%s differ:\n#   wanted %.*s\n#      got "
				   "%.*s",
				   what, STR_ARG(w), STR_ARG(g));
	}
}

static bool exists(const char *file)
{
	return access(file, F_OK) == 0;
}

/* Ids of objects count how many were made: none was made twice. */
static void check_end(const struct scenario *what, const char *folder)
{
	compare("states", what->state, state_of(what, folder));
	compare("objects", what->objects, objects_of(what, folder));
	/* Whoever ran: what is not dmsl's is as somebody else made it. */
	compare("existing objects", untouched,
		lines_of_existing(objects_of(what, folder)));
	if (exists(path(folder, ".git/dmsl/k/journal")))
		trial_fail("the journal is still there");
	if (exists(path(folder, ".git/refs/dmsl/lease/k")))
		trial_fail("the lease is still there");
}

static void kill_after(const struct command *c, int us, int signal)
{
	struct timespec wait = { us / 1000000, us % 1000000 * 1000 };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		become((void *)c);
	nanosleep(&wait, NULL);
	kill(pid, signal ? signal : SIGKILL);
	waitpid(pid, &status, 0);
}

static bool run_killed(struct command *c, const struct trial *t, int place)
{
	struct trace trace = { .child = become, .data = c, .place = place };
	enum trace_end end;

	if (t->us && place == t->place) {
		kill_after(c, t->us, t->signal);
		return true;
	}
	if (!place) {
		n_refused += run(c) != 0;
		return true;
	}
	end = trace_run(&trace);
	if (end == TRACE_IMPOSSIBLE)
		skip();
	return end == TRACE_KILLED;
}

static void make_folder(const struct trial *t)
{
	char room[40];
	struct error err;

	trial_folder = path(top, "trial");
	/* Of a trial that failed. */
	file_remove_tree(trial_folder, &err);
	file_remove_tree(path(top, "cloud"), &err);
	if (scenarios[t->what].is_fresh) {
		shell(top, "cp -a fresh trial");
	} else if (t->room) {
		/* What is there already, and so many pages more. */
		snprintf(room, sizeof(room), "nr_blocks=%d", t->room);
		assert_int_equal(mkdir(trial_folder, 0700), 0);
		assert_int_equal(mount("tmpfs", trial_folder, "tmpfs", 0, room),
				 0);
		shell(top, "cp -a base/.git base/after.dmsl trial && "
			   "cp -a base/cloud cloud");
		shell(trial_folder, "ln -s ../cloud cloud");
	} else {
		shell(top, "cp -a base trial");
	}
	if (t->faults) {
		assert_int_equal(
		    file_replace(path(trial_folder, "cloud/faults"),
				 str_fmt(&arena,
					 "seed %d\nmost 2\nrate lost 25\n"
					 "rate timeout 5\n",
					 t->faults),
				 0600, &err),
		    0);
	}
}

static void remove_folder(const struct trial *t)
{
	struct error err;

	if (t->room) {
		umount2(trial_folder, MNT_DETACH);
		file_remove_tree(path(top, "cloud"), &err);
	}
	file_remove_tree(trial_folder, &err);
}

/* False: it came to its end before it could be killed. */
static bool try_it(const struct trial *t)
{
	const struct scenario *what = &scenarios[t->what];
	struct command c, last;
	bool was_killed;

	running = t;
	make_folder(t);
	c = run_of(trial_folder, what, t->parallel);
	c.file_limit = (rlim_t)t->limit;
	if (t->room)
		c.out = path(top, "room.log");
	was_killed = run_killed(&c, t, t->place);
	if (t->again && was_killed) {
		c.file_limit = 0;
		run_killed(&c, t, t->again);
	}
	if (t->room) {
		/* Somebody makes room. */
		assert_int_equal(mount("tmpfs", trial_folder, "tmpfs",
				       MS_REMOUNT, "nr_blocks=100000"),
				 0);
	}
	last = run_of(trial_folder, what, t->parallel);
	if (run(&last))
		trial_fail("the next run failed");
	check_end(what, trial_folder);
	remove_folder(t);
	return was_killed;
}

/* A trial's memory is its own; what is expected lives longer. */
static bool try_one(const struct trial *t)
{
	struct arena kept = arena;
	bool was_killed;

	arena = (struct arena){ 0 };
	was_killed = try_it(t);
	arena_release(&arena);
	arena = kept;
	return was_killed;
}

/* -- Tests --------------------------------------------------------------- */

/* A run that nobody kills, and one whose places are counted. */
static void expect(struct scenario *s)
{
	const char *whole = str_fmt(&arena, "%s/%s", top, s->name).s;
	struct command c = run_of(whole, s, 10);
	struct trace t = { .child = become, .data = &c };
	const char *copy = str_fmt(&arena, "rm -rf '%s' && cp -a %s '%s'",
				   whole, s->is_fresh ? "fresh" : "base", whole)
			       .s;
	int64_t begun;

	shell(top, copy);
	begun = clock_us();
	must(&c);
	s->run_us = clock_us() - begun;
	s->state = state_of(s, whole);
	s->objects = objects_of(s, whole);
	shell(top, copy);
	c = run_of(whole, s, 1);
	if (trace_run(&t) == TRACE_ENDED && t.status == 0)
		s->places = t.seen;
}

/* What somebody else makes, from one to another. */
static void make_outside(const char *folder, size_t from, size_t to)
{
	static const struct {
		const char *type, *name;
	} others[] = {
		{ "box", "" },
		{ "disk", "outside" },
		{ "net", "" },
		{ "job", "existing" },
	};
	struct cloud_service *s = cloud_service_open(folder);

	for (size_t i = from; i < to; i++) {
		struct value_entry attrs[] = {
			{ STR("size"), value_int(1) },
			{ STR("uses"), value_list(NULL, 0) },
		};
		struct cloud_query q = {
			.request = CLOUD_CREATE,
			.type = str_from(others[i].type),
			.address = STR("outside"),
			.name = str_from(others[i].name),
			.attrs = value_map(attrs, 2, &arena),
		};
		struct error err = { 0 };
		struct value v;

		if (cloud_ask(s, &q, &arena, &v, &err) < 0)
			fail_msg("%s", err.message);
	}
	cloud_service_close(s);
}

static int set_up(void **state)
{
	const char *build = getenv("DMSL_BUILDDIR");
	const char *seed = getenv("DMSL_CRASH_SEED");
	uint64_t other;
	/* Memory is as good a disk as any other for who is killed. */
	const char *where = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	struct command c;

	(void)state;
	snprintf(top, sizeof(top), "%s/dmsl-crash-XXXXXX", where);
	if (!mkdtemp(top))
		return -1;
	is_long = getenv("DMSL_CRASH") && !strcmp(getenv("DMSL_CRASH"), "long");
	/* The suite is the same each time. */
	other = is_long ? (uint64_t)clock_us() % 1000000 : 1;
	random_state = seed ? strtoull(seed, NULL, 10) : other;
	print_message("# DMSL_CRASH_SEED=%llu\n",
		      (unsigned long long)random_state);
	random_state = random_state * 2654435761u + 1;
	program =
	    str_fmt(&arena, "%s/tests/dmsl-test", build ? build : "build").s;
	program = realpath(program, NULL);
	if (!program)
		return -1;
	unsetenv("DMSL_STATE_KEY");
	unsetenv("DMSL_STATE_KEY_FILE");
	unsetenv("DMSL_CLOUD");
	unsetenv("GIT_DIR");
	setenv("HOME", top, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("DMSL_TEST_SPEED", "50", 1);
	/* The leak checker of a sanitized build cannot work under a tracer. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	shell(top, "mkdir base && cd base && git init -q --template= . && "
		   "git config user.name A && "
		   "git config user.email a@example.org");
	write_stack(path(top, "base"), "before.dmsl", false);
	write_stack(path(top, "base"), "after.dmsl", true);
	make_outside(path(top, "base/cloud"), 0, OUTSIDE_ALL);
	untouched = lines_of_existing(
	    objects_of(&scenarios[CHANGE], path(top, "base")));
	shell(top, "cp -a base fresh");
	c = run_of(path(top, "base"), &scenarios[FIRST], 10);
	must(&c);
	for (int i = 0; i < N_SCENARIOS; i++)
		expect(&scenarios[i]);
	return 0;
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	free((char *)program);
	arena_release(&arena);
	if (getenv("DMSL_CRASH_KEEP"))
		return 0;
	return file_remove_tree(top, &err);
}

/* Not that the test has become empty unnoticed. */
static void the_stack_has_all_actions(void **state)
{
	static const char *const wanted[] = {
		"create \"box.c0\"",   "update \"box.u0\"",
		"replace \"disk.r1\"", "delete \"slow.d4\"",
		"run \"job.w0\"",      "\"net.m1\"",
		"\"box.i0\"",	       "\"slow.g0\"",
		"\"box.n0\"",	       "replace \"pair.j0/box.a\"",
		"\"pair.j6/slow.b\"",
	};
	struct command c;
	struct str plan;

	(void)state;
	shell(top, "cp -a base shown");
	c = (struct command){
		.folder = path(top, "shown"),
		.out = path(top, "plan.log"),
		.argv = { program, "plan", "after.dmsl" },
	};
	must(&c);
	c.argv[1] = "show";
	c.argv[2] = NULL;
	must(&c);
	plan = read_file(c.out);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!str_contains(plan, str_from(wanted[i])))
			fail_msg("the plan has no %s, see %s", wanted[i],
				 c.out);
	if (scenarios[CHANGE].places)
		assert_true(scenarios[CHANGE].places > 500);
}

/* One in so many places. */
static int step_of(int usual)
{
	return is_long ? 1 : IS_SANITIZED ? 3 * usual : usual;
}

static void every_place(int what, int parallel, int step)
{
	int places = scenarios[what].places;
	int n = 1 + random_below(step), tried = 0;

	if (!places)
		skip();
	/* A run with several threads has not always the same places. */
	while (try_one(&(struct trial){
	    .what = what,
	    .parallel = parallel,
	    .place = n,
	})) {
		n += step;
		tried++;
	}
	assert_true(tried >= places / step / 3);
	print_message("# %s, parallel %d: killed at %d of %d places\n",
		      scenarios[what].name, parallel, tried, n);
}

static void change_killed_at_each_place(void **state)
{
	(void)state;
	every_place(CHANGE, 1, step_of(30));
}

static void first_killed_at_each_place(void **state)
{
	(void)state;
	every_place(FIRST, 1, step_of(60));
}

static void destroy_killed_at_each_place(void **state)
{
	(void)state;
	every_place(DESTROY, 1, step_of(60));
}

/* Ten calls at a time. */
static void change_killed_at_each_place_of_ten(void **state)
{
	(void)state;
	every_place(CHANGE, 10, step_of(50));
}

static void first_killed_at_each_place_of_ten(void **state)
{
	(void)state;
	every_place(FIRST, 10, step_of(80));
}

static void destroy_killed_at_each_place_of_ten(void **state)
{
	(void)state;
	every_place(DESTROY, 10, step_of(80));
}

static void at_random_instants(int n, int signal)
{
	for (int i = 0; i < n; i++) {
		int what = i % 4 < 2 ? CHANGE : i % 4 == 2 ? FIRST : DESTROY;

		try_one(&(struct trial){
		    .what = what,
		    .parallel = i % 2 ? 10 : 1 + random_below(20),
		    .us = 1 + random_below((int)scenarios[what].run_us * 3 / 2),
		    .signal = signal,
		});
	}
}

static void killed_at_random_instants(void **state)
{
	int n = is_long ? 2000 : IS_SANITIZED ? 12 : 32;

	(void)state;
	at_random_instants(n, 0);
	print_message("# killed at %d instants of %lld us\n", n,
		      (long long)scenarios[CHANGE].run_us * 3 / 2);
}

static void interrupted_at_random_instants(void **state)
{
	int n = is_long ? 400 : 8;

	(void)state;
	at_random_instants(n / 2, SIGINT);
	at_random_instants(n / 2, SIGTERM);
	print_message("# interrupted %d times\n", n);
}

static int random_place(int what)
{
	return 1 + random_below(scenarios[what].places);
}

static void killed_again_while_recovering(void **state)
{
	int n = is_long ? 500 : 15;

	(void)state;
	if (!scenarios[CHANGE].places)
		skip();
	for (int i = 0; i < n; i++) {
		int what = i % 4 < 2 ? CHANGE : i % 4 == 2 ? FIRST : DESTROY;

		try_one(&(struct trial){
		    .what = what,
		    .parallel = i % 2 ? 1 : 10,
		    .place = random_place(what),
		    .again = random_place(what),
		});
	}
	print_message("# killed twice %d times\n", n);
}

static void answers_are_lost(void **state)
{
	int n = is_long ? 300 : 10;

	(void)state;
	for (int i = 0; i < n; i++) {
		int what = i % N_SCENARIOS;

		try_one(&(struct trial){
		    .what = what,
		    .parallel = i % 2 ? 1 : 10,
		    .faults = 1 + random_below(100000),
		    .place = i % 5 && scenarios[what].places
				 ? random_place(what)
				 : 0,
		});
	}
	print_message("# answers lost %d times\n", n);
}

static void no_file_can_grow(void **state)
{
	int n = is_long ? 300 : 10;

	(void)state;
	n_refused = 0;
	for (int i = 0; i < n; i++)
		try_one(&(struct trial){
		    .what = i % 4 == 3 ? FIRST : CHANGE,
		    .parallel = 10,
		    .limit = 5000 + random_below(i % 2 ? 200000 : 20000),
		});
	print_message("# files limited %d times, %d could not go on\n", n,
		      n_refused);
	assert_true(n_refused > n / 4);
}

/* Pages that a copy of what is there before takes on a disk of its own. */
static int pages_before(void)
{
	const char *probe = path(top, "probe");
	struct statvfs now;

	if (mkdir(probe, 0700) < 0 ||
	    mount("tmpfs", probe, "tmpfs", 0, "size=64m") < 0)
		return -1;
	shell(top, "cp -a base/.git base/after.dmsl probe");
	assert_int_equal(statvfs(probe, &now), 0);
	umount2(probe, MNT_DETACH);
	return (int)(now.f_blocks - now.f_bfree);
}

static void the_disk_is_full(void **state)
{
	int n = is_long ? 200 : 8;
	struct trial t = { .parallel = 10 };
	int pages = -1;

	(void)state;
	if (geteuid() != 0 || (pages = pages_before()) < 0)
		skip();
	n_refused = 0;
	for (int i = 0; i < n; i++) {
		t.room = pages + 1 + i % 24;
		try_one(&t);
		/* A page is less than the lease alone takes. */
		if (i == 0)
			assert_int_equal(n_refused, 1);
	}
	print_message("# disk full %d times, %d could not go on\n", n,
		      n_refused);
}

static void ask_cloud(const char *folder, const struct cloud_query *q)
{
	struct cloud_service *s = cloud_service_open(folder);
	struct error err = { 0 };
	struct value v;

	if (cloud_ask(s, q, &arena, &v, &err) < 0)
		fail_msg("%s", err.message);
	cloud_service_close(s);
}

/*
 * Somebody deletes what is declared as existing, and later makes it anew.
 * Without it nothing is done; with it all is, and it stays as it was made.
 */
static void what_exists_disappears_and_returns(void **state)
{
	static const struct trial t = { .what = CHANGE, .parallel = 10 };
	const struct scenario *what = &scenarios[CHANGE];
	struct str id = STR("job-" OUTSIDE ".4"), before, found;
	struct cloud_query destroy = {
		.request = CLOUD_DESTROY,
		.type = STR("job"),
		.address = STR("outside"),
		.ids = &id,
		.n_ids = 1,
	};
	const char *cloud;
	struct command c;

	(void)state;
	running = &t;
	for (int i = 0; i < (is_long ? 40 : 3); i++) {
		make_folder(&t);
		cloud = path(trial_folder, "cloud");
		/* Its user would keep it. */
		shell(trial_folder, "grep -v e1 before.dmsl >less.dmsl");
		c = run_of(trial_folder, what, 10);
		c.argv[2] = "less.dmsl";
		must(&c);
		ask_cloud(cloud, &destroy);
		before = objects_of(what, trial_folder);
		c = run_of(trial_folder, what, 10);
		if (run(&c) == 0)
			trial_fail("applied without what has to exist");
		if (!str_contains(read_file(path(trial_folder, "log")),
				  STR("there is no such job")))
			trial_fail("it does not say what is not there");
		compare("objects", before, objects_of(what, trial_folder));
		make_outside(cloud, OUTSIDE_ALL - 1, OUTSIDE_ALL);
		found = lines_of_existing(objects_of(what, trial_folder));
		c = run_of(trial_folder, what, 10);
		if (what->places)
			run_killed(&c, &t, 1 + random_below(what->places));
		c = run_of(trial_folder, what, 10);
		if (run(&c))
			trial_fail("the next run failed");
		compare("existing objects", found,
			lines_of_existing(objects_of(what, trial_folder)));
		remove_folder(&t);
	}
}

static void one_trial(void **state)
{
	struct trial t;

	(void)state;
	assert_true(trial_read(getenv("DMSL_CRASH_TRIAL"), &t));
	print_message("# %s\n",
		      try_one(&t) ? "killed" : "came to its end before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stack_has_all_actions),
		cmocka_unit_test(change_killed_at_each_place),
		cmocka_unit_test(first_killed_at_each_place),
		cmocka_unit_test(destroy_killed_at_each_place),
		cmocka_unit_test(change_killed_at_each_place_of_ten),
		cmocka_unit_test(first_killed_at_each_place_of_ten),
		cmocka_unit_test(destroy_killed_at_each_place_of_ten),
		cmocka_unit_test(killed_at_random_instants),
		cmocka_unit_test(interrupted_at_random_instants),
		cmocka_unit_test(killed_again_while_recovering),
		cmocka_unit_test(answers_are_lost),
		cmocka_unit_test(what_exists_disappears_and_returns),
		cmocka_unit_test(no_file_can_grow),
		cmocka_unit_test(the_disk_is_full),
	};
	const struct CMUnitTest one[] = { cmocka_unit_test(one_trial) };

	if (getenv("DMSL_CRASH_TRIAL"))
		return cmocka_run_group_tests(one, set_up, tear_down);
	if (getenv("DMSL_CRASH_ONLY"))
		cmocka_set_test_filter(getenv("DMSL_CRASH_ONLY"));
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
