"""Mail to the mailbox simulator, sent in every way, told in both spellings."""

import uuid
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_aws_live import DEFAULT_TOPIC, Receiver, Stack, eventually

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

ALL_EVENTS = ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT"]
Outcome = list[tuple[str, str | None]]
OUTCOMES: list[tuple[str, Outcome]] = [
    ("success", [("Delivery", None)]),
    ("bounce", [("Bounce", "Permanent/General")]),
    ("ooto", [("Bounce", "Transient/General"), ("Delivery", None)]),
    ("complaint", [("Complaint", "abuse"), ("Delivery", None)]),
    ("suppressionlist", [("Bounce", "Permanent/Suppressed")]),
]


class Clinic:
    """A verified domain, and ways to send from it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.ses = stack.client("ses")
        self.v2 = stack.client("sesv2")
        self.domain = f"{uuid.uuid4().hex[:8]}.example"
        self.source = f"Dr. Who <who@mail.{self.domain}>"
        self.ses.verify_domain_identity(Domain=self.domain)

    def notify(self, topic: str, identity: str = "") -> None:
        for kind in ("Bounce", "Complaint", "Delivery"):
            self.ses.set_identity_notification_topic(
                Identity=identity or self.domain, NotificationType=kind, SnsTopic=topic
            )

    def configuration_set(self, topic: str, types: list[str], *, enabled: bool = True) -> str:
        name = f"set-{uuid.uuid4().hex[:8]}"
        self.v2.create_configuration_set(ConfigurationSetName=name)
        self.v2.create_configuration_set_event_destination(
            ConfigurationSetName=name,
            EventDestinationName="sns",
            EventDestination={
                "Enabled": enabled,
                "MatchingEventTypes": types,
                "SnsDestination": {"TopicArn": topic},
            },
        )
        return name

    def send_v1(self, *to: str, **more: Any) -> str:
        answer = self.ses.send_email(
            Source=self.source,
            Destination={"ToAddresses": list(to)},
            Message={"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "there"}}},
            **more,
        )
        return answer["MessageId"]

    def send_v1_raw(self, *to: str, **more: Any) -> str:
        raw = {"Data": self.mime(*to).as_bytes()}
        return self.ses.send_raw_email(RawMessage=raw, **more)["MessageId"]

    def send_v2(self, *to: str, **more: Any) -> str:
        answer = self.v2.send_email(
            FromEmailAddress=self.source,
            Destination={"ToAddresses": list(to)},
            Content={"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "there"}}}},
            **more,
        )
        return answer["MessageId"]

    def send_v2_raw(self, *to: str, **more: Any) -> str:
        raw = {"Raw": {"Data": self.mime(*to).as_bytes()}}
        return self.v2.send_email(Content=raw, **more)["MessageId"]

    def mime(self, *to: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.source, ", ".join(to), "Hello"
        message.set_content("there")
        return message


@pytest.fixture
def clinic(stack: Stack) -> Clinic:
    return Clinic(stack)


def outcome(event: dict[str, Any]) -> tuple[str, str | None]:
    kind = event.get("notificationType") or event["eventType"]
    if kind == "Bounce":
        return kind, f"{event['bounce']['bounceType']}/{event['bounce']['bounceSubType']}"
    return kind, event["complaint"]["complaintFeedbackType"] if kind == "Complaint" else None


def told(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    return eventually(lambda: events if len(events := receiver.events()) >= count else None)


@pytest.mark.parametrize("way", ["send_v1", "send_v1_raw", "send_v2", "send_v2_raw"])
@pytest.mark.parametrize("simulated", OUTCOMES, ids=lambda simulated: simulated[0])
def test_every_mailbox_is_told_once_in_each_spelling(
    clinic: Clinic, topic: str, heard: Receiver, way: str, simulated: tuple[str, Outcome]
) -> None:
    mailbox, outcomes = simulated
    clinic.notify(topic)
    name = clinic.configuration_set(topic, ALL_EVENTS)
    recipient = f"{mailbox}+label1@simulator.amazonses.com"
    message_id = getattr(clinic, way)(recipient, ConfigurationSetName=name)
    expected = 2 * len(outcomes) + 1
    told(heard, expected)
    # A marker published afterwards shows that nothing follows it.
    clinic.send_v1("marker@patient.example")
    events = told(heard, expected + 1)
    mine = [event for event in events if event["mail"]["destination"] == [recipient]]
    old = sorted((outcome(e) for e in mine if "notificationType" in e), key=str)
    new = sorted((outcome(e) for e in mine if "eventType" in e), key=str)
    assert old == outcomes
    assert new == sorted([*outcomes, ("Send", None)], key=str)
    assert {event["mail"]["messageId"] for event in mine} == {message_id}


def test_any_other_recipient_is_delivered(clinic: Clinic, topic: str, heard: Receiver) -> None:
    clinic.notify(topic)
    clinic.send_v2("Mrs. M. <m@patient.example>")
    event = told(heard, 1)[0]
    assert event["notificationType"] == "Delivery"
    assert event["delivery"]["recipients"] == ["m@patient.example"]


def test_a_notification_has_the_documented_members(clinic: Clinic, topic: str, heard: Receiver) -> None:
    clinic.notify(topic)
    message_id = clinic.send_v1("bounce@simulator.amazonses.com", Tags=[{"Name": "a", "Value": "b"}])
    event = told(heard, 1)[0]
    assert set(event) == {"notificationType", "bounce", "mail"}
    assert event["mail"] == {
        "timestamp": event["mail"]["timestamp"],
        "source": f"who@mail.{clinic.domain}",
        "sourceArn": f"arn:aws:ses:us-east-1:123456789012:identity/{clinic.domain}",
        "sendingAccountId": "123456789012",
        "messageId": message_id,
        "destination": ["bounce@simulator.amazonses.com"],
        "sourceIp": "127.0.0.1",
        "callerIdentity": "local-developer",
    }
    assert event["bounce"]["bouncedRecipients"] == [
        {
            "emailAddress": "bounce@simulator.amazonses.com",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 user unknown",
        }
    ]
    assert "Subject" not in heard.of_kind("Notification")[-1].envelope


def test_an_identity_may_ask_for_headers(clinic: Clinic, topic: str, heard: Receiver) -> None:
    clinic.notify(topic)
    for enabled in (True, False):
        clinic.ses.set_identity_headers_in_notifications_enabled(
            Identity=clinic.domain, NotificationType="Delivery", Enabled=enabled
        )
        described = clinic.ses.get_identity_notification_attributes(Identities=[clinic.domain])
        attributes = described["NotificationAttributes"][clinic.domain]
        assert attributes["DeliveryTopic"] == topic
        assert attributes["HeadersInDeliveryNotificationsEnabled"] is enabled
        clinic.send_v1("success@simulator.amazonses.com")
        told(heard, 1 if enabled else 2)
    assert sum("headers" in event["mail"] for event in heard.events()) == 1


def test_an_event_has_tags_and_headers(clinic: Clinic, topic: str, heard: Receiver) -> None:
    name = clinic.configuration_set(topic, ["DELIVERY"])
    message_id = clinic.send_v2(
        "success@simulator.amazonses.com",
        ConfigurationSetName=name,
        EmailTags=[{"Name": "clinic_id", "Value": "north"}],
        ReplyToAddresses=["desk@clinic.example"],
    )
    event = told(heard, 1)[0]
    assert event["mail"]["source"] == clinic.source
    assert event["mail"]["tags"] == {
        "ses:source-ip": ["127.0.0.1"],
        "ses:configuration-set": [name],
        "ses:from-domain": [f"mail.{clinic.domain}"],
        "ses:caller-identity": ["local-developer"],
        "ses:outgoing-ip": ["127.0.2.0"],
        "clinic_id": ["north"],
    }
    assert event["mail"]["headersTruncated"] is False
    assert {"name": "Subject", "value": "Hello"} in event["mail"]["headers"]
    assert event["mail"]["commonHeaders"] == {
        "from": [clinic.source],
        "replyTo": ["desk@clinic.example"],
        "to": ["success@simulator.amazonses.com"],
        "messageId": message_id,
        "subject": "Hello",
    }
    assert heard.of_kind("Notification")[-1].envelope["Subject"] == "Amazon SES Email Event Notification"


def test_tags_travel_through_v1_and_through_headers(clinic: Clinic, topic: str, heard: Receiver) -> None:
    name = clinic.configuration_set(topic, ["DELIVERY"])
    tags = [{"Name": "clinic_id", "Value": "a"}, {"Name": "kind", "Value": "test"}]
    clinic.send_v1("success@simulator.amazonses.com", ConfigurationSetName=name, Tags=tags)
    assert told(heard, 1)[0]["mail"]["tags"]["kind"] == ["test"]
    mime = clinic.mime("success@simulator.amazonses.com")
    mime["X-SES-CONFIGURATION-SET"] = name
    mime["X-SES-MESSAGE-TAGS"] = "clinic_id=b, kind=raw"
    clinic.ses.send_raw_email(RawMessage={"Data": mime.as_bytes()})
    assert told(heard, 2)[1]["mail"]["tags"]["clinic_id"] == ["b"]


def test_an_out_of_office_reply_has_neither_status_nor_diagnosis(
    clinic: Clinic, topic: str, heard: Receiver
) -> None:
    clinic.notify(topic)
    clinic.send_v1("ooto@simulator.amazonses.com")
    bounce = next(event["bounce"] for event in told(heard, 2) if "bounce" in event)
    assert bounce["bouncedRecipients"] == [{"emailAddress": "ooto@simulator.amazonses.com"}]


def test_recipients_that_share_a_fate_share_an_event(clinic: Clinic, topic: str, heard: Receiver) -> None:
    clinic.notify(topic)
    everybody = [f"{name}@simulator.amazonses.com" for name in ("bounce+1", "success", "Bounce+2")]
    clinic.send_v2(*everybody)
    events = told(heard, 2)
    bounce = next(event for event in events if "bounce" in event)
    assert [r["emailAddress"] for r in bounce["bounce"]["bouncedRecipients"]] == [everybody[0], everybody[2]]
    assert bounce["mail"]["destination"] == everybody


def test_a_destination_hears_only_what_it_asked_for(
    clinic: Clinic, stack: Stack, topic: str, heard: Receiver
) -> None:
    name = clinic.configuration_set(topic, ["COMPLAINT"])
    silent = clinic.configuration_set(topic, ALL_EVENTS, enabled=False)
    clinic.send_v2("success@simulator.amazonses.com", ConfigurationSetName=silent)
    clinic.send_v2("complaint@simulator.amazonses.com", ConfigurationSetName=name)
    clinic.send_v2("complaint@simulator.amazonses.com", ConfigurationSetName=name)
    assert [event["eventType"] for event in told(heard, 2)] == ["Complaint", "Complaint"]


def test_an_address_identity_overrides_its_domain(
    clinic: Clinic, stack: Stack, topic: str, heard: Receiver
) -> None:
    clinic.notify(stack.topic())
    address = f"who@mail.{clinic.domain}"
    clinic.v2.create_email_identity(EmailIdentity=address)
    clinic.notify(topic, address)
    clinic.send_v2("success@simulator.amazonses.com")
    assert told(heard, 1)[0]["mail"]["sourceArn"].endswith(f"identity/{address}")


def test_ses_tries_a_topic_when_it_is_set(clinic: Clinic, topic: str, heard: Receiver) -> None:
    clinic.ses.set_identity_notification_topic(
        Identity=f"arn:aws:ses:us-east-1:123456789012:identity/{clinic.domain}",
        NotificationType="Bounce",
        SnsTopic=topic,
    )
    assert heard.wait()[0].message["notificationType"] == "AmazonSnsSubscriptionSucceeded"
    clinic.configuration_set(topic, ["BOUNCE"])
    assert heard.wait(2)[1].envelope["Message"] == (
        "Successfully validated SNS topic for Amazon SES event publishing."
    )


def test_a_topic_can_be_unset(clinic: Clinic, topic: str, heard: Receiver) -> None:
    clinic.notify(topic)
    clinic.ses.set_identity_notification_topic(Identity=clinic.domain, NotificationType="Delivery")
    clinic.send_v1("complaint@simulator.amazonses.com")
    assert [outcome(event)[0] for event in told(heard, 1)] == ["Complaint"]


def test_a_deleted_topic_stops_nothing(clinic: Clinic, stack: Stack, topic: str, heard: Receiver) -> None:
    gone = stack.topic()
    clinic.notify(gone)
    stack.client("sns").delete_topic(TopicArn=gone)
    name = clinic.configuration_set(topic, ["DELIVERY"])
    clinic.send_v1("success@simulator.amazonses.com", ConfigurationSetName=name)
    assert told(heard, 1)[0]["eventType"] == "Delivery"


def test_templated_mail_is_told_too(clinic: Clinic, topic: str, heard: Receiver) -> None:
    clinic.notify(topic)
    name = f"t{uuid.uuid4().hex[:8]}"
    clinic.ses.create_template(Template={"TemplateName": name, "SubjectPart": "s", "TextPart": "t"})
    destination = {"ToAddresses": ["success@simulator.amazonses.com"]}
    clinic.ses.send_templated_email(
        Source=clinic.source, Destination=destination, Template=name, TemplateData="{}"
    )
    clinic.v2.send_email(
        FromEmailAddress=clinic.source,
        Destination=destination,
        Content={"Template": {"TemplateName": name, "TemplateData": "{}"}},
    )
    assert len(told(heard, 2)) == 2


def test_with_a_default_topic_nobody_verifies_a_sender(first_try: Stack, receiver: Receiver) -> None:
    first_try.client("sns").create_topic(Name=DEFAULT_TOPIC.rpartition(":")[2])
    first_try.subscribe(DEFAULT_TOPIC, receiver)
    clinic = Clinic(first_try)
    sent = {}
    for way in ("send_v1", "send_v1_raw", "send_v2", "send_v2_raw"):
        clinic.source = f"Dr. Who <who@{way.replace('_', '-')}.example>"
        sent[getattr(clinic, way)("m@patient.example")] = "Delivery"
    events = told(receiver, len(sent))
    assert {event["mail"]["messageId"]: event["notificationType"] for event in events} == sent


def test_with_a_default_topic_an_identitys_own_topic_counts_for_its_subdomains(
    first_try: Stack, receiver: Receiver
) -> None:
    clinic = Clinic(first_try)  # sends from a subdomain of the domain that it verified
    topic = first_try.topic()
    first_try.subscribe(topic, receiver)
    clinic.notify(topic)
    clinic.send_v2("m@patient.example")
    assert told(receiver, 1)[0]["notificationType"] == "Delivery"


Refused = tuple[str, Callable[[Clinic], Any]]
REFUSED: list[Refused] = [
    ("MessageRejected", lambda c: c.ses.send_email(Source="x@unverified.example", Destination={"ToAddresses": ["a@b.example"]}, Message={"Subject": {"Data": "s"}, "Body": {}})),
    ("NotFoundException", lambda c: c.send_v2("a@b.example", ConfigurationSetName="missing")),
    ("ConfigurationSetDoesNotExist", lambda c: c.send_v1_raw("a@b.example", ConfigurationSetName="missing")),
    ("InvalidParameterValue", lambda c: c.notify("arn:aws:sns:us-east-1:123456789012:t", "unverified.example")),
    ("ValidationError", lambda c: c.ses.set_identity_notification_topic(Identity=c.domain, NotificationType="Nothing")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "call"), REFUSED)
def test_what_ses_refuses_is_refused(clinic: Clinic, code: str, call: Callable[[Clinic], Any]) -> None:
    with pytest.raises(ClientError) as refusal:
        call(clinic)
    assert refusal.value.response["Error"]["Code"] == code
