/* replication_instance. */
#include <config.h>

#include "providers/aws/dms_call.h"
#include "providers/aws/parts.h"

#include <strings.h>

enum { NAME_MAX_BYTES = 63, PATIENCE_S = 300, ROLE_PATIENCE_S = 120 };

#define GIB (INT64_C(1) << 30)

static int find(struct call *c, bool may_start, const char *by,
		struct str value, struct value *out)
{
	return dms_find(c, may_start, "DescribeReplicationInstances",
			dms_filter(by, value, c->arena), "ReplicationInstances",
			out);
}

static struct str status_of(struct value instance)
{
	return value_text(instance, "ReplicationInstanceStatus");
}

static bool is_bad(struct str status)
{
	static const char *const bad[] = {
		"failed",
		"storage-full",
		"incompatible-credentials",
		"incompatible-network",
		"inaccessible-encryption-credentials",
		NULL,
	};

	for (size_t i = 0; bad[i]; i++)
		if (str_is(status, bad[i]))
			return true;
	return false;
}

static struct str network_type(const struct call *c)
{
	struct str ours = value_text(c->config, "network_type");

	return str_is(ours, "ipv4")   ? STR("IPV4")
	       : str_is(ours, "dual") ? STR("DUAL")
				      : (struct str){ "", 0 };
}

/* What a create and a modify have in common. */
static void add_common(struct call *c, struct fields *f)
{
	const struct value *groups = value_get(c->config, "security_groups");
	const struct value *upgrades =
	    value_get(c->config, "auto_minor_upgrade");
	int64_t storage = value_number(c->config, "storage", -1);

	field_text(f, "ReplicationInstanceClass",
		   value_text(c->config, "class"));
	if (storage > 0)
		field(f, "AllocatedStorage",
		      value_int((storage + GIB - 1) / GIB));
	field_given(f, "EngineVersion", value_text(c->config, "version"));
	field(f, "MultiAZ", value_bool(value_true(c->config, "multi_az")));
	field_given(f, "PreferredMaintenanceWindow",
		    value_text(c->config, "maintenance_window"));
	field_given(f, "NetworkType", network_type(c));
	if (upgrades && !value_is_null(*upgrades))
		field(f, "AutoMinorVersionUpgrade", *upgrades);
	if (groups && groups->kind == VALUE_LIST && groups->as.list.n)
		field(f, "VpcSecurityGroupIds", *groups);
}

static struct value create_request(struct call *c, struct str name)
{
	struct fields f = { 0 };

	field_text(&f, "ReplicationInstanceIdentifier", name);
	add_common(c, &f);
	field_text(&f, "ReplicationSubnetGroupIdentifier",
		   value_text(c->config, "subnet_group"));
	/* The service's own default is true. */
	field(&f, "PubliclyAccessible",
	      value_bool(value_true(c->config, "public")));
	field_given(&f, "AvailabilityZone", value_text(c->config, "zone"));
	field_given(&f, "KmsKeyId", value_text(c->config, "kms_key"));
	field(&f, "Tags", dms_tags(c));
	return fields_done(&f, c->arena);
}

static enum step done(struct call *c, struct value instance)
{
	struct fields f = { 0 };

	dms_name_field(c, &f,
		       value_text(instance, "ReplicationInstanceIdentifier"));
	if (value_text(c->config, "version").n == 0)
		field_text(&f, "version",
			   value_text(instance, "EngineVersion"));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

static enum step wait_available(struct call *c)
{
	const struct value *pending;
	struct value instance;
	struct str status;

	if (find(c, true, "replication-instance-arn", c->id, &instance) < 0)
		return STEP_FAILED;
	if (value_is_null(instance)) {
		/* Not seen yet, straight after it was made. */
		if (dms_is_patient(c, "seen", PATIENCE_S))
			return dms_wait(c,
					"the replication instance to be seen");
		return call_fail(c, ERROR_NOT_FOUND,
				 "the replication instance is gone");
	}
	status = status_of(instance);
	if (is_bad(status))
		return call_fail(c, ERROR_FAILED,
				 "the replication instance is %.*s",
				 STR_ARG(status));
	pending = value_get(instance, "PendingModifiedValues");
	if (str_is(status, "available") &&
	    (!pending || pending->kind != VALUE_MAP || !pending->as.map.n))
		return done(c, instance);
	return dms_wait(
	    c, "%.*s to become available (%.*s)",
	    STR_ARG(value_text(instance, "ReplicationInstanceClass")),
	    STR_ARG(status));
}

static enum step adopt(struct call *c, struct str name)
{
	struct value instance;
	struct str arn;

