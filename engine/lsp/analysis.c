#include <config.h>

#include "engine/lsp/analysis.h"

#include "engine/expand.h"
#include "engine/lsp/names.h"
#include "engine/setup.h"
#include "lang/ast.h"
#include "lang/base/error.h"
#include "lang/config.h"

#include <stdlib.h>

struct analysis *analysis_open(const struct context *c, struct str path,
			       struct error *err)
{
	struct analysis *an = xmalloc(sizeof(*an));

	*an = (struct analysis){ 0 };
	an->path = config_path(path, &an->arena);
	an->context = (struct context){
		.providers = c->providers,
		.schemas = c->schemas,
		.is_type = c->is_type,
		.open_text = c->open_text,
		.texts = c->texts,
		.program = c->program,
		.arena = &an->arena,
		.diags = { .arena = &an->arena },
	};
	if (setup_texts(&an->context, str_c(an->path, &an->arena), err) < 0) {
		analysis_close(an);
		return NULL;
	}
	return an;
}

void analysis_close(struct analysis *an)
{
	if (an->names)
		names_release(an->names);
	for (size_t i = 0; i < an->lines.n; i++)
		lines_release(an->lines.entries[i].value);
	map_release(&an->lines);
	setup_close(&an->context, NULL);
	diags_release(&an->context.diags);
	arena_release(&an->arena);
	free(an);
}

bool analysis_has_stack(const struct analysis *an)
{
	return an->context.config->stack;
}

const struct ast_file *analysis_file(const struct analysis *an, struct str path)
{
	const struct config *c = an->context.config;

	for (size_t i = 0; i < c->n_files; i++)
		if (str_eq(c->files[i]->source->name, path))
			return c->files[i];
	return NULL;
}

struct names *analysis_names(struct analysis *an)
{
	if (!an->names)
		an->names = names_read(an->context.config, an->context.schemas,
				       &an->arena);
	return an->names;
}

/* What is no finding of the text: E0302, a run gives the value. */
static void leave_out(struct diags *d, bool has_stack)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct str code = str_from(d->items[i]->code);

		if (str_is(code, "E0302") ||
		    (!has_stack && str_is(code, "E0204")))
			d->n_errors--;
		else
			d->items[n++] = d->items[i];
	}
	d->n = n;
}

const struct diags *analysis_findings(struct analysis *an)
{
	struct context *c = &an->context;
	const struct ast_decl *stack = c->config->stack;
	struct error err = { 0 };

	if (an->is_checked)
		return &c->diags;
	an->is_checked = true;
	if (stack)
		expansion_release(expand(c, true, &err));
	else
		expand_check_components(c);
	leave_out(&c->diags, stack);
	if (stack && err.message[0] && !c->diags.n_errors)
		diag_error(&c->diags, "E0310",
			   (struct place){ stack->source, stack->name_span },
			   "%s", err.message);
	return &c->diags;
}

const struct lines *analysis_lines(struct analysis *an, const struct source *s)
{
	struct lines *l = map_get(&an->lines, s->name);

	if (!l) {
		l = arena_new(&an->arena, struct lines, 1);
		lines_index(l, s->text);
		map_put(&an->lines, s->name, l);
	}
	return l;
}
