"""A test is a function marked @case("title"); main() runs them in order, in TAP."""

import sys
import time
import traceback

cases = []


def case(title):
    def register(function):
        cases.append((title, function))
        return function
    return register


def main():
    failed = 0
    for number, (title, function) in enumerate(cases, 1):
        try:
            function()
            print(f"ok {number} - {title}", flush=True)
        except Exception:  # a failed case must not keep the others from running
            failed += 1
            print(f"not ok {number} - {title}")
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
    print(f"1..{len(cases)}")
    sys.exit(failed > 0)


def until(look, wanted, seconds=20):
    """Looks until it sees what is wanted."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen == wanted:
            return
        assert time.monotonic() < end, f"still {seen}, not {wanted}"
        time.sleep(0.02)


def refused(code, function, **parameters):
    """The call must fail with this code."""
    from botocore.exceptions import ClientError
    try:
        function(**parameters)
    except ClientError as error:
        seen = error.response["Error"]["Code"]
        assert seen == code, f"{seen}, not {code}: {error}"
        return
    raise AssertionError(f"{function.__name__} succeeded instead of {code}")
