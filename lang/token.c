#include <config.h>

#include "lang/token.h"

#include "lang/base/arena.h"
#include "lang/base/digest.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/grammar.h"

#include <stdlib.h>
#include <string.h>

void tokens_reserve(struct tokens *t, size_t room)
{
	struct token *items = arena_new(&t->memory, struct token, room);

	if (t->n)
		memcpy(items, t->items, t->n * sizeof(*items));
	t->items = items;
	t->room = room;
}

void tokens_release(struct tokens *t)
{
	arena_release(&t->memory);
	*t = (struct tokens){ 0 };
}

/*
 * Where a "}" is missing at the end of the file, all is done again and a
 * declaration at the very left ends whatever is open: the blocks behind the
 * mistake are then understood.
 */
static int read_again(const struct source *s, struct layout_options o,
		      struct tokens *out, struct diags *d)
{
	struct arena scratch = { 0 };
	struct diags told = { .arena = &scratch };
	bool is_unbalanced;

	out->n = 0;
	lexer_run(s, o.form, out, &told);
	diags_release(&told);
	arena_release(&scratch);
	return layout_run(s, &o, out, &is_unbalanced, d);
}

static int read_tokens(const struct source *s, struct layout_options o,
		       struct tokens *out, struct diags *d)
{
	struct arena scratch = { 0 };
	struct diags trial = { .arena = &scratch };
	int result = lexer_run(s, o.form, out, d);

	if (result < 0)
		return result;
	/* Right input, nearly always, is done after one pass. */
	result = layout_run(s, &o, out, &o.by_column, &trial);
	if (trial.n)
		result = read_again(s, o, out, d);
	diags_release(&trial);
	arena_release(&scratch);
	return result;
}

void tokens_read(const struct source *s, enum text_form form,
		 struct tokens *out, struct diags *d)
{
	struct layout_options o = { .form = form };
	struct span end = { (uint32_t)s->text.n, (uint32_t)s->text.n };

	/* Few texts have shorter words; room that is not used costs nothing. */
	*out = (struct tokens){ 0 };
	tokens_reserve(out, s->text.n / 3 + 16);
	if (read_tokens(s, o, out, d) < 0) {
		out->n = 0;
		tokens_add(out, TOK_END, end)->flags = TOKEN_TAINTED;
	}
}

enum {
	OPENS = TRAIT_OPENS,
	CLOSES = TRAIT_CLOSES,
	ENDS = TRAIT_ENDS_OPERAND,
	BEGINS = TRAIT_BEGINS_OPERAND,
	RULE = TRAIT_OF_TABLES | TRAIT_BEGINS_RULE,
};

