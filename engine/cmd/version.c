#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/setup.h"

static int run(struct context *c, void *args,
	       const struct option_list *operands)
{
	(void)c;
	(void)args;
	(void)operands;
	printf("dmsl %s\n", PACKAGE_VERSION);
	return STATUS_DONE;
}

const struct command cmd_version = {
	.name = "version",
	.usage = "",
	.summary = "print the program's version",
	.run = run,
};
