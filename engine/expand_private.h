#ifndef DMSL_ENGINE_EXPAND_PRIVATE_H
#define DMSL_ENGINE_EXPAND_PRIVATE_H

/*
 * How an expansion is made. Only engine/expand*.c include this.
 *
 *	body      the declarations of the root or of a component, with a slot
 *	          for each name: one, however many instances there are
 *	scope     a body with values: the root, or the inside of one instance
 *	binding   a param, let or output of a scope: evaluated when asked for
 *	group     a declaration of a scope with its instances by key
 *	instance  one of them: a resource, or a component with a scope of its
 *own
 *
 * Values are found lazily, so that the order of the text does not matter; what
 * is being worked on is marked, so that a circle is found and named. All of it
 * lives in the configuration's arena and belongs to the main thread.
 */

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "lang/diag.h"
#include "lang/eval.h"
#include "lang/type.h"
#include "lang/value.h"

#include "engine/check.h"
#include "engine/context.h"
#include "engine/expand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expander;
struct scope;
struct suggest;

enum {
	EXPAND_DEPTH_MAX = 32,	  /* components inside each other */
	EVALUATE_DEPTH_MAX = 200, /* lets and attributes behind each other */
	INSTANCES_MAX = 1000000,  /* resources of a stack */
};

enum name_kind { NAME_PARAM, NAME_LET, NAME_OUTPUT };

struct name_decl {
	enum name_kind kind;
	size_t slot; /* in scope.bindings */
	struct str name;
	struct place place;
	const struct ast_expr *value; /* let, output; param: its default */
	const struct ast_expr
	    *depends_on; /* output { depends_on = … }, or NULL */
	const struct ast_param *param; /* NAME_PARAM */
	const struct type *type;       /* NAME_PARAM; NULL: any */
	bool is_used;		       /* the text refers to it */
	bool is_broken; /* NAME_PARAM: its type is no type, so has no value */
};

struct group_decl {
	/* What each reference looks at stands together. */
	uint32_t slot;	/* in scope.groups */
	bool is_single; /* a resource without "for" */
	/*
	 * Of a resource that refers to single resources of its body alone, by
	 * attributes alone, as most do: their slots, so that its text need not
	 * be walked again.
	 */
	bool is_plain;
	uint32_t n_needs;
	uint32_t *needs;
	struct str key; /* TYPE.NAME */
	const struct ast_decl *decl;
	const struct body *component; /* or */
	const struct type_info *type; /* one of them, or NULL: an error */
};

struct body {
	const struct ast_decl *component; /* NULL: the root */
	struct map names;	     /* params and lets -> struct name_decl */
	struct map outputs;	     /* -> struct name_decl */
	struct map groups;	     /* "type.name" -> struct group_decl */
	struct name_decl **bindings; /* by slot */
	size_t n_bindings;
	struct group_decl *decls; /* by slot, in the order of the text */
	size_t n_groups;
	char *keys;   /* room for those of the groups that are to come */
	bool is_used; /* a component that there are declarations of */
};

enum progress { NOT_BEGUN, AT_WORK, FINISHED };

/*
 * A set of resources by dense id, sorted; what a join in it stands for is not
 * in it, and joins stand where their first resource would.
 */
struct index_set {
	size_t *ids;
	size_t n;
	enum progress progress;
};

struct binding {
	const struct name_decl *decl;
	enum progress progress;
	bool is_circular;   /* made from itself, which was said */
	struct value value; /* when FINISHED */
	/*
	 * The lookup that the value was made with; it is good for this one
	 * alone when it used attributes of resources.
	 */
	bool used_lookup;
	const void *lookup_context;
	struct index_set deps;
};

struct group {
	const struct group_decl *decl;
	struct scope *scope;		  /* that it is declared in */
	struct value value;		  /* what TYPE.NAME stands for */
	struct instance_scope *instances; /* in the order of the keys given */
	uint32_t n;
	uint32_t join; /* of all instances: its number and 1 */
	enum progress progress;
	bool is_keyed;
	bool has_type; /* that is known: else it fits nowhere */
};

/* What lifecycle { } and timeouts { } say. */
struct life {
	bool prevent_destroy, keep_on_destroy, create_before_destroy;
	bool has_timeouts;
	struct timeouts timeouts;
	size_t site; /* `provider`: how many behind the stack's own */
};

