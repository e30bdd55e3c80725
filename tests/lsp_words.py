"""Tests of what dmsl lsp says of words: see tests/lsp.py."""

import os

from lsp_client import (
    Server,
    apply,
    expect,
    expect_in,
    expect_not_in,
    position,
    result,
    span,
    uri_of,
)

# -- What words mean ------------------------------------------------------

NAMES = """stack a { provider = on }
param on : enum(local, aws) = local { description = "where to run" }
# The zones.
# All of them.
let zones = ["a", "b"]
component net(cidr: cidr, zones: list(string), hidden: string secret = "s") {
  vpc main { cidr = cidr }
  subnet each for zone in zones {
    vpc  = vpc.main
    zone = zone
    cidr = cidr_subnet(cidr, 8, index_of(zones, zone))
  }
  output vpc = vpc.main
  output ids = [for k, s in subnet.each : s.id if k != ""]
}
net one { cidr = 10.0.0.0/16  zones = zones }
security_group web {
  vpc = net.one.vpc
  ingress http { port = 80  cidr = net.one.vpc.cidr }
}
moved net.old -> net.one
output made = "${net.one.vpc.id} in ${join(",", zones)}"
"""


def case_hover():
    s = Server()
    s.open("a.dmsl", NAMES)
    expect("but for one param", [f["code"] for f in s.findings("a.dmsl")], ["W0201"])

    def hover(part, offset=0, nth=0):
        answer = result(s.at("hover", "a.dmsl", NAMES, part, nth, offset))
        return answer and answer["contents"]["value"]

    expect(
        "param",
        hover("provider = on", 11),
        "```dmsl\nparam on: enum(local, aws) = local\n```\n\nwhere to run\n\n*a.dmsl, line 2*\n",
    )
    expect(
        "let",
        hover("zones = zones", 8),
        '```dmsl\nlet zones = ["a", "b"]\n```\n\nThe zones.\nAll of them.\n\n`list(string)`\n\n*a.dmsl, line 5*\n',
    )
    component = hover("net one")
    expect_in(
        "component",
        "component net(\n  cidr: cidr,\n  zones: list(string),\n  hidden: string secret\n) {\n  output vpc\n  output ids\n}",
        component,
    )
    expect_not_in("a secret's default", '"s"', component)
    expect_in("resource", "vpc main\n", hover("vpc.main", 5))
    expect_in("type", "*resource type, network*", hover("vpc.main", 1))
    expect_in("attribute", "attribute of `subnet`", hover("zone = zone"))
    expect_in("variable", "for zone in zones", hover("zone = zone", 8))
    expect_in("function", "cidr_subnet(", hover("cidr_subnet"))
    expect_in("output", "output vpc = vpc.main", hover("net.one.vpc.id", 9))
    expect_in("attribute of an output", "id : string", hover("net.one.vpc.id", 12))
    expect_in("of a loop variable", "id : string", hover("s.id", 2))
    expect_in("block", "ingress NAME { … }", hover("ingress"))
    expect_in("in a block", "attribute of `security_group_rule`", hover("port = 80"))
    expect_in("what it takes", "\n\nTakes -1 to 65535.\n\n*optional*", hover("port = 80"))
    expect_in("of a type", "\nTakes /16 to /28.\n", hover("cidr = cidr }"))
    expect_not_in("nothing is refused", "Takes", hover("zone = zone"))
    expect_in("member", "enum(local, aws)", hover("= local", 3))
    expect("nothing", [hover("10.0.0.0"), hover("# The", 3), hover('"a"', 1)], [None, None, None])
    full = result(s.at("hover", "a.dmsl", NAMES, "vpc.main"))
    expect(
        "range", full["range"], span(NAMES, "vpc", NAMES[: NAMES.index("vpc.main")].count("vpc"))
    )
    role = HEAD + 'iam_role r {\n  policy { name = "p" }\n}\n'
    s.open("a.dmsl", role)
    expect_in(
        "characters are no Markdown",
        "\nTakes 1 to 128 letters, digits, \\_ + = , . @ and -.\n",
        result(s.at("hover", "a.dmsl", role, "name"))["contents"]["value"],
    )
    task = (
        HEAD + "dms_task t {\n  settings {\n    parallel_tables = size\n    lobs = none\n  }\n}\n"
    )
    s.open("a.dmsl", task)
    answer = result(s.at("hover", "a.dmsl", task, "parallel_tables"))["contents"]["value"]
    expect_in("setting", "`MaxFullLoadSubTasks` of `FullLoadSettings`", answer)
    expect_in("its range", "1 to 49, `8` when not written.", answer)
    answer = result(s.at("hover", "a.dmsl", task, "= size\n    lobs", offset=2))
    expect_in("a param in a setting", "param size", answer["contents"]["value"])
    answer = result(s.at("hover", "a.dmsl", task, "lobs"))["contents"]["value"]
    expect_in("lobs", "limited(SIZE)", answer)
    expect("leaves", s.leave(), 0)


