/*
 * The journal: what was written is what is replayed, after any cut, any flipped
 * bit, any hole, a full disk.
 */
#include <config.h>

#include "engine/journal.h"
#include "engine/journal_frame.h"
#include "engine/seal.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SENTINEL "S3ntinel-Geheimnis"
#define UID	 "0123456789abcdef"

static struct arena arena;
static struct seal *seal;
static char top[SCRATCH_MAX];
static const char *folder, *path;

static int set_up(void **state)
{
	struct error err;

	(void)state;
	unsetenv("DMSL_STATE_KEY");
	unsetenv("DMSL_STATE_KEY_FILE");
	if (!scratch_folder(top, "journal"))
		return -1;
	folder = str_fmt(&arena, "%s/dmsl/dev", top).s;
	path = str_fmt(&arena, "%s/journal", folder).s;
	return seal_open(top, true, &seal, &err);
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	seal_close(seal);
	arena_release(&arena);
	return file_remove_tree(top, &err);
}

static int clear(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static struct value attrs(const char *name)
{
	struct value_entry e[] = {
		{ STR("name"), value_c(name) },
		{ STR("password"), value_mark(value_c(SENTINEL), MARK_SECRET) },
	};

	return value_map(e, 2, &arena);
}

static struct journal_record make(enum journal_kind kind, const char *address,
				  const char *action, const char *token)
{
	return (struct journal_record){
		.kind = kind,
		.address = str_from(address),
		.action = str_from(action),
		.token = str_from(token),
	};
}

/* Ten records of a run: a create, a replacement, a failure, one under way. */
static int add_sample(struct journal *j, int n, struct error *err)
{
	static struct str deps[] = { STR_INIT("vpc.a"), STR_INIT("vpc.b") };
	struct state_resource a = { .address = STR("vpc.a"),
				    .type = STR("vpc"),
				    .provider = STR("local"),
				    .id = STR("vpc-1"),
				    .attrs = attrs("first") };
	struct state_resource b = a;
	struct journal_record r;

	b.address = STR("vpc.b");
	b.is_tainted = true;
	switch (n) {
	case 0:
		r = make(JOURNAL_BEGIN, "", "", "");
		r.run_id = STR("run-1");
		r.base_commit = STR("c0ffee");
		r.plan_hash = STR("beef");
		r.stack_uid = STR(UID);
		break;
	case 1:
		r = make(JOURNAL_INTENT, "vpc.a", "create", "t1");
		r.type = STR("vpc");
		r.provider = STR("local");
		r.recovery = 'N';
		r.config = attrs("first");
		r.deps = deps;
		r.n_deps = 2;
		break;
	case 2:
		r = make(JOURNAL_ACCEPTED, "vpc.a", "create", "t1");
		r.id = STR("vpc-1");
		r.memo = STR("phase 2");
		break;
	case 3:
		r = make(JOURNAL_DONE, "vpc.a", "create", "t1");
		r.resource = &a;
		break;
	case 4:
		r = make(JOURNAL_INTENT, "vpc.a", "delete", "t2");
		r.id = STR("vpc-1");
		r.prior = &a;
		break;
	case 5:
		r = make(JOURNAL_DONE, "vpc.a", "delete", "t2");
		break;
	case 6:
		r = make(JOURNAL_INTENT, "vpc.b", "create", "t3");
		break;
	case 7:
		r = make(JOURNAL_FAILED, "vpc.b", "create", "t3");
		r.message = STR("no \"room\"");
		r.resource = &b;
		break;
	case 8:
		r = make(JOURNAL_INTENT, "vpc.a", "create", "t4");
		r.config = attrs("second");
		break;
	default:
		r = make(JOURNAL_ACCEPTED, "vpc.a", "create", "t4");
		r.id = STR("vpc-2");
		break;
	}
	return journal_add(j, &r, err);
}

enum { SAMPLES = 10 };

static struct journal *begin(const struct journal_replay *r)
{
	struct journal *j = NULL;
	struct error err;

	if (journal_open(folder, seal, r, &j, &err) < 0)
		fail_msg("%s", err.message);
	return j;
}

static void finish(struct journal *j, bool remove)
{
	struct error err;

	assert_int_equal(journal_close(j, remove, &err), 0);
}

static struct str write_sample(int n, bool is_synced)
{
	struct journal *j = begin(NULL);
	struct error err;
	struct str text;

	for (int i = 0; i < n; i++) {
		assert_int_equal(add_sample(j, i, &err), 0);
		if (is_synced)
			assert_int_equal(journal_sync(j, &err), 0);
	}
	finish(j, false);
	assert_int_equal(file_read(path, 1 << 20, &arena, &text, &err), 0);
	return text;
}

/* Not synced: there are thousands of them. */
static void set_file(struct str text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct error err;

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text.s, text.n, &err), 0);
	close(fd);
}

