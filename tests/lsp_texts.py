"""Tests of how dmsl lsp takes messages and texts: see tests/lsp.py."""

import json
import os
import random
import subprocess
import time

from lsp_words import NAMES
from lsp_client import (
    DMSL,
    WAIT,
    Server,
    apply,
    bad,
    expect,
    expect_in,
    position,
    result,
    span,
    uri_of,
)

# -- Beginning and end ----------------------------------------------------


def case_lifecycle():
    s = Server(start=False)
    expect("a question before initialize", s.ask_raw("shutdown", None)["error"]["code"], -32002)
    early = s.ask_raw("textDocument/hover", {})
    expect("another", early["error"]["code"], -32002)
    answer = s.ask("initialize", {"capabilities": {}})
    expect("encoding", answer["capabilities"]["positionEncoding"], "utf-16")
    expect("name", answer["serverInfo"]["name"], "dmsl")
    expect("initialize again", s.ask_raw("initialize", {})["error"]["code"], -32600)
    expect("no such method", s.ask_raw("x/y", {})["error"]["code"], -32601)
    s.tell("x/z", {})
    s.tell("$/cancelRequest", {"id": 99})
    expect("shutdown", s.ask("shutdown", None), None)
    late = s.ask_raw("textDocument/hover", {})
    expect("a question after shutdown", late["error"]["code"], -32600)
    s.tell("exit", None)
    expect("status", s.process.wait(WAIT), 0)

    s = Server()
    s.tell("exit", None)
    expect("status without shutdown", s.process.wait(WAIT), 1)
    s = Server()
    s.process.stdin.close()
    expect("status of a lost editor", s.process.wait(WAIT), 1)
    s = Server(start=False)
    s.tell("exit", None)
    expect("status without anything", s.process.wait(WAIT), 1)
    expect("bytes", Server(["utf-8", "utf-16"]).encoding, "utf-8")
    expect("units", Server(["utf-32", "utf-16"]).encoding, "utf-16")
    expect("ids may be texts", Server().answer_to_text(), "one")


def case_garbage():
    s = Server()
    s.write(b"hello\r\n\r\nwhat\nis this\n\n")
    expect("garbage", s.next()["error"]["code"], -32700)
    s.open("a.dmsl", STACK)
    expect("after it", s.findings("a.dmsl"), [])
    for body, code in (
        (b"{", -32700),
        (b"", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100000, -32700),
        (b'{"id":1,"id":1}', -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b"null", -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"shutdown"}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"shutdown"}', -32600),
        (b'{"jsonrpc":"2.0"}', -32600),
    ):
        s.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        expect(repr(body[:40]), s.next()["error"]["code"], code)
    s.write(b"content-length: 1000000000000000000000000\r\n\r\n")
    expect("a length that is none", s.next()["error"]["code"], -32700)
    s.write(b"Content-Type: text\r\nX: y\r\n\r\n")
    s.open("a.dmsl", STACK)
    expect(
        "no length",
        [s.next().get("method"), s.findings("a.dmsl")],
        ["textDocument/publishDiagnostics", []],
    )
    # A header whose line has no end, and one message that is too large.
    s.write(b"x" * 100000 + b"\r\n\r\n")
    expect("a long line", s.next()["error"]["code"], -32700)
    n = (64 << 20) + 1
    s.write(b"Content-Length: %d\r\n\r\n" % n)
    for _ in range(n >> 16):
        s.write(b" " * (1 << 16))
    s.write(b" " * (n & 0xFFFF))
    expect("a large message", s.next()["error"]["code"], -32600)
    # Questions that lack what they are about.
    place = {"line": 0, "character": 0}
    doc = {"uri": uri_of("a.dmsl")}
    for method in (
        "hover",
        "definition",
        "references",
        "documentHighlight",
        "rename",
        "prepareRename",
        "completion",
        "documentSymbol",
        "formatting",
    ):
        for params in (
            None,
            [],
            {},
            {"textDocument": 1},
            {"textDocument": {"uri": "file:///no"}, "position": place},
            {"position": place},
        ):
            answer = s.ask_raw("textDocument/" + method, params)
            expect(f"{method} {params}", answer.get("error", {}).get("code"), -32602)
    for wrong in (
        {"line": -1, "character": 0},
        {"line": 2**40, "character": 0},
        {"line": 0.5, "character": 0},
        7,
    ):
        answer = s.ask_raw("textDocument/hover", {"textDocument": doc, "position": wrong})
        expect(f"place {wrong}", answer.get("error", {}).get("code"), -32602)
    far = s.ask_raw(
        "textDocument/hover", {"textDocument": doc, "position": {"line": 2**31, "character": 2**31}}
    )
    expect("far away", result(far), None)
    for params in (
        None,
        {},
        {"textDocument": doc},
        {"textDocument": doc, "contentChanges": 5},
        {"textDocument": {"uri": "x"}},
    ):
        for method in ("didOpen", "didChange", "didClose"):
            if method != "didClose" or not params or params["textDocument"] != doc:
                s.tell("textDocument/" + method, params)
    s.change("a.dmsl", [{"range": {"start": place}, "text": "x"}, {"nothing": 1}])
    s.change(
        "a.dmsl", [{"range": {"start": {"line": 1, "character": 0}, "end": place}, "text": "x"}]
    )
    s.open("a.dmsl", STACK)
    expect(
        "still there",
        result(s.at("hover", "a.dmsl", STACK, "let one", offset=4))["range"],
        span(STACK, "one"),
    )
    expect("leaves", s.leave(), 0)


