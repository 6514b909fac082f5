"""The daemon as one application: Scrapyd's, with our parts, a gate, and a broom."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from scrapyd.app import application as scrapyd_application
from twisted.application.internet import TCPServer, TimerService, UNIXServer
from twisted.application.service import IServiceCollection
from twisted.internet import reactor as _reactor
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from runo_spiders.daemon.address import Announcement, check_address
from runo_spiders.daemon.bounded_request import requests_with
from runo_spiders.daemon.callers import Gate, IGate, new_one_off
from runo_spiders.daemon.ledger import project_config, the_ledger
from runo_spiders.errors import RunoError

reactor: Any = _reactor
log = Logger()

_ENDING = (signal.SIGTERM, signal.SIGHUP)
"""What tells the daemon to end beside Ctrl-C; a terminal that is closed sends the second."""
_PURGE_EVERY_S = 3600.0
_DAY_S = 86400.0


def application(config: Any) -> Any:
    """Scrapyd's application, as `[scrapyd] application` in scrapy.cfg names it. Exits with a sentence."""
    os.umask(0o077)
    try:
        one_off = None if _has_keys() else new_one_off()
        check_address(config, one_off)
    except RunoError as mistake:
        sys.exit(f"scrapyd: {mistake}")
    app = scrapyd_application(config)
    app.setComponent(IGate, Gate(the_ledger().keys, one_off))
    services = IServiceCollection(app)
    for server in tuple(services.services):
        if isinstance(server, TCPServer | UNIXServer):
            server.args[1].requestFactory = requests_with(config.getfloat("body_patience", 20.0))
    Announcement(config, one_off).setServiceParent(services)
    broom = TimerService(_PURGE_EVERY_S, _purge, Path(config.get("logs_dir", "logs")))
    broom.setServiceParent(services)
    reactor.addSystemEventTrigger("after", "shutdown", _end_well)
    reactor.callWhenRunning(_take_a_second_signal, services)
    return app


def _has_keys() -> bool:
    now = time.time()
    return any(
        key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
        for key in the_ledger().keys.list()
    )


async def _purge(logs: Path) -> None:
    """Delete what is older than RUNO_KEEP_DAYS: jobs that have ended, with their rows, and their logs."""
    days = project_config().keep_days
    if days <= 0:
        return
    try:
        before = time.time() - days * _DAY_S
        count = await deferToThread(the_ledger().jobs.purge, before)
        await deferToThread(_remove_logs, logs, before)
        if count:
            log.info("{count} jobs that ended more than {days} days ago were purged", count=count, days=days)
    except Exception:
        log.failure("Old jobs could not be purged")


def _remove_logs(logs: Path, before: float) -> None:
    for path in logs.glob("*/*/job_*.log"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def _take_a_second_signal(services: Any) -> None:
    """Told to end for the second time, the daemon does not wait for its jobs."""
    launcher = services.getServiceNamed("launcher")
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # else it is to outlive its terminal (nohup)
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    for number in (*_ENDING, signal.SIGINT):
        first = signal.getsignal(number)
        signal.signal(
            number, lambda *told, first=first, number=number: _signalled(launcher, number, first, told)
        )


def _signalled(launcher: Any, number: int, first: Any, told: Any) -> None:
    signal.signal(number, lambda *_: reactor.callFromThread(launcher.kill_all))
    first(*told)


def _end_well() -> None:
    """Being told to end is no failure: exit with 0, where Twisted would end by the same signal."""
    if reactor._exitSignal in _ENDING:
        reactor._exitSignal = None
