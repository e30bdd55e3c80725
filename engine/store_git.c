#include <config.h>

#include "engine/store_git.h"

#include "lang/base/arena.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <git2.h>

enum {
	PATH_MOST = 4096,
	BLOB_MOST = 1 << 30,
};

struct repo {
	git_repository *git;
	char *common;
	VEC(git_blob *) kept; /* see repo_keep_blob() */
};

/*
 * libgit2 may keep an older message than the failure's: the code says what
 * happened, its message only adds to it.
 */
static int git_failed(struct error *err, int code, const char *what)
{
	const git_error *last = git_error_last();
	const char *text = last && last->message ? last->message : "";
	enum error_kind kind = ERROR_FAILED;

	switch (code) {
	case GIT_ENOTFOUND:
		kind = ERROR_NOT_FOUND;
		break;
	case GIT_EEXISTS:
		kind = ERROR_EXISTS;
		break;
	case GIT_EINVALIDSPEC:
		kind = ERROR_INVALID;
		break;
	case GIT_EMODIFIED:
		kind = ERROR_CONFLICT;
		break;
	case GIT_ELOCKED:
		kind = ERROR_UNAVAILABLE;
		break;
	default:
		break;
	}
	return error_set(err, kind, "could not %s: %s (git error %d)", what,
			 *text ? text : "no reason given", code);
}

static bool last_error_says(const char *part)
{
	const git_error *last = git_error_last();

	return last && last->message && strstr(last->message, part);
}

static int not_owned(const char *folder, struct error *err)
{
	error_set(err, ERROR_DENIED,
		  "the git repository \"%s\" belongs to another user", folder);
	return error_hint(err,
			  "If you trust it, run: git config --global --add "
			  "safe.directory '%s'",
			  folder);
}

/* Why a repository that was found does not open. found: its git directory. */
static int open_failed(int code, const char *found, struct error *err)
{
	char folder[PATH_MOST];
	size_t n = strlen(found);

	/* safe.directory names the work tree: what holds ".git/". */
	snprintf(folder, sizeof(folder), "%s", found);
	if (n < sizeof(folder)) {
		while (n > 1 && folder[n - 1] == '/')
			folder[--n] = '\0';
		if (n > 5 && strcmp(folder + n - 5, "/.git") == 0)
			folder[n - 5] = '\0';
	}
	if (code == GIT_EOWNER || code == GIT_ENOTFOUND)
		return not_owned(folder, err);
	git_failed(err, code, "open the git repository");
	if (last_error_says("unsupported extension")) {
		err->kind = ERROR_INVALID;
		return error_hint(err,
				  "SHA-256 repositories, partial clones and "
				  "other ref formats cannot hold state: keep "
				  "the stack file in an ordinary repository, "
				  "made by \"git init --object-format=sha1\".");
	}
	return -1;
}

/*
 * We never let libgit2 speak to a network: remotes go through the git program.
 * When it starts it would prepare for that all the same, which takes longer
 * than the rest of a small plan: read all of the system's certificates and
 * gather randomness for Mbed TLS, load the texts of OpenSSL's errors for
 * libssh2. It finds these functions in the libraries' place: were it ever to
 * connect, it would trust nobody. Unused where it was built without those
 * libraries.
 */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);
void mbedtls_entropy_init(void *entropy);
void mbedtls_entropy_free(void *entropy);
int mbedtls_ctr_drbg_seed(void *random,
			  int (*gather)(void *, unsigned char *, size_t),
			  void *entropy, const unsigned char *own, size_t n);
int libssh2_init(int flags);

__attribute__((used)) int mbedtls_x509_crt_parse_file(void *chain,
						      const char *path)
{
	(void)chain;
	(void)path;
	return 0;
}

__attribute__((used)) void mbedtls_entropy_init(void *entropy)
{
	(void)entropy;
}

__attribute__((used)) void mbedtls_entropy_free(void *entropy)
{
	(void)entropy;
}

__attribute__((used)) int
mbedtls_ctr_drbg_seed(void *random,
		      int (*gather)(void *, unsigned char *, size_t),
		      void *entropy, const unsigned char *own, size_t n)
{
	(void)random;
	(void)gather;
	(void)entropy;
	(void)own;
	(void)n;
	return 0;
}

__attribute__((used)) int libssh2_init(int flags)
{
	(void)flags;
	return 0;
}

