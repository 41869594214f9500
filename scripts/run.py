"""The stack on SQLite under var/, up until Ctrl-C, with something to try at once: `make run`."""

import signal
import sys
import threading

from stack import ROOT, Stack, StackError


def main() -> int:
    """Start everything, say where it is, and stop it in order when asked to."""
    stack = Stack(ROOT / "var")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        stack.start()
        stack.subscribe()
        print(welcome(stack), flush=True)
        while not stopped.wait(1):
            stack.require_alive()
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stack.stop()
    return 0


def welcome(stack: Stack) -> str:
    """Return the URLs, a token and three commands to try."""
    clinic = f"{stack.config_url}/api/v1/clinics/clinic-123/communication"
    return f"""
config_service   {stack.config_url}   (API documentation at {stack.config_url}/docs)
webhook_service  {stack.webhook_url}   (subscribed to {stack.topic_arn})
local AWS        {stack.aws_url}   (mail that was sent: {stack.aws_url}/_local/mail)
logs, database and secrets are in {stack.var.relative_to(ROOT)}/; Ctrl-C stops everything

A SUPER_ADMIN's token, good for 12 hours:

export TOKEN={stack.token()}

Three things to try:

curl -X PUT {clinic}/ses -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"region": "us-east-1", "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
       "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
       "fromEmail": "noreply@clinic-domain.com", "fromName": "My Clinic", "enabled": true}}'

curl -X POST {clinic}/test-email -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"testEmail": "bounce@simulator.amazonses.com"}}'

curl {clinic}/suppressions -H "Authorization: Bearer $TOKEN"
"""


if __name__ == "__main__":
    sys.exit(main())
