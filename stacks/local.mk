# The reference stack and the standard components, installed with the program.
stackdir = $(pkgdatadir)/stacks
dist_stack_DATA = stacks/dev.dmsl
stacklibdir = $(stackdir)/lib
dist_stacklib_DATA = \
	stacks/lib/aurora.dmsl \
	stacks/lib/network.dmsl \
	stacks/lib/private_path.dmsl \
	stacks/lib/replication.dmsl \
	stacks/lib/workstation.dmsl
stackfixturesdir = $(stackdir)/fixtures
dist_stackfixtures_DATA = \
	stacks/fixtures/accounts.sql \
	stacks/fixtures/orders.sql
EXTRA_DIST += stacks/demo.sh