const uint8_t token_traits[UINT8_MAX] = {
	[TOK_NAME] = BEGINS | ENDS,
	[TOK_NUMBER] = BEGINS | ENDS,
	[TOK_STRING] = BEGINS | ENDS,
	[TOK_CIDR] = BEGINS | ENDS,
	[TOK_IP] = BEGINS | ENDS,
	[TOK_DURATION] = BEGINS | ENDS,
	[TOK_SIZE] = BEGINS | ENDS,
	[TOK_QUOTE] = BEGINS,
	[TOK_QUOTE_END] = ENDS,
	[TOK_HEREDOC] = BEGINS,
	[TOK_HEREDOC_END] = ENDS,
	[TOK_PATTERN] = ENDS,
	[TOK_MINUS] = BEGINS,

	[TOK_TRUE] = TRAIT_OF_EXPRESSIONS | BEGINS | ENDS,
	[TOK_FALSE] = TRAIT_OF_EXPRESSIONS | BEGINS | ENDS,
	[TOK_NULL] = TRAIT_OF_EXPRESSIONS | BEGINS | ENDS,
	[TOK_NOT] = TRAIT_OF_EXPRESSIONS | BEGINS,
	[TOK_AND] = TRAIT_OF_EXPRESSIONS,
	[TOK_OR] = TRAIT_OF_EXPRESSIONS,
	[TOK_IF] = TRAIT_OF_EXPRESSIONS,
	[TOK_FOR] = TRAIT_OF_EXPRESSIONS,
	[TOK_IN] = TRAIT_OF_EXPRESSIONS,

	[TOK_PARAM] = TRAIT_OF_FILES,
	[TOK_LET] = TRAIT_OF_FILES,
	[TOK_STACK] = TRAIT_OF_FILES,
	[TOK_PROVIDER] = TRAIT_OF_FILES,
	[TOK_COMPONENT] = TRAIT_OF_FILES,
	[TOK_EXISTING] = TRAIT_OF_FILES,
	[TOK_OUTPUT] = TRAIT_OF_FILES,
	[TOK_CHECK] = TRAIT_OF_FILES,
	[TOK_USE] = TRAIT_OF_FILES,
	[TOK_MOVED] = TRAIT_OF_FILES,
	[TOK_IMPORT] = TRAIT_OF_FILES,
	[TOK_REMOVED] = TRAIT_OF_FILES,
	[TOK_SECRET] = ENDS,

	[TOK_TABLES] = ENDS,
	[TOK_INCLUDE] = RULE,
	[TOK_EXCLUDE] = RULE,
	[TOK_EXPLICIT] = RULE,
	[TOK_RENAME] = RULE,
	[TOK_LOWER] = RULE,
	[TOK_UPPER] = RULE,
	[TOK_ADD] = RULE,
	[TOK_REMOVE] = RULE,
	[TOK_REPLACE] = RULE,
	[TOK_KEEP] = RULE,
	[TOK_CHANGE] = RULE,
	[TOK_PRIMARY] = RULE,
	[TOK_UNIQUE] = RULE,
	[TOK_MASK] = RULE,
	[TOK_BEFORE_IMAGE] = RULE,
	[TOK_LOAD] = RULE,
	[TOK_VALIDATE] = RULE,
	[TOK_WHERE] = TRAIT_OF_TABLES,
	[TOK_TO] = TRAIT_OF_TABLES,
	[TOK_BETWEEN] = TRAIT_OF_TABLES,
	[TOK_IS] = TRAIT_OF_TABLES,
	[TOK_SCHEMA] = TRAIT_OF_TABLES,
	[TOK_TABLE] = TRAIT_OF_TABLES,
	[TOK_COLUMN] = TRAIT_OF_TABLES,
	[TOK_VIEW] = TRAIT_OF_TABLES,
	[TOK_ALL] = TRAIT_OF_TABLES | ENDS,
	[TOK_LOAD_ORDER] = TRAIT_OF_TABLES,
	[TOK_PREFIX] = TRAIT_OF_TABLES,
	[TOK_SUFFIX] = TRAIT_OF_TABLES,
	[TOK_FROM] = TRAIT_OF_TABLES,
	[TOK_WITH] = TRAIT_OF_TABLES,
	[TOK_AS] = TRAIT_OF_TABLES,
	[TOK_OF] = TRAIT_OF_TABLES,
	[TOK_ON] = TRAIT_OF_TABLES,
	[TOK_BY] = TRAIT_OF_TABLES,
	[TOK_AT] = TRAIT_OF_TABLES,
	[TOK_RANGES] = TRAIT_OF_TABLES,
	[TOK_LOBS] = TRAIT_OF_TABLES,
	[TOK_KEY] = TRAIT_OF_TABLES,
	[TOK_DIGITS] = TRAIT_OF_TABLES,
	[TOK_RANDOM] = TRAIT_OF_TABLES,
	[TOK_HASH] = TRAIT_OF_TABLES,
	[TOK_SOURCE] = TRAIT_OF_TABLES,
	[TOK_TARGET] = TRAIT_OF_TABLES,

	[TOK_LBRACE] = OPENS,
	[TOK_LMAP] = OPENS | BEGINS,
	[TOK_LIST] = OPENS | BEGINS,
	[TOK_INDEX] = OPENS,
	[TOK_LPAREN] = OPENS | BEGINS,
	[TOK_CALL] = OPENS,
	[TOK_INTERP] = OPENS,
	[TOK_RBRACE] = CLOSES | ENDS,
	[TOK_RBRACKET] = CLOSES | ENDS,
	[TOK_RPAREN] = CLOSES | ENDS,
	[TOK_INTERP_END] = CLOSES,
};

/* The kind of the nth token from i on, comments not counted. */
static unsigned peek(const struct tokens *t, size_t i, unsigned nth)
{
	for (; i < t->n; i++)
		if (t->items[i].kind != TOK_COMMENT && nth-- == 0)
			return t->items[i].kind;
	return TOK_END;
}

static bool is_body(unsigned kind)
{
	return kind == TOK_LBRACE || kind == TOK_LMAP;
}

bool token_is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

bool token_begins_item(const struct tokens *t, size_t i,
		       enum token_context where)
{
	unsigned first = t->items[i].kind;
	unsigned second, third;

	if (where == CONTEXT_TABLES)
		return token_traits[first] & TRAIT_BEGINS_RULE;
	if (token_traits[first] & TRAIT_OF_FILES)
		return where == CONTEXT_FILE || where == CONTEXT_DECLS;
	if (first == TOK_TABLES)
		return true;
	if (first != TOK_NAME)
		return false;
	second = peek(t, i, 1);
	third = peek(t, i, 2);
	if (where == CONTEXT_FILE || where == CONTEXT_DECLS)
		return second == TOK_NAME &&
		       (is_body(third) || third == TOK_FOR || third == TOK_IF);
	return second == TOK_ASSIGN || is_body(second) ||
	       ((second == TOK_NAME || second == TOK_STRING) && is_body(third));
}

/* -- Digest --------------------------------------------------------------- */

/* A part of what is digested; each begins with the digest of those before. */
struct digested {
	size_t n;
	char bytes[1 << 15];
};

static void digested_end(struct digested *d)
{
	unsigned char so_far[DIGEST_SIZE];

	digest_sha256((struct str){ d->bytes, d->n }, so_far);
	memcpy(d->bytes, so_far, DIGEST_SIZE);
	d->n = DIGEST_SIZE;
}

