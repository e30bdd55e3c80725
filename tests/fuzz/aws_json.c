/* Answers in JSON: any bytes are a value or an error. */
#include <config.h>

#include "tests/fuzz/answers.h"

#include "providers/aws/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str body = { (const char *)bytes, n };

	check_decoding(&aws_dms, body);
	check_decoding(&aws_rds_data, body);
	return 0;
}
