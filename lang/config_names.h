#ifndef DMSL_LANG_CONFIG_NAMES_H
#define DMSL_LANG_CONFIG_NAMES_H

/* The part of lang/config that checks what is declared twice or misplaced. */

struct ast_decl;
struct config;
struct diags;

/* The finding that `again` declares what `first` did: "let \"x\" is …". */
void config_report_twice(struct diags *d, const char *what,
			 const struct ast_decl *again,
			 const struct ast_decl *first);
/* Checks the root's declarations, and those of each component. */
void config_check_names(const struct config *c, struct diags *d);

#endif
