"""The add-on: `ADDONS = {"runo_spiders.addon.Runo": 300}` makes all of it work in any Scrapy project.

What it sets has the add-on's priority, so that a project's own settings win. Its pipelines and middlewares
switch themselves off for spiders that are no `SchemaSpider`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.misc import load_object

from runo_spiders import __version__
from runo_spiders.collector import FewerCollections
from runo_spiders.config import TIMEOUT_MS, Config
from runo_spiders.middlewares import EndingMiddleware, JobHandler, RowMiddleware, SavedPages
from runo_spiders.net.guard import GuardCheck, GuardedResolver
from runo_spiders.net.robots import RobotsMiddleware
from runo_spiders.output.exporters import FEED_EXPORTERS
from runo_spiders.pipelines import (
    BookPipeline,
    CapPipeline,
    ExtractPipeline,
    MarkdownPipeline,
    RowPipeline,
    ValidatePipeline,
)
from runo_spiders.proposing import ProposePipeline
from runo_spiders.urls import LONGEST

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

PROCESS_SETTINGS = {
    # These are read before a crawl has its settings.
    "TWISTED_DNS_RESOLVER": GuardedResolver,
    # Ten names that do not resolve would stall all others at the default of 10.
    "REACTOR_THREADPOOL_MAXSIZE": 30,
}

SETTINGS = {
    # Two ports that run the code which is sent to them; both are on by default.
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "ROBOTSTXT_OBEY": True,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "DOWNLOAD_MAXSIZE": 16 * 1024 * 1024,
    "DOWNLOAD_WARNSIZE": 0,
    "DOWNLOAD_TIMEOUT": TIMEOUT_MS / 1000,
    "REDIRECT_MAX_TIMES": 10,
    "URLLENGTH_LIMIT": LONGEST,
    "REFERRER_POLICY": "same-origin",
    "RETRY_TIMES": 2,
    # A dead host is a row, not an error of the crawl.
    "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    # Per response: at the default of 100 Scrapy makes 101 tasks for each page.
    "CONCURRENT_ITEMS": 4,
    "FEED_EXPORT_ENCODING": "utf-8",
}

REMOTE_CONTROL = "scrapy.extensions.remote_control.RemoteControl"

HANDLERS = {"http": JobHandler, "https": JobHandler, "file": None, "data": None, "s3": None, "ftp": None}

DOWNLOADER_MIDDLEWARES = {
    EndingMiddleware: 50,
    SavedPages: 60,
    RobotsTxtMiddleware: None,
    RobotsMiddleware: 100,
}
SPIDER_MIDDLEWARES = {RowMiddleware: 60}
EXTENSIONS = {GuardCheck: 0, FewerCollections: 0}
ITEM_PIPELINES = {
    ProposePipeline: 200,
    MarkdownPipeline: 250,
    ExtractPipeline: 300,
    ValidatePipeline: 400,
    RowPipeline: 500,
    CapPipeline: 600,
    BookPipeline: 700,
}


class Runo:
    """Turns a Scrapy project into one that can run `SchemaSpider` and its subclasses."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        for name, value in PROCESS_SETTINGS.items():
            settings.set(name, value, priority="addon")
        # A command of Scrapy may have a level of its own: that is more than a default.
        settings.set("LOG_LEVEL", "INFO", priority="default")

    def update_settings(self, settings: BaseSettings) -> None:
        contact = Config.from_settings(settings).contact
        agent = f"runo-spiders/{__version__}" + (f" ({contact})" if contact else "")
        for name, value in {**SETTINGS, "USER_AGENT": agent}.items():
            settings.set(name, value, priority="addon")
        _leave_out_remote_control(settings)
        _fill(settings, "DOWNLOAD_HANDLERS", HANDLERS)
        _fill(settings, "FEED_EXPORTERS", FEED_EXPORTERS)
        for setting, components in (
            ("DOWNLOADER_MIDDLEWARES", DOWNLOADER_MIDDLEWARES),
            ("SPIDER_MIDDLEWARES", SPIDER_MIDDLEWARES),
            ("EXTENSIONS", EXTENSIONS),
            ("ITEM_PIPELINES", ITEM_PIPELINES),
        ):
            for component, place in components.items():
                settings.setdefault_in_component_priority_dict(setting, component, place)


def switch_on(settings: BaseSettings) -> None:
    """For commands that also run where no project is, or one that does not name the add-on."""
    addons = settings.getdict("ADDONS")
    if Runo not in map(load_object, addons):
        settings.set("ADDONS", {**addons, Runo: 300}, priority="cmdline")


def _leave_out_remote_control(settings: BaseSettings) -> None:
    """Scrapy imports an extension before it asks whether it is on; this one brings a web server: 0.14 s."""
    if not settings.getbool("REMOTE_CONTROL_ENABLED"):
        extensions = dict(settings["EXTENSIONS_BASE"])
        extensions.pop(REMOTE_CONTROL, None)
        settings.set("EXTENSIONS_BASE", extensions, priority="addon")


def _fill(settings: BaseSettings, name: str, values: Mapping[str, object]) -> None:
    """Put entries into a setting that is a dict, where the project has none of its own."""
    priority = max(settings.getpriority(name) or 0, SETTINGS_PRIORITIES["addon"])
    settings.set(name, {**values, **settings.getdict(name)}, priority)