STACK = """stack a { provider = local }
let one = 1
let two = one + one
output both = one + two
"""


# -- Findings -------------------------------------------------------------


def validate(path):
    run = subprocess.run(
        [DMSL, "validate", "--json", path], capture_output=True, text=True, check=False
    )
    return json.loads(run.stdout or "[]")


def case_findings():
    """Those of dmsl validate, for every text that we have."""
    s = Server()
    source = os.environ["DMSL_SRCDIR"]
    texts = [os.path.join(source, "stacks", "dev.dmsl")]
    folder = os.path.join(source, "tests", "lang")
    texts += sorted(os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".dmsl"))
    texts += [
        os.path.join(source, "tests", "aws", n) for n in ("changes.dmsl", "cloud.dmsl", "sql.dmsl")
    ]
    n = 0
    for path in texts:
        text = open(path, encoding="utf-8", newline="").read()
        if not any(line.startswith("stack ") for line in text.splitlines()):
            text = "stack added { provider = local }\n" + text
        # The reference stack has its components beside it.
        here = path if path.endswith("dev.dmsl") else "text.dmsl"
        if here != path:
            with open(here, "w", encoding="utf-8", newline="") as out:
                out.write(text)
        wanted = [f for f in validate(here) if f["code"] != "E0302" and f["file"] in ("", here)]
        s.open(here, text)
        got = s.findings(here)
        expect(
            os.path.basename(path),
            sorted(
                (f["code"], f["range"]["start"]["line"] + 1, f["range"]["end"]["line"] + 1)
                for f in got
            ),
            sorted((f["code"], f["line"], f["end_line"]) for f in wanted),
        )
        n += len(got)
        s.tell("textDocument/didClose", {"textDocument": {"uri": uri_of(here)}})
        expect("closed", s.findings(here), [])
    if n < 20:
        expect("findings in all texts", n, "many")
    expect("leaves", s.leave(), 0)


