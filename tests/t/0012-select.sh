# A part of a stack: --only, --except, --replace, --refresh-only, params from
# files, and saved plans that other commits do not spoil.
. "${DMSL_SRCDIR:-$(dirname "$0")/../..}/tests/lib.sh"

test_repository .

cat >a.dmsl <<\TXT
use "more.dmsl"
param size : number = 20
param note : string = "first"
stack a { provider = core }
component pair(text: string) {
  data left { value = text }
  data right { value = data.left.value  triggers = data.left.id }
  output id = data.right.id
}
random_password pw { length = size }
data x { value = random_password.pw.length }
data y { value = [data.x.value, note] }
pair one { text = "1" }
data part for k in ["a", "b"] { value = k }
output y = data.y.value
output one = pair.one.id
TXT
cat >more.dmsl <<\TXT
data free { value = 1 }
TXT

# What the state of a repository holds, without what is made at random.
values() {
	git -C "$1" show dmsl/state:a.dmstate.json |
		grep -v "\"id\":\|\"uid\":\|\"result\":\|\"triggers\":\|\"one\":"
}

# A repository of its own with the same stack.
fresh() {
	test_repository "$1" && cp a.dmsl more.dmsl "$1"
}

addresses() {
	"$DMSL" state list "$1" | tr "\n" " "
}

test_expect_success 'only takes along what is needed, and nothing else' '
	fresh first &&
	"$DMSL" apply first/a.dmsl --only data.x --yes >out &&
	test_contains out "Applied: 2 created" &&
	test "$(addresses first/a.dmsl)" = "data.x random_password.pw " &&
	"$DMSL" apply first/a.dmsl --only data.x --yes >out &&
	test_contains out "No changes" &&
	"$DMSL" apply first/a.dmsl --only "data.part[\"a\"]" --yes &&
	test "$(addresses first/a.dmsl)" = \
		"data.part[\"a\"] data.x random_password.pw "
'

test_expect_success 'a component, a glob, a file' '
	fresh kinds &&
	"$DMSL" apply kinds/a.dmsl --only pair.one --yes &&
	test "$(addresses kinds/a.dmsl)" = \
		"pair.one/data.left pair.one/data.right " &&
	"$DMSL" apply kinds/a.dmsl --only "*.part[*]" --only kinds/more.dmsl \
		--yes &&
	test "$(addresses kinds/a.dmsl)" = \
		"data.free data.part[\"a\"] data.part[\"b\"] pair.one/data.left pair.one/data.right " &&
	fresh inside &&
	"$DMSL" apply inside/a.dmsl --only "pair.one/*" --yes &&
	test "$(addresses inside/a.dmsl)" = \
		"pair.one/data.left pair.one/data.right "
'

test_expect_success 'only, then except, ends where a plain apply ends' '
	for what in data.x data.y pair.one "data.part[\"b\"]" "data.*" \
		more.dmsl; do
		rm -rf parts whole && fresh parts && fresh whole &&
		"$DMSL" apply whole/a.dmsl --yes --set size=20 &&
		"$DMSL" apply parts/a.dmsl --yes --set size=20 &&
		(
			cd parts &&
			"$DMSL" apply a.dmsl --yes --set size=21 \
				--set note=second --only "$what" &&
			"$DMSL" apply a.dmsl --yes --set size=21 \
				--set note=second --except "$what" &&
			"$DMSL" plan a.dmsl --detailed-exitcode --set size=21 \
				--set note=second
		) &&
		"$DMSL" apply whole/a.dmsl --yes --set size=21 \
			--set note=second &&
		values parts >parts.txt && values whole >whole.txt &&
		test_cmp whole.txt parts.txt || return 1
	done
'

test_expect_success 'except leaves out what needs it, and says so' '
	fresh except &&
	"$DMSL" plan except/a.dmsl --except data.x >out 2>err &&
	test_contains out "6 to create" &&
	test_lacks out "+ data.x" "+ data.y" &&
	test_contains err "W0302" "data.x is left out" "data.y" &&
	"$DMSL" apply except/a.dmsl --except data.x --yes >out &&
	test_contains out "Applied: 6 created" &&
	"$DMSL" apply except/a.dmsl --except data.x --yes >out &&
	test_contains out "No changes" &&
	"$DMSL" apply except/a.dmsl --yes >out &&
	test_contains out "Applied: 2 created"
