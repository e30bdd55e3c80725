/*
 * Tokens to tree. Actions do one thing: make a node in the arena. No name is
 * looked up, no type checked, nothing evaluated.
 *
 * The tables are those of canonical LR(1): a state knows exactly what may come
 * next, so that a mistake is seen before anything is reduced, and a message can
 * say what was expected, at no cost to texts without mistakes. That of a token
 * is a push, and one for each rule that it ends: rules that hold no more than
 * one symbol, or none, are avoided in what there is most of.
 *
 * A mistake ends what stands around it: the attribute, the rule, the
 * declaration. "error SYNC" does that: once a mistake is reported, the cursor
 * (parse.c) skips to where the next item begins and hands out a SYNC. Brackets
 * are balanced by the layout, so a block always ends at its own brace.
 */

%define api.prefix {grammar_}
%define api.pure full
%define api.token.prefix {TOK_}
%define api.token.raw
%define api.value.type union
%define api.location.type {struct span}
%define parse.error custom
%define lr.type canonical-lr
%define lr.default-reduction consistent
%locations
%expect 0
%param { struct parser *p }

%code top {
#include <config.h>
}

%code requires {
#include "lang/ast.h"
#include "lang/parser.h"
}

%code {
#include "lang/diag.h"

#define YYLLOC_DEFAULT(Current, Rhs, N)                                   \
	do {                                                              \
		if (N) {                                                  \
			(Current).start = YYRHSLOC(Rhs, 1).start;         \
			(Current).end = YYRHSLOC(Rhs, N).end;             \
		} else {                                                  \
			(Current).start = (Current).end =                 \
				YYRHSLOC(Rhs, 0).end;                     \
		}                                                         \
	} while (0)

static const struct span no_span;

int grammar_lex(GRAMMAR_STYPE *value, struct span *span, struct parser *p);

static void grammar_error(struct span *span, struct parser *p,
			  const char *message)
{
	/* Syntax errors are told below; this is the stack's limit. */
	(void)message;
	parser_exhausted(p, *span);
}
}

%token
	END 0 "the end of the file"
	START_FILE START_EXPR
	COMMENT
	SYNC "where the next item begins"
	GAP "the end of the line"
	NAME "name"
	NUMBER "number" STRING "string" CIDR "CIDR block" IP "address"
	DURATION "duration" SIZE "size"
	QUOTE "string start" TEXT "text" INTERP "${" INTERP_END "end of ${"
	QUOTE_END "end of the string"
	HEREDOC "heredoc" HEREDOC_END "end of the heredoc"
	TRUE "true" FALSE "false" NULL "null"
	AND "and" OR "or" NOT "not" IF "if" FOR "for" IN "in"
	PARAM "param" LET "let" STACK "stack" PROVIDER "provider"
	COMPONENT "component" EXISTING "existing" OUTPUT "output"
	CHECK "check" USE "use" MOVED "moved" IMPORT "import"
	REMOVED "removed" SECRET "secret"
	TABLES "tables" INCLUDE "include" EXCLUDE "exclude"
	EXPLICIT "explicit" RENAME "rename" LOWER "lower" UPPER "upper"
	ADD "add" REMOVE "remove" REPLACE "replace" KEEP "keep" CHANGE "change"
	PRIMARY "primary" UNIQUE "unique" MASK "mask"
	BEFORE_IMAGE "before_image" LOAD "load" VALIDATE "validate"
	SCHEMA "schema" TABLE "table" COLUMN "column" TO "to" WHERE "where"
	BETWEEN "between" IS "is" PATTERN "pattern" VIEW "view" ALL "all"
	LOAD_ORDER "load_order" PREFIX "prefix" SUFFIX "suffix" FROM "from"
	WITH "with" AS "as" OF "of" ON "on" BY "by" AT "at" RANGES "ranges"
	LOBS "lobs" KEY "key" DIGITS "digits" RANDOM "random" HASH "hash"
	SOURCE "source" TARGET "target"
	LBRACE "{" LMAP "{ of a map" RBRACE "}"
	LIST "[" INDEX "[ of an index" RBRACKET "]"
	LPAREN "(" CALL "( of a call" RPAREN ")"
	COMMA "," COLON ":" QUESTION "?" DOT "." ASSIGN "=" ARROW "->"
	BECOMES "=>" PIPE "|"
	EQ "==" NE "!=" LT "<" LE "<=" GT ">" GE ">="
	PLUS "+" MINUS "-" STAR "*" SLASH "/" PERCENT "%"
