#ifndef DMSL_ENGINE_RECORDED_H
#define DMSL_ENGINE_RECORDED_H

/*
 * What the state keeps of a resource besides its object and attributes: its
 * direct dependencies, and what of its life cycle must outlive the block.
 */

#include <stdbool.h>

struct arena;
struct error;
struct expansion;
struct resource;
struct state_resource;

/*
 * Fills deps, flags and the digest of replace_when by what is known now; a
 * digest of what is not known stays as it was in out.
 */
int recorded_fill(struct expansion *e, const struct resource *r,
		  struct arena *a, struct state_resource *out,
		  struct error *err);
/*
 * Whether that would be something else than what stands in prior, whose deps
 * are sorted. Costs no memory where nothing unusual is said.
 */
int recorded_changes(struct expansion *e, const struct resource *r,
		     const struct state_resource *prior, struct arena *a,
		     bool *out, struct error *err);
bool recorded_eq(const struct state_resource *a,
		 const struct state_resource *b);

#endif
