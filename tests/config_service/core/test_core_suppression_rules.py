"""What suppresses: pure functions of an address's history."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config_service.clock import DAY
from config_service.services.suppression_rules import Fact, Verdict, decide, effect_of, identity_of
from shared.ses import SesEvent

LIMIT = 3
AT = datetime(2026, 1, 1, tzinfo=UTC)


def bounce(bounce_type: str, sub_type: str | None, status: str | None, detail: str | None = None) -> SesEvent:
    return SesEvent(
        "Bounce", AT, "a@b.example", bounce_type=bounce_type, sub_type=sub_type, status=status, detail=detail
    )


@pytest.mark.parametrize(
    "sub_type", ["General", "NoEmail", "Suppressed", "OnAccountSuppressionList", "Undetermined", None, "New"]
)
@pytest.mark.parametrize("status", [None, "5.1.1", "4.2.2", "5.7.1", "not a status"])
def test_every_permanent_bounce_suppresses(sub_type: str | None, status: str | None) -> None:
    assert effect_of(bounce("Permanent", sub_type, status)) == "permanent"


@pytest.mark.parametrize("bounce_type", ["Transient", "Undetermined"])
@pytest.mark.parametrize(
    "sub_type",
    [
        "General",
        "MailboxFull",
        "MessageTooLarge",
        "ContentRejected",
        "AttachmentRejected",
        "Undetermined",
        None,
    ],
)
@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"])
def test_a_transient_bounce_that_says_no_such_address_is_as_permanent(
    bounce_type: str, sub_type: str | None, status: str
) -> None:
    assert effect_of(bounce(bounce_type, sub_type, status)) == "permanent"


@pytest.mark.parametrize("bounce_type", ["Transient", "Undetermined"])
@pytest.mark.parametrize(
    "status",
    [
        "4.1.1",
        "5.1.0",
        "5.1.4",
        "5.1.5",
        "5.1.7",
        "5.1.8",
        "5.1.9",
        "5.1.11",
        "5.2.2",
        "4.4.7",
        "5.7.1",
        "15.1.1",
    ],
)
def test_any_other_status_of_a_transient_bounce_counts_softly(bounce_type: str, status: str) -> None:
    """5.1.7 and 5.1.8 are the sender's fault."""
    assert effect_of(bounce(bounce_type, "General", status)) == "soft"


@pytest.mark.parametrize(
    ("event", "effect"),
    [
        (bounce("Transient", "MailboxFull", None), "soft"),
        (bounce("Transient", "General", None, "smtp; 450 try later"), "soft"),
        (bounce("Transient", "General", "4.4.7"), "soft"),
        (bounce("Undetermined", "Undetermined", None), "soft"),
        (bounce("Transient", None, None), "soft"),
        (bounce("Transient", "MessageTooLarge", "5.3.4"), ""),
        (bounce("Transient", "ContentRejected", "5.6.0"), ""),
        (bounce("Transient", "AttachmentRejected", None), ""),
        (bounce("Undetermined", "ContentRejected", None), ""),
        (bounce("Transient", "General", None), ""),
        (bounce("Transient", "General", ""), ""),
    ],
)
def test_what_a_transient_bounce_means(event: SesEvent, effect: str) -> None:
    """Bounces about the message do not count, and neither does an out-of-office reply."""
    assert effect_of(event) == effect


@pytest.mark.parametrize(
    ("kind", "sub_type", "effect"),
    [
        ("Complaint", "abuse", "complaint"),
        ("Complaint", None, "complaint"),
        ("Complaint", "auth-failure", "complaint"),
        ("Complaint", "fraud", "complaint"),
        ("Complaint", "virus", "complaint"),
        ("Complaint", "other", "complaint"),
        ("Complaint", "OnAccountSuppressionList", "complaint"),
        ("Complaint", "not-spam", ""),
        ("Delivery", None, "delivery"),
        ("Send", None, ""),
        ("Reject", None, ""),
        ("Open", None, ""),
        ("Click", None, ""),
        ("Rendering Failure", None, ""),
        ("DeliveryDelay", "MailboxFull", ""),
        ("Subscription", None, ""),
        ("Something new", None, ""),
        ("Unreadable", None, ""),
    ],
)
def test_what_another_event_means(kind: str, sub_type: str | None, effect: str) -> None:
    assert effect_of(SesEvent(kind, AT, "a@b.example", sub_type=sub_type)) == effect


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Delivery"])
def test_an_event_of_no_recipient_suppresses_nobody(kind: str) -> None:
    nobody = SesEvent(kind, AT, None, mail_message_id="m", bounce_type="Permanent")
    assert effect_of(nobody) == ""
    assert identity_of(nobody) is None


def test_a_transient_and_a_permanent_bounce_of_one_message_are_two_events() -> None:
    assert identity_of(_of_message(bounce("Transient", "MailboxFull", None))) != identity_of(
        _of_message(bounce("Permanent", "General", None))
    )


