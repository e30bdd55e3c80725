/*
 * A saved plan, as text:
 *
 *	dmsl-plan 3
 *	hash    64 hex digits: SHA-256 of all behind the line "body"
 *	path    of the stack file, absolute
 *	base    commit that the state was read from, or -
 *	config  hash of the configuration: its texts and params
 *	secrets keyed digest of the values of secret params, or -
 *	file    HASH NAME, one line a text, the stack file first; the hash is
 *	        of its words, so that a comment or white space changes nothing
 *	set     NAME=TEXT, one line a setting
 *	params  FILE NAME=TEXT, of a params file
 *	json    FILE NAME=TEXT, of a params file that is JSON
 *	body
 *	stack   NAME
 *	destroy yes | no
 *	refresh no | only           when it was asked for
 *	only    PATTERN             --only, --except, --replace as given
 *	except  PATTERN
 *	replace ADDRESS
 *	step    ACTION ADDRESS PROVIDER
 *	  prior     DIGEST          of its entry in the state
 *	  moved     ADDRESS         where it was until now
 *	  import    ID
 *	  why       reason
 *	  first                     the new is made before the old goes
 *	  run
 *	  moved     address until now
 *	  import    id
 *	  first     the new object is made before the old one goes
 *	  recorded  what the state keeps besides attributes changes
 *	  effect    KIND OBJECT     what it does besides, and to what
 *	  shown     TEXT            how that was told; may be another by now
 *	  attr      NAME value      what is made
 *	  change    NAME old -> new ! when it replaces
 *	read    ADDRESS DIGEST      what steps are made from and leave
 *	also    ADDRESS             only its entry in the state is renewed
 *	output  NAME old -> new
 *
 * Words are JSON strings where they are free text, values are JSON; a secret is
 * "(secret)", what is unknown "(known after apply)". Digests are keyed with the
 * state key, so that they tell nothing of a secret; "-" is none, or that there
 * was no key yet, which the first apply makes. The body is
 * the same for the same plan, wherever and whenever it is made. A file that was
 * cut or changed does not have its hash any more, and is refused: make a new
 * one.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/config.h"
#include "lang/json.h"

#include "engine/inputs.h"
#include "engine/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "dmsl-plan 3\n";

void plan_write_value(struct buf *b, struct value v)
{
	if (value_is_unknown(v))
		buf_add_c(b, "\"(known after apply)\"");
	else if (v.marks & MARK_SECRET)
		buf_add_c(b, "\"(secret)\"");
	else
		json_write(b, v, 0);
}

/* Not by a format: there are several for each of very many steps. */
static void add_words(struct buf *b, const char *before, const char *word,
		      const char *behind)
{
	buf_add_c(b, before);
	buf_add_c(b, word);
	buf_add_c(b, behind);
}

static void add_name(struct buf *b, const char *before, struct str name)
{
	buf_add_c(b, before);
	buf_add_str(b, name);
	buf_add_char(b, ' ');
}

static void write_word(struct buf *b, const char *word, struct str text)
{
	buf_add_c(b, word);
	buf_add_char(b, ' ');
	json_write_string(b, text);
	buf_add_char(b, '\n');
}

/* All that the state says of a resource. */
static struct value entry_value(const struct state_resource *r, struct arena *a)
{
	struct value *deps = arena_new(a, struct value, r->n_deps + 1);
	struct value_entry entries[] = {
		{ STR("attrs"), r->attrs },
		{ STR("id"), value_str(r->id) },
		{ STR("is_tainted"), value_bool(r->is_tainted) },
		{ STR("keep_on_destroy"), value_bool(r->keep_on_destroy) },
		{ STR("prevent_destroy"), value_bool(r->prevent_destroy) },
		{ STR("provider"), value_str(r->provider) },
		{ STR("replace_when"), value_str(r->replace_when) },
		{ STR("type"), value_str(r->type) },
		{ STR("uses"), value_null() },
	};
	size_t n = sizeof(entries) / sizeof(*entries);

	for (size_t i = 0; i < r->n_deps; i++)
		deps[i] = value_str(r->deps[i]);
	entries[n - 1].value = value_list(deps, r->n_deps);
	return value_map(entries, n, a);
}

