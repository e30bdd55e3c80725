#ifndef DMSL_LANG_AST_H
#define DMSL_LANG_AST_H

/*
 * The syntax tree: what was written, nothing resolved. Everything lives in the
 * configuration's arena and points into the source's text where it can. Names
 * are not looked up, types not checked, nothing evaluated.
 */

#include "lang/base/str.h"
#include "lang/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ast_expr;

enum ast_expr_kind {
	EXPR_ERROR,  /* what the parser recovered from; evaluates to unknown */
	EXPR_NULL,   /* null */
	EXPR_BOOL,   /* true, false */
	EXPR_NUMBER, /* text: digits, "_" removed */
	EXPR_STRING, /* text: the whole string, escapes resolved */
	EXPR_TEMPLATE, /* items: strings and expressions, joined */
	EXPR_CIDR,     /* text: 10.0.0.0/16 */
	EXPR_IP,       /* text: 10.0.0.1 */
	EXPR_DURATION, /* text: 1h30m */
	EXPR_SIZE,     /* text: 20GiB */
	EXPR_NAME,     /* text: a bare word */
	EXPR_ATTR,     /* left "." text */
	EXPR_INDEX,    /* left "[" right "]" */
	EXPR_SPLAT,    /* left "[*]" */
	EXPR_CALL,     /* text "(" items ")" */
	EXPR_LIST,     /* "[" items "]" */
	EXPR_MAP, /* "{" key = value … "}": items are key, value, key, … */
	EXPR_UNARY,    /* op left: AST_NOT, AST_NEGATE */
	EXPR_BINARY,   /* left op right */
	EXPR_COND,     /* left ? right : third; a struct ast_wide, as … */
	EXPR_LIST_FOR, /* [for key, val in left : right if third] */
	EXPR_MAP_FOR,  /* {for key, val in left : fourth => right if third} */
};

enum ast_op {
	AST_OP_NONE,
	AST_NOT,
	AST_NEGATE,
	AST_OR,
	AST_AND,
	AST_EQ,
	AST_NE,
	AST_LT,
	AST_LE,
	AST_GT,
	AST_GE,
	AST_ADD,
	AST_SUB,
	AST_MUL,
	AST_DIV,
	AST_MOD,
};

/*
 * There are a dozen for a block of three lines: most of the memory of a large
 * stack. So a node ends where what its kind has ends, and its text is that of
 * the source wherever it can be: see ast_text().
 */
struct ast_expr {
	enum ast_expr_kind kind : 8;
	enum ast_op op : 8;
	bool boolean : 1;   /* EXPR_BOOL */
	bool is_quoted : 1; /* the text stands between two quotes */
	bool is_own : 1;    /* the text is not what stands in the source */
	uint8_t depth;	    /* levels of the tree, this one included */
	uint32_t n_items;
	struct span span;
	const struct source *source;
	union {
		struct str own; /* of a leaf that has it */
		struct {
			union {
				struct ast_expr *left;
				struct ast_expr **items; /* of what has them */
			};
			union {
				struct ast_expr *right;
				struct {
					uint32_t text_n; /* EXPR_ATTR, _CALL */
					uint32_t bound;	 /* see ast_bind() */
				};
			};
		};
	};
};

/* EXPR_COND, EXPR_*_FOR */
struct ast_wide {
	struct ast_expr expr;
	struct str key, val; /* loop variables; empty: none */
	struct ast_expr *third, *fourth;
};

/* What stands behind "text" above; empty for other kinds. */
struct str ast_text(const struct ast_expr *x);

static inline const struct ast_wide *ast_wide(const struct ast_expr *x)
{
	return (const struct ast_wide *)(const void *)x;
}

enum { AST_BELOW_MAX = 4 };
/*
 * The nodes right below x that are no items, in the order they are evaluated
 * in; gives their number.
 */
size_t ast_below(const struct ast_expr *x,
		 const struct ast_expr *below[AST_BELOW_MAX]);
/*
 * Who evaluates an EXPR_ATTR keeps in `bound` the number of what its names
 * stand for, so that they are looked for once. It is not part of the text; 0 is
 * not known.
 */
static inline void ast_bind(const struct ast_expr *x, uint32_t to)
{
	((struct ast_expr *)(void *)x)->bound = to;
}
/* EXPR_ATTR, EXPR_CALL: where the text stands. Else where all of x does. */
struct span ast_name_span(const struct ast_expr *x);

/* A type as written: "enum(local, aws)". lang/type.h parses the text. */
struct ast_type {
	struct str text; /* empty: none was written */
	struct span span;
};

struct ast_attr {
	struct str name;
	struct span name_span;
	struct span span;
	struct ast_expr *value;
};

/* A pattern such as demo_schema.demo_accounts, sales.%, "My Schema".t */
struct ast_pattern {
	struct str schema, table, column; /* column only where asked for */
	struct span span;
};

/*
 * One line of tables { }. WHERE clauses are column, operator and value; several
 * joined by "and", alternatives by "or" in parentheses. `amount >= 100`,
 * `state = "open"`, `x between 1 and 5`, `x is null`, `x is not null`.
 */
