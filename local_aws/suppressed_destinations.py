"""SES's account-level suppression list, one for each account and region, which ministack lacks.

An address keeps its spelling and is found by that alone, and mail to it bounces. The mailbox simulator's own
addresses never come on the list by themselves (SES Developer Guide, "Using the mailbox simulator").
Shapes: SES API v2 Reference, "ListSuppressedDestinations" and its like.
"""

import base64
import json
import re
import threading
import time
from typing import Any
from urllib.parse import parse_qs

from local_aws.aws_clients import AwsClients, Caller
from local_aws.calls import Answer, Call, json_error

SUPPRESSION_PATH = "/v2/email/suppression/addresses"
_ONE = re.compile(rf"{SUPPRESSION_PATH}/(?P<address>[^/]+)")
_REASONS = ("BOUNCE", "COMPLAINT")
_MOST = 1000  # addresses a page

_Entry = dict[str, Any]


class SuppressedDestinations:
    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients
        self._entries: dict[tuple[str, str], dict[str, _Entry]] = {}
        self._lock = threading.Lock()

    def v2(self, call: Call) -> Answer:
        entries = self._of(call.caller)
        one = _ONE.fullmatch(call.path)
        with self._lock:
            if one is None:
                return _put(call, entries) if call.method == "PUT" else _page(call, entries)
            found = entries.get(one["address"])
            if found is None:
                text = f"Email address {one['address']} does not exist on your suppression list."
                return json_error("NotFoundException", text, 404)
            if call.method == "DELETE":
                del entries[one["address"]]
                return _json({})
            return _json({"SuppressedDestination": found})

    def among(self, caller: Caller, addresses: list[str]) -> set[str]:
        """Return those of the addresses to which SES does not deliver."""
        with self._lock:
            known = {address.lower() for address in self._of(caller)}
        return {address for address in addresses if address.lower() in known}

    def _of(self, caller: Caller) -> dict[str, _Entry]:
        return self._entries.setdefault((self._clients.account_of(caller), caller.region), {})


def _put(call: Call, entries: dict[str, _Entry]) -> Answer:
    address, reason = call.json.get("EmailAddress") or "", call.json.get("Reason")
    if "@" not in address or reason not in _REASONS:
        return json_error("BadRequestException", f"Give an EmailAddress, and a Reason of {_REASONS}.", 400)
    entries[address] = {"EmailAddress": address, "Reason": reason, "LastUpdateTime": time.time()}
    return _json({})


def _page(call: Call, entries: dict[str, _Entry]) -> Answer:
    wanted = parse_qs(call.target.partition("?")[2])
    reasons, start = wanted.get("Reason", _REASONS), wanted.get("StartDate", [""])[0]
    size = min(_MOST, int(wanted.get("PageSize", [str(_MOST)])[0]))
    found = [
        each
        for _, each in sorted(entries.items())
        if each["Reason"] in reasons and _iso(each["LastUpdateTime"]) >= start
    ]
    after = base64.urlsafe_b64decode(wanted.get("NextToken", [""])[0]).decode()
    rest = [each for each in found if each["EmailAddress"] > after]
    document: dict[str, Any] = {"SuppressedDestinationSummaries": rest[:size]}
    if len(rest) > size:
        last = rest[size - 1]["EmailAddress"]
        document["NextToken"] = base64.urlsafe_b64encode(last.encode()).decode()
    return _json(document)


def _iso(moment: float) -> str:
    """Return a time as botocore writes one into a query string."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _json(document: dict[str, Any]) -> Answer:
    return Answer(200, [("Content-Type", "application/json")], json.dumps(document).encode())
