/*
 * tokens FILE: what our lexer makes of a text, "CLASS START END" a line, the
 * offsets in bytes. Highlighting in editors is held against it.
 * tokens --words: the words that are keywords somewhere.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/grammar.h"
#include "lang/source.h"
#include "lang/token.h"

#include <stdio.h>
#include <string.h>

const char *grammar_token_name(unsigned kind);

static const char *class_of(const struct token *t)
{
	switch (t->kind) {
	case TOK_COMMENT:
		return "comment";
	case TOK_STRING:
	case TOK_QUOTE:
	case TOK_TEXT:
	case TOK_QUOTE_END:
	case TOK_HEREDOC:
	case TOK_HEREDOC_END:
		return "string";
	case TOK_NUMBER:
	case TOK_CIDR:
	case TOK_IP:
	case TOK_DURATION:
	case TOK_SIZE:
		return "number";
	case TOK_PATTERN:
		return "pattern";
	default:
		return t->kind >= TOK_TRUE && t->kind < TOK_LBRACE ? "keyword"
								   : "other";
	}
}

static int print_tokens(const char *path)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct source *s = source_open(path, &a, &err);
	struct diags d = { .arena = &a };
	struct tokens t;

	if (!s) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	tokens_read(s, false, &t, &d);
	for (size_t i = 0; i < t.n; i++)
		if (!(t.items[i].flags & TOKEN_VIRTUAL))
			printf("%s %u %u\n", class_of(&t.items[i]),
			       (unsigned)t.items[i].span.start,
			       (unsigned)t.items[i].span.end);
	tokens_release(&t);
	diags_release(&d);
	arena_release(&a);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 64;
	if (strcmp(argv[1], "--words") != 0)
		return print_tokens(argv[1]);
	for (unsigned k = TOK_TRUE; k < TOK_LBRACE; k++)
		if (k != TOK_PATTERN)
			puts(grammar_token_name(k));
	return 0;
}
