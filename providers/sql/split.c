#include <config.h>

#include "providers/sql/split.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct splitter {
	struct str sql;
	size_t at;
	size_t line;
	/* Of the statement being read. */
	size_t start, start_line;
	bool is_inside; /* something else than blanks and comments was seen */
	struct str word;
	size_t parens;
	/*
	 * BEGIN ATOMIC … END holds semicolons; it occurs only in CREATE
	 * FUNCTION and CREATE PROCEDURE. CASE … END may stand inside.
	 */
	size_t n_words;
	bool is_create, is_routine, was_begin;
	size_t blocks;
};

static bool is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
	return is_word_start(c) || (c >= '0' && c <= '9') || c == '$';
}

static bool same_word(struct str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.s, word, s.n) == 0;
}

static char peek(const struct splitter *p, size_t ahead)
{
	return p->at + ahead < p->sql.n ? p->sql.s[p->at + ahead] : '\0';
}

static void step(struct splitter *p)
{
	if (p->sql.s[p->at] == '\n')
		p->line++;
	p->at++;
}

static int not_closed(struct error *err, size_t line, const char *what)
{
	return error_set(
	    err, ERROR_INVALID,
	    "line %zu: %s is not closed before the end of the text", line,
	    what);
}

static int skip_block_comment(struct splitter *p, struct error *err)
{
	size_t line = p->line;
	size_t depth = 0;

	do {
		if (p->at >= p->sql.n)
			return not_closed(err, line, "a comment");
		if (peek(p, 0) == '/' && peek(p, 1) == '*') {
			depth++;
			p->at += 2;
		} else if (peek(p, 0) == '*' && peek(p, 1) == '/') {
			depth--;
			p->at += 2;
		} else {
			step(p);
		}
	} while (depth);
	return 0;
}

static int skip_quoted(struct splitter *p, char quote, bool has_escapes,
		       struct error *err)
{
	size_t line = p->line;

	p->at++;
	for (;; step(p)) {
		if (p->at >= p->sql.n)
			return not_closed(err, line,
					  quote == '"' ? "a quoted name"
						       : "a string");
		if (has_escapes && peek(p, 0) == '\\' && p->at + 1 < p->sql.n) {
			step(p);
		} else if (peek(p, 0) == quote) {
			if (peek(p, 1) != quote)
				break;
			p->at++;
		}
	}
	p->at++;
	return 0;
}

/* The length of $tag$ here, or 0: a parameter or a stray dollar. */
static size_t dollar_tag(const struct splitter *p)
{
	size_t n = 1;

	if (peek(p, 1) >= '0' && peek(p, 1) <= '9')
		return 0;
	while (is_word(peek(p, n)) && peek(p, n) != '$')
		n++;
	return peek(p, n) == '$' ? n + 1 : 0;
}

static int skip_dollar_quoted(struct splitter *p, size_t n, struct error *err)
{
	struct str tag = { p->sql.s + p->at, n };
	size_t line = p->line;

	p->at += n;
	for (;; step(p)) {
		if (p->at + n > p->sql.n)
			return not_closed(err, line, "a dollar-quoted string");
		if (memcmp(p->sql.s + p->at, tag.s, n) == 0)
			break;
	}
	p->at += n;
	return 0;
}

static void note_word(struct splitter *p, struct str word)
{
	bool was_begin = p->was_begin;

	p->was_begin = false;
	if (p->n_words++ == 0) {
		p->word = word;
		p->is_create = same_word(word, "create");
	}
	/* CREATE [OR REPLACE] FUNCTION */
	if (p->is_create && p->n_words <= 4 &&
	    (same_word(word, "function") || same_word(word, "procedure")))
		p->is_routine = true;
	if (!p->is_routine || p->parens)
		return;
	if (same_word(word, "begin"))
		p->was_begin = true;
	else if ((was_begin && same_word(word, "atomic")) ||
		 (p->blocks && same_word(word, "case")))
		p->blocks++;
	else if (p->blocks && same_word(word, "end"))
		p->blocks--;
}

