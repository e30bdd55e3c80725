/*
 * In: a configuration. Out: its symbols and uses. First all declarations get
 * their symbols, then the expressions are walked, so that the order of the text
 * does not matter.
 */
#include <config.h>

#include "engine/lsp/names.h"

#include "engine/lsp/names_impl.h"

#include "lang/base/arena.h"
#include "lang/config.h"

#include <stdlib.h>

/* -- What is added -------------------------------------------------------- */

struct symbol *walk_symbol(struct walk *w, enum symbol_kind kind,
			   struct str name, struct place place)
{
	struct symbol *s = arena_new(w->names->arena, struct symbol, 1);

	s->kind = kind;
	s->index = w->symbols.n;
	s->name = name;
	s->place = place;
	s->scope = w->scope;
	s->decl = w->decl;
	*vec_push(&w->symbols) = s;
	return s;
}

struct span walk_span(const struct source *s, struct str text)
{
	uint32_t start = (uint32_t)(text.s - s->text.s);

	return (struct span){ start, start + (uint32_t)text.n };
}

struct use *walk_add(struct walk *w, struct place place, enum use_kind kind)
{
	struct use *u = vec_push(&w->uses);

	u->place = place;
	u->kind = kind;
	return u;
}

void walk_use(struct walk *w, struct place place, struct symbol *s)
{
	if (s)
		walk_add(w, place, USE_SYMBOL)->symbol = s;
}

void walk_declared(struct walk *w, struct symbol *s)
{
	struct use *u = walk_add(w, s->place, USE_SYMBOL);

	u->symbol = s;
	u->is_declaration = true;
}

/* -- Declarations --------------------------------------------------------- */

static void declare(struct walk *w, struct map *in, struct str key,
		    enum symbol_kind kind, const struct ast_decl *d)
{
	struct symbol *s = walk_symbol(
	    w, kind, d->name, (struct place){ d->source, d->name_span });

	s->decl = d;
	walk_declared(w, s);
	if (in)
		map_add(in, key, s);
}

static void declare_param(struct walk *w, struct scope *scope,
			  const struct ast_decl *d, const struct ast_param *p)
{
	struct symbol *s =
	    walk_symbol(w, SYMBOL_PARAM, p->name,
			(struct place){ d->source, p->name_span });

	s->decl = d;
	s->param = p;
	walk_declared(w, s);
	map_add(&scope->words, p->name, s);
}

/* provider aws prod { … }: aws.prod; without a label it has no name. */
static void declare_provider(struct walk *w, struct scope *scope,
			     const struct ast_decl *d)
{
	struct span span;
	struct symbol *s;

	if (!d->more->label.n)
		return;
	span = walk_span(d->source, d->more->label);
	s = walk_symbol(w, SYMBOL_PROVIDER, d->more->label,
			(struct place){ d->source, span });
	s->decl = d;
	walk_declared(w, s);
	map_add(&scope->providers,
		str_join(d->name, ".", d->more->label, w->names->arena), s);
}

static void declare_decl(struct walk *w, struct scope *scope,
			 const struct ast_decl *d)
{
	struct arena *a = w->names->arena;

	switch (d->kind) {
	case DECL_PARAM:
		for (size_t i = 0; i < d->more->n_params; i++)
			declare_param(w, scope, d, &d->more->params[i]);
		break;
	case DECL_LET:
		declare(w, &scope->words, d->name, SYMBOL_LET, d);
		break;
	case DECL_INSTANCE:
	case DECL_EXISTING:
		declare(w, &scope->resources,
			str_join(d->type, ".", d->name, a), SYMBOL_RESOURCE, d);
		break;
	case DECL_OUTPUT:
		declare(w, &scope->outputs, d->name, SYMBOL_OUTPUT, d);
		break;
	case DECL_CHECK:
		declare(w, NULL, d->name, SYMBOL_CHECK, d);
		break;
	case DECL_STACK:
		declare(w, NULL, d->name, SYMBOL_STACK, d);
		break;
	case DECL_PROVIDER:
		declare_provider(w, scope, d);
		break;
	case DECL_COMPONENT:
	case DECL_USE:
	case DECL_MOVED:
	case DECL_IMPORT:
	case DECL_REMOVED:
		break;
	}
}