/* Memory for one entry of the state after the other. */
struct digester {
	const struct context *c;
	struct arena scratch;
	struct buf text;
};

/*
 * Keyed where there is a key: a digest of a short secret could be guessed.
 * Without one, or when it cannot be used, secrets have no part in it.
 */
static void write_digest(struct buf *b, struct digester *d, struct str address)
{
	const struct context *c = d->c;
	const struct state_resource *r = state_find(&c->state, address);
	char hex[DIGEST_HEX_SIZE];
	struct error ignored;
	struct value entry;

	if (!r) {
		buf_add_c(b, "-\n");
		return;
	}
	entry = entry_value(r, &d->scratch);
	json_write(&d->text, entry, c->seal ? JSON_REVEAL : 0);
	if (!c->seal ||
	    seal_hash(c->seal, buf_str(&d->text), hex, &ignored) < 0) {
		buf_clear(&d->text);
		json_write(&d->text, entry, 0);
		digest_sha256_hex(buf_str(&d->text), hex);
	}
	add_words(b, "", hex, "\n");
	buf_clear(&d->text);
	arena_clear(&d->scratch);
}

static void write_step(struct buf *b, struct digester *d,
		       const struct plan_step *s)
{
	add_words(b, "step ", action_name(s->action), " ");
	json_write_string(b, s->address);
	add_words(b, " ", d->c->open[s->provider].title, "\n");
	buf_add_c(b, "  prior ");
	write_digest(b, d, s->moved_from.n ? s->moved_from : s->address);
	if (s->moved_from.n)
		write_word(b, "  moved", s->moved_from);
	if (s->import_id.n)
		write_word(b, "  import", s->import_id);
	if (s->reason.n)
		write_word(b, "  why", s->reason);
	if (s->creates_first)
		buf_add_c(b, "  first\n");
	if (s->runs)
		buf_add_c(b, "  run\n");
	if (s->updates_state)
		buf_add_c(b, "  recorded\n");
	for (size_t i = 0; i < s->n_effects; i++) {
		buf_fmt(b, "  effect %s ", effect_name(s->effects[i].kind));
		json_write_string(b, s->effects[i].object);
		write_word(b, "\n  shown", s->effects[i].text);
	}
	for (size_t i = 0; i < s->n_changes; i++) {
		const struct plan_change *x = &s->changes[i];

		add_name(b, "  change ", x->attr);
		plan_write_value(b, x->old);
		buf_add_c(b, " -> ");
		plan_write_value(b, x->new);
		buf_add_c(b, x->forces_replace ? " !\n" : "\n");
	}
	if (s->action != ACTION_CREATE || s->wanted.kind != VALUE_MAP)
		return;
	for (size_t i = 0; i < s->wanted.as.map.n; i++) {
		const struct value_entry *e = &s->wanted.as.map.entries[i];

		add_name(b, "  attr ", e->key);
		plan_write_value(b, e->value);
		buf_add_char(b, '\n');
	}
}

static void write_asked(struct buf *b, const struct plan_options *o)
{
	if (o->no_refresh || o->is_refresh_only)
		buf_fmt(b, "refresh %s\n", o->no_refresh ? "no" : "only");
	for (size_t i = 0; o->selection && i < o->selection->n_only; i++)
		write_word(b, "only", o->selection->only[i]);
	for (size_t i = 0; o->selection && i < o->selection->n_except; i++)
		write_word(b, "except", o->selection->except[i]);
	for (size_t i = 0; i < o->n_replace; i++)
		write_word(b, "replace", o->replace[i]);
}

/*
 * Where a body goes while it is written: one of 100,000 steps would take as
 * much memory as a tenth of all that its plan does.
 */
struct outlet {
	struct digest *sum;
	struct file_new *file; /* NULL: only the digest is asked for */
	size_t n;	       /* bytes that went */
	bool is_over;	       /* something was dropped */
	int rc;		       /* of the file */
	struct error *err;
};

enum { PASSED_AT_ONCE = 256 << 10 };

