/*
 * db_cluster: an Aurora PostgreSQL cluster. The id is its identifier, in lower
 * case. It holds the data; its instances are resources of their own.
 *
 * The version may be written as its beginning: "15" is the newest 15 when the
 * cluster is made or upgraded, and whatever 15 the service upgrades it to
 * afterwards is no difference.
 */
#include <config.h>

#include "providers/aws/rds.h"
#include "providers/aws/reach.h"
#include "providers/aws/tags.h"
#include "providers/sql/sql.h"

#include <string.h>

enum {
	POLL_S = 10,
	PATIENCE_S = 3600,
	ROLE_S = 120,
	NETWORK_S = 120,
	STATE_S = 900, /* a stopped one starts meanwhile */
	DELETE_S = 600,
	PASSWORD_MIN = 8,
	PASSWORD_MAX = 41,
	SNAPSHOT_HEX = 8, /* of the token, in the final snapshot's name */
};

static const struct aws_attr attrs[] = {
	{ "name", NULL, "DBClusterIdentifier", AWS_NAME, 0, NULL },
	{ "engine", "Engine", "Engine", AWS_WORD, AWS_CREATE, NULL },
	{ "database", "DatabaseName", "DatabaseName", AWS_TEXT, AWS_CREATE,
	  NULL },
	{ "username", "MasterUsername", "MasterUsername", AWS_TEXT, AWS_CREATE,
	  NULL },
	{ "password", "MasterUserPassword", NULL, AWS_TEXT,
	  AWS_CREATE | AWS_UPDATE | AWS_UNREAD, NULL },
	{ "port", "Port", "Port", AWS_NUMBER, AWS_CREATE | AWS_UPDATE, NULL },
	{ "subnet_group", "DBSubnetGroupName", "DBSubnetGroup", AWS_NAME,
	  AWS_CREATE, NULL },
	{ "security_groups", "VpcSecurityGroupIds",
	  "VpcSecurityGroups/VpcSecurityGroupMembership", AWS_TEXTS,
	  AWS_CREATE | AWS_UPDATE, "VpcSecurityGroupId" },
	{ "parameter_group", "DBClusterParameterGroupName",
	  "DBClusterParameterGroup", AWS_NAME, AWS_CREATE | AWS_UPDATE, NULL },
	{ "encrypted", "StorageEncrypted", "StorageEncrypted", AWS_BOOL,
	  AWS_CREATE, NULL },
	/* An alias comes back as the key's ARN. */
	{ "kms_key", "KmsKeyId", NULL, AWS_TEXT, AWS_CREATE | AWS_UNREAD,
	  NULL },
	{ "storage_type", "StorageType", "StorageType", AWS_WORD,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "iam_authentication", "EnableIAMDatabaseAuthentication",
	  "IAMDatabaseAuthenticationEnabled", AWS_BOOL, AWS_CREATE | AWS_UPDATE,
	  NULL },
	{ "backup_days", "BackupRetentionPeriod", "BackupRetentionPeriod",
	  AWS_NUMBER, AWS_CREATE | AWS_UPDATE, NULL },
	{ "backup_window", "PreferredBackupWindow", "PreferredBackupWindow",
	  AWS_NAME, AWS_CREATE | AWS_UPDATE, NULL },
	{ "maintenance_window", "PreferredMaintenanceWindow",
	  "PreferredMaintenanceWindow", AWS_NAME, AWS_CREATE | AWS_UPDATE,
	  NULL },
	{ "deletion_protection", "DeletionProtection", "DeletionProtection",
	  AWS_BOOL, AWS_CREATE | AWS_UPDATE, NULL },
	/* Changed by what is added and taken away: see change(). */
	{ "log_exports", "EnableCloudwatchLogsExports",
	  "EnabledCloudwatchLogsExports/member", AWS_TEXTS, AWS_CREATE, NULL },
	{ "endpoint", NULL, "Endpoint", AWS_TEXT, 0, NULL },
	{ "reader_endpoint", NULL, "ReaderEndpoint", AWS_TEXT, 0, NULL },
	{ "managed_secret", NULL, "MasterUserSecret/SecretArn", AWS_TEXT, 0,
	  NULL },
	{ "running_version", NULL, "EngineVersion", AWS_TEXT, 0, NULL },
	{ "arn", NULL, "DBClusterArn", AWS_TEXT, 0, NULL },
	{ 0 },
};

