"""The suppression list as CSV: what comes out goes in again, and every line that does not is named."""

import csv
import io
from typing import Any

import pytest

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
PATH = "/api/v1/clinics/{}/communication/suppressions"
DAY = 24 * 60 * 60 * 1000


@pytest.fixture(autouse=True)
def clinics(set_up: Any) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example")


@pytest.fixture
def load(client: Any, people: Any) -> Any:
    def post(text: str | bytes, clinic_id: str = "c1", content_type: str = "text/csv") -> Any:
        return client.post(
            f"{PATH.format(clinic_id)}/import",
            data=text,
            content_type=content_type,
            headers=people.super_admin,
        )

    return post


@pytest.fixture
def export(client: Any, people: Any) -> Any:
    def get(clinic_id: str = "c1") -> list[dict[str, str]]:
        answer = client.get(f"{PATH.format(clinic_id)}/export", headers=people.super_admin)
        return sorted(csv.DictReader(io.StringIO(answer.text)), key=lambda row: row["email"])

    return get


def emails(rows: list[dict[str, str]]) -> list[str]:
    return [row["email"] for row in rows]


def test_the_export_is_a_csv_to_be_saved(client: Any, people: Any, load: Any, services: Any) -> None:
    load("email,reason,since\njane@example.org,complaint,2025-06-01T12:00:00+02:00\n")

    answer = client.get(f"{PATH.format('c1')}/export", headers=people.super_admin)

    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert "suppressions.csv" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.is_streamed
    assert answer.text.splitlines() == [
        "email,reason,since,until",
        "jane@example.org,complaint,2025-06-01T10:00:00+00:00,",
    ]
    assert services.repositories.audit.of_clinic("c1")[0].action == "suppressions.exported"


def test_what_one_clinic_exports_another_can_import(
    of: Any, load: Any, export: Any, client: Any, people: Any
) -> None:
    load(
        'email,reason,since\n"O\'Brien" <ob@example.org>,manual,2025-06-01T00:00:00Z\nb@example.org,hard_bounce,\n'
    )
    text = client.get(f"{PATH.format('c1')}/export", headers=people.super_admin).text

    report = load(text, "c2").json

    assert report == {"success": True, "imported": 2, "unchanged": 0, "refused": 0, "errors": []}
    assert export("c1") == export("c2")


FORMULAS = ["=cmd@example.org", "+1@example.org", "-x@example.org"]


@ON_SQLITE
def test_an_address_that_looks_like_a_formula_goes_out_harmless_and_comes_in_whole(
    load: Any, export: Any, client: Any, people: Any, of: Any
) -> None:
    load("email\n" + "\n".join(FORMULAS))
    text = client.get(f"{PATH.format('c1')}/export", headers=people.super_admin).text

    load(text, "c2")

    cells = [line.partition(",")[0] for line in text.splitlines()[1:]]
    assert sorted(cells) == sorted(f"'{address}" for address in FORMULAS)
    shown = of("c2", "GET", "suppressions").json["suppressions"]
    assert sorted(entry["email"] for entry in shown) == sorted(FORMULAS)


SPELLINGS = {
    "as it should be": b"email,reason,since\njane@example.org,manual,2025-01-01T00:00:00+00:00\n",
    "the address alone": b"email\njane@example.org",
    "a byte order mark": b"\xef\xbb\xbfemail,reason\njane@example.org,manual\n",
    "line ends of Windows": b"email,reason\r\njane@example.org,manual\r\n",
    "quoted": b'"email","reason"\n"jane@example.org","manual"\n',
    "a quoted name with a comma": b'email\n"""Doe, Jane"" <jane@example.org>"\n',
    "other columns too": b"name,email,phone\nJane,jane@example.org,555\n",
    "blank lines": b"email\n\n\njane@example.org\n\n",
    "spaces": b"email,reason\n jane@example.org , manual \n",
    "more cells than columns": b"email\njane@example.org,x,y\n",
}


@ON_SQLITE
@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_a_list_is_read_as_spreadsheets_write_it(load: Any, export: Any, text: bytes) -> None:
    assert load(text).json == {"success": True, "imported": 1, "unchanged": 0, "refused": 0, "errors": []}
    assert emails(export()) == ["jane@example.org"]


def test_refused_lines_are_named_by_number_and_the_others_go_in(
    load: Any, export: Any, services: Any
) -> None:
    lines = [
        "email,reason,since",
        "good@example.org,manual,",
        "not an address,manual,",
        ",manual,",
        "a@example.org,boredom,",
        "b@example.org,soft_bounce,",
        "c@example.org,manual,yesterday",
        "d@example.org,manual,2025-01-01T00:00:00",
        "e@example.org,manual,2026-01-02T00:00:00+00:00",
        "f@example.org,manual,9999-12-31T23:59:59-14:00",
        "last@example.org,complaint,2025-01-01T00:00:00+00:00",
    ]

    report = load("\n".join(lines)).json

    assert (report["imported"], report["unchanged"], report["refused"]) == (2, 0, 8)
    assert [error["line"] for error in report["errors"]] == [3, 4, 5, 6, 7, 8, 9, 10]
    messages = [error["message"] for error in report["errors"]]
    assert "no email address" in messages[0]
    assert "reason must be one of" in messages[2]
    assert "is no time" in messages[4]
    assert "time zone" in messages[5]
    assert "future" in messages[6]
    assert emails(export()) == ["good@example.org", "last@example.org"]
    row = services.repositories.audit.of_clinic("c1")
    assert ["lines:2-11"] in [entry.fields for entry in row if entry.action == "suppressions.imported"]


