"""One stand-in for the whole run, and endpoints that are subscribed to it."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from local_aws_live import DEFAULT_TOPIC, MINISTACK, Receiver, Stack, free_port

from local_aws.options import Options
from local_aws.server import LocalAws


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One ministack for all tests: they stay apart by their topics, identities and configuration sets."""
    with _running() as stack:
        yield stack


@pytest.fixture
def first_try() -> Iterator[Stack]:
    """A stand-in in which nothing was set up, with a default topic."""
    with _running(default_topic=DEFAULT_TOPIC) as stack:
        yield stack


@contextlib.contextmanager
def _running(**more: Any) -> Iterator[Stack]:
    options = Options(
        port=free_port(),
        ministack_port=free_port(),
        ministack=MINISTACK,
        retry_delay=0.05,
        event_delay=0.02,
        **more,
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
