/* Values of the language and what services write for them. */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"
#include "providers/aws/parts.h"
#include "providers/aws/policy.h"

#include <strings.h>

enum { DOCUMENT_MAX = 1 << 20 };

#define SECOND INT64_C(1000)
#define DAY    (INT64_C(86400) * SECOND)
#define GIB    (INT64_C(1) << 30)

static struct value text_value(struct value v)
{
	struct str s = aws_text_of(v);

	return value_is_null(v) ? v : value_str(s);
}

static bool whole_number(struct value v, int64_t *out)
{
	struct str s = aws_text_of(v);
	bool is_negative = s.n && s.s[0] == '-';
	uint64_t n;

	if (!str_to_u64(str_skip(s, is_negative), &n) || n > INT64_MAX)
		return false;
	*out = is_negative ? -(int64_t)n : (int64_t)n;
	return true;
}

/* Each character changed; `from` becomes `to`. */
static struct value map_chars(struct str s, char from, char to, bool upper,
			      bool lower, struct arena *a)
{
	char *out = str_c(s, a);

	for (char *p = out; *p; p++) {
		if (*p == from)
			*p = to;
		else if (upper && *p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
		else if (lower && *p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return value_str(str_from(out));
}

static struct str json_text(struct value v, struct arena *a)
{
	struct str out;
	struct buf b;

	buf_init(&b, DOCUMENT_MAX);
	json_write(&b, v, JSON_REVEAL);
	out = str_dup(buf_str(&b), a);
	buf_wipe(&b);
	return out;
}

/* The text of a document, read; text that is none stays text. */
static struct value document(struct value v, struct arena *a)
{
	struct value out;

	return v.kind == VALUE_STRING && policy_read(v.as.text, a, &out) == 0
		   ? out
		   : v;
}

static int64_t amount_of(struct value v, enum value_kind kind)
{
	if (v.kind != kind)
		BUG("an amount was expected, not a %s", value_kind_name(v));
	return v.as.amount;
}

static struct value param(const struct aws_attr *m, struct value v,
			  struct arena *a)
{
	switch (m->form) {
	case AWS_TEXT:
	case AWS_NAME:
		return text_value(v);
	case AWS_WORD:
		return map_chars(aws_text_of(v), '_', '-', false, false, a);
	case AWS_UPPER:
		return map_chars(aws_text_of(v), '\0', '\0', true, false, a);
	case AWS_BOOL:
	case AWS_NUMBER:
		return v;
	case AWS_SECONDS:
		return value_int_in(amount_of(v, VALUE_DURATION) / SECOND, a);
	case AWS_DAYS:
		return value_int_in(
		    (amount_of(v, VALUE_DURATION) + DAY - 1) / DAY, a);
	case AWS_GIB:
		return value_int_in((amount_of(v, VALUE_SIZE) + GIB - 1) / GIB,
				    a);
	case AWS_TEXTS:
		return part_set(v, NULL, a);
	case AWS_DOCUMENT:
		return v.kind == VALUE_STRING ? v : value_str(json_text(v, a));
	}
	return v;
}

struct value aws_param(const struct aws_attr *m, struct value v,
		       struct arena *a)
{
	if (value_is_null(v))
		return v;
	return value_mark(param(m, v, a), value_marks(v));
}

static struct value amount(struct value v, enum value_kind kind, int64_t unit)
{
	int64_t n;

	if (!whole_number(v, &n) || n > INT64_MAX / unit || n < 0)
		return value_null();
	return (struct value){ .kind = (uint8_t)kind, .as.amount = n * unit };
}

static struct value boolean(struct value v)
{
	struct str s = aws_text_of(v);

	if (str_is(s, "true") || str_is(s, "false"))
		return value_bool(str_is(s, "true"));
	return value_null();
}

static struct value number(struct value v, struct arena *a)
{
	int64_t n;

	return whole_number(v, &n) ? value_int_in(n, a) : value_null();
}

struct value aws_shown(const struct aws_attr *m, struct value object,
		       struct arena *a)
{
	const struct value *v;

	if (!m->path)
		return value_null();
	if (m->form == AWS_TEXTS)
		return part_set(aws_items(object, m->path, a), m->in, a);
	v = aws_get(object, m->path);
	if (!v)
		return value_null();
	switch (m->form) {
	case AWS_TEXT:
	case AWS_NAME:
		return text_value(*v);
	case AWS_WORD:
		return map_chars(aws_text_of(*v), '-', '_', false, true, a);
	case AWS_UPPER:
		return map_chars(aws_text_of(*v), '\0', '\0', false, true, a);
	case AWS_BOOL:
		return boolean(*v);
	case AWS_NUMBER:
		return number(*v, a);
	case AWS_SECONDS:
		return amount(*v, VALUE_DURATION, SECOND);
	case AWS_DAYS:
		return amount(*v, VALUE_DURATION, DAY);
	case AWS_GIB:
		return amount(*v, VALUE_SIZE, GIB);
	case AWS_DOCUMENT:
		return document(*v, a);
	case AWS_TEXTS:
		break;
	}
	return value_null();
}

static bool same_text(struct value a, struct value b)
{
	struct str x = aws_text_of(a), y = aws_text_of(b);

	return x.n == y.n && strncasecmp(x.s, y.s, x.n) == 0;
}

bool value_says(const struct aws_attr *m, struct value a, struct value b,
		struct arena *arena)
{
	struct value x = aws_param(m, a, arena);
	struct value y = aws_param(m, b, arena);

	switch (m->form) {
	case AWS_TEXT:
		return str_eq(aws_text_of(x), aws_text_of(y));
	case AWS_NAME:
	case AWS_WORD:
	case AWS_UPPER:
		return same_text(x, y);
	case AWS_TEXTS:
		/* None and an empty one are the same. */
		if (value_is_null(x) || value_is_null(y))
			return (value_is_null(x) || !x.as.list.n) &&
			       (value_is_null(y) || !y.as.list.n);
		return value_eq(x, y);
	case AWS_DOCUMENT:
		return value_eq(document(x, arena), document(y, arena));
	case AWS_BOOL:
	case AWS_NUMBER:
	case AWS_SECONDS:
	case AWS_DAYS:
	case AWS_GIB:
		return value_eq(x, y);
	}
	return false;
}

void aws_differ(struct value now, struct value wanted, struct arena *a,
		struct value *add, struct value *gone)
{
	struct value x = part_set(now, NULL, a);
	struct value y = part_set(wanted, NULL, a);
	size_t i = 0, k = 0, n_add = 0, n_gone = 0;
	struct value *more = arena_new(a, struct value, y.as.list.n + 1);
	struct value *less = arena_new(a, struct value, x.as.list.n + 1);

	/* Both are sorted. */
	while (i < x.as.list.n || k < y.as.list.n) {
		int order = i == x.as.list.n ? 1
			    : k == y.as.list.n
				? -1
				: str_cmp(x.as.list.items[i].as.text,
					  y.as.list.items[k].as.text);

		if (order < 0)
			less[n_gone++] = x.as.list.items[i];
		else if (order > 0)
			more[n_add++] = y.as.list.items[k];
		i += order <= 0;
		k += order >= 0;
	}
	*add = value_list(more, n_add);
	*gone = value_list(less, n_gone);
}

/* Entries sorted by key whose keys have the same head before a dot. */
static size_t run_of(const struct value_entry *e, size_t n, struct str head)
{
	size_t i = 0;

	while (i < n && e[i].key.n > head.n && e[i].key.s[head.n] == '.' &&
	       memcmp(e[i].key.s, head.s, head.n) == 0)
		i++;
	return i;
}

/* As deep as names of parameters have dots. */
static struct value nested(const struct value_entry *e, size_t n,
			   struct arena *a)
{
	struct value_entry *out = arena_new(a, struct value_entry, n + 1);
	size_t kept = 0;

	for (size_t i = 0; i < n;) {
		struct str rest = e[i].key, head = str_cut(&rest, '.');
		size_t run = run_of(e + i, n - i, head);
		struct value_entry *inner;

		if (run == 0) {
			out[kept++] = e[i++];
			continue;
		}
		inner = arena_new(a, struct value_entry, run);
		for (size_t k = 0; k < run; k++)
			inner[k] = (struct value_entry){
				str_skip(e[i + k].key, head.n + 1),
				e[i + k].value,
			};
		out[kept++] =
		    (struct value_entry){ head, nested(inner, run, a) };
		i += run;
	}
	return value_map(out, kept, a);
}

struct value fields_nested(struct fields *f, struct arena *a)
{
	struct value flat = fields_done(f, a);

	return nested(flat.as.map.entries, flat.as.map.n, a);
}
