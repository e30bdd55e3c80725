/*
 * Conversion of values to types. Comes in: a value as evaluated; goes out: the
 * same value in the form that the type asks for, or the reason why not, with
 * the path to the item that does not fit.
 */
#include <config.h>

#include "lang/amount.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/cidr.h"
#include "lang/json.h"
#include "lang/order.h"
#include "lang/type.h"

#include <string.h>

enum { JSON_MOST = 64 << 20 };

/* Where in the value we are: from the item up to the whole. */
struct step {
	const struct step *up;
	struct str key; /* .s NULL: an index */
	size_t index;
};

struct conversion {
	struct arena *arena;
	struct buf *why; /* NULL: nobody wants to know */
};

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.s[i] >= 'a' && s.s[i] <= 'z') || s.s[i] == '_' ||
		      (i && s.s[i] >= '0' && s.s[i] <= '9')))
			return false;
	return s.n > 0;
}

static void print_path(const struct step *s, struct buf *out)
{
	if (!s)
		return;
	print_path(s->up, out);
	if (!s->key.s)
		buf_fmt(out, "[%zu]", s->index);
	else if (is_name(s->key))
		buf_fmt(out, ".%.*s", STR_ARG(s->key));
	else
		buf_fmt(out, "[\"%.*s\"]", STR_ARG(s->key));
}

__attribute__((format(printf, 3, 4))) static int
fail(struct conversion *c, const struct step *at, const char *format, ...)
{
	va_list args;

	if (!c->why)
		return -1;
	if (at) {
		print_path(at, c->why);
		buf_add_c(c->why, ": ");
	}
	va_start(args, format);
	buf_vfmt(c->why, format, args);
	va_end(args);
	return -1;
}

static const char *article(const char *word)
{
	return strchr("aeiou", word[0]) ? "an" : "a";
}

/* "a string", "an ip", "null", "one of a, b", "a cidr or a subnet" */
static void print_wanted(const struct type *t, struct buf *out)
{
	struct buf name;

	switch (t->kind) {
	case TYPE_ENUM:
		buf_add_c(out, "one of ");
		for (size_t i = 0; i < t->n; i++)
			buf_fmt(out, "%s%.*s", i ? ", " : "",
				STR_ARG(t->names[i]));
		return;
	case TYPE_UNION:
		for (size_t i = 0; i < t->n; i++) {
			if (i)
				buf_add_c(out, i + 1 < t->n ? ", " : " or ");
			print_wanted(t->parts[i], out);
		}
		return;
	case TYPE_LIST:
	case TYPE_SET:
		buf_add_c(out, "a list");
		return;
	case TYPE_MAP:
		buf_add_c(out, "a map");
		return;
	case TYPE_OBJECT:
		buf_add_c(out, "a map");
		return;
	case TYPE_JSON:
		buf_add_c(out, "a JSON text, a list or a map");
		return;
	case TYPE_ANY:
	case TYPE_STRING:
	case TYPE_NUMBER:
	case TYPE_BOOL:
	case TYPE_CIDR:
	case TYPE_IP:
	case TYPE_DURATION:
	case TYPE_SIZE:
	case TYPE_REF:
		buf_init(&name, 1000);
		type_print(t, &name);
		buf_fmt(out, "%s %s", article(name.data), name.data);
		buf_release(&name);
		return;
	}
}

static int mismatch(struct conversion *c, const struct step *at,
		    const struct type *t, struct value in)
{
	const char *found = value_kind_name(in);
	struct buf wanted;

	if (!c->why)
		return -1;
	buf_init(&wanted, 4000);
	print_wanted(t, &wanted);
	if (value_is_null(in))
		fail(c, at, "expected %s, found null", wanted.data);
	else
		fail(c, at, "expected %s, found %s %s", wanted.data,
		     article(found), found);
	buf_release(&wanted);
	return -1;
}

/* A text in quotes for a message, unless it is secret or long. */
static struct str quoted(struct conversion *c, struct value v)
{
	if (v.marks & MARK_SECRET)
		return STR("a secret text");
	if (v.as.text.n > 80)
		return str_fmt(c->arena, "\"%.*s…\"", 60, v.as.text.s);
	return str_fmt(c->arena, "\"%.*s\"", STR_ARG(v.as.text));
}

