#include <config.h>

/*
 * The store over store_git.c: which file on which branch, whose name stands in
 * a commit, and what to do when the branch has moved.
 */

#include "engine/store.h"

#include "engine/store_private.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 200 };

/* The absolute path of a file by the real path of its folder. */
static int find_folder(const char *path, struct arena *a, struct str *folder,
		       struct str *file, struct error *err)
{
	struct str given = str_from(path);
	ptrdiff_t slash = str_rfind(given, '/');
	struct str above =
	    slash < 0 ? STR(".") : str_sub(given, 0, (size_t)slash);
	char real[PATH_MAX];

	if (slash == 0)
		above = STR("/");
	if (!realpath(str_c(above, a), real))
		return error_errno(err, "could not find folder \"%.*s\"",
				   STR_ARG(above));
	*folder = str_dup(str_from(real), a);
	*file = str_fmt(a, "%s/%.*s", strcmp(real, "/") == 0 ? "" : real,
			STR_ARG(str_skip(given, (size_t)(slash + 1))));
	return 0;
}

/* A path in a tree: no empty, "." or ".." part, no ".git". */
static bool is_tree_path(struct str path)
{
	if (path.n == 0)
		return false;
	while (path.n) {
		bool is_last = str_find(path, '/') < 0;
		struct str part = str_cut(&path, '/');

		if (part.n == 0 || str_is(part, ".") || str_is(part, "..") ||
		    str_is(part, ".git") || (!is_last && path.n == 0))
			return false;
	}
	return true;
}

static int set_names(struct store *s, const struct store_options *o,
		     struct error *err)
{
	struct arena *a = &s->arena;

	s->stack = str_dup(o->stack, a);
	s->branch =
	    str_fmt(a, "refs/heads/%.*s",
		    STR_ARG(o->branch.n ? o->branch : STR("dmsl/state")))
		.s;
	s->lease_ms = o->lease_ms;
	s->path = o->path.n
		      ? str_c(o->path, a)
		      : str_fmt(a, "%.*s.dmstate.json", STR_ARG(s->stack)).s;
	s->lease = str_fmt(a, "refs/dmsl/lease/%.*s", STR_ARG(s->stack)).s;
	s->folder = str_fmt(a, "%s/dmsl", repo_common_folder(s->repo)).s;
	s->stack_folder = str_fmt(a, "%s/%.*s", s->folder, STR_ARG(s->stack)).s;
	if (s->stack.n == 0 || str_find(s->stack, '/') >= 0 ||
	    str_is(s->stack, "key") || str_is(s->stack, "key.new") ||
	    str_is(s->stack, "moving"))
		return error_set(err, ERROR_INVALID,
				 "\"%.*s\" cannot be the name of a stack",
				 STR_ARG(s->stack));
	if (!is_tree_path(str_from(s->path)))
		return error_set(err, ERROR_INVALID,
				 "\"%s\" cannot be the path of a state file",
				 s->path);
	if (repo_check_name(s->repo, s->branch, err) < 0)
		return error_add(err, "state branch");
	return repo_check_name(s->repo, s->lease, err);
}

int store_open(const struct store_options *o, struct store **out,
	       struct error *err)
{
	struct store *s = xmalloc(sizeof(*s));
	struct str folder;
	struct str file;
	int rc;

	*out = NULL;
	*s = (struct store){ 0 };
	rc = find_folder(o->stack_path, &s->arena, &folder, &file, err);
	if (rc == 0) {
		s->stack_path = file.s;
		rc = repo_open(folder.s, &s->repo, err);
	}
	if (rc == 0)
		rc = set_names(s, o, err);
	if (rc < 0)
		store_close(s);
	else
		*out = s;
	return rc;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	repo_close(s->repo);
	arena_release(&s->arena);
	free(s);
}

const char *store_folder(const struct store *s)
{
	return s->folder;
}

const char *store_stack_folder(const struct store *s)
{
	return s->stack_folder;
}

const char *store_note(const struct store *s)
{
	return *s->note ? s->note : NULL;
}

static struct str oid_text(const struct repo_oid *oid, struct arena *a)
{
	return str_dup(str_from(oid->hex), a);
}

int store_load(struct store *s, struct arena *a, struct str *text,
	       struct str *commit, struct error *err)
{
	struct repo_oid tip;
	struct repo_oid blob;

	*text = *commit = (struct str){ 0 };
	if (repo_read_ref(s->repo, s->branch, &tip, err) < 0)
		return -1;
	if (!*tip.hex)
		return 0;
	if (repo_find_file(s->repo, &tip, s->path, &blob, err) < 0)
		return -1;
	if (*blob.hex && repo_keep_blob(s->repo, &blob, text, err) < 0)
		return error_add(err, "\"%s\" on \"%s\"", s->path, s->branch);
	*commit = oid_text(&tip, a);
	return 0;
}

