#include <config.h>

#include "lang/literal.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/decimal.h"
#include "lang/utf8.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WRITE_DEPTH = 250, /* no value is nested deeper */
	KEY_MAX = 1 << 20,
	C1_FIRST = 0x80,
	C1_LAST = 0x9f,
	DELETE = 0x7f,
};

struct writer {
	struct buf *out;
	unsigned width; /* 0: one line */
};

static bool is_control(uint32_t code)
{
	return code < ' ' || (code >= DELETE && code <= C1_LAST);
}

static void write_string(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	while (s.n) {
		struct utf8 c = utf8_next(s);

		if (c.code == '\n')
			buf_add_c(out, "\\n");
		else if (c.code == '\t')
			buf_add_c(out, "\\t");
		else if (c.code == '\r')
			buf_add_c(out, "\\r");
		else if (c.code == '"' || c.code == '\\')
			buf_fmt(out, "\\%c", (char)c.code);
		else if (c.code == '$' && s.n > 1 && s.s[1] == '{')
			buf_add_c(out, "\\$");
		else if (is_control(c.code))
			buf_fmt(out, "\\u{%x}", (unsigned)c.code);
		else
			buf_add(out, s.s, c.length);
		s = str_skip(s, c.length);
	}
	buf_add_char(out, '"');
}

static void add_zeros(struct buf *out, int64_t n)
{
	while (n-- > 0)
		buf_add_char(out, '0');
}

/* "-1.25e40" has digits and zeros instead: the language has no exponents. */
static void write_number(struct buf *out, struct str number)
{
	struct str exponent = number, whole, fraction;
	struct str mantissa = str_cut(&exponent, 'e');
	bool is_small = str_starts(exponent, "-");
	uint64_t shift;
	int64_t n;

	if (!str_to_u64(str_skip(exponent, is_small), &shift) ||
	    shift > DECIMAL_MAX_EXPONENT + DECIMAL_MAX_DIGITS) {
		buf_add_str(out, number);
		return;
	}
	fraction = mantissa;
	whole = str_cut(&fraction, '.');
	if (str_starts(whole, "-")) {
		buf_add_char(out, '-');
		whole = str_skip(whole, 1);
	}
	/* One digit stands before the point; n stand behind it. */
	n = (int64_t)shift;
	if (is_small) {
		buf_add_c(out, "0.");
		add_zeros(out, n - 1);
	}
	buf_add_str(out, whole);
	buf_add_str(out, fraction);
	if (!is_small)
		add_zeros(out, n - (int64_t)fraction.n);
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];
		bool is_letter = (c >= 'a' && c <= 'z') ||
				 (c >= 'A' && c <= 'Z') || c == '_';

		if (!is_letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return s.n > 0;
}

static void write_key(struct buf *out, struct str key)
{
	if (is_name(key))
		buf_add_str(out, key);
	else
		write_string(out, key);
}

static void write_value(struct writer *w, struct value v, unsigned depth);

static void new_line(struct buf *out, unsigned depth)
{
	buf_add_char(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_add_c(out, "  ");
}

static void write_list(struct writer *w, struct value v, unsigned depth)
{
	buf_add_char(w->out, '[');
	for (size_t i = 0; i < v.as.list.n; i++) {
		if (w->width)
			new_line(w->out, depth + 1);
		else if (i)
			buf_add_c(w->out, ", ");
		write_value(w, v.as.list.items[i], depth + 1);
		if (w->width)
			buf_add_char(w->out, ',');
	}
	if (w->width)
		new_line(w->out, depth);
	buf_add_char(w->out, ']');
}

/* How wide the key of an entry is, as it is written. */
static size_t key_width(struct str key)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, KEY_MAX);
	write_key(&b, key);
	for (struct str s = buf_str(&b); s.n;) {
		struct utf8 c = utf8_next(s);

		n += c.width;
		s = str_skip(s, c.length);
	}
	buf_release(&b);
	return n;
}

