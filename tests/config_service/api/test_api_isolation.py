"""No request and no event reads or changes another clinic's state, whoever asks for whatever in whatever order."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from isolation_kit import (
    CLINICS,
    CONTESTED,
    PLATFORM,
    PLATFORM_ADDRESS,
    PLATFORMS_PATIENT,
    POOR,
    SHARED_TOPIC,
    TENANTS,
    TOPIC_A,
    TOPIC_B,
    TOPIC_TWO,
    Knowledge,
    State,
    marks,
    note,
    patient,
    secret,
    source,
    state,
)

ROLES = ("SUPER_ADMIN", "CLINIC_ADMIN", "CLINIC_ADMIN", "LOCATION_HEAD")
METHODS = ("get", "put", "post", "delete")
NEEDS_A_NETWORK = {"setup", "identities", "drift"}  # ask AWS and DNS for the clinic's own account
SENDERS = (
    *map(source, TENANTS),
    "other@isolated-b.example",
    CONTESTED,
    PLATFORM_ADDRESS,
    "new@nowhere.example",
)
PATIENTS = tuple(patient(clinic, number) for clinic in TENANTS for number in (1, 2))


@pytest.fixture
def world(of: Any, call: Any, record: Any, event: Any) -> None:
    """Give every clinic settings, secrets, a list, events, a test email and history of its own."""
    for clinic, topic in CLINICS.items():
        account = {"region": "us-east-1", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "fromEmail": source(clinic)}
        account |= {"secretAccessKey": secret(clinic), "snsTopicArn": topic}
        email: dict[str, Any] = {"primary": {"provider": "aws_ses", "credentials": account}}
        if topic == TOPIC_TWO:
            email["defaultFrom"] = CONTESTED
        assert of(clinic, "PUT", "config", {"email": email}).status_code == 200
    assert of(POOR, "PUT", "config", {}).status_code == 200
    for clinic in TENANTS:
        added = of(clinic, "POST", "suppressions", {"email": patient(clinic), "note": note(clinic)})
        assert added.status_code == 201
        assert of(clinic, "POST", "test-email", {"testEmail": "me@staff.example"}).status_code == 200
        reported = event("Bounce", patient(clinic, 2), source=source(clinic), topicArn=SHARED_TOPIC)
        found = record(reported)[0]
        assert (found["result"], found["clinicId"]) == (
            ("held", None) if clinic == POOR else ("recorded", clinic)
        )
    record(event("Bounce", patient("isolated-a"), source="new@nowhere.example"))
    assert call("POST", "/api/v1/suppressions", {"email": PLATFORMS_PATIENT}).status_code == 201


def bodies(path: str, method: str) -> st.SearchStrategy[Any]:
    """Return what to send to an operation, most of it at another clinic's expense; None for its example."""
    email, sender = st.sampled_from(PATIENTS), st.sampled_from(SENDERS)
    topic = st.sampled_from((TOPIC_A, TOPIC_B, TOPIC_TWO, SHARED_TOPIC, None))
    account = st.fixed_dictionaries(
        {"region": st.just("us-east-1"), "accessKeyId": st.just("AKIAIOSFODNN7EXAMPLE"), "fromEmail": sender},
        optional={"secretAccessKey": st.sampled_from(("********", "own-secret")), "snsTopicArn": topic},
    )
    primary = st.fixed_dictionaries({"provider": st.just("aws_ses"), "credentials": account})
    known: dict[tuple[str, str], st.SearchStrategy[Any]] = {
        ("put", "ses"): account,
        ("put", "config"): st.fixed_dictionaries(
            {"email": st.fixed_dictionaries({}, optional={"primary": primary, "defaultFrom": sender})}
        ),
        ("post", "test-email"): st.fixed_dictionaries(
            {"testEmail": email}, optional={"provider": st.sampled_from(("aws_ses", "platform", "smtp"))}
        ),
        ("post", "suppressions"): st.fixed_dictionaries({"email": email}),
        ("post", "check"): st.fixed_dictionaries({"email": email}),
        ("post", "import"): email.map(lambda found: f"email\n{found}\n"),
        ("post", "assign"): st.fixed_dictionaries({"clinicId": st.sampled_from(TENANTS)}),
        ("delete", "{suppressionId}"): st.just({"note": "asked", "consent": True}),
    }
    return known.get((method, path.rpartition("/")[2]), st.none())


