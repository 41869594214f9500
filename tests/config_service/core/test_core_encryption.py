"""Sealing, hashing and the parsing of keys."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config_service.encryption import (
    AddressHasher,
    CredentialCipher,
    NamedKey,
    SealedValueError,
    generate_key_text,
    is_sealed,
    parse_keys,
)
from config_service.services.channels import ProviderEntry
from config_service.services.credential_sealing import CredentialSealing

OLD, NEW = NamedKey("old", b"o" * 32), NamedKey("new", b"n" * 32)
CIPHER = CredentialCipher([OLD])
PLACE = "c1|email|secretAccessKey"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_in_its_place(text: str) -> None:
    sealed = CIPHER.seal(text, PLACE)
    assert is_sealed(sealed)
    assert CIPHER.open(sealed, PLACE) == text
    assert len(text) < 4 or text not in sealed


def test_sealing_twice_gives_two_values() -> None:
    assert CIPHER.seal("x", PLACE) != CIPHER.seal("x", PLACE)


@pytest.mark.parametrize(
    "place", ["c2|email|secretAccessKey", "c1|sms|secretAccessKey", "c1|email|accessKeyId", "", "c1"]
)
def test_a_value_does_not_open_elsewhere(place: str) -> None:
    with pytest.raises(SealedValueError, match="changed, or moved"):
        CIPHER.open(CIPHER.seal("x", PLACE), place)


def test_a_clinics_value_does_not_open_in_another_clinic_channel_or_field() -> None:
    sealing = CredentialSealing(CIPHER)
    entry = ProviderEntry("aws_sns", credentials={"secretAccessKey": "s" * 20})
    sealed = ProviderEntry("aws_sns", credentials=sealing.seal("c1", "sms", entry))
    assert sealing.open("c1", "sms", sealed) == entry.credentials
    moved = ProviderEntry("aws_sns", credentials={"accessKeyId": sealed.credentials["secretAccessKey"]})
    for clinic, channel, found in (("c2", "sms", sealed), ("c1", "email", sealed), ("c1", "sms", moved)):
        with pytest.raises(SealedValueError):
            sealing.open(
                clinic,
                channel,
                ProviderEntry("unknown" if channel == "email" else "aws_sns", credentials=found.credentials),
            )


def test_a_missing_key_is_named() -> None:
    with pytest.raises(SealedValueError, match="'old'") as raised:
        CredentialCipher([NEW]).open(CIPHER.seal("x", PLACE), PLACE)
    assert raised.value.code == "encryption_key_missing"
    assert "CREDENTIALS_KEYS" in raised.value.hint


_GOOD = CIPHER.seal("a secret", PLACE)


@pytest.mark.parametrize(
    "value",
    [
        "sealed:old:",
        "sealed:old:AAAA",
        "sealed:old:not base64!",
        "sealed:old:é",
        "sealed:old:A",
        _GOOD[:-4],
        _GOOD[:-2] + ("A=" if _GOOD[-2:] != "A=" else "B="),
        _GOOD.replace("sealed:old:", "sealed:old:AAAA"),
        f"sealed:old:{base64.urlsafe_b64encode(os.urandom(40)).decode()}",
    ],
    ids=range(9),  # they are made anew in every process
)
def test_a_damaged_value_is_an_error_of_ours_and_shows_nothing(value: str) -> None:
    with pytest.raises(SealedValueError) as raised:
        CIPHER.open(value, PLACE)
    assert "a secret" not in str(raised.value)


def test_the_first_key_seals_and_all_open() -> None:
    both = CredentialCipher([NEW, OLD])
    assert both.open(CIPHER.seal("x", PLACE), PLACE) == "x"
    assert CredentialCipher([NEW]).open(both.seal("y", PLACE), PLACE) == "y"
    assert both.is_current(both.seal("y", PLACE))
    assert not both.is_current(CIPHER.seal("x", PLACE))
    assert not both.is_current("in the clear")


def test_a_key_shows_its_id_alone() -> None:
    assert repr(OLD) == str(OLD) == "NamedKey('old')"


def key(length: int = 32) -> str:
    return base64.b64encode(b"K" * length).decode()


@pytest.mark.parametrize(
    ("text", "ids"),
    [(f"k1:{key()}", ["k1"]), (f" k2:{key()} , k1:{key()},", ["k2", "k1"]), (generate_key_text(), ["k1"])],
    ids=range(3),
)
def test_keys_are_read_in_their_order(text: str, ids: list[str]) -> None:
    assert [found.id for found in parse_keys(text)] == ids


SHORT_SECRET = key(24)  # base64 without padding: it looks just like an id


@pytest.mark.parametrize(
    "text",
    [
        "", " , ", key(), SHORT_SECRET, f":{key()}", f"k1 :{key()}", f"k1:{key(31)}", f"k1:{key(33)}", "k1:", f"k1:{key()[:-1]}",
        f"k1:{key()}!", f"k1:é{key()}", f"k1:{key()},k1:{key()}", f"k1:{key()},{SHORT_SECRET}", f"{'k' * 33}:{key()}",
    ],
)  # fmt: skip
def test_a_bad_key_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_keys(text)
    message = str(raised.value)
    assert key()[:12] not in message
    assert SHORT_SECRET not in message
    assert "\n" not in message


def test_hashes_are_equal_for_equal_addresses_and_keyed() -> None:
    hasher = AddressHasher([NEW, OLD])
    assert hasher.hash("a@b.example") == hasher.all("a@b.example")[0]
    assert hasher.all("a@b.example")[1] == AddressHasher([OLD]).hash("a@b.example")
    assert len({*hasher.all("a@b.example"), *hasher.all("b@b.example")}) == 4
    same_id = AddressHasher([NamedKey("old", b"x" * 32)])
    assert same_id.hash("a@b.example") != AddressHasher([OLD]).hash("a@b.example")


def test_a_plain_setting_that_looks_sealed_is_left_alone() -> None:
    """Else a clinic could make its own settings, and the re-encryption of all, fail."""
    sealing = CredentialSealing(CIPHER)
    entry = ProviderEntry("aws_ses", credentials={"fromName": "sealed:x:y", "secretAccessKey": "s"})
    sealed = ProviderEntry("aws_ses", credentials=sealing.seal("c1", "email", entry))
    assert sealing.open("c1", "email", sealed) == entry.credentials
    settings = {"communicationSettings": {"email": {"primary": sealed.document()}}}
    assert sealing.reseal_settings("c1", settings) is None
