#ifndef DMSL_LANG_DMS_DOCUMENT_H
#define DMSL_LANG_DMS_DOCUMENT_H

/*
 * Table mappings and task settings that are written as JSON: checked by the
 * same code as tables { } and settings { }, and what is wrong is shown at its
 * place in the JSON text, wherever that stands.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>

struct arena;
struct ast_expr;
struct diags;
struct source;

enum document_kind { DOCUMENT_MAPPING, DOCUMENT_SETTINGS };

struct document {
	enum document_kind kind;
	struct str mode; /* of the task; empty: not known */
	/* The expression that gives it: where a finding has no better place. */
	const struct ast_expr *written;
	/*
	 * Its text as read from a file or a heredoc: a view of what the source
	 * has. NULL: it is a value of the language.
	 */
	const struct source *text;
	struct str json;
};

/* -1 with findings. value: the document. */
int document_check(const struct document *doc, struct value value,
		   struct arena *a, struct diags *d);
/*
 * The bytes of a JSON text that a path leads to: "rules[2].rule-action"; how
 * far it leads, where it leads nowhere. -1: the text is no JSON.
 */
int document_locate(struct str json, struct str path, struct arena *a,
		    struct str *found);

#endif