@st.composite
def requests(draw: st.DrawFn, operations: list[tuple[str, str, Any]]) -> dict[str, Any]:
    path, method, example = draw(st.sampled_from(operations))
    own = draw(st.lists(st.sampled_from(TENANTS), max_size=2, unique=True))
    return {
        "role": draw(st.sampled_from(ROLES)),
        "clinics": own,
        "path": path,
        "method": method,
        "clinic": draw(st.sampled_from((*own, *own, *own, *TENANTS, "isolated-new"))),
        "thing": draw(st.integers(0, 30)),
        "body": draw(bodies(path, method)) or example,
    }


EVENTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("Bounce", "Complaint", "Delivery", "Send")),
        "topicArn": st.sampled_from((SHARED_TOPIC, SHARED_TOPIC, TOPIC_A, TOPIC_B, TOPIC_TWO)),
        "source": st.sampled_from((*SENDERS, None)),
        "clinicTag": st.sampled_from((*TENANTS, "isolated-new", None, None)),
        "mailMessageId": st.sampled_from(
            (None, "m-1", "platform-1", *(f"{clinic}-aws_ses-1" for clinic in CLINICS))
        ),
        "recipient": st.sampled_from(PATIENTS),
    }
)


class Isolation:
    """Takes steps, and after each holds the whole state against the one before."""

    def __init__(self, client: Any, services: Any, people: Any, record: Any, event: Any) -> None:
        self.client, self.services = client, services
        self.people, self.record, self.event = people, record, event
        self.told: dict[str | None, str] = {}  # what a clinic was given: that is its own from then on

    def ask(self, step: dict[str, Any]) -> None:
        """Send one request: only the clinic in its path may change, and none but it is seen in the answer."""
        before = state(self.services)
        body = (
            {"data": step["body"], "content_type": "text/csv"}
            if isinstance(step["body"], str)
            else {"json": step["body"]}
        )
        path = self._filled(step, before)
        answer = self.client.open(
            path,
            method=step["method"].upper(),
            headers=self._headers(step),
            **(body if step["body"] is not None else {}),
        )
        text, asked = answer.text, f"{path} {step['body']}"
        assert answer.status_code < 500, (step, text)
        theirs = "{clinicId}" in step["path"]
        stranger = step["role"] != "SUPER_ADMIN" and (not theirs or step["clinic"] not in step["clinics"])
        assert (answer.status_code == 403) or not stranger, (step, text)
        if answer.status_code < 300 and not stranger:
            self._tell(step["clinic"] if theirs else PLATFORM, asked)
        after = state(self.services)
        self._unchanged(before, after, self._may_change(step, stranger=stranger), step)
        self._justified(before, after, assigned="assign" in step["path"])
        if theirs or stranger:
            others = set(TENANTS) - ({step["clinic"]} if theirs and not stranger else set())
            own = asked + self.told.get(step["clinic"], "")
            every = {mark for other in others for mark in marks(other, after)} | {PLATFORMS_PATIENT}
            seen = {mark for mark in every if mark in text and mark not in own}
            assert not seen, (step, seen)

    def report(self, events: list[dict[str, Any]]) -> None:
        """Report events as webhook_service does: only the clinics that were found may change."""
        before = state(self.services)
        found = self.record(*[self.event(**each) for each in events])
        after = state(self.services)
        self._unchanged(
            before, after, {each.get("clinicId") for each in found if each["result"] == "recorded"}, events
        )
        self._justified(before, after)

    def sweep(self) -> None:
        """Have held events tried again: what finds its clinic now is that clinic's."""
        before = state(self.services)
        self.services.held_events.retries.retry()
        self._justified(before, state(self.services))

    def _tell(self, tenant: str | None, what: str) -> None:
        self.told[tenant] = f"{self.told.get(tenant, '')} {what}"

    def _headers(self, step: dict[str, Any]) -> dict[str, str]:
        if step["role"] == "SUPER_ADMIN":
            return self.people.super_admin
        make = self.people.clinic_admin if step["role"] == "CLINIC_ADMIN" else self.people.location_head
        return make(*step["clinics"])

    def _filled(self, step: dict[str, Any], now: State) -> str:
        """Fill a path with ids that exist, mostly another clinic's."""
        every = [(table, str(row["id"])) for tenant in now.values() for table, row in tenant if "id" in row]
        ids = {
            "{suppressionId}": [found for table, found in every if table == "suppressions"],
            "{testId}": [found for table, found in every if table == "test_sends"],
            "{eventId}": [str(each.id) for each in self.services.held_events.page(0, 50)],
        }
        path = step["path"].replace("{clinicId}", step["clinic"])
        for name, found in ids.items():
            path = path.replace(name, found[step["thing"] % len(found)] if found else "1")
        return path

    @staticmethod
    def _may_change(step: dict[str, Any], *, stranger: bool) -> set[str | None]:
        if stranger or (step["role"] == "LOCATION_HEAD" and step["method"] != "get"):
            return set()
        if "assign" in step["path"]:
            return {step["body"]["clinicId"]}
        if "{clinicId}" not in step["path"]:
            return {PLATFORM}
        # What SES reported of a test email through the platform's account becomes the clinic's that sent it.
        return {step["clinic"], PLATFORM} if step["path"].endswith("test-email") else {step["clinic"]}

    @staticmethod
    def _unchanged(before: State, after: State, may_change: set[str | None], step: Any) -> None:
        changed = {tenant for tenant in before | after if before.get(tenant, []) != after.get(tenant, [])}
        assert changed <= may_change, (step, changed)

    def _justified(self, before: State, after: State, *, assigned: bool = False) -> None:
        """Hold every event that came to a clinic against what the settings say, now or before."""
        known = {row["id"] for tenant in before.values() for table, row in tenant if table == "events"}
        at_first, now = (Knowledge.of(self.services, each) for each in (before, after))
        for tenant, rows in after.items():
            for table, row in rows:
                if table != "events" or row["id"] in known:
                    continue
                vault = self.services.suppressions.vault
                self._tell(tenant, f"{row} {vault.show(row['recipient_hash'], row['recipient_sealed'])}")
                found = now.may_hold(tenant, row) or at_first.may_hold(tenant, row)
                assert found or (assigned and row["rule"] == "assigned"), (tenant, row)


