#include <config.h>

#include "providers/sql/remote.h"

#include "lang/base/clock.h"
#include "providers/sql/connect.h"

#include <string.h>

enum { ASK_LIMIT_MS = 120000, ASK_POLL_MS = 1000 };

static const struct sql_host *host_of(const struct call *c)
{
	return c->type->data;
}

bool sql_is_remote(const struct call *c, struct str cluster)
{
	const struct sql_host *host = host_of(c);

	return host->is_remote && host->is_remote(c->self, cluster);
}

struct str sql_remote_stage(const struct call *c, const char *first)
{
	struct str rest = c->memo;
	struct str stage = str_cut(&rest, ' ');

	return stage.n ? stage : str_from(first);
}

enum step sql_remote_run(struct call *c, const char *stage,
			 const struct sql_job *job, struct sql_answer *out)
{
	struct str rest = c->memo;
	struct str memo = { "", 0 };
	enum step result;

	*out = (struct sql_answer){ 0 };
	if (str_is(str_cut(&rest, ' '), stage))
		memo = rest;
	result = host_of(c)->run(c, job, &memo, out);
	c->memo = result == STEP_PENDING
		      ? str_fmt(c->arena, "%s %.*s", stage, STR_ARG(memo))
		      : str_from(stage);
	return result;
}

/* One of several questions that wait together. */
struct waiting {
	struct str memo;
	bool is_done;
};

static void ask_on(struct question *q, struct waiting *w, bool is_late)
{
	const struct sql_job job = { .at = q->at, .sql = q->sql };
	struct call *c = q->c;

	q->answer = (struct sql_answer){ 0 };
	q->result = q->host->run(c, &job, &w->memo, &q->answer);
	w->is_done = q->result != STEP_PENDING;
	if (w->is_done || !is_late)
		return;
	w->is_done = true;
	q->result = call_fail(c, ERROR_UNAVAILABLE,
			      "no answer in two minutes; waited for %.*s",
			      STR_ARG(c->waiting_for));
}

void sql_remote_ask_all(struct question *all, size_t n)
{
	int64_t end = clock_ms() + ASK_LIMIT_MS;
	struct waiting *states;
	size_t n_left = n;

	if (n == 0)
		return;
	states = arena_new(all[0].c->arena, struct waiting, n);
	while (n_left) {
		bool is_late = clock_ms() >= end;
		int64_t wait = ASK_POLL_MS;

		n_left = 0;
		for (size_t i = 0; i < n; i++) {
			if (states[i].is_done)
				continue;
			ask_on(&all[i], &states[i], is_late);
			if (states[i].is_done)
				continue;
			n_left++;
			if (all[i].c->poll_ms > 0 && all[i].c->poll_ms < wait)
				wait = all[i].c->poll_ms;
		}
		if (n_left)
			clock_sleep_ms(wait);
	}
}

int sql_remote_ask(struct call *c, struct sql_place at, struct str sql,
		   struct sql_answer *out)
{
	struct question q = {
		.c = c, .host = host_of(c), .at = at, .sql = sql
	};

	sql_remote_ask_all(&q, 1);
	*out = q.answer;
	return q.result == STEP_DONE ? 0 : -1;
}