static void declare_component(struct walk *w, const struct ast_decl *d)
{
	struct scope *scope = arena_new(w->names->arena, struct scope, 1);

	scope->component = d;
	w->scope = w->names->root;
	declare(w, &w->names->components, d->name, SYMBOL_COMPONENT, d);
	map_add(&w->names->scopes, d->name, scope);
	w->scope = scope;
	for (size_t i = 0; i < d->more->n_params; i++)
		declare_param(w, scope, d, &d->more->params[i]);
	for (size_t i = 0; i < d->more->n_decls; i++)
		declare_decl(w, scope, d->more->decls[i]);
	w->scope = w->names->root;
}

/* -- All texts ------------------------------------------------------------ */

static void each_component(struct walk *w,
			   void (*visit)(struct walk *w,
					 const struct ast_decl *d))
{
	const struct config *c = w->names->config;

	for (size_t i = 0; i < c->n_files; i++)
		for (size_t k = 0; k < c->files[i]->n_decls; k++)
			if (c->files[i]->decls[k]->kind == DECL_COMPONENT)
				visit(w, c->files[i]->decls[k]);
}

static void walk_component(struct walk *w, const struct ast_decl *d)
{
	struct scope *scope = map_get(&w->names->scopes, d->name);

	/* Of two of a name the first is looked into. */
	if (!scope || scope->component != d)
		return;
	w->scope = scope;
	w->decl = d;
	for (size_t i = 0; i < d->more->n_params; i++)
		walk_param(w, &d->more->params[i]);
	for (size_t i = 0; i < d->more->n_decls; i++)
		walk_decl(w, d->more->decls[i]);
	w->scope = w->names->root;
}

/* Sorts by file and place. */
struct keyed {
	size_t file;
	struct use use;
};

static int compare(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->use.place.span.start != y->use.place.span.start)
		return x->use.place.span.start < y->use.place.span.start ? -1
									 : 1;
	return 0;
}

static size_t file_of(const struct config *c, const struct source *s)
{
	for (size_t i = 0; i < c->n_files; i++)
		if (c->files[i]->source == s)
			return i;
	return c->n_files;
}

static void keep_uses(struct walk *w)
{
	struct names *n = w->names;
	struct keyed *all = xmalloc((w->uses.n + 1) * sizeof(*all));
	const struct source *last = NULL;
	size_t file = 0;

	for (size_t i = 0; i < w->uses.n; i++) {
		if (w->uses.items[i].place.source != last) {
			last = w->uses.items[i].place.source;
			file = file_of(n->config, last);
		}
		all[i] = (struct keyed){ file, w->uses.items[i] };
	}
	qsort(all, w->uses.n, sizeof(*all), compare);
	n->n_uses = w->uses.n;
	n->uses = arena_new(n->arena, struct use, n->n_uses + 1);
	for (size_t i = 0; i < n->n_uses; i++) {
		struct use *u = &n->uses[i];

		*u = all[i].use;
		if (u->kind != USE_SYMBOL)
			continue;
		u->next = u->symbol->uses;
		u->symbol->uses = u;
		u->symbol->n_uses++;
	}
	free(all);
	vec_release(&w->uses);
}

struct names *names_read(const struct config *c,
			 const struct type_schema *const *schemas,
			 struct arena *a)
{
	struct names *n = arena_new(a, struct names, 1);
	struct walk w = { .names = n };

