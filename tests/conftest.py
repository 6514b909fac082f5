"""Fixtures that several test files share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.mockserver import MockServer

# A developer's own model and key are not what a test may spend.
for name in ("RUNO_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def mockserver() -> Iterator[MockServer]:
    """A server of misbehaviours only (see `tests.hostile`); all tests of the session share its counters."""
    with MockServer() as server:
        yield server