;

%right QUESTION
%left OR
%left AND
%precedence NOT
%nonassoc EQ NE
%nonassoc LT LE GT GE
%left PLUS MINUS
%left STAR SLASH PERCENT
%precedence NEGATIVE
%precedence DOT INDEX

%nterm <struct ast_expr *> expr string template part key fallback
%nterm <struct ast_expr *> condition
%nterm <struct list *> decls params param_list parts args arg_list entries
%nterm <struct list *> where conditions condition_of alternatives_of
%nterm <struct list *> of kind load_order type_of type_args_of columns image
%nterm <struct list *> how ranges tuples tuple values lobs functions
%nterm <struct items *> items rules
%nterm <struct ast_attr *> attr
%nterm <struct ast_block *> block
%nterm <struct ast_body *> body optional_body
%nterm <struct ast_rule *> rule
%nterm <struct ast_where *> comparison
%nterm <struct object *> object column_object
%nterm <struct ast_decl *> decl
%nterm <struct ast_param *> param formal
%nterm <struct ast_type *> type
%nterm <struct loop *> loop each
%nterm <struct span> label pattern value
%nterm <const char *> operator affix
%nterm <bool> secret

%%

start:
  START_FILE decls
| START_EXPR expr	{ p->expr = $2; }
;

/* Declarations */

decls:
  %empty	{ $$ = decls_new(p); }
| decls decl	{ $$ = $1; decls_add(p, $1, $2); }
| decls error SYNC	{ $$ = $1; decls_torn(p, @2); yyerrok; }
;

decl:
  PARAM param optional_body	{
	$$ = make_decl(p, DECL_PARAM, $2->name_span, @$);
	if ($3)
		$2->body = *$3;
	$2->span = @$;
	decl_set_param(p, $$, $2);
  }
| LET NAME ASSIGN expr	{
	$$ = make_decl(p, DECL_LET, @2, @$);
	$$->value = $4;
  }
| LET NAME ASSIGN error SYNC	{
	$$ = make_decl(p, DECL_LET, @2, @$);
	$$->value = make_leaf(p, EXPR_ERROR, @4);
	yyerrok;
  }
| STACK NAME body	{
	$$ = make_decl(p, DECL_STACK, @2, @$);
	decl_set_body($$, $3);
  }
| PROVIDER NAME label body	{
	$$ = make_decl(p, DECL_PROVIDER, @2, @$);
	decl_set_label(p, $$, $3);
	decl_set_body($$, $4);
  }
| COMPONENT NAME CALL params RPAREN LBRACE decls RBRACE	{
	$$ = make_decl(p, DECL_COMPONENT, @2, @$);
	decl_set_component(p, $$, $4, $7);
	$$->body.span = (struct span){ @6.start, @8.end };
  }
| NAME NAME body	{
	$$ = make_decl(p, DECL_INSTANCE, @2, @$);
	decl_set_head(p, $$, @1, NULL);
	decl_set_body($$, $3);
  }
| NAME NAME loop body	{
	$$ = make_decl(p, DECL_INSTANCE, @2, @$);
	decl_set_head(p, $$, @1, $3);
	decl_set_body($$, $4);
  }
| EXISTING NAME NAME body	{
	$$ = make_decl(p, DECL_EXISTING, @3, @$);
	decl_set_head(p, $$, @2, NULL);
	decl_set_body($$, $4);
  }
| EXISTING NAME NAME loop body	{
	$$ = make_decl(p, DECL_EXISTING, @3, @$);
	decl_set_head(p, $$, @2, $4);
	decl_set_body($$, $5);
  }
