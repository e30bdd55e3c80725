# For tests that run the reference stack; sourced after lib.sh. The current
# folder is a repository with a copy of stacks/; $DMSL_HOME is the test's own.

# Servers run under another account when the test is root: it must get here.
stack_folder=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-h-XXXXXX") || exit 1
chmod 755 "$stack_folder"
DMSL_HOME=$stack_folder/h
export DMSL_HOME
unset DMSL_STATE_KEY DMSL_STATE_KEY_FILE

cp -R "$DMSL_SRCDIR/stacks" stacks
chmod -R u+w stacks
git init -q .
git config user.name tester
git config user.email tester@example.invalid
git add stacks
git commit -q -m "The stack"

if [ "${DMSL_TEST_VENV-}" != none ]; then
  . "$DMSL_SRCDIR/tests/aws/use-venv.sh"
  test_set_prereq AWS
fi
AWS_MAX_ATTEMPTS=1
export AWS_MAX_ATTEMPTS

# sql ADDRESS STATEMENT: rows from a database of the stack.
sql() {
  "$DMSL" psql stacks/dev.dmsl "$1" -- -X -A -t -F '|' -v ON_ERROR_STOP=1 -c "$2"
}

# The processes whose command line names the stack's folder, or whose working
# folder is in it: pid and command.
stack_processes() {
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    # Hidden for a process that keeps its memory private.
    where=$(readlink "$process/cwd" 2>/dev/null) || where=
    command=$(cat "$process/cmdline" 2>/dev/null | tr '\0' ' ')
    case "$where $command" in
    *"$DMSL_HOME"*)
      [ "$pid" = "$$" ] || echo "$pid $command"
      ;;
    esac
  done
}

# Sockets that listen and belong to one of the processes that stack_processes
# wrote to the file `before`.
stack_listeners() {
  command -v ss >/dev/null 2>&1 || return 0
  ss -Hltnp | while read -r listener; do
    while read -r pid _; do
      case $listener in
      *"pid=$pid,"*) echo "$listener" ;;
      esac
    done <before
  done
}

# Ends the first PostgreSQL server of the stack, and waits until it is gone.
stop_one_postgres() {
  pid=$(stack_processes | awk '$2 ~ /(^|\/)postgres$/ { print $1; exit }')
  [ -n "$pid" ] || return 1
  kill -INT "$pid"
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.2
  done
  return 1
}

# Whatever happens, nothing of the stack is left behind.
end_stack() {
  "$DMSL" destroy stacks/dev.dmsl --yes >/dev/null 2>&1
  stack_processes | while read -r pid _; do
    kill -KILL "$pid" 2>/dev/null
  done
  rm -rf "$stack_folder"
}
test_atexit end_stack
