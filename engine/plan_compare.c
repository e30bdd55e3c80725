/*
 * In: a saved plan, and the plan that is made now for the same resources. Out:
 * whether it is the same, or what moved since, resource by resource.
 */
#include <config.h>

#include "engine/plan_change.h"
#include "engine/plan_private.h"

#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/config.h"
#include "lang/diag.h"
#include "lang/json.h"

#include "engine/store.h"

enum { LINES_NAMED = 20, VALUE_WIDTH = 60 };

struct comparison {
	const struct plan *p;
	struct context *c;
	const struct saved_plan *saved;
	struct map steps; /* of p, by address */
	/* The state that the saved plan was made from. */
	struct state base;
	bool has_base;
	struct arena arena;
	size_t n; /* what differs */
};

/* -- Parts of the text ---------------------------------------------------- */

/* The next line with the indented lines behind it; empty at the end. */
static struct str next_part(struct str *text)
{
	size_t n = 0;

	while (n < text->n) {
		while (n < text->n && text->s[n] != '\n')
			n++;
		n += n < text->n;
		if (n == text->n || text->s[n] != ' ')
			break;
	}
	struct str part = str_sub(*text, 0, n);

	*text = str_skip(*text, n);
	return part;
}

/* The JSON string that a line begins with, as it is written. */
static struct str quoted(struct str line)
{
	size_t i = 1;

	while (i < line.n && line.s[i] != '"')
		i += line.s[i] == '\\' ? 2 : 1;
	return str_sub(line, 0, i + 1);
}

/*
 * What a part is known by: a resource, whether it is acted on or read, by its
 * address, in quotes; an output by its name; other lines by themselves.
 */
static struct str part_name(struct str part)
{
	struct str line = str_cut(&part, '\n');
	struct str all = line;
	struct str word = str_cut(&line, ' ');

	if (str_is(word, "step"))
		str_cut(&line, ' ');
	if (str_is(word, "step") || str_is(word, "read") ||
	    str_is(word, "also"))
		return quoted(line);
	return str_is(word, "output") ? str_cut(&line, ' ') : all;
}

static bool is_resource(struct str name)
{
	return str_starts(name, "\"");
}

/* "create", "read", … ; "left alone" when it is not there. */
static struct str part_action(struct str part)
{
	struct str word = str_cut(&part, ' ');

	if (part.n == 0)
		return STR("left alone");
	return str_is(word, "step") ? str_cut(&part, ' ') : word;
}

/* -- What moved ----------------------------------------------------------- */

static struct str address_of(struct comparison *x, struct str name)
{
	struct error ignored;
	struct value v;

	if (json_read(name, &x->arena, &v, &ignored) || v.kind != VALUE_STRING)
		return name;
	return v.as.text;
}

/* One finding a resource; those without a place would be one, so are notes. */
static struct diag *moved(struct comparison *x, struct str name,
			  const char *what)
{
	struct str address = address_of(x, name);
	const struct plan_step *s = map_get(&x->steps, address);
	struct place place =
	    s && s->resource ? s->resource->place : (struct place){ 0 };
	size_t before = x->c->diags.n;
	struct diag *d = diag_error(&x->c->diags, "E0321", place, "%s%.*s %s",
				    is_resource(name) ? "" : "output ",
				    STR_ARG(address), what);

	x->n++;
	if (x->c->diags.n == before)
		diag_note(&x->c->diags, d, (struct place){ 0 }, "%.*s %s",
			  STR_ARG(address), what);
	return d;
}

static void note_value(struct comparison *x, struct diag *d, struct str attr,
		       const struct value *then, const struct value *now)
{
	struct value null = value_null();
	struct buf b;

	if (then && now && value_eq(*then, *now))
		return;
	buf_init(&b, 2000);
	plan_value_text(&b, then ? *then : null, VALUE_WIDTH);
	buf_add_c(&b, ", now ");
	plan_value_text(&b, now ? *now : null, VALUE_WIDTH);
	diag_note(&x->c->diags, d, (struct place){ 0 },
		  "\"%.*s\" in the state: then %s", STR_ARG(attr), b.data);
	buf_release(&b);
}

/* Attributes of a state entry: then and now, side by side. */
static void note_attrs(struct comparison *x, struct diag *d, struct value then,
		       struct value now)
{
	size_t n = then.kind == VALUE_MAP ? then.as.map.n : 0;

	for (size_t i = 0; i < n; i++)
		note_value(x, d, then.as.map.entries[i].key,
			   &then.as.map.entries[i].value,
			   value_get_str(now, then.as.map.entries[i].key));
	n = now.kind == VALUE_MAP ? now.as.map.n : 0;
	for (size_t i = 0; i < n; i++)
		if (!value_get_str(then, now.as.map.entries[i].key))
			note_value(x, d, now.as.map.entries[i].key, NULL,
				   &now.as.map.entries[i].value);
}

