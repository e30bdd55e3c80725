/*
 * In: moved, import and removed of the stack. Out: their addresses and values,
 * and findings about those that cannot be meant. An address may be that of an
 * instance, of all instances of a `for`, or of a component's instance: it
 * covers what is inside.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/config.h"

#include "engine/address.h"

#include <string.h>

enum { CUTS_MAX = 2 * (EXPAND_DEPTH_MAX + 2) };

/* -- Addresses as they are written ---------------------------------------- */

/* TYPE.NAME or TYPE.NAME["KEY"]. */
static bool read_part(const struct ast_expr *e, struct str *type,
		      struct str *name, bool *has_key, struct str *key)
{
	*has_key = e->kind == EXPR_INDEX;
	*key = (struct str){ 0 };
	if (*has_key) {
		if (e->right->kind != EXPR_STRING)
			return false;
		*key = ast_text(e->right);
		e = e->left;
	}
	if (e->kind != EXPR_ATTR || e->left->kind != EXPR_NAME)
		return false;
	*type = ast_text(e->left);
	*name = ast_text(e);
	return true;
}

/* The parts stand between slashes, which the grammar reads as divisions. */
static bool read_address(const struct ast_expr *e, struct arena *a,
			 struct str *out)
{
	const struct ast_expr *parts[EXPAND_DEPTH_MAX + 2];
	size_t n = 0;
	struct str type, name, key;
	bool has_key;

	for (; e->kind == EXPR_BINARY && e->op == AST_DIV; e = e->left) {
		if (n == EXPAND_DEPTH_MAX + 1)
			return false;
		parts[n++] = e->right;
	}
	parts[n++] = e;
	*out = (struct str){ 0 };
	while (n-- > 0) {
		if (!read_part(parts[n], &type, &name, &has_key, &key))
			return false;
		*out = address_make(a, *out, type, name, has_key, key);
	}
	return true;
}

static int take_address(struct expander *x, const struct ast_expr *e,
			struct str *out)
{
	struct diag *to;

	if (e->kind == EXPR_ERROR)
		return -1;
	if (read_address(e, x->arena, out))
		return 0;
	to = diag_error(x->diags, "E0314", expr_place(e),
			"this is not the address of anything");
	diag_hint(x->diags, to,
		  "An address is written TYPE.NAME, TYPE.NAME[\"KEY\"], or "
		  "COMPONENT.NAME/TYPE.NAME for what is inside.");
	return -1;
}

/* -- What covers an address ----------------------------------------------- */

/* The beginnings of an address that stand for more than it, longest last. */
static size_t find_cuts(struct str address, size_t cuts[CUTS_MAX])
{
	bool is_quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < address.n && n < CUTS_MAX; i++) {
		char c = address.s[i];

		if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '\\' && is_quoted)
			i++;
		else if ((c == '/' || c == '[') && !is_quoted)
			cuts[n++] = i;
	}
	return n;
}

const struct declared_removed *expand_removed(const struct expansion *e,
					      struct str address)
{
	const struct expander *x = e->private;
	size_t cuts[CUTS_MAX], n;
	const struct declared_removed *found;

	if (e->n_removed == 0)
		return NULL;
	address_deposed(address, &address);
	found = map_get(&x->removed, address);
	n = find_cuts(address, cuts);
	while (!found && n-- > 0)
		found = map_get(&x->removed, str_sub(address, 0, cuts[n]));
	return found;
}

/* rest: what stands behind the part of the address that is moved. */
static const struct declared_move *
covering_move(const struct expander *x, struct str address, struct str *rest)
{
	size_t cuts[CUTS_MAX], n = find_cuts(address, cuts);
	const struct declared_move *m = map_get(&x->moves, address);

	*rest = (struct str){ 0 };
	while (!m && n-- > 0) {
		m = map_get(&x->moves, str_sub(address, 0, cuts[n]));
		*rest = str_skip(address, cuts[n]);
		/* A key of its own takes the place of none, not of others. */
		if (m && rest->s[0] == '[' && str_ends(m->to, "]"))
			m = NULL;
	}
	return m;
}

const struct declared_move *expand_moved(const struct expansion *e,
					 struct str address, struct arena *a,
					 struct str *to)
{
	const struct expander *x = e->private;
	const struct declared_move *m, *first = NULL;
	struct str base = address, rest;

	address_deposed(address, &base);
	*to = base;
	/* Circles were found before there was anything to move. */
	for (size_t i = 0; i < e->n_moves; i++) {
		m = covering_move(x, *to, &rest);
		if (!m)
			break;
		if (!first)
			first = m;
		*to = str_fmt(a, "%.*s%.*s", STR_ARG(m->to), STR_ARG(rest));
	}
	if (first && base.n < address.n)
		*to = str_fmt(a, "%.*s%.*s", STR_ARG(*to),
			      STR_ARG(str_skip(address, base.n)));
	return first;
}