static void digested_add(struct digested *d, const char *s, size_t n)
{
	while (n > sizeof(d->bytes) - d->n) {
		size_t part = sizeof(d->bytes) - d->n;

		memcpy(d->bytes + d->n, s, part);
		d->n += part;
		s += part;
		n -= part;
		digested_end(d);
	}
	memcpy(d->bytes + d->n, s, n);
	d->n += n;
}

/*
 * Adds tokens from i on while there is room for each, and they are short; gives
 * the first that is left. More is copied than is needed, with no call.
 */
static size_t digested_add_short(struct digested *d, const struct tokens *t,
				 size_t i, struct str text)
{
	enum { SHORT = 16 };
	char *out = d->bytes + d->n;
	const char *end = d->bytes + sizeof(d->bytes) - 2 - SHORT;

	for (; i < t->n && out <= end; i++) {
		const struct token *one = &t->items[i];
		size_t start = one->span.start, n = one->span.end - start;

		if (one->kind == TOK_COMMENT)
			continue;
		if (n > SHORT || start + SHORT > text.n)
			break;
		out[0] = (char)0xff;
		out[1] = (char)(one->kind - TOK_START_FILE);
		memcpy(out + 2, text.s + start, SHORT);
		out += one->flags & TOKEN_VIRTUAL ? 2 : 2 + n;
	}
	d->n = (size_t)(out - d->bytes);
	return i;
}

/*
 * A token is a byte that no text has, its kind and its text; one that the
 * layout put in has none. So what is digested is about as long as the text.
 */
static void digested_add_tokens(struct digested *d, const struct tokens *t,
				size_t first, struct str text)
{
	for (size_t i = digested_add_short(d, t, first, text); i < t->n;
	     i = digested_add_short(d, t, i + 1, text)) {
		const struct token *one = &t->items[i];
		struct str part = str_sub(text, one->span.start, one->span.end);
		char head[2] = { (char)0xff,
				 (char)(one->kind - TOK_START_FILE) };

		if (one->kind == TOK_COMMENT)
			continue;
		if (sizeof(d->bytes) - d->n < sizeof(head))
			digested_end(d);
		digested_add(d, head, sizeof(head));
		if (!(one->flags & TOKEN_VIRTUAL))
			digested_add(d, part.s, part.n);
	}
}

void tokens_digest(const struct tokens *t, const struct source *s,
		   unsigned char digest[32])
{
	struct digested *d = xmalloc(sizeof(*d));

	d->n = 0;
	digested_add_tokens(d, t, 0, s->text);
	digested_end(d);
	memcpy(digest, d->bytes, DIGEST_SIZE);
	free(d);
}

/* -- Stream --------------------------------------------------------------- */

enum { PIECE = 1000 }; /* tokens, about; they stay in the nearest cache */

struct token_stream {
	const struct source *source;
	struct lexer *lexer;
	struct layout *layout;
	struct tokens tokens; /* done ones, then those as read */
	size_t n_done;
	bool is_all_read;
	struct digested digested;
};

struct token_stream *token_stream_open(const struct source *s, struct diags *d)
{
	const struct layout_options o = { .form = TEXT_FILE };
	struct token_stream *t = xmalloc(sizeof(*t));

	t->source = s;
	t->tokens = (struct tokens){ 0 };
	t->n_done = 0;
	t->is_all_read = false;
	t->digested.n = 0;
	t->lexer = lexer_new(s, TEXT_FILE, &t->tokens, d);
	if (!t->lexer) {
		free(t);
		return NULL;
	}
	tokens_reserve(&t->tokens, 2 * PIECE);
	t->layout = layout_new(s, &o, &t->tokens, d);
	return t;
}

/* A text that is nested too deeply ends where it is. */
static size_t lay_out_rest(struct token_stream *t)
{
	struct span end = { (uint32_t)t->source->text.n,
			    (uint32_t)t->source->text.n };
	bool ignored;

	if (layout_end(t->layout, &ignored) < 0) {
		t->tokens.n = t->n_done;
		tokens_add(&t->tokens, TOK_END, end);
	}
	return t->tokens.n;
}

void token_stream_more(struct token_stream *t, size_t gone, struct tokens *view)
{
	size_t done = t->n_done - gone;

	layout_drop(t->layout, gone);
	t->n_done = done;
	while (t->n_done == done && !t->is_all_read) {
		t->is_all_read = !lexer_more(t->lexer, t->tokens.n + PIECE);
		t->n_done =
		    t->is_all_read ? lay_out_rest(t) : layout_more(t->layout);
	}
	view->items = t->tokens.items;
	view->n = t->n_done;
	digested_add_tokens(&t->digested, view, done, t->source->text);
}

void token_stream_close(struct token_stream *t, unsigned char digest[32])
{
	if (digest) {
		digested_end(&t->digested);
		memcpy(digest, t->digested.bytes, DIGEST_SIZE);
	}
	lexer_free(t->lexer);
	layout_free(t->layout);
	tokens_release(&t->tokens);
	free(t);
}
