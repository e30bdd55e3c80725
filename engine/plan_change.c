/*
 * One changed attribute for people: old -> new. Documents are compared by their
 * parts and texts by their lines, so that a new rule among a hundred is seen.
 */
#include <config.h>

#include "engine/plan_change.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/json.h"

#include "engine/lines.h"
#include "engine/plan.h"
#include "engine/schema.h"

#include <stdint.h>
#include <stdlib.h>

enum {
	VALUE_WIDTH = 60, /* of one value */
	VALUE_LEAST = 20, /* on a narrow terminal */
	NAME_CELLS = 24,  /* of what stands before the values */
	NOTE_WIDTH = 14,  /* " (1234 bytes)" */
	PARTS_SHOWN = 12, /* of one map */
	LINES_SHOWN = 24, /* of one text */
	LINES_AROUND = 2,
	LINES_INDENT = 8,
	DOCUMENT_MAX = 64 << 20,
	DEPTH_MAX = 40,
};

static void plain_text(struct buf *out, struct value v)
{
	struct arena scratch = { 0 };

	switch ((enum value_kind)v.kind) {
	case VALUE_CIDR:
	case VALUE_IP:
		buf_add_str(out, v.as.text);
		break;
	case VALUE_DURATION:
	case VALUE_SIZE:
		buf_add_str(out, value_amount_text(v, &scratch));
		break;
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_OBJECT:
		json_write(out, v, 0);
		break;
	}
	arena_release(&scratch);
}

/* How much there is of a text that is not shown whole. */
static void add_extent(struct buf *out, struct value v, size_t bytes)
{
	size_t lines = v.kind == VALUE_STRING ? lines_count(v.as.text) : 0;

	buf_add_c(out, " (");
	buf_add_number(out, lines > 1 ? lines : bytes);
	buf_add_c(out, lines > 1 ? " lines)" : " bytes)");
}

/* A few more cells are less than the note that they are missing. */
static size_t most_cells(unsigned width)
{
	return width ? (size_t)width + NOTE_WIDTH : SIZE_MAX;
}

static void add_extent_of(struct buf *out, struct value v, size_t bytes)
{
	add_extent(out, v, v.kind == VALUE_STRING ? v.as.text.n : bytes);
}

/*
 * Most values are of letters of one byte and one cell: those are written where
 * they shall stand, and the end is taken off. False, and nothing, where one is
 * not.
 */
static bool add_plain(struct buf *out, struct value v, unsigned width)
{
	size_t at = out->len, n;
	bool was_over = out->is_over;

	plain_text(out, v);
	n = out->len - at;
	if (buf_is_full(out) ||
	    !lines_is_plain((struct str){ out->data + at, n })) {
		buf_cut(out, at);
		out->is_over = was_over;
		return false;
	}
	if (n > most_cells(width)) {
		/* The last cell is for the sign that there is more. */
		buf_cut(out, at + width - 1);
		buf_add_c(out, "…");
		add_extent_of(out, v, n);
	}
	return true;
}

void plan_value_text(struct buf *out, struct value v, unsigned width)
{
	struct str text;
	struct buf whole;

	if (v.marks & MARK_SECRET) {
		buf_add_c(out, "(secret)");
		return;
	}
	if (value_is_unknown(v)) {
		buf_add_c(out, "(known after apply)");
		return;
	}
	if (value_is_null(v)) {
		buf_add_c(out, "none");
		return;
	}
	if (add_plain(out, v, width))
		return;
	buf_init(&whole, DOCUMENT_MAX);
	plain_text(&whole, v);
	text = buf_str(&whole);
	if (lines_cells(text) <= most_cells(width)) {
		lines_safe(out, text, 0);
	} else {
		lines_safe(out, text, width);
		add_extent_of(out, v, text.n);
	}
	buf_release(&whole);
}

struct part {
	struct str path;
	struct value old, new;
};

struct parts {
	struct arena arena;
	struct buf path;
	VEC(struct part) all;
};

static void add_part(struct parts *p, struct value old, struct value new)
{
	*vec_push(&p->all) = (struct part){
		.path = str_dup(buf_str(&p->path), &p->arena),
		.old = old,
		.new = new,
	};
}

static void compare(struct parts *p, struct value old, struct value new,
		    unsigned depth);