static int load(struct state *s, struct journal_replay *r, struct error *err)
{
	state_init(s, &arena);
	*err = (struct error){ 0 };
	return journal_load(folder, seal, s, &arena, r, err);
}

/* What the first n records of the sample come to. */
static void check_prefix(const struct state *s, const struct journal_replay *r,
			 int n)
{
	bool has_a = n > 3 && n <= 5;
	bool has_b = n > 7;

	assert_int_equal(r->next_sequence, n + 1);
	assert_int_equal(r->begin.kind, n > 0 ? JOURNAL_BEGIN : 0);
	assert_false(r->has_end);
	assert_int_equal(state_find(s, STR("vpc.a")) != NULL, has_a);
	assert_int_equal(state_find(s, STR("vpc.b")) != NULL, has_b);
	assert_int_equal(r->n_open, (n > 1 && n <= 3) || (n > 4 && n <= 5) ||
					(n > 6 && n <= 7) || n > 8);
	if (n)
		assert_true(str_is(s->uid, UID));
	if (r->n_open)
		assert_true(str_is(r->open[0].run_id, "run-1"));
	if (n == 3) {
		assert_true(str_is(r->open[0].token, "t1"));
		assert_true(str_is(r->open[0].id, "vpc-1"));
		assert_true(str_is(r->open[0].memo, "phase 2"));
		assert_true(str_is(r->open[0].action, "create"));
		assert_true(str_is(r->open[0].type, "vpc"));
		assert_true(str_is(r->open[0].provider, "local"));
		assert_int_equal(r->open[0].recovery, 'N');
		assert_int_equal(r->open[0].n_deps, 2);
		assert_true(str_is(value_text(r->open[0].config, "password"),
				   SENTINEL));
		assert_int_equal(
		    value_get(r->open[0].config, "password")->marks,
		    MARK_SECRET);
	}
	if (n == 5) {
		assert_non_null(r->open[0].prior);
		assert_true(str_is(r->open[0].prior->address, "vpc.a"));
	}
	if (n > 7)
		assert_true(state_find(s, STR("vpc.b"))->is_tainted);
	if (n == 10) {
		assert_true(str_is(r->open[0].token, "t4"));
		assert_true(str_is(r->open[0].id, "vpc-2"));
		assert_true(str_is(r->begin.base_commit, "c0ffee"));
		assert_true(str_is(r->begin.plan_hash, "beef"));
	}
}

static void crc32c_is_castagnoli(void **state)
{
	(void)state;
	assert_int_equal(crc32c(STR("123456789")), 0xe3069283);
	assert_int_equal(crc32c(STR("")), 0);
}

static void no_journal_is_no_error(void **state)
{
	struct journal_replay r;
	struct state s;
	struct error err;

	(void)state;
	assert_int_equal(load(&s, &r, &err), 0);
	assert_int_equal(r.begin.kind, 0);
	assert_int_equal(r.n_open, 0);
	assert_int_equal(s.uid.n, 0);
	state_release(&s);
}

static void every_prefix_of_records_is_replayed(void **state)
{
	(void)state;
	for (int n = 0; n <= SAMPLES; n++) {
		struct str text = write_sample(n, n % 2 == 0);
		struct journal_replay r;
		struct state s;
		struct error err;

		assert_false(str_contains(text, STR(SENTINEL)));
		assert_int_equal(load(&s, &r, &err), 0);
		assert_int_equal(r.torn_bytes, 0);
		check_prefix(&s, &r, n);
		state_release(&s);
		unlink(path);
	}
}

/* Offsets of the ends of the records, the magic's first. */
static size_t record_ends(struct str text, size_t *ends)
{
	struct frame_scan scan;
	struct frame f;
	struct error err;
	size_t n = 0;

	assert_int_equal(frame_scan_start(&scan, text, &err), 0);
	do
		ends[n++] = scan.at;
	while (frame_scan_next(&scan, &f, &err) > 0);
	return n;
}

