#include <config.h>

#include "engine/saved.h"

#include "engine/context.h"
#include "engine/plan.h"
#include "engine/store.h"
#include "lang/base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
	LIST_MAX = 1 << 16,
	NAMED_MOST = 8, /* of several plans */
};

const char *saved_from_here(const char *path)
{
	char here[PATH_MAX];
	size_t n;

	if (!getcwd(here, sizeof(here)))
		return path;
	n = strlen(here);
	return strncmp(path, here, n) == 0 && path[n] == '/' ? path + n + 1
							     : path;
}

bool saved_is_stack(const char *path)
{
	return str_ends(str_from(path), ".dmsl");
}

static int look(struct context *c, const char *folder, struct buf *names,
		const char **found, size_t *n, struct error *err)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	*n = 0;
	if (!d)
		return errno == ENOENT
			   ? 0
			   : error_errno(err, "could not read folder \"%s\"",
					 folder);
	while ((entry = readdir(d))) {
		const char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = str_fmt(c->arena, "%s/%s/plan", folder, entry->d_name).s;
		if (access(path, R_OK) < 0)
			continue;
		*found = path;
		if (++*n <= NAMED_MOST)
			buf_fmt(names, "%s%s", names->len ? ", " : "",
				saved_from_here(path));
	}
	closedir(d);
	if (*n > NAMED_MOST)
		buf_fmt(names, " and %zu more", *n - NAMED_MOST);
	return 0;
}

int saved_find(struct context *c, const char *path, struct saved_plan *out,
	       bool *is_usage, struct error *err)
{
	/* The store is only asked for its folder: no stack is needed yet. */
	struct store_options o = { .stack_path = "./.", .stack = STR("-") };
	struct store *store;
	struct buf names;
	size_t n = 1;
	int result = -1;

	*is_usage = false;
	if (path && access(path, F_OK) < 0) {
		error_errno(err, "could not open \"%s\"", path);
		return error_hint(err, "Name a stack file, which ends in "
				       ".dmsl, or a saved plan.");
	}
	if (path)
		return plan_load(path, c->arena, out, err);
	if (store_open(&o, &store, err) < 0) {
		/* Not to make a repository here, which it hints at. */
		return error_hint(err, "Go to the repository of the stack, or "
				       "name a stack file or a saved plan.");
	}
	buf_init(&names, LIST_MAX);
	if (look(c, store_folder(store), &names, &path, &n, err) < 0)
		goto out;
	if (n == 1) {
		result = plan_load(path, c->arena, out, err);
		goto out;
	}
	*is_usage = true;
	error_set(err, ERROR_NOT_FOUND,
		  n ? "there are %zu saved plans here"
		    : "there is no saved plan here",
		  n);
	if (n)
		error_hint(err, "Name one of them: %s", names.data);
	else
		error_hint(err, "Make one with \"dmsl plan FILE\", or name a "
				"stack file.");
out:
	buf_release(&names);
	store_close(store);
	return result;
}

const char *saved_operand(struct context *c, const char *path)
{
	struct store_options o = { .stack_path = "./.", .stack = STR("-") };
	const char *found = NULL;
	struct error ignored;
	struct store *store;
	struct buf names;
	size_t n = 0;

	if (store_open(&o, &store, &ignored) < 0)
		return path;
	buf_init(&names, LIST_MAX);
	if (look(c, store_folder(store), &names, &found, &n, &ignored) < 0)
		n = 0;
	buf_release(&names);
	store_close(store);
	return n == 1 && strcmp(found, path) == 0 ? NULL
						  : saved_from_here(path);
}
