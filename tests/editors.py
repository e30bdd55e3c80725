"""Highlighting in editors against our lexer: see tests/t/0022-editors.sh.

editors.py textmate TOKENS FILE…  lang/editor/dmsl.tmLanguage.json, by a matcher of
                                  TextMate grammars that has what that one needs
editors.py vim TOKENS FILE…       lang/editor/dmsl.vim, in vim
editors.py words TOKENS DMSL      keywords, types and functions of both
editors.py update DMSL            writes the types and functions into both

Prints what is not so; exits 1 if anything is."""

import json
import os
import re
import subprocess
import sys

EDITOR = os.path.join(os.environ["DMSL_SRCDIR"], "lang", "editor")
bad = 0


def complain(text):
    global bad
    bad = 1
    print(text)


# -- What our lexer says --------------------------------------------------


def classes(tokens, path, text):
    """A class for each character: "other", or None where it does not matter."""
    out = ["other"] * len(text)
    index = []
    for i, c in enumerate(text):
        index += [i] * len(c.encode())
    index.append(len(text))
    run = subprocess.run([tokens, path], capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        kind, start, end = line.split()
        for i in range(index[int(start)], index[int(end)]):
            out[i] = None if kind == "pattern" else kind
    return [None if c.isspace() else k for c, k in zip(text, out)]


def compare(path, text, wanted, got):
    line, column, told = 1, 1, 0
    for i, c in enumerate(text):
        if wanted[i] is not None and wanted[i] != got[i] and told < 5:
            told += 1
            around = text[max(0, i - 20) : i + 20]
            name = os.path.basename(path)
            complain(f"{name}:{line}:{column}: {wanted[i]}, not {got[i]}: {around!r}")
        line, column = (line + 1, 1) if c == "\n" else (line, column + 1)


# -- TextMate -------------------------------------------------------------


class TextMate:
    """Lines are matched by the innermost begin/end rule that is open: of its end
    and its patterns the one that matches first, in their order."""

    def __init__(self, grammar):
        self.grammar = grammar
        self.compiled = {}

    def regex(self, pattern):
        if pattern not in self.compiled:
            self.compiled[pattern] = re.compile(pattern)
        return self.compiled[pattern]

    def rules(self, patterns, seen=()):
        for p in patterns:
            name = p.get("include")
            if name is None and "patterns" in p and "begin" not in p:
                yield from self.rules(p["patterns"], seen)
            elif name is None:
                yield p
            elif name == "$self":
                yield from self.rules(self.grammar["patterns"], seen)
            elif name not in seen:
                rule = self.grammar["repository"][name[1:]]
                yield from self.rules([rule], (*seen, name))

    def run(self, text):
        """The scopes of each character, outermost first."""
        out = []
        stack = [({"patterns": self.grammar["patterns"]}, None)]
        for line in text.splitlines(keepends=True):
            body = line.rstrip("\n")
            out += self.line(body, stack)
            out += [[]] * (len(line) - len(body))
        return out

    def scopes(self, stack):
        return [r["name"] for r, _ in stack if "name" in r]

    def line(self, line, stack):
        out = [None] * len(line)

        def paint(start, end, scopes):
            for i in range(start, end):
                out[i] = scopes

        def captured(m, rule, key, scopes):
            for group, what in rule.get(key, {}).items():
                if m.start(int(group)) >= 0:
                    paint(*m.span(int(group)), scopes + [what["name"]])

        at = 0
        guard = 0
        while at <= len(line) and guard < 10 * len(line) + 20:
            guard += 1
            rule, end = stack[-1]
            best = end.search(line, at) if end else None
            chosen = None
            for r in self.rules(rule["patterns"] if "patterns" in rule else []):
                m = self.regex(r.get("match") or r["begin"]).search(line, at)
                if m and (best is None or m.start() < best.start()):
                    best, chosen = m, r
            if best is None:
                paint(at, len(line), self.scopes(stack))
                break
            paint(at, best.start(), self.scopes(stack))
            if chosen is None:
                paint(*best.span(), self.scopes(stack))
                captured(best, rule, "endCaptures", self.scopes(stack))
                stack.pop()
                if best.end() == len(line) and best.start() == best.end():
                    # Others may end here, too.
                    at = best.end()
                    if stack[-1][1] and stack[-1][1].search(line, at):
                        continue
                    break
            elif "begin" in chosen:
                ending = re.sub(
                    r"\\(\d)", lambda g: re.escape(best.group(int(g.group(1)))), chosen["end"]
                )
                stack.append((chosen, self.regex(ending)))
                paint(*best.span(), self.scopes(stack))
                captured(best, chosen, "beginCaptures", self.scopes(stack))
            else:
                name = [chosen["name"]] if "name" in chosen else []
                paint(*best.span(), self.scopes(stack) + name)
                captured(best, chosen, "captures", self.scopes(stack) + name)
                if best.start() == best.end():
                    paint(at, at + 1, self.scopes(stack))
                    at += 1
                    continue
            at = best.end()
        return [s or [] for s in out]


def class_of(scopes):
    for s in reversed(scopes):
        if s.startswith("comment"):
            return "comment"
        if s.startswith(("string", "constant.character")):
            return "string"
        if s.startswith("constant.numeric"):
            return "number"
        if s.startswith(("keyword", "constant.language")):
            return "keyword"
        if s.startswith(("meta.embedded", "punctuation.section.embedded")):
            return "other"
    return "other"


def textmate(tokens, paths):
    with open(os.path.join(EDITOR, "dmsl.tmLanguage.json"), encoding="utf-8") as f:
        matcher = TextMate(json.load(f))
    for path in paths:
        text = open(path, encoding="utf-8", newline="").read()
        got = [class_of(s) for s in matcher.run(text)]
        compare(path, text, classes(tokens, path, text), got)


# -- Vim ------------------------------------------------------------------

VIM = {
    "dmslComment": "comment",
    "dmslString": "string",
    "dmslHeredoc": "string",
    "dmslEscape": "string",
    "dmslHeredocEscape": "string",
    "dmslNumber": "number",
    "dmslWord": "keyword",
    "dmslDeclaration": "keyword",
    "dmslSecret": "keyword",
    "dmslRule": "keyword",
}

DUMP = """
let out = []
for l in range(1, line('$'))
  let row = []
  for c in range(1, len(getline(l)))
    call add(row, synIDattr(synID(l, c, 1), 'name'))
  endfor
  call add(out, join(row, ','))
endfor
call add(out, &filetype . ' ' . &commentstring)
call writefile(out, 'vim.out')
qa!
"""


def vim(tokens, paths):
    with open("dump.vim", "w", encoding="utf-8") as f:
        f.write(DUMP)
    for path in paths:
        text = open(path, encoding="utf-8", newline="").read()
        plugin = os.path.join(EDITOR, "dmsl.vim")
        command = ["vim", "-es", "-N", "-u", "NONE", "-i", "NONE", "-c", "set encoding=utf-8"]
        command += ["-c", "filetype on", "-c", "syntax on", "-S", plugin]
        command += ["-c", "edit " + path, "-S", "dump.vim"]
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True, timeout=60)
        lines = open("vim.out", encoding="utf-8").read().splitlines()
        os.remove("vim.out")
        if lines.pop() != "dmsl # %s":
            complain(f"{path}: not found to be dmsl")
        got = []
        for line, names in zip(text.splitlines(keepends=True), lines):
            at = 0
            names = names.split(",")
            for c in line:
                name = names[at] if at < len(names) else ""
                got.append(VIM.get(name, "other"))
                at += len(c.encode())
        compare(path, text, classes(tokens, path, text), got + ["other"] * len(text))


