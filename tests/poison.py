"""A rung that kills its process on pages that hold a marker, as a parser with a fault would."""

from __future__ import annotations

import os

from runo_spiders.extract.protocol import Question
from runo_spiders.items import Extraction, Page

MARKER = "kills-the-process"


class Poison:
    name = "poison"

    async def extract(self, page: Page, question: Question) -> Extraction:
        if MARKER in str(page.document.root.xpath("string()")):
            os.abort()
        return {}
