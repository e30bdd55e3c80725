/*
 * In: tokens as they stand in the text. Out: the same tokens, comments
 * included, with the kinds that only a look around can give them, and with
 * what the text leaves out:
 *
 *   words      keywords where they can be meant; names everywhere else, so
 *              that "source", "check" or "tables" may name an attribute
 *   brackets   "{" of a block or of a map, "[" of a list or of an index, "("
 *              of a call or of a group; all of them balanced
 *   lines      a virtual COMMA where the end of a line separates; a virtual
 *              GAP where an attribute begins and a value was expected
 *   patterns   sales.audit_% is one token in tables { }
 *
 * A bracket that is missing is reported once, at the bracket it belongs to.
 * Where a "}" is missing at the end of the file, the pass is made again and a
 * declaration at the very left ends whatever is open: the blocks behind the
 * mistake are then understood.
 */
#include <config.h>

#include "lang/token.h"

#include "lang/base/arena.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/grammar.h"

#include <string.h>

struct open {
	uint16_t kind;
	uint8_t context;
	struct span span;
};

struct layout {
	const struct source *source;
	const struct tokens *raw;
	struct tokens *out;
	struct diags *diags;
	struct open open[NESTING_MAX];
	size_t n_open;
	unsigned last; /* kind of the last token that is no comment */
	unsigned before_last;
	struct span last_span;
	bool is_expression; /* the text is one expression */
	bool is_tainted;    /* a bracket was left out before the next token */
	bool is_component;  /* the next "{" of the file is a component's */
	bool is_param;	    /* in the head of a param: "secret" is a keyword */
	bool is_rename;	    /* in tables { }: behind "rename" */
	bool by_column;	    /* declarations at the very left end all blocks */
	bool is_unbalanced; /* the end of the file closed a block */
	bool is_too_deep;
};

struct word {
	struct str text;
	unsigned kind;
};

static const struct word in_expressions[] = {
	{ STR_INIT("true"), TOK_TRUE }, { STR_INIT("false"), TOK_FALSE },
	{ STR_INIT("null"), TOK_NULL }, { STR_INIT("and"), TOK_AND },
	{ STR_INIT("or"), TOK_OR },	{ STR_INIT("not"), TOK_NOT },
	{ STR_INIT("if"), TOK_IF },	{ STR_INIT("for"), TOK_FOR },
	{ STR_INIT("in"), TOK_IN },	{ { NULL, 0 }, 0 },
};

static const struct word in_files[] = {
	{ STR_INIT("param"), TOK_PARAM },
	{ STR_INIT("let"), TOK_LET },
	{ STR_INIT("stack"), TOK_STACK },
	{ STR_INIT("provider"), TOK_PROVIDER },
	{ STR_INIT("component"), TOK_COMPONENT },
	{ STR_INIT("existing"), TOK_EXISTING },
	{ STR_INIT("output"), TOK_OUTPUT },
	{ STR_INIT("check"), TOK_CHECK },
	{ STR_INIT("use"), TOK_USE },
	{ STR_INIT("moved"), TOK_MOVED },
	{ STR_INIT("import"), TOK_IMPORT },
	{ STR_INIT("removed"), TOK_REMOVED },
	{ { NULL, 0 }, 0 },
};

static const struct word in_tables[] = {
	{ STR_INIT("include"), TOK_INCLUDE },
	{ STR_INIT("exclude"), TOK_EXCLUDE },
	{ STR_INIT("rename"), TOK_RENAME },
	{ STR_INIT("where"), TOK_WHERE },
	{ STR_INIT("to"), TOK_TO },
	{ STR_INIT("between"), TOK_BETWEEN },
	{ STR_INIT("is"), TOK_IS },
	{ { NULL, 0 }, 0 },
};

static const struct word in_renames[] = {
	{ STR_INIT("schema"), TOK_SCHEMA },
	{ STR_INIT("table"), TOK_TABLE },
	{ STR_INIT("column"), TOK_COLUMN },
	{ { NULL, 0 }, 0 },
};

static unsigned find_word(const struct word *words, struct str text)
{
	for (; words->text.n; words++)
		if (str_eq(text, words->text))
			return words->kind;
	return TOK_NAME;
}

static struct str text_of(const struct layout *l, struct span span)
{
	return str_sub(l->source->text, span.start, span.end);
}

