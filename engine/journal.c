#include <config.h>

/*
 * The file. A line "dmsl journal 1", then frames, each of them
 *
 *	SEQUENCE SIZE DURABLE CRC HEADCRC\n
 *	PAYLOAD\n
 *
 * in 16, 8, 16, 8 and 8 hex digits. SEQUENCE counts from 1. SIZE and CRC
 * (CRC-32C) are those of the payload, HEADCRC is that of what stands before it.
 * DURABLE says up to which byte the file had been synced when the frame was
 * written. The payload is an object of JSON, the members of struct
 * journal_record that are set, with values in the notation of codec.c: secrets
 * are sealed. memo and message never hold a secret.
 *
 * Torn or damaged. A frame is good when all of it is there, both sums are right
 * and its number follows. At the first that is not:
 *
 *  - the file ends within it: torn, by a kill or a full disk in the middle of
 *    the last write;
 *  - a sector (512 bytes) from there on is all zero: a power cut before the
 *    sync, which may also leave later frames of the same group. Torn, unless a
 *    later frame's DURABLE says that these bytes had been synced;
 *  - anything else is damage, and an error: a record of which somebody relied
 *    to be there cannot be read, so nobody may go on as if it were not.
 *
 * What is torn was never durable, so no call to the outside rests on it. It is
 * cut off when the journal is opened again, before anything is added.
 *
 * Recovery. journal_load() applies done records (and failed ones that carry a
 * resource) to the state in their order; a resource with an address of its own
 * was moved there from that of the record. Intents without either are what was
 * under way. A begin record after others starts a further run in the same
 * file. What stands before an end record is in the committed state already and
 * counts no more.
 *
 * Failure. What cannot be written or synced ends the use of the journal: a
 * second fdatasync() may report success for pages that were dropped. A record
 * that was written in part is cut off again at once.
 */

#include "engine/journal.h"

#include "engine/codec.h"
#include "engine/journal_frame.h"
#include "engine/journal_record.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITING_MOST = 256 << 10 };

struct journal {
	struct arena arena; /* of the two paths */
	struct buf payload; /* of the record in work */
	struct buf waiting; /* frames that are not written yet */
	const char *folder, *path;
	int fd;
	const struct seal *seal;
	struct codec codec;
	bool has_begin;
	uint64_t sequence; /* of the next record */
	uint64_t size, durable;
	struct error failure; /* set: every later call fails with it */
};

/* Every failure is for good. */
static int fail(struct journal *j, struct error *err)
{
	if (!*err->hint)
		error_hint(err, "Make room or repair the disk, then run the "
				"same command again: it takes up what was "
				"begun.");
	error_add(err, "journal \"%s\"", j->path);
	j->failure = *err;
	return -1;
}

/* Folder, its names, and the file's name: all durable before the first use. */
static int sync_parents(const char *folder, struct error *err)
{
	struct str path = str_from(folder);
	struct arena scratch = { 0 };
	int rc = 0;

	/* dev, dmsl, .git: the git directory itself was there before. */
	for (int i = 0; i < 3 && rc == 0 && path.n; i++) {
		ptrdiff_t slash = str_rfind(path, '/');

		rc = file_sync(str_c(path, &scratch), err);
		path = str_sub(path, 0, slash > 0 ? (size_t)slash : 0);
	}
	arena_release(&scratch);
	return rc;
}

static int add_bytes(struct journal *j, struct str bytes, struct error *err)
{
	if (file_write_all(j->fd, bytes.s, bytes.n, err) == 0) {
		j->size += bytes.n;
		return 0;
	}
	/* If this fails as well, the rest is cut off when it is opened. */
	if (ftruncate(j->fd, (off_t)j->size) < 0)
		error_add(err, "and a part stays");
	return fail(j, err);
}

static int start_empty(struct journal *j, struct error *err)
{
	j->sequence = 1;
	j->size = 0;
	if (ftruncate(j->fd, 0) < 0)
		return error_errno(err, "could not empty \"%s\"", j->path);
	if (add_bytes(j, STR(FRAME_MAGIC), err) < 0)
		return -1;
	if (fsync(j->fd) < 0)
		return error_errno(err, "could not sync \"%s\"", j->path);
	j->durable = j->size;
	return sync_parents(j->folder, err);
}

/* Walks to the end of what is good and cuts off the rest. */
static int resume(struct journal *j, const struct journal_replay *r,
		  struct frame_scan *scan, struct error *err)
{
	struct frame f;
	int rc;

	do
		rc = frame_scan_next(scan, &f, err);
	while (rc > 0);
	if (rc < 0)
		return -1;
	if (scan->sequence != r->next_sequence)
		return error_set(err, ERROR_CONFLICT,
				 "journal \"%s\" has changed since it was read",
				 j->path);
	if (ftruncate(j->fd, (off_t)scan->at) < 0)
		return error_errno(err, "could not cut \"%s\"", j->path);
	/* Whoever wrote it may have been killed before it synced. */
	if (fsync(j->fd) < 0)
		return error_errno(err, "could not sync \"%s\"", j->path);
	j->sequence = scan->sequence;
	j->size = j->durable = scan->at;
	return sync_parents(j->folder, err);
}

