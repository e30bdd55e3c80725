/*
 * Expressions: any bytes are parsed and evaluated in a small world, in which
 * some names are known, some secret and some known only after apply.
 *
 *	- The same expression gives the same value and findings again.
 *	- A plan is a promise: what is known of a value while others are not,
 *	  is still so when they are.
 *	- No secret leaves: with other secrets, what is not marked as secret is
 *	  the same; and no finding shows one.
 *
 * "t:TEXT" is a template, "3:EXPR" is converted to the type of that number. The
 * bytes behind "g:" choose an expression that nearly always makes sense, so
 *that the functions meet each other.
 */
#include <config.h>

#include "tests/fuzz/answers.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/eval.h"
#include "lang/func.h"
#include "lang/parse.h"
#include "lang/source.h"
#include "lang/type.h"

enum { MOST_STEPS = 20000 };

static const char *const types[] = {
	"string",     "number",
	"bool",	      "list(string)",
	"list(any)",  "map(number)",
	"json",	      "cidr | ip",
	"enum(a, b)", "object({a: number, b?: string})",
};

/* -- the world -- */

struct secrets {
	const char *text, *number;
	size_t n_items;
};

static const struct secrets ours = { "sentinel-5e3a", "918273645", 2 };
static const struct secrets others = { "x", "-4.5", 3 };

struct world {
	struct eval eval; /* first: the callbacks are given this */
	struct arena arena;
	struct diags diags;
	const struct secrets *secrets;
	bool is_later; /* what was unknown is known */
};

static struct value number(const char *text)
{
	return (struct value){
		.kind = VALUE_NUMBER,
		.as.text = str_from(text),
	};
}

static struct value cidr(const char *text)
{
	return (struct value){
		.kind = VALUE_CIDR,
		.as.text = str_from(text),
	};
}

static struct value later(const struct world *w, struct value v)
{
	return w->is_later ? v : value_unknown();
}

static struct value secret(struct value v)
{
	return value_mark(v, MARK_SECRET);
}

static struct value list_of(struct world *w, struct value v, size_t n)
{
	struct value *items = arena_new(&w->arena, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		items[i] = v;
	return value_list(items, n);
}

static struct value map_of(struct world *w, const char *key, struct value v)
{
	const struct value_entry entries[] = {
		{ STR("a"), number("1") },
		{ str_from(key), v },
	};

	return value_map(entries, 2, &w->arena);
}

static bool object_get(const struct object *o, struct str name, struct arena *a,
		       struct value *out)
{
	struct world *w = o->data;

	(void)a;
	if (str_is(name, "id"))
		*out = value_str(o->address);
	else if (str_is(name, "arn"))
		*out = later(w, value_c("arn:x"));
	else if (str_is(name, "password"))
		*out = secret(value_c(w->secrets->text));
	else
		return false;
	return true;
}

static struct value object(struct world *w, const char *address)
{
	struct object *o = arena_new(&w->arena, struct object, 1);

	*o = (struct object){
		.type = STR("vpc"),
		.address = str_from(address),
		.get = object_get,
		.data = w,
	};
	return (struct value){ .kind = VALUE_OBJECT, .as.object = o };
}

/* Names of one letter: k known, u unknown, p secret; what they are. */
static bool known(struct world *w, struct str name, struct value *out)
{
	static const struct value_entry none;

	if (str_is(name, "n"))
		*out = number("4");
	else if (str_is(name, "s"))
		*out = value_c("text");
	else if (str_is(name, "l"))
		*out = list_of(w, number("2"), 3);
	else if (str_is(name, "m"))
		*out = map_of(w, "b", value_c("x"));
	else if (str_is(name, "c"))
		*out = cidr("10.0.0.0/16");
	else if (str_is(name, "e"))
		*out = value_sorted(&none, 0);
	else
		return false;
	return true;
}

static bool unknown(struct world *w, struct str name, struct value *out)
{
	if (str_is(name, "un"))
		*out = later(w, number("7"));
	else if (str_is(name, "us"))
		*out = later(w, value_c("b"));
	else if (str_is(name, "ul"))
		*out = later(w, list_of(w, number("7"), 2));
	else if (str_is(name, "um"))
		*out = later(w, map_of(w, "b", number("7")));
	else if (str_is(name, "ub"))
		*out = later(w, value_bool(true));
	else if (str_is(name, "uf"))
		*out = later(w, value_bool(false));
	else if (str_is(name, "uz"))
		*out = later(w, value_null());
	else if (str_is(name, "lu"))
		*out = list_of(w, later(w, number("1")), 2);
	else if (str_is(name, "mu"))
		*out = map_of(w, "b", later(w, number("0")));
	else
		return false;
	return true;
}

static bool hidden(struct world *w, struct str name, struct value *out)
{
	struct value text = value_c(w->secrets->text);

	if (str_is(name, "ps"))
		*out = secret(text);
	else if (str_is(name, "pn"))
		*out = secret(number(w->secrets->number));
	else if (str_is(name, "pb"))
		*out = secret(value_bool(w->secrets == &ours));
	else if (str_is(name, "pl"))
		*out = secret(list_of(w, text, w->secrets->n_items));
	else if (str_is(name, "pm"))
		*out = secret(map_of(w, w->secrets->text, text));
	else if (str_is(name, "pu"))
		*out = secret(later(w, text));
	else if (str_is(name, "lp"))
		*out = list_of(w, secret(text), 2);
	else if (str_is(name, "mp"))
		*out = map_of(w, "b", secret(text));
	else
		return false;
	return true;
}

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	struct world *w = (struct world *)e;