static void load_base(struct comparison *x)
{
	struct error ignored;
	struct str text;

	if (x->has_base || !x->c->store)
		return;
	x->has_base = true;
	state_init(&x->base, &x->arena);
	if (store_load_at(x->c->store, x->saved->base_commit, &x->arena, &text,
			  &ignored) == 0 &&
	    text.n)
		state_read(&x->base, text, x->c->seal, &ignored);
}

static void note_state(struct comparison *x, struct diag *d, struct str address)
{
	const struct state_resource *now = state_find(&x->c->state, address);
	const struct state_resource *then;
	struct value id_then, id_now;

	load_base(x);
	then = x->has_base ? state_find(&x->base, address) : NULL;
	if (!then || !now) {
		diag_note(&x->c->diags, d, (struct place){ 0 },
			  !then && !now ? "its entry in the state is another"
			  : then	? "it is not in the state any more"
					: "it is in the state by now");
		return;
	}
	id_then = value_str(then->id);
	id_now = value_str(now->id);
	note_value(x, d, STR("id"), &id_then, &id_now);
	note_attrs(x, d, then->attrs, now->attrs);
}

/* Lines of one that the other does not have. */
static void note_lines(struct comparison *x, struct diag *d, struct str of,
		       struct str other, const char *when)
{
	struct map lines = { 0 };
	size_t n = 0;

	str_cut(&of, '\n');
	str_cut(&other, '\n');
	while (other.n)
		map_put(&lines, str_cut(&other, '\n'), x);
	while (of.n && n < LINES_NAMED) {
		struct str line = str_cut(&of, '\n');

		if (map_has(&lines, line) || str_starts(line, "  prior ") ||
		    str_starts(line, "  shown "))
			continue;
		diag_note(&x->c->diags, d, (struct place){ 0 }, "%s: %.*s",
			  when, STR_ARG(str_trim(line)));
		n++;
	}
	map_release(&lines);
}

/* The state entry that a part was made from. */
static struct str part_digest(struct str part)
{
	struct str first = str_cut(&part, '\n');

	if (str_starts(first, "read "))
		return str_skip(first, (size_t)(str_rfind(first, ' ') + 1));
	while (part.n) {
		struct str line = str_trim(str_cut(&part, '\n'));

		if (str_starts(line, "prior "))
			return str_skip(line, 6);
	}
	return (struct str){ 0 };
}

static void resource_moved(struct comparison *x, struct str name,
			   struct str was, struct str is)
{
	struct str then = part_action(was), now = part_action(is);
	struct str address = address_of(x, name);
	const struct plan_step *s = map_get(&x->steps, address);
	struct str digest = part_digest(was);
	struct diag *d =
	    moved(x, name, "is not what it was when the plan was made");

	if (!str_eq(then, now))
		diag_note(&x->c->diags, d, (struct place){ 0 },
			  "planned: %.*s, now: %.*s", STR_ARG(then),
			  STR_ARG(now));
	if (s && s->is_left_out && s->reason.n)
		diag_note(&x->c->diags, d, (struct place){ 0 }, "it %.*s",
			  STR_ARG(s->reason));
	/* What is left alone now has no digest to compare. */
	if (is.n == 0 || !str_eq(digest, part_digest(is)))
		note_state(x, d, address);
	note_lines(x, d, was, is, "then");
	note_lines(x, d, is, was, "now");
}

static struct str after_arrow(struct str part)
{
	struct str line = str_cut(&part, '\n');

	for (size_t i = 0; i + 4 <= line.n; i++)
		if (str_starts(str_skip(line, i), " -> "))
			return str_skip(line, i + 4);
	return line;
}

/* What an output is now is kept only where it does not change. */
static bool is_output_kept(const struct comparison *x, struct str name,
			   struct str was)
{
	const struct value *now = value_get_str(x->c->state.outputs, name);
	bool is_same;
	struct buf b;

	buf_init(&b, PLAN_FILE_MAX);
	plan_write_value(&b, now ? *now : value_null());
	is_same = str_eq(after_arrow(was), buf_str(&b));
	buf_release(&b);
	return is_same;
}

static void output_moved(struct comparison *x, struct str name, struct str was,
			 struct str is)
{
	struct diag *d;

	/* From another value to the same, or it is there already. */
	if (was.n && is.n && str_eq(after_arrow(was), after_arrow(is)))
		return;
	if (was.n && !is.n && is_output_kept(x, name, was))
		return;
	d = moved(x, name, "is not what it was when the plan was made");
	if (was.n)
		diag_note(&x->c->diags, d, (struct place){ 0 }, "then: %.*s",
			  STR_ARG(str_trim(was)));
	if (is.n)
		diag_note(&x->c->diags, d, (struct place){ 0 }, "now: %.*s",
			  STR_ARG(str_trim(is)));
}

