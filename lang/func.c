#include <config.h>

#include "lang/func.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/decimal.h"
#include "lang/func_impl.h"
#include "lang/suggest.h"
#include "lang/type.h"

#include <stdarg.h>
#include <string.h>

enum {
	USAGE_MAX = 1000,
	/* What an item of a result counts for. */
	MADE_STEPS = 2,
};

int func_fail(struct func_call *c, size_t arg, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vfmt(c->why, format, args);
	va_end(args);
	c->bad_arg = arg < c->n ? arg : c->n;
	return -1;
}

int func_whole(struct func_call *c, size_t arg, int64_t least, int64_t most,
	       int64_t *out)
{
	struct decimal d;

	if (decimal_read(c->args[arg].as.text, &d) != DECIMAL_OK ||
	    !decimal_to_int(d, out) || *out < least || *out > most)
		return func_fail(c, arg,
				 "expected a whole number from %lld to %lld",
				 (long long)least, (long long)most);
	return 0;
}

int func_count(struct func_call *c, size_t n)
{
	if (n > FUNC_LIST_MAX)
		return func_fail(c, c->n, "the list has more than %d items",
				 FUNC_LIST_MAX);
	return 0;
}

int func_text(struct func_call *c, struct buf *b, struct value *out)
{
	int result = 0;

	if (buf_is_full(b))
		result = func_fail(c, c->n, "the text is larger than 16 MiB");
	else
		*out = value_str(str_dup(buf_str(b), c->arena));
	buf_wipe(b);
	return result;
}

bool func_scalar_text(struct value v, struct arena *a, struct str *out)
{
	switch ((enum value_kind)v.kind) {
	case VALUE_BOOL:
		*out = v.as.boolean ? STR("true") : STR("false");
		return true;
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		*out = v.as.text;
		return true;
	case VALUE_DURATION:
	case VALUE_SIZE:
		*out = value_amount_text(v, a);
		return true;
	case VALUE_NULL:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_OBJECT:
		return false;
	}
	BUG("value of kind %d", v.kind);
}

size_t func_count_chars(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += ((unsigned char)s.s[i] & 0xc0) != 0x80;
	return count;
}

bool func_is_comparable(struct value a, struct value b)
{
	return a.kind == b.kind &&
	       (a.kind == VALUE_NUMBER || a.kind == VALUE_STRING ||
		a.kind == VALUE_DURATION || a.kind == VALUE_SIZE);
}

