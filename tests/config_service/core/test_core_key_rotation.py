"""Keys are rotated while the service serves: nothing that was stored under the older one is lost or doubled."""

from collections.abc import Callable
from dataclasses import replace

from core_kit import PATIENT, ROOT, SECRET, codes, counted, event, give_ses, results

from config_service.encryption import NamedKey
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage.suppressions import SuppressionFilter

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
    give_ses(older, "c1", fromName="changed")
    assert list(newer.clinic_rows.reseal()) == ["c1"]
    assert list(newer.clinic_rows.reseal()) == []
    assert older.configs.get_clinic_config("c1").email["primary"]["credentials"]["fromName"] == "changed"
