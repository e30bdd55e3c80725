#include <config.h>

#include "engine/cli.h"

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/setup.h"
#include "engine/target.h"
#include "lang/suggest.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const struct command *const command_table[] = {
	&cmd_plan,
	&cmd_apply,
	&cmd_destroy,
	&cmd_validate,
	&cmd_fmt,
	&cmd_graph,
	&cmd_docs,
	&cmd_console,
	&cmd_explain,
	&cmd_import,
	&cmd_show,
	&cmd_output,
	&cmd_state_list,
	&cmd_state_show,
	&cmd_state_recover,
	&cmd_task_list,
	&cmd_task_stats,
	&cmd_task_start,
	&cmd_task_wait,
	&cmd_task_stop,
	&cmd_task_resume,
	&cmd_task_reload,
	&cmd_task_assess,
	&cmd_doctor,
	&cmd_psql,
	&cmd_lsp,
	&cmd_completion,
	&cmd_version,
	NULL,
};

enum {
	N_COMMANDS = sizeof(command_table) / sizeof(*command_table) - 1,
	PARALLEL = 10
};

struct globals {
	bool help, version;
	const char *color;
};

static const struct option global_options[] = {
	OPTION_SHORT(struct globals, help, 'h', "help", NULL, "print help"),
	OPTION(struct globals, version, "version", NULL,
	       "print the program's version"),
	OPTION(struct globals, color, "color", "WHEN",
	       "always, never, or auto (default)"),
	OPTION_END,
};

static void print_commands(const struct cli *cli, FILE *out)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-14s %s\n", command_table[i]->name,
			command_table[i]->summary);
	for (const struct provider *const *p = cli->providers; *p; p++)
		if ((*p)->command)
			fprintf(out,
				"  %-14s what provider %s has running: "
				"see dmsl help %s\n",
				(*p)->name, (*p)->name, (*p)->name);
}

static void print_help(const struct cli *cli, FILE *out)
{
	fprintf(out, "usage: dmsl COMMAND [OPTION...] [OPERAND...]\n\n"
		     "Plans and applies database migrations that are described "
		     "in one text.\n\ncommands:\n");
	print_commands(cli, out);
	fprintf(out, "  %-14s %s\n\noptions:\n", "help",
		"print help, of a command: help COMMAND");
	opts_print(global_options, out);
}

static void print_usage(const struct command *command, FILE *out)
{
	fprintf(out, "usage: dmsl %s%s%s%s\n", command->name,
		command->options ? " [OPTION...]" : "",
		command->usage[0] ? " " : "", command->usage);
}

static void print_command_help(const struct command *command, FILE *out)
{
	print_usage(command, out);
	fprintf(out, "\n%c%s.\n", command->summary[0] - 'a' + 'A',
		command->summary + 1);
	if (command->help)
		fprintf(out, "%s\n", command->help);
	fprintf(out, "\noptions:\n");
	opts_print(command->options, out);
	opts_print(global_options, out);
}

static void print_provider_help(const struct provider *p, FILE *out)
{
	fprintf(out, "usage: dmsl %s %s\n", p->name,
		p->command_usage ? p->command_usage : "COMMAND FILE");
}

static int usage_error(const char *format, const char *text, const char *hint)
{
	fprintf(stderr, "dmsl: ");
	/* One of the literals below. */
	fprintf(stderr, "%s \"%s\"\n", format, text);
	fprintf(stderr, "%s\n", hint);
	return STATUS_USAGE;
}

static int unknown_command(const struct cli *cli, const char *name)
{
	struct suggest s = suggest_start(str_from(name));

	for (size_t i = 0; i < N_COMMANDS; i++) {
		struct str words = str_from(command_table[i]->name);

		suggest_try(&s, str_cut(&words, ' '));
	}
	for (const struct provider *const *p = cli->providers; *p; p++)
		if ((*p)->command)
			suggest_try(&s, str_from((*p)->name));
	suggest_try(&s, STR("help"));
	fprintf(stderr, "dmsl: there is no command \"%s\"\n", name);
	if (s.best.n)
		fprintf(stderr, "Did you mean \"%.*s\"? ", STR_ARG(s.best));
	fprintf(stderr, "\"dmsl help\" lists them.\n");
	return STATUS_USAGE;
}

/* Of the commands of two words, those that begin with this one. */
static void print_usages(const char *word, FILE *out)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strncmp(command_table[i]->name, word, n) &&
		    command_table[i]->name[n] == ' ')
			print_usage(command_table[i], out);
}

