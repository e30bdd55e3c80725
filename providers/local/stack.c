#include <config.h>

#include "providers/local/stack.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/local/balancer.h"
#include "providers/local/hosts.h"
#include "providers/local/network.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOCK_WAIT_MS = 60000,
	HOME_WAIT_MS = 10000,
	/*
	 * Unix sockets end at 107 bytes; the longest name below the stack's
	 * folder is /db/XXXXXXXXXXXX/.s.PGSQL.65535.lock.
	 */
	FOLDER_MAX = 68,
};

/* HOME/.dmsl says that we made HOME, and so may remove it. */
static const char home_mark[] = ".dmsl";

static int find_account(struct account *account, struct error *err)
{
	static const char *const names[] = { "postgres", "nobody" };
	struct passwd entry, *found = NULL;
	char text[4096];

	if (geteuid() != 0) {
		account->uid = geteuid();
		account->gid = getegid();
		if (getpwuid_r(account->uid, &entry, text, sizeof(text),
			       &found) != 0 ||
		    !found)
			return error_set(
			    err, ERROR_UNAVAILABLE,
			    "user %u has no entry in the password "
			    "file, without which PostgreSQL does not "
			    "start",
			    (unsigned)account->uid);
		snprintf(account->name, sizeof(account->name), "%s",
			 found->pw_name);
		snprintf(account->folder, sizeof(account->folder), "%s",
			 found->pw_dir);
		return 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !found; i++)
		getpwnam_r(names[i], &entry, text, sizeof(text), &found);
	if (!found || found->pw_uid == 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "servers do not run as root, and there is "
				 "neither an account \"postgres\" nor "
				 "\"nobody\"");
	account->is_other = true;
	account->uid = found->pw_uid;
	account->gid = found->pw_gid;
	snprintf(account->name, sizeof(account->name), "%s", found->pw_name);
	snprintf(account->folder, sizeof(account->folder), "%s", found->pw_dir);
	account->n_groups = ACCOUNT_GROUPS_MAX;
	if (getgrouplist(account->name, account->gid, account->groups,
			 &account->n_groups) < 0)
		account->n_groups = 0;
	return 0;
}

static const char *find_home(const struct provider_setup *s, struct arena *a)
{
	struct str wanted = value_text(s->config, "home");
	const char *home = getenv("DMSL_HOME");

	if (wanted.n && wanted.s[0] == '/')
		return str_c(wanted, a);
	if (wanted.n)
		return str_fmt(a, "%.*s/%.*s", STR_ARG(s->stack_folder),
			       STR_ARG(wanted))
		    .s;
	if (home && home[0] == '/')
		return str_c(str_from(home), a);
	if (geteuid() == 0)
		return "/var/lib/dmsl";
	home = getenv("XDG_STATE_HOME");
	if (home && home[0] == '/')
		return str_fmt(a, "%s/dmsl", home).s;
	home = getenv("HOME");
	return str_fmt(a, "%s/.local/state/dmsl", home ? home : "").s;
}

static bool is_uid(struct str uid)
{
	if (uid.n != 16)
		return false;
	for (size_t i = 0; i < uid.n; i++)
		if (!strchr("0123456789abcdef", uid.s[i]))
			return false;
	return true;
}

void stack_close(struct local *l)
{
	if (!l)
		return;
	hosts_close(l->hosts);
	balancer_close(l->balancer);
	network_close(l->network);
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->making);
	pthread_mutex_destroy(&l->replicator);
	pthread_mutex_destroy(&l->servers);
	pthread_mutex_destroy(&l->configuring);
	arena_release(&l->arena);
	free(l);
}

int stack_open(const struct provider_setup *s, struct local **out,
	       struct error *err)
{
	struct local *l = xmalloc(sizeof(*l));

