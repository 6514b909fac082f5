"""Asks the stand-in model about pages, by the rung alone and without a crawl."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from runo_spiders.config import ModelSettings
from runo_spiders.extract.ladder import Climb, climb
from runo_spiders.extract.llm import ModelExtractor
from runo_spiders.items import Page
from runo_spiders.llm.client import ModelClient
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.load import load_schema
from tests.model_server import ModelServer

URL = "https://shop.example/p/1"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
READING = Reading("en", URL, NOW)


def climbs(server: ModelServer, model: str, pages: Sequence[str], schema: Any) -> list[Climb]:
    """What the rung makes of each page."""

    async def all_of_them() -> list[Climb]:
        client = ModelClient(ModelSettings(model, server.base_url(), "key", concurrency=4))
        rung = ModelExtractor(client)
        loaded = load_schema(schema)
        try:
            return [await climb(_page(html), loaded, READING, [rung]) for html in pages]
        finally:
            await client.close()

    return asyncio.run(all_of_them())


def _page(html: str) -> Page:
    return Page(URL, 0, URL, 200, NOW, Document(html, URL))