static struct place place_of(const struct layout *l, struct span span)
{
	return (struct place){ l->source, span };
}

static enum token_context context(const struct layout *l)
{
	return l->n_open ? l->open[l->n_open - 1].context : CONTEXT_FILE;
}

static bool is_declaring(const struct layout *l, enum token_context c)
{
	if (l->is_expression)
		return false;
	return c == CONTEXT_FILE || c == CONTEXT_DECLS;
}

static void put(struct layout *l, struct token t)
{
	if (l->is_tainted && t.kind != TOK_COMMENT) {
		t.flags |= TOKEN_TAINTED;
		l->is_tainted = false;
	}
	*vec_push(l->out) = t;
	if (t.kind == TOK_COMMENT)
		return;
	l->before_last = l->last;
	l->last = t.kind;
	l->last_span = t.span;
}

static void put_virtual(struct layout *l, unsigned kind)
{
	put(l, (struct token){
		   .kind = (uint16_t)kind,
		   .flags = TOKEN_VIRTUAL,
		   .span = { l->last_span.end, l->last_span.end },
	       });
}

/* The raw token that is the nth from i on, comments not counted. */
static const struct token *ahead(const struct layout *l, size_t i, unsigned nth)
{
	for (; i + 1 < l->raw->n; i++)
		if (l->raw->items[i].kind != TOK_COMMENT && nth-- == 0)
			break;
	return &l->raw->items[i];
}

/*
 * A word that declares something here: what it declares follows on its line,
 * or nothing does.
 */
static unsigned declaration_at(const struct layout *l, size_t i)
{
	const struct token *t = &l->raw->items[i];
	const struct token *next = ahead(l, i, 1);
	unsigned kind;

	if (t->kind != TOK_NAME)
		return TOK_NAME;
	kind = find_word(in_files, text_of(l, t->span));
	if (next->flags & TOKEN_FIRST)
		return t->flags & TOKEN_FIRST ? kind : TOK_NAME;
	if (next->kind == TOK_NAME)
		return kind;
	if (kind == TOK_USE &&
	    (next->kind == TOK_STRING || next->kind == TOK_QUOTE))
		return kind;
	return TOK_NAME;
}

/* Whether a line that begins with token i begins an item of this context. */
static bool begins_item(const struct layout *l, size_t i, enum token_context c)
{
	const struct token *next = ahead(l, i, 1);
	const struct token *third = ahead(l, i, 2);
	struct str word;

	if (l->raw->items[i].kind != TOK_NAME)
		return false;
	if (c == CONTEXT_MAP)
		return next->kind == TOK_ASSIGN;
	if (c == CONTEXT_TABLES) {
		word = text_of(l, l->raw->items[i].span);
		return next->span.start > l->raw->items[i].span.end &&
		       (str_is(word, "include") || str_is(word, "exclude") ||
			str_is(word, "rename"));
	}
	if (is_declaring(l, c)) {
		if (declaration_at(l, i) != TOK_NAME)
			return true;
		if (next->kind != TOK_NAME)
			return false;
		word = text_of(l, third->span);
		return third->kind == TOK_LBRACE || str_is(word, "for") ||
		       str_is(word, "if");
	}
	return next->kind == TOK_ASSIGN || next->kind == TOK_LBRACE ||
	       (next->kind == TOK_NAME && third->kind == TOK_LBRACE);
}

static bool matches(unsigned opener, unsigned closer)
{
	switch (closer) {
	case TOK_RBRACE:
		return opener == TOK_LBRACE || opener == TOK_LMAP;
	case TOK_RBRACKET:
		return opener == TOK_LIST || opener == TOK_INDEX;
	case TOK_RPAREN:
		return opener == TOK_LPAREN || opener == TOK_CALL;
	default:
		return opener == TOK_INTERP;
	}
}

static unsigned closer_of(unsigned opener)
{
	static const uint16_t closers[] = { TOK_RBRACE, TOK_RBRACKET,
					    TOK_RPAREN };

	for (size_t i = 0; i < sizeof(closers) / sizeof(*closers); i++)
		if (matches(opener, closers[i]))
			return closers[i];
	return TOK_INTERP_END;
}

