#include <config.h>

#include "engine/rule.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/cidr.h"
#include "lang/decimal.h"
#include "lang/utf8.h"

#include "engine/schema.h"

#include <inttypes.h>
#include <string.h>

enum {
	SHOWN_MOST = 60,    /* bytes of a value in a message */
	TAGS_MOST = 50,	    /* of one object */
	TAG_KEY_MOST = 128, /* characters */
	TAG_VALUE_MOST = 256,
	WINDOW_LEAST = 30,    /* minutes */
	DAY = 24 * 60,	      /* minutes */
	WORDS_MAX = 64 << 10, /* bytes for the rules of an attribute */
};

/* -- What a value is ------------------------------------------------------ */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t characters(struct str s)
{
	size_t n = 0;

	for (; s.n; n++)
		s = str_skip(s, utf8_next(s).length);
	return n;
}

static int64_t bits_of(struct str text)
{
	struct cidr c;

	return cidr_read(text, &c) ? c.bits : 0;
}

/* Nothing of a secret is told. */
static const char *secret_fault(struct value v)
{
	return v.kind == VALUE_STRING || v.kind == VALUE_LIST
		   ? "is too short or too long"
		   : "is another secret value";
}

/* "is 70000", "has 70 characters"; `n` counts what has no value of its own. */
static void tell(struct value v, int64_t n, const char *unit, struct buf *why)
{
	if (v.marks & MARK_SECRET)
		buf_add_c(why, secret_fault(v));
	else if (v.kind == VALUE_STRING || v.kind == VALUE_LIST)
		buf_fmt(why, "has %" PRId64 " %s%s", n, unit,
			n == 1 ? "" : "s");
	else if (v.kind == VALUE_CIDR)
		buf_fmt(why, "is a /%" PRId64, n);
	else
		buf_fmt(why, "is %.*s", STR_ARG(v.as.text));
}

static bool is_between(int64_t n, const struct attr_rule *r)
{
	return (n >= r->least && n <= r->most) ||
	       (n == 0 && (r->flags & RULE_OR_ZERO));
}

static bool number_keeps(const struct attr_rule *r, struct value v,
			 struct buf *why)
{
	struct decimal d;
	bool has_fraction;

	if (decimal_read(v.as.text, &d) != DECIMAL_OK)
		return true;
	has_fraction = !(r->flags & RULE_FRACTIONS) && !decimal_is_whole(d);
	if (!has_fraction && ((decimal_cmp(d, decimal_int(r->least)) >= 0 &&
			       decimal_cmp(d, decimal_int(r->most)) <= 0) ||
			      ((r->flags & RULE_OR_ZERO) && d.digits == 0)))
		return true;
	tell(v, 0, "", why);
	if (has_fraction && !(v.marks & MARK_SECRET))
		buf_add_c(why, ", which is no whole number");
	return false;
}

/* As the language writes it: 1h30m, 20GiB. */
static void print_amount(enum value_kind kind, int64_t amount, struct buf *out)
{
	struct arena a = { 0 };
	struct value v = { .kind = kind, .as.amount = amount };

	buf_add_str(out, value_amount_text(v, &a));
	arena_release(&a);
}

static void tell_amount(struct value v, struct buf *why)
{
	if (v.marks & MARK_SECRET) {
		buf_add_c(why, secret_fault(v));
		return;
	}
	buf_add_c(why, "is ");
	print_amount(v.kind, v.as.amount, why);
}

static bool range_keeps(const struct attr_rule *r, struct value v,
			struct buf *why)
{
	const char *unit = "character";
	int64_t n = 0;

	switch ((enum value_kind)v.kind) {
	case VALUE_NUMBER:
		return number_keeps(r, v, why);
	case VALUE_STRING:
		n = (int64_t)characters(v.as.text);
		break;
	case VALUE_CIDR:
		n = bits_of(v.as.text);
		break;
	case VALUE_LIST:
		n = (int64_t)v.as.list.n;
		unit = "item";
		break;
	case VALUE_DURATION:
	case VALUE_SIZE:
		if (is_between(v.as.amount, r))
			return true;
		tell_amount(v, why);
		return false;
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_IP:
	case VALUE_MAP:
	case VALUE_OBJECT:
		return true;
	}
	if (is_between(n, r))
		return true;
	tell(v, n, unit, why);
	return false;
}

