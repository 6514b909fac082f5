"""Which addresses and ports a crawl may dial: a pure policy, no sockets and no names.

An address is public if it is one that the whole Internet can reach as an ordinary host. Python's
`is_global` differs between Python versions and says yes to cloud metadata services, so the ranges are listed
here as well. Sources: IANA's special-purpose registries for IPv4 and IPv6, RFC 6890, RFC 6052, and the
addresses at which cloud providers serve metadata.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_FORBIDDEN_V4 = tuple(
    IPv4Network(cidr)
    for cidr in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 is a metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a metadata service under a number that is routed globally
        "169.254.0.0/16",  # link-local; 169.254.169.254 is a metadata service
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is a metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")
"""All that is given out for hosts; loopback, mapped, NAT64, unique local and link-local lie outside."""

_FORBIDDEN_V6 = tuple(
    IPv6Network(cidr)
    for cidr in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)
"""The upper half of an interface identifier that goes before an IPv4 address (RFC 5214)."""


def _ports(numbers: str) -> frozenset[int]:
    return frozenset(int(number) for number in numbers.split())


# The ports that browsers refuse: https://fetch.spec.whatwg.org/#port-blocking
_NO_WEB_PORTS = _ports(
    "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117"
    " 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601"
    " 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669"
    " 6679 6697 10080"
)
# Databases, queues, container and cluster managers, remote desktops and debuggers.
_INFRASTRUCTURE_PORTS = _ports(
    "445 1433 1521 2181 2375 2376 2377 2379 2380 3306 3389 4369 5432 5672 5984 5985 5986 6023 6379 6380 6443"
    " 6800 7001 7199 8500 9042 9092 9200 9222 9300 10250 10255 11211 15672 27017 27018 27019"
)
FORBIDDEN_PORTS = _NO_WEB_PORTS | _INFRASTRUCTURE_PORTS


def read_address(text: str) -> Address | None:
    """The address that a text spells in its usual form, else None; no octal, no decimal, no name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def unmapped(address: Address) -> Address:
    """The IPv4 address that the kernel dials for `::ffff:a.b.c.d`; any other address as it is."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def is_public(address: Address) -> bool:
    """Whether an address is an ordinary host of the Internet."""
    address = unmapped(address)
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _FORBIDDEN_V4)
    return _is_public_v6(address)


def _is_public_v6(address: IPv6Address) -> bool:
    if address not in _UNICAST_V6 or any(address in network for network in _FORBIDDEN_V6):
        return False
    number = int(address)
    if (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return is_public(IPv4Address(number & 0xFFFFFFFF))
    return address.is_global


@dataclass(frozen=True, slots=True)
class Opening:
    """A range that the operator opened, on one port or on every port that the web may use."""

    network: Network
    port: int | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """`10.0.0.0/8`, `10.1.2.3:8080`, `fd00::/8`, `[fd00::1]:8080`. Raises ValueError."""
        network, port = _split_port(text.strip())
        return cls(ip_network(network), None if port is None else _port(port))

    def covers(self, address: Address, port: int) -> bool:
        if self.port is None:
            return port not in FORBIDDEN_PORTS and address in self.network
        return port == self.port and address in self.network


def _split_port(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        network, _, rest = text[1:].partition("]")
        return network, rest[1:] if rest.startswith(":") else None
    if text.count(":") == 1:
        network, _, port = text.partition(":")
        return network, port
    return text, None


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError(f"{text} is no port")
    return port


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be dialled: public addresses on ports of the web, and what the operator opened."""

    openings: tuple[Opening, ...] = ()

    @classmethod
    def read(cls, openings: Iterable[str]) -> Self:
        """Reads the operator's allow-list. Raises ValueError, whose message names the entry."""
        return cls(tuple(_named(text) for text in openings))

    def widened(self, other: Self) -> Self:
        """This policy with the openings of another one added."""
        return type(self)(tuple(dict.fromkeys(self.openings + other.openings)))

    def opens(self, address: Address, port: int) -> bool:
        """Whether the operator's allow-list covers this address and port."""
        address = unmapped(address)
        return any(opening.covers(address, port) for opening in self.openings)

    def allows(self, address: Address, port: int) -> bool:
        return self.opens(address, port) or (port not in FORBIDDEN_PORTS and is_public(address))


def _named(text: str) -> Opening:
    try:
        return Opening.read(text)
    except ValueError as fault:
        raise ValueError(f"{text!r} is no network: {fault}") from fault