struct ast_where {
	bool is_or; /* an alternative to the one before, else a further one */
	struct str column;
	struct str op; /* "=", "!=", "<=", ">=", "between", "is null", … */
	struct str value, value2; /* literal text */
	struct span span;
};

enum ast_rule_kind {
	RULE_INCLUDE,
	RULE_EXPLICIT,
	RULE_EXCLUDE,
	RULE_TRANSFORM,
	RULE_LOAD,
	RULE_VALIDATE,
};

enum ast_part_kind {
	PART_KIND, /* view, all */
	PART_LOAD_ORDER,
	PART_VALUE, /* the new name, prefix, suffix or character */
	PART_OLD_VALUE,
	PART_EXPRESSION,
	PART_OF, /* of TYPE: which columns */
	PART_TYPE,
	PART_TYPE_SIZE, /* what stands in its parentheses, each */
	PART_NAME,	/* of a key */
	PART_UNIQUE,
	PART_COLUMN,
	PART_BOUNDARY, /* its PART_BOUNDs follow */
	PART_BOUND,
	PART_LOBS,
	PART_LOB_SIZE,
	PART_FILTER, /* which columns have before-images */
	PART_PREFIX,
	PART_SUFFIX,
	PART_SOURCE,
	PART_TARGET,
};

/* What stands behind the pattern of a rule, in the order of the text. */
struct ast_part {
	enum ast_part_kind kind;
	struct str text; /* escapes resolved */
	struct span span;
};

struct ast_rule {
	enum ast_rule_kind kind;
	struct ast_pattern pattern;
	struct str action; /* as DMS spells it: "convert-lowercase" */
	struct str target; /* "schema", "table", "column", or empty */
	struct ast_part *parts;
	size_t n_parts;
	struct ast_where *where;
	size_t n_where;
	struct span span;
};

/*
 * The body of a block: attributes and blocks in the order written. A block may
 * have a label: ingress postgres { … }. The block "tables" has rules instead.
 */
struct ast_block;

struct ast_body {
	struct ast_attr *attrs;
	union {
		struct ast_block *blocks;
		struct ast_rule *rules; /* only in tables { } */
	};
	uint32_t n_attrs, n_blocks, n_rules;
	struct span span; /* braces included */
};

struct ast_block {
	struct str name;
	struct span name_span;
	struct str label; /* empty: none */
	struct span label_span;
	struct ast_body body;
	struct span span;
};

struct ast_param {
	struct str name;
	struct span name_span;
	struct ast_type type;
	bool is_secret;
	struct ast_expr *fallback; /* default; NULL: required */
	struct ast_body body;	   /* description, check, message */
	struct span span;
};

enum ast_decl_kind {
	DECL_PARAM,	/* param */
	DECL_LET,	/* name, value */
	DECL_STACK,	/* name, body */
	DECL_PROVIDER,	/* name (aws), label (prod or empty), body */
	DECL_COMPONENT, /* name, params, decls (its declarations) */
	DECL_INSTANCE,	/* type, name, for, if, body: a resource or component */
	DECL_EXISTING,	/* as DECL_INSTANCE */
	DECL_OUTPUT,	/* name, value, body: depends_on */
	DECL_CHECK,	/* name, body */
	DECL_USE,	/* value: EXPR_STRING */
	DECL_MOVED,	/* value -> value2 */
	DECL_IMPORT,	/* value = value2 */
	DECL_REMOVED,	/* value, body */
};

/* What few declarations have. */
struct ast_more {
	struct str label;
	struct str key, val;	    /* loop variables; empty: none */
	struct ast_expr *over;	    /* for … in over */
	struct ast_expr *condition; /* if */
	struct ast_expr *value2;
	struct ast_param *params; /* DECL_PARAM: one; DECL_COMPONENT: many */
	size_t n_params;
	struct ast_decl **decls; /* DECL_COMPONENT */
	size_t n_decls;
};

struct ast_decl {
	enum ast_decl_kind kind;
	const struct source *source;
	struct span span;
	struct str type; /* DECL_INSTANCE, DECL_EXISTING */
	struct span type_span;
	struct str name;
	struct span name_span;
	struct ast_expr *value;
	const struct ast_more *more; /* never NULL */
	struct ast_body body;
};

struct ast_file {
	const struct source *source;
	/*
	 * The words, sorted, of what begins as a declaration and could not be
	 * read as one, up to where each goes wrong.
	 */
	const struct str *torn;
	size_t n_torn;
	/* SHA-256 of what the text means: tokens_digest(). */
	unsigned char meaning[32];
	struct ast_decl **decls;
	size_t n_decls;
};

/* The attribute or block of that name, or NULL. */
const struct ast_attr *ast_attr_find(const struct ast_body *b, struct str name);
const struct ast_block *ast_block_find(const struct ast_body *b,
				       struct str name);

struct buf;
/* A stable text of the tree, for tests. */
void ast_dump(const struct ast_file *f, struct buf *out);

#endif
