#ifndef DMSL_TESTS_UNIT_AWS_FIXTURE_H
#define DMSL_TESTS_UNIT_AWS_FIXTURE_H

/* Types of provider aws against a scripted server: one resource, step by step.
 */

#include "engine/provider.h"

#include "tests/unit/scripted.h"

#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define STACK "dev/0123456789abcdef"
#define MEMBER_TAG(key, value)                                                 \
	"<member><Key>" key "</Key><Value>" value "</Value></member>"
#define OUR_TAGS                                                               \
	MEMBER_TAG("dmsl:intent", TOKEN) MEMBER_TAG("dmsl:stack", STACK)

/* EC2: the answer's members; the others have a result inside. */
#define EC2(op, inner)	 "<" op "Response>" inner "</" op "Response>"
#define QUERY(op, inner) EC2(op, "<" op "Result>" inner "</" op "Result>")
#define EC2_REFUSAL(code, words)                                               \
	.status = 400, .answer = "<Response><Errors><Error><Code>" code        \
				 "</Code><Message>" words                      \
				 "</Message></Error></Errors></Response>"
#define REFUSAL(code, words)                                                   \
	.status = 400,                                                         \
	.answer =                                                              \
	    "<ErrorResponse><Error><Type>Sender</Type><Code>" code             \
	    "</Code><Message>" words "</Message></Error></ErrorResponse>"
#define JSON_REFUSAL(code)                                                     \
	.status = 400,                                                         \
	.answer = "{\"__type\":\"" code "\",\"message\":\"words\"}"

/* What every first change asks. */
#define WHO                                                                    \
	{                                                                      \
		.target = "GetCallerIdentity",                                 \
		.answer = QUERY("GetCallerIdentity",                           \
				"<Account>123456789012</Account>"              \
				"<Arn>arn:aws:iam::123456789012:user/u</Arn>"  \
				"<UserId>U</UserId>"),                         \
	}

struct fixture {
	struct scripted *server;
	void *site;
	struct arena arena;
	struct call call;
};

/* A resource of the type; config is JSON. Everything else is set on f->call. */
void fixture_open(struct fixture *f, const struct scripted_step *script,
		  const char *region, const char *type, const char *config);
/* The server must have played its whole script. */
void fixture_close(struct fixture *f);
struct value fixture_json(struct fixture *f, const char *text);
/* Calls until the step ends, as the engine does. */
enum step fixture_run(struct fixture *f, enum verb verb);
/* The same, and it must succeed. */
void fixture_done(struct fixture *f, enum verb verb);
/* An attribute of the result; good until the next call. */
const char *fixture_result(struct fixture *f, const char *key);

#endif
