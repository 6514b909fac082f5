"""A page goes when it is done with: no cycles keep its tree until a collection."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime

import pytest

from runo_spiders.answer import Answers, Rules
from runo_spiders.extract.ladder import climb
from runo_spiders.extract.local import LocalExtractor
from runo_spiders.extract.protocol import Extractor
from runo_spiders.extract.structured import StructuredExtractor
from runo_spiders.items import Page
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.load import load_schema

PAGES = {
    "JSON-LD with references": """<title>Kettle</title><h1>Kettle</h1><script type="application/ld+json">
        {"@graph": [{"@id": "#p", "@type": "Product", "name": "Kettle", "brand": {"@id": "#b"},
        "isRelatedTo": {"@id": "#p"}}, {"@id": "#b", "@type": "Brand", "name": "Slipway"}]}</script>""",
    "microdata": """<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Kettle</h1>
        <div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><b itemprop="price">5</b>
        </div></div>""",
    "labels": "<h1>Kettle Harbour</h1><dl><dt>Price<dd>$5.00<dt>SKU<dd>K-1</dl>",
    "state of an application": """<h1>Kettle</h1><script id="__NEXT_DATA__" type="application/json">
        {"props": {"product": {"name": "Kettle", "sku": "K-1", "price": 5}}}</script>""",
}


@pytest.mark.parametrize("html", PAGES.values(), ids=PAGES.keys())
def test_a_page_leaves_no_garbage(html: str) -> None:
    schema = load_schema("product")
    rungs: list[Extractor] = [StructuredExtractor(), LocalExtractor()]
    answers = Answers(schema, Rules())

    async def answer() -> None:
        now = datetime.now(UTC)
        page = Page(
            "http://a.example/", 0, "http://a.example/", 200, now, Document(html, "http://a.example/")
        )
        came = await climb(page, schema, Reading("en", page.url, now), rungs)
        assert answers.answer(came.findings, came.rejected).data["name"]

    async def run() -> int:
        await answer()
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                await answer()
            return gc.collect()
        finally:
            gc.enable()

    assert asyncio.run(run()) == 0
