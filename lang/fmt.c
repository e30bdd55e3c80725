/*
 * In: a text's tokens. Out: lines. Strings with templates and heredocs are one
 * atom each and stay as they are written; what the layout has put in is left
 * out. Atoms are cut into lines where the text has line ends and where blocks
 * want them, lines are indented by the bracket that they stand in, and then
 * columns are padded: the "=" of attributes that follow one another, the "{"
 * of blocks of one line, comments behind the text.
 */
#include <config.h>

#include "lang/fmt.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/grammar.h"
#include "lang/parse.h"
#include "lang/token.h"
#include "lang/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 2, COMMENT_GAP = 2, DUMP_MAX = 1 << 30 };

#define NONE SIZE_MAX

/* One or several tokens that are written as they stand. */
struct atom {
	uint8_t kind;
	uint8_t context;   /* of an opening bracket */
	uint8_t newlines;  /* before it: 0, 1 or 2 for more */
	bool is_multiline; /* a line end inside */
	bool is_of_type;   /* a brace of object({ … }) */
	bool is_separated; /* the layout has put a comma before it */
	bool is_item;	   /* an item of a block, file or map begins */
	bool is_ternary;   /* a colon that belongs to a "?" */
	bool is_negative;  /* a minus before an operand */
	bool is_address;   /* "/" between the parts of an address */
	bool is_broken;	   /* a bracket on whose lines nothing else stands */
	size_t token;
	size_t match; /* of a bracket: the other one */
	struct span span;
};

/* Where a line is padded so that its column is that of its neighbours. */
struct pad {
	size_t at;    /* bytes of the line before it; NONE: nowhere */
	size_t width; /* cells of the line before it */
	size_t more;  /* cells to add */
};

enum row { ROW_OTHER, ROW_ATTR, ROW_LET, ROW_OUTPUT, ROW_BLOCK };

struct line {
	size_t text, n; /* in the lines' text */
	size_t level;
	size_t parent; /* atom of the bracket that it stands in, or NONE */
	enum row row;
	bool is_blank_before;
	bool is_multiline; /* a heredoc or string with line ends */
	bool is_tail;	   /* goes on where the line before ended: not padded */
	struct pad value, comment;
};

struct fmt {
	const struct source *source;
	struct arena *arena;
	struct tokens tokens;
	VEC(struct atom) atoms;
	VEC(struct line) lines;
	struct buf text;
};

static struct str atom_text(const struct fmt *f, const struct atom *x)
{
	return str_sub(f->source->text, x->span.start, x->span.end);
}

static bool is_opener(const struct atom *x)
{
	return token_opens(x->kind);
}

static bool is_closer(const struct atom *x)
{
	return token_closes(x->kind);
}

static bool is_brace(const struct atom *x)
{
	return x->kind == TOK_LBRACE || x->kind == TOK_LMAP;
}

/* -- atoms -- */

static bool opens_text(unsigned kind)
{
	return kind == TOK_QUOTE || kind == TOK_HEREDOC;
}

static bool closes_text(unsigned kind)
{
	return kind == TOK_QUOTE_END || kind == TOK_HEREDOC_END;
}

static bool ends_operand(const struct atom *x)
{
	return token_ends_operand(x->kind) || opens_text(x->kind);
}

static uint8_t newlines_between(const struct fmt *f, size_t from, size_t to)
{
	uint8_t n = 0;

	for (size_t i = from; i < to && n < 2; i++)
		n += f->source->text.s[i] == '\n';
	return n;
}

/* The last token of the string or heredoc that begins at i. */
static size_t text_end(const struct tokens *t, size_t i)
{
	size_t depth = 0;

	for (; i < t->n; i++) {
		depth += opens_text(t->items[i].kind);
		if (closes_text(t->items[i].kind) && --depth == 0)
			break;
	}
	return i;
}