def case_finding():
    """One in full; it changes with the text, and the file does not count."""
    with open("a.dmsl", "w", encoding="utf-8") as out:
        out.write("this is no stack\n")
    text = STACK + "let two = oen\n"
    s = Server()
    s.open("a.dmsl", text, 7)
    answer = s.next()["params"]
    expect("version", answer["version"], 7)
    expect(
        "findings",
        sorted(answer["diagnostics"], key=lambda f: f["code"]),
        [
            {
                "range": span(text, "two", 2),
                "severity": 1,
                "code": "E0202",
                "source": "dmsl",
                "message": 'let "two" is declared twice',
                "relatedInformation": [
                    {
                        "location": {"uri": uri_of("a.dmsl"), "range": span(text, "two")},
                        "message": "first declared here",
                    }
                ],
            },
            {
                "range": span(text, "oen"),
                "severity": 1,
                "code": "E0251",
                "source": "dmsl",
                "message": 'unknown name "oen"\nDid you mean "one"?',
            },
        ],
    )
    at = span(text, "let two = oen\n")
    s.change("a.dmsl", [{"range": at, "text": ""}], 8)
    expect("mended", s.findings("a.dmsl", 8), [])
    expect("untouched", open("a.dmsl", encoding="utf-8").read(), "this is no stack\n")
    # A param that only a run gives a value is no mistake of the text.
    s.change("a.dmsl", [{"text": STACK + "param x : string\n"}], 9)
    expect("no value", s.findings("a.dmsl", 9), [])
    expect("leaves", s.leave(), 0)


def case_files():
    """A stack of several texts, some open and some not."""
    os.makedirs("lib", exist_ok=True)
    stack = 'use "part.dmsl"\nstack a { provider = local }\nnet one { size = big }\noutput o = net.one.all\n'
    part = "let big = 5\nlet bad = 1\n"
    net = "component net(size: number) {\n  let twice = size * 2\n  output all = twice\n}\n"
    for path, text in (("a.dmsl", stack), ("part.dmsl", part), ("lib/net.dmsl", net)):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
    s = Server()
    s.open("a.dmsl", stack)
    expect("right", s.findings("a.dmsl"), [])
    expect(
        "use", result(s.at("definition", "a.dmsl", stack, "part.dmsl"))["uri"], uri_of("part.dmsl")
    )
    where = result(s.at("definition", "a.dmsl", stack, "size"))
    expect("argument", where, {"uri": uri_of("lib/net.dmsl"), "range": span(net, "size")})
    where = result(s.at("definition", "a.dmsl", stack, "net.one.all", offset=8))
    expect("output", where, {"uri": uri_of("lib/net.dmsl"), "range": span(net, "all")})
    # The used text alone is open, too: its stack is found in its folder.
    s.open("part.dmsl", part)
    expect("part", s.findings("part.dmsl"), [])
    wrong = part.replace("let bad = 1", "let bad = 1 +")
    s.change("part.dmsl", [{"text": wrong}])
    expect("in the part", [f["code"] for f in s.findings("part.dmsl", 2)], ["E0108"])
    s.change("part.dmsl", [{"text": part.replace("big", "small")}], 3)
    expect("part is right", s.findings("part.dmsl", 3), [])
    while not (found := s.findings("a.dmsl")):
        pass
    expect(
        "the stack is not",
        [(f["code"], f["range"]) for f in found],
        [("E0251", span(stack, "big"))],
    )
    s.change("part.dmsl", [{"text": part}], 4)
    while s.findings("a.dmsl"):
        pass
    # One name in three texts.
    edit = result(s.at("rename", "a.dmsl", stack, "size", newName="width"))["changes"]
    expect("texts", sorted(edit), sorted([uri_of("a.dmsl"), uri_of("lib/net.dmsl")]))
    expect(
        "component",
        apply(net, edit[uri_of("lib/net.dmsl")], s.encoding),
        net.replace("size", "width"),
    )
    edit = result(s.at("rename", "part.dmsl", part, "big", newName="large"))["changes"]
    expect("let", apply(stack, edit[uri_of("a.dmsl")], s.encoding), stack.replace("big", "large"))
    # A text of the library is looked at in the stack that uses it.
    s.open("lib/net.dmsl", net)
    expect("library", s.findings("lib/net.dmsl"), [])
    s.change("lib/net.dmsl", [{"text": net.replace("= size", "= sise")}])
    expect("in the library", [f["code"] for f in s.findings("lib/net.dmsl", 2)], ["E0251"])
    expect("leaves", s.leave(), 0)
    # A file changes that is not open: the editor was asked to say so.
    s = Server(watches=True)
    asked = s.next()
    expect("asks to watch", asked["method"], "client/registerCapability")
    s.send({"id": asked["id"], "result": None})
    s.open("a.dmsl", stack)
    expect("before", s.findings("a.dmsl"), [])
    with open("part.dmsl", "w", encoding="utf-8") as out:
        out.write("let small = 5\n")
    changed = {"uri": uri_of("part.dmsl"), "type": 2}
    s.tell("workspace/didChangeWatchedFiles", {"changes": [changed]})
    expect("behind", [f["code"] for f in s.findings("a.dmsl")], ["E0251"])
    expect("leaves", s.leave(), 0)
    # Components that no stack uses.
    os.makedirs("alone", exist_ok=True)
    s = Server()
    s.open("alone/x.dmsl", net.replace("= size", "= sise"))
    expect("alone", [f["code"] for f in s.findings("alone/x.dmsl")], ["E0251"])
    s.change("alone/x.dmsl", [{"text": net}])
    expect("alone and right", s.findings("alone/x.dmsl", 2), [])
    expect("leaves", s.leave(), 0)


