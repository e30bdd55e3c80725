#include <config.h>

#include "engine/edit.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/library.h"
#include "lang/base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum {
	HISTORY_ENTRIES = 1000,
	HISTORY_BYTES = 4 << 20,
	WORDS_MOST = 100000, /* that complete something */
	WORDS_SHOWN = 100,
	CTRL_C = 3,
};

/* libedit's functions: see lang/base/library.h. */
#define LIBEDIT_FUNCTIONS(F)                                                   \
	F(el_end)                                                              \
	F(el_get)                                                              \
	F(el_gets)                                                             \
	F(el_init)                                                             \
	F(el_insertstr)                                                        \
	F(el_line)                                                             \
	F(el_set)                                                              \
	F(el_wset)                                                             \
	F(history)                                                             \
	F(history_end)                                                         \
	F(history_init)

struct libedit {
#define MEMBER(name) __typeof__(name) *name;
	LIBEDIT_FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct libedit libedit;

static int load_libedit(struct error *err)
{
#define ENTRY(name) { #name, offsetof(struct libedit, name) },
	static const struct library_function functions[] = { LIBEDIT_FUNCTIONS(
	    ENTRY) };
#undef ENTRY
	static struct library library = {
		.file = LIBEDIT_FILE,
		.functions = functions,
		.n_functions = sizeof(functions) / sizeof(*functions),
		.pointers = &libedit,
	};

	return library_load(&library, err);
}

struct editor {
	EditLine *el;
	History *history;
	struct edit_options o;
	char *path; /* of the history; NULL: none */
	const char *prompt;
	bool is_cleared;
};

/* -- Completion ----------------------------------------------------------- */

struct words {
	struct arena arena;
	VEC(struct str) all;
};

static void add_word(void *context, struct str word)
{
	struct words *w = context;

	if (w->all.n < WORDS_MOST)
		*vec_push(&w->all) = str_dup(word, &w->arena);
}

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void sort_words(struct words *w)
{
	size_t n = 0;

	if (w->all.n)
		qsort(w->all.items, w->all.n, sizeof(*w->all.items), compare);
	for (size_t i = 0; i < w->all.n; i++)
		if (n == 0 || !str_eq(w->all.items[n - 1], w->all.items[i]))
			w->all.items[n++] = w->all.items[i];
	w->all.n = n;
}

/* What all of them begin with. They are sorted: the first and last decide. */
static struct str common_start(const struct words *w)
{
	struct str first = w->all.items[0], last = w->all.items[w->all.n - 1];
	size_t n = 0;

