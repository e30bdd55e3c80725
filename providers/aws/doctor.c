#include <config.h>

#include "providers/aws/doctor.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "providers/aws/fields.h"
#include "providers/aws/profile.h"

#include <stdarg.h>
#include <unistd.h>

void doctor_tell(struct doctor *d, enum health health, const char *subject,
		 const char *hint, const char *format, ...)
{
	struct examined *x = vec_push(&d->found);
	va_list args;

	*x = (struct examined){
		.health = health,
		.subject = str_from(subject),
		.hint = str_from(hint),
	};
	va_start(args, format);
	x->words = str_vfmt(d->arena, format, args);
	va_end(args);
}

void doctor_doubt(struct doctor *d, const char *subject,
		  const struct error *err)
{
	doctor_tell(d, HEALTH_DOUBT, subject,
		    str_c(str_from(err->hint), d->arena), "not known: %s",
		    err->message);
}

size_t doctor_wanted(const struct doctor *d, const char *type)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_needs; i++)
		n += !d->needs[i].exists && str_is(d->needs[i].type, type);
	return n;
}

bool doctor_uses(const struct doctor *d, const char *type)
{
	for (size_t i = 0; i < d->n_needs; i++)
		if (str_is(d->needs[i].type, type))
			return true;
	return d->n_needs == 0;
}

static int look_at_credentials(struct doctor *d)
{
	struct str source, caller = { 0 }, account = { 0 };
	struct error err = { 0 };

	if (credentials_source(d->site->credentials, d->arena, &source, &err) <
		0 ||
	    aws_account(d->site, &account, &err) < 0 ||
	    aws_caller(d->site, &caller, &err) < 0) {
		doctor_tell(d, HEALTH_BAD, "credentials",
			    str_c(str_from(err.hint), d->arena), "%s",
			    err.message);
		return -1;
	}
	doctor_tell(d, HEALTH_GOOD, "credentials", NULL, "%.*s: %.*s",
		    STR_ARG(source), STR_ARG(caller));
	doctor_tell(d, HEALTH_GOOD, "account", NULL, "%.*s, partition %.*s",
		    STR_ARG(account), STR_ARG(d->site->partition));
	return 0;
}

static void check_zone(struct doctor *d, const struct needed *need,
		       struct value zones)
{
	struct str zone = value_text(need->config, "zone");

	for (size_t i = 0; zone.n && i < zones.as.list.n; i++)
		if (str_eq(aws_text(zones.as.list.items[i], "zoneName"), zone))
			return;
	if (zone.n)
		doctor_tell(d, HEALTH_BAD, "zone",
			    "Choose among those of the region.",
			    "%.*s: there is no zone %.*s in %.*s",
			    STR_ARG(need->address), STR_ARG(zone),
			    STR_ARG(d->site->region));
}

static void look_at_region(struct doctor *d)
{
	struct error err = { 0 };
	struct value answer, zones;
	struct buf names;

	if (aws_ask(d->site->client, &aws_ec2, "DescribeAvailabilityZones",
		    value_null(), d->arena, &answer, &err) < 0) {
		doctor_tell(d, HEALTH_BAD, "region",
			    "Is the region enabled for the account?",
			    "%.*s: %s", STR_ARG(d->site->region), err.message);
		return;
	}
	zones = aws_items(answer, "availabilityZoneInfo/item", d->arena);
	buf_init(&names, 4096);
	for (size_t i = 0; i < zones.as.list.n; i++) {
		buf_add_c(&names, i ? ", " : "");
		buf_add_str(&names,
			    aws_text(zones.as.list.items[i], "zoneName"));
	}
	doctor_tell(d, HEALTH_GOOD, "region", NULL, "%.*s: zones %s",
		    STR_ARG(d->site->region), names.data);
	buf_release(&names);
	for (size_t i = 0; i < d->n_needs; i++)
		check_zone(d, &d->needs[i], zones);
}

static bool makes_role(const struct doctor *d, const char *name)
{
	for (size_t i = 0; i < d->n_needs; i++)
		if (str_is(d->needs[i].type, "iam_role") &&
		    str_is(value_text(d->needs[i].config, "name"), name))
			return true;
	return false;
}

/* Roles of these names are what DMS acts with, once an account. */
static void look_at_roles(struct doctor *d)
{
	static const struct {
		const char *name, *without;
		enum health health;
	} roles[] = {
		{ "dms-vpc-role", "DMS cannot use the networks", HEALTH_BAD },
		{ "dms-cloudwatch-logs-role", "tasks write no logs",
		  HEALTH_DOUBT },
	};

	if (!doctor_uses(d, "replication_instance") &&
	    !doctor_uses(d, "replication_subnet_group"))
		return;
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		struct fields f = { 0 };
		struct error err = { 0 };
		struct value v;

		field_text(&f, "RoleName", str_from(roles[i].name));
		if (aws_ask(d->site->client, &aws_iam, "GetRole",
			    fields_done(&f, d->arena), d->arena, &v, &err) == 0)
			doctor_tell(d, HEALTH_GOOD, roles[i].name, NULL,
				    "is there");
		else if (makes_role(d, roles[i].name))
			doctor_tell(d, HEALTH_GOOD, roles[i].name, NULL,
				    "will be made");
		else if (err.kind != ERROR_NOT_FOUND)
			doctor_doubt(d, roles[i].name, &err);
		else
			doctor_tell(d, roles[i].health, roles[i].name,
				    "Component replication makes it, or the "
				    "console at the first use of DMS.",
				    "is not there, and the stack does not make "
				    "it: %s",
				    roles[i].without);
	}
}

/* What psql to a private database goes through, on this machine. */
static void look_at_plugin(struct doctor *d)
{
	struct str path = env_get(d->site->settings->env, "PATH");

	if (!doctor_uses(d, "instance"))
		return;
	while (path.n) {
		struct str folder = str_cut(&path, ':');

		if (access(str_fmt(d->arena, "%.*s/session-manager-plugin",
				   STR_ARG(folder))
			       .s,
			   X_OK) == 0) {
			doctor_tell(d, HEALTH_GOOD, "session-manager-plugin",
				    NULL, "is in %.*s", STR_ARG(folder));
			return;
		}
	}
	doctor_tell(d, HEALTH_DOUBT, "session-manager-plugin",
		    "It is needed only for sessions on the workstation from "
		    "this machine.",
		    "is not in PATH");
}

void aws_examine(void *self, const struct needed *needs, size_t n_needs,
		 struct arena *a, struct examined **out, size_t *n)
{
	struct doctor d = {
		.site = self,
		.needs = needs,
		.n_needs = n_needs,
		.arena = a,
	};

	if (look_at_credentials(&d) == 0) {
		look_at_region(&d);
		doctor_rights(&d);
		doctor_quotas(&d);
		look_at_roles(&d);
		doctor_offers(&d);
	}
	look_at_plugin(&d);
	*n = d.found.n;
	*out = vec_take(&d.found, a);
}
