/* Versions and classes that the stack names, against what is on offer. */
#include <config.h>

#include "providers/aws/doctor.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "providers/aws/fields.h"

#define ENGINE "aurora-postgresql"

/* Whether an answer holds anything; -1: it did not come. */
static int has_any(struct doctor *d, const struct aws_service *s,
		   const char *operation, struct fields *f, const char *items,
		   struct error *err)
{
	struct value v;

	if (aws_ask(d->site->client, s, operation, fields_done(f, d->arena),
		    d->arena, &v, err) < 0)
		return -1;
	return aws_items(v, items, d->arena).as.list.n > 0;
}

static void judge(struct doctor *d, const char *subject, int is_offered,
		  struct str what, const char *hint, const struct error *err)
{
	if (is_offered < 0)
		doctor_doubt(d, subject, err);
	else
		doctor_tell(d, is_offered ? HEALTH_GOOD : HEALTH_BAD, subject,
			    is_offered ? NULL : hint, "%.*s %s in %.*s",
			    STR_ARG(what),
			    is_offered ? "is on offer" : "is not on offer",
			    STR_ARG(d->site->region));
}

static void look_at_version(struct doctor *d, struct str version)
{
	struct fields f = { 0 };
	struct error err = { 0 };
	int is_offered;

	field_text(&f, "Engine", STR(ENGINE));
	field_text(&f, "EngineVersion", version);
	is_offered = has_any(d, &aws_rds, "DescribeDBEngineVersions", &f,
			     "DBEngineVersions/DBEngineVersion", &err);
	judge(d, "engine version", is_offered,
	      str_join(STR(ENGINE), " ", version, d->arena),
	      "aws rds describe-db-engine-versions --engine " ENGINE
	      " lists what is.",
	      &err);
}

static void look_at_class(struct doctor *d, struct str class)
{
	struct fields f = { 0 };
	struct error err = { 0 };
	int is_offered;

	field_text(&f, "Engine", STR(ENGINE));
	field_text(&f, "DBInstanceClass", class);
	is_offered = has_any(
	    d, &aws_rds, "DescribeOrderableDBInstanceOptions", &f,
	    "OrderableDBInstanceOptions/OrderableDBInstanceOption", &err);
	judge(d, "instance class", is_offered, class,
	      "aws rds describe-orderable-db-instance-options lists what is.",
	      &err);
}

static void look_at_replication(struct doctor *d, struct str class)
{
	struct error err = { 0 };
	struct value list;
	int is_offered = 0;

	if (aws_ask_all(d->site->client, &aws_dms,
			"DescribeOrderableReplicationInstances", value_null(),
			"OrderableReplicationInstances", d->arena, &list,
			&err) < 0)
		is_offered = -1;
	for (size_t i = 0; is_offered == 0 && i < list.as.list.n; i++)
		is_offered = str_eq(
		    aws_text(list.as.list.items[i], "ReplicationInstanceClass"),
		    class);
	judge(d, "replication class", is_offered, class,
	      "aws dms describe-orderable-replication-instances lists what is.",
	      &err);
}

void doctor_offers(struct doctor *d)
{
	static const struct {
		const char *type, *attr;
		void (*look)(struct doctor *d, struct str value);
	} offers[] = {
		{ "db_cluster", "version", look_at_version },
		{ "db_instance", "class", look_at_class },
		{ "replication_instance", "class", look_at_replication },
	};
	struct map seen = { 0 };

	for (size_t i = 0; i < d->n_needs; i++)
		for (size_t k = 0; k < sizeof(offers) / sizeof(*offers); k++) {
			struct str v =
			    value_text(d->needs[i].config, offers[k].attr);
			struct str key = str_join(str_from(offers[k].type), " ",
						  v, d->arena);

			if (!v.n || !str_is(d->needs[i].type, offers[k].type) ||
			    map_put(&seen, key, d))
				continue;
			offers[k].look(d, v);
		}
	map_release(&seen);
}
