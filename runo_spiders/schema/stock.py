"""Whether a product can be bought, in schema.org's words (`ItemAvailability`), read from what shops write."""

from __future__ import annotations

import re

from runo_spiders.schema.text import squeeze

AVAILABLE = frozenset(("InStock", "LimitedAvailability", "InStoreOnly", "OnlineOnly", "MadeToOrder"))
UNAVAILABLE = frozenset(("OutOfStock", "SoldOut", "Discontinued"))

_LONGEST_TEXT = 120

# Tried in this order: "not in stock" and "temporarily unavailable" hold the words for the opposite.
_PHRASES = (
    ("Discontinued", "discontinued|no longer available|nicht mehr (?:lieferbar|verfügbar)|descatalogado"),
    (
        "OutOfStock",
        r"out[ -]of[ -]stock|sold[ -]out|not (?:in stock|available)|unavailable|no stock|0 (?:left )?in stock"
        "|ausverkauft|vergriffen|nicht (?:auf lager|verfügbar|lieferbar|vorrätig)"
        "|nicht mehr auf lager|rupture de stock|épuisé|indisponible|agotad[oa]|sin stock|no disponible"
        "|fuera de stock|esgotado|sem estoque|indisponível|esaurito|non disponibile|uitverkocht"
        "|niet (?:op voorraad|leverbaar)"
        "|slutsåld|slut i lager|udsolgt|utsolgt|loppuunmyyty|wyprzedan[ye]|niedostępn[yae]|brak w magazynie"
        "|vyprodáno|není skladem|tükendi|stokta yok|нет в наличии|распродан"
        "|品切れ|在庫切れ|在庫なし|缺货|售罄|품절",
    ),
    (
        "PreOrder",
        "pre-?order|vorbestell|précommande|reserva anticipada|preventa|pré-venda|preordin|förbeställ"
        "|предзаказ|予約",
    ),
    ("BackOrder", "back-?order|backordered|nachbestell"),
    ("LimitedAvailability", r"limited (?:availability|stock)|low stock|only \d+ left|nur noch \d+"),
    (
        "InStock",
        "in[ -]stock|available|add to (?:cart|basket|bag)|buy now|auf lager|lieferbar|verfügbar|vorrätig"
        "|in den warenkorb|en stock|disponible|ajouter au panier|añadir al carrito|em estoque|disponível"
        "|disponibile|aggiungi al carrello|op voorraad|leverbaar|i lager|på lager|varastossa|dostępn[yae]"
        "|w magazynie|skladem|stokta|в наличии|在庫あり|有货|有貨|재고 있음",
    ),
)
_PATTERNS = tuple((name, re.compile(rf"(?<![^\W\d_])(?:{phrases})")) for name, phrases in _PHRASES)
_NAMES = {squeeze(name): name for name in ("PreSale", "Reserved", *AVAILABLE, *UNAVAILABLE, *dict(_PHRASES))}


def stock_of(text: str) -> str | None:
    """A name of schema.org's `ItemAvailability`, from that name, its URL, or a phrase of many languages."""
    name = _NAMES.get(squeeze(text.rpartition("/")[2]))
    if name or len(text) > _LONGEST_TEXT:
        return name
    lowered = text.casefold()
    return next((name for name, pattern in _PATTERNS if pattern.search(lowered)), None)