static void add_atom(struct fmt *f, const struct token *t, size_t i,
		     size_t last)
{
	size_t n = f->atoms.n;
	size_t before = n ? f->atoms.items[n - 1].span.end : 0;
	struct atom x = {
		.kind = t->kind,
		.context = t->context,
		.token = i,
		.match = NONE,
		.span = { t->span.start, f->tokens.items[last].span.end },
	};
	const char *s = f->source->text.s;

	while (x.span.end > x.span.start &&
	       strchr(" \t\r\n", s[x.span.end - 1]))
		x.span.end--;
	x.newlines = newlines_between(f, before, x.span.start);
	while (i-- > 0 && ((t - 1)->flags & TOKEN_VIRTUAL)) {
		t--;
		x.is_separated |= t->kind == TOK_COMMA;
	}
	x.is_multiline = newlines_between(f, x.span.start, x.span.end) > 0;
	*vec_push(&f->atoms) = x;
}

static void make_atoms(struct fmt *f)
{
	const struct tokens *t = &f->tokens;

	for (size_t i = 0; i < t->n; i++) {
		const struct token *token = &t->items[i];
		size_t last = i;

		if (token->kind == TOK_END || (token->flags & TOKEN_VIRTUAL))
			continue;
		if (opens_text(token->kind))
			last = text_end(t, i);
		add_atom(f, token, i, last);
		i = last;
	}
}

/* -- what the atoms mean -- */

struct level {
	size_t opener;
	uint8_t context;
	bool is_in_head;  /* of a block or declaration */
	size_t questions; /* that still want their colon */
};

static unsigned kind_after(const struct fmt *f, size_t i)
{
	while (++i < f->atoms.n)
		if (f->atoms.items[i].kind != TOK_COMMENT)
			return f->atoms.items[i].kind;
	return TOK_END;
}

/* An attribute, block, rule or declaration. */
static bool begins_item(const struct fmt *f, const struct level *l,
			const struct atom *x, const struct atom *before,
			unsigned next)
{
	switch (l->context) {
	case CONTEXT_FILE:
	case CONTEXT_DECLS:
		if (token_traits[x->kind] & TRAIT_OF_FILES)
			return true;
		break;
	case CONTEXT_BODY:
	case CONTEXT_TABLES:
		break;
	case CONTEXT_MAP:
		return next == TOK_ASSIGN &&
		       (!before || is_opener(before) ||
			before->kind == TOK_COMMA || ends_operand(before));
	default:
		return false;
	}
	if (l->is_in_head || is_closer(x) ||
	    (before && !is_opener(before) && !ends_operand(before)))
		return false;
	return token_begins_item(&f->tokens, x->token, l->context);
}

/* Until its "{" or "=", words do not begin another item. */
static bool has_head(const struct fmt *f, const struct level *l, size_t i)
{
	return l->context != CONTEXT_TABLES && kind_after(f, i) != TOK_ASSIGN;
}

/* { name: …  or  { name?: … */
static bool is_object_type(const struct fmt *f, size_t i)
{
	unsigned kinds[3];

	for (size_t k = 0; k < 3; k++)
		kinds[k] = i + 1 + k < f->atoms.n
			       ? f->atoms.items[i + 1 + k].kind
			       : TOK_END;
	return kinds[0] == TOK_NAME &&
	       (kinds[1] == TOK_COLON ||
		(kinds[1] == TOK_QUESTION && kinds[2] == TOK_COLON));
}

/* moved, import and removed name addresses, which have slashes. */
static bool names_address(unsigned kind)
{
	return kind == TOK_MOVED || kind == TOK_IMPORT || kind == TOK_REMOVED;
}

