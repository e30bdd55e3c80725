#!/usr/bin/env python3
"""server.py [--plain] FILE: moto on a free port of loopback, with what it lacks or
has broken put right; with --plain as it is, but for the versions of Aurora. Writes its
URL to FILE when it listens; ends on SIGTERM.

moto finds the handler of an operation as a method of the service's response class:
the files here put theirs there (hooks.py)."""

import functools
import logging
import os
import signal
import sys

import botocore.loaders
import botocore.session
import moto.backends
from moto.core import responses
from moto.iam.models import IAMBackend
from moto.server import ThreadedMotoServer


def spare():
    """What moto does anew for each request, though it comes to the same each time, is
    done once: looking through its own folders and its classes, reading the services'
    models. The policies of AWS are made for our partition alone. No request is logged."""
    loader = botocore.loaders.Loader()
    botocore.session.create_loader = lambda _paths=None: loader
    modules = list(moto.backends.list_of_moto_modules())
    moto.backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    init_policies = IAMBackend._init_aws_policies
    IAMBackend._init_aws_policies = \
        lambda self: init_policies(self) if self.partition == "aws" else []
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


def put_right():
    import hooks
    import dms
    import dms_tasks
    import ec2
    import elbv2
    import others
    import privatelink
    import rds
    import reach
    hooks.take_turns()
    hooks.keep_bodies()
    ec2.honour_tokens()
    ec2.dry_run()


def main():
    arguments = sys.argv[1:]
    spare()
    if "--plain" in arguments:
        arguments.remove("--plain")
        import engine_versions
    else:
        put_right()
    # Before any thread is made: they inherit it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://%s:%s" % server.get_host_and_port()
    os.environ["DMSL_MOTO_URL"] = url
    with open(arguments[0] + ".new", "w", encoding="ascii") as file:
        file.write(url + "\n")
    os.rename(arguments[0] + ".new", arguments[0])
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    os._exit(0)


main()
