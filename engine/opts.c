#include <config.h>

#include "engine/opts.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/str.h"
#include "lang/suggest.h"

#include <stdint.h>
#include <string.h>

static const struct option *find_name(const struct option_set *sets, size_t n,
				      struct str name, void **fields)
{
	for (size_t i = 0; i < n; i++) {
		const struct option *o = sets[i].options;

		for (; o && o->name; o++) {
			if (!str_is(name, o->name))
				continue;
			*fields = sets[i].fields;
			return o;
		}
	}
	return NULL;
}

static const struct option *find_letter(const struct option_set *sets, size_t n,
					char letter, void **fields)
{
	for (size_t i = 0; i < n; i++) {
		const struct option *o = sets[i].options;

		for (; o && o->name; o++) {
			if (o->letter != letter)
				continue;
			*fields = sets[i].fields;
			return o;
		}
	}
	return NULL;
}

static int unknown(const struct option_set *sets, size_t n, const char *arg,
		   struct error *err)
{
	struct str name = str_from(arg[1] == '-' ? arg + 2 : "");
	struct suggest s = suggest_start(str_cut(&name, '='));

	for (size_t i = 0; i < n; i++)
		for (const struct option *o = sets[i].options; o && o->name;
		     o++)
			suggest_try(&s, str_from(o->name));
	error_set(err, ERROR_INVALID, "unrecognised option \"%s\"", arg);
	if (s.best.n)
		error_hint(err, "Did you mean \"--%.*s\"?", STR_ARG(s.best));
	return -1;
}

static void list_add(struct option_list *l, const char *item, size_t most,
		     struct arena *a)
{
	/* There are no more items than arguments: one allocation will do. */
	if (!l->items)
		l->items = arena_new(a, const char *, most);
	l->items[l->n++] = item;
}

static int set_bool(const struct option *o, bool *field, const char *text,
		    struct error *err)
{
	bool value = true;

	if (text && !strcmp(text, "false"))
		value = false;
	else if (text && strcmp(text, "true") != 0)
		return error_set(err, ERROR_INVALID,
				 "option --%s takes true or false, not \"%s\"",
				 o->name, text);
	*field = value != !!(o->flags & OPTION_INVERTED);
	return 0;
}

static int set_number(const struct option *o, int *field, const char *text,
		      struct error *err)
{
	uint64_t number;

	if (!str_to_u64(str_from(text), &number) || number < 1 ||
	    number > INT32_MAX)
		return error_set(err, ERROR_INVALID,
				 "option --%s takes a whole number from 1, not "
				 "\"%s\"",
				 o->name, text);
	*field = (int)number;
	return 0;
}

static int set_field(const struct option *o, void *fields, const char *text,
		     size_t most, struct arena *a, struct error *err)
{
	char *field = (char *)fields + o->offset;

	switch (o->kind) {
	case OPTION_BOOL:
		return set_bool(o, (void *)field, text, err);
	case OPTION_NUMBER:
		return set_number(o, (void *)field, text, err);
	case OPTION_TEXT:
		memcpy(field, &text, sizeof(text));
		return 0;
	case OPTION_LIST:
		list_add((void *)field, text, most, a);
		return 0;
	}
	BUG("option kind %d", (int)o->kind);
}

int opts_parse(const struct option_set *sets, size_t n_sets, int argc,
	       char **argv, struct arena *a, struct option_list *operands,
	       struct error *err)
{
	size_t most = (size_t)argc + 1;
	bool is_over = false;

	*operands = (struct option_list){ 0 };
	for (int i = 0; i < argc; i++) {
		const char *arg = argv[i], *text = NULL;
		const struct option *o;
		void *fields = NULL;

		if (is_over || arg[0] != '-' || !arg[1]) {
			list_add(operands, arg, most, a);
			continue;
		}
		if (!strcmp(arg, "--")) {
			is_over = true;
			continue;
		}
		if (arg[1] == '-') {
			struct str rest = str_from(arg + 2);
			struct str name = str_cut(&rest, '=');

			o = find_name(sets, n_sets, name, &fields);
			if (arg[2 + name.n] == '=')
				text = arg + 2 + name.n + 1;
		} else {
			o = arg[2] ? NULL
				   : find_letter(sets, n_sets, arg[1], &fields);
		}
		if (!o)
			return unknown(sets, n_sets, arg, err);
		if (!text && o->kind != OPTION_BOOL) {
			if (i + 1 == argc)
				return error_set(err, ERROR_INVALID,
						 "option --%s needs a value",
						 o->name);
			text = argv[++i];
		}
		if (set_field(o, fields, text, most, a, err) < 0)
			return -1;
	}
	return 0;
}

void opts_print(const struct option *options, FILE *out)
{
	for (const struct option *o = options; o && o->name; o++) {
		bool is_attached = o->value && o->value[0] == '=';
		int n = fprintf(out, "  ");

		if (o->letter)
			n += fprintf(out, "-%c, ", o->letter);
		n += fprintf(out, "--%s", o->name);
		if (o->value)
			n += fprintf(out, "%s%s", is_attached ? "" : " ",
				     o->value);
		fprintf(out, "%*s%s\n", n < 26 ? 26 - n : 2, "", o->help);
	}
}
