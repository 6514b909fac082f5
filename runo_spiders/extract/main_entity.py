"""Which of the entities on a page is the one that the page is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runo_spiders.extract.concepts import words
from runo_spiders.extract.identity import PAGES, Identity, names_of
from runo_spiders.extract.mapping import values_for
from runo_spiders.extract.vocabulary import concept_of, fields_of
from runo_spiders.page.entity import Entity
from runo_spiders.schema.model import Field

FURNITURE = words(
    "Organization Corporation NewsMediaOrganization OnlineStore Store Brand WebSite BreadcrumbList"
    " ListItem ItemList SiteNavigationElement WPHeader WPFooter WPSideBar WebPageElement SearchAction"
    " ImageObject VideoObject Person ImageGallery Review UserReview Rating AggregateRating Comment"
    " UserComments Question Answer FAQPage Blog PostalAddress ContactPoint CollectionPage"
    " SpeakableSpecification DataFeed"
)
"""Types that describe the site, or a detail, and seldom the matter of a page."""


@dataclass(frozen=True, slots=True)
class _Ranked:
    entity: Entity
    score: float
    is_this_page: bool


def main_entities(entities: Sequence[Entity], record: Field, identity: Identity) -> list[Entity]:
    """The entity that the page is about and what else speaks of the same thing, the best first.

    Empty when nothing fits the record, or when several equal entities fit and none is named or linked as the
    page is: then it is a page of many things.
    """
    ranked = [each for each in (_rank(entity, record, identity) for entity in entities) if each.score > 0]
    ranked.sort(key=lambda each: -each.score)
    if not ranked or _is_crowd(ranked):
        return []
    best = ranked[0]
    same = [each.entity for each in ranked[1:] if _is_about(best, each)]
    return [best.entity, *same]


def _rank(entity: Entity, record: Field, identity: Identity) -> _Ranked:
    telling, common = coverage(entity, record)
    types = entity.types
    score = telling + 0.4 * common
    if not score:
        return _Ranked(entity, 0.0, False)
    is_this_page = identity.is_linked(entity) or identity.is_named(entity)
    if types and types <= FURNITURE:
        score -= 3.0
    elif types and types <= PAGES:
        score -= 0.5
    elif not types:
        score -= 1.0
    return _Ranked(entity, score + (2.0 if is_this_page else 0.0), is_this_page)


def coverage(entity: Entity, record: Field) -> tuple[int, int]:
    """How many of the record's fields the entity fills: telling ones, and ones that anything has."""
    telling = common = 0
    for field in fields_of(record):
        if next(values_for(entity, field), None):
            concept = concept_of(field)
            if concept is not None and concept.common:
                common += 1
            else:
                telling += 1
    return telling, common


def _is_crowd(ranked: Sequence[_Ranked]) -> bool:
    best = ranked[0]
    equals = [
        each for each in ranked if each.score >= best.score - 0.5 and each.entity.types == best.entity.types
    ]
    names = {tuple(names_of(each.entity)[:1]) for each in equals}
    return not best.is_this_page and len(names) > 1


def _is_about(best: _Ranked, other: _Ranked) -> bool:
    """Whether the other entity speaks of the same thing: the page itself, or one that shares its name."""
    if other.is_this_page and (best.is_this_page or other.entity.types <= PAGES):
        return True
    return other.entity.types <= PAGES or bool(set(names_of(best.entity)) & set(names_of(other.entity)))