| OUTPUT NAME ASSIGN expr optional_body	{
	$$ = make_decl(p, DECL_OUTPUT, @2, @$);
	$$->value = $4;
	decl_set_body($$, $5);
  }
| OUTPUT NAME ASSIGN error SYNC	{
	$$ = make_decl(p, DECL_OUTPUT, @2, @$);
	$$->value = make_leaf(p, EXPR_ERROR, @4);
	yyerrok;
  }
| CHECK NAME body	{
	$$ = make_decl(p, DECL_CHECK, @2, @$);
	decl_set_body($$, $3);
  }
| USE string	{
	$$ = make_decl(p, DECL_USE, no_span, @$);
	$$->value = $2;
  }
| MOVED expr ARROW expr	{
	$$ = make_decl(p, DECL_MOVED, no_span, @$);
	decl_set_values(p, $$, $2, $4);
  }
| IMPORT expr ASSIGN expr	{
	$$ = make_decl(p, DECL_IMPORT, no_span, @$);
	decl_set_values(p, $$, $2, $4);
  }
| REMOVED expr optional_body	{
	$$ = make_decl(p, DECL_REMOVED, no_span, @$);
	$$->value = $2;
	decl_set_body($$, $3);
  }
;

label:
  %empty	{ $$ = no_span; }
| NAME	{ $$ = @1; }
;

loop:
  each
| each IF expr	{ $$ = $1; $$->condition = $3; }
| IF expr	{
	$$ = make_loop(p, no_span, no_span, NULL);
	$$->condition = $2;
  }
;

each:
  FOR NAME IN expr	{ $$ = make_loop(p, @2, no_span, $4); }
| FOR NAME COMMA NAME IN expr	{ $$ = make_loop(p, @2, @4, $6); }
;

condition:
  %empty	{ $$ = NULL; }
| IF expr	{ $$ = $2; }
;

params:
  %empty	{ $$ = list_new(p); }
| param_list
| param_list COMMA
;

param_list:
  formal	{ $$ = list_new(p); list_add(p, $$, $1); }
| param_list COMMA formal	{ $$ = $1; list_add(p, $1, $3); }
;

formal:
  param optional_body	{
	$$ = $1;
	if ($2)
		$$->body = *$2;
	$$->span = @$;
  }
;

param:
  NAME COLON type secret fallback	{
	$$ = make_param(p, @1, $3, $4, $5, NULL, @$);
  }
| NAME fallback	{
	$$ = make_param(p, @1, NULL, false, $2, NULL, @$);
  }
;

secret:
  %empty	{ $$ = false; }
| SECRET	{ $$ = true; }
;

fallback:
  %empty	{ $$ = NULL; }
| ASSIGN expr	{ $$ = $2; }
;

/* Types: only where they end; lang/type.c reads their text. */

type:
  alternatives	{ $$ = make_type(p, @1); }
;

alternatives:
  alternative
| alternatives PIPE alternative
;

alternative:
  NAME
| NAME CALL type_args RPAREN
;

type_args:
  type_arg
| type_args COMMA type_arg
| type_args COMMA
;

type_arg:
  alternatives
| STRING
| LMAP fields RBRACE
;

fields:
  %empty
| field_list
| field_list COMMA
;

field_list:
  field
| field_list COMMA field
;

field:
  NAME optional COLON alternatives
;

optional:
  %empty
| QUESTION
;

/* Bodies */

optional_body:
  %empty	{ $$ = NULL; }
| body
;

body:
  LBRACE items RBRACE	{ $$ = make_body(p, $2, @$); }
;

items:
  %empty	{ $$ = make_body_items(p); }
| items attr	{ $$ = $1; list_add(p, &$1->attrs, $2); }
| items block	{ $$ = $1; list_add(p, &$1->blocks, $2); }
| items error SYNC	{ $$ = $1; yyerrok; }
;

attr:
  NAME ASSIGN expr	{ $$ = make_attr(p, @1, $3, @$); }
