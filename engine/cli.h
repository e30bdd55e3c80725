#ifndef DMSL_ENGINE_CLI_H
#define DMSL_ENGINE_CLI_H

/*
 * The command line: finds the command, parses its options, prints help, refuses
 * wrong usage (status 64), runs it.
 */

#include "lang/base/str.h"

#include <stdbool.h>

struct provider;
struct type_schema;

/* What the program is linked with. */
struct cli {
	const struct provider *const *providers;  /* end with NULL */
	const struct type_schema *const *schemas; /* end with NULL */
	bool (*is_type)(struct str name);
};

int cli_main(const struct cli *cli, int argc, char **argv);

#endif
