/* Answers in JSON: any bytes are a value or an error. */
#include <config.h>

#include "tests/fuzz/answers.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/aws/decode.h"

static void decode(const struct aws_service *s, struct str body)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	struct aws_reason why;
	struct value v;

	if (aws_decode(s, "DescribeVpcs", body, &a, &v, &why, &err) == 0)
		check_answer(v);
	else if (err.kind == ERROR_NONE || !err.message[0])
		BUG("a failure without a reason");
	aws_decode_fault(s, body, (struct str){ "", 0 }, &a);
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str body = { (const char *)bytes, n };

	decode(&aws_dms, body);
	decode(&aws_rds_data, body);
	return 0;
}