	c->err = (struct error){ 0 };
	if (find(c, true, "replication-instance-id", name, &instance) < 0)
		return STEP_FAILED;
	if (value_is_null(instance))
		return dms_wait(c, "replication instance %.*s to be seen",
				STR_ARG(name));
	arn = value_text(instance, "ReplicationInstanceArn");
	if (str_is(status_of(instance), "deleting"))
		return dms_wait(c,
				"an earlier replication instance %.*s to "
				"be gone",
				STR_ARG(name));
	if (dms_adopt(c, "replication instance", name, arn) < 0)
		return STEP_FAILED;
	c->id = arn;
	return wait_available(c);
}

/* What it needs was made moments ago. */
static bool is_early(const struct call *c)
{
	struct str words = str_from(c->err.message);

	return c->err.kind == ERROR_CONFLICT ||
	       str_contains(words, STR("InvalidSubnet")) ||
	       (c->err.kind == ERROR_DENIED &&
		str_contains(words, STR("is not configured properly")));
}

static enum step instance_create(struct call *c)
{
	struct str name = dms_identifier(c, NAME_MAX_BYTES);
	const struct value *instance;
	struct value answer;

	if (c->id.n)
		return wait_available(c);
	if (dms_call(c, true, "CreateReplicationInstance",
		     create_request(c, name), &answer) < 0) {
		if (c->err.kind == ERROR_EXISTS)
			return adopt(c, name);
		if (is_early(c) && dms_is_patient(c, "role", ROLE_PATIENCE_S)) {
			c->err = (struct error){ 0 };
			return dms_wait(c, "role and subnet group to be known");
		}
		if (str_contains(str_from(c->err.message), STR("network type")))
			error_hint(&c->err, "the subnets of the group do not "
					    "have such addresses: leave "
					    "network_type out, or name other "
					    "subnets");
		return STEP_FAILED;
	}
	instance = value_get(answer, "ReplicationInstance");
	if (!instance)
		return call_fail(c, ERROR_FAILED,
				 "the service answered without an instance");
	c->id = value_text(*instance, "ReplicationInstanceArn");
	if (str_is(status_of(*instance), "available"))
		return done(c, *instance);
	return dms_wait(c, "%.*s to become available",
			STR_ARG(value_text(c->config, "class")));
}

/* What the service chose is no difference; it changes the case of letters. */
static void show_given(struct call *c, struct fields *f, struct value instance,
		       const char *attr, const char *member)
{
	struct str known = value_text(c->prior, attr);
	struct str now = value_text(instance, member);

	if (known.n && now.n &&
	    (known.n != now.n || strncasecmp(known.s, now.s, now.n) != 0))
		field_text(f, attr, now);
}

static void show_drift(struct call *c, struct value i, struct value tags)
{
	struct fields f = { 0 };
	const struct value *groups = value_get(i, "VpcSecurityGroups");
	const struct value *multi = value_get(i, "MultiAZ");
	int64_t storage = value_number(i, "AllocatedStorage", -1) * GIB;
	int64_t known = value_number(c->prior, "storage", -1);
	struct str version = value_text(i, "EngineVersion");
	struct str wanted = value_text(c->prior, "version");

	dms_drift(c, &f, "class",
		  value_str(value_text(i, "ReplicationInstanceClass")));
	if (storage > 0 && known > 0 &&
	    storage != (known + GIB - 1) / GIB * GIB)
		field(
		    &f, "storage",
		    (struct value){ .kind = VALUE_SIZE, .as.amount = storage });
	/* "3.5" is what 3.5.4 was asked for as. */
	if (version.n && !str_starts(version, str_c(wanted, c->arena)))
		field_text(&f, "version", version);
	if (groups && groups->kind == VALUE_LIST)
		dms_drift(c, &f, "security_groups",
			  part_set(*groups, "VpcSecurityGroupId", c->arena));
	if (multi && multi->kind == VALUE_BOOL)
		dms_drift(c, &f, "multi_az", *multi);
	show_given(c, &f, i, "zone", "AvailabilityZone");
	show_given(c, &f, i, "maintenance_window",
		   "PreferredMaintenanceWindow");
	dms_drift(c, &f, "tags", dms_user_tags(tags, c->arena));
	c->result = fields_done(&f, c->arena);
}

static enum step instance_read(struct call *c)
{
	struct value instance, tags;
	struct str status;

