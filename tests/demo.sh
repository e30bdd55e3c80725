#!/bin/sh
# The demo itself (stacks/demo.sh), as it is run by ./bootstrap demo, in a folder
# of its own; twice, since a second run meets what the first one made; as the
# caller and, where that is root, as an ordinary user too. Run by tests/check.sh.
set -eu
cd "$(dirname "$0")/.."

# run_demo FOLDER: the tree is there, with ./dmsl.
run_demo='
  set -eu
  cd "$0"
  export HOME="$0" DMSL_HOME="$0/h"
  git init -q .
  git add stacks
  git -c user.name=tester -c user.email=tester@example.invalid commit -q -m "The stack"
  trap "./dmsl destroy stacks/dev.dmsl --yes >destroy.log 2>&1" EXIT
  sh stacks/demo.sh | tee first.txt
  for promise in plan apply state loaded rows proof again check; do
    grep -q "^$promise " first.txt || { echo "no line for $promise"; exit 1; }
  done
  grep -q "John|Smith" first.txt
  sh stacks/demo.sh >second.txt
  grep "^apply  *the stack stands already" second.txt
'

# prepare FOLDER
prepare() {
  chmod 755 "$1"
  cp -R stacks "$1/stacks"
  cp build/dmsl "$1/dmsl"
}

folder=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-demo-XXXXXX")
other=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-demo-XXXXXX")
trap 'rm -rf "$folder" "$other"' EXIT
prepare "$folder"
if [ "$(id -u)" != 0 ]; then
  sh -c "$run_demo" "$folder"
  exit
fi
# Both at once: most of the time they wait.
prepare "$other"
chown -R 65534:65534 "$other"
(setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$run_demo" "$other") \
  >"$folder/user.log" 2>&1 &
status=0
sh -c "$run_demo" "$folder" || status=$?
wait $! || status=$?
sed "s/^/ordinary user: /" "$folder/user.log"
exit $status
