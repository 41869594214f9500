"""From nothing to a loop that works, and everything that breaks it: named by the doctor, repaired, well again."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aws_setup_kit import served
from local_aws_live import Stack

import config_service
import webhook_service
from breakages.every import EVERY_BREAKAGE, rounds
from breakages.loop import ACCOUNT, REGION, Loop
from breakages.setting_up import CREATE_IDENTITY, PROBE, SET_UP, policed
from breakages.trial import complaints_about, named_by, troubles
from config_service.services.doctor.remedies.catalogue import BY_CODE
from config_service.settings import read_settings as config_settings
from webhook_service.settings import read_settings as webhook_settings

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(240)]

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:healthcare-ses-events"


@pytest.fixture
def loop(
    empty_stack: Stack, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loop]:
    """Both services over an AWS in which nothing is set up."""
    variables = {
        "APP_ENV": "development",
        "DATABASE_URL": sqlite_url,
        "VAR_DIR": str(tmp_path),
        "AWS_ENDPOINT_URL": empty_stack.origin,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_SES_FROM_EMAIL": "noreply@healthcare.com",
        "AWS_SNS_TOPIC_ARN": TOPIC,
        "SNS_DEV_ORIGIN": empty_stack.origin,
        "DNS_RESOLVER": urlsplit(empty_stack.origin).netloc,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    app = config_service.create_app(config_settings(variables), sweeping=False)
    with served(app) as config_url, ExitStack() as webhooks:
        webhook = webhook_service.create_app(
            webhook_settings({**variables, "CONFIG_SERVICE_URL": config_url})
        )

        def start(port: int = 0) -> str:
            return webhooks.enter_context(served(webhook, port))

        url = start()
        port = int(url.rpartition(":")[2])
        yield Loop(config_url, url, empty_stack.origin, TOPIC, webhooks.close, lambda: start(port))
    app.extensions["config_service"].repositories.database.close()


def _set_up(loop: Loop) -> None:
    loop.settings()
    assert troubles(loop)
    loop.terminal.run(CREATE_IDENTITY)
    policed(loop)
    loop.terminal.run(SET_UP)
    assert "nothing had to be changed" in loop.terminal.output_of(SET_UP)
    loop.terminal.run(PROBE)
    assert troubles(loop) == []


def test_every_breakage_is_named_with_its_remedy_and_repaired(loop: Loop) -> None:
    """Whether a repair has mended everything shows at the next round, whose breakages alone are named then."""
    _set_up(loop)
    for together in rounds():
        for breakage in together:
            breakage.make(loop)
        found = troubles(loop)
        assert list(complaints_about(together, found)) == []
        for breakage in together:
            breakage.repair(loop, named_by(breakage, found))
    assert troubles(loop) == []
    loop.terminal.run(PROBE)


def test_the_rounds_play_every_breakage_once_and_there_are_25_at_least() -> None:
    played = [each.title for together in rounds() for each in together]
    assert sorted(played) == sorted({each.title for each in EVERY_BREAKAGE})
    assert len(played) >= 25
    assert {each.code for each in EVERY_BREAKAGE} <= BY_CODE.keys()
