#ifndef DMSL_LANG_ORDER_H
#define DMSL_LANG_ORDER_H

#include "lang/value.h"

/*
 * A total order of values: by kind, then numbers by size, texts by bytes, lists
 * and maps item by item, objects by address. Unknowns come last, and equal each
 * other here (which value_eq() must not be asked about sets). Marks do not
 * count.
 */
int value_cmp(struct value a, struct value b);
/* Sorts items in place and drops repeated ones; gives the new count. */
size_t value_sort_unique(struct value *items, size_t n);
/* Sorts items in place; the order of equal ones does not matter. */
void value_sort(struct value *items, size_t n);

#endif
