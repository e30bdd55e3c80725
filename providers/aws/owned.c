/*
 * What belongs to a stack, by its marks: for a state that was lost. EC2 tells
 * all its tags itself; the rest comes from the tagging API, under ARNs. What
 * neither knows (IAM) is claimed by its name.
 */
#include <config.h>

#include "providers/aws/owned.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "providers/aws/aws.h"
#include "providers/aws/fields.h"
#include "providers/aws/secret.h"
#include "providers/aws/site.h"
#include "providers/aws/tags.h"
#include "providers/aws/type_impl.h"

struct search {
	struct aws_site *site;
	const struct resource_type *types;
	struct str mark; /* "name/", as a tag has it */
	struct arena *arena;
	VEC(struct owned_object) found;
	struct error *err;
};

/* The ARNs of what is no table: "SERVICE:KIND" -> a type. */
static const struct {
	const char *kind, *type;
	bool is_last; /* the id is what follows the kind */
} others[] = {
	{ "dms:cert", "dms_certificate", false },
	{ "dms:endpoint", "dms_endpoint", false },
	{ "dms:rep", "replication_instance", false },
	{ "dms:subgrp", "replication_subnet_group", true },
	{ "dms:task", "dms_task", false },
	{ "iam:instance-profile", "instance_profile", true },
	{ "logs:log-group", "log_group", true },
};

/* Whether it is a mark of the stack, and whose. */
static bool is_ours(const struct search *x, struct str mark, struct str *uid)
{
	*uid = str_skip(mark, x->mark.n);
	return mark.n > x->mark.n &&
	       str_eq(str_sub(mark, 0, x->mark.n), x->mark) &&
	       str_find(*uid, '/') < 0;
}

static void note(struct search *x, const char *type, struct str id,
		 struct str uid, struct str address)
{
	*vec_push(&x->found) = (struct owned_object){
		.uid = str_dup(uid, x->arena),
		.type = str_from(type),
		.id = str_dup(id, x->arena),
		.address = tag_untext(address, x->arena),
	};
}

static const struct aws_type *table_of(const struct resource_type *t)
{
	return t->ops == &aws_ops_token || t->ops == &aws_ops_name ||
		       t->ops == &aws_ops_tags || t->ops == &aws_secret_ops
		   ? t->data
		   : NULL;
}

/* -- EC2 --------------------------------------------------------------------
 */

static const char *type_of_word(const struct search *x, struct str word)
{
	for (const struct resource_type *t = x->types; t->name; t++) {
		const struct aws_type *table = table_of(t);

		if (table && table->what && str_is(word, table->what))
			return t->name;
	}
	return NULL;
}

static int search_ec2(struct search *x)
{
	struct value keys[] = { value_c("dmsl:stack"),
				value_c("dmsl:address") };
	struct fields f = { 0 }, filter = { 0 };
	struct map addresses = { 0 };
	struct value tags;

	field(&filter, "Name", value_c("key"));
	field(&filter, "Value", value_list(keys, 2));
	field_one(&f, "Filter", fields_done(&filter, x->arena), x->arena);
	if (aws_ask_all(x->site->client, &aws_ec2, "DescribeTags",
			fields_done(&f, x->arena), "tagSet/item", x->arena,
			&tags, x->err) < 0)
		return -1;
	for (size_t i = 0; i < tags.as.list.n; i++) {
		const struct value *t = &tags.as.list.items[i];

		if (str_is(aws_text(*t, "key"), "dmsl:address"))
			map_put(&addresses, aws_text(*t, "resourceId"),
				(void *)(uintptr_t)t);
	}
	for (size_t i = 0; i < tags.as.list.n; i++) {
		struct value t = tags.as.list.items[i];
		struct str id = aws_text(t, "resourceId"), uid;
		const struct value *address = map_get(&addresses, id);
		const char *type = type_of_word(x, aws_text(t, "resourceType"));

		if (type && address &&
		    str_is(aws_text(t, "key"), "dmsl:stack") &&
		    is_ours(x, aws_text(t, "value"), &uid))
			note(x, type, id, uid, aws_text(*address, "value"));
	}
	map_release(&addresses);
	return 0;
}

