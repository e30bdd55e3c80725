/*
 * console: expressions, evaluated line by line against a stack and its state.
 * At a terminal with editing, else from a pipe.
 */
#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/edit.h"
#include "engine/expand.h"
#include "engine/expand_ask.h"
#include "engine/runs.h"
#include "engine/setup.h"

#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/config.h"
#include "lang/func.h"
#include "lang/literal.h"
#include "lang/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	INPUT_MAX = 1 << 20, /* bytes of one expression */
	/*
	 * Bytes that are looked at for whether it is whole: all of it with
	 * each of its lines.
	 */
	LOOKED_MAX = 256 << 20,
	OUTPUT_MAX = 64 << 20,
	MOST_ERRORS = 20,
	WIDTH = 80, /* of a terminal that does not say */
};

struct args {
	struct run_options run;
};

struct console {
	struct context *c;
	struct asking asking;
	struct arena scratch; /* of one expression */
	struct buf input;
	unsigned n_lines, first; /* read; of the input */
	size_t n_looked;	 /* see LOOKED_MAX */
	bool is_terminal, is_too_long, has_failed;
};

/* -- What is typed -------------------------------------------------------- */

/* "let " of "let x = 1"; what stands behind the word, or empty. */
static struct str behind(struct str text, const char *word)
{
	struct str rest = str_skip(text, strlen(word));

	if (!str_starts(text, word) || !rest.n ||
	    (rest.s[0] != ' ' && rest.s[0] != '\t'))
		return (struct str){ 0 };
	return str_trim(rest);
}

/* file() reads beside the stack file, as it does in its text. */
static struct source *source_of(struct console *k, struct str text,
				struct arena *a)
{
	struct str name = STR("input");
	struct source *s;

	if (!k->is_terminal)
		name = str_fmt(a, "line %u", k->first);
	s = source_from(name, text, a);
	if (k->c->config)
		s->folder = k->c->config->files[0]->source->folder;
	return s;
}

static void show(struct console *k, struct value v, bool only_type,
		 struct diags *d)
{
	unsigned width = k->c->width ? k->c->width : WIDTH;
	struct buf out;

	buf_init(&out, OUTPUT_MAX);
	if (only_type)
		buf_add_c(&out, value_kind_name(v));
	else
		literal_write(&out,
			      asking_inside(&k->asking, v, &k->scratch, d),
			      k->is_terminal ? width : 0);
	if (d->n_errors == 0)
		printf("%s%s\n", out.data, buf_is_full(&out) ? " …" : "");
	buf_wipe(&out);
}

/* Names live as long as the console, and so do their texts. */
static void run_lets(struct console *k, struct str text, struct diags *d)
{
	struct arena *a = k->c->arena;
	const struct ast_file *f = parse_file(source_of(k, text, a), a, d);
	struct value v;

	for (size_t i = 0; i < f->n_decls && d->n_errors == 0; i++) {
		const struct ast_decl *decl = f->decls[i];

		if (decl->kind != DECL_LET)
			diag_error(d, "E0206",
				   (struct place){ decl->source, decl->span },
				   "the console takes expressions, and no "
				   "declarations but let");
		else if (asking_evaluate(&k->asking, decl->value, a, d, &v) ==
			 0)
			asking_add(&k->asking, decl->name, v);
	}
}

static void run_expression(struct console *k, struct str text, bool only_type,
			   struct diags *d)
{
	const struct source *s = source_of(k, text, &k->scratch);
	const struct ast_expr *x = parse_expr(s, &k->scratch, d);
	struct value v;

	if (d->n_errors == 0 &&
	    asking_evaluate(&k->asking, x, &k->scratch, d, &v) == 0)
		show(k, v, only_type, d);
}

static bool is_nothing(struct str text)
{
	while (text.n) {
		struct str line = str_trim(str_cut(&text, '\n'));

		if (line.n && line.s[0] != '#')
			return false;
	}
	return true;
}

static void run_input(struct console *k)
{
	struct diags d = { .arena = &k->scratch };
	struct str text = buf_str(&k->input);
	struct str rest = behind(text, "type");

	if (is_nothing(text) && !k->is_too_long)
		return;
	/* What is missing at the end is missing on the last line. */
	if (text.n && text.s[text.n - 1] == '\n')
		text.n--;
	if (k->is_too_long) {
		fprintf(stderr,
			"dmsl: error: line %u: an expression is longer than "
			"%d bytes, or has too many lines\n",
			k->first, INPUT_MAX);
		k->is_too_long = false;
		k->has_failed = true;
		return;
	}
	if (behind(text, "let").n) {
		run_lets(k, text, &d);
	} else if (rest.n && !asking_has(&k->asking, STR("type"))) {
		/* Blanks for the word, so that places are where they are. */
		memset(k->input.data, ' ', strlen("type"));
		run_expression(k, text, true, &d);
	} else {
		run_expression(k, text, false, &d);
	}
	fflush(stdout);
	diags_print(&d, stderr, k->c->color, k->c->width, MOST_ERRORS);
	k->has_failed |= d.n_errors > 0;
	diags_release(&d);
	arena_clear(&k->scratch);
}