static const char *spelling(unsigned closer)
{
	return closer == TOK_RBRACKET ? "]" : closer == TOK_RPAREN ? ")" : "}";
}

static void report_open(struct layout *l, struct span before)
{
	struct open *inner = &l->open[l->n_open - 1];
	struct str text = text_of(l, inner->span);
	struct diag *d;

	d = diag_error(l->diags, "E0104", place_of(l, inner->span),
		       "\"%.*s\" is not closed", STR_ARG(text));
	diag_note(l->diags, d, place_of(l, before), "expected \"%s\" before %s",
		  spelling(closer_of(inner->kind)),
		  before.start < before.end ? "this" : "the end of the file");
}

/*
 * Closes brackets until n are open; what stands at `before` should have been
 * preceded by them. One finding, at the innermost.
 */
static void close_down_to(struct layout *l, size_t n, struct span before)
{
	report_open(l, before);
	while (l->n_open > n)
		put_virtual(l, closer_of(l->open[--l->n_open].kind));
}

static bool is_of_value(unsigned context)
{
	return context == CONTEXT_LIST || context == CONTEXT_INDEX ||
	       context == CONTEXT_ARGS || context == CONTEXT_GROUP;
}

/* How many brackets are open below those that an attribute's value may open. */
static size_t below_value(const struct layout *l, bool with_maps)
{
	size_t n = l->n_open;

	while (n && (is_of_value(l->open[n - 1].context) ||
		     (with_maps && l->open[n - 1].context == CONTEXT_MAP)))
		n--;
	return n;
}

static bool separates(enum token_context c)
{
	return c == CONTEXT_LIST || c == CONTEXT_ARGS || c == CONTEXT_MAP;
}

/* Raw kinds of words that cannot begin an operand. */
static bool begins_operand(const struct layout *l, const struct token *t)
{
	unsigned kind = t->kind;

	if (kind == TOK_NAME)
		kind = find_word(in_expressions, text_of(l, t->span));
	return token_begins_operand(kind) || kind == TOK_LBRACE;
}

static bool is_leftmost(const struct layout *l, const struct token *t)
{
	return t->span.start == 0 ||
	       l->source->text.s[t->span.start - 1] == '\n';
}

static enum token_context context_of(const struct layout *l, size_t n_open)
{
	return n_open ? l->open[n_open - 1].context : CONTEXT_FILE;
}

/* A line that cannot stand inside the brackets that are open closes them. */
static void close_before_line(struct layout *l, size_t i)
{
	const struct token *t = &l->raw->items[i];
	size_t values = below_value(l, false), all = below_value(l, true);

	if (l->is_component && l->n_open == 1)
		return;
	if (begins_item(l, i, CONTEXT_FILE)) {
		if (l->by_column && l->n_open && is_leftmost(l, t))
			close_down_to(l, 0, t->span);
		else if (all < l->n_open &&
			 context_of(l, all) != CONTEXT_INTERP)
			close_down_to(l, all, t->span);
	} else if (values < l->n_open && t->kind == TOK_NAME &&
		   ahead(l, i, 1)->kind == TOK_ASSIGN &&
		   context_of(l, values) != CONTEXT_INTERP) {
		close_down_to(l, values, t->span);
	}
}

/* Whether what stands before an item cannot be the end of another. */
static bool is_unfinished(const struct layout *l, enum token_context c)
{
	if (l->last == 0 || l->last == TOK_COMMA || l->last == TOK_GAP)
		return false;
	if (token_ends_operand(l->last))
		/* In a body, a word that begins an item, and nothing else. */
		return c == CONTEXT_BODY && l->last == TOK_NAME &&
		       (token_ends_operand(l->before_last) ||
			l->before_last == TOK_LBRACE);
	return !token_opens(l->last);
}

/* What the end of the line before token i means. */
static void begin_line(struct layout *l, size_t i)
{
	const struct token *t = &l->raw->items[i];
	enum token_context c;

	close_before_line(l, i);
	c = context(l);
	if (separates(context(l))) {
		if (token_ends_operand(l->last) && begins_operand(l, t))
			put_virtual(l, TOK_COMMA);
	}
	if (!is_of_value(c) && c != CONTEXT_INTERP && is_unfinished(l, c) &&
	    begins_item(l, i, c))
		put_virtual(l, TOK_GAP);
	if (c != CONTEXT_ARGS)
		l->is_param = false;
}

