#include <config.h>

#include "lang/type.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"

enum {
	TYPE_TEXT_MAX = 64 << 10,
	TYPE_DEPTH = 50,
};

/* Types that are one word. */
static const struct {
	const char *name;
	enum type_kind kind;
} words[] = {
	{ "any", TYPE_ANY },	   { "string", TYPE_STRING },
	{ "number", TYPE_NUMBER }, { "bool", TYPE_BOOL },
	{ "cidr", TYPE_CIDR },	   { "ip", TYPE_IP },
	{ "size", TYPE_SIZE },	   { "duration", TYPE_DURATION },
	{ "json", TYPE_JSON },
};

const char *const type_words[] = {
	"any", "string", "number",   "bool", "cidr",
	"ip",  "size",	 "duration", "json", NULL,
};

static const struct {
	const char *name;
	enum type_kind kind;
} containers[] = {
	{ "list", TYPE_LIST },
	{ "set", TYPE_SET },
	{ "map", TYPE_MAP },
};

/* -- reading -- */

struct type_reader {
	struct str text;
	size_t at;
	int depth;
	struct arena *arena;
	struct error *err;
};

static void skip_blanks(struct type_reader *r)
{
	while (r->at < r->text.n &&
	       (r->text.s[r->at] == ' ' || r->text.s[r->at] == '\t' ||
		r->text.s[r->at] == '\n' || r->text.s[r->at] == '\r'))
		r->at++;
}

static bool take(struct type_reader *r, char c)
{
	skip_blanks(r);
	if (r->at >= r->text.n || r->text.s[r->at] != c)
		return false;
	r->at++;
	return true;
}

