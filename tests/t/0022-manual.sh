# Every example of dmsl(5) does what the page says.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

git init -q .
mkdir -p lib sql
echo "component pair(cidr: cidr) { vpc a { cidr = cidr } }" >lib/pair.dmsl
echo "let shared = 1" >lib/shared.dmsl
echo "CREATE TABLE t (id bigint PRIMARY KEY);" >sql/schema.sql
echo "hello, \${name}" >greeting.txt

test_expect_success 'the examples do what they are marked with' '
	python3 "$DMSL_SRCDIR/tests/manual.py" "$DMSL" "$DMSL_SRCDIR/man/dmsl.5"
'

test_expect_success 'an example that does something else is seen' '
	for mark in good values E0203; do
		printf ".\\\\\" example: %s\n.Bd -literal\nvpc main { }   # 1\n.Ed\n" $mark >page &&
		test_expect_code 1 python3 "$DMSL_SRCDIR/tests/manual.py" "$DMSL" page >out &&
		test_contains out "page:" "only 1 examples" || return 1
	done &&
	printf ".Bd -literal\nlet a = 1\n.Ed\n" >page &&
	test_expect_code 1 python3 "$DMSL_SRCDIR/tests/manual.py" "$DMSL" page >out &&
	test_contains out "page:1: what must this example do?"
'

test_expect_success 'every declaration, type and function is there' '
	for word in param let stack provider component existing output check use \
		moved import removed string number bool cidr ip duration size json any \
		enum list set map object; do
		grep -qw "$word" "$DMSL_SRCDIR/man/dmsl.5" || echo "$word"
	done >missing &&
	test_must_be_empty missing
'

test_expect_success 'every task setting is there' '
	tr -d "\n\t " <"$DMSL_SRCDIR/lang/dms/settings_table.c" |
		grep -oE "\"[A-Za-z0-9]+\",\"[a-z0-9_]+\",SETTING" | cut -d \" -f 4 >names &&
	test "$(wc -l <names)" -gt 50 &&
	while read -r name; do
		grep -qw "$name" "$DMSL_SRCDIR/man/dmsl.5" || echo "$name"
	done <names >missing &&
	test_must_be_empty missing
'

test_done