# -- Texts ----------------------------------------------------------------


def shape(symbols):
    return [
        (x["name"], x["selectionRange"]["start"]["line"], shape(x["children"])) for x in symbols
    ]


def case_outline():
    s = Server()
    s.open("a.dmsl", NAMES)
    got = s.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri_of("a.dmsl")}})
    expect(
        "symbols",
        shape(got),
        [
            ("a", 0, []),
            ("on", 1, []),
            ("zones", 4, []),
            (
                "net",
                5,
                [
                    ("cidr", 5, []),
                    ("zones", 5, []),
                    ("hidden", 5, []),
                    ("vpc.main", 6, []),
                    ("subnet.each", 7, []),
                    ("vpc", 12, []),
                    ("ids", 13, []),
                ],
            ),
            ("net.one", 15, []),
            ("security_group.web", 16, [("http", 18, [])]),
            ("made", 21, []),
        ],
    )
    net = got[3]
    expect(
        "range",
        net["range"],
        {"start": {"line": 5, "character": 0}, "end": {"line": 14, "character": 1}},
    )
    expect("name", net["selectionRange"], span(NAMES, "net"))
    # In the middle of typing.
    for broken in (
        NAMES.replace("net one { cidr = 10.0.0.0/16", "net one { cidr = "),
        NAMES.replace("vpc = net.one.vpc\n", "vpc = net.one.\n"),
        NAMES.replace('["a", "b"]', '["a", "b'),
        NAMES.replace("zone = zone\n", "zone = zone + (\n"),
    ):
        s.change("a.dmsl", [{"text": broken}])
        names = [
            x[0]
            for x in shape(
                s.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri_of("a.dmsl")}})
            )
        ]
        for wanted in ("a", "on", "zones", "net", "net.one", "security_group.web", "made"):
            expect_in("symbols of a broken text", wanted, names)
    unclosed = NAMES.replace("16  zones = zones }", "16")
    s.change("a.dmsl", [{"text": unclosed}])
    names = [
        x[0]
        for x in shape(
            s.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri_of("a.dmsl")}})
        )
    ]
    expect_in("behind an open block", "security_group.web", names)
    expect("leaves", s.leave(), 0)


def case_format():
    s = Server()
    doc = {"textDocument": {"uri": uri_of("a.dmsl")}, "options": {"tabSize": 8}}
    for text in (
        "let  x=1\nlet yy   = 2 # é😀\nvpc a{cidr=10.0.0.0/16}",
        "let x = 1\n\n\n\nlet   y = 2\nlet z = 3\n",
        "",
        "\n\n",
        "# 😀\r\nlet  x = 1\r\n",
    ):
        with open("f.dmsl", "w", encoding="utf-8", newline="") as out:
            out.write(text)
        subprocess.run([DMSL, "fmt", "f.dmsl"], capture_output=True, check=True)
        wanted = open("f.dmsl", encoding="utf-8", newline="").read()
        s.open("a.dmsl", text)
        edits = s.ask("textDocument/formatting", doc)
        expect(f"form of {text!r}", apply(text, edits, s.encoding), wanted)
        s.open("a.dmsl", wanted)
        expect("form of a form", s.ask("textDocument/formatting", doc), [])
    s.open("a.dmsl", "let x = 1\n\n\n\nlet   y = 2\nlet z = 3\n")
    edits = s.ask("textDocument/formatting", doc)
    expect(
        "only what changes",
        edits[0]["range"]["end"]["line"] < 6 and edits[0]["range"]["start"]["line"] > 0,
        True,
    )
    s.open("a.dmsl", "let x = (")
    expect("form of a broken text", s.ask("textDocument/formatting", doc), None)
    expect("leaves", s.leave(), 0)


