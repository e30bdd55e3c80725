#ifndef DMSL_ENGINE_CMD_COMMANDS_H
#define DMSL_ENGINE_CMD_COMMANDS_H

/*
 * The commands: one file each, one row in the table of cli.c, a section in
 * man/dmsl.1. A command's struct stands at the end of its file.
 */

#include "engine/opts.h"

#include <stddef.h>

struct context;

struct command {
	const char *name;	      /* "plan", "state list" */
	const char *usage;	      /* the operands: "FILE [NAME]" */
	const char *summary;	      /* one line, for the list of commands */
	const char *help;	      /* more, or NULL */
	const struct option *options; /* offsets into args; may be NULL */
	size_t args_size;
	/* Operands; most -1: any number. */
	int least, most;
	/*
	 * args is zeroed and filled from the options. What it opens it closes.
	 * Returns the exit status.
	 */
	int (*run)(struct context *c, void *args,
		   const struct option_list *operands);
};

/* All of them, in the order of the help; ends with NULL. In cli.c. */
extern const struct command *const command_table[];

extern const struct command cmd_apply;
extern const struct command cmd_completion;
extern const struct command cmd_console;
extern const struct command cmd_destroy;
extern const struct command cmd_docs;
extern const struct command cmd_explain;
extern const struct command cmd_graph;
extern const struct command cmd_doctor;
extern const struct command cmd_fmt;
extern const struct command cmd_import;
extern const struct command cmd_lsp;
extern const struct command cmd_output;
extern const struct command cmd_plan;
extern const struct command cmd_psql;
extern const struct command cmd_show;
extern const struct command cmd_state_list;
extern const struct command cmd_state_recover;
extern const struct command cmd_state_show;
extern const struct command cmd_task_assess;
extern const struct command cmd_task_list;
extern const struct command cmd_task_reload;
extern const struct command cmd_task_resume;
extern const struct command cmd_task_start;
extern const struct command cmd_task_stats;
extern const struct command cmd_task_stop;
extern const struct command cmd_task_wait;
extern const struct command cmd_validate;
extern const struct command cmd_version;

#endif
