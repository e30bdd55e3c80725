"""dmsl console at a terminal. Types keys into a pseudo-terminal and looks at what
comes back and at the history. Prints what is not so; exits 1 if anything is."""

import os
import pty
import select
import signal
import stat
import sys
import time

DMSL, STACK = sys.argv[1:3]
HISTORY = os.environ["XDG_STATE_HOME"] + "/dmsl/history"
PATIENCE = 30
bad = 0


class Terminal:
    def __init__(self):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(DMSL, [DMSL, "console", STACK])

    def read(self):
        ready = select.select([self.fd], [], [], 0.2)[0]
        try:
            data = os.read(self.fd, 65536) if ready else b""
        except OSError:
            data = b""
        self.seen += data.decode(errors="replace")

    def expect(self, text):
        """Waits for a text behind what was last waited for; a prompt is the last
        of all, or it is only a line that is drawn anew."""
        end = time.monotonic() + PATIENCE
        is_prompt = text in ("> ", ". ")
        while time.monotonic() < end:
            if self.seen.endswith(text) if is_prompt else text in self.seen:
                break
            self.read()
        else:
            check(False, f"{text!r} does not come, but {self.seen!r}")
        self.seen = "" if is_prompt else self.seen.partition(text)[2]

    def type(self, keys, *answers):
        os.write(self.fd, keys.encode())
        for text in answers:
            self.expect(text)

    def end(self):
        self.type("\x04")
        last = time.monotonic() + PATIENCE
        while not (ended := os.waitpid(self.pid, os.WNOHANG))[0]:
            if time.monotonic() > last:
                os.kill(self.pid, signal.SIGKILL)
                ended = os.waitpid(self.pid, 0)
                break
            self.read()
        status = ended[1]
        os.close(self.fd)
        check(status == 0, f"status {status}")


def check(is_so, what):
    global bad
    if not is_so:
        bad = 1
        print(what)


def kept():
    with open(HISTORY, encoding="utf-8") as lines:
        return lines.read().splitlines()


t = Terminal()
t.expect("> ")
t.type("1 + rows\r", "5\r\n", "> ")
# One word goes on; several are listed; a member comes from the value.
t.type("data.\t\t", "held  other\r\n", "data.")
t.type("h\t", "eld")
t.type(".va\t", "lue")
t.type("\r", '"kept"\r\n', "> ")
t.type("json_e\t", "ncode(")
t.type("1)\r", '"1"\r\n', "> ")
# Brackets that are open ask for more; Ctrl-C gives all of it up.
t.type("[1,\r", ". ")
t.type("2]\r", "[1, 2]\r\n", "> ")
t.type("[1,\r", ". ")
t.type("\x03", "^C\r\n", "> ")
t.type("rows\x03", "^C\r\n", "> ")
t.type('reveal("hunter2")\r', '"hunter2"\r\n', "> ")
t.type('secret("hunter2")\r', "(secret)\r\n", "> ")
t.type(" 77\r", "77\r\n", "> ")
t.type("let decade = 10\r", "> ")
t.type("deca\t", "de")
t.type(" * 2\r", "20\r\n", "> ")
t.type("nothing_such\r", 'unknown name "nothing_such"', "> ")
t.end()

check(stat.S_IMODE(os.stat(HISTORY).st_mode) == 0o600, "the history can be read by others")
check(
    kept()
    == ["1 + rows", "data.held.value", "json_encode(1)", "[1,", "2]", "let decade = 10"]
    + ["decade * 2", "nothing_such"],
    f"the history is {kept()}",
)

# A later session has it, and adds to it.
t = Terminal()
t.expect("> ")
t.type("\x1b[A\x1b[A\x1b[A\r", "> ")
t.type("decade\r", "10\r\n", "> ")
t.end()
check(kept()[-2:] == ["let decade = 10", "decade"], f"then it is {kept()}")

# What is too much is dropped from the front.
os.chmod(HISTORY, 0o644)
with open(HISTORY, "w", encoding="utf-8") as out:
    out.writelines(f"{n}\n" for n in range(5000))
t = Terminal()
t.expect("> ")
t.type("\x1b[A\r", "4999\r\n", "> ")
t.type("5000\r", "5000\r\n", "> ")
t.end()
check(len(kept()) == 1002 and kept()[-1] == "5000", f"{len(kept())} lines are kept")
check(stat.S_IMODE(os.stat(HISTORY).st_mode) == 0o600, "the mode stays")

# Nowhere to keep it: it works all the same.
os.environ["XDG_STATE_HOME"] = "/dev/null"
t = Terminal()
t.expect("> ")
t.type("1 + 1\r", "2\r\n", "> ")
t.end()
sys.exit(bad)
