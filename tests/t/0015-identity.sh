# Objects of provider local are what was made, not the address that they have.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

# Servers run under another account when the test is root: it must get here.
stack_home=$(mktemp -d "${TMPDIR:-/tmp}/dmsl-h-XXXXXX") || exit 1
chmod 755 "$stack_home"
DMSL_HOME=$stack_home/h
export DMSL_HOME

# Whatever happens, HAProxy does not stay behind.
end_stack() {
	stack ""
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
	stack "vpc v { cidr = 10.0.0.0/16 }" \
		"vpc w {" "  cidr = cidr_subnet(10.0.0.0/8, 8, part)" \
		"  lifecycle { create_before_destroy = true }" "}" \
		"subnet n {" "  vpc = vpc.v" "  zone = \"z\"" \
		"  cidr = cidr_subnet(10.0.0.0/16, 8, part)" \
		"  lifecycle { create_before_destroy = true }" "}" \
		"secret s {" "  value = { \"k\" = \"first\" }" \
		"  lifecycle {" "    create_before_destroy = true" \
		"    replace_when = [subnet.n.cidr]" "  }" "}" &&
	"$DMSL" apply i.dmsl --yes &&
	vpc=$(id vpc.w) && subnet=$(id subnet.n) && secret=$(id secret.s) &&
	"$DMSL" apply i.dmsl --set part=2 --yes &&
	for object in "vpc.w $vpc" "subnet.n $subnet" "secret.s $secret"; do
		test "$(id "${object% *}")" != "${object#* }" || return 1
	done &&
	test "$(records vpc)" = 2 && test "$(records subnet)" = 1 &&
	test "$(records secret)" = 1 &&
	"$DMSL" plan i.dmsl --set part=2 --detailed-exitcode &&
	# The ids of the addresses are free again.
	"$DMSL" apply i.dmsl --set part=3 --yes &&
	test "$(id vpc.w)" = "$vpc" && test "$(id subnet.n)" = "$subnet" &&
	test "$(records vpc)" = 2 && test "$(records subnet)" = 1 &&
	test "$(records secret)" = 1 &&
	"$DMSL" plan i.dmsl --set part=3 --detailed-exitcode &&
	"$DMSL" destroy i.dmsl --yes &&
	test_path_is_missing "$DMSL_HOME"
'

test_expect_success 'what was let go of stays whole, and can be had back' '
	stack "vpc v { cidr = 10.0.0.0/16 }" "elastic_ip e {}" &&
	"$DMSL" apply i.dmsl --yes &&
	vpc=$(id vpc.v) &&
	stack "elastic_ip e {}" "removed vpc.v { keep = true }" &&
	"$DMSL" apply i.dmsl --yes &&
	stack "elastic_ip e {}" "vpc v { cidr = 10.2.0.0/16 }" \
		"existing vpc old { id = \"$vpc\" }" \
		"subnet n {" "  vpc = vpc.old" "  zone = \"z\"" \
		"  cidr = 10.0.1.0/24" "}" &&
	"$DMSL" apply i.dmsl --yes &&
	test "$(id vpc.v)" != "$vpc" && test "$(records vpc)" = 2 &&
	settled &&
	stack "elastic_ip e {}" "vpc old { cidr = 10.0.0.0/16 }" \
		"import vpc.old = \"$vpc\"" \
		"subnet n {" "  vpc = vpc.old" "  zone = \"z\"" \
		"  cidr = 10.0.1.0/24" "}" &&
	"$DMSL" apply i.dmsl --yes &&
	test "$(id vpc.old)" = "$vpc" && test "$(records vpc)" = 1 &&
	"$DMSL" destroy i.dmsl --yes &&
	test_path_is_missing "$DMSL_HOME"
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
	test_contains err "error[E0409]" &&
	: "A name that is not known before leaves it to the provider." &&
	stack "data d { value = 1 }" \
		"iam_role r { name = data.d.id == \"\" ? \"\" : \"one\"  service = \"ec2.amazonaws.com\" }" \
		"iam_role q { name = \"one\"  service = \"dms.amazonaws.com\" }" &&
	test_expect_code 1 "$DMSL" apply i.dmsl --yes 2>err &&
	test_contains err "iam_role \"one\" exists already" &&
	"$DMSL" state list i.dmsl >list &&
	printf "%s\n" data.d iam_role.q >expect && test_cmp expect list &&
	stack "iam_role q { name = \"one\"  service = \"dms.amazonaws.com\" }" &&
	"$DMSL" apply i.dmsl --yes &&
	test "$(records iam_role)" = 1 && settled
'

# endpoint NAME ROLE [LINE]: a declaration.
endpoint() {
	printf "%s\n" "dms_endpoint $1 {" "  role = $2  engine = postgres" \
		"  server = \"127.0.0.1\"  database = \"d\"" \
		"  username = \"u\"  password = \"p\"  ssl = none" "$3" "}"
}

test_expect_success 'objects of the service are their own after a move, too' '
	first="lifecycle { create_before_destroy = true }" &&
	stack "$(endpoint a source "$first")" &&
	"$DMSL" apply i.dmsl --yes &&
	a=$(id dms_endpoint.a) && test -n "$a" &&
	# The second one has another name, as long as both are there.
	stack "$(endpoint a target "$first")" &&
	"$DMSL" apply i.dmsl --yes &&
	b=$(id dms_endpoint.a) && test "$a" != "$b" && settled &&
	stack "$(endpoint b target)" "moved dms_endpoint.a -> dms_endpoint.b" &&
	"$DMSL" apply i.dmsl --yes &&
	stack "$(endpoint a source)" "$(endpoint b target)" &&
	"$DMSL" apply i.dmsl --yes &&
	test "$(id dms_endpoint.b)" = "$b" &&
	test "$(id dms_endpoint.a)" != "$b" && settled &&
	# Moved while it has the name that its address gives.
	stack "$(endpoint c source)" "$(endpoint b target)" \
		"moved dms_endpoint.a -> dms_endpoint.c" &&
	"$DMSL" apply i.dmsl --yes &&
	c=$(id dms_endpoint.c) &&
	stack "$(endpoint c source)" "$(endpoint b target)" \
		"$(endpoint a source)" &&
	test_expect_code 1 "$DMSL" apply i.dmsl --yes 2>err &&
	test_contains err "exists and was not made by this resource" &&
	test "$(id dms_endpoint.c)" = "$c" &&
	stack "$(endpoint c source)" "$(endpoint b target)" &&
	settled &&
	"$DMSL" destroy i.dmsl --yes &&
	test_path_is_missing "$DMSL_HOME"
'

test_done
