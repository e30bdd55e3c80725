/* What a load will do to the target's rows, as a plan says it first. */
#include <config.h>

#include "providers/aws/dms_task.h"

#include "lang/dms/mapping.h"
#include "lang/dms/settings.h"
#include "providers/aws/dms_call.h"

struct view {
	struct call *call;
	struct str source, target; /* names of the endpoints */
	enum settings_prep prep;
};

static struct str endpoint_name(struct call *c, const char *attr)
{
	const struct value *v = value_get(c->config, attr);
	struct error before = c->err;
	struct str arn, name = { "", 0 };
	struct value endpoint;

	if (!v || value_is_unknown(*v))
		return str_fmt(c->arena, "the %s", attr);
	arn = value_text(c->config, attr);
	if (dms_find(c, false, "DescribeEndpoints",
		     dms_filter("endpoint-arn", arn, c->arena), "Endpoints",
		     &endpoint) == 0)
		name = value_text(endpoint, "EndpointIdentifier");
	c->err = before;
	if (name.n)
		return name;
	/* The service is down, and its own name for it tells a reader nothing.
	 */
	return str_fmt(c->arena, "the %s", attr);
}

/* A dot inside a name is none between two. */
static struct str quoted(struct str name, struct arena *a)
{
	return str_find(name, '.') < 0 ? name
				       : str_fmt(a, "\"%.*s\"", STR_ARG(name));
}

/* As the mapping names it: the same before the source was read, and after. */
static struct str table_object(struct str schema, struct str table,
			       struct arena *a)
{
	return str_fmt(a, "table %.*s.%.*s", STR_ARG(quoted(schema, a)),
		       STR_ARG(quoted(table, a)));
}

/* what: object and within of the effects. */
static void show(struct view *v, struct effect what, struct str name,
		 struct str rows)
{
	struct call *c = v->call;

	switch (v->prep) {
	case PREP_TRUNCATE:
		call_effect(c, EFFECT_TRUNCATE, what.object,
			    "truncate %.*s on %.*s%.*s", STR_ARG(name),
			    STR_ARG(v->target), STR_ARG(rows))
		    ->within = what.within;
		break;
	case PREP_DROP:
		call_effect(c, EFFECT_DROP, what.object,
			    "drop %.*s on %.*s and create it anew%.*s",
			    STR_ARG(name), STR_ARG(v->target), STR_ARG(rows))
		    ->within = what.within;
		break;
	case PREP_NOTHING:
		break;
	}
	call_effect(c, EFFECT_LOAD, what.object, "load %.*s into %.*s",
		    STR_ARG(name), STR_ARG(v->target))
	    ->within = what.within;
}

/* Tables that the last load knew, by name; marks the patterns they fill. */
static void show_known(struct view *v, const struct mapping *m,
		       struct value statistics, bool *is_known)
{
	struct arena *a = v->call->arena;

	for (size_t i = 0; i < statistics.as.list.n; i++) {
		struct value t = statistics.as.list.items[i];
		struct str schema = value_text(t, "SchemaName");
		struct str table = value_text(t, "TableName");
		int64_t rows = value_number(t, "FullLoadRows", 0);
		const struct mapping_selection *by =
		    mapping_select(m, schema, table);
		struct str to_schema, to_table;

		if (!by)
			continue;
		is_known[by - m->selections] = true;
		mapping_rename(m, schema, table, a, &to_schema, &to_table);
		show(v,
		     (struct effect){
			 .object = table_object(schema, table, a),
			 .within = table_object(by->schema, by->table, a) },
		     str_fmt(a, "%.*s.%.*s", STR_ARG(to_schema),
			     STR_ARG(to_table)),
		     rows > 0 ? str_fmt(a, " (%.*s rows)",
					STR_ARG(dms_count(rows, a)))
			      : (struct str){ "", 0 });
	}
}

static void show_patterns(struct view *v, const struct mapping *m,
			  const bool *is_known)
{
	struct arena *a = v->call->arena;

	for (size_t i = 0; i < m->n_selections; i++) {
		const struct mapping_selection *s = &m->selections[i];

		if (s->action != MAPPING_EXCLUDE && !is_known[i])
			show(v,
			     (struct effect){ .object = table_object(
						  s->schema, s->table, a) },
			     str_fmt(a, "%.*s.%.*s", STR_ARG(s->schema),
				     STR_ARG(s->table)),
			     (struct str){ "", 0 });
	}
}

static int show_tables(struct view *v)
{
	struct call *c = v->call;
	const struct value *tables = value_get(c->config, "tables");
	struct value statistics = value_list(NULL, 0);
	struct error before = c->err;
	struct mapping m;
	bool *is_known;

	if (tables && value_is_unknown(*tables)) {
		show(v, (struct effect){ 0 }, STR("the selected tables"),
		     (struct str){ "", 0 });
		return 0;
	}
	if (mapping_read(value_text(c->config, "tables"), c->arena, &m,
			 &c->err) < 0)
		return -1;
	/* What a service that is down cannot tell, the patterns do. */
	if (c->id.n)
		task_statistics(c, false, c->id, &statistics);
	c->err = before;
	is_known = arena_new(c->arena, bool, m.n_selections + 1);
	show_known(v, &m, statistics, is_known);
	show_patterns(v, &m, is_known);
	return 0;
}

int task_effects(struct call *c)
{
	struct view v = { .call = c };
	const struct value *text = value_get(c->config, "settings");
	struct settings settings = { .prep = PREP_DROP };

	if (!text || !value_is_unknown(*text)) {
		struct str json = value_text(c->config, "settings");

		if (settings_read(json.n ? json : STR("{}"), c->arena,
				  &settings, &c->err) < 0)
			return -1;
	}
	v.source = endpoint_name(c, "source");
	v.target = endpoint_name(c, "target");
	v.prep = settings.prep;
	call_effect(c, EFFECT_CONNECT, STR("source"),
		    "connect to %.*s and read the tables", STR_ARG(v.source));
	call_effect(c, EFFECT_CONNECT, STR("target"),
		    "connect to %.*s and write the tables", STR_ARG(v.target));
	return show_tables(&v);
}