def case_navigate():
    s = Server()
    s.open("a.dmsl", NAMES)

    def where(part, offset=0, nth=0):
        answer = result(s.at("definition", "a.dmsl", NAMES, part, nth, offset))
        return answer and answer["range"]

    def found(part, offset=0, nth=0, declaration=True):
        answer = s.at(
            "references",
            "a.dmsl",
            NAMES,
            part,
            nth,
            offset,
            context={"includeDeclaration": declaration},
        )
        return [x["range"]["start"] for x in result(answer) or []]

    def starts(*parts):
        return [position(NAMES, NAMES.index(p) + o) for p, o in parts]

    expect(
        "param",
        where("provider = on", 11),
        span(NAMES, "on", NAMES[: NAMES.index("param on")].count("on")),
    )
    expect("at its end", where("provider = on", 13), where("provider = on", 11))
    expect("component", where("net.one.vpc"), span(NAMES, "net"))
    expect("moved to", where("-> net.one", 8), where("net one", 4))
    expect("moved from", where("net.old", 4), None)
    expect("in a string", where("${net.one", 6), where("net one", 4))
    expect("param of the component", where("= cidr }", 2), span(NAMES, "cidr"))
    expect("argument", where("{ cidr = 10", 2), span(NAMES, "cidr"))
    expect("the same name outside", where("zones = zones", 8), where("let zones", 4))
    expect("variable", where("s.id"), where("k, s in", 3))
    expect(
        "zones of the root",
        found("let zones", 4),
        starts(("let zones", 4), ("zones = zones", 8), ('",", zones', 5)),
    )
    expect(
        "zones of the component",
        found("zones: list"),
        starts(("zones: list", 0), ("in zones {", 3), ("index_of(zones", 9), ("zones = zones", 0)),
    )
    expect("without the declaration", len(found("zones: list", declaration=False)), 3)
    expect(
        "instance",
        found("net one", 4),
        starts(
            ("net one", 4),
            ("net.one.vpc", 4),
            ("net.one.vpc.cidr", 4),
            ("-> net.one", 7),
            ("${net.one", 6),
        ),
    )
    marks = result(s.at("documentHighlight", "a.dmsl", NAMES, "let zones", offset=4))
    expect("highlights", [m["kind"] for m in marks], [3, 2, 2])
    expect("leaves", s.leave(), 0)


