/* Tags of objects: given at creation, read, compared, set right. */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "providers/aws/tags.h"

/* All tags that it should have, as a map. */
static struct value wanted_tags(struct call *c)
{
	struct aws_site *w = aws_site_of(c);

	if (c->verb == VERB_CREATE)
		return tags_of_create(c, w->stack, w->tags);
	return tags_wanted(c, w->stack, w->tags);
}

static const char *tags_param(const struct aws_type *t)
{
	return t->tagging && t->tagging->tags ? t->tagging->tags : "Tags";
}

void add_tags(struct call *c, struct fields *input)
{
	const struct aws_type *t = aws_type_of(c);
	struct value list = tag_list(wanted_tags(c), c->arena);
	struct fields f = { 0 };

	switch (t->tags) {
	case AWS_TAGS_EC2:
		field_text(&f, "ResourceType", str_from(t->what));
		field(&f, "Tag", list);
		field_one(input, "TagSpecification", fields_done(&f, c->arena),
			  c->arena);
		break;
	case AWS_TAGS_LIST:
		field(input, tags_param(t), list);
		break;
	case AWS_TAGS_MAP:
		field(input, tags_param(t), wanted_tags(c));
		break;
	case AWS_TAGS_NONE:
		break;
	}
}

/* What tags are changed and read by: an id or ARN, or a list of it. */
static void add_target(struct call *c, struct value object, struct fields *f)
{
	const struct aws_tagging *g = aws_type_of(c)->tagging;
	struct str id = g->arn ? aws_text(object, g->arn) : c->id;

	if (g->is_list)
		field_one(f, g->target, value_str(id), c->arena);
	else
		field_text(f, g->target, id);
}

static bool has_calls(const struct aws_type *t)
{
	return t->tags == AWS_TAGS_LIST || t->tags == AWS_TAGS_MAP;
}

int object_tags(struct call *c, struct value object, struct value *out)
{
	const struct aws_type *t = aws_type_of(c);
	const char *items = "tagSet/item";
	struct value from = object;
	const struct value *map;
	struct fields f = { 0 };

	if (has_calls(t)) {
		items = t->tagging->items;
		if (t->tagging->read) {
			add_target(c, object, &f);
			if (aws_look(c, t->service, t->tagging->read, &f,
				     &from) < 0)
				return -1;
		}
	}
	if (t->tags == AWS_TAGS_MAP) {
		map = aws_get(from, items);
		*out = map ? *map : value_map(NULL, 0, c->arena);
		return 0;
	}
	*out = tag_map(aws_items(from, items, c->arena), c->arena);
	return 0;
}

int object_is_ours(struct call *c, struct value object, bool *out)
{
	const struct aws_type *t = aws_type_of(c);
	struct aws_site *w = aws_site_of(c);
	struct str held = c->id;
	struct value tags;
	int result;

	*out = false;
	/* Tags may be asked for by the id. */
	c->id = aws_text(object, t->describe.id);
	result = object_tags(c, object, &tags);
	c->id = held;
	if (result < 0)
		return -1;
	*out = c->token.n &&
	       str_eq(value_text(tags, "dmsl:intent"), c->token) &&
	       str_eq(value_text(tags, "dmsl:stack"),
		      tag_text(w->stack, c->arena));
	return 0;
}

/* EC2 wants what is taken away as tags, others as keys. */
static int send_tags(struct call *c, struct value object, struct value set,
		     struct value gone)
{
	const struct aws_type *t = aws_type_of(c);
	bool is_ec2 = t->tags == AWS_TAGS_EC2;
	struct fields f = { 0 }, keys = { 0 };
	struct value ignored;

	for (size_t i = 0; is_ec2 && i < gone.as.list.n; i++)
		*vec_push(&keys.list) = (struct value_entry){
			gone.as.list.items[i].as.text,
			value_null(),
		};
	gone = is_ec2 ? tag_list(fields_done(&keys, c->arena), c->arena) : gone;
	for (int verb = 0; verb < 2; verb++) {
		struct value what = verb ? gone
				    : t->tags == AWS_TAGS_MAP
					? set
					: tag_list(set, c->arena);
		const char *operation = is_ec2
					    ? verb ? "DeleteTags" : "CreateTags"
					: verb ? t->tagging->remove
					       : t->tagging->add;

		if ((verb ? gone.as.list.n : set.as.map.n) == 0)
			continue;
		if (is_ec2) {
			field_one(&f, "ResourceId", value_str(c->id), c->arena);
			field(&f, "Tag", what);
		} else {
			add_target(c, object, &f);
			field(&f,
			      verb ? t->tagging->keys ? t->tagging->keys
						      : "TagKeys"
				   : tags_param(t),
			      what);
		}
		if (aws_change(c, t->service, operation, &f, &ignored) < 0)
			return -1;
	}
	return 0;
}

/* Taken over without a mark: others live on it, too. */
static bool is_adopted(const struct call *c, struct value tags)
{
	struct str stack = tag_text(aws_site_of(c)->stack, c->arena);

	return aws_type_of(c)->may_adopt &&
	       !str_eq(value_text(tags, "dmsl:stack"), stack);
}

int sync_tags(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	struct aws_site *w = aws_site_of(c);
	struct value there, set, gone;

	if (t->tags != AWS_TAGS_EC2 && !has_calls(t))
		return 0;
	if (object_tags(c, object, &there) < 0)
		return -1;
	if (is_adopted(c, there))
		return 0;
	tags_differ(there, tags_wanted(c, w->stack, w->tags), c->arena, &set,
		    &gone);
	return send_tags(c, object, set, gone);
}

/* The provider's tag that the object has not; NULL: it has all. */
static const struct value_entry *lacking(struct value defaults,
					 struct value there)
{
	for (size_t i = 0; defaults.kind == VALUE_MAP && i < defaults.as.map.n;
	     i++)
		if (!value_get_str(there, defaults.as.map.entries[i].key))
			return &defaults.as.map.entries[i];
	return NULL;
}

int show_tags(struct call *c, struct value object, struct fields *result)
{
	const struct aws_type *t = aws_type_of(c);
	struct value defaults = aws_site_of(c)->tags;
	const struct value *known = value_get(c->prior, "tags");
	const struct value_entry *lack;
	struct value there, mine;
	struct fields f = { 0 };

	if (t->tags != AWS_TAGS_EC2 && !has_calls(t))
		return 0;
	if (object_tags(c, object, &there) < 0)
		return -1;
	if (is_adopted(c, there))
		return 0;
	there = tags_user(there, c->arena);
	for (size_t i = 0; i < there.as.map.n; i++) {
		struct value_entry e = there.as.map.entries[i];
		const struct value *common = value_get_str(defaults, e.key);

		/* The provider's tags are no part of the block's. */
		if (common && value_eq(*common, e.value) &&
		    !(known && value_get_str(*known, e.key)))
			continue;
		*vec_push(&f.list) = e;
	}
	mine = fields_done(&f, c->arena);
	if (known && known->kind == VALUE_MAP ? !value_eq(*known, mine)
					      : mine.as.map.n > 0)
		field(result, "tags", mine);
	lack = lacking(defaults, there);
	if (lack) {
		c->is_broken = true;
		c->status =
		    str_fmt(c->arena, "lacks the provider's tag \"%.*s\"",
			    STR_ARG(lack->key));
	}
	return 0;
}
