/*
 * From text to plan, against a provider of a few lines whose objects are what
 * the test says they are. Nothing outside is touched but a folder of its own.
 */
#include <config.h>

#include "engine/plan.h"

#include "lang/base/buf.h"
#include "lang/base/file.h"
#include "lang/config.h"
#include "lang/diag.h"

#include "engine/context.h"
#include "engine/expand.h"
#include "engine/recorded.h"
#include "engine/seal.h"
#include "engine/select.h"
#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* What reads find: set by the tests, looked at by workers. */
struct world {
	const char *gone, *broken, *failing;
	const char *drifted; /* its class is "other" */
	const char *moved;   /* its endpoint is "new" */
	bool needs_run, needs_replace;
	const char *found; /* the cidr of what was not made here */
};
static struct world world;

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
	if (strcmp(action, "create") == 0 || world.needs_run) {
		c->needs_run = true;
		c->run_reason = STR("not loaded yet");
		call_effect(c, EFFECT_TRUNCATE, "truncate the tables");
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
};
static const struct resource_ops job_ops = {
	.plan = job_plan,
	.read = fake_read,
	.create = fake_done,
	.update = fake_done,
	.destroy = fake_done,
	.run = fake_done,
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
	.unavailable = "it is not built yet",
};
static const struct provider *const providers[] = { &fake, &far, NULL };

static bool is_type(struct str name)
{
	return schema_find(schemas, name) != NULL;
}

/* -- A run ---------------------------------------------------------------- */

struct run {
	struct arena arena;
	struct context c;
	struct expansion *e;
	struct plan *p;
	struct error err;
	struct buf text; /* of the plan, or the findings */
	char folder[40];
};

static void run_begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	memset(&world, 0, sizeof(world));
	buf_init(&r->text, 1 << 24);
	strcpy(r->folder, "/tmp/dmsl-plan-XXXXXX");
	assert_non_null(mkdtemp(r->folder));
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

static void run_end(struct run *r)
{
	struct error err;

	forget_run(r);
	state_release(&r->c.state);
	file_remove_tree(r->folder, &err);
	buf_release(&r->text);
	arena_release(&r->arena);
}

static void take_findings(struct run *r)
{
	FILE *f = tmpfile();
	char line[4096];

	diags_print(&r->c.diags, f, false, 0, 100);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		buf_add_c(&r->text, line);
	fclose(f);
}

static int do_expand(struct run *r, const char *text)
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

static int do_plan_with(struct run *r, const char *text,
			const struct plan_options *o)
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

static int do_plan(struct run *r, const char *text)
{
	struct plan_options o = { 0 };

	return do_plan_with(r, text, &o);
}

struct results {
	struct value attrs[32];
	bool is_done[32];
};

static const struct value *result_of(void *context, size_t index)
{
	struct results *x = context;

	return x->is_done[index] ? &x->attrs[index] : NULL;
}

/* What an apply would have done: every step's result into the state. */
static void carry_out(struct run *r)
{
	struct results *results = arena_new(&r->arena, struct results, 1);

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
			results->attrs[s->resource->index] = s->after;
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
		for (size_t k = 0; k < s->after.as.map.n; k++) {
			struct value_entry e = s->after.as.map.entries[k];

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

static const struct plan_step *step_of(const struct run *r, const char *address)
{
	for (size_t i = 0; i < r->p->n_steps; i++)
		if (str_is(r->p->steps[i].address, address))
			return &r->p->steps[i];
	print_message("no step %s\n", address);
	fail();
	return NULL;
}

static enum action action_of(const struct run *r, const char *address)
{
	return step_of(r, address)->action;
}

static void assert_has(const struct run *r, const char *part)
{
	if (strstr(r->text.data, part))
		return;
	print_message("\"%s\" is not in:\n%s\n", part, r->text.data);
	fail();
}

static void assert_has_not(const struct run *r, const char *part)
{
	if (!strstr(r->text.data, part))
		return;
	print_message("\"%s\" is in:\n%s\n", part, r->text.data);
	fail();
}

static const char stack_text[] =
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

/* -- Tests ---------------------------------------------------------------- */

static void test_expansion(void **state)
{
	struct run r;
	static const char *const addresses[] = {
		"network.one/vpc.main",
		"network.one/subnet.part[\"a\"]",
		"network.one/subnet.part[\"b\"]",
		"server.db/group.own",
		"server.db/group.own/ingress.self",
		"server.db/base.main",
		"job.load",
	};

	(void)state;
	run_begin(&r);
	if (do_expand(&r, stack_text)) {
		print_message("%s", r.text.data);
		fail();
	}
	assert_int_equal(r.e->n, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(str_c(r.e->resources[i].address, &r.arena),
				    addresses[i]);
	/* The job needs the base alone, not all of the component. */
	assert_int_equal(r.e->resources[6].n_deps, 1);
	assert_int_equal(r.e->resources[6].deps[0], 5);
	assert_int_equal(r.e->resources[5].n_deps, 2);
	assert_int_equal(r.e->resources[4].n_deps, 1);
	assert_int_equal(r.e->resources[3].n_deps, 1);
	assert_int_equal(r.e->resources[3].deps[0], 0);
	run_end(&r);
}

static void test_create_then_nothing(void **state)
{
	struct run r;
	struct plan_counts n;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, stack_text), 0);
	n = plan_count(r.p);
	assert_int_equal(n.create, 7);
	assert_int_equal(n.simulated, 1);
	assert_int_equal(n.run, 1);
	assert_has(&r, "! truncate the tables");
	assert_has(&r, "Plan: 7 to create (1 simulated), 0 to change, 0 to "
		       "destroy; 1 load to run.");
	assert_has(&r, "range  none -> \"10.0.1.0/24\"");
	assert_has(&r, "endpoint  none -> (known after apply)");
	carry_out(&r);
	/* Outputs stay to be written: an apply does that. */
	struct value_entry outputs[] = {
		{ STR_INIT("endpoint"),
		  value_c("endpoint of server.db/base.main") },
		{ STR_INIT("range"), value_c("10.0.1.0/24") },
	};

	r.c.state.outputs = value_map(outputs, 2, &r.arena);
	assert_int_equal(do_plan(&r, stack_text), 0);
	if (!plan_is_empty(r.p))
		print_message("%s", r.text.data);
	assert_true(plan_is_empty(r.p));
	assert_has(&r, "No changes. 7 resources are as the stack says.");
	run_end(&r);
}

/* The same text with one part put in the place of another. */
static const char *changed(struct run *r, const char *old, const char *new)
{
	const char *at = strstr(stack_text, old);

	assert_non_null(at);
	return str_fmt(&r->arena, "%.*s%s%s", (int)(at - stack_text),
		       stack_text, new, at + strlen(old))
	    .s;
}

static void applied(struct run *r)
{
	run_begin(r);
	assert_int_equal(do_plan(r, stack_text), 0);
	carry_out(r);
}

static void test_update(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(
	    do_plan(&r, changed(&r, "\"db.small\" }", "\"db.x\" }")), 0);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	assert_has(&r, "class  \"db.small\" -> \"db.x\"");
	assert_has(&r, "dev.dmsl:");
	run_end(&r);
}

static void test_replace_goes_on(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, changed(&r, "10.0.0.0/16  zones",
					     "10.1.0.0/16  zones")),
			 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_REPLACE);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"a\"]"),
			 ACTION_REPLACE);
	assert_int_equal(action_of(&r, "server.db/group.own"), ACTION_REPLACE);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	const struct plan_step *vpc = step_of(&r, "network.one/vpc.main");

	/* The subnets and the group are deleted before the network is. */
	assert_int_equal(vpc->n_users, 3);
	assert_has(&r, "replaces");
	run_end(&r);
}

