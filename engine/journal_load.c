#include <config.h>

#include "engine/journal.h"

#include "engine/codec.h"
#include "engine/journal_frame.h"
#include "engine/journal_record.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* An intent, and the one before it at the same address, if that is open. */
struct item {
	struct journal_record record;
	bool is_open;
	size_t before; /* index + 1; 0: none */
};

struct replay {
	struct state *state; /* NULL: the state holds it all already */
	struct arena *arena;
	struct journal_replay *out;
	struct str run_id;
	struct map latest; /* address -> item index + 1, as a pointer */
	struct map moved;  /* old address -> struct str; not yet in deps */
	VEC(struct item) items;
};

/* Parsed records of the file. */
struct records {
	VEC(struct journal_record) all;
	size_t start; /* behind the last end record */
	bool has_end; /* nothing follows it */
	struct str uid;
};

static size_t latest(const struct replay *p, struct str address)
{
	return (size_t)(uintptr_t)map_get(&p->latest, address);
}

static void set_latest(struct replay *p, struct str address, size_t item)
{
	map_put(&p->latest, address, (void *)(uintptr_t)item);
}

/*
 * The open intent that a record belongs to: the one of its token, or without
 * one the latest at its address. NULL: it had none, as for types without effect
 * outside.
 */
static struct item *find_item(struct replay *p, const struct journal_record *r)
{
	struct item *items = p->items.items;

	for (size_t i = latest(p, r->address); i; i = items[i - 1].before) {
		struct item *item = &items[i - 1];

		if (item->is_open &&
		    (r->token.n == 0 || str_eq(item->record.token, r->token)))
			return item;
	}
	return NULL;
}

static void add_intent(struct replay *p, const struct journal_record *r)
{
	struct item *again = r->token.n ? find_item(p, r) : NULL;
	size_t before = latest(p, r->address);
	struct item *item;

	/* A recovery may have declared the same intent once more. */
	if (again) {
		struct str id = again->record.id;
		struct str memo = again->record.memo;

		again->record = *r;
		if (!r->id.n)
			again->record.id = id;
		if (!r->memo.n)
			again->record.memo = memo;
		again->record.run_id = p->run_id;
		return;
	}
	while (before && !p->items.items[before - 1].is_open)
		before = p->items.items[before - 1].before;
	item = vec_push(&p->items);
	*item = (struct item){ *r, true, before };
	item->record.run_id = p->run_id;
	set_latest(p, r->address, p->items.n);
}

static void note_accepted(struct replay *p, const struct journal_record *r)
{
	struct item *item = find_item(p, r);

	if (!item)
		return;
	if (r->id.n)
		item->record.id = r->id;
	item->record.memo = r->memo;
}

static void apply_result(struct replay *p, const struct journal_record *r)
{
	struct item *item = find_item(p, r);
	size_t last = latest(p, r->address);

	if (item)
		item->is_open = false;
	while (last && !p->items.items[last - 1].is_open)
		last = p->items.items[last - 1].before;
	set_latest(p, r->address, last);
	if (!p->state)
		return;
	/* A move is one record: it was made, or it was not. */
	if (r->resource && !str_eq(r->resource->address, r->address))
		state_remove(p->state, r->address);
	if (r->resource)
		state_put(p->state, r->resource);
	else if (r->kind == JOURNAL_DONE && !str_is(r->action, "run"))
		state_remove(p->state, r->address);
}

/*
 * The moves and imports of a run stand together at its beginning, and their
 * records say nothing of those that depend on what moved.
 */
static void end_moves(struct replay *p)
{
	if (p->moved.n && p->state)
		state_rename_deps(p->state, &p->moved);
	map_release(&p->moved);
}

static void replay_one(struct replay *p, const struct journal_record *r)
{
	bool is_move = r->kind == JOURNAL_DONE && str_is(r->action, "move");

	if (is_move && r->resource)
		map_put(&p->moved, r->address, &r->resource->address);
	else if (!str_is(r->action, "import"))
		end_moves(p);
	switch (r->kind) {
	case JOURNAL_BEGIN:
		p->out->begin = *r;
		p->run_id = r->run_id;
		break;
	case JOURNAL_INTENT:
		add_intent(p, r);
		break;
	case JOURNAL_ACCEPTED:
		note_accepted(p, r);
		break;
	case JOURNAL_DONE:
	case JOURNAL_FAILED:
		apply_result(p, r);
		break;
	case JOURNAL_END:
		p->out->has_end = true;
		break;
	}
}

