#!/bin/sh
# Makes the virtual environment of the tests: moto, which stands in for AWS, and
# the AWS CLI, in the versions of requirements.txt. Made once, and made again
# when requirements.txt changes. It is in $DMSL_TEST_VENV, else in build-venv at
# the top of the tree.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
wanted=$top/tests/aws/requirements.txt
venv=${DMSL_TEST_VENV:-$top/build-venv}

cmp -s "$wanted" "$venv/made-from" && exit 0
echo "making the virtual environment of the tests in $venv"
rm -rf "$venv"
# The system's own Python first: its version is the one that was tried.
for python in /usr/bin/python3 python3; do
  "$python" -m venv "$venv" && break
done
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-input \
  --requirement "$wanted"
"$venv/bin/python3" -c 'import boto3, moto.server'
cp "$wanted" "$venv/made-from"