static void test_fixed(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, changed(&r, "class = class }",
					     "class = class  name = \"b\" }")),
			 -1);
	assert_has(&r, "error[E0312]");
	assert_has(&r, "its data lost");
	run_end(&r);
}

static void test_delete(void **state)
{
	struct run r;
	const struct plan_step *sub, *vpc;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), 0);
	assert_int_equal(plan_count(r.p).destroy, 7);
	vpc = step_of(&r, "network.one/vpc.main");
	sub = step_of(&r, "network.one/subnet.part[\"a\"]");
	assert_true(sub->index < vpc->index);
	assert_true(step_of(&r, "job.load")->index <
		    step_of(&r, "server.db/base.main")->index);
	assert_int_equal(vpc->n_needs, 3);
	assert_has(&r, "7 to destroy");
	run_end(&r);
}

static void test_lifecycle(void **state)
{
	struct run r;
	static const char text[] =
	    "stack dev { provider = fake }\n"
	    "vpc a { cidr = 10.0.0.0/16  lifecycle { prevent_destroy = "
	    "true } }\n"
	    "vpc b { cidr = 10.0.0.0/16  lifecycle { keep_on_destroy = "
	    "true } }\n";

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, text), 0);
	carry_out(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), -1);
	assert_has(&r, "vpc.a would be destroyed");
	assert_has_not(&r, "vpc.b");
	run_end(&r);
}

/* What was said of it once holds until it is taken back and applied. */
static void test_lifecycle_outlives_the_block(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }\n"
				     "component c() { vpc v { cidr = "
				     "10.0.0.0/16 } }\n"
				     "c one { lifecycle { prevent_destroy = "
				     "true } }\n"
				     "vpc b { cidr = 10.0.0.0/16  lifecycle { "
				     "keep_on_destroy = true } }\n"),
			 0);
	carry_out(&r);
	/* Only the lifecycle is gone, which is something to apply. */
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }\n"
				     "vpc b { cidr = 10.0.0.0/16 }\n"),
			 -1);
	assert_has(&r, "c.one/vpc.v would be destroyed");
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }\n"
				     "component c() { vpc v { cidr = "
				     "10.0.0.0/16 } }\n"
				     "c one { }\n"),
			 0);
	assert_int_equal(action_of(&r, "vpc.b"), ACTION_FORGET);
	assert_has(&r, "the object stays");
	assert_int_equal(action_of(&r, "c.one/vpc.v"), ACTION_NONE);
	assert_true(step_of(&r, "c.one/vpc.v")->updates_state);
	assert_false(plan_is_empty(r.p));
	carry_out(&r);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), 0);
	assert_int_equal(action_of(&r, "c.one/vpc.v"), ACTION_DELETE);
	run_end(&r);
}

static void test_ignore(void **state)
{
	static const char was[] = "stack dev { provider = fake }\n"
				  "base a { class = \"x\"  keep = true }\n";
	static const char now[] =
	    "stack dev { provider = fake  tags = { env = \"dev\" } }\n"
	    "base a { class = \"y\"  lifecycle { ignore = [class, \"tags\"] "
	    "} }\n"
	    "job b { server = base.a.class }\n";
	struct run r;
	const struct plan_step *s;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_plan(&r, was), 0);
	carry_out(&r);
	assert_int_equal(do_plan(&r, now), 0);
	s = step_of(&r, "base.a");
	assert_int_equal(s->action, ACTION_NONE);
	/* What is sent and what others see is what there is. */
	assert_true(str_is(value_text(s->wanted, "class"), "x"));
	assert_true(
	    str_is(value_text(step_of(&r, "job.b")->wanted, "server"), "x"));
	assert_null(value_get(s->wanted, "tags"));
	/* Made for the first time it is made as it is written. */
	state_remove(&r.c.state, STR("base.a"));
	assert_int_equal(do_plan(&r, now), 0);
	s = step_of(&r, "base.a");
	assert_true(str_is(value_text(s->wanted, "class"), "y"));
	run_end(&r);
}

