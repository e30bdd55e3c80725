/* Connection tests. */
#include <config.h>

#include "providers/aws/dms_connection.h"

#include "lang/base/clock.h"
#include "providers/aws/dms_call.h"

#include <stdio.h>

enum { PAUSE_S = 2, TEST_FAILURES_MAX = 4 };

static int connection(struct call *c, struct str instance, struct str endpoint,
		      struct value *out)
{
	struct value input = dms_filter("endpoint-arn", endpoint, c->arena);
	struct value other =
	    dms_filter("replication-instance-arn", instance, c->arena);
	struct value *both = arena_new(c->arena, struct value, 2);

	both[0] = value_get(input, "Filters")->as.list.items[0];
	both[1] = value_get(other, "Filters")->as.list.items[0];
	return dms_find(
	    c, true, "DescribeConnections",
	    value_with(input, STR("Filters"), value_list(both, 2), c->arena),
	    "Connections", out);
}

int dms_test_start(struct call *c, struct str instance, struct str endpoint)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ReplicationInstanceArn", instance);
	field_text(&f, "EndpointArn", endpoint);
	if (dms_call(c, true, "TestConnection", fields_done(&f, c->arena),
		     &ignored) == 0)
		return 0;
	/* It is being tested, or not quite ready to be. */
	if (c->err.kind != ERROR_CONFLICT && c->err.kind != ERROR_QUOTA)
		return -1;
	c->err = (struct error){ 0 };
	return 0;
}

static const char *advice(struct str why)
{
	static const struct {
		const char *part, *advice;
	} known[] = {
		{ "password authentication failed",
		  "the secret's username and password are not those of the "
		  "database" },
		{ "no encryption", "set ssl = require on the endpoint" },
		{ "could not translate host name",
		  "the endpoint's server is no name that the replication "
		  "instance knows" },
		{ "does not exist", "is the database made before the task? "
				    "name it by its resource" },
		{ "Secrets Manager",
		  "the secret's role must let AWS DMS read it, and the network "
		  "needs an endpoint secretsmanager" },
		{ "AccessDenied", "the secret's role must let AWS DMS read "
				  "it" },
		{ "timeout", "look at security groups, target group and port "
			     "along the path" },
		{ "could not connect", "look at security groups, target group "
				       "and port along the path" },
		{ NULL, NULL },
	};

	for (size_t i = 0; known[i].part; i++)
		if (str_contains(why, str_from(known[i].part)))
			return known[i].advice;
	return NULL;
}

enum tested dms_test_look(struct call *c, struct str instance,
			  struct str endpoint, struct str *why)
{
	struct value test;
	struct str status;

	if (connection(c, instance, endpoint, &test) < 0)
		return TEST_ERROR;
	status = value_text(test, "Status");
	if (str_is(status, "successful"))
		return TEST_GOOD;
	if (str_is(status, "testing") || str_is(status, "deleting"))
		return TEST_RUNS;
	if (str_is(status, "failed")) {
		*why = value_text(test, "LastFailureMessage");
		return TEST_BAD;
	}
	return dms_test_start(c, instance, endpoint) < 0 ? TEST_ERROR
							 : TEST_RUNS;
}

int dms_test_pause(const struct call *c)
{
	int s = dms_poll_ms(c) * 3 / 1000;

	return s > PAUSE_S ? s : PAUSE_S;
}

enum step dms_test_failed(struct call *c, const char *side, struct str why)
{
	const char *hint = advice(why);

	call_fail(c, ERROR_FAILED,
		  "the replication instance cannot connect to the %s: %.*s",
		  side, STR_ARG(why));
	if (hint)
		error_hint(&c->err, "%s", hint);
	return STEP_FAILED;
}

enum step dms_test_both(struct call *c)
{
	static const char *const sides[] = { "source", "target" };
	enum step result = STEP_DONE;
	int failures = 0;
	long long last = 0;

	if (sscanf(str_c(c->memo, c->arena), "test %d %lld", &failures,
		   &last) != 2)
		failures = 0;
	for (size_t i = 0; i < 2; i++) {
		struct str why = { "", 0 };

		switch (dms_test_look(c, value_text(c->config, "instance"),
				      value_text(c->config, sides[i]), &why)) {
		case TEST_GOOD:
			continue;
		case TEST_ERROR:
			return STEP_FAILED;
		case TEST_RUNS:
			break;
		case TEST_BAD:
			if (clock_wall() - last < dms_test_pause(c))
				break;
			/* What failed before this run was not our test. */
			if (failures >= TEST_FAILURES_MAX)
				return dms_test_failed(c, sides[i], why);
			failures++;
			last = (long long)clock_wall();
			if (dms_test_start(c, value_text(c->config, "instance"),
					   value_text(c->config, sides[i])) < 0)
				return STEP_FAILED;
			break;
		}
		result = STEP_PENDING;
	}
	if (result == STEP_DONE)
		return STEP_DONE;
	c->memo = str_fmt(c->arena, "test %d %lld", failures, last);
	return dms_wait(c, "the connections to be tested");
}
