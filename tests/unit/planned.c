#include <config.h>

#include "tests/unit/planned.h"

#include "engine/plan.h"

#include "lang/base/file.h"
#include "lang/config.h"
#include "lang/diag.h"

#include "engine/apply_graph.h"
#include "engine/expand.h"
#include "engine/recorded.h"
#include "engine/schedule.h"
#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- A provider ----------------------------------------------------------- */

static const struct attr_schema net_attrs[] = {
	{ "cidr", "cidr", ATTR_REQUIRED | ATTR_REPLACE, NULL, "" },
	{ "zones", "set(string)", ATTR_OPTIONAL, "[]", "" },
	{ "arn", "string", ATTR_COMPUTED | ATTR_STABLE, NULL, "" },
	{ 0 },
};
static const struct type_schema net_schema = {
	.name = "vpc",
	.attrs = net_attrs,
	.has_tags = true,
};

static const struct attr_schema part_attrs[] = {
	{ "vpc", "vpc", ATTR_REQUIRED | ATTR_REPLACE, NULL, "" },
	{ "cidr", "cidr", ATTR_REQUIRED | ATTR_REPLACE, NULL, "" },
	{ 0 },
};
static const struct type_schema part_schema = {
	.name = "subnet",
	.attrs = part_attrs,
	.has_tags = true,
};

static const struct attr_schema rule_attrs[] = {
	{ "group", "group", ATTR_REQUIRED | ATTR_REPLACE, NULL, "" },
	{ "direction", "enum(ingress, egress)", ATTR_REQUIRED, NULL, "" },
	{ "from", "group", ATTR_OPTIONAL, NULL, "" },
	{ "port", "number", ATTR_OPTIONAL, NULL, "" },
	{ 0 },
};
static const struct type_schema rule_schema = {
	.name = "rule",
	.attrs = rule_attrs,
};

static const struct attr_schema group_attrs[] = {
	{ "vpc", "vpc", ATTR_REQUIRED | ATTR_REPLACE, NULL, "" },
	{ 0 },
};
static const struct attr_schema note_attrs[] = {
	{ "text", "string", ATTR_REQUIRED, NULL, "" },
	{ "level", "enum(low, high)", ATTR_OPTIONAL, "low", "" },
	{ 0 },
};
static const struct block_schema group_blocks[] = {
	{ .name = "ingress",
	  .kind = BLOCK_NODES,
	  .node_type = "rule",
	  .parent_attr = "group",
	  .given = "direction" },
	{ .name = "note", .kind = BLOCK_LIST, .attrs = note_attrs },
	{ 0 },
};
static const struct type_schema group_schema = {
	.name = "group",
	.attrs = group_attrs,
	.blocks = group_blocks,
};

static const struct attr_schema base_attrs[] = {
	{ "subnets", "set(subnet)", ATTR_OPTIONAL, "[]", "" },
	{ "class", "string", ATTR_REQUIRED, NULL, "" },
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "" },
	{ "password", "string", ATTR_OPTIONAL | ATTR_SECRET, NULL, "" },
	{ "keep", "bool", ATTR_OPTIONAL | ATTR_LOCAL, "false", "" },
	{ "endpoint", "string", ATTR_COMPUTED | ATTR_STABLE, NULL, "" },
	{ "status", "string", ATTR_COMPUTED, NULL, "" },
	{ 0 },
};
static const struct type_schema base_schema = {
	.name = "base",
	.attrs = base_attrs,
	.has_tags = true,
	.is_fixed = true,
};

static const struct attr_schema job_attrs[] = {
	{ "server", "string", ATTR_REQUIRED, NULL, "" },
	{ "on", "base", ATTR_OPTIONAL, NULL, "" },
	{ "loaded", "string", ATTR_COMPUTED, NULL, "" },
	{ 0 },
};
static const struct type_schema job_schema = {
	.name = "job",
	.attrs = job_attrs,
};

static const struct type_schema *const schemas[] = {
	&net_schema,  &part_schema, &rule_schema, &group_schema,
	&base_schema, &job_schema,  NULL,
};

struct world world;

static bool is(struct str address, const char *which)
{
	return which && str_is(address, which);
}

