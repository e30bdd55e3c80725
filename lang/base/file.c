#include <config.h>

#include "lang/base/file.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, const char *path, size_t max, struct arena *a,
		    struct str *out, struct error *err)
{
	struct stat info;
	size_t size;
	size_t n = 0;
	char *text;

	if (fstat(fd, &info) < 0)
		return error_errno(err, "could not read \"%s\"", path);
	if (S_ISDIR(info.st_mode))
		return error_set(err, ERROR_INVALID, "\"%s\" is a folder",
				 path);
	if (info.st_size > 0 && (size_t)info.st_size > max)
		return error_set(err, ERROR_QUOTA,
				 "\"%s\" is larger than %zu bytes", path, max);
	/* Pipes and /proc say 0: read until the end, growing as needed. */
	size = info.st_size > 0 ? (size_t)info.st_size : 4096;
	text = arena_new(a, char, size + 2);
	for (;;) {
		ssize_t got = read(fd, text + n, size - n + 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, "could not read \"%s\"", path);
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max)
			return error_set(err, ERROR_QUOTA,
					 "\"%s\" is larger than %zu bytes",
					 path, max);
		if (n > size) {
			char *more = arena_new(a, char, size * 2 + 2);

			memcpy(more, text, n);
			text = more;
			size *= 2;
		}
	}
	text[n] = text[n + 1] = '\0';
	*out = (struct str){ text, n };
	return 0;
}

int file_read(const char *path, size_t max, struct arena *a, struct str *out,
	      struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return error_errno(err, "could not open \"%s\"", path);
	rc = read_all(fd, path, max, a, out, err);
	close(fd);
	return rc;
}

int file_write_all(int fd, const void *bytes, size_t n, struct error *err)
{
	const char *p = bytes;

	while (n) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_errno(err, "could not write");
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

/* The folder that a path stands in, "." for a bare name. The caller frees. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	char *folder;

	if (!slash)
		path = ".", n = 1;
	else if (n == 0)
		n = 1;
	folder = xmalloc(n + 1);
	memcpy(folder, path, n);
	folder[n] = '\0';
	return folder;
}

int file_sync(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return error_errno(err, "could not open \"%s\"", path);
	rc = fsync(fd);
	if (rc < 0)
		error_errno(err, "could not sync \"%s\"", path);
	close(fd);
	return rc;
}

/*
 * The file aside has one name, so that a kill leaves one behind at most. Who
 * holds its lock owns it, as long as it still has that name.
 */
static int open_aside(const char *path, mode_t mode, struct error *err)
{
	for (;;) {
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
		struct stat ours, there;
		int rc;

		if (fd < 0)
			return error_errno(err, "could not create \"%s\"",
					   path);
		do
			rc = flock(fd, LOCK_EX);
		while (rc < 0 && errno == EINTR);
		if (rc < 0 || fstat(fd, &ours) < 0) {
			error_errno(err, "could not lock \"%s\"", path);
			close(fd);
			return -1;
		}
		if (stat(path, &there) == 0 && there.st_dev == ours.st_dev &&
		    there.st_ino == ours.st_ino)
			return fd;
		/* It was renamed while we waited: somebody's new file. */
		close(fd);
	}
}

int file_new_open(struct file_new *f, const char *path, mode_t mode,
		  struct error *err)
{
	size_t n = strlen(path);

	*f = (struct file_new){
		.path = path,
		.aside = xmalloc(n + sizeof(".tmp")),
		.folder = folder_of(path),
		.mode = mode,
	};
	memcpy(f->aside, path, n);
	memcpy(f->aside + n, ".tmp", sizeof(".tmp"));
	f->fd = open_aside(f->aside, mode, err);
	if (f->fd < 0)
		return -1;
	return ftruncate(f->fd, 0) < 0
		   ? error_errno(err, "could not empty \"%s\"", f->aside)
		   : 0;
}

int file_new_write(struct file_new *f, struct str text, struct error *err)
{
	if (file_write_all(f->fd, text.s, text.n, err) < 0)
		return error_add(err, "\"%s\"", f->aside);
	return 0;
}

int file_new_patch(struct file_new *f, size_t at, struct str text,
		   struct error *err)
{
	off_t end = lseek(f->fd, 0, SEEK_CUR);

	if (end < 0 || lseek(f->fd, (off_t)at, SEEK_SET) < 0)
		return error_errno(err, "could not write: \"%s\"", f->aside);
	if (file_new_write(f, text, err) < 0)
		return -1;
	if (lseek(f->fd, end, SEEK_SET) < 0)
		return error_errno(err, "could not write: \"%s\"", f->aside);
	return 0;
}

/* The file may be a left-over with another mode. */
static int put_in_place(struct file_new *f, struct error *err)
{
	if (fchmod(f->fd, f->mode) < 0 || fsync(f->fd) < 0)
		return error_errno(err, "could not sync \"%s\"", f->aside);
	if (rename(f->aside, f->path) < 0)
		return error_errno(err, "could not replace \"%s\"", f->path);
	return 0;
}

int file_new_close(struct file_new *f, int rc, struct error *err)
{
	if (rc == 0)
		rc = put_in_place(f, err);
	if (f->fd >= 0) {
		if (rc < 0)
			unlink(f->aside);
		/* With it goes the lock. */
		close(f->fd);
	}
	if (rc == 0)
		rc = file_sync(f->folder, err);
	free(f->aside);
	free(f->folder);
	return rc;
}

int file_replace(const char *path, struct str text, mode_t mode,
		 struct error *err)
{
	struct file_new f;
	int rc = file_new_open(&f, path, mode, err);

	if (rc == 0)
		rc = file_new_write(&f, text, err);
	return file_new_close(&f, rc, err);
}

int file_make_folders(const char *path, mode_t mode, struct error *err)
{
	size_t n = strlen(path);
	char *part = xmalloc(n + 1);
	int rc = 0;

	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n && rc == 0; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, i == n ? mode : 0755) < 0 && errno != EEXIST)
			rc = error_errno(err, "could not make folder \"%s\"",
					 part);
		if (i < n)
			part[i] = '/';
	}
	free(part);
	return rc;
}

static int remove_one(const char *path, const struct stat *info, int type,
		      struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int file_remove_tree(const char *path, struct error *err)
{
	/* Depth first, never through a symbolic link or to another mount. */
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
	    errno != ENOENT)
		return error_errno(err, "could not remove \"%s\"", path);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

size_t file_names(const char *path, const char *ending, struct arena *a,
		  struct str **out)
{
	VEC(struct str) names = { 0 };
	DIR *folder = opendir(path);
	const struct dirent *entry;

	*out = NULL;
	if (!folder)
		return 0;
	while (names.n < FILE_NAMES_MAX && (entry = readdir(folder))) {
		struct str name = str_from(entry->d_name);

		if (!str_ends(name, ending))
			continue;
		name.n -= strlen(ending);
		*vec_push(&names) = str_dup(name, a);
	}
	closedir(folder);
	if (names.n)
		qsort(names.items, names.n, sizeof(*names.items),
		      compare_names);
	*out = vec_take(&names, a);
	return names.n;
}