static int prepare_library(struct error *err)
{
	/* Set by git sparse-checkout, and without meaning for what we do. */
	const char *extensions[] = { "worktreeconfig" };
	int code = git_libgit2_init();

	if (code < 0)
		return git_failed(err, code, "start libgit2");
	code = git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	if (code == 0)
		code = git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
					(size_t)1);
	if (code < 0)
		return git_failed(err, code, "set up libgit2");
	return 0;
}

void repo_close(struct repo *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->kept.n; i++)
		git_blob_free(r->kept.items[i]);
	vec_release(&r->kept);
	git_repository_free(r->git);
	free(r->common);
	free(r);
	git_libgit2_shutdown();
}

static char *without_slash(const char *path)
{
	size_t n = strlen(path);
	char *copy = xmalloc(n + 1);

	memcpy(copy, path, n + 1);
	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = '\0';
	return copy;
}

int repo_open(const char *folder, struct repo **out, struct error *err)
{
	git_buf found = GIT_BUF_INIT;
	struct repo *r;
	int code;
	int rc = -1;

	*out = NULL;
	r = xmalloc(sizeof(*r));
	*r = (struct repo){ 0 };
	if (prepare_library(err) < 0)
		goto done;
	code = git_repository_discover(&found, folder, 0,
				       getenv("GIT_CEILING_DIRECTORIES"));
	if (code == GIT_ENOTFOUND) {
		error_set(err, ERROR_NOT_FOUND,
			  "\"%s\" is in no git repository", folder);
		error_hint(err,
			   "State is kept on a branch of the repository that "
			   "holds the stack file. Make one: git init '%s'",
			   folder);
		goto done;
	}
	if (code == GIT_EOWNER) {
		not_owned(folder, err);
		goto done;
	}
	if (code < 0) {
		git_failed(err, code, "look for a git repository");
		goto done;
	}
	git_error_clear();
	code = git_repository_open(&r->git, found.ptr);
	if (code < 0) {
		open_failed(code, found.ptr, err);
		goto done;
	}
	r->common = without_slash(git_repository_commondir(r->git));
	*out = r;
	rc = 0;
done:
	git_buf_dispose(&found);
	if (rc < 0)
		repo_close(r);
	return rc;
}

const char *repo_common_folder(const struct repo *r)
{
	return r->common;
}

bool repo_setting(struct repo *r, const char *name, struct arena *a,
		  struct str *out)
{
	git_config *config = NULL;
	git_buf text = GIT_BUF_INIT;
	bool is_set;

	is_set = git_repository_config_snapshot(&config, r->git) == 0 &&
		 git_config_get_string_buf(&text, config, name) == 0;
	*out = (struct str){ 0 };
	if (is_set)
		*out = str_dup((struct str){ text.ptr, text.size }, a);
	git_buf_dispose(&text);
	git_config_free(config);
	return is_set;
}

bool repo_setting_is_true(struct repo *r, const char *name)
{
	git_config *config = NULL;
	int value = 0;
	bool is_true;

	is_true = git_repository_config_snapshot(&config, r->git) == 0 &&
		  git_config_get_bool(&value, config, name) == 0 && value;
	git_config_free(config);
	return is_true;
}

/* A ref that is a folder of the name, or the other way round. */
static int name_collides(const char *ref, const char *other, struct error *err)
{
	error_set(err, ERROR_INVALID,
		  "git cannot have \"%s\" beside \"%s\", which exists", ref,
		  other);
	return error_hint(err, "Rename the existing one: git branch -m OLD "
			       "NEW, or git update-ref.");
}

static int check_above(struct repo *r, const char *ref, struct error *err)
{
	char part[PATH_MOST];
	git_oid id;

	snprintf(part, sizeof(part), "%s", ref);
	for (char *slash = strrchr(part, '/'); slash;
	     slash = strrchr(part, '/')) {
		*slash = '\0';
		if (strchr(part, '/') &&
		    git_reference_name_to_id(&id, r->git, part) == 0)
			return name_collides(ref, part, err);
	}
	return 0;
}

static int check_below(struct repo *r, const char *ref, struct error *err)
{
	git_reference_iterator *all = NULL;
	char pattern[PATH_MOST];
	const char *name;
	int rc = 0;

	snprintf(pattern, sizeof(pattern), "%s/*", ref);
	if (git_reference_iterator_glob_new(&all, r->git, pattern) == 0 &&
	    git_reference_next_name(&name, all) == 0)
		rc = name_collides(ref, name, err);
	git_reference_iterator_free(all);
	return rc;
}