static bool is_help(const char *text)
{
	return !strcmp(text, "--help") || !strcmp(text, "-h");
}

static const struct provider *find_provider(const struct cli *cli,
					    const char *name)
{
	for (const struct provider *const *p = cli->providers; *p; p++)
		if ((*p)->command && !strcmp((*p)->name, name))
			return *p;
	return NULL;
}

/*
 * The command that argv begins with, of one or two words. *words: how many; 1
 * without a command when the first of two fits.
 */
static const struct command *find_command(int argc, char **argv, int *words)
{
	size_t n = argc ? strlen(argv[0]) : 0;

	*words = 0;
	for (size_t i = 0; argc && i < N_COMMANDS; i++) {
		const char *name = command_table[i]->name;

		if (!strcmp(name, argv[0])) {
			*words = 1;
			return command_table[i];
		}
		if (strncmp(name, argv[0], n) != 0 || name[n] != ' ')
			continue;
		*words = 1;
		if (argc > 1 && !strcmp(name + n + 1, argv[1])) {
			*words = 2;
			return command_table[i];
		}
	}
	return NULL;
}

static unsigned terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDERR_FILENO) || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) ||
	    !size.ws_col)
		return isatty(STDERR_FILENO) ? 80 : 0;
	return size.ws_col;
}

static int set_color(struct context *c, const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (!when || !strcmp(when, "auto"))
		c->color = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO) &&
			   !(no && *no);
	else if (!strcmp(when, "always"))
		c->color = true;
	else if (strcmp(when, "never") != 0)
		return usage_error("option --color takes auto, always or "
				   "never, not",
				   when, "See dmsl --help.");
	return STATUS_DONE;
}

static void context_init(struct context *c, const struct cli *cli,
			 struct arena *a, const char *program)
{
	*c = (struct context){
		.providers = cli->providers,
		.schemas = cli->schemas,
		.is_type = cli->is_type,
		.arena = a,
		.diags = { .arena = a },
		.width = terminal_width(),
		.parallel = PARALLEL,
		.program = program,
	};
}

static int run_command(const struct cli *cli, const struct command *command,
		       int argc, char **argv)
{
	struct arena a = { 0 };
	struct globals globals = { 0 };
	void *args = arena_alloc(&a, 1, command->args_size + 1);
	struct option_set sets[] = {
		{ command->options, args },
		{ global_options, &globals },
	};
	struct option_list operands;
	struct context c;
	struct error err;
	int status;

	context_init(&c, cli, &a, argv[0]);
	if (opts_parse(sets, 2, argc, argv, &a, &operands, &err) < 0) {
		fprintf(stderr, "dmsl %s: %s\n", command->name, err.message);
		if (err.hint[0])
			fprintf(stderr, "  hint: %s\n", err.hint);
		print_usage(command, stderr);
		status = STATUS_USAGE;
	} else if (globals.help) {
		print_command_help(command, stdout);
		status = STATUS_DONE;
	} else if ((int)operands.n < command->least ||
		   (command->most >= 0 && (int)operands.n > command->most)) {
		fprintf(stderr, "dmsl %s: %s operands\n", command->name,
			(int)operands.n < command->least ? "too few"
							 : "too many");
		print_usage(command, stderr);
		status = STATUS_USAGE;
	} else {
		status = set_color(&c, globals.color);
		if (status == STATUS_DONE)
			status = command->run(&c, args, &operands);
	}
	diags_release(&c.diags);
	arena_release(&a);
	return status;
}

/* dmsl local status FILE …: what the provider offers itself. */
static int run_provider(const struct cli *cli, const struct provider *p,
			int argc, char **argv)
{
	struct arena a = { 0 };
	struct context c;
	struct error err = { 0 };
	struct expansion *e = NULL;
	char **rest = arena_new(&a, char *, (size_t)argc + 1);
	const char *file = NULL;
	int n = 0, status = STATUS_FAILED;
	size_t index;

	for (int i = 0; i < argc; i++) {
		if (is_help(argv[i])) {
			print_provider_help(p, stdout);
			arena_release(&a);
			return STATUS_DONE;
		}
		if (i > 0 && !file && argv[i][0] != '-')
			file = argv[i];
		else
			rest[n++] = argv[i];
	}
	if (!file) {
		fprintf(stderr, "dmsl %s %s: too few operands\n", p->name,
			argv[0]);
		print_provider_help(p, stderr);
		arena_release(&a);
		return STATUS_USAGE;
	}
	context_init(&c, cli, &a, p->name);
	set_color(&c, NULL);
	e = setup_stack(&c, file, ACCESS_READ, &err);
	if (e && target_provider(&c, str_from(p->name), &index) < 0)
		error_set(&err, ERROR_INVALID,
			  "stack \"%s\" does not use "
			  "provider \"%s\"",
			  file, p->name);
	else if (e)
		status = p->command(c.open[index].self, n, rest, &err);
	if (err.kind != ERROR_NONE || !e)
		setup_fail(&c, &err);
	setup_close(&c, e);
	diags_release(&c.diags);
	arena_release(&a);
	return status;
}