	return known(w, name, out) || unknown(w, name, out) ||
	       hidden(w, name, out);
}

static bool find_reference(struct eval *e, const struct ast_expr *x,
			   struct value *out)
{
	struct world *w = (struct world *)e;
	const struct value_entry all[] = {
		{ STR("a"), object(w, "subnet.x[\"a\"]") },
		{ STR("b"), object(w, "subnet.x[\"b\"]") },
	};

	if (str_is(ast_text(x->left), "vpc") && str_is(ast_text(x), "main"))
		*out = object(w, "vpc.main");
	else if (str_is(ast_text(x->left), "subnet") &&
		 str_is(ast_text(x), "x"))
		*out = value_map(all, 2, &w->arena);
	else
		return false;
	return true;
}

static void world_init(struct world *w, const struct secrets *secrets,
		       bool is_later)
{
	*w = (struct world){
		.secrets = secrets,
		.is_later = is_later,
	};
	w->diags.arena = &w->arena;
	w->eval = (struct eval){
		.arena = &w->arena,
		.diags = &w->diags,
		.most_steps = MOST_STEPS,
		.name = find_name,
		.reference = find_reference,
	};
}

static void world_release(struct world *w)
{
	diags_release(&w->diags);
	arena_release(&w->arena);
}

/* -- one evaluation -- */

static struct value evaluate(struct world *w, struct str text)
{
	struct diags *d = &w->diags;
	const struct type *wanted = NULL;
	struct value out = value_unknown();
	struct ast_expr *x;
	struct error err;
	uint32_t at;
	int result;

	if (str_starts(text, "t:")) {
		x = parse_template(
		    source_from(STR("/none/t"), str_skip(text, 2), &w->arena),
		    &w->arena, d);
	} else {
		if (text.n > 1 && text.s[0] >= '0' && text.s[0] <= '9' &&
		    text.s[1] == ':') {
			wanted = type_parse(str_from(types[text.s[0] - '0']),
					    &w->arena, &at, &err);
			text = str_skip(text, 2);
		}
		x = parse_expr(source_from(STR("/none/e"), text, &w->arena),
			       &w->arena, d);
	}
	if (d->n_errors)
		return out;
	result = eval_expr(&w->eval, x, wanted, &out);
	if ((result < 0) != (d->n_errors > 0))
		BUG("a failure without a finding, or a finding without one");
	return out;
}

/* -- expressions from choices -- */

struct maker {
	struct str choices;
	struct buf out;
	unsigned depth;
};

enum { MAKE_DEPTH = 6, MAKE_MAX = 20000 };

static size_t choose(struct maker *m, size_t n)
{
	size_t choice = m->choices.n ? (unsigned char)m->choices.s[0] : 0;

	m->choices = str_skip(m->choices, 1);
	return choice % n;
}

