"""Lists that are longer than a page: each entry is there once, also where many were added at one time."""

from typing import Any

import pytest

from config_service.services.principal import SUPER_ADMIN, Principal
from config_service.services.services import Services
from config_service.storage import suppressions as storage
from config_service.storage.suppressions import SuppressionFilter

ROOT = Principal("root", SUPER_ADMIN)
ADDRESSES = [f"patient{number}@mail.example" for number in range(11)]


@pytest.fixture(params=["c1", None])
def filled_list(request: pytest.FixtureRequest, services: Services, clock: Any) -> str | None:
    """Add addresses to one list, three at a time, and one to another."""
    clinic_id: str | None = request.param
    for number, address in enumerate(ADDRESSES):
        services.suppressions.add(clinic_id, address, ROOT)
        clock.advance(1000 if number % 3 == 2 else 0)
    services.suppressions.add("c2", "somebody@mail.example", ROOT)
    return clinic_id


def test_pages_follow_each_other_without_a_gap(
    services: Services, filled_list: str | None, clock: Any
) -> None:
    seen, before = [], None
    while True:
        wanted = SuppressionFilter(now=clock(), before=before, limit=4)
        entries, last = services.suppressions.page(filled_list, wanted)
        seen += entries
        if last is None:
            break
        before = (last.since, last.id)
    assert sorted(entry.email or "" for entry in seen) == sorted(ADDRESSES)
    assert [entry.since for entry in seen] == sorted((entry.since for entry in seen), reverse=True)


@pytest.mark.parametrize("size", [1, 4, 11, 500])
def test_an_export_holds_every_entry_once_the_oldest_first(
    services: Services, filled_list: str | None, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(storage, "_STREAMED", size)
    header, *lines = services.transfer.export(filled_list, ROOT)
    assert header == "email,reason,since,until\r\n"
    assert sorted(line.split(",")[0] for line in lines) == sorted(ADDRESSES)
    times = [line.split(",")[2] for line in lines]
    assert times == sorted(times)