const struct func *func_find(struct str name)
{
	size_t low = 0, high = func_table_size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(name, str_from(func_table[middle].name));

		if (order == 0)
			return &func_table[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* What people write who come from Terraform, where no letter or two differ. */
static const struct {
	const char *theirs, *ours;
} foreign[] = {
	{ "alltrue", "all" },
	{ "anytrue", "any" },
	{ "cidrsubnets", "cidr_split" },
	{ "nonsensitive", "reveal" },
	{ "regex", "regex_find" },
	{ "regexall", "regex_find_all" },
	{ "sensitive", "secret" },
	{ "setintersection", "intersect" },
	{ "setproduct", "combinations" },
	{ "setsubtract", "subtract" },
	{ "setunion", "union" },
	{ "strcontains", "contains" },
	{ "strrep", "repeat" },
	{ "templatefile", "template" },
	{ "tonumber", "number" },
	{ "toset", "distinct" },
	{ "tostring", "string" },
	{ "trimspace", "trim" },
	{ "type", "type_of" },
};

struct str func_near(struct str wrong)
{
	struct suggest s = suggest_start(wrong);

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (str_is(wrong, foreign[i].theirs))
			return str_from(foreign[i].ours);
	for (size_t i = 0; i < func_table_size; i++)
		suggest_try(&s, str_from(func_table[i].name));
	return s.best;
}

void func_arity(const struct func *f, size_t *least, size_t *most)
{
	bool is_optional = false;

	*least = *most = 0;
	for (const char *s = f->signature; *s; s++) {
		if (*s == '?') {
			is_optional = true;
		} else if (*s == '*') {
			*most = SIZE_MAX;
		} else {
			*most += 1;
			*least += !is_optional;
		}
	}
}

/* The letter of the nth argument. */
static char letter_of(const struct func *f, size_t n)
{
	char letter = 'a';

	for (const char *s = f->signature; *s && *s != '*'; s++) {
		if (*s == '?')
			continue;
		letter = *s;
		if (n-- == 0)
			break;
	}
	return letter;
}

static int check_arg(struct func_call *c, size_t i, char letter,
		     struct value *arg)
{
	static const struct type string = { .kind = TYPE_STRING };
	static const struct type number = { .kind = TYPE_NUMBER };
	static const struct type cidr = { .kind = TYPE_CIDR };
	static const struct type ip = { .kind = TYPE_IP };
	const struct type *t = NULL;

	if (value_is_unknown(*arg) || letter == 'a')
		return 0;
	if (value_is_null(*arg))
		return func_fail(c, i, "argument %zu is null", i + 1);
	switch (letter) {
	case 's':
		t = &string;
		break;
	case 'n':
		t = &number;
		break;
	case 'c':
		t = &cidr;
		break;
	case 'i':
		t = &ip;
		break;
	case 'l':
		if (arg->kind != VALUE_LIST)
			return func_fail(c, i, "expected a list, found a %s",
					 value_kind_name(*arg));
		return 0;
	case 'm':
		if (arg->kind != VALUE_MAP)
			return func_fail(c, i, "expected a map, found a %s",
					 value_kind_name(*arg));
		return 0;
	default:
		BUG("letter '%c' in a signature", letter);
	}
	if (type_convert(t, *arg, c->arena, arg, c->why) < 0) {
		c->bad_arg = i;
		return -1;
	}
	return 0;
}

static void add_param(struct str param, bool has_type, struct buf *out)
{
	struct str name = str_cut(&param, ':');
	bool is_optional = str_ends(name, "?");

	buf_add_str(out, is_optional ? str_sub(name, 0, name.n - 1) : name);
	if (has_type && param.n)
		buf_fmt(out, ":%.*s", STR_ARG(param));
}

/* A parameter of the list: up to a comma that stands in no brackets. */
static struct str next_param(struct str *rest)
{
	struct str all = *rest;
	size_t depth = 0, at = 0;

	for (; at < all.n && (depth || all.s[at] != ','); at++) {
		depth += all.s[at] == '(' || all.s[at] == '{';
		depth -= all.s[at] == ')' || all.s[at] == '}';
	}
	*rest = str_skip(all, at + 1);
	return str_trim(str_sub(all, 0, at));
}

void func_usage(const struct func *f, bool has_types, struct buf *out)
{
	struct str rest = str_from(f->params);
	size_t n = 0, n_optional = 0;

	buf_fmt(out, "%s(", f->name);
	while (rest.n) {
		struct str param = next_param(&rest);
		struct str left = param;

		if (str_ends(str_cut(&left, ':'), "?")) {
			buf_add_char(out, '[');
			n_optional++;
		}
		buf_add_c(out, n++ ? ", " : "");
		add_param(param, has_types, out);
	}
	while (n_optional--)
		buf_add_char(out, ']');
	buf_add_char(out, ')');
	if (has_types)
		buf_fmt(out, " : %s", f->result);
}

struct str func_usage_in(const struct func *f, bool has_types, struct arena *a)
{
	struct str text;
	struct buf b;

	buf_init(&b, USAGE_MAX);
	func_usage(f, has_types, &b);
	text = str_dup(buf_str(&b), a);
	buf_release(&b);
	return text;
}

static size_t text_reads(struct value v)
{
	switch ((enum value_kind)v.kind) {
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		return v.as.text.n / FUNC_BYTES_PER_READ;
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_DURATION:
	case VALUE_SIZE:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_OBJECT:
		return 0;
	}
	BUG("value of kind %d", v.kind);
}

bool func_marks(struct value v, size_t *left, unsigned *marks)
{
	size_t reads = 1 + text_reads(v);

	if (*left < reads) {
		*left = 0;
		return false;
	}
	*left -= reads;
	*marks |= v.marks;
	if (v.kind == VALUE_LIST)
		for (size_t i = 0; i < v.as.list.n; i++)
			if (!func_marks(v.as.list.items[i], left, marks))
				return false;
	if (v.kind == VALUE_MAP)
		for (size_t i = 0; i < v.as.map.n; i++)
			if (!func_marks(v.as.map.entries[i].value, left, marks))
				return false;
	return true;
}

size_t func_weight(struct value v, size_t most)
{
	size_t n = 1;

	switch ((enum value_kind)v.kind) {
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		n += v.as.text.n / FUNC_TEXT_PER_STEP;
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < v.as.list.n && n <= most; i++)
			n += func_weight(v.as.list.items[i], most - n);
		break;
	case VALUE_MAP:
		for (size_t i = 0; i < v.as.map.n && n <= most; i++)
			n += func_weight(v.as.map.entries[i].value, most - n);
		break;
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_DURATION:
	case VALUE_SIZE:
	case VALUE_OBJECT:
		break;
	}
	return n < most ? n : most;
}

/* The function made its result of parts that were there: only those count. */
static size_t outer_weight(struct value v, size_t most)
{
	size_t n = v.kind == VALUE_LIST	 ? v.as.list.n
		   : v.kind == VALUE_MAP ? v.as.map.n
					 : 1;

	return n < most ? n : most;
}

static int check_args(const struct func *f, struct func_call *c,
		      struct value *args)
{
	bool is_shallow = f->flags & FUNC_SHALLOW;
	size_t room = c->left > SIZE_MAX / FUNC_READ_PER_STEP
			  ? SIZE_MAX
			  : c->left * FUNC_READ_PER_STEP;

	for (size_t i = 0; i < c->n; i++) {
		args[i] = c->args[i];
		if (check_arg(c, i, letter_of(f, i), &args[i]) < 0)
			return -1;
		/* Items keep their marks where they are moved about only. */
		c->marks |= args[i].marks;
		if (!is_shallow && !func_marks(args[i], &room, &c->marks)) {
			c->is_spent = true;
			c->left = 0;
			return -1;
		}
	}
	c->left = room / FUNC_READ_PER_STEP;
	return 0;
}

int func_run(const struct func *f, struct func_call *c, struct value *out)
{
	struct value *args = arena_new(c->arena, struct value, c->n + 1);
	bool is_shallow = f->flags & FUNC_SHALLOW;

	*out = value_unknown();
	c->bad_arg = c->n;
	c->marks = 0;
	if (check_args(f, c, args) < 0)
		return -1;
	c->args = args;
	if ((c->marks & MARK_UNKNOWN) && !(f->flags & FUNC_OWN_MARKS)) {
		*out = value_mark(value_unknown(), c->marks);
		return 0;
	}
	if (f->run(c, out) < 0) {
		*out = value_unknown();
		return -1;
	}
	/* Memory is dearer than time. */
	c->left /= MADE_STEPS;
	c->left -= is_shallow ? outer_weight(*out, c->left)
			      : func_weight(*out, c->left);
	c->left *= MADE_STEPS;
	if (!(f->flags & FUNC_OWN_MARKS))
		*out = value_mark(*out, c->marks);
	return 0;
}
