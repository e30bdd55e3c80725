/*
 * A plan for people, in the order that a reviewer needs: what happens to data
 * and to running servers, what is lost or made anew, then the rest.
 */
#include <config.h>

#include "engine/plan_change.h"
#include "engine/plan_private.h"

#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/diag.h"

#include <inttypes.h>
#include <string.h>

enum {
	VALUE_WIDTH = 60, /* of one value of a change */
	LINE_WIDTH = 100, /* of attributes and addresses, without indent */
	INDENT = 8,	  /* of those, at most */
	NAME_WIDTH_MAX = 24,
	SAME_LEAST = 4, /* equal changes that are shown together */
};

struct same;

struct printer {
	const struct plan *p;
	FILE *out;
	bool color;
	size_t width; /* LINE_WIDTH, or less on a narrow terminal */
	struct buf text;
	struct arena arena;
	struct map same;       /* text of changes -> struct same */
	struct same **same_of; /* by step; NULL: like no other */
};

static const char *paint(const struct printer *o, const char *code)
{
	return o->color ? code : "";
}

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define AMBER "\033[33m"
#define FAINT "\033[2m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

/* -- Values --------------------------------------------------------------- */

static const char *value_line(struct printer *o, struct value v)
{
	buf_clear(&o->text);
	plan_value_text(&o->text, v, VALUE_WIDTH);
	return o->text.data;
}

/* -- Steps ---------------------------------------------------------------- */

static const char *sign(enum action a)
{
	switch (a) {
	case ACTION_CREATE:
		return "+";
	case ACTION_UPDATE:
		return "~";
	case ACTION_REPLACE:
		return "±";
	case ACTION_DELETE:
		return "-";
	case ACTION_RUN:
		return "▶";
	case ACTION_FORGET:
		return "·";
	case ACTION_READ:
	case ACTION_NONE:
		break;
	}
	return " ";
}

static const char *color_of(enum action a)
{
	switch (a) {
	case ACTION_CREATE:
		return GREEN;
	case ACTION_UPDATE:
	case ACTION_RUN:
		return AMBER;
	case ACTION_REPLACE:
	case ACTION_DELETE:
		return RED;
	case ACTION_FORGET:
	case ACTION_READ:
	case ACTION_NONE:
		break;
	}
	return "";
}

static void print_place(struct printer *o, struct place p)
{
	uint32_t line, column;

	if (!p.source)
		return;
	source_position(p.source, p.span.start, &line, &column);
	fprintf(o->out, "  %s%.*s:%u%s", paint(o, FAINT),
		STR_ARG(p.source->name), line, paint(o, PLAIN));
}

static void print_head(struct printer *o, const struct plan_step *s)
{
	fprintf(o->out, "  %s%s%s %.*s", paint(o, color_of(s->action)),
		sign(s->action), paint(o, PLAIN), STR_ARG(s->address));
	if (s->type && s->type->is_simulated)
		fprintf(o->out, "  %ssimulated%s", paint(o, FAINT),
			paint(o, PLAIN));
	if (s->runs && s->action != ACTION_RUN)
		fputs(", then run", o->out);
	if (s->reason.n)
		fprintf(o->out, "  (%.*s)", STR_ARG(s->reason));
	if (s->resource)
		print_place(o, s->resource->place);
	fputc('\n', o->out);
}

static int name_width(const struct plan_step *s)
{
	size_t most = 0;

	for (size_t i = 0; i < s->n_changes; i++)
		if (s->changes[i].attr.n > most)
			most = s->changes[i].attr.n;
	return most > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : (int)most;
}

static uint32_t line_of(struct place p)
{
	uint32_t line = 0, column;

	if (p.source)
		source_position(p.source, p.span.start, &line, &column);
	return line;
}

/* The head has its place already. */
static bool is_elsewhere(const struct plan_step *s, struct place p)
{
	return p.source != s->resource->place.source ||
	       line_of(p) != line_of(s->resource->place);
}

