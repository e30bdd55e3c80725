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

const struct func func_table[] = {
	{ "abs", "n", 0, "abs(number)", "The number without its sign.",
	  func_abs },
	{ "base64", "s", 0, "base64(text)", "The bytes of a text in base64.",
	  func_base64 },
	{ "ceil", "n", 0, "ceil(number)", "The next whole number up.",
	  func_ceil },
	{ "cidr_contains", "ca", 0, "cidr_contains(cidr, ip or cidr)",
	  "Whether a block holds all of an address or another block.",
	  func_cidr_contains },
	{ "cidr_host", "cn", 0, "cidr_host(cidr, n)",
	  "The nth address of a block; -1 is the last one.", func_cidr_host },
	{ "cidr_overlaps", "cc", 0, "cidr_overlaps(cidr, cidr)",
	  "Whether two blocks have an address in common.", func_cidr_overlaps },
	{ "cidr_subnet", "cnn", 0, "cidr_subnet(cidr, new_bits, n)",
	  "The nth block that is new_bits longer.", func_cidr_subnet },
	{ "coalesce", "aa*", FUNC_OWN_MARKS, "coalesce(value, …)",
	  "The first value that is not null.", func_coalesce },
	{ "concat", "l*", FUNC_SHALLOW, "concat(list, …)",
	  "One list of the items of several.", func_concat },
	{ "contains", "aa", 0, "contains(list or text, value)",
	  "Whether a list has an item, or a text a part.", func_contains },
	{ "distinct", "l", 0, "distinct(list)",
	  "The items without repetitions, in their order.", func_distinct },
	{ "ends_with", "ss", 0, "ends_with(text, end)",
	  "Whether a text ends so.", func_ends_with },
	{ "file", "s", 0, "file(path)",
	  "The text of a file beside the one that says so.", func_file },
	{ "flatten", "l", FUNC_SHALLOW, "flatten(list)",
	  "One list of the items of lists within lists.", func_flatten },
	{ "floor", "n", 0, "floor(number)", "The next whole number down.",
	  func_floor },
	{ "format", "s?a*", 0, "format(text, value, …)",
	  "The text with %s, %d and %05d replaced by values.", func_format },
	{ "index_of", "la", 0, "index_of(list, value)",
	  "Where a value stands first in a list; null: nowhere.",
	  func_index_of },
	{ "join", "sl", 0, "join(separator, list)",
	  "The items of a list as one text.", func_join },
	{ "json_decode", "s", 0, "json_decode(text)",
	  "The value that a JSON text stands for.", func_json_decode },
	{ "json_encode", "a", 0, "json_encode(value)", "A value as JSON text.",
	  func_json_encode },
	{ "keys", "m", FUNC_SHALLOW, "keys(map)", "The keys, sorted.",
	  func_keys },
	{ "length", "a", FUNC_SHALLOW, "length(list, map or text)",
	  "How many items, entries or characters.", func_length },
	{ "lookup", "ms?a", FUNC_SHALLOW, "lookup(map, key, otherwise)",
	  "The value of a key, or what is given for when there is none.",
	  func_lookup },
	{ "lower", "s", 0, "lower(text)", "A text with a-z for A-Z.",
	  func_lower },
	{ "max", "a*", 0, "max(value, …) or max(list)", "The largest.",
	  func_max },
	{ "merge", "m*", FUNC_SHALLOW, "merge(map, …)",
	  "One map of the entries of several; later ones win.", func_merge },
	{ "min", "a*", 0, "min(value, …) or min(list)", "The smallest.",
	  func_min },
	{ "number", "a", 0, "number(text)", "The number that a text spells.",
	  func_number },
	{ "range", "n?nn", 0, "range(end), range(start, end, step)",
	  "Numbers from start (or 0) up to but without end.", func_range },
	{ "replace", "sss", 0, "replace(text, old, new)",
	  "The text with every `old` replaced.", func_replace },
	{ "reveal", "a", FUNC_OWN_MARKS, "reveal(value)",
	  "A secret as an ordinary value: it will be shown and stored.",
	  func_reveal },
	{ "reverse", "l", FUNC_SHALLOW, "reverse(list)",
	  "The items from the last to the first.", func_reverse },
	{ "secret", "a", FUNC_OWN_MARKS, "secret(value)",
	  "A value that is not shown nor stored in clear.", func_secret },
	{ "sha256", "s", 0, "sha256(text)",
	  "The SHA-256 of a text in hexadecimal.", func_sha256 },
	{ "slice", "ln?n", FUNC_SHALLOW, "slice(list, from, to)",
	  "The items from one index up to but without another.", func_slice },
	{ "sort", "l", 0, "sort(list)", "The items in order.", func_sort },
	{ "split", "ss", 0, "split(separator, text)",
	  "The parts of a text as a list.", func_split },
	{ "starts_with", "ss", 0, "starts_with(text, start)",
	  "Whether a text begins so.", func_starts_with },
	{ "string", "a", 0, "string(value)",
	  "A value as a template would write it.", func_string },
	{ "substr", "sn?n", 0, "substr(text, from, length)",
	  "Part of a text, counted in characters.", func_substr },
	{ "sum", "l", 0, "sum(list)", "The sum of numbers, sizes or durations.",
	  func_sum },
	{ "to_json", "a", 0, "to_json(value)", "The same as json_encode.",
	  func_json_encode },
	{ "trim", "s", 0, "trim(text)", "A text without blanks at its ends.",
	  func_trim },
	{ "trim_prefix", "ss", 0, "trim_prefix(text, start)",
	  "A text without a start, where it has it.", func_trim_prefix },
	{ "trim_suffix", "ss", 0, "trim_suffix(text, end)",
	  "A text without an end, where it has it.", func_trim_suffix },
	{ "upper", "s", 0, "upper(text)", "A text with A-Z for a-z.",
	  func_upper },
	{ "values", "m", FUNC_SHALLOW, "values(map)",
	  "The values in the order of the keys.", func_values },
	{ "zip_map", "ll", FUNC_SHALLOW, "zip_map(keys, values)",
	  "The same as zipmap.", func_zipmap },
	{ "zipmap", "ll", FUNC_SHALLOW, "zipmap(keys, values)",
	  "A map of a list of keys and a list of values.", func_zipmap },
	{ NULL, NULL, 0, NULL, NULL, NULL },
};

enum { N_FUNCS = sizeof(func_table) / sizeof(func_table[0]) - 1 };

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
	size_t low = 0, high = N_FUNCS;

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

struct str func_near(struct str wrong)
{
	struct suggest s = suggest_start(wrong);

	for (size_t i = 0; i < N_FUNCS; i++)
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

int func_run(const struct func *f, struct func_call *c, struct value *out)
{
	struct value *args = arena_new(c->arena, struct value, c->n + 1);
	unsigned outer = 0, all = 0;

	*out = value_unknown();
	c->bad_arg = c->n;
	for (size_t i = 0; i < c->n; i++) {
		args[i] = c->args[i];
		if (check_arg(c, i, letter_of(f, i), &args[i]) < 0)
			return -1;
		outer |= args[i].marks;
		all |= value_marks(args[i]);
	}
	c->args = args;
	if (f->flags & FUNC_OWN_MARKS)
		return f->run(c, out);
	/* Items keep their marks where the function only moves them about. */
	if (!(f->flags & FUNC_SHALLOW))
		outer = all;
	if (outer & MARK_UNKNOWN) {
		*out = value_mark(value_unknown(), outer);
		return 0;
	}
	if (f->run(c, out) < 0) {
		*out = value_unknown();
		return -1;
	}
	*out = value_mark(*out, outer);
	return 0;
}
