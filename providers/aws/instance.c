/* instance: a virtual machine. */
#include <config.h>

#include "providers/aws/parts.h"
#include "providers/aws/path.h"
#include "providers/aws/user_data.h"

enum { STOP_S = 600 };

/* One that is stopped can be changed, and is started again by `settle`. */
static const char *const ready[] = { "running", "stopped", NULL };
static const char *const gone[] = { "shutting-down", "terminated", NULL };
static const char *const broken[] = { "stopped", "stopping", NULL };

static const struct aws_attr attrs[] = {
	{ "class", "InstanceType", "instanceType", AWS_TEXT, AWS_CREATE, NULL },
	{ "key", "KeyName", "keyName", AWS_TEXT, AWS_CREATE, NULL },
	{ "image", NULL, "imageId", AWS_TEXT, 0, NULL },
	{ "termination_protection", "DisableApiTermination", NULL, AWS_BOOL,
	  AWS_ALONE | AWS_UNREAD, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "InvalidParameterValue", "Invalid IAM Instance Profile",
	  120, "its profile to be known everywhere" },
	{ VERB_CREATE, "InvalidParameterValue", "has no associated IAM Roles",
	  120, "its profile to be known everywhere" },
	{ VERB_UPDATE, "InvalidParameterValue", "Invalid IAM Instance Profile",
	  120, "its profile to be known everywhere" },
	{ VERB_UPDATE, "IncorrectInstanceState", NULL, 300,
	  "the instance to have changed its state" },
	{ VERB_UPDATE, "IncorrectState", NULL, 300,
	  "its old profile to be let go of" },
	{ VERB_DESTROY, "IncorrectInstanceState", NULL, 300,
	  "the instance to have changed its state" },
	{ 0 },
};

/* -- What it is made of --------------------------------------------------- */

/* Families of Arm processors have a g behind their number: t4g, m7gd; and a1 */
static bool is_arm(struct str class)
{
	struct str family = str_cut(&class, '.');
	bool has_digit = false;

	if (str_is(family, "a1"))
		return true;
	for (size_t i = 0; i < family.n; i++) {
		if (family.s[i] >= '0' && family.s[i] <= '9')
			has_digit = true;
		else if (has_digit && family.s[i] == 'g')
			return true;
	}
	return false;
}

/* What is written, or the newest Amazon Linux 2023. */
static int find_image(struct call *c, struct str *out)
{
	struct fields f = { 0 };
	struct value answer;

	*out = value_text(c->config, "image");
	if (out->n)
		return 0;
	field_text(&f, "Name",
		   str_fmt(c->arena,
			   "/aws/service/ami-amazon-linux-latest/"
			   "al2023-ami-kernel-default-%s",
			   is_arm(value_text(c->config, "class")) ? "arm64"
								  : "x86_64"));
	if (aws_look(c, &aws_ssm, "GetParameter", &f, &answer) < 0) {
		if (aws_is_refusal(c, "ParameterNotFound", NULL))
			error_hint(&c->err, "this region does not publish "
					    "Amazon Linux 2023: write an "
					    "image");
		return -1;
	}
	*out = aws_text(answer, "Parameter/Value");
	return 0;
}

/* The image's root volume: its device and size. */
struct root {
	struct str device;
	uint64_t gib;
};

static int find_root(struct call *c, struct str image, struct root *out)
{
	struct fields f = { 0 };
	struct value answer, list;

	*out = (struct root){ 0 };
	field(&f, "ImageId", part_one(image, c->arena));
	if (aws_look(c, &aws_ec2, "DescribeImages", &f, &answer) < 0)
		return -1;
	out->device = aws_text(answer, "imagesSet/item/rootDeviceName");
	if (out->device.n == 0)
		return error_set(&c->err, ERROR_NOT_FOUND,
				 "there is no image %.*s in this region",
				 STR_ARG(image));
	list = aws_items(answer, "imagesSet/item/blockDeviceMapping/item",
			 c->arena);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value one = list.as.list.items[i];

		if (str_eq(aws_text(one, "deviceName"), out->device))
			str_to_u64(aws_text(one, "ebs/volumeSize"), &out->gib);
	}
	return 0;
}

static struct value list_of(struct fields *f, struct arena *a)
{
	struct value *one = arena_new(a, struct value, 1);

	*one = fields_done(f, a);
	return value_list(one, 1);
}