def case_columns():
    """Tabs are one character, emoji two of UTF-16 and four of UTF-8."""
    text = 'stack a { provider = local }\nlet x = 1\n\tlet y = ["é😀日本 ${x} 😀", "😀${ nope }"]  # 😀\n\tlet z = "e\u0301\U0001f469\u200d\U0001f4bb${x}"\n'
    for encoding in ("utf-16", "utf-8"):
        s = Server([encoding])
        expect("encoding", s.encoding, encoding)
        s.open("a.dmsl", text)
        found = s.findings("a.dmsl")
        expect("finding", [f["range"] for f in found], [span(text, "nope", 0, encoding)])
        for part, nth in (("${x}", 0), ("${x}", 1)):
            answer = result(s.at("hover", "a.dmsl", text, part, nth, 2))
            at = span(text, part, nth, encoding)
            at["start"]["character"] += 2
            at["end"]["character"] -= 1
            expect(f"{part} {nth} in {encoding}", answer["range"], at)
        where = result(
            s.at(
                "references",
                "a.dmsl",
                text,
                "let x",
                offset=4,
                context={"includeDeclaration": False},
            )
        )
        expect("references", len(where), 2)
        # An edit behind emoji, and one that begins inside of one.
        s.change("a.dmsl", [{"range": span(text, "nope", 0, encoding), "text": "x"}], 2)
        expect("mended", [f for f in s.findings("a.dmsl", 2) if f["severity"] == 1], [])
        expect("leaves", s.leave(), 0)


PIECES = [
    "let a = 1\n",
    "vpc v { cidr = 10.0.0.0/16 }\n",
    "{",
    "}",
    '"',
    "😀",
    "é",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "x",
    " ",
    "=",
    "net one {\n",
    "# c\n",
    "${",
    "<<SQL\n",
    "SQL\n",
    "output o = a\n",
    'param p : string = ""\n',
    "[",
    ")",
    ".",
]


def case_edits():
    """Edits one after another give what the whole text gives."""
    seed = int(os.environ.get("DMSL_LSP_SEED", random.randrange(1 << 30)))
    rounds = int(os.environ.get("DMSL_LSP_ROUNDS", "60"))
    r = random.Random(seed)
    for encoding in ("utf-16", "utf-8"):
        one, whole = Server([encoding]), Server([encoding])
        text = NAMES
        one.open("a.dmsl", text, 0)
        for i in range(1, rounds + 1):
            changes = []
            for _ in range(r.randrange(1, 5)):
                start = r.randrange(len(text) + 1)
                ends = [k + 1 for k, c in enumerate(text) if c == "\r"]
                if ends and r.randrange(3) == 0:
                    start = r.choice(ends)
                end = min(len(text), start + r.choice((0, 0, 1, 2, 30)))
                if text[start - 1 : start + 1] == "\r\n":
                    start -= 1
                if text[end - 1 : end + 1] == "\r\n":
                    end += 1
                new = "".join(r.choice(PIECES) for _ in range(r.randrange(4)))
                changes.append(
                    {
                        "range": {
                            "start": position(text, start, encoding),
                            "end": position(text, end, encoding),
                        },
                        "text": new,
                    }
                )
                text = text[:start] + new + text[end:]
            if r.randrange(20) == 0:
                text = NAMES
                changes.append({"text": text})
            one.change("a.dmsl", changes, i)
            whole.open("a.dmsl", text, i)
            doc = {"textDocument": {"uri": uri_of("a.dmsl")}}
            got = [one.ask("textDocument/documentSymbol", doc), one.findings("a.dmsl", i)]
            wanted = [whole.ask("textDocument/documentSymbol", doc), whole.findings("a.dmsl", i)]
            expect(f"seed {seed}, edit {i}", got, wanted)
            if bad:
                print(f"the text: {text!r}")
                return
        expect("leaves", [one.leave(), whole.leave()], [0, 0])


