#ifndef DMSL_ENGINE_STORE_GIT_H
#define DMSL_ENGINE_STORE_GIT_H

/*
 * What the store asks of git: read a file at a ref, write objects, move a ref
 * if it is where we read it. Over libgit2, which store_git.c alone includes.
 * Objects and refs are durable when a function that wrote them returns.
 *
 * Object names are 40 hex digits; an empty text is "none".
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

struct repo;

struct repo_oid {
	char hex[41];
};

/* The repository that a folder is in, found by walking up. */
int repo_open(const char *folder, struct repo **out, struct error *err);
void repo_close(struct repo *r);
/* The git directory that all work trees share, without "/" at its end. */
const char *repo_common_folder(const struct repo *r);

/* A text setting of git's configuration; false: it is not set. */
bool repo_setting(struct repo *r, const char *name, struct arena *a,
		  struct str *out);
bool repo_setting_is_true(struct repo *r, const char *name);

/* Whether a ref of this name can be made beside those that are there. */
int repo_check_name(struct repo *r, const char *ref, struct error *err);
/* What a ref points to; empty when there is none. */
int repo_read_ref(struct repo *r, const char *ref, struct repo_oid *out,
		  struct error *err);
/*
 * Whether it is the other, or a commit with the other among those before it.
 * What cannot be read comes after nothing.
 */
bool repo_comes_after(struct repo *r, const struct repo_oid *commit,
		      const struct repo_oid *other);
/* Syncs the refs that git has packed, which it does not do by itself. */
int repo_sync_packed(struct repo *r, struct error *err);
/* The blob of a file in a commit; empty when there is none. */
int repo_find_file(struct repo *r, const struct repo_oid *commit,
		   const char *path, struct repo_oid *blob, struct error *err);
int repo_read_blob(struct repo *r, const struct repo_oid *blob, struct arena *a,
		   struct str *text, struct error *err);
/* The same for a large one: it is not copied, and lives until repo_close(). */
int repo_keep_blob(struct repo *r, const struct repo_oid *blob,
		   struct str *text, struct error *err);
int repo_write_blob(struct repo *r, struct str text, struct repo_oid *out,
		    struct error *err);

struct repo_person {
	struct str name, email;
	int64_t seconds; /* since 1970 */
	int offset;	 /* of the time zone, minutes */
};

struct repo_commit {
	struct repo_oid parent; /* or empty */
	const char *path;	/* the file that changes */
	struct repo_oid blob;	/* its new content */
	struct str message;
	struct repo_person author, committer;
	/* Signs the commit's text; NULL: does not. */
	int (*sign)(void *signer, struct str text, struct arena *a,
		    struct str *signature, struct error *err);
	void *signer;
};

/* The parent's tree with one file changed, as a commit that no ref has yet. */
int repo_write_commit(struct repo *r, const struct repo_commit *c,
		      struct arena *a, struct repo_oid *out, struct error *err);

/*
 * Moves a ref from `from` (empty: it must not exist) to `to` (empty: removes
 * it). ERROR_CONFLICT when it is not there; ERROR_UNAVAILABLE when somebody has
 * it locked: read again and repeat.
 */
int repo_move_ref(struct repo *r, const char *ref, const struct repo_oid *from,
		  const struct repo_oid *to, const char *why,
		  struct error *err);

/*
 * The commit of HEAD, and whether the file differs from it. Empty when there is
 * no commit yet.
 */
int repo_head(struct repo *r, const char *file, struct repo_oid *out,
	      bool *is_changed, struct error *err);

#endif
