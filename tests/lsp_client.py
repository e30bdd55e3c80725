"""A client of dmsl lsp over its pipes, and what tests of it are made of: see
tests/lsp.py, which names the program as its first argument."""

import json
import os
import queue
import subprocess
import sys
import threading
import urllib.parse

DMSL = sys.argv[1]
WAIT = 60  # seconds for an answer
bad = []  # what was not so


def expect(what, got, wanted):
    if got != wanted:
        bad.append(what)
        print(f"{what}:\n  got    {got!r}\n  wanted {wanted!r}")


def expect_in(what, part, whole):
    if part not in whole:
        bad.append(what)
        print(f"{what}: {part!r} is not in\n  {whole!r}")


def expect_not_in(what, part, whole):
    if part in whole:
        bad.append(what)
        print(f"{what}: {part!r} is in\n  {whole!r}")


def uri_of(path):
    return "file://" + urllib.parse.quote(os.path.abspath(path))


def units(text, encoding):
    """What a text counts in characters of LSP."""
    if encoding == "utf-8":
        return len(text.encode())
    return len(text.encode("utf-16-le")) // 2


def split_lines(text):
    """Lines with their ends, as LSP has them: \\n, \\r\\n, \\r."""
    lines, at = [], 0
    for i, c in enumerate(text):
        if c == "\n" or (c == "\r" and text[i + 1 : i + 2] != "\n"):
            lines.append(text[at : i + 1])
            at = i + 1
    return lines + [text[at:]]


def position(text, index, encoding="utf-16"):
    """Of a character of a text, by its index."""
    lines = split_lines(text)
    for number, line in enumerate(lines):
        if index < len(line) or number == len(lines) - 1:
            return {"line": number, "character": units(line[:index], encoding)}
        index -= len(line)
    return None


def span(text, part, nth=0, encoding="utf-16"):
    """The range of the nth occurrence of a part."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(part, at + 1)
    return {
        "start": position(text, at, encoding),
        "end": position(text, at + len(part), encoding),
    }


class Server:
    def __init__(self, encodings=None, start=True, watches=False):
        self.process = subprocess.Popen(
            [DMSL, "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.received = queue.Queue()
        self.notes = []
        self.found = {}
        self.last_id = 0
        self.encoding = "utf-16"
        threading.Thread(target=self.receive, daemon=True).start()
        if start:
            general = {"positionEncodings": encodings} if encodings else {}
            files = {"didChangeWatchedFiles": {"dynamicRegistration": watches}}
            able = {"general": general, "workspace": files}
            answer = self.ask("initialize", {"capabilities": able})
            self.encoding = answer["capabilities"]["positionEncoding"]
            self.tell("initialized", {})

    def receive(self):
        out = self.process.stdout
        while True:
            length = 0
            while (line := out.readline()) not in (b"\r\n", b""):
                name, value = line.decode().split(":")
                if name == "Content-Length":
                    length = int(value)
            if not length:
                break
            self.received.put(json.loads(out.read(length)))
        self.received.put(None)

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def next(self):
        message = self.received.get(timeout=WAIT)
        if message and message.get("method") == "textDocument/publishDiagnostics":
            p = message["params"]
            self.found[p["uri"]] = p
        elif message and "method" in message:
            self.notes.append(message)
        return message

    def answer(self, number):
        while True:
            message = self.next()
            if message is None:
                raise EOFError("the server has gone")
            if message.get("id") == number and "method" not in message:
                return message

    def ask_raw(self, method, params):
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        return self.answer(self.last_id)

    def ask(self, method, params):
        message = self.ask_raw(method, params)
        if "error" in message:
            raise ValueError(f"{method}: {message['error']}")
        return message["result"]

    def open(self, path, text, version=1):
        self.tell(
            "textDocument/didOpen",
            {
                "textDocument": {
                    "uri": uri_of(path),
                    "languageId": "dmsl",
                    "version": version,
                    "text": text,
                }
            },
        )

    def change(self, path, changes, version=2):
        self.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri_of(path), "version": version},
                "contentChanges": changes,
            },
        )

    def findings(self, path, version=None):
        """Waits for them."""
        uri = uri_of(path)
        while uri not in self.found or (
            version is not None and self.found[uri].get("version") != version
        ):
            if self.next() is None:
                raise EOFError("the server has gone")
        return self.found.pop(uri)["diagnostics"]

    def at(self, method, path, text, part, nth=0, offset=0, **more):
        """Asks about the place of a part of a text."""
        start = span(text, part, nth, self.encoding)["start"]
        start["character"] += offset
        return self.ask_raw(
            "textDocument/" + method,
            {"textDocument": {"uri": uri_of(path)}, "position": start, **more},
        )

    def answer_to_text(self):
        """A question whose id is a text; gives the id of the answer."""
        self.send({"id": "one", "method": "shutdown", "params": None})
        return self.answer("one")["id"]

    def leave(self):
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self.process.wait(WAIT)


def result(message):
    if "error" in message:
        expect("an answer", message["error"], None)
    return message.get("result")


def apply(text, edits, encoding):
    """A text with edits of the server in it."""
    lines = split_lines(text)

    def index(p):
        before = sum(len(x) for x in lines[: p["line"]])
        line = lines[p["line"]]
        for i in range(len(line) + 1):
            if units(line[:i], encoding) == p["character"]:
                return before + i
        raise ValueError(f"no such place: {p}")

    for e in sorted(edits, key=lambda e: index(e["range"]["start"]), reverse=True):
        start, end = index(e["range"]["start"]), index(e["range"]["end"])
        text = text[:start] + e["newText"] + text[end:]
    return text