int store_is_at(struct store *s, struct str commit, bool *out,
		struct error *err)
{
	struct repo_oid tip;

	if (repo_read_ref(s->repo, s->branch, &tip, err) < 0)
		return -1;
	*out = str_is(commit, tip.hex);
	return 0;
}

int store_load_at(struct store *s, struct str commit, struct arena *a,
		  struct str *text, struct error *err)
{
	struct repo_oid at = { 0 };
	struct repo_oid blob;

	*text = (struct str){ 0 };
	if (commit.n == 0 || commit.n >= sizeof(at.hex))
		return 0;
	memcpy(at.hex, commit.s, commit.n);
	if (repo_find_file(s->repo, &at, s->path, &blob, err) < 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return *blob.hex ? repo_read_blob(s->repo, &blob, a, text, err) : 0;
}

int store_holds(struct store *s, struct str text, bool *out, struct error *err)
{
	char name[DIGEST_GIT_SIZE];
	struct repo_oid tip, blob;

	*out = false;
	if (repo_read_ref(s->repo, s->branch, &tip, err) < 0 ||
	    repo_find_file(s->repo, &tip, s->path, &blob, err) < 0)
		return -1;
	digest_git_blob(text, name);
	*out = strcmp(name, blob.hex) == 0;
	return 0;
}

/* A name or address as git takes it: no brackets, no lines, no edges. */
static struct str clean(struct str s, struct arena *a)
{
	static const char crud[] = " .,:;<>\"\\'\t\n\r";
	char *copy = arena_new(a, char, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c >= 0x20 && c != '<' && c != '>' && c != 0x7f)
			copy[n++] = s.s[i];
	}
	s = (struct str){ copy, n };
	while (s.n && strchr(crud, s.s[0]))
		s = str_skip(s, 1);
	while (s.n && strchr(crud, s.s[s.n - 1]))
		s.n--;
	return s;
}

/* The first of environment and settings that is there, or empty. */
static struct str who(struct store *s, const char *role, const char *part,
		      struct arena *a)
{
	bool is_author = strcmp(role, "author") == 0;
	bool is_name = strcmp(part, "name") == 0;
	const char *env = getenv(
	    is_author
		? (is_name ? "GIT_AUTHOR_NAME" : "GIT_AUTHOR_EMAIL")
		: (is_name ? "GIT_COMMITTER_NAME" : "GIT_COMMITTER_EMAIL"));
	struct str found = clean(str_from(env), a);

	if (found.n == 0 &&
	    repo_setting(s->repo, str_fmt(a, "%s.%s", role, part).s, a, &found))
		found = clean(found, a);
	if (found.n == 0 &&
	    repo_setting(s->repo, str_fmt(a, "user.%s", part).s, a, &found))
		found = clean(found, a);
	if (found.n == 0 && !is_name)
		found = clean(str_from(getenv("EMAIL")), a);
	return found;
}

/* GIT_AUTHOR_DATE in git's own form, "@1700000000 +0100". */
static bool read_date(const char *text, struct repo_person *p)
{
	struct str s = str_trim(str_from(text));
	struct str seconds;
	uint64_t n;
	uint64_t zone = 0;
	int sign = 1;

	if (str_starts(s, "@"))
		s = str_skip(s, 1);
	seconds = str_cut(&s, ' ');
	if (!str_to_u64(seconds, &n) || n > INT32_MAX * (uint64_t)1000)
		return false;
	if (s.n) {
		sign = s.s[0] == '-' ? -1 : 1;
		if (s.n != 5 || (s.s[0] != '+' && s.s[0] != '-') ||
		    !str_to_u64(str_skip(s, 1), &zone))
			return false;
	}
	p->seconds = (int64_t)n;
	p->offset = sign * (int)(zone / 100 * 60 + zone % 100);
	return true;
}

/*
 * Who commits. A state without an author would be lost work, so whoever has set
 * nothing becomes dmsl@HOST, and is told.
 */
static struct repo_person person(struct store *s, const char *role,
				 struct arena *a)
{
	struct repo_person p = {
		.name = who(s, role, "name", a),
		.email = who(s, role, "email", a),
		.seconds = clock_wall(),
	};
	const char *date =
	    getenv(strcmp(role, "author") == 0 ? "GIT_AUTHOR_DATE"
					       : "GIT_COMMITTER_DATE");
	time_t now = (time_t)p.seconds;
	struct tm local;

