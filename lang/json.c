#include <config.h>

#include "lang/json.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "lang/decimal.h"
#include "lang/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
	JSON_DEPTH = 200,
	/* Far beyond what reading or evaluating lets come into being. */
	WRITE_DEPTH = 1000,
	KEYS = 64,
};

/* -- writing -- */

/* Copied as it is: neither control character, quote, backslash nor UTF-8. */
static bool is_plain(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x20 && u < 0x7f && c != '"' && c != '\\';
}

static const uint64_t ones = 0x0101010101010101;

/*
 * A byte's highest bit is set where it is beyond 0x7e, below 0x20, a quote or a
 * backslash. A borrow may set it for higher bytes as well: the lowest one is
 * right, and is the first where the processor keeps the lowest first.
 */
static uint64_t not_plain(uint64_t w)
{
	return (w | (w + ones) | (w - ones * 0x20) | ((w ^ ones * '"') - ones) |
		((w ^ ones * '\\') - ones)) &
	       ones * 0x80;
}

/* How many bytes are plain from the start on: eight at a time, then four. */
static size_t plain_run(const char *s, size_t n)
{
	uint64_t w, found = 0;
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		memcpy(&w, s + i, 8);
		found = not_plain(w);
		if (found)
			break;
	}
	if (found && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return i + (size_t)__builtin_ctzll(found) / 8;
	if (n - i >= 4) {
		w = ones * ' ';
		memcpy(&w, s + i, 4);
		i += not_plain(w) ? 0 : 4;
	}
	while (i < n && is_plain(s[i]))
		i++;
	return i;
}

static void write_escape(struct buf *out, uint32_t code)
{
	switch (code) {
	case '"':
		buf_add_c(out, "\\\"");
		return;
	case '\\':
		buf_add_c(out, "\\\\");
		return;
	case '\n':
		buf_add_c(out, "\\n");
		return;
	case '\r':
		buf_add_c(out, "\\r");
		return;
	case '\t':
		buf_add_c(out, "\\t");
		return;
	default:
		buf_fmt(out, "\\u%04x", (unsigned)code);
	}
}

void json_write_string(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	while (s.n) {
		size_t n = plain_run(s.s, s.n);
		struct utf8 c;

		buf_add(out, s.s, n);
		s = str_skip(s, n);
		if (s.n == 0)
			break;
		c = utf8_next(s);
		if (!c.is_valid) /* keep the document readable in any case */
			buf_add_c(out, "\\ufffd");
		else if (c.code < 0x80 && c.code != 0x7f)
			write_escape(out, c.code);
		else
			buf_add(out, s.s, c.length);
		s = str_skip(s, c.length);
	}
	buf_add_char(out, '"');
}

static void new_line(struct buf *out, unsigned flags, int depth)
{
	if (!(flags & JSON_INDENT))
		return;
	buf_add_char(out, '\n');
	for (int i = 0; i < depth; i++)
		buf_add_c(out, "  ");
}

static void write_value(struct buf *out, struct value v, unsigned flags,
			int depth);

static void write_list(struct buf *out, struct value v, unsigned flags,
		       int depth)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < v.as.list.n; i++) {
		if (i)
			buf_add_char(out, ',');
		new_line(out, flags, depth + 1);
		write_value(out, v.as.list.items[i], flags, depth + 1);
	}
	if (v.as.list.n)
		new_line(out, flags, depth);
	buf_add_char(out, ']');
}

static void write_map(struct buf *out, struct value v, unsigned flags,
		      int depth)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < v.as.map.n; i++) {
		if (i)
			buf_add_char(out, ',');
		new_line(out, flags, depth + 1);
		json_write_string(out, v.as.map.entries[i].key);
		buf_add_c(out, flags & JSON_INDENT ? ": " : ":");
		write_value(out, v.as.map.entries[i].value, flags, depth + 1);
	}
	if (v.as.map.n)
		new_line(out, flags, depth);
	buf_add_char(out, '}');
}