static void understand(struct fmt *f)
{
	struct level levels[NESTING_MAX + 2] = { { .opener = NONE } };
	struct level *l = levels;
	const struct atom *before = NULL;
	bool is_address = false;

	l->context = CONTEXT_FILE;
	for (size_t i = 0; i < f->atoms.n; i++) {
		struct atom *x = &f->atoms.items[i];

		if (x->kind == TOK_COMMENT)
			continue;
		if (begins_item(f, l, x, before, kind_after(f, i))) {
			x->is_item = true;
			l->is_in_head = has_head(f, l, i);
			l->questions = 0;
			if (l->context == CONTEXT_FILE ||
			    l->context == CONTEXT_DECLS)
				is_address = names_address(x->kind);
		}
		switch (x->kind) {
		case TOK_ASSIGN:
			l->is_in_head = false;
			break;
		case TOK_QUESTION:
			l->questions += kind_after(f, i) != TOK_COLON;
			break;
		case TOK_COLON:
			x->is_ternary = l->questions > 0;
			l->questions -= x->is_ternary;
			break;
		case TOK_COMMA:
			l->questions = 0;
			break;
		case TOK_MINUS:
			x->is_negative =
			    !before || x->is_separated || !ends_operand(before);
			break;
		case TOK_SLASH:
			x->is_address = is_address;
			break;
		case TOK_LMAP:
			x->is_of_type = is_object_type(f, i);
			break;
		default:
			break;
		}
		if (is_opener(x)) {
			/* In a head only a block's own brace ends it. */
			if (is_brace(x))
				l->is_in_head = false;
			l++;
			*l = (struct level){ .opener = i,
					     .context = x->context };
		} else if (is_closer(x) && l > levels) {
			x->match = l->opener;
			f->atoms.items[l->opener].match = i;
			l--;
		}
		before = x;
	}
}

/* -- where lines end -- */

static bool is_empty(const struct atom *x, size_t i)
{
	return x->match == i + 1;
}

/* The parentheses of a component, behind which its braces stand. */
static bool is_component_head(const struct fmt *f, size_t i)
{
	return i >= 2 && f->atoms.items[i - 2].kind == TOK_COMPONENT;
}

static void break_brackets(struct fmt *f)
{
	size_t *lines = arena_new(f->arena, size_t, f->atoms.n + 1);

	/* lines[i]: line ends in and before the atoms before i. */
	for (size_t i = 0; i < f->atoms.n; i++) {
		const struct atom *x = &f->atoms.items[i];

		lines[i + 1] = lines[i] + x->newlines + x->is_multiline +
			       (x->kind == TOK_COMMENT);
	}
	for (size_t i = 0; i < f->atoms.n; i++) {
		struct atom *x = &f->atoms.items[i];

		if (!is_opener(x) || x->match == NONE || is_empty(x, i))
			continue;
		/* A declaration begins a line. */
		if (x->context == CONTEXT_DECLS)
			x->is_broken = true;
		else if (is_brace(x) || is_component_head(f, i))
			x->is_broken = lines[x->match + 1] > lines[i + 1];
		else
			x->is_broken =
			    f->atoms.items[i + 1].newlines ||
			    f->atoms.items[i + 1].kind == TOK_COMMENT ||
			    f->atoms.items[x->match].newlines;
		f->atoms.items[x->match].is_broken = x->is_broken;
		f->atoms.items[x->match].is_of_type = x->is_of_type;
	}
}

static bool ends_line(const struct fmt *f, size_t i)
{
	const struct atom *x = &f->atoms.items[i];
	const struct atom *before = i ? x - 1 : NULL;

	if (!before)
		return false;
	if (before->kind == TOK_COMMENT || before->kind == TOK_HEREDOC)
		return true;
	if (x->kind == TOK_COMMENT)
		return x->newlines > 0;
	if (is_opener(before) && before->match == i)
		return false;
	if (is_opener(before) && before->is_broken)
		return true;
	if (is_closer(x))
		return x->is_broken;
	/* A block's brace stands behind its head. */
	if (x->kind == TOK_LBRACE)
		return false;
	return x->newlines > 0;
}

/* -- lines -- */

static size_t cells(struct str s)
{
	size_t n = 0;

	while (s.n) {
		struct utf8 c = utf8_next(s);

		n += c.width;
		s = str_skip(s, c.length);
	}
	return n;
}

/* A word of digits, which a dot would go on. */
static bool is_literal(const struct atom *x)
{
	return x->kind == TOK_NUMBER || x->kind == TOK_CIDR ||
	       x->kind == TOK_IP || x->kind == TOK_DURATION ||
	       x->kind == TOK_SIZE;
}