static void print_change(struct printer *o, const struct plan_step *s,
			 const struct plan_change *c, int width)
{
	const char *text;
	size_t head;

	buf_clear(&o->text);
	plan_change_text(&o->text, c, s->schema);
	text = o->text.data;
	/* What is shown by its parts has its place on the first line. */
	head = text[0] == '\n' ? 0 : strlen(text);
	fprintf(o->out, "      %-*.*s  %.*s", width, STR_ARG(c->attr),
		(int)head, text);
	if (c->forces_replace)
		fprintf(o->out, "  %sreplaces%s", paint(o, RED),
			paint(o, PLAIN));
	if (is_elsewhere(s, c->place))
		print_place(o, c->place);
	fprintf(o->out, "%s\n", text + head);
}

static void print_changes(struct printer *o, const struct plan_step *s)
{
	int width = name_width(s);

	for (size_t i = 0; i < s->n_changes; i++)
		print_change(o, s, &s->changes[i], width);
}

/*
 * What is not known yet says more as it was written: "vpc = vpc.main". False
 * when that is too long, or more than a name.
 */
static bool source_line_text(struct printer *o, struct place p)
{
	struct str text = p.source ? source_text(p) : (struct str){ 0 };

	if (text.n == 0 || text.n > VALUE_WIDTH || str_find(text, '\n') >= 0)
		return false;
	buf_clear(&o->text);
	buf_add_str(&o->text, text);
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

/* A block as it was written, in one line: { include a.b; include c.d } */
static bool block_text(struct printer *o, const struct plan_step *s,
		       struct str name, struct place p)
{
	const struct ast_block *b = only_block(s, name);
	struct str text;

	if (!b || b->name_span.start != p.span.start)
		return false;
	text = source_text((struct place){ p.source, b->body.span });
	/* A comment, or a heredoc, is not told by its words alone. */
	if (str_find(text, '#') >= 0 || str_contains(text, STR("<<")))
		return false;
	buf_clear(&o->text);
	for (size_t i = 0; i < text.n;) {
		bool is_line = false;
		char c = text.s[i];

		if (!is_blank(c)) {
			buf_add_char(&o->text, c);
			i++;
			continue;
		}
		for (; i < text.n && is_blank(text.s[i]); i++)
			is_line |= text.s[i] == '\n';
		c = o->text.data[o->text.len - 1];
		if (is_line && !strchr("{[(,", c) && i < text.n &&
		    !strchr("}])", text.s[i]))
			buf_add_char(&o->text, ';');
		buf_add_char(&o->text, ' ');
	}
	if (o->text.len > VALUE_WIDTH) {
		size_t n = VALUE_WIDTH - 1;

		while (n && ((unsigned char)o->text.data[n] & 0xc0) == 0x80)
			n--;
		o->text.len = n;
		buf_add_c(&o->text, "…");
	}
	return true;
}

/* Its id tells a reader less than what was written. */
static bool is_reference(const struct plan_step *s, struct str name)
{
	const struct attr_info *info = resource_attr(s->resource, name);

	return info && info->has_reference && !s->resource->node;
}

static const char *wanted_text(struct printer *o, const struct plan_step *s,
			       struct str name, struct value v, struct place p)
{
	if (!value_has_secret(v) && block_text(o, s, name, p))
		return o->text.data;
	if (!(value_marks(v) & MARK_SECRET) &&
	    (!value_is_known(v) || is_reference(s, name)) &&
	    source_line_text(o, p))
		return o->text.data;
	return value_line(o, v);
}

/* Whether it stands in the text: what is filled in is not news. */
static bool is_written(const struct plan_step *s, size_t i)
{
	const struct place *p = s->places ? &s->places[i] : NULL;

	return p && p->source &&
	       (p->source != s->resource->place.source ||
		p->span.start != s->resource->place.span.start);
}

/* In one line as far as they go: cidr = "10.0.0.0/16"  zone = "us-east-1a" */
static void print_wanted(struct printer *o, const struct plan_step *s)
{
	size_t n_wanted = s->wanted.kind == VALUE_MAP ? s->wanted.as.map.n : 0;
	size_t column = 0;

	for (size_t i = 0; i < n_wanted; i++) {
		const struct value_entry *e = &s->wanted.as.map.entries[i];
		const char *text;
		size_t n;

		/* Tags are the stack's, and the same everywhere. */
		if (str_is(e->key, "tags") || !is_written(s, i))
			continue;
		text = wanted_text(o, s, e->key, e->value, s->places[i]);
		n = e->key.n + 3 + strlen(text);
		if (column && column + 2 + n > o->width)
			column = 0, fputc('\n', o->out);
		fprintf(o->out, "%s%s%.*s =%s %s", column ? "  " : "      ",
			paint(o, FAINT), STR_ARG(e->key), paint(o, PLAIN),
			text);
		column += n + 2;
	}
	if (column)
		fputc('\n', o->out);
}

static void print_step(struct printer *o, const struct plan_step *s)
{
	print_head(o, s);
	switch (s->action) {
	case ACTION_CREATE:
		print_wanted(o, s);
		break;
	case ACTION_UPDATE:
	case ACTION_REPLACE:
		print_changes(o, s);
		break;
	case ACTION_DELETE:
	case ACTION_RUN:
	case ACTION_FORGET:
	case ACTION_READ:
	case ACTION_NONE:
		break;
	}
}

static bool is_loss(const struct plan_step *s)
{
	return s->action == ACTION_DELETE || s->action == ACTION_REPLACE;
}

static void print_effects(struct printer *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->p->n_steps; i++) {
		const struct plan_step *s = &o->p->steps[i];

		for (size_t k = 0; k < s->n_effects; k++) {
			if (n++ == 0)
				fprintf(o->out,
					"%sOn data and running servers%s\n",
					paint(o, BOLD), paint(o, PLAIN));
			fprintf(o->out, "  ! %.*s",
				STR_ARG(s->effects[k].text));
			fprintf(o->out, "  %s%.*s%s\n", paint(o, FAINT),
				STR_ARG(s->address), paint(o, PLAIN));
		}
	}
	if (n)
		fputc('\n', o->out);
}

