/* Applies that fail, are killed, or meet what the plan did not show. */
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

static void a_failed_create_keeps_the_old(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	write_first("kind = \"y\"  act = \"fails\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_int_equal(count_objects(), 2);
	assert_true(is_in_state("\"kind\": \"x\""));
	assert_false(is_in_state("#"));
	/* Half made: the old one stays until one is whole. */
	world.log[0] = '\0';
	write_first("kind = \"y\"  act = \"half\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_string_equal(world.log, "create thing.a\n");
	assert_int_equal(count_objects(), 3);
	assert_true(is_in_state("\"thing.a#"));
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("left over from a replacement"));
	write_first("kind = \"y\"");
	world.log[0] = '\0';
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(strstr(world.log, "create thing.a\n") == world.log);
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

static void what_is_left_over_is_deleted_later(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.keeps_all = true;
	write_first("kind = \"y\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it does not let go"));
	assert_true(is_in_state("\"thing.a#"));
	assert_int_equal(count_objects(), 3);
	world.keeps_all = false;
	world.log[0] = '\0';
	assert_int_equal(run("plan", "--detailed-exitcode"), 2);
	assert_true(has_said("left over from a replacement"));
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "delete thing.a\n");
	assert_false(is_in_state("#"));
	assert_int_equal(count_objects(), 2);
}

/* Cut off in the middle of the create, as by a kill. */
static void a_create_beside_is_recovered(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_first("kind = \"y\"  act = \"silent\"");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("the outcome of 1 step is not known"));
	/* The old one is still that of the address, and nothing left over. */
	assert_int_equal(run("plan", NULL), 0);
	assert_false(look_for("left over", false));
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(world.recoveries > 0);
	assert_string_equal(world.log, "create thing.a\nupdate thing.b\n"
				       "delete thing.a\n");
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_true(is_in_state("\"kind\": \"y\""));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

/* Over runs that cannot find out what became of it, the old one included. */
static void a_create_beside_is_carried_on(void **state)
{
	(void)state;
	write_first("kind = \"x\"");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	write_first("kind = \"y\"  act = \"silent\"");
	assert_int_equal(run("apply", "--yes"), 1);
	world.is_out_of_reach = true;
	assert_int_equal(run("apply", "--yes"), 1);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_string_equal(world.log, "create thing.a\n");
	world.is_out_of_reach = false;
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\nupdate thing.b\n"
				       "delete thing.a\n");
	assert_int_equal(count_objects(), 2);
	assert_false(is_in_state("#"));
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