'

test_expect_success 'a pattern that matches nothing is an error' '
	test_expect_code 1 "$DMSL" plan a.dmsl --only data.z 2>err &&
	test_contains err "option --only: nothing matches \"data.z\"" \
		"Did you mean '\''data." &&
	test_expect_code 1 "$DMSL" plan a.dmsl --except pair.on 2>err &&
	test_contains err "Did you mean '\''pair.one'\''" &&
	test_expect_code 1 "$DMSL" destroy a.dmsl --yes --only none.dmsl 2>err &&
	test_contains err "nothing matches \"none.dmsl\"" &&
	test_expect_code 1 "$DMSL" plan a.dmsl --only a.dms 2>err &&
	test_contains err "nothing matches \"a.dms\""
'

test_expect_success 'what is destroyed takes its users along, or stays with what it uses' '
	fresh down && "$DMSL" apply down/a.dmsl --yes &&
	"$DMSL" destroy down/a.dmsl --only data.x --yes >out &&
	test_contains out "Destroyed: 2 destroyed" &&
	test "$(addresses down/a.dmsl)" = "data.free data.part[\"a\"] data.part[\"b\"] pair.one/data.left pair.one/data.right random_password.pw " &&
	"$DMSL" output down/a.dmsl one >one && test -s one &&
	"$DMSL" output down/a.dmsl >out && test_lacks out "y =" &&
	"$DMSL" destroy down/a.dmsl --except pair.one/data.right --yes >out \
		2>err &&
	test_contains err "W0303" "pair.one/data.left" &&
	test "$(addresses down/a.dmsl)" = \
		"pair.one/data.left pair.one/data.right " &&
	"$DMSL" destroy down/a.dmsl --yes >out &&
	test_contains out "Destroyed: 2 destroyed"
'

test_expect_success 'what left the text obeys the selection too' '
	fresh gone && "$DMSL" apply gone/a.dmsl --yes &&
	sed "/^data part/d" a.dmsl >gone/a.dmsl &&
	"$DMSL" apply gone/a.dmsl --only data.x --yes >out &&
	test_contains out "No changes" &&
	"$DMSL" apply gone/a.dmsl --only "data.part[\"a\"]" --yes >out &&
	test_contains out "Applied: 1 destroyed" &&
	"$DMSL" apply gone/a.dmsl --except "data.part[\"b\"]" --yes >out &&
	test_contains out "No changes" &&
	"$DMSL" apply gone/a.dmsl --yes >out &&
	test_contains out "Applied: 1 destroyed"
'

test_expect_success 'replace makes one anew, and names it' '
	fresh anew && "$DMSL" apply anew/a.dmsl --yes &&
	"$DMSL" plan anew/a.dmsl --replace "data.part[\"a\"]" >out &&
	test_contains out "1 to replace" "asked for by --replace" &&
	test_lacks out "data.part[\"b\"]" &&
	"$DMSL" state show anew/a.dmsl "data.part[\"a\"]" >before &&
	"$DMSL" apply anew/a.dmsl --replace "data.part[\"a\"]" --yes >out &&
	test_contains out "Applied: 1 replaced" &&
	"$DMSL" state show anew/a.dmsl "data.part[\"a\"]" >after &&
	! cmp before after &&
	test_expect_code 1 "$DMSL" plan anew/a.dmsl --replace data.part 2>err &&
	test_contains err "no resource \"data.part\"" &&
	test_expect_code 1 "$DMSL" plan anew/a.dmsl --replace data.xx 2>err &&
	test_contains err "Did you mean '\''data.x'\''" &&
	test_expect_code 1 "$DMSL" plan anew/a.dmsl --replace data.x \
		--only data.free 2>err &&
	test_contains err "left out" &&
	sed "s/^data free.*/data free { value = 1  lifecycle { prevent_destroy = true } }/" \
		more.dmsl >anew/more.dmsl &&
	test_expect_code 1 "$DMSL" plan anew/a.dmsl --replace data.free 2>err &&
	test_contains err "E0311"
'

