"""What must have become of everything that was published: the rules of the documentation, written anew.

Which clinic, what counts once and what suppresses: docs/how-it-works.md. Nothing here is the services' code.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, NamedTuple

from chaos.clinics import OWN_TOPIC, OWN_TOPIC_CLINIC, SENDERS
from chaos.story import Publication

SOFT_BOUNCE_LIMIT = 5
WINDOW = timedelta(days=30)
_NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
_ABOUT_THE_MESSAGE = {"MessageTooLarge", "ContentRejected", "AttachmentRejected"}
_RECIPIENTS = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients", "Delivery": "recipients"}

Place = tuple[str | None, str]  # a clinic (None: the platform) and an address


class Counted(NamedTuple):
    """What is recorded once for each recipient."""

    clinic: str | None
    mail_id: str
    kind: str


class Entry(NamedTuple):
    """Why an address is on a list; `since` of complaints and hard bounces, `until` of soft ones."""

    reason: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass
class Acts:
    """What a person did by hand before anything was published."""

    added: set[Place] = field(default_factory=set)
    removed: set[Place] = field(default_factory=set)


@dataclass
class Prediction:
    """The end state: rows by what they count, how many are held for good, and every list."""

    events: Counter[Counted] = field(default_factory=Counter)
    held: int = 0
    suppressed: dict[str | None, dict[str, Entry]] = field(default_factory=dict)


def predict(published: Iterable[Publication], acts: Acts, now: datetime) -> Prediction:
    """Return the state in which these publications end, whatever their order and however often they came."""
    seen: set[tuple[Any, ...]] = set()
    held: set[tuple[str, str]] = set()
    history: dict[Place, list[tuple[datetime, str, str]]] = {}
    prediction = Prediction()
    for message_id, topic, text in ((each.message_id, each.topic_arn, each.text) for each in published):
        whole = json.loads(text)
        kind, mail = whole.get("notificationType") or whole["eventType"], whole["mail"]
        clinic = SENDERS[mail["source"]]
        detail = whole[kind.lower()]
        for raw in detail.get(_RECIPIENTS.get(kind, ""), [{"emailAddress": ""}]):
            recipient = raw if isinstance(raw, dict) else {"emailAddress": raw}
            address = parseaddr(recipient["emailAddress"])[1].lower()
            if topic == OWN_TOPIC and clinic != OWN_TOPIC_CLINIC:
                held.add((message_id, address))  # a clinic's topic speaks of another one's mail
                continue
            same = mail["messageId"] if address else message_id
            if (clinic, same, address, kind) in seen:
                continue
            seen.add((clinic, same, address, kind))
            prediction.events[Counted(clinic, mail["messageId"], kind)] += 1
            if effect := _effect(kind, detail, recipient):
                at = datetime.fromisoformat(detail["timestamp"])
                history.setdefault((clinic, address), []).append((at, effect, mail["messageId"]))
    prediction.held = len(held)
    _suppress(prediction, history, acts, now)
    return prediction


def _suppress(
    prediction: Prediction,
    history: Mapping[Place, list[tuple[datetime, str, str]]],
    acts: Acts,
    now: datetime,
) -> None:
    delivered: dict[str | None, datetime] = {}
    for (clinic, _), happened in history.items():
        times = [at for at, effect, _ in happened if effect == "delivery"]
        delivered[clinic] = max([*times, delivered.get(clinic, datetime.min.replace(tzinfo=now.tzinfo))])
    for place in {*history, *acts.added} - acts.removed:  # nobody was removed before an event happened
        entry = _entry(sorted(history.get(place, [])), by_hand=place in acts.added)
        if entry is None:
            continue
        if entry.until and (entry.until <= now or delivered[place[0]] < entry.until - 2 * WINDOW):
            continue
        prediction.suppressed.setdefault(place[0], {})[place[1]] = entry


def _entry(happened: list[tuple[datetime, str, str]], *, by_hand: bool) -> Entry | None:
    for effect, reason in (("complaint", "complaint"), ("permanent", "hard_bounce")):
        if times := [at for at, what, _ in happened if what == effect]:
            return Entry(reason, since=times[0])
    if by_hand:
        return Entry("manual")
    row: dict[str, datetime] = {}
    until = None
    for at, effect, mail_id in happened:
        if effect == "delivery":
            row = {}
        elif effect == "soft":
            row = {key: seen for key, seen in row.items() if seen > at - WINDOW} | {mail_id: at}
            until = at + WINDOW if len(row) >= SOFT_BOUNCE_LIMIT else until
    return Entry("soft_bounce", until=until) if until else None


def _effect(kind: str, detail: Mapping[str, Any], recipient: Mapping[str, str]) -> str:
    if kind == "Delivery":
        return "delivery"
    if kind == "Complaint":
        return "" if detail["complaintFeedbackType"] == "not-spam" else "complaint"
    return _bounce_effect(detail, recipient) if kind == "Bounce" else ""


def _bounce_effect(bounce: Mapping[str, Any], recipient: Mapping[str, str]) -> str:
    if bounce["bounceType"] == "Permanent" or recipient.get("status") in _NO_SUCH_ADDRESS:
        return "permanent"
    out_of_office = bounce["bounceSubType"] == "General" and not recipient.keys() & {
        "status",
        "diagnosticCode",
    }
    return "" if out_of_office or bounce["bounceSubType"] in _ABOUT_THE_MESSAGE else "soft"