	while (n < first.n && n < last.n && first.s[n] == last.s[n])
		n++;
	return str_sub(first, 0, n);
}

static void show_words(const struct words *w)
{
	size_t n = w->all.n < WORDS_SHOWN ? w->all.n : WORDS_SHOWN;

	putchar('\n');
	for (size_t i = 0; i < n; i++)
		printf("%.*s%s", STR_ARG(w->all.items[i]),
		       i + 1 < n ? "  " : "\n");
	if (n < w->all.n)
		printf("and %zu more\n", w->all.n - n);
	fflush(stdout);
}

static unsigned char complete(EditLine *el, int key)
{
	const LineInfo *info = libedit.el_line(el);
	struct words w = { 0 };
	struct editor *ed = NULL;
	unsigned char result = CC_ERROR;
	struct str before, start;
	size_t n;

	(void)key;
	libedit.el_get(el, EL_CLIENTDATA, &ed);
	before.s = info->buffer;
	before.n = (size_t)(info->cursor - info->buffer);
	n = ed->o.complete(ed->o.context, before, add_word, &w);
	sort_words(&w);
	if (w.all.n && n <= before.n) {
		start = common_start(&w);
		if (start.n > n) {
			libedit.el_insertstr(
			    el, str_c(str_skip(start, n), &w.arena));
			result = CC_REFRESH;
		} else if (w.all.n > 1) {
			show_words(&w);
			result = CC_REDISPLAY;
		}
	}
	vec_release(&w.all);
	arena_release(&w.arena);
	return result;
}

/* -- History -------------------------------------------------------------- */

/* Loads the last entries; the file is written anew when it has many more. */
static void load_history(struct editor *ed)
{
	struct arena a = { 0 };
	struct error ignored;
	struct str text, rest;
	size_t n = 0, skip;
	HistEvent event;

	if (file_read(ed->path, HISTORY_BYTES, &a, &text, &ignored) < 0) {
		arena_release(&a);
		return;
	}
	for (rest = text; rest.n; n++)
		str_cut(&rest, '\n');
	skip = n > HISTORY_ENTRIES ? n - HISTORY_ENTRIES : 0;
	for (rest = text; skip; skip--)
		str_cut(&rest, '\n');
	if (n > 2 * (size_t)HISTORY_ENTRIES)
		file_replace(ed->path, rest, 0600, &ignored);
	while (rest.n)
		libedit.history(ed->history, &event, H_ENTER,
				str_c(str_cut(&rest, '\n'), &a));
	arena_release(&a);
}

static void open_history(struct editor *ed, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	struct arena a = { 0 };
	struct error ignored;
	HistEvent event;

	libedit.history(ed->history, &event, H_SETSIZE, HISTORY_ENTRIES);
	libedit.history(ed->history, &event, H_SETUNIQUE, 1);
	if (!slash)
		return;
	ed->path = strdup(path);
	if (ed->path &&
	    file_make_folders(
		str_c((struct str){ path, (size_t)(slash - path) }, &a), 0700,
		&ignored) == 0)
		load_history(ed);
	arena_release(&a);
}

/* One write at the end: lines of two sessions do not mix. */
static void keep(const struct editor *ed, struct str line)
{
	int fd =
	    open(ed->path,
		 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct error ignored;
	struct buf b;

	if (fd < 0)
		return;
	buf_init(&b, HISTORY_BYTES);
	buf_add_str(&b, line);
	buf_add_char(&b, '\n');
	/* It may have been there before, open to others. */
	if (fchmod(fd, 0600) == 0)
		file_write_all(fd, b.data, b.len, &ignored);
	buf_release(&b);
	close(fd);
}

void edit_remember(struct editor *ed, struct str line, bool is_kept)
{
	struct arena a = { 0 };
	HistEvent event;

	if (str_trim(line).n == 0)
		return;
	libedit.history(ed->history, &event, H_ENTER, str_c(line, &a));
	if (is_kept && ed->path)
		keep(ed, line);
	arena_release(&a);
}

/* -- Lines ---------------------------------------------------------------- */

static char *prompt_of(EditLine *el)
{
	struct editor *ed = NULL;

	libedit.el_get(el, EL_CLIENTDATA, &ed);
	return (char *)(void *)ed->prompt;
}

/* What was typed stays to be seen; reading ends, as with a line. */
static unsigned char clear_line(EditLine *el, int key)
{
	struct editor *ed = NULL;

	(void)key;
	libedit.el_get(el, EL_CLIENTDATA, &ed);
	ed->is_cleared = true;
	fputs("^C\n", stdout);
	fflush(stdout);
	return CC_NEWLINE;
}

static int set_up(struct editor *ed)
{
	char key[] = { CTRL_C, '\0' };
	int bad = 0;

	bad |= libedit.el_set(ed->el, EL_CLIENTDATA, ed);
	bad |= libedit.el_set(ed->el, EL_PROMPT, prompt_of);
	bad |= libedit.el_set(ed->el, EL_EDITOR, "emacs");
	bad |= libedit.el_set(ed->el, EL_SIGNAL, 1);
	bad |= libedit.el_set(ed->el, EL_HIST, libedit.history, ed->history);
	/* The narrow form never frees its copies of these two texts. */
	bad |= libedit.el_wset(ed->el, EL_ADDFN, L"dmsl-complete",
			       L"Completes a name", complete);
	bad |= libedit.el_set(ed->el, EL_BIND, "\t", "dmsl-complete", NULL);
	/* While a line is edited, Ctrl-C is a key and no signal. */
	bad |= libedit.el_wset(ed->el, EL_ADDFN, L"dmsl-clear",
			       L"Gives up the line", clear_line);
	bad |= libedit.el_set(ed->el, EL_SETTY, "-d", "-isig", NULL);
	bad |= libedit.el_set(ed->el, EL_BIND, key, "dmsl-clear", NULL);
	return bad ? -1 : 0;
}

int edit_open(const struct edit_options *o, struct editor **out,
	      struct error *err)
{
	struct editor *ed;

	if (load_libedit(err) < 0)
		return -1;
	/* libedit cuts characters by the locale, and the language is UTF-8. */
	if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");
	ed = xmalloc(sizeof(*ed));
	*ed = (struct editor){ .o = *o, .prompt = "" };
	ed->history = libedit.history_init();
	ed->el = libedit.el_init("dmsl", stdin, stdout, stderr);
	if (!ed->history || !ed->el || set_up(ed) < 0) {
		edit_close(ed);
		return error_set(err, ERROR_FAILED,
				 "the terminal cannot be used to edit lines");
	}
	open_history(ed, o->history);
	*out = ed;
	return 0;
}

/*
 * libedit shows the prompt first and changes the terminal afterwards: a Ctrl-C
 * in between would be a signal, and a Ctrl-D be lost.
 */
static void read_keys(const struct termios *cooked)
{
	struct termios keys = *cooked;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
}

enum edit_result edit_line(struct editor *ed, const char *prompt,
			   struct str *line)
{
	struct termios cooked;
	bool is_changed = tcgetattr(STDIN_FILENO, &cooked) == 0;
	const char *text;
	int n = 0;

	ed->prompt = prompt;
	ed->is_cleared = false;
	if (is_changed)
		read_keys(&cooked);
	text = libedit.el_gets(ed->el, &n);
	if (is_changed)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
	if (ed->is_cleared)
		return EDIT_CLEARED;
	if (!text || n <= 0)
		return EDIT_END;
	*line = (struct str){ text, (size_t)n };
	if (line->s[line->n - 1] == '\n')
		line->n--;
	return EDIT_LINE;
}

void edit_close(struct editor *ed)
{
	if (ed->el)
		libedit.el_end(ed->el);
	if (ed->history)
		libedit.history_end(ed->history);
	free(ed->path);
	free(ed);
}
