#include <config.h>

#include "engine/rebuild.h"

#include "engine/address.h"
#include "engine/calls.h"
#include "engine/check.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/joins.h"
#include "engine/refresh.h"
#include "engine/secrets.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"

#include <string.h>

enum { CLAIM_MS = 60000, UIDS_SHOWN = 10 };

/* -- Whose ------------------------------------------------------------------
 */

static int ask_providers(struct rebuild *r, struct error *err)
{
	struct context *c = r->context;
	VEC(struct owned_object) all = { 0 };
	VEC(size_t) providers = { 0 };
	int result = 0;

	for (size_t i = 0; i < c->n_open && result == 0; i++) {
		const struct provider *p = c->open[i].provider;
		struct owned_object *some = NULL;
		size_t n = 0;

		if (!p->find_owned)
			continue;
		result = p->find_owned(c->open[i].self, c->state.stack,
				       c->arena, &some, &n, err);
		if (result < 0)
			error_add(err, "provider \"%s\"", c->open[i].title);
		for (size_t k = 0; k < n; k++) {
			*vec_push(&all) = some[k];
			*vec_push(&providers) = i;
		}
	}
	r->n_found = all.n;
	r->found = vec_take(&all, c->arena);
	r->providers = vec_take(&providers, c->arena);
	return result;
}

static int count_uids(const struct rebuild *r, struct map *uids)
{
	for (size_t i = 0; i < r->n_found; i++)
		map_put(uids, r->found[i].uid,
			(char *)map_get(uids, r->found[i].uid) + 1);
	return (int)uids->n;
}

static int several(const struct rebuild *r, const struct map *uids,
		   struct error *err)
{
	struct buf b;

	buf_init(&b, sizeof(err->hint));
	for (size_t i = 0; i < uids->n && i < UIDS_SHOWN; i++)
		buf_fmt(&b, "%s%.*s (%zu objects)", i ? ", " : "",
			STR_ARG(uids->entries[i].key),
			(size_t)(uintptr_t)uids->entries[i].value);
	error_set(err, ERROR_CONFLICT,
		  "there are objects of %zu stacks named \"%.*s\": %s", uids->n,
		  STR_ARG(r->context->state.stack), b.data);
	buf_release(&b);
	return error_hint(err, "Say which one was lost: --uid UID");
}

int rebuild_find(struct rebuild *r, struct str *uid, struct error *err)
{
	struct map uids = { 0 };
	int result;

	if (ask_providers(r, err) < 0)
		return -1;
	count_uids(r, &uids);
	if (uids.n == 0 || (uid->n && !map_has(&uids, *uid)))
		result =
		    error_set(err, ERROR_NOT_FOUND,
			      "no object belongs to a stack \"%.*s\"%s%.*s",
			      STR_ARG(r->context->state.stack),
			      uid->n ? " with the uid " : "", STR_ARG(*uid));
	else if (!uid->n && uids.n > 1)
		result = several(r, &uids, err);
	else
		result = 0;
	if (result == 0 && !uid->n)
		*uid = uids.entries[0].key;
	map_release(&uids);
	return result;
}

/* -- What -------------------------------------------------------------------
 */

/* What is being put together. */
struct builder {
	struct rebuild *r;
	struct context *c;
	struct expansion *e;
	struct map by_hash; /* SHA-256 of an address -> struct resource */
	struct map taken;   /* address -> struct state_resource */
	VEC(struct state_resource *) entries;
	VEC(struct place) places;
	struct value *known; /* by dense id: attributes with the id */
	bool *is_known;
};

static const struct value *lookup(void *context, size_t index)
{
	const struct builder *b = context;

	return b->is_known[index] ? &b->known[index] : NULL;
}

static void index_hashes(struct builder *b)
{
	for (size_t i = 0; i < b->e->n; i++) {
		struct resource *r = &b->e->resources[i];
		char hex[DIGEST_HEX_SIZE];

		digest_sha256_hex(r->address, hex);
		map_put(&b->by_hash, str_dup(str_from(hex), b->c->arena), r);
	}
}

static const struct resource *declared(struct builder *b, struct str address)
{
	const struct resource *r = map_get(b->e->by_address, address);

	if (!r && address.n == DIGEST_HEX_SIZE - 1) {
		if (!b->by_hash.n)
			index_hashes(b);
		r = map_get(&b->by_hash, address);
	}
	return r;
}

