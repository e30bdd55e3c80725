/* The uses in declarations and their bodies. */
#include <config.h>

#include "engine/lsp/names_impl.h"
#include "engine/lsp/task_settings.h"

#include "lang/base/arena.h"
#include "lang/config.h"
#include "lang/type.h"

/* -- Types of params ------------------------------------------------------ */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* What is behind a word: '(' of enum(…), ':' of an object's member. */
static char behind(struct str text, size_t at)
{
	while (at < text.n && (text.s[at] == ' ' || text.s[at] == '?'))
		at++;
	return at < text.n ? text.s[at] : '\0';
}

static void walk_type(struct walk *w, struct ast_type type)
{
	const struct source *source = w->decl->source;
	size_t enums = 0, at = 0;

	while (at < type.text.n) {
		size_t start = at;
		struct str word;

		while (at < type.text.n && is_word(type.text.s[at]))
			at++;
		word = str_sub(type.text, start, at);
		if (word.n == 0) {
			/* Members of an enum hold no brackets. */
			enums -= enums && type.text.s[at] == ')';
			at++;
			continue;
		}
		if (enums || behind(type.text, at) == ':')
			continue;
		if (str_is(word, "enum"))
			enums = 1;
		else
			walk_type_name(w,
				       (struct place){
					   source,
					   { type.span.start + (uint32_t)start,
					     type.span.start + (uint32_t)at } },
				       word);
	}
}

/* -- Bodies --------------------------------------------------------------- */

static struct place at(const struct walk *w, struct span span)
{
	return (struct place){ w->decl->source, span };
}

/* Attributes that nothing is known of. */
static void walk_plain(struct walk *w, const struct ast_body *b)
{
	for (size_t i = 0; i < b->n_attrs; i++)
		walk_expr(w, b->attrs[i].value, NULL);
}

void walk_param(struct walk *w, const struct ast_param *p)
{
	walk_type(w, p->type);
	walk_expr(w, p->fallback, names_type(w->names, p->type.text));
	walk_plain(w, &p->body);
}

static const struct attr_schema *find_attr(const struct attr_schema *attrs,
					   struct str name)
{
	for (; attrs && attrs->name; attrs++)
		if (str_is(name, attrs->name))
			return attrs;
	return NULL;
}

static void walk_known(struct walk *w, const struct ast_attr *a,
		       const struct type_schema *of,
		       const struct attr_schema *attr,
		       const struct attr_rule *rules)
{
	struct use *u = walk_add(w, at(w, a->name_span), USE_ATTR);

	u->of = of;
	u->attr = attr;
	u->rules = rules;
	walk_expr(w, a->value, names_type(w->names, str_from(attr->type)));
}

static void walk_attrs(struct walk *w, const struct ast_body *b,
		       const struct type_schema *t,
		       const struct attr_schema *attrs,
		       const struct attr_rule *rules)
{
	for (size_t i = 0; i < b->n_attrs; i++) {
		const struct ast_attr *a = &b->attrs[i];
		const struct attr_schema *attr = find_attr(attrs, a->name);

		if (!attr && t)
			attr = names_common_attr(t, a->name);
		if (attr)
			walk_known(w, a, t, attr, rules);
		else
			walk_expr(w, a->value, NULL);
	}
}

static void walk_settings(struct walk *w, const struct ast_body *b,
			  struct str block)
{
	for (size_t i = 0; i < b->n_attrs; i++) {
		const struct ast_attr *a = &b->attrs[i];

		if (task_setting_is(block, a->name))
			walk_add(w, at(w, a->name_span), USE_SETTING)
			    ->setting_block = block;
		if (a->value->kind != EXPR_NAME ||
		    !task_setting_takes(block, a->name, ast_text(a->value)))
			walk_expr(w, a->value, NULL);
	}
	for (size_t i = 0; block.n == 0 && i < b->n_blocks; i++)
		walk_settings(w, &b->blocks[i].body, b->blocks[i].name);
}

/* lifecycle, timeouts: what is ignored are names of attributes. */
static void walk_common(struct walk *w, const struct ast_block *b)
{
	for (size_t i = 0; i < b->body.n_attrs; i++)
		if (!str_is(b->body.attrs[i].name, "ignore"))
			walk_expr(w, b->body.attrs[i].value, NULL);
}

static void walk_resource(struct walk *w, const struct ast_body *b,
			  const struct type_schema *t);