/* Encrypted unless one says otherwise, and gone with the instance. */
static int fill_disk(struct call *c, struct str image, struct fields *input)
{
	const struct value *encrypted = value_get(c->config, "encrypted");
	int64_t bytes = value_number(c->config, "disk", 0);
	uint64_t gib = (uint64_t)(bytes + (INT64_C(1) << 30) - 1) >> 30;
	struct fields volume = { 0 }, device = { 0 };
	struct root root;

	if (find_root(c, image, &root) < 0)
		return -1;
	if (bytes && gib < root.gib)
		return error_set(&c->err, ERROR_INVALID,
				 "a disk of %llu GiB is smaller than the "
				 "image's, which has %llu GiB",
				 (unsigned long long)gib,
				 (unsigned long long)root.gib);
	if (!bytes)
		gib = root.gib;
	field(&volume, "DeleteOnTermination", value_bool(true));
	field(&volume, "Encrypted",
	      value_bool(!encrypted || value_is_null(*encrypted) ||
			 encrypted->as.boolean));
	if (gib)
		field(&volume, "VolumeSize",
		      value_int_in((int64_t)gib, c->arena));
	field_text(&device, "DeviceName", root.device);
	field(&device, "Ebs", fields_done(&volume, c->arena));
	field(input, "BlockDeviceMapping", list_of(&device, c->arena));
	return 0;
}

/* A script may hold a secret: then no error repeats it. */
static struct value sent_data(struct call *c)
{
	const struct value *data = value_get(c->config, "user_data");
	struct str text = value_text(c->config, "user_data");

	return value_mark(value_str(user_data_sent(text, c->arena)),
			  data ? value_marks(*data) : 0);
}

static void fill_network(struct call *c, struct fields *input)
{
	struct str own = value_text(c->config, "network_interface");
	struct fields f = { 0 };

	if (own.n == 0) {
		field_text(input, "SubnetId", value_text(c->config, "subnet"));
		field(input, "SecurityGroupId",
		      part_wanted(c, "security_groups"));
		return;
	}
	field(&f, "DeviceIndex", value_int(0));
	field_text(&f, "NetworkInterfaceId", own);
	field(input, "NetworkInterface", list_of(&f, c->arena));
}

/* Its volume carries the same tags: whoever pays for it wants to know. */
static void tag_volume(struct call *c, struct fields *input)
{
	struct value *both = arena_new(c->arena, struct value, 2);

	for (size_t i = 0; i < input->list.n; i++) {
		struct value_entry *e = &input->list.items[i];

		if (!str_is(e->key, "TagSpecification"))
			continue;
		both[0] = e->value.as.list.items[0];
		both[1] = value_with(both[0], STR("ResourceType"),
				     value_c("volume"), c->arena);
		e->value = value_list(both, 2);
	}
}

static int fill(struct call *c, struct fields *input)
{
	struct str profile = value_text(c->config, "profile");
	struct str data = value_text(c->config, "user_data");
	struct fields f = { 0 };
	struct str image;

	if (find_image(c, &image) < 0 || fill_disk(c, image, input) < 0)
		return -1;
	field_text(input, "ImageId", image);
	field(input, "MinCount", value_int(1));
	field(input, "MaxCount", value_int(1));
	field_text(&f, "HttpTokens", STR("required"));
	field(input, "MetadataOptions", fields_done(&f, c->arena));
	if (profile.n) {
		field_text(&f, "Name", profile);
		field(input, "IamInstanceProfile", fields_done(&f, c->arena));
	}
	if (data.n)
		field(input, "UserData", sent_data(c));
	fill_network(c, input);
	tag_volume(c, input);
	return 0;
}

/* -- Changing it ---------------------------------------------------------- */

static int instances_call(struct call *c, const char *operation)
{
	struct fields f = { 0 };
	struct value ignored;

	field(&f, "InstanceId", part_one(c->id, c->arena));
	return aws_change(c, &aws_ec2, operation, &f, &ignored);
}

static int modify(struct call *c, const char *param, struct value v)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "InstanceId", c->id);
	field(&f, param, v);
	return aws_change(c, &aws_ec2, "ModifyInstanceAttribute", &f, &ignored);
}

static int attribute(struct call *c, const char *name, const char *path,
		     struct str *out)
{
	struct fields f = { 0 };
	struct value answer;

	field_text(&f, "Attribute", str_from(name));
	field_text(&f, "InstanceId", c->id);
	if (aws_look(c, &aws_ec2, "DescribeInstanceAttribute", &f, &answer) < 0)
		return -1;
	*out = str_trim(aws_text(answer, path));
	return 0;
}

/* Only what is said now or was said before is looked at. */
static int has_other_data(struct call *c, bool *out)
{
	struct str wanted = value_text(c->config, "user_data");
	struct str was = value_text(c->prior, "user_data");
	struct str now;

	*out = false;
	if (c->verb != VERB_UPDATE || (wanted.n == 0 && was.n == 0))
		return 0;
	if (attribute(c, "userData", "userData/value", &now) < 0)
		return -1;
	*out = !user_data_is(wanted, now, c->arena);
	return 0;
}

