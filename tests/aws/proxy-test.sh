#!/bin/sh
# The recording proxy and the checks of what it records; see proxy_test.py.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/lib.sh"
AWS_MAX_ATTEMPTS=1
moto_start
proxy_start
python3 "$aws_py/proxy_test.py" || cat "$aws_dir/proxy.log" "$aws_dir/moto.log" >&2
