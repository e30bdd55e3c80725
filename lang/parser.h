#ifndef DMSL_LANG_PARSER_H
#define DMSL_LANG_PARSER_H

/*
 * What grammar.y and parse.c share; nobody else includes it. The grammar's
 * actions each make one node with a function below. Lists grow in a scratch
 * arena while they are read and are made into arrays when they end.
 */

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/vec.h"
#include "lang/source.h"
#include "lang/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diags;

/* Pointers to nodes, in the order read. */
struct list {
	void **items;
	size_t n, room;
};

/* What stands between the braces of a block. */
struct items {
	struct list attrs, blocks, rules;
};

/* What a transformation changes: schema, table or column. */
struct object {
	const char *target;
	struct span pattern;
	struct list *of; /* "of TYPE", or NULL */
};

/* The head of an instance: for K, V in OVER if CONDITION. */
struct loop {
	struct str key, val;
	struct ast_expr *over; /* NULL: there is a condition alone */
	struct ast_expr *condition;
};

struct parser {
	const struct source *source;
	struct arena *arena;  /* of the tree */
	struct arena scratch; /* for lists and the like, until they end */
	struct diags *diags;
	/* All of them; with a stream, since where `mark` was last set. */
	struct tokens tokens;
	struct token_stream *stream;
	size_t mark;	/* tokens before it are not needed again */
	unsigned start; /* TOK_START_FILE or _EXPR, until it was handed out */
	size_t next;	/* token that comes next */
	size_t current; /* token handed out last */
	bool is_recovering; /* skip to where the next item begins */
	bool has_failed;
	size_t failed_at;	   /* where recovery last began to look */
	uint8_t open[NESTING_MAX]; /* contexts of what is before `followed` */
	size_t n_open;
	size_t followed;
	struct list decls; /* of the file; malloc'ed */
	bool has_decls;
	/* Of a declaration of the file; or NULL. */
	void (*tell)(void *context, const struct ast_decl *d);
	void *tell_context;
	VEC(struct str) torn;  /* words of declarations given up */
	struct ast_expr *expr; /* what parse_expr() wants */
};

struct str parser_text(const struct parser *p, struct span span);
/* How a kind of token is called: "number", "{". */
const char *grammar_token_name(unsigned kind);
/* The grammar met a token of that kind where others were expected. */
void parser_syntax_error(struct parser *p, struct span span, unsigned kind,
			 const unsigned *expected, size_t n_expected);
/* The grammar's stack is full. */
void parser_exhausted(struct parser *p, struct span span);

struct list *list_new(struct parser *p);
void list_add(struct parser *p, struct list *l, void *item);
/* Gives the list. */
struct list *entry_add(struct parser *p, struct list *l, struct ast_expr *key,
		       struct ast_expr *value);
/* Adds all that another list has. */
void list_join(struct parser *p, struct list *l, const struct list *other);
/*
 * Lists of declarations: the first is the file's. When one is added to that,
 * it is whole: the scratch is empty again.
 */
struct list *decls_new(struct parser *p);
void decls_add(struct parser *p, struct list *l, struct ast_decl *d);
/* A declaration was given up: keeps its words. */
void decls_torn(struct parser *p, struct span span);
/* All of them, sorted, as an array that lasts as long as the tree. */
const struct str *torn_keep(struct parser *p);
/* The file's, as an array that lasts as long as the tree. */
struct ast_decl **decls_keep(struct parser *p);

struct ast_expr *make_leaf(struct parser *p, enum ast_expr_kind kind,
			   struct span span);
/* A leaf whose text is not as the source has it. */
struct ast_expr *make_own(struct parser *p, enum ast_expr_kind kind,
			  struct str text, struct span span);
struct ast_expr *make_string(struct parser *p, struct span span);
struct ast_expr *make_text(struct parser *p, struct span span);
struct ast_expr *make_template(struct parser *p, struct list *parts,
			       struct span first, struct span span);
struct ast_expr *make_key(struct parser *p, struct span span);
struct ast_expr *make_unary(struct parser *p, enum ast_op op,
			    struct ast_expr *x, struct span span);