struct instance_scope {
	uint32_t first, end; /* resources: the one, or all inside */
	struct group *group;
	struct object object; /* its address is that of the instance */
	/* When the group is keyed: of the loop variables. Else NULL. */
	const struct value_entry *each;
	struct scope *inner; /* a component's */
	/* Its own and those around it; NULL: not looked for yet. */
	const struct index_set *depends_on;
	const struct life *life; /* its own, over that around it */
	uint32_t join;		 /* its number and 1 */
};

struct scope {
	struct expander *x;
	const struct body *body;
	const struct instance_scope *self; /* NULL: the root */
	struct binding *bindings;
	struct group *groups;
	/*
	 * By slot, of single resources: their number and 1; 0: it is none, or
	 * does not exist. Close together, because most references lead here.
	 */
	uint32_t *singles;
	unsigned depth;
};

/* Where an expression stands: names are looked for here. */
struct env {
	struct eval eval; /* first: callbacks get a pointer to it */
	struct scope *scope;
	const struct instance_scope *vars; /* loop variables, or NULL */
};

/* The attributes of a resource while they are gathered; malloc'ed. */
struct gathered {
	struct value_entry entry;
	struct place place;
};

struct gather {
	struct gathered *items;
	size_t n, room;
};

/* A binding that is evaluated, or a group whose instances are made. */
struct busy {
	const struct binding *binding; /* or */
	const struct group *group;
	const struct scope *scope; /* that it is of */
};

struct expander {
	struct expansion *e;
	struct context *c;
	struct arena *arena; /* the configuration's */
	struct diags *diags;
	struct catalog catalog;
	struct map bodies; /* component -> struct body */
	struct body *root_body;
	struct scope *root;
	VEC(struct resource) resources;
	VEC(struct join) joins;
	struct map by_address;
	/* By the address that is moved, removed, imported. */
	struct map moves, removed, imports;
	size_t *order;	   /* needs before what needs them */
	size_t *order_all; /* the same with joins */
	/* Attributes of resources asked for so far, and not known of those. */
	uint64_t n_lookups, n_missing;
	unsigned depth;
	VEC(struct busy) busy; /* innermost last */
	bool check_only, has_failed;
	bool creates_first; /* some resource says create_before_destroy */
	const struct provider *core, *chosen;
	/* provider NAME LABEL { … } of the chosen one: its further sites. */
	VEC(const struct ast_decl *) sites;
	struct value chosen_config, *site_configs;
	size_t n_errors; /* before it was begun */
	/* By resource: its attributes, null until they were checked. */
	bool is_checking;
	struct value *values;
	void **prior;		 /* what the state has of it, or NULL */
	struct checked *checked; /* or NULL: nothing is kept */
	struct gather gather;
	struct map documents; /* that were checked, and how that went */
};

/* expand_body.c: names and types, once a component. */
struct body *body_new(struct expander *x, const struct ast_decl *component);
/* The declaration that TYPE.NAME stands for there, or NULL. */
struct group_decl *body_group(const struct body *b, struct str type,
			      struct str name, struct arena *a);
/* The key of body.groups, in the n bytes of room, or in the arena. */
struct str group_key(char *room, size_t n, struct str type, struct str name,
		     struct arena *a);
void body_suggest_types(const struct expander *x, struct suggest *near);

/* expand_names.c: what the text alone tells; binds each TYPE.NAME to its slot.
 */
void body_check(struct expander *x, const struct body *b);

/* expand_trace.c: how a finding says where it came from. */
/*
 * Notes at the findings from number `from` on that have none yet through which
 * instances of components the scope came to be.
 */
void scope_trace(const struct scope *s, size_t from);
/* A binding or group of `busy` is asked for again by the innermost. */
void circle_report(struct expander *x, const void *again);

/* expand_unused.c: names of the stack's own text that nothing refers to. */
void unused_report(struct expander *x);

/* expand_scope.c: values of names and references. */
struct scope *scope_new(struct expander *x, const struct body *b,
			const struct instance_scope *self);
/* What an EXPR_ATTR of two names stands for there, or NULL. */
struct group *scope_group(struct scope *s, const struct ast_expr *x);
void scope_env(struct scope *s, const struct instance_scope *vars,
	       struct arena *a, struct env *out);
