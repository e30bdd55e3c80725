/*
 * A plan for people, in the order that a reviewer needs: what happens to data
 * and to running servers, what is lost or made anew, then the rest. What many
 * steps have in common is said once.
 */
#include <config.h>

#include "engine/plan_body.h"
#include "engine/plan_private.h"

#include "lang/base/buf.h"

#include "engine/addresses.h"
#include "engine/lines.h"

#include <inttypes.h>
#include <string.h>

enum {
	LINE_WIDTH = 100, /* of attributes and addresses, without indent */
	INDENT = 8,	  /* of those, at most */
	/* Equal changes that are shown together; what is made, sooner. */
	SAME_LEAST = 3,
	SAME_LEAST_MADE = 2,
	/* Unless all is asked for: */
	ADDRESSES_SHOWN = 12, /* of equal changes, and of what is left out */
	EFFECTS_SHOWN = 20,   /* of one step */
	DRIFT_SHOWN = 20,     /* resources */
	WRITTEN_AT_ONCE = 64 << 10,
};

struct same;

struct printer {
	const struct plan *p;
	FILE *out;
	enum plan_detail detail;
	struct body_style style;
	struct buf text; /* not written yet */
	struct buf key;	 /* what one step does, to compare it */
	struct arena arena;
	struct map same;       /* text of what they do -> struct same */
	struct same **same_of; /* by step; NULL: like no other */
	size_t *next_same;     /* by step that has one: the next, or NO_STEP */
	/* By step that makes something: its block makes more than that. */
	bool *is_one_of_many;
};

#define NO_STEP SIZE_MAX

static const char *paint(const struct printer *o, const char *code)
{
	return o->style.change.color ? code : "";
}

static bool is_full(const struct printer *o)
{
	return o->detail == PLAN_FULL;
}

/* What was built goes out. */
static void flush(struct printer *o)
{
	fwrite(o->text.data, 1, o->text.len, o->out);
	buf_clear(&o->text);
}

/* At the end of a line: a large plan is neither kept nor written by lines. */
static void flush_much(struct printer *o)
{
	if (o->text.len >= WRITTEN_AT_ONCE)
		flush(o);
}

static void print_title(struct printer *o, size_t n_before, const char *title)
{
	if (n_before == 0)
		buf_fmt(&o->text, "%s%s%s\n", paint(o, PAINT_BOLD), title,
			paint(o, PAINT_PLAIN));
}

/* -- Kinds of steps ------------------------------------------------------- */

static const struct {
	const char *sign, *color;
} forms[] = {
	[ACTION_NONE] = { " ", "" },
	[ACTION_CREATE] = { "+", PAINT_GREEN },
	[ACTION_UPDATE] = { "~", PAINT_AMBER },
	[ACTION_REPLACE] = { "±", PAINT_RED },
	[ACTION_DELETE] = { "-", PAINT_RED },
	[ACTION_RUN] = { "▶", PAINT_AMBER },
	[ACTION_FORGET] = { "·", "" },
	[ACTION_READ] = { "?", "" },
};

/* What a section shows, in the order of sections. */
enum kind { KIND_NOTHING, KIND_LOSS, KIND_CHANGE, KIND_RECORD };

static enum kind kind_of(const struct plan_step *s)
{
	switch (s->action) {
	case ACTION_DELETE:
	case ACTION_REPLACE:
		return KIND_LOSS;
	case ACTION_CREATE:
	case ACTION_UPDATE:
	case ACTION_RUN:
		return KIND_CHANGE;
	case ACTION_FORGET:
	case ACTION_READ:
		return KIND_RECORD;
	case ACTION_NONE:
		break;
	}
	return s->moved_from.n || s->import_id.n || s->updates_state
		   ? KIND_RECORD
		   : KIND_NOTHING;
}

static void add_sign(const struct printer *o, struct buf *b,
		     const struct plan_step *s)
{
	const char *sign = forms[s->action].sign;

	if (s->action == ACTION_NONE)
		sign = s->import_id.n ? "<" : s->moved_from.n ? ">" : "·";
	buf_add_c(b, "  ");
	buf_add_c(b, paint(o, forms[s->action].color));
	buf_add_c(b, sign);
	buf_add_c(b, paint(o, PAINT_PLAIN));
	buf_add_char(b, ' ');
}

