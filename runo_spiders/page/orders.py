"""Text that speaks to a language model instead of a reader: no value is taken from it.

Only phrases that tell a model what to do are known here; an order in other words is not recognised. It is the
last of several fences, not the first.
"""

from __future__ import annotations

import re

LONGEST_LINE = 4000

_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|overrule|bypass)\b"
    r"(?:.{0,40}\b(?:instructions?|prompts?)\b|.{0,20}\b(?:previous|prior|above|earlier|preceding|your)\b.{0,20}"
    r"\b(?:rules|directions|guidelines|commands|schema|task)\b)"
    r"|\b(?:new|updated|real|system|hidden|secret) (?:system )?(?:instructions?|prompt|directive)s?\s*:"
    r"|\b(?:note|attention|message|instructions?|important|notice|memo)\b.{0,20}\b(?:to|for) "
    r"(?:the |any |all |every )?(?:ai|llm|language|assistant|model|chatbot|gpt|crawler|scraper|extract)\w*"
    r"|\bif you are an? (?:ai|llm|language model|assistant|chatbot|bot|crawler|scraper)\b"
    r"|\byou are (?:now )?(?:an?|the) (?:ai|llm|language model|assistant|extractor|chatbot)\b"
    r"|\b(?:ai|llm|language|extraction) (?:model|assistant|agent)s?\b.{0,30}"
    r"\b(?:must|should|shall|please|set|answer)\b"
    r"|\b(?:assistant|model|ai|llm|extractor|scraper|crawler)\s*[:,]\s*(?:please |you |now )?"
    r"(?:must|set|answer|report|return|output|write|give|use|change|make|ignore)\b"
    r"|<\|(?:im_start|im_end|system|user|assistant|endoftext)\|?>?|\[/?inst\]|<</?sys>>"
)


_SIGNS = (
    *("ignore", "disregard", "forget", "overrid", "overrule", "bypass", "instruction", "prompt"),
    *("directive", "assistant", "model", "llm", "gpt", "chatbot", "crawler", "scraper", "extract"),
    *("<|", "[inst", "[/inst", "sys>>", " ai ", " ai:", " ai,"),
)
"""No order does without one of these, and to look for them is quick."""


def gives_orders(line: str) -> bool:
    """Whether a line in lower case tells a language model what to do."""
    return any(sign in line for sign in _SIGNS) and bool(_ORDER.search(line[:LONGEST_LINE]))
