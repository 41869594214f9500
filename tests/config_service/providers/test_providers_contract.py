"""What every email provider keeps to, the fake too: so that tests with the fake prove something."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest
from moto import mock_aws

from config_service.providers.aws_session import new_client
from config_service.providers.base import Email, EmailProvider, EmailProviders, SendRefusedError
from config_service.providers.connected_accounts import ConnectedAccounts
from config_service.providers.platform_account import PlatformAccount

pytestmark = pytest.mark.enable_socket

KEY = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "secret"}


@dataclass
class Subject:
    """One implementation, with how to make it refuse."""

    providers: EmailProviders
    name: str
    credentials: dict[str, Any]
    tracks: bool
    refuse: Callable[[], None]

    def account(self) -> EmailProvider:
        return self.providers.for_clinic("clinic-1", "external-1", self.name, self.credentials)


@pytest.fixture
def over_ses() -> Iterator[Subject]:
    with mock_aws():
        platform = PlatformAccount(
            region="us-east-1", access_key_id="AKIAIOSFODNN7PLATFRM", secret_access_key="s"
        )
        assert platform.credentials
        admin = new_client("sesv2", "eu-west-1", platform.credentials)
        admin.create_email_identity(EmailIdentity="noreply@clinic.example")
        yield Subject(
            ConnectedAccounts(platform, allow_private_hosts=False),
            "aws_ses",
            {"region": "eu-west-1", **KEY},
            tracks=True,
            refuse=lambda: admin.delete_email_identity(EmailIdentity="noreply@clinic.example"),
        )


@pytest.fixture
def over_smtp(start_mail_server: Callable[..., Any]) -> Subject:
    server = start_mail_server()
    return Subject(
        ConnectedAccounts(PlatformAccount(), allow_private_hosts=True),
        "smtp",
        {"host": server.host, "port": server.port, "encryption": "none"},
        tracks=False,
        refuse=lambda: server.replies.update(RCPT="550 5.7.1 no"),
    )


@pytest.fixture
def over_fake(fakes: ModuleType) -> Subject:
    providers = fakes.FakeEmailProviders()
    return Subject(
        providers,
        "aws_ses",
        KEY,
        tracks=True,
        refuse=lambda: providers.refuse_with(SendRefusedError("no", hint="x")),
    )


@pytest.fixture(params=["over_ses", "over_smtp", "over_fake"])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    return found


def test_a_sent_message_has_an_id_of_its_own(subject: Subject, email: Email) -> None:
    account = subject.account()
    first, second = account.send(email), account.send(email)
    assert first
    assert second
    assert first != second


def test_a_provider_says_whether_it_reports_back(subject: Subject) -> None:
    assert subject.account().tracks is subject.tracks


def test_a_refusal_says_what_happened_and_what_to_do_and_not_to_whom(subject: Subject, email: Email) -> None:
    subject.refuse()
    with pytest.raises(SendRefusedError) as caught:
        subject.account().send(email)
    assert caught.value.message
    assert caught.value.hint
    assert email.recipient not in caught.value.message + caught.value.hint


def test_an_account_sends_on_after_it_was_forgotten(subject: Subject, email: Email) -> None:
    before = subject.account()
    subject.providers.forget("clinic-1")
    subject.providers.forget("clinic-that-nobody-asked-for")
    assert before.send(email)
    assert subject.account().send(email)


def test_a_message_with_everything_optional_left_out_is_sent(subject: Subject, email: Email) -> None:
    bare = replace(email, from_name=None, tags={}, reply_to=None, configuration_set=None)
    assert subject.account().send(bare)


def test_the_fake_keeps_what_it_was_given(fakes: ModuleType, email: Email) -> None:
    providers = fakes.FakeEmailProviders(platform=False)
    assert providers.platform() is None
    providers.for_clinic("clinic-1", "external-1", "smtp", {"host": "h"}).send(email)
    assert providers.sent == [email]
    assert providers.credentials == {"clinic-1": {"host": "h"}}


def test_a_provider_nobody_knows_is_refused_by_name(email: Email) -> None:
    accounts = ConnectedAccounts(PlatformAccount(), allow_private_hosts=False)
    with pytest.raises(SendRefusedError, match="'pigeon' is no email provider"):
        accounts.for_clinic("clinic-1", "external-1", "pigeon", {})


def test_the_platform_sends_from_its_own_account_where_it_has_one(aws: Any, email: Email) -> None:
    account = PlatformAccount(
        region="eu-north-1", access_key_id="AKIAIOSFODNN7PLATFRM", secret_access_key="s"
    )
    platform = ConnectedAccounts(account, allow_private_hosts=False).platform()
    assert platform
    assert platform.send(email) == "ses-1"
    assert "AKIAIOSFODNN7PLATFRM" in str(aws.requests[0].headers["Authorization"])
    assert ConnectedAccounts(PlatformAccount(), allow_private_hosts=False).platform() is None