static int bad_text(struct conversion *c, const struct step *at,
		    const struct type *t, struct value in)
{
	static const char *const samples[] = {
		[TYPE_CIDR] = "10.0.0.0/16",
		[TYPE_IP] = "10.0.0.1",
		[TYPE_DURATION] = "1h30m",
		[TYPE_SIZE] = "20GiB",
	};
	struct buf wanted;
	struct str text = quoted(c, in);

	buf_init(&wanted, 1000);
	print_wanted(t, &wanted);
	fail(c, at, "%.*s is not %s such as %s", STR_ARG(text), wanted.data,
	     samples[t->kind]);
	buf_release(&wanted);
	return -1;
}

static int to_cidr(struct conversion *c, const struct step *at,
		   const struct type *t, struct value in, struct value *out)
{
	struct cidr block;
	struct str right;

	if (in.kind != VALUE_STRING && in.kind != VALUE_CIDR)
		return mismatch(c, at, t, in);
	if (!cidr_read(in.as.text, &block))
		return bad_text(c, at, t, in);
	if (!cidr_is_network(block)) {
		struct str text = quoted(c, in);

		right = cidr_text(cidr_network(block), c->arena);
		if (in.marks & MARK_SECRET)
			return fail(c, at, "a secret cidr has host bits set");
		return fail(c, at, "%.*s has host bits set: the block is %.*s",
			    STR_ARG(text), STR_ARG(right));
	}
	*out = in;
	out->kind = VALUE_CIDR;
	out->as.text = cidr_text(block, c->arena);
	return 0;
}

static int to_ip(struct conversion *c, const struct step *at,
		 const struct type *t, struct value in, struct value *out)
{
	uint32_t ip;

	if (in.kind != VALUE_STRING && in.kind != VALUE_IP)
		return mismatch(c, at, t, in);
	if (!ip_read(in.as.text, &ip))
		return bad_text(c, at, t, in);
	*out = in;
	out->kind = VALUE_IP;
	out->as.text = ip_text(ip, c->arena);
	return 0;
}

static int to_amount(struct conversion *c, const struct step *at,
		     const struct type *t, struct value in, struct value *out)
{
	enum value_kind kind =
	    t->kind == TYPE_SIZE ? VALUE_SIZE : VALUE_DURATION;
	int64_t amount;

	*out = in;
	if (in.kind == kind)
		return 0;
	if (in.kind != VALUE_STRING)
		return mismatch(c, at, t, in);
	if (!(kind == VALUE_SIZE ? size_read : duration_read)(in.as.text,
							      &amount))
		return bad_text(c, at, t, in);
	out->kind = kind;
	out->as.amount = amount;
	return 0;
}

static int to_string(struct conversion *c, const struct step *at,
		     const struct type *t, struct value in, struct value *out)
{
	*out = in;
	out->kind = VALUE_STRING;
	if (in.kind == VALUE_STRING || in.kind == VALUE_CIDR ||
	    in.kind == VALUE_IP)
		return 0;
	if (in.kind == VALUE_DURATION || in.kind == VALUE_SIZE) {
		out->as.text = value_amount_text(in, c->arena);
		return 0;
	}
	if (mismatch(c, at, t, in) < 0 && c->why &&
	    (in.kind == VALUE_NUMBER || in.kind == VALUE_BOOL))
		buf_add_c(c->why, "; a template \"${…}\" makes a string of it");
	return -1;
}

static int to_enum(struct conversion *c, const struct step *at,
		   const struct type *t, struct value in, struct value *out)
{
	struct buf wanted;
	struct str text;

	if (in.kind != VALUE_STRING)
		return mismatch(c, at, t, in);
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->names[i], in.as.text)) {
			*out = in;
			return 0;
		}
	text = quoted(c, in);
	buf_init(&wanted, 4000);
	print_wanted(t, &wanted);
	fail(c, at, "expected %s, found %.*s", wanted.data, STR_ARG(text));
	buf_release(&wanted);
	return -1;
}

/* References become the ids that they stand for, as providers will see them. */
static struct value with_ids(struct value v, struct arena *a)
{
	struct value out;

	if (v.kind == VALUE_OBJECT) {
		if (!v.as.object->get ||
		    !v.as.object->get(v.as.object, STR("id"), a, &out) ||
		    out.kind == VALUE_OBJECT)
			out = value_str(v.as.object->address);
		return value_mark(out, v.marks);
	}
	return value_each(v, with_ids, a);
}

