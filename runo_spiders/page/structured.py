"""All structured data of one page, each kind read when it is first asked for, and only if the page has it."""

from __future__ import annotations

from functools import cached_property

from runo_spiders.page.document import Document
from runo_spiders.page.entity import Entity
from runo_spiders.page.jsonld import read_jsonld
from runo_spiders.page.markup import MICRODATA, RDFA, read_markup
from runo_spiders.page.metatags import Tags


class StructuredData:
    """The entities and tags of a page. A look at the page's text tells whether a reader has work to do."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def jsonld(self) -> list[Entity]:
        return read_jsonld(self.document) if "ld+json" in self.document.text else []

    @cached_property
    def microdata(self) -> list[Entity]:
        return [*read_markup(self.document, MICRODATA)] if "itemprop" in self.document.text else []

    @cached_property
    def rdfa(self) -> list[Entity]:
        text = self.document.text
        return [*read_markup(self.document, RDFA)] if "typeof=" in text and "property=" in text else []

    @cached_property
    def tags(self) -> Tags:
        return Tags(self.document)

    @cached_property
    def entities(self) -> list[Entity]:
        """What the page says of itself in entities, the most careful way of writing first."""
        return [*self.jsonld, *self.microdata, *self.rdfa]
