/* Strings, templates and heredocs: from spelling to text. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/diag.h"
#include "lang/parser.h"
#include "lang/utf8.h"

#include <string.h>

static struct place place_of(const struct parser *p, struct span span)
{
	return (struct place){ p->source, span };
}

/* "\u{1F600}" at text[at]: its length, or 0; writes the character. */
static size_t unicode(struct str text, size_t at, char out[4], size_t *n)
{
	uint32_t code = 0;
	size_t i = at + 3;

	if (at + 2 >= text.n || text.s[at + 2] != '{')
		return 0;
	for (; i < text.n && i < at + 9; i++) {
		static const char hex[] = "0123456789abcdef";
		const char *digit = strchr(hex, text.s[i] | 0x20);

		if (!text.s[i] || !digit)
			break;
		code = code * 16 + (uint32_t)(digit - hex);
	}
	if (i == at + 3 || i >= text.n || text.s[i] != '}' || code == 0)
		return 0;
	*n = utf8_write(code, out);
	return *n ? i + 1 - at : 0;
}

static void bad_escape(struct parser *p, struct str text, uint32_t at)
{
	struct utf8 c = utf8_next(str_skip(text, 1));
	struct span span = { at, at + 1 + c.length };
	struct diag *d;

	d = diag_error(p->diags, "E0106", place_of(p, span),
		       "unknown escape \"%.*s\"", (int)(1 + c.length), text.s);
	diag_hint(p->diags, d,
		  "There are \\n \\t \\r \\\" \\\\ \\$ and \\u{1F600}; a "
		  "backslash itself is \\\\.");
}

/* A text between quotes, or a piece of it, with its escapes resolved. */
static struct str unescape(struct parser *p, struct span span)
{
	static const char from[] = "ntr\"\\$", to[] = "\n\t\r\"\\$";
	struct str text = parser_text(p, span);
	size_t at = 0, n = 0;
	char *out;

	if (str_find(text, '\\') < 0)
		return text;
	out = arena_new(p->arena, char, text.n + 1);
	while (at < text.n) {
		const char *escape;
		size_t length, written;

		if (text.s[at] != '\\' || at + 1 == text.n) {
			out[n++] = text.s[at++];
			continue;
		}
		escape = text.s[at + 1] ? strchr(from, text.s[at + 1]) : NULL;
		if (escape) {
			out[n++] = to[escape - from];
			at += 2;
			continue;
		}
		length = text.s[at + 1] == 'u'
			     ? unicode(text, at, out + n, &written)
			     : 0;
		if (length) {
			n += written;
			at += length;
			continue;
		}
		bad_escape(p, str_skip(text, at), span.start + (uint32_t)at);
		at += 2;
	}
	return (struct str){ out, n };
}

/* false, with a finding, when a string is longer than any should be. */
static bool has_length(struct parser *p, struct span span)
{
	struct diag *d;

	if (span.end - span.start <= STRING_MAX)
		return true;
	d = diag_error(p->diags, "E0111",
		       place_of(p, (struct span){ span.start, span.start + 1 }),
		       "string is longer than %d MiB", STRING_MAX >> 20);
	diag_hint(p->diags, d,
		  "Put it in a file and read it by file(\"...\").");
	return false;
}

struct str literal_text(struct parser *p, struct span span)
{
	struct str text = parser_text(p, span);

	if (text.n >= 2 && (text.s[0] == '"' || text.s[0] == '\'')) {
		if (!has_length(p, span))
			return STR("");
		return unescape(p,
				(struct span){ span.start + 1, span.end - 1 });
	}
	/* "- 5" is -5. */
	if (text.n && text.s[0] == '-')
		return str_fmt(p->arena, "-%.*s",
			       STR_ARG(str_trim(str_skip(text, 1))));
	return text;
}

struct ast_expr *make_string(struct parser *p, struct span span)
{
	struct str spelled = parser_text(p, span);
	struct ast_expr *x;

	if (spelled.s[0] != '"' || spelled.n > STRING_MAX ||
	    str_find(spelled, '\\') >= 0)
		return make_own(p, EXPR_STRING, literal_text(p, span), span);
	x = make_key(p, span);
	x->is_quoted = true;
	return x;
}

/* A piece as it stands; make_template() resolves it, and knows it by this. */
struct ast_expr *make_text(struct parser *p, struct span span)
{
	struct ast_expr *x =
	    make_own(p, EXPR_STRING, parser_text(p, span), span);

