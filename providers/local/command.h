#ifndef DMSL_PROVIDERS_LOCAL_COMMAND_H
#define DMSL_PROVIDERS_LOCAL_COMMAND_H

/* `dmsl local …`: look at and steer what runs for a stack. */

struct error;
struct local;

int local_command(void *self, int argc, char **argv, struct error *err);
extern const char local_command_usage[];

#endif