static bool among_keeps(const struct attr_rule *r, struct value v,
			struct buf *why)
{
	struct decimal d;
	int64_t n = -1;

	if (v.kind == VALUE_DURATION && v.as.amount % 1000 == 0)
		n = v.as.amount / 1000;
	else if (v.kind == VALUE_NUMBER &&
		 decimal_read(v.as.text, &d) == DECIMAL_OK)
		(void)!decimal_to_int(d, &n);
	for (const int64_t *one = r->among; *one >= 0; one++)
		if (*one == n)
			return true;
	if (v.kind == VALUE_DURATION)
		tell_amount(v, why);
	else
		tell(v, 0, "", why);
	return false;
}

/* -- Texts ---------------------------------------------------------------- */

static void show(struct value v, struct buf *why)
{
	if (v.marks & MARK_SECRET)
		buf_add_c(why, "is a secret text");
	else if (v.as.text.n > SHOWN_MOST)
		buf_add_c(why, "is a long text");
	else
		buf_fmt(why, "is \"%.*s\"", STR_ARG(v.as.text));
}

/* What is wrong with a name, or NULL. */
static const char *name_fault(const struct attr_rule *r, struct str name)
{
	bool is_hyphenated =
	    r->flags & (RULE_SINGLE_HYPHENS | RULE_INNER_HYPHENS);

	if ((int64_t)name.n > r->most)
		return "which is too long";
	if ((int64_t)name.n < r->least)
		return "which is too short";
	if (name.n == 0)
		return NULL;
	if ((r->flags & RULE_LETTER_FIRST) && !is_letter(name.s[0]))
		return "which does not begin with a letter";
	if ((r->flags & RULE_INNER_HYPHENS) && name.s[0] == '-')
		return "which begins with a hyphen";
	if (is_hyphenated && name.s[name.n - 1] == '-')
		return "which ends with a hyphen";
	if ((r->flags & RULE_SINGLE_HYPHENS) && str_contains(name, STR("--")))
		return "which has two hyphens together";
	if (r->not_first && str_starts(name, r->not_first))
		return "which begins as the service's own do";
	if (r->not_name && str_is(name, r->not_name))
		return "which is the service's own";
	return NULL;
}

static bool name_keeps(const struct attr_rule *r, struct value v,
		       struct buf *why)
{
	struct str rest = v.as.text;
	const char *fault;

	while (rest.n) {
		char c = rest.s[0];
		size_t n = utf8_next(rest).length;

		if (!is_letter(c) && !is_digit(c) &&
		    !(c && r->others && strchr(r->others, c))) {
			show(v, why);
			if (!(v.marks & MARK_SECRET))
				buf_fmt(why, ", which has a \"%.*s\"", (int)n,
					rest.s);
			return false;
		}
		rest = str_skip(rest, n);
	}
	fault = name_fault(r, v.as.text);
	if (!fault)
		return true;
	show(v, why);
	if (!(v.marks & MARK_SECRET))
		buf_fmt(why, ", %s", fault);
	return false;
}

static bool without_keeps(const struct attr_rule *r, struct value v,
			  struct buf *why)
{
	for (size_t i = 0; i < v.as.text.n; i++) {
		char c = v.as.text.s[i];

		if (c >= ' ' && c <= '~' && !strchr(r->others, c))
			continue;
		/* Which one would tell a part of a secret. */
		buf_add_c(why, "has a character that cannot stand in it");
		return false;
	}
	return true;
}

static bool bytes_keep(const struct attr_rule *r, struct value v,
		       struct buf *why)
{
	if (is_between((int64_t)v.as.text.n, r))
		return true;
	tell(v, (int64_t)v.as.text.n, "byte", why);
	return false;
}

/* -- Windows -------------------------------------------------------------- */

/* Two digits up to `most`, and what stands behind them. */
static bool take_number(struct str *s, int most, char behind, int *out)
{
	if (s->n < 2 || !is_digit(s->s[0]) || !is_digit(s->s[1]))
		return false;
	*out = (s->s[0] - '0') * 10 + s->s[1] - '0';
	*s = str_skip(*s, 2);
	if (behind && (s->n == 0 || s->s[0] != behind))
		return false;
	*s = str_skip(*s, behind ? 1 : 0);
	return *out <= most;
}

