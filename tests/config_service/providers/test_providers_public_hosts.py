"""Which addresses a clinic's mail server may have."""

import socket
from typing import Any

import pytest

from config_service.providers import public_hosts
from config_service.providers.base import ProviderUnavailableError, SendRefusedError

pytestmark = pytest.mark.enable_socket  # for the resolver, which sees numbers only


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
        "169.254.169.254", "169.254.170.2", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::",
        "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:53aa:64c::1", "100::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_everybodys_is_not_public(address: str) -> None:
    assert not public_hosts.is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "::ffff:8.8.8.8", "2002:808:808::1"]
)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert public_hosts.is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse(names: dict[str, list[str]]) -> None:
    names["mixed.example"] = ["93.184.215.14", "10.0.0.1"]
    with pytest.raises(SendRefusedError) as caught:
        public_hosts.resolve("mixed.example", 25, allow_private=False)
    assert caught.value.code == "smtp_host_not_public"
    assert public_hosts.resolve("mixed.example", 25, allow_private=True) == ["93.184.215.14", "10.0.0.1"]


@pytest.mark.parametrize(
    "spelling", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "localhost"]
)
def test_no_other_spelling_of_a_local_address_gets_through(spelling: str) -> None:
    with pytest.raises((SendRefusedError, ProviderUnavailableError)):
        public_hosts.resolve(spelling, 25, allow_private=False)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example"])
def test_a_name_that_does_not_resolve_is_unreachable(names: dict[str, list[str]], host: str) -> None:
    with pytest.raises(ProviderUnavailableError) as caught:
        public_hosts.resolve(host, 25, allow_private=False)
    assert caught.value.code == "smtp_unreachable"


def test_the_next_address_is_tried_where_the_first_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def connection(address: Any, _: float) -> str:
        asked.append(address)
        if len(asked) == 1:
            raise TimeoutError
        return "connected"

    monkeypatch.setattr(socket, "create_connection", connection)
    assert public_hosts.connect(["192.0.2.1", "192.0.2.2", "192.0.2.3"], 25, 1) == "connected"
    assert asked == [("192.0.2.1", 25), ("192.0.2.2", 25)]


def test_only_so_many_addresses_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refused(address: Any, _: float) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(ConnectionRefusedError):
        public_hosts.connect([f"192.0.2.{n}" for n in range(9)], 25, 1)
    assert len(asked) == public_hosts.TRIED_ADDRESSES
