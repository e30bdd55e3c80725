#include <config.h>

#include "providers/aws/dms_assess.h"

#include "lang/base/buf.h"
#include "providers/aws/dms_call.h"

#include <stdlib.h>

enum {
	PAGE = 100,
	NAMED_MAX = 10,
	TEXT_MAX = 700,
};

/* Of one assessment, the worst first. */
static const char *const ranks[] = {
	"failed",  "error",   "warning", "cancelled", "skipped",
	"pending", "running", "passed",	 NULL,
};

static int rank_of(struct value result)
{
	int i = 0;

	while (ranks[i] && !str_is(value_text(result, "result"), ranks[i]))
		i++;
	return i;
}

static int order_results(const void *a, const void *b)
{
	const struct value *x = a, *y = b;
	int difference = rank_of(*x) - rank_of(*y);

	return difference ? difference
			  : str_cmp(value_text(*x, "assessment"),
				    value_text(*y, "assessment"));
}

int dms_assess_check(struct call *c)
{
	const struct dms_host *host = c->type->data;
	static const char *const needed[] = { "assess_role", "assess_bucket" };

	if (!host->has_assessments)
		return error_set(&c->err, ERROR_INVALID,
				 "provider local makes no premigration "
				 "assessment: AWS DMS does");
	for (size_t i = 0; i < 2; i++) {
		const struct value *v = value_get(c->config, needed[i]);

		if (v && !value_is_null(*v))
			continue;
		error_set(&c->err, ERROR_INVALID,
			  "a premigration assessment needs %s", needed[i]);
		return error_hint(&c->err,
				  "assess_role is an iam_role that AWS DMS may "
				  "take on, and that may write into the S3 "
				  "bucket assess_bucket");
	}
	return 0;
}

static bool is_over(struct str status)
{
	static const char *const passing[] = {
		"starting",   "provisioning", "running",
		"cancelling", "deleting",     NULL,
	};

	for (size_t i = 0; passing[i]; i++)
		if (str_is(status, passing[i]))
			return false;
	return true;
}

/* All individual results of a run. */
static int read_results(struct call *c, struct str arn, struct value *out)
{
	static const char filter[] = "replication-task-assessment-run-arn";
	VEC(struct value) all = { 0 };
	struct value found;
	size_t n;

	if (dms_call_all(
		c, true, "DescribeReplicationTaskIndividualAssessments",
		value_with(dms_filter(filter, arn, c->arena), STR("MaxRecords"),
			   value_int(PAGE), c->arena),
		"ReplicationTaskIndividualAssessments", &found) < 0)
		return -1;
	for (size_t i = 0; i < found.as.list.n; i++) {
		struct value v = found.as.list.items[i];
		struct fields f = { 0 };

		if (!str_eq(value_text(v, "ReplicationTaskAssessmentRunArn"),
			    arn))
			continue;
		field_text(&f, "assessment",
			   value_text(v, "IndividualAssessmentName"));
		field_text(&f, "result", value_text(v, "Status"));
		*vec_push(&all) = fields_done(&f, c->arena);
	}
	n = all.n;
	*out = value_list(n ? vec_take(&all, c->arena) : NULL, n);
	if (n)
		qsort((struct value *)out->as.list.items, n, sizeof(*out),
		      order_results);
	return 0;
}

static struct str fetch_command(struct str where, struct arena *a)
{
	struct buf b;
	struct str out;

	buf_init(&b, 4096);
	buf_add_c(&b, "aws s3 cp --recursive ");
	buf_add_shell(&b, where);
	buf_add_c(&b, " assessment");
	out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return out;
}

static enum step wait_run(struct call *c, struct value run,
			  struct assessment *out)
{
	struct str arn = value_text(run, "ReplicationTaskAssessmentRunArn");
	struct str folder = value_text(run, "ResultLocationFolder");
	const struct value *progress = value_get(run, "AssessmentProgress");

	out->status = value_text(run, "Status");
	c->memo = str_fmt(c->arena, "assess %.*s", STR_ARG(arn));
	if (!is_over(out->status))
		return dms_wait(
		    c, "the premigration assessment (%.*s, %lld of %lld)",
		    STR_ARG(out->status),
		    progress ? (long long)value_number(
				   *progress,
				   "IndividualAssessmentCompletedCount", 0)
			     : 0,
		    progress ? (long long)value_number(
				   *progress, "IndividualAssessmentCount", 0)
			     : 0);
	out->where = str_fmt(c->arena, "s3://%.*s%s%.*s",
			     STR_ARG(value_text(run, "ResultLocationBucket")),
			     folder.n ? "/" : "", STR_ARG(folder));
	out->command = fetch_command(out->where, c->arena);
	return read_results(c, arn, &out->results) < 0 ? STEP_FAILED
						       : STEP_DONE;
}