/* The minute of the week or day; false: no such time. */
static bool take_time(struct str *s, bool has_day, char behind, int *out)
{
	static const char days[] = "montuewedthufrisatsun";
	int day = 0, hour, minute;

	if (has_day) {
		char word[3];

		if (s->n < 4 || s->s[3] != ':')
			return false;
		for (size_t i = 0; i < 3; i++)
			word[i] = (char)(s->s[i] | 0x20);
		while (day < 7 && memcmp(days + day * 3, word, 3) != 0)
			day++;
		if (day == 7)
			return false;
		*s = str_skip(*s, 4);
	}
	if (!take_number(s, 23, ':', &hour) ||
	    !take_number(s, 59, behind, &minute))
		return false;
	*out = day * DAY + hour * 60 + minute;
	return true;
}

static bool window_keeps(struct value v, bool has_day, struct buf *why)
{
	struct str rest = v.as.text;
	int all = has_day ? 7 * DAY : DAY, from, to;

	if (!take_time(&rest, has_day, '-', &from) ||
	    !take_time(&rest, has_day, 0, &to) || rest.n) {
		show(v, why);
		return false;
	}
	/* It may go on into the next day or week. */
	if ((to - from + all) % all >= WINDOW_LEAST)
		return true;
	show(v, why);
	buf_fmt(why, ", less than %d minutes", WINDOW_LEAST);
	return false;
}

/* -- Tags ----------------------------------------------------------------- */

/* Of a long key the first characters, of secret tags none. */
static void tell_tag(struct value tags, struct str key, const char *fault,
		     struct buf *why)
{
	size_t n = 0;

	while (n < key.n && n < SHOWN_MOST)
		n += utf8_next(str_skip(key, n)).length;
	buf_add_c(why, "has a tag ");
	if (!(tags.marks & MARK_SECRET))
		buf_fmt(why, "\"%.*s\" ", (int)n, key.s);
	buf_fmt(why, "that %s", fault);
}

static bool tags_keep(struct value v, struct buf *why)
{
	if (v.as.map.n > TAGS_MOST) {
		buf_fmt(why, "has %zu tags", v.as.map.n);
		return false;
	}
	for (size_t i = 0; i < v.as.map.n; i++) {
		const struct value_entry *e = &v.as.map.entries[i];
		size_t n = characters(e->key);
		const char *fault = NULL;

		if (n == 0 || n > TAG_KEY_MOST)
			fault = "is too short or too long";
		else if (n >= 4 && (e->key.s[0] | 0x20) == 'a' &&
			 (e->key.s[1] | 0x20) == 'w' &&
			 (e->key.s[2] | 0x20) == 's' && e->key.s[3] == ':')
			fault = "begins as those of the service do";
		else if (e->value.kind == VALUE_STRING &&
			 !value_is_unknown(e->value) &&
			 characters(e->value.as.text) > TAG_VALUE_MOST)
			fault = "has a value that is too long";
		if (!fault)
			continue;
		tell_tag(v, e->key, fault, why);
		return false;
	}
	return true;
}

bool rule_keeps(const struct attr_rule *r, struct value v, struct buf *why)
{
	bool is_text = v.kind == VALUE_STRING;

	if (value_is_unknown(v) || v.kind == VALUE_NULL)
		return true;
	switch (r->kind) {
	case RULE_RANGE:
		return range_keeps(r, v, why);
	case RULE_AMONG:
		return among_keeps(r, v, why);
	case RULE_BYTES:
		return !is_text || bytes_keep(r, v, why);
	case RULE_NAME:
		return !is_text || name_keeps(r, v, why);
	case RULE_WITHOUT:
		return !is_text || without_keeps(r, v, why);
	case RULE_DAILY:
		return !is_text || window_keeps(v, false, why);
	case RULE_WEEKLY:
		return !is_text || window_keeps(v, true, why);
	case RULE_TAGS:
		return v.kind != VALUE_MAP || tags_keep(v, why);
	}
	BUG("rule of kind %d", (int)r->kind);
}

/* -- Words ---------------------------------------------------------------- */

static void print_one(const char *type, int64_t n, struct buf *out)
{
	if (!strcmp(type, "duration"))
		print_amount(VALUE_DURATION, n, out);
	else if (!strcmp(type, "size"))
		print_amount(VALUE_SIZE, n, out);
	else
		buf_fmt(out, "%s%" PRId64, strcmp(type, "cidr") ? "" : "/", n);
}