	if (find(c, false, "replication-instance-arn", c->id, &instance) < 0)
		return dms_read_failed(c);
	status = status_of(instance);
	if (value_is_null(instance) || str_is(status, "deleted") ||
	    str_is(status, "deleting")) {
		c->is_gone = true;
		return STEP_DONE;
	}
	if (dms_read_tags(c, false, c->id, &tags) < 0)
		return dms_read_failed(c);
	show_drift(c, instance, tags);
	if (is_bad(status)) {
		c->is_broken = true;
		c->status = str_dup(status, c->arena);
	}
	return STEP_DONE;
}

static enum step instance_update(struct call *c)
{
	struct fields f = { 0 };
	struct value ignored;

	if (c->is_poll)
		return wait_available(c);
	field_text(&f, "ReplicationInstanceArn", c->id);
	add_common(c, &f);
	field(&f, "ApplyImmediately", value_bool(true));
	if (dms_call(c, true, "ModifyReplicationInstance",
		     fields_done(&f, c->arena), &ignored) < 0) {
		/* Repeated: it is as wanted already. */
		if (!str_contains(str_from(c->err.message),
				  STR("No modifications were requested")))
			return STEP_FAILED;
		c->err = (struct error){ 0 };
	}
	if (dms_sync_tags(c, c->id) < 0)
		return STEP_FAILED;
	/* The service shows the old state for some seconds more. */
	if (dms_poll_ms(c) >= 1000)
		return dms_wait(c, "the change to be seen");
	return wait_available(c);
}

static enum step instance_destroy(struct call *c)
{
	struct value instance;

	if (find(c, true, "replication-instance-arn", c->id, &instance) < 0)
		return STEP_FAILED;
	if (value_is_null(instance) || str_is(status_of(instance), "deleted"))
		return STEP_DONE;
	if (str_is(status_of(instance), "deleting"))
		return dms_wait(c, "the replication instance to be gone");
	/* A task that was deleted lags. */
	return dms_delete(c, "DeleteReplicationInstance",
			  "ReplicationInstanceArn",
			  "the replication instance to be gone",
			  "tasks of the replication instance to be gone");
}

static int instance_plan(struct call *c, const char *action)
{
	struct str now = value_text(c->prior, "class");
	struct str wanted = value_text(c->config, "class");
	int64_t had = value_number(c->prior, "storage", -1);
	int64_t wants = value_number(c->config, "storage", -1);

	if (!str_is(str_from(action), "update"))
		return 0;
	if (had > 0 && wants > 0 && wants < had) {
		error_set(&c->err, ERROR_INVALID,
			  "the storage of a replication instance cannot shrink "
			  "from %lld GiB to %lld GiB",
			  (long long)(had / GIB), (long long)(wants / GIB));
		return error_hint(&c->err, "leave it, or make a new instance "
					   "under another name");
	}
	if (now.n && wanted.n && !str_eq(now, wanted))
		call_effect(c, EFFECT_RESTART, STR("server"),
			    "replication instance %.*s restarts as %.*s; its "
			    "tasks pause",
			    STR_ARG(value_text(c->prior, "name")),
			    STR_ARG(wanted));
	return 0;
}

static enum step instance_lookup(struct call *c)
{
	static const struct dms_found how = {
		"replication instance",	   "DescribeReplicationInstances",
		"replication-instance-id", "ReplicationInstances",
		"ReplicationInstanceArn",  NULL,
	};

	return dms_lookup(c, &how, instance_read);
}

const struct resource_ops replication_instance_ops = {
	.lookup = instance_lookup,
	.plan = instance_plan,
	.read = instance_read,
	.create = instance_create,
	.update = instance_update,
	.destroy = instance_destroy,
	.recovery = 'N',
};