static enum step fake_read(struct call *c)
{
	if (is(c->address, world.failing))
		return call_fail(c, ERROR_UNAVAILABLE, "no answer");
	c->is_gone = is(c->address, world.gone);
	c->is_broken = is(c->address, world.broken);
	c->status = STR("is stopped");
	c->result = c->prior;
	if ((c->prior.kind != VALUE_MAP || c->prior.as.map.n == 0) &&
	    world.found)
		c->result = value_map(
		    (struct value_entry[]){
			{ STR("cidr"), value_c(world.found) },
			{ STR("zones"), value_list(NULL, 0) },
		    },
		    2, c->arena);
	if (is(c->address, world.drifted))
		c->result = value_with(c->prior, STR("class"), value_c("other"),
				       c->arena);
	if (is(c->address, world.moved))
		c->result = value_with(c->prior, STR("endpoint"),
				       value_c("new"), c->arena);
	return STEP_DONE;
}

static enum step fake_done(struct call *c)
{
	c->id = c->address;
	return STEP_DONE;
}

/* By its class; it stands in the subnet of that name. */
static enum step base_lookup(struct call *c)
{
	struct str class = value_text(c->config, "class");

	c->is_gone = is(c->address, world.gone);
	c->id = str_fmt(c->arena, "base-%.*s", STR_ARG(class));
	c->result = value_map(
	    (struct value_entry[]){
		{ STR("endpoint"), value_c("far.example.org") },
		{ STR("password"), value_c("S3nt1nel") },
		{ STR("subnets"),
		  value_list((struct value[]){ value_str(class) }, 1) },
	    },
	    3, c->arena);
	c->result = value_copy(c->result, c->arena);
	return STEP_DONE;
}

static int job_plan(struct call *c, const char *action)
{
	if (world.refused)
		return error_set(&c->err, ERROR_INVALID, "%s", world.refused);
	if (world.advice)
		call_notice(c, "%s", world.advice);
	if (strcmp(action, "create") == 0 || world.needs_run) {
		c->needs_run = true;
		c->run_reason = STR("not loaded yet");
		call_effect(c, EFFECT_TRUNCATE,
			    str_from(world.table ? world.table : "tables"),
			    "truncate the tables (%d rows)", world.rows);
	}
	c->needs_replace = world.needs_replace;
	c->replace_reason = STR("the type says so");
	return 0;
}

static const struct resource_ops plain_ops = {
	.read = fake_read,
	.create = fake_done,
	.update = fake_done,
	.destroy = fake_done,
};
static const struct resource_ops base_ops = {
	.read = fake_read,
	.create = fake_done,
	.update = fake_done,
	.destroy = fake_done,
	.lookup = base_lookup,
	.query = fake_done,
};
static const struct resource_ops job_ops = {
	.plan = job_plan,
	.read = fake_read,
	.create = fake_done,
	.update = fake_done,
	.destroy = fake_done,
	.run = fake_done,
	.query = fake_done,
};
static const struct resource_type fake_types[] = {
	{ .name = "vpc", .ops = &plain_ops, .is_simulated = true },
	{ .name = "subnet", .ops = &plain_ops },
	{ .name = "rule", .ops = &plain_ops },
	{ .name = "group", .ops = &plain_ops },
	{ .name = "base", .ops = &base_ops },
	{ .name = "job", .ops = &job_ops },
	{ 0 },
};

static int fake_open(const struct provider_setup *s, void **self,
		     struct error *err)
{
	(void)s, (void)err;
	*self = NULL;
	return 0;
}

static const struct provider fake = {
	.name = "fake",
	.types = fake_types,
	.open = fake_open,
};
static const struct provider far = {
	.name = "far",
	.types = fake_types,
	.open = fake_open,
};
static const struct provider *const providers[] = { &fake, &far, NULL };

static bool is_type(struct str name)
{
	return schema_find(schemas, name) != NULL;
}

/* -- A run ---------------------------------------------------------------- */

void run_begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	memset(&world, 0, sizeof(world));
	buf_init(&r->text, 1 << 24);
	assert_non_null(scratch_folder(r->folder, "plan"));
	r->c.providers = providers;
	r->c.schemas = schemas;
	r->c.arena = &r->arena;
	r->c.diags.arena = &r->arena;
	r->c.parallel = 3;
	state_init(&r->c.state, &r->arena);
	r->c.state.stack = STR("dev");
	r->c.state.uid = STR("0123456789abcdef");
}

static void forget_run(struct run *r)
{
	plan_release(r->p);
	r->p = NULL;
	if (r->e)
		expansion_release(r->e);
	r->e = NULL;
	if (r->c.config)
		config_release(r->c.config);
	r->c.config = NULL;
	diags_release(&r->c.diags);
	r->c.diags = (struct diags){ .arena = &r->arena };
	r->err = (struct error){ 0 };
	buf_clear(&r->text);
}

