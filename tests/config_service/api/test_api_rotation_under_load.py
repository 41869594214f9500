"""Both keys are rotated in the documented order while requests come in: none fails, and nothing is lost or doubled."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from config_service import create_app
from config_service.encryption import NamedKey
from config_service.services.services import Services
from config_service.settings import ConfigSettings

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CLIENTS = 3
K1, K2 = NamedKey("k1", b"c" * 32), NamedKey("k2", b"d" * 32)
H1, H2 = NamedKey("h1", b"h" * 32), NamedKey("h2", b"i" * 32)


class Fleet:
    """Two processes behind one address, which are replaced one after the other."""

    def __init__(self, settings: ConfigSettings, providers: Any, clock: Any) -> None:
        self._make = lambda changes: create_app(
            replace(settings, **changes), providers=providers, clock=clock, sweeping=False
        )
        self._running: list[Flask] = []
        self.every: list[Flask] = []

    def roll(self, credentials: tuple[NamedKey, ...], hashes: tuple[NamedKey, ...]) -> Iterator[None]:
        """Replace each process by one with these keys, and yield after each."""
        for place in range(2):
            app = self._make({"credentials_keys": credentials, "address_hash_keys": hashes})
            app.testing = True
            self.every.append(app)
            self._running[place : place + 1] = [app]
            yield

    def client(self, number: int) -> Any:
        return self._running[number % len(self._running)].test_client()

    def close(self) -> None:
        """Close this thread's connections."""
        for app in self.every:
            services_of(app).repositories.database.close()


def services_of(app: Flask) -> Services:
    found: Services = app.extensions["config_service"]
    return found


class Traffic:
    """Clients that do what webhook_service, sending services and people do, and note each answer."""

    def __init__(self, fleet: Fleet, people: Any, event: Any) -> None:
        self._fleet = fleet
        self._people = people
        self._event = event
        self._numbers = itertools.count()
        self._rounds = [0] * CLIENTS
        self._moved = threading.Condition()
        self._stop = False
        self.suppressed: list[str] = []
        self.failures: list[Any] = []
        self.requests = 0

    @contextmanager
    def flowing(self) -> Iterator[None]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            futures = [pool.submit(self._work, number) for number in range(CLIENTS)]
            try:
                self.flow()
                yield
                self.flow()
            finally:
                self._stop = True
            for future in futures:
                future.result()

    def flow(self) -> None:
        """Wait until every client has begun and ended one more round."""
        with self._moved:
            wanted = [count + 2 for count in self._rounds]
            assert self._moved.wait_for(
                lambda: self.failures or all(a >= b for a, b in zip(self._rounds, wanted, strict=True)),
                timeout=60,
            )

    def _work(self, worker: int) -> None:
        try:
            while not self._stop:
                self._round(next(self._numbers))
                with self._moved:
                    self._rounds[worker] += 1
                    self._moved.notify_all()
        except Exception as error:  # noqa: BLE001 - a request that raises has failed
            self.failures.append(repr(error))
        finally:
            self._fleet.close()

    def _round(self, number: int) -> None:
        address, by_hand = f"p{number}@patients.example", f"q{number}@patients.example"
        bounce = self._event("Bounce", address, snsMessageId=f"sns-{number}", mailMessageId=f"mail-{number}")
        clinic = "/api/v1/clinics/c1/communication"
        self._ask(number, "POST", "/internal/v1/events", self._people.webhook, {"events": [bounce]})
        self._ask(number + 1, "POST", "/internal/v1/events", self._people.webhook, {"events": [bounce]})
        self._ask(number, "POST", f"{clinic}/suppressions", self._people.super_admin, {"email": by_hand})
        known = [address, by_hand, *self.suppressed[:: max(1, len(self.suppressed) // 20)]]
        checked = self._ask(
            number + 1,
            "POST",
            "/internal/v1/clinics/c1/suppressions/check",
            self._people.sender,
            {"addresses": known},
        )
        if not all(check["suppressed"] for check in checked["results"]):
            self.failures.append([check for check in checked["results"] if not check["suppressed"]])
        self.suppressed += [address, by_hand]
        self._ask(number, "GET", f"{clinic}/suppressions?limit=5", self._people.super_admin)
        self._ask(number, "GET", f"{clinic}/config", self._people.super_admin)
        path = "/internal/v1/clinics/c1/effective-config"
        config = self._ask(number + 1, "GET", path, self._people.sender)
        if SECRET not in str(config):
            self.failures.append("a secret that is not what was stored")

    def _ask(self, number: int, method: str, path: str, who: dict[str, str], body: Any = None) -> Any:
        options = {"json": body} if body is not None else {}
        answer = self._fleet.client(number).open(path, method=method, headers=who, **options)
        self.requests += 1
        if answer.status_code not in {200, 201}:
            self.failures.append((method, path, answer.status_code, answer.text))
        return answer.json


def test_keys_are_rotated_under_load_and_no_request_fails(
    settings: ConfigSettings, email_providers: Any, clock: Any, people: Any, event: Any, ses: Any
) -> None:
    fleet = Fleet(settings, email_providers, clock)
    traffic = Traffic(fleet, people, event)
    list(fleet.roll((K1,), (H1,)))
    fleet.client(0).put("/api/v1/clinics/c1/communication/ses", json=ses, headers=people.super_admin)

    with traffic.flowing():
        for keys in (((K1, K2), (H1, H2)), ((K2, K1), (H2, H1))):
            for _ in fleet.roll(*keys):
                traffic.flow()
        operator = services_of(fleet.every[-1])
        list(operator.resealing.run())
        list(operator.rehashing.run())
        assert operator.resealing.left().keys() == {"k2"}
        assert operator.rehashing.left().keys() == {"h2"}
        operator.rehashing.retire("h1")
        for _ in fleet.roll((K2,), (H2,)):
            traffic.flow()

    assert traffic.failures == []
    assert traffic.requests >= 7 * CLIENTS * 12
    newest = services_of(fleet.every[-1])
    checks = newest.reachability.check("c1", traffic.suppressed)
    assert [check.email for check in checks if not check.suppressed] == []
    tables = {table: rows_of(newest, table) for table in ("suppressions", "events")}
    assert tables == {"suppressions": len(traffic.suppressed), "events": len(traffic.suppressed) // 2}
    fleet.close()


def rows_of(services: Services, table: str) -> int:
    with services.repositories.database.reading():
        return int(services.repositories.database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("GET", "/api/v1/clinics/c1/communication/config", "super_admin"),
        ("GET", "/api/v1/clinics/c1/communication/suppressions", "super_admin"),
        ("POST", "/api/v1/clinics/c1/communication/test-email", "super_admin"),
        ("GET", "/internal/v1/clinics/c1/effective-config", "sender"),
    ],
)
def test_a_key_that_is_missing_is_named_and_said_what_to_do_about(
    make_client: Any, people: Any, set_up: Any, of: Any, method: str, path: str, who: str
) -> None:
    set_up("c1")
    of("c1", "POST", "suppressions", {"email": "jane@example.org"})
    body = {"json": {"testEmail": "bob@example.org"}} if method == "POST" else {}

    answer = make_client(credentials_keys=(K2,)).open(
        path, method=method, headers=getattr(people, who), **body
    )

    assert (answer.status_code, answer.json["code"]) == (503, "encryption_key_missing")
    assert "'k1'" in answer.json["message"]
    assert "CREDENTIALS_KEYS" in answer.json["hint"]