static void test_replace_when(void **state)
{
	static const char format[] =
	    "param p : string secret = \"%s\"\n"
	    "stack dev { provider = fake }\n"
	    "job a { server = \"x\" }\n"
	    "vpc v { cidr = 10.0.0.0/16 lifecycle { replace_when = [%s] } }\n";
	struct run r;
	const struct state_resource *v;
	struct str before;

	(void)state;
	setenv("DMSL_STATE_KEY",
	       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS"
	       "4vMDEyMzQ1Njc4OTo7PD0+Pw==",
	       1);
	run_begin(&r);
	assert_int_equal(seal_open(r.folder, false, &r.c.seal, &r.err), 0);
#define PLAN(secret, values)                                                   \
	assert_int_equal(                                                      \
	    do_plan(&r, str_fmt(&r.arena, format, secret, values).s), 0)
	PLAN("S3nt1nel", "1, job.a.loaded");
	carry_out(&r);
	v = state_find(&r.c.state, STR("vpc.v"));
	assert_true(str_starts(v->replace_when, "sha256:"));
	before = v->replace_when;
	PLAN("S3nt1nel", "1, job.a.loaded");
	assert_true(plan_is_empty(r.p));
	PLAN("S3nt1nel", "2, job.a.loaded");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	assert_has(&r, "replace_when has changed");
	/* What may turn out different replaces. */
	world.needs_replace = true;
	PLAN("S3nt1nel", "1, job.a.loaded");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	assert_has(&r, "replace_when is (known after apply)");
	world.needs_replace = false;
	/* Nothing written: nothing to replace, and the digest goes. */
	PLAN("S3nt1nel", "p, 1");
	carry_out(&r);
	v = state_find(&r.c.state, STR("vpc.v"));
	assert_true(str_starts(v->replace_when, "hmac:"));
	assert_false(str_eq(v->replace_when, before));
	PLAN("S3nt1nel", "p, 1");
	assert_true(plan_is_empty(r.p));
	PLAN("other", "p, 1");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	/* Without the key nobody can tell, and nothing is made of it. */
	seal_close(r.c.seal);
	r.c.seal = NULL;
	PLAN("other", "p, 1");
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_NONE);
	assert_true(plan_is_empty(r.p));
#undef PLAN
	unsetenv("DMSL_STATE_KEY");
	run_end(&r);
}

static const struct resource *resource_of(const struct run *r,
					  const char *address)
{
	const struct resource *found =
	    map_get(r->e->by_address, str_from(address));

	assert_non_null(found);
	return found;
}

static void test_create_before_destroy(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(
	    do_expand(&r, "stack dev { provider = fake }\n"
			  "vpc a { cidr = 10.0.0.0/16 }\n"
			  "vpc b { cidr = 10.1.0.0/16 }\n"
			  "subnet a { vpc = vpc.a  cidr = 10.0.1.0/24 }\n"
			  "base a { class = \"x\"  subnets = [subnet.a]\n"
			  "  lifecycle { create_before_destroy = true } }\n"
			  "job a { server = base.a.endpoint }\n"),
	    0);
	/* All that it stands on, and nothing that stands on it. */
	assert_true(resource_of(&r, "base.a")->create_before_destroy);
	assert_true(resource_of(&r, "subnet.a")->create_before_destroy);
	assert_true(resource_of(&r, "vpc.a")->create_before_destroy);
	assert_false(resource_of(&r, "vpc.b")->create_before_destroy);
	assert_false(resource_of(&r, "job.a")->create_before_destroy);
	run_end(&r);
}

static void test_timeouts(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(
	    do_expand(&r, "param long = 2h\n"
			  "stack dev { provider = fake }\n"
			  "component c() {\n"
			  "  job a { server = \"x\"  timeouts { run = 5s } }\n"
			  "}\n"
			  "c one { timeouts { create = long  run = 10s } }\n"
			  "job b { server = \"x\"  timeouts { update = 1m  "
			  "delete = 90s } }\n"),
	    0);
	assert_int_equal(resource_of(&r, "c.one/job.a")->create_ms, 7200000);
	assert_int_equal(resource_of(&r, "c.one/job.a")->run_ms, 5000);
	assert_int_equal(resource_of(&r, "job.b")->update_ms, 60000);
	assert_int_equal(resource_of(&r, "job.b")->delete_ms, 90000);
	assert_int_equal(resource_of(&r, "job.b")->create_ms, 0);
	run_end(&r);
}

/* Plans against the state of the text before; the result in r. */
static int replan(struct run *r, const char *before, const char *after)
{
	run_begin(r);
	assert_int_equal(do_plan(r, before), 0);
	carry_out(r);
	return do_plan(r, after);
}

#define NETWORK                                                                \
	"component network() {\n"                                              \
	"  vpc main { cidr = 10.0.0.0/16 }\n"                                  \
	"  subnet part for z in [\"a\", \"b/c\"] { vpc = vpc.main\n"           \
	"    cidr = z == \"a\" ? 10.0.1.0/24 : 10.0.2.0/24 }\n"                \
	"}\n"                                                                  \
	"stack dev { provider = fake }\n"

static void test_moved(void **state)
{
	struct run r;
	const struct plan_step *s;

	(void)state;
	/* A chain of a component, and inside it all of a `for`. */
	assert_int_equal(replan(&r,
				NETWORK "network one { }\n"
					"job a { server = \"x\"  depends_on = "
					"[network.one] }\n",
				NETWORK "network three { }\n"
					"job a { server = \"x\"  depends_on = "
					"[network.three] }\n"
					"moved network.two -> network.three\n"
					"moved network.one -> network.two\n"
					"moved vpc.nothing -> vpc.else\n"),
			 0);
	s = step_of(&r, "network.three/subnet.part[\"b/c\"]");
	assert_int_equal(s->action, ACTION_NONE);
	assert_true(str_is(s->moved_from, "network.one/subnet.part[\"b/c\"]"));
	assert_int_equal(s->prior->n_deps, 1);
	assert_true(str_is(s->prior->deps[0], "network.three/vpc.main"));
	s = step_of(&r, "job.a");
	assert_int_equal(s->moved_from.n, 0);
	assert_false(s->updates_state);
	assert_false(plan_is_empty(r.p));
	assert_int_equal(plan_count(r.p).total, 4);
	run_end(&r);
	/* Out of a component, with a key in the place of none. */
	assert_int_equal(
	    replan(&r, NETWORK "network one { }\n",
		   NETWORK "vpc v for k in [\"x\"] { cidr = 10.0.0.0/16 }\n"
			   "moved network.one/vpc.main -> vpc.v[\"x\"]\n"),
	    0);
	s = step_of(&r, "vpc.v[\"x\"]");
	assert_int_equal(s->action, ACTION_NONE);
	assert_true(str_is(s->moved_from, "network.one/vpc.main"));
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"a\"]"),
			 ACTION_DELETE);
	/* Once moved, the declaration says nothing. */
	carry_out(&r);
	state_remove(&r.c.state, STR("network.one/vpc.main"));
	assert_int_equal(do_plan(&r, NETWORK "vpc v for k in [\"x\"] { cidr = "
					     "10.0.0.0/16 }\n"
					     "moved vpc.v -> vpc.v[\"x\"]\n"
					     "moved network.one/vpc.main -> "
					     "vpc.v[\"x\"]\n"),
			 0);
	assert_true(plan_is_empty(r.p));
	run_end(&r);
	/* All of a `for`, and what is left over goes with its resource. */
	assert_int_equal(
	    replan(&r, NETWORK "job a for k in [\"p\", \"q\"] { server = k }\n",
		   NETWORK "job b for k in [\"p\", \"q\"] { server = k }\n"
			   "moved job.a -> job.b\n"),
	    0);
	assert_true(
	    str_is(step_of(&r, "job.b[\"q\"]")->moved_from, "job.a[\"q\"]"));
	assert_int_equal(plan_count(r.p).destroy, 0);
	run_end(&r);
	/* Both are there. */
	assert_int_equal(
	    replan(&r,
		   NETWORK "job a { server = \"x\" }\n"
			   "job b { server = \"x\" }\n",
		   NETWORK "job b { server = \"x\" }\nmoved job.a -> job.b\n"),
	    -1);
	assert_has(&r, "E0315");
	assert_has(&r, "job.a cannot be moved to job.b: that is there already");
	run_end(&r);
}

