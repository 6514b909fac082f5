"""What one would write without us: html-text into a prompt, JSON out. Run by benchmarks.model_speed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import html_text
import scrapy
from openai import AsyncOpenAI
from scrapy.http import Response


class NaiveModelSpider(scrapy.Spider):
    """Endpoint and key come from the environment, as the client reads them."""

    name = "naive"
    # As ours, so that the difference is in what is done with a page.
    custom_settings = {  # noqa: RUF012 (Scrapy annotates it as an instance variable)
        "CONCURRENT_REQUESTS": 32,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
        "CONCURRENT_ITEMS": 4,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "ROBOTSTXT_OBEY": True,
    }

    def __init__(self, urls: str, schema: str, model: str, in_flight: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.urls = urls
        self.schema = json.loads(schema)
        self.model = model
        self.turns = asyncio.Semaphore(int(in_flight))
        self.client = AsyncOpenAI()

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for url in Path(self.urls).read_text().split():
            yield scrapy.Request(url, dont_filter=True)

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[dict[str, Any]]:
        text = html_text.extract_text(response.text)
        async with self.turns:
            answer = await self.client.chat.completions.create(
                model=self.model,
                messages=[
                    {"role": "system", "content": "Extract the data from this page as JSON."},
                    {"role": "user", "content": text},
                ],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "page", "schema": self.schema},
                },
            )
        yield {"url": response.url, "data": json.loads(answer.choices[0].message.content or "{}")}