static void go_into(struct parts *p, size_t length, struct value old,
		    struct value new, unsigned depth)
{
	compare(p, old, new, depth + 1);
	buf_cut(&p->path, length);
}

static void compare_maps(struct parts *p, struct value old, struct value new,
			 unsigned depth)
{
	size_t length = p->path.len, i = 0, k = 0;

	/* Both are sorted: side by side. */
	while (i < old.as.map.n || k < new.as.map.n) {
		const struct value_entry *a =
		    i < old.as.map.n ? &old.as.map.entries[i] : NULL;
		const struct value_entry *b =
		    k < new.as.map.n ? &new.as.map.entries[k] : NULL;
		int order = !a ? 1 : !b ? -1 : str_cmp(a->key, b->key);

		buf_fmt(&p->path, "%s%.*s", length ? "." : "",
			STR_ARG((order <= 0 ? a : b)->key));
		go_into(p, length, order <= 0 ? a->value : value_null(),
			order >= 0 ? b->value : value_null(), depth);
		i += order <= 0;
		k += order >= 0;
	}
}

static void compare_lists(struct parts *p, struct value old, struct value new,
			  unsigned depth)
{
	size_t length = p->path.len;
	size_t n =
	    old.as.list.n > new.as.list.n ? old.as.list.n : new.as.list.n;

	for (size_t i = 0; i < n; i++) {
		buf_fmt(&p->path, "[%zu]", i);
		go_into(p, length,
			i < old.as.list.n ? old.as.list.items[i] : value_null(),
			i < new.as.list.n ? new.as.list.items[i] : value_null(),
			depth);
	}
}

/* Whether a text is JSON of more than one word; then it is read. */
static bool read_document(struct value v, struct arena *a, struct value *out)
{
	struct error ignored;

	return v.kind == VALUE_STRING && v.as.text.n &&
	       (v.as.text.s[0] == '{' || v.as.text.s[0] == '[') &&
	       json_read(v.as.text, a, out, &ignored) == 0;
}

static void compare(struct parts *p, struct value old, struct value new,
		    unsigned depth)
{
	struct value old_document, new_document;
	bool is_plain = !old.marks && !new.marks &&depth < DEPTH_MAX;

	if (!value_is_unknown(new) && value_eq(old, new))
		return;
	if (is_plain && old.kind == VALUE_MAP && new.kind == VALUE_MAP)
		compare_maps(p, old, new, depth);
	else if (is_plain && old.kind == VALUE_LIST && new.kind == VALUE_LIST)
		compare_lists(p, old, new, depth);
	else if (is_plain && read_document(old, &p->arena, &old_document) &&
		 read_document(new, &p->arena, &new_document))
		compare(p, old_document, new_document, depth + 1);
	else
		add_part(p, old, new);
}

/* Two of them, and a name before, go into a line of a terminal. */
static unsigned value_width(const struct change_style *style)
{
	unsigned half =
	    style->width > NAME_CELLS ? (style->width - NAME_CELLS) / 2 : 0;

	if (style->is_full)
		return 0;
	if (!style->width || half > VALUE_WIDTH)
		return VALUE_WIDTH;
	return half > VALUE_LEAST ? half : VALUE_LEAST;
}

static void show_values(struct buf *out, struct value old, struct value new,
			unsigned width)
{
	plan_value_text(out, old, width);
	buf_add_c(out, " -> ");
	plan_value_text(out, new, width);
}

/*
 * One part stays on the line: environment: "dev" -> "test". With most 1 only
 * that is shown, and more are left to somebody else.
 */
static bool show_parts(struct buf *out, struct value old, struct value new,
		       size_t most, const struct change_style *style)
{
	struct parts p = { 0 };
	unsigned width = value_width(style);
	bool has_shown;

	buf_init(&p.path, 1000);
	compare(&p, old, new, 0);
	has_shown = p.all.n == 1 || (p.all.n && most > 1);
	for (size_t i = 0; has_shown && i < p.all.n && i < most; i++) {
		const struct part *part = &p.all.items[i];

		if (p.all.n > 1)
			buf_fmt(out, "\n%*s", LINES_INDENT, "");
		if (part->path.n) {
			lines_safe(out, part->path, 0);
			buf_add_c(out, ": ");
		}
		show_values(out, part->old, part->new, width);
	}
	if (has_shown && p.all.n > most)
		buf_fmt(out, "\n%*s… and %zu more", LINES_INDENT, "",
			p.all.n - most);
	vec_release(&p.all);
	buf_release(&p.path);
	arena_release(&p.arena);
	return has_shown;
}

