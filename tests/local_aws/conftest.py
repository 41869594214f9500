"""One stand-in for the whole run, and endpoints that are subscribed to it."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_setup_kit import PLATFORM, REGION, Calls, Names, World, served
from local_aws_live import DEFAULT_TOPIC, MINISTACK, Receiver, Stack, free_port

import config_service
import webhook_service
from config_service.settings import read_settings as config_settings
from local_aws.options import Options
from local_aws.server import LocalAws
from webhook_service.settings import read_settings as webhook_settings


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether a failure is more than a retry for a test that is over, met in one without sockets."""
    return not (record.exc_info and "A test tried to use socket" in str(record.exc_info[1]))


logging.getLogger("local_aws.background").addFilter(_is_news)


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


@pytest.fixture
def empty_stack() -> Iterator[Stack]:
    """A stand-in of its own, for a test that changes how accounts and keys stand."""
    with _running() as stack:
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


@pytest.fixture
def world(stack: Stack, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Names under which nothing was set up, and both services, which know the topic that will be."""
    names = Names()
    variables = {
        "APP_ENV": "development",
        "DATABASE_URL": sqlite_url,
        "VAR_DIR": str(tmp_path),
        "AWS_ENDPOINT_URL": stack.origin,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": PLATFORM,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_SES_FROM_EMAIL": names.sender,
        "AWS_SNS_TOPIC_ARN": names.topic_arn,
        "SNS_DEV_ORIGIN": stack.origin,
        "DNS_RESOLVER": stack.origin.removeprefix("http://"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    app = config_service.create_app(config_settings(variables), sweeping=False)
    with served(app) as config_url:
        webhook = webhook_service.create_app(
            webhook_settings({**variables, "CONFIG_SERVICE_URL": config_url})
        )
        with served(webhook) as webhook_url:
            services = app.extensions["config_service"]
            yield World(stack, names, services, f"{webhook_url}/api/v1/webhooks/ses")
    services.repositories.database.close()


@pytest.fixture
def calls(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """What the set-up asks of AWS, from here on."""
    with contextlib.closing(Calls().watch(monkeypatch)) as watched:
        yield watched