/* Of a kind, as in the signatures of functions; b is a bool. */
static void make_leaf(struct maker *m, char kind)
{
	static const struct {
		char kind;
		const char *names[10];
		size_t n;
	} leaves[] = {
		{ 's', { "s", "us", "ps", "pu", "\"\"", "\"b\"" }, 6 },
		{ 'n', { "n", "un", "pn", "0", "1", "-2.5" }, 6 },
		{ 'l', { "l", "ul", "pl", "lu", "lp", "[]" }, 6 },
		{ 'm', { "m", "um", "pm", "mu", "mp", "e" }, 6 },
		{ 'b', { "true", "ub", "uf", "pb", "false" }, 5 },
		{ 'c', { "c", "10.0.3.0/24" }, 2 },
		{ 'a', { "uz", "null", "vpc.main", "subnet.x", "5m" }, 5 },
	};

	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		if (leaves[i].kind == kind)
			buf_add_c(&m->out,
				  leaves[i].names[choose(m, leaves[i].n)]);
}

static char any_kind(struct maker *m)
{
	static const char kinds[] = "snlmbca";

	return kinds[choose(m, sizeof(kinds) - 1)];
}

static void make(struct maker *m, char kind);

static void make_parts(struct maker *m, const char *form)
{
	for (; *form; form++) {
		if (*form == '@')
			make(m, any_kind(m));
		else if (*form >= 'A' && *form <= 'Z')
			make(m, (char)(*form - 'A' + 'a'));
		else
			buf_add_char(&m->out, *form);
	}
}

/* Its first argument may be one of the kind that its result has. */
static void make_call(struct maker *m, const struct func *f, char kind)
{
	size_t n_args = 0;

	buf_fmt(&m->out, "%s(", f->name);
	for (const char *s = f->signature; *s; s++) {
		char wanted = *s;

		if (*s == '?') {
			if (choose(m, 2))
				break;
			continue;
		}
		if (*s == '*') {
			if (choose(m, 2))
				break;
			wanted = s[-1];
		}
		if (wanted == 'a')
			wanted = choose(m, 2) ? kind : any_kind(m);
		buf_add_c(&m->out, n_args++ ? ", " : "");
		make(m, wanted);
	}
	buf_add_char(&m->out, ')');
}

/* Capitals are parts of that kind, "@" one of any. */
static void make_form(struct maker *m, char kind)
{
	static const struct {
		char kind;
		const char *forms[8];
		size_t n;
	} forms[] = {
		{ 's',
		  { "\"x${S}y\"", "\"${N}${S}\"", "vpc.main.password" },
		  3 },
		{ 'n',
		  { "(N + N)", "(N * N)", "(N / N)", "(N % N)", "-(N)" },
		  5 },
		{ 'l',
		  { "[@, @]", "[for x in L : @]", "[for x in L : @ if B]",
		    "[for k, v in M : @ if B]", "M[*]",
		    "[for x in L : x if x == @]", "subnet.x[*].password" },
		  7 },
		{ 'm',
		  { "{ a = @  b = @ }", "{for x in L : x => @}",
		    "{for k, v in M : k => @ if B}", "{ \"${S}\" = @ }",
		    "{for k, v in M : \"${v}\" => k}" },
		  5 },
		{ 'b',
		  { "(B and B)", "(B or B)", "(not B)", "(N < N)", "(S == S)",
		    "(@ == @)", "(S >= S)", "can(@)" },
		  8 },
		{ 'c', { "c" }, 1 },
		{ 'a',
		  { "L[N]", "M[S]", "M.a", "M.b", "L[0]", "vpc.main.arn", "x",
		    "v" },
		  8 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].kind == kind)
			make_parts(m, forms[i].forms[choose(m, forms[i].n)]);
}

static void make(struct maker *m, char kind)
{
	const struct func *f;

	if (m->depth == MAKE_DEPTH || m->choices.n == 0 ||
	    m->out.len > MAKE_MAX) {
		make_leaf(m, kind);
		return;
	}
	m->depth++;
	switch (choose(m, 8)) {
	case 0:
		buf_add_char(&m->out, '(');
		make(m, 'b');
		buf_add_c(&m->out, " ? ");
		make(m, kind);
		buf_add_c(&m->out, " : ");
		make(m, kind);
		buf_add_char(&m->out, ')');
		break;
	case 1:
		make_form(m, choose(m, 3) ? kind : 'a');
		break;
	case 2:
		make_form(m, kind);
		break;
	case 3:
		buf_add_c(&m->out, "try(");
		make(m, kind);
		buf_add_c(&m->out, ", ");
		make(m, kind);
		buf_add_char(&m->out, ')');
		break;
	case 4:
	case 5:
	case 6:
		f = &func_table[choose(m, func_table_size)];
		make_call(m, f, kind);
		break;
	default:
		make_leaf(m, kind);
	}
	m->depth--;
}

