#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/setup.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/fmt.h"
#include "lang/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 128 << 20, DEPTH_MAX = 40 };

struct args {
	bool check, diff;
};

/* What was found in all files. */
struct tally {
	const struct args *args;
	size_t n_changed;
	bool has_failed;
};

/* Shows what would change, by diff(1): FILE, and the text on its input. */
static int show_diff(const char *path, struct str text, struct error *err)
{
	int ends[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(ends) < 0)
		return error_errno(err, "could not start diff");
	pid = fork();
	if (pid == 0) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("diff", "diff", "-u", "--label", path, "--label",
		       "formatted", "--", path, "-", (char *)NULL);
		_exit(127);
	}
	close(ends[0]);
	if (pid > 0)
		file_write_all(ends[1], text.s, text.n, err);
	close(ends[1]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return error_errno(err, "could not run diff");
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return error_set(err, ERROR_FAILED, "diff failed");
	return 0;
}

static int change(const struct tally *t, const char *path, struct str text,
		  struct error *err)
{
	struct stat st;

	if (t->args->diff)
		return show_diff(path, text, err);
	puts(path);
	if (t->args->check)
		return 0;
	if (stat(path, &st) < 0)
		return error_errno(err, "could not look at \"%s\"", path);
	return file_replace(path, text, st.st_mode & 07777, err);
}

static int format(struct context *c, struct tally *t, const char *path,
		  struct error *err)
{
	struct source *s = source_open(path, c->arena, err);
	struct buf out;
	int result;

	if (!s)
		return -1;
	buf_init(&out, OUTPUT_MAX);
	result = fmt_text(s, c->arena, &out, &c->diags);
	if (result < 0) {
		t->has_failed = true;
		result = 0;
	} else if (!str_eq(buf_str(&out), s->text)) {
		t->n_changed++;
		result = change(t, path, buf_str(&out), err);
	}
	buf_release(&out);
	return result;
}

static int format_folder(struct context *c, struct tally *t, const char *path,
			 int depth, struct error *err);

/* A file that is named, whatever it is called; of a folder, all *.dmsl. */
static int format_path(struct context *c, struct tally *t, const char *path,
		       int depth, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_errno(err, "could not look at \"%s\"", path);
	if (S_ISDIR(st.st_mode))
		return format_folder(c, t, path, depth, err);
	return format(c, t, path, err);
}

/* The folder's own files, then those of the folders in it; no links. */
static int format_folder(struct context *c, struct tally *t, const char *path,
			 int depth, struct error *err)
{
	struct str *names;
	size_t n = file_names(path, "", c->arena, &names);

	if (depth > DEPTH_MAX)
		return error_set(err, ERROR_QUOTA,
				 "folders are nested more than %d deep",
				 DEPTH_MAX);
	for (size_t i = 0; i < n; i++) {
		char *name =
		    str_c(str_fmt(c->arena, "%s/%.*s", path, STR_ARG(names[i])),
			  c->arena);
		struct stat st;

		if (names[i].s[0] == '.' || lstat(name, &st) < 0)
			continue;
		if ((S_ISDIR(st.st_mode) ||
		     (S_ISREG(st.st_mode) && str_ends(names[i], ".dmsl"))) &&
		    format_path(c, t, name, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

static int format_input(struct context *c, struct tally *t, struct error *err)
{
	struct str text;
	struct buf out;
	int result;

	if (file_read("/dev/stdin", SOURCE_MAX, c->arena, &text, err) < 0)
		return -1;
	buf_init(&out, OUTPUT_MAX);
	result = fmt_text(source_from(STR("(input)"), text, c->arena), c->arena,
			  &out, &c->diags);
	if (result < 0)
		t->has_failed = true;
	else if (t->args->check)
		t->n_changed += !str_eq(buf_str(&out), text);
	else
		fwrite(out.data, 1, out.len, stdout);
	buf_release(&out);
	return 0;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct tally t = { .args = data };
	struct error err = { 0 };
	struct arena arena = { 0 };
	int result = 0, status;

	c->arena = &arena;
	c->diags.arena = &arena;
	if (operands->n == 0)
		result = format_folder(c, &t, ".", 0, &err);
	for (size_t i = 0; i < operands->n && result == 0; i++)
		result = strcmp(operands->items[i], "-") == 0
			     ? format_input(c, &t, &err)
			     : format_path(c, &t, operands->items[i], 0, &err);
	if (result < 0 || t.has_failed)
		status = setup_fail(c, &err);
	else
		status = t.n_changed && (t.args->check || t.args->diff)
			     ? STATUS_FAILED
			     : STATUS_DONE;
	diags_release(&c->diags);
	arena_release(&arena);
	c->arena = NULL;
	return status;
}

static const struct option options[] = {
	OPTION(struct args, check, "check", NULL,
	       "change nothing; name what is not in canonical form and exit 1"),
	OPTION(struct args, diff, "diff", NULL,
	       "change nothing; show what would be, and exit 1 if anything"),
	OPTION_END,
};

const struct command cmd_fmt = {
	.name = "fmt",
	.usage = "[FILE | FOLDER | -]...",
	.summary = "bring texts into canonical form",
	.help = "Without an operand, all *.dmsl files below this folder; - is "
		"the input, written to the\noutput. Names what it changed. The "
		"meaning of a text never changes.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 0,
	.most = -1,
	.run = run,
};
