"""The schema of a run as its spool notes it: the client's, one that stands for none, or one still to come."""

from __future__ import annotations

from runo_spiders.items import Json
from runo_spiders.schema.load import load_schema
from runo_spiders.schema.model import Field, Schema

NOT_YET = Schema(Field("data", "object"), {})
"""Until the model has proposed the schema of a job that only has a prompt. Its document is empty."""

MARKDOWN = Schema(Field("data", "string"), {"type": "string"})
"""Of a job whose rows hold the main content as one text."""


def schema_of_run(document: Json) -> Schema:
    """The schema that a noted document means; `NOT_YET` for none."""
    if not document:
        return NOT_YET
    return MARKDOWN if document == MARKDOWN.document else load_schema(document)
