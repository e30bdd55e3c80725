/*
 * A saved plan, as text:
 *
 *	dmsl-plan 1
 *	hash    64 hex digits: SHA-256 of all behind the line "body"
 *	path    of the stack file, absolute
 *	base    commit that the state was read from, or -
 *	config  hash of the configuration
 *	set     NAME=TEXT, one line a setting
 *	body
 *	stack   NAME
 *	destroy yes | no
 *	step    ACTION ADDRESS PROVIDER
 *	  why       reason
 *	  run
 *	  moved     address until now
 *	  import    id
 *	  first     the new object is made before the old one goes
 *	  recorded  what the state keeps besides attributes changes
 *	  effect    KIND text
 *	  attr      NAME value              what is made
 *	  change    NAME old -> new         what is changed; "!" when it
 *replaces output  NAME old -> new
 *
 * Words are JSON strings where they are free text, values are JSON; a secret is
 * "(secret)", what is unknown "(known after apply)". The body is the same for
 * the same plan, wherever and whenever it is made. A file that was cut or
 * changed does not have its hash any more, and is refused: make a new one.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PLAN_FILE_MAX = 1 << 30, DIFFERENCES_NAMED = 5 };

static const char magic[] = "dmsl-plan 1\n";

/* Not by a format: each of very many attributes has one. */
static void add_name(struct buf *b, const char *before, struct str name)
{
	buf_add_c(b, before);
	buf_add_str(b, name);
	buf_add_char(b, ' ');
}

static void write_value(struct buf *b, struct value v)
{
	if (value_is_unknown(v))
		buf_add_c(b, "\"(known after apply)\"");
	else if (v.marks & MARK_SECRET)
		buf_add_c(b, "\"(secret)\"");
	else
		json_write(b, v, 0);
}

static void write_text(struct buf *b, const char *word, struct str text)
{
	if (text.n == 0)
		return;
	buf_fmt(b, "  %s ", word);
	json_write_string(b, text);
	buf_add_char(b, '\n');
}

static void write_step(struct buf *b, const struct context *c,
		       const struct plan_step *s)
{
	buf_fmt(b, "step %s ", action_name(s->action));
	json_write_string(b, s->address);
	buf_fmt(b, " %s\n", c->open[s->provider].provider->name);
	write_text(b, "why", s->reason);
	if (s->runs)
		buf_add_c(b, "  run\n");
	write_text(b, "moved", s->moved_from);
	write_text(b, "import", s->import_id);
	if (s->creates_first)
		buf_add_c(b, "  first\n");
	if (s->updates_state)
		buf_add_c(b, "  recorded\n");
	for (size_t i = 0; i < s->n_effects; i++) {
		buf_fmt(b, "  effect %s ", effect_name(s->effects[i].kind));
		json_write_string(b, s->effects[i].text);
		buf_add_char(b, '\n');
	}
	for (size_t i = 0; i < s->n_changes; i++) {
		const struct plan_change *x = &s->changes[i];

		add_name(b, "  change ", x->attr);
		write_value(b, x->old);
		buf_add_c(b, " -> ");
		write_value(b, x->new);
		buf_add_c(b, x->forces_replace ? " !\n" : "\n");
	}
	if (s->action != ACTION_CREATE || s->wanted.kind != VALUE_MAP)
		return;
	for (size_t i = 0; i < s->wanted.as.map.n; i++) {
		const struct value_entry *e = &s->wanted.as.map.entries[i];

		add_name(b, "  attr ", e->key);
		write_value(b, e->value);
		buf_add_char(b, '\n');
	}
}

static void write_body(struct buf *b, const struct plan *p,
		       const struct context *c)
{
	buf_fmt(b, "stack %.*s\ndestroy %s\n", STR_ARG(p->stack),
		p->is_destroy ? "yes" : "no");
	for (size_t i = 0; i < p->n_steps; i++)
		if (p->steps[i].action != ACTION_NONE || p->steps[i].n_changes)
			write_step(b, c, &p->steps[i]);
	for (size_t i = 0; i < p->n_outputs; i++) {
		const struct plan_output *o = &p->outputs[i];

		if (!value_is_unknown(o->new) && value_eq(o->old, o->new))
			continue;
		buf_fmt(b, "output %.*s ", STR_ARG(o->name));
		write_value(b, o->old);
		buf_add_c(b, " -> ");
		write_value(b, o->new);
		buf_add_char(b, '\n');
	}
}

