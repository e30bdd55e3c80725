#ifndef DMSL_PROVIDERS_REPLICATOR_FAULT_H
#define DMSL_PROVIDERS_REPLICATOR_FAULT_H

/*
 * What a call is refused with: the name of AWS's exception, its HTTP status and
 * a message. All zero is no fault. It owns nothing.
 */

struct error;

struct fault {
	const char *type; /* a literal: "ResourceNotFoundFault" */
	int status;
	char message[2000];
};

/* Sets a fault of status 400; returns -1. */
int fault_set(struct fault *f, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A failure of ours, such as a full disk: InternalFailure, 500; returns -1. */
int fault_internal(struct fault *f, const struct error *err);

#endif
