#include <config.h>

#include "providers/replicator/ops.h"

#include "lang/base/arena.h"
#include "lang/base/vec.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/server.h"

#include <string.h>

/*
 * Subnet groups and instances: things that exist for the tasks to refer to.
 * Here an instance is this very server, so both are at once what they shall be;
 * the transient states are told once, by the answer of the call.
 */

enum {
	GROUPS_MAX = 60,
	INSTANCES_MAX = 60,
	STORAGE_DEFAULT = 50,
	STORAGE_LEAST = 5,
	STORAGE_MOST = 6144,
};

static const char engine_version[] = "3.6.1";

/* The members of a Create or Modify call that show up again as they are. */
struct copied {
	const char *name;
	enum value_kind kind;
};

static int copy_members(struct value in, const struct copied *members, size_t n,
			struct value *v, struct arena *a, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		const struct value *given = value_get(in, members[i].name);

		if (!given || value_is_null(*given))
			continue;
		if (given->kind != members[i].kind)
			return fault_set(f, "SerializationException",
					 "'%s' is of the wrong type: %s",
					 members[i].name,
					 value_kind_name(*given));
		*v = value_with(*v, str_from(members[i].name), *given, a);
	}
	return 0;
}

/* --- subnet groups --- */

static const struct op_filter group_filters[] = {
	{ "replication-subnet-group-id", "ReplicationSubnetGroupIdentifier",
	  true },
};

static int read_subnets(struct value in, struct arena *a, struct value *out,
			struct fault *f)
{
	const struct value *ids = value_get(in, "SubnetIds");
	struct value *subnets;

	if (!ids || ids->kind != VALUE_LIST)
		return fault_set(f, "ValidationException",
				 "1 validation error detected: Value null at "
				 "'subnetIds' failed to satisfy constraint: "
				 "Member must not be null");
	if (ids->as.list.n < 2)
		return fault_set(
		    f, "ReplicationSubnetGroupDoesNotCoverEnoughAZs",
		    "The replication subnet group needs subnets in "
		    "at least two availability zones.");
	subnets = arena_new(a, struct value, ids->as.list.n);
	for (size_t i = 0; i < ids->as.list.n; i++) {
		struct obj o = { .n = 0 };

		if (ids->as.list.items[i].kind != VALUE_STRING)
			return fault_set(
			    f, "InvalidSubnet",
			    "A subnet identifier must be a string");
		obj_value(&o, "SubnetIdentifier", ids->as.list.items[i]);
		obj_c(&o, "SubnetStatus", "Active");
		subnets[i] = obj_done(&o, a);
	}
	*out = value_list(subnets, ids->as.list.n);
	return 0;
}

int op_create_subnet_group(struct server *s, struct value in, struct arena *a,
			   struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationSubnetGroupIdentifier";
	struct obj o = { .n = 0 };
	struct value subnets, tags;
	struct str id, description;
	struct item *item;

	if (op_need(in, key, &id, f) < 0 ||
	    op_need(in, "ReplicationSubnetGroupDescription", &description, f) <
		0 ||
	    read_subnets(in, a, &subnets, f) < 0 ||
	    op_read_tags(value_null(), value_get(in, "Tags"), a, &tags, f) < 0)
		return -1;
	id = op_lower(id, a);
	if (str_is(id, "default") || id.n > 255)
		return fault_set(
		    f, "InvalidParameterValueException",
		    "The subnet group's name must not be \"default\""
		    " and have at most 255 characters.");
	if (book_find(&s->book, BOOK_SUBNET_GROUP, key, id))
		return fault_set(f, "ResourceAlreadyExistsFault",
				 "The replication subnet group '%.*s' already "
				 "exists.",
				 STR_ARG(id));
	if (s->book.n[BOOK_SUBNET_GROUP] >= GROUPS_MAX)
		return fault_set(f, "ResourceQuotaExceededFault",
				 "At most %d subnet groups are allowed.",
				 GROUPS_MAX);
	obj_str(&o, key, id);
	obj_str(&o, "ReplicationSubnetGroupDescription", description);
	obj_str(&o, "VpcId", STR("vpc-local"));
	obj_c(&o, "SubnetGroupStatus", "Complete");
	obj_value(&o, "Subnets", subnets);
	obj_value(&o, "_tags", tags);
	obj_str(&o, "_arn", server_arn(s, "subgrp", id, a));
	item = book_add(&s->book, BOOK_SUBNET_GROUP, obj_done(&o, a));
	*out = op_answer("ReplicationSubnetGroup",
			 op_public(value_copy(item->v, a), a), a);
	return 0;
}

