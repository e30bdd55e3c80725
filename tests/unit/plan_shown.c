/*
 * What a person sees of a plan, over plans made by hand, so that each kind of
 * step is in it: the whole text is compared.
 */
#include <config.h>

#include "engine/lines.h"
#include "engine/plan.h"
#include "engine/plan_change.h"

#include "lang/base/buf.h"
#include "lang/json.h"

#include "engine/context.h"
#include "engine/expand.h"
#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- Lines ---------------------------------------------------------------- */

static void assert_text(const struct buf *b, const char *expect)
{
	if (strcmp(b->data, expect) != 0)
		print_message("expected:\n%s\nfound:\n%s\n", expect, b->data);
	assert_string_equal(b->data, expect);
}

static void test_lines(void **state)
{
	static const struct {
		const char *old, *new;
		struct lines_style style;
		const char *expect;
	} cases[] = {
		{ "a\nb\nc\n",
		  "a\nx\nc\n",
		  { .around = 1 },
		  "\n  a\n- b\n+ x\n  c" },
		{ "a\nb\nc\nd\n",
		  "a\nb\nc\n",
		  { .around = 1 },
		  "\n  … 2 lines alike\n  c\n- d" },
		{ "1\n2\n3\n4\n5\n6\n7\n",
		  "0\n1\n2\n3\n4\n5\n6\n7\n8\n",
		  { .around = 1 },
		  "\n+ 0\n  1\n  … 5 lines alike\n  7\n+ 8" },
		{ "",
		  "a\nb\nc",
		  { .most = 2 },
		  "\n+ a\n+ b\n… and 1 more line" },
		{ "a\n", "a", { .around = 1 }, "" },
		{ "a",
		  "b\033[2J\xff",
		  { .indent = 2 },
		  "\n  - a\n  + b\\x1b[2J\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b;

		buf_init(&b, 10000);
		assert_int_equal(lines_diff(&b, str_from(cases[i].old),
					    str_from(cases[i].new),
					    &cases[i].style),
				 cases[i].expect[0] != '\0');
		assert_text(&b, cases[i].expect);
		buf_release(&b);
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void random_text(struct buf *b, uint32_t *seed, unsigned most)
{
	for (unsigned n = next_random(seed) % most; n; n--)
		buf_fmt(b, "%c\n", 'a' + next_random(seed) % 4);
}

/* Lines that begin with one of two signs, without the sign. */
static void pick(struct buf *out, struct str diff, char sign)
{
	str_cut(&diff, '\n');
	while (diff.n) {
		struct str line = str_cut(&diff, '\n');

		if (line.s[0] != ' ' && line.s[0] != sign)
			continue;
		buf_add_str(out, str_skip(line, 2));
		buf_add_char(out, '\n');
	}
}

/* The old text is what stays and goes, the new one what stays and comes. */
static void test_lines_are_whole(void **state)
{
	static const struct lines_style all = { .around = SIZE_MAX / 4 };

	(void)state;
	for (uint32_t round = 0; round < 2000; round++) {
		uint32_t seed = round;
		struct buf old, new, diff, back;

		buf_init(&old, 1 << 20);
		buf_init(&new, 1 << 20);
		buf_init(&diff, 1 << 20);
		buf_init(&back, 1 << 20);
		random_text(&old, &seed, round % 100 ? 12 : 1500);
		random_text(&new, &seed, round % 100 ? 12 : 1500);
		if (lines_diff(&diff, buf_str(&old), buf_str(&new), &all)) {
			pick(&back, buf_str(&diff), '-');
			assert_string_equal(back.data, old.data);
			buf_clear(&back);
			pick(&back, buf_str(&diff), '+');
			assert_string_equal(back.data, new.data);
		} else {
			assert_string_equal(old.data, new.data);
		}
		buf_release(&old);
		buf_release(&new);
		buf_release(&diff);
		buf_release(&back);
	}
}

static void test_safe(void **state)
{
	static const struct {
		const char *text;
		unsigned width;
		const char *expect;
		size_t cells;
	} cases[] = {
		{ "abc", 0, "abc", 3 },
		{ "abc", 3, "abc", 3 },
		{ "abcd", 3, "ab…", 4 },
		{ "äöü日本", 7, "äöü日本", 7 },
		{ "äöü日本", 6, "äöü日…", 7 },
		{ "a\tb", 0, "a  b", 4 },
		/* What turns the direction of the text behind it. */
		{ "a\342\200\256b", 0, "a\\xe2\\x80\\xaeb", 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b;

		buf_init(&b, 1000);
		lines_safe(&b, str_from(cases[i].text), cases[i].width);
		assert_text(&b, cases[i].expect);
		assert_int_equal(lines_cells(str_from(cases[i].text)),
				 cases[i].cells);
		buf_release(&b);
	}
}

/*
 * A value that is all plain letters is written another way than one that is
 * not, and neither shows: of every length around the width.
 */
static void test_values_are_cut_alike(void **state)
{
	enum { WIDTH = 20, NOTE = 14, LENGTHS = 60 };

	(void)state;
	for (size_t n = 0; n < LENGTHS; n++) {
		for (int has_wide = 0; has_wide <= 1; has_wide++) {
			char text[LENGTHS + 8] = "é", expect[200];
			size_t head = has_wide ? strlen(text) : 0;
			struct buf b, room;

			memset(text + head, 'x', n);
			text[head + n] = '\0';
			/* In quotes, of which the cut takes one. */
			if (n + (size_t)has_wide + 2 <= WIDTH + NOTE)
				snprintf(expect, sizeof(expect), "= \"%s\"",
					 text);
			else
				snprintf(expect, sizeof(expect),
					 "= \"%.*s… (%zu bytes)",
					 WIDTH - 2 + has_wide, text, head + n);
			buf_init(&b, 1000);
			buf_add_c(&b, "= ");
			plan_value_text(&b, value_c(text), WIDTH);
			assert_text(&b, expect);
			/* Where there is no room, what stands there stays. */
			buf_init(&room, 2 + n / 2);
			buf_add_c(&room, "= ");
			plan_value_text(&room, value_c(text), WIDTH);
			assert_true(buf_is_full(&room));
			assert_memory_equal(room.data, "= ", 2);
			buf_release(&room);
			buf_release(&b);
		}
	}
}

/* -- Plans ---------------------------------------------------------------- */

static const struct attr_schema attrs[] = {
	{ "size", "number", ATTR_OPTIONAL, NULL, "" },
	{ "cidr", "cidr", ATTR_OPTIONAL | ATTR_REPLACE, NULL, "" },
	{ "text", "string", ATTR_OPTIONAL, NULL, "" },
	{ "policy", "json", ATTR_OPTIONAL, NULL, "" },
	{ 0 },
};
static const struct type_schema schema = { .name = "thing", .attrs = attrs };
static const struct resource_type type = { .name = "thing" };
static const struct provider provider = { .name = "fake" };

struct made {
	struct arena arena;
	struct context c;
	struct open_provider open;
	struct plan p;
	struct plan_step steps[64];
	struct resource resource;
	struct source *source;
	struct state_resource prior;
	struct buf text;
};

static struct value attr(struct made *m, const char *name, struct value v)
{
	return value_with(value_map(NULL, 0, &m->arena), str_from(name), v,
			  &m->arena);
}

static void make(struct made *m)
{
	memset(m, 0, sizeof(*m));
	m->open.provider = &provider;
	m->c.open = &m->open;
	m->c.n_open = 1;
	m->p.arena = &m->arena;
	m->p.stack = STR("dev");
	m->p.steps = m->steps;
	m->p.elapsed_us = 2000;
	m->source =
	    source_from(STR("dev.dmsl"), STR("one\ntwo\nthree\n"), &m->arena);
	m->resource.place = (struct place){ m->source, { 4, 7 } };
	m->prior.id = STR("id-1");
	m->prior.attrs = attr(m, "size", value_int(1));
	buf_init(&m->text, 1 << 24);
}

static void unmake(struct made *m)
{
	buf_release(&m->text);
	arena_release(&m->arena);
}

static struct plan_step *add(struct made *m, enum action action,
			     const char *address)
{
	struct plan_step *s = &m->steps[m->p.n_steps];
	struct value *after = arena_new(&m->arena, struct value, 1);

	*after = attr(m, "size", value_int(1));
	*s = (struct plan_step){
		.index = m->p.n_steps++,
		.address = str_from(address),
		.schema = &schema,
		.type = &type,
		.action = action,
		.wanted = value_null(),
		.after = after,
	};
	if (action != ACTION_CREATE)
		s->prior = &m->prior;
	if (action != ACTION_DELETE && action != ACTION_FORGET)
		s->resource = &m->resource;
	return s;
}

static void add_change(struct made *m, struct plan_step *s, const char *name,
		       struct value old, struct value new)
{
	s->changes = arena_new(&m->arena, struct plan_change, 1);
	s->n_changes = 1;
	s->changes[0] = (struct plan_change){
		.attr = str_from(name),
		.old = old,
		.new = new,
		.place = { m->source, { 8, 13 } },
		.forces_replace = s->action == ACTION_REPLACE,
	};
}

static void show(struct made *m)
{
	FILE *f = tmpfile();
	char bytes[4096];
	size_t n;

	buf_clear(&m->text);
	plan_print(&m->p, &m->c, f);
	rewind(f);
	while ((n = fread(bytes, 1, sizeof(bytes), f)))
		buf_add(&m->text, bytes, n);
	fclose(f);
}

static void make_every_kind(struct made *m)
{
	static struct effect effects[] = {
		{ .kind = EFFECT_TRUNCATE,
		  .object = STR_INIT("table sales.orders"),
		  .text = STR_INIT("truncate sales.orders") },
	};
	struct plan_step *s;

	make(m);
	add(m, ACTION_NONE, "thing.same");
	add(m, ACTION_CREATE, "thing.new");
	s = add(m, ACTION_UPDATE, "thing.changed");
	add_change(m, s, "size", value_int(1), value_int(2));
	s->effects = effects;
	s->n_effects = 1;
	s->import_id = STR("i-7");
	s = add(m, ACTION_REPLACE, "thing.anew");
	add_change(m, s, "cidr", value_c("10.0.0.0/16"),
		   value_c("10.1.0.0/16"));
	s->creates_first = true;
	s->moved_from = STR("thing.before");
	s = add(m, ACTION_RUN, "thing.load");
	s->runs = true;
	s->reason = STR("never loaded");
	add(m, ACTION_DELETE, "thing.old#0123abcd");
	s = add(m, ACTION_FORGET, "thing.kept");
	s->reason = STR("keep_on_destroy: the object stays");
	s = add(m, ACTION_NONE, "thing.moved");
	s->moved_from = STR("thing.old_name");
	s = add(m, ACTION_NONE, "thing.taken");
	s->import_id = STR("i-8");
	s = add(m, ACTION_READ, "thing.other");
	s->is_existing = true;
	s = add(m, ACTION_NONE, "thing.left[\"a\"]");
	s->is_left_out = true;
	s = add(m, ACTION_NONE, "thing.left[\"b\"]");
	s->is_left_out = true;
	m->p.drift = arena_new(&m->arena, struct plan_step, 2);
	m->p.n_drift = 2;
	m->p.drift[0] = m->steps[0];
	m->p.drift[0].action = ACTION_UPDATE;
	add_change(m, &m->p.drift[0], "size", value_int(1), value_int(3));
	m->p.drift[1] = m->steps[1];
	m->p.drift[1].action = ACTION_DELETE;
	m->p.drift[1].prior = &m->prior;
	m->p.drift[1].after = NULL;
}

static void test_every_kind(void **state)
{
	struct made m;

	(void)state;
	make_every_kind(&m);
	show(&m);
	assert_text(
	    &m.text,
	    "On data and running servers\n"
	    "  ! truncate sales.orders  thing.changed\n"
	    "\n"
	    "Destroyed or replaced\n"
	    "  ± thing.anew, created before the old one is destroyed  moved "
	    "from thing.before  dev.dmsl:2\n"
	    "      cidr  \"10.0.0.0/16\" -> \"10.1.0.0/16\"  replaces  "
	    "dev.dmsl:3\n"
	    "  - thing.old#0123abcd  (not in the stack any more)\n"
	    "\n"
	    "Created or changed\n"
	    "  + thing.new  dev.dmsl:2\n"
	    "  ~ thing.changed  imported from \"i-7\"  dev.dmsl:2\n"
	    "      size  1 -> 2  dev.dmsl:3\n"
	    "  ▶ thing.load  (never loaded)  dev.dmsl:2\n"
	    "\n"
	    "Only recorded: nothing changes outside\n"
	    "  · thing.kept  (keep_on_destroy: the object stays)\n"
	    "  > thing.moved  moved from thing.old_name  dev.dmsl:2\n"
	    "  < thing.taken  imported from \"i-8\"  dev.dmsl:2\n"
	    "  ? thing.other  read when it is needed, never changed  "
	    "dev.dmsl:2\n"
	    "\n"
	    "Changed outside since the last apply\n"
	    "    thing.same\n"
	    "      size  1 -> 3\n"
	    "    gone\n"
	    "        thing.new\n"
	    "\n"
	    "Left out, not selected\n"
	    "        thing.left[\"a\"]  [\"b\"]\n"
	    "\n"
	    "Plan: 2 to import, 2 to move, 1 to create, 1 to change, 1 to "
	    "replace, 1 to destroy, 1 to forget, 1 to read; 1 load to run; 2 "
	    "left out. 2 ms\n");
	m.c.detail = PLAN_SUMMARY;
	show(&m);
	assert_text(
	    &m.text,
	    "On data and running servers\n"
	    "  ! truncate sales.orders  thing.changed\n"
	    "\n"
	    "Destroyed or replaced\n"
	    "  ± thing.anew, created before the old one is destroyed  moved "
	    "from thing.before  dev.dmsl:2\n"
	    "  - thing.old#0123abcd  (not in the stack any more)\n"
	    "\n"
	    "Plan: 2 to import, 2 to move, 1 to create, 1 to change, 1 to "
	    "replace, 1 to destroy, 1 to forget, 1 to read; 1 load to run; 2 "
	    "left out. 2 ms\n");
	unmake(&m);
}

static const struct value *at(const struct value *v, const char *name)
{
	const struct value *found = value_get(*v, name);

	if (!found)
		print_message("no \"%s\"\n", name);
	assert_non_null(found);
	return found;
}

static void assert_json(const struct value *v, const char *expect)
{
	struct buf b;

	buf_init(&b, 10000);
	json_write(&b, *v, 0);
	assert_text(&b, expect);
	buf_release(&b);
}

static void test_json(void **state)
{
	/* By step: what tools look for, and nothing that is not so. */
	static const struct {
		size_t step;
		const char *member, *expect;
	} cases[] = {
		{ 0, "actions", "[\"no-op\"]" },
		{ 1, "actions", "[\"create\"]" },
		{ 1, "before", "null" },
		{ 2, "actions", "[\"update\"]" },
		{ 2, "importing", "{\"id\":\"i-7\"}" },
		{ 2, "before", "{\"id\":\"id-1\",\"size\":1}" },
		{ 3, "actions", "[\"create\",\"delete\"]" },
		{ 3, "replace_paths", "[[\"cidr\"]]" },
		{ 5, "actions", "[\"delete\"]" },
		{ 5, "after", "null" },
		{ 6, "actions", "[\"forget\"]" },
		{ 9, "actions", "[\"read\"]" },
	};
	struct made m;
	struct value plan;
	const struct value *steps, *drift;
	struct error err;

	(void)state;
	make_every_kind(&m);
	plan_write_json(&m.p, &m.c, &m.text);
	assert_int_equal(json_read(buf_str(&m.text), &m.arena, &plan, &err), 0);
	steps = at(&plan, "resource_changes");
	assert_int_equal(steps->as.list.n, m.p.n_steps);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_json(
		    at(at(&steps->as.list.items[cases[i].step], "change"),
		       cases[i].member),
		    cases[i].expect);
	assert_json(at(&steps->as.list.items[3], "previous_address"),
		    "\"thing.before\"");
	assert_json(at(&steps->as.list.items[3], "action_reason"),
		    "\"replace_because_cannot_update\"");
	assert_json(at(&steps->as.list.items[5], "address"), "\"thing.old\"");
	assert_json(at(&steps->as.list.items[5], "deposed"), "\"0123abcd\"");
	assert_json(at(&steps->as.list.items[9], "mode"), "\"data\"");
	assert_json(at(&steps->as.list.items[10], "index"), "\"a\"");
	assert_null(value_get(steps->as.list.items[0], "previous_address"));
	drift = at(&plan, "resource_drift");
	assert_int_equal(drift->as.list.n, 2);
	assert_json(at(&plan, "complete"), "false");
	unmake(&m);
}

static const struct value *one_text(struct made *m, const char *text)
{
	struct value *v = arena_new(&m->arena, struct value, 1);

	*v = value_c(text);
	return v;
}

/* A change of a text is shown by its lines, of a document by what it means. */
static void test_long_values(void **state)
{
	static const char old_text[] = "select 1;\nselect 2;\nselect 3;\n";
	static const char *const policies[] = {
		"{\"a\":{\"b\":[1,2]},\"c\":\"a text that is as long as it "
		"must be "
		"for two of them not to fit\"}",
		"{\"a\":{\"b\":[1,3]},\"c\":\"a text that is as long as it "
		"must be "
		"for two of them not to fit\"}",
	};
	static const char new_text[] = "select 1;\nselect 22;\nselect 3;\n";
	struct made m;
	struct plan_step *s;

	(void)state;
	make(&m);
	s = add(&m, ACTION_UPDATE, "thing.a");
	add_change(&m, s, "text", value_c(old_text), value_c(new_text));
	s = add(&m, ACTION_UPDATE, "thing.b");
	add_change(&m, s, "policy", value_c("{\"a\":[1,2],\"b\":1}"),
		   value_c("{\"b\":1,\"a\":[ 1, 3 ]}"));
	s = add(&m, ACTION_UPDATE, "thing.c");
	add_change(&m, s, "policy", value_c("{\"a\":[1,2],\"b\":1}"),
		   value_c("{\"b\":2,\"a\":[0,1,2]}"));
	s = add(&m, ACTION_UPDATE, "thing.c2");
	add_change(&m, s, "text", value_list(one_text(&m, policies[0]), 1),
		   value_list(one_text(&m, policies[1]), 1));
	s = add(&m, ACTION_UPDATE, "thing.d");
	add_change(&m, s, "text", value_mark(value_c(old_text), MARK_SECRET),
		   value_mark(value_c(new_text), MARK_SECRET));
	s = add(&m, ACTION_UPDATE, "thing.e");
	add_change(
	    &m, s, "text", value_null(),
	    value_c("0123456789012345678901234567890123456789012345678901"
		    "23456789012345678901234567890123456789"));
	show(&m);
	assert_text(
	    &m.text,
	    "Created or changed\n"
	    "  ~ thing.a  dev.dmsl:2\n"
	    "      text  dev.dmsl:3\n"
	    "          select 1;\n"
	    "        - select 2;\n"
	    "        + select 22;\n"
	    "          select 3;\n"
	    "  ~ thing.b  dev.dmsl:2\n"
	    "      policy  a[1]: 2 -> 3  dev.dmsl:3\n"
	    "  ~ thing.c  dev.dmsl:2\n"
	    "      policy  dev.dmsl:3\n"
	    "          {\n"
	    "            \"a\": [\n"
	    "        +     0,\n"
	    "              1,\n"
	    "              2\n"
	    "            ],\n"
	    "        -   \"b\": 1\n"
	    "        +   \"b\": 2\n"
	    "          }\n"
	    "  ~ thing.c2  dev.dmsl:2\n"
	    "      text  [0].a.b[1]: 2 -> 3  dev.dmsl:3\n"
	    "  ~ thing.d  dev.dmsl:2\n"
	    "      text  (secret) -> (secret)  dev.dmsl:3\n"
	    "  ~ thing.e  dev.dmsl:2\n"
	    "      text  none -> \"0123456789012345678901234567890123456"
	    "789012345678901234567… (90 bytes)  dev.dmsl:3\n"
	    "\n"
	    "Plan: 0 to create, 6 to change, 0 to destroy. 2 ms\n");
	unmake(&m);
}

/* What many have in common stands once; what is lost is always named. */
static void test_same(void **state)
{
	struct made m;
	struct plan_step *s;
	char *address;

	(void)state;
	make(&m);
	for (int i = 0; i < 20; i++) {
		address =
		    str_c(str_fmt(&m.arena, "thing.many[\"%d\"]", i), &m.arena);
		s = add(&m, ACTION_UPDATE, address);
		add_change(&m, s, "size", value_int(1), value_int(2));
	}
	for (int i = 0; i < 14; i++) {
		address = str_c(str_fmt(&m.arena, "part.p%d/thing.main", i),
				&m.arena);
		s = add(&m, ACTION_REPLACE, address);
		add_change(&m, s, "cidr", value_int(1), value_int(2));
	}
	m.c.width = 60;
	show(&m);
	assert_text(
	    &m.text,
	    "Destroyed or replaced\n"
	    "  ± 14 × thing.main  dev.dmsl:2\n"
	    "      cidr  1 -> 2  replaces  dev.dmsl:3\n"
	    "        in part.p0  part.p1  part.p2  part.p3  part.p4\n"
	    "        part.p5  part.p6  part.p7  part.p8  part.p9\n"
	    "        part.p10  part.p11  part.p12  part.p13\n"
	    "\n"
	    "Created or changed\n"
	    "  ~ 20 × thing.many  dev.dmsl:2\n"
	    "      size  1 -> 2  dev.dmsl:3\n"
	    "        thing.many[\"0\"]  [\"1\"]  [\"2\"]  [\"3\"]  [\"4\"]  "
	    "[\"5\"]\n"
	    "        [\"6\"]  [\"7\"]  [\"8\"]  [\"9\"]  [\"10\"]  [\"11\"]\n"
	    "        and 8 more\n"
	    "\n"
	    "Plan: 0 to create, 20 to change, 14 to replace, 0 to "
	    "destroy. 2 ms\n");
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_are_whole),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_values_are_cut_alike),
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
