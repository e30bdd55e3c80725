/*
 * One changed attribute for people: old -> new. Documents are compared by their
 * parts and texts by their lines, so that a new rule among a hundred is seen.
 */
#include <config.h>

#include "engine/plan_change.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include "engine/plan.h"
#include "engine/schema.h"

#include <stdlib.h>

enum {
	VALUE_WIDTH = 60, /* of one value */
	PARTS_SHOWN = 12, /* of one document */
	DEPTH_MAX = 40,
};

/* Cuts at a character's beginning, so that no half of one is printed. */
static size_t cut_at(const struct buf *b, size_t from, unsigned width)
{
	size_t n = from + width;

	while (n > from && ((unsigned char)b->data[n] & 0xc0) == 0x80)
		n--;
	return n;
}

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

void plan_value_text(struct buf *out, struct value v, unsigned width)
{
	size_t from = out->len;

	if (v.marks & MARK_SECRET)
		buf_add_c(out, "(secret)");
	else if (value_is_unknown(v))
		buf_add_c(out, "(known after apply)");
	else if (value_is_null(v))
		buf_add_c(out, "none");
	else
		plain_text(out, v);
	if (width && out->len - from > width) {
		out->len = cut_at(out, from, width - 1);
		buf_add_c(out, "…");
	}
}

struct part {
	struct str path;
	struct value old, new;
};

struct parts {
	struct arena arena;
	struct buf path;
	struct part shown[PARTS_SHOWN];
	size_t n;
};

static void add_part(struct parts *p, struct value old, struct value new)
{
	if (p->n++ < PARTS_SHOWN)
		p->shown[p->n - 1] = (struct part){
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
	p->path.len = length;
	p->path.data[length] = '\0';
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

static void compare(struct parts *p, struct value old, struct value new,
		    unsigned depth)
{
	bool is_plain = !old.marks && !new.marks &&depth < DEPTH_MAX;

	if (!value_is_unknown(new) && value_eq(old, new))
		return;
	if (is_plain && old.kind == VALUE_MAP && new.kind == VALUE_MAP)
		compare_maps(p, old, new, depth);
	else if (is_plain && old.kind == VALUE_LIST && new.kind == VALUE_LIST)
		compare_lists(p, old, new, depth);
	else
		add_part(p, old, new);
}

static void show_values(struct buf *out, struct value old, struct value new)
{
	plan_value_text(out, old, VALUE_WIDTH);
	buf_add_c(out, " -> ");
	plan_value_text(out, new, VALUE_WIDTH);
}

/* One part stays on the line: environment: "dev" -> "test" */
static bool show_parts(struct buf *out, struct value old, struct value new)
{
	struct parts *p = xmalloc(sizeof(*p));
	size_t n;

	*p = (struct parts){ 0 };
	buf_init(&p->path, 1000);
	compare(p, old, new, 0);
	n = p->n;
	for (size_t i = 0; i < n && i < PARTS_SHOWN; i++) {
		if (n > 1)
			buf_fmt(out, "\n        ");
		buf_fmt(out, "%.*s: ", STR_ARG(p->shown[i].path));
		show_values(out, p->shown[i].old, p->shown[i].new);
	}
	if (n > PARTS_SHOWN)
		buf_fmt(out, "\n        … and %zu more", n - PARTS_SHOWN);
	buf_release(&p->path);
	arena_release(&p->arena);
	free(p);
	return n > 0;
}

/* JSON texts by their parts. */
static bool show_document(struct buf *out, const struct plan_change *c)
{
	struct arena scratch = { 0 };
	struct error ignored;
	struct value old, new;
	bool result = c->old.kind == VALUE_STRING &&
		      c->new.kind == VALUE_STRING &&
		      !json_read(c->old.as.text, &scratch, &old, &ignored) &&
		      !json_read(c->new.as.text, &scratch, &new, &ignored) &&
		      show_parts(out, old, new);

	arena_release(&scratch);
	return result;
}

/* Texts of several lines: the first that differs. */
static bool show_lines(struct buf *out, const struct plan_change *c)
{
	struct str old = c->old.as.text, new = c->new.as.text;
	size_t line = 1;

	if (c->old.kind != VALUE_STRING || c->new.kind != VALUE_STRING ||
	    (str_find(old, '\n') < 0 && str_find(new, '\n') < 0))
		return false;
	for (; old.n && new.n; line++) {
		struct str a = old, b = new;

		if (!str_eq(str_cut(&a, '\n'), str_cut(&b, '\n')))
			break;
		old = a;
		new = b;
	}
	buf_fmt(out, "line %zu: ", line);
	show_values(out, value_str(str_cut(&old, '\n')),
		    value_str(str_cut(&new, '\n')));
	return true;
}

static bool is_document(const struct type_schema *t, struct str attr)
{
	const struct attr_schema *a = schema_attr(t, attr);

	return a && str_is(str_from(a->type), "json");
}

void plan_change_text(struct buf *out, const struct plan_change *c,
		      const struct type_schema *t)
{
	if (!value_marks(c->old) && !value_marks(c->new)) {
		if (is_document(t, c->attr) && show_document(out, c))
			return;
		if (show_lines(out, c))
			return;
		if ((c->old.kind == VALUE_MAP || c->old.kind == VALUE_LIST) &&
		    c->old.kind == c->new.kind &&
		    show_parts(out, c->old, c->new))
			return;
	}
	show_values(out, c->old, c->new);
}
