#include <config.h>

#include "engine/report.h"

#include "engine/context.h"
#include "engine/estimate.h"
#include "engine/lines.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
	DRAW_MS = 200,	 /* between two draws on a terminal */
	DRAW_LINES = 20, /* running steps that are shown */
	ROWS = 24,	 /* of a terminal that does not say */
	LINE_BYTES = 4096,
	NOTICES_BYTES = 1 << 20,
	TOLD_MS = 2000,	       /* shorter is not worth foretelling */
	REMIND_MS = 30 * 1000, /* plain: a step that still runs says so */
};

struct report_line {
	struct report_line *previous, *next;
	size_t node;
	const char *action;
	struct str address;
	int64_t begun_ms, told_ms;
	char waiting[200];
};

struct report_time report_time(int64_t ms)
{
	struct report_time t;

	if (ms < 1000)
		snprintf(t.text, sizeof(t.text), "%lld ms", (long long)ms);
	else if (ms < 60 * 1000)
		snprintf(t.text, sizeof(t.text), "%lld.%lld s",
			 (long long)(ms / 1000), (long long)(ms % 1000 / 100));
	else
		snprintf(t.text, sizeof(t.text), "%lld min %lld s",
			 (long long)(ms / 60000), (long long)(ms / 1000 % 60));
	return t;
}

void report_open(struct report *r, const struct context *c, size_t n_nodes,
		 size_t total)
{
	*r = (struct report){
		.mode = c->is_json ? REPORT_JSON
			: c->width ? REPORT_LIVE
				   : REPORT_PLAIN,
		.out = c->is_json ? stdout : stderr,
		.color = c->color,
		.width = c->width,
		.n_nodes = n_nodes,
		.total = total,
		.begun_ms = clock_ms(),
	};
	r->by_node = xrealloc(NULL, n_nodes ? n_nodes : 1, sizeof(*r->by_node));
	memset(r->by_node, 0, n_nodes * sizeof(*r->by_node));
}

/* Takes the lines of the last draw off the terminal. */
static void undraw(struct report *r)
{
	if (r->drawn)
		fprintf(r->out, "\033[%zuA\033[J", r->drawn);
	r->drawn = 0;
}