@pytest.mark.parametrize(
    ("kind", "mail_message_id", "has_identity"),
    [
        ("Bounce", "m", True),
        ("Complaint", "m", True),
        ("Delivery", "m", True),
        ("Bounce", None, False),
        ("Open", "m", False),
        ("Click", "m", False),
        ("DeliveryDelay", "m", False),
    ],
)
def test_only_outcomes_are_the_same_event_when_reported_twice(
    kind: str, mail_message_id: str | None, has_identity: bool
) -> None:
    """A person may open a mail twice; it bounces once."""
    found = identity_of(
        SesEvent(kind, AT, "a@b.example", mail_message_id=mail_message_id, bounce_type="Permanent")
    )
    assert (found is not None) is has_identity


def _of_message(event: SesEvent) -> SesEvent:
    return SesEvent(**{name: getattr(event, name) for name in SesEvent.__slots__} | {"mail_message_id": "m"})


def softs(*days: float) -> list[Fact]:
    return [Fact("soft", int(day * DAY), f"m{number}") for number, day in enumerate(days)]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ([], None),
        ([Fact("delivery", 5)], None),
        ([Fact("permanent", 5)], Verdict("hard_bounce", 5)),
        ([Fact("permanent", 5), Fact("permanent", 3)], Verdict("hard_bounce", 3)),
        ([Fact("permanent", 5), Fact("delivery", 9)], Verdict("hard_bounce", 5)),
        ([Fact("permanent", 5), Fact("complaint", 9)], Verdict("complaint", 9)),
        ([Fact("add", 5, reason="manual")], Verdict("manual", 5)),
        ([Fact("add", 5, reason="complaint")], Verdict("complaint", 5)),
        ([Fact("add", 5, reason="manual"), Fact("permanent", 9)], Verdict("hard_bounce", 9)),
        ([Fact("permanent", 5), Fact("remove", 6)], None),
        ([Fact("permanent", 5), Fact("remove", 5)], None),
        ([Fact("permanent", 7), Fact("remove", 6)], Verdict("hard_bounce", 7)),
        ([Fact("remove", 6), Fact("add", 9, reason="manual"), Fact("remove", 12)], None),
        (softs(1, 2), None),
        (softs(1, 2, 3), Verdict("soft_bounce", 3 * DAY, 33 * DAY)),
        (softs(1, 2, 3, 4), Verdict("soft_bounce", 4 * DAY, 34 * DAY)),
        ([*softs(1, 2, 3), Fact("delivery", int(2.5 * DAY))], None),
        ([*softs(1, 2, 3), Fact("delivery", DAY // 2)], Verdict("soft_bounce", 3 * DAY, 33 * DAY)),
        ([*softs(1, 2, 3), Fact("remove", DAY)], None),
        (softs(1, 2, 31), None),
        (softs(1, 2, 30.9), Verdict("soft_bounce", int(30.9 * DAY), int(30.9 * DAY) + 30 * DAY)),
        ([Fact("soft", at, "the same message") for at in (1, 2, 3, 4)], None),
        ([*softs(1, 2, 3), Fact("permanent", 4 * DAY)], Verdict("hard_bounce", 4 * DAY)),
        ([*softs(1, 2, 3), Fact("add", 9, reason="manual")], Verdict("manual", 9)),
        ([Fact("erase", 9)], None),
        ([*softs(1, 2, 3), Fact("erase", int(2.5 * DAY))], Verdict("soft_bounce", 3 * DAY, 33 * DAY)),
    ],
)
def test_what_a_history_decides(facts: list[Fact], verdict: Verdict | None) -> None:
    assert decide(facts, LIMIT) == verdict


_FACTS = st.builds(
    Fact,
    what=st.sampled_from(
        ["permanent", "soft", "soft", "soft", "complaint", "delivery", "add", "remove", "erase"]
    ),
    at=st.integers(0, 40).map(lambda day: day * DAY),
    mail_message_id=st.sampled_from(["m1", "m2", "m3", "m4", None]),
    reason=st.sampled_from(["manual", "hard_bounce", "complaint"]),
)


@given(st.data(), st.lists(_FACTS, max_size=12))
def test_neither_order_nor_repetition_changes_the_verdict(data: st.DataObject, facts: list[Fact]) -> None:
    again = data.draw(st.lists(st.sampled_from(facts), max_size=8)) if facts else []
    assert decide(data.draw(st.permutations(facts + again)), LIMIT) == decide(facts, LIMIT)


@given(st.lists(_FACTS, max_size=12), st.lists(_FACTS, max_size=12), st.integers(0, 40))
def test_what_lies_at_or_before_the_latest_removal_never_matters(
    older: list[Fact], newer: list[Fact], day: int
) -> None:
    removal = Fact("remove", day * DAY)
    before = [fact for fact in older if fact.at <= removal.at]
    after = [fact for fact in newer if fact.at > removal.at]
    assert decide([*before, removal, *after], LIMIT) == decide([removal, *after], LIMIT)
