"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mockserver import MockServer


@pytest.fixture(scope="session")
def mockserver() -> Iterator[MockServer]:
    """A server of misbehaviours only (see `tests.hostile`); all tests of the session share its counters."""
    with MockServer() as server:
        yield server