# -- Words ----------------------------------------------------------------

GROUP = re.compile(r"\(([a-z0-9_|]+)\)")


def documented(dmsl):
    run = subprocess.run([dmsl, "docs", "--json"], capture_output=True, text=True, check=True)
    docs = json.loads(run.stdout)
    return {kind: sorted(x["name"] for x in docs[kind]) for kind in ("types", "functions")}


def update(dmsl):
    docs = documented(dmsl)
    path = os.path.join(EDITOR, "dmsl.tmLanguage.json")
    with open(path, encoding="utf-8") as f:
        grammar = json.load(f)
    for name, kind in (("type", "types"), ("function", "functions")):
        rule = grammar["repository"][name]
        rule["match"] = GROUP.sub(f"({'|'.join(docs[kind])})", rule["match"], count=1)
    with open(path, "w", encoding="utf-8") as f:
        f.write(json.dumps(grammar, indent=2, ensure_ascii=False) + "\n")
    path = os.path.join(EDITOR, "dmsl.vim")
    lines = open(path, encoding="utf-8").read().splitlines()
    for name, kind in (("dmslType", "types"), ("dmslFunction", "functions")):
        at = [i for i, x in enumerate(lines) if x.startswith(f"  syntax match {name} ")]
        words = [docs[kind][i : i + 6] for i in range(0, len(docs[kind]), 6)]
        before, after = re.split(r"<\\%\(.*?\\\)\\>", lines[at[0]], maxsplit=1)
        new = [before + "<\\%(" + "\\|".join(w) + "\\)\\>" + after for w in words]
        lines[at[0] : at[-1] + 1] = new
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def words(tokens, dmsl):
    docs = documented(dmsl)
    run = subprocess.run([tokens, "--words"], capture_output=True, text=True, check=True)
    keywords = set(run.stdout.split())
    wanted = {
        "types": set(docs["types"]),
        "functions": set(docs["functions"]),
        "keywords": keywords,
    }
    with open(os.path.join(EDITOR, "dmsl.tmLanguage.json"), encoding="utf-8") as f:
        rules = json.load(f)["repository"]

    def names(rule):
        pattern = rule.get("match") or rule.get("begin")
        pattern = re.sub(r"\[[^]]*\]|\\[a-z]", " ", pattern or "")
        return re.findall(r"[a-z][a-z0-9_]+", pattern)

    def of(name):
        rule = rules[name]
        return [w for r in [rule, *rule.get("patterns", [])] for w in names(r)]

    got = {
        "types": set(GROUP.search(rules["type"]["match"]).group(1).split("|")),
        "functions": set(GROUP.search(rules["function"]["match"]).group(1).split("|")),
        "keywords": {
            w
            for n in (
                "declaration",
                "constant",
                "operator-word",
                "secret",
                "tables",
                "param",
                "component",
            )
            for w in of(n)
        },
    }
    same("dmsl.tmLanguage.json", got, wanted)
    text = open(os.path.join(EDITOR, "dmsl.vim"), encoding="utf-8").read()

    def groups(*kinds):
        lines = [
            x
            for x in text.splitlines()
            for k in kinds
            if re.search(rf"syntax \w+ {k}\b|matchgroup={k}\b", x)
        ]
        out = set()
        for line in lines:
            pattern = line.split("/")[1]
            pattern = re.sub(r"\\(z[se]|.)", " ", pattern)
            out |= set(re.findall(r"[a-z][a-z0-9_]+", pattern))
        return out

    same(
        "dmsl.vim",
        {
            "types": groups("dmslType") - {"for", "if"},
            "functions": groups("dmslFunction"),
            "keywords": groups("dmslWord", "dmslDeclaration", "dmslSecret", "dmslRule"),
        },
        wanted,
    )


def same(name, got, wanted):
    for kind, all_of in wanted.items():
        if got[kind] != all_of:
            complain(f"{name}, {kind}: lacks {all_of - got[kind]}, has {got[kind] - all_of}")
            if kind != "keywords":
                print('"editors.py update DMSL" writes them.')


if sys.argv[1] == "words":
    words(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "update":
    update(sys.argv[2])
else:
    {"textmate": textmate, "vim": vim}[sys.argv[1]](sys.argv[2], sys.argv[3:])
sys.exit(bad)
