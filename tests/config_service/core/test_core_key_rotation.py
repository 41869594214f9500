"""Keys are rotated while the service serves: nothing that was stored under the older one is lost or doubled."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from core_kit import PATIENT, ROOT, SECRET, codes, counted, event, give_ses, results

from config_service.encryption import NamedKey, SealedValueError
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage.events import EventFilter
from config_service.storage.sealed_columns import COLUMNS
from config_service.storage.suppressions import SuppressionFilter
from shared.ses import UNREADABLE

Process = Callable[..., Services]


def rotated(settings: ConfigSettings) -> ConfigSettings:
    return replace(
        settings,
        credentials_keys=(NamedKey("k2", b"d" * 32), *settings.credentials_keys),
        address_hash_keys=(NamedKey("h2", b"i" * 32), *settings.address_hash_keys),
    )


def test_a_suppression_of_the_older_hash_key_still_holds(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    give_ses(services, "c1")
    results(services, event(mail_message_id="m"))
    newer = another_process(rotated(settings))
    assert codes(newer, "c1") == ["hard_bounce"]
    assert results(newer, event("Complaint")) == ["recorded"]
    assert codes(newer, "c1") == ["complaint"]
    (entry,) = newer.suppressions.page("c1", SuppressionFilter(now=0))[0]
    assert entry.email == PATIENT
    newer.suppressions.remove("c1", entry.id, ROOT, "a note", consent=True)
    assert codes(newer, "c1") == []
    assert counted(newer, "suppressions") == 0


def test_a_redelivery_after_the_rotation_is_still_a_duplicate(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    give_ses(services, "c1")
    message, held = event(), event(source="x@nowhere.example")
    assert results(services, message, held) == ["recorded", "held"]
    newer = another_process(rotated(settings))
    assert results(newer, message, held) == ["duplicate", "held"]
    give_ses(newer, "c2", fromEmail="x@nowhere.example")
    assert (counted(newer, "events"), counted(newer, "held_events")) == (2, 0)


def test_two_processes_of_which_one_has_the_new_key_already_serve_side_by_side(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    """The new key is added last first, so that all know it before one seals with it."""
    prepared = replace(settings, credentials_keys=(*settings.credentials_keys, NamedKey("k2", b"d" * 32)))
    older, newer = another_process(prepared), another_process(rotated(settings))
    give_ses(newer, "c1")
    assert (
        older.sending_order.effective_config("c1", ROOT)["email"]["providers"][0]["credentials"][
            "secretAccessKey"
        ]
        == SECRET
    )
    give_ses(older, "c1", accessKeyId="AKIAANOTHERKEYEXAMPL", fromName="changed")
    assert [newer.clinic_rows.reseal("c1"), newer.clinic_rows.reseal("c1")] == [True, False]
    assert older.configs.get_clinic_config("c1").email["primary"]["credentials"]["fromName"] == "changed"


def fill(services: Services) -> None:
    """Leave something in every column that holds sealed values."""
    give_ses(services, "c1")
    events = [event(detail=f"550 {PATIENT}"), event(source="x@nowhere.example", detail="550 no")]
    results(services, *events, event(UNREADABLE, recipient=None, raw="{}"))
    services.suppressions.add("c1", "bob@patients.example", ROOT, "asked by telephone")
    services.test_emails.send("c1", "eve@patients.example", ROOT)


def sealed_values(services: Services) -> dict[str, list[str]]:
    found = {}
    with services.repositories.database.reading():
        for column in COLUMNS:
            sql = f"SELECT {column.name} FROM {column.table} WHERE {column.name} IS NOT NULL"
            values = [value for (value,) in services.repositories.database.execute(sql).fetchall()]
            found[f"{column.table}.{column.name}"] = values
    return found


def test_resealing_brings_everything_under_the_new_key_so_that_the_old_one_may_go(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    fill(services)
    assert all(sealed_values(services).values()), "a column that nothing fills proves nothing"
    new = NamedKey("k2", b"d" * 32)
    both = replace(settings, credentials_keys=(new, *settings.credentials_keys))

    last = {progress.what: progress.changed for progress in another_process(both).resealing.run()}

    assert last == {"clinics": 1, **{name: len(values) for name, values in sealed_values(services).items()}}
    assert all(
        value.startswith("sealed:k2:") for values in sealed_values(services).values() for value in values
    )
    alone = another_process(replace(settings, credentials_keys=(new,)))
    (first, *_) = alone.repositories.events.page("c1", EventFilter())
    assert alone.suppressions.vault.show(first.recipient_hash, first.recipient_sealed) == PATIENT
    assert {entry.email for entry in alone.suppressions.page("c1", SuppressionFilter(now=0))[0]} >= {PATIENT}
    assert not [progress for progress in alone.resealing.run() if progress.changed]


@pytest.mark.parametrize(("older", "newer"), [("k1", "K1"), ("2026-01", "2026_01")])
def test_key_ids_that_look_alike_are_told_apart(
    another_process: Process, settings: ConfigSettings, older: str, newer: str
) -> None:
    old, new = NamedKey(older, b"c" * 32), NamedKey(newer, b"d" * 32)
    fill(another_process(replace(settings, credentials_keys=(old,))))
    list(another_process(replace(settings, credentials_keys=(new, old))).resealing.run())
    alone = another_process(replace(settings, credentials_keys=(new,)))
    assert {entry.email for entry in alone.suppressions.page("c1", SuppressionFilter(now=0))[0]} >= {PATIENT}


def test_resealing_goes_on_past_what_does_not_open_and_names_it(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    fill(services)
    stranger = NamedKey("k0", b"z" * 32)
    lost = another_process(replace(settings, credentials_keys=(stranger,)))
    results(lost, event(recipient="lost@patients.example", source="y@nowhere.example", detail=None))
    both = replace(settings, credentials_keys=(NamedKey("k2", b"d" * 32), *settings.credentials_keys))
    seen = []

    with pytest.raises(
        SealedValueError, match=r"1 places hold values .* held_events\.recipient_sealed of \d+ .*'k0'"
    ):
        seen.extend(another_process(both).resealing.run())

    assert {progress.what for progress in seen} >= {
        "clinics",
        "held_events.raw_sealed",
        "test_sends.recipient_sealed",
    }


def test_a_bounce_that_is_reported_again_by_another_message_after_the_rotation_counts_once(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    give_ses(services, "c1")
    assert results(services, event(mail_message_id="m")) == ["recorded"]
    assert results(another_process(rotated(settings)), event(mail_message_id="m")) == ["duplicate"]


def test_an_entry_that_is_removed_after_the_rotation_stays_removed_for_both_keys(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    give_ses(services, "c1")
    results(services, event(), event("Complaint", days=2))
    newer = another_process(rotated(settings))
    results(newer, event(days=9))  # its own time lies ahead of our clock
    (entry,) = newer.suppressions.page("c1", SuppressionFilter(now=0))[0]
    newer.suppressions.remove("c1", entry.id, ROOT, "a note", consent=True)
    assert codes(newer, "c1") == []


def test_a_save_beside_an_entry_that_does_not_open_is_done_and_says_so(
    services: Services, another_process: Process, settings: ConfigSettings
) -> None:
    smtp = {"host": "mail.example", "username": "u", "password": SECRET, "fromEmail": "a@c1.example"}
    services.configs.save_clinic_config(
        clinic_id="c1", actor=ROOT, email={"primary": {"provider": "smtp", "credentials": smtp}}
    )
    newer = another_process(replace(settings, credentials_keys=(NamedKey("k9", b"q" * 32),)))
    saved = give_ses(newer, "c1")
    assert saved.email["primary"]["credentials"]["accessKeyId"] == "AKIA************MPLE"
    assert saved.email["fallback"][0]["credentials"]["password"] == "********"
    with pytest.raises(SealedValueError, match="'k1'"):
        newer.configs.get_clinic_config("c1")