static const struct type *expected(struct type_reader *r, const char *what)
{
	skip_blanks(r);
	error_set(r->err, ERROR_INVALID, "expected %s%s", what,
		  r->at >= r->text.n ? " before the end of the type" : "");
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* A name, or an empty text where none begins. */
static struct str read_name(struct type_reader *r)
{
	size_t start;

	skip_blanks(r);
	start = r->at;
	if (r->at < r->text.n && is_letter(r->text.s[r->at]))
		while (r->at < r->text.n &&
		       (is_letter(r->text.s[r->at]) ||
			(r->text.s[r->at] >= '0' && r->text.s[r->at] <= '9')))
			r->at++;
	return str_sub(r->text, start, r->at);
}

static bool has_name(const struct str *names, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

static const struct type *twice(struct type_reader *r, struct str name)
{
	r->at -= name.n;
	error_set(r->err, ERROR_INVALID, "\"%.*s\" stands twice in this type",
		  STR_ARG(name));
	return NULL;
}

static const struct type *read_enum(struct type_reader *r)
{
	struct type *t = arena_new(r->arena, struct type, 1);
	VEC(struct str) names = { 0 };
	const struct type *result = NULL;

	t->kind = TYPE_ENUM;
	if (!take(r, '('))
		return expected(r, "\"(\"");
	do {
		struct str name = read_name(r);

		if (name.n == 0) {
			expected(r, "a member's name");
			goto out;
		}
		if (has_name(names.items, names.n, name)) {
			twice(r, name);
			goto out;
		}
		*vec_push(&names) = name;
	} while (take(r, ','));
	if (!take(r, ')')) {
		expected(r, "\",\" or \")\"");
		goto out;
	}
	t->n = names.n;
	t->names = vec_take(&names, r->arena);
	return t;
out:
	vec_release(&names);
	return result;
}

static const struct type *read_union(struct type_reader *r);

struct member {
	struct str name;
	bool optional;
	const struct type *type;
};

static bool read_member(struct type_reader *r, struct member *m)
{
	m->name = read_name(r);
	if (m->name.n == 0) {
		expected(r, "a member's name");
		return false;
	}
	m->optional = take(r, '?');
	if (!take(r, ':')) {
		expected(r, "\":\"");
		return false;
	}
	m->type = read_union(r);
	return m->type != NULL;
}

static const struct type *object_of(struct type_reader *r,
				    const struct member *members, size_t n)
{
	struct type *t = arena_new(r->arena, struct type, 1);

	t->kind = TYPE_OBJECT;
	t->n = n;
	t->names = arena_new(r->arena, struct str, n ? n : 1);
	t->optional = arena_new(r->arena, bool, n ? n : 1);
	t->parts = arena_new(r->arena, const struct type *, n ? n : 1);
	for (size_t i = 0; i < n; i++) {
		t->names[i] = members[i].name;
		t->optional[i] = members[i].optional;
		t->parts[i] = members[i].type;
	}
	return t;
}

static const struct type *read_object(struct type_reader *r)
{
	VEC(struct member) members = { 0 };
	const struct type *t = NULL;

	if (!take(r, '(') || !take(r, '{'))
		return expected(r, "\"({\"");
	skip_blanks(r);
	while (!take(r, '}')) {
		struct member m;

		if (!read_member(r, &m))
			goto out;
		for (size_t i = 0; i < members.n; i++)
			if (str_eq(members.items[i].name, m.name)) {
				twice(r, m.name);
				goto out;
			}
		*vec_push(&members) = m;
		if (take(r, ','))
			continue;
		if (!take(r, '}')) {
			expected(r, "\",\" or \"}\"");
			goto out;
		}
		break;
	}
	if (!take(r, ')')) {
		expected(r, "\")\"");
		goto out;
	}
	t = object_of(r, members.items, members.n);
out:
	vec_release(&members);
	return t;
}

static const struct type *read_container(struct type_reader *r,
					 enum type_kind kind)
{
	struct type *t = arena_new(r->arena, struct type, 1);
	const struct type *item;

	if (!take(r, '('))
		return expected(r, "\"(\"");
	item = read_union(r);
	if (!item)
		return NULL;
	if (!take(r, ')'))
		return expected(r, "\")\"");
	t->kind = kind;
	t->n = 1;
	t->parts = arena_new(r->arena, const struct type *, 1);
	t->parts[0] = item;
	return t;
}

static const struct type *read_one(struct type_reader *r)
{
	struct str name = read_name(r);
	struct type *t;

	if (name.n == 0)
		return expected(r, "a type");
	if (str_is(name, "enum"))
		return read_enum(r);
	if (str_is(name, "object"))
		return read_object(r);
	for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++)
		if (str_is(name, containers[i].name))
			return read_container(r, containers[i].kind);
	t = arena_new(r->arena, struct type, 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(name, words[i].name)) {
			t->kind = words[i].kind;
			return t;
		}
	t->kind = TYPE_REF;
	t->name = name;
	return t;
}

static const struct type *read_union(struct type_reader *r)
{
	VEC(const struct type *) parts = { 0 };
	const struct type *first;
	struct type *t;

	if (r->depth++ >= TYPE_DEPTH) {
		error_set(r->err, ERROR_INVALID, "type is nested too deep");
		return NULL;
	}
	first = read_one(r);
	if (first && take(r, '|')) {
		*vec_push(&parts) = first;
		do {
			first = read_one(r);
			*vec_push(&parts) = first;
		} while (first && take(r, '|'));
	}
	r->depth--;
	if (!first || parts.n == 0) {
		vec_release(&parts);
		return first;
	}
	t = arena_new(r->arena, struct type, 1);
	t->kind = TYPE_UNION;
	t->n = parts.n;
	t->parts = vec_take(&parts, r->arena);
	return t;
}

const struct type *type_parse(struct str text, struct arena *a, uint32_t *at,
			      struct error *err)
{
	struct type_reader r = { .arena = a, .err = err };
	const struct type *t = NULL;

	if (text.n > TYPE_TEXT_MAX) {
		error_set(err, ERROR_INVALID, "type is too long");
	} else {
		/* Names in it point into the text: keep our own. */
		r.text = str_dup(text, a);
		t = read_union(&r);
		skip_blanks(&r);
		if (t && r.at < r.text.n)
			t = expected(&r, "\"|\" or the end of the type");
	}
	if (at)
		*at = (uint32_t)r.at;
	return t;
}

/* -- printing -- */

static void print_parts(const struct type *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *comma = t->kind == TYPE_UNION ? " | " : ", ";

		if (i)
			buf_add_c(out, comma);
		if (t->names)
			buf_add_str(out, t->names[i]);
		if (t->kind == TYPE_OBJECT)
			buf_add_c(out, t->optional[i] ? "?: " : ": ");
		if (t->parts)
			type_print(t->parts[i], out);
	}
}

void type_print(const struct type *t, struct buf *out)
{
	switch (t->kind) {
	case TYPE_REF:
		buf_add_str(out, t->name);
		return;
	case TYPE_UNION:
		print_parts(t, out);
		return;
	case TYPE_ENUM:
		buf_add_c(out, "enum(");
		print_parts(t, out);
		buf_add_char(out, ')');
		return;
	case TYPE_OBJECT:
		buf_add_c(out, "object({");
		print_parts(t, out);
		buf_add_c(out, "})");
		return;
	case TYPE_LIST:
	case TYPE_SET:
	case TYPE_MAP:
		for (size_t i = 0;
		     i < sizeof(containers) / sizeof(containers[0]); i++)
			if (containers[i].kind == t->kind)
				buf_add_c(out, containers[i].name);
		buf_add_char(out, '(');
		print_parts(t, out);
		buf_add_char(out, ')');
		return;
	case TYPE_ANY:
	case TYPE_STRING:
	case TYPE_NUMBER:
	case TYPE_BOOL:
	case TYPE_CIDR:
	case TYPE_IP:
	case TYPE_DURATION:
	case TYPE_SIZE:
	case TYPE_JSON:
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (words[i].kind == t->kind)
				buf_add_c(out, words[i].name);
		return;
	}
}