struct str plan_hash(const struct plan *p, const struct context *c,
		     struct arena *a)
{
	struct buf body;
	char hex[DIGEST_HEX_SIZE];

	buf_init(&body, PLAN_FILE_MAX);
	write_body(&body, p, c);
	digest_sha256_hex(buf_str(&body), hex);
	buf_release(&body);
	return str_dup(str_from(hex), a);
}

int plan_save(const struct plan *p, const struct context *c, const char *file,
	      struct error *err)
{
	static const char none[DIGEST_HEX_SIZE] =
	    "0000000000000000000000000000000000000000000000000000000000000000";
	const size_t hash_at = strlen(magic) + strlen("hash ");
	struct buf all;
	char hex[DIGEST_HEX_SIZE], path[PATH_MAX];
	int result = -1;
	size_t body;

	if (!c->path || !realpath(c->path, path))
		return error_errno(err, "could not find \"%s\"",
				   c->path ? c->path : "");
	buf_init(&all, PLAN_FILE_MAX);
	/* The hash is put in when the body stands behind it. */
	buf_fmt(&all, "%shash %s\npath ", magic, none);
	json_write_string(&all, str_from(path));
	if (p->base_commit.n)
		buf_fmt(&all, "\nbase %.*s", STR_ARG(p->base_commit));
	else
		buf_add_c(&all, "\nbase -");
	buf_fmt(&all, "\nconfig %.*s\n", STR_ARG(p->config_hash));
	for (size_t i = 0; i < c->n_settings; i++) {
		buf_fmt(&all, "set %.*s=", STR_ARG(c->settings[i].name));
		json_write_string(&all, c->settings[i].text);
		buf_add_char(&all, '\n');
	}
	buf_add_c(&all, "body\n");
	body = all.len;
	write_body(&all, p, c);
	digest_sha256_hex(str_skip(buf_str(&all), body), hex);
	memcpy(all.data + hash_at, hex, DIGEST_HEX_SIZE - 1);
	if (buf_is_full(&all))
		error_set(err, ERROR_QUOTA, "the plan is larger than %d bytes",
			  PLAN_FILE_MAX);
	else
		result = file_replace(file, buf_str(&all), 0600, err);
	buf_release(&all);
	return result;
}

/* -- Reading -------------------------------------------------------------- */

static int damaged(const char *file, struct error *err)
{
	error_set(err, ERROR_CORRUPT, "\"%s\" is not a plan, or is damaged",
		  file);
	return error_hint(err, "Make a new one with \"dmsl plan FILE\".");
}

static int read_string(struct str text, struct arena *a, struct str *out)
{
	struct error ignored;
	struct value v;

	if (json_read(text, a, &v, &ignored) || v.kind != VALUE_STRING)
		return -1;
	*out = v.as.text;
	return 0;
}

static int read_setting(struct str line, struct arena *a, struct setting *out)
{
	out->name = str_cut(&line, '=');
	return out->name.n ? read_string(line, a, &out->text) : -1;
}

static int read_header(struct str *text, struct arena *a,
		       struct saved_plan *out)
{
	VEC(struct setting) settings = { 0 };
	int result = 0;

	for (;;) {
		struct str line = str_cut(text, '\n');
		struct str word;

		if (str_is(line, "body") || line.n == 0)
			break;
		word = str_cut(&line, ' ');
		if (str_is(word, "hash"))
			out->hash = line;
		else if (str_is(word, "path"))
			result |= read_string(line, a, &out->path);
		else if (str_is(word, "base"))
			out->base_commit =
			    str_is(line, "-") ? (struct str){ 0 } : line;
		else if (str_is(word, "config"))
			out->config_hash = line;
		else if (str_is(word, "set"))
			result |= read_setting(line, a, vec_push(&settings));
		else
			result = -1;
	}
	out->n_settings = settings.n;
	out->settings = vec_take(&settings, a);
	return result;
}