/* -- moved ---------------------------------------------------------------- */

static struct str last_type(struct str address, struct arena *a)
{
	struct str parent, type = { 0 }, name, key;
	bool has_key;

	address_split(address, a, &parent, &type, &name, &has_key, &key);
	return type;
}

static int check_types(struct expander *x, const struct declared_move *m)
{
	struct str from = last_type(m->from, x->arena);
	struct str to = last_type(m->to, x->arena);
	struct diag *d;

	if (str_eq(from, to) || (!map_has(&x->catalog.schemas, from) &&
				 !map_has(&x->catalog.schemas, to)))
		return 0;
	d = diag_error(x->diags, "E0315", m->place,
		       "a %.*s cannot become a %.*s", STR_ARG(from),
		       STR_ARG(to));
	diag_hint(x->diags, d, "Both ends of a move are of one type.");
	return -1;
}

static void add_move(struct expander *x, const struct ast_decl *d)
{
	struct declared_move *m = &x->e->moves[x->e->n_moves];
	const struct declared_move *first;
	struct diag *to;

	m->place = expr_place(d->value);
	if (take_address(x, d->value, &m->from) < 0 ||
	    take_address(x, d->more->value2, &m->to) < 0 ||
	    check_types(x, m) < 0)
		return;
	if (str_eq(str_sub(m->to, 0, m->from.n), m->from) &&
	    (m->to.n == m->from.n || m->to.s[m->from.n] == '/')) {
		diag_error(x->diags, "E0315", m->place,
			   "%.*s cannot be moved into itself",
			   STR_ARG(m->from));
		return;
	}
	first = map_get(&x->moves, m->from);
	if (first) {
		to = diag_error(x->diags, "E0315", m->place,
				"%.*s is moved twice", STR_ARG(m->from));
		diag_note(x->diags, to, first->place, "first here");
		return;
	}
	map_put(&x->moves, m->from, m);
	x->e->n_moves++;
}

/* Longer than there are moves: one is taken again. */
static bool is_circle(const struct expander *x, const struct declared_move *m)
{
	struct arena scratch = { 0 };
	struct str at = m->from, rest;
	size_t n = 0;

	while (n <= x->e->n_moves && (m = covering_move(x, at, &rest))) {
		at = str_fmt(&scratch, "%.*s%.*s", STR_ARG(m->to),
			     STR_ARG(rest));
		n++;
	}
	arena_release(&scratch);
	return n > x->e->n_moves;
}

static void check_circles(struct expander *x)
{
	for (size_t i = 0; i < x->e->n_moves; i++)
		if (is_circle(x, &x->e->moves[i])) {
			diag_error(x->diags, "E0315", x->e->moves[i].place,
				   "the moves of %.*s come back to it",
				   STR_ARG(x->e->moves[i].from));
			/* The others of the circle say nothing new. */
			return;
		}
}

/* -- removed, import ------------------------------------------------------ */

static void add_removed(struct expander *x, const struct ast_decl *d)
{
	static const struct attr_schema attrs[] = {
		{ "keep", "bool", ATTR_OPTIONAL, NULL, "" },
		{ 0 },
	};
	static const struct type boolean = { .kind = TYPE_BOOL };
	struct declared_removed *r = &x->e->removed[x->e->n_removed];
	const struct ast_attr *keep = ast_attr_find(&d->body, STR("keep"));
	struct check_target target = {
		.kind = "declaration",
		.name = STR("removed"),
	};
	struct value v = value_null();

	r->place = expr_place(d->value);
	target.place = r->place;
	target.attrs = check_attrs(attrs, &target.n, x->arena);
	check_body(&d->body, d->source, &target, x->diags);
	if (take_address(x, d->value, &r->address) < 0)
		return;
	if (keep &&
	    scope_evaluate(x->root, NULL, keep->value, &boolean, x->arena, &v))
		return;
	if (value_is_unknown(v)) {
		diag_error(x->diags, "E0305", expr_place(keep->value),
			   "what is kept must be known before apply");
		return;
	}
	r->keep = v.kind == VALUE_BOOL && v.as.boolean;
	if (map_put(&x->removed, r->address, r))
		diag_error(x->diags, "E0317", r->place, "%.*s is removed twice",
			   STR_ARG(r->address));
	x->e->n_removed++;
}

static int import_id(struct expander *x, const struct ast_expr *e,
		     struct str *out)
{
	static const struct type string = { .kind = TYPE_STRING };
	struct value v;

