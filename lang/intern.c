#include <config.h>

#include "lang/intern.h"

#include "lang/base/arena.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Chains that only grow at their head, by compare-and-swap: readers need no
 * lock, and what one thread saw stays where it is.
 */
struct interned {
	const struct interned *next;
	size_t n;
	char text[];
};

enum { CHAINS = 1 << 14 };

static _Atomic(const struct interned *) chains[CHAINS];

static const struct interned *find(const struct interned *from,
				   const struct interned *to, struct str s)
{
	for (; from != to; from = from->next)
		if (from->n == s.n && memcmp(from->text, s.s, s.n) == 0)
			return from;
	return NULL;
}

const char *intern(struct str s)
{
	_Atomic(const struct interned *) *chain = &chains[str_hash(s) % CHAINS];
	const struct interned *head = atomic_load(chain);
	const struct interned *old = NULL;
	const struct interned *have;
	struct interned *new;

	if (s.n == 0)
		return "";
	have = find(head, NULL, s);
	if (have)
		return have->text;
	new = xmalloc(sizeof(*new) + s.n + 1);
	new->n = s.n;
	memcpy(new->text, s.s, s.n);
	new->text[s.n] = '\0';
	for (;;) {
		/* Another thread may have added it between then and now. */
		have = find(head, old, s);
		if (have) {
			free(new);
			return have->text;
		}
		old = head;
		new->next = head;
		if (atomic_compare_exchange_weak(chain, &head, new))
			return new->text;
	}
}