test_expect_success 'what uses something that is replaced comes along' '
	fresh along && "$DMSL" apply along/a.dmsl --yes &&
	"$DMSL" apply along/a.dmsl --yes --only pair.one/data.left \
		--replace pair.one/data.left >out &&
	test_contains out "Applied: 2 replaced" &&
	"$DMSL" plan along/a.dmsl --detailed-exitcode &&
	"$DMSL" plan along/a.dmsl --except pair.one/data.right \
		--replace pair.one/data.left 2>err &&
	test_contains err "W0301"
'

test_expect_success 'params from files, --set before them' '
	fresh params &&
	cat >params/p.dmsl <<-\EOF &&
	# a comment
	size = 10 + 8
	note = "from a file"
	EOF
	echo "{\"note\": \"from JSON\"}" >params/p.json &&
	"$DMSL" apply params/a.dmsl --params params/p.dmsl --yes >out &&
	test_contains out "output y = [18,\"from a file\"]" &&
	"$DMSL" apply params/a.dmsl --params params/p.dmsl \
		--params params/p.json --yes >out &&
	test_contains out "output y = [18,\"from JSON\"]" &&
	"$DMSL" apply params/a.dmsl --params params/p.dmsl --set note=set \
		--yes >out &&
	test_contains out "output y = [18,\"set\"]" &&
	"$DMSL" plan params/a.dmsl --params params/p.json &&
	rm params/p.json &&
	(cd params && "$DMSL" show >plan && test_contains plan "from JSON" &&
		"$DMSL" apply >out &&
		test_contains out "output y = [20,\"from JSON\"]") &&
	"$DMSL" destroy params/a.dmsl --params params/p.dmsl --yes
'

test_expect_success 'mistakes in params files show no value' '
	echo "size = S3nt1nel(" >bad.dmsl &&
	test_expect_code 64 "$DMSL" plan a.dmsl --params bad.dmsl 2>err &&
	test_contains err "bad.dmsl" "line 1" &&
	echo "pasword = \"S3nt1nel\"" >bad.dmsl &&
	test_expect_code 1 "$DMSL" plan a.dmsl --params bad.dmsl 2>>err &&
	test_contains err "no param \"pasword\"" &&
	echo "{\"siz\": 1}" >bad.json &&
	test_expect_code 1 "$DMSL" plan a.dmsl --params bad.json 2>>err &&
	test_contains err "Did you mean \"size\"" &&
	echo "{\"size\": \"many\"}" >bad.json &&
	test_expect_code 1 "$DMSL" plan a.dmsl --params bad.json 2>>err &&
	test_contains err "E0304" "bad.json: size" &&
	cat >secret.dmsl <<-\EOF &&
	param pass : string secret
	stack secret { provider = core }
	data d { value = pass }
	EOF
	echo "pass = \"S3nt1nel\"" >bad.dmsl &&
	test_expect_code 1 "$DMSL" plan secret.dmsl --params bad.dmsl 2>>err &&
	test_contains err "cannot be given by a params file" \
		"DMSL_PARAM_pass" &&
	echo "{\"pass\": \"S3nt1nel\"}" >bad.json &&
	test_expect_code 1 "$DMSL" plan secret.dmsl --params bad.json 2>>err &&
	test_lacks err S3nt1nel &&
	test_expect_code 64 "$DMSL" plan a.dmsl --params bad.toml 2>err &&
	test_contains err "no known ending" &&
	test_expect_code 64 "$DMSL" plan a.dmsl --params none.json 2>err &&
	test_contains err "none.json"
'

test_expect_success 'an unrelated commit does not spoil a saved plan' '
	fresh saved && (
		cd saved &&
		"$DMSL" apply a.dmsl --yes &&
		"$DMSL" plan a.dmsl --set note=second --only data.y &&
		"$DMSL" show >plan &&
		test_contains plan "only \"data.y\"" "step update \"data.y\"" \
			"read \"data.x\"" &&
		"$DMSL" apply a.dmsl --only data.free --replace data.free \
			--yes &&
		"$DMSL" apply >out &&
		test_contains out "Applied: 1 changed" &&
		"$DMSL" state show a.dmsl data.y >out &&
		test_contains out "second" &&
		test "$(git rev-list --count dmsl/state)" = 3
	)
'

