#ifndef DMSL_ENGINE_SCHEDULE_H
#define DMSL_ENGINE_SCHEDULE_H

/*
 * In which order the nodes of a graph are worked on: what is ready, what waits
 * until when, what a failure takes with it. Knows nothing of what a node is and
 * does nothing itself; it has no clock of its own, so tests decide the time.
 *
 * A node is ready when all before it are done. Among the ready the one with the
 * heaviest path behind it goes first, so that the long waits begin early. A
 * node that was given out is running until it is put aside, done or failed.
 * What comes after a failed node is skipped, and nothing else.
 *
 * Every operation is O(log n), the whole O((n + edges) log n).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schedule_state {
	SCHEDULE_BLOCKED, /* something before it is not done */
	SCHEDULE_READY,
	SCHEDULE_RUNNING,
	SCHEDULE_WAITING, /* put aside until a time */
	SCHEDULE_DONE,
	SCHEDULE_FAILED,
	SCHEDULE_SKIPPED, /* comes after a failed node */
};

struct schedule {
	/* How many nodes are in each state. */
	size_t counts[SCHEDULE_SKIPPED + 1];
	size_t n;
	struct schedule_node *nodes;
	struct schedule_edge *edges;
	size_t n_edges, edges_room;
	size_t *order;		    /* of all nodes, by their edges */
	size_t *after;		    /* of all nodes, one behind the other */
	size_t *ready, n_ready;	    /* heap by path */
	size_t *waiting, n_waiting; /* heap by time */
	bool is_draining;
};

/* n nodes, without edges, of weight 0. Memory is its own. */
void schedule_init(struct schedule *s, size_t n);
void schedule_release(struct schedule *s);
/*
 * `after` waits for `before`. A soft edge is an order that is better kept but
 * may be given up where it closes a cycle.
 */
void schedule_edge(struct schedule *s, size_t before, size_t after,
		   bool is_soft);
void schedule_weight(struct schedule *s, size_t node, int64_t weight);
/* All edges are there. -1: a cycle of hard edges; *node is on or behind it. */
int schedule_begin(struct schedule *s, size_t *node);

/*
 * Gives out a node: one whose wait is over, else the first that is ready.
 * False when there is none now. Once draining, only those that wait.
 */
bool schedule_next(struct schedule *s, int64_t now_ms, size_t *node);
/* The earliest time that a waiting node is due; false: none waits. */
bool schedule_due(const struct schedule *s, int64_t *at_ms);
/* What becomes of a running node. */
void schedule_wait(struct schedule *s, size_t node, int64_t until_ms);
void schedule_done(struct schedule *s, size_t node);
/* skipped is called for each node that can now never be worked on. */
void schedule_fail(struct schedule *s, size_t node,
		   void (*skipped)(void *context, size_t node, size_t because),
		   void *context);
/* Nothing new is begun from now on; what has begun may end. */
void schedule_drain(struct schedule *s);
/* Done, failed or skipped. */
bool schedule_is_settled(const struct schedule *s, size_t node);
/*
 * The longest path through the nodes that are not settled, where left[node] is
 * the length of one. paths: room for one number a node.
 */
int64_t schedule_longest(const struct schedule *s, const int64_t *left,
			 int64_t *paths);
/* No node is running or waiting, and none can be begun. */
bool schedule_is_over(const struct schedule *s);

#endif
