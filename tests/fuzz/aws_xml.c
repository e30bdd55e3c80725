/* Answers in XML: any bytes are a value or an error. */
#include <config.h>

#include "tests/fuzz/answers.h"

#include "providers/aws/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str body = { (const char *)bytes, n };

	check_decoding(&aws_ec2, body);
	check_decoding(&aws_rds, body);
	return 0;
}
