"""What people do through the API, before and after: save clinics, suppress by hand, read the lists."""

from datetime import datetime
from typing import Any

import requests

from chaos.clinics import CLINICS, OWN_TOPIC, OWN_TOPIC_CLINIC, PLATFORM, SCOPES, address_of
from chaos.model import Acts, Entry
from chaos.story import mailbox

_TIMEOUT = 100  # seconds: saving a clinic also applies up to a hundred events that waited for it
_LONGEST_PAGE = 500


class Platform:
    """The public API, as a SUPER_ADMIN uses it."""

    def __init__(self, url: str, session: requests.Session) -> None:
        """Take config_service's URL and a session with a token."""
        self._url = f"{url}/api/v1"
        self._session = session

    def prepare(self) -> Acts:
        """Save every clinic that is known from the beginning, and change some lists by hand."""
        acts = Acts()
        for clinic in CLINICS:
            self.save(clinic)
        for clinic in (*CLINICS[:3], PLATFORM):
            self._add(clinic, mailbox(0))
            acts.added.add((clinic, mailbox(0)))
            self._remove(clinic, self._add(clinic, mailbox(1)))
            acts.removed.add((clinic, mailbox(1)))
        return acts

    def save(self, clinic: str) -> None:
        """Give a clinic its SES account, and its topic where it has one of its own."""
        account: dict[str, Any] = {
            "region": "us-east-1",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "fromEmail": address_of(clinic),
            "enabled": True,
        }
        if clinic == OWN_TOPIC_CLINIC:
            account["snsTopicArn"] = OWN_TOPIC
        self._call("PUT", f"/clinics/{clinic}/communication/ses", json=account)

    def lists(self) -> dict[str | None, dict[str, Entry]]:
        """Return every clinic's list, and the platform's: the entries in force by address."""
        return {scope: self._list(scope) for scope in SCOPES}

    def held(self) -> int:
        """Return how many events wait for a clinic."""
        return sum(1 for _ in self._pages("/events/held", "events"))

    def _list(self, clinic: str | None) -> dict[str, Entry]:
        return {each["email"].lower(): _entry(each) for each in self._pages(_path(clinic), "suppressions")}

    def _pages(self, path: str, name: str) -> Any:
        query: dict[str, Any] = {"limit": _LONGEST_PAGE}
        while True:
            page = self._call("GET", path, params=query)
            yield from page[name]
            if not page["nextCursor"]:
                return
            query["cursor"] = page["nextCursor"]

    def _add(self, clinic: str | None, address: str) -> str:
        made = self._call("POST", _path(clinic), json={"email": address})
        return str(made["suppression"]["id"])

    def _remove(self, clinic: str | None, entry: str) -> None:
        self._call("DELETE", f"{_path(clinic)}/{entry}", json={"note": "The patient corrected the address."})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, self._url + path, timeout=_TIMEOUT, **options)
        answer.raise_for_status()
        return answer.json()


def _path(clinic: str | None) -> str:
    return "/suppressions" if clinic is PLATFORM else f"/clinics/{clinic}/communication/suppressions"


def _entry(shown: dict[str, Any]) -> Entry:
    reason = shown["reason"]
    since = datetime.fromisoformat(shown["since"]) if reason in {"complaint", "hard_bounce"} else None
    return Entry(reason, since, datetime.fromisoformat(shown["until"]) if shown["until"] else None)
