#!/bin/sh
# Table mappings and task settings: shown as they would be sent, the same from
# blocks and from JSON, and mistakes in JSON at their place in it.
. "${DMSL_SRCDIR:-.}/tests/lib.sh"

head='stack s { provider = aws }
provider aws { region = "us-east-1" }
param schema : string = "sales"
existing replication_instance i { id = "arn:i" }
existing dms_endpoint a { id = "arn:a" }
existing dms_endpoint b { id = "arn:b" }'
task='instance = replication_instance.i  source = dms_endpoint.a
  target = dms_endpoint.b  mode = full_load'

test_expect_success 'the documents of every task are shown, or of one' '
	cat >two.dmsl <<-TXT &&
	$head
	dms_task one {
	  $task
	  tables { include sales.orders where amount >= 100 }
	}
	dms_task two for k in ["x", "y"] {
	  $task
	  tables { include hr.% }
	  settings { target_prep = truncate  log { sorter = debug } }
	}
	TXT
	"$DMSL" show --mappings two.dmsl >all &&
	python3 - all <<-PY &&
	import json, sys
	all = json.load(open(sys.argv[1]))
	assert sorted(all) == ["dms_task.one", "dms_task.two[\"x\"]", "dms_task.two[\"y\"]"], all
	assert list(all["dms_task.one"]) == ["TableMappings"], all
	rule = all["dms_task.one"]["TableMappings"]["rules"][0]
	assert rule["filters"][0]["filter-conditions"][0]["value"] == "100", rule
	sent = all["dms_task.two[\"y\"]"]["ReplicationTaskSettings"]
	assert sent["FullLoadSettings"] == {"TargetTablePrepMode": "TRUNCATE_BEFORE_LOAD"}, sent
	PY
	"$DMSL" show --mappings two.dmsl "dms_task.two[\"x\"]" >one &&
	python3 -c "import json; assert sorted(json.load(open(\"one\"))) == [\"ReplicationTaskSettings\", \"TableMappings\"]" &&
	test_expect_code 1 "$DMSL" show --mappings two.dmsl dms_task.on 2>err &&
	test_contains err "no dms_task \"dms_task.on\"" "Did you mean dms_task.one" &&
	test_expect_code 64 "$DMSL" show --mappings 2>err &&
	test_expect_code 64 "$DMSL" show two.dmsl dms_task.one 2>err
'

test_expect_success 'what is shown passes as a document and is the same then' '
	"$DMSL" show --mappings two.dmsl dms_task.one |
		python3 -c "import json, sys; json.dump(json.load(sys.stdin)[\"TableMappings\"], open(\"m.json\", \"w\"), indent=1)" &&
	cat >raw.dmsl <<-TXT &&
	$head
	dms_task one {
	  $task
	  tables = file("m.json")
	}
	TXT
	"$DMSL" show --mappings raw.dmsl dms_task.one >raw &&
	"$DMSL" show --mappings two.dmsl dms_task.one >block &&
	test_cmp block raw
'

test_expect_success 'a map of the language is a document, with params' '
	cat >map.dmsl <<-TXT &&
	$head
	dms_task one {
	  $task
	  tables = { rules = [{
	    "rule-type" = "selection", "rule-id" = 1, "rule-action" = "include"
	    "object-locator" = { "schema-name" = schema, "table-name" = "%" }
	  }] }
	}
	TXT
	"$DMSL" show --mappings map.dmsl --set schema=hr >shown &&
	test_contains shown "\"schema-name\": \"hr\"" &&
	sed "s/\"include\"/\"includes\"/" map.dmsl >bad.dmsl &&
	test_expect_code 1 "$DMSL" validate bad.dmsl 2>err &&
	test_contains err "bad.dmsl:11:63: error" "no rule-action \"includes\""
'

test_expect_success 'mistakes in a file are shown in that file' '
	sed "s/\"include\"/\"includes\"/" m.json >m2.json && mv m2.json m.json &&
	test_expect_code 1 "$DMSL" validate raw.dmsl 2>err &&
	test_contains err "m.json:" "no rule-action \"includes\"" "the document is used here" &&
	test_expect_code 1 "$DMSL" show --mappings raw.dmsl 2>err &&
	test_contains err "m.json:"
'

test_expect_success 'a secret is not shown' '
	cat >secret.dmsl <<-TXT &&
	$head
	param p : string secret
	dms_task one {
	  $task
	  tables { include sales.% }
	  settings = { TargetMetadata = { TargetSchema = p } }
	}
	TXT
	DMSL_PARAM_p=sentinel-71 "$DMSL" show --mappings secret.dmsl >out 2>err || : &&
	test_lacks out sentinel-71 && test_lacks err sentinel-71
'

# The whole reference migration, planned with other rules; nothing is made.
plan_with() {
	rm -rf p && mkdir p && cp -r "$DMSL_SRCDIR/stacks/." p/ && git -C p init -q &&
		sed "s/^    include sales.orders\$/&\n    $1/" p/dev.dmsl >p/x.dmsl &&
		DMSL_HOME=$PWD/home "$DMSL" plan p/x.dmsl >out 2>err
}

test_expect_success 'what is not carried out on this machine is refused at plan' '
	for rule in "mask hash sales.orders.note" "add column sales.orders.x int4 as \"1\"" \
		"include view sales.v" "primary key pk on sales.orders (id)" \
		"change column sales.orders.note to string(9)" \
		"rename table sales.orders as \"lower(1)\"" "lower column sales.%.% of string" \
		"validate column sales.orders.note source \"1\""; do
		test_must_fail plan_with "$rule" &&
		test_contains err "error[E0502]" "Leave the rule out where the provider is local" ||
			return 1
	done
'

test_expect_success 'what is done otherwise on this machine is said at plan' '
	plan_with "load sales.orders by ranges (id) at (10) lobs full" &&
	test_contains err "loaded as one here" "copied whole here" &&
	plan_with "before_image sales.orders all prefix \"x\"" &&
	test_contains err "their columns are not made" &&
	plan_with "keep column sales.orders.id" &&
	test_lacks err "keep"
'

test_done