	if (localtime_r(&now, &local))
		p.offset = (int)(local.tm_gmtoff / 60);
	if (date && *date && !read_date(date, &p))
		snprintf(s->note, sizeof(s->note),
			 "GIT_%s_DATE is not \"@SECONDS +ZONE\" and was "
			 "ignored",
			 strcmp(role, "author") == 0 ? "AUTHOR" : "COMMITTER");
	if (p.name.n == 0 || p.email.n == 0) {
		char host[256] = "";

		gethostname(host, sizeof(host) - 1);
		if (p.name.n == 0)
			p.name = STR("dmsl");
		if (p.email.n == 0)
			p.email =
			    str_fmt(a, "dmsl@%s", *host ? host : "localhost");
		snprintf(s->note, sizeof(s->note),
			 "git does not know who you are: the state was "
			 "committed as %.100s <%.250s>; see git config "
			 "user.name and user.email",
			 p.name.s, p.email.s);
	}
	return p;
}

static int moved_on(struct store *s, const struct repo_oid *tip,
		    struct error *err)
{
	error_set(err, ERROR_CONFLICT,
		  "the state of stack \"%.*s\" was changed meanwhile, by "
		  "commit %.12s on \"%s\"",
		  STR_ARG(s->stack), *tip->hex ? tip->hex : "(none)",
		  s->branch + strlen("refs/heads/"));
	return error_hint(err,
			  "Nothing of this run is lost: its journal is kept, "
			  "and the next apply takes it up. See what happened: "
			  "git log %s",
			  s->branch + strlen("refs/heads/"));
}

/* One commit on the tip as it is now; ERROR_CONFLICT: it moved. */
static int commit_on(struct store *s, const struct repo_oid *tip,
		     struct repo_commit *c, struct arena *a,
		     struct repo_oid *made, struct error *err)
{
	c->parent = *tip;
	if (repo_write_commit(s->repo, c, a, made, err) < 0)
		return -1;
	return store_move_ref(s, s->branch, tip, made, "dmsl: commit of state",
			      err);
}

static int commit_with_retries(struct store *s, const struct repo_oid *base,
			       struct repo_commit *c, struct arena *a,
			       struct repo_oid *made, struct error *err)
{
	struct repo_oid prior;
	struct repo_oid tip;
	struct repo_oid blob;

	if (repo_find_file(s->repo, base, s->path, &prior, err) < 0)
		return -1;
	for (int i = 0; i < TRIES; i++) {
		if (repo_read_ref(s->repo, s->branch, &tip, err) < 0 ||
		    repo_find_file(s->repo, &tip, s->path, &blob, err) < 0)
			return -1;
		if (strcmp(blob.hex, prior.hex) != 0)
			return moved_on(s, &tip, err);
		/*
		 * Nothing to change, perhaps because a run was killed after it
		 * had committed and before it could note that.
		 */
		if (*tip.hex && strcmp(blob.hex, c->blob.hex) == 0) {
			*made = tip;
			return 0;
		}
		if (commit_on(s, &tip, c, a, made, err) == 0)
			return 0;
		if (err->kind != ERROR_CONFLICT)
			return -1;
		/* Another stack's state, or the same tip again: once more. */
		*err = (struct error){ 0 };
		clock_sleep_ms(1 + i % 7);
	}
	return error_set(err, ERROR_UNAVAILABLE,
			 "\"%s\" moved %d times while the state was committed",
			 s->branch, TRIES);
}

int store_commit(struct store *s, struct str base, struct str text,
		 struct str message, struct arena *a, struct str *commit,
		 struct error *err)
{
	struct repo_oid from = { 0 };
	struct repo_oid made;
	struct signer signer;
	struct repo_commit c = {
		.path = s->path,
		.author = person(s, "author", a),
		.committer = person(s, "committer", a),
	};
	bool is_signed;

	if (base.n >= sizeof(from.hex))
		return error_set(err, ERROR_INVALID, "\"%.*s\" is not a commit",
				 STR_ARG(base));
	memcpy(from.hex, base.n ? base.s : "", base.n);
	c.message = str_ends(message, "\n")
			? message
			: str_fmt(a, "%.*s\n", STR_ARG(message));
	if (store_signer(s,
			 str_fmt(a, "%.*s <%.*s>", STR_ARG(c.committer.name),
				 STR_ARG(c.committer.email)),
			 a, &is_signed, &signer, err) < 0)
		return -1;
	if (is_signed) {
		c.sign = store_sign;
		c.signer = &signer;
	}
	if (repo_write_blob(s->repo, text, &c.blob, err) < 0 ||
	    commit_with_retries(s, &from, &c, a, &made, err) < 0)
		return error_add(err, "could not commit the state");
	*commit = oid_text(&made, a);
	return 0;
}

struct str store_stack_commit(struct store *s, struct arena *a)
{
	struct repo_oid head;
	struct error err;
	bool is_changed;

	if (repo_head(s->repo, s->stack_path, &head, &is_changed, &err) < 0 ||
	    !*head.hex)
		return (struct str){ 0 };
	return str_fmt(a, "%s%s", head.hex, is_changed ? "+changes" : "");
}