/* What is said behind the address, but for the place. */
static void add_notes(const struct printer *o, struct buf *b,
		      const struct plan_step *s)
{
	if (s->action == ACTION_REPLACE && s->creates_first)
		buf_add_c(b, ", created before the old one is destroyed");
	if (s->runs && s->action != ACTION_RUN)
		buf_add_c(b, ", then run");
	if (s->moved_from.n)
		buf_fmt(b, "  moved from %.*s", STR_ARG(s->moved_from));
	if (s->import_id.n) {
		buf_add_c(b, "  imported from ");
		plan_value_text(b, value_str(s->import_id), 0);
	}
	if (s->action == ACTION_READ)
		buf_add_c(b, "  read when it is needed, never changed");
	if (s->reason.n) {
		buf_add_c(b, "  (");
		lines_safe(b, s->reason, 0);
		buf_add_char(b, ')');
	} else if (s->action == ACTION_DELETE && !o->p->is_destroy) {
		buf_add_c(b, "  (not in the stack any more)");
	}
}

static void print_step(struct printer *o, const struct plan_step *s,
		       bool has_body)
{
	add_sign(o, &o->text, s);
	buf_add_str(&o->text, s->address);
	if (s->type && s->type->is_simulated)
		buf_fmt(&o->text, "  %ssimulated%s", paint(o, PAINT_FAINT),
			paint(o, PAINT_PLAIN));
	add_notes(o, &o->text, s);
	if (s->resource)
		plan_place_text(&o->text, s->resource->place,
				o->style.change.color);
	buf_add_char(&o->text, '\n');
	if (has_body)
		plan_body_text(&o->text, s, &o->style);
	flush_much(o);
}

static struct addresses address_list(struct printer *o)
{
	return (struct addresses){
		.out = &o->text,
		.width = o->style.width,
		.color = o->style.change.color,
		.most = is_full(o) ? 0 : ADDRESSES_SHOWN,
	};
}

/* -- Effects -------------------------------------------------------------- */

static void print_effects(struct printer *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->p->n_steps; i++) {
		const struct plan_step *s = &o->p->steps[i];
		size_t most = is_full(o) ? SIZE_MAX : EFFECTS_SHOWN;

		for (size_t k = 0; k < s->n_effects && k < most; k++) {
			print_title(o, n++, "On data and running servers");
			buf_add_c(&o->text, "  ! ");
			lines_safe(&o->text, s->effects[k].text, 0);
			buf_fmt(&o->text, "  %s%.*s%s\n", paint(o, PAINT_FAINT),
				STR_ARG(s->address), paint(o, PAINT_PLAIN));
			flush_much(o);
		}
		if (s->n_effects > most)
			buf_fmt(&o->text,
				"  ! and %zu more  %s%.*s%s; --detail=full "
				"shows them\n",
				s->n_effects - most, paint(o, PAINT_FAINT),
				STR_ARG(s->address), paint(o, PAINT_PLAIN));
	}
	if (n)
		buf_add_char(&o->text, '\n');
}

/* -- Many changes of one kind --------------------------------------------- */

/* Steps that do the very same, such as a new tag of the stack. */
struct same {
	size_t first, last; /* steps; in between by next_same */
	size_t n, n_simulated;
	bool is_printed, is_one_type, is_one_place;
	/* vpc.main of network.a/vpc.main, where all end in that. */
	struct str name;
	bool has_one_key; /* and name is the whole end */
};

/* vpc.main["a"] of network.a/vpc.main["a"]: a key may hold a slash, too. */
static struct str last_part(const struct plan_step *s)
{
	struct str base = address_without_key(s->address);
	ptrdiff_t at = str_rfind(base.n ? base : s->address, '/');

	return str_skip(s->address, (size_t)(at + 1));
}

