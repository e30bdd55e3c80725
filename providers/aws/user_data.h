#ifndef DMSL_PROVIDERS_AWS_USER_DATA_H
#define DMSL_PROVIDERS_AWS_USER_DATA_H

/* The script of an instance, which the service wants and gives in base64. */

#include "lang/base/str.h"

#include <stdbool.h>

struct arena;

enum { USER_DATA_MAX = 16 * 1024 };

struct str user_data_sent(struct str text, struct arena *a);
struct str user_data_shown(struct str sent, struct arena *a);
bool user_data_is(struct str text, struct str sent, struct arena *a);

#endif
