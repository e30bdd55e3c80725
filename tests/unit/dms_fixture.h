#ifndef DMSL_TESTS_UNIT_DMS_FIXTURE_H
#define DMSL_TESTS_UNIT_DMS_FIXTURE_H

/* The dms types against a scripted server: one object, step by step. */

#include "engine/provider.h"
#include "providers/aws/dms.h"

#include "tests/unit/scripted.h"

#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MARKS(address)                                                         \
	"{\"Key\":\"dmsl:address\",\"Value\":\"" address "\"},"                \
	"{\"Key\":\"dmsl:intent\",\"Value\":\"" TOKEN "\"},"                   \
	"{\"Key\":\"dmsl:stack\",\"Value\":\"dev/0123456789abcdef\"}"
#define FILTER(name, value)                                                    \
	"{\"Filters\":[{\"Name\":\"" name "\",\"Values\":[\"" value "\"]}]}"
#define OURS(address)                                                          \
	"{\"TagList\":[{\"Key\":\"dmsl:address\",\"Value\":\"" address         \
	"\"},{\"Key\":\"dmsl:intent\",\"Value\":\"" TOKEN                      \
	"\"},{\"Key\":\"dmsl:stack\",\"Value\":\"dev/0123456789abcdef\"},"     \
	"{\"Key\":\"team\",\"Value\":\"a\"}]}"
#define FAULT(code) "{\"__type\":\"" code "\",\"message\":\"words\"}"

#define TASKS_ARE(status)                                                      \
	{                                                                      \
		.target = "DescribeReplicationTasks",                          \
		.answer = "{\"ReplicationTasks\":[{\"ReplicationTaskArn\":"    \
			  "\"arn:t\",\"ReplicationTaskIdentifier\":\"t\","     \
			  "\"ReplicationInstanceArn\":\"arn:i\",\"Status\":"   \
			  "\"" status "\"}]}",                                 \
	}

/* The start of the digest of the dates of a task that has none. */
#define NEVER_STARTED "01ba4719c80b6fe9"

/* The scripted server that was called last; NULL: down. */
extern struct scripted *server;
extern struct aws_client *dms;
extern const struct dms_host host;
extern const struct resource_type group_type, instance_type, endpoint_type,
    task_type;

struct value json(const char *text, struct arena *a);
/* config: in JSON; what was there before is the same. */
struct call call(struct scripted *s, struct arena *a,
		 const struct resource_type *type, const char *address,
		 const char *config);
void is(enum step step, enum step wanted, const struct call *c);
/* Calls until the step ends. */
enum step finish(struct call *c, enum step (*f)(struct call *c));
/* One poll of an update. */
void step_on(struct call *c, enum step wanted);
/* Good until the next call. */
const char *text(struct value map, const char *key);

/* Of a group of tests. */
int open_client(void **state);
int close_client(void **state);

#endif