static void write_map(struct writer *w, struct value v, unsigned depth)
{
	size_t widest = 0;

	buf_add_char(w->out, '{');
	for (size_t i = 0; w->width && i < v.as.map.n; i++) {
		size_t width = key_width(v.as.map.entries[i].key);

		if (width > widest)
			widest = width;
	}
	for (size_t i = 0; i < v.as.map.n; i++) {
		const struct value_entry *e = &v.as.map.entries[i];

		if (w->width)
			new_line(w->out, depth + 1);
		else
			buf_add_c(w->out, i ? ", " : " ");
		write_key(w->out, e->key);
		for (size_t n = w->width ? key_width(e->key) : widest;
		     n < widest; n++)
			buf_add_char(w->out, ' ');
		buf_add_c(w->out, " = ");
		write_value(w, e->value, depth + 1);
	}
	if (w->width)
		new_line(w->out, depth);
	else
		buf_add_char(w->out, ' ');
	buf_add_char(w->out, '}');
}

/* On one line where it fits, or where lines do not matter. */
static void write_many(struct writer *w, struct value v, unsigned depth)
{
	struct writer one = { .out = w->out };
	struct buf line;
	bool is_list = v.kind == VALUE_LIST;

	if ((is_list ? v.as.list.n : v.as.map.n) == 0) {
		buf_add_c(w->out, is_list ? "[]" : "{}");
		return;
	}
	if (w->width) {
		size_t most = w->width > 2 * depth ? w->width - 2 * depth : 1;

		/* What is too wide is cut off here, and never measured. */
		buf_init(&line, most);
		one.out = &line;
		if (is_list)
			write_list(&one, v, depth);
		else
			write_map(&one, v, depth);
		if (!buf_is_full(&line)) {
			buf_add_str(w->out, buf_str(&line));
			buf_release(&line);
			return;
		}
		buf_release(&line);
		one = *w;
	}
	if (is_list)
		write_list(&one, v, depth);
	else
		write_map(&one, v, depth);
}

/* What an existing object refers to has its id for an address. */
static void write_object(struct buf *out, const struct object *o)
{
	size_t n = o->type.n;

	for (size_t i = 0; i + n < o->address.n; i++)
		if (str_eq(str_sub(o->address, i, i + n), o->type) &&
		    o->address.s[i + n] == '.') {
			buf_add_str(out, o->address);
			return;
		}
	write_string(out, o->address);
}

static void write_amount(struct buf *out, struct value v)
{
	struct arena scratch = { 0 };

	buf_add_str(out, value_amount_text(v, &scratch));
	arena_release(&scratch);
}

static void write_value(struct writer *w, struct value v, unsigned depth)
{
	if (v.marks & MARK_SECRET) {
		buf_add_c(w->out, "(secret)");
		return;
	}
	if (value_is_unknown(v)) {
		buf_add_c(w->out, "(known after apply)");
		return;
	}
	if (depth > WRITE_DEPTH)
		BUG("a value is nested more than %d deep", WRITE_DEPTH);
	/* The rest would be dropped: a wide list is not walked to its end. */
	if (buf_is_full(w->out))
		return;
	switch ((enum value_kind)v.kind) {
	case VALUE_NULL:
		buf_add_c(w->out, "null");
		return;
	case VALUE_BOOL:
		buf_add_c(w->out, v.as.boolean ? "true" : "false");
		return;
	case VALUE_STRING:
		write_string(w->out, v.as.text);
		return;
	case VALUE_NUMBER:
		write_number(w->out, v.as.text);
		return;
	case VALUE_CIDR:
	case VALUE_IP:
		buf_add_str(w->out, v.as.text);
		return;
	case VALUE_DURATION:
	case VALUE_SIZE:
		write_amount(w->out, v);
		return;
	case VALUE_LIST:
	case VALUE_MAP:
		write_many(w, v, depth);
		return;
	case VALUE_OBJECT:
		write_object(w->out, v.as.object);
		return;
	}
	BUG("value of kind %d", v.kind);
}

void literal_write(struct buf *out, struct value v, unsigned width)
{
	struct writer w = { .out = out, .width = width };

	write_value(&w, v, 0);
}
