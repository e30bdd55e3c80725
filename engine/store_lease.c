#include <config.h>

/*
 * The lease: a ref to a blob of JSON,
 *
 *	{"boot_id":"…","deadline_ms":7200000,"host":"…","lease_ms":300000,
 *	 "machine":"…","owner":"…","pid":4711,"pid_ns":"…","run_id":"…",
 *	 "start_time":123456}
 *
 * Whoever holds it is a process. On this machine one can be told to be gone for
 * certain: the boot is another one, or there is no process of that number and
 * start time. Then the lease is broken at once, by compare-and-swap from the
 * dead blob, so that of several who find it one wins.
 *
 * Of a process of another machine, or in a container whose processes we cannot
 * see, only the lease itself speaks. Its owner renews it: a new deadline makes
 * a new blob. Who has seen one and the same blob for lease_ms, by a clock of
 * its own that counts while the machine sleeps, may break it. No clocks are
 * compared: deadline_ms is the owner's (CLOCK_BOOTTIME) and means nothing to
 * others. What was seen first, and when, is kept between commands in
 * lease-seen beside the journal: "OID BOOT-ID MILLISECONDS".
 *
 * So the owner looks before every call with an effect: the ref must be its blob
 * still. Past the deadline somebody may be about to break it, so it must be
 * renewed before; that is a compare-and-swap, and only one of the two wins. A
 * machine that was suspended finds out in this way, too. It is renewed at half
 * its time, so a call that was begun has the other half to end.
 */

#include "engine/store.h"

#include "engine/store_private.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "lang/value.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TRIES = 100,
	LEASE_MS = 5 * 60 * 1000,
	LEASE_MOST_MS = 24 * 60 * 60 * 1000, /* that others may ask for */
	FILE_MOST = 64 * 1024,
};

struct holder {
	struct str owner, host, machine, boot_id, pid_ns, run_id;
	int64_t pid, start_time;
	int64_t lease_ms, deadline_ms;
};

/* A small file's text without its newline; empty when it cannot be read. */
static struct str read_small(const char *path, struct arena *a)
{
	struct error err;
	struct str text;

	if (file_read(path, FILE_MOST, a, &text, &err) < 0)
		return (struct str){ 0 };
	return str_trim(text);
}

/*
 * When a process began, in ticks since the boot; 0: there is none, or it is a
 * zombie; -1: it cannot be told.
 */
static int64_t start_time_of(int64_t pid, struct arena *a)
{
	struct str text;
	struct str field = { 0 };
	ptrdiff_t end;
	uint64_t ticks;

	text = read_small(str_fmt(a, "/proc/%lld/stat", (long long)pid).s, a);
	/* The command's name, in parentheses, may hold anything. */
	end = str_rfind(text, ')');
	if (text.n == 0 || end < 0)
		return kill((pid_t)pid, 0) < 0 && errno == ESRCH ? 0 : -1;
	text = str_skip(text, (size_t)end + 2);
	if (str_starts(text, "Z") || str_starts(text, "X"))
		return 0;
	/* Field 22; the state, just seen, is field 3. */
	for (int i = 3; i <= 22; i++)
		field = str_cut(&text, ' ');
	return str_to_u64(field, &ticks) && ticks <= INT64_MAX ? (int64_t)ticks
							       : -1;
}

/* A digest: the machine's id itself is meant to stay on it. */
static struct str machine(struct arena *a)
{
	struct str id = read_small("/etc/machine-id", a);
	char hex[DIGEST_HEX_SIZE];

	if (id.n == 0)
		return id;
	digest_sha256_hex(str_fmt(a, "dmsl %.*s", STR_ARG(id)), hex);
	return str_sub(str_dup(str_from(hex), a), 0, 16);
}

static struct str owner(struct arena *a)
{
	struct passwd *p = getpwuid(geteuid());

	return p ? str_dup(str_from(p->pw_name), a)
		 : str_fmt(a, "%ld", (long)geteuid());
}

