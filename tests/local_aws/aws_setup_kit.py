"""The set-up against the stand-in: both services for real, each test under names of its own."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from local_aws_live import Stack
from werkzeug.serving import WSGIRequestHandler, make_server

from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.resource import Action
from config_service.services.services import Services
from config_service.services.setup.applying import Patience, Progress, Waiting, apply
from config_service.services.setup.composition import Composition, Purpose
from config_service.services.setup.request import SetupRequest
from config_service.storage.records import ClinicRecord

REGION = "us-east-1"
# The stand-in takes a key of twelve digits for an account.
PLATFORM = "700000000001"
CLINIC = "700000000002"
PATIENCE = Patience(10, lambda _: "", sleep=lambda _: threading.Event().wait(0.01) and None)

_numbers = itertools.count(1)
_clients: dict[tuple[str, str, str], Any] = {}


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve an application on `port`, or on a free one, and yield its origin."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Names:
    """What one test calls its things."""

    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def topic(self) -> str:
        return f"events-{self.number}"

    @property
    def topic_arn(self) -> str:
        return f"arn:aws:sns:{REGION}:{PLATFORM}:{self.topic}"

    @property
    def queue(self) -> str:
        return f"{self.topic}-dead-letters"

    @property
    def set(self) -> str:
        return f"set-{self.number}"

    @property
    def domain(self) -> str:
        return f"platform-{self.number}.example"

    @property
    def sender(self) -> str:
        return f"noreply@{self.domain}"

    @property
    def clinic(self) -> str:
        return f"clinic-{self.number}"

    @property
    def clinic_domain(self) -> str:
        return f"clinic-{self.number}.example"


@dataclass
class World:
    """The platform's account, both services, and the webhook's endpoint."""

    stack: Stack
    names: Names
    services: Services
    endpoint: str

    def aws(self, service: str, account: str = PLATFORM) -> Any:
        return self.stack.client(service, REGION, account)

    def request(self, **changes: Any) -> SetupRequest:
        defaults = {"endpoint": self.endpoint, "configuration_sets": (self.names.set,), "actor": "ann"}
        return SetupRequest(**{**defaults, **changes})

    def compose(self, *purpose: Any, **changes: Any) -> Composition:
        return self.services.aws.setup.compose(self.request(**changes), *purpose)

    def set_up(self, **changes: Any) -> dict[str, Action]:
        return actions(apply(self.compose(**changes), PATIENCE))

    def remove(self, **changes: Any) -> dict[str, Action]:
        return actions(self.compose(Purpose.REMOVE, **{"endpoint": None, **changes}).remove())

    def plan(self, **changes: Any) -> dict[str, Action]:
        return actions(self.compose(**changes).plan())

    def give_clinic(self, clinic_id: str, account: str = CLINIC, **changes: Any) -> None:
        """Write a clinic's row past the service, as the platform may: with a key of the stand-in's kind."""
        credentials = {"region": REGION, "accessKeyId": account, "secretAccessKey": "s", **changes}
        primary = {"provider": "aws_ses", "enabled": True, "priority": 1}
        primary["credentials"] = {"fromEmail": f"noreply@{self.names.clinic_domain}", **credentials}
        settings = {"communicationSettings": {"email": {"primary": primary}}}
        repositories = self.services.repositories
        with repositories.database.transaction():
            repositories.clinics.save(ClinicRecord(clinic_id, settings))

    def policy(self) -> dict[str, Any]:
        """Return the topic's statements by their ids."""
        attributes = self.aws("sns").get_topic_attributes(TopicArn=self.names.topic_arn)["Attributes"]
        return {each["Sid"]: each for each in json.loads(attributes["Policy"])["Statement"]}


def actions(steps: Any) -> dict[str, Action]:
    """Return what was done, or would be, by the kind and name of what it was done to."""
    found: dict[str, Action] = {}
    step: Progress
    for step in steps:
        if not isinstance(step, Waiting):
            resource, done = step
            found.setdefault(f"{resource.kind} {resource.name}", done.action)
    return found


class KilledError(BaseException):
    """Stands for a process that ends at once."""


@dataclass
class Calls:
    """Sees every call that the set-up makes to AWS, and may end the run after one of those that change things."""

    seen: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    judge: Callable[[str, str, dict[str, Any]], None] | None = None
    kill_at: int | None = None
    _changing: int = 0
    _watched: list[Any] = field(default_factory=list)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> "Calls":
        """See the calls of all clients, which live as long as the tests: making one takes long."""
        original = AwsAccount.client

        def client(account: AwsAccount, service: str) -> Any:
            key = (account._session.get_credentials().access_key, account.region, service)
            if key not in _clients:
                _clients[key] = original(account, service)
            events = _clients[key].meta.events
            events.register("before-parameter-build", self._before, unique_id="calls-before")
            events.register("after-call", self._after, unique_id="calls-after")
            account._clients[service] = _clients[key]
            self._watched.append(events)
            return _clients[key]

        monkeypatch.setattr(AwsAccount, "client", client)
        return self

    def close(self) -> None:
        for events in self._watched:
            events.unregister("before-parameter-build", unique_id="calls-before")
            events.unregister("after-call", unique_id="calls-after")
        self._watched.clear()

    def forget(self) -> None:
        """Begin to count anew."""
        self.seen.clear()
        self._changing = 0

    @property
    def changes(self) -> list[str]:
        return [operation for _, operation, _ in self.seen if _changes(operation)]

    def _before(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = str(model.service_model.service_name)
        if self.judge is not None:
            self.judge(service, model.name, params)
        self.seen.append((service, model.name, dict(params)))

    def _after(self, model: Any, **_: Any) -> None:
        if _changes(model.name):
            self._changing += 1
            if self.kill_at == self._changing - 1:
                raise KilledError


def _changes(operation: str) -> bool:
    return not operation.startswith(("Get", "List"))
