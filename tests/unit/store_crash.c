/*
 * A run as the engine makes one (lease, journal, commit, end), killed before
 * and after each of its system calls that change something, one by one. What
 * takes over must come to the same end as a run that was left alone: the same
 * state, one commit, no lease, no journal, no lock. Every DMSL_CRASH_EVERY-th
 * place is taken, 1 for all of them.
 */
#include <config.h>

#include "engine/journal.h"
#include "engine/seal.h"
#include "engine/state.h"
#include "engine/store.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"
#include "tests/support/tracer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define UID "0123456789abcdef"

static struct arena arena;
static char top[SCRATCH_MAX];
static const char *repo;

static int shell(const char *line)
{
	return system(str_fmt(&arena,
			      "cd '%s' && { %s; } </dev/null "
			      ">/dev/null 2>&1",
			      repo, line)
			  .s);
}

static int set_up(void **state)
{
	(void)state;
	unsetenv("DMSL_STATE_KEY");
	unsetenv("DMSL_STATE_KEY_FILE");
	unsetenv("GIT_DIR");
	if (!scratch_folder(top, "crash"))
		return -1;
	setenv("HOME", top, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	return 0;
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	arena_release(&arena);
	return file_remove_tree(top, &err);
}

static void new_repo(int n)
{
	repo = str_fmt(&arena, "%s/%d", top, n).s;
	assert_int_equal(mkdir(repo, 0755), 0);
	assert_int_equal(shell("git init -q . && git config user.name A && "
			       "git config user.email a@example.org && "
			       "echo x >dev.dmsl"),
			 0);
}

static int put(struct state *s, const char *address)
{
	struct value_entry e = { STR("password"),
				 value_mark(value_c("hidden"), MARK_SECRET) };
	struct state_resource r = {
		.address = str_from(address),
		.type = STR("vpc"),
		.provider = STR("local"),
		.id = STR("vpc-1"),
		.attrs = value_map(&e, 1, &arena),
	};

	state_put(s, &r);
	return 0;
}

/* Everything of a run that the next function needs. */
struct run {
	struct store *store;
	struct seal *seal;
	struct state state;
	struct journal_replay replay;
	struct journal *journal;
	struct str base;
};

static int open_run(struct run *r, const char *run_id, struct error *err)
{
	struct store_options o = {
		.stack_path = str_fmt(&arena, "%s/dev.dmsl", repo).s,
		.stack = STR("dev"),
	};
	struct str broken;
	struct str text;

	*r = (struct run){ 0 };
	state_init(&r->state, &arena);
	if (store_open(&o, &r->store, err) < 0 ||
	    store_lease(r->store, str_from(run_id), &arena, &broken, err) < 0 ||
	    seal_open(store_folder(r->store), true, &r->seal, err) < 0 ||
	    store_load(r->store, &arena, &text, &r->base, err) < 0 ||
	    state_read(&r->state, text, r->seal, err) < 0 ||
	    journal_load(store_stack_folder(r->store), r->seal, &r->state,
			 &arena, &r->replay, err) < 0)
		return -1;
	r->state.stack = STR("dev");
	return 0;
}

static int begin(struct run *r, const char *run_id, struct error *err)
{
	struct journal_record record = {
		.kind = JOURNAL_BEGIN,
		.run_id = str_from(run_id),
		.stack_uid = STR(UID),
	};

	r->state.uid = STR(UID);
	if (journal_open(store_stack_folder(r->store), r->seal, &r->replay,
			 &r->journal, err) < 0)
		return -1;
	if (r->replay.begin.kind && !r->replay.has_end)
		return 0;
	return journal_add(r->journal, &record, err);
}

static int create(struct run *r, const char *address, struct error *err)
{
	struct journal_record record = {
		.kind = JOURNAL_INTENT,
		.address = str_from(address),
		.action = STR("create"),
		.token = str_from(address),
	};

	if (state_find(&r->state, str_from(address)))
		return 0;
	if (journal_add(r->journal, &record, err) < 0 ||
	    journal_sync(r->journal, err) < 0)
		return -1;
	put(&r->state, address);
	record.kind = JOURNAL_DONE;
	record.resource = state_find(&r->state, str_from(address));
	return journal_add(r->journal, &record, err);
}

static int end(struct run *r, struct error *err)
{
	struct journal_record record = { .kind = JOURNAL_END };
	struct buf text;
	struct str made;
	int rc;

	buf_init(&text, 1 << 20);
	rc = journal_sync(r->journal, err);
	if (rc == 0)
		rc = state_write(&r->state, r->seal, &text, err);
	if (rc == 0)
		rc =
		    store_commit(r->store, r->base, buf_str(&text),
				 STR("Create 2 resources"), &arena, &made, err);
	buf_release(&text);
	if (rc < 0 || journal_add(r->journal, &record, err) < 0 ||
	    journal_sync(r->journal, err) < 0 ||
	    journal_close(r->journal, true, err) < 0)
		return -1;
	return store_unlease(r->store, err);
}

static int whole_run(const char *run_id, struct error *err)
{
	struct run r;
	int rc = -1;

	if (open_run(&r, run_id, err) == 0 && begin(&r, run_id, err) == 0 &&
	    create(&r, "vpc.a", err) == 0 && create(&r, "vpc.b", err) == 0 &&
	    end(&r, err) == 0)
		rc = 0;
	state_release(&r.state);
	seal_close(r.seal);
	store_close(r.store);
	return rc;
}

static void traced(void *data)
{
	struct error err;

	(void)data;
	_exit(whole_run("first", &err) < 0);
}

static struct str read_top(const char *name)
{
	struct error err;
	struct str text = { 0 };

	assert_int_equal(file_read(str_fmt(&arena, "%s/%s", top, name).s,
				   1 << 20, &arena, &text, &err),
			 0);
	return text;
}

static struct str state_now(void)
{
	assert_int_equal(shell("git show dmsl/state:dev.dmstate.json >../now"),
			 0);
	return read_top("now");
}

static void check_end(int n)
{
	struct str text = state_now();

	if (!str_contains(text, STR("\"vpc.a\"")) ||
	    !str_contains(text, STR("\"vpc.b\"")) ||
	    !str_contains(text, STR(UID)))
		fail_msg("killed at %d: the state is %s", n, text.s);
	if (shell("test $(git rev-list --count dmsl/state) = 1"))
		fail_msg("killed at %d: there is more than one commit", n);
	if (shell("test -z \"$(git for-each-ref refs/dmsl)\""))
		fail_msg("killed at %d: the lease is still there", n);
	if (shell("test ! -e .git/dmsl/dev/journal"))
		fail_msg("killed at %d: the journal is still there", n);
	if (shell("find .git -name '*.lock' -o -name '*.new' >../left; "
		  "! test -s ../left"))
		fail_msg("killed at %d: left behind: %s", n,
			 read_top("left").s);
	if (shell("git fsck --strict"))
		fail_msg("killed at %d: git fsck complains", n);
}

static void a_run_killed_anywhere_is_taken_up(void **state)
{
	const char *every = getenv("DMSL_CRASH_EVERY");
	int step = every && atoi(every) > 0 ? atoi(every) : 6;
	int places = 0;
	/* Another start each time: in the long run all places are taken. */
	int n = 1 + (int)getpid() % step;

	(void)state;
	for (;; n += step, places++) {
		struct trace t = { .child = traced, .place = n };
		struct error err = { 0 };
		struct error ignored;
		enum trace_end how;

		new_repo(n);
		how = trace_run(&t);
		if (how == TRACE_IMPOSSIBLE)
			skip();
		if (how == TRACE_ENDED) {
			assert_int_equal(t.status, 0);
			check_end(n);
			break;
		}
		if (whole_run("second", &err) < 0)
			fail_msg("killed at %d: %s", n, err.message);
		check_end(n);
		file_remove_tree(repo, &ignored);
	}
	/* Not that the list of system calls has become useless unnoticed. */
	assert_true(n > 100);
	print_message("# killed at %d of about %d places\n", places, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_killed_anywhere_is_taken_up),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