static void test_removed(void **state)
{
	struct run r;

	(void)state;
	assert_int_equal(replan(&r,
				NETWORK
				"network one { }\n"
				"vpc v { cidr = 10.1.0.0/16 }\n"
				"vpc w { cidr = 10.2.0.0/16\n"
				"  lifecycle { prevent_destroy = true } }\n",
				NETWORK "removed network.one { keep = true }\n"
					"removed vpc.w { keep = 1 < 2 }\n"
					"removed vpc.v\n"),
			 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_FORGET);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"b/c\"]"),
			 ACTION_FORGET);
	assert_int_equal(action_of(&r, "vpc.w"), ACTION_FORGET);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_DELETE);
	assert_has(&r, "removed with keep: the object stays");
	/* Without keep the lifecycle holds. */
	assert_int_equal(do_plan(&r, NETWORK "removed vpc.w\n"), -1);
	assert_has(&r, "vpc.w would be destroyed");
	run_end(&r);
}

static void test_import(void **state)
{
	static const char text[] =
	    NETWORK "param which = \"v-1\"\n"
		    "vpc v { cidr = 10.0.0.0/16 }\n"
		    "subnet s { vpc = vpc.v  cidr = 10.0.1.0/24 }\n"
		    "import vpc.v = which\n";
	struct run r;
	const struct plan_step *s;

	(void)state;
	run_begin(&r);
	world.found = "10.0.0.0/16";
	assert_int_equal(do_plan(&r, text), 0);
	s = step_of(&r, "vpc.v");
	assert_int_equal(s->action, ACTION_NONE);
	assert_true(str_is(s->import_id, "v-1"));
	assert_true(str_is(s->prior->id, "v-1"));
	assert_false(plan_is_empty(r.p));
	/* Who refers to it knows its id. */
	assert_true(
	    str_is(value_text(step_of(&r, "subnet.s")->wanted, "vpc"), "v-1"));
	/* It is not as it is written: it is changed in the same apply. */
	assert_int_equal(do_plan(&r, NETWORK
				 "vpc v { cidr = 10.0.0.0/16  zones = [\"a\"] "
				 "}\n"
				 "import vpc.v = \"v-1\"\n"),
			 0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_UPDATE);
	assert_true(str_is(step_of(&r, "vpc.v")->import_id, "v-1"));
	/* What a read does not tell is no reason to make it anew. */
	world.found = NULL;
	assert_int_equal(do_plan(&r, text), 0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_UPDATE);
	world.found = "10.0.0.0/8";
	assert_int_equal(do_plan(&r, text), 0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_REPLACE);
	world.found = "10.0.0.0/16";
	world.gone = "vpc.v";
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "E0316");
	assert_has(&r, "there is no vpc \"v-1\" to import");
	world.gone = NULL;
	/* In the state already: the same, or another. */
	assert_int_equal(do_plan(&r, text), 0);
	carry_out(&r);
	assert_int_equal(do_plan(&r, NETWORK "vpc v { cidr = 10.0.0.0/16 }\n"
					     "import vpc.v = \"id-vpc.v\"\n"),
			 0);
	assert_int_equal(step_of(&r, "vpc.v")->import_id.n, 0);
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "cannot be imported: it is \"id-vpc.v\" already");
	/* One object has one address, also when the other is to go. */
	assert_int_equal(do_plan(&r, NETWORK "vpc w { cidr = 10.0.0.0/16 }\n"
					     "import vpc.w = \"id-vpc.v\"\n"),
			 -1);
	assert_has(&r, "\"id-vpc.v\" is vpc.v already");
	assert_int_equal(do_plan(&r, NETWORK "vpc w { cidr = 10.0.0.0/16 }\n"
					     "vpc x { cidr = 10.0.0.0/16 }\n"
					     "import vpc.w = \"v-1\"\n"
					     "import vpc.x = \"v-1\"\n"),
			 -1);
	assert_has(&r, "\"v-1\" is vpc.w already");
	run_end(&r);
}

