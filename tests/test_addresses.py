"""The egress policy, row by row: both edges of every range and one step outside."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from runo_spiders.net.addresses import FORBIDDEN_PORTS, Policy, is_public, read_address

FORBIDDEN = """
0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255
127.0.0.0 127.0.0.1 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255
172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.255
192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255
224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.255
:: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1:: 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 100::
1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:: 2001:0:7f00:1:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff
2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002:7f00:1:: 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 4000:: 5f00:: 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff
2606:4700::5efe:7f00:1 2606:4700::200:5efe:a9fe:a9fe 2606:4700::200:5efe:c0a8:1
fc00:: fd00:ec2::254 fd20:ce::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80:: fe80::1%eth0
febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ff00:: ff02::1
ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
"""

PUBLIC = """
1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
191.255.255.255 192.0.1.0 192.0.1.255 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0
198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
::ffff:8.8.8.8 2000:: 2001:200:: 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9::
2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003:: 2606:4700::6810:84e5 2606:4700::200:5efe:808:808
3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2a00:1450:4001:82a::200e
"""


@pytest.mark.parametrize("text", FORBIDDEN.split())
def test_no_public_address(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not Policy().allows(ip_address(text), 443)


@pytest.mark.parametrize("text", PUBLIC.split())
def test_public_address(text: str) -> None:
    assert is_public(ip_address(text))
    assert Policy().allows(ip_address(text), 443)


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 2375, 3306, 5432, 6379, 6667, 6800, 9200, 10080, 11211])
def test_ports_of_other_services_are_closed_everywhere(port: int) -> None:
    assert not Policy().allows(ip_address("8.8.8.8"), port)


@pytest.mark.parametrize("port", [80, 81, 443, 3000, 5000, 8000, 8080, 8443, 8888, 9000, 65535])
def test_ports_of_the_web_are_open(port: int) -> None:
    assert Policy().allows(ip_address("8.8.8.8"), port)


def test_no_forbidden_port_lies_where_kernels_pick_them_at_random() -> None:
    assert max(FORBIDDEN_PORTS) < 32768


@pytest.mark.parametrize(
    ("opening", "address", "port", "allowed"),
    [
        ("10.0.0.0/8", "10.0.0.1", 80, True),
        ("10.0.0.0/8", "::ffff:10.0.0.1", 80, True),
        ("10.0.0.0/8", "11.0.0.1", 6379, False),
        ("10.0.0.0/8", "10.0.0.1", 6379, False),
        ("10.0.0.0/8:6379", "10.0.0.1", 6379, True),
        ("10.0.0.0/8:6379", "10.0.0.1", 80, False),
        ("127.0.0.2", "127.0.0.2", 8080, True),
        ("127.0.0.2", "127.0.0.1", 8080, False),
        ("127.0.0.2:80", "127.0.0.2", 8080, False),
        (" fd00::/8 ", "fd00::1", 80, True),
        ("fd00::/8", "10.0.0.1", 80, False),
        ("[fd00::]/8", "fd00::1", 80, False),
        ("[fd00::/8]:8080", "fd00::1", 8080, True),
        ("[fd00::/8]:8080", "fd00::1", 80, False),
        ("[::1]:8080", "::1", 8080, True),
    ],
)
def test_the_operators_openings(opening: str, address: str, port: int, allowed: bool) -> None:
    assert Policy.read([opening]).allows(ip_address(address), port) is allowed


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "a.example", "10.0.0.0/8:0", "10.0.0.0/8:x", "::1:80:"])
def test_an_opening_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no network"):
        Policy.read([text])


def test_policies_add_up() -> None:
    both = Policy.read(["10.0.0.0/8"]).widened(Policy.read(["127.0.0.2", "10.0.0.0/8"]))
    assert len(both.openings) == 2
    assert both.opens(ip_address("127.0.0.2"), 80)


@pytest.mark.parametrize("text", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", ""])
def test_only_the_usual_spelling_is_an_address(text: str) -> None:
    assert read_address(text) is None
