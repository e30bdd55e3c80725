/* Reading objects: what is shown, what differs, what is looked for. */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "providers/aws/tags.h"

enum {
	/* What is not seen is looked for once more, after so long. */
	SECOND_LOOK_MS = 1500,
	MATCHES_SHOWN = 10,
};

static void add_shown(struct call *c, struct value object, struct fields *f)
{
	for (const struct aws_attr *m = aws_type_of(c)->attrs; m && m->attr;
	     m++) {
		struct value v = aws_shown(m, object, c->arena);

		if (!value_is_null(v))
			field(f, m->attr, v);
	}
}

enum step show_all(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	struct fields f = { 0 };

	add_shown(c, object, &f);
	if (t->show && t->show(c, object, &f) < 0) {
		vec_release(&f.list);
		return STEP_FAILED;
	}
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

/*
 * Only what was declared is compared, and only what is shown: a default of the
 * service is no difference, and neither is a member that it leaves out.
 */
static void add_drift(struct call *c, const struct aws_attr *m,
		      struct value object, struct fields *f)
{
	const struct value *known = value_get(c->prior, m->attr);
	struct value now = aws_shown(m, object, c->arena);

	if (value_is_null(now) || (m->flags & AWS_UNREAD))
		return;
	if (m->flags == 0) {
		if (!known || !value_says(m, *known, now, c->arena))
			field(f, m->attr, now);
		return;
	}
	if (known && !value_is_null(*known) &&
	    !value_says(m, *known, now, c->arena))
		field(f, m->attr, now);
}

/* What the hook shows, but for what is known already. */
static int add_hooked(struct call *c, struct value object, struct fields *f)
{
	const struct aws_type *t = aws_type_of(c);
	struct fields more = { 0 };

	if (!t->show)
		return 0;
	if (t->show(c, object, &more) < 0) {
		vec_release(&more.list);
		return -1;
	}
	for (size_t i = 0; i < more.list.n; i++) {
		struct value_entry e = more.list.items[i];
		const struct value *known = value_get_str(c->prior, e.key);

		if (!known || !value_eq(*known, e.value))
			*vec_push(&f->list) = e;
	}
	vec_release(&more.list);
	return 0;
}

static enum step show_drift(struct call *c, struct value object)
{
	const struct aws_type *t = aws_type_of(c);
	struct str state = state_of(t, object);
	struct fields f = { 0 };

	for (const struct aws_attr *m = t->attrs; m && m->attr; m++)
		add_drift(c, m, object, &f);
	if (show_tags(c, object, &f) < 0 || add_hooked(c, object, &f) < 0) {
		vec_release(&f.list);
		return STEP_FAILED;
	}
	c->result = fields_done(&f, c->arena);
	if (is_among(t->states.broken, state)) {
		c->is_broken = true;
		c->status = str_dup(state, c->arena);
	}
	return STEP_DONE;
}

static bool is_there(const struct aws_type *t, struct value object)
{
	return !value_is_null(object) && !is_gone_state(t, object);
}

/*
 * Reads may miss what is there for a moment. Before anything is believed to be
 * gone, all that were missed are looked for once more.
 */
static int look_again(struct call *const *calls, struct value *objects,
		      size_t n)
{
	struct aws_site *w = aws_site_of(calls[0]);
	struct call **missed = arena_new(calls[0]->arena, struct call *, n);
	struct value *found = arena_new(calls[0]->arena, struct value, n);
	size_t *at = arena_new(calls[0]->arena, size_t, n), k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!value_is_null(objects[i]))
			continue;
		missed[k] = calls[i];
		at[k++] = i;
	}
	if (k == 0)
		return 0;
	clock_sleep_ms(w->pace(w, SECOND_LOOK_MS));
	if (find_all(missed, found, k) < 0) {
		calls[0]->err = missed[0]->err;
		return -1;
	}
	for (size_t i = 0; i < k; i++)
		objects[at[i]] = found[i];
	return 0;
}

void read_calls(struct call *const *calls, enum step *outcomes, size_t n)
{
	const struct aws_type *t = aws_type_of(calls[0]);
	struct value *objects = arena_new(calls[0]->arena, struct value, n);

	if (find_all(calls, objects, n) < 0 ||
	    look_again(calls, objects, n) < 0) {
		for (size_t i = 0; i < n; i++) {
			calls[i]->err = calls[0]->err;
			outcomes[i] = STEP_FAILED;
		}
		return;
	}
	for (size_t i = 0; i < n; i++) {
		calls[i]->is_gone = !is_there(t, objects[i]);
		outcomes[i] = calls[i]->is_gone
				  ? STEP_DONE
				  : show_drift(calls[i], objects[i]);
	}
}

