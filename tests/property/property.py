"""Properties of plan and apply on random programs, with the test provider.

Each case is made from one number. A failure prints it:

    DMSL_PROPERTY_SEED=N DMSL_PROPERTY_COUNT=1 sh tests/property/property.sh

DMSL_PROPERTY_COUNT=500 tries more; DMSL_PROPERTY_KEEP=1 keeps what failed.
Results are TAP, one line a property.
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

BUILD = os.environ["DMSL_BUILDDIR"]
DMSL = os.path.join(BUILD, "tests", "dmsl-test")
TYPES = ["box", "disk", "net", "job", "slow"]
# All that an apply may meet and still end well: it tries again by itself.
HARMLESS = "rate lost 12\nrate timeout 6\nrate throttled 6\nrate unavailable 6\n"
# Steps fail, and the next apply goes on.
HARMFUL = HARMLESS + "rate denied 8\nrate failed 8\nrate late 8\nrate conflict 6\n"
CHANGES = {"create", "update", "destroy", "run"}


class Wrong(Exception):
    """A property does not hold."""


def need(holds, text):
    if not holds:
        raise Wrong(text)


# -- Random programs ---------------------------------------------------------


class Block:
    """A resource, with its instances, as the text has it."""

    def __init__(self, kind, name, keys):
        self.kind, self.name, self.keys = kind, name, keys
        self.attrs = {}
        self.creates_first = False

    def refs(self):
        """What others may refer to: expressions of single instances."""
        at = f"{self.kind}.{self.name}"
        return [f'{at}["{k}"]' for k in self.keys] if self.keys else [at]

    def text(self):
        loop = ""
        if self.keys:
            loop = " for k in [" + ", ".join(f'"{k}"' for k in self.keys) + "]"
        body = "".join(f"  {k} = {v}\n" for k, v in self.attrs.items())
        if self.creates_first:
            body += "  lifecycle { create_before_destroy = true }\n"
        return f"{self.kind} {self.name}{loop} {{\n{body}}}\n"


class Program:
    """A stack; change() makes it a later version of itself."""

    def __init__(self, rng, most, moves=True):
        self.rng = rng
        self.has_moves = moves
        self.count = 0
        self.blocks = []
        self.pairs = []  # instances of the component
        self.moves = []
        for _ in range(rng.randint(1, most)):
            self.add()
        for i in range(rng.choice([0, 0, 1, 2])):
            self.pairs.append([f"p{i}", rng.randint(1, 9)])

    def add(self):
        rng = self.rng
        kind = rng.choice(TYPES * 2 + ["data"])
        keys = []
        if rng.random() < 0.25:
            keys = sorted(rng.sample("abcd", rng.randint(1, 3)))
        b = Block(kind, f"r{self.count}", keys)
        self.count += 1
        self.fill(b, self.blocks)
        self.blocks.append(b)

    def value(self, earlier):
        """An expression of any type, perhaps with a reference."""
        rng = self.rng
        refs = [
            r + rng.choice([".stamp", ".arn", ".id"])
            for b in earlier
            if b.kind != "data"
            for r in b.refs()
        ]
        simple = [str(rng.randint(0, 5)), f'"t{rng.randint(0, 5)}"', "param_a", "let_a"]
        pick = rng.random()
        if refs and pick < 0.6:
            r = rng.choice(refs)
            return rng.choice([r, f"[{r}, {rng.choice(simple)}]", f'"x${{{r}}}y"',
                               f"{{ a = {r}  b = {rng.choice(refs)} }}"])
        if pick < 0.8:
            return rng.choice(simple)
        return "[" + ", ".join(rng.choices(simple, k=rng.randint(0, 3))) + "]"

    def fill(self, b, earlier):
        rng = self.rng
        if b.kind == "data":
            b.attrs["value"] = self.value(earlier)
            return
        users = [r for e in earlier if e.kind != "data" for r in e.refs()]
        if users and rng.random() < 0.6:
            picked = sorted(set(rng.choices(users, k=rng.randint(1, 3))))
            b.attrs["uses"] = "[" + ", ".join(picked) + "]"
        if rng.random() < 0.5:
            b.attrs["sees"] = self.value(earlier)
        if rng.random() < 0.5:
            b.attrs["size"] = str(rng.randint(1, 4))
        if rng.random() < 0.3:
            b.attrs["label"] = f'"{rng.choice("lmn")}"'
        b.creates_first = rng.random() < 0.2
        if b.kind == "job" and rng.random() < 0.7:
            b.attrs["work"] = f'"{rng.choice("vw")}"'

    def mentions(self, b):
        word = re.compile(rf"\b{b.kind}\.{b.name}\b")
        return any(word.search(v) for o in self.blocks for v in o.attrs.values())

    def move(self, b):
        """Gives the block another name; what it was stays what it is."""
        old, b.name = f"{b.kind}.{b.name}", f"r{self.count}"
        self.count += 1
        word = re.compile(rf"\b{re.escape(old)}\b")
        for o in self.blocks:
            o.attrs = {k: word.sub(f"{b.kind}.{b.name}", v) for k, v in o.attrs.items()}
        self.moves.append(f"moved {old} -> {b.kind}.{b.name}\n")

    def change(self):
        rng = self.rng
        self.moves = []
        for b in list(self.blocks):
            pick = rng.random()
            at = self.blocks.index(b)
            if pick < 0.3:
                b.attrs = {}
                self.fill(b, self.blocks[:at])
            elif pick < 0.45 and not self.mentions(b):
                self.blocks.remove(b)
            elif pick < 0.5 and b.kind != "data" and self.has_moves:
                self.move(b)
            elif pick < 0.6 and b.keys and not self.mentions(b):
                b.keys = sorted(rng.sample("abcd", rng.randint(1, 3)))
        for _ in range(rng.randint(0, 3)):
            self.add()
        if not self.blocks:
            self.add()
        for p in self.pairs:
            p[1] = rng.randint(1, 9)
        if self.pairs and rng.random() < 0.3:
            self.pairs.pop()

    def text(self):
        rng = random.Random(self.count)
        parts = [b.text() for b in self.blocks]
        for name, size in self.pairs:
            parts.append(f"pair {name} {{ size = {size} }}\n")
            parts.append(f"box of_{name} {{ sees = pair.{name}.stamp }}\n")
        parts += self.moves
        # The order of the text says nothing.
        rng.shuffle(parts)
        return (
            "param param_a : number = 3\nlet let_a = [param_a, 1]\n"
            "component pair(size: number) {\n  box one { size = size }\n"
            "  disk two { uses = [box.one] }\n  output stamp = box.one.stamp\n}\n"
            "stack p { provider = cloud }\n" + "".join(parts)
        )


# -- A repository with a cloud -----------------------------------------------


class Place:
    def __init__(self, top, name):
        self.folder = os.path.join(top, name)
        os.makedirs(os.path.join(self.folder, "cloud"))
        for args in (["init", "-q", "--template=", "."], ["config", "user.name", "A"],
                     ["config", "user.email", "a@example.org"]):
            self.call(["git"] + args)
        self.said = ""

    def call(self, argv):
        r = subprocess.run(argv, cwd=self.folder, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors="replace", timeout=600)
        self.said = r.stdout
        need(r.returncode >= 0, f"{argv} was ended by signal {-r.returncode}:\n{r.stdout}")
        return r.returncode

    def write(self, text):
        with open(os.path.join(self.folder, "p.dmsl"), "w") as f:
            f.write(text)

    def faults(self, text):
        with open(os.path.join(self.folder, "cloud", "faults"), "w") as f:
            f.write(text)

    def dmsl(self, *args, status=0):
        code = self.call([DMSL, *args])
        need(status is None or code == status,
             f"dmsl {' '.join(args)}: exit status {code}:\n{self.said}")
        return code

    def apply(self, *args, status=0):
        return self.dmsl("apply", "p.dmsl", "--yes", *args, status=status)

    def calls(self):
        """The requests that the service was sent so far."""
        folder = os.path.join(self.folder, "cloud")
        out = []
        for name in sorted(os.listdir(folder)):
            if name.startswith("calls."):
                with open(os.path.join(folder, name)) as f:
                    out += [json.loads(line) for line in f]
        return out

    def objects(self):
        self.call([DMSL, "cloud", "objects", "cloud"])
        return self.said

    def state(self):
        self.call(["git", "show", "dmsl/state:p.dmstate.json"])
        return self.said

    def refs(self):
        self.call(["git", "for-each-ref"])
        return self.said

    def resources(self):
        return json.loads(self.state())["resources"]


def plain(text):
    """Without what is random, or made from the run."""
    text = re.sub(r'"uid": "[0-9a-f]+"', '"uid": ""', text)
    text = re.sub(r'"stack":"p/[0-9a-f]+"', '"stack":""', text)
    # A name beside that of the object it replaces.
    text = re.sub(r'("p-[\w-]+)-[0-9a-f]{6}"', r'\1"', text)
    return re.sub(r"data-[0-9a-f]{16}", "data-", text)


def ageless(text):
    """Also without how often an object was made, and how a job was run.

    What only the service knows is in the state when something else is written.
    """
    text = re.sub(r"(-[0-9a-f]{12})\.[0-9]+", r"\1", plain(text))
    text = re.sub(r'"runs": ?[0-9]+', '"runs": 0', text)
    return re.sub(r'"loaded": ?(null|"\w+")', '"loaded": null', text)


def differ(what, want, got):
    w, g = want.split("\n"), got.split("\n")
    if w == g:
        return
    lines = [f"{what} differ"]
    for a, b in zip(w + [""] * len(g), g + [""] * len(w)):
        if a != b and len(lines) < 12:
            lines += [f"  wanted {a}", f"     got {b}"]
    raise Wrong("\n".join(lines))


def check_plan_writes_nothing(p):
    """Neither at the service nor in the repository's refs; its exit status."""
    before, refs = len(p.calls()), p.refs()
    code = p.dmsl("plan", "p.dmsl", "--detailed-exitcode", status=None)
    said = p.said
    wrote = [c for c in p.calls()[before:] if c["call"] in CHANGES]
    need(not wrote, f"plan wrote: {wrote}")
    need(refs == p.refs(), f"plan changed a ref:\n{p.said}")
    need(code in (0, 2), f"plan ended with {code}:\n{said}")
    p.said = said
    return code


