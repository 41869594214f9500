"""One reading of a JSON object, whichever of two readers reads it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.strict_json import NotAnObjectError, _object_of_anything, read_object

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no bug


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"{}", {}),
        (b' {"a" : "1",\r\n\t"b":"\\u00e9\\n\\"\\\\"} ', {"a": "1", "b": 'é\n"\\'}),
        (b'{"a": null, "b": [1, {"c": true}], "d": 1.5}', {"a": None, "b": [1, {"c": True}], "d": 1.5}),
        ('{"Grüße": "😀"}'.encode(), {"Grüße": "😀"}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
    ],
    ids=["empty", "texts", "anything", "unicode", "half a surrogate pair"],
)
def test_an_object_is_read_whatever_it_holds(body: bytes, found: dict[str, Any]) -> None:
    assert read_object(body) == found


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "1", "a": "2"}',
        b'{"a": "1", "a": "1"}',
        b'{"a": "1", "\\u0061": "2"}',
        b'{"a": "1", "b": "2", "c": "3", "b": 4}',
        b'{"a": {"b": "1", "b": "2"}}',
        b'{"a": [{"b": "1", "b": "2"}]}',
    ],
    ids=bytes.decode,
)
def test_a_key_that_stands_twice_is_refused_wherever_it_stands(body: bytes) -> None:
    with pytest.raises(NotAnObjectError, match="a key stands in it twice"):
        read_object(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON in UTF-8: Expecting value"),
        (b'{"jane@example.com"', "not JSON in UTF-8: Expecting"),
        (b'{"a": "jane@example.com\xff"}', "it cannot be decoded"),
        (b'{"a": "jane@example.com\n"}', "Invalid control character"),
        (b'\xef\xbb\xbf{"a": "b"}', "not JSON in UTF-8: Expecting value"),
        (b'{"a": "b"} x', "Extra data"),
        (b'["jane@example.com"]', "not a JSON object"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
    ],
    ids=["empty", "cut", "no UTF-8", "control character", "byte order mark", "more", "list", "deep"],
)
def test_what_is_no_object_says_why_and_quotes_nothing(body: bytes, why: str) -> None:
    with pytest.raises(NotAnObjectError, match=why) as raised:
        read_object(body)
    assert "jane" not in str(raised.value)


_hard = st.sampled_from(["\\", '"', '\\\\"', "\ud800", "\ude00", "\U0001f600"])
_texts = st.dictionaries(st.text(max_size=5) | _hard, st.text(max_size=9) | _hard)
_objects = st.dictionaries(st.text(max_size=3) | _hard, _hard | st.none() | st.integers() | _texts)


@st.composite
def _nearly_json(draw: st.DrawFn) -> bytes:
    """JSON as different writers spell it, some of it damaged or with more of the same behind it."""
    found = draw(_texts | _objects)
    body = json.dumps(found, indent=draw(st.sampled_from([None, 2])), ensure_ascii=draw(st.booleans()))
    spelt = body.encode("utf-8", "surrogatepass")
    again = json.dumps(draw(_texts)).encode("utf-8", "surrogatepass")
    if draw(st.booleans()):
        spelt = spelt[:-1].rstrip() + draw(st.sampled_from([b",", b""])) + again[1:]
    at = draw(st.integers(0, len(spelt)))
    return (
        spelt[:at]
        + draw(st.sampled_from([b"", b"", b"", b"\\", b'"', b"\x00", b"\xff", b"\\u"]))
        + spelt[at:]
    )


@CALM
@given(_nearly_json())
@example(b'{"a": "1", "a": "2"}')
@example(b'{"a": "\x7f"}')
@example(b'{"\\ud800": "a", "\\ud800": "b"}')
def test_both_readers_find_the_same(body: bytes) -> None:
    def found(read: Any) -> object:
        try:
            return read(body)
        except NotAnObjectError as error:
            return str(error)

    assert found(read_object) == found(_object_of_anything)