/* Blanks between two atoms of a line. */
static size_t gap(const struct atom *a, const struct atom *b, bool in_type)
{
	if (b->kind == TOK_COMMENT)
		return COMMENT_GAP;
	if (is_opener(a) && is_closer(b) && is_brace(a))
		return 0;
	if (a->kind == TOK_COMMA)
		return 1;
	if (b->is_item || b->is_separated)
		return is_opener(a) ? 1 : 2;
	/* 1 .x is no number. */
	if (b->kind == TOK_DOT && is_literal(a))
		return 1;
	if (a->kind == TOK_DOT || b->kind == TOK_DOT || b->kind == TOK_COMMA ||
	    b->kind == TOK_CALL || b->kind == TOK_INDEX || a->is_negative ||
	    a->is_address || b->is_address)
		return 0;
	if (is_opener(a))
		return is_brace(a) && !a->is_of_type;
	if (is_closer(b))
		return b->kind == TOK_RBRACE && !b->is_of_type;
	if (b->kind == TOK_COLON)
		return b->is_ternary || !in_type;
	if (b->kind == TOK_QUESTION && in_type)
		return 0;
	return 1;
}

/* A colon, or its "?", of a component's params or of an object's type. */
static bool is_in_type(const struct fmt *f, size_t parent, size_t i)
{
	const struct atom *o;

	if (parent == NONE || (f->atoms.items[i].kind == TOK_QUESTION &&
			       kind_after(f, i) != TOK_COLON))
		return false;
	o = &f->atoms.items[parent];
	return o->kind == TOK_CALL || o->is_of_type;
}

static struct line *new_line(struct fmt *f, size_t parent)
{
	struct line *l = vec_push(&f->lines);

	*l = (struct line){
		.text = f->text.len,
		.parent = parent,
		.value.at = NONE,
		.comment.at = NONE,
	};
	return l;
}

static void set_pad(const struct fmt *f, const struct line *l, struct pad *p)
{
	p->at = f->text.len - l->text;
	p->width = cells(str_sub(buf_str(&f->text), l->text, f->text.len));
	/* Blanks behind the text are the gap, not the text. */
}

/* An expression goes on from the line before. */
static bool goes_on(const struct fmt *f, size_t i)
{
	const struct atom *x = &f->atoms.items[i], *before = NULL;

	/* Parts of a comprehension stand below one another. */
	if (x->kind == TOK_IF || (x->kind == TOK_COLON && !x->is_ternary))
		return false;
	if (x->kind == TOK_COMMENT || x->kind == TOK_COMMA || is_closer(x) ||
	    x->is_item || x->is_separated)
		return false;
	while (i-- > 0 && !before)
		if (f->atoms.items[i].kind != TOK_COMMENT)
			before = &f->atoms.items[i];
	if (!before || is_opener(before) || before->kind == TOK_COMMA)
		return false;
	if (!ends_operand(before))
		return true;
	if (x->kind == TOK_MINUS)
		return !x->is_negative;
	return !token_begins_operand(x->kind) && !is_opener(x);
}

/* What a line is to those before and behind it. */
static enum row row_of(const struct fmt *f, size_t i, size_t parent)
{
	const struct atom *x = &f->atoms.items[i];
	unsigned next = kind_after(f, i);
	uint8_t context =
	    parent == NONE ? CONTEXT_FILE : f->atoms.items[parent].context;

	if (context == CONTEXT_MAP)
		return ROW_ATTR;
	if (!x->is_item)
		return ROW_OTHER;
	if (context == CONTEXT_BODY)
		return next == TOK_ASSIGN ? ROW_ATTR : ROW_OTHER;
	if (x->kind == TOK_LET || x->kind == TOK_OUTPUT)
		return x->kind == TOK_LET ? ROW_LET : ROW_OUTPUT;
	if (x->kind == TOK_NAME && i + 2 < f->atoms.n &&
	    f->atoms.items[i + 1].kind == TOK_NAME &&
	    f->atoms.items[i + 2].kind == TOK_LBRACE &&
	    !f->atoms.items[i + 2].is_broken)
		return ROW_BLOCK;
	return ROW_OTHER;
}

struct open {
	size_t atom;
	size_t line; /* that it stands on */
};

