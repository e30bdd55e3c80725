/*
 * Making an object exactly once. A create that is repeated after a crash or a
 * lost answer must find what the first attempt made:
 *
 *   T  the same request with the same token: the service gives the same object
 *   N  the service refuses a second object of that name (or gives the first):
 *      it is described, and is ours if it carries this step's dmsl:intent
 *   Q  nothing protects it: what carries dmsl:intent is searched for, several
 *      times until it would be visible, and only then it is made anew
 *
 * The memo "looks" counts those of a search. It is believed only while nothing
 * but polls came since: another attempt, or a crash, may have sent a create.
 */
#include <config.h>

#include "providers/aws/type_impl.h"

enum {
	/* What was made is found by its tags after so long, and more looks. */
	VISIBLE_S = 120,
	LOOK_POLL_S = 5,
	LOOKS = VISIBLE_S / LOOK_POLL_S,
	SEEN_S = 300, /* where the type does not say */
};

static const char *operation_of(const struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	const char *other = t->operation ? t->operation(c, VERB_CREATE) : NULL;

	return other ? other : t->create;
}

static char recovery_of(const struct call *c)
{
	return c->type->ops->recovery;
}

/* Its id is durable before anything else is done with it. */
static enum step made(struct call *c, struct str id)
{
	c->id = id;
	return aws_wait(c, 0, "%s %.*s to be seen", aws_type_of(c)->noun,
			STR_ARG(id));
}

static enum step adopt(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	struct str id = aws_text(object, t->describe.id);
	bool is_ours;

	if (object_is_ours(c, object, &is_ours) < 0)
		return STEP_FAILED;
	if (is_ours || (t->may_adopt && t->may_adopt(c, object)))
		return made(c, id);
	call_fail(c, ERROR_EXISTS,
		  "%s %.*s exists and was not made by this step", t->noun,
		  STR_ARG(id));
	error_hint(&c->err, "give it another name; or take it over with "
			    "`import`; or delete it if nobody needs it");
	return STEP_FAILED;
}

static enum step search(struct call *c, bool *is_absent)
{
	const struct aws_type *t = aws_type_of(c);
	bool is_going_on = c->is_poll && c->attempt == 0;
	uint64_t looks = is_going_on ? memo_get(c, "looks") : 0;
	struct value object;

	*is_absent = false;
	memo_set(c, "looks", looks + 1);
	if (find_marked(c, &object) < 0) {
		/* Whatever was refused: what was made is still not known. */
		if (c->err.kind == ERROR_INVALID ||
		    c->err.kind == ERROR_NOT_FOUND)
			c->err.kind = ERROR_FAILED;
		return STEP_FAILED;
	}
	if (!value_is_null(object))
		return made(c, aws_text(object, t->describe.id));
	if (looks < LOOKS)
		return aws_wait(c, LOOK_POLL_S,
				"what an earlier attempt may have made");
	*is_absent = true;
	return STEP_DONE;
}

/* An object of that name, if there is one. */
static enum step look_first(struct call *c, bool *is_absent)
{
	struct value object;

	*is_absent = false;
	if (find_named(c, &object) < 0)
		return STEP_FAILED;
	if (!value_is_null(object))
		return adopt(c, object);
	*is_absent = true;
	return STEP_DONE;
}

static int build(struct call *c, struct fields *input)
{
	const struct aws_type *t = aws_type_of(c);

	if (t->name)
		field_text(input, t->name, aws_name(c));
	for (const struct aws_attr *m = t->attrs; m && m->attr; m++) {
		const struct value *v = value_get(c->config, m->attr);
		struct value sent;

		if (!(m->flags & AWS_CREATE) || !v)
			continue;
		sent = aws_param(m, *v, c->arena);
		if (!value_is_null(sent) &&
		    !(sent.kind == VALUE_LIST && sent.as.list.n == 0))
			field(input, m->param, sent);
	}
	if (t->token)
		field_text(input, t->token, c->token);
	add_tags(c, input);
	if (!t->fill || t->fill(c, input) == 0)
		return 0;
	vec_release(&input->list);
	return -1;
}

/* It is there already, by what the service says. */
static enum step exists(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	struct error refusal = c->err;
	bool is_absent;
	enum step step;

	c->err = (struct error){ 0 };
	step = look_first(c, &is_absent);
	if (!is_absent)
		return step;
	if (aws_is_patient(c, "exists",
			   t->states.seen_s ? t->states.seen_s : SEEN_S))
		return aws_wait(c, LOOK_POLL_S,
				"%s that has the name to be seen or gone",
				t->noun);
	c->err = refusal;
	return STEP_FAILED;
}

/* The token stands for another request: what it made can only be searched. */
static enum step mismatch(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	struct error refusal = c->err;
	struct value object;

	c->err = (struct error){ 0 };
	if (find_marked(c, &object) < 0)
		return STEP_FAILED;
	if (!value_is_null(object))
		return made(c, aws_text(object, t->describe.id));
	if (aws_is_patient(c, "mismatch", VISIBLE_S))
		return aws_wait(c, LOOK_POLL_S,
				"what an earlier attempt has made");
	c->err = refusal;
	error_hint(&c->err,
		   "an interrupted run began it with other tags or another "
		   "prefix, and what it made is gone since; apply again");
	return STEP_FAILED;
}

static bool is_taken(const struct call *c)
{
	return c->err.kind == ERROR_EXISTS ||
	       aws_is_refusal(c, "*.Duplicate", NULL);
}

static enum step refused(struct call *c)
{
	switch (recovery_of(c)) {
	case 'N':
		if (is_taken(c))
			return exists(c);
		break;
	case 'T':
		if (aws_is_refusal(c, "IdempotentParameterMismatch", NULL))
			return mismatch(c);
		break;
	}
	return aws_refused(c, NULL);
}

/* A refused repetition: perhaps because the first attempt's is in the way. */
static enum step refused_again(struct call *c)
{
	struct error refusal = c->err;
	struct value object;

	if (recovery_of(c) != 'Q' ||
	    (!is_taken(c) && refusal.kind != ERROR_CONFLICT &&
	     !aws_is_refusal(c, "*.Conflict", NULL)))
		return refused(c);
	c->err = (struct error){ 0 };
	if (find_marked(c, &object) < 0)
		return STEP_FAILED;
	if (!value_is_null(object))
		return made(c, aws_text(object, aws_type_of(c)->describe.id));
	c->err = refusal;
	return refused(c);
}

static enum step send(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	struct fields input = { 0 };
	struct value answer;
	struct str id;
	enum step step;

	if (build(c, &input) < 0)
		return STEP_FAILED;
	if (change(c, t->service, operation_of(c), &input,
		   recovery_of(c) != 'Q', &answer) < 0) {
		step = c->is_recovery ? refused_again(c) : refused(c);
		/* A refusal that means "done" still has to tell an object. */
		return step == STEP_DONE ? exists(c) : step;
	}
	id = t->created ? aws_text(answer, t->created) : aws_name(c);
	if (id.n)
		return made(c, str_dup(id, c->arena));
	return call_fail(c, ERROR_TIMEOUT,
			 "%s: the answer does not say the id of what was made",
			 operation_of(c));
}

enum step make(struct call *c)
{
	bool is_absent = true;
	enum step step;

	if (c->is_recovery && recovery_of(c) == 'Q') {
		step = search(c, &is_absent);
		if (!is_absent)
			return step;
	} else if (recovery_of(c) == 'N' &&
		   (c->is_recovery || aws_type_of(c)->is_upsert)) {
		step = look_first(c, &is_absent);
		if (!is_absent)
			return step;
	}
	return send(c);
}
