#include <config.h>

#include "engine/commit.h"

#include "engine/apply.h"
#include "engine/context.h"
#include "engine/identity.h"
#include "engine/plan.h"
#include "engine/state.h"
#include "engine/store.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"

enum {
	STATE_MAX = 1 << 30,
	MESSAGE_LINES = 200, /* steps that a commit message names */
};

void commit_add_count(struct buf *b, size_t n, const char *what)
{
	if (n)
		buf_fmt(b, "%s%zu %s", b->len ? ", " : "", n, what);
}

static bool is_silent(const struct plan_step *step)
{
	return (step->action == ACTION_NONE || step->action == ACTION_READ) &&
	       !step->moved_from.n && !step->import_id.n;
}

/* replace vpc.b, moved from vpc.a */
static void add_line(struct buf *b, const struct plan_step *step)
{
	if (step->import_id.n)
		buf_fmt(b, "import %.*s\n", STR_ARG(step->address));
	if (step->action == ACTION_NONE && step->moved_from.n)
		buf_fmt(b, "move %.*s", STR_ARG(step->address));
	else if (step->action != ACTION_NONE)
		buf_fmt(b, "%s %.*s", action_name(step->action),
			STR_ARG(step->address));
	if (step->moved_from.n)
		buf_fmt(b, ", from %.*s", STR_ARG(step->moved_from));
	if (step->action != ACTION_NONE || step->moved_from.n)
		buf_add_char(b, '\n');
}

struct str commit_message(const struct context *c, const struct plan *p,
			  const struct apply_result *r, struct str hash,
			  struct arena *to)
{
	struct buf counts, b;
	struct str text;
	size_t lines = 0, more = 0;

	buf_init(&counts, 1000);
	commit_add_count(&counts, r->created, "created");
	commit_add_count(&counts, r->updated, "updated");
	commit_add_count(&counts, r->replaced, "replaced");
	commit_add_count(&counts, r->deleted, "deleted");
	commit_add_count(&counts, r->forgotten, "forgotten");
	commit_add_count(&counts, r->moved, "moved");
	commit_add_count(&counts, r->imported, "imported");
	commit_add_count(&counts, r->ran, "run");
	commit_add_count(&counts, r->failed, "failed");
	buf_init(&b, 1 << 20);
	buf_fmt(&b, "%s %.*s: %s\n\n",
		p->is_destroy		   ? "Destroy"
		: p->asked.is_refresh_only ? "Refresh"
					   : "Apply",
		STR_ARG(p->stack),
		counts.len		   ? counts.data
		: p->asked.is_refresh_only ? "as it was read"
					   : "outputs changed");
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *step = &p->steps[i];

		if (is_silent(step) || r->steps[i].outcome != OUTCOME_DONE)
			continue;
		if (lines++ < MESSAGE_LINES)
			add_line(&b, step);
		else
			more++;
	}
	if (more)
		buf_fmt(&b, "and %zu more\n", more);
	buf_fmt(&b, "%sPlan-Hash: %.*s\n", lines ? "\n" : "", STR_ARG(hash));
	text = store_stack_commit(c->store, to);
	if (text.n)
		buf_fmt(&b, "Stack-Commit: %.*s\n", STR_ARG(text));
	buf_fmt(&b, "Dmsl-Version: %s\n", PACKAGE_VERSION);
	text = str_dup(buf_str(&b), to);
	buf_release(&b);
	buf_release(&counts);
	return text;
}

static int sweep(struct context *c, struct error *err)
{
	for (size_t i = 0; i < c->n_open; i++) {
		const struct provider *p = c->open[i].provider;

		if (p->sweep && p->sweep(c->open[i].self, err) < 0)
			return error_add(err, "provider \"%s\"", p->name);
	}
	return 0;
}

int commit_state(struct context *c, struct str message, struct str *commit,
		 struct error *err)
{
	struct buf text;
	bool is_same;
	int result = -1;

	*commit = (struct str){ 0 };
	if (c->has_lease && store_hold(c->store, err) < 0)
		return -1;
	buf_init(&text, STATE_MAX);
	state_drop_kept(&c->state);
	identity_record(c);
	/* Before the commit: if it is cut off here, it is done once more. */
	if (!state_count(&c->state) && !c->has_kept && sweep(c, err) < 0)
		goto out;
	if (state_write(&c->state, c->seal, &text, err) < 0)
		goto out;
	if (buf_is_full(&text)) {
		error_set(err, ERROR_QUOTA, "the state is larger than %d bytes",
			  STATE_MAX);
		goto out;
	}
	if (store_holds(c->store, buf_str(&text), &is_same, err) < 0)
		goto out;
	if (is_same) {
		result = 0;
		goto out;
	}
	result = store_commit(c->store, c->base_commit, buf_str(&text), message,
			      c->arena, commit, err);
	if (result == 0)
		c->base_commit = *commit;
	else
		error_hint(err, "What was done is in the journal and not lost: "
				"the next apply goes on from there.");
out:
	buf_release(&text);
	return result;
}
