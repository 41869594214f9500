"""Whose credentials a clinic's mail is signed with, and when a client is built anew."""

import threading
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import EndpointConnectionError

from config_service.providers import account_credentials
from config_service.providers.aws_ses import SesEmailProvider
from config_service.providers.aws_session import ATTEMPTS, CONNECT_TIMEOUT, READ_TIMEOUT, new_session
from config_service.providers.base import Email, ProviderUnavailableError, SendRefusedError
from config_service.providers.ses_clients import SesClients

KEY = {"region": "eu-west-1", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "secret"}
ROLE = {"region": "eu-west-1", "roleArn": "arn:aws:iam::123456789012:role/mail"}


@pytest.fixture
def clients() -> SesClients:
    return SesClients(Credentials("AKIAIOSFODNN7PLATFRM", "platform-secret"), sts_region="us-east-1")


def signer(request: Any) -> str:
    return (
        request.headers["Authorization"].decode()
        if isinstance(request.headers["Authorization"], bytes)
        else request.headers["Authorization"]
    )


def test_what_one_session_is_taught_no_other_hears() -> None:
    one, other = new_session(), new_session()
    heard: list[str] = []
    one.register("a.word", lambda **_: heard.append("one"))
    for session in (one, other, new_session()):
        session.emit("a.word")
    assert heard == ["one"]


def test_access_keys_sign_in_the_clinics_region(clients: SesClients, aws: Any, email: Email) -> None:
    SesEmailProvider(clients.for_clinic("clinic-1", "x", KEY)).send(email)
    assert "AKIAIOSFODNN7EXAMPLE/" in signer(aws.requests[0])
    assert aws.requests[0].url.startswith("https://email.eu-west-1.amazonaws.com/")


def test_without_keys_or_role_the_platform_signs_in_the_clinics_region(
    clients: SesClients, aws: Any, email: Email
) -> None:
    SesEmailProvider(clients.for_clinic("clinic-1", "x", {"region": "ap-south-1"})).send(email)
    assert "AKIAIOSFODNN7PLATFRM/" in signer(aws.requests[0])
    assert ".ap-south-1." in aws.requests[0].url


def test_a_role_is_assumed_by_the_platform_with_the_clinics_external_id(
    clients: SesClients, aws: Any, email: Email
) -> None:
    SesEmailProvider(clients.for_clinic("clinic-1", "external-1", ROLE)).send(email)
    (assume,) = aws.to("sts")
    asked = {
        name: value[0]
        for name, value in parse_qs(
            assume.body if isinstance(assume.body, str) else assume.body.decode()
        ).items()
    }
    assert asked["Action"] == "AssumeRole"
    assert asked["ExternalId"] == "external-1"
    assert asked["RoleArn"] == ROLE["roleArn"]
    assert asked["RoleSessionName"] == "clinic-clinic-1"
    assert assume.url.startswith("https://sts.us-east-1.amazonaws.com/")
    assert "AKIAIOSFODNN7PLATFRM/" in signer(assume)
    (send,) = aws.to("email")
    assert "ASIAASSUMED/" in signer(send)
    assert send.headers["X-Amz-Security-Token"] in {"token-of-the-role", b"token-of-the-role"}


def test_assumed_credentials_serve_until_they_are_about_to_expire(
    clients: SesClients, aws: Any, email: Email, sts_answer: Any
) -> None:
    provider = SesEmailProvider(clients.for_clinic("clinic-1", "external-1", ROLE))
    provider.send(email)
    provider.send(email)
    assert len(aws.to("sts")) == 1
    aws.answers["sts"] = (200, sts_answer(5))
    other = SesEmailProvider(clients.for_clinic("clinic-2", "external-2", ROLE))
    other.send(email)
    other.send(email)
    assert len(aws.to("sts")) == 3


def test_a_role_that_sts_denies_is_refused_with_the_way_out(
    clients: SesClients, aws: Any, email: Email
) -> None:
    aws.answers["sts"] = (
        403,
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>",
    )
    with pytest.raises(SendRefusedError, match="may not assume the role") as caught:
        SesEmailProvider(clients.for_clinic("clinic-1", "external-1", ROLE)).send(email)
    assert caught.value.code == "ses_role_not_assumable"
    assert not aws.to("email")


