"""Requests to the public API: every operation of /openapi.json, its own example changed somewhere."""

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from fuzz.exchanges import Request
from fuzz.mutations import as_json, damaged, junk, mutated

_METHODS = ("get", "put", "post", "delete")
_CLINICS = ("clinic-1", "clinic-1", "clinic-1", "clinic-2", "new-clinic", "nobody")
_ODD_PARTS = (
    "%00",
    "%ed%a0%80",
    "a%2fb",
    "..",
    "x" * 300,
    "%F0%9F%93%A7",
    "1",
    "-1",
    "9" * 30,
    "0" * 32,
    "None",
)
_CSV = (
    "email,reason,since\njane@example.com,manual,\n",
    "email,reason,since\nJane <j@example.org>,hard_bounce,2026-01-01T00:00:00Z\n",
    '\ufeffemail\n"a\nb@example.org"\n=cmd()@x.example\n',
    "email,email\na@b.example,c@d.example,e\n",
)
_ODD_HEADERS = {
    "If-Match": ('"x"', "*", 'W/"x", "y', "x" * 3000),
    "If-None-Match": ("*", '"x"', '"' * 50),
    "Range": ("bytes=0-1", "bytes=9-1", "x"),
    "Accept": ("text/html", "*/*;q=x"),
    "Content-Type": ("text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x", ""),
    "Content-Encoding": ("gzip",),
    "X-Request-Id": ("x" * 500, "a b", "{}"),
    "Authorization": ("Bearer", "Bearer x.y.z", "Basic eDp5", "bearer  ", "Bearer " + "e" * 3000),
    "X-HTTP-Method-Override": ("DELETE",),
}

# What asks AWS beside the providers, which are fakes in process: there is no account behind the keys here.
ASK_AWS = ("/health", "/drift", "/drift/repair", "/probe", "/probe/{probeId}")
SEND = ("/test-email",)

Operation = tuple[str, str, dict[str, Any]]


class ApiCalls:
    """Makes requests out of an OpenAPI document."""

    def __init__(
        self, document: Mapping[str, Any], tokens: list[str], *, without: tuple[str, ...] = ()
    ) -> None:
        """Take the document, bearer tokens to ask with, and ends of paths that are left alone."""
        self._tokens = tokens
        self._components = document["components"]
        self._operations: list[Operation] = [
            (
                method,
                path,
                {**operation, "parameters": [*item.get("parameters", []), *operation.get("parameters", [])]},
            )
            for path, item in document["paths"].items()
            if not path.endswith(without or ("\n",))
            for method, operation in item.items()
            if method in _METHODS
        ]

    def request(self, rng: Random) -> Request:
        """Return one request."""
        method, path, operation = rng.choice(self._operations)
        filled = re.sub(r"{(\w+)}", lambda found: self._part(found[1], rng), path)
        headers = {"Authorization": f"Bearer {rng.choice(self._tokens)}"}
        content_type, body = self._body(operation, rng)
        if content_type:
            headers["Content-Type"] = content_type
        if rng.random() < 0.1:
            name = rng.choice(list(_ODD_HEADERS))
            headers[name] = rng.choice(_ODD_HEADERS[name])
        if rng.random() < 0.02:
            method = rng.choice(("head", "options", "patch", "trace", *_METHODS))
        return Request(method.upper(), filled, body, headers, self._query(operation, rng))

    def _part(self, name: str, rng: Random) -> str:
        if rng.random() < 0.1:
            return rng.choice(_ODD_PARTS)
        if name == "clinicId":
            return rng.choice(_CLINICS)
        return str(rng.randrange(1, 50)) if name == "eventId" else f"{rng.getrandbits(128):032x}"

    def _body(self, operation: dict[str, Any], rng: Random) -> tuple[str | None, bytes]:
        for content_type, media in operation.get("requestBody", {}).get("content", {}).items():
            if content_type != "application/json":
                body = rng.choice(_CSV).encode()
                return content_type, damaged(body, rng) if rng.random() < 0.4 else body
            example = media["example"]
            document = example if rng.random() < 0.1 else mutated(example, rng)
            body = as_json(document, rng)
            return content_type, damaged(body, rng) if rng.random() < 0.15 else body
        return None, b""

    def _query(self, operation: dict[str, Any], rng: Random) -> str:
        names = [
            found["name"] for found in map(self._resolved, operation["parameters"]) if found["in"] == "query"
        ]
        if not names or rng.random() < 0.4:
            return ""
        given = [(rng.choice((*names, "x")), _query_value(rng)) for _ in range(rng.randrange(1, 4))]
        return urlencode(given, quote_via=quote)

    def _resolved(self, parameter: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in parameter:
            return parameter
        found: dict[str, Any] = self._components["parameters"][parameter["$ref"].rpartition("/")[2]]
        return found


def _query_value(rng: Random) -> str:
    value = rng.choice(("10", "0", "-1", "99999999999999999999", "Bounce", "hard_bounce", "MXwy", junk(rng)))
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:200].encode("utf-8", "replace").decode()
