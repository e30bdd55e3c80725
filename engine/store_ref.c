#include <config.h>

/*
 * Moving a ref so that a kill at any instant leaves nothing behind for a human.
 *
 * git locks a ref by a file REF.lock; killed in between, that file stays and
 * says nothing of its maker. So before dmsl moves a ref it writes the ref's
 * name to <git common dir>/dmsl/moving, under flock(), which ends with the
 * process, and empties the file afterwards. Who gets the flock and finds a name
 * knows that a dmsl died in the middle of moving that ref; if REF.lock is there
 * and then stands still, it is what was left behind, and is removed. Other
 * locks are never touched.
 */

#include "engine/store_private.h"

#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	WAIT_MS = 15000,	/* for a lock of somebody else */
	STILL_MS = 1000,	/* after that a lock is nobody's */
	STILL_PACKED_MS = 5000, /* the same for packed-refs, a longer write */
	NAME_MOST = 1024,
};

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Removes a lock that stands still for so long; a moving one is left. */
static void remove_still_lock(struct store *s, const char *path, int ms)
{
	struct stat first;
	struct stat now;

	if (stat(path, &first) < 0)
		return;
	for (int waited = 0; waited < ms; waited += 50) {
		clock_sleep_ms(50);
		if (stat(path, &now) < 0 || !is_same_file(&first, &now))
			return;
	}
	if (unlink(path) == 0)
		snprintf(s->note, sizeof(s->note),
			 "removed \"%s\", which a killed run left behind",
			 path);
}

static void clean_up(struct store *s, const char *ref)
{
	const char *common = repo_common_folder(s->repo);
	struct arena scratch = { 0 };

	remove_still_lock(s, str_fmt(&scratch, "%s/%s.lock", common, ref).s,
			  STILL_MS);
	remove_still_lock(s, str_fmt(&scratch, "%s/packed-refs.lock", common).s,
			  STILL_PACKED_MS);
	arena_release(&scratch);
}

static int lock_marker(const char *path, int *fd, struct error *err)
{
	int64_t until = clock_ms() + WAIT_MS;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd < 0)
		return error_errno(err, "could not create \"%s\"", path);
	while (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			error_errno(err, "could not lock \"%s\"", path);
			close(*fd);
			return -1;
		}
		if (clock_ms() > until) {
			close(*fd);
			return error_set(err, ERROR_UNAVAILABLE,
					 "another dmsl keeps \"%s\" locked",
					 path);
		}
		clock_sleep_ms(5);
	}
	return 0;
}

/* Writes which ref is about to move, and makes it durable. */
static int mark(int fd, const char *path, const char *ref, struct error *err)
{
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "could not write \"%s\"", path);
	if (file_write_all(fd, ref, strlen(ref), err) < 0)
		return error_add(err, "\"%s\"", path);
	if (fdatasync(fd) < 0)
		return error_errno(err, "could not sync \"%s\"", path);
	return 0;
}

/* What a run that was killed was about to move, or empty. */
static void read_mark(int fd, char *name)
{
	ssize_t n = pread(fd, name, NAME_MOST - 1, 0);

	name[n > 0 ? n : 0] = '\0';
	if (strncmp(name, "refs/", 5) != 0 || strstr(name, ".."))
		name[0] = '\0';
}

static int still_locked(struct store *s, const char *ref, struct error *err)
{
	struct arena scratch = { 0 };
	struct str path =
	    str_fmt(&scratch, "%s/%s.lock", repo_common_folder(s->repo), ref);
	struct stat info;

	if (stat(path.s, &info) == 0) {
		error_set(err, ERROR_UNAVAILABLE,
			  "git keeps \"%s\" locked: \"%s\" is %lld s old", ref,
			  path.s, (long long)(time(NULL) - info.st_mtime));
		error_hint(err, "If no git process runs in this repository, "
				"remove that file.");
	}
	arena_release(&scratch);
	return -1;
}

/*
 * Whether the ref stands where it was to go, or others have gone on from there.
 * A move that failed may have come so far: libgit2 renames the file, then syncs
 * its folder, which git may have removed meanwhile because it packed the refs.
 */
static bool is_moved(struct store *s, const char *ref,
		     const struct repo_oid *to)
{
	struct error ignored;
	struct repo_oid tip;

	return repo_read_ref(s->repo, ref, &tip, &ignored) == 0 &&
	       repo_comes_after(s->repo, &tip, to);
}

static int move_unlocked(struct store *s, const char *ref,
			 const struct repo_oid *from, const struct repo_oid *to,
			 const char *why, struct error *err)
{
	int64_t until = clock_ms() + WAIT_MS;
	int failures = 0;
	int pause = 2;

	while (repo_move_ref(s->repo, ref, from, to, why, err) < 0) {
		if (err->kind == ERROR_CONFLICT)
			return -1;
		if (err->kind == ERROR_UNAVAILABLE && clock_ms() > until)
			return still_locked(s, ref, err);
		/*
		 * No lock and no conflict: git removes a folder of refs when it
		 * becomes empty, perhaps just as we were to write there.
		 */
		if (err->kind != ERROR_UNAVAILABLE) {
			if (is_moved(s, ref, to)) {
				*err = (struct error){ 0 };
				return repo_sync_packed(s->repo, err);
			}
			if (++failures == 5)
				return -1;
		}
		clock_sleep_ms(pause);
		pause = pause < 50 ? pause * 2 : 50;
		*err = (struct error){ 0 };
	}
	return 0;
}

static int make_folder(struct store *s, struct error *err)
{
	if (access(s->folder, F_OK) == 0)
		return 0;
	if (file_make_folders(s->folder, 0755, err) < 0)
		return -1;
	return file_sync(repo_common_folder(s->repo), err);
}

int store_move_ref(struct store *s, const char *ref,
		   const struct repo_oid *from, const struct repo_oid *to,
		   const char *why, struct error *err)
{
	char left[NAME_MOST];
	struct str path;
	int fd;
	int rc;

	if (make_folder(s, err) < 0)
		return -1;
	path = str_fmt(&s->arena, "%s/moving", s->folder);
	if (lock_marker(path.s, &fd, err) < 0)
		return -1;
	read_mark(fd, left);
	if (*left)
		clean_up(s, left);
	rc = mark(fd, path.s, ref, err);
	if (rc == 0)
		rc = move_unlocked(s, ref, from, to, why, err);
	/* Not worth a failure: a name too many costs the next one a look. */
	if (ftruncate(fd, 0) < 0)
		rc = rc < 0 ? rc : 0;
	close(fd);
	return rc;
}
