"""A person who is erased is shown nowhere any more, and is still not mailed; whatever comes in for them later."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from core_kit import PATIENT, ROOT, at_once, clinic_admin, codes, counted, event, give_ses, results, soft

from config_service.encryption import CredentialCipher, NamedKey
from config_service.errors import InvalidError, NotFoundError
from config_service.services.addresses import address_place
from config_service.services.arrivals import DETAIL, RAW
from config_service.services.services import Services
from config_service.services.suppressions import NOTE
from config_service.settings import ConfigSettings
from config_service.storage.events import EventFilter
from config_service.storage.sealed_columns import COLUMNS
from config_service.storage.suppressions import SuppressionFilter

Process = Callable[..., Services]
JOHN = "john@patients.example"
NOBODY = {"source": "who@nowhere.example"}
_PURPOSES = {"note_sealed": NOTE, "detail_sealed": DETAIL, "raw_sealed": RAW}


@pytest.fixture
def readable(services: Services, settings: ConfigSettings) -> Callable[[], str]:
    """Return what opens all that is sealed, with every key at hand."""
    cipher = CredentialCipher(settings.credentials_keys)

    def read() -> str:
        found = []
        database = services.repositories.database
        for column in COLUMNS:
            bound = column.bound_to or "''"
            sql = f"SELECT {column.name}, {bound} FROM {column.table} WHERE {column.name} IS NOT NULL"
            with database.reading():
                stored = database.execute(sql).fetchall()
            for value, bound_to in stored:
                place = address_place(bound_to) if column.bound_to else _PURPOSES[column.name]
                found.append(cipher.open(value, place))
        return "\n".join(found).lower()

    return read


@pytest.fixture
def erased(services: Services) -> Callable[..., dict[str, int]]:
    def erase(clinic_id: str | None = None, email: str = PATIENT) -> dict[str, int]:
        return services.erasure.erase(clinic_id, email, ROOT, "Asked for by letter")

    return erase


@pytest.fixture(autouse=True)
def clinics(services: Services) -> None:
    give_ses(services, "c1")
    give_ses(services, "c2", fromEmail="noreply@two.example")


def shown(services: Services, clinic_id: str | None = "c1") -> list[tuple[str | None, str, bool]]:
    page = services.suppressions.page(clinic_id, SuppressionFilter(now=0))[0]
    return [(entry.email, entry.reason, entry.erased) for entry in page]


def test_all_that_is_stored_of_a_person_is_blanked_and_what_suppresses_them_stays(
    services: Services, erased: Any, readable: Any
) -> None:
    services.test_emails.send("c1", PATIENT, ROOT)
    results(
        services,
        soft(detail=f"452 <{PATIENT}> is full"),
        event("Open"),
        event("Delivery", source="noreply@two.example"),
        event(detail=f"550 no {PATIENT}", recipient=PATIENT.upper()),
        event(detail=f"550 no {PATIENT}", **NOBODY),
        event("Unreadable", recipient=None, raw=f'{{"to": "{PATIENT}"}}', detail=f"no bounce of {PATIENT}"),
        event(recipient=JOHN, detail="550 no such user"),
    )
    services.suppressions.add("c1", PATIENT, ROOT, f"{PATIENT} called")
    assert PATIENT in readable()
    changed = erased(email=f"Jane <{PATIENT.title()}>")
    assert changed == {
        "test_sends": 1, "events": 4, "held_events": 2, "suppression_acts": 1, "suppressions": 1,
    }  # fmt: skip
    assert PATIENT.partition("@")[0] not in readable()
    assert JOHN in readable()
    assert sorted(shown(services), key=str) == [("john@patients.example", "hard_bounce", False), (None, "hard_bounce", True)]  # fmt: skip
    assert codes(services, "c1") == ["hard_bounce"]
    kinds = {
        (each.kind, each.recipient_sealed) for each in services.repositories.events.page("c1", EventFilter())
    }
    assert kinds >= {("Open", None), ("Bounce", None)}


def test_what_comes_in_later_counts_and_brings_no_address_back(
    services: Services, erased: Any, readable: Any, clock: Any
) -> None:
    results(services, event())
    erased()
    results(
        services,
        event("Complaint", detail=PATIENT),
        event("Open", recipient=PATIENT.title()),
        event("Delivery", source="noreply@two.example", detail=PATIENT),
        event(detail=PATIENT, **NOBODY),
    )
    assert codes(services, "c1") == ["complaint"]
    entry, is_new = services.suppressions.add("c2", PATIENT, ROOT, "by telephone")
    assert (entry.email, entry.erased, is_new) == (None, True, True)
    report = services.transfer.load("c1", ["email,reason\n", f"{PATIENT},manual\n"], ROOT)
    assert (report.imported, report.unchanged, report.refused) == (0, 1, 0)
    lines = list(services.transfer.export("c1", ROOT))
    assert len(lines) == 1  # the header: an entry without an address cannot be imported elsewhere
    assert "jane" not in readable()


def test_an_erased_entry_is_removed_as_any_other_and_its_address_stays_unshown(
    services: Services, erased: Any, readable: Any, clock: Any
) -> None:
    results(services, event(), event("Complaint"))
    erased()
    (entry,) = services.suppressions.page("c1", SuppressionFilter(now=0))[0]
    with pytest.raises(InvalidError, match="consent"):
        services.suppressions.remove("c1", entry.id, ROOT, "a note", consent=False)
    services.suppressions.remove("c1", entry.id, ROOT, "a note", consent=True)
    assert codes(services, "c1") == []
    services.test_emails.send("c1", PATIENT, ROOT)
    results(services, event())  # older than the removal
    assert codes(services, "c1") == []
    results(services, event(days=1))
    assert shown(services) == [(None, "hard_bounce", True)]
    assert "jane" not in readable()


def test_an_address_without_an_entry_is_erased_as_well(
    services: Services, erased: Any, readable: Any
) -> None:
    results(services, event("Delivery"))
    assert erased()["events"] == 1
    assert codes(services, "c1") == []
    results(services, event())
    assert shown(services) == [(None, "hard_bounce", True)]
    assert "jane" not in readable()


def test_a_held_event_of_an_erased_person_still_finds_its_clinic_and_suppresses(
    services: Services, erased: Any, readable: Any
) -> None:
    full = {"bounce_type": "Transient", "sub_type": "General", "detail": "452 full"}  # no out-of-office reply
    results(services, event(**NOBODY), *(event(**NOBODY, **full) for _ in range(2)))
    erased()
    for held in services.held_events.page(0, 10):
        assert held.id is not None
        assert services.held_events.assign(held.id, "c1", ROOT).result == "recorded"
    assert shown(services) == [(None, "hard_bounce", True)]
    effects = sorted(each.effect for each in services.repositories.events.page("c1", EventFilter()))
    assert effects == ["permanent", "soft", "soft"]


def test_an_event_of_an_erased_person_moves_to_its_clinic_when_its_send_is_known(
    services: Services, erased: Any, email_providers: Any
) -> None:
    results(services, event(source="noreply@two.example", mail_message_id="m"))
    erased()
    results(services, event(source="noreply@two.example", mail_message_id="m2"))
    send = services.test_emails.send("c1", "me@clinic.example", ROOT)
    services.repositories.test_sends.finish(send.test_id, "accepted", message_id="m")
    services.test_emails.moved.move_message("m")
    assert codes(services, "c2") == ["hard_bounce"]
    assert counted(services, "events") == 2
    with services.repositories.database.reading():
        hashes = services.repositories.database.execute("SELECT recipient_hash FROM events").fetchall()
    assert len(set(hashes)) == 1


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (f'{{"to": "{PATIENT.upper()}", "cc": "{JOHN}"}}', f'{{"to": "erased", "cc": "{JOHN}"}}'),
        ('{"to": "jane\\u0040patients.example"}', "erased"),
    ],
)
def test_a_text_that_could_not_be_read_loses_the_address_alone_where_it_can(
    services: Services, erased: Any, raw: str, left: str
) -> None:
    results(
        services, event("Unreadable", recipient=None, raw=raw), event("Unreadable", recipient=None, raw="{}")
    )
    assert erased()["held_events"] == 1
    (first, _) = services.held_events.page(0, 10)
    assert first.id is not None
    assert services.held_events.show(first.id, ROOT)[1] == left


def test_an_address_within_a_longer_one_is_somebody_elses(
    services: Services, erased: Any, readable: Any
) -> None:
    others = f"mary-{PATIENT} {PATIENT}.au"
    results(services, event("Unreadable", recipient=None, raw=others), event())
    assert erased()["held_events"] == 0
    assert others in readable()


def test_a_clinic_erases_what_is_its_own_and_nothing_else(
    services: Services, erased: Any, readable: Any
) -> None:
    results(services, event(), event(source="noreply@two.example"), event(**NOBODY))
    services.suppressions.add(None, PATIENT, ROOT)
    services.erasure.erase("c1", PATIENT, clinic_admin("c1"), "Asked for")
    assert shown(services, "c1") == [(None, "hard_bounce", True)]
    assert shown(services, "c2") == [(PATIENT, "hard_bounce", False)]
    assert shown(services, None) == [(PATIENT, "manual", False)]
    results(services, event("Complaint"), event("Complaint", source="noreply@two.example"))
    assert shown(services, "c1") == [(None, "complaint", True)]
    assert shown(services, "c2") == [(PATIENT, "complaint", False)]
    assert services.repositories.held.count() == {"unknown_source": 1}
    assert erased() == {
        "test_sends": 0, "events": 2, "held_events": 1, "suppression_acts": 1, "suppressions": 2,
    }  # fmt: skip
    assert "jane" not in readable()


@pytest.mark.parametrize("clinic_id", [None, "c2"])
def test_an_address_of_which_nothing_is_stored_is_told_and_nothing_is_made(
    services: Services, erased: Any, clinic_id: str | None
) -> None:
    results(services, event(recipient=JOHN))  # and c2 knows nothing of him
    before = [counted(services, table) for table in ("audit", "erased_addresses", "suppression_acts")]
    with pytest.raises(NotFoundError) as refused:
        erased(clinic_id, PATIENT if clinic_id is None else JOHN)
    assert refused.value.code == "address_unknown"
    assert [counted(services, table) for table in ("audit", "erased_addresses", "suppression_acts")] == before
    with pytest.raises(InvalidError):
        erased(clinic_id, "jane")


def test_erasing_again_changes_nothing(services: Services, erased: Any) -> None:
    results(services, event())
    assert sum(erased().values()) == 2
    assert sum(erased().values()) == 0
    assert shown(services) == [(None, "hard_bounce", True)]
    assert counted(services, "erased_addresses") == 1


def test_the_audit_row_names_who_asked_and_not_whom(services: Services, erased: Any, readable: Any) -> None:
    results(services, event())
    erased()
    (row,) = services.repositories.audit.of_clinic(None)
    assert (row.actor, row.action) == (ROOT.name, "address.erased")
    marked, *counts = row.fields
    assert marked.startswith("address:h1:")
    assert len(marked) == len("address:h1:") + 12
    assert counts == ["events:1", "suppressions:1"]
    assert "asked for by letter" in readable()  # the note stays, as an act of its own


def test_an_erasure_holds_under_a_newer_hash_key(
    services: Services, another_process: Process, settings: ConfigSettings, erased: Any, readable: Any
) -> None:
    results(services, event(), event("Delivery", source="noreply@two.example"))
    erased()
    keys = (NamedKey("h2", b"i" * 32), *settings.address_hash_keys)
    newer = another_process(replace(settings, address_hash_keys=keys))
    results(newer, event("Complaint"), event(source="noreply@two.example"), event(**NOBODY))
    assert codes(newer, "c1") == ["complaint"]
    assert shown(newer, "c2") == [(None, "hard_bounce", True)]
    newer.suppressions.add(None, PATIENT, ROOT)
    assert shown(newer, None) == [(None, "manual", True)]
    assert "jane" not in readable()


def test_what_is_recorded_at_the_very_moment_is_erased_as_well(
    services: Services, another_process: Process, erased: Any, readable: Any
) -> None:
    others = [another_process() for _ in range(3)]
    for number in range(6):
        email = f"jane{number}@patients.example"
        results(services, event("Delivery", recipient=email))
        jobs: list[Any] = [
            (
                each,
                lambda each=each, email=email: results(each, event(recipient=email), event(recipient=email)),
            )
            for each in others
        ]
        jobs += [(services, lambda email=email: erased(email=email))]
        assert not [found for found in at_once(*jobs) if isinstance(found, Exception)]
        assert codes(services, "c1", email) == ["hard_bounce"]
    assert "jane" not in readable()


# PostgreSQL keeps dead rows until it vacuums; docs/retention.md says so.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_sealed_value_is_gone_from_sqlites_files(
    database_url: str, services: Services, erased: Any
) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    results(services, event(), event("Delivery"))
    with services.repositories.database.reading():
        values = services.repositories.database.execute(
            "SELECT recipient_sealed FROM events UNION ALL SELECT address_sealed FROM suppressions"
        ).fetchall()
    assert all(sealed.encode() in _files(file) for (sealed,) in values)
    erased()
    assert not [sealed for (sealed,) in values if sealed.encode() in _files(file)]


def _files(path: Path) -> bytes:
    return b"".join(found.read_bytes() for found in path.parent.glob(f"{path.name}*"))
