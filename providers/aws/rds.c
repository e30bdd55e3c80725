#include <config.h>

#include "providers/aws/rds.h"

enum {
	POLL_S = 10,
	/* A restart is shown so long after it was asked for, at the latest. */
	SEEN_S = 120,
	/* "pending-reboot" is shown so long after the change. */
	LAG_S = 30,
};

/* -- versions -- */

bool rds_version_holds(struct str wanted, struct str version)
{
	return wanted.n && version.n >= wanted.n &&
	       str_eq(str_sub(version, 0, wanted.n), wanted) &&
	       (version.n == wanted.n || version.s[wanted.n] == '.' ||
		version.s[wanted.n] == '-');
}

/* Number by number: 15.10 is newer than 15.9. */
static int order_versions(struct str a, struct str b)
{
	while (a.n || b.n) {
		struct str x = str_cut(&a, '.'), y = str_cut(&b, '.');
		uint64_t n = 0, m = 0;

		if (str_to_u64(x, &n) && str_to_u64(y, &m)) {
			if (n != m)
				return n < m ? -1 : 1;
		} else if (!str_eq(x, y)) {
			return str_cmp(x, y);
		}
	}
	return 0;
}

/* "13.20, 14.17, 15.12": the newest of each major version. */
static struct str newest_of_each(struct value all, struct arena *a)
{
	struct str text = { "", 0 }, last = { "", 0 };

	for (size_t i = 0; i < all.as.list.n; i++) {
		struct str version =
		    aws_text(all.as.list.items[i], "EngineVersion");
		struct str rest = version, major = str_cut(&rest, '.');
		struct str newest = version;

		if (str_eq(major, last))
			continue;
		last = major;
		for (size_t k = i; k < all.as.list.n; k++) {
			struct str other =
			    aws_text(all.as.list.items[k], "EngineVersion");

			if (rds_version_holds(major, other) &&
			    order_versions(other, newest) > 0)
				newest = other;
		}
		text = str_fmt(a, "%.*s%s%.*s", STR_ARG(text),
			       text.n ? ", " : "", STR_ARG(newest));
	}
	return text;
}

int rds_version(struct call *c, struct str wanted, struct str *out)
{
	struct fields f = { 0 };
	struct value all;

	*out = (struct str){ "", 0 };
	field_text(&f, "Engine", STR(RDS_ENGINE));
	if (aws_look_all(c, &aws_rds, "DescribeDBEngineVersions", &f,
			 "DBEngineVersions/DBEngineVersion", &all) < 0)
		return -1;
	for (size_t i = 0; i < all.as.list.n; i++) {
		struct value v = all.as.list.items[i];
		struct str version = aws_text(v, "EngineVersion");
		struct str status = aws_text(v, "Status");

		if (rds_version_holds(wanted, version) &&
		    (!status.n || str_is(status, "available")) &&
		    (!out->n || order_versions(version, *out) > 0))
			*out = version;
	}
	if (out->n)
		return 0;
	if (!all.as.list.n) {
		*out = wanted;
		return 0;
	}
	error_set(&c->err, ERROR_INVALID,
		  "there is no version \"%.*s\" of " RDS_ENGINE " in %.*s",
		  STR_ARG(wanted), STR_ARG(aws_site_of(c)->region));
	return error_hint(&c->err,
			  "the newest are %.*s; \"15\" is the newest "
			  "15 that there is",
			  STR_ARG(newest_of_each(all, c->arena)));
}

/* -- clusters and instances -- */

static int find_one(struct call *c, const char *operation, const char *param,
		    struct str id, const char *path, const char *gone,
		    struct value *out)
{
	struct fields f = { 0 };
	struct value answer, items;

	*out = value_null();
	field_text(&f, param, id);
	if (aws_look(c, &aws_rds, operation, &f, &answer) < 0) {
		if (!aws_is_refusal(c, gone, NULL))
			return -1;
		c->err = (struct error){ 0 };
		return 0;
	}
	items = aws_items(answer, path, c->arena);
	if (items.as.list.n)
		*out = items.as.list.items[0];
	return 0;
}

int rds_cluster(struct call *c, struct str id, struct value *out)
{
	return find_one(c, "DescribeDBClusters", "DBClusterIdentifier", id,
			"DBClusters/DBCluster", "DBClusterNotFoundFault", out);
}

