/* Values of the language and what services write for them. */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "lang/base/buf.h"
#include "lang/json.h"

#include <stdlib.h>
#include <strings.h>

enum { DOCUMENT_MAX = 1 << 20 };

#define SECOND INT64_C(1000)
#define DAY    (INT64_C(86400) * SECOND)
#define GIB    (INT64_C(1) << 30)

static struct str text_of(struct value v)
{
	switch ((enum value_kind)v.kind) {
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		return v.as.text;
	case VALUE_BOOL:
		return v.as.boolean ? STR("true") : STR("false");
	case VALUE_NULL:
	case VALUE_DURATION:
	case VALUE_SIZE:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_OBJECT:
		break;
	}
	return (struct str){ "", 0 };
}

static struct value text_value(struct value v)
{
	struct str s = text_of(v);

	return value_is_null(v) ? v : value_str(s);
}

static bool whole_number(struct value v, int64_t *out)
{
	struct str s = text_of(v);
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

static int order_texts(const void *a, const void *b)
{
	return str_cmp(((const struct value *)a)->as.text,
		       ((const struct value *)b)->as.text);
}

/* Sorted, each once. */
static struct value text_set(struct value *items, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(items, n, sizeof(*items), order_texts);
	for (size_t i = 0; i < n; i++)
		if (!kept || !str_eq(items[kept - 1].as.text, items[i].as.text))
			items[kept++] = items[i];
	return value_list(items, kept);
}

static struct value texts(struct value list, const char *in, struct arena *a)
{
	size_t n = list.kind == VALUE_LIST ? list.as.list.n : 0, kept = 0;
	struct value *out = arena_new(a, struct value, n + 1);

	for (size_t i = 0; i < n; i++) {
		struct value item = list.as.list.items[i];
		struct str text = in ? aws_text(item, in) : text_of(item);

		if (text.n)
			out[kept++] = value_str(text);
	}
	return text_set(out, kept);
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

static int hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static struct str url_decoded(struct str s, struct arena *a)
{
	char *out = arena_new(a, char, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int high = -1, low = -1;

		if (s.s[i] == '%' && i + 2 < s.n) {
			high = hex_digit(s.s[i + 1]);
			low = hex_digit(s.s[i + 2]);
		}
		if (high < 0 || low < 0) {
			out[n++] = s.s[i];
			continue;
		}
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	return (struct str){ out, n };
}

/* The text of a document, read; text that is none stays text. */
static struct value document(struct value v, struct arena *a)
{
	struct error ignored = { 0 };
	struct value out;
	struct str s;

	if (v.kind != VALUE_STRING)
		return v;
	s = str_trim(v.as.text);
	if (str_starts(s, "%7B") || str_starts(s, "%7b") ||
	    str_starts(s, "%5B") || str_starts(s, "%5b"))
		s = url_decoded(s, a);
	return json_read(s, a, &out, &ignored) < 0 ? v : out;
}

static struct value param(const struct aws_attr *m, struct value v,
			  struct arena *a)
{
	switch (m->form) {
	case AWS_TEXT:
	case AWS_NAME:
		return text_value(v);
	case AWS_WORD:
		return map_chars(text_of(v), '_', '-', false, false, a);
	case AWS_UPPER:
		return map_chars(text_of(v), '\0', '\0', true, false, a);
	case AWS_BOOL:
	case AWS_NUMBER:
		return v;
	case AWS_SECONDS:
		return value_int_in(v.as.amount / SECOND, a);
	case AWS_DAYS:
		return value_int_in((v.as.amount + DAY - 1) / DAY, a);
	case AWS_GIB:
		return value_int_in((v.as.amount + GIB - 1) / GIB, a);
	case AWS_TEXTS:
		return texts(v, NULL, a);
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
	struct str s = text_of(v);

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
		return texts(aws_items(object, m->path, a), m->in, a);
	v = aws_get(object, m->path);
	if (!v)
		return value_null();
	switch (m->form) {
	case AWS_TEXT:
	case AWS_NAME:
		return text_value(*v);
	case AWS_WORD:
		return map_chars(text_of(*v), '-', '_', false, true, a);
	case AWS_UPPER:
		return map_chars(text_of(*v), '\0', '\0', false, true, a);
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
	struct str x = text_of(a), y = text_of(b);

	return x.n == y.n && strncasecmp(x.s, y.s, x.n) == 0;
}

bool value_says(const struct aws_attr *m, struct value a, struct value b,
		struct arena *arena)
{
	struct value x = aws_param(m, a, arena);
	struct value y = aws_param(m, b, arena);

	switch (m->form) {
	case AWS_TEXT:
		return str_eq(text_of(x), text_of(y));
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
	struct value x = texts(now, NULL, a), y = texts(wanted, NULL, a);
	size_t i = 0, k = 0, n_add = 0, n_gone = 0;
	struct value *more = arena_new(a, struct value, y.as.list.n + 1);
	struct value *less = arena_new(a, struct value, x.as.list.n + 1);

	/* Both are sorted. */
	while (i < x.as.list.n || k < y.as.list.n) {
		int order =
		    i == x.as.list.n ? 1
		    : k == y.as.list.n
			? -1
			: order_texts(&x.as.list.items[i], &y.as.list.items[k]);

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