/* help [COMMAND] */
static int run_help(const struct cli *cli, int argc, char **argv)
{
	const struct provider *p;
	const struct command *command;
	int words;

	if (!argc || is_help(argv[0])) {
		print_help(cli, stdout);
		return STATUS_DONE;
	}
	if (!strcmp(argv[0], "--names")) {
		/* For completion, and to hold the manual against it. */
		for (size_t i = 0; i < N_COMMANDS; i++)
			puts(command_table[i]->name);
		return STATUS_DONE;
	}
	command = find_command(argc, argv, &words);
	p = find_provider(cli, argv[0]);
	if (command)
		print_command_help(command, stdout);
	else if (p)
		print_provider_help(p, stdout);
	else if (words == 1)
		print_usages(argv[0], stdout);
	else
		return unknown_command(cli, argv[0]);
	return STATUS_DONE;
}

static int dispatch(const struct cli *cli, int argc, char **argv)
{
	const struct command *command;
	const struct provider *p;
	int words;

	if (!argc) {
		print_help(cli, stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[0], "help"))
		return run_help(cli, argc - 1, argv + 1);
	command = find_command(argc, argv, &words);
	if (command)
		return run_command(cli, command, argc - words, argv + words);
	p = find_provider(cli, argv[0]);
	if (p && argc > 1)
		return run_provider(cli, p, argc - 1, argv + 1);
	if (p) {
		print_provider_help(p, stderr);
		return STATUS_USAGE;
	}
	if (words != 1)
		return unknown_command(cli, argv[0]);
	if (argc > 1 && is_help(argv[1])) {
		print_usages(argv[0], stdout);
		return STATUS_DONE;
	}
	if (argc > 1)
		fprintf(stderr, "dmsl: there is no command \"%s %s\"\n",
			argv[0], argv[1]);
	print_usages(argv[0], stderr);
	return STATUS_USAGE;
}

/* Global options may stand before the command; behind it they mean the same. */
static int options_first(const struct cli *cli, int argc, char **argv)
{
	struct globals globals = { 0 };
	struct option_set set = { global_options, &globals };
	struct option_list operands;
	struct arena a = { 0 };
	struct error err;
	char **moved;
	int n = 0, words, status;

	while (n < argc && argv[n][0] == '-')
		n++;
	if (opts_parse(&set, 1, n, argv, &a, &operands, &err) < 0) {
		fprintf(stderr, "dmsl: %s\nSee dmsl --help.\n", err.message);
		arena_release(&a);
		return STATUS_USAGE;
	}
	if (globals.version) {
		status = cmd_version.run(NULL, NULL, NULL);
	} else if (globals.help) {
		status = run_help(cli, argc - n, argv + n);
	} else {
		moved = arena_new(&a, char *, (size_t)argc + 1);
		find_command(argc - n, argv + n, &words);
		memcpy(moved, argv + n, (size_t)words * sizeof(*moved));
		memcpy(moved + words, argv, (size_t)n * sizeof(*moved));
		memcpy(moved + words + n, argv + n + words,
		       (size_t)(argc - n - words) * sizeof(*moved));
		status = words ? dispatch(cli, argc, moved)
			       : dispatch(cli, argc - n, argv + n);
	}
	arena_release(&a);
	return status;
}

/* Whether nobody reads any more what is written there. */
static bool has_left(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

int cli_main(const struct cli *cli, int argc, char **argv)
{
	int status;

	/*
	 * A reader that goes away must not end an apply half way, nor a file
	 * that would grow beyond the limit: writing it fails, and says so.
	 */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	status = options_first(cli, argc - 1, argv + 1);
	/* A large output fails before its end, and what is left may not. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == STATUS_DONE) {
		/* A reader that has seen enough is no mishap. */
		if (!has_left(STDOUT_FILENO))
			fprintf(stderr,
				"dmsl: error: could not write all of the "
				"output\n  hint: Is there room where it goes? "
				"What the command did is done.\n");
		status = STATUS_FAILED;
	}
	return status;
}
