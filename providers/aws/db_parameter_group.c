/*
 * db_cluster_parameter_group and db_parameter_group. The id is the name, in
 * lower case. A group is made empty; its parameters follow, 20 a call. Those
 * that a server takes only when it starts are `static`: the servers that use
 * the group are restarted when such a one changes, as the plan said.
 */
#include <config.h>

#include "providers/aws/rds.h"

#include <string.h>

enum { BATCH = 20 };

/* Cluster and instance groups differ in names only. */
struct kind {
	const char *name;	/* DBClusterParameterGroupName */
	const char *parameters; /* DescribeDBClusterParameters */
	const char *modify, *reset;
};

static const struct kind cluster_kind = {
	"DBClusterParameterGroupName",
	"DescribeDBClusterParameters",
	"ModifyDBClusterParameterGroup",
	"ResetDBClusterParameterGroup",
};

static const struct kind instance_kind = {
	"DBParameterGroupName",
	"DescribeDBParameters",
	"ModifyDBParameterGroup",
	"ResetDBParameterGroup",
};

static const struct kind *kind_of(const struct call *c)
{
	return aws_type_of(c) == &aws_db_cluster_parameter_group
		   ? &cluster_kind
		   : &instance_kind;
}

static struct value parameters_of(const struct call *c, struct value attrs)
{
	const struct value *v = value_get(attrs, "parameters");

	return v && v->kind == VALUE_MAP ? *v : value_map(NULL, 0, c->arena);
}

/* Its parameters as the service lists them; only those that were set, or all.
 */
static int list(struct call *c, bool is_set, struct value *out)
{
	const struct kind *k = kind_of(c);
	struct fields f = { 0 };

	field_text(&f, k->name, c->id);
	if (is_set)
		field_text(&f, "Source", STR("user"));
	return aws_look_all(c, &aws_rds, k->parameters, &f,
			    "Parameters/Parameter", out);
}

/* Those that were set, as the attribute says it: server defaults are none. */
static int shown(struct call *c, struct value *out)
{
	struct fields f = { 0 };
	struct value all;

	if (list(c, true, &all) < 0)
		return -1;
	for (size_t i = 0; i < all.as.list.n; i++) {
		struct value p = all.as.list.items[i];
		const struct value *v = aws_get(p, "ParameterValue");
		struct str source = aws_text(p, "Source");

		/* Some list all of them, whatever was asked. */
		if (!v || (source.n && !str_is(source, "user")))
			continue;
		*vec_push(&f.list) = (struct value_entry){
			aws_text(p, "ParameterName"),
			value_str(aws_text(p, "ParameterValue")),
		};
	}
	*out = fields_done(&f, c->arena);
	return 0;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct value parameters;

	(void)object;
	if (shown(c, &parameters) < 0)
		return -1;
	field(result, "parameters", parameters);
	return 0;
}

/* -- which of them need a restart -- */

/* {"max_wal_senders": true} for each that is static. */
static int find_static(struct call *c, struct value *out)
{
	struct fields f = { 0 };
	struct value all;

	if (list(c, false, &all) < 0)
		return -1;
	for (size_t i = 0; i < all.as.list.n; i++) {
		struct value p = all.as.list.items[i];

		if (aws_get(p, "ApplyType"))
			*vec_push(&f.list) = (struct value_entry){
				aws_text(p, "ParameterName"),
				value_bool(
				    str_is(aws_text(p, "ApplyType"), "static")),
			};
	}
	*out = fields_done(&f, c->arena);
	return 0;
}

/* What is not listed is held for static: that is accepted for both. */
static bool is_static(struct value statics, struct str name)
{
	const struct value *v = value_get_str(statics, name);

	return !v || v->as.boolean;
}

/* Whether one of `a` is not the same in `b` and needs a restart. */
static bool has_static(struct value a, struct value b, struct value statics)
{
	for (size_t i = 0; i < a.as.map.n; i++) {
		const struct value_entry *e = &a.as.map.entries[i];
		const struct value *other = value_get_str(b, e->key);

		if ((!other || !value_eq(*other, e->value)) &&
		    is_static(statics, e->key))
			return true;
	}
	return false;
}