/* What the names of all have in common, as far as they are alike. */
static void join_names(struct same *same, struct str part)
{
	struct str base = address_without_key((struct str){ part.s, part.n });

	if (same->has_one_key && str_eq(part, same->name))
		return;
	if (same->has_one_key && address_without_key(same->name).n)
		same->name = address_without_key(same->name);
	same->has_one_key = false;
	if (!str_eq(base.n ? base : part, same->name))
		same->name = (struct str){ 0 };
}

/*
 * What a step does, as text, without its address; false: it says more than
 * that. Where it is written counts for what is made: one block, many instances.
 */
static bool same_key(struct printer *o, const struct plan_step *s)
{
	struct body_style style = o->style;
	struct buf *b = &o->key;

	if (s->n_effects || s->moved_from.n || s->import_id.n ||
	    (s->action == ACTION_CREATE && !o->is_one_of_many[s->index]) ||
	    (s->action != ACTION_CREATE && s->action != ACTION_UPDATE &&
	     s->action != ACTION_REPLACE))
		return false;
	style.has_places = false;
	buf_clear(b);
	add_sign(o, b, s);
	add_notes(o, b, s);
	if (s->action != ACTION_UPDATE)
		buf_fmt(b, " %s", s->schema->name);
	if (s->action == ACTION_CREATE)
		plan_place_text(b, s->resource->place, false);
	buf_add_char(b, '\n');
	plan_body_text(b, s, &style);
	return true;
}

static bool is_same_place(struct place a, struct place b)
{
	return a.source == b.source && a.span.start == b.span.start;
}

static bool has_same_places(const struct plan_step *a,
			    const struct plan_step *b)
{
	for (size_t i = 0; i < a->n_changes; i++)
		if (!is_same_place(a->changes[i].place, b->changes[i].place))
			return false;
	return a->resource && b->resource &&
	       is_same_place(a->resource->place, b->resource->place);
}

static struct same *new_same(struct printer *o, size_t step)
{
	struct same *same = arena_new(&o->arena, struct same, 1);

	*same = (struct same){
		.first = step,
		.last = step,
		.is_one_type = true,
		.is_one_place = true,
		.name = last_part(&o->p->steps[step]),
		.has_one_key = true,
	};
	map_put(&o->same, str_dup(buf_str(&o->key), &o->arena), same);
	return same;
}

/* Where something is written; compared by its bytes. */
struct spot {
	const struct source *source;
	size_t start;
};

/* Neither a key nor a component: what its block makes is this one. */
static bool is_made_alone(const struct plan_step *s)
{
	return !s->resource->node && str_find(s->address, '[') < 0 &&
	       str_find(s->address, '/') < 0;
}

static void find_many(struct printer *o)
{
	size_t n = o->p->n_steps;
	struct map first = { 0 };

	o->is_one_of_many = arena_new(&o->arena, bool, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct plan_step *s = &o->p->steps[i];
		bool *is_many = &o->is_one_of_many[i], *before;
		struct spot *spot;

		if (s->action != ACTION_CREATE || is_made_alone(s))
			continue;
		spot = arena_new(&o->arena, struct spot, 1);
		spot->source = s->resource->place.source;
		spot->start = s->resource->place.span.start;
		before = map_put(
		    &first, (struct str){ (const char *)spot, sizeof(*spot) },
		    is_many);
		if (before)
			*before = *is_many = true;
	}
	map_release(&first);
}

static void find_same(struct printer *o)
{
	const struct plan_step *steps = o->p->steps;

	o->same_of = arena_new(&o->arena, struct same *, o->p->n_steps + 1);
	o->next_same = arena_new(&o->arena, size_t, o->p->n_steps + 1);
	find_many(o);
	for (size_t i = 0; i < o->p->n_steps; i++) {
		struct same *same;

		if (!same_key(o, &steps[i]))
			continue;
		o->next_same[i] = NO_STEP;
		same = map_get(&o->same, buf_str(&o->key));
		if (!same)
			same = new_same(o, i);
		else
			o->next_same[same->last] = i;
		same->last = i;
		same->n++;
		same->n_simulated +=
		    steps[i].type && steps[i].type->is_simulated;
		same->is_one_type &=
		    steps[i].schema == steps[same->first].schema;
		same->is_one_place &=
		    i == same->first ||
		    has_same_places(&steps[i], &steps[same->first]);
		join_names(same, last_part(&steps[i]));
		o->same_of[i] = same;
	}
}

