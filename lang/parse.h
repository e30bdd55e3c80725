#ifndef DMSL_LANG_PARSE_H
#define DMSL_LANG_PARSE_H

/*
 * Text to tree. Lexes the whole source into tokens, comments kept, and parses
 * them; the only caller of yyparse. Recovers at the end of an attribute and at
 * the closing brace of a block, so that one run reports several mistakes.
 */

#include <stdbool.h>

struct arena;
struct ast_decl;
struct ast_expr;
struct ast_file;
struct diags;
struct source;

/* Never NULL; what could not be understood is in the findings. */
struct ast_file *parse_file(const struct source *s, struct arena *a,
			    struct diags *d);
/*
 * The same, and tells of each declaration of the file when it was read, also in
 * a text with mistakes, and then perhaps twice.
 */
struct ast_file *
parse_file_with(const struct source *s,
		void (*tell)(void *context, const struct ast_decl *d),
		void *context, struct arena *a, struct diags *d);
/* One expression and nothing behind it: for --set, schemas and the console. */
struct ast_expr *parse_expr(const struct source *s, struct arena *a,
			    struct diags *d);
/*
 * A text with "${…}" in it, as in a heredoc: an EXPR_TEMPLATE, or EXPR_STRING
 * where there are none.
 */
struct ast_expr *parse_template(const struct source *s, struct arena *a,
				struct diags *d);
/*
 * Whether the text ends inside brackets or a heredoc, so that a line more may
 * complete it. Says nothing of other mistakes.
 */
bool parse_is_open(const struct source *s);

#endif
