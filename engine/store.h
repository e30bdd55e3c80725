#ifndef DMSL_ENGINE_STORE_H
#define DMSL_ENGINE_STORE_H

/*
 * Where state lives: dev.dmstate.json on the branch dmsl/state of the git
 * repository that holds the stack file. Read and written through libgit2
 * without touching work tree or index; one commit an apply; compare-and-swap on
 * the ref; objects and ref fsynced. Also the local lease of a run.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

struct store;

struct store_options {
	const char *stack_path; /* the stack file; finds the repository */
	struct str stack;	/* name */
	struct str branch;	/* empty: dmsl/state */
	struct str path;	/* empty: NAME.dmstate.json */
	int64_t lease_ms;	/* 0: 5 minutes */
};

/*
 * Fails with ERROR_NOT_FOUND and a hint (git init) when the file is in no
 * repository, ERROR_INVALID for repositories that libgit2 cannot handle.
 */
int store_open(const struct store_options *o, struct store **out,
	       struct error *err);
void store_close(struct store *s);
/* <git common dir>/dmsl and <git common dir>/dmsl/<stack>; not made. */
const char *store_folder(const struct store *s);
const char *store_stack_folder(const struct store *s);
/*
 * Something the user should know, or NULL: git has no user.name, a lock that a
 * killed run left behind was removed. Good until the next call.
 */
const char *store_note(const struct store *s);
/*
 * The state text and the commit it came from (40 hex digits). Both empty when
 * there is none yet. The text lives until store_close(), the commit in a.
 */
int store_load(struct store *s, struct arena *a, struct str *text,
	       struct str *commit, struct error *err);
/* Whether the branch stands at the commit; empty: there is no branch. */
int store_is_at(struct store *s, struct str commit, bool *out,
		struct error *err);
/* Whether that is the state text at the tip: without reading it. */
int store_holds(struct store *s, struct str text, bool *out, struct error *err);
/*
 * The state text that an earlier commit has; empty when it has none, or is not
 * in this repository.
 */
int store_load_at(struct store *s, struct str commit, struct arena *a,
		  struct str *text, struct error *err);
/*
 * Commits the text. base: the commit that the state was read from (empty:
 * none). ERROR_CONFLICT when the branch has moved on *for this stack's file*;
 * where only other stacks' files moved, it is repeated on the new tip.
 */
int store_commit(struct store *s, struct str base, struct str text,
		 struct str message, struct arena *a, struct str *commit,
		 struct error *err);
/* The commit of HEAD that the stack file is on, with "+changes"; or empty. */
struct str store_stack_commit(struct store *s, struct arena *a);

/*
 * The lease that keeps two applies of one stack from starting: the ref
 * refs/dmsl/lease/<stack> with owner, host, boot id, pid and its start time,
 * run id, deadline. Taken by compare-and-swap. A lease of a process of this
 * machine that is gone is broken at once; one from elsewhere when it was seen
 * unchanged for its time (and said in *broken, the owner's run id).
 * ERROR_CONFLICT names who holds it.
 */
int store_lease(struct store *s, struct str run_id, struct arena *a,
		struct str *broken, struct error *err);
/*
 * Before each call that changes something outside, and whenever
 * store_hold_in_ms() have passed: renews the lease in time. -1: this run does
 * not have it any more (ERROR_CONFLICT), or cannot keep it. Then nothing may be
 * called, recorded or committed. Cheap: one look at the ref.
 */
int store_hold(struct store *s, struct error *err);
int64_t store_hold_in_ms(const struct store *s);
int store_unlease(struct store *s, struct error *err);
/* Whether a live run holds it now (plan shows it; never an error). */
bool store_is_leased(struct store *s);

#endif