static void write_object(struct buf *out, const struct object *o,
			 unsigned flags, int depth)
{
	struct arena scratch = { 0 };
	struct value id;

	if (o->get && o->get(o, STR("id"), &scratch, &id) &&
	    id.kind != VALUE_OBJECT)
		write_value(out, id, flags, depth);
	else
		json_write_string(out, o->address);
	arena_release(&scratch);
}

static void write_amount(struct buf *out, struct value v)
{
	struct arena scratch = { 0 };

	json_write_string(out, value_amount_text(v, &scratch));
	arena_release(&scratch);
}

static void write_value(struct buf *out, struct value v, unsigned flags,
			int depth)
{
	if (v.marks & MARK_UNKNOWN) {
		buf_add_c(out, "\"(known after apply)\"");
		return;
	}
	if ((v.marks & MARK_SECRET) && !(flags & JSON_REVEAL)) {
		buf_add_c(out, "\"(secret)\"");
		return;
	}
	if (depth > WRITE_DEPTH)
		BUG("a value is nested more than %d deep", WRITE_DEPTH);
	switch ((enum value_kind)v.kind) {
	case VALUE_NULL:
		buf_add_c(out, "null");
		return;
	case VALUE_BOOL:
		buf_add_c(out, v.as.boolean ? "true" : "false");
		return;
	case VALUE_NUMBER:
		buf_add_str(out, v.as.text);
		return;
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		json_write_string(out, v.as.text);
		return;
	case VALUE_DURATION:
	case VALUE_SIZE:
		write_amount(out, v);
		return;
	case VALUE_LIST:
		write_list(out, v, flags, depth);
		return;
	case VALUE_MAP:
		write_map(out, v, flags, depth);
		return;
	case VALUE_OBJECT:
		write_object(out, v.as.object, flags, depth);
		return;
	}
	BUG("value of kind %d", v.kind);
}

void json_write(struct buf *out, struct value v, unsigned flags)
{
	write_value(out, v, flags, 0);
}

/* -- reading -- */

struct reader {
	struct str text;
	size_t at;
	int depth;
	struct arena *arena;
	struct error *err;
	/* Entries of all open lists and objects; a closed one is cut off. */
	VEC(struct value_entry) open;
	struct str *keys; /* KEYS that were read; NULL: not kept */
};