static const char *const ready[] = { "available", NULL };
static const char *const bad[] = {
	"failed",
	"deleting",
	"deleted",
	"incompatible-restore",
	"incompatible-parameters",
	"inaccessible-encryption-credentials",
	"migration-failed",
	"insufficient-capacity",
	NULL,
};
static const char *const gone[] = { "deleted", NULL };
/* It starts again by an update. */
static const char *const broken[] = {
	"stopped",
	"failed",
	"incompatible-parameters",
	"inaccessible-encryption-credentials",
	NULL,
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "InvalidParameterValue", "required permissions", ROLE_S,
	  "its role to be known" },
	{ VERB_CREATE, "InvalidParameterValue", "service linked role", ROLE_S,
	  "the service's own role to be known" },
	{ VERB_CREATE, "InvalidParameterCombination", "service linked role",
	  ROLE_S, "the service's own role to be known" },
	{ VERB_CREATE, "InvalidVPCNetworkStateFault", NULL, NETWORK_S,
	  "its network to be ready" },
	{ VERB_CREATE, "InvalidSubnet", NULL, NETWORK_S,
	  "its network to be ready" },
	{ VERB_CREATE, "DBClusterParameterGroupNotFound", NULL, STATE_S,
	  "its parameter group to be known" },
	{ VERB_CREATE, "DBSubnetGroupNotFoundFault", NULL, NETWORK_S,
	  "its subnet group to be known" },
	{ VERB_UPDATE, "InvalidDBClusterStateFault", NULL, STATE_S,
	  "the cluster to be ready for changes" },
	{ VERB_UPDATE, "InvalidDBInstanceState", NULL, STATE_S,
	  "its instances to be ready for changes" },
	{ VERB_DESTROY, "InvalidDBClusterStateFault", NULL, DELETE_S,
	  "its instances to be gone" },
	{ 0 },
};

static const struct aws_tagging tagging = {
	RDS_TAGGING,
	.arn = "DBClusterArn",
};

/* -- versions -- */

static struct str wanted_version(const struct call *c)
{
	return value_text(c->config, "version");
}

/* The major versions differ: the upgrade must be allowed. */
static bool is_major(struct str a, struct str b)
{
	return !str_eq(str_cut(&a, '.'), str_cut(&b, '.'));
}

/* -- create -- */

/* "0.5": a parameter under the scaling's name. */
static void add_capacity(struct call *c, struct fields *input)
{
	const struct value *least = value_get(c->config, "min_capacity");
	const struct value *most = value_get(c->config, "max_capacity");
	const struct value *pause = value_get(c->config, "auto_pause");
	struct fields f = { 0 };

	if (least && !value_is_null(*least))
		field(&f, "MinCapacity", *least);
	if (most && !value_is_null(*most))
		field(&f, "MaxCapacity", *most);
	if (pause && !value_is_null(*pause))
		field(&f, "SecondsUntilAutoPause",
		      value_int_in(value_number(c->config, "auto_pause", 0) /
				       1000,
				   c->arena));
	if (f.list.n)
		field(input, "ServerlessV2ScalingConfiguration",
		      fields_done(&f, c->arena));
	else
		vec_release(&f.list);
}

static int fill(struct call *c, struct fields *input)
{
	struct str version;

	if (rds_version(c, wanted_version(c), &version) < 0)
		return -1;
	field_text(input, "EngineVersion", version);
	if (value_true(c->config, "managed_password"))
		field(input, "ManageMasterUserPassword", value_bool(true));
	if (value_true(c->config, "data_api"))
		field(input, "EnableHttpEndpoint", value_bool(true));
	add_capacity(c, input);
	return 0;
}

/* -- update -- */

static bool differs(const struct call *c, const char *attr)
{
	const struct value *was = value_get(c->prior, attr);
	const struct value *is = value_get(c->config, attr);

	return !value_eq(was ? *was : value_null(), is ? *is : value_null());
}