static void every_prefix_of_bytes_is_a_prefix_of_records(void **state)
{
	struct str text = write_sample(SAMPLES, true);
	size_t ends[SAMPLES + 1];
	int whole = 0;

	(void)state;
	assert_int_equal(record_ends(text, ends), SAMPLES + 1);
	for (size_t n = 0; n <= text.n; n++) {
		struct journal_replay r;
		struct journal *j;
		struct state s;
		struct error err;
		struct str now;

		while (whole < SAMPLES && ends[whole + 1] <= n)
			whole++;
		set_file(str_sub(text, 0, n));
		if (load(&s, &r, &err) < 0)
			fail_msg("%zu bytes: %s", n, err.message);
		check_prefix(&s, &r, whole);
		state_release(&s);
		if (n % 7)
			continue;
		/* Opened again, it goes on as if nothing had been torn. */
		j = begin(&r);
		for (int i = whole; i < SAMPLES; i++)
			assert_int_equal(add_sample(j, i, &err), 0);
		finish(j, false);
		if (load(&s, &r, &err) < 0)
			fail_msg("%zu bytes, resumed: %s", n, err.message);
		check_prefix(&s, &r, SAMPLES);
		state_release(&s);
		assert_int_equal(file_read(path, 1 << 20, &arena, &now, &err),
				 0);
		assert_int_equal(now.n, text.n);
	}
}

static void every_flipped_bit_is_found(void **state)
{
	struct str text = write_sample(SAMPLES, true);
	char *copy = str_c(text, &arena);

	(void)state;
	for (size_t i = 0; i < text.n * 8; i++) {
		struct arena a = { 0 };
		struct journal_replay r;
		struct state s;
		struct error err = { 0 };

		copy[i / 8] ^= (char)(1 << i % 8);
		set_file((struct str){ copy, text.n });
		state_init(&s, &a);
		if (journal_load(folder, seal, &s, &a, &r, &err) == 0)
			fail_msg("bit %zu of %zu changed nothing", i,
				 text.n * 8);
		assert_int_equal(err.kind, ERROR_CORRUPT);
		assert_true(strlen(err.hint) > 0);
		state_release(&s);
		arena_release(&a);
		copy[i / 8] ^= (char)(1 << i % 8);
	}
}

/* A sector that a power cut left unwritten, with later ones written. */
static void holes_are_torn_unless_they_were_durable(void **state)
{
	struct str text;
	size_t ends[SAMPLES + 1];

	(void)state;
	for (int synced = 0; synced < 2; synced++) {
		text = write_sample(SAMPLES, synced);
		record_ends(text, ends);
		for (size_t at = 0; at < text.n; at += 512) {
			char *copy = str_c(text, &arena);
			size_t n = text.n - at < 512 ? text.n - at : 512;
			struct journal_replay r;
			struct state s;
			struct error err;
			int whole = 0;
			int rc;

			memset(copy + at, 0, n);
			set_file((struct str){ copy, text.n });
			rc = load(&s, &r, &err);
			while (whole < SAMPLES && ends[whole + 1] <= at)
				whole++;
			if (at == 0 || (synced && whole + 1 < SAMPLES &&
					at + n < ends[SAMPLES - 1])) {
				assert_int_equal(rc, -1);
				assert_int_equal(err.kind, ERROR_CORRUPT);
			} else if (rc < 0) {
				fail_msg("hole at %zu: %s", at, err.message);
			} else {
				check_prefix(&s, &r, whole);
				assert_true(r.torn_bytes > 0);
			}
			state_release(&s);
		}
		unlink(path);
	}
}

static void missing_and_foreign_records_are_found(void **state)
{
	struct str text = write_sample(SAMPLES, true);
	size_t ends[SAMPLES + 1];
	struct journal_replay r;
	struct state s;
	struct error err;

	(void)state;
	record_ends(text, ends);
	for (int i = 0; i + 1 < SAMPLES; i++) {
		struct str head = str_sub(text, 0, ends[i]);
		struct str tail = str_skip(text, ends[i + 1]);

		set_file(
		    str_fmt(&arena, "%.*s%.*s", STR_ARG(head), STR_ARG(tail)));
		assert_int_equal(load(&s, &r, &err), -1);
		assert_int_equal(err.kind, ERROR_CORRUPT);
		state_release(&s);
	}
	set_file(STR("something else\n"));
	assert_int_equal(load(&s, &r, &err), -1);
	state_release(&s);

	/* The state of another stack. */
	set_file(text);
	state_init(&s, &arena);
	s.uid = STR("fedcba9876543210");
	assert_int_equal(journal_load(folder, seal, &s, &arena, &r, &err), -1);
	assert_int_equal(err.kind, ERROR_CORRUPT);
	state_release(&s);
}

