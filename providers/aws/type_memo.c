/*
 * The memo of a step: words "key=number" with blanks between, the numbers
 * being times in seconds, counts or marks. What cannot be read is as if it had
 * not been started. It is durable once the engine has it, so it holds little
 * and changes seldom.
 */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "lang/base/clock.h"

#include <stdarg.h>

enum {
	MEMO_MAX = 600,
	/* After the first call, and after others. */
	SOON_MS = 500,
	NEXT_MS = 2000,
	SPREAD_PERCENT = 20,
};

/* Cuts the next word off; false: there is none. */
static bool next_word(struct str *rest, struct str *key, struct str *number)
{
	struct str word;

	if (rest->n == 0)
		return false;
	word = str_cut(rest, ' ');
	*key = str_cut(&word, '=');
	*number = word;
	return true;
}

static bool find(const struct call *c, const char *key, uint64_t *out)
{
	struct str rest = c->memo, name, number;

	while (next_word(&rest, &name, &number))
		if (str_is(name, key))
			return str_to_u64(number, out);
	return false;
}

uint64_t memo_get(const struct call *c, const char *key)
{
	uint64_t n;

	return find(c, key, &n) ? n : 0;
}

void memo_set(struct call *c, const char *key, uint64_t n)
{
	struct str rest = c->memo, name, number, memo = { "", 0 };
	uint64_t now, other;

	if (find(c, key, &now) && now == n)
		return;
	while (next_word(&rest, &name, &number))
		if (!str_is(name, key) && str_to_u64(number, &other))
			memo = str_fmt(c->arena, "%.*s%s%.*s=%.*s",
				       STR_ARG(memo), memo.n ? " " : "",
				       STR_ARG(name), STR_ARG(number));
	if (memo.n > MEMO_MAX)
		BUG("a memo of %zu bytes", memo.n);
	c->memo = str_fmt(c->arena, "%.*s%s%s=%llu", STR_ARG(memo),
			  memo.n ? " " : "", key, (unsigned long long)n);
}

void memo_start(struct call *c, const char *key)
{
	memo_set(c, key, (uint64_t)clock_wall());
}

int64_t memo_age(const struct call *c, const char *key)
{
	uint64_t since = memo_get(c, key);
	int64_t age;

	if (since == 0)
		return -1;
	age = clock_wall() - (int64_t)since;
	return age > 0 ? age : 0;
}

bool aws_is_patient(struct call *c, const char *phase, int seconds)
{
	int64_t age = memo_age(c, phase);

	if (age < 0)
		memo_start(c, phase);
	return age <= seconds;
}

bool aws_has_begun(const struct call *c, const char *phase)
{
	return memo_get(c, phase) != 0;
}

/*
 * Waits are spread by up to a fifth, the same for all of a run: what polls at
 * one pace is polled together, and several runs do not keep step.
 */
enum step aws_wait(struct call *c, int seconds, const char *format, ...)
{
	struct aws_site *w = aws_site_of(c);
	int64_t soon = c->is_poll ? NEXT_MS : SOON_MS;
	int64_t ms = w->pace(w, seconds ? (int64_t)seconds * 1000 : soon);
	int64_t spread =
	    (int64_t)(str_hash(c->run_id) % (2 * SPREAD_PERCENT + 1)) -
	    SPREAD_PERCENT;
	va_list args;

	va_start(args, format);
	c->waiting_for = str_vfmt(c->arena, format, args);
	va_end(args);
	ms += ms * spread / 100;
	c->poll_ms = ms > 0 ? (int)ms : 1;
	return STEP_PENDING;
}
