"""One stand-in for the whole run, and endpoints that are subscribed to it."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
from local_aws_live import MINISTACK, Receiver, Stack, free_port

from local_aws.options import Options
from local_aws.server import LocalAws


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One ministack for all tests: they stay apart by their topics, identities and configuration sets."""
    options = Options(
        port=free_port(), ministack_port=free_port(), ministack=MINISTACK, retry_delay=0.05, event_delay=0.02
    )
    running = LocalAws(options)
    running.start()
    thread = threading.Thread(target=running.serve)
    thread.start()
    yield Stack(options)
    running.shutdown()
    thread.join()
    running.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with contextlib.closing(Receiver()) as endpoint:
        yield endpoint


@pytest.fixture
def topic(stack: Stack) -> str:
    return stack.topic()


@pytest.fixture
def heard(stack: Stack, topic: str, receiver: Receiver) -> Receiver:
    """A receiver that is subscribed to `topic`."""
    stack.subscribe(topic, receiver)
    return receiver
