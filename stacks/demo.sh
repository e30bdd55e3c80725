#!/bin/sh
# The reference migration on this machine: a line a promise, each from a real
# command whose full output is in the log that the line names. Run from the top
# of the tree, by ./bootstrap demo.
set -u
cd "$(dirname "$0")/.." || exit 1
stack=stacks/dev.dmsl
logs=demo-logs
dmsl=./dmsl
mkdir -p "$logs"
begin=$(date +%s)

line() { printf '%-10s %s  [%s]\n' "$1" "$2" "$logs/$3"; }
fail() {
  printf '%-10s %s\n' "FAILED" "$1" >&2
  tail -n 30 "$logs/$2" >&2
  exit 1
}
# run LOG COMMAND...: the command's output goes to the log alone.
run() {
  log=$logs/$1
  shift
  { printf '$ %s\n' "$*"; } >"$log"
  "$@" >>"$log" 2>&1
}
# sql LOG ADDRESS STATEMENT: a value from a database of the stack.
sql() {
  run "$1" "$dmsl" psql "$stack" "$2" -- -X -A -t -F '|' -v ON_ERROR_STOP=1 -c "$3"
}
result() { sed '1d' "$logs/$1"; }

run plan.log "$dmsl" plan "$stack" || fail "plan" plan.log
line plan "$(grep '^Plan:\|^No changes' "$logs/plan.log")" plan.log
sed -n '/^On data and running servers/,/^$/p' "$logs/plan.log" | sed '1d;/^$/d;s/^ */             /'

if grep -q '^No changes' "$logs/plan.log"; then
  line apply "the stack stands already, from an earlier run" plan.log
else
  start=$(date +%s)
  printf '$ %s\n' "$dmsl apply $stack --yes" >"$logs/apply.log"
  # Progress is on the terminal; what was done is in the log.
  "$dmsl" apply "$stack" --yes >>"$logs/apply.log" || fail "apply" apply.log
  line apply "$(grep '^Applied' "$logs/apply.log") ($(($(date +%s) - start)) s)" apply.log
  line state "$(git log -1 --format='commit %h on dmsl/state: %s' dmsl/state)" apply.log
fi

run stats.log "$dmsl" task stats "$stack" || fail "task stats" stats.log
# Columns stand two blanks or more apart.
result stats.log | grep -E 'demo_accounts|orders' |
  awk -F '  +' '{ print $1 ": " $3 " rows in " $4 ", " $5 " rows/s; " tolower($2) ", validation: " tolower($NF) }' |
  while read -r row; do
    line loaded "$row" stats.log
  done

sql rows.log dms_endpoint.target \
  "SELECT * FROM demo_schema.demo_accounts ORDER BY accountnumber" ||
  fail "reading the target" rows.log
sql path.log dms_endpoint.target \
  "SELECT host(inet_server_addr()) || ' by ' || version FROM pg_stat_ssl WHERE pid = pg_backend_pid()" ||
  fail "reading the target" path.log
line rows "read from the target through $($dmsl output "$stack" target_endpoint) ($(result path.log)):" rows.log
result rows.log | sed 's/^/             /'

for table in demo_schema.demo_accounts sales.orders; do
  query="SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM $table AS t"
  for side in source target; do
    sql "proof-$side-$table.log" "sql_database.demo[\"$side\"]" "$query" ||
      fail "checksum of $table" "proof-$side-$table.log"
  done
  source=$(result "proof-source-$table.log")
  target=$(result "proof-target-$table.log")
  [ "$source" = "$target" ] || fail "$table differs: $source, $target" "proof-target-$table.log"
  line proof "$table: ${source%|*} rows, checksum ${source#*|} on both sides" "proof-target-$table.log"
done

run again.log "$dmsl" plan "$stack" --detailed-exitcode || fail "the second plan shows changes" again.log
line again "$(grep '^No changes' "$logs/again.log")" again.log
[ ! -e "$logs/apply.log" ] || ! grep '^check ' "$logs/apply.log" >/dev/null ||
  line check "$(grep '^check ' "$logs/apply.log" | sed 's/^check //')" apply.log

cat <<TXT

All of it in $(($(date +%s) - begin)) s. Look around:
  ./dmsl psql $stack 'sql_database.demo["target"]'
  ./dmsl task stats $stack
  ./dmsl local status $stack
  git show dmsl/state
Take it down:
  ./dmsl destroy $stack --yes
TXT