	x->boolean = true;
	return x;
}

static bool is_piece(const struct ast_expr *x)
{
	return x->kind == EXPR_STRING && x->boolean;
}

static size_t blanks(struct str s)
{
	size_t n = 0;

	while (n < s.n && (s.s[n] == ' ' || s.s[n] == '\t'))
		n++;
	return n;
}

/*
 * How far the lines of a heredoc are indented alike. A line of blanks alone
 * does not count; a line that begins with a template has no indentation.
 */
static size_t indentation(const struct list *parts)
{
	size_t least = SIZE_MAX;
	bool begins_line = true;

	for (size_t i = 0; i < parts->n; i++) {
		const struct ast_expr *x = parts->items[i];
		struct str rest;

		if (!is_piece(x)) {
			if (begins_line)
				return 0;
			continue;
		}
		rest = x->own;
		while (rest.n) {
			size_t n = blanks(rest);
			bool is_blank = n < rest.n && (rest.s[n] == '\n' ||
						       rest.s[n] == '\r');
			ptrdiff_t end = str_find(rest, '\n');

			if (begins_line && !is_blank && n < least)
				least = n;
			begins_line = end >= 0;
			if (end < 0)
				break;
			rest = str_skip(rest, (size_t)end + 1);
		}
	}
	return least == SIZE_MAX ? 0 : least;
}

/* A piece of a heredoc: "\${" is "${"; every line loses its indentation. */
static struct str heredoc_text(struct parser *p, struct str text, size_t indent,
			       bool *begins_line)
{
	char *out = arena_new(p->arena, char, text.n + 1);
	size_t n = 0;

	while (text.n) {
		if (*begins_line) {
			size_t skip = blanks(text);

			text = str_skip(text, skip < indent ? skip : indent);
			*begins_line = false;
			continue;
		}
		if (str_starts(text, "\\${"))
			text = str_skip(text, 1);
		/* Line ends are "\n" whatever the file has. */
		if (str_starts(text, "\r\n"))
			text = str_skip(text, 1);
		*begins_line = text.s[0] == '\n';
		out[n++] = text.s[0];
		text = str_skip(text, 1);
	}
	return (struct str){ out, n };
}

static void resolve_heredoc(struct parser *p, struct list *parts,
			    bool is_indented)
{
	size_t indent = is_indented ? indentation(parts) : 0;
	bool begins_line = true;

	for (size_t i = 0; i < parts->n; i++) {
		struct ast_expr *x = parts->items[i];

		if (is_piece(x))
			x->own = heredoc_text(p, x->own, indent, &begins_line);
		else
			begins_line = false;
	}
}

/* Indentation that was removed may leave nothing of a piece. */
static void drop_empty(struct list *parts)
{
	size_t n = 0;

	for (size_t i = 0; i < parts->n; i++) {
		struct ast_expr *x = parts->items[i];

		if (!is_piece(x) || x->own.n)
			parts->items[n++] = x;
	}
	parts->n = n;
}

struct ast_expr *make_template(struct parser *p, struct list *parts,
			       struct span first, struct span span)
{
	struct str opening = parser_text(p, first);
	struct ast_expr *x;

	if (!has_length(p, span))
		return make_leaf(p, EXPR_ERROR, span);
	/* Of a whole text that is a template nothing opens it. */
	if (opening.n == 0 || str_starts(opening, "<<")) {
		resolve_heredoc(p, parts, str_starts(opening, "<<~"));
	} else {
		for (size_t i = 0; i < parts->n; i++) {
			x = parts->items[i];
			if (is_piece(x))
				x->own = unescape(p, x->span);
		}
	}
	drop_empty(parts);
	/* Without a template it is a string like any other. */
	if (parts->n == 0 || (parts->n == 1 && is_piece(parts->items[0]))) {
		return make_own(p, EXPR_STRING,
				parts->n ? ast_text(parts->items[0]) : STR(""),
				span);
	}
	x = make_items(p, EXPR_TEMPLATE, parts, span);
	for (size_t i = 0; i < parts->n; i++)
		((struct ast_expr *)parts->items[i])->boolean &=
		    ((struct ast_expr *)parts->items[i])->kind == EXPR_BOOL;
	return x;
}