/* -- Many changes of one kind --------------------------------------------- */

/* Steps with the very same changes, such as a new tag of the stack. */
struct same {
	const struct plan_step *first;
	size_t n, n_simulated;
	bool is_printed;
};

/* What a step changes, as text; false: it says more than that. */
static bool change_key(const struct plan_step *s, struct arena *a,
		       struct str *out)
{
	struct buf b;

	if (s->action != ACTION_UPDATE || s->reason.n || s->n_effects ||
	    s->runs || s->n_changes == 0)
		return false;
	buf_init(&b, 1 << 16);
	for (size_t i = 0; i < s->n_changes; i++) {
		buf_fmt(&b, "%.*s ", STR_ARG(s->changes[i].attr));
		plan_change_text(&b, &s->changes[i], s->schema);
		buf_add_char(&b, '\n');
	}
	*out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return true;
}

static void find_same(struct printer *o)
{
	for (size_t i = 0; i < o->p->n_steps; i++) {
		const struct plan_step *s = &o->p->steps[i];
		struct same *same;
		struct str key;

		if (!change_key(s, &o->arena, &key))
			continue;
		same = map_get(&o->same, key);
		if (!same) {
			same = arena_new(&o->arena, struct same, 1);
			same->first = s;
			map_put(&o->same, key, same);
		}
		same->n++;
		same->n_simulated += s->type && s->type->is_simulated;
		o->same_of[i] = same;
	}
}

/* Together when there are many; false: print the step by itself. */
static bool print_same(struct printer *o, const struct plan_step *s)
{
	struct same *same = o->same_of[s->index];
	size_t column = 0;

	if (!same || same->n < SAME_LEAST)
		return false;
	if (same->is_printed)
		return true;
	same->is_printed = true;
	fprintf(o->out, "  %s~%s %zu resources", paint(o, AMBER),
		paint(o, PLAIN), same->n);
	if (same->n_simulated)
		fprintf(o->out, ", %zu of them %ssimulated%s",
			same->n_simulated, paint(o, FAINT), paint(o, PLAIN));
	fputc('\n', o->out);
	print_changes(o, s);
	for (size_t i = 0; i < o->p->n_steps; i++) {
		const struct plan_step *other = &o->p->steps[i];

		if (o->same_of[i] != same)
			continue;
		if (column && column + 2 + other->address.n > o->width)
			column = 0, fputc('\n', o->out);
		fprintf(o->out, "%s%s%.*s%s", column ? "  " : "        ",
			paint(o, FAINT), STR_ARG(other->address),
			paint(o, PLAIN));
		column += other->address.n + 2;
	}
	fputc('\n', o->out);
	return true;
}

