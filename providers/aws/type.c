/*
 * The functions of types that are tables. Each describes the object, does what
 * is left to do, and comes back pending until nothing is. What is where is told
 * by the object itself; the memo holds times only:
 *
 *   sights  consecutive descriptions that showed a new object
 *   sent    when the last change of it was sent
 *   stale   polls since then that showed the state of before
 *   left    it was seen to leave that state
 *   tagged  its tags were set right
 *   gone    when its deletion was accepted
 *   missed  when it was first not found although nobody had deleted it
 * and under an attribute's name when it was set by a call of its own.
 */
#include <config.h>

#include "providers/aws/type_impl.h"

#include <string.h>

enum {
	POLL_S = 5, /* where the type does not say */
	PATIENCE_S = 600,
	SEEN_S = 300,
};

static int or_else(int seconds, int otherwise)
{
	return seconds ? seconds : otherwise;
}

static int poll_of(const struct aws_type *t)
{
	return or_else(t->states.poll_s, POLL_S);
}

/* Its block says how long it may take: then the engine ends it. */
static bool has_time(struct call *c, const char *phase, int seconds)
{
	return aws_is_patient(c, phase, or_else(seconds, PATIENCE_S)) ||
	       c->left_ms > 0;
}

static enum step not_seen(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);

	memo_set(c, "sights", 0);
	if (c->verb == VERB_CREATE &&
	    aws_is_patient(c, "seen", or_else(t->states.seen_s, SEEN_S)))
		return aws_wait(c, poll_of(t), "%s %.*s to be seen", t->noun,
				STR_ARG(c->id));
	call_fail(c, ERROR_NOT_FOUND, "%s %.*s is not there any more", t->noun,
		  STR_ARG(c->id));
	error_hint(&c->err, "something else has deleted it; plan again");
	return STEP_FAILED;
}

static enum step bad_state(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	struct str why = { "", 0 };

	if (t->states.reason)
		why = aws_text(object, t->states.reason);
	return call_fail(c, ERROR_FAILED, "%s %.*s is %.*s%s%.*s", t->noun,
			 STR_ARG(c->id), STR_ARG(state_of(t, object)),
			 why.n ? ": " : "", STR_ARG(why));
}

/*
 * The state of before may be shown for a while after a change: neither that it
 * is ready nor that it is broken can be believed then.
 */
static bool is_stale(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	uint64_t polls = memo_get(c, "stale");
	int most = t->states.lag_s / poll_of(t);

	if (memo_age(c, "sent") < 0 || !t->states.lag_s || memo_get(c, "left"))
		return false;
	memo_set(c, "stale", polls + 1);
	return polls < (uint64_t)(most ? most : 1);
}

/* STEP_DONE: it is ready. */
static enum step await_ready(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	struct str state = state_of(t, object);
	bool is_ready = !t->states.path || is_among(t->states.ready, state);
	bool is_bad =
	    is_among(t->states.bad, state) || is_gone_state(t, object);

	if ((is_ready || is_bad) && is_stale(c))
		return aws_wait(c, poll_of(t), "the change of %s %.*s to begin",
				t->noun, STR_ARG(c->id));
	if (is_ready)
		return STEP_DONE;
	if (is_bad)
		return bad_state(c, object);
	if (memo_age(c, "sent") >= 0)
		memo_set(c, "left", 1);
	if (has_time(c, "ready", t->states.create_s))
		return aws_wait(c, poll_of(t), "%s %.*s to become %s (%.*s)",
				t->noun, STR_ARG(c->id),
				t->states.ready ? t->states.ready[0] : "ready",
				STR_ARG(state));
	return call_fail(c, ERROR_FAILED, "%s %.*s is still %.*s", t->noun,
			 STR_ARG(c->id), STR_ARG(state));
}

static const char *update_id(const struct aws_type *t)
{
	return t->update_id ? t->update_id : t->destroy_id;
}

/* Wanted, and neither shown as wanted nor, where it is not shown, known. */
static bool is_to_change(struct call *c, const struct aws_attr *m,
			 struct value object, struct value *wanted)
{
	const struct value *v = value_get(c->config, m->attr);
	const struct value *before = value_get(c->prior, m->attr);
	struct value now = aws_shown(m, object, c->arena);

	if (!v || value_is_null(*v))
		return false;
	*wanted = *v;
	if (!(m->flags & AWS_UNREAD) && !value_is_null(now))
		return !value_says(m, *v, now, c->arena);
	/* Not shown: sent once where it may have changed. */
	if (memo_age(c, "sent") >= 0 || memo_age(c, m->attr) >= 0)
		return false;
	return !before || !value_says(m, *before, *v, c->arena);
}

