"""Where the daemon listens: by Scrapyd's settings, checked before it does, and told when it does."""

from __future__ import annotations

import os
import socket
from ipaddress import ip_address
from typing import Any

from twisted.application.service import Service
from twisted.internet import reactor as _reactor

from runo_spiders.errors import UsageMistake

reactor: Any = _reactor


class Announcement(Service):
    """Prints where the daemon listens, and the one-off key, when it does."""

    def __init__(self, config: Any, one_off: str | None) -> None:
        self._url = f"http://{_bind_address(config)}:{_port(config)}"
        self._one_off = one_off

    def startService(self) -> None:  # noqa: N802 (Twisted's name)
        reactor.callWhenRunning(self._print)

    def _print(self) -> None:
        print(f"runo_spiders listens on {self._url}/ (a page to try it: {self._url}/docs)", flush=True)
        if self._one_off is not None:
            print(f"No API key has been made yet. Until this process ends: {self._one_off}", flush=True)


def check_address(config: Any, one_off: str | None) -> None:
    """Raise `UsageMistake` where nobody can listen, or strangers would be let at a daemon without keys."""
    address = _bind_address(config)
    if one_off is not None and address and not _is_loopback(address):
        raise UsageMistake(
            f"bind_address {address} can be reached from other machines, and no API key has been made: "
            "make one with `scrapy keys create`, or bind to 127.0.0.1"
        )
    if address and _port(config):
        _check_free(address, _port(config))


def _check_free(address: str, port: int) -> None:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as fault:
        raise UsageMistake(
            f"cannot listen on {address}, port {port} ({fault.strerror}): "
            "set SCRAPYD_BIND_ADDRESS and SCRAPYD_HTTP_PORT, or bind_address and http_port in scrapy.cfg"
        ) from fault


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _bind_address(config: Any) -> str:
    return str(os.environ.get("SCRAPYD_BIND_ADDRESS") or config.get("bind_address", "127.0.0.1"))


def _port(config: Any) -> int:
    return int(os.environ.get("SCRAPYD_HTTP_PORT") or config.getint("http_port", 6800))
