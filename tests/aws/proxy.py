#!/usr/bin/env python3
"""proxy.py TARGET LOG FILE: a loopback proxy before moto that records. Writes its URL
to FILE. LOG gets one JSON object a line: a request and its answer, both as read by
botocore's models, what was wrong with the request, and the fault that was injected.
It holds what the client sent, secrets too: it belongs in a test's own folder.

POST /_proxy/faults with JSON sets the faults, {"seed": N, "faults": [...]}, each with
  kind        throttle, error500, error503, reset-before (not forwarded), reset-after
              (forwarded, the answer is lost), truncate, garbage, delay, stale, clock,
              expired
  rate        how likely it is, default 1
  operations  patterns such as "ec2:Create*", default all
  skip, times let so many calls pass first; inject at most so many
  seconds     of a delay; by how much the clock is off; how old a stale answer may be
  code, text, status  of an error (kind error), which is not forwarded
  members     of a JSON answer, instead of its own (kind answer)
POST /_proxy/mark/NAME begins a span of the log. GET /_proxy/wrong counts what was wrong.

stale: a read is answered as it was when it was last asked, but never twice in a row.
clock: the service's clock is off; a request that is signed for another time is refused,
with the service's time in Date, until the client corrects itself. expired: the access
key of the call is no longer valid from now on."""

import datetime
import email.utils
import fnmatch
import http.client
import http.server
import json
import random
import signal
import socket
import struct
import sys
import threading
import time
import urllib.parse

import wire

XML_ERROR = ("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}"
             "</Message></Error><RequestId>fault</RequestId></ErrorResponse>")
EC2_ERROR = ("<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error>"
             "</Errors><RequestID>fault</RequestID></Response>")


class Log:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.count = self.wrong = 0

    def write(self, **entry):
        with self.lock:
            self.count += 1
            self.wrong += len(entry.get("wrong", []))
            self.file.write(json.dumps({"n": self.count, **entry}, default=str) + "\n")
            self.file.flush()


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.set({})

    def set(self, config):
        with self.lock:
            self.random = random.Random(config.get("seed", 0))
            self.rules = [dict(rule) for rule in config.get("faults", [])]
            self.expired = set()

    def choose(self, name):
        """The rule that strikes this call, or None."""
        with self.lock:
            for rule in self.rules:
                if not any(fnmatch.fnmatchcase(name, pattern)
                           for pattern in rule.get("operations", ["*"])):
                    continue
                if rule.get("skip", 0) > 0:
                    rule["skip"] -= 1
                elif rule.get("times", 1) > 0 and self.random.random() < rule.get("rate", 1):
                    if "times" in rule:
                        rule["times"] -= 1
                    return rule
        return None


def error_answer(request, code, text, status):
    """An error in the form of the service."""
    protocol = wire.protocol(request.service) if request.service else "query"
    if protocol in ("json", "rest-json"):
        body = json.dumps({"__type": code, "message": text})
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    else:
        form = EC2_ERROR if protocol == "ec2" else XML_ERROR
        body, headers = form.format(code=code, text=text), {"Content-Type": "text/xml"}
    return status, headers, body.encode()


