/*
 * State and lease in real git repositories: nothing lost between processes,
 * nothing that git cannot read, every refusal with its reason.
 */
#include <config.h>

#include "engine/seal.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/store_git.h"
#include "engine/store_private.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"

#include <fcntl.h>
#include <libgen.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Opening a repository of format version 1, libgit2 1.5 leaks a little for each
 * setting that is no extension. The leak sanitizer asks this function.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n";
}

static struct arena arena;
static char top[SCRATCH_MAX];
static const char *repo; /* of the test that runs */
static int n_repos;

/* Runs a command line in the repository; the text it printed, or a failure. */
static struct str git(const char *line)
{
	struct str command = str_fmt(
	    &arena, "cd '%s' && exec </dev/null 2>&1 && %s", repo, line);
	FILE *pipe = popen(command.s, "r");
	struct buf b;
	struct str text;
	int c;

	assert_non_null(pipe);
	buf_init(&b, 1 << 20);
	while ((c = fgetc(pipe)) != EOF)
		buf_add_char(&b, (char)c);
	text = str_dup(str_trim(buf_str(&b)), &arena);
	buf_release(&b);
	if (pclose(pipe) != 0)
		fail_msg("%s: %s", line, text.s);
	return text;
}

static int set_up(void **state)
{
	static const char *const names[] = {
		"GIT_AUTHOR_NAME",
		"GIT_AUTHOR_EMAIL",
		"GIT_COMMITTER_NAME",
		"GIT_COMMITTER_EMAIL",
		"GIT_AUTHOR_DATE",
		"GIT_COMMITTER_DATE",
		"EMAIL",
		"GIT_DIR",
		"GIT_WORK_TREE",
		"GIT_INDEX_FILE",
		"DMSL_STATE_KEY",
		"DMSL_STATE_KEY_FILE",
		"XDG_CONFIG_HOME",
	};
	char parent[SCRATCH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
	if (!scratch_folder(top, "store"))
		return -1;
	/* Nobody's own settings have a say. */
	setenv("HOME", top, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_CEILING_DIRECTORIES", dirname(strcpy(parent, top)), 1);
	return 0;
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	arena_release(&arena);
	return file_remove_tree(top, &err);
}

static void new_folder(void)
{
	repo = str_fmt(&arena, "%s/%d", top, n_repos++).s;
	assert_int_equal(mkdir(repo, 0755), 0);
}

static int new_repo(void **state)
{
	(void)state;
	new_folder();
	git("git init -q . && git config user.name 'Ann Other' && "
	    "git config user.email ann@example.org && "
	    "printf 'stack dev { }\\n' >dev.dmsl");
	return 0;
}

static int try_open(const char *stack, const char *branch, struct store **out,
		    struct error *err)
{
	struct store_options o = {
		.stack_path = str_fmt(&arena, "%s/dev.dmsl", repo).s,
		.stack = str_from(stack),
		.branch = str_from(branch),
	};

	*err = (struct error){ 0 };
	return store_open(&o, out, err);
}

static struct store *open_stack(const char *stack)
{
	struct store *s = NULL;
	struct error err;

	if (try_open(stack, NULL, &s, &err) < 0)
		fail_msg("%s", err.message);
	return s;
}

static int commit(struct store *s, struct str base, const char *text,
		  struct str *made, struct error *err)
{
	*err = (struct error){ 0 };
	return store_commit(s, base, str_from(text),
			    STR("Create 1 resource\n\nPlan-Hash: 12ab"), &arena,
			    made, err);
}

static struct str must_commit(struct store *s, struct str base,
			      const char *text)
{
	struct str made;
	struct error err;

	if (commit(s, base, text, &made, &err) < 0)
		fail_msg("%s", err.message);
	return made;
}

static struct str load(struct store *s, struct str *text)
{
	struct str tip;
	struct error err;

	if (store_load(s, &arena, text, &tip, &err) < 0)
		fail_msg("%s", err.message);
	return tip;
}

static void check_repository(void)
{
	/* Its notices, of branches that do not exist yet, go to stderr. */
	struct str said = git("git fsck --strict --no-dangling 2>/dev/null");

	if (said.n)
		fail_msg("git fsck: %s", said.s);
}

static void state_is_a_commit_that_git_reads(void **state)
{
	struct store *s = open_stack("dev");
	struct str text, first, second;

	(void)state;
	assert_int_equal(load(s, &text).n, 0);
	assert_int_equal(text.n, 0);
	first = must_commit(s, STR(""), "{\"a\":1}\n");
	assert_int_equal(first.n, 40);
	assert_true(str_eq(load(s, &text), first));
	assert_true(str_is(text, "{\"a\":1}\n"));
	second = must_commit(s, first, "{\"a\":2}\n");
	/* What is there already needs no commit. */
	assert_true(str_eq(must_commit(s, second, "{\"a\":2}\n"), second));
	assert_null(store_note(s));
	store_close(s);

	assert_true(str_eq(git("git rev-parse dmsl/state"), second));
	assert_true(str_is(git("git log --format='%an <%ae> %cn <%ce> %s "
			       "%(trailers:key=Plan-Hash,valueonly,separator=)'"
			       " dmsl/state"),
			   "Ann Other <ann@example.org> Ann Other "
			   "<ann@example.org> Create 1 resource 12ab\n"
			   "Ann Other <ann@example.org> Ann Other "
			   "<ann@example.org> Create 1 resource 12ab"));
	assert_true(
	    str_is(git("git show dmsl/state:dev.dmstate.json"), "{\"a\":2}"));
	/* Neither work tree nor index have noticed. */
	assert_true(str_is(git("git status --porcelain"), "?? dev.dmsl"));
	check_repository();
}

static void stacks_share_a_branch(void **state)
{
	struct store *a = open_stack("a");
	struct store *b = open_stack("b");
	struct str base_a, base_b, text;

	(void)state;
	base_a = must_commit(a, STR(""), "a1");
	/* b was read before a's commit: only a's file has moved. */
	base_b = must_commit(b, STR(""), "b1");
	must_commit(a, base_a, "a2");
	must_commit(b, base_b, "b2");
	load(a, &text);
	assert_true(str_is(text, "a2"));
	load(b, &text);
	assert_true(str_is(text, "b2"));
	assert_true(str_is(git("git rev-list --count dmsl/state"), "4"));
	store_close(a);
	store_close(b);
	check_repository();
}

static void who_comes_second_is_told(void **state)
{
	struct store *s = open_stack("dev");
	struct str base, made;
	struct error err;

	(void)state;
	assert_int_equal(commit(s, STR(""), "1", &base, &err), 0);
	must_commit(s, base, "2");
	assert_int_equal(commit(s, base, "3", &made, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_true(strlen(err.hint) > 0);
	assert_int_equal(commit(s, STR(""), "3", &made, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	store_close(s);
}

enum { PROCESSES = 8, ROUNDS = 50 };

/* Adds one, fifty times, whatever the others do. */
static int count_up(const char *stack)
{
	for (int done = 0; done < ROUNDS;) {
		struct store *s = NULL;
		struct str text, base, made;
		struct error err;
		char next[32];

		if (try_open(stack, NULL, &s, &err) < 0 ||
		    store_load(s, &arena, &text, &base, &err) < 0) {
			fprintf(stderr, "# %s\n", err.message);
			return 1;
		}
		snprintf(next, sizeof(next), "%d",
			 text.n ? atoi(text.s) + 1 : 1);
		if (commit(s, base, next, &made, &err) == 0) {
			done++;
		} else if (err.kind != ERROR_CONFLICT) {
			fprintf(stderr, "# %s\n", err.message);
			return 1;
		}
		store_close(s);
	}
	return 0;
}

static pid_t fork_counter(const char *stack)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(count_up(stack));
	return pid;
}

static void nothing_is_lost_between_processes(void **state)
{
	struct store *s;
	struct str text;
	pid_t packer;

	(void)state;
	/* Two stacks on one branch, and git packing refs beside them. */
	packer = fork();
	assert_true(packer >= 0);
	if (packer == 0) {
		for (int i = 0; i < 3000; i++)
			git("git pack-refs --all 2>/dev/null");
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		fork_counter(i % 2 ? "a" : "b");
	for (int i = 0; i < PROCESSES;) {
		int status;
		pid_t pid = wait(&status);

		assert_true(pid > 0);
		if (pid == packer)
			packer = 0;
		else
			i++;
		assert_int_equal(status, 0);
	}
	if (packer) {
		kill(packer, SIGTERM);
		waitpid(packer, NULL, 0);
	}
	s = open_stack("a");
	load(s, &text);
	assert_int_equal(atoi(text.s), PROCESSES / 2 * ROUNDS);
	store_close(s);
	s = open_stack("b");
	load(s, &text);
	assert_int_equal(atoi(text.s), PROCESSES / 2 * ROUNDS);
	store_close(s);
	assert_int_equal(atoi(git("git rev-list --count dmsl/state").s),
			 PROCESSES * ROUNDS);
	check_repository();
}

static void no_secret_is_in_any_object(void **state)
{
	static const char secret[] = "S3ntinel-Geheimnis";
	struct store *s = open_stack("dev");
	struct store *planted = open_stack("planted");
	struct value_entry e = {
		STR("password"),
		value_mark(value_c(secret), MARK_SECRET),
	};
	struct state_resource r = {
		.address = STR("secret.a"),
		.type = STR("secret"),
		.attrs = value_map(&e, 1, &arena),
	};
	struct state states;
	struct seal *seal;
	struct error err;
	struct buf b;

	(void)state;
	assert_int_equal(seal_open(store_folder(s), true, &seal, &err), 0);
	state_init(&states, &arena);
	states.stack = STR("dev");
	state_put(&states, &r);
	buf_init(&b, 1 << 20);
	assert_int_equal(state_write(&states, seal, &b, &err), 0);
	must_commit(s, STR(""), b.data);
	/* The search itself is shown to find: in a commit of its own. */
	must_commit(planted, STR(""), secret);
	assert_true(str_is(git("git cat-file --batch-all-objects --batch | "
			       "grep -c S3ntinel"),
			   "1"));
	buf_release(&b);
	state_release(&states);
	seal_close(seal);
	store_close(planted);
	store_close(s);
}

static void identities_come_from_where_git_takes_them(void **state)
{
	struct store *s = open_stack("dev");
	struct str base;

	(void)state;
	setenv("GIT_AUTHOR_NAME", "  Eve <x>  ", 1);
	setenv("GIT_COMMITTER_EMAIL", "ci@example.org", 1);
	setenv("GIT_AUTHOR_DATE", "@1700000000 -0130", 1);
	base = must_commit(s, STR(""), "1");
	unsetenv("GIT_AUTHOR_NAME");
	unsetenv("GIT_COMMITTER_EMAIL");
	unsetenv("GIT_AUTHOR_DATE");
	assert_true(str_is(git("git log -1 --date=raw "
			       "--format='%an|%ae|%ad|%cn|%ce' dmsl/state"),
			   "Eve x|ann@example.org|1700000000 -0130|Ann Other|"
			   "ci@example.org"));
	git("git config --unset user.name && git config --unset user.email");
	must_commit(s, base, "2");
	assert_non_null(store_note(s));
	assert_non_null(strstr(store_note(s), "user.email"));
	assert_true(str_starts(git("git log -1 --format='%an <%ae>' "
				   "dmsl/state"),
			       "dmsl <dmsl@"));
	store_close(s);
	check_repository();
}

static void what_cannot_hold_state_is_refused_at_once(void **state)
{
	struct store *s;
	struct error err;

	(void)state;
	new_folder();
	assert_int_equal(try_open("dev", NULL, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_non_null(strstr(err.hint, "git init"));

	git("git init -q --object-format=sha256 .");
	assert_int_equal(try_open("dev", NULL, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_non_null(strstr(err.hint, "SHA-256"));

	new_repo(NULL);
	git("git add . && git commit -qm x && git branch dmsl");
	assert_int_equal(try_open("dev", NULL, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_int_equal(try_open("dev", "dmsl/x", &s, &err), -1);
	git("git branch -D -q dmsl && git branch dmsl/state/more");
	assert_int_equal(try_open("dev", NULL, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_int_equal(try_open("dev", "a..b", &s, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_int_equal(try_open("..", NULL, &s, &err), -1);
	assert_int_equal(try_open("", NULL, &s, &err), -1);
	assert_int_equal(try_open("key", NULL, &s, &err), -1);
	git("git config extensions.partialClone origin && "
	    "git config core.repositoryformatversion 1");
	assert_int_equal(try_open("dev", "x", &s, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
}

static void repositories_of_others_are_refused(void **state)
{
	struct store *s;
	struct error err;

	(void)state;
	if (geteuid() != 0)
		skip();
	git("chown -R 65534 .");
	assert_int_equal(try_open("dev", NULL, &s, &err), -1);
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.hint, "safe.directory"));
	assert_non_null(strstr(err.hint, repo));
	git("git config --global --add safe.directory \"$PWD\"");
	assert_int_equal(try_open("dev", NULL, &s, &err), 0);
	store_close(s);
	git("git config --global --unset-all safe.directory");
}

static void work_trees_share_state(void **state)
{
	struct store *s = open_stack("dev");
	struct str base = must_commit(s, STR(""), "1");
	struct str text;

	(void)state;
	git("git add dev.dmsl && git commit -qm x && "
	    "git worktree add -q ../tree && "
	    "git config extensions.worktreeConfig true && "
	    "git config core.repositoryformatversion 1");
	store_close(s);
	repo = str_fmt(&arena, "%s/tree", top).s;
	s = open_stack("dev");
	assert_true(str_eq(load(s, &text), base));
	must_commit(s, base, "2");
	assert_non_null(strstr(store_folder(s), "/.git/dmsl"));
	assert_null(strstr(store_folder(s), "worktrees"));
	store_close(s);
	check_repository();
}

static void the_stack_files_commit_is_known(void **state)
{
	struct store *s = open_stack("dev");
	struct str head;

	(void)state;
	assert_int_equal(store_stack_commit(s, &arena).n, 0);
	git("git add dev.dmsl && git commit -qm x");
	head = git("git rev-parse HEAD");
	assert_true(str_eq(store_stack_commit(s, &arena), head));
	git("echo more >>dev.dmsl");
	assert_true(str_eq(store_stack_commit(s, &arena),
			   str_fmt(&arena, "%s+changes", head.s)));
	store_close(s);
}

static int lease(struct store *s, const char *run, struct str *broken,
		 struct error *err)
{
	*err = (struct error){ 0 };
	return store_lease(s, str_from(run), &arena, broken, err);
}

/* In a child that takes the lease and then is killed. */
static void leave_lease(const char *run)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s = open_stack("dev");
		struct str broken;
		struct error err;

		if (lease(s, run, &broken, &err) == 0 &&
		    write(fds[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void one_run_holds_the_lease(void **state)
{
	struct store *s = open_stack("dev");
	struct store *t = open_stack("dev");
	struct store *other = open_stack("other");
	struct str broken;
	struct error err;

	(void)state;
	assert_false(store_is_leased(s));
	assert_int_equal(lease(s, "0123456789abcdef", &broken, &err), 0);
	assert_int_equal(broken.n, 0);
	assert_true(store_is_leased(t));
	assert_false(store_is_leased(other));
	assert_int_equal(lease(t, "fedcba9876543210", &broken, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_non_null(strstr(err.message, "0123456789ab"));
	assert_int_equal(lease(other, "ffff", &broken, &err), 0);
	/* Who does not hold it gives nothing back. */
	assert_int_equal(store_unlease(t, &err), 0);
	assert_true(store_is_leased(t));
	assert_int_equal(store_unlease(s, &err), 0);
	assert_false(store_is_leased(t));
	assert_int_equal(lease(t, "fedcba9876543210", &broken, &err), 0);
	assert_int_equal(store_unlease(t, &err), 0);
	assert_int_equal(store_unlease(other, &err), 0);
	assert_true(str_is(git("git for-each-ref refs/dmsl"), ""));
	store_close(s);
	store_close(t);
	store_close(other);
	check_repository();
}

static void a_dead_runs_lease_is_broken(void **state)
{
	struct store *s = open_stack("dev");
	struct str broken, text;
	struct error err;

	(void)state;
	leave_lease("dead-run");
	assert_false(store_is_leased(s));
	assert_int_equal(lease(s, "new-run", &broken, &err), 0);
	assert_true(str_is(broken, "dead-run"));
	assert_true(store_is_leased(s));

	/* Another boot of this machine: dead. Another machine: who knows. */
	text = git("git cat-file blob refs/dmsl/lease/dev");
	git("git cat-file blob refs/dmsl/lease/dev | "
	    "sed 's/\"boot_id\":\"[^\"]*/\"boot_id\":\"x/' | "
	    "git hash-object -w --stdin | "
	    "xargs git update-ref refs/dmsl/lease/dev");
	assert_false(store_is_leased(s));
	assert_int_equal(lease(s, "third-run", &broken, &err), 0);
	assert_true(str_is(broken, "new-run"));
	git("git cat-file blob refs/dmsl/lease/dev | "
	    "sed 's/\"boot_id\":\"[^\"]*/\"boot_id\":\"x/; "
	    "s/\"host\":\"[^\"]*/\"host\":\"elsewhere/' | "
	    "git hash-object -w --stdin | "
	    "xargs git update-ref refs/dmsl/lease/dev");
	assert_true(store_is_leased(s));
	assert_int_equal(store_unlease(s, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_int_equal(lease(s, "fourth-run", &broken, &err), -1);
	assert_non_null(strstr(err.message, "elsewhere"));
	/* Of what a lease says nothing is a secret, but nothing odd either. */
	assert_true(str_contains(text, STR("\"run_id\":\"new-run\"")));
	store_close(s);
}

/* Writes the lease as if it came from another machine, with this much time. */
static void move_lease_away(const char *lease_ms)
{
	git(str_fmt(&arena,
		    "git cat-file blob refs/dmsl/lease/dev | "
		    "sed 's/\"boot_id\":\"[^\"]*/\"boot_id\":\"x/; "
		    "s/\"host\":\"[^\"]*/\"host\":\"elsewhere/; "
		    "s/\"lease_ms\":[0-9]*/\"lease_ms\":%s/' | "
		    "git hash-object -w --stdin | "
		    "xargs git update-ref refs/dmsl/lease/dev",
		    lease_ms)
		.s);
}

static void a_silent_lease_from_elsewhere_is_broken(void **state)
{
	struct store *s = open_stack("dev");
	struct store *t = open_stack("dev");
	struct str broken;
	struct error err;

	(void)state;
	assert_int_equal(lease(s, "far-away-run", &broken, &err), 0);
	move_lease_away("1");
	/* Nobody has seen it yet, so nobody knows how old it is. */
	assert_int_equal(lease(t, "second-run", &broken, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	/* It was renewed: its time begins anew. */
	move_lease_away("2");
	clock_sleep_ms(10);
	assert_int_equal(lease(t, "second-run", &broken, &err), -1);
	clock_sleep_ms(10);
	assert_false(store_is_leased(t));
	assert_int_equal(lease(t, "second-run", &broken, &err), 0);
	assert_true(str_is(broken, "far-away-run"));
	/* Its owner, should it wake up, does nothing more. */
	assert_int_equal(store_hold(s, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_int_equal(store_hold(t, &err), 0);
	assert_int_equal(store_unlease(s, &err), 0);
	assert_true(store_is_leased(s));

	/* However often one looks, its time has not passed. */
	move_lease_away("3600000");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lease(s, "third-run", &broken, &err), -1);
		clock_sleep_ms(5);
	}
	assert_true(store_is_leased(s));
	assert_non_null(strstr(err.hint, "3600 s"));
	store_close(s);
	store_close(t);
}

static void a_lease_is_renewed_in_time(void **state)
{
	struct store *s = open_stack("dev");
	struct str broken, first;
	struct error err;

	(void)state;
	assert_int_equal(lease(s, "run", &broken, &err), 0);
	first = git("git rev-parse refs/dmsl/lease/dev");
	assert_true(store_hold_in_ms(s) > 0);
	assert_int_equal(store_hold(s, &err), 0);
	assert_true(str_eq(git("git rev-parse refs/dmsl/lease/dev"), first));
	/* Long past its deadline, as after a sleep; nobody took it over. */
	s->lease_ms = 2;
	s->deadline_ms = clock_ms() - 1000;
	assert_int_equal(store_hold_in_ms(s), 0);
	assert_int_equal(store_hold(s, &err), 0);
	assert_false(str_eq(git("git rev-parse refs/dmsl/lease/dev"), first));
	assert_true(s->deadline_ms > clock_ms() - 60000);
	/* Taken away by hand: seen at once, whatever time is left. */
	git("git update-ref -d refs/dmsl/lease/dev");
	s->lease_ms = 3600000;
	s->deadline_ms = clock_ms() + s->lease_ms;
	assert_int_equal(store_hold(s, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_int_equal(store_hold(s, &err), -1);
	assert_int_equal(store_unlease(s, &err), 0);
	store_close(s);
}

/* As long as its deadline has not passed, a lease that cannot be renewed holds.
 */
static void a_lease_that_cannot_be_renewed_ends_at_its_deadline(void **state)
{
	struct store *s = open_stack("dev");
	struct str broken;
	struct error err;

	(void)state;
	assert_int_equal(lease(s, "run", &broken, &err), 0);
	git("mv .git/objects .git/o && touch .git/objects");
	s->deadline_ms = clock_ms() + 60000;
	assert_int_equal(store_hold(s, &err), 0);
	s->deadline_ms = clock_ms() - 1;
	assert_int_equal(store_hold(s, &err), -1);
	assert_int_not_equal(err.kind, ERROR_CONFLICT);
	git("rm .git/objects && mv .git/o .git/objects");
	assert_int_equal(store_hold(s, &err), 0);
	store_close(s);
}

/* Of many that find a dead run's lease exactly one gets it. */
static void one_of_many_breaks_a_lease(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		int winners = 0;
		int fds[2];
		pid_t pids[8];

		leave_lease("dead-run");
		assert_int_equal(pipe(fds), 0);
		for (int i = 0; i < 8; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] == 0) {
				struct store *s = open_stack("dev");
				struct str broken;
				struct error err;
				int rc = lease(s, "run", &broken, &err);

				if (rc < 0 && err.kind != ERROR_CONFLICT)
					fprintf(stderr, "# %s\n", err.message);
				if (write(fds[1], rc < 0 ? "n" : "y", 1) == 1)
					pause();
				_exit(1);
			}
		}
		for (int i = 0; i < 8; i++) {
			char byte = 0;

			assert_int_equal(read(fds[0], &byte, 1), 1);
			winners += byte == 'y';
		}
		for (int i = 0; i < 8; i++) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
		close(fds[0]);
		close(fds[1]);
		assert_int_equal(winners, 1);
	}
	check_repository();
}

static void locks_of_killed_runs_are_removed(void **state)
{
	struct store *s = open_stack("dev");
	struct str base = must_commit(s, STR(""), "1");
	struct str lock =
	    str_fmt(&arena, "%s/.git/refs/heads/dmsl/state.lock", repo);
	struct str moving = str_fmt(&arena, "%s/moving", store_folder(s));
	struct error err;

	(void)state;
	/* What a kill leaves between the lock and the rename. */
	assert_int_equal(
	    file_replace(moving.s, STR("refs/heads/dmsl/state"), 0600, &err),
	    0);
	assert_int_equal(file_replace(lock.s, STR(""), 0644, &err), 0);
	base = must_commit(s, base, "2");
	assert_int_equal(access(lock.s, F_OK), -1);
	assert_non_null(strstr(store_note(s), "state.lock"));
	/* A kill before the lock: nothing to remove. */
	assert_int_equal(
	    file_replace(moving.s, STR("refs/heads/dmsl/state"), 0600, &err),
	    0);
	must_commit(s, base, "3");
	store_close(s);
	check_repository();
}

static void locks_of_others_are_waited_for(void **state)
{
	struct store *s = open_stack("dev");
	struct str base = must_commit(s, STR(""), "1");
	struct str lock =
	    str_fmt(&arena, "%s/.git/refs/heads/dmsl/state.lock", repo);
	struct error err;
	int64_t began = clock_ms();
	pid_t pid;

	(void)state;
	assert_int_equal(file_replace(lock.s, STR(""), 0644, &err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		clock_sleep_ms(1500);
		unlink(lock.s);
		_exit(0);
	}
	must_commit(s, base, "2");
	assert_true(clock_ms() - began >= 1400);
	waitpid(pid, NULL, 0);
	store_close(s);
}

/* Committers killed at any instant; what they leave never stops the next. */
static void kills_never_lock_the_state(void **state)
{
	struct store *s;
	struct str text, base;

	(void)state;
	for (int i = 0; i < 60; i++) {
		pid_t pid = fork_counter("dev");

		clock_sleep_ms(3 + i * 7 % 40);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	s = open_stack("dev");
	base = load(s, &text);
	must_commit(s, base, "the end");
	store_close(s);
	check_repository();
}

static void commits_are_signed_when_git_would(void **state)
{
	struct store *s;
	struct str base, made;
	struct error err;

	(void)state;
	if (system("command -v ssh-keygen >/dev/null 2>&1") != 0)
		skip();
	git("ssh-keygen -q -t ed25519 -N '' -C '' -f ../key && "
	    "git config gpg.format ssh && git config commit.gpgsign true && "
	    "git config user.signingkey \"$PWD/../key.pub\" && "
	    "printf 'ann@example.org ' | cat - ../key.pub >../allowed && "
	    "git config gpg.ssh.allowedSignersFile \"$PWD/../allowed\"");
	s = open_stack("dev");
	base = must_commit(s, STR(""), "1");
	git("git verify-commit dmsl/state");
	git("git config gpg.ssh.program false");
	store_close(s);
	s = open_stack("dev");
	assert_int_equal(commit(s, base, "2", &made, &err), -1);
	assert_non_null(strstr(err.message, "\"false\" failed"));
	assert_non_null(strstr(err.hint, "commit.gpgsign"));
	/* Nothing has moved. */
	assert_true(str_eq(git("git rev-parse dmsl/state"), base));
	store_close(s);
	check_repository();
}

#define TEST(f) cmocka_unit_test_setup(f, new_repo)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(state_is_a_commit_that_git_reads),
		TEST(stacks_share_a_branch),
		TEST(who_comes_second_is_told),
		TEST(nothing_is_lost_between_processes),
		TEST(no_secret_is_in_any_object),
		TEST(identities_come_from_where_git_takes_them),
		TEST(what_cannot_hold_state_is_refused_at_once),
		TEST(repositories_of_others_are_refused),
		TEST(work_trees_share_state),
		TEST(the_stack_files_commit_is_known),
		TEST(one_run_holds_the_lease),
		TEST(a_dead_runs_lease_is_broken),
		TEST(a_silent_lease_from_elsewhere_is_broken),
		TEST(a_lease_is_renewed_in_time),
		TEST(a_lease_that_cannot_be_renewed_ends_at_its_deadline),
		TEST(one_of_many_breaks_a_lease),
		TEST(locks_of_killed_runs_are_removed),
		TEST(locks_of_others_are_waited_for),
		TEST(kills_never_lock_the_state),
		TEST(commits_are_signed_when_git_would),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
