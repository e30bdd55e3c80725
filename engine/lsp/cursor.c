#include <config.h>

#include "engine/lsp/cursor.h"

#include "lang/base/arena.h"
#include "lang/diag.h"
#include "lang/grammar.h"
#include "lang/token.h"

#include <string.h>

/* A bracket or string that is open at the place; the lowest is the file. */
struct level {
	uint8_t context;
	bool is_string;
	size_t open;   /* the token that opened it */
	size_t item;   /* where the current attribute or declaration begins */
	size_t assign; /* its "=", or 0 */
	size_t colon;  /* its ":", or 0 */
};

struct reading {
	const struct source *source; /* up to the place */
	struct tokens tokens;
	size_t n; /* tokens that count */
	struct level levels[NESTING_MAX * 2 + 2];
	size_t n_levels;
	size_t before; /* the last that is no comment; n: none */
	struct cursor *out;
};

static struct str text_of(const struct reading *r, size_t i)
{
	struct span s = r->tokens.items[i].span;

	return str_sub(r->source->text, s.start, s.end);
}

static unsigned kind_of(const struct reading *r, size_t i)
{
	return i < r->n ? r->tokens.items[i].kind : (unsigned)TOK_END;
}

/* The word of the language that it is, or may be when more is written. */
static unsigned word_of(const struct reading *r, size_t i)
{
	return i < r->n ? r->tokens.items[i].word : 0;
}

static struct level *top(struct reading *r)
{
	return &r->levels[r->n_levels - 1];
}

static bool holds_items(const struct level *l)
{
	return !l->is_string &&
	       (l->context == CONTEXT_FILE || l->context == CONTEXT_BODY ||
		l->context == CONTEXT_DECLS || l->context == CONTEXT_TABLES);
}

/* -- The tokens before ---------------------------------------------------- */

static void push(struct reading *r, size_t i, bool is_string)
{
	if (r->n_levels == sizeof(r->levels) / sizeof(*r->levels))
		return;
	r->levels[r->n_levels++] = (struct level){
		.context = r->tokens.items[i].context,
		.is_string = is_string,
		.open = i,
		.item = i + 1,
	};
}

static void pop(struct reading *r)
{
	if (r->n_levels > 1)
		r->n_levels--;
}

/* What stands before cannot go on, so that a name at a line begins an item. */
static bool is_ended(const struct reading *r, size_t before)
{
	unsigned kind = kind_of(r, before);

	return before == r->n || token_ends_operand(kind) ||
	       kind == TOK_LBRACE || kind == TOK_COMMA || kind == TOK_GAP;
}

static void begin_item(struct reading *r, size_t i)
{
	struct level *l = top(r);
	const struct token *t = &r->tokens.items[i];

	if (!holds_items(l))
		return;
	/* The label of a block. */
	if (r->before == l->item && !(t->flags & TOKEN_FIRST) && i > 0)
		return;
	if (!token_begins_item(&r->tokens, i, l->context) &&
	    !((t->flags & TOKEN_FIRST) && t->kind == TOK_NAME &&
	      is_ended(r, r->before)))
		return;
	l->item = i;
	l->assign = l->colon = 0;
}

static void take(struct reading *r, size_t i)
{
	unsigned kind = r->tokens.items[i].kind;

	if (kind == TOK_COMMENT)
		return;
	begin_item(r, i);
	if (token_opens(kind))
		push(r, i, false);
	else if (kind == TOK_QUOTE || kind == TOK_HEREDOC)
		push(r, i, true);
	else if (token_closes(kind) || kind == TOK_QUOTE_END ||
		 kind == TOK_HEREDOC_END)
		pop(r);
	else if (kind == TOK_ASSIGN)
		top(r)->assign = i;
	else if (kind == TOK_COLON)
		top(r)->colon = i;
	if (kind == TOK_COMMA)
		top(r)->assign = top(r)->colon = 0;
	r->before = i;
}

static bool is_word(const struct token *t)
{
	return t->kind == TOK_NAME || t->word;
}

/*
 * Tokens that stand in the text; the brackets that are open at its end are
 * closed behind them, which is not yet so.
 */
static size_t count(const struct tokens *t)
{
	size_t n = t->n;

	while (n && (t->items[n - 1].kind == TOK_END ||
		     (t->items[n - 1].flags & TOKEN_VIRTUAL)))
		n--;
	return n;
}

