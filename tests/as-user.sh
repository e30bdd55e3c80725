#!/bin/sh
# as-user.sh SCRIPT: runs a test script as nobody, with copies of what it needs
# in a folder of its own, since the tree may be where nobody cannot look. The
# virtual environment is too large to copy: the AWS CLI has its say as root.
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-user-XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src" "$folder/build" "$folder/home"
cp -R "$DMSL_SRCDIR/tests" "$DMSL_SRCDIR/stacks" "$folder/src/"
cp "$DMSL_BUILDDIR/dmsl" "$folder/build/"
chown -R 65534:65534 "$folder"
chmod 755 "$folder"
setpriv --reuid=65534 --regid=65534 --clear-groups \
  env HOME="$folder/home" TMPDIR="$folder" \
  DMSL_TEST_VENV=none DMSL_SRCDIR="$folder/src" DMSL_BUILDDIR="$folder/build" \
  sh "$folder/src/tests/t/$(basename "$1")"