static int change_version(struct call *c, struct str now, struct fields *input,
			  bool *send)
{
	struct str version;

	if (rds_version_holds(wanted_version(c), now))
		return 0;
	if (rds_version(c, wanted_version(c), &version) < 0)
		return -1;
	field_text(input, "EngineVersion", version);
	if (is_major(version, now))
		field(input, "AllowMajorVersionUpgrade", value_bool(true));
	*send = true;
	return 0;
}

static void change_exports(struct call *c, struct value object,
			   struct fields *input, bool *send)
{
	const struct value *wanted = value_get(c->config, "log_exports");
	struct value now = value_null(), add, gone_ones;
	struct fields f = { 0 };

	if (!differs(c, "log_exports"))
		return;
	for (const struct aws_attr *m = attrs; m->attr; m++)
		if (strcmp(m->attr, "log_exports") == 0)
			now = aws_shown(m, object, c->arena);
	aws_differ(now, wanted ? *wanted : value_null(), c->arena, &add,
		   &gone_ones);
	if (add.as.list.n)
		field(&f, "EnableLogTypes", add);
	if (gone_ones.as.list.n)
		field(&f, "DisableLogTypes", gone_ones);
	if (!f.list.n)
		return;
	field(input, "CloudwatchLogsExportConfiguration",
	      fields_done(&f, c->arena));
	*send = true;
}

static int start(struct call *c)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "DBClusterIdentifier", c->id);
	return aws_change(c, &aws_rds, "StartDBCluster", &f, &ignored);
}

static int change(struct call *c, struct value object, struct fields *input,
		  bool *send)
{
	const struct value *group = value_get(c->config, "parameter_group");
	struct str now = aws_text(object, "EngineVersion");

	/* What else is to change waits until it runs. */
	if (str_is(aws_text(object, "Status"), "stopped") && start(c) < 0)
		return -1;
	field(input, "ApplyImmediately", value_bool(true));
	if (change_version(c, now, input, send) < 0)
		return -1;
	change_exports(c, object, input, send);
	if (differs(c, "min_capacity") || differs(c, "max_capacity") ||
	    differs(c, "auto_pause")) {
		add_capacity(c, input);
		*send = true;
	}
	if (differs(c, "managed_password")) {
		field(input, "ManageMasterUserPassword",
		      value_bool(value_true(c->config, "managed_password")));
		*send = true;
	}
	if (differs(c, "parameter_group") &&
	    (!group || value_is_null(*group))) {
		struct str major = str_cut(&now, '.');

		field_text(input, "DBClusterParameterGroupName",
			   str_fmt(c->arena, "default." RDS_ENGINE "%.*s",
				   STR_ARG(major)));
		*send = true;
	}
	return 0;
}

static bool is_pending(struct value object)
{
	const struct value *v = aws_get(object, "PendingModifiedValues");

	return v && v->kind == VALUE_MAP && v->as.map.n;
}

/* For SQL: which secret the master user stands in. */
static int name_secret(struct call *c, struct value object)
{
	struct value tags =
	    tag_map(aws_items(object, "TagList/Tag", c->arena), c->arena);
	struct str now = value_text(tags, REACH_TAG_SECRET);
	struct str wanted = value_text(c->config, "secret");
	struct fields f = { 0 }, tag = { 0 };
	struct value *one = arena_new(c->arena, struct value, 1);
	struct value ignored;

	if (str_eq(now, wanted))
		return 0;
	field_text(&f, "ResourceName", aws_text(object, "DBClusterArn"));
	if (wanted.n) {
		field_text(&tag, REACH_TAG_SECRET, wanted);
		field(&f, "Tags",
		      tag_list(fields_done(&tag, c->arena), c->arena));
	} else {
		*one = value_c(REACH_TAG_SECRET);
		field(&f, "TagKeys", value_list(one, 1));
	}
	return aws_change(c, &aws_rds,
			  wanted.n ? "AddTagsToResource"
				   : "RemoveTagsFromResource",
			  &f, &ignored);
}