void run_end(struct run *r)
{
	struct error err;

	forget_run(r);
	state_release(&r->c.state);
	file_remove_tree(r->folder, &err);
	buf_release(&r->text);
	arena_release(&r->arena);
}

void take_findings(struct run *r)
{
	FILE *f = tmpfile();
	char line[4096];

	diags_print(&r->c.diags, f, false, 0, 100);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		buf_add_c(&r->text, line);
	fclose(f);
}

int do_expand(struct run *r, const char *text)
{
	char path[80];

	forget_run(r);
	snprintf(path, sizeof(path), "%s/dev.dmsl", r->folder);
	assert_int_equal(file_replace(path, str_from(text), 0600, &r->err), 0);
	r->c.path = str_c(str_from(path), &r->arena);
	r->c.config = config_load(r->c.path, is_type, NULL, &r->arena,
				  &r->c.diags, &r->err);
	assert_non_null(r->c.config);
	r->e = expand(&r->c, false, &r->err);
	take_findings(r);
	return r->e && r->c.diags.n_errors == 0 ? 0 : -1;
}

int do_plan_with(struct run *r, const char *text, const struct plan_options *o)
{
	FILE *f;
	char line[4096];

	if (do_expand(r, text)) {
		print_message("%s\n", r->text.data);
		return -1;
	}
	if (plan_build(&r->c, r->e, o, &r->p, &r->err)) {
		buf_clear(&r->text);
		take_findings(r);
		return -1;
	}
	buf_clear(&r->text);
	f = tmpfile();
	plan_print(r->p, &r->c, f);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		buf_add_c(&r->text, line);
	fclose(f);
	return 0;
}

int do_plan(struct run *r, const char *text)
{
	struct plan_options o = { 0 };

	return do_plan_with(r, text, &o);
}

struct results {
	struct value *attrs;
	bool *is_done;
};

static const struct value *result_of(void *context, size_t index)
{
	struct results *x = context;

	return x->is_done[index] ? &x->attrs[index] : NULL;
}

/* What an apply would have done: every step's result into the state. */
void carry_out(struct run *r)
{
	struct results *results = arena_new(&r->arena, struct results, 1);

	results->attrs = arena_new(&r->arena, struct value, r->e->n + 1);
	results->is_done = arena_new(&r->arena, bool, r->e->n + 1);
	r->e->lookup = result_of;
	r->e->lookup_context = results;
	for (size_t i = 0; i < r->p->n_steps; i++) {
		const struct plan_step *s = &r->p->steps[i];
		struct state_resource now = {
			.address = s->address,
			.type = str_from(s->schema->name),
			.provider = STR("fake"),
			.id =
			    str_fmt(&r->arena, "id-%.*s", STR_ARG(s->address)),
		};
		struct value_entry entries[32];
		size_t n = 0;

		if (s->is_existing) {
			results->attrs[s->resource->index] = plan_after(s);
			results->is_done[s->resource->index] = true;
			continue;
		}
		if (s->action == ACTION_DELETE || s->action == ACTION_FORGET) {
			state_remove(&r->c.state, s->address);
			continue;
		}
		assert_int_equal(expand_wanted(r->e, s->resource->index,
					       &r->arena, &now.attrs, NULL),
				 0);
		for (size_t k = 0; k < plan_after(s).as.map.n; k++) {
			struct value_entry e = plan_after(s).as.map.entries[k];

			if (str_is(e.key, "id"))
				continue;
			if (value_get_str(now.attrs, e.key))
				continue;
			if (value_is_unknown(e.value))
				e.value = value_str(str_fmt(
				    &r->arena, "%.*s of %.*s", STR_ARG(e.key),
				    STR_ARG(s->address)));
			entries[n++] = e;
		}
		for (size_t k = 0; k < now.attrs.as.map.n; k++)
			entries[n++] = now.attrs.as.map.entries[k];
		now.attrs = value_map(entries, n, &r->arena);
		results->attrs[s->resource->index] = value_with(
		    now.attrs, STR("id"), value_str(now.id), &r->arena);
		results->is_done[s->resource->index] = true;
		assert_int_equal(
		    recorded_fill(r->e, s->resource, &r->arena, &now, &r->err),
		    0);
		state_put(&r->c.state, &now);
	}
}

