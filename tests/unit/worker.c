#include <config.h>

#include "engine/worker.h"

#include "lang/base/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

struct job {
	struct work work;
	int in, out;
	int sleep_ms;
};

static void run_job(struct work *w)
{
	struct job *j = w->data;

	clock_sleep_ms(j->sleep_ms);
	j->out = j->in * 2;
}

static void every_work_comes_back_once(void **state)
{
	enum { N = 10000 };
	static struct job jobs[N];
	struct error err = { 0 };
	struct workers *w = workers_open(8, &err);
	int back = 0;

	(void)state;
	assert_non_null(w);
	for (int i = 0; i < N; i++) {
		jobs[i] = (struct job){
			.work = { .run = run_job, .data = &jobs[i] },
			.in = i,
		};
		workers_submit(w, &jobs[i].work);
	}
	while (back < N) {
		struct work *done = workers_next(w, 5000);
		struct job *j;

		assert_non_null(done);
		j = done->data;
		assert_int_equal(j->out, j->in * 2);
		j->in = j->out = -1;
		back++;
	}
	assert_null(workers_next(w, 0));
	workers_close(w);
}

static void waits_end(void **state)
{
	struct job j = { .sleep_ms = 30 };
	struct error err = { 0 };
	struct workers *w = workers_open(1, &err);
	int64_t begin;
	int fds[2];

	(void)state;
	assert_non_null(w);
	begin = clock_ms();
	assert_null(workers_next(w, 20));
	assert_true(clock_ms() - begin >= 19);
	j.work = (struct work){ .run = run_job, .data = &j };
	workers_submit(w, &j.work);
	assert_ptr_equal(workers_next(w, -1), &j.work);
	assert_int_equal(pipe(fds), 0);
	workers_watch(w, fds[0]);
	assert_int_equal(write(fds[1], "x", 1), 1);
	/* Without the watched descriptor this would wait for ever. */
	assert_null(workers_next(w, -1));
	workers_watch(w, -1);
	close(fds[0]);
	close(fds[1]);
	workers_close(w);
}

static void close_drops_what_has_not_begun(void **state)
{
	struct job jobs[10] = { 0 };
	struct error err = { 0 };
	struct workers *w = workers_open(1, &err);

	(void)state;
	assert_non_null(w);
	for (int i = 0; i < 10; i++) {
		jobs[i] = (struct job){
			.work = { .run = run_job, .data = &jobs[i] },
			.in = 1,
			.sleep_ms = 20,
		};
		workers_submit(w, &jobs[i].work);
	}
	workers_close(w);
	assert_int_equal(jobs[9].out, 0);
}

/* Ends when the other end says something: not before, and not without it. */
static void run_when_told(struct work *w)
{
	int *fds = w->data;
	struct pollfd said = { .fd = fds[0], .events = POLLIN };

	fds[0] = poll(&said, 1, 5000) == 1 ? -1 : -2;
}

static void one_work_goes_on_beside(void **state)
{
	int fds[2], from;
	struct work w = { .run = run_when_told, .data = fds };
	struct thread *t;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	from = fds[0];
	t = work_start(&w);
	assert_non_null(t);
	assert_int_equal(write(fds[1], "x", 1), 1);
	work_join(t);
	assert_int_equal(fds[0], -1);
	close(from);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_work_comes_back_once),
		cmocka_unit_test(waits_end),
		cmocka_unit_test(close_drops_what_has_not_begun),
		cmocka_unit_test(one_work_goes_on_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