/* Every attribute that was written, and its tags, say the same. */
static int does_match(struct call *c, struct value object, bool *out)
{
	const struct value *wanted = value_get(c->config, "tags");
	const struct aws_type *t = aws_type_of(c);
	struct str held = c->id;
	struct value tags;
	int result;

	*out = false;
	for (const struct aws_attr *m = t->attrs; m && m->attr; m++) {
		const struct value *v = value_get(c->config, m->attr);
		struct value now = aws_shown(m, object, c->arena);

		if (v && !value_is_null(*v) && !value_is_null(now) &&
		    !value_says(m, *v, now, c->arena))
			return 0;
	}
	*out = true;
	if (!wanted || wanted->kind != VALUE_MAP || !wanted->as.map.n)
		return 0;
	c->id = aws_text(object, t->describe.id);
	result = object_tags(c, object, &tags);
	c->id = held;
	if (result < 0)
		return -1;
	for (size_t i = 0; i < wanted->as.map.n; i++) {
		struct value_entry e = wanted->as.map.entries[i];
		const struct value *now = value_get_str(tags, e.key);

		*out = *out && now && value_eq(*now, e.value);
	}
	return 0;
}

/* Anything that tells one object from others. */
static bool is_described(const struct call *c)
{
	const struct value *tags = value_get(c->config, "tags");

	if (tags && tags->kind == VALUE_MAP && tags->as.map.n)
		return true;
	for (const struct aws_attr *m = aws_type_of(c)->attrs; m && m->attr;
	     m++) {
		const struct value *v = value_get(c->config, m->attr);

		if (v && !value_is_null(*v) && m->path)
			return true;
	}
	return value_text(c->config, "name").n > 0;
}

static enum step refuse_vague(struct call *c)
{
	call_fail(c, ERROR_INVALID, "nothing says which %s is meant",
		  aws_type_of(c)->noun);
	error_hint(&c->err, "give its id, its name or its tags");
	return STEP_FAILED;
}

static enum step refuse_several(struct call *c, const struct value *found,
				size_t n)
{
	const struct aws_type *t = aws_type_of(c);
	struct buf b;

	buf_init(&b, 700);
	for (size_t i = 0; i < n && i < MATCHES_SHOWN; i++) {
		struct str name = { "", 0 };

		if (t->describe.name)
			name = aws_text(found[i], t->describe.name);
		buf_fmt(&b, "%s%.*s", i ? ", " : "",
			STR_ARG(aws_text(found[i], t->describe.id)));
		if (name.n)
			buf_fmt(&b, " (%.*s)", STR_ARG(name));
	}
	if (n > MATCHES_SHOWN)
		buf_fmt(&b, " and %zu more", n - MATCHES_SHOWN);
	call_fail(c, ERROR_CONFLICT, "%zu objects of the type %s match: %.*s",
		  n, t->noun, STR_ARG(buf_str(&b)));
	buf_release(&b);
	error_hint(&c->err, "say more of it, or give the id of the one that is "
			    "meant");
	return STEP_FAILED;
}

static enum step take_found(struct call *c, struct value object)
{
	struct value shown = object;

	c->id = aws_text(object, aws_type_of(c)->describe.id);
	/* Once more by its id: with all that further calls tell. */
	if (aws_type_of(c)->fetch && aws_object(c, &shown) < 0)
		return STEP_FAILED;
	return show_all(c, value_is_null(shown) ? object : shown);
}

static enum step look_up_id(struct call *c, struct str id)
{
	struct value object;

	c->id = id;
	if (aws_object(c, &object) < 0)
		return STEP_FAILED;
	if (is_there(aws_type_of(c), object))
		return show_all(c, object);
	c->is_gone = true;
	return STEP_DONE;
}

enum step look_up(struct call *c)
{
	struct str id = value_text(c->config, "id");
	struct value list, *found;
	size_t n = 0;

	if (id.n == 0)
		id = c->id;
	if (id.n)
		return look_up_id(c, id);
	if (!is_described(c))
		return refuse_vague(c);
	if (find_candidates(c, &list) < 0)
		return STEP_FAILED;
	found = arena_new(c->arena, struct value, list.as.list.n + 1);
	for (size_t i = 0; i < list.as.list.n; i++) {
		bool is_it;

		if (does_match(c, list.as.list.items[i], &is_it) < 0)
			return STEP_FAILED;
		if (is_it)
			found[n++] = list.as.list.items[i];
	}
	if (n > 1)
		return refuse_several(c, found, n);
	c->is_gone = n == 0;
	if (c->is_gone)
		return STEP_DONE;
	return take_found(c, found[0]);
}

/* The marks of the stack and of the address. */
static int carries_marks(struct call *c, struct value object, bool *out)
{
	struct str stack = tag_text(aws_site_of(c)->stack, c->arena);
	struct str address = tag_text(c->address, c->arena);
	struct value tags;

	if (object_tags(c, object, &tags) < 0)
		return -1;
	*out = str_eq(value_text(tags, "dmsl:stack"), stack) &&
	       str_eq(value_text(tags, "dmsl:address"), address);
	return 0;
}

enum step claim(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	bool has_name = t->describe.name_filter || t->describe.name_param;
	bool is_marked = false;
	struct value object;

	c->is_gone = true;
	/* A natural key is made of ids: not where these are not known. */
	if (t->tags == AWS_TAGS_NONE || (!t->find && !has_name) ||
	    (t->find && !value_is_known(c->config)))
		return STEP_DONE;
	if (find_named(c, &object) < 0)
		return STEP_FAILED;
	if (value_is_null(object))
		return STEP_DONE;
	c->id = aws_text(object, t->describe.id);
	if (carries_marks(c, object, &is_marked) < 0)
		return STEP_FAILED;
	c->is_gone = !is_marked;
	return STEP_DONE;
}
