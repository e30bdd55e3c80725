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

bool sql_is_remote(const struct call *c)
{
	const struct sql_host *host = host_of(c);

	return host->is_remote && host->is_remote(c->self);
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

int sql_remote_ask(struct call *c, struct sql_place at, struct str sql,
		   struct sql_answer *out)
{
	const struct sql_job job = { .at = at, .sql = sql };
	int64_t end = clock_ms() + ASK_LIMIT_MS;
	struct str memo = { "", 0 };

	for (;;) {
		int64_t wait;

		*out = (struct sql_answer){ 0 };
		switch (host_of(c)->run(c, &job, &memo, out)) {
		case STEP_DONE:
			return 0;
		case STEP_FAILED:
			return -1;
		case STEP_PENDING:
			break;
		}
		if (clock_ms() >= end)
			return error_set(&c->err, ERROR_UNAVAILABLE,
					 "no answer in two minutes; waited for "
					 "%.*s",
					 STR_ARG(c->waiting_for));
		wait = c->poll_ms;
		if (wait <= 0 || wait > ASK_POLL_MS)
			wait = ASK_POLL_MS;
		clock_sleep_ms(wait);
	}
}