static void test_existing(void **state)
{
	static const char text[] =
	    "component user(db: base, net: vpc) {\n"
	    "  subnet s { vpc = net  cidr = 10.0.1.0/24 }\n"
	    "  job j { server = db.endpoint  on = db }\n"
	    "  base b { class = \"x\"  subnets = db.subnets }\n"
	    "}\n"
	    "stack dev { provider = fake  tags = { env = \"dev\" } }\n"
	    "existing vpc v { id = \"v-1\" }\n"
	    "existing base db for k in [\"main\"] { class = k }\n"
	    "user one { db = base.db[\"main\"]  net = vpc.v }\n"
	    "output range = vpc.v.cidr\n"
	    "output key = base.db[\"main\"].password\n";
	struct run r;
	const struct plan_step *s;

	(void)state;
	run_begin(&r);
	world.found = "10.0.0.0/16";
	assert_int_equal(do_plan(&r, text), 0);
	assert_has_not(&r, "S3nt1nel");
	s = step_of(&r, "vpc.v");
	assert_true(s->is_existing);
	assert_int_equal(s->action, ACTION_NONE);
	assert_int_equal(s->n_changes, 0);
	s = step_of(&r, "user.one/subnet.s");
	assert_true(str_is(value_text(s->wanted, "vpc"), "v-1"));
	s = step_of(&r, "user.one/job.j");
	assert_true(str_is(value_text(s->wanted, "on"), "base-main"));
	assert_true(str_is(value_text(s->wanted, "server"), "far.example.org"));
	/* What it refers to is referred to by its id. */
	s = step_of(&r, "user.one/base.b");
	assert_true(str_is(
	    value_get(s->wanted, "subnets")->as.list.items[0].as.text, "main"));
	assert_true(value_has_secret(r.p->outputs[1].new));
	assert_true(str_is(r.p->outputs[0].new.as.text, "10.0.0.0/16"));
	carry_out(&r);
	/* It is in no state, nobody's dependency, and destroy leaves it. */
	assert_null(state_find(&r.c.state, STR("vpc.v")));
	assert_int_equal(
	    state_find(&r.c.state, STR("user.one/subnet.s"))->n_deps, 0);
	assert_int_equal(do_plan(&r, text), 0);
	for (size_t i = 0; i < r.p->n_steps; i++)
		assert_int_equal(r.p->steps[i].action, ACTION_NONE);
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), 0);
	assert_int_equal(plan_count(r.p).destroy, 3);
	/* Not there, or dmsl's own. */
	world.gone = "vpc.v";
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "E0318");
	assert_has(&r, "there is no vpc \"v-1\"");
	world.gone = "base.db[\"main\"]";
	assert_int_equal(do_plan(&r, text), -1);
	assert_has(&r, "there is no such base as is written here");
	run_end(&r);
	assert_int_equal(replan(&r,
				"stack dev { provider = fake }\n"
				"vpc v { cidr = 10.0.0.0/16 }\n",
				"stack dev { provider = fake }\n"
				"existing vpc v { id = \"v-1\" }\n"),
			 -1);
	assert_has(&r, "vpc.v is dmsl's own");
	run_end(&r);
	/* Found when what it is found by is known; its users wait for it. */
	run_begin(&r);
	assert_int_equal(
	    do_plan(&r, "stack dev { provider = fake }\n"
			"job j { server = \"x\" }\n"
			"existing vpc v { id = job.j.loaded }\n"
			"subnet s { vpc = vpc.v  cidr = 10.0.1.0/24 }\n"),
	    0);
	assert_int_equal(action_of(&r, "vpc.v"), ACTION_READ);
	assert_true(value_is_unknown(
	    *value_get(step_of(&r, "subnet.s")->wanted, "vpc")));
	/* In its place stands what it was found by. */
	carry_out(&r);
	assert_true(
	    str_is(state_find(&r.c.state, STR("subnet.s"))->deps[0], "job.j"));
	run_end(&r);
}

static void test_outside(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	world.gone = "network.one/subnet.part[\"b\"]";
	world.broken = "server.db/base.main";
	/* do_expand() forgets nothing of the world. */
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"b\"]"),
			 ACTION_CREATE);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	assert_has(&r, "was deleted outside");
	assert_has(&r, "    gone\n        network.one/subnet.part[\"b\"]\n");
	assert_has(&r, "(is stopped)");
	world = (struct world){ .drifted = "server.db/base.main" };
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_has(&r, "class  \"other\" -> \"db.small\"");
	assert_has(&r, "Changed outside since the last apply\n"
		       "    server.db/base.main\n"
		       "      class  \"db.small\" -> \"other\"\n");
	world = (struct world){ .failing = "job.load" };
	assert_int_equal(do_plan(&r, stack_text), -1);
	assert_has(&r, "could not read job.load: no answer");
	run_end(&r);
}

/* What is wrong with the state's values alone is no mistake of the text. */
static void test_outdated(void **state)
{
	struct run r;
	struct state_resource *base;
	const char *text;

	(void)state;
	applied(&r);
	text = changed(&r, "server = server.db.endpoint",
		       "server = [\"near\", \"far\"]["
		       "{ old = 7, new = 1 }[server.db.endpoint]]");
	base = state_find(&r.c.state, STR("server.db/base.main"));
	base->attrs =
	    value_with(base->attrs, STR("endpoint"), value_c("old"), &r.arena);
	world.moved = "server.db/base.main";
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "-> \"far\"");
	/* Nor is it taken for what is there. */
	text = changed(&r, "server = server.db.endpoint",
		       "server = server.db.endpoint + \"!\"");
	assert_int_equal(do_plan(&r, text), -1);
	text = changed(&r, "server = server.db.endpoint",
		       "server = \"${server.db.endpoint}!\"");
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "-> \"new!\"");
	world = (struct world){ 0 };
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "-> \"old!\"");
	run_end(&r);
}

static void test_refresh_only(void **state)
{
	struct plan_options o = { .is_refresh_only = true };
	const struct plan_step *s;
	struct run r;
	FILE *f;
	char line[4096];

	(void)state;
	applied(&r);
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_true(plan_is_empty(r.p));
	world.drifted = "server.db/base.main";
	world.gone = "job.load";
	/* The text says otherwise, and that does not matter. */
	assert_int_equal(
	    do_plan_with(&r, changed(&r, "\"db.small\" }", "\"db.x\" }"), &o),
	    0);
	assert_false(plan_is_empty(r.p));
	s = step_of(&r, "server.db/base.main");
	assert_int_equal(s->action, ACTION_NONE);
	assert_int_equal(s->n_changes, 1);
	assert_true(str_is(s->changes[0].old.as.text, "db.small"));
	assert_true(str_is(s->changes[0].new.as.text, "other"));
	assert_true(
	    str_is(value_get(s->prior->attrs, "class")->as.text, "other"));
	assert_int_equal(action_of(&r, "job.load"), ACTION_FORGET);
	assert_int_equal(plan_count(r.p).none, 6);
	buf_clear(&r.text);
	f = tmpfile();
	plan_print(r.p, &r.c, f);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		buf_add_c(&r.text, line);
	fclose(f);
	assert_has(&r, "Changed outside since the last apply\n"
		       "    server.db/base.main\n"
		       "      class  \"db.small\" -> \"other\"\n"
		       "    gone\n        job.load\n");
	assert_has(&r, "1 to take over into the state, 1 to forget");
	run_end(&r);
}