int scope_evaluate(struct scope *s, const struct instance_scope *vars,
		   const struct ast_expr *x, const struct type *wanted,
		   struct arena *a, struct value *out);
/*
 * Whether a value is unknown because of a mistake that was told: no attribute
 * of a resource was asked for it since n_lookups was this.
 */
bool unknown_is_told(const struct expander *x, struct value v,
		     uint64_t lookups);
/* Whether to look for a name like a wrong one: not in the hundredth finding.
 */
static inline bool expand_suggests(const struct expander *x)
{
	return x->diags->n < 100;
}
void binding_value(struct scope *s, struct binding *b, struct arena *a,
		   struct value *out);
/* The instances of a declaration, made when first asked for; -1: findings. */
int group_open(struct group *g);
struct scope *instance_inner(struct instance_scope *i);
/*
 * The resource's instance that an object stands for; NULL: it is a component's,
 * or known by its id alone.
 */
const struct instance_scope *object_instance(const struct object *o);
/* The argument of a component's instance, or NULL: its default counts. */
const struct ast_attr *instance_argument(const struct instance_scope *i,
					 struct str param);
const struct instance_scope *group_instance(const struct group *g,
					    struct str key);

/* expand_document.c */
/* tables { } or settings { } as JSON; -1 with findings. */
int document_block(struct expander *x, const struct resource *r,
		   const struct block_schema *schema, const struct ast_block *b,
		   struct arena *a, struct value *out);
/* Checks an attribute that is such a document, written as JSON; v: its value.
 */
int document_written(struct expander *x, const struct resource *r,
		     const struct attr_info *info,
		     const struct ast_attr *written, struct value v);

/* expand_wanted.c */
const struct ast_body *resource_body(const struct resource *r);
/* The scope that a resource's expressions are read in. */
struct scope *resource_scope(const struct resource *r);
/* One attribute as it is written, references still objects. */
int wanted_attr(struct expander *x, const struct resource *r,
		const struct attr_info *info, struct arena *a,
		struct value *out, struct place *place);
/*
 * As an output is kept: ids, and texts for what JSON has no form of. It has no
 * type that would turn texts back.
 */
struct value value_plain(struct value v, struct arena *a);

/* expand_rules.c */
/* What the service asks of the value; -1: it does not fit. */
int rules_check(struct expander *x, const struct resource *r,
		const struct attr_info *info, struct place place,
		struct value v);
void rules_check_stack_tags(struct expander *x, struct place place);

/* expand_life.c */
/* lifecycle { } or timeouts { }; t is NULL in a component's instance. */
void life_check(struct expander *x, const struct source *source,
		const struct ast_block *b, const struct type_info *t);
/* What the body says, over what is said around it. */
const struct life *life_read(struct scope *s, const struct instance_scope *vars,
			     const struct ast_body *b,
			     const struct life *around);
/* Fills in r what `ignore` of the body names. */
void life_ignored(struct expander *x, const struct ast_body *b,
		  struct resource *r);
/* What is written as replace_when, or NULL. */
const struct ast_expr *life_replace_when(const struct resource *r);
void life_propagate(struct expander *x);

/* expand_declared.c: moved, import, removed. */
void declared_find(struct expander *x);
void declared_release(struct expander *x);

/* expand_deps.c */
void deps_find(struct expander *x);

/* expand_providers.c */
/* Which serve the stack and how they are configured; -1: that was told. */
int providers_choose(struct expander *x);
/* Opens those that were chosen, unless some are open already. */
int providers_open(struct expander *x, struct error *err);
/* Whether a block's `provider` can be meant. */
void provider_check(struct expander *x, const struct ast_decl *d);
/* life, or a copy whose site is another because a block's `provider` says so.
 */
const struct life *provider_site(struct expander *x, const struct ast_decl *d,
				 const struct life *life);
int provider_for(struct expander *x, const struct type_info *t, size_t site,
		 struct place place, size_t *out);

/* expand_check.c: evaluates all of it once. */
void values_check(struct expander *x);

/* expand_domain.c: what is wrong with values that fit their types. */
void domain_check(struct expander *x);

static inline struct place decl_place(const struct ast_decl *d)
{
	return (struct place){ d->source, d->name_span };
}

static inline struct place expr_place(const struct ast_expr *e)
{
	return (struct place){ e->source, e->span };
}

#endif
