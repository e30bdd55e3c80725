r"""The examples of dmsl(5), run. Each stands in a literal display below a comment
that says what it must do:

    .\" example: good           it validates, and nothing is found but that a part
                                of a stack does not use all of it
    .\" example: E0203          exactly this is found
    .\" example: values         each line is a let, or an expression, blanks, "#"
                                and what it gives: a value, or a finding's code
    .\" example: params         lines of a params file
    .\" with: vpc main { }      more text that it needs, above it and below;
    .\" then: }                 any number of lines

A stack block is added where there is none. Prints what is not so; exits 1 if
anything is, a display without such a comment included."""

import os
import re
import subprocess
import sys

DMSL, PAGE = sys.argv[1:3]
UNUSED = {"W0201"}
ESCAPES = {r"\e": "\\", r"\&": "", r"\-": "-", r"\(ti": "~", r"\(ha": "^", r"\(aq": "'"}
bad = 0
count = 0


def complain(line, *what):
    global bad
    bad = 1
    print(f"{PAGE}:{line}:", *what)


def plain(line):
    return re.sub(r"\\(?:\(..|.)", lambda m: ESCAPES[m.group()], line)


def displays():
    """The number of its first line, what it must do, what it needs, and text."""
    kind, needs, behind, text, begun = None, [], [], None, 0
    with open(PAGE, encoding="utf-8") as page:
        for number, line in enumerate(page, 1):
            line = line.rstrip("\n")
            if text is not None:
                if line == ".Ed":
                    yield begun, kind, needs, text, behind
                    kind, needs, behind, text = None, [], [], None
                else:
                    text.append(plain(line))
            elif line.startswith('.\\" example: '):
                kind = line.split(": ", 1)[1]
            elif line.startswith('.\\" with: '):
                needs.append(line.split(": ", 1)[1])
            elif line.startswith('.\\" then: '):
                behind.append(line.split(": ", 1)[1])
            elif line.startswith(".Bd ") or line.startswith(".Dl"):
                if not line.startswith(".Bd -literal"):
                    complain(number, "an example is a literal display")
                text, begun = ([] if line.startswith(".Bd ") else None), number
            elif kind:
                complain(number, "there is no display below the mark")
                kind = None


def write(name, lines):
    text = "\n".join(lines) + "\n"
    if name == "example.dmsl" and not re.search("^stack ", text, re.M):
        text = "stack example { provider = local }\n" + text
    with open(name, "w", encoding="utf-8") as out:
        out.write(text)


def dmsl(*words, text=None):
    return subprocess.run(
        [DMSL, *words], input=text, capture_output=True, text=True, check=False
    )


def codes(run):
    return set(re.findall(r"\[([EW]\d{4})\]", run.stdout + run.stderr)) - UNUSED


def error(run):
    """The first error that is told, or nothing."""
    return next(iter(re.findall(r"error\[(E\d{4})\]", run.stderr)), "")


def check_values(begun, lines):
    cases = []
    pending = lets = ""
    for number, line in enumerate(lines, begun + 1):
        if line.startswith("let "):
            lets += line + "\n"
            continue
        found = re.fullmatch(r"(.*?)\s+# (.*)", line)
        pending += (found.group(1) if found else line) + "\n"
        if found:
            cases.append((number, pending, found.group(2)))
            pending = ""
    if pending.strip():
        complain(begun, "what does this give?", pending)
    for number, text, wanted in cases:
        run = dmsl("console", "example.dmsl", text=lets + text)
        got = error(run) or run.stdout.strip()
        if got != wanted:
            complain(number, text.strip(), "gives", got)


def check(begun, kind, needs, lines, behind):
    global count
    count += 1
    if kind == "values":
        write("example.dmsl", needs)
        check_values(begun, lines)
    elif kind == "params":
        write("example.dmsl", needs)
        write("params.dmslparams", lines)
        run = dmsl("validate", "--params", "params.dmslparams", "example.dmsl")
        if run.returncode or codes(run):
            complain(begun, run.stderr)
    elif kind == "good" or re.fullmatch("[EW][0-9]{4}", kind or ""):
        write("example.dmsl", needs + lines + behind)
        run = dmsl("validate", "example.dmsl")
        wanted = set() if kind == "good" else {kind}
        if codes(run) != wanted or bool(run.returncode) != (kind[0] == "E"):
            complain(begun, kind, run.stderr)
    else:
        complain(begun, "what must this example do?", kind)


os.environ["DMSL_PARAM_password"] = "hunter2"
for example in displays():
    check(*example)
if count < 20:
    complain(1, f"only {count} examples")
sys.exit(bad)