/* What is left out is not even read, and stays what the state says. */
static void test_left_out(void **state)
{
	struct str job = STR_INIT("job.load");
	struct str base = STR_INIT("server.db");
	struct selection except = { .except = &job, .n_except = 1 };
	struct selection only = { .only = &base, .n_only = 1 };
	struct plan_options o = { .selection = &except };
	struct run r;

	(void)state;
	applied(&r);
	world.failing = "job.load";
	assert_int_equal(do_plan(&r, stack_text), -1);
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_true(step_of(&r, "job.load")->is_left_out);
	assert_non_null(step_of(&r, "job.load")->prior);
	assert_false(step_of(&r, "server.db/base.main")->is_left_out);
	o.selection = &only;
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_true(step_of(&r, "job.load")->is_left_out);
	assert_true(r.p->is_partial);
	/* What is replaced takes its users along, and those that they need. */
	world.failing = NULL;
	only.only = &job;
	job = STR("network.one/vpc.main");
	assert_int_equal(do_plan_with(&r,
				      changed(&r, "10.0.0.0/16  zones",
					      "10.1.0.0/16  zones"),
				      &o),
			 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_REPLACE);
	assert_int_equal(action_of(&r, "network.one/subnet.part[\"a\"]"),
			 ACTION_REPLACE);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	run_end(&r);
}

static void test_replace_asked(void **state)
{
	struct str base = STR_INIT("server.db/base.main");
	struct plan_options o = { .replace = &base, .n_replace = 1 };
	struct run r;

	(void)state;
	applied(&r);
	/* It is asked for by name, so its data may go. */
	assert_int_equal(do_plan_with(&r, stack_text, &o), 0);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_REPLACE);
	assert_true(str_is(step_of(&r, "server.db/base.main")->reason,
			   "asked for by --replace"));
	assert_int_equal(do_plan_with(&r,
				      changed(&r, "class = class }",
					      "class = class  lifecycle { "
					      "prevent_destroy = true } }"),
				      &o),
			 -1);
	assert_has(&r, "error[E0311]");
	base = STR("server.db/base.mian");
	assert_int_equal(do_plan_with(&r, stack_text, &o), -1);
	assert_non_null(strstr(r.err.hint, "'server.db/base.main'"));
	run_end(&r);
}

static void test_types_decide(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	world.needs_run = true;
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(action_of(&r, "job.load"), ACTION_RUN);
	assert_has(&r, "1 load to run");
	assert_has(&r, "(not loaded yet)");
	world = (struct world){ .needs_replace = true };
	assert_int_equal(do_plan(&r, stack_text), 0);
	assert_int_equal(action_of(&r, "job.load"), ACTION_REPLACE);
	run_end(&r);
}

static void test_local_is_no_update(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_plan(&r, changed(&r, "class = class }",
					     "class = class  keep = true }")),
			 0);
	assert_int_equal(action_of(&r, "server.db/base.main"), ACTION_NONE);
	assert_int_equal(step_of(&r, "server.db/base.main")->n_changes, 1);
	run_end(&r);
}