int repo_check_name(struct repo *r, const char *ref, struct error *err)
{
	git_reference *found = NULL;
	int is_valid = 0;
	int rc = 0;

	if (strlen(ref) >= PATH_MOST - 16 ||
	    git_reference_name_is_valid(&is_valid, ref) < 0 || !is_valid)
		return error_set(err, ERROR_INVALID,
				 "\"%.200s\" is not a name that git allows",
				 ref);
	if (git_reference_lookup(&found, r->git, ref) == 0) {
		if (git_reference_type(found) != GIT_REFERENCE_DIRECT)
			rc = error_set(err, ERROR_INVALID,
				       "\"%s\" is a symbolic ref; state needs "
				       "one of its own",
				       ref);
		git_reference_free(found);
		return rc;
	}
	rc = check_above(r, ref, err);
	return rc < 0 ? rc : check_below(r, ref, err);
}

int repo_read_ref(struct repo *r, const char *ref, struct repo_oid *out,
		  struct error *err)
{
	git_oid id;
	int code;

	*out = (struct repo_oid){ 0 };
	git_error_clear();
	code = git_reference_name_to_id(&id, r->git, ref);
	if (code == GIT_ENOTFOUND)
		return 0;
	if (code < 0) {
		git_failed(err, code, "read a ref");
		return error_add(err, "\"%s\"", ref);
	}
	git_oid_tostr(out->hex, sizeof(out->hex), &id);
	return 0;
}

bool repo_comes_after(struct repo *r, const struct repo_oid *commit,
		      const struct repo_oid *other)
{
	git_oid later, earlier;

	if (strcmp(commit->hex, other->hex) == 0)
		return true;
	return git_oid_fromstr(&later, commit->hex) == 0 &&
	       git_oid_fromstr(&earlier, other->hex) == 0 &&
	       git_graph_descendant_of(r->git, &later, &earlier) == 1;
}

static int damaged(struct error *err, int code, const char *what)
{
	git_failed(err, code, what);
	err->kind = ERROR_CORRUPT;
	return error_hint(err, "Run \"git fsck\" in the repository; another "
			       "clone may still have the object.");
}

static int find_tree(struct repo *r, const struct repo_oid *commit,
		     git_tree **tree, struct error *err)
{
	git_commit *c = NULL;
	git_oid id;
	int code;

	git_error_clear();
	code = git_oid_fromstr(&id, commit->hex);
	if (code == 0)
		code = git_commit_lookup(&c, r->git, &id);
	if (code == 0)
		code = git_commit_tree(tree, c);
	git_commit_free(c);
	return code < 0 ? damaged(err, code, "read a commit of the state") : 0;
}

