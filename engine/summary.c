#include <config.h>

#include "engine/summary.h"

#include "engine/addresses.h"
#include "engine/apply.h"
#include "engine/commit.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/plan_body.h"
#include "engine/report.h"
#include "engine/select.h"
#include "engine/setup.h"
#include "lang/base/buf.h"
#include "lang/base/map.h"
#include "lang/json.h"

#include <string.h>

enum {
	SHOWN_BYTES = 200,    /* of what a check found */
	ADDRESSES_SHOWN = 12, /* of one kind of what is missing */
	TEXT_MAX = 64 << 20,
};

/* Nothing is missing; a check may have failed. */
static bool is_done(const struct apply_result *r)
{
	return !r->failed && !r->skipped && !r->not_begun && !r->n_unknown &&
	       !r->is_interrupted;
}

static void print_outputs(const struct context *c)
{
	struct value outputs = c->state.outputs;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; outputs.kind == VALUE_MAP && i < outputs.as.map.n;
	     i++) {
		buf_fmt(&b, "output %.*s = ",
			STR_ARG(outputs.as.map.entries[i].key));
		json_write(&b, outputs.as.map.entries[i].value, 0);
		buf_add_char(&b, '\n');
	}
	fwrite(b.data, 1, b.len, stdout);
	buf_release(&b);
}

/* The beginning of what a database answered, in whole characters. */
static struct str shown(struct str answer)
{
	size_t n = answer.n < SHOWN_BYTES ? answer.n : SHOWN_BYTES;

	while (n && n < answer.n && ((unsigned char)answer.s[n] & 0xc0) == 0x80)
		n--;
	return str_sub(answer, 0, n);
}

static void print_check(const struct context *c, const struct apply_check *k,
			struct place place)
{
	const char *mark = c->color ? "\033[31m" : "";
	const char *plain = c->color ? "\033[0m" : "";
	struct buf where;

	if (k->has_passed) {
		printf("check %.*s: passed, %.*s as expected\n",
		       STR_ARG(k->name), STR_ARG(shown(k->found)));
		return;
	}
	buf_init(&where, 1000);
	plan_place_text(&where, place, c->color);
	printf("check %.*s: %s", STR_ARG(k->name), mark);
	if (k->has_run)
		printf("failed%s, found %.*s, expected %.*s%s\n", plain,
		       STR_ARG(shown(k->found)), STR_ARG(shown(k->expected)),
		       where.data);
	else
		printf("could not be run%s%s\n", plain, where.data);
	buf_release(&where);
}

/* Those that did not pass come last, where they are seen. */
static void print_checks(const struct context *c, const struct plan *p,
			 const struct apply_result *r)
{
	for (int passed = 1; passed >= 0; passed--)
		for (size_t i = 0; i < r->n_checks; i++)
			if (r->checks[i].has_passed == passed)
				print_check(c, &r->checks[i],
					    i < p->n_checks
						? p->checks[i].place
						: (struct place){ 0 });
}

static void print_result(const struct context *c, const struct plan *p,
			 const struct apply_result *r)
{
	struct buf b;

	buf_init(&b, 1000);
	commit_add_count(&b, r->created, "created");
	commit_add_count(&b, r->updated, "changed");
	commit_add_count(&b, r->replaced, "replaced");
	commit_add_count(&b, r->deleted, "destroyed");
	commit_add_count(&b, r->forgotten, "forgotten");
	commit_add_count(&b, r->moved, "moved");
	commit_add_count(&b, r->imported, "imported");
	commit_add_count(&b, r->ran, "run");
	commit_add_count(&b, r->failed, "failed");
	commit_add_count(&b, r->skipped, "left out");
	commit_add_count(&b, r->not_begun, "not begun");
	printf("%s: %s in %s\n",
	       p->is_destroy		  ? "Destroyed"
	       : p->asked.is_refresh_only ? "Refreshed"
					  : "Applied",
	       b.len ? b.data : "what the state keeps, nothing outside",
	       report_time(r->elapsed_ms).text);
	buf_release(&b);
	if (r->commit.n)
		printf("State: commit %.12s\n", r->commit.s);
	/* After a failure they may be those of before. */
	if (!p->is_destroy && is_done(r))
		print_outputs(c);
	print_checks(c, p, r);
}

