/*
 * The form of the files: [section] lines, "key = value" lines whose key is in
 * any case of letters, comment lines that begin with # or ;. An indented line
 * goes on with the value above it or, where that is empty, is a key below it:
 *
 *	[services local]
 *	dms =
 *	  endpoint_url = http://127.0.0.1:4566
 */
#include <config.h>

#include "providers/aws/profile.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, VALUE_MAX = 16 << 10 };

struct section {
	struct map keys; /* -> struct str */
};

struct profiles {
	struct arena arena;
	struct map sections; /* "PART NAME" -> struct section */
};

/* What a file's lines are read into. */
struct reader {
	struct profiles *p;
	const char *file;
	size_t line;
	bool is_credentials;
	struct section *section; /* NULL: none yet, or one of no use */
	bool is_ignored;	 /* in a section that nobody knows */
	struct str key;		 /* the last one */
	struct str *value;
	struct error *err;
};

struct str env_get(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return str_from(*env + n + 1);
	return (struct str){ "", 0 };
}

bool setting_true(struct str value)
{
	static const char word[] = "true";

	for (size_t i = 0; value.n == 4 && i < 4; i++)
		if ((value.s[i] | 0x20) != word[i])
			return false;
	return value.n == 4;
}

struct profiles *profiles_new(void)
{
	struct profiles *p = xmalloc(sizeof(*p));

	*p = (struct profiles){ 0 };
	return p;
}

void profiles_free(struct profiles *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->sections.n; i++) {
		struct section *s = p->sections.entries[i].value;

		map_release(&s->keys);
	}
	map_release(&p->sections);
	arena_wipe(&p->arena);
	free(p);
}

/* -- Reading -------------------------------------------------------------- */

static struct section *section_of(struct profiles *p, enum profile_part part,
				  struct str name)
{
	struct str key =
	    str_fmt(&p->arena, "%d %.*s", (int)part, STR_ARG(name));
	struct section *s = map_get(&p->sections, key);

	if (!s) {
		s = arena_new(&p->arena, struct section, 1);
		map_put(&p->sections, key, s);
	}
	return s;
}

static int wrong(const struct reader *r, const char *what)
{
	return error_set(r->err, ERROR_INVALID, "%s:%zu: %s", r->file, r->line,
			 what);
}

static struct str unquoted(struct str s)
{
	s = str_trim(s);
	if (s.n >= 2 && (s.s[0] == '"' || s.s[0] == '\'') &&
	    s.s[s.n - 1] == s.s[0])
		return str_sub(s, 1, s.n - 1);
	return s;
}

static int read_section(struct reader *r, struct str line)
{
	static const struct {
		const char *word;
		enum profile_part part;
	} kinds[] = {
		{ "profile", PROFILE_CONFIG },
		{ "sso-session", PROFILE_SSO_SESSION },
		{ "services", PROFILE_SERVICES },
	};
	ptrdiff_t end = str_find(line, ']');
	struct str name, word;

	r->value = NULL;
	r->section = NULL;
	r->is_ignored = false;
	if (end < 0)
		return wrong(r, "a section's name ends in \"]\"");
	name = str_trim(str_sub(line, 1, (size_t)end));
	if (name.n == 0)
		return wrong(r, "a section has a name");
	if (r->is_credentials) {
		r->section = section_of(r->p, PROFILE_CREDENTIALS, name);
		return 0;
	}
	if (str_is(name, "default")) {
		r->section = section_of(r->p, PROFILE_CONFIG, name);
		return 0;
	}
	for (size_t i = 0; i < name.n; i++)
		if (name.s[i] == '\t')
			return wrong(r, "a section's name has a tab");
	word = str_cut(&name, ' ');
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_is(word, kinds[i].word) && name.n) {
			r->section =
			    section_of(r->p, kinds[i].part, unquoted(name));
			return 0;
		}
	r->is_ignored = true;
	return 0;
}

static ptrdiff_t delimiter(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.s[i] == '=' || line.s[i] == ':')
			return (ptrdiff_t)i;
	return -1;
}

static struct str lower(struct str s, struct arena *a)
{
	char *out = str_c(s, a);

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
	return (struct str){ out, s.n };
}

static void put(struct reader *r, struct str key, struct str value)
{
	r->value = arena_new(&r->p->arena, struct str, 1);
	*r->value = value;
	map_put(&r->section->keys, key, r->value);
}

static int read_pair(struct reader *r, struct str line)
{
	ptrdiff_t at = delimiter(line);

	if (at <= 0)
		return wrong(r, "neither a section nor \"key = value\"");
	r->key = lower(str_trim(str_sub(line, 0, (size_t)at)), &r->p->arena);
	put(r, r->key, str_trim(str_skip(line, (size_t)at + 1)));
	return 0;
}