static void take(struct builder *b, struct str address, struct str type,
		 struct str id, size_t provider, const struct resource *r)
{
	struct state_resource *s =
	    arena_new(b->c->arena, struct state_resource, 1);

	*s = (struct state_resource){
		.address = address,
		.type = type,
		.provider = str_from(b->c->open[provider].title),
		.id = id,
		.attrs = value_map(NULL, 0, b->c->arena),
	};
	map_put(&b->taken, address, s);
	*vec_push(&b->entries) = s;
	*vec_push(&b->places) = r ? r->place : (struct place){ 0 };
}

/* A digest of one that nobody declares is none. */
static bool is_address(struct builder *b, struct str address)
{
	struct str parent, type, name, key;
	bool has_key;

	return address_split(address, b->c->arena, &parent, &type, &name,
			     &has_key, &key);
}

static void take_found(struct builder *b)
{
	VEC(struct owned_object) twice = { 0 };

	for (size_t i = 0; i < b->r->n_found; i++) {
		const struct owned_object *o = &b->r->found[i];
		const struct resource *r = declared(b, o->address);
		struct str address = r ? r->address : o->address;

		if (!str_eq(o->uid, b->c->state.uid))
			continue;
		if (r && !str_is(o->type, r->schema->name))
			r = NULL;
		if (map_has(&b->taken, address) || !is_address(b, address))
			*vec_push(&twice) = *o;
		else
			take(b, address, o->type, o->id, b->r->providers[i], r);
	}
	b->r->n_twice = twice.n;
	b->r->twice = vec_take(&twice, b->c->arena);
}

/* By its name, for what cannot be searched for. */
static int claim_one(struct builder *b, const struct resource *r,
		     const struct resource_type *t, struct error *err)
{
	struct engine_call *e =
	    call_new(b->c, r->provider, t, r->address, NULL, CALL_CLAIM);
	struct value wanted;
	int result = 0;

	if (expand_wanted(b->e, r->index, &e->arena, &wanted, NULL) == 0) {
		e->call.config = wanted;
		if (call_run_now(e, CLAIM_MS) == STEP_FAILED) {
			*err = e->call.err;
			result = error_add(err, "looking for %.*s",
					   STR_ARG(r->address));
		} else if (!e->call.is_gone && e->call.id.n) {
			take(b, r->address, str_from(r->schema->name),
			     str_dup(e->call.id, b->c->arena), r->provider, r);
		}
	}
	call_free(e);
	return result;
}

static int claim_others(struct builder *b, struct error *err)
{
	for (size_t k = 0; k < b->e->n; k++) {
		const struct resource *r = &b->e->resources[b->e->order[k]];
		const struct resource_type *t =
		    provider_type(b->c->open[r->provider].provider,
				  str_from(r->schema->name));

		if (r->is_existing || !t || !t->ops->claim ||
		    map_has(&b->taken, r->address))
			continue;
		if (claim_one(b, r, t, err) < 0)
			return -1;
	}
	return 0;
}

/* -- As it is ----------------------------------------------------------------
 */

/* What nobody wrote is a default of the service, and no difference. */
static struct value without_defaults(const struct resource *r,
				     struct value attrs, struct value wanted,
				     struct arena *a)
{
	struct value_entry *kept =
	    arena_new(a, struct value_entry, attrs.as.map.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < attrs.as.map.n; i++) {
		const struct value_entry *e = &attrs.as.map.entries[i];
		const struct attr_schema *s = schema_attr(r->schema, e->key);
		const struct value *w = value_get_str(wanted, e->key);

		if ((s && (s->flags & ATTR_COMPUTED)) ||
		    (w && !value_is_null(*w)))
			kept[n++] = *e;
	}
	return value_map(kept, n, a);
}

/*
 * Of an object a read may not tell all; the rest is taken to be as written,
 * where that is known: the text is what made it.
 */
static void add_written(struct builder *b, const struct resource *r,
			struct state_resource *s)
{
	struct value wanted;

