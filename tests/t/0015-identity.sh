# Objects of provider local are what was made, not the address that they have.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

# Servers run under another account when the test is root: it must get here.
stack_home=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-h-XXXXXX") || exit 1
chmod 755 "$stack_home"
DMSL_HOME=$stack_home/h
export DMSL_HOME

# Whatever happens, HAProxy does not stay behind.
end_stack() {
	"$DMSL" destroy i.dmsl --yes >/dev/null 2>&1
	rm -rf "$stack_home"
}
test_atexit end_stack

test_repository .

# id ADDRESS: of the object in the state.
id() {
	"$DMSL" state show i.dmsl "$1" --json |
		sed -n 's/^ *"id": "\([^"]*\)",*$/\1/p' | head -n 1
}

# records TYPE: how many objects of a type there are.
records() {
	find "$DMSL_HOME" -path "*/objects/$1/*.json" | wc -l
}

# settled: nothing is left to do.
settled() {
	"$DMSL" plan i.dmsl --detailed-exitcode
}

# stack LINE...: what the stack's file says.
stack() {
	{
		echo 'param part : number = 1'
		echo 'stack i { provider = local }'
		printf '%s\n' "$@"
	} >i.dmsl
}

test_expect_success 'an object keeps its id after a move; a new one has its own' '
	stack "vpc a { cidr = 10.0.0.0/16 }" \
		"secret s { value = { \"k\" = \"first\" } }" \
		"elastic_ip e {}" &&
	"$DMSL" apply i.dmsl --yes &&
	vpc=$(id vpc.a) && secret=$(id secret.s) && ip=$(id elastic_ip.e) &&
	test -n "$vpc" && test -n "$secret" && test -n "$ip" &&
	stack "vpc b { cidr = 10.0.0.0/16 }" \
		"secret t { value = { \"k\" = \"first\" } }" \
		"elastic_ip f {}" \
		"moved vpc.a -> vpc.b" "moved secret.s -> secret.t" \
		"moved elastic_ip.e -> elastic_ip.f" &&
	"$DMSL" apply i.dmsl --yes &&
	stack "vpc a { cidr = 10.1.0.0/16 }" "vpc b { cidr = 10.0.0.0/16 }" \
		"secret s { value = { \"k\" = \"second\" } }" \
		"secret t { value = { \"k\" = \"first\" } }" \
		"elastic_ip e {}" "elastic_ip f {}" &&
	"$DMSL" apply i.dmsl --yes &&
	test "$(id vpc.b)" = "$vpc" && test "$(id vpc.a)" != "$vpc" &&
	test "$(id secret.t)" = "$secret" &&
	test "$(id secret.s)" != "$secret" &&
	test "$(id elastic_ip.f)" = "$ip" &&
	test "$(id elastic_ip.e)" != "$ip" &&
	test "$(records vpc)" = 2 && test "$(records secret)" = 2 &&
	test "$(records elastic_ip)" = 2 &&
	settled
'

test_expect_success 'the end of one leaves the other' '
	vpc=$(id vpc.b) && secret=$(id secret.t) &&
	stack "vpc b { cidr = 10.0.0.0/16 }" \
		"secret t { value = { \"k\" = \"first\" } }" "elastic_ip f {}" &&
	"$DMSL" apply i.dmsl --yes >out &&
	test_contains out "3 destroyed" &&
	test "$(id vpc.b)" = "$vpc" && test "$(id secret.t)" = "$secret" &&
	test "$(records vpc)" = 1 && test "$(records secret)" = 1 &&
	settled &&
	"$DMSL" destroy i.dmsl --yes &&
	test_path_is_missing "$DMSL_HOME"
'

test_expect_success 'a replacement that comes first is another object' '
	# A subnet that is alone, and a secret: names and ids of both kinds.
	stack "vpc v { cidr = 10.0.0.0/16 }" \
		"subnet n {" "  vpc = vpc.v" "  zone = \"z\"" \
		"  cidr = cidr_subnet(10.0.0.0/16, 8, part)" \
		"  lifecycle { create_before_destroy = true }" "}" \
		"secret s {" "  value = { \"k\" = \"first\" }" \
		"  lifecycle {" "    create_before_destroy = true" \
		"    replace_when = [subnet.n.cidr]" "  }" "}" &&
	"$DMSL" apply i.dmsl --yes &&
	subnet=$(id subnet.n) && secret=$(id secret.s) &&
	"$DMSL" apply i.dmsl --set part=2 --yes >out &&
	test "$(id subnet.n)" != "$subnet" &&
	test "$(id secret.s)" != "$secret" &&
	test "$(records subnet)" = 1 && test "$(records secret)" = 1 &&
	"$DMSL" plan i.dmsl --set part=2 --detailed-exitcode &&
	# Its address is free again.
	"$DMSL" apply i.dmsl --set part=3 --yes &&
	test "$(id subnet.n)" = "$subnet" &&
	test "$(id secret.s)" != "" &&
	test "$(records subnet)" = 1 && test "$(records secret)" = 1 &&
	"$DMSL" plan i.dmsl --set part=3 --detailed-exitcode
'

test_expect_success 'a name that is taken is refused, and its owner unharmed' '
	stack "iam_role r { name = \"one\"  service = \"dms.amazonaws.com\" }" &&
	"$DMSL" apply i.dmsl --yes &&
	stack "iam_role q { name = \"one\"  service = \"dms.amazonaws.com\" }" \
		"moved iam_role.r -> iam_role.q" &&
	"$DMSL" apply i.dmsl --yes &&
	stack "iam_role r { name = \"one\"  service = \"ec2.amazonaws.com\" }" \
		"iam_role q { name = \"one\"  service = \"dms.amazonaws.com\" }" &&
	test_expect_code 1 "$DMSL" apply i.dmsl --yes 2>err &&
	test_contains err "iam_role \"one\" exists already" &&
	"$DMSL" state list i.dmsl >list &&
	echo iam_role.q >expect && test_cmp expect list &&
	stack "iam_role q { name = \"one\"  service = \"dms.amazonaws.com\" }" &&
	"$DMSL" apply i.dmsl --yes &&
	test "$(records iam_role)" = 1 && settled
'

test_done