static int fail(const struct reader *r, const char *what)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < r->at && i < r->text.n; i++) {
		column++;
		if (r->text.s[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return error_set(r->err, ERROR_INVALID,
			 "invalid JSON at line %zu column %zu: %s", line,
			 column, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void skip_run(struct reader *r)
{
	const char *s = r->text.s;
	size_t at = r->at, n = r->text.n;

	do {
		at++;
		/* What indents a line. */
		while (n - at >= 4 && memcmp(s + at, "    ", 4) == 0)
			at += 4;
	} while (at < n && is_blank(s[at]));
	r->at = at;
}

/* Mostly there are none, and what stands there is beyond all of them. */
static inline void skip_blanks(struct reader *r)
{
	if (r->at < r->text.n && (unsigned char)r->text.s[r->at] <= ' ' &&
	    is_blank(r->text.s[r->at]))
		skip_run(r);
}

/* The next character, or NUL at the end (a NUL in the text is no token). */
static char peek(const struct reader *r)
{
	return r->at < r->text.n ? r->text.s[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static bool read_hex(struct reader *r, uint32_t *out)
{
	uint32_t code = 0;

	if (r->text.n - r->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = r->text.s[r->at + (size_t)i];

		code <<= 4;
		if (c >= '0' && c <= '9')
			code |= (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			code |= (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			code |= (uint32_t)(c - 'A' + 10);
		else
			return false;
	}
	r->at += 4;
	*out = code;
	return true;
}

/* Behind \u: one character, of one or two escapes. */
static int read_unicode(struct reader *r, char *out, size_t *n)
{
	uint32_t code, low;

	if (!read_hex(r, &code))
		return fail(r, "\\u needs four hexadecimal digits");
	if (code == 0)
		return fail(r, "\\u0000 is not allowed in a string");
	if (code >= 0xdc00 && code <= 0xdfff)
		return fail(r, "half of a surrogate pair");
	if (code >= 0xd800 && code <= 0xdbff) {
		if (!take(r, '\\') || !take(r, 'u') || !read_hex(r, &low) ||
		    low < 0xdc00 || low > 0xdfff)
			return fail(r, "half of a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	*n += utf8_write(code, out + *n);
	return 0;
}

/* Behind the backslash. No escape is shorter than what it stands for. */
static int read_escape(struct reader *r, char *out, size_t *n)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	char c = peek(r);
	const char *at = c ? strchr(names, c) : NULL;

	if (c == 'u') {
		r->at++;
		return read_unicode(r, out, n);
	}
	if (!at)
		return fail(r, "unknown escape in a string");
	r->at++;
	out[(*n)++] = bytes[at - names];
	return 0;
}

/* Behind the opening quote: finds the closing one and checks the bytes. */
static int scan_string(struct reader *r, size_t *end, bool *has_escape)
{
	size_t start = r->at;
	size_t i = start;

	*has_escape = false;
	for (;;) {
		unsigned char c;
		size_t n = 1;

		/* Most of what there is. An escape may go beyond the end. */
		if (i < r->text.n)
			i += plain_run(r->text.s + i, r->text.n - i);
		if (i >= r->text.n || r->text.s[i] == '"')
			break;
		c = (unsigned char)r->text.s[i];
		r->at = i;
		if (c < 0x20)
			return fail(r, "control character in a string");
		if (c >= 0x80) {
			struct utf8 u = utf8_next(str_skip(r->text, i));

			if (!u.is_valid)
				return fail(r, "invalid UTF-8 in a string");
			n = u.length;
		}
		if (c == '\\') {
			*has_escape = true;
			n = 2;
		}
		i += n;
	}
	r->at = start;
	if (i >= r->text.n)
		return fail(r, "a string that begins here does not end");
	*end = i;
	return 0;
}

static int read_string(struct reader *r, struct str *out)
{
	size_t end = 0, n = 0;
	bool has_escape;
	char *text;

	r->at++;
	/* Mostly all up to the closing quote. */
	n = plain_run(r->text.s + r->at, r->text.n - r->at);
	if (r->at + n < r->text.n && r->text.s[r->at + n] == '"') {
		*out = (struct str){ r->text.s + r->at, n };
		r->at += n + 1;
		return 0;
	}
	n = 0;
	if (scan_string(r, &end, &has_escape) < 0)
		return -1;
	if (!has_escape) {
		*out = str_sub(r->text, r->at, end);
		r->at = end + 1;
		return 0;
	}
	text = arena_new(r->arena, char, end - r->at + 1);
	while (r->at < end) {
		if (!take(r, '\\'))
			text[n++] = r->text.s[r->at++];
		else if (read_escape(r, text, &n) < 0)
			return -1;
	}
	r->at = end + 1;
	*out = (struct str){ text, n };
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int read_number(struct reader *r, struct value *out)
{
	size_t start = r->at;
	size_t digits;
	bool is_plain_integer = true;
	struct str text;
	struct decimal d;
	enum decimal_fault fault;

	take(r, '-');
	digits = r->at;
	while (is_digit(peek(r)))
		r->at++;
	if (r->at - digits > 1 && r->text.s[digits] == '0') {
		r->at = digits;
		return fail(r, "a number begins with a needless zero");
	}
	while (peek(r) && (is_digit(peek(r)) || strchr("+-.eE", peek(r)))) {
		is_plain_integer = false;
		r->at++;
	}
	text = str_sub(r->text, start, r->at);
	*out = (struct value){ .kind = VALUE_NUMBER, .as.text = text };
	/* Canonical already: nothing to compute and nothing to copy. */
	if (is_plain_integer && r->at > digits &&
	    r->at - digits <= DECIMAL_MAX_DIGITS && !str_is(text, "-0"))
		return 0;
	fault = decimal_read(text, &d);
	if (fault != DECIMAL_OK) {
		r->at = start;
		return fail(r, decimal_fault_text(fault));
	}
	out->as.text = decimal_text(d, r->arena);
	return 0;
}

static int read_word(struct reader *r, struct value *out)
{
	static const struct {
		const char *word;
		struct value value;
	} words[] = {
		{ "true", { .kind = VALUE_BOOL, .as.boolean = true } },
		{ "false", { .kind = VALUE_BOOL, .as.boolean = false } },
		{ "null", { .kind = VALUE_NULL } },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_starts(str_skip(r->text, r->at), words[i].word)) {
			r->at += strlen(words[i].word);
			*out = words[i].value;
			return 0;
		}
	return fail(r, r->at == r->text.n ? "the text ends too early"
					  : "expected a value");
}

static int read_value(struct reader *r, struct value *out);

static int read_items(struct reader *r, struct value *out)
{
	size_t first = r->open.n;
	struct value *items;
	size_t n;

	r->at++;
	skip_blanks(r);
	if (!take(r, ']'))
		for (;;) {
			struct value v;

			if (read_value(r, &v) < 0)
				return -1;
			vec_push(&r->open)->value = v;
			if (take(r, ']'))
				break;
			if (!take(r, ','))
				return fail(r, "expected \",\" or \"]\"");
		}
	n = r->open.n - first;
	items = arena_new(r->arena, struct value, n ? n : 1);
	for (size_t i = 0; i < n; i++)
		items[i] = r->open.items[first + i].value;
	r->open.n = first;
	*out = value_list(items, n);
	return 0;
}

/* Says which key stands twice; there is one. */
static int fail_duplicate(struct reader *r, const struct value_entry *entries,
			  size_t n)
{
	struct map seen = { 0 };
	struct str twice = STR("");

	for (size_t i = 0; i < n; i++)
		if (map_put(&seen, entries[i].key, &seen))
			twice = entries[i].key;
	map_release(&seen);
	return error_set(r->err, ERROR_INVALID,
			 "invalid JSON: the key \"%.*s\" stands twice in one "
			 "object",
			 STR_ARG(twice));
}

static int read_key(struct reader *r, struct str *key)
{
	skip_blanks(r);
	if (peek(r) != '"')
		return fail(r, "expected a key in quotes");
	if (read_string(r, key) < 0)
		return -1;
	skip_blanks(r);
	if (!take(r, ':'))
		return fail(r, "expected \":\"");
	return 0;
}

/*
 * A large text has few keys, again and again. Those that are alike share the
 * text of one, mostly: who looks for a key compares with what was just looked
 * at, and not with a place in the text that is nowhere near.
 */
static struct str shared_key(const struct reader *r, struct str key)
{
	struct str *like;

	if (!r->keys || !key.n)
		return key;
	like = &r->keys[(key.n + 5U * (unsigned char)key.s[0] +
			 (unsigned char)key.s[key.n - 1]) %
			KEYS];
	if (!str_eq(*like, key))
		*like = key;
	return *like;
}

static int read_entry(struct reader *r)
{
	struct value_entry e;

	if (read_key(r, &e.key) < 0 || read_value(r, &e.value) < 0)
		return -1;
	e.key = shared_key(r, e.key);
	*vec_push(&r->open) = e;
	return 0;
}

static int read_object(struct reader *r, struct value *out)
{
	size_t first = r->open.n;
	size_t n;

	r->at++;
	skip_blanks(r);
	if (!take(r, '}'))
		for (;;) {
			if (read_entry(r) < 0)
				return -1;
			if (take(r, '}'))
				break;
			if (!take(r, ','))
				return fail(r, "expected \",\" or \"}\"");
		}
	n = r->open.n - first;
	*out = value_map(n ? r->open.items + first : NULL, n, r->arena);
	if (out->as.map.n != n)
		return fail_duplicate(r, r->open.items + first, n);
	r->open.n = first;
	return 0;
}

/* One value and the blanks around it. */
static int read_value(struct reader *r, struct value *out)
{
	int result;
	char c;

	skip_blanks(r);
	c = peek(r);
	if ((c == '[' || c == '{') && r->depth++ >= JSON_DEPTH)
		return fail(r, "nested too deep");
	if (c == '[') {
		result = read_items(r, out);
		r->depth--;
	} else if (c == '{') {
		result = read_object(r, out);
		r->depth--;
	} else if (c == '"') {
		*out = (struct value){ .kind = VALUE_STRING };
		result = read_string(r, &out->as.text);
	} else if (c == '-' || is_digit(c)) {
		result = read_number(r, out);
	} else {
		result = read_word(r, out);
	}
	skip_blanks(r);
	return result;
}

int json_read(struct str text, struct arena *a, struct value *out,
	      struct error *err)
{
	struct reader r = { .text = text, .arena = a, .err = err };
	int result;

	*out = value_null();
	result = read_value(&r, out);
	if (result == 0 && r.at < text.n)
		result = fail(&r, "text behind the value");
	vec_release(&r.open);
	return result;
}

/* -- piece by piece -- */

struct json_stream {
	struct reader reader;
	bool is_first; /* nothing of the innermost was read yet */
	bool is_broken;
	char open[JSON_DEPTH];
	struct str keys[KEYS];
};

struct json_stream *json_stream_open(struct str text, struct arena *a,
				     struct error *err)
{
	struct json_stream *s = xmalloc(sizeof(*s));

	*s = (struct json_stream){
		.reader = { .text = text, .arena = a, .err = err },
	};
	s->reader.keys = s->keys;
	return s;
}

void json_stream_close(struct json_stream *s)
{
	vec_release(&s->reader.open);
	free(s);
}

char json_stream_peek(struct json_stream *s)
{
	skip_blanks(&s->reader);
	return peek(&s->reader);
}

static int broken(struct json_stream *s, const char *what)
{
	s->is_broken = true;
	return fail(&s->reader, what);
}

int json_stream_enter(struct json_stream *s)
{
	struct reader *r = &s->reader;
	char c = json_stream_peek(s);

	if (c != '{' && c != '[')
		BUG("no object or list to go into");
	if (r->depth >= JSON_DEPTH)
		return broken(s, "nested too deep");
	s->open[r->depth++] = c;
	s->is_first = true;
	r->at++;
	return 0;
}

int json_stream_next(struct json_stream *s, struct str *key)
{
	struct reader *r = &s->reader;
	bool is_list = s->open[r->depth - 1] == '[';
	bool is_first = s->is_first;

	s->is_first = false;
	skip_blanks(r);
	if (take(r, is_list ? ']' : '}')) {
		r->depth--;
		return 0;
	}
	if (!is_first && !take(r, ','))
		return broken(s, is_list ? "expected \",\" or \"]\""
					 : "expected \",\" or \"}\"");
	if (!is_list && read_key(r, key) < 0)
		s->is_broken = true;
	return s->is_broken ? -1 : 1;
}

int json_stream_value(struct json_stream *s, struct value *out)
{
	if (read_value(&s->reader, out) == 0)
		return 0;
	s->is_broken = true;
	return -1;
}

int json_stream_skip(struct json_stream *s)
{
	struct arena scratch = { 0 };
	struct arena *kept = s->reader.arena;
	struct value ignored;
	int rc;

	/* A key with an escape would live there. */
	s->reader.keys = NULL;
	s->reader.arena = &scratch;
	rc = json_stream_value(s, &ignored);
	s->reader.arena = kept;
	s->reader.keys = s->keys;
	arena_release(&scratch);
	return rc;
}

size_t json_stream_at(const struct json_stream *s)
{
	return s->reader.at;
}

void json_stream_go(struct json_stream *s, size_t at)
{
	s->reader.at = at;
}

int json_stream_end(struct json_stream *s)
{
	skip_blanks(&s->reader);
	if (s->reader.at == s->reader.text.n)
		return 0;
	return broken(s, "text behind the value");
}

bool json_stream_is_broken(const struct json_stream *s)
{
	return s->is_broken;
}