static struct holder ourselves(struct str run_id, struct arena *a)
{
	char host[256] = "";
	char ns[64] = "";
	struct holder h = {
		.owner = owner(a),
		.machine = machine(a),
		.boot_id = read_small("/proc/sys/kernel/random/boot_id", a),
		.run_id = run_id,
		.pid = getpid(),
	};
	ssize_t n = readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1);

	gethostname(host, sizeof(host) - 1);
	h.host = str_dup(str_from(host), a);
	h.pid_ns = str_dup((struct str){ ns, n > 0 ? (size_t)n : 0 }, a);
	h.start_time = start_time_of(h.pid, a);
	return h;
}

static struct str write_holder(const struct holder *h, struct arena *a)
{
	struct value_entry entries[] = {
		{ STR("owner"), value_str(h->owner) },
		{ STR("host"), value_str(h->host) },
		{ STR("machine"), value_str(h->machine) },
		{ STR("boot_id"), value_str(h->boot_id) },
		{ STR("pid_ns"), value_str(h->pid_ns) },
		{ STR("run_id"), value_str(h->run_id) },
		{ STR("pid"), value_int(h->pid) },
		{ STR("start_time"), value_int(h->start_time) },
		{ STR("lease_ms"), value_int(h->lease_ms) },
		{ STR("deadline_ms"), value_int(h->deadline_ms) },
	};
	struct buf b;
	struct str text;

	buf_init(&b, FILE_MOST);
	json_write(
	    &b, value_map(entries, sizeof(entries) / sizeof(*entries), a), 0);
	buf_add_char(&b, '\n');
	text = str_dup(buf_str(&b), a);
	buf_release(&b);
	return text;
}

static int read_holder(struct store *s, const struct repo_oid *blob,
		       struct arena *a, struct holder *h, struct error *err)
{
	struct value json;
	struct str text;

	if (repo_read_blob(s->repo, blob, a, &text, err) < 0)
		return -1;
	if (json_read(text, a, &json, err) < 0) {
		err->kind = ERROR_CORRUPT;
		return error_add(err, "lease \"%s\"", s->lease);
	}
	*h = (struct holder){
		.owner = value_text(json, "owner"),
		.host = value_text(json, "host"),
		.machine = value_text(json, "machine"),
		.boot_id = value_text(json, "boot_id"),
		.pid_ns = value_text(json, "pid_ns"),
		.run_id = value_text(json, "run_id"),
		.pid = value_number(json, "pid", 0),
		.start_time = value_number(json, "start_time", 0),
		.lease_ms = value_number(json, "lease_ms", LEASE_MS),
		.deadline_ms = value_number(json, "deadline_ms", 0),
	};
	if (h->lease_ms < 0 || h->lease_ms > LEASE_MOST_MS)
		h->lease_ms = LEASE_MOST_MS;
	return 0;
}

static bool is_gone(const struct holder *h, const struct holder *us,
		    struct arena *a)
{
	int64_t began;

	if (!str_eq(h->boot_id, us->boot_id))
		return str_eq(h->host, us->host) &&
		       str_eq(h->machine, us->machine) && h->boot_id.n > 0;
	/* The same boot is the same machine, whatever it calls itself. */
	if (!str_eq(h->pid_ns, us->pid_ns) || h->pid <= 0 || h->pid > INT32_MAX)
		return false;
	began = start_time_of(h->pid, a);
	if (began == 0)
		return true;
	return began > 0 && h->start_time > 0 && began != h->start_time;
}

/* What can be told of the process itself has been told by is_gone(). */
static bool is_elsewhere(const struct holder *h, const struct holder *us)
{
	return !str_eq(h->boot_id, us->boot_id) ||
	       !str_eq(h->pid_ns, us->pid_ns);
}

static const char *seen_path(const struct store *s, struct arena *a)
{
	return str_fmt(a, "%s/lease-seen", s->stack_folder).s;
}

/* For how long we know the blob; -1: it was not seen before. */
static int64_t seen_for(const struct store *s, const struct repo_oid *blob,
			const struct holder *us, struct arena *a)
{
	struct str text = read_small(seen_path(s, a), a);
	struct str oid = str_cut(&text, ' '), boot = str_cut(&text, ' ');
	uint64_t at;

	if (!str_is(oid, blob->hex) || !str_eq(boot, us->boot_id) ||
	    !str_to_u64(text, &at) || at > INT64_MAX)
		return -1;
	return clock_ms() - (int64_t)at;
}

