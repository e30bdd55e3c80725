#!/bin/sh
# The provider local once more, as an ordinary user, where we are root.
if test "$(id -u)" != 0
then
	echo "1..0 # SKIP the test as an ordinary user is tests/unit/local"
	exit 0
fi
if ! command -v setpriv >/dev/null
then
	echo "1..0 # SKIP setpriv is not installed"
	exit 0
fi
if ! test -x "$DMSL_BUILDDIR/tests/unit/local"
then
	echo "1..0 # SKIP tests/unit/local was not built"
	exit 0
fi
folder=$(mktemp -d /tmp/dmsl-user-XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
# Where the build stands, that user may not look.
cp "$DMSL_BUILDDIR/tests/unit/local" "$folder/local" || exit 1
chmod 755 "$folder" "$folder/local"
HOME="$folder" setpriv --reuid=nobody --regid="$(id -g nobody)" \
	--clear-groups "$folder/local" </dev/null
