/*
 * The cursor over the tokens that the grammar reads by, what a syntax error
 * says, and where reading goes on behind one.
 */
#include <config.h>

#include "lang/parse.h"

#include "lang/base/arena.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/grammar.h"
#include "lang/parser.h"

#include <string.h>

enum { NAMED_MOST = 5 }; /* of what was expected */

int grammar_lex(GRAMMAR_STYPE *value, struct span *span, struct parser *p);

struct str parser_text(const struct parser *p, struct span span)
{
	return str_sub(p->source->text, span.start, span.end);
}

static struct place place_of(const struct parser *p, struct span span)
{
	return (struct place){ p->source, span };
}

/*
 * The contexts before the current token. Only mistakes ask for them; what was
 * followed once is not looked at again.
 */
static void follow(struct parser *p)
{
	for (; p->followed < p->current; p->followed++) {
		const struct token *t = &p->tokens.items[p->followed];

		if (token_opens(t->kind) && p->n_open < NESTING_MAX)
			p->open[p->n_open++] = t->context;
		else if (token_closes(t->kind) && p->n_open)
			p->n_open--;
	}
}

static bool holds_items(unsigned context)
{
	return context == CONTEXT_FILE || context == CONTEXT_BODY ||
	       context == CONTEXT_DECLS || context == CONTEXT_TABLES;
}

/* A line that does not go on an expression begins something of its own. */
static bool begins_again(const struct tokens *t, size_t i,
			 enum token_context where)
{
	if (token_begins_item(t, i, where))
		return true;
	return (t->items[i].flags & TOKEN_FIRST) &&
	       t->items[i].kind != TOK_MINUS &&
	       token_begins_operand(t->items[i].kind);
}

/*
 * Behind a mistake: the first token that begins the next item of the block we
 * are in, or ends the block. At least one token is passed over since the last
 * time, so that recovery ends.
 */
static __attribute__((cold)) size_t find_sync(struct parser *p)
{
	const struct tokens *t = &p->tokens;
	size_t i = p->current;
	size_t depth = 0;
	enum token_context where;

	follow(p);
	while (p->n_open && !holds_items(p->open[p->n_open - 1])) {
		p->n_open--;
		depth++;
	}
	where = p->n_open ? p->open[p->n_open - 1] : CONTEXT_FILE;
	for (;; i++) {
		unsigned kind = t->items[i].kind;
		bool is_again = p->has_failed && i <= p->failed_at;

		if (kind == TOK_END || (kind == TOK_RBRACE && depth == 0))
			break;
		if (depth == 0 && !is_again && begins_again(t, i, where))
			break;
		if (token_opens(kind))
			depth++;
		else if (token_closes(kind))
			depth--;
	}
	p->has_failed = true;
	p->failed_at = p->current;
	/* What was passed over is balanced, and what it opened is closed. */
	p->followed = i;
	return i;
}

/* What comes next is no token of the text, or another one. */
static __attribute__((cold, noinline)) int lex_other(struct span *span,
						     struct parser *p)
{
	int start = (int)p->start;

	if (start) {
		p->start = 0;
		*span = (struct span){ 0, 0 };
		return start;
	}
	p->is_recovering = false;
	p->next = find_sync(p);
	span->start = p->tokens.items[p->next].span.start;
	span->end = span->start;
	return TOK_SYNC;
}

/* The tokens that were handed out are all there are as yet. */
static __attribute__((noinline)) void more(struct parser *p)
{
	size_t gone = p->mark;

	token_stream_more(p->stream, gone, &p->tokens);
	p->next -= gone;
	p->current -= gone;
	p->mark = 0;
}

int grammar_lex(GRAMMAR_STYPE *value, struct span *span, struct parser *p)
{
	const struct token *t;

	(void)value;
	if (p->start || p->is_recovering)
		return lex_other(span, p);
	do {
		if (p->next == p->tokens.n)
			more(p);
		p->current = p->next++;
		t = &p->tokens.items[p->current];
	} while (t->kind == TOK_COMMENT);
	/* Nothing comes behind it, but it may be asked for again. */
	if (t->kind == TOK_END)
		p->next--;
	*span = t->span;
	return t->kind;
}

/* The kinds that were expected, while groups of them are given a name. */
struct expected {
	const struct parser *p;
	bool has[TOK_PERCENT + 1];
	const char *names[NAMED_MOST];
	size_t n; /* may be more than was kept */
};

