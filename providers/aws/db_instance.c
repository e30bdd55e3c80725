/*
 * db_instance: a server of a cluster. The id is its identifier, in lower case.
 * The first one that is made becomes the writer; `address` is the writer's,
 * whichever instance is asked, so that what points to it follows a failover.
 */
#include <config.h>

#include "providers/aws/rds.h"
#include "providers/aws/rds_address.h"
#include "providers/aws/role_arn.h"

enum {
	POLL_S = 10,
	PATIENCE_S = 3600,
	ROLE_S = 120,
	STATE_S = 300,
	CLUSTER_S = 600,
	ADDRESS_S = 180,
};

static const struct aws_attr attrs[] = {
	{ "name", NULL, "DBInstanceIdentifier", AWS_NAME, 0, NULL },
	{ "cluster", "DBClusterIdentifier", "DBClusterIdentifier", AWS_NAME,
	  AWS_CREATE, NULL },
	{ "class", "DBInstanceClass", "DBInstanceClass", AWS_TEXT,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "zone", "AvailabilityZone", "AvailabilityZone", AWS_TEXT, AWS_CREATE,
	  NULL },
	{ "parameter_group", "DBParameterGroupName",
	  "DBParameterGroups/DBParameterGroup/DBParameterGroupName", AWS_NAME,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "promotion_tier", "PromotionTier", "PromotionTier", AWS_NUMBER,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "public", "PubliclyAccessible", "PubliclyAccessible", AWS_BOOL,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "auto_minor_upgrade", "AutoMinorVersionUpgrade",
	  "AutoMinorVersionUpgrade", AWS_BOOL, AWS_CREATE | AWS_UPDATE, NULL },
	{ "performance_insights", "EnablePerformanceInsights",
	  "PerformanceInsightsEnabled", AWS_BOOL, AWS_CREATE | AWS_UPDATE,
	  NULL },
	{ "ca_certificate", "CACertificateIdentifier",
	  "CACertificateIdentifier", AWS_TEXT, AWS_CREATE | AWS_UPDATE, NULL },
	{ "maintenance_window", "PreferredMaintenanceWindow",
	  "PreferredMaintenanceWindow", AWS_NAME, AWS_CREATE | AWS_UPDATE,
	  NULL },
	{ "monitoring", "MonitoringInterval", "MonitoringInterval", AWS_SECONDS,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "endpoint", NULL, "Endpoint/Address", AWS_TEXT, 0, NULL },
	{ "arn", NULL, "DBInstanceArn", AWS_TEXT, 0, NULL },
	{ 0 },
};

/* Storage goes on being optimised for hours. */
static const char *const ready[] = { "available", "storage-optimization",
				     NULL };
static const char *const bad[] = {
	"failed",
	"deleting",
	"deleted",
	"incompatible-network",
	"incompatible-option-group",
	"incompatible-parameters",
	"incompatible-restore",
	"inaccessible-encryption-credentials",
	"storage-full",
	NULL,
};
static const char *const gone[] = { "deleted", NULL };
static const char *const broken[] = {
	"failed",
	"incompatible-network",
	"incompatible-parameters",
	"inaccessible-encryption-credentials",
	"stopped",
	"storage-full",
	NULL,
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "InvalidParameterValue", "ENHANCED_MONITORING", ROLE_S,
	  "its monitoring role to be known" },
	{ VERB_UPDATE, "InvalidParameterValue", "ENHANCED_MONITORING", ROLE_S,
	  "its monitoring role to be known" },
	{ VERB_CREATE, "InvalidParameterValue", "required permissions", ROLE_S,
	  "its monitoring role to be known" },
	{ VERB_CREATE, "InvalidParameterValue", "service linked role", ROLE_S,
	  "the service's own role to be known" },
	{ VERB_CREATE, "InvalidDBClusterStateFault", NULL, CLUSTER_S,
	  "its cluster to be ready" },
	{ VERB_CREATE, "DBClusterNotFoundFault", NULL, ROLE_S,
	  "its cluster to be known" },
	{ VERB_CREATE, "DBParameterGroupNotFound", NULL, STATE_S,
	  "its parameter group to be known" },
	{ VERB_UPDATE, "InvalidDBInstanceState", NULL, STATE_S,
	  "the instance to be ready for changes" },
	{ VERB_UPDATE, "InvalidDBClusterStateFault", NULL, STATE_S,
	  "its cluster to be ready for changes" },
	/* It is gone soon: this is no refusal. */
	{ VERB_DESTROY, "InvalidDBInstanceState", "already being deleted", 0,
	  NULL },
	{ VERB_DESTROY, "InvalidDBInstanceState", NULL, CLUSTER_S,
	  "the instance to be ready to be deleted" },
	{ VERB_DESTROY, "InvalidDBClusterStateFault", NULL, CLUSTER_S,
	  "its cluster to be ready" },
	{ 0 },
};

