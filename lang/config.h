#ifndef DMSL_LANG_CONFIG_H
#define DMSL_LANG_CONFIG_H

/*
 * All files of a stack: the stack file, what it uses, and the components of
 * the library that it names. Declarations are collected, duplicates reported.
 *
 * A component is found, in this order: declared in a file that is loaded, in
 * lib/NAME.dmsl beside the stack file, in NAME.dmsl of the installed library.
 */

#include "lang/ast.h"
#include "lang/base/map.h"
#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct diags;
struct error;

struct config {
	struct str path;	 /* of the stack file, as given */
	struct ast_file **files; /* the stack file first */
	size_t n_files;
	const struct ast_decl *stack; /* NULL only when that was reported */
	struct map components;	      /* name -> struct ast_decl */
	/* Declarations of the root scope, in file order. */
	struct ast_decl **decls;
	size_t n_decls;
	/* Those of them that make nothing: no instance, nothing existing. */
	struct ast_decl **others;
	size_t n_others;
};

/* What loading needs to know, and where it may look. */
struct config_options {
	/* Whether it is a resource type: other names may be components. */
	bool (*is_type)(struct str name);
	/* What a misspelt type may have meant; ends in NULL. Or NULL. */
	const char *const *type_names;
	const char *library; /* folder of the standard components, or NULL */
	/*
	 * Reads a text: as source_open(), which it is when NULL. For who has
	 * texts that are newer than their files.
	 */
	struct source *(*open)(void *context, const char *path, struct arena *a,
			       struct error *err);
	void *open_context;
	/*
	 * Tells the name of the stack as soon as its block was read, for what
	 * can begin then. What is behind it may have mistakes. Or NULL.
	 */
	void (*tell_stack)(void *context, struct str name);
	void *tell_context;
};

/*
 * Loads the stack in `path`. Returns NULL with err only when the stack file
 * itself cannot be read; all else is in the findings.
 */
struct config *config_load_with(const char *path,
				const struct config_options *o, struct arena *a,
				struct diags *d, struct error *err);
/* The same, with the types and the library alone. */
struct config *config_load(const char *path, bool (*is_type)(struct str name),
			   const char *library, struct arena *a,
			   struct diags *d, struct error *err);
/*
 * Whether a declaration that could not be read may have been of this name: that
 * it is not declared is no finding then.
 */
bool config_is_torn(const struct config *c, struct str name);
void config_release(struct config *c);
/*
 * A path without "." and "..", as far as that can be told from its text: the
 * names of sources are such.
 */
struct str config_path(struct str path, struct arena *a);

#endif
