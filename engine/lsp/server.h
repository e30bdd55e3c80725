#ifndef DMSL_ENGINE_LSP_SERVER_H
#define DMSL_ENGINE_LSP_SERVER_H

/*
 * A language server, as LSP 3.17 describes it: answers an editor until that
 * says "exit" or goes away. It reads texts and writes none, calls no provider,
 * and looks for no credentials.
 */

#include <stdbool.h>

struct context;

/*
 * Speaks over the two descriptors. Whether the editor took its leave as it
 * should: "shutdown", then "exit".
 */
bool server_run(const struct context *c, int in, int out);

#endif
