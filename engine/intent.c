#include <config.h>

#include "engine/intent.h"

#include "engine/calls.h"
#include "engine/commit.h"
#include "engine/context.h"
#include "engine/identity.h"
#include "engine/journal.h"
#include "engine/operation.h"
#include "engine/store.h"
#include "engine/target.h"

static int add_begin(struct intent *i, struct error *err)
{
	struct context *c = i->context;
	struct journal_record begin = {
		.kind = JOURNAL_BEGIN,
		.run_id = c->run_id,
		.base_commit = c->base_commit,
		.stack_uid = c->state.uid,
		.provider = identity_write(c),
	};

	return journal_add(i->journal, &begin, err);
}

static int add_intent(struct intent *i, const struct engine_call *e,
		      const struct target *t, struct error *err)
{
	struct journal_record intent = {
		.kind = JOURNAL_INTENT,
		.address = i->address,
		.action = str_from(operation_name(OPERATION_CONTROL)),
		.token = i->token,
		.type = str_from(t->type->name),
		.provider = str_from(i->context->open[t->provider].title),
		.recovery = 'T',
		.config = t->resource->attrs,
		/* The journal only reads it. */
		.prior = (struct state_resource *)t->resource,
		.deps = t->resource->deps,
		.n_deps = t->resource->n_deps,
		.id = t->resource->id,
		.replace_when = t->resource->replace_when,
		.control = e->call.control,
	};

	return journal_add(i->journal, &intent, err);
}

/* Nothing is left of it that a recovery would look for. */
static void end(struct intent *i)
{
	struct journal_record end = { .kind = JOURNAL_END };
	struct error ignored;

	/* A journal that stays is replayed to no effect. */
	if (journal_add(i->journal, &end, &ignored) == 0)
		journal_sync(i->journal, &ignored);
	journal_close(i->journal, true, &ignored);
	i->journal = NULL;
}

/* As it is, for the next run. */
static void leave(struct intent *i)
{
	struct error ignored;

	journal_close(i->journal, false, &ignored);
	i->journal = NULL;
}

int intent_begin(struct intent *i, struct context *c, struct engine_call *e,
		 const struct target *t, struct error *err)
{
	struct operation op = { .kind = OPERATION_CONTROL,
				.address = t->resource->address };

	*i = (struct intent){
		.context = c,
		.address = str_dup(op.address, c->arena),
		.token = operation_token(&op, c->run_id, c->arena),
	};
	e->call.token = i->token;
	if (journal_open(store_stack_folder(c->store), c->seal, NULL,
			 &i->journal, err) < 0)
		return error_add(err, "journal");
	if (add_begin(i, err) == 0 && add_intent(i, e, t, err) == 0 &&
	    journal_sync(i->journal, err) == 0)
		return 0;
	leave(i);
	return error_add(err, "journal");
}

int intent_done(struct intent *i, struct state_resource *now,
		struct str message, struct error *err)
{
	struct context *c = i->context;
	struct journal_record done = {
		.kind = JOURNAL_DONE,
		.address = i->address,
		.action = str_from(operation_name(OPERATION_CONTROL)),
		.token = i->token,
		.id = now->id,
		.resource = now,
	};
	struct str commit;

	/* The commit says it too: only both missing would be a loss. */
	if (journal_add(i->journal, &done, err) < 0)
		*err = (struct error){ 0 };
	state_put(&c->state, now);
	if (commit_state(c, message, &commit, err) < 0) {
		leave(i);
		return -1;
	}
	end(i);
	return 0;
}

void intent_failed(struct intent *i, const struct error *failure)
{
	struct context *c = i->context;
	struct journal_record failed = {
		.kind = JOURNAL_FAILED,
		.address = i->address,
		.action = str_from(operation_name(OPERATION_CONTROL)),
		.token = i->token,
		.message = str_from(failure->message),
	};
	struct error ignored;

	if (operation_had_no_answer(failure->kind) ||
	    store_hold(c->store, &ignored) < 0) {
		leave(i);
		return;
	}
	if (journal_add(i->journal, &failed, &ignored) < 0)
		leave(i);
	else
		end(i);
}
