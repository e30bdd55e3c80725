#include <config.h>

#include "engine/identity.h"

#include "engine/context.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"

enum { TEXT_MAX = 64 << 10 };

static int refuse(const struct context *c, const struct open_provider *o,
		  struct str recorded, struct error *err)
{
	error_set(err, ERROR_DENIED,
		  "provider \"%s\": stack \"%.*s\" is at %.*s, and this is "
		  "%.*s",
		  o->title, STR_ARG(c->state.stack), STR_ARG(recorded),
		  STR_ARG(o->identity));
	return error_hint(err, "Choose the credentials and region of the "
			       "stack. A stack of its own elsewhere needs "
			       "another name.");
}

int identity_check(struct context *c, struct error *err)
{
	for (size_t i = 0; i < c->n_open; i++) {
		struct open_provider *o = &c->open[i];
		struct str recorded;

		if (!o->provider->identity)
			continue;
		if (o->provider->identity(o->self, c->arena, &o->identity,
					  err) < 0)
			return error_add(err, "provider \"%s\"", o->title);
		recorded = value_text(c->state.providers, o->title);
		if (recorded.n && !str_eq(recorded, o->identity))
			return refuse(c, o, recorded, err);
	}
	return 0;
}

/* What an open provider is, or what the state said of one that is not. */
static struct str identity_of(const struct context *c, struct str title)
{
	const struct value *old = value_get_str(c->state.providers, title);

	for (size_t i = 0; i < c->n_open; i++)
		if (str_is(title, c->open[i].title))
			return c->open[i].identity;
	return old ? old->as.text : (struct str){ 0 };
}

void identity_record(struct context *c)
{
	struct state *s = &c->state;
	struct value all = value_map(NULL, 0, s->arena);
	struct str last = { 0 };

	for (size_t i = 0; i < s->resources.n; i++) {
		const struct state_resource *r = s->resources.entries[i].value;
		struct str text;

		/* Most stand in a row with others of theirs. */
		if (!r || str_eq(r->provider, last))
			continue;
		last = r->provider;
		text = identity_of(c, last);
		if (text.n && !value_get_str(all, last))
			all = value_with(all, str_dup(last, s->arena),
					 value_str(str_dup(text, s->arena)),
					 s->arena);
	}
	s->providers = all;
}

struct str identity_write(struct context *c)
{
	struct value all = value_map(NULL, 0, c->arena);
	struct str text = { 0 };
	struct buf b;

	for (size_t i = 0; i < c->n_open; i++)
		if (c->open[i].identity.n)
			all = value_with(all, str_from(c->open[i].title),
					 value_str(c->open[i].identity),
					 c->arena);
	if (!all.as.map.n)
		return text;
	buf_init(&b, TEXT_MAX);
	json_write(&b, all, 0);
	text = str_dup(buf_str(&b), c->arena);
	buf_release(&b);
	return text;
}

int identity_read(struct context *c, struct str text, struct error *err)
{
	struct value all;

	if (!text.n)
		return 0;
	if (json_read(text, c->arena, &all, err) < 0)
		return error_add(err, "the journal's providers");
	for (size_t i = 0; all.kind == VALUE_MAP && i < all.as.map.n; i++) {
		const struct value_entry *e = &all.as.map.entries[i];

		if (e->value.kind == VALUE_STRING &&
		    !value_get_str(c->state.providers, e->key))
			c->state.providers = value_with(
			    c->state.providers, e->key, e->value, c->arena);
	}
	return 0;
}