/* What can only be changed while it is stopped. */
static enum step change_stopped(struct call *c, bool other_class,
				bool other_data)
{
	if (other_class &&
	    modify(c, "InstanceType.Value",
		   value_str(value_text(c->config, "class"))) < 0)
		return aws_refused(c, NULL);
	if (other_data && modify(c, "UserData.Value", sent_data(c)) < 0)
		return aws_refused(c, NULL);
	return aws_wait(c, 0, "the change of the stopped instance");
}

static enum step settle_power(struct call *c, struct value object)
{
	bool stopped =
	    str_is(aws_text(object, "instanceState/name"), "stopped");
	bool other_class = !str_eq(aws_text(object, "instanceType"),
				   value_text(c->config, "class"));
	bool other_data;

	if (c->verb == VERB_CREATE) {
		if (!stopped)
			return STEP_DONE;
		return call_fail(
		    c, ERROR_FAILED, "the instance stopped at once: %.*s",
		    STR_ARG(aws_text(object, "stateReason/message")));
	}
	if (has_other_data(c, &other_data) < 0)
		return aws_refused(c, NULL);
	if (stopped && (other_class || other_data))
		return change_stopped(c, other_class, other_data);
	if (stopped || other_class || other_data) {
		if (!aws_is_patient(c, "power", STOP_S))
			return call_fail(c, ERROR_TIMEOUT,
					 "the instance does not %s",
					 stopped ? "start" : "stop");
		if (instances_call(c, stopped ? "StartInstances"
					      : "StopInstances") < 0)
			return aws_refused(c, NULL);
		return aws_wait(c, 5, "the instance to %s",
				stopped ? "start" : "stop");
	}
	return STEP_DONE;
}

/* arn:aws:iam::123456789012:instance-profile/PATH/NAME */
static struct str profile_in(struct str arn)
{
	ptrdiff_t at = str_rfind(arn, '/');

	return at < 0 ? arn : str_skip(arn, (size_t)at + 1);
}

/* The association that is or will be; null when there is none. */
static int association(struct call *c, struct value *out)
{
	struct fields f = { 0 };
	struct value list;

	*out = value_null();
	aws_filter(&f, &aws_ec2, "instance-id", c->id, c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeIamInstanceProfileAssociations",
			 &f, "iamInstanceProfileAssociationSet/item",
			 &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_starts(aws_text(list.as.list.items[i], "state"),
			       "associat"))
			*out = list.as.list.items[i];
	return 0;
}

static enum step settle_profile(struct call *c, struct value object)
{
	struct str wanted = value_text(c->config, "profile");
	struct fields f = { 0 }, profile = { 0 };
	struct value now, ignored;
	const char *operation;

	if (str_eq(profile_in(aws_text(object, "iamInstanceProfile/arn")),
		   wanted))
		return STEP_DONE;
	if (association(c, &now) < 0)
		return aws_refused(c, NULL);
	if (str_eq(profile_in(aws_text(now, "iamInstanceProfile/arn")), wanted))
		return STEP_DONE;
	if (wanted.n) {
		field_text(&profile, "Name", wanted);
		field(&f, "IamInstanceProfile",
		      fields_done(&profile, c->arena));
	}
	if (value_is_null(now)) {
		operation = "AssociateIamInstanceProfile";
		field_text(&f, "InstanceId", c->id);
	} else {
		operation = wanted.n ? "ReplaceIamInstanceProfileAssociation"
				     : "DisassociateIamInstanceProfile";
		field_text(&f, "AssociationId", aws_text(now, "associationId"));
	}
	return aws_change(c, &aws_ec2, operation, &f, &ignored) < 0
		   ? aws_refused(c, NULL)
		   : STEP_DONE;
}

static enum step settle_groups(struct call *c, struct value object)
{
	struct value wanted = part_wanted(c, "security_groups");
	struct value now = part_set(
	    aws_items(object, "groupSet/item", c->arena), "groupId", c->arena);
	bool is_own = value_text(c->config, "subnet").n > 0;

	if (!is_own || wanted.as.list.n == 0 || value_eq(wanted, now))
		return STEP_DONE;
	return modify(c, "GroupId", wanted) < 0 ? aws_refused(c, NULL)
						: STEP_DONE;
}

static enum step settle(struct call *c, struct value object)
{
	enum step step = settle_power(c, object);

	if (step == STEP_DONE && c->verb == VERB_UPDATE)
		step = settle_profile(c, object);
	if (step == STEP_DONE && c->verb == VERB_UPDATE)
		step = settle_groups(c, object);
	return step;
}

/* -- Showing -------------------------------------------------------------- */

/* The interface of the primary address. */
static struct value first_interface(struct value object, struct arena *a)
{
	struct value list = aws_items(object, "networkInterfaceSet/item", a);

	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_is(aws_text(list.as.list.items[i],
				    "attachment/deviceIndex"),
			   "0"))
			return list.as.list.items[i];
	return value_null();
}