static void name(struct expected *e, const char *text)
{
	if (e->n < NAMED_MOST)
		e->names[e->n] = text;
	e->n++;
}

static void drop(struct expected *e, unsigned first, unsigned last)
{
	for (unsigned k = first; k <= last; k++)
		e->has[k] = false;
}

static void drop_operands(struct expected *e)
{
	for (unsigned k = 0; k <= TOK_PERCENT; k++)
		if (token_begins_operand(k))
			e->has[k] = false;
}

/* What may go on an expression is not worth saying beside what may end it. */
static void drop_operators(struct expected *e)
{
	struct expected rest = *e;
	bool is_all = e->n == 0;

	static const unsigned operators[] = {
		TOK_QUESTION, TOK_OR,	TOK_AND,   TOK_EQ,  TOK_NE,
		TOK_LT,	      TOK_LE,	TOK_GT,	   TOK_GE,  TOK_PLUS,
		TOK_MINUS,    TOK_STAR, TOK_SLASH, TOK_DOT, TOK_INDEX,
		TOK_CALL,     TOK_PIPE, TOK_SYNC,  TOK_GAP, TOK_PERCENT,
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		rest.has[operators[i]] = false;
	for (unsigned k = 0; k <= TOK_PERCENT; k++)
		is_all &= !rest.has[k];
	if (!is_all)
		*e = rest;
}

/* Names for groups of tokens, in the user's words. */
static void name_groups(struct expected *e)
{
	if (e->has[TOK_NUMBER] && e->has[TOK_NAME]) {
		name(e, "an expression");
		drop_operands(e);
		e->has[TOK_FOR] = e->has[TOK_STAR] = false;
	}
	if (e->has[TOK_LET]) {
		name(e, "a declaration");
		drop(e, TOK_PARAM, TOK_REMOVED);
		e->has[TOK_NAME] = false;
	}
	if (e->has[TOK_TABLES]) {
		name(e, "an attribute");
		name(e, "a block");
		e->has[TOK_TABLES] = e->has[TOK_NAME] = false;
	}
	if (e->has[TOK_INCLUDE]) {
		name(e, "a rule");
		for (unsigned k = 0; k <= TOK_PERCENT; k++)
			e->has[k] &= !(token_traits[k] & TRAIT_BEGINS_RULE);
	}
	if (e->has[TOK_PATTERN]) {
		name(e, "a pattern");
		e->has[TOK_PATTERN] = e->has[TOK_NAME] = false;
		e->has[TOK_STRING] = e->has[TOK_PERCENT] = false;
	}
	if (e->has[TOK_BETWEEN] && e->has[TOK_ASSIGN]) {
		name(e, "a comparison");
		e->has[TOK_BETWEEN] = e->has[TOK_NOT] = e->has[TOK_IS] = false;
		e->has[TOK_ASSIGN] = false;
		drop_operators(e);
	}
	/* Behind the first word of an attribute or block. */
	if (e->has[TOK_ASSIGN] && e->has[TOK_LBRACE] && e->has[TOK_NAME])
		e->has[TOK_NAME] = e->has[TOK_STRING] = false;
	if (e->has[TOK_QUOTE]) {
		name(e, e->has[TOK_NAME] ? "a key" : "a string");
		drop_operands(e);
	}
}

static void name_tokens(struct expected *e)
{
	static const struct {
		unsigned kind;
		const char *text;
	} words[] = {
		{ TOK_NAME, "a name" },	    { TOK_STRING, "a string" },
		{ TOK_NUMBER, "a number" }, { TOK_END, "the end of the file" },
		{ TOK_LBRACE, "\"{\"" },    { TOK_INTERP_END, "\"}\"" },
		{ TOK_LMAP, "\"{\"" },	    { TOK_CALL, "\"(\"" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (e->has[words[i].kind])
			name(e, words[i].text);
		e->has[words[i].kind] = false;
	}
	for (unsigned k = 0; k <= TOK_PERCENT; k++)
		if (e->has[k])
			name(e, str_fmt(e->p->arena, "\"%s\"",
					grammar_token_name(k))
				    .s);
}

static struct str join_expected(struct expected *e)
{
	struct str text = STR("");

	if (e->n == 0 || e->n > NAMED_MOST)
		return text;
	for (size_t i = 0; i < e->n; i++)
		text = str_fmt(e->p->arena, "%.*s%s%s", STR_ARG(text),
			       i == 0	      ? ""
			       : i + 1 < e->n ? ", "
					      : " or ",
			       e->names[i]);
	return text;
}

static struct str describe(const struct parser *p, struct span span,
			   unsigned kind)
{
	struct str text = parser_text(p, span);

	if (kind == TOK_GAP || (kind == TOK_COMMA && text.n == 0))
		return STR("the end of the line");
	if (kind == TOK_END)
		return STR("the end of the file");
	if (kind == TOK_QUOTE || kind == TOK_STRING)
		return STR("a string");
	if (kind == TOK_HEREDOC)
		return STR("a heredoc");
	if (text.n > 40)
		text = str_from(grammar_token_name(kind));
	return str_fmt(p->arena, "\"%.*s\"", STR_ARG(text));
}

/* The token before the current one that is no comment; NULL: none. */
static const struct token *previous(const struct parser *p)
{
	for (size_t i = p->current; i > 0; i--)
		if (p->tokens.items[i - 1].kind != TOK_COMMENT)
			return &p->tokens.items[i - 1];
	return NULL;
}

static const char *advice(const struct parser *p, unsigned kind,
			  const bool *has)
{
	const struct token *before = previous(p);
	unsigned where = p->n_open ? p->open[p->n_open - 1] : CONTEXT_FILE;
	bool is_file = where == CONTEXT_FILE || where == CONTEXT_DECLS;

	if (kind == TOK_OR && where == CONTEXT_TABLES)
		return "Alternatives stand in parentheses: "
		       "where (a = 1 or a = 2).";
	if (kind == TOK_AS && where == CONTEXT_TABLES && has[TOK_NAME])
		return "A new column has a type: "
		       "add column S.T.C string(20) as \"...\".";
	if (kind == TOK_QUOTE && where == CONTEXT_TABLES)
		return "Rules have no templates; \\${ is the text ${.";
	if (kind == TOK_COLON && has[TOK_ASSIGN])
		return is_file ? NULL
			       : "Attributes and entries are written "
				 "NAME = VALUE.";
	if (kind == TOK_COMMA && where == CONTEXT_BODY)
		return "Nothing is needed between attributes.";
	if (kind >= TOK_EQ && kind <= TOK_GE && !has[kind] && has[TOK_AND])
		return "Comparisons do not chain: write a < b and b < c.";
	if (kind == TOK_ASSIGN && has[TOK_EQ])
		return "Write \"==\" to compare.";
	if ((kind == TOK_STRING || kind == TOK_QUOTE) && has[TOK_NAME] &&
	    is_file)
		return "Names are written without quotes: TYPE NAME { ... }.";
	if (kind == TOK_ASSIGN && has[TOK_NAME] && is_file && before &&
	    before->kind == TOK_NAME)
		return "A value with a name is declared by \"let\".";
	if (kind == TOK_LBRACE && has[TOK_NAME] && is_file)
		return "A block has a name: TYPE NAME { ... }.";
	return NULL;
}

/* Whether the mistake only follows from one that was reported already. */
static bool is_follow_on(const struct parser *p, unsigned kind)
{
	const struct token *t = &p->tokens.items[p->current];
	const struct token *before = previous(p);

	if (t->flags & TOKEN_TAINTED)
		return true;
	if (before && !(t->flags & TOKEN_FIRST) &&
	    (before->flags & (TOKEN_TAINTED | TOKEN_VIRTUAL)) &&
	    before->kind != TOK_COMMA && before->kind != TOK_GAP)
		return true;
	return (t->flags & TOKEN_VIRTUAL) && token_closes(kind);
}

void parser_syntax_error(struct parser *p, struct span span, unsigned kind,
			 const unsigned *expected, size_t n_expected)
{
	struct expected e = { .p = p };
	bool all[TOK_PERCENT + 1] = { false };
	struct str what, names;
	const char *hint;
	struct diag *d;

	p->is_recovering = true;
	follow(p);
	if (is_follow_on(p, kind))
		return;
	for (size_t i = 0; i < n_expected; i++)
		if (expected[i] <= TOK_PERCENT)
			e.has[expected[i]] = true;
	memcpy(all, e.has, sizeof(all));
	name_groups(&e);
	drop_operators(&e);
	name_tokens(&e);
	names = join_expected(&e);
	what = describe(p, span, kind);
	if (names.n)
		d = diag_error(p->diags, "E0108", place_of(p, span),
			       "expected %.*s before %.*s", STR_ARG(names),
			       STR_ARG(what));
	else
		d = diag_error(p->diags, "E0108", place_of(p, span),
			       "unexpected %.*s", STR_ARG(what));
	hint = advice(p, kind, all);
	if (hint)
		diag_hint(p->diags, d, "%s", hint);
}

void parser_exhausted(struct parser *p, struct span span)
{
	diag_error(p->diags, "E0110", place_of(p, span),
		   "expression is nested more than %d levels deep",
		   NESTING_MAX);
}

/*
 * Reads a file as its tokens come. That is for files without mistakes, as
 * nearly all of them are: false, with nothing said, where there is one.
 */
static bool run_stream(struct parser *p, struct ast_file *file)
{
	struct arena scratch = { 0 };
	struct diags quiet = { .arena = &scratch };
	struct parser trial = *p;
	bool is_right;

	trial.diags = &quiet;
	trial.start = TOK_START_FILE;
	trial.stream = token_stream_open(p->source, &quiet);
	if (trial.stream) {
		grammar_parse(&trial);
		token_stream_close(trial.stream, file->meaning);
	}
	is_right = quiet.n == 0;
	arena_release(&trial.scratch);
	if (is_right) {
		p->decls = trial.decls;
	} else {
		vec_release(&trial.decls);
		vec_release(&trial.torn);
	}
	diags_release(&quiet);
	arena_release(&scratch);
	return is_right;
}

/* file: NULL where the text is none. */
static void run(struct parser *p, enum text_form form, struct ast_file *file)
{
	if (file && run_stream(p, file))
		return;
	p->start = form == TEXT_FILE ? TOK_START_FILE : TOK_START_EXPR;
	tokens_read(p->source, form, &p->tokens, p->diags);
	if (file)
		tokens_digest(&p->tokens, p->source, file->meaning);
	grammar_parse(p);
	tokens_release(&p->tokens);
	arena_release(&p->scratch);
}

struct ast_file *
parse_file_with(const struct source *s,
		void (*tell)(void *context, const struct ast_decl *d),
		void *context, struct arena *a, struct diags *d)
{
	struct parser p = {
		.source = s,
		.arena = a,
		.diags = d,
		.tell = tell,
		.tell_context = context,
	};
	struct ast_file *f = arena_new(a, struct ast_file, 1);

	run(&p, TEXT_FILE, f);
	f->source = s;
	f->n_torn = p.torn.n;
	f->torn = torn_keep(&p);
	/* What was read before a give-up counts. */
	f->decls = decls_keep(&p);
	f->n_decls = p.decls.n;
	vec_release(&p.decls);
	return f;
}

struct ast_file *parse_file(const struct source *s, struct arena *a,
			    struct diags *d)
{
	return parse_file_with(s, NULL, NULL, a, d);
}

static struct ast_expr *parse_one(const struct source *s, enum text_form form,
				  struct arena *a, struct diags *d)
{
	struct parser p = { .source = s, .arena = a, .diags = d };
	struct span all = { 0, (uint32_t)s->text.n };

	run(&p, form, NULL);
	if (!p.expr)
		p.expr = make_leaf(&p, EXPR_ERROR, all);
	return p.expr;
}

struct ast_expr *parse_expr(const struct source *s, struct arena *a,
			    struct diags *d)
{
	return parse_one(s, TEXT_EXPRESSION, a, d);
}

struct ast_expr *parse_template(const struct source *s, struct arena *a,
				struct diags *d)
{
	return parse_one(s, TEXT_TEMPLATE, a, d);
}

bool parse_is_open(const struct source *s)
{
	struct arena scratch = { 0 };
	struct diags quiet = { .arena = &scratch };
	struct tokens t = { 0 };
	size_t depth = 0;
	bool is_heredoc = false;

	if (lexer_run(s, TEXT_EXPRESSION, &t, &quiet) == 0)
		for (size_t i = 0; i < t.n; i++) {
			unsigned kind = t.items[i].kind;

			if (token_opens(kind))
				depth++;
			else if (token_closes(kind) && depth)
				depth--;
			is_heredoc |= kind == TOK_HEREDOC_END &&
				      (t.items[i].flags & TOKEN_VIRTUAL);
		}
	tokens_release(&t);
	diags_release(&quiet);
	arena_release(&scratch);
	return depth > 0 || is_heredoc;
}