/* The next line of a part; how an effect was told is not what it is. */
static struct str next_line(struct str *part)
{
	struct str line;

	do
		line = str_cut(part, '\n');
	while (str_starts(line, "  shown "));
	return line;
}

static bool is_same(struct str was, struct str is)
{
	while (was.n && is.n)
		if (!str_eq(next_line(&was), next_line(&is)))
			return false;
	return was.n == is.n;
}

/* Nothing was done to it, and nothing would be. */
static bool is_unlooked_at(struct str was, struct str is)
{
	return (was.n == 0 || str_starts(was, "also ")) &&
	       (is.n == 0 || str_starts(is, "also "));
}

static void compare_part(struct comparison *x, struct str name, struct str was,
			 struct str is)
{
	struct str part = was.n ? was : is;

	if (is_same(was, is) || is_unlooked_at(was, is))
		return;
	if (is_resource(name))
		resource_moved(x, name, was, is);
	else if (str_starts(part, "output "))
		output_moved(x, name, was, is);
	else
		x->n++;
}

struct parts {
	struct str was, is;
};

static void add_parts(struct map *all, struct str text, size_t offset,
		      struct arena *a)
{
	struct str part;

	while ((part = next_part(&text)).n) {
		struct str name = part_name(part);
		struct parts *both = map_get(all, name);

		if (!both) {
			both = arena_new(a, struct parts, 1);
			map_put(all, name, both);
		}
		*(struct str *)((char *)both + offset) = part;
	}
}

static void compare_bodies(struct comparison *x, struct str was, struct str is)
{
	struct map all = { 0 };

	add_parts(&all, was, offsetof(struct parts, was), &x->arena);
	add_parts(&all, is, offsetof(struct parts, is), &x->arena);
	for (size_t i = 0; i < all.n; i++) {
		const struct parts *both = all.entries[i].value;

		compare_part(x, all.entries[i].key, both->was, both->is);
	}
	map_release(&all);
}

/* -- The configuration ---------------------------------------------------- */

static void name_file(struct buf *b, struct str name)
{
	buf_fmt(b, "%s\"%.*s\"", b->len ? ", " : "", STR_ARG(name));
}

static int config_moved(const struct comparison *x, struct error *err)
{
	const struct config *now = x->c->config;
	const struct saved_plan *saved = x->saved;
	size_t n = now ? now->n_files : 0;
	char hex[DIGEST_HEX_SIZE];
	struct buf names;

	buf_init(&names, 500);
	for (size_t i = 0; i < n && i < saved->n_files; i++) {
		digest_hex(now->files[i]->meaning, DIGEST_SIZE, hex);
		if (!str_is(saved->files[i].hash, hex))
			name_file(&names, now->files[i]->source->name);
	}
	for (size_t i = saved->n_files; i < n; i++)
		name_file(&names, now->files[i]->source->name);
	for (size_t i = n; i < saved->n_files; i++)
		name_file(&names, saved->files[i].name);
	error_set(err, ERROR_CONFLICT,
		  "the configuration is not what it was when the plan was "
		  "made: %s changed",
		  names.len ? names.data : "its params");
	error_hint(err, "Look at what changed, and plan again.");
	buf_release(&names);
	return -1;
}

static int secrets_moved(struct error *err)
{
	error_set(err, ERROR_CONFLICT,
		  "the configuration is not what it was when the plan was "
		  "made: a secret param changed");
	return error_hint(err, "Set DMSL_PARAM_… to what it was, or plan "
			       "again.");
}

int plan_matches(const struct plan *p, struct context *c,
		 const struct saved_plan *saved, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct comparison x = { .p = p, .c = c, .saved = saved };
	struct buf body;

	for (size_t i = 0; i < p->n_steps; i++)
		map_put(&x.steps, p->steps[i].address, (void *)&p->steps[i]);
	buf_init(&body, PLAN_FILE_MAX);
	plan_write_body(&body, p, c);
	compare_bodies(&x, saved->text, buf_str(&body));
	buf_release(&body);
	map_release(&x.steps);
	if (x.has_base)
		state_release(&x.base);
	arena_release(&x.arena);
	if (!str_eq(p->config_hash, saved->config_hash))
		return config_moved(&x, err);
	plan_secrets_digest(c, hex);
	if (saved->secrets.n && !str_is(saved->secrets, hex))
		return secrets_moved(err);
	if (x.n == 0)
		return 0;
	error_set(err, ERROR_CONFLICT,
		  "the plan is not what was saved any more: %zu %s moved", x.n,
		  x.n == 1 ? "part" : "parts");
	return error_hint(err, "Nothing was done. Look at what moved, and plan "
			       "again.");
}