static void print_same_head(struct printer *o, const struct same *same)
{
	const struct plan_step *s = &o->p->steps[same->first];

	add_sign(o, &o->text, s);
	if (same->name.n)
		buf_fmt(&o->text, "%zu × %.*s", same->n, STR_ARG(same->name));
	else if (same->is_one_type)
		buf_fmt(&o->text, "%zu × %s", same->n, s->schema->name);
	else
		buf_fmt(&o->text, "%zu resources", same->n);
	if (same->n_simulated == same->n)
		buf_fmt(&o->text, "  %ssimulated%s", paint(o, PAINT_FAINT),
			paint(o, PAINT_PLAIN));
	else if (same->n_simulated)
		buf_fmt(&o->text, ", %zu of them %ssimulated%s",
			same->n_simulated, paint(o, PAINT_FAINT),
			paint(o, PAINT_PLAIN));
	add_notes(o, &o->text, s);
	if (same->is_one_place)
		plan_place_text(&o->text, s->resource->place,
				o->style.change.color);
	buf_add_char(&o->text, '\n');
	flush_much(o);
}

/* With a name that says the end of all, where they are is enough. */
static struct str address_in(const struct same *same, struct str address)
{
	if (same->has_one_key && address.n > same->name.n + 1)
		return str_sub(address, 0, address.n - same->name.n - 1);
	return address;
}

/* Together when there are many; false: print the step by itself. */
static bool print_same(struct printer *o, const struct plan_step *s)
{
	struct same *same = o->same_of[s->index];
	struct body_style style = o->style;
	struct addresses list = address_list(o);

	if (!same ||
	    same->n < (s->action == ACTION_CREATE ? (size_t)SAME_LEAST_MADE
						  : (size_t)SAME_LEAST))
		return false;
	if (same->is_printed)
		return true;
	same->is_printed = true;
	if (same->has_one_key)
		list.before = "in ";
	/* What is lost is always named. */
	if (kind_of(s) == KIND_LOSS)
		list.most = 0;
	style.has_places = same->is_one_place;
	print_same_head(o, same);
	plan_body_text(&o->text, s, &style);
	for (size_t i = same->first; i != NO_STEP; i = o->next_same[i])
		addresses_add(&list, address_in(same, o->p->steps[i].address));
	addresses_end(&list);
	flush_much(o);
	return true;
}

/* -- Sections ------------------------------------------------------------- */

static void print_steps(struct printer *o, enum kind kind, const char *title)
{
	bool has_body = o->detail != PLAN_SUMMARY;
	size_t n = 0;

	for (size_t i = 0; i < o->p->n_steps; i++) {
		const struct plan_step *s = &o->p->steps[i];

		if (kind_of(s) != kind)
			continue;
		print_title(o, n++, title);
		if (!has_body || !print_same(o, s))
			print_step(o, s, has_body);
	}
	if (n)
		buf_add_char(&o->text, '\n');
}

static void print_gone(struct printer *o, size_t n)
{
	struct addresses list = address_list(o);

	if (n)
		buf_add_c(&o->text, "    gone\n");
	for (size_t i = 0; i < o->p->n_drift; i++)
		if (o->p->drift[i].action == ACTION_DELETE)
			addresses_add(&list, o->p->drift[i].address);
	addresses_end(&list);
	flush_much(o);
}

static void print_drift(struct printer *o)
{
	struct body_style style = o->style;
	size_t most = is_full(o) ? SIZE_MAX : DRIFT_SHOWN;
	size_t n_changed = 0, n_gone = 0;

	style.has_places = false;
	/* Its other attributes are the plan's business. */
	style.change.is_full = false;
	for (size_t i = 0; i < o->p->n_drift; i++) {
		const struct plan_step *s = &o->p->drift[i];

		print_title(o, i, "Changed outside since the last apply");
		if (s->action == ACTION_DELETE) {
			n_gone++;
			continue;
		}
		if (n_changed++ >= most)
			continue;
		buf_fmt(&o->text, "    %.*s\n", STR_ARG(s->address));
		plan_body_text(&o->text, s, &style);
		flush_much(o);
	}
	if (n_changed > most)
		buf_fmt(&o->text,
			"    and %zu more; --detail=full shows them\n",
			n_changed - most);
	print_gone(o, n_gone);
	if (o->p->n_drift)
		buf_add_char(&o->text, '\n');
}

