/*
 * Databases and what moves their rows: versions and parameter groups, which
 * side an endpoint is on, and what one attribute needs of another.
 */
#include <config.h>

#include "engine/expand_domain.h"

#include "lang/cidr.h"
#include "lang/decimal.h"

#include <string.h>

static bool is_written(const struct resource *r, const char *attr)
{
	return ast_attr_find(resource_body(r), str_from(attr)) != NULL;
}

/* -- Endpoints and tasks -------------------------------------------------- */

/* Rows come from a source and go to a target. */
static void check_role(struct expander *x, const struct resource *task,
		       const char *side)
{
	struct resource *endpoint;
	struct diag *to;
	struct str role;
	size_t index;

	if (!domain_refers(x, task, side, &index))
		return;
	endpoint = &x->resources.items[index];
	role = domain_text(x, index, "role");
	if (!role.n || str_is(role, side))
		return;
	to = diag_error(x->diags, "E0430", domain_place(task, side),
			"the %s of %.*s is %.*s, whose role is %.*s", side,
			STR_ARG(task->address), STR_ARG(endpoint->address),
			STR_ARG(role));
	diag_note(x->diags, to, domain_place(endpoint, "role"), "its role");
}

static void check_task(struct expander *x, const struct resource *r)
{
	check_role(x, r, "source");
	check_role(x, r, "target");
}

/* A name without its password opens nothing, and the other way round. */
static void check_dms_endpoint(struct expander *x, const struct resource *r)
{
	bool has_name = is_written(r, "username");
	bool has_password = is_written(r, "password");
	struct diag *to;

	if (has_name == has_password || is_written(r, "secret") ||
	    domain_is_unclear(x, r))
		return;
	to = diag_error(x->diags, "E0405", r->place, "%.*s has a %s and no %s",
			STR_ARG(r->address), has_name ? "username" : "password",
			has_name ? "password" : "username");
	diag_hint(x->diags, to,
		  "Give both, or a secret that holds them: secret = "
		  "aurora.NAME.secret.");
}

/* -- Clusters and their instances ----------------------------------------- */

/* A group is made for one major version: aurora-postgresql15. */
static void check_family(struct expander *x, const struct resource *r,
			 const struct resource *cluster)
{
	static const char engine[] = "aurora-postgresql";
	struct str version = domain_text(x, cluster->index, "version");
	struct str major = str_cut(&version, '.'), family;
	struct diag *to;
	size_t group;

	if (!major.n || !domain_refers(x, r, "parameter_group", &group))
		return;
	family = domain_text(x, group, "family");
	if (!family.n || (str_starts(family, engine) &&
			  str_eq(str_skip(family, strlen(engine)), major)))
		return;
	to = diag_error(x->diags, "E0431", domain_place(r, "parameter_group"),
			"the parameters of %.*s are for %.*s, and %.*s has "
			"version %.*s",
			STR_ARG(r->address), STR_ARG(family),
			STR_ARG(cluster->address), STR_ARG(major));
	diag_note(x->diags, to,
		  domain_place(&x->resources.items[group], "family"),
		  "its family");
	diag_note(x->diags, to, domain_place(cluster, "version"),
		  "the version");
	diag_hint(x->diags, to, "Take a group of the family %s%.*s.", engine,
		  STR_ARG(major));
}

/* A password is given or made by the service. */
static void check_login(struct expander *x, const struct resource *r)
{
	const struct value *managed =
	    domain_known(x, r->index, "managed_password");
	bool is_managed = managed && managed->as.boolean;
	bool has_password = value_get(x->values[r->index], "password");
	struct diag *to;

	if (!managed && is_written(r, "managed_password"))
		return;
	if (is_managed && has_password) {
		to = diag_error(x->diags, "E0405", domain_place(r, "password"),
				"%.*s has a password, and one of the service",
				STR_ARG(r->address));
		diag_note(x->diags, to, domain_place(r, "managed_password"),
			  "the service makes one");
	} else if (!is_managed && !is_written(r, "password") &&
		   !domain_is_unclear(x, r)) {
		to = diag_error(x->diags, "E0405", r->place,
				"%.*s has no password", STR_ARG(r->address));
		diag_hint(x->diags, to,
			  "Add password = random_password.NAME.result, or "
			  "managed_password = true.");
	}
}

