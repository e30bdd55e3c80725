#include <config.h>

#include "engine/lsp/workspace.h"

#include "engine/lsp/analysis.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/source.h"

#include <stdlib.h>
#include <string.h>

enum {
	CANDIDATES_MAX = 50,	   /* files of a folder that are looked into */
	CANDIDATE_BYTES = 1 << 20, /* of one */
};

static struct source *open_text(void *texts, const char *path, struct arena *a,
				struct error *err)
{
	struct workspace *w = texts;
	struct str name = str_from(path);
	const struct str *instead = map_get(&w->instead, name);
	const struct document *doc = documents_by_path(&w->documents, name);

	if (instead)
		return source_from(name, *instead, a);
	if (doc)
		return source_from(name, doc->text, a);
	return source_open(path, a, err);
}

void workspace_init(struct workspace *w, const struct context *c)
{
	*w = (struct workspace){ .context = *c };
	w->context.open_text = open_text;
	w->context.texts = w;
}

static void drop(struct workspace *w, size_t i)
{
	analysis_close(w->analyses[i]);
	w->n_analyses--;
	memmove(&w->analyses[i], &w->analyses[i + 1],
		(w->n_analyses - i) * sizeof(struct analysis *));
}

void workspace_forget(struct workspace *w)
{
	while (w->n_analyses)
		drop(w, w->n_analyses - 1);
	for (size_t i = 0; i < w->documents.n; i++) {
		struct document *doc = w->documents.items[i];

		doc->is_changed = true;
		doc->has_looked = false;
	}
	w->is_changed = true;
}

void workspace_release(struct workspace *w)
{
	while (w->n_analyses)
		drop(w, w->n_analyses - 1);
	documents_release(&w->documents);
	map_release(&w->instead);
	for (size_t i = 0; i < w->n_shown; i++) {
		str_drop(w->shown[i].uri);
		str_drop(w->shown[i].path);
	}
	free(w->shown);
}

static bool belongs_to(const struct document *doc, const struct analysis *an)
{
	return str_eq(doc->path, an->path) || str_eq(doc->stack_path, an->path);
}

void workspace_changed(struct workspace *w, const struct document *doc)
{
	for (size_t i = w->n_analyses; i-- > 0;) {
		if (!analysis_file(w->analyses[i], doc->path))
			continue;
		for (size_t k = 0; k < w->documents.n; k++)
			w->documents.items[k]->is_changed |=
			    belongs_to(w->documents.items[k], w->analyses[i]);
		drop(w, i);
	}
	w->is_changed = true;
}

/* -- Which stack ---------------------------------------------------------- */

static struct analysis *find(const struct workspace *w, struct str path)
{
	for (size_t i = 0; i < w->n_analyses; i++)
		if (str_eq(w->analyses[i]->path, path))
			return w->analyses[i];
	return NULL;
}

static struct analysis *keep(struct workspace *w, struct analysis *an)
{
	if (w->n_analyses == ANALYSES_MAX)
		drop(w, 0);
	w->analyses[w->n_analyses++] = an;
	return an;
}

/* The stack of that file if it uses the text, or NULL. */
static struct analysis *stack_with(struct workspace *w, struct str stack,
				   const struct document *doc)
{
	struct analysis *an = find(w, stack);
	bool is_new = !an;
	struct error err;

	if (str_eq(stack, doc->path))
		return NULL;
	if (!an)
		an = analysis_open(&w->context, stack, &err);
	if (!an)
		return NULL;
	if (analysis_has_stack(an) && analysis_file(an, doc->path))
		return is_new ? keep(w, an) : an;
	if (is_new)
		analysis_close(an);
	return NULL;
}

static struct analysis *look_in_folder(struct workspace *w, struct str folder,
				       const struct document *doc)
{
	struct arena a = { 0 };
	struct analysis *found = NULL;
	struct str *names, text;
	struct error err;
	size_t n = file_names(str_c(folder, &a), ".dmsl", &a, &names);

	for (size_t i = 0; i < n && i < CANDIDATES_MAX && !found; i++) {
		struct str path = str_fmt(&a, "%.*s/%.*s.dmsl", STR_ARG(folder),
					  STR_ARG(names[i]));

		if (file_read(path.s, CANDIDATE_BYTES, &a, &text, &err) == 0 &&
		    str_contains(text, STR("stack")))
			found = stack_with(w, path, doc);
	}
	arena_release(&a);
	return found;
}

static struct str folder_of(struct str path)
{
	ptrdiff_t slash = str_rfind(path, '/');

	return slash > 0 ? str_sub(path, 0, (size_t)slash) : (struct str){ 0 };
}

static struct analysis *look_for_stack(struct workspace *w,
				       const struct document *doc)
{
	struct str folder = folder_of(doc->path);
	struct str above = folder_of(folder);
	struct analysis *found = NULL;

	for (size_t i = 0, n = 0; i < w->documents.n && !found; i++)
		if (str_contains(w->documents.items[i]->text, STR("stack")) &&
		    n++ < CANDIDATES_MAX)
			found = stack_with(w, w->documents.items[i]->path, doc);
	if (!found && folder.n)
		found = look_in_folder(w, folder, doc);
	if (!found && above.n)
		found = look_in_folder(w, above, doc);
	return found;
}

static void remember(struct document *doc, const struct analysis *an)
{
	str_drop(doc->stack_path);
	doc->stack_path = str_keep(an ? an->path : (struct str){ 0 });
	doc->has_looked = true;
}

struct analysis *workspace_analysis(struct workspace *w, struct document *doc,
				    struct error *err)
{
	struct analysis *own = find(w, doc->path), *found = NULL;

	if (own && (analysis_has_stack(own) || !doc->stack_path.n))
		return own;
	if (!own) {
		own = analysis_open(&w->context, doc->path, err);
		if (!own)
			return NULL;
		keep(w, own);
	}
	if (analysis_has_stack(own)) {
		remember(doc, NULL);
		doc->has_looked = false;
		return own;
	}
	if (doc->has_looked && doc->stack_path.n)
		found = stack_with(w, doc->stack_path, doc);
	if (!found && !doc->has_looked) {
		found = look_for_stack(w, doc);
		remember(doc, found);
	}
	return found ? found : own;
}

struct str workspace_uri(const struct workspace *w, struct str path,
			 struct arena *a)
{
	const struct document *doc = documents_by_path(&w->documents, path);

	return doc ? doc->uri : uri_from_path(path, a);
}
