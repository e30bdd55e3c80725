#!/bin/sh
# The same as an ordinary user, when the suite runs as root.
if [ "$(id -u)" != 0 ]; then
  echo "1..0 # SKIP the suite runs as an ordinary user already"
  exit 0
fi
if ! command -v setpriv >/dev/null 2>&1; then
  echo "1..0 # SKIP setpriv is not installed"
  exit 0
fi
exec sh "$DMSL_SRCDIR/tests/as-user.sh" "$DMSL_SRCDIR/tests/t/0900-migration.sh"