static const struct aws_tagging tagging = {
	RDS_TAGGING,
	.arn = "DBInstanceArn",
};

static bool differs(const struct call *c, const char *attr)
{
	const struct value *was = value_get(c->prior, attr);
	const struct value *is = value_get(c->config, attr);

	return !value_eq(was ? *was : value_null(), is ? *is : value_null());
}

/* -- the monitoring role: its id is its name, requests want its ARN -- */

static int add_role(struct call *c, struct fields *input)
{
	struct str role = value_text(c->config, "monitoring_role"), arn;

	if (!role.n)
		return 0;
	if (aws_role_arn(aws_site_of(c), role, c->arena, &arn, &c->err) < 0)
		return -1;
	field_text(input, "MonitoringRoleArn", arn);
	return 0;
}

/* "arn:aws:iam::1:role/path/name" is name. */
static struct str role_name(struct str arn)
{
	ptrdiff_t slash = str_rfind(arn, '/');

	return slash < 0 ? arn : str_skip(arn, (size_t)slash + 1);
}

static int fill(struct call *c, struct fields *input)
{
	const struct value *is_public = value_get(c->config, "public");

	field_text(input, "Engine", STR(RDS_ENGINE));
	/* The service's own default depends on the subnets. */
	if (!is_public || value_is_null(*is_public))
		field(input, "PubliclyAccessible", value_bool(false));
	return add_role(c, input);
}

static int change(struct call *c, struct value object, struct fields *input,
		  bool *send)
{
	struct str now = aws_text(object, "EngineVersion");
	struct str group = value_text(c->config, "parameter_group");

	field(input, "ApplyImmediately", value_bool(true));
	/* The service wants both, whichever changes. */
	if (differs(c, "monitoring_role") || differs(c, "monitoring")) {
		*send = true;
		if (add_role(c, input) < 0)
			return -1;
	}
	if (differs(c, "parameter_group") && !group.n) {
		struct str major = str_cut(&now, '.');

		field_text(input, "DBParameterGroupName",
			   str_fmt(c->arena, "default." RDS_ENGINE "%.*s",
				   STR_ARG(major)));
		*send = true;
	}
	return 0;
}

/* Until the writer has an address. */
static enum step find_address(struct call *c, struct value object)
{
	struct str address;

	if (rds_address(c, object, &address) < 0)
		return STEP_FAILED;
	if (address.n)
		return STEP_DONE;
	if (aws_is_patient(c, "address", ADDRESS_S))
		return aws_wait(c, POLL_S, "the writer's private address");
	call_fail(
	    c, ERROR_NOT_FOUND,
	    "the private address of the cluster's writer cannot be found");
	error_hint(&c->err,
		   "give the cluster a security group that nothing else uses, "
		   "or run where the name \"%.*s\" is resolved",
		   STR_ARG(aws_text(object, "Endpoint/Address")));
	return STEP_FAILED;
}

static enum step settle(struct call *c, struct value object)
{
	const struct value *pending = aws_get(object, "PendingModifiedValues");
	enum step step = STEP_DONE;

