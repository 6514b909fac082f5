"""Fields from the JSON of a page's own scripts, where one object is clearly the page's record.

Such JSON is noisy: configuration, recommendations, translations, codes for analytics. An object counts only
when it has several of the schema's fields and bears the page's name or address, and a value of it only when a
reader of the page can see it too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import islice

from runo_spiders.extract.identity import Identity
from runo_spiders.extract.mapping import leaf_for
from runo_spiders.extract.vocabulary import fields_of, names_of, paths_of
from runo_spiders.page.document import collapse
from runo_spiders.page.embedded import Match, Wanted, matching_objects
from runo_spiders.page.entity import Leaf
from runo_spiders.page.visible_text import visible_text
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Field

_NAME = Field("name", "string")
_LEAST_FIELDS = 2
_MOST_OBJECTS = 200


class AppState:
    """The objects in a page's scripts that are about what the page is about."""

    def __init__(self, identity: Identity, record: Field, open_fields: Sequence[Field]) -> None:
        """`open_fields` are those that `leaf_for` will be asked for."""
        self._identity = identity
        self._record = record
        self._open = open_fields

    def leaf_for(self, field: Field, reading: Reading) -> Leaf | None:
        """The field's value, if the best objects that have it agree on it and it can be seen on the page."""
        found = [(each.hits, leaf_for(each.entity, field, reading)) for each in self._matches]
        leaves = [(hits, leaf) for hits, leaf in found if leaf is not None]
        if not leaves:
            return None
        most, best = leaves[0]
        agreed = all(leaf.value == best.value for hits, leaf in leaves if hits == most)
        return best if agreed and self._is_visible(best) else None

    @cached_property
    def _matches(self) -> list[Match]:
        identity = self._identity
        fields = (_NAME, *fields_of(self._record))
        names = frozenset(name for field in fields for name in names_of(field))
        sought = frozenset(path[0] for field in self._open for path in paths_of(field))
        wanted = Wanted(identity.mentions, sought, names, _LEAST_FIELDS)
        found = list(islice(matching_objects(identity.document, wanted), _MOST_OBJECTS))
        own = [each for each in found if identity.is_named(each.entity) or identity.is_linked(each.entity)]
        return sorted(own, key=lambda each: -each.hits)

    @cached_property
    def _visible(self) -> str:
        return visible_text(self._identity.document).casefold()

    def _is_visible(self, leaf: Leaf) -> bool:
        """Whether the value stands in the text as a word; trailing zeros and the decimal sign may differ."""
        text = re.escape(collapse(str(leaf.value)).casefold())
        if not isinstance(leaf.value, str):
            text = text.replace(r"\.", "[.,]") + "(?:[.,]?0+)?"
        return re.search(rf"(?<!\w){text}(?!\w)", self._visible) is not None