static void print_result_json(const struct apply_result *r)
{
	printf("{\"type\":\"summary\",\"created\":%zu,\"updated\":%zu,"
	       "\"replaced\":%zu,\"deleted\":%zu,\"forgotten\":%zu,"
	       "\"moved\":%zu,\"imported\":%zu,"
	       "\"run\":%zu,\"failed\":%zu,\"skipped\":%zu,\"not_begun\":%zu,"
	       "\"unknown\":%zu,\"checks_failed\":%zu,\"commit\":\"%.*s\","
	       "\"elapsed_ms\":%lld}\n",
	       r->created, r->updated, r->replaced, r->deleted, r->forgotten,
	       r->moved, r->imported, r->ran, r->failed, r->skipped,
	       r->not_begun, r->n_unknown, r->n_checks_failed,
	       STR_ARG(r->commit), (long long)r->elapsed_ms);
}

/* -- What is missing ------------------------------------------------------ */

struct missing {
	const struct context *context;
	const struct plan *plan;
	const struct apply_result *result;
	struct buf text;
	size_t *by_cause; /* skipped steps: first of each cause, plus 1 */
	size_t *next;	  /* the next of the same cause, plus 1 */
	struct arena arena;
};

static struct addresses address_list(struct missing *m)
{
	unsigned width = m->context->width;

	return (struct addresses){
		.out = &m->text,
		.width = width > 30 && width < 108 ? width - 8 : 100,
		.color = m->context->color,
		.most = ADDRESSES_SHOWN,
	};
}

static void add_title(struct missing *m, const char *title)
{
	bool color = m->context->color;

	buf_fmt(&m->text, "%s%s%s\n", color ? PAINT_BOLD : "", title,
		color ? PAINT_PLAIN : "");
}

static bool is_not_begun(const struct missing *m, size_t i)
{
	return m->result->steps[i].outcome == OUTCOME_NONE &&
	       m->plan->steps[i].action != ACTION_NONE;
}

static bool has_failed(const struct missing *m, size_t i)
{
	return m->result->steps[i].outcome == OUTCOME_FAILED;
}

static bool is_unknown(const struct missing *m, size_t i)
{
	return m->result->steps[i].outcome == OUTCOME_UNKNOWN;
}

static bool is_tainted(const struct missing *m, size_t i)
{
	return m->result->steps[i].is_tainted;
}

static void add_those(struct missing *m, const char *title,
		      bool (*is_one)(const struct missing *m, size_t i))
{
	struct addresses list = address_list(m);

	for (size_t i = 0; i < m->plan->n_steps; i++) {
		if (!is_one(m, i))
			continue;
		if (!list.n)
			add_title(m, title);
		addresses_add(&list, m->plan->steps[i].address);
	}
	addresses_end(&list);
}

/* By what failed: one step may take hundreds with it. */
static void add_skipped(struct missing *m)
{
	size_t n = m->plan->n_steps;

	m->by_cause = arena_new(&m->arena, size_t, n + 1);
	m->next = arena_new(&m->arena, size_t, n + 1);
	for (size_t i = n; i-- > 0;) {
		const struct apply_step *s = &m->result->steps[i];

		if (s->outcome != OUTCOME_SKIPPED)
			continue;
		m->next[i] = m->by_cause[s->because];
		m->by_cause[s->because] = i + 1;
	}
	for (size_t i = 0; i < n; i++) {
		struct addresses list = address_list(m);

		if (!m->by_cause[i])
			continue;
		buf_fmt(&m->text, "Left out because of %.*s\n",
			STR_ARG(m->plan->steps[i].address));
		for (size_t k = m->by_cause[i]; k; k = m->next[k - 1])
			addresses_add(&list, m->plan->steps[k - 1].address);
		addresses_end(&list);
	}
}

/* -- What to do next ------------------------------------------------------ */

static bool is_plain_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
			    "XYZ0123456789_-./=:,@+",
			    s.s[i]))
			return false;
	return s.n > 0;
}

static void add_word(struct buf *b, struct str s)
{
	buf_add_char(b, ' ');
	if (is_plain_word(s))
		buf_add_str(b, s);
	else
		buf_add_shell(b, s);
}

static void add_option(struct buf *b, const char *name, struct str value)
{
	buf_fmt(b, " --%s", name);
	add_word(b, value);
}

