#ifndef DMSL_ENGINE_JOURNAL_H
#define DMSL_ENGINE_JOURNAL_H

/*
 * The append-only record of a run: what it was about to do, and what became of
 * it. <git common dir>/dmsl/<stack>/journal. Format, validity of a record and
 * recovery are described at the top of journal.c.
 *
 *	begin     run, base commit, plan hash
 *	intent    before the first call of a step; durable when it returns
 *	accepted  the id is known, the step goes on
 *	done      the step ended; the resource as it is now
 *	failed    the step ended without effect, or with a known one
 *	end       the state was committed; the journal can go
 *
 * One thread owns a journal.
 */

#include "lang/base/arena.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include "engine/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct seal;

enum journal_kind {
	JOURNAL_BEGIN = 1,
	JOURNAL_INTENT,
	JOURNAL_ACCEPTED,
	JOURNAL_DONE,
	JOURNAL_FAILED,
	JOURNAL_END,
};

struct journal_record {
	enum journal_kind kind;
	uint64_t sequence;
	/* begin; provider: what identity_write() gives */
	struct str run_id, base_commit, plan_hash, stack_uid;
	/* intent, accepted, done, failed */
	struct str address;
	struct str action; /* "create", "run", "control" and so on */
	struct str token;
	/* intent: type, provider, config, prior, id of the old object */
	struct str type, provider;
	char recovery; /* 'T', 'N', 'Q' */
	struct value config;
	struct state_resource *prior; /* or NULL */
	struct str *deps;
	size_t n_deps;
	/* intent: the old object's id; accepted: the new object's */
	struct str id;
	/*
	 * intent of a create: the name that the new object gets, where it is
	 * not the default one; the digest that lifecycle leaves in the state
	 */
	struct str name, replace_when;
	struct str memo;
	struct str control; /* intent of "control": what is asked for */
	/*
	 * done: the resource, NULL after a delete; with an address that is not
	 * the record's it was moved from there. failed: what is left of it
	 * (tainted), or NULL: the state stays as it is.
	 */
	struct state_resource *resource;
	/* failed */
	struct str message;
	/*
	 * Of a step without effect outside: it may be lost with the process, as
	 * long as nothing that follows is kept. Many are one write.
	 */
	bool may_wait;
};

struct journal;

/* What a journal that was left behind says. All in the given arena. */
struct journal_replay {
	struct journal_record begin; /* kind 0: there is no journal */
	bool has_end;
	/*
	 * Intents without done or failed, in order; with id and memo of the
	 * latest accepted record, and the run_id of their begin record.
	 */
	struct journal_record *open;
	size_t n_open;
	uint64_t next_sequence;
	size_t torn_bytes; /* cut off behind the last record */
};

/*
 * Reads <folder>/journal, and applies every done record to `state`. Changes no
 * file. A damaged record that is not the last is an error (ERROR_CORRUPT).
 * Where the state has no uid yet it gets the journal's. With has_end set
 * nothing was applied: the committed state holds it all.
 */
int journal_load(const char *folder, const struct seal *seal,
		 struct state *state, struct arena *a,
		 struct journal_replay *out, struct error *err);
/*
 * Opens it for appending, after a torn tail was cut; makes folder and file when
 * needed. r is what journal_load() said, or NULL for none. It goes on in the
 * journal that is there; one that has ended, or was none, is begun anew. The
 * seal must outlive the journal.
 */
int journal_open(const char *folder, const struct seal *seal,
		 const struct journal_replay *r, struct journal **out,
		 struct error *err);
/*
 * Appends one record; the sequence number is set here. Not yet durable. The
 * first one is "begin"; an "end" without one is nothing. memo and message must
 * hold no secret.
 */
int journal_add(struct journal *j, struct journal_record *r, struct error *err);
/*
 * Makes all that was added durable (one fdatasync for many). After a failure
 * every later call fails: stop before the outside call.
 */
int journal_sync(struct journal *j, struct error *err);
/* Closes; with remove, deletes the file durably (after the state commit). */
int journal_close(struct journal *j, bool remove, struct error *err);
/*
 * Removes a file that journal_load() found empty: its run was killed when it
 * had just made it, or just before it would have removed it. Nothing there is
 * success.
 */
int journal_clear(const char *folder, const struct seal *seal,
		  struct error *err);

#endif
