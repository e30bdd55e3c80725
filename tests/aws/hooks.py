"""How the start-up file changes moto. A handler of ours takes the place of moto's
for one operation; it may call moto's own. Everything that ours keep lives in the
service's backend, so that a reset of moto forgets it too.

The waits of AWS are played in Describes, not in seconds: an object is shown in a
passing state for DMSL_MOTO_PACE Describes (default 1), and then moves on."""

import contextlib
import datetime
import functools
import json
import os
import random
import string
import threading

import botocore.session
from botocore.validate import ParamValidator
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores

pace = int(os.environ.get("DMSL_MOTO_PACE", "1"))
# moto's own dictionaries are not made for threads; one call at a time.
turn = threading.RLock()


class Fault(ServiceException):
    """Fault(code, message). A class of ours: moto looks at where a class comes from."""


def take_turns():
    original = BaseResponse.call_action

    def call_action(self):
        with turn:
            return original(self)

    BaseResponse.call_action = call_action


def keep_bodies():
    """moto writes a form anew to check its signature, with a + for a blank; the body as
    it came is what was signed."""
    original = BaseResponse.setup_class

    def setup_class(self, request, *arguments, **more):
        request.get_data(cache=True)
        original(self, request, *arguments, **more)
        if request.form:
            self.body = ""

    BaseResponse.setup_class = setup_class


@contextlib.contextmanager
def out_of_turn():
    """For what takes long and touches nothing of moto's."""
    turn.release()
    try:
        yield
    finally:
        turn.acquire()


def handles(response_class, *operations):
    """Registers f(self, moto): moto() calls what was there before."""
    def register(function):
        for operation in operations:
            name = camelcase_to_underscores(operation)
            before = getattr(response_class, name, None)

            def handler(self, before=before):
                answer = function(self, lambda: before(self))
                if not isinstance(answer, dict):
                    return answer
                check_shape(self, answer)
                return ActionResult(answer)

            setattr(response_class, name, handler)
        return function
    return register


def plain(value):
    if isinstance(value, dict):
        return all(map(plain, value.values()))
    if isinstance(value, list):
        return all(map(plain, value))
    return isinstance(value, (str, bytes, int, float, bool, datetime.datetime, type(None)))


def check_shape(self, answer):
    """An answer that we made up must at least have the form of AWS's."""
    shape = service_model(self.boto3_service_name).operation_model(
        self._get_action()).output_shape
    if shape and plain(answer):
        report = ParamValidator().validate(without_nulls(answer), shape)
        if report.has_errors():
            raise AssertionError(report.generate_report())


def without_nulls(value):
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


@functools.lru_cache(None)
def service_model(name):
    return botocore.session.get_session().get_service_model(name)


def ours(backend, kind):
    """A dictionary of ours that lives as long as the backend's own."""
    return backend.__dict__.setdefault("ours", {}).setdefault(kind, {})


def parameters(self):
    """The parameters as plain data, for comparing."""
    plain = getattr(self.params, "original_dict", lambda: self.params)()
    return json.loads(json.dumps(plain, default=str, sort_keys=True))


def honour_token(response_class, backend, mismatch, *operations):
    """The same ClientToken and parameters: the same object; others: refused."""
    def handler(self, moto):
        given = parameters(self)
        token = given.pop("ClientToken", None)
        if not token:
            return moto()
        known = ours(backend(self), "tokens")
        key = (self._get_action(), token)
        if key not in known:
            known[key] = (given, moto())
        if known[key][0] != given:
            raise Fault(mismatch, f"The client token {token} was used with other parameters.")
        return known[key][1]

    handles(response_class, *operations)(handler)


class Life:
    """The states an object passes through; the last one stays."""

    def __init__(self, *states):
        self.set(*states)

    def set(self, *states):
        self.states = list(states)
        self.seen = 0

    @property
    def now(self):
        return self.states[0]

    @property
    def passing(self):
        return len(self.states) > 1

    def describe(self):
        """The state that this Describe shows."""
        if self.passing:
            if self.seen >= pace:
                self.states.pop(0)
                self.seen = 0
            self.seen += 1
        return self.states[0]


def lives(backend):
    return ours(backend, "lives")


def random_name(length):
    return "".join(random.choices(string.ascii_uppercase + string.digits, k=length))


def random_hex(length):
    return "".join(random.choices("0123456789abcdef", k=length))