/* false: there is nothing to complete. */
static bool find_word(struct reading *r, uint32_t end)
{
	const struct token *last;

	r->out->word = (struct span){ end, end };
	if (r->n == 0)
		return true;
	last = &r->tokens.items[r->n - 1];
	if (last->span.end != end)
		return true;
	if (is_word(last)) {
		r->out->word = last->span;
		r->n--;
		return true;
	}
	return last->kind != TOK_COMMENT && last->kind != TOK_NUMBER &&
	       last->kind != TOK_STRING && last->kind != TOK_IP &&
	       last->kind != TOK_CIDR && last->kind != TOK_DURATION &&
	       last->kind != TOK_SIZE && last->kind != TOK_HEREDOC_END;
}

/* -- What is around ------------------------------------------------------- */

static void find_around(struct reading *r)
{
	struct cursor *c = r->out;

	for (size_t i = 0; i + 1 < r->n_levels; i++) {
		const struct level *l = &r->levels[i], *in = l + 1;
		struct str first = text_of(r, l->item);

		if (in->context == CONTEXT_DECLS)
			c->is_in_component = true;
		if (in->is_string || in->context != CONTEXT_BODY)
			continue;
		if (l->context == CONTEXT_FILE || l->context == CONTEXT_DECLS) {
			c->head = first;
			c->type = first;
			if (word_of(r, l->item) == TOK_EXISTING ||
			    word_of(r, l->item) == TOK_PROVIDER)
				c->type = text_of(r, l->item + 1);
		} else if (c->n_blocks < CURSOR_BLOCKS_MAX) {
			c->blocks[c->n_blocks++] = first;
		}
	}
	if (top(r)->context == CONTEXT_TABLES &&
	    c->n_blocks < CURSOR_BLOCKS_MAX)
		c->blocks[c->n_blocks++] = STR("tables");
}

/* Whose value it is, and how deep inside that. */
static void find_attr(struct reading *r)
{
	struct cursor *c = r->out;
	size_t i = r->n_levels;

	while (i-- > 0) {
		const struct level *l = &r->levels[i];

		if (l->context == CONTEXT_BODY && !l->is_string) {
			if (l->assign)
				c->attr = text_of(r, l->assign - 1);
			return;
		}
		if (l->is_string || l->context != CONTEXT_LIST || c->is_in_list)
			c->is_inside = true;
		c->is_in_list |= l->context == CONTEXT_LIST;
	}
}

/* -- Behind a dot --------------------------------------------------------- */

/* The bracket that the one at i closes, or i. */
static size_t opener(const struct reading *r, size_t i)
{
	size_t depth = 0;

	for (size_t k = i + 1; k-- > 0;) {
		unsigned kind = r->tokens.items[k].kind;

		if (token_closes(kind))
			depth++;
		else if (token_opens(kind) && --depth == 0)
			return k;
	}
	return i;
}

/* From the dot back to where its expression begins. */
static void find_chain(struct reading *r)
{
	size_t i = r->before;
	uint32_t end = r->tokens.items[i].span.start, start = end;

	while (i > 0) {
		unsigned kind = kind_of(r, i - 1);

		if (kind == TOK_RBRACKET || kind == TOK_RPAREN) {
			i = opener(r, i - 1);
		} else if (is_word(&r->tokens.items[i - 1])) {
			i--;
			start = r->tokens.items[i].span.start;
			if (kind_of(r, i ? i - 1 : 0) != TOK_DOT)
				break;
			i--;
			continue;
		} else {
			break;
		}
		start = r->tokens.items[i].span.start;
	}
	r->out->kind = CURSOR_MEMBER;
	r->out->before = str_sub(r->source->text, start, end);
}

/* -- Which of them -------------------------------------------------------- */

/* Whether a new line has begun since the last token. */
static bool is_new_line(const struct reading *r)
{
	uint32_t from = 0;

	if (r->before < r->n)
		from = r->tokens.items[r->before].span.end;
	return r->before == r->n ||
	       str_find(str_sub(r->source->text, from, r->out->word.start),
			'\n') >= 0;
}

/* Behind the head of an instance: for … in …, if … */
static bool is_in_expression(const struct reading *r, size_t from)
{
	for (size_t i = from; i < r->n; i++)
		if (kind_of(r, i) == TOK_IN || kind_of(r, i) == TOK_IF)
			return true;
	return false;
}

static enum cursor_kind in_file(struct reading *r)
{
	const struct level *l = top(r);
	unsigned first = word_of(r, l->item);

