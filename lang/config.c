/*
 * In: the path of a stack file. Out: every file that belongs to the stack, its
 * declarations, and the components that it and they name.
 *
 * Files are known by their names without "." and "..": one that is used twice,
 * or uses itself, is read once. Names of components are looked for in the order
 * in which they appear, in files that were found on the way too, until nothing
 * new turns up.
 */
#include <config.h>

#include "lang/config.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"
#include "lang/config_names.h"
#include "lang/diag.h"
#include "lang/parse.h"
#include "lang/suggest.h"
#include "lang/token.h"

#include <stdlib.h>

enum { FILES_MAX = 1000 };

struct loader {
	struct config *config;
	struct arena *arena;
	struct diags *diags;
	const struct config_options *options;
	struct str folder;	       /* of the stack file */
	VEC(struct str) library_names; /* components that there would be */
	bool is_listed;		       /* whether they were looked for */
	struct map by_path;	       /* normal path -> struct ast_file */
	struct map missing; /* component that was not found -> itself */
	VEC(struct ast_file *) files;
	VEC(struct ast_decl *) decls, others;
	VEC(const struct ast_decl *) uses; /* in the order read */
	size_t next_use;		   /* of those */
	bool is_too_many;		   /* files; was reported */
};

static struct place place_of(const struct ast_decl *d, struct span span)
{
	return (struct place){ d->source, span };
}

struct str config_path(struct str path, struct arena *a)
{
	bool is_absolute = str_starts(path, "/");
	char *out = arena_new(a, char, path.n + 2);
	size_t n = 0, fixed = 0;

	if (is_absolute)
		out[n++] = '/';
	fixed = n;
	while (path.n) {
		struct str part = str_cut(&path, '/');

		if (part.n == 0 || str_is(part, "."))
			continue;
		if (str_is(part, "..") && n > fixed) {
			while (n > fixed && out[n - 1] != '/')
				n--;
			if (n > fixed)
				n--;
			continue;
		}
		if (str_is(part, "..") && is_absolute)
			continue;
		if (n && out[n - 1] != '/')
			out[n++] = '/';
		for (size_t i = 0; i < part.n; i++)
			out[n++] = part.s[i];
		/* What begins with ".." cannot be taken back. */
		if (str_is(part, ".."))
			fixed = n;
	}
	return n ? (struct str){ out, n } : STR(".");
}

static struct str join(struct str folder, struct str name, struct arena *a)
{
	if (str_starts(name, "/") || str_is(folder, "."))
		return config_path(name, a);
	return config_path(
	    str_fmt(a, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name)), a);
}

static void tell_stack(void *context, const struct ast_decl *d)
{
	const struct config_options *o = context;

	if (d->kind == DECL_STACK)
		o->tell_stack(o->tell_context, d->name);
}

static struct ast_file *read_file(struct loader *l, struct str path,
				  struct error *err)
{
	struct ast_file *f = map_get(&l->by_path, path);
	struct source *s;

