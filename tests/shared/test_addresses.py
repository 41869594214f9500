"""One address, however it is spelt; none where there is not exactly one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import addresses
from shared.addresses import bare_address, comparable, domain_of, mask_addresses, normalise

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no bug


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("jane@example.com", "jane@example.com"),
        ("Jane@Example.COM", "Jane@Example.COM"),
        ("  jane@example.com ", "jane@example.com"),
        ("<jane@example.com>", "jane@example.com"),
        ("Jane Doe <jane@example.com>", "jane@example.com"),
        ('"Doe, Jane" <jane@example.com>', "jane@example.com"),
        ('"jane@home" <jane@example.com>', "jane@example.com"),
        ("=?utf-8?q?J=C3=A4ne?= <jane@example.com>", "jane@example.com"),
        ("=?UTF-8?B?SsOkbmU=?= <jane@example.com>", "jane@example.com"),
        ("=?utf-8?q?jane=40example=2Ecom?=", "jane@example.com"),
        ("=?no-such-charset?q?x?= <jane@example.com>", "jane@example.com"),
        ("jane+tag@example.com", "jane+tag@example.com"),
        ("jäne@exämple.com", "jäne@exämple.com"),
        ('"jane doe"@example.com', '"jane doe"@example.com'),
    ],
)
def test_the_address_is_found_as_it_was_written(raw: str, address: str) -> None:
    assert bare_address(raw) == address


@pytest.mark.parametrize(
    "raw",
    [
        None,
        7,
        [],
        "",
        "jane",
        "@",
        "jane@",
        "@example.com",
        "jane@example.com, mary@example.com",
        "jane @example. com, x",
        "jane@example.com\x00",
        "jane\ud800@example.com",
        "jane@exam\udfffple.com",
        "(" * 3000 + "jane@example.com",
        "x" * 320 + "@example.com",
        "jane@example.com" + " " * 5000,
    ],
    ids=range(16),
)
def test_there_is_no_address_in_it(raw: object) -> None:
    assert bare_address(raw) is None
    assert normalise(raw) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane@Example.COM", "jane@example.com"),
        ("jane@example.com.", "jane@example.com"),
        ("jane@EXÄMPLE.com", "jane@xn--exmple-cua.com"),
        ("Jane <JANE@example.com>", "jane@example.com"),
    ],
)
def test_two_spellings_are_one_mailbox(one: str, other: str) -> None:
    assert normalise(one) == normalise(other) == other


def test_a_domain_that_idna_does_not_know_stays_as_it_is() -> None:
    assert comparable("jane@" + "x" * 64 + ".com") == "jane@" + "x" * 64 + ".com"


def test_the_domain_of_an_address() -> None:
    assert domain_of("jane@example.com") == "example.com"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no address", "no address"),
        ("550 <jane@example.com>: no", "550 <j***@example.com>: no"),
        ("a@x.com,b@y.com", "a***@x.com,b***@y.com"),
        ("rfc822;jane.doe@sub.example.com", "rfc822;j***@sub.example.com"),
        ("to=jane@example.com", "to=j***@example.com"),
        ("from bounces+jane=example.com@ses.example", "from b***@ses.example"),
        ("prvs=0123abcdef=jane@example.com", "prvs=0123abcdef=j***@example.com"),
    ],
)
def test_addresses_in_a_text_are_masked(text: str, masked: str) -> None:
    assert mask_addresses(text) == masked


@pytest.mark.timeout(20)  # begun anew at each letter, it would take minutes
def test_a_text_of_one_long_word_is_looked_through_once() -> None:
    word = "a" * 300_000
    assert mask_addresses(f"{word} jane@example.com") == f"{word} j***@example.com"


@CALM
@given(st.text() | st.text(alphabet='"<>@()=?,;:.a\\ qb'))
def test_any_text_is_an_address_or_none(text: str) -> None:
    address = bare_address(text)
    assert address is None or "@" in address
    mask_addresses(text)


ATOMS = st.lists(st.text("aZ09_+-", min_size=1, max_size=5), min_size=1, max_size=4).map(".".join)
PLAIN = st.builds("{}@{}".format, ATOMS, ATOMS)
NAMED = st.builds("{}<{}>".format, st.text("aZ09 ", min_size=1, max_size=9), PLAIN)


@CALM
@given(PLAIN | NAMED)
def test_what_is_read_the_short_way_is_read_the_long_way_too(raw: str) -> None:
    assert addresses._parsed(raw) == bare_address(raw)
    assert addresses._PLAIN.fullmatch(raw) or raw.startswith(" ")


@CALM
@given(st.from_regex(r"\A[A-Za-z0-9.+_]{1,20}@[A-Za-z0-9]{1,20}\.[A-Za-z]{2,9}\Z"))
def test_normalising_twice_changes_nothing(address: str) -> None:
    once = comparable(address)
    assert comparable(once) == once
