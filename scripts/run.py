"""The stack on SQLite under var/, up until Ctrl-C, with something to try at once: `make run`."""

import argparse
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

from processes import StackError, free_port
from stack import ROOT, Stack


def main() -> int:
    """Start everything, say where it is, and stop it in order when asked to."""
    stack = _stack()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    try:
        _run(stack, stopped)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if stack.processes.running:
            _say("stopping ...")
            stack.processes.stop()
            _say("stopped")
    return 0


def welcome(stack: Stack) -> str:
    """Return the URLs, a token and three commands to try."""
    clinic = f"{stack.config_url}/api/v1/clinics/clinic-123/communication"
    return f"""
config_service   {stack.config_url}   (API documentation at {stack.config_url}/docs)
webhook_service  {stack.webhook_url}   (subscribed to {stack.topic_arn})
local AWS        {stack.aws_url}   (mail that was sent: {stack.aws_url}/_local/mail)

Logs, database and secrets are in {os.path.relpath(stack.var)}/. Ctrl-C stops everything.
The data stay there for the next run; `make clean` removes them.

A SUPER_ADMIN's token, good for 12 hours:

export TOKEN={stack.token()}

Three things to try. The email bounces, so a second one to the same address is refused.

curl -s -X PUT {clinic}/ses -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"region": "us-east-1", "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
       "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
       "fromEmail": "noreply@clinic-domain.com", "fromName": "My Clinic", "enabled": true}}'

curl -s -X POST {clinic}/test-email -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"testEmail": "bounce+run@simulator.amazonses.com"}}'

curl -s {clinic}/suppressions -H "Authorization: Bearer $TOKEN"
"""


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; what was started must still be stopped
        print(line, flush=True)


def _stack() -> Stack:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="where database, secrets and logs are")
    parser.add_argument("--free-ports", action="store_true", help="take any ports that are free")
    options = parser.parse_args()
    ports = [free_port() for _ in range(4)] if options.free_ports else []
    return Stack(options.var.resolve(), *ports)


def _run(stack: Stack, stopped: threading.Event) -> None:
    for step in (*stack.steps(), stack.subscribe):
        step()
        if stopped.is_set():
            return
    print(welcome(stack), flush=True)
    while not stopped.wait(1):
        stack.processes.require_alive()


if __name__ == "__main__":
    sys.exit(main())
