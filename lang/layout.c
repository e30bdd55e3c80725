/*
 * In: tokens as they stand in the text. Out: the same tokens, comments
 * included, in the same array, with the kinds that only a look around can give
 * them, and with what the text leaves out:
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
 */
#include <config.h>

#include "lang/token.h"

#include "lang/base/arena.h"
#include "lang/diag.h"
#include "lang/grammar.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD_MOST = 2 }; /* tokens that are looked at behind one */

struct open {
	uint16_t kind;
	uint8_t context;
	struct span span;
};

struct layout {
	const struct source *source;
	struct layout_options o;
	struct tokens *t; /* n_out are done; from `at` on they are as read */
	size_t n_out, at;
	/* Of the unread ones before `counted`, how many are no comments. */
	size_t counted, n_waiting;
	struct diags *diags;
	struct open open[NESTING_MAX];
	size_t n_open;
	unsigned last; /* kind of the last token that is no comment */
	unsigned before_last;
	uint32_t last_end;
	bool is_tainted;   /* a bracket was left out before the next token */
	bool is_component; /* the next "{" of the file is a component's */
	bool is_param;	   /* in the head of a param: "secret" is a keyword */
	unsigned rule;	   /* in tables { }: what the rule begins with */
	bool is_too_deep;
};

/* What a word is where such keywords can be meant. */
static unsigned word_as(const struct token *t, enum token_trait place)
{
	return token_traits[t->word] & place ? t->word : TOK_NAME;
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
	if (l->o.form != TEXT_FILE)
		return false;
	return c == CONTEXT_FILE || c == CONTEXT_DECLS;
}

/* Makes room for tokens that are not in the text: what is unread moves up. */
static __attribute__((cold)) void spread(struct layout *l)
{
	struct tokens *t = l->t;
	size_t gap = t->n / 8 + 16;

	if (t->room < t->n + gap)
		tokens_reserve(t, t->n + gap);
	memmove(t->items + l->at + gap, t->items + l->at,
		(t->n - l->at) * sizeof(*t->items));
	l->at += gap;
	t->n += gap;
}

/*
 * Adds t as one of that kind. t itself is not changed: the processor would wait
 * for the part that was just written before it can copy the whole.
 */
static void put_as(struct layout *l, const struct token *t, unsigned kind)
{
	struct token *out;

	if (l->n_out == l->at)
		spread(l);
	out = &l->t->items[l->n_out++];
	l->before_last = l->last;
	l->last = kind;
	l->last_end = t->span.end;
	*out = *t;
	out->kind = (uint8_t)kind;
	if (l->is_tainted) {
		out->flags |= TOKEN_TAINTED;
		l->is_tainted = false;
	}
}

static void put_comment(struct layout *l, const struct token *t)
{
	if (l->n_out == l->at)
		spread(l);
	l->t->items[l->n_out++] = *t;
}

static void put_virtual(struct layout *l, unsigned kind)
{
	struct token t = {
		.flags = TOKEN_VIRTUAL,
		.span = { l->last_end, l->last_end },
	};

	put_as(l, &t, kind);
}

/*
 * The token that is the nth from the one we are at, AHEAD_MOST at most,
 * comments not counted; good until the next put().
 */
static const struct token *ahead(const struct layout *l, unsigned nth)
{
	const struct token *t = &l->t->items[l->at];
	const struct token *end = &l->t->items[l->t->n - 1];

	for (; t < end; t++)
		if (t->kind != TOK_COMMENT && nth-- == 0)
			break;
	return t;
}

/* Whether a line ends before this token; the last one may have no end. */
static bool begins_another(const struct token *next)
{
	return (next->flags & TOKEN_FIRST) || next->kind == TOK_END;
}

/*
 * A word that declares something here: what it declares follows on its line,
 * or nothing does.
 */