static int need_group(struct server *s, struct value in, struct item **out,
		      struct arena *a, struct fault *f)
{
	static const char key[] = "ReplicationSubnetGroupIdentifier";
	struct str id;

	if (op_need(in, key, &id, f) < 0)
		return -1;
	*out = book_find(&s->book, BOOK_SUBNET_GROUP, key, op_lower(id, a));
	if (!*out)
		return fault_set(f, "ResourceNotFoundFault",
				 "Replication subnet group '%.*s' not found.",
				 STR_ARG(id));
	return 0;
}

int op_modify_subnet_group(struct server *s, struct value in, struct arena *a,
			   struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationSubnetGroupDescription";
	struct str description = value_text(in, key);
	struct value subnets;
	struct item *item;

	if (need_group(s, in, &item, a, f) < 0 ||
	    read_subnets(in, a, &subnets, f) < 0)
		return -1;
	item_set(item, "Subnets", subnets);
	if (description.n)
		item_set(item, key, value_str(description));
	*out = op_answer("ReplicationSubnetGroup",
			 op_public(value_copy(item->v, a), a), a);
	return 0;
}

int op_delete_subnet_group(struct server *s, struct value in, struct arena *a,
			   struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationSubnetGroupIdentifier";
	struct item *item;

	if (need_group(s, in, &item, a, f) < 0)
		return -1;
	if (book_find(&s->book, BOOK_INSTANCE, "_subnet_group",
		      value_text(item->v, key)))
		return fault_set(f, "InvalidResourceStateFault",
				 "The subnet group '%.*s' is in use by a "
				 "replication instance.",
				 STR_ARG(value_text(item->v, key)));
	book_remove(&s->book, BOOK_SUBNET_GROUP, item);
	*out = value_map(NULL, 0, a);
	return 0;
}

int op_describe_subnet_groups(struct server *s, struct value in,
			      struct arena *a, struct value *out,
			      struct fault *f)
{
	static const struct op_list list = {
		.kind = BOOK_SUBNET_GROUP,
		.member = "ReplicationSubnetGroups",
		.filters = group_filters,
		.n_filters = 1,
		.what = "Replication Subnet Groups",
	};

	return op_list(s, &list, in, a, out, f);
}

/* --- instances --- */

static const struct op_filter instance_filters[] = {
	{ "replication-instance-arn", "ReplicationInstanceArn", false },
	{ "replication-instance-id", "ReplicationInstanceIdentifier", true },
	{ "replication-instance-class", "ReplicationInstanceClass", false },
	{ "engine-version", "EngineVersion", false },
};

static const struct copied instance_members[] = {
	{ "AllocatedStorage", VALUE_NUMBER },
	{ "AutoMinorVersionUpgrade", VALUE_BOOL },
	{ "AvailabilityZone", VALUE_STRING },
	{ "DnsNameServers", VALUE_STRING },
	{ "EngineVersion", VALUE_STRING },
	{ "KmsKeyId", VALUE_STRING },
	{ "MultiAZ", VALUE_BOOL },
	{ "NetworkType", VALUE_STRING },
	{ "PreferredMaintenanceWindow", VALUE_STRING },
	{ "PubliclyAccessible", VALUE_BOOL },
	{ "ReplicationInstanceClass", VALUE_STRING },
};