const struct plan_step *step_of(const struct run *r, const char *address)
{
	for (size_t i = 0; i < r->p->n_steps; i++)
		if (str_is(r->p->steps[i].address, address))
			return &r->p->steps[i];
	print_message("no step %s\n", address);
	fail();
	return NULL;
}

static void note_reached(void *context, size_t node, size_t because)
{
	bool *reached = context;

	(void)because;
	reached[node] = true;
}

/* What a failure takes with it comes behind. */
bool *reached_from(const struct run *r, size_t node, struct arena *a)
{
	struct apply_graph g;
	struct schedule s;
	size_t now;
	bool *out;

	apply_graph_init(&g, r->p, &s);
	out = arena_new(a, bool, g.n_nodes + 1);
	if (schedule_begin(&s, &now)) {
		print_message("%zu needs itself\n", now);
		fail();
	}
	while (schedule_next(&s, 0, &now) && now != node)
		schedule_done(&s, now);
	assert_int_equal(now, node);
	schedule_fail(&s, node, note_reached, out);
	apply_graph_release(&g);
	schedule_release(&s);
	return out;
}

bool goes_before(struct run *r, const char *first, const char *second)
{
	size_t from = step_of(r, first)->index, to = step_of(r, second)->index;
	struct apply_graph g;
	struct schedule s;

	apply_graph_init(&g, r->p, &s);
	from = g.delete_node[from];
	to = g.delete_node[to];
	apply_graph_release(&g);
	schedule_release(&s);
	assert_true(from != NO_NODE && to != NO_NODE);
	return reached_from(r, from, &r->arena)[to];
}

enum action action_of(const struct run *r, const char *address)
{
	return step_of(r, address)->action;
}

void assert_has(const struct run *r, const char *part)
{
	if (strstr(r->text.data, part))
		return;
	print_message("\"%s\" is not in:\n%s\n", part, r->text.data);
	fail();
}

void assert_has_not(const struct run *r, const char *part)
{
	if (!strstr(r->text.data, part))
		return;
	print_message("\"%s\" is in:\n%s\n", part, r->text.data);
	fail();
}

const char stack_text[] =
    "param size : enum(small, large) = small\n"
    "param rows : number = 4 { check = rows > 0  message = \"too few\" }\n"
    "let zones = [\"a\", \"b\"]\n"
    "stack dev { provider = fake  tags = { env = \"dev\" } }\n"
    "component network(cidr: cidr, zones: list(string)) {\n"
    "  vpc main { cidr = cidr  zones = zones }\n"
    "  let nets = { for i, z in zones : z => cidr_subnet(cidr, 8, i + 1) }\n"
    "  subnet part for z in zones { vpc = vpc.main  cidr = nets[z] }\n"
    "  output vpc = vpc.main\n"
    "  output subnets = subnet.part[*]\n"
    "  output first = subnet.part[\"a\"].cidr\n"
    "}\n"
    "component server(net: network, class: string = \"db.small\") {\n"
    "  group own {\n"
    "    vpc = net.vpc\n"
    "    ingress self { from = group.own  port = 5432 }\n"
    "    note { text = \"one\" }\n"
    "    note { text = \"two\"  level = high }\n"
    "  }\n"
    "  base main { subnets = net.subnets  class = class }\n"
    "  output base = base.main\n"
    "  output endpoint = base.main.endpoint\n"
    "}\n"
    "network one { cidr = 10.0.0.0/16  zones = zones }\n"
    "server db { net = network.one  class = size == \"large\" ? \"db.large\" "
    ": \"db.small\" }\n"
    "job load { server = server.db.endpoint  on = server.db.base }\n"
    "output endpoint = server.db.endpoint\n"
    "output range = network.one.first\n";

/* The same text with one part put in the place of another. */
const char *changed(struct run *r, const char *old, const char *new)
{
	const char *at = strstr(stack_text, old);

	assert_non_null(at);
	return str_fmt(&r->arena, "%.*s%s%s", (int)(at - stack_text),
		       stack_text, new, at + strlen(old))
	    .s;
}

void applied(struct run *r)
{
	run_begin(r);
	assert_int_equal(do_plan(r, stack_text), 0);
	carry_out(r);
}

const struct resource *resource_of(const struct run *r, const char *address)
{
	const struct resource *found = expand_find(r->e, str_from(address));

	assert_non_null(found);
	return found;
}

/* Plans against the state of the text before; the result in r. */
int replan(struct run *r, const char *before, const char *after)
{
	run_begin(r);
	assert_int_equal(do_plan(r, before), 0);
	carry_out(r);
	return do_plan(r, after);
}