static void test_tags_change_nothing_else(void **state)
{
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(
	    do_plan(&r, changed(&r, "env = \"dev\"", "env = \"test\"")), 0);
	assert_int_equal(action_of(&r, "network.one/vpc.main"), ACTION_UPDATE);
	assert_int_equal(action_of(&r, "server.db/group.own"), ACTION_NONE);
	assert_int_equal(action_of(&r, "job.load"), ACTION_NONE);
	assert_int_equal(plan_count(r.p).update, 4);
	/* Said once, for all of them. */
	assert_has(&r, "~ 4 resources, 1 of them simulated");
	assert_has(&r, "tags  env: \"dev\" -> \"test\"");
	assert_has_not(&r, "~ network.one");
	run_end(&r);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *code, *words;
	} cases[] = {
		{ "vpc a { cdir = 10.0.0.0/16 }", "E0203",
		  "unrecognised attribute \"cdir\"" },
		{ "vpc a { cdir = 10.0.0.0/16 }", "E0220",
		  "vpc \"a\" has no \"cidr\"" },
		{ "vpc a { cidr = 10.0.0.0/16  arn = \"x\" }", "E0221",
		  "cannot be written" },
		{ "vpc a { cidr = 10.0.0.0/16  cidr = 10.1.0.0/16 }", "E0205",
		  "given twice" },
		{ "vpc a { cidr = rang }", "E0251", "unknown name \"rang\"" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = vpc.c  cidr = 10.0.0.0/24 }",
		  "E0251", "there is no vpc \"c\"" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = subnet.c  cidr = 10.0.0.0/24 }\n"
		  "subnet c { vpc = vpc.a  cidr = 10.0.1.0/24 }",
		  "E0250", "expected a vpc, found a subnet" },
		{ "vpc a { cidr = \"x\" }", "E0250", "cidr" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = vpc.a  cidr = 10.1.0.0/24 }",
		  "E0401", "outside its network's 10.0.0.0/16" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "subnet b { vpc = vpc.a  cidr = 10.0.0.0/23 }\n"
		  "subnet c { vpc = vpc.a  cidr = 10.0.1.0/24 }",
		  "E0402", "overlaps 10.0.0.0/23 of subnet.b" },
		{ "job a { server = job.b.loaded }\n"
		  "job b { server = job.c.loaded }\n"
		  "job c { server = job.a.loaded }",
		  "E0301", "job.a needs job.b" },
		{ "let a = b\nlet b = a\njob c { server = a }", "E0301",
		  "is made from itself" },
		{ "job a for k in job.b.loaded { server = k }\n"
		  "job b { server = \"x\" }",
		  "E0305", "known only after apply" },
		{ "job a for k in [1, 2] { server = \"x\" }", "E0306",
		  "keyed by strings, found a number" },
		{ "param n : number\njob a { server = \"x\" }", "E0302",
		  "param \"n\" has no value" },
		{ "param n : number = 0 { check = n > 0  message = \"more\" }",
		  "E0304", "not allowed: more" },
		{ "component c() { job a { server = x.y.z } }\nc one { }",
		  "E0251", "unknown name \"x\"" },
		{ "job x { server = \"a\" }\n"
		  "component c() { job a { server = job.x.loaded } }\n"
		  "c one { }",
		  "E0251", "there is no job \"x\"" },
		{ "component c(n: number) { job a { server = \"x\" } }\n"
		  "c one { n = \"x\" }",
		  "E0250", "number" },
		{ "component c() { c again { } }\nc one { }", "E0303",
		  "more than 32 deep" },
		{ "group g { vpc = vpc.a  ingress { port = 1 } }\n"
		  "vpc a { cidr = 10.0.0.0/16 }",
		  "E0223", "needs a name" },
		{ "job a { server = \"x\"  provider = far }", "E0310",
		  "\"provider\" in a block" },
		{ "check c { on = job.a  querry = \"x\"  expect = 1 }\n"
		  "job a { server = \"x\" }",
		  "E0203", "\"querry\" in check \"c\"" },
		{ "check c { on = job.a  query = \"x\"  expect = job.a.lod }\n"
		  "job a { server = \"x\" }",
		  "E0252", "no attribute \"lod\"" },
		{ "job a { server = \"x\"  lifecycle { ignore = [servr] } }",
		  "E0203", "job has no attribute \"servr\" to ignore" },
		{ "job a { server = \"x\"  lifecycle { ignore = [loaded] } }",
		  "E0203", "no attribute \"loaded\" to ignore" },
		{ "job a { server = \"x\"  lifecycle { ignore = server } }",
		  "E0250", "takes a list of names" },
		{ "job a { server = \"x\"  lifecycle { prevent_destory = true "
		  "} }",
		  "E0203", "Did you mean \"prevent_destroy\"?" },
		{ "job a { server = \"x\"  lifecycle { replace_when = [nam] } "
		  "}",
		  "E0251", "unknown name \"nam\"" },
		{ "component c() { job a { server = \"x\" } }\n"
		  "c one { lifecycle { ignore = [server] } }",
		  "E0203", "unrecognised attribute \"ignore\"" },
		{ "vpc a { cidr = 10.0.0.0/16 }\n"
		  "group g { vpc = vpc.a  ingress p { timeouts { crate = 1s } "
		  "} "
		  "}",
		  "E0203", "Did you mean \"create\"?" },
		{ "job a { server = \"x\"  timeouts { create = 5 } }", "E0250",
		  "duration" },
		{ "job a { server = \"x\"  timeouts { create = 0s } }", "E0255",
		  "longer than nothing" },
		{ "job a { server = \"x\" }\n"
		  "job b { server = \"x\"  lifecycle { prevent_destroy = "
		  "job.a.loaded == \"x\" } }",
		  "E0305", "lifecycle must be known" },
		{ "existing vpc v { cidr = 10.0.0.0/16 }", "E0220",
		  "existing vpc \"v\" has no \"id\"" },
		{ "existing base b { }", "E0220", "that say which one" },
		{ "existing vpc v { id = \"v\"  lifecycle { ignore = [] } }",
		  "E0222", "\"lifecycle\" in existing vpc \"v\"" },
		{ "existing vpc v { id = \"v\"  cdir = \"x\" }", "E0203",
		  "Did you mean \"cidr\"?" },
		{ "existing vpc v { id = \"v\" }\n"
		  "job a { server = vpc.v.name }",
		  "E0252", "no attribute \"name\"" },
		{ "existing vpc v { id = \"v\" }\nimport vpc.v = \"x\"",
		  "E0316", "it is declared as existing" },
		{ "moved job -> job.b", "E0314", "not the address" },
		{ "moved job.a[*] -> job.b", "E0314", "TYPE.NAME[\"KEY\"]" },
		{ "moved job.a -> vpc.a", "E0315",
		  "a job cannot become a vpc" },
		{ "moved job.a -> job.b\nmoved job.a -> job.c", "E0315",
		  "job.a is moved twice" },
		{ "moved job.a -> job.b\nmoved job.b -> job.a", "E0315",
		  "come back to it" },
		{ "moved net.a -> net.a/net.b", "E0315", "into itself" },
		{ "moved job.a -> job.b\njob a { server = \"x\" }", "E0315",
		  "job.a is moved, and still declared" },
		{ "component c() { moved job.a -> job.b }\nc one { }", "E0206",
		  "moved cannot stand in a component" },
		{ "removed job.a\njob a { server = \"x\" }", "E0317",
		  "job.a is still declared" },
		{ "component c() { job a { server = \"x\" } }\nc one { }\n"
		  "removed c.one",
		  "E0317", "c.one/job.a is still declared" },
		{ "removed job.a\nremoved job.a", "E0317", "removed twice" },
		{ "removed job.a { kepe = true }", "E0203",
		  "Did you mean \"keep\"?" },
		{ "import job.a = \"x\"", "E0316", "does not declare it" },
		{ "job a { server = \"x\" }\nimport job.a = \"\"", "E0316",
		  "must be a text" },
		{ "job a { server = \"x\" }\n"
		  "job b { server = \"x\" }\nimport job.a = job.b.loaded",
		  "E0316", "that is known" },
		{ "job a { server = \"x\" }\nimport job.a = \"x\"\n"
		  "import job.a = \"y\"",
		  "E0316", "it is imported twice" },
		{ "job a { server = \"x\"  depends_on = [job.b] }\n"
		  "job b { server = \"x\"  depends_on = [job.a] }",
		  "E0301", "job.a needs job.b" },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		run_begin(&r);
		assert_int_equal(
		    do_expand(&r, str_fmt(&r.arena,
					  "stack dev { provider = fake }\n"
					  "%s\n",
					  cases[i].text)
				      .s),
		    -1);
		assert_has(&r, cases[i].code);
		assert_has(&r, cases[i].words);
		run_end(&r);
	}
}

static void test_several_at_once(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_expand(&r, "stack dev { provider = fake }\n"
				       "vpc a { cidr = rang  zoness = [] }\n"
				       "subnet b { vpc = vcp.a }\n"),
			 -1);
	assert_has(&r, "unknown name \"rang\"");
	assert_has(&r, "\"zoness\"");
	assert_has(&r, "Did you mean \"zones\"?");
	assert_has(&r, "unknown name \"vcp\"");
	assert_has(&r, "has no \"cidr\"");
	run_end(&r);
}

