"""Recording SES events: each exactly once, with what follows from it, in whatever order they arrive."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from core_kit import (
    PATIENT,
    ROOT,
    SHARED_TOPIC,
    SOURCE,
    START,
    codes,
    counted,
    event,
    give_ses,
    in_batches,
    reasons,
    results,
    soft,
)
from structlog.testing import capture_logs

from config_service.clock import DAY
from config_service.services.arrivals import Arrival, Arrivals
from config_service.services.services import Services
from config_service.storage.suppressions import SuppressionFilter
from shared.internal_api import FeedbackEvent


@pytest.fixture(autouse=True)
def _clinic(services: Services) -> None:
    give_ses(services, "c1")


def listed(services: Services, clinic_id: str | None = "c1") -> list[Any]:
    return services.suppressions.page(clinic_id, SuppressionFilter(now=services.suppressions.clock()))[0]


def test_a_permanent_bounce_suppresses_its_recipient_for_its_clinic_alone(services: Services) -> None:
    give_ses(services, "c2", fromEmail="noreply@other.example")
    assert results(services, event()) == ["recorded"]
    assert reasons(services, "c1") == [("hard_bounce", "clinic")]
    assert codes(services, "c2") == []
    assert codes(services, "c1", "john@patients.example") == []


def test_one_sns_message_three_times_counts_once(services: Services) -> None:
    message = event()
    assert results(services, message) == ["recorded"]
    assert results(services, message, message) == ["duplicate", "duplicate"]
    assert counted(services, "events") == counted(services, "suppressions") == 1


def test_one_sns_message_twice_in_one_batch_counts_once(services: Services) -> None:
    message = event()
    assert results(services, message, message) == ["recorded", "duplicate"]


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Delivery"])
def test_an_outcome_published_by_two_sns_messages_counts_once(services: Services, kind: str) -> None:
    """An identity notification and a configuration set report the same bounce."""
    assert results(services, event(kind, mail_message_id="m"), event(kind, mail_message_id="m")) == [
        "recorded",
        "duplicate",
    ]


def test_opening_a_mail_twice_is_recorded_twice(services: Services) -> None:
    opened = [event("Open", mail_message_id="m", recipient=None) for _ in range(2)]
    assert results(services, *opened) == ["recorded", "recorded"]


def test_a_transient_and_a_later_permanent_bounce_of_one_message_both_count(services: Services) -> None:
    assert results(services, soft(mail_message_id="m"), event(mail_message_id="m", ms=9)) == [
        "recorded",
        "recorded",
    ]
    assert codes(services, "c1") == ["hard_bounce"]


def test_all_recipients_of_one_sns_message_are_recorded(services: Services) -> None:
    both = [
        event(sns="s", mail_message_id="m", recipient=name) for name in (PATIENT, "john@patients.example")
    ]
    assert results(services, *both) == ["recorded", "recorded"]
    assert codes(services, "c1", "john@patients.example") == ["hard_bounce"]


def test_one_mailbox_in_two_spellings_is_one_entry(services: Services) -> None:
    assert results(
        services, event(recipient="Jane@Patients.Example"), event(recipient="jane@patients.example")
    ) == [
        "recorded",
        "recorded",
    ]
    assert codes(services, "c1", "JANE@patients.EXAMPLE") == ["hard_bounce"]
    assert [entry.email for entry in listed(services)] == ["Jane@Patients.Example"]


def test_one_message_reported_in_two_spellings_is_a_duplicate(services: Services) -> None:
    first = event(recipient="Jane@Patients.Example", mail_message_id="m")
    assert results(services, first, event(mail_message_id="m")) == ["recorded", "duplicate"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"bounce_type": "Transient", "sub_type": "General", "status": "5.1.1"}, ["hard_bounce"]),
        ({"bounce_type": "Undetermined", "status": "5.1.10"}, ["hard_bounce"]),
        ({"bounce_type": "Transient", "sub_type": "General"}, []),
        ({"bounce_type": "Transient", "sub_type": "MessageTooLarge"}, []),
        ({"kind": "Complaint"}, ["complaint"]),
        ({"kind": "Complaint", "sub_type": "not-spam"}, []),
        ({"kind": "Reject", "recipient": None}, []),
        ({"kind": "A new kind"}, []),
        ({"recipient": "not an address"}, []),
    ],
)
def test_what_an_event_does(services: Services, given: dict[str, Any], code: list[str]) -> None:
    assert results(services, event(**given)) == ["recorded"]
    assert codes(services, "c1") == code


def five(**given: Any) -> list[FeedbackEvent]:
    return [soft(days=day, **given) for day in range(5)]


def test_five_soft_bounces_in_a_row_suppress_for_thirty_days(services: Services, clock: Any) -> None:
    results(services, event("Delivery", recipient="john@patients.example"))
    for number, bounce in enumerate(five(), start=1):
        results(services, bounce)
        assert codes(services, "c1") == (["soft_bounce"] if number == 5 else [])
    clock.now += 34 * DAY - 1
    assert codes(services, "c1") == ["soft_bounce"]
    assert [entry.reason for entry in listed(services)] == ["soft_bounce"]
    clock.now += 1
    assert codes(services, "c1") == []
    assert listed(services) == []


def test_without_deliveries_in_sight_soft_bounces_suppress_nobody(services: Services) -> None:
    """Nothing would ever reset the count of a clinic whose Delivery events do not reach us."""
    results(services, *five())
    assert codes(services, "c1") == []
    assert listed(services) == []


def test_a_delivery_seen_later_brings_the_entry_into_force(services: Services) -> None:
    results(services, *five())
    results(services, event("Delivery", recipient="john@patients.example", days=4))
    assert codes(services, "c1") == ["soft_bounce"]


def test_another_clinics_deliveries_say_nothing_of_this_one(services: Services) -> None:
    give_ses(services, "c2", fromEmail="noreply@other.example")
    results(services, *five(), event("Delivery", source="noreply@other.example"))
    assert codes(services, "c1") == []


def test_deliveries_of_long_ago_are_not_in_sight(services: Services) -> None:
    results(services, event("Delivery", recipient="john@patients.example", days=-40), *five())
    assert codes(services, "c1") == []


def test_the_same_message_bouncing_softly_again_and_again_counts_once(services: Services) -> None:
    results(services, event("Delivery", recipient="john@patients.example"))
    again = [soft(mail_message_id="m", days=day) for day in range(6)]
    assert results(services, *again) == ["recorded", *["duplicate"] * 5]
    assert codes(services, "c1") == []


def test_soft_bounces_further_apart_than_the_window_do_not_add_up(services: Services) -> None:
    results(services, event("Delivery", recipient="john@patients.example", days=9))
    results(services, *(soft(days=day) for day in (0, 8, 16, 24, 30)))
    assert codes(services, "c1") == []
    results(services, soft(days=31))
    assert codes(services, "c1") == ["soft_bounce"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_delivery_in_between_resets_the_count_in_any_order_of_arrival(
    services: Services, order: tuple[int, ...]
) -> None:
    results(services, event("Delivery", recipient="john@patients.example"))
    parts = [
        [soft(days=0), soft(days=1)],
        [event("Delivery", days=1, ms=9)],
        [soft(days=day) for day in (2, 3, 4)],
    ]
    for part in order:
        results(services, *parts[part])
    assert codes(services, "c1") == []
    results(services, soft(days=5), soft(days=6))
    assert codes(services, "c1") == ["soft_bounce"]


def test_a_delivery_that_arrives_late_takes_back_what_it_outweighs(services: Services) -> None:
    results(services, event("Delivery", recipient="john@patients.example"), *five())
    assert codes(services, "c1") == ["soft_bounce"]
    results(services, event("Delivery", days=3, ms=9))
    assert codes(services, "c1") == []


def test_an_event_older_than_the_removal_is_recorded_and_does_not_suppress_again(
    services: Services, clock: Any
) -> None:
    results(services, event(days=-2))
    (entry,) = listed(services)
    services.suppressions.remove("c1", entry.id, ROOT, "asked by telephone", consent=False)
    assert codes(services, "c1") == []
    assert results(services, event(days=-1), event("Complaint", days=-1)) == ["recorded", "recorded"]
    assert codes(services, "c1") == []
    assert results(services, event(ms=1)) == ["recorded"]
    assert codes(services, "c1") == ["hard_bounce"]


def test_an_event_a_little_ahead_of_our_clock_can_be_removed(services: Services) -> None:
    results(services, event(ms=5000))
    (entry,) = listed(services)
    services.suppressions.remove("c1", entry.id, ROOT, "a note", consent=False)
    results(services, event("Delivery", ms=6000), soft(ms=4000))
    assert codes(services, "c1") == []


@pytest.mark.parametrize("ahead", [0, 5000])
def test_what_was_just_removed_can_be_added_by_hand_at_once(services: Services, ahead: int) -> None:
    results(services, event(ms=ahead))
    (entry,) = listed(services)
    services.suppressions.remove("c1", entry.id, ROOT, "a note", consent=False)
    services.suppressions.add("c1", PATIENT, ROOT)
    assert codes(services, "c1") == ["manual"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_any_order_of_arrival_gives_one_state(services: Services, order: tuple[int, ...]) -> None:
    happened = [event(days=1), event("Complaint", days=2), soft(days=0), event("Delivery", days=-1)]
    in_batches(services, (happened[place] for place in order), size=1)
    (entry,) = listed(services)
    assert (entry.reason, entry.since) == ("complaint", int((START + timedelta(days=2)).timestamp() * 1000))


def test_a_platform_entry_blocks_for_every_clinic(services: Services) -> None:
    assert results(services, event(source="noreply@healthcare.example")) == ["recorded"]
    give_ses(services, "c2", fromEmail="noreply@other.example")
    assert reasons(services, "c1") == reasons(services, "c2") == [("hard_bounce", "platform")]
    assert codes(services, None) == ["hard_bounce"]


def test_one_mail_that_bounced_for_two_clinics_is_two_events(services: Services) -> None:
    """SES's message ids are unique in one account; another's may not displace ours."""
    give_ses(services, "c2", fromEmail="noreply@other.example")
    both = [event(mail_message_id="m"), event(mail_message_id="m", source="noreply@other.example")]
    assert results(services, *both) == ["recorded", "recorded"]
    assert codes(services, "c1") == codes(services, "c2") == ["hard_bounce"]


@pytest.mark.parametrize("field", ["mail_message_id", "clinic_tag", "sub_type", "status"])
@pytest.mark.parametrize("text", ["a\ud800b", "a\x00b"], ids=["half a character", "NUL"])
def test_an_event_that_cannot_be_stored_is_refused_alone(services: Services, field: str, text: str) -> None:
    good = [event(recipient=f"p{number}@patients.example") for number in range(3)]
    bad = event(recipient="bad@patients.example", **{field: text})
    found = results(services, good[0], bad, *good[1:])
    storable = services.repositories.database.is_sqlite and "\x00" in text
    assert found == ["recorded", "recorded" if storable else "refused", "recorded", "recorded"]
    assert counted(services, "events") == (4 if storable else 3)


def test_half_a_character_in_an_address_or_a_detail_is_refused_alone_or_kept(services: Services) -> None:
    found = results(services, event(recipient="a\ud800@b.example"), event(detail="\ud800"), event())
    assert found[2] == "recorded"
    assert set(found[:2]) <= {"refused", "recorded"}


def test_the_internal_api_answers_each_event_by_itself(record: Callable[..., list[dict[str, Any]]]) -> None:
    good = {
        "snsMessageId": "s1",
        "topicArn": SHARED_TOPIC,
        "kind": "Bounce",
        "at": START.isoformat(),
        "recipient": PATIENT,
        "source": SOURCE,
        "bounceType": "Permanent",
        "mailMessageId": "m1",
    }
    found = record(
        good, {**good, "at": "yesterday"}, "no event", {**good, "snsMessageId": "s2"}, {**good, "new": 1}
    )
    assert [result["result"] for result in found] == [
        "recorded",
        "refused",
        "refused",
        "duplicate",
        "duplicate",
    ]
    assert found[0]["clinicId"] == "c1"
    assert found[0]["rule"] == "source"


def test_an_unreadable_event_is_held_sealed_and_never_twice(services: Services) -> None:
    unreadable = event("Unreadable", recipient=None, source=None, mail_message_id=None, raw='{"secret": 1}')
    assert results(services, unreadable, unreadable) == ["held", "held"]
    (held,) = services.repositories.held.page(0, 10)
    assert held.raw_sealed is not None
    assert "secret" not in held.raw_sealed


def test_an_event_without_ids_is_unique_by_its_sns_message(services: Services) -> None:
    first = event(mail_message_id=None)
    assert results(services, first, first, event(mail_message_id=None)) == [
        "recorded",
        "duplicate",
        "recorded",
    ]


def test_an_event_that_meets_a_fault_of_ours_does_not_stop_those_it_came_with(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = event()
    make = Arrivals.event_record

    def fail_for_one(arrivals: Arrivals, arrival: Arrival) -> Any:
        if arrival.feedback == bad:
            raise KeyError("a fault of ours")
        return make(arrivals, arrival)

    monkeypatch.setattr(Arrivals, "event_record", fail_for_one)
    with capture_logs() as logs:
        assert results(services, event(), bad, event()) == ["recorded", "refused", "recorded"]
    assert [line["log_level"] for line in logs] == ["warning", "error"]
    assert counted(services, "events") == 2
