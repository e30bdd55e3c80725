/*
 * Zones and networks of what a resource refers to: a balancer has one subnet a
 * zone, a subnet group stands in two zones, and what works together is in one
 * network. Only what is known is judged.
 */
#include <config.h>

#include "engine/expand_domain.h"

#include <string.h>

/* -- Zones ---------------------------------------------------------------- */

enum zone_rule { ZONES_ONCE, ZONES_TWO };

static const struct {
	const char *type;
	enum zone_rule rule;
} zone_rules[] = {
	{ "load_balancer", ZONES_ONCE },
	{ "vpc_endpoint", ZONES_ONCE },
	{ "db_subnet_group", ZONES_TWO },
	{ "replication_subnet_group", ZONES_TWO },
};

struct zones {
	struct expander *x;
	const struct resource *of;
	struct map seen; /* zone -> struct resource */
	bool is_once, is_whole;
};

static void add_zone(void *context, size_t index)
{
	struct zones *z = context;
	struct resource *subnet = &z->x->resources.items[index];
	struct str zone = domain_text(z->x, index, "zone");
	const struct resource *first;
	struct diag *to;

	if (!zone.n) {
		z->is_whole = false;
		return;
	}
	first = map_add(&z->seen, zone, subnet);
	if (!first || first == subnet || !z->is_once)
		return;
	to = diag_error(z->x->diags, "E0406", domain_place(z->of, "subnets"),
			"%.*s has two subnets in zone %.*s",
			STR_ARG(z->of->address), STR_ARG(zone));
	diag_note(z->x->diags, to, domain_place(first, "zone"), "%.*s",
		  STR_ARG(first->address));
	diag_note(z->x->diags, to, domain_place(subnet, "zone"), "%.*s",
		  STR_ARG(subnet->address));
	diag_hint(z->x->diags, to, "Give it one subnet a zone.");
}

static void check_zones(struct expander *x, const struct resource *r,
			enum zone_rule rule)
{
	const struct attr_info *info = resource_attr(r, STR("subnets"));
	struct zones z = {
		.x = x,
		.of = r,
		.is_once = rule == ZONES_ONCE,
		.is_whole = true,
	};
	struct diag *to;

	if (domain_referred(x, r, info, add_zone, &z) && z.is_whole &&
	    rule == ZONES_TWO && z.seen.n == 1) {
		to = diag_error(x->diags, "E0406", domain_place(r, "subnets"),
				"all subnets of %.*s are in zone %.*s",
				STR_ARG(r->address),
				STR_ARG(z.seen.entries[0].key));
		diag_hint(x->diags, to,
			  "Give it subnets in two zones at least.");
	}
	map_release(&z.seen);
}

/* -- Networks ------------------------------------------------------------- */

enum { NOWHERE = 0 }; /* else the dense id of a vpc and 1 */

struct networks {
	struct expander *x;
	size_t *of; /* by resource */
	const struct resource *self;
	const struct attr_info *attr, *first_attr;
	size_t first; /* by which its network was found */
};

static size_t network_of(const struct networks *n, size_t index)
{
	const char *type = n->x->resources.items[index].schema->name;

	return strcmp(type, "vpc") == 0 ? index + 1 : n->of[index];
}

/* Two declarations may mean one network that exists already. */
static bool are_apart(const struct networks *n, size_t a, size_t b)
{
	const struct resource *all = n->x->resources.items;
	struct str one, other;

	if (!all[a - 1].is_existing || !all[b - 1].is_existing)
		return a != b;
	one = domain_text(n->x, a - 1, "id");
	other = domain_text(n->x, b - 1, "id");
	return one.n && other.n && !str_eq(one, other);
}

static void report_network(struct networks *n, size_t index, size_t here,
			   size_t there)
{
	struct resource *all = n->x->resources.items;
	struct diag *to = diag_error(
	    n->x->diags, "E0408", domain_place(n->self, n->attr->schema->name),
	    "%.*s is in %.*s, and %.*s in %.*s", STR_ARG(n->self->address),
	    STR_ARG(all[here - 1].address), STR_ARG(all[index].address),
	    STR_ARG(all[there - 1].address));

	diag_note(n->x->diags, to,
		  domain_place(n->self, n->first_attr->schema->name),
		  "its network follows from this");
	diag_note(n->x->diags, to, all[index].place, "%.*s is declared here",
		  STR_ARG(all[index].address));
}

static void add_network(void *context, size_t index)
{
	struct networks *n = context;
	size_t there = network_of(n, index);
	size_t *here = &n->of[n->self->index];

	if (there == NOWHERE)
		return;
	if (*here == NOWHERE) {
		*here = there;
		n->first_attr = n->attr;
	} else if (are_apart(n, *here, there)) {
		report_network(n, index, *here, there);
	}
}

static void check_network(struct networks *n, const struct resource *r)
{
	n->self = r;
	for (size_t i = 0; i < r->type->n; i++) {
		n->attr = &r->type->attrs[i];
		if (n->attr->has_reference)
			domain_referred(n->x, r, n->attr, add_network, n);
	}
}

void domain_zones(struct expander *x)
{
	struct networks n = { .x = x };

	n.of = arena_new(x->arena, size_t, x->resources.n + 1);
	for (size_t k = 0; k < x->resources.n; k++) {
		const struct resource *r = &x->resources.items[x->order[k]];
		const char *type = r->schema->name;
		size_t from = x->diags->n;

		if (r->schema->is_in_network)
			check_network(&n, r);
		for (size_t i = 0; i < sizeof(zone_rules) / sizeof(*zone_rules);
		     i++)
			if (!r->is_existing &&
			    strcmp(type, zone_rules[i].type) == 0)
				check_zones(x, r, zone_rules[i].rule);
		domain_trace(x, r, from);
	}
}