struct ast_expr *make_binary(struct parser *p, struct ast_expr *left,
			     enum ast_op op, struct ast_expr *right,
			     struct span span);
struct ast_expr *make_cond(struct parser *p, struct ast_expr *condition,
			   struct ast_expr *yes, struct ast_expr *no,
			   struct span span);
struct ast_expr *make_attr_of(struct parser *p, struct ast_expr *left,
			      struct span name, struct span span);
struct ast_expr *make_index(struct parser *p, struct ast_expr *left,
			    struct ast_expr *index, struct span span);
struct ast_expr *make_call(struct parser *p, struct span name,
			   struct list *args, struct span span);
struct ast_expr *make_items(struct parser *p, enum ast_expr_kind kind,
			    struct list *items, struct span span);
/* key is NULL in a list. */
struct ast_expr *make_for(struct parser *p, struct loop *loop,
			  struct ast_expr *key, struct ast_expr *value,
			  struct ast_expr *condition, struct span span);

struct loop *make_loop(struct parser *p, struct span key, struct span val,
		       struct ast_expr *over);
struct ast_type *make_type(struct parser *p, struct span span);
struct items *make_body_items(struct parser *p);
struct ast_attr *make_attr(struct parser *p, struct span name,
			   struct ast_expr *value, struct span span);
/* A label of no length is none. */
struct ast_block *make_block(struct parser *p, struct span name,
			     struct span label, const struct ast_body *body,
			     struct span span);
struct ast_body *make_body(struct parser *p, struct items *items,
			   struct span span);
/* type is NULL where none was written. */
struct ast_param *make_param(struct parser *p, struct span name,
			     const struct ast_type *type, bool is_secret,
			     struct ast_expr *fallback,
			     const struct ast_body *body, struct span span);
struct ast_decl *make_decl(struct parser *p, enum ast_decl_kind kind,
			   struct span name, struct span span);
void decl_set_body(struct ast_decl *d, const struct ast_body *body);
void decl_set_head(struct parser *p, struct ast_decl *d, struct span type,
		   const struct loop *loop);
void decl_set_label(struct parser *p, struct ast_decl *d, struct span label);
void decl_set_values(struct parser *p, struct ast_decl *d,
		     struct ast_expr *value, struct ast_expr *value2);
void decl_set_param(struct parser *p, struct ast_decl *d,
		    const struct ast_param *param);
void decl_set_component(struct parser *p, struct ast_decl *d,
			const struct list *params, const struct list *decls);

/* A rule on SCHEMA.TABLE; action as DMS spells it. */
struct ast_rule *make_rule(struct parser *p, enum ast_rule_kind kind,
			   const char *action, struct span pattern,
			   struct span span);
struct object *make_object(struct parser *p, const char *target,
			   struct span pattern, struct list *of);
struct ast_rule *make_transform(struct parser *p, const char *action,
				const struct object *on, struct span span);
/* verb: "add", "remove", "replace"; affix: "prefix", "suffix". */
struct ast_rule *make_affix(struct parser *p, const char *verb,
			    const char *affix, const struct object *on,
			    struct span span);
struct ast_rule *make_key_rule(struct parser *p, struct span name,
			       struct span pattern, struct list *columns,
			       struct span span);
struct ast_rule *make_mask(struct parser *p, const char *action,
			   struct span pattern, struct list *of,
			   struct span span);
struct ast_rule *make_validation(struct parser *p, const struct object *on,
				 struct list *functions, struct span span);
/* A part at the end of a list of parts; NULL: of a new one. */
struct list *make_part(struct parser *p, struct list *l,
		       enum ast_part_kind kind, struct span span);
/* Parts for the end of a rule; NULL: none. */
void rule_add(struct parser *p, struct ast_rule *r, const struct list *parts);
void rule_set_where(struct parser *p, struct ast_rule *r, struct list *where);
/* An alternative to the condition before. */
void where_or(struct parser *p, struct list *l, struct ast_where *w);
/* A value of no length is none. */
struct ast_where *make_where(struct parser *p, struct span column,
			     const char *op, struct span value,
			     struct span value2, struct span span);
/* The text of a name, string or number, escapes resolved. */
struct str literal_text(struct parser *p, struct span span);

#endif
