# Canonical form of files, folders and the input.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

mkdir -p stack/deep stack/.hidden
printf 'let a=1\nlet  bc =  [1,2]\n' >stack/one.dmsl
printf 'let a = 1\n' >stack/deep/two.dmsl
printf 'let x=1\n' >stack/.hidden/three.dmsl
printf 'let x=1\n' >stack/not.txt

test_expect_success 'names what is not canonical, and changes nothing' '
	test_expect_code 1 "$DMSL" fmt --check stack >out &&
	echo stack/one.dmsl >expect &&
	test_cmp expect out &&
	grep -q "a=1" stack/one.dmsl
'

test_expect_success 'shows what would change' '
	test_expect_code 1 "$DMSL" fmt --diff stack >out &&
	grep -q "^-let a=1" out &&
	grep -q "^+let a  = 1" out &&
	grep -q "a=1" stack/one.dmsl
'

test_expect_success 'changes what is not canonical, and names it' '
	chmod 640 stack/one.dmsl &&
	"$DMSL" fmt stack >out &&
	test_cmp expect out &&
	printf "let a  = 1\nlet bc = [1, 2]\n" >formatted &&
	test_cmp formatted stack/one.dmsl &&
	test "$(stat -c %a stack/one.dmsl)" = 640 &&
	grep -q "x=1" stack/.hidden/three.dmsl &&
	grep -q "x=1" stack/not.txt
'

test_expect_success 'once is enough' '
	"$DMSL" fmt --check stack >out &&
	test_must_be_empty out
'

test_expect_success 'formats the input' '
	printf "vpc a{cidr=10.0.0.0/16}" | "$DMSL" fmt - >out &&
	echo "vpc a { cidr = 10.0.0.0/16 }" >want &&
	test_cmp want out
'

test_expect_success 'leaves a text with mistakes alone' '
	printf "let a = = 1\n" >bad.dmsl &&
	cp bad.dmsl bad.copy &&
	test_expect_code 1 "$DMSL" fmt bad.dmsl 2>err &&
	grep -q "bad.dmsl:1:" err &&
	test_cmp bad.copy bad.dmsl
'

test_expect_success 'the stacks that come with the program are canonical' '
	"$DMSL" fmt --check "$DMSL_SRCDIR/stacks" >out &&
	test_must_be_empty out
'

test_done