static void collect_open(struct replay *p)
{
	struct journal_replay *out = p->out;

	out->open = arena_new(p->arena, struct journal_record, p->items.n);
	for (size_t i = 0; i < p->items.n; i++)
		if (p->items.items[i].is_open)
			out->open[out->n_open++] = p->items.items[i].record;
}

/* The overlay must be of the very stack whose state was loaded. */
static int check_uid(struct state *state, const struct records *all,
		     struct error *err)
{
	if (!state || all->has_end)
		return 0;
	if (state->uid.n == 0)
		state->uid = str_dup(all->uid, state->arena);
	if (str_eq(state->uid, all->uid))
		return 0;
	error_set(err, ERROR_CORRUPT,
		  "it belongs to a stack with uid %.*s, and the state to one "
		  "with uid %.*s",
		  STR_ARG(all->uid), STR_ARG(state->uid));
	return error_hint(err, "Was the state's branch replaced? Bring it "
			       "back, or move the journal away if nothing of "
			       "that other stack is left.");
}

static int read_records(struct str text, const struct seal *seal,
			struct arena *a, struct journal_replay *out,
			struct records *all, struct error *err)
{
	struct frame_scan scan;
	struct codec codec;
	struct frame f;
	int rc;

	if (frame_scan_start(&scan, text, err) < 0)
		return -1;
	codec_init(&codec, seal, STR(""));
	while ((rc = frame_scan_next(&scan, &f, err)) > 0) {
		struct journal_record *r = vec_push(&all->all);

		if (journal_record_read(f.payload, &codec, a, r, err) < 0) {
			rc = error_add(err, "record %llu",
				       (unsigned long long)f.sequence);
			break;
		}
		r->sequence = f.sequence;
		all->has_end = r->kind == JOURNAL_END;
		if (r->kind == JOURNAL_BEGIN) {
			codec_release(&codec);
			codec_init(&codec, seal, r->stack_uid);
			all->uid = r->stack_uid;
		} else if (f.sequence == 1) {
			rc = error_set(err, ERROR_CORRUPT,
				       "its first record is not \"begin\"");
			break;
		}
		/* What stands before the last end counts no more. */
		if (all->all.n > 1 &&
		    all->all.items[all->all.n - 2].kind == JOURNAL_END)
			all->start = all->all.n - 1;
	}
	codec_release(&codec);
	out->next_sequence = scan.sequence;
	/* A file that was just being made is no journal, torn or not. */
	out->torn_bytes = all->all.n ? text.n - scan.at : 0;
	return rc < 0 ? -1 : 0;
}

static int replay(struct str text, const struct seal *seal, struct state *state,
		  struct arena *a, struct journal_replay *out,
		  struct error *err)
{
	struct records all = { 0 };
	struct replay p = { .arena = a, .out = out };
	int rc = read_records(text, seal, a, out, &all, err);

	if (rc == 0 && all.all.n)
		rc = check_uid(state, &all, err);
	if (rc == 0) {
		p.state = all.has_end ? NULL : state;
		for (size_t i = all.start; i < all.all.n; i++)
			replay_one(&p, &all.all.items[i]);
		end_moves(&p);
		if (!all.has_end)
			collect_open(&p);
	}
	vec_release(&p.items);
	map_release(&p.latest);
	vec_release(&all.all);
	return rc;
}

int journal_load(const char *folder, const struct seal *seal,
		 struct state *state, struct arena *a,
		 struct journal_replay *out, struct error *err)
{
	struct str path = str_fmt(a, "%s/journal", folder);
	struct str text;

	*out = (struct journal_replay){ .next_sequence = 1 };
	if (access(path.s, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (file_read(path.s, JOURNAL_MOST, a, &text, err) < 0) {
		if (err->kind != ERROR_NOT_FOUND)
			return -1;
		/* Its run has just come to its end. */
		*err = (struct error){ 0 };
		return 0;
	}
	if (replay(text, seal, state, a, out, err) == 0)
		return 0;
	if (err->kind == ERROR_CORRUPT && !*err->hint)
		error_hint(err,
			   "The disk or somebody changed the file. Keep a copy "
			   "of it; it is text, and says what a run was doing. "
			   "Look whether that was done, then move the file "
			   "away.");
	return error_add(err, "journal \"%s\"", path.s);
}