| NAME ASSIGN error SYNC	{
	/* It was given, so nothing need say that it is missing. */
	$$ = make_attr(p, @1, make_leaf(p, EXPR_ERROR, @3), @$);
	yyerrok;
  }
;

block:
  NAME body	{ $$ = make_block(p, @1, no_span, $2, @$); }
| NAME NAME body	{ $$ = make_block(p, @1, @2, $3, @$); }
| NAME STRING body	{ $$ = make_block(p, @1, @2, $3, @$); }
| TABLES LBRACE rules RBRACE	{
	struct span braces = { @2.start, @4.end };

	$$ = make_block(p, @1, no_span, make_body(p, $3, braces), @$);
  }
;

/* Tables */

rules:
  %empty	{ $$ = make_body_items(p); }
| rules rule	{ $$ = $1; list_add(p, &$1->rules, $2); }
| rules error SYNC	{ $$ = $1; yyerrok; }
;

rule:
  INCLUDE kind pattern load_order where	{
	$$ = make_rule(p, RULE_INCLUDE, "include", $3, @$);
	rule_add(p, $$, $2);
	rule_add(p, $$, $4);
	rule_set_where(p, $$, $5);
  }
| EXPLICIT kind pattern load_order	{
	$$ = make_rule(p, RULE_EXPLICIT, "explicit", $3, @$);
	rule_add(p, $$, $2);
	rule_add(p, $$, $4);
  }
| EXCLUDE kind pattern	{
	$$ = make_rule(p, RULE_EXCLUDE, "exclude", $3, @$);
	rule_add(p, $$, $2);
  }
| RENAME object TO pattern	{
	$$ = make_transform(p, "rename", $2, @$);
	rule_add(p, $$, make_part(p, NULL, PART_VALUE, $4));
  }
| RENAME object AS STRING	{
	$$ = make_transform(p, "rename", $2, @$);
	rule_add(p, $$, make_part(p, NULL, PART_EXPRESSION, @4));
  }
| LOWER object	{ $$ = make_transform(p, "convert-lowercase", $2, @$); }
| UPPER object	{ $$ = make_transform(p, "convert-uppercase", $2, @$); }
| ADD affix STRING TO object	{
	$$ = make_affix(p, "add", $2, $5, @$);
	rule_add(p, $$, make_part(p, NULL, PART_VALUE, @3));
  }
| REMOVE affix STRING FROM object	{
	$$ = make_affix(p, "remove", $2, $5, @$);
	rule_add(p, $$, make_part(p, NULL, PART_VALUE, @3));
  }
| REPLACE affix STRING WITH STRING IN object	{
	$$ = make_affix(p, "replace", $2, $7, @$);
	rule_add(p, $$, make_part(p, NULL, PART_OLD_VALUE, @3));
	rule_add(p, $$, make_part(p, NULL, PART_VALUE, @5));
  }
| ADD COLUMN pattern type_of AS STRING	{
	struct object *column = make_object(p, "column", $3, NULL);

	$$ = make_transform(p, "add-column", column, @$);
	rule_add(p, $$, $4);
	rule_add(p, $$, make_part(p, NULL, PART_EXPRESSION, @6));
  }
| REMOVE column_object	{ $$ = make_transform(p, "remove-column", $2, @$); }
| KEEP column_object	{ $$ = make_transform(p, "include-column", $2, @$); }
| CHANGE column_object TO type_of	{
	$$ = make_transform(p, "change-data-type", $2, @$);
	rule_add(p, $$, $4);
  }
| PRIMARY KEY NAME ON pattern LPAREN columns RPAREN	{
	$$ = make_key_rule(p, @3, $5, $7, @$);
  }
| UNIQUE KEY NAME ON pattern LPAREN columns RPAREN	{
	$$ = make_key_rule(p, @3, $5, $7, @$);
	rule_add(p, $$, make_part(p, NULL, PART_UNIQUE, @1));
  }