int repo_find_file(struct repo *r, const struct repo_oid *commit,
		   const char *path, struct repo_oid *blob, struct error *err)
{
	git_tree *tree = NULL;
	git_tree_entry *entry = NULL;
	int code;
	int rc = 0;

	*blob = (struct repo_oid){ 0 };
	if (!*commit->hex)
		return 0;
	if (find_tree(r, commit, &tree, err) < 0)
		return -1;
	code = git_tree_entry_bypath(&entry, tree, path);
	if (code == 0 && git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
		rc = error_set(err, ERROR_CORRUPT,
			       "\"%s\" in commit %s is not a file", path,
			       commit->hex);
	else if (code == 0)
		git_oid_tostr(blob->hex, sizeof(blob->hex),
			      git_tree_entry_id(entry));
	else if (code != GIT_ENOTFOUND)
		rc = damaged(err, code, "read a tree of the state");
	git_tree_entry_free(entry);
	git_tree_free(tree);
	return rc;
}

/*
 * libgit2 compares what it read with its name by a SHA-1 of its own, which
 * takes several times as long as inflating it. For files, which may be large,
 * it is done here instead, with the one that the processor helps with.
 */
static int look_up_file(struct repo *r, const struct repo_oid *name,
			git_blob **out, struct error *err)
{
	char hex[DIGEST_GIT_SIZE];
	git_oid id;
	int code;

	git_error_clear();
	code = git_oid_fromstr(&id, name->hex);
	if (code == 0) {
		git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
		code = git_blob_lookup(out, r->git, &id);
		git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	}
	if (code < 0)
		return damaged(err, code, "read a file of the state");
	digest_git_blob((struct str){ git_blob_rawcontent(*out),
				      (size_t)git_blob_rawsize(*out) },
			hex);
	if (strcmp(hex, name->hex) == 0)
		return 0;
	git_error_clear();
	return damaged(err, GIT_EMISMATCH, "read a file of the state");
}

/* The caller frees *b, also after a failure. */
static int read_blob(struct repo *r, const struct repo_oid *blob, git_blob **b,
		     struct str *text, struct error *err)
{
	if (look_up_file(r, blob, b, err) < 0)
		return -1;
	if (git_blob_rawsize(*b) > BLOB_MOST)
		return error_set(err, ERROR_QUOTA,
				 "git object %s is larger than %d bytes",
				 blob->hex, BLOB_MOST);
	*text = (struct str){ git_blob_rawcontent(*b),
			      (size_t)git_blob_rawsize(*b) };
	return 0;
}

int repo_read_blob(struct repo *r, const struct repo_oid *blob, struct arena *a,
		   struct str *text, struct error *err)
{
	git_blob *b = NULL;
	int rc = read_blob(r, blob, &b, text, err);

	if (rc == 0)
		*text = str_dup(*text, a);
	git_blob_free(b);
	return rc;
}

int repo_keep_blob(struct repo *r, const struct repo_oid *blob,
		   struct str *text, struct error *err)
{
	git_blob *b = NULL;

	if (read_blob(r, blob, &b, text, err) < 0) {
		git_blob_free(b);
		return -1;
	}
	*vec_push(&r->kept) = b;
	return 0;
}

/*
 * libgit2 syncs objects and the folder they are in, not the folder above, in
 * which it may have made that one.
 */
static int sync_objects(struct repo *r, struct error *err)
{
	char path[PATH_MOST];

	snprintf(path, sizeof(path), "%s/objects", r->common);
	return file_sync(path, err);
}

int repo_write_blob(struct repo *r, struct str text, struct repo_oid *out,
		    struct error *err)
{
	git_oid id;
	int code;

	if (text.n > BLOB_MOST)
		return error_set(err, ERROR_QUOTA,
				 "a file of %zu bytes is more than git should "
				 "hold",
				 text.n);
	git_error_clear();
	code = git_blob_create_from_buffer(&id, r->git, text.n ? text.s : "",
					   text.n);
	if (code < 0)
		return git_failed(err, code, "write a file to git");
	git_oid_tostr(out->hex, sizeof(out->hex), &id);
	return sync_objects(r, err);
}

static int make_signature(const struct repo_person *p, struct arena *a,
			  git_signature **out)
{
	return git_signature_new(out, str_c(p->name, a), str_c(p->email, a),
				 p->seconds, p->offset);
}

static int write_tree(struct repo *r, const struct repo_commit *c,
		      git_commit *parent, git_tree **tree)
{
	git_tree_update update = {
		.action = GIT_TREE_UPDATE_UPSERT,
		.filemode = GIT_FILEMODE_BLOB,
		.path = c->path,
	};
	git_tree *base = NULL;
	git_oid id;
	int code = git_oid_fromstr(&update.id, c->blob.hex);

	if (code == 0 && parent)
		code = git_commit_tree(&base, parent);
	if (code == 0)
		code = git_tree_create_updated(&id, r->git, base, 1, &update);
	if (code == 0)
		code = git_tree_lookup(tree, r->git, &id);
	git_tree_free(base);
	return code;
}

/* sign == NULL leaves an empty signature, which makes a commit without. */
static int store_signed(struct repo *r, const struct repo_commit *c,
			const git_buf *text, struct arena *a, git_oid *id,
			struct error *err)
{
	struct str signature = { 0 };
	int code;

	if (c->sign && c->sign(c->signer, (struct str){ text->ptr, text->size },
			       a, &signature, err) < 0)
		return -1;
	code = git_commit_create_with_signature(
	    id, r->git, text->ptr, signature.n ? str_c(signature, a) : NULL,
	    NULL);
	return code < 0 ? git_failed(err, code, "write a commit") : 0;
}

int repo_write_commit(struct repo *r, const struct repo_commit *c,
		      struct arena *a, struct repo_oid *out, struct error *err)
{
	git_signature *author = NULL;
	git_signature *committer = NULL;
	git_commit *parent = NULL;
	git_tree *tree = NULL;
	git_buf text = GIT_BUF_INIT;
	git_oid id;
	int code;
	int rc;

	git_error_clear();
	code = make_signature(&c->author, a, &author);
	if (code == 0)
		code = make_signature(&c->committer, a, &committer);
	if (code == 0 && *c->parent.hex)
		code = git_oid_fromstr(&id, c->parent.hex);
	if (code == 0 && *c->parent.hex)
		code = git_commit_lookup(&parent, r->git, &id);
	if (code == 0)
		code = write_tree(r, c, parent, &tree);
	if (code == 0) {
		const git_commit *parents[] = { parent };

		code = git_commit_create_buffer(
		    &text, r->git, author, committer, NULL,
		    str_c(c->message, a), tree, parent ? 1 : 0, parents);
	}
	if (code < 0)
		rc = git_failed(err, code, "make a commit");
	else
		rc = store_signed(r, c, &text, a, &id, err);
	if (rc == 0) {
		git_oid_tostr(out->hex, sizeof(out->hex), &id);
		rc = sync_objects(r, err);
	}
	git_buf_dispose(&text);
	git_tree_free(tree);
	git_commit_free(parent);
	git_signature_free(committer);
	git_signature_free(author);
	return rc;
}

/* The folders above a ref, which libgit2 may have made and does not sync. */
static int sync_ref_folders(struct repo *r, const char *ref, struct error *err)
{
	char path[PATH_MOST * 2];
	size_t base = strlen(r->common);
	struct stat info;

	snprintf(path, sizeof(path), "%s/%s", r->common, ref);
	for (char *slash = strrchr(path, '/');
	     slash && (size_t)(slash - path) > base;
	     slash = strrchr(path, '/')) {
		*slash = '\0';
		/* Removing a ref removes folders that became empty. */
		if (stat(path, &info) < 0 && errno == ENOENT)
			continue;
		if (file_sync(path, err) < 0 && err->kind != ERROR_NOT_FOUND)
			return -1;
	}
	return 0;
}

int repo_sync_packed(struct repo *r, struct error *err)
{
	char path[PATH_MOST * 2];

	snprintf(path, sizeof(path), "%s/packed-refs", r->common);
	if (file_sync(path, err) < 0 && err->kind != ERROR_NOT_FOUND)
		return -1;
	return file_sync(r->common, err);
}

static int remove_ref(struct repo *r, const char *ref, const git_oid *from)
{
	git_reference *found = NULL;
	const git_oid *target;
	int code = git_reference_lookup(&found, r->git, ref);

	if (code == GIT_ENOTFOUND)
		return GIT_EMODIFIED;
	if (code < 0)
		return code;
	target = git_reference_target(found);
	/* Removing compares once more with what was looked up. */
	if (!target || !git_oid_equal(target, from))
		code = GIT_EMODIFIED;
	else
		code = git_reference_delete(found);
	git_reference_free(found);
	return code;
}

int repo_move_ref(struct repo *r, const char *ref, const struct repo_oid *from,
		  const struct repo_oid *to, const char *why, struct error *err)
{
	git_reference *made = NULL;
	git_oid old = { 0 };
	git_oid new;
	int code = 0;

	git_error_clear();
	if (*from->hex)
		code = git_oid_fromstr(&old, from->hex);
	if (code == 0 && *to->hex) {
		code = git_oid_fromstr(&new, to->hex);
		/* force: without it an existing ref is never moved. */
		if (code == 0)
			code = git_reference_create_matching(
			    &made, r->git, ref, &new, 1, &old, why);
		git_reference_free(made);
	} else if (code == 0) {
		code = remove_ref(r, ref, &old);
	}
	/* Removed meanwhile: as much "not where we read it" as moved. */
	if (code == GIT_ENOTFOUND)
		code = GIT_EMODIFIED;
	if (code < 0) {
		git_failed(err, code, "move a ref");
		return error_add(err, "\"%s\"", ref);
	}
	return sync_ref_folders(r, ref, err);
}

/* The path of a file below the work tree, or NULL. */
static const char *path_in_tree(struct repo *r, const char *file)
{
	const char *tree = git_repository_workdir(r->git);
	size_t n = tree ? strlen(tree) : 0;

	return n && strncmp(file, tree, n) == 0 ? file + n : NULL;
}

int repo_head(struct repo *r, const char *file, struct repo_oid *out,
	      bool *is_changed, struct error *err)
{
	const char *path = path_in_tree(r, file);
	unsigned flags = 0;
	git_oid id;
	int code;

	*out = (struct repo_oid){ 0 };
	*is_changed = false;
	git_error_clear();
	code = git_reference_name_to_id(&id, r->git, "HEAD");
	if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH || !path)
		return 0;
	if (code < 0)
		return git_failed(err, code, "read HEAD");
	git_oid_tostr(out->hex, sizeof(out->hex), &id);
	code = git_status_file(&flags, r->git, path);
	*is_changed = code < 0 || (flags != GIT_STATUS_CURRENT);
	return 0;
}
