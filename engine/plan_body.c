#include <config.h>

#include "engine/plan_body.h"

#include "engine/check.h"
#include "engine/expand.h"
#include "engine/lines.h"
#include "engine/plan.h"
#include "engine/state.h"
#include "lang/ast.h"
#include "lang/base/buf.h"

#include <string.h>

enum {
	VALUE_WIDTH = 60, /* of one value that is made */
	NAME_WIDTH_MAX = 24,
	INDENT = 6,
	TEXT_INDENT = 10, /* of a text of several lines */
};

static const char *paint(const struct body_style *style, const char *code)
{
	return style->change.color ? code : "";
}

/* Without the column, which would be counted along the line. */
static uint32_t line_of(struct place p)
{
	uint32_t low = 0, high = p.source ? p.source->n_lines : 0;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (p.source->lines[middle] <= p.span.start)
			low = middle;
		else
			high = middle;
	}
	return low + 1;
}

void plan_place_text(struct buf *out, struct place p, bool color)
{
	if (!p.source)
		return;
	buf_add_c(out, color ? "  " PAINT_FAINT : "  ");
	buf_add_str(out, p.source->name);
	buf_add_char(out, ':');
	buf_add_number(out, line_of(p));
	if (color)
		buf_add_c(out, PAINT_PLAIN);
}

/* -- Changes -------------------------------------------------------------- */

static int name_width(const struct plan_step *s)
{
	size_t most = 0;

	for (size_t i = 0; i < s->n_changes; i++)
		if (s->changes[i].attr.n > most)
			most = s->changes[i].attr.n;
	return most > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : (int)most;
}

/* The head has its place already. */
static bool is_elsewhere(const struct plan_step *s, struct place p)
{
	return !s->resource || p.source != s->resource->place.source ||
	       line_of(p) != line_of(s->resource->place);
}

static void add_change(struct buf *out, const struct plan_step *s,
		       const struct plan_change *c, int width,
		       const struct body_style *style)
{
	struct buf text;
	size_t head;

	buf_init(&text, 64 << 20);
	plan_change_text(&text, c, s->schema, &style->change);
	/* What is shown by its parts has its place on the first line. */
	head = (size_t)(strchrnul(text.data, '\n') - text.data);
	buf_fmt(out, "%*s%-*.*s", INDENT, "", head ? width : 0,
		STR_ARG(c->attr));
	if (head)
		buf_fmt(out, "  %.*s", (int)head, text.data);
	if (c->forces_replace)
		buf_fmt(out, "  %sreplaces%s", paint(style, PAINT_RED),
			paint(style, PAINT_PLAIN));
	if (style->has_places && is_elsewhere(s, c->place))
		plan_place_text(out, c->place, style->change.color);
	buf_fmt(out, "%s\n", text.data + head);
	buf_release(&text);
}

/* What forces a replacement is what the reader looks for. */
static void add_changes(struct buf *out, const struct plan_step *s,
			const struct body_style *style)
{
	int width = name_width(s);

	for (int forcing = 1; forcing >= 0; forcing--)
		for (size_t i = 0; i < s->n_changes; i++)
			if (s->changes[i].forces_replace == forcing)
				add_change(out, s, &s->changes[i], width,
					   style);
}

/* -- What is made --------------------------------------------------------- */

/*
 * What is not known yet says more as it was written: "vpc = vpc.main". False
 * when that is too long, or more than a name.
 */
static bool source_line_text(struct buf *out, struct place p)
{
	struct str text = p.source ? source_text(p) : (struct str){ 0 };

	if (text.n == 0 || text.n > VALUE_WIDTH || str_find(text, '\n') >= 0)
		return false;
	lines_safe(out, text, 0);
	return true;
}

/* The block of that name, when there is one alone. */
static const struct ast_block *only_block(const struct plan_step *s,
					  struct str name)
{
	const struct ast_block *node = s->resource->node, *found = NULL;
	const struct ast_body *b =
	    node ? &node->body : &s->resource->decl->body;

	for (size_t i = 0; i < b->n_blocks; i++) {
		if (!str_eq(b->blocks[i].name, name))
			continue;
		if (found)
			return NULL;
		found = &b->blocks[i];
	}
	return found;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Blanks become one, the ends of lines "; ". */
static void add_joined(struct buf *b, struct str text)
{
	for (size_t i = 0; i < text.n;) {
		bool is_line = false;
		char before, c = text.s[i];

		if (!is_blank(c)) {
			buf_add_char(b, c);
			i++;
			continue;
		}
		for (; i < text.n && is_blank(text.s[i]); i++)
			is_line |= text.s[i] == '\n';
		before = b->len ? b->data[b->len - 1] : '{';
		if (is_line && !strchr("{[(,", before) && i < text.n &&
		    !strchr("}])", text.s[i]))
			buf_add_char(b, ';');
		buf_add_char(b, ' ');
	}
}

/* A block as it was written, in one line: { include a.b; include c.d } */
static bool block_text(struct buf *out, const struct plan_step *s,
		       struct str name, struct place p)
{
	const struct ast_block *b = only_block(s, name);
	struct str text;
	struct buf line;

	if (!b || b->name_span.start != p.span.start)
		return false;
	text = source_text((struct place){ p.source, b->body.span });
	/* A comment, or a heredoc, is not told by its words alone. */
	if (str_find(text, '#') >= 0 || str_contains(text, STR("<<")))
		return false;
	buf_init(&line, 1 << 20);
	add_joined(&line, text);
	lines_safe(out, buf_str(&line), VALUE_WIDTH);
	buf_release(&line);
	return true;
}

/* Its id tells a reader less than what was written. */
static bool is_reference(const struct plan_step *s, struct str name)
{
	const struct attr_info *info = resource_attr(s->resource, name);

	return info && info->has_reference && !s->resource->node;
}

static void wanted_text(struct buf *out, const struct plan_step *s,
			struct str name, struct value v, struct place p)
{
	unsigned marks = value_marks(v);
	bool is_unknown = marks & MARK_UNKNOWN;