/* Too long for one line, old and new side by side. */
static bool is_long(struct value old, struct value new)
{
	struct buf b;
	bool result;

	buf_init(&b, 2 * VALUE_WIDTH);
	json_write(&b, old, 0);
	json_write(&b, new, 0);
	result = buf_is_full(&b);
	buf_release(&b);
	return result;
}

static bool is_text(struct value v)
{
	return v.kind == VALUE_STRING && !v.marks;
}

static struct lines_style lines_of(const struct change_style *s)
{
	return (struct lines_style){
		.indent = LINES_INDENT,
		.width = s->is_full ? 0 : s->width,
		.around = LINES_AROUND,
		.most = s->is_full ? 0 : LINES_SHOWN,
		.color = s->color,
	};
}

static struct str indented(struct value v, struct buf *room)
{
	buf_init(room, DOCUMENT_MAX);
	json_write(room, v, JSON_INDENT);
	return buf_str(room);
}

/* With the documents that stand in it as texts, such as a role's policies. */
static struct value opened(struct value v, struct arena *a)
{
	struct value document;

	if (read_document(v, a, &document))
		v = document;
	return value_each(v, opened, a);
}

/*
 * What changes in one place is said in one line, the rest as lines of the two
 * documents: a part that was put in moves those behind it.
 */
static bool show_document(struct buf *out, struct value old, struct value new,
			  const struct change_style *style)
{
	struct lines_style lines = lines_of(style);
	struct arena scratch = { 0 };
	struct buf a, b;
	bool has_shown;

	if (show_parts(out, old, new, 1, style))
		return true;
	old = opened(old, &scratch);
	new = opened(new, &scratch);
	has_shown =
	    lines_diff(out, indented(old, &a), indented(new, &b), &lines);
	arena_release(&scratch);
	buf_release(&a);
	buf_release(&b);
	return has_shown;
}

/* JSON texts: what they mean is compared, not how they are written. */
static bool show_json(struct buf *out, const struct plan_change *c,
		      const struct change_style *style)
{
	struct arena scratch = { 0 };
	struct error ignored;
	struct value old, new;
	bool result = is_text(c->old) && is_text(c->new) &&
		      !json_read(c->old.as.text, &scratch, &old, &ignored) &&
		      !json_read(c->new.as.text, &scratch, &new, &ignored) &&
		      show_document(out, old, new, style);

	arena_release(&scratch);
	return result;
}

static bool show_lines(struct buf *out, const struct plan_change *c,
		       const struct change_style *style)
{
	struct lines_style lines = lines_of(style);

	return is_text(c->old) && is_text(c->new) &&
	       (str_find(c->old.as.text, '\n') >= 0 ||
		str_find(c->new.as.text, '\n') >= 0) &&
	       lines_diff(out, c->old.as.text, c->new.as.text, &lines);
}

static bool is_document(const struct type_schema *t, struct str attr)
{
	const struct attr_schema *a = schema_attr(t, attr);

	return a && str_is(str_from(a->type), "json");
}

void plan_change_text(struct buf *out, const struct plan_change *c,
		      const struct type_schema *t,
		      const struct change_style *style)
{
	bool is_plain = !value_marks(c->old) && !value_marks(c->new);
	bool is_map = c->old.kind == VALUE_MAP && c->new.kind == VALUE_MAP;
	bool is_list = c->old.kind == VALUE_LIST && c->new.kind == VALUE_LIST;

	if (is_plain && is_document(t, c->attr) && show_json(out, c, style))
		return;
	if (is_plain && show_lines(out, c, style))
		return;
	/* Maps by their keys; so is what is partly secret or not known. */
	if ((is_map || (is_list && !is_plain)) &&
	    show_parts(out, c->old, c->new,
		       style->is_full ? SIZE_MAX : PARTS_SHOWN, style))
		return;
	if (is_list && is_plain && is_long(c->old, c->new) &&
	    show_document(out, c->old, c->new, style))
		return;
	show_values(out, c->old, c->new, value_width(style));
}