/* Adds a line; true when the input is whole, or is_too_long. */
static bool add_line(struct console *k, struct str line)
{
	struct str text;
	bool is_open;

	if (line.n && line.s[line.n - 1] == '\r')
		line.n--;
	k->n_lines++;
	if (k->input.len == 0) {
		k->first = k->n_lines;
		k->n_looked = 0;
		line = str_trim(line);
	}
	buf_add_str(&k->input, line);
	buf_add_char(&k->input, '\n');
	k->n_looked += k->input.len;
	k->is_too_long |= buf_is_full(&k->input) || k->n_looked > LOOKED_MAX;
	if (k->is_too_long)
		return true;
	text = buf_str(&k->input);
	is_open = parse_is_open(source_from(STR("input"), text, &k->scratch));
	arena_clear(&k->scratch);
	return !is_open;
}

/* -- From a pipe ---------------------------------------------------------- */

/* The next line, as far as there is room; false: the end. */
static bool read_line(struct buf *line)
{
	int c;

	buf_clear(line);
	while ((c = getc_unlocked(stdin)) != EOF && c != '\n')
		buf_add_char(line, (char)c);
	return c != EOF || line->len > 0;
}

static int read_pipe(struct console *k)
{
	struct buf line;

	buf_init(&line, INPUT_MAX + 1);
	while (!ferror(stdout) && read_line(&line)) {
		k->is_too_long = buf_is_full(&line);
		if (!add_line(k, buf_str(&line)))
			continue;
		run_input(k);
		buf_clear(&k->input);
	}
	run_input(k);
	buf_release(&line);
	return k->has_failed ? STATUS_FAILED : STATUS_DONE;
}

/* -- Completion ----------------------------------------------------------- */

struct completion {
	struct str start; /* what the word begins with */
	struct str type;  /* TYPE of TYPE.NAME; empty: none */
	void (*add)(void *words, struct str word);
	void *words;
	struct arena *arena;
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static void offer(struct completion *c, struct str word)
{
	if (word.n > c->start.n &&
	    str_eq(str_sub(word, 0, c->start.n), c->start))
		c->add(c->words, word);
}

static void offer_member(void *context, struct str name)
{
	offer(context, name);
}

/* A name; of TYPE.NAME the part that comes next. */
static void offer_name(void *context, struct str name)
{
	struct completion *c = context;
	ptrdiff_t dot = str_find(name, '.');
	struct str type = str_sub(name, 0, dot < 0 ? 0 : (size_t)dot);

	if (c->type.n && str_eq(type, c->type))
		offer(c, str_skip(name, (size_t)dot + 1));
	else if (!c->type.n && dot >= 0)
		offer(c, str_fmt(c->arena, "%.*s.", STR_ARG(type)));
	else if (!c->type.n)
		offer(c, name);
}

static void offer_words(struct completion *c)
{
	static const char *const words[] = { "true", "false", "null", "not " };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		offer(c, str_from(words[i]));
	for (const struct func *f = func_table; f->name; f++)
		offer(c, str_fmt(c->arena, "%s(", f->name));
}

/* Where the name, with dots and indices, begins that ends the text. */
static size_t path_start(struct str text)
{
	size_t at = text.n, depth = 0;

	while (at) {
		char c = text.s[at - 1];

		if (c == ']')
			depth++;
		else if (c == '[' && depth)
			depth--;
		else if (!depth && !is_word(c) && c != '.')
			break;
		at--;
	}
	return at;
}

/* What stands behind the dot of a value. */
static void offer_members(struct console *k, struct completion *c,
			  struct str path)
{
	struct diags quiet = { .arena = c->arena };
	const struct ast_expr *x = parse_expr(
	    source_from(STR("input"), path, c->arena), c->arena, &quiet);
	struct value v;