/* Runs apply in a process that dies at a call; false: there are fewer. */
static bool is_killed(int at)
{
	int status;
	pid_t pid;

	world.calls = 0;
	world.killed_at = at;
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run("apply", "--yes"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	world.killed_at = 0;
	/* It may have had the lock. */
	assert_int_equal(pthread_mutex_init(&world.lock, NULL), 0);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static size_t count_in_log(const char *line)
{
	size_t n = 0;

	for (const char *at = world.log; (at = strstr(at, line)); at++)
		n++;
	return n;
}

/* Killed before and after each effect: each is had once, nothing is lost. */
static void a_replacement_survives_every_kill(void **state)
{
	int at = 0;
	bool goes_on = true;

	while (goes_on) {
		assert_int_equal(begin(state), 0);
		write_stack("thing a { kind = \"x\" }\n"
			    "thing b { kind = thing.a.id\n" FIRST
			    "thing c { uses = thing.b.id }\n");
		assert_int_equal(run("apply", "--yes"), 0);
		world.log[0] = '\0';
		write_stack("thing a { kind = \"y\" }\n"
			    "thing b { kind = thing.a.id  lifecycle {\n"
			    "  create_before_destroy = true\n"
			    "  replace_when = [1] } }\n"
			    "thing c { uses = thing.b.id }\n");
		goes_on = is_killed(++at);
		assert_int_equal(run("apply", "--yes"), 0);
		assert_int_equal(count_objects(), 3);
		assert_int_equal(count_in_log("create thing.a\n"), 1);
		assert_int_equal(count_in_log("create thing.b\n"), 1);
		assert_int_equal(count_in_log("delete thing.a\n"), 1);
		assert_int_equal(count_in_log("delete thing.b\n"), 1);
		assert_false(is_in_state("#"));
		assert_true(is_in_state("\"kind\": \"y\""));
		assert_true(is_in_state("\"replace_when\": \"sha256:"));
		assert_int_equal(run("plan", "--detailed-exitcode"), 0);
	}
	/* Two creates, an update, two deletes. */
	assert_int_equal(at, 11);
}

static void a_failure_stops_its_dependents_only(void **state)
{
	(void)state;
	write_stack("thing a { act = \"fails\" }\n"
		    "thing b { uses = thing.a.id }\n"
		    "thing c {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_string_equal(world.log, "create thing.c\n");
	assert_true(has_said("could not create \"thing.a\": it does not like"));
	assert_true(has_said("s.dmsl:2:7: error[E0510]"));
	assert_true(has_said("1 created, 1 failed, 1 left out"));
	assert_true(has_said("Failed\n        thing.a\n"
			     "Left out because of thing.a\n        thing.b\n"
			     "What was done is committed. "));
	assert_true(has_said("\n    dmsl apply s.dmsl\n"));
	/* How long what went well took is known the next time. */
	assert_int_equal(access(".git/dmsl/s/durations", F_OK), 0);
	write_stack("thing a {}\nthing b { uses = thing.a.id }\nthing c {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(count_objects(), 3);
}

/* All that the run was asked for, but what is done already. */
static void the_way_on_has_all_options(void **state)
{
	const char *options[] = {
		"--yes",
		"--params",
		"p.dmslparams",
		"--set",
		"act=fails",
		"--set",
		"kind=it's",
		"--only=thing.*",
		"--except=thing.z",
		"--replace",
		"thing.b",
		"--replace=thing.a",
		"--refresh=0",
		NULL,
	};
	FILE *f;

	(void)state;
	write_stack("thing a {}\nthing b {}\nthing z {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	f = fopen("p.dmslparams", "w");
	assert_non_null(f);
	fprintf(f, "code = 3\nkind = \"k\"\n");
	assert_int_equal(fclose(f), 0);
	write_stack("param act : string = \"\"\nparam kind : string\n"
		    "param code : number\n"
		    "thing a { act = act }\nthing b {}\nthing z {}\n");
	assert_int_equal(run_words("apply", options), 64);
	assert_true(has_said("takes true or false"));
	options[12] = "--refresh=false";
	assert_int_equal(run_words("apply", options), 1);
	assert_true(
	    has_said("    dmsl apply s.dmsl --params p.dmslparams "
		     "--set act=fails --set 'kind=it'\\''s' "
		     "--only 'thing.*' --except thing.z --replace thing.a "
		     "--refresh=false\n"));
}

/* Also where there is nothing to do: it has not passed yet. */
static void a_check_fails_until_it_passes(void **state)
{
	static const char stack[] = "thing a {}\ncheck c { on = thing.a  "
				    "query = \"q\"  expect = \"%s\" }\n";
	char text[200];

	(void)state;
	snprintf(text, sizeof(text), stack, "other");
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("1 of 1 checks did not pass"));
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("No changes."));
	assert_true(has_said("check c: failed, found id-thing.a, "
			     "expected other  s.dmsl:3\n"));
	assert_true(has_said("All is as the stack says, but 1 of 1 checks did "
			     "not pass.\n"));
	assert_int_equal(run("apply", "--json"), 1);
	assert_true(has_said("\"checks_failed\":1"));
	snprintf(text, sizeof(text), stack, "id-thing.a");
	write_stack(text);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_said("check c: passed"));
	assert_int_equal(count_in_log("create thing.a\n"), 1);
}

static void what_broke_half_way_is_replaced(void **state)
{
	(void)state;
	write_stack("thing a { act = \"half\" }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("Failed\n        thing.a\nThere, but not whole: "
			     "the next apply replaces it\n        thing.a\n"));
	assert_int_equal(count_objects(), 1);
	assert_int_equal(run("show", NULL), 0);
	assert_true(has_said("thing.a  (incomplete: will be replaced)"));
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ndelete thing.a\n"
				       "create thing.a\n");
	assert_int_equal(count_objects(), 1);
}

