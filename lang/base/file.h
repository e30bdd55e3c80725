#ifndef DMSL_LANG_BASE_FILE_H
#define DMSL_LANG_BASE_FILE_H

/*
 * Files as a whole: read with a limit, replaced so that readers see the old or
 * the new, made durable. Every function returns 0, or -1 with err.
 */

#include "lang/base/str.h"

#include <sys/types.h>

struct arena;
struct buf;
struct error;

/* Reads all of a file that has at most max bytes; it ends in two NULs. */
int file_read(const char *path, size_t max, struct arena *a, struct str *out,
	      struct error *err);
/*
 * Writes aside, syncs, renames over path and syncs the folder: after a crash
 * the file is the old or the new one. A file left aside by a crash is
 * PATH.tmp and is overwritten by the next call.
 */
int file_replace(const char *path, struct str text, mode_t mode,
		 struct error *err);
/*
 * The same in pieces: what was written takes the place of path in the end, if
 * all went well (rc is 0, which is then the result); else path stays as it is.
 */
struct file_new {
	const char *path; /* of the caller's, until it is closed */
	char *aside, *folder;
	mode_t mode;
	int fd;
};
int file_new_open(struct file_new *f, const char *path, mode_t mode,
		  struct error *err);
int file_new_write(struct file_new *f, struct str text, struct error *err);
/* Over what stands there already. */
int file_new_patch(struct file_new *f, size_t at, struct str text,
		   struct error *err);
int file_new_close(struct file_new *f, int rc, struct error *err);
/* Writes all of it, restarting after signals and short writes. */
int file_write_all(int fd, const void *bytes, size_t n, struct error *err);
/* Syncs a file; or a folder, so that a name made or renamed in it is durable.
 */
int file_sync(const char *path, struct error *err);
/* mkdir -p; the last folder gets mode, those above it 0755. */
int file_make_folders(const char *path, mode_t mode, struct error *err);
/*
 * The names in a folder that end in `ending`, without it, sorted. At most
 * FILE_NAMES_MAX; a folder that is not there, or cannot be read, has none.
 */
enum { FILE_NAMES_MAX = 10000 };
size_t file_names(const char *path, const char *ending, struct arena *a,
		  struct str **out);
/* Removes a file or a whole folder; nothing there is success. */
int file_remove_tree(const char *path, struct error *err);

#endif
