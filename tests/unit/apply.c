/* What an apply does, in which order, and what it leaves alone. */
#include <config.h>

#include "tests/unit/applied.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include "engine/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void waits_and_repetitions_end_well(void **state)
{
	(void)state;
	write_stack("thing a { act = \"slow\" }\n"
		    "thing b { act = \"throttled\"  uses = thing.a.id }\n"
		    "thing c { uses = thing.b.code }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n"
				       "create thing.c\n");
	assert_true(has_said("Applied: 3 created"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* Users go before what they use. */
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.c\ndelete thing.b\n"
				       "delete thing.a\n");
}

static void replacing_goes_backwards_and_forwards(void **state)
{
	(void)state;
	write_stack("thing a { kind = \"x\" }\n"
		    "thing b { kind = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing a { kind = \"y\" }\n"
		    "thing b { kind = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\ndelete thing.a\n"
				       "create thing.a\ncreate thing.b\n");
}

static void what_is_moved_is_not_touched(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b { uses = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing c {}\nthing b { uses = thing.c.id }\n"
		    "moved thing.a -> thing.c\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "");
	assert_true(has_said("1 moved"));
	assert_false(is_in_state("thing.a\": {"));
	assert_true(is_in_state("\"deps\": [\"thing.c\"]"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* What is to go goes under its new name. */
	write_stack("moved thing.b -> thing.x\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.x\ndelete thing.c\n");
}

static void what_is_imported_is_changed_at_once(void **state)
{
	struct made *o = add_object(STR("elsewhere"), STR(""));

	(void)state;
	strcpy(o->id, "outside-1");
	o->exists = true;
	write_stack("thing a { size = 2 }\n"
		    "thing b { uses = thing.a.id }\n"
		    "import thing.a = \"outside-1\"\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "update thing.a\ncreate thing.b\n");
	assert_true(has_said("1 imported"));
	assert_true(is_in_state("\"uses\": \"outside-1\""));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* It is dmsl's own now. */
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\ndelete thing.a\n");
	assert_int_equal(count_objects(), 0);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("there is no thing \"outside-1\" to import"));
}

static void what_exists_is_only_read(void **state)
{
	struct made *o = add_object(STR("elsewhere"), STR(""));

	(void)state;
	strcpy(o->id, "outside-1");
	o->exists = true;
	write_stack("existing thing e { id = \"outside-1\" }\n"
		    "thing a { uses = thing.e.code }\n"
		    "check c { on = thing.e  query = \"q\"  expect = "
		    "\"outside-1\" }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_said("check c"));
	assert_string_equal(world.log, "create thing.a\n");
	assert_true(is_in_state("\"uses\": \"real\""));
	assert_false(is_in_state("thing.e"));
	/* One that is found by what is made in the same run. */
	write_stack("thing a {}\n"
		    "existing thing e { id = thing.a.id }\n"
		    "existing thing f { id = thing.e.id }\n"
		    "thing b { uses = thing.f.code }\n");
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.a\ncreate thing.a\n"
				       "create thing.b\n");
	assert_true(is_in_state("\"uses\": \"real\""));
	assert_true(is_in_state("\"deps\": [\"thing.a\"]"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\ndelete thing.a\n");
	assert_int_equal(count_objects(), 1);
	write_stack("thing a {}\n"
		    "existing thing e { id = \"no ${thing.a.id}\" }\n"
		    "thing b { uses = thing.e.code }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("could not read \"thing.e\": there is no thing"));
	assert_true(has_said("1 created, 1 failed, 1 left out"));
}

static void what_is_removed_with_keep_stays(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("removed thing.a { keep = true }\nremoved thing.b\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.b\n");
	assert_int_equal(count_objects(), 1);
	assert_false(is_in_state("thing.a"));
	/* And so does what it stands on, until all is asked to go. */
	assert_int_equal(world.sweeps, 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(world.sweeps, 0);
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_int_equal(world.sweeps, 1);
}

/* Only what the state says of it changes: that is applied, and only once. */
static void a_lifecycle_is_applied(void **state)
{
	(void)state;
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing a { lifecycle { prevent_destroy = true\n"
		    "  replace_when = [1] } }\n");
	assert_int_equal(run("plan", "--detailed-exitcode"), 2);
	assert_true(has_said("· thing.a  (its life cycle, or what"));
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "");
	assert_true(is_in_state("\"prevent_destroy\": true"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	write_stack("");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("its lifecycle prevents that"));
	write_stack("thing a { lifecycle { replace_when = [2] } }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("thing.a would be replaced"));
	write_stack("thing a { lifecycle { replace_when = [1] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	write_stack("thing a { lifecycle { replace_when = [2] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.a\ncreate thing.a\n");
	write_stack("");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(count_objects(), 0);
}

static void what_is_ignored_is_not_sent(void **state)
{
	(void)state;
	write_stack("thing a { size = 1 }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	write_stack("thing a { size = 2  act = \"new\"\n"
		    "  lifecycle { ignore = [size] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(is_in_state("\"size\": 1"));
	assert_true(is_in_state("\"act\": \"new\""));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* A new object is made as it is written. */
	write_stack("thing a { size = 2  kind = \"k\"\n"
		    "  lifecycle { ignore = [size] } }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(is_in_state("\"size\": 2"));
}

static void what_is_created_first_is_used_before_the_old_goes(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_first("kind = \"y\"");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\nupdate thing.b\n"
				       "delete thing.a\n");
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	/* Both: what is needed is created first too, though it says nothing. */
	write_stack("thing a { kind = \"x\" }\n"
		    "thing b { kind = thing.a.id\n" FIRST);
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_stack("thing a { kind = \"y\" }\n"
		    "thing b { kind = thing.a.id\n" FIRST);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n"
				       "delete thing.b\ndelete thing.a\n");
	assert_int_equal(count_objects(), 2);
	/* A user that is not created first goes before what it used. */
	write_stack("thing a { kind = \"z\"\n" FIRST
		    "thing b { kind = thing.a.id }\n");
	world.log[0] = '\0';
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(count_objects(), 2);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_int_equal(count_objects(), 0);
}

static void what_exists_is_asked_for_in_batches(void **state)
{
	char text[16384];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 250; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "thing t%d {}\n", i);
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 0);
	world.objects[7].exists = false;
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("1 to create"));
	assert_int_equal(world.batches, 3);
	assert_int_equal(world.largest, 100);
	assert_int_equal(world.reads, 0);
}

static void one_that_spoils_a_batch_fails_nobody(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b { act = \"spoils\" }\nthing c {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	assert_int_equal(world.batches, 1);
	assert_int_equal(world.reads, 3);
}

/* Many that wait for one are one line; what is not known is not shown. */
static void what_is_missing_is_grouped(void **state)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text),
				    "thing a { act = \"fails\" }\nthing b {}\n"
				    "output id = thing.b.id\n");

	(void)state;
	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "thing c%02d { uses = thing.a.id }\n", i);
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("1 created, 1 failed, 30 left out"));
	assert_true(has_said("Left out because of thing.a\n        thing.c00  "
			     "thing.c01  "));
	assert_true(has_said("thing.c11  and 18 more\n"));
	assert_false(has_line("output id"));
	write_stack("thing b {}\nthing d {}\noutput id = thing.b.id\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_said("output id = \"id-thing.b\""));
}