static void what_has_ended_is_not_applied_again(void **state)
{
	struct journal_replay r;
	struct journal *j;
	struct journal_record end = { .kind = JOURNAL_END };
	struct state s;
	struct error err;

	(void)state;
	write_sample(4, true);
	assert_int_equal(load(&s, &r, &err), 0);
	state_release(&s);
	j = begin(&r);
	assert_int_equal(journal_add(j, &end, &err), 0);
	finish(j, false);
	assert_int_equal(load(&s, &r, &err), 0);
	assert_true(r.has_end);
	assert_int_equal(state_count(&s), 0);
	assert_int_equal(r.n_open, 0);
	assert_true(str_is(r.begin.run_id, "run-1"));
	state_release(&s);

	/* A next run begins anew, in place of what has ended. */
	j = begin(&r);
	assert_int_equal(journal_add(j, &end, &err), 0);
	assert_int_equal(add_sample(j, 0, &err), 0);
	assert_int_equal(add_sample(j, 6, &err), 0);
	finish(j, false);
	assert_int_equal(load(&s, &r, &err), 0);
	assert_false(r.has_end);
	assert_int_equal(r.n_open, 1);
	assert_int_equal(r.next_sequence, 3);
	state_release(&s);
}

/* Wherever it is cut: a move was made, or it was not; nothing is there twice.
 */
static void a_move_is_whole(void **state)
{
	struct state_resource moved = { .address = STR("vpc.b"),
					.type = STR("vpc"),
					.provider = STR("local"),
					.id = STR("vpc-1"),
					.attrs = attrs("first") };
	struct journal_record r = make(JOURNAL_DONE, "vpc.a", "move", "");
	struct journal_replay replay;
	struct journal *j;
	struct state s;
	struct error err;
	struct str text;

	(void)state;
	write_sample(4, true);
	assert_int_equal(load(&s, &replay, &err), 0);
	state_release(&s);
	j = begin(&replay);
	r.resource = &moved;
	assert_int_equal(journal_add(j, &r, &err), 0);
	finish(j, false);
	assert_int_equal(file_read(path, 1 << 20, &arena, &text, &err), 0);
	for (size_t cut = 0; cut < 40; cut++) {
		set_file(str_sub(text, 0, text.n - cut));
		assert_int_equal(load(&s, &replay, &err), 0);
		assert_int_equal(state_count(&s), 1);
		assert_non_null(
		    state_find(&s, cut ? STR("vpc.a") : STR("vpc.b")));
		/* The secrets in it are sealed for where it is now. */
		assert_true(
		    cut ||
		    value_eq(*value_get(state_find(&s, STR("vpc.b"))->attrs,
					"password"),
			     value_c(SENTINEL)));
		state_release(&s);
	}
}

/* A run that took up another's journal and was killed as well. */
static void a_further_run_keeps_what_is_open(void **state)
{
	struct journal_record second = {
		.kind = JOURNAL_BEGIN,
		.run_id = STR("run-2"),
		.stack_uid = STR(UID),
	};
	struct journal_record again =
	    make(JOURNAL_INTENT, "vpc.a", "create", "t4");
	struct journal_record done = make(JOURNAL_DONE, "vpc.a", "create", "");
	struct state_resource a = { .address = STR("vpc.a"),
				    .type = STR("vpc"),
				    .attrs = attrs("x") };
	struct journal_replay r;
	struct journal *j;
	struct state s;
	struct error err;

	(void)state;
	write_sample(SAMPLES, true);
	assert_int_equal(load(&s, &r, &err), 0);
	state_release(&s);
	j = begin(&r);
	assert_int_equal(journal_add(j, &second, &err), 0);
	assert_int_equal(add_sample(j, 6, &err), 0);
	finish(j, false);
	assert_int_equal(load(&s, &r, &err), 0);
	assert_int_equal(r.n_open, 2);
	assert_true(str_is(r.open[0].run_id, "run-1"));
	assert_true(str_is(r.open[0].id, "vpc-2"));
	assert_true(str_is(r.open[1].run_id, "run-2"));
	assert_true(str_is(r.begin.run_id, "run-2"));
	state_release(&s);

	/* The same intent again is one intent, and keeps the id. */
	j = begin(&r);
	assert_int_equal(journal_add(j, &again, &err), 0);
	finish(j, false);
	assert_int_equal(load(&s, &r, &err), 0);
	assert_int_equal(r.n_open, 2);
	assert_true(str_is(r.open[0].id, "vpc-2"));
	state_release(&s);

	done.resource = &a;
	j = begin(&r);
	assert_int_equal(journal_add(j, &done, &err), 0);
	finish(j, false);
	assert_int_equal(load(&s, &r, &err), 0);
	assert_int_equal(r.n_open, 1);
	assert_non_null(state_find(&s, STR("vpc.a")));
	state_release(&s);
}