static bool is_silent(const struct store *s, const struct repo_oid *blob,
		      const struct holder *h, const struct holder *us,
		      struct arena *a)
{
	int64_t seen;

	if (!is_elsewhere(h, us))
		return false;
	seen = seen_for(s, blob, us, a);
	return seen >= 0 && seen > h->lease_ms;
}

/* From now on the time of this blob runs; what fails here only delays that. */
static void remember(const struct store *s, const struct repo_oid *blob,
		     const struct holder *us, struct arena *a)
{
	struct str text = str_fmt(a, "%s %.*s %lld\n", blob->hex,
				  STR_ARG(us->boot_id), (long long)clock_ms());
	struct error ignored;

	if (seen_for(s, blob, us, a) < 0 &&
	    file_make_folders(s->stack_folder, 0700, &ignored) == 0 &&
	    file_replace(seen_path(s, a), text, 0600, &ignored) < 0)
		return;
}

static int held_by(const struct store *s, const struct holder *h,
		   const struct holder *us, struct error *err)
{
	error_set(err, ERROR_CONFLICT,
		  "stack \"%.*s\" is being changed by %.*s on %.*s (process "
		  "%lld, run %.12s)",
		  STR_ARG(s->stack), STR_ARG(h->owner), STR_ARG(h->host),
		  (long long)h->pid, h->run_id.n >= 12 ? h->run_id.s : "?");
	if (!is_elsewhere(h, us))
		return error_hint(err, "Wait until it has ended. If it is "
				       "gone, that is noticed by itself.");
	return error_hint(err,
			  "Wait until it has ended. If it is gone, its lease "
			  "is taken over by the first run that finds it "
			  "unchanged after %lld s; if that is certain, at once "
			  "after: git update-ref -d %s",
			  (long long)(h->lease_ms / 1000), s->lease);
}

/* 1: somebody else was faster. */
static int take(struct store *s, const struct repo_oid *from,
		const struct repo_oid *ours, struct error *err)
{
	if (store_move_ref(s, s->lease, from, ours, "dmsl: lease", err) == 0) {
		s->held = *ours;
		return 0;
	}
	if (err->kind != ERROR_CONFLICT)
		return -1;
	*err = (struct error){ 0 };
	return 1;
}

static void set_deadline(const struct store *s, struct holder *us)
{
	us->lease_ms = s->lease_ms ? s->lease_ms : LEASE_MS;
	us->deadline_ms = clock_ms() + us->lease_ms;
}

int store_lease(struct store *s, struct str run_id, struct arena *a,
		struct str *broken, struct error *err)
{
	struct holder us = ourselves(run_id, a);
	struct repo_oid ours;
	int rc = 1;

	*broken = (struct str){ 0 };
	set_deadline(s, &us);
	if (repo_write_blob(s->repo, write_holder(&us, a), &ours, err) < 0)
		return -1;
	for (int i = 0; i < TRIES && rc == 1; i++) {
		struct holder h = { 0 };
		struct repo_oid now;

		if (repo_read_ref(s->repo, s->lease, &now, err) < 0)
			return -1;
		if (*now.hex) {
			if (read_holder(s, &now, a, &h, err) < 0)
				return -1;
			if (!is_gone(&h, &us, a) &&
			    !is_silent(s, &now, &h, &us, a)) {
				remember(s, &now, &us, a);
				return held_by(s, &h, &us, err);
			}
		}
		rc = take(s, &now, &ours, err);
		if (rc == 0) {
			s->held_run = str_dup(run_id, &s->arena);
			s->deadline_ms = us.deadline_ms;
			*broken = h.run_id;
		} else if (rc == 1)
			clock_sleep_ms(1 + i % 5);
	}
	if (rc == 1)
		return error_set(err, ERROR_UNAVAILABLE,
				 "\"%s\" moved %d times while it was taken",
				 s->lease, TRIES);
	return rc;
}

