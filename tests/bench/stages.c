/*
 * stages FILE…: what the front end takes for a stack, stage by stage.
 *
 *	lex	text to raw tokens
 *	layout	and to the tokens that the grammar reads
 *	parse	and to the tree
 *	load	reads the file, does all of that, collects what is declared
 *	expand	and binds, checks, unfolds and evaluates it, as validate does
 *
 * Each row holds what stands above it too. A time is that of the processor, the
 * least of several rounds; memory is what the peak of the resident set grew by,
 * for each byte of text.
 * Each round is a process of its own, so that none finds what another warmed.
 */
#include <config.h>

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/config.h"
#include "lang/diag.h"
#include "lang/parse.h"
#include "lang/source.h"
#include "lang/token.h"

#include "engine/context.h"
#include "engine/expand.h"

#include "providers/builtin.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 7 };

/* What a stage begins with. */
struct input {
	const char *path;
	struct source *source;
	struct arena arena;
	struct diags diags;
};

struct measured {
	double ms;
	double kilobytes;
	double bytes; /* of the text */
};

static void lex(struct input *in)
{
	struct tokens t = { 0 };

	lexer_run(in->source, TEXT_FILE, &t, &in->diags);
}

static void layout(struct input *in)
{
	struct tokens t;

	tokens_read(in->source, TEXT_FILE, &t, &in->diags);
}

static void parse(struct input *in)
{
	parse_file(in->source, &in->arena, &in->diags);
}

static struct config *load_config(struct input *in)
{
	struct error err;
	struct config *c = config_load(in->path, builtin_is_type, NULL,
				       &in->arena, &in->diags, &err);

	if (!c) {
		fprintf(stderr, "stages: %s\n", err.message);
		exit(1);
	}
	return c;
}

static void load(struct input *in)
{
	load_config(in);
}

static void expand_all(struct input *in)
{
	struct context c = {
		.providers = builtin_providers,
		.schemas = builtin_schemas,
		.is_type = builtin_is_type,
		.arena = &in->arena,
		.diags = { .arena = &in->arena },
		.path = in->path,
	};
	struct error err;

	c.config = load_config(in);
	if (!expand(&c, true, &err) || c.diags.n_errors)
		in->diags.n_errors++;
}

static const struct {
	const char *name;
	void (*run)(struct input *in);
} stages[] = {
	{ "lex", lex },	  { "layout", layout },	    { "parse", parse },
	{ "load", load }, { "expand", expand_all },
};

enum { N_STAGES = sizeof(stages) / sizeof(*stages) };

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss;
}

static _Noreturn void measure(size_t stage, const char *path, int out)
{
	struct input in = { .path = path };
	struct measured m;
	struct error err;

	in.diags.arena = &in.arena;
	in.source = source_open(path, &in.arena, &err);
	if (!in.source) {
		fprintf(stderr, "stages: %s\n", err.message);
		_exit(1);
	}
	m.bytes = (double)in.source->text.n;
	m.kilobytes = peak();
	m.ms = now_ms();
	stages[stage].run(&in);
	m.ms = now_ms() - m.ms;
	m.kilobytes = peak() - m.kilobytes;
	if (in.diags.n_errors) {
		fprintf(stderr, "stages: %s has mistakes\n", path);
		_exit(1);
	}
	_exit(write(out, &m, sizeof(m)) != (ssize_t)sizeof(m));
}

static int round_of(size_t stage, const char *path, struct measured *m)
{
	int ends[2], status = 1;
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		measure(stage, path, ends[1]);
	close(ends[1]);
	if (pid < 0 || read(ends[0], m, sizeof(*m)) != (ssize_t)sizeof(*m))
		status = -1;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return status < 0 ? -1 : 0;
}

static int file_row(const char *path)
{
	for (size_t k = 0; k < N_STAGES; k++) {
		struct measured best = { 0 };

		for (int i = 0; i < ROUNDS; i++) {
			struct measured m;

			if (round_of(k, path, &m) < 0)
				return -1;
			if (i == 0 || m.ms < best.ms)
				best = m;
		}
		printf("  %-7s %9.2f ms %7.1f MB/s %6.1f bytes each\n",
		       stages[k].name, best.ms, best.bytes / best.ms / 1e3,
		       best.kilobytes * 1024 / best.bytes);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: stages FILE…\n");
		return 64;
	}
	for (int i = 1; i < argc; i++)
		if (file_row(argv[i]) < 0)
			return 1;
	return 0;
}
