#ifndef DMSL_ENGINE_LSP_NAMES_IMPL_H
#define DMSL_ENGINE_LSP_NAMES_IMPL_H

/* How names are read. Only engine/lsp/names*.c include this. */

#include "engine/lsp/names.h"

#include "lang/base/vec.h"

/* Where the texts are walked: the scope, and the variables around. */
struct walk {
	struct names *names;
	VEC(struct use) uses;
	VEC(struct symbol *) symbols;
	const struct scope *scope;
	const struct variables *variables;
	const struct ast_decl *decl;
};

struct symbol *walk_symbol(struct walk *w, enum symbol_kind kind,
			   struct str name, struct place place);
/* Where a text stands that is a view of the source's. */
struct span walk_span(const struct source *s, struct str text);
/* A use of the symbol; where it is declared. NULL is none. */
void walk_use(struct walk *w, struct place place, struct symbol *s);
void walk_declared(struct walk *w, struct symbol *s);
struct use *walk_add(struct walk *w, struct place place, enum use_kind kind);

/* names_walk.c: the uses in a declaration of w->scope. */
void walk_decl(struct walk *w, const struct ast_decl *d);
/* Those in the head of a component. */
void walk_param(struct walk *w, const struct ast_param *p);

/* names_expr.c; wanted may be NULL. */
void walk_expr(struct walk *w, const struct ast_expr *x,
	       const struct type *wanted);
/* aurora.source/db_cluster.main["key"], as it stands behind moved. */
void walk_address(struct walk *w, const struct ast_expr *x);
/* The component or resource type that is named there. */
void walk_type_name(struct walk *w, struct place place, struct str name);

#endif