@ON_SQLITE
def test_only_the_first_hundred_refused_lines_are_named(load: Any) -> None:
    report = load("email\n" + "nobody\n" * 130).json

    assert (report["refused"], len(report["errors"]), report["errors"][-1]["line"]) == (130, 100, 101)


def test_importing_twice_changes_nothing(load: Any, export: Any) -> None:
    text = "email,since\n" + "".join(f"p{number}@example.org,2025-01-01T00:00:00Z\n" for number in range(450))
    first, rows = load(text).json, export()

    second = load(text).json

    assert (first["imported"], first["unchanged"]) == (450, 0)
    assert (second["imported"], second["unchanged"]) == (0, 450)
    assert export() == rows


@ON_SQLITE
def test_a_line_that_stands_twice_counts_once(load: Any, export: Any) -> None:
    report = load("email\njane@example.org\nJANE@example.org\n").json

    assert (report["imported"], report["unchanged"]) == (1, 1)
    assert emails(export()) == ["jane@example.org"]


def test_an_import_that_is_older_than_a_removal_does_not_bring_the_address_back(
    of: Any, load: Any, export: Any, clock: Any
) -> None:
    load("email\njane@example.org")
    entry = of("c1", "GET", "suppressions").json["suppressions"][0]
    clock.advance(DAY)
    of("c1", "DELETE", f"suppressions/{entry['id']}", {"note": "Corrected"})

    older = load("email,since\njane@example.org,2025-12-01T00:00:00Z\n").json
    clock.advance(DAY)
    newer = load("email\njane@example.org\n")

    assert (older["imported"], older["refused"], older["errors"][0]["line"]) == (0, 1, 2)
    assert "removed" in older["errors"][0]["message"]
    assert newer.json["imported"] == 1


FAULTS = {
    "no header": (b"jane@example.org,manual\n", 422, "csv_without_header"),
    "nothing": (b"", 422, "csv_without_header"),
    "a header in upper case": (b"EMAIL\njane@example.org\n", 422, "csv_without_header"),
    "not UTF-8": ("email,name\njane@example.org,J\xe4ne\n".encode("latin-1"), 400, "bad_request"),
    "a letter cut off": (b"email\njane@example.org\n\xc3", 400, "bad_request"),
    "UTF-16": ("email\njane@example.org\n".encode("utf-16"), 400, "bad_request"),
    "line ends of old Macs": (b"email\rjane@example.org\r", 422, "csv_unreadable"),
    "a quote that is not closed": (b'email\n"' + b"jane@example.org\n" * 10_000, 422, "csv_unreadable"),
}


@ON_SQLITE
@pytest.mark.parametrize(("text", "status", "code"), FAULTS.values(), ids=FAULTS)
def test_what_is_no_list_is_refused_with_advice(
    load: Any, export: Any, text: bytes, status: int, code: str
) -> None:
    refused = load(text)

    assert (refused.status_code, refused.json["code"]) == (status, code)
    assert refused.json["message"]
    assert refused.json["hint"]
    assert export() == []


@ON_SQLITE
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/vnd.ms-excel", None])
def test_the_body_must_say_that_it_is_a_csv(load: Any, content_type: Any) -> None:
    refused = load("email\njane@example.org", content_type=content_type)

    assert refused.status_code == 415
    assert "text/csv" in refused.json["message"]


@ON_SQLITE
def test_a_list_may_be_larger_than_a_json_body(load: Any, export: Any) -> None:
    padding = "x" * 2000

    report = load(
        "email,note\n" + "".join(f"p{number}@example.org,{padding}\n" for number in range(250))
    ).json

    assert (report["imported"], report["refused"]) == (250, 0)


@ON_SQLITE
def test_a_line_longer_than_the_reader_takes_at_once_stays_one_line(load: Any, export: Any) -> None:
    name = "é" * 5000

    assert load(f"name,email\n{name},jane@example.org\n").json["imported"] == 1
    assert emails(export()) == ["jane@example.org"]


def test_the_platforms_list_has_its_own_export_and_import(client: Any, people: Any, export: Any) -> None:
    loaded = client.post(
        "/api/v1/suppressions/import",
        data="email\njane@example.org",
        content_type="text/csv",
        headers=people.super_admin,
    )
    text = client.get("/api/v1/suppressions/export", headers=people.super_admin).text

    assert loaded.json["imported"] == 1
    assert text.splitlines()[1].startswith("jane@example.org,manual,2026-01-01")
    assert export() == []
