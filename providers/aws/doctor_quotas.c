/* Room for what is to be made. */
#include <config.h>

#include "providers/aws/doctor.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/aws/fields.h"

#include <stdlib.h>

/* How many there are is counted by a Describe operation. */
static const struct quota {
	const char *subject, *type;
	const char *service, *code; /* of servicequotas; NULL: DMS says both */
	const struct aws_service *counted;
	const char *operation, *items;
} quotas[] = {
	{ "quota of VPCs", "vpc", "vpc", "L-F678F1CE", &aws_ec2, "DescribeVpcs",
	  "vpcSet/item" },
	{ "quota of elastic IPs", "elastic_ip", "ec2", "L-0263D0A3", &aws_ec2,
	  "DescribeAddresses", "addressesSet/item" },
	{ "quota of balancers", "load_balancer", "elasticloadbalancing",
	  "L-69A177A2", &aws_elbv2, "DescribeLoadBalancers",
	  "LoadBalancers/member" },
	{ "quota of endpoints", "vpc_endpoint", "vpc", "L-29B6F2EB", NULL, NULL,
	  NULL },
	{ "quota of DB clusters", "db_cluster", "rds", "L-952B80B8", &aws_rds,
	  "DescribeDBClusters", "DBClusters/DBCluster" },
	{ "quota of DB instances", "db_instance", "rds", "L-7B6409FD", &aws_rds,
	  "DescribeDBInstances", "DBInstances/DBInstance" },
};

static int most_of(struct doctor *d, const struct quota *q, int64_t *out,
		   struct error *err)
{
	struct fields f = { 0 };
	struct value v;

	field_text(&f, "ServiceCode", str_from(q->service));
	field_text(&f, "QuotaCode", str_from(q->code));
	if (aws_ask(d->site->client, &aws_quotas, "GetServiceQuota",
		    fields_done(&f, d->arena), d->arena, &v, err) < 0)
		return -1;
	*out = strtoll(str_c(aws_text(v, "Quota/Value"), d->arena), NULL, 10);
	return 0;
}

static int count(struct doctor *d, const struct quota *q, int64_t *out,
		 struct error *err)
{
	struct value list;

	*out = 0;
	if (!q->operation)
		return 0;
	if (aws_ask_all(d->site->client, q->counted, q->operation, value_null(),
			q->items, d->arena, &list, err) < 0)
		return -1;
	*out = (int64_t)list.as.list.n;
	return 0;
}

static void tell(struct doctor *d, const char *subject, int64_t used,
		 int64_t most, size_t wanted)
{
	bool fits = used + (int64_t)wanted <= most;

	doctor_tell(d, fits ? HEALTH_GOOD : HEALTH_BAD, subject,
		    fits ? NULL
			 : "Ask for more in the console of Service Quotas, or "
			   "remove what is not used.",
		    "%lld of %lld are used, %zu more are needed",
		    (long long)used, (long long)most, wanted);
}

/* DMS tells what is used and what may be. */
static void look_at_dms(struct doctor *d)
{
	struct error err = { 0 };
	struct value v, list;

	if (aws_ask(d->site->client, &aws_dms, "DescribeAccountAttributes",
		    value_null(), d->arena, &v, &err) < 0) {
		doctor_doubt(d, "quota of DMS", &err);
		return;
	}
	list = aws_items(v, "AccountQuotas", d->arena);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value q = list.as.list.items[i];

		if (str_is(aws_text(q, "AccountQuotaName"),
			   "ReplicationInstances"))
			tell(d, "quota of DMS instances",
			     value_number(q, "Used", 0),
			     value_number(q, "Max", 0),
			     doctor_wanted(d, "replication_instance"));
	}
}

void doctor_quotas(struct doctor *d)
{
	for (size_t i = 0; i < sizeof(quotas) / sizeof(*quotas); i++) {
		const struct quota *q = &quotas[i];
		struct error err = { 0 };
		int64_t used, most;

		if (!doctor_uses(d, q->type))
			continue;
		if (most_of(d, q, &most, &err) < 0 ||
		    count(d, q, &used, &err) < 0)
			doctor_doubt(d, q->subject, &err);
		else
			tell(d, q->subject, used, most,
			     doctor_wanted(d, q->type));
	}
	if (doctor_uses(d, "replication_instance"))
		look_at_dms(d);
}