static void pass_on(struct outlet *o, struct buf *b)
{
	digest_add(o->sum, buf_str(b));
	if (o->file && o->rc == 0)
		o->rc = file_new_write(o->file, buf_str(b), o->err);
	o->n += b->len;
	o->is_over |= buf_is_full(b) || o->n > PLAN_FILE_MAX;
	buf_clear(b);
}

/* Behind a line. */
static void pass_much(struct outlet *o, struct buf *b)
{
	if (o && b->len >= PASSED_AT_ONCE)
		pass_on(o, b);
}

static bool is_acted_on(const struct plan_step *s)
{
	return s->action != ACTION_NONE || s->runs || s->n_changes ||
	       s->moved_from.n || s->import_id.n || s->updates_state;
}

/*
 * What steps are made from, and is as it was; and what is not looked at, but
 * has to be there.
 */
static void write_others(struct buf *b, struct digester *d,
			 const struct plan *p, struct outlet *out)
{
	struct arena scratch = { 0 };
	bool *is_read = arena_new(&scratch, bool, p->n_steps + p->n_joins + 1);

	for (size_t i = 0; i < p->n_steps; i++)
		for (size_t k = 0;
		     is_acted_on(&p->steps[i]) && k < p->steps[i].n_needs; k++)
			is_read[p->steps[i].needs[k]] = true;
	for (size_t j = 0; j < p->n_joins; j++)
		for (size_t k = 0;
		     is_read[p->n_steps + j] && k < p->joins[j].n_needs; k++)
			is_read[p->joins[j].needs[k]] = true;
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->steps[i];

		if (is_acted_on(s))
			continue;
		if (is_read[i]) {
			buf_add_c(b, "read ");
			json_write_string(b, s->address);
			buf_add_char(b, ' ');
			write_digest(b, d, s->address);
		} else if (s->has_drifted) {
			write_word(b, "also", s->address);
		}
		pass_much(out, b);
	}
	arena_release(&scratch);
}

/* out: NULL where all of it shall stay in the buffer. */
static void write_body(struct buf *b, const struct plan *p,
		       const struct context *c, struct outlet *out)
{
	struct digester d = { .c = c };

	buf_init(&d.text, PLAN_FILE_MAX);
	buf_fmt(b, "stack %.*s\ndestroy %s\n", STR_ARG(p->stack),
		p->is_destroy ? "yes" : "no");
	write_asked(b, &p->asked);
	for (size_t i = 0; i < p->n_steps; i++) {
		if (!is_acted_on(&p->steps[i]))
			continue;
		write_step(b, &d, &p->steps[i]);
		pass_much(out, b);
	}
	write_others(b, &d, p, out);
	buf_wipe(&d.text);
	arena_release(&d.scratch);
	for (size_t i = 0; i < p->n_outputs; i++) {
		const struct plan_output *o = &p->outputs[i];

		if (!value_is_unknown(o->new) && value_eq(o->old, o->new))
			continue;
		buf_fmt(b, "output %.*s ", STR_ARG(o->name));
		plan_write_value(b, o->old);
		buf_add_c(b, " -> ");
		plan_write_value(b, o->new);
		buf_add_char(b, '\n');
	}
}

void plan_write_body(struct buf *b, const struct plan *p,
		     const struct context *c)
{
	write_body(b, p, c, NULL);
}

/* What goes to an outlet, and its digest. */
static void pass_body(const struct plan *p, const struct context *c,
		      struct outlet *out, char hex[DIGEST_HEX_SIZE])
{
	unsigned char sum[DIGEST_SIZE];
	struct buf text;

	buf_init(&text, PLAN_FILE_MAX);
	out->sum = digest_begin();
	write_body(&text, p, c, out);
	pass_on(out, &text);
	buf_release(&text);
	digest_end(out->sum, sum);
	digest_hex(sum, sizeof(sum), hex);
}

struct str plan_hash(const struct plan *p, const struct context *c,
		     struct arena *a)
{
	struct outlet out = { 0 };
	char hex[DIGEST_HEX_SIZE];

	pass_body(p, c, &out, hex);
	return str_dup(str_from(hex), a);
}

