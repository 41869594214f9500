"""Dead letters, put into an SQS queue and handed to the webhook again by config_service's own command."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from chaos.sender import ROOT, Parcel
from chaos.strikes import ChaosError
from local_aws.ministack import Ministack
from scripts.processes import free_port

_MINISTACK = ROOT / ".venv-aws" / "bin" / "ministack"
_QUEUE = "given-up-by-sns"
_AT_ONCE = 10  # SQS takes no more in a call
_RUNS = 3  # of the command: it ends by itself where the webhook has no time
_KEYS = {"aws_access_key_id": "AKIAPLATFORMEXAMPLE0", "aws_secret_access_key": "secret-of-this-run"}


def replay(letters: Sequence[Parcel], webhook: str, environment: dict[str, str]) -> None:
    """Replay all letters; raise ChaosError where some are left, with what the command said."""
    with _queue() as (sqs, url, endpoint):
        for start in range(0, len(letters), _AT_ONCE):
            some = letters[start : start + _AT_ONCE]
            sqs.send_message_batch(QueueUrl=url, Entries=[_entry(*each) for each in enumerate(some)])
        said = ""
        for _ in range(_RUNS):
            if not _left(sqs, url):
                return
            said = _run(url, webhook, {**environment, "AWS_ENDPOINT_URL": endpoint})
        if left := _left(sqs, url):
            raise ChaosError(f"{left} dead letters could not be replayed: {said}")


@contextmanager
def _queue() -> Iterator[tuple[Any, str, str]]:
    """Yield a client, the URL of an empty queue and where SQS is."""
    server = Ministack(_MINISTACK, free_port())
    server.start()
    try:
        sqs = boto3.client("sqs", endpoint_url=server.url, region_name="us-east-1", **_KEYS)
        yield sqs, sqs.create_queue(QueueName=_QUEUE)["QueueUrl"], server.url
    finally:
        server.stop()


def _entry(number: int, letter: Parcel) -> dict[str, Any]:
    reason = {"ErrorCode": {"DataType": "String", "StringValue": "503"}}
    return {"Id": str(number), "MessageBody": letter.body, "MessageAttributes": reason}


def _left(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def _run(queue: str, webhook: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "config_service", "replay", "--queue", queue, "--webhook", webhook]
    made = subprocess.run(
        command,
        cwd=Path(environment["VAR_DIR"]),
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    return (made.stdout + made.stderr).strip()[-1000:]