	if (expand_wanted(b->e, r->index, b->c->arena, &wanted, NULL) ||
	    wanted.kind != VALUE_MAP)
		return;
	s->attrs = without_defaults(r, s->attrs, wanted, b->c->arena);
	for (size_t i = 0; i < wanted.as.map.n; i++) {
		const struct value_entry *w = &wanted.as.map.entries[i];

		if (value_is_known(w->value) &&
		    !value_get_str(s->attrs, w->key))
			s->attrs =
			    value_with(s->attrs, w->key, w->value, b->c->arena);
	}
	s->attrs = secrets_keep(s->attrs, wanted, b->c->arena);
	s->attrs = secrets_find(s->attrs, wanted, s->address, b->c->arena);
}

static void add_deps(struct builder *b, const struct resource *r,
		     struct state_resource *s)
{
	s->deps = arena_new(b->c->arena, struct str, r->n_deps + 1);
	for (size_t i = 0; i < r->n_deps; i++) {
		size_t dep = r->deps[i], n = b->e->n;

		if (dep >= n)
			s->deps[s->n_deps++] = join_dep(
			    b->e->joins[dep - n].address, b->c->arena);
		else if (map_has(&b->taken, b->e->resources[dep].address))
			s->deps[s->n_deps++] = b->e->resources[dep].address;
	}
	s->prevent_destroy = r->prevent_destroy;
	s->keep_on_destroy = r->keep_on_destroy;
}

static void keep(struct builder *b, const struct resource *r,
		 struct state_resource *s)
{
	if (r) {
		add_written(b, r, s);
		add_deps(b, r, s);
		b->known[r->index] = value_with(s->attrs, STR("id"),
						value_str(s->id), b->c->arena);
		b->is_known[r->index] = true;
	}
	state_put(&b->c->state, s);
	b->r->n_taken++;
}

/* In the order of needs: what is written is known by what it needs. */
static void put_all(struct builder *b, struct refreshed *read)
{
	struct rebuild *r = b->r;
	struct map by_address = { 0 };

	r->missing = arena_new(b->c->arena, const struct resource *, b->e->n);
	r->foreign = arena_new(b->c->arena, struct str, b->entries.n + 1);
	for (size_t i = 0; i < b->entries.n; i++)
		if (!read[i].is_gone)
			map_put(&by_address, read[i].now.address, &read[i].now);
		else
			map_put(&b->taken, read[i].now.address, NULL);
	for (size_t k = 0; k < b->e->n; k++) {
		const struct resource *one = &b->e->resources[b->e->order[k]];
		struct state_resource *s = map_get(&by_address, one->address);

		if (s && str_is(s->type, one->schema->name))
			keep(b, one, s);
		else if (!one->is_existing)
			r->missing[r->n_missing++] = one;
	}
	for (size_t i = 0; i < by_address.n; i++) {
		struct state_resource *s = by_address.entries[i].value;

		if (state_find(&b->c->state, s->address))
			continue;
		r->foreign[r->n_foreign++] = s->address;
		keep(b, NULL, s);
	}
	map_release(&by_address);
}

static void put_outputs(struct builder *b)
{
	VEC(struct value_entry) entries = { 0 };

	for (size_t i = 0; i < b->e->n_outputs; i++) {
		struct value v;

		if (expand_output(b->e, b->e->outputs[i], b->c->arena, &v) ==
			0 &&
		    value_is_known(v))
			*vec_push(&entries) =
			    (struct value_entry){ b->e->outputs[i]->name, v };
	}
	b->c->state.outputs = value_map(entries.items, entries.n, b->c->arena);
	vec_release(&entries);
}

int rebuild_state(struct rebuild *r, struct expansion *e, struct error *err)
{
	struct context *c = r->context;
	struct catalog types;
	struct builder b = {
		.r = r,
		.c = c,
		.e = e,
		.known = arena_new(c->arena, struct value, e->n + 1),
		.is_known = arena_new(c->arena, bool, e->n + 1),
	};
	struct refreshed *read;
	int result;

	catalog_init(&types, c->schemas, c->arena);
	e->lookup = lookup;
	e->lookup_context = &b;
	take_found(&b);
	result = claim_others(&b, err);
	if (result == 0)
		result = refresh(c, &types, b.entries.items, b.places.items,
				 b.entries.n, false, c->arena, &read, err);
	if (result == 0) {
		put_all(&b, read);
		put_outputs(&b);
	}
	e->lookup = NULL;
	e->lookup_context = NULL;
	map_release(&b.by_hash);
	map_release(&b.taken);
	vec_release(&b.entries);
	vec_release(&b.places);
	catalog_release(&types);
	return result;
}