def check_whole(p):
    """Nothing to do, nothing at the service that the state does not have."""
    code = check_plan_writes_nothing(p)
    need(code == 0, f"the plan after an apply is not empty:\n{p.said}")
    have = sorted(json.loads(line)["id"] for line in p.objects().splitlines())
    known = sorted(r["id"] for r in p.resources().values() if r["provider"] == "cloud")
    need(have == known, f"the service has {have}, the state {known}")
    check_order(p)


def check_order(p):
    """Nothing was to be destroyed while it was in use, unless a fault said so."""
    for c in p.calls():
        need(c["outcome"] != "conflict" or "fault" in c,
             f"destroyed before its users: {c}")


def until_done(p, *args):
    for _ in range(80):
        if p.apply(*args, status=None) == 0:
            return
    raise Wrong(f"not done after 80 applies:\n{p.said}")


# -- Properties --------------------------------------------------------------


def fix_point(rng, top):
    program = Program(rng, 12)
    p = Place(top, "a")
    for _ in range(3):
        p.write(program.text())
        check_plan_writes_nothing(p)
        p.apply("--parallel", str(rng.randint(1, 12)))
        check_whole(p)
        program.change()


def order_does_not_matter(rng, top):
    program = Program(rng, 12)
    texts = [program.text()]
    program.change()
    texts.append(program.text())
    ends = []
    for i in range(3):
        p = Place(top, f"o{i}")
        if i:
            p.faults(f"seed {rng.randint(0, 10**9)}\n{HARMLESS}")
        for text in texts:
            p.write(text)
            p.apply("--parallel", str([1, 3, 16][i]))
        ends.append((plain(p.state()), plain(p.objects())))
        check_order(p)
    for end in ends[1:]:
        differ("states", ends[0][0], end[0])
        differ("objects", ends[0][1], end[1])


