#!/bin/sh
# SQL on the private databases of the stand-in for AWS; see reach_test.py.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/lib.sh"
AWS_MAX_ATTEMPTS=1
postgres_start one
moto_start
python3 "$aws_py/reach_test.py" || cat "$aws_dir/moto.log" >&2