static void walk_block(struct walk *w, const struct ast_block *b,
		       const struct type_schema *t)
{
	const struct block_schema *s = schema_block(t, b->name);
	const struct type_schema *node;

	if (!s) {
		walk_common(w, b);
		return;
	}
	walk_add(w, at(w, b->name_span), USE_BLOCK)->block = s;
	switch (s->kind) {
	case BLOCK_LIST:
		walk_attrs(w, &b->body, NULL, s->attrs, s->rules);
		break;
	case BLOCK_NODES:
		node = schema_find(w->names->schemas, str_from(s->node_type));
		/* Nodes hold no nodes: that would be no end. */
		if (node && node != t)
			walk_resource(w, &b->body, node);
		break;
	case BLOCK_SETTINGS:
		walk_settings(w, &b->body, STR(""));
		break;
	case BLOCK_MAPPING:
		break;
	}
}

static void walk_resource(struct walk *w, const struct ast_body *b,
			  const struct type_schema *t)
{
	walk_attrs(w, b, t, t->attrs, t->rules);
	for (size_t i = 0; i < b->n_blocks; i++)
		walk_block(w, &b->blocks[i], t);
}

/* What is handed to a component's params. */
static void walk_arguments(struct walk *w, const struct ast_body *b,
			   const struct scope *component)
{
	for (size_t i = 0; i < b->n_attrs; i++) {
		const struct ast_attr *a = &b->attrs[i];
		struct symbol *s = map_get(&component->words, a->name);
		const struct type *wanted = NULL;

		if (s && s->kind == SYMBOL_PARAM) {
			walk_use(w, at(w, a->name_span), s);
			wanted = names_type(w->names, s->param->type.text);
		}
		walk_expr(w, a->value, wanted);
	}
	for (size_t i = 0; i < b->n_blocks; i++)
		walk_common(w, &b->blocks[i]);
}

/* -- Declarations --------------------------------------------------------- */

static struct symbol *variable(struct walk *w, const struct ast_decl *d,
			       struct str name)
{
	struct symbol *s;

	if (!name.n)
		return NULL;
	s = walk_symbol(
	    w, SYMBOL_VARIABLE, name,
	    (struct place){ d->source, walk_span(d->source, name) });
	s->over = d->more->over;
	walk_declared(w, s);
	return s;
}

static void walk_instance(struct walk *w, const struct ast_decl *d)
{
	const struct type_schema *t = schema_find(w->names->schemas, d->type);
	struct scope *component = map_get(&w->names->scopes, d->type);
	struct variables v = { 0 }, *kept = NULL;

	walk_type_name(w, at(w, d->type_span), d->type);
	walk_expr(w, d->more->over, NULL);
	v.key = variable(w, d, d->more->key);
	v.val = variable(w, d, d->more->val);
	if (v.key && v.val) {
		v.key->has_second = v.val->has_second = true;
		v.val->is_second = true;
	}
	if (v.key) {
		/* Variables in the body point to it. */
		kept = arena_new(w->names->arena, struct variables, 1);
		*kept = v;
	}
	w->variables = kept;
	walk_expr(w, d->more->condition, NULL);
	if (t)
		walk_resource(w, &d->body, t);
	else if (component)
		walk_arguments(w, &d->body, component);
	else
		walk_plain(w, &d->body);
	w->variables = NULL;
}

static void walk_use_file(struct walk *w, const struct ast_decl *d)
{
	const struct config *c = w->names->config;
	struct str path = ast_text(d->value);
	struct str folder = d->source->folder;

	if (d->value->kind != EXPR_STRING)
		return;
	if (!str_starts(path, "/") && !str_is(folder, "."))
		path = str_join(folder, "/", path, w->names->arena);
	path = config_path(path, w->names->arena);
	for (size_t i = 0; i < c->n_files; i++)
		if (str_eq(c->files[i]->source->name, path))
			walk_add(w, at(w, d->value->span), USE_FILE)->file =
			    c->files[i]->source;
}

void walk_decl(struct walk *w, const struct ast_decl *d)
{
	w->decl = d;
	switch (d->kind) {
	case DECL_PARAM:
		for (size_t i = 0; i < d->more->n_params; i++)
			walk_param(w, &d->more->params[i]);
		break;
	case DECL_LET:
		walk_expr(w, d->value, NULL);
		break;
	case DECL_OUTPUT:
		walk_expr(w, d->value, NULL);
		walk_plain(w, &d->body);
		break;
	case DECL_STACK:
	case DECL_PROVIDER:
	case DECL_CHECK:
		walk_plain(w, &d->body);
		break;
	case DECL_INSTANCE:
	case DECL_EXISTING:
		walk_instance(w, d);
		break;
	case DECL_USE:
		walk_use_file(w, d);
		break;
	case DECL_MOVED:
		walk_address(w, d->value);
		walk_address(w, d->more->value2);
		break;
	case DECL_IMPORT:
		walk_address(w, d->value);
		walk_expr(w, d->more->value2, NULL);
		break;
	case DECL_REMOVED:
		walk_address(w, d->value);
		walk_plain(w, &d->body);
		break;
	case DECL_COMPONENT:
		break;
	}
}