static void make_lines(struct fmt *f)
{
	struct open open[NESTING_MAX + 2];
	size_t n = 0;
	struct line *l = NULL;

	for (size_t i = 0; i < f->atoms.n; i++) {
		struct atom *x = &f->atoms.items[i];
		size_t parent = n ? open[n - 1].atom : NONE;
		bool is_new =
		    !l || ends_line(f, i) ||
		    (x->is_item && x->newlines == 0 && i &&
		     (parent == NONE ||
		      f->atoms.items[parent].context == CONTEXT_DECLS));

		if (is_new) {
			const struct atom *before = i ? x - 1 : NULL;

			if (l)
				l->n = f->text.len - l->text;
			l = new_line(f, parent);
			if (is_closer(x) && n)
				l->level =
				    f->lines.items[open[n - 1].line].level;
			else if (n)
				l->level =
				    f->lines.items[open[n - 1].line].level + 1;
			l->level += goes_on(f, i);
			l->row =
			    is_closer(x) ? ROW_OTHER : row_of(f, i, parent);
			l->is_tail = is_closer(x);
			l->is_blank_before = before && x->newlines > 1 &&
					     !is_opener(before) &&
					     !is_closer(x);
		} else if (i) {
			size_t blanks = gap(x - 1, x, is_in_type(f, parent, i));

			if (x->kind == TOK_COMMENT && l->comment.at == NONE)
				set_pad(f, l, &l->comment);
			else if (l->value.at == NONE && l->parent == parent &&
				 ((x->kind == TOK_ASSIGN &&
				   l->row != ROW_BLOCK) ||
				  (x->kind == TOK_LBRACE &&
				   l->row == ROW_BLOCK)))
				set_pad(f, l, &l->value);
			/* Several items of a line have no common column. */
			if ((x->is_item || x->is_separated ||
			     x->kind == TOK_COMMA) &&
			    l->parent == parent)
				l->row = ROW_OTHER;
			for (size_t k = 0; k < blanks; k++)
				buf_add_char(&f->text, ' ');
		}
		l->is_multiline |= x->is_multiline;
		buf_add_str(&f->text, atom_text(f, x));
		if (is_opener(x) && x->match != NONE) {
			open[n].atom = i;
			open[n++].line = f->lines.n - 1;
		} else if (is_closer(x) && n) {
			n--;
		}
	}
	if (l)
		l->n = f->text.len - l->text;
}

/* -- columns -- */

static void pad_group(struct fmt *f, const size_t *lines, size_t n)
{
	size_t widest = 0;

	for (size_t i = 0; i < n; i++) {
		size_t width = f->lines.items[lines[i]].value.width;

		widest = width > widest ? width : widest;
	}
	for (size_t i = 0; i < n; i++) {
		struct pad *p = &f->lines.items[lines[i]].value;

		p->more = widest - p->width;
	}
}

/* The lines of a bracket that follow one another, whatever is inside them. */
struct group {
	size_t parent;
	enum row row;
	VEC(size_t) lines;
};

static void end_group(struct fmt *f, struct group *g)
{
	pad_group(f, g->lines.items, g->lines.n);
	g->lines.n = 0;
}

static bool is_comment_line(const struct fmt *f, const struct line *l)
{
	return l->n && f->text.data[l->text] == '#';
}

/* Its value goes on below. */
static bool has_inside(const struct fmt *f, size_t i)
{
	const struct line *l = &f->lines.items[i], *next = l + 1;

	return l->is_multiline ||
	       (i + 1 < f->lines.n && next->parent != l->parent &&
		(next->is_tail || next->level > l->level));
}

