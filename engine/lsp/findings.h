#ifndef DMSL_ENGINE_LSP_FINDINGS_H
#define DMSL_ENGINE_LSP_FINDINGS_H

/* What is wrong with the open texts, told as textDocument/publishDiagnostics.
 */

struct document;
struct error;
struct rpc;
struct workspace;

/* Tells what is new since the last time. -1: the editor is gone. */
int findings_publish(struct workspace *w, struct rpc *rpc, struct error *err);
/* Takes back what was told of a text. */
int findings_clear(struct workspace *w, struct rpc *rpc,
		   const struct document *doc, struct error *err);

#endif