static void show_network(struct call *c, struct value object,
			 struct fields *result)
{
	struct value eni = first_interface(object, c->arena);
	bool is_own =
	    str_is(aws_text(eni, "attachment/deleteOnTermination"), "true");

	if (c->prior.kind == VALUE_MAP)
		is_own = value_text(c->prior, "network_interface").n == 0;
	if (!is_own) {
		part_drift(c, result, "network_interface",
			   value_str(aws_text(eni, "networkInterfaceId")),
			   false);
		return;
	}
	part_drift(c, result, "subnet", value_str(aws_text(object, "subnetId")),
		   false);
	part_drift(c, result, "security_groups",
		   part_set(aws_items(object, "groupSet/item", c->arena),
			    "groupId", c->arena),
		   false);
}

static int show_data(struct call *c, struct fields *result)
{
	struct str was = value_text(c->prior, "user_data"), now;

	if (c->prior.kind == VALUE_MAP && was.n == 0)
		return 0;
	if (attribute(c, "userData", "userData/value", &now) < 0)
		return -1;
	if (!user_data_is(was, now, c->arena))
		field(result, "user_data",
		      now.n ? value_str(user_data_shown(now, c->arena))
			    : value_null());
	return 0;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct str profile =
	    profile_in(aws_text(object, "iamInstanceProfile/arn"));

	part_drift(c, result, "profile",
		   profile.n ? value_str(profile) : value_null(), false);
	show_network(c, object, result);
	return show_data(c, result);
}

/* -- Planning and the end ------------------------------------------------- */

static bool differs(const struct call *c, const char *attr)
{
	const struct value *now = value_get(c->config, attr);
	const struct value *was = value_get(c->prior, attr);
	struct value null = value_null();

	if (now && value_is_unknown(*now))
		return true;
	return !value_eq(now ? *now : null, was ? *was : null);
}

static bool is_said(const struct call *c, const char *attr)
{
	const struct value *v = value_get(c->config, attr);

	return v && (value_is_unknown(*v) || !value_is_null(*v));
}

static int plan(struct call *c, const char *action)
{
	bool class = differs(c, "class"), data = differs(c, "user_data");
	struct str name = c->id.n ? c->id : c->address;

	if (strcmp(action, "delete") == 0)
		return 0;
	if (is_said(c, "network_interface") == is_said(c, "subnet"))
		return error_set(&c->err, ERROR_INVALID,
				 "an instance has either a network_interface "
				 "or a subnet");
	if (value_text(c->config, "user_data").n > USER_DATA_MAX)
		return error_set(&c->err, ERROR_INVALID,
				 "user_data is %zu bytes long; %d are allowed",
				 value_text(c->config, "user_data").n,
				 USER_DATA_MAX);
	if (strcmp(action, "update") != 0 || (!class && !data))
		return 0;
	call_effect(c, EFFECT_RESTART, "stop and start %.*s, to change its %s",
		    STR_ARG(name),
		    class && data ? "class and its user_data, which does not "
				    "run again"
		    : class	  ? "class"
				  : "user_data, which does not run again");
	return 0;
}

static enum step unhook(struct call *c, struct value object)
{
	struct str protected;

	(void)object;
	if (attribute(c, "disableApiTermination", "disableApiTermination/value",
		      &protected) < 0)
		return aws_refused(c, NULL);
	if (!str_is(protected, "true"))
		return STEP_DONE;
	call_fail(c, ERROR_CONFLICT,
		  "the instance is protected against termination");
	error_hint(&c->err, "set termination_protection = false, apply that, "
			    "and then delete it");
	return STEP_FAILED;
}

const struct aws_type aws_instance = {
	.service = &aws_ec2,
	.noun = "instance",
	.what = "instance",
	.describe = {
		.operation = "DescribeInstances",
		.ids = "InstanceId",
		.items = "reservationSet/item/instancesSet/item",
		.id = "instanceId",
		.has_tag_filter = true,
		.tagging = "ec2:instance",
	},
	.states = {
		.path = "instanceState/name",
		.ready = ready,
		.gone = gone,
		.broken = broken,
		.reason = "stateReason/message",
		.destroy_s = 1200,
	},
	.tags = AWS_TAGS_EC2,
	.create = "RunInstances",
	.created = "instancesSet/item/instanceId",
	.token = "ClientToken",
	.update = "ModifyInstanceAttribute",
	.update_id = "InstanceId",
	.destroy = "TerminateInstances",
	.destroy_id = "InstanceId",
	.destroy_is_list = true,
	.is_slow = true,
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.settle = settle,
	.unhook = unhook,
	.show = show,
	.plan = plan,
};
