"""Events that wait for their clinic: applied once it is proved whose they are, exactly once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from core_kit import ROOT, SOURCE, clinic_admin, codes, counted, event, give_ses, results

from config_service.errors import InvalidError, NotFoundError
from config_service.services.services import Services

LEASE_MS = 2 * 60 * 1000


@pytest.fixture
def held(services: Services) -> Services:
    """Return the use cases after a bounce from a source that nobody has yet."""
    assert results(services, event()) == ["held"]
    return services


def in_the_queue(services: Services) -> int:
    return counted(services, "held_events")


def test_a_held_event_is_held_once(held: Services) -> None:
    again = event(sns="s")
    assert results(held, again, again) == ["held", "held"]
    assert in_the_queue(held) == 2


def test_it_is_applied_when_a_super_admin_saves_the_clinic(held: Services) -> None:
    give_ses(held, "c1")
    assert codes(held, "c1") == ["hard_bounce"]
    assert (in_the_queue(held), counted(held, "events")) == (0, 1)


def test_it_is_applied_when_code_of_the_same_process_saves_the_clinic(held: Services) -> None:
    held.configs.save_clinic_config(clinic_id="c1", actor="the platform", email={"defaultFrom": SOURCE})
    assert in_the_queue(held) == 0


def test_a_clinics_own_administrator_gets_nothing_by_writing_an_address_down(held: Services) -> None:
    give_ses(held, "c1", actor=clinic_admin("c1"))
    assert held.sweep.run()
    assert codes(held, "c1") == []
    assert in_the_queue(held) == 1


def test_an_accepted_test_email_under_own_credentials_proves_the_address(held: Services) -> None:
    give_ses(held, "c1", actor=clinic_admin("c1"))
    held.test_emails.send("c1", "john@patients.example", clinic_admin("c1"))
    assert codes(held, "c1") == ["hard_bounce"]
    assert in_the_queue(held) == 0


def test_a_test_email_through_the_platforms_account_proves_nothing(held: Services) -> None:
    give_ses(held, "c1", actor=clinic_admin("c1"))
    held.test_emails.send("c1", "john@patients.example", clinic_admin("c1"), "platform")
    assert in_the_queue(held) == 1


def test_a_test_email_by_smtp_proves_nothing(held: Services) -> None:
    smtp = {"host": "mail.example", "port": 587, "fromEmail": SOURCE}
    held.configs.save_clinic_config(
        clinic_id="c1", actor=clinic_admin("c1"), email={"primary": {"provider": "smtp", "credentials": smtp}}
    )
    held.test_emails.send("c1", "john@patients.example", clinic_admin("c1"))
    assert in_the_queue(held) == 1


def test_saving_by_the_clinics_administrator_does_not_undo_what_was_proved(held: Services) -> None:
    give_ses(held, "c1", fromEmail="noreply@other.example")
    give_ses(held, "c1")
    give_ses(held, "c1", actor=clinic_admin("c1"), fromName="New name")
    assert results(held, event("Complaint")) == ["recorded"]
    assert codes(held, "c1") == ["complaint"]


def test_a_new_event_of_a_source_that_is_not_proved_is_the_clinics(held: Services) -> None:
    """Only what was there before the claim waits for proof."""
    give_ses(held, "c1", actor=clinic_admin("c1"))
    assert results(held, event()) == ["recorded"]
    assert in_the_queue(held) == 1


def test_the_sweep_applies_what_a_direct_update_explains(held: Services) -> None:
    email = {"primary": {"provider": "aws_ses", "credentials": {"region": "us-east-1", "fromEmail": SOURCE}}}
    with held.repositories.database.transaction():
        held.repositories.database.execute(
            "INSERT INTO clinics (id, settings) VALUES (?, ?)",
            ("c1", json.dumps({"communicationSettings": {"email": email}})),
        )
    assert held.sweep.run()
    assert codes(held, "c1") == ["hard_bounce"]
    assert in_the_queue(held) == 0


def test_it_can_be_assigned_by_hand_once(held: Services) -> None:
    give_ses(held, "c1", fromEmail="noreply@other.example")
    (waiting,) = held.held_events.page(0, 10)
    assert held.held_events.assign(waiting.id or 0, "c1", ROOT).result == "recorded"
    assert codes(held, "c1") == ["hard_bounce"]
    with pytest.raises(NotFoundError):
        held.held_events.assign(waiting.id or 0, "c1", ROOT)
    assert held.repositories.audit.of_clinic("c1")[0].action == "held_event.assigned"


def test_it_cannot_be_assigned_to_a_clinic_that_does_not_exist(held: Services) -> None:
    (waiting,) = held.held_events.page(0, 10)
    with pytest.raises(NotFoundError):
        held.held_events.assign(waiting.id or 0, "no-such-clinic", ROOT)
    assert in_the_queue(held) == 1


def test_a_redelivery_after_it_was_applied_is_a_duplicate(services: Services) -> None:
    waiting = event()
    assert results(services, waiting) == ["held"]
    give_ses(services, "c1")
    assert results(services, waiting) == ["duplicate"]
    services.configs.save_clinic_config(clinic_id="c1", actor=ROOT, email=None)
    assert results(services, waiting) == ["duplicate"]  # also when its source is nobody's again
    assert (in_the_queue(services), counted(services, "events")) == (0, 1)


def test_a_redelivery_that_is_mapped_takes_its_held_twin_out(held: Services) -> None:
    waiting = event(recipient="john@patients.example")
    results(held, waiting)
    email = {"defaultFrom": SOURCE}
    with held.repositories.database.transaction():
        held.repositories.database.execute(
            "INSERT INTO clinics (id, settings) VALUES (?, ?)",
            ("c1", json.dumps({"communicationSettings": {"email": email}})),
        )
    assert results(held, waiting) == ["recorded"]
    assert in_the_queue(held) == 1


def test_an_unreadable_event_stays_for_a_person_to_look_at(services: Services) -> None:
    results(services, event("Unreadable", raw="{}", recipient=None))
    give_ses(services, "c1")
    assert services.sweep.run()
    (waiting,) = services.held_events.page(0, 10)
    with pytest.raises(InvalidError):
        services.held_events.assign(waiting.id or 0, "c1", ROOT)
    assert in_the_queue(services) == 1


def test_one_event_that_cannot_be_opened_does_not_stop_the_others(services: Services) -> None:
    results(services, event(sns="damaged"), event(sns="sound", recipient="john@patients.example"))
    with services.repositories.database.transaction():
        services.repositories.database.execute(
            "UPDATE held_events SET recipient_sealed = 'sealed:lost:AAAA' WHERE sns_message_id = 'damaged'"
        )
    give_ses(services, "c1")
    assert services.sweep.run()
    assert codes(services, "c1", "john@patients.example") == ["hard_bounce"]
    assert in_the_queue(services) == 1


def test_held_events_are_counted_by_their_reason(held: Services) -> None:
    results(held, event("Unreadable", raw="{}", recipient=None), event(source="other@nowhere.example"))
    assert held.repositories.held.count() == {"unknown_source": 2, "unreadable": 1}


def test_more_held_events_than_a_page_are_all_tried(services: Services) -> None:
    results(services, *(event(recipient=f"p{number}@patients.example") for number in range(201)))
    _save_past_the_service(services)
    assert services.held_events.retries.retry() == 201


def test_events_that_are_applied_together_share_their_statements(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    results(services, *(event(recipient=f"p{number}@patients.example") for number in range(100)))
    _save_past_the_service(services)
    database, asked = services.repositories.database, []

    def counting(execute: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            asked.append(arguments)
            return execute(*arguments, **options)

        return counted

    monkeypatch.setattr(database, "execute", counting(database.execute))
    monkeypatch.setattr(database.peewee, "execute_sql", counting(database.peewee.execute_sql))

    assert services.held_events.retries.retry() == 100
    assert 10 < len(asked) < 100


def test_two_messages_of_one_event_that_are_applied_together_count_once(services: Services) -> None:
    results(services, event(sns="one", mail_message_id="mail"), event(sns="two", mail_message_id="mail"))
    assert in_the_queue(services) == 2
    _save_past_the_service(services)
    assert services.held_events.retries.retry() == 2
    assert (in_the_queue(services), counted(services, "events")) == (0, 1)


def _save_past_the_service(services: Services) -> None:
    """Write the clinic that all wait for, as a direct update does: nothing is tried again for it yet."""
    with services.repositories.database.transaction():
        services.repositories.database.execute(
            "INSERT INTO clinics (id, settings) VALUES (?, ?)",
            ("c1", json.dumps({"communicationSettings": {"email": {"defaultFrom": SOURCE}}})),
        )


def test_one_process_sweeps_at_a_time_and_another_takes_over_from_one_that_died(
    services: Services, another_process: Any, clock: Any
) -> None:
    other = another_process()
    assert services.repositories.leases.take("sweep", clock.now, clock.now + LEASE_MS)  # and dies
    assert other.sweep.run() is False
    clock.advance(LEASE_MS - 1)
    assert other.sweep.run() is False
    clock.advance(1)
    assert other.sweep.run() is True
    assert services.sweep.run() is True  # the lease was given back


def test_a_lease_that_was_taken_by_a_clock_that_ran_ahead_keeps_nobody_from_sweeping(
    services: Services, another_process: Any, clock: Any
) -> None:
    two_days = 2 * 24 * 60 * 60 * 1000
    clock.advance(two_days)
    assert services.repositories.leases.take("sweep", clock.now, clock.now + LEASE_MS)  # and dies
    clock.advance(-two_days)
    assert another_process().sweep.run() is True


def test_a_sweep_that_fails_gives_its_lease_back(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> int:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(type(services.held_events.retries), "retry", fail)
        with pytest.raises(RuntimeError):
            services.sweep.run()
    assert services.sweep.run() is True
