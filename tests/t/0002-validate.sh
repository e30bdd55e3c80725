# Mistakes in a text are shown at their places, several in one run, and nothing
# is touched.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_expect_success 'a text without mistakes' '
	cat >good.dmsl <<-\TXT &&
	stack good { provider = core }
	data a { value = "x" }
	data b { value = data.a.id }
	TXT
	"$DMSL" validate good.dmsl >out &&
	echo "good.dmsl is valid: 2 resources" >expect &&
	test_cmp expect out &&
	"$DMSL" validate --json good.dmsl >out &&
	echo "[]" >expect &&
	test_cmp expect out
'

test_expect_success 'several mistakes in one run, each with its carets' '
	cat >bad.dmsl <<-\TXT &&
	stack bad { provider = core }
	data a { vaule = "x" }
	dota b { value = 1 }
	data c { value = data.d.id }
	TXT
	test_expect_code 1 "$DMSL" validate bad.dmsl >out 2>err &&
	test ! -s out &&
	test_contains err "bad.dmsl:2:10: error[E0203]" "^~~~~" \
		"Did you mean \"value\"?" "bad.dmsl:3:1: error[" "dota"
'

test_expect_success 'what a param says of itself' '
	cat >param.dmsl <<-\TXT &&
	stack param { provider = core }
	param rows : number = 4 { descripton = "a"  check = rows > 0  more { } }
	TXT
	test_expect_code 1 "$DMSL" validate param.dmsl 2>err &&
	test_contains err "param.dmsl:2:27: error[E0203]" \
		"Did you mean \"description\"?" "param.dmsl:2:63: error[E0222]"
'

test_expect_success 'what becomes of objects that are there is checked at its place' '
	cat >declared.dmsl <<-\TXT &&
	stack declared { provider = local }
	vpc a { cidr = 10.0.0.0/16  lifecycle { ignore = [cidr, tag] } }
	vpc b { cidr = 10.1.0.0/16  timeouts { create = 5 } }
	moved vpc.a -> subnet.a
	moved vpc.b -> vpc.c
	moved vpc -> vpc.d
	removed vpc.a { keep = true }
	import vpc.e = "vpc-1"
	existing vpc f { id = "vpc-2"  lifecycle { prevent_destroy = true } }
	existing vpc g { cidr = 10.2.0.0/16 }
	TXT
	test_expect_code 1 "$DMSL" validate declared.dmsl 2>err &&
	test_contains err "2:57: error[E0203]" "Did you mean \"tags\"?" \
		"3:49: error[E0250]" "4:7: error[E0315]" "5:7: error[E0315]" \
		"vpc.b is moved, and still declared" "6:7: error[E0314]" \
		"7:9: error[E0317]" "8:8: error[E0316]" "9:32: error[E0222]" \
		"10:14: error[E0220]" "has no \"id\""
'

test_expect_success 'a life cycle, moves and removals that can be meant' '
	cat >meant.dmsl <<-\TXT &&
	stack meant { provider = local }
	existing vpc old { id = "vpc-1" }
	subnet s for k in ["x"] {
	  vpc  = vpc.old
	  cidr = cidr_subnet(vpc.old.cidr, 8, 1)
	  zone = "z"
	  lifecycle { create_before_destroy = true  replace_when = [vpc.old.tags] }
	  timeouts { create = 1h  delete = 30s }
	}
	moved subnet.s -> subnet.s["x"]
	moved network.gone -> network.other
	removed network.lost { keep = true }
	import subnet.s["x"] = "subnet-1"
	TXT
	"$DMSL" validate meant.dmsl >out &&
	test_contains out "meant.dmsl is valid: 2 resources"
'

test_expect_success 'the same as JSON' '
	test_expect_code 1 "$DMSL" validate --json bad.dmsl >out &&
	test_contains out "\"E0203\""
'

test_expect_success 'types, networks and syntax, all in one run' '
	cat >many.dmsl <<-\TXT &&
	stack many { provider = local }
	vcp a { cidr = 10.0.0.0/16 }
	vpc b { cidr = 10.0.0.0/16 }
	subnet s { vpc = vpc.b  cidr = 10.1.0.0/24  zone = "z" }
	subnet t { vpc = subnet.s  cidr = 10.0.0.0/24  zone = "z" }
	netwrok n { cidr = 10.0.0.0/16  zones = ["z"] }
	aurora db { network = vpc.b  version = "15"  class = "c" }
	data x { value = uper("a") }
	data y { value = vpc.bb.id }
	data z { value = = 1 }
	TXT
	test_expect_code 1 "$DMSL" validate many.dmsl 2>err &&
	test_contains err "2:1: error[E0201]" "Did you mean \"vpc\"?" \
		"4:32: error[E0401]" "outside" "expected a vpc, found a subnet" \
		"Did you mean \"network\"?" "expected a network, found a vpc" \
		"Did you mean \"upper\"?" "Did you mean \"vpc.b\"?" \
		"10:18: error[E0108]" &&
	test_lacks err "lib/aurora.dmsl"
'

