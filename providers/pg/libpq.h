#ifndef DMSL_PROVIDERS_PG_LIBPQ_H
#define DMSL_PROVIDERS_PG_LIBPQ_H

/* libpq's functions, without their "PQ": once load_libpq() has returned 0. */

#include <libpq-fe.h>

struct error;

#define LIBPQ_FUNCTIONS(F)                                                     \
	F(cancel)                                                              \
	F(clear)                                                               \
	F(cmdStatus)                                                           \
	F(cmdTuples)                                                           \
	F(connectPoll)                                                         \
	F(connectStartParams)                                                  \
	F(consumeInput)                                                        \
	F(errorMessage)                                                        \
	F(finish)                                                              \
	F(flush)                                                               \
	F(freeCancel)                                                          \
	F(freemem)                                                             \
	F(getCancel)                                                           \
	F(getCopyData)                                                         \
	F(getResult)                                                           \
	F(getisnull)                                                           \
	F(getlength)                                                           \
	F(getvalue)                                                            \
	F(isBusy)                                                              \
	F(nfields)                                                             \
	F(ntuples)                                                             \
	F(putCopyData)                                                         \
	F(putCopyEnd)                                                          \
	F(resultErrorField)                                                    \
	F(resultStatus)                                                        \
	F(sendQuery)                                                           \
	F(sendQueryParams)                                                     \
	F(serverVersion)                                                       \
	F(setErrorVerbosity)                                                   \
	F(setNoticeProcessor)                                                  \
	F(setnonblocking)                                                      \
	F(socket)                                                              \
	F(status)                                                              \
	F(transactionStatus)

struct libpq {
#define MEMBER(name) __typeof__(PQ##name) *name;
	LIBPQ_FUNCTIONS(MEMBER)
#undef MEMBER
};

extern struct libpq libpq;

int load_libpq(struct error *err);

#endif