static void pad_values(struct fmt *f)
{
	struct group groups[NESTING_MAX + 2] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < f->lines.n; i++) {
		const struct line *l = &f->lines.items[i];
		struct group *g;

		/* Brackets that have ended since; the file has its own. */
		while (n && groups[n - 1].parent != l->parent) {
			bool is_inside = false;

			for (size_t k = 0; k < n; k++)
				is_inside |= groups[k].parent == l->parent;
			if (!is_inside)
				break;
			end_group(f, &groups[--n]);
		}
		if (n == 0 || groups[n - 1].parent != l->parent) {
			if (n == NESTING_MAX + 2)
				BUG("more than %d groups", NESTING_MAX);
			groups[n++].parent = l->parent;
		}
		g = &groups[n - 1];
		if ((l->row == ROW_LET || l->row == ROW_OUTPUT) &&
		    has_inside(f, i)) {
			end_group(f, g);
			continue;
		}
		if (l->is_tail ||
		    (is_comment_line(f, l) && !l->is_blank_before))
			continue;
		if (l->is_blank_before || l->row != g->row ||
		    l->row == ROW_OTHER)
			end_group(f, g);
		g->row = l->row;
		if (l->row != ROW_OTHER && l->value.at != NONE)
			*vec_push(&g->lines) = i;
	}
	while (n)
		end_group(f, &groups[--n]);
	for (size_t k = 0; k < NESTING_MAX + 2; k++)
		vec_release(&groups[k].lines);
}

static size_t comment_column(const struct line *l)
{
	return l->level * INDENT + l->comment.width +
	       (l->value.at != NONE ? l->value.more : 0);
}

static void pad_comments(struct fmt *f)
{
	for (size_t i = 0; i < f->lines.n;) {
		size_t end = i, widest = 0;

		while (end < f->lines.n &&
		       f->lines.items[end].comment.at != NONE &&
		       (end == i || !f->lines.items[end].is_blank_before)) {
			size_t column = comment_column(&f->lines.items[end]);

			widest = column > widest ? column : widest;
			end++;
		}
		for (size_t k = i; k < end; k++) {
			struct line *l = &f->lines.items[k];

			l->comment.more = widest - comment_column(l);
		}
		i = end > i ? end : i + 1;
	}
}

/* -- the text -- */

static void add_blanks(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, ' ');
}

static void write_line(const struct fmt *f, const struct line *l,
		       struct buf *out)
{
	const char *s = f->text.data + l->text;
	size_t at = 0;

	if (l->is_blank_before)
		buf_add_char(out, '\n');
	if (l->n)
		add_blanks(out, l->level * INDENT);
	if (l->value.at != NONE) {
		buf_add(out, s, l->value.at);
		add_blanks(out, l->value.more);
		at = l->value.at;
	}
	if (l->comment.at != NONE) {
		buf_add(out, s + at, l->comment.at - at);
		add_blanks(out, l->comment.more);
		at = l->comment.at;
	}
	buf_add(out, s + at, l->n - at);
	buf_add_char(out, '\n');
}

/* Whatever we did, it must read the same. */
static void verify(const struct source *s, struct str formatted,
		   struct arena *a)
{
	struct diags ignored = { .arena = a };
	struct buf before, after;

	buf_init(&before, DUMP_MAX);
	buf_init(&after, DUMP_MAX);
	ast_dump(parse_file(s, a, &ignored), &before);
	ast_dump(parse_file(source_from(s->name, formatted, a), a, &ignored),
		 &after);
	if (!str_eq(buf_str(&before), buf_str(&after)))
		BUG("\"%.*s\" would mean something else when formatted; "
		    "nothing was changed",
		    STR_ARG(s->name));
	buf_release(&before);
	buf_release(&after);
	diags_release(&ignored);
}

int fmt_text(const struct source *s, struct arena *a, struct buf *out,
	     struct diags *d)
{
	struct fmt f = { .source = s, .arena = a };
	size_t errors = d->n_errors;

	parse_file(s, a, d);
	if (d->n_errors > errors)
		return -1;
	tokens_read(s, TEXT_FILE, &f.tokens, d);
	buf_init(&f.text, 4 * s->text.n + 4096);
	make_atoms(&f);
	understand(&f);
	break_brackets(&f);
	make_lines(&f);
	pad_values(&f);
	pad_comments(&f);
	for (size_t i = 0; i < f.lines.n; i++)
		write_line(&f, &f.lines.items[i], out);
	verify(s, buf_str(out), a);
	buf_release(&f.text);
	vec_release(&f.atoms);
	vec_release(&f.lines);
	tokens_release(&f.tokens);
	return 0;
}
