#include <config.h>

#include "lang/token.h"

#include "lang/base/arena.h"
#include "lang/base/digest.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/grammar.h"

#include <stdlib.h>
#include <string.h>

struct token *tokens_add(struct tokens *t, unsigned kind, struct span span)
{
	struct token *token = vec_push(t);

	token->kind = (uint16_t)kind;
	token->span = span;
	return token;
}

static void reserve(struct tokens *t, size_t n)
{
	*t = (struct tokens){ .room = n };
	t->items = xrealloc(NULL, n, sizeof(*t->items));
}

void tokens_release(struct tokens *t)
{
	free(t->items);
	*t = (struct tokens){ 0 };
}

void tokens_read(const struct source *s, bool is_expression, struct tokens *out,
		 struct diags *d)
{
	struct span end = { (uint32_t)s->text.n, (uint32_t)s->text.n };
	struct tokens raw;
	int result;

	/* Few texts have shorter words; room that is not used costs nothing. */
	reserve(&raw, s->text.n / 3 + 16);
	result = lexer_run(s, &raw, d);
	reserve(out, raw.n + raw.n / 8 + 16);
	if (result == 0)
		result = layout_run(s, &raw, is_expression, out, d);
	if (result < 0) {
		out->n = 0;
		tokens_add(out, TOK_END, end)->flags = TOKEN_TAINTED;
	}
	tokens_release(&raw);
}

bool token_opens(unsigned kind)
{
	return kind == TOK_LBRACE || kind == TOK_LMAP || kind == TOK_LIST ||
	       kind == TOK_INDEX || kind == TOK_LPAREN || kind == TOK_CALL ||
	       kind == TOK_INTERP;
}

bool token_closes(unsigned kind)
{
	return kind == TOK_RBRACE || kind == TOK_RBRACKET ||
	       kind == TOK_RPAREN || kind == TOK_INTERP_END;
}

bool token_ends_operand(unsigned kind)
{
	switch (kind) {
	case TOK_NAME:
	case TOK_NUMBER:
	case TOK_STRING:
	case TOK_QUOTE_END:
	case TOK_HEREDOC_END:
	case TOK_CIDR:
	case TOK_IP:
	case TOK_DURATION:
	case TOK_SIZE:
	case TOK_PATTERN:
	case TOK_TRUE:
	case TOK_FALSE:
	case TOK_NULL:
	case TOK_SECRET:
	case TOK_TABLES:
	case TOK_RBRACE:
	case TOK_RBRACKET:
	case TOK_RPAREN:
		return true;
	default:
		return false;
	}
}

bool token_begins_operand(unsigned kind)
{
	switch (kind) {
	case TOK_NAME:
	case TOK_NUMBER:
	case TOK_STRING:
	case TOK_QUOTE:
	case TOK_HEREDOC:
	case TOK_CIDR:
	case TOK_IP:
	case TOK_DURATION:
	case TOK_SIZE:
	case TOK_TRUE:
	case TOK_FALSE:
	case TOK_NULL:
	case TOK_NOT:
	case TOK_MINUS:
	case TOK_LMAP:
	case TOK_LIST:
	case TOK_LPAREN:
		return true;
	default:
		return false;
	}
}

static bool is_declaration(unsigned kind)
{
	switch (kind) {
	case TOK_PARAM:
	case TOK_LET:
	case TOK_STACK:
	case TOK_PROVIDER:
	case TOK_COMPONENT:
	case TOK_EXISTING:
	case TOK_OUTPUT:
	case TOK_CHECK:
	case TOK_USE:
	case TOK_MOVED:
	case TOK_IMPORT:
	case TOK_REMOVED:
		return true;
	default:
		return false;
	}
}

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

bool token_begins_item(const struct tokens *t, size_t i,
		       enum token_context where)
{
	unsigned first = t->items[i].kind;
	unsigned second, third;

	if (where == CONTEXT_TABLES)
		return first == TOK_INCLUDE || first == TOK_EXCLUDE ||
		       first == TOK_RENAME;
	if (is_declaration(first))
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
 * A token is a byte that no text has, its kind and its text; one that the
 * layout put in has none. So what is digested is about as long as the text.
 */
void tokens_digest(const struct tokens *t, const struct source *s,
		   unsigned char digest[32])
{
	struct digested *d = xrealloc(NULL, 1, sizeof(*d));

	d->n = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct token *one = &t->items[i];
		bool is_written = !(one->flags & TOKEN_VIRTUAL);
		size_t n = is_written ? one->span.end - one->span.start : 0;

		if (one->kind == TOK_COMMENT)
			continue;
		if (sizeof(d->bytes) - d->n < 2)
			digested_end(d);
		d->bytes[d->n++] = (char)0xff;
		d->bytes[d->n++] = (char)(one->kind - TOK_START_FILE);
		if (n <= sizeof(d->bytes) - d->n) {
			memcpy(d->bytes + d->n, s->text.s + one->span.start, n);
			d->n += n;
		} else {
			digested_add(d, s->text.s + one->span.start, n);
		}
	}
	digested_end(d);
	memcpy(digest, d->bytes, DIGEST_SIZE);
	free(d);
}
