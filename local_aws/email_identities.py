"""What SES v2 says of an identity's DNS records: ministack has no MAIL FROM, and no DKIM that ends well.

Here every record counts as published, until the control `/_local/identities` says otherwise.
Shapes: SES API v2 Reference, "GetEmailIdentity" and "PutEmailIdentityMailFromAttributes".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local_aws.aws_clients import AwsClients, Caller
from local_aws.calls import Answer, Call, MinistackGateway, json_error

IDENTITIES_PATH = "/v2/email/identities"
_IDENTITY = re.compile(rf"{IDENTITIES_PATH}/(?P<name>[^/]+)(?P<mail_from>/mail-from)?")
_JSON = [("Content-Type", "application/json")]


class EmailIdentities:
    def __init__(self, ministack: MinistackGateway, clients: AwsClients) -> None:
        self._ministack = ministack
        self._clients = clients
        self._mail_from: dict[tuple[str, str, str], dict[str, str]] = {}
        self._found: dict[str, dict[str, Any]] = {}

    def say(self, identity: str, found: Mapping[str, Any]) -> None:
        """Have an identity be `verified`, and its records `dkim` and `mailFrom` have a status of AWS's."""
        self._found[identity] = {**self._found.get(identity, {}), **found}

    def v2(self, call: Call) -> Answer:
        """Answer a call about one identity; ministack hears of all but its MAIL FROM."""
        found = _IDENTITY.fullmatch(call.path)
        if found is None:
            return self._ministack.forward(call)
        key = (*self._owner(call.caller), found["name"])
        if found["mail_from"]:
            return self._set_mail_from(call, key)
        answer = self._ministack.forward(call)
        if call.method == "DELETE":
            self._mail_from.pop(key, None)
        return self._described(answer, key) if call.method == "GET" and answer.ok else answer

    def _set_mail_from(self, call: Call, key: tuple[str, str, str]) -> Answer:
        known = self._ministack.forward(
            replace(call, method="GET", target=call.target.removesuffix("/mail-from"), body=b"")
        )
        if not known.ok:
            return json_error("NotFoundException", f"Email identity {key[2]} does not exist.", 404)
        self._mail_from[key] = {name: value for name, value in call.json.items() if value}
        return Answer(200, _JSON, b"{}")

    def _described(self, answer: Answer, key: tuple[str, str, str]) -> Answer:
        document, said = json.loads(answer.body), self._found.get(key[2], {})
        document["VerifiedForSendingStatus"] = said.get("verified", document["VerifiedForSendingStatus"])
        if document["IdentityType"] == "DOMAIN":
            status = said.get("dkim", "SUCCESS")
            zone = {"SigningHostedZone": "dkim.amazonses.com"}
            document["DkimAttributes"] |= {"Status": status, "SigningEnabled": status == "SUCCESS", **zone}
        mail_from = self._mail_from.get(key, {})
        if mail_from.get("MailFromDomain"):
            mail_from = {**mail_from, "MailFromDomainStatus": said.get("mailFrom", "SUCCESS")}
        document["MailFromAttributes"] = document.get("MailFromAttributes", {}) | mail_from
        return Answer(200, _JSON, json.dumps(document).encode())

    def _owner(self, caller: Caller) -> tuple[str, str]:
        return self._clients.account_of(caller), caller.region
