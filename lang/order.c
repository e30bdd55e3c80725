#include <config.h>

#include "lang/order.h"

#include "lang/base/error.h"
#include "lang/decimal.h"

#include <stdlib.h>

/* Digits only: a whole number of 38 digits at most, not negative. */
static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] < '0' || s.s[i] > '9')
			return false;
	return true;
}

static int cmp_numbers(struct str x, struct str y)
{
	struct decimal a, b;

	/* The texts are canonical: the longer one is the larger. */
	if (is_plain(x) && is_plain(y))
		return x.n == y.n ? str_cmp(x, y) : x.n < y.n ? -1 : 1;
	if (decimal_read(x, &a) != DECIMAL_OK ||
	    decimal_read(y, &b) != DECIMAL_OK)
		BUG("\"%.*s\" or \"%.*s\" is no number", STR_ARG(x),
		    STR_ARG(y));
	return decimal_cmp(a, b);
}

static int cmp_lists(struct value a, struct value b)
{
	for (size_t i = 0; i < a.as.list.n && i < b.as.list.n; i++) {
		int order = value_cmp(a.as.list.items[i], b.as.list.items[i]);

		if (order)
			return order;
	}
	return (a.as.list.n > b.as.list.n) - (a.as.list.n < b.as.list.n);
}

static int cmp_maps(struct value a, struct value b)
{
	for (size_t i = 0; i < a.as.map.n && i < b.as.map.n; i++) {
		const struct value_entry *x = &a.as.map.entries[i];
		const struct value_entry *y = &b.as.map.entries[i];
		int order = str_cmp(x->key, y->key);

		if (order == 0)
			order = value_cmp(x->value, y->value);
		if (order)
			return order;
	}
	return (a.as.map.n > b.as.map.n) - (a.as.map.n < b.as.map.n);
}

int value_cmp(struct value a, struct value b)
{
	if (value_is_unknown(a) != value_is_unknown(b))
		return value_is_unknown(a) ? 1 : -1;
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	switch ((enum value_kind)a.kind) {
	case VALUE_NULL:
		return 0;
	case VALUE_BOOL:
		return a.as.boolean - b.as.boolean;
	case VALUE_NUMBER:
		return cmp_numbers(a.as.text, b.as.text);
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		return str_cmp(a.as.text, b.as.text);
	case VALUE_DURATION:
	case VALUE_SIZE:
		return (a.as.amount > b.as.amount) -
		       (a.as.amount < b.as.amount);
	case VALUE_LIST:
		return cmp_lists(a, b);
	case VALUE_MAP:
		return cmp_maps(a, b);
	case VALUE_OBJECT:
		return str_cmp(a.as.object->address, b.as.object->address);
	}
	BUG("value of kind %d", a.kind);
}

static int cmp_for_sort(const void *a, const void *b)
{
	return value_cmp(*(const struct value *)a, *(const struct value *)b);
}

void value_sort(struct value *items, size_t n)
{
	if (n > 1)
		qsort(items, n, sizeof(*items), cmp_for_sort);
}

size_t value_sort_unique(struct value *items, size_t n)
{
	size_t used = 0;

	value_sort(items, n);
	for (size_t i = 0; i < n; i++) {
		/* Two unknowns may turn out to differ: both stay. */
		if (used && !value_is_unknown(items[i]) &&
		    value_cmp(items[used - 1], items[i]) == 0)
			items[used - 1].marks |= items[i].marks;
		else
			items[used++] = items[i];
	}
	return used;
}