/*
 * Keywords. Behind a dot, and before "=", every word is a name; a declaration
 * begins where nothing else can be going on.
 */
static unsigned word_kind(const struct layout *l, size_t i)
{
	const struct token *t = &l->raw->items[i];
	struct str text = text_of(l, t->span);
	const struct token *next = ahead(l, i, 1);
	enum token_context c = context(l);
	unsigned kind;

	/* Behind a type, also before the "=" of a default. */
	if (l->is_param && str_is(text, "secret") &&
	    !(t->flags & TOKEN_FIRST) &&
	    (l->last == TOK_NAME || l->last == TOK_RPAREN))
		return TOK_SECRET;
	if (l->last == TOK_DOT || next->kind == TOK_ASSIGN)
		return TOK_NAME;
	if (is_declaring(l, c) &&
	    (l->last == 0 || l->last == TOK_GAP ||
	     token_ends_operand(l->last) || l->last == TOK_LBRACE)) {
		kind = declaration_at(l, i);
		if (kind != TOK_NAME)
			return kind;
	}
	if (c == CONTEXT_BODY && next->kind == TOK_LBRACE &&
	    (token_ends_operand(l->last) || l->last == TOK_LBRACE) &&
	    str_is(text, "tables"))
		return TOK_TABLES;
	if (c == CONTEXT_TABLES) {
		kind = find_word(l->is_rename ? in_renames : in_tables, text);
		if (kind != TOK_NAME)
			return kind;
	}
	return find_word(in_expressions, text);
}

static enum token_context brace_context(struct layout *l)
{
	enum token_context c = context(l);
	bool is_component = l->is_component && c == CONTEXT_FILE;

	if (l->is_expression && l->last == 0)
		return CONTEXT_MAP;
	if (l->last && !token_ends_operand(l->last) && l->last != TOK_LBRACE &&
	    l->last != TOK_GAP)
		return CONTEXT_MAP;
	if (separates(c) || c == CONTEXT_INDEX || c == CONTEXT_GROUP ||
	    c == CONTEXT_INTERP)
		return CONTEXT_MAP;
	if (is_component) {
		l->is_component = false;
		return CONTEXT_DECLS;
	}
	return l->last == TOK_TABLES ? CONTEXT_TABLES : CONTEXT_BODY;
}

static void open_bracket(struct layout *l, struct token t)
{
	bool is_behind_operand = token_ends_operand(l->last);
	enum token_context c;

	if (t.kind == TOK_LBRACE) {
		c = brace_context(l);
		if (c == CONTEXT_MAP)
			t.kind = TOK_LMAP;
	} else if (t.kind == TOK_LIST) {
		c = is_behind_operand ? CONTEXT_INDEX : CONTEXT_LIST;
		if (is_behind_operand)
			t.kind = TOK_INDEX;
	} else if (t.kind == TOK_LPAREN) {
		c = l->last == TOK_NAME ? CONTEXT_ARGS : CONTEXT_GROUP;
		if (c == CONTEXT_ARGS)
			t.kind = TOK_CALL;
		if (c == CONTEXT_ARGS && l->is_component && !l->n_open)
			l->is_param = true;
	} else {
		c = CONTEXT_INTERP;
	}
	if (l->n_open == NESTING_MAX) {
		diag_error(l->diags, "E0110", place_of(l, t.span),
			   "brackets are nested more than %d levels deep",
			   NESTING_MAX);
		l->is_too_deep = true;
		return;
	}
	t.context = (uint8_t)c;
	l->open[l->n_open++] = (struct open){ t.kind, (uint8_t)c, t.span };
	put(l, t);
}

