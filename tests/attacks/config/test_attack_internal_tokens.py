"""Tokens of the internal API: their scopes, their rotation, and how they are compared."""

import ast
import hmac
import inspect
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from config_service import internal_tokens
from config_service.internal_tokens import InternalToken, parse_internal_token
from config_service.settings import read_settings
from shared.errors import SettingsError
from shared.internal_api import SCOPE_RECORD, SCOPE_SEND

OLD, NEW = "the-old-token-of-the-webhook-0000", "the-new-token-of-the-webhook-0000"
TOPICS = "/internal/v1/topics"
OPENED = "/internal/v1/clinics/c1/effective-config"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def _token(name: str, token: str, scope: str = SCOPE_RECORD) -> InternalToken:
    return InternalToken(name, scope, sha256(token.encode()).digest())


def _status(client: Any, token: str, path: str = TOPICS) -> int:
    return int(client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code)


def test_a_token_is_rotated_without_a_refusal(make_client: Any) -> None:
    before = make_client(internal_tokens=(_token("w", OLD),))
    both = make_client(internal_tokens=(_token("w", OLD), _token("w-2", NEW)))
    after = make_client(internal_tokens=(_token("w-2", NEW),))
    found = [[_status(client, token) for token in (OLD, NEW)] for client in (before, both, after)]
    assert found == [[200, 401], [200, 200], [401, 200]]


NOT_QUITE = {
    "nothing": "",
    "its beginning": OLD[:-1],
    "one more": OLD + "0",
    "a blank before": f" {OLD[1:]}",
    "upper case": OLD.upper(),
    "with its name": f"w:record:{OLD}",
    "its digest": sha256(OLD.encode()).hexdigest(),
    "twice": f"{OLD},{OLD}",
    "a wildcard": "*",
    "not ASCII": "\u00fc" * 33,
    "100 characters more": OLD + "0" * 100,
}


@pytest.mark.parametrize("given", NOT_QUITE.values(), ids=NOT_QUITE.keys())
def test_what_is_not_the_token_is_refused(given: str, make_client: Any) -> None:
    client = make_client(internal_tokens=(_token("w", OLD),))
    assert _status(client, given) == 401
    assert _status(client, OLD) == 200


@pytest.mark.parametrize("given", [OLD, NEW, "wrong", "", OLD[:-1]])
def test_every_token_is_compared_whole_whichever_fits(
    given: str, make_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long an answer takes tells neither which token fits nor how much of it: digests, all of them."""
    client = make_client(
        internal_tokens=(_token("w", OLD), _token("w-2", NEW), _token("s", "x" * 30, SCOPE_SEND))
    )
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert _status(client, given) == (200 if given in {OLD, NEW} else 401)
    assert compared == [(32, 32)] * 3


def test_nothing_compares_a_secret_by_itself() -> None:
    """`==` ends at the first difference."""
    tree = ast.parse(inspect.getsource(internal_tokens.InternalToken))
    compares = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert compares == []


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_the_token_of_the_service_that_faces_the_internet_opens_no_credential(
    method: str, client: Any, people: Any
) -> None:
    refused = client.open(OPENED, method=method, headers=people.webhook)
    assert refused.status_code in {403, 405}
    assert client.open(TOPICS, headers=people.sender).status_code == 403


def test_a_scope_cannot_be_asked_for(client: Any, people: Any) -> None:
    for more in ({"X-Scope": "send"}, {"X-Original-Method": "GET"}, {"X-HTTP-Method-Override": "GET"}):
        assert client.get(OPENED, headers={**people.webhook, **more}).status_code == 403
    assert client.get(f"{OPENED}?scope=send", headers=people.webhook).status_code == 403


def test_one_token_has_one_scope(no_var: Any) -> None:
    """Else the webhook's would open credentials by an oversight in the settings."""
    twice = f"webhook:record:{OLD},sender:send:{OLD}"
    with pytest.raises(SettingsError, match="INTERNAL_API_TOKENS names one token twice") as caught:
        read_settings({"INTERNAL_API_TOKENS": twice})
    assert OLD not in str(caught.value)
    apart = read_settings({"INTERNAL_API_TOKENS": f"webhook:record:{OLD},webhook:record:{NEW}"})
    assert [token.name for token in apart.internal_tokens] == ["webhook", "webhook"]


@pytest.mark.parametrize(
    "item",
    [
        OLD,
        f"webhook:{OLD}",
        f"webhook::{OLD}",
        f"webhook:admin:{OLD}",
        f"webhook:record,send:{OLD}",
        f"webhook:RECORD:{OLD}",
        f":record:{OLD}",
        f"web hook:record:{OLD}",
        f"service\n:record:{OLD}",
        "webhook:record:short",
        "webhook:record:",
        f"webhook:record:{OLD}\n",
        f"webhook:record:{OLD} {NEW}",
    ],
    ids=range(13),
)
def test_a_token_of_another_form_stops_the_start_and_is_not_shown(item: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_internal_token(item)
    assert OLD not in str(caught.value)


def test_a_token_shows_neither_itself_nor_its_digest() -> None:
    token = parse_internal_token(f"webhook:record:{OLD}")
    for shown in (repr(token), str(token), f"{replace(token, name='x')}"):
        assert OLD not in shown
        assert repr(token.digest) not in shown