/* Clusters, or instances, that use the group, as the service shows them. */
static int list_users(struct call *c, struct value *out)
{
	bool is_cluster = kind_of(c) == &cluster_kind;
	struct fields none = { 0 };
	struct value *mine;
	struct value all;
	size_t n = 0;

	if (aws_look_all(
		c, &aws_rds,
		is_cluster ? "DescribeDBClusters" : "DescribeDBInstances",
		&none,
		is_cluster ? "DBClusters/DBCluster" : "DBInstances/DBInstance",
		&all) < 0)
		return -1;
	mine = arena_new(c->arena, struct value, all.as.list.n + 1);
	for (size_t i = 0; i < all.as.list.n; i++) {
		struct value v = all.as.list.items[i];
		struct str group =
		    aws_text(v, is_cluster ? "DBClusterParameterGroup"
					   : "DBParameterGroups/"
					     "DBParameterGroup/"
					     "DBParameterGroupName");

		if (str_eq(group, c->id))
			mine[n++] = v;
	}
	*out = value_list(mine, n);
	return 0;
}

static const char *user_id(const struct call *c)
{
	return kind_of(c) == &cluster_kind ? "DBClusterIdentifier"
					   : "DBInstanceIdentifier";
}

/* Restarts whoever waits for it, one after the other. */
static enum step restart_users(struct call *c)
{
	struct value users;

	if (list_users(c, &users) < 0)
		return STEP_FAILED;
	for (size_t i = 0; i < users.as.list.n; i++) {
		struct value user = users.as.list.items[i];
		enum step step =
		    kind_of(c) == &cluster_kind
			? rds_restart(c, aws_text(user, user_id(c)))
			: rds_restart_one(c, user);

		if (step != STEP_DONE)
			return step;
	}
	return STEP_DONE;
}

/* -- changes -- */

struct batch {
	struct call *call;
	const char *operation;
	struct value *parameters; /* room for BATCH */
	size_t n;
};

static int send(struct batch *b)
{
	struct call *c = b->call;
	struct fields f = { 0 };
	struct value ignored;

	if (!b->n)
		return 0;
	field_text(&f, kind_of(c)->name, c->id);
	field(&f, "Parameters", value_list(b->parameters, b->n));
	b->n = 0;
	return aws_change(c, &aws_rds, b->operation, &f, &ignored);
}

static int add(struct batch *b, struct str name, const struct value *v,
	       struct value statics)
{
	struct fields f = { 0 };

	field_text(&f, "ParameterName", name);
	if (v)
		field(&f, "ParameterValue", *v);
	field_text(&f, "ApplyMethod",
		   is_static(statics, name) ? STR("pending-reboot")
					    : STR("immediate"));
	if (!b->n)
		b->parameters = arena_new(b->call->arena, struct value, BATCH);
	b->parameters[b->n++] = fields_done(&f, b->call->arena);
	return b->n < BATCH ? 0 : send(b);
}

/* Sends what of `a` is not the same in `b`: set as in `a`, or reset. */
static int send_difference(struct call *c, struct value a, struct value b,
			   bool is_reset, struct value statics)
{
	struct batch batch = {
		.call = c,
		.operation = is_reset ? kind_of(c)->reset : kind_of(c)->modify,
	};
	int rc = 0;

	for (size_t i = 0; i < a.as.map.n && rc == 0; i++) {
		const struct value_entry *e = &a.as.map.entries[i];
		const struct value *other = value_get_str(b, e->key);

		if (is_reset ? !other : !other || !value_eq(*other, e->value))
			rc = add(&batch, e->key, is_reset ? NULL : &e->value,
				 statics);
	}
	return rc < 0 ? rc : send(&batch);
}

static enum step settle(struct call *c, struct value object)
{
	struct value wanted = parameters_of(c, c->config);
	struct value before = parameters_of(c, c->prior);
	struct value now, statics = value_null();

	(void)object;
	if (shown(c, &now) < 0)
		return STEP_FAILED;
	if (!value_eq(now, wanted) || !value_eq(before, wanted))
		if (find_static(c, &statics) < 0)
			return STEP_FAILED;
	if (!value_eq(now, wanted) &&
	    (send_difference(c, wanted, now, false, statics) < 0 ||
	     send_difference(c, now, wanted, true, statics) < 0))
		return STEP_FAILED;
	if (c->verb == VERB_UPDATE && (has_static(wanted, before, statics) ||
				       has_static(before, wanted, statics)))
		return restart_users(c);
	return STEP_DONE;
}