/* -- what must hold -- */

static bool is_same(struct value a, struct value b)
{
	return a.marks == b.marks && value_marks(a) == value_marks(b) &&
	       value_eq(a, b);
}

static void check_again(struct str text, const struct world *w,
			struct value first)
{
	struct world again;
	struct value v;

	world_init(&again, w->secrets, w->is_later);
	v = evaluate(&again, text);
	if (!is_same(v, first) || again.diags.n != w->diags.n)
		BUG("the same expression gives another value: %.*s",
		    STR_ARG(text));
	for (size_t i = 0; i < w->diags.n; i++)
		if (!str_eq(w->diags.items[i]->message,
			    again.diags.items[i]->message))
			BUG("the same expression gives other findings");
	world_release(&again);
}

/*
 * Whether all that may be seen of two values is the same. `is_promise`: of the
 * first, what is unknown may have become anything; what try() looked at before
 * it failed may be a secret now.
 */
static bool is_alike(struct value a, struct value b, bool is_promise)
{
	if (is_promise && value_is_unknown(a))
		return true;
	if ((a.marks & b.marks & MARK_SECRET) && !is_promise)
		return true;
	if (a.kind != b.kind || (!is_promise && a.marks != b.marks))
		return false;
	if (a.kind == VALUE_LIST) {
		if (a.as.list.n != b.as.list.n)
			return false;
		for (size_t i = 0; i < a.as.list.n; i++)
			if (!is_alike(a.as.list.items[i], b.as.list.items[i],
				      is_promise))
				return false;
		return true;
	}
	if (a.kind == VALUE_MAP) {
		if (a.as.map.n != b.as.map.n)
			return false;
		for (size_t i = 0; i < a.as.map.n; i++) {
			const struct value_entry *x = &a.as.map.entries[i];
			const struct value_entry *y = &b.as.map.entries[i];

			if (!str_eq(x->key, y->key) ||
			    !is_alike(x->value, y->value, is_promise))
				return false;
		}
		return true;
	}
	return value_eq(a, b);
}

static void check_promise(struct str text, struct value before)
{
	struct world w;
	struct value v;

	world_init(&w, &ours, true);
	v = evaluate(&w, text);
	if (w.diags.n_errors == 0 && !is_alike(before, v, true))
		BUG("a value that was known has become another: %.*s",
		    STR_ARG(text));
	world_release(&w);
}

static void check_secrets(struct str text, struct value ours_gives)
{
	struct world w;
	struct value v;

	world_init(&w, &others, false);
	v = evaluate(&w, text);
	if (w.diags.n_errors == 0 && !is_alike(ours_gives, v, false))
		BUG("what is not secret depends on a secret: %.*s",
		    STR_ARG(text));
	world_release(&w);
}

/* An expression that spells the secret itself says nothing of it. */
static bool spells_secret(struct str text)
{
	return str_contains(text, STR("5e3a")) ||
	       str_contains(text, STR("918273645"));
}

static void check_findings(struct str text, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		bool is_shown = spells_secret(d->items[i]->message) ||
				spells_secret(d->items[i]->hint);

		for (struct diag_note *n = d->items[i]->notes; n; n = n->next)
			is_shown |= spells_secret(n->text);
		if (is_shown)
			BUG("a finding shows a secret: \"%.*s\" of %.*s",
			    STR_ARG(d->items[i]->message), STR_ARG(text));
	}
}

static void check(struct str text)
{
	bool may_show = str_contains(text, STR("reveal"));
	struct world w;
	struct value v;

	/* What files there are is not ours to say. */
	if (str_contains(text, STR("file")) ||
	    str_contains(text, STR("template(")))
		return;
	world_init(&w, &ours, false);
	v = evaluate(&w, text);
	check_again(text, &w, v);
	if (!may_show && !spells_secret(text))
		check_findings(text, &w.diags);
	if (w.diags.n_errors == 0) {
		check_promise(text, v);
		if (!may_show)
			check_secrets(text, v);
	}
	world_release(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = { (const char *)bytes, n };
	struct maker m = { .choices = str_skip(text, 2) };

	if (!str_starts(text, "g:")) {
		check(text);
		return 0;
	}
	buf_init(&m.out, 16 << 20);
	make(&m, any_kind(&m));
	check(buf_str(&m.out));
	buf_release(&m.out);
	return 0;
}
