#include <config.h>

#include "providers/aws/fault.h"

#include <ctype.h>
#include <stddef.h>

#define NOT_ENABLED                                                            \
	"The account or its region is not enabled for the service: see the "   \
	"account's settings in the AWS console."

/* Codes that mean the same in every service. */
static const struct aws_fault common[] = {
	{ "AccessDenied", ERROR_DENIED, NULL, NULL },
	{ "AccessDeniedException", ERROR_DENIED, NULL, NULL },
	{ "AuthFailure", ERROR_DENIED, NULL, NULL },
	{ "BandwidthLimitExceeded", ERROR_THROTTLED, NULL, NULL },
	{ "DependencyTimeoutException", ERROR_UNAVAILABLE, NULL, NULL },
	{ "EC2ThrottledException", ERROR_THROTTLED, NULL, NULL },
	{ "ExpiredToken", ERROR_DENIED, NULL, NULL },
	{ "ExpiredTokenException", ERROR_DENIED, NULL, NULL },
	{ "IncompleteSignature", ERROR_DENIED, NULL, NULL },
	{ "IncompleteSignatureException", ERROR_DENIED, NULL, NULL },
	{ "InternalError", ERROR_UNAVAILABLE, NULL, NULL },
	{ "InternalFailure", ERROR_UNAVAILABLE, NULL, NULL },
	{ "InternalServerError", ERROR_UNAVAILABLE, NULL, NULL },
	{ "InternalServiceError", ERROR_UNAVAILABLE, NULL, NULL },
	{ "InvalidClientTokenId", ERROR_DENIED, NULL, NULL },
	{ "InvalidParameterCombinationException", ERROR_INVALID, NULL, NULL },
	{ "InvalidParameterValueException", ERROR_INVALID, NULL, NULL },
	{ "InvalidSecurity.RequestHasExpired", ERROR_DENIED, NULL, NULL },
	{ "InvalidSignatureException", ERROR_DENIED, NULL, NULL },
	{ "KMSAccessDeniedFault", ERROR_DENIED, NULL, NULL },
	{ "KMSInternalException", ERROR_UNAVAILABLE, NULL, NULL },
	{ "LimitExceededException", ERROR_THROTTLED, NULL, NULL },
	{ "MissingAuthenticationToken", ERROR_DENIED, NULL, NULL },
	{ "MissingAuthenticationTokenException", ERROR_DENIED, NULL, NULL },
	{ "OptInRequired", ERROR_DENIED, NULL, NOT_ENABLED },
	{ "PendingVerification", ERROR_DENIED, NULL, NOT_ENABLED },
	{ "PriorRequestNotComplete", ERROR_THROTTLED, NULL, NULL },
	{ "ProvisionedThroughputExceededException", ERROR_THROTTLED, NULL,
	  NULL },
	{ "RequestExpired", ERROR_DENIED, NULL, NULL },
	{ "RequestInTheFuture", ERROR_DENIED, NULL, NULL },
	{ "RequestLimitExceeded", ERROR_THROTTLED, NULL, NULL },
	{ "RequestThrottled", ERROR_THROTTLED, NULL, NULL },
	{ "RequestThrottledException", ERROR_THROTTLED, NULL, NULL },
	{ "RequestTimeTooSkewed", ERROR_DENIED, NULL, NULL },
	{ "RequestTimeout", ERROR_UNAVAILABLE, NULL, NULL },
	{ "RequestTimeoutException", ERROR_UNAVAILABLE, NULL, NULL },
	{ "ServerInternal", ERROR_UNAVAILABLE, NULL, NULL },
	{ "ServiceFailure", ERROR_UNAVAILABLE, NULL, NULL },
	{ "ServiceUnavailable", ERROR_UNAVAILABLE, NULL, NULL },
	{ "ServiceUnavailableException", ERROR_UNAVAILABLE, NULL, NULL },
	{ "SignatureDoesNotMatch", ERROR_DENIED, NULL, NULL },
	{ "SlowDown", ERROR_THROTTLED, NULL, NULL },
	{ "SubscriptionRequiredException", ERROR_DENIED, NULL, NOT_ENABLED },
	{ "ThrottledException", ERROR_THROTTLED, NULL, NULL },
	{ "Throttling", ERROR_THROTTLED, NULL, NULL },
	{ "ThrottlingException", ERROR_THROTTLED, NULL, NULL },
	{ "TooManyRequestsException", ERROR_THROTTLED, NULL, NULL },
	{ "TransactionInProgressException", ERROR_THROTTLED, NULL, NULL },
	{ "Unavailable", ERROR_UNAVAILABLE, NULL, NULL },
	{ "UnauthorizedOperation", ERROR_DENIED, NULL, NULL },
	{ "UnrecognizedClientException", ERROR_DENIED, NULL, NULL },
	{ "ValidationException", ERROR_INVALID, NULL, NULL },
	{ NULL, ERROR_NONE, NULL, NULL },
};

static const char *const skew_codes[] = {
	"AuthFailure",
	"InvalidSecurity.RequestHasExpired",
	"InvalidSignatureException",
	"RequestExpired",
	"RequestInTheFuture",
	"RequestTimeTooSkewed",
	"SignatureDoesNotMatch",
	NULL,
};

static const char *const expiry_codes[] = {
	"ExpiredToken",
	"ExpiredTokenException",
	"RequestExpired",
	NULL,
};

static bool is_one_of(struct str code, const char *const *codes)
{
	for (; *codes; codes++)
		if (str_is(code, *codes))
			return true;
	return false;
}

static bool contains_any_case(struct str s, struct str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++) {
		size_t k = 0;

		while (k < part.n && tolower((unsigned char)s.s[i + k]) ==
					 tolower((unsigned char)part.s[k]))
			k++;
		if (k == part.n)
			return true;
	}
	return false;
}

static bool is_code(struct str code, const char *pattern)
{
	return *pattern == '*' ? str_ends(code, pattern + 1)
			       : str_is(code, pattern);
}

static const struct aws_fault *find(const struct aws_fault *f, struct str code,
				    struct str words)
{
	for (; f && f->code; f++)
		if (is_code(code, f->code) &&
		    (!f->text || contains_any_case(words, str_from(f->text))))
			return f;
	return NULL;
}

static enum error_kind by_status(int status)
{
	if (status == 429)
		return ERROR_THROTTLED;
	if (status >= 500)
		return ERROR_UNAVAILABLE;
	return status == 401 || status == 403 ? ERROR_DENIED : ERROR_INVALID;
}

struct aws_fault aws_fault_of(const struct aws_service *s, struct str code,
			      struct str words, int status)
{
	const struct aws_fault *f = find(s->faults, code, words);

	if (!f)
		f = find(common, code, words);
	return f ? *f : (struct aws_fault){ .kind = by_status(status) };
}

bool aws_fault_may_be_skew(struct str code)
{
	return is_one_of(code, skew_codes);
}

bool aws_fault_is_expiry(struct str code)
{
	return is_one_of(code, expiry_codes);
}