test_expect_success 'a reference to what has an unknown type is no further mistake' '
	cat >unknown.dmsl <<-\TXT &&
	stack unknown { provider = core }
	vcp main { cidr = 10.0.0.0/16 }
	data a { value = vcp.main.id }
	output o = vcp.main.arn
	TXT
	test_expect_code 1 "$DMSL" validate --json unknown.dmsl >out &&
	test "$(grep -o "\"E0[0-9]*\"" out)" = "\"E0201\""
'

test_expect_success 'what is missing is one finding, and none where the text is torn' '
	cat >missing.dmsl <<-\TXT &&
	stack missing { provider = local }
	vpc a { cidr = 10.0.0.0/16 }
	subnet s { vpc = vpc.a }
	subnet t { vpc = vpc.a  zone = = "z" }
	data n { value = 10.0.0.0/33 }
	output x = data.m.value
	TXT
	test_expect_code 1 "$DMSL" validate missing.dmsl 2>err &&
	test_contains err "subnet \"s\" has no \"cidr\" and no \"zone\"" \
		"Add cidr = … (cidr), zone = … (string)." \
		"4:32: error[E0108]" "5:18: error[E0107]" \
		"Did you mean \"data.n\"?" &&
	test_lacks err "subnet \"t\"" "E0255"
'

test_expect_success 'what is declared twice says once where it stands' '
	cat >twice.dmsl <<-\TXT &&
	stack twice { provider = core }
	data a { value = 1 }
	data a { value = 2 }
	TXT
	test_expect_code 1 "$DMSL" validate twice.dmsl 2>err &&
	test "$(grep -c "note: first" err)" = 1
'

test_expect_success 'a value that does not fit is the only finding' '
	cat >on.dmsl <<-\TXT &&
	param on : enum(core, aws) = core
	stack on { provider = on }
	TXT
	test_expect_code 1 "$DMSL" validate on.dmsl --set on=azure 2>err &&
	test_contains err "expected one of core, aws, found \"azure\"" &&
	test_lacks err "must be known" &&
	"$DMSL" validate on.dmsl --set on=aws
'

test_expect_success 'a cycle is named with its hops' '
	cat >cycle.dmsl <<-\TXT &&
	stack cycle { provider = core }
	data a { value = data.b.id }
	data b { value = data.a.id }
	TXT
	test_expect_code 1 "$DMSL" validate cycle.dmsl 2>err &&
	test_contains err "data.a" "data.b" "cycle.dmsl:2"
'

# References of a large stack are found many at once.
test_expect_success 'a large stack: names are what they are in a small one' '
	awk "BEGIN {
		print \"stack large { provider = core }\"
		print \"component c(data: any) {\"
		print \"  data own { value = data.d1 }\"
		print \"  output id = data.own.id\"
		print \"}\"
		print \"c one { data = { d1 = 7 } }\"
		print \"data each for data in [\\\"k\\\"] { value = data }\"
		print \"data d0 { value = 1 }\"
		for (i = 1; i < 17000; i++)
			print \"data d\" i \" { value = [data.d\" i - 1 \
				\".id, data.d\" int(i * 7919 % i) \".id] }\"
	}" >large.dmsl &&
	"$DMSL" validate large.dmsl >out &&
	echo "data last { value = [data.d3.id, data.d17000.id] }" >>large.dmsl &&
	test_expect_code 1 "$DMSL" validate large.dmsl 2>err &&
	test "$(grep -c "error\[" err)" = 1 &&
	test_contains err "17008:34: error[E0251]: there is no data \"d17000\""
'

test_expect_success 'a file that is not there' '
	test_expect_code 1 "$DMSL" validate none.dmsl 2>err &&
	test_contains err "none.dmsl" "No such file"
'

test_expect_success 'a mistake in a template is shown in it, once' '
	printf "host = \${host}\nport = \${prot}\n" >server.conf &&
	cat >template.dmsl <<-\TXT &&
	stack template { provider = core }
	let ports = { host = 10.0.0.1, port = 5432 }
	data a for k in ["x", "y"] { value = template("server.conf", ports) }
	TXT
	test_expect_code 1 "$DMSL" validate template.dmsl 2>err &&
	test_contains err "server.conf:2:10: error[E0251]: unknown name \"prot\"" \
		"template.dmsl:3:38: note:" "Did you mean \"port\"?" &&
	test "$(grep -c "error\[" err)" = 1
'

test_expect_success 'where a secret is revealed, plan says so' '
	test_repository . &&
	cat >revealed.dmsl <<-\TXT &&
	stack revealed { provider = core }
	param pw : string secret
	data a { value = "user=${reveal(pw)}" }
	data b { value = try(reveal(pw).x, pw) }
	TXT
	DMSL_PARAM_pw=hidden "$DMSL" plan revealed.dmsl >out 2>err &&
	test_contains err "revealed.dmsl:3:26: warning[W0404]" "reveal(pw)" &&
	test_contains out "user=hidden" &&
	test "$(grep -c "W0404" err)" = 1
'

test_expect_success 'a plan or an apply of a bad text touches nothing' '
	test_repository . &&
	test_expect_code 1 "$DMSL" plan bad.dmsl &&
	test_expect_code 1 "$DMSL" apply bad.dmsl --yes &&
	test_path_is_missing .git/dmsl/bad &&
	test_must_fail git rev-parse -q --verify dmsl/state
'

test_done
