#include <config.h>

#include "engine/explain.h"

#include "lang/diag_codes.h"

/* A task and what it needs; mode and blocks are the example. */
#define TASK(mode, inside)                                                     \
	"existing replication_instance main { id = \"i\" }\n"                  \
	"existing dms_endpoint source { id = \"s\" }\n"                        \
	"existing dms_endpoint target { id = \"t\" }\n"                        \
	"dms_task demo {\n"                                                    \
	"  instance = replication_instance.main\n"                             \
	"  source   = dms_endpoint.source\n"                                   \
	"  target   = dms_endpoint.target\n"                                   \
	"  mode     = " mode "\n" inside "}\n"
#define TABLES(rules) TASK("full_load", "  tables {\n" rules "  }\n")
#define SETTINGS(lines)                                                        \
	TASK("full_load", "  tables { include sales.% }\n"                     \
			  "  settings {\n" lines "  }\n")

/* clang-format off */
const struct explanation explanations[] = {
{ "E0101",
  "Outside of strings and comments a text has words, numbers, addresses and "
  "the signs of the grammar; anything else is a slip of the keyboard or was "
  "pasted from a document with typographic quotes.",
  "let a = 1 ; let b = 2\n",
  "let a = 1\nlet b = 2\n" },
{ "E0102",
  "A string ends on the line on which it begins. Text of several lines is a "
  "heredoc.",
  "let a = \"one\n",
  "let a = \"one\"\nlet b = <<~TEXT\n  one\n  two\n  TEXT\n" },
{ "E0103",
  "A heredoc ends with its word on a line of its own.",
  "let a = <<SQL\nselect 1\n",
  "let a = <<SQL\nselect 1\nSQL\n" },
{ "E0104",
  "Every bracket is closed by its own kind. The message points at the one "
  "that was opened.",
  "data a {\n  value = [1, 2\n}\n",
  "data a {\n  value = [1, 2]\n}\n" },
{ "E0105",
  "A closing bracket belongs to one that was opened before it.",
  "let a = 1)\n",
  "let a = (1)\n" },
{ "E0106",
  "In a string a backslash is followed by n, t, r, a quote, a backslash, u "
  "with digits, or ${ to write these characters themselves. A backslash that "
  "is meant is written twice; in a heredoc nothing is escaped.",
  "let a = \"C:\\data\"\n",
  "let a = \"C:\\\\data\"\n" },
{ "E0107",
  "Numbers, addresses (10.0.0.1), blocks (10.0.0.0/16), durations (1h30m) and "
  "sizes (20GiB) are written without quotes, and have to be possible.",
  "let a = 10.0.0.300\n",
  "let a = 10.0.0.30\n" },
{ "E0108",
  "The text does not go on as the grammar says; the message tells what could "
  "stand there.",
  "data a { value = = 1 }\n",
  "data a { value = 1 }\n" },
{ "E0109",
  "In tables { } a pattern is a schema and a table with a dot between them; % "
  "stands for any characters. What is no plain word is quoted.",
  "dms_task t { tables { include sales. } }\n",
  NULL },
{ "E0110",
  "Brackets and expressions can be 200 deep.",
  NULL, NULL },
{ "E0111",
  "A string can have 16 MiB; larger texts belong into a file that SQL reads "
  "itself.",
  NULL, NULL },
{ "E0112",
  "Inside a string, ${ begins an expression that ends with }. A dollar sign "
  "and a brace that are meant are written \\${.",
  "let a = \"costs ${5\"\n",
  "let a = \"costs \\${5\"\n" },
{ "E0201",
  "A block begins with a resource type or a component, and a name. dmsl docs "
  "lists the types; components come from files that the stack uses.",
  "vpcs main { cidr = 10.0.0.0/16 }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n" },
{ "E0202",
  "A name stands for one thing: the second declaration would hide the first.",
  "let zone = \"a\"\nlet zone = \"b\"\n",
  "let zone = \"a\"\nlet other = \"b\"\n" },
{ "E0203",
  "The type has no such attribute; a near name is suggested. dmsl docs TYPE "
  "lists them.",
  "vpc main { cidr = 10.0.0.0/16  dns_suport = false }\n",
  "vpc main { cidr = 10.0.0.0/16  dns_support = false }\n" },
{ "E0204",
  "One block says what the stack is called and where it runs.",
  "stack one { provider = local }\nstack two { provider = local }\n",
  "stack one { provider = local }\n" },
{ "E0205",
  "Of two values for the same attribute one would be lost.",
  "vpc main { cidr = 10.0.0.0/16  cidr = 10.1.0.0/16 }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n" },
{ "E0206",
  "Some declarations belong at the top of a file only, not into a component.",
  "component c() {\n  stack inner { provider = local }\n}\nc one {}\n",
  "component c() {\n  data inner { value = 1 }\n}\nc one {}\n" },
{ "E0207",
  "use names a file relative to the one it stands in.",
  "use \"not-there.dmsl\"\n", NULL },
{ "E0208",
  "A component cannot have the name of a resource type: nobody could tell "
  "which one a block is.",
  "component vpc(cidr: cidr) { data a { value = cidr } }\n",
  "component office(cidr: cidr) { data a { value = cidr } }\n"
  "office one { cidr = 10.0.0.0/16 }\n" },
{ "E0210",
  "A param's type is one of those of the language, or a resource type or "
  "component.",
  "param sizes : list(integer) = []\n",
  "param sizes : list(number) = []\n" },
{ "E0220",
  "What is required has no sensible value of its own.",
  "vpc main { dns_support = true }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n" },
{ "E0221",
  "The provider gives the attribute; it can be read, not written.",
  "elastic_ip gate { public_ip = 192.0.2.1 }\n",
  "elastic_ip gate {}\noutput address = elastic_ip.gate.public_ip\n" },
{ "E0222",
  "The type has no block of this name. Attributes are written with =.",
  "vpc main { cidr = 10.0.0.0/16  ingress web { port = 443 } }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group web {\n  vpc = vpc.main\n"
  "  ingress web { port = 443  cidr = 10.0.0.0/16 }\n}\n" },
{ "E0223",
  "Such a block is a resource of its own, and needs a name to be known by.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group web {\n  vpc = vpc.main\n"
  "  ingress { port = 443  cidr = 10.0.0.0/16 }\n}\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group web {\n  vpc = vpc.main\n"
  "  ingress web { port = 443  cidr = 10.0.0.0/16 }\n}\n" },
{ "E0250",
  "The value is of another type than what it is given to. References are "
  "typed: a subnet cannot stand where a network is wanted.",
  "vpc main { cidr = \"large\" }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n" },
{ "E0251",
  "A bare word is a param, a let, or in a component one of its params; "
  "resources are TYPE.NAME.",
  "vpc main { cidr = range }\n",
  "let range = 10.0.0.0/16\nvpc main { cidr = range }\n" },
{ "E0252",
  "The resource, component or map has no member of this name.",
  "vpc main { cidr = 10.0.0.0/16 }\noutput name = vpc.main.name\n",
  "vpc main { cidr = 10.0.0.0/16 }\noutput id = vpc.main.id\n" },
{ "E0253",
  "Operators work on values of one kind: numbers are added, texts are joined "
  "by templates.",
  "data d { value = \"port \" + 5432 }\n",
  "data d { value = \"port ${5432}\" }\n" },
{ "E0254",
  "Lists are counted from 0; maps and instances have the keys that were given.",
  "let zones = [\"a\", \"b\"]\nlet third = zones[2]\ndata d { value = third }\n",
  "let zones = [\"a\", \"b\"]\nlet last = zones[1]\ndata d { value = last }\n" },
{ "E0255",
  "Numbers are exact, with 38 digits; what cannot be computed exactly is not "
  "rounded behind your back.",
  "data d { value = 1 / 0 }\n",
  "data d { value = 1 / 4 }\n" },
{ "E0256",
  "An address has four parts up to 255; a block's host bits are zero.",
  "data d { value = 10.0.0.1/16 }\n",
  "data d { value = 10.0.0.0/16 }\n" },
{ "E0257",
  "dmsl docs lists the functions.",
  "data d { value = uppercase(\"a\") }\n",
  "data d { value = upper(\"a\") }\n" },
{ "E0258",
  "dmsl docs FUNCTION shows what it takes.",
  "data d { value = join(\",\") }\n",
  "data d { value = join(\",\", [\"a\", \"b\"]) }\n" },
{ "E0259",
  "The function does not work with these values; the message says why.",
  "data d { value = json_decode(\"{\") }\n",
  "data d { value = json_decode(\"{}\") }\n" },
{ "E0260",
  "Values are bounded, so that a slip does not fill the memory: 16 MiB of "
  "text, a million items; so is what one expression does: 20 million steps, "
  "of which each part of it is one each time it is computed, and what "
  "functions read and make are some.",
  NULL, NULL },
{ "E0261",
  "Of two values under one key one would be lost.",
  "data d { value = { a = 1, a = 2 } }\n",
  "data d { value = { a = 1, b = 2 } }\n" },
{ "E0301",
  "Something cannot be made from itself. The message shows the whole way "
  "round; groups that refer to each other do it by rules, which are resources "
  "of their own.",
  "data a { value = data.b.value }\ndata b { value = data.a.value }\n",
  "data a { value = 1 }\ndata b { value = data.a.value }\n" },
{ "E0302",
  "A param without a default takes its value from --set, a params file, or, "
  "when it is secret, from the environment.",
  "param rows : number\ndata d { value = rows }\n",
  "param rows : number = 4\ndata d { value = rows }\n" },
{ "E0303",
  "Stacks are bounded: a million instances, components 32 deep.",
  "component again() { again inner {} }\nagain one {}\n", NULL },
{ "E0304",
  "The param's own check refused the value.",
  "param rows : number = 0 { check = rows > 0  message = \"at least one\" }\n"
  "data d { value = rows }\n",
  "param rows : number = 1 { check = rows > 0  message = \"at least one\" }\n"
  "data d { value = rows }\n" },
{ "E0305",
  "Which instances there are must be known when planning: keys may come from "
  "params and lets, not from what is made by the plan.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "data d for k in [vpc.main.id] { value = k }\n",
  "data d for k in [\"a\", \"b\"] { value = k }\n" },
{ "E0306",
  "Instances are keyed by texts, each once: a position in a list would move "
  "when an item is taken out before it.",
  "data d for n in [1, 2] { value = n }\n",
  "data d for n in [\"one\", \"two\"] { value = n }\n" },
{ "E0307",
  "The stack block names a provider: local, aws, or core for stacks that hold "
  "values only.",
  "stack example { provider = azure }\n",
  "stack example { provider = local }\n" },
{ "E0308",
  "The provider does not offer this type.",
  "stack example { provider = core }\nvpc main { cidr = 10.0.0.0/16 }\n",
  "stack example { provider = local }\nvpc main { cidr = 10.0.0.0/16 }\n" },
{ "E0310",
  "The declaration asks for what this version, or the stack's provider, does "
  "not do.",
  "data d { value = 1  provider = far }\n",
  "data d { value = 1 }\n" },
{ "E0311",
  "lifecycle { prevent_destroy = true } holds until it is taken back by an "
  "apply: also when the block is deleted from the text. Set it to false, "
  "apply, then delete.",
  NULL, NULL },
{ "E0312",
  "A change would need a new object, and the old one's data would be lost. "
  "Undo the change, or make the new object under a new name, move the data, "
  "and remove the old one. --replace ADDRESS says that the data may go.",
  NULL, NULL },
{ "E0313",
  "The state holds objects of another provider than the one that is chosen "
  "now. Destroy them there first, or use another stack name.",
  NULL, NULL },
{ "E0314",
  "An address is TYPE.NAME, TYPE.NAME[\"KEY\"], with COMPONENT.NAME/ before "
  "it for what is inside.",
  "data a { value = 1 }\nmoved data -> data.a\n",
  "data a { value = 1 }\nmoved data.b -> data.a\n" },
{ "E0315",
  "A move gives one resource another address; both ends are of one type, and "
  "no two moves have an end in common.",
  "data a { value = 1 }\nmoved vpc.a -> data.a\n",
  "data a { value = 1 }\nmoved data.old -> data.a\n" },
{ "E0316",
  "What is imported is declared in the text, and is not managed yet.",
  "import vpc.main = \"vpc-0123\"\n",
  "vpc main { cidr = 10.0.0.0/16 }\nimport vpc.main = \"vpc-0123\"\n" },
{ "E0317",
  "What is said to be removed is still there in the text.",
  "data a { value = 1 }\nremoved data.a { keep = true }\n",
  "data b { value = 1 }\nremoved data.a { keep = true }\n" },
{ "E0318",
  "An existing object was not found by what is written of it, or is dmsl's "
  "own already.",
  NULL, NULL },
{ "E0319",
  "SQL would change what is in a database that dmsl does not own. Say modify = "
  "true in the block of that if it may.",
  "existing db_cluster c { id = \"c\" }\n"
  "sql_database d { on = db_cluster.c  name = \"d\" }\n",
  "existing db_cluster c { id = \"c\"  modify = true }\n"
  "sql_database d { on = db_cluster.c  name = \"d\" }\n" },
{ "E0321",
  "State or configuration moved on after the plan was saved, in what it acts "
  "on. The message says what moved. Plan again and look again.",
  NULL, NULL },
{ "E0401",
  "A subnet's addresses are part of its network's.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.1.0.0/24  zone = \"us-east-1a\" }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n" },
{ "E0402",
  "Subnets of a network have no address in common.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.0.0/23  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1b\" }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.0.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1b\" }\n" },
{ "E0403",
  "The service would refuse the value, perhaps after minutes of waiting for "
  "what stands before it. dmsl docs TYPE shows what each attribute takes.",
  "vpc main { cidr = 10.0.0.0/8 }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n" },
{ "E0404",
  "Services differ in what a name can be: how long, which characters, how it "
  "begins and ends. dmsl docs TYPE shows it. Without a name one is made that "
  "fits.",
  "iam_role reader { name = \"the reader\"  service = \"ec2.amazonaws.com\" }\n",
  "iam_role reader { name = \"the-reader\"  service = \"ec2.amazonaws.com\" }\n" },
{ "E0405",
  "Some attributes say the same thing in different ways: one of them is "
  "given, and only one. Others need each other: a name its password.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group db {\n"
  "  vpc = vpc.main\n"
  "  ingress web { port = 443 }\n"
  "}\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group db {\n"
  "  vpc = vpc.main\n"
  "  ingress web { port = 443  cidr = 10.0.0.0/16 }\n"
  "}\n" },
{ "E0406",
  "A balancer or an endpoint has an address in each zone, from one subnet. A "
  "database or a replication instance can move to another zone only when its "
  "subnet group has two.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1a\" }\n"
  "load_balancer main { subnets = [subnet.a, subnet.b] }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1b\" }\n"
  "load_balancer main { subnets = [subnet.a, subnet.b] }\n" },
{ "E0407",
  "A rule lets through the ports from port to to_port. Only ICMP knows -1, "
  "for any.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group db {\n"
  "  vpc = vpc.main\n"
  "  ingress web { port = 443  to_port = 80  cidr = 10.0.0.0/16 }\n"
  "}\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group db {\n"
  "  vpc = vpc.main\n"
  "  ingress web { port = 80  to_port = 443  cidr = 10.0.0.0/16 }\n"
  "}\n" },
{ "E0408",
  "Subnets, security groups and routes belong to one network, and serve "
  "nothing in another. Between networks a private path leads.",
  "vpc one { cidr = 10.0.0.0/16 }\n"
  "vpc two { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.one  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "security_group db { vpc = vpc.two }\n"
  "network_interface host { subnet = subnet.a  security_groups = [security_group.db] }\n",
  "vpc one { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.one  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "security_group db { vpc = vpc.one }\n"
  "network_interface host { subnet = subnet.a  security_groups = [security_group.db] }\n" },
{ "E0409",
  "A name is unique in the account and region, or in the network. What is "
  "made second would fail.",
  "iam_role one { name = \"reader\"  service = \"ec2.amazonaws.com\" }\n"
  "iam_role two { name = \"reader\"  service = \"ec2.amazonaws.com\" }\n",
  "iam_role one { name = \"reader\"  service = \"ec2.amazonaws.com\" }\n"
  "iam_role two { name = \"writer\"  service = \"ec2.amazonaws.com\" }\n" },
{ "E0410",
  "An address of a network interface is one of its subnet.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "network_interface host { subnet = subnet.a  private_ip = 10.0.2.10 }\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "network_interface host { subnet = subnet.a  private_ip = 10.0.1.10 }\n" },
{ "E0411",
  "A mapping includes at least one table, and has at most as many rules as "
  "DMS takes.",
  TABLES(
  "    exclude sales.audit_%\n"),
  TABLES(
  "    include sales.%\n"
  "    exclude sales.audit_%\n") },
{ "E0412",
  "Filters stand on includes of one table, which is named exactly.",
  TABLES(
  "    include sales.% where amount >= 100\n"),
  TABLES(
  "    include sales.orders where amount >= 100\n") },
{ "E0413",
  "DMS compares a column with values: =, !=, <=, >=, between, is null. "
  "Alternatives are conditions on one column, and none of them is a "
  "negative one.",
  TABLES(
  "    include sales.orders where amount > 100\n"),
  TABLES(
  "    include sales.orders where amount >= 101 and (state = \"a\" or state = \"b\")\n") },
{ "E0414",
  "The name that a table or schema would get on the target is not possible "
  "there, or a pattern would give it to several.",
  TABLES(
  "    include sales.%\n"
  "    rename table sales.old_% to archive\n"),
  TABLES(
  "    include sales.%\n"
  "    rename table sales.old_orders to archive\n") },
{ "E0415",
  "Two rules say the same of one thing, and only one can hold: two names, "
  "two types, two keys.",
  TABLES(
  "    include sales.%\n"
  "    rename schema sales to shop\n"
  "    rename schema sales to store\n"),
  TABLES(
  "    include sales.%\n"
  "    rename schema sales to shop\n") },
{ "E0416",
  "A value in a rule is of the wrong kind, out of range, or missing. In a "
  "JSON document it is a key that DMS does not have.",
  TABLES(
  "    include sales.%\n"
  "    change column sales.orders.note to strin(100)\n"),
  TABLES(
  "    include sales.%\n"
  "    change column sales.orders.note to string(100)\n") },
{ "E0417",
  "Some rules are about one table or column only, so patterns cannot stand "
  "there: explicit, keys, how a table is loaded.",
  TABLES(
  "    include sales.%\n"
  "    primary key pk on sales.% (id)\n"),
  TABLES(
  "    include sales.%\n"
  "    primary key pk on sales.orders (id)\n") },
{ "E0418",
  "Expressions are in the syntax of SQLite, which has read this one. A "
  "column of the source is written $name, a text stands in single quotes, "
  "and there is no SELECT.",
  TABLES(
  "    include sales.%\n"
  "    add column sales.orders.total int8 as \"qty * price\"\n"),
  TABLES(
  "    include sales.%\n"
  "    add column sales.orders.total int8 as \"$qty * $price\"\n") },
{ "E0419",
  "Two tables of the source would have one name on the target, and their "
  "rows would meet in one table.",
  TABLES(
  "    include a.orders\n"
  "    include b.orders\n"
  "    rename schema b to a\n"),
  TABLES(
  "    include a.orders\n"
  "    include b.orders\n"
  "    rename schema b to a\n"
  "    rename table b.orders to orders_b\n") },
{ "E0420",
  "DMS has no such task setting; a near name is suggested.",
  SETTINGS(
  "    target_perp = truncate\n"),
  SETTINGS(
  "    target_prep = truncate\n") },
{ "E0421",
  "The value of a task setting is of another type, or out of range.",
  SETTINGS(
  "    parallel_tables = 100\n"),
  SETTINGS(
  "    parallel_tables = 16\n") },
{ "E0422",
  "Of two values of one task setting one would be lost.",
  SETTINGS(
  "    lobs    = limited(2MiB)\n"
  "    lob_max = 64KiB\n"),
  SETTINGS(
  "    lobs = limited(2MiB)\n") },
{ "E0423",
  "DMS refuses this combination of settings, or cannot do what it says.",
  SETTINGS(
  "    validation_only = true\n"),
  SETTINGS(
  "    validation      = true\n"
  "    validation_only = true\n"
  "    lobs            = full\n") },
{ "E0424",
  "A table is loaded in segments by the upper bounds of ranges: each has a "
  "value for each column, and is above the one before. Segments by "
  "partition are not for PostgreSQL.",
  TABLES(
  "    include sales.%\n"
  "    load sales.orders by ranges (id) at (2000), (1000)\n"),
  TABLES(
  "    include sales.%\n"
  "    load sales.orders by ranges (id) at (1000), (2000)\n") },
{ "E0425",
  "A view has no changes of its own: only tasks of mode full_load move what "
  "it shows.",
  TASK("cdc", "  tables { include view sales.% }\n"),
  TASK("full_load", "  tables { include view sales.% }\n") },
{ "E0430",
  "A task takes rows from an endpoint whose role is source, and brings them "
  "to one whose role is target.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1b\" }\n"
  "replication_subnet_group main { subnets = [subnet.a, subnet.b] }\n"
  "replication_instance main { class = \"dms.t3.medium\"  subnet_group = replication_subnet_group.main }\n"
  "random_password db { }\n"
  "secret db { value = { username = \"app\", password = random_password.db.result } }\n"
  "dms_endpoint old { role = source  engine = postgres  server = \"old\"  database = \"d\"  secret = secret.db }\n"
  "dms_endpoint new { role = target  engine = postgres  server = \"new\"  database = \"d\"  secret = secret.db }\n"
  "dms_task move {\n"
  "  instance = replication_instance.main\n"
  "  source   = dms_endpoint.new\n"
  "  target   = dms_endpoint.old\n"
  "  mode     = full_load\n"
  "  tables { include public.accounts }\n"
  "}\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1b\" }\n"
  "replication_subnet_group main { subnets = [subnet.a, subnet.b] }\n"
  "replication_instance main { class = \"dms.t3.medium\"  subnet_group = replication_subnet_group.main }\n"
  "random_password db { }\n"
  "secret db { value = { username = \"app\", password = random_password.db.result } }\n"
  "dms_endpoint old { role = source  engine = postgres  server = \"old\"  database = \"d\"  secret = secret.db }\n"
  "dms_endpoint new { role = target  engine = postgres  server = \"new\"  database = \"d\"  secret = secret.db }\n"
  "dms_task move {\n"
  "  instance = replication_instance.main\n"
  "  source   = dms_endpoint.old\n"
  "  target   = dms_endpoint.new\n"
  "  mode     = full_load\n"
  "  tables { include public.accounts }\n"
  "}\n" },
{ "E0431",
  "A parameter group is made for one major version of the engine; its family "
  "names it.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1b\" }\n"
  "db_subnet_group main { subnets = [subnet.a, subnet.b] }\n"
  "db_cluster_parameter_group main { family = \"aurora-postgresql14\" }\n"
  "random_password db { }\n"
  "db_cluster main {\n"
  "  version         = \"15.4\"\n"
  "  username        = \"postgres\"\n"
  "  password        = random_password.db.result\n"
  "  subnet_group    = db_subnet_group.main\n"
  "  parameter_group = db_cluster_parameter_group.main\n"
  "}\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1b\" }\n"
  "db_subnet_group main { subnets = [subnet.a, subnet.b] }\n"
  "db_cluster_parameter_group main { family = \"aurora-postgresql15\" }\n"
  "random_password db { }\n"
  "db_cluster main {\n"
  "  version         = \"15.4\"\n"
  "  username        = \"postgres\"\n"
  "  password        = random_password.db.result\n"
  "  subnet_group    = db_subnet_group.main\n"
  "  parameter_group = db_cluster_parameter_group.main\n"
  "}\n" },
{ "E0501",
  "The provider could not tell how things are. Nothing was changed; the "
  "message is the provider's.",
  NULL, NULL },
{ "E0502",
  "The provider found while planning that it cannot do this. Nothing was "
  "changed.",
  NULL, NULL },
{ "E0503",
  "The query of a check block could not be run.",
  NULL, NULL },
{ "E0510",
  "A step failed; what it depends on stands, what depends on it was left out, "
  "all else was done and is committed. Mend the cause and apply again: only "
  "the rest is done.",
  NULL, NULL },
{ "E0511",
  "What was applied stands; whether it is as the check wants is not known.",
  NULL, NULL },
{ "W0201",
  "Nothing refers to the name. Often another one was meant where it should be "
  "used; what is not needed is taken out.",
  "let zone = \"us-east-1a\"\ndata d { value = 1 }\n",
  "let zone = \"us-east-1a\"\ndata d { value = zone }\n" },
{ "W0301",
  "What uses an object that is replaced would still use the old one. Leave "
  "neither out, or both.",
  NULL, NULL },
{ "W0302",
  "A resource needs something that --except or --only leaves out and that is "
  "not there yet.",
  NULL, NULL },
{ "W0303",
  "Something would be destroyed, but what is left out still uses it.",
  NULL, NULL },
{ "W0401",
  "The rule lets in every address of the internet.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group db {\n  vpc = vpc.main\n"
  "  ingress all { port = 5432  cidr = 0.0.0.0/0 }\n}\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "security_group db {\n  vpc = vpc.main\n"
  "  ingress all { port = 5432  cidr = 10.0.0.0/16 }\n}\n" },
{ "W0402",
  "Whoever can read the text knows the password, and so does the history of "
  "the repository for ever.",
  "secret db { value = { username = \"app\", password = \"hunter2\" } }\n",
  "random_password db { }\n"
  "secret db { value = { username = \"app\", password = random_password.db.result } }\n" },
{ "W0403",
  "The manual of the service does not allow the value; some versions of it "
  "are known to take it all the same.",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1b\" }\n"
  "random_password db { }\n"
  "db_subnet_group main { subnets = [subnet.a, subnet.b] }\n"
  "db_cluster main {\n"
  "  version      = \"15\"\n"
  "  username     = \"administrator_of_all\"\n"
  "  password     = random_password.db.result\n"
  "  subnet_group = db_subnet_group.main\n"
  "}\n",
  "vpc main { cidr = 10.0.0.0/16 }\n"
  "subnet a { vpc = vpc.main  cidr = 10.0.1.0/24  zone = \"us-east-1a\" }\n"
  "subnet b { vpc = vpc.main  cidr = 10.0.2.0/24  zone = \"us-east-1b\" }\n"
  "random_password db { }\n"
  "db_subnet_group main { subnets = [subnet.a, subnet.b] }\n"
  "db_cluster main {\n"
  "  version      = \"15\"\n"
  "  username     = \"administrator\"\n"
  "  password     = random_password.db.result\n"
  "  subnet_group = db_subnet_group.main\n"
  "}\n" },
{ "W0404",
  "reveal() makes an ordinary value of a secret: it is shown in the plan and "
  "stored in clear, in the state and in its history. That may be meant, for a "
  "user name inside a secret document; it is said so that a review sees it.",
  "let password = secret(\"x\")\ndata d { value = reveal(password) }\n",
  "let password = secret(\"x\")\ndata d { value = password }\n" },
{ "W0411",
  "DMS ignores this key here, so it says nothing; it is likely meant for a "
  "rule of another type.",
  TASK("full_load",
  "  tables = <<~JSON\n"
  "    { \"rules\": [ { \"rule-type\": \"selection\", \"rule-id\": 1,\n"
  "      \"rule-action\": \"include\", \"value\": \"x\",\n"
  "      \"object-locator\": { \"schema-name\": \"a\", \"table-name\": \"%\" }\n"
  "    } ] }\n"
  "    JSON\n"),
  TASK("full_load",
  "  tables = <<~JSON\n"
  "    { \"rules\": [ { \"rule-type\": \"selection\", \"rule-id\": 1,\n"
  "      \"rule-action\": \"include\",\n"
  "      \"object-locator\": { \"schema-name\": \"a\", \"table-name\": \"%\" }\n"
  "    } ] }\n"
  "    JSON\n") },
{ "W0412",
  "Of two rules that would change the same thing DMS carries out the one "
  "with the lower rule-id, which is the first in tables { }. What it does "
  "with overlaps is the least certain part of it: avoid them.",
  TABLES(
  "    include sales.%\n"
  "    lower table sales.%\n"
  "    rename table sales.orders to purchases\n"),
  TABLES(
  "    include sales.%\n"
  "    rename table sales.orders to purchases\n") },
{ "W0413",
  "No rule includes what this one names, or it is excluded. Case counts in "
  "names.",
  TABLES(
  "    include sales.%\n"
  "    rename schema Sales to shop\n"),
  TABLES(
  "    include sales.%\n"
  "    rename schema sales to shop\n") },
{ "W0414",
  "The rule is legal, but part of what it says may not happen.",
  TABLES(
  "    include sales.%\n"
  "    add column sales.orders.n int4 as \"length($note)\"\n"),
  TABLES(
  "    include sales.%\n"
  "    add column sales.orders.n string(64) as \"hash_sha256($note)\"\n") },
{ "W0421",
  "The settings are legal, but hardly meant so, or a part of them does "
  "nothing.",
  SETTINGS(
  "    lobs = limited(1GiB)\n"),
  SETTINGS(
  "    lobs = limited(64KiB)\n") },
{ "W0501",
  "The provider does what is asked for, and has something to say about it.",
  NULL, NULL },
{ 0 },
};
/* clang-format on */

const struct explanation *explain_find(struct str code)
{
	for (const struct explanation *e = explanations; e->code; e++)
		if (str_is(code, e->code))
			return e;
	return NULL;
}

#define ROW(code, title) { code, title },

const char *explain_title(struct str code)
{
	static const struct {
		const char *code, *title;
	} titles[] = { DIAG_CODES(ROW) };

	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (str_is(code, titles[i].code))
			return titles[i].title;
	return NULL;
}