/* Files first: what --set says counts more. */
static void add_settings(struct missing *m)
{
	const struct context *c = m->context;
	struct str file = { 0 };

	for (size_t i = 0; i < c->n_settings; i++) {
		const struct setting *s = &c->settings[i];

		if (s->from.n) {
			if (!str_eq(s->from, file))
				add_option(&m->text, "params", s->from);
			file = s->from;
			continue;
		}
		add_option(&m->text, "set",
			   str_fmt(&m->arena, "%.*s=%.*s", STR_ARG(s->name),
				   STR_ARG(s->text)));
	}
}

/* What was replaced already would be made anew once more. */
static void add_replaces(struct missing *m)
{
	const struct plan_options *asked = &m->plan->asked;
	struct map wanted = { 0 };

	for (size_t i = 0; i < asked->n_replace; i++)
		map_put(&wanted, asked->replace[i], m);
	for (size_t i = 0; wanted.n && i < m->plan->n_steps; i++)
		if (m->result->steps[i].outcome != OUTCOME_DONE &&
		    map_has(&wanted, m->plan->steps[i].address))
			add_option(&m->text, "replace",
				   m->plan->steps[i].address);
	map_release(&wanted);
}

/* The command that goes on from here, as a shell takes it. */
static void add_command(struct missing *m)
{
	const struct plan_options *asked = &m->plan->asked;
	const struct selection *s = asked->selection;
	struct buf *b = &m->text;

	buf_fmt(b, "    dmsl %s", m->plan->is_destroy ? "destroy" : "apply");
	add_word(b, str_from(m->context->path));
	add_settings(m);
	for (size_t i = 0; s && i < s->n_only; i++)
		add_option(b, "only", s->only[i]);
	for (size_t i = 0; s && i < s->n_except; i++)
		add_option(b, "except", s->except[i]);
	add_replaces(m);
	if (asked->is_refresh_only)
		buf_add_c(b, " --refresh-only");
	else if (asked->no_refresh && !m->plan->is_destroy)
		buf_add_c(b, " --refresh=false");
	buf_add_char(b, '\n');
}

static void add_next(struct missing *m)
{
	const struct apply_result *r = m->result;
	const char *text = "Apply again to go on.";

	if (r->n_unknown)
		text = "Apply again: what became of it is found out first.";
	else if (r->failed)
		text = "Mend what failed and apply again: only the rest is "
		       "done.";
	else if (!r->skipped && !r->not_begun)
		text = m->plan->n_checks ? "That was all but the checks: apply "
					   "again to run them."
					 : "That was all.";
	buf_fmt(&m->text, "%s%s%s\n", r->is_interrupted ? "Interrupted. " : "",
		r->commit.n ? "What was done is committed. " : "", text);
	if (m->context->path)
		add_command(m);
}

void summary_missing(const struct context *c, const struct plan *p,
		     const struct apply_result *r)
{
	struct missing m = { .context = c, .plan = p, .result = r };

	if (c->is_json || is_done(r) || !r->steps)
		return;
	buf_init(&m.text, TEXT_MAX);
	add_those(&m, "Failed", has_failed);
	add_those(&m, "Nobody knows yet what became of", is_unknown);
	add_those(&m, "There, but not whole: the next apply replaces it",
		  is_tainted);
	add_skipped(&m);
	add_those(&m, "Not begun", is_not_begun);
	add_next(&m);
	fflush(stdout);
	fwrite(m.text.data, 1, m.text.len, stderr);
	buf_release(&m.text);
	arena_release(&m.arena);
}

static void tell_checks(const struct apply_result *r, const char *before)
{
	fflush(stdout);
	if (r->n_checks_failed)
		fprintf(stderr, "%s, but %zu of %zu checks did not pass.\n",
			before, r->n_checks_failed, r->n_checks);
}

void summary_nothing(struct context *c, const struct plan *p,
		     const struct apply_result *r)
{
	if (c->is_json) {
		setup_findings(c);
		print_result_json(r);
		return;
	}
	print_checks(c, p, r);
	setup_findings(c);
	tell_checks(r, "All is as the stack says");
}

void summary_print(struct context *c, const struct plan *p,
		   const struct apply_result *r)
{
	if (c->is_json) {
		setup_findings(c);
		print_result_json(r);
		return;
	}
	print_result(c, p, r);
	setup_findings(c);
	summary_missing(c, p, r);
	tell_checks(r, "All is applied and committed");
}
