#include <config.h>

#include "engine/summary.h"

#include "engine/apply.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/report.h"
#include "engine/setup.h"
#include "lang/base/buf.h"
#include "lang/json.h"

static void add_count(struct buf *b, size_t n, const char *what)
{
	if (n)
		buf_fmt(b, "%s%zu %s", b->len ? ", " : "", n, what);
}

static void print_outputs(const struct context *c)
{
	struct value outputs = c->state.outputs;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; outputs.kind == VALUE_MAP && i < outputs.as.map.n;
	     i++) {
		buf_fmt(&b, "output %.*s = ",
			STR_ARG(outputs.as.map.entries[i].key));
		json_write(&b, outputs.as.map.entries[i].value, 0);
		buf_add_char(&b, '\n');
	}
	fwrite(b.data, 1, b.len, stdout);
	buf_release(&b);
}

static void print_checks(const struct apply_result *r)
{
	for (size_t i = 0; i < r->n_checks; i++) {
		const struct apply_check *k = &r->checks[i];

		if (!k->has_run)
			printf("check %.*s: could not be run\n",
			       STR_ARG(k->name));
		else if (k->has_passed)
			printf("check %.*s: passed, %.*s as expected\n",
			       STR_ARG(k->name), STR_ARG(k->found));
		else
			printf("check %.*s: failed, found %.*s, expected "
			       "%.*s\n",
			       STR_ARG(k->name), STR_ARG(k->found),
			       STR_ARG(k->expected));
	}
}

static void print_result(const struct context *c, const struct plan *p,
			 const struct apply_result *r)
{
	struct buf b;

	buf_init(&b, 1000);
	add_count(&b, r->created, "created");
	add_count(&b, r->updated, "changed");
	add_count(&b, r->replaced, "replaced");
	add_count(&b, r->deleted, "destroyed");
	add_count(&b, r->forgotten, "forgotten");
	add_count(&b, r->moved, "moved");
	add_count(&b, r->imported, "imported");
	add_count(&b, r->ran, "run");
	add_count(&b, r->failed, "failed");
	add_count(&b, r->skipped, "left out");
	add_count(&b, r->not_begun, "not begun");
	printf("%s: %s in %s\n", p->is_destroy ? "Destroyed" : "Applied",
	       b.len ? b.data : "outputs changed",
	       report_time(r->elapsed_ms).text);
	buf_release(&b);
	if (r->commit.n)
		printf("State: commit %.12s\n", r->commit.s);
	if (!p->is_destroy)
		print_outputs(c);
	print_checks(r);
}

static void print_result_json(const struct apply_result *r)
{
	printf("{\"type\":\"summary\",\"created\":%zu,\"updated\":%zu,"
	       "\"replaced\":%zu,\"deleted\":%zu,\"forgotten\":%zu,"
	       "\"run\":%zu,\"failed\":%zu,\"skipped\":%zu,\"not_begun\":%zu,"
	       "\"checks_failed\":%zu,\"commit\":\"%.*s\","
	       "\"elapsed_ms\":%lld}\n",
	       r->created, r->updated, r->replaced, r->deleted, r->forgotten,
	       r->ran, r->failed, r->skipped, r->not_begun, r->n_checks_failed,
	       STR_ARG(r->commit), (long long)r->elapsed_ms);
}

static void tell_next(const struct apply_result *r)
{
	if (r->is_interrupted)
		fprintf(stderr, "Interrupted: what had begun was ended and "
				"committed. Apply again to go on.\n");
	else if (r->failed)
		fprintf(stderr, "What was done is committed. Mend what failed "
				"and apply again: only the rest is done.\n");
}

void summary_nothing(const struct context *c)
{
	const struct apply_result none = { 0 };

	if (c->is_json)
		print_result_json(&none);
}

void summary_print(struct context *c, const struct plan *p,
		   const struct apply_result *r)
{
	if (c->is_json)
		print_result_json(r);
	else
		print_result(c, p, r);
	setup_findings(c);
	if (!c->is_json)
		tell_next(r);
}