static void check_capacity(struct expander *x, const struct resource *r)
{
	const struct value *min = domain_known(x, r->index, "min_capacity");
	const struct value *max = domain_known(x, r->index, "max_capacity");
	struct decimal least, most;
	struct diag *to;

	if (!min || !max || decimal_read(min->as.text, &least) != DECIMAL_OK ||
	    decimal_read(max->as.text, &most) != DECIMAL_OK ||
	    decimal_cmp(least, most) <= 0)
		return;
	to = diag_error(x->diags, "E0405", domain_place(r, "max_capacity"),
			"the most capacity of %.*s is below the least",
			STR_ARG(r->address));
	diag_note(x->diags, to, domain_place(r, "min_capacity"), "the least");
}

static void check_cluster(struct expander *x, const struct resource *r)
{
	check_login(x, r);
	check_capacity(x, r);
	check_family(x, r, r);
}

static void check_instance(struct expander *x, const struct resource *r)
{
	const struct value *interval = domain_known(x, r->index, "monitoring");
	struct diag *to;
	size_t cluster;

	if (domain_refers(x, r, "cluster", &cluster))
		check_family(x, r, &x->resources.items[cluster]);
	if (!interval || interval->as.amount == 0 ||
	    is_written(r, "monitoring_role") || domain_is_unclear(x, r))
		return;
	to = diag_error(x->diags, "E0405", domain_place(r, "monitoring"),
			"%.*s is monitored and has no monitoring_role",
			STR_ARG(r->address));
	diag_hint(x->diags, to,
		  "Add monitoring_role = an iam_role for "
		  "monitoring.rds.amazonaws.com.");
}

/* -- Addresses ------------------------------------------------------------ */

static void check_address(struct expander *x, const struct resource *r)
{
	const struct value *ip = domain_known(x, r->index, "private_ip");
	struct cidr range;
	uint32_t address;
	struct diag *to;
	size_t subnet;

	if (!ip || !ip_read(ip->as.text, &address) ||
	    !domain_refers(x, r, "subnet", &subnet) ||
	    !cidr_read(domain_text(x, subnet, "cidr"), &range) ||
	    cidr_contains_ip(range, address))
		return;
	struct str outer = cidr_text(range, x->arena);

	to = diag_error(x->diags, "E0410", domain_place(r, "private_ip"),
			"%.*s of %.*s is outside its subnet's %.*s",
			STR_ARG(ip->as.text), STR_ARG(r->address),
			STR_ARG(outer));
	diag_note(
	    x->diags, to, domain_place(&x->resources.items[subnet], "cidr"),
	    "the range of %.*s", STR_ARG(x->resources.items[subnet].address));
}

/* A gateway is a route: it stands in no subnet. */
static void check_endpoint(struct expander *x, const struct resource *r)
{
	static const char *const of_interfaces[] = { "subnets",
						     "security_groups" };
	const char *wrong = NULL;
	struct str kind = domain_text(x, r->index, "kind");
	const struct value *v;
	struct diag *to;

	for (size_t i = 0; i < 2 && str_is(kind, "gateway"); i++) {
		v = domain_known(x, r->index, of_interfaces[i]);
		if (v && v->kind == VALUE_LIST && v->as.list.n)
			wrong = of_interfaces[i];
	}
	v = domain_known(x, r->index, "route_tables");
	if (str_is(kind, "interface") && v && v->kind == VALUE_LIST &&
	    v->as.list.n)
		wrong = "route_tables";
	if (!wrong)
		return;
	to = diag_error(x->diags, "E0405", domain_place(r, wrong),
			"\"%s\" of %.*s does not go with kind = %.*s", wrong,
			STR_ARG(r->address), STR_ARG(kind));
	diag_hint(x->diags, to,
		  "An interface has subnets and security_groups, a gateway "
		  "has route_tables.");
}

void domain_data(struct expander *x, const struct resource *r)
{
	static const struct {
		const char *type;
		void (*check)(struct expander *x, const struct resource *r);
	} checks[] = {
		{ "db_cluster", check_cluster },
		{ "db_instance", check_instance },
		{ "dms_endpoint", check_dms_endpoint },
		{ "dms_task", check_task },
		{ "network_interface", check_address },
		{ "vpc_endpoint", check_endpoint },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (strcmp(r->schema->name, checks[i].type) == 0)
			checks[i].check(x, r);
}