def history_does_not_matter(rng, top):
    # Ids tell under which address an object was made.
    program = Program(rng, 12, moves=False)
    p, fresh = Place(top, "h"), Place(top, "f")
    for _ in range(3):
        p.write(program.text())
        p.apply()
        program.change()
    text = program.text()
    for q in (p, fresh):
        q.write(text)
        q.apply()
    differ("states", ageless(fresh.state()), ageless(p.state()))
    differ("objects", ageless(fresh.objects()), ageless(p.objects()))


def failures_are_made_good(rng, top):
    program = Program(rng, 8)
    p, calm = Place(top, "x"), Place(top, "c")
    for _ in range(2):
        for q in (p, calm):
            q.write(program.text())
        p.faults(f"seed {rng.randint(0, 10**9)}\nmost 3\n{HARMFUL}")
        until_done(p, "--parallel", str(rng.randint(1, 12)))
        calm.apply()
        p.faults("")
        check_whole(p)
        # What was read is written with the next thing that changes.
        for q in (p, calm):
            q.write(program.text() + "box last {}\n")
            q.apply()
        differ("states", ageless(calm.state()), ageless(p.state()))
        differ("objects", ageless(calm.objects()), ageless(p.objects()))
        program.change()


def drift_is_mended(rng, top):
    p = Place(top, "d")
    p.write(Program(rng, 10).text())
    p.apply()
    want = ageless(p.state()), ageless(p.objects())
    for line in p.objects().splitlines():
        o = json.loads(line)
        pick = rng.random()
        if pick < 0.3:
            p.call([DMSL, "cloud", "set", "cloud", o["id"], "size", "7"])
        elif pick < 0.5:
            # One that is in use stays.
            p.call([DMSL, "cloud", "delete", "cloud", o["id"]])
    before = len(p.calls())
    p.apply()
    need(not [c for c in p.calls()[before:] if c["outcome"] == "conflict"],
         "an object was to be destroyed while it was in use")
    differ("states", want[0], ageless(p.state()))
    differ("objects", want[1], ageless(p.objects()))


