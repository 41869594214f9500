"""Small rules that need no running stack."""

import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from local_aws_live import eventually

from local_aws.arns import parse_arn
from local_aws.aws_clients import Caller
from local_aws.background import Background
from local_aws.calls import Call
from local_aws.identities import NotificationSettings
from local_aws.journal import Delivery, Journal
from local_aws.relay import Relay
from local_aws.ses_events import SesEvents
from local_aws.ses_mail import mail_of_v1_raw, mail_of_v2

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("text", ["", "arn:aws:sns", "urn:aws:sns:us-east-1:1:t"])
def test_what_is_no_arn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an ARN"):
        parse_arn(text)


def test_account_and_region_are_read_from_the_signature() -> None:
    signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/ses/aws4_request, SignedHeaders=host"
    assert Caller.of_request(signed) == Caller("AKIA", "eu-west-1")
    assert Caller.of_request("Bearer x") == Caller("000000000000", "us-east-1")
    assert Caller.of_request(Caller("1", "eu-west-1").authorization("sns")) == Caller("1", "eu-west-1")


@pytest.mark.parametrize("endpoint", ["https://u:p@clinic.example/a?b=c&d=%20#e", "http://h/ü<&>"])
def test_the_relay_gives_back_the_endpoint_as_it_was(endpoint: str) -> None:
    relay = Relay("http://127.0.0.1:5055")
    assert relay.endpoint(relay.url(endpoint)) == endpoint
    assert relay.endpoint(endpoint) is None
    escaped = endpoint.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert relay.reveal(f"<Endpoint>{relay.url(endpoint)}</Endpoint>") == f"<Endpoint>{escaped}</Endpoint>"


@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_reads_as_an_empty_one(body: bytes) -> None:
    assert Call("POST", "/", body=body).json == {}


def test_mail_that_is_not_base64_has_no_headers() -> None:
    mail = mail_of_v1_raw(Call("POST", "/", FORM, b"RawMessage.Data=a&Source=a%40b.example"), "id")
    assert (mail.address, mail.destination, mail.headers) == ("a@b.example", [], [])


def test_headers_of_a_simple_v2_mail_are_kept() -> None:
    body = b'{"Content": {"Simple": {"Headers": [{"Name": "X-A", "Value": "b"}]}}}'
    assert ("X-A", "b") in mail_of_v2(Call("POST", "/", body=body), "id").headers


def test_a_failing_job_is_logged_and_the_next_one_runs(caplog: pytest.LogCaptureFixture) -> None:
    background, done = Background(), threading.Event()
    background.run(int, "no number")
    background.later(0, done.set)
    assert done.wait(5)
    eventually(lambda: "no number" in caplog.text)
    background.close()


def test_the_journal_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_aws.journal._KEPT", 2)
    journal = Journal()
    for number in "123":
        journal.add(Delivery(number, "topic", "endpoint"))
    assert [delivery.message_id for delivery in journal.newest_first()] == ["3", "2"]


class Topics:
    """AWS as SesEvents sees it, with nothing but topics; it keeps what is published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str]] = []

    def account_of(self, _: object) -> str:
        return "000000000000"

    def client(self, _: str, __: object) -> "Topics":
        return self

    def publish(self, TopicArn: str, Message: str, **_: str) -> None:  # noqa: N803 - boto3's names
        self.published.append((TopicArn, json.loads(Message)["notificationType"]))


@pytest.mark.parametrize(
    ("own_topic", "configuration_set", "expected"),
    [
        ("", "", [("arn:aws:sns:us-east-1:000000000000:default", "Delivery")]),
        (
            "arn:aws:sns:us-east-1:000000000000:own",
            "",
            [("arn:aws:sns:us-east-1:000000000000:own", "Delivery")],
        ),
        ("", "events", []),
    ],
    ids=["nobody gave it a topic", "it has its own", "the mail names a configuration set"],
)
def test_the_default_topic_hears_of_identities_that_have_none(
    own_topic: str, configuration_set: str, expected: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = Topics()
    settings = NotificationSettings(topics={"Delivery": own_topic} if own_topic else {})
    identities = SimpleNamespace(of_sender=lambda *_: "clinic.example", settings=lambda *_: settings)
    events = SesEvents(topics, identities, "arn:aws:sns:us-east-1:000000000000:default")  # type: ignore[arg-type]
    monkeypatch.setattr(events, "_destinations", lambda _: iter(()))
    mail = mail_of_v2(
        Call(
            "POST",
            "/",
            body=b'{"FromEmailAddress": "a@clinic.example", "Destination": {"ToAddresses": ["b@patient.example"]}}',
        ),
        "id",
    )
    events.publish(replace(mail, configuration_set=configuration_set))
    assert topics.published == expected
