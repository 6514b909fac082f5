"""The connect guard: no crawl dials an address that the egress policy forbids, whatever led it there.

A URL says little about where a request goes: names, redirects, odd spellings and a second DNS answer decide
that later. So the guard stands at `reactor.connectTCP`. Twisted's endpoints resolve a name first and pass a
literal address on, so what the guard sees is what the kernel dials, and nothing is looked up twice.
"""

from __future__ import annotations

import logging
import socket
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self
from urllib.request import getproxies

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.downloadermiddlewares import cookies
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingHostnameResolver, HostResolution
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.misc import load_object
from scrapy.utils.url import add_http_if_no_scheme
from twisted.internet.defer import Deferred

from runo_spiders.config import Config
from runo_spiders.errors import PageFailure, UsageMistake
from runo_spiders.net.addresses import Address, Policy, read_address
from runo_spiders.urls import host_and_port

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

TYPED_HOSTS = 10_000
"""How many typed hosts stay open at a time; the one not asked for the longest goes first."""


class EgressBlocked(PageFailure, IgnoreRequest):
    """Raised where a connection would be made. It never tells the address, else we were a DNS oracle."""

    def __init__(self) -> None:
        super().__init__("URL_FORBIDDEN")


class Guard:
    """Checks each dial of one reactor. Its policy is the sum of what the crawls on that reactor opened."""

    def __init__(self, reactor: Any) -> None:
        self.policy = Policy()
        self._reactor = reactor
        self._dial = reactor.connectTCP
        self._typed = TypedHosts(TYPED_HOSTS)
        self._proxies = frozenset(proxies_of_the_environment())

    def connectTCP(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        """The reactor's method of that name, for addresses that may be dialled. Raises `EgressBlocked`."""
        self.check(host, port)
        return self._dial(host, port, *args, **kwargs)

    def check(self, host: str, port: int) -> None:
        """Raises `EgressBlocked` unless this very address and port may be dialled; a name may not."""
        if self._typed.opens(host, port) or (host, port) in self._proxies:
            return
        address = read_address(host)
        if address is None or not self._allows(address, port):
            logger.debug("The egress policy blocked a connection to %s port %d", host, port)
            raise EgressBlocked

    def check_spelling(self, host: str, port: int) -> None:
        """As `check`, for a target that a proxy will dial: of a name only the proxy knows where it leads."""
        if read_address(host) is not None:
            self.check(host, port)

    def _allows(self, address: Address, port: int) -> bool:
        if self.policy.opens(address, port):
            return True
        return self.policy.allows(address, port) and not is_own(address)

    async def allow_typed(self, host: str, port: int, seconds: float) -> None:
        """Opens a host that the operator typed: the addresses that it has now, on this port.

        Waits at most `seconds` for the name; a name that does not resolve opens nothing.
        """
        if not self._typed.knows(host, port):
            self._typed.add(host, port, await self._addresses(host, seconds))

    async def allow_proxy(self, url: str, seconds: float) -> None:
        """Opens the way to a proxy that the environment names. Raises `EgressBlocked` for any other."""
        endpoint = host_and_port(add_http_if_no_scheme(url))
        if endpoint not in self._proxies:
            raise EgressBlocked
        await self.allow_typed(*endpoint, seconds)

    async def _addresses(self, host: str, seconds: float) -> tuple[str, ...]:
        if read_address(host) is not None:
            return (host,)
        answers = Answers()
        self._reactor.nameResolver.resolveHostName(answers, host)
        answers.complete.addTimeout(seconds, self._reactor, onTimeoutCancel=lambda *_: ())
        return tuple(await maybe_deferred_to_future(answers.complete))


class TypedHosts:
    """Typed hosts with the address and port pairs that they open, a bounded number of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._hosts: OrderedDict[tuple[str, int], tuple[str, ...]] = OrderedDict()
        self._pairs: Counter[tuple[str, int]] = Counter()

    def knows(self, host: str, port: int) -> bool:
        known = (host, port) in self._hosts
        if known:
            self._hosts.move_to_end((host, port))
        return known

    def opens(self, address: str, port: int) -> bool:
        return (address, port) in self._pairs

    def add(self, host: str, port: int, addresses: tuple[str, ...]) -> None:
        """Nothing is remembered of a name without addresses, so that it is looked up anew."""
        if not addresses or self.knows(host, port):
            return
        self._hosts[host, port] = addresses
        self._pairs.update((address, port) for address in addresses)
        if len(self._hosts) > self._limit:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        (_, port), addresses = self._hosts.popitem(last=False)
        for address in addresses:
            self._pairs[address, port] -= 1
            if not self._pairs[address, port]:
                del self._pairs[address, port]


class Answers:
    """Receives what a Twisted name resolver says; `complete` fires with the addresses as text."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.complete: Deferred[Iterable[str]] = Deferred()

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.complete.callback(self.addresses)


def is_own(address: Address) -> bool:
    """Whether an address is one of this machine's own, a public one too.

    Services that listen on all interfaces stand behind it, often shielded only from outside. The kernel says
    which source it would use; to itself that is the same address. Connecting a datagram socket sends nothing.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), 9))
        except OSError:
            return False
        return read_address(str(probe.getsockname()[0])) == address


def proxies_of_the_environment() -> Iterator[tuple[str, int]]:
    """Host and port of the proxies that `http_proxy` and its like name, as Scrapy reads them."""
    for scheme, url in getproxies().items():
        if scheme in ("http", "https"):
            with suppress(ValueError):
                yield host_and_port(add_http_if_no_scheme(url))


def guard_of(reactor: Any) -> Guard | None:
    """The guard that stands at this reactor's `connectTCP`, if one does."""
    guard = getattr(reactor.connectTCP, "__self__", None)
    return guard if isinstance(guard, Guard) else None


def install(reactor: Any, settings: BaseSettings) -> Guard:
    """Puts a guard on the reactor, once, and opens in it what `RUNO_EGRESS_ALLOW` lists.

    Raises `UsageMistake` for an entry that is no network.
    """
    guard = guard_of(reactor) or Guard(reactor)
    try:
        guard.policy = guard.policy.widened(Policy.read(Config.from_settings(settings).egress_allow))
    except ValueError as fault:
        raise UsageMistake(f"RUNO_EGRESS_ALLOW: {fault}") from fault
    reactor.connectTCP = guard.connectTCP
    return guard


class GuardedResolver(CachingHostnameResolver):
    """For `TWISTED_DNS_RESOLVER`: looks up IPv4 and IPv6 addresses, and installs the guard."""

    settings: BaseSettings

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.settings = crawler.settings
        return resolver

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, *args: Any, **kwargs: Any) -> Any:  # noqa: N802, N803
        """A name that cannot be one has no addresses; Twisted's resolver would leave its asker waiting."""
        try:
            hostName.encode("idna")
        except UnicodeError:
            resolutionReceiver.resolutionBegan(HostResolution(hostName))
            resolutionReceiver.resolutionComplete()
            return resolutionReceiver
        return super().resolveHostName(resolutionReceiver, hostName, *args, **kwargs)

    def install_on_reactor(self) -> None:
        super().install_on_reactor()
        install(self.reactor, self.settings)


