"""Custom spiders for the daemon's tests: one that does its work, and some that do not."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import scrapy

START = "data:,"


class Plain(scrapy.Spider):
    """Yields one item with its argument."""

    name = "plain"

    async def start(self) -> AsyncIterator[Any]:
        yield {"word": getattr(self, "word", "none"), "argv": " ".join(_arguments())}


class Patient(scrapy.Spider):
    """Works until it is told to stop."""

    name = "patient"

    async def start(self) -> AsyncIterator[Any]:
        self.logger.warning("at work as %d", os.getpid())
        while self.crawler.crawling:
            await asyncio.sleep(0.05)
        return
        yield


class Deaf(scrapy.Spider):
    """Does not hear signals."""

    name = "deaf"

    async def start(self) -> AsyncIterator[Any]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        self.logger.warning("at work as %d", os.getpid())
        while True:
            time.sleep(0.05)
        yield


class Crashing(scrapy.Spider):
    """Takes its process with it."""

    name = "crashing"

    async def start(self) -> AsyncIterator[Any]:
        os.abort()
        yield


class Quitting(scrapy.Spider):
    """Ends its process as if all were well."""

    name = "quitting"

    async def start(self) -> AsyncIterator[Any]:
        os._exit(0)
        yield


def _arguments() -> list[str]:
    with Path("/proc/self/cmdline").open("rb") as file:
        return [part.decode() for part in file.read().split(b"\0")]
