/* The replication server as a program of its own, for tests that drive it. */
#include <config.h>

#include "providers/replicator/replicator.h"

int main(int argc, char **argv)
{
	return replicator_main(argc, argv);
}