/*
 * What is left out keeps what it was applied with, and there "c.a/" stood for
 * what was inside then: not for what is made in it now and needs the one that
 * was left out.
 */
static void what_is_left_out_depends_on_nothing_new(void **state)
{
	static const char *const some[] = { "--yes", "--except=thing.x", NULL };

	(void)state;
	write_stack("component c(i: any) { thing old { } }\n"
		    "c a { i = \"none\" }\n"
		    "thing x { depends_on = [c.a] }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	write_stack("component c(i: any) {\n"
		    "  thing old { }\n"
		    "  thing new { uses = i }\n"
		    "}\n"
		    "c a { i = thing.x.id }\n"
		    "thing x { }\n");
	assert_int_equal(run_words("apply", some), 0);
	assert_true(is_in_state("\"deps\": [\"c.a/thing.old\"]"));
	assert_false(is_in_state("\"c.a/\""));
	world.log[0] = '\0';
	assert_int_equal(run("destroy", "--yes"), 0);
	assert_string_equal(world.log, "delete c.a/thing.new\n"
				       "delete thing.x\n"
				       "delete c.a/thing.old\n");
	assert_int_equal(count_objects(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(waits_and_repetitions_end_well, begin),
		cmocka_unit_test_setup(replacing_goes_backwards_and_forwards,
				       begin),
		cmocka_unit_test_setup(
		    what_is_created_first_is_used_before_the_old_goes, begin),
		cmocka_unit_test_setup(what_is_moved_is_not_touched, begin),
		cmocka_unit_test_setup(what_is_imported_is_changed_at_once,
				       begin),
		cmocka_unit_test_setup(what_exists_is_only_read, begin),
		cmocka_unit_test_setup(what_is_removed_with_keep_stays, begin),
		cmocka_unit_test_setup(a_lifecycle_is_applied, begin),
		cmocka_unit_test_setup(what_is_ignored_is_not_sent, begin),
		cmocka_unit_test_setup(what_exists_is_asked_for_in_batches,
				       begin),
		cmocka_unit_test_setup(one_that_spoils_a_batch_fails_nobody,
				       begin),
		cmocka_unit_test_setup(what_is_missing_is_grouped, begin),
		cmocka_unit_test_setup(what_is_left_out_depends_on_nothing_new,
				       begin),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
