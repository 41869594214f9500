"""The one setting: whom the doctor asks for DNS."""

import pytest

from config_service.dns_setting import read_dns_resolver
from shared.errors import SettingsError
from shared.settings import SettingsReader


@pytest.mark.parametrize(
    ("text", "expected"), [("127.0.0.1:5055", "127.0.0.1:5055"), ("::1:53", "::1:53"), ("", None)]
)
def test_a_server_is_an_address_and_a_port(text: str, expected: str | None) -> None:
    assert read_dns_resolver(SettingsReader({"DNS_RESOLVER": text})) == expected


@pytest.mark.parametrize("text", ["dns.example:53", "127.0.0.1", "127.0.0.1:port"])
def test_anything_else_stops_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match=r"DNS_RESOLVER.*127\.0\.0\.1:5055"):
        read_dns_resolver(SettingsReader({"DNS_RESOLVER": text}))


def test_production_asks_no_stand_in() -> None:
    with pytest.raises(SettingsError, match="DNS_RESOLVER must not be set in production"):
        read_dns_resolver(SettingsReader({"APP_ENV": "production", "DNS_RESOLVER": "127.0.0.1:5055"}))