/* The run of this name; null: there is none. */
static int find_run(struct call *c, struct str name, struct value *out)
{
	struct value all;

	*out = value_null();
	if (dms_call_all(c, true, "DescribeReplicationTaskAssessmentRuns",
			 dms_filter("replication-task-arn", c->id, c->arena),
			 "ReplicationTaskAssessmentRuns", &all) < 0)
		return -1;
	for (size_t i = 0; i < all.as.list.n; i++)
		if (str_eq(
			value_text(all.as.list.items[i], "AssessmentRunName"),
			name))
			*out = all.as.list.items[i];
	return 0;
}

static enum step begin(struct call *c, struct str name, struct assessment *out)
{
	const struct dms_host *host = c->type->data;
	struct fields f = { 0 };
	const struct value *run;
	struct value answer, found;
	struct str role;

	if (host->role(c->self, value_text(c->config, "assess_role"), c->arena,
		       &role, &c->err) < 0)
		return STEP_FAILED;
	field_text(&f, "ReplicationTaskArn", c->id);
	field_text(&f, "ServiceAccessRoleArn", role);
	field_text(&f, "ResultLocationBucket",
		   value_text(c->config, "assess_bucket"));
	field_text(&f, "AssessmentRunName", name);
	if (dms_call(c, true, "StartReplicationTaskAssessmentRun",
		     fields_done(&f, c->arena), &answer) == 0) {
		run = value_get(answer, "ReplicationTaskAssessmentRun");
		return wait_run(c, run ? *run : value_null(), out);
	}
	/* An earlier attempt had begun it. */
	if (c->err.kind != ERROR_EXISTS)
		return STEP_FAILED;
	c->err = (struct error){ 0 };
	if (find_run(c, name, &found) < 0)
		return STEP_FAILED;
	if (value_is_null(found))
		return call_fail(c, ERROR_NOT_FOUND,
				 "the premigration assessment \"%.*s\" is gone",
				 STR_ARG(name));
	return wait_run(c, found, out);
}

enum step dms_assess(struct call *c, struct str name, struct assessment *out)
{
	struct str arn = c->memo;
	struct value run;

	*out = (struct assessment){ .results = value_list(NULL, 0) };
	if (!str_is(str_cut(&arn, ' '), "assess"))
		return begin(c, name, out);
	if (dms_find(c, true, "DescribeReplicationTaskAssessmentRuns",
		     dms_filter("replication-task-assessment-run-arn", arn,
				c->arena),
		     "ReplicationTaskAssessmentRuns", &run) < 0)
		return STEP_FAILED;
	if (value_is_null(run))
		return call_fail(c, ERROR_NOT_FOUND,
				 "the premigration assessment is gone");
	return wait_run(c, run, out);
}

bool dms_assess_has_failed(const struct assessment *a)
{
	return !str_is(a->status, "passed") && !str_is(a->status, "warning");
}

struct str dms_assess_counts(const struct assessment *a, struct arena *arena)
{
	struct str text = { "", 0 };

	for (size_t r = 0; ranks[r]; r++) {
		size_t n = 0;

		for (size_t i = 0; i < a->results.as.list.n; i++)
			n += str_is(
			    value_text(a->results.as.list.items[i], "result"),
			    ranks[r]);
		if (n)
			text = str_fmt(arena, "%.*s%s%zu %s", STR_ARG(text),
				       text.n ? ", " : "", n, ranks[r]);
	}
	return text;
}

enum step dms_assess_refuse(struct call *c, const struct assessment *a)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < a->results.as.list.n && n < NAMED_MAX; i++) {
		struct value v = a->results.as.list.items[i];

		if (!str_is(value_text(v, "result"), "failed") &&
		    !str_is(value_text(v, "result"), "error"))
			continue;
		buf_fmt(&b, "%s%.*s (%.*s)", n++ ? ", " : "",
			STR_ARG(value_text(v, "assessment")),
			STR_ARG(value_text(v, "result")));
	}
	call_fail(c, ERROR_FAILED,
		  "the premigration assessment ended with \"%.*s\"%s%.*s",
		  STR_ARG(a->status), n ? ": " : "", STR_ARG(buf_str(&b)));
	error_hint(&c->err, "every finding with its rows and columns: %.*s",
		   STR_ARG(a->command));
	buf_release(&b);
	return STEP_FAILED;
}
