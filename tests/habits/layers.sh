#!/bin/sh
# Who may include whom (check-layers). Reads the includes of every source and
# prints those that point upwards or sideways.
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 1

bad=0
# rule FILES ALLOWED-PATTERN: every "…" include of these must match.
rule() {
  # shellcheck disable=SC2086 # a list of files
  found=$(grep -HnE '^#[[:space:]]*include "' $1 /dev/null 2>/dev/null | grep -vE "include \"($2)" )
  if [ -n "$found" ]; then
    printf '%s\n' "$found"
    bad=1
  fi
}
# only HEADER FILES: a library's header is included by these files alone.
only() {
  found=$(grep -rlE "include <$1" lang engine providers --include='*.[chly]' |
    grep -vxE "$2")
  if [ -n "$found" ]; then
    printf '%s: includes <%s\n' "$found" "$1"
    bad=1
  fi
}

base='lang/base/'
rule "lang/base/*.[ch]" "$base"
rule "lang/*.[chly]" "lang/"
rule "lang/dms/*.[ch]" "lang/"
engine='engine/[a-z_]*\.h|lang/'
rule "$(find engine -maxdepth 1 -name '*.[ch]' ! -name main.c ! -name cli.c)" "$engine"
rule "engine/cli.c" "$engine|engine/cmd/commands\.h"
rule "engine/main.c" "engine/cli\.h|engine/context\.h|providers/builtin\.h|lang/base/"
rule "engine/cmd/*.[ch]" "$engine|engine/cmd/commands\.h|engine/lsp/server\.h"
rule "engine/lsp/*.[ch]" "$engine|engine/lsp/"
shared='engine/provider\.h|engine/schema\.h|lang/value\.h|lang/cidr\.h|lang/json\.h|lang/suggest\.h|lang/base/|providers/[a-z_]*\.h'
rule "providers/*.[ch]" "$shared|providers/[a-z]*/[a-z]*\.h"
rule "providers/types/*.[ch]" "engine/schema\.h|providers/types/"
for folder in pg core sql; do
  rule "providers/$folder/*.[ch]" "$shared|providers/$folder/|providers/pg/|lang/dms/"
done
rule "providers/aws/*.[ch]" "$shared|providers/aws/|providers/pg/|lang/dms/|providers/sql/sql\.h"
rule "providers/replicator/*.[ch]" "$shared|providers/replicator/|providers/pg/|lang/dms/|providers/aws/sigv4\.h"
rule "providers/local/*.[ch]" "$shared|providers/local/|providers/pg/|lang/dms/|providers/types/types\.h|providers/aws/(client|dms|service)\.h|providers/sql/sql\.h"

only 'git2' 'engine/store_git\.c'
only 'pthread' 'engine/worker\.c|lang/base/library\.c|providers/.*'
only 'curl/' 'providers/http\.c'
only 'histedit' 'engine/edit\.c'
only 'expat' 'providers/aws/xml\.c'
only 'libpq-fe' 'providers/pg/libpq\.h'
only 'pcre2' 'lang/func_regex\.c'
only 'sqlite3' 'lang/dms/expression\.c'
only 'microhttpd' 'providers/replicator/[a-z]*\.c'
exit "$bad"