def case_rename():
    s = Server()
    s.open("a.dmsl", NAMES)

    def renamed(part, name, offset=0, nth=0):
        answer = s.at("rename", "a.dmsl", NAMES, part, nth, offset, newName=name)
        if "error" in answer:
            return answer["error"]["message"]
        return apply(NAMES, answer["result"]["changes"][uri_of("a.dmsl")], s.encoding)

    expect(
        "param",
        renamed("param on", "to", 6),
        NAMES.replace("= on", "= to").replace("param on", "param to"),
    )
    expect(
        "instance",
        renamed("net one", "two", 4),
        NAMES.replace("net one", "net two").replace("net.one", "net.two"),
    )
    expect(
        "component",
        renamed("net one", "nets"),
        NAMES.replace("component net", "component nets")
        .replace("net one", "nets one")
        .replace("net.o", "nets.o"),
    )
    wanted = (
        NAMES.replace("zones: list", "z: list")
        .replace("in zones {", "in z {")
        .replace("index_of(zones", "index_of(z")
        .replace("  zones = zones", "  z = zones")
    )
    expect("param of a component", renamed("zones: list", "z"), wanted)
    expect(
        "let",
        renamed("let zones", "all", 4),
        NAMES.replace("let zones", "let all")
        .replace("= zones }", "= all }")
        .replace('",", zones', '",", all'),
    )
    expect(
        "variable",
        renamed("k, s in", "t", 3),
        NAMES.replace("k, s in", "k, t in").replace("s.id", "t.id"),
    )
    # What cannot be.
    expect_in("twice", "declared twice", renamed("let zones", "on", 4))
    expect_in("no name", "letters, digits", renamed("let zones", "a-b", 4))
    expect_in("no name at all", "letters, digits", renamed("let zones", "", 4))
    expect_in("a digit", "letters, digits", renamed("let zones", "1a", 4))
    expect_in("a word", "word of the language", renamed("let zones", "for", 4))
    expect_in("hidden by a variable", "this cannot be", renamed("cidr: cidr", "zone"))
    expect_in("hides a param", "would mean something else", renamed("k, s in", "k", 3))
    expect_in("a type's name", "name of a resource type", renamed("net one", "vpc"))
    expect_in("output", "output cannot be renamed", renamed("output ids", "x", 7))
    expect_in("stack", "cannot be renamed", renamed("stack a", "x", 6))
    expect_in("type", "nothing here", renamed("vpc main", "x"))
    expect_in("function", "nothing here", renamed("join", "x"))
    ready = result(s.at("prepareRename", "a.dmsl", NAMES, "net one", offset=5))
    at = position(NAMES, NAMES.index("net one") + 4)
    expect("prepare", [ready["range"]["start"], ready["placeholder"]], [at, "one"])
    expect("not ready", "error" in s.at("prepareRename", "a.dmsl", NAMES, "join"), True)
    # Where the text cannot be read, nobody knows all places.
    s.change("a.dmsl", [{"text": NAMES + "let y = zones +\n"}])
    expect_in("broken", "cannot be read", renamed("let zones", "all", 4))
    expect("leaves", s.leave(), 0)


