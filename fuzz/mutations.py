"""Turns a real JSON document into one that nobody sends, or into almost the real one.

All chance comes from the Random that is handed in: seeded by a number here, drawn by hypothesis in the tests.
"""

import copy
import json
from random import Random
from typing import Any

_ADDRESSES = (
    "jane@example.com",
    "Jane Doe <jane@EXAMPLE.com>",
    '"a b"@example.com',
    "=?utf-8?q?J=C3=A4ne?= <jane@xn--bcher-kva.example>",
    "=?utf-8?b?bad=?= <x>",
    "jane@bücher.example",
    "j@[127.0.0.1]",
    "(" * 40 + ")" * 40 + "a@b.example",
    "a@b@c",
    "@",
    "a" * 400 + "@example.com",
)
_TIMES = (
    "2026-01-31T12:00:00.000Z",
    "2026-02-30T12:00:00Z",
    "0000-00-00T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00",
    "2026-01-31T23:59:60Z",
    "20260131T120000Z",
    "1769860800",
)
_TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "a\r\nSubject\nb\r\n",
    "\u202egnirts\u202c \u200b\ufeff",
    "Ä" * 300,
    "\U0001f4e7" * 50,
    "x" * 70_000,
    "' OR 1=1; DROP TABLE clinics; --",
    "{{7*7}}${7*7}%s%n%(x)s",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "sealed:k1:AAAA",
    "********",
    "null",
    "true",
    "-1",
    "clinic-1",
    "Bounce",
    "5.1.1",
)
_NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.1, -0.0, 1e308, 5e-324)
_KEYS = ("", "\x00", "__proto__", "ключ", "k" * 1000, "Type", "clinicId", "$ref", "a.b", "externalId")

_DAMAGES = 12


def junk(rng: Random) -> Any:
    """Return a JSON value that has no business where it will stand."""
    kind = rng.randrange(9)
    if kind <= 3:
        return rng.choice(rng.choice((_TEXTS, _ADDRESSES, _TIMES)))
    if kind == 4:
        return rng.choice(_NUMBERS)
    if kind == 5:
        return rng.choice((None, True, False))
    if kind == 6:
        return [rng.choice(_TEXTS[:8])] * rng.choice((0, 1, 3, 600))
    if kind == 7:
        return {rng.choice(_KEYS): rng.choice(_ADDRESSES) for _ in range(rng.randrange(4))}
    return _nested(rng.choice((2, 20, 200)), rng)


def _nested(depth: int, rng: Random) -> Any:
    value: Any = rng.choice(_TEXTS[:4])
    in_objects = rng.random() < 0.5
    for _ in range(depth):
        value = {"a": value} if in_objects else [value]
    return value


def mutated(document: Any, rng: Random) -> Any:
    """Return a copy of `document` with one to four changes, each somewhere in it."""
    changed = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        changed = _change(changed, rng)
    return changed


def _change(document: Any, rng: Random) -> Any:
    parent, key = _somewhere(document, rng)
    if parent is None:
        return junk(rng)
    kind = rng.randrange(8)
    if kind <= 2:
        parent[key] = junk(rng)
    elif kind == 3:
        del parent[key]
    elif kind == 4:
        _add(parent, rng)
    elif kind == 5:
        parent[key] = [parent[key]] if rng.random() < 0.5 else {"value": parent[key]}
    elif kind == 6:
        parent[key] = json.dumps(parent[key])
    elif isinstance(parent, list):
        parent.extend(copy.deepcopy(parent[:1]) * rng.choice((1, 5, 60)))
    else:
        _swap(parent, key, rng)
    return document


def _somewhere(document: Any, rng: Random) -> tuple[Any, Any]:
    """Return a container and a key or place in it; None for the document itself."""
    if not document or not isinstance(document, dict | list) or rng.random() < 0.02:
        return None, None
    node = document
    while True:
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        child = node[key]
        if not child or not isinstance(child, dict | list) or rng.random() < 0.25:
            return node, key
        node = child


def _add(parent: Any, rng: Random) -> None:
    if isinstance(parent, list):
        parent.insert(rng.randrange(len(parent) + 1), junk(rng))
    else:
        parent[rng.choice(_KEYS)] = junk(rng)


def _swap(parent: dict[str, Any], key: str, rng: Random) -> None:
    other = rng.choice(list(parent))
    parent[key], parent[other] = parent[other], parent[key]


def as_json(document: Any, rng: Random) -> bytes:
    """Return `document` as JSON, in UTF-8 or in ASCII; halves of surrogate pairs come through either way."""
    text = json.dumps(document, ensure_ascii=rng.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def damaged(body: bytes, rng: Random) -> bytes:
    """Return `body` with what no JSON writer does to it."""
    at = rng.randrange(len(body) + 1)
    depth = rng.choice((200, 2_000, 60_000))
    return (
        lambda: body[:at],
        lambda: body + rng.choice((b"x", b"{}", b"\n\n", b"\x00", b",")),
        lambda: b"\xef\xbb\xbf" + body,
        lambda: body.decode("utf-8", "replace").encode("utf-16"),
        lambda: body[:at] + rng.randbytes(rng.randrange(1, 9)) + body[at:],
        lambda: body[:at] + b"\x00" + body[at + 1 :],
        lambda: body.replace(b'"', b"'"),
        lambda: body.replace(b'": "', b'": NaN, "x": "', 1),
        lambda: body.replace(b'": "', b'": ' + b"9" * rng.choice((30, 5_000)) + b', "x": "', 1),
        lambda: body.replace(b'": "', b'": ' + b"[" * depth + b"]" * depth + b', "x": "', 1),
        lambda: b'{"Type": "Notification", ' + body[1:],
        lambda: rng.choice((b"", b"[]", b"null", b'"', b"[" * depth, b"-", b"\xff\xfe", body + body)),
    )[rng.randrange(_DAMAGES)]()