	if (f)
		return f;
	if (l->options->open)
		s = l->options->open(l->options->open_context, path.s, l->arena,
				     err);
	else
		s = source_open(path.s, l->arena, err);
	if (!s)
		return NULL;
	f = parse_file_with(s, l->options->tell_stack ? tell_stack : NULL,
			    (void *)l->options, l->arena, l->diags);
	map_put(&l->by_path, path, f);
	*vec_push(&l->files) = f;
	return f;
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool is_torn(struct ast_file *const *files, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (files[i]->n_torn &&
		    bsearch(&name, files[i]->torn, files[i]->n_torn,
			    sizeof(name), by_text))
			return true;
	return false;
}

bool config_is_torn(const struct config *c, struct str name)
{
	return is_torn(c->files, c->n_files, name);
}

static void add_component(struct loader *l, struct ast_decl *d)
{
	struct ast_decl *first = map_get(&l->config->components, d->name);
	struct diag *x;

	if (first) {
		config_report_twice(l->diags, "component", d, first);
		return;
	}
	map_put(&l->config->components, d->name, d);
	if (l->options->is_type(d->name)) {
		x = diag_error(l->diags, "E0208", place_of(d, d->name_span),
			       "component \"%.*s\" has the name of a resource "
			       "type",
			       STR_ARG(d->name));
		diag_hint(l->diags, x, "Give the component another name.");
	}
}

/* A file of the library holds components; what it uses is used. */
static void add_library_file(struct loader *l, const struct ast_file *f)
{
	for (size_t i = 0; i < f->n_decls; i++) {
		struct ast_decl *d = f->decls[i];

		if (d->kind == DECL_COMPONENT)
			add_component(l, d);
		else if (d->kind == DECL_USE)
			*vec_push(&l->uses) = d;
		else
			diag_error(l->diags, "E0206", place_of(d, d->span),
				   "only components can stand in a file of "
				   "the library");
	}
}

/* With 100,000 each look at all of them shows, so that this one is for all. */
static void add_stack_file(struct loader *l, const struct ast_file *f)
{
	for (size_t i = 0; i < f->n_decls; i++) {
		struct ast_decl *d = f->decls[i];

		if (d->kind == DECL_COMPONENT) {
			add_component(l, d);
			continue;
		}
		*vec_push(&l->decls) = d;
		if (d->kind == DECL_USE)
			*vec_push(&l->uses) = d;
		if (d->kind != DECL_INSTANCE && d->kind != DECL_EXISTING)
			*vec_push(&l->others) = d;
	}
}

static void use_file(struct loader *l, const struct ast_decl *d)
{
	struct place place = place_of(d, d->value->span);
	struct error err = { 0 };
	struct str path;
	struct diag *x;
	size_t n = l->files.n;

	if (d->value->kind != EXPR_STRING || ast_text(d->value).n == 0) {
		diag_error(l->diags, "E0207", place,
			   "use takes the path of a file, without a template");
		return;
	}
	if (n >= FILES_MAX) {
		if (!l->is_too_many)
			diag_error(l->diags, "E0207", place,
				   "a stack uses more than %d files",
				   FILES_MAX);
		l->is_too_many = true;
		return;
	}
	path = join(d->source->folder, ast_text(d->value), l->arena);
	if (!read_file(l, path, &err)) {
		x = diag_error(l->diags, "E0207", place, "%s", err.message);
		diag_hint(l->diags, x,
			  "A path is relative to the file it stands in.");
	} else if (l->files.n > n) {
		add_stack_file(l, l->files.items[n]);
	}
}

/* Reads what the files that were read use, and so on. */
static void use_files(struct loader *l)
{
	while (l->next_use < l->uses.n)
		use_file(l, l->uses.items[l->next_use++]);
}

/* false: there is no such file, or it does not have the component. */
static bool find_in_folder(struct loader *l, struct str folder, struct str name,
			   struct place wanted)
{
	struct error err = { 0 };
	struct str file = str_fmt(l->arena, "%.*s.dmsl", STR_ARG(name));
	struct str path = join(folder, file, l->arena);
	size_t n = l->files.n;
	struct ast_file *f;

	if (n >= FILES_MAX || map_has(&l->by_path, path))
		return false;
	f = read_file(l, path, &err);
	if (!f) {
		if (err.kind == ERROR_NOT_FOUND)
			return false;
		/* A file that is there is the one that was meant. */
		diag_error(l->diags, "E0207", wanted, "%s", err.message);
		return true;
	}
	add_library_file(l, f);
	use_files(l);
	if (map_has(&l->config->components, name) || is_torn(&f, 1, name))
		return true;
	diag_error(l->diags, "E0201", wanted,
		   "\"%.*s\" does not declare component \"%.*s\"",
		   STR_ARG(f->source->name), STR_ARG(name));
	return true;
}

/* What the folders hold that components come from; read when first needed. */
static void list_library(struct loader *l)
{
	struct str lib = join(l->folder, STR("lib"), l->arena);
	const char *folders[] = { str_c(lib, l->arena), l->options->library };

	if (l->is_listed)
		return;
	l->is_listed = true;
	for (size_t i = 0; i < 2 && folders[i]; i++) {
		struct str *names;
		size_t n = file_names(folders[i], ".dmsl", l->arena, &names);

		for (size_t j = 0; j < n; j++)
			*vec_push(&l->library_names) = names[j];
	}
}

static void report_unknown(struct loader *l, const struct ast_decl *d)
{
	struct suggest s = suggest_start(d->type);
	const struct map *components = &l->config->components;
	struct diag *x;

	for (size_t i = 0; l->options->type_names && l->options->type_names[i];
	     i++)
		suggest_try(&s, str_from(l->options->type_names[i]));
	for (size_t i = 0; i < components->n; i++)
		suggest_try(&s, components->entries[i].key);
	list_library(l);
	for (size_t i = 0; i < l->library_names.n; i++)
		suggest_try(&s, l->library_names.items[i]);
	x = diag_error(l->diags, "E0201", place_of(d, d->type_span),
		       "unknown resource type or component \"%.*s\"",
		       STR_ARG(d->type));
	if (s.best.n)
		diag_hint(l->diags, x, "Did you mean \"%.*s\"?",
			  STR_ARG(s.best));
}

/* In lib/ beside the stack file, or in the library. */
static bool find_component(struct loader *l, struct str name,
			   struct place wanted)
{
	struct str beside = join(l->folder, STR("lib"), l->arena);