static void print_left_out(struct printer *o)
{
	struct addresses list = address_list(o);
	size_t n = 0;

	for (size_t i = 0; i < o->p->n_steps; i++)
		n += o->p->steps[i].is_left_out;
	if (n == 0)
		return;
	print_title(o, 0, "Left out, not selected");
	for (size_t i = 0; i < o->p->n_steps; i++)
		if (o->p->steps[i].is_left_out)
			addresses_add(&list, o->p->steps[i].address);
	addresses_end(&list);
	flush_much(o);
	buf_add_char(&o->text, '\n');
}

static void print_outputs(struct printer *o)
{
	unsigned width = is_full(o) ? 0 : 60;
	size_t n = 0;

	for (size_t i = 0; i < o->p->n_outputs; i++) {
		const struct plan_output *x = &o->p->outputs[i];

		if (!value_is_unknown(x->new) && value_eq(x->old, x->new))
			continue;
		print_title(o, n++, "Outputs");
		buf_fmt(&o->text, "    %.*s  ", STR_ARG(x->name));
		plan_value_text(&o->text, x->old, width);
		buf_add_c(&o->text, " -> ");
		plan_value_text(&o->text, x->new, width);
		buf_add_char(&o->text, '\n');
		flush_much(o);
	}
	if (n)
		buf_add_char(&o->text, '\n');
}

/* -- The last line -------------------------------------------------------- */

static const char *elapsed(const struct plan *p, char *room, size_t n)
{
	if (p->elapsed_us < 10000000)
		snprintf(room, n, "%" PRId64 " ms",
			 (p->elapsed_us + 500) / 1000);
	else
		snprintf(room, n, "%.1f s", (double)p->elapsed_us / 1e6);
	return room;
}

/* What plan_count() does not tell. */
struct tally {
	size_t simulated[ACTION_READ + 1];
	size_t moved, imported, read, recorded, left_out;
};

static struct tally tally(const struct plan *p)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->steps[i];

		t.simulated[s->action] += s->type && s->type->is_simulated;
		t.moved += s->moved_from.n > 0;
		t.imported += s->import_id.n > 0;
		t.read += s->action == ACTION_READ;
		t.recorded += s->action == ACTION_NONE && s->updates_state &&
			      !s->moved_from.n && !s->import_id.n;
		t.left_out += s->is_left_out;
	}
	return t;
}

static void print_summary(struct printer *o)
{
	struct plan_counts n = plan_count(o->p);
	struct tally t = tally(o->p);
	const struct {
		size_t n, simulated;
		const char *what;
		bool is_always;
	} counts[] = {
		{ t.imported, 0, "import", false },
		{ t.moved, 0, "move", false },
		{ n.create, t.simulated[ACTION_CREATE], "create", true },
		{ n.update, t.simulated[ACTION_UPDATE], "change", true },
		{ n.replace, t.simulated[ACTION_REPLACE], "replace", false },
		{ n.destroy, t.simulated[ACTION_DELETE], "destroy", true },
		{ n.forget, 0, "forget", false },
		{ t.read, 0, "read", false },
		{ t.recorded, 0, "record", false },
	};
	const char *before = "Plan: ";
	char room[32];

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		if (!counts[i].n && !counts[i].is_always)
			continue;
		buf_fmt(&o->text, "%s%zu to %s", before, counts[i].n,
			counts[i].what);
		if (counts[i].simulated)
			buf_fmt(&o->text, " (%zu simulated)",
				counts[i].simulated);
		before = ", ";
	}
	if (n.run)
		buf_fmt(&o->text, "; %zu %s to run", n.run,
			n.run == 1 ? "load" : "loads");
	if (t.left_out)
		buf_fmt(&o->text, "; %zu left out", t.left_out);
	buf_fmt(&o->text, ". %s\n", elapsed(o->p, room, sizeof(room)));
}