/* The Data API is turned on and off by calls of its own. */
static int set_data_api(struct call *c, struct value object)
{
	bool is_on = str_is(aws_text(object, "HttpEndpointEnabled"), "true");
	bool wanted = value_true(c->config, "data_api");
	struct fields f = { 0 };
	struct value ignored;

	if (is_on == wanted)
		return 0;
	field_text(&f, "ResourceArn", aws_text(object, "DBClusterArn"));
	return aws_change(c, &aws_rds,
			  wanted ? "EnableHttpEndpoint" : "DisableHttpEndpoint",
			  &f, &ignored);
}

static enum step settle(struct call *c, struct value object)
{
	if (name_secret(c, object) < 0)
		return aws_refused(c, NULL);
	if (c->verb != VERB_UPDATE)
		return STEP_DONE;
	if (set_data_api(c, object) < 0)
		return aws_refused(c, NULL);
	if (is_pending(object))
		return aws_wait(c, POLL_S, "the cluster's changes to be made");
	if (differs(c, "parameter_group"))
		return rds_restart(c, c->id);
	return STEP_DONE;
}

/* -- destroy -- */

/* It is turned off only where the block said so. */
static enum step unhook(struct call *c, struct value object)
{
	struct fields f = { 0 };
	struct value ignored;

	if (!str_is(aws_text(object, "DeletionProtection"), "true"))
		return STEP_DONE;
	if (value_true(c->prior, "deletion_protection")) {
		call_fail(c, ERROR_CONFLICT,
			  "cluster \"%.*s\" is protected against deletion",
			  STR_ARG(c->id));
		error_hint(&c->err, "Set deletion_protection = false and "
				    "apply, then destroy it.");
		return STEP_FAILED;
	}
	field_text(&f, "DBClusterIdentifier", c->id);
	field(&f, "DeletionProtection", value_bool(false));
	field(&f, "ApplyImmediately", value_bool(true));
	if (aws_change(c, &aws_rds, "ModifyDBCluster", &f, &ignored) < 0)
		return aws_refused(c, NULL);
	return STEP_DONE;
}

static int leave(struct call *c, struct fields *input)
{
	const struct value *wanted = value_get(c->prior, "final_snapshot");
	struct str name;

	if (wanted && wanted->kind == VALUE_BOOL && !wanted->as.boolean) {
		field(input, "SkipFinalSnapshot", value_bool(true));
		return 0;
	}
	/* The same for each repetition of this step. */
	name = str_fmt(c->arena, "%.*s-final-%.*s", STR_ARG(c->id),
		       SNAPSHOT_HEX, c->token.s);
	field_text(input, "FinalDBSnapshotIdentifier", name);
	call_notice(c,
		    "its data stay in the cluster snapshot \"%.*s\", which "
		    "costs storage until somebody deletes it",
		    STR_ARG(name));
	return 0;
}

/* -- read -- */

static int show(struct call *c, struct value object, struct fields *result)
{
	struct str version = aws_text(object, "EngineVersion");

	bool has_api = str_is(aws_text(object, "HttpEndpointEnabled"), "true");

	if (!rds_version_holds(value_text(c->prior, "version"), version))
		field_text(result, "version", version);
	if (has_api != value_true(c->prior, "data_api"))
		field(result, "data_api", value_bool(has_api));
	return 0;
}

/* -- plan -- */

static int check_login(struct call *c)
{
	const struct value *v = value_get(c->config, "password");
	bool has_password = v && !value_is_null(*v);
	struct str password = value_text(c->config, "password");
	bool is_good = true;

	if (has_password == value_true(c->config, "managed_password")) {
		error_set(&c->err, ERROR_INVALID,
			  has_password ? "a db_cluster has a password or a "
					 "managed_password, not both"
				       : "a db_cluster needs a password");
		return error_hint(&c->err,
				  "password = random_password.NAME.result, or "
				  "managed_password = true");
	}
	if (!has_password || v->kind != VALUE_STRING)
		return 0;
	for (size_t i = 0; i < password.n; i++)
		is_good = is_good && password.s[i] > ' ' &&
			  password.s[i] <= '~' &&
			  !strchr("/\"@", password.s[i]);
	if (is_good && password.n >= PASSWORD_MIN && password.n <= PASSWORD_MAX)
		return 0;
	return error_set(&c->err, ERROR_INVALID,
			 "the master user's password must have %d to %d "
			 "printable ASCII characters without blanks, \"/\", "
			 "\"@\" and quotes",
			 PASSWORD_MIN, PASSWORD_MAX);
}

