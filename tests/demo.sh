#!/bin/sh
# The demo itself (stacks/demo.sh), as it is run by ./bootstrap demo, in a folder
# of its own; twice, since a second run meets what the first one made; as the
# caller and, where that is root, as an ordinary user. Run by tests/check.sh.
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

prepare() {
  folder=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-demo-XXXXXX")
  chmod 755 "$folder"
  cp -R stacks "$folder/stacks"
  cp build/dmsl "$folder/dmsl"
}

prepare
trap 'rm -rf "$folder"' EXIT
sh -c "$run_demo" "$folder"
if [ "$(id -u)" = 0 ]; then
  rm -rf "$folder"
  prepare
  chown -R 65534:65534 "$folder"
  setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$run_demo" "$folder"
fi