	if (pending && pending->kind == VALUE_MAP && pending->as.map.n)
		return aws_wait(c, POLL_S, "the instance's changes to be made");
	if (c->verb == VERB_UPDATE && differs(c, "parameter_group"))
		step = rds_restart_one(c, object);
	return step == STEP_DONE ? find_address(c, object) : step;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct str known = value_text(c->prior, "monitoring_role");
	struct str role = aws_text(object, "MonitoringRoleArn");
	struct str address;

	if (!str_starts(known, "arn:"))
		role = role_name(role);
	if (known.n && !str_eq(known, role))
		field_text(result, "monitoring_role", role);
	if (rds_address(c, object, &address) < 0)
		return -1;
	if (address.n)
		field(result, "address",
		      (struct value){ .kind = VALUE_IP, .as.text = address });
	return 0;
}

/* The Data API is not for burstable classes. */
static int check_reach(struct call *c)
{
	const struct aws_site *w = c->self;
	struct str class = value_text(c->config, "class");

	if (w->reach != AWS_REACH_DATA_API || !str_starts(class, "db.t"))
		return 0;
	error_set(&c->err, ERROR_INVALID,
		  "the Data API does not work with class %.*s, and reach = "
		  "data_api needs it",
		  STR_ARG(class));
	return error_hint(&c->err, "take a class such as db.r6g.large, or set "
				   "reach = workstation or direct in the "
				   "provider block");
}

static int plan(struct call *c, const char *action)
{
	struct str role = value_text(c->config, "monitoring_role");
	const struct value *given = value_get(c->config, "monitoring_role");
	struct str what = str_from(action);

	if (str_is(what, "delete")) {
		call_effect(c, EFFECT_STOP, STR("server"),
			    "stop the server \"%.*s\"", STR_ARG(c->id));
		return 0;
	}
	if (value_number(c->config, "monitoring", 0) > 0 && !role.n &&
	    (!given || value_is_null(*given))) {
		error_set(&c->err, ERROR_INVALID,
			  "monitoring needs a monitoring_role");
		return error_hint(&c->err, "name an iam_role that "
					   "monitoring.rds.amazonaws.com may "
					   "take, or set monitoring = 0s");
	}
	if (check_reach(c) < 0)
		return -1;
	if (!str_is(what, "update"))
		return 0;
	if (differs(c, "class"))
		call_effect(c, EFFECT_RESTART, STR("server"),
			    "restart \"%.*s\" as %.*s; when it is the writer, "
			    "another instance takes over if there is one",
			    STR_ARG(c->id),
			    STR_ARG(value_text(c->config, "class")));
	if (differs(c, "parameter_group") || differs(c, "ca_certificate"))
		call_effect(c, EFFECT_RESTART, STR("server"),
			    "restart \"%.*s\": another %s", STR_ARG(c->id),
			    differs(c, "parameter_group") ? "parameter group"
							  : "certificate");
	return 0;
}

const struct aws_type aws_db_instance = {
	.service = &aws_rds,
	.noun = "instance",
	.describe = {
		.operation = "DescribeDBInstances",
		.filter = "db-instance-id",
		.items = "DBInstances/DBInstance",
		.id = "DBInstanceIdentifier",
		.name = "DBInstanceIdentifier",
		.name_param = "DBInstanceIdentifier",
		.tagging = "rds:db",
	},
	.states = {
		.path = "DBInstanceStatus",
		.ready = ready,
		.bad = bad,
		.gone = gone,
		.broken = broken,
		.poll_s = POLL_S,
		.create_s = PATIENCE_S,
		.destroy_s = PATIENCE_S,
		.lag_s = 30,
	},
	.tags = AWS_TAGS_LIST,
	.tagging = &tagging,
	.create = "CreateDBInstance",
	.created = "DBInstance/DBInstanceIdentifier",
	.name = "DBInstanceIdentifier",
	.name_max = 63,
	.name_chars = "-",
	.is_lower = true,
	.update = "ModifyDBInstance",
	.destroy = "DeleteDBInstance",
	.destroy_id = "DBInstanceIdentifier",
	.is_slow = true,
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.change = change,
	.settle = settle,
	.show = show,
	.plan = plan,
};