def throttled(request):
    if request.service == "ec2":
        return error_answer(request, "RequestLimitExceeded", "Request limit exceeded.", 503)
    json_service = request.service and wire.protocol(request.service) != "query"
    code = "ThrottlingException" if json_service else "Throttling"
    return error_answer(request, code, "Rate exceeded", 400)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer in one piece: two small ones wait for the client's delayed ACK.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/_proxy/"):
            self.control(body)
        else:
            self.serve(body)

    do_GET = do_PUT = do_DELETE = do_POST

    def log_message(self, *_arguments):
        pass

    def control(self, body):
        words = self.path.split("/")[2:]
        answer = b"\n"
        if words[0] == "faults":
            self.server.faults.set(json.loads(body))
        elif words[0] == "mark":
            self.server.log.write(mark=urllib.parse.unquote("/".join(words[1:])))
        elif words[0] == "wrong":
            answer = f"{self.server.log.wrong}\n".encode()
        self.reply(200, {}, answer)

    def serve(self, body):
        began = time.time()
        request = wire.Request(self.command, self.path, self.headers.items(), body)
        rule = self.server.faults.choose(f"{request.service}:{request.operation}") or {}
        kind = rule.get("kind")
        reads = (request.operation or "").startswith(("Describe", "List", "Get"))
        question = (request.service, request.operation, body)
        # Once: the next one that asks the same is told how it is.
        stale = None
        if kind == "stale":
            then, stale = self.server.last_read.pop(question, (0, None))
            stale = stale if began - then < rule["seconds"] else None
            kind = "stale" if stale else None
        answer = stale or self.fault_before(request, rule) or self.forward(body)
        status, headers, content = answer
        if reads and not kind:
            self.server.last_read[question] = began, answer
        if kind == "answer":
            content = json.dumps({**json.loads(content), **rule["members"]}).encode()
        code, parsed = wire.read_answer(request, status, headers, content)
        self.server.log.write(
            time=began, seconds=round(time.time() - began, 4), service=request.service,
            operation=request.operation, params=request.params, key=request.key,
            region=request.region, wrong=request.wrong, status=status, error=code,
            answer=parsed, fault=kind, body=body.decode("utf-8", "replace"))
        if kind in ("reset-before", "reset-after"):
            self.reset()
        elif kind == "truncate":
            self.reply(status, headers, content, content[:len(content) // 2])
        elif kind == "garbage":
            self.reply(status, headers, b"\x00<<<{\xff" * 40)
        else:
            if kind == "clock":
                headers["Date"] = email.utils.formatdate(
                    time.time() + rule["seconds"], usegmt=True)
            self.reply(status, headers, content)

    def fault_before(self, request, rule):
        """The answer of a call that is not forwarded, else None."""
        kind = rule.get("kind")
        if kind == "expired":
            self.server.faults.expired.add(request.key)
        if request.key in self.server.faults.expired:
            json_service = request.service and wire.protocol(
                request.service) in ("json", "rest-json")
            return error_answer(request, "ExpiredTokenException" if json_service else
                                "RequestExpired" if request.service == "ec2" else "ExpiredToken",
                                "The security token included in the request is expired", 403)
        if kind == "throttle":
            return throttled(request)
        if kind == "error500":
            return error_answer(request, "InternalFailure", "An internal error occurred.", 500)
        if kind == "error503":
            return error_answer(request, "ServiceUnavailable", "Unavailable.", 503)
        if kind == "error":
            return error_answer(request, rule["code"], rule["text"], rule.get("status", 400))
        if kind == "reset-before":
            return 0, {}, b""
        if kind == "delay":
            time.sleep(rule["seconds"])
        if kind == "clock":
            signed = datetime.datetime.strptime(
                request.headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
            if abs(signed - time.time() - rule["seconds"]) > 300:
                return error_answer(request, "RequestTimeTooSkewed",
                                    "The difference between the request time and the current "
                                    "time is too large.", 403)
        return None

    def forward(self, body):
        connection = http.client.HTTPConnection(self.server.target, timeout=180)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "content-length", "expect"):
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def reply(self, status, headers, content, sent=None):
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "date"):
                self.send_header(name, value)
        self.send_header("Date", headers.get("Date") or self.date_time_string())
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if sent is None else sent)
        if sent is not None:
            self.close_connection = True

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that is gone, killed perhaps, is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ValueError, OSError)):
            super().handle_error(request, client_address)


def main():
    target, log, url_file = sys.argv[1:]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    server = Server(("127.0.0.1", 0), Handler)
    server.target = urllib.parse.urlsplit(target).netloc
    server.log, server.faults, server.last_read = Log(log), Faults(), {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(url_file, "w", encoding="ascii") as file:
        file.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    signal.sigwait([signal.SIGTERM, signal.SIGINT])


if __name__ == "__main__":
    main()
