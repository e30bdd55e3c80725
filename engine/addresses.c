#include <config.h>

#include "engine/addresses.h"

#include "engine/lines.h"
#include "lang/base/buf.h"

#include <stdio.h>
#include <string.h>

enum { INDENT = 8 };

struct str address_without_key(struct str address)
{
	ptrdiff_t at = str_rfind(address, '[');

	if (at < 1 || address.s[address.n - 1] != ']')
		return (struct str){ 0 };
	return str_sub(address, 0, (size_t)at);
}

static void break_line(struct addresses *l, size_t cells)
{
	if (!l->column || l->column + 2 + cells <= l->width)
		return;
	l->column = 0;
	buf_add_char(l->out, '\n');
}

void addresses_add(struct addresses *l, struct str address)
{
	const char *before = l->n_shown || !l->before ? "" : l->before;
	struct str base = address_without_key(address), text = address;
	size_t cells;

	l->n++;
	if (l->most && l->n_shown >= l->most)
		return;
	if (base.n && str_eq(base, l->base))
		text = str_skip(address, base.n);
	l->base = base;
	cells = lines_cells(text) + strlen(before);
	break_line(l, cells);
	buf_fmt(l->out, "%*s%s%s%.*s%s", l->column ? 2 : INDENT, "",
		l->color ? "\033[2m" : "", before, STR_ARG(text),
		l->color ? "\033[0m" : "");
	l->column += cells + 2;
	l->n_shown++;
}

void addresses_end(struct addresses *l)
{
	char more[40];
	int n = snprintf(more, sizeof(more), "and %zu more", l->n - l->n_shown);

	if (l->n > l->n_shown) {
		break_line(l, (size_t)n);
		buf_fmt(l->out, "%*s%s", l->column ? 2 : INDENT, "", more);
	}
	if (l->n)
		buf_add_char(l->out, '\n');
}
