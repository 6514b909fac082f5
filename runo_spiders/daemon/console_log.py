"""What `make serve` shows: its address and key as they are, a line for each request, and what goes wrong.

    scrapyd --logger runo_spiders.daemon.console_log.observer

Without the option the daemon logs as any Scrapyd does.
"""

from __future__ import annotations

import sys
from typing import Any, cast

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    formatEventAsClassicLogText,
)

_PRINTED = "stdout"
_REQUESTS = "twisted.python.log"
_QUIET = ("scrapyd", "twisted", "-")


def observer() -> ILogObserver:
    """The observer that twistd makes, for standard output."""
    # Any: that these provide zope's interfaces is nothing that a type checker sees.
    levels: Any = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
    for namespace in _QUIET:
        levels.setLogLevelForNamespace(namespace, LogLevel.warn)
    levels.setLogLevelForNamespace(_REQUESTS, LogLevel.info)
    lines: Any = FileLogObserver(sys.stdout, _line)
    filtered: Any = FilteringLogObserver(lines, [levels])
    return cast(ILogObserver, filtered)


def _line(event: LogEvent) -> str | None:
    if event.get("log_namespace") == _PRINTED:
        return f"{formatEvent(event)}\n"
    return formatEventAsClassicLogText(event)