/* One attribute a call; the next one when this one is seen. */
static enum step change_alone(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);

	for (const struct aws_attr *m = t->attrs; m && m->attr; m++) {
		struct value wanted, ignored;
		struct fields f = { 0 };

		if (!(m->flags & AWS_ALONE) ||
		    !is_to_change(c, m, object, &wanted))
			continue;
		if (memo_age(c, m->attr) > SEEN_S)
			return call_fail(c, ERROR_FAILED,
					 "%s %.*s does not take its \"%s\"",
					 t->noun, STR_ARG(c->id), m->attr);
		field_text(&f, update_id(t), c->id);
		field(&f, str_fmt(c->arena, "%s.Value", m->param).s,
		      aws_param(m, wanted, c->arena));
		if (aws_change(c, t->service, t->update, &f, &ignored) < 0)
			return aws_refused(c, NULL);
		if (memo_age(c, m->attr) < 0)
			memo_start(c, m->attr);
		return aws_wait(c, 0, "\"%s\" of %s %.*s to change", m->attr,
				t->noun, STR_ARG(c->id));
	}
	return STEP_DONE;
}

/* From the moment that the id is known to the end of a create or update. */
static enum step settle(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	enum step step = await_ready(c, object);

	if (step == STEP_DONE)
		step = change_alone(c, object);
	if (step == STEP_DONE && t->settle)
		step = t->settle(c, object);
	return step == STEP_DONE ? show_all(c, object) : step;
}

static enum step go_on_creating(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	int sights = t->states.sights;

	if (value_is_null(object))
		return not_seen(c);
	if (sights > 1) {
		uint64_t seen = memo_get(c, "sights") + 1;

		if (seen < (uint64_t)sights) {
			memo_set(c, "sights", seen);
			return aws_wait(c, 1, "%s %.*s to be seen everywhere",
					t->noun, STR_ARG(c->id));
		}
	}
	return settle(c, object);
}

/* *is_sent: a change is on its way. */
static int send_update(struct call *c, struct value object, bool *is_sent)
{
	const struct aws_type *t = aws_type_of(c);
	struct fields f = { 0 };
	struct value ignored;

	*is_sent = false;
	for (const struct aws_attr *m = t->attrs; m && m->attr; m++) {
		struct value wanted;

		if (!(m->flags & AWS_UPDATE) || (m->flags & AWS_ALONE) ||
		    !is_to_change(c, m, object, &wanted))
			continue;
		field(&f, m->param, aws_param(m, wanted, c->arena));
		*is_sent = true;
	}
	if (t->change && t->change(c, object, &f, is_sent) < 0) {
		vec_release(&f.list);
		return -1;
	}
	if (!*is_sent || !t->update) {
		vec_release(&f.list);
		*is_sent = false;
		return 0;
	}
	field_text(&f, update_id(t), c->id);
	return aws_change(c, t->service, t->update, &f, &ignored);
}

static enum step go_on_updating(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	enum step step;
	bool is_sent;

	if (value_is_null(object))
		return not_seen(c);
	if (memo_age(c, "sent") >= 0 && c->is_poll)
		return settle(c, object);
	if (send_update(c, object, &is_sent) < 0) {
		step = aws_refused(c, NULL);
		if (step != STEP_DONE)
			return step;
	}
	if (!memo_get(c, "tagged") || !c->is_poll) {
		if (sync_tags(c, object) < 0)
			return aws_refused(c, NULL);
		memo_set(c, "tagged", 1);
	}
	if (!is_sent)
		return settle(c, object);
	memo_start(c, "sent");
	memo_set(c, "stale", 0);
	memo_set(c, "left", 0);
	return aws_wait(c, 0, "the change of %s %.*s", t->noun, STR_ARG(c->id));
}

static enum step still_there(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	struct str state = state_of(t, object);

	if (has_time(c, "gone", t->states.destroy_s))
		return aws_wait(c, poll_of(t), "%s %.*s to be gone%s%.*s%s",
				t->noun, STR_ARG(c->id), state.n ? " (" : "",
				STR_ARG(state), state.n ? ")" : "");
	return call_fail(
	    c, ERROR_FAILED, "%s %.*s was deleted and is still there%s%.*s",
	    t->noun, STR_ARG(c->id), state.n ? ": " : "", STR_ARG(state));
}

static int send_destroy(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	const char *other = t->operation ? t->operation(c, VERB_DESTROY) : NULL;
	struct fields f = { 0 };
	struct value ignored;

	if (t->destroy_is_list)
		field_one(&f, t->destroy_id, value_str(c->id), c->arena);
	else
		field_text(&f, t->destroy_id, c->id);
	if (t->leave && t->leave(c, &f) < 0) {
		vec_release(&f.list);
		return -1;
	}
	return aws_change(c, t->service, other ? other : t->destroy, &f,
			  &ignored);
}

/* One look may miss what is there: what nobody deleted is looked for twice. */
static enum step missed(struct call *c)
{
	bool is_first = memo_age(c, "missed") < 0;

	if (memo_age(c, "gone") >= 0 || (!is_first && c->is_poll))
		return STEP_DONE;
	memo_start(c, "missed");
	return aws_wait(c, 2, "%s %.*s to be gone", aws_type_of(c)->noun,
			STR_ARG(c->id));
}

