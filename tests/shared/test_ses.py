"""SES's feedback: AWS's samples in both spellings, and everything that can be wrong with a document."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.ses import CLOCKS_DIFFER, MAX_TEXT, UNREADABLE, SesEvent, parse_ses_message
from shared.ses_document import NotSesContentError

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no bug

SAMPLES = Path(__file__).parent / "ses_samples"
PUBLISHED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def _sample(name: str) -> dict[str, Any]:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def _parse(document: Any) -> list[SesEvent]:
    return parse_ses_message(document if isinstance(document, str) else json.dumps(document), PUBLISHED)


FROM_EVENTS = {
    "source": "sender@example.com",
    "mail_message_id": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
}
FROM_NOTIFICATIONS = {
    "source": "john@example.com",
    "mail_message_id": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000",
}
MAIL_TIME = datetime(2017, 8, 5, 0, 40, 2, 12000, tzinfo=UTC)
EVENT_TIME = datetime(2017, 8, 5, 0, 41, 2, 669000, tzinfo=UTC)
NOTIFICATION_TIME = datetime(2016, 1, 27, 14, 59, 38, 237000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        (
            "event_bounce",
            SesEvent(
                "Bounce",
                EVENT_TIME,
                "recipient@example.com",
                bounce_type="Permanent",
                sub_type="General",
                status="5.1.1",
                detail="smtp; 550 5.1.1 user unknown",
                **FROM_EVENTS,
            ),
        ),
        (
            "event_complaint",
            SesEvent("Complaint", EVENT_TIME, "recipient@example.com", sub_type="abuse", **FROM_EVENTS),
        ),
        (
            "event_delivery",
            SesEvent(
                "Delivery",
                datetime(2016, 10, 19, 23, 21, 4, 133000, tzinfo=UTC),
                "recipient@example.com",
                clinic_tag="clinic-1",
                detail="250 2.6.0 Message received",
                **FROM_EVENTS,
            ),
        ),
        (
            "event_delivery_delay",
            SesEvent(
                "DeliveryDelay",
                datetime(2020, 6, 16, 0, 25, 40, 95000, tzinfo=UTC),
                "recipient@example.com",
                sub_type="TransientCommunicationFailure",
                status="4.4.1",
                detail="smtp; 421 4.4.1 Unable to connect to remote host",
                **FROM_EVENTS,
            ),
        ),
        ("event_send", SesEvent("Send", MAIL_TIME, **FROM_EVENTS)),
        ("event_reject", SesEvent("Reject", MAIL_TIME, detail="Bad content", **FROM_EVENTS)),
        ("event_open", SesEvent("Open", MAIL_TIME, **FROM_EVENTS)),
        ("event_click", SesEvent("Click", MAIL_TIME, **FROM_EVENTS)),
        (
            "event_rendering_failure",
            SesEvent(
                "Rendering Failure",
                MAIL_TIME,
                detail="Attribute 'attributeName' is not present in the rendering data.",
                **FROM_EVENTS,
            ),
        ),
        ("event_subscription", SesEvent("Subscription", MAIL_TIME, **FROM_EVENTS)),
        (
            "notification_bounce",
            SesEvent(
                "Bounce",
                NOTIFICATION_TIME,
                "jane@example.com",
                bounce_type="Permanent",
                sub_type="General",
                status="5.1.1",
                detail="smtp; 550 5.1.1 <jane@example.com>... User",
                **FROM_NOTIFICATIONS,
            ),
        ),
        (
            "notification_complaint",
            SesEvent(
                "Complaint", NOTIFICATION_TIME, "richard@example.com", sub_type="abuse", **FROM_NOTIFICATIONS
            ),
        ),
        (
            "notification_delivery",
            SesEvent(
                "Delivery",
                NOTIFICATION_TIME,
                "jane@example.com",
                detail="250 ok:  Message 64111812 accepted",
                **FROM_NOTIFICATIONS,
            ),
        ),
    ],
)
def test_a_sample_of_awss_is_read_so(name: str, event: SesEvent) -> None:
    assert _parse(_sample(name)) == [event]


@pytest.mark.parametrize("part", ["bounce", "complaint", "delivery", "delivery_delay"])
@pytest.mark.parametrize("spelling", ["eventType", "notificationType"])
def test_both_spellings_say_the_same(part: str, spelling: str) -> None:
    document = _sample(f"event_{part}")
    expected = _parse(document)
    document[spelling] = document.pop("eventType")
    assert _parse(document) == expected


def test_there_is_one_event_a_recipient() -> None:
    document = _sample("event_bounce")
    document["bounce"]["bouncedRecipients"] = [
        {"emailAddress": "Jane Doe <Jane@Example.com>"},
        {"emailAddress": "=?utf-8?q?M=C3=A4ry?= <mary@example.com>", "status": "5.1.1"},
        {"emailAddress": "JANE@example.com"},
    ]
    events = _parse(document)
    assert [event.recipient for event in events] == ["JANE@example.com", "mary@example.com"]
    assert [event.status for event in events] == [None, "5.1.1"]


def test_one_unreadable_recipient_does_not_hide_the_others() -> None:
    document = _sample("event_bounce")
    document["bounce"]["bouncedRecipients"] += [{"emailAddress": "nobody"}, 7, None, {}]
    readable, unreadable = _parse(document)
    assert (readable.kind, readable.recipient, readable.raw) == ("Bounce", "recipient@example.com", None)
    assert (unreadable.kind, unreadable.sub_type) == (UNREADABLE, "Bounce")
    assert json.loads(unreadable.raw or "") == document


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("Clinic <Info@Clinic.EXAMPLE>", "info@clinic.example"),
        ("=?UTF-8?Q?Praxis_M=C3=BCller?= <info@clinic.example>", "info@clinic.example"),
        ("nobody", None),
        (None, None),
        ("(" * 3000, None),
    ],
)
def test_the_source_is_brought_to_one_form(source: Any, read: str | None) -> None:
    document = _sample("event_send")
    document["mail"]["source"] = source
    assert _parse(document)[0].source == read


@pytest.mark.parametrize(
    ("tags", "tag"),
    [
        ({"clinic_id": ["c1"]}, "c1"),
        ({"clinic_id": ["c1", "c2"]}, None),
        ({"clinic_id": []}, None),
        ({"clinic_id": "c1"}, None),
        ({"clinic_id": [7]}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_tag_names_one_clinic_or_none(tags: Any, tag: str | None) -> None:
    document = _sample("event_bounce")
    document["mail"]["tags"] = tags
    assert _parse(document)[0].clinic_tag == tag


def test_a_complaint_without_feedback_type_carries_its_sub_type() -> None:
    document = _sample("event_complaint")
    document["complaint"] |= {"complaintFeedbackType": None, "complaintSubType": "OnAccountSuppressionList"}
    assert _parse(document)[0].sub_type == "OnAccountSuppressionList"


@pytest.mark.parametrize("kind", ["Teleport", "Delivery Receipt", "x" * 100])
def test_a_kind_of_the_future_is_an_event_of_the_whole_message(kind: str) -> None:
    [event] = _parse(_sample("event_open") | {"eventType": kind})
    assert (event.kind, event.recipient, event.raw) == (kind[:64], None, None)


@pytest.mark.parametrize(
    "message",
    ["", "Successfully validated SNS topic for Amazon SES event publishing.", "[]", "null", "7", "{}", '{"mail": {}}', "[" * 100_000, '{"a":' * 100_000, "9" * 5000, '{"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "x"}'],
    ids=range(11),
)  # fmt: skip
def test_what_is_not_sess_is_told_apart(message: str) -> None:
    with pytest.raises(NotSesContentError):
        _parse(message)


@pytest.mark.parametrize(
    "document",
    [
        {"eventType": None},
        {"eventType": ""},
        {"eventType": ["Bounce"], "mail": {}},
        {"eventType": "Bounce"},
        {"eventType": "Bounce", "mail": []},
        {"eventType": "Bounce", "mail": {}},
        {"eventType": "Bounce", "mail": {}, "bounce": []},
        {"eventType": "Bounce", "mail": {}, "bounce": {}},
        {"eventType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent"}},
        {"eventType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent", "bouncedRecipients": {}}},
        {"eventType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent", "bouncedRecipients": []}},
        {"eventType": "Bounce", "mail": {}, "bounce": {"bouncedRecipients": [{"emailAddress": "a@b.com"}]}},
        {"eventType": "Complaint", "mail": {}},
        {"notificationType": "Complaint", "mail": {}, "complaint": {"complainedRecipients": None}},
        {"eventType": "Delivery", "mail": {}},
        {"eventType": "Delivery", "mail": {}, "delivery": {"recipients": [7]}},
        {"eventType": "DeliveryDelay", "mail": {}},
        {"eventType": "Reject", "mail": {}},
    ],
    ids=str,
)
def test_an_event_that_lacks_what_it_must_have_is_kept_whole(document: dict[str, Any]) -> None:
    message = json.dumps(document)
    [event] = _parse(message)
    assert (event.kind, event.at, event.raw) == (UNREADABLE, PUBLISHED, message)
    assert event.detail


@pytest.mark.parametrize(
    "mail", ["7", "-0.5", '"x"', "true", "null", "1e999", "1" + "0" * 400, "NaN", '["\\ud800"]']
)
def test_an_event_is_kept_whatever_stands_in_place_of_its_mail(mail: str) -> None:
    message = f'{{"eventType": "Bounce", "mail": {mail}}}'
    [event] = _parse(message)
    assert (event.kind, event.detail, event.raw) == (UNREADABLE, "the event has no mail object", message)


@pytest.mark.parametrize("value", ["1e999", "1" + "0" * 400, "NaN", '"\\ud800"', "[" * 60 + "]" * 60])
def test_an_event_is_read_whatever_stands_where_nobody_looks(value: str) -> None:
    expected = _parse(_sample("event_bounce"))
    document = _sample("event_bounce")
    document["mail"]["headers"] = document["more"] = "HERE"
    assert _parse(json.dumps(document).replace('"HERE"', value)) == expected


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("2017-08-05T00:41:02.669Z", EVENT_TIME),
        ("2017-08-05T02:41:02.669+02:00", EVENT_TIME),
        ("2017-08-05T00:41:02.669", EVENT_TIME),
        ("yesterday", MAIL_TIME),
        (None, MAIL_TIME),
        (1501893662, MAIL_TIME),
        ("0001-01-01T00:00:00+23:00", MAIL_TIME),
        ("9999-12-31T23:59:59-23:00", MAIL_TIME),
    ],
)
def test_the_time_is_the_events_own_else_the_mails(timestamp: Any, at: datetime) -> None:
    document = _sample("event_bounce")
    document["bounce"]["timestamp"] = timestamp
    assert _parse(document)[0].at == at


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("2026-02-01T12:00:00.000Z", PUBLISHED + CLOCKS_DIFFER),
        ("2026-02-01T12:00:00.001Z", PUBLISHED + CLOCKS_DIFFER),
        ("9999-12-31T23:59:59.999Z", PUBLISHED + CLOCKS_DIFFER),
    ],
    ids=["as far as clocks may differ", "a little too far", "the year 9999"],
)
def test_an_event_is_not_later_than_its_report(timestamp: str, at: datetime) -> None:
    document = _sample("event_bounce")
    document["bounce"]["timestamp"] = timestamp
    assert {event.at for event in _parse(document)} == {at}


def test_texts_are_made_fit_to_be_stored() -> None:
    document = _sample("event_bounce")
    document["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = (
        "a\x00b" + json.loads('"\\ud800"') + "c" * 2000
    )
    [event] = _parse(document)
    assert event.detail is not None
    assert event.detail.startswith("ab?ccc")
    assert len(event.detail) < MAX_TEXT
    document["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = "\x00"
    assert _parse(document)[0].detail is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@CALM
@given(
    st.sampled_from(sorted(path.stem for path in SAMPLES.glob("*.json"))),
    st.data(),
)
def test_any_change_gives_an_event_or_none_of_sess(name: str, data: st.DataObject) -> None:
    """Replace one value anywhere in a sample by any other."""
    document = _sample(name)
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)
    try:
        events = _parse(document)
    except NotSesContentError:
        return
    assert events
    for event in events:
        assert event.kind
        str(event).encode()
