#include <config.h>

#include "engine/secrets.h"

#include "engine/provider.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"

#include <string.h>

enum { LEAST_BYTES = 5 }; /* of a secret that is looked for */

/* Values nest as deep as the language and JSON do, which is bounded. */
static struct value keep_list(struct value v, struct value like,
			      struct arena *a)
{
	size_t n = v.as.list.n;
	struct value *items;

	if (like.kind != VALUE_LIST || like.as.list.n != n)
		return value_mark(v, MARK_SECRET);
	items = arena_new(a, struct value, n + 1);
	for (size_t i = 0; i < n; i++)
		items[i] =
		    secrets_keep(v.as.list.items[i], like.as.list.items[i], a);
	return value_mark(value_list(items, n), v.marks);
}

static struct value keep_map(struct value v, struct value like, struct arena *a)
{
	size_t n = v.as.map.n;
	struct value_entry *entries;

	if (like.kind != VALUE_MAP)
		return value_mark(v, MARK_SECRET);
	entries = arena_new(a, struct value_entry, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct value *l =
		    value_get_str(like, v.as.map.entries[i].key);

		entries[i] = v.as.map.entries[i];
		if (l)
			entries[i].value =
			    secrets_keep(entries[i].value, *l, a);
	}
	return value_mark(value_sorted(entries, n), v.marks);
}

struct value secrets_keep(struct value v, struct value like, struct arena *a)
{
	if (!value_has_secret(like))
		return v;
	if (like.marks & MARK_SECRET)
		return value_mark(v, MARK_SECRET);
	if (v.kind == VALUE_LIST)
		return keep_list(v, like, a);
	if (v.kind == VALUE_MAP)
		return keep_map(v, like, a);
	return v.kind == VALUE_NULL ? v : value_mark(v, MARK_SECRET);
}

/* -- In texts -------------------------------------------------------------- */

struct secrets {
	VEC(struct str) all;
	/* Shown anyway: what stands in them is no secret. */
	struct str address, name, id;
};

static bool has_text(struct value v)
{
	return v.kind == VALUE_STRING || v.kind == VALUE_NUMBER ||
	       v.kind == VALUE_CIDR || v.kind == VALUE_IP;
}

/* A user "master" of the secret "dev-master", say. */
static bool is_shown(const struct secrets *s, struct str text)
{
	return str_contains(s->address, text) || str_contains(s->name, text) ||
	       str_contains(s->id, text);
}

static void collect(struct secrets *s, struct value v, bool is_secret)
{
	is_secret |= v.marks & MARK_SECRET;
	if (v.kind == VALUE_LIST)
		for (size_t i = 0; i < v.as.list.n; i++)
			collect(s, v.as.list.items[i], is_secret);
	else if (v.kind == VALUE_MAP)
		for (size_t i = 0; i < v.as.map.n; i++)
			collect(s, v.as.map.entries[i].value, is_secret);
	else if (is_secret && has_text(v) && v.as.text.n >= LEAST_BYTES &&
		 !is_shown(s, v.as.text))
		*vec_push(&s->all) = v.as.text;
}

/* Bytes of the longest secret that the text begins with. */
static size_t length_at(const struct secrets *s, struct str text)
{
	size_t most = 0;

	for (size_t i = 0; i < s->all.n; i++) {
		struct str one = s->all.items[i];

		if (one.n > most && one.n <= text.n && *one.s == *text.s &&
		    !memcmp(one.s, text.s, one.n))
			most = one.n;
	}
	return most;
}

static bool holds_one(const struct secrets *s, struct str text)
{
	for (size_t i = 0; i < s->all.n; i++)
		if (str_contains(text, s->all.items[i]))
			return true;
	return false;
}

static void hide(const struct secrets *s, struct str *text, struct arena *a)
{
	struct str rest = *text;
	struct buf b;

	if (!rest.n || !holds_one(s, rest))
		return;
	buf_init(&b, rest.n * 3);
	while (rest.n) {
		size_t n = length_at(s, rest);

		if (n)
			buf_add_c(&b, "(secret)");
		else
			buf_add_char(&b, *rest.s);
		rest = str_skip(rest, n ? n : 1);
	}
	*text = str_dup(buf_str(&b), a);
	buf_release(&b);
}

/* How many bytes at the end are the beginning of a secret. */
static size_t cut_length(const struct secrets *s, struct str text)
{
	size_t most = 0;

	for (size_t i = 0; i < s->all.n; i++) {
		struct str one = s->all.items[i];
		size_t n = one.n < text.n ? one.n : text.n;

		while (n > most && memcmp(one.s, text.s + text.n - n, n))
			n--;
		most = n > most ? n : most;
	}
	return most;
}

/* A text that did not fit was cut, perhaps within a secret. */
static void hide_fixed(const struct secrets *s, char *text, size_t size,
		       struct arena *a)
{
	struct str now = str_from(text);

	if (now.n + 1 == size)
		now.n -= cut_length(s, now);
	hide(s, &now, a);
	if (now.n >= size)
		now.n = size - 1;
	memmove(text, now.s, now.n);
	text[now.n] = '\0';
}

static struct value mark_those(const struct secrets *s, struct value v,
			       struct arena *a)
{
	struct value out = v;

	if (has_text(v))
		return holds_one(s, v.as.text) ? value_mark(v, MARK_SECRET) : v;
	if (v.kind == VALUE_LIST) {
		struct value *items =
		    arena_new(a, struct value, v.as.list.n + 1);

		for (size_t i = 0; i < v.as.list.n; i++)
			items[i] = mark_those(s, v.as.list.items[i], a);
		out = value_list(items, v.as.list.n);
	} else if (v.kind == VALUE_MAP) {
		struct value_entry *entries =
		    arena_new(a, struct value_entry, v.as.map.n + 1);

		for (size_t i = 0; i < v.as.map.n; i++) {
			entries[i] = v.as.map.entries[i];
			entries[i].value = mark_those(s, entries[i].value, a);
		}
		out = value_sorted(entries, v.as.map.n);
	}
	return value_mark(out, v.marks);
}

struct value secrets_find(struct value v, struct value known,
			  struct str address, struct arena *a)
{
	struct secrets s = { .address = address };

	collect(&s, known, false);
	if (s.all.n)
		v = mark_those(&s, v, a);
	vec_release(&s.all);
	return v;
}

void secrets_hide(struct call *c)
{
	struct secrets s = {
		.address = c->address,
		.name = c->name,
		.id = c->id,
	};

	collect(&s, c->config, false);
	collect(&s, c->prior, false);
	if (!s.all.n)
		return;
	hide_fixed(&s, c->err.message, sizeof(c->err.message), c->arena);
	hide_fixed(&s, c->err.hint, sizeof(c->err.hint), c->arena);
	hide(&s, &c->waiting_for, c->arena);
	hide(&s, &c->status, c->arena);
	hide(&s, &c->run_reason, c->arena);
	hide(&s, &c->replace_reason, c->arena);
	for (size_t i = 0; i < c->effects.n; i++) {
		hide(&s, &c->effects.items[i].object, c->arena);
		hide(&s, &c->effects.items[i].within, c->arena);
		hide(&s, &c->effects.items[i].text, c->arena);
	}
	for (size_t i = 0; i < c->notices.n; i++)
		hide(&s, &c->notices.items[i], c->arena);
	c->result = mark_those(&s, c->result, c->arena);
	vec_release(&s.all);
}