	if (quiet.n_errors == 0 &&
	    asking_evaluate(&k->asking, x, c->arena, &quiet, &v) == 0)
		asking_members(&k->asking, v, offer_member, c);
	diags_release(&quiet);
}

static size_t complete(void *context, struct str before,
		       void (*add)(void *words, struct str word), void *words)
{
	struct console *k = context;
	struct arena scratch = { 0 };
	struct completion c = { .add = add, .words = words, .arena = &scratch };
	size_t at = before.n;
	struct str path;

	while (at && is_word(before.s[at - 1]))
		at--;
	c.start = str_skip(before, at);
	if (at && before.s[at - 1] == '.') {
		path = str_sub(before, 0, at - 1);
		path = str_skip(path, path_start(path));
		if (str_find(path, '.') < 0 && !asking_has(&k->asking, path)) {
			c.type = path;
			asking_names(&k->asking, offer_name, &c);
		} else {
			offer_members(k, &c, path);
		}
	} else {
		asking_names(&k->asking, offer_name, &c);
		offer_words(&c);
	}
	arena_release(&scratch);
	return c.start.n;
}

/* -- At a terminal -------------------------------------------------------- */

static const char *history_path(struct arena *a)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	/* The specification has relative ones ignored. */
	if (state && state[0] == '/')
		return str_fmt(a, "%s/dmsl/history", state).s;
	if (home && home[0] == '/')
		return str_fmt(a, "%s/.local/state/dmsl/history", home).s;
	return NULL;
}

/*
 * What a file must not hold: reveal() shows that a secret is near, and what
 * stands in secret() is one. A blank in front keeps any line out.
 */
static bool is_kept(struct str input)
{
	return !str_contains(input, STR("reveal")) &&
	       !str_contains(input, STR("secret")) && input.n &&
	       input.s[0] != ' ';
}

/* Each line is an entry of its own; none is kept where one of them must not. */
static void remember(struct editor *ed, struct str typed)
{
	bool keep = is_kept(typed);

	while (typed.n)
		edit_remember(ed, str_cut(&typed, '\n'), keep);
}

static void read_terminal(struct console *k, struct editor *ed)
{
	struct buf typed;
	struct str line;

	buf_init(&typed, INPUT_MAX + 1);
	for (;;) {
		switch (edit_line(ed, k->input.len ? ". " : "> ", &line)) {
		case EDIT_END:
			buf_wipe(&typed);
			return;
		case EDIT_CLEARED:
			break;
		case EDIT_LINE:
			buf_add_str(&typed, line);
			buf_add_char(&typed, '\n');
			if (!add_line(k, line))
				continue;
			remember(ed, buf_str(&typed));
			run_input(k);
			break;
		}
		buf_clear(&typed);
		buf_clear(&k->input);
	}
}

static int talk(struct console *k, struct error *err)
{
	struct edit_options o = {
		.history = history_path(k->c->arena),
		.complete = complete,
		.context = k,
	};
	struct editor *ed;

	if (edit_open(&o, &ed, err) < 0)
		return -1;
	printf("An expression gives its value; let NAME = EXPRESSION and type "
	       "EXPRESSION work, too.\nTab completes, Ctrl-D ends.\n");
	read_terminal(k, ed);
	putchar('\n');
	edit_close(ed);
	return 0;
}

/* -- All of it ------------------------------------------------------------ */

/* NULL without a stack file, or with err or findings. */
static struct expansion *load(struct context *c, const char *path,
			      struct error *err)
{
	struct expansion *e;

	if (setup_config(c, path, err) < 0)
		return NULL;
	if (c->diags.n_errors == 0 && setup_state(c, ACCESS_READ, err) < 0)
		return NULL;
	*err = (struct error){ 0 };
	e = expand(c, true, err);
	if (!e || c->diags.n_errors == 0)
		return e;
	expansion_release(e);
	return NULL;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct console k = { .c = c };
	struct error err = { 0 };
	struct expansion *e = NULL;
	int status = run_take(c, &args->run, false);

	if (status != STATUS_DONE)
		return status;
	if (operands->n)
		e = load(c, operands->items[0], &err);
	if (operands->n && !e) {
		status = setup_fail(c, &err);
		setup_close(c, NULL);
		return status;
	}
	asking_open(&k.asking, c, e);
	buf_init(&k.input, INPUT_MAX);
	k.is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (!k.is_terminal)
		status = read_pipe(&k);
	else if (talk(&k, &err) < 0)
		status = setup_fail(c, &err);
	buf_wipe(&k.input);
	asking_close(&k.asking);
	arena_wipe(&k.scratch);
	setup_close(c, e);
	return status;
}

static const struct option options[] = {
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION_END,
};

const struct command cmd_console = {
	.name = "console",
	.usage = "[FILE]",
	.summary = "evaluate expressions against a stack and its state",
	.help = "At a terminal with editing, completion and history, else an "
		"expression a line.\nAsks and changes nothing outside.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 0,
	.most = 1,
	.run = run,
};