def case_prefixes():
    """Every question at every place of texts that are cut off anywhere."""
    s = Server()
    r = random.Random(7)
    for n in range(0, len(NAMES), 9):
        text = NAMES[:n]
        s.open("a.dmsl", text)
        place = position(text, r.choice((n, n, r.randrange(n + 1))))
        for method in (
            "completion",
            "hover",
            "definition",
            "references",
            "documentSymbol",
            "formatting",
            "prepareRename",
        ):
            s.ask_raw(
                "textDocument/" + method,
                {"textDocument": {"uri": uri_of("a.dmsl")}, "position": place},
            )
    expect("leaves", s.leave(), 0)


def case_large():
    """50,000 lines, in bounded time and not in the square of them."""
    took = {}
    for lines in (5000, 50000):
        text = 'stack a { provider = local }\nlet zones = ["a"]\n' + "".join(
            f"vpc v{i} {{\n  cidr = 10.0.0.0/16\n  tags = {{ a = zones[0] }}\n}}\n"
            for i in range((lines - 2) // 4)
        )
        s = Server()
        begin = time.monotonic()
        s.open("a.dmsl", text)
        expect("findings", s.findings("a.dmsl"), [])
        took[lines] = time.monotonic() - begin
        begin = time.monotonic()
        at = text.rindex("zones")
        place = {"textDocument": {"uri": uri_of("a.dmsl")}, "position": position(text, at)}
        expect(
            "hover", s.ask("textDocument/hover", place)["range"]["start"]["line"] > lines - 10, True
        )
        expect(
            "references",
            len(
                s.ask("textDocument/references", {**place, "context": {"includeDeclaration": True}})
            ),
            (lines - 2) // 4 + 1,
        )
        answer = s.ask("textDocument/completion", place)
        expect(
            "not all are offered",
            [answer["isIncomplete"], len(answer["items"]) <= 5000],
            [lines > 10000, True],
        )
        s.ask("textDocument/documentSymbol", place)
        for i in range(20):
            start = position(text, at)
            s.change("a.dmsl", [{"range": {"start": start, "end": start}, "text": " "}], i + 2)
            text = text[:at] + " " + text[at:]
            at += 1
        expect("after edits", s.findings("a.dmsl", 21), [])
        took[-lines] = time.monotonic() - begin
        expect("leaves", s.leave(), 0)
    if took[50000] > 30 or took[-50000] > 60 or took[50000] > 40 * took[5000] + 2:
        expect("seconds", took, "fewer")


def case_bounds():
    """As many texts as there may be, and no more."""
    s = Server()
    for i in range(1001):
        s.open(f"t{i}.dmsl", "let x = 1\n")
    while not s.notes:
        s.next()
    expect_in("too many", "1000 texts", s.notes[0]["params"]["message"])
    s.tell("textDocument/didClose", {"textDocument": {"uri": uri_of("t0.dmsl")}})
    s.open("more.dmsl", "let x = 1\n")
    expect("one went", s.findings("more.dmsl"), [])
    # Deep texts, and a chain of names.
    s.open("more.dmsl", "let x = " + "(" * 5000 + "1" + ")" * 5000, 2)
    expect("deep", [f["code"] for f in s.findings("more.dmsl", 2)], ["E0110"])
    chain = "let a0 = 1\n" + "".join(f"let a{i} = a{i - 1}.x\n" for i in range(1, 3000))
    s.open("more.dmsl", chain, 3)
    s.at("completion", "more.dmsl", chain, "a2998.x", offset=6)
    s.at("hover", "more.dmsl", chain, "a2998.x", offset=6)
    circle = "let a = b.x\nlet b = a.x\nlet c = a.x\n"
    s.open("more.dmsl", circle, 4)
    expect_in(
        "circle",
        "let c",
        result(s.at("hover", "more.dmsl", circle, "let c", offset=4))["contents"]["value"],
    )
    expect("leaves", s.leave(), 0)