static void print_empty(struct printer *o)
{
	size_t left_out = tally(o->p).left_out;
	size_t n = o->p->n_steps - left_out;
	char room[32];

	if (o->p->is_destroy)
		buf_fmt(&o->text, "Nothing to destroy");
	else
		buf_fmt(&o->text,
			"No changes. %zu resource%s as the stack says", n,
			n == 1 ? " is" : "s are");
	if (left_out)
		buf_fmt(&o->text, "; %zu left out", left_out);
	buf_fmt(&o->text, ". (%s)\n", elapsed(o->p, room, sizeof(room)));
	if (o->p->drift_only)
		buf_add_c(&o->text,
			  "What was read differs from the state in values that "
			  "the stack does not set; --refresh-only takes them "
			  "over.\n");
}

static void print_refresh(struct printer *o)
{
	size_t gone = 0, n = o->p->n_drift;
	char room[32];

	if (o->detail != PLAN_SUMMARY)
		print_drift(o);
	for (size_t i = 0; i < n; i++)
		gone += o->p->drift[i].action == ACTION_DELETE;
	if (n)
		buf_fmt(&o->text,
			"Plan: %zu to take over into the state, %zu to forget. "
			"Nothing outside changes. ",
			n - gone, gone);
	else
		buf_add_c(&o->text,
			  "No changes. What was read is what the state has. ");
	buf_fmt(&o->text, "(%s)\n", elapsed(o->p, room, sizeof(room)));
}

static void print_recovery(struct printer *o)
{
	size_t n = o->p->n_recovery_pending;

	if (o->p->has_recovery)
		buf_fmt(&o->text,
			"Recovery pending: an interrupted run left %zu %s "
			"unfinished; the next apply goes on with it.\n\n",
			n, n == 1 ? "step" : "steps");
}

static void print_all(struct printer *o)
{
	print_effects(o);
	if (o->detail != PLAN_SUMMARY)
		find_same(o);
	print_steps(o, KIND_LOSS, "Destroyed or replaced");
	if (o->detail != PLAN_SUMMARY) {
		print_steps(o, KIND_CHANGE, "Created or changed");
		print_steps(o, KIND_RECORD,
			    "Only recorded: nothing changes "
			    "outside");
		print_drift(o);
		print_left_out(o);
		print_outputs(o);
	}
	print_summary(o);
}

void plan_print(const struct plan *p, const struct context *c, FILE *out)
{
	struct printer o = {
		.p = p,
		.out = out,
		.detail = c->detail,
		.style = {
			.change = {
				.width = c->width,
				.color = c->color,
				.is_full = c->detail == PLAN_FULL,
			},
			.width = LINE_WIDTH,
			.has_places = true,
		},
	};

	if (c->width > INDENT && c->width - INDENT < LINE_WIDTH)
		o.style.width = c->width - INDENT;
	buf_init(&o.text, 1 << 30);
	buf_init(&o.key, 1 << 30);
	print_recovery(&o);
	if (p->asked.is_refresh_only) {
		print_refresh(&o);
	} else if (!p->is_empty) {
		print_all(&o);
	} else {
		if (o.detail != PLAN_SUMMARY) {
			print_drift(&o);
			print_left_out(&o);
		}
		print_empty(&o);
	}
	flush(&o);
	buf_release(&o.text);
	buf_release(&o.key);
	map_release(&o.same);
	arena_release(&o.arena);
}

int plan_detail_from(const char *name, enum plan_detail *out, struct error *err)
{
	static const char *const names[] = {
		[PLAN_NORMAL] = "normal",
		[PLAN_SUMMARY] = "summary",
		[PLAN_FULL] = "full",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(name ? name : "normal", names[i]) != 0)
			continue;
		*out = (enum plan_detail)i;
		return 0;
	}
	return error_set(err, ERROR_INVALID,
			 "option --detail takes summary, normal or full, not "
			 "\"%s\"",
			 name);
}