/* -- Everything else ---------------------------------------------------------
 */

/* "rds:cluster" of an ARN, and what stands behind it. */
static struct str kind_of(struct str arn, struct str *rest, struct arena *a)
{
	struct str service, kind;
	size_t n = 0;

	str_cut(&arn, ':');
	str_cut(&arn, ':');
	service = str_cut(&arn, ':');
	str_cut(&arn, ':');
	str_cut(&arn, ':');
	while (n < arn.n && arn.s[n] != ':' && arn.s[n] != '/')
		n++;
	kind = str_sub(arn, 0, n);
	*rest = str_skip(arn, n + 1);
	return str_fmt(a, "%.*s:%.*s", STR_ARG(service), STR_ARG(kind));
}

/* log-group:NAME:* and instance-profile/PATH/NAME. */
static struct str last_part(struct str rest)
{
	ptrdiff_t slash = -1;

	if (str_ends(rest, ":*"))
		rest = str_sub(rest, 0, rest.n - 2);
	else
		slash = str_rfind(rest, '/');
	return slash < 0 ? rest : str_skip(rest, (size_t)slash + 1);
}

/*
 * The id that the type goes by, which need not be the ARN; not every Describe
 * operation takes ARNs, and then it is the ARN's end.
 */
static int id_of(struct search *x, const struct resource_type *t,
		 struct str arn, struct str rest, struct str *id)
{
	struct call c = {
		.self = x->site,
		.type = t,
		.arena = x->arena,
		.id = arn,
		.config = value_map(NULL, 0, x->arena),
	};

	if (find_id(&c, arn, id) == 0 &&
	    (id->n || !rest.n || find_id(&c, rest, id) == 0))
		return 0;
	*x->err = c.err;
	return -1;
}

static int note_arn(struct search *x, struct str arn, struct str uid,
		    struct str address)
{
	struct str rest, id, kind = kind_of(arn, &rest, x->arena);

	for (const struct resource_type *t = x->types; t->name; t++) {
		const struct aws_type *table = table_of(t);

		if (!table || !table->describe.tagging ||
		    !str_is(kind, table->describe.tagging))
			continue;
		if (id_of(x, t, arn, rest, &id) < 0)
			return -1;
		if (id.n)
			note(x, t->name, id, uid, address);
		return 0;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (str_is(kind, others[i].kind))
			note(x, others[i].type,
			     others[i].is_last ? last_part(rest) : arn, uid,
			     address);
	return 0;
}

static int search_tagged(struct search *x)
{
	struct fields f = { 0 }, filter = { 0 };
	struct value found, tags;
	struct str uid;

	field(&filter, "Key", value_c("dmsl:stack"));
	field_one(&f, "TagFilters", fields_done(&filter, x->arena), x->arena);
	if (aws_ask_all(x->site->client, &aws_tagging, "GetResources",
			fields_done(&f, x->arena), "ResourceTagMappingList",
			x->arena, &found, x->err) < 0)
		return -1;
	for (size_t i = 0; i < found.as.list.n; i++) {
		struct value one = found.as.list.items[i];
		struct str arn = aws_text(one, "ResourceARN");

		tags = tag_map(aws_items(one, "Tags", x->arena), x->arena);
		if (str_contains(arn, STR(":ec2:")) ||
		    !is_ours(x, value_text(tags, "dmsl:stack"), &uid) ||
		    !value_text(tags, "dmsl:address").n)
			continue;
		if (note_arn(x, arn, uid, value_text(tags, "dmsl:address")) < 0)
			return -1;
	}
	return 0;
}

int aws_find_owned(void *self, struct str stack, struct arena *a,
		   struct owned_object **out, size_t *n, struct error *err)
{
	struct search x = {
		.site = self,
		.types = aws_provider.types,
		.mark = str_join(tag_text(stack, a), "/", STR(""), a),
		.arena = a,
		.err = err,
	};
	int result = search_ec2(&x);

	if (result == 0)
		result = search_tagged(&x);
	*n = x.found.n;
	*out = vec_take(&x.found, a);
	return result;
}
