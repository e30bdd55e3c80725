#ifndef DMSL_ENGINE_EXPAND_DOMAIN_H
#define DMSL_ENGINE_EXPAND_DOMAIN_H

/*
 * What the files of the domain's checks share. Only engine/expand_domain*.c
 * include this.
 */

#include "engine/expand_private.h"

/*
 * An attribute of a resource as far as it is known and no secret, so that
 * messages may tell it; NULL: it is not.
 */
const struct value *domain_known(const struct expander *x, size_t index,
				 const char *attr);
/* The same as a text, or empty. */
struct str domain_text(const struct expander *x, size_t index,
		       const char *attr);

/* Where an attribute is written, or the resource's name. */
struct place domain_place(const struct resource *r, const char *attr);

/* Whether what the resource lacks may stand in it, not understood. */
static inline bool domain_is_unclear(const struct expander *x,
				     const struct resource *r)
{
	return check_is_unclear(resource_body(r), r->decl->source, x->diags);
}

/* Says of the findings from number `from` on in which components it stands. */
void domain_trace(struct expander *x, const struct resource *r, size_t from);

/*
 * The resources that an attribute refers to, one or a list of them: calls
 * `each` for those that are known. false: some are not.
 */
bool domain_referred(struct expander *x, const struct resource *r,
		     const struct attr_info *info,
		     void (*each)(void *context, size_t index), void *context);

/* The one resource that an attribute refers to; false: none that is known. */
bool domain_refers(struct expander *x, const struct resource *r,
		   const char *attr, size_t *out);

/* expand_domain_data.c: databases, tasks, endpoints. */
void domain_data(struct expander *x, const struct resource *r);

/* expand_domain_one.c: the attributes of one resource together. */
void domain_one(struct expander *x, const struct resource *r);
/* Two objects of one name. */
void domain_names(struct expander *x);

/* expand_domain_zone.c: zones and networks of what is referred to. */
void domain_zones(struct expander *x);

#endif
