"""AWS requests and answers on their way through, and the way to ministack."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode
from xml.sax.saxutils import escape

import urllib3

from local_aws.aws_clients import Caller

# RFC 9110, "Connection": these belong to one connection; length and date are set anew.
_NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """One AWS request; `target` is its path and query as they came, still encoded."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @cached_property
    def params(self) -> dict[str, str]:
        """The parameters of AWS's query protocol, from the URL and the form."""
        pairs = parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        if self.header("content-type").startswith(_FORM):
            pairs += parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)
        return dict(pairs)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The JSON object of AWS's REST protocol; empty if the body is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def action(self) -> str:
        return self.params.get("Action", "")

    @property
    def caller(self) -> Caller:
        return Caller.of_request(self.header("authorization"))

    def members(self, prefix: str) -> list[str]:
        """Return a list of the query protocol: `<prefix>.member.1`, `.2` and so on."""
        values: list[str] = []
        while (value := self.params.get(f"{prefix}.member.{len(values) + 1}")) is not None:
            values.append(value)
        return values

    def with_params(self, changes: Mapping[str, str]) -> "Call":
        """Return the same call as a form with some parameters changed."""
        headers = {k: v for k, v in self.headers.items() if k.lower() != "content-type"}
        body = urlencode(self.params | dict(changes)).encode()
        return Call("POST", "/", headers | {"Content-Type": _FORM}, body)

    def with_caller(self, caller: Caller, service: str) -> "Call":
        """Return the same call signed for an account and region, unless it is signed already."""
        if self.header("authorization"):
            return self
        return replace(self, headers={**self.headers, "Authorization": caller.authorization(service)})

    def header(self, name: str) -> str:
        """Return a header by its name, whatever its case; empty if there is none."""
        return next((v for k, v in self.headers.items() if k.lower() == name), "")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def xml_answer(action: str, result: str = "", status: int = 200) -> Answer:
    """Answer a call of SES's query protocol in ministack's stead."""
    text = (
        f'<{action}Response xmlns="http://ses.amazonaws.com/doc/2010-12-01/">'
        f"<{action}Result>{result}</{action}Result>"
        f"<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></{action}Response>"
    )
    return Answer(status, [("Content-Type", "text/xml")], text.encode())


def xml_error(code: str, message: str) -> Answer:
    text = (
        '<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        "<RequestId>local</RequestId></ErrorResponse>"
    )
    return Answer(400, [("Content-Type", "text/xml")], text.encode())


def json_error(code: str, message: str, status: int) -> Answer:
    """Answer as SES v2 refuses (REST protocol: the code is a header)."""
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return Answer(status, headers, json.dumps({"message": message}).encode())


class MinistackGateway:
    """Hands calls on and returns the answers unchanged."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = urllib3.PoolManager(maxsize=64, retries=False)

    def forward(self, call: Call) -> Answer:
        headers = {k: v for k, v in call.headers.items() if k.lower() not in _NOT_FORWARDED}
        headers.setdefault("Accept-Encoding", "identity")
        try:
            response = self._http.request(
                call.method,
                self._url + call.target,
                headers=headers,
                body=call.body,
                decode_content=False,
                timeout=60,
            )
        except urllib3.exceptions.HTTPError as error:
            return json_error("ServiceUnavailable", f"ministack does not answer: {error}", 503)
        kept = [(k, v) for k, v in response.headers.items() if k.lower() not in _NOT_FORWARDED]
        return Answer(response.status, kept, response.data)
