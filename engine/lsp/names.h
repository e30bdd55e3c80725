#ifndef DMSL_ENGINE_LSP_NAMES_H
#define DMSL_ENGINE_LSP_NAMES_H

/*
 * What the words of a stack's texts mean: a symbol for each name that is
 * declared, and a use for each place that a name, type, attribute or function
 * stands at. From the text alone: nothing is evaluated, and where the syntax is
 * broken, what the parser recovered is looked at.
 */

#include "lang/ast.h"
#include "lang/base/map.h"
#include "lang/source.h"

#include "engine/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config;
struct func;
struct scope;
struct type;

enum symbol_kind {
	SYMBOL_PARAM,
	SYMBOL_LET,
	SYMBOL_VARIABLE, /* of a `for`, around it alone */
	SYMBOL_RESOURCE, /* TYPE NAME { … }, of components too */
	SYMBOL_COMPONENT,
	SYMBOL_OUTPUT,
	SYMBOL_PROVIDER, /* provider NAME LABEL */
	SYMBOL_CHECK,
	SYMBOL_STACK,
};

struct symbol {
	enum symbol_kind kind;
	size_t index; /* in the order of the texts */
	struct str name;
	struct place place; /* of the name */
	const struct scope *scope;
	const struct ast_decl *decl;   /* that it is, or stands in */
	const struct ast_param *param; /* SYMBOL_PARAM */
	/* SYMBOL_VARIABLE: what is walked over, and what is known there. */
	const struct ast_expr *over;
	const struct variables *outer;
	bool is_second, has_second;
	const struct use *uses; /* the last in the text first */
	size_t n_uses;
};

enum use_kind {
	USE_SYMBOL,
	USE_TYPE,     /* of a resource */
	USE_ATTR,     /* of a resource type or of a block in one */
	USE_BLOCK,    /* of a resource type */
	USE_FUNCTION, /* of the language */
	USE_MEMBER,   /* of an enum */
	USE_SETTING,  /* of a task: its name stands there */
	USE_FILE,     /* use "…" */
};

struct use {
	struct place place;
	enum use_kind kind;
	bool is_declaration;
	union {
		struct symbol *symbol;
		const struct type_schema *type;
		struct {
			const struct type_schema *of; /* or NULL */
			const struct attr_schema *attr;
			/* Where those of attr are; or NULL. */
			const struct attr_rule *rules;
		};
		const struct block_schema *block;
		const struct func *func;
		const struct type *members;
		struct str setting_block; /* in settings { }, or empty */
		const struct source *file;
	};
	const struct use *next; /* of the same symbol */
};

/* The root, or a component: who stands in it sees its names alone. */
struct scope {
	const struct ast_decl *component; /* NULL: the root */
	struct map words;		  /* params, lets -> struct symbol */
	struct map resources;		  /* "type.name" -> struct symbol */
	struct map outputs;
	struct map providers; /* "aws.prod"; of the root */
};

/* Loop variables, innermost first. */
struct variables {
	struct symbol *key, *val; /* val may be NULL */
	const struct variables *outer;
};

struct names {
	struct arena *arena;
	const struct config *config;
	const struct type_schema *const *schemas;
	struct scope *root;
	struct map components; /* name -> struct symbol */
	struct map scopes;     /* component -> struct scope */
	struct map types;      /* text -> struct type */
	struct symbol **symbols;
	size_t n_symbols;
	struct use *uses; /* sorted by file and place */
	size_t n_uses;
};

/* In the arena, as long as the configuration lives. */
struct names *names_read(const struct config *c,
			 const struct type_schema *const *schemas,
			 struct arena *a);
void names_release(struct names *n);

/* What stands at an offset, or ends there; NULL: nothing that is known. */
const struct use *names_at(const struct names *n, const struct source *s,
			   uint32_t offset);

/* Where an expression stands: what can be named there. */
struct names_env {
	const struct scope *scope;
	const struct variables *variables;
	const struct ast_decl *decl; /* around it, or NULL */
};
/*
 * For completion, as far as a text that is being written tells: the last
 * declaration that begins before the offset is the one around it.
 */
void names_env_at(const struct names *n, const struct source *s,
		  uint32_t offset, struct names_env *out);
const struct symbol *names_word(const struct names_env *env, struct str name);
const struct symbol *names_resource(const struct scope *s, struct str type,
				    struct str name);

/*
 * The type of an expression as far as the text tells, or NULL. A resource is a
 * reference to its type, one with `for` a map of them.
 */
const struct type *names_type_of(struct names *n, const struct names_env *env,
				 const struct ast_expr *x);
/* A type as it is written in a schema or behind a param, or NULL. */
const struct type *names_type(struct names *n, struct str text);
/* What NAME is as an attribute of a value of that type. */
struct member {
	const struct type_schema *of; /* a resource's: */
	const struct attr_schema *attr;
	const struct symbol *output; /* or a component's */
};
bool names_member(struct names *n, const struct type *t, struct str name,
		  struct member *out);
/* "id" and "tags", which types have besides those of their tables. */
const struct attr_schema *names_common_attr(const struct type_schema *t,
					    struct str name);
/* The attribute of a type's table, or one of those above; or NULL. */
const struct attr_schema *names_attr(const struct type_schema *t,
				     struct str name);

#endif