	if (!(marks & MARK_SECRET) && (block_text(out, s, name, p) ||
				       ((is_unknown || is_reference(s, name)) &&
					source_line_text(out, p))))
		return;
	plan_value_text(out, v, VALUE_WIDTH);
}

/* Whether it stands in the text: what is filled in is not news. */
static bool is_written(const struct plan_step *s, size_t i)
{
	const struct place *p = s->places ? &s->places[i] : NULL;

	return p && p->source &&
	       (p->source != s->resource->place.source ||
		p->span.start != s->resource->place.span.start);
}

static void add_blanks(struct buf *out, size_t n)
{
	while (n--)
		buf_add_char(out, ' ');
}

/* Two blanks were put before what does not fit on the line. */
static void break_line(struct buf *out, size_t at)
{
	size_t n;

	if (buf_is_full(out) || !buf_reserve(out, INDENT - 1))
		return;
	n = out->len - at - 2;
	memmove(out->data + at + 1 + INDENT, out->data + at + 2, n);
	out->data[at] = '\n';
	memset(out->data + at + 1, ' ', INDENT);
	out->len += INDENT - 1;
	out->data[out->len] = '\0';
}

/* Cells that were written from `at` on. */
static size_t cells_from(const struct buf *out, size_t at)
{
	return lines_cells(str_skip(buf_str(out), at));
}

/* In one line as far as they go: cidr = 10.0.0.0/16  zone = "us-east-1a" */
static void add_wanted(struct buf *out, const struct plan_step *s,
		       const struct body_style *style)
{
	size_t n_wanted = s->wanted.kind == VALUE_MAP ? s->wanted.as.map.n : 0;
	size_t column = 0;

	for (size_t i = 0; i < n_wanted; i++) {
		const struct value_entry *e = &s->wanted.as.map.entries[i];
		size_t at = out->len, value_at, n;

		/* Tags are the stack's, and the same everywhere. */
		if (str_is(e->key, "tags") || !is_written(s, i))
			continue;
		add_blanks(out, column ? 2 : INDENT);
		buf_add_c(out, paint(style, PAINT_FAINT));
		buf_add_str(out, e->key);
		buf_add_c(out, " =");
		buf_add_c(out, paint(style, PAINT_PLAIN));
		buf_add_char(out, ' ');
		value_at = out->len;
		wanted_text(out, s, e->key, e->value, s->places[i]);
		n = e->key.n + 3 + cells_from(out, value_at);
		if (column && column + 2 + n > style->width) {
			break_line(out, at);
			column = 0;
		}
		column += n + 2;
	}
	if (column)
		buf_add_char(out, '\n');
}

/* -- Everything ----------------------------------------------------------- */

/* A text of several lines as a block of them. */
static void add_value(struct buf *out, struct str name, struct value v,
		      int width)
{
	static const struct lines_style lines = { .indent = TEXT_INDENT };
	bool is_block =
	    v.kind == VALUE_STRING && !v.marks && lines_count(v.as.text) > 1;

	buf_fmt(out, "%*s%-*.*s =", INDENT, "", width, STR_ARG(name));
	if (is_block) {
		buf_fmt(out, " (%zu lines)", lines_count(v.as.text));
		lines_text(out, v.as.text, &lines);
	} else {
		buf_add_char(out, ' ');
		plan_value_text(out, v, 0);
	}
	buf_add_char(out, '\n');
}

static bool is_changed(const struct plan_step *s, struct str attr)
{
	for (size_t i = 0; i < s->n_changes; i++)
		if (str_eq(s->changes[i].attr, attr))
			return true;
	return false;
}

/* All attributes that are not among the changes. */
static void add_rest(struct buf *out, const struct plan_step *s,
		     struct value attrs, const struct body_style *style)
{
	size_t n = attrs.kind == VALUE_MAP ? attrs.as.map.n : 0, most = 0;

	for (size_t i = 0; i < n; i++)
		if (attrs.as.map.entries[i].key.n > most)
			most = attrs.as.map.entries[i].key.n;
	if (most > NAME_WIDTH_MAX)
		most = NAME_WIDTH_MAX;
	for (size_t i = 0; i < n; i++) {
		const struct value_entry *e = &attrs.as.map.entries[i];

		if (value_is_null(e->value) || is_changed(s, e->key))
			continue;
		buf_add_c(out, paint(style, PAINT_FAINT));
		add_value(out, e->key, e->value, (int)most);
		buf_add_c(out, paint(style, PAINT_PLAIN));
	}
}

static struct value attrs_before(const struct plan_step *s)
{
	return s->prior ? s->prior->attrs : value_null();
}

void plan_body_text(struct buf *out, const struct plan_step *s,
		    const struct body_style *style)
{
	bool is_full = style->change.is_full;

	switch (s->action) {
	case ACTION_CREATE:
		if (is_full)
			add_rest(out, s, plan_after(s), style);
		else
			add_wanted(out, s, style);
		break;
	case ACTION_UPDATE:
	case ACTION_REPLACE:
		add_changes(out, s, style);
		if (is_full)
			add_rest(out, s, plan_after(s), style);
		break;
	case ACTION_DELETE:
	case ACTION_FORGET:
		if (is_full)
			add_rest(out, s, attrs_before(s), style);
		break;
	case ACTION_RUN:
	case ACTION_READ:
	case ACTION_NONE:
		break;
	}
}
