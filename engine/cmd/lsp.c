/* lsp: a language server for editors, over stdin and stdout. */
#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/lsp/server.h"
#include "engine/setup.h"

#include <unistd.h>

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	(void)data;
	(void)operands;
	return server_run(c, STDIN_FILENO, STDOUT_FILENO) ? STATUS_DONE
							  : STATUS_FAILED;
}

static const struct option options[] = {
	OPTION_END,
};

const struct command cmd_lsp = {
	.name = "lsp",
	.usage = "",
	.summary = "serve an editor: findings, completion, renaming, and more",
	.help = "Speaks the Language Server Protocol 3.17 over its input and "
		"output; an editor starts it.\nIt changes no file and calls no "
		"provider.",
	.options = options,
	.args_size = 0,
	.least = 0,
	.most = 0,
	.run = run,
};
