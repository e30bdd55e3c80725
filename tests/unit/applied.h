#ifndef DMSL_TESTS_UNIT_APPLIED_H
#define DMSL_TESTS_UNIT_APPLIED_H

/*
 * Apply, its failures and recovery, by the command line, against a provider of
 * a few lines. What an object does when it is made is written in the stack:
 * thing a { act = "throttled" }. Objects live in this process; the repository
 * in a folder of its own.
 */

#include "lang/base/str.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { OBJECTS = 300 };

struct made {
	char address[64], token[65], id[80], name[64];
	int calls, polls;
	bool exists;
};

/* Outlives a process that is killed. */
struct fake_world {
	pthread_mutex_t lock;
	struct made objects[OBJECTS];
	size_t n;
	char log[4096];	      /* what was done, in order */
	bool answers;	      /* "silent" objects answer from now on */
	bool is_out_of_reach; /* they do not even hear */
	bool has_new_effect, keeps_all;
	const char *tables[2]; /* truncated: by the plan, and then */
	int asked;
	const char *code; /* that is promised; NULL: none is */
	int recoveries;
	int reads, batches; /* calls */
	int sweeps;
	size_t largest;	      /* batch */
	int calls, killed_at; /* kill at this one; 0: none */
};

extern struct fake_world *shared;

#define world (*shared)

struct made *add_object(struct str address, struct str token);
void write_stack(const char *things);
int run_words(const char *command, const char *const *options);
int run(const char *command, const char *option);
bool has_said(const char *text);
bool has_done(const char *a, const char *b);
bool has_line(const char *text);
size_t count_objects(void);
int begin(void **state);
/* The same with a clock that runs ten times as fast, for what waits long. */
int begin_fast(void **state);
int end_fast(void **state);
bool look_for(const char *text, bool tells);
bool is_in_state(const char *text);
int make_folder(void **state);
int remove_folder(void **state);
void write_first(const char *a);

#define FIRST "  lifecycle { create_before_destroy = true } }\n"

#endif