static unsigned declaration_at(const struct layout *l)
{
	const struct token *t = &l->t->items[l->at];
	unsigned kind = word_as(t, TRAIT_OF_FILES);
	const struct token *next;

	if (kind == TOK_NAME)
		return TOK_NAME;
	next = ahead(l, 1);
	if (begins_another(next))
		return t->flags & TOKEN_FIRST ? kind : TOK_NAME;
	if (next->kind == TOK_NAME)
		return kind;
	if (kind == TOK_USE &&
	    (next->kind == TOK_STRING || next->kind == TOK_QUOTE))
		return kind;
	return TOK_NAME;
}

/* Whether the line that begins here begins an item of this context. */
static bool begins_item(const struct layout *l, enum token_context c)
{
	const struct token *t = &l->t->items[l->at];
	const struct token *next, *third;

	if (t->kind != TOK_NAME)
		return false;
	next = ahead(l, 1);
	if (c == CONTEXT_MAP)
		return next->kind == TOK_ASSIGN;
	if (c == CONTEXT_TABLES)
		return next->span.start > t->span.end &&
		       (token_traits[t->word] & TRAIT_BEGINS_RULE);
	third = ahead(l, 2);
	if (is_declaring(l, c)) {
		if (declaration_at(l) != TOK_NAME)
			/* Alone on its line in brackets it may be an item. */
			return is_declaring(l, context(l)) ||
			       !begins_another(next);
		return next->kind == TOK_NAME &&
		       (third->kind == TOK_LBRACE || third->word == TOK_FOR ||
			third->word == TOK_IF);
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

/* Some words cannot begin an operand. */
static bool begins_operand(const struct token *t)
{
	unsigned kind = t->kind;

	if (kind == TOK_NAME)
		kind = word_as(t, TRAIT_OF_EXPRESSIONS);
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
static void close_before_line(struct layout *l, const struct token *t)
{
	size_t values, all;

	if (l->n_open == 0 || (l->is_component && l->n_open == 1))
		return;
	values = below_value(l, false);
	all = below_value(l, true);
	if (all == l->n_open && !l->o.by_column)
		return;
	/* An expression alone has no items, but the entries of its maps. */
	if (l->o.form == TEXT_FILE && begins_item(l, CONTEXT_FILE)) {
		if (l->o.by_column && is_leftmost(l, t))
			close_down_to(l, 0, t->span);
		else if (all < l->n_open &&
			 context_of(l, all) != CONTEXT_INTERP)
			close_down_to(l, all, t->span);
	} else if (values < l->n_open && t->kind == TOK_NAME &&
		   ahead(l, 1)->kind == TOK_ASSIGN &&
		   context_of(l, values) != CONTEXT_INTERP &&
		   context_of(l, values) != CONTEXT_TABLES) {
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

/* What the end of the line before t means, which is the one we are at. */
static void begin_line(struct layout *l, const struct token *t)
{
	enum token_context c;

	close_before_line(l, t);
	c = context(l);
	if (separates(c) && token_ends_operand(l->last) && begins_operand(t))
		put_virtual(l, TOK_COMMA);
	if (!is_of_value(c) && c != CONTEXT_INTERP && is_unfinished(l, c) &&
	    begins_item(l, c))
		put_virtual(l, TOK_GAP);
	if (c != CONTEXT_ARGS)
		l->is_param = false;
}

/* In tables { }, or in the parentheses of a rule. */
static bool is_in_rule(const struct layout *l)
{
	enum token_context c = context(l);

	return c == CONTEXT_TABLES ||
	       ((c == CONTEXT_GROUP || c == CONTEXT_ARGS) && l->n_open > 1 &&
		l->open[l->n_open - 2].context == CONTEXT_TABLES);
}

/* Where a rule has a name of a column, key or type, whatever word it is. */
static bool is_name_place(const struct layout *l)
{
	switch (l->last) {
	case TOK_WHERE:
	case TOK_AND:
	case TOK_OR:
	case TOK_LPAREN:
	case TOK_COMMA:
	case TOK_OF:
	case TOK_KEY:
	case TOK_LOBS:
	case TOK_SCHEMA:
		return true;
	case TOK_TO:
		return l->rule == TOK_RENAME || l->rule == TOK_CHANGE;
	default:
		return false;
	}
}

/*
 * Keywords. Behind a dot, and before "=", every word is a name; a declaration
 * begins where nothing else can be going on.
 */
static unsigned word_kind(const struct layout *l, const struct token *t)
{
	const struct token *next;
	enum token_context c;
	unsigned kind;

	if (!t->word)
		return TOK_NAME;
	/* Behind a type, also before the "=" of a default. */
	if (l->is_param && t->word == TOK_SECRET && !(t->flags & TOKEN_FIRST) &&
	    (l->last == TOK_NAME || l->last == TOK_RPAREN))
		return TOK_SECRET;
	next = ahead(l, 1);
	if (l->last == TOK_DOT || next->kind == TOK_ASSIGN)
		return TOK_NAME;
	c = context(l);
	if (is_declaring(l, c) &&
	    (l->last == 0 || l->last == TOK_GAP ||
	     token_ends_operand(l->last) || l->last == TOK_LBRACE)) {
		kind = declaration_at(l);
		if (kind != TOK_NAME)
			return kind;
	}
	if (c == CONTEXT_BODY && next->kind == TOK_LBRACE &&
	    (token_ends_operand(l->last) || l->last == TOK_LBRACE) &&
	    t->word == TOK_TABLES)
		return TOK_TABLES;
	if (is_in_rule(l)) {
		if (is_name_place(l))
			return TOK_NAME;
		kind = word_as(t, TRAIT_OF_TABLES);
		if (kind != TOK_NAME)
			return kind;
	}
	return word_as(t, TRAIT_OF_EXPRESSIONS);
}

/* Between the parentheses of a component, and in nothing inside them. */
static bool is_head(const struct layout *l)
{
	return l->is_component && l->n_open == 1 && context(l) == CONTEXT_ARGS;
}

static enum token_context brace_context(struct layout *l)
{
	enum token_context c = context(l);
	bool is_component = l->is_component && c == CONTEXT_FILE;

	if (l->o.form != TEXT_FILE && l->last == 0)
		return CONTEXT_MAP;
	if (l->last && !token_ends_operand(l->last) && l->last != TOK_LBRACE &&
	    l->last != TOK_GAP)
		return CONTEXT_MAP;
	/* Behind a component's param: what is said of it. */
	if (is_head(l))
		return CONTEXT_BODY;
	if (separates(c) || c == CONTEXT_INDEX || c == CONTEXT_GROUP ||
	    c == CONTEXT_INTERP)
		return CONTEXT_MAP;
	if (is_component) {
		l->is_component = false;
		return CONTEXT_DECLS;
	}
	return l->last == TOK_TABLES ? CONTEXT_TABLES : CONTEXT_BODY;
}

static void open_bracket(struct layout *l, const struct token *t)
{
	bool is_behind_operand = token_ends_operand(l->last);
	unsigned kind = t->kind;
	enum token_context c;

	if (t->kind == TOK_LBRACE) {
		c = brace_context(l);
		if (c == CONTEXT_MAP)
			kind = TOK_LMAP;
	} else if (t->kind == TOK_LIST) {
		c = is_behind_operand ? CONTEXT_INDEX : CONTEXT_LIST;
		if (is_behind_operand)
			kind = TOK_INDEX;
	} else if (t->kind == TOK_LPAREN) {
		c = l->last == TOK_NAME ? CONTEXT_ARGS : CONTEXT_GROUP;
		if (c == CONTEXT_ARGS)
			kind = TOK_CALL;
		if (c == CONTEXT_ARGS && l->is_component && !l->n_open)
			l->is_param = true;
	} else {
		c = CONTEXT_INTERP;
	}
	if (l->n_open == NESTING_MAX) {
		diag_error(l->diags, "E0110", place_of(l, t->span),
			   "brackets are nested more than %d levels deep",
			   NESTING_MAX);
		l->is_too_deep = true;
		return;
	}
	if (is_head(l) && c == CONTEXT_BODY)
		l->is_param = false;
	l->open[l->n_open++] =
	    (struct open){ (uint16_t)kind, (uint8_t)c, t->span };
	put_as(l, t, kind);
	l->t->items[l->n_out - 1].context = (uint8_t)c;
}

static void close_bracket(struct layout *l, const struct token *t)
{
	size_t n = l->n_open;
	struct str text = text_of(l, t->span);

	/* A "}" ends what is open inside it; ")" and "]" end no block. */
	while (n && !matches(l->open[n - 1].kind, t->kind)) {
		unsigned kind = l->open[n - 1].kind;

		if ((kind == TOK_INTERP && t->kind != TOK_INTERP_END) ||
		    (t->kind != TOK_RBRACE && t->kind != TOK_INTERP_END &&
		     (kind == TOK_LBRACE || kind == TOK_LMAP))) {
			n = 0;
			break;
		}
		n--;
	}
	if (n == 0 && l->n_open && is_of_value(context(l))) {
		/* The wrong one of its kind: it was meant for this. */
		report_open(l, t->span);
		put_virtual(l, closer_of(l->open[--l->n_open].kind));
		return;
	}
	if (n == 0) {
		diag_error(l->diags, "E0105", place_of(l, t->span),
			   "\"%.*s\" closes nothing", STR_ARG(text));
		l->is_tainted = true;
		return;
	}
	if (n < l->n_open && !(t->flags & TOKEN_VIRTUAL))
		close_down_to(l, n, t->span);
	while (l->n_open > n)
		put_virtual(l, closer_of(l->open[--l->n_open].kind));
	l->n_open--;
	/* The next one may be secret. */
	if (is_head(l))
		l->is_param = true;
	put_as(l, t, t->kind);
}

/* What a pattern of tables { } is made of. */
static bool is_pattern_part(unsigned kind)
{
	return kind == TOK_NAME || kind == TOK_PERCENT || kind == TOK_DOT ||
	       kind == TOK_STRING || kind == TOK_NUMBER || kind == TOK_STAR;
}

/* Tokens from here on that touch each other and make one pattern; at least 1.
 */
static size_t pattern_length(const struct layout *l)
{
	const struct token *t = &l->t->items[l->at];
	size_t n = 1, most = l->t->n - l->at;

	if (!is_pattern_part(t->kind) || t->kind == TOK_STAR)
		return 1;
	while (n < most && is_pattern_part(t[n].kind) &&
	       t[n].span.start == t[n - 1].span.end)
		n++;
	return n;
}

static void take_pattern(struct layout *l, const struct token *t, size_t n)
{
	struct token whole = *t;

	whole.span.end = l->t->items[l->at + n - 1].span.end;
	l->at += n;
	put_as(l, &whole, TOK_PATTERN);
}

static void take_word(struct layout *l, const struct token *t)
{
	unsigned kind = word_kind(l, t);

	if (kind == TOK_COMPONENT)
		l->is_component = true;
	if (kind == TOK_PARAM)
		l->is_param = true;
	if (token_traits[kind] & TRAIT_BEGINS_RULE)
		l->rule = kind;
	l->at++;
	put_as(l, t, kind);
}

static void take_mark(struct layout *l, const struct token *t)
{
	l->at++;
	if (t->kind == TOK_ASSIGN && context(l) != CONTEXT_ARGS)
		l->is_param = false;
	if (token_opens(t->kind))
		open_bracket(l, t);
	else if (token_closes(t->kind))
		close_bracket(l, t);
	else
		put_as(l, t, t->kind);
	if (l->n_open == 0 && t->kind == TOK_RPAREN && l->is_component)
		l->is_param = false;
}

/* One token, or several that are one. */
static __attribute__((noinline)) void take(struct layout *l)
{
	const struct token t = l->t->items[l->at];
	size_t n;

	if (t.kind == TOK_COMMENT) {
		l->at++;
		put_comment(l, &t);
		return;
	}
	if (t.flags & TOKEN_FIRST)
		begin_line(l, &t);
	if (context(l) == CONTEXT_TABLES) {
		n = pattern_length(l);
		if (n > 1) {
			take_pattern(l, &t, n);
			return;
		}
	}
	if (t.kind == TOK_NAME)
		take_word(l, &t);
	else
		take_mark(l, &t);
}

/* Nearly half of all tokens, on which nothing depends and which stay. */
static inline bool is_plain(const struct token *t)
{
	if (t->flags & TOKEN_FIRST)
		return false;
	return (t->kind == TOK_NAME && !t->word) || t->kind == TOK_DOT ||
	       t->kind == TOK_STRING || t->kind == TOK_COMMA;
}

static inline void step(struct layout *l)
{
	const struct token *t = &l->t->items[l->at];

	if (is_plain(t) && context(l) != CONTEXT_TABLES) {
		l->at++;
		put_as(l, t, t->kind);
	} else {
		take(l);
	}
}

struct layout *layout_new(const struct source *s,
			  const struct layout_options *o, struct tokens *t,
			  struct diags *d)
{
	struct layout *l = xmalloc(sizeof(*l));

	*l = (struct layout){ .source = s, .o = *o, .t = t, .diags = d };
	return l;
}

static bool is_comment(const struct layout *l, size_t i)
{
	return l->t->items[i].kind == TOK_COMMENT;
}

/*
 * Up to where what comes next is there to be looked at. Comments may stand
 * between in any number: they are counted once, while we wait.
 */
static size_t known_end(struct layout *l)
{
	size_t i = l->t->n, seen = 0;

	for (; l->counted < i; l->counted++)
		l->n_waiting += !is_comment(l, l->counted);
	if (l->n_waiting <= AHEAD_MOST + 1)
		return l->at;
	while (i > l->at && seen <= AHEAD_MOST)
		seen += !is_comment(l, --i);
	l->n_waiting = seen;
	return i;
}

size_t layout_more(struct layout *l)
{
	size_t end;

	/* Nothing is looked at behind a comment. */
	while (l->at < l->t->n && is_comment(l, l->at))
		step(l);
	if (l->counted < l->at)
		l->counted = l->at;
	end = known_end(l);
	while (l->at < end && !l->is_too_deep) {
		size_t n = l->t->n;

		step(l);
		/* What is unread may have moved. */
		end += l->t->n - n;
		l->counted += l->t->n - n;
	}
	return l->n_out;
}

void layout_drop(struct layout *l, size_t n)
{
	struct tokens *t = l->t;

	/* A declaration may be all of a large file. */
	if (n == 0)
		return;
	memmove(t->items, t->items + n, (t->n - n) * sizeof(*t->items));
	t->n -= n;
	l->n_out -= n;
	l->at -= n;
	l->counted -= n;
}

int layout_end(struct layout *l, bool *is_unbalanced)
{
	struct span end;
	struct token last;

	*is_unbalanced = false;
	while (l->at + 1 < l->t->n && !l->is_too_deep)
		step(l);
	if (l->is_too_deep)
		return -1;
	for (size_t n = 0; n < l->n_open; n++)
		*is_unbalanced |= l->open[n].kind == TOK_LBRACE;
	end.start = end.end = l->last_end;
	if (l->n_open)
		close_down_to(l, 0, end);
	last = l->t->items[l->at++];
	put_as(l, &last, last.kind);
	l->t->n = l->n_out;
	return 0;
}

void layout_free(struct layout *l)
{
	free(l);
}

int layout_run(const struct source *s, const struct layout_options *o,
	       struct tokens *t, bool *is_unbalanced, struct diags *d)
{
	struct layout *l = layout_new(s, o, t, d);
	int result = layout_end(l, is_unbalanced);

	layout_free(l);
	return result;
}