static void write_files(struct buf *b, const struct context *c)
{
	char hex[DIGEST_HEX_SIZE];

	for (size_t i = 0; c->config && i < c->config->n_files; i++) {
		const struct source *s = c->config->files[i]->source;

		digest_hex(c->config->files[i]->meaning, DIGEST_SIZE, hex);
		buf_fmt(b, "file %s ", hex);
		json_write_string(b, s->name);
		buf_add_char(b, '\n');
	}
}

static void write_settings(struct buf *b, const struct context *c)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < c->n_settings; i++) {
		const struct setting *s = &c->settings[i];

		if (s->from.n) {
			struct arena scratch = { 0 };
			const char *from = str_c(s->from, &scratch);

			buf_add_c(b, s->is_json ? "json " : "params ");
			json_write_string(
			    b, realpath(from, path) ? str_from(path) : s->from);
			arena_release(&scratch);
		} else {
			buf_add_c(b, "set");
		}
		buf_fmt(b, " %.*s=", STR_ARG(s->name));
		json_write_string(b, s->text);
		buf_add_char(b, '\n');
	}
}

void plan_secrets_digest(const struct context *c, char hex[65])
{
	size_t n = c->config ? c->config->n_others : 0, n_secrets = 0;
	struct error ignored;
	struct buf text;

	hex[0] = '\0';
	buf_init(&text, PLAN_FILE_MAX);
	for (size_t i = 0; c->seal && i < n; i++)
		n_secrets += inputs_add_secret(c->config->others[i], &text);
	if (n_secrets && seal_hash(c->seal, buf_str(&text), hex, &ignored) < 0)
		hex[0] = '\0';
	buf_wipe(&text);
}

static const char hash_word[] = "hash ";

/* All but the body; its digest is put in when it is known. */
static void write_head(struct buf *b, const struct plan *p,
		       const struct context *c, const char *path)
{
	static const char none[DIGEST_HEX_SIZE] =
	    "0000000000000000000000000000000000000000000000000000000000000000";
	char hex[DIGEST_HEX_SIZE];

	buf_fmt(b, "%s%s%s\npath ", magic, hash_word, none);
	json_write_string(b, str_from(path));
	if (p->base_commit.n)
		buf_fmt(b, "\nbase %.*s", STR_ARG(p->base_commit));
	else
		buf_add_c(b, "\nbase -");
	plan_secrets_digest(c, hex);
	buf_fmt(b, "\nconfig %.*s\nsecrets %s\n", STR_ARG(p->config_hash),
		*hex ? hex : "-");
	write_files(b, c);
	write_settings(b, c);
	buf_add_c(b, "body\n");
}

static int write_plan(const struct plan *p, const struct context *c,
		      const struct buf *head, struct file_new *f,
		      struct error *err)
{
	struct outlet out = { .file = f, .n = head->len, .err = err };
	char hex[DIGEST_HEX_SIZE];

	if (file_new_write(f, buf_str(head), err) < 0)
		return -1;
	pass_body(p, c, &out, hex);
	if (out.is_over || buf_is_full(head))
		return error_set(err, ERROR_QUOTA,
				 "the plan is larger than %d bytes",
				 PLAN_FILE_MAX);
	if (out.rc < 0)
		return -1;
	return file_new_patch(f, strlen(magic) + strlen(hash_word),
			      str_from(hex), err);
}

int plan_save(const struct plan *p, const struct context *c, const char *file,
	      struct error *err)
{
	char path[PATH_MAX];
	struct file_new f;
	struct buf head;
	int rc;