def destroy_leaves_nothing(rng, top):
    program = Program(rng, 12)
    p = Place(top, "e")
    for _ in range(2):
        p.write(program.text())
        p.apply()
        program.change()
    if rng.random() < 0.5:
        p.faults(f"seed {rng.randint(0, 10**9)}\n{HARMFUL}")
    for _ in range(80):
        if p.dmsl("destroy", "p.dmsl", "--yes", status=None) == 0:
            break
    p.faults("")
    need(p.objects() == "", f"left at the service: {p.said}")
    need(not p.resources(), "left in the state")
    check_order(p)


def parts_make_the_whole(rng, top):
    program = Program(rng, 12)
    p, whole = Place(top, "s"), Place(top, "w")
    p.dmsl("apply", "--help")
    if "--only" not in p.said or "--except" not in p.said:
        return "there is no --only"
    for _ in range(2):
        for q in (p, whole):
            q.write(program.text())
        b = rng.choice([b for b in program.blocks])
        pick = rng.choice(b.refs())
        p.apply("--only", pick)
        p.apply("--except", pick)
        whole.apply()
        check_whole(p)
        differ("states", ageless(whole.state()), ageless(p.state()))
        differ("objects", ageless(whole.objects()), ageless(p.objects()))
        program.change()
    return None


PROPERTIES = [
    fix_point,
    order_does_not_matter,
    history_does_not_matter,
    failures_are_made_good,
    drift_is_mended,
    destroy_leaves_nothing,
    parts_make_the_whole,
]


def try_case(prop, seed):
    """What was skipped and why, or None; Wrong is raised."""
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    top = tempfile.mkdtemp(prefix="dmsl-property-", dir=where)
    os.environ["HOME"] = top
    keep = False
    try:
        return prop(random.Random(f"{prop.__name__} {seed}"), top)
    except Exception:
        keep = bool(os.environ.get("DMSL_PROPERTY_KEEP"))
        if keep:
            print(f"# see {top}")
        raise
    finally:
        if not keep:
            shutil.rmtree(top)


def try_property(prop, first, count):
    for seed in range(first, first + count):
        try:
            skipped = try_case(prop, seed)
        except Exception as e:
            why = str(e) if isinstance(e, Wrong) else traceback.format_exc()
            print("\n".join("# " + line for line in why.splitlines()[:60]))
            print(f"# again with DMSL_PROPERTY_SEED={seed} DMSL_PROPERTY_COUNT=1 "
                  f"DMSL_PROPERTY_ONLY={prop.__name__}")
            return False, None
        if skipped:
            return True, skipped
    return True, None


def main():
    for name in ("DMSL_STATE_KEY", "DMSL_STATE_KEY_FILE", "DMSL_CLOUD", "GIT_DIR"):
        os.environ.pop(name, None)
    os.environ.update(DMSL_TEST_SPEED="100", GIT_CONFIG_NOSYSTEM="1",
                      GIT_CONFIG_GLOBAL="/dev/null")
    asked = os.environ.get("DMSL_PROPERTY_COUNT")
    count = int(asked or 8)
    # The suite is the same each time; who asks for a number gets new programs.
    first = random.randrange(10**9) if asked else 1
    first = int(os.environ.get("DMSL_PROPERTY_SEED") or first)
    only = os.environ.get("DMSL_PROPERTY_ONLY")
    props = [p for p in PROPERTIES if not only or p.__name__ == only]
    print(f"# DMSL_PROPERTY_SEED={first}")
    print(f"1..{len(props)}")
    failed = 0
    for i, prop in enumerate(props, 1):
        good, skipped = try_property(prop, first, count)
        failed += not good
        print(("ok" if good else "not ok") + f" {i} - {prop.__name__.replace('_', ' ')}"
              + (f" # SKIP {skipped}" if skipped else ""), flush=True)
    sys.exit(failed > 0)


main()