/* It is somebody else's, or nobody's: `now` says which. */
static int lost(struct store *s, const struct repo_oid *now, struct arena *a,
		struct error *err)
{
	struct holder h;
	struct error ignored;

	s->held = (struct repo_oid){ 0 };
	if (!*now->hex || read_holder(s, now, a, &h, &ignored) < 0)
		error_set(err, ERROR_CONFLICT,
			  "the lease of stack \"%.*s\" was taken away from "
			  "this run",
			  STR_ARG(s->stack));
	else
		error_set(err, ERROR_CONFLICT,
			  "the lease of stack \"%.*s\" was taken over by %.*s "
			  "on %.*s (process %lld)",
			  STR_ARG(s->stack), STR_ARG(h.owner), STR_ARG(h.host),
			  (long long)h.pid);
	return error_hint(err,
			  "This run did nothing more from then on. What it had "
			  "begun is in its journal: apply again. See who "
			  "changed the stack meanwhile: git log %s",
			  s->branch + strlen("refs/heads/"));
}

/* Gives it a new deadline. 1: it is not ours any more. */
static int renew(struct store *s, struct arena *a, struct error *err)
{
	struct holder us = ourselves(s->held_run, a);
	struct repo_oid next;
	int rc;

	set_deadline(s, &us);
	if (repo_write_blob(s->repo, write_holder(&us, a), &next, err) < 0)
		return -1;
	rc = take(s, &s->held, &next, err);
	if (rc == 0)
		s->deadline_ms = us.deadline_ms;
	return rc;
}

static int hold(struct store *s, struct arena *a, struct error *err)
{
	struct repo_oid now = { 0 };
	int rc;

	if (!*s->held.hex)
		return lost(s, &now, a, err);
	if (repo_read_ref(s->repo, s->lease, &now, err) < 0)
		return error_add(err, "lease \"%s\"", s->lease);
	if (strcmp(now.hex, s->held.hex) != 0)
		return lost(s, &now, a, err);
	if (store_hold_in_ms(s) > 0)
		return 0;
	rc = renew(s, a, err);
	if (rc == 1) {
		if (repo_read_ref(s->repo, s->lease, &now, err) < 0)
			now = (struct repo_oid){ 0 };
		return lost(s, &now, a, err);
	}
	/* As long as it is valid, it may be tried again. */
	if (rc < 0 && clock_ms() >= s->deadline_ms)
		return error_add(err, "the lease \"%s\" could not be renewed",
				 s->lease);
	return 0;
}

int store_hold(struct store *s, struct error *err)
{
	struct arena scratch = { 0 };
	int rc = hold(s, &scratch, err);

	if (rc == 0)
		*err = (struct error){ 0 };
	arena_release(&scratch);
	return rc;
}

int64_t store_hold_in_ms(const struct store *s)
{
	int64_t half = (s->lease_ms ? s->lease_ms : LEASE_MS) / 2;
	int64_t left = s->deadline_ms - half - clock_ms();

	return left > 0 ? left : 0;
}

int store_unlease(struct store *s, struct error *err)
{
	struct repo_oid none = { 0 };
	struct arena scratch = { 0 };

	if (!*s->held.hex)
		return 0;
	if (store_move_ref(s, s->lease, &s->held, &none, "dmsl: lease", err) ==
	    0) {
		s->held = none;
		return 0;
	}
	if (err->kind != ERROR_CONFLICT)
		return -1;
	lost(s, &none, &scratch, err);
	arena_release(&scratch);
	return -1;
}

bool store_is_leased(struct store *s)
{
	struct arena scratch = { 0 };
	struct holder us = ourselves(STR(""), &scratch);
	struct holder h;
	struct repo_oid now;
	struct error err;
	bool is_live;

	is_live = repo_read_ref(s->repo, s->lease, &now, &err) == 0 &&
		  *now.hex && read_holder(s, &now, &scratch, &h, &err) == 0 &&
		  !is_gone(&h, &us, &scratch) &&
		  !is_silent(s, &now, &h, &us, &scratch);
	arena_release(&scratch);
	return is_live;
}