static void one_writer_at_a_time(void **state)
{
	struct journal *j = begin(NULL);
	struct journal *other;
	struct journal_replay r;
	struct state s;
	struct error err;

	(void)state;
	assert_int_equal(add_sample(j, 0, &err), 0);
	assert_int_equal(load(&s, &r, &err), 0);
	state_release(&s);
	assert_int_equal(journal_open(folder, seal, &r, &other, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_int_equal(add_sample(j, 1, &err), 0);
	finish(j, false);
	/* It grew since it was read: whoever read it knows too little. */
	assert_int_equal(journal_open(folder, seal, &r, &other, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_int_equal(journal_open(folder, seal, NULL, &other, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
}

static void removal_leaves_nothing(void **state)
{
	struct journal *j = begin(NULL);
	struct error err;

	(void)state;
	assert_int_equal(add_sample(j, 0, &err), 0);
	assert_int_equal(journal_sync(j, &err), 0);
	finish(j, true);
	assert_int_equal(access(path, F_OK), -1);
}

/* As a kill leaves it: made and empty, with its first line, with a part. */
static void what_was_just_made_is_cleared(void **state)
{
	static const char *const left[] = { "", "dmsl jour",
					    "dmsl journal 1\n" };
	struct journal_replay r;
	struct journal *j;
	struct error err;

	(void)state;
	assert_int_equal(journal_clear(folder, seal, &err), 0);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		set_file(str_from(left[i]));
		assert_int_equal(
		    journal_load(folder, seal, NULL, &arena, &r, &err), 0);
		assert_int_equal(r.begin.kind, 0);
		assert_int_equal(journal_clear(folder, seal, &err), 0);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* Never one that says something. */
	j = begin(NULL);
	assert_int_equal(add_sample(j, 0, &err), 0);
	finish(j, false);
	assert_int_equal(journal_clear(folder, seal, &err), -1);
	assert_int_equal(access(path, F_OK), 0);
}

/* Those that depend on what moved do so where it is now. */
static void a_move_takes_its_users_along(void **unused)
{
	struct str old[] = { STR("net.a"), STR("vpc.a") };
	struct state_resource user = { .address = STR("vpc.user"),
				       .type = STR("vpc"),
				       .provider = STR("local"),
				       .id = STR("vpc-9"),
				       .attrs = attrs("user"),
				       .deps = old,
				       .n_deps = 2 };
	struct state_resource moved = user;
	struct journal_record r = make(JOURNAL_DONE, "vpc.a", "move", "");
	struct journal_replay replay;
	struct state state;
	struct journal *j = begin(NULL);
	struct error err;

	(void)unused;
	moved.address = STR("box.b");
	moved.n_deps = 0;
	r.resource = &moved;
	assert_int_equal(add_sample(j, 0, &err), 0);
	assert_int_equal(journal_add(j, &r, &err), 0);
	finish(j, false);
	state_init(&state, &arena);
	state.uid = STR(UID);
	state_put(&state, &user);
	user.address = STR("vpc.a");
	user.n_deps = 0;
	state_put(&state, &user);
	assert_int_equal(
	    journal_load(folder, seal, &state, &arena, &replay, &err), 0);
	assert_null(state_find(&state, STR("vpc.a")));
	assert_non_null(state_find(&state, STR("box.b")));
	user = *state_find(&state, STR("vpc.user"));
	assert_int_equal(user.n_deps, 2);
	assert_true(str_is(user.deps[0], "box.b"));
	assert_true(str_is(user.deps[1], "net.a"));
	state_release(&state);
}

static void secrets_need_a_key(void **state)
{
	struct journal *j;
	struct error err;

	(void)state;
	assert_int_equal(journal_open(folder, NULL, NULL, &j, &err), 0);
	assert_int_equal(add_sample(j, 0, &err), 0);
	assert_int_equal(add_sample(j, 1, &err), -1);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_int_equal(add_sample(j, 6, &err), 0);
	finish(j, false);
}

/* In a child: the limit of a file's size is a full disk that tests can have. */
static int fill_up(size_t limit)
{
	struct rlimit most = { limit, limit };
	struct journal *j = begin(NULL);
	struct error err = { 0 };
	struct error second;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &most) < 0)
		return 1;
	for (int i = 0; i < SAMPLES; i++) {
		if (add_sample(j, i, &err) == 0)
			continue;
		if (err.kind != ERROR_QUOTA || !strstr(err.message, path) ||
		    !*err.hint)
			return 2;
		/* For good: later calls say the same. */
		if (journal_sync(j, &second) == 0 ||
		    strcmp(second.message, err.message) != 0 ||
		    add_sample(j, i, &second) == 0)
			return 3;
		return 0;
	}
	return 4;
}

static void a_full_disk_leaves_nothing_half(void **state)
{
	size_t size = write_sample(SAMPLES, true).n;

	(void)state;
	for (size_t limit = FRAME_MAGIC_SIZE; limit < size; limit += 97) {
		struct journal_replay r;
		struct state s;
		struct error err;
		int status;
		pid_t pid;

		unlink(path);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(fill_up(limit));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(load(&s, &r, &err), 0);
		assert_int_equal(r.torn_bytes, 0);
		check_prefix(&s, &r, (int)r.next_sequence - 1);
		state_release(&s);
	}
}

static size_t file_size(void)
{
	struct error err;
	struct str text;

	assert_int_equal(file_read(path, 1 << 26, &arena, &text, &err), 0);
	return text.n;
}

static void add_waiting(struct journal *j, const char *address)
{
	struct state_resource a = { .address = str_from(address),
				    .type = STR("data"),
				    .provider = STR("core"),
				    .id = STR("data-1"),
				    .attrs = attrs("waits") };
	struct journal_record r = make(JOURNAL_DONE, address, "create", "");
	struct error err;

	r.resource = &a;
	r.may_wait = true;
	assert_int_equal(journal_add(j, &r, &err), 0);
}

/* Records that may wait go with the next that may not, in their order. */
static void what_may_wait_is_one_write(void **state)
{
	struct journal *j = begin(NULL);
	struct journal_replay r;
	struct error err;
	struct state s;
	size_t before, after;

	(void)state;
	assert_int_equal(add_sample(j, 0, &err), 0);
	before = file_size();
	add_waiting(j, "data.a");
	add_waiting(j, "data.b");
	assert_int_equal(file_size(), before);
	assert_int_equal(add_sample(j, 1, &err), 0);
	assert_int_equal(load(&s, &r, &err), 0);
	assert_int_equal(r.next_sequence, 5);
	assert_int_equal(r.n_open, 1);
	assert_int_equal(state_count(&s), 2);
	state_release(&s);

	before = file_size();
	add_waiting(j, "data.c");
	assert_int_equal(file_size(), before);
	assert_int_equal(journal_sync(j, &err), 0);
	after = file_size();
	assert_true(after > before);
	add_waiting(j, "data.d");
	finish(j, false);
	assert_true(file_size() > after);
	assert_int_equal(load(&s, &r, &err), 0);
	assert_int_equal(state_count(&s), 4);
	state_release(&s);
}

/* Many do not pile up in memory until something else happens. */
static void what_may_wait_has_a_limit(void **state)
{
	struct journal *j = begin(NULL);
	struct error err;
	size_t before;

	(void)state;
	assert_int_equal(add_sample(j, 0, &err), 0);
	before = file_size();
	for (int i = 0; i < 2000; i++)
		add_waiting(j, "data.a");
	assert_true(file_size() > before + (256 << 10));
	finish(j, true);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, clear, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(crc32c_is_castagnoli),
		TEST(no_journal_is_no_error),
		TEST(every_prefix_of_records_is_replayed),
		TEST(every_prefix_of_bytes_is_a_prefix_of_records),
		TEST(every_flipped_bit_is_found),
		TEST(holes_are_torn_unless_they_were_durable),
		TEST(missing_and_foreign_records_are_found),
		TEST(what_has_ended_is_not_applied_again),
		TEST(a_move_is_whole),
		TEST(a_further_run_keeps_what_is_open),
		TEST(one_writer_at_a_time),
		TEST(removal_leaves_nothing),
		TEST(what_was_just_made_is_cleared),
		TEST(a_move_takes_its_users_along),
		TEST(secrets_need_a_key),
		TEST(a_full_disk_leaves_nothing_half),
		TEST(what_may_wait_is_one_write),
		TEST(what_may_wait_has_a_limit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