| MASK DIGITS pattern of WITH STRING	{
	$$ = make_mask(p, "data-masking-digits-mask", $3, $4, @$);
	rule_add(p, $$, make_part(p, NULL, PART_VALUE, @6));
  }
| MASK RANDOM pattern of	{
	$$ = make_mask(p, "data-masking-digits-randomize", $3, $4, @$);
  }
| MASK HASH pattern of	{
	$$ = make_mask(p, "data-masking-hash-mask", $3, $4, @$);
  }
| BEFORE_IMAGE pattern image	{
	struct object *table = make_object(p, "table", $2, NULL);

	$$ = make_transform(p, "add-before-image-columns", table, @$);
	rule_add(p, $$, $3);
  }
| LOAD pattern how	{
	$$ = make_rule(p, RULE_LOAD, "load", $2, @$);
	rule_add(p, $$, $3);
  }
| VALIDATE column_object functions	{
	$$ = make_validation(p, $2, $3, @$);
  }
;

kind:
  %empty	{ $$ = NULL; }
| VIEW	{ $$ = make_part(p, NULL, PART_KIND, @1); }
| ALL	{ $$ = make_part(p, NULL, PART_KIND, @1); }
;

load_order:
  %empty	{ $$ = NULL; }
| LOAD_ORDER NUMBER	{ $$ = make_part(p, NULL, PART_LOAD_ORDER, @2); }
;

object:
  SCHEMA pattern	{ $$ = make_object(p, "schema", $2, NULL); }
| TABLE pattern	{ $$ = make_object(p, "table", $2, NULL); }
| column_object
;

column_object:
  COLUMN pattern of	{ $$ = make_object(p, "column", $2, $3); }
;

of:
  %empty	{ $$ = NULL; }
| OF NAME	{ $$ = make_part(p, NULL, PART_OF, @2); }
;

affix:
  PREFIX	{ $$ = "prefix"; }
| SUFFIX	{ $$ = "suffix"; }
;

type_of:
  NAME	{ $$ = make_part(p, NULL, PART_TYPE, @1); }
| NAME CALL type_args_of RPAREN	{
	$$ = make_part(p, NULL, PART_TYPE, @1);
	list_join(p, $$, $3);
  }
;

type_args_of:
  NUMBER	{ $$ = make_part(p, NULL, PART_TYPE_SIZE, @1); }
| type_args_of COMMA NUMBER	{
	$$ = make_part(p, $1, PART_TYPE_SIZE, @3);
  }
;

columns:
  column	{ $$ = make_part(p, NULL, PART_COLUMN, @1); }
| columns COMMA column	{ $$ = make_part(p, $1, PART_COLUMN, @3); }
;

image:
  NAME	{ $$ = make_part(p, NULL, PART_FILTER, @1); }
| ALL	{ $$ = make_part(p, NULL, PART_FILTER, @1); }
| image PREFIX STRING	{ $$ = make_part(p, $1, PART_PREFIX, @3); }
| image SUFFIX STRING	{ $$ = make_part(p, $1, PART_SUFFIX, @3); }
;

how:
  ranges
| lobs
| ranges lobs	{ $$ = $1; list_join(p, $1, $2); }
;

ranges:
  BY RANGES LPAREN columns RPAREN AT tuples	{
	$$ = $4;
	list_join(p, $4, $7);
  }
;

tuples:
  tuple
| tuples COMMA tuple	{ $$ = $1; list_join(p, $1, $3); }
;

tuple:
  LPAREN values RPAREN	{
	$$ = make_part(p, NULL, PART_BOUNDARY, @$);
	list_join(p, $$, $2);
  }
;

values:
  value	{ $$ = make_part(p, NULL, PART_BOUND, $1); }
| values COMMA value	{ $$ = make_part(p, $1, PART_BOUND, $3); }
;

lobs:
  LOBS NAME	{ $$ = make_part(p, NULL, PART_LOBS, @2); }
| LOBS NAME CALL SIZE RPAREN	{
	$$ = make_part(p, NULL, PART_LOBS, @2);
	make_part(p, $$, PART_LOB_SIZE, @4);
  }
