#!/usr/bin/env python3
"""Times dmsl, and OpenTofu where it is told to, over stacks of data resources.

Each row of the table is one shape and size. A cell is the median time beyond
that of `dmsl version`, in milliseconds; "KB each" the peak of the resident set
beyond that of `dmsl version`, by resource; "x2" the least time of twice as many
resources by the least of these, t(2n)/t(n). Memory is made ready before each
command (measure.c says why), but with --cold. Nothing fails for being slow.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
STACK = os.path.join(HERE, "stack.py")
COMMANDS = ["validate", "first plan", "apply", "no-op plan", "destroy"]


class Failed(Exception):
    pass


def generate(form, shape, n, path):
    with open(path, "w") as out:
        subprocess.run(
            [sys.executable, STACK, "--for", form, "--shape", shape, str(n)],
            stdout=out,
            check=True,
        )


class Tool:
    """What differs between the two programs."""

    def __init__(self, program, folder, args):
        self.is_cpu = args.cpu
        self.is_cold = args.cold
        self.program = program
        self.measure = os.path.abspath(args.measure)
        self.folder = folder
        self.result = os.path.join(folder, "measured")
        self.log = os.path.join(folder, "log")
        self.version = self.median(["version"], 9, folder)

    def once(self, command, cwd, n=0):
        ready = 0 if self.is_cold else n * self.most_kilobytes
        with open(self.log, "w") as log:
            subprocess.run(
                [self.measure, self.result, str(ready), self.program] + command,
                cwd=cwd,
                env=dict(os.environ, **self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=True,
            )
        with open(self.result) as f:
            us, cpu, kilobytes, status = map(int, f.read().split())
        if status:
            with open(self.log) as log:
                raise Failed(
                    "%s %s: status %d\n%s"
                    % (self.program, " ".join(command), status, log.read()[-2000:])
                )
        return (cpu if self.is_cpu else us) / 1000, kilobytes

    def median(self, command, rounds, cwd):
        seen = [self.once(command, cwd) for _ in range(rounds)]
        return tuple(statistics.median(s[i] for s in seen) for i in (0, 1))


class Dmsl(Tool):
    form = "dmsl"
    most_kilobytes = 8  # a resource
    environment = {}
    file = "bench.dmsl"

    def prepare(self, cwd):
        git = ["git", "-C", cwd]
        subprocess.run(git + ["init", "-q"], check=True)
        for key in ("user.name", "user.email"):
            subprocess.run(git + ["config", key, "bench"], check=True)

    def command(self, name):
        return {
            "validate": ["validate", self.file],
            "first plan": ["plan", self.file],
            "apply": ["apply", self.file, "--yes"],
            "no-op plan": ["plan", self.file],
            "destroy": ["destroy", self.file, "--yes"],
        }[name]


class Opentofu(Tool):
    form = "opentofu"
    most_kilobytes = 90
    environment = {"CHECKPOINT_DISABLE": "1"}  # asks a server for news
    file = "main.tf"

    def prepare(self, cwd):
        self.once(["init", "-no-color"], cwd)

    def command(self, name):
        return {
            "validate": ["validate"],
            "first plan": ["plan", "-no-color"],
            "apply": ["apply", "-auto-approve", "-no-color"],
            "no-op plan": ["plan", "-no-color"],
            "destroy": ["destroy", "-auto-approve", "-no-color"],
        }[name]


def stack(tool, shape, n):
    """A folder with the stack in it."""
    cwd = tempfile.mkdtemp(dir=tool.folder)
    generate(tool.form, shape, n, os.path.join(cwd, tool.file))
    tool.prepare(cwd)
    return cwd


def run(tool, shape, n, rounds):
    """Command -> ms beyond version, KB a resource beyond version, and t(2n)/t(n).

    The machine's own speed changes while all of this goes on, so what is
    compared is measured in turn.
    """
    folders = {k: stack(tool, shape, k) for k in (n, 2 * n)}
    seen = {k: {c: [] for c in COMMANDS} for k in folders}
    version = []
    for _ in range(rounds):
        version.append(tool.once(["version"], tool.folder))
        for c in COMMANDS:
            for k, cwd in folders.items():
                seen[k][c].append(tool.once(tool.command(c), cwd, k))
    for cwd in folders.values():
        shutil.rmtree(cwd)

    def beyond(k, c, choose):
        return choose(s[0] for s in seen[k][c]) - choose(v[0] for v in version)

    return {
        c: (
            beyond(n, c, statistics.median),
            (max(s[1] for s in seen[n][c]) - version[0][1]) / n,
            beyond(2 * n, c, min) / max(beyond(n, c, min), 0.001),
        )
        for c in COMMANDS
    }


def table(tool, shapes, sizes, rounds):
    head = "%-10s %-6s %8s" % ("program", "shape", "n")
    for c in COMMANDS:
        head += " %10s %7s %5s" % (c, "KB each", "x2")
    print(
        "%s: `version` takes %.1f ms and %d KB"
        % (tool.form, tool.version[0], tool.version[1])
    )
    print(head, flush=True)
    rows = []
    for shape in shapes:
        for n in sizes:
            measured = run(tool, shape, n, rounds)
            line = "%-10s %-6s %8d" % (tool.form, shape, n)
            for c in COMMANDS:
                ms, kilobytes, ratio = measured[c]
                line += " %10.1f %7.1f %5.2f" % (ms, kilobytes, ratio)
                rows.append(
                    {
                        "program": tool.form,
                        "shape": shape,
                        "n": n,
                        "command": c,
                        "ms": round(ms, 2),
                        "kb_each": round(kilobytes, 2),
                        "ratio": round(ratio, 3),
                    }
                )
            print(line, flush=True)
    return rows


STAGES = ["lex", "layout", "parse", "load", "expand"]


def stages_of(program, shape, n, folder):
    """Stage -> (ms, MB of text a second, bytes of memory for each of text)."""
    path = os.path.join(folder, "%s-%d.dmsl" % (shape, n))
    generate("dmsl", shape, n, path)
    out = subprocess.run(
        [program, path], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    os.remove(path)
    rows = [line.split() for line in out.splitlines()]
    return {r[0]: (float(r[1]), float(r[3]), float(r[5])) for r in rows}


def front_end(program, shapes, sizes, folder):
    """The front end alone: what each stage takes, those before it included."""
    head = "%-6s %8s" % ("shape", "n")
    for stage in STAGES:
        head += " %9s %5s %5s %5s" % (stage + " ms", "MB/s", "B/B", "x2")
    print("the front end: B/B is bytes of memory for each of text")
    print(head, flush=True)
    rows = []
    for shape in shapes:
        seen = {}
        for n in sizes:
            for k in (n, 2 * n):
                if k not in seen:
                    seen[k] = stages_of(program, shape, k, folder)
            line = "%-6s %8d" % (shape, n)
            for stage in STAGES:
                ms, speed, size = seen[n][stage]
                ratio = seen[2 * n][stage][0] / ms
                line += " %9.2f %5.0f %5.1f %5.2f" % (ms, speed, size, ratio)
                rows.append(
                    {
                        "program": "stages",
                        "shape": shape,
                        "n": n,
                        "command": stage,
                        "ms": ms,
                        "mb_per_s": speed,
                        "bytes_each": size,
                        "ms_2n": seen[2 * n][stage][0],
                        "ratio": round(ratio, 3),
                    }
                )
            print(line, flush=True)
    return rows


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--dmsl", default="./dmsl", help="the program")
    p.add_argument("--measure", default="tests/bench/measure")
    p.add_argument("--stages", help="also the front end alone: tests/bench/stages")
    p.add_argument(
        "--opentofu", help="also this program: tofu, or one that takes its arguments"
    )
    p.add_argument("--only-opentofu", action="store_true")
    p.add_argument(
        "--only-stages", action="store_true", help="the front end and no commands"
    )
    p.add_argument("--sizes", default="1000,10000,100000")
    p.add_argument("--shapes", default="chain,fan,cross")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument(
        "--cpu",
        action="store_true",
        help="time of the processors, where others use the machine too",
    )
    p.add_argument(
        "--cold",
        action="store_true",
        help="leave the memory as the command before left it",
    )
    p.add_argument("--json", help="a file for the numbers")
    args = p.parse_args()
    sizes = [int(n) for n in args.sizes.split(",")]
    shapes = args.shapes.split(",")
    folder = tempfile.mkdtemp(prefix="dmsl-bench.")
    rows = []
    try:
        if args.stages:
            rows += front_end(os.path.abspath(args.stages), shapes, sizes, folder)
        tools = []
        if not args.only_opentofu and not args.only_stages:
            tools.append(Dmsl(os.path.abspath(args.dmsl), folder, args))
        if args.opentofu and not args.only_stages:
            tools.append(Opentofu(args.opentofu, folder, args))
        for tool in tools:
            rows += table(tool, shapes, sizes, args.rounds)
    except Failed as e:
        sys.exit(str(e))
    finally:
        shutil.rmtree(folder)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(rows, out, indent=1)


if __name__ == "__main__":
    main()
