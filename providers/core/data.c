/* data: holds a value. What is wanted is what there is. */
#include <config.h>

#include "providers/core/core.h"

/* It lives in state alone: what state says is so. */
static enum step data_read(struct call *c)
{
	c->result = c->prior;
	return STEP_DONE;
}

static enum step data_create(struct call *c)
{
	c->id = core_id(c, "data");
	c->result = c->config;
	return STEP_DONE;
}

static enum step data_update(struct call *c)
{
	c->result = c->config;
	return STEP_DONE;
}

static enum step data_destroy(struct call *c)
{
	(void)c;
	return STEP_DONE;
}

const struct resource_ops data_ops = {
	.read = data_read,
	.create = data_create,
	.update = data_update,
	.destroy = data_destroy,
	.recovery = 'T',
};
