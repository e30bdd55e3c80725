/* Functions on texts. Characters are code points; case is that of ASCII. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/func_impl.h"
#include "lang/utf8.h"

#include <string.h>

enum { INDENT_MAX = 1000 };

static struct value change_case(struct func_call *c, char from, char to)
{
	char *s = str_c(c->args[0].as.text, c->arena);
	size_t n = c->args[0].as.text.n;

	for (size_t i = 0; i < n; i++)
		if (s[i] >= from && s[i] <= from + 25)
			s[i] = (char)(s[i] - from + to);
	return value_str((struct str){ s, n });
}

int func_lower(struct func_call *c, struct value *out)
{
	*out = change_case(c, 'A', 'a');
	return 0;
}

int func_upper(struct func_call *c, struct value *out)
{
	*out = change_case(c, 'a', 'A');
	return 0;
}

int func_trim(struct func_call *c, struct value *out)
{
	*out = value_str(str_trim(c->args[0].as.text));
	return 0;
}

static bool begins(struct str s, struct str start)
{
	return str_eq(str_sub(s, 0, start.n), start);
}

static bool ends(struct str s, struct str end)
{
	return s.n >= end.n && str_eq(str_skip(s, s.n - end.n), end);
}

int func_trim_prefix(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;

	if (begins(s, c->args[1].as.text))
		s = str_skip(s, c->args[1].as.text.n);
	*out = value_str(s);
	return 0;
}

int func_trim_suffix(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;

	if (ends(s, c->args[1].as.text))
		s = str_sub(s, 0, s.n - c->args[1].as.text.n);
	*out = value_str(s);
	return 0;
}

int func_starts_with(struct func_call *c, struct value *out)
{
	*out = value_bool(begins(c->args[0].as.text, c->args[1].as.text));
	return 0;
}

int func_ends_with(struct func_call *c, struct value *out)
{
	*out = value_bool(ends(c->args[0].as.text, c->args[1].as.text));
	return 0;
}

int func_contains_text(struct func_call *c, struct value *out)
{
	if (c->args[1].kind != VALUE_STRING)
		return func_fail(c, 1, "expected a string, found a %s",
				 value_kind_name(c->args[1]));
	*out = value_bool(str_contains(c->args[0].as.text, c->args[1].as.text));
	return 0;
}

/* Where `part` first stands in s, or NULL. */
static const char *find(struct str s, struct str part)
{
	return s.n >= part.n && s.n ? memmem(s.s, s.n, part.s, part.n) : NULL;
}

int func_replace(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;
	struct str old = c->args[1].as.text;
	const char *at;
	struct buf b;

	if (old.n == 0)
		return func_fail(c, 1, "the text to replace is empty");
	buf_init(&b, FUNC_TEXT_MAX);
	while ((at = find(s, old))) {
		size_t before = (size_t)(at - s.s);

		buf_add(&b, s.s, before);
		buf_add_str(&b, c->args[2].as.text);
		s = str_skip(s, before + old.n);
	}
	buf_add_str(&b, s);
	return func_text(c, &b, out);
}

int func_split(struct func_call *c, struct value *out)
{
	struct str by = c->args[0].as.text;
	struct str s = c->args[1].as.text;
	struct str rest;
	struct value *items;
	const char *at;
	size_t n = 1;

	if (by.n == 0)
		return func_fail(c, 0, "the separator is empty");
	for (rest = s; (at = find(rest, by)); n++)
		rest = str_skip(rest, (size_t)(at - rest.s) + by.n);
	if (n > FUNC_LIST_MAX)
		return func_fail(c, 1, "more than %d parts", FUNC_LIST_MAX);
	items = arena_new(c->arena, struct value, n);
	rest = s;
	for (size_t i = 0; i < n; i++) {
		at = find(rest, by);
		items[i] = value_str(
		    at ? str_sub(rest, 0, (size_t)(at - rest.s)) : rest);
		if (at)
			rest = str_skip(rest, (size_t)(at - rest.s) + by.n);
	}
	*out = value_list(items, n);
	return 0;
}

int func_repeat(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;
	size_t length, done;
	int64_t n;
	char *text;

	if (func_whole(c, 1, 0, FUNC_TEXT_MAX, &n) < 0)
		return -1;
	if (n && s.n > FUNC_TEXT_MAX / (size_t)n)
		return func_fail(c, c->n, "the text is larger than 16 MiB");
	length = s.n * (size_t)n;
	text = arena_new(c->arena, char, length + 1);
	/* What is there is doubled, so that short texts are quick too. */
	for (done = 0; done < length; done += done ? done : s.n) {
		size_t more = done ? done : s.n;

		if (more > length - done)
			more = length - done;
		memcpy(text + done, done ? text : s.s, more);
	}
	*out = value_str((struct str){ text, length });
	return 0;
}

int func_indent(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;
	bool is_first = true;
	struct buf b;
	int64_t n;

	if (func_whole(c, 1, 0, INDENT_MAX, &n) < 0)
		return -1;
	buf_init(&b, FUNC_TEXT_MAX);
	while (s.n && !buf_is_full(&b)) {
		ptrdiff_t end = str_find(s, '\n');
		struct str line =
		    str_sub(s, 0, end < 0 ? s.n : (size_t)end + 1);

		for (int64_t i = 0; !is_first && str_trim(line).n && i < n; i++)
			buf_add_char(&b, ' ');
		buf_add_str(&b, line);
		s = str_skip(s, line.n);
		is_first = false;
	}
	return func_text(c, &b, out);
}

int func_join(struct func_call *c, struct value *out)
{
	struct value list = c->args[1];
	struct str text;
	struct buf b;

	buf_init(&b, FUNC_TEXT_MAX);
	for (size_t i = 0; i < list.as.list.n; i++) {
		if (!func_scalar_text(list.as.list.items[i], c->arena, &text)) {
			buf_wipe(&b);
			return func_fail(
			    c, 1, "item %zu is a %s, which is no text", i,
			    value_kind_name(list.as.list.items[i]));
		}
		if (i)
			buf_add_str(&b, c->args[0].as.text);
		buf_add_str(&b, text);
	}
	return func_text(c, &b, out);
}

/* The bytes before the nth character; all of them when there are fewer. */
static size_t offset_of(struct str s, int64_t n)
{
	size_t at = 0;

	for (; n > 0 && at < s.n; n--)
		at += utf8_next(str_skip(s, at)).length;
	return at;
}

int func_substr(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;
	int64_t from, length = FUNC_TEXT_MAX;

	if (func_whole(c, 1, 0, FUNC_TEXT_MAX, &from) < 0 ||
	    (c->n > 2 && func_whole(c, 2, 0, FUNC_TEXT_MAX, &length) < 0))
		return -1;
	s = str_skip(s, offset_of(s, from));
	*out = value_str(str_sub(s, 0, offset_of(s, length)));
	return 0;
}
