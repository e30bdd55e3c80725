"""The examples of dmsl explain, run: the wrong one gives its code and no other,
the right one gives no finding. Prints what is not so; exits 1 if anything is."""

import re
import subprocess
import sys

DMSL = sys.argv[1]
bad = 0


def dmsl(*words):
    return subprocess.run([DMSL, *words], capture_output=True, text=True, check=False)


def example(page, title):
    found = re.search(rf"\n{title}:\n\n((?:    .*\n|\n(?=    ))+)", page)
    if not found:
        return None
    text = "".join(line[4:] + "\n" for line in found.group(1).splitlines())
    if not re.search("^stack ", text, re.M):
        text = "stack example { provider = local }\n" + text
    return text


for line in dmsl("explain").stdout.splitlines():
    code = line.split()[0]
    page = dmsl("explain", code).stdout
    for title, wanted in (("Wrong", {code}), ("Right", set())):
        text = example(page, title)
        if text is None:
            continue
        with open("example.dmsl", "w", encoding="utf-8") as out:
            out.write(text)
        run = dmsl("validate", "example.dmsl")
        codes = set(re.findall(r"\[([EW]\d{4})\]", run.stdout + run.stderr))
        # An example of something else may declare names and leave it at that.
        if code != "W0201":
            codes.discard("W0201")
        if codes != wanted:
            bad = 1
            print(f"{code}, {title}: {sorted(codes)}\n{text}{run.stderr}")
sys.exit(bad)