static void an_unknown_outcome_is_found_out_first(void **state)
{
	(void)state;
	write_stack("thing a { act = \"silent\" }\nthing b {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("the outcome of 1 step is not known"));
	assert_true(has_said("Nobody knows yet what became of\n        "
			     "thing.a\nApply again: "));
	assert_int_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("plan", NULL), 0);
	assert_int_equal(count_objects(), 2);
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(world.recoveries > 0);
	assert_true(has_done("create thing.a\n", "create thing.b\n"));
	assert_int_not_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

static void a_broken_promise_stops_the_step(void **state)
{
	(void)state;
	world.code = "promised";
	write_stack("thing a {}\nthing b { uses = thing.a.code }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("attribute \"uses\" is \"real\" now, the plan "
			     "showed \"promised\""));
	assert_string_equal(world.log, "create thing.a\n");
}

static void an_effect_that_was_not_shown_is_not_carried_out(void **state)
{
	(void)state;
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	world.has_new_effect = true;
	write_stack("thing a { size = 2 }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it would now drop everything, which the plan did "
			     "not show"));
	assert_string_equal(world.log, "");
}

/* Nor by what goes, or makes room for another: a task that runs by now. */
static void an_effect_of_a_delete_is_checked_too(void **state)
{
	(void)state;
	write_stack("thing a {}\nthing b { kind = \"x\" }\n"
		    "thing c { kind = \"x\"\n" FIRST);
	assert_int_equal(run("apply", "--yes"), 0);
	world.log[0] = '\0';
	world.has_new_effect = true;
	write_stack("");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("could not delete \"thing.a\": it would now drop "
			     "everything, which the plan did not show"));
	assert_string_equal(world.log, "");
	for (size_t i = 0; i < world.n; i++)
		world.objects[i].polls = 0;
	write_stack("thing a {}\nthing b { kind = \"y\" }\n"
		    "thing c { kind = \"y\"\n" FIRST);
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("could not replace \"thing.b\": it would now drop "
			     "everything, which the plan did not show"));
	assert_string_equal(world.log, "");
	world.has_new_effect = false;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_int_equal(count_objects(), 3);
}

/* Of one kind, but another table; also of what is only created now. */
static void another_table_is_not_truncated(void **state)
{
	(void)state;
	world.tables[0] = "orders";
	world.tables[1] = "parts";
	write_stack("thing a {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it would now truncate parts, which the plan did "
			     "not show"));
	assert_string_equal(world.log, "");
	world.tables[1] = "orders";
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\n");
	world.log[0] = '\0';
	world.tables[1] = "parts";
	world.asked = 0;
	write_stack("thing a { size = 2 }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("it would now truncate parts, which the plan did "
			     "not show"));
	assert_string_equal(world.log, "");
}

static void without_the_lease_nothing_more_is_done(void **state)
{
	(void)state;
	write_stack("thing a { act = \"robbed\" }\n"
		    "thing b { uses = thing.a.id }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("the lease of stack \"s\" was taken away"));
	assert_string_equal(world.log, "create thing.a\n");
	/* Neither was it committed, nor forgotten. */
	assert_int_not_equal(
	    system("git rev-parse -q --verify dmsl/state >/dev/null"), 0);
	assert_int_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n");
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);
}