static int to_json(struct conversion *c, const struct step *at,
		   const struct type *t, struct value in, struct value *out)
{
	struct error err = { 0 };
	struct value document = in;
	unsigned marks;
	struct buf text;
	int result = 0;

	if (in.kind == VALUE_STRING) {
		if (json_read(in.as.text, c->arena, &document, &err) < 0)
			return fail(c, at, "%s",
				    in.marks & MARK_SECRET ? "not valid JSON"
							   : err.message);
	} else if (in.kind == VALUE_LIST || in.kind == VALUE_MAP) {
		document = with_ids(in, c->arena);
	} else {
		return mismatch(c, at, t, in);
	}
	marks = in.marks | value_marks(document);
	if (marks & MARK_UNKNOWN) {
		*out = value_mark(value_unknown(), marks);
		return 0;
	}
	buf_init(&text, JSON_MOST);
	json_write(&text, document, JSON_REVEAL);
	if (buf_is_full(&text))
		result = fail(c, at, "the JSON text is larger than 64 MiB");
	else
		*out = value_mark(value_str(str_dup(buf_str(&text), c->arena)),
				  marks);
	buf_wipe(&text);
	return result;
}

static int convert(struct conversion *c, const struct step *at,
		   const struct type *t, struct value in, struct value *out);

static int to_list(struct conversion *c, const struct step *at,
		   const struct type *t, struct value in, struct value *out)
{
	struct value *items;
	size_t n = in.as.list.n;

	if (in.kind != VALUE_LIST)
		return mismatch(c, at, t, in);
	items = arena_new(c->arena, struct value, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct step here = { .up = at, .index = i };

		if (value_is_null(in.as.list.items[i]) &&
		    t->parts[0]->kind != TYPE_ANY)
			return mismatch(c, &here, t->parts[0],
					in.as.list.items[i]);
		if (convert(c, &here, t->parts[0], in.as.list.items[i],
			    &items[i]) < 0)
			return -1;
	}
	if (t->kind == TYPE_SET)
		n = value_sort_unique(items, n);
	*out = value_mark(value_list(items, n), in.marks);
	return 0;
}

/* Null entries are left out: tags = { x = on ? "a" : null }. */
static int to_map(struct conversion *c, const struct step *at,
		  const struct type *t, struct value in, struct value *out)
{
	struct value_entry *entries;
	size_t n = 0;

	if (in.kind != VALUE_MAP)
		return mismatch(c, at, t, in);
	entries = arena_new(c->arena, struct value_entry, in.as.map.n + 1);
	for (size_t i = 0; i < in.as.map.n; i++) {
		const struct value_entry *e = &in.as.map.entries[i];
		struct step here = { .up = at, .key = e->key };

		if (value_is_null(e->value))
			continue;
		entries[n].key = e->key;
		if (convert(c, &here, t->parts[0], e->value,
			    &entries[n].value) < 0)
			return -1;
		n++;
	}
	*out = value_mark(
	    (struct value){ .kind = VALUE_MAP, .as.map = { entries, n } },
	    in.marks);
	return 0;
}

static int find_stranger(struct conversion *c, const struct step *at,
			 const struct type *t, struct value in)
{
	for (size_t i = 0; i < in.as.map.n; i++) {
		struct str key = in.as.map.entries[i].key;
		bool is_member = false;

		for (size_t k = 0; k < t->n && !is_member; k++)
			is_member = str_eq(t->names[k], key);
		if (!is_member)
			return fail(c, at, "unrecognised member \"%.*s\"",
				    STR_ARG(key));
	}
	return 0;
}

/* Optional members that are not there become null. */
static int to_object(struct conversion *c, const struct step *at,
		     const struct type *t, struct value in, struct value *out)
{
	struct value_entry *entries;

	if (in.kind != VALUE_MAP)
		return mismatch(c, at, t, in);
	if (find_stranger(c, at, t, in) < 0)
		return -1;
	entries = arena_new(c->arena, struct value_entry, t->n + 1);
	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = value_get_str(in, t->names[i]);
		struct step here = { .up = at, .key = t->names[i] };

		entries[i].key = t->names[i];
		entries[i].value = value_null();
		if ((!v || value_is_null(*v)) && !t->optional[i])
			return fail(c, at, "member \"%.*s\" is missing",
				    STR_ARG(t->names[i]));
		if (v &&
		    convert(c, &here, t->parts[i], *v, &entries[i].value) < 0)
			return -1;
	}
	*out = value_mark(value_map(entries, t->n, c->arena), in.marks);
	return 0;
}

