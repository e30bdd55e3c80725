#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/explain.h"
#include "engine/setup.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <stdio.h>

static void print_example(const char *title, const char *text)
{
	struct str rest = str_from(text);

	printf("\n%s\n\n", title);
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		printf("    %.*s\n", STR_ARG(line));
	}
}

static void print_page(const char *title, const struct explanation *e)
{
	printf("%s: %s\n\n%s\n", e->code, title, e->text);
	if (e->wrong)
		print_example("Wrong:", e->wrong);
	if (e->right)
		print_example("Right:", e->right);
}

/* "e0203" is E0203. */
static struct str as_code(const char *word, struct arena *a)
{
	char *code = str_c(str_from(word), a);

	if (code[0] == 'e' || code[0] == 'w')
		code[0] = (char)(code[0] - 'a' + 'A');
	return str_from(code);
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct error err = { 0 };
	const struct explanation *e;
	struct str code;

	(void)data;
	if (operands->n == 0) {
		for (e = explanations; e->code; e++)
			printf("%s  %s\n", e->code,
			       explain_title(str_from(e->code)));
		return STATUS_DONE;
	}
	code = as_code(operands->items[0], c->arena);
	e = explain_find(code);
	if (!e) {
		error_set(&err, ERROR_NOT_FOUND, "there is no code \"%.*s\"",
			  STR_ARG(code));
		error_hint(&err, "dmsl explain lists them.");
		return setup_fail(c, &err);
	}
	print_page(explain_title(code), e);
	return STATUS_DONE;
}

const struct command cmd_explain = {
	.name = "explain",
	.usage = "[CODE]",
	.summary = "say what a finding means: E0203",
	.least = 0,
	.most = 1,
	.run = run,
};