test_expect_success 'a related commit does, and what moved is named' '
	fresh moved && (
		cd moved &&
		"$DMSL" apply a.dmsl --yes &&
		"$DMSL" plan a.dmsl --set note=second --only data.y \
			--out saved &&
		"$DMSL" apply a.dmsl --only data.y --set note=other --yes &&
		test_expect_code 1 "$DMSL" apply saved 2>err &&
		test_contains err "E0321" "data.y is not what it was" \
			"\"value\" in the state: then [20,\"first\"], now [20,\"other\"]" \
			"then: change value" "now: change value" \
			"Nothing was done" &&
		"$DMSL" apply a.dmsl --yes &&
		"$DMSL" plan a.dmsl --set note=second --only data.y \
			--out saved &&
		"$DMSL" apply a.dmsl --set size=23 --yes &&
		test_expect_code 1 "$DMSL" apply saved 2>err &&
		test_contains err "data.x is not what it was" "now 23" &&
		test "$(git rev-list --count dmsl/state)" = 4
	)
'

test_expect_success 'a saved plan does what it showed and leaves the rest' '
	fresh rest && (
		cd rest &&
		"$DMSL" apply a.dmsl --yes &&
		"$DMSL" plan a.dmsl --replace data.free &&
		"$DMSL" apply a.dmsl --only data.y --set note=other --yes &&
		"$DMSL" apply >out &&
		test_contains out "Applied: 1 replaced" &&
		"$DMSL" state show a.dmsl data.y >out &&
		test_contains out other &&
		"$DMSL" plan a.dmsl &&
		echo "let changed = 1" >>more.dmsl &&
		test_expect_code 1 "$DMSL" apply 2>err &&
		test_contains err "the configuration is not what it was" \
			"more.dmsl" &&
		test_expect_code 64 "$DMSL" apply --only data.x 2>err &&
		test_contains err "a saved plan has its options already"
	)
'

test_expect_success 'a saved plan renews what only the state keeps' '
	fresh keeps && (
		cd keeps &&
		"$DMSL" apply a.dmsl --yes &&
		sed "s/^data free.*/data free { value = 1  lifecycle { prevent_destroy = true } }/" \
			../more.dmsl >more.dmsl &&
		"$DMSL" plan a.dmsl --replace data.x &&
		"$DMSL" show >plan &&
		test_contains plan " \"data.free\"" &&
		test_lacks plan "\"data.part" &&
		"$DMSL" apply &&
		git show dmsl/state:a.dmstate.json >state &&
		test_contains state prevent_destroy
	)
'

test_expect_success 'options that contradict each other are refused' '
	test_expect_code 64 "$DMSL" plan a.dmsl --destroy --replace data.x &&
	test_expect_code 64 "$DMSL" plan a.dmsl --destroy --refresh-only &&
	test_expect_code 64 "$DMSL" plan a.dmsl --refresh-only \
		--replace data.x &&
	test_expect_code 64 "$DMSL" plan a.dmsl --refresh-only --refresh=false
'

test_expect_success 'refresh-only changes nothing where nothing can change outside' '
	fresh read && "$DMSL" apply read/a.dmsl --yes &&
	"$DMSL" plan read/a.dmsl --set note=second --refresh-only >out &&
	test_contains out "No changes" &&
	"$DMSL" apply read/a.dmsl --set note=second --refresh-only --yes >out &&
	test_contains out "No changes" &&
	test "$(git -C read rev-list --count dmsl/state)" = 1
'

test_expect_success 'a mistake in a params file is where it stands' '
	fresh wrong &&
	printf "note = \"a\"\nsize = 2 0\n" >bad.dmslparams &&
	test_expect_code 64 "$DMSL" plan wrong/a.dmsl \
		--params bad.dmslparams 2>err &&
	test_contains err "has a mistake in line 2, column 10" &&
	printf "size" >bad.dmslparams &&
	test_expect_code 64 "$DMSL" plan wrong/a.dmsl \
		--params bad.dmslparams 2>err &&
	test_contains err "has a mistake in line 1, column 4"
'

test_expect_success 'no repository is made where nobody has a stack' '
	mkdir /tmp/dmsl-none.$$ &&
	test_when_finished "rmdir /tmp/dmsl-none.$$" &&
	(
		cd /tmp/dmsl-none.$$ &&
		test_expect_code 1 "$DMSL" apply
	) 2>err &&
	test_contains err "is in no git repository" \
		"or name a stack file or a saved plan" &&
	test_lacks err "git init"
'

test_done