/* Asked at each draw: a terminal changes its size. */
static void take_size(struct report *r, size_t *rows)
{
	struct winsize size;

	*rows = r->rows;
	if (*rows)
		return;
	*rows = ROWS;
	if (ioctl(fileno(r->out), TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_row)
		*rows = size.ws_row;
	if (size.ws_col)
		r->width = size.ws_col;
}

/* Cut to the width, so that one line stays one line. */
static void draw_line(struct report *r, const struct buf *line)
{
	struct buf safe;

	buf_init(&safe, LINE_BYTES);
	lines_safe(&safe, buf_str(line), r->width > 2 ? r->width - 1 : 79);
	fprintf(r->out, "%.*s\n", (int)safe.len, safe.data);
	buf_release(&safe);
	r->drawn++;
}

/* "create db … 38 s of about 6 min, waits for it to become available" */
static void add_running(const struct report *r, const struct report_line *l,
			int64_t now, struct buf *out)
{
	int64_t usual =
	    r->estimate ? estimate_one(r->estimate, l->node, l->action) : -1;

	buf_fmt(out, "%s %.*s … %s", l->action, STR_ARG(l->address),
		report_time(now - l->begun_ms).text);
	if (usual >= TOLD_MS)
		buf_fmt(out, " of about %s", report_time(usual).text);
	if (l->waiting[0])
		buf_fmt(out, ", waits for %s", l->waiting);
}

static void add_left(struct report *r, int64_t now, struct buf *out)
{
	struct estimate_running *running;
	struct arena scratch = { 0 };
	size_t n = 0;
	bool is_least;
	int64_t left;

	if (!r->estimate)
		return;
	running =
	    arena_new(&scratch, struct estimate_running, r->n_running + 1);
	for (const struct report_line *l = r->first; l; l = l->next)
		running[n++] = (struct estimate_running){
			.node = l->node,
			.elapsed_ms = now - l->begun_ms,
		};
	left = estimate_left(r->estimate, running, n, &is_least);
	if (left >= TOLD_MS)
		buf_fmt(out, ", %s %s left", is_least ? "at least" : "about",
			report_time(left).text);
	arena_release(&scratch);
}

static void draw_totals(struct report *r, int64_t now)
{
	struct buf line;

	buf_init(&line, LINE_BYTES);
	buf_fmt(&line, "%zu of %zu done, %zu running", r->n_ended - r->n_failed,
		r->total, r->n_running);
	if (r->n_failed)
		buf_fmt(&line, ", %zu failed", r->n_failed);
	if (r->n_skipped)
		buf_fmt(&line, ", %zu left out", r->n_skipped);
	buf_fmt(&line, ", %s", report_time(now - r->begun_ms).text);
	add_left(r, now, &line);
	draw_line(r, &line);
	buf_release(&line);
}

static void draw(struct report *r, int64_t now)
{
	size_t shown = 0, most, rows;
	struct buf line;

	take_size(r, &rows);
	/* One for the totals, one for the cursor, one that says "and more". */
	most = rows > 3 ? rows - 3 : 0;
	if (most > DRAW_LINES)
		most = DRAW_LINES;
	undraw(r);
	buf_init(&line, LINE_BYTES);
	for (struct report_line *l = r->first; l && shown < most;
	     l = l->next, shown++) {
		buf_clear(&line);
		buf_add_c(&line, "  ");
		add_running(r, l, now, &line);
		draw_line(r, &line);
	}
	if (r->n_running > shown && most) {
		buf_clear(&line);
		buf_fmt(&line, "  … and %zu more", r->n_running - shown);
		draw_line(r, &line);
	}
	buf_release(&line);
	draw_totals(r, now);
	fflush(r->out);
	r->drawn_ms = now;
}

static void remind(struct report *r, int64_t now)
{
	for (struct report_line *l = r->first; l; l = l->next) {
		struct buf line;

		if (now - l->told_ms < REMIND_MS)
			continue;
		l->told_ms = now;
		buf_init(&line, LINE_BYTES);
		add_running(r, l, now, &line);
		fprintf(r->out, "%.*s\n", (int)line.len, line.data);
		buf_release(&line);
	}
	r->drawn_ms = now;
}

int report_tick(struct report *r)
{
	int64_t now = clock_ms();
	int every = r->mode == REPORT_LIVE ? DRAW_MS : 1000;

	if (r->mode == REPORT_JSON || !r->n_running)
		return -1;
	if (now - r->drawn_ms >= every) {
		if (r->mode == REPORT_LIVE)
			draw(r, now);
		else
			remind(r, now);
	}
	return (int)(r->drawn_ms + every - now);
}

/* One event as a JSON line. Further members are name, value pairs of text. */
static void event(struct report *r, const char *type, const char *action,
		  struct str address, const char *name, const char *value,
		  int64_t ms)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_fmt(&b, "{\"type\":\"%s\"", type);
	if (action)
		buf_fmt(&b, ",\"action\":\"%s\"", action);
	if (address.n) {
		buf_add_c(&b, ",\"address\":");
		json_write_string(&b, address);
	}
	if (name) {
		buf_fmt(&b, ",\"%s\":", name);
		json_write_string(&b, str_from(value));
	}
	if (ms >= 0)
		buf_fmt(&b, ",\"elapsed_ms\":%lld", (long long)ms);
	buf_add_c(&b, "}\n");
	fwrite(b.data, 1, b.len, r->out);
	fflush(r->out);
	buf_release(&b);
}

void report_begin(struct report *r, size_t node, const char *action,
		  struct str address)
{
	struct report_line *l = r->by_node[node];

	if (l)
		BUG("node %zu runs already", node);
	l = xmalloc(sizeof(*l));
	*l = (struct report_line){
		.previous = r->last,
		.node = node,
		.action = action,
		.address = address,
		.begun_ms = clock_ms(),
	};
	l->told_ms = l->begun_ms;
	if (r->last)
		r->last->next = l;
	else
		r->first = l;
	r->last = l;
	r->by_node[node] = l;
	r->n_running++;
	if (r->mode == REPORT_JSON)
		event(r, "step_begin", action, address, NULL, NULL, -1);
}

