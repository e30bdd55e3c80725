#ifndef DMSL_ENGINE_LSP_ANALYSIS_H
#define DMSL_ENGINE_LSP_ANALYSIS_H

/*
 * What is known of the texts of one stack at one moment: its configuration,
 * what its words mean, and the findings of `dmsl validate`. Each is made when
 * it is first asked for; when a text changes, all of it is thrown away.
 *
 * A text may be none of a stack yet, but components or a part that some stack
 * uses: then it is looked at alone.
 */

#include "engine/context.h"
#include "engine/lsp/position.h"

#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/source.h"

#include <stdbool.h>

struct ast_file;
struct error;
struct names;

struct analysis {
	struct arena arena;
	struct context context;
	struct str path;  /* of the stack file, or of the text that is alone */
	struct map lines; /* name of a source -> struct lines */
	struct names *names;
	bool is_checked;
};

/* Loads the texts; c says how. NULL with err when there is none. */
struct analysis *analysis_open(const struct context *c, struct str path,
			       struct error *err);
void analysis_close(struct analysis *an);

bool analysis_has_stack(const struct analysis *an);
/* One of its texts, or NULL. */
const struct ast_file *analysis_file(const struct analysis *an,
				     struct str path);
struct names *analysis_names(struct analysis *an);
/* All findings; the value of a param that only a run has is none. */
const struct diags *analysis_findings(struct analysis *an);
const struct lines *analysis_lines(struct analysis *an, const struct source *s);

#endif