int rds_instance(struct call *c, struct str id, struct value *out)
{
	return find_one(c, "DescribeDBInstances", "DBInstanceIdentifier", id,
			"DBInstances/DBInstance", "DBInstanceNotFound", out);
}

#define MEMBERS "DBClusterMembers/DBClusterMember"

struct str rds_writer(struct value cluster, struct arena *a)
{
	struct value members = aws_items(cluster, MEMBERS, a);

	for (size_t i = 0; i < members.as.list.n; i++) {
		struct value m = members.as.list.items[i];

		if (str_is(aws_text(m, "IsClusterWriter"), "true"))
			return aws_text(m, "DBInstanceIdentifier");
	}
	return (struct str){ "", 0 };
}

/* -- restarts -- */

/* What was changed just now is not shown as pending yet. */
static bool is_lagging(struct call *c)
{
	struct aws_site *w = aws_site_of(c);

	return !str_contains(c->memo, STR("restart")) &&
	       aws_is_patient(c, "pending",
			      (int)(w->pace(w, LAG_S * 1000) / 1000));
}

/* A restart that was asked for is shown some seconds later. */
static enum step restart(struct call *c, struct str id)
{
	struct fields f = { 0 };
	struct value instance, ignored;
	struct str status, mark;

	if (rds_instance(c, id, &instance) < 0)
		return STEP_FAILED;
	status = aws_text(instance, "DBInstanceStatus");
	if (!str_is(status, "available"))
		return aws_wait(c, POLL_S, "%.*s to be available (%.*s)",
				STR_ARG(id), STR_ARG(status));
	mark = str_fmt(c->arena, "restart%08x",
		       (unsigned)(str_hash(id) & 0xffffffff));
	if (str_contains(c->memo, str_fmt(c->arena, "%.*s=", STR_ARG(mark))) &&
	    aws_is_patient(c, mark.s, SEEN_S))
		return aws_wait(c, POLL_S, "the restart of %.*s", STR_ARG(id));
	field_text(&f, "DBInstanceIdentifier", id);
	if (aws_change(c, &aws_rds, "RebootDBInstance", &f, &ignored) < 0) {
		if (!aws_is_refusal(c, "InvalidDBInstanceState", NULL))
			return STEP_FAILED;
		c->err = (struct error){ 0 };
		return aws_wait(c, POLL_S, "%.*s to be available", STR_ARG(id));
	}
	aws_is_patient(c, mark.s, SEEN_S);
	return aws_wait(c, POLL_S, "the restart of %.*s", STR_ARG(id));
}

static struct value next_to_restart(struct value cluster, struct arena *a)
{
	struct value members = aws_items(cluster, MEMBERS, a);
	struct value next = value_null();

	for (size_t i = 0; i < members.as.list.n; i++) {
		struct value m = members.as.list.items[i];

		if (!str_is(aws_text(m, "DBClusterParameterGroupStatus"),
			    "pending-reboot"))
			continue;
		if (value_is_null(next) ||
		    str_is(aws_text(m, "IsClusterWriter"), "true"))
			next = m;
	}
	return next;
}

enum step rds_restart(struct call *c, struct str id)
{
	struct value cluster, next;

	if (rds_cluster(c, id, &cluster) < 0)
		return STEP_FAILED;
	next = next_to_restart(cluster, c->arena);
	if (!value_is_null(next))
		return restart(c, aws_text(next, "DBInstanceIdentifier"));
	if (aws_items(cluster, MEMBERS, c->arena).as.list.n && is_lagging(c))
		return aws_wait(c, POLL_S,
				"the change of parameters to be seen");
	return STEP_DONE;
}

enum step rds_restart_one(struct call *c, struct value instance)
{
	struct value groups =
	    aws_items(instance, "DBParameterGroups/DBParameterGroup", c->arena);
	bool is_pending = false;

	for (size_t i = 0; i < groups.as.list.n; i++) {
		struct str status =
		    aws_text(groups.as.list.items[i], "ParameterApplyStatus");

		if (str_is(status, "applying"))
			return aws_wait(c, POLL_S,
					"the parameters to be applied");
		is_pending |= str_is(status, "pending-reboot");
	}
	if (is_pending)
		return restart(c, aws_text(instance, "DBInstanceIdentifier"));
	if (is_lagging(c))
		return aws_wait(c, POLL_S,
				"the change of parameters to be seen");
	return STEP_DONE;
}
