#ifndef DMSL_ENGINE_LSP_REQUEST_H
#define DMSL_ENGINE_LSP_REQUEST_H

/*
 * A question of the editor, and what answers are made of. Each feature is a
 * function that writes its result, as JSON, to a buffer; -1 with err when there
 * is none to give.
 */

#include "engine/lsp/position.h"

#include "lang/base/str.h"
#include "lang/source.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stdint.h>

struct analysis;
struct arena;
struct buf;
struct document;
struct error;
struct names;
struct symbol;
struct use;
struct workspace;

struct request {
	struct workspace *workspace;
	struct value params;
	struct arena *arena; /* until it is answered */
};

/* The text a question is about, and the place in it. */
struct target {
	struct document *document;
	struct analysis *analysis;
	struct names *names;
	const struct source *source; /* as the analysis has it */
	uint32_t offset;
};

/* textDocument alone; ERROR_INVALID when it is not open. */
int request_document(const struct request *r, struct target *out,
		     struct error *err);
/* textDocument and position. */
int request_target(const struct request *r, struct target *out,
		   struct error *err);
/* What stands at the place, or NULL. */
const struct use *target_use(const struct target *t);

/* {"start":…,"end":…} */
void reply_range(struct buf *out, const struct request *r, struct analysis *an,
		 struct place p);
/* {"uri":…,"range":…} */
void reply_location(struct buf *out, const struct request *r,
		    struct analysis *an, struct place p);

int hover(const struct request *r, struct buf *out, struct error *err);
int definition(const struct request *r, struct buf *out, struct error *err);
int references(const struct request *r, struct buf *out, struct error *err);
int highlight(const struct request *r, struct buf *out, struct error *err);
int prepare_rename(const struct request *r, struct buf *out, struct error *err);
int rename_symbol(const struct request *r, struct buf *out, struct error *err);
int complete(const struct request *r, struct buf *out, struct error *err);
int outline(const struct request *r, struct buf *out, struct error *err);
int format_document(const struct request *r, struct buf *out,
		    struct error *err);

#endif
