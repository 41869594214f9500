"""How an account stands, as the controls say it: ministack calls every account healthy and every key good.

Shapes: SES API v2 "GetAccount", SES API "GetSendStatistics", IAM API "ListAccessKeys".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from local_aws.access import Access
from local_aws.aws_clients import AwsClients
from local_aws.calls import Answer, Call, MinistackGateway, xml_answer

ACCOUNT_PATH = "/v2/email/account"
_JSON = [("Content-Type", "application/json")]
_QUOTA = ("Max24HourSend", "MaxSendRate", "SentLast24Hours")
_YESTERDAY = timedelta(days=1)


@dataclass
class AccountState:
    """`account` is laid over GetAccount's answer; `points` are GetSendStatistics's, None for ministack's."""

    account: dict[str, Any] = field(default_factory=dict)
    points: list[dict[str, Any]] | None = None
    key_created: str = ""


class AccountStates:
    """States by account id."""

    def __init__(self, ministack: MinistackGateway, clients: AwsClients) -> None:
        self._ministack = ministack
        self._clients = clients
        self._states: dict[str, AccountState] = {}
        self.access = Access()
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "GetSendStatistics": self._statistics,
            "ListAccessKeys": self._keys,
        }

    def say(self, account_id: str, document: Mapping[str, Any]) -> None:
        """Have an account be as `document` says: `account`, `points`, `keyCreated`; the rest stays."""
        state = self._of(account_id)
        state.account |= document.get("account", {})
        state.points = document.get("points", state.points)
        state.key_created = document.get("keyCreated", state.key_created)

    def v2(self, call: Call) -> Answer:
        """Answer GetAccount, and the two calls that switch an account's sending and its list on and off."""
        state = self._of(self._clients.account_of(call.caller))
        if call.method == "PUT" and call.path == f"{ACCOUNT_PATH}/sending":
            state.account["SendingEnabled"] = bool(call.json.get("SendingEnabled"))
            return Answer(200, _JSON, b"{}")
        if call.method == "PUT" and call.path == f"{ACCOUNT_PATH}/suppression":
            state.account["SuppressedReasons"] = call.json.get("SuppressedReasons", [])
            return Answer(200, _JSON, b"{}")
        answer = self._ministack.forward(call)
        if call.method != "GET" or call.path != ACCOUNT_PATH or not answer.ok:
            return answer
        return Answer(200, _JSON, json.dumps(_laid_over(json.loads(answer.body), state.account)).encode())

    def _of(self, account_id: str) -> AccountState:
        return self._states.setdefault(account_id, AccountState())

    def _statistics(self, call: Call) -> Answer:
        points = self._of(self._clients.account_of(call.caller)).points
        if points is None:
            return self._ministack.forward(call)
        members = "".join(f"<member>{_elements(point)}</member>" for point in points)
        return xml_answer(call.action, f"<SendDataPoints>{members}</SendDataPoints>")

    def _keys(self, call: Call) -> Answer:
        """Name the caller's own key, which ministack never made."""
        if call.params.get("UserName"):
            return self._ministack.forward(call)
        created = self._of(self._clients.account_of(call.caller)).key_created
        yesterday = (datetime.now(UTC) - _YESTERDAY).isoformat(timespec="seconds")
        key = {
            "UserName": "default",
            "AccessKeyId": call.caller.access_key,
            "Status": "Active",
            "CreateDate": created or yesterday,
        }
        member = f"<AccessKeyMetadata><member>{_elements(key)}</member></AccessKeyMetadata>"
        return xml_answer(call.action, f"{member}<IsTruncated>false</IsTruncated>")


def _laid_over(document: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    quota = {name: said[name] for name in _QUOTA if name in said}
    rest = {name: value for name, value in said.items() if name not in (*_QUOTA, "SuppressedReasons")}
    reasons = {"SuppressedReasons": said.get("SuppressedReasons", ["BOUNCE", "COMPLAINT"])}
    return {
        **document,
        **rest,
        "SendQuota": document.get("SendQuota", {}) | quota,
        "SuppressionAttributes": reasons,
    }


def _elements(values: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items())
