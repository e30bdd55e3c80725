#include <config.h>

#include "engine/lsp/task_settings.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/vec.h"
#include "lang/dms/settings_table.h"

/* Compiled from a call or a word; in no row of the table. */
static const struct task_setting lobs = { STR_INIT("lobs"), STR_INIT("") };
static const struct str lob_words[] = { STR_INIT("limited"), STR_INIT("full"),
					STR_INIT("none") };
enum { N_LOB_WORDS = sizeof(lob_words) / sizeof(*lob_words) };

static bool is_lobs(struct str block, struct str setting)
{
	return block.n == 0 && str_eq(setting, lobs.name);
}

bool task_setting_at(struct str block, size_t nth, struct task_setting *out)
{
	if (block.n == 0 && nth-- == 0) {
		*out = lobs;
		return true;
	}
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		struct str name;

		if (!setting_is_in(s, block, &name) || nth--)
			continue;
		*out = (struct task_setting){ name, str_from(s->key) };
		return true;
	}
	return false;
}

bool task_setting_is(struct str block, struct str name)
{
	return is_lobs(block, name) || setting_by_name(block, name);
}

void task_setting_describe(struct str block, struct str name, struct buf *out)
{
	const struct setting *s = setting_by_name(block, name);

	if (!s) {
		buf_add_c(out, "How large objects are moved: `limited(SIZE)`, "
			       "`full(CHUNK)` or `none`.\n");
		return;
	}
	buf_fmt(out, "`%s`", s->key);
	if (s->group)
		buf_fmt(out, " of `%s`", s->group);
	buf_add_c(out, " in the document of settings.\n");
	if (s->most > s->least)
		buf_fmt(out, "\n%lld to %lld", (long long)s->least,
			(long long)s->most);
	if (s->fallback)
		buf_fmt(out, "%s`%s` when not written.",
			s->most > s->least ? ", " : "\n", s->fallback);
	buf_add_char(out, '\n');
}

bool task_setting_takes(struct str block, struct str setting, struct str word)
{
	const struct setting *s = setting_by_name(block, setting);

	for (size_t i = 0; is_lobs(block, setting) && i < N_LOB_WORDS; i++)
		if (str_eq(word, lob_words[i]))
			return true;
	return s && s->kind == SETTING_ENUM && setting_member(s, word).n;
}

static struct str lower(struct str word, struct arena *a)
{
	char *out = str_c(word, a);

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return (struct str){ out, word.n };
}

size_t task_setting_words(struct str block, struct str setting, struct arena *a,
			  struct str **out)
{
	const struct setting *s = setting_by_name(block, setting);
	struct str rest = { 0 };
	VEC(struct str) words = { 0 };
	size_t n;

	for (size_t i = 0; is_lobs(block, setting) && i < N_LOB_WORDS; i++)
		*vec_push(&words) = lob_words[i];
	if (s && s->kind == SETTING_ENUM)
		rest = str_from(s->members);
	while (rest.n) {
		struct str other = str_cut(&rest, ' ');
		struct str member = str_cut(&other, '=');

		*vec_push(&words) = lower(other.n ? other : member, a);
	}
	n = words.n;
	*out = vec_take(&words, a);
	return n;
}