static void close_bracket(struct layout *l, struct token t)
{
	size_t n = l->n_open;
	struct str text = text_of(l, t.span);

	/* A "}" ends what is open inside it; ")" and "]" end no block. */
	while (n && !matches(l->open[n - 1].kind, t.kind)) {
		unsigned kind = l->open[n - 1].kind;

		if ((kind == TOK_INTERP && t.kind != TOK_INTERP_END) ||
		    (t.kind != TOK_RBRACE && t.kind != TOK_INTERP_END &&
		     (kind == TOK_LBRACE || kind == TOK_LMAP))) {
			n = 0;
			break;
		}
		n--;
	}
	if (n == 0 && l->n_open && is_of_value(context(l))) {
		/* The wrong one of its kind: it was meant for this. */
		report_open(l, t.span);
		put_virtual(l, closer_of(l->open[--l->n_open].kind));
		return;
	}
	if (n == 0) {
		diag_error(l->diags, "E0105", place_of(l, t.span),
			   "\"%.*s\" closes nothing", STR_ARG(text));
		l->is_tainted = true;
		return;
	}
	if (n < l->n_open && !(t.flags & TOKEN_VIRTUAL))
		close_down_to(l, n, t.span);
	while (l->n_open > n)
		put_virtual(l, closer_of(l->open[--l->n_open].kind));
	l->n_open--;
	put(l, t);
}

/* What a pattern of tables { } is made of. */
static bool is_pattern_part(unsigned kind)
{
	return kind == TOK_NAME || kind == TOK_PERCENT || kind == TOK_DOT ||
	       kind == TOK_STRING || kind == TOK_NUMBER || kind == TOK_STAR;
}

/* Tokens from i on that touch each other and make one pattern; at least 1. */
static size_t pattern_length(const struct layout *l, size_t i)
{
	const struct token *t = &l->raw->items[i];
	size_t n = 1;

	if (!is_pattern_part(t->kind) || t->kind == TOK_STAR)
		return 1;
	while (is_pattern_part(t[n].kind) &&
	       t[n].span.start == t[n - 1].span.end)
		n++;
	return n;
}

/* One raw token, or several that are one; returns how many. */
static size_t step(struct layout *l, size_t i)
{
	struct token t = l->raw->items[i];
	size_t n;

	if (t.kind == TOK_COMMENT) {
		put(l, t);
		return 1;
	}
	if (t.flags & TOKEN_FIRST)
		begin_line(l, i);
	if (context(l) == CONTEXT_TABLES) {
		n = pattern_length(l, i);
		if (n > 1) {
			t.span.end = l->raw->items[i + n - 1].span.end;
			t.kind = TOK_PATTERN;
			put(l, t);
			return n;
		}
	}
	if (t.kind == TOK_NAME) {
		t.kind = (uint16_t)word_kind(l, i);
		if (t.kind == TOK_COMPONENT)
			l->is_component = true;
		if (t.kind == TOK_PARAM)
			l->is_param = true;
		l->is_rename = t.kind == TOK_RENAME;
		put(l, t);
		return 1;
	}
	if (t.kind == TOK_ASSIGN && context(l) != CONTEXT_ARGS)
		l->is_param = false;
	if (token_opens(t.kind))
		open_bracket(l, t);
	else if (token_closes(t.kind))
		close_bracket(l, t);
	else
		put(l, t);
	if (l->n_open == 0 && t.kind == TOK_RPAREN && l->is_component)
		l->is_param = false;
	return 1;
}

static void run(struct layout *l)
{
	const struct tokens *raw = l->raw;
	struct span end;
	size_t i = 0;

	while (i + 1 < raw->n && !l->is_too_deep)
		i += step(l, i);
	if (l->is_too_deep)
		return;
	for (size_t n = 0; n < l->n_open; n++)
		l->is_unbalanced |= l->open[n].kind == TOK_LBRACE;
	end.start = end.end = l->last_span.end;
	if (l->n_open)
		close_down_to(l, 0, end);
	put(l, raw->items[raw->n - 1]);
}

int layout_run(const struct source *s, const struct tokens *raw,
	       bool is_expression, struct tokens *out, struct diags *d)
{
	struct layout l = { .source = s,
			    .raw = raw,
			    .out = out,
			    .is_expression = is_expression };
	struct arena scratch = { 0 };
	struct diags trial = { .arena = &scratch };

	l.diags = &trial;
	run(&l);
	l = (struct layout){ .source = s,
			     .raw = raw,
			     .out = out,
			     .diags = d,
			     .is_expression = is_expression,
			     .by_column = l.is_unbalanced };
	/* Right input, nearly always, is done after one pass. */
	if (trial.n) {
		out->n = 0;
		run(&l);
	}
	diags_release(&trial);
	arena_release(&scratch);
	return l.is_too_deep ? -1 : 0;
}