def steps(examples: int) -> Any:
    """Return what draws the steps; the state grows from one example to the next, so that none is shrunk."""

    def decorate(test: Any) -> Any:
        checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
        drawn = given(data=st.data())(test)
        return settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=checks,
        )(drawn)

    return decorate


@pytest.fixture
def operations(client: Any) -> list[tuple[str, str, Any]]:
    """Return (path, method, example) of every operation that the document names."""
    document = client.get("/openapi.json").json
    found = []
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item and NEEDS_A_NETWORK.isdisjoint(path.split("/")):
                content = item[method].get("requestBody", {}).get("content", {})
                found.append((path, method, next(iter(content.values()))["example"] if content else None))
    assert len(found) >= 20
    return found


def take(
    isolation: Isolation, operations: list[tuple[str, str, Any]], data: st.DataObject, count: int
) -> None:
    step = st.one_of(
        requests(operations), requests(operations), st.lists(EVENTS, min_size=1, max_size=4), st.none()
    )
    for chosen in data.draw(st.lists(step, min_size=count, max_size=count)):
        if chosen is None:
            isolation.sweep()
        elif isinstance(chosen, list):
            isolation.report(chosen)
        else:
            isolation.ask(chosen)


@pytest.fixture
def isolation(client: Any, services: Any, record: Any, event: Any, people: Any, world: None) -> Isolation:
    return Isolation(client, services, people, record, event)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", ["CLINIC_ADMIN", "LOCATION_HEAD"])
def test_each_operation_shows_each_clinic_its_own_and_lets_nobody_change_who_may_only_look(
    isolation: Isolation, operations: list[tuple[str, str, Any]], role: str
) -> None:
    """Every operation once and more, where chance would come to it late: read by its owner, or by a stranger."""
    of_clinics = [operation for operation in operations if "{clinicId}" in operation[0]]
    for path, method, example in of_clinics:
        if role == "CLINIC_ADMIN" and method != "get" and not path.endswith("check"):
            continue
        for number, clinic in enumerate(TENANTS):
            step = {"role": role, "path": path, "method": method, "clinic": clinic, "body": example}
            stranger = TENANTS[number - 1]
            for thing in range(8) if "{testId}" in path else (0,):
                isolation.ask({**step, "clinics": [clinic], "thing": thing})
            if role == "CLINIC_ADMIN":
                isolation.ask({**step, "clinics": [stranger], "thing": 0})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@steps(25)
def test_no_request_and_no_event_reads_or_changes_another_clinics_state(
    isolation: Isolation, operations: list[tuple[str, str, Any]], data: st.DataObject
) -> None:
    take(isolation, operations, data, 8)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@steps(6)
def test_nor_on_postgresql(
    isolation: Isolation, operations: list[tuple[str, str, Any]], data: st.DataObject
) -> None:
    take(isolation, operations, data, 8)