	if (scope_evaluate(x->root, NULL, e, &string, x->arena, &v))
		return -1;
	*out = v.as.text;
	if (value_is_unknown(v) || v.kind != VALUE_STRING || v.as.text.n == 0 ||
	    (v.marks & MARK_SECRET)) {
		diag_error(x->diags, "E0316", expr_place(e),
			   "the id to import must be a text that is known, and "
			   "no secret");
		return -1;
	}
	return 0;
}

static void refuse_import(struct expander *x, const struct declared_import *i,
			  const char *why, const char *hint)
{
	struct diag *to = diag_error(x->diags, "E0316", i->place,
				     "%.*s cannot be imported: "
				     "%s",
				     STR_ARG(i->address), why);

	if (hint)
		diag_hint(x->diags, to, "%s", hint);
}

/* The last of the imports, whose address and id are known. */
static void take_import(struct expander *x, struct declared_import *i)
{
	const struct resource *r = expand_find(x->e, i->address);

	if (!r)
		refuse_import(x, i, "the stack does not declare it",
			      "Write its block, as it shall be from now on.");
	else if (r->is_existing)
		refuse_import(x, i, "it is declared as existing",
			      "Take the word \"existing\" away, and dmsl owns "
			      "it from now on.");
	else if (r->schema->is_built_in)
		refuse_import(x, i, "there is no such object outside", NULL);
	else if (map_put(&x->imports, i->address, i))
		refuse_import(x, i, "it is imported twice", NULL);
	else
		i->resource = r->index;
	x->e->n_imports++;
}

static void add_import(struct expander *x, const struct ast_decl *d)
{
	struct declared_import *i = &x->e->imports[x->e->n_imports];

	i->place = expr_place(d->value);
	if (take_address(x, d->value, &i->address) == 0 &&
	    import_id(x, d->more->value2, &i->id) == 0)
		take_import(x, i);
}

/* What the command line asks for has no place but that of the block. */
static void add_asked(struct expander *x, const struct import *asked)
{
	struct declared_import *i = &x->e->imports[x->e->n_imports];
	const struct resource *r = expand_find(x->e, asked->address);
	const struct ast_decl *stack = x->c->config->stack;

	*i = (struct declared_import){
		.address = asked->address,
		.id = asked->id,
		.place = r	 ? r->place
			 : stack ? decl_place(stack)
				 : (struct place){ 0 },
	};
	take_import(x, i);
}

/* -- All of them ---------------------------------------------------------- */

/* What is gone by its own declaration cannot be there by another. */
static void check_gone(struct expander *x, const struct resource *r)
{
	const struct declared_removed *gone = expand_removed(x->e, r->address);
	const struct declared_move *m;
	struct str rest;
	struct diag *to;

	if (gone) {
		to = diag_error(x->diags, "E0317", gone->place,
				"%.*s is still declared", STR_ARG(r->address));
		diag_note(x->diags, to, r->place, "declared here");
	}
	m = x->e->n_moves ? covering_move(x, r->address, &rest) : NULL;
	if (m) {
		to = diag_error(x->diags, "E0315", m->place,
				"%.*s is moved, and still declared",
				STR_ARG(r->address));
		diag_note(x->diags, to, r->place, "declared here");
		diag_hint(x->diags, to,
			  "Where another one has its name by now, take the "
			  "declaration of the move out.");
	}
}

static size_t count(const struct config *c, enum ast_decl_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_others; i++)
		n += c->others[i]->kind == kind;
	return n;
}

void declared_find(struct expander *x)
{
	const struct config *c = x->c->config;

	x->e->moves =
	    arena_new(x->arena, struct declared_move, count(c, DECL_MOVED) + 1);
	x->e->removed = arena_new(x->arena, struct declared_removed,
				  count(c, DECL_REMOVED) + 1);
	x->e->imports = arena_new(x->arena, struct declared_import,
				  count(c, DECL_IMPORT) + x->c->n_imports + 1);
	for (size_t i = 0; i < c->n_others; i++) {
		const struct ast_decl *d = c->others[i];

		if (d->kind == DECL_MOVED)
			add_move(x, d);
		else if (d->kind == DECL_REMOVED)
			add_removed(x, d);
		else if (d->kind == DECL_IMPORT)
			add_import(x, d);
	}
	for (size_t i = 0; i < x->c->n_imports; i++)
		add_asked(x, &x->c->imports[i]);
	check_circles(x);
	for (size_t i = 0;
	     x->e->n_moves + x->e->n_removed && i < x->resources.n; i++)
		check_gone(x, &x->resources.items[i]);
}

void declared_release(struct expander *x)
{
	map_release(&x->moves);
	map_release(&x->removed);
	map_release(&x->imports);
}