static void print_steps(struct printer *o, bool losses, const char *title)
{
	size_t n = 0;

	for (size_t i = 0; i < o->p->n_steps; i++) {
		const struct plan_step *s = &o->p->steps[i];

		if (s->action == ACTION_NONE || is_loss(s) != losses)
			continue;
		if (n++ == 0)
			fprintf(o->out, "%s%s%s\n", paint(o, BOLD), title,
				paint(o, PLAIN));
		if (!print_same(o, s))
			print_step(o, s);
	}
	if (n)
		fputc('\n', o->out);
}

static void print_outputs(struct printer *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->p->n_outputs; i++) {
		const struct plan_output *x = &o->p->outputs[i];

		if (!value_is_unknown(x->new) && value_eq(x->old, x->new))
			continue;
		if (n++ == 0)
			fprintf(o->out, "%sOutputs%s\n", paint(o, BOLD),
				paint(o, PLAIN));
		fprintf(o->out, "    %.*s  %s", STR_ARG(x->name),
			value_line(o, x->old));
		fprintf(o->out, " -> %s\n", value_line(o, x->new));
	}
	if (n)
		fputc('\n', o->out);
}

static const char *elapsed(const struct plan *p, char *room, size_t n)
{
	if (p->elapsed_us < 10000000)
		snprintf(room, n, "%" PRId64 " ms",
			 (p->elapsed_us + 500) / 1000);
	else
		snprintf(room, n, "%.1f s", (double)p->elapsed_us / 1e6);
	return room;
}

static size_t count_simulated(const struct plan *p, enum action a)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_steps; i++)
		n += p->steps[i].action == a && p->steps[i].type &&
		     p->steps[i].type->is_simulated;
	return n;
}

static void print_count(struct printer *o, size_t n, const char *what,
			enum action a, const char *before)
{
	size_t simulated = count_simulated(o->p, a);

	fprintf(o->out, "%s%zu to %s", before, n, what);
	if (simulated)
		fprintf(o->out, " (%zu simulated)", simulated);
}

static void print_summary(struct printer *o)
{
	struct plan_counts n = plan_count(o->p);
	char room[32];

	print_count(o, n.create, "create", ACTION_CREATE, "Plan: ");
	print_count(o, n.update, "change", ACTION_UPDATE, ", ");
	if (n.replace)
		print_count(o, n.replace, "replace", ACTION_REPLACE, ", ");
	print_count(o, n.destroy, "destroy", ACTION_DELETE, ", ");
	if (n.forget)
		print_count(o, n.forget, "forget", ACTION_FORGET, ", ");
	if (n.run)
		fprintf(o->out, "; %zu %s to run", n.run,
			n.run == 1 ? "load" : "loads");
	fprintf(o->out, ". %s\n", elapsed(o->p, room, sizeof(room)));
}

static void print_empty(struct printer *o)
{
	char room[32];

	if (o->p->is_destroy)
		fprintf(o->out, "Nothing to destroy. ");
	else
		fprintf(o->out,
			"No changes. %zu resource%s as the stack "
			"says. ",
			o->p->n_steps, o->p->n_steps == 1 ? " is" : "s are");
	fprintf(o->out, "(%s)\n", elapsed(o->p, room, sizeof(room)));
	if (o->p->drift_only)
		fputs("What was read differs from the state in values that "
		      "the stack does not set.\n",
		      o->out);
}

void plan_print(const struct plan *p, const struct context *c, FILE *out)
{
	struct printer o = {
		.p = p,
		.out = out,
		.color = c->color,
		.width = LINE_WIDTH,
	};

	if (c->width > INDENT && c->width - INDENT < LINE_WIDTH)
		o.width = c->width - INDENT;

	if (p->has_recovery)
		fprintf(out,
			"Recovery pending: an interrupted run left %zu %s "
			"unfinished; the next apply goes on with it.\n\n",
			p->n_recovery_pending,
			p->n_recovery_pending == 1 ? "step" : "steps");
	buf_init(&o.text, 64 << 20);
	if (plan_is_empty(p)) {
		print_empty(&o);
	} else {
		o.same_of = arena_new(&o.arena, struct same *, p->n_steps + 1);
		find_same(&o);
		print_effects(&o);
		print_steps(&o, true, "Destroyed or replaced");
		print_steps(&o, false, "Created or changed");
		print_outputs(&o);
		print_summary(&o);
	}
	buf_release(&o.text);
	map_release(&o.same);
	arena_release(&o.arena);
}
