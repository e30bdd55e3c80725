#!/bin/sh
# Each header compiles on its own (check-headers): headers.sh CC FLAGS...
set -u
cd "$DMSL_SRCDIR" || exit 1
bad=0
for header in lang/*.h lang/*/*.h engine/*.h engine/*/*.h providers/*.h providers/*/*.h; do
  printf '#include <config.h>\n#include "%s"\nextern int probe;\n' "$header" |
    "$@" -Wno-unused-function -fsyntax-only -x c - || {
    echo "$header does not stand alone"
    bad=1
  }
done
exit "$bad"