static void plan_delete(struct call *c)
{
	const struct value *snapshot = value_get(c->prior, "final_snapshot");
	bool is_lost =
	    snapshot && snapshot->kind == VALUE_BOOL && !snapshot->as.boolean;

	call_effect(c, EFFECT_DROP, STR("all databases"),
		    "drop all databases of cluster \"%.*s\"%s", STR_ARG(c->id),
		    is_lost ? "; no snapshot is made"
			    : "; a final snapshot stays");
}

static void plan_update(struct call *c)
{
	struct str was = value_text(c->prior, "running_version");
	const struct value *now = value_get(c->config, "version");

	if (!was.n)
		was = value_text(c->prior, "version");
	if (now && !value_is_unknown(*now) &&
	    !rds_version_holds(wanted_version(c), was))
		call_effect(c, EFFECT_RESTART, STR("servers"),
			    "restart cluster \"%.*s\" to upgrade it from %.*s "
			    "to %.*s%s",
			    STR_ARG(c->id), STR_ARG(was),
			    STR_ARG(wanted_version(c)),
			    is_major(was, wanted_version(c))
				? ", another major version: it is down for "
				  "many minutes"
				: "");
	if (differs(c, "port"))
		call_effect(c, EFFECT_RESTART, STR("servers"),
			    "restart cluster \"%.*s\": another port",
			    STR_ARG(c->id));
	if (differs(c, "parameter_group"))
		call_effect(c, EFFECT_RESTART, STR("servers"),
			    "restart the instances of cluster \"%.*s\": "
			    "another parameter group",
			    STR_ARG(c->id));
}

static int plan(struct call *c, const char *action)
{
	struct str what = str_from(action);
	const struct value *version = value_get(c->config, "version");
	struct str ignored;

	if (str_is(what, "delete") || str_is(what, "replace"))
		plan_delete(c);
	if (str_is(what, "delete") || str_is(what, "none"))
		return 0;
	if (check_login(c) < 0)
		return -1;
	if (str_is(what, "update"))
		plan_update(c);
	/* An hour before the create would say so. */
	if (!version || value_is_unknown(*version) ||
	    (str_is(what, "update") && !differs(c, "version")))
		return 0;
	return rds_version(c, wanted_version(c), &ignored);
}

static struct sql_place place_of(const struct call *c)
{
	return (struct sql_place){ c->id, STR("postgres") };
}

static int session(struct call *c, struct session *out)
{
	return sql_open_session(c, &aws_sql_host, place_of(c), out);
}

static enum step query(struct call *c)
{
	return sql_ask(c, &aws_sql_host, place_of(c));
}

const struct aws_type aws_db_cluster = {
	.service = &aws_rds,
	.noun = "cluster",
	.describe = {
		.operation = "DescribeDBClusters",
		.filter = "db-cluster-id",
		.items = "DBClusters/DBCluster",
		.id = "DBClusterIdentifier",
		.name = "DBClusterIdentifier",
		.name_param = "DBClusterIdentifier",
		.tagging = "rds:cluster",
	},
	.states = {
		.path = "Status",
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
	.create = "CreateDBCluster",
	.created = "DBCluster/DBClusterIdentifier",
	.name = "DBClusterIdentifier",
	.name_max = 63,
	.name_chars = "-",
	.is_lower = true,
	.update = "ModifyDBCluster",
	.destroy = "DeleteDBCluster",
	.destroy_id = "DBClusterIdentifier",
	.is_slow = true,
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.change = change,
	.settle = settle,
	.unhook = unhook,
	.leave = leave,
	.show = show,
	.plan = plan,
	.session = session,
	.query = query,
};
