#ifndef DMSL_ENGINE_APPLY_GRAPH_H
#define DMSL_ENGINE_APPLY_GRAPH_H

/*
 * From the steps of a plan to the nodes of a schedule. A step is one node, a
 * replacement is two: its delete goes before its create, and users go before
 * what they use.
 *
 *	X is used by Y, both are replaced:
 *		delete Y -> delete X -> create X -> create Y
 *	the same, where what is new is created first:
 *		create X -> create Y -> delete Y -> delete X
 *
 * That what X needs is created first where X is keeps this free of circles.
 */

#include <stddef.h>

struct plan;
struct schedule;

struct apply_graph {
	/*
	 * Nodes [0, n_steps) are the steps, then there are the deletes of
	 * replacements, and from first_join on joins, which have no work and no
	 * step.
	 */
	size_t n_nodes, first_join;
	size_t *step_of;     /* by node */
	size_t *delete_node; /* by step; of a delete, the step itself */
};

#define NO_NODE ((size_t)-1)

/* Fills the schedule, edges and weights; ready to begin. */
void apply_graph_init(struct apply_graph *g, const struct plan *p,
		      struct schedule *s);
void apply_graph_release(struct apply_graph *g);

#endif
