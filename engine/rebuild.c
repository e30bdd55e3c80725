#include <config.h>

#include "engine/rebuild.h"

#include "engine/address.h"
#include "engine/calls.h"
#include "engine/check.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/recorded.h"
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

/* A mark that anybody could have set: a state with such a uid is refused. */
static bool is_mark(const struct owned_object *o)
{
	return o->uid.n && state_is_uid(o->uid);
}

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
			if (!is_mark(&some[k]))
				continue;
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
	VEC(struct owned_object) twice;
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
	const struct resource *r = expand_find(b->e, address);

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
	if (!map_has(&b->taken, address))
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
	for (size_t i = 0; i < b->r->n_found; i++) {
		const struct owned_object *o = &b->r->found[i];
		const struct resource *r = declared(b, o->address);
		struct str address = r ? r->address : o->address;

		if (!str_eq(o->uid, b->c->state.uid))
			continue;
		if (r && !str_is(o->type, r->schema->name))
			r = NULL;
		if (!is_address(b, address))
			*vec_push(&b->twice) = *o;
		else
			take(b, address, o->type, o->id, b->r->providers[i], r);
	}
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

static int keep(struct builder *b, const struct resource *r,
		struct state_resource *s, struct error *err)
{
	if (r) {
		add_written(b, r, s);
		if (recorded_fill(b->e, r, b->c->arena, s, err) < 0)
			return -1;
		b->known[r->index] = value_with(s->attrs, STR("id"),
						value_str(s->id), b->c->arena);
		b->is_known[r->index] = true;
	}
	state_put(&b->c->state, s);
	b->r->n_taken++;
	return 0;
}

/*
 * Services tell of what is gone for an hour or more, and another may stand in
 * its place. Of two that are there the first is taken.
 */
static void choose(struct builder *b, struct refreshed *read,
		   struct map *by_address)
{
	for (size_t i = 0; i < b->entries.n; i++) {
		struct state_resource *s = read[i].now;

		if (read[i].is_gone)
			continue;
		if (map_has(by_address, s->address))
			*vec_push(&b->twice) = (struct owned_object){
				.uid = b->c->state.uid,
				.type = s->type,
				.id = s->id,
				.address = s->address,
			};
		else
			map_put(by_address, s->address, s);
	}
	b->r->n_twice = b->twice.n;
	b->r->twice = vec_take(&b->twice, b->c->arena);
}

/* In the order of needs: what is written is known by what it needs. */
static int put_all(struct builder *b, struct refreshed *read, struct error *err)
{
	struct rebuild *r = b->r;
	struct map by_address = { 0 };
	int result = 0;

	r->missing = arena_new(b->c->arena, const struct resource *, b->e->n);
	r->foreign = arena_new(b->c->arena, struct str, b->entries.n + 1);
	choose(b, read, &by_address);
	for (size_t k = 0; k < b->e->n && result == 0; k++) {
		const struct resource *one = &b->e->resources[b->e->order[k]];
		struct state_resource *s = map_get(&by_address, one->address);

		if (s && str_is(s->type, one->schema->name))
			result = keep(b, one, s, err);
		else if (!one->is_existing)
			r->missing[r->n_missing++] = one;
	}
	for (size_t i = 0; i < by_address.n && result == 0; i++) {
		struct state_resource *s = by_address.entries[i].value;

		if (state_find(&b->c->state, s->address))
			continue;
		r->foreign[r->n_foreign++] = s->address;
		result = keep(b, NULL, s, err);
	}
	map_release(&by_address);
	return result;
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
	if (result == 0)
		result = put_all(&b, read, err);
	if (result == 0)
		put_outputs(&b);
	e->lookup = NULL;
	e->lookup_context = NULL;
	map_release(&b.by_hash);
	map_release(&b.taken);
	vec_release(&b.entries);
	vec_release(&b.places);
	vec_release(&b.twice);
	catalog_release(&types);
	return result;
}
