#include <config.h>

/*
 * The map of the program.
 *
 *	main		hands what is linked in to the command line
 *	 cli		finds and runs a command
 *	  cmd/		one command a file
 *	   runs		what plan, apply and destroy share
 *	    setup	configuration, lease, state, journal of a stack
 *	     lang/config	texts to declarations
 *	     load	what stands below, beside the reading of the texts
 *	      store	state in git; the lease
 *	      state	its text to resources
 *	      journal	what an interrupted run left
 *	    expand	declarations to resource instances
 *	    recover	ends what was interrupted
 *	    plan	instances and state to steps
 *	     plan_print	a plan for people; plan_json for programs
 *	    apply	steps to results, one commit
 *	     execute	the loop: intents, calls, journal, state
 *	      schedule	what is ready, what waits, what is skipped
 *	      worker	threads
 *	      calls	calls of providers
 *	     report	what a person sees while it goes on
 *	      estimate	how long that is, by the durations of earlier runs
 *	    summary	what was done, what is missing, how to go on
 *	   lsp/		a server for editors
 *	    workspace	open texts, and the stacks they belong to
 *	     analysis	one stack's configuration and findings
 *	      names	what its words mean
 *	  replicator	the replication server, a program of its own
 */

#include "engine/cli.h"

#include "providers/builtin.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/*
 * Keys and passwords are in our memory: no core of us is written, nor of what
 * we start, and no other process of the same user reads it.
 */
static void keep_memory_private(void)
{
	struct rlimit none = { 0 };

	if (getrlimit(RLIMIT_CORE, &none) == 0) {
		none.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &none);
	}
	prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
	const struct cli cli = {
		.providers = builtin_providers,
		.schemas = builtin_schemas,
		.is_type = builtin_is_type,
	};

	keep_memory_private();
	if (argc > 1 && !strcmp(argv[1], "replicator"))
		return builtin_replicator(argc - 1, argv + 1);
	return cli_main(&cli, argc, argv);
}