static enum step delete_it(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);

	if (send_destroy(c) < 0) {
		if (is_missing(c)) {
			c->err = (struct error){ 0 };
			return missed(c);
		}
		return aws_refused(c, NULL);
	}
	if (!t->is_slow)
		return STEP_DONE;
	memo_start(c, "gone");
	return aws_wait(c, poll_of(t), "%s %.*s to be gone", t->noun,
			STR_ARG(c->id));
}

static enum step go_on_destroying(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	enum step step = STEP_DONE;

	if (value_is_null(object))
		return missed(c);
	if (is_gone_state(t, object))
		return STEP_DONE;
	if (memo_age(c, "gone") >= 0 && c->is_poll)
		return still_there(c, object);
	if (t->unhook)
		step = t->unhook(c, object);
	return step == STEP_DONE && !c->is_gone ? delete_it(c) : step;
}

static enum step finish_destroying(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	enum step step = go_on_destroying(c, object);

	return step == STEP_DONE && t->after && !c->is_gone ? t->after(c)
							    : step;
}

static enum step go_on(struct call *c, struct value object)
{
	switch (c->verb) {
	case VERB_CREATE:
		return go_on_creating(c, object);
	case VERB_UPDATE:
		return go_on_updating(c, object);
	case VERB_DESTROY:
		return finish_destroying(c, object);
	case VERB_READ:
	case VERB_RUN:
		break;
	}
	BUG("%s goes on with verb %d", c->type->name, c->verb);
}

static enum step describe_and_go_on(struct call *c)
{
	struct value object;

	if (aws_object(c, &object) < 0)
		return STEP_FAILED;
	return go_on(c, object);
}

static enum step type_create(struct call *c)
{
	return c->id.n ? describe_and_go_on(c) : make(c);
}

/* Without anything to look at first, the call itself tells. */
static enum step type_destroy(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);

	if (c->id.n == 0)
		return STEP_DONE;
	if (!t->unhook && !t->is_slow && !c->is_poll)
		return delete_it(c);
	return describe_and_go_on(c);
}

/* Those that have an object go on together, the others by themselves. */
static void type_poll(struct call *const *calls, enum step *outcomes, size_t n)
{
	struct arena *a = calls[0]->arena;
	struct call **known = arena_new(a, struct call *, n);
	struct value *objects = arena_new(a, struct value, n);
	size_t *at = arena_new(a, size_t, n), k = 0;
	bool has_failed;

	for (size_t i = 0; i < n; i++) {
		if (calls[i]->id.n == 0) {
			outcomes[i] = calls[i]->verb == VERB_CREATE
					  ? make(calls[i])
					  : STEP_DONE;
			continue;
		}
		known[k] = calls[i];
		at[k++] = i;
	}
	if (k == 0)
		return;
	has_failed = find_all(known, objects, k) < 0;
	for (size_t i = 0; i < k; i++) {
		if (has_failed) {
			known[i]->err = known[0]->err;
			outcomes[at[i]] = STEP_FAILED;
		} else {
			outcomes[at[i]] = go_on(known[i], objects[i]);
		}
	}
}

static enum step type_read(struct call *c)
{
	enum step step = STEP_FAILED;

	read_calls(&c, &step, 1);
	return step;
}

static int type_plan(struct call *c, const char *action)
{
	const struct aws_type *t = aws_type_of(c);
	const struct value *name = value_get(c->config, "name");

	if (name && name->kind == VALUE_STRING && t->name_max &&
	    name->as.text.n > (size_t)t->name_max) {
		error_set(&c->err, ERROR_INVALID,
			  "the name \"%.*s\" of a %s is longer than %d bytes",
			  STR_ARG(name->as.text), t->noun, t->name_max);
		return error_hint(&c->err, "shorten it, or leave it out: then "
					   "one is made from the address");
	}
	return t->plan ? t->plan(c, action) : 0;
}

static int type_session(struct call *c, struct session *out)
{
	return aws_type_of(c)->session(c, out);
}

static enum step type_query(struct call *c)
{
	return aws_type_of(c)->query(c);
}

/* clang-format off */
#define OPS(letter, ...) {			\
	.plan = type_plan,			\
	.read = type_read,			\
	.create = type_create,			\
	.update = describe_and_go_on,		\
	.destroy = type_destroy,		\
	.read_batch = read_calls,		\
	.poll_batch = type_poll,		\
	.lookup = look_up,			\
	.claim = claim,				\
	.recovery = letter, __VA_ARGS__		\
}
/* clang-format on */

const struct resource_ops aws_ops_token = OPS('T', );
const struct resource_ops aws_ops_name = OPS('N', );
const struct resource_ops aws_ops_database =
    OPS('N', .query = type_query, .session = type_session);
const struct resource_ops aws_ops_tags = OPS('Q', );