class GuardCheck:
    """An extension that lets no crawl start without the guard, be it run by a process, a runner or a script.

    Raises `UsageMistake` when the settings name a way to the network, or to files, that goes around it.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("TWISTED_REACTOR_ENABLED"):
            raise UsageMistake("TWISTED_REACTOR_ENABLED is off, and the egress guard needs Twisted's reactor")
        for scheme, handler in settings.getwithbase("DOWNLOAD_HANDLERS").items():
            _check_handler(scheme, handler)
        from twisted.internet import reactor

        install(reactor, settings)
        keep_suffix_list_offline()
        return cls()


def _check_handler(scheme: str, handler: Any) -> None:
    if handler is None:
        return
    if scheme not in ("http", "https"):
        raise UsageMistake(
            f"DOWNLOAD_HANDLERS: {scheme} must be None; the egress guard covers http and https"
        )
    if not issubclass(load_object(handler), HTTP11DownloadHandler):
        raise UsageMistake(f"DOWNLOAD_HANDLERS: {handler} for {scheme} would dial around the egress guard")


def keep_suffix_list_offline() -> None:
    """Makes Scrapy's cookies use the public suffix list as packaged, and not fetch it at the first cookie.

    That fetch blocks the event loop and goes around the guard. The extractor is made when Scrapy is imported,
    which may be before anyone could set its environment variable.
    """
    cookies._split_domain.suffix_list_urls = ()