	n->arena = a;
	n->config = c;
	n->schemas = schemas;
	n->root = arena_new(a, struct scope, 1);
	w.scope = n->root;
	for (size_t i = 0; i < c->n_decls; i++)
		declare_decl(&w, n->root, c->decls[i]);
	each_component(&w, declare_component);
	for (size_t i = 0; i < c->n_decls; i++)
		walk_decl(&w, c->decls[i]);
	each_component(&w, walk_component);
	n->n_symbols = w.symbols.n;
	n->symbols = vec_take(&w.symbols, a);
	keep_uses(&w);
	return n;
}

static void scope_release(struct scope *s)
{
	map_release(&s->words);
	map_release(&s->resources);
	map_release(&s->outputs);
	map_release(&s->providers);
}

void names_release(struct names *n)
{
	scope_release(n->root);
	for (size_t i = 0; i < n->scopes.n; i++)
		scope_release(n->scopes.entries[i].value);
	map_release(&n->components);
	map_release(&n->scopes);
	map_release(&n->types);
}

/* -- Questions ------------------------------------------------------------ */

/* The last use that begins at or before an offset of a file, or NULL. */
static const struct use *last_before(const struct names *n, size_t file,
				     uint32_t offset)
{
	size_t low = 0, high = n->n_uses;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct place p = n->uses[middle].place;
		size_t of = file_of(n->config, p.source);

		if (of < file || (of == file && p.span.start <= offset))
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &n->uses[low - 1] : NULL;
}

const struct use *names_at(const struct names *n, const struct source *s,
			   uint32_t offset)
{
	const struct use *u = last_before(n, file_of(n->config, s), offset);

	if (!u || u->place.source != s)
		return NULL;
	/* Right behind a word is still at it, if no other begins there. */
	if (u->place.span.start == offset && u->place.span.end > offset)
		return u;
	return u->place.span.end >= offset ? u : NULL;
}

/* The last that begins at or before the offset, or NULL. */
static const struct ast_decl *decl_before(struct ast_decl *const *decls,
					  size_t n, uint32_t offset)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (decls[middle]->span.start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? decls[low - 1] : NULL;
}

static struct symbol *variable_at(const struct names *n,
				  const struct ast_decl *d, struct str name)
{
	const struct use *u;

	if (!name.n)
		return NULL;
	u = names_at(n, d->source, (uint32_t)(name.s - d->source->text.s));
	return u && u->kind == USE_SYMBOL ? u->symbol : NULL;
}

static const struct variables *variables_of(const struct names *n,
					    const struct ast_decl *d)
{
	struct variables *v;

	if (!d->more->key.n)
		return NULL;
	v = arena_new(n->arena, struct variables, 1);
	v->key = variable_at(n, d, d->more->key);
	v->val = variable_at(n, d, d->more->val);
	return v;
}

void names_env_at(const struct names *n, const struct source *s,
		  uint32_t offset, struct names_env *out)
{
	size_t file = file_of(n->config, s);
	const struct ast_file *f;
	const struct ast_decl *d;
	struct scope *scope;

	*out = (struct names_env){ .scope = n->root };
	if (file == n->config->n_files)
		return;
	f = n->config->files[file];
	d = decl_before(f->decls, f->n_decls, offset);
	if (d && d->kind == DECL_COMPONENT) {
		scope = map_get(&n->scopes, d->name);
		if (scope && d->span.end >= offset)
			out->scope = scope;
		d = decl_before(d->more->decls, d->more->n_decls, offset);
	}
	out->decl = d;
	if (d)
		out->variables = variables_of(n, d);
}

const struct symbol *names_word(const struct names_env *env, struct str name)
{
	for (const struct variables *v = env->variables; v; v = v->outer) {
		if (v->key && str_eq(v->key->name, name))
			return v->key;
		if (v->val && str_eq(v->val->name, name))
			return v->val;
	}
	return map_get(&env->scope->words, name);
}

const struct symbol *names_resource(const struct scope *s, struct str type,
				    struct str name)
{
	struct arena scratch = { 0 };
	const struct symbol *found =
	    map_get(&s->resources, str_join(type, ".", name, &scratch));

	arena_release(&scratch);
	return found;
}
