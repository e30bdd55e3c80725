/* replication_subnet_group: known by its identifier; it has no ARN of its own.
 */
#include <config.h>

#include "providers/aws/dms_call.h"
#include "providers/aws/parts.h"

enum { NAME_MAX_BYTES = 255, PATIENCE_S = 900, ROLE_PATIENCE_S = 120 };

/* Tags want an ARN; the service gives none, but its form is fixed. */
static int arn_of(struct call *c, struct str id, struct str *arn)
{
	const struct dms_host *host = c->type->data;
	struct dms_place p = { 0 };

	if (host->place(c->self, &p, &c->err) < 0)
		return -1;
	*arn = str_fmt(c->arena, "arn:%.*s:dms:%.*s:%.*s:subgrp:%.*s",
		       STR_ARG(p.partition), STR_ARG(p.region),
		       STR_ARG(p.account), STR_ARG(id));
	return 0;
}

static int find(struct call *c, bool may_start, struct str id,
		struct value *out)
{
	return dms_find(c, may_start, "DescribeReplicationSubnetGroups",
			dms_filter("replication-subnet-group-id", id, c->arena),
			"ReplicationSubnetGroups", out);
}

static struct value request(struct call *c, struct str id, bool is_new)
{
	const struct value *subnets = value_get(c->config, "subnets");
	struct fields f = { 0 };

	field_text(&f, "ReplicationSubnetGroupIdentifier", id);
	field_given(&f, "ReplicationSubnetGroupDescription",
		    value_text(c->config, "description"));
	field(&f, "SubnetIds", subnets ? *subnets : value_list(NULL, 0));
	if (is_new)
		field(&f, "Tags", dms_tags(c));
	return fields_done(&f, c->arena);
}

static void show(struct call *c, struct value group)
{
	struct fields f = { 0 };

	c->id = value_text(group, "ReplicationSubnetGroupIdentifier");
	dms_name_field(c, &f, c->id);
	c->result = fields_done(&f, c->arena);
}

static enum step adopt(struct call *c, struct str name)
{
	struct value group, ignored;
	struct str arn;

	c->err = (struct error){ 0 };
	if (find(c, true, name, &group) < 0)
		return STEP_FAILED;
	if (value_is_null(group))
		return dms_wait(c, "subnet group %.*s to be seen",
				STR_ARG(name));
	if (arn_of(c, value_text(group, "ReplicationSubnetGroupIdentifier"),
		   &arn) < 0 ||
	    dms_adopt(c, "replication subnet group", name, arn) < 0 ||
	    dms_call(c, true, "ModifyReplicationSubnetGroup",
		     request(c, name, false), &ignored) < 0)
		return STEP_FAILED;
	show(c, group);
	return STEP_DONE;
}

static enum step group_create(struct call *c)
{
	struct str name = dms_identifier(c, NAME_MAX_BYTES);
	const struct value *group;
	struct value answer;

	if (dms_call(c, true, "CreateReplicationSubnetGroup",
		     request(c, name, true), &answer) < 0) {
		if (c->err.kind == ERROR_EXISTS)
			return adopt(c, name);
		/* The role of the service was made moments ago. */
		if (c->err.kind == ERROR_DENIED &&
		    str_contains(str_from(c->err.message),
				 STR("is not configured properly")) &&
		    dms_is_patient(c, "role", ROLE_PATIENCE_S)) {
			c->err = (struct error){ 0 };
			return dms_wait(c, "role dms-vpc-role to be known");
		}
		return STEP_FAILED;
	}
	group = value_get(answer, "ReplicationSubnetGroup");
	if (!group)
		return call_fail(c, ERROR_FAILED,
				 "the service answered without a subnet group");
	show(c, *group);
	return STEP_DONE;
}

static enum step group_read(struct call *c)
{
	struct value group, tags;
	const struct value *subnets;
	struct fields f = { 0 };
	struct str arn;

	if (find(c, false, c->id, &group) < 0)
		return dms_read_failed(c);
	if (value_is_null(group)) {
		c->is_gone = true;
		return STEP_DONE;
	}
	if (arn_of(c, c->id, &arn) < 0 ||
	    dms_read_tags(c, false, arn, &tags) < 0)
		return dms_read_failed(c);
	dms_drift(c, &f, "tags", dms_user_tags(tags, c->arena));
	subnets = value_get(group, "Subnets");
	if (subnets)
		dms_drift(c, &f, "subnets",
			  part_set(*subnets, "SubnetIdentifier", c->arena));
	dms_drift(
	    c, &f, "description",
	    value_str(value_text(group, "ReplicationSubnetGroupDescription")));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

static enum step group_update(struct call *c)
{
	struct value ignored;
	struct str arn;

	if (dms_call(c, true, "ModifyReplicationSubnetGroup",
		     request(c, c->id, false), &ignored) < 0 ||
	    arn_of(c, c->id, &arn) < 0 || dms_sync_tags(c, arn) < 0)
		return STEP_FAILED;
	return STEP_DONE;
}

static enum step group_destroy(struct call *c)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "ReplicationSubnetGroupIdentifier", c->id);
	if (dms_call(c, true, "DeleteReplicationSubnetGroup",
		     fields_done(&f, c->arena), &ignored) == 0 ||
	    c->err.kind == ERROR_NOT_FOUND) {
		c->err = (struct error){ 0 };
		return STEP_DONE;
	}
	/* In use: its instance is gone a little later than it is said. */
	if (c->err.kind == ERROR_CONFLICT &&
	    dms_is_patient(c, "delete", PATIENCE_S)) {
		c->err = (struct error){ 0 };
		return dms_wait(c, "subnet group %.*s to be unused",
				STR_ARG(c->id));
	}
	return STEP_FAILED;
}

static enum step group_lookup(struct call *c)
{
	static const struct dms_found how = {
		"replication subnet group",
		"DescribeReplicationSubnetGroups",
		"replication-subnet-group-id",
		"ReplicationSubnetGroups",
		"ReplicationSubnetGroupIdentifier",
		arn_of,
	};

	return dms_lookup(c, &how, group_read);
}

const struct resource_ops replication_subnet_group_ops = {
	.lookup = group_lookup,
	.read = group_read,
	.create = group_create,
	.update = group_update,
	.destroy = group_destroy,
	.recovery = 'N',
};