	if (r->before == l->open && r->n_levels > 1)
		return CURSOR_DECLARATION;
	if (is_new_line(r) && is_ended(r, r->before))
		return CURSOR_DECLARATION;
	if (l->assign)
		return CURSOR_VALUE;
	switch (first) {
	case TOK_PARAM:
		return l->colon ? CURSOR_TYPE : CURSOR_NOTHING;
	case TOK_EXISTING:
		if (r->before == l->item)
			return CURSOR_RESOURCE;
		break;
	case TOK_MOVED:
	case TOK_IMPORT:
	case TOK_REMOVED:
		return CURSOR_VALUE;
	default:
		break;
	}
	return is_in_expression(r, l->item) ? CURSOR_VALUE : CURSOR_NOTHING;
}

static enum cursor_kind in_body(struct reading *r)
{
	const struct level *l = top(r);

	if (r->before == l->open)
		return CURSOR_ITEM;
	/* A value that is not finished goes on; behind one, an item begins. */
	if (is_ended(r, r->before))
		return is_new_line(r) || l->assign ||
			       kind_of(r, r->before) == TOK_RBRACE
			   ? CURSOR_ITEM
			   : CURSOR_NOTHING;
	return l->assign ? CURSOR_VALUE : CURSOR_NOTHING;
}

static enum cursor_kind in_rules(struct reading *r)
{
	return r->before == top(r)->open ||
		       (is_new_line(r) && is_ended(r, r->before))
		   ? CURSOR_RULE
		   : CURSOR_NOTHING;
}

/* ( ) of a call, of a type or of a component. */
static enum cursor_kind in_args(struct reading *r)
{
	const struct level *l = top(r);
	size_t below = r->n_levels - 1;

	while (below && r->levels[below].context == CONTEXT_ARGS)
		below--;
	if (word_of(r, r->levels[below].item) == TOK_PARAM &&
	    !r->levels[below].assign)
		return CURSOR_TYPE;
	if (word_of(r, r->levels[below].item) != TOK_COMPONENT ||
	    r->levels[below].context != CONTEXT_FILE)
		return CURSOR_VALUE;
	/* The head of a component, or a type in it. */
	if (below + 2 < r->n_levels)
		return r->levels[below + 1].assign ? CURSOR_VALUE : CURSOR_TYPE;
	return l->assign  ? CURSOR_VALUE
	       : l->colon ? CURSOR_TYPE
			  : CURSOR_NOTHING;
}

static enum cursor_kind in_map(struct reading *r)
{
	unsigned kind = kind_of(r, r->before);

	if (r->before == top(r)->open || kind == TOK_COMMA ||
	    (is_new_line(r) && is_ended(r, r->before)))
		return CURSOR_NOTHING;
	return CURSOR_VALUE;
}

static enum cursor_kind choose(struct reading *r)
{
	const struct level *l = top(r);

	if (l->is_string)
		return CURSOR_NOTHING;
	switch ((enum token_context)l->context) {
	case CONTEXT_FILE:
	case CONTEXT_DECLS:
		return in_file(r);
	case CONTEXT_BODY:
		return in_body(r);
	case CONTEXT_TABLES:
		return in_rules(r);
	case CONTEXT_ARGS:
		return in_args(r);
	case CONTEXT_MAP:
		return in_map(r);
	case CONTEXT_LIST:
	case CONTEXT_INDEX:
	case CONTEXT_GROUP:
	case CONTEXT_INTERP:
		return CURSOR_VALUE;
	}
	return CURSOR_NOTHING;
}

static void look(struct reading *r, uint32_t end)
{
	r->n = count(&r->tokens);
	if (!find_word(r, end))
		return;
	r->n_levels = 1;
	r->levels[0] = (struct level){ .context = CONTEXT_FILE };
	r->before = r->n;
	for (size_t i = 0; i < r->n; i++)
		take(r, i);
	find_around(r);
	if (!top(r)->is_string && top(r)->context != CONTEXT_TABLES &&
	    kind_of(r, r->before) == TOK_DOT)
		find_chain(r);
	else
		r->out->kind = choose(r);
	if (r->out->kind == CURSOR_VALUE)
		find_attr(r);
}

void cursor_read(const struct source *s, uint32_t offset, struct arena *a,
		 struct cursor *out)
{
	struct reading *r = arena_new(a, struct reading, 1);
	struct diags ignored = { .arena = a };

	*out = (struct cursor){ .word = { offset, offset } };
	r->source = source_from(s->name, str_sub(s->text, 0, offset), a);
	r->out = out;
	tokens_read(r->source, false, &r->tokens, &ignored);
	look(r, offset);
	tokens_release(&r->tokens);
	diags_release(&ignored);
}