/* Whether a value is of a type already, looking only at its outside. */
static bool is_exactly(const struct type *t, struct value v)
{
	switch (t->kind) {
	case TYPE_ANY:
		return false; /* last of all */
	case TYPE_STRING:
		return v.kind == VALUE_STRING;
	case TYPE_NUMBER:
		return v.kind == VALUE_NUMBER;
	case TYPE_BOOL:
		return v.kind == VALUE_BOOL;
	case TYPE_CIDR:
		return v.kind == VALUE_CIDR;
	case TYPE_IP:
		return v.kind == VALUE_IP;
	case TYPE_DURATION:
		return v.kind == VALUE_DURATION;
	case TYPE_SIZE:
		return v.kind == VALUE_SIZE;
	case TYPE_LIST:
	case TYPE_SET:
		return v.kind == VALUE_LIST;
	case TYPE_MAP:
	case TYPE_OBJECT:
		return v.kind == VALUE_MAP;
	case TYPE_REF:
		return v.kind == VALUE_OBJECT &&
		       str_eq(v.as.object->type, t->name);
	case TYPE_ENUM:
		for (size_t i = 0; i < t->n; i++)
			if (v.kind == VALUE_STRING &&
			    str_eq(v.as.text, t->names[i]))
				return true;
		return false;
	case TYPE_UNION:
		for (size_t i = 0; i < t->n; i++)
			if (is_exactly(t->parts[i], v))
				return true;
		return false;
	case TYPE_JSON:
		return false;
	}
	return false;
}

static int to_union(struct conversion *c, const struct step *at,
		    const struct type *t, struct value in, struct value *out)
{
	struct conversion quiet = { .arena = c->arena };
	const struct type *near = NULL;
	size_t n_near = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (!is_exactly(t->parts[i], in))
			continue;
		if (convert(&quiet, at, t->parts[i], in, out) == 0)
			return 0;
		near = t->parts[i];
		n_near++;
	}
	for (size_t i = 0; i < t->n; i++)
		if (convert(&quiet, at, t->parts[i], in, out) == 0)
			return 0;
	/* The one alternative of this kind knows better what is wrong. */
	if (n_near == 1)
		return convert(c, at, near, in, out);
	return mismatch(c, at, t, in);
}

static int convert(struct conversion *c, const struct step *at,
		   const struct type *t, struct value in, struct value *out)
{
	*out = in;
	if (value_is_unknown(in) || value_is_null(in))
		return 0;
	switch (t->kind) {
	case TYPE_ANY:
		return 0;
	case TYPE_STRING:
		return to_string(c, at, t, in, out);
	case TYPE_NUMBER:
		return in.kind == VALUE_NUMBER ? 0 : mismatch(c, at, t, in);
	case TYPE_BOOL:
		return in.kind == VALUE_BOOL ? 0 : mismatch(c, at, t, in);
	case TYPE_CIDR:
		return to_cidr(c, at, t, in, out);
	case TYPE_IP:
		return to_ip(c, at, t, in, out);
	case TYPE_DURATION:
	case TYPE_SIZE:
		return to_amount(c, at, t, in, out);
	case TYPE_JSON:
		return to_json(c, at, t, in, out);
	case TYPE_ENUM:
		return to_enum(c, at, t, in, out);
	case TYPE_LIST:
	case TYPE_SET:
		return to_list(c, at, t, in, out);
	case TYPE_MAP:
		return to_map(c, at, t, in, out);
	case TYPE_OBJECT:
		return to_object(c, at, t, in, out);
	case TYPE_REF:
		if (in.kind == VALUE_OBJECT &&
		    str_eq(in.as.object->type, t->name))
			return 0;
		return mismatch(c, at, t, in);
	case TYPE_UNION:
		return to_union(c, at, t, in, out);
	}
	BUG("type of kind %d", (int)t->kind);
}

int type_convert(const struct type *t, struct value in, struct arena *a,
		 struct value *out, struct buf *why)
{
	struct conversion c = { .arena = a, .why = why };
	struct value result;

	if (convert(&c, NULL, t, in, &result) < 0) {
		*out = value_unknown();
		return -1;
	}
	*out = result;
	return 0;
}