	memset(l, 0, sizeof(*l));
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->making, NULL);
	pthread_mutex_init(&l->replicator, NULL);
	pthread_mutex_init(&l->servers, NULL);
	pthread_mutex_init(&l->configuring, NULL);
	l->stack = str_dup(s->stack, &l->arena);
	l->uid = str_dup(s->stack_uid, &l->arena);
	l->owner = str_fmt(&l->arena, "%.*s/%.*s", STR_ARG(s->stack),
			   STR_ARG(s->stack_uid));
	l->home = find_home(s, &l->arena);
	l->is_write = s->is_write;
	l->derive = s->derive;
	l->engine = s->engine;
	l->network = network_open();
	l->balancer = balancer_open();
	l->hosts = hosts_open(l);
	if (find_account(&l->account, err) < 0)
		goto fail;
	if (l->uid.n && !is_uid(l->uid)) {
		error_set(err, ERROR_CORRUPT,
			  "the stack's uid \"%.*s\" is not 16 hex digits",
			  STR_ARG(l->uid));
		goto fail;
	}
	if (l->uid.n)
		l->folder =
		    str_fmt(&l->arena, "%s/%.*s", l->home, STR_ARG(l->uid)).s;
	if (l->folder && strlen(l->folder) > FOLDER_MAX) {
		error_set(err, ERROR_INVALID,
			  "the folder \"%s\" is too long for unix sockets",
			  l->folder);
		error_hint(err,
			   "Set DMSL_HOME to a folder of at most %d "
			   "bytes.",
			   FOLDER_MAX - 17);
		goto fail;
	}
	*out = l;
	return 0;
fail:
	stack_close(l);
	return -1;
}

char *stack_path(const struct local *l, struct arena *a, const char *format,
		 ...)
{
	struct buf b;
	va_list args;
	char *path;

	buf_init(&b, 4000);
	buf_fmt(&b, "%s/", l->folder ? l->folder : "/nonexistent");
	va_start(args, format);
	buf_vfmt(&b, format, args);
	va_end(args);
	path = str_c(buf_str(&b), a);
	buf_release(&b);
	return path;
}

void stack_enter(const struct local *l)
{
	if (!l->account.is_other)
		return;
	setfsgid(l->account.gid);
	setfsuid(l->account.uid);
}

void stack_leave(const struct local *l)
{
	if (!l->account.is_other)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
}

static int make_folder(const char *path, mode_t mode, struct error *err)
{
	if (mkdir(path, mode) == 0) {
		/* The umask may have taken what others need. */
		if (chmod(path, mode) < 0)
			return error_errno(err, "could not make folder \"%s\"",
					   path);
		return 0;
	}
	if (errno != EEXIST)
		return error_errno(err, "could not make folder \"%s\"", path);
	return 0;
}

int stack_make_account_folder(const struct local *l, const char *path,
			      struct error *err)
{
	struct stat info;

	if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode) &&
	    info.st_uid == l->account.uid)
		return 0;
	/*
	 * The folder above is ours alone, so nobody swaps the new one before
	 * it changes hands.
	 */
	if (make_folder(path, 0700, err) < 0)
		return -1;
	if (l->account.is_other &&
	    lchown(path, l->account.uid, l->account.gid) < 0)
		return error_errno(err, "could not give \"%s\" to %s", path,
				   l->account.name);
	return 0;
}

int stack_remove_account_folder(const struct local *l, const char *path,
				struct error *err)
{
	struct error ignored;

	/*
	 * The account can empty it, but not remove it from our folder. What
	 * is left for us is an empty folder that no server can fill again.
	 */
	if (l->account.is_other) {
		stack_enter(l);
		file_remove_tree(path, &ignored);
		stack_leave(l);
	}
	return file_remove_tree(path, err);
}

static int make_home(const struct local *l, struct arena *a, struct error *err)
{
	struct stat info;
	char *mark;
	int fd;

	if (stat(l->home, &info) == 0)
		return 0;
	if (file_make_folders(l->home, 0755, err) < 0)
		return -1;
	mark = str_c(str_fmt(a, "%s/%s", l->home, home_mark), a);
	fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, "could not create \"%s\"", mark);
	close(fd);
	return 0;
}

/*
 * Waits for stacks that just make or remove the home; its descriptor, or -1
 * when there is no home (any more).
 */
