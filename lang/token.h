#ifndef DMSL_LANG_TOKEN_H
#define DMSL_LANG_TOKEN_H

/*
 * A text as tokens, comments included. Two steps make them: the lexer cuts the
 * text, knowing nothing of its meaning; the layout then says what can only be
 * said with a look around: which words are keywords, which "{" opens a block
 * and which a map, where the end of a line separates, and where a bracket is
 * missing. After it brackets are balanced, and the grammar needs one token of
 * lookahead and no tricks.
 *
 * The kinds of tokens are those of the grammar (TOK_NAME, …). Their text is
 * the source's text under the span.
 */

#include "lang/base/arena.h"
#include "lang/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diags;

enum token_flag {
	TOKEN_FIRST = 1,   /* the first of its line; comments do not count */
	TOKEN_VIRTUAL = 2, /* not in the text: put in by the layout */
	TOKEN_TAINTED = 4, /* a mistake just before it was reported */
};

/* What an opening bracket opens; where a token stands. */
enum token_context {
	CONTEXT_FILE,
	CONTEXT_BODY,	/* { } of a block */
	CONTEXT_DECLS,	/* { } of a component */
	CONTEXT_TABLES, /* tables { } */
	CONTEXT_MAP,
	CONTEXT_LIST,
	CONTEXT_INDEX,
	CONTEXT_ARGS,	/* ( ) of a call, a type or a component */
	CONTEXT_GROUP,	/* ( ) around an expression */
	CONTEXT_INTERP, /* ${ } in a string */
};

struct token {
	struct span span;
	uint8_t kind;
	uint8_t flags;	 /* enum token_flag, or'ed */
	uint8_t context; /* of an opening bracket: what it opens */
	uint8_t word;	 /* of a TOK_NAME: the keyword it may be, or 0 */
};

/* The last one is TOK_END. */
struct tokens {
	struct token *items;
	size_t n, room;
	struct arena memory; /* of the items */
};

enum {
	NESTING_MAX = 200,     /* brackets, templates, levels of a tree */
	STRING_MAX = 16 << 20, /* bytes of a string in the text */
};

/* What a text is. */
enum text_form {
	TEXT_FILE,
	TEXT_EXPRESSION,
	TEXT_TEMPLATE, /* what stands in a heredoc, without its ends */
};

/*
 * Both steps; mistakes are findings. What cannot be read without guessing gives
 * no tokens but the end.
 */
void tokens_read(const struct source *s, enum text_form form,
		 struct tokens *out, struct diags *d);
void tokens_release(struct tokens *t);

/*
 * SHA-256 of what is read from the text: neither of its comments nor of the
 * white space between its words, where that means nothing.
 */
void tokens_digest(const struct tokens *t, const struct source *s,
		   unsigned char digest[32]);

/*
 * The same of a file, a piece at a time, so that there is never an array of all
 * of it. It is of use as long as there are no findings: those of a "}" that is
 * missing take a second look at all.
 */
struct token_stream;
/* NULL: the text cannot be read. */
struct token_stream *token_stream_open(const struct source *s, struct diags *d);
/*
 * Forgets the first `gone` tokens of *view and adds some to its end. There are
 * always more up to TOK_END.
 */
void token_stream_more(struct token_stream *t, size_t gone,
		       struct tokens *view);
/* digest: what tokens_digest() gives, of what was read; may be NULL. */
void token_stream_close(struct token_stream *t, unsigned char digest[32]);

/*
 * The first step, of lexer.l: the text as it stands; -1 when it is no UTF-8,
 * has a NUL or is nested too deeply.
 */
int lexer_run(const struct source *s, enum text_form form, struct tokens *out,
	      struct diags *d);
/* It in pieces. NULL: as -1. */
struct lexer *lexer_new(const struct source *s, enum text_form form,
			struct tokens *out, struct diags *d);
/*
 * Goes on to the end of a line behind which there are so many tokens, outside
 * of all strings. false: that was the end of the text.
 */
bool lexer_more(struct lexer *lx, size_t enough);
/* -1 when the text was nested too deeply. */
int lexer_free(struct lexer *lx);

struct layout_options {
	enum text_form form;
	/* A declaration at the very left ends whatever is open. */
	bool by_column;
};

/*
 * The second, of layout.c, in place; -1 when the text is nested too deeply.
 * is_unbalanced: the end of the file closed a block.
 */
int layout_run(const struct source *s, const struct layout_options *o,
	       struct tokens *t, bool *is_unbalanced, struct diags *d);
/* It in pieces: t grows at its end. */
struct layout *layout_new(const struct source *s,
			  const struct layout_options *o, struct tokens *t,
			  struct diags *d);
/* Gives how many are done, from the first on. */
size_t layout_more(struct layout *l);
/* The first n are done and no longer needed. */
void layout_drop(struct layout *l, size_t n);
/* t holds all there is. */
int layout_end(struct layout *l, bool *is_unbalanced);
void layout_free(struct layout *l);

/* Room for so many and more. */
void tokens_reserve(struct tokens *t, size_t room);

/* Adds a token at the end. */
static inline struct token *tokens_add(struct tokens *t, unsigned kind,
				       struct span span)
{
	struct token *token;

	if (t->n == t->room)
		tokens_reserve(t, t->room * 2 + 16);
	token = &t->items[t->n++];
	*token = (struct token){ .kind = (uint8_t)kind, .span = span };
	return token;
}

/* Letters of ASCII, digits and "_": what names are made of. */
bool token_is_word_byte(char c);
/*
 * Whether tokens i, i + 1, … begin an attribute, block or declaration, as far
 * as a look at two or three of them can tell. For recovery.
 */
bool token_begins_item(const struct tokens *t, size_t i,
		       enum token_context where);

enum token_trait {
	TRAIT_OPENS = 1,
	TRAIT_CLOSES = 2,
	/* An expression may end or begin with it. */
	TRAIT_ENDS_OPERAND = 4,
	TRAIT_BEGINS_OPERAND = 8,
	/* A name may be this keyword in such a place. */
	TRAIT_OF_EXPRESSIONS = 16,
	TRAIT_OF_FILES = 32,
	TRAIT_OF_TABLES = 64,
	/* A rule of tables { } begins with it. */
	TRAIT_BEGINS_RULE = 128,
};

/* By kind. */
extern const uint8_t token_traits[UINT8_MAX];

static inline bool token_opens(unsigned kind)
{
	return token_traits[kind] & TRAIT_OPENS;
}

static inline bool token_closes(unsigned kind)
{
	return token_traits[kind] & TRAIT_CLOSES;
}

static inline bool token_ends_operand(unsigned kind)
{
	return token_traits[kind] & TRAIT_ENDS_OPERAND;
}

static inline bool token_begins_operand(unsigned kind)
{
	return token_traits[kind] & TRAIT_BEGINS_OPERAND;
}

#endif