	return find_in_folder(l, beside, name, wanted) ||
	       (l->options->library &&
		find_in_folder(l, str_from(l->options->library), name, wanted));
}

/* The type of an instance: a resource type, or a component that is found. */
static void resolve_type(struct loader *l, const struct ast_decl *d)
{
	struct place place = place_of(d, d->type_span);

	if (l->options->is_type(d->type))
		return;
	/* Another of this name would be taken for it. */
	if (!map_has(&l->config->components, d->type) &&
	    is_torn(l->files.items, l->files.n, d->type))
		return;
	if (!map_has(&l->config->components, d->type) &&
	    !map_has(&l->missing, d->type)) {
		if (!find_component(l, d->type, place))
			map_put(&l->missing, d->type, l->config);
	}
	if (map_has(&l->missing, d->type))
		report_unknown(l, d);
	else if (d->kind == DECL_EXISTING)
		diag_error(l->diags, "E0206", place,
			   "existing takes a resource type, and \"%.*s\" is a "
			   "component",
			   STR_ARG(d->type));
}

/* The components that a param's type names; what is none is not reported here.
 */
static void resolve_words(struct loader *l, const struct source *source,
			  struct ast_type type)
{
	struct place place = { source, type.span };
	struct str text = type.text, word;

	while (text.n) {
		size_t n = 0;

		while (n < text.n && token_is_word_byte(text.s[n]))
			n++;
		word = str_sub(text, 0, n);
		text = str_skip(text, n ? n : 1);
		if (n && !l->options->is_type(word) &&
		    !map_has(&l->config->components, word))
			find_component(l, word, place);
	}
}

/*
 * Every type that is named anywhere. Lists grow while we walk them: a component
 * that was found names others, a file that it uses brings declarations.
 */
static void resolve_types(struct loader *l)
{
	const struct map *components = &l->config->components;
	size_t next_decl = 0, next_component = 0;

	while (next_decl < l->decls.n || next_component < components->n) {
		const struct ast_decl *d;

		if (next_decl < l->decls.n) {
			d = l->decls.items[next_decl++];
			if (d->type.n)
				resolve_type(l, d);
			continue;
		}
		d = components->entries[next_component++].value;
		for (size_t i = 0; i < d->more->n_params; i++)
			resolve_words(l, d->source, d->more->params[i].type);
		for (size_t i = 0; i < d->more->n_decls; i++)
			if (d->more->decls[i]->type.n)
				resolve_type(l, d->more->decls[i]);
	}
}

static void find_stack(struct loader *l, size_t n_errors)
{
	struct config *c = l->config;
	const struct source *s = c->files[0]->source;
	struct diag *x;

	for (size_t i = 0; i < c->n_others; i++) {
		const struct ast_decl *d = c->others[i];

		if (d->kind != DECL_STACK)
			continue;
		if (!c->stack) {
			c->stack = d;
			continue;
		}
		x = diag_error(l->diags, "E0204", place_of(d, d->name_span),
			       "a second stack block");
		diag_note(l->diags, x, place_of(c->stack, c->stack->name_span),
			  "the first stands here");
	}
	/* It may be what a syntax error was about. */
	if (c->stack || n_errors)
		return;
	x = diag_error(l->diags, "E0204", (struct place){ s, { 0, 0 } },
		       "no stack block");
	diag_hint(l->diags, x,
		  "A stack has a name and a provider: stack NAME "
		  "{ provider = local }.");
}

struct config *config_load_with(const char *path,
				const struct config_options *o, struct arena *a,
				struct diags *d, struct error *err)
{
	struct config *c = arena_new(a, struct config, 1);
	struct loader l = {
		.config = c,
		.arena = a,
		.diags = d,
		.options = o,
	};
	struct str normal = config_path(str_from(path), a);
	struct ast_file *f = read_file(&l, normal, err);
	size_t n_errors;

	if (!f) {
		map_release(&l.by_path);
		vec_release(&l.files);
		return NULL;
	}
	c->path = str_dup(str_from(path), a);
	l.folder = f->source->folder;
	add_stack_file(&l, f);
	use_files(&l);
	n_errors = d->n_errors;
	resolve_types(&l);
	c->n_files = l.files.n;
	c->files = vec_take(&l.files, a);
	c->n_decls = l.decls.n;
	c->decls = vec_take(&l.decls, a);
	c->n_others = l.others.n;
	c->others = vec_take(&l.others, a);
	find_stack(&l, n_errors);
	config_check_names(c, d);
	map_release(&l.by_path);
	map_release(&l.missing);
	vec_release(&l.library_names);
	vec_release(&l.uses);
	return c;
}

struct config *config_load(const char *path, bool (*is_type)(struct str name),
			   const char *library, struct arena *a,
			   struct diags *d, struct error *err)
{
	struct config_options o = { .is_type = is_type, .library = library };

	return config_load_with(path, &o, a, d, err);
}

void config_release(struct config *c)
{
	map_release(&c->components);
}