static int lock_home(const struct local *l)
{
	int fd = open(l->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int64_t end = clock_ms() + HOME_WAIT_MS;
	struct stat held, now;

	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0 && clock_ms() < end)
		clock_sleep_ms(1);
	if (fstat(fd, &held) == 0 && stat(l->home, &now) == 0 &&
	    held.st_dev == now.st_dev && held.st_ino == now.st_ino)
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

/* Another stack that is the last to leave may take the home from under us. */
static int make_stack_folder(const struct local *l, struct arena *a,
			     struct error *err)
{
	int64_t end = clock_ms() + HOME_WAIT_MS;
	int fd, rc;

	do {
		if (make_home(l, a, err) < 0 && err->kind != ERROR_NOT_FOUND)
			return -1;
		fd = lock_home(l);
	} while (fd < 0 && errno == ENOENT && clock_ms() < end);
	*err = (struct error){ 0 };
	rc = make_folder(l->folder, 0711, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int write_about(const struct local *l, struct arena *a,
		       struct error *err)
{
	struct value_entry entries[] = {
		{ STR("stack"), value_str(l->stack) },
		{ STR("uid"), value_str(l->uid) },
	};
	struct buf b;
	int rc;

	buf_init(&b, 65536);
	json_write(&b, value_map(entries, 2, a), JSON_INDENT);
	buf_add_char(&b, '\n');
	rc = file_replace(stack_path(l, a, "stack.json"), buf_str(&b), 0600,
			  err);
	buf_release(&b);
	return rc;
}

int stack_make(struct local *l, struct error *err)
{
	static const char *const own[] = { "objects", "run", "log" };
	static const char *const given[] = { "vault", "path", "replicator" };
	struct arena a = { 0 };
	int rc = -1;

	if (!l->folder)
		return error_set(err, ERROR_FAILED,
				 "the stack has no uid yet, so nothing can be "
				 "made for it");
	if (access(stack_path(l, &a, "stack.json"), F_OK) == 0) {
		rc = 0;
		goto out;
	}
	pthread_mutex_lock(&l->making);
	if (make_stack_folder(l, &a, err) < 0)
		goto unlock;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (make_folder(stack_path(l, &a, "%s", own[i]), 0700, err) < 0)
			goto unlock;
	if (make_folder(stack_path(l, &a, "tls"), 0711, err) < 0 ||
	    make_folder(stack_path(l, &a, "db"), 0711, err) < 0)
		goto unlock;
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (stack_make_account_folder(
			l, stack_path(l, &a, "%s", given[i]), err) < 0)
			goto unlock;
	/* Last: it says that all the others are there. */
	rc = write_about(l, &a, err);
unlock:
	pthread_mutex_unlock(&l->making);
out:
	arena_release(&a);
	return rc;
}

int stack_remove(struct local *l, struct error *err)
{
	struct arena a = { 0 };
	char *mark = str_c(str_fmt(&a, "%s/%s", l->home, home_mark), &a);
	int rc = 0, home = -1;

	if (l->folder)
		rc = file_remove_tree(l->folder, err);
	if (rc == 0)
		home = lock_home(l);
	if (home >= 0 && access(mark, F_OK) == 0) {
		/*
		 * rmdir() alone decides whether somebody else is in there; the
		 * mark is put back when so.
		 */
		unlink(mark);
		if (rmdir(l->home) < 0 &&
		    (errno == ENOTEMPTY || errno == EEXIST)) {
			int fd =
			    open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

			if (fd >= 0)
				close(fd);
		}
	}
	if (home >= 0)
		close(home);
	arena_release(&a);
	return rc;
}

int stack_lock(const struct local *l, struct error *err)
{
	struct arena a = { 0 };
	char *path = stack_path(l, &a, "lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int64_t end = clock_ms() + LOCK_WAIT_MS;

	if (fd < 0) {
		error_errno(err, "could not open \"%s\"", path);
		goto out;
	}
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EINTR && errno != EWOULDBLOCK) {
			error_errno(err, "could not lock \"%s\"", path);
			close(fd);
			fd = -1;
			goto out;
		}
		if (clock_ms() > end) {
			error_set(err, ERROR_CONFLICT,
				  "another dmsl has held \"%s\" for a minute",
				  path);
			close(fd);
			fd = -1;
			goto out;
		}
		clock_sleep_ms(10);
	}
out:
	arena_release(&a);
	return fd;
}

void stack_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

int stack_vault_key(const struct local *l, unsigned char key[VAULT_KEY_BYTES],
		    struct error *err)
{
	return l->derive(l->engine, "local vault", key, VAULT_KEY_BYTES, err);
}