;

functions:
  SOURCE STRING	{ $$ = make_part(p, NULL, PART_SOURCE, @2); }
| TARGET STRING	{ $$ = make_part(p, NULL, PART_TARGET, @2); }
| SOURCE STRING TARGET STRING	{
	$$ = make_part(p, NULL, PART_SOURCE, @2);
	make_part(p, $$, PART_TARGET, @4);
  }
;

pattern:
  PATTERN	{ $$ = @1; }
| NAME	{ $$ = @1; }
| STRING	{ $$ = @1; }
| PERCENT	{ $$ = @1; }
;

where:
  %empty	{ $$ = NULL; }
| WHERE conditions	{ $$ = $2; }
;

conditions:
  condition_of
| conditions AND condition_of	{ $$ = $1; list_join(p, $1, $3); }
;

condition_of:
  comparison	{ $$ = list_new(p); list_add(p, $$, $1); }
| LPAREN alternatives_of RPAREN	{ $$ = $2; }
;

alternatives_of:
  comparison OR comparison	{
	$$ = list_new(p);
	list_add(p, $$, $1);
	where_or(p, $$, $3);
  }
| alternatives_of OR comparison	{ $$ = $1; where_or(p, $1, $3); }
;

comparison:
  column operator value	{
	$$ = make_where(p, @1, $2, $3, no_span, @$);
  }
| column BETWEEN value AND value	{
	$$ = make_where(p, @1, "between", $3, $5, @$);
  }
| column NOT BETWEEN value AND value	{
	$$ = make_where(p, @1, "not between", $4, $6, @$);
  }
| column IS NULL	{
	$$ = make_where(p, @1, "is null", no_span, no_span, @$);
  }
| column IS NOT NULL	{
	$$ = make_where(p, @1, "is not null", no_span, no_span, @$);
  }
;

column:
  NAME
| STRING
;

operator:
  ASSIGN	{ $$ = "="; }
| EQ	{ $$ = "="; }
| NE	{ $$ = "!="; }
| LT	{ $$ = "<"; }
| LE	{ $$ = "<="; }
| GT	{ $$ = ">"; }
| GE	{ $$ = ">="; }
;

value:
  STRING	{ $$ = @1; }
| NUMBER	{ $$ = @1; }
| MINUS NUMBER	{ $$ = @$; }
| TRUE	{ $$ = @1; }
| FALSE	{ $$ = @1; }
;

/* Expressions */

expr:
  expr QUESTION expr COLON expr %prec QUESTION	{
	$$ = make_cond(p, $1, $3, $5, @$);
  }