static void test_providers(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(do_expand(&r, "stack dev { provider = far }"), -1);
	assert_has(&r, "provider \"far\" cannot be used: it is not built yet");
	assert_int_equal(do_expand(&r, "stack dev { provider = fak }"), -1);
	assert_has(&r, "Did you mean \"fake\"?");
	struct setting on = { .name = STR("on"), .text = STR("far") };

	r.c.settings = &on;
	r.c.n_settings = 1;
	assert_int_equal(do_expand(&r, "param on : enum(fake, far) = fake\n"
				       "stack dev { provider = on }"),
			 -1);
	assert_has(&r, "provider \"far\" cannot be used");
	on.name = STR("om");
	assert_int_equal(do_expand(&r, "param on : enum(fake, far) = fake\n"
				       "stack dev { provider = on }"),
			 -1);
	assert_has(&r, "the stack has no param \"om\"");
	assert_has(&r, "Did you mean \"on\"?");
	run_end(&r);
}

static void test_depends_on_component(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(
	    do_expand(&r, "stack dev { provider = fake }\n"
			  "component c() {\n"
			  "  job a { server = \"x\" }\n"
			  "  job b { server = \"y\" }\n"
			  "}\n"
			  "c one { }\n"
			  "c two { depends_on = [c.one] }\n"
			  "job z for k in [\"p\", \"q\"] { server = k }\n"
			  "job y { server = job.z[\"q\"].loaded }\n"),
	    0);
	assert_int_equal(r.e->resources[2].n_deps, 2);
	assert_int_equal(r.e->resources[3].n_deps, 2);
	assert_int_equal(r.e->resources[6].n_deps, 1);
	assert_int_equal(r.e->resources[6].deps[0], 5);
	run_end(&r);
}

/* A sentinel is in nothing that a plan writes. */
static void test_no_secret(void **state)
{
	static const char text[] =
	    "param pass : string secret\n"
	    "stack dev { provider = fake }\n"
	    "base a { class = \"x\"  password = pass }\n"
	    "job b { server = \"host-${base.a.password}\" }\n"
	    "output p = pass\n";
	struct run r;
	struct buf json;
	struct saved_plan saved;
	char file[80];
	struct str written;

	(void)state;
	run_begin(&r);
	setenv("DMSL_PARAM_pass", "S3nt1nel-one", 1);
	assert_int_equal(do_plan(&r, text), 0);
	assert_has(&r, "(secret)");
	assert_has_not(&r, "S3nt1nel");
	carry_out(&r);
	setenv("DMSL_PARAM_pass", "S3nt1nel-two", 1);
	assert_int_equal(do_plan(&r, text), 0);
	assert_int_equal(action_of(&r, "base.a"), ACTION_UPDATE);
	assert_has(&r, "password  (secret) -> (secret)");
	assert_has_not(&r, "S3nt1nel");
	buf_init(&json, 1 << 20);
	plan_write_json(r.p, &r.c, &json);
	assert_null(strstr(json.data, "S3nt1nel"));
	assert_non_null(strstr(json.data, "\"after_sensitive\":{\"password\":"
					  "true"));
	buf_release(&json);
	snprintf(file, sizeof(file), "%s/plan", r.folder);
	assert_int_equal(plan_save(r.p, &r.c, file, &r.err), 0);
	assert_int_equal(file_read(file, 1 << 20, &r.arena, &written, &r.err),
			 0);
	assert_false(str_contains(written, STR("S3nt1nel")));
	/* It is the plan that was saved, and says so of another one. */
	assert_int_equal(plan_load(file, &r.arena, &saved, &r.err), 0);
	assert_true(str_is(saved.stack, "dev"));
	assert_int_equal(plan_matches(r.p, &r.c, &saved, &r.err), 0);
	assert_true(str_eq(saved.hash, plan_hash(r.p, &r.c, &r.arena)));
	assert_int_equal(do_plan(&r, "param pass : string secret\n"
				     "stack dev { provider = fake }\n"
				     "base a { class = \"y\"  password = pass "
				     "}\n"),
			 0);
	assert_int_equal(plan_matches(r.p, &r.c, &saved, &r.err), -1);
	assert_non_null(strstr(r.err.message, "the configuration is not"));
	buf_clear(&r.text);
	take_findings(&r);
	assert_has(&r, "job.b is not what it was when the plan was made");
	assert_has(&r, "planned: update, now: delete");
	assert_has_not(&r, "S3nt1nel");
	saved_plan_release(&saved);
	/* A byte that was changed is found. */
	((char *)written.s)[written.n - 3] ^= 1;
	assert_int_equal(file_replace(file, written, 0600, &r.err), 0);
	assert_int_equal(plan_load(file, &r.arena, &saved, &r.err), -1);
	assert_int_equal(r.err.kind, ERROR_CORRUPT);
	unsetenv("DMSL_PARAM_pass");
	run_end(&r);
}

static void test_destroy(void **state)
{
	struct plan_options o = { .is_destroy = true };
	struct run r;

	(void)state;
	applied(&r);
	assert_int_equal(do_expand(&r, stack_text), 0);
	assert_int_equal(plan_build(&r.c, r.e, &o, &r.p, &r.err), 0);
	assert_int_equal(plan_count(r.p).destroy, 7);
	plan_release(r.p);
	r.p = NULL;
	/* Without the configuration too. */
	assert_int_equal(plan_build(&r.c, NULL, &o, &r.p, &r.err), 0);
	assert_int_equal(plan_count(r.p).destroy, 7);
	run_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expansion),
		cmocka_unit_test(test_create_then_nothing),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_replace_goes_on),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_lifecycle),
		cmocka_unit_test(test_lifecycle_outlives_the_block),
		cmocka_unit_test(test_ignore),
		cmocka_unit_test(test_replace_when),
		cmocka_unit_test(test_create_before_destroy),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_existing),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_outdated),
		cmocka_unit_test(test_refresh_only),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_replace_asked),
		cmocka_unit_test(test_types_decide),
		cmocka_unit_test(test_local_is_no_update),
		cmocka_unit_test(test_tags_change_nothing_else),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_providers),
		cmocka_unit_test(test_depends_on_component),
		cmocka_unit_test(test_no_secret),
		cmocka_unit_test(test_destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
