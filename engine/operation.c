#include <config.h>

#include "engine/operation.h"

#include "engine/expand.h"
#include "engine/provider.h"
#include "engine/schema.h"
#include "engine/state.h"
#include "lang/base/digest.h"
#include "lang/base/vec.h"

#include <stdlib.h>

enum { POLL_PATIENCE = 3 };

static const char *const names[] = {
	[OPERATION_CHECK] = "check",	 [OPERATION_READ] = "read",
	[OPERATION_CREATE] = "create",	 [OPERATION_UPDATE] = "update",
	[OPERATION_DELETE] = "delete",	 [OPERATION_RUN] = "run",
	[OPERATION_CONTROL] = "control",
};

const char *operation_name(enum operation_kind kind)
{
	return names[kind];
}

bool operation_changes(const struct operation *op)
{
	return op->kind != OPERATION_CHECK && op->kind != OPERATION_READ;
}

bool operation_from_name(struct str name, enum operation_kind *out)
{
	for (int k = OPERATION_CREATE; k <= OPERATION_CONTROL; k++) {
		if (!str_is(name, names[k]))
			continue;
		*out = (enum operation_kind)k;
		return true;
	}
	return false;
}

struct operation *operation_new(enum operation_kind kind)
{
	struct operation *op = xmalloc(sizeof(*op));

	*op = (struct operation){ .kind = kind, .config = value_null() };
	return op;
}

void operation_free(struct operation *op)
{
	struct arena a = op->arena;

	free(op);
	arena_release(&a);
}

int64_t operation_timeout(const struct resource *r, enum operation_kind kind)
{
	const struct timeouts *t = r->timeouts;

	if (!t)
		return 0;
	switch (kind) {
	case OPERATION_CREATE:
		return t->create_ms;
	case OPERATION_UPDATE:
		return t->update_ms;
	case OPERATION_DELETE:
		return t->delete_ms;
	case OPERATION_RUN:
		return t->run_ms;
	case OPERATION_CHECK:
	case OPERATION_READ:
	case OPERATION_CONTROL:
		break;
	}
	return 0;
}

struct str operation_token(const struct operation *op, struct str run_id,
			   struct arena *a)
{
	struct str text = str_fmt(a, "%.*s\n%.*s\n%s", STR_ARG(run_id),
				  STR_ARG(op->address), names[op->kind]);
	char hex[DIGEST_HEX_SIZE];

	digest_sha256_hex(text, hex);
	return str_dup(str_from(hex), a);
}

/*
 * What each kind of failure means for the next attempt and for the one before,
 * in one place. The delay doubles from the first to the longest; a kind without
 * attempts is not tried again. What the service may do later, or may have done,
 * is repeated with the same token, so that it is done once.
 */
static const struct error_class {
	int attempts;
	int first_ms, longest_ms;
	/*
	 * Nobody was reached who could have told what an earlier attempt did:
	 * after such a failure the outcome of that is as unknown as before.
	 */
	bool had_no_answer;
} classes[] = {
	/* Asking on at the same pace is what makes it last: about 2 minutes. */
	[ERROR_THROTTLED] = { 8, 1000, 30000, true },
	/* Short outages; a longer one is for people. About 6 seconds. */
	[ERROR_UNAVAILABLE] = { 5, 200, 10000, true },
	[ERROR_TIMEOUT] = { 5, 200, 10000, true },
	/* Something is being changed there by somebody: about 4 seconds. */
	[ERROR_CONFLICT] = { 3, 500, 10000, false },
	/* Who may not ask does not get to know. */
	[ERROR_DENIED] = { .had_no_answer = true },
	[ERROR_INTERRUPTED] = { .had_no_answer = true },
};

int64_t operation_retry_delay(enum error_kind kind, bool is_poll, int attempt,
			      uint64_t salt)
{
	const struct error_class *c = &classes[kind];
	int64_t delay;

	if (attempt >= c->attempts * (is_poll ? POLL_PATIENCE : 1))
		return -1;
	delay = (int64_t)c->first_ms << (attempt < 10 ? attempt : 10);
	if (delay > c->longest_ms)
		delay = c->longest_ms;
	/* Spread by up to a half, so that many do not come back at once. */
	return delay + (int64_t)(salt % (uint64_t)(delay / 2 + 1));
}

bool operation_had_no_answer(enum error_kind kind)
{
	return classes[kind].had_no_answer;
}

bool operation_is_unknown(const struct operation *op, enum error_kind kind)
{
	if (!operation_changes(op) || op->kind == OPERATION_DELETE)
		return false;
	/* Nothing that is done again would tell: it is asked until it is. */
	if (op->kind == OPERATION_CONTROL)
		return classes[kind].had_no_answer;
	if (op->is_recovery && op->kind != OPERATION_CREATE)
		return false;
	/*
	 * It goes on out there, and nobody was reached who could tell how far
	 * it is: credentials ran out, or the way to the service. The next run
	 * waits on; and does that fail the same way, it is what it is.
	 */
	if ((op->kind == OPERATION_CREATE ? op->id.n > 0 : op->is_poll) &&
	    !op->is_recovery && classes[kind].had_no_answer)
		return true;
	if (op->kind == OPERATION_CREATE && op->id.n)
		return false;
	if (op->is_unsure || kind == ERROR_TIMEOUT)
		return true;
	/*
	 * A repetition had to look first: its refusal is an answer. Unless it
	 * was the search that failed, which may take several requests.
	 */
	if (op->is_recovery && op->type->ops->recovery == 'Q' &&
	    (kind == ERROR_FAILED || kind == ERROR_CORRUPT))
		return true;
	return op->is_recovery && classes[kind].had_no_answer;
}

struct value operation_attributes(const struct operation *op,
				  struct value result, struct arena *a)
{
	const struct value before = op->prior ? op->prior->attrs : value_null();
	struct value attrs = op->config.kind == VALUE_MAP ? op->config : before;
	VEC(struct value_entry) entries = { 0 };

	if (attrs.kind == VALUE_MAP)
		for (size_t i = 0; i < attrs.as.map.n; i++)
			*vec_push(&entries) = attrs.as.map.entries[i];
	for (const struct attr_schema *s = op->schema->attrs; s->name; s++) {
		const struct value *written = value_get(attrs, s->name);
		const struct value *v = NULL;

		if (!(s->flags & ATTR_COMPUTED) ||
		    ((s->flags & ATTR_OPTIONAL) && written &&
		     !value_is_null(*written) && !value_is_unknown(*written)))
			continue;
		if (result.kind == VALUE_MAP)
			v = value_get(result, s->name);
		if (!v)
			v = value_get(before, s->name);
		if (v)
			*vec_push(&entries) = (struct value_entry){
				str_from(s->name),
				*v,
			};
	}
	for (size_t i = 0; i < entries.n; i++) {
		const struct attr_schema *s =
		    schema_attr(op->schema, entries.items[i].key);

		if (s && (s->flags & ATTR_SECRET))
			entries.items[i].value =
			    value_mark(entries.items[i].value, MARK_SECRET);
	}
	attrs = value_map(entries.items, entries.n, a);
	vec_release(&entries);
	return attrs;
}
