#!/bin/sh
# Properties of plan and apply on random programs; see property.py.
: "${DMSL_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${DMSL_BUILDDIR:=$DMSL_SRCDIR/build}"
export DMSL_BUILDDIR

if ! command -v python3 >/dev/null; then
  echo "1..0 # SKIP python3 is missing"
  exit 0
fi
exec python3 "$DMSL_SRCDIR/tests/property/property.py"