/* A process that holds the lease, and with it the journal. */
static pid_t start_holder(void)
{
	const struct store_options o = { .stack_path = "s.dmsl",
					 .stack = STR_INIT("s") };
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct arena a = { 0 };
		struct store *s;
		struct str broken;
		struct error err;

		if (store_open(&o, &s, &err) == 0 &&
		    store_lease(s, STR("holder"), &a, &broken, &err) == 0 &&
		    write(fds[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static void whoever_reads_sees_an_interrupted_run_but_no_live_one(void **state)
{
	pid_t holder;

	(void)state;
	write_stack("thing a { act = \"silent\" }\nthing b {}\n");
	assert_int_equal(run("apply", "--yes"), 1);
	/* Nothing is committed, but thing.b is there. */
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("left 1 step unfinished"));
	assert_true(has_said("1 to create"));
	assert_int_equal(run("show", NULL), 0);
	assert_true(has_said("thing.b"));
	holder = start_holder();
	assert_int_equal(run("plan", NULL), 0);
	assert_true(has_said("2 to create"));
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("is being changed by"));
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	/* Reading changed nothing: it is still there to be recovered. */
	world.answers = true;
	assert_int_equal(run("apply", "--yes"), 0);
	assert_true(has_done("create thing.a\n", "create thing.b\n"));
}

/*
 * A create that nobody can be asked about does not keep the apply from mending
 * what it needs; then it is repeated, with its own token.
 */
static void what_cannot_be_found_out_is_repeated_in_its_turn(void **state)
{
	(void)state;
	write_stack("thing a { act = \"silent\"  keep = 90s }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	world.is_out_of_reach = true;
	/* Whoever takes it all down must know it first. */
	assert_int_equal(run("destroy", "--yes"), 1);
	assert_true(has_said("is still not known"));
	write_stack("thing a { act = \"silent\"  keep = 90s  "
		    "depends_on = [thing.b] }\n"
		    "thing b { act = \"mends\" }\n");
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "create thing.a\ncreate thing.b\n");
	assert_int_equal(count_objects(), 2);
	assert_int_not_equal(access(".git/dmsl/s/journal", F_OK), 0);
	assert_int_equal(run("plan", "--detailed-exitcode"), 0);

	/* It ends as it was begun; what is wanted now comes afterwards. */
	world.answers = false;
	write_stack("thing b {}\nthing d { act = \"silent\" }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	world.is_out_of_reach = true;
	write_stack("thing b {}\nthing c { act = \"mends\" }\n"
		    "thing d { act = \"silent\"  size = 2  "
		    "depends_on = [thing.c] }\n");
	assert_int_equal(run("apply", "--yes"), 1);
	assert_true(has_said("had begun it with other attributes"));
	assert_int_equal(count_objects(), 3);
	world.log[0] = '\0';
	assert_int_equal(run("apply", "--yes"), 0);
	assert_string_equal(world.log, "update thing.d\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_failure_stops_its_dependents_only,
				       begin),
		cmocka_unit_test_setup(the_way_on_has_all_options, begin),
		cmocka_unit_test_setup(a_check_fails_until_it_passes, begin),
		cmocka_unit_test_setup(a_failed_create_keeps_the_old, begin),
		cmocka_unit_test_setup(what_is_left_over_is_deleted_later,
				       begin),
		cmocka_unit_test_setup(a_create_beside_is_recovered, begin),
		cmocka_unit_test_setup_teardown(a_create_beside_is_carried_on,
						begin_fast, end_fast),
		cmocka_unit_test(a_replacement_survives_every_kill),
		cmocka_unit_test_setup(what_broke_half_way_is_replaced, begin),
		cmocka_unit_test_setup(an_unknown_outcome_is_found_out_first,
				       begin),
		cmocka_unit_test_setup(a_broken_promise_stops_the_step, begin),
		cmocka_unit_test_setup(
		    an_effect_that_was_not_shown_is_not_carried_out, begin),
		cmocka_unit_test_setup(an_effect_of_a_delete_is_checked_too,
				       begin),
		cmocka_unit_test_setup(another_table_is_not_truncated, begin),
		cmocka_unit_test_setup(
		    whoever_reads_sees_an_interrupted_run_but_no_live_one,
		    begin),
		cmocka_unit_test_setup_teardown(
		    what_cannot_be_found_out_is_repeated_in_its_turn,
		    begin_fast, end_fast),
		cmocka_unit_test_setup(without_the_lease_nothing_more_is_done,
				       begin),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