static void print_range(const struct attr_rule *r, const char *type,
			const char *unit, struct buf *out)
{
	if (r->flags & RULE_OR_ZERO)
		buf_add_c(out, "0, or ");
	if (r->most == INT64_MAX)
		buf_add_c(out, "at least ");
	print_one(type, r->least, out);
	if (r->most != INT64_MAX) {
		buf_add_c(out, " to ");
		print_one(type, r->most, out);
	}
	if (*unit)
		buf_fmt(out, " %s%s", unit,
			r->least == 1 && r->most == INT64_MAX ? "" : "s");
}

static void print_among(const struct attr_rule *r, const char *type,
			struct buf *out)
{
	bool is_time = !strcmp(type, "duration");

	for (const int64_t *one = r->among; *one >= 0; one++) {
		if (one != r->among)
			buf_add_c(out, one[1] < 0 ? " or " : ", ");
		print_one(type, is_time ? *one * 1000 : *one, out);
	}
}

/* "a, b and c" */
static void print_characters(const char *all, const char *between,
			     const char *last, struct buf *out)
{
	for (const char *c = all; *c; c++) {
		buf_add_c(out, c[1] ? between : last);
		if (*c == ' ')
			buf_add_c(out, "blanks");
		else
			buf_add_char(out, *c);
	}
}

static void print_name(const struct attr_rule *r, struct buf *out)
{
	if (r->least)
		buf_fmt(out, "%" PRId64 " to %" PRId64, r->least, r->most);
	else
		buf_fmt(out, "at most %" PRId64, r->most);
	buf_fmt(out, " letters%s digits", r->others ? "," : " and");
	if (r->others && r->others[1])
		buf_add_char(out, ',');
	if (r->others)
		print_characters(r->others, " ", " and ", out);
	if (r->flags & RULE_LETTER_FIRST)
		buf_add_c(out, ", a letter first");
	if (r->flags & RULE_SINGLE_HYPHENS)
		buf_add_c(out, ", no two hyphens together and none at the end");
	if (r->flags & RULE_INNER_HYPHENS)
		buf_add_c(out, ", no hyphen at either end");
	if (r->not_first)
		buf_fmt(out, ", not beginning with \"%s\"", r->not_first);
	if (r->not_name)
		buf_fmt(out, ", not \"%s\"", r->not_name);
}

static const char *unit_of(const char *type)
{
	if (!strncmp(type, "list", 4) || !strncmp(type, "set", 3))
		return "item";
	return !strcmp(type, "string") ? "character" : "";
}

void rule_print(const struct attr_rule *r, const char *type, struct buf *out)
{
	switch (r->kind) {
	case RULE_RANGE:
		print_range(r, type, unit_of(type), out);
		return;
	case RULE_BYTES:
		print_range(r, type, "byte", out);
		return;
	case RULE_AMONG:
		print_among(r, type, out);
		return;
	case RULE_NAME:
		print_name(r, out);
		return;
	case RULE_WITHOUT:
		buf_add_c(out, "printable ASCII without");
		print_characters(r->others, " ", " and ", out);
		return;
	case RULE_DAILY:
		buf_fmt(out,
			"a time of day such as 03:00-04:00 in UTC, %d minutes "
			"at least",
			WINDOW_LEAST);
		return;
	case RULE_WEEKLY:
		buf_fmt(out,
			"a time of the week such as sun:05:00-sun:06:00 in "
			"UTC, %d minutes at least",
			WINDOW_LEAST);
		return;
	case RULE_TAGS:
		buf_fmt(out,
			"at most %d, keys of 1 to %d characters that do not "
			"begin with \"aws:\", values of at most %d",
			TAGS_MOST, TAG_KEY_MOST, TAG_VALUE_MOST);
		return;
	}
}

struct str rules_print(const struct attr_rule *rules,
		       const struct attr_schema *m, struct arena *a)
{
	const struct attr_rule *r = schema_rule(rules, str_from(m->name));
	struct buf words;
	struct str out;

	buf_init(&words, WORDS_MAX);
	for (; r && r->attr && !strcmp(r->attr, m->name); r++) {
		if (words.len)
			buf_add_c(&words, r->flags & RULE_WARNS
					      ? "; by its manual "
					      : "; ");
		rule_print(r, m->type, &words);
	}
	out = str_dup(buf_str(&words), a);
	buf_release(&words);
	return out;
}
