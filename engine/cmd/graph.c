/* graph: the resources of a stack and what they need. */
#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/runs.h"
#include "engine/setup.h"

#include "lang/base/error.h"

#include <string.h>

struct args {
	const char *format;
	struct run_options run;
};

/* How a node and an edge are written; joins are nodes, too. */
struct format {
	const char *name;
	const char *before, *after;
	void (*node)(size_t number, struct str address, bool is_join);
	void (*edge)(size_t from, size_t to);
};

static void quoted(struct str s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.s[i] == '"' || s.s[i] == '\\')
			putchar('\\');
		putchar(s.s[i]);
	}
	putchar('"');
}

static void dot_node(size_t number, struct str address, bool is_join)
{
	printf("  n%zu [label=", number);
	quoted(address);
	printf("%s];\n", is_join ? ", style=dashed" : "");
}

static void dot_edge(size_t from, size_t to)
{
	printf("  n%zu -> n%zu;\n", from, to);
}

/* Mermaid's labels have entities instead of escapes. */
static void mermaid_node(size_t number, struct str address, bool is_join)
{
	printf("  n%zu%s\"", number, is_join ? "([" : "[");
	for (size_t i = 0; i < address.n; i++) {
		if (address.s[i] == '"')
			fputs("#quot;", stdout);
		else if (address.s[i] == '#')
			fputs("#35;", stdout);
		else
			putchar(address.s[i]);
	}
	printf("\"%s\n", is_join ? "])" : "]");
}

static void mermaid_edge(size_t from, size_t to)
{
	printf("  n%zu --> n%zu\n", from, to);
}

static const struct format formats[] = {
	{ "dot", "digraph stack {\n  rankdir=LR;\n  node [shape=box];\n", "}\n",
	  dot_node, dot_edge },
	{ "mermaid", "flowchart LR\n", "", mermaid_node, mermaid_edge },
};

static void print_graph(const struct expansion *e, const struct format *f)
{
	fputs(f->before, stdout);
	for (size_t i = 0; i < e->n; i++)
		f->node(i, e->resources[i].address, false);
	for (size_t j = 0; j < e->n_joins; j++)
		f->node(e->n + j, e->joins[j].address, true);
	for (size_t i = 0; i < e->n; i++)
		for (size_t k = 0; k < e->resources[i].n_deps; k++)
			f->edge(i, e->resources[i].deps[k]);
	for (size_t j = 0; j < e->n_joins; j++)
		for (size_t k = e->joins[j].first; k < e->joins[j].end; k++)
			f->edge(e->n + j, k);
	fputs(f->after, stdout);
}

/* A resource a line, what it needs below it. */
static void print_text(const struct expansion *e)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct resource *r = &e->resources[e->order[i]];

		printf("%.*s\n", STR_ARG(r->address));
		for (size_t k = 0; k < r->n_deps; k++) {
			size_t to = r->deps[k];
			struct str address = to < e->n
						 ? e->resources[to].address
						 : e->joins[to - e->n].address;

			printf("  needs %.*s%s\n", STR_ARG(address),
			       to < e->n ? "" : ", all of it");
		}
	}
}

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

static int print(struct context *c, const char *name,
		 const struct option_list *operands, struct error *err)
{
	bool is_text = !name || strcmp(name, "text") == 0;
	const struct format *f = is_text ? NULL : find_format(name);
	struct expansion *e;
	int result = -1;

	if (!is_text && !f) {
		error_set(err, ERROR_INVALID, "there is no format \"%s\"",
			  name);
		return error_hint(err, "It is text, dot or mermaid.");
	}
	if (setup_config(c, operands->items[0], err) < 0)
		return -1;
	e = expand(c, true, err);
	if (e && c->diags.n_errors == 0) {
		setup_findings(c);
		if (f)
			print_graph(e, f);
		else
			print_text(e);
		result = 0;
	}
	setup_close(c, e);
	return result;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct error err = { 0 };
	int status = run_take(c, &args->run, false);

	if (status != STATUS_DONE)
		return status;
	if (print(c, args->format, operands, &err) < 0)
		status = setup_fail(c, &err);
	return status;
}

static const struct option options[] = {
	OPTION(struct args, format, "format", "HOW",
	       "text (default), dot, or mermaid"),
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION_END,
};

const struct command cmd_graph = {
	.name = "graph",
	.usage = "FILE",
	.summary = "print the resources of a stack and what each needs",
	.help =
	    "In text, in the order in which they are created. For pictures: "
	    "dot, or mermaid.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 1,
	.run = run,
};