int plan_load(const char *file, struct arena *a, struct saved_plan *out,
	      struct error *err)
{
	struct str text, rest, line;
	char hex[DIGEST_HEX_SIZE];

	*out = (struct saved_plan){ 0 };
	if (file_read(file, PLAN_FILE_MAX, a, &text, err))
		return error_add(err, "plan");
	if (!str_starts(text, magic))
		return damaged(file, err);
	rest = str_skip(text, strlen(magic));
	if (read_header(&rest, a, out))
		return damaged(file, err);
	digest_sha256_hex(rest, hex);
	if (!str_is(out->hash, hex))
		return damaged(file, err);
	out->text = rest;
	line = str_cut(&rest, '\n');
	out->stack = str_starts(line, "stack ") ? str_skip(line, 6) : line;
	out->is_destroy = str_is(str_cut(&rest, '\n'), "destroy yes");
	return 0;
}

/* -- Comparing ------------------------------------------------------------ */

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

/* "step create "a.b" local" is known by its address, others by their words. */
static struct str part_name(struct str part)
{
	struct str line = str_cut(&part, '\n');
	struct str word = str_cut(&line, ' ');

	if (str_is(word, "step")) {
		str_cut(&line, ' ');
		return str_sub(line, 0, (size_t)(str_rfind(line, ' ') + 1));
	}
	return str_is(word, "output") ? str_cut(&line, ' ') : word;
}

static struct str part_action(struct str part)
{
	struct str line = str_cut(&part, '\n');

	str_cut(&line, ' ');
	return str_cut(&line, ' ');
}

static void name_difference(struct buf *b, size_t *n, struct str name,
			    struct str was, struct str is)
{
	struct str a = part_action(was), z = part_action(is);

	if ((*n)++ >= DIFFERENCES_NAMED)
		return;
	if (*n > 1)
		buf_add_c(b, "; ");
	if (was.n == 0)
		buf_fmt(b, "%.*s is new in it", STR_ARG(str_trim(name)));
	else if (is.n == 0)
		buf_fmt(b, "%.*s is not in it any more",
			STR_ARG(str_trim(name)));
	else if (!str_eq(a, z) && str_starts(was, "step"))
		buf_fmt(b, "%.*s was %.*s and is now %.*s",
			STR_ARG(str_trim(name)), STR_ARG(a), STR_ARG(z));
	else
		buf_fmt(b, "%.*s has other values", STR_ARG(str_trim(name)));
}

static void find_differences(struct str was, struct str is, struct buf *b,
			     size_t *n)
{
	struct map parts = { 0 };
	struct str part;
	VEC(struct str) texts = { 0 };

	while ((part = next_part(&was)).n)
		*vec_push(&texts) = part;
	for (size_t i = 0; i < texts.n; i++)
		map_put(&parts, part_name(texts.items[i]), &texts.items[i]);
	while ((part = next_part(&is)).n) {
		struct str name = part_name(part);
		struct str *old = map_put(&parts, name, NULL);

		if (!old || !str_eq(*old, part))
			name_difference(b, n, name,
					old ? *old : (struct str){ 0 }, part);
	}
	for (size_t i = 0; i < parts.n; i++)
		if (parts.entries[i].value)
			name_difference(b, n, parts.entries[i].key,
					*(struct str *)parts.entries[i].value,
					(struct str){ 0 });
	map_release(&parts);
	vec_release(&texts);
}

int plan_matches(const struct plan *p, const struct context *c,
		 const struct saved_plan *saved, struct error *err)
{
	struct buf body, names;
	size_t n = 0;

	buf_init(&body, PLAN_FILE_MAX);
	write_body(&body, p, c);
	if (str_eq(buf_str(&body), saved->text)) {
		buf_release(&body);
		return 0;
	}
	buf_init(&names, 800);
	find_differences(saved->text, buf_str(&body), &names, &n);
	error_set(err, ERROR_CONFLICT,
		  "the plan is not what was saved any more: %s%s",
		  n ? names.data : "its steps have another order",
		  n > DIFFERENCES_NAMED ? "; and more" : "");
	error_hint(err, "Look at what moved, and plan again.");
	buf_release(&names);
	buf_release(&body);
	return -1;
}
