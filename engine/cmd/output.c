#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/setup.h"
#include "engine/show.h"

struct args {
	bool json, reveal;
};

static int print(const struct context *c, const struct args *args,
		 const char *name, struct error *err)
{
	struct value outputs = c->state.outputs;
	const struct value *v;

	if (!name && args->json) {
		show_json(outputs, args->reveal, stdout);
		return 0;
	}
	if (!name) {
		for (size_t i = 0;
		     outputs.kind == VALUE_MAP && i < outputs.as.map.n; i++) {
			printf("%.*s = ",
			       STR_ARG(outputs.as.map.entries[i].key));
			show_value(outputs.as.map.entries[i].value,
				   args->reveal, stdout);
		}
		return 0;
	}
	v = value_get(outputs, name);
	if (!v)
		return error_set(err, ERROR_NOT_FOUND,
				 "the state has no output \"%s\"", name);
	if (args->json)
		show_json(*v, args->reveal, stdout);
	else
		show_value(*v, args->reveal, stdout);
	return 0;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct error err = { 0 };
	int status = STATUS_DONE;

	if (setup_config(c, operands->items[0], &err) < 0 ||
	    setup_state(c, ACCESS_READ, &err) < 0 ||
	    print(c, data, operands->n > 1 ? operands->items[1] : NULL, &err) <
		0)
		status = setup_fail(c, &err);
	setup_close(c, NULL);
	return status;
}

static const struct option options[] = {
	OPTION(struct args, json, "json", NULL, "as JSON"),
	OPTION(struct args, reveal, "reveal", NULL, "print secrets in clear"),
	OPTION_END,
};

const struct command cmd_output = {
	.name = "output",
	.usage = "FILE [NAME]",
	.summary = "print the outputs of a stack, or one of them",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run,
};