def case_rename_all():
    """Every name of the reference stack, there and back: the same meaning."""
    s = Server()
    source = os.environ["DMSL_SRCDIR"]
    path = os.path.join(source, "stacks", "dev.dmsl")
    text = open(path, encoding="utf-8").read()
    s.open(path, text)
    n = 0
    at = 0
    while (
        at := min(
            (
                i
                for i in (
                    text.find(w, at + 1)
                    for w in ("let ", "param ", "aurora ", "fixture ", "network ", "dms_task ")
                )
                if i > 0
            ),
            default=-1,
        )
    ) > 0:
        if text[at - 1] != "\n":
            continue
        name = text[at:].split()[1]
        start = position(text, at + len(text[at:].split()[0]) + 1)
        params = {
            "textDocument": {"uri": uri_of(path)},
            "position": start,
            "newName": "renamed_" + name,
        }
        changes = s.ask("textDocument/rename", params)["changes"]
        expect(f"texts of {name}", list(changes), [uri_of(path)])
        new = apply(text, changes[uri_of(path)], s.encoding)
        s.change(path, [{"text": new}], n)
        expect(f"findings of {name}", s.findings(path, n), [])
        back = s.ask("textDocument/rename", {**params, "newName": name})["changes"]
        expect(f"{name} back", apply(new, back[uri_of(path)], s.encoding), text)
        s.change(path, [{"text": text}], n + 1)
        n += 2
    if n < 16:
        expect("names", n // 2, "more")
    expect("leaves", s.leave(), 0)


# -- Completion -----------------------------------------------------------

HEAD = """stack a { provider = local }
param size : number = 4
let zones = ["a"]
component net(cidr: cidr, zones: list(string) = []) {
  vpc main { cidr = cidr }
  output vpc = vpc.main
}
net one { cidr = 10.0.0.0/16 }
vpc own { cidr = 10.1.0.0/16 }
vpc many for k in zones { cidr = 10.2.0.0/16 }
"""


def case_completion():
    s = Server()

    def offered(tail, head=HEAD):
        """At the "|" of the tail."""
        at = len(head) + tail.index("|")
        text = head + tail.replace("|", "", 1)
        s.open("a.dmsl", text)
        answer = s.ask(
            "textDocument/completion",
            {"textDocument": {"uri": uri_of("a.dmsl")}, "position": position(text, at)},
        )
        return [i["label"] for i in answer["items"]]

    def has(what, tail, wanted, unwanted=()):
        got = offered(tail)
        for w in wanted:
            expect_in(f"{what}: {tail!r}", w, got)
        for w in unwanted:
            expect_not_in(f"{what}: {tail!r}", w, got)

    has(
        "declarations",
        "|",
        ["let", "component", "moved", "subnet", "net", "aurora"],
        ["cidr", "size"],
    )
    has("declarations", "sub|", ["subnet", "let"], ["zones"])
    has(
        "in a component",
        "component x(a: cidr) {\n  |\n}\n",
        ["let", "output", "subnet"],
        ["moved", "use"],
    )
    has("resource types alone", "existing |", ["subnet", "vpc"], ["net", "let"])
    has("types", "param x : |", ["string", "list", "subnet", "net"], ["let", "zones"])
    has("types", "param x : list(|", ["string", "vpc"], ["zones"])
    has("types of a head", "component x(a: |) { }\n", ["string", "vpc"], ["zones"])
    expect(
        "names are made up",
        [offered("let |"), offered("vpc |"), offered("param x|"), offered("component x(a|")],
        [[]] * 4,
    )
    has(
        "attributes",
        "subnet x {\n  |\n}\n",
        ["vpc", "zone", "cidr", "tags", "depends_on", "lifecycle", "timeouts"],
        ["id", "arn", "size", "let"],
    )
    has(
        "attributes on a line",
        "subnet x { zone = zones[0]  | }\n",
        ["vpc", "cidr"],
        ["zone", "size"],
    )
    has("half a word", "subnet x {\n  vp|\n  zone = 1\n}\n", ["vpc", "cidr"], ["zone"])
    has("no end", "subnet x {\n  vpc = vpc.own\n  |", ["zone", "cidr"], ["vpc"])
    has("no end before others", "subnet x {\n  |\n\nlet y = 1\n", ["zone", "cidr"], ["size"])
    has(
        "params of a component",
        "net x {\n  |\n}\n",
        ["cidr", "zones", "depends_on"],
        ["vpc", "size"],
    )
    has("blocks", "security_group g {\n  |\n}\n", ["ingress", "egress", "vpc"])
    has(
        "in a block",
        "security_group g {\n  ingress web { | }\n}\n",
        ["port", "cidr"],
        ["vpc", "zone"],
    )
    has(
        "in a common block",
        "vpc x {\n  lifecycle { | }\n}\n",
        ["prevent_destroy", "ignore"],
        ["cidr"],
    )
    has("stack", "stack b { | }\n", ["provider", "tags"], ["cidr"])
    has("provider", "provider aws { | }\n", ["region", "profile"], ["cidr"])
    has("output", "output x = 1 { | }\n", ["depends_on"])
    has("check", "check x { | }\n", ["on", "query", "expect"])
    has("param", "param x : string { | }\n", ["description", "check"])
    has(
        "values",
        "subnet x { vpc = | }\n",
        ["vpc.own", "net.one", "size", "zones", "cidr_subnet", "true"],
        ["zone", "lifecycle"],
    )
    has("values", "let x = 1 + |\n", ["size", "vpc.own", "length"], ["let", "x"])
    has("values in brackets", "let x = [size, |]\n", ["zones", "length"], ["let"])
    has("arguments", "let x = length(|)\n", ["zones"], ["let"])
    has("in a string", 'let x = "a ${|} b"\n', ["size", "vpc.own"], ["let"])
    has("in half a string", 'let x = "a ${si|\n', ["size"], ["let"])
    expect(
        "strings and comments",
        [
            offered('let x = "a|"\n'),
            offered('let x = "a|\n'),
            offered("# a|\n"),
            offered("let x = 12|\n"),
        ],
        [[]] * 4,
    )
    has("variables", "subnet x for zone, other in zones { zone = | }\n", ["zone", "other", "zones"])
    has(
        "a component's own",
        "component x(mine: cidr) {\n  let y = |\n}\n",
        ["mine"],
        ["size", "vpc.own"],
    )
    has("enum", "dms_endpoint e {\n  role = |\n}\n", ["source", "target", "size"])
    has("enum alone first", "dms_task t {\n  mode = f|\n}\n", ["full_load", "cdc"])
    has("providers", "stack b { provider = | }\n", ["local", "aws"])
    has("for", "vpc x for k in |\n", ["zones", "size"], ["let"])
    has(
        "tables",
        "dms_task t {\n  tables {\n    |\n  }\n}\n",
        ["include", "exclude", "rename"],
        ["size"],
    )
    has(
        "settings",
        "dms_task t {\n  settings {\n    |\n  }\n}\n",
        ["lobs", "target_prep", "parallel_tables"],
        ["size"],
    )
    has(
        "words of settings",
        "dms_task t {\n  settings {\n    target_prep = |\n  }\n}\n",
        ["truncate", "drop", "nothing"],
    )
    expect("names of a type", offered("let x = vpc.|\n"), ["own", "many"])
    expect("outputs", offered("let x = net.one.|\n"), ["vpc"])
    expect("half of one", offered("let x = net.one.v|\n"), ["vpc"])
    has(
        "attributes of an output",
        "let x = net.one.vpc.|\n",
        ["id", "cidr", "tags"],
        ["zone", "size"],
    )
    has("of all", "let x = vpc.many[*].|\n", ["id", "cidr"], ["size"])
    has("of one", 'let x = vpc.many["a"].|\n', ["id", "cidr"], ["size"])
    has("of a loop variable", "let x = [for k, v in vpc.many : v.|]\n", [], ["size"])
    has(
        "of a block's loop variable",
        "subnet x for k, v in vpc.many { vpc = v.| }\n",
        ["id", "cidr"],
        ["size"],
    )
    has("of a param", "component x(to: net) {\n  let y = to.|\n}\n", ["vpc"], ["size"])
    has("in a string", 'let x = "${net.one.|}"\n', ["vpc"], ["size"])
    has(
        "before other lines",
        "vpc x {\n  cidr = net.one.\n}\nvpc y {\n  cidr = net.one.vpc.|\n}\n",
        ["cidr"],
        ["size"],
    )
    expect("of nothing", offered("let x = nothing.|\n"), [])
    # What is written for it.
    text = HEAD + "subnet x {\n  vp\n}\n"
    s.open("a.dmsl", text)
    items = result(s.at("completion", "a.dmsl", text, "  vp\n", offset=4))["items"]
    item = next(i for i in items if i["label"] == "vpc")
    expect(
        "edit",
        item["textEdit"],
        {
            "range": span(text, "vp\n", 0) | {"end": position(text, text.index("  vp\n") + 4)},
            "newText": "vpc = ",
        },
    )
    text = HEAD + "subnet x {\n  vp = vpc.own\n}\n"
    s.open("a.dmsl", text)
    items = result(s.at("completion", "a.dmsl", text, "  vp =", offset=4))["items"]
    item = next(i for i in items if i["label"] == "vpc")
    expect("edit before =", item["textEdit"]["newText"], "vpc")
    expect("leaves", s.leave(), 0)
