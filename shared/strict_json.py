"""Reads JSON objects in which each key stands once: of one that stands twice, two readers may see either."""

import json
from typing import Any

from msgspec import DecodeError
from msgspec.json import Decoder


class NotAnObjectError(Exception):
    """The bytes are no such object; the text says why, and quotes nothing of them."""


class _Key:
    """A key, equal to no other: so it does not take the place of one that is spelt alike."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


_of_texts = Decoder(dict[_Key, str], dec_hook=lambda _, name: _Key(name))


def read_object(body: bytes) -> dict[str, Any]:
    """Return the object in `body`, which is UTF-8; raise NotAnObjectError."""
    try:
        pairs = _of_texts.decode(body)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return _object_of_anything(body)
    found = {key.name: value for key, value in pairs.items()}
    return found if len(found) == len(pairs) else _object_of_anything(body)


def _object_of_anything(body: bytes) -> dict[str, Any]:
    """Return what `read_object` does, in three times as long: it may hold more than texts."""
    try:
        document = _decoder.decode(body.decode("utf-8"))
    except RecursionError:
        raise NotAnObjectError("The body is nested too deeply.") from None
    except UnicodeError:
        raise NotAnObjectError("The body is not JSON in UTF-8: it cannot be decoded.") from None
    except ValueError as error:
        raise NotAnObjectError(f"The body is not JSON in UTF-8: {error.args[0]}.") from None
    if not isinstance(document, dict):
        raise NotAnObjectError("The body is not a JSON object.")
    return document


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


_decoder = json.JSONDecoder(object_pairs_hook=_unique_keys)