static int read_word(struct splitter *p, struct error *err)
{
	struct str word = { p->sql.s + p->at, 0 };

	while (is_word(peek(p, 0)) && p->at < p->sql.n) {
		p->at++;
		word.n++;
	}
	/* E'it\'s' is one string; N'', B'', X'', U&'' read as two things. */
	if (peek(p, 0) == '\'' && same_word(word, "e"))
		return skip_quoted(p, '\'', true, err);
	note_word(p, word);
	return 0;
}

static void begin_statement(struct splitter *p)
{
	struct splitter fresh = {
		.sql = p->sql,
		.at = p->at,
		.line = p->line,
		.start = p->at,
		.start_line = p->line,
	};

	*p = fresh;
}

/* One token; *ends is set at a semicolon that ends the statement. */
static int read_token(struct splitter *p, bool *ends, struct error *err)
{
	char c = peek(p, 0);
	size_t n;

	if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
	    c == '\v') {
		step(p);
		return 0;
	}
	if (c == '-' && peek(p, 1) == '-') {
		while (p->at < p->sql.n && peek(p, 0) != '\n')
			p->at++;
		return 0;
	}
	if (c == '/' && peek(p, 1) == '*')
		return skip_block_comment(p, err);
	if (c == ';' && !p->parens && !p->blocks) {
		*ends = true;
		return 0;
	}
	if (!p->is_inside) {
		p->is_inside = true;
		p->start = p->at;
		p->start_line = p->line;
	}
	if (is_word_start(c))
		return read_word(p, err);
	if (c == '\'' || c == '"')
		return skip_quoted(p, c, false, err);
	n = c == '$' ? dollar_tag(p) : 0;
	if (n)
		return skip_dollar_quoted(p, n, err);
	if (c == '\0')
		return error_set(err, ERROR_INVALID,
				 "line %zu: SQL cannot hold a NUL byte",
				 p->line);
	if (c == '(')
		p->parens++;
	else if (c == ')' && p->parens)
		p->parens--;
	/* A number with what hangs on it, so that 1e5 is no word. */
	if (c >= '0' && c <= '9')
		while (p->at < p->sql.n && is_word(peek(p, 0)))
			p->at++;
	else
		p->at++;
	return 0;
}

int sql_split(struct str sql, struct arena *a, struct statements *out,
	      struct error *err)
{
	struct splitter p = { .sql = sql, .line = 1, .start_line = 1 };
	VEC(struct statement) found = { 0 };
	int result = 0;

	*out = (struct statements){ 0 };
	while (result == 0) {
		bool ends = p.at >= p.sql.n;

		if (!ends)
			result = read_token(&p, &ends, err);
		if (result < 0 || !ends)
			continue;
		if (p.is_inside)
			*vec_push(&found) = (struct statement){
				.text = str_trim(str_sub(sql, p.start, p.at)),
				.word = p.word,
				.line = p.start_line,
			};
		if (p.at >= p.sql.n)
			break;
		p.at++; /* the semicolon */
		begin_statement(&p);
	}
	out->n = found.n;
	out->items = vec_take(&found, a);
	return result;
}

/* Whether a statement would end or escape a transaction. */
static bool escapes(const struct statement *s)
{
	static const char *const words[] = {
		"begin", "start", "commit", "end", "abort", "rollback", NULL,
	};
	struct str rest = str_trim(str_skip(s->text, s->word.n));

	for (size_t i = 0; words[i]; i++)
		if (same_word(s->word, words[i]))
			return true;
	return same_word(s->word, "prepare") &&
	       same_word(str_sub(rest, 0, 11), "transaction");
}

int sql_split_for_transaction(struct str sql, struct arena *a,
			      struct statements *out, struct error *err)
{
	if (sql_split(sql, a, out, err) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		const struct statement *s = &out->items[i];

		if (s->text.s[0] == '\\') {
			error_set(err, ERROR_INVALID,
				  "line %zu: \"%.*s\" is a command of psql, "
				  "not SQL",
				  s->line, STR_ARG(str_sub(s->text, 0, 20)));
			return error_hint(err, "use SQL statements only");
		}
		if (escapes(s)) {
			error_set(err, ERROR_INVALID,
				  "line %zu: %.*s cannot be used here", s->line,
				  STR_ARG(s->word));
			return error_hint(err,
					  "the statements are run in one "
					  "transaction that dmsl begins and "
					  "commits: leave it out");
		}
	}
	return 0;
}