static int take_up(struct journal *j, const struct journal_replay *r,
		   struct error *err)
{
	struct arena scratch = { 0 };
	struct frame_scan scan;
	struct str text;
	int rc;

	rc = file_read(j->path, JOURNAL_MOST, &scratch, &text, err);
	if (rc == 0)
		rc = frame_scan_start(&scan, text, err);
	if (rc == 0 && r && r->begin.kind && !r->has_end) {
		codec_release(&j->codec);
		codec_init(&j->codec, j->seal, r->begin.stack_uid);
		j->has_begin = true;
		rc = resume(j, r, &scan, err);
	} else if (rc == 0) {
		struct frame f;

		if ((!r || !r->has_end) && frame_scan_next(&scan, &f, err))
			rc = error_set(err, ERROR_CONFLICT,
				       "journal \"%s\" holds the records of "
				       "another run",
				       j->path);
		else
			rc = start_empty(j, err);
	}
	arena_release(&scratch);
	return rc;
}

static void discard(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	codec_release(&j->codec);
	buf_release(&j->payload);
	buf_release(&j->waiting);
	arena_release(&j->arena);
	free(j);
}

int journal_open(const char *folder, const struct seal *seal,
		 const struct journal_replay *r, struct journal **out,
		 struct error *err)
{
	struct journal *j = xmalloc(sizeof(*j));
	int rc;

	*out = NULL;
	*j = (struct journal){ .fd = -1, .seal = seal };
	codec_init(&j->codec, seal, STR(""));
	buf_init(&j->payload, FRAME_PAYLOAD_MOST);
	buf_init(&j->waiting,
		 WAITING_MOST + FRAME_PAYLOAD_MOST + FRAME_HEAD_SIZE + 1);
	j->folder = str_c(str_from(folder), &j->arena);
	j->path = str_fmt(&j->arena, "%s/journal", folder).s;
	rc = file_make_folders(folder, 0700, err);
	if (rc == 0) {
		j->fd = open(j->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC,
			     0600);
		if (j->fd < 0)
			rc = error_errno(err, "could not open journal \"%s\"",
					 j->path);
	}
	/* The lease keeps others away; this does, should it ever not. */
	if (rc == 0 && flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		rc =
		    error_set(err, ERROR_CONFLICT,
			      "another run is writing journal \"%s\"", j->path);
	if (rc == 0)
		rc = take_up(j, r, err);
	if (rc < 0)
		discard(j);
	else
		*out = j;
	return rc;
}

static int write_waiting(struct journal *j, struct error *err)
{
	int rc = 0;

	if (j->waiting.len)
		rc = add_bytes(j, buf_str(&j->waiting), err);
	buf_clear(&j->waiting);
	return rc;
}

int journal_add(struct journal *j, struct journal_record *r, struct error *err)
{
	struct frame f = { .sequence = j->sequence, .durable = j->durable };

	if (j->failure.kind) {
		*err = j->failure;
		return -1;
	}
	if (r->kind == JOURNAL_BEGIN) {
		codec_release(&j->codec);
		codec_init(&j->codec, j->seal, r->stack_uid);
		j->has_begin = true;
	}
	/* Where nothing was begun, nothing ends. */
	if (!j->has_begin && r->kind == JOURNAL_END)
		return 0;
	if (!j->has_begin)
		BUG("a journal record before \"begin\"");
	r->sequence = j->sequence;
	buf_clear(&j->payload);
	if (journal_record_write(r, &j->codec, &j->payload, err) < 0)
		return -1;
	f.payload = buf_str(&j->payload);
	frame_write(&f, &j->waiting);
	j->sequence++;
	if (r->may_wait && j->waiting.len < WAITING_MOST)
		return 0;
	return write_waiting(j, err);
}

int journal_sync(struct journal *j, struct error *err)
{
	if (j->failure.kind) {
		*err = j->failure;
		return -1;
	}
	if (write_waiting(j, err) < 0)
		return -1;
	if (j->durable == j->size)
		return 0;
	if (fdatasync(j->fd) < 0) {
		error_errno(err, "could not sync");
		return fail(j, err);
	}
	j->durable = j->size;
	return 0;
}

int journal_close(struct journal *j, bool remove, struct error *err)
{
	int rc = 0;

	if (!j)
		return 0;
	if (!remove && !j->failure.kind)
		rc = write_waiting(j, err);
	if (remove && unlink(j->path) < 0 && errno != ENOENT)
		rc = error_errno(err, "could not remove journal \"%s\"",
				 j->path);
	if (remove && rc == 0)
		rc = file_sync(j->folder, err);
	if (close(j->fd) < 0 && rc == 0 && !remove)
		rc =
		    error_errno(err, "could not close journal \"%s\"", j->path);
	j->fd = -1;
	discard(j);
	return rc;
}

int journal_clear(const char *folder, const struct seal *seal,
		  struct error *err)
{
	struct arena scratch = { 0 };
	bool is_there =
	    access(str_fmt(&scratch, "%s/journal", folder).s, F_OK) == 0;
	struct journal *j;

	arena_release(&scratch);
	if (!is_there)
		return 0;
	if (journal_open(folder, seal, NULL, &j, err) < 0)
		return -1;
	return journal_close(j, true, err);
}
