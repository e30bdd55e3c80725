/*
 * completion: scripts for shells, made of the table of commands. Commands of
 * two words are completed word by word; an operand is a file.
 */
#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/setup.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"

#include <string.h>

enum { WORD_MAX_BYTES = 4096 };

static void quoted(const char *s)
{
	struct buf b;

	buf_init(&b, WORD_MAX_BYTES);
	buf_add_shell(&b, str_from(s));
	fputs(b.data, stdout);
	buf_release(&b);
}

static void print_options(const struct command *c, const char *separator)
{
	for (const struct option *o = c->options; o && o->name; o++)
		printf("%s--%s", separator, o->name);
	printf("%s--help", separator);
}

/* The first word of a command; false: an earlier command has it, too. */
static bool first_word(size_t index, char *out, size_t size)
{
	const char *name = command_table[index]->name;
	size_t n = strcspn(name, " ");

	snprintf(out, size, "%.*s", (int)n, name);
	for (size_t i = 0; i < index; i++)
		if (strcspn(command_table[i]->name, " ") == n &&
		    strncmp(command_table[i]->name, name, n) == 0)
			return false;
	return true;
}

static void print_words(void)
{
	char word[64];

	for (size_t i = 0; command_table[i]; i++)
		if (first_word(i, word, sizeof(word)))
			printf("%s%s", i ? " " : "", word);
	printf(" help");
}

/* "state list" and "state show": the second words of "state". */
static void print_second_words(const char *first)
{
	size_t n = strlen(first);

	for (size_t i = 0; command_table[i]; i++)
		if (strncmp(command_table[i]->name, first, n) == 0 &&
		    command_table[i]->name[n] == ' ')
			printf(" %s", command_table[i]->name + n + 1);
}

/* The body of a function that sets `words` by `name`, for bash and zsh. */
static void print_cases(void)
{
	char word[64];

	printf("  case $name in\n");
	for (size_t i = 0; command_table[i]; i++) {
		const char *name = command_table[i]->name;

		if (strchr(name, ' ') && first_word(i, word, sizeof(word))) {
			printf("  %s) words=\"", word);
			print_second_words(word);
			printf("\" ;;\n");
		}
		printf("  ");
		quoted(name);
		printf(") words=\"");
		print_options(command_table[i], " ");
		printf("\" ;;\n");
	}
	printf("  esac\n");
}

/* Both shells count their words differently; the rest is the same. */
static const char name_words[] =
    "  name=$first\n"
    "  case \" $twos \" in *\" $first $second \"*) name=\"$first $second\" ;; "
    "esac\n";

static void print_twos(void)
{
	printf("  twos=\"");
	for (size_t i = 0; command_table[i]; i++)
		if (strchr(command_table[i]->name, ' '))
			printf("%s ", command_table[i]->name);
	printf("\"\n");
}

static void print_bash(void)
{
	printf("# bash: source <(dmsl completion bash)\n"
	       "_dmsl() {\n"
	       "  local first=${COMP_WORDS[1]-} second=${COMP_WORDS[2]-}\n"
	       "  local name words= twos cur=${COMP_WORDS[COMP_CWORD]}\n");
	print_twos();
	fputs(name_words, stdout);
	printf("  if [ \"$COMP_CWORD\" = 1 ]; then\n    words=\"");
	print_words();
	printf("\"\n    name=\n  fi\n");
	print_cases();
	printf("  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "  case \"$cur $words\" in\n"
	       "  -*) ;; # an option is wanted\n"
	       "  *--help*) COMPREPLY+=($(compgen -f -- \"$cur\")) ;;\n"
	       "  esac\n"
	       "}\n"
	       "complete -o filenames -F _dmsl dmsl\n");
}

static void print_zsh(void)
{
	printf("#compdef dmsl\n# zsh: source <(dmsl completion zsh), or a file "
	       "_dmsl in fpath\n"
	       "_dmsl() {\n"
	       "  local first=${words[2]-} second=${words[3]-}\n"
	       "  local name twos cur=${words[CURRENT]}\n"
	       "  local -i at=CURRENT\n"
	       "  local words=\n");
	print_twos();
	fputs(name_words, stdout);
	printf("  if (( at == 2 )); then\n    words=\"");
	print_words();
	printf("\"\n    name=\n  fi\n");
	print_cases();
	printf("  compadd -- ${=words}\n"
	       "  if [[ $words == *--help* && $cur != -* ]]; then _files; fi\n"
	       "}\n"
	       "if [ \"$funcstack[1]\" = _dmsl ]; then _dmsl \"$@\"; "
	       "else compdef _dmsl dmsl; fi\n");
}

static void print_fish_command(const struct command *c)
{
	char condition[160];
	const char *space = strchr(c->name, ' ');

	if (space)
		snprintf(condition, sizeof(condition),
			 "__fish_seen_subcommand_from %.*s; and "
			 "__fish_seen_subcommand_from %s",
			 (int)(space - c->name), c->name, space + 1);
	else
		snprintf(condition, sizeof(condition),
			 "__fish_seen_subcommand_from %s", c->name);
	for (const struct option *o = c->options; o && o->name; o++) {
		printf("complete -c dmsl -n '%s' -l %s%s -d ", condition,
		       o->name, o->kind == OPTION_BOOL ? "" : " -r");
		quoted(o->help);
		putchar('\n');
	}
}

static void print_fish(void)
{
	char word[64];

	printf("# fish: dmsl completion fish | source\n");
	for (size_t i = 0; command_table[i]; i++) {
		const struct command *c = command_table[i];
		const char *space = strchr(c->name, ' ');

		if (first_word(i, word, sizeof(word))) {
			printf("complete -c dmsl -n __fish_use_subcommand -f "
			       "-a %s -d ",
			       word);
			quoted(space ? "commands of this name" : c->summary);
			putchar('\n');
		}
		if (space) {
			printf("complete -c dmsl -n "
			       "'__fish_seen_subcommand_from %s' -a %s -d ",
			       word, space + 1);
			quoted(c->summary);
			putchar('\n');
		}
		print_fish_command(c);
	}
}

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{ "bash", print_bash },
	{ "zsh", print_zsh },
	{ "fish", print_fish },
};

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct error err = { 0 };

	(void)data;
	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		if (strcmp(shells[i].name, operands->items[0]) != 0)
			continue;
		shells[i].print();
		return STATUS_DONE;
	}
	error_set(&err, ERROR_INVALID, "there is no completion for \"%s\"",
		  operands->items[0]);
	error_hint(&err, "There is for bash, zsh and fish.");
	setup_fail(c, &err);
	return STATUS_USAGE;
}

const struct command cmd_completion = {
	.name = "completion",
	.usage = "bash | zsh | fish",
	.summary = "print a script that completes commands and options",
	.least = 1,
	.most = 1,
	.run = run,
};