	if (!c->path || !realpath(c->path, path))
		return error_errno(err, "could not find \"%s\"",
				   c->path ? c->path : "");
	buf_init(&head, PLAN_FILE_MAX);
	write_head(&head, p, c, path);
	rc = file_new_open(&f, file, 0600, err);
	if (rc == 0)
		rc = write_plan(p, c, &head, &f, err);
	rc = file_new_close(&f, rc, err);
	buf_release(&head);
	return rc;
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

/* A JSON string in front of *text, cut off with the blank behind it. */
static int cut_string(struct str *text, struct arena *a, struct str *out)
{
	size_t i = 1;

	while (i < text->n && text->s[i] != '"')
		i += text->s[i] == '\\' ? 2 : 1;
	if (text->n < 2 || text->s[0] != '"' || i >= text->n)
		return -1;
	if (read_string(str_sub(*text, 0, i + 1), a, out))
		return -1;
	*text = str_skip(*text, i + 1);
	if (str_starts(*text, " "))
		*text = str_skip(*text, 1);
	return 0;
}

static int read_setting(struct str word, struct str line, struct arena *a,
			struct setting *out)
{
	*out = (struct setting){ .is_json = str_is(word, "json") };
	if (!str_is(word, "set") && cut_string(&line, a, &out->from))
		return -1;
	out->name = str_cut(&line, '=');
	return out->name.n ? read_string(line, a, &out->text) : -1;
}

static int read_file(struct str line, struct arena *a, struct plan_file *out)
{
	out->hash = str_cut(&line, ' ');
	return read_string(line, a, &out->name);
}

static int read_header(struct str *text, struct arena *a,
		       struct saved_plan *out)
{
	VEC(struct setting) settings = { 0 };
	VEC(struct plan_file) files = { 0 };
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
		else if (str_is(word, "secrets"))
			out->secrets =
			    str_is(line, "-") ? (struct str){ 0 } : line;
		else if (str_is(word, "file"))
			result |= read_file(line, a, vec_push(&files));
		else if (str_is(word, "set") || str_is(word, "params") ||
			 str_is(word, "json"))
			result |=
			    read_setting(word, line, a, vec_push(&settings));
		else
			result = -1;
	}
	out->n_settings = settings.n;
	out->settings = vec_take(&settings, a);
	out->n_files = files.n;
	out->files = vec_take(&files, a);
	return result;
}

struct asked {
	VEC(struct str) only, except, replace;
	struct map *exact;
	struct arena *arena;
};

/* A line that is not indented. */
static int read_line(struct str line, struct asked *x, struct saved_plan *out)
{
	struct str word = str_cut(&line, ' ');

	if (str_is(word, "stack")) {
		out->stack = line;
	} else if (str_is(word, "destroy")) {
		out->is_destroy = str_is(line, "yes");
	} else if (str_is(word, "refresh")) {
		out->asked.no_refresh = str_is(line, "no");
		out->asked.is_refresh_only = str_is(line, "only");
	} else if (str_is(word, "only")) {
		return cut_string(&line, x->arena, vec_push(&x->only));
	} else if (str_is(word, "except")) {
		return cut_string(&line, x->arena, vec_push(&x->except));
	} else if (str_is(word, "replace")) {
		return cut_string(&line, x->arena, vec_push(&x->replace));
	} else if (str_is(word, "step") || str_is(word, "read") ||
		   str_is(word, "also")) {
		struct str address;

		if (str_is(word, "step"))
			str_cut(&line, ' ');
		if (cut_string(&line, x->arena, &address))
			return -1;
		map_put(x->exact, address, x);
	}
	return 0;
}

/* What was asked for, and which resources it is about. */
static int read_body(struct str body, struct arena *a, struct saved_plan *out)
{
	struct selection *s = arena_new(a, struct selection, 1);
	struct asked x = { .exact = &out->addresses, .arena = a };
	int result = 0;

	while (result == 0 && body.n) {
		struct str line = str_cut(&body, '\n');

		if (!str_starts(line, " "))
			result = read_line(line, &x, out);
	}
	s->n_only = x.only.n;
	s->only = vec_take(&x.only, a);
	s->n_except = x.except.n;
	s->except = vec_take(&x.except, a);
	s->exact = &out->addresses;
	out->asked.selection = s;
	out->asked.is_destroy = out->is_destroy;
	out->asked.n_replace = x.replace.n;
	out->asked.replace = vec_take(&x.replace, a);
	return result;
}

int plan_load(const char *file, struct arena *a, struct saved_plan *out,
	      struct error *err)
{
	struct str text, rest;
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
	if (read_body(rest, a, out)) {
		saved_plan_release(out);
		return damaged(file, err);
	}
	return 0;
}

void saved_plan_release(struct saved_plan *s)
{
	map_release(&s->addresses);
}