def test_a_session_name_is_one_that_sts_takes() -> None:
    assert account_credentials._session_name("a b/ü:" + 300 * "c") == ("clinic-a-b---" + 300 * "c")[:64]


def test_the_network_is_bounded_in_time(
    clients: SesClients, aws: Any, email: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr("botocore.retries.standard.time.sleep", lambda _: None, raising=False)
    aws.answers["email"] = EndpointConnectionError(endpoint_url="https://email.eu-west-1.amazonaws.com")
    client = clients.for_clinic("clinic-1", "x", KEY)
    with pytest.raises(ProviderUnavailableError):
        SesEmailProvider(client).send(email)
    assert len(aws.requests) == ATTEMPTS
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (
        CONNECT_TIMEOUT,
        READ_TIMEOUT,
    )


def test_unchanged_credentials_keep_their_client(clients: SesClients) -> None:
    assert clients.for_clinic("clinic-1", "x", KEY) is clients.for_clinic("clinic-1", "x", dict(KEY))


@pytest.mark.parametrize(
    "change",
    [{"region": "eu-north-1"}, {"accessKeyId": "AKIAIOSFODNN7CHANGED"}, {"secretAccessKey": "another"}],
    ids=str,
)
def test_a_changed_credential_makes_a_new_client_in_place_of_the_old(
    clients: SesClients, aws: Any, email: Email, change: dict[str, str]
) -> None:
    old = clients.for_clinic("clinic-1", "x", KEY)
    new = clients.for_clinic("clinic-1", "x", {**KEY, **change})
    assert new is not old
    assert clients.for_clinic("clinic-1", "x", {**KEY, **change}) is new
    assert clients.for_clinic("clinic-1", "x", KEY) is not old
    assert SesEmailProvider(old).send(email)


def test_another_external_id_makes_a_new_client(clients: SesClients) -> None:
    assert clients.for_clinic("clinic-1", "x", ROLE) is not clients.for_clinic("clinic-1", "y", ROLE)


def test_clinics_do_not_share_a_client(clients: SesClients) -> None:
    assert clients.for_clinic("clinic-1", "x", KEY) is not clients.for_clinic("clinic-2", "x", KEY)


def test_a_forgotten_clinic_gets_a_new_client(clients: SesClients) -> None:
    old = clients.for_clinic("clinic-1", "x", KEY)
    clients.forget("clinic-1")
    clients.forget("unknown")
    assert clients.for_clinic("clinic-1", "x", KEY) is not old


def test_the_clinic_that_sent_longest_ago_makes_room() -> None:
    clients = SesClients(None, kept=2)
    first, second = clients.for_clinic("1", "x", KEY), clients.for_clinic("2", "x", KEY)
    assert clients.for_clinic("1", "x", KEY) is first
    clients.for_clinic("3", "x", KEY)
    assert clients.for_clinic("1", "x", KEY) is first
    assert clients.for_clinic("2", "x", KEY) is not second


def test_threads_that_ask_at_once_get_one_client(clients: SesClients) -> None:
    found: list[Any] = []
    gate = threading.Barrier(8)

    def ask() -> None:
        gate.wait()
        found.append(clients.for_clinic("clinic-1", "x", KEY))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(client) for client in found}) == 1


@pytest.mark.parametrize(
    ("credentials", "code", "text"),
    [
        ({}, "ses_bad_request", "no region"),
        ({**KEY, "secretAccessKey": None}, "ses_bad_request", "half"),
        ({**KEY, "accessKeyId": ""}, "ses_bad_request", "half"),
        ({**KEY, "region": "not a region"}, "ses_bad_request", "'not a region'"),
        (ROLE, "ses_no_credentials", "no AWS credentials"),
        ({"region": "eu-west-1"}, "ses_no_credentials", "no AWS credentials"),
    ],
)
def test_stored_credentials_that_make_no_client_are_refused(
    credentials: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(SendRefusedError, match=text) as caught:
        SesClients(None).for_clinic("clinic-1", "x", credentials)
    assert caught.value.code == code


def test_no_secret_is_kept_beside_the_client(clients: SesClients) -> None:
    clients.for_clinic("clinic-1", "x", KEY)
    assert "secret" not in repr(clients._kept["clinic-1"][0])
