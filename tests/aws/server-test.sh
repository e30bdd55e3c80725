#!/bin/sh
# The stand-in for AWS itself; see server_test.py.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/lib.sh"
AWS_MAX_ATTEMPTS=1
moto_start
python3 "$aws_py/server_test.py"