void report_waiting(struct report *r, size_t node, struct str what)
{
	struct report_line *l = r->by_node[node];

	if (!l)
		return;
	if (r->mode == REPORT_JSON &&
	    strncmp(l->waiting, what.s ? what.s : "", what.n) != 0) {
		snprintf(l->waiting, sizeof(l->waiting), "%.*s", STR_ARG(what));
		event(r, "step_waiting", l->action, l->address, "for",
		      l->waiting, clock_ms() - l->begun_ms);
	}
	snprintf(l->waiting, sizeof(l->waiting), "%.*s", STR_ARG(what));
}

void report_retry(struct report *r, size_t node, const struct error *why,
		  int attempt, int64_t delay_ms)
{
	struct report_line *l = r->by_node[node];

	if (!l)
		return;
	if (r->mode == REPORT_JSON) {
		event(r, "step_retry", l->action, l->address, "error",
		      why->message, clock_ms() - l->begun_ms);
		return;
	}
	undraw(r);
	fprintf(r->out, "%s %.*s … attempt %d in %s: %s\n", l->action,
		STR_ARG(l->address), attempt + 1, report_time(delay_ms).text,
		why->message);
}

static const char *paint(const struct report *r, const char *code)
{
	return r->color ? code : "";
}

/* What went wrong may be told by a server: it does not write to a terminal. */
static void tell_end(struct report *r, const struct report_line *l,
		     const struct error *err, int64_t ms)
{
	struct buf why;

	buf_init(&why, LINE_BYTES);
	if (err)
		lines_safe(&why, str_from(err->message), 0);
	undraw(r);
	fprintf(r->out, "%s %.*s … %s%s%s %s %s%s%s\n", l->action,
		STR_ARG(l->address), paint(r, err ? "\033[31m" : "\033[32m"),
		err ? "failed" : "done", paint(r, "\033[0m"),
		err ? "after" : "in", report_time(ms).text, err ? ": " : "",
		why.data);
	buf_release(&why);
}

void report_end(struct report *r, size_t node, const struct error *err)
{
	struct report_line *l = r->by_node[node];
	int64_t ms;

	if (!l)
		return;
	ms = clock_ms() - l->begun_ms;
	if (r->mode == REPORT_JSON) {
		event(r, err ? "step_failed" : "step_done", l->action,
		      l->address, err ? "error" : NULL,
		      err ? err->message : NULL, ms);
	} else {
		tell_end(r, l, err, ms);
	}
	if (r->estimate && !err)
		estimate_done(r->estimate, node, l->action, ms);
	if (l->previous)
		l->previous->next = l->next;
	else
		r->first = l->next;
	if (l->next)
		l->next->previous = l->previous;
	else
		r->last = l->previous;
	r->by_node[node] = NULL;
	r->n_running--;
	r->n_ended++;
	r->n_failed += err != NULL;
	free(l);
}

/* People are told in the summary, together with others. */
void report_skipped(struct report *r, struct str address, struct str because)
{
	char text[512];

	r->n_skipped++;
	if (r->mode != REPORT_JSON)
		return;
	snprintf(text, sizeof(text), "%.*s failed", STR_ARG(because));
	event(r, "step_skipped", NULL, address, "because", text, -1);
}

void report_note(struct report *r, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (r->mode == REPORT_JSON) {
		event(r, "note", NULL, (struct str){ 0 }, "text", text, -1);
		return;
	}
	undraw(r);
	fprintf(r->out, "%s\n", text);
}

void report_notice(struct report *r, struct str address, struct str text)
{
	struct buf line;

	buf_init(&line, LINE_BYTES);
	lines_safe(&line, text, 0);
	if (r->mode == REPORT_JSON) {
		event(r, "notice", NULL, address, "text", line.data, -1);
	} else {
		if (!r->notices) {
			r->notices = xmalloc(sizeof(*r->notices));
			buf_init(r->notices, NOTICES_BYTES);
		}
		buf_fmt(r->notices, "Note: %.*s: %s.\n", STR_ARG(address),
			line.data);
	}
	buf_release(&line);
}

void report_close(struct report *r)
{
	undraw(r);
	if (r->notices) {
		fwrite(r->notices->data, 1, r->notices->len, r->out);
		buf_release(r->notices);
		free(r->notices);
	}
	fflush(r->out);
	while (r->first) {
		struct report_line *l = r->first;

		r->first = l->next;
		free(l);
	}
	free(r->by_node);
	*r = (struct report){ 0 };
}
