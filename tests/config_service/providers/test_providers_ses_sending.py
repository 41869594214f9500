"""What goes to SES for a message, byte by byte where it matters."""

import json
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest

from config_service.providers.aws_ses import SesEmailProvider
from config_service.providers.base import Email, SendRefusedError


@pytest.fixture
def send(aws: Any, ses_client: Any) -> Any:
    """Send a message and return the body of the request that went to SES."""

    def sent(email: Email) -> dict[str, Any]:
        assert SesEmailProvider(ses_client).send(email) == "ses-1"
        body: dict[str, Any] = json.loads(aws.requests[-1].body)
        return body

    return sent


def test_a_message_reaches_ses_whole(send: Any, email: Email) -> None:
    full = replace(
        email,
        reply_to="desk@clinic.example",
        configuration_set="transactional",
        subject="Größe",
        text="ünï\n",
    )
    assert send(full) == {
        "FromEmailAddress": "Harbour Clinic <noreply@clinic.example>",
        "Destination": {"ToAddresses": ["jane.doe@patients.example"]},
        "ReplyToAddresses": ["desk@clinic.example"],
        "Content": {
            "Simple": {
                "Subject": {"Data": "Größe", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "ünï\n", "Charset": "UTF-8"}},
            }
        },
        "EmailTags": [{"Name": "clinic_id", "Value": "clinic-1"}],
        "ConfigurationSetName": "transactional",
    }


def test_what_is_not_set_is_not_sent(send: Any, email: Email) -> None:
    body = send(replace(email, from_name=None, tags={}))
    assert body["FromEmailAddress"] == "noreply@clinic.example"
    assert body["EmailTags"] == []
    assert not body.keys() & {"ReplyToAddresses", "ConfigurationSetName"}


@pytest.mark.parametrize(
    "name",
    [
        "Harbour Clinic",
        "Miller, Jones & Sons",
        'The "Best" Clinic',
        "Back\\slash",
        "Praxis Dr. Müller",
        "Клиника на набережной имени профессора Преображенского, Москва",
        "clinic <evil@example.com>",
        "診療所",
        'Ärzte, "Haus" <x@y.example>',
    ],
)
def test_any_name_comes_back_from_the_header_as_it_was_set(send: Any, email: Email, name: str) -> None:
    raw = send(replace(email, from_name=name))["FromEmailAddress"]
    assert raw.isascii()
    assert all(len(word) <= 75 for word in raw.split() if word.startswith("=?"))
    shown, address = parseaddr(raw)
    assert (str(make_header(decode_header(shown))), address) == (name, "noreply@clinic.example")


@pytest.mark.parametrize(
    "name", ["Clinic\r\nBcc: all@example.com", "Clinic\nX: y", "Klinik\r\nBcc: ä@example.com"]
)
def test_a_name_cannot_add_a_header(send: Any, email: Email, name: str) -> None:
    assert not set("\r\n") & set(send(replace(email, from_name=name))["FromEmailAddress"])


def test_a_subject_stays_on_one_line(send: Any, email: Email) -> None:
    body = send(replace(email, subject="Your\r\nBcc: appointment "))
    assert body["Content"]["Simple"]["Subject"]["Data"] == "Your Bcc: appointment"


@pytest.mark.parametrize(
    ("address", "ascii_form"),
    [
        ("Jane@Bücher.example", "Jane@xn--bcher-kva.example"),
        ("jane@straße.example", "jane@xn--strae-oqa.example"),
        ("JANE@Example.COM", "JANE@Example.COM"),
    ],
)
def test_a_domain_of_other_letters_goes_out_in_ascii(
    send: Any, email: Email, address: str, ascii_form: str
) -> None:
    body = send(replace(email, recipient=address, from_address=address, from_name="Ä", reply_to=address))
    assert body["Destination"] == {"ToAddresses": [ascii_form]}
    assert body["ReplyToAddresses"] == [ascii_form]
    assert body["FromEmailAddress"].endswith(f"<{ascii_form}>")


@pytest.mark.parametrize("address", ["jäne@patients.example", "jane@\u2488.example", "jane@ü..example"])
def test_an_address_with_no_form_in_ascii_is_refused_masked(send: Any, email: Email, address: str) -> None:
    with pytest.raises(SendRefusedError) as caught:
        send(replace(email, recipient=address))
    assert caught.value.code == "address_not_supported"
    assert address not in caught.value.message