| expr OR expr	{ $$ = make_binary(p, $1, AST_OR, $3, @$); }
| expr AND expr	{ $$ = make_binary(p, $1, AST_AND, $3, @$); }
| expr EQ expr	{ $$ = make_binary(p, $1, AST_EQ, $3, @$); }
| expr NE expr	{ $$ = make_binary(p, $1, AST_NE, $3, @$); }
| expr LT expr	{ $$ = make_binary(p, $1, AST_LT, $3, @$); }
| expr LE expr	{ $$ = make_binary(p, $1, AST_LE, $3, @$); }
| expr GT expr	{ $$ = make_binary(p, $1, AST_GT, $3, @$); }
| expr GE expr	{ $$ = make_binary(p, $1, AST_GE, $3, @$); }
| expr PLUS expr	{ $$ = make_binary(p, $1, AST_ADD, $3, @$); }
| expr MINUS expr	{ $$ = make_binary(p, $1, AST_SUB, $3, @$); }
| expr STAR expr	{ $$ = make_binary(p, $1, AST_MUL, $3, @$); }
| expr SLASH expr	{ $$ = make_binary(p, $1, AST_DIV, $3, @$); }
| expr PERCENT expr	{ $$ = make_binary(p, $1, AST_MOD, $3, @$); }
| NOT expr	{ $$ = make_unary(p, AST_NOT, $2, @$); }
| MINUS expr %prec NEGATIVE	{ $$ = make_unary(p, AST_NEGATE, $2, @$); }
| expr DOT NAME	{ $$ = make_attr_of(p, $1, @3, @$); }
| expr INDEX expr RBRACKET	{ $$ = make_index(p, $1, $3, @$); }
| expr INDEX STAR RBRACKET	{ $$ = make_index(p, $1, NULL, @$); }
| NAME	{ $$ = make_leaf(p, EXPR_NAME, @$); }
| NUMBER	{ $$ = make_leaf(p, EXPR_NUMBER, @$); }
| CIDR	{ $$ = make_leaf(p, EXPR_CIDR, @$); }
| IP	{ $$ = make_leaf(p, EXPR_IP, @$); }
| DURATION	{ $$ = make_leaf(p, EXPR_DURATION, @$); }
| SIZE	{ $$ = make_leaf(p, EXPR_SIZE, @$); }
| TRUE	{ $$ = make_leaf(p, EXPR_BOOL, @$); }
| FALSE	{ $$ = make_leaf(p, EXPR_BOOL, @$); }
| NULL	{ $$ = make_leaf(p, EXPR_NULL, @$); }
| STRING	{ $$ = make_string(p, @1); }
| template
| LPAREN expr RPAREN	{ $$ = $2; }
| NAME CALL args RPAREN	{ $$ = make_call(p, @1, $3, @$); }
| LIST args RBRACKET	{ $$ = make_items(p, EXPR_LIST, $2, @$); }
| LMAP entries RBRACE	{ $$ = make_items(p, EXPR_MAP, $2, @$); }
| LIST each COLON expr condition RBRACKET	{
	$$ = make_for(p, $2, NULL, $4, $5, @$);
  }
| LMAP each COLON expr BECOMES expr condition RBRACE	{
	$$ = make_for(p, $2, $4, $6, $7, @$);
  }
;

args:
  %empty	{ $$ = list_new(p); }
| arg_list
| arg_list COMMA
;

arg_list:
  expr	{ $$ = list_new(p); list_add(p, $$, $1); }
| arg_list COMMA expr	{ $$ = $1; list_add(p, $1, $3); }
;

entries:
  %empty	{ $$ = list_new(p); }
| entries key ASSIGN expr	{ $$ = entry_add(p, $1, $2, $4); }
| entries key ASSIGN expr COMMA	{ $$ = entry_add(p, $1, $2, $4); }
;

key:
  NAME	{ $$ = make_key(p, @1); }
| STRING	{ $$ = make_string(p, @1); }
| template
| LPAREN expr RPAREN	{ $$ = $2; }
;

string:
  STRING	{ $$ = make_string(p, @1); }
| template
;

template:
  QUOTE parts QUOTE_END	{ $$ = make_template(p, $2, @1, @$); }
| HEREDOC parts HEREDOC_END	{ $$ = make_template(p, $2, @1, @$); }
;

parts:
  %empty	{ $$ = list_new(p); }
| parts part	{ $$ = $1; list_add(p, $1, $2); }
;

part:
  TEXT	{ $$ = make_text(p, @1); }
| INTERP expr INTERP_END	{ $$ = $2; }
;

%%

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p)
{
	yysymbol_kind_t symbols[YYNTOKENS];
	unsigned expected[YYNTOKENS];
	int n;

	/* 2: ends it all, as a full stack does. */
	if (p->stream)
		return 2;
	n = yypcontext_expected_tokens(context, symbols, YYNTOKENS);
	/* Symbols are numbered as the tokens are (api.token.raw). */
	for (int i = 0; i < n; i++)
		expected[i] = (unsigned)symbols[i];
	parser_syntax_error(p, *yypcontext_location(context),
			    (unsigned)yypcontext_token(context), expected,
			    n > 0 ? (size_t)n : 0);
	return 0;
}

const char *grammar_token_name(unsigned kind)
{
	return yysymbol_name((yysymbol_kind_t)kind);
}
