"""Who may call what: ministack lets everybody in, so that keys are revoked and actions denied here.

Source: "Common error types" of each service's API reference.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local_aws.calls import Answer, Call, xml_error

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/")
_V2_OPERATIONS = (  # of SES v2, whose calls name none
    ("GET", r"/v2/email/account", "GetAccount"),
    ("PUT", r"/v2/email/account/.+", "PutAccountAttributes"),
    ("GET", r"/v2/email/identities/[^/]+", "GetEmailIdentity"),
    ("GET", r"/v2/email/configuration-sets/[^/]+", "GetConfigurationSet"),
    ("GET", r"/v2/email/configuration-sets/[^/]+/event-destinations", "GetConfigurationSetEventDestinations"),
    ("GET", r"/v2/email/suppression/addresses", "ListSuppressedDestinations"),
    ("GET", r"/v2/email/suppression/addresses/[^/]+", "GetSuppressedDestination"),
    ("DELETE", r"/v2/email/suppression/addresses/[^/]+", "DeleteSuppressedDestination"),
    ("GET", r"/v2/email/tags", "ListTagsForResource"),
    ("POST", r"/v2/email/outbound-emails/?", "SendEmail"),
)


class Access:
    """Access keys that are revoked, and what the others may not do."""

    def __init__(self) -> None:
        self._revoked: set[str] = set()
        self._denied: dict[str, set[str]] = {}

    def say(self, access_key: str, document: Mapping[str, Any]) -> None:
        """Have a key be `revoked` or not, and lack the `denied` actions, such as `ses:GetAccount`."""
        if "revoked" in document:
            (self._revoked.add if document["revoked"] else self._revoked.discard)(access_key)
        if "denied" in document:
            self._denied[access_key] = set(document["denied"])

    def refusal(self, call: Call) -> Answer | None:
        """Return AWS's refusal of a call, or None where it may go on."""
        key = call.caller.access_key
        if key in self._revoked:
            return _refused(
                call, "InvalidClientTokenId", "The security token included in the request is invalid."
            )
        denied = self._denied.get(key)
        if denied and (action := _action(call)) in denied:
            return _refused(call, "AccessDenied", f"User: {key} is not authorized to perform: {action}")
        return None


def _action(call: Call) -> str:
    return f"{_service(call)}:{_operation(call)}"


def _service(call: Call) -> str:
    found = _SCOPE.search(call.header("authorization"))
    return found["service"] if found else ""


def _operation(call: Call) -> str:
    if call.action:
        return call.action
    if target := call.header("x-amz-target"):
        return target.rpartition(".")[2]
    for method, path, operation in _V2_OPERATIONS:
        if call.method == method and re.fullmatch(path, call.path):
            return operation
    return ""


def _refused(call: Call, code: str, message: str) -> Answer:
    if call.action:
        return xml_error(code, message)
    code = "UnrecognizedClientException" if code == "InvalidClientTokenId" else "AccessDeniedException"
    body = json.dumps({"__type": code, "message": message}).encode()
    return Answer(403, [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)], body)