static int plan(struct call *c, const char *action)
{
	struct value wanted = parameters_of(c, c->config);
	struct value before = parameters_of(c, c->prior);
	struct value statics, users;

	if (!str_is(str_from(action), "update") || value_eq(wanted, before))
		return 0;
	if (find_static(c, &statics) < 0 || list_users(c, &users) < 0)
		return -1;
	if (!has_static(wanted, before, statics) &&
	    !has_static(before, wanted, statics))
		return 0;
	for (size_t i = 0; i < users.as.list.n; i++)
		call_effect(
		    c, EFFECT_RESTART,
		    "restart %.*s: its parameters change that hold from "
		    "the start of a server",
		    STR_ARG(aws_text(users.as.list.items[i], user_id(c))));
	return 0;
}

/* -- the tables -- */

static const struct aws_attr cluster_attrs[] = {
	{ "name", NULL, "DBClusterParameterGroupName", AWS_NAME, 0, NULL },
	{ "family", "DBParameterGroupFamily", "DBParameterGroupFamily",
	  AWS_TEXT, AWS_CREATE, NULL },
	{ "description", "Description", "Description", AWS_TEXT, AWS_CREATE,
	  NULL },
	{ 0 },
};

static const struct aws_attr instance_attrs[] = {
	{ "name", NULL, "DBParameterGroupName", AWS_NAME, 0, NULL },
	{ "family", "DBParameterGroupFamily", "DBParameterGroupFamily",
	  AWS_TEXT, AWS_CREATE, NULL },
	{ "description", "Description", "Description", AWS_TEXT, AWS_CREATE,
	  NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	/* In use for a while after its servers are gone. */
	{ VERB_DESTROY, "InvalidDBParameterGroupState", NULL, 300,
	  "its databases to be gone" },
	/* An earlier change is not applied yet. */
	{ VERB_CREATE, "InvalidDBParameterGroupState", NULL, 300,
	  "the group to be ready for changes" },
	{ VERB_UPDATE, "InvalidDBParameterGroupState", NULL, 300,
	  "the group to be ready for changes" },
	{ 0 },
};

static const struct aws_tagging cluster_tagging = {
	.read = "ListTagsForResource",
	RDS_TAGGING,
	.arn = "DBClusterParameterGroupArn",
};

static const struct aws_tagging instance_tagging = {
	.read = "ListTagsForResource",
	RDS_TAGGING,
	.arn = "DBParameterGroupArn",
};

#define GROUP                                                                  \
	.service = &aws_rds, .tags = AWS_TAGS_LIST, .name_max = 255,           \
	.name_chars = "-", .is_lower = true, .retries = retries,               \
	.settle = settle, .show = show, .plan = plan

const struct aws_type aws_db_cluster_parameter_group = {
	GROUP,
	.noun = "cluster parameter group",
	.describe = {
		.operation = "DescribeDBClusterParameterGroups",
		.one = "DBClusterParameterGroupName",
		.items = "DBClusterParameterGroups/DBClusterParameterGroup",
		.id = "DBClusterParameterGroupName",
		.name = "DBClusterParameterGroupName",
		.name_param = "DBClusterParameterGroupName",
		.tagging = "rds:cluster-pg",
	},
	.tagging = &cluster_tagging,
	.attrs = cluster_attrs,
	.create = "CreateDBClusterParameterGroup",
	.created = "DBClusterParameterGroup/DBClusterParameterGroupName",
	.name = "DBClusterParameterGroupName",
	.destroy = "DeleteDBClusterParameterGroup",
	.destroy_id = "DBClusterParameterGroupName",
};

const struct aws_type aws_db_parameter_group = {
	GROUP,
	.noun = "parameter group",
	.describe = {
		.operation = "DescribeDBParameterGroups",
		.one = "DBParameterGroupName",
		.items = "DBParameterGroups/DBParameterGroup",
		.id = "DBParameterGroupName",
		.name = "DBParameterGroupName",
		.name_param = "DBParameterGroupName",
		.tagging = "rds:pg",
	},
	.tagging = &instance_tagging,
	.attrs = instance_attrs,
	.create = "CreateDBParameterGroup",
	.created = "DBParameterGroup/DBParameterGroupName",
	.name = "DBParameterGroupName",
	.destroy = "DeleteDBParameterGroup",
	.destroy_id = "DBParameterGroupName",
};