/* An indented line: a key below the last one, or more of its value. */
static int read_indented(struct reader *r, struct str line)
{
	struct arena *a = &r->p->arena;
	struct str *above = r->value, below;
	ptrdiff_t at = delimiter(line);

	if (above->n + line.n > VALUE_MAX)
		return wrong(r, "the value is too long");
	if (above->n) {
		*above = str_join(*above, "\n", line, a);
		return 0;
	}
	if (at <= 0)
		return wrong(r, "an indented line is \"key = value\"");
	below = lower(str_trim(str_sub(line, 0, (size_t)at)), a);
	put(r, str_join(r->key, ".", below, a),
	    str_trim(str_skip(line, (size_t)at + 1)));
	r->value = above;
	return 0;
}

static int read_line(struct reader *r, struct str raw)
{
	struct str line = str_trim(raw);

	if (line.n == 0 || line.s[0] == '#' || line.s[0] == ';')
		return 0;
	if (line.s[0] == '[' && raw.s[0] == '[')
		return read_section(r, line);
	if (r->is_ignored)
		return 0;
	if (!r->section)
		return wrong(r, "stands before the first section");
	if ((raw.s[0] == ' ' || raw.s[0] == '\t') && r->value)
		return read_indented(r, line);
	return read_pair(r, line);
}

int profiles_read(struct profiles *p, struct str text, const char *file,
		  bool is_credentials, struct error *err)
{
	struct reader r = {
		.p = p,
		.file = file,
		.is_credentials = is_credentials,
		.err = err,
	};
	struct str rest = str_dup(text, &p->arena);

	/* A byte order mark. */
	if (str_starts(rest, "\xef\xbb\xbf"))
		rest = str_skip(rest, 3);
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		r.line++;
		if (read_line(&r, line) < 0)
			return -1;
	}
	return 0;
}

const char *profile_file(const char *const *env, const char *variable,
			 const char *below, struct arena *a)
{
	struct str said = variable ? env_get(env, variable) : STR("");
	struct str home = env_get(env, "HOME");

	if (str_starts(said, "~/") && home.n)
		return str_fmt(a, "%.*s%.*s", STR_ARG(home),
			       STR_ARG(str_skip(said, 1)))
		    .s;
	if (said.n)
		return str_c(said, a);
	return home.n ? str_fmt(a, "%.*s/.aws/%s", STR_ARG(home), below).s
		      : NULL;
}

int profiles_load(struct profiles *p, const char *const *env, struct error *err)
{
	static const struct {
		const char *variable, *below;
		bool is_credentials;
	} files[] = {
		{ "AWS_CONFIG_FILE", "config", false },
		{ "AWS_SHARED_CREDENTIALS_FILE", "credentials", true },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *path = profile_file(env, files[i].variable,
						files[i].below, &p->arena);
		struct str text;

		if (!path || (access(path, F_OK) != 0 && errno == ENOENT))
			continue;
		if (file_read(path, FILE_MAX, &p->arena, &text, err) < 0 ||
		    profiles_read(p, text, path, files[i].is_credentials, err) <
			0)
			return -1;
	}
	return 0;
}

/* -- Asking --------------------------------------------------------------- */

static const struct section *find(const struct profiles *p,
				  enum profile_part part, struct str name)
{
	struct arena scratch = { 0 };
	const struct section *s =
	    map_get(&p->sections,
		    str_fmt(&scratch, "%d %.*s", (int)part, STR_ARG(name)));

	arena_release(&scratch);
	return s;
}

bool profiles_has(const struct profiles *p, enum profile_part part,
		  struct str name)
{
	return find(p, part, name) != NULL;
}

struct str profiles_get(const struct profiles *p, enum profile_part part,
			struct str name, const char *key)
{
	const struct section *s = find(p, part, name);
	const struct str *value = s ? map_get(&s->keys, str_from(key)) : NULL;

	return value ? *value : (struct str){ "", 0 };
}

bool profile_exists(const struct profiles *p, struct str name)
{
	return profiles_has(p, PROFILE_CONFIG, name) ||
	       profiles_has(p, PROFILE_CREDENTIALS, name);
}

struct str profile_get(const struct profiles *p, struct str name,
		       const char *key)
{
	struct str value = profiles_get(p, PROFILE_CREDENTIALS, name, key);

	return value.n ? value : profiles_get(p, PROFILE_CONFIG, name, key);
}
