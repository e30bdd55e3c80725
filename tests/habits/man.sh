#!/bin/sh
# The manual against the program (check-man): every page is clean, and every
# command and option that --help prints is described.
set -u
cd "$DMSL_SRCDIR" || exit 1
dmsl=$DMSL_BUILDDIR/dmsl
bad=0
complain() {
  echo "$*"
  bad=1
}
if command -v mandoc >/dev/null 2>&1; then
  for page in man/*.[0-9]; do
    mandoc -T lint -W warning "$page" || complain "$page is not clean"
  done
else
  echo "mandoc is not installed: pages were not checked"
fi
text=$(sed 's/\\-/-/g; s/\\&//g' man/dmsl.1)
names=$("$dmsl" help --names)
# One name a line; some are of two words.
IFS='
'
for command in $names; do
  unset IFS
  printf '%s\n' "$text" | grep -qF -- "$command" ||
    complain "command $command is not in man/dmsl.1"
  # shellcheck disable=SC2086 # "state list" is two words
  for option in $("$dmsl" $command --help | grep -oE -- '--[a-z][a-z-]*' | sort -u); do
    printf '%s\n' "$text" | grep -qE -- "${option#--}" ||
      complain "option $option of $command is not in man/dmsl.1"
  done
done
exit "$bad"