/* What may change in place. */
static const struct copied instance_changes[] = {
	{ "AllocatedStorage", VALUE_NUMBER },
	{ "AutoMinorVersionUpgrade", VALUE_BOOL },
	{ "EngineVersion", VALUE_STRING },
	{ "MultiAZ", VALUE_BOOL },
	{ "NetworkType", VALUE_STRING },
	{ "PreferredMaintenanceWindow", VALUE_STRING },
	{ "ReplicationInstanceClass", VALUE_STRING },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int check_instance(struct value v, struct fault *f)
{
	int64_t storage = value_number(v, "AllocatedStorage", STORAGE_DEFAULT);
	struct str class = value_text(v, "ReplicationInstanceClass");

	if (!str_starts(class, "dms."))
		return fault_set(f, "InvalidParameterValueException",
				 "Invalid replication instance class: '%.*s'; "
				 "one is for example dms.t3.medium.",
				 STR_ARG(class));
	if (storage < STORAGE_LEAST || storage > STORAGE_MOST)
		return fault_set(f, "InvalidParameterValueException",
				 "AllocatedStorage must be between %d and %d.",
				 STORAGE_LEAST, STORAGE_MOST);
	return 0;
}

static int read_groups(struct value in, struct value *v, struct arena *a,
		       struct fault *f)
{
	const struct value *ids = value_get(in, "VpcSecurityGroupIds");
	struct value *groups;

	if (!ids || value_is_null(*ids))
		return 0;
	if (ids->kind != VALUE_LIST)
		return fault_set(f, "SerializationException",
				 "'VpcSecurityGroupIds' must be a list");
	groups = arena_new(a, struct value, ids->as.list.n + 1);
	for (size_t i = 0; i < ids->as.list.n; i++) {
		struct obj o = { .n = 0 };

		obj_value(&o, "VpcSecurityGroupId", ids->as.list.items[i]);
		obj_c(&o, "Status", "active");
		groups[i] = obj_done(&o, a);
	}
	*v = value_with(*v, STR("VpcSecurityGroups"),
			value_list(groups, ids->as.list.n), a);
	return 0;
}

static int read_group(struct server *s, struct value in, struct value *v,
		      struct arena *a, struct fault *f)
{
	struct str id = value_text(in, "ReplicationSubnetGroupIdentifier");
	struct item *group;

	if (id.n == 0)
		return 0;
	id = op_lower(id, a);
	group = book_find(&s->book, BOOK_SUBNET_GROUP,
			  "ReplicationSubnetGroupIdentifier", id);
	if (!group)
		return fault_set(f, "ResourceNotFoundFault",
				 "Replication subnet group '%.*s' not found.",
				 STR_ARG(id));
	*v = value_with(*v, STR("_subnet_group"), value_str(id), a);
	return 0;
}

/* With the subnet group as it is now. */
static struct value show_instance(struct server *s, const struct item *item,
				  struct value in, struct arena *a)
{
	struct value v = op_public(value_copy(item->v, a), a);
	struct item *group = book_find(&s->book, BOOK_SUBNET_GROUP,
				       "ReplicationSubnetGroupIdentifier",
				       value_text(item->v, "_subnet_group"));

	(void)in;
	if (group)
		v = value_with(v, STR("ReplicationSubnetGroup"),
			       op_public(value_copy(group->v, a), a), a);
	return v;
}

/* The instance as the answer of a call shows it, in a passing state. */
static struct value passing(struct server *s, const struct item *item,
			    const char *status, struct arena *a)
{
	struct value v = show_instance(s, item, value_null(), a);

	v = value_with(v, STR("ReplicationInstanceStatus"), value_c(status), a);
	return op_answer("ReplicationInstance", v, a);
}

int op_create_instance(struct server *s, struct value in, struct arena *a,
		       struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationInstanceIdentifier";
	struct obj o = { .n = 0 };
	struct str id, class, resource, arn;
	struct value v, tags;
	struct value address;

	if (op_need(in, key, &id, f) < 0 || op_check_id(key, id, 63, f) < 0 ||
	    op_need(in, "ReplicationInstanceClass", &class, f) < 0 ||
	    op_resource_id(in, a, &resource, f) < 0 ||
	    op_read_tags(value_null(), value_get(in, "Tags"), a, &tags, f) < 0)
		return -1;
	id = op_lower(id, a);
	arn = server_arn(s, "rep", resource, a);
	if (book_find(&s->book, BOOK_INSTANCE, key, id) ||
	    book_find(&s->book, BOOK_INSTANCE, "ReplicationInstanceArn", arn))
		return fault_set(f, "ResourceAlreadyExistsFault",
				 "Replication instance '%.*s' already exists.",
				 STR_ARG(id));
	if (s->book.n[BOOK_INSTANCE] >= INSTANCES_MAX)
		return fault_set(
		    f, "ResourceQuotaExceededFault",
		    "At most %d replication instances are allowed.",
		    INSTANCES_MAX);
	obj_str(&o, key, id);
	obj_str(&o, "ReplicationInstanceArn", arn);
	obj_c(&o, "ReplicationInstanceStatus", "available");
	obj_int(&o, "AllocatedStorage", STORAGE_DEFAULT);
	obj_bool(&o, "AutoMinorVersionUpgrade", true);
	obj_bool(&o, "MultiAZ", false);
	obj_bool(&o, "PubliclyAccessible", true);
	obj_c(&o, "EngineVersion", engine_version);
	obj_c(&o, "NetworkType", "IPV4");
	obj_str(&o, "AvailabilityZone",
		str_fmt(a, "%.*sa", STR_ARG(s->config.region)));
	obj_time(&o, "InstanceCreateTime", server_time_ms(), a);
	address = value_str(s->config.listen);
	obj_value(&o, "ReplicationInstancePrivateIpAddresses",
		  value_list(&address, 1));
	obj_value(&o, "_tags", tags);
	v = obj_done(&o, a);
	if (copy_members(in, instance_members, COUNT(instance_members), &v, a,
			 f) < 0 ||
	    read_groups(in, &v, a, f) < 0 || read_group(s, in, &v, a, f) < 0 ||
	    check_instance(v, f) < 0)
		return -1;
	*out = passing(s, book_add(&s->book, BOOK_INSTANCE, v), "creating", a);
	return 0;
}

static int need_instance(struct server *s, struct value in, struct item **out,
			 struct fault *f)
{
	static const char key[] = "ReplicationInstanceArn";
	struct str arn;

	if (op_need(in, key, &arn, f) < 0)
		return -1;
	*out = book_find(&s->book, BOOK_INSTANCE, key, arn);
	if (!*out)
		return fault_set(f, "ResourceNotFoundFault",
				 "Replication instance '%.*s' not found.",
				 STR_ARG(arn));
	return 0;
}

int op_modify_instance(struct server *s, struct value in, struct arena *a,
		       struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationInstanceIdentifier";
	struct str id = value_text(in, key);
	struct item *item;
	struct value v;

	if (need_instance(s, in, &item, f) < 0)
		return -1;
	v = value_copy(item->v, a);
	if (copy_members(in, instance_changes, COUNT(instance_changes), &v, a,
			 f) < 0 ||
	    read_groups(in, &v, a, f) < 0)
		return -1;
	if (id.n) {
		struct item *other;

		if (op_check_id(key, id, 63, f) < 0)
			return -1;
		id = op_lower(id, a);
		other = book_find(&s->book, BOOK_INSTANCE, key, id);
		if (other && other != item)
			return fault_set(f, "ResourceAlreadyExistsFault",
					 "Replication instance '%.*s' already "
					 "exists.",
					 STR_ARG(id));
		v = value_with(v, str_from(key), value_str(id), a);
	}
	if (check_instance(v, f) < 0)
		return -1;
	if (value_number(v, "AllocatedStorage", 0) <
	    value_number(item->v, "AllocatedStorage", 0))
		return fault_set(f, "InvalidParameterValueException",
				 "AllocatedStorage can only grow.");
	if (value_eq(v, item->v))
		return fault_set(f, "InvalidParameterCombinationException",
				 "No modifications were requested on "
				 "replication instance %.*s.",
				 STR_ARG(value_text(v, key)));
	item_replace(item, v);
	*out = passing(s, item, "modifying", a);
	return 0;
}

int op_delete_instance(struct server *s, struct value in, struct arena *a,
		       struct value *out, struct fault *f)
{
	static const char key[] = "ReplicationInstanceArn";
	struct item *item, *connection;
	struct str arn;

	if (need_instance(s, in, &item, f) < 0)
		return -1;
	*out = passing(s, item, "deleting", a);
	arn = str_dup(value_text(item->v, key), a);
	if (book_find(&s->book, BOOK_TASK, key, arn))
		return fault_set(
		    f, "InvalidResourceStateFault",
		    "Replication instance '%.*s' has tasks; delete "
		    "them first.",
		    STR_ARG(arn));
	while ((connection = book_find(&s->book, BOOK_CONNECTION, key, arn)))
		book_remove(&s->book, BOOK_CONNECTION, connection);
	book_remove(&s->book, BOOK_INSTANCE, item);
	return 0;
}

int op_describe_instances(struct server *s, struct value in, struct arena *a,
			  struct value *out, struct fault *f)
{
	static const struct op_list list = {
		.kind = BOOK_INSTANCE,
		.member = "ReplicationInstances",
		.filters = instance_filters,
		.n_filters = COUNT(instance_filters),
		.what = "Replication Instances",
		.show = show_instance,
	};

	return op_list(s, &list, in, a, out, f);
}
